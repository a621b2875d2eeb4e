"""What one line is: a command, something a person does, output, or text for another program."""

from __future__ import annotations

import re
from typing import Literal

from runbook.reading.once import once
from runbook.reading.placeholders import masked
from runbook.reading.programs import (
    ACTS,
    BUILTIN_ALONE,
    COMES_WITH_MORE,
    DIRECTORIES,
    ENGLISH,
    KEYWORDS,
    NEEDS_MORE,
    PROGRAMS,
    PROSE,
    words_of,
)
from runbook.reading.shell import shell

LONGEST_LINE = 5_000
"""More characters than a line that somebody types."""

_MOST_ASSIGNMENTS = 40
_FEW = 3
"""Words behind a script of the team's own that may be those of a sentence: `./page.sh on`, `./wartung.sh an`."""

Sort = Literal["command", "manual", "output", "typed", "file"]

_ASSIGNMENT = re.compile(
    r"(?:export\s+)?[A-Za-z_]\w*(?:\[[^\]]*\])?\+?=(?:\$\((?:[^()]|\([^()]*\))*\)|\"[^\"]*\"|'[^']*'|[^\s;|&()\"']+)*"
)
_PROGRAM = re.compile(
    r"[a-z0-9_.][\w.+@:-]*(?:/[\w.+@-]+)*$|~?(?:\./|\.\./|/|~/)?[\w.@${}~-]+(?:/[\w.@${}*-]+)+$|[A-Z][A-Z0-9_]*\.(?:sh|py)$"
)
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|`[^`]*`")
_NUMBERED = re.compile(r"\s*(?:\(?\d{1,2}[a-z]?[.)]|[-*•+–]|\[[ xX]\]|☐|□|→|➜)\s+(?=\S)")
_SQL = re.compile(
    r"(?i)\s*(?:select\s.+|select$|insert\s+into\b|update\s+\S+\s+set\b|update\s+\S+$|delete\s+from\b|drop\s+(?:table|database|index|"
    r"schema|column|view|constraint|user|role)\b|alter\s+(?:table|database|system|user|role|index)\b|create\s+(?:table|unique|"
    r"index|database|user|role|view|extension|schema)\b|truncate\s+(?:table\b|\w+;)|begin(?:\s+(?:work|transaction))?;|commit;|rollback;|vacuum\b|"
    r"analyze\b.*;|explain\s|with\s+\w+\s+as\s*\(|grant\s|revoke\s.+\sfrom\b|show\s.+;|use\s+\w+;|where\s|from\s+\w+\s*(?:;|$)|and\s+\w+\s*[=<>]|"
    r"set\s+\w+\s*=|order\s+by|group\s+by|limit\s+\d+;?|start\s+transaction|flush\s+\w+;|start\s+(?:slave|replica)\b|stop\s+(?:slave|replica)\b|"
    r"change\s+master\b|kill\s+\d+;|--\s)"
)
_CONSOLE = re.compile(r"\s*(?:\\[a-zA-Z?!]{1,4}\+?(?:\s|$)|\.(?:tables|schema|quit|exit)\b)")
_REDIS = re.compile(
    r"\s*(?:PING|INFO|KEYS|GET|SET|DEL|TTL|FLUSHALL|FLUSHDB|CONFIG\s+(?:GET|SET)|CLIENT|MONITOR|DBSIZE|SCAN|HGETALL|LLEN|BGSAVE|"
    r"SAVE|LASTSAVE|SLAVEOF|REPLICAOF|CLUSTER|SENTINEL|SLOWLOG|MEMORY|SHUTDOWN|XINFO|XLEN|ZRANGE|EXISTS|AUTH)\b(?!=)(?:\s+\S+)*\s*$"
)
_OTHER_LANGUAGE = re.compile(
    r"\s*(?:(?:const|let|var)\s+[\w{[].*=|await\s|async\s|import\s+[\w{*].*(?:from\b|$)|from\s+[\w.]+\s+import\b|print\(|console\.|require\(|"
    r"def\s+\w+.*:?$|class\s+\w+|return\b.*;$|function\s*\(|\}\s*(?:else|catch|\)|,|;)|//|/\*|\*/|(?:db|rs|sh)\.[\w.]+\(|"
    r"[A-Za-z_]\w*(?:\.\w+)+\(.*|[A-Z]\w+\.\w+[.(].*|[a-z]\w*\([^)]*\)\s*;?$|@\w+$|#include|public\s|private\s|if\s*\(.*\)\s*\{|puts\s)"
)
_POWERSHELL = re.compile(
    r"\s*(?:\$[A-Za-z_][\w:]*\s*=\s|\$env:|[A-Z][a-zA-Z]+-[A-Z][a-zA-Z]+\b|foreach\s*\(|param\s*\()|`\s*$|\|\s*(?:Where|Select|ForEach|Out|Sort|Format|Convert\w+)-"
)
_OUTPUT = re.compile(
    r"\s*(?:[{}\[\]],?$|[\[{]\s*[\"{\[].*|\"[^\"]*\"\s*[:,].*|\"[^\"]*\"$|[│├└┌┐┘┴┬┼╔╚║═─━▼▲┃|+=_*~-]{2,}|[│├└┌┐┘║╔╚▼▲┃↓↑|]|"
    r"[✓✔✅❌✗✘⚠🔴🟢🟡⛔🚨⏳ℹ]|HTTP/\d|<[!/?a-z][^>]*>\s*(?:<|$)|\d{4}-\d\d-\d\d[T ]|\d\d:\d\d(?::\d\d)?\s|\[?\d{4}[/-]\d\d|"
    r"\.\.\.|…|\^[A-Z]|\(.*\)$|[A-Z][A-Z_%()-]*(?:\s{2,}[A-Z][A-Z0-9_%()/ -]*)+$|\d+(?:\.\d+)?\s*(?:%|[a-zA-Z]*$)|\d+\s+\S|[\w ./()-]{1,40}:\s+\S|[\w./-]+:$|"
    r"(?:INFO|WARN|WARNING|ERROR|DEBUG|FATAL|Error|Warning)\b|[0-9a-f]{7,40}\s+\S|\* [0-9a-f]{7,}|[+-]{3}\s|@@ )"
)
_PRINTED = re.compile(
    r"\s*(?:[\w./-]+ \"[^\"]*\" [a-z]+(?: [a-z]+)?$|[+*]?\s*[0-9a-f]{7,40}\.{2,3}[0-9a-f]{7,40}\s|[-dlbcps](?:[r-][w-][xsStT-]){3}[.+@]?\s|"
    r"(?:UPDATE|DELETE|INSERT|SELECT|COPY|MERGE)(?: 0)? \d+$|[a-z]+\[\d+\]: |npm (?:ERR!|WARN|error|warn|notice)\s|(?:time|ts|level)=\S+ \w+=|"
    r"v?\d+\.\d+\.\d+$|[a-z][\w-]+ (?:version v?\d[\d.]*|v?\d+\.\d+\.\d+)$|[a-z_]+:[\d.]+$|"
    r"(?:service|test|time|watch|job|host) (?:passed|failed|stopped|started|restarted|completed|finished|out)$)"
)
"""What programs print and nobody types: `pod "web" deleted`, `abc1234..def5678 main -> main`, `UPDATE 3`, `ls -l`."""
_GROUP = re.compile(r"[{(]\s*(?:[a-z][\w./-]*\s+[^\s\"':=]|\w+=)[^:]*")
_KEY = re.compile(r"(?i)\s*(?:ctrl|control|cmd|alt|shift|esc)\s?[+-]\s?\w+\b")
_CRON = re.compile(r"\s*(?:@(?:daily|hourly|weekly|reboot|monthly)|(?:[\d*][\d*/,-]*\s+){5})\S")
_COLUMNS = re.compile(r"\S(?: {3,}|\t+)\S.*\S(?: {2,}|\t+)\S")
_RESOURCE = re.compile(r"[a-z]+(?:\.[a-z0-9.-]+)?/[\w.-]+\s+(?:\w+ )*\w+$")


