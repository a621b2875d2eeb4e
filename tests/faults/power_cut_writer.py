"""Writes events until it is stopped, and says on standard output which are acknowledged.

    python power_cut_writer.py INCIDENT_FOLDER SEAT COUNT [--synchronous N]

`--synchronous 0` is the broken journal that the power-cut test must be able to see.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from runbook.incident import stream
from runbook.incident.events import NoteAdded
from runbook.incident.journal import Journal


def main(folder: Path, seat: str, count: int, synchronous: int) -> None:
    stream.SYNCHRONOUS = synchronous
    journal = Journal.open(folder, folder.name, seat)
    for i in range(1, count + 1):
        event = journal.append_now(NoteAdded(text=f"{i} " + "x" * 2500))
        os.write(1, b"ack %d\n" % event.seq)
    # as after a power cut: no orderly close, no last checkpoint
    os._exit(0)


if __name__ == "__main__":
    broken = int(sys.argv[sys.argv.index("--synchronous") + 1]) if "--synchronous" in sys.argv else 2
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), broken)
