"""Values that a document's commands leave open, in the many ways in which people write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from zlib import crc32

from runbook.model import Record
from runbook.reading.once import once
from runbook.reading.placeholder_kinds import Kind, kind_of
from runbook.reading.programs import words_of
from runbook.reading.variables import quoted, set_variables, unset_variables

LONGEST = 20_000
"""More characters than a command that somebody fills in."""


class Placeholder(Record, frozen=True):
    """A value that a command leaves open. A `sample` is a literal that may be real: it is asked about, not replaced."""

    id: str
    spelled: tuple[str, ...] = ()
    kind: Kind = "text"
    sample: bool = False


class Spot(NamedTuple):
    """One place of a text where a value is open."""

    start: int
    end: int
    name: str
    sample: bool = False


@once
def placeholders(text: str, assigned: frozenset[str] = frozenset()) -> tuple[Placeholder, ...]:
    """The values a command leaves open, in the order of their first use; `assigned` are variables set elsewhere."""
    found: dict[str, Placeholder] = {}
    for spot in spots(text, assigned):
        name = identifier(spot.name)
        spelled = text[spot.start : spot.end]
        known = found.get(name)
        if known is None:
            found[name] = Placeholder(name, (spelled,), kind_of(name, text), spot.sample)
        elif spelled not in known.spelled:
            found[name] = Placeholder(name, (*known.spelled, spelled), known.kind, known.sample and spot.sample)
    return tuple(found.values())


@once
def normalised(text: str, assigned: frozenset[str] = frozenset()) -> str:
    """The command with each open value as `<id>`; the text itself where nothing is open."""
    parts, at = [], 0
    for spot in spots(text, assigned):
        if not spot.sample:
            parts += [text[at : spot.start], f"<{identifier(spot.name)}>"]
            at = spot.end
    return "".join([*parts, text[at:]])


@once
def masked(text: str) -> str:
    """The text with its placeholders as plain words of the same length, so that a shell grammar can read it."""
    if not _MARKED.search(text):
        return text
    parts, at = [], 0
    for spot in _bracketed(text):
        parts += [text[at : spot.start], _plain_word(text[spot.start : spot.end])]
        at = spot.end
    return "".join([*parts, text[at:]])


@once
def spots(text: str, assigned: frozenset[str] = frozenset()) -> tuple[Spot, ...]:
    """The places where values are open, in order, none inside another."""
    if len(text) > LONGEST:
        return ()
    every = [
        *_bracketed(text),
        *(Spot(*open_one) for open_one in unset_variables(text, assigned)),
        *_words(text),
        *_samples(text),
    ]
    every += _other_capitals(text, every)
    kept: list[Spot] = []
    for spot in sorted(every, key=lambda spot: (spot.start, spot.sample, -spot.end)):
        if not kept or spot.start >= kept[-1].end:
            kept.append(spot)
    return tuple(kept)


def identifier(name: str) -> str:
    """A name as near to the document's spelling as an id may be."""
    plain = re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-")
    plain = re.sub(r"^[^A-Za-z]+", "", plain)[:60] or "value"
    if name.isascii() or not (beyond := "".join(char for char in name if char.isalnum() and not char.isascii())):
        return plain
    return f"{plain}-{crc32(beyond.encode('utf-8', 'surrogatepass')) % 9000 + 1000}"  # `<旧tag>` is not `<新tag>`


def _plain_word(spelled: str) -> str:
    return "X" * len(spelled)


# ── forms ─────────────────────────────────────────────────────────────────────────────────────────

