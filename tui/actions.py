"""The one registry of what a person can do: id, key, words, and when it applies.

The footer, the help, the palette, the README's key table and a user's own key map all come from here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from widgets.footer import KeyHint
from widgets.words import in_ascii

_WHEEL = "I"


class Situation(msgspec.Struct, frozen=True):
    """What decides whether an action applies just now."""

    ready: bool = False
    untrusted: bool = False
    driving: bool = False
    driven: bool = False
    """Whether some room on this machine drives."""
    read_only: bool = False
    """Whether the room was opened to watch, and nothing else."""
    replay: bool = False
    """Whether a record is played back: nothing runs and nothing is written."""
    confirming: bool = False
    running: bool = False
    step: bool = False
    undo: bool = False
    value: bool = False
    other_log: bool = False
    closed: bool = False
    follows: bool = False
    """Whether pane 2 shows the output of a command that runs."""
    pane: str = "runbook"


def _always(_: Situation) -> str:
    return ""


def _ready(now: Situation) -> str:
    return "" if now.ready else "the room is still opening"


def _untrusted(now: Situation) -> str:
    return _ready(now) or ("" if now.untrusted else "it is trusted")


def _driving(now: Situation) -> str:
    if now.untrusted and not now.driving:
        return "this runbook is not trusted yet; T shows what it could run"
    return _writes(now) or ("" if now.driving else _who_drives(now) or f"nobody drives; {_WHEEL} takes the wheel")


def _who_drives(now: Situation) -> str:
    if now.read_only:
        return "this room was opened to watch"
    return "another room drives; this one watches" if now.driven else ""


def _wheel(now: Situation) -> str:
    if now.driving:
        return "you drive"
    if now.untrusted:
        return "this runbook is not trusted yet; T shows what it could run"
    return _writes(now) or _who_drives(now)


def _writes(now: Situation) -> str:
    return _ready(now) or ("this is a replay: nothing runs and nothing is written" if now.replay else "")


def _replay(now: Situation) -> str:
    return _ready(now) or ("" if now.replay else "this is no replay")


def _not_closed(now: Situation) -> str:
    return _driving(now) or ("it is closed already" if now.closed else "")


def _step(now: Situation) -> str:
    return _driving(now) or ("" if now.step else "no step is selected")


def _confirming(now: Situation) -> str:
    return _step(now) or ("" if now.confirming else "no command waits for it; enter looks at the step")


def _running(now: Situation) -> str:
    return _driving(now) or ("" if now.running else "nothing is running")


def _undo(now: Situation) -> str:
    return _step(now) or ("" if now.undo else "this step has no undo")


def _value(now: Situation) -> str:
    return _step(now) or ("" if now.value else "this step has no value to set")


def _in(pane: str) -> Callable[[Situation], str]:
    return lambda now: "" if now.pane == pane else f"for the {pane} pane"


def _other_log(now: Situation) -> str:
    return _in("logs")(now) or ("" if now.other_log else "there is no other log")


def _choice_of_logs(now: Situation) -> str:
    return _ready(now) or ("" if now.other_log else "there is no other log")


def _follows(now: Situation) -> str:
    return _in("logs")(now) or _driving(now) or ("" if now.follows else "no command is followed here")


class Action(msgspec.Struct, frozen=True):
    """One thing a person can do. `why_not` answers with a reason, or with nothing when it applies."""

    id: str
    key: str
    words: str
    short: str = ""
    why_not: Callable[[Situation], str] = _always
    group: str = "room"
    bound: bool = True
    """Whether the app binds the key; a pane that handles its own keys binds them itself."""

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self.key.split(","))


ACTIONS: tuple[Action, ...] = (
    Action("pane.signals", "1", "go to the signals", group="panes"),
    Action("pane.logs", "2", "go to the logs", group="panes"),
    Action("pane.runbook", "3", "go to the runbook", group="panes"),
    Action("pane.action", "4", "go to the action panel", group="panes"),
    Action("pane.next", "tab", "next pane", group="panes"),
    Action("pane.zoom", "z", "zoom this pane; again or esc: back", "zoom", group="panes"),
    Action("method", "m", "choose the method", "method", _driving),
    Action("hold", "H", "decide to hold: wait, or no rollback, with a reason", "hold", _driving),
    Action("severity", "V", "say how bad it is, and what it is: SEV1 checkout is down", "severity", _driving),
    Action("note", "a", "add a note to the timeline", "note", _writes),
    Action("timeline", "t", "the timeline", "timeline", _ready),
    Action("document", "D", "the runbook as it is written, at the selected step", "document", _ready),
    Action("trust", "T", "trust this runbook, so that it may run commands", "trust it", _untrusted),
    Action("drive", _WHEEL, "take the wheel, when nobody drives", "drive", _wheel),
    Action("contacts", "c", "whom to call", "contacts", _ready),
    Action("trigger", "i", "report what no machine can see: a breach, corrupted data", "report", _driving),
    Action("snapshot", "w", "save a snapshot: signals, logs, this screen", "snapshot", _writes),
    Action("report", "R", "write the incident report", "report", _writes),
    Action("close", "E", "close the incident, when it is over", "close", _not_closed),
    Action(
        "presenter", "P", "presenter mode: the pane worked in is wider, keys are named, phone numbers hidden", "present"
    ),
    Action("replay.pause", "p", "in a replay: pause, or go on", "pause", _replay, "replay"),
    Action("replay.forth", "greater_than_sign", "in a replay: stop at the next event", "next event", _replay, "replay"),
    Action("replay.back", "less_than_sign", "in a replay: back to the event before", "event before", _replay, "replay"),
    Action("replay.faster", "F", "in a replay: faster", "faster", _replay, "replay"),
    Action("replay.slower", "S", "in a replay: slower", "slower", _replay, "replay"),
    Action("replay.seek", "J", "in a replay: go to a time", "go to", _replay, "replay"),
    Action("help", "question_mark", "keys and help", "keys"),
    Action("palette", "colon,ctrl+p", "all commands", "commands"),
    Action("quit", "q", "leave; says what goes on running", "leave"),
    Action("step.open", "enter", "look at the selected step; tick an item", "look", _step, "step", bound=False),
    Action("step.confirm", "y", "run the command shown", "run it", _confirming, "step", bound=False),
    Action("step.cancel", "n,escape", "back, without running", "back", _step, "step", bound=False),
    Action("step.value", "e", "set a value, or edit a failed command", "value", _value, "step", bound=False),
    Action("step.skip", "s", "skip, with a reason", "skip", _step, "step", bound=False),
    Action("step.retry", "r", "try again; look again", "retry", _step, "step", bound=False),
    Action("step.undo", "u", "the step's way back", "undo", _undo, "step", bound=False),
    Action(
        "step.way_out",
        "p",
        "the way out that is offered: a ready step after a failure, the parent of a merge to keep",
        "way out",
        _step,
        "step",
        bound=False,
    ),
    Action(
        "step.override",
        "o",
        "run in spite of a failed check, with a reason",
        "override",
        _confirming,
        "step",
        bound=False,
    ),
    Action(
        "step.stop", "x", "interrupt what runs (then X terminate, K kill)", "interrupt", _running, "step", bound=False
    ),
    Action(
        "signals.window",
        "left_square_bracket,right_square_bracket",
        "less or more time: 5, 15, 60 minutes",
        "time",
        _in("signals"),
        "signals",
        bound=False,
    ),
    Action(
        "signals.read", "left,right", "read every value at a moment", "read", _in("signals"), "signals", bound=False
    ),
    Action(
        "signals.alone",
        "enter",
        "one signal alone, j and k the next; esc: all of them, and now",
        "one alone",
        _in("signals"),
        "signals",
        bound=False,
    ),
    Action(
        "signals.log", "at", "the log at the moment that is read", "in the log", _in("signals"), "signals", bound=False
    ),
    Action("log.search", "slash", "search", "search", _in("logs"), "logs", bound=False),
    Action("log.next", "n,N", "next match, the one before", "next", _in("logs"), "logs", bound=False),
    Action(
        "log.filter",
        "ampersand",
        "show only lines with this, of those shown; !text hides, level:warn",
        "filter",
        _in("logs"),
        "logs",
        bound=False,
    ),
    Action(
        "log.open",
        "enter",
        "open or fold what goes on under the line at hand (a trace, JSON); a short line as it is written",
        "open",
        _in("logs"),
        "logs",
        bound=False,
    ),
    Action(
        "log.traces",
        "minus",
        "open or fold all of them: traces, JSON over many lines",
        "traces",
        _in("logs"),
        "logs",
        bound=False,
    ),
    Action(
        "log.written",
        "equals_sign",
        "JSON and logfmt lines as they are written, or short",
        "as written",
        _in("logs"),
        "logs",
        bound=False,
    ),
    Action("log.jump", "at", "go to a time: 03:14, 03:14:05, -5m", "time", _in("logs"), "logs", bound=False),
    Action("log.mark", "b", "mark the line at hand, or unmark it", "mark", _in("logs"), "logs", bound=False),
    Action("log.marks", "full_stop,comma", "next mark, the one before", "marks", _in("logs"), "logs", bound=False),
    Action("log.choose", "v", "choose lines from here on", "choose", _in("logs"), "logs", bound=False),
    Action(
        "log.copy",
        "C",
        "copy the lines chosen, or the one at hand, or all seen",
        "copy",
        _in("logs"),
        "logs",
        bound=False,
    ),
    Action("log.keep", "W", "keep these lines with the incident", "keep", _in("logs"), "logs", bound=False),
    Action("log.follow", "f,G", "follow the end again", "follow", _in("logs"), "logs", bound=False),
    Action(
        "log.source",
        "l",
        "the next log: what a command follows, then the runbook's own",
        "other log",
        _other_log,
        "logs",
        bound=False,
    ),
    Action("log.which", "L", "look at one log alone, or all as one: each with how it stands", "logs", _choice_of_logs),
    Action("log.stop", "x", "stop the command that is followed (then X, K)", "stop it", _follows, "logs", bound=False),
    Action("move", "up,down,j,k,g,G,pageup,pagedown", "move in a pane", "move", group="panes", bound=False),
)

BY_ID = {action.id: action for action in ACTIONS}

_SPOKEN = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "ampersand": "&",
    "equals_sign": "=",
    "minus": "-",
    "at": "@",
    "greater_than_sign": ">",
    "less_than_sign": "<",
    "full_stop": ".",
    "comma": ",",
    "escape": "esc",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left": "←",
    "right": "→",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "up": "↑",
    "down": "↓",
}
_EATEN = {
    "ctrl+b",
    "ctrl+a",
    "ctrl+s",
    "ctrl+q",
    "ctrl+i",
    "ctrl+m",
    "ctrl+h",
    "ctrl+left_square_bracket",
    "ctrl+enter",
}


def spoken(action: Action) -> str:
    """An action's keys as a person names them: `: ctrl+p`."""
    words = [(key, _SPOKEN.get(key, key)) for key in action.keys]
    return " ".join(key if in_ascii() and not word.isascii() else word for key, word in words)


