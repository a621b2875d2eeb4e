"""A runbook that a team wrote in Markdown → the model.

The document is read as a careful colleague would: what is certain is taken over, what is inferred says so in a
`guess`, and what is not understood stays text. What the rooms beside this one know (the effect and the kind of a
command, how a criterion is read) is handed in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import PurePath

from msgspec.structs import replace

from runbook.model import Effect, Method, Runbook, Signal, Step, Where, worst_effect
from runbook.reading.document import afterwards, contacts, outcomes, sources, triggers
from runbook.reading.document.asking import asks
from runbook.reading.document.blocks import blocks
from runbook.reading.document.checklists import checklists
from runbook.reading.document.commands import Commands, Infer, KindOf
from runbook.reading.document.drafts import SHOWN
from runbook.reading.document.facts import Facts, estimate, facts, of_document, stated_risk
from runbook.reading.document.mojibake import mended
from runbook.reading.document.needs import required, where
from runbook.reading.document.params import Params
from runbook.reading.document.phrases import Names, bare, plain, slug
from runbook.reading.document.sections import Section, sections
from runbook.reading.document.spans import without_span
from runbook.reading.document.steps import Steps
from runbook.reading.document.thresholds import Numbers, ParseCriterion
from runbook.reading.document.ways import Plan, Way
from runbook.reading.document.words import Role
from runbook.reading.document.wrapping import Unwrapped, unwrapped
from runbook.reading.once import in_one_go
from runbook.reading.problems import Problem, ReadingError
from runbook.reading.tree import MAX_BYTES

_FORWARD = "By its heading it goes forward, not back: the release that is out stays out."

ENDINGS = (".md", ".markdown", ".mdx")


def loads(text: str, path: str = "", *, parse_criterion: ParseCriterion, infer: Infer, kind_of: KindOf) -> Runbook:
    """The runbook in a Markdown text; `path` only names it. Raises ReadingError for what is not text."""
    if "\x00" in text[:4096]:
        raise ReadingError([Problem(sentence="This is not text: it holds zero bytes.", file=path, line=1)])
    if len(text) > MAX_BYTES:
        raise ReadingError([Problem(sentence=f"The document is longer than {MAX_BYTES} characters.", file=path)])
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    with in_one_go():
        return _Reader(unwrapped(mended(text)), path, parse_criterion, infer, kind_of).runbook(digest)


class _Reader:
    """Reads one document part by part."""

    def __init__(
        self, whole: Unwrapped, path: str, parse_criterion: ParseCriterion, infer: Infer, kind_of: KindOf
    ) -> None:
        self.path = path
        self.front = whole.front
        self.root = sections(blocks(whole.lines))
        self.all = list(self.root.within())
        self.plan = Plan(self.root)
        self.stated = of_document(self.root, self.plan.top)
        self.environment = self._said("environment", "environment") or "production"
        self.params = Params()
        self.commands = Commands(infer, kind_of, self.params, self.environment)
        self.commands.know(block for section in self.all for block in section.blocks)
        self.steps = Steps(self.commands, whole.directives)
        self.numbers = Numbers(parse_criterion, sources.health_endpoint(self.all))
        self.ids = Names(taken=("verification", "monitoring"))  # two lists of steps of their own are called so

    def runbook(self, sha256: str) -> Runbook:
        title = self._title()
        methods = tuple(self._method(way) for way in self.plan.ways)
        methods = tuple(method for method in methods if method.steps)
        verification = self.steps.of(self.plan.verification, "verify", Names())
        monitoring = self.steps.of(self.plan.monitoring, "monitor", Names())
        others = self._others()
        does = any(step.guess != SHOWN for other in others for step in other.steps)
        if not (methods or verification or monitoring or does):
            methods = self._guide()
            told = {step.line for method in methods for step in method.steps}
            others = tuple(other for other in others if not told & {step.line for step in other.steps})
        everything = [
            *(step for method in (*methods, *others) for step in method.steps), *verification, *monitoring,
        ]  # fmt: skip
        ticked = Names()
        found = self._with("triggers", "never")
        reasons = triggers.triggers(self._with("triggers"), self.numbers, Names())
        judged, when_failed = outcomes.outcomes(self._with("success"), self.numbers, ticked)
        steps_of_ways = {id(section) for way in self.plan.ways for section in way.sections}
        lists = checklists(self._tickable(), Names(), ticked, steps_of_ways)
        read = tuple(sources.read_by(everything, self.numbers))
        return Runbook(
            id=slug(title) or "runbook",
            title=title,
            service=self._said("service", "service"),
            environment=self.environment,
            owner=self._said("owner", "owner"),
            version=self._said("version", "version"),
            last_tested=self._said("tested", "last_tested", "last tested"),
            notes=self._notes(found),
            params=self.params.all(),
            signals=(*self._signals(), *read),
            logs=sources.logs(everything),
            triggers=reasons,
            methods=methods,
            others=others,
            checklists=lists,
            verification=verification,
            monitoring=monitoring,
            outcomes=judged,
            next_when_failed=when_failed,
            contacts=contacts.contacts(self._with("contacts")),
            follow_ups=afterwards.follow_ups(self._with("after")),
            lessons=afterwards.lessons(self._with("lessons")),
            practices=afterwards.practices(self._with("practices")),
            report_template=afterwards.report_template(self._with("report")),
            path=self.path,
            sha256=sha256,
        )

    # ── parts ─────────────────────────────────────────────────────────────────────────────────────

    def _method(self, way: Way) -> Method:
        stated = facts(block for section in way.sections for block in section.blocks)
        own = facts(way.head.blocks)
        if way.head.parent is not None and way.head.parent.alternative:
            own = Facts(said={**facts(way.head.parent.blocks).said, **own.said}, cautions=own.cautions)
        steps = self._after_what_is_asked(way, self.steps.of(way.sections, "method", Names(), head=way.head))
        risk = stated_risk(own, way.head.heading) or stated_risk(stated, "")
        said_risk = own.get("risk") or stated.get("risk")
        around = [caution for section in way.head.above() for caution in facts(section.blocks).cautions]
        forward = (_FORWARD,) if way.head.goes_forward else ()
        caution = " ".join(dict.fromkeys((*forward, *_behind(said_risk), *reversed(around), *own.cautions)))
        title = without_span(way.title) or self._title()
        return Method(
            id=self.ids.new(title, "method"),
            label=way.label,
            title=title,
            use_when=own.get("use_when"),
            avoid_when=own.get("avoid_when"),
            estimate=estimate(own, way.head.heading)
            or (
                estimate(facts(way.head.parent.blocks), way.head.parent.heading)
                if _is_half(way) and way.head.parent
                else 0
            )
            or sum(step.estimate for step in steps),
            risk=risk or "medium",
            data_loss=own.get("data_loss") or "not stated",
            where=where(steps),
            requires=required(steps),
            params=self._asked(steps),
            steps=steps,
            caution=caution,
            guess="" if risk else "The document states no risk; medium is assumed.",
            line=way.head.line,
        )

    def _after_what_is_asked(self, way: Way, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """The steps of a way, the first with what the prose above all the ways asks for before any of them."""
        around = [section for section in way.head.above() if section not in (self.root, self.plan.top)]
        told = [plain(block.text) for section in reversed(around) for block in section.blocks if asks(block)]
        if not told or not steps:
            return steps
        first, *others = steps
        return (replace(first, note="\n".join(filter(None, (*told, first.note)))), *others)

    def _guide(self) -> tuple[Method, ...]:
        """A document in which nothing is run: its own words, to be followed one after the other."""
        told = [section for section in self.all if section.role in ("", "before", "verify", "monitor", "trouble")]
        steps = self.steps.of(told, "method", Names(), head=self.plan.top or self.root)
        title = self._title()
        guess = "Nothing in it could be read as a way to roll back; its sections are followed in order."
        found = Method(
            id=self.ids.new(title, "guide"), label="1", title=title, data_loss="not stated", where=Where.REPOSITORY,
            steps=steps, guess=guess, line=self.plan.top.line if self.plan.top else 0,
        )  # fmt: skip
        return (found,) if steps else ()

    def _others(self) -> tuple[Method, ...]:
        made = []
        for head, within in self.plan.others:
            steps = self.steps.of(within, "other", Names(), head=head)
            if not steps:
                continue
            title = without_span(head.title) or self._title()
            worst = worst_effect(tuple(step.effect for step in steps))
            made.append(
                Method(
                    id=self.ids.new(title, "other"),
                    label="",
                    title=title,
                    risk={Effect.READ: "very low", Effect.CHANGE: "medium", Effect.DESTROY: "high"}[worst],  # type: ignore[arg-type]
                    data_loss="not stated",
                    where=Where.REPOSITORY,
                    requires=required(steps),
                    params=self._asked(steps),
                    steps=steps,
                    line=head.line,
                )
            )
        return tuple(made)

    def _asked(self, steps: Iterable[Step]) -> tuple[str, ...]:
        """The open values of these steps, in the order of their first use."""
        return tuple(
            dict.fromkeys(
                name for step in steps for command in step.commands for name in self.commands.open_in(command.text)
            )
        )

    def _signals(self) -> Iterable[Signal]:
        found = dict(self.numbers.signals)
        if self.numbers.health is not None:
            found = {"health": self.numbers.health, **found}
        return found.values()

    def _notes(self, found: Iterable[Section]) -> tuple[str, ...]:
        notes = list(triggers.reasons_against(found))
        for name, words in (("updated", "Last updated"), ("next_review", "Next review")):
            if self.stated.get(name):
                notes.append(f"{words}: {self.stated.get(name)}")
        return tuple(notes)

    # ── the document ──────────────────────────────────────────────────────────────────────────────

    def _title(self) -> str:
        top = self.plan.top
        first = next((section.heading for section in self.all if section.heading), "")
        named = (top.heading if top else "") or self.front.get("title", "") or first
        return bare(named) or PurePath(self.path).stem or "Runbook"

    def _said(self, fact: str, *keys: str) -> str:
        """What the front matter says under one of these keys, or a line of the document."""
        return next((self.front[key] for key in keys if self.front.get(key)), "") or self.stated.get(fact)

    def _with(self, *roles: Role) -> list[Section]:
        return [section for section in self.all if section.role in roles]

    def _tickable(self) -> list[Section]:
        """Where boxes are a checklist: neither reasons, nor outcomes, nor follow-ups with their own deadline."""
        elsewhere = ("triggers", "never", "success", "report")
        return [
            section
            for section in self.all
            if section.role not in elsewhere and not (section.role == "after" and afterwards.due_in(section))
        ]


def _is_half(way: Way) -> bool:
    return way.head.parent is not None and way.head.parent.alternative


def _behind(said: str) -> Iterable[str]:
    """`HIGH - Use with caution`: what stands behind the word."""
    for mark in (" - ", " – ", " — ", ", ", " ("):
        if mark in said:
            rest = said.partition(mark)[2].strip(" ()")
            return (rest,) if rest else ()
    return ()
