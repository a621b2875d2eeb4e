"""How the stand-in's objects are asked for and changed over HTTP, in the words of the Kubernetes API."""

from __future__ import annotations

import copy
import json
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.clients.cluster import KINDS, NAMESPACE, Cluster, Object
from tests.clients.protobuf import secret

CORE = ("secrets", "configmaps", "pods")
SHORT = {"deployments": ["deploy"], "replicasets": ["rs"], "statefulsets": ["sts"], "daemonsets": ["ds"]}
VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]


def handler(cluster: Cluster) -> type[BaseHTTPRequestHandler]:
    """A request handler that speaks for this cluster."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def answer(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            address = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(address.query).items()}
            cluster.asked.append(f"{self.command} {self.path}")
            if cluster.silent:
                with cluster.changed:
                    cluster.changed.wait_for(lambda: cluster.closing)
                self.close_connection = True
                return
            for what, (code, why, text) in cluster.refuses.items():
                if self.command == what or address.path.endswith(what):
                    self.refuse(code, why, text)
                    return
            try:
                self.ask(address.path, query, raw)
            except KeyError as missing:
                plural, name = missing.args[0]
                group = "" if plural in (*CORE, "namespaces") else ".apps"
                self.refuse(404, "NotFound", f'{plural}{group} "{name}" not found')

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def ask(self, path: str, query: dict[str, str], raw: bytes) -> None:
            words = path.strip("/").split("/")
            if (known := _discovery(path)) is not None:
                self.send(200, known)
            elif words[-1] == "selfsubjectaccessreviews":
                review = {"kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1"}
                self.send(201, review | {"status": {"allowed": True}})
            elif words[:3] == ["api", "v1", "namespaces"] and len(words) == 4:
                if words[3] != NAMESPACE:
                    raise KeyError(("namespaces", words[3]))
                self.send(200, {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": NAMESPACE}})
            elif "namespaces" in words and set(words) & set(KINDS):
                place, plural, name = (*words[words.index("namespaces") + 1 :], "")[:3]
                self.ask_about(plural, name, place, query, raw)
            else:
                self.refuse(404, "NotFound", "the server could not find the requested resource")

        def ask_about(self, plural: str, name: str, place: str, query: dict[str, str], raw: bytes) -> None:
            if self.command == "POST":
                self.create(plural, _body(raw), place)
            elif not name and query.get("watch"):
                self.watch(plural, query)
            elif not name:
                self.list(plural, query, place)
            elif place != NAMESPACE or (plural, name) not in cluster.objects:
                raise KeyError((plural, name))
            elif self.command == "GET":
                self.send(200, cluster.objects[plural, name])
            elif self.command == "DELETE":
                del cluster.objects[plural, name]
                self.send(200, {"kind": "Status", "apiVersion": "v1", "status": "Success"})
            else:
                self.change(plural, cluster.objects[plural, name], query, raw)

        def create(self, plural: str, one: Object, place: str) -> None:
            name = one["metadata"]["name"]
            if (plural, name) in cluster.objects:
                self.refuse(409, "AlreadyExists", f'{plural} "{name}" already exists')
                return
            one["metadata"] |= {"uid": f"{plural}-{name}", "namespace": place, "generation": 1}
            cluster.put(plural, one)
            self.send(201, one)

        def change(self, plural: str, one: Object, query: dict[str, str], raw: bytes) -> None:
            new = copy.deepcopy(one)
            kind = (self.headers.get("content-type") or "").partition(";")[0]
            if self.command == "PUT":
                new = _body(raw)
                new["metadata"] = one["metadata"] | new["metadata"]
            elif kind == "application/json-patch+json":
                _patch(new, json.loads(raw))
            else:
                _merge(new, json.loads(raw))
            if query.get("dryRun"):
                self.send(200, new)
                return
            if self.command == "PATCH" and cluster.holds == "before":
                cluster.arrived.set()
                cluster.may_answer.wait()
            rolled = one.get("spec", {}).get("template") != new.get("spec", {}).get("template")
            new["metadata"]["generation"] = one["metadata"].get("generation", 1) + rolled
            cluster.control(plural, new) if rolled else cluster.put(plural, new)
            if self.command == "PATCH" and cluster.holds == "after":
                cluster.arrived.set()
                cluster.may_answer.wait()
            self.send(200, new)

        def list(self, plural: str, query: dict[str, str], place: str) -> None:
            found = [one for (kind, _), one in cluster.objects.items() if kind == plural and _selected(one, query)]
            self.send(
                200,
                {
                    "kind": f"{KINDS[plural]}List",
                    "apiVersion": "v1" if plural in CORE else "apps/v1",
                    "metadata": {"resourceVersion": str(len(cluster.news))},
                    "items": found if place == NAMESPACE else [],
                },
            )

        def watch(self, plural: str, query: dict[str, str]) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            self.close_connection = True
            seen = int(query.get("resourceVersion") or 0)
            try:
                if query.get("sendInitialEvents"):
                    seen = self.first_of(plural, query)
                while not cluster.closing:
                    with cluster.changed:
                        if len(cluster.news) <= seen:
                            cluster.changed.wait(0.5)
                        news = cluster.news[seen:]
                    for version, kind, one in news:
                        seen = version
                        if kind == plural and _selected(one, query):
                            self.tell("MODIFIED", one)
            except OSError:
                pass

        def first_of(self, plural: str, query: dict[str, str]) -> int:
            """A watch that wants to know first what there is, and where that ends."""
            with cluster.changed:
                seen = len(cluster.news)
                found = [one for (kind, _), one in cluster.objects.items() if kind == plural and _selected(one, query)]
            for one in found:
                self.tell("ADDED", one)
            end = {"resourceVersion": str(seen), "annotations": {"k8s.io/initial-events-end": "true"}}
            version = "v1" if plural in CORE else "apps/v1"
            self.tell("BOOKMARK", {"kind": KINDS[plural], "apiVersion": version, "metadata": end})
            return seen

        def tell(self, kind: str, one: Object) -> None:
            line = json.dumps({"type": kind, "object": one}).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            self.wfile.flush()

        def refuse(self, code: int, why: str, text: str) -> None:
            said = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
            about = {"name": "web", "group": "apps", "kind": "deployments"} if '"' in text else {}
            self.send(code, said | {"message": text, "reason": why, "code": code, "details": about})

        def send(self, code: int, body: Object) -> None:
            data = json.dumps(body).encode()
            try:
                self.send_response(code)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except OSError:  # the one who asked was killed meanwhile
                self.close_connection = True

    return Handler


def _discovery(path: str) -> Object | None:
    """What there is to be asked for."""
    if path == "/version":
        return {"major": "1", "minor": "34", "gitVersion": "v1.34.0"}
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    groups = ("apps", "authorization.k8s.io")
    if path == "/apis":
        named = [{"groupVersion": f"{name}/v1", "version": "v1"} for name in groups]
        found = [
            {"name": name, "versions": [one], "preferredVersion": one} for name, one in zip(groups, named, strict=True)
        ]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": found}
    if path == "/apis/authorization.k8s.io/v1":
        review = {"name": "selfsubjectaccessreviews", "kind": "SelfSubjectAccessReview", "namespaced": False}
        return _resources("authorization.k8s.io/v1", [review | {"singularName": "", "verbs": ["create"]}])
    if path in ("/api/v1", "/apis/apps/v1"):
        here = [plural for plural in KINDS if (plural in CORE) == (path == "/api/v1")]
        return _resources(
            "v1" if path == "/api/v1" else "apps/v1",
            [
                {
                    "name": plural,
                    "singularName": KINDS[plural].lower(),
                    "namespaced": True,
                    "kind": KINDS[plural],
                    "shortNames": SHORT.get(plural, []),
                    "verbs": VERBS,
                }
                for plural in here
            ],
        )
    return None


def _resources(version: str, found: list[Object]) -> Object:
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": found}


def _body(raw: bytes) -> Object:
    found: Object = secret(raw) if raw.startswith(b"k8s\0") else json.loads(raw)
    return found


def _selected(one: Object, query: dict[str, str]) -> bool:
    labels = one["metadata"].get("labels", {})
    for wanted in filter(None, query.get("labelSelector", "").split(",")):
        name, _, value = wanted.replace("==", "=").partition("=")
        if labels.get(name) != value:
            return False
    for wanted in filter(None, query.get("fieldSelector", "").split(",")):
        name, _, value = wanted.partition("=")
        if name == "metadata.name" and one["metadata"]["name"] != value:
            return False
    return True


def _patch(one: Any, operations: list[Object]) -> None:
    for operation in operations:
        *path, last = (word.replace("~1", "/").replace("~0", "~") for word in operation["path"].strip("/").split("/"))
        part = one
        for word in path:
            part = part[int(word)] if isinstance(part, list) else part.setdefault(word, {})
        if operation["op"] == "remove":
            part.pop(last, None)
        else:
            part[last] = operation["value"]


def _merge(one: Object, patch: Object) -> None:
    """A strategic merge as far as templates need it: `$patch: replace`, and lists whose members have names."""
    for key, value in patch.items():
        if value is None:
            one.pop(key, None)
        elif isinstance(value, dict) and value.get("$patch") == "replace":
            one[key] = {name: inner for name, inner in value.items() if name != "$patch"}
        elif isinstance(value, dict) and isinstance(one.get(key), dict):
            _merge(one[key], value)
        elif isinstance(value, list) and isinstance(one.get(key), list) and value and "name" in value[0]:
            known = {member.get("name"): member for member in one[key]}
            for member in value:
                _merge(known.setdefault(member["name"], {}), member)
            one[key] = list(known.values())
        elif not key.startswith("$"):
            one[key] = value
