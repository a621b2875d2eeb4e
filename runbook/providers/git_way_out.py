"""Ways out after git failed or was refused: each a ready step, a command for the person to look at and confirm."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

from runbook.logs.clean import clean
from runbook.model import Effect, Record, Remedy
from runbook.providers.git_ask import Ask
from runbook.providers.git_history import undoings
from runbook.providers.git_refusal import by_git, may_go_elsewhere, refusal, refused_branch, rule_page
from runbook.providers.git_text import FULL_SHA, Push, invocations, pushes
from runbook.providers.provider import Failure, Unavailable

WAY_OUT = "git reset --merge"
"""`git revert --abort` does nothing after the revert's process was killed; this puts the files back always."""
_MERGES = ("revert", "cherry-pick", "merge", "pull", "rebase", "am")
_SHOWN = 6
_FORGES = {
    "gh": "gh pr create --base {base} --head {head}",
    "glab": "glab mr create --target-branch {base} --source-branch {head}",
}
_WITH_WORDS = {"gh": "--title {title} --body {body}", "glab": "--yes --title {title} --description {body}"}
_CALLED = {"gh": "pull request", "glab": "merge request"}
_OWN_BRANCH = re.compile(r"refs/heads/(warroom/(?P<base>.+)-[0-9a-f]{12})")


async def conflicts(ask: Ask) -> tuple[str, ...]:
    """The files that are in conflict now. Raises Unavailable."""
    said = await ask.maybe("diff", "--name-only", "--diff-filter=U", "-z")
    return tuple(clean(name, 200) for name in said.split("\0") if name)


class Unfinished(Record, frozen=True):
    """A revert or cherry-pick of several commits that has stopped on its way."""

    kind: str = ""
    began: str = ""
    """HEAD before its first commit."""
    left_off: bool = True
    """Whether HEAD is still where it stopped: what was committed since would be lost by going back to its beginning."""
    left: int = 0
    """Commits that it has still to do, the one at which it stopped included."""


async def unfinished(ask: Ask) -> Unfinished:
    """What git has kept of a sequence that was stopped; empty when there is none. Raises Unavailable."""
    folder = Path(await ask.text("rev-parse", "--path-format=absolute", "--git-path", "sequencer"))
    try:
        began, todo = (folder / "head").read_text().strip(), (folder / "todo").read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return Unfinished()
    try:
        stopped = (folder / "abort-safety").read_text().strip()
    except (OSError, UnicodeDecodeError):
        stopped = ""
    rows = [row for row in todo if row.startswith(("revert ", "pick "))]
    if not FULL_SHA.match(began):
        return Unfinished()
    kind = "revert" if rows and rows[0].startswith("revert") else "cherry-pick"
    left_off = stopped == await ask.commit("HEAD") and await _all_its_own(ask, kind, began)
    return Unfinished(kind=kind, began=began, left=len(rows), left_off=left_off)


async def _all_its_own(ask: Ask, kind: str, began: str) -> bool:
    """Whether nothing but reverts, or picks (which keep the time of their author), was made since a sequence began."""
    made = [row.split() for row in (await ask.maybe("log", "--format=%H %at %ct", f"{began}..HEAD", "--")).splitlines()]
    if kind == "cherry-pick":
        return all(written != committed for _, written, committed in made)
    reverts = {one.sha for one in await undoings(ask, "HEAD", f"^{began}") if one.reverts}
    return reverts.issuperset(sha for sha, _, _ in made)


NOTHING_UNFINISHED = Unfinished()


def out_of_the_conflict(own_copy: bool, sequence: Unfinished = NOTHING_UNFINISHED) -> Remedy:
    """The way back to the files as HEAD has them; out of a sequence, as they were before its first commit."""
    back = f" {sequence.began}" if sequence.left_off else ""
    whole = f"{WAY_OUT}{back}\ngit {sequence.kind} --quit" if sequence.began else WAY_OUT
    return Remedy(
        title="Leave the conflict: put the files back",
        text=whole,
        effect=Effect.CHANGE,
        target="your own working copy" if own_copy else "the clean room",
        note="The files are again as before the command that stopped. Nothing was published, and nothing is by this.",
    )


def fetch(remote: str) -> Remedy:
    """What makes the remote's new commits known here."""
    return Remedy(
        title=f"Fetch what is new on {clean(remote)}", text=f"git fetch {shlex.quote(remote)}", effect=Effect.READ
    )


