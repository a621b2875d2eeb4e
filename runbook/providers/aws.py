"""What every AWS platform here has in common: where a call goes, how it is asked about, what an error means."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime
from typing import Any

import msgspec

from runbook.logs.clean import clean
from runbook.model import Record
from runbook.providers.calls import Arguments, Call
from runbook.providers.needs import CheckLine
from runbook.providers.platform import Ask
from runbook.providers.provider import Unavailable

SCOPE = ("--profile", "--region", "--endpoint-url", "--ca-bundle")
_NAMES = ("--cluster", "--service", "--function-name", "--name")
"""What says on which thing a call acts."""
_BARE = ("--no-verify-ssl", "--no-sign-request")
_VALUED = " ".join(
    (*SCOPE, *["--output", "--query", "--color", "--cli-connect-timeout", "--cli-read-timeout", "--cli-input-json"])
)
_QUIET = {"AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "2", "AWS_CLI_AUTO_PROMPT": "off"}
"""A question neither opens a pager or a prompt nor tries for minutes where a server refuses."""
_LIMITS = ("--cli-connect-timeout", "5", "--cli-read-timeout", "10", "--output", "json")
_REGION = re.compile(r"^\s*region\s*:?\s+(\S+)", re.MULTILINE)
_NUMBERED = re.compile(r"/(?:[\w-]+-)?\d{9,}\Z")
"""The session at the end of a role's name, where it is called anew at each sign-in."""
_SIGN_IN = "Sign in again (aws sso login, or new keys), then retry: r"
_MEANT: tuple[tuple[str, str], ...] = (
    (
        r"ExpiredToken|RequestExpired|[Tt]oken has expired|session .*has expired|Error loading SSO Token",
        f"The sign-in to AWS has expired. {_SIGN_IN}",
    ),
    (
        r"InvalidClientTokenId|UnrecognizedClient|InvalidSignature|SignatureDoesNotMatch|InvalidAccessKeyId",
        "AWS does not know these keys. Look at the profile (aws configure list), then retry: r",
    ),
    (
        r"Unable to locate credentials|NoCredentials|Partial credentials",
        "No credentials for AWS were found. Name the --profile, or sign in first.",
    ),
    (
        r"config profile \(([^)]*)\) could not be found",
        r"There is no profile \1 on this machine. aws configure list-profiles names those there are.",
    ),
    (r"[Yy]ou must specify a region|NoRegion", "No region is known. Add --region: e"),
    (
        r"AccessDenied|UnauthorizedOperation|[Nn]ot authorized to perform",
        "This user may not do that in this account. Sign in as somebody who may deploy.",
    ),
    (r"ClusterNotFound", "There is no such cluster in this region and account. Look at --cluster and --region."),
    (
        r"ServiceNotFound|ServiceNotActive",
        "There is no such service in this cluster. Look at --cluster, --service and --region.",
    ),
    (
        r"Throttl|TooManyRequests|Rate exceeded|RequestLimitExceeded|SlowDown",
        "AWS refuses requests because there are too many. Wait a minute, then retry: r",
    ),
    (
        r"Could not connect to the endpoint|Connection refused|Name or service not known|[Cc]onnect timeout"
        r"|[Rr]ead timeout|EndpointConnectionError|Connection was closed",
        "AWS did not answer. Look at the region's name, the network and a proxy, then retry: r",
    ),
    (
        r"ServiceUnavailable|InternalFailure|InternalError|ServerException|ServiceException|\(50\d\)",
        "AWS failed on its own side. Look at the AWS health dashboard, then retry: r",
    ),
    (r"ResourceNotFound", "There is no such thing in this region and account. Look at the names and at --region."),
)
"""Words of an error and what they mean, the most telling first."""


class Where(Record, frozen=True):
    """Where a call goes: the words every question repeats."""

    scope: tuple[str, ...]
    region: str
    unclear: str = ""
    """Why nobody can say yet where, or what it acts on."""


def read(call: Call, service: str, operation: str, valued: str) -> tuple[Arguments, Where] | None:
    """The call's words where it is this operation; `valued` names its own options that take a value."""
    given = call.split(f"{_VALUED} {valued}")
    if given.plain[:2] != (service, operation) or given.has("--generate-cli-skeleton", "--cli-input-json", "help"):
        return None
    named = [word for option in SCOPE if (value := given.option(option)) for word in (option, value)]
    scope = (*named, *(option for option in _BARE if given.has(option)))
    return given, Where(scope, given.option("--region") or "", given.unclear((*SCOPE, *_NAMES)))


def written(scope: tuple[str, ...], *words: str) -> str:
    """A command as a person reads and runs it, to the same place, without a pager."""
    return f'AWS_PAGER="" {shlex.join(("aws", *words, *scope))}'


async def asked(ask: Ask, scope: tuple[str, ...], *words: str) -> Any:
    """The answer to one read-only question. Raises Unavailable, with what the error means and the mend."""
    ask.at = msgspec.structs.replace(ask.at, env=ask.at.env | _QUIET)
    try:
        return await ask.json("aws", *words, *scope, *_LIMITS)
    except Unavailable as failed:
        raise Unavailable(f"{meaning(said)} ({said})" if meaning(said := str(failed)) else said) from None


def meaning(output: str) -> str:
    """What the program's words about an error mean, with the mend; empty where they tell nothing known."""
    for pattern, sentence in _MEANT:
        if found := re.search(pattern, output):
            return clean(found.expand(sentence), 200)
    return ""


async def guard(ask: Ask, scope: tuple[str, ...], region: str) -> tuple[CheckLine, ...]:
    """Which region is meant, and who is signed in to which account."""
    title, found = "it is known which region is meant", region
    if not region:
        configured = _REGION.search(await ask.text("aws", "configure", "list", *scope))
        if configured is None or configured[1] in ("<not", "None"):
            return (CheckLine(title, ok=False, found="none is", mend="add --region: e"),)
        found = f"{clean(configured[1], 40)}: the command names none, it is the one set up here"
    try:
        who = await asked(ask, _for_all(scope), "sts", "get-caller-identity")
    except Unavailable as silent:
        return (CheckLine("signed in to AWS", ok=None, found=str(silent), mend="aws sts get-caller-identity"),)
    account = clean(str(who.get("Account", "")), 40)
    name = clean(_NUMBERED.sub("", str(who.get("Arn", ""))), 120)
    signed_in = CheckLine("signed in to AWS", ok=bool(account), found=f"account {account} as {name}")
    return signed_in, CheckLine(title, ok=True, found=found)


def _for_all(scope: tuple[str, ...]) -> tuple[str, ...]:
    """Without an address at AWS: that belongs to one service, and this question goes to another one."""
    if "--endpoint-url" not in scope:
        return scope
    place = scope.index("--endpoint-url")
    return scope[:place] + scope[place + 2 :] if ".amazonaws.com" in scope[place + 1] else scope


def moment(value: Any) -> datetime | None:
    """A time as the program prints it: seconds (version 1), ISO with a zone (version 2), `+0000` of Lambda."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    try:
        at = datetime.fromisoformat(re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", str(value)))
    except ValueError:
        return None
    return at if at.tzinfo else None
