"""Asking git: the program with time limits for facts, GitPython for lists of commits and tags. Nothing is changed."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

from runbook.logs.clean import clean, redact
from runbook.model import Record, Seconds
from runbook.providers.child import Answer, bounded
from runbook.providers.provider import Unavailable

if TYPE_CHECKING:
    from git import Repo

NETWORK: Seconds = 10
LOCAL: Seconds = 5

T = TypeVar("T")

_NONE: Mapping[str, str] = {}
_VARIABLE = re.compile(r"\$(\w+)")
_PLAIN = ("-c", "log.showSignature=false")
"""With a signature before each of them, no commit of a log is known by its first line."""
_ANOTHER_REPOSITORY = (
    "GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_COMMON_DIR"
    " GIT_NAMESPACE GIT_PREFIX GIT_SHALLOW_FILE GIT_GRAFT_FILE GIT_CONFIG GIT_CONFIG_PARAMETERS GIT_IMPLICIT_WORK_TREE"
    " GIT_REPLACE_REF_BASE GIT_NO_REPLACE_OBJECTS GIT_CEILING_DIRECTORIES GIT_EXTERNAL_DIFF GIT_DIFF_OPTS"
)
_OF_ANOTHER_REPOSITORY = frozenset(_ANOTHER_REPOSITORY.split())
_NEVER_ASKS = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "/bin/true",
    "SSH_ASKPASS": "/bin/true",
    "SSH_ASKPASS_REQUIRE": "force",
    "GIT_EDITOR": "true",
    "GIT_SEQUENCE_EDITOR": "true",
    "GIT_PAGER": "cat",
    "PAGER": "cat",
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_MERGE_AUTOEDIT": "no",
}


def environment(base: Mapping[str, str]) -> dict[str, str]:
    """The environment in which git never opens an editor, a pager or a prompt, and takes no other repository's lead.

    `GIT_SSH_COMMAND` is not set: it would win over the engineer's `core.sshCommand`. The child's own session
    has no terminal, so ssh cannot ask either.
    """
    kept = {k: v for k, v in base.items() if k not in _OF_ANOTHER_REPOSITORY and not k.startswith("GIT_TRACE")}
    return kept | _NEVER_ASKS


class Ask:
    """Questions to one repository."""

    def __init__(self, path: Path, env: Mapping[str, str] | None = None) -> None:
        self.path = path
        self.env = environment(os.environ if env is None else env)

    def with_objects(self, folder: str, borrowed: str) -> Ask:
        """The same repository, whose new objects go to another folder: nothing is written to the repository."""
        other = Ask(self.path, self.env)
        quoted = (
            '"' + borrowed.replace("\\", "\\\\").replace('"', '\\"') + '"'
        )  # as git reads a path with a colon in it
        other.env = self.env | {"GIT_OBJECT_DIRECTORY": folder, "GIT_ALTERNATE_OBJECT_DIRECTORIES": quoted}
        return other

    def at(self, path: Path) -> Ask:
        """Another directory, asked in the same way."""
        return Ask(path, self.env)

    def led(self, directory: str, variables: Mapping[str, str] = _NONE) -> Ask:
        """Where a call acts that `cd` or `-C` led to a directory; what is not known in its name stays as it is."""
        known = {**self.env, **variables}
        home = known.get("HOME", "~") + directory[1:] if directory == "~" or directory.startswith("~/") else directory
        return self.at(self.path / _VARIABLE.sub(lambda name: known.get(name[1], name[0]), home))

    async def answer(self, *args: str, limit: Seconds = LOCAL, feed: bytes = b"") -> Answer:
        """What git says. Raises Unavailable when there is no git, no such directory, or no answer in time."""
        try:
            said = await bounded(("git", "--no-pager", *_PLAIN, *args), self.path, self.env, limit, feed=feed)
        except FileNotFoundError as missing:
            if not self.path.is_dir():
                raise Unavailable(f"{clean(str(self.path))} is not there.") from missing
            raise Unavailable("There is no git program on PATH. Install git.") from missing
        except (OSError, ValueError) as broken:  # a NUL byte or an argument list too long is not a question either
            raise Unavailable(f"git could not be started: {clean(str(broken))}") from broken
        if said.exit is None:
            raise Unavailable(f"git {_asked(args)} gave no answer within {limit:.0f} s. Retry: r")
        return said

    async def text(self, *args: str, limit: Seconds = LOCAL, feed: bytes = b"") -> str:
        """The output of a question that must succeed, without its last newline. Raises Unavailable."""
        said = await self.answer(*args, limit=limit, feed=feed)
        if not said.ok:
            raise Unavailable(f"git {_asked(args)}: {complaint(said)}")
        return decoded(said.out).rstrip("\n")

    async def maybe(self, *args: str, limit: Seconds = LOCAL) -> str:
        """The output of a question that may have no answer; empty then."""
        said = await self.answer(*args, limit=limit)
        return decoded(said.out).rstrip("\n") if said.ok else ""

    async def commit(self, expression: str) -> str:
        """The full SHA of the commit that an expression names; empty when it names none."""
        return await self.maybe("rev-parse", "--verify", "--quiet", "--end-of-options", f"{expression}^{{commit}}")

    async def tree(self, expression: str) -> str:
        """The SHA of the tree that an expression names; empty when it names none."""
        return await self.maybe("rev-parse", "--verify", "--quiet", "--end-of-options", f"{expression}^{{tree}}")

    async def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether `newer` contains `older`; both are SHAs."""
        return (await self.answer("merge-base", "--is-ancestor", older, newer)).ok

    async def count(self, *revisions: str) -> int:
        """How many commits a range of SHAs holds; 0 when it cannot be told."""
        counted = await self.maybe("rev-list", "--count", *revisions, "--")
        return int(counted) if counted.isdecimal() else 0

    async def subjects(self, *revisions: str, most: int = 10) -> tuple[str, ...]:
        """The newest commits of a range, each as `9f3c2e1 Subject`."""
        said = await self.answer("log", f"-{most}", "--format=%h %s", "--abbrev=7", *revisions, "--")
        return tuple(clean(line, 200) for line in said.out.splitlines()) if said.ok else ()

    async def subject(self, sha: str) -> str:
        """A commit as `9f3c2e1 "Subject"`; the bare short SHA when the commit is not here."""
        said = await self.answer("log", "-1", "--format=%s", sha, "--")
        return f'{sha[:7]} "{clean(said.out.rstrip(), 200)}"' if said.ok and said.out.strip() else sha[:7]

    async def change(self, old: str, new: str) -> str:
        """What lies between two trees: `3 files +12 −240`; empty when nothing does."""
        said = await self.maybe("diff", "--shortstat", "--no-ext-diff", "--no-renames", old, new, "--")
        return change_in_words(said)

    async def remote(self, remote: str, *refs: str) -> dict[str, str]:
        """What the remote says now of refs, named whole or by pattern: ref → SHA. Tags also peeled (`refs/tags/v1^{}`).

        Raises Unavailable.
        """
        said = await self.answer("ls-remote", "--end-of-options", remote, *refs, limit=NETWORK)
        if not said.ok:
            raise Unavailable(f"{clean(remote)} could not be asked: {complaint(said).rstrip('.')}.")
        rows = (line.partition("\t") for line in decoded(said.out).splitlines())
        found = {ref: sha for sha, _, ref in rows}
        # whole names again: to git a name alone is the end of a longer one
        wanted = (ref for ref in found if not refs or any(fnmatchcase(ref, asked) for asked in refs))
        return {ref: found[ref] for ref in wanted}


