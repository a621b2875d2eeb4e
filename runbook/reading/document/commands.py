"""Commands as the model has them: their effect, what they act on, what should be seen, which values they leave open."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from runbook.model import Command, Effect, Expect
from runbook.reading import powershell
from runbook.reading.document.blocks import Block
from runbook.reading.document.params import Params
from runbook.reading.fence import Piece, looks_like_command
from runbook.reading.placeholders import normalised, placeholders
from runbook.reading.variables import set_variables as set_by

Infer = Callable[[str], Effect]
Kind = Literal["run", "follow", "interactive"]
KindOf = Callable[[str], Kind]

_PRODUCTION = re.compile(r"\b(?:production|prod|prd|live)\b", re.I)
_BRANCH = re.compile(r"\bgit push\b(?:\s+-\S+)*\s+\S+\s+(?:\S*:)?(?:refs/heads/)?(?P<branch>[\w./-]+)")
_NAMED = re.compile(
    r"(?:deployment|deploy|pod|statefulset|service|svc|job|namespace|ns|release|app|database|table|cluster|bucket)[/ =]"
    r"[\"']?(?P<name>[\w][\w.-]+)",
    re.I,
)
_MIGRATION = re.compile(r"\bprisma migrate resolve\b.*--(?:rolled-back|applied)[ =][\"']?(?P<name><[\w-]+>|\w[\w.-]*)")
_HISTORY = re.compile(r"(?:[\w./-]+ )*prisma migrate status\b[^|;&]*")
_OPEN = re.compile(r"(?<!<)<([A-Za-z][A-Za-z0-9_-]*)>")
_STATUS = re.compile(r"^(?:HTTP/?[\d.]*\s*)?(?:status(?: code)?:?\s*)?200(?:\s*OK)?\W*$", re.I)
_STATUS_PRINTED = re.compile(r"curl\b.*(?:\s-\w*I\b|--head|\s-\w*i\b|--include|%\{http_code\})")

_PROGRAM = re.compile(r"[a-z][\w-]{2,30}(?:\.sh)?")
_LEAD = re.compile(r"^expect(?:ed)?(?: (?:output|response|result))?\s*[:：]\s*", re.I)
_UNSEEN = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\x00-\x08\x0b-\x1f\x7f]")
_WIDE = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]")


def _seen(text: str) -> str:
    """The text with nothing in it that a person cannot see: what is confirmed is what runs."""
    return text if text.isascii() and text.isprintable() else _WIDE.sub(" ", _UNSEEN.sub("", text))


_BY_PWSH = "It is PowerShell, which `pwsh` runs here; each command starts a new one."

_GUESSED: dict[str, str] = {
    Effect.DESTROY: "Its words are those of a command that cannot be taken back.",
    "follow": "It is taken for one that does not return by itself.",
    "interactive": "It is taken for one that wants the terminal.",
}


class Commands:
    """Makes the commands of one document and collects the values they leave open."""

    def __init__(self, infer: Infer, kind_of: KindOf, params: Params, environment: str) -> None:
        # Documents repeat their commands, and looking at one costs more than all the rest of reading it.
        self.infer = functools.cache(infer)
        self.kind_of = functools.cache(kind_of)
        self.known: dict[tuple[str, ...], Command] = {}
        self.params = params
        self.environment = environment
        self.assigned: frozenset[str] = frozenset()
        """The shell variables that the document itself sets."""
        self.programs: set[str] = set()
        """The programs that the document's commands so far have started."""
        self.choices: dict[int, int] = {}

    def know(self, blocks: Iterable[Block]) -> None:
        """Takes note of the variables that the document's own commands set, which are not asked for."""
        found: set[str] = set()
        for block in blocks:
            if block.kind == "fence":
                text = "\n".join(block.lines)
                found.update(set_by(text))
        self.assigned = frozenset(found)

    def choice(self, between: object | None) -> int:
        """The number of a choice between alternatives; the same for all that stand under one heading."""
        return self.choices.setdefault(
            id(between) if between is not None else -len(self.choices) - 1, len(self.choices) + 1
        )

    def looks_like_one(self, text: str) -> bool:
        """Whether code in a sentence could be a command; a program that the document runs elsewhere is known."""
        return looks_like_command(text) or powershell.is_statement(text) or text.split(maxsplit=1)[0] in self.programs

    def open_in(self, text: str) -> tuple[str, ...]:
        """The open values of a finished command's text."""
        return tuple(dict.fromkeys(name for name in _OPEN.findall(text) if name in self.params.found))

    def of_piece(self, piece: Piece, said: dict[str, str]) -> Command:
        """The command of a fence's piece; `said` is what the author says about the fence."""
        command = self.made(piece.text, piece.line, expected=_LEAD.sub("", piece.expected), runs=piece.runs)
        if not said and not piece.remark:
            return command
        effect, guess = command.effect, command.guess
        if said.get("effect") in tuple(Effect) or said.get("risk") in tuple(Effect):
            effect, guess = Effect(said.get("effect") or said["risk"]), ""
        kind = command.kind
        if said.get("kind") in ("run", "follow", "interactive"):
            kind = said["kind"]  # type: ignore[assignment]
        elif said.get("background") == "true":
            kind = "follow"
        notes = [piece.remark] if piece.remark else []
        if said.get("cwd"):
            notes.append(f"The document runs it in {said['cwd']}.")
        return msgspec.structs.replace(
            command,
            effect=effect,
            kind=kind,
            guess=guess,
            note=" ".join([*notes, command.note]).strip(),
            target=said.get("target")
            or (command.target or self._target(command.text) if effect is Effect.DESTROY else command.target),
        )

    def made(
        self, written: str, line: int, *, expected: str = "", sample: str = "", guess: str = "", runs: str = ""
    ) -> Command:
        """A command of the document, with what can be inferred about it; `runs` where that is not its own text."""
        asked = (written, expected, sample, guess, runs)
        known = self.known.get(asked)
        if known is None:
            known = self.known[asked] = self._made(*asked)
        return msgspec.structs.replace(known, line=line)

    def _made(self, written: str, expected: str, sample: str, guess: str, runs: str) -> Command:
        runs = runs or (powershell.call(written) if powershell.is_statement(written) else written)
        text = normalised(_seen(runs), self.assigned)
        for left in placeholders(_seen(runs), self.assigned):
            if not left.sample:
                self.params.add(left.id, left.id if left.spelled[0].isascii() else left.spelled[0], text, sample)
        program = text.split(maxsplit=1)[0] if text.strip() else ""
        if _PROGRAM.fullmatch(program):
            self.programs.add(program)
        effect, kind = self.infer(text), self.kind_of(text)
        return Command(
            text=text,
            effect=effect,
            target=self._target(text) if effect is Effect.DESTROY else "",
            kind=kind,
            expected=expected,
            expect=_expect(text, expected),
            guess=" ".join(part for part in (_GUESSED.get(effect), _GUESSED.get(kind), guess) if part),
            as_written=written if written != text else "",
            note=_BY_PWSH if runs != written else "",
        )

    def expecting(self, command: Command, words: str) -> Command:
        """The command with what should be seen."""
        said = f"{command.expected}\n{words}".strip() if command.expected else words
        return msgspec.structs.replace(command, expected=said, expect=_expect(command.text, said))

    def typing(self, command: Command, words: str) -> Command:
        """The interactive command with what is typed into it."""
        return msgspec.structs.replace(command, typed_inside=f"{command.typed_inside}\n{words}".strip("\n"))

    def _target(self, text: str) -> str:
        """What a destroying command acts on, as a person would name it."""
        branch = _BRANCH.search(text)
        if branch:
            return branch["branch"]
        production = _PRODUCTION.search(text)
        if production:
            return production[0]
        named = _MIGRATION.search(text) or _NAMED.search(text)
        if named:
            return named["name"]
        return self.environment


def _expect(text: str, expected: str) -> Expect:
    """What a machine can check of an expectation; only where a good result cannot fail it."""
    if _STATUS.match(expected.strip()) and _STATUS_PRINTED.search(text) and "|" not in text:
        return Expect(matches=r"\b200\b")
    if _HISTORY.fullmatch(text):  # it ends with 1 where something is failed or pending, which is what it is asked for
        return Expect(exit=None, matches=r"(?i)migrations? (?:found|have|has)\b|up to date")
    return Expect()


def noting(command: Command, words: str) -> Command:
    """The command with what its item says, where that is more than the command."""
    words, own = words.rstrip(":："), command.as_written or command.text
    says_more = own not in words or len(words) > len(own) + len("Run ``.")
    return msgspec.structs.replace(command, note=words) if says_more and words and not command.note else command
