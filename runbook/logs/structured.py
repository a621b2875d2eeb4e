"""JSON and logfmt lines, and the short form they are shown in.

What is recognised comes from outside: `compact` passes every part of it through the gate, keys too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from runbook.logs.clean import DECORATION, SHOWN_LIMIT, clean, redact
from runbook.logs.index import HEAD
from runbook.logs.levels import Level, Span, level_named, level_of
from runbook.model import Record

Field = tuple[str, object]

DEEPEST = 3
"""Objects inside objects that are taken apart; what lies deeper is shown as it is written."""
PART = 1024
"""Characters of one value that are shown."""
COLUMN = 5
"""Characters of the level's word, so that what follows it stands in one line."""
LINE_END = "\N{SYMBOL FOR NEWLINE}"
"""What the gate makes of a line end inside a value."""
MOST = 200
"""Fields that are looked at."""

_LEVEL = (
    *("level", "severity", "lvl", "loglevel", "log_level", "log.level", "levelname", "severity_text", "severitytext"),
    *("severity_number", "severitynumber", "levelno", "priority", "at", "@l", "s"),
)
_TIME = (
    "time",
    "timestamp",
    "@timestamp",
    "ts",
    "datetime",
    "date",
    "t",
    "t.$date",
    "@t",
    "asctime",
    "timemillis",
    "__realtime_timestamp",
)
_MESSAGE = (
    "message",
    "msg",
    "event",
    "short_message",
    "body",
    "text",
    "@m",
    "@mt",
    "error.message",
    "err.message",
    "error",
    "err",
)
_SOURCE = ("logger", "logger_name", "log.logger", "name", "component", "module", "service", "service.name", "app")
_FIRST = (
    *("error", "err", "exception", "exc", "error.message", "err.message", "error.type", "err.type", "code", "status"),
    *("statuscode", "status_code", "http.status_code", "method", "path", "url", "uri", "duration", "duration_ms"),
    *("latency", "elapsed", "responsetime", "took", "host", "user", "request_id", "requestid", "trace_id", "traceid"),
)
_PLACE = {name: at for at, name in reversed(tuple(enumerate(_FIRST)))}
_LAST = frozenset({"pid", "hostname", "v", "version", "thread", "thread_name", "level_value", "caller", "stream"})
_PAIR = re.compile(r'\s*([A-Za-z_@][\w.@/-]{0,80})=("(?:[^"\\]|\\.)*+"|[^\s"=]*+)(?=\s|$)')
_LEADING = re.compile(
    r"(?:\[[^\]\s]{1,100}\]\s+|[\w./-]{1,60}\s*\|\s+|\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?\s+"
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S{1,60} |[\w./-]{1,60}\[[\w./-]{1,40}\]:\s+){0,3}"
)
"""What collectors write before a line: a pod's or a container's name, a time, syslog's header."""
_PLAIN = re.compile(r"[\w./:@%+-]+")
"""Values that need no quotes; without them a mask would end at such a sign as `&`."""
_EVEN = re.compile(r"[ !#-\[\]-~]+")
"""What quotes do not change: printable ASCII without the quote and the backslash."""


class Entry(Record, frozen=True):
    """A line taken apart, as it came: nothing here is clean yet."""

    time: str
    level: Level
    word: str
    source: str
    message: str
    fields: tuple[Field, ...]
    prefix: str = ""
    day: str = ""
    """The date of `time`, where it is known."""


def recognise(head: bytes) -> Entry | None:
    """The parts of a JSON or logfmt line; None for any other. `head` may be cut: what is whole in it is taken."""
    text = head.decode("utf-8", "replace")
    if "\x1b" in text:
        text = DECORATION.sub("", text)
    leading = _LEADING.match(text)
    begin = leading.end() if leading else 0
    cut = len(head) >= HEAD - 1
    fields = _json_fields(text[begin:], cut=cut) if text.startswith("{", begin) else _pairs(text, begin, cut=cut)
    return _entry(fields, text[:begin]) if fields else None


# ── taking apart ──────────────────────────────────────────────────────────────────────────────────


def _json_fields(text: str, *, cut: bool) -> list[Field]:
    try:
        whole = msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        whole = _as_far_as_it_goes(text) if cut else None
    return list(_flat(whole, "", 1))[:MOST] if isinstance(whole, dict) else []