def _asked(args: tuple[str, ...]) -> str:
    """The sub-command of a question, past its settings."""
    return args[2] if args[0] == "-c" else args[0]


def decoded(raw: bytes) -> str:
    """Output as text; what is not UTF-8 shows as such."""
    return raw.decode("utf-8", "replace")


def complaint(said: Answer) -> str:
    """The line of git's complaint that tells most, cleaned and without passwords."""
    lines = [line for line in decoded(said.err).splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "ssh:", "remote:"))] or lines
    return redact(clean(telling[0], 300)) if telling else f"exit {said.exit}, without a word"


def change_in_words(shortstat: str) -> str:
    """Git's ` 3 files changed, 12 insertions(+), 240 deletions(-)` as `3 files +12 −240`."""
    numbers = {word: int(count) for count, word in re.findall(r"(\d+) (file|insertion|deletion)", shortstat)}
    if "file" not in numbers:
        return ""
    files = numbers["file"]
    return f"{files} file{'s' * (files != 1)} +{numbers.get('insertion', 0)} −{numbers.get('deletion', 0)}"


# ── lists, by GitPython ───────────────────────────────────────────────────────────────────────────


class Listed(Record, frozen=True):
    """A commit or a tag in a list, with its text as the repository holds it (not cleaned)."""

    name: str
    sha: str
    subject: str
    author: str
    at: datetime
    parents: tuple[str, ...] = ()
    tree: str = ""


