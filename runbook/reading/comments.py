"""What a comment above, behind or below a command says: a title, a result to see, an alternative, an act of its own."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from runbook.model import Record
from runbook.reading.forbidding import forbids
from runbook.reading.once import once
from runbook.reading.recognise import looks_like_command

Sort = Literal["title", "expected", "branch", "option", "example", "command"]

_NUMBER = re.compile(
    r"(?i)^(?:(?:step|schritt|paso|étape|passo)\s*#?\s*(\d{1,2}[a-z]?(?:\.\d+)?)\s*(?:[:.)\-–—]|\s|$)|\(?(\d{1,2}[a-z]?(?:\.\d+)*)[.):]\s+)\s*"
)
_STEP = re.compile(r"(?i)(?:step|schritt|paso|étape|passo|phase|stage)\s*#?\s*\d{1,2}[a-z]?\s*[:.)\-–—]\s*\S")
_RULE = re.compile(r"^[\s=\-*_#~─━═]+|[\s=\-*_#~─━═]{2,}$")
_EXPECTED = re.compile(
    r"(?i)(?:expect(?:ed|s|ing)?\b|should\b|must\b|returns?\b|outputs\b|(?:output|result|response|success)(?=\s*:|\s+(?:should|must|is|will)\b)|prints\b|shows\b|"
    r"you (?:should|will|must)\b|this (?:should|will return|returns|shows|prints)\b|look for\b|all .{1,40}\bshould\b|if (?:empty|healthy|ok)\b|"
    r"(?:=>|→|->|>>)\s*|[✓✅☑](?!\s*(?:do|use|run|try|instead)\b)\s*|e\.g\.?,? output|example (?:output|response)|sample (?:output|response)|\S+(?: \S+){0,5} should (?:be|show|return|print|match|not|say|have|contain|see)\b)"
)
_VALUE = re.compile(
    r"(?i)\"[^\"]*\"|'[^']*'|\d+(?:\.\d+)?\s?(?:%|ms|s)?|true|false|null|ok|pong|active|inactive|healthy|running|up|t|f|[{\[].*[}\]]|http/\S+ \d.*"
)
_TELLS = re.compile(
    r"(?i)(?:expect|should|must|returns?|output|=>|→|->|✓|✅|ok\b|200\b|true\b|empty\b|healthy|0\b|none\b|no )"
)
_OR = re.compile(
    r"(?i)(?:or\b(?! not)[:,.]?|alternatively\b|alternative\b|otherwise\b|if (?:using|you use|you are using|you're using|on|running|deployed|not using)\b|instead\b|either\b|for (?:docker|kubernetes|k8s|compose|systemd|pm2|helm|vercel|railway|heroku)\b.*:?$)"
)
_OPTION = re.compile(r"(?i)(?:option|method|variant|approach|alternative|choice|way)\s+(?:#?\d+|[a-d])\b")
_EXAMPLE = re.compile(
    r"(?i)(?:example|e\.g\.|for example|for instance|sample|ejemplo|beispiel|exemple)\b(?!\s+(?:output|response|result))[:,]?"
)


class Comment(Record, frozen=True):
    """One comment of a fence, its numbering apart from its words."""

    words: str
    sort: Sort
    label: str = ""
    bullet: bool = False
    """Whether it is an item of a list."""
    command: str = ""
    """The command that is commented out."""


@once
def comment(text: str) -> Comment:
    """What the text of a comment says, without its `#`."""
    said = _comment(text)
    return msgspec.structs.replace(said, bullet=bool(re.match(r"\s*[-*•+]\s+\S", text)))


def _comment(text: str) -> Comment:
    words = _RULE.sub("", text.strip()).strip()
    label = ""
    found = _NUMBER.match(words)
    if found and found.end() < len(words):
        label = found[1] or found[2]
        words = words[found.end() :].strip()
    words = _RULE.sub("", words).strip() if re.match(r"[-=*#~]{2}", words) else words
    if _OPTION.match(words):
        return Comment(words, "option", label)
    said = _OR.match(words)
    rest = words[said.end() :].lstrip(" :,-") if said else words
    if looks_like_command(rest):
        return Comment(words, "command", label, command=rest)
    if said:
        return Comment(words, "branch", label)
    if _EXAMPLE.match(words):
        return Comment(words, "example", label)
    if label or forbids(words):  # `must never be run` tells no result
        return Comment(words, "title", label)
    if _EXPECTED.match(words) or (_VALUE.fullmatch(words) and not re.match(r"\s*[-*•]\s", text)):
        return Comment(words, "expected", label)
    return Comment(words, "title", label)


def numbered_words(line: str) -> bool:
    """Whether a line of a fence is a comment without its `#`: `Step 2: Start the shop`."""
    return bool(_STEP.match(line))


def tells_result(words: str) -> bool:
    """Whether a comment behind a command says what is seen when it went well."""
    return bool(_TELLS.match(words) or _EXPECTED.match(words))


def starts_alternative(words: str) -> bool:
    return bool(_OR.match(words) or _OPTION.match(words))
