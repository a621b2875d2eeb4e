"""Sentry: how many issues of a level were seen in the last minutes, or how many events the new ones hold.

A project is asked by its own address: the organization's list answers for an unknown project with none at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from runbook.logs.clean import clean
from runbook.signal_sources import Sentry
from runbook.signals.fetch import Asked, Reply, Unreadable
from runbook.signals.http_json import document_of

PAGE = 100
"""Issues that one answer holds at most."""


def path_of(source: Sentry) -> str:
    """What is asked, below the server's address."""
    query = {
        "statsPeriod": "",
        "limit": str(PAGE),
        "query": f"level:{source.level} {source.seen}Seen:-{max(1, round(source.window / 60))}m",
    }
    if source.environment:
        query["environment"] = source.environment
    return f"/api/0/projects/{quote(source.org, safe='')}/{quote(source.project, safe='')}/issues/?{urlencode(query)}"


def asked(path: str, variables: tuple[str, ...], environ: Mapping[str, str]) -> Asked:
    """The request, with address and token out of the environment. Raises Unreadable for what is not there."""
    address, token = (environ.get(name, "").strip() for name in variables)
    for name, value in zip(variables, (address, token), strict=True):
        if not value:
            raise Unreadable(f"{name} is not set here")
    if not re.match(r"https?://", address):
        raise Unreadable(f"{variables[0]} does not begin with http:// or https://")
    if not re.fullmatch(r"[!-~]+", token):
        raise Unreadable(f"{variables[1]} holds characters that no token has")
    return Asked(address.rstrip("/") + path, (("authorization", f"Bearer {token}"),), whole=True)


def value_of(source: Sentry, reply: Reply) -> float:
    """The number of issues, or of their events. Raises Unreadable."""
    issues = _issues(source, reply)
    hits = _hits(reply)
    if source.counts == "issues" and hits is not None and hits >= len(issues):
        return float(hits)
    if _goes_on(reply):
        raise Unreadable(f"more than {len(issues)} issues, too many to count")
    if source.counts == "issues":
        return float(len(issues))
    return float(sum(_count(issue) for issue in issues))


def _issues(source: Sentry, reply: Reply) -> list[Mapping[str, object]]:
    where = f"{source.org}/{source.project}"
    told = {
        401: f"401: look at the token in {source.token_env}",
        403: f"403: the token in {source.token_env} may not read {where}",
        404: f"404: there is no {where} for this token",
        429: "429: asked too often",
    }
    if reply.status != 200:
        raise Unreadable(told.get(reply.status, f"{reply.status}, no list of issues"))
    document = document_of(reply)
    if not isinstance(document, list) or not all(isinstance(issue, Mapping) for issue in document):
        raise Unreadable("its answer is no list of issues")
    for issue in document:
        if issue.get("level") != source.level:
            raise Unreadable(f"it lists an issue of level {clean(str(issue.get('level')), 20)}, not {source.level}")
    return document


def _hits(reply: Reply) -> int | None:
    """How many there are in all; None where it is not said, or said only as far as it was counted."""
    headers = dict(reply.headers)
    said, most = headers.get("x-hits", ""), headers.get("x-max-hits", "")
    if not re.fullmatch(r"\d{1,9}", said, re.ASCII):
        return None
    return None if re.fullmatch(r"\d{1,9}", most, re.ASCII) and int(said) >= int(most) else int(said)


def _goes_on(reply: Reply) -> bool:
    links = (value for name, value in reply.headers if name == "link")
    return any(re.search(r'rel="next"[^,]*results="true"', link) for link in links)


def _count(issue: Mapping[str, object]) -> int:
    said = issue.get("count")  # a text of digits, in every version so far
    if isinstance(said, bool) or not re.fullmatch(r"\d{1,15}", str(said), re.ASCII):
        raise Unreadable(f"an issue's count is {clean(str(said), 20)}, no number")
    return int(str(said))
