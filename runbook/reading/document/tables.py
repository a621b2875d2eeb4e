"""A table that is a procedure: a row for each step, with what is run, what should be seen, and who does it."""

from __future__ import annotations

import re

from runbook.model import Record
from runbook.reading.document.blocks import Block
from runbook.reading.document.mentions import LooksLikeCommand, Mention, mentions
from runbook.reading.document.phrases import bare, plain

_NUMBER = re.compile(r"^(?:step\s*)?\(?(?P<number>\d{1,2})[.):]?(?=\s|$)\s*", re.I)
_OF_STEPS = re.compile(
    r"^(?:#|nr\.?|no\.?|num(?:ber)?|steps?|actions?|tasks?|what(?: to do)?|schritte?|aktion|pasos?|acci[oó]n"
    r"|[ée]tapes?|passos?|passi|azione|手順|步骤|步驟|단계|操作)$",
    re.I,
)
_OF_CASES = re.compile(
    r"^(?:env(?:ironment)?s?|platform|provider|hosting|os|if|when|case|scenario|situation|symptom|umgebung|fall|entorno|caso"
    r"|environnement|cas|環境|环境|场景)$",
    re.I,
)
_EXPECTED = re.compile(
    r"^(?:expect\w*(?: (?:result|output))?|results?|outputs?|should (?:show|be|see)|erwartet\w*|ergebnis"
    r"|resultado\w*(?: esperado)?|r[ée]sultat\w*(?: attendu)?|期待\w*|预期\w*)$",
    re.I,
)
_NOTHING = re.compile(r"^(?:[-–—/.]*|n/?a|none|manual(?:ly)?)$", re.I)


class Row(Record, frozen=True):
    """One row. Its commands are those that its cells tell to run; `by_hand` where there is none, and it is a step."""

    line: int
    title: str
    mentions: tuple[Mention, ...] = ()
    expected: str = ""
    notes: tuple[str, ...] = ()
    by_hand: bool = False


def rows_of(block: Block, looks_like_command: LooksLikeCommand) -> list[Row]:
    """The rows of a table that tell to run something, and, where the table is a row of steps, those that do not."""
    if len(block.rows) < 2:
        return []
    head = [heading(cell) for cell in block.rows[0]]
    body = list(zip(block.rows[1:], block.row_lines[1:], strict=False))
    told = [[_told(cell, looks_like_command) for cell in row] for row, _ in body]
    in_order = is_row_of_steps(block)
    steps = in_order or (bool(head) and _OF_STEPS.match(head[0]) is not None and any(any(cells) for cells in told))
    made = []
    for (row, line), cells in zip(body, told, strict=True):
        said = [(name, cell) for name, cell, armed in zip(head, row, cells, strict=False) if not armed]
        expected = "\n".join(
            plain(cell).replace("`", "") for name, cell in said if _EXPECTED.match(name) and bare(cell)
        )
        rest = [(name, cell) for name, cell in said if not _EXPECTED.match(name) and not _NOTHING.match(bare(cell))]
        rest = [(name, cell) for name, cell in rest if not _NUMBER.fullmatch(bare(cell))]
        commands = tuple(mention for found in cells for mention in found)
        if not commands and not (steps and rest):
            continue
        title = _NUMBER.sub("", bare(rest[0][1])) if rest else ""
        notes = tuple(f"{name}: {plain(cell)}" if name else plain(cell) for name, cell in rest[1:])
        made.append(
            Row(line=line, title=title, mentions=commands, expected=expected, notes=notes, by_hand=not commands)
        )
    return made


def is_row_of_steps(block: Block) -> bool:
    """Whether the first cells number the rows, one after the other."""
    found = [_NUMBER.match(bare(row[0])) for row in block.rows[1:] if row]
    numbers = [int(number["number"]) for number in found if number]
    return (
        len(numbers) > 1
        and len(numbers) == len(found)
        and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    )


def is_choice(block: Block) -> bool:
    """Whether each row is for another case, of which one holds."""
    return bool(block.rows and block.rows[0]) and _OF_CASES.match(heading(block.rows[0][0])) is not None


def heading(cell: str) -> str:
    return bare(cell).rstrip(":：") or plain(cell)


def _told(cell: str, looks_like_command: LooksLikeCommand) -> list[Mention]:
    return [mention for mention in mentions(cell, looks_like_command) if mention.armed]
