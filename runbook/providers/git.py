"""Git as a provider: what can be rolled back to, what a command would do, and whether it did."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from runbook.model import Remedy
from runbook.providers import (
    git_after,
    git_lists,
    git_next_merge,
    git_own,
    git_preview,
    git_refusal,
    git_text,
    git_way_back,
    git_way_out,
)
from runbook.providers.git_ask import Ask
from runbook.providers.provider import Failure, Place, Preview, Proof, Standing, Target, Unavailable, as_one

_ONLY_READ = frozenset(
    ("log", "show", "diff", "status", "ls-remote", "ls-files", "describe", "blame", "version", "var")
)


class Git:
    """The git provider of one incident. Asks only; what acts is the command that the person confirmed."""

    name = "git"

    def __init__(
        self,
        folder: Path,
        *,
        main: str = "main",
        production: str = "production",
        remote: str = "origin",
        env: Mapping[str, str] | None = None,
    ) -> None:
        """`folder` is the clean room's; `main` and `production` are the branches' names on `remote`."""
        self.folder = folder
        self.main = main
        self.production = production
        self.remote = remote
        self.ask = Ask(folder, env)

    def concerns(self, text: str) -> bool:
        """Whether the text holds a git call that does more than read."""
        return any(call.sub not in _ONLY_READ for call in git_text.invocations(text))

    def orders(self, text: str) -> bool:
        """Every one of its commands is looked into."""
        return self.concerns(text)

    async def targets(self, kind: str, on: str) -> tuple[Target, ...]:
        """Commits of a branch (`origin/production`), or tags of a pattern (`v*`); newest first. Raises Unavailable."""
        if kind == "git_commit":
            return await git_lists.commits(self.ask, self._tracking(on), await self._live())
        if kind == "git_tag":
            return await git_lists.tags(self.ask, on, await self._live())
        return ()

    async def check_value(self, kind: str, value: str, on: str = "") -> str:
        """Why a value is not a commit of `on`, or not a tag that origin has; empty when it is."""
        try:
            if kind == "git_commit":
                return await git_lists.why_not_commit(self.ask, value, self._tracking(on) if on else "")
            if kind == "git_tag":
                return await git_lists.why_not_tag(self.ask, value, on)
        except Unavailable as silent:
            return f"It could not be checked: {silent}"
        return ""

    def safer(self, text: str, expected: Mapping[str, str]) -> tuple[str, str]:
        """A forced push pinned to what the preview saw: (text, why)."""
        return git_text.safer(text, git_after.refs_of(expected))

    async def targets_of(self, text: str, value: str, at: Place) -> tuple[Target, ...]:
        """None: commits and tags are offered by a param's kind."""
        return ()

    async def standing(self, text: str, at: Place) -> Standing | None:
        """Nothing: a method's own checks tell whether git is ready."""
        return None

    async def preview(self, text: str, at: Place) -> Preview:
        """What the git calls would change, in order."""
        return await git_preview.preview(self._from(at), text, self._is_own_copy, at)

    async def moved(self, text: str, expected: dict[str, str], at: Place) -> str:
        """What is no longer where the preview saw it, here or on the remote; empty when all is."""
        ask = self._led(text, at)
        if here := await git_own.moved(ask, expected):
            return here
        return await git_after.moved(ask, git_after.refs_of(expected))

    async def proof(self, text: str, expected: dict[str, str], at: Place) -> Proof | None:
        """Whether the remote holds what was pushed and HEAD what was reverted; None for texts without such effects."""
        try:
            seen = await self._effects(text, expected, at)
        except Unavailable as silent:
            return Proof(ok=None, line=str(silent))
        proof = as_one(seen)
        more = await self._next_merge(text, git_after.refs_of(expected), at) if proof and proof.ok else ""
        return Proof(ok=True, line=f"{proof.line} {more}") if proof and more else proof

    async def evidence(self, text: str, expected: dict[str, str], at: Place) -> tuple[str, ...]:
        """What repository and remote say now about a command whose outcome was lost."""
        try:
            return tuple(one.line for one in await self._effects(text, expected, at))
        except Unavailable as silent:
            return (str(silent),)

    async def took_effect(self, text: str, expected: dict[str, str], at: Place) -> bool | None:
        """Whether all of a text's effects are there (True) or none of them (False); None in between."""
        try:
            told = {one.ok for one in await self._effects(text, expected, at)}
        except Unavailable:
            return None
        return told.pop() if len(told) == 1 else None

    def chosen(self, text: str, value: str) -> str:
        """A revert or cherry-pick of a merge that is told which parent is the line to keep."""
        return git_text.with_mainline(text, value)

    async def failure(self, text: str, output: str, at: Place) -> Failure | None:
        """A conflict, with its files and the way out of it; or a refused push, with the way around."""
        ask = self._led(text, at)
        return await git_way_out.failure(ask, text, output, self._is_own_copy(ask.path))

    async def back(self, text: str, expected: dict[str, str], at: Place) -> Remedy | None:
        """Production's former files on top of what was pushed; after a refused commit went to a branch, its request."""
        ask = self._led(text, at)
        return await git_way_out.pull_request(ask, text) or await git_way_back.way_back(
            ask, text, git_after.refs_of(expected)
        )

    def address(self, output: str) -> str:
        """Where the remote says that a pull request is opened."""
        return git_refusal.pull_request(output)

    async def _effects(self, text: str, expected: dict[str, str], at: Place) -> tuple[Proof, ...]:
        return await git_after.effects(self._from(at), text, expected, at.env | at.variables)

    async def _next_merge(self, text: str, expected: dict[str, str], at: Place) -> str:
        """What the next merge of main does to the rollback that a push to production was."""
        ref = f"refs/heads/{self.production}"
        before = expected.get(f"{self.remote} {ref}", "")
        if not before or not any(push.dst == ref for push in git_text.pushes(text)):
            return ""
        ask = self._led(text, at)
        try:
            now = (await ask.remote(self.remote, ref)).get(ref, "")
            return await git_next_merge.next_merge(ask, self._tracking(self.main), before, now) if now else ""
        except Unavailable:
            return ""

    def _tracking(self, on: str) -> str:
        """`production`, `origin/production` or a full name as the ref that follows the remote."""
        if on.startswith("refs/"):
            return on
        return f"refs/remotes/{self.remote}/{(on or self.production).removeprefix(f'{self.remote}/')}"

    async def _live(self) -> str:
        tracking = self._tracking(self.production)
        return tracking if await self.ask.commit(tracking) else self._tracking(self.main)

    def _from(self, at: Place) -> Ask:
        """Asked with what the command gets: its session may sign in by another key, or go by another proxy."""
        return Ask(at.cwd, self.ask.env | at.env)

    def _led(self, text: str, at: Place) -> Ask:
        """Where the calls of a text act: it may lead them to another directory itself."""
        return self._from(at).led(git_text.directory_of(text), at.env | at.variables)

    def _is_own_copy(self, cwd: Path) -> bool:
        room, here = self.folder.resolve(), cwd.resolve()
        return room != here and room not in here.parents
