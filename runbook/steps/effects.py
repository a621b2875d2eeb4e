"""What a command would do (`read`, `change`, `destroy`) and whether it returns by itself: tables, and a reader for them.

In doubt the answer goes up: an unknown program changes something, a pipeline is as bad as its worst part,
and what cannot be parsed is at least a change. To widen it, add to a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from runbook.model import Effect, worst_effect
from runbook.steps.effect_tables import (
    ALIASES,
    ALWAYS_READ,
    CHANGE,
    CONSOLES,
    DATABASE,
    DESTROY,
    DESTROY_WORD,
    FOLLOW,
    GLOBAL_VALUES,
    INTERACTIVE,
    PRODUCTION,
    READ,
    READ_WORD,
    READS_SHELL,
    RESTORES,
    SHELL_PROGRAMS,
    SQL_ACTS,
    SQL_CLIENTS,
    SQL_DESTROYS,
    SQL_READS,
    WRAPPER_VERBS,
    WRAPPERS,
)
from runbook.steps.values import RESERVED, Token, Unbalanced, tokens

Kind = Literal["run", "follow", "interactive"]

# ── reading a command ─────────────────────────────────────────────────────────────────────────────


class Simple(msgspec.Struct, frozen=True):
    """One simple command of a text: its words, where its input and output go, what ends it."""

    words: tuple[str, ...]
    writes: tuple[str, ...] = ()
    fed: bool = False
    inner: tuple[str, ...] = ()
    ends: str = ""


PLACEHOLDER = re.compile(r"<[A-Za-z_][\w]*(?:[ ./:-]\w+)*>(?![\w/.$~&])")


def simple_commands(text: str) -> list[Simple]:
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
            read = (body,) if _runs(found[-1].words, READS_SHELL) else token.inner
            found[-1] = msgspec.structs.replace(found[-1], inner=found[-1].inner + read)
        elif token.kind in ("word", "redirect"):
            group.append(token)
    return found


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


def _unwrapped(words: tuple[str, ...]) -> Iterator[tuple[str, ...] | str]:
    """The command itself, and what it would run in turn: words, or shell text."""
    yield words
    program, rest = _name(words[0]), list(words[1:])
    if program in WRAPPERS:
        options = WRAPPERS[program].split()
        while rest and (rest[0].startswith("-") or (program == "env" and "=" in rest[0])):
            option = rest.pop(0)
            if program == "npx" and option in ("-c", "--call") and rest:
                yield rest[0]
            if option in options and rest and option != "--":
                rest.pop(0)
        if program == "timeout" or (rest and rest[0] == WRAPPER_VERBS.get(program)):
            rest = rest[1:]
        if rest and rest[0] == "--":
            rest = rest[1:]
        if rest:
            yield " ".join(rest) if program in ("watch", "parallel") else tuple(rest)
    elif program in SHELL_PROGRAMS:
        flag = next((n for n, word in enumerate(rest) if re.fullmatch(r"-\w*c|--command", word)), -1)
        if 0 <= flag < len(rest) - 1:
            yield rest[flag + 1]
    elif program == "eval":
        yield " ".join(rest)
    elif program == "ssh":
        skipped = _positionals(tuple(rest), "-p -i -l -o -F -J -L -R -D -b -c -e -m -O -Q -S -W -w")
        if skipped[1:]:
            yield " ".join(skipped[1:])
    elif program in (
        "find",
        "kubectl",
        "oc",
        "docker",
        "podman",
        "docker-compose",
        "railway",
        "heroku",
        "fly",
        "doppler",
    ):
        marks = ("--", "-exec", "-execdir") if program != "docker" else ("exec", "run")
        at = next((n for n, word in enumerate(rest) if word in marks), -1)
        if program in ("docker", "podman", "docker-compose") and at >= 0 and rest[at] in marks:
            yield tuple(
                _positionals(tuple(rest[at + 1 :]), "-e --env -u --user -w --workdir --name -v -p --network")[1:]
            )
        elif at >= 0:
            yield tuple(word for word in rest[at + 1 :] if word not in ("{}", "+", ";"))
        elif program in ("railway", "heroku") and rest[:1] == ["run"]:
            yield tuple(rest[1:])


def _name(word: str) -> str:
    name = word.rpartition("/")[2]
    name = re.sub(r"(?<=.)@[\w.^~-]+$", "", name)  # `vercel@64`
    return ALIASES.get(name, name)


def _positionals(words: tuple[str, ...], valued: str) -> list[str]:
    """The words that are neither options nor the values of options, up to and without `--`."""
    found, skip, options = [], False, valued.split()
    for word in words:
        if not skip and not word.startswith("-"):
            found.append(word)
        skip = not skip and word in options
    return found


def _line(words: tuple[str, ...]) -> str:
    """A command for the tables: its program's name and its words, without the values of global options."""
    program = _name(words[0])
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
        kept.append(word)
    return " ".join(kept)


# ── effects ───────────────────────────────────────────────────────────────────────────────────────


