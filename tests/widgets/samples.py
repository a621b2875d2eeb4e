"""One incident, as the sketches of the screen tell it: the data that the widgets' tests show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from runbook.incident.events import AdviceChanged, Reading
from runbook.incident.state import Entry, RoomState, Run, StepState, Tick, Value
from runbook.model import (
    Checklist,
    Command,
    Contact,
    Criterion,
    Effect,
    FollowUp,
    Item,
    Method,
    Outcome,
    Remedy,
    Runbook,
    Step,
    Trigger,
)
from runbook.providers.provider import Proof, Target
from runbook.signals.standing import Standing
from runbook.steps.plan import CheckResult, Choice, Prepared
from widgets.action_view import Confirmation, Finished, NotStarted, Running, UnknownOutcome, WaitingFor
from widgets.chooser import MethodCard
from widgets.header import HeaderView
from widgets.verdict_bar import VerdictView

NOW = datetime(2026, 11, 24, 3, 14, 22, tzinfo=UTC)


def at(clock: str) -> datetime:
    hours, minutes = (int(part) for part in clock.split(":"))
    return NOW.replace(hour=hours, minute=minutes, second=0)


def _items(phase: str, *texts: str) -> tuple[Item, ...]:
    return tuple(Item(f"{phase}-{number}", text) for number, text in enumerate(texts, 1))


BRING = Step("bring", "Bring main and production up to date", "run", (Command("git fetch origin", Effect.READ),))
REVERT = Step(
    "revert",
    "Revert <commit>",
    "run",
    (Command("git revert --no-edit <commit>", Effect.CHANGE, target="main"),),
    estimate=10,
)
STAGING = Step(
    "staging", "Wait until staging serves it", "wait_for", wait_for=(Criterion("staging == x", "s", "==", "x"),)
)
PROMOTE = Step("promote", "Promote to production", "run", (Command("git push …", Effect.CHANGE, target="production"),))
MOVE = Step(
    "move",
    "Move production back to v4.1.3",
    "run",
    (Command("git push --force …", Effect.DESTROY, target="production"),),
    no_return=True,
)
REVERT_METHOD = Method(
    "revert", "1", "Git revert", estimate=600, risk="low", steps=(BRING, REVERT, STAGING, PROMOTE, MOVE)
)
TAG_METHOD = Method("tag", "2", "Tag rollback", estimate=300, risk="medium", steps=(PROMOTE,))

RUNBOOK = Runbook(
    id="production-rollback",
    title="production rollback",
    service="shop-web",
    triggers=(
        Trigger("outage", "Complete outage", "availability", "immediate", Criterion("health != 200", "h", "!=", 200)),
        Trigger("payments", "Payments fail", "revenue", "immediate"),
    ),
    methods=(REVERT_METHOD, TAG_METHOD),
    checklists=(
        Checklist(
            "b",
            "Before the rollback",
            "before",
            _items(
                "before",
                "Confirm that a rollback is necessary",
                "Snapshot of the current state",
                "Notify the team",
                "Identify the target",
                "Root cause, if quick",
            ),
        ),
        Checklist("d", "During", "during", _items("during", "Watch the error rate", "Watch the logs")),
        Checklist("a", "After", "after", _items("after", "Write the report")),
    ),
    verification=(Step("health", "Health endpoint", "check", (Command("curl -fsS …", Effect.READ),)),),
    outcomes=(
        Outcome(
            "errors", "error rate < 1 % for 5 min", "success", Criterion("error_rate < 1% for 5m", "e", "<", 1, 300)
        ),
        Outcome("users", "User reports stopped", "success"),
    ),
    follow_ups=(FollowUp("Post-mortem", 172800), FollowUp("Update the status page", 1800)),
    contacts=(
        Contact("Level 1", "On-call engineer", "+49 30 1234567", "at once"),
        Contact("Level 2", "Engineering lead", "slack @lead", "after 15 minutes without progress"),
    ),
)

STATE = RoomState(
    incident="i1",
    service="shop-web",
    method="revert",
    opened=at("03:06"),
    values={"commit": Value('9f3c2e1 "New checkout flow"', "picked")},
    advice=AdviceChanged("roll-back", "complete outage", ("outage",)),
    ticks={
        "before-1": Tick(True, at("03:09"), "ana"),
        "before-2": Tick(True, at("03:10"), "ana", "saved: 3 files"),
        "before-3": Tick(True, at("03:11"), "ana", "#incidents"),
        "before-4": Tick(True, at("03:12"), "ana", "v4.1.3"),
    },
)


def with_steps(**marks: StepState) -> RoomState:
    """The sample state with the revert method's steps standing otherwise."""
    return RoomState(
        **{
            name: getattr(STATE, name)
            for name in ("incident", "service", "method", "opened", "values", "advice", "ticks")
        },
        steps={("revert", step): mark for step, mark in marks.items()},
    )


DONE = StepState("done", frozenset({0}), "r1", at=at("03:13"), by="ana")