async def failure(ask: Ask, text: str, output: str, own_copy: bool) -> Failure | None:
    """Why a git command failed, and the way out of a conflict or around a refused push."""
    try:
        merging = next((call.sub for call in invocations(text) if call.sub in _MERGES), "")
        if merging and (files := await conflicts(ask)):
            named = ", ".join(files[:_SHOWN]) + (f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else "")
            sequence = await unfinished(ask)
            at = f" with {sequence.left} commit{'s' * (sequence.left != 1)} left to do" if sequence.began else ""
            acting = [call.sub for call in invocations(text)]
            published = "" if "push" in acting[: acting.index(merging)] else " Nothing was published."
            why = f"The {merging} stopped at a conflict in {named}{at}.{published}"
            return Failure(why=why, remedy=out_of_the_conflict(own_copy, sequence))
        found = refusal(output) if invocations(text) or by_git(output) else None
        if found is None:
            return None
        rule, mend = found
        around = await _around(ask, text, output) if may_go_elsewhere(output) else None
        if around is not None:
            mend = f"The rule: {where}" if (where := rule_page(output)) else ""
    except Unavailable as silent:
        return Failure(why=str(silent))
    return Failure(why=f"{rule} {mend}".strip(), remedy=around)


async def _around(ask: Ask, text: str, output: str) -> Remedy | None:
    """The commit that was refused, pushed to a branch of its own; None where the text does not tell which it was."""
    refused = refused_branch(output)
    aimed = [push for push in pushes(text) if push.src and push.dst.startswith("refs/heads/")]
    push = next((one for one in aimed if _branch(one) == refused), aimed[0] if len(aimed) == 1 else None)
    sha = await ask.commit(push.src or "") if push is not None else ""
    if push is None or not sha:
        return None
    base, remote = _branch(push), push.remote or "origin"
    head = f"warroom/{base}-{sha[:12]}"
    return Remedy(
        title="Push it to a branch of its own",
        text=f"git push --porcelain {shlex.quote(remote)} {sha}:{shlex.quote(f'refs/heads/{head}')}",
        effect=Effect.CHANGE,
        target=head,
        note=f"{base} is not moved by it: open a pull request from it into {base}{_by_program(ask, base, head)}.",
    )


def _branch(push: Push) -> str:
    return clean(push.dst.removeprefix("refs/heads/"), 100)


def _programs(ask: Ask) -> list[str]:
    return [name for name in _FORGES if shutil.which(name, path=ask.env.get("PATH"))]


def _by_program(ask: Ask, base: str, head: str) -> str:
    """How an installed program opens it: ` (gh is installed: gh pr create …)`."""
    told = "; ".join(f"{name} is installed: {_FORGES[name].format(base=base, head=head)}" for name in _programs(ask))
    return f" ({told})" if told else ""


async def pull_request(ask: Ask, text: str) -> Remedy | None:
    """What opens a pull request from the branch that a refused commit was pushed to, by an installed program.

    None where the text pushed no such branch, or where no program, or not one alone, fits the remote.
    """
    for push in pushes(text):
        own = _OWN_BRANCH.fullmatch(push.dst)
        sha = await ask.commit(push.src or "") if own else ""
        program = await _program_of(ask, push.remote or "origin") if sha else ""
        if own and program:
            head, base = shlex.quote(own[1]), shlex.quote(own["base"])
            subject = clean(await ask.maybe("log", "-1", "--format=%s", sha, "--"), 200)
            body = f"{own['base']} did not take this commit directly: {sha}"
            words = _WITH_WORDS[program].format(title=shlex.quote(subject), body=shlex.quote(body))
            return Remedy(
                title=f"Open a {_CALLED[program]} into {clean(own['base'])}",
                text=f"{_FORGES[program].format(base=base, head=head)} {words}",
                effect=Effect.CHANGE,
                target=f"a {_CALLED[program]}",
                note=f"{clean(own['base'])} is moved only when somebody merges it.",
            )
    return None


async def _program_of(ask: Ask, remote: str) -> str:
    """The installed program that speaks with a remote's host; where its name tells nothing, the only one there is."""
    there = _programs(ask)
    url = (await ask.maybe("remote", "get-url", "--", remote)).lower()
    named = [name for name, host in (("gh", "github"), ("glab", "gitlab")) if host in url]
    fitting = [name for name in there if name in named] if named else there
    return fitting[0] if len(fitting) == 1 else ""
