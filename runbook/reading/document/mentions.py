"""Commands inside sentences: which `code` a person is told to run, and which is only spoken of."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from runbook.model import Record
from runbook.reading.forbidding import forbids
from runbook.reading.inner import leads_into

LooksLikeCommand = Callable[[str], bool]

_SPAN = re.compile(r"(?<!`)(?P<mark>`{1,3})(?!`)(?P<code>[^`\n]{2,400}?)(?<!`)(?P=mark)(?!`)")
_TELLS = re.compile(
    r"\b(?:run|runs|running|re-?run|execut\w*|issue|invoke|call(?:ing)?|use|using|with|via|by|through|type|enter|perform|do"
    r"|try|check|verify|start|stop|restart|apply|deploy|trigger|list|get|command|commands"
    r"|ejecut\w+|corre|usa|lanza|con|exécut\w+|lance[rz]?|avec|esegui\w*|lancia|ausführen|führe|mit|execute|rode|com|実行|运行"
    r"|執行|执行|실행)\W*$|[:：→]\s*$|^\W*$|[.;]\s*$",
    re.I,
)
_AGAIN = re.compile(r"\0\W*(?:and|or|then|and then|followed by|y|o|et|ou|e|und|oder|または|或|또는)?\W*$", re.I)
"""Another command right after the one before it: told like that one."""
_AND_THEN = re.compile(r"\0[^\0`.:;]{1,60}[,;]\s*(?:and |then |and then )?$")
"""A command behind words that only part it from the one before: `a`, wait a minute, `b`."""
_OPTIONAL = re.compile(r"^\W*\((?:optional(?:ly)?|if needed|if necessary|as root|as needed)\)\s*", re.I)
_OTHER = re.compile(r"\0\W*(?:or|o|ou|oder|または|或者?|또는)(?: (?:else|with))?\W*$", re.I)
_LISTED = re.compile(r"\0\s*[,、]\s*$")
_ENDS = re.compile(r"^\s*(?:[.;)]|$|\n)")
_FLAGGED = re.compile(r"[a-z][\w-]+(?: [\w./:=@-]+)* --?[a-z][\w-]*")
"""A program nobody outside knows, but with an option, at the very start."""
_FAMILY = re.compile(r"(?:^|\s)[a-z]+(?:/[a-z]+){2,}$")
_IMPERATIVE = re.compile(r"^\W*(?:\d+[.)]\s*)?[A-Z][a-z]+\b(?<!ing)(?<!ed)\s")
_PROSE = re.compile(r"^(?:the|a|an|is|are|to|that|this|your|you|it|will|should|must|and|or|if|when|for|with|of)$", re.I)
_FOLLOWED = re.compile(r"^\s*(?:→|->|=>|—|–)\s*(?P<said>\S.*)$", re.M)
_AFTER_TELLS = re.compile(r"^\s*(?:を実行|で|실행|ausführen|aus\b|to |and |then |または)", re.I)
_ACTS = re.compile(
    r"\b(?:run|re-?run|execute|use|ejecut\w+|exécut\w+|esegui\w*|führe|ausführen|実行|运行|执行|실행)\b", re.I
)
_RUNS = re.compile(r"\b(?:run|execute|ejecut\w+|exécut\w+|esegui\w*|ausführen|実行|运行|执行|실행)\b", re.I)
_DISCOURAGES = re.compile(
    r"\b(?:(?:do not|don.?t)(?! (?:forget|hesitate)\b)|never|avoid|instead of|rather than|not|without|unlike|no longer|nunca|jamais|niemals)\b[^.;]{0,40}$",
    re.I,
)
_SPEAKS_OF = re.compile(
    r"\b(?:the|an?|like|such as|e\.g\.|i\.e\.|called|named|equivalent (?:to|of)|same as|see|because|when|if|after|once|since"
    r"|while|that|which|our|this|old|new|previous|does|output of|result of|from|in)\s*$",
    re.I,
)
_SPOKEN_ON = re.compile(
    r"^\s*(?:script|command|subcommand|flag|option|field|parameter|file|output|binary|tool|is\b|are\b|was\b|will\b|has\b|does\b"
    r"|did\b|fails?\b|failed\b|returns?\b|shows?\b|should\b|must\b|would\b|can\b|works?\b|takes?\b|exits?\b|succeeds?\b"
    r"|finishes|reports?\b|says\b|auto-|muestra|devuelve|zeigt|liefert|affiche|renvoie|mostra|restituisce)",
    re.I,
)
_WITHDRAWN = re.compile(
    r"^\W*(?:(?:is|are) )?(?:no longer (?:used|supported|valid)|deprecated|obsolete|(?:do not|don.?t|never) (?:use|run))\b",
    re.I,
)


class Mention(Record, frozen=True):
    """A command in a sentence; `armed` where the sentence tells somebody to run it."""

    text: str
    armed: bool
    line: int = 0
    """Counted from the first line of the text it stands in."""
    expected: str = ""
    """What the sentence says should be seen."""
    other: bool = False
    """Whether it is run in place of the one before it."""
    aside: bool = False
    """Whether it stands in brackets: `SSH into the host (…) and run …` tells to run it only by what comes behind."""


def mentions(text: str, looks_like_command: LooksLikeCommand, lead: str = "") -> tuple[Mention, ...]:
    """The commands in a sentence, in order; `lead` are the words above a list, such as `Run:`."""
    if "`" not in text:
        return ()
    found: list[Mention] = []
    told = False
    end = 0
    before = ""
    struck = False
    listed = 0
    for span in _SPAN.finditer(text):
        code = span["code"].strip().removeprefix("$ ")
        struck ^= bool(text.count("~~", end, span.start()) % 2)
        before = before[-200:] + text[end : span.start()].replace("*", "")
        end = span.end()
        after = text[end : end + 60]
        own_line = not before.rpartition("\n")[2].strip(" -*\0") and after[:1] in ("", "\n")
        flagged = (not before.strip(" -*") or own_line) and _FLAGGED.match(code)
        is_one = _could_be(code) and bool(looks_like_command(code) or flagged)
        if is_one:
            alone = " " not in code and not code.startswith("./")
            gone = struck and "~~" in text[end : end + 200]
            told = _is_told(before, code, after, told) and (
                not alone or bool(_RUNS.search(lead) or _ACTS.search(before[-40:]))
            )
            other = told and bool(_OTHER.search(before))
            if other:  # `a`, `b` or `c`: each of them
                since = len(found) - listed
                found[since:] = [msgspec.structs.replace(one, other=True) for one in found[since:]]
            listed = listed + 1 if told and _LISTED.search(before) else 0
            shown = _FOLLOWED.match(text[end : end + 300])
            found.append(
                Mention(
                    text=code,
                    armed=told and not gone,
                    other=other,
                    aside=before.endswith("(") and after[:1] == ")" and not _DISCOURAGES.search(before),
                    line=text.count("\n", 0, span.start()),
                    expected=shown["said"].replace("`", "").strip() if shown else "",
                )
            )
        before += "\0" if is_one else "x"
    later = [any(one.armed for one in found[at + 1 :]) for at in range(len(found))]
    leads = [
        one.aside and not one.armed and behind and bool(leads_into(one.text))
        for one, behind in zip(found, later, strict=True)
    ]
    return tuple(msgspec.structs.replace(one, armed=one.armed or way) for one, way in zip(found, leads, strict=True))


def _could_be(code: str) -> bool:
    """A program's name alone is only spoken of, unless it is a path to run; `add/del/change` is a family of them."""
    if _FAMILY.search(code) or code.endswith("/"):
        return False
    return " " in code or code.startswith(("./", "/", "~/", "bin/", "script/", "scripts/")) or code.endswith(".sh")