def _as_far_as_it_goes(text: str) -> dict[str, object]:
    """The whole fields of an object that is cut off."""
    found: dict[str, object] = {}
    decoder, at = json.JSONDecoder(), 1
    try:
        while len(found) < MOST:
            key, at = decoder.raw_decode(text, _over(text, at, ""))
            value, at = decoder.raw_decode(text, _over(text, at, ":"))
            found[str(key)] = value
            at = _over(text, at, ",")
    except (ValueError, RecursionError):
        pass
    return found


def _over(text: str, at: int, sign: str) -> int:
    """Behind white space and the sign. Raises ValueError when another one stands there."""
    at = _space(text, at)
    if not text.startswith(sign, at):
        raise ValueError(sign)
    return _space(text, at + len(sign))


_SPACE = re.compile(r"[ \t\r\n]*")


def _space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _flat(found: dict[str, object], above: str, depth: int) -> Iterator[Field]:
    for key, value in found.items():
        name = f"{above}{key}"
        if isinstance(value, dict) and value and depth < DEEPEST:
            yield from _flat(value, f"{name}.", depth + 1)
        else:
            yield name, value


def _pairs(text: str, at: int, *, cut: bool) -> list[Field]:
    """The `key=value` pairs of a line that has nothing else; a last one that is cut is left out."""
    found: list[Field] = []
    if "=" not in text[at : at + 82]:
        return found
    while len(found) < MOST and (match := _PAIR.match(text, at)):
        found.append((match[1], _unquoted(match[2])))
        at = match.end()
    rest = text[at:].strip()
    return found if len(found) > 1 and (not rest or cut) else []


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    if "\\" not in value:
        return value[1:-1]
    try:
        return str(json.loads(value, strict=False))
    except ValueError:
        return value[1:-1]


# ── what the parts mean ───────────────────────────────────────────────────────────────────────────


def _entry(fields: list[Field], prefix: str) -> Entry | None:
    named = {key.lower(): (key, value) for key, value in reversed(fields)}
    taken: set[str] = set()

    def take(names: Sequence[str], wanted: type | tuple[type, ...]) -> tuple[str, object]:
        for name in names:
            if name in named:
                key, value = named[name]
                if key and isinstance(value, wanted) and not isinstance(value, bool) and value != "":
                    return key, value
        return "", None

    level: Level = ""
    word = ""
    for name in _LEVEL:
        if name not in named:
            continue
        key, value = named[name]
        if key and (level := level_named(value, name)):
            taken.add(key)
            word = value.strip().upper() if isinstance(value, str) and len(value) > 1 else ""
            break
    key, value = take(_MESSAGE, str)
    if not key and (inner := _wrapped(named, prefix)):
        return inner
    message = value if isinstance(value, str) else ""
    taken.add(key)
    when, at = take(_TIME, (str, int, float))
    day, time = _when(at)
    if time:
        taken.add(when)
    if not (level or message):
        return None
    where, source = take(_SOURCE, str)
    taken.add(where)
    if not level:
        level, _ = level_of(f" {message}")
    rest = [field for field in fields if field[0] not in taken]
    fields = sorted(rest, key=_rank)
    return Entry(time, level, said(level, word), str(source or ""), message, tuple(fields), prefix, day)


def said(level: Level, word: str) -> str:
    """The level's own word where it is short enough to stand in a column: FATAL, PANIC, CRIT."""
    return word if 0 < len(word) <= COLUMN and not word.isdigit() else level.upper()


def _wrapped(named: dict[str, Field], prefix: str) -> Entry | None:
    """The line inside a container engine's: `{"log": "…\\n", "stream": "stderr", "time": "…"}`."""
    _, log = named.get("log", ("", None))
    if not isinstance(log, str):
        return None
    if inner := recognise(log.encode("utf-8", "replace")):
        return msgspec.structs.replace(inner, prefix=prefix + inner.prefix)
    _, at = named.get("time", ("", None))
    level, _ = level_of(log)
    stream = tuple(field for key, field in named.items() if key not in ("log", "time"))
    day, time = _when(at)
    return Entry(time, level, level.upper(), "", log.rstrip("\n"), stream, prefix, day)


def _rank(field: Field) -> int:
    name = field[0].lower()
    place = _PLACE.get(name)
    return len(_FIRST) + (1 if name in _LAST else 0) if place is None else place