_MARKED = re.compile(r"[<\[{«‹]|__|%[A-Z]|@[A-Z]")
_ANGLE = re.compile(r"(?<![<?])<(?=[^\W\d_])((?:[^<>\n;&`$\"']|(?<=\w)'(?=\w)){0,58}[^<>\n;&`$\"'\s])>")
_WINDOWS = re.compile(r"\b[A-Za-z]:\\|\\\\\w|\b[A-Z][a-z]+-[A-Z]\w+\s")
"""Where a backslash parts a path; elsewhere it makes a bracket plain, or a word's edge of it."""
_NOT_OPEN = words_of("none unknown pending nil null empty no-value none-set invalid unset undefined")
_HTML = words_of("a b br p i em li ul ol tr td th div span html body head title script style h1 h2 h3 pre code xml img")
_SQUARE = re.compile(r"(?<![A-Za-z0-9.\])}$\[*\\])\[([A-Za-z][A-Za-z0-9_ /.-]{1,40})\](?![\]\w*+?{(])")
_TAKES_PATTERN = re.compile(r"\b(?:[efz]?grep|rg|sed|awk|jq|tr|find|ls)\b[^|;&\n]*$")
_LEVELS = words_of("INFO WARN WARNING ERROR DEBUG OK FAIL FAILED PASS PASSED DONE SUCCESS TRACE CRITICAL FATAL NOTICE")
_BRACE = re.compile(r"(?<![A-Za-z0-9%@${\\.])\{([A-Za-z][A-Za-z0-9_-]{1,40})\}(?!\})")
_BETWEEN_SIGNS = re.compile(
    r"(?<!\w)(?:__([A-Z][A-Z0-9_]*[A-Z0-9])__|%([A-Z][A-Z0-9_]{2,})%|@([A-Z][A-Z0-9_]+)@)(?!\w)|[«‹]([^\W\d_][^«»‹›\n`$\"']{0,58})[»›]"
)
_SHELL_BRACE = re.compile(r"(?<!\\)\$\{([a-z][a-z0-9]*(?:-[a-z0-9]+)+)\}")


def _bracketed(text: str) -> Iterator[Spot]:
    """`<x>`, `[X]`, `{x}`, and `${a-b}`, which the shell would read as something else."""
    found = [*_angles(text), *_squares(text), *_braces(text), *_between_signs(text)]
    end = 0
    for spot in sorted(found):
        if spot.start >= end:
            end = spot.end
            yield spot


def _angles(text: str) -> Iterator[Spot]:
    if "<" not in text:
        return
    indent, closes = len(text) - len(text.lstrip()), "</" in text
    for match in _ANGLE.finditer(text):
        name = match[1]
        plain = name.lower().replace(" ", "-")
        # `<title>` after a program is a value; at the beginning of a line, or with its end, it is a page
        tag = plain in _HTML and (match.start() <= indent or closes)
        if plain in _NOT_OPEN or tag or (closes and f"</{name}" in text) or re.fullmatch(r"\S+@\S+\.\w+", name):
            continue
        if text[match.start() - 1 : match.start()] == "\\" and (name.endswith("\\") or not _WINDOWS.search(text)):
            continue
        compares = " " in name and re.match(r"[\w)]", text[match.start() - 1 : match.start()] or " ")  # `a<b and c>d`
        if compares or re.search(r"\s[-|]", name):
            continue
        yield Spot(match.start(), match.end(), name)


def _between_signs(text: str) -> Iterator[Spot]:
    """`__X__`, `%X%`, `@X@` and `«x»`, but for those of which a pattern speaks: `sed s/__X__/1/`, `LIKE '%X%'`."""
    for match in _BETWEEN_SIGNS.finditer(text):
        before = text[max(0, match.start() - 200) : match.start()]
        if not _TAKES_PATTERN.search(before) and not re.search(r"(?i)\blike\s+\W$", before):
            yield Spot(match.start(), match.end(), next(name for name in match.groups() if name))


