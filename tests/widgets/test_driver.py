"""Keys as a terminal sends them, byte for byte, through a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import tty
from collections.abc import Iterator
from contextlib import suppress
from queue import Queue
from socket import SOCK_DGRAM, socketpair
from threading import Thread

import pytest
from textual import events
from textual._xterm_parser import XTermParser
from textual.message import Message

from tui.driver import Bell, read_keys

PATIENCE = 20


class Typing:
    """A thread that reads keys, and the end of the terminal that somebody types into."""

    def __init__(self) -> None:
        self.keyboard, self.terminal = pty.openpty()
        tty.setraw(self.terminal)
        self.bell = Bell()
        self.read: Queue[Message] = Queue()
        of = self.terminal, self.bell, XTermParser(), self.read.put
        self.thread = Thread(target=read_keys, args=of, daemon=True)
        self.thread.start()

    def types(self, data: bytes) -> None:
        os.write(self.keyboard, data)

    def key(self) -> str:
        """The next key that was read."""
        message = self.read.get(timeout=PATIENCE)
        assert isinstance(message, events.Key)
        return message.character if message.character and message.is_printable else message.key

    def over(self) -> bool:
        self.thread.join(PATIENCE)
        return not self.thread.is_alive()


@pytest.fixture
def typing() -> Iterator[Typing]:
    made = Typing()
    yield made
    made.bell.set()
    assert made.over()
    for file in (made.keyboard, made.terminal):
        with suppress(OSError):
            os.close(file)


def test_a_byte_that_is_no_character_ends_nothing(typing: Typing) -> None:
    typing.types(b"\xffA")
    assert [typing.key(), typing.key()] == ["�", "A"]


def test_a_character_that_comes_in_two_pieces_is_one_key(typing: Typing) -> None:
    first, second = "é".encode()[:1], "é".encode()[1:]
    typing.types(b"a" + first)
    assert typing.key() == "a"
    typing.types(second)
    assert typing.key() == "é"


def test_a_byte_that_only_begins_a_character_ends_nothing() -> None:
    read: Queue[Message] = Queue()
    keyboard, terminal = socketpair(type=SOCK_DGRAM)  # each piece is read by itself
    with keyboard, terminal:
        for piece in ("ä".encode("latin-1"), b"q", b""):
            keyboard.send(piece)
        read_keys(terminal.fileno(), Bell(), XTermParser(), read.put)
    assert [key.character for key in read.queue if isinstance(key, events.Key)] == ["�", "q"]


def test_an_escape_alone_is_the_key_of_that_name_though_nothing_follows(typing: Typing) -> None:
    typing.types(b"\x1b")
    assert typing.key() == "escape"


def test_an_arrow_is_one_key(typing: Typing) -> None:
    typing.types(b"\x1b[A")
    assert typing.key() == "up"


def test_the_reader_ends_when_it_is_told_to_though_nobody_types(typing: Typing) -> None:
    typing.bell.set()
    assert typing.over()


def test_the_reader_ends_with_its_terminal(typing: Typing) -> None:
    os.close(typing.keyboard)
    assert typing.over()


def test_a_bell_that_rang_rings_again_after_it_was_cleared() -> None:
    bell = Bell()
    for _ in range(2):
        bell.set()
        bell.set()
        assert bell.is_set()
        bell.clear()
        bell.clear()
        assert not bell.is_set()
