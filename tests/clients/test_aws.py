"""The way back of a Lambda alias, with the real aws program against a moto server; and ECS as far as moto goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.providers.aws_ecs import Ecs
from runbook.providers.aws_lambda import Lambda
from runbook.providers.on_platform import OnPlatform
from runbook.providers.provider import Place, Proof, Unavailable
from tests.clients.clouds import ACCOUNT, free_port, moto, place, prepare
from tests.clients.clusters import carry_out
from tests.clients.programs import need

PREPARED = """
import boto3, io, json, zipfile
role = boto3.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
functions = boto3.client("lambda")
def code(n):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("app.py", f"answer = {n}")
    return packed.getvalue()
functions.create_function(
    FunctionName="pay", Runtime="python3.12", Role=role, Handler="app.h", Code={"ZipFile": code(0)})
for n in (1, 2, 3):
    functions.update_function_code(FunctionName="pay", ZipFile=code(n))
    functions.publish_version(FunctionName="pay", Description=f"release {n}")
functions.create_alias(FunctionName="pay", Name="live", FunctionVersion="3")
functions.create_alias(FunctionName="pay", Name="canary", FunctionVersion="2",
                       RoutingConfig={"AdditionalVersionWeights": {"3": 0.1}})
services = boto3.client("ecs")
services.create_cluster(clusterName="prod")
for n in (1, 2, 3):
    services.register_task_definition(family="web", containerDefinitions=[
        {"name": "web", "image": f"registry.example/web:1.{n}", "memory": 64}])
