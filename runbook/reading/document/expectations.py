"""Words that tell what should be seen: `Expected: three pods`, `Should return 200`, `Salida esperada:`."""

from __future__ import annotations

import re

_EXPECTED = re.compile(
    r"^(?:expect(?:ed|ation)?|(?:example|sample|healthy|normal|correct) (?:output|response|result)|outputs?|returns|response|result"
    r"|you should see|should (?:return|show|output|see|be|print)|salida esperada|resultado esperado|résultat attendu|sortie attendue"
    r"|output atteso|risultato atteso|erwartet\w*|saída esperada|期待\w*|预期\w*|예상\w*)\b"
    r"(?:[^:：\n]{0,40}[:：]\s*(?P<said>.*)|(?: \w+){0,2}\s*)$",
    re.I | re.S,
)
_SHOULD_BE_SEEN = re.compile(
    r"^(?:you should see|(?:it )?should (?:return|show|output|print))\s+(?P<said>\S.*)$", re.I | re.S
)


def expectation(words: str) -> str | None:
    """What should be seen, by these words; empty where it follows, None where they tell no such thing."""
    found = _EXPECTED.match(words) or _SHOULD_BE_SEEN.match(words)
    return (found["said"] or "").strip() if found else None
