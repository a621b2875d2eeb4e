"""What a person sees before an unknown runbook may run anything: every text that a shell could be given."""

from __future__ import annotations

from runbook.model import Effect
from runbook.reading.yaml import loads
from runbook.signals.criteria import parse
from runbook.steps.effects import infer
from tui.trusting import offered

BOOK = """
version: 1
id: shop
title: Shop
guard: [{id: place, run: cat place}]
signals: {load: {source: command, run: cat /proc/loadavg, regex: '([0-9.]+)'}}
logs: [{id: app, path: /var/log/app.log}, {id: pods, run: kubectl logs -f deployment/shop}]
platforms:
  flag:
    order: flagctl set <flag> <release>
    live: {run: flagctl get <flag>, reads: true}
    releases: {url: https://flags.example/states, headers: {Authorization: $TOKEN}}
methods:
  - id: back
    title: Back
    requires: [{id: way, run: git status}]
    steps:
      - {id: go, title: Go, run: ./go.sh, effect: change, done_when: cat done, undo: ./back.sh}
"""


def test_what_is_asked_without_a_confirmation_is_listed_beside_the_commands() -> None:
    seen = list(offered(loads(BOOK, parse_criterion=parse, infer=infer)))
    unasked = {one.text for one in seen if one.method == "Asked without a confirmation"}
    assert {one.text: one.effect for one in seen if one.text not in unasked} == {
        "./go.sh": Effect.CHANGE,
        "./back.sh": Effect.CHANGE,
    }
    assert unasked == {
        "cat place",
        "git status",
        "cat done",
        "cat /proc/loadavg",
        "kubectl logs -f deployment/shop",
        "flagctl get <flag>",
        "GET https://flags.example/states $TOKEN",
    }
