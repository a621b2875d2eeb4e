"""What SQL does: the statements that a client, or any program that takes a query, is given in its words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbook.model import Effect
from runbook.steps.effect_tables import words_of
from runbook.steps.effect_tables_sql import ASKING, ASKING_MONGO, ASKING_POSTGRES
from runbook.steps.effect_words import name

CLIENTS = words_of(
    "psql mysql mariadb sqlite3 cockroach clickhouse-client cqlsh sqlcmd bq mongosh mongo duckdb usql pgcli mycli snowsql isql sqlplus"
)
_DESTROYS = (
    r"(?i)\b(drop\s+(table|database|schema|column|index|view|materialized|role|user|type|constraint|function|trigger|owned|"
    r"sequence|extension|policy|keyspace|collection|if\s+exists)|truncate\b|delete\s+from|flashback\s+(table|database)|"
    r"restore\s+(database|table|log)|dropdatabase\(|\.drop\w*\(|\.deletemany\(|\.deleteone\(|\.remove\(|pg_drop_replication_slot|"
    r"pg_promote|reset\s+(master|slave|replica))"
)
_READS = (
    r"(?i)\s*(select|show|explain|table|values|describe|desc|with|pragma \w+$|\.(tables|schema|databases|indexes|dbinfo|integrity)|"
    r"\\(d\S*|l\+?|z|conninfo|c|x|timing|pset|n|du|s[vf]|echo|q|encoding|a|t)(\s|$)|begin|commit|rollback|end|start transaction|"
    r"set\s+(?!global|persist|@@global|password|role)|check\b|"
    r"(printjson\(|json\.stringify\()?(db\.([\w.]+|getcollection\([^)]*\)|getsiblingdb\([^)]*\)\.?\w*)\.(find|findone|count\w*|"
    r"estimateddocumentcount|stats|getindexes|distinct|aggregate|explain)\(|db\.(stats|serverstatus|version|currentop|hello|ismaster|"
    r"getcollectionnames|getcollectioninfos|printreplicationinfo|runcommand\(\W*ping|admincommand\(\W*(ping|replsetgetstatus|listdatabases|"
    r"serverstatus))|rs\.(status|conf|print\w+|ismaster|hello)|sh\.status))"
)
_ACTS = (
    r"(?i)\b(into|insert\w*|update\w*|delete\w*|alter|create\w*|grant|revoke|call|vacuum|reindex|cluster|copy|lock|setval|nextval|"
    r"dblink\w*|drop\w*|replaceone|bulkwrite|rename\w*|\$out|\$merge|findand\w+|findoneand\w+|"
    r"pg_(terminate|cancel|promote|reload|switch|drop|create|wal_replay|rotate|start|stop|advisory|logical)\w*|lo_\w+)\b|\$(out|merge)\b"
)
_MONGO = r"(?i)\s*(printjson|json|db|rs|sh)\b"
_MORE_MONGO = (
    r"[\])]\s*\(|`|\$[A-Z({]|(?<![=!<>])=(?![=>])|\+\+|--|"
    r"\.(forEach|map|filter)\((?!print(json)?\)|function\b|[^()]*=>|\(\w+\) *=>)"
)
"""A function that no name tells, a text from the shell, an assignment."""
_STATEMENT = (
    r"(?is)\s*(select\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|drop\s+\w+\s|truncate\s|alter\s+\w+\s|"
    r"create\s+(or\s+replace\s+)?(unique\s+)?(table|index|view|database|role|user|schema|function|materialized|extension)\s|"
    r"with\s+\w+\s+as\s|show\s+\w+|begin\s*;|do\s+\$|explain\s|grant\s|revoke\s|vacuum\b|use\s+\w+\s*;)"
)
_ASKS = r"query|sql|-\w*[ceq]|--(command|execute|eval|sql|query|statement)|exec|execute|db:query|dbquery|runsql"


def without_comments(text: str) -> str:
    """SQL without `-- …` and `/* … */`."""
    return re.sub(r"""(?m)(^|["';])\s*--\s.*$|/\*.*?\*/""", r"\1 ", text)


def is_statement(word: str) -> bool:
    """Whether a word is SQL by its looks."""
    return any(blank in word.strip() for blank in " \n") and re.match(_STATEMENT, without_comments(word)) is not None


def destroys(text: str) -> bool:
    """Whether there is a statement in it that throws data away."""
    return re.search(_DESTROYS, without_comments(text)) is not None


def only_reads(text: str) -> bool:
    """Whether every statement of a text is a plain question."""
    statements = [part for part in without_comments(text).split(";") if part.strip()]
    return all(
        re.match(_READS, part)
        and not re.search(_ACTS, re.sub(r"'[^']*'", "''", part))
        and not destroys(part)
        and (_only_asks_mongo(part) if re.match(_MONGO, part) else _calls_only_what_asks(part))
        for part in statements
    )


def _calls_only_what_asks(statement: str) -> bool:
    """Whether all its functions are known to tell something and to do nothing, and the shell puts no text into it."""
    texts_count = statement.count("'") % 2 or "\\'" in statement or "query_to_xml" in statement.lower()
    shown = statement if texts_count else re.sub(r"'[^']*'", "''", statement)
    if re.search(r"\$[\w({]", statement) or any(re.search(r"\s", run) for run in statement.split("`")[1:-1:2]):
        return False
    return all(called in ASKING or re.fullmatch(ASKING_POSTGRES, called) is not None for called in _called(shown))


def _called(text: str) -> Iterator[str]:
    """What stands before each opening parenthesis, with its schema. In one pass: a text may be long."""
    parts = re.findall(r""""[^"]*"|[\w$]+|\S""", text)
    for number, part in enumerate(parts):
        if part == "(" and number and re.match(r"""["\w$\]`]""", parts[number - 1]):
            start = number - 1
            while start > 1 and parts[start - 1] == ".":
                start -= 2
            yield "".join(parts[start:number]).replace('"', "").lower().removeprefix("pg_catalog.")


def _only_asks_mongo(statement: str) -> bool:
    """The same for what a MongoDB shell evaluates, where a question is an expression and may have others behind it."""
    shown = re.sub(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", "''", statement)
    names = [called.lower() for called in re.findall(r"(?<![\w$])([\w$]++)\s*+\(", shown)]
    asked = re.findall(r"(?i)(?:run|admin)command\s*\(\W*(\w*)", statement)
    return (
        all(called in ASKING_MONGO for called in names)
        and all(one.lower() in ("ping", "replsetgetstatus", "listdatabases", "serverstatus") for one in asked)
        and not re.search(_MORE_MONGO, shown)
        and not re.search(r"\$(out|merge)\b", statement)
    )


def of_client(words: tuple[str, ...], fed: bool) -> bool:
    """Whether a database client is only asked: every statement is a question, and there is no other input."""
    asked = [
        words[n + 1]
        for n, word in enumerate(words[:-1])
        if re.fullmatch(r"-\w*[ceQq]|--command|--execute|--eval|--query", word)
    ]
    asked += [word.partition("=")[2] for word in words if re.match(r"--(command|execute|eval|query)=", word)]
    if name(words[0]) in ("sqlite3", "duckdb"):
        asked += [word for word in words[2:] if not word.startswith("-")]
    if {"-l", "--list"} & set(words):
        return True
    if fed or not asked or any(re.match(r"-\w*f$|--file", word) for word in words):
        return False
    return all(only_reads(text) for text in asked)


def of_query(words: tuple[str, ...]) -> Effect | None:
    """What the SQL does that any other program is given in its words; None where there is none."""
    found: Effect | None = None
    for number, word in enumerate(words[1:], start=1):
        if not is_statement(word):
            continue
        said = without_comments(word)
        if destroys(said):
            return Effect.DESTROY
        asked = any(re.fullmatch(_ASKS, before) for before in words[1:number]) and found is not Effect.CHANGE
        found = Effect.READ if asked and only_reads(said) else Effect.CHANGE
    return found
