"""The way back of a release, with the real helm: what is shown before, what is proven after, and every refusal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.providers.helm import Helm
from runbook.providers.on_platform import OnPlatform
from runbook.providers.platform import Ask
from runbook.providers.provider import Place, Preview, Proof
from tests.clients.cluster import Cluster
from tests.clients.clusters import carry_out, running
from tests.clients.programs import need
from tests.clients.releases import deployed, revisions

ON = "-n shop --kube-context production"
WAIT = "--wait --timeout 20s"
BARE = f"helm rollback web {ON} {WAIT}"
BACK = f"helm rollback web 2 {ON} {WAIT}"
WHAT = "release web in shop on production"

provider = OnPlatform(Helm())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Cluster, Place]]:
    need("helm")
    with running(tmp_path) as (cluster, at):
        for version in ("1.0", "1.1", "1.2"):
            deployed(cluster, version)
        yield cluster, at


def unhappy(preview: Preview) -> str:
    """What the checks found that stops the command."""
    return "\n".join(
        f"{one.title}: {one.found} {one.mend}" for one in preview.checks if one.stops and one.ok is not True
    )


async def seen(text: str, at: Place) -> Preview:
    preview = await provider.preview(text, at)
    assert unhappy(preview) == ""
    return preview


async def proven(text: str, preview: Preview, at: Place) -> Proof:
    proof = await provider.proof(text, preview.expected, at)
    assert proof is not None
    return proof


def statuses(cluster: Cluster) -> dict[int, str]:
    return {number: release["info"]["status"] for number, release in sorted(revisions(cluster).items())}


async def test_a_revision_is_picked_restored_proven_under_its_new_number_and_left_again(
    world: tuple[Cluster, Place],
) -> None:
    cluster, at = world
    offered = await provider.targets_of(BACK.replace(" 2 ", " VALUE "), "VALUE", at)
    assert [(one.value, one.title, one.current) for one in offered] == [
        ("3", "web-1.2", True),
        ("2", "web-1.1", False),
        ("1", "web-1.0", False),
    ]
    preview = await seen(BACK, at)
    assert preview.lines[0].startswith(f"{WHAT}: 3 (web-1.2) serves now")
    assert preview.lines[-1].startswith("afterwards: 2 (web-1.1)")
    assert "Custom resource definitions stay as they are" in preview.warnings[0]
    assert not preview.blocked and not preview.already
    assert cluster.patches() == 0
    before = await proven(BACK, preview, at)
    assert before.ok is False and "as before" in before.line

    ended = await carry_out(BACK, at)
    assert ended.exit == 0, ended.output
    assert statuses(cluster) == {1: "superseded", 2: "superseded", 3: "superseded", 4: "deployed"}
    assert cluster.image() == "registry.example/web:1.1"
    assert await proven(BACK, preview, at) == Proof(True, f"{WHAT} serves 4 (web-1.1).")
    assert await provider.took_effect(BACK, preview.expected, at) is True
    assert f"{WHAT} serves 2 (web-1.1) already." == (await seen(BACK, at)).already
    back = await provider.back(BACK, preview.expected, at)
    assert back is not None and back.text == preview.way_back

    forward = await seen(back.text, at)
    assert forward.lines[-1].startswith("afterwards: 3 (web-1.2)")
    assert (await carry_out(back.text, at)).exit == 0
    assert (await proven(back.text, forward, at)).ok is True
    assert cluster.image() == "registry.example/web:1.2"
    again = await seen(BACK.replace(" 2 ", " 4 "), at)  # a rollback of a rollback is followed to where it began
    assert again.expected[f"{WHAT} · wanted"] == preview.expected[f"{WHAT} · wanted"]
    assert again.expected[f"{WHAT} · live"] == preview.expected[f"{WHAT} · live"]


async def test_without_a_revision_helm_takes_the_one_before_so_it_is_blocked_with_a_choice(
    world: tuple[Cluster, Place],
) -> None:
    cluster, at = world
    assert (await carry_out(BARE, at)).exit == 0
    assert cluster.image().endswith(":1.1")
    again = await provider.preview(BARE, at)
    assert "names no revision" in again.blocked
    assert [(one.value, one.title) for one in again.choices] == [("3", "web-1.2"), ("1", "web-1.0")]
    chosen = provider.chosen(BARE, "1")
    assert chosen == f"{BARE} 1"
    assert "afterwards: 1 (web-1.0)" in (await seen(chosen, at)).lines[-1]
    assert (await carry_out(BARE, at)).exit == 0
    assert cluster.image().endswith(":1.2")  # what the block is for
    assert (await carry_out(chosen, at)).exit == 0
    assert cluster.image().endswith(":1.0")


async def test_without_a_wait_the_order_is_no_proof_that_the_pods_run(world: tuple[Cluster, Place]) -> None:
    cluster, at = world
    text = BACK.replace(f" {WAIT}", "")
    preview = await seen(text, at)
    assert [check.title for check in preview.checks if not check.ok] == ["the command waits for the pods"]
    cluster.rolls = "stuck"
    assert (await carry_out(text, at)).exit == 0
    assert statuses(cluster)[4] == "deployed"
    proof = await proven(text, preview, at)
    assert proof.ok is None and "web: 1 of 3 pods are made anew" in proof.line
    cluster.settle()
    assert (await proven(text, preview, at)).ok is True


async def test_pods_that_are_not_ready_in_time_leave_a_failed_revision_that_may_serve(
    world: tuple[Cluster, Place],
) -> None:
    cluster, at = world
    text = BACK.replace("20s", "1s")
    preview = await seen(text, at)
    cluster.rolls = "stuck"
    ended = await carry_out(text, at)
    assert ended.exit == 1
    failure = await provider.failure(text, ended.output, at)
    assert failure is not None and "were not ready in time" in failure.why
    assert statuses(cluster) == {1: "superseded", 2: "superseded", 3: "deployed", 4: "failed"}
    assert await provider.took_effect(text, preview.expected, at) is None  # its objects are changed: nobody knows
    assert "revision 4 is failed: parts of it may serve" in (await provider.evidence(text, preview.expected, at))[0]
    anew = await seen(BACK.replace(" 2 ", " 3 "), at)
    assert not anew.already and anew.lines[-1].startswith("afterwards: 3 (web-1.2)")


async def test_after_a_failed_upgrade_the_deployed_revision_can_be_restored(world: tuple[Cluster, Place]) -> None:
    cluster, at = world
    deployed(cluster, "1.3", "failed", 'Upgrade "web" failed: context deadline exceeded')
    text = BACK.replace(" 2 ", " 3 ")
    preview = await seen(text, at)
    assert "revision 4 is failed" in preview.lines[1]
    assert not preview.already
    assert (await carry_out(text, at)).exit == 0
    assert await proven(text, preview, at) == Proof(True, f"{WHAT} serves 5 (web-1.2).")
    assert "failed when it was made" in (await seen(BACK.replace(" 2 ", " 4 "), at)).warnings[1]


@pytest.mark.parametrize("status", ["pending-upgrade", "pending-rollback", "pending-install"])
async def test_another_operation_in_progress_stops_the_command(world: tuple[Cluster, Place], status: str) -> None:
    cluster, at = world
    clear = await seen(BACK, at)
    deployed(cluster, "1.3", status, "Preparing upgrade")
    told = unhappy(await provider.preview(BACK, at))
    assert f"revision 4 is {status} since 2026-01-10T10:04: another operation is in progress" in told
    assert "has moved" in await provider.moved(BACK, clear.expected, at)
    assert await provider.took_effect(BACK, clear.expected, at) is None
    blocked = await provider.preview(BACK.replace(" 2 ", " 4 "), at)
    assert "was never made whole" in blocked.blocked


async def test_an_upgrade_since_the_preview_stops_the_command(world: tuple[Cluster, Place]) -> None:
    cluster, at = world
    preview = await seen(BACK, at)
    assert await provider.moved(BACK, preview.expected, at) == ""
    deployed(cluster, "1.3")
    assert "has moved: 4 (web-1.3) serves now" in await provider.moved(BACK, preview.expected, at)


async def test_a_revision_that_is_no_longer_kept_stops_the_command(world: tuple[Cluster, Place]) -> None:
    cluster, at = world
    preview = await seen(BACK, at)
    del cluster.objects["secrets", "sh.helm.release.v1.web.v2"]
    assert await provider.moved(BACK, preview.expected, at) == f"{WHAT} has no revision 2 any more."
    assert "has no revision 2. The newest: 3, 1." in (await provider.preview(BACK, at)).blocked
    ended = await carry_out(BACK, at)
    failure = await provider.failure(BACK, ended.output, at)
    assert ended.exit == 1 and failure is not None and "does not keep that revision" in failure.why


async def test_what_git_keeps_is_rolled_back_in_git(world: tuple[Cluster, Place]) -> None:
    cluster, at = world
    cluster.objects["deployments", "web"]["metadata"]["labels"]["helm.toolkit.fluxcd.io/name"] = "web"
    told = unhappy(await provider.preview(BACK, at))
    assert "Flux keeps it as git says" in told and "Roll back in git" in told


async def test_pods_that_cannot_be_asked_are_no_all_clear(world: tuple[Cluster, Place]) -> None:
    cluster, at = world
    preview = await seen(BACK, at)
    assert (await carry_out(BACK, at)).exit == 0
    cluster.refuses["deployments/web"] = (403, "Forbidden", 'deployments.apps "web" is forbidden')
    proof = await proven(BACK, preview, at)
    assert proof.ok is None and "helm tells of 0 of 1 workloads whether their pods run" in proof.line


REFUSED = {
    401: ("Unauthorized", "Unauthorized", "Sign in"),
    403: ("Forbidden", 'deployments.apps "web" is forbidden: User "ana" cannot patch resource', "may not change"),
    404: ("NotFound", 'deployments.apps "web" not found', "is not there"),
    409: ("Conflict", 'Operation cannot be fulfilled on deployments.apps "web": modified', "Look again"),
    500: ("InternalError", "etcdserver: request timed out", "retry"),
}


@pytest.mark.parametrize("code", REFUSED)
async def test_a_refused_order_fails_with_the_reason_and_the_mend(world: tuple[Cluster, Place], code: int) -> None:
    cluster, at = world
    why, text, told = REFUSED[code]
    preview = await seen(BACK, at)
    cluster.refuses["PATCH"] = (code, why, text)
    ended = await carry_out(BACK, at)
    assert ended.exit == 1
    failure = await provider.failure(BACK, ended.output, at)
    assert failure is not None and told in failure.why, ended.output
    assert (await proven(BACK, preview, at)).ok is False
    assert await provider.took_effect(BACK, preview.expected, at) is None


@pytest.mark.parametrize("code", REFUSED)
async def test_a_cluster_that_refuses_to_be_asked_stops_the_command(world: tuple[Cluster, Place], code: int) -> None:
    cluster, at = world
    preview = await seen(BACK, at)
    why, text, _ = REFUSED[code]
    cluster.refuses["secrets"] = (code, why, text)
    assert text.partition(":")[0] in unhappy(await provider.preview(BACK, at))
    assert await provider.moved(BACK, preview.expected, at)
    assert (await proven(BACK, preview, at)).ok is None
    assert await provider.took_effect(BACK, preview.expected, at) is None


async def test_two_that_roll_back_at_once_do_not_both_win(world: tuple[Cluster, Place]) -> None:
    cluster, at = world
    await seen(BACK, at)
    cluster.refuses["POST"] = (409, "AlreadyExists", 'secrets "sh.helm.release.v1.web.v4" already exists')
    ended = await carry_out(BACK, at)
    failure = await provider.failure(BACK, ended.output, at)
    assert ended.exit == 1 and failure is not None and "Somebody else changed" in failure.why


async def test_a_cluster_that_is_down_is_said_to_be_and_its_outcome_is_unknown(world: tuple[Cluster, Place]) -> None:
    cluster, at = world
    preview = await seen(BACK, at)
    cluster.close()
    assert "refused" in unhappy(await provider.preview(BACK, at))
    ended = await carry_out(BACK, at)
    failure = await provider.failure(BACK, ended.output, at)
    assert ended.exit == 1 and failure is not None and "did not answer" in failure.why
    assert (await proven(BACK, preview, at)).ok is None


async def test_a_cluster_that_never_answers_is_left_at_a_time_limit(
    world: tuple[Cluster, Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster, at = world
    preview = await seen(BACK, at)
    for question in (Ask.answer, Ask.text, Ask.json, Ask.decoded):
        monkeypatch.setitem(question.__kwdefaults__, "limit", 1.0)  # type: ignore[arg-type]
    cluster.silent = True
    assert "gave no answer within 1 s" in unhappy(await provider.preview(BACK, at))
    assert "could not be asked again" in await provider.moved(BACK, preview.expected, at)
    assert (await proven(BACK, preview, at)).ok is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("helm rollback web 2", "which cluster it acts on: no --kube-context"),
        ("helm rollback web 2", "which namespace it acts on: no --namespace"),
        (BACK.replace("production", "staging"), 'context "staging" does not exist'),
        (BACK.replace("-n shop", "-n shp"), "release: not found"),
        (BACK.replace(" web ", " wbe "), "release: not found"),
        (BACK.replace("production", "$CLUSTER"), "the shell decides"),
        (f"helm rollback $RELEASE 2 {ON}", "names no release"),
    ],
)
async def test_a_command_at_the_wrong_place_is_stopped_before_it_starts(
    world: tuple[Cluster, Place], text: str, told: str
) -> None:
    cluster, at = world
    assert told in unhappy(await provider.preview(text, at))
    assert cluster.patches() == 0


async def test_only_a_rollback_that_would_change_something_is_an_order(world: tuple[Cluster, Place]) -> None:
    _, at = world
    for text in ("helm list", f"{BACK} --dry-run", f"{BACK} --dry-run=server", "helm history web"):
        assert await provider.proof(text, {}, at) is None
