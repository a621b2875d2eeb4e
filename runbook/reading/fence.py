"""A fence's lines as logical commands, with what their comments say about them, and all else that a fence can hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from runbook.model import Record
from runbook.reading import lines as said_by
from runbook.reading.lines import looks_like_command, looks_like_unknown_command
from runbook.reading.sessions import comes_back, opens
from runbook.reading.shell import Script, joined, split_comment, takes_arguments

__all__ = ["Piece", "looks_like_command", "pieces"]

Kind = Literal["command", "manual", "note", "output", "script", "typed", "alternative"]

_SHELLS = frozenset(
    "bash sh shell zsh ksh dash console terminal shell-session shellsession sh-session fish bat batch".split()
)
_POWERSHELLS = frozenset("powershell ps1 ps pwsh posh cmd".split())
_SESSIONS = frozenset("console terminal shell-session shellsession sh-session".split())
_DATA = frozenset(
    "yaml yml json jsonc json5 toml ini conf config cfg xml html markdown md mermaid diff patch properties env dotenv hcl terraform "
    "tf python py js javascript jsx ts typescript tsx go golang java kotlin swift scala ruby rb erb php perl lua rust c cpp csharp cs "
    "groovy jinja jinja2 nginx apache dockerfile docker makefile css scss promql logql graphql proto solidity vue svelte csv http "
    "jsonl plantuml dot regex caddyfile".split()
)
_NEVER_COMMANDS = frozenset(
    "markdown md mermaid diff patch html xml dockerfile docker makefile css scss csv http plantuml dot".split()
)
_OUTPUT = frozenset("text txt output out log logs plaintext plain none ascii tree".split())
_SQL = frozenset("sql psql plpgsql pgsql mysql postgres postgresql sqlite mongodb mongo mongosh cql redis tsql".split())
_EXPECTED = re.compile(
    r"^(?:expected?(?: output| response| result)?|expect|should(?: (?:return|show|output|see|be|print))?|returns?|output|result"
    r"|example output|sample output)\b\s*[:：]?\s*(?P<said>.*)$",
    re.I,
)
_OR = re.compile(r"^(?:or\b|alternatively|alternative|otherwise|option\b|if using|o bien\b|ou\b|oder\b)", re.I)
_NOTE = re.compile(r"^(?:note|warning|caution|important|⚠|tip|todo|e\.g\.|example:?$)", re.I)
_NUMBER = re.compile(r"^(?:step\s*)?(?P<label>\d+[a-z]?)[.):]\s+", re.I)
_ASSIGNS = re.compile(r"(?P<name>[A-Za-z_]\w*)=(?![^\s]*\$\()(?:\"[^\"]*\"|'[^']*'|\S*)$")
_PAIRS = {"{": "}", "[": "]"}


class Piece(Record, frozen=True):
    """One thing that a fence holds."""

    kind: Kind
    text: str
    line: int
    last_line: int = 0
    title: str = ""
    label: str = ""
    expected: str = ""
    remark: str = ""
    branch: str = ""
    sample: str = ""


def pieces(
    lines: Sequence[str], first_line: int, language: str, used: frozenset[str] = frozenset()
) -> tuple[Piece, ...]:
    """What these lines hold, in order; `used` are the variables that commands elsewhere in the document expand."""
    return tuple(_Fence(lines, first_line, language.lower(), used).read())


class _Fence:
    def __init__(self, lines: Sequence[str], first_line: int, language: str, used: frozenset[str]) -> None:
        self.lines = [line.rstrip("\r") for line in lines]
        self.first = first_line
        self.language = language
        self.used = used
        self.made: list[Piece] = []
        self.comments: list[tuple[int, str]] = []
        self.branch = ""
        self.branches = 0
        self.inside = ""
        """The text of the command that opened a shell or a client, while the lines below are typed into it."""

    def read(self) -> list[Piece]:
        whole = "\n".join(self.lines)
        last = len(self.lines) - 1
        if not whole.strip():
            return []
        prompts = self._prompts()
        if prompts:
            return self._with_prompts(prompts)
        is_shell = self.language in _SHELLS or self.language in _POWERSHELLS
        if self.language in _SQL or self.language in _DATA:
            return self._of_another_language()
        if not is_shell and not self._mostly_commands():
            return [self._piece("output" if self.language in _OUTPUT else "script", whole, 0, last)]
        if whole.lstrip().startswith("#!") or (self.language not in _POWERSHELLS and takes_arguments(whole)):
            return [self._piece("script", whole, 0, last)]
        if self._is_file():
            return [self._piece("script", whole, 0, last)]
        self._statements(0)
        return self.made

    # ── what kind of fence it is ──────────────────────────────────────────────────────────────────

    def _prompts(self) -> dict[int, str]:
        """The lines with a prompt, and what stands behind it."""
        if self.language in _SQL:
            return {}
        found = {at: match["rest"] for at, line in enumerate(self.lines) if (match := said_by.PROMPT.match(line))}
        if not found and self.language in _SESSIONS:
            hashed = {at: line.strip()[2:] for at, line in enumerate(self.lines) if line.strip().startswith("# ")}
            others = [line for line in self.lines if line.strip() and not line.strip().startswith("#")]
            if (
                hashed
                and all(looks_like_command(rest) for rest in hashed.values())
                and not any(map(looks_like_command, others))
            ):
                return hashed
        return found

    def _mostly_commands(self) -> bool:
        told = [line.strip() for line in self.lines if line.strip() and not line.strip().startswith("#")]
        if not told:
            return False
        first = told[0]
        alone = len(told) == 1 or first.endswith("\\")
        if not (looks_like_command(first) or said_by.numbered_command(first) or looks_like_unknown_command(first)):
            return False
        if said_by.printed(first) or (len(told) > 1 and said_by.typed(first)):
            return False
        good = goes_on = 0
        for line in told:
            good += bool(goes_on) or looks_like_command(line) or looks_like_unknown_command(line)
            goes_on = line.endswith(("\\", "|", "&&"))
        return alone or good * 2 >= len(told) or self._is_one_statement()

    def _is_one_statement(self) -> bool:
        """Whether all lines are one statement, such as a heredoc."""
        told = [at for at, line in enumerate(self.lines) if line.strip() and not line.strip().startswith("#")]
        return bool(told) and Script(self.lines).last_line(told[0]) >= told[-1]

    def _is_file(self) -> bool:
        """Whether the lines are settings for a file: nothing but assignments that no command of the document uses."""
        told = [line.strip() for line in self.lines if line.strip() and not line.strip().startswith("#")]
        found = [_ASSIGNS.match(split_comment(line)[0]) for line in told]
        return bool(told) and all(one is not None and one["name"] not in self.used for one in found)

    def _of_another_language(self) -> list[Piece]:
        """A fence labelled as something else: what its first lines say decides, the label is a hint."""
        script = Script(self.lines)
        at, kept = 0, -1
        while at < len(self.lines) and self.language not in _NEVER_COMMANDS:
            line = self.lines[at].strip()
            if line and not line.startswith("#"):
                if not _is_surely_command(line):
                    break
                at = script.last_line(at)
                kept = at
            at += 1
        rest = [number for number in range(kept + 1, len(self.lines)) if self.lines[number].strip()]
        if kept >= 0:
            lines, self.lines = self.lines, self.lines[: kept + 1]
            self._statements(0)
            self.lines = lines
        if rest:
            text = "\n".join(self.lines[rest[0] :]) if kept >= 0 else "\n".join(self.lines)
            kind: Kind = "typed" if self.language in _SQL else "script"
            self.made.append(self._piece(kind, text, rest[0] if kept >= 0 else 0, len(self.lines) - 1))
        return self.made

    # ── reading ───────────────────────────────────────────────────────────────────────────────────

    def _piece(self, kind: Kind, text: str, start: int, end: int, **more: str) -> Piece:
        return Piece(kind=kind, text=text, line=self.first + start, last_line=self.first + end, **more)

    def _with_prompts(self, prompts: dict[int, str]) -> list[Piece]:
        """Commands stand behind prompts; what is between them was printed, or typed into what they opened."""
        lines, self.lines = self.lines, [prompts.get(at, line) for at, line in enumerate(self.lines)]
        script = Script(self.lines)
        following = sorted([*prompts, len(lines)])
        at = before = 0
        while at < len(lines):
            line = lines[at].strip()
            if at in prompts:
                while following[before] <= at:
                    before += 1
                end = min(script.last_line(at), following[before] - 1)
                if end > at and not self.lines[at].rstrip().endswith(("\\", "|", "&&")) and not script.understood(at):
                    end = at
                if said_by.keys(prompts[at]):
                    self.made.append(self._piece("manual", prompts[at], at, at))
                else:
                    self._command(joined(self.lines[at : end + 1]), at, end)
                at = end
            elif line.startswith("# ") and not any(piece.kind == "output" for piece in self.made[-1:]):
                self._comment(at, line.lstrip("#").strip())
            elif found := said_by.CLIENT_PROMPT.match(lines[at]):
                self._typed(found["rest"], at, at)
            elif line and not line.startswith("#"):
                self._flush()
                self.made.append(self._piece("output", lines[at], at, at))
            at += 1
        self._flush()
        return self.made

    def _statements(self, at: int) -> None:
        script = Script(self.lines)
        while at < len(self.lines):
            line = self.lines[at].strip()
            if not line:
                self._flush()
            elif line.startswith("#") or (self.language in _POWERSHELLS and re.match(r"(?:REM\b|::)", line, re.I)):
                self._comment(at, re.sub(r"^(?:#+|REM\b|::)", "", line, flags=re.I).strip())
            elif re.match(r"/\*|//|--\s", line) and not self.inside:
                self._comment(at, line.strip("/*- "))
            else:
                at = self._line(script, at, line)
            at += 1
        self._flush()

    def _line(self, script: Script, at: int, line: str) -> int:
        """Takes what begins on this line; answers the last line that it takes."""
        prompt = said_by.CLIENT_PROMPT.match(self.lines[at])
        if prompt:
            self._typed(prompt["rest"], at, at)
            return at
        if self.inside and self._stays_inside(line):
            end = script.last_line(at)
            self._typed(joined(self.lines[at : end + 1]), at, end)
            return end
        if line[:1] in _PAIRS and self._is_data(at, line):
            return self._data(at)
        numbered = said_by.numbered_command(line)
        if numbered:
            self._command(numbered, at, at)
            return at
        if said_by.typed(line):
            end = self._end_of_typed(at)
            self._typed("\n".join(self.lines[at : end + 1]), at, end)
            return end
        if said_by.printed(line) and (self.made or not said_by.looks_like_command(line)):
            self._flush()
            self.made.append(self._piece("output", line, at, at))
            return at
        if said_by.spoken(line):
            self._flush()
            self.made.append(self._piece("manual", line, at, at))
            return at
        end = self._end(script, at)
        self._command(joined(self.lines[at : end + 1]), at, end)
        return end

    def _end(self, script: Script, at: int) -> int:
        if self.language not in _POWERSHELLS:
            return script.last_line(at)
        depth, end = 0, at
        while end < len(self.lines):
            depth += sum(self.lines[end].count(char) for char in "({") - sum(
                self.lines[end].count(char) for char in ")}"
            )
            if depth <= 0 and not self.lines[end].rstrip().endswith(("`", "|", "^")):
                return end
            end += 1
        return at

    def _end_of_typed(self, at: int) -> int:
        end = at
        while end + 1 < len(self.lines) and self.lines[end + 1].strip() and not self.lines[end].rstrip().endswith(";"):
            following = self.lines[end + 1].strip()
            if following.startswith("#") or (looks_like_command(following) and not said_by.typed(following)):
                break
            end += 1
        return end

    def _is_data(self, at: int, line: str) -> bool:
        """Whether a bracket begins JSON, not a test or a group of commands."""
        if line in _PAIRS:
            return at + 1 < len(self.lines) and self.lines[at + 1].strip()[:1] in {'"', "{", "[", "}", "]"}
        return not re.match(r"[{\[]\s+[^\"\s]|\[\[\s", line)

    def _data(self, at: int) -> int:
        """The last line of JSON among the commands, which is output."""
        depth, end = 0, at
        for number in range(at, len(self.lines)):
            depth += sum(self.lines[number].count(char) for char in "{[") - sum(
                self.lines[number].count(char) for char in "}]"
            )
            end = number
            if depth <= 0:
                break
        else:
            end = at
        self.comments = []
        self.made.append(self._piece("output", "\n".join(self.lines[at : end + 1]), at, end))
        return end

    def _stays_inside(self, line: str) -> bool:
        """Whether a line is typed into what the command above opened."""
        titles = " ".join(said for _, said in self.comments)
        if comes_back(self.inside, line, titles):
            self.inside = ""
        return bool(self.inside)

    def _typed(self, text: str, start: int, end: int) -> None:
        if self.inside and re.match(r"(?:exit|logout|quit|\\q|\.exit|quit\(\)|exit\(\))\W*$", text.strip()):
            self.inside = ""
        said = "\n".join([*(f"# {words}" for _, words in self.comments), text])
        start = self.comments[0][0] if self.comments else start
        self.comments = []
        last = self.made[-1] if self.made else None
        if last is not None and last.kind == "typed":
            self.made[-1] = msgspec.structs.replace(last, text=f"{last.text}\n{said}", last_line=self.first + end)
        else:
            self.made.append(self._piece("typed", said, start, end))

    def _command(self, text: str, start: int, end: int) -> None:
        text, remark = split_comment(text)
        expected = ""
        said = _EXPECTED.match(remark) if remark else None
        if said:
            expected, remark = said["said"] or remark, ""
        title, label = self._title()
        self.inside = text if opens(text) else ""
        self.made.append(
            self._piece(
                "command",
                text,
                start,
                end,
                title=title,
                label=label,
                expected=expected,
                remark=remark,
                branch=self.branch,
            )
        )

    # ── comments ──────────────────────────────────────────────────────────────────────────────────

    def _title(self) -> tuple[str, str]:
        if not self.comments:
            return "", ""
        *before, (_, said) = self.comments
        self.comments = before
        self._flush()
        number = _NUMBER.match(said)
        return said[number.end() :] if number else said, number["label"] if number else ""

    def _comment(self, at: int, said: str) -> None:
        if not said or not re.search(r"\w", said):
            return
        expected = _EXPECTED.match(said)
        last = self.made[-1] if self.made else None
        if expected and not self.comments and last is not None and last.kind == "command":
            words = f"{last.expected}\n{(expected['said'] or said).strip()}".strip()
            self.made[-1] = msgspec.structs.replace(last, expected=words)
            return
        if expected and self.comments:
            number, title = self.comments.pop()
            self._flush()
            self.made.append(self._piece("manual", title, number, number, expected=expected["said"].strip()))
            return
        if _OR.match(said):
            if not self.branch:
                self._first_branch()
            self.branches += 1
            self.branch = f"{self.branches + 1}"
        self.comments.append((at, said))

    def _first_branch(self) -> None:
        for number in range(len(self.made) - 1, -1, -1):
            if self.made[number].kind == "command":
                self.made[number] = msgspec.structs.replace(self.made[number], branch="1")
                break

    def _flush(self) -> None:
        if self.inside:
            return  # they title what is typed next
        for at, said in self.comments:
            if looks_like_command(said) or _NOTE.match(said):
                self.made.append(self._piece("note", said, at, at))
            else:
                number = _NUMBER.match(said)
                self.made.append(self._piece("manual", said[number.end() :] if number else said, at, at))
        self.comments = []


def _is_surely_command(line: str) -> bool:
    """Whether a line is shell although the fence is labelled as another language."""
    words = line.split()
    if len(words) < 2 or words[0] not in said_by.PROGRAMS | {"sudo"} or not looks_like_command(line):
        return False
    if re.match(
        r"(?:if|for|while|until|case|function|type|export|local|let|test|set|read|import|echo|true|false|return)$",
        words[0],
    ):
        return False
    return not re.search(r"[:;{(,]$|^\S+ [=:]|^\S+\(| = ", line)