def spoken_short(action: Action) -> str:
    """The keys as the footer names them: one, or a pair of signs that belong together, `[ ]`."""
    words = spoken(action).split()
    return " ".join(words) if len(words) == 2 and all(len(word) == 1 for word in words) else words[0]


_IN_FOOTER = (
    *("replay.pause", "replay.back", "replay.forth", "replay.faster", "replay.slower", "replay.seek"),
    *("trust", "drive", "method", "note", "timeline", "contacts", "report"),
    *("signals.window", "signals.read", "signals.alone", "log.stop", "log.source", "log.search", "log.filter"),
    *("help", "palette"),
)


def footer_hints(now: Situation) -> tuple[KeyHint, ...]:
    """The keys that the footer names now."""
    keep = {"trust", "drive", "method", "help", "replay.pause", "replay.forth"}
    applying = [BY_ID[name] for name in _IN_FOOTER if not BY_ID[name].why_not(now)]
    hints = [KeyHint(spoken_short(action), action.short, keep=action.id in keep) for action in applying]
    return (KeyHint("1-4", "pane", keep=True), *hints)


def key_table(actions: Iterable[Action] = ACTIONS) -> str:
    """The README's table of keys, in Markdown."""
    rows = ["| key | does |", "|---|---|"]
    rows += [f"| `{spoken(action)}` | {action.words} |" for action in actions]
    return "\n".join(rows)


def faults(actions: Iterable[Action] = ACTIONS) -> list[str]:
    """What is wrong with a key map: clashes, and keys that a terminal or tmux eats."""
    found: list[str] = []
    taken: dict[tuple[str, str], str] = {}
    for action in actions:
        for key in action.keys:
            if key in _EATEN:
                found.append(f"{action.id}: {key} never arrives; a terminal or tmux takes it")
            for scope in {action.group, "room"} if action.bound else {action.group}:
                other = taken.setdefault((scope, key), action.id)
                if other != action.id:
                    found.append(f"{action.id} and {other} both want {key}")
    return found
