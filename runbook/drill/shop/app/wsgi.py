"""The shop as a WSGI application: finds the route, loads the session, answers in JSON or HTML."""

import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

from . import sessions, settings
from .catalogue import UnknownProduct
from .routes import ROUTES, Answer, Request

REASONS = {200: "OK", 201: "Created", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found"}


def application(
    environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], Any]
) -> Iterable[bytes]:
    status, payload = answer(environ)
    if isinstance(payload, str):
        kind, body = "text/html; charset=utf-8", payload.encode()
    else:
        kind, body = "application/json", json.dumps(payload).encode()
    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), *caching(environ, status)]
    start_response(f"{status} {REASONS[status]}", headers)
    return [body]


def caching(environ: dict[str, Any], status: int) -> list[tuple[str, str]]:
    """The catalogue's pages are the same for everybody: whoever carries them may keep them for a while."""
    path = environ["PATH_INFO"]
    if status == 200 and (path == "/" or path.startswith("/api/products")):
        return [("Cache-Control", f"public, max-age={settings.PAGE_LIFETIME}")]
    return [("Cache-Control", "no-store")]


def answer(environ: dict[str, Any]) -> Answer:
    method = "GET" if environ["REQUEST_METHOD"] == "HEAD" else environ["REQUEST_METHOD"]
    path: str = environ["PATH_INFO"]
    folder, _, rest = path.rpartition("/")
    route = ROUTES.get((method, path))
    if route is None and folder and rest:
        route = ROUTES.get((method, folder + "/"))
    if route is None:
        return 404, {"error": "no such page"}
    session = sessions.load(session_id(environ.get("HTTP_COOKIE", "")))
    try:
        return route(Request(session, values(environ), rest))
    except UnknownProduct as error:
        return 404, {"error": f"no product {error}"}
    except ValueError as error:
        return 400, {"error": str(error)}


def values(environ: dict[str, Any]) -> dict[str, str]:
    """The query's values, then the form's."""
    found = dict(parse_qsl(environ.get("QUERY_STRING", "")))
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length:
        found.update(parse_qsl(environ["wsgi.input"].read(length).decode()))
    return found


def session_id(cookie: str) -> str:
    for part in cookie.split(";"):
        name, _, value = part.strip().partition("=")
        if name == "session":
            return value
    return ""
