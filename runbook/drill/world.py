"""The practice world on disk: the bare remote with its releases and the engineer's own, dirty clone."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from runbook.drill.scenarios import Scenario
from runbook.drill.story import Commit, Story, Tree, tell
from runbook.model import Record


class World(Record, frozen=True):
    """What was built, with the answers that a person in the drill has to find."""

    folder: str
    remote: str
    repository: str
    tags: tuple[str, ...]
    """Oldest first; the last one is the bad release."""
    good_tag: str
    bad_tag: str
    bad: str
    """The SHA of the commit that breaks production."""
    decoy: str
    """The SHA of the innocent commit that looks guilty; empty in most scenarios."""
    main: str
    production: str


class DrillError(Exception):
    """The drill cannot be built or started: what happened, and what to do."""


def build(folder: Path, scenario: Scenario, seed: int, now: datetime | None = None) -> World:
    """The remote and the engineer's clone in `folder`, which must not hold them yet.

    The same scenario, seed and `now` give the same commits. Raises DrillError when git is missing or fails.
    """
    story = tell(scenario, seed, now or datetime.now(UTC))
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    remote, repository = folder / "remote.git", folder / "shop-web"
    marks = folder / "marks"
    git("init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(remote), cwd=folder)
    _configure(remote / "config", {"receive": ("autogc = false",), "gc": ("auto = 0",)})
    git("fast-import", "--quiet", f"--export-marks={marks}", cwd=remote, stdin=stream(story))
    shas = _read_marks(marks)
    marks.unlink()
    _clone(remote, repository, story)
    return World(
        folder=str(folder),
        remote=str(remote),
        repository=str(repository),
        tags=tuple(release.tag for release in story.releases),
        good_tag=story.releases[-2].tag,
        bad_tag=story.releases[-1].tag,
        bad=shas[story.bad],
        decoy=shas[story.decoy] if story.decoy else "",
        main=shas[story.main],
        production=shas[story.production],
    )


def stream(story: Story) -> bytes:
    """The story in the language of `git fast-import`."""
    trees: dict[int, Tree] = {0: {}}
    parts: list[bytes] = []
    for commit in story.commits:
        before = trees[commit.parents[0] if commit.parents else 0]
        trees[commit.number] = commit.tree
        parts.append(_commit_block(commit, before))
    for branch, number in (("main", story.main), ("production", story.production)):
        parts.append(f"reset refs/heads/{branch}\nfrom :{number}\n\n".encode())
    for release in story.releases:
        who = f"{release.tagger.name} <{release.tagger.email}> {release.at} {release.tagger.zone}"
        parts.append(f"tag {release.tag}\nfrom :{release.commit}\ntagger {who}\n".encode() + _data(release.message))
    return b"".join(parts)


def _commit_block(commit: Commit, before: Tree) -> bytes:
    who = f"{commit.author.name} <{commit.author.email}> {commit.at} {commit.author.zone}"
    head = f"commit refs/heads/main\nmark :{commit.number}\nauthor {who}\ncommitter {who}\n".encode()
    parts = [head, _data(commit.message)]
    for word, parent in zip(("from", "merge"), commit.parents, strict=False):
        parts.append(f"{word} :{parent}\n".encode())
    for path, text in commit.tree.items():
        if before.get(path) != text:
            parts += [f"M 100644 inline {path}\n".encode(), _data(text)]
    return b"".join(parts) + b"\n"


def _data(text: str) -> bytes:
    raw = text.encode()
    return b"data %d\n%s\n" % (len(raw), raw)


def _read_marks(marks: Path) -> dict[int, str]:
    lines = (line.split() for line in marks.read_text(encoding="ascii").splitlines())
    return {int(mark[1:]): sha for mark, sha in lines}


def _clone(remote: Path, repository: Path, story: Story) -> None:
    """The engineer's copy, as such copies are: an edit under way, a stray file, a stale branch."""
    git("clone", "--quiet", "--template=", str(remote), str(repository), cwd=remote.parent)
    name, email = story.engineer
    _configure(
        repository / ".git" / "config",
        {
            "user": (f"name = {name}", f"email = {email}"),
            "commit": ("gpgsign = false",),
            "tag": ("gpgsign = false",),
            "gc": ("auto = 0",),
        },
    )
    git("branch", "--quiet", "--no-track", "production", story.releases[-2].tag, cwd=repository)
    readme = repository / "README.md"
    readme.write_text(
        readme.read_text(encoding="utf-8") + "\nTo be written: how to seed a test shop.\n", encoding="utf-8"
    )
    (repository / "notes.txt").write_text("Ask about the coupon rounding on Monday.\n", encoding="utf-8")


def _configure(path: Path, sections: dict[str, tuple[str, ...]]) -> None:
    """Appends to a git config file: one write instead of one process for each value."""
    text = "".join(f"[{section}]\n" + "".join(f"\t{line}\n" for line in lines) for section, lines in sections.items())
    with path.open("a", encoding="utf-8") as config:
        config.write(text)


def git(*words: str, cwd: Path, stdin: bytes = b"") -> str:
    """Runs git apart from the person's own configuration. Raises DrillError with what git said."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_DEFAULT_REF_FORMAT": "files",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
    try:
        done = subprocess.run(
            ["git", *words], cwd=cwd, input=stdin, capture_output=True, env=environment, timeout=60, check=False
        )
    except FileNotFoundError as error:
        raise DrillError("The drill needs git, and there is no git on the PATH. Install it and try again.") from error
    except subprocess.TimeoutExpired as error:
        raise DrillError(f"git {words[0]} did not end within 60 s in {cwd}. Is the disk slow or full?") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise DrillError(f"git {words[0]} failed in {cwd}: {said or f'exit {done.returncode}'}")
    return done.stdout.decode(errors="replace")
