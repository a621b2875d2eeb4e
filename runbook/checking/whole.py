"""What shows only when a runbook is seen as a whole: risk, order, gaps, blanks, what was never tried."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from runbook.checking.calls import Call
from runbook.checking.findings import Finding, Rule
from runbook.checking.scene import Scene, Spot
from runbook.model import Command, Criterion, Effect, Method, Step
from runbook.providers.calls import calls
from runbook.providers.declared import Declared
from runbook.signal_sources import settings
from runbook.steps.effect_tables import words_of
from runbook.steps.effects import PLACEHOLDER
from runbook.steps.values import EVALUATE, RESERVED, placeholders

STALE_DAYS = 180


def risk_understated(scene: Scene) -> Iterator[Finding]:
    for procedure in scene.methods():
        method = procedure.method
        worst = next((spot for spot in procedure.spots if spot.command.effect is Effect.DESTROY), None)
        if worst is not None and method.risk in ("very low", "low"):
            yield Finding(
                method.line,
                "warning",
                f"The risk is called {method.risk}, but line {worst.line} destroys something; say what can be lost, "
                "and call "
                "it high.",
            )


def no_method(scene: Scene) -> Iterator[Finding]:
    """A room on it would offer no way back."""
    if scene.runbook.methods:
        return
    others = any(procedure.method.steps for procedure in scene.procedures)
    yield Finding(
        1,
        "warning" if others else "problem",
        "No way to roll back was found"
        + (", only other procedures" if others else ", and nothing else to do either")
        + ": give each way a heading that says so, with its commands in code blocks below it (in YAML, an entry of "
        "`methods`).",
    )


def slow_first(scene: Scene) -> Iterator[Finding]:
    """The method that comes first is not the quickest, although some triggers leave no time."""
    methods = [method for method in scene.runbook.methods if method.estimate]
    urgent = [trigger for trigger in scene.runbook.triggers if trigger.urgency == "immediate"]
    if len(methods) < 2 or not urgent or any(trigger.suggests for trigger in urgent):
        return
    first, quickest = methods[0], min(methods, key=lambda method: method.estimate)
    if quickest.estimate * 2 <= first.estimate:
        yield Finding(
            quickest.line,
            "note",
            f"For an outage this is the quickest way ({_minutes(quickest)} against {_minutes(first)} of the first "
            "method); "
            "say at the triggers which method comes first, and afterwards repair git as well.",
        )


def _minutes(method: Method) -> str:
    return f"{method.estimate / 60:g} min"


def no_verification(scene: Scene) -> Iterator[Finding]:
    if scene.runbook.verification or any(outcome.criterion for outcome in scene.runbook.outcomes):
        return
    if any(LOOKS.search(step.title) for p in scene.procedures if p.part != "method" for step in p.method.steps):
        return
    for procedure in scene.methods():
        steps = procedure.method.steps
        changed = [n for n, step in enumerate(steps) if any(not _looks(command) for command in step.commands)]
        if not changed:
            continue
        after = [step for step in steps[changed[-1] + 1 :] if not _only_tells(step)]
        last = steps[changed[-1]]
        if not after and not _looks(last.commands[-1]) and not last.done_when and not LOOKS.search(last.title):
            yield Finding(
                last.commands[-1].line or last.line or procedure.method.line,
                "warning",
                "Nothing looks whether this worked: the method ends with a change. Add a check that fails when it did "
                "not "
                "(the version in the health answer, an error rate).",
            )


LOOKS = re.compile(
    r"verif|validat|check|smoke|test|health|status|confirm|version|\blogs?\b|\bwait|diagnos|monitor|describe|\b(get|list|show)\b",
    re.I,
)
"""Words of looking, in titles and in the names of a team's own scripts."""


TELLS = re.compile(
    r"\b(tell|notify|announce|inform|communicate|post|send|e-?mail|document|schedule|close"
    r"|update (the |your )?(status|slack|ticket|incident|team|channel|stakeholders)"
    r"|(create|open|file) (an? |the )?(incident|ticket|issue|post-?mortem))\b",
    re.I,
)
"""Words of telling others, which is no look."""


def _only_tells(step: Step) -> bool:
    """Whether a step after the last change is there for people, and nobody looks at the service in it."""
    said = f"{step.title} {step.note}"
    tells = step.kind == "message" or (step.kind == "manual" and TELLS.search(step.title) is not None)
    return tells and not LOOKS.search(said)


def _looks(command: Command) -> bool:
    if command.effect is Effect.CHANGE:
        return LOOKS.search(command.text) is not None
    return command.effect is Effect.READ


