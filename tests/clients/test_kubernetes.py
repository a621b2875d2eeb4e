"""The way back on a cluster, with the real kubectl: what is shown before, what is proven after, and every refusal."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.providers.kubernetes import Kubernetes
from runbook.providers.on_platform import OnPlatform
from runbook.providers.platform import Ask
from runbook.providers.provider import Place, Preview, Proof
from tests.clients.cluster import REVISION, Cluster
from tests.clients.clusters import carry_out, running
from tests.clients.programs import need

ON = "--context production -n shop"
BARE = f"kubectl rollout undo deployment/web {ON}"
UNDO = f"kubectl rollout undo deployment/web --to-revision=2 {ON}"
WHAT = "deployment/web in shop on production"

provider = OnPlatform(Kubernetes())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Cluster, Place]]:
    need("kubectl")
    with running(tmp_path) as (cluster, at):
        for version in ("1.0", "1.1", "1.2"):
            cluster.deploy(version)
        yield cluster, at


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
    return "\n".join(
        f"{one.title}: {one.found} {one.mend}" for one in preview.checks if one.stops and one.ok is not True
    )


async def test_a_revision_is_picked_restored_proven_and_left_again(world: tuple[Cluster, Place]) -> None:
    cluster, at = world
    offered = await provider.targets_of(UNDO.replace("=2", "=VALUE"), "VALUE", at)
    assert [(one.value, one.title, one.current) for one in offered] == [
        ("3", "registry.example/web:1.2", True),
        ("2", "registry.example/web:1.1", False),
        ("1", "registry.example/web:1.0", False),
    ]
    histories = [one for one in cluster.asked if "/replicasets" in one]
    assert histories and all("labelSelector=app%3Dweb" in one for one in histories)
    preview = await seen(UNDO, at)
    assert preview.lines[0].startswith(f"{WHAT}: 3 (registry.example/web:1.2) serves now")
    assert preview.lines[-1].startswith("afterwards: 2 (registry.example/web:1.1)")
    assert not preview.blocked and not preview.already
    assert cluster.patches() == 0
    before = await proven(UNDO, preview, at)
    assert before.ok is False and "as before" in before.line

    assert (await carry_out(UNDO, at)).exit == 0
    assert cluster.image() == "registry.example/web:1.1"
    assert await proven(UNDO, preview, at) == Proof(True, f"{WHAT} serves 4 (registry.example/web:1.1).")
    back = await provider.back(UNDO, preview.expected, at)
    assert back is not None and back.text == preview.way_back

    forward = await seen(back.text, at)
    assert forward.lines[-1].startswith("afterwards: 3 (registry.example/web:1.2)")
    assert (await carry_out(back.text, at)).exit == 0
    assert (await proven(back.text, forward, at)).ok is True
    assert cluster.image() == "registry.example/web:1.2"


async def test_a_rollback_that_kubectl_skips_is_said_to_be_done_already(world: tuple[Cluster, Place]) -> None:
    _, at = world
    text = UNDO.replace("=2", "=3")
    preview = await seen(text, at)
    assert preview.already == f"{WHAT} serves 3 (registry.example/web:1.2) already."
    assert preview.way_back == ""
    ended = await carry_out(text, at)
    assert ended.exit == 0 and "skipped rollback" in ended.output
    assert (await proven(text, preview, at)).ok is True
    assert await provider.back(text, preview.expected, at) is None


async def test_without_a_revision_a_second_undo_would_bring_the_bad_one_back_so_it_is_blocked_with_a_choice(
    world: tuple[Cluster, Place],
) -> None:
    cluster, at = world
    assert (await carry_out(BARE, at)).exit == 0
    assert cluster.image().endswith(":1.1")
    again = await provider.preview(BARE, at)
    assert "names no revision" in again.blocked
    assert [(one.value, one.title) for one in again.choices] == [
        ("3", "registry.example/web:1.2"),
        ("1", "registry.example/web:1.0"),
    ]
    chosen = provider.chosen(BARE, "1")
    assert chosen == f"{BARE} --to-revision=1"
    assert not (await seen(chosen, at)).blocked
    assert (await carry_out(BARE, at)).exit == 0
    assert cluster.image().endswith(":1.2")  # what the block is for


@pytest.mark.parametrize(
    ("rolls", "told"),
    [
        ("stuck", "1 of 3 pods are made anew"),
        ("late", 'it is stuck: ReplicaSet "web-2b5c8d7f69" has timed out progressing.'),
    ],
)
async def test_a_rollout_that_does_not_end_is_never_proven(world: tuple[Cluster, Place], rolls: str, told: str) -> None:
    cluster, at = world
    preview = await seen(UNDO, at)
    cluster.rolls = rolls
    assert (await carry_out(UNDO, at)).exit == 0  # the order was taken
    proof = await proven(UNDO, preview, at)
    assert proof.ok is None and told in proof.line
    ended = await carry_out(f"kubectl {ON} rollout status deployment/web --timeout=1s", at)
    assert ended.exit == 1
    assert ("timed out waiting" if rolls == "stuck" else "exceeded its progress deadline") in ended.output
    assert await provider.took_effect(UNDO, preview.expected, at) is True
    assert not (await provider.preview(UNDO.replace("=2", "=4"), at)).already  # it may be ordered again
    cluster.settle()
    assert (await proven(UNDO, preview, at)).ok is True


async def test_an_order_that_the_controllers_have_not_seen_yet_is_under_way_and_not_refuted(
    world: tuple[Cluster, Place],
) -> None:
    cluster, at = world
    preview = await seen(UNDO, at)
    cluster.rolls = "unseen"
    assert (await carry_out(UNDO, at)).exit == 0
    assert cluster.objects["deployments", "web"]["metadata"]["annotations"][REVISION] == "3"
    proof = await proven(UNDO, preview, at)
    assert proof.ok is None and "has not looked at the order yet" in proof.line
    assert await provider.took_effect(UNDO, preview.expected, at) is True
    cluster.settle()
    assert (await proven(UNDO, preview, at)).ok is True


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
    preview = await seen(UNDO, at)
    cluster.refuses["PATCH"] = (code, why, text)
    ended = await carry_out(UNDO, at)
    assert ended.exit == 1
    failure = await provider.failure(UNDO, ended.output, at)
    assert failure is not None and told in failure.why, ended.output
    assert (await proven(UNDO, preview, at)).ok is False
    assert await provider.took_effect(UNDO, preview.expected, at) is False


@pytest.mark.parametrize("code", REFUSED)
async def test_a_cluster_that_refuses_to_be_asked_stops_the_command_in_its_own_words(
    world: tuple[Cluster, Place], code: int
) -> None:
    cluster, at = world
    preview = await seen(UNDO, at)
    why, text, _ = REFUSED[code]
    cluster.refuses["deployments/web"] = (code, why, text)
    assert text.partition(":")[0] in unhappy(await provider.preview(UNDO, at))
    assert await provider.moved(UNDO, preview.expected, at)
    assert (await proven(UNDO, preview, at)).ok is None
    assert await provider.took_effect(UNDO, preview.expected, at) is None


async def test_a_cluster_that_is_down_is_said_to_be_and_its_outcome_is_unknown(world: tuple[Cluster, Place]) -> None:
    cluster, at = world
    preview = await seen(UNDO, at)
    cluster.close()
    assert "refused" in unhappy(await provider.preview(UNDO, at))
    ended = await carry_out(UNDO, at)
    assert ended.exit == 1
    failure = await provider.failure(UNDO, ended.output, at)
    assert failure is not None and "did not answer" in failure.why
    assert (await proven(UNDO, preview, at)).ok is None


async def test_a_cluster_that_never_answers_is_left_at_a_time_limit(
    world: tuple[Cluster, Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster, at = world
    preview = await seen(UNDO, at)
    for question in (Ask.answer, Ask.text, Ask.json):
        monkeypatch.setitem(question.__kwdefaults__, "limit", 1.0)  # type: ignore[arg-type]
    cluster.silent = True
    assert "gave no answer within 1 s" in unhappy(await provider.preview(UNDO, at))
    assert "could not be asked again" in await provider.moved(UNDO, preview.expected, at)
    assert (await proven(UNDO, preview, at)).ok is None
    ended = await carry_out(f"kubectl --request-timeout=1s rollout undo deployment/web --to-revision=2 {ON}", at)
    assert ended.exit == 1
    failure = await provider.failure(UNDO, ended.output, at)
    assert failure is not None and "did not answer" in failure.why, ended.output


async def test_a_command_that_does_not_say_where_it_acts_is_stopped(world: tuple[Cluster, Place]) -> None:
    _, at = world
    told = unhappy(await provider.preview("kubectl rollout undo deployment/web --to-revision=2", at))
    assert "which cluster it acts on: no --context" in told
    assert "which namespace it acts on: no --namespace" in told


async def test_the_current_context_is_named_and_stops_the_command_once_it_is_another(
    world: tuple[Cluster, Place],
) -> None:
    _, at = world
    text = "kubectl rollout undo deployment/web --to-revision=2 -n shop"
    preview = await provider.preview(text, at)
    (check,) = (one for one in preview.checks if one.ok is False)
    assert check.found.endswith("whichever is current when it runs, now elsewhere")
    assert await provider.moved(text, preview.expected, at) == ""  # a person overrode it
    subprocess.run(["kubectl", "config", "use-context", "production"], env=at.env, check=True, capture_output=True)
    assert (await provider.moved(text, preview.expected, at)).endswith("now production")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (UNDO.replace("production", "staging"), 'context "staging" does not exist'),
        (UNDO.replace("-n shop", "-n shp"), "not found"),
        (UNDO.replace("/web", "/wbe"), "not found"),
        (UNDO.replace("production", "$CLUSTER"), "the shell decides"),
        (UNDO.replace("deployment/web", "deployment/web deployment/api"), "more than one"),
        (UNDO.replace("deployment/web", "deployment -l app=web"), "names no"),
    ],
)
async def test_a_command_at_the_wrong_place_is_stopped_before_it_starts(
    world: tuple[Cluster, Place], text: str, told: str
) -> None:
    cluster, at = world
    assert told in unhappy(await provider.preview(text, at))
    assert cluster.patches() == 0


async def test_a_revision_that_went_meanwhile_stops_the_command(world: tuple[Cluster, Place]) -> None:
    cluster, at = world
    preview = await seen(UNDO, at)
    del cluster.objects["replicasets", "web-2b5c8d7f69"]
    assert await provider.moved(UNDO, preview.expected, at) == f"{WHAT} has no revision 2 any more."
    assert "has no revision 2. The newest: 3, 1." in (await provider.preview(UNDO, at)).blocked
    ended = await carry_out(UNDO, at)
    failure = await provider.failure(UNDO, ended.output, at)
    assert ended.exit == 1 and failure is not None and "does not have that revision any more" in failure.why


async def test_a_deploy_since_the_preview_stops_the_command(world: tuple[Cluster, Place]) -> None:
    cluster, at = world
    preview = await seen(UNDO, at)
    assert await provider.moved(UNDO, preview.expected, at) == ""
    cluster.deploy("1.3")
    assert "has moved: 4 (registry.example/web:1.3) serves now" in await provider.moved(UNDO, preview.expected, at)


async def test_a_paused_deployment_is_resumed_first(world: tuple[Cluster, Place]) -> None:
    cluster, at = world
    cluster.objects["deployments", "web"]["spec"]["paused"] = True
    assert "kubectl rollout resume deployment/web" in unhappy(await provider.preview(UNDO, at))
    ended = await carry_out(UNDO, at)
    failure = await provider.failure(UNDO, ended.output, at)
    assert ended.exit == 1 and failure is not None and "is paused" in failure.why


@pytest.mark.parametrize(
    ("where", "mark", "keeper"),
    [
        ("annotations", "argocd.argoproj.io/tracking-id", "Argo CD"),
        ("labels", "argocd.argoproj.io/instance", "Argo CD"),
        ("labels", "kustomize.toolkit.fluxcd.io/name", "Flux"),
        ("labels", "helm.toolkit.fluxcd.io/name", "Flux"),
    ],
)
async def test_what_git_keeps_is_rolled_back_in_git(
    world: tuple[Cluster, Place], where: str, mark: str, keeper: str
) -> None:
    cluster, at = world
    cluster.objects["deployments", "web"]["metadata"][where][mark] = "shop"
    told = unhappy(await provider.preview(UNDO, at))
    assert f"{keeper} keeps it as git says" in told and "Roll back in git" in told


async def test_a_check_that_a_person_overrode_does_not_stop_the_command_again(world: tuple[Cluster, Place]) -> None:
    cluster, at = world
    marks = cluster.objects["deployments", "web"]["metadata"]["annotations"]
    preview = await provider.preview(UNDO, at)
    marks["argocd.argoproj.io/tracking-id"] = "shop"
    assert "puts it back" in await provider.moved(UNDO, preview.expected, at)
    preview = await provider.preview(UNDO, at)
    assert unhappy(preview)
    assert await provider.moved(UNDO, preview.expected, at) == ""


@pytest.mark.parametrize(("plural", "kind"), [("statefulsets", "statefulset"), ("daemonsets", "daemonset")])
async def test_stateful_and_daemon_sets_go_back_too(world: tuple[Cluster, Place], plural: str, kind: str) -> None:
    cluster, at = world
    for version in ("1.0", "1.1", "1.2"):
        cluster.deploy(version, plural)
    text = UNDO.replace("deployment/", f"{kind}/")
    what = WHAT.replace("deployment/", f"{kind}/")
    preview = await seen(text, at)
    assert preview.lines[0].startswith(f"{what}: 3 (registry.example/web:1.2) serves now")
    cluster.rolls = "unseen"
    assert (await carry_out(text, at)).exit == 0
    assert (await proven(text, preview, at)).ok is None
    cluster.rolls = "stuck"
    cluster.control(plural, cluster.objects[plural, "web"])
    assert (await proven(text, preview, at)).ok is None
    cluster.settle(plural)
    assert await proven(text, preview, at) == Proof(True, f"{what} serves 4 (registry.example/web:1.1).")
    assert (await seen(text.replace("=2", "=4"), at)).already
    assert (await carry_out(preview.way_back, at)).exit == 0
    assert cluster.image(plural) == "registry.example/web:1.2"


async def test_pods_that_nobody_replaces_are_told(world: tuple[Cluster, Place]) -> None:
    cluster, at = world
    for version in ("1.0", "1.1"):
        cluster.deploy(version, "statefulsets")
    spec = cluster.objects["statefulsets", "web"]["spec"]
    spec["updateStrategy"] = {"type": "OnDelete"}
    text = UNDO.replace("deployment/", "statefulset/").replace("=2", "=1")
    assert "OnDelete" in unhappy(await provider.preview(text, at))
    spec["updateStrategy"] = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
    assert "partition" in unhappy(await provider.preview(text, at))
