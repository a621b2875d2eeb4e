"""Platforms that a runbook declares: a feature flag over HTTP and a program of the team's own, both real here."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from runbook.model import Runbook
from runbook.providers import declared
from runbook.providers.declared import Declared
from runbook.providers.on_platform import OnPlatform
from runbook.providers.provider import Place, Proof
from runbook.reading.problems import ReadingError
from runbook.reading.yaml import loads
from runbook.signals.criteria import parse
from runbook.steps.effects import infer
from tests.faults.bad_servers import HEAD, Servers

BOOK = """
version: 1
id: flags
title: Flags
platforms:
  flag:
    order: >-
      curl -fsS -X PATCH -H "Authorization: Bearer $FLAG_TOKEN" <base>/api/flags/<flag> -d '{"on": <release>}'
    what: flag <flag>
    noun: state
    live: {url: <base>/api/flags/<flag>, headers: {Authorization: Bearer $FLAG_TOKEN}, path: flag.on}
    values: [true, false]
  shelf:
    order: shelfctl activate --app <app> <release>
    live: {run: shelfctl current --app <app>, reads: true}
    releases: {run: shelfctl list <app>, path: releases.*.id, reads: true}
"""
SHELFCTL = """#!/bin/sh
case "$1" in
  current) cat "$3.current" ;;
  list) echo '{"releases": [{"id": "v3"}, {"id": "v2"}, {"id": 1}]}' ;;
  activate) echo "$4" > "$3.current" ;;
