"""Whether a call only looks: the reading tables, and what some programs need to be read more closely."""

from __future__ import annotations

import re
from itertools import pairwise

from runbook.steps import effect_sql as sql
from runbook.steps.effect_tables import GLOBAL_VALUES, INTERPRETERS, SHELL_PROGRAMS
from runbook.steps.effect_tables_destroy import NAMED_FOR, STRONG, WEAK
from runbook.steps.effect_tables_read import (
    ALWAYS_READ,
    CHANGE_VERBS,
    FILE_PROGRAMS,
    NOUNS,
    PLAIN_OPTIONS,
    READ,
    READ_VERBS,
    READ_WORD,
    TASK_READS,
    TASK_RUNNERS,
)
from runbook.steps.effect_words import line_of, module, name, positionals

RUNS_A_FILE = SHELL_PROGRAMS | INTERPRETERS | {".", "source"}
"""Programs whose first word is somebody's script."""


def only_looks(program: str, words: tuple[str, ...], fed: bool) -> bool:
    """Whether this call changes nothing, as far as its words tell."""
    if name(words[0]) in ALWAYS_READ or re.match(r"(Get|Test|Measure|Select|Find|Resolve|Show|Compare)-[A-Z]", program):
        return True
    if asks_about_itself(words) or words[1:] in (("-V",), ("version",), ("help",)):
        return True
    special = {
        "git": _git,
        "curl": _curl,
        "wget": _wget,
        "tee": _tee,
        "Invoke-WebRequest": _invokes,
        "Invoke-RestMethod": _invokes,
        "ip": _ip,
        "ansible": _ansible,
        **dict.fromkeys(("Where-Object", "Sort-Object", "Group-Object"), _filters),
    }.get(program)
    if special:
        if special(words):
            return True
        if program in ("Invoke-WebRequest", "Invoke-RestMethod", "ip", "ansible"):
            return False
    if program in sql.CLIENTS:
        return sql.of_client(words, fed)
    given = positionals(words[1:], GLOBAL_VALUES.get(program, ""))
    if program in READ_WORD and any(re.fullmatch(READ_WORD[program], word) for word in given):
        return not any(re.search(STRONG, word) for word in given) and not _acts(given, READ_WORD[program])
    options = [word for word in words[1:] if word.startswith("-")]
    said = " ".join(given).lower() if program == "redis-cli" else " ".join(given)
    for phrase in READ.get(program, "").split(", "):
        if phrase == "*" or phrase in options or ((said + " ").startswith(phrase + " ") and phrase):
            return True
    return _by_verb(program, words)


def asks_about_itself(words: tuple[str, ...]) -> bool:
    """`x --version`, `x sub --help`: the last word, behind nothing that could act or take it for its value."""
    *given, last = words[1:] or ("",)
    if last not in ("--version", "--help"):
        return False
    named = [words[0], *given] if given else []
    return not (
        any(not re.fullmatch(r"[a-z][a-z:_-]*", word) or _verb(word) in CHANGE_VERBS for word in given)
        or any(re.search(STRONG, word) or re.search(WEAK, word) or re.search(NAMED_FOR, word) for word in named)
        or (given and (name(words[0]) in RUNS_A_FILE or _is_named_to_change(words[0])))
    )


def _acts(given: list[str], reads: str) -> bool:
    """Whether a verb that changes stands before the word that reads."""
    at = next(number for number, word in enumerate(given) if re.fullmatch(reads, word))
    before = [word for word in given[:at] if word not in ("alpha", "beta")]
    if before[:1] and before[0] in ("run", "deploy", "test", "build"):
        before.pop(0)  # the cloud's service of that name
    return any(_first(word) in CHANGE_VERBS for word in before)


