"""Text that went through the wrong code page: UTF-8 read as Mac Roman, Latin-1 or Windows-1252, and mended."""

from __future__ import annotations

import re
from collections.abc import Callable

from runbook.reading.once import once

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")


def mended(text: str) -> str:
    """The text as it was before a wrong code page was applied; the same text where none was.

    A code page is believed only when all of the text, or failing that single runs of it, turn back into valid
    UTF-8, which then has fewer characters than before.
    """
    if text.isascii():
        return text
    found = text
    for encode in (_as_windows, _as_mac):
        whole = _turned_back(text, encode)
        if whole is None:
            whole = _BEYOND_ASCII.sub(lambda run, encode=encode: _turned_back(run[0], encode) or run[0], text)  # type: ignore[misc]
        if len(whole) < len(found):
            found = whole
    return found


@once
def _turned_back(text: str, encode: Callable[[str], bytes]) -> str | None:
    """The text with its bytes of one code page read as UTF-8; None where that is not possible or changes nothing."""
    try:
        turned = encode(text).decode("utf-8")
    except UnicodeError:
        return None
    return turned if len(turned) < len(text) else None


def _as_mac(text: str) -> bytes:
    return text.encode("mac_roman")


def _as_windows(text: str) -> bytes:
    """Windows-1252, where the five bytes it leaves open stand for themselves, as in Latin-1."""
    try:
        return text.encode("cp1252")
    except UnicodeError:
        return b"".join(char.encode("latin-1" if "\x80" <= char <= "\x9f" else "cp1252") for char in text)
