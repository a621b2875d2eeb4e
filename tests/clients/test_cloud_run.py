"""The way back of a service on Cloud Run, with the real gcloud: what is shown before, proven after, refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from runbook.providers.cloud_run import CloudRun
from runbook.providers.on_platform import OnPlatform
from runbook.providers.provider import Place
from tests.clients.clusters import carry_out
from tests.clients.programs import SEARCHED, need
from tests.clients.stand_in import StandIn

WHERE = "--region us-central1 --project p1"
BACK = f"gcloud run services update-traffic web --to-revisions web-2=100 {WHERE}"
LATEST = f"gcloud run services update-traffic web --to-latest {WHERE}"
provider = OnPlatform(CloudRun())


class CloudRunServer(StandIn):
    """A service `web` with three revisions, as a proxy that every request of gcloud goes to.

    `refuse` is the HTTP status of every answer, `late` keeps an accepted order from being carried out.
    """

    def __init__(self) -> None:
        self.revisions = {f"web-{number}": "True" for number in (1, 2, 3)}
        self.traffic: list[dict[str, Any]] = [{"latestRevision": True, "percent": 100}]
        self.serves: list[dict[str, Any]] = [{"revisionName": "web-3", "percent": 100, "latestRevision": True}]
        self.generation = self.observed = 1
        self.ready = "True"
        self.refuse = self.orders = 0
        self.late = False
        super().__init__()

    @property
    def newest(self) -> str:
        return [name for name, ready in self.revisions.items() if ready == "True"][-1]

    def settle(self) -> None:
        self.serves = [{"revisionName": self.newest} | one for one in self.traffic]
        self.observed = self.generation

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if self.refuse:
            words = {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL"}
            error = {"code": self.refuse, "message": f"refused: {self.refuse}", "status": words[self.refuse]}
            return self.refuse, {"error": error}
        path = urlsplit(path).path
        last = path.rpartition("/")[2]
        if last == "revisions":
            items = [self.revision(number, name) for number, name in enumerate(self.revisions, 1)]
            return 200, {"apiVersion": "serving.knative.dev/v1", "kind": "RevisionList", "metadata": {}, "items": items}
        if last != "web" or "/namespaces/p1/" not in path:
            return 404, {"error": {"code": 404, "message": "Requested entity was not found.", "status": "NOT_FOUND"}}
        if method == "PUT":
            wanted = body["spec"]["traffic"]
            gone = [one["revisionName"] for one in wanted if one.get("revisionName", self.newest) not in self.revisions]
            if gone:
                said = f"Revision '{gone[0]}' not found."
                return 400, {"error": {"code": 400, "message": said, "status": "INVALID_ARGUMENT"}}
            self.orders += 1
            self.generation += 1
            self.traffic = wanted
            if not self.late:
                self.settle()
        return 200, self.service()

    def revision(self, number: int, name: str) -> dict[str, Any]:
        ready = {"type": "Ready", "status": self.revisions[name], "message": "The container failed to start."}
        return {
            "apiVersion": "serving.knative.dev/v1",
            "kind": "Revision",
            "metadata": {
                "name": name,
                "namespace": "p1",
                "creationTimestamp": f"2026-01-1{number}T10:00:00.000000Z",
                "labels": {"serving.knative.dev/service": "web", "commit-sha": f"c0ffee{number}"},
                "annotations": {"serving.knative.dev/creator": "ana@example.test"},
            },
            "spec": {"containers": [{"image": f"registry.test/p1/web:{number}"}]},
            "status": {"conditions": [ready]},
        }

    def service(self) -> dict[str, Any]:
        states = {"Ready": self.ready, "ConfigurationsReady": self.ready, "RoutesReady": "True"}
        said = f"Revision '{list(self.revisions)[-1]}' is not ready and cannot serve traffic."
        conditions = [{"type": name, "status": state, "message": said} for name, state in states.items()]
        return {
            "apiVersion": "serving.knative.dev/v1",
            "kind": "Service",
            "metadata": {"name": "web", "namespace": "p1", "generation": self.generation, "annotations": {}},
            "spec": {
                "template": {"spec": {"containers": [{"image": "registry.test/p1/web:3"}]}},
                "traffic": self.traffic,
            },
            "status": {
                "observedGeneration": self.observed,
                "latestReadyRevisionName": self.newest,
                "latestCreatedRevisionName": list(self.revisions)[-1],
                "url": "https://web.run.test",
                "traffic": self.serves,
                "conditions": conditions,
            },
        }


World = tuple[CloudRunServer, Place]


def environment(server: CloudRunServer, home: Path) -> dict[str, str]:
    """A shell whose gcloud asks this server and no other."""
    (home / "token").write_text("made-up")
    return {
        "PATH": SEARCHED,
        "HOME": str(home),
        "HTTP_PROXY": server.url,  # gcloud puts the region in front of the host, so that no address can be named
        "HTTPS_PROXY": server.url,
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN": "http://run.test/",
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(home / "token"),
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "1",
    }


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    need("gcloud")
    server = CloudRunServer()
    try:
        yield server, Place(cwd=tmp_path, env=environment(server, tmp_path))
    finally:
        server.close()


async def test_all_traffic_goes_to_a_revision_is_proven_and_goes_forward_again(world: World) -> None:
    server, at = world
    preview = await provider.preview(BACK, at)
    assert preview.lines[0].startswith("Cloud Run service web (p1, us-central1): web-3 (web:3) serves now · by ana@")
    assert preview.lines[-1].startswith("afterwards: web-2 (web:2)") and "c0ffee2" in preview.lines[-1]
    assert [line.ok for line in preview.checks] == [True, True, True]
    assert any("--to-latest" in line for line in preview.warnings) and not preview.blocked and not server.orders
    ended = await carry_out(BACK, at)
    assert ended.exit == 0, ended.output
    proof = await provider.proof(BACK, preview.expected, at)
    assert proof is not None and proof.ok is True and "web-2" in proof.line
    assert "already" in (await provider.preview(BACK, at)).already
    back = await provider.back(BACK, preview.expected, at)
    assert back is not None
    assert back.text == BACK.replace("--to-revisions web-2=100", "--to-revisions=web-3=100")
    forward = await provider.preview(back.text, at)
    assert (await carry_out(back.text, at)).exit == 0
    proof = await provider.proof(back.text, forward.expected, at)
    assert proof is not None and proof.ok is True and [one["revisionName"] for one in server.serves] == ["web-3"]


async def test_to_latest_names_no_revision_and_gives_way_to_the_one_chosen(world: World) -> None:
    server, at = world
    preview = await provider.preview(LATEST, at)
    assert "names no revision" in preview.blocked
    assert [one.value for one in preview.choices] == ["web-2", "web-1"]
    chosen = provider.chosen(f"{LATEST} && true", "web-2")
    assert chosen == f"gcloud run services update-traffic web {WHERE} --to-revisions=web-2=100 && true"
    assert (await carry_out(chosen, at)).exit == 0 and server.serves[0]["revisionName"] == "web-2"


async def test_a_pinned_service_follows_its_newest_revision_again_when_that_is_chosen(world: World) -> None:
    server, at = world
    server.traffic = [{"revisionName": "web-1", "percent": 100}]
    server.settle()
    assert [one.value for one in (await provider.preview(LATEST, at)).choices] == ["web-3", "web-2", "LATEST"]
    text = provider.chosen(LATEST, "LATEST")
    preview = await provider.preview(text, at)
    assert not preview.blocked and "now web-3" in preview.lines[-1] and "later deploy" in preview.warnings[0]
    server.revisions["web-4"] = "True"
    assert "LATEST leads elsewhere now" in await provider.moved(text, preview.expected, at)
    preview = await provider.preview(text, at)
    assert (await carry_out(text, at)).exit == 0
    proof = await provider.proof(text, preview.expected, at)
    assert proof is not None and proof.ok is True and server.traffic[0].get("latestRevision") is True


async def test_split_traffic_is_unsettled_and_a_split_is_no_way_back(world: World) -> None:
    server, at = world
    server.serves = [{"revisionName": "web-2", "percent": 60}, {"revisionName": "web-3", "percent": 40}]
    preview = await provider.preview(BACK, at)
    assert "split: web-2 60 %, web-3 40 %" in preview.lines[1] and not preview.already
    proof = await provider.proof(BACK, preview.expected, at)
    assert proof is not None and proof.ok is None
    split = BACK.replace("web-2=100", "web-2=50,web-3=50")
    assert not (await provider.preview(split, at)).lines and await provider.proof(split, {}, at) is None


async def test_an_order_that_is_not_carried_out_yet_is_under_way_not_done(world: World) -> None:
    server, at = world
    preview = await provider.preview(BACK, at)
    server.late = True
    ended = await carry_out(f"{BACK} --async", at)
    assert ended.exit == 0 and server.orders == 1
    proof = await provider.proof(BACK, preview.expected, at)
    assert proof is not None and proof.ok is None and "being carried out" in proof.line
    server.settle()
    proof = await provider.proof(BACK, preview.expected, at)
    assert proof is not None and proof.ok is True


async def test_a_revision_that_is_not_ready_is_blocked(world: World) -> None:
    server, at = world
    server.revisions["web-2"] = "False"
    assert "web-2 is not ready: The container failed to start" in (await provider.preview(BACK, at)).blocked


async def test_an_error_about_the_newest_revision_does_not_hide_that_the_traffic_moved(world: World) -> None:
    server, at = world
    server.revisions["web-4"] = server.ready = "False"
    preview = await provider.preview(BACK, at)
    assert not preview.blocked
    ended = await carry_out(BACK, at)
    failure = await provider.failure(BACK, ended.output, at)
    assert ended.exit != 0 and failure is not None and "may have moved all the same" in failure.why
    proof = await provider.proof(BACK, preview.expected, at)
    assert proof is not None and proof.ok is True


async def test_a_revision_gone_meanwhile_and_another_service_are_said(world: World) -> None:
    server, at = world
    preview = await provider.preview(BACK, at)
    del server.revisions["web-2"]
    assert "no revision web-2 any more" in await provider.moved(BACK, preview.expected, at)
    ended = await carry_out(BACK, at)
    failure = await provider.failure(BACK, ended.output, at)
    assert ended.exit != 0 and failure is not None and "no such revision" in failure.why
    other = await provider.preview(BACK.replace("traffic web", "traffic wbe"), at)
    assert any(one.ok is None and "No such service" in one.found for one in other.checks)


async def test_without_region_and_project_the_command_is_stopped(world: World) -> None:
    _, at = world
    preview = await provider.preview(BACK.removesuffix(WHERE), at)
    assert [line.mend for line in preview.checks if line.ok is False] == ["add --project: e", "add --region: e"]


@pytest.mark.parametrize(("status", "meaning"), [(401, "signed in"), (403, "may not"), (429, "too many")])
async def test_a_refusal_is_unknown_and_a_failed_order_is_explained(world: World, status: int, meaning: str) -> None:
    server, at = world
    server.refuse = status
    preview = await provider.preview(BACK, at)
    assert any(line.ok is None and meaning in line.found for line in preview.checks), preview.checks
    assert not preview.expected
    ended = await carry_out(BACK, at)
    failure = await provider.failure(BACK, ended.output, at)
    assert ended.exit != 0 and failure is not None and meaning in failure.why, ended.output
    assert server.orders == 0


@pytest.mark.parametrize("status", [500, 0])
async def test_a_server_that_fails_or_is_down_is_unknown_although_gcloud_tries_on(world: World, status: int) -> None:
    server, at = world
    server.refuse = status
    if not status:
        server.close()
    preview = await provider.preview(BACK, at)
    assert any(line.ok is None and line.found for line in preview.checks) and not preview.expected
    assert server.orders == 0
