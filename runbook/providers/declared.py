"""A platform that a team taught warroom in its runbook: how its way back is written, and whom to ask.

Its questions are put without a shell and without a confirmation, so only a trusted runbook's are.
"""

from __future__ import annotations

import asyncio
import json
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from runbook.logs.clean import clean, redact
from runbook.model import Effect, OwnPlatform, Question, Remedy
from runbook.providers.calls import Call, calls
from runbook.providers.needs import CheckLine
from runbook.providers.platform import Ask, Live, Order, Release
from runbook.providers.provider import Unavailable

LIMIT = 10.0
MOST = 1 << 20
_RELEASE = "release"
_HOLE = re.compile(r"<([A-Za-z][\w-]*)>")
_MARK = re.compile(r"\x01([\w-]+)\x02")
_SET = re.compile(r"\x03(\w+)\x04")
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)\}?")


class Declared:
    """One platform of a runbook. `may_ask` says whether the runbook is trusted by now."""

    def __init__(self, own: OwnPlatform, may_ask: Callable[[], bool] = lambda: True) -> None:
        self.own = own
        self.name = own.id
        self.noun = own.noun
        self.may_ask = may_ask
        marked = _VARIABLE.sub("\x03\\1\x04", _HOLE.sub("\x01\\1\x02", own.order))
        written = calls(marked, {})
        self.words: tuple[str, ...] = tuple(word or "" for word in written[0].words) if len(written) == 1 else ()
        self.programs: tuple[str, ...] = (written[0].program,) if self.words else ()
        self.settings = written[0].settings if self.words else {}
        self.patterns = tuple(_pattern(word) for word in (*self.settings.values(), *self.words))

    def order(self, call: Call) -> Order | None:
        """A call of the same words in the same order; what stands at each `<name>` is what the questions use."""
        if len(call.words) != len(self.words) or not self.words or call.settings.keys() != self.settings.keys():
            return None
        words = (*self.settings.values(), *self.words)
        said = (*(call.settings[name] for name in self.settings), *call.words)
        facts: dict[str, str] = {}
        for word, given, pattern in zip(words, said, self.patterns, strict=True):
            if given is None and (word == f"\x01{_RELEASE}\x02" or (_SET.search(word) and not _MARK.search(word))):
                continue
            found = pattern.fullmatch(given) if given is not None else None
            if found is None:
                return None
            for name, value in zip(_MARK.findall(word), found.groups(), strict=True):
                if facts.setdefault(name, value) != value:
                    return None
        target = facts.pop(_RELEASE, None)
        what = _filled(self.own.what, facts) or " ".join((self.own.id, *facts.values()))
        return Order(what=clean(what, 120), target=target, facts=facts)

    async def guard(self, ask: Ask, order: Order) -> tuple[CheckLine, ...]:
        """Nothing of its own: the runbook's guard says whether this is the right place."""
        return ()

    async def live(self, ask: Ask, order: Order) -> Live:
        """The one value that the platform names."""
        found = await self._answers(ask, order, self.own.live)
        if len(found) != 1:
            raise Unavailable(
                f"{order.what} names {len(found) or 'nothing as'} live {self.noun}, where one was expected."
            )
        return Live(release=Release(value=found[0], identity=found[0]))

    async def releases(self, ask: Ask, order: Order) -> tuple[Release, ...]:
        """What the platform lists, in its order, and what serves now where it leaves that out."""
        found = list(self.own.values)
        if self.own.releases is not None:
            found = await self._answers(ask, order, self.own.releases)
        serves = (await self.live(ask, order)).release.value
        return tuple(Release(value=one, identity=one) for one in dict.fromkeys((*found, serves)))

    def naming(self, value: str) -> str:
        return shlex.quote(value)

    def back(self, order: Order, value: str) -> Remedy:
        """The same words with the release that served before."""
        facts = order.facts | {_RELEASE: value}
        words, settings = (
            [_MARK.sub(lambda mark: facts.get(mark[1], ""), word) for word in part]
            for part in (self.words, self.settings.values())
        )
        before = [f"{name}={_quoted(value)}" for name, value in zip(self.settings, settings, strict=True)]
        return Remedy(
            title=f"Go forward again to {clean(value, 60)}",
            text=" ".join((*before, *(_quoted(word) for word in (*self.programs, *words)))),
            effect=Effect.CHANGE,
            target=order.what,
        )

    def failure(self, order: Order, output: str) -> str:
        return ""

    async def _answers(self, ask: Ask, order: Order, question: Question) -> list[str]:
        if not self.may_ask():
            raise Unavailable(
                f"{order.what} is not asked: only whoever drives a runbook that is trusted asks its own questions."
            )
        if question.run:
            argv = tuple(_filled(word, order.facts) for word in shlex.split(question.run))
            text, source = await ask.text(*argv, limit=LIMIT), f"`{clean(argv[0], 60)}`"
        else:
            names = dict.fromkeys(name for value in question.headers.values() for name in _VARIABLE.findall(value))
            text, source = await _got(question, order.facts, await ask.settings(*names)), "the address"
        if not question.path:
            return [line.strip() for line in text.splitlines() if line.strip()]
        try:
            document = json.loads(text)
        except ValueError:
            raise Unavailable(f"{order.what}: {source} did not answer with JSON.") from None
        found = [_said(one) for one in _at(document, question.path.split("."))]
        if not found or None in found:
            raise Unavailable(f"{order.what}: there is no value at {question.path} in the answer of {source}.")
        return [one for one in found if one is not None]


