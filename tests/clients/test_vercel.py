"""The way back on Vercel, with the real program: what is shown before, what is proven after, and every refusal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.providers.on_platform import OnPlatform
from runbook.providers.provider import Place, Preview, Proof
from runbook.providers.vercel import Vercel as Platform
from tests.clients.clusters import carry_out
from tests.clients.hosts import TOKEN, Vercel, running
from tests.clients.programs import need

WHAT = "production on Vercel"
UNDO = "vercel rollback dpl_good222 --yes --timeout 10s"

provider = OnPlatform(Platform())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Vercel, Place]]:
    need("vercel")
    cloud = Vercel()
    with running(tmp_path, cloud) as at:
        yield cloud, at


async def seen(text: str, at: Place) -> Preview:
    preview = await provider.preview(text, at)
    assert not [check for check in preview.checks if check.ok is not True and check.stops], preview.checks
    return preview


async def proven(text: str, preview: Preview, at: Place) -> Proof:
    proof = await provider.proof(text, preview.expected, at)
    assert proof is not None
    return proof


def unhappy(preview: Preview) -> str:
    """What the checks found that stops the command."""
    lines = (f"{one.title}: {one.found} {one.mend}" for one in preview.checks if one.stops and one.ok is not True)
    return "\n".join(lines)


async def test_a_deployment_is_picked_restored_proven_and_left_again(world: tuple[Vercel, Place]) -> None:
    cloud, at = world
    offered = await provider.targets_of(UNDO.replace("dpl_good222", "VALUE"), "VALUE", at)
    assert [(one.value, one.title, one.current) for one in offered] == [
        ("dpl_bad333", "c0ffee3 feat: new checkout", True),
        ("dpl_good222", "c0ffee2 fix: cache header", False),
        ("dpl_good111", "c0ffee1 release v3.9.0", False),
    ]
    assert not any(one.warning for one in offered)  # what holds for each of them is said of the order
    preview = await seen(UNDO, at)
    assert preview.lines[0].startswith(f"{WHAT}: dpl_bad333 (c0ffee3 feat: new checkout) serves now · by oncall")
    assert preview.lines[-1].startswith("afterwards: dpl_good222 (c0ffee2 fix: cache header)")
    assert "environment variables and cron jobs of its own time" in preview.warnings[0]
    assert preview.way_back == "vercel promote dpl_bad333 --yes --timeout 5m"
    assert [check.found for check in preview.checks] == ["oncall in practice", "web (by .vercel/project.json)"]
    assert await provider.moved(UNDO, preview.expected, at) == ""

    assert (await carry_out(UNDO, at)).exit == 0
    proof = await proven(UNDO, preview, at)
    assert (proof.ok, proof.line) == (True, f"{WHAT} serves dpl_good222 (c0ffee2 fix: cache header).")
    assert await provider.took_effect(UNDO, preview.expected, at) is True

    back = await provider.back(UNDO, preview.expected, at)
    assert back is not None
    forward = await seen(back.text, at)
    assert (await carry_out(back.text, at)).exit == 0
    assert (await proven(back.text, forward, at)).ok is True
    assert cloud.orders == [("rollback", "dpl_good222"), ("promote", "dpl_bad333")]


async def test_what_signs_vercel_in_stays_in_front_of_the_questions_and_of_the_way_back(
    world: tuple[Vercel, Place], tmp_path: Path
) -> None:
    cloud, at = world
    signer = tmp_path / "doppler"
    signer.write_text(f'#!/bin/sh\nshift 2\nVERCEL_TOKEN={TOKEN} exec "$@"\n')
    signer.chmod(0o700)
    signed_out = {name: value for name, value in at.env.items() if name != "VERCEL_TOKEN"}
    at = Place(at.cwd, signed_out | {"PATH": f"{tmp_path}:{at.env['PATH']}"})
    text = f"doppler run -- {UNDO}"
    preview = await seen(text, at)
    assert "where: oncall in practice · web (by .vercel/project.json)" in preview.lines
    assert preview.way_back == "doppler run -- vercel promote dpl_bad333 --yes --timeout 5m"
    assert (await carry_out(text, at)).exit == 0
    assert (await proven(text, preview, at)).ok is True
    assert cloud.orders == [("rollback", "dpl_good222")]


async def test_a_switch_that_was_skipped_exits_well_and_is_told_as_what_it_is(world: tuple[Vercel, Place]) -> None:
    cloud, at = world
    preview = await seen(UNDO, at)
    cloud.trouble = "skipped"
    assert (await carry_out(UNDO, at)).exit == 0
    proof = await proven(UNDO, preview, at)
    assert (proof.ok, proof.line) == (
        False,
        f"{WHAT} serves dpl_bad333 (c0ffee3 feat: new checkout), as before: not what was ordered.",
    )
    assert await provider.took_effect(UNDO, preview.expected, at) is False


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        ("failed", "could not move all production domains"),
        ("unauthorized", "does not accept the sign-in"),
        ("forbidden", "may not roll production back"),
        ("busy", "Another switch is under way"),
        ("not eligible", "cannot go back to that deployment"),
        ("hobby", "goes back one deployment only"),
        ("broken", "did not answer as it should"),
    ],
)
async def test_a_refusal_is_told_with_its_mend(world: tuple[Vercel, Place], trouble: str, says: str) -> None:
    cloud, at = world
    cloud.trouble = trouble
    ended = await carry_out(UNDO, at)
    assert ended.exit == 1, ended.output
    failure = await provider.failure(UNDO, ended.output, at)
    assert failure is not None, ended.output
    assert says in failure.why
    assert cloud.live == "dpl_bad333"


async def test_a_switch_that_goes_on_after_the_program_gave_up_is_told_as_under_way(
    world: tuple[Vercel, Place],
) -> None:
    cloud, at = world
    preview = await seen(UNDO, at)
    cloud.trouble = "stuck"
    ended = await carry_out("vercel rollback dpl_good222 --yes --timeout 1s", at)
    assert ended.exit == 1
    failure = await provider.failure(UNDO, ended.output, at)
    assert failure is not None
    assert "Vercel goes on with the switch" in failure.why
    again = await seen(UNDO, at)
    assert "still under way: the switch to dpl_good222 has not ended" in again.lines
    cloud.released.set()
    deadline = time.monotonic() + 5
    while cloud.live != "dpl_good222":
        assert time.monotonic() < deadline
    assert (await proven(UNDO, preview, at)).ok is True


async def test_a_server_that_takes_no_requests_leaves_everything_unknown_in_bounded_time(
    world: tuple[Vercel, Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud, at = world
    cloud.trouble = "limited"
    monkeypatch.setattr("runbook.providers.vercel.LIMIT", 3)
    started = time.monotonic()
    preview = await provider.preview(UNDO, at)
    assert time.monotonic() - started < 15
    assert "gave no answer within 3 s" in unhappy(preview)
    assert await provider.took_effect(UNDO, {f"{WHAT} · live": "dpl_bad333"}, at) is None


async def test_a_server_that_is_down_is_told(world: tuple[Vercel, Place], monkeypatch: pytest.MonkeyPatch) -> None:
    _, at = world
    monkeypatch.setattr("runbook.providers.vercel.LIMIT", 3)
    preview = await provider.preview(f"vercel --api http://127.0.0.1:9 {UNDO.removeprefix('vercel ')}", at)
    assert "gave no answer within 3 s" in unhappy(preview) or "failed" in unhappy(preview)


async def test_what_serves_already_is_no_order(world: tuple[Vercel, Place]) -> None:
    _, at = world
    preview = await seen("vercel rollback dpl_bad333 --yes", at)
    assert preview.already == f"{WHAT} serves dpl_bad333 (c0ffee3 feat: new checkout) already."
    assert preview.way_back == ""


async def test_a_deployment_that_is_deleted_meanwhile_stops_the_order(world: tuple[Vercel, Place]) -> None:
    cloud, at = world
    preview = await seen(UNDO, at)
    cloud.deployments = [one for one in cloud.deployments if one.id != "dpl_good222"]
    assert await provider.moved(UNDO, preview.expected, at) == f"{WHAT} has no deployment dpl_good222 any more."
    ended = await carry_out(UNDO, at)
    failure = await provider.failure(UNDO, ended.output, at)
    assert failure is not None
    assert "no such deployment" in failure.why


async def test_production_that_was_switched_by_somebody_else_stops_the_order(world: tuple[Vercel, Place]) -> None:
    cloud, at = world
    preview = await seen(UNDO, at)
    cloud.points = dict.fromkeys(cloud.points, "dpl_good111")
    assert "has moved: dpl_good111" in await provider.moved(UNDO, preview.expected, at)


@pytest.mark.parametrize("verb", ["rollback", "promote"])
async def test_a_folder_that_is_not_linked_is_told_at_once_and_nothing_is_asked(
    world: tuple[Vercel, Place], tmp_path: Path, verb: str
) -> None:
    cloud, at = world
    preview = await provider.preview(f"vercel {verb} dpl_good222 --yes", Place(cwd=tmp_path, env=at.env))
    assert "is not linked to a Vercel project" in unhappy(preview)
    assert "run `vercel link` there" in unhappy(preview)
    assert cloud.asked == []


async def test_the_project_may_be_named_by_the_environment(world: tuple[Vercel, Place], tmp_path: Path) -> None:
    _, at = world
    named = at.env | {"VERCEL_ORG_ID": "team_practice", "VERCEL_PROJECT_ID": "prj_practice"}
    preview = await seen(UNDO, Place(cwd=tmp_path, env=named))
    assert preview.checks[1].found == "web (by VERCEL_PROJECT_ID)"


async def test_a_project_out_of_reach_and_a_wrong_sign_in_stop_the_order(world: tuple[Vercel, Place]) -> None:
    _, at = world
    other = Place(cwd=at.cwd, env=at.env | {"VERCEL_ORG_ID": "team_practice", "VERCEL_PROJECT_ID": "prj_other"})
    assert "Project not found" in unhappy(await provider.preview(UNDO, other))
    stranger = Place(cwd=at.cwd, env=at.env | {"VERCEL_TOKEN": "x" * 24})
    preview = await provider.preview(UNDO, stranger)
    assert "signed in to Vercel" in unhappy(preview)
    assert "vercel login" in unhappy(preview)


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("dpl_docs", "deployment of docs, and this folder belongs to web"),
        ("dpl_draft444", "never was a production deployment"),
        ("dpl_broken", "is not ready to serve: ERROR"),
        ("dpl_nowhere", "has no deployment dpl_nowhere. The newest: dpl_bad333, dpl_good222, dpl_good111"),
    ],
)
async def test_what_cannot_be_gone_back_to_is_blocked(world: tuple[Vercel, Place], target: str, says: str) -> None:
    _, at = world
    assert says in (await provider.preview(f"vercel rollback {target} --yes", at)).blocked


async def test_without_a_deployment_the_command_is_blocked_and_offers_them(world: tuple[Vercel, Place]) -> None:
    _, at = world
    preview = await seen("vercel rollback --yes", at)
    assert "names no deployment" in preview.blocked
    assert [one.value for one in preview.choices] == ["dpl_good222", "dpl_good111"]
    assert provider.chosen("vercel rollback --yes", "dpl_good222") == "vercel rollback --yes dpl_good222"


async def test_a_hobby_plan_goes_back_one_deployment_and_forward_to_any(tmp_path: Path) -> None:
    need("vercel")
    with running(tmp_path, Vercel(plan="hobby")) as at:
        assert (await seen(UNDO, at)).blocked == ""
        further = await provider.preview("vercel rollback dpl_good111", at)
        assert "The Hobby plan goes back to the deployment before and no further" in further.blocked
        assert (await provider.preview("vercel promote dpl_good111", at)).blocked == ""


async def test_domains_that_serve_different_deployments_are_named_and_are_no_success(tmp_path: Path) -> None:
    need("vercel")
    cloud = Vercel(domains=("web.vercel.app", "shop.example.test", "www.example.test"))
    with running(tmp_path, cloud) as at:
        preview = await seen(UNDO, at)
        assert not [line for line in preview.lines if line.startswith("still")]
        cloud.points |= {"shop.example.test": "dpl_good222"}
        differing = await seen(UNDO, at)
        assert differing.already == ""
        assert (
            "still under way: www.example.test serves dpl_bad333; web.vercel.app serves dpl_bad333" in differing.lines
        )
        assert (await proven(UNDO, preview, at)).ok is None


@pytest.mark.parametrize(
    "text",
    [
        "npx --no-install vercel rollback dpl_good222 --yes",
        "vercel --scope practice rollback dpl_good222 --yes",
        "cd .. && vercel --cwd shop rollback https://web-good222-practice.vercel.app/ -y",
        "VERCEL_ORG_ID=team_practice VERCEL_PROJECT_ID=prj_practice vercel rollback web-good222-practice.vercel.app",
    ],
)
async def test_a_call_is_read_with_its_runner_its_scope_and_its_folder(world: tuple[Vercel, Place], text: str) -> None:
    _, at = world
    preview = await seen(text, at)
    assert "(c0ffee2 fix: cache header)" in preview.lines[-1]
    before = text.partition("rollback")[0]
    again = f"{before}promote dpl_bad333 --yes --timeout 5m".replace("--cwd ", "--cwd=").replace("--scope ", "--scope=")
    if before.startswith("cd "):
        again = f"({again})".replace("cd ..", f"cd {at.cwd.parent}")
    assert preview.way_back == again


@pytest.mark.parametrize("text", ["vercel rollback status", "vercel ls", "vercel promote status", "vercel rollback -h"])
async def test_a_question_is_no_order(text: str) -> None:
    assert await provider.preview(text, Place(cwd=Path.cwd())) == Preview()


async def test_an_old_program_is_never_asked_in_words_that_it_would_take_for_a_deploy(
    world: tuple[Vercel, Place], tmp_path: Path
) -> None:
    _, at = world
    old = tmp_path / "old" / "vercel"
    old.parent.mkdir()
    old.write_text(f'#!/bin/sh\necho "$*" >>{tmp_path}/calls\n[ "$1" = -v ] && echo 41.2.0 || echo "{{}}"\n')
    old.chmod(0o755)
    env = at.env | {"PATH": f"{old.parent}:{at.env['PATH']}"}
    preview = await provider.preview(UNDO, Place(cwd=at.cwd, env=env))
    assert "vercel 41.2.0 cannot be asked for a project's domains" in unhappy(preview)
    assert " api" not in (tmp_path / "calls").read_text()