def _is_told(before: str, code: str, after: str, last: bool) -> bool:
    sentence = re.split(r"(?<=[.;!?])\s+(?=[A-Z(])", before)[-1]
    if forbids(sentence) or forbids(sentence.rpartition("\n")[2]) or _WITHDRAWN.match(after):
        return False
    if _DISCOURAGES.search(sentence) or _SPEAKS_OF.search(sentence):
        return False
    if _SPOKEN_ON.match(after):
        return bool(re.search(r"\b(?:run|execute|use)\s+(?:the\s+)?$", sentence, re.I))
    sentence = _OPTIONAL.sub("", sentence)
    if _AGAIN.search(sentence) or _AND_THEN.search(sentence):
        return last
    if _TELLS.search(sentence) or _AFTER_TELLS.match(after) or _ACTS.search(sentence[-40:]):
        return True
    return bool(_ENDS.match(after) and len(code.split()) > 2 and _IMPERATIVE.match(sentence))


def is_bare_command(line: str, looks_like_command: LooksLikeCommand) -> bool:
    """Whether a line of prose is nothing but a command that somebody forgot to put into a fence."""
    if line.startswith("$ "):
        return True
    words = line.split()
    if len(words) < 2 or line.endswith((".", ":", ",", "?", "!")) or not re.match(r"[a-z./~$]", line):
        return False
    return looks_like_command(line) and not any(_PROSE.match(word) for word in words)