esac
"""


def book(text: str = BOOK) -> Runbook:
    return loads(text, parse_criterion=parse, infer=infer)


def provider(name: str, **more: object) -> OnPlatform:
    (own,) = [one for one in book().platforms if one.id == name]
    return OnPlatform(Declared(own, **more))  # type: ignore[arg-type]


class Flags:
    """A flag service that wants a token; `status` answers every question with it instead."""

    def __init__(self) -> None:
        self.on = True
        self.status = 0
        self.body: bytes | None = None
        self.changes = 0
        flags = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.reply()

            def do_PATCH(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if self.headers["authorization"] == "Bearer secret-token":
                    flags.on = asked["on"]
                    flags.changes += 1
                self.reply()

            def reply(self) -> None:
                known = self.headers["authorization"] == "Bearer secret-token" and self.path == "/api/flags/checkout"
                body = json.dumps({"flag": {"on": flags.on}}).encode() if flags.body is None else flags.body
                self.send_response(flags.status or (200 if known else 403))
                self.send_header("location", "/elsewhere")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def flags() -> Iterator[Flags]:
    made = Flags()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def at(tmp_path: Path) -> Place:
    program = tmp_path / "shelfctl"
    program.write_text(SHELFCTL)
    program.chmod(0o755)
    (tmp_path / "shop.current").write_text("v3\n")
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    return Place(tmp_path, {"PATH": path, "FLAG_TOKEN": "secret-token"})


def switch(base: str, to: str) -> str:
    header = '-H "Authorization: Bearer $FLAG_TOKEN"'
    return f"""curl -fsS -X PATCH {header} {base}/api/flags/checkout -d '{{"on": {to}}}'"""


async def carry_out(text: str, at: Place) -> int:
    child = await asyncio.create_subprocess_exec("bash", "-c", text, cwd=at.cwd, env=at.env, stdout=-3, stderr=-3)
    return await asyncio.wait_for(child.wait(), 20)


async def test_a_flag_is_switched_off_is_proven_and_switched_on_again(flags: Flags, at: Place) -> None:
    one, text = provider("flag"), switch(flags.base, "false")
    seen = await one.preview(text, at)
    assert seen.lines == ("flag checkout: true serves now", "afterwards: false")
    assert not seen.blocked and not seen.already and not seen.checks and flags.changes == 0
    before = await one.proof(text, seen.expected, at)
    assert before is not None and before.ok is False
    assert await carry_out(text, at) == 0
    assert await one.proof(text, seen.expected, at) == Proof(True, "flag checkout serves false.")
    assert "already" in (await one.preview(text, at)).already
    back = await one.back(text, seen.expected, at)
    assert back is not None and back.text == seen.way_back
    assert "secret-token" not in back.text and "${FLAG_TOKEN}" in back.text
    forward = await one.preview(back.text, at)
    assert forward.lines[-1] == "afterwards: true"
    assert await carry_out(back.text, at) == 0
    assert flags.on is True and flags.changes == 2
    assert await one.proof(back.text, forward.expected, at) == Proof(True, "flag checkout serves true.")


async def test_a_program_of_the_team_gets_picker_proof_and_way_back(at: Place) -> None:
    one, text = provider("shelf"), "shelfctl activate --app shop v2"
    offered = await one.targets_of(text, "v2", at)
    assert [(each.value, each.current) for each in offered] == [("v3", True), ("v2", False), ("1", False)]
    seen = await one.preview(text, at)
    assert seen.lines == ("shelf shop: v3 serves now", "afterwards: v2")
    assert await carry_out(text, at) == 0
    assert await one.proof(text, seen.expected, at) == Proof(True, "shelf shop serves v2.")
    assert seen.way_back == "shelfctl activate --app shop v3"
    assert "has moved: v2" in await one.moved(text, seen.expected, at)
    assert "has no release v9" in (await one.preview("shelfctl activate --app shop v9", at)).blocked


async def test_a_release_can_stand_in_a_setting_in_front_of_the_program(at: Place) -> None:
    """`docker compose up` takes the tag from a variable."""
    order = "order: SHELF_TAG=<release> shelfctl activate --app <app> here"
    (_, own) = book(BOOK.replace("order: shelfctl activate --app <app> <release>", order)).platforms
    one = OnPlatform(Declared(own))
    seen = await one.preview("SHELF_TAG=v2 shelfctl activate --app shop here", at)
    assert seen.lines == ("shelf shop: v3 serves now", "afterwards: v2")
    assert seen.way_back == "SHELF_TAG=v3 shelfctl activate --app shop here"
    assert await one.proof("shelfctl activate --app shop here", {}, at) is None
    assert await one.proof("OTHER=v2 shelfctl activate --app shop here", {}, at) is None


@pytest.mark.parametrize(
    "text",
    [
        "shelfctl activate shop v2",
        "shelfctl activate --app shop --force",
        "shelfctl activate --app shop v2 --force",
        "shelfctl activate --app $(which) v2",
        "shelfctl list shop",
    ],
)
async def test_what_is_not_written_like_the_order_is_left_alone(text: str, at: Place) -> None:
    assert await provider("shelf").proof(text, {}, at) is None


async def test_a_release_that_the_shell_decides_is_warned_about(at: Place) -> None:
    seen = await provider("shelf").preview("shelfctl activate --app shop $(newest)", at)
    assert "decided only when it runs" in seen.warnings[0]


async def test_a_value_is_never_read_by_a_shell(at: Place) -> None:
    text = "shelfctl activate --app 'x; touch harmed' v2"
    assert (await provider("shelf").preview(text, at)).checks[0].ok is None
    assert not (at.cwd / "harmed").exists()


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (403, None, "answered 403. Look at the token"),
        (302, None, "answered 302"),
        (500, None, "answered 500"),
        (200, b"<html>", "did not answer with JSON"),
        (200, b'{"flag": {}}', "no value at flag.on"),
        (200, b'{"flag": {"on": null}}', "no value at flag.on"),
        (200, b'{"flag": {"on": {}}}', "no value at flag.on"),
        (200, b"x" * (1 << 21), "more than 1 MB"),
    ],
)
async def test_an_answer_that_is_none_is_unknown_with_its_reason(
    flags: Flags, at: Place, status: int, body: bytes | None, told: str
) -> None:
    one, text = provider("flag"), switch(flags.base, "false")
    expected = (await one.preview(text, at)).expected
    flags.status, flags.body = status, body
    (check,) = (await one.preview(text, at)).checks
    assert check.ok is None and told in check.found
    proof = await one.proof(text, expected, at)
    assert proof is not None and proof.ok is None and "secret-token" not in proof.line
    assert await one.took_effect(text, expected, at) is None


async def test_an_answer_that_drips_is_given_up(at: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: 9999\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    monkeypatch.setattr(declared, "LIMIT", 0.5)
    servers = Servers()
    base = f"http://127.0.0.1:{await servers.listen(drip)}"
    try:
        (check,) = (await asyncio.wait_for(provider("flag").preview(switch(base, "false"), at), 20)).checks
    finally:
        await servers.stop()
    assert check.ok is None and "gave no answer" in check.found


async def test_a_variable_that_is_missing_and_a_server_that_is_down_are_said(flags: Flags, at: Place) -> None:
    bare = Place(at.cwd, {"PATH": at.env["PATH"]})
    assert "needs FLAG_TOKEN" in (await provider("flag").preview(switch(flags.base, "false"), bare)).checks[0].found
    down = await provider("flag").preview(switch("http://127.0.0.1:9", "false"), at)
    assert down.checks[0].ok is None and "failed" in down.checks[0].found


async def test_nothing_is_asked_before_the_runbook_is_trusted(at: Place) -> None:
    log = at.cwd / "asked"
    (at.cwd / "shelfctl").write_text(f"#!/bin/sh\ntouch {log}\n")
    one = provider("shelf", may_ask=lambda: False)
    (check,) = (await one.preview("shelfctl activate --app shop v2", at)).checks
    assert check.ok is None and "trusted" in check.found
    assert not log.exists()


@pytest.mark.parametrize(
    ("was", "wrong", "told"),
    [
        ("list <app>, path: releases.*.id, reads: true", "renew <app>", "it may only read"),
        ("list <app>,", "list <ap>,", 'in the `order`, "ap"'),
        ("list <app>,", "list <app> | sort,", "no pipes"),
        ("list <app>,", "list $(pwd),", "no pipes"),
        ("<app> <release>", "<app>", "An `order` says with <release>"),
        ("values: [true, false]", "noun: x", "either with `releases` or with `values`"),
        ("url: <base>/api", "url: ftp://x/api", "begins with http"),
        ("run: shelfctl current", "url: https://x, run: shelfctl current", "either `run` or `url`"),
    ],
)
def test_a_platform_that_does_not_hold_together_is_refused_with_the_reason(was: str, wrong: str, told: str) -> None:
    text = BOOK.replace("    noun: state\n", "") if wrong == "noun: x" else BOOK
    assert was in text
    with pytest.raises(ReadingError) as refused:
        book(text.replace(was, wrong))
    assert told in str(refused.value)
