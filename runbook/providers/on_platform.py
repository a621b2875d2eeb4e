"""Makes a provider of a platform: the questions that every way back has in common, asked once for all of them."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import Awaitable, Iterator
from os.path import normpath
from pathlib import Path
from typing import TypeVar

import msgspec

from runbook.logs.clean import clean
from runbook.model import Record, Remedy
from runbook.providers.calls import Call, calls
from runbook.providers.needs import CheckLine
from runbook.providers.platform import Ask, Live, Order, Platform, Release
from runbook.providers.provider import Failure, Place, Preview, Proof, Standing, Target, Unavailable, as_one
from runbook.providers.release_words import titled, told_of

T = TypeVar("T")
_Looked = tuple[tuple[CheckLine, ...] | Unavailable, Live | Unavailable, tuple[Release, ...] | Unavailable]
_SHOWN = 3
_ALIKE = "What serves has the same code: only its variables can differ."
_HOLE = re.compile(r"<[A-Za-z][\w-]*>")
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)")


class _Meant(Record, frozen=True):
    """An order in a text, and the place from which it acts."""

    order: Order
    call: Call
    at: Place

    def ask(self) -> Ask:
        """Raises Unavailable where nobody can say yet where the call acts: another place would answer."""
        if unclear := self.call.unclear or self.order.unclear:
            raise Unavailable(unclear)
        return Ask(self.at, self.call.through)

    def key(self, part: str) -> str:
        return f"{self.order.what} · {part}"


class OnPlatform:
    """The provider of one platform. Changes nothing."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.name = platform.name

    def concerns(self, text: str) -> bool:
        """Whether the text may hold an order to this platform: one of its programs is called by name."""
        return any(call.program in self.platform.programs for call in calls(text, {}))

    def orders(self, text: str) -> bool:
        """Whether the text holds an order to this platform."""
        return any(self._order(call) is not None for call in calls(text, {}))

    # ── before ────────────────────────────────────────────────────────────────────────────────────

    async def targets(self, kind: str, on: str) -> tuple[Target, ...]:
        """None: a platform's releases are offered where a command names one."""
        return ()

    async def check_value(self, kind: str, value: str, on: str) -> str:
        """Nothing: whether the platform has a release is asked when its command is shown."""
        return ""

    async def targets_of(self, text: str, value: str, at: Place) -> tuple[Target, ...]:
        """The releases that could stand in the text where `value` stands. Raises Unavailable."""
        for meant in self._orders(text, at):
            if meant.order.target == value:
                return await self._targets(meant)
        return ()

    async def standing(self, text: str, at: Place) -> Standing | None:
        """How the way back stands now: what serves, to what it leads, what is in the way."""
        for meant in self._orders(text, at):
            if meant.call.through:  # nobody is to be signed in only to compare
                continue
            try:
                checks, live, releases = _all(*await self._look(meant))
            except Unavailable as silent:
                return Standing(ok=None, line=str(silent))
            stops = next((line for line in checks if line.stops and line.ok is not True), None)
            if stops is not None:
                return Standing(ok=stops.ok, line=f"{stops.title}: {stops.found}", mend=stops.mend)
            others = [one for one in releases if not _same(one, live.release) and not one.blocked]
            chosen = _named(releases, meant.order.target)
            if chosen is not None and chosen.blocked:
                return Standing(ok=False, line=chosen.warning)
            said = f"{titled(live.release)} serves; {len(others)} to go back to" if others else ""
            return Standing(
                ok=bool(others),
                line=said or f"{titled(live.release)} serves, and there is nothing to go back to",
                target_at=(chosen or others[0]).at if chosen or others else None,
            )
        return None

    def safer(self, text: str, expected: dict[str, str]) -> tuple[str, str]:
        """Unchanged: what a platform's command lacks, the person chooses."""
        return text, ""

    async def preview(self, text: str, at: Place) -> Preview:
        """What serves now, what would, and what speaks against it; for a call that names no release, the choice."""
        seen = [await self._preview_one(meant) for meant in self._orders(text, at)]
        return Preview(
            lines=tuple(line for one in seen for line in one.lines),
            expected={key: value for one in seen for key, value in one.expected.items()},
            warnings=tuple(line for one in seen for line in one.warnings),
            blocked=" ".join(one.blocked for one in seen if one.blocked),
            already=" ".join(one.already for one in seen) if seen and all(one.already for one in seen) else "",
            way_back=" ".join(one.way_back for one in seen if one.way_back),
            choices=next((one.choices for one in seen if one.choices), ()),
            choosing=next((one.choosing for one in seen if one.choices), ""),
            checks=tuple(line for one in seen for line in one.checks),
        )

    async def _preview_one(self, meant: _Meant) -> Preview:
        order, noun = meant.order, self.platform.noun
        checks: tuple[CheckLine, ...] = ()
        try:
            looked = await self._look(meant)
            checks = looked[0] if isinstance(looked[0], tuple) else ()
            checks, live, releases = _all(*looked)
        except Unavailable as silent:
            asked = CheckLine(title=f"what serves on {order.what} is known", ok=None, found=str(silent))
            return Preview(checks=(*checks, asked))
        now = f"{order.what}: {titled(live.release)} serves now{told_of(live.release)}"
        found = " · ".join(line.found for line in checks if line.ok is True and line.found)
        where = f"where: {found}" if found else ""
        lines = tuple(filter(None, (now, live.unsettled and f"still under way: {live.unsettled}", where)))
        expected = {meant.key("live"): _mark(live.release), meant.key("back"): live.release.value}
        if amiss := _amiss(checks):
            expected[meant.key("amiss")] = "\n".join(amiss)
        if there := _where(checks):
            expected[meant.key("where")] = "\n".join(there)
        if order.target is None:
            return Preview(
                lines=lines,
                expected=expected,
                checks=checks,
                warnings=(f"Which {noun} it goes to is decided only when it runs.",),
            )
        if not order.target:
            return Preview(
                lines=lines,
                expected=expected,
                checks=checks,
                blocked=f"The command names no {noun}: carried out twice, it may bring the faulty one back.",
                choices=tuple(_target(one, live) for one in releases if not _same(one, live.release)),
                choosing=f"The {noun} to go back to",
            )
        wanted = _named(releases, order.target)
        if wanted is None:
            offered = ", ".join(one.value for one in releases[:_SHOWN]) or "none"
            return Preview(
                lines=lines,
                checks=checks,
                blocked=f"{order.what} has no {noun} {clean(order.target, 80)}. The newest: {offered}. Pick one: e",
            )
        same = _same(wanted, live.release)
        alike = "" if same or wanted.identity != live.release.identity else _ALIKE
        return Preview(
            lines=(*lines, f"afterwards: {titled(wanted)}{told_of(wanted)}"),
            expected=expected | {meant.key("wanted"): wanted.identity},
            warnings=tuple(filter(None, (order.caution, alike, "" if wanted.blocked else wanted.warning))),
            checks=checks,
            blocked=wanted.warning if wanted.blocked else "",
            already=f"{order.what} serves {titled(wanted)} already." if same and not live.unsettled else "",
            way_back="" if same else self._back(meant, live.release.value).text,
        )

    async def moved(self, text: str, expected: dict[str, str], at: Place) -> str:
        """What serves no longer as the preview saw it, or which release is gone since; empty when all is."""
        for meant in self._orders(text, at):
            was = expected.get(meant.key("live"))
            if was is None:
                continue
            try:
                checks, live, releases = _all(*await self._look(meant))
            except Unavailable as silent:
                return f"{meant.order.what} could not be asked again: {silent}"
            known = expected.get(meant.key("amiss"), "").split("\n")  # whoever confirmed that overrode it
            led = _led_elsewhere(expected.get(meant.key("where"), ""), checks)
            if led or _mark(live.release) != was:
                return led or f"{meant.order.what} has moved: {titled(live.release)} serves now{told_of(live.release)}."
            if failed := next((line for line in _amiss(checks) if line not in known), ""):
                return failed
            named, wanted = _named(releases, meant.order.target), expected.get(meant.key("wanted"))
            if meant.order.target and named is None:
                return f"{meant.order.what} has no {self.platform.noun} {clean(meant.order.target, 80)} any more."
            if named is not None and wanted and named.identity != wanted:
                return f"{clean(meant.order.target or '', 80)} leads elsewhere now: {titled(named)}."
        return ""

    # ── after ─────────────────────────────────────────────────────────────────────────────────────

    async def proof(self, text: str, expected: dict[str, str], at: Place) -> Proof | None:
        """Whether the platform serves what was ordered; None for a text without orders."""
        return as_one([await self._proof_one(meant, expected) for meant in self._orders(text, at)])

    async def _proof_one(self, meant: _Meant, expected: dict[str, str]) -> Proof:
        what = meant.order.what
        try:
            ask = meant.ask()
            live = await self.platform.live(ask, meant.order)
            wanted = expected.get(meant.key("wanted")) or await self._identity(ask, meant.order)
        except Unavailable as silent:
            return Proof(ok=None, line=f"Whether it worked is not known: {silent}")
        serves = f"{what} serves {titled(live.release)}"
        if not wanted:
            return Proof(ok=None, line=f"{serves}.")
        unchanged = _mark(live.release) == expected.get(meant.key("live"))
        if not _serves(live.release, wanted, meant.order, unchanged=unchanged):
            told = f"{serves}{', as before' if unchanged else ''}: not what was ordered."
            if not live.unsettled:
                return Proof(ok=False, line=told)
            return Proof(ok=None if unchanged else False, line=f"{told} Still under way: {live.unsettled}")
        if live.unsettled:
            return Proof(ok=None, line=f"The order was taken and is under way: {live.unsettled}")
        return Proof(ok=True, line=f"{serves}.")

    async def evidence(self, text: str, expected: dict[str, str], at: Place) -> tuple[str, ...]:
        """What each thing that was to be changed serves now."""
        return tuple([(await self._proof_one(meant, expected)).line for meant in self._orders(text, at)])

    async def took_effect(self, text: str, expected: dict[str, str], at: Place) -> bool | None:
        """Whether all orders took effect or none of them; an order that is still under way has."""
        told: set[bool | None] = set()
        for meant in self._orders(text, at):
            was, wanted = expected.get(meant.key("live")), expected.get(meant.key("wanted"))
            try:
                live = await self.platform.live(meant.ask(), meant.order)
            except Unavailable:
                return None
            unchanged = _mark(live.release) == was
            serves = bool(wanted) and _serves(live.release, wanted or "", meant.order, unchanged=unchanged)
            told.add(True if serves else False if unchanged and not live.unsettled else None)
        return told.pop() if len(told) == 1 else None

    async def back(self, text: str, expected: dict[str, str], at: Place) -> Remedy | None:
        """The order that makes the release live again that served before; None where that is not one."""
        meant = tuple(self._orders(text, at))
        if len(meant) != 1:
            return None
        before = expected.get(meant[0].key("back"))
        same = (
            expected.get(meant[0].key("live")) == expected.get(meant[0].key("wanted"))
            or before == meant[0].order.target
        )
        return self._back(meant[0], before) if before and not same else None

    async def failure(self, text: str, output: str, at: Place) -> Failure | None:
        """Why an order failed, in the platform's terms."""
        for meant in self._orders(text, at):
            if why := self.platform.failure(meant.order, output):
                return Failure(why=why)
        return None

    def chosen(self, text: str, value: str) -> str:
        """The release written behind the last word of the order that names none; a hole in the text is a word too."""
        filled = _HOLE.sub(lambda hole: "x" * len(hole[0]), text)
        for call in calls(filled, dict.fromkeys(_VARIABLE.findall(filled), "x")):
            order = self._order(call)
            if order is not None and order.target == "":
                kept = text[: call.end]
                if order.instead:
                    before, _, after = kept.rpartition(order.instead)
                    kept = f"{before.rstrip()}{after}"
                return f"{kept} {self.platform.naming(value)}{text[call.end :]}"
        return text

    def address(self, output: str) -> str:
        """No platform names a page to go on with."""
        return ""

    # ── inside ────────────────────────────────────────────────────────────────────────────────────

    def _back(self, meant: _Meant, value: str) -> Remedy:
        """The platform's way back, called as the order was: what stood in front of it, and its folder, say where."""
        remedy = self.platform.back(meant.order, value)
        made = next(iter(calls(remedy.text, {})), None)
        if made is None:
            return remedy
        text, call = remedy.text, meant.call
        if made.program == call.program:
            text = text[: made.start] + call.called + text[made.start + len(made.called) :]
        anew = {word.partition("=")[0] for word in made.before}
        text = " ".join((*(word for word in call.before if word.partition("=")[0] not in anew), text))
        if call.directory:
            text = f"(cd {shlex.quote(normpath(meant.at.cwd))} && {text})"
        return msgspec.structs.replace(remedy, text=text)

    async def _look(self, meant: _Meant) -> _Looked:
        """What a platform says about an order, asked at once: a client's program may take seconds to answer."""
        ask, order, platform = meant.ask(), meant.order, self.platform
        return await asyncio.gather(
            _or_silence(platform.guard(ask, order)),
            _or_silence(platform.live(ask, order)),
            _or_silence(platform.releases(ask, order)),
        )

    def _orders(self, text: str, at: Place) -> Iterator[_Meant]:
        for call in calls(text, at.env | at.variables):
            order = self._order(call)
            if order is not None:
                cwd = Path(at.cwd, call.directory)
                yield _Meant(order=order, call=call, at=Place(cwd=cwd, env=call.environment(at.env)))

    def _order(self, call: Call) -> Order | None:
        return self.platform.order(call) if call.program in self.platform.programs else None

    async def _targets(self, meant: _Meant) -> tuple[Target, ...]:
        ask = meant.ask()
        live, releases = await asyncio.gather(
            self.platform.live(ask, meant.order), self.platform.releases(ask, meant.order)
        )
        return tuple(_target(one, live) for one in releases)

    async def _identity(self, ask: Ask, order: Order) -> str:
        if not order.target:
            return ""
        found = _named(await self.platform.releases(ask, order), order.target)
        return found.identity if found else ""


