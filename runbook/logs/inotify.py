"""The kernel's word that a file grew or a name changed (Linux), by ctypes; None elsewhere."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_MODIFY, _ATTRIB, _MOVED_FROM, _MOVED_TO = 0x2, 0x4, 0x40, 0x80
_CREATE, _DELETE, _MOVE_SELF, _DELETE_SELF = 0x100, 0x200, 0x800, 0x400
_OF_FILE = _MODIFY | _ATTRIB | _MOVE_SELF | _DELETE_SELF
_OF_FOLDER = _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE


class Inotify:
    """Watches files and folders; `fd` is readable when something happened to one of them."""

    def __init__(self, fd: int, add_watch: object) -> None:
        self.fd = fd
        self._add_watch = add_watch

    @classmethod
    def make(cls) -> Inotify | None:
        """A new one, or None where the system has none or gives no more."""
        if not sys.platform.startswith("linux"):
            return None
        import ctypes  # noqa: PLC0415 - loads a library; only where a log is followed

        try:
            libc = ctypes.CDLL(None, use_errno=True)
            fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
            add_watch = libc.inotify_add_watch
        except (OSError, AttributeError):
            return None
        return cls(fd, add_watch) if fd >= 0 else None

    def watch_file(self, fd: int) -> None:
        """An open file, whatever its name is or becomes."""
        self._watch(Path(f"/proc/self/fd/{fd}"), _OF_FILE)

    def watch_folder(self, path: Path) -> None:
        """Names that appear, disappear or move in a folder."""
        self._watch(path, _OF_FOLDER)

    def drain(self) -> bool:
        """Whether there was anything; what exactly does not matter, the follower looks for itself."""
        had = False
        try:
            while os.read(self.fd, 65536):
                had = True
        except BlockingIOError:
            pass
        return had

    def close(self) -> None:
        os.close(self.fd)

    def _watch(self, path: Path, mask: int) -> None:
        # A failure (gone again, no more watches) needs no word: the follower's own look once a second remains.
        assert callable(self._add_watch)
        self._add_watch(self.fd, os.fsencode(path), mask)
