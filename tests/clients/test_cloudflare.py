"""The way back of a Worker on Cloudflare, with the real wrangler: what is shown before, proven after, refused."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from runbook.providers.cloudflare import Cloudflare
from runbook.providers.on_platform import OnPlatform
from runbook.providers.provider import Place
from tests.clients.clusters import carry_out
from tests.clients.programs import CLIENTS, SEARCHED, need

ONE, TWO, THREE = (f"0000000{number}-0000-4000-8000-000000000000" for number in (1, 2, 3))
BARE = "wrangler rollback --name web --message why --yes"
BACK = f"wrangler rollback {TWO} --name web --message why --yes"
DEPLOY = f"wrangler versions deploy {TWO}@100% --name web --yes"
SECRETS = "The following secrets have changed: API_KEY [code: 10220]"
provider = OnPlatform(Cloudflare())


class CloudflareServer:
    """A Worker `web` with three versions; `refuse` is the HTTP status of every answer."""

    def __init__(self) -> None:
        self.versions = {ONE: "v3.9.1", TWO: "v3.9.2", THREE: "v3.9.3"}
        self.serves = {THREE: 100}
        self.refuse = self.orders = 0
        self.secrets_changed = False
        cloudflare = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                code, said = cloudflare.answer(self.command, self.path, json.loads(body or b"{}"))
                errors = [said] if code != 200 else []
                result = {
                    "success": code == 200,
                    "errors": errors,
                    "messages": [],
                    "result": said if not errors else None,
                }
                data = json.dumps(result).encode()
                self.send_response(code)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if self.refuse:
            code, said = {401: (10001, "Unable to authenticate request"), 403: (10000, "Authentication error")}.get(
                self.refuse, (10013, "An unknown error has occurred")
            )
            return self.refuse, {"code": code, "message": said}
        address, _, query = path.partition("?")
        words = address.strip("/").split("/")
        if words[:7] != ["client", "v4", "accounts", "acc1", "workers", "scripts", "web"]:
            return 404, {"code": 10007, "message": "This Worker does not exist on your account."}
        return self.about_web(method, words[7:], query, body)

    def about_web(self, method: str, rest: list[str], query: str, body: dict[str, Any]) -> tuple[int, Any]:
        if rest == ["deployments"] and method == "POST":
            if self.secrets_changed and "force=true" not in query:
                return 400, {"code": 10220, "message": SECRETS}
            self.orders += 1
            self.serves = {one["version_id"]: one["percentage"] for one in body["versions"]}
        if rest == ["deployments"]:
            deployment = {
                "id": f"00000000-0000-4000-8000-00000000000{self.orders}",
                "source": "wrangler",
                "strategy": "percentage",
                "author_email": "ana@example.test",
                "created_on": "2026-01-14T10:00:00.000Z",
                "annotations": {"workers/triggered_by": "deployment"},
                "versions": [{"version_id": one, "percentage": share} for one, share in self.serves.items()],
            }
            return 200, deployment if method == "POST" else {"deployments": [deployment]}
        if rest == ["versions"]:
            return 200, {"items": [self.version(one) for one in self.versions]}
        if rest[:1] == ["versions"] and rest[1] in self.versions:
            return 200, self.version(rest[1])
        return 404, {"code": 10149, "message": "The requested version was not found."}

    def version(self, version: str) -> dict[str, Any]:
        number = int(version[7])
        at = f"2026-01-1{number}T10:00:00.000Z"
        return {
            "id": version,
            "number": number,
            "metadata": {"created_on": at, "modified_on": at, "author_email": "ana@example.test", "source": "wrangler"},
            "annotations": {"workers/message": self.versions[version], "workers/triggered_by": "upload"},
            "resources": {"bindings": [], "script": {"etag": "e", "handlers": ["fetch"]}, "script_runtime": {}},
        }


World = tuple[CloudflareServer, Place]


def environment(server: CloudflareServer, home: Path) -> dict[str, str]:
    """A shell whose wrangler asks this server and no other."""
    return {
        "PATH": SEARCHED,
        "HOME": str(home),
        "CLOUDFLARE_API_BASE_URL": f"{server.url}/client/v4",
        "CLOUDFLARE_API_TOKEN": "made-up",
        "CLOUDFLARE_ACCOUNT_ID": "acc1",
        "WRANGLER_SEND_METRICS": "false",
        "WRANGLER_HIDE_BANNER": "true",
        "WRANGLER_LOG_PATH": str(home / "logs"),
        "npm_config_registry": server.url,  # where it looks for a newer one
        "NO_COLOR": "1",
    }


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    need("wrangler")
    server = CloudflareServer()
    try:
        yield server, Place(cwd=tmp_path, env=environment(server, tmp_path))
    finally:
        server.close()


async def test_a_version_is_picked_deployed_proven_and_left_again(world: World) -> None:
    server, at = world
    bare = await provider.preview(BARE, at)
    assert "names no version" in bare.blocked and [one.value for one in bare.choices] == [TWO, ONE]
    text = provider.chosen(BARE, TWO)
    preview = await provider.preview(text, at)
    assert preview.lines[0].startswith(f"the Worker web: {THREE} (v3.9.3) serves now · by ana@example.test")
    assert preview.lines[-1].startswith(f"afterwards: {TWO} (v3.9.2)")
    assert [line.ok for line in preview.checks] == [True, True] and "KV, D1" in preview.warnings[0]
    assert not preview.blocked and not server.orders
    ended = await carry_out(text, at)
    assert ended.exit == 0, ended.output
    proof = await provider.proof(text, preview.expected, at)
    assert proof is not None and proof.ok is True and TWO in proof.line
    assert "already" in (await provider.preview(text, at)).already
    back = await provider.back(text, preview.expected, at)
    assert back is not None and back.text.startswith(f"wrangler rollback {THREE} --name web --message")
    forward = await provider.preview(back.text, at)
    assert (await carry_out(back.text, at)).exit == 0
    proof = await provider.proof(back.text, forward.expected, at)
    assert proof is not None and proof.ok is True and server.serves == {THREE: 100}


async def test_versions_deploy_to_all_traffic_is_the_same_order_and_a_split_is_none(world: World) -> None:
    server, at = world
    preview = await provider.preview(DEPLOY, at)
    assert preview.lines[-1].startswith(f"afterwards: {TWO}")
    ended = await carry_out(DEPLOY, at)
    assert ended.exit == 0, ended.output
    proof = await provider.proof(DEPLOY, preview.expected, at)
    assert proof is not None and proof.ok is True and server.serves == {TWO: 100}
    for split in (f"{TWO}@50%", f"{TWO}@50% {ONE}@50%", f"--version-id {ONE} --version-id {TWO}", f"{TWO} --dry-run"):
        assert await provider.proof(f"wrangler versions deploy {split} --name web", {}, at) is None


async def test_split_traffic_is_unsettled_and_not_taken_for_done(world: World) -> None:
    server, at = world
    server.serves = {TWO: 90, THREE: 10}
    preview = await provider.preview(BACK, at)
    assert f"split: {TWO} 90 %, {THREE} 10 %" in preview.lines[1] and not preview.already
    proof = await provider.proof(BACK, preview.expected, at)
    assert proof is not None and proof.ok is None


async def test_without_a_terminal_wrangler_goes_ahead_over_changed_secrets_which_is_said_before(world: World) -> None:
    server, at = world
    server.secrets_changed = True
    assert "secrets changed since" in (await provider.preview(BACK, at)).warnings[0]
    ended = await carry_out(BACK, at)
    assert ended.exit == 0 and "API_KEY" in ended.output and server.serves == {TWO: 100}


async def test_a_version_gone_meanwhile_and_another_worker_are_said(world: World) -> None:
    server, at = world
    preview = await provider.preview(BACK, at)
    del server.versions[TWO]
    assert f"no version {TWO} any more" in await provider.moved(BACK, preview.expected, at)
    ended = await carry_out(BACK, at)
    failure = await provider.failure(BACK, ended.output, at)
    assert ended.exit != 0 and failure is not None and "no such version" in failure.why, ended.output
    other = await provider.preview(BACK.replace("--name web", "--name wbe"), at)
    assert any(line.ok is None and "No such Worker" in line.found for line in other.checks)


async def test_the_folders_configuration_names_worker_and_account(world: World) -> None:
    server, at = world
    nowhere = Place(cwd=at.cwd, env={name: said for name, said in at.env.items() if name != "CLOUDFLARE_ACCOUNT_ID"})
    text = BACK.replace("--name web ", "")
    assert [line.ok for line in (await provider.preview(text, nowhere)).checks[:2]] == [False, None]
    (at.cwd / "wrangler.toml").write_text('name = "web"\naccount_id = "acc1"\ncompatibility_date = "2026-01-01"\n')
    told = await provider.preview(text, Place(cwd=at.cwd, env=at.env | {"CLOUDFLARE_ACCOUNT_ID": "another"}))
    assert told.checks[1].found == "acc1"  # as wrangler reads it: the file counts more
    preview = await provider.preview(text, nowhere)
    assert [line.ok for line in preview.checks] == [True, True] and preview.lines[-1].startswith("afterwards")
    assert (await carry_out(text, nowhere)).exit == 0 and server.serves == {TWO: 100}


async def test_a_projects_own_wrangler_is_asked_and_none_is_fetched_to_ask(world: World) -> None:
    _, at = world
    if not (own := CLIENTS / "wrangler" / "node_modules").is_dir():
        pytest.skip("wrangler is not in .clients/. `make clients` gets it.")
    (at.cwd / "node_modules").symlink_to(own)
    preview = await provider.preview(f"npx -y {BACK}", at)
    assert preview.lines and preview.way_back.startswith(f"npx -y wrangler rollback {THREE}"), preview.checks
    (at.cwd / "node_modules").unlink()
    for runner in ("npx -y", "pnpm dlx", "bunx"):
        preview = await provider.preview(f"{runner} {BACK}", at)
        assert any(line.ok is None and line.stops for line in preview.checks) and not preview.expected


@pytest.mark.parametrize(
    ("status", "meaning"),
    [(401, "Not signed in"), (403, "refuses this sign-in"), (500, "failed or refused"), (0, "not be reached")],
)
async def test_a_refusal_is_unknown_and_a_failed_order_is_explained(world: World, status: int, meaning: str) -> None:
    server, at = world
    server.refuse = status
    if not status:
        server.close()
    preview = await provider.preview(BACK, at)
    assert any(line.ok is None and meaning in line.found for line in preview.checks), preview.checks
    assert not preview.expected
    ended = await carry_out(BACK, at)
    failure = await provider.failure(BACK, ended.output, at)
    assert ended.exit != 0 and failure is not None and meaning in failure.why, ended.output
    assert not server.orders
