"""Secrets out of a line: exact values that the room knows, and shapes that only a secret has.

Works on cleaned lines, so that an escape code inside a secret cannot hide it.
"""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from urllib.parse import quote, quote_plus

MASK = "‹masked›"
SHORTEST = 8
"""An exact value below this length is not masked: `prod` as a password would blind the whole screen."""

_WORDS = r"(?:password|passwd|passphrase|pwd(?![\"']?\s*[=:]\s*[\"']?/)|(?<=_)pass)"
_KEY = r"(?:api|private|account|(?:shared[_-]?)?access)[_-]?key(?:[_-]?id)?"
_NAME = rf"(?:{_WORDS}|secret(?:[_-]\w{{1,30}})?|token|{_KEY})"
_VALUE = r"""(?:"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s&;"']+)"""
_VARIABLE = rf"""(?!{MASK})(?!["']?\$\{{?[A-Z_][A-Z0-9_]*\}}?["']?(?:$|[\s&;]))"""
"""`--token=$TOKEN` in a command names the secret and does not hold it."""


_NAMES = ("passw", "passphrase", "pwd", "_pass", "secret", "token", "key")
_SHAPES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("private",), r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)"),
    (
        ("gh", "github_pat_", "glpat-", "npm_"),
        r"\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|npm_[A-Za-z0-9]{30,})",
    ),
    (("akia", "asia"), r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    (
        ("xox", "aiza", "k_live_", "k_test_", "whsec_"),
        r"\b(?:xox[a-z]-[\w-]{8,}|AIza[\w-]{30,}|[rs]k_(?:live|test)_\w{16,}|whsec_\w{16,})",
    ),
    (
        ("sk-", "sg.", "ya29.", "hvs."),
        r"\b(?:sk-(?=[\w-]{0,60}\d)[\w-]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|ya29\.[\w-]{16,}|hvs\.[\w-]{20,})",
    ),
    (
        ("hf_", "_v1_", "dckr_pat_", "glsa_", "sntry"),
        r"\b(?:hf_\w{30,}|do[opr]_v1_\w{32,}|dckr_pat_[\w-]{20,}|glsa_\w{20,}|sntry[su]_[\w=-]{20,})",
    ),
    (("hooks.slack.com", "/api/webhooks/"), r"(hooks\.slack\.com/\w+/|discord(?:app)?\.com/api/webhooks/)[\w/-]+"),
    (("cookie",), r"(?i)(\b(?:set-)?cookie(?:[\"']?\s*:\s*[\[\"']*|=[\[\"']+))[^\s\"'][^\"']*"),
    (
        ("token", "key", "secret"),
        r"(?i)(\bx-[\w-]{0,40}(?:token|key|secret)[\"']?\s*:\s*[\"']?)(?![$<])[^\s\"',]+",
    ),
    (("sig",), r"(?i)([?&](?:x-(?:amz|goog)-)?sig(?:nature)?=)[^\s&\"']{8,}"),
    (("curl",), rf"(\bcurl\b[^|;]*?\s(?:-\w*u|--user)[\s=]*[\"']?[^\s:$<\"']+:)(?!{MASK})[^\s$<\"']+"),
    (
        ("mysql", "mariadb", "sshpass", "redis-cli"),
        rf"(\b(?:mysql\w*|mariadb\w*)\b[^|;]*?\s-p|\bsshpass\s+-p\s*|\bredis-cli\b[^|;]*?\s-a\s+)(?!{MASK}|[\"']?\$)[^\s<]+",
    ),
    (
        ("pass",),
        rf"(?i)(\bpass(?:[\"']\s*:\s*|=))(?!{MASK}|[\"']?(?:\$|[\d.]+\b|true\b|false\b|yes\b|no\b|on\b|off\b|ok\b)){_VALUE}",
    ),
    (
        ("passw", "passphrase", "token", "key"),
        rf"(?i)(--(?:[\w-]{{0,40}}-)?(?:password|passphrase|token|api-?key)\s+)(?!{MASK}|-|[\"']?[$<`]){_VALUE}",
    ),
    (_NAMES, rf"(?i)({_NAME}\\{{1,7}}[\"']\s*:\s*\\{{1,7}}[\"'])[^\"'\\]+"),
    (("eyj",), r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"),
    (("@",), r"(://[^\s/:@]*:)(?!\d{1,5}(?:[/\s?]|$))[^\s\"'<>]{1,256}(?=@)"),
    (("@",), r"(://)[\w-]{20,}(?=@)"),
    (
        ("authorization",),
        r"(?i)(authorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic|token)\s+)(?!\$\{?[A-Z_][A-Z0-9_]*\}?(?:[\"'\s]|$))[^\s\"',]+",
    ),
    (
        ("authorization",),
        r"(?i)(authorization[\"']?\s*[:=]\s*[\"']?)(?!(?:bearer|basic|token)\s|[\"'\s])[^\"']+",
    ),
    (("bearer",), r"(?i)(\bbearer\s+)[\w.~+/-]{12,}=*"),
    (_NAMES, rf"(?i)({_NAME}[\"']?\s*=\s*){_VARIABLE}{_VALUE}"),
    (_NAMES, rf"(?i)({_NAME}[\"']\s*:\s*){_VARIABLE}{_VALUE}"),
    (_NAMES[:4], rf"(?i)({_WORDS}:\s*){_VARIABLE}{_VALUE}"),
    (_NAMES, rf"(?i)({_NAME}:\s*)[\w.~+/=-]{{16,}}"),
    ((), r"^(\s*)(?![0-9a-fA-F]+\s*$)[A-Za-z0-9+/]{64}(?:[A-Za-z0-9+/]{12})?\s*$"),
)
"""What only a secret looks like, behind the words of which its match has one in lower case; a first group stays.

The last one is a line of a PEM body: 64 or 76 characters of base64 and nothing else, but not a hex digest.
"""


@cache
def _shapes() -> tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...]:
    """Compiled for the first line that needs it."""
    compiled = ((hints, re.compile(shape)) for hints, shape in _SHAPES)
    return tuple((hints, shape, rf"\1{MASK}" if shape.groups else MASK) for hints, shape in compiled)


