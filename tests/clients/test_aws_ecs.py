"""The way back of an ECS service, with the real aws program.

The moto server never settles a service and keeps its deployment's task definition, so ECS is our own stand-in here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.providers.aws_ecs import Ecs
from runbook.providers.on_platform import OnPlatform
from runbook.providers.provider import Place, Proof, Unavailable
from tests.clients.clouds import ACCOUNT, Cloud, free_port, place
from tests.clients.clusters import carry_out
from tests.clients.programs import need

provider = OnPlatform(Ecs())
WHAT = "ECS service web in prod (eu-west-1)"


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    need("aws")
    made = Cloud()
    for revision in (1, 2, 3):
        made.register("web", revision, f"registry.example/web:1.{revision}")
    made.serve("web:3")
    yield made
    made.close()


@pytest.fixture
def at(tmp_path: Path) -> Place:
    return place(tmp_path)


def order(cloud: Cloud, value: str, cluster: str = "prod", service: str = "web") -> str:
    where = f"--region eu-west-1 --endpoint-url {cloud.base}"
    return (
        f'AWS_PAGER="" aws {where} ecs update-service --cluster {cluster} --service {service} --task-definition {value}'
    )


async def test_a_service_goes_back_is_proven_when_it_has_settled_and_goes_forward_again(
    cloud: Cloud, at: Place
) -> None:
    text = order(cloud, "web:2")
    seen = await provider.preview(text, at)
    assert [check.ok for check in seen.checks] == [True, True], seen.checks
    assert ACCOUNT in seen.checks[0].found and seen.checks[1].found == "eu-west-1"
    assert seen.lines[0].startswith(f"{WHAT}: web:3 (registry.example/web:1.3) serves now · by ben · ")
    assert seen.lines[-1].startswith("afterwards: web:2 (registry.example/web:1.2)")
    assert not seen.blocked and not seen.already and not seen.warnings
    assert "UpdateService" not in cloud.asked

    assert (await carry_out(text, at)).exit == 0
    under_way = await provider.proof(text, seen.expected, at)
    assert under_way is not None and under_way.ok is None
    assert "the rollout is IN_PROGRESS: 0 of 3 tasks run" in under_way.line
    assert await provider.took_effect(text, seen.expected, at) is True
    cloud.settle()
    settled = Proof(True, f"{WHAT} serves web:2 (registry.example/web:1.2).")
    assert await provider.proof(text, seen.expected, at) == settled

    back = await provider.back(text, seen.expected, at)
    assert back is not None and back.text == seen.way_back
    forward = await provider.preview(back.text, at)
    assert forward.lines[-1].startswith("afterwards: web:3") and not forward.blocked
    assert (await carry_out(back.text, at)).exit == 0
    cloud.settle()
    proven = await provider.proof(back.text, forward.expected, at)
    assert proven is not None and proven.ok is True


async def test_a_number_of_tasks_in_the_order_is_told(cloud: Cloud, at: Place) -> None:
    seen = await provider.preview(f"{order(cloud, 'web:2')} --desired-count 0", at)
    assert seen.warnings == ("It also sets the number of tasks to 0: nothing of the service runs any more.",)


async def test_what_ecs_took_back_by_itself_is_no_success(cloud: Cloud, at: Place) -> None:
    """The circuit breaker makes the former task definition PRIMARY again, and the service is stable."""
    text = order(cloud, "web:2")
    seen = await provider.preview(text, at)
    cloud.serve("web:3")
    proof = await provider.proof(text, seen.expected, at)
    assert proof is not None and proof.ok is False and "as before: not what was ordered" in proof.line


async def test_a_rollout_that_failed_or_still_has_earlier_tasks_is_not_proven(cloud: Cloud, at: Place) -> None:
    text = order(cloud, "web:2")
    seen = await provider.preview(text, at)
    assert (await carry_out(text, at)).exit == 0
    cloud.service["deployments"][0] |= {
        "rolloutState": "FAILED",
        "failedTasks": 4,
        "rolloutStateReason": "tasks failed to start.",
    }
    failed = await provider.proof(text, seen.expected, at)
    assert failed is not None and failed.ok is None
    assert "the rollout is FAILED: 0 of 3 tasks run, 4 failed to start (tasks failed to start.)" in failed.line
    cloud.service["deployments"][0] |= {"rolloutState": "COMPLETED", "runningCount": 3, "failedTasks": 0}
    draining = await provider.proof(text, seen.expected, at)
    assert draining is not None and draining.ok is None and "1 earlier deployment still has tasks" in draining.line


async def test_what_serves_already_or_moved_meanwhile_is_said(cloud: Cloud, at: Place) -> None:
    assert "serves web:3" in (await provider.preview(order(cloud, "web:3"), at)).already
    text = order(cloud, f"arn:aws:ecs:eu-west-1:{ACCOUNT}:task-definition/web:2")
    seen = await provider.preview(text, at)
    assert seen.lines[-1].startswith("afterwards: web:2")
    assert await provider.moved(text, seen.expected, at) == ""
    cloud.serve("web:1")
    assert "has moved: web:1" in await provider.moved(text, seen.expected, at)
    cloud.serve("web:3")
    cloud.definitions.pop("web:2")
    assert "has no task definition" in await provider.moved(text, seen.expected, at)


async def test_a_family_alone_means_the_newest_and_is_blocked_with_the_choice(cloud: Cloud, at: Place) -> None:
    text = order(cloud, "web")
    seen = await provider.preview(text, at)
    assert "names no task definition" in seen.blocked
    assert [(one.value, one.title) for one in seen.choices] == [
        ("web:2", "registry.example/web:1.2"),
        ("web:1", "registry.example/web:1.1"),
    ]
    chosen = provider.chosen(text, "web:1")
    assert not (await provider.preview(chosen, at)).blocked
    assert (await carry_out(chosen, at)).exit == 0
    assert cloud.service["deployments"][0]["taskDefinition"].endswith("web:1")


async def test_an_inactive_or_missing_task_definition_is_refused_before_ecs_does(cloud: Cloud, at: Place) -> None:
    cloud.definitions["web:2"]["status"] = "INACTIVE"
    text = order(cloud, "web:2")
    assert "web:2 is INACTIVE" in (await provider.preview(text, at)).blocked
    ended = await carry_out(text, at)
    why = await provider.failure(text, ended.output, at)
    assert ended.exit != 0 and why is not None and "cannot be run any more" in why.why
    assert "has no task definition web:9" in (await provider.preview(order(cloud, "web:9"), at)).blocked


async def test_a_service_that_codedeploy_deploys_is_stopped_before_the_order(cloud: Cloud, at: Place) -> None:
    cloud.service["deploymentController"] = {"type": "CODE_DEPLOY"}
    text = order(cloud, "web:2")
    (stop,) = [check for check in (await provider.preview(text, at)).checks if not check.ok]
    assert stop.ok is False and stop.stops and "CODE_DEPLOY" in stop.found
    why = await provider.failure(text, (await carry_out(text, at)).output, at)
    assert why is not None and "CodeDeploy deploys this service" in why.why


async def test_a_service_that_wants_no_tasks_warns(cloud: Cloud, at: Place) -> None:
    cloud.serve("web:3", tasks=0)
    (warning,) = [check for check in (await provider.preview(order(cloud, "web:2"), at)).checks if not check.ok]
    assert not warning.stops and "nothing will start" in warning.found


@pytest.mark.parametrize(
    ("change", "told"),
    [({"cluster": "shop"}, "There is no such cluster"), ({"service": "api"}, "There is no ECS service api in prod")],
)
async def test_a_wrong_cluster_or_service_is_said_with_the_mend(
    cloud: Cloud, at: Place, change: dict[str, str], told: str
) -> None:
    text = order(cloud, "web:2", **change)
    with pytest.raises(Unavailable) as wrong:
        await provider.targets_of(text, "web:2", at)
    assert told in str(wrong.value)
    ended = await carry_out(text, at)
    why = await provider.failure(text, ended.output, at)
    assert ended.exit != 0 and why is not None and "There is no such" in why.why


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        ((403, "ExpiredToken", "The security token included in the request is expired"), "sign-in to AWS has expired"),
        ((403, "AccessDenied", "User: ana is not authorized to perform: ecs:UpdateService"), "may not do that"),
        ((403, "InvalidClientTokenId", "The security token is invalid."), "does not know these keys"),
        ((400, "ThrottlingException", "Rate exceeded"), "too many"),
        ((500, "InternalFailure", "try later"), "failed on its own side"),
    ],
)
async def test_what_aws_refuses_is_told_in_words_and_nothing_is_claimed(
    cloud: Cloud, at: Place, refusal: tuple[int, str, str], told: str
) -> None:
    text = order(cloud, "web:2")
    expected = (await provider.preview(text, at)).expected
    cloud.refuses = refusal
    cloud.asked.clear()
    check = (await provider.preview(text, at)).checks[0]
    assert check.ok is None and check.stops and told in check.found
    assert len(cloud.asked) <= 6  # a refusal is not tried again for minutes
    proof = await provider.proof(text, expected, at)
    assert proof is not None and proof.ok is None and told in proof.line
    assert await provider.took_effect(text, expected, at) is None
    why = await provider.failure(text, (await carry_out(text, at)).output, at)
    assert why is not None and told in why.why


async def test_a_server_that_is_down_is_said(cloud: Cloud, at: Place) -> None:
    text = order(cloud, "web:2").replace(cloud.base, f"http://127.0.0.1:{free_port()}")
    (check, *_) = (await provider.preview(text, at)).checks
    assert check.ok is None and "AWS did not answer" in check.found
    assert cloud.asked == []


@pytest.mark.parametrize(
    "text",
    [
        "aws ecs update-service --cluster prod --service web --force-new-deployment",
        "aws ecs update-service --cluster prod --service web --desired-count 3",
        "aws ecs describe-services --cluster prod --services web",
        "aws ecs update-service help",
    ],
)
async def test_what_is_no_way_back_is_left_alone(text: str, at: Place) -> None:
    assert await provider.proof(text, {}, at) is None
