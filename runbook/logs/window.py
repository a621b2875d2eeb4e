"""What the log pane shows at one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runbook.model import Record, Seconds

if TYPE_CHECKING:  # no start pays for what only reads logs
    from runbook.logs.follow import FollowState
    from runbook.logs.rows import LogRow


class LogWindow(Record, frozen=True):
    """What the pane shows. Equal windows are the same object, so that nothing is painted twice."""

    name: str = ""
    rows: tuple[LogRow, ...] = ()
    following: bool = True
    new: int = 0
    """Lines that came while the reader stands elsewhere."""
    state: FollowState = "missing"
    why: str = ""
    counted: str = "errors"
    """What is counted in it."""
    errors_per_minute: int = 0
    watched: Seconds = 60
    """Seconds that the errors were counted in; less than 60 just after opening."""
    quiet: Seconds = 0
    """Seconds since something was last written to it, from a minute on."""
    spark: tuple[int, ...] = ()
    """Errors in each of the last full ten seconds."""
    filter_text: str = ""
    filter_note: str = ""
    search_text: str = ""
    search_note: str = ""
    match: int = -1
    """Offset of the line at hand, on which a search stands."""
    place: str = ""
    """What is said of a jump to a time or a mark."""
    marks: tuple[int, ...] = ()
    """Offsets of the marked rows among these."""
    chosen: tuple[int, int] = (-1, -1)
    """Offsets of the first and the last line that are chosen."""
