"""The practice repository's history, decided before git sees it: commits, releases, the bad one."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

from runbook.drill.faults import FAULTS, Edit, Fault
from runbook.drill.history import AUTHORS, CHANGES, ENGINEERS, ISSUE_PREFIX, UNRELEASED_FLAG, Author, Change
from runbook.drill.scenarios import Scenario
from runbook.model import Record

SHOP = Path(__file__).parent / "shop"
Tree = dict[str, str]


class Commit(Record, frozen=True):
    """A commit to be: `number` counts from 1, `parents` are numbers, `at` is in Unix seconds."""

    number: int
    parents: tuple[int, ...]
    author: Author
    at: int
    message: str
    tree: Tree

    @property
    def subject(self) -> str:
        return self.message.partition("\n")[0]


class Release(Record, frozen=True):
    """An annotated tag to be."""

    tag: str
    commit: int
    at: int
    tagger: Author
    message: str


class Story(Record, frozen=True):
    """Everything that git is to be told; the commits in the order in which they are written."""

    commits: tuple[Commit, ...]
    releases: tuple[Release, ...]
    production: int
    main: int
    bad: int
    decoy: int | None
    engineer: tuple[str, str]


def shop_files() -> Tree:
    """The shop as it is shipped, by path."""
    return {
        str(path.relative_to(SHOP)): path.read_text(encoding="utf-8")
        for path in sorted(SHOP.rglob("*"))
        if path.is_file() and path.suffix != ".pyc" and path != SHOP / "__init__.py"
    }


def applied(tree: Tree, edits: tuple[Edit, ...]) -> Tree:
    """The tree after the edits. Raises ValueError where a text to replace does not occur once."""
    after = dict(tree)
    for edit in edits:
        if not edit.before and edit.path not in after:
            after[edit.path] = edit.after
            continue
        if after[edit.path].count(edit.before) != 1:
            raise ValueError(f"{edit.path} does not hold this once: {edit.before!r}")
        after[edit.path] = after[edit.path].replace(edit.before, edit.after)
    return after


def undone(tree: Tree, edits: tuple[Edit, ...]) -> Tree:
    """The tree before the edits."""
    return applied(tree, tuple(Edit(edit.path, edit.after, edit.before) for edit in reversed(edits)))


def tell(scenario: Scenario, seed: int, now: datetime) -> Story:
    """The history for a scenario; the same seed and time give the same one."""
    dice = random.Random(f"{scenario.name}/{seed}")  # noqa: S311 - a repeatable story, not a secret
    return _Teller(dice, now).tell(FAULTS[scenario.name])


class _Teller:
    """Writes the history from the oldest commit to the newest."""

    def __init__(self, dice: random.Random, now: datetime) -> None:
        self.dice = dice
        self.now = now.replace(microsecond=0)
        self.commits: list[Commit] = []
        self.releases: list[Release] = []
        self.notes: list[str] = []
        self.ticket = dice.randint(120, 640)

    def tell(self, faults: tuple[Fault, ...]) -> Story:
        fault = self.dice.choice(faults)
        ordinary = self.dice.sample(CHANGES, self.dice.randint(20, 25))
        quiet = [change for change in ordinary if not fault.paths & {edit.path for edit in change.edits}]
        last = quiet[: self.dice.randint(2, 3)]
        groups = self._groups([change for change in ordinary if change not in last], self.dice.randint(5, 8))
        times = self._release_times(len(groups))

        tree = shop_files()
        for change in ordinary:
            tree = undone(tree, change.edits)
        version = [self.dice.randint(2, 5), self.dice.randint(0, 9), 0]
        tree["VERSION"] = _dotted(version) + "\n"
        tree["CHANGELOG.md"] = "# Changes\n"
        self._commit(times[0] - timedelta(days=3), "Import the shop", tree)
        for group, released in zip(groups, times, strict=True):
            started = self._at(self.commits[-1]) + timedelta(minutes=40)
            tree = self._work(group, started, released, merge=group is groups[len(groups) // 2])
            self._release(version, released)

        bad, decoy = self._last_release(fault, last, version)
        production = self.commits[-1].number
        self._unreleased(version)
        return Story(
            commits=tuple(self.commits),
            releases=tuple(self.releases),
            production=production,
            main=self.commits[-1].number,
            bad=bad,
            decoy=decoy,
            engineer=self.dice.choice(ENGINEERS),
        )

    # ── parts of the story ────────────────────────────────────────────────────────────────────────

    def _last_release(self, fault: Fault, last: list[Change], version: list[int]) -> tuple[int, int | None]:
        """The release of a quarter of an hour ago. Returns the bad commit and the one that looks guilty."""
        works = [(self.dice.choice(change.subjects), change.edits, "") for change in last]
        works.append((self.dice.choice(fault.subjects), fault.edits, "bad"))
        if fault.decoy:
            works.append((fault.decoy_subject, fault.decoy, "decoy"))
        self.dice.shuffle(works)
        released = self.now - timedelta(minutes=15, seconds=self.dice.randint(0, 90))
        numbers: dict[str, int] = {}
        for minutes, (subject, edits, part) in zip(self._ages(len(works), 30, 290), works, strict=True):
            at = self.now - timedelta(minutes=minutes, seconds=self.dice.randint(0, 59))
            numbers[part] = self._commit(at, subject, applied(self._tree(), edits))
            self.notes.append(subject)
        self._release(version, released)
        return numbers["bad"], numbers.get("decoy")

    def _unreleased(self, version: list[int]) -> None:
        """What is on main already and must not ship with a rollback."""
        next_version = f"{version[0]}.{version[1] + 1}.0-dev"
        tree = {**self._tree(), "VERSION": next_version + "\n"}
        self._commit(self.now - timedelta(minutes=11, seconds=self.dice.randint(0, 59)), f"Start {next_version}", tree)
        if self.dice.random() < 0.5:
            subject = self.dice.choice(UNRELEASED_FLAG.subjects)
            at = self.now - timedelta(minutes=6, seconds=self.dice.randint(0, 59))
            self._commit(at, subject, applied(self._tree(), UNRELEASED_FLAG.edits))

    def _work(self, group: list[Change], started: datetime, released: datetime, merge: bool) -> Tree:
        """The commits of one release; `merge`: the first of them on a branch of its own."""
        span = (released - started) / (len(group) + 2)
        base = self.commits[-1]
        for place, change in enumerate(group):
            subject = self.dice.choice(change.subjects)
            at = started + span * (place + self.dice.uniform(0.1, 0.9))
            aside = merge and place == 1
            parent = base if aside else self.commits[-1]
            self._commit(at, subject, applied(parent.tree, change.edits), parents=(parent.number,))
            self.notes.append(subject)
            if aside:
                main, side = self.commits[-2], self.commits[-1]
                name = subject.lower().replace(" ", "-").strip(".")
                self._commit(
                    at + span / 20,
                    f"Merge branch '{name}'",
                    applied(main.tree, change.edits),
                    parents=(main.number, side.number),
                )
        return self._tree()

    def _release(self, version: list[int], at: datetime) -> None:
        if self.dice.random() < 0.6:
            version[1:] = [version[1] + 1, 0]
        else:
            version[2] += 1
        name = _dotted(version)
        entry = "".join(f"- {note}\n" for note in self.notes)
        log = self._tree()["CHANGELOG.md"].removeprefix("# Changes\n")
        changelog = f"# Changes\n\n## {name}\n{entry}{log}"
        number = self._commit(
            at, f"Release {name}", {**self._tree(), "VERSION": name + "\n", "CHANGELOG.md": changelog}
        )
        message = f"Release {name}\n\n{entry}"
        tagged = int(at.timestamp()) + self.dice.randint(5, 40)
        self.releases.append(Release(f"v{name}", number, tagged, self.commits[-1].author, message))
        self.notes.clear()

    # ── the small things ──────────────────────────────────────────────────────────────────────────

    def _commit(self, at: datetime, subject: str, tree: Tree, parents: tuple[int, ...] | None = None) -> int:
        if parents is None:
            parents = (self.commits[-1].number,) if self.commits else ()
        message = subject + "\n"
        if not subject.startswith(("Merge", "Release", "Start", "Import")) and self.dice.random() < 0.5:
            self.ticket += self.dice.randint(1, 9)
            message += f"\nRefs {ISSUE_PREFIX}-{self.ticket}\n"
        number = len(self.commits) + 1
        seconds = max(int(at.timestamp()), self.commits[-1].at + 60 if self.commits else 0)
        self.commits.append(Commit(number, parents, self.dice.choice(AUTHORS), seconds, message, tree))
        return number

    def _tree(self) -> Tree:
        return self.commits[-1].tree

    def _at(self, commit: Commit) -> datetime:
        return datetime.fromtimestamp(commit.at, tz=self.now.tzinfo)

    def _groups(self, changes: list[Change], number: int) -> list[list[Change]]:
        """The changes dealt out to so many releases, two at least in each."""
        groups = [changes[place::number] for place in range(number)]
        self.dice.shuffle(groups)
        return groups

    def _release_times(self, number: int) -> list[datetime]:
        """Some days between releases, in working hours, the newest a few days ago."""
        at = self.now - timedelta(days=self.dice.randint(2, 4))
        times = []
        for _ in range(number):
            times.append(
                at.replace(
                    hour=self.dice.randint(9, 16), minute=self.dice.randint(0, 59), second=self.dice.randint(0, 59)
                )
            )
            at -= timedelta(days=self.dice.randint(3, 9))
        return times[::-1]

    def _ages(self, number: int, least: int, most: int) -> list[int]:
        """Minutes before now, oldest first."""
        return sorted(self.dice.sample(range(least, most), number), reverse=True)


def _dotted(version: list[int]) -> str:
    return ".".join(map(str, version))
