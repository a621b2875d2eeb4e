"""What the world says after git commands: whether they took effect, asked from repository and remote."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping

from runbook.logs.clean import clean, redact
from runbook.providers.git_ask import NETWORK, Ask
from runbook.providers.git_calls import NOTHING, Assignment, Invocation, assign, statements
from runbook.providers.git_history import picked_as, reverted_by
from runbook.providers.git_pick import MOST, key_of_commits
from runbook.providers.git_push import there_already
from runbook.providers.git_text import FULL_SHA, Push, pick_of, pushes_of, reset_of
from runbook.providers.git_way_out import conflicts
from runbook.providers.provider import Proof, Unavailable

_MAKES_COMMITS = frozenset(("revert", "cherry-pick", "merge", "pull", "commit", "commit-tree", "rebase"))
_MOVES_REFS = _MAKES_COMMITS | {"tag", "branch", "update-ref", "reset", "checkout", "switch"}
_MOVES_HEAD = frozenset(("checkout", "switch", "reset", "revert", "cherry-pick", "merge", "pull", "commit", "rebase"))


def refs_of(expected: Mapping[str, str]) -> dict[str, str]:
    """The part of what a preview saw that is about refs (`origin refs/heads/main`)."""
    return {key: value for key, value in expected.items() if key.partition(" ")[2].startswith("refs/")}


async def effects(
    ask: Ask, text: str, expected: dict[str, str], session: Mapping[str, str] = NOTHING
) -> tuple[Proof, ...]:
    """The effects that the text was to have, each as it stands now, where its call acted. Raises Unavailable."""
    seen: list[Proof] = []
    known: dict[str, str] = {}
    calls: list[tuple[Invocation, dict[str, str]]] = []
    for statement in statements(text):
        if isinstance(statement, Assignment):
            assign(statement, known)
        else:
            calls.append((statement, dict(known)))
    last_move = max((place for place, (call, _) in enumerate(calls) if call.sub in _MOVES_HEAD), default=-1)
    for place, (call, variables) in enumerate(calls):
        here = ask.led(call.directory, {**session, **variables})
        if call.elsewhere and call.sub in (*_MOVES_HEAD, "push"):
            seen.append(Proof(ok=None, line=f"What git {call.sub} did where {call.elsewhere} says was not looked at."))
            continue
        if call.sub == "push":
            for push in pushes_of(call, variables):
                seen.append(await _pushed(here, push, expected, calls))
        elif call.sub in ("revert", "cherry-pick"):
            seen += await _picked(here, call, variables, expected)
        elif call.sub in ("checkout", "switch", "reset") and place == last_move and not call.paths:
            seen += await _moved_head(here, call, variables, expected)
        elif call.sub == "merge" and not call.has("--squash", "--no-commit"):
            seen += await _merged(here, call, variables)
    return tuple(seen)


async def _pushed(
    ask: Ask, push: Push, expected: dict[str, str], calls: list[tuple[Invocation, dict[str, str]]]
) -> Proof:
    tag = push.dst.replace("refs/heads/", "refs/tags/", 1)
    wanted = (push.dst, *((tag,) if push.guessed else ()))
    seen = [key.partition(" ") for key in refs_of(expected)]
    key = next((f"{to} {ref}" for to, _, ref in seen if ref in wanted and push.remote in ("", to)), "")
    if not key and not push.dst and not push.late and len(refs_of(expected)) == 1:
        key = next(iter(refs_of(expected)))
    remote = key.partition(" ")[0] or push.remote or "origin"  # where the text names none, git's settings did
    ref = key.partition(" ")[2] or push.dst
    if push.wide or not ref:
        return Proof(ok=None, line=f"Which refs went to {clean(remote)} cannot be told from the text.")
    now = (await ask.remote(remote, ref)).get(ref, "")
    where = f"{clean(ref.removeprefix('refs/heads/').removeprefix('refs/'))} on {redact(clean(remote))}"
    if push.deletes:
        return Proof(ok=not now, line=f"{where} is {'still there' if now else 'gone'}.")
    kind = "object" if ref.startswith("refs/tags/") else "commit"
    new = (
        await ask.maybe("rev-parse", "--verify", "--quiet", "--end-of-options", f"{push.src}^{{{kind}}}")
        if push.src
        else ""
    )
    at = await ask.subject(now) if now else "not there"
    made = any(call.sub in _MOVES_REFS for call, _ in calls) and there_already(key) not in expected
    if key and now == expected[key] and (made or now != new):
        # What the text makes is new, so the old commit is no proof of it, even where no ref has moved yet.
        return Proof(ok=False, line=f"{where} is still {at}, as before the push.")
    if now and (now == new or await _has_its_files(ask, push, now, expected.get(key), calls)):
        return Proof(ok=True, line=f"{where} is {at}, as pushed (asked just now).")
    if now and new and now != expected.get(key) and await ask.commit(now) and await ask.is_ancestor(new, now):
        return Proof(ok=True, line=f"{where} is {at}, which contains what was pushed.")
    return Proof(ok=None, line=f"{where} is {at}: neither what it was nor what was pushed.")


async def _has_its_files(
    ask: Ask, push: Push, now: str, before: str | None, calls: list[tuple[Invocation, dict[str, str]]]
) -> bool:
    """For a commit made by `commit-tree` in the same text, whose SHA only the shell knew: its files and its parent."""
    if push.src is not None or now == before:
        return False
    for call, variables in calls:
        expression = next(iter(call.arguments(variables)), None) if call.sub == "commit-tree" else None
        tree = await ask.tree(expression.removesuffix("^{tree}")) if expression else ""
        if tree and tree == await ask.tree(now):
            return before is None or await ask.commit(f"{now}^") == before
    return False


async def _picked(ask: Ask, call: Invocation, variables: dict[str, str], expected: dict[str, str]) -> list[Proof]:
    pick = pick_of(call, variables)
    head = await ask.commit("HEAD")
    at = await ask.subject(head)
    if pick.no_commit or pick.ends or not head:
        return []
    if files := await conflicts(ask):
        return [
            Proof(
                ok=False, line=f"The {pick.kind} stopped at a conflict in {', '.join(files[:5])}; HEAD is still {at}."
            )
        ]
    seen = []
    shas = [(one, sha) for one in pick.commits for sha in await _commits_of(ask, one or "", expected)]
    for expression, sha in shas:
        if not sha:
            seen.append(Proof(ok=None, line=f"{clean(expression or '$…')} cannot be looked up."))
            continue
        named = await ask.subject(sha)
        inside = await ask.is_ancestor(sha, head)
        if pick.kind == "revert":
            by = await reverted_by(ask, sha, head) if inside else ""
        elif pick.ff and inside:
            by = sha
        else:
            by = await picked_as(ask, sha, head) or await _same_author(ask, sha, head)
        by_line = f"HEAD {at} contains the {pick.kind} of {named}: {await ask.subject(by)}." if by else ""
        seen.append(Proof(ok=bool(by), line=by_line or f"HEAD {at} does not contain a {pick.kind} of {named}."))
    return seen


async def _commits_of(ask: Ask, expression: str, expected: dict[str, str]) -> tuple[str, ...]:
    """The commits that an expression named, a range in its order; one empty name where it cannot be looked up."""
    named = expected.get(key_of_commits(expression))
    if named is not None or "HEAD" in expression or "@" in expression:
        return tuple((named or "").split()) or ("",)
    if ".." not in expression:
        return (await ask.commit(expression) if expression else "",)
    listed = await ask.maybe("rev-list", f"--max-count={MOST}", "--end-of-options", expression)
    return tuple(listed.splitlines()) or ("",)


async def _same_author(ask: Ask, sha: str, head: str) -> str:
    """A pick without `-x` keeps author, time and subject: the commit among the newest that has them."""
    form = "%an%x00%ae%x00%at%x00%s"
    wanted = await ask.maybe("log", "-1", f"--format={form}", sha, "--")
    rows = (await ask.maybe("log", "-50", f"--format=%H%x00{form}", head, f"^{sha}", "--")).splitlines()
    return next((row.partition("\0")[0] for row in rows if row.partition("\0")[2] == wanted), "")


async def _moved_head(ask: Ask, call: Invocation, variables: dict[str, str], expected: dict[str, str]) -> list[Proof]:
    target = reset_of(call, variables).commit
    named = expected.get(key_of_commits(target or "")) if call.sub == "reset" else ""
    if not target or target.startswith("-") or (target.startswith(("HEAD", "@")) and not named):
        return []
    if len(call.words) > 1:
        return []  # files of that commit are put back: HEAD stays where it is
    head, wanted = await ask.commit("HEAD"), named or await ask.commit(target)
    if not wanted:
        return []
    at = await ask.subject(head)
    return [Proof(ok=head == wanted, line=f"HEAD is {at}{'' if head == wanted else f', not {clean(target)}'}.")]


async def _merged(ask: Ask, call: Invocation, variables: dict[str, str]) -> list[Proof]:
    name = next(iter(call.arguments(variables)), None)
    head, other = await ask.commit("HEAD"), await ask.commit(name or "")
    if not name or not other:
        return []
    there = await ask.is_ancestor(other, head)
    return [
        Proof(
            ok=there,
            line=f"HEAD {await ask.subject(head)} {'contains' if there else 'does not contain'} {clean(name)}.",
        )
    ]


async def moved(ask: Ask, expected: dict[str, str]) -> str:
    """What is no longer where the preview saw it, as a sentence; empty when all is. A silent remote counts as moved."""
    by_remote: dict[str, list[str]] = {}
    for key in expected:
        remote, _, ref = key.partition(" ")
        by_remote.setdefault(remote, []).append(ref)
    for remote, refs in by_remote.items():
        try:
            there = await ask.remote(remote, *refs)
        except Unavailable as silent:
            return f"{silent} So whether it is still as previewed is not known. Look again: r"
        for ref in refs:
            before, now = expected[f"{remote} {ref}"], there.get(ref, "")
            if before != now:
                return await _moved_sentence(ask, remote, ref, before, now)
    return ""


async def _moved_sentence(ask: Ask, remote: str, ref: str, before: str, now: str) -> str:
    name = clean(ref.removeprefix("refs/heads/").removeprefix("refs/"))
    if not now:
        return f"{name} was deleted since the preview: it was {before[:7]}. Look again: r"
    at = await _who_put_it_there(ask, remote, ref, now) if FULL_SHA.match(now) else clean(now)
    if not before:
        return f"{name} was created since the preview: it is now {at}. Look again: r"
    return f"{name} moved since the preview: it was {before[:7]}, now {at}. Look again: r"


async def _who_put_it_there(ask: Ask, remote: str, ref: str, sha: str) -> str:
    """A commit with its author and age; one that is only on the remote is fetched to a place that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="warroom-look-", ignore_cleanup_errors=True) as folder:
        looking = ask
        if not await ask.commit(sha):
            objects = await ask.maybe("rev-parse", "--path-format=absolute", "--git-path", "objects")
            looking = ask.with_objects(folder, objects)
            quiet = (
                "-c",
                "core.hooksPath=/dev/null",
                "fetch",
                "--quiet",
                "--no-tags",
                "--no-write-fetch-head",
                "--no-auto-maintenance",
                "--refmap=",
            )
            await looking.maybe(*quiet, "--end-of-options", remote, ref, limit=NETWORK)
        who = clean(await looking.maybe("log", "-1", "--format=%an, %ar", sha, "--"), 200)
        return f"{await looking.subject(sha)}{f' by {who}' if who else ''}"
