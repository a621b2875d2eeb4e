"""The words of the log pane: which log, its errors and their course, whether it follows; and why there is no line."""

from __future__ import annotations

from runbook.logs.window import LogWindow
from runbook.model import Record
from widgets.sparkline import sparkline
from widgets.words import clock, glyph


class LogSource(Record, frozen=True):
    """What is looked at, beside its lines: whether it is a command's output, and what else there is."""

    follows: str = ""
    """How the command stands that writes it, `follows, x stops`; empty for a log of the runbook."""
    stands: str = ""
    """How the command of a log of the runbook stands: `ended, exit 1, again in 8 s`; empty for a file."""
    names: tuple[str, ...] = ()
    """Where several logs are shown as one: the short names that their lines begin with."""
    down: bool = False
    """Whether that command does not run now: that nothing was counted tells nothing then."""
    other: str = ""
    """The name of what `l` shows instead; empty where there is nothing else."""


def about(window: LogWindow, source: LogSource, width: int) -> str:
    """Which log it is, how it stands, and the key to the other one."""
    dot = f" {glyph('dot')} "
    other = f"l {_shortened(source.other, width // 4)}" if source.other else ""
    if source.follows:
        room = max(8, width - len(source.follows) - len(other) - 30)
        return dot.join(filter(None, (_shortened(window.name, room), source.follows, other)))
    stands = source.stands if source.stands != window.why else ""
    untold = (source.down or window.state in ("missing", "unreadable")) and not window.errors_per_minute
    counted = window.name if untold else _errors(window, width < 70 or bool(stands))
    return dot.join(filter(None, (counted, stands, other)))


def _shortened(name: str, room: int) -> str:
    return name if len(name) <= room else f"{name[: max(1, room - 2)].rstrip()} {glyph('more')}"


def _errors(window: LogWindow, narrow: bool) -> str:
    if not window.name or window.state == "waiting":
        return window.name
    counted = window.counted
    if counted == "errors" and window.errors_per_minute == 1:
        counted = "error"
    if window.watched >= 60:
        errors = f"{window.errors_per_minute:,} {counted}/min"
    elif window.watched or window.errors_per_minute:
        errors = f"{window.errors_per_minute:,} {counted} in {clock(window.watched)}"
    else:  # nothing was counted yet: beside lines that say ERROR a 0 would be untrue
        return window.name
    course = sparkline(window.spark) if any(window.spark) and not narrow else ""
    return f"{window.name} {glyph('dot')} {errors} {course}".rstrip()


def standing(window: LogWindow) -> str:
    if window.state == "rotated":
        return "rotated, waiting for the new file"
    if window.state in ("waiting", "missing", "unreadable"):
        return window.state
    how = "follow" if window.following else f"+{window.new:,} new" if window.new else "held"
    return f"{how}, quiet {clock(window.quiet)}" if window.quiet else how


def no_lines(window: LogWindow) -> str:
    """What stands where there is no line."""
    if not window.name:
        return "no log is followed: name one under `logs:` in the runbook, or pipe one in"
    if window.state == "missing":
        return f"waiting for {window.name}: {window.why or 'it is not there yet'}"
    if window.state == "waiting":
        return f"{window.name}: {window.why}"
    if window.state == "unreadable":
        return f"{window.name} cannot be read: {window.why}"
    if window.filter_text:
        return "no line passes the filter" + " yet" * bool(window.filter_note)
    return "nothing in it yet"
