"""Several providers asked as one: each speaks about the commands that it understands."""

from __future__ import annotations

from runbook.model import Remedy
from runbook.providers.provider import Failure, Place, Preview, Proof, Provider, Standing, Target, Unavailable, as_one

_NOTHING = Preview()
"""What a provider says of a text without an order to it."""


class Together:
    """The providers of one incident. Where one answer is wanted, the first that has one gives it."""

    def __init__(self, providers: tuple[Provider, ...]) -> None:
        self.providers = providers

    def concerned(self, text: str) -> tuple[Provider, ...]:
        """Those that understand the command."""
        return tuple(provider for provider in self.providers if provider.concerns(text))

    def orders(self, text: str) -> bool:
        """Whether one of them shows before and proves after what the text orders."""
        return any(provider.orders(text) for provider in self.providers)

    async def targets(self, kind: str, on: str) -> tuple[Target, ...]:
        """What a param of this kind can be picked from. Raises Unavailable."""
        return tuple([target for provider in self.providers for target in await provider.targets(kind, on)])

    async def check_value(self, kind: str, value: str, on: str) -> str:
        """Why the value is not what its kind and `on` say, as a sentence; empty when it is."""
        for provider in self.providers:
            if why := await provider.check_value(kind, value, on):
                return why
        return ""

    async def preview(self, text: str, at: Place) -> Preview:
        """Everything that any of them sees, in their order."""
        asked = [await provider.preview(text, at) for provider in self.concerned(text)]
        seen = [preview for preview in asked if preview != _NOTHING]
        return Preview(
            lines=tuple(line for preview in seen for line in preview.lines),
            expected={ref: value for preview in seen for ref, value in preview.expected.items()},
            warnings=tuple(line for preview in seen for line in preview.warnings),
            blocked=" ".join(preview.blocked for preview in seen if preview.blocked),
            already=" ".join(preview.already for preview in seen) if all(preview.already for preview in seen) else "",
            way_back=" ".join(preview.way_back for preview in seen if preview.way_back),
            choices=next((preview.choices for preview in seen if preview.choices), ()),
            choosing=next((preview.choosing for preview in seen if preview.choices), ""),
            checks=tuple(line for preview in seen for line in preview.checks),
            remedy=next((preview.remedy for preview in seen if preview.remedy), None),
        )

    def safer(self, text: str, expected: dict[str, str]) -> tuple[str, str]:
        """A command in its safer form (a bare force becomes a lease on what was seen), and why."""
        for provider in self.concerned(text):
            replaced, why = provider.safer(text, expected)
            if why:
                return replaced, why
        return text, ""

    def chosen(self, text: str, value: str) -> str:
        """The text with one of its preview's choices written in; unchanged where nobody knows how."""
        return next((new for p in self.concerned(text) if (new := p.chosen(text, value)) != text), text)

    async def targets_of(self, text: str, value: str, at: Place) -> tuple[Target, ...]:
        """What could stand in the command's text where `value` stands. Raises Unavailable."""
        for provider in self.concerned(text):
            if found := await provider.targets_of(text, value, at):
                return found
        return ()

    async def standing(self, text: str, at: Place) -> Standing | None:
        """How the way back stands that the command is part of; None where nobody has a say in it."""
        for provider in self.concerned(text):
            if (found := await provider.standing(text, at)) is not None:
                return found
        return None

    async def moved(self, text: str, expected: dict[str, str], at: Place) -> str:
        """What is no longer as the preview saw it, as a sentence; empty when all is."""
        for provider in self.concerned(text) if expected else ():
            if sentence := await provider.moved(text, expected, at):
                return sentence
        return ""

    async def proof(self, text: str, expected: dict[str, str], at: Place) -> Proof | None:
        """Whether all of the command took effect: what one saw fail is not made good by what another saw succeed."""
        asked = [await provider.proof(text, expected, at) for provider in self.concerned(text)]
        return as_one([proof for proof in asked if proof is not None])

    async def evidence(self, text: str, expected: dict[str, str], at: Place) -> tuple[str, ...]:
        """What the world says about a command whose outcome was lost; who cannot ask says so."""
        found: list[str] = []
        for provider in self.concerned(text):
            try:
                found += await provider.evidence(text, expected, at)
            except Unavailable as trouble:
                found.append(str(trouble))
        return tuple(found)

    async def took_effect(self, text: str, expected: dict[str, str], at: Place) -> bool | None:
        """Whether a command whose outcome was lost happened; None unless all who know its orders say the same."""
        told: set[bool | None] = set()
        for provider in self.concerned(text):
            effect = await provider.took_effect(text, expected, at)
            if effect is not None or await _has_a_say(provider, text, expected, at):
                told.add(effect)
        return told.pop() if len(told) == 1 else None

    async def has_a_say(self, text: str, at: Place) -> bool:
        """Whether one of them understands what the command does; git's is understood whatever it is."""
        for provider in self.concerned(text):
            if provider.name == "git" or await _has_a_say(provider, text, {}, at):
                return True
        return False

    async def failure(self, text: str, output: str, at: Place) -> Failure | None:
        """Why a command failed. Asks the others too: an output can name what the command's text does not."""
        concerned = self.concerned(text)
        for provider in (*concerned, *(one for one in self.providers if one not in concerned)):
            if failure := await provider.failure(text, output, at):
                return failure
        return None

    async def back(self, text: str, expected: dict[str, str], at: Place) -> Remedy | None:
        """The way back as a ready step; none where the world could not be asked."""
        for provider in self.concerned(text) if expected else ():
            try:
                if back := await provider.back(text, expected, at):
                    return back
            except Unavailable:
                return None
        return None

    def address(self, text: str, output: str) -> str:
        """The page that the other side named for going on; empty where it named none."""
        return next((found for p in self.concerned(text) if (found := p.address(output))), "")


async def _has_a_say(provider: Provider, text: str, expected: dict[str, str], at: Place) -> bool:
    """Whether the text holds one of its orders: two platforms may share a program, as ECS and Lambda share `aws`."""
    try:
        return bool(await provider.evidence(text, expected, at))
    except Unavailable:
        return True