@cache
def _one_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="git-look")


async def look(path: Path, question: Callable[[Path], T]) -> T:
    """Run a GitPython question in the one thread for them. Raises Unavailable."""
    try:
        async with asyncio.timeout(NETWORK):
            return await asyncio.get_running_loop().run_in_executor(_one_thread(), question, path)
    except TimeoutError as slow:
        raise Unavailable(f"Reading {clean(str(path))} took more than {NETWORK:.0f} s. Retry: r") from slow
    except Exception as broken:  # GitPython and gitdb raise from families without a common root
        raise Unavailable(f"{clean(str(path))} could not be read: {clean(str(broken), 300)}") from broken


def _gitpython() -> ModuleType:
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # or the import fails where there is no git program
    import git  # noqa: PLC0415  (61 ms that a start should not pay)

    return git


def _opened(path: Path) -> Repo:
    git = _gitpython()
    repo: Repo = git.Repo(path, odbt=git.GitCmdObjectDB)
    repo.git.update_environment(**_NEVER_ASKS, GIT_DIR=str(repo.git_dir))
    return repo


def list_commits(path: Path, branch: str, most: int) -> tuple[Listed, ...]:
    """The newest commits of a ref, newest first. Raises ValueError where there is no such ref."""
    git = _gitpython()
    with _opened(path) as repo:
        head = git.Reference(repo, branch, check_path=False).commit
        return tuple(
            Listed(
                name=commit.hexsha,
                sha=commit.hexsha,
                subject=_as_text(commit.summary),
                author=str(commit.author.name or ""),
                at=commit.committed_datetime.astimezone(UTC),
                parents=tuple(parent.hexsha for parent in commit.parents),
            )
            for commit in git.Commit.iter_items(repo, head, max_count=most)
        )


def list_tags(path: Path, chosen: Callable[[str], bool], most: int) -> tuple[Listed, ...]:
    """The newest tags that are chosen and name a commit, newest first."""
    with _opened(path) as repo:
        found = []
        for tag in repo.tags:
            if not chosen(tag.name):
                continue
            try:
                commit = tag.commit
            except (ValueError, AttributeError):
                continue  # a tag of a tree or a file: nothing to roll back to
            made = tag.tag.tagged_date if tag.tag is not None else commit.committed_date
            found.append(
                Listed(
                    name=tag.name,
                    sha=commit.hexsha,
                    subject=_as_text(commit.summary),
                    author=str(commit.author.name or ""),
                    at=datetime.fromtimestamp(made, UTC),
                    tree=commit.tree.hexsha,
                )
            )
    return tuple(sorted(found, key=lambda tag: (tag.at, tag.name), reverse=True)[:most])


def _as_text(summary: str | bytes) -> str:
    return summary if isinstance(summary, str) else decoded(summary)
