"""The way back of a Compose service, with the real docker program; engine and compose plugin are stand-ins.

No engine runs where these tests do, and the plugin does nothing without one.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from runbook.providers.docker_compose import DockerCompose
from runbook.providers.on_platform import OnPlatform
from runbook.providers.provider import Place
from tests.clients.clusters import carry_out
from tests.clients.programs import SEARCHED

UP = "docker --context prod compose --project-name shop --file compose.yaml up --detach --no-deps --pull never web"
BACK = f"IMAGE_TAG=4.8.0 {UP}"
provider = OnPlatform(DockerCompose())


class Engine:
    """Answers what `docker image ls` asks, and keeps the plugin's state."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "state.json"
        self.state: dict[str, Any] = {
            "services": {"web": "registry.test:5000/shop:${IMAGE_TAG}", "cache": "redis:7"},
            "images": [f"registry.test:5000/shop:{tag}" for tag in ("4.8.1", "4.8.0", "latest")],
            "containers": [{"Name": "shop-web-1", "Image": "registry.test:5000/shop:4.8.1", "State": "running"}],
            "lines": True,
            "more": {},
            "health": "healthy",
            "ups": 0,
        }
        self.keep()
        engine = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                data = json.dumps(engine.images() if "/images/json" in self.path else "OK").encode()
                self.send_response(200)
                self.send_header("API-Version", "1.45")
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(b"" if self.command == "HEAD" else data)

            do_HEAD = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def keep(self) -> None:
        self.file.write_text(json.dumps(self.state))

    def change(self, **changes: Any) -> None:
        self.state = json.loads(self.file.read_text()) | changes
        self.keep()

    def images(self) -> list[dict[str, Any]]:
        tags = [image for image in self.state["images"] if image.startswith("registry.test:5000/shop:")]
        return [
            {"Id": f"sha256:{number:064x}", "RepoTags": [tag], "Created": 1_760_000_000 - number * 86_400, "Size": 5}
            for number, tag in enumerate(tags)
        ]


@contextmanager
def on_a_host(folder: Path) -> Iterator[tuple[Engine, Place]]:
    """An engine, and a shell whose docker asks it in the context `prod`."""
    docker = shutil.which("docker")
    if docker is None:
        pytest.skip("docker is not installed (its client is enough: apt-get install docker-ce-cli)")
    engine = Engine(folder)
    plugin = folder / ".docker/cli-plugins/docker-compose"
    plugin.parent.mkdir(parents=True)
    stand_in = Path(__file__).with_name("compose_plugin.py")
    plugin.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(stand_in))} "$@"\n')
    plugin.chmod(0o755)
    env = {"PATH": SEARCHED, "HOME": str(folder), "COMPOSE_STAND_IN": str(engine.file)}
    host = f"host=tcp://127.0.0.1:{engine.server.server_address[1]}"
    subprocess.run(
        [docker, "context", "create", "prod", "--docker", host], env=env, check=True, capture_output=True, timeout=30
    )
    try:
        yield engine, Place(cwd=folder, env=env)
    finally:
        engine.server.shutdown()
        engine.server.server_close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Engine, Place]]:
    with on_a_host(tmp_path) as there:
        yield there


@pytest.mark.parametrize("lines", [True, False])
async def test_a_tag_is_picked_started_proven_and_left_again(world: tuple[Engine, Place], lines: bool) -> None:
    engine, at = world
    engine.change(lines=lines)
    targets = await provider.targets_of(BACK.replace("4.8.0", "warroom-stand-in"), "warroom-stand-in", at)
    assert [(one.value, one.current) for one in targets][:2] == [("4.8.1", True), ("4.8.0", False)]
    preview = await provider.preview(BACK, at)
    assert preview.lines[0].startswith("the service web: 4.8.1 serves now")
    assert preview.lines[-1].startswith("afterwards: 4.8.0")
    assert not preview.blocked and preview.way_back == f"IMAGE_TAG=4.8.1 {UP}"
    assert [line.ok for line in preview.checks] == [True, True]
    assert preview.lines[1].startswith("where: prod tcp://127.0.0.1:")
    ended = await carry_out(BACK, at)
    assert ended.exit == 0, ended.output
    proof = await provider.proof(BACK, preview.expected, at)
    assert proof is not None and proof.ok is True
    assert "already" in (await provider.preview(BACK, at)).already
    back = await provider.back(BACK, preview.expected, at)
    assert back is not None and back.text == preview.way_back
    forward = await provider.preview(back.text, at)
    assert (await carry_out(back.text, at)).exit == 0
    proof = await provider.proof(back.text, forward.expected, at)
    assert proof is not None and proof.ok is True


async def test_a_file_that_does_not_take_the_tag_from_the_variable_stops_it(world: tuple[Engine, Place]) -> None:
    engine, at = world
    engine.change(services={"web": "registry.test:5000/shop:4.8.1"})
    (_, check) = (await provider.preview(BACK, at)).checks
    assert check.ok is False and check.stops and "4.8.1" in check.found and "${IMAGE_TAG}" in check.mend


