"""A stage on which git commands are played before they run: the repository as they would leave it.

Merges are really computed and commits really made, but in a temporary object folder: the repository is not written.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from runbook.logs.clean import clean
from runbook.model import Record, Remedy, Seconds
from runbook.providers.git_ask import Ask, decoded
from runbook.providers.provider import Preview, Target, Unavailable

_BASE = re.compile(r"([^~^@:{]+|@)(.*)\Z", re.DOTALL)
_STAGE_NAME = {
    "GIT_AUTHOR_NAME": "preview",
    "GIT_AUTHOR_EMAIL": "preview@localhost",
    "GIT_COMMITTER_NAME": "preview",
    "GIT_COMMITTER_EMAIL": "preview@localhost",
}


MERGING: Seconds = 10
"""For how long a merge is computed for a preview."""


class Merged(Record, frozen=True):
    """How a merge would end: the tree, or the files in conflict. `tree` empty: this git cannot tell."""

    tree: str = ""
    conflicts: tuple[str, ...] = ()


class Findings:
    """What the playing found out, gathered for the preview."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.warnings: list[str] = []
        self.expected: dict[str, str] = {}
        self.blocked = ""
        self.already: list[str] = []
        self.unseen = False
        """Whether a call acts where nobody can look now."""
        self.acts = 0
        """Commands that change something; `already` counts only when it is said of all of them."""
        self.way_back: list[str] = []
        """What undoes each command, in their order: the last done is the first to be undone."""
        self.choices: tuple[Target, ...] = ()
        self.choosing = ""
        self.remedy: Remedy | None = None

    def block(self, why: str, mend: str, remedy: Remedy | None = None) -> None:
        """The first reason stands: what comes after it is played on ground that is not there."""
        if not self.blocked:
            self.blocked, self.remedy = f"{why} {mend}".strip(), remedy

    def warn(self, sentence: str) -> None:
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def preview(self) -> Preview:
        all_there = len(self.already) >= self.acts > 0
        partly = () if all_there else tuple(dict.fromkeys(self.already))
        return Preview(
            lines=tuple(self.lines),
            expected=self.expected,
            warnings=(*partly, *self.warnings),
            blocked=self.blocked,
            already=" ".join(dict.fromkeys(self.already)) if all_there else "",
            way_back="\n".join(reversed(self.way_back)),
            choices=self.choices,
            choosing=self.choosing,
            remedy=self.remedy,
        )


class Stage:
    """The state that the commands have reached: HEAD, the branch it is on, refs that differ, variables."""

    def __init__(self, ask: Ask, own_copy: bool) -> None:
        self.ask = ask
        self.own_copy = own_copy
        """Whether this is the engineer's own working copy and not the clean room."""
        self.variables: dict[str, str] = {}
        self.head = ""
        """The SHA of HEAD; empty when what was played leaves it open."""
        self.branch = ""
        """The branch that HEAD is on; empty when it is detached."""
        self.before = ""
        """Where HEAD was before a checkout; empty where none was played."""
        self.staged = ""
        """The tree that a commit would take, after a `revert --no-commit`."""
        self.refs: dict[str, str] = {}
        self.upstreams: dict[str, str] = {}
        """The remote's branch that a branch made here follows, by its name."""
        self.made: set[str] = set()
        """Commits that exist on the stage only: the real ones will have other names, so these are never shown."""

    @property
    def place(self) -> str:
        return "your own working copy" if self.own_copy else "the clean room"

    async def resolve(self, expression: str | None, kind: str = "commit") -> str:
        """The SHA that an expression names on the stage; empty when it names nothing or is not known."""
        if not expression:
            return ""
        match = _BASE.match(expression)
        base, suffix = (match[1], match[2]) if match else (expression, "")
        if base in ("HEAD", "@"):
            if not self.head:
                return ""
            base = self.head
        else:
            base = self._ref(base) or base
        return await self.ask.maybe(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}{suffix}^{{{kind}}}"
        )

    def _ref(self, name: str) -> str:
        places = (name, f"refs/{name}", f"refs/tags/{name}", f"refs/heads/{name}", f"refs/remotes/{name}")
        return next((self.refs[place] for place in places if place in self.refs), "")

    async def has_ref(self, ref: str) -> bool:
        return ref in self.refs or bool(
            await self.ask.maybe("rev-parse", "--verify", "--quiet", "--end-of-options", ref)
        )

    def move(self, sha: str) -> None:
        """HEAD, and the branch that it is on, get a new commit (empty: one that cannot be foreseen)."""
        self.head = sha
        if self.branch:
            self.refs[f"refs/heads/{self.branch}"] = sha
        self.staged = ""

    async def commit(self, tree: str, message: str, *parents: str) -> str:
        """A commit that exists on the stage only."""
        named = [part for parent in parents for part in ("-p", parent)]
        sha = await self.ask.text("commit-tree", tree, *named, "-m", message)
        self.made.add(sha)
        return sha

    async def named(self, sha: str) -> str:
        """A commit as `9f3c2e1 "Subject"`; one that is still to be made as `a new commit "Subject"`."""
        said = await self.ask.subject(sha)
        return f"a new commit{said[7:]}" if sha in self.made else said

    async def listed(self, most: int, *revisions: str) -> list[str]:
        """The newest commits of a range, a line each."""
        new = {sha[:7] for sha in self.made}
        rows = [row.partition(" ") for row in await self.ask.subjects(*revisions, most=most)]
        return [f"  {'(new)' if sha[:7] in new else sha} {subject}" for sha, _, subject in rows]

    async def merged(self, base: str, ours: str, theirs: str) -> Merged:
        """A three-way merge of three trees, as revert and cherry-pick do it (needs git 2.38)."""
        # Trees become commits with `base` as their only common ancestor: older gits take no base by name.
        root = await self.commit(base, "base")
        return await self.merge(await self.commit(ours, "ours", root), await self.commit(theirs, "theirs", root))

    async def merge(self, ours: str, theirs: str) -> Merged:
        asked = ("merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", ours, theirs)
        try:
            said = await self.ask.answer(*asked, limit=MERGING)
        except Unavailable:  # a large repository on a slow disk: what is not foreseen may be carried out all the same
            return Merged()
        if said.exit not in (0, 1):
            return Merged()
        tree, *files = decoded(said.out).split("\0")
        return Merged(tree=tree, conflicts=tuple(clean(name, 200) for name in files if name) if said.exit else ())

    async def where(self) -> str:
        """HEAD in words: `main at 9f3c2e1 "Subject"`."""
        if not self.head:
            return self.branch or "a commit that the commands before it make"
        at = await self.named(self.head)
        return f"{clean(self.branch)} at {at}" if self.branch else at


@asynccontextmanager
async def staged(ask: Ask, own_copy: bool) -> AsyncIterator[Stage]:
    """A stage set as the repository stands now. Raises Unavailable where there is none."""
    objects = await ask.text("rev-parse", "--path-format=absolute", "--git-path", "objects")
    with tempfile.TemporaryDirectory(prefix="warroom-preview-", ignore_cleanup_errors=True) as folder:
        own = ask.with_objects(str(Path(folder)), objects)
        own.env |= _STAGE_NAME
        stage = Stage(own, own_copy)
        stage.head = await own.commit("HEAD")
        stage.branch = await own.maybe("symbolic-ref", "--quiet", "--short", "HEAD")
        yield stage
