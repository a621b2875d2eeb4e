"""The values that a command leaves open, in the ways that documents write them; each becomes `<id>`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from runbook.reading.shell import assigned as set_by

_ANGLE = re.compile(
    r"(?<![<\w])<(?P<name>[A-Za-z_$][\w $./:'|,-]{0,60}?)(?<![\s\d])>(?!>)|(?<=\w)<(?P<within>[A-Za-z][\w -]{0,60}?)>(?!>)|(?<![<])<(?P<numbered>[A-Za-z][\w-]*\d)>(?!>)"
)
_ID = re.compile(r"(?<!<)<([A-Za-z][A-Za-z0-9_-]*)>")
_SQUARE = re.compile(
    r"(?P<before>\\?[\"'])?(?<![\w$\[)\]}])\[(?P<name>[A-Za-z][A-Za-z0-9 _/'.-]{1,50})\](?![\](\[])(?P<after>\\?[\"'])?|(?<=[_\d])\[(?P<caps>[A-Z][A-Z0-9_]+)\]|\[(?P<joined>[A-Z][A-Z0-9]*)\](?=_)"
)
_CLASS = re.compile(r"(?:[A-Za-z]-[A-Za-z].{0,12}|(?!id$)[a-z]{1,3}|[A-Za-z]|[A-Z][a-z]|[a-z][A-Z])$")
_TAGS = re.compile(
    r"(?:info|warn|warning|error|debug|ok|fail|done|skip ci|ci skip|no ci|skip deploy|options?|flags?|args?|y/n|yes/no|skip .*)$",
    re.I,
)
_BRACE = re.compile(
    r"(?<![\w$%@\\{}])\{(?P<name>[A-Za-z][A-Za-z0-9]*(?:[ _-][A-Za-z0-9]+)*)\}(?!\})|(?<=[\w])(?<![$%@])\{(?P<within>[A-Za-z][A-Za-z0-9]*(?:[_-][A-Za-z0-9]+)*)\}(?!\})"
)
_YOUR = re.compile(
    r"(?<![A-Za-z0-9$])(?<!\$\{)(?P<name>YOUR[_-][A-Z0-9_-]*[A-Z0-9]|your[-_][a-z0-9_-]*[a-z0-9]|your(?:domain|app|site|server|company|org|host|project|repo|user(?:name)?|password)(?![a-z]))(?!\w*=)"
)
_MY = re.compile(r"(?<=[\s=/:])(?P<name>MY_[A-Z0-9_]+)(?=\s|$|/|:)")
_VARIABLE = re.compile(r"(?<!\\)\$(?:\{(?P<braced>[A-Za-z_]\w*)\}|(?P<name>[A-Za-z_]\w*))")
_DASHED = re.compile(r"(?<!\\)\$\{(?P<name>[a-z][a-z0-9]*(?:-[a-z0-9]+)+)\}")
_DATED = re.compile(r"(?<![A-Za-z])(?P<name>YYYY([-_/.]?)MM\2DD(?:[-_T.]?HH[-_:.]?MM(?:[-_:.]?SS)?)?)(?![A-Za-z])")
_FORMATS = re.compile(r"to_char|to_date|to_timestamp|strftime|format\s*\(|moment|dayjs|date[-_]?format", re.I)
_XXX = re.compile(r"(?:(?<![A-Za-z0-9$])|(?<=\bv))(?P<name>x{3,}|X{3,})(?![A-Za-z])")
_VERSION = re.compile(r"(?<![A-Za-z0-9.])v?(?:X\.Y(?:\.Z)?|x\.y(?:\.z)?|X\.X(?:\.X)?|x\.x\.x)(?![A-Za-z0-9])")
_CAPITALS = re.compile(
    r"(?P<before>\s(?:--?[a-z][\w-]*=)?|(?<=[\w.])[:@]|(?<=[\w])/)(?P<name>(?:[A-Z][A-Z0-9]*_)*(?:ID|NAME|SHA|TAG|HASH|COMMIT|VERSION|REVISION|BRANCH|PID|NAMESPACE|POD|CONTAINER|DEPLOYMENT"
    r"|(?<=_)(?:URL|KEY|TOKEN|HOST|IP|PATH|FILE|NUMBER|POD|ARN|DATE|TIMESTAMP|DOMAIN)))(?=\s|$|[:/^~](?![A-Z]))"
)  # fmt: skip
_NAMES_SETTINGS = re.compile(
    r"\b(?:env|envs|environment|secrets?|config|configmap|vars?|variables?|unset|export|printenv|grep|rg|echo|printf|addons|pg|set|unset|getenv|ssm|doppler"
    r"|vault|awk|sed|declare|read|local|parameters?|settings?|SELECT|UPDATE|INSERT|DROP|ALTER|DELETE)\b"
)
_KNOWN = frozenset(
    """HOME PATH USER PWD SHELL EDITOR VISUAL PAGER RANDOM HOSTNAME LANG TERM IFS OLDPWD UID EUID SECONDS LINENO BASHPID PPID TMPDIR LOGNAME
    BASH_SOURCE PIPESTATUS FUNCNAME COLUMNS LINES REPLY OSTYPE SUDO_USER SSH_AUTH_SOCK DISPLAY PGPASSWORD null true false env host""".split()
)
_NONE = frozenset("none unknown nil br b i p a em hr li ul td tr div span code pre eof invalid unset".split())
_TEMPLATES = re.compile(
    r"(?:jsonpath|go-template|custom-columns|--format|--template|--output-format|-w|--write-out|--query|-f|--pretty|--jq|-q)(?:=|\s+)?$|(?:python3?|node|ruby|php)\s+-[cer]\s+$|-d\s*$|--data(?:-\w+)?[ =]$"
)
_POWERSHELL = re.compile(
    r"(?:^|[\s|;({])(?:Get|Set|New|Remove|Start|Stop|Restart|Invoke|Test|Write|Import|Export|Add|Select|Where|ForEach)-[A-Z]\w+|\$env:"
)
_QUOTED_HEREDOC = re.compile(r"<<-?\s*(['\"])(?P<word>\w+)\1[^\n]*\n.*?^\s*(?P=word)\s*$", re.M | re.S)
_ECHO = re.compile(r"(?:^|[|;&(]|\bdo\b|\bthen\b)\s*(?:echo|printf|logger)\b[^|;&]*$")


def placeholders(text: str, assigned: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """The names of the open values, in order."""
    return tuple(name for name in _ID.findall(normalised(text, assigned)) if name.lower() not in _NONE)


def normalised(text: str, assigned: frozenset[str] = frozenset()) -> str:
    """The text with every open value written `<id>`."""
    if "<" in text:
        text = _ANGLE.sub(_angle, text)
    if "our" in text or "YOUR" in text:
        text = _outside_ids(text, _YOUR, lambda found: _written(found["name"]))
    parts = _parts(text)
    if "$" in text and not _POWERSHELL.search(text):
        own = assigned | set_by(text)
        parts = [
            (part, kind)
            if kind in ("single", "heredoc")
            else (_VARIABLE.sub(_variable(own), _DASHED.sub(_dashed(own), part)), kind)
            for part, kind in parts
        ]
    if "{" in text:
        parts = _each(parts, _brace(text), ("bare", "double"))
    if "[" in text:
        parts = _squared(parts)
    text = "".join(part for part, _ in parts)
    if "YYYY" in text and not _FORMATS.search(text):
        text = _outside_ids(text, _DATED, lambda found: _written(found["name"]))
    if "xxx" in text or "XXX" in text:
        text = _outside_ids(text, _XXX, lambda found: _written(found["name"]))
    if re.search(r"[xX]\.[yYxX]", text):
        text = _outside_ids(text, _VERSION, lambda _: "<version>")
    return _capitals(text)


# ── the ways of writing one ───────────────────────────────────────────────────────────────────────


def _angle(found: re.Match[str]) -> str:
    name = found["name"] or found["within"] or found["numbered"]
    return found[0] if name.lower() in _NONE else _written(name)


def _variable(own: frozenset[str]) -> Callable[[re.Match[str]], str]:
    def opened(found: re.Match[str]) -> str:
        name = found["braced"] or found["name"]
        if name in _KNOWN or name in own or len(name) < 2:
            return found[0]
        return _written(name)

    return opened


def _dashed(own: frozenset[str]) -> Callable[[re.Match[str]], str]:
    """`${db-name}` is shell for "db, or else the word name", which nobody means in a runbook."""
    return lambda found: found[0] if found["name"].partition("-")[0] in own else _written(found["name"])


def _brace(text: str) -> Callable[[str], str]:
    kept = {"owner", "repo", "branch"} if re.search(r"\bgh\s+api\b", text) else set()

    def opened(found: re.Match[str]) -> str:
        name = found["name"] or found["within"]
        return found[0] if name in kept else _written(name)

    return lambda part: _BRACE.sub(opened, part)


def _squared(parts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    made: list[tuple[str, str]] = []
    before = ""
    for number, (part, kind) in enumerate(parts):
        made.append((_SQUARE.sub(_square(before, kind), part) if kind in ("bare", "double", "single") else part, kind))
        before = before[-200:] + parts[number][0]
    return made


def _square(before: str, kind: str) -> Callable[[re.Match[str]], str]:
    def opened(found: re.Match[str]) -> str:
        name = found["name"] or found["caps"] or found["joined"]
        start = found.string[: found.start("name") if found["name"] else found.start()]
        if not (before + start).strip(" [") or _CLASS.match(name) or _TAGS.match(name):
            return found[0]
        if kind == "single" and not (found["before"] and found["after"]):
            return found[0]
        if kind != "bare" and _ECHO.search(before):
            return found[0]
        if found["before"] and not found["after"] and not re.match(r"[/_.:-]", found.string[found.end() :]):
            return found[0]
        written = _written(name)
        return f"{found['before'] or ''}{written}{found['after'] or ''}"

    return opened


def _capitals(text: str) -> str:
    """`RUN_ID` behind a sub-command: a value to fill in, where the command does not speak of settings' names."""
    if not re.search(r"[A-Z]{2}", text) or "\n" in text:
        return text

    def opened(found: re.Match[str]) -> str:
        name = found["name"]
        rest = text[found.end() :]
        ends = name.rpartition("_")[2]
        if "_" in name and ends in ("URL", "KEY", "TOKEN", "PATH", "FILE", "HOST", "NUMBER", "DATE") and rest.strip():
            return found[0]
        if found["before"] == "/" and "://" not in text and "_" not in name:
            return found[0]
        return f"{found['before']}{_written(name)}"

    parts = _parts(text)
    whole = "".join(part for part, kind in parts if kind in ("bare", "start"))
    if _NAMES_SETTINGS.search(whole):
        return text
    return "".join(_CAPITALS.sub(opened, part) if kind == "bare" else part for part, kind in parts)


