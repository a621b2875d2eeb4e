"""Which commands open a shell or a client in which the following lines are typed, and what leads back out of it."""

from __future__ import annotations

import re

from runbook.reading.lines import PROGRAMS

_SHELL = r"(?:/(?:usr/)?bin/)?(?:ba|z|a|da|k)?sh"
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_TTY = re.compile(
    r"\s(?:-[a-z]*i[a-z]*t[a-z]*|-[a-z]*t[a-z]*i[a-z]*|-i\s+-t|-t\s+-i|--stdin\s+--tty|--tty\s+--stdin|--interactive\s+--tty)\b"
)
_ENDS_IN_SHELL = re.compile(rf"\s{_SHELL}(?:\s+-l|\s+--login)?$")
_SSH = re.compile(
    r"^(?:sudo\s+)?(?:ssh|mosh)(?:\s+-(?:[46AaCgKkMqTtvXxYy]+|[bcDEeFIiJlmOopQRSw]\s*\S+))*\s+(?!-)\S+(?:\s+-(?:[46AaCqTtvXxYy]+|[iJlop]\s*\S+))*$"
)
_ELSEWHERE = re.compile(
    rf"^(?:sudo\s+)?(?:gcloud\s+(?:beta\s+)?compute\s+ssh\s(?!.*--command)|aws\s+ssm\s+start-session\b(?!.*--document)|fly(?:ctl)?\s+ssh\s+console(?!.*\s-C)"
    rf"|aws\s+ecs\s+execute-command\b.*--command\s+[\"']?{_SHELL}\b|heroku\s+run\s+(?:.*\s)?{_SHELL}|heroku\s+ps:exec\b|railway\s+(?:shell|ssh)\b"
    rf"|(?:vagrant|minikube|multipass)\s+(?:ssh|shell)\b(?!.*\s--?c)|cf\s+ssh\s+\S+$|oc\s+rsh\s+\S+$|oc\s+debug\s+\S+$|chroot\s+\S+$|nsenter\b(?!.*\s--\s))"
)
_BECOMES = re.compile(
    rf"^(?:su(?:\s+-l?)?(?:\s+[\w-]+)?|sudo\s+(?:-u\s+\S+\s+)?(?:-[is]+|su(?:\s+-)?(?:\s+[\w-]+)?|{_SHELL})|{_SHELL}(?:\s+-l)?)$"
)
_CLIENT = re.compile(
    r"^(?:psql|mysql|mariadb|mongo(?:sh)?|sqlite3|cqlsh|clickhouse-client|sftp|s?ftp|lftp|redis-cli|irb|iex|python3?|node"
    r"|rails\s+c(?:onsole)?|(?:bundle\s+exec\s+|bin/)rails\s+c(?:onsole)?|php\s+artisan\s+tinker|heroku\s+(?:pg:psql|redis:cli)|wp\s+shell"
    r"|fly(?:ctl)?\s+postgres\s+connect)(?=\s|$)"
)
_CLIENT_ENDS = re.compile(
    r"\s(?:-c|-e|-f|-l|--command|--eval|--execute|--file|--list|--version|--help|-b)\b|[<|]|\s--quiet\s+--eval"
)
_ALONE = re.compile(r"^(?:python3?|node|irb|iex)(?:\s+-i)?$")
_REDIS = re.compile(
    r"^redis-cli(?:\s+(?:-[hpaun]\s+\S+|--(?:tls|insecure|no-auth-warning|raw|askpass)|--(?:user|pass|cacert)\s+\S+|-[hpaun]\S+|-c))*$"
)
_LEAVES = re.compile(
    r"^(?:back (?:on|to|in)\b|exit\b|leave\b|outside\b|on (?:your|the) (?:own|local|laptop|machine|workstation)|locally\b|from (?:your|the) (?:local|laptop|machine)"
    r"|or\b|alternatively|option\b|otherwise)",
    re.I,
)
_CONTAINERS = frozenset(
    "kubectl oc docker docker-compose podman nerdctl heroku fly flyctl gcloud aws railway cf vagrant".split()
)
_SQL = re.compile(r"^(?:[A-Z]{2,}\b|[a-z]+\s.*;$|\\)")


def opens(text: str) -> str:
    """`shell` or `client` where the lines below this command are typed into what it starts; else nothing."""
    line = _QUOTED.sub("Q", text.strip()) if "\n" not in text else ""
    if not line or re.search(r"(?<!<)<<|[|;&]\s*\S|&$", re.sub(r"^cd\s+\S+\s*&&\s*", "", line)):
        return ""
    line = re.sub(
        r"^(?:sudo\s+(?:-u\s+\S+\s+)?(?=psql|mysql|mongo|redis-cli|docker|kubectl|podman)|[A-Z_]+=\S+\s+)+", "", line
    )
    first = line.split(maxsplit=1)[0]
    if first in ("kubectl", "oc", "docker", "docker-compose", "podman", "nerdctl"):
        return _in_a_container(line, first)
    if (
        first in ("ssh", "mosh", "sudo") and _SSH.match(line) and not re.search(r"\s-\w*[NLRDfW]", line)
    ) or _ELSEWHERE.match(line):
        return "shell"
    if _BECOMES.match(line):
        return "shell"
    return "client" if _is_client(line) else ""


def _in_a_container(line: str, first: str) -> str:
    compose = re.match(r"docker(?:-compose|\s+compose)\b.*\s(?:exec|run)\s", line) is not None and " -T" not in line
    if not compose and not (_TTY.search(line) and re.search(r"\s(?:exec|debug|run|attach|start)\b", line)):
        return ""
    if _ENDS_IN_SHELL.search(line) or (
        first in ("kubectl", "oc") and re.search(r"\sdebug\s", line) and " -- " not in line
    ):
        return "shell"
    inner = (
        line.rpartition(" -- ")[2]
        if " -- " in line
        else re.sub(
            rf"^{first}\b.*?\s(?=(?:psql|mysql|mariadb|mongo(?:sh)?|redis-cli|rails|python3?)(?:\s|$))", "", line
        )
    )
    return "client" if _is_client(inner) else ""


def _is_client(line: str) -> bool:
    found = _CLIENT.match(line)
    if not found or _CLIENT_ENDS.search(line[found.end() :]):
        return False
    if found[0] == "redis-cli":
        return _REDIS.match(line) is not None
    return _ALONE.match(line) is not None if found[0] in ("python", "python3", "node", "irb", "iex") else True


def comes_back(opener: str, line: str, title: str) -> bool:
    """Whether a line under `opener` runs on the engineer's own machine again."""
    if _LEAVES.match(title):
        return True
    words = line.split()
    first = words[1] if words[0] == "sudo" and len(words) > 1 else words[0]
    if opens(opener) == "client":
        return bool(re.match(r"[a-z][\w./-]*$|\./", first)) and not _SQL.match(line) and _is_program(first)
    outer = opener.removeprefix("sudo ").split(maxsplit=1)[0]
    if outer in _CONTAINERS:
        return first in _CONTAINERS
    return first in ("ssh", "scp", "rsync", "mosh") and outer in ("ssh", "mosh")


def _is_program(first: str) -> bool:
    return (first in PROGRAMS and first not in ("set", "use", "select", "exit", "read", "type")) or first.startswith(
        "./"
    )
