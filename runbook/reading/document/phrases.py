"""Words without their Markdown: emphasis, links, emoji, numbering taken off; and names made of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from runbook.reading.once import once

_LINK = re.compile(r"!?\[(?P<said>[^\[\]]*)\]\((?P<to>[^()\s]*)[^()]*\)")
_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3}|_{2,3})(?=\S)(?P<said>[^*\n]+?)(?<=\S)\1(?![\w*])")
_LEAD = re.compile(r"^[\s#>*•·▪■□◆◇➡→⇒|-]*\s*")
_SLUG = re.compile(r"[^a-z0-9]+")
_ITEM = re.compile(r"^(?:\[[ xX]\]\s*|[-*+•]\s+|\d{1,3}[.)]\s+)")
_SPACE = re.compile(r"\s+")
NO_STEP = re.compile(
    r"^(?:see (?:the |also|above|below|section|`|http|\[)|refer|for (?:more|details)|this (?:section|document|guide)|https?://)\b",
    re.I,
)
"""Words that only point elsewhere."""
NOTES = re.compile(
    r"^(?:notes?|remarks?|tips?|caveats?|important|warnings?|cautions?|nota|notas|hinweis\w*|注意)$", re.I
)
"""What introduces a list of remarks."""


@once
def plain(text: str) -> str:
    """The words of Markdown source, on one line: emphasis and link targets go, code marks and placeholders stay."""
    if "](" in text:
        text = _LINK.sub(lambda found: found["said"] or found["to"], text)
    if "*" in text or "__" in text:
        text = _EMPHASIS.sub(lambda found: found["said"], text)
    return _SPACE.sub(" ", text).strip()


@once
def bare(text: str) -> str:
    """`plain`, without the emoji, marks and dashes that it begins and ends with."""
    words = plain(text).replace("\u200d", "").replace("\ufe0f", "")
    start, end = 0, len(words)
    while start < end and _is_mark(words[start]):
        start += 1
    while end > start and _is_mark(words[end - 1]):
        end -= 1
    return words[start:end].strip()


def unlisted(text: str) -> str:
    """A line without the list mark or the box it begins with."""
    return _ITEM.sub("", text.strip())


def heading_of(text: str) -> str:
    """A heading's words, without a colon at its end."""
    return bare(text).rstrip(" :：")


@once
def slug(text: str, limit: int = 48) -> str:
    """A name of a-z, 0-9 and `-` made from words; empty where they have no such letters."""
    folded = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return _SLUG.sub("-", folded).strip("-")[:limit].strip("-")


class Names:
    """Hands out names that are taken only once."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken: dict[str, int] = dict.fromkeys(taken, 1)

    def new(self, words: str, otherwise: str = "part") -> str:
        """The name made of these words, with a number where it is taken."""
        name = slug(words) or otherwise
        count = self.taken.get(name, 0)
        while True:
            count += 1
            tried = name if count == 1 else f"{name}-{count}"
            if count == 1 or tried not in self.taken:
                break
        self.taken[name] = count
        self.taken.setdefault(tried, 1)
        return tried


def _is_mark(char: str) -> bool:
    """Whether a character only decorates: a symbol, a dash, a bullet, a space; brackets and quotes are words."""
    if char.isalnum() or char in "<>$`'\"()[]{}/\\%&@~.,:;!?+=^_|*。、「」（）：":
        return char in "*|"
    return unicodedata.category(char)[0] in "SZPMC"
