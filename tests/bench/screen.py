"""The characters that a terminal shows, without their colours: twenty times as fast as pyte, which a log at full speed
outruns. What it does not know it skips."""

from __future__ import annotations

import codecs
import re

from rich.cells import cell_len

_TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f]+)"
    r"|\x1b\[(?P<private>[<-?]?)(?P<numbers>[0-9;:]*)[ -/]*(?P<final>[@-~])"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])"
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b[ -/]+[0-~]"
    r"|\x1b(?P<escape>[0-OQ-WYZ`-~\\=>])"
)


class Screen:
    """A grid of characters that bytes are fed into."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._x = self._y = self._top = 0
        self._bottom = rows
        self._saved = (0, 0)
        self._wraps = False
        self._last = " "
        self._grid = [self._blank() for _ in range(rows)]

    def _blank(self) -> list[str]:
        return [" "] * self.columns

    def text(self) -> str:
        return "\n".join("".join(row) for row in self._grid)

    def feed(self, data: bytes) -> None:
        text = self._rest + self._decoder.decode(data)
        self._rest, at = "", 0
        while at < len(text):
            token = _TOKEN.match(text, at)
            if token is None:
                if text[at] == "\x1b" and len(text) - at < 4096:
                    self._rest = text[at:]  # the rest of a sequence is still to come
                    return
                at += 1
                continue
            at = token.end()
            if token["text"]:
                self._put(token["text"])
            elif token["final"]:
                if not token["private"]:
                    self._sequence(token["final"], [int(n or 0) for n in re.split("[;:]", token["numbers"])])
                elif token["final"] in "hl" and token["numbers"] in ("1049", "47", "1047"):
                    self._grid = [self._blank() for _ in range(self.rows)]
            elif token["control"]:
                self._control(token["control"])
            elif token["escape"]:
                self._escape(token["escape"])

    def _put(self, text: str) -> None:
        self._last = text[-1]
        if text.isascii():
            while text:
                if self._wraps:
                    self._x, self._wraps = 0, False
                    self._index()
                part, text = text[: self.columns - self._x], text[self.columns - self._x :]
                self._grid[self._y][self._x : self._x + len(part)] = part
                self._x += len(part)
                if self._x >= self.columns:
                    self._x, self._wraps = self.columns - 1, True
            return
        for character in text:
            width = cell_len(character)
            if not width:
                continue
            if self._wraps or self._x + width > self.columns:
                self._x, self._wraps = 0, False
                self._index()
            self._grid[self._y][self._x : self._x + width] = [character, ""][:width]
            self._x += width
            if self._x >= self.columns:
                self._x, self._wraps = self.columns - 1, True

    def _control(self, control: str) -> None:
        self._wraps = False
        if control == "\r":
            self._x = 0
        elif control in "\n\v\f":
            self._index()
        elif control == "\b":
            self._x = max(0, self._x - 1)
        elif control == "\t":
            self._x = min(self.columns - 1, (self._x // 8 + 1) * 8)

    def _escape(self, escape: str) -> None:
        if escape == "M":
            if self._y == self._top:
                self._scroll(-1)
            else:
                self._y = max(0, self._y - 1)
        elif escape == "7":
            self._saved = self._x, self._y
        elif escape == "8":
            self._x, self._y = self._saved
        elif escape == "c":
            self.__init__(self.columns, self.rows)  # type: ignore[misc]

    def _index(self) -> None:
        if self._y == self._bottom - 1:
            self._scroll(1)
        else:
            self._y = min(self.rows - 1, self._y + 1)

    def _scroll(self, lines: int, top: int | None = None) -> None:
        first = self._top if top is None else top
        for _ in range(min(abs(lines), self._bottom - first)):
            if lines > 0:
                del self._grid[first]
                self._grid.insert(self._bottom - 1, self._blank())
            else:
                del self._grid[self._bottom - 1]
                self._grid.insert(first, self._blank())

    def _sequence(self, final: str, numbers: list[int]) -> None:  # noqa: PLR0912 - one branch for each sequence
        first, x, y = numbers[0], self._x, self._y
        count = max(1, first)
        row = self._grid[y]
        if final != "m":
            self._wraps = False
        if final in "Hf":
            x, y = (numbers[1] if len(numbers) > 1 else 1) - 1, first - 1
        elif final in "Ee":
            y += count
        elif final in "AF":
            y -= count
        elif final == "B":
            y += count
        elif final in "Ca":
            x += count
        elif final == "D":
            x -= count
        elif final in "G`":
            x = count - 1
        elif final == "d":
            y = count - 1
        elif final == "J":
            for number in {0: range(y + 1, self.rows), 1: range(y)}.get(first, range(self.rows)):
                self._grid[number] = self._blank()
            self._erase(first, row if first < 2 else self._grid[y])
        elif final == "K":
            self._erase(first, row)
        elif final == "X":
            row[x : x + count] = [" "] * len(row[x : x + count])
        elif final == "P":
            self._grid[y] = (row[:x] + row[x + count :] + self._blank())[: self.columns]
        elif final == "@":
            self._grid[y] = (row[:x] + [" "] * count + row[x:])[: self.columns]
        elif final in "LM":
            self._scroll(-count if final == "L" else count, y)
        elif final in "ST":
            self._scroll(count if final == "S" else -count)
        elif final == "b":
            self._put(self._last * count)
            return
        elif final == "r":
            self._top, self._bottom = count - 1, min(self.rows, numbers[1] if len(numbers) > 1 else self.rows)
            x, y = 0, self._top
        elif final == "s":
            self._saved = x, y
        elif final == "u":
            x, y = self._saved
        self._x, self._y = max(0, min(x, self.columns - 1)), max(0, min(y, self.rows - 1))
        if final in "EF":
            self._x = 0

    def _erase(self, which: int, row: list[str]) -> None:
        start, end = {0: (self._x, self.columns), 1: (0, self._x + 1)}.get(which, (0, self.columns))
        row[start:end] = [" "] * (end - start)
