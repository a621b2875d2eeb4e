"""Reading one document in one go: what was found of a line serves the lines that repeat it."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

MOST = 1 << 14
"""Texts that are kept of each question; a document of 1 MB has about as many lines."""

_kept: list[Any] = []


def once(question: Callable[P, R]) -> Callable[P, R]:
    """A pure question about a text, which is worked out once for each text of a document."""
    kept = functools.lru_cache(maxsize=MOST)(question)
    _kept.append(kept)
    return cast("Callable[P, R]", functools.wraps(question)(kept))


@contextmanager
def in_one_go() -> Iterator[None]:
    """A bounded read that leaves no rubbish: the collector would only look through what is kept, again and again."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
        for answers in _kept:
            answers.cache_clear()
