"""Advice and verdict through the phases of an incident, at real speed: what comes and goes, what is half mended."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from tests.terminal import walks
from tests.terminal.conftest import DrillRoom
from tests.terminal.test_silent import verdicts
from tests.terminal.test_walks import culprit, good_tag

Drill = Callable[..., DrillRoom]
LONG = 8
"""Seconds that a good stretch of a flapping production surely lasts."""


def held(screen: str) -> int:
    """For how many of the wanted seconds health has been good."""
    found = re.search(r"health 200 for 0:(\d\d) of 0:20", screen)
    return int(found[1]) if found else 0


def innocent(room: DrillRoom) -> str:
    """The subject of a commit of the bad release that breaks nothing."""
    bad, _ = culprit(room)
    world = json.loads((room.drill / "world.json").read_text())
    log = room.git("log", "--no-merges", "--format=%H %s", f"{world['good_tag']}..{world['bad_tag']}").splitlines()
    return next(line.split(" ", 1)[1] for line in log if not line.startswith(bad) and " Release " not in line)


def deploy_from_outside(room: DrillRoom, commit: str) -> None:
    """Somebody else moves production."""
    room.git("update-ref", "refs/heads/production", commit)


def half_mended(room: DrillRoom) -> str:
    """Production as it is, with a third of the attempts that make an order wait."""
    production = room.git("rev-parse", "production")
    clone = room.drill.parent / "elsewhere"
    room.tmux.run_beside(
        f"git clone -q -b production {room.drill}/remote.git {clone} && cd {clone}"
        " && sed -i -E 's/range\\(24\\)/range(8)/; s/range\\(20\\)/range(7)/; s/range\\(15\\)/range(5)/' app/*.py"
        " && git -c user.name=other -c user.email=other@shop.example commit -qam Mend && git push -q origin production"
    )
    after = room.git("rev-parse", "production")
    assert after != production
    return after


def test_in_a_flapping_production_a_breach_starts_the_clock_again_and_nothing_is_recovered(drill: Drill) -> None:
    room = drill("flapping")
    walks.until_red(room)
    room.tmux.wait(r"health 503 (>= 500|!= 200) for 0:\d\d")  # since when
    walks.revert_to_production(room, innocent(room))
    room.tmux.wait(r"FAILED, ESCALATE .*health 503", 60)
    room.tmux.wait(lambda screen: "NOT KNOWN YET" in screen and held(screen) >= LONG, 60)
    room.tmux.wait(r"FAILED, ESCALATE .*health 503", 60)
    again = room.tmux.wait(lambda screen: held(screen) > 0, 60)
    assert held(again) < LONG
    assert not any("recovered" in text for text in verdicts(room))


def test_a_relapse_after_the_recovery_opens_the_incident_again(drill: Drill) -> None:
    room = drill("flapping", seed=6)
    walks.until_red(room)
    bad = room.git("rev-parse", "production")
    walks.tag_to_production(room, good_tag(room))
    room.tmux.wait("RECOVERED.*watching for a relapse", 90)
    deploy_from_outside(room, bad)
    screen = room.tmux.wait(r"FAILED, ESCALATE .*health 503", 90)
    assert "ADVICE  roll back now" in screen
    room.tmux.wait(lambda _: any("relapsed, now failed" in text for text in verdicts(room)))  # recorded a second later
    assert "**Relapses**: 1" in walks.report(room)


def test_a_slow_shop_is_failed_then_partial_then_recovered_as_it_gets_faster(drill: Drill) -> None:
    room = drill("slow", seed=2)
    walks.until_red(room)
    first = room.tmux.wait(r"latency p95 6(\.\d+)? s > 5 s for 0:(\d\d)")
    assert "error rate         0 %" in first  # it is slow and nothing else
    walks.revert_to_production(room, innocent(room))
    room.tmux.wait(r"FAILED, ESCALATE .*latency p95 6(\.\d+)? s, not <= 5 s", 90)
    deploy_from_outside(room, half_mended(room))
    screen = room.tmux.wait(r"PARTIAL.* latency p95 2(\.\d+)? s, not < 1 s", 90)
    assert "roll back now" not in screen
    walks.tag_to_production(room, good_tag(room))
    room.tmux.wait("RECOVERED", 90)
    said = re.findall("failed|partial|recovered", " ".join(verdicts(room)))
    assert said.index("failed") < said.index("partial") < said.index("recovered")


def test_a_cdn_that_keeps_nothing_is_a_reason_to_roll_back_until_its_cache_is_filled_again(drill: Drill) -> None:
    room = drill("cdn")
    walks.until_red(room)
    before = room.tmux.wait(
        r"FAILING  CDN hits \d(\.\d+)? % < 20 % for 0:\d\d .*\s+ADVICE  roll back now.* → Revert the commit in git"
    )
    assert re.search(r"error rate +0 % .*✓ met", before) and re.search(r"homepage p95 +0\.\d+ s", before)
    walks.tag_to_production(room, good_tag(room))
    after = room.tmux.wait("RECOVERED", 90)
    assert re.search(r"CDN hits +(100|[2-9]\d(\.\d+)?) %", after)
    assert "roll back now" not in after
    room.tmux.wait(r"homepage p95 +\d(\.\d+)? ms", 60)


def test_an_outage_asks_at_once_for_the_fastest_way_back_that_is_here_and_is_recovered_at_the_end(drill: Drill) -> None:
    room = drill("outage")
    walks.until_red(room)
    red = room.tmux.wait(
        r"ADVICE  roll back now: the homepage answers with 500 \(health 503 >= 500 for \d+:\d\d\).*"
        r" → Go back to a tagged release"
    )  # the first of the ways that the runbook names for an outage whose program and token are here
    assert "FAILING" in red and re.search(r"health +503 .*✗ not met", red)
    assert "without Sentry (not set up)" in red
    room.tmux.keys("m")
    chooser = room.tmux.wait(walks.CHOOSER)
    assert re.search(r"▌2 ", chooser)  # what is advised is what enter would take
    room.tmux.keys("Escape")
    room.tmux.gone(walks.CHOOSER)
    walks.tag_to_production(room, good_tag(room))
    room.tmux.wait("NOT KNOWN YET", 60)
    after = room.tmux.wait("RECOVERED", 120)
    assert "roll back now" not in after and re.search(r"health +200 .*✓ met", after)
    assert "without Sentry (not set up)" in after
    assert [text for text in verdicts(room) if "recovered" in text]
    report = walks.report(room)
    assert "sentry was not set up and took no part" in report
