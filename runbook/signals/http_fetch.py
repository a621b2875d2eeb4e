"""One GET, made safe to do every few seconds: a total deadline, a size cap, no redirect to anywhere else."""

from __future__ import annotations

import asyncio
import errno
import functools
import ipaddress
import itertools
import socket
import ssl
import time
import zlib
from collections.abc import Awaitable, Iterator
from email.utils import parsedate_to_datetime

import anyio  # noqa: F401 - httpcore would bring it in on the loop, at the first request
import httpx
import msgspec

from runbook.logs.clean import clean
from runbook.model import Seconds
from runbook.signals.fetch import Asked, Reply, Unreadable

MAX_BODY = 1 << 20
"""Bytes after decompression: 194 KB of gzip became 200 MB once."""
MAX_REDIRECTS = 3
MOST_HEADERS = 100
_REDIRECTS = (301, 302, 303, 307, 308)
_GZIP = 31
"""zlib's window bits for a gzip header."""


class HttpFetch:
    """Answers over HTTP, with connections kept open between polls."""

    def __init__(self) -> None:
        self._clients: dict[tuple[str, bool], httpx.AsyncClient] = {}
        self._opening = asyncio.Lock()

    async def open(self) -> None:
        """Nothing to do: importing this module was it."""

    async def get(self, url: str, deadline: Seconds) -> Reply:
        """The answer to one GET, redirects within its origin followed.

        Raises Unreadable, at the latest after `deadline` seconds; its text never holds the address.
        """
        return await self._in_time(self._follow(url, time.monotonic()), deadline)

    async def probe(self, asked: Asked, deadline: Seconds) -> Reply:
        """The answer to one GET as a browser sends it, a redirect as the answer that it is; else as `get`.

        The body is received, as far as a body is kept here, and let go.
        """
        return await self._in_time(self._probe(asked, time.monotonic()), deadline)

    async def _in_time(self, answer: Awaitable[Reply], deadline: Seconds) -> Reply:
        try:
            async with asyncio.timeout(deadline):
                return await answer
        except TimeoutError:
            raise Unreadable(f"timed out after {deadline:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, zlib.error) as error:
            raise Unreadable(_sentence(error)) from error

    async def close(self) -> None:
        clients = list(self._clients.values())
        self._clients.clear()
        for client in clients:
            await client.aclose()

    async def _probe(self, asked: Asked, started: float) -> Reply:
        url = _url(asked.url)
        client = await self._client(url)
        request = client.build_request("GET", url, headers=[("accept", "*/*"), *asked.headers])
        if asked.cached:
            del request.headers["cache-control"]
        response = await client.send(request, stream=True)
        try:
            body = await _body(response) if asked.whole else await _let_go(response)
            made = _reply(response, body, time.monotonic() - started)
        finally:
            await response.aclose()
        headers = itertools.islice(response.headers.items(), MOST_HEADERS)
        return msgspec.structs.replace(made, headers=tuple((name.lower(), clean(said, 2000)) for name, said in headers))

    async def _follow(self, address: str, started: float) -> Reply:
        url = _url(address)
        for _ in range(MAX_REDIRECTS + 1):
            client = await self._client(url)
            async with client.stream("GET", url) as response:
                target = response.headers.get("location")
                if response.status_code not in _REDIRECTS or not target:
                    body = await _body(response)
                    return _reply(response, body, time.monotonic() - started)
            following = url.join(target)
            if _origin(following) != _origin(url):
                raise Unreadable(
                    f"redirected to {clean(following.host, 80) or 'another address'}, which is not followed"
                )
            url = following
        raise Unreadable(f"redirected more than {MAX_REDIRECTS} times")

    async def _client(self, url: httpx.URL) -> httpx.AsyncClient:
        if url.scheme not in ("http", "https") or not url.host:
            raise Unreadable("not an http or https address")
        key = (url.scheme, _is_loopback(url.host))
        if key not in self._clients:
            async with self._opening:
                if key not in self._clients:
                    # reading the certificate authorities takes tens of ms, so not on the loop
                    self._clients[key] = await asyncio.to_thread(_open, *key)
        return self._clients[key]


class _NoCookies(httpx.Cookies):
    """Keeps none: with a cookie, a balancer would send every poll to the one server that it names."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Leaves them in the answer."""


_NO_COOKIES = _NoCookies()


class _Client(httpx.AsyncClient):
    @property
    def cookies(self) -> httpx.Cookies:
        """Always empty."""
        return _NO_COOKIES

    @cookies.setter
    def cookies(self, _cookies: object) -> None:
        """There are none to set."""


def _open(scheme: str, loopback: bool) -> httpx.AsyncClient:
    return _Client(
        # plain http needs no certificate authorities; an empty context trusts nobody
        verify=True if scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        trust_env=not loopback,  # a proxy of the environment is no way to this machine itself
        timeout=None,
        headers={
            "accept": "application/json, text/plain;q=0.5, */*;q=0.1",
            "accept-encoding": "gzip",
            "cache-control": "no-cache",
            "user-agent": "warroom",
        },
    )


async def _let_go(response: httpx.Response) -> bytes:
    """Receives a body, as far as one would be kept, and keeps nothing."""
    received = 0
    async for chunk in response.aiter_raw():
        received += len(chunk)
        if received > MAX_BODY:
            break
    return b""


async def _body(response: httpx.Response) -> bytes:
    """The decoded body. Decoded here, because httpx's own decoders inflate a whole chunk before anyone can count."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise Unreadable(f"sent as {clean(encoding, 40)}, which was not asked for")
    inflate = zlib.decompressobj(_GZIP) if encoding != "identity" else None
    body, received = bytearray(), 0
    async for chunk in response.aiter_raw():
        received += len(chunk)
        rest = chunk
        while rest:
            if inflate is None:
                body += rest
                rest = b""
            else:
                inflate = zlib.decompressobj(_GZIP) if inflate.eof else inflate  # gzip may have several members
                body += inflate.decompress(rest, MAX_BODY + 1 - len(body))
                rest = inflate.unused_data
            if max(len(body), received) > MAX_BODY:
                raise Unreadable("the answer is larger than 1 MiB")
    if inflate is not None and received and not inflate.eof:
        raise Unreadable("its gzip ends before it is complete")
    return bytes(body)


def _reply(response: httpx.Response, body: bytes, took: Seconds) -> Reply:
    age = response.headers.get("age", "0").strip()
    return Reply(
        status=response.status_code,
        body=body,
        content_type=clean(response.headers.get("content-type", "").split(";")[0].strip(), 60),
        took=took,
        age=float(age) if age.isascii() and age.isdigit() and len(age) < 10 else 0.0,
        date=_date(response.headers.get("date", "")),
        delimited="content-length" in response.headers or "transfer-encoding" in response.headers,
    )


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)


_url = functools.lru_cache(maxsize=256)(httpx.URL)
"""Addresses are asked again and again. Raises httpx.InvalidURL."""


@functools.lru_cache(maxsize=256)
def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _sentence(error: BaseException) -> str:
    """What went wrong in a few words of ours; texts of libraries and servers stay out."""
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.errno in _ERRNO:
            return _ERRNO[cause.errno]
        for kind, words in _KINDS.items():
            if isinstance(cause, kind):
                return words
    return "no connection" if isinstance(error, httpx.ConnectError | httpx.ProxyError) else "the connection was lost"


_KINDS: dict[type[BaseException], str] = {
    ssl.SSLCertVerificationError: "its certificate is not trusted",
    ssl.SSLError: "no TLS connection",
    socket.gaierror: "host not found",
    zlib.error: "broken gzip",
    httpx.InvalidURL: "not an http or https address",
    httpx.UnsupportedProtocol: "not an http or https address",
    httpx.RemoteProtocolError: "the connection was lost before the answer was complete",
}
_ERRNO = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.EPIPE: "connection reset",
    errno.ENETUNREACH: "network unreachable",
    errno.EHOSTUNREACH: "host unreachable",
    errno.EMFILE: "too many open files here",
}


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, then what it came from, groups included."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        found = waiting.pop(0)
        if found is None or found in seen:
            continue
        seen.append(found)
        yield found
        waiting += [found.__cause__, found.__context__]
        if isinstance(found, BaseExceptionGroup):
            waiting += found.exceptions
