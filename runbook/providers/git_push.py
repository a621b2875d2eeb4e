"""What a push would do to the remote, asked from the remote now."""

from __future__ import annotations

import os
import shlex
from fnmatch import fnmatchcase
from pathlib import Path

from runbook.logs.clean import clean, redact
from runbook.model import Record
from runbook.providers import git_push_settings
from runbook.providers.git_ask import NETWORK, complaint, decoded
from runbook.providers.git_calls import Invocation
from runbook.providers.git_lists import BACKUPS
from runbook.providers.git_refusal import refusal
from runbook.providers.git_stage import Findings, Stage
from runbook.providers.git_tags import check_remote_tag
from runbook.providers.git_text import FULL_SHA, WIDE, Push, pushes_of, qualified
from runbook.providers.git_way_out import fetch
from runbook.providers.provider import Unavailable

SHOWN = 10
"""Commits that are listed before `… n more`."""


class Aimed(Record, frozen=True):
    """A push with everything resolved: `old` is the remote's SHA now (empty: not there), `new` what would go there."""

    push: Push
    remote: str
    dst: str
    old: str
    new: str

    @property
    def name(self) -> str:
        return clean(self.dst.removeprefix("refs/heads/").removeprefix("refs/"), 200)

    @property
    def forced(self) -> bool:
        return self.push.forced


def there_already(ref: str) -> str:
    """Under which key a preview keeps that a push moves nothing: then the ref stands as it did, and that is right."""
    return f"there already: {ref}"


async def play_push(stage: Stage, call: Invocation, found: Findings) -> None:
    """Play a `git push`: every ref it names, then a dry run. Raises Unavailable when the remote does not answer."""
    aimed: list[Aimed] = []
    pushed = pushes_of(call, stage.variables)
    if not pushed:
        found.lines.append("asks what would be pushed, and pushes nothing")
        return
    for push in pushed:
        remote = await _remote(stage, push, found)
        if found.blocked:
            return
        if push.wide:
            await _wide(stage, call, remote, push, found)
            continue
        await git_push_settings.mind(stage, call, push, remote, found)
        if one := None if found.blocked else await _aim(stage, push, remote, found):
            found.acts += 1
            found.expected[f"{remote} {one.dst}"] = one.old
            found.expected |= {there_already(f"{remote} {one.dst}"): "yes"} if one.new == one.old != "" else {}
            await _tell(stage, one, found)
            aimed.append(one)
        if found.blocked:
            return
    await _hook(stage, found)
    waiting = [one for one in aimed if one.new and one.new != one.old]
    if waiting:
        await _dry_run(stage, call, waiting, found)
    for one in aimed:
        if one.new and one.dst.startswith("refs/heads/"):
            stage.refs[f"refs/remotes/{one.remote}/{one.dst.removeprefix('refs/heads/')}"] = one.new


async def _remote(stage: Stage, push: Push, found: Findings) -> str:
    """The remote's name, as git would choose it; blocks where there is none of that name."""
    settings = (f"branch.{stage.branch}.pushRemote", "remote.pushDefault", f"branch.{stage.branch}.remote")
    name = push.remote
    for setting in settings if not name else ():
        name = name or await stage.ask.maybe("config", "--get", setting)
    name = name or "origin"
    known = (await stage.ask.maybe("remote")).splitlines()
    if name not in known and "/" not in name and ":" not in name:
        there = ", ".join(clean(one) for one in known) or "none"
        found.block(f"There is no remote {clean(name)} in {stage.place} (there is: {there}).", "Name one that is: e")
    return name


async def _aim(stage: Stage, push: Push, remote: str, found: Findings) -> Aimed | None:
    if push.late:
        _late(push, remote, found)
        return None
    dst = push.dst or await _own_destination(stage, push, found)
    if found.blocked or not dst:
        return None
    tag = "refs/tags/" + dst.removeprefix("refs/heads/")
    there = await stage.ask.remote(remote, dst, *((tag,) if push.guessed else ()))
    if push.guessed and dst not in there and (tag in there or await _is_only_tag(stage, push.src or "", tag)):
        dst = tag
    old = there.get(dst, "")
    if push.deletes:
        _deletion(stage, Aimed(push=push, remote=remote, dst=dst, old=old, new=""), found)
        return None if found.blocked else Aimed(push=push, remote=remote, dst=dst, old=old, new="")
    if push.src is None:
        found.block(
            f"What goes to {clean(dst)} is decided only when it runs; if it were empty, {clean(dst)} would be deleted.",
            "Write the commit in: e",
        )
        return None
    new = await _source(stage, push, dst, found)
    return None if found.blocked else Aimed(push=push, remote=remote, dst=dst, old=old, new=new)


