"""The way back on Railway by `warroom railway`: what is shown before, what is proven after, and every refusal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.providers import railway_api
from runbook.providers.child import Answer, bounded
from runbook.providers.on_platform import OnPlatform
from runbook.providers.provider import Place
from runbook.providers.railway import Railway
from tests.clients.railway import RailwayServer

ROOT = Path(__file__).parents[2]
BARE = "warroom railway rollback"
BACK = f"{BARE} two"
WHAT = "the Railway service"

provider = OnPlatform(Railway())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[RailwayServer, Place]]:
    server = RailwayServer()
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "RAILWAY_API_URL": server.url,
        "RAILWAY_TOKEN": "s3cr3t-token",
        "RAILWAY_SERVICE_ID": "svc-1",
    }
    try:
        yield server, Place(cwd=tmp_path, env=env)
    finally:
        server.close()


async def carry_out(text: str, at: Place, *more: str) -> Answer:
    """The real program, in a process of its own."""
    words = text.removeprefix("warroom").split()
    return await bounded((sys.executable, "-m", "tui.cli", *words, *more), at.cwd, at.env, 40)


def but(at: Place, **changes: str) -> Place:
    return Place(cwd=at.cwd, env=at.env | changes)


async def test_a_deployment_is_picked_restored_proven_under_its_new_id_and_left_again(
    world: tuple[RailwayServer, Place],
) -> None:
    server, at = world
    offered = await provider.targets_of(BACK.replace("two", "VALUE"), "VALUE", at)
    assert [(one.value, one.current) for one in offered] == [("three", True), ("two", False), ("one", False)]
    preview = await provider.preview(BACK, at)
    assert preview.lines[0].startswith(f"{WHAT}: three (threethr Release three) serves now · by ana")
    assert preview.lines[-1].startswith("afterwards: two (twotwotw Release two)")
    assert not preview.blocked and not preview.already and server.orders() == 0
    before = await provider.proof(BACK, preview.expected, at)
    assert before is not None and before.ok is False and "as before" in before.line

    ended = await carry_out(BACK, at)
    assert ended.exit == 0, ended
    assert server.orders() == 1 and server.deployments[0]["status"] == "SUCCESS"
    assert b"s3cr3t" not in ended.out + ended.err
    proof = await provider.proof(BACK, preview.expected, at)
    assert proof is not None and proof.ok is True and "again-3" in proof.line
    assert await provider.took_effect(BACK, preview.expected, at) is True
    again = await provider.preview(BACK, at)
    assert not again.already and "the same code" in " ".join(again.warnings)

    back = await provider.back(BACK, preview.expected, at)
    assert back is not None and back.text == f"{BARE} three" == preview.way_back
    forward = await provider.preview(back.text, at)
    assert (await carry_out(back.text, at)).exit == 0
    proof = await provider.proof(back.text, forward.expected, at)
    assert proof is not None and proof.ok is True


async def test_a_deployment_of_the_same_commit_is_not_taken_for_the_one_that_serves(
    world: tuple[RailwayServer, Place],
) -> None:
    """A variable that was changed makes one more deployment of a commit, and a rollback takes the variable back."""
    server, at = world
    server.deploy("changed", "three")
    text = f"{BARE} three"
    assert [(one.value, one.current) for one in await provider.targets_of(text, "three", at)][:2] == [
        ("changed", True),
        ("three", False),
    ]
    preview = await provider.preview(text, at)
    assert not preview.already and preview.way_back == f"{BARE} changed"
    before = await provider.proof(text, preview.expected, at)
    assert before is not None and before.ok is False
    assert await provider.took_effect(text, preview.expected, at) is False
    assert (await carry_out(text, at)).exit == 0
    proof = await provider.proof(text, preview.expected, at)
    assert proof is not None and proof.ok is True
    assert await provider.took_effect(text, preview.expected, at) is True


async def test_a_command_without_a_deployment_is_blocked_and_offers_them(world: tuple[RailwayServer, Place]) -> None:
    _, at = world
    preview = await provider.preview(BARE, at)
    assert "names no deployment" in preview.blocked
    assert [one.value for one in preview.choices] == ["two", "one"]
    assert provider.chosen(BARE, "one") == f"{BARE} one"


async def test_list_and_live_say_as_json_what_serves(world: tuple[RailwayServer, Place]) -> None:
    server, at = world
    said = json.loads((await carry_out("warroom railway list --json", at)).out)
    assert [(one["id"], one["live"]) for one in said] == [("three", True), ("two", False), ("one", False)]
    server.end = ""
    server.deploy("four", "four", "DEPLOYING")
    under_way = await carry_out("warroom railway live --json", at)
    assert under_way.exit == 1 and json.loads(under_way.out)[0]["id"] == "four"


async def test_a_deployment_whose_image_is_gone_is_blocked_and_never_ordered(
    world: tuple[RailwayServer, Place],
) -> None:
    server, at = world
    server.find("two")["canRollback"] = False
    assert "its image no longer" in (await provider.preview(BACK, at)).blocked
    ended = await carry_out(BACK, at)
    assert ended.exit == 1 and b"Nothing was changed" in ended.err and server.orders() == 0


async def test_what_serves_already_is_not_ordered_again(world: tuple[RailwayServer, Place]) -> None:
    server, at = world
    ended = await carry_out(f"{BARE} three", at)
    assert ended.exit == 0 and b"serves already" in ended.out and server.orders() == 0


async def test_a_deployment_deleted_meanwhile_is_said_before_and_by_the_command(
    world: tuple[RailwayServer, Place],
) -> None:
    server, at = world
    preview = await provider.preview(BACK, at)
    server.deployments.remove(server.find("two"))
    assert "no deployment two any more" in await provider.moved(BACK, preview.expected, at)
    ended = await carry_out(BACK, at)
    assert ended.exit == 1 and b"no deployment two" in ended.err and server.orders() == 0


async def test_another_deployment_that_went_live_meanwhile_is_said(world: tuple[RailwayServer, Place]) -> None:
    server, at = world
    preview = await provider.preview(BACK, at)
    server.deploy("four", "four")
    assert "has moved: four" in await provider.moved(BACK, preview.expected, at)


@pytest.mark.parametrize("end", ["FAILED", "CRASHED"])
async def test_a_rollback_that_does_not_come_up_is_no_success(world: tuple[RailwayServer, Place], end: str) -> None:
    server, at = world
    preview = await provider.preview(BACK, at)
    server.end = end
    ended = await carry_out(BACK, at)
    assert ended.exit == 1 and b"The rollback failed" in ended.out
    proof = await provider.proof(BACK, preview.expected, at)
    assert proof is not None and proof.ok is not True


async def test_a_rollback_that_is_under_way_at_the_time_limit_is_unknown(world: tuple[RailwayServer, Place]) -> None:
    server, at = world
    preview = await provider.preview(BACK, at)
    server.end = ""
    ended = await carry_out(BACK, at, "--limit", "0.1")
    assert ended.exit == 1 and b"does not serve yet" in ended.out
    proof = await provider.proof(BACK, preview.expected, at)
    assert proof is not None and proof.ok is None and "under way" in proof.line


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "refused the token"), (403, "refused the token"), (429, "too many questions"), (500, "HTTP 500")],
)
async def test_a_refusal_is_unknown_and_says_the_mend(
    world: tuple[RailwayServer, Place], status: int, words: str
) -> None:
    server, at = world
    server.refuse = status
    preview = await provider.preview(BACK, at)
    assert any(one.ok is None and words in one.found for one in preview.checks), preview.checks
    ended = await carry_out(BACK, at)
    assert ended.exit == 1 and words.encode() in ended.err and server.orders() == 0


async def test_an_error_that_comes_with_http_200_is_an_error(world: tuple[RailwayServer, Place]) -> None:
    server, at = world
    server.error = "Not Authorized"
    ended = await carry_out(BACK, at)
    assert ended.exit == 1 and b"Railway refused: Not Authorized" in ended.err


async def test_a_token_of_another_environment_stops_everything(world: tuple[RailwayServer, Place]) -> None:
    server, at = world
    wrong = but(at, RAILWAY_ENVIRONMENT_ID="env-staging")
    assert any("env-staging" in one.found and one.ok is None for one in (await provider.preview(BACK, wrong)).checks)
    assert (await carry_out(BACK, wrong)).exit == 1 and server.orders() == 0


async def test_an_account_token_goes_as_a_bearer_and_needs_every_id(world: tuple[RailwayServer, Place]) -> None:
    server, at = world
    account = but(at, RAILWAY_TOKEN="", RAILWAY_API_TOKEN="acc", RAILWAY_PROJECT_ID="prj-1")
    assert b"RAILWAY_ENVIRONMENT_ID not set" in (await carry_out("warroom railway list", account)).err
    whole = but(account, RAILWAY_ENVIRONMENT_ID="env-1")
    assert (await carry_out("warroom railway list", whole)).exit == 0
    assert server.asked[-1][1] == "Bearer acc"


async def test_a_server_that_is_down_and_a_plain_http_address_far_away_get_no_token(
    world: tuple[RailwayServer, Place],
) -> None:
    _, at = world
    down = await carry_out(BACK, but(at, RAILWAY_API_URL="http://127.0.0.1:9/"))
    assert down.exit == 1 and b"could not be reached" in down.err
    plain = await carry_out(BACK, but(at, RAILWAY_API_URL="http://railway.example/"))
    assert plain.exit == 1 and b"not https" in plain.err


async def test_a_server_that_hangs_is_given_up_in_time(
    world: tuple[RailwayServer, Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, at = world
    monkeypatch.setattr(railway_api, "LIMIT", 0.2)
    server.hanging = True
    preview = await provider.preview(BACK, at)
    assert any("no answer within" in one.found for one in preview.checks)


@pytest.mark.parametrize(
    "text", ["railway rollback two", "railway redeploy -y", "railway down", "warroom railway list"]
)
async def test_nothing_else_is_an_order(world: tuple[RailwayServer, Place], text: str) -> None:
    server, at = world
    assert await provider.proof(text, {}, at) is None and server.asked == []


async def test_a_service_that_the_command_names_is_in_its_way_back(world: tuple[RailwayServer, Place]) -> None:
    _, at = world
    named = f"RAILWAY_SERVICE_ID=svc-1 {BACK}"
    assert (await provider.preview(named, at)).way_back == f"RAILWAY_SERVICE_ID=svc-1 {BARE} three"
