"""The doctor says before the night what would fail in it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from runbook.doctor import clients, doctor, logs, machine, variables, world
from runbook.doctor.finding import Finding
from runbook.model import Check, Command, Effect, LogSource, Method, Param, Runbook, Signal, Step
from runbook.reading.trust import digest, trust
from runbook.signal_sources import CommandOutput, LogRate, NoSource, Prometheus
from runbook.signals.fetch import Reply
from runbook.steps.effects import infer
from tests.unit.git_world import World
from tui.cli import main
from tui.doctor import page
from tui.exit_codes import NOT_OK, OK, USAGE


def book(*texts: str, **more: object) -> Runbook:
    steps = tuple(
        Step(id=f"s{n}", title="x", kind="run", commands=(Command(text=text, effect=Effect.READ),))
        for n, text in enumerate(texts)
    )
    method = Method(id="m", label="1", title="m", steps=steps)
    return Runbook(id="b", title="b", **{"methods": (method,), **more})  # type: ignore[arg-type]


def program(folder: Path, name: str, script: str) -> None:
    place = folder / name
    place.write_text(f"#!/bin/sh\n{script}\n")
    place.chmod(place.stat().st_mode | stat.S_IXUSR)


def levels(found: tuple[Finding, ...]) -> dict[tuple[str, str], str]:
    return {(finding.area, finding.title): finding.level for finding in found}


def test_the_programs_are_those_that_run_on_this_machine() -> None:
    found = clients.programs_of(
        book("cd x && git push", "npx --no-install prisma migrate status", "ssh host 'pm2 list'")
    )
    assert set(found) == {"git", "npx", "ssh"}


def test_a_script_of_the_team_is_looked_for_where_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    program(tmp_path / "bin", "back", "true")
    (tmp_path / "bin" / "plain").touch()
    runbook = book("./bin/back v1 && bin/plain", "./gone.sh", "/opt/nowhere/back", "<dir>/back", "ssh web ./there.sh")
    assert clients.programs_of(runbook).keys() == {"ssh"}
    said = {finding.title: finding.found for finding in clients.scripts(runbook, tmp_path, {})}
    assert said == {
        "bin/plain": "may not be started",
        "./gone.sh": f"not in {tmp_path}",
        "/opt/nowhere/back": "is not there",
    }
    assert not clients.scripts(book("cd tools && ./back.sh"), tmp_path, {}), "from where, only the session knows"


def test_a_variable_that_nobody_set_is_told_with_the_methods_that_name_it() -> None:
    def unset(*texts: str, **env: str) -> list[tuple[str, str]]:
        runbook = book(*texts)
        steps = [
            msgspec.structs.replace(step, commands=(msgspec.structs.replace(step.commands[0], effect=infer(text)),))
            for step, text in zip(runbook.methods[0].steps, texts, strict=True)
        ]
        method = msgspec.structs.replace(runbook.methods[0], steps=tuple(steps))
        found = variables.look(msgspec.structs.replace(runbook, methods=(method,)), env)
        return [(finding.title, finding.found) for finding in found]

    assert (
        unset('rm -r "/srv/$SHOP_DIR"')
        == unset('rm -r "/srv/$SHOP_DIR"', SHOP_DIR="")
        == [("SHOP_DIR", "not set; used by 1")]
    )
    assert unset('rm -r "/srv/$SHOP_DIR"', SHOP_DIR="shop") == []
    assert unset("OLD=$(cat live)", "deploy $OLD ${ZONE:-a}") == [], "set by a step, or the command helps itself"
    assert unset("echo $SHOP_DIR") == [], "a look"
    assert unset("source ./env.sh", "deploy $OLD") == [], "who knows what that sets"


def test_a_client_is_asked_by_the_cluster_that_its_commands_name(tmp_path: Path) -> None:
    program(tmp_path, "kubectl", 'case "$*" in *"--context live "*|*client*) echo 1.32;; *) exit 1;; esac')
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}

    def signed_in(*texts: str, **known: str) -> dict[str, tuple[str, tuple[str, ...]]]:
        runbook = book(*texts, params=(Param(id="cluster"),))
        scopes = clients.scopes_of(runbook, known)
        found = asyncio.run(clients.look(clients.programs_of(runbook), tmp_path, env, scopes))
        return {finding.title: (finding.level, finding.blocks) for finding in found if finding.area == "sign-ins"}

    assert signed_in("kubectl --context live -n web get pods") == {"kubectl --context live": ("green", ())}
    both = signed_in("kubectl get pods", "kubectl get pods --context=live")
    assert both == {"kubectl": ("amber", ("1",)), "kubectl --context live": ("green", ())}
    assert signed_in("kubectl --context <cluster> get pods", cluster="live")["kubectl --context live"][0] == "green"
    assert signed_in("kubectl --context <cluster> get pods") == {"kubectl --context <cluster>": ("amber", ())}


def test_a_cluster_that_tells_everybody_its_version_knows_nobody_by_that(tmp_path: Path) -> None:
    program(tmp_path, "kubectl", 'case "$*" in *version*) echo "Server Version: v1.32";; *) exit 1;; esac')
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    found = levels(asyncio.run(clients.look({"kubectl": ("1",)}, tmp_path, env)))
    assert found == {("programs", "kubectl"): "green", ("sign-ins", "kubectl"): "amber"}


def ask(tmp_path: Path, script: str) -> dict[tuple[str, str], str]:
    program(tmp_path, "vercel", script)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    return levels(asyncio.run(clients.look({"vercel": ("3a",)}, tmp_path, env)))


def test_a_client_that_knows_nobody_blocks_its_methods(tmp_path: Path) -> None:
    assert ask(tmp_path, 'test "$1" = --version && echo 64.0.2 || exit 1')[("sign-ins", "vercel")] == "amber"


def test_a_client_with_an_account_is_green(tmp_path: Path) -> None:
    assert set(ask(tmp_path, "echo ana")) == {("programs", "vercel"), ("sign-ins", "vercel")}
    assert set(ask(tmp_path, "echo ana").values()) == {"green"}


@pytest.mark.parametrize(
    "said", ["Getting User settings...\nYou are not authenticated.", "Not logged in.", "Logged In: false"]
)
def test_a_client_that_says_so_and_exits_well_has_no_account(tmp_path: Path, said: str) -> None:
    assert ask(tmp_path, f"echo '{said}'")[("sign-ins", "vercel")] == "amber"


def test_a_client_that_waits_for_a_person_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "LIMIT", 0.3)
    assert ask(tmp_path, 'test "$1" = --version || sleep 60')[("sign-ins", "vercel")] == "amber"


def test_what_a_client_prints_reaches_the_page_inert(tmp_path: Path) -> None:
    program(tmp_path, "vercel", "printf '\\033]0;owned\\007ana'")
    found = asyncio.run(clients.look({"vercel": ("3a",)}, tmp_path, {"PATH": f"{tmp_path}:/usr/bin:/bin"}))
    assert all(line.strip("\n").isprintable() for line in page(found, colour=False))


def test_it_is_red_only_when_no_method_is_left() -> None:
    two = book("x", methods=tuple(Method(id=f"m{n}", label=n, title=n) for n in ("1", "2")))
    one_gone = [Finding("programs", "x", "amber", blocks=("1",))]
    assert [f.level for f in world.methods(two, one_gone)] == ["amber"]
    assert [f.level for f in world.methods(two, [*one_gone, Finding("programs", "y", "amber", blocks=("2",))])] == [
        "red"
    ]


def test_a_runbook_without_a_way_back_is_not_ready() -> None:
    assert [f.level for f in world.methods(book(methods=()), [])] == ["red"]


def test_a_method_whose_need_is_not_met_is_blocked_by_it(tmp_path: Path) -> None:
    needing = Method(id="m", label="4", title="m", requires=(Check(id="v", env="NOT_SET_ANYWHERE"),))
    found = asyncio.run(world.checks(book(methods=(needing,)), tmp_path, dict(os.environ), {}))
    assert [(f.level, f.blocks) for f in found] == [("amber", ("4",))]


def test_a_guard_sees_the_variables_that_it_names_as_it_will_in_the_room(tmp_path: Path) -> None:
    check = Check(id="g", title="the right place", run='test "$SHOP_ENV" = live')
    (tmp_path / "rollback.yaml").write_text("")
    guarded = book(guard=(check,), path=str(tmp_path / "rollback.yaml"))
    kept = tmp_path / "kept"
    trust(guarded.path, digest(guarded.path), kept)
    environ = {"PATH": os.environ["PATH"], "SHOP_ENV": "live"}
    asked = doctor.examine(guarded, repository=None, home=kept, environ=environ, size=None, values={})
    assert levels(asyncio.run(asked))[("guard", "the right place")] == "green"


def test_a_failed_guard_is_red(tmp_path: Path) -> None:
    guarded = book(guard=(Check(id="g", title="the right place", run="false"),))
    assert [f.level for f in asyncio.run(world.checks(guarded, tmp_path, dict(os.environ), {}))] == ["red"]


def test_a_guard_is_asked_with_the_values_given_and_waits_for_those_that_are_not(tmp_path: Path) -> None:
    guarded = book(guard=(Check(id="g", title="the right place", run="test <place> = here"),))
    asked = [
        asyncio.run(world.checks(guarded, tmp_path, dict(os.environ), values))[0].level
        for values in ({}, {"place": "there"}, {"place": "here"})
    ]
    assert asked == ["amber", "red", "green"]


def test_a_repository_whose_remote_answers_is_green(tmp_path: Path) -> None:
    made = World(tmp_path)
    found = asyncio.run(world.repository(book("git log"), made.copy, made.env))
    assert [f.level for f in found] == ["green"]


def test_a_remote_that_is_gone_is_red_with_its_sentence(tmp_path: Path) -> None:
    made = World(tmp_path)
    subprocess.run(["git", "-C", made.copy, "remote", "set-url", "origin", str(tmp_path / "gone")], check=True)
    found = asyncio.run(world.repository(book("git log"), made.copy, made.env))
    assert found[-1].level == "red" and found[-1].found


def test_a_remote_that_lets_nobody_write_is_told_with_the_methods_that_push(tmp_path: Path) -> None:
    made = World(tmp_path)
    assert levels(asyncio.run(world.repository(book("git push origin main"), made.copy, made.env))) == {
        ("repository", "remote"): "green"
    }
    assert "doctor" not in made.git("ls-remote", "origin", cwd=made.copy), "only asked"
    made.git("config", "remote.origin.receivepack", "false", cwd=made.copy)
    (found,) = asyncio.run(world.repository(book("git push origin main"), made.copy, made.env))
    assert (found.level, found.title, found.blocks) == ("red", "push", ("1",))
    (found,) = asyncio.run(world.repository(book("git fetch"), made.copy, made.env))
    assert found.level == "green", "nothing is pushed there"


def test_a_query_that_gives_nothing_is_not_called_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def empty(*_: object) -> Reply:
        return Reply(200, b'{"status":"success","data":{"resultType":"vector","result":[]}}')

    monkeypatch.setattr("runbook.signals.late_fetch.LateFetch.get", empty)
    queried = book(signals=(Signal(id="x", title="X", source=Prometheus("http://127.0.0.1", "rate(htpp_total[5m])")),))
    (found,) = asyncio.run(world.sources(queried, tmp_path, dict(os.environ), {}))
    assert (found.level, found.found) == ("amber", "no data for the query")


def test_a_number_without_a_source_is_worth_knowing(tmp_path: Path) -> None:
    unsourced = book(signals=(Signal(id="x", title="X", source=NoSource()),))
    found = asyncio.run(world.sources(unsourced, tmp_path, dict(os.environ), {}))
    assert [(f.level, f.found) for f in found] == [("amber", "no source: it stays unknown")]


def test_a_source_that_needs_a_second_look_is_no_fault_and_one_that_is_not_there_is(tmp_path: Path) -> None:
    (tmp_path / "shop.log").write_text("fine\n")
    logs = [LogRate(f"{tmp_path}/{name}", "ERROR") for name in ("shop.log", "gone.log", "<open>.log")]
    watched = book(signals=tuple(Signal(id=f"x{n}", title="X", source=log) for n, log in enumerate(logs)))
    found = asyncio.run(world.sources(watched, tmp_path, dict(os.environ), {}))
    assert [(f.level, f.found) for f in found] == [
        ("green", "answers; first reading; a rate needs two"),
        ("red", "there is no such file"),
        ("red", "<open> is not set yet"),
    ]


def test_a_document_that_nobody_trusts_is_not_let_ask_anything(tmp_path: Path) -> None:
    asking = CommandOutput(run=f"touch {tmp_path}/asked")
    guarded = book(
        guard=(Check(id="g", title="the right place", run=f"touch {tmp_path}/run"),),
        signals=(Signal(id="x", title="X", source=asking),),
    )
    place = tmp_path / "home"
    asked = doctor.examine(guarded, repository=None, home=place, environ=dict(os.environ), size=None, values={})
    found = asyncio.run(asked)
    assert any(f.level == "amber" and "none of its commands" in f.found for f in found)
    assert not list(tmp_path.glob("asked")) and not list(tmp_path.glob("run"))


def test_a_document_that_nobody_trusts_leads_no_client_elsewhere(tmp_path: Path) -> None:
    program(tmp_path, "kubectl", f'echo "$*" >> {tmp_path}/asked')
    evil = book("kubectl --kubeconfig ./theirs --server http://127.0.0.1:9 get pods")
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    asyncio.run(doctor.examine(evil, repository=None, home=tmp_path / "home", environ=environ, size=None, values={}))
    asked = (tmp_path / "asked").read_text()
    assert "get --raw" in asked and "theirs" not in asked and "127.0.0.1" not in asked


def test_a_document_with_other_line_endings_is_trusted_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path))
    document = tmp_path / "shop.yaml"
    document.write_bytes(b"version: 1\r\nid: shop\r\ntitle: Shop\r\nmethods: []\r\n")
    assert main(["trust", str(document)]) == OK
    main(["doctor", str(document)])
    assert "trusted as it is now" in capsys.readouterr().out


def test_a_value_that_the_runbook_does_not_ask_for_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "book:aws", "--set", "regoin=eu-west-1"]) == USAGE
    assert 'There is no value "regoin". Did you mean "region"?' in capsys.readouterr().err


def test_a_log_is_looked_for_where_its_values_lead(tmp_path: Path) -> None:
    (tmp_path / "app.log").touch()
    runbook = book(logs=(LogSource(id="a", path="<dir>/app.log"),), params=(Param(id="dir"),))
    assert [f.level for f in logs.look(runbook, {"dir": str(tmp_path)}, {})] == ["green"]
    assert [f.level for f in logs.look(runbook, {"dir": f"{tmp_path}/gone"}, {})] == ["amber"]
    assert [f.level for f in logs.look(runbook, {}, {})] == ["amber"]
    several = book(logs=(LogSource(id="a", path=f"{tmp_path}/*.log"), LogSource(id="b", path=f"{tmp_path}/*.txt")))
    assert [f.level for f in logs.look(several, {}, {})] == ["green", "amber"]


def test_a_log_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "app.log").touch()
    monkeypatch.setattr(os, "access", lambda _path, _how: False)  # root may read everything
    for path in ("app.log", "*.log"):
        (found,) = logs.look(book(logs=(LogSource(id="a", path=f"{tmp_path}/{path}"),)), {}, {})
        assert (found.level, found.found) == ("amber", f"{tmp_path}/app.log may not be read")


@pytest.mark.parametrize(
    ("run", "level", "said"),
    [
        ("tail -F <dir>/app.log", "green", "tail -F <dir>/app.log"),
        ("tail -n 100 <dir>/app.log", "amber", "tail -n 100 <dir>/app.log may not follow"),
        ("no-such-client logs -f shop | grep ERROR", "amber", "no-such-client is not installed"),
        ("tail -F <pod>.log", "amber", "tail -F <pod>.log"),
    ],
)
def test_a_log_command_is_looked_at_and_never_run(run: str, level: str, said: str) -> None:
    runbook = book(logs=(LogSource(id="a", run=run),), params=(Param(id="dir"), Param(id="pod")))
    (found,) = logs.look(runbook, {"dir": "/var/log"}, os.environ)
    assert (found.level, found.found) == (level, said)


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ((3, 40, 1), True),
        ((3, 44, 6), False),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 3), False),
        ((3, 6), False),
    ],
)
def test_the_sqlite_releases_with_the_bug_are_known(version: tuple[int, ...], affected: bool) -> None:
    assert machine.has_wal_reset_bug(version) is affected


def test_a_small_terminal_is_red_and_a_bare_one_is_said() -> None:
    said = {f.title: f.level for f in machine.terminal({"TERM": "dumb"}, (79, 24))}
    assert said["size"] == "red" and said["kind"] == "red"


def test_a_place_that_cannot_be_written_is_red(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert next(f.level for f in machine.record(tmp_path / "file" / "below")) == "red"


def test_the_command_answers_with_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TERM", "xterm-256color")
    assert main(["doctor", "--json"]) == OK
    assert json.loads(capsys.readouterr().out)["ready"] is True
    monkeypatch.setenv("TERM", "dumb")
    assert main(["doctor"]) == NOT_OK
    assert "Not ready: 1 thing would fail tonight" in capsys.readouterr().out
    assert main(["doctor", str(tmp_path / "none.md")]) == USAGE


def test_ready_is_said_only_of_what_was_looked_at() -> None:
    git = Finding("machine", "git", "green", "2.39")
    trusted = Finding("runbook", "trust", "green", "trusted as it is now")
    unknown = Finding("runbook", "trust", "amber", "not trusted yet")
    assert "No runbook was named" in list(page([git], colour=False))[-1]
    assert "not asked; 1 worth knowing." in list(page([git, unknown], colour=False))[-1]
    assert list(page([git, trusted], colour=False))[-1] == "\nReady for tonight."


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("trust", "nowhere.md"), "nowhere.md: there is no such file."),
        (("open", "--theme", "pink", "x.md"), "invalid choice: 'pink'"),
        (("reprot", "2026"), "there is no command 'reprot'; the nearest is 'report'"),
        (("--help",), "warroom [RUNBOOK]"),
        (("open", "--help"), "in Markdown or YAML"),
    ],
)
def test_a_wrong_word_is_answered_in_words(
    line: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with contextlib.suppress(SystemExit):
        main(line)
    told = capsys.readouterr()
    assert said in " ".join((told.out + told.err).split())
    assert "Errno" not in told.err


def test_a_terminal_that_is_not_utf8_gets_question_marks_and_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    plain = io.TextIOWrapper(raw, encoding="ascii")
    monkeypatch.setattr(sys, "stdout", plain)
    assert main(["check", "book:production-rollback"]) == OK
    plain.flush()
    assert b" ? version 1.0 ? " in raw.getvalue()
