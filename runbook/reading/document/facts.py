"""Single facts that a document states about itself or about a way: owner, version, duration, risk, when to use it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from runbook.model import Record, Seconds
from runbook.reading.document.blocks import Block
from runbook.reading.document.phrases import bare, plain
from runbook.reading.document.sections import Section
from runbook.reading.document.spans import Risk, risk, span, span_in_heading

_FACT = re.compile(r"^(?P<key>[^:：\n]{2,40}?)\s*[:：]\s*(?P<value>.+)$")
_KEYS = {
    "duration": re.compile(
        r"^(?:estimated |expected |total |average )?(?:duration|time(?: to (?:recovery|recover|rollback|complete))?(?: required"
        r"| estimate)?|recovery time|rto|eta|duraci[oó]n|tiempo(?: estimado)?|durée|durata|dauer|duração|tempo|所要時間|时间|시간)$",
        re.I,
    ),
    "risk": re.compile(r"^(?:risk(?: level)?|riesgo|risque|rischio|risiko|risco|リスク|风险|위험)$", re.I),
    "data_loss": re.compile(
        r"^(?:data[ -]loss(?: risk)?|rpo|p[eé]rdida de datos|perte de données|datenverlust)$", re.I
    ),
    "use_when": re.compile(
        r"^(?:use (?:when|this when|if|for|case)|when(?: to use)?(?: this)?|best for|usar cuando|quand|wann)$", re.I
    ),
    "avoid_when": re.compile(
        r"^(?:avoid (?:when|if)|do not use (?:when|if|for)|not for|don.?t use (?:when|if))$", re.I
    ),
    "owner": re.compile(
        r"^(?:owners?|maintainers?|maintained by|owned by|team|author|responsable|verantwortlich)$", re.I
    ),
    "version": re.compile(
        r"^(?:(?:document |runbook )?version|revision|versi[oó]n|versione|バージョン|版本|버전)$", re.I
    ),
    "tested": re.compile(r"^last (?:tested|drill|exercised|verified|validated|rehearsed)$", re.I),
    "updated": re.compile(r"^(?:last (?:updated|reviewed|revised|modified)|updated|date|última actualización)$", re.I),
    "next_review": re.compile(r"^next review$", re.I),
    "service": re.compile(r"^(?:service|application|system|servicio|dienst)$", re.I),
    "environment": re.compile(r"^(?:environment|env|entorno|umgebung)$", re.I),
}
_FACT_LINE = re.compile(
    r"^(?:(?:estimated |expected |total |recovery )?(?:duration|time(?: to recovery| required| estimate)?|downtime|rto|rpo)|risk(?: level)?"
    r"|severity|impact|owner|data loss|use when|when to use|best for|prerequisites?|last (?:updated|tested|reviewed)|version|date"
    r"|author|status|feature|approval(?: required)?|complexity|duraci[oó]n|riesgo|durée|risque|durata|rischio|dauer|risiko)"
    r"\s*[:：]",
    re.I,
)
_BLANK = re.compile(r"^(?:tbd|todo|n/?a|none|unknown|-+|_+|\[[^\]]*\]|<[^>]*>|\.\.\.|…)$", re.I)
_CAUTION = re.compile(r"^(?:⚠\ufe0f?|🚨|❗|\*{0,2}(?:warning|caution|danger|achtung|advertencia|attention)\b)", re.I)


class Facts(Record, frozen=True):
    """What one place states about itself."""

    said: dict[str, str] = {}
    cautions: tuple[str, ...] = ()

    def get(self, key: str) -> str:
        return self.said.get(key, "")


def facts(blocks: Iterable[Block]) -> Facts:
    """The facts in bold lines, list items and two-column tables; the first of each kind counts."""
    said: dict[str, str] = {}
    cautions: list[str] = []
    for block in blocks:
        if block.kind in ("paragraph", "bold") and _CAUTION.match(block.text):
            cautions.append(bare(block.text))
        for line in _lines(block):
            found = _FACT.match(line)
            if not found:
                continue
            key = bare(found["key"])
            name = next((name for name, words in _KEYS.items() if words.match(key)), "")
            if name and not _BLANK.match(found["value"].strip()):
                said.setdefault(name, found["value"].strip())
    return Facts(said=said, cautions=tuple(cautions))


def warns(text: str) -> bool:
    """Whether a bold line or a paragraph is a warning."""
    return _CAUTION.match(text) is not None


def only_facts(block: Block) -> bool:
    """Whether every line of a paragraph states such a fact, so that nothing in it is to be done."""
    return all(_FACT_LINE.match(plain(line)) for line in block.text.split("\n") if line.strip())


def estimate(stated: Facts, heading: str) -> Seconds:
    """How long a way takes, as its own lines or its heading say; 0 where neither does."""
    return span(stated.get("duration")) or span_in_heading(heading)


def stated_risk(stated: Facts, heading: str) -> Risk | None:
    """The risk that is stated; None where none is."""
    if stated.get("risk"):
        return risk(stated.get("risk"))
    in_heading = re.search(r"\brisk\W+(?P<said>\w+)|(?P<before>very low|low|medium|high)[ -]risk", heading, re.I)
    return risk(in_heading["said"] or in_heading["before"]) if in_heading else None


def of_document(root: Section, top: Section | None) -> Facts:
    """The facts about the whole document: at its head and at its very end."""
    blocks = list(root.blocks) + (list(top.blocks) if top else [])
    last = list(root.within())[-1]
    ending = [block for block in last.blocks[-6:] if block.kind in ("paragraph", "bold")]
    return facts([*blocks, *ending])


def _lines(block: Block) -> Iterator[str]:
    if block.kind in ("paragraph", "bold", "item"):
        for line in block.text.split("\n"):
            for part in line.split(" | "):
                yield plain(part)
    elif block.kind == "table":
        for row in block.rows:
            if len(row) == 2:
                yield f"{plain(row[0])}: {plain(row[1])}"
