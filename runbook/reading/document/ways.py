"""Which sections are ways to roll back, and where everything else that can be done belongs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from runbook.reading.document.asking import asks
from runbook.reading.document.blocks import Block
from runbook.reading.document.mentions import mentions
from runbook.reading.document.sections import Section, title_section
from runbook.reading.document.tables import is_row_of_steps, rows_of
from runbook.reading.document.words import BACK, NO_WAYS, Role
from runbook.reading.fence import looks_like_command

_DATA = re.compile(
    r"^(?:ya?ml|json|toml|ini|text|txt|output|log|diff|markdown|md|mermaid|html|xml|env|dotenv|properties)\b", re.I
)
_LEFT_OUT: frozenset[Role] = NO_WAYS | {"after", "trouble"}
"""What is no part of a way even when it stands inside its section."""
_BESIDE: frozenset[Role] = frozenset({"before", "verify", "monitor", "checklist"})
"""What stands beside the way when the whole document is one."""
_EXCLUDED: frozenset[Role] = _LEFT_OUT | _BESIDE
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NUMBER = re.compile(r"([0-9]{1,9})([a-z]*)")
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")


class Way:
    """One way to roll back: its head section and those of its sections that have its steps."""

    def __init__(self, head: Section, whole: bool) -> None:
        self.head = head
        self.label = ""
        self.title = head.title
        self.sections = _own(head, whole)


class Plan:
    """The document's sections, each with its one place."""

    def __init__(self, root: Section) -> None:
        self.root = root
        self.top = title_section(root)
        self.ways = [Way(head, whole=head in (root, self.top)) for head in _Search(root, self.top).heads()]
        _label(self.ways, (root, self.top))
        _tell_apart(self.ways)
        held = {id(section) for way in self.ways for section in way.sections}
        self.verification: list[Section] = []
        self.monitoring: list[Section] = []
        self.others: list[tuple[Section, list[Section]]] = []
        around = {id(above) for way in self.ways for above in (way.head, *way.head.above())}
        for section in root.within():
            if id(section) in held:
                continue
            if section.role == "verify":
                self.verification.append(section)
            elif section.role == "monitor":
                self.monitoring.append(section)
            else:
                self._beside(section, around, held)

    def _beside(self, section: Section, around: set[int], held: set[int]) -> None:
        """Puts a section with the others of its highest ancestor that has no way in it."""
        head = section
        while head.parent is not None and not self._is_frame(head.parent, around, held):
            head = head.parent
        if self.others and self.others[-1][0] is head:
            self.others[-1][1].append(section)
        else:
            self.others.append((head, [section]))

    def _is_frame(self, section: Section, around: set[int], held: set[int]) -> bool:
        return section in (self.root, self.top) or id(section) in around or id(section) in held


