"""Whole documents: one of our own that always runs, and the one this was made for, where it lies beside the repository."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from runbook.model import Command, Effect, Runbook, Step, Where
from runbook.opening import read_runbook, source_text
from runbook.signal_sources import Health, HttpJson, NoSource

ROOT = Path(__file__).parents[2]
ORCHARD = ROOT / "tests" / "documents" / "orchard-rollback.md"
SEED = next((up / "shared" / "seed" for up in ROOT.parents if (up / "shared" / "seed").is_dir()), ROOT / "no-seed")
RECEIVED = ("rollback-runbook.md", "rollback-runbook.as-received.md")

HOUR, DAY, WEEK = 3600, 86400, 604800


def opened(place: Path) -> Runbook:
    return read_runbook(source_text(str(place)), str(place))


def steps_of(book: Runbook) -> Iterable[Step]:
    return (step for method in book.procedures() for step in method.steps)


def commands_of(book: Runbook) -> list[Command]:
    return [command for step in steps_of(book) for command in step.commands]


def written(command: Command) -> str:
    return " ".join((command.as_written or command.text).split())


def fenced_lines(place: Path) -> list[tuple[int, str]]:
    """Every line of the shell fences that is neither empty nor a comment, with its number."""
    found, inside = [], False
    for number, line in enumerate(place.read_text(encoding="utf-8").split("\n"), 1):
        if line.startswith("```"):
            inside = not inside and line.strip() == "```bash"
        elif inside and line.strip() and not line.lstrip().startswith("#"):
            found.append((number, " ".join(line.split())))
    return found


def check_every_command_is_there_once_with_its_line(book: Runbook, place: Path) -> None:
    lines = fenced_lines(place)
    assert sorted((command.line, written(command)) for command in commands_of(book)) == lines


def check_ids_hold(book: Runbook) -> None:
    assert max(Counter(method.id for method in book.procedures()).values()) == 1
    for method in book.procedures():
        assert all(count == 1 for count in Counter(step.id for step in method.steps).values())
    ticked = [item.id for listed in book.checklists for item in listed.items] + [
        outcome.id for outcome in book.outcomes
    ]
    assert len(set(ticked)) == len(ticked)
    assert len({trigger.id for trigger in book.triggers}) == len(book.triggers)


# ── our own ───────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def orchard() -> Runbook:
    return opened(ORCHARD)


def test_its_ways_back(orchard: Runbook) -> None:
    assert [(m.label, m.title, m.estimate, m.risk, m.where) for m in orchard.methods] == [
        ("1", "Revert in Git (first choice)", 720, "low", Where.CLEAN_ROOM),
        ("2", "Last good tag", 360, "medium", Where.CLEAN_ROOM),
        ("3a", "On the platform: Vercel", 180, "very low", Where.REPOSITORY),
        ("3b", "On the platform: Railway", 180, "very low", Where.REPOSITORY),
        ("4", "Schema (only when it must be)", 0, "high", Where.REPOSITORY),
    ]
    assert orchard.methods[4].caution == "Ask the database team first"


def test_each_command_once_with_its_line(orchard: Runbook) -> None:
    check_every_command_is_there_once_with_its_line(orchard, ORCHARD)
    check_ids_hold(orchard)


def test_a_step_is_what_stands_under_one_title(orchard: Runbook) -> None:
    revert = orchard.methods[0]
    assert [(step.title, step.kind, len(step.commands)) for step in revert.steps] == [
        ("Find the commit at fault", "run", 1),
        ("Take it back", "run", 2),
        ("Wait until staging looks right", "manual", 0),
        ("Carry it to production", "run", 3),
        ("Look on", "stream", 1),
    ]


def test_what_its_commands_do_to_the_world(orchard: Runbook) -> None:
    effects = {written(command): command.effect for command in commands_of(orchard)}
    assert effects["git log --oneline -15"] is Effect.READ
    assert effects["git push origin trunk"] is Effect.CHANGE
    assert effects["git push origin production --force"] is Effect.DESTROY
    force = next(command for command in commands_of(orchard) if "--force" in command.text)
    assert force.target == "production"
    assert all(command.target for command in commands_of(orchard) if command.effect is Effect.DESTROY)


def test_its_open_values(orchard: Runbook) -> None:
    assert [param.id for param in orchard.params] == ["commit-sha", "deployment-url", "migration-name"]
    assert orchard.params[0].kind == "git_commit"
    assert [method.params for method in orchard.methods] == [
        ("commit-sha",), (), ("deployment-url",), (), ("migration-name",),
    ]  # fmt: skip


def test_its_triggers(orchard: Runbook) -> None:
    assert [(t.urgency, t.group) for t in orchard.triggers] == [
        *[("immediate", "Break-in")] * 3, *[("immediate", "The shop is gone")] * 3, *[("immediate", "Wrong data")] * 3,
        *[("conditional", "Many errors")] * 3, *[("conditional", "Slow")] * 3, *[("conditional", "Half broken")] * 3,
    ]  # fmt: skip
    assert [t.criterion.text for t in orchard.triggers if t.criterion] == [
        "front_page_status == 502", "error_rate > 4 % for 10m", "pager_alerts_for_the_shop > 6/min", "health != 200",
        "p95 > 3 s", "lcp > 8 s", "cdn_hit_rate < 35 %", "payment_failing > 15 %", "search_failing > 25 %",
    ]  # fmt: skip


def test_its_boxes(orchard: Runbook) -> None:
    assert [(c.title, c.phase, len(c.items)) for c in orchard.checklists] == [
        ("Before going back", "before", 3), ("During", "during", 2), ("After", "after", 4),
    ]  # fmt: skip


def test_its_verification(orchard: Runbook) -> None:
    health, pages, errors = orchard.verification
    assert (health.title, health.kind, health.commands[0].expected) == ("Health", "check", '{ "status": "fine" }')
    assert [(c.note, c.expected) for c in pages.commands] == [
        ("Front page", "200 OK"), ("Stock", "200 OK (or 401 when signed out)"),
    ]  # fmt: skip
    assert pages.commands[0].expect.matches and not pages.commands[1].expect.matches
    assert (errors.kind, errors.commands) == ("manual", ())
    assert "< 1% errors" in errors.note


def test_its_monitoring_signals_and_logs(orchard: Runbook) -> None:
    assert [step.kind for step in orchard.monitoring] == ["stream", "stream"]
    sources = {signal.id: signal.source for signal in orchard.signals}
    assert sources["health"] == Health(url="https://orchard.example/api/health")
    assert sources["http_errors_total"] == HttpJson(url="https://orchard.example/api/metrics", path="http.errors_total")
    assert sources["error_rate"] == NoSource()
    assert [log.path for log in orchard.logs] == ["/srv/orchard/log/web.log"]


def test_its_outcomes(orchard: Runbook) -> None:
    assert [(o.level, o.criterion.text if o.criterion else "") for o in orchard.outcomes] == [
        ("success", "health == 200"), ("success", "error_rate < 1 % for 10m"), ("success", ""),
        ("partial", "error_rate <= 3 %"), ("partial", ""), ("failed", "error_rate > 4 %"), ("failed", "health != 200"),
    ]  # fmt: skip
    assert orchard.next_when_failed.startswith("Wake the platform lead")


def test_its_people_and_what_comes_after(orchard: Runbook) -> None:
    assert [(c.level, c.who, c.how) for c in orchard.contacts] == [
        ("1", "Engineer on call", "#orchard-oncall"), ("1", "Shop lead", "not filled in (Phone)"),
        ("2", "Head of engineering", "+49 30 5550100"), ("external", "Payment provider", "not filled in (Number)"),
    ]  # fmt: skip
    assert [(f.text, f.due_in) for f in orchard.follow_ups] == [
        ("Try to buy an apple", 2 * HOUR), ("Tell the press office", 2 * HOUR), ("Write it down", DAY),
        ("Post-mortem", WEEK), ("Mend the test that slept", WEEK),
    ]  # fmt: skip
    assert [lesson.cause for lesson in orchard.lessons] == ["Config typed by hand", "Cache without a limit"]
    assert orchard.practices == ("Ship in the morning", "Keep the last tag warm")
    assert (
        orchard.report_template.startswith("# Incident on [DATE]") and "- [ ] [Task - Owner]" in orchard.report_template
    )


def test_what_it_says_about_itself(orchard: Runbook) -> None:
    assert (orchard.title, orchard.version, orchard.owner, orchard.last_tested) == (
        "ORCHARD: GOING BACK", "2.4", "Orchard platform team", "2026-01-20",
    )  # fmt: skip
    assert "Last updated: 2026-02-03" in orchard.notes
    assert orchard.path == str(ORCHARD) and len(orchard.sha256) == 64


# ── the one that it was made for ──────────────────────────────────────────────────────────────────


@pytest.fixture(params=RECEIVED)
def seed(request: pytest.FixtureRequest) -> Runbook:
    place = SEED / request.param
    if not place.is_file():
        pytest.skip(f"{request.param} is not here: it lies outside of the repository, in shared/seed")
    return opened(place)


def test_the_seed_has_four_methods_the_third_in_two_halves(seed: Runbook) -> None:
    assert [(m.label, m.title, m.estimate, m.risk, m.where) for m in seed.methods] == [
        ("1", "Git Revert (Preferred)", 600, "low", Where.CLEAN_ROOM),
        ("2", "Tag Rollback", 300, "low", Where.CLEAN_ROOM),
        ("3a", "Infrastructure Rollback: Vercel", 120, "very low", Where.REPOSITORY),
        ("3b", "Infrastructure Rollback: Railway", 120, "very low", Where.REPOSITORY),
        ("4", "Database Rollback (If Needed)", 0, "high", Where.REPOSITORY),
    ]


def test_the_seed_has_each_command_once_with_its_line(seed: Runbook) -> None:
    check_every_command_is_there_once_with_its_line(seed, SEED / RECEIVED[0])
    check_ids_hold(seed)
    assert len(commands_of(seed)) == 35
    assert [len([c for s in m.steps for c in s.commands]) for m in seed.methods] == [7, 8, 3, 3, 4]


def test_the_seed_leaves_four_values_open(seed: Runbook) -> None:
    assert [(param.id, param.kind) for param in seed.params] == [
        ("commit-sha", "git_commit"), ("deployment-url", "text"), ("deployment-id", "text"), ("migration-name", "text"),
    ]  # fmt: skip


def test_the_seed_has_two_classes_of_nine_triggers_in_threes(seed: Runbook) -> None:
    groups = Counter((t.urgency, t.group) for t in seed.triggers)
    assert groups == {
        ("immediate", "Critical Security Breach"): 3, ("immediate", "Complete Service Outage"): 3,
        ("immediate", "Data Corruption"): 3, ("conditional", "High Error Rate"): 3,
        ("conditional", "Performance Degradation"): 3, ("conditional", "Feature Malfunction"): 3,
    }  # fmt: skip
    assert [t.criterion.text for t in seed.triggers if t.criterion] == [
        "homepage_status == 500", "error_rate > 5 % for 5m", "sentry_critical_alerts > 10/min", "health != 200",
        "p95 > 5 s", "lcp > 10 s", "cdn_hit_rate < 20 %", "upload_failing > 20 %", "tts_generation_failing > 30 %",
    ]  # fmt: skip


def test_the_seed_has_three_checklists(seed: Runbook) -> None:
    assert [(c.title, c.phase, len(c.items)) for c in seed.checklists] == [
        ("Pre-Rollback", "before", 5), ("During Rollback", "during", 5), ("Post-Rollback", "after", 6),
    ]  # fmt: skip


def test_the_seed_has_four_verifications_with_their_expectations(seed: Runbook) -> None:
    health, smoke, errors, performance = seed.verification
    assert health.title == "Health Check" and '"status": "healthy"' in health.commands[0].expected
    assert [c.expected for c in smoke.commands] == ["200 OK", "200 OK (or 401 if auth required)", "Number (seconds)"]
    assert errors.kind == "manual" and "Expected: < 1% error rate" in errors.note
    assert performance.commands[0].expected == "Performance score > 80"


def test_the_seed_has_three_levels_of_success(seed: Runbook) -> None:
    assert Counter(outcome.level for outcome in seed.outcomes) == {"success": 6, "partial": 3, "failed": 4}
    assert [o.criterion.text for o in seed.outcomes if o.criterion] == [
        "health == 200", "error_rate < 1 % for 5m", "p95 < 1 s", "error_rate <= 3 %", "error_rate > 5 %", "health != 200",
    ]  # fmt: skip
    assert seed.next_when_failed == "Escalate to senior team, consider complete infrastructure restart"


def test_the_seed_has_three_levels_of_contacts_and_outsiders(seed: Runbook) -> None:
    assert Counter(contact.level for contact in seed.contacts) == {"1": 2, "2": 2, "3": 2, "external": 3}


def test_the_seed_has_its_report_follow_ups_causes_and_practices(seed: Runbook) -> None:
    assert seed.report_template.startswith("# Incident Report: [DATE]") and "## Action Items" in seed.report_template
    assert Counter((f.group, f.due_in) for f in seed.follow_ups) == {
        ("Immediate (Within 1 hour)", HOUR): 4, ("Short-term (Within 24 hours)", DAY): 4,
        ("Long-term (Within 1 week)", WEEK): 4,
    }  # fmt: skip
    assert len(seed.lessons) == 5 and all(lesson.cause and lesson.answer for lesson in seed.lessons)
    assert len(seed.practices) == 5
    assert seed.version == "1.0"


def test_the_seed_is_watched_by_what_it_names(seed: Runbook) -> None:
    kinds = {command.kind for step in seed.monitoring for command in step.commands}
    assert kinds == {"follow"} and len([step for step in seed.monitoring if step.commands]) == 5
    health = next(signal for signal in seed.signals if signal.id == "health")
    assert health.source == Health(url="https://treinx.abacusai.app/api/health")
