"""What a command would do (`read`, `change`, `destroy`): tables, and a reader for them.

In doubt the answer goes up: an unknown program changes something, a pipeline is as bad as its worst part,
and what cannot be parsed is at least a change. To widen it, add to a table.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

from runbook.model import Effect, worst_effect
from runbook.steps import effect_sql as sql
from runbook.steps.effect_kinds import Kind, kind
from runbook.steps.effect_looks import asks_about_itself, only_looks
from runbook.steps.effect_tables import CARRIERS, PACKAGE_VERBS, POWERSHELLS, SHELL_PROGRAMS, WRAPPERS
from runbook.steps.effect_tables_destroy import (
    ANY,
    CHANGE,
    DESTROY,
    HARMLESS,
    IMPORTS,
    LIVE_DATA,
    NAMED_FOR,
    REMARKS,
    STRONG,
    WEAK,
)
from runbook.steps.effect_tables_read import ALWAYS_READ, FILE_PROGRAMS, ONLY_TEXT
from runbook.steps.effect_words import PLACEHOLDER, Simple, called, line_of, name, runs, simple_commands, unwrapped
from runbook.steps.shell_tokens import Unbalanced

__all__ = ["PLACEHOLDER", "Kind", "Simple", "infer", "kind", "names_production", "simple_commands"]

_PRODUCTION = r"(?i)(?<![a-z])(production|prod|prd)(?![a-z])"
_DATABASE = (
    r"(?i)(?<![a-z])(psql|mysql|maria(db)?|postgres\w*|mongo\w*|redis\w*|prisma|database\w*|db|rds|sql)(?![a-z])"
)
_HASH = r"\b[0-9a-f]{7,64}\b"
"""A commit's name may have any letters in it, `db` among them."""
_COPIES = (
    r"(?i)\b(addons:create|pg:psql|pg:backups:capture|(backups?|snapshots?|replica) create|create-\S*(snapshot|backup|replica)\S*"
    r"|pg_dump\w*|mysqldump|mongodump)\b"
)
"""Making a copy of a database, or a prompt to it: no reason to fear for production's."""
_RESTORES = r"(?i)dump|backup|\bbak\b|restore|snapshot|rollback|revert|\bdown\b|\.gz\b|\.xz\b|\.zst\b"

_SPAN = 24
"""Words that are read as one call, from each word on, where quotes do not tell calls apart: all of them would take
time in the square of the text."""


def names_production(text: str) -> bool:
    """Whether the text itself says `production` (or prod, prd) as a word."""
    return re.search(_PRODUCTION, text) is not None


_ONLY_NAMES = ("iptables", "ip6tables", "cp", "mkdir", "touch")
"""Programs that take back nothing by what a word of theirs is called: `mkdir migrations/20261128_drop_note`."""


def without_names(text: str) -> str:
    """A text without the names of places and files that would count: of a value, they were known to its author."""
    return re.sub(_RESTORES, "file", re.sub(_PRODUCTION, "place", text))


def infer(text: str) -> Effect:
    """What running this text does to the world at worst, as far as its words tell."""
    try:
        commands = simple_commands(text)
    except Unbalanced:
        words = tuple(re.sub(r"[\"'`();&|]", " ", text).split())
        spans = (words[start : start + _SPAN] for start in range(len(words)))
        return worst_effect((Effect.CHANGE, *(_effect(span, fed=True) for span in spans)))
    effect = worst_effect(tuple(_whole(command) for command in commands))
    clients = any(runs(command.words, sql.CLIENTS) for command in commands)
    if clients and sql.destroys(text):
        effect = Effect.DESTROY
    if effect is Effect.CHANGE and names_production(text) and re.search(_DATABASE, re.sub(_HASH, "", text)):
        effect = Effect.CHANGE if re.search(_COPIES, text) else Effect.DESTROY
    if clients and effect is Effect.CHANGE and re.search(_RESTORES, text) and re.search(r"<|\||\s-f|--file", text):
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
    if (script := called(words)) != words:
        return _effect(script, fed)
    own, *carried = unwrapped(words)
    assert isinstance(own, tuple)
    runs_another = [infer(text) if isinstance(text, str) else _effect(text, fed) for text in carried if text]
    return worst_effect((_own_effect(own, fed, bool(runs_another)), *runs_another))


