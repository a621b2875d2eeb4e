"""JSON and logfmt lines in their short form: what matters first, nothing hidden, nothing live, no secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runbook.logs.clean import clean
from runbook.logs.index import SPAN, Line
from runbook.logs.levels import level_named
from runbook.logs.rows import LogRow, rows_of
from runbook.logs.scan import parse
from runbook.logs.structured import compact, recognise
from runbook.logs.view import LogView


def short(line: str | bytes, *secrets: str) -> str:
    head = line.encode() if isinstance(line, str) else line
    entry = recognise(head)
    return compact(entry, secrets)[0] if entry else ""


def rows(*lines: str, query: str = "", **given: object) -> tuple[LogRow, ...]:
    found, at = [], 0
    for line in lines:
        found.append(Line(at, line.encode(), len(line.encode())))
        at += len(line.encode()) + 1
    return rows_of(found, query=parse(query) if query else None, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (
            '{"level":50,"time":1790000000123,"pid":1,"hostname":"h","name":"shop","msg":"no stock","orderId":7}',
            "14:13:20 ERROR shop  no stock  orderId=7 pid=1 hostname=h",
        ),
        (
            '{"timestamp":"2026-11-01T05:14:22.3+02:00","severity":"warning","message":"slow","status":504}',
            "03:14:22 WARN  slow  status=504",
        ),
        ('{"@timestamp":"2026-11-01T03:14:22Z","log.level":"info","message":"up"}', "03:14:22 INFO  up"),
        ('{"log":{"level":"error"},"message":"up","error":{"message":"why not"}}', 'ERROR up  error.message="why not"'),
        ('{"PRIORITY":"3","MESSAGE":"oom","__REALTIME_TIMESTAMP":"1790000000123456"}', "14:13:20 ERROR oom"),
        ('{"severityNumber":17,"body":"otel"}', "ERROR otel"),
        ('{"levelno":30,"levelname":"WARNING","message":"py"}', "WARN  py  levelno=30"),
        ('{"level":"fatal","msg":"dead"}', "FATAL dead"),
        (
            'time="2026-11-01T03:14:22Z" level=warning msg="slow \\"q\\"" duration=3.2s',
            '03:14:22 WARN  slow "q"  duration=3.2s',
        ),
        (
            "2026-11-01T03:14:22+00:00 heroku[router]: at=error code=H12 path=/",
            "heroku[router]: 03:14:22 ERROR code=H12 path=/",
        ),
        (
            '{"log":"2026 ERROR x\\n","stream":"stderr","time":"2026-11-01T03:14:22.1Z"}',
            "03:14:22 ERROR 2026 ERROR x  stream=stderr",
        ),
        (
            '{"t":{"$date":"2026-11-01T03:14:22.1+00:00"},"s":"E",  "c":"NETWORK","id":7,"msg":"refused"}',
            "03:14:22 ERROR refused  c=NETWORK id=7",
        ),
        ('{"s":"Eve","msg":"x","level":"info"}', "INFO  x  s=Eve"),
        ('{"@t":"2026-11-01T03:14:22.1Z","@mt":"no stock","@l":"Fatal","Sku":"a"}', "03:14:22 FATAL no stock  Sku=a"),
        ('web-1  | {"level":"debug","msg":"x"}', "web-1  | DEBUG x"),
        ('[pod/a-1/app] {"level":"info","msg":"x"}', "[pod/a-1/app] INFO  x"),
        (
            '{"msg":"boom","level":"error","stack":"Error: x\\n  at a\\n  at b"}',
            'ERROR boom  stack="Error: x (+2 lines)"',
        ),
    ],
)
def test_what_matters_stands_first(line: str, shown: str) -> None:
    assert short(line) == shown


@pytest.mark.parametrize(
    "line",
    [
        *("", "{", "{}", "[1]", '{"a":1}', '{"level":', "a=1 b=2", "x = y", "INFO a=1 b=2 c", "level=info"),
        *('{"level":"info"} trailing', '{"msg":NaN}', "GET /?a=1&b=2 level=info msg=x", '"level"', "{" * 5000),
    ],
)
def test_other_lines_stay_as_they_are(line: str) -> None:
    assert recognise(line.encode()) is None
    assert rows(line)[0].text == clean(line)


def test_a_line_that_was_cut_shows_its_whole_fields_and_its_size() -> None:
    head = b'{"level":"error","msg":"big","user":"ana","blob":"' + b"y" * 17_000
    (row,) = rows_of([Line(0, head[: 16 * 1024], 5_000_000)])
    assert row.text == "ERROR big  user=ana… +4,866 KiB"


def test_levels_by_number() -> None:
    assert [level_named(number) for number in (10, 20, 30, 40, 50, 60, 35)] == [
        *("trace", "debug", "info", "warn", "error", "error", "info")
    ]
    assert [level_named(number) for number in range(8)] == ["error"] * 4 + ["warn", "info", "info", "debug"]
    assert [level_named(number, "levelno") for number in (10, 20, 30, 40, 50)] == [
        *("debug", "info", "warn", "error", "error")
    ]
    assert [level_named(number, "severity_number") for number in (1, 5, 9, 13, 17, 21, 24, 25)] == [
        *("trace", "debug", "info", "warn", "error", "error", "error", "")
    ]
    assert [level_named(value) for value in (True, None, 1e9, "", "²", "loud", -1)] == [""] * 7


KEYS = ["password", "user_password", "api_key", "apiKey", "secret", "client_secret", "token", "db.passwd", "PASSWORD"]


@given(st.sampled_from(KEYS), st.text("abc \"'=&\\{}[]\n\té日", min_size=6, max_size=30), st.booleans())
@settings(max_examples=200, deadline=None)
@example("password", "a b'c\"d", True)
def test_a_secret_under_a_telling_key_is_masked(key: str, value: str, nested: bool) -> None:
    fields = {"level": "info", "msg": "hello", **({"user": {key: value}} if nested else {key: value})}
    shown = short(json.dumps(fields))
    assert "‹masked›" in shown
    told = shown.replace("‹masked›", "").split("hello", 1)[1]
    assert not [word for word in value.split() if len(word) > 3 and word in told], shown


def test_an_exact_secret_is_masked_however_it_is_written() -> None:
    secret = 'h"unter22\\hunter\n2'
    line = json.dumps(
        {"level": "info", "msg": f"with {secret}", "x": secret, "l": [secret], "o": {"p": {"q": {"r": secret}}}}
    )
    assert "unter22" not in short(line, secret)
    assert "2hunter" not in short(line, secret)
    long = json.dumps({"level": "info", "msg": "a" * 1012 + "hunter22hunter22", "z": 1})
    assert "hunt" not in short(long, "hunter22hunter22"), "cut in the middle of a secret"


_FIELDS = st.dictionaries(
    st.one_of(st.sampled_from(["level", "time", "msg", "message", "log", "ts", "name", "error"]), st.text(max_size=8)),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=8,
)


@given(
    st.one_of(
        _FIELDS.map(lambda fields: json.dumps(fields).encode()),
        _FIELDS.map(lambda fields: json.dumps(fields, ensure_ascii=False).encode("utf-8", "surrogatepass")[:60]),
        st.binary(max_size=200),
        st.binary(max_size=60).map(lambda data: b'{"level":"info","msg":"' + data + b'"}'),
        st.binary(max_size=60).map(lambda data: b"level=info msg=" + data + b" a=b"),
    )
)
@settings(max_examples=500, deadline=None)
@example(b'{"level":1e999,"msg":"x","time":1e999}')
@example(b'{"msg":"x","time":' + b"9" * 400 + b"}")
@example(b'{"msg":"\\ud800\\u202e\\u0000\\u001b]52;c;eA==\\u0007","level":"info"}')
@example(b'{"msg":"a","level":"info","k":' + b"[" * 3000)
def test_any_line_is_taken_and_nothing_live_comes_out(head: bytes) -> None:
    entry = recognise(head)
    if entry is None:
        return
    text, (begin, end) = compact(entry)
    assert text == clean(text)
    assert text.isprintable() or all(char.isprintable() or char == " " or not char.isascii() for char in text)
    assert 0 <= begin <= end <= len(text)
    assert text[begin:end] == text[begin:end].strip()


def test_a_search_shows_the_line_as_written_where_the_short_form_hides_the_match() -> None:
    line = '{"level":"info","msg":"hello","user":{"id":3}}'
    assert rows(line, query="hello")[0].text == "INFO  hello  user.id=3"
    (row,) = rows(line, query='"id":3')
    assert (row.text, row.short) == (line, False)
    assert [row.text[begin:end] for begin, end in row.found] == ['"id":3']


def test_a_plain_line_shows_its_time_without_the_date() -> None:
    line = "2026-11-24T03:14:02.417+01:00 ERROR shop.web  no cache connection"
    (row,) = rows(line)
    assert (row.text, row.level, row.short) == ("02:14:02 ERROR shop.web  no cache connection", "error", True)
    assert row.text[slice(*row.mark)] == "ERROR"
    assert rows(line, query="cache")[0].text == row.text
    assert rows(line, query="2026-11-24")[0].text == line
    for kept in ("03:14:02 ERROR", "2026-11-24 is a date", "2026-99-99T03:14:02Z"):
        assert rows(kept)[0].text == kept


def test_as_written_for_one_line_and_for_all(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    lines = [f'{{"level":"info","msg":"n{number}"}}' for number in range(6)]
    path.write_text("".join(f"{line}\n" for line in lines))
    view = LogView(path)
    view.begin()

    def texts() -> list[str]:
        return [row.text for row in view.window(3).rows]

    assert texts() == ["INFO  n3", "INFO  n4", "INFO  n5"]
    view.hand.open(3)
    assert texts() == ["INFO  n3", "INFO  n4", lines[5]]
    assert not view.following, "a line at hand does not run away"
    view.hand.step(-1, 3)
    view.hand.open(3)
    assert texts() == ["INFO  n3", lines[4], lines[5]]
    view.hand.as_written = True
    assert texts() == [lines[3], "INFO  n4", "INFO  n5"]
    assert view.hand.seen(3) == tuple(lines[3:]), "what is kept is kept as it was written"
    for _ in range(3):
        view.hand.step(-1, 3)
    assert view.window(3).match == view.window(3).rows[0].offset
    assert view.window(3).match % SPAN == len(lines[1]) + 1


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ('{"level":"error","msg":"boom"}', "ERROR"),
        ('{"Level":"Error","msg":"boom"}', "ERROR"),
        ('{"level":50,"msg":"boom"}', "ERROR"),
        ('{"t":{"$date":"2026-11-27T03:14:22Z"},"s":"E",  "c":"NETWORK","msg":"refused"}', "ERROR"),
        ('{"@t":"2026-11-27T03:14:22Z","@mt":"boom","@l":"Error"}', "ERROR"),
        ('{"severity_text": "CRITICAL","msg":"boom"}', "ERROR"),
        ('{"level":"warning","msg":"slow"}', "WARN"),
        ("level=fatal msg=boom", "FATAL"),
        ("2026-11-27T03:14:22Z ERROR boom", "ERROR"),
        ('{"msg":"boom","level":"info","status":500}', "status=500"),
        ('{"msg":"boom","level":"info","http":{"status": 500}}', "http.status=500"),
        ('{"msg":"boom","level":"info","http.status":500}', "http.status=500"),
        ('{"msg":"boom","level":"info","err":"connection refused"}', 'err="connection refused"'),
        ("level=info msg=boom status=500", "status=500"),
    ],
)
def test_what_is_seen_of_a_line_finds_it(line: str, seen: str) -> None:
    raw = line.encode()
    assert seen in rows_of([Line(0, raw, len(raw))])[0].text
    data = b"before\n" + raw + b"\nbehind\n"
    assert parse(seen).sought.lines(data).tolist() == [7]
    assert parse(f"!{seen}", may_negate=True).sought.lines(data).tolist() == [0, 8 + len(raw)]
    assert parse(seen).finds(rows_of([Line(0, raw, len(raw))], query=parse(seen))[0].text)


def test_a_time_of_another_day_has_its_date(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text(
        "2026-11-26T23:59:59Z ERROR old\n"
        '{"level":"error","time":"2026-11-26T23:59:59Z","msg":"old"}\n'
        '{"level":"error","time":1795737599000,"msg":"old"}\n'
        "2026-11-26T20:14:22-05:00 ERROR new\n"
        "app     | 2026-11-27T01:14:22.123Z ERROR new\n"
        "[pod/web-1/app] 2026-11-27T01:14:22.123Z ERROR new\n"
        '{"level":"error","time":"2026-11-27T01:14:22Z","msg":"new"}\n'
        '{"level":"error","time":"01:14:22","msg":"new"}\n'
    )
    view = LogView(path)
    view.begin()
    view.hand.wall = lambda: 1795742062.0  # 2026-11-27 01:14:22Z
    assert [row.text for row in view.window(9).rows] == [
        "2026-11-26 23:59:59 ERROR old",
        "2026-11-26 23:59:59 ERROR old",
        "2026-11-26 23:59:59 ERROR old",
        "01:14:22 ERROR new",
        "app     | 01:14:22 ERROR new",
        "[pod/web-1/app] 01:14:22 ERROR new",
        "01:14:22 ERROR new",
        "01:14:22 ERROR new",
    ]


def test_a_level_typed_finds_no_other_number() -> None:
    assert not parse("ERROR").sought.lines(b'{"level":30,"n":50,"msg":"errors"}\n{"level":"info","code":"error"}\n')
