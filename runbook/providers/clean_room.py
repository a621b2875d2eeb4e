"""The clean room: a private clone of the incident, so that no step touches the engineer's own working copy.

Its objects are borrowed from the local repository and its `origin` is the real one: making it costs a fetch.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from runbook.logs.clean import clean, redact
from runbook.model import Record, Seconds
from runbook.providers.git_ask import NETWORK, Ask, complaint, decoded
from runbook.providers.provider import Unavailable

FETCH: Seconds = 60
"""For the fetches of a borrowed clone, where only what is new travels."""
FETCH_ALL: Seconds = 600
"""For a clone that can borrow nothing and fetches everything."""
CHECKOUT: Seconds = 120

_COPIED = re.compile(
    r"(user\.(name|email|signingkey)|author\..*|committer\..*|(commit|tag)\.gpgsign|gpg\..*|credential\..*"
    r"|core\.(sshcommand|askpass|gitproxy)|ssh\.variant|https?\..*|url\..*\.(insteadof|pushinsteadof)|push\.default"
    r"|remote\.origin\.(pushurl|proxy|proxyauthmethod|uploadpack|receivepack))\Z",
    re.DOTALL,
)
_OWN = (
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("advice.detachedHead", "false"),
    ("remote.origin.tagOpt", "--tags"),
    # A tag that was moved on the remote would make every fetch fail without the plus.
    ("remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"),
    ("remote.origin.fetch", "+refs/tags/*:refs/tags/*"),
    # The engineer's global fetch.prune must not remove a backup tag made here.
    ("remote.origin.prune", "false"),
    ("remote.origin.pruneTags", "false"),
)


class GitRefused(Exception):
    """No clean room can be made: what is wrong, in a sentence, and the mend."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(f"{what} {mend}".strip())
        self.what = what
        self.mend = mend


class CleanRoom(Record, frozen=True):
    """The clone and where it comes from. `trouble` says what it lacks (the remote did not answer)."""

    folder: Path
    repository: str
    url: str
    """Of `origin`, without passwords."""
    branch: str
    pre_push: str = ""
    """The engineer's own pre-push hook, which does not run here."""
    trouble: str = ""


async def make(repository: Path, folder: Path, env: Mapping[str, str] | None = None) -> CleanRoom:
    """The clean room at `folder`, made on the first call and returned again on later ones.

    Borrowed objects stay valid as long as the engineer's repository is not pruned (git waits two weeks).
    Raises GitRefused.
    """
    try:
        if not (folder / ".git").is_dir():
            await _build(repository, folder, env)
        return await _described(Ask(folder, env))
    except Unavailable as silent:
        raise GitRefused(str(silent), "") from silent


async def _build(repository: Path, room: Path, env: Mapping[str, str] | None) -> None:
    source = Ask(repository, env)
    common, bare, shallow = await _facts(source)
    settings = await _settings(source)
    url = next((value for key, value in settings if key == "remote.origin.url"), "")
    if not url:
        raise GitRefused(
            f"{clean(str(repository))} has no remote called origin, so nothing could be rolled back from it.",
            "git remote add origin <url>",
        )
    making = room.with_name(f"{room.name}.making")
    shutil.rmtree(making, ignore_errors=True)  # left by a room that was killed here
    making.mkdir(parents=True, mode=0o700)
    try:
        clone = Ask(making, env)
        borrowed = not shallow and not any(k == "extensions.partialclone" or ".promisor" in k for k, _ in settings)
        await _initialise(clone, source, common, borrowed)
        base = Path(await source.text("rev-parse", "--absolute-git-dir" if bare else "--show-toplevel"))
        await _configure(clone, settings, base)
        await _require_identity(clone)
        await _remember(clone, source, repository)
        await _fill(clone, source, common, borrowed)
        await _check_out(clone, source)
        making.rename(room)
    except BaseException:  # cancelled or failed: half a clean room must never be taken for one
        shutil.rmtree(making, ignore_errors=True)
        raise


async def _facts(source: Ask) -> tuple[Path, bool, bool]:
    asked = await source.answer(
        "rev-parse", "--path-format=absolute", "--git-common-dir", "--is-bare-repository", "--is-shallow-repository"
    )
    if not asked.ok:
        why = complaint(asked)
        if "dubious ownership" in why:
            raise GitRefused(
                f"{clean(str(source.path))} belongs to another user, and git does not trust it.",
                f"git config --global --add safe.directory {clean(str(source.path))}",
            )
        raise GitRefused(
            f"{clean(str(source.path))} is not a git repository.",
            "Start warroom inside the repository that you deploy from.",
        )
    common, bare, shallow = decoded(asked.out).splitlines()
    return Path(common), bare == "true", shallow == "true"


async def _settings(source: Ask) -> tuple[tuple[str, str], ...]:
    """The local settings, keys as git normalises them (section and name in lower case)."""
    said = await source.text("config", "--local", "--includes", "--list", "-z")
    pairs = (row.partition("\n") for row in said.split("\0") if row)
    return tuple((key, value if equals else "true") for key, equals, value in pairs)


async def _initialise(clone: Ask, source: Ask, common: Path, borrowed: bool) -> None:
    form = await source.maybe("rev-parse", "--show-object-format") or "sha1"
    await clone.text("init", "-q", "--template=", f"--object-format={form}", ".")
    (clone.path / ".git" / "config").chmod(0o600)  # an http.extraHeader may hold a token
    if borrowed:
        alternates = clone.path / ".git" / "objects" / "info" / "alternates"
        alternates.parent.mkdir(exist_ok=True)
        alternates.write_bytes(str(common / "objects").encode("utf-8", "surrogateescape") + b"\n")


