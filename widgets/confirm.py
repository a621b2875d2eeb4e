"""The confirmation that typing ahead, a held key, a paste or a burst of bytes cannot give.

A pure state machine: every time is passed in, in seconds of one monotonic clock. The panel feeds it
what happened and does what it answers.
"""

from __future__ import annotations

import math
from enum import StrEnum

from runbook.model import Record, Seconds

ARM: Seconds = 0.4
"""From the first paint (or the return of the focus) until a key can count."""
QUIET: Seconds = 0.3
"""How long no key may have come before the one that counts: a held key repeats every 30 to 50 ms."""
REPEAT: Seconds = 0.8
"""The same key again within this may be one held key, whose repeat begins after 0.25 to 0.7 s: it does not count."""
SETTLE: Seconds = 0.12
"""How long no key may follow it: a key that begins a burst, or repeats, is not an answer."""
TYPED_QUIET: Seconds = 0.15
"""The pause between the last letter of a typed name and enter."""
BURST_KEYS = 4
BURST: Seconds = 0.03
"""So many keys within this are not a person's."""


class Answer(StrEnum):
    """What a key led to."""

    NOTHING = "nothing"
    TOO_QUICK = "too-quick"
    BURST = "burst"
    PASTED = "pasted"
    NEEDS_OVERRIDE = "needs-override"
    WRONG_NAME = "wrong-name"
    TYPED = "typed"
    WAIT = "wait"
    """It counts, if `settle` is asked after SETTLE and nothing came in between."""


WHY: dict[Answer, str] = {
    Answer.TOO_QUICK: "too quick: look first, then once more",
    Answer.BURST: "that came faster than a person types: it did not count",
    Answer.PASTED: "pasted text never confirms: press the key, or type the name",
    Answer.NEEDS_OVERRIDE: "a check failed: o first, with a reason",
    Answer.WRONG_NAME: "that is not the name: nothing was run",
}


class Guarded(Record, frozen=True):
    """Stands between keys and what must not happen by accident. Not armed before it was painted."""

    keys: frozenset[str] = frozenset({"y"})
    """The keys that can count; with a `name`, only enter does, and only once the name is typed."""
    name: str = ""
    needs_override: bool = False
    armed_at: Seconds = math.inf
    recent: tuple[Seconds, ...] = ()
    """When the last keys came, newest last."""
    last: str = ""
    """The key that came last."""
    typed: str = ""
    waiting: str = ""
    """The key that counts unless another follows it."""

    def following(self, before: Guarded) -> Guarded:
        """The guard of the next question, which remembers the keys that came during the one before."""
        return self._with(recent=before.recent, last=before.last)

    def painted(self, now: Seconds) -> Guarded:
        """The person can see it from now on. Only the first time matters."""
        return self if self.armed_at < math.inf else self._with(armed_at=now + ARM)

    def refocused(self, now: Seconds) -> Guarded:
        """The keys come here again, after they went elsewhere."""
        return self._with(armed_at=max(self.armed_at, now + ARM), waiting="")

    def pasted(self, now: Seconds) -> tuple[Guarded, Answer]:
        return self._with(armed_at=max(self.armed_at, now + ARM), waiting="", typed=""), Answer.PASTED

    def is_armed(self, now: Seconds) -> bool:
        return now >= self.armed_at

    def press(self, key: str, character: str, now: Seconds) -> tuple[Guarded, Answer]:
        """Takes one key; `character` is what it types, empty for keys that type nothing."""
        quiet = now - self.recent[-1] if self.recent else math.inf
        recent = (*self.recent, now)[-BURST_KEYS:]
        again = key == self.last and quiet < REPEAT
        after = self._with(recent=recent, last=key, waiting="")
        if len(recent) == BURST_KEYS and recent[-1] - recent[0] <= BURST:
            return after._with(armed_at=max(self.armed_at, now + ARM), typed=""), Answer.BURST
        if self.name:
            return after._typing(key, character, quiet, now)
        if key not in self.keys:
            return after, Answer.NOTHING
        if not self.is_armed(now) or quiet < QUIET or again:
            return after, Answer.TOO_QUICK
        if self.needs_override:
            return after, Answer.NEEDS_OVERRIDE
        return after._with(waiting=key), Answer.WAIT

    def _typing(self, key: str, character: str, quiet: Seconds, now: Seconds) -> tuple[Guarded, Answer]:
        if key == "backspace":
            return self._with(typed=self.typed[:-1]), Answer.TYPED
        types = len(character) == 1 and character.isprintable()
        if key != "enter" and not types:
            return self, Answer.NOTHING
        if not self.is_armed(now):
            return self, Answer.TOO_QUICK
        if key != "enter":
            return self._with(typed=(self.typed + character)[: 2 * len(self.name)]), Answer.TYPED
        return self._entered(quiet)

    def _entered(self, quiet: Seconds) -> tuple[Guarded, Answer]:
        if self.typed != self.name:
            return self, Answer.WRONG_NAME if self.typed else Answer.NOTHING
        if quiet < TYPED_QUIET:
            return self, Answer.TOO_QUICK
        if self.needs_override:
            return self, Answer.NEEDS_OVERRIDE
        return self._with(waiting="enter"), Answer.WAIT

    def settle(self, now: Seconds) -> tuple[Guarded, str]:
        """The key that counts by now, or empty. Asked SETTLE after `WAIT`; it counts once."""
        if not self.waiting or not self.recent or now - self.recent[-1] < SETTLE - 1e-6:
            return self, ""
        return self._with(waiting=""), self.waiting

    def _with(
        self,
        *,
        armed_at: Seconds | None = None,
        recent: tuple[Seconds, ...] | None = None,
        last: str | None = None,
        typed: str | None = None,
        waiting: str | None = None,
    ) -> Guarded:
        return Guarded(
            keys=self.keys,
            name=self.name,
            needs_override=self.needs_override,
            armed_at=self.armed_at if armed_at is None else armed_at,
            recent=self.recent if recent is None else recent,
            last=self.last if last is None else last,
            typed=self.typed if typed is None else typed,
            waiting=self.waiting if waiting is None else waiting,
        )
