"""What the git commands of a text would do, found by playing them in order on a stage."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from runbook.logs.clean import clean, redact
from runbook.providers import git_own
from runbook.providers.calls import calls
from runbook.providers.git_ask import Ask
from runbook.providers.git_calls import ANOTHER_REPOSITORY, Assignment, Invocation, assign, statements
from runbook.providers.git_merging import play_merge, play_pull
from runbook.providers.git_moving import play_checkout, play_reset, would_be_lost
from runbook.providers.git_pick import play_pick
from runbook.providers.git_push import play_push
from runbook.providers.git_stage import Findings, Stage, staged
from runbook.providers.git_tags import check_remote_tag
from runbook.providers.git_text import directory_of, invocations
from runbook.providers.git_way_out import conflicts, out_of_the_conflict, unfinished
from runbook.providers.provider import Place, Preview, Unavailable

_SHALLOW = "This clone is shallow: in it a revert deletes files and a push can lose history."
HEAD_UNKNOWN_AFTER = frozenset(
    ("rebase", "am", "filter-branch", "bisect", "stash", "restore", "apply", "rm", "mv", "add", "clean")
)
_STOPPED_BY_A_CONFLICT = frozenset(
    ("checkout", "switch", "merge", "pull", "revert", "cherry-pick", "rebase", "am", "stash", "bisect")
)


async def preview(ask: Ask, text: str, is_own: Callable[[Path], bool], at: Place) -> Preview:
    """What would change, asked just now; never raises. `is_own` tells a working copy from the clean room."""
    variables = at.env | at.variables
    elsewhere = next((name for name in sorted(ANOTHER_REPOSITORY) if name in at.env), "")
    found, stages = Findings(), list[Stage]()
    if len({call.directory for call in invocations(text) if call.sub == "push"}) > 1:
        found.block("It pushes from several directories.", "One at a time, so that each can be shown: e")
    try:
        stages = await _play_all(ask, text, is_own, variables, elsewhere, found)
        acting = (HEAD_UNKNOWN_AFTER | _PLAYED.keys()) - _ONLY_LOOK | {"push"}
        if any(stage.own_copy for stage in stages) and any(call.sub in acting for call in invocations(text)):
            found.expected |= await git_own.seen(ask.led(directory_of(text), variables), text, variables)
    except Unavailable as silent:
        found.block(str(silent), "" if "Retry" in str(silent) else "Retry: r")
    inside = bool(stages) and not any(stage.own_copy for stage in stages) and not found.unseen
    if not found.way_back and inside and _stays_inside(text, found.acts):
        found.way_back.append("none is needed, nothing outside the clean room changes")
    return found.preview()


def _stays_inside(text: str, acts: int) -> bool:
    """Whether the text changes something, and every program of it is a git that publishes nothing."""
    inside = _PLAYED.keys() - {"push"}
    subs = [call.sub for call in statements(text) if not isinstance(call, Assignment)]
    changes = acts or not _ONLY_LOOK.issuperset(subs)
    return bool(changes) and set(subs) <= inside and all(call.program == "git" for call in calls(text, {}))


async def _play_all(
    ask: Ask, text: str, is_own: Callable[[Path], bool], variables: Mapping[str, str], elsewhere: str, found: Findings
) -> list[Stage]:
    """Play every statement, each on the stage of the repository that it acts in; the stages."""
    known = dict(variables)
    stages: dict[str, Stage] = {}
    async with AsyncExitStack() as curtain:
        for statement in statements(text):
            if isinstance(statement, Assignment):
                assign(statement, known)
                continue
            place = ask.led(statement.directory, known)
            repository = await _repository(place, statement, statement.elsewhere or elsewhere, found)
            if repository and repository not in stages:
                if await place.text("rev-parse", "--is-shallow-repository") == "true":
                    found.block(_SHALLOW, "git fetch --unshallow")
                    break
                stages[repository] = await curtain.enter_async_context(staged(place, is_own(place.path)))
                await _not_in_a_conflict(stages[repository], text, found)
            if repository and not found.blocked:
                stage = stages[repository]
                stage.variables = known
                await _play(stage, statement, found)
            if found.blocked:
                break
    return list(stages.values())


async def _repository(place: Ask, call: Invocation, elsewhere: str, found: Findings) -> str:
    """The git directory that a call acts in; empty (and said) where that cannot be looked into."""
    if elsewhere and call.sub in _ONLY_LOOK - {"push"}:
        return ""
    git_dir = await place.maybe("rev-parse", "--absolute-git-dir") if place.path.is_dir() and not elsewhere else ""
    if not git_dir:
        found.unseen = True
        where = f"where {elsewhere} says" if elsewhere else f"in {clean(str(place.path))}"
        sentence = f"git {call.sub} acts {where}, which cannot be looked into now."
        if call.sub == "push":
            found.block(sentence, "Write it as git -C <directory>: e" if elsewhere else "Write the directory out: e")
        else:
            found.warn(sentence)
    return git_dir


async def _play(stage: Stage, call: Invocation, found: Findings) -> None:
    play = _PLAYED.get(call.sub)
    if play is not None:
        await play(stage, call, found)
    elif call.sub in HEAD_UNKNOWN_AFTER:
        if call.sub == "restore" and not call.has("--staged", "-S"):
            await would_be_lost(stage, call.paths or call.words, found)
        stage.staged = ""
        if call.sub in ("rebase", "am", "filter-branch", "bisect"):
            stage.move("")
    elif alias := await stage.ask.maybe("config", "--get", f"alias.{call.sub}"):
        found.warn(
            f"git {clean(call.sub)} is an alias of your settings, not looked into here: {redact(clean(alias, 200))}"
        )
        stage.move("")
    if stage.own_copy and (call.sub in HEAD_UNKNOWN_AFTER or (play is not None and call.sub not in _ONLY_LOOK)):
        found.warn(f"This acts on your own working copy, {clean(str(stage.ask.path))}, not on the clean room.")


async def _not_in_a_conflict(stage: Stage, text: str, found: Findings) -> None:
    files, sequence = await conflicts(stage.ask), await unfinished(stage.ask)
    if (files or sequence.began) and _minds_a_conflict(text, files_too=bool(files)):
        place = stage.place[0].upper() + stage.place[1:]
        remedy = out_of_the_conflict(stage.own_copy, sequence)
        what = f"a conflict in {', '.join(files[:5])}" if files else f"a {sequence.kind} of several commits"
        found.block(f"{place} is in the middle of {what}.", f"Way out: {remedy.text.replace(chr(10), '; ')}", remedy)


def _minds_a_conflict(text: str, *, files_too: bool) -> bool:
    """Whether a call comes that a conflict under way stops, before one that ends the conflict.

    Where only a sequence is unfinished and no file is in conflict, git refuses nothing but another sequence.
    """
    for call in invocations(text):
        if call.sub in ("reset", "commit") or call.has("--abort", "--quit", "--skip", "--continue"):
            return False
        if files_too and call.sub in _STOPPED_BY_A_CONFLICT:
            return not call.has("--force", "-f")
        if not files_too and call.sub in ("revert", "cherry-pick"):
            return len(call.words) > 1 or any(".." in word.shown for word in call.words)
    return False


# ── making things ─────────────────────────────────────────────────────────────────────────────────


async def _commit(stage: Stage, call: Invocation, found: Findings) -> None:
    known = stage.staged and stage.head and not call.has("-a", "--all", "--amend", "-p")
    stage.move(await stage.commit(stage.staged, "a new commit", stage.head) if known else "")
    found.lines.append(f"makes a commit in {stage.place}")


async def _commit_tree(stage: Stage, call: Invocation, found: Findings) -> None:
    found.acts += 1
    expression = (call.arguments(stage.variables) or (None,))[0]
    parent_name = next((_filled(value, stage.variables) for value in call.given("-p")), None)
    tree, parent = await stage.resolve(expression, "tree"), await stage.resolve(parent_name)
    source = clean((expression or call.words[0].shown if call.words else "?").removesuffix("^{tree}"))
    name = source.removeprefix("refs/tags/")
    if not tree:
        await check_remote_tag(stage, source, found)
        return found.block(f"{name} is not known here.", "git fetch --tags origin, or another value: e")
    if not parent:
        return found.block("Without a parent that is a commit this would drop all history.", "Give it: -p <commit>")
    await check_remote_tag(stage, source, found)
    at = await stage.named(parent)
    if await stage.resolve(parent, "tree") == tree:
        found.already.append(f"{at} already has exactly the files of {name}.")
    found.lines.append(f"makes a commit with the files of {name} on top of {at}; history is kept")
    if change := await stage.ask.change(parent, tree):
        found.lines.append(f"changes {change}")
    tagged = await stage.resolve(source)
    if tagged and not await stage.ask.is_ancestor(tagged, parent):
        found.warn(f"{name} is not in the history of {at}: its files never were there.")
    elif tagged:
        back = await stage.ask.count(parent, f"^{tagged}")
        found.lines.append(f"{name} is {back} commit{'s' * (back != 1)} back")
    if call.into:
        stage.variables[call.into] = await stage.commit(tree, f"Roll back to {name}", parent)
    return None


def _filled(value: str, variables: Mapping[str, str]) -> str | None:
    return variables.get(value[1:]) if value.startswith("$") else value


_LISTS = ("--list", "-l", "--contains", "--no-contains", "--merged", "--no-merged", "--points-at", "--sort", "--format")
_TAG_MAKES_NONE = ("-d", "--delete", "-v", "--verify", "-n")
_BRANCH_MAKES_NONE = ("-d", "-D", "--delete", "-m", "-M", "-a", "-r", "-v", "-vv", "--show-current")


async def _branch(stage: Stage, call: Invocation, found: Findings) -> None:
    arguments = call.arguments(stage.variables)
    makes_none = _TAG_MAKES_NONE if call.sub == "tag" else _BRANCH_MAKES_NONE
    if call.has(*_LISTS, *makes_none) or not arguments or not arguments[0]:
        return
    sha = await stage.resolve(arguments[1] if len(arguments) > 1 else "HEAD")
    stage.refs[f"refs/{'tags' if call.sub == 'tag' else 'heads'}/{arguments[0]}"] = sha
    kind = "tag" if call.sub == "tag" else "branch"
    at = await stage.named(sha) if sha else "HEAD"
    found.lines.append(f"makes the {kind} {clean(arguments[0])} at {at} in {stage.place}")


async def _update_ref(stage: Stage, call: Invocation, found: Findings) -> None:
    ref, value = (*call.arguments(stage.variables), None, None)[:2]
    if not ref or call.has("-d", "--stdin"):
        return
    sha = await stage.resolve(value)
    stage.refs[ref] = sha
    found.lines.append(f"remembers {await stage.named(sha) if sha else 'a commit'} as {clean(ref)} in {stage.place}")


# ── looking ───────────────────────────────────────────────────────────────────────────────────────


async def _fetch(stage: Stage, call: Invocation, found: Findings) -> None:
    writes = [word.shown for word in call.words[1:] if ":" in word.shown]
    if writes:
        found.lines.append(f"fetches into {stage.place} and sets there: {', '.join(clean(spec) for spec in writes)}")
    else:
        found.lines.append(f"brings what origin knows into {stage.place}; changes no branch and no file")


async def _rev_parse(stage: Stage, call: Invocation, found: Findings) -> None:
    expression = (call.arguments(stage.variables) or (None,))[0]
    if call.has("--abbrev-ref"):
        stage.variables |= {call.into: stage.branch} if call.into and expression == "HEAD" and stage.branch else {}
        return
    if call.into and expression and not call.has("--short", "--symbolic", "--symbolic-full-name"):
        kind = "tree" if expression.endswith("^{tree}") else "commit"
        stage.variables[call.into] = await stage.resolve(expression, kind)
        if not stage.variables[call.into]:
            del stage.variables[call.into]
            found.warn(f"{clean(expression)} is not known here.")


_Play = Callable[[Stage, Invocation, Findings], Awaitable[None]]
_ONLY_LOOK = frozenset(("fetch", "rev-parse", "push", "commit-tree"))
_PLAYED: Mapping[str, _Play] = {
    "checkout": play_checkout,
    "switch": play_checkout,
    "reset": play_reset,
    "merge": play_merge,
    "pull": play_pull,
    "commit": _commit,
    "commit-tree": _commit_tree,
    "branch": _branch,
    "tag": _branch,
    "update-ref": _update_ref,
    "fetch": _fetch,
    "rev-parse": _rev_parse,
    "revert": play_pick,
    "cherry-pick": play_pick,
    "push": play_push,
}