@once
def head(text: str) -> tuple[str, str]:
    """The program a line starts and the rest, behind assignments and words that run another program."""
    rest, first, after = text.strip(), "", ""
    for _ in range(_MOST_ASSIGNMENTS):
        found = _ASSIGNMENT.match(rest)
        if found and found.end() and (found.end() == len(rest) or rest[found.end()].isspace()):
            after = rest[found.end() :].lstrip()
            if not after:
                return "=", ""
            rest = after
            continue
        first, _, after = rest.partition(" ")
        after = after.strip()
        if first in ("sudo", "doas", "time", "nohup", "exec", "env", "command", "!") and after:
            rest = re.sub(r"^(?:-(?:u|g|n)\s+\S+\s+|-\w+\s+)+", "", after) or after
            if rest.startswith("-"):
                return first, after
            continue
        break
    return first, after


def without_comment(line: str) -> str:
    """The line up to the comment behind it."""
    for found in re.finditer(r"\s(?:#|→|⇒|->|=>)\s", line[:2_000]):
        before = line[: found.start()]
        if before.count('"') % 2 == 0 and before.count("'") % 2 == 0:
            return before
    return line


@once
def plain_english(text: str) -> bool:
    """Whether a line reads as a sentence: words of prose outside of quotes, or a full stop at its end."""
    bare = _QUOTED.sub(" ", text)
    words = re.findall(r"(?<![\w./$-])[A-Za-z']+(?![\w/.=-])", bare)
    if any(word.lower() in PROSE for word in words):
        return True
    return bool(
        re.search(r"[a-z][a-z][.?!:]$", bare.strip())
        and len(words) > 2
        and not re.search(r"\s-|[|$\\]|/[\w.]*[.:]$", bare)
    )


