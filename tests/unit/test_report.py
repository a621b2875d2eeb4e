"""The report: what the record knows, nothing invented; and how files are kept beside the journal."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook import books
from runbook.incident import account, report, snapshot
from runbook.incident import events as ev
from runbook.incident.markdown import block, code, plain
from runbook.incident.room import fold
from runbook.incident.state import RoomState
from runbook.model import Command, Criterion, Effect, FollowUp, Method, Outcome, Runbook, Signal, Step
from runbook.signal_sources import Smoke, SmokeTest

START = datetime(2026, 11, 24, 3, 14, tzinfo=UTC)
NOW = START + timedelta(hours=2)
OUTPUT = ev.File("runs/r/out.log", "ab" * 32, 10)
SIGNALS = (ev.Reading("error_rate", 25.1), ev.Reading("p95", None, "timed out"))

RUNBOOK = Runbook(
    id="shop",
    title="Production rollback",
    version="2.1",
    methods=(Method(id="git-revert", label="1", title="Git revert", data_loss="none"),),
    outcomes=(
        Outcome("quiet", "No more reports", "success"),
        Outcome("errors", "Errors are low", "success", Criterion("error_rate < 1%", "error_rate", "<", 1)),
    ),
    follow_ups=(FollowUp("Tell the users", 3600), FollowUp("Post-mortem", 7 * 86400)),
)
WIKI = """\
# Incident Report: [DATE] - [BRIEF DESCRIPTION]

