"""What the metrics tell beside the plain figures: the day's quotes, counted across restarts."""

import threading

from . import settings
from .cache import CacheError, cache

KEY = f"telemetry:{settings.ENVIRONMENT}"
DAY = 86_400

_lock = threading.Lock()
_fresh = {"quotes": 0}


def quoted(country: str) -> None:
    """A cart or an order was priced."""
    with _lock:
        _fresh["quotes"] += 1


def report() -> dict[str, object]:
    """The day's figures; what is new is added to what is stored."""
    with _lock:
        try:
            total = int(cache.get(KEY) or 0) + _fresh["quotes"]
            cache.set(KEY, str(total), DAY)
        except (OSError, CacheError):
            return {"quotes": None}
        _fresh["quotes"] = 0
        return {"quotes": total}
