"""The marks that a shell or another program prints before what is typed, as documents copy them."""

from __future__ import annotations

import re

from runbook.reading.recognise import looks_like_command, sort_of

_PROMPT = re.compile(
    r"\s*(?:\(\w+\)\s*)?(?:[$❯➜»]|[\w.-]+@[\w.-]+(?:[: ][^\s#$]*)?\s?[$#%]|\[[^\]\n]{1,60}\]\s?[$#]|(?:bash|sh)-[\d.]+[$#]|[a-z][\w.-]{1,30}[$#]|[~/][\w./~-]*\s?[$#])\s+(?=\S)"
)
_INNER_PROMPT = re.compile(
    r"\s*(?:mysql|MariaDB\s?\[[^\]]*\]|sqlite|redis|sftp|ftp|cqlsh(?::\w+)?|[\w-]+=[#>*]|[\w-]+=>|\d+\.\d+\.\d+\.\d+:\d+(?:\[\d+\])?|[\w.-]+:\d{2,5}(?:\[\d+\])?|"
    r"irb\([^)]*\):\d+:\d+|rs\d*:\w+|PS [A-Z]:[^>]*|[A-Z]:\\[^>]*|>>|\w+ \[direct: \w+\] \w+|iex\(\d+\)|test|admin)>\s+(?=\S)|"
    r"\s*[\w-]+[=-][#>]\s+(?=\S)"
)

_AT_HOST = re.compile(r"[\w.-]+@(?P<host>\w[\w.-]*)")
_THIS_ONE = re.compile(
    r"(?:my[-_]?)?(?:localhost|local|laptop|desktop|workstation|host|hostname|computer|machine|mac|pc|home)"
    r"|.*[-_.](?:local|laptop|desktop|mbp|pc)|(?:.*[-_.])?macbook.*",
    re.I,
)
"""Names that authors give to the machine that anybody sits at."""


def prompt(line: str) -> str | None:
    """The command behind a shell's prompt; None where a line has none."""
    found = _PROMPT.match(line)
    return line[found.end() :] if found else None


def machine(mark: str) -> str:
    """The other machine that a prompt names; empty where it is anybody's own, or names none."""
    found = _AT_HOST.search(mark)
    return "" if found is None or _THIS_ONE.fullmatch(found["host"]) else found["host"]


def typed_inside(line: str) -> str | None:
    """What is typed behind the prompt of a database or another program; None where a line has no such prompt."""
    found = _INNER_PROMPT.match(line)
    return line[found.end() :] if found else None


def item(line: str) -> tuple[str, str]:
    """The number that a line has as an item of a list, and the line without it."""
    found = re.match(r"\s*(?:(?:Step\s+)?(\d{1,2}[a-z]?)[.):]|[-*•])\s+(?=\S)", line)
    return (found[1] or "", line[found.end() :]) if found else ("", line)


def behind_prompts(lines: list[str], labelled: bool) -> list[str | None]:
    """For each line what stands behind its prompt; None where it has none. `# ` is one where root is at work, `> `
    where the first line begins with it."""
    mark = "# " if _root_at_work(lines, labelled) else "> " if at_angle(lines) else "\0"
    return [line.lstrip()[2:] if line.lstrip().startswith(mark) else prompt(line) for line in lines]


def at_angle(lines: list[str]) -> bool:
    """Whether `> ` begins commands here, and is neither output nor the mark of a line that continues one."""
    filled = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    marked = [line[2:] for line in filled if line.startswith("> ")]
    return bool(filled) and filled[0].startswith("> ") and all(looks_like_command(line) for line in marked)


def _root_at_work(lines: list[str], labelled: bool) -> bool:
    """Whether `# ` begins commands here, not comments: all that it begins are, and nothing else is one."""
    filled = [line.strip() for line in lines if line.strip()]
    marked = [line[2:] for line in filled if line.startswith("# ")]
    bare = [line for line in filled if not line.startswith("#")]
    return (
        bool(marked)
        and (bool(bare) or not labelled)
        and all(line == "exit" or looks_like_command(line) for line in marked)
        and not any(sort_of(line, False, True) == "command" for line in bare)
    )
