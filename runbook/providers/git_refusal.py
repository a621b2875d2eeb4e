"""Reading a remote's refusal out of a push's output: which rule it was, and what to do instead."""

from __future__ import annotations

import re
from collections.abc import Callable

from runbook.logs.clean import clean, redact
from runbook.model import Record

_URL = re.compile(r"https?://[^\s\x00-\x1f\"'<>]+")
_REJECTED = re.compile(r"^(?:remote: )?[ \t]*![ \t][^\n]*", re.MULTILINE)
_ROUTE = re.compile(r"(\S+) -> (\S+)|![ \t]+([^:\s]*):(\S+)\s")
_BY_GIT = re.compile(r"^\s*(?:fatal: (?!\[)|remote: |error: |ERROR: |!\s|To )", re.MULTILINE)
"""How git and the other side begin a line: `Connection refused` alone may be any program's word."""
_SURELY_GIT = re.compile(r"^\s*(?:fatal: (?!\[)|remote: |!\s+\[)", re.MULTILINE)
"""Of these what hardly any other program begins a line with: `error: ` is how many of them complain."""
_REASON = re.compile(r"\(([^()\n]*)\)\s*$", re.MULTILINE)
_PULLS = ("/pull/", "/pulls/", "/pull-requests", "/merge_requests", "/compare/")
LONGEST = 500
"""Characters of an address that can be shown and copied whole; a cut one leads nowhere."""
_BEHIND = "git fetch origin, then look again: r"
_SIGN_IN = (
    "Authentication failed",
    "could not read Username",
    "could not read Password",
    "Permission denied (publickey",
    "Invalid username or password",
    "HTTP Basic: Access denied",
    "terminal prompts disabled",
    "The requested URL returned error: 401",
)
_NOT_ALLOWED = ("The requested URL returned error: 403", "Permission to ", "You are not allowed to push")
_GONE = (
    "Could not resolve host",
    "Connection refused",
    "Connection timed out",
    "Could not read from remote repository",
    "does not appear to be a git repository",
    "unable to access",
)


class _Refused(Record, frozen=True):
    """A push's output, and what was read out of it."""

    output: str
    branch: str
    rejected: str

    def has(self, *words: str) -> bool:
        return any(word in self.output for word in words)

    @property
    def by_server(self) -> str:
        """The line of the refusal when the server wrote it, and not git here."""
        return self.rejected if "remote rejected" in self.rejected else ""


def by_git(output: str) -> bool:
    """Whether git itself speaks in the output of a command that does not name it."""
    return _SURELY_GIT.search(output) is not None


def refusal(output: str) -> tuple[str, str] | None:
    """The rule that refused a push, in a sentence, and the mend; None when the output shows no refusal."""
    if not _BY_GIT.search(output):
        return None
    refused = _Refused(output, *_rejected(output))
    row = _row(refused)
    if row is None:
        return None
    _, sentence, mend = row
    return sentence(refused), mend(refused) if callable(mend) else mend


def refused_branch(output: str) -> str:
    """The branch whose push was refused, as the output names it."""
    return _rejected(output)[0]


def may_go_elsewhere(output: str) -> bool:
    """Whether the commit may still go to a branch of its own: it was this branch that was refused, not the person."""
    row = _row(_Refused(output, *_rejected(output)))
    return row is not None and row[2] in (_instead, _BEHIND)


def rule_page(output: str) -> str:
    """The page on which the remote explains its rule; empty where it names none."""
    urls = (clean(url).rstrip(".,)") for url in _URL.findall(output) if not any(part in url for part in _PULLS))
    return next((redact(url) for url in urls if len(url) <= LONGEST and "/rules" in url), "")


def pull_request(output: str) -> str:
    """The page on which the remote says that a pull request is opened, or is open; empty where it names none."""
    said = "\n".join(line for line in output.splitlines() if line.startswith("remote:"))
    urls = (clean(url).rstrip(".,)") for url in _URL.findall(said))
    return next((redact(url) for url in urls if len(url) <= LONGEST and any(part in url for part in _PULLS)), "")


