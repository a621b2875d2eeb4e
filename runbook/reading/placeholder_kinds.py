"""What sort of value is asked for, as its name and the command around it tell."""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["text", "git_commit", "git_tag", "number", "url", "secret"]


def kind_of(name: str, text: str) -> Kind:
    """What sort of value a name asks for, near the programs of its command."""
    parts = [part for part in re.split(r"[-_]|(?<=[a-z])(?=[A-Z])", name) if part]
    words = {part.lower() for part in parts}
    last = parts[-1].lower() if parts else ""
    git = bool(re.search(r"\bgit\b", text))
    open_words = {"token", "password", "secret", "passwd", "pwd", "passphrase", "credential", "credentials", "apikey"}
    if words & open_words or (
        "key" in words and len(words) > 1 and not words & {"public", "ssh", "cache", "partition"}
    ):
        return "text" if last in ("name", "id", "arn", "path", "file") else "secret"
    if words & {"commit", "sha", "hash", "good", "bad"} and not words & {"image", "digest", "message", "msg"}:
        return "git_commit" if git or words & {"commit", "sha"} else "text"
    if git and words & {"tag", "version", "release"} and "branch" not in words:
        return "git_tag"
    if last in ("url", "uri", "endpoint"):
        return "url"
    if last in ("number", "num", "revision", "count", "port", "replicas", "pid", "n", "seconds", "minutes"):
        return "number"
    return "text"