class _Search:
    """Looks for the sections that are ways, from the whole document inwards."""

    def __init__(self, root: Section, top: Section | None) -> None:
        self.frame = (root, top)
        self.top = top
        self.root = root
        self.acting: set[int] = set()
        """The sections in which, or below which, something is done."""
        for section in reversed(list(root.within())):
            below = any(id(child) in self.acting for child in section.children)
            if below or (section.role not in NO_WAYS and (_acts_itself(section) or self._tells(section))):
                self.acting.add(id(section))

    def heads(self) -> list[Section]:
        found = self._in(self.root)
        if any(head.alternative for head in found):  # what comes before the choice is a look at the trouble
            found = [head for head in found if head.alternative or head.goes_back or _is_half(head)]
        if found:
            return found
        acting = [
            section
            for section in self.root.within()
            if section.role not in _EXCLUDED and (_acts_itself(section) or self._tells(section))
        ]
        if self.top is not None and self.top.goes_back and acting:
            return [self.top]
        return acting if len(acting) == 1 else []

    def _in(self, section: Section) -> list[Section]:
        """The ways in a section, or the section itself where it is one."""
        if section.role in _EXCLUDED and not section.alternative:
            return []
        ways = self._alternatives(section)
        if len(ways) > 1 or (ways and ways[0].goes_back):
            return self._with_siblings(section, ways)
        below = [found for child in self._kids(section) for found in self._in(child)]
        if any(head.alternative for head in below):
            return [head for head in below if head.alternative or not head.number]
        if section.goes_back or (section.is_procedure and section not in self.frame):
            return self._itself_or(below, section)
        return below

    def _tells(self, section: Section) -> bool:
        """Whether a section that is a procedure by its heading tells it in bullets, or in sentences with code; one that
        is a way by its heading, and has no part that acts, in sentences and boxes that tell to run something."""
        if section in self.frame:
            return False
        if not section.is_procedure:
            is_way = section.alternative or section.goes_back
            if not is_way or self._kids(section):
                return False
            in_words = BACK.search(section.heading) is not None and not section.alternative
            return any(_tells_to_run(block) or (in_words and asks(block)) for block in section.blocks)
        return any(
            (block.kind == "item" and not block.task) or (block.kind == "paragraph" and "`" in block.text)
            for block in section.blocks
        )

    def _kids(self, section: Section) -> list[Section]:
        return [child for child in section.children if id(child) in self.acting]

    def _alternatives(self, section: Section) -> list[Section]:
        """The children of which one is chosen. One whose acts are only told in prose is a way all the same."""
        marked = [child for child in section.children if child.alternative]
        if any(id(child) in self.acting for child in marked):
            return [child for child in marked if child.blocks or id(child) in self.acting]
        if not marked and section.goes_back and section.offers_several:
            return [child for child in self._kids(section) if child.role not in _EXCLUDED]
        return []

    def _with_siblings(self, section: Section, ways: list[Section]) -> list[Section]:
        chosen = {id(way) for way in ways}
        found: list[Section] = []
        for child in section.children:
            if id(child) in chosen:
                found += self._halves(child) or [child]
            elif id(child) in self.acting and child.goes_back and not child.number:
                found += self._in(child)
        return found

    def _itself_or(self, below: list[Section], section: Section) -> list[Section]:
        """A section that goes back, as one way; or the ways below it, where each of its parts is one."""
        eligible = [child for child in self._kids(section) if child.role not in _EXCLUDED]
        itself = _acts_itself(section) or self._tells(section)
        if not eligible:
            return [section] if itself else []
        if section in self.frame:
            return below if self._is_only_frame(section, eligible, below, itself) else [section]
        in_order = sum(bool(child.number) for child in eligible) * 2 > len(eligible)
        each = all(child.goes_back or child.names_technology for child in eligible)
        if in_order or itself or len(eligible) < 2 or not each:
            return [section]
        return [found for child in eligible for found in (self._in(child) or [child])]

    def _is_only_frame(self, section: Section, eligible: list[Section], below: list[Section], itself: bool) -> bool:
        """Whether a document whose title goes back holds ways, and is not one itself."""
        if not below:
            return False
        numbered = sum(bool(child.number) for child in eligible)
        procedures = [child for child in eligible if child.is_procedure]
        if section.goes_back and numbered * 2 > len(eligible) and not procedures:
            return False
        backs = [child for child in eligible if child.goes_back or child.is_procedure]
        holding = [child for child in eligible if not child.number and _holds_one(child, below)]
        several = (
            len(backs) > 1 or len(holding) > 1 or (len(backs) == 1 and bool(backs[0].is_procedure or backs[0].children))
        )
        return several or not section.goes_back

    def _halves(self, section: Section) -> list[Section]:
        """The parts of a way that do the same on different platforms: each is a way of its own."""
        kids = self._kids(section)
        if len(kids) < 2 or _acts_itself(section):
            return []
        apart = all(
            child.names_technology and not child.number and not child.alternative and child.role not in _EXCLUDED
            for child in kids
        )
        return kids if apart else []


