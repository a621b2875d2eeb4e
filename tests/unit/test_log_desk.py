"""What pane 2 can look at, and what its rule says of it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runbook.carrier import Carrier
from runbook.incident.room import Room
from runbook.log_feeds import Feed, Together
from runbook.logs.merging import Heard
from runbook.model import LogSource, Param, Runbook
from tui.log_desk import LogDesk

NOW = datetime(2026, 11, 27, 3, 14, 22, tzinfo=UTC)


class Logs:
    """A desk on logs of which the merge has told something; nothing is started."""

    def __init__(self, folder: Path, *sources: LogSource, params: tuple[Param, ...] = (), **environ: str) -> None:
        runbook = Runbook(id="ferry", title="Ferry", params=params, logs=sources)
        carrier = Carrier(folder, runbook, folder, environ)
        conductor: Any = SimpleNamespace(
            known_values=dict, runbook=runbook, carrier=carrier, folder=folder, clock=lambda: NOW, state=Room().state()
        )
        self.desk = LogDesk([Feed(source, conductor) for source in sources], conductor, lambda: None)

    @property
    def together(self) -> Together:
        assert self.desk._together
        return self.desk._together

    def hear(self, **states: Heard) -> None:
        self.together._merging.states = states
        self.desk._heard()


def files(*names: str) -> tuple[LogSource, ...]:
    return tuple(LogSource(id=name, path=f"/log/{name}.log") for name in names)


def since(seconds: float) -> Heard:
    return Heard("following", "", NOW.timestamp() - seconds if seconds else 0.0)


@pytest.mark.parametrize(
    ("quiet", "told"),
    [
        ((0, 0, 0), "3 logs"),
        ((0, 250, 0), "3 logs, worker quiet 4:10"),
        ((70, 250, 0), "3 logs, 2 quiet"),
        ((70, 250, 3000), "3 logs"),
    ],
)
def test_all_logs_together_tell_which_of_them_are_quiet(tmp_path: Path, quiet: tuple[int, ...], told: str) -> None:
    logs = Logs(tmp_path, *files("api", "worker", "web"))
    logs.hear(**{name: since(seconds) for name, seconds in zip(("api", "worker", "web"), quiet, strict=True)})
    assert logs.desk.source().stands == told
    written = logs.together.view().written()
    assert written == (NOW.timestamp() - 70 if all(quiet) else None)


def test_each_of_the_choices_says_how_long_it_is_quiet(tmp_path: Path) -> None:
    logs = Logs(tmp_path, *files("api", "worker"))
    logs.hear(api=since(0), worker=since(3725))
    assert [how for _, _, how in logs.desk.choices()] == ["", "following", "following, quiet 1:02:05"]


def test_what_was_merged_on_opening_is_not_counted_as_new(tmp_path: Path) -> None:
    logs = Logs(tmp_path, *files("api", "worker"))
    merging, view = logs.together._merging, logs.together.view()
    view.begin()

    def merged(*lines: str, caught_up: bool) -> int:
        merging.folder.mkdir(parents=True, exist_ok=True)
        with (merging.folder / "00000001.log").open("a") as log:
            log.write("".join(f"{line}\n" for line in lines))
        view.follower.check()
        view.advance()
        merging._told({"logs": {}, "trouble": "", "caught_up": caught_up})
        return view.window(3).errors_per_minute

    assert merged("api | ERROR yesterday", caught_up=False) == 1
    assert merged("api | ERROR an hour ago", caught_up=True) == 0
    assert merged("api | ERROR now", caught_up=True) == 1


def test_a_path_is_the_same_wherever_it_is_followed_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    logs = Logs(tmp_path, LogSource(id="app", path="app.log"), LogSource(id="others", path="logs/*.log"))
    origins = [feed.origin for feed in logs.desk._feeds.values()]
    assert [origin and (origin.path or origin.pattern) for origin in origins] == [
        str(tmp_path / "app.log"),
        str(tmp_path / "logs/*.log"),
    ]


async def test_what_the_environment_keeps_secret_stands_in_no_line(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    key = base64.b64encode(b"user:hunter22/hunter").decode()
    escaped = '{"level":"info","msg":"opened with hunter22\\/hunter"}'
    path.write_text(f"connect hunter22/hunter\nBasic {key}\n{escaped}\nto production with 7-of-diamonds\n")
    logs = Logs(
        tmp_path, LogSource(id="app", path=str(path)), params=(Param(id="DECK", label="", kind="secret"),),
        DATABASE_PASSWORD="hunter22/hunter", DECK="7-of-diamonds", SECRET_STAGE="production", HOME="/home/connect",
    )  # fmt: skip
    view = logs.desk.view
    assert view is not None
    view.close()
    shown = [row.text for row in view.window(4).rows]
    assert shown[0] == "connect ‹masked›"
    assert key[8:] not in shown[1]
    assert shown[2].startswith("INFO  opened with ‹masked›")
    assert shown[3] == "to production with ‹masked›"
    assert not any("hunter22" in line for line in view.hand.seen(4))