async def _configure(clone: Ask, settings: tuple[tuple[str, str], ...], base: Path) -> None:
    for key, value in settings:
        if key in ("remote.origin.url", "remote.origin.pushurl"):
            await clone.text("config", "--add", key, absolute(value, base))
        elif _COPIED.match(key):
            await clone.text("config", "--add", key, value)
    for key, value in _OWN:
        await clone.text("config", "--add", key, value)
    # A setting and no variable: that would win over the engineer's own, by which other keys are used.
    if not await clone.maybe("config", "--get", "core.sshCommand") and "GIT_SSH" not in clone.env:
        await clone.text("config", "core.sshCommand", "ssh -oConnectTimeout=10")


def absolute(url: str, base: Path) -> str:
    """A remote's URL so that it means the same from another directory."""
    colon, slash = url.find(":"), url.find("/")
    local = colon < 0 or 0 <= slash < colon  # git's own rule: host:path is ssh unless a slash comes first
    return str((base / url).resolve()) if local and not url.startswith("/") else url


async def _require_identity(clone: Ask) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        if not (await clone.answer("-c", "user.useConfigOnly=true", "var", f"GIT_{role}_IDENT")).ok:
            raise GitRefused(
                "Git does not know who you are, so it cannot write a revert.",
                'git config --global user.name "…" and git config --global user.email "…"',
            )


async def _remember(clone: Ask, source: Ask, repository: Path) -> None:
    await clone.text("config", "warroom.repository", str(repository.resolve()))
    hooks = Path(await source.text("rev-parse", "--path-format=absolute", "--git-path", "hooks"))
    hook = hooks / "pre-push"
    if hook.is_file() and hook.stat().st_mode & 0o111:
        await clone.text("config", "warroom.prePush", str(hook))


async def _fill(clone: Ask, source: Ask, common: Path, borrowed: bool) -> None:
    """The branches and tags of origin; where it does not answer, as the engineer's repository last saw them."""
    trouble = await _fetch(clone, FETCH if borrowed else FETCH_ALL)
    if trouble and not borrowed:
        raise GitRefused(
            f"{clean(str(source.path))} holds only a part of its history, and the rest could not be fetched: {trouble}",
            "git fetch --unshallow, then start again",
        )
    if trouble:
        await clone.text(
            "fetch",
            "-q",
            "--no-tags",
            str(common),
            "+refs/remotes/origin/*:refs/remotes/origin/*",
            "+refs/tags/*:refs/tags/*",
            "^refs/remotes/origin/HEAD",
            limit=FETCH,
        )
        await clone.text("config", "warroom.trouble", trouble)
    if await clone.text("rev-parse", "--is-shallow-repository") == "true":
        raise GitRefused(
            "The remote itself is a shallow clone: a revert in it would delete files.",
            "Point origin at a complete repository.",
        )
    if not await _branches(clone):
        raise GitRefused(
            "No branch of origin is known." + (f" {trouble}" if trouble else " It is empty."),
            "git fetch origin, then start again",
        )


async def _fetch(clone: Ask, limit: Seconds) -> str:
    """Fetch from origin; the trouble as a sentence, empty when there was none."""
    if limit != FETCH_ALL:  # ask first: a dead host is known in 10 s, and need not cost a minute
        try:
            await clone.remote("origin", "HEAD")
        except Unavailable as silent:
            return f"{silent}"
    try:
        said = await clone.answer("fetch", "-q", "origin", limit=limit)
    except Unavailable as slow:
        return str(slow)
    return "" if said.ok else f"origin could not be fetched: {complaint(said)}"


async def _branches(ask: Ask) -> tuple[str, ...]:
    said = await ask.text("for-each-ref", "--format=%(refname)", "refs/remotes/origin/")
    names = (ref.removeprefix("refs/remotes/origin/") for ref in said.splitlines())
    return tuple(name for name in names if name != "HEAD")


async def _check_out(clone: Ask, source: Ask) -> None:
    """A local branch for each that the engineer has too, at origin's place and not at the engineer's."""
    there = set(await _branches(clone))
    here = (await source.text("for-each-ref", "--format=%(refname)", "refs/heads/")).splitlines()
    theirs = [name for name in (ref.removeprefix("refs/heads/") for ref in here) if name in there]
    current = await source.maybe("symbolic-ref", "--quiet", "--short", "HEAD")
    head = next(n for n in (current, "main", "master", *theirs, *sorted(there)) if n in there)
    for name in dict.fromkeys((*theirs, head)):
        await clone.text("update-ref", f"refs/heads/{name}", f"refs/remotes/origin/{name}")
        await clone.text("config", f"branch.{name}.remote", "origin")
        await clone.text("config", f"branch.{name}.merge", f"refs/heads/{name}")
    await clone.text("symbolic-ref", "HEAD", f"refs/heads/{head}")
    await clone.text("reset", "-q", "--hard", limit=CHECKOUT)


async def _described(room: Ask) -> CleanRoom:
    trouble = await room.maybe("config", "warroom.trouble")
    if trouble and not await _fetch(room, NETWORK):
        trouble = ""
        await room.maybe("config", "--unset-all", "warroom.trouble")
    return CleanRoom(
        folder=room.path,
        repository=await room.maybe("config", "warroom.repository"),
        url=redact(clean(await room.maybe("config", "--get", "remote.origin.url"))),
        branch=clean(await room.maybe("symbolic-ref", "--quiet", "--short", "HEAD")),
        pre_push=clean(await room.maybe("config", "warroom.prePush")),
        trouble=_in_words(trouble),
    )


def _in_words(trouble: str) -> str:
    if not trouble:
        return ""
    return clean(f"{trouble} What is shown of it is what your repository last fetched.", 500)
