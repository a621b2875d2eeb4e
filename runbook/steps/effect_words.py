"""The words of a command: its simple commands, the program of each, and what that program would run in turn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import msgspec

from runbook.steps.effect_tables import (
    ALIASES,
    ANSIBLE_SHELLS,
    CARRIERS,
    GLOBAL_VALUES,
    INTERPRETERS,
    PACKAGE_VERBS,
    POWERSHELLS,
    READS_SHELL,
    SHELL_PROGRAMS,
    WRAPPER_VERBS,
    WRAPPERS,
)
from runbook.steps.shell_tokens import Token, tokens
from runbook.steps.values import RESERVED

SSH_VALUES = "-p -i -l -o -F -J -L -R -D -b -c -e -m -O -Q -S -W -w"
EXEC_VALUES = "-e --env -u --user -w --workdir --name -v -p --network -c --container --index --env-file"


class Simple(msgspec.Struct, frozen=True):
    """One simple command of a text: its words, where its input and output go, what ends it."""

    words: tuple[str, ...]
    writes: tuple[str, ...] = ()
    fed: bool = False
    inner: tuple[str, ...] = ()
    ends: str = ""


_NAMED = r"<[A-Za-z_]\w*(?:(?:[ ./:,|-]|, )[\w()#]+)*>"
PLACEHOLDER = re.compile(rf"{_NAMED}(?![\w$~&]|\.(?!\w)|/(?:dev|tmp)/)|(?<=[A-Za-z_/.:=@,-]){_NAMED}")
"""`<name>` where it stands for a value; `<in >out` and `<in>out` are redirections."""


@lru_cache(maxsize=64)
def simple_commands(text: str) -> tuple[Simple, ...]:
    """The simple commands of shell text, in order. Raises Unbalanced."""
    masked = PLACEHOLDER.sub(lambda found: "X" + re.sub(r"\W", "_", found[0][1:-1]) + "X", text)
    found: list[Simple] = []
    group: list[Token] = []
    for token in [*tokens(masked), Token("newline", len(text), len(text), "\n")]:
        if token.kind in ("operator", "newline"):
            if group:
                found.append(_simple(group, token.plain, piped=bool(found) and found[-1].ends in ("|", "|&")))
            elif found and token.plain in ("|", "|&"):
                found[-1] = msgspec.structs.replace(found[-1], ends=token.plain)
            group = []
        elif token.kind == "heredoc" and found:
            body = masked[token.start : token.end].rstrip("\n").rpartition("\n")[0]
            read = (body,) if runs(found[-1].words, READS_SHELL) else token.inner
            found[-1] = msgspec.structs.replace(found[-1], inner=found[-1].inner + read)
        elif token.kind in ("word", "redirect"):
            group.append(token)
    return tuple(found)


def _simple(group: list[Token], ends: str, piped: bool) -> Simple:
    words: list[str] = []
    writes: list[str] = []
    fed, opened = piped, ""
    for token in group:
        if token.kind == "redirect":
            opened = token.plain.lstrip("0123456789")
            fed = fed or opened.startswith("<")
        elif opened:
            if ">" in opened and not (opened == ">&" and (token.plain.isdigit() or token.plain == "-")):
                writes.append(token.plain)
            opened = ""
        else:
            words.append(token.plain)
    while words and (words[0] in RESERVED | {"{", "}", "!"} or re.match(r"[A-Za-z_]\w*(\[.*\])?\+?=", words[0])):
        if words.pop(0) in ("for", "case", "select", "function"):
            words = []
    inner = tuple(text for token in group for text in token.inner)
    return Simple(words=tuple(words), writes=tuple(writes), fed=fed, inner=inner, ends=ends)


# ── programs ──────────────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=4096)
def name(word: str) -> str:
    """What the tables call the program that is started by this word."""
    last = word.replace("\\", "/").rpartition("/")[2]
    last = re.sub(r"(?<=.)@[\w.^~-]+$", "", last)  # `vercel@64`
    last = re.sub(r"(?i)\.exe$", "", last)
    return ALIASES.get(last, last)


def called(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words as if a script were started without its interpreter: `python manage.py x` is `manage.py x`."""
    program, rest = name(words[0]), list(words[1:])
    if program not in INTERPRETERS:
        return words
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option == "-m" and program.startswith("python"):
            break
        if re.fullmatch(r"-\w*[cer]|--eval|--print|-p", option):
            return words
    return (name(rest[0]), *rest[1:]) if rest else words


_SUBSTITUTION = re.compile(r"\$\([^()]*\)|`[^`]*`")


def line_of(words: tuple[str, ...]) -> str:
    """A command for the tables: its program's name and its words, without the values of global options."""
    program = name(words[0])
    valued = GLOBAL_VALUES.get(program, "").split()
    kept, verbs = [program], 0
    rest = list(words[1:])
    while rest:
        word = rest.pop(0)
        if word.startswith("-") and not verbs and program in GLOBAL_VALUES:
            if word in valued and rest:
                rest.pop(0)
            continue
        verbs += not word.startswith("-") and word != "compose"
        kept.append(_SUBSTITUTION.sub("$X", word))
    return " ".join(kept)


