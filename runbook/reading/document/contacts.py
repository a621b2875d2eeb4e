"""Whom to call: the levels, the people, and how to reach them; what was left blank says so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from runbook.model import Contact
from runbook.reading.document.asking import asks
from runbook.reading.document.blocks import Block
from runbook.reading.document.leaves import leaves
from runbook.reading.document.phrases import heading_of, plain
from runbook.reading.document.sections import Section, own_role

_PAIR = re.compile(r"^(?P<who>[^:：|]{2,60}?)\s*(?:[:：]|\s[-–—]\s)\s*(?P<how>.+)$")
_NAMED = re.compile(
    r"^(?P<who>[^,:：|]{2,60}?)\s*(?:[,:：]|\s[-–—]\s)\s*(?P<how>.{0,60}?(?:\+?\d[\d\s()/-]{6,}\d|[\w.+-]+@[\w-]+\.\w+).{0,60})$"
)
"""A line with a telephone number or an address: `Ann Miller, +1 555 010 9999`."""
_WHEN = re.compile(r"\((?P<when>(?:for|if|when|after|before|only|during|within)\b[^()]*)\)\s*$", re.I)
_BLANK = re.compile(r"\[[^\[\]]*\](?!\()|<[^<>@]*>|_{3,}|\bTBD\b|\bTODO\b|\bXXX\b", re.I)
_LEVEL = re.compile(r"^(?:level|tier|l|nivel|niveau|livello|stufe|レベル|级别|단계)\s*(?P<number>\d)\b", re.I)
_NOT_PEOPLE = re.compile(
    r"^(?:when|action|response time|time|window|schedule|hours|note|escalat\w* (?:if|when)|if\b|step|status|issue)",
    re.I,
)
_REACH = re.compile(
    r"@|#[\w-]|\+?\d[\d\s()-]{5,}|https?://|slack|pager|phone|e-?mail|call\b|teams\b|discord|telegram|\[[^\]]*\]|<[^>]+>|___",
    re.I,
)
_COLUMN = {
    "who": re.compile(r"name|who|person|contact$|team|nombre|nom\b|nome|名", re.I),
    "role": re.compile(
        r"role|title|position|responsib|rol\b|rôle|ruolo|rolle|役割|角色|역할|service|provider|vendor", re.I
    ),
    "level": re.compile(r"level|tier|priority|order|severity|step", re.I),
    "how": re.compile(r"phone|mail|slack|how|channel|contact|pager|number|method|reach|tel|電話|电话|연락", re.I),
    "when": re.compile(r"when|time|escalat|hours|available|condition", re.I),
}


def contacts(found: Iterable[Section]) -> tuple[Contact, ...]:
    """Everybody named, in the order of the document."""
    made: list[Contact] = []
    for section in found:
        named = [one for block in section.blocks for one in _of_table(block, _level_of(section, ""))]
        named += (*_of_lists(section), *_of_lines(section))
        made += named or (Contact(level="", who=plain(block.text)) for block in section.blocks if asks(block))
    return tuple(dict.fromkeys(one for one in made if one.who))


def _of_lists(section: Section) -> Iterator[Contact]:
    for leaf in leaves(section):
        words = plain(leaf.text)
        pair = _PAIR.match(words)
        level = _level_of(section, leaf.under)
        escalation = _LEVEL.match(words)
        if pair and escalation:
            yield Contact(level=escalation["number"], who=pair["how"].strip())
        elif pair and not _NOT_PEOPLE.match(pair["who"]):
            if leaf.under and _is_channel(pair["who"]) and not _LEVEL.match(leaf.under):
                yield _contact(level, leaf.under, f"{pair['who']}: {pair['how']}")
            else:
                yield _contact(level, pair["who"], pair["how"])
        elif _REACH.search(words) and len(words) < 120 and not pair:
            yield _contact(level, words, "")


def _of_lines(section: Section) -> Iterator[Contact]:
    """`**On call**: [name] - [phone]`, a line each."""
    for block in section.blocks:
        if block.kind != "paragraph" or block.depth:
            continue
        for line in block.text.split("\n"):
            pair = _PAIR.match(plain(line)) if line.lstrip().startswith("**") else None
            if pair and not _NOT_PEOPLE.match(pair["who"]):
                yield _contact(_level_of(section, ""), pair["who"], pair["how"])
            elif pair is None and (named := _NAMED.match(plain(line))):
                yield _contact(_level_of(section, ""), named["who"], named["how"])


def _of_table(table: Block, level: str) -> Iterator[Contact]:
    head = [plain(cell) for cell in table.rows[0]] if table.kind == "table" and table.rows else []
    columns: dict[str, int] = {}
    for name, words in _COLUMN.items():
        at = next((n for n, cell in enumerate(head) if n not in columns.values() and words.search(cell)), None)
        if at is not None:
            columns[name] = at
    if not columns.keys() & {"who", "role"}:
        return
    for row in table.rows[1:]:
        said = {name: plain(row[at]) for name, at in columns.items() if at < len(row)}
        who = " · ".join(part for part in (said.get("role", ""), said.get("who", "")) if part)
        others = [plain(row[n]) for n in range(len(row)) if n not in columns.values() and row[n].strip()]
        how = ", ".join(part for part in (said.get("how", ""), *others) if part)
        if who:
            yield Contact(level=said.get("level", "") or level, who=who, how=_filled(how), when=said.get("when", ""))


def _contact(level: str, who: str, how: str) -> Contact:
    when = _WHEN.search(how)
    if when:
        how = how[: when.start()].strip()
    if not (name := heading_of(who)):
        name, how = how, ""
    return Contact(level=level, who=name, how=_filled(how), when=when["when"] if when else "")


def _filled(how: str) -> str:
    """How to reach somebody, or that nobody has written it down."""
    rest = _BLANK.sub("", how)
    if how and not re.search(r"\w", rest):
        wanted = ", ".join(part.strip("[]<>_ ") for part in _BLANK.findall(how) if part.strip("[]<>_ "))
        return f"not filled in ({wanted})" if wanted else "not filled in"
    return how.strip()


def _level_of(section: Section, under: str) -> str:
    for said in (under, section.heading):
        found = _LEVEL.match(said)
        if found:
            return found["number"]
    if re.search(r"extern|vendor|provider|third|support", section.heading, re.I):
        return "external"
    if section.parent is not None and section.parent.role == "contacts" and own_role(section.heading) != "contacts":
        return section.title
    return ""


def _is_channel(word: str) -> bool:
    return (
        re.match(r"slack|e-?mail|phone|pager ?duty|telegram|teams|discord|mobile|tel\b|url|web|ticket", word, re.I)
        is not None
    )
