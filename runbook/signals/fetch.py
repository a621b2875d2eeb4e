"""What a poll asks and what it brings back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal, Protocol

from runbook.model import Record, Seconds


class Unreadable(Exception):
    """A poll that told nothing; the text is the sentence to show."""


class Reply(Record, frozen=True):
    """An answer of any status. `took` is until its last byte; `age` is how long a cache kept it."""

    status: int
    body: bytes = b""
    content_type: str = ""
    took: Seconds = 0
    age: Seconds = 0
    date: float | None = None
    """The answer's `Date`, Unix seconds by the server's clock."""
    parts: tuple[Reply | str, ...] = ()
    """Where one poll asks several: each one's answer, or why there was none."""
    headers: tuple[tuple[str, str], ...] = ()
    """Of a probe: names in small letters, values cleaned."""
    quiet: Seconds = 0
    """Of a log: how long nothing was written to it."""
    gap: bool = False
    """Of a log: whether lines before these were written that nobody could count."""
    delimited: bool = True
    """Whether the answer said where it ends; one that ends with its connection looks whole when it was cut off."""

    @property
    def made(self) -> float | None:
        """The server's clock at the moment of the answer; `Date` has whole seconds, so half of one is added."""
        return None if self.date is None else self.date + self.age + 0.5

    @property
    def may_be_cut(self) -> bool:
        """Whether the last line may go on: `12` was perhaps to be `1234`."""
        return not self.delimited and not self.body.endswith(b"\n")


How = Literal["get", "probe", "sentry", "each", "command", "file"]


class Request(Record, frozen=True):
    """What one poll asks. `<param>`s in its text are still open."""

    text: str
    """An address (for `each` several, one a line; for `sentry` without the server), a command or a file's path."""
    how: How = "get"
    variables: tuple[str, ...] = ()
    """Where address and token come from the environment: their names."""
    deadline: Seconds = 0
    """How long the answer may take; 0: an interval, 10 s at most."""


class Asked(Record, frozen=True):
    """A GET whose redirects are not followed."""

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    cached: bool = False
    """Whether a cache on the way may answer."""
    whole: bool = False
    """Whether the body is kept."""


Probe = Callable[[Asked, Seconds], Awaitable[Reply]]
"""The answer itself, within so many seconds; its body is received, and kept where asked. Raises Unreadable."""


class Fetch(Protocol):
    """Where answers come from: `late_fetch.LateFetch`, or a test's own."""

    async def open(self) -> None:
        """Gets ready for the first `get`; cheap when it is."""

    async def get(self, url: str, deadline: Seconds) -> Reply:
        """Raises Unreadable."""

    async def close(self) -> None: ...