def _squares(text: str) -> Iterator[Spot]:
    if "[" not in text or re.match(r"\s*(?:echo|printf|log\w*)\b", text):
        return
    end = (
        text.find("\n") if "<<" in text.split("\n", 1)[0] else len(text)
    )  # a text fed to a command is a form, not a call
    for match in _SQUARE.finditer(text, 0, end):
        name = match[1]
        before, after = text[max(0, match.start() - 1) : match.start()], text[match.end() : match.end() + 1]
        if _TAKES_PATTERN.search(text[max(0, match.start() - 200) : match.start()]) and before != "/":
            continue
        tag_of_message = before in ("'", '"') and after in (" ", ":")
        says_open = name.isupper() or re.search(r"[ _-]", name) or name.islower()
        test = before in ("", " ", ";", "!", "(") and name.startswith(("-", " "))
        if (
            name in _LEVELS
            or tag_of_message
            or test
            or not says_open
            or re.fullmatch(r"(?i)[a-z]-[a-z]|[a-z]|y(?:es)?/no?", name)
        ):
            continue
        if re.fullmatch(r"a-zA-Z.*|[a-z0-9]-[a-z0-9]\S*|A-Za-z.*", name) or name.endswith("-"):
            continue
        yield Spot(match.start(), match.end(), name)
        yield from _same_again(text, match, end)


def _same_again(text: str, first: re.Match[str], end: int) -> Iterator[Spot]:
    """The same brackets elsewhere in the command, where letters touch them: `page_[ID]_before.html`."""
    at = text.find(first[0], 0, end)
    while at >= 0:
        if at != first.start():
            yield Spot(at, at + len(first[0]), first[1])
        at = text.find(first[0], at + 1, end)


def _braces(text: str) -> Iterator[Spot]:
    if "{" not in text:
        return
    for match in _SHELL_BRACE.finditer(text):
        yield Spot(match.start(), match.end(), match[1])
    if re.search(r"\b(?:awk|gawk|parallel|xargs)\b|jsonpath|go-template", text):
        return
    for match in _BRACE.finditer(text):
        if match[1] not in ("print", "end", "begin"):
            yield Spot(match.start(), match.end(), match[1])


_ALONE = (
    "COMMIT|SHA|HASH|TAG|VERSION|REVISION|REV|TOKEN|ID|URL|NAME|NUMBER|DATE|TIMESTAMP|PASSWORD|HOST|HOSTNAME|USERNAME|BRANCH|POD|"
    "NAMESPACE|FILENAME|REGION|DEPLOYMENT|BUCKET|PROJECT|CLUSTER|DOMAIN"
)
"""Nouns that ask for a value when they stand alone; others are often names (`heroku pg:promote DATABASE`)."""
_NOUN = (
    f"{_ALONE}|IDS|SHA256|VER|URI|KEY|NUM|SERVICE|RELEASE|ACCOUNT|INSTANCE|SECRET|DATABASE|ADDRESS|PORT|ARN|DIGEST|IMAGE|"
    "MIGRATION|PID|ENDPOINT|CONTAINER|SNAPSHOT|EMAIL|ZONE"
)
_YOUR = re.compile(
    r"(?<![\w$-])(?:[A-Za-z0-9]+[_-])*?(?:(?:YOUR|MY|REPLACE)[_-][A-Z0-9_-]*[A-Z0-9]|your[_-][a-z0-9_-]*[a-z0-9])"
)
_MY = re.compile(
    r"(?<![\w$.-])my-(?:app|service|cluster|bucket|project|db|database|instance|namespace|domain|repo|image|release|"
    r"deployment|function|server|host|stack|org|team|pod|container|secret|table|queue|topic|user|env|site|api|worker|"
    r"distribution|registry|node|vm)\b(?:-(?:name|id))?"
)
_DATE = re.compile(r"YYYY([-_/]?)MM\1DD(?:[-_T ]?HH[-_:]?MM(?:[-_:]?SS)?Z?)?|(?<![A-Za-z])HH:MM(?::SS)?(?![A-Za-z])")
_XXX = re.compile(
    r"(?<![\w$.*/-])[\w-]*?(?:x{3,}|X{3,})[\w-]*|(?<![\w.$-])[vV]?[XxYyZzNn0-9]{1,3}\.[XYZxyzNn]\.[XYZxyzNn]\b|(?<=\w-)[xX]{4,}(?!\w)"
)
_HASHES = re.compile(r"(?<![\w$])[vV]#+(?=\s|$)|(?<==)#+(?=\s|$)")
_NN = re.compile(r"(?<![\w$%.-])[vV]?N{2,}(?!\w)")
_CAPITALS = re.compile(rf"(?<![\w$%-])(?:(?:[A-Z0-9]+[_-])+(?:{_NOUN})|(?:{_ALONE}))(?![\w=(-]|[\"']\s*:)")
_BRACKETED = re.compile(r"[_/:=@.,+\s\"'(-]\[")
"""Before a word in capitals: the brackets are its mark, and not an index (`Instances[ID]`)."""
_TWO_CAPITALS = re.compile(r"[A-Z]{2}")
_ONE_LETTER = re.compile(r"(?<=[=:])[NX](?=\s|$)")
_NAMES_OF_VARIABLES = re.compile(
    r"\b(?:printenv|unset|export|env (?:rm|add|pull)|config:(?:get|unset)|secrets? (?:unset|delete|get)|--build-arg|"
    r"get-value|variables get|cat|less|vim?|nano|git add)\s[^|;&\n]*|\s-(?:e|-env)[ =][A-Z_]+|\bgrep\b[^|;&\n]*"
)