def known_program(word: str) -> bool:
    name = word.rpartition("/")[2]
    name = re.sub(r"(?<=.)@[\w.^~-]+$", "", name)
    if "/" in word:
        first = word.split("/", 1)[0]
        return (
            first in ("", ".", "..", "~")
            or first.startswith("$")
            or first in DIRECTORIES
            or bool(re.search(r"\.(?:sh|bash|py|rb|pl|js|ts|mjs)$", word))
        )
    return name in PROGRAMS or bool(re.fullmatch(r"[\w-]+\.(?:sh|bash)|python3?\.\d+|pip3?\.\d+", name))


@once
def sort_of(line: str, labelled: bool, below_command: bool) -> Sort:
    """What a line of a fence is. `labelled`: the fence says it holds shell; `below_command`: output may stand here."""
    if len(line) > LONGEST_LINE:
        return "output"
    line = without_comment(line)
    text = masked(line.strip())
    program, rest = head(text)
    if _KEY.match(text):
        return "manual"
    if re.match(r"(?:[-*]\s+)?\[[ xX]?\]\s", text):
        return "manual"
    if _PRINTED.match(line):
        return "output"
    if _CRON.match(text) or re.match(r"[\w.-]+\s+=\s", text):
        return "file"
    if _OTHER_LANGUAGE.match(text) and not (
        program in PROGRAMS and program not in ("import", "let") and "(" not in program
    ):
        return "typed"
    if (_SQL.match(text) and not _shell_reading_of_sql(program, rest)) or _CONSOLE.match(text) or _REDIS.match(text):
        return "typed"
    if program in ("{", "(") or (text.startswith(("{", "(")) and not text.startswith("((")):
        return "command" if _GROUP.match(text) else _not_command(line)
    if re.match(r"/[a-z-]+(?:\s|$)", text):
        return "typed"
    if re.match(r"(?:export\s+)?[A-Za-z_]\w*\+?=[\"'$(]", text):
        return "command"
    if (
        program in KEYWORDS
        or program == "="
        or re.match(r"\w+\s*\(\)\s*(?:[{(]|$)", text)
        or text.startswith(("((", "[[ "))
    ):
        return "command" if labelled or _compound(text) else _not_command(line)
    if program.startswith(("$", '"$', "${", '"')) and labelled:
        return "command" if re.match(r"\"?\$\{?\w+\}?\"?(?:/|\s+\S|$)", program) else _not_command(line)
    if known_program(program) and program[:1] != "[":
        return _of_known(line, program, rest, labelled)
    if _PROGRAM.match(program) is None or _OUTPUT.match(line) or _NUMBERED.match(line):
        return _not_command(line)
    if _COLUMNS.search(text) or _RESOURCE.match(text) or plain_english(text):
        return _not_command(line)
    raised = line.lstrip().startswith(("sudo ", "doas "))  # no output begins so, whichever program it names
    if not labelled and not (raised or re.search(r"\s--?\w", text)):
        return _not_command(line)
    bare_words = bool(re.fullmatch(r"[\w' ,]+", _QUOTED.sub(" ", line.strip())))
    if below_command and ((bare_words and not raised) or shell(text).broken):
        return "output"
    if bare_words and len(text.split()) > 4:
        return _not_command(line)
    return "command"


