"""Any runbook that a reader could make, with texts that a YAML writer gets wrong."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st

from runbook.model import (
    Capture,
    Check,
    Checklist,
    Command,
    Contact,
    Criterion,
    Effect,
    Expect,
    FollowUp,
    Item,
    Lesson,
    LogSource,
    Method,
    Outcome,
    OwnPlatform,
    Param,
    Question,
    Runbook,
    Signal,
    Step,
    Trigger,
    Undo,
    Where,
)
from runbook.reading.compose import open_params
from runbook.reading.tree import UNSEEN
from runbook.signal_sources import Cdn, Health, HttpJson, LogRate, NoSource, Sentry, Smoke, SmokeTest
from runbook.signals.criteria import parse

NASTY = (
    "# not a comment",
    "a # b",
    "key: value",
    "a: b: c",
    "ends with:",
    "- item",
    "? what",
    "{a: b}",
    "[x]",
    "&anchor",
    "*alias",
    "!tag",
    "%TAG",
    "@at",
    "`tick`",
    "|",
    ">",
    "|-",
    ">-",
    "---",
    "...",
    "~",
    "null",
    "true",
    "on",
    "No",
    "0123456",
    "1.10",
    "12:30:45",
    "2026-11-24",
    "1e3",
    "0x1F",
    ".inf",
    "=",
    "<<",
    "'",
    '"',
    "it's",
    'say "yes"',
    'it\'s "both"',
    "back\\slash",
    "  leading",
    "trailing  ",
    "\tleading tab",
    "a\tb",
    "trailing\t",
    "two\nlines",
    "\nleading line",
    "trailing line\n",
    "two trailing\n\n",
    "\n",
    "\n\n",
    " ",
    "   \n  x",
    "x\n   ",
    "x\n\n\ny",
    "\t\nx",
    "a\n\tb",
    "a\n # b\n",
    "é ü ß 日本語 한국어",
    "emoji 🚀 ✅",
    "nbsp\u00a0here",
    "wide\u3000space",
    "x" * 300,
    "word " * 60 + "end",
    "double  spaces " * 12,
    "cat <<EOF\n  a: b\n\tc\nEOF",
    "grep '<none>' | awk '{print $1}'",
    'curl -d \'{"a": "b"}\' \\\n  https://example.com',
    "<a> and <none>",
    "$(echo `x`)",
    "\\",
    "'single'",
    "a, b",
    "a]",
    "C:\\x",
    "\U0001f469\u200d\U0001f4bb",
    "y",
    "-",
    "?",
    ":",
)

texts = (st.sampled_from(NASTY) | st.text(max_size=40)).map(lambda text: UNSEEN.sub("?", text.replace("\r", "?")))
texts = texts.map(lambda text: text.replace("\ufffe", "?").replace("\uffff", "?"))
said = texts.filter(lambda text: bool(text.strip()))
"""Texts for keys that must say something."""
names = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,12}", fullmatch=True)
value_names = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,12}", fullmatch=True)
spans = st.integers(1, 10**8).map(lambda count: count / 1000) | st.sampled_from(
    [0.5, 5, 90, 300, 5400, 86_400, 604_800]
)
effects = st.sampled_from(Effect)
patterns = st.sampled_from(("", r"(\d+)", r"id:\s*(\S+)", "(a|b)"))


def one_of(*choices: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(choices)


def few(of: st.SearchStrategy[Any], most: int = 2, least: int = 0) -> st.SearchStrategy[Any]:
    return st.lists(of, min_size=least, max_size=most).map(tuple)


def named(of: st.SearchStrategy[Any], most: int = 3, least: int = 0) -> st.SearchStrategy[Any]:
    """Some of these, each with an id of its own."""
    return st.lists(of, min_size=least, max_size=most, unique_by=lambda one: one.id).map(tuple)


expects = st.builds(
    Expect, exit=st.none() | st.integers(-5, 255), contains=texts, matches=one_of("", "a.b", r"\b200\b"), equals=texts
) | st.just(Expect())


@st.composite
def checks(draw: st.DrawFn, ids: st.SearchStrategy[str] = names) -> Check:
    asks = draw(one_of("run", "tool", "file", "env"))
    return Check(
        id=draw(ids),
        title=draw(texts),
        expect=draw(expects),
        on_fail=draw(one_of("stop", "warn")),
        hint=draw(texts),
        reads=asks == "run" or draw(st.booleans()),
        **{asks: draw(said)},
    )


@st.composite
def commands(draw: st.DrawFn, captured: tuple[str, ...] = (), reads: bool = False) -> Command:
    effect = Effect.READ if reads else draw(effects)
    kind = draw(one_of("run", "follow", "interactive"))
    return Command(
        text=draw(said),
        effect=effect,
        target=draw(said if effect is Effect.DESTROY else texts),
        kind=kind,
        captures=tuple(Capture(param=name, regex=draw(patterns)) for name in captured),
        expect=draw(expects),
        as_written=draw(texts),
        note=draw(texts | st.just("")),
        expected=draw(texts | st.just("")),
        typed_inside=draw(texts) if kind == "interactive" else "",
        guess=draw(texts | st.just("")),
        line=draw(st.integers(0, 9)),
    )


@st.composite
def steps(draw: st.DrawFn, criteria: tuple[Criterion, ...]) -> Step:
    kinds = ["run", "check", "manual", "message", "stream"] + ["wait_for"] * bool(criteria)
    kind = draw(one_of(*kinds))
    made: tuple[Command, ...] = ()
    if kind in ("run", "check", "stream"):
        captured = draw(st.lists(one_of("Got_1", "got-2"), unique=True, max_size=2))
        rest = st.lists(commands(reads=kind != "run"), max_size=2)
        made = (draw(commands(captured=tuple(captured), reads=kind != "run")), *draw(rest))
    undo_effect = draw(effects)
    target = made[0].target if made and made[0].target.strip() else "x"
    destroys = any(command.effect is Effect.DESTROY for command in made)
    return Step(
        id=draw(names),
        title=draw(said),
        kind=kind,
        commands=made,
        note=draw(texts),
        as_written="" if made else draw(texts),
        together=bool(made) and not destroys and draw(st.booleans()),
        wait_for=draw(few(st.sampled_from(criteria), least=1)) if kind == "wait_for" else (),
        message={"message": draw(said), "manual": draw(texts)}.get(kind, ""),
        estimate=draw(st.just(0.0) | spans),
        timeout=draw(spans),
        quiet_after=draw(st.just(0.0) | spans),
        done_when=draw(
            st.none()
            | checks(ids=st.just("done") | names)
            | said.map(lambda run: Check(id="done", run=run, reads=True))
        ),
        rerun=draw(one_of("safe", "ask", "never")),
        undo=draw(
            st.none()
            | st.builds(
                Undo,
                text=said,
                effect=st.just(undo_effect),
                note=texts,
                target=(said if undo_effect is Effect.DESTROY else texts) | st.just(target),
            )
        ),
        no_return=draw(st.booleans()),
        guess=draw(texts | st.just("")),
        line=draw(st.integers(0, 9)),
    )


@st.composite
def procedures(draw: st.DrawFn, criteria: tuple[Criterion, ...], least: int = 0) -> tuple[Step, ...]:
    """Steps in their order: some alternatives, some taken back by a later one."""
    found = list(draw(named(steps(criteria), least=least)))
    if len(found) > 1 and draw(st.booleans()):
        either = draw(said)
        found[:2] = [msgspec.structs.replace(step, either=either, together=False) for step in found[:2]]
    if len(found) > 1 and draw(st.booleans()):
        found[0] = msgspec.structs.replace(found[0], closed_by=found[-1].id)
    return tuple(found)


@st.composite
def methods(
    draw: st.DrawFn, criteria: tuple[Criterion, ...], params: tuple[Param, ...], name: str, others: list[str]
) -> Method:
    made = draw(procedures(criteria, least=1))
    whole: float = sum(step.estimate for step in made)
    listed = st.lists(one_of(*(param.id for param in params)), unique=True).map(tuple) if params else st.just(())
    return Method(
        id=name,
        label=draw(texts | one_of("1", "2", "")),
        title=draw(said),
        use_when=draw(texts),
        avoid_when=draw(texts),
        estimate=draw(one_of(whole, 0) | spans),
        risk=draw(one_of("very low", "low", "medium", "high")),
        data_loss=draw(texts),
        where=draw(st.sampled_from(Where)),
        requires=draw(named(checks())),
        params=draw(listed | st.just(open_params(made, params))),
        steps=made,
        fallback=draw(one_of("", *others)),
        caution=draw(texts),
        guess=draw(texts | st.just("")),
        line=3,
    )


@st.composite
def signals(draw: st.DrawFn) -> Signal:
    url = draw(one_of("http://x/y", "https://x.example/a?b=c#d", "<p0>/health", "https://<none>/x: y"))
    source = draw(
        one_of(
            NoSource(),
            Health(url=url),
            Health(url=url, checks="a: b"),
            HttpJson(url=url, path="a.b", scale=0.001),
            HttpJson(url=url, numerator="#n", denominator="d", window=90, min_requests=0, scale=1 / 3),
            HttpJson(url=url, numerator="n", per=60, scale=1e-7),
            Cdn(url),
            Sentry("acme", "shop"),
            Sentry("acme", "no", "fatal", "events", window=300, environment="a: b", url_env="U", token_env="TOKEN_1"),
            Cdn(url, "X-Edge", window=90, min_probes=9),
            LogRate("<p0>/a: b.log", "ERROR|# no"),
            LogRate("/var/log/x y", "(a|b)", window=90, silence=0),
            Smoke((SmokeTest("a: b", url), SmokeTest("# login", url, (200, 401)), SmokeTest("x", url, 302))),
        )
    )
    kind = draw(one_of("error_rate", "latency", "health", "requests", "version", "other"))
    unit = draw(one_of("", "%", "s", "ms", "/s", "widgets"))
    return Signal(
        id=draw(st.from_regex("[a-z][a-z0-9_-]{0,9}", fullmatch=True)),
        title=draw(said),
        source=source,
        unit=unit,
        every=draw(one_of(1, 1.5, 5, 60)),
        kind=kind,
    )


@st.composite
def platforms(draw: st.DrawFn) -> OwnPlatform:
    question = st.one_of(
        st.builds(Question, run=one_of("flagctl get <flag>", "cat 'a: b'"), path=texts, reads=st.just(True)),
        st.builds(
            Question,
            url=one_of("https://x/<flag>?a=b#c", "<base>/y"),
            headers=st.dictionaries(names, texts, max_size=2),
            path=texts,
        ),
    )
    listed = draw(st.booleans())
    return OwnPlatform(
        id=draw(names),
        order=draw(one_of("flagctl set <flag> <release> '<base>'", 'flagctl --at <base> "x: <flag>" <release>')),
        live=draw(question),
        releases=draw(question) if listed else None,
        values=() if listed else draw(few(texts, least=1)),
        noun=draw(texts),
        what=draw(one_of("flag <flag>", "", "# <base>")),
    )


@st.composite
def conditions(draw: st.DrawFn, of: tuple[Signal, ...]) -> Criterion:
    signal = draw(st.sampled_from(of))
    held = draw(one_of("", " for 5m", " for 90s", " for 0.5s", " for 1h30m"))
    if signal.kind == "version":
        wanted = draw(one_of("== abc1234", "!= <p0>", "== v1.0#2"))
    else:
        op = draw(one_of("<", "<=", ">", ">=", "==", "!="))
        wanted = f"{op} {draw(st.integers(-5, 10**6) | st.floats(0, 1e6))}"
    return parse(f"{signal.id} {wanted}{held}", {signal.id: signal})


@st.composite
def runbooks(draw: st.DrawFn) -> Runbook:
    other_values = value_names.filter(lambda name: name not in ("p0", "none", "Got_1", "got-2"))
    params = tuple(
        Param(
            id=name,
            label=draw(texts),
            kind=draw(one_of("text", "git_commit", "git_tag", "number", "url", "secret")),
            default=draw(texts | st.just("")),
            on=draw(texts),
            allow_dash=draw(st.booleans()),
        )
        for name in ("p0", *draw(st.lists(other_values, unique=True, max_size=2)))
    )
    watched = draw(named(signals()))
    criteria = tuple(draw(st.lists(conditions(watched), max_size=3))) if watched else ()
    maybe = st.none() | st.sampled_from(criteria) if criteria else st.none()
    ways = [f"way-{number}" for number in range(draw(st.integers(0, 2)))]
    ticked = [f"tick-{number}" for number in range(4)]
    levels = one_of("success", "partial", "failed")
    return Runbook(
        id=draw(names),
        title=draw(said),
        service=draw(texts),
        environment=draw(texts),
        owner=draw(texts),
        version=draw(texts),
        last_tested=draw(texts),
        notes=draw(few(texts)),
        params=params,
        guard=draw(named(checks())),
        platforms=draw(named(platforms())),
        signals=watched,
        logs=draw(
            named(
                st.builds(LogSource, id=names, path=said, title=texts)
                | st.builds(LogSource, id=names, run=said, title=texts, reads=st.just(True))
            )
        ),
        triggers=draw(
            named(
                st.builds(
                    Trigger,
                    id=names,
                    text=said,
                    group=texts,
                    urgency=one_of("immediate", "conditional"),
                    criterion=maybe,
                    suggests=one_of((), tuple(ways)),
                    line=st.integers(0, 9),
                )
            )
        ),
        methods=tuple(draw(methods(criteria, params, way, ways)) for way in ways),
        others=tuple(draw(methods(criteria, params, name, ways)) for name in draw(one_of([], ["other"]))),
        checklists=draw(
            named(
                st.builds(
                    Checklist,
                    id=names,
                    title=said,
                    phase=one_of("before", "during", "after"),
                    items=few(st.builds(Item, id=st.just(ticked[0]), text=said, note=texts), most=1),
                ),
                most=1,
            )
        ),
        verification=draw(procedures(criteria)),
        monitoring=draw(procedures(criteria)),
        outcomes=tuple(
            Outcome(id=name, text=draw(said), level=draw(levels), criterion=draw(maybe), line=4)
            for name in ticked[1 : draw(st.integers(1, 4))]
        ),
        next_when_failed=draw(texts),
        settle=draw(spans | st.just(0.0)),
        relapse_watch=draw(spans),
        contacts=draw(few(st.builds(Contact, level=texts, who=said, how=texts, when=texts))),
        follow_ups=draw(few(st.builds(FollowUp, text=said, due_in=spans, group=texts))),
        lessons=draw(few(st.builds(Lesson, cause=said, answer=texts))),
        practices=draw(few(texts)),
        report_template=draw(texts),
        path="ROLLBACK.md",
        sha256="x",
    )
