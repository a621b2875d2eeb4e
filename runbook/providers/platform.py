"""A deployment platform that can go back to an earlier release: what one file says about one platform.

`on_platform.py` makes a whole provider of it: preview, proof, what moved meanwhile, a lost outcome, the picker,
the way back. A platform only reads calls and asks; nothing in it changes anything.
"""

from __future__ import annotations

import asyncio
import json
import re
from datetime import datetime
from itertools import pairwise
from typing import Any, Protocol, TypeVar

import msgspec

from runbook.logs.clean import clean, redact
from runbook.model import Record, Remedy, Seconds
from runbook.providers.calls import Call
from runbook.providers.child import Answer, bounded
from runbook.providers.needs import CheckLine
from runbook.providers.provider import Place, Unavailable

T = TypeVar("T")
_WARNING = re.compile(r"\b(?:Warning|WARN(?:ING)?|DeprecationWarning)\b")
_ERROR = re.compile(r"(?:\A\W*|\b)(?:Error|ERROR|error|fatal)\b")
_LETTER = re.compile(r"-\w\Z")

MOST = 32 << 20
"""Bytes of an answer: a long history tells every template of it whole."""
LIMIT: Seconds = 20
"""How long one question may take; a client retries for minutes where a server refuses."""


class Order(Record, frozen=True):
    """A call that puts an earlier release live."""

    what: str
    """What it acts on, as a person names it: `deployment/web in shop`. Two orders on one thing say the same."""
    target: str | None
    """The release it names: empty where it names none, None where the shell decides it when it runs."""
    scope: tuple[str, ...] = ()
    """The call's words that say where (`--context`, `--app`); every question repeats them, and so does the way back."""
    facts: dict[str, str] = {}
    """What the platform reads out of the call for itself."""
    caution: str = ""
    """What to know before, whichever release it goes to."""
    unclear: str = ""
    """Why nobody can say yet what it acts on, as a sentence with the mend: then nothing is asked."""
    instead: str = ""
    """The word of a call without a release that gives way where one is written into it."""


class Release(Record, frozen=True):
    """Something that serves, or could be made to serve.

    `value` is how a call names it, `identity` what stays the same when it is made live again under another name
    (Kubernetes and Heroku give a restored release a new number).
    """

    value: str
    identity: str
    title: str = ""
    by: str = ""
    at: datetime | None = None
    detail: str = ""
    warning: str = ""
    """Why going back to it is dangerous or impossible; `blocked` tells which."""
    blocked: bool = False
    also: str = ""
    """What tells it from others of the same identity, where that is only its code: their variables may differ."""


class Live(Record, frozen=True):
    """What serves now. `unsettled` says what is still under way: not all of it serves yet."""

    release: Release
    unsettled: str = ""


class Platform(Protocol):
    """One platform. Questions raise Unavailable, with what was tried and the mend."""

    @property
    def name(self) -> str:
        """What it is called in a record."""

    @property
    def programs(self) -> tuple[str, ...]:
        """The programs whose calls it reads."""

    @property
    def noun(self) -> str:
        """What a release is called there: revision, deployment, version."""

    def order(self, call: Call) -> Order | None:
        """The call as an order to go back; None for every other call."""

    async def guard(self, ask: Ask, order: Order) -> tuple[CheckLine, ...]:
        """Am I where I think I am: account, project, cluster; and what stands in the way there."""

    async def live(self, ask: Ask, order: Order) -> Live:
        """What serves now."""

    async def releases(self, ask: Ask, order: Order) -> tuple[Release, ...]:
        """What can be gone back to, newest first, with what serves now among it."""

    def naming(self, value: str) -> str:
        """The words that make a call name this release, to be put behind its last word."""

    def back(self, order: Order, value: str) -> Remedy:
        """The command that makes the release live again that served before.

        How the call's program is written, and what stands in front of it, is put in by who asks.
        """

    def failure(self, order: Order, output: str) -> str:
        """Why the order failed, by its output: a sentence with the mend; empty where that tells nothing."""


