"""Health: whether the shop can do its work, asked from what it depends on."""

import os
import resource
import sys
from pathlib import Path

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
    used = _resident() // 2**20
    return {"healthy": used < settings.MEMORY_LIMIT_MIB, "used_mib": used}


def _resident() -> int:
    """Bytes in use now. The peak that `getrusage` tells is, on Linux, at first that of whoever started this process."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * PAGE