## Timeline
- **Detection**: [Time]
- **Rollback Decision**: [Time]
- **Service Restored**: [Time]
- See [the wiki](https://wiki/x) and [1]: note

## Impact
- **Affected Users**: [Estimate or exact]
- **Data Loss**: [Yes/No - Details]

## Root Cause
[Description of what caused the issue]

## Resolution
[What was done to fix it]

## Action Items
- [ ] [Action 1 - Assignee]
- [ ] [Action 2 - Assignee]
- [ ] Schedule post-mortem
"""


def told(*bodies: ev.Known) -> RoomState:
    return fold(
        ev.Event(
            incident="2026-11-24-0314-shop-7f3a",
            seat="kim-1",
            seq=n,
            at=START + timedelta(minutes=n),
            lamport=n,
            body=body,
            readings=SIGNALS,
        )
        for n, body in enumerate(bodies, 1)
    )


def ran(run: str, text: str, *, ok: bool = True, effect: Effect = Effect.CHANGE, undo: bool = False) -> list[ev.Known]:
    return [
        ev.StepConfirmed(
            run=run,
            method="git-revert",
            step=run.split("-", maxsplit=1)[0],
            title=f"Step {run}",
            commands=(0,),
            text=text,
            effect=effect,
            target="production",
            undo=undo,
        ),
        ev.StepFinished(run=run, exit=0 if ok else 1, ok=ok, duration=6, output=OUTPUT, why="" if ok else "rejected"),
    ]


OPENED = ev.IncidentOpened("Bad deploy", "shop", "production", "SEV2", OUTPUT)
WHOLE = told(
    OPENED,
    ev.RoomEntered("kim", "laptop", 1, True),
    ev.AdviceChanged("roll-back", "errors are high"),
    ev.DecisionMade("roll-back", "errors"),
    ev.MethodChosen("git-revert", "Git revert"),
    *ran("revert", "git revert --no-edit 9f3c"),
    ev.CommandEdited("git-revert", "push", 0, "git push", "git push -v", "to see more", 131),
    *ran("push", "git push origin 9f3c:refs/heads/production"),
    ev.StepMarked("git-revert", "staging", "Look at staging", "skipped", "there is none"),
    ev.ItemTicked("quiet", "No more reports", True),
    ev.ItemTicked("follow-up-1", "Tell the users", True),
    ev.VerdictChanged("recovered", "all hold"),
)


def section(text: str, title: str) -> str:
    return text.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_the_teams_own_form_is_filled_and_what_nobody_knows_is_left_open() -> None:
    text = report.render(WHOLE, msgspec.structs.replace(RUNBOOK, report_template=WIKI), NOW)
    assert text.startswith("# Incident Report: 2026-11-24 - Bad deploy\n")
    assert "- **Detection**: 2026-11-24 03:15:00 UTC\n" in text
    assert "- **Rollback Decision**: 2026-11-24 03:18:00 UTC\n" in text
    assert "- **Service Restored**: 2026-11-24 03:28:00 UTC\n" in text
    assert "[the wiki](https://wiki/x) and [1]: note" in text
    assert "- **Affected Users**: *not recorded: fill in* (Estimate or exact)" in text
    assert "- **Data Loss**: the runbook says of “Git revert”: none." in text
    assert section(text, "Root Cause").strip().startswith("*not recorded: fill in*")
    assert "Step push (production) (by kim)" in section(text, "Resolution")
    assert section(text, "Action Items").strip().splitlines() == [
        "- [x] Tell the users (by 2026-11-24 04:28 UTC)",
        "- [ ] Post-mortem (by 2026-12-01 03:28 UTC)",
        "- [ ] Schedule post-mortem",
    ]


def test_the_shipped_form_uses_only_names_that_are_known_or_meant_to_be_filled_in() -> None:
    template = yaml.safe_load(books.text("production-rollback"))["report_template"]
    people_know = {"affected_users", "affected_features", "root_cause", "prevention"}
    names = set(re.findall(r"\{\{(\w+)\}\}", template))
    assert names - people_know == names & set(account.facts(WHOLE, RUNBOOK, NOW))
    text = report.render(WHOLE, msgspec.structs.replace(RUNBOOK, report_template=template), NOW)
    assert text.split("## Overview")[0].count(account.MISSING) == len(people_know)


def test_without_a_form_ours_has_the_same_parts() -> None:
    text = report.render(WHOLE, RUNBOOK, NOW)
    for title in ("Timeline", "Impact", "Root cause", "Resolution", "Prevention", "Action items", "Full timeline"):
        assert f"\n## {title}\n" in text
    assert "{{" not in text


def test_an_incident_of_which_nothing_is_known_invents_nothing() -> None:
    text = report.render(fold([]), RUNBOOK, NOW)
    assert "- **Detection**: *not recorded: fill in*" in text
    assert "- **Service restored**: *not recorded: fill in*" in text
    assert "(within 1 h of recovery)" in text
    assert "None recorded." in section(text, "Commands")


def test_the_record_follows_in_full() -> None:
    text = report.render(WHOLE, RUNBOOK, NOW)
    commands = section(text, "Commands")
    assert "```sh\ngit push origin 9f3c:refs/heads/production\n```" in commands
    assert "confirmed by kim (change, target production)" in commands
    assert "done in 0:06, exit 0" in commands
    decisions = section(text, "Decisions, and what the signals said")
    assert "decided to roll back: errors\n  - the signals then: error_rate 25.1 · p95 no data (timed out)" in decisions
    deviations = section(text, "Deviations from the runbook")
    assert "the runbook says `git push`\n  - what ran instead `git push -v`" in deviations
    assert "skipped: Look at staging: there is none" in deviations
    verdict = section(text, "Verdict, by criterion")
    assert "No more reports (success): ticked by kim" in verdict
    assert "error_rate < 1%; error_rate 25.1 at the last verdict" in verdict
    assert (
        len([line for line in section(text, "Full timeline").splitlines() if line.startswith("| 2026")]) == WHOLE.events
    )


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ([("revert", "git -C x revert --no-edit 9f"), ("push", "git push origin main")], "revert of the revert"),
        ([("build", "git commit-tree 'v1^{tree}' -p 9f"), ("push", "git push origin x:y")], "top of the branch"),
        ([("push", "git push --force-with-lease=production:9f origin v1:production")], "brings everything back"),
        ([("push", "git push origin +v1:production")], "brings everything back"),
        ([("revert", "git revert 9f")], ""),
        ([("push", "git push origin main")], ""),
        ([("vercel", "vercel rollback dpl_1")], ""),
    ],
)
def test_what_the_next_merge_will_do(runs: list[tuple[str, str]], said: str) -> None:
    state = told(*(body for run, text in runs for body in ran(run, text)))
    merge = account.next_merge(state)
    assert said in merge
    assert bool(merge) == bool(said)


def test_a_rollback_that_failed_or_was_undone_says_nothing_of_merges() -> None:
    assert account.next_merge(told(*ran("revert", "git revert 9f"), *ran("push", "git push o x", ok=False))) == ""
    undone = [*ran("revert", "git revert 9f"), *ran("push", "git push o x"), *ran("push-u", "git push o y", undo=True)]
    assert account.next_merge(told(*undone)) == ""


def test_two_ways_back_are_told_apart_with_what_each_left_undone() -> None:
    def one(method: str, step: str, text: str, *, ok: bool = True) -> list[ev.Known]:
        run, (confirmed, finished) = f"{method}-{step}", ran(step, text, ok=ok)
        return [msgspec.structs.replace(confirmed, run=run, method=method), msgspec.structs.replace(finished, run=run)]

    steps = tuple(Step(name, name.capitalize(), "run") for name in ("a", "b", "c"))
    methods = (
        Method("one", "1", "By revert", data_loss="none", steps=steps),
        Method("two", "2", "By restore", data_loss="up to an hour", steps=steps[:1]),
    )
    state = told(
        OPENED,
        *one("one", "a", "revert it"),
        *one("one", "b", "push it", ok=False),
        ev.MethodChosen("two", "By restore"),
        *one("two", "a", "restore it"),
    )
    text = report.render(state, msgspec.structs.replace(RUNBOOK, methods=methods), NOW)
    resolution = section(text, "Resolution")
    assert resolution.startswith("By revert, then By restore, by 2 confirmed commands")
    assert "Step a of “By revert” (production)" in resolution and "Step a of “By restore” (production)" in resolution
    assert "### Step b (By revert)" in section(text, "Commands")
    assert "of “By revert”: none; of “By restore”: up to an hour." in section(text, "Impact")
    deviations = section(text, "Deviations from the runbook")
    assert deviations.strip() == "- “By revert”, not carried out: 2 B (failed), 3 C"


def test_every_deviation_that_ran_is_told_and_one_that_was_only_written_is_not_said_to_have_run() -> None:
    edits = [
        ev.CommandEdited("git-revert", "push", 0, "git push", f"git push {way}", way) for way in ("-a", "-b", "-c")
    ]
    runs = [ran("push-1", "git push -a", ok=False), ran("push-2", "git push -b")]
    state = told(OPENED, edits[0], *runs[0], edits[1], *runs[1], edits[2])
    deviations = section(report.render(state, RUNBOOK, NOW), "Deviations from the runbook")
    assert "what ran instead `git push -a`" in deviations and "what ran instead `git push -b`" in deviations
    assert "written instead, and never run: `git push -c`" in deviations


def test_an_outcome_that_nobody_knows_is_said_to_be_unknown() -> None:
    confirmed = ran("push", "git push")[0]
    text = report.render(told(OPENED, confirmed, ev.StepUnknown("push", "the keeper is gone")), RUNBOOK, NOW)
    assert "- outcome unknown: the keeper is gone" in section(text, "Commands")
    assert section(text, "Resolution").strip() == account.MISSING


# ── text from outside ─────────────────────────────────────────────────────────────────────────────

HOSTILE = "\x1b[2J | </td><script>x</script> `a` ```\n# Heading\n{{root_cause}} [x](javascript:y) **b** ![i](z)"


def test_text_from_outside_is_only_text() -> None:
    state = told(
        msgspec.structs.replace(OPENED, title=HOSTILE, service=HOSTILE, severity=HOSTILE),
        ev.RoomEntered(HOSTILE, HOSTILE, 1, True),
        ev.DecisionMade("roll-back", HOSTILE),
        *ran("revert", HOSTILE),
        ev.CommandEdited("m", HOSTILE, 0, HOSTILE, HOSTILE, HOSTILE),
        ev.VerdictChanged("failed", HOSTILE),
    )
    text = report.render(state, msgspec.structs.replace(RUNBOOK, report_template=WIKI, title=HOSTILE), NOW)
    assert "\x1b" not in text
    outside_code = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", re.sub(r"(?ms)^(`{3,})\w*\n.*?^\1$", "", text))
    assert "<script" not in outside_code
    assert not re.search(r"(?<!\\)\]\(javascript", outside_code)
    assert not re.search(r"(?m)^# Heading", outside_code)
    rows = [line for line in section(text, "Full timeline").splitlines() if line.startswith("| 2026")]
    assert len(rows) == state.events
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 4 for row in rows)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("`|<>&\\*_[]{}#-+=1.) \n\r\x1b\u202ea"), max_size=30))
def test_any_text_stays_in_its_cell_and_its_code(text: str) -> None:
    cell = plain(text)
    assert not re.search(r"(?<!\\)(?:\\\\)*\|", cell)
    assert not {"\n", "\r", "\x1b", "\u202e"} & set(cell)
    assert not re.search(r"<(?![\s\d=])|^\s*>", cell)
    fence, *inner, end = block(text)
    assert fence == end
    assert all(not line.lstrip().startswith(fence) for line in inner)
    span = code(text)
    ticks = re.match("`+", span)
    assert ticks is not None
    assert re.findall("`+", span).count(ticks[0]) == 2


def test_a_fence_in_a_command_does_not_end_its_block() -> None:
    assert block("a\n````\nb", "sh") == ["`````sh", "a", "````", "b", "`````"]


# ── keeping files ─────────────────────────────────────────────────────────────────────────────────


def test_each_report_is_a_new_file_for_its_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "report-2.md").symlink_to(tmp_path / "elsewhere")
    first, digest = report.write("one é", tmp_path)
    third, _ = report.write("three", tmp_path)
    assert [first.name, third.name] == ["report-1.md", "report-3.md"]
    assert digest == hashlib.sha256("one é".encode()).hexdigest()
    assert first.read_text() == "one é"
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert not (tmp_path / "elsewhere").exists()


def test_a_snapshot_is_kept_whole_and_never_over_another(tmp_path: Path) -> None:
    first = snapshot.save(tmp_path, "031502", {"screen.txt": b"a", "signals.json": b"{}"})
    second = snapshot.save(tmp_path, "031502", {"screen.txt": b"b"})
    assert [file.path for file in first] == ["files/031502/screen.txt", "files/031502/signals.json"]
    assert second[0].path == "files/031502-2/screen.txt"
    assert (tmp_path / first[0].path).read_bytes() == b"a"
    assert first[0] == ev.File("files/031502/screen.txt", hashlib.sha256(b"a").hexdigest(), 1)
    assert sorted(path.name for path in (tmp_path / "files/031502").iterdir()) == ["screen.txt", "signals.json"]


def test_a_kept_file_is_not_written_over_or_left_in_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot.store(tmp_path, "files/a", b"first")
    with pytest.raises(FileExistsError):
        snapshot.store(tmp_path, "files/a", b"second")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        snapshot.store(tmp_path, "files/b", b"x")
    assert [path.name for path in (tmp_path / "files").iterdir()] == ["a"]
    assert (tmp_path / "files/a").read_bytes() == b"first"


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../x", "a/../../x", ".hidden", "a\x00b", "a\nb", "é", "x" * 300])
def test_a_name_does_not_lead_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a kept file"):
        snapshot.store(tmp_path, name, b"")
    assert list(tmp_path.iterdir()) == []


def test_a_link_on_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "in").mkdir()
    (tmp_path / "in/files").symlink_to(tmp_path / "out")
    with pytest.raises(NotADirectoryError):
        snapshot.store(tmp_path / "in", "files/a", b"")
    assert list((tmp_path / "out").iterdir()) == []


def test_figures_are_read_in_the_file_as_on_a_page_and_html_stays_text() -> None:
    assert plain("error rate 0 % < 1 % > 5 & 1.0 of 2") == "error rate 0 % < 1 % > 5 & 1.0 of 2"
    assert plain("<b>x</b> &lt; <!-- y -->") == "&lt;b>x&lt;/b> &amp;lt; &lt;!-- y -->"
    assert plain("1. one") == "1&#8203;. one"
    assert plain("> quoted") == "\\> quoted"


def test_a_report_of_a_drill_says_so_before_anything_else() -> None:
    drilled = report.render(msgspec.structs.replace(WHOLE, drill="/drills/slow", pace=15), RUNBOOK, NOW)
    assert "**A drill" in "\n".join(drilled.splitlines()[:4])
    assert "A drill" not in report.render(WHOLE, RUNBOOK, NOW)


def test_a_row_with_the_same_figures_as_the_one_above_does_not_repeat_them() -> None:
    rows = [r for r in report.render(WHOLE, RUNBOOK, NOW).splitlines() if r.startswith("| 2026")]
    data = [row.rsplit("|", 2)[1].strip() for row in rows]
    assert all(now != before for before, now in pairwise(data) if now not in ("", "as above"))
    assert "as above" in data


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (176, "2 min 56 s"), (3600, "1 h"), (3725, "1 h 2 min 5 s")]
)
def test_a_duration_is_said_in_words(seconds: float, words: str) -> None:
    assert account._spoken(seconds) == words


REFUSED = told(
    OPENED,
    ev.MethodChosen("git-revert", "Git revert"),
    *ran("revert", "git revert --no-edit 9f3c"),
    *ran("push", "git push origin 9f3c:refs/heads/production", ok=False),
)


def test_a_rollback_whose_last_change_failed_is_not_called_completed() -> None:
    text = report.render(REFUSED, RUNBOOK, NOW)
    assert "- **Rollback completed**: *not recorded: fill in*" in text
    assert "**failed**, and nothing after it: Step push: rejected" in section(text, "Resolution")


def test_a_change_that_was_tried_again_and_worked_leaves_nothing_unfinished() -> None:
    again = told(
        OPENED,
        ev.MethodChosen("git-revert", "Git revert"),
        *ran("push-1", "git push origin production", ok=False),
        *ran("push-2", "git push origin production"),
    )
    text = report.render(again, RUNBOOK, NOW)
    assert "- **Rollback completed**: 2026-11-24 03:20:00 UTC" in text
    assert "failed" not in section(text, "Resolution")


@pytest.mark.parametrize(
    ("value", "why", "lines"),
    [
        (0, "", ["api: passed: 200, as expected", "api v2: passed: 200, as expected"]),
        (1, "api v2 500, not 200", ["api: passed: 200, as expected", "api v2: failed: api v2 500, not 200"]),
        (2, "api v2 500, not 200", ["failed: api v2 500, not 200"]),
        (1, "", []),
        (1, "another 500, not 200", ["failed: another 500, not 200"]),
    ],
)
def test_of_each_smoke_test_the_report_tells_what_the_record_says_and_no_more(
    value: float, why: str, lines: list[str]
) -> None:
    tests = tuple(SmokeTest(name, "http://127.0.0.1:9/") for name in ("api", "api v2"))
    outcome = Outcome("smoke", "Smoke tests pass", "success", Criterion("smoke == 0", "smoke", "==", 0))
    runbook = msgspec.structs.replace(RUNBOOK, signals=(Signal("smoke", "Smoke", Smoke(tests)),), outcomes=(outcome,))
    judged = ev.Event(
        incident="i", seat="kim-1", seq=1, at=START, lamport=1, body=ev.VerdictChanged("recovered", "all hold"),
        readings=(ev.Reading("smoke", value, why),),
    )  # fmt: skip
    said = list(account.criteria(fold([judged]), runbook))[1:]
    assert [plain_text.removeprefix("  - ") for plain_text in said] == lines


PUSH = "git push origin 9f3c:refs/heads/production"


@pytest.mark.parametrize(
    ("then", "completed"),
    [
        ((), True),
        (ran("push-1", PUSH), True),
        (ran("push-1", PUSH, ok=False), False),
        ((*ran("push-1", PUSH)[:1], ev.StepStarted("push-1", 7)), False),
        (
            (*ran("push-1", PUSH, ok=False), *ran("push-2", PUSH)[:1], ev.StepResolved("push-2", "not-done", "no")),
            False,
        ),
        (ran("push-1", PUSH, undo=True), False),
    ],
)
def test_a_rollback_is_called_completed_only_where_the_last_change_that_ran_ended_well(
    then: list[ev.Known], completed: bool
) -> None:
    facts = account.facts(told(OPENED, *ran("revert", "git revert --no-edit 9f3c"), *then), RUNBOOK, NOW)
    assert ("rollback_completed" in facts) is completed


def test_a_rollback_is_not_called_completed_while_its_method_has_something_left_to_change() -> None:
    steps = tuple(
        Step(name, name, "run", commands=(Command(text=PUSH, effect=Effect.CHANGE),)) for name in ("main", "production")
    )
    runbook = msgspec.structs.replace(RUNBOOK, methods=(msgspec.structs.replace(RUNBOOK.methods[0], steps=steps),))
    chosen, main = ev.MethodChosen("git-revert", "Git revert"), ran("main", PUSH)
    assert "rollback_completed" not in account.facts(told(OPENED, chosen, *main), runbook, NOW)
    assert "rollback_completed" in account.facts(told(OPENED, chosen, *main, *ran("production", PUSH)), runbook, NOW)


def test_a_rollback_by_hand_is_told_with_who_did_what_and_when() -> None:
    steps = tuple(Step(name, f"{name} it", "manual") for name in ("open", "promote"))
    page = Method(id="page", label="2", title="On the platform's page", steps=steps)
    runbook = msgspec.structs.replace(RUNBOOK, methods=(*RUNBOOK.methods, page))
    chosen, first = ev.MethodChosen("page", "Page"), ev.StepMarked("page", "open", "open it", "done")
    begun = (OPENED, ev.RoomEntered("kim", "laptop", 1, True), chosen, first)
    facts = account.facts(told(*begun), runbook, NOW)
    assert facts["rollback_started"] == "2026-11-24 03:18:00 UTC" and "rollback_completed" not in facts
    whole = told(*begun, ev.StepMarked("page", "promote", "promote it", "done"))
    assert account.facts(whole, runbook, NOW)["rollback_completed"] == "2026-11-24 03:19:00 UTC"
    assert list(account.resolution(whole, runbook)) == [
        "On the platform's page, by hand:",
        "- 2026-11-24 03:18:00 UTC: open it (by kim)",
        "- 2026-11-24 03:19:00 UTC: promote it (by kim)",
    ]


def test_what_somebody_else_had_done_already_is_told_as_found() -> None:
    push = Step("push", "Push", "run", commands=(Command(text=PUSH, effect=Effect.CHANGE),))
    runbook = msgspec.structs.replace(RUNBOOK, methods=(msgspec.structs.replace(RUNBOOK.methods[0], steps=(push,)),))
    found = ev.StepMarked("git-revert", "push", "Push", "already", "production is there")
    state = told(OPENED, ev.RoomEntered("kim", "laptop", 1, True), found)
    assert list(account.resolution(state, runbook)) == [
        "- 2026-11-24 03:17:00 UTC: found done already: Push: production is there (by kim)"
    ]
    assert "rollback_completed" not in account.facts(state, runbook, NOW)


def test_a_change_that_never_ran_does_not_begin_the_rollback() -> None:
    never = (*ran("revert", "git revert --no-edit 9f3c")[:1], ev.StepResolved("revert", "not-done", "no"))
    assert "rollback_started" not in account.facts(told(OPENED, *never), RUNBOOK, NOW)
