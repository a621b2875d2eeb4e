"""The shell's variables in a text: which it sets, and which it uses and nothing sets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbook.reading.programs import words_of

_VARIABLE = re.compile(r"(?<!\\)\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(\}|:?\?[^}\n]*\}|[%#/^,][^}\n]*\}))")
_SET = re.compile(
    r"(?:^|[\s;&|({])(?:export\s+|local\s+|readonly\s+|declare\s+(?:-\w+\s+)?)?([A-Za-z_]\w*)(?:\[[^\]\n]*\])?\+?=|"
    r"\b(?:for|select)\s+([A-Za-z_]\w*)\b|\bgetopts\s+\S+\s+([A-Za-z_]\w*)|\bprintf\s+-v\s+([A-Za-z_]\w*)|"
    r"\b(?:read|mapfile|readarray)\s+(?:-\w+\s+(?:\"[^\"\n]*\"\s+|'[^'\n]*'\s+|\d+\s+)?)*([A-Za-z_]\w*(?:[ \t]+[A-Za-z_]\w*)*)"
)
_SETS_BY_WORD = re.compile(r"\b(?:for|select|read|mapfile|readarray|getopts|printf)\s")
_ENVIRONMENT = words_of(
    "HOME USER PATH PWD OLDPWD SHELL HOSTNAME HOST LOGNAME TMPDIR TMP EDITOR VISUAL PAGER RANDOM SECONDS LANG "
    "LC_ALL TERM UID EUID GID PPID LINENO IFS BASH BASH_SOURCE BASH_VERSION BASHPID FUNCNAME PIPESTATUS REPLY "
    "OPTARG OPTIND DISPLAY SSH_AUTH_SOCK KUBECONFIG VIRTUAL_ENV XDG_CONFIG_HOME XDG_DATA_HOME SUDO_USER "
    "COLUMNS LINES EPOCHSECONDS GOPATH JAVA_HOME"
)
_ELSEWHERE = re.compile(r"\b(?:ssh|exec|sh|bash|awk|gawk|jq|perl|run)\b[^\n]*")


def set_variables(text: str) -> frozenset[str]:
    """The variables that shell text gives a value to."""
    if "=" not in text and not _SETS_BY_WORD.search(text):
        return frozenset()
    return frozenset(
        name for match in _SET.finditer(text) for names in match.groups() if names for name in names.split()
    )


def unset_variables(text: str, assigned: frozenset[str]) -> Iterator[tuple[int, int, str]]:
    """`$X` and `${X}` that nothing sets, where this machine's shell would put them in: from where to where, the name."""
    if "$" not in text or not (open_ones := list(_VARIABLE.finditer(text))):
        return
    known = {*assigned, *_ENVIRONMENT, *set_variables(text)}
    raw = quoted(text)[0]
    if re.search(r"<<-?[ \t]*['\"\\]", text):
        raw.append((text.find("<<"), len(text)))
    for match in open_ones:
        name = match[1] or match[2]
        if name in known or any(start < match.start() < end for start, end in raw):
            continue
        start, end = match.span()
        if match[3] and match[3] != "}" and "?" not in match[3][:2]:  # `${X%.*}` cannot be said as a plain value
            continue
        if (
            text[start - 1 : start] == '"' == text[end : end + 1]
            and re.match(r"$|[\s;|&)]", text[end + 1 :])
            and re.search(r"(?:^|[\s=(])$", text[: start - 1])
            and text[: start - 1].count('"') % 2 == 0
        ):
            start, end = start - 1, end + 1
        yield start, end, name


def quoted(text: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The stretches inside single quotes, which the shell leaves as they are, and those inside double quotes."""
    single: list[tuple[int, int]] = []
    double: list[tuple[int, int]] = []
    at, opened = 0, -1
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif char == '"':
            if opened >= 0:
                double.append((opened, at))
            opened = at if opened < 0 else -1
        elif char == "'" and opened < 0:
            end = text.find("'", at + 1)
            if end < 0:
                break
            single.append((at, end))
            at = end
        at += 1
    return single, double
