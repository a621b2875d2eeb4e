"""What a platform's order holds secret stands neither in its way back nor in a sentence about a question."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.providers.calls import calls
from runbook.providers.helm import Helm
from runbook.providers.kubernetes import Kubernetes
from runbook.providers.platform import Platform, spoken
from runbook.providers.platforms import PLATFORMS
from runbook.providers.provider import Place
from runbook.providers.together import Together
from runbook.providers.vercel import Vercel

SECRET = "s3cret-of-the-team"


@pytest.mark.parametrize(
    ("platform", "text", "kept"),
    [
        (Vercel(), "vercel rollback dpl_1 --token=$T", "--token=$T"),
        (Vercel(), 'vercel -t "$T" rollback dpl_1', '-t "$T"'),
        (Kubernetes(), "kubectl rollout undo deploy/web --context live --token $T", "--context=live --token=$T"),
        (Helm(), "helm rollback web 3 --kube-token=${T}", "--kube-token=${T}"),
    ],
)
def test_a_token_that_a_variable_holds_stays_the_variable(platform: Platform, text: str, kept: str) -> None:
    (call,) = calls(text, {"T": SECRET})
    order = platform.order(call)
    assert order is not None and SECRET in " ".join(order.scope)
    back = platform.back(order, "3").text
    assert SECRET not in back and kept in back
    assert SECRET not in spoken((call.program, *order.scope, "whoami"))


@pytest.mark.parametrize(
    "text",
    [
        "vercel rollback dpl_1 --token=$T",
        "heroku rollback v3 --app $T",
        "kubectl rollout undo deploy/web --namespace=$T --to-revision=2",
        "helm rollback web 2 -n $T",
        "aws ecs update-service --cluster $(where) --service web --task-definition web:2",
        "aws ecs update-service --cluster live --service web --task-definition web:2 --region=$T",
        "aws lambda update-alias --function-name $T --name live --function-version 3",
        "gcloud run services update-traffic web --to-revisions=web-1=100 --region $T",
        "gcloud run services update-traffic $T --to-revisions=web-1=100",
        "wrangler rollback 1234 --name $T",
    ],
)
async def test_what_only_the_shell_knows_is_not_asked_without_it(text: str) -> None:
    """Asked without it, the answer would be another place's or another account's."""
    preview = await Together(PLATFORMS).preview(text, Place(Path.cwd(), env={"PATH": ""}))
    assert [line.ok for line in preview.checks] == [None] and not preview.lines
    assert "the shell decides only when the command runs" in preview.checks[0].found