_NAMED = re.compile(r"\s*(?:echo|printf)\b|heroku (?:pg|addons)\b")
"""Where words in capitals are names."""
_SIGNS = (
    (_YOUR, ("YOUR", "MY", "REPLACE", "your")),
    (_MY, ("my-",)),
    (_ONE_LETTER, ("=N", "=X", ":N", ":X")),
    (_DATE, ("YYYY", "HH:MM")),
    (_NN, ("NN",)),
    (_XXX, ("xxx", "XXX", ".x", ".y", ".z", ".n", ".X", ".Y", ".Z", ".N")),
)
"""Each of these words with what a text must hold to have one: most have none, and are looked through once."""
_FORMATS_DATES = re.compile(r"to_char|strftime|date\s+[-+\"']|--date-format")
_NUMBERS_ONLY = re.compile(r"[\d.v]+")


def _words(text: str) -> Iterator[Spot]:
    """Words that stand for a value without any bracket."""
    for pattern, signs in _SIGNS:
        if not any(sign in text for sign in signs):
            continue
        if (pattern is _DATE and _FORMATS_DATES.search(text)) or (pattern is _XXX and "mktemp" in text):
            continue
        for match in pattern.finditer(text):
            if not _NUMBERS_ONLY.fullmatch(match[0]):
                yield Spot(match.start(), match.end(), match[0])
    for match in _HASHES.finditer(text) if "#" in text else ():
        yield Spot(match.start(), match.end(), "number" if match[0][0] == "#" else "version")
    yield from _capitals(text)


def _capitals(text: str) -> Iterator[Spot]:
    """Whole arguments in capitals that end in a noun for a value: `COMMIT_SHA`, `--tag=VERSION`."""
    nouns = list(_CAPITALS.finditer(text)) if _TWO_CAPITALS.search(text) else []
    if not nouns or _NAMED.match(text):
        return
    single, double = quoted(text)
    phrases = [part for part in (*single, *double) if re.search(r"\s", text[part[0] : part[1]])]
    apart = [*(match.span() for match in _NAMES_OF_VARIABLES.finditer(text)), *phrases]
    known = set_variables(text)
    for match in nouns:
        start = match.start()
        if match[0] in known or text[start - 1 : start] == "{" or any(low <= start < high for low, high in apart):
            continue
        if _BRACKETED.match(text, max(0, start - 2)) and text[match.end() : match.end() + 1] == "]":
            if not _TAKES_PATTERN.search(text[max(0, start - 200) : start]):
                yield Spot(start - 1, match.end() + 1, match[0])
            continue
        yield Spot(start, match.end(), match[0])


