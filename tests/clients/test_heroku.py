"""The way back of an app on Heroku, with the real heroku: what is shown before, what is proven after, the refusals."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runbook.providers.heroku import Heroku
from runbook.providers.on_platform import OnPlatform
from runbook.providers.provider import Place
from tests.clients.clusters import carry_out
from tests.clients.programs import SEARCHED, need
from tests.clients.stand_in import StandIn

BARE = "heroku rollback --app web"
BACK = "heroku rollback v2 --app web"
provider = OnPlatform(Heroku())


class HerokuServer(StandIn):
    """One app `web` with three releases; `refuse` is the HTTP status of every answer."""

    def __init__(self) -> None:
        self.releases: list[dict[str, Any]] = []
        self.refuse = self.orders = 0
        for number in (1, 2, 3):
            self.release(f"Deploy c0ffee{number}")
        super().__init__()

    def release(self, description: str, status: str = "succeeded") -> dict[str, Any]:
        number = len(self.releases) + 1
        if status == "succeeded":
            for one in self.releases:
                one["current"] = False
        self.releases.append(
            {
                "version": number,
                "id": f"0000000{number}-0000-4000-8000-000000000000",
                "status": status,
                "current": status == "succeeded",
                "description": description,
                "created_at": f"2026-01-10T10:0{number}:00Z",
                "user": {"email": "ana@example.test"},
                "eligible_for_rollback": status == "succeeded",
                "output_stream_url": None,
            }
        )
        return self.releases[-1]

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if self.refuse:
            return self.refuse, {"id": "refused", "message": f"refused with {self.refuse}"}
        words = path.partition("?")[0].strip("/").split("/")
        if words[0] != "apps" or words[1:2] not in (["web"], ["shop"]):
            return 404, {"id": "not_found", "message": "Couldn't find that app."}
        if words[2:] == ["releases"] and method == "GET":
            return 200, [one | {"app": {"name": words[1]}} for one in self.releases[::-1]]
        named = body.get("release") or words[-1]
        old = next((one for one in self.releases if named in (one["id"], str(one["version"]))), None)
        if old is None:
            return 404, {"id": "not_found", "message": "Couldn't find that release."}
        if method == "POST":
            self.orders += 1
            return 201, self.release(f"Rollback to v{old['version']}")
        return 200, old


def environment(server: HerokuServer, home: Path) -> dict[str, str]:
    """A shell whose heroku asks this server and no other."""
    return {
        "PATH": SEARCHED,
        "HOME": str(home),
        "HEROKU_HOST": server.url,
        "HEROKU_API_KEY": "00000000-0000-4000-8000-000000000001",
        "DISABLE_TELEMETRY": "true",
        "HEROKU_SKIP_NEW_VERSION_CHECK": "1",
        "HEROKU_DISABLE_AUTOUPDATE": "1",  # else a second heroku stays behind and waits to update the first
    }


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[HerokuServer, Place]]:
    need("heroku")
    server = HerokuServer()
    try:
        yield server, Place(cwd=tmp_path, env=environment(server, tmp_path))
    finally:
        server.close()


async def test_a_release_is_picked_restored_proven_under_its_new_number_and_left_again(
    world: tuple[HerokuServer, Place],
) -> None:
    server, at = world
    bare = await provider.preview(BARE, at)
    assert "names no release" in bare.blocked and [one.value for one in bare.choices] == ["v2", "v1"]
    preview = await provider.preview(BACK, at)
    assert preview.lines[0].startswith("the app web: v3 (Deploy c0ffee3) serves now · by ana@example.test")
    assert preview.lines[-1].startswith("afterwards: v2 (Deploy c0ffee2)")
    assert not preview.blocked and server.orders == 0
    ended = await carry_out(BACK, at)
    assert ended.exit == 0, ended.output
    proof = await provider.proof(BACK, preview.expected, at)
    assert proof is not None and proof.ok is True and "v4 (Rollback to v2)" in proof.line
    assert "already" in (await provider.preview(BACK, at)).already
    back = await provider.back(BACK, preview.expected, at)
    assert back is not None and back.text == "heroku rollback v3 --app web"
    forward = await provider.preview(back.text, at)
    assert (await carry_out(back.text, at)).exit == 0
    proof = await provider.proof(back.text, forward.expected, at)
    assert proof is not None and proof.ok is True


async def test_a_release_that_failed_is_blocked_and_one_that_only_set_a_variable_is_another(
    world: tuple[HerokuServer, Place],
) -> None:
    server, at = world
    server.release("Deploy c0ffee4", "failed")
    server.release("Set FOO config vars")
    assert "v4 failed" in (await provider.preview(BACK.replace("v2", "v4"), at)).blocked
    assert not (await provider.preview(BACK.replace("v2", "v3"), at)).already


async def test_a_release_gone_meanwhile_and_another_app_are_said(world: tuple[HerokuServer, Place]) -> None:
    server, at = world
    preview = await provider.preview(BACK, at)
    server.releases.pop(1)
    assert "no release v2 any more" in await provider.moved(BACK, preview.expected, at)
    ended = await carry_out(BACK, at)
    failure = await provider.failure(BACK, ended.output, at)
    assert ended.exit != 0 and failure is not None and "no such release" in failure.why
    other = await provider.preview(BACK.replace("web", "wbe"), at)
    assert any(one.ok is None and "find that app" in one.found for one in other.checks)


@pytest.mark.parametrize("status", [401, 403, 429, 500])
async def test_a_refusal_is_unknown(world: tuple[HerokuServer, Place], status: int) -> None:
    server, at = world
    server.refuse = status
    preview = await provider.preview(BACK, at)
    assert any(one.ok is None for one in preview.checks) and not preview.expected
    assert server.orders == 0


async def test_without_an_app_the_one_that_the_folder_leads_to_is_named_and_another_one_stops_the_command(
    world: tuple[HerokuServer, Place],
) -> None:
    _, at = world
    at = Place(at.cwd, at.env | {"HEROKU_GIT_HOST": "heroku.com"})
    for words in ("init", "remote add heroku git@heroku.com:web.git"):
        subprocess.run(["git", *words.split()], cwd=at.cwd, env=at.env, check=True, capture_output=True, timeout=30)
    preview = await provider.preview("heroku rollback v2", at)
    (check, *rest) = preview.checks
    assert not rest, rest
    assert (check.ok, check.found) == (False, "no --app: the git remotes of the folder decide, now web")
    assert await provider.moved("heroku rollback v2", preview.expected, at) == ""  # a person overrode it
    leads = ["git", "remote", "set-url", "heroku", "git@heroku.com:shop.git"]
    subprocess.run(leads, cwd=at.cwd, env=at.env, check=True, capture_output=True, timeout=30)
    assert (await provider.moved("heroku rollback v2", preview.expected, at)).endswith("decide, now shop")