HEADER = HeaderView(
    service="shop-web",
    environment="production",
    severity="SEV1",
    title="checkout returns 500 since v4.2.0",
    elapsed=461,
    now=NOW,
    driver="ana",
)
DRILL = HeaderView(
    service="shop-web",
    environment="practice",
    severity="SEV1",
    title="checkout returns 500 since v4.2.0",
    elapsed=461,
    now=NOW,
    driver="ana",
    drill="5 min windows run as 20 s",
    drill_short="5 min = 20 s",
    trouble="the journal cannot be written: no space left on device. Free some space; what happens is kept aside",
)
VERDICT = VerdictView(
    said="failing",
    reasons=("error rate 24.8 % > 5 % for 3:10", "p95 6.2 s", "health 503 (redis)"),
    short="err 24.8% p95 6.2s health 503",
    level="roll-back",
    advice="roll back now: complete outage",
    way="Vercel rollback (~2 min)",
)
RECOVERED = VerdictView(
    said="recovered",
    reasons=("error rate 0.2 % < 1 % for 5:00", "p95 0.31 s", "health 200 for 5:00", "watching for relapse 29:10"),
    short="err 0.2% p95 0.31s health 200",
)

PREPARED = Prepared(
    method="revert",
    step=REVERT,
    commands=(0,),
    text="git revert --no-edit 9f3c2e1",
    effect=Effect.CHANGE,
    target="main",
    cwd="/home/ana/.local/state/warroom/incidents/2026-11-24-0306/clean-room",
    lines=(
        "in the clean room, on main at 9f3c2e1 (remote says the same, 4 s ago)",
        "undoes 3 files  +12 −240   src/checkout.py  src/cart.py  tests/test_checkout.py",
    ),
    checks=(CheckResult("git 2.39", True), CheckResult("identity set", True), CheckResult("remote unchanged", True)),
    way_back="revert of the revert, ready as a step",
)
CONFIRM = Confirmation(PREPARED, number="2", title='Revert 9f3c2e1 "New checkout flow"', edit="other commit")
DESTROY = Confirmation(
    Prepared(
        method="revert",
        step=MOVE,
        commands=(0,),
        text="git push --force-with-lease=production:9f3c2e1 origin v4.1.3^{}:production",
        effect=Effect.DESTROY,
        target="production",
        cwd="/home/ana/clean-room",
        note="the runbook says --force; with the lease it fails if someone pushed meanwhile",
        lines=(
            "drops 9 commits from production (kept as refs/warroom/backup/production-0314)",
            *(f"  {n:07x} Commit number {n}" for n in range(9)),
        ),
        way_back="push refs/warroom/backup/production-0314 back",
    ),
    number="4",
    edit="",
)
FAILED_CHECK = Confirmation(
    Prepared(
        method="revert",
        step=PROMOTE,
        commands=(0,),
        text="git push origin main:production",
        effect=Effect.CHANGE,
        target="production",
        cwd="/home/ana/clean-room",
        checks=(
            CheckResult("git 2.39", True),
            CheckResult("main is green", False, "3 checks still run", "wait for them, or look: gh pr checks"),
            CheckResult("signed in", None, "no answer after 5 s"),
        ),
        warnings=("a pre-push hook will run: .git/hooks/pre-push",),
    ),
    number="4",
)
BLOCKED = Confirmation(
    Prepared(
        method="revert",
        step=REVERT,
        commands=(0,),
        text="git revert --no-edit <commit>",
        effect=Effect.CHANGE,
        target="main",
        cwd="",
        missing=("commit",),
    ),
    number="2",
    edit="pick the commit",
)


def run(**changes: object) -> Run:
    """The sample's run of the revert, with some things otherwise."""
    facts: dict[str, object] = {
        "id": "r1",
        "method": "revert",
        "step": "revert",
        "title": 'Revert 9f3c2e1 "New checkout flow"',
        "commands": (0,),
        "text": "git revert --no-edit 9f3c2e1",
        "effect": Effect.CHANGE,
        "target": "main",
        "expected": {},
        "by": "ana",
        "confirmed": NOW,
        "state": "running",
        "started": NOW,
        "pid": 77,
    }
    return Run(**(facts | changes))  # type: ignore[arg-type]