def _late(push: Push, remote: str, found: Findings) -> None:
    """A new branch may get its name when it runs; which one is overwritten or deleted may not."""
    found.acts += 1
    there, all_of_it = clean(redact(remote)), qualified(push.late)[0].startswith(("refs/heads/$", "$"))
    if push.deletes or push.forced or all_of_it:
        return found.block(f"Which ref of {there} it acts on is decided only when it runs.", "Write it out: e")
    where = f"{clean(push.late, 100)} on {there}"
    found.warn(f"The name is decided only when it runs: {where}. Where such a branch is there already, it is moved.")
    return None


async def _own_destination(stage: Stage, push: Push, found: Findings) -> str:
    """Where a push of HEAD without a destination goes."""
    if not stage.branch:
        at = await stage.where()
        found.block(
            f"HEAD is on no branch ({at}), so git does not know where to push.",
            "Say it: git push origin HEAD:refs/heads/<branch>",
        )
        return ""
    made = stage.upstreams.get(stage.branch, "")
    upstream = made or await stage.ask.maybe("config", "--get", f"branch.{stage.branch}.merge")
    follows = await stage.ask.maybe("config", "--get", "push.default") in ("upstream", "tracking")
    return upstream if follows and upstream and push.bare else f"refs/heads/{stage.branch}"


async def _is_only_tag(stage: Stage, src: str, tag: str) -> bool:
    return (
        not FULL_SHA.match(src)
        and qualified(src)[0].replace("refs/heads/", "refs/tags/", 1) == tag
        and await stage.has_ref(tag)
        and not await stage.has_ref(qualified(src)[0])
    )


async def _source(stage: Stage, push: Push, dst: str, found: Findings) -> str:
    """The SHA that would be pushed; empty when the commands before leave it open."""
    src = push.src or ""
    if src in ("HEAD", "@") and not stage.head:
        found.warn("What will be pushed is decided by the commands before it, so its commits cannot be shown.")
        return ""
    short = not src.startswith("refs/") and src not in ("HEAD", "@")
    branch, tag = f"refs/heads/{src}", f"refs/tags/{src}"
    if short and await stage.has_ref(branch) and await stage.has_ref(tag):
        found.block(f"There is a branch and a tag {clean(src)}: git would refuse.", f"Write it out: {clean(branch)}")
        return ""
    if short and branch in stage.refs and not stage.refs[branch]:
        found.warn("What will be pushed is decided by the commands before it, so its commits cannot be shown.")
        return ""
    if (
        short
        and not await stage.has_ref(branch)
        and not await stage.has_ref(tag)
        and push.guessed
        and src == push.dst[11:]
    ):
        at = await stage.where()
        found.block(
            f"There is no branch {clean(src)} in {stage.place}, which is on {at}.",
            f"To push that: git push origin HEAD:{clean(push.dst)}",
        )
        return ""
    if not dst.startswith("refs/tags/"):
        await check_remote_tag(stage, src, found)
    new = await stage.resolve(src, "object" if dst.startswith("refs/tags/") else "commit")
    if not new:
        found.block(f"{clean(src)} is not a commit here.", "git fetch origin, or another value: e")
    elif dst.startswith("refs/heads/") and await stage.resolve(src, "object") != new:
        found.block(
            f"{clean(src)} is a tag with a message, and a branch can only hold a commit: git would refuse.",
            f"Write: '{clean(src)}^{{commit}}:{clean(dst)}'",
        )
    return new