def _own_effect(words: tuple[str, ...], fed: bool, carries: bool) -> Effect:
    words = _without_remarks(words)
    program, line = name(words[0]), line_of(words)
    known = program if program in DESTROY else re.sub(r"\.(sh|bat|cmd|py|js|ts)$", "", program)
    if any(sql.is_statement(word) for word in words):
        line = line_of(tuple("SQL" if sql.is_statement(word) else word for word in words))
    if _says(DESTROY, known, line, carries):
        return Effect.READ if is_dry(program, words) else Effect.DESTROY
    if carries and _only_carries(program, line):
        return Effect.READ
    if _says(CHANGE, known, line, carries):
        return Effect.CHANGE
    asked = sql.of_query(words) if program not in sql.CLIENTS | ALWAYS_READ | {"git", "gh"} else None
    if asked is None and (is_dry(program, words) or only_looks(known, words, fed)):
        return Effect.READ
    if asked is Effect.DESTROY or _is_worded_to_destroy(program, words, fed):
        return Effect.DESTROY
    return asked or Effect.CHANGE


def _without_remarks(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words without the sentences that are for people to read: `--message "drop the old one"`."""
    return words[:1] + tuple(
        "TEXT" if " " in word and re.fullmatch(REMARKS, before) else word for before, word in pairwise(words)
    )


def _only_carries(program: str, line: str) -> bool:
    """Whether a program that runs another one does nothing besides."""
    if line.startswith(("docker run", "docker compose run", "docker-compose run", "kubectl run", "kubectl debug")):
        return False
    return (
        program in WRAPPERS
        or program in SHELL_PROGRAMS
        or program in CARRIERS
        or program in PACKAGE_VERBS
        or program in POWERSHELLS
        or (program in ("eval", "ssh"))
        or " -- " in line
    )


def _is_worded_to_destroy(program: str, words: tuple[str, ...], fed: bool) -> bool:
    """Whether the words of a call without a row name what cannot be taken back."""
    if program in sql.CLIENTS or program in ("git", "curl", "wget"):
        return False
    if program not in _ONLY_NAMES and any(re.search(STRONG, word) for word in words if not sql.is_statement(word)):
        return True
    if program in FILE_PROGRAMS:
        return False
    named = [words[0]]
    for before, word in pairwise(words):
        if re.fullmatch(REMARKS, before) or re.match(HARMLESS, word) or any(blank in word for blank in " \n"):
            continue
        if not word.startswith("-") or re.search(r"=(?![./])", word):
            named.append(word)
    if any(re.search(WEAK, word) or re.search(NAMED_FOR, word) for word in named):
        return True
    return any(re.search(IMPORTS, word) for word in named) and (
        fed or any(re.search(LIVE_DATA, word) for word in named)
    )


def is_dry(program: str, words: tuple[str, ...]) -> bool:
    """Whether the program is asked only to say what it would do."""
    if program in ("git", "rsync", "rclone", "restic", "borg"):
        return "--dry-run" in words or ("-n" in words and words[1:2] in (("push",), ("clean",)))
    if program in ("kubectl", "helm"):
        return any(re.fullmatch(r"--dry-run(=(client|server|true))?", word) for word in words)
    if program in ("ansible", "ansible-playbook"):
        return bool({"--check", "-C", "--syntax-check"} & set(words))
    if words[-1] == "--help" and asks_about_itself(words):
        return True
    return program in ("aws", "npm", "terraform", "make", "wp") and bool({"--dry-run", "--dryrun"} & set(words))


def _says(table: dict[str, str], program: str, line: str, carries: bool) -> bool:
    words = line.partition(" ")[2]
    if program in table and _rows(table[program]).match(words):
        return not (carries and program in SHELL_PROGRAMS)
    return program not in ONLY_TEXT and not _is_quoted_text(program, carries) and bool(_rows(table[ANY]).match(line))


def _is_quoted_text(program: str, carries: bool) -> bool:
    """Whether what the words carry is judged for itself anyway."""
    return carries and program in WRAPPERS


@cache
def _rows(rows: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{row.strip()})" for row in rows.splitlines() if row.strip()), re.DOTALL)
