"""What must not confirm, and what must not reach the terminal, whatever the world sends."""

from __future__ import annotations

from collections.abc import Callable

from tests.terminal import walks
from tests.terminal.conftest import DrillRoom

Drill = Callable[..., DrillRoom]

HOSTILE = (
    b"\x1b]0;owned\x07 title",
    b"\x1b]52;c;b3duZWQ=\x07 clipboard",
    b"\x1b[c\x1b[6n\x1b[>q\x1b[21t asks the terminal",
    b"\x9b2J\x9bc eight-bit",
    "\u202egnirts\u2066 bidi".encode(),
    b"[@click=app.quit]click me[/] [/] [link=x]y[/link]",
    b"nul \x00 bs \x08\x08 del \x7f bad \xff\xfe",
    b'\x1bP$q"p\x1b\\ dcs \x1b_apc\x1b\\',
)


def confirmed(room: DrillRoom) -> int:
    return sum(entry["kind"] == "step-confirmed" for entry in room.timeline())


def test_nothing_but_a_key_pressed_in_answer_to_the_screen_confirms(drill: Drill) -> None:
    room = drill("bad-deploy", seed=8)
    room.tmux.wait(walks.READY, 40)
    walks.choose(room, "1")
    room.tmux.burst("Enter", "y")  # typed ahead of the confirmation
    room.tmux.wait(walks.CONFIRM)
    room.tmux.burst(*["y"] * 25)  # a held key, or a paste without brackets
    room.tmux.wait("faster than a person|too quick")
    room.tmux.paste("y\ny\ny\n", bracketed=True)
    room.tmux.paste("y\ny\ny\n", bracketed=False)
    with (room.drill / "logs" / "production.log").open("ab") as log:
        log.write(b"\n".join(HOSTILE * 3) + b"\n")
    before = room.tmux.screen()
    room.tmux.wait(lambda now: now != before)
    assert confirmed(room) == 0
    room.tmux.keys("Escape")
    room.tmux.gone(walks.CONFIRM)
    room.tmux.keys("Enter")
    walks.confirm(room, 1)
    assert confirmed(room) == 3  # the three reads of the step, on the one key that counted


def test_hostile_log_lines_stay_text(drill: Drill) -> None:
    room = drill("bad-deploy", seed=8)
    stream = room.home.parent / "bytes"
    room.tmux.record(stream)
    room.tmux.wait(walks.READY, 40)
    with (room.drill / "logs" / "production.log").open("ab") as log:
        log.write(b"\n".join(HOSTILE) + b"\n" + b"x" * 10_000_000 + b" long\n")
    room.tmux.keys("2")
    room.tmux.wait("▸ 2 Logs")
    room.tmux.keys("&")
    room.tmux.type("click me")
    room.tmux.keys("Enter")
    screen = room.tmux.wait(r"\[@click=app.quit\]click me")
    assert "[/]" in screen  # shown as it is, and nothing was run by it
    sent = stream.read_bytes()
    for payload in (
        b"\x1b]0;owned",
        b"\x1b]52;",
        b"\x1b[c",
        b"\x1b[6n",
        b"\x1b[21t",
        b"\x9b2J",
        b"\xc2\x9b",
        b"\x00",
        b"\x1bP$q",
    ):
        assert payload not in sent, payload
    room.tmux.keys("3")
    room.tmux.wait("▸ 3 ")
    walks.choose(room, "1")


def test_a_terminating_signal_leaves_the_terminal_as_it_was(drill: Drill) -> None:
    room = drill("bad-deploy", seed=8)
    room.tmux.wait(walks.READY, 40)
    assert room.tmux.alternate()
    room.tmux.run_beside(f"kill -TERM {room.pid()}")
    room.tmux.wait(lambda _: room.pid() == 0)
    room.tmux.wait(lambda _: not room.tmux.alternate())
    room.tmux.run("echo still $((40 + 2))")
    room.tmux.wait("still 42")
    assert room.timeline()[-1]["kind"] == "room-left"