_CLOCK = re.compile(r"(?:(\d{4}-\d\d-\d\d)[T ])?(\d\d:\d\d:\d\d)[.,\d]*\s*(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE)


def _when(value: object) -> tuple[str, str]:
    """The day and the time (`03:14:22`) of a field, in UTC where its zone is told; empty where it tells none."""
    if isinstance(value, str):
        match = _CLOCK.search(value[:64])
        if match is None:
            if len(value) > 24 or not value.isascii() or not value.replace(".", "", 1).isdigit():
                return "", ""
            value = float(value)
        elif match[3] in (None, "Z", "z"):
            return match[1] or "", match[2]
        else:
            try:
                return _of(datetime.fromisoformat(match[0].replace(",", ".")).astimezone(UTC))
            except (ValueError, OverflowError):
                return match[1] or "", match[2]
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return "", ""
    # seconds, or thousandths and so on of one, since 1970: told apart by their size
    at = float(value) if abs(value) < 1e24 else 0.0
    while at > 1e11:
        at /= 1000
    return _of(datetime.fromtimestamp(at, UTC)) if at > 1e8 else ("", "")


def _of(moment: datetime) -> tuple[str, str]:
    return f"{moment:%Y-%m-%d}", f"{moment:%H:%M:%S}"


def _told(day: str, time: str, today: str) -> str:
    """The time alone, as it is of today; a time of another day looks like one of now without its date."""
    return f"{day} {time}" if time and day and today and day != today else time


_DATED = re.compile(
    r"(?P<source>(?:[\w./-]{1,60} *\| |\[pod/\S{1,150}\] ){0,2})"
    r"(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)(?=\s)"
)
"""A time, also behind the name of the log, the container or the pod that the line comes from."""


def undated(text: str, today: str = "") -> str:
    """A plain line that begins with a time of today, without the date (UTC where it tells); else as it is.

    Without `today` every day is taken for it.
    """
    stamp = _DATED.match(text)
    time = _told(*_when(stamp["time"]), today) if stamp else ""
    return f"{stamp['source']}{time}{text[stamp.end() :]}" if stamp and time else text


# ── the short form ────────────────────────────────────────────────────────────────────────────────


_STAMP = re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?\s*")


@lru_cache(maxsize=128)
def short_form(head: bytes, secrets: tuple[str, ...], beyond: int, today: str = "") -> tuple[str, Span, Level] | None:
    """As `compact`, with the level, for a line that may be none of these; remembers what is on the screen."""
    entry = recognise(head)
    return (*compact(entry, secrets, beyond, today), entry.level) if entry else None


def compact(entry: Entry, secrets: Sequence[str] = (), beyond: int = 0, today: str = "") -> tuple[str, Span]:
    """Time, level, source, message and `key=value`, clean and masked; and where the level's word stands.

    `beyond`: bytes of the line that were never read.
    """

    def safe(text: str) -> str:
        # before it is put in quotes, which write a secret otherwise; what is the same in quotes is masked in the whole
        if len(text) < PART and (_PLAIN.fullmatch(text) or (not secrets and _EVEN.fullmatch(text))):
            return text
        return _first_line(redact(clean(text, PART), secrets))

    prefix, time = entry.prefix.strip(), _told(entry.day, entry.time, today)
    if stamp := _STAMP.match(prefix):
        prefix, time = prefix[stamp.end() :], time or _told(*_when(stamp[0]), today)
    head = " ".join(filter(None, (safe(prefix), time)))
    word = safe(entry.word)
    begin = len(head) + 1 if head and word else 0
    head = " ".join(filter(None, (head, f"{word:<{COLUMN}}" if word else "")))
    said = safe(entry.source), safe(entry.message), " ".join(_pair(*field, safe) for field in entry.fields)
    text = redact(clean(" ".join(filter(None, (head, "  ".join(filter(None, said))))), SHOWN_LIMIT, beyond), secrets)
    mark = (begin, begin + len(word)) if word and text[begin : begin + len(word)] == word else (0, 0)
    return text, mark


_as_json = json.JSONEncoder(ensure_ascii=False).encode


def _pair(key: str, value: object, safe: Callable[[str], str]) -> str:
    name = safe(key)
    name = name if _PLAIN.fullmatch(name) else _as_json(name)
    if isinstance(value, str):
        shown = safe(value)
        return f"{name}={shown if _PLAIN.fullmatch(shown) else _as_json(shown)}"
    try:
        return f"{name}={safe(_as_json(value))}"
    except RecursionError:
        return f"{name}=…"


def _first_line(shown: str) -> str:
    """A value of several lines, such as a stack, by its first one and how many follow."""
    first, _, rest = shown.rstrip(LINE_END).partition(LINE_END)
    return f"{first} (+{rest.count(LINE_END) + 1} lines)" if rest else first