def positionals(words: tuple[str, ...], valued: str) -> list[str]:
    """The words that are neither options nor the values of options."""
    found, skip, options = [], False, valued.split()
    for word in words:
        if not skip and not word.startswith("-"):
            found.append(word)
        skip = not skip and word in options
    return found


def runs(words: tuple[str, ...], programs: frozenset[str]) -> bool:
    """Whether one of these programs is named in the words, or in a text among them."""
    return any(name(word) in programs for text in words for word in text.split()[:40])


# ── what it carries ───────────────────────────────────────────────────────────────────────────────


def unwrapped(words: tuple[str, ...]) -> Iterator[tuple[str, ...] | str]:
    """The command itself, and what it would run in turn: words, or shell text."""
    yield words
    program, rest = name(words[0]), list(words[1:])
    if program in WRAPPERS:
        yield from _wrapped(program, rest)
    elif program in SHELL_PROGRAMS:
        flag = next((n for n, word in enumerate(rest) if re.fullmatch(r"-\w*c|--command", word)), -1)
        if 0 <= flag < len(rest) - 1:
            yield rest[flag + 1]
    elif program in POWERSHELLS:
        flag = next((n for n, word in enumerate(rest) if re.fullmatch(r"(?i)-c(?:ommand)?", word)), -1)
        if 0 <= flag < len(rest) - 1:
            yield " ".join(rest[flag + 1 :])
    elif program in ("Where-Object", "ForEach-Object"):
        if inside := re.search(r"[A-Za-z]+-[A-Z]\w+.*", " ".join(rest)):
            yield inside[0].rstrip("} ")
    elif program == "eval":
        yield " ".join(rest)
    elif program == "ssh":
        if remote := _past_options(_past_options(rest, SSH_VALUES)[1:], SSH_VALUES):
            yield " ".join(remote)
    elif program in PACKAGE_VERBS:
        script = _past_options(rest, "-C --dir --cwd --filter -F --prefix -w --workspace")
        if script[:1] in (["exec"], ["dlx"], ["x"]):
            yield tuple(_past_options(script[1:], ""))
        elif script and script[0] not in PACKAGE_VERBS[program].split():
            yield tuple(script)
    elif program in CARRIERS:
        yield from _carried(program, rest)
    elif "--" in rest[:-1] and {"exec", "run"} & set(rest[: rest.index("--")]):
        yield tuple(rest[rest.index("--") + 1 :])


def _wrapped(program: str, rest: list[str]) -> Iterator[tuple[str, ...] | str]:
    options = WRAPPERS[program].split()
    if program == "command" and rest[:1] in (["-v"], ["-V"]):  # only tells where the program is
        return
    while rest and (rest[0].startswith("-") or (program == "env" and "=" in rest[0])):
        option = rest.pop(0)
        if program == "env" and (text := re.fullmatch(r"(?s)(?:-[a-z0]*S|--split-string)=?(.*)", option)):
            yield " ".join(["env", text[1], *rest])
            return
        if program == "npx" and option in ("-c", "--call") and rest:
            yield rest[0]
        if option in options and rest and option != "--":
            rest.pop(0)
    if program == "timeout" or (rest and rest[0] == WRAPPER_VERBS.get(program)):
        rest = rest[1:]
        if program not in ("timeout", "op"):
            rest = _past_options(rest, "--with --env-file --group --extra")
    if rest and rest[0] == "--":
        rest = rest[1:]
    if rest:
        yield " ".join(rest) if program in ("watch", "parallel") else tuple(rest)


def _carried(program: str, rest: list[str]) -> Iterator[tuple[str, ...] | str]:
    """What is carried by the programs that can do other things too."""
    if "--" in rest[:-1] and program not in ("docker", "docker-compose"):
        yield tuple(rest[rest.index("--") + 1 :])
        return
    if program == "ansible" and module(rest) not in ANSIBLE_SHELLS:
        return
    marks = CARRIERS[program].split()
    at = next((n for n, word in enumerate(rest) if word.partition("=")[0] in marks), -1)
    if at < 0:
        return
    mark, given = rest[at], rest[at + 1 :]
    if mark.startswith("-exec"):
        yield tuple(word for word in given if word not in ("{}", "+", ";"))
    elif mark.startswith("-"):
        yield mark.partition("=")[2] if "=" in mark else " ".join(given[:1])
    elif program in ("docker", "docker-compose", "nomad", "kubectl"):
        yield tuple(_past_options(_past_options(given, EXEC_VALUES)[1:], EXEC_VALUES))
    else:
        yield tuple(_past_options(given, "-a --app -r --remote -s --service -e --environment -p --size --type -g"))


def module(rest: list[str]) -> str:
    """The module that `ansible` is told to use, without its collection; empty where it uses its own."""
    for word, following in pairwise([*rest, ""]):
        if found := re.fullmatch(r"(?:-[bCDkKov]*m|--m[a-z-]*)=?(.*)", word):
            return (found[1] or following).rpartition(".")[2] or "?"
    return ""


def _past_options(rest: list[str], valued: str) -> list[str]:
    options = valued.split()
    while rest and rest[0].startswith("-"):
        option, *rest = rest
        if option == "--":
            break
        if option in options:
            rest = rest[1:]
    return rest