async def test_a_tag_that_is_not_on_the_host_is_blocked_where_none_is_pulled(world: tuple[Engine, Place]) -> None:
    _, at = world
    assert "not on this host" in (await provider.preview(BACK.replace("4.8.0", "3.0"), at)).blocked
    pulled = await provider.preview(BACK.replace("4.8.0", "3.0").replace("--pull never ", ""), at)
    assert not pulled.blocked and "The tag 3.0 is not on this host: it has to be pulled." in pulled.warnings
    assert "tag that moves" in " ".join((await provider.preview(BACK.replace("4.8.0", "latest"), at)).warnings)


async def test_no_image_is_built_anew_under_an_old_tag(world: tuple[Engine, Place]) -> None:
    """Compose builds what it finds nowhere: the faulty code would serve under the tag of the good one."""
    engine, at = world
    engine.change(more={"build": {"context": "."}})
    gone = BACK.replace("4.8.0", "3.0").replace("--pull never ", "")
    (*_, check) = (await provider.preview(gone, at)).checks
    assert check.ok is False and check.stops and "--no-build" in check.mend
    for harmless in (BACK, gone.replace("--detach", "--detach --no-build")):
        assert len((await provider.preview(harmless, at)).checks) == 2
    engine.change(more={"build": {"context": "."}, "pull_policy": "build"})
    assert len((await provider.preview(BACK, at)).checks) == 3


async def test_a_service_that_goes_back_with_it_is_named(world: tuple[Engine, Place]) -> None:
    """Without --no-deps what it depends on is started anew under the same tag: a worker, an old migration."""
    _, at = world
    *_, check = (await provider.preview(BACK.replace("--no-deps ", ""), at)).checks
    assert check.ok is False and not check.stops and "cache has the same tag" in check.found
    assert len((await provider.preview(BACK, at)).checks) == 2


async def test_an_unhealthy_container_is_not_proof(world: tuple[Engine, Place]) -> None:
    engine, at = world
    preview = await provider.preview(BACK, at)
    engine.change(health="unhealthy")
    ended = await carry_out(BACK, at)
    assert ended.exit == 1
    failure = await provider.failure(BACK, ended.output, at)
    assert failure is not None and "not healthy" in failure.why
    proof = await provider.proof(BACK, preview.expected, at)
    assert proof is not None and proof.ok is None and "unhealthy" in proof.line
    assert await provider.took_effect(BACK, preview.expected, at) is True


async def test_what_moved_meanwhile_and_a_lost_outcome_are_told(world: tuple[Engine, Place]) -> None:
    engine, at = world
    preview = await provider.preview(BACK, at)
    assert await provider.took_effect(BACK, preview.expected, at) is False
    engine.change(containers=[{"Name": "shop-web-1", "Image": "registry.test:5000/shop:4.9.0", "State": "running"}])
    assert "has moved: 4.9.0" in await provider.moved(BACK, preview.expected, at)


async def test_a_tag_that_was_given_to_another_image_is_not_gone_back_to_by_its_name(
    world: tuple[Engine, Place],
) -> None:
    engine, at = world
    engine.change(containers=[{"Name": "shop-web-1", "Image": f"sha256:{7:064x}", "State": "running"}])
    preview = await provider.preview(BACK, at)
    assert "whose tag names another one" in preview.lines[0] and not preview.way_back and not preview.blocked


async def test_an_unreachable_engine_and_a_missing_service_are_said(world: tuple[Engine, Place]) -> None:
    engine, at = world
    nowhere = BACK.removesuffix("web") + "nowhere"
    checks = (await provider.preview(nowhere, at)).checks
    assert any(line.ok is None and "no such service" in line.found for line in checks)
    engine.server.shutdown()
    engine.server.server_close()
    checks = (await provider.preview(BACK, at)).checks
    assert any(line.ok is None and "Cannot connect to the Docker daemon" in line.found for line in checks)


@pytest.mark.parametrize(
    "text",
    [
        UP,
        f"IMAGE_TAG=4.8.0 {UP} cache",
        "IMAGE_TAG=4.8.0 docker compose pull web",
        "IMAGE_TAG=4.8.0 docker compose up --build web",
        "COMPOSE_PROJECT_NAME=shop docker compose up web",
        "IMAGE_TAG=4.8.0 docker run web",
        "A=1 B=2 docker compose up web",
    ],
)
async def test_other_calls_are_no_way_back(text: str) -> None:
    assert (await provider.preview(text, Place(Path.cwd()))).lines == ()


async def test_another_context_than_the_preview_saw_stops_the_command_though_the_same_tag_serves_there(
    world: tuple[Engine, Place],
) -> None:
    _, at = world
    text = BACK.replace("--context prod ", "")
    use = ["docker", "context", "use"]
    subprocess.run([*use, "prod"], env=at.env, check=True, capture_output=True, timeout=30)
    preview = await provider.preview(text, at)
    assert await provider.moved(text, preview.expected, at) == ""
    host = f"host={preview.lines[1].rpartition(' ')[2]}"
    create = ["docker", "context", "create", "staging", "--docker", host]
    subprocess.run(create, env=at.env, check=True, capture_output=True, timeout=30)
    subprocess.run([*use, "staging"], env=at.env, check=True, capture_output=True, timeout=30)
    moved = await provider.moved(text, preview.expected, at)
    assert "It would act elsewhere by now. it is known which engine is meant: staging" in moved