def _label(ways: list[Way], frame: tuple[Section | None, ...]) -> None:
    """Gives each way the number that a team says aloud, and halves the words of what they are halves of."""
    by_parent: dict[int, list[Way]] = {}
    for way in ways:
        by_parent.setdefault(id(way.head.parent), []).append(way)
    number = 0
    written = {way.head.label for way in ways}
    for row in by_parent.values():
        parent = row[0].head.parent
        shared = (
            parent is not None
            and parent not in frame
            and len(row) > 1
            and not row[0].head.alternative
            and (parent.alternative or (len(by_parent) > 1 and parent.goes_back and not parent.is_procedure))
        )
        number += 1 if shared else 0
        for at, way in enumerate(row):
            if shared and parent is not None:
                way.label = f"{parent.label or number}{_LETTERS[at % 26]}"
                way.title = f"{_without_names(parent.title)}: {way.head.title}"
            elif way.head.label:
                way.label = way.head.label
            else:
                number += 1
                while str(number) in written:
                    number += 1
                way.label = str(number)
    if not _ascend([way.label for way in ways]):
        _number_plainly(ways)


def _ascend(labels: Sequence[str]) -> bool:
    """Whether labels are those of one row, each above the one before it: `1 2 3a 3b`, `A B C`, `i ii iii`."""
    numbers = [found for label in labels if (found := _NUMBER.fullmatch(label.lower()))]
    if all(label.lower() in _ROMAN for label in labels):
        places = [(_ROMAN.index(label.lower()), "") for label in labels]
    elif numbers:
        places = [(int(found[1]), found[2]) for found in numbers]
    else:
        places = [(0, label) for label in labels if label.isalpha() and len(label) == 1]
    return len(places) == len(labels) and all(low < high for low, high in pairwise(places))


def _number_plainly(ways: Sequence[Way]) -> None:
    """Numbers the ways of a document that numbers some of them, or more than one row, in its order; its own numbers
    stay in the titles."""
    for number, way in enumerate(ways, start=1):
        around = way.head.parent
        if way.head.label:
            way.title = way.head.heading
        elif around is not None and around.label and way.label.startswith(around.label):
            way.title = f"{_without_names(around.heading)}: {way.head.title}"
        way.label = str(number)


def _tell_apart(ways: list[Way]) -> None:
    """Two ways with one title are told apart by what they stand under."""
    titles = Counter(way.title for way in ways)
    for way in ways:
        if titles[way.title] > 1 and way.head.parent is not None and way.head.parent.title:
            way.title = f"{way.head.parent.title}: {way.title}"


def _without_names(title: str) -> str:
    return re.sub(r"\s*\([^()]*\)\s*$", "", title) or title


def _own(head: Section, whole: bool) -> list[Section]:
    """The head's sections that are part of the way."""
    kept = []
    waiting = [head]
    while waiting:
        section = waiting.pop()
        kept.append(section)
        for child in reversed(section.children):
            out = child.role in _LEFT_OUT and not (child.is_step or (child.number and child.role == "communicate"))
            beside = whole and child.role in _BESIDE and not child.number
            if not out and not beside:
                waiting.append(child)
    return kept


def _holds_one(section: Section, heads: list[Section]) -> bool:
    """Whether one of these ways back stands inside of a section: `Frontend` with its `Rollback`."""
    return any(head.goes_back and section in head.above() for head in heads)


def _is_half(head: Section) -> bool:
    return head.parent is not None and head.parent.alternative


def _acts_itself(section: Section) -> bool:
    return any(_is_act(block) for block in section.blocks)


def _tells_to_run(block: Block) -> bool:
    if block.kind not in ("item", "paragraph") or "`" not in block.text:
        return False
    return any(mention.armed for mention in mentions(block.text, looks_like_command))


def _is_act(block: Block) -> bool:
    if block.kind == "fence":
        return not _DATA.match(block.info)
    if block.kind == "table":
        return is_row_of_steps(block) or any(row.mentions for row in rows_of(block, looks_like_command))
    return block.kind == "item" and block.ordered and not block.task and block.depth == 1