_HINTS = tuple(dict.fromkeys(hint for hints, _ in _SHAPES for hint in hints))
_ENCODED = re.compile(r"\s*[A-Za-z0-9+/]{64}(?:[A-Za-z0-9+/]{12})?\s*$")
_CUT_NOTE = re.compile(r"… \+[\d,]+ (?:B|KiB)$")
_KEY_BEGIN = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_KEY_END = re.compile(r"-----END [A-Z ]*PRIVATE KEY-----")


def redact(line: str, secrets: Sequence[str] = ()) -> str:
    """The line with every secret replaced by `‹masked›`; `secrets` are exact values, also looked for encoded."""
    if secrets:
        exact = _exact(tuple(secrets))
        if exact is not None:
            line = exact.sub(MASK, line)
            line = _without_cut_secret(line, secrets)
    low = line.lower()
    # cheap test first: nearly every log line has none of these and is done here
    seen = {hint for hint in _HINTS if hint in low}
    encoded = bool(_ENCODED.match(line))
    if seen or encoded:
        # letters beyond ASCII may stand for others where case is ignored: there every shape is tried
        every = not low.isascii()
        for hints, shape, instead in _shapes():
            if every or (not seen.isdisjoint(hints) if hints else encoded):
                line = shape.sub(instead, line)
    return line


def redact_lines(lines: Iterable[str], secrets: Sequence[str] = ()) -> tuple[str, ...]:
    """Several lines of one output: also masks the body between the two marks of a private key."""
    result: list[str] = []
    inside = False
    for line in lines:
        if inside:
            result.append(MASK)
            inside = not _KEY_END.search(line)
            continue
        begin = _KEY_BEGIN.search(line)
        inside = begin is not None and not _KEY_END.search(line, begin.end())
        result.append(redact(line, secrets))
    return tuple(result)


def may_hold(line: bytes, secrets: tuple[str, ...]) -> bool:
    """Whether one of the secrets may come out of a line as it is written: quick, for the many that hold none."""
    # behind a backslash JSON may write any character in another way, and a colour may stand inside
    return b"\\" in line or b"\x1b" in line or b"\x9b" in line or any(form in line for form in _written(secrets))


@lru_cache(maxsize=16)
def _written(secrets: tuple[str, ...]) -> tuple[bytes, ...]:
    forms = {form.encode("utf-8", "surrogatepass") for secret in secrets for form in _forms(secret)}
    return tuple(form for form in forms if len(form) >= SHORTEST)


@lru_cache(maxsize=16)
def _exact(secrets: tuple[str, ...]) -> re.Pattern[str] | None:
    forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
    useful = sorted((form for form in forms if len(form) >= SHORTEST), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, useful))) if useful else None


def _forms(secret: str) -> Iterator[str]:
    """A secret as it may stand in a line: bare, in pieces around its controls, quoted, base64 at any alignment."""
    import json  # noqa: PLC0415 - before its first secret a start needs none of it

    data = secret.encode("utf-8", "surrogatepass")
    yield secret
    yield from "".join(char if char.isprintable() else "\n" for char in secret).split("\n")
    for encoded in (quote(data, safe=""), quote(data), quote_plus(data)):
        yield encoded
        yield re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), encoded)
    quoted = json.dumps(secret)[1:-1]
    yield quoted
    yield quoted.replace("/", "\\/")  # as PHP writes it; and Go
    yield quoted.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield shlex.quote(secret).removeprefix("'").removesuffix("'")
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(data).decode().rstrip("=")
        for before in range(3):
            # the characters that depend on the secret alone, wherever it stands in a longer text (user:password)
            text = encode(bytes(before) + data).decode().rstrip("=")
            partial = (before + len(data)) % 3
            yield text[(0, 2, 3)[before] : len(text) - 1 if partial else len(text)]


def _without_cut_secret(line: str, secrets: Sequence[str]) -> str:
    """A secret of which the length limit left only the beginning."""
    note = _CUT_NOTE.search(line)
    if note is None:
        return line
    shown = line[: note.start()]
    for secret in secrets:
        for length in range(min(len(secret) - 1, len(shown)), 3, -1):
            if len(secret) >= SHORTEST and shown.endswith(secret[:length]):
                return shown[: len(shown) - length] + MASK + note[0]
    return line
