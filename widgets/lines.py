"""Single lines of the screen: left and right parts that never overlap, and text folded where one sees it."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from textual.content import Content
from textual.strip import Strip
from textual.style import Style

from widgets.words import glyph

if TYPE_CHECKING:
    from rich.style import Style as RichStyle
    from textual.widget import Widget

Part = str | Content | tuple[str, str]
"""Plain text, text with its spans, or (text, style). Never markup."""


def join(*parts: Part) -> Content:
    """One line from its parts; a style of `""` means the pane's own."""
    return Content.assemble(*parts)


def cut(line: Content, width: int) -> Content:
    """The line, shortened to the width with an ellipsis where it is longer."""
    if line.cell_length <= width:
        return line
    mark = glyph("more")
    if width <= len(mark):
        return line.truncate(max(0, width))
    return line.truncate(width - len(mark)) + Content(mark)


def tail(text: str, width: int) -> str:
    """The end of what is being typed, so that its caret is seen."""
    if cell_len(text) <= width:
        return text
    mark = glyph("more")
    while text and cell_len(text) + len(mark) > width:
        text = text[1:]
    return mark + text


def spread(left: Part, right: Part, width: int, gap: int = 2) -> Content:
    """Left part, then the right part flush with the edge; the left one gives way."""
    end = cut(join(right), width)
    room = width - end.cell_length
    start = cut(join(left), max(0, room - (gap if end else 0)))
    return start + Content(" " * (room - start.cell_length)) + end


def look(widget: Widget, style: str) -> RichStyle:
    """A style as markup names it (`bold $text-error`), on what lies under the widget, as the terminal gets it.

    Worked out when it is drawn: a component class of Textual's is worked out anew with each focus, drawn or not.
    """
    return (widget.visual_style + Style.parse(style)).rich_style


def strip_of(widget: Widget, line: Content, width: int, style: Style) -> Strip:
    """One line as the terminal gets it, cut or filled to the width; `style` is what lies under it.

    Textual's own way is for text that is wrapped, aligned and selected by the mouse, at twice the time.
    """
    drawn = line.render(style, end="", parse_style=widget._get_style)
    segments = [Segment(text, (style + own).rich_style) for text, own in drawn]
    return Strip(segments, line.cell_length).adjust_cell_length(width, style.rich_style)


def columns(parts: tuple[tuple[Content, int], ...], gap: int = 2) -> Content:
    """Parts cut and padded to their widths, so that they line up from row to row."""
    line = Content("")
    for index, (part, width) in enumerate(parts):
        cell = cut(part, width)
        line += cell
        if index < len(parts) - 1:
            line += Content(" " * (width - cell.cell_length + gap))
    return line


def wrapped(line: Part, width: int, indent: int = 0, hang: int | None = None) -> list[Content]:
    """Prose over as many lines as it takes, each after the indent (`hang` for all but the first)."""
    rest_indent = indent if hang is None else hang
    room = max(8, width - max(indent, rest_indent))
    folded = [part for piece in join(line).split("\n", allow_blank=True) for part in (piece.wrap(room) or [piece])]
    return [Content(" " * (rest_indent if index else indent)) + part for index, part in enumerate(folded)]


def exact(text: str) -> Content:
    """Text with nothing hidden: each control, bidi or invisible character is shown by its name in reverse.

    For commands, where an unseen character would be something that runs and was not shown.
    """
    line = Content("")
    plain = ""
    for char in text:
        if _visible(char):
            plain += char
            continue
        line += Content(plain) + Content.styled(_name(char), "reverse $text-warning")
        plain = ""
    return line + Content(plain)


def _visible(char: str) -> bool:
    if char == " ":
        return True
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs")


def _name(char: str) -> str:
    return {"\t": "\\t", "\r": "\\r"}.get(char, f"\\u{{{ord(char):x}}}")


def command(text: str, width: int, indent: int = 3) -> list[Content]:
    """A command character for character; a line that had to be folded ends in the fold glyph.

    Trailing blanks of a line are named too, since they would be invisible.
    """
    fold = glyph("wrap")
    room = max(8, width - indent - 1)
    lines: list[Content] = []
    for line in text.split("\n"):
        kept = line.rstrip(" ")
        shown = exact(kept)
        if len(kept) < len(line):
            shown += Content.styled(_name(" ") * (len(line) - len(kept)), "reverse $text-warning")
        pieces = _folded(shown, room)
        for index, piece in enumerate(pieces):
            body = Content(" " * indent) + piece
            if index < len(pieces) - 1:
                body += Content(" " * (room - piece.cell_length)) + Content.styled(fold, "$foreground-muted")
            lines.append(body)
    return lines


def _folded(line: Content, room: int) -> list[Content]:
    """Cuts by cells and nothing else, so that no blank is swallowed at a fold."""
    pieces: list[Content] = []
    start = used = 0
    for index, char in enumerate(line.plain):
        size = cell_len(char)
        if used + size > room:
            pieces.append(line[start:index])
            start, used = index, 0
        used += size
    return [*pieces, line[start:]]
