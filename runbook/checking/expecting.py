"""What a document expects to see, against what its commands can show; and numbers that are not what they look like."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from runbook.checking.calls import Call
from runbook.checking.findings import Finding, Rule, Said, on_calls, on_commands
from runbook.checking.scene import Scene, Spot
from runbook.model import Effect
from runbook.signal_sources import Prometheus

NUMBER = re.compile(r"\d+(?:\.\d+)? ?(%|ms\b|s\b|/min|/s\b)")


def expects_refusal(spot: Spot) -> Said:
    said = spot.command.expected
    if not re.search(r"\b2\d\d\b", said) or not re.search(r"\b40[13]\b", said):
        return None
    return "warning", (
        "An answer of 401 also comes from a sign-in that is broken, so this passes when nobody can get in; expect one "
        "code, and sign in once with a test account."
    )


def score_scale(spot: Spot) -> Said:
    if not any(call.program == "lighthouse" for call in spot.calls):
        return None
    numbers = [float(found) for found in re.findall(r"\d+(?:\.\d+)?", spot.command.expected)]
    if not numbers or max(numbers) <= 1 or "jq" in spot.text:
        return None
    return "warning", (
        "lighthouse writes its scores as 0 to 1, and this expects points; compare with jq -e "
        "'.categories.performance.score > 0.8'."
    )


def nothing_measured(scene: Scene) -> Iterator[Finding]:
    """A step of the verification that expects a number, and has nothing that reads it."""
    for step in scene.runbook.verification:
        said = " ".join((step.title, step.note, step.message))
        if step.kind == "manual" and not step.commands and NUMBER.search(said):
            yield Finding(
                step.line,
                "warning",
                "Nothing here reads that number. A dashboard is no check, and errors without the number of requests "
                "give no "
                "rate; name an address that has both, as a signal with a criterion.",
            )


def two_types(scene: Scene) -> Iterator[Finding]:
    """One key that is a text in one expected answer and a number in another."""
    texts: dict[str, int] = {}
    for spot in scene.spots():
        for key in _text_keys(spot.command.expected):
            texts.setdefault(key, spot.line)
    for spot in scene.spots():
        if not re.search(r"\bnumber\b|^\W*\d+(\.\d+)?\W*$", spot.command.expected, re.I):
            continue
        for call in spot.calls:
            key = next((word.lstrip(".") for word in call.words if call.program == "jq"), "")
            if key in texts and texts[key] != spot.line:
                yield Finding(
                    spot.line,
                    "warning",
                    f"{key} is expected as a number here and as a text on line {texts[key]}; say which address gives "
                    "which, "
                    "and compare the type (jq -e '.KEY | numbers').",
                )


def _text_keys(said: str) -> tuple[str, ...]:
    begin, end = said.find("{"), said.rfind("}")
    try:
        shape = json.loads(said[begin : end + 1]) if 0 <= begin < end else None
    except (ValueError, RecursionError):
        return ()
    return tuple(key for key, value in shape.items() if isinstance(value, str)) if isinstance(shape, dict) else ()


COUNTER = re.compile(r"(?:^|[._])(errors?|requests|count|total|failures|hits|misses)(?:\"|\]|\)|\s|$)", re.I)


def counter(call: Call, spot: Spot) -> Said:
    if call.program != "jq" or spot.procedure.part not in ("verification", "monitoring", "method"):
        return None
    asked = " ".join(call.words[:1])
    if not COUNTER.search(asked) or re.search(r"[-/<>]|==|rate|length", asked):
        return None
    return "note", (
        "This looks like a counter, which only grows and starts again at 0 after a restart; what tells is its "
        "increase over "
        "the increase of requests (a rate)."
    )


QUANTILE = re.compile(r"\b(?:histogram_quantile|quantile(?:_over_time)?) ?\( ?(\d+(?:\.\d+)?)")


def quantile(scene: Scene) -> Iterator[Finding]:
    """PromQL that asks for another quantile than it looks like, in a command or as a signal."""
    asked = [(spot.line, spot.text) for spot in scene.spots()]
    for source in (signal.source for signal in scene.runbook.signals if scene.only is None):
        if isinstance(source, Prometheus):
            asked.append((scene.line_with(source.query), source.query))
    for line, text in asked:
        if said := _quantile(text):
            yield Finding(line, *said)


def _quantile(text: str) -> Said:
    if any(float(found) > 1 for found in QUANTILE.findall(text)):
        return (
            "problem",
            "A quantile in PromQL lies between 0 and 1; above, the answer is always +Inf. Write 0.95 for p95.",
        )
    if re.search(r"quantile=[0-9.]", text):
        return "problem", 'A label\'s value in PromQL stands in quotes; write {quantile="0.95"}.'
    if re.search(r"\bavg(?: by ?\([^)]*\))? ?\([^)]*quantile=", text):
        return "warning", "The average of quantiles is no quantile; use histogram_quantile over the summed buckets."
    if re.search(r"histogram_quantile", text) and not re.search(r"\b(rate|increase|irate|delta)\(", text):
        return (
            "warning",
            "Without rate() this is the quantile since the process began, not of now; write rate(…_bucket[5m]).",
        )
    return None


def exit_any(spot: Spot) -> Said:
    """A change whose end nobody looks at: every exit code counts as done."""
    if spot.command.effect is Effect.READ or spot.command.expect.exit is not None or spot.judged:
        return None
    return "warning", (
        "With exit: any a failure of this counts as done, and the next step goes on from there; leave it out, or say "
        "what its output must hold (contains, matches)."
    )


RULES: dict[str, Rule] = {
    "expects-refusal": on_commands(expects_refusal),
    "score-scale": on_commands(score_scale),
    "nothing-measured": nothing_measured,
    "two-types": two_types,
    "counter": on_calls(counter),
    "quantile": quantile,
    "exit-any": on_commands(exit_any),
}