def _pattern(word: str) -> re.Pattern[str]:
    """A word of the order; a value inside an address ends at the next slash, one that begins it does not."""
    parts = _MARK.split(word)
    inside = r"([^/?&#]+)" if "://" in word or "/" in word else r"(.+?)"
    made = [
        _SET.sub(".*", re.escape(part)) if place % 2 == 0 else r"([^-].*|-)" if word == f"\x01{part}\x02" else inside
        for place, part in enumerate(parts)
    ]
    if not parts[0] and len(parts) > 1 and word != f"\x01{parts[1]}\x02":
        made[1] = r"(.+?)"
    return re.compile("".join(made), re.DOTALL)


def _quoted(word: str) -> str:
    """A word for the shell; a variable in it stays one, so that no secret is written down."""
    if not _SET.search(word):
        return shlex.quote(word)
    return '"' + _SET.sub(r"${\1}", re.sub(r'([\\"`$!])', r"\\\1", word)) + '"'


def _filled(text: str, facts: Mapping[str, str]) -> str:
    return _HOLE.sub(lambda hole: facts.get(hole[1], hole[0]), text)


async def _got(question: Question, facts: Mapping[str, str], env: Mapping[str, str]) -> str:
    """The body of a GET; redirects are not followed, for the headers may hold a secret. Raises Unavailable."""
    import httpx  # noqa: PLC0415

    url = _HOLE.sub(lambda hole: _part(facts.get(hole[1], ""), at_start=hole.start() == 0), question.url)
    shown = clean(redact(url), 120)
    headers = {}
    for name, value in question.headers.items():
        if missing := [used for used in _VARIABLE.findall(value) if not env.get(used)]:
            raise Unavailable(
                f"GET {shown} needs {missing[0]}, which is not set here; name it under `requires`: `env`."
            )
        headers[name] = _VARIABLE.sub(lambda used: env[used[1]], value)
    body = b""
    try:
        async with (
            asyncio.timeout(LIMIT),  # httpx counts each read by itself, and one that drips never ends
            httpx.AsyncClient(timeout=LIMIT, follow_redirects=False, trust_env=False) as client,
            client.stream("GET", url, headers=headers) as reply,
        ):
            async for chunk in reply.aiter_bytes():
                body += chunk
                if len(body) > MOST:
                    raise Unavailable(f"GET {shown} answered with more than 1 MB.")
    except (TimeoutError, httpx.TimeoutException):
        raise Unavailable(f"GET {shown} gave no answer within {LIMIT:.0f} s.") from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as broken:
        raise Unavailable(f"GET {shown} failed: {clean(redact(str(broken)), 120) or type(broken).__name__}.") from None
    if reply.status_code != 200:
        mend = " Look at the token in its headers." if reply.status_code in (401, 403) else ""
        raise Unavailable(f"GET {shown} answered {reply.status_code}.{mend}")
    return body.decode("utf-8", "replace")


def _part(value: str, *, at_start: bool) -> str:
    """A value as a part of an address; one that begins it is the server's own."""
    return value if at_start else quote(value, safe="%")


def _at(document: Any, path: list[str]) -> list[Any]:
    """What stands at a path, every entry of a list at `*`."""
    found = [document]
    for name in path:
        if name == "*":
            found = [entry for one in found if isinstance(one, list) for entry in one]
        elif name.isdecimal() and all(isinstance(one, list) for one in found):
            found = [one[int(name)] for one in found if int(name) < len(one)]
        else:
            found = [one[name] for one in found if isinstance(one, dict) and name in one]
    return found


def _said(value: Any) -> str | None:
    """A value as a command writes it; None for what no command can name."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) and value != "" else None