def _by_verb(program: str, words: tuple[str, ...]) -> bool:
    """Whether a call of a program without a fitting row says what it does by a verb that reads, and by no other."""
    if program in FILE_PROGRAMS or program in (
        "git",
        "ssh",
        "kubectl",
        "helm",
        "node",
        "eval",
        "su",
        "bash",
        "sh",
        ".",
    ):
        return False
    if any(re.search(STRONG, word) or re.search(WEAK, word) or re.search(NAMED_FOR, word) for word in words):
        return False
    given = _given(program, words)
    if program in TASK_RUNNERS:
        tasks = [word for word in given if word not in ("run", "run-script", "--")]
        return len(tasks) == 1 and re.fullmatch(TASK_READS, tasks[0]) is not None
    if _is_named_to_change(words[0]):
        return False
    is_known = program in READ or program in READ_WORD
    verbs = [
        verb for word in given if (verb := _verb(word)) in CHANGE_VERBS or (verb and (is_known or _is_whole(word)))
    ]
    flags = [word for word in words[1:] if word.startswith("--") and word in READ_VERBS]
    if any(word.lstrip("-") in CHANGE_VERBS for word in words[1:] if word.startswith("--")):
        return False
    for verb, following in pairwise([*verbs, ""]):
        if verb in CHANGE_VERBS and not (verb in NOUNS and following in READ_VERBS):
            return False
    return bool(verbs or flags)


def _given(program: str, words: tuple[str, ...]) -> list[str]:
    """The words that may be verbs: no option's value, as far as that can be told, and nothing behind `--`."""
    valued = GLOBAL_VALUES.get(program, "").split()
    found: list[str] = []
    before = ""
    for word in words[1:]:
        if word == "--":
            break
        takes = before in valued or (before.startswith("-") and before not in PLAIN_OPTIONS and "=" not in before)
        if not word.startswith("-") and not takes:
            found.append(word)
        before = word
    return found[:4]


def _verb(word: str) -> str:
    """The verb that a word is or holds; empty where it is a name."""
    low = _apart(word).lower()
    if not re.fullmatch(r"[a-z][a-z:_-]*", low):
        return ""
    parts = [low, low.rpartition(":")[2], _first(low), _first(low.rpartition(":")[2])]
    return next((part for part in parts if part in READ_VERBS or part in CHANGE_VERBS), "")


def _is_whole(word: str) -> bool:
    """Whether a word is a verb from end to end (`db:status`), where `search-api` may be the name of a service."""
    return word.rpartition(":")[2].lower() in READ_VERBS


def _is_named_to_change(word: str) -> bool:
    """Whether a program or script is called by what it does: `./rollback.sh`, `bin/stop-web`, `redeployNow.py`."""
    return not set(re.split(r"[^a-z]+", _apart(name(word)).lower())).isdisjoint(CHANGE_VERBS)


def _apart(word: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", word)


def _first(word: str) -> str:
    return re.split(r"[-_]", word, maxsplit=1)[0].lower()


def _ip(words: tuple[str, ...]) -> bool:
    """`ip route`, `ip -br a`, `ip addr show dev x`."""
    given = [word for word in words[1:] if not word.startswith("-")]
    return not any(word in CHANGE_VERBS or word in ("del", "delete", "exec", "append") for word in given[1:2])


def _ansible(words: tuple[str, ...]) -> bool:
    """A module that only asks: `ping`, and by their convention those named for facts and info."""
    asks = r"(win_)?(ping|stat)|setup|debug|\w+_(facts|info)"
    return "--list-hosts" in words or re.fullmatch(asks, module(list(words[1:]))) is not None


def _invokes(words: tuple[str, ...]) -> bool:
    """PowerShell's GET or HEAD, and the answer goes to the terminal."""
    said = " ".join(words).lower()
    return not re.search(r"-(body|infile|outfile)\b", said) and not re.search(r"-method[ :]+(?!get|head)", said)


def _filters(words: tuple[str, ...]) -> bool:
    """PowerShell's words for a pipeline, whose block only looks at what comes through it: it names no other call."""
    return not any(re.search(r"[A-Za-z]-[A-Z]|^&", word) for word in words[1:])


def _git(words: tuple[str, ...]) -> bool:
    verb, *rest = line_of(words).split()[1:] or ["help"]
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


def _curl(words: tuple[str, ...]) -> bool:
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


def _wget(words: tuple[str, ...]) -> bool:
    said = " ".join(words)
    return bool(re.search(r"--spider|-\w*O ?(-|/dev/null)(\s|$)", said)) and not re.search(
        r"--(post|method|body)", said
    )


def _tee(words: tuple[str, ...]) -> bool:
    return all(re.match(r"-|/dev/(null|stdout|stderr)|\$\{?WARROOM_DIR", word) for word in words[1:])