class Ask:
    """One look at a platform, from the place where its command runs: the same question is put only once.

    `through` are the words of what signs the command in, and so each question to the same account.
    """

    def __init__(self, at: Place, through: tuple[str, ...] = ()) -> None:
        self.at = at
        self.through = through
        self._told: dict[tuple[str, ...], asyncio.Future[str | Unavailable]] = {}
        self._signed_in: asyncio.Future[str] | None = None

    async def answer(self, *argv: str, limit: Seconds = LIMIT) -> Answer:
        """Raises Unavailable when the program is not there or does not answer in time."""
        if self.through:  # first and alone: several at once would each ask for a code that counts once
            self._signed_in = self._signed_in or asyncio.ensure_future(self._sign_in(limit))
            if why := await self._signed_in:
                raise Unavailable(why)
        return await self._answer(argv, limit)

    async def settings(self, *names: str) -> dict[str, str]:
        """Those of the variables that the command finds. Raises Unavailable where what signs it in conceals one."""
        if not (self.through and names):
            return {name: value for name in names if (value := self.at.env.get(name))}
        said = await self.text("sh", "-c", "printf '%s\\0' " + " ".join(f'"${name}"' for name in names))
        found = {name: value for name, value in zip(names, said.split("\0"), strict=False) if value}
        if hidden := next((name for name, value in found.items() if value.startswith("<concealed")), ""):
            raise Unavailable(f"{spoken(self.through[:1])} conceals {hidden}, which says where the command acts.")
        return found

    async def _sign_in(self, limit: Seconds) -> str:
        try:
            said = await self._answer(("true",), limit, self.through[:1])
        except Unavailable as silent:
            return str(silent)
        return "" if said.ok else f"{spoken(self.through[:1])} failed: {reason(said)}"

    async def _answer(self, argv: tuple[str, ...], limit: Seconds, named: tuple[str, ...] = ()) -> Answer:
        whole = (*self.through, *argv)
        try:
            said = await bounded(whole, self.at.cwd, self.at.env, limit, cap=MOST)
        except OSError as broken:
            raise Unavailable(f"{whole[0]} could not be run: {broken.strerror or broken}.") from None
        if said.exit is None:
            raise Unavailable(f"{spoken(named or argv)} gave no answer within {limit:.0f} s.")
        return said

    async def text(self, *argv: str, limit: Seconds = LIMIT) -> str:
        """What it prints. Raises Unavailable, with the program's own words, when it fails."""
        if argv not in self._told:
            self._told[argv] = asyncio.ensure_future(self._text(argv, limit))
        told = await self._told[argv]
        if isinstance(told, Unavailable):
            raise Unavailable(str(told))
        return told

    async def _text(self, argv: tuple[str, ...], limit: Seconds) -> str | Unavailable:
        try:
            said = await self.answer(*argv, limit=limit)
        except Unavailable as silent:
            return silent
        if not said.ok:
            return Unavailable(f"{spoken(argv)} failed: {reason(said)}")
        if said.cut:
            return Unavailable(f"{spoken(argv)} answered with more than {MOST >> 20} MB.")
        return said.out.decode("utf-8", "replace")

    async def json(self, *argv: str, limit: Seconds = LIMIT) -> Any:
        """What it prints, as JSON. Raises Unavailable."""
        text = await self.text(*argv, limit=limit)
        try:
            return json.loads(text)
        except ValueError:
            raise Unavailable(f"{spoken(argv)} did not answer with JSON.") from None

    async def decoded(self, kind: type[T], *argv: str, limit: Seconds = LIMIT) -> T:
        """What it prints, as data of this type. Raises Unavailable where it has another shape."""
        text = await self.text(*argv, limit=limit)
        try:
            return msgspec.json.decode(text, type=kind)
        except msgspec.MsgspecError as wrong:
            raise Unavailable(f"{spoken(argv)} answered in an unexpected form: {clean(str(wrong), 200)}.") from None


def spoken(argv: tuple[str, ...]) -> str:
    """A question as a sentence names it: the program and its words, without options and what a letter of one holds."""
    words = [word for before, word in pairwise(argv[:4]) if not word.startswith("-") and not _LETTER.match(before)]
    return f"`{clean(' '.join((argv[0].rpartition('/')[2], *words)), 80)}`"


def reason(said: Answer) -> str:
    """The program's own words about its failure: the first line that says something, and a second where it needs it.

    A warning in front of them (of a newer version, of changed terms) is not why it failed.
    """
    lines = [line for line in (clean(line, 300).strip() for line in (said.err or said.out).splitlines()) if line]
    if lines and _WARNING.search(lines[0]):
        lines = lines[next((place for place, line in enumerate(lines) if _ERROR.search(line)), 0) :]
    heading = bool(lines) and lines[0].endswith(("failed.", ":"))
    return redact(" ".join(lines[: 2 if heading else 1]) or f"exit {said.exit}")
