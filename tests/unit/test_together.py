"""Several providers that speak about one command."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.providers.on_platform import OnPlatform
from runbook.providers.provider import Place, Proof
from runbook.providers.together import Together
from tests.unit.test_on_platform import Shelf

AT = Place(Path.cwd())


class Saying(OnPlatform):
    """A provider that says this of every command."""

    def __init__(self, ok: bool | None, line: str) -> None:
        super().__init__(Shelf())
        self.told = Proof(ok=ok, line=line)

    async def proof(self, text: str, expected: dict[str, str], at: Place) -> Proof | None:
        return self.told


@pytest.mark.parametrize(
    ("told", "ok", "line"),
    [
        ((True, False, None), False, "1"),
        ((True, None), None, "1"),
        ((False, True, False), False, "0 2"),
        ((True, True), True, "0 1"),
    ],
)
async def test_who_says_that_it_failed_is_heard_before_who_cannot_tell_and_who_saw_it_work(
    told: tuple[bool | None, ...], ok: bool | None, line: str
) -> None:
    several = Together(tuple(Saying(each, str(place)) for place, each in enumerate(told)))
    proof = await several.proof("shelf put --on shop one", {}, AT)
    assert proof == Proof(ok=ok, line=line)
    assert await several.proof("another program", {}, AT) is None
