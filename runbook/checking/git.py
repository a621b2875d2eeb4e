"""Git as it is used in a hurry: old data, force, merges that ship too much."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbook.checking.calls import Call
from runbook.checking.findings import Finding, Rule, Said, on_calls
from runbook.checking.scene import Scene, Spot

FRESH = r"git (fetch|pull|clone|ls-remote|remote update)"
MAKES_BRANCH = r"git (checkout|switch|branch)"
VERSION = re.compile(r"v?\d+\.\d+[\w.+-]*")
SHA = re.compile(r"[0-9a-f]{7,64}|HEAD.*|@.*|X\w+X|\$.*|.*[~^].*")
"""What names a commit and no branch: a hash, HEAD, a value to be filled in."""
LEASE = re.compile(r"--force-with-lease=\S+:\S+")


def is_forced(call: Call) -> bool:
    plus = any(word.startswith("+") and len(word) > 1 for word in call.words[2:])
    return call.says("git push") and (call.has("-f", "--force") or plus)


def _is_fresh(spot: Spot) -> bool:
    """Whether the remote was asked before, here or in an earlier part of the same method."""
    asked = spot.procedure.that_say(FRESH)
    return bool(asked) and asked[0][0] <= spot.number


def stale_list(call: Call, spot: Spot) -> Said:
    lists = call.says("git (log|tag|branch|describe)") and (call.words[0] != "tag" or _lists_tags(call))
    branches = call.words[:1] == ("branch",) and not call.has("-r", "-a", "--remotes", "--all")
    if not lists or branches or _is_fresh(spot) or spot.procedure.part != "method" or call.substituted:
        return None
    return "warning", (
        "Without a fetch this shows what the last pull knew, not what is on the remote; begin with git fetch --tags "
        "origin and look at origin/BRANCH."
    )


def _lists_tags(call: Call) -> bool:
    return len(call.words) == 1 or call.has("-l", "--list", "--sort", "-n", "--contains", "--points-at")


def revert_merge(call: Call, _spot: Spot) -> Said:
    if not call.says("git revert") or call.has("-m", "--mainline", "--abort", "--continue", "--quit"):
        return None
    return "note", (
        "git revert refuses a merge commit without -m 1, and in a shallow clone (--depth) it deletes every file and "
        "exits 0; look at the commit's parents first and use a full clone."
    )


def blind_push(call: Call, spot: Spot) -> Said:
    if (
        not call.says("git push")
        or _is_fresh(spot)
        or is_forced(call)
        or call.has("--delete", "-d", "--tags", "-u", "--set-upstream")
    ):
        return None
    ref = call.words[2] if len(call.words) > 2 else ""
    if ref.startswith(":") or LEASE.search(call.text) or _made_here(spot, ref):
        return None
    return "warning", (
        "Nothing looked at the remote before this push: it is refused if the branch has moved or is protected, and may "
        "ask for a password; fetch first and push the exact commit (git push origin SHA:refs/heads/BRANCH)."
    )


def _made_here(spot: Spot, branch: str) -> bool:
    return bool(branch) and any(_created(call) == branch for call in spot.before(MAKES_BRANCH))


def _created(call: Call) -> str:
    """The branch that a call makes, or ''."""
    if call.says("git (checkout|switch)"):
        return call.value("-b", "-c", "--create") if call.has("-b", "-c", "--create") else ""
    if call.says("git branch") and len(call.words) > 1 and not call.has("-d", "-D", "-m", "--list", "-l", "-r", "-a"):
        return call.words[1]
    return ""


def stale_checkout(scene: Scene) -> Iterator[Finding]:
    """A local branch is checked out, then changed and published, without a look at the remote's."""
    for spot in scene.spots():
        for call in spot.calls:
            branch = call.words[1] if len(call.words) == 2 and call.says("git (checkout|switch)") else ""
            if not branch or _created(call) or VERSION.fullmatch(branch) or SHA.fullmatch(branch) or _is_fresh(spot):
                continue
            pushed = [number for number, push in spot.after(r"git push") if branch in push.words]
            fetched = spot.after(FRESH)
            if pushed and not (fetched and fetched[0][0] < pushed[0]):
                yield Finding(
                    spot.line,
                    "warning",
                    "The local branch may be days old; fetch, then git checkout -B BRANCH origin/BRANCH (or git pull "
                    "--ff-only) before it is changed and pushed.",
                )


