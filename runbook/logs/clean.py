"""The one gate for text from outside: what leaves it can be drawn in a terminal and does nothing there.

Controls are made visible, not dropped: they are evidence. The raw bytes stay in the record. `redact`, the
other half of the gate, is re-exported here: clean first, then redact.
"""

from __future__ import annotations

import codecs
import re

from runbook.logs.redact import MASK, redact, redact_lines

__all__ = ["MASK", "SHOWN_LIMIT", "clean", "clean_lines", "redact", "redact_lines"]

SHOWN_LIMIT = 4096
"""Characters of one line that are shown; one 10 MB line froze a screen for 41 s."""
TAB = 8
RAW_FACTOR = 4
"""Raw units read for one shown character, so that a line full of colour codes is not cut for nothing."""

DECORATION = re.compile(r"(?:\x1b\[|\x9b)(?:[0-9;:]*m|[0-2]?K)")
"""Colour (SGR) and erase-to-end-of-line: what honest programs decorate lines with; the only sequences removed."""


_UNSEEN: tuple[int | tuple[int, int], ...] = (
    (0x80, 0x9F),  # C1: a terminal takes U+009B for CSI
    0xAD,
    0x34F,
    (0x600, 0x605),
    0x61C,
    0x6DD,
    0x70F,
    (0x890, 0x891),
    0x8E2,
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x2028, 0x202E),  # line separators, bidi embeddings and overrides
    (0x2060, 0x206F),  # word joiner, bidi isolates
    0x3164,
    (0xFE00, 0xFE0D),
    0xFEFF,
    0xFFA0,
    (0xFFF0, 0xFFFB),
    0x110BD,
    0x110CD,
    (0x13430, 0x1343F),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),  # tags and variation selectors: text smuggled unseen
)

_KEPT = 10_000


class _Seen(dict[int, str]):
    """How each character is drawn, worked out when it is first met: few of a million ever are."""

    def __missing__(self, code: int) -> str:
        seen = _drawn(code)
        if len(self) < _KEPT:
            self[code] = seen
        return seen


def _drawn(code: int) -> str:
    if code in (0xFE0E, 0xFE0F):
        return ""  # emoji style: common, carries nothing, and terminals disagree on its width
    if 0xD800 <= code < 0xE000:
        return "\N{REPLACEMENT CHARACTER}"
    if any(code == span if isinstance(span, int) else span[0] <= code <= span[1] for span in _UNSEEN):
        return f"<{code:04X}>"
    return chr(code)


_SEEN = _Seen({code: chr(0x2400 + code) for code in range(0x20)})
_SEEN[0x7F] = "\u2421"
_SEEN[0x0A] = "\u2424"
_SEEN[0x09] = "\t"  # expanded afterwards, when the columns are known


def clean(text: str | bytes, limit: int = SHOWN_LIMIT, beyond: int = 0) -> str:
    """One inert line of at most `limit` characters, controls made visible, ending in `… +9,996 KiB` when cut.

    Never raises; invalid UTF-8 becomes U+FFFD; one trailing line end is dropped; cleaning twice changes nothing.
    `beyond`: bytes of this line that were never read, counted in the note.
    """
    if not beyond and len(text) <= limit and text.isascii():
        plain = text if isinstance(text, str) else text.decode("ascii")
        if plain.isprintable():
            return plain
    head, unread = _head(text, limit * RAW_FACTOR)
    unread += beyond
    shown = DECORATION.sub("", head).translate(_SEEN).expandtabs(TAB)
    if not unread and len(shown) <= limit:
        return shown
    return _cut(shown, unread, limit)


def clean_lines(data: str | bytes, limit_lines: int = 1000) -> tuple[str, ...]:
    """The lines of a command's output, each cleaned; a progress line overwritten by CR keeps its last state.

    Of more than `limit_lines` the last ones are kept, under a first line that says how many were left out.
    """
    raw: list[str] | list[bytes]
    if isinstance(data, str):
        raw = data.removesuffix("\n").split("\n") if data else []
    else:
        raw = data.removesuffix(b"\n").split(b"\n") if data else []
    if len(raw) <= limit_lines:
        return tuple(last_state(line) for line in raw)
    kept = max(0, limit_lines - 1)
    tail = raw[len(raw) - kept :]
    return (f"… {len(raw) - kept:,} lines above", *(last_state(line) for line in tail))


def _head(text: str | bytes, units: int) -> tuple[str, int]:
    """The first `units` characters or bytes as text without its line end, and how many bytes were not read."""
    if isinstance(text, str):
        unread = len(text[units:].encode("utf-8", "surrogatepass")) if len(text) > units else 0
        head = text[:units]
    else:
        unread = max(0, len(text) - units)
        # not final when cut: half a character at the cut is left out instead of shown as U+FFFD
        head = codecs.getincrementaldecoder("utf-8")("replace").decode(text[:units], final=not unread)
    if unread:
        return head, unread
    return head.removesuffix("\n").removesuffix("\r"), 0


def _cut(shown: str, unread: int, limit: int) -> str:
    """`shown` shortened so that it fits into `limit` together with the note about what is missing."""
    room = limit
    while True:
        missing = unread + max(0, len(shown) - room)
        note = f"… +{missing:,} B" if missing < 1024 else f"… +{missing // 1024:,} KiB"
        if room + len(note) <= limit or room == 0:
            return (shown[:room] + note)[:limit]
        room = max(0, limit - len(note))


def last_state(line: str | bytes) -> str:
    """One line, clean; where CR overwrote it, what stood there last."""
    if isinstance(line, bytes):
        if b"\r" not in line:
            return clean(line)
        line = line.decode("utf-8", "replace")
    if "\r" in line:
        states = line.split("\r")
        line = next((state for state in reversed(states) if DECORATION.sub("", state).strip()), "")
    return clean(line)
