"""Code that a document writes in HTML, as Markdown has it: `<pre>` as a fence, `<code>` as code in a sentence."""

from __future__ import annotations

import html
import re
from bisect import bisect_left
from collections.abc import Sequence

_OPENS = re.compile(
    r"^(?P<indent>\s*)<pre\b[^<>]*>\s*(?:<code\b(?:[^<>]*?\bclass=[\"']?[^\"'<>]*?lang(?:uage)?-(?P<language>\w+))?[^<>]*>)?(?P<code>.*)$",
    re.I,
)
_CODE = re.compile(r"<(code|tt)\b[^<>]*>(?P<code>[^`\n<>]{1,400})</\1>", re.I)
_FENCE = re.compile(r"^[ >]*(`{3,}|~{3,})")
_LONGEST = 400


def in_markdown(lines: Sequence[str]) -> list[str]:
    """The lines, as many as there were; what stands in a fence stays as it is."""
    made = list(lines)
    if not any("<" in line and re.search(r"<(?:pre|code|tt)\b", line, re.I) for line in lines):
        return made
    ends = [at for at, line in enumerate(lines) if "</pre" in line.lower()]
    mark, at = "", 0
    while at < len(made):
        line = made[at]
        if found := _FENCE.match(line):
            mark = "" if mark and found[1].startswith(mark) else mark or found[1]
        elif not mark:
            closed = bisect_left(ends, at)
            if end := _pre(made, at, ends[closed] if closed < len(ends) else len(made)):
                at = end
            else:
                made[at] = _CODE.sub(lambda code: f"`{html.unescape(code['code']).strip()}`", line)
        at += 1
    return made


def _pre(lines: list[str], start: int, end: int) -> int:
    """Makes a fence of the `<pre>` that begins on a line; the line where it ends, or 0 where none can be made."""
    opened = _OPENS.match(lines[start]) if "<pre" in lines[start].lower() else None
    last = _before_the_end(lines[end]) if opened and end < min(len(lines), start + _LONGEST) else None
    if opened is None or last is None:
        return 0
    first = opened["code"]
    if end == start:
        whole = _before_the_end(first)
        if not whole or "`" in whole:
            return 0
        lines[start] = f"{opened['indent']}`{html.unescape(whole).strip()}`"
        return start
    above, below = (start - 1 if first.strip() else start), (end + 1 if last else end)
    taken = [at for at in (above, below) if at not in (start, end) and "".join(lines[at : at + 1]).strip()]
    if above < 0 or taken:
        return 0  # there is no line for a mark of the fence: it stays words
    lines[start : end + 1] = [html.unescape(line) for line in (first, *lines[start + 1 : end], last)]
    lines += [""] * (below + 1 - len(lines))
    lines[above], lines[below] = f"{opened['indent']}```{opened['language'] or ''}", f"{opened['indent']}```"
    return below


def _before_the_end(line: str) -> str | None:
    """What stands before a line's `</pre>`; None where more than that stands behind it."""
    at = line.lower().rfind("</pre")
    if at < 0 or line[at:].strip().lower() != "</pre>":
        return None
    return line[:at].rstrip().removesuffix("</code>").rstrip()