def _instead(refused: _Refused) -> str:
    """A branch of its own, and a pull request from it."""
    output = refused.output
    found = [clean(url, 300) for url in _URL.findall(output)]
    pull = next((url for url in found if "/pull/" in url or "merge_requests" in url), "")
    where = pull or "the remote's web page"
    return (
        'Push a branch of its own: git push origin "HEAD:refs/heads/rollback/$(git rev-parse --short HEAD)"'
        f" and open a pull request from it: {where}" + (f" (the rule: {found[0]})" if found and not pull else "")
    )


_Row = tuple[Callable[[_Refused], bool], Callable[[_Refused], str], Callable[[_Refused], str] | str]
_RULEBOOK: tuple[_Row, ...] = (
    (
        lambda r: r.has("GH013", "Repository rule violations"),
        lambda r: f"The remote's rules do not let anyone push to {r.branch}{_said(r.output, 'GH013')}.",
        _instead,
    ),
    (
        lambda r: r.has("GH006", "Protected branch", "protected branch"),
        lambda r: f"{r.branch} is a protected branch on the remote{_said(r.output, 'GH006')}.",
        _instead,
    ),
    (
        lambda r: "stale info" in r.rejected,
        lambda r: f"{r.branch} moved on the remote since the preview, so the lease did not hold.",
        "Look again: r",
    ),
    (
        lambda r: r.has("denyNonFastForwards", "denying non-fast-forward") or "non-fast-forward" in r.by_server,
        lambda r: f"The remote takes no push that drops commits from {r.branch}.",
        "Roll back with a new commit instead: the tag rollback that keeps history (git commit-tree), or git revert.",
    ),
    (
        lambda r: r.has("deletion prohibited", "denying ref deletion"),
        lambda r: f"The remote does not let {r.branch} be deleted.",
        "",
    ),
    (
        lambda r: "non-fast-forward" in r.rejected or "fetch first" in r.rejected,
        lambda r: f"{r.branch} has commits on the remote that this push does not contain.",
        _BEHIND,
    ),
    (
        lambda r: r.has("hook declined"),
        lambda r: f"A hook on the remote refused the push to {r.branch}{_said(r.output, 'remote:')}.",
        _instead,
    ),
    (
        lambda r: r.has(*_SIGN_IN),
        lambda r: "The remote did not accept the sign-in.",
        "Sign in again (gh auth login, or load your ssh key), then r",
    ),
    (
        lambda r: r.has(*_NOT_ALLOWED),
        lambda r: f"You may not push to {r.branch} on this remote.",
        _instead,
    ),
    (
        lambda r: bool(r.by_server),
        lambda r: f"The remote refused the push to {r.branch}{_reason(r.rejected)}.",
        _instead,
    ),
    (
        lambda r: bool(r.rejected),
        lambda r: f"git refused the push to {r.branch}{_reason(r.rejected)}.",
        "Look again: r",
    ),
    (lambda r: r.has(*_GONE), lambda r: "The remote did not answer.", "Retry: r"),
)


def _row(refused: _Refused) -> _Row | None:
    return next((row for row in _RULEBOOK if row[0](refused)), None)


def _rejected(output: str) -> tuple[str, str]:
    """The branch that was refused, and the line that says so."""
    lines = [line for line in _REJECTED.findall(output) if "rejected" in line]
    if not lines:
        return "the branch", ""
    route = _ROUTE.search(lines[0])
    name = (route[2] or route[4] or "") if route else ""
    return clean(name.removeprefix("refs/heads/"), 100) or "the branch", lines[0]


def _reason(rejected: str) -> str:
    found = _REASON.search(rejected)
    return f": {clean(found[1], 200)}" if found else ""


def _said(output: str, marker: str) -> str:
    """The remote's own words on the line with the marker, or on the first that a hook wrote."""
    for line in output.splitlines():
        words = line.removeprefix("remote:").strip()
        if marker in line and words.strip("-= "):
            return f": {clean(words.removeprefix('error:').strip(), 200).rstrip('.')}"
    return ""