def _deletion(stage: Stage, aimed: Aimed, found: Findings) -> None:
    what = f"{aimed.name} on {clean(aimed.remote)}"
    if not aimed.push.by_option:
        return found.block(
            f"The part before the colon is empty: this deletes {what}.", "Write what to push before the colon: e"
        )
    if not aimed.old:
        found.already.append(f"{what} is not there.")
        return None
    found.warn(f"This deletes {what}, which is at {aimed.old[:7]}.")
    found.way_back.append(f"git push {_word(aimed.remote)} {_word(f'{aimed.old}:{aimed.dst}')}")
    return None


async def _tell(stage: Stage, aimed: Aimed, found: Findings) -> None:
    ask, old, new, where = stage.ask, aimed.old, aimed.new, f"{aimed.name} on {clean(redact(aimed.remote))}"
    if not new:
        return None
    if old == new:
        found.already.append(f"Nothing to push: {where} is already at {await stage.named(old)}.")
        found.lines.append(f"{where} is already at {await stage.named(old)}")
        return None
    if not old:
        found.lines.append(f"creates {where}, at {await stage.named(new)}")
        if not fnmatchcase(aimed.dst, BACKUPS):  # a backup is what a way back is made of
            found.way_back.append(f"git push {_word(aimed.remote)} --delete {_word(aimed.dst)}")
        return None
    if not await ask.commit(old):
        return found.block(
            f"{where} is at {old[:7]}, a commit that this clone does not know: what this would drop cannot be shown.",
            f"git fetch {_word(aimed.remote)}, then look again: r",
            fetch(aimed.remote),
        )
    found.lines.append(f"moves {where} from {await stage.named(old)} to {await stage.named(new)}")
    await _commits(stage, aimed, found)
    await _lease(aimed, where, found)
    if change := await ask.change(old, new):
        found.lines.append(f"changes {change}")
        return None
    found.lines.append("changes no file")
    if new in stage.made:
        found.already.append(f"{where} has exactly these files already.")
    return None


async def _commits(stage: Stage, aimed: Aimed, found: Findings) -> None:
    """What comes to the branch and what is dropped from it; blocks a push that would be refused."""
    ask, old, new = stage.ask, aimed.old, aimed.new
    added, dropped = await ask.count(new, f"^{old}"), await ask.count(old, f"^{new}")
    if added:
        found.lines.append(f"adds {_commits_in_words(added)}:")
        found.lines += await _listed(stage, added, new, f"^{old}")
    if dropped:
        found.lines.append(f"drops {_commits_in_words(dropped)} from {aimed.name}:")
        found.lines += await _listed(stage, dropped, old, f"^{new}")
    if dropped and new not in stage.made:
        lease = _word(f"--force-with-lease={aimed.dst}:{new}")
        found.way_back.append(f"git push {lease} {_word(aimed.remote)} {_word(f'{old}:{aimed.dst}')}")
    elif aimed.dst.startswith("refs/heads/"):
        found.way_back.append(_forward_again(aimed))
    moved_tag = aimed.dst.startswith("refs/tags/")
    if not aimed.forced and (dropped or moved_tag):
        why = (
            "that tag is there and is another"
            if moved_tag
            else f"{aimed.name} has {_commits_in_words(dropped)} that this does not contain"
        )
        found.block(
            f"This would be refused: {why}.",
            "Roll back with a new commit (git revert, or the tag rollback that keeps history), or fetch, then r",
        )


def _forward_again(aimed: Aimed) -> str:
    """The old files as a new commit on top: a way back without force, which protected branches take."""
    parent = f"{aimed.remote}/{aimed.dst.removeprefix('refs/heads/')}"
    return (
        f"git fetch {_word(aimed.remote)}\n"
        f"BACK=$(git commit-tree '{aimed.old}^{{tree}}' -p {_word(parent)} -m 'Back to {aimed.old[:7]}')\n"
        f'git push {_word(aimed.remote)} "$BACK":{_word(aimed.dst)}'
    )


def _word(text: str) -> str:
    return shlex.quote(clean(text))


async def _lease(aimed: Aimed, where: str, found: Findings) -> None:
    held = aimed.push.expected
    if (
        aimed.push.force == "lease"
        and held
        and not held.startswith("$")
        and not aimed.old.startswith(held)
        and _is_sha(held)
    ):
        found.block(
            f"This would be refused: the lease expects {held[:7]}, and {where} is at {aimed.old[:7]}.", "Look again: r"
        )
    elif aimed.push.force in ("force", "plus"):
        found.warn(f"A bare force overwrites whatever is on {aimed.name} by then, seen or not.")
    elif aimed.push.force == "lease" and not held:
        found.warn(f"A lease without a commit follows every fetch: it does not protect {aimed.name}.")


