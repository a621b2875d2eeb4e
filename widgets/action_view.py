"""What the action pane can show: exactly one of these, as plain data, and the keys that work in each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runbook.model import Effect, Record, Remedy, Seconds
from widgets.footer import KeyHint

if TYPE_CHECKING:
    from runbook.incident.state import Run
    from runbook.providers.provider import Proof
    from runbook.signals.standing import Standing
    from runbook.steps.plan import Mode, Prepared


class Nothing(Record, frozen=True):
    """No step is selected: what to do next, in words."""

    title: str = "Nothing is selected"
    lines: tuple[str, ...] = ()
    hints: tuple[KeyHint, ...] = ()
    """Keys of the room that help here; they are shown, the pane does not handle them."""


class Looking(Record, frozen=True):
    """A row that is only selected: a step in short, or a box's full text. Nothing is armed."""

    title: str
    number: str = ""
    words: str = ""
    """What it does, at the right: `changes main`, `by hand`."""
    effect: Effect = Effect.READ
    text: str = ""
    """The command, shown short here and whole in its confirmation."""
    lines: tuple[str, ...] = ()
    enter: str = "look"
    again: str = ""
    """What `r` does with a step that is settled, where `enter` goes on to the next."""
    asking: bool = False
    """The world is being asked about it, which can be called off."""
    may_skip: bool = False
    """A step that can only be left: nothing here will ever end it."""


class Confirmation(Record, frozen=True):
    """One command (or one-key group), ready for the person's answer."""

    prepared: Prepared
    number: str = ""
    title: str = ""
    """The step's title with its values filled in; the step's own where empty."""
    position: str = ""
    """`1 of 3` where the step has several commands."""
    edit: str = "another value"
    """What `e` offers: `other commit`; empty where there is nothing to edit."""
    may_skip: bool = True
    overrides: tuple[str, ...] = ()
    """The reasons given for running despite a failed check."""
    sources: tuple[str, ...] = ()
    """Where its missing values come from, when no person gives them."""


class NotStarted(Record, frozen=True):
    """A confirmed command that did not start: the world was no longer what the screen had shown."""

    prepared: Prepared
    why: str
    number: str = ""
    title: str = ""


class Starting(Record, frozen=True):
    """A confirmed command that has not begun: the guard and what it relies on are asked once more."""

    prepared: Prepared
    number: str = ""
    title: str = ""


class Running(Record, frozen=True):
    """A command that runs, with the last of its output."""

    run: Run
    number: str = ""
    tail: tuple[str, ...] = ()
    elapsed: Seconds = 0
    estimate: Seconds = 0
    limit: Seconds = 0
    """When a clock ends it; 0 where none does."""
    silent: Seconds = 0
    """For how long there was no output; 0 while there is some."""
    expects: str = ""
    """What the runbook says should be seen."""
    live: bool = True
    """Whether it runs now; False where a record is played back."""


class Following(Record, frozen=True):
    """A command that goes on beside the others; its output is in pane 2."""

    run: Run
    number: str = ""
    elapsed: Seconds = 0
    last: str = ""
    """The last line of its output."""
    next_step: str = ""
    expects: str = ""
    live: bool = True


class Finished(Record, frozen=True):
    """A command that ended, and what the world says about it."""

    run: Run
    number: str = ""
    tail: tuple[str, ...] = ()
    proof: Proof | None = None
    part: str = ""
    """How much of its step is done, as `1 of 2 done`; empty where that is all of it."""
    next_step: str = ""
    may_retry: bool = True
    undo: str = ""
    """What `u` offers; empty where the step has no way back."""
    remedy: Remedy | None = None
    """The way out that is offered, as a ready step."""
    edit: str = "edit"
    """What `e` offers; empty where there is nothing to edit."""
    lines: tuple[str, ...] = ()
    """Where to go from here, in words."""
    expects: str = ""
    """What the runbook says should be seen."""


class UnknownOutcome(Record, frozen=True):
    """A command of which nobody saw the end: the evidence, and the person's word."""

    run: Run
    number: str = ""
    why: str = ""
    evidence: tuple[str, ...] = ()
    leaning: str = ""
    """What the evidence says, `it took effect`."""
    again: str = ""
    """What running it again would do, `already done: would revert the revert`."""


class WaitingFor(Record, frozen=True):
    """Criteria that must hold, each with its clock."""

    title: str
    standings: tuple[Standing, ...]
    number: str = ""
    elapsed: Seconds = 0
    estimate: Seconds = 0
    """How long it usually takes."""
    timeout: Seconds = 0
    late: tuple[str, ...] = ()
    """Past the time limit: that it is, and what to do."""
    lines: tuple[str, ...] = ()


class ManualStep(Record, frozen=True):
    """Something that a person does and then says so."""

    title: str
    number: str = ""
    lines: tuple[str, ...] = ()
    text: str = ""
    """What is to be put into another program: to be copied, never run here."""


class MessageStep(Record, frozen=True):
    """A text to send."""

    title: str
    text: str
    number: str = ""
    lines: tuple[str, ...] = ()


ActionView = (
    Nothing
    | Looking
    | Confirmation
    | NotStarted
    | Starting
    | Running
    | Following
    | Finished
    | UnknownOutcome
    | WaitingFor
    | ManualStep
    | MessageStep
)


def way_out_words(view: Confirmation | Finished) -> str:
    """What `p` offers: a ready step that leads out, or the choice that a command lacks; empty for neither."""
    if isinstance(view, Confirmation) and view.prepared.choices:
        return "choose the parent"
    remedy = view.remedy if isinstance(view, Finished) else view.prepared.remedy
    onwards = isinstance(view, Finished) and view.run.state == "done"
    return ("what comes next" if onwards else "the way out") if remedy else ""


