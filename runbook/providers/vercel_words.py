"""What Vercel's program says when an order fails, and what it means."""

from __future__ import annotations

import re

_MEANINGS: tuple[tuple[str, str], ...] = (
    (
        r"upgrade to pro|further than the previous production deployment",
        "The Hobby plan goes back one deployment only. Promote the older one, or revert in git (method 1).",
    ),
    (
        r"token .{0,60}not valid|invalid token|No existing credentials|\(401\)|Not authorized",
        "Vercel does not accept the sign-in. Run `vercel login`, or set a VERCEL_TOKEN that is still valid.",
    ),
    (
        r"\(403\)|don't have permission|not have permission",
        "This account may not roll production back. It needs the role of a member who may deploy to production.",
    ),
    (
        r"Can't find the deployment|Deployment not found|\(404\)",
        "There is no such deployment in this account any more. Pick another: e",
    ),
    (
        r"already the current production deployment",
        "Production serves that deployment already.",
    ),
    (
        r"already in progress|\(409\)",
        "Another switch is under way. Wait until production has settled, look what it serves, then retry: r",
    ),
    (
        r"not eligible|\(422\)",
        "Vercel cannot go back to that deployment: it never served production, or is kept no longer. Pick another: e",
    ),
    (
        r"\(429\)|[Rr]ate limit",
        "Vercel takes no more requests for a while. Nothing was changed; wait a minute, then retry: r",
    ),
    (
        r"exceeded its deadline",
        "vercel stopped waiting, and Vercel goes on with the switch. Look what the production domain serves before "
        "anything is done again.",
    ),
    (
        r"Failed to remap",
        "Vercel could not move all production domains. Some may serve one deployment, some the other: look at each.",
    ),
    (
        r"belongs to a different team",
        "vercel acted for another team than the deployment's. Add --scope TEAM to the command: e",
    ),
    (
        r"specified scope does not exist",
        "There is no such team for this account. Is it the right sign-in? `vercel whoami`, `vercel teams ls`",
    ),
    (
        r"\(5\d\d\)|ECONNREFUSED|ENOTFOUND|ETIMEDOUT|ECONNRESET|fetch failed|request to .{1,200} failed",
        "Vercel did not answer as it should. Look what production serves, see vercel-status.com, then retry: r",
    ),
)
_READ = tuple((re.compile(pattern), words) for pattern, words in _MEANINGS)


def meaning(output: str) -> str:
    """A sentence with the mend; empty where the output tells nothing."""
    return next((words for pattern, words in _READ if pattern.search(output)), "")
