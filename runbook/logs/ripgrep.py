"""Whether ripgrep finds what is looked for, and how it is asked."""

from __future__ import annotations

import re
import shutil

from runbook.logs.sieve import Sought

_SAME = re.compile(
    r"(?:[\w .,:;=/@#%'\"<>!~|()*+?^$\]-]|\[(?!\^?\]?[^\]]*\[)|\{\d|\}|\\[dDwWsSbB.*+?^$|()\[\]{}\\/-]|\(\?:)*"
)
_OTHER = re.compile(r"\(\?[^:]|[*+?}]\+|&&|--|~~|\{,|\\[bB]\{")


def ripgrep(sought: Sought) -> list[str] | None:
    """The command that finds the same lines as `sought` does, or None where there is none."""
    program = shutil.which("rg")
    try:
        text = (sought.plain or sought.pattern).decode("utf-8" if sought.plain else "ascii")
    except UnicodeDecodeError:
        return None
    if not program or "\0" in text or "\n" in text:
        return None
    if not sought.plain and (not _SAME.fullmatch(text) or _OTHER.search(text)):
        return None
    told = ["--no-config", "--text", "--no-unicode", "--encoding=none", "--no-heading", "--color=never", "--no-mmap"]
    told += ["--byte-offset", "--no-line-number", "--max-columns=1", "--no-messages"]
    told += ["--fixed-strings"] * bool(sought.plain) + ["--ignore-case" if sought.any_case else "--case-sensitive"]
    return [program, *told, *["--invert-match"] * sought.without, "-e", text, "-"]