def names_production(text: str) -> bool:
    """Whether the text itself says `production` (or prod, prd) as a word."""
    return PRODUCTION.search(text) is not None


def infer(text: str) -> Effect:
    """What running this text does to the world at worst, as far as its words tell."""
    try:
        commands = simple_commands(text)
    except Unbalanced:
        words = tuple(re.sub(r"[\"'`();&|]", " ", text).split())
        return worst_effect((Effect.CHANGE, *(_effect(words[n:], fed=True) for n in range(len(words)))))
    effect = worst_effect(tuple(_whole(command) for command in commands))
    clients = any(_runs(command.words, SQL_CLIENTS) for command in commands)
    if clients and SQL_DESTROYS.search(text):
        effect = Effect.DESTROY
    if effect is Effect.CHANGE and names_production(text) and DATABASE.search(text):
        effect = Effect.DESTROY
    if clients and effect is Effect.CHANGE and RESTORES.search(text) and re.search(r"<|\||\s-f|--file", text):
        effect = Effect.DESTROY
    return effect


def _whole(command: Simple) -> Effect:
    """A simple command with its redirections and substitutions."""
    parts = [infer(inner) for inner in command.inner]
    if command.words:
        parts.append(_effect(command.words, command.fed))
    for target in command.writes:
        if re.match(r"/dev/(?!null|stdout|stderr|tty|fd/)", target):
            parts.append(Effect.DESTROY)
        elif not re.match(r"/dev/|\$\{?WARROOM_DIR\b", target):
            parts.append(Effect.CHANGE)
    return worst_effect(tuple(parts))


def _effect(words: tuple[str, ...], fed: bool) -> Effect:
    own, *carried = _unwrapped(words)
    assert isinstance(own, tuple)
    runs_another = [infer(text) if isinstance(text, str) else _effect(text, fed) for text in carried if text]
    return worst_effect((_own_effect(own, fed, bool(runs_another)), *runs_another))


def _own_effect(words: tuple[str, ...], fed: bool, carries: bool) -> Effect:
    program, line = _name(words[0]), _line(words)
    if _matches(DESTROY, line):
        return Effect.READ if _is_dry(program, words) else Effect.DESTROY
    exec_only = re.match(
        r"find .*-exec|(kubectl|docker|docker compose|docker-compose|heroku|railway) (exec|run)\b", line
    )
    if carries and (program in WRAPPERS or program in SHELL_PROGRAMS or program in ("eval", "ssh") or exec_only):
        return Effect.READ if not line.startswith("docker run") else Effect.CHANGE
    if _matches(CHANGE, line):
        return Effect.CHANGE
    if _only_looks(program, words, fed):
        return Effect.READ
    if program not in ("git", *SQL_CLIENTS, "curl", "wget") and any(DESTROY_WORD.search(word) for word in words):
        return Effect.DESTROY
    return Effect.CHANGE


def _only_looks(program: str, words: tuple[str, ...], fed: bool) -> bool:
    if program in ALWAYS_READ or _is_dry(program, words):
        return True
    if set(words[1:]) & {"--version", "--help"} or words[1:] in (("-V",), ("version",), ("help",)):
        return True
    special = {"git": _git_looks, "curl": _curl_looks, "wget": _wget_looks, "tee": _tee_looks}.get(program)
    if special and special(words):
        return True
    if program in SQL_CLIENTS:
        return _sql_looks(words, fed)
    given = _positionals(words[1:], GLOBAL_VALUES.get(program, ""))
    if program in READ_WORD and any(re.fullmatch(READ_WORD[program], word) for word in given):
        return not any(DESTROY_WORD.search(word) for word in given)
    options = [word for word in words[1:] if word.startswith("-")]
    said = " ".join(given).lower() if program == "redis-cli" else " ".join(given)
    for phrase in READ.get(program, "").split(", "):
        if phrase == "*" or phrase in options or ((said + " ").startswith(phrase + " ") and phrase):
            return True
    return False


def _is_dry(program: str, words: tuple[str, ...]) -> bool:
    """Whether the program is asked only to say what it would do."""
    if program in ("git", "rsync"):
        return "--dry-run" in words or ("-n" in words and words[1:2] in (("push",), ("clean",)))
    if program in ("kubectl", "helm"):
        return any(re.fullmatch(r"--dry-run(=(client|server|true))?", word) for word in words)
    return program in ("aws", "npm", "terraform") and bool({"--dry-run", "--dryrun"} & set(words))


def _git_looks(words: tuple[str, ...]) -> bool:
    verb, *rest = _line(words).split()[1:] or ["help"]
    plain = [word for word in rest if not word.startswith("-")]
    lists = r"-l|--list\S*|-n\d*|--contains\S*|--no-contains|--points-at\S*|--merged\S*|--no-merged\S*|-v|--verify|--show-current"
    if verb in ("tag", "branch"):
        return (not plain and not (set(rest) & {"-m", "-d", "-c"})) or any(re.fullmatch(lists, word) for word in rest)
    if verb == "remote":
        return not plain
    if verb == "config":
        return (len(plain) == 1 and not re.search(r"--(unset|add|replace|remove|edit|rename)", " ".join(rest))) or any(
            re.match(r"--(get|list)|-l$", word) for word in rest
        )
    if verb == "symbolic-ref":
        return len(plain) == 1 and not set(rest) & {"-d", "--delete"}
    if verb == "reflog":
        return not plain or plain[0] not in ("expire", "delete")
    return False


