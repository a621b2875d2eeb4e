"""What a source has to be told before it can be asked: the values of its `<param>`s, the variables it names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from runbook.signal_sources import SignalSource, settings
from runbook.signals.fetch import How

_PLACEHOLDER = re.compile(r"<([A-Za-z][\w-]*)>")


def fill(url: str, values: Mapping[str, str], *, how: How = "get") -> tuple[str, str]:
    """An address with its `<param>`s filled in, and the name of the first that has no value.

    A command stays as it is: who runs it puts its values in, safely for the shell. A file's path is no address.
    """
    if how == "sentry":
        return url, ""
    missing = next((name for name in _PLACEHOLDER.findall(url) if not values.get(name)), "")
    if missing or how == "command":
        return url, missing
    if how == "file":
        return _PLACEHOLDER.sub(lambda found: values[found[1]], url), ""
    return _PLACEHOLDER.sub(lambda found: quote(values[found[1]], safe="/:@+=,-._~%"), url), ""


def unset(source: SignalSource, values: Mapping[str, str], environ: Mapping[str, str]) -> tuple[str, ...]:
    """Those of its settings that nobody has set."""
    known = {f"<{name}>": value for name, value in values.items()}
    return tuple(
        name for name in settings(source) if not (known if name.startswith("<") else environ).get(name, "").strip()
    )
