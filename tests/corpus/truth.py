"""The hand-made truth about the corpus: places in its files, never their words; the words come from the files.

A truth file (`truth/NNN.tsv`, tabs) begins with `# corpus NAME` and `# sha256 HEX` and has one row for each

  command  PLACE EFFECTS KINDS [PARAMS]   what must be offered, once, with its line
  may      PLACE                          a bare mention: offering it is neither asked for nor an error
  not      PLACE REASON                   must not be offered: output, typed (into another client), file, script,
                                          template, prose, flags, mention
  item     PLACE                          task-list items, one on each line

PLACE is `12`, `12-15`, `7:3` (line 7 from column 3, for text behind a quote mark) or `9@2` (the second piece of inline
code on line 9). EFFECTS and KINDS are words joined by `/` where a careful colleague could say either. PARAMS are names
joined by `,`: `x` must be found, `x?` may be, `a|b` is one value under either name, `*` leaves them unjudged.

What counts as what, where the documents leave it open:
- `rollout status` and `wait` end by themselves: `run`. `exec -it` wants a terminal whatever it runs. `terraform apply`
  asks, so it is interactive; `git revert` and pagers are `run`, because the room gives them no editor and no pager.
- a script or program that nobody outside one team knows is a `change`; where its name says it only looks, either.
- what is typed into a shell opened by the command above it is not a command of this machine.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import msgspec

FOLDER = Path(__file__).parent / "truth"
CORPUS = Path(os.environ.get("WARROOM_CORPUS") or Path(__file__).parents[3] / "shared" / "corpus")


class Param(msgspec.Struct, frozen=True):
    """A value to be found, under any of its names; not `asked` where a reader may leave it."""

    names: frozenset[str]
    asked: bool = True


class Wanted(msgspec.Struct, frozen=True):
    """A command that the document has."""

    text: str
    first: int
    last: int
    effects: frozenset[str]
    kinds: frozenset[str]
    params: tuple[Param, ...] = ()
    params_judged: bool = True


class Place(msgspec.Struct, frozen=True):
    """Text that is no command to offer, and why."""

    text: str
    first: int
    last: int
    reason: str = ""
    inline: bool = False


class Truth(msgspec.Struct, frozen=True):
    """All that is known of one file of the corpus."""

    path: Path
    commands: tuple[Wanted, ...]
    mentions: tuple[Place, ...]
    refused: tuple[Place, ...]
    items: tuple[str, ...]


class WrongFileError(Exception):
    """A truth and the file it was written for do not belong together."""


# ── text ──────────────────────────────────────────────────────────────────────────────────────────

PROMPT = re.compile(r"^\$ +")
SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+\[[ xX]\]\s*")
DECORATION = re.compile(r"[*_`]|<!--.*?-->")


def comparable(text: str) -> str:
    """Shell text for comparison: continuations joined, comments outside quotes left out, white space folded."""
    joined = re.sub(r"[ \t]*\\\r?\n[ \t]*", " ", text)
    kept: list[str] = []
    quote = ""
    escaped = False
    comment = False
    before = "\n"
    for char in joined:
        if comment:
            comment = char != "\n"
        elif char == "#" and not quote and before.isspace():
            comment = True
        elif escaped:
            escaped = False
        elif char == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        if not comment:
            kept.append(char)
        before = char
    return " ".join("".join(kept).split())


def plain(text: str) -> str:
    """A checklist item for comparison: without its box and its emphasis."""
    return " ".join(DECORATION.sub("", ITEM.sub("", text)).split()).casefold()


def param_name(name: str) -> str:
    """A parameter's name for comparison: `your-domain`, `DOMAIN` and `domain` are one."""
    return re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_").removeprefix("your_").removeprefix("my_")


# ── reading a truth file ──────────────────────────────────────────────────────────────────────────


def truths(corpus: Path = CORPUS, folder: Path = FOLDER) -> tuple[Truth, ...]:
    """Every truth with the file it speaks of. Raises WrongFileError when one of them changed."""
    return tuple(read_truth(path, corpus) for path in sorted(folder.glob("*.tsv")))


def read_truth(path: Path, corpus: Path) -> Truth:
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    heads = {row[0].lstrip("# "): row[1] for row in rows if row[0].startswith("#")}
    document = corpus / heads["corpus"]
    if not document.is_file():
        raise WrongFileError(f"{path.name} speaks of {heads['corpus']}, which is not in {corpus}.")
    raw = document.read_bytes()
    if hashlib.sha256(raw).hexdigest() != heads["sha256"]:
        raise WrongFileError(f"{document} is not the file that {path.name} was written for: the SHA-256 differs.")
    lines = raw.decode("utf-8").splitlines()
    bodies = [row for row in rows if not row[0].startswith("#")]
    return Truth(
        path=document,
        commands=tuple(_wanted(row, lines) for row in bodies if row[0] == "command"),
        mentions=tuple(_place(row, lines) for row in bodies if row[0] == "may"),
        refused=tuple(_place(row, lines) for row in bodies if row[0] == "not"),
        items=tuple(item for row in bodies if row[0] == "item" for item in _items(row[1], lines)),
    )


def _wanted(row: list[str], lines: list[str]) -> Wanted:
    text, first, last = words_at(row[1], lines)
    params = row[4] if len(row) > 4 else ""
    return Wanted(
        text=text,
        first=first,
        last=last,
        effects=frozenset(row[2].split("/")),
        kinds=frozenset(row[3].split("/")),
        params=tuple(_param(word) for word in params.split(",") if word not in ("", "*")),
        params_judged=params != "*",
    )


def _param(word: str) -> Param:
    return Param(frozenset(param_name(name) for name in word.rstrip("?").split("|")), not word.endswith("?"))


def _place(row: list[str], lines: list[str]) -> Place:
    text, first, last = words_at(row[1], lines)
    return Place(text, first, last, row[2] if len(row) > 2 else "", "@" in row[1])


def _items(place: str, lines: list[str]) -> tuple[str, ...]:
    first, _, last = place.partition("-")
    found = lines[int(first) - 1 : int(last or first)]
    odd = [line for line in found if not ITEM.match(line)]
    if odd:
        raise ValueError(f"{place}: not a task-list item: {odd[0]}")
    return tuple(plain(line) for line in found)


def words_at(place: str, lines: list[str]) -> tuple[str, int, int]:
    """The text at a place as it is compared, with its first and last line."""
    found = re.fullmatch(r"(\d+)(?:@(\d+)|:(\d+))?(?:-(\d+))?", place)
    if not found:
        raise ValueError(f"{place!r} is not a place.")
    first, last = int(found[1]), int(found[4] or found[1])
    if found[2]:
        spans = SPAN.findall(lines[first - 1])
        if int(found[2]) > len(spans):
            raise ValueError(f"{place}: that line has {len(spans)} pieces of inline code.")
        return comparable(spans[int(found[2]) - 1][1]), first, first
    chosen = [line[int(found[3] or 1) - 1 :].strip() for line in lines[first - 1 : last]]
    return comparable("\n".join([PROMPT.sub("", chosen[0]), *chosen[1:]])), first, last
