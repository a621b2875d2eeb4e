"""What stands around a document or between its lines and is not part of what it says: front matter, comments, ERB.

Everything taken out leaves empty lines behind, so that line numbers stay those of the file.
"""

from __future__ import annotations

import re

from runbook.model import Record
from runbook.reading.document.alerts import Alerts
from runbook.reading.document.html import in_markdown

_DIRECTIVE = re.compile(r"\s*warroom:(?P<said>.*)", re.S)
_KEY = re.compile(r"(?P<key>[A-Za-z][\w -]{0,40}?)\s*:\s*(?P<value>.*)")
_FENCE = re.compile(r"^[ >]*(?P<mark>`{3,}|~{3,})(?P<rest>.*)$")
_CODE = re.compile(r"`[^`]*`")
_MYST_TARGET = re.compile(r"^\([\w:./-]+\)=\s*$")
_ADMONITION = re.compile(r"^ *(?P<mark>`{3,}|:{3,})\s*\{?(?P<name>[a-z-]+)\}?.*$")
_ADMONITIONS = ("note", "warning", "tip", "important", "caution", "danger", "attention", "hint", "admonition", "error")
_TAG = re.compile(
    r"</?(?:details|summary|div|span|p|br|hr|img|a|b|i|em|strong|sup|sub|kbd|center|table|tbody|thead|tr|td|th|ul|ol|li)"
    r"(?:\s[^<>\n]*)?/?>",
    re.I,
)
_SETTING = re.compile(r"(?P<key>[a-z_]+)\s*=\s*(?:\"(?P<quoted>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>\S+))")


class Unwrapped(Record, frozen=True):
    """The document's own lines, and what its wrapping said."""

    lines: tuple[str, ...]
    front: dict[str, str] = {}
    directives: dict[int, dict[str, str]] = {}
    """What `<!-- warroom: … -->` says, by the line (from 1) on which the comment ends."""


def unwrapped(text: str) -> Unwrapped:
    """The document without its wrapping, line for line."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd").split("\n")
    front, start = _front_matter(lines)
    lines = in_markdown([""] * start + lines[start:])
    prose, fenced = _apart(lines)
    directives: dict[int, dict[str, str]] = {}
    said = "\n".join(prose)
    said, comments = _without(said, "<!--", "-->")
    for line, comment in comments:
        if found := _DIRECTIVE.fullmatch(comment):
            directives[line] = settings(found["said"])
    prose = _without(said, "<%", "%>")[0].split("\n")
    return Unwrapped(
        lines=tuple(fenced.get(number, line) for number, line in enumerate(prose)),
        front=front,
        directives=directives,
    )


def settings(text: str) -> dict[str, str]:
    """`effect=destroy done_when="…"` as pairs."""
    return {
        found["key"]: found["quoted"] or found["single"] or found["bare"] or "" for found in _SETTING.finditer(text)
    }


def without_tags(text: str) -> str:
    """A line without the HTML that only lays it out; `<commit-sha>` is none and stays."""
    return _TAG.sub(" ", text) if "<" in text else text


def _front_matter(lines: list[str]) -> tuple[dict[str, str], int]:
    """The keys of a YAML head, read without its types, and the number of lines it takes."""
    first = next((number for number, line in enumerate(lines[:5]) if line.strip("\ufeff ")), 0)
    if not lines or lines[first].strip("\ufeff ") != "---":
        return {}, 0
    for end in range(first + 1, min(len(lines), first + 200)):
        if lines[end].strip() in ("---", "..."):
            head = lines[first + 1 : end]
            break
    else:
        return {}, 0
    keys = [found for line in head if (found := _KEY.fullmatch(line.strip()))]
    if not keys and any(line.strip() for line in head):
        return {}, 0  # a document that begins with a rule and ends its first part with another
    return {found["key"].lower(): found["value"].strip().strip("\"'") for found in keys}, end + 1


def _apart(lines: list[str]) -> tuple[list[str], dict[int, str]]:
    """The lines outside of fences, and those of fences by their number, which nothing may touch.

    A fence that is an admonition is prose: its marks go and its text stays. A fence in a comment is part of it.
    """
    prose: list[str] = []
    fenced: dict[int, str] = {}
    mark = ""
    admonition = ""
    commented = False
    last_close = max((number for number, line in enumerate(lines) if "-->" in line), default=-1)
    alerts = Alerts()
    for number, line in enumerate(map(alerts.moved, lines)):
        if not mark:
            was, commented = commented, _leaves_comment_open(line, commented) and number < last_close
            if was or commented:
                prose.append(line)
                continue
        found = _FENCE.match(line)
        if mark:
            fenced[number] = line
            if found and found["mark"].startswith(mark) and not found["rest"].strip():
                mark = ""
            prose.append("")
            continue
        opened = _ADMONITION.match(line)
        if admonition and line.strip() == admonition:
            admonition = ""
            prose.append("")
        elif opened and opened["name"] in _ADMONITIONS:
            admonition = opened["mark"]
            prose.append(alerts.begins(opened["name"]))
        elif found and not (found["mark"][0] == "`" and "`" in found["rest"]):
            mark = found["mark"]
            fenced[number] = line
            prose.append("")
        else:
            prose.append("" if _MYST_TARGET.match(line) else alerts.words(line))
    return prose, fenced


def _leaves_comment_open(line: str, commented: bool) -> bool:
    """Whether a comment goes on behind a line; one that is only spoken of, in code, is none."""
    if "<!--" not in line:
        return commented and "-->" not in line
    if commented and "-->" not in line:
        return True
    return "<!--" in _CODE.sub("", line.rpartition("-->")[2])


def _without(text: str, opens: str, closes: str) -> tuple[str, list[tuple[int, str]]]:
    """The text without what stands between two marks, and each of those with the line on which it ends."""
    kept: list[str] = []
    taken: list[tuple[int, str]] = []
    at, line = 0, 1
    while (start := text.find(opens, at)) >= 0 and (end := text.find(closes, start)) >= 0:
        inside = text[start + len(opens) : end]
        line += text.count("\n", at, end)
        taken.append((line, inside))
        kept += [text[at:start], "\n" * inside.count("\n")]
        at = end + len(closes)
    return "".join([*kept, text[at:]]), taken
