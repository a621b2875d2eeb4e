"""The document as sections under their headings, each with the role that its words give it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from runbook.reading.document.blocks import Block
from runbook.reading.document.phrases import heading_of
from runbook.reading.document.words import (
    ALTERNATIVE,
    BACK,
    CARRIED,
    FORWARD,
    LETTERED,
    MONITOR,
    NO_WAYS,
    NUMBERED,
    OF_STEPS,
    PROCEDURE,
    ROLES,
    ROLLBACK,
    SEVERAL,
    STEP,
    STRONGER,
    TECHNOLOGY,
    Role,
)
from runbook.reading.once import once

_DASHBOARDS = re.compile(
    r"(?:(?:grafana|datadog|kibana|new relic|cloudwatch|sentry|relevant|useful) )?dashboards?\b", re.I
)


class Section:
    """One heading and what stands under it. Built once, then only read."""

    def __init__(self, heading: str, level: int, line: int, parent: Section | None) -> None:
        self.heading = heading
        """Its words without emoji and emphasis."""
        self.level = level
        self.line = line
        self.parent = parent
        self.blocks: list[Block] = []
        self.children: list[Section] = []
        self.role: Role = ""
        alternative = ALTERNATIVE.match(heading)
        numbered = NUMBERED.match(heading)
        self.number = numbered["label"] if numbered else ""
        self.alternative = bool(alternative and _is_way(heading, alternative))
        self.label = (alternative["label"] or "") if alternative and self.alternative else ""
        self.is_step = STEP.match(heading) is not None
        after = alternative.end() if alternative and self.alternative else numbered.end() if numbered else 0
        self.title = heading[after:].strip() or heading
        """The heading without its number or label."""

    @property
    def is_choice(self) -> bool:
        """Whether it is one of several alternatives, and is told in one piece."""
        siblings = self.parent.children if self.parent else []
        return self.alternative and not self.children and sum(other.alternative for other in siblings[:40]) > 1

    @cached_property
    def goes_back(self) -> bool:
        return ROLLBACK.search(self.heading) is not None and not self.goes_forward

    @cached_property
    def goes_forward(self) -> bool:
        return FORWARD.search(self.heading) is not None and BACK.search(self.heading) is None

    @property
    def offers_several(self) -> bool:
        return SEVERAL.search(self.heading) is not None

    @cached_property
    def is_procedure(self) -> bool:
        return PROCEDURE.search(self.title) is not None

    @cached_property
    def names_technology(self) -> bool:
        return TECHNOLOGY.search(self.heading) is not None

    def within(self) -> Iterator[Section]:
        """This section and all below it, in the order of the document."""
        waiting = [self]
        while waiting:
            section = waiting.pop()
            yield section
            waiting.extend(reversed(section.children))

    def above(self) -> Iterator[Section]:
        """The sections around this one, from the nearest outwards."""
        section = self.parent
        while section is not None:
            yield section
            section = section.parent


def sections(found: list[Block]) -> Section:
    """The root, whose own blocks stand before any heading."""
    root = Section("", 0, 0, None)
    here = root
    for block in found:
        if block.kind != "heading":
            here.blocks.append(block)
            continue
        while here.level >= block.level and here.parent is not None:
            here = here.parent
        made = Section(heading_of(block.text), block.level, block.line, here)
        here.children.append(made)
        here = made
    title = title_section(root)
    for section in root.within():
        _letter(section)
        section.role = _role(section) if section not in (root, title) else ""
    return root


def title_section(root: Section) -> Section | None:
    """The section that holds the whole document under its title, where there is one."""
    if not root.children:
        return None
    first = root.children[0]
    others = root.children[1:]
    if first.level == 1 and not any(other.level == 1 for other in others):
        return first
    return None


def _letter(section: Section) -> None:
    """`A. Roll back this`, `B. Roll back that` as siblings are alternatives like `Option A` and `Option B`."""
    found = [(child, LETTERED.match(child.heading)) for child in section.children]
    lettered = [(child, match) for child, match in found if match]
    ways = sum(child.goes_back for child, _ in lettered) * 2 >= len(lettered)
    if len(lettered) > 1 and ways and lettered[0][1]["label"] == "A" and lettered[1][1]["label"] == "B":
        for child, match in lettered:
            child.alternative, child.label, child.title = True, match["label"], child.heading[match.end() :].strip()


def _role(section: Section) -> Role:
    around: Role = section.parent.role if section.parent else ""
    if around in NO_WAYS:
        section.alternative = False
    own: Role = "" if section.alternative else own_role(section.heading)
    if own == "verify" and section.number and section.parent and section.parent.children[0] is section:
        own = "before"  # the first step verifies the trouble, not the recovery
    if section.is_step and own not in OF_STEPS:
        own = ""
    within = section.parent is not None and section.parent.level > 1 and section.parent.goes_back
    if own == "monitor" and within and not MONITOR.search(section.heading) and not _DASHBOARDS.match(section.heading):
        own = ""  # `Vercel dashboard` under the ways back: where one of them is carried out
    acts = section.is_procedure and not section.label and any(block.ordered for block in section.blocks)
    breaks_off = around == "contacts" and (section.goes_back or acts) and not own
    if around not in CARRIED or section.alternative or breaks_off:
        return own
    return own if own in STRONGER.get(around, frozenset()) else around


@once
def own_role(heading: str) -> Role:
    """The role that these words give by themselves."""
    role: Role = next((role for role, words in ROLES if words.search(heading)), "")
    by_dashboard = role == "monitor" and BACK.search(heading) and not MONITOR.search(heading)
    return "" if by_dashboard else role


def _is_way(heading: str, found: re.Match[str]) -> bool:
    """Whether `Option 2`, `Procedure 1: Revert` or `Alternative: by hand` is meant, and not `Level of detail`."""
    if found["word"].lower().startswith("proc"):
        return bool(found["label"]) and ROLLBACK.search(heading) is not None
    return bool(found["label"]) or heading[: found.end()].rstrip().endswith((":", "–", "—", "-"))
