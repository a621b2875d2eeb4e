"""What the words mean with which a cluster, through any of its clients, refuses an order."""

from __future__ import annotations

_MEANT = (
    (
        ("Unauthorized", "must be logged in"),
        "The cluster does not know who you are. Sign in to it again, then retry: r",
    ),
    (("orbidden",), "This user may not change {what}. Sign in as somebody who may deploy."),
    (
        ("context was not found", "context does not exist", '" does not exist'),
        "The kubeconfig has no such context. `kubectl config get-contexts` lists those it has; mend it: e",
    ),
    (("(NotFound)", '" not found'), "{what} is not there. Check its name, the namespace and the context: e"),
    (
        ("Operation cannot be fulfilled", "object has been modified"),
        "Somebody else changed {what} at the same moment. Look again: r",
    ),
    (
        (
            "was refused",
            "connection refused",
            "no such host",
            "i/o timeout",
            "deadline exceeded",
            "awaiting headers",
            "request canceled",
            "handshake timeout",
            "unable to handle the request",
            "cluster unreachable",
        ),
        "The cluster did not answer. Check context and network, then retry: r",
    ),
    (
        ("(InternalError)", "Internal error occurred", "etcdserver"),
        "The cluster could not carry it out. Look whether its API server is well, then retry: r",
    ),
)

Meanings = tuple[tuple[tuple[str, ...], str], ...]


def meaning(output: str, what: str, own: Meanings) -> str:
    """The sentence for the first words that the output holds, those of the client itself first; empty without any."""
    why = next((told for words, told in (*own, *_MEANT) if any(word in output for word in words)), "")
    return why.replace("{what}", what)