TAIL = ('[main 1c9d0aa] Revert "New checkout flow"', " 3 files changed, 240 insertions(+), 12 deletions(-)")
RUNNING = Running(run(), number="2", tail=TAIL, elapsed=4, estimate=10)
FINISHED = Finished(
    run(state="done", exit=0, duration=6.2),
    number="2",
    proof=Proof(True, "remote main is 1c9d0aa, contains the revert (asked just now)"),
    next_step="3 Wait until staging serves 1c9d0aa",
    undo="revert the revert",
)
FAILED = Finished(
    run(
        state="failed",
        exit=1,
        duration=6.2,
        why="Push rejected: production moved since the preview (now 77ab012). Look again: r",
        last_lines=("! [rejected]        main -> production (stale info)", "error: failed to push some refs"),
    ),
    number="2",
    proof=Proof(False, "production is still 9f3c2e1 (asked just now)"),
)
WAY_OUT = Remedy(
    "Leave the conflict: put the files back",
    "git reset --merge",
    Effect.CHANGE,
    "the clean room",
    "Nothing is published.",
)
CONFLICT = Finished(
    run(state="failed", exit=1, duration=0.4, last_lines=("error: could not revert 9f3c2e1",)),
    number="2",
    proof=Proof(False, "The revert stopped at a conflict in src/cart.py, src/checkout.py. Nothing was published."),
    remedy=WAY_OUT,
)
BRANCHED = Finished(
    run(
        state="done",
        exit=0,
        duration=1.2,
        title="Push it to a branch of its own",
        remedy=True,
        address="https://git.example.com/shop-web/pull/new/warroom/production-1c9d0aa77ab0",
    ),
    number="3",
    proof=Proof(True, "warroom/production-1c9d0aa77ab0 on origin is 1c9d0aa, as pushed (asked just now)."),
    edit="",
    lines=("production is not moved by it: open a pull request from it into production.",),
)
NOT_STARTED = NotStarted(
    msgspec.structs.replace(CONFIRM.prepared, expected={"origin refs/heads/main": "9f3c2e1" + "0" * 33}),
    'main moved since the preview: it was 9f3c2e1, now 77ab012 "Quick fix" by Bo Lind, 5 seconds ago. Look again: r',
    "2",
)
MERGE = Confirmation(
    msgspec.structs.replace(
        CONFIRM.prepared,
        blocked="9f3c2e1 is a merge: git must be told which parent is the line to keep (mainline).",
        lines=('parent 1: 1c9d0aa "Fix header"', 'parent 2: 77ab012 "On the side"'),
        choices=(Choice("1", '1c9d0aa "Fix header"'), Choice("2", '77ab012 "On the side"')),
    ),
    number="2",
)
IN_CONFLICT = Confirmation(
    msgspec.structs.replace(
        CONFIRM.prepared, blocked="The clean room is in the middle of a conflict in src/cart.py.", remedy=WAY_OUT
    ),
    number="2",
)
UNKNOWN = UnknownOutcome(
    run(state="unknown", took_effect=True),
    number="2",
    why="the room was killed at 03:14:31",
    evidence=(
        "2 lines of output, no exit record",
        'remote main now: 1c9d0aa, contains "This reverts commit 9f3c2e1"',
    ),
    leaning="it took effect",
    again="already done: would revert the revert",
)
WAITING = WaitingFor(
    "Wait until staging serves 1c9d0aa",
    (
        Standing(Criterion("staging_commit == 1c9d0aa", "staging", "==", "1c9d0aa"), "not-met", "9f3c2e1"),
        Standing(Criterion("error_rate < 1% for 5m", "errors", "<", 1, 300), "pending", 0.2, 200),
        Standing(Criterion("p95 < 1s", "p95", "<", 1), "unknown", None, 0, "no answer for 0:50"),
        Standing(Criterion("health == 200", "health", "==", 200), "met", 200),
    ),
    number="3",
    elapsed=95,
    timeout=600,
)

COMMITS = (
    Target(
        "9f3c2e1" + "0" * 33, "New checkout flow", "ben", NOW - timedelta(minutes=25), "3 files  +12 −240", current=True
    ),
    Target("77ab012" + "0" * 33, "Fix header on mobile", "chloé", NOW - timedelta(hours=5), "1 file  +3 −3"),
    Target(
        "1d2e3f4" + "0" * 33,
        "Merge branch 'cart'",
        "ben",
        NOW - timedelta(days=3),
        "9 files  +80 −2",
        warning="a merge",
    ),
)
CARDS = (
    MethodCard(
        "revert", "1", "Git revert", 600, "low", use_when="One commit is to blame and the pipeline works",
        avoid_when="Nothing can be deployed", steps=6, reason="",
    ),
    MethodCard("tag", "2", "Tag rollback", 300, "medium", steps=5, use_when="Several commits are suspect",
               avoid_when="A migration lies between", recommended=True,
               reason="complete outage: the last good tag is known and production can be moved in 5 minutes"),
    MethodCard("vercel", "3", "Vercel rollback", 120, "low", ready=False, ready_text="vercel is not installed",
               mend="npm i -g vercel", steps=3, use_when="The frontend alone is broken"),
    MethodCard("db", "4", "Database rollback", 3600, "high", data_loss="everything since the dump", ready=False,
               ready_text="no DATABASE_URL", mend="set it in the environment", steps=8,
               use_when="Data is being damaged", avoid_when="Almost always"),
)  # fmt: skip
ENTRIES = (
    Entry(at("03:06"), "ana", "incident-opened", "SEV1 opened: checkout returns 500 since v4.2.0", "act"),
    Entry(at("03:09"), "room", "advice-changed", "advice: roll back now, complete outage", "bad",
          (Reading("error rate", 24.8), Reading("p95", 6.2), Reading("health", 503.0))),
    Entry(at("03:12"), "ana", "step-finished", "Revert 9f3c2e1: done in 0:06", "good",
          (Reading("p95", None, "no answer"),), ("git revert --no-edit 9f3c2e1", "exit 0", "remote main is 1c9d0aa")),
    Entry(at("03:13"), "ben", "note-added", "[/] status page says [b]degraded[/b]", "plain"),
)  # fmt: skip