async def _or_silence(asked: Awaitable[T]) -> T | Unavailable:
    try:
        return await asked
    except Unavailable as silent:
        return silent


def _all(
    checks: tuple[CheckLine, ...] | Unavailable, live: Live | Unavailable, releases: tuple[Release, ...] | Unavailable
) -> tuple[tuple[CheckLine, ...], Live, tuple[Release, ...]]:
    """All three answers. Raises the first one's Unavailable that is missing."""
    if isinstance(checks, Unavailable):
        raise checks
    if isinstance(live, Unavailable):
        raise live
    if isinstance(releases, Unavailable):
        raise releases
    return checks, live, releases


def _amiss(checks: tuple[CheckLine, ...]) -> tuple[str, ...]:
    """What speaks against the order, a line each."""
    return tuple(f"{line.title}: {line.found}" for line in checks if line.stops and line.ok is False)


def _where(checks: tuple[CheckLine, ...]) -> tuple[str, ...]:
    """What says where the order goes, a line each."""
    return tuple(f"{line.title}: {line.found}" for line in checks if line.ok is True)


def _led_elsewhere(before: str, checks: tuple[CheckLine, ...]) -> str:
    """What says otherwise than before where the order goes: in another account the same names may serve."""
    known = {title: found for title, _, found in (line.partition(": ") for line in before.splitlines())}
    for line in checks:
        if line.ok is True and known.get(line.title, line.found) != line.found:
            return f"It would act elsewhere by now. {line.title}: {line.found}; before, {known[line.title]}."
    return ""


def _same(one: Release, other: Release) -> bool:
    return (one.identity, one.also) == (other.identity, other.also)


def _mark(release: Release) -> str:
    return f"{release.identity} {release.also}".rstrip()


def _serves(live: Release, wanted: str, order: Order, *, unchanged: bool) -> bool:
    """Whether what was ordered serves; the same code that served before all the same is not what was ordered."""
    still_another = unchanged and bool(live.also) and live.value != order.target
    return live.identity == wanted and not still_another


def _named(releases: tuple[Release, ...], value: str | None) -> Release | None:
    return next((one for one in releases if value and value in (one.value, one.identity)), None)


def _target(release: Release, live: Live) -> Target:
    return Target(
        value=release.value,
        title=release.title,
        by=release.by,
        at=release.at,
        detail=release.detail,
        current=_same(release, live.release),
        warning=release.warning,
    )
