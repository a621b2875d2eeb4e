"""The words, figures and glyphs of the screen, in one place: every pane says the same thing the same way."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, get_args

from runbook.model import Effect, Record, Step

if TYPE_CHECKING:
    from runbook.incident.state import Mark
    from runbook.signals.standing import State

Said = Literal["failing", "failed", "partial", "recovered", "healthy", "unsteady", "unknown"]
"""What the verdict bar can say."""


class Glyphs(Record, frozen=True):
    """One single-width sign for each thing that is shown with a sign."""

    ok: str
    bad: str
    todo: str
    here: str
    open: str
    closed: str
    live: str
    partial: str
    failing: str
    unknown: str
    warn: str
    skip: str
    dot: str
    wrap: str
    more: str
    rule: str
    focus_rule: str
    cursor: str
    caret: str
    arrow: str
    plus_minus: str
    under: str
    mark: str


UNICODE = Glyphs(
    ok="✓",
    bad="✗",
    todo="○",
    here="▸",
    open="▾",
    closed="▸",
    live="●",
    partial="◐",
    failing="▲",
    unknown="?",
    warn="!",
    skip="»",
    dot="·",
    wrap="↪",
    more="…",
    rule="─",
    focus_rule="━",
    cursor="▌",
    caret="▏",
    arrow="→",
    plus_minus="±",
    under="↳",
    mark="◆",
)
ASCII = Glyphs(
    ok="v",
    bad="x",
    todo="o",
    here=">",
    open="-",
    closed="+",
    live="*",
    partial="%",
    failing="^",
    unknown="?",
    warn="!",
    skip="~",
    dot="|",
    wrap="\\",
    more="...",
    rule="-",
    focus_rule="=",
    cursor=">",
    caret="_",
    arrow="->",
    plus_minus="+-",
    under="`",
    mark="#",
)

GlyphName = Literal[
    "ok", "bad", "todo", "here", "open", "closed", "live", "partial", "failing", "unknown", "warn", "skip",
    "dot", "wrap", "more", "rule", "focus_rule", "cursor", "caret", "arrow", "plus_minus",
    "under", "mark",
]  # fmt: skip

_chosen: list[Glyphs] = [UNICODE]


def use_glyphs(ascii_only: bool) -> None:
    """Chooses the set for this room, once, before the first widget is drawn."""
    _chosen[0] = ASCII if ascii_only else UNICODE


def in_ascii() -> bool:
    """Whether this room keeps to ASCII."""
    return _chosen[0] is ASCII


def glyph(name: GlyphName) -> str:
    """The sign for a thing, from the set chosen at the start."""
    return str(getattr(_chosen[0], name))


GLYPH_NAMES: tuple[GlyphName, ...] = get_args(GlyphName)


# ── time ──────────────────────────────────────────────────────────────────────────────────────────


def clock(seconds: float) -> str:
    """A span as a running clock: `0:04`, `3:20`, `1:02:05`; never negative."""
    total = max(0, int(seconds))
    hours, rest = divmod(total, 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{secs:02}" if hours else f"{minutes}:{secs:02}"


def incident_clock(seconds: float) -> str:
    """The time since the incident began: `T+07:41`, `T+1:07:41`."""
    text = clock(seconds)
    return f"T+{text if len(text) > 4 else text.zfill(5)}"


def about(seconds: float) -> str:
    """An estimate, as people say it: `~20 s`, `~10 min`, `~2 h`; empty for none."""
    if seconds <= 0:
        return ""
    return f"~{_largest(seconds)}"


def in_words(seconds: float) -> str:
    """A span in its largest fitting unit: `20 s`, `10 min`, `2 h`, `3 d`."""
    return _largest(seconds)


def age(seconds: float) -> str:
    """How long ago: `now`, `4 s ago`, `12 min ago`, `3 h ago`, `2 d ago`."""
    return "now" if seconds < 1 else f"{_largest(seconds)} ago"


def _largest(seconds: float) -> str:
    for unit, size, limit in (("s", 1, 90), ("min", 60, 5400), ("h", 3600, 172800)):
        if seconds < limit:
            return f"{max(0, round(seconds / size))} {unit}"
    return f"{round(seconds / 86400)} d"


def utc_second(at: datetime) -> str:
    """`03:14:22Z`."""
    return at.astimezone(UTC).strftime("%H:%M:%SZ")


def utc_minute(at: datetime) -> str:
    """`03:14`, in UTC like everything on the screen."""
    return at.astimezone(UTC).strftime("%H:%M")


# ── effects ───────────────────────────────────────────────────────────────────────────────────────

_EFFECT = {Effect.READ: "reads", Effect.CHANGE: "changes", Effect.DESTROY: "DESTROYS"}
EFFECT_STYLE = {Effect.READ: "$foreground-muted", Effect.CHANGE: "$text-warning", Effect.DESTROY: "bold $text-error"}


def effect_words(effect: Effect, target: str = "") -> str:
    """`reads`, `changes main`, `DESTROYS production`."""
    named = target if effect is not Effect.READ else ""
    return f"{_EFFECT[effect]} {named}".rstrip()


def effect_sign(effect: Effect, target: str = "") -> str:
    """The words with the glyph that stands beside a destroying command."""
    words = effect_words(effect, target)
    return f"{glyph('bad')} {words}" if effect is Effect.DESTROY else words


_KIND = {"wait_for": "watch", "manual": "by hand", "message": "message", "stream": "to the log pane"}


def step_words(step: Step) -> str:
    """What carrying out a step means: its worst effect and target, or who or what does it."""
    if step.kind in _KIND:
        return _KIND[step.kind]
    worst = next((command for command in step.commands if command.effect is step.effect), None)
    return effect_words(step.effect, worst.target if worst else "")


# ── marks ─────────────────────────────────────────────────────────────────────────────────────────

MARK_WORDS: dict[Mark, str] = {
    "todo": "",
    "running": "running",
    "partly": "partly done",
    "done": "done",
    "failed": "failed",
    "unknown": "unknown",
    "skipped": "skipped",
    "already": "was there",
}
_MARK_GLYPH: dict[Mark, GlyphName] = {
    "todo": "todo",
    "running": "live",
    "partly": "partial",
    "done": "ok",
    "failed": "bad",
    "unknown": "unknown",
    "skipped": "skip",
    "already": "ok",
}


def mark_words(mark: Mark, reason: str) -> str:
    """How a step stands, and what was said of it: `partly done: it took effect`."""
    return ": ".join(filter(None, (MARK_WORDS[mark], reason)))


def mark_glyph(mark: Mark) -> str:
    return glyph(_MARK_GLYPH[mark])


# ── criteria and verdict ──────────────────────────────────────────────────────────────────────────

SAID_WORDS: dict[Said, str] = {
    "failing": "FAILING",
    "failed": "FAILED, ESCALATE",
    "partial": "PARTIAL",
    "recovered": "RECOVERED",
    "healthy": "HEALTHY",
    "unsteady": "NOT STEADY",
    "unknown": "NOT KNOWN YET",
}
SAID_STYLE: dict[Said, str] = {
    "failing": "bold $text-error",
    "failed": "bold $text-error",
    "partial": "bold $text-warning",
    "recovered": "bold $text-success",
    "healthy": "$text-success",
    "unsteady": "bold $text-warning",
    "unknown": "bold $text-warning",
}
_SAID_GLYPH: dict[Said, GlyphName] = {
    "failing": "failing",
    "failed": "failing",
    "partial": "partial",
    "recovered": "live",
    "healthy": "live",
    "unsteady": "partial",
    "unknown": "unknown",
}


def said_glyph(said: Said) -> str:
    return glyph(_SAID_GLYPH[said])


_STATE_GLYPH: dict[State, GlyphName] = {"met": "ok", "pending": "live", "not-met": "bad", "unknown": "unknown"}
STATE_STYLE: dict[State, str] = {
    "met": "$text-success",
    "pending": "$text-accent",
    "not-met": "$text-error",
    "unknown": "$text-warning",
}


def state_glyph(state: State) -> str:
    return glyph(_STATE_GLYPH[state])


def counted(number: int, one: str, many: str = "") -> str:
    """`1 file`, `3 files`."""
    return f"{number} {one if number == 1 else many or one + 's'}"
