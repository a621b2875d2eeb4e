"""A stand-in of Railway's GraphQL API on 127.0.0.1: one service whose deployments are rolled back as there."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class RailwayServer:
    """Three releases, `three` serves. `refuse` is the HTTP status of every answer, `error` a GraphQL error."""

    def __init__(self) -> None:
        self.deployments: list[dict[str, Any]] = []
        self.refuse, self.error, self.end = 0, "", "SUCCESS"
        self.asked: list[tuple[str, str]] = []
        self.environment = "env-1"
        self.hang = threading.Event()
        self.hanging = False
        for name in ("one", "two", "three"):
            self.deploy(name, name)
        railway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if railway.hanging:
                    railway.hang.wait(30)
                token = self.headers.get("project-access-token") or self.headers.get("authorization") or ""
                said = json.dumps(railway.answer(body["query"], body["variables"], token)).encode()
                self.send_response(railway.refuse or 200)
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/graphql/v2"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def deploy(self, name: str, commit: str, status: str = "SUCCESS") -> None:
        for one in self.deployments if status == "SUCCESS" else ():
            one["status"] = "REMOVED" if one["status"] == "SUCCESS" else one["status"]
        meta = {"commitHash": commit * 8, "commitMessage": f"Release {commit}\nbody", "commitAuthor": "ana"}
        at = f"2026-01-10T10:{len(self.deployments):02}:00.000Z"
        self.deployments.insert(0, {"id": name, "status": status, "canRollback": True, "createdAt": at, "meta": meta})

    def find(self, name: str) -> dict[str, Any]:
        return next(one for one in self.deployments if one["id"] == name)

    def orders(self) -> int:
        return sum("mutation" in query for query, _ in self.asked)

    def answer(self, query: str, variables: dict[str, Any], token: str) -> dict[str, Any]:
        self.asked.append((query, token))
        if self.error:
            return {"errors": [{"message": self.error}], "data": None}
        if "projectToken" in query:
            return {"data": {"projectToken": {"projectId": "prj-1", "environmentId": self.environment}}}
        if "mutation" in query:
            old = self.find(variables["id"])
            self.deploy(f"again-{len(self.deployments)}", old["meta"]["commitHash"][: len(old["id"])], "DEPLOYING")
            self.deployments[0]["meta"] = old["meta"]
            return {"data": {"deploymentRollback": True}}
        where = variables["input"]
        assert set(where) == {"projectId", "environmentId", "serviceId"}
        mine = where == {"projectId": "prj-1", "environmentId": self.environment, "serviceId": "svc-1"}
        shown = [{"node": dict(one)} for one in self.deployments] if mine else []
        newest = self.deployments[0]
        if newest["status"] == "DEPLOYING" and self.end:  # the next look finds it arrived
            if self.end == "SUCCESS":
                for one in self.deployments:
                    one["status"] = "REMOVED" if one["status"] == "SUCCESS" else one["status"]
            newest["status"] = self.end
        return {"data": {"deployments": {"edges": shown}}}

    def close(self) -> None:
        self.hang.set()
        self.server.shutdown()
        self.server.server_close()