def _of_known(line: str, program: str, rest: str, labelled: bool) -> Sort:
    """A line that begins with the name of a program: a command, unless it reads as a sentence or a table."""
    text = f"{program} {rest}".strip()
    bare = _QUOTED.sub(" ", rest)
    signs = bool(re.search(r"(?:^|\s)--?\w|[|$>\\=]|(?:^|\s)[~./]|/\w", bare)) or bare != rest
    if not rest:
        return "command" if labelled or program in BUILTIN_ALONE or "/" in program else "output"
    if (
        program in ("echo", "printf", "grep", "export", "cd", "rm", "cp", "mv", "cat", "curl", "kubectl", "docker")
        and labelled
    ):
        return "command"
    if (
        program != "su"
        and re.match(r"[:,—–]\s|-\s[A-Za-z]+\s[a-z]|(?:is|are|was|has|will|should|must|can|not|does|and|or)\s", rest)
    ) or rest.startswith((": ", "— ", "– ")):
        return _not_command(line)
    if program in ENGLISH and not signs and plain_english(text):
        return _not_command(line)
    if not signs and plain_english(text) and len(text.split()) > 3:
        return _not_command(line)
    if not labelled and re.search(r"\S {3,}\S+ {3,}\S", text):
        return "output"
    return "command"


def _shell_reading_of_sql(program: str, rest: str) -> bool:
    """`set -e`, `kill 123`, `with` … : words that SQL and the shell share."""
    return (
        program in ("set", "kill", "use", "grant", "explain", "from", "where", "and")
        and not rest.endswith(";")
        and (rest.startswith(("-", "+")) or program == "kill")
    )


def _compound(text: str) -> bool:
    first = text.split(None, 1)[0]
    if first in ("[", "(", "{", "[["):
        return first == "[[" or bool(re.match(r"\[ -?\S+ .*\]", text))
    if first == "for":
        return bool(re.match(r"for\s+\w+\s+in\b|for\s*\(\(", text))
    if first in ("if", "while", "until"):
        return bool(re.search(r";\s*(?:then|do)\b|\[\[? |\(\(|!\s", text)) or (
            not plain_english(text) and len(text.split()) > 1 and known_program(text.split()[1])
        )
    if first == "case":
        return text.rstrip().endswith(" in") or " in " in text
    return not plain_english(text)


_SCENE = words_of("in on from under via if after once first then next finally now please manually also")
_PHRASE = re.compile(r"(?i)(?:log|sign)\b(?!\s+(?:in|into|out|on)\b)")