_ARGUMENT = re.compile(r"(?<=[^\s|;&(])\s+([A-Z][A-Z0-9_]+)(?=\s|$)")
_WORDS_IN_CAPITALS = words_of(
    "GET HEAD POST PUT PATCH DELETE OPTIONS PURGE FETCH_HEAD ORIG_HEAD MERGE_HEAD HUP INT TERM KILL QUIT USR1 USR2 STOP "
    "SIGHUP SIGINT SIGTERM SIGKILL AAAA MX TXT NS CNAME SOA ANY JSON YAML CSV TCP UDP HTTP HTTPS TRUE FALSE NULL ACTIVE "
    "ENABLED DISABLED RUNNING STOPPED PENDING FAILED SUCCEEDED COMPLETED ALL NONE README LICENSE CHANGELOG VERSION EOF"
)
_SPEAKS_IN_CAPITALS = re.compile(
    r"\b(?:redis-cli|valkey-cli|keydb-cli|memcached|nc|ncat|telnet|openssl|dig|sqlcmd|influx|cqlsh)\b|<<|\b(?:SELECT|UPDATE|"
    r"DELETE|INSERT|DROP|TRUNCATE|ALTER|CREATE|GRANT|REVOKE|REINDEX|VACUUM|SHUTDOWN|RESET|FLUSH\w*)\b"
)
"""What must not be taken for a value, because it is what the command does."""

_OF_A_SET = re.compile(
    r"(?:\s-X|\s--(?:[\w-]*-)?(?:request|type|status|state|mode|format|output|method|policy|class|tier|level|strategy|protocol"
    r"|engine|filter|action|scheme))$"
)
"""Options whose values are words of the program."""


def _other_capitals(text: str, found: list[Spot]) -> Iterator[Spot]:
    """The other whole arguments in capitals, once one of the command is open: `-h <HOST> -U USER -d DB`."""
    opened = (text[spot.start : spot.end] for spot in found if spot.name.isupper() and not spot.sample)
    if all(spelled.lstrip('"').startswith("$") for spelled in opened) or _NAMED.match(text):
        return
    if _SPEAKS_IN_CAPITALS.search(text):
        return
    single, double = quoted(text)
    apart = [*single, *double, *(match.span() for match in _NAMES_OF_VARIABLES.finditer(text))]
    for match in _ARGUMENT.finditer(text):
        start, end = match.span(1)
        plain = match[1] in _WORDS_IN_CAPITALS | _LEVELS or _OF_A_SET.search(
            text[max(0, match.start() - 40) : match.start()]
        )
        if not plain and not any(low <= start < high for low, high in apart):
            yield Spot(start, end, match[1])


_DIGIT = re.compile(r"\d")
_SIX_OF_A_HASH = re.compile(r"[0-9a-f]{6}")
_HASH = re.compile(r"(?<![\w.$/@:-])(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{6,40}(?![\w-])")
_VERSION = re.compile(r"(?<![\w$.])v?\d+\.\d+\.\d+(?:-[\w.]+)?(?![\w.])")
_REVISION = re.compile(r"(?<=:)v?\d[\w.-]*(?=\s|$|\"|')|(?<=--to-revision=)\d+|(?<=\s)v\d+(?=\s|$)")
_EXAMPLE = re.compile(r"(?<![\w.-])(?:[\w-]+\.)*example\.(?:com|org|net|io)")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")


def _samples(text: str) -> Iterator[Spot]:
    """Literal values that look made up: they may be the document's example, or the real thing."""
    if _DIGIT.search(text):
        yield from _numbers(text)
    if "example." in text:
        for match in _EXAMPLE.finditer(text):
            yield Spot(match.start(), match.end(), "domain", sample=True)


def _numbers(text: str) -> Iterator[Spot]:
    """Hashes, versions and revisions."""
    for match in _HASH.finditer(text) if _SIX_OF_A_HASH.search(text) else ():
        yield Spot(match.start(), match.end(), "commit" if "git" in text else "id", sample=True)
    for match in _VERSION.finditer(text):
        if not _ADDRESS.match(text, match.start()):
            yield Spot(match.start(), match.end(), "version", sample=True)
    for match in _REVISION.finditer(text):
        port = match[0].isdigit() and (int(match[0][:6]) >= 1000 or match[0] in ("22", "25", "53", "80", "443"))
        if not port and not re.search(
            r"(?:localhost|\s|\d|https?://[\w.-]+|@[\w.-]+)$", text[: match.start() - 1][-200:]
        ):
            yield Spot(match.start(), match.end(), "revision" if match[0].isdigit() else "version", sample=True)
