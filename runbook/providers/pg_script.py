"""The statements of an SQL script: told apart as psql does, and what each of them does to a database."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from runbook.model import Record

_TOKEN = re.compile(
    r"""--[^\n]*                              # a comment
      | /\*.*?(?:\*/|\Z)
      | (?:[eE]'(?:\\.|''|[^'\\])*(?:'|\Z))   # a literal, with escapes, plain, or between dollars
      | '(?:''|[^'])*(?:'|\Z)
      | "(?:""|[^"])*(?:"|\Z)
      | (\$(?:[A-Za-z_]\w*)?\$).*?(?:\1|\Z)
      | ^\\[^\n]*                             # psql's own
      | ;""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_COPY_IN = re.compile(r"copy\b.*\bfrom\s+stdin\b", re.IGNORECASE | re.DOTALL)
_READS = frozenset(
    [
        "select",
        "show",
        "explain",
        "with",
        "values",
        "table",
        "begin",
        "start",
        "commit",
        "end",
        "rollback",
        "set",
        "reset",
        "savepoint",
        "release",
    ]
)
_ACTING = re.compile(
    r"\b(pg_terminate_backend|pg_cancel_backend|setval|nextval|lo_unlink|lo_import|pg_reload_conf|dblink_exec)\s*\("
    r"|\b(insert\s+into|update\s+\S+\s+set|delete\s+from|merge\s+into)\b|\binto\s+(?!stdin)\w+\s+from\b",
    re.IGNORECASE,
)
_LOSES = re.compile(
    r"(?P<table>drop\s+(?:table|schema|materialized\s+view|database|type|sequence|owned)\b)"
    r"|(?P<truncate>truncate\b)|(?P<delete>delete\s+from\b)|(?P<update>update\b)"
    r"|(?P<column>alter\s+table\b.*\bdrop\s+(?!constraint|default|not\b|identity|expression)\w+)"
    r"|(?P<kind>alter\s+table\b.*\balter\s+(?:column\s+)?\S+\s+(?:set\s+data\s+)?type\b)",
    re.IGNORECASE | re.DOTALL,
)
_RENAME = re.compile(r'alter\s+database\s+("(?:[^"]|"")+"|\w+)\s+rename\s+to\s+("(?:[^"]|"")+"|\w+)', re.IGNORECASE)
_CREATE = re.compile(r'create\s+database\s+("(?:[^"]|"")+"|\w+)', re.IGNORECASE)
_DROP = re.compile(r'drop\s+database\s+(?:if\s+exists\s+)?("(?:[^"]|"")+"|\w+)', re.IGNORECASE)


class Script(Record, frozen=True):
    """What a script does: its changing statements, and those that lose rows or columns."""

    statements: tuple[str, ...]
    changing: tuple[str, ...]
    losing: tuple[str, ...]
    transaction: bool
    """Whether it opens a transaction itself."""

    @property
    def told(self) -> str:
        """`3 statements that change something: 2 alter table, 1 delete`."""
        kinds = Counter(_kind(one) for one in self.changing)
        listed = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common(5))
        number = len(self.changing)
        return f"{number} statement{'s that change' if number != 1 else ' that changes'} something: {listed}"

    @property
    def renames(self) -> tuple[tuple[str, str], ...]:
        """Databases that get another name, in order."""
        found = [_RENAME.match(one) for one in self.changing]
        return tuple((bare(one[1]), bare(one[2])) for one in found if one)

    @property
    def creates(self) -> tuple[str, ...]:
        return tuple(bare(one[1]) for one in map(_CREATE.match, self.changing) if one)

    @property
    def drops(self) -> tuple[str, ...]:
        return tuple(bare(one[1]) for one in map(_DROP.match, self.changing) if one)

    @property
    def connects(self) -> tuple[str, ...]:
        """Where it goes on by psql's own `\\connect`."""
        return tuple(one.partition(" ")[2] for one in self.statements if re.match(r"\\c(onnect)?\s", one))

    @property
    def ends_sessions(self) -> bool:
        return any("pg_terminate_backend" in one.lower() for one in self.changing)


def script(text: str) -> Script:
    """A script read; never raises."""
    found = tuple(_statements(text))
    changing = tuple(one for one in found if _changes(one))
    return Script(
        statements=found,
        changing=changing,
        losing=tuple(one for one in changing if _LOSES.match(one)),
        transaction=any(re.match(r"(begin|start\s+transaction)\b", one, re.IGNORECASE) for one in found),
    )


def bare(name: str) -> str:
    """An identifier as the server keeps it: folded to lower case, unless it is quoted."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def _statements(text: str) -> Iterator[str]:
    begin, parts = 0, list[str]()
    place = 0
    while place < len(text):
        token = _TOKEN.search(text, place)
        end = token.start() if token else len(text)
        parts.append(text[begin:end])
        if token is None:
            break
        said = token[0]
        begin = place = max(token.end(), place + 1)
        if said == ";" or said.startswith("\\"):
            if statement := " ".join("".join(parts).split()):
                yield statement
                if said == ";" and _COPY_IN.match(statement):
                    over = re.compile(r"^\\\.$", re.MULTILINE).search(text, place)
                    begin = place = over.end() if over else len(text)
            parts = []
            if said.startswith("\\") and said.strip() != "\\.":
                yield said.strip()
        elif not said.startswith(("--", "/*")):
            parts.append(said)
        else:
            parts.append(" ")
    if rest := " ".join("".join(parts).split()):
        yield rest


def _changes(statement: str) -> bool:
    verb = statement.split(maxsplit=1)[0].lower().strip("(")
    if verb.startswith("\\"):
        return verb in ("\\i", "\\ir", "\\include", "\\copy", "\\!", "\\gexec", "\\o")
    if verb == "copy":
        return not re.search(r"\bto\s+(stdout|program|')", statement, re.IGNORECASE)
    if verb == "explain" and not re.search(r"\banalyze\b", statement, re.IGNORECASE):
        return False
    return verb not in _READS or _ACTING.search(statement) is not None


def _kind(statement: str) -> str:
    words = statement.lower().split()
    if words[0] in ("alter", "create", "drop", "comment", "refresh") and len(words) > 1:
        return f"{words[0]} {words[1]}"
    return "insert" if words[0] == "copy" else words[0]