def asks_a_person(words: str) -> bool:
    """Whether words tell somebody to do something."""
    said = re.findall(r"[A-Za-z][A-Za-z-]*", words[:300])
    first = said[0].lower() if said else ""
    if len(said) < 2 or not words[0].isalpha() or _PHRASE.match(words) or words[len(first) : len(first) + 1] == ":":
        return False
    if re.match(r"[\w-]+ (?:was|is|were|are|has|have|had|will|took)\b", words):
        return False  # `Rollback was a success`: told, not asked
    if first == "if":
        then = re.search(r"[,:]\s*(?:then\s+)?([A-Za-z-]+)", words)
        return bool(then) and then is not None and then[1].lower() in ACTS - _SCENE
    if first in _SCENE:
        return first == "manually" or any(word.lower() in ACTS - _SCENE for word in said[1:])
    return first in ACTS


def _not_command(line: str) -> Sort:
    """What a line is that is no command: an act for a person, or output."""
    text = line.strip()
    if _KEY.match(text):
        return "manual"
    numbered = _NUMBERED.match(text)
    if re.match(r"\d{1,2}[a-z]?[.)]\s+[A-Z\"]", text) and len(text.split()) > 1:
        return "manual"
    words = text[numbered.end() :] if numbered else text
    if asks_a_person(words) and not re.match(r"[\w ]+:\s*\d", words):
        return "manual"
    return "output"


def _says_nothing_alone(program: str, words: list[str]) -> bool:
    """`git revert`, `kubectl rollout undo`, `node 20`: names of a tool's part or version, not an act."""
    if len(words) > 2 or words[-1].startswith("-"):
        return False
    if re.fullmatch(r"v?\d[\d.x+]*", words[0]):
        return len(words) == 1
    needs = NEEDS_MORE.get(COMES_WITH_MORE.get(program, program), frozenset())
    if len(words) == 1:
        return words[0] in needs or program in ("aws", "gcloud", "az", "service", "ssh-keygen")
    if words[0] == "compose":
        return words[1] in NEEDS_MORE["compose"]
    return words[0] in ("rollout", "state", "container", "image", "volume", "network") and words[1] in needs


@once
def looks_like_command(text: str) -> bool:
    """Whether inline code, or a bare line in prose, is a whole command: only where there is little doubt."""
    if "\n" in text.strip() or len(text) > 2_000:
        return False
    plain = re.sub(r"^\s*\$\s+", "", text).strip()
    prompted = plain != text.strip()
    code = masked(plain)
    program, rest = head(code)
    if re.search(r"[a-z][.,:;]$", plain) and not re.search(r"\s--?\w|[|$]", plain):
        return False  # the end of a sentence
    if program == "=" or not known_program(program):
        flagged = bool(re.search(r"\s--?[a-z]", rest)) and len(rest.split()) > 1 and program not in ACTS
        likely = prompted or (
            flagged and not plain_english(code) and re.fullmatch(r"[a-z][\w.-]*", program) is not None
        )
        return likely and bool(_PROGRAM.match(program)) and not shell(code).broken
    if not rest:
        return (
            prompted
            or program.startswith(("./", "../"))
            or bool(re.search(r"/.*\.(?:sh|py)$", program) and program[0] in "./~")
        )
    if shell(code).broken or sort_of(plain, False, False) != "command":
        return False
    words = rest.split()
    if _says_nothing_alone(program, words) or words[-1] in ("...", "…") or words[0] in ("...", "…"):
        return False
    if program in ENGLISH:
        signs = re.search(r"(?:^|\s)--?\w|[|$>=/~.:\d_-]|[\"']", rest)
        known = program in ("make", "go", "node", "rake", "task", "just", "fly") or words[0] in (
            "addr",
            "route",
            "link",
        )
        return bool(signs) or (known and len(words) <= 3 and not plain_english(rest))
    of_the_team = program.startswith(("./", "../", "~/")) and len(words) <= _FEW
    return of_the_team or not plain_english(rest) or bool(re.search(r"(?:^|\s)--?\w", rest))
