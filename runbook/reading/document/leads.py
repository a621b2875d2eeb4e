"""What the words above a block say of it: a condition or a place that holds for all of it, or only that it follows."""

from __future__ import annotations

import re

from runbook.reading.once import once
from runbook.reading.programs import words_of

LABEL = 32
"""More letters than a label has; longer words are a sentence."""

_LETTERS = re.compile(r"[^\W\d_]+")
_EMPTY = words_of(
    "run runs use execute do follow perform type enter try then now next first finally and or the a an this that "
    "these those it following below above step steps command commands cmd procedure process action actions "
    "instruction instructions resolution solution solutions fix fixes example examples usage script with in order "
    "to by as how here you can should we will must please operator manually immediate immediately bash shell cli "
    "terminal rollback recovery method pasos comandos comando siguiente siguientes los las el la ejecute ejecutar "
    "solución solucion ejecuta schritte schritt befehle befehl folgende folgenden ausführen lösung étapes "
    "commandes commande suivante suivantes exécutez passi 手順 步骤 コマンド"
)
_HOLDS = re.compile(
    r"(?i)\W*(?:\d+[.)]\s*)?(?:if|when|whenever|unless|only|on|in|inside|within|from|at|as|for|after|before|once|while|until|otherwise"
    r"|wenn|falls|nur|auf|im|als|nach|vor|si|cuando|solo|sólo|en|desde|como|quand|seulement|sur|dans|depuis|se|quando|sul|nel|em|no|na)\b"
)
_DESCRIBES = re.compile(
    r"(?i)^(?:(?:possible|likely|common|probable|typical|potential|main|known) )?"
    r"(?:causes?|reasons?|symptoms?|impacts?|consequences)$"
    r"|^(?:what|how) (?:it|this|that|the .{1,40}) (?:does|means|works)$|^what happens(?: .{1,30})?$"
    r"|^(?:the|this|that|our|it|which|each|an?)\b.{0,50}?"
    r"\b(?:will(?: then| also| automatically)?|does the following|automatically|is going to)$"
    r"|^(?:s[ií]ntomas|causas?(?: posibles)?|qué hace|ursachen?|symptome|causes? possibles?|sympt[oô]mes|sintomi"
    r"|原因|症状)$"
)

_WHY = re.compile(
    r"(?i)(?:\w+ )?(?:causes?|reasons?|symptom\w*|sympt[oô]mes|sintomi|s[ií]ntomas|causas?|ursachen?|原因|症状)"
)


@once
def says_nothing(words: str) -> bool:
    """Whether words above a block only say that it follows: `Run the following commands`, `Steps`."""
    return all(word.lower() in _EMPTY for word in _LETTERS.findall(words))


@once
def holds_for_all(words: str) -> bool:
    """Whether words set a condition or name a place for all that follows: `If the migration ran`, `On the standby`."""
    return _HOLDS.match(words) is not None


@once
def describes(words: str) -> bool:
    """Whether what stands under these words is told, not done: causes, symptoms, what a program does by itself."""
    return _DESCRIBES.match(words) is not None


@once
def is_example(words: str) -> bool:
    """Whether words introduce what stands above with its values filled in."""
    return (
        re.fullmatch(
            r"(?i)(?:for )?(?:example|instance|e\.g\.|beispiel|z\.\s?b\.|(?:por )?ejemplo|(?:par )?exemple|例)s?", words
        )
        is not None
    )


@once
def comes_by_itself(words: str) -> bool:
    """Whether these words introduce what a program does, and not why something is done."""
    return describes(words) and not _WHY.match(words)


class Lead:
    """The words above what is read now: a bold line, a paragraph that ends in a colon."""

    words = ""
    line = 0
    """Where a bold line stood; 0 once it has a step."""
    told = ""
    """Those that named something. A warning that names nothing is a note of what comes next."""
    context = ""
    """Those above a list, which hold for all its items."""

    @property
    def is_above_list(self) -> bool:
        return bool(self.context) and self.context == self.words

    def ends_with_list(self) -> None:
        """What comes after a list that was only told is not what the words above the list name."""
        if self.told == self.words and describes(self.words):
            self.words = ""

    def begins(self, words: str, line: int = 0) -> list[str]:
        """Takes the next words; returns those before them that named nothing."""
        left = self.left()
        self.words, self.line, self.context = words, line, ""
        return left

    def left(self) -> list[str]:
        """The words that named nothing."""
        told, self.told = self.told, self.words
        return [self.words] if self.words and self.words != told and not says_nothing(self.words) else []

    def over(self, words: str) -> tuple[tuple[str, ...], list[str]]:
        """The words where they hold for each step below them; a longer sentence, once, as a note of the first."""
        told, self.told = self.told, words or self.told
        if holds_for_all(words) or len(words) <= LABEL:
            return (words,), []
        return (), [words] if words != told and not says_nothing(words) else []
