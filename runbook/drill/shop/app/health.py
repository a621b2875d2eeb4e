"""Health: whether the shop can do its work, asked from what it depends on."""

import resource
import sys

from . import catalogue, settings
from .cache import CacheError, cache

PAGE = 1 if sys.platform == "darwin" else 1024


def checks() -> dict[str, dict[str, object]]:
    return {"redis": redis(), "database": database(), "memory": memory()}


def redis() -> dict[str, object]:
    try:
        return {"healthy": cache.ping()}
    except (OSError, CacheError) as error:
        return {"healthy": False, "error": str(error)}


def database() -> dict[str, object]:
    return {"healthy": catalogue.count() > 0}


def memory() -> dict[str, object]:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * PAGE // 2**20
    return {"healthy": used < settings.MEMORY_LIMIT_MIB, "used_mib": used}