def _curl_looks(words: tuple[str, ...]) -> bool:
    """GET or HEAD, and the answer goes to the terminal."""
    rest = words[1:]
    for number, word in enumerate(rest):
        following = rest[number + 1] if number + 1 < len(rest) else ""
        if found := re.fullmatch(r"(?:-\w*X|--request)=?(.*)", word):
            if (found[1] or following).upper() not in ("GET", "HEAD"):
                return False
        elif re.match(r"--(data|form|json|upload-file|remote-name|output-dir|config|quote)|-[dFTOKQ]", word):
            return bool({"-G", "--get"} & set(rest)) and word.startswith(("-d", "--data"))
        elif found := re.fullmatch(r"(?:-[a-zA-Z]*o|--output)=?(.*)", word):
            if not re.match(r"/dev/(null|stdout)|-$|\$\{?WARROOM_DIR", found[1] or following):
                return False
        elif re.fullmatch(r"-[a-zA-Z]*[dFTOK]", word) and not word.startswith("--"):
            return False
    return True


def _wget_looks(words: tuple[str, ...]) -> bool:
    said = " ".join(words)
    return bool(re.search(r"--spider|-\w*O ?(-|/dev/null)(\s|$)", said)) and not re.search(
        r"--(post|method|body)", said
    )


def _tee_looks(words: tuple[str, ...]) -> bool:
    return all(re.match(r"-|/dev/(null|stdout|stderr)|\$\{?WARROOM_DIR", word) for word in words[1:])


def _sql_looks(words: tuple[str, ...], fed: bool) -> bool:
    """Every statement given on the command line is a plain question, and there is no other input."""
    asked = [
        words[n + 1] for n, word in enumerate(words[:-1]) if re.fullmatch(r"-\w*[ce]|--command|--execute|--eval", word)
    ]
    asked += [word.partition("=")[2] for word in words if re.match(r"--(command|execute)=", word)]
    if _name(words[0]) == "sqlite3":
        asked += list(words[2:])
    if {"-l", "--list"} & set(words):
        return True
    if fed or not asked or any(re.match(r"-\w*f$|--file", word) for word in words):
        return False
    statements = [part for text in asked for part in text.split(";") if part.strip()]
    return all(SQL_READS.match(part) and not SQL_ACTS.search(part) for part in statements)


def _runs(words: tuple[str, ...], programs: frozenset[str]) -> bool:
    return any(_name(word) in programs for text in words for word in text.split()[:40])


def _matches(patterns: tuple[str, ...], line: str) -> bool:
    return any(re.match(pattern, line) for pattern in patterns)


# ── kinds ─────────────────────────────────────────────────────────────────────────────────────────


def kind(text: str) -> Kind:
    """Whether a text returns by itself (`run`), goes on for ever (`follow`), or wants a terminal (`interactive`)."""
    try:
        commands = simple_commands(text)
    except Unbalanced:
        return "run"
    if re.search(r"\bwhile +(true|:|\[ *1 *\]) *[;\n]|\buntil +false\b", text) and "break" not in text:
        return "follow"
    found: set[Kind] = set()
    for number, command in enumerate(commands):
        if not command.words or command.ends == "&":
            continue
        one = _kind(command.words, command.fed)
        reader = commands[number + 1].words if command.ends == "|" and number + 1 < len(commands) else ()
        if one == "follow" and reader and re.match(r"head\b|grep .*(-\w*q|-m)", _line(reader)):
            one = "run"
        if one == "interactive" and command.ends == "|" and _name(command.words[0]) in ("less", "more", "man"):
            one = "run"
        found.add(one)
    return "interactive" if "interactive" in found else "follow" if "follow" in found else "run"


def _kind(words: tuple[str, ...], fed: bool) -> Kind:
    program, line = _name(words[0]), _line(words)
    if program == "timeout":
        return "run"
    if _matches(INTERACTIVE, line):
        return "interactive"
    if _matches(FOLLOW, line):
        return "follow"
    _own, *carried = _unwrapped(words)
    for text in carried:
        inner = kind(text) if isinstance(text, str) else _kind(text, fed) if text else "run"
        if inner != "run":
            return inner
    if program == "ssh":
        return "run" if carried or fed else "interactive"
    if program in CONSOLES and not fed:
        given = words[1:] if program != "redis-cli" else tuple(_positionals(words[1:], GLOBAL_VALUES[program]))
        return "run" if any(re.fullmatch(CONSOLES[program], word) for word in given) else "interactive"
    return "run"
