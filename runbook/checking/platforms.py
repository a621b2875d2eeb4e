"""Deployment platforms and databases: commands that do not exist, or do something else than one thinks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbook.checking.calls import Call
from runbook.checking.findings import Finding, Rule, Said, on_calls
from runbook.checking.scene import Scene, Spot
from runbook.model import Effect

GONE: tuple[tuple[str, str], ...] = (
    (r"railway rollback", "There is no railway rollback; the public API has it (deploymentRollback): write warroom railway rollback ID, "
     "or use the dashboard. railway redeploy would deploy the broken version again."),
    (r"railway deployments$", "railway deployments lists nothing without a sub-command; write railway deployment list --json."),
    (r"(fly|flyctl) (rollback|releases rollback)", "fly has no rollback; deploy the old image: fly deploy --image REGISTRY/APP:TAG "
     "(fly releases --image names it)."),
    (r"netlify (rollback|deploy:rollback)", "The netlify program has no rollback; publish the earlier deploy through the API "
     "(restoreSiteDeploy) or the dashboard."),
    (r"prisma migrate (rollback|down|undo|revert|up|save)", "prisma migrate has no such command: it cannot take a migration back. "
     "Restore a dump, write a new forward migration, or run a reviewed down script with prisma db execute."),
    (r"drizzle-kit (rollback|down|revert)", "drizzle-kit has no rollback; write a new forward migration or restore a dump."),
    (r"kubectl (rollback|undo)\b", "kubectl has no such command; write kubectl rollout undo deployment/NAME --to-revision=N."),
    (r"kubectl rolling-update", "kubectl rolling-update was removed in 1.18; use kubectl set image and kubectl rollout status."),
    (r"(docker compose|docker-compose) rollback", "docker compose has no rollback; set the old image's tag and run up -d."),
    (r"docker rollback", "docker has no rollback; a swarm service has docker service rollback NAME."),
    (r"helm (undo|revert)", "helm has no such command; write helm rollback RELEASE REVISION --wait."),
    (r"git rollback", "git has no rollback; write git revert --no-edit SHA."),
    (r"aws ecs rollback", "aws ecs has no rollback; update-service with the earlier task definition."),
    (r"aws lambda rollback", "aws lambda has no rollback; update-alias to the earlier version."),
    (r"(terraform|tofu) rollback", "terraform has no rollback; check the earlier configuration out, plan, and apply that plan."),
    (r"vercel (revert|undo)", "vercel has no such command; write vercel rollback DEPLOYMENT --yes --timeout 5m."),
)  # fmt: skip
"""Calls that programs refuse, and what there is instead."""


def gone(call: Call, _spot: Spot) -> Said:
    return next((("problem", text) for pattern, text in GONE if re.match(pattern, call.line)), None)


def without_target(call: Call, _spot: Spot) -> Said:
    """A rollback that leaves open where to."""
    if call.has("--help", "--dry-run"):
        return None
    if call.says("kubectl rollout undo") and not call.has("--to-revision"):
        return "warning", (
            "Without --to-revision this goes to the one before, and done a second time it goes back to the bad one; "
            "look at "
            "kubectl rollout history and name the revision."
        )
    if call.says("helm rollback") and len(call.words) == 2:
        return (
            "warning",
            "Without a revision helm takes the one before, whatever it was; look at helm history and name it.",
        )
    if call.says("(heroku rollback|heroku releases:rollback)") and len(call.words) == 1:
        return (
            "warning",
            "Without vN heroku takes the release before, which may be a bad one too; look at heroku releases and name "
            "it.",
        )
    if call.line == "vercel rollback":
        return "problem", "Without a deployment vercel rollback only shows a status; name the one to go back to."
    return None


def not_a_rollback(call: Call, _spot: Spot) -> Said:
    if call.says("railway redeploy"):
        return "warning", "railway redeploy deploys the present (broken) version again; it is not a rollback."
    if call.says("prisma migrate dev") and not call.has("--create-only"):
        return (
            "problem",
            "prisma migrate dev is for development and may reset the database; in production use prisma migrate "
            "deploy.",
        )
    return None


def resolve_undoes_nothing(call: Call, spot: Spot) -> Said:
    if not call.says("prisma migrate resolve") or not call.has("--rolled-back"):
        return None
    if re.search(r"\b(mark|flag|record|resolve|book)", spot.step.title, re.I):
        return None
    return "problem", (
        "This undoes nothing: it marks a failed migration in Prisma's history and refuses an applied one (P3012). The "
        "real "
        "undo is a restored dump, a new forward migration, or a reviewed down script run by prisma db execute."
    )


def deploy_applies_again(call: Call, spot: Spot) -> Said:
    if not call.says("prisma migrate deploy") or spot.step.no_return:
        return None
    if not any(marked.has("--rolled-back") for marked in spot.before(r"prisma migrate resolve")):
        return None
    return "problem", (
        "This applies the migration again that was just marked as rolled back; correct its migration.sql first, or take it "
        "out of the folder, and mark the step as one without return."
    )


PLATFORM = (
    r"vercel (rollback|promote)|railway rollback|heroku (rollback|releases:rollback)|kubectl rollout undo|helm rollback|"
    r"wrangler rollback|aws (ecs update-service|lambda update-alias|deploy stop-deployment)|gcloud (app services set-traffic|run services update-traffic)|docker service rollback|fly deploy"
)
REPAIRS = re.compile(r"\b(git|revert\w*|deploys?|pipeline|CI|argo\w*|flux|auto-?sync\w*|main|commit\w*)\b", re.I)


def git_holds_it(scene: Scene) -> Iterator[Finding]:
    """The platform goes back, and the repository still holds what was wrong."""
    for procedure in scene.methods():
        back = procedure.that_say(PLATFORM)
        if not back or procedure.that_say(r"git (revert|push|commit)|argocd|flux"):
            continue
        spot = procedure.spots[back[0][0]]
        method = procedure.method
        said = [method.caution, method.avoid_when] + [
            f"{step.title} {step.note} {step.message}" for step in method.steps if not step.commands
        ]
        if not any(REPAIRS.search(text) for text in said):
            yield Finding(
                spot.line,
                "warning",
                "Git still holds the fault afterwards, and the next deploy brings it back; add a step: pause automatic "
                "deploys, then revert in git.",
            )


PLACING = (
    r"kubectl config (use-context|set-context|current-context)|kubectx|kubens|aws eks update-kubeconfig|"
    r"gcloud container clusters get-credentials|az aks get-credentials"
)


def nowhere_named(scene: Scene) -> Iterator[Finding]:
    """kubectl and helm act on whatever context and namespace happen to be current; said once."""
    placed = any(call.says(PLACING) for spot in scene.spots() for call in spot.calls)
    if placed or scene.runbook.guard:
        return
    found = [(spot, call) for spot in scene.spots() for call in spot.calls if _is_aimless(call)]
    loose = [
        (spot, call) for spot, call in found if spot.command.effect is not Effect.READ and not _has_namespace(call)
    ]
    for spot, call in (loose or found)[:1]:
        yield Finding(
            spot.line,
            "warning" if loose else "note",
            f"This names {'no context' if _has_namespace(call) else 'neither namespace nor context'}, so it acts on "
            "whichever "
            "cluster happens to be current; add --context and -n to each, or check kubectl config current-context "
            "first.",
        )


def _is_aimless(call: Call) -> bool:
    if call.program not in ("kubectl", "helm") or call.says(
        "kubectl (config|version|api-resources)|helm (repo|version|search|template)"
    ):
        return False
    return not call.has("--context", "--kube-context", "--kubeconfig", "--server", "-s")


def _has_namespace(call: Call) -> bool:
    return (
        call.has("--namespace", "-A", "--all-namespaces")
        or "-n" in call.args
        or any(re.match(r"-n\w", word) for word in call.args)
    )


RULES: dict[str, Rule] = {
    "gone": on_calls(gone),
    "without-target": on_calls(without_target),
    "not-a-rollback": on_calls(not_a_rollback),
    "resolve-undoes-nothing": on_calls(resolve_undoes_nothing),
    "deploy-applies-again": on_calls(deploy_applies_again),
    "git-holds-it": git_holds_it,
    "nowhere-named": nowhere_named,
}
