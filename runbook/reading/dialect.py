"""What language a fence speaks: by its label, and by its lines where the label says nothing or is wrong."""

from __future__ import annotations

import re
from typing import Literal

from runbook.reading.programs import words_of
from runbook.reading.prompts import at_angle, item, prompt, typed_inside
from runbook.reading.recognise import looks_like_command, sort_of

Dialect = Literal["shell", "plain", "powershell", "typed", "file", "output"]
"""Shell by its label; shell without one; PowerShell; text for another program; a file's content; neither."""

_SHELL = words_of(
    "bash sh shell zsh console shell-session shellsession sh-session terminal bashsession ksh fish shellscript cli"
)
_PLAIN = words_of("text txt plain plaintext none output log logs raw code") | {""}
_TYPED = words_of(
    "sql psql postgresql postgres pgsql plpgsql mysql sqlite tsql mongodb mongo redis cql cypher promql logql kql "
    "graphql powershell ps1 pwsh bat batch cmd dos irb pycon http"
)
_POWERSHELL = re.compile(
    r"(?m)^\s*\$[A-Za-z_][\w:]*\s*=|\$env:|^\s*[A-Z][a-z]+-[A-Z][a-zA-Z]+\b|`\s*$|\|\s*[A-Z][a-z]+-[A-Z]|^\s*(?:foreach|if|param)\s*\(|\s[\\]\w+\\|\bC:\\"
)


def dialect(language: str, lines: list[str]) -> Dialect:
    """What the lines of a fence are, given its label as written."""
    found = re.match(r"(?:\{(?:code|code-block|sourcecode|code-cell)\}\s*)?[{.\s]*([\w+#-]*)", language.strip().lower())
    label = found[1] if found else ""
    if label in _SHELL:
        return "shell"
    if label in ("powershell", "ps1", "pwsh", "bat", "batch", "cmd", "dos"):
        if not _POWERSHELL.search("\n".join(lines)) and _speaks_shell(lines, True):
            return "plain"
        return "powershell" if label in ("powershell", "ps1", "pwsh") else "typed"
    if label in _TYPED:
        return "typed"
    if label in ("js", "javascript", "ts", "typescript") and _is_for_a_console(lines):
        return "typed"
    if _speaks_shell(lines, label in _PLAIN):
        return "plain"
    if label not in _PLAIN:
        return "output" if language.strip().startswith("{") else "file"
    if file_content(lines) and not _key_values(lines):
        return "file"
    filled = [line for line in lines if line.strip()]
    typed = sum(sort_of(line, False, False) == "typed" for line in filled[:40] if len(line) < 2_000)
    return "typed" if filled and typed * 2 > len(filled[:40]) else "output"


def _speaks_shell(lines: list[str], unlabelled: bool) -> bool:
    """Whether lines without a shell's label hold commands: a prompt, or a first line that is one, and few that are not."""
    filled = [line for line in lines if line.strip()][:200]
    code = [line for line in filled if not line.lstrip().startswith(("#", "//")) and len(line) < 2_000]
    if any(prompt(line) is not None and looks_like_command(prompt(line) or "") for line in code):
        return True
    if unlabelled and (at_angle(code) or any(typed_inside(line) is not None for line in code)):
        return True
    sure = [looks_like_command(item(line)[1].rstrip("\\").rstrip()) or _opens(line) for line in code]
    if not sure or not (sure[0] or sum(sure) * 2 >= len(sure)):
        return False
    return sure[0] or (unlabelled and not file_content(lines))


def _opens(line: str) -> bool:
    """Whether a line is certainly shell though it is no whole command: a loop, a here-document, a quote left open."""
    if re.match(r"\s*(?:export\s+\w+=|(?:export\s+)?\w+=\"?\$\()", line):
        return True
    compound = re.match(r"\s*(?:for|while|until|if|case)\s", line)
    unfinished = re.search(r"<<-?\s*['\"]?\w+", line) or line.count("'") % 2 or line.count('"') % 2
    return bool(compound or (unfinished and re.search(r"\s-|<<", line))) and sort_of(line, False, False) == "command"


def _is_for_a_console(lines: list[str]) -> bool:
    code = [line.strip() for line in lines if line.strip() and not line.strip().startswith("//")]
    return bool(code) and bool(re.match(r"(?:db|rs|sh|use)\b|await\s", code[0]))


def file_content(lines: list[str]) -> bool:
    """Whether lines are those of a configuration file: sections, `key: value`, `key = value`, `FROM image`."""
    code = [line for line in lines[:200] if line.strip() and not line.lstrip().startswith(("#", ";"))]
    if not code:
        return False
    keyed = sum(
        bool(
            re.match(
                r"\s*(?:-\s+)?[\w.\"'/-]+\s*:(?:\s|$)|\s*\[[\w .:\"-]+\]\s*$|\s*[\w.-]+ = |\s*[A-Z][A-Z0-9_]*=[^$]*$|\s*-\s+\w",
                line,
            )
        )
        for line in code
    )
    return keyed * 2 > len(code) or bool(re.match(r"FROM [\w./:-]+$", code[0]))


def _key_values(lines: list[str]) -> bool:
    """Whether lines are a message or a form, `Status: …`, where a file would say `status: …`."""
    code = [line for line in lines[:200] if line.strip()]
    return 2 * sum(bool(re.match(r"\s*(?:[-*]\s+)?[A-Z\W][\w ]*[\w)]?:\s|\s*-\s+\w", line)) for line in code) > len(
        code
    )


_FUNCTION = re.compile(r"\s*(?:function\s+\w+|[\w:-]+\s*\(\)\s*\{?\s*$)")


def whole_script(lines: list[str]) -> bool:
    """Whether a fence is the text of a script: a shebang, a file's name above it, functions and strict mode."""
    filled = [line.strip() for line in lines if line.strip()]
    code = [line for line in filled if not line.startswith("#")]
    if not code:
        return bool(filled) and filled[0].startswith("#!")
    if filled[0].startswith("#!"):
        return True
    if re.fullmatch(r"#\s*(?:file(?:name)?:\s*)?[\w./-]+\.(?:sh|bash)\b:?", filled[0], re.IGNORECASE) and len(code) > 2:
        return True
    functions = sum(bool(_FUNCTION.match(line)) for line in code)
    strict = any(re.match(r"set -[a-z]*[eu]|set -o ", line) for line in code[:3])
    branches = any(re.match(r"(?:if|for|while|case|exit|trap)\b", line) for line in code)
    return (strict and bool(functions or branches)) or (functions > 0 and len(code) > 12)
