"""What every platform's way back has in common, on a platform made of plain data."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.model import Effect, Remedy
from runbook.providers import platform
from runbook.providers.calls import Call
from runbook.providers.child import Answer
from runbook.providers.needs import CheckLine
from runbook.providers.on_platform import OnPlatform
from runbook.providers.platform import Ask, Live, Order, Release
from runbook.providers.provider import Place, Unavailable
from runbook.providers.together import Together

AT = Place(Path.cwd())
UNDO = "shelf put --on shop two"


class Shelf:
    """`shelf put --on PLACE [RELEASE]`; a restored release gets a new number, its identity stays."""

    name: ClassVar[str] = "shelf"
    programs: ClassVar[tuple[str, ...]] = ("shelf",)
    noun: ClassVar[str] = "release"

    def __init__(self) -> None:
        self.there = [Release("three", "C", "the bad one"), Release("two", "B"), Release("one", "A")]
        self.serves = "C"
        self.unsettled = ""
        self.silent = ""
        self.checks: tuple[CheckLine, ...] = ()

    def order(self, call: Call) -> Order | None:
        given = call.split("--on")
        if given.plain[:1] != ("put",):
            return None
        place = given.option("--on") or "nowhere"
        return Order(what=f"shelf {place}", target=given.plain[1] if len(given.plain) > 1 else "")

    async def guard(self, ask: Ask, order: Order) -> tuple[CheckLine, ...]:
        return self.checks

    async def live(self, ask: Ask, order: Order) -> Live:
        if self.silent:
            raise Unavailable(self.silent)
        return Live(next(one for one in self.there if one.identity == self.serves), self.unsettled)

    async def releases(self, ask: Ask, order: Order) -> tuple[Release, ...]:
        return tuple(self.there)

    def naming(self, value: str) -> str:
        return value

    def back(self, order: Order, value: str) -> Remedy:
        return Remedy(title="Forward again", text=f"shelf put --on shop {value}", effect=Effect.CHANGE)

    def failure(self, order: Order, output: str) -> str:
        return "The shelf is locked." if "locked" in output else ""

    def restore(self, identity: str) -> None:
        """What the platform does on a rollback: the release is there again under a new name."""
        self.there.insert(0, Release("four", identity))
        self.there = [one for one in self.there if one.identity != identity or one.value == "four"]
        self.serves = identity


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


async def test_a_preview_says_what_serves_what_will_and_how_to_come_back(shelf: Shelf) -> None:
    seen = await OnPlatform(shelf).preview(UNDO, AT)
    assert seen.lines == ("shelf shop: three (the bad one) serves now", "afterwards: two")
    assert seen.expected == {"shelf shop · live": "C", "shelf shop · back": "three", "shelf shop · wanted": "B"}
    assert seen.way_back == "shelf put --on shop three"
    assert not seen.blocked and not seen.already


async def test_a_command_that_names_no_release_is_blocked_and_offers_the_others(shelf: Shelf) -> None:
    provider = OnPlatform(shelf)
    seen = await provider.preview("shelf put --on shop && echo done", AT)
    assert "names no release" in seen.blocked
    assert [choice.value for choice in seen.choices] == ["two", "one"]
    assert provider.chosen("shelf put --on shop && echo done", "two") == "shelf put --on shop two && echo done"
    assert provider.chosen("shelf put --on <shop> && echo", "two") == "shelf put --on <shop> two && echo"
    assert provider.chosen("shelf put --on $SHOP", "two") == "shelf put --on $SHOP two"


async def test_nobody_is_signed_in_only_to_compare_the_ways_back(shelf: Shelf) -> None:
    assert await OnPlatform(shelf).standing(UNDO, AT) is not None
    assert await OnPlatform(shelf).standing(f"aws-vault exec live -- {UNDO}", AT) is None


async def test_an_order_that_would_act_elsewhere_by_now_has_moved_though_the_same_name_serves_there(
    shelf: Shelf,
) -> None:
    provider = OnPlatform(shelf)
    shelf.checks = (CheckLine("signed in", ok=True, found="account 1"), CheckLine("it is open", ok=True, found="yes"))
    seen = await provider.preview(UNDO, AT)
    assert seen.lines[1] == "where: account 1 · yes"
    assert await provider.moved(UNDO, seen.expected, AT) == ""
    shelf.checks = (CheckLine("signed in", ok=True, found="account 2"), shelf.checks[1])
    moved = await provider.moved(UNDO, seen.expected, AT)
    assert moved == "It would act elsewhere by now. signed in: account 2; before, account 1."


@pytest.mark.parametrize(
    ("before", "again"),
    [
        ("SHELF_HOST=live {}", "SHELF_HOST=live {}"),
        ("KEY=$SECRET {}", "KEY=$SECRET {}"),
        ("cd there && {}", "(cd {cwd}/there && {})"),
        ("npx --no-install {}", "npx --no-install {}"),
        ("timeout 60 ./bin/{}", "./bin/{}"),
        ("nice -n 10 timeout -k 5 60 {}", "{}"),
        ("aws-vault exec --duration=1h live -- {}", "aws-vault exec --duration=1h live -- {}"),
        ("A=1 doppler run -p shop -c prd -- npx {}", "A=1 doppler run -p shop -c prd -- npx {}"),
    ],
)
async def test_the_way_back_is_called_as_the_order_was_and_leads_to_the_same_place(
    shelf: Shelf, before: str, again: str
) -> None:
    at = Place(Path.cwd(), env={"SECRET": "hidden-from-all"})
    preview = await OnPlatform(shelf).preview(before.replace("{}", UNDO), at)
    assert preview.way_back == again.replace("{}", "shelf put --on shop three").replace("{cwd}", str(at.cwd))


async def test_where_a_command_acts_only_when_it_runs_no_other_place_is_asked(shelf: Shelf) -> None:
    text = f". ./.env && {UNDO}"
    preview = await OnPlatform(shelf).preview(text, AT)
    assert [line.ok for line in preview.checks] == [None] and not preview.lines and not preview.expected
    proof = await OnPlatform(shelf).proof(text, preview.expected, AT)
    assert proof is not None and proof.ok is None and "not known" in proof.line


async def test_an_answer_that_is_too_long_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "MOST", 4)
    ask = Ask(Place(Path.cwd(), env={"PATH": "/usr/bin:/bin"}))
    assert await ask.text("printf", "four") == "four"
    with pytest.raises(Unavailable, match="more than"):
        await ask.text("printf", "fiver")


async def test_a_release_that_is_not_there_is_refused_with_those_that_are(shelf: Shelf) -> None:
    assert (
        "has no release nine. The newest: three, two, one"
        in (await OnPlatform(shelf).preview("shelf put --on shop nine", AT)).blocked
    )


async def test_what_serves_already_is_said_to_be_done(shelf: Shelf) -> None:
    assert "already" in (await OnPlatform(shelf).preview("shelf put --on shop three", AT)).already
    shelf.unsettled = "1 of 3"
    assert not (await OnPlatform(shelf).preview("shelf put --on shop three", AT)).already


async def test_a_release_that_only_the_shell_knows_is_warned_about_and_one_that_the_session_set_is_read(
    shelf: Shelf,
) -> None:
    provider = OnPlatform(shelf)
    assert "decided only when it runs" in (await provider.preview("shelf put --on shop $(newest)", AT)).warnings[0]
    known = Place(AT.cwd, variables={"GOOD": "two"})
    assert "afterwards: two" in (await provider.preview("shelf put --on shop $GOOD", known)).lines
    assert "afterwards: one" in (await provider.preview("GOOD=one\nshelf put --on shop $GOOD", known)).lines


async def test_a_platform_that_cannot_be_asked_is_a_failed_check_and_never_a_success(shelf: Shelf) -> None:
    provider = OnPlatform(shelf)
    expected = (await provider.preview(UNDO, AT)).expected
    shelf.silent = "No answer within 20 s."
    (check,) = (await provider.preview(UNDO, AT)).checks
    assert check.ok is None and check.stops and check.found == "No answer within 20 s."
    assert "No answer" in await provider.moved(UNDO, expected, AT)
    proof = await provider.proof(UNDO, expected, AT)
    assert proof is not None and proof.ok is None
    assert await provider.took_effect(UNDO, expected, AT) is None


async def test_what_moved_since_the_preview_stops_the_command(shelf: Shelf) -> None:
    provider = OnPlatform(shelf)
    expected = (await provider.preview(UNDO, AT)).expected
    assert await provider.moved(UNDO, expected, AT) == ""
    shelf.serves = "A"
    assert await provider.moved(UNDO, expected, AT) == "shelf shop has moved: one serves now."
    shelf.serves = "C"
    shelf.there = [one for one in shelf.there if one.value != "two"]
    assert "has no release two any more" in await provider.moved(UNDO, expected, AT)


async def test_a_guard_that_fails_in_the_last_moment_stops_the_command(shelf: Shelf) -> None:
    provider = OnPlatform(shelf)
    expected = (await provider.preview(UNDO, AT)).expected
    shelf.checks = (CheckLine("it is the shop's account", ok=False, found="it is the bank's"),)
    assert await provider.moved(UNDO, expected, AT) == "it is the shop's account: it is the bank's"


async def test_the_proof_knows_a_restored_release_under_its_new_name(shelf: Shelf) -> None:
    provider = OnPlatform(shelf)
    expected = (await provider.preview(UNDO, AT)).expected
    before = await provider.proof(UNDO, expected, AT)
    assert before is not None and before.ok is False and "as before" in before.line
    assert await provider.took_effect(UNDO, expected, AT) is False
    shelf.restore("B")
    after = await provider.proof(UNDO, expected, AT)
    assert after is not None and after.ok is True and after.line == "shelf shop serves four."
    assert await provider.took_effect(UNDO, expected, AT) is True
    back = await provider.back(UNDO, expected, AT)
    assert back is not None and back.text == "shelf put --on shop three"


async def test_an_order_that_is_under_way_is_neither_done_nor_failed(shelf: Shelf) -> None:
    provider = OnPlatform(shelf)
    expected = (await provider.preview(UNDO, AT)).expected
    shelf.restore("B")
    shelf.unsettled = "1 of 3 pods are made anew"
    proof = await provider.proof(UNDO, expected, AT)
    assert proof is not None and proof.ok is None and "1 of 3 pods" in proof.line
    assert await provider.took_effect(UNDO, expected, AT) is True


async def test_a_lost_outcome_that_is_neither_the_old_nor_the_wanted_is_left_to_the_person(shelf: Shelf) -> None:
    provider = OnPlatform(shelf)
    expected = (await provider.preview(UNDO, AT)).expected
    shelf.serves = "A"
    assert await provider.took_effect(UNDO, expected, AT) is None
    assert await provider.evidence(UNDO, expected, AT) == ("shelf shop serves one: not what was ordered.",)


async def test_a_value_is_picked_where_the_command_names_its_release(shelf: Shelf) -> None:
    provider = OnPlatform(shelf)
    offered = await provider.targets_of("shelf put --on shop VALUE", "VALUE", AT)
    assert [(one.value, one.current) for one in offered] == [("three", True), ("two", False), ("one", False)]
    assert await provider.targets_of("shelf put --on VALUE two", "VALUE", AT) == ()


async def test_a_way_back_stands_by_what_serves_and_what_is_in_the_way(shelf: Shelf) -> None:
    provider = OnPlatform(shelf)
    standing = await provider.standing("shelf put --on shop VALUE", AT)
    assert standing is not None and standing.ok and standing.line == "three (the bad one) serves; 2 to go back to"
    shelf.checks = (CheckLine("signed in", ok=False, found="no token", mend="shelf login"),)
    stopped = await provider.standing("shelf put --on shop VALUE", AT)
    assert stopped is not None and stopped.ok is False and stopped.mend == "shelf login"
    assert await provider.standing("shelf list", AT) is None


@given(
    serves=st.sampled_from("ABC"),
    wanted=st.sampled_from(["one", "two", "three"]),
    later=st.sampled_from("ABC"),
    unsettled=st.sampled_from(["", "under way"]),
    silent=st.sampled_from(["", "down"]),
)
async def test_no_success_is_claimed_that_was_not_seen(
    serves: str, wanted: str, later: str, unsettled: str, silent: str
) -> None:
    shelf = Shelf()
    shelf.serves = serves
    provider, text = OnPlatform(shelf), f"shelf put --on shop {wanted}"
    expected = (await provider.preview(text, AT)).expected
    shelf.serves, shelf.unsettled, shelf.silent = later, unsettled, silent
    proof = await provider.proof(text, expected, AT)
    there = later == {"one": "A", "two": "B", "three": "C"}[wanted]
    assert proof is not None
    assert (proof.ok is True) == (there and not unsettled and not silent)
    assert proof.ok is not False or (not there and not silent)


async def test_a_platform_without_orders_in_the_text_has_no_say_in_what_took_effect(shelf: Shelf) -> None:
    books = Shelf()
    books.order = lambda call: None  # type: ignore[method-assign]
    both = Together((OnPlatform(shelf), OnPlatform(books)))
    expected = (await both.preview(UNDO, AT)).expected
    assert await both.took_effect(UNDO, expected, AT) is False
    shelf.restore("B")
    assert await both.took_effect(UNDO, expected, AT) is True
    shelf.serves = "A"
    assert await both.took_effect(UNDO, expected, AT) is None


async def test_an_order_that_is_still_under_way_is_neither_done_nor_undone(shelf: Shelf) -> None:
    provider = OnPlatform(shelf)
    expected = (await provider.preview(UNDO, AT)).expected
    shelf.unsettled = "an order is being carried out"
    assert await provider.took_effect(UNDO, expected, AT) is None
    proof = await provider.proof(UNDO, expected, AT)
    assert proof is not None and proof.ok is None
    assert "as before" in proof.line and "Still under way" in proof.line


async def test_a_platform_is_asked_with_what_the_text_exports_before_its_order(shelf: Shelf) -> None:
    """`export AWS_PROFILE=live && aws …`: the account that was shown was the one of the session."""
    seen = list[str]()

    class Asked(Shelf):
        async def live(self, ask: Ask, order: Order) -> Live:
            seen.append(ask.at.env["SHELF_PROFILE"])
            return await super().live(ask, order)

    provider, at = OnPlatform(Asked()), Place(Path.cwd(), env={"SHELF_PROFILE": "staging"})
    text = f"export SHELF_PROFILE=live && {UNDO}"
    preview = await provider.preview(text, at)
    await provider.moved(text, preview.expected, at)
    await provider.proof(text, preview.expected, at)
    assert set(seen) == {"live"}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (
            " ›   Warning: Our terms have changed: \n ›   https://x.test\n ›   Error: Couldn't find that app.\n",
            "find that app",
        ),
        ("Warning: old\n ›   Error: The following error occurred:\n ›     Missing required flag app\n", "flag app"),
        ("(node:1) DeprecationWarning: punycode\nfatal: no such revision\n", "no such revision"),
        ("Warning: nothing else is said\n", "nothing else"),
        ("error: context was not found\nhint: a second line\n", "context was not found"),
    ],
)
def test_a_warning_in_front_of_an_error_is_not_told_as_the_reason(said: str, why: str) -> None:
    told = platform.reason(Answer(exit=1, err=said.encode()))
    assert why in told and ("arning" in told) is ("nothing else" in why) and "hint" not in told