def merge_ships_all(call: Call, spot: Spot) -> Said:
    if not call.says("git merge") or spot.procedure.part != "method" or call.has("--abort", "--continue", "--squash"):
        return None
    merged = call.words[1:]
    if not merged or any(SHA.fullmatch(word) or VERSION.fullmatch(word.rpartition("/")[2]) for word in merged):
        return None
    if any(_created(before) in merged for before in spot.before(MAKES_BRANCH)):
        return None
    return "warning", (
        "This ships everything that is on the other branch, in the middle of an incident; carry over only the commit "
        "that mends it (git cherry-pick -x SHA)."
    )


def tag_or_branch(call: Call, _spot: Spot) -> Said:
    if not call.says("git (checkout|switch|reset)") or _created(call):
        return None
    if not any(VERSION.fullmatch(word) for word in call.words[1:2]):
        return None
    return "note", "A branch of the same name would win over the tag; write refs/tags/NAME (after git fetch --tags)."


def branch_exists(call: Call, _spot: Spot) -> Said:
    branch = _created(call)
    if not branch or SHA.search(branch) or "$" in branch or re.search(r"X\w+X", branch):
        return None
    return "note", "This fails the second time, when the branch exists; put the date into its name, or use -B."


def branch_unused(scene: Scene) -> Iterator[Finding]:
    """A branch is made and pushed for the rollback, and then nothing deploys, merges or compares it."""
    for procedure in scene.methods():
        for spot in procedure.spots:
            for branch in filter(None, map(_created, spot.calls)):
                uses = [then for then in procedure.spots[spot.number + 1 :] if _names(then, branch)]
                pushes = [then for then in uses if any(call.says("git push") for call in then.calls)]
                manual = any(
                    branch in f"{step.title} {step.note} {step.message}"
                    or re.search(r"\b(PR|merge|pull request)\b", step.title, re.I)
                    for step in procedure.method.steps
                    if not step.commands
                )
                if pushes and pushes == uses and spot.after(r"git (checkout|switch)") and not manual:
                    yield Finding(
                        pushes[0].line,
                        "warning",
                        f"The branch {branch} is pushed and then never used: nothing merges or deploys it. Leave it "
                        "out, "
                        "or keep the old state under refs/…/backup for the way back.",
                    )


def _names(spot: Spot, branch: str) -> bool:
    return any(branch in call.text for call in spot.calls)


def reset_hard(call: Call, spot: Spot) -> Said:
    if not call.says("git reset") or not call.has("--hard"):
        return None
    if spot.before(r"git (stash|worktree|clone)", or_here=True):
        return None
    return "problem", (
        "reset --hard throws uncommitted work away without a word; do it in a fresh clone or after git stash -u, or "
        "make "
        "a new commit with the old files instead (git commit-tree TAG^{tree} -p HEAD)."
    )


def bare_force(call: Call, _spot: Spot) -> Said:
    if not call.says("git push") or LEASE.search(call.text):
        return None
    if call.has("--mirror"):
        return "problem", (
            "--mirror makes the remote what this copy is: branches and tags that are not here are deleted there. Push "
            "the branch that is meant by its name."
        )
    if is_forced(call):
        return "problem", (
            "A bare force overwrites whatever the others pushed meanwhile; protected branches refuse it and the next "
            "merge undoes it. Push a commit on top, or write --force-with-lease=refs/heads/BRANCH:SHA with the SHA "
            "you saw."
        )
    if call.has("--force-with-lease"):
        return "warning", (
            "A lease without a SHA is defeated by any fetch in the background; write "
            "--force-with-lease=refs/heads/BRANCH:SHA with the SHA you saw."
        )
    return None


def rewind_named_forward(call: Call, spot: Spot) -> Said:
    if not re.search(r"fast[- ]?forward", spot.step.title, re.I):
        return None
    if call.has("--ff-only") or not (is_forced(call) or (call.says("git reset") and call.has("--hard"))):
        return None
    return (
        "problem",
        "The title says fast-forward, but this rewinds the branch: commits leave it. Name it so, and its risk.",
    )


RULES: dict[str, Rule] = {
    "git-stale-list": on_calls(stale_list),
    "git-revert-merge": on_calls(revert_merge),
    "git-blind-push": on_calls(blind_push),
    "git-stale-checkout": stale_checkout,
    "git-merge-ships-all": on_calls(merge_ships_all),
    "git-tag-or-branch": on_calls(tag_or_branch),
    "git-branch-exists": on_calls(branch_exists),
    "git-branch-unused": branch_unused,
    "git-reset-hard": on_calls(reset_hard),
    "git-bare-force": on_calls(bare_force),
    "git-rewind-named-forward": on_calls(rewind_named_forward),
}
