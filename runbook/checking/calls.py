"""The programs that a shell text calls, as the rules see them: wrappers taken off, options told from words."""

from __future__ import annotations

import re
import shlex

import msgspec

from runbook.steps.effect_tables import ALIASES, GLOBAL_VALUES, SHELL_PROGRAMS, WRAPPER_VERBS, WRAPPERS
from runbook.steps.effects import simple_commands
from runbook.steps.shell_tokens import Unbalanced

DEPTH = 4
"""Shells inside shells that are looked into."""
SSH_VALUES = "-p -i -l -o -F -J -L -R -D -b -c -e -m -O -Q -S -W -w"
EXEC_VALUES = "-e --env -u --user -w --workdir --name -v -p --network -c --container"


class Call(msgspec.Struct, frozen=True):
    """One program with its arguments. `via` names what it is wrapped in, outermost first (`sudo`, `npx`, `watch`)."""

    program: str
    args: tuple[str, ...]
    via: tuple[str, ...] = ()
    into: str = ""
    """The program that reads its output through a pipe, with its arguments; empty without one."""
    redirected: bool = False
    """Whether its output goes to a file."""
    substituted: bool = False
    """Whether it stands in `$(…)`, where another command uses what it prints."""
    carries: bool = False
    """Whether it only starts another program, which is a call of its own here (`npx`, `ssh`, `bash -c`)."""
    ends: str = ""
    """The operator behind it: `&&`, `||`, `|`, `;` or the end of a line."""
    place: str = ""
    """The program as it is written, where that is a path: `./rollback.sh`."""

    def has(self, *flags: str) -> bool:
        """Whether one of the options was given: `--long`, `--long=value`, `-s` alone or in a cluster."""
        return any(_is_flag(word, flag) for word in self.args for flag in flags)

    def value(self, *flags: str) -> str:
        """The value of an option, as `--x=v`, `--x v` or `-xv`; empty where it was not given."""
        for number, word in enumerate(self.args):
            for flag in flags:
                if word == flag:
                    return self.args[number + 1] if number + 1 < len(self.args) else ""
                if word.startswith(flag + "=") or (not flag.startswith("--") and word.startswith(flag)):
                    return word[len(flag) :].removeprefix("=")
        return ""

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments that are neither options nor the values of the program's global options."""
        valued, found, skip = GLOBAL_VALUES.get(self.program, "").split(), [], False
        for word in self.args:
            if not skip and not word.startswith("-"):
                found.append(word)
            skip = not skip and word in valued
        return tuple(found)

    @property
    def line(self) -> str:
        """Program and words, without options: what tables are matched against."""
        return " ".join((self.program, *self.words))

    @property
    def text(self) -> str:
        return shlex.join((self.program, *self.args))

    def says(self, pattern: str) -> bool:
        """Whether program and words begin like this."""
        return re.match(rf"(?:{pattern})(?:\s|$)", self.line) is not None


def calls(text: str) -> tuple[Call, ...]:
    """Every program call of a text, in order, those inside other shells too; none where it cannot be parsed."""
    return tuple(_calls(text, (), DEPTH, substituted=False))


def _calls(text: str, via: tuple[str, ...], depth: int, *, substituted: bool) -> list[Call]:
    try:
        commands = simple_commands(text) if depth else ()
    except Unbalanced:
        return []
    found: list[Call] = []
    for number, command in enumerate(commands):
        into = ""
        if command.ends in ("|", "|&") and number + 1 < len(commands):
            reader = commands[number + 1].words
            into = " ".join((_name(reader[0]), *reader[1:])) if reader else "while"
        for inner in command.inner:
            found += _calls(inner, via, depth - 1, substituted=True)
        if command.words:
            made = Call(
                program="",
                args=(),
                via=via,
                into=into,
                redirected=any(not target.startswith("/dev/std") for target in command.writes),
                substituted=substituted,
                ends=command.ends,
            )
            found += _unwrapped(command.words, made, depth)
    return found


def _unwrapped(words: tuple[str, ...], made: Call, depth: int) -> list[Call]:
    """The call itself and, where it starts another one, what it starts; a mere prefix such as `sudo` is left out."""
    program = _name(words[0])
    place = words[0] if "/" in words[0] else ""
    own = msgspec.structs.replace(made, program=program, args=words[1:], place=place)
    inside = msgspec.structs.replace(made, via=(*made.via, program))
    carried = _carried(own, inside, depth - 1) if depth else []
    if not carried:
        return [own]
    if program in WRAPPERS and program not in ("npx", "xargs", "watch", "parallel"):
        return carried
    return [msgspec.structs.replace(own, carries=True), *carried]


def _carried(own: Call, inside: Call, depth: int) -> list[Call]:
    """The calls that a call starts in turn: those in its words, or in the shell text that it is given."""
    program, rest = own.program, list(own.args)
    text, words = "", []
    if program in WRAPPERS:
        words = _past_options(program, rest)
        if program in ("watch", "parallel"):
            text, words = " ".join(words), []
    elif program == "eval":
        text = " ".join(rest)
    elif program in SHELL_PROGRAMS:
        flag = next((n for n, word in enumerate(rest) if re.fullmatch(r"-\w*c|--command", word)), -1)
        text = rest[flag + 1] if 0 <= flag < len(rest) - 1 else ""
    elif program == "ssh":
        text = " ".join(_plain(rest, SSH_VALUES)[1:])
    elif program in ("railway", "heroku", "doppler") and own.words[:1] == ("run",):
        words = [word for word in rest[rest.index("run") + 1 :] if word != "--"]
    elif program in ("kubectl", "docker", "docker-compose") and {"exec", "run"} & set(own.words[:2]):
        at = next(n for n, word in enumerate(rest) if word in ("exec", "run"))
        words = rest[rest.index("--") + 1 :] if "--" in rest else _plain(rest[at + 1 :], EXEC_VALUES, stop=True)[1:]
    if text:
        return _calls(text, inside.via, depth, substituted=own.substituted)
    return _unwrapped(tuple(words), inside, depth) if words else []


def _past_options(program: str, rest: list[str]) -> list[str]:
    valued = WRAPPERS[program].split()
    while rest and (rest[0].startswith("-") or (program == "env" and "=" in rest[0])):
        option, *rest = rest
        if option == "--":
            break
        if option in valued:
            rest = rest[1:]
    if program == "timeout" or (rest and rest[0] == WRAPPER_VERBS.get(program)):
        rest = rest[1:]
    return rest[1:] if rest[:1] == ["--"] else rest


def _plain(words: list[str], valued: str, *, stop: bool = False) -> list[str]:
    """The words that are no options nor their values; with `stop`, everything from the second one on as it is."""
    found: list[str] = []
    skip, options = False, valued.split()
    for number, word in enumerate(words):
        if stop and len(found) == 1:
            return found + words[number:]
        if not skip and not word.startswith("-"):
            found.append(word)
        skip = not skip and word in options
    return found


def _name(word: str) -> str:
    name = re.sub(r"(?<=.)@[\w.^~-]+$", "", word.rpartition("/")[2])
    return ALIASES.get(name, name)


def _is_flag(word: str, flag: str) -> bool:
    if word == flag or word.startswith(flag + "="):
        return True
    clustered = len(flag) == 2 and flag[0] == "-" and re.fullmatch(r"-[A-Za-z]+", word) is not None
    return clustered and flag[1] in word
