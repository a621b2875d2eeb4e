"""Opening a runbook in either form, and finding the incident's own copy again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from runbook import opening
from runbook.incident import events as ev
from runbook.incident import home
from runbook.incident.journal import read_incident
from runbook.opening import Opening, is_markdown, method_named, read_runbook, refuse_unfit, source_text
from runbook.reading.problems import ReadingError
from runbook.signals.series import Sample

DOCUMENT = "# Going back\r\n\r\n## Steps\r\n\r\n```bash\r\n# Look\r\ngit log -3\r\n```\r\n"


@pytest.mark.parametrize(
    ("source", "markdown"),
    [
        ("ROLLBACK.md", True),
        ("a/b.MARKDOWN", True),
        ("x.mdx", True),
        ("x.yaml", False),
        ("book:production-rollback", False),
    ],
)
def test_the_ending_tells_the_form(source: str, markdown: bool) -> None:
    assert is_markdown(source) is markdown


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_document_in_any_usual_encoding_opens(tmp_path: Path, encoding: str) -> None:
    place = tmp_path / "ROLLBACK.md"
    place.write_bytes("# Zurück\n\n## Schritte\n\n```bash\ngit log -3\n```\n".encode(encoding))
    assert read_runbook(source_text(str(place)), str(place)).title == "Zurück"


@pytest.mark.parametrize("name", ["ROLLBACK.md", "back.markdown"])
async def test_an_incident_keeps_the_document_under_its_ending_and_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path / "home"))
    (tmp_path / name).write_bytes(DOCUMENT.encode())
    first = await opening.open_room(Opening(source=str(tmp_path / name), repository=None))
    first.journal.close()
    home.leave_wheel(first.folder)
    (tmp_path / name).write_text("# Something else")
    copy = home.runbook_copy(first.folder)
    assert copy.name == f"runbook{Path(name).suffix}"
    assert copy.read_bytes() == DOCUMENT.encode()

    again = await opening.open_room(Opening(source=str(copy), repository=None, folder=first.folder))
    again.journal.close()
    assert again.runbook.methods == first.runbook.methods
    assert [command.text for step in again.runbook.methods[0].steps for command in step.commands] == ["git log -3"]


async def test_a_room_without_a_repository_knows_what_commands_do_on_platforms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path / "home"))
    room = await opening.open_room(Opening(source="book:kubernetes", repository=None))
    await opening.make_ready(room, None)
    assert any(provider.concerns("kubectl rollout undo deployment/web") for provider in room.carrier.world.providers)
    await room.leave("done")


def test_a_folder_without_a_copy_names_the_one_that_is_missing(tmp_path: Path) -> None:
    assert not home.runbook_copy(tmp_path).is_file()


async def test_who_comes_back_finds_the_course_of_the_signals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path / "home"))
    source = "book:production-rollback"
    first = await opening.open_room(Opening(source=source, repository=None))
    now = datetime.now(UTC).timestamp()
    assert first.outlook.monitor.samples is not None
    for sample in (Sample(now - 60, 24.8), Sample(now - 30, None, "timed out")):
        first.outlook.monitor.samples.keep("error_rate", sample)
    first.outlook.monitor.samples.flush()
    await first.leave("left")

    again = await opening.open_room(Opening(source=source, repository=None, folder=first.folder))
    seen = list(again.outlook.monitor.series["error_rate"])
    await again.leave("left")
    assert [(one.value, one.why) for one in seen] == [(24.8, ""), (None, "timed out")]


async def test_who_only_looks_on_keeps_no_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path / "home"))
    room = await opening.open_room(Opening(source="book:production-rollback", repository=None, read_only=True))
    assert room.outlook.monitor.samples is None
    await room.drive()
    assert room.outlook.monitor.samples is not None
    await room.leave("left")


async def test_of_all_incidents_only_those_since_a_drill_began_are_read_to_find_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path))
    began = datetime(2026, 11, 24, 3, 14, 30, tzinfo=UTC)
    made = []
    for minutes in (-60, 0, 5):
        at = began + timedelta(minutes=minutes)
        wanted = Opening(source="book:kubernetes", repository=None, drill="/a/drill")
        room = await opening.open_room(wanted, clock=lambda at=at: at)  # type: ignore[misc]
        room.journal.close()
        made.append(room.folder)
    read = []

    def noted(folder: Path) -> list[ev.Event]:
        read.append(folder)
        return read_incident(folder)

    monkeypatch.setattr(opening, "read_incident", noted)
    assert opening.drill_incident("/a/drill", began) == made[2]
    assert opening.drill_incident("/another", began) is None
    assert made[0] not in read and made[1] in read


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            {"values": {"prodction_url": "http://127.0.0.1:9"}},
            'no value "prodction_url". Did you mean "production_url"?',
        ),
        ({"values": {"db_port": "many"}}, "db_port: "),
        ({"method": "tagg"}, 'no method "tagg". Did you mean "tag"?'),
    ],
)
async def test_what_the_runbook_does_not_ask_for_is_refused_before_anything_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any], said: str
) -> None:
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path))
    with pytest.raises(ReadingError) as refused:
        await opening.open_room(Opening(source="book:production-rollback", repository=None, **wrong))
    assert said in str(refused.value)
    assert home.list_incidents() == ()


def test_every_name_that_takes_a_value_can_be_set_and_a_method_has_two_names() -> None:
    runbook = read_runbook(source_text("book:production-rollback"), "book:production-rollback")
    refuse_unfit(runbook, {"production_url": "http://127.0.0.1:9", "production_before": "a"}, "3a")
    assert [method_named(runbook, name) for name in ("3a", "vercel", "")] == [*[runbook.method("vercel")] * 2, None]


async def test_a_value_that_is_set_on_coming_back_holds_for_signals_and_commands_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path))
    first = await opening.open_room(Opening(source="book:production-rollback", repository=None))
    first.journal.close()
    home.leave_wheel(first.folder)
    moved = {"production_url": "http://127.0.0.1:9"}
    again = await opening.open_room(Opening(source="", repository=None, folder=first.folder, values=moved))
    again.journal.close()
    assert again.known_values()["production_url"] == again.outlook.monitor.values["production_url"]
    assert again.known_values()["production_url"] == moved["production_url"]