services.create_service(cluster="prod", serviceName="web", taskDefinition="web:3", desiredCount=1)
services.deregister_task_definition(taskDefinition="web:1")
"""
provider = OnPlatform(Lambda())
WHAT = "Lambda alias live of pay (eu-west-1)"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    need("aws")
    program = need("moto_server")
    folder = tmp_path_factory.mktemp("aws")
    with moto(program, folder) as base:
        prepare(PREPARED, base, folder)
        yield base


@pytest.fixture
def at(tmp_path: Path) -> Place:
    return place(tmp_path)


def where(base: str, region: str = "eu-west-1") -> str:
    return f"--endpoint-url {base} --region {region}"


def order(base: str, version: str, alias: str = "live", region: str = "eu-west-1") -> str:
    said = f"--function-name pay --name {alias} --function-version {version}"
    return f"aws lambda update-alias {said} {where(base, region)}"


async def test_an_alias_goes_back_is_proven_and_goes_forward_again(base: str, at: Place) -> None:
    offered = await provider.targets_of(order(base, "VALUE"), "VALUE", at)
    assert [(one.value, one.title, one.current) for one in offered] == [
        ("3", "release 3", True),
        ("2", "release 2", False),
        ("1", "release 1", False),
        ("$LATEST", "", False),
    ]
    text = order(base, "2")
    seen = await provider.preview(text, at)
    assert [check.ok for check in seen.checks] == [True, True], seen.checks
    assert ACCOUNT in seen.checks[0].found
    assert seen.lines[0].startswith(f"{WHAT}: 3 (release 3) serves now")
    assert seen.lines[-1].startswith("afterwards: 2 (release 2)") and "code " in seen.lines[-1]
    before = await provider.proof(text, seen.expected, at)
    assert before is not None and before.ok is False and "as before" in before.line

    assert (await carry_out(text, at)).exit == 0
    assert await provider.proof(text, seen.expected, at) == Proof(True, f"{WHAT} serves 2 (release 2).")
    assert await provider.took_effect(text, seen.expected, at) is True
    assert "has moved: 2" in await provider.moved(text, seen.expected, at)
    assert "already" in (await provider.preview(text, at)).already

    back = await provider.back(text, seen.expected, at)
    assert back is not None and back.text == seen.way_back
    forward = await provider.preview(back.text, at)
    assert (await carry_out(back.text, at)).exit == 0
    assert await provider.proof(back.text, forward.expected, at) == Proof(True, f"{WHAT} serves 3 (release 3).")


async def test_a_canary_that_stays_is_warned_about_and_not_proven_until_it_is_gone(base: str, at: Place) -> None:
    text = order(base, "1", "canary")
    seen = await provider.preview(text, at)
    (warning,) = [check for check in seen.checks if not check.ok]
    assert not warning.stops and "version 3: 10%" in warning.found
    assert (await carry_out(text, at)).exit == 0
    proof = await provider.proof(text, seen.expected, at)
    assert proof is not None and proof.ok is None and "a share of the calls goes elsewhere" in proof.line
    whole = f"""{text} --routing-config '{{"AdditionalVersionWeights":{{}}}}'"""
    seen = await provider.preview(whole, at)
    assert not seen.already and not [check for check in seen.checks if not check.ok]
    assert (await carry_out(whole, at)).exit == 0
    proof = await provider.proof(whole, seen.expected, at)
    assert proof is not None and proof.ok is True


async def test_what_was_uploaded_last_is_no_version_and_a_missing_one_is_refused(base: str, at: Place) -> None:
    assert "whatever was uploaded last" in (await provider.preview(order(base, "'$LATEST'"), at)).blocked
    assert "has no version 9. The newest: 3, 2, 1" in (await provider.preview(order(base, "9"), at)).blocked


async def test_an_alias_that_is_not_in_this_region_is_said_to_be_missing(base: str, at: Place) -> None:
    text = order(base, "2", region="us-east-1")
    with pytest.raises(Unavailable) as wrong:
        await provider.targets_of(text, "2", at)
    assert "no such thing in this region" in str(wrong.value)
    why = await provider.failure(text, (await carry_out(text, at)).output, at)
    assert why is not None and "is not there. Look at the names and --region" in why.why


async def test_where_the_region_comes_from_is_shown_and_none_stops(base: str, at: Place) -> None:
    text = order(base, "2").replace(" --region eu-west-1", "")
    missing = (await provider.preview(text, at)).checks[0]
    assert missing.ok is False and missing.mend == "add --region: e"
    known = Place(at.cwd, at.env | {"AWS_DEFAULT_REGION": "eu-west-1"})
    (_, found) = (await provider.preview(text, known)).checks[:2]
    assert found.ok is True and found.found.startswith("eu-west-1: the command names none")


async def test_a_profile_or_a_sign_in_that_is_missing_is_said(base: str, at: Place) -> None:
    check = (await provider.preview(f"{order(base, '2')} --profile shop", at)).checks[0]
    assert check.ok is None and "There is no profile shop on this machine" in check.found
    nobody = Place(at.cwd, {name: value for name, value in at.env.items() if "_KEY" not in name})
    assert "No credentials for AWS" in (await provider.preview(order(base, "2"), nobody)).checks[0].found


async def test_a_server_that_is_down_is_said(at: Place) -> None:
    seen = await provider.preview(order(f"http://127.0.0.1:{free_port()}", "2"), at)
    assert seen.checks[0].ok is None and "AWS did not answer" in seen.checks[0].found


async def test_settings_in_front_of_the_command_stand_in_front_of_the_way_back(base: str, at: Place) -> None:
    text = order(base, "1").replace(f"--endpoint-url {base} --region eu-west-1", "")
    set_up = f"AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-1 AWS_ENDPOINT_URL={base} {text}"
    seen = await provider.preview(set_up, at)
    assert seen.way_back.startswith(
        f"AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-1 AWS_ENDPOINT_URL={base} "
        'AWS_PAGER="" aws lambda update-alias --function-name pay'
    )


async def test_the_revisions_of_a_service_are_read_from_moto_newest_first(base: str, at: Place) -> None:
    """Moto keeps the deployment as it was created: what follows an order is tested in test_aws_ecs."""
    where = f"--endpoint-url {base} --region eu-west-1"
    text = f"aws ecs update-service --cluster prod --service web --task-definition web:2 {where}"
    services = OnPlatform(Ecs())
    offered = await services.targets_of(text, "web:2", at)
    assert [(one.value, one.title, one.current) for one in offered] == [
        ("web:3", "registry.example/web:1.3", True),
        ("web:2", "registry.example/web:1.2", False),
    ]
    seen = await services.preview(text, at)
    assert "the rollout is IN_PROGRESS: 0 of 1 tasks run" in seen.lines[1]
    assert not seen.blocked and " --task-definition web:3 " in seen.way_back
    gone = (await services.preview(text.replace("web:2", "web:1"), at)).blocked
    assert "web:1 is INACTIVE" in gone