def threshold_gap(scene: Scene) -> Iterator[Finding]:
    """Values that are neither success nor failure, and that no line about partial success names."""
    outcomes = [outcome for outcome in scene.runbook.outcomes if outcome.criterion]
    units = {signal.id: signal.unit for signal in scene.runbook.signals}
    for good in (outcome for outcome in outcomes if outcome.level == "success"):
        wanted = good.criterion
        assert wanted is not None
        rising = {"<": True, "<=": True, ">": False, ">=": False}.get(wanted.op)
        if rising is None or not isinstance(wanted.value, float | int):
            continue
        same = [outcome for outcome in outcomes if outcome.criterion and outcome.criterion.signal == wanted.signal]
        fine = [value for o in same if o.level != "failed" if (value := _bound(o.criterion, rising)) is not None]
        bad = [value for o in same if o.level == "failed" if (value := _bound(o.criterion, not rising)) is not None]
        if not bad:
            alarms = [
                t.criterion for t in scene.runbook.triggers if t.criterion and t.criterion.signal == wanted.signal
            ]
            bad = [value for alarm in alarms if (value := _bound(alarm, not rising)) is not None]
        if not fine or not bad:
            continue
        edge, fall = (max(fine), min(bad)) if rising else (min(fine), max(bad))
        if (edge < fall) if rising else (edge > fall):
            low, high = sorted((edge, fall))
            yield Finding(
                good.line or scene.line_with(good.text),
                "warning",
                f"{wanted.signal} between {low:g} and {high:g}{units.get(wanted.signal, '')} is neither success nor "
                "failure; "
                "give partial success a criterion that reaches up to it, so that nobody has to argue at night.",
            )


def _bound(criterion: Criterion | None, upper: bool) -> float | None:
    """The number up to which (or from which) a criterion holds; None where it bounds the other side."""
    if criterion is None or not isinstance(criterion.value, float | int):
        return None
    return float(criterion.value) if criterion.op in (("<", "<=") if upper else (">", ">=")) else None


DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")


def untested(scene: Scene) -> Iterator[Finding]:
    tested = _day(scene.runbook.last_tested)
    if tested is None:
        written = next((day for note in scene.runbook.notes if (day := _day(note))), None)
        since = (
            f"It was written down on {written}, {(scene.today - written).days} days ago, and nothing" if written else ""
        )
        yield Finding(
            scene.line_with(written.isoformat() if written else scene.runbook.last_tested),
            "note",
            f"{since or 'Nothing'} says when somebody last carried this out; try it once on a sandbox and write the "
            "date down.",
        )
    elif (scene.today - tested).days > STALE_DAYS:
        yield Finding(
            scene.line_with(tested.isoformat()),
            "warning",
            f"Last tested on {tested}, {(scene.today - tested).days} days ago; programs change. Walk through "
            "it once on a sandbox and write the date down.",
        )


def _day(said: str) -> date | None:
    """The day that a text names, as 2026-11-25; None for anything else."""
    try:
        return date(*map(int, found.groups())) if (found := DAY.search(said)) else None
    except ValueError:
        return None


BLANK = re.compile(
    r"\W*$|not filled in\b.*|.*\[[^\]()]*\](?!\()|.*<[A-Za-z][^>@]*>|.*_{3,}|.*\bX{3,}|"
    r"\W*(TBD|TODO|N/?A|XX+|\?+|fill in)\b.*",
    re.I,
)


def contact_blank(scene: Scene) -> Iterator[Finding]:
    if scene.runbook.path.startswith("book:"):  # a template: the people are the team's that copies it
        return
    for contact in scene.runbook.contacts:
        if contact.how and BLANK.match(contact.how):
            yield Finding(
                scene.line_with(contact.who) or scene.line_with(contact.how),
                "warning",
                f"{contact.who or 'This contact'} cannot be reached ({contact.how}); fill in a number or a channel.",
            )


def unfilled(scene: Scene) -> Iterator[Finding]:
    known = {param.id for param in scene.runbook.params}
    known |= {capture.param for spot in scene.spots() for capture in spot.command.captures}
    for spot in scene.spots():
        inside = set(placeholders(spot.text, known))
        for found in PLACEHOLDER.finditer(spot.text):
            if (
                found[0][1:-1] not in inside
                and spot.command.kind != "interactive"
                and not _is_quoted(spot.text, found.start())
            ):
                yield Finding(
                    spot.line,
                    "problem",
                    f"{found[0]} is no value that this runbook knows, and bash reads it as a redirection; declare it "
                    "as a param.",
                )


def _is_quoted(text: str, at: int) -> bool:
    return text[:at].count("'") % 2 == 1 or text[:at].count('"') % 2 == 1 or "<<" in text[:at]


SAMPLE = re.compile(
    r"(?<![\w.-])((?:[\w-]+\.)*example\.(?:com|org|net)|your[-_](?:[\w-]+)(?:\.\w+)*|YOUR_\w+|my-(?:app|service|project|namespace|cluster|release)\b|v?[xX]\.[yY]\.[zZ]|x{4,}|changeme)"
)


def sample_value(scene: Scene) -> Iterator[Finding]:
    """A value that stands for the real one and that nobody is asked for."""
    for spot in scene.spots():
        if found := SAMPLE.search(PLACEHOLDER.sub("", spot.text)):
            yield Finding(
                spot.line,
                "warning",
                f"{found[1]} looks like a sample, not like yours; put the real value in, or write <name> so that it "
                "is asked for.",
            )


