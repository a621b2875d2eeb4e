"""Words that tell to go to another machine: `SSH into web-1 and run …`, `On each web server:`.

The model has no place for it, and the room runs every command on its own machine: whoever confirms one has to know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from runbook.logs.clean import clean
from runbook.model import Effect, Method, Step

_KINDS = r"(?:servers?|machines?|hosts?|nodes?|box(?:es)?|instances?|vms?|droplets?|bastions?|jump ?hosts?|replicas?)"
_OURS = r"(?:local|this|your|my|own|same|current|dev\w*|control|laptop)"
_GOES_ON = r"(?:and|then|or|with|via|using|to|run|as|in|on|by)"
_NAMED = rf"(?!(?:{_OURS}|{_GOES_ON})\b)[\w.@<>'’{{}}$-]+"
_LOG_IN = re.compile(
    rf"\bssh(?:ing)?\s+(?:in ?)?to\s+(?:{_NAMED}\s*){{1,4}}|\bssh\s+on\s+(?:{_NAMED}\s*){{1,4}}"
    rf"|\b(?:log(?:ging|ged)?[ -]?(?:in|on)?|sign(?:ed)?[ -]?in|connect|jump|hop|remote)\s?(?:in|on)?to\s+"
    rf"(?:{_NAMED}\s+){{0,4}}?{_KINDS}\b",
    re.I,
)
_ON = re.compile(
    rf"\b(?:on|from|inside)\s+(?:the|each|every|all|both|any|one)\s+(?:of\s+)?(?:the\s+)?(?:{_NAMED}\s+){{0,3}}?{_KINDS}\b"
    r"(?=\W*$|\s*[,:：(]|\s+(?:and|then|run|use|execute|with|as)\b)",
    re.I,
)
_BACK = re.compile(
    r"\b(?:log(?:ging|ged)?[ -]?(?:out|off)|disconnect"
    r"|(?:back )?(?:on|at|to|from) (?:this|your(?: own)?|the local) (?:machine|laptop|computer|workstation))\b",
    re.I,
)
_SENTENCE = re.compile(r"(?<=[.;!?])\s+|\n")
_LONGEST = 1_000
"""Characters of a note that are looked at; what leads elsewhere is said before what is done there."""


_ACTS_THERE = re.compile(
    r"(?:sudo\s+)?(?:ssh|scp|rsync|mosh|ansible[\w-]*|p?dsh|pssh|kubectl|oc|helm|nomad|aws|gcloud|az|heroku|fly|flyctl|vercel"
    r"|railway|terraform|pulumi|salt|knife|curl|http)\s"
)
"""Programs that from here act on what the words name: `On each node: kubectl drain …`."""


def stays_here(method: Method, step: Step) -> tuple[str, ...]:
    """That a change runs on this machine, where the runbook leads to another: by a command before it, or in words."""
    if step.effect is Effect.READ:
        return ()
    before = tuple(takewhile(lambda other: other.id != step.id, method.steps))
    if any(command.kind == "interactive" for earlier in before for command in earlier.commands):
        from runbook.reading.inner import gone_elsewhere  # noqa: PLC0415 (100 ms that hardly any runbook need pay)

        if went := gone_elsewhere(before, step):
            return (f"runs here, on this machine, and not where “{clean(went)}” before it leads",)
    if all(_ACTS_THERE.match(command.text) for command in step.commands):
        return ()
    own = "\n".join(_said(step))
    if words := _first(own, _LOG_IN, _ON):
        return (f"runs here, on this machine; “{clean(words)}” may mean another",)
    gone = ""
    for said in (*("\n".join(_said(earlier)) for earlier in before), own):
        gone = "" if _BACK.search(said) else _first(said, _LOG_IN) or gone
    return (f"runs here, on this machine; “{clean(gone)}” before it may mean another",) if gone else ()


def _first(words: str, *patterns: re.Pattern[str]) -> str:
    for sentence in _SENTENCE.split(words[:_LONGEST]):
        for pattern in patterns:
            if found := pattern.search(sentence):
                return " ".join(found[0].split()).rstrip(".,;:")
    return ""


def _said(step: Step) -> Iterator[str]:
    """What a step says in words, its title first."""
    yield step.title
    yield step.note
    yield from (command.note for command in step.commands)
