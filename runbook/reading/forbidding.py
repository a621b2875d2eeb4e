"""Words that show a command only to say that it is not to be run: `Never run this in production:`, `# Wrong:`."""

from __future__ import annotations

import re

from runbook.reading.once import once

_NEGATED = (
    r"(?:(?:please |you |we )?(?:do not|don.?t|never|must not|mustn.?t|should not|shouldn.?t|(?:must|should) never)"
    r"|(?:nobody|no[ -]one) (?:should|must|may)(?: ever)?)"
)
_PLACE = r"(?:in|on|against|for) (?:the |your |a |any )?(?:live|shared|main|public|prod\w*|master)\b"
_WHAT_FOLLOWS = r"the (?:following|(?:next |following )?(?:commands?|script|block|steps?|line)(?: below)?)"
_OBJECT = (
    r"(?:$|[:!.,;(：]|(?:this|these|that|those|it|them|any of|anything like|like|such|here|ever)\b"
    rf"|{_WHAT_FOLLOWS}\b|{_PLACE})"
)
_USES = re.compile(
    rf"{_NEGATED}(?: (?:ever|just|simply|blindly|manually|directly))*"
    rf"(?:\s*(?:$|[:：!])| (?:run|re-?run|use|execute|do|type|issue|try|invoke|call|copy|paste)\b\s*{_OBJECT})"
    r"|avoid(?:\s*(?:$|[:!：])| (?:(?:running|using|executing|doing) )?(?:this|these|that|those|it|them)\b)"
    rf"|(?:(?:this|these|it|that|{_WHAT_FOLLOWS})\b[^.:;]{{0,30}}\b)?(?:must|should|may|can|is|are)"
    r"(?:n.t| not| never)(?: to)? (?:ever )?be (?:run|used|executed)\b"
    r"|(?:nunca|no) (?:ejecut|us)(?:ar|es?|en?)\b|ne (?:pas|jamais) (?:exécuter|lancer|utiliser)\b"
    r"|(?:nicht|niemals|nie) (?:ausführen|verwenden|benutzen)\b|non eseguire\b"
    r"|不要(?:执行|运行|使用)|请勿|严禁|実行しないで|使用禁止",
    re.I,
)
_CALLED = re.compile(
    r"(?:wrong|bad|incorrect|deprecated|obsolete|outdated|anti-?pattern|don.?ts|what not to (?:do|run|use)"
    r"|no longer (?:used|supported))(?: (?:way|approach|method|commands?|examples?|practice|version))?"
    r"\s*(?:$|[:：(!]|[-–—] )",
    re.I,
)
_ON_CONDITION = re.compile(
    r"\b(?:until|till|before|unless|without|if|when|while|more than|twice|again|yet|as root|in parallel|from|other than"
    r"|except|bevor|solange|hasta|sin|avant|sans)\b",
    re.I,
)
_ASKS_AFTER_ALL = re.compile(
    r"(?:[,;:：(]|\s[-–—]|\bbut\b)\s*(?:but |please |instead |rather )*"
    r"(?:run|use|do|execute|try|call|prefer|instead|this|these)\b",
    re.I,
)
_CROSSES = "❌✗✘🚫⛔✖"
_MARKS = re.compile(
    r"^[\W_]+(?=[^\W_]|$)|^(?:[\W_]*(?:warning|caution|danger|important|attention|achtung)\b[\W_]*)+", re.I
)


@once
def forbids(words: str) -> bool:
    """Whether words around a command say that it is not to be run; no where they only set a condition."""
    last = re.split(r"(?<=[.!?])\s+(?=\S)", words.strip()[-300:])[-1]
    said = _MARKS.sub("", last)
    if not said:
        return any(mark in last for mark in _CROSSES)
    if last.startswith("~~") and last.rstrip(" :：").endswith("~~"):
        return True
    found = _CALLED.match(said) or _USES.match(said)
    if not found or _ASKS_AFTER_ALL.search(said, found.end()):
        return False
    return found.re is _CALLED or not _ON_CONDITION.search(said)