def _is_sha(text: str) -> bool:
    return 7 <= len(text) <= 64 and all(char in "0123456789abcdef" for char in text)


async def _listed(stage: Stage, count: int, *revisions: str) -> list[str]:
    shown = await stage.listed(SHOWN, *revisions)
    return [*shown, f"  … {count - SHOWN} more"] if count > SHOWN else shown


def _commits_in_words(count: int) -> str:
    return f"{count} commit{'s' * (count != 1)}"


async def _hook(stage: Stage, found: Findings) -> None:
    if not stage.own_copy:
        if hook := await stage.ask.maybe("config", "--get", "warroom.prePush"):
            found.warn(f"Your pre-push hook does not run from the clean room: {clean(hook)}")
        return
    hooks = await stage.ask.maybe("rev-parse", "--path-format=absolute", "--git-path", "hooks")
    if hooks and os.access(Path(hooks) / "pre-push", os.X_OK):
        found.warn(f"Your pre-push hook will run: {clean(hooks)}/pre-push")


# ── the dry run ───────────────────────────────────────────────────────────────────────────────────


async def _dry_run(stage: Stage, call: Invocation, aimed: list[Aimed], found: Findings) -> None:
    leases = [f"--force-with-lease={one.dst}:{one.old}" for one in aimed if one.forced]
    specs = [f"{one.new}:{one.dst}" for one in aimed]
    following = [name for name in ("--follow-tags", "--no-follow-tags") if call.has(name)]
    rows = await _dry(stage, (*following, *leases, "--end-of-options", aimed[0].remote, *specs), found)
    if tags := [row for row in rows if ":refs/tags/" in row and not any(f":{one.dst} " in row for one in aimed)]:
        names = ", ".join(row.partition(":refs/tags/")[2].partition(" ")[0] for row in tags[:SHOWN])
        more = f" … {len(tags) - SHOWN} more" if len(tags) > SHOWN else ""
        found.warn(f"Tags that are not on {clean(redact(aimed[0].remote))} yet go with it: {names}{more}.")


async def _dry(stage: Stage, arguments: tuple[str, ...], found: Findings) -> list[str]:
    """The porcelain lines of a dry run; blocks when it fails. It does not see the remote's branch rules."""
    said = await stage.ask.answer(
        "-c", "core.hooksPath=/dev/null", "push", "--dry-run", "--porcelain", *arguments, limit=NETWORK
    )
    if not said.ok:
        output = decoded(said.out + said.err)
        found.block(*(refusal(output) or (f"The dry run of the push failed: {complaint(said)}.", "Retry: r")))
    return [clean(line.replace("\t", "  "), 200) for line in decoded(said.out).splitlines() if "\t" in line]


async def _wide(stage: Stage, call: Invocation, remote: str, push: Push, found: Findings) -> None:
    """A push of refs that its text does not name: git itself says which."""
    found.acts += 1
    options = tuple(option.name for option in call.options if option.name in WIDE)
    forced = ("--force",) if push.force == "force" and "--mirror" not in options else ()
    rows = await _dry(stage, (*options, *forced, "--end-of-options", remote), found)
    if found.blocked:
        return
    try:
        there = await stage.ask.remote(remote)
    except Unavailable as silent:
        found.block(str(silent), "Retry: r")
        return
    moving = [row for row in rows if not row.startswith("=")]
    found.lines.append(f"pushes {len(moving)} refs to {clean(remote)}:")
    found.lines += [f"  {row}" for row in moving[:SHOWN]] + (
        [f"  … {len(moving) - SHOWN} more"] if len(moving) > SHOWN else []
    )
    if deleted := [row for row in moving if row.startswith("-")]:
        found.block(
            f"This deletes {len(deleted)} refs on {clean(remote)}: {push.wide} makes it the same as {stage.place}.",
            "Push one branch by name: e",
        )
    found.expected |= {f"{remote} {ref}": sha for ref, sha in there.items() if ref.startswith("refs/heads/")}
