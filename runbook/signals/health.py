"""A health endpoint: its status code is the value, its own checks are shown beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runbook.logs.clean import clean
from runbook.signals.fetch import Reply, Unreadable
from runbook.signals.http_json import dig, document_of

Check = tuple[str, bool | None]
"""A part of the service and whether it is healthy; None where it does not say."""

MOST_CHECKS = 30
_PAGES = ("text/html", "application/xhtml+xml")
_WHOLE = ("healthy", "ok", "status", "state", "success")
"""The names under which an answer says how it stands as a whole, the plainest first."""
_GOOD = frozenset({"ok", "up", "healthy", "pass", "passing", "true", "green"})
_BAD = frozenset(
    {
        "down", "unhealthy", "unavailable", "offline", "out_of_service", "maintenance", "not ok", "not ready", "fail",
        "failed", "failing", "error", "false", "red", "critical",
    }
)  # fmt: skip


class Manner:
    """Whether a health endpoint has ever answered that all is well with something other than a page for people."""

    def __init__(self) -> None:
        self.plain = False


def value_of(reply: Reply, manner: Manner) -> float:
    """The status code.

    Raises Unreadable for a page where there was none (a sign-in, or another service on the port) and for an answer
    that is good by its code and bad by its own word: which of the two is meant only its team can know.
    """
    if reply.status < 400:
        if said := _owns_up(reply):
            raise Unreadable(f"{reply.status}, but it says of itself: {said}")
        is_page = reply.content_type.lower() in _PAGES
        if is_page and manner.plain:
            raise Unreadable(f"{reply.status}, but a web page: a sign-in, or another service at its address")
        manner.plain = manner.plain or not is_page
    return float(reply.status)


def _owns_up(reply: Reply) -> str:
    """What an answer says of the whole service that means unwell; empty where it says nothing of the kind."""
    try:
        said = document_of(reply)
    except Unreadable:
        said = reply.body.decode("utf-8", "replace")  # `DOWN`, as plain text
    if isinstance(said, Mapping):
        name = next((name for name in _WHOLE if name in said), "")
        return f"{name} {clean(str(said[name]), 40)}" if name and _stated(said[name]) is False else ""
    return clean(str(said).strip(), 40) if isinstance(said, str | bool) and _healthy(said) is False else ""


def checks_of(reply: Reply, path: str) -> tuple[Check, ...]:
    """The parts that the answer lists at `path`, in its order; none when it lists none."""
    try:
        listed = dig(document_of(reply), path)
    except Unreadable:
        return ()  # a health endpoint need not be JSON, and its status code is the answer
    return tuple(check for check, _ in zip(_checks(listed), range(MOST_CHECKS), strict=False))


def _checks(listed: object) -> Iterator[Check]:
    if isinstance(listed, Mapping):
        for name, said in listed.items():
            yield clean(str(name), 40), _healthy(said)
    elif isinstance(listed, list):
        for said in listed:
            if isinstance(said, Mapping) and isinstance(said.get("name"), str):
                yield clean(said["name"], 40), _healthy(said)


def _stated(said: object) -> bool | None:
    """As `_healthy`, of what says how something stands: there a number is a status code, as a gateway passes it on."""
    if isinstance(said, int) and not isinstance(said, bool):
        return {2: True, 3: True, 4: False, 5: False}.get(said // 100)
    return _healthy(said)


def _healthy(said: object) -> bool | None:
    if isinstance(said, Mapping):
        return next((_stated(said[key]) for key in _WHOLE if key in said), None)
    if isinstance(said, bool):
        return said
    if isinstance(said, str):
        word = said.strip().lower()
        return True if word in _GOOD else False if word in _BAD else None
    return None