def text_to_copy(view: ActionView) -> str:
    """What `C` puts where it can be pasted; empty where there is nothing."""
    match view:
        case MessageStep() | ManualStep():
            return view.text
        case Confirmation():
            return view.prepared.typed_inside
        case Finished():
            return view.run.address
        case _:
            return ""


def copy_key(view: ActionView) -> tuple[KeyHint, ...]:
    words = {Confirmation: "copy what is typed inside", Finished: "copy address"}.get(type(view), "copy")
    return (KeyHint("C", words),) if text_to_copy(view) else ()


def needs_override(view: Confirmation) -> bool:
    return bool(view.prepared.failed_checks) and not view.overrides


def keys_for(view: ActionView, *, folded: bool = False) -> tuple[KeyHint, ...]:
    """The keys that the pane itself handles in this view; no other key does anything there."""
    skip = KeyHint("s", "skip, with a reason")
    keys: tuple[KeyHint, ...] = ()
    match view:
        case Nothing():
            pass
        case Looking():
            keys = tuple(KeyHint(key, words) for key, words in (("enter", view.enter), ("r", view.again)) if words)
            keys += (skip,) if view.may_skip else (_BACK,) if view.asking else ()
        case Confirmation():
            keys = _confirmation_keys(view, folded)
        case NotStarted():
            keys = (KeyHint("r", "look again"), skip, _BACK)
        case Starting():
            keys = (KeyHint("esc", "call it off"),)
        case Running():
            keys = _running_keys(view.run)
        case Following():
            onwards = f"next: {view.next_step}" if view.next_step else "back to the runbook"
            keys = (KeyHint("enter", onwards), *_running_keys(view.run), _BACK)
        case Finished():
            keys = _finished_keys(view)
        case UnknownOutcome():
            again = () if view.run.took_effect else (KeyHint("r", "it is not: look at it again"),)
            keys = (KeyHint("d", "it is done"), KeyHint("n", "it is not"), *again, _BACK)
        case WaitingFor():
            keys = (skip, _BACK)
        case ManualStep():
            keys = (*copy_key(view), KeyHint("enter", "it is done"), skip, _BACK)
        case MessageStep():
            keys = (*copy_key(view), KeyHint("enter", "it is sent"), skip, _BACK)
    return keys


_ACTS = frozenset("yoesdnxXKupmr")
_LOOKS = frozenset({"look", "next"})


def looking_on(keys: tuple[KeyHint, ...]) -> tuple[KeyHint, ...]:
    """Those of the keys that work in a room which does not drive: they look, and act on nothing."""
    acts = _ACTS | {key.swapcase() for key in _ACTS - frozenset("xXcC")}
    return tuple(hint for hint in keys if (hint.words in _LOOKS if hint.key == "enter" else hint.key not in acts))


_BACK = KeyHint("esc", "back")


_RUN: dict[Mode, str] = {"run": "run it", "follow": "follow it", "interactive": "give it the terminal"}


def _confirmation_keys(view: Confirmation, folded: bool) -> tuple[KeyHint, ...]:
    keys = []
    if view.prepared.may_confirm:
        if needs_override(view):
            keys.append(KeyHint("o", "run it all the same, with a reason"))
        elif not view.prepared.typed:
            again = " a second time" if view.prepared.already else ""
            keys.append(KeyHint("y", f"{_RUN[view.prepared.mode]}{again}"))
    else:
        if way := way_out_words(view):
            keys.append(KeyHint("p", way))
        keys.append(KeyHint("r", "look again"))
    keys += copy_key(view)
    if view.edit:  # where a value is missing, that is what there is to do
        keys.insert(0 if view.prepared.missing else len(keys), KeyHint("e", view.edit))
    if view.may_skip:
        keys.append(KeyHint("s", "skip, it is there" if view.prepared.already else "skip, with a reason"))
    if folded:
        keys.append(KeyHint("v", "see all"))
    name = view.prepared.typed if view.prepared.may_confirm and not needs_override(view) else ""
    return (*(_beside(hint, name) for hint in keys), _BACK)


def _beside(hint: KeyHint, name: str) -> KeyHint:
    """A key with which the name to be typed begins is its other case instead: it would type the first letter."""
    return KeyHint(hint.key.swapcase(), hint.words) if name.startswith(hint.key) else hint


def _running_keys(run: Run) -> tuple[KeyHint, ...]:
    match run.stop_asked:
        case "":
            return (KeyHint("x", "interrupt"),)
        case "interrupt":
            return (KeyHint("X", "terminate"),)
        case _:
            return (KeyHint("K", "kill"),)


def _finished_keys(view: Finished) -> tuple[KeyHint, ...]:
    if view.run.state == "done" and not view.run.remedy:
        again = (KeyHint("r", "all of it again"),) if view.may_retry else ()
        undo = (KeyHint("u", view.undo),) if view.undo else ()
        return (KeyHint("enter", "next"), *again, *undo)
    keys = list(copy_key(view))
    if way := way_out_words(view):
        keys.append(KeyHint("p", way))
    if view.may_retry:
        keys.append(KeyHint("r", "retry"))
    if view.edit:
        keys.append(KeyHint("e", view.edit))
    if not view.run.undo:  # the step itself was carried out: its failed undo does not make it skipped
        keys.append(KeyHint("s", "skip, with a reason"))
        if view.undo:
            keys.append(KeyHint("u", view.undo))
    return (*keys, KeyHint("m", "other method"), _BACK)
