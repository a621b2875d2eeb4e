"""Who is asking: a session from the cache, made on the first visit."""

import json
from dataclasses import dataclass

from . import settings
from .cache import cache


@dataclass(frozen=True)
class Session:
    """A visit; `customer` is empty for a visitor who is not signed in."""

    customer: str
    country: str


def load(session_id: str) -> Session:
    key = f"session:{session_id or 'visitor'}"
    stored = cache.get(key)
    if stored is not None:
        return Session(**json.loads(stored))
    session = Session(customer=session_id, country=settings.HOME_COUNTRY)
    cache.set(key, json.dumps(vars(session)), settings.SESSION_LIFETIME)
    return session
