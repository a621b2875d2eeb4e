"""Checks made ready to be asked: their values in place, safe for the shell and for what is looked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from runbook.model import Check, Expect, Param
from runbook.steps import values


def filled(checks: Iterable[Check], known: Mapping[str, str], params: Iterable[Param]) -> tuple[Check, ...]:
    """The checks with what is known put in; one whose value is missing or cannot stand there keeps its `<id>`."""
    declared = {param.id: param for param in params}
    there = [declared.get(name, Param(id=name)) for name, value in known.items() if value]
    return tuple(_filled(check, known, there) for check in checks)


def _filled(check: Check, known: Mapping[str, str], params: list[Param]) -> Check:
    expect = expectation(check.expect, known)
    try:
        return replace(check, run=values.fill(check.run, known, params), expect=expect)
    except values.ValueRefused:
        return check


def expectation(expect: Expect, known: Mapping[str, str]) -> Expect:
    """An expectation with its values: as they are, and in `matches` so that they stand for themselves only."""
    plain = expect.contains, expect.equals
    for name, value in known.items() if "<" in f"{plain}{expect.matches}" else ():
        hole = f"<{name}>"
        expect = replace(
            expect,
            contains=expect.contains.replace(hole, value),
            equals=expect.equals.replace(hole, value),
            matches=expect.matches.replace(hole, re.escape(value)),
        )
    return expect