ONCE = (
    r"kubectl rollout undo", r"helm rollback", r"vercel rollback", r"heroku rollback", r"wrangler rollback",
    r"git reset", r"prisma migrate resolve", r"docker service rollback", r"terraform apply",
)  # fmt: skip
"""Acts of which one is meant: done twice on the same thing, the second undoes or worsens the first."""


def alternatives_in_sequence(scene: Scene) -> Iterator[Finding]:
    for procedure in scene.methods():
        seen: dict[str, Spot] = {}
        for spot in procedure.spots:
            for call in spot.calls:
                act = next((pattern for pattern in ONCE if call.says(pattern)), "")
                if not act or call.has("--dry-run") or spot.step.either:
                    continue
                key = f"{act} {_object(call)}"
                before = seen.setdefault(key, spot)
                if before is not spot and before.line != spot.line:
                    yield Finding(
                        spot.line,
                        "warning",
                        f"This and line {before.line} do the same act on the same thing, and one is meant: the second "
                        "would undo "
                        "or repeat the first. Mark them as alternatives (“# or”, `either`), or keep one.",
                    )


def _object(call: Call) -> str:
    """What the act is done to, without the version that is chosen."""
    words = call.words
    if call.program == "kubectl":
        return " ".join(words[2:])
    if call.program in ("helm", "docker"):
        return " ".join(words[1:2] if call.program == "helm" else words[2:])
    return ""


BUILTINS = (
    EVALUATE | RESERVED | words_of("cd echo set wait exit return true false : pushd popd umask ulimit shift bg fg")
)
FAR = words_of("ssh kubectl docker docker-compose heroku railway fly")
"""Programs that run what they carry somewhere else."""


def not_installed(scene: Scene) -> Iterator[Finding]:
    seen: set[str] = set()
    for spot in scene.spots():
        for call in spot.calls:
            name = call.program
            elsewhere = call.place or FAR & set(call.via)
            if elsewhere or name in seen or name in BUILTINS or not re.fullmatch(r"[a-z][a-z0-9_.+-]*", name):
                continue
            seen.add(name)
            remote = "npx" in call.via or name.endswith((".sh", ".py", ".js"))
            if not remote and not any(scene.is_installed(known) for known in _names(name)):
                yield Finding(
                    spot.line,
                    "note",
                    f"{name} is not installed on this machine; install it where the rollback will be carried out.",
                )


def _names(program: str) -> tuple[str, ...]:
    """The program under the names that it may be installed by."""
    return {
        "kubectl": ("kubectl", "oc", "k"),
        "docker": ("docker", "podman", "nerdctl"),
        "fly": ("fly", "flyctl"),
        "terraform": ("terraform", "tofu"),
        "vercel": ("vercel", "vc"),
    }.get(program, (program,))


def platform_unused(scene: Scene) -> Iterator[Finding]:
    """A platform whose order no command gives, so that nothing of what it declares is ever asked."""
    for own in scene.runbook.platforms:
        platform = Declared(own)
        given = (call for text in _acts(scene) for call in calls(text, {}))
        if not any(call.program in platform.programs and platform.order(call) for call in given):
            key = re.compile(rf"\s+[\"']?{re.escape(own.id)}[\"']?:")
            lines = enumerate(scene.text.splitlines(), 1)
            yield Finding(
                scene.line_with(own.order) or next((number for number, line in lines if key.match(line)), 0),
                "warning",
                f"No command of this runbook is the order of platform {own.id}, so it shows no release, proof or way "
                "back; write the command with the same words in the same order as its `order`.",
            )


def _acts(scene: Scene) -> Iterator[str]:
    """Every command and way back, with the name of each value in the place of the value."""
    for spot in scene.spots():
        undo = spot.step.undo
        for text in (spot.text, undo.text if undo else ""):
            yield PLACEHOLDER.sub(lambda found: found[0][1:-1], text)


def waits_for_optional(scene: Scene) -> Iterator[Finding]:
    """A wait that never ends where nobody set its signal up, which the runbook allows."""
    optional = {signal.id: signal for signal in scene.runbook.signals if signal.optional}
    for procedure in scene.procedures:
        for step in procedure.method.steps:
            for name in dict.fromkeys(one.signal for one in step.wait_for if one.signal in optional):
                needs = " and ".join(settings(optional[name].source))
                yield Finding(
                    step.line or procedure.method.line,
                    "warning",
                    f"“{step.title}” waits for {name}, which is optional: where {needs} is not set, nobody can measure "
                    "it, and the step can only be skipped. Wait for a signal that is always there, or drop `optional`.",
                )


RULES: dict[str, Rule] = {
    "no-method": no_method,
    "risk-understated": risk_understated,
    "slow-first": slow_first,
    "no-verification": no_verification,
    "threshold-gap": threshold_gap,
    "untested": untested,
    "contact-blank": contact_blank,
    "unfilled": unfilled,
    "sample-value": sample_value,
    "alternatives-in-sequence": alternatives_in_sequence,
    "not-installed": not_installed,
    "platform-unused": platform_unused,
    "wait-optional": waits_for_optional,
}
