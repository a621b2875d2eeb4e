"""What stands for AWS: the moto server, and where that does not go, an ECS of our own; and a place to ask from."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from runbook.providers.provider import Place
from tests.clients.programs import CLIENTS, SEARCHED

ACCOUNT = "123456789012"
_WHO = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    f"<Arn>arn:aws:iam::{ACCOUNT}:user/ana</Arn><UserId>AIDA</UserId><Account>{ACCOUNT}</Account>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)


def place(folder: Path, **more: str) -> Place:
    """The place of a shell with made-up keys and nothing of the person who runs the tests."""
    keys = {"AWS_ACCESS_KEY_ID": "made-up", "AWS_SECRET_ACCESS_KEY": "made-up"}
    env = {"PATH": SEARCHED, "HOME": str(folder), "LANG": "C.UTF-8", "AWS_EC2_METADATA_DISABLED": "true"}
    return Place(cwd=folder, env=env | keys | more)


def free_port() -> int:
    """A port where nothing listens just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def moto(program: str, folder: Path) -> Iterator[str]:
    """The address of a fresh moto server."""
    base = f"http://127.0.0.1:{free_port()}"
    words = [program, "-H", "127.0.0.1", "-p", base.rpartition(":")[2]]
    env = place(folder).env
    server = subprocess.Popen(words, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{base}/moto-api/", timeout=5).close()
                break
            except OSError:
                assert time.monotonic() < deadline and server.poll() is None, "the moto server did not start"
                time.sleep(0.05)  # the pace of asking
        yield base
    finally:
        server.terminate()
        server.wait(20)


def prepare(script: str, base: str, folder: Path) -> None:
    """Run a script with a boto3 that talks to the server: quicker than a dozen calls of the program."""
    env = place(folder, AWS_ENDPOINT_URL=base, AWS_DEFAULT_REGION="eu-west-1").env
    subprocess.run([str(CLIENTS / "aws/bin/python"), "-c", script], env=env, cwd=folder, check=True, timeout=60)


class Refused(Exception):
    """An error as AWS gives it: its code, its words."""


class Cloud:
    """ECS as its documentation has it: an order begins a deployment, which is PRIMARY at once and done when settled.

    `refuses` answers every question with an error instead: status, code and message.
    """

    def __init__(self) -> None:
        self.definitions: dict[str, dict[str, Any]] = {}
        self.service: dict[str, Any] = {}
        self.refuses: tuple[int, str, str] | None = None
        self.asked: list[str] = []
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                self.reply(*cloud.answer(self.headers.get("x-amz-target", ""), body))

            def reply(self, status: int, text: str, kind: str) -> None:
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def register(self, family: str, revision: int, image: str) -> None:
        arn = f"arn:aws:ecs:eu-west-1:{ACCOUNT}:task-definition/{family}:{revision}"
        containers = [{"name": family, "image": image}]
        said = {"taskDefinitionArn": arn, "family": family, "revision": revision, "containerDefinitions": containers}
        who = f"arn:aws:iam::{ACCOUNT}:user/ben"
        self.definitions[f"{family}:{revision}"] = said | {"status": "ACTIVE", "registeredAt": 1e9, "registeredBy": who}

    def serve(self, value: str, tasks: int = 3) -> None:
        """The service `web` in the cluster `prod`, settled."""
        self.service = {"serviceName": "web", "status": "ACTIVE", "desiredCount": tasks, "deployments": []}
        self._begin(value)
        self.settle()

    def settle(self) -> None:
        """What ECS does in its own time: all tasks of the newest deployment run, the earlier ones are gone."""
        primary = self.service["deployments"][0]
        primary |= {"rolloutState": "COMPLETED", "runningCount": primary["desiredCount"]}
        self.service["deployments"] = [primary]

    def _begin(self, value: str) -> None:
        for earlier in self.service["deployments"]:
            earlier["status"] = "ACTIVE"
        arn, tasks = self.definitions[value]["taskDefinitionArn"], self.service["desiredCount"]
        new = {"status": "PRIMARY", "taskDefinition": arn, "desiredCount": tasks, "runningCount": 0}
        self.service["deployments"].insert(0, new | {"rolloutState": "IN_PROGRESS"})

    def answer(self, target: str, body: str) -> tuple[int, str, str]:
        operation = target.rpartition(".")[2] or "GetCallerIdentity"
        self.asked.append(operation)
        if self.refuses:
            status, code, words = self.refuses
            if not target:
                error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{words}</Message></Error>"
                return status, f"<ErrorResponse>{error}</ErrorResponse>", "text/xml"
            return status, json.dumps({"__type": code, "message": words}), "application/x-amz-json-1.1"
        if not target:
            return 200, _WHO, "text/xml"
        try:
            call: Callable[[dict[str, Any]], dict[str, Any]] = getattr(self, f"_{operation}")
            said, status = call(json.loads(body)), 200
        except Refused as refused:
            said, status = {"__type": refused.args[0], "message": refused.args[1]}, 400
        return status, json.dumps(said), "application/x-amz-json-1.1"

    def _in_cluster(self, asked: dict[str, Any]) -> None:
        if asked.get("cluster") != "prod":
            raise Refused("ClusterNotFoundException", "Cluster not found.")

    def _DescribeServices(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._in_cluster(asked)
        there = [self.service] if self.service and asked["services"] == ["web"] else []
        return {"services": there, "failures": [] if there else [{"arn": "x", "reason": "MISSING"}]}

    def _ListTaskDefinitions(self, asked: dict[str, Any]) -> dict[str, Any]:
        found = [one for one in self.definitions.values() if one["family"] == asked["familyPrefix"]]
        found = sorted(found, key=lambda one: -one["revision"])
        return {"taskDefinitionArns": [one["taskDefinitionArn"] for one in found if one["status"] == asked["status"]]}

    def _definition(self, value: str) -> dict[str, Any]:
        found = self.definitions.get(value.rpartition("/")[2])
        if found is None:
            raise Refused("ClientException", "Unable to describe task definition.")
        return found

    def _DescribeTaskDefinition(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"taskDefinition": self._definition(asked["taskDefinition"])}

    def _UpdateService(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._in_cluster(asked)
        if asked["service"] != "web" or not self.service:
            raise Refused("ServiceNotFoundException", "Service not found.")
        if self.service.get("deploymentController"):
            raise Refused(
                "InvalidParameterException",
                "Unable to update task definition on services with a CODE_DEPLOY deployment controller. Use AWS "
                "CodeDeploy to trigger a new deployment.",
            )
        if self._definition(asked["taskDefinition"])["status"] != "ACTIVE":
            raise Refused("ClientException", "TaskDefinition is inactive")
        self._begin(asked["taskDefinition"].rpartition("/")[2])
        return {"service": self.service}
