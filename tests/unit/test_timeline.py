"""The timeline: calm words, UTC, every event once, nothing that acts on a terminal."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from runbook.incident import events as ev
from runbook.incident.room import fold
from runbook.incident.timeline import by_id, clock, reading_text, readings_text, render_text, to_json
from runbook.model import Effect, Remedy, Signal
from runbook.signal_sources import NoSource

START = datetime(2026, 11, 24, 23, 59, 58, tzinfo=UTC)
OUTPUT = ev.File("runs/r/out.log", "ab" * 32, 10)


def told(*bodies: ev.Known | ev.Unknown, readings: tuple[ev.Reading, ...] = ()) -> list[ev.Event]:
    return [
        ev.Event(
            incident="i", seat="kim-1", seq=n, at=START + timedelta(seconds=n), lamport=n, body=body, readings=readings
        )
        for n, body in enumerate(bodies, 1)
    ]


def confirmed(text: str = "git push origin production", **more: object) -> ev.StepConfirmed:
    return ev.StepConfirmed(
        run="r",
        method="m",
        step="s",
        title="Publish",
        commands=(0,),
        text=text,
        effect=Effect.CHANGE,
        target="production",
        **more,  # type: ignore[arg-type]
    )


def finished(*, ok: bool = True, **more: object) -> ev.StepFinished:
    return ev.StepFinished(run="r", exit=0 if ok else 1, ok=ok, duration=6.4, output=OUTPUT, **more)  # type: ignore[arg-type]


def last(*bodies: ev.Known | ev.Unknown) -> str:
    return fold(told(*bodies)).timeline[-1].text


def test_what_leads_on_stands_beside_the_line() -> None:
    offered = Remedy("Leave the conflict", "git reset --merge", Effect.CHANGE)
    lines = fold(
        told(
            confirmed(),
            finished(ok=False, offered=offered),
            finished(address="https://git.example.com/pull/new/it"),
            ev.StepUnknown("r", "gone", ("production is 1c9d0aa",), took_effect=False),
        )
    ).timeline
    assert lines[1].details == ("offered: git reset --merge",)
    assert lines[2].details == ("go on at https://git.example.com/pull/new/it",)
    assert lines[3].details == ("production is 1c9d0aa", "it did not take effect")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (ev.MethodChosen("git-revert", "Git revert", "one bad commit"), "chose Git revert: one bad commit"),
        (confirmed(), "confirmed: git push origin production (change production)"),
        (confirmed("a\nb\nc"), "confirmed: a (+2 more) (change production)"),
        (confirmed(undo=True), "undo confirmed: git push origin production (change production)"),
        (confirmed(remedy=True), "way out confirmed: git push origin production (change production)"),
        (finished(), "done in 0:06, exit 0 · Publish"),
        (finished(ok=False, why="rejected"), "failed in 0:06, exit 1 · Publish: rejected"),
        (finished(recovered=True), "done in 0:06, exit 0, learned afterwards · Publish"),
        (finished(already=True, why="reverted already"), "nothing to do: reverted already"),
        (ev.StepUnknown("r", "the keeper is gone"), "unknown: the keeper is gone · Publish"),
        (ev.StepResolved("r", "not-done", "not on the remote"), "settled as not done · Publish: not on the remote"),
        (ev.StepRefused("m", "s", "git push", "production moved"), "not started: git push: production moved"),
        (ev.StepMarked("m", "s", "Tell the team", "skipped", "all here"), "skipped: Tell the team: all here"),
        (ev.WaitOverdue("m", "s", "Wait until it is live", 1201.0), "not there within 20:01: Wait until it is live"),
        (ev.DecisionMade("no-rollback"), "decided not to roll back"),
        (ev.AdviceChanged("roll-back", "roll back now: errors 9%"), "advice: roll back now: errors 9%"),
        (ev.VerdictChanged("failed", "errors 9%", relapsed=True), "relapsed, now failed: errors 9%"),
        (ev.VerdictChanged("recovered", "recovered: by the signals"), "verdict: recovered: by the signals"),
        (ev.VerdictChanged("unknown", "not known yet: settling"), "verdict: not known yet: settling"),
        (ev.VerdictChanged("unknown", "no data"), "verdict: not known yet: no data"),
        (ev.Unknown(kind="new-thing", raw=b""), "an event of a kind that this version does not know: new-thing"),
    ],
)
def test_the_words(body: ev.Known, words: str) -> None:
    assert last(confirmed(), body) == words


def test_every_kind_has_words_of_its_own() -> None:
    """A kind added to the record and forgotten here would be called unknown."""
    from runbook.incident import timeline

    spoken = set(timeline._SAY) | set(timeline._OF_A_RUN) | {ev.RoomEntered}
    assert spoken == set(ev.Known.__args__)


def test_what_the_person_saw_and_overrode_stands_below() -> None:
    state = fold(
        told(confirmed("a\nb", shown=("2 commits",), expected={"main": "9f3c"}, overrides=("tree not clean",)))
    )
    assert state.timeline[0].details == ("a", "b", "2 commits", "expected main: 9f3c", "in spite of: tree not clean")
    assert state.timeline[0].tone == "warn"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0:00"), (6.4, "0:06"), (59.6, "1:00"), (750, "12:30"), (3723, "1:02:03"), (-5, "0:00"), (float("nan"), "?")],
)
def test_durations(seconds: float, words: str) -> None:
    assert clock(seconds) == words


def test_readings() -> None:
    assert reading_text(ev.Reading("errors", 25.12345)) == "errors 25.12"
    assert reading_text(ev.Reading("health", 200.0)) == "health 200"
    assert reading_text(ev.Reading("version", "v3.9")) == "version v3.9"
    assert reading_text(ev.Reading("p95", None, "timed out")) == "p95 no data (timed out)"


def test_readings_are_said_as_the_screen_says_them_where_the_runbook_has_the_signal() -> None:
    signals = by_id(
        (
            Signal("error_rate", "Error rate", NoSource(), unit="%"),
            Signal("p50", "Latency p50", NoSource(), unit="s"),
            Signal("cdn", "CDN hits", NoSource(), unit="%"),
        )
    )
    said = [ev.Reading("error_rate", 25.12345), ev.Reading("p50", 0.00351), ev.Reading("old", 1.0)]
    assert readings_text(said, signals) == "error rate 25.1 % · latency p50 3.51 ms · old 1"
    silent = [ev.Reading("cdn", None, "down"), ev.Reading("error_rate", None, "down")]
    assert readings_text([*said[1:], *silent], signals).endswith("no data from CDN hits, error rate (down)")
    state = fold(told(ev.NoteAdded("b"), readings=(said[0],)))
    assert render_text(state, signals).splitlines()[-1].strip() == "error rate 25.1 %"


def test_the_text_is_in_utc_with_a_line_for_each_day_and_what_the_signals_said() -> None:
    here = timezone(timedelta(hours=-3))
    events = told(ev.RoomEntered("kim", "laptop", 1, True), ev.NoteAdded("b"), readings=(ev.Reading("errors", 1.0),))
    events[0] = ev.Event(
        incident="i", seat="kim-1", seq=1, at=events[0].at.astimezone(here), lamport=1, body=events[0].body
    )
    assert render_text(fold(events)).splitlines() == [
        "i",
        "",
        "2026-11-24 (UTC)",
        "  23:59:59  kim  entered on laptop, driving",
        "2026-11-25 (UTC)",
        "  00:00:00  kim  note: b",
        "                   errors 1",
    ]


def test_an_empty_incident_has_a_calm_timeline() -> None:
    assert render_text(fold([])) == "No incident\n"
    assert to_json(fold([])) == []


HOSTILE = "\x1b]52;c;AAAA\x07\x9b31m\u202e\n[@click=app.quit]x[/] ghp_" + "a" * 36


def test_nothing_that_acts_on_a_terminal_and_no_secret_leaves_it() -> None:
    state = fold(
        told(ev.NoteAdded(HOSTILE), confirmed(HOSTILE, shown=(HOSTILE,)), readings=(ev.Reading(HOSTILE, HOSTILE),))
    )
    data = to_json(state)
    for text in (render_text(state), json.dumps(data, ensure_ascii=False)):
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(text)
        assert "ghp_" not in text
    assert len(render_text(state).splitlines()) == 4 + len(state.timeline) + 1


def test_the_data_is_plain_json() -> None:
    state = fold(told(finished(), readings=(ev.Reading("errors", None, "down"),)))
    (line,) = json.loads(json.dumps(to_json(state)))
    assert line["at"] == "2026-11-24T23:59:59Z"
    assert line["kind"] == "step-finished"
    assert line["readings"] == [{"signal": "errors", "value": None, "why": "down"}]


def test_what_the_signals_said_is_short_enough_to_be_read() -> None:
    sha = "7b7a6043bfb49393fc583f13bb3ae95def6ea73e"
    assert readings_text([ev.Reading("live", sha), ev.Reading("rate", 2.5)]) == "live 7b7a604 · rate 2.5"
    silent = [ev.Reading(name, None, "no reading yet") for name in ("a", "b")]
    assert readings_text(silent) == "no data from any signal (no reading yet)"
    assert readings_text([*silent, ev.Reading("c", 1)]) == "c 1 · no data from a, b (no reading yet)"


def test_a_room_that_was_left_by_its_key_says_so_once() -> None:
    text = render_text(fold(told(ev.RoomLeft("left"), ev.RoomLeft("SIGHUP"))))
    assert "kim-1  left\n" in text and "left: SIGHUP" in text