# ── where in a command a text stands ──────────────────────────────────────────────────────────────


def _parts(text: str) -> list[tuple[str, str]]:
    """The text in parts: `bare`, `single` and `double` quoted, and `pattern` for what a program reads as its own language."""
    if "<<" in text and (heredoc := _QUOTED_HEREDOC.search(text)):
        body = text.index("\n", heredoc.start())
        return [*_parts(text[:body]), (text[body : heredoc.end()], "heredoc"), *_parts(text[heredoc.end() :])]
    parts: list[tuple[str, str]] = []
    start, at, quote = 0, 0, ""
    while at < len(text):
        char = text[at]
        if char == "\\" and quote != "'":
            at += 2
            continue
        if not quote and char in "'\"":
            if at > start:
                parts.append((text[start:at], "bare"))
            start, quote = at, char
        elif char == quote:
            parts.append((text[start : at + 1], _quoted_kind(quote, parts)))
            start, quote = at + 1, ""
        at += 1
    if start < len(text):
        parts.append((text[start:], "bare"))
    return parts


def _quoted_kind(quote: str, parts: Iterable[tuple[str, str]]) -> str:
    *_, before = ("", *(part for part, _ in parts))
    if re.search(r"(?:^|[|;&(\s])(?:e?grep|rg|sed|g?awk|jq|yq|perl|ag)(?:\s+-\S+)*\s+$", before) or _TEMPLATES.search(
        before
    ):
        return "single" if quote == "'" else "pattern"
    return "single" if quote == "'" else "double"


def _each(parts: list[tuple[str, str]], change: Callable[[str], str], kinds: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(change(part) if kind in kinds else part, kind) for part, kind in parts]


def _outside_ids(text: str, pattern: re.Pattern[str], change: Callable[[re.Match[str]], str]) -> str:
    """Changes what a pattern finds, except within values that are marked already."""
    if "<" not in text:
        return pattern.sub(change, text)
    return "".join(
        part if part.startswith("<") and _ID.fullmatch(part) else pattern.sub(change, part)
        for part in re.split(r"((?<!<)<[A-Za-z][A-Za-z0-9_-]*>)", text)
    )


def _written(name: str) -> str:
    made = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower() or "value"
    return f"<{made if made[0].isalpha() else f'v-{made}'}>"
