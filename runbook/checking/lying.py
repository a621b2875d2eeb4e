"""Commands whose success proves nothing: exit code 0 after a failure, a look at the wrong thing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbook.checking.calls import Call
from runbook.checking.findings import Finding, Rule, Said, Severity, on_calls
from runbook.checking.scene import Procedure, Scene, Spot
from runbook.model import Effect, Step
from runbook.steps.effects import infer, kind


def curl_fail(call: Call, spot: Spot) -> Said:
    if call.program != "curl" or not _asks(call) or call.has("-f", "--fail", "--fail-with-body") or spot.judged:
        return None
    if _shows_status(call) or call.substituted or re.match(r"(grep|egrep|rg)\b|jq .*(-e|--exit-status)\b", call.into):
        return None
    changes = infer(call.text) is not Effect.READ
    if spot.verifies or "watch" in call.via:
        piped = ", and by hand through a pipe (the room sets pipefail) when the connection fails" if call.into else ""
        return "problem", f"curl exits 0 on an HTTP error (500){piped}: a check that cannot fail; write curl -fsS."
    if changes:
        return (
            "warning",
            "curl exits 0 when the server refuses (401, 500), so this may have done nothing; write curl -fsS.",
        )
    return "note", "curl exits 0 on an HTTP error (500); write curl -fsS where the answer matters."


def curl_limit(call: Call, spot: Spot) -> Said:
    if call.program != "curl" or not _asks(call) or call.has("-m", "--max-time", "--connect-timeout"):
        return None
    if "timeout" in call.via or spot.text.lstrip().startswith("timeout "):
        return None
    return "note", "curl without a time limit waits for minutes on a server that does not answer; add --max-time 10."


def _asks(call: Call) -> bool:
    return bool(call.args) and not call.has("--version", "-V", "--help")


def _shows_status(call: Call) -> bool:
    """Whether the person sees the status code anyway."""
    return call.has("-w", "--write-out", "-I", "--head", "-i", "--include", "-v", "--verbose", "-D", "--dump-header")


def head_request(call: Call, spot: Spot) -> Said:
    if call.program != "curl" or not call.has("-I", "--head") or not (spot.verifies or spot.judged):
        return None
    if call.has("-f", "--fail") and call.has("-L", "--location"):
        return None
    severity: Severity = "warning" if spot.command.expected else "note"
    return severity, (
        "A HEAD request may be refused (405) where a visit works, and a redirect (301) looks like an answer; ask for "
        "the page: curl -sS -o /dev/null -w '%{http_code}' --max-time 10 URL."
    )


JQ_PATH = re.compile(r"\.[A-Za-z_\[]")


def jq_null(call: Call, spot: Spot) -> Said:
    if call.program != "jq" or call.has("-e", "--exit-status") or spot.judged or call.substituted or call.into:
        return None
    if not any(JQ_PATH.search(word) for word in call.words):
        return None
    severity: Severity = "warning" if spot.verifies else "note"
    return severity, "jq prints null and exits 0 for a key that is not there; add -e, and say which value is right."


def no_proof(scene: Scene) -> Iterator[Finding]:
    """A change whose own exit code says nothing, with no look at the world after it."""
    for spot in scene.spots():
        for call in spot.calls:
            if spot.step.done_when or any(step.kind == "wait_for" for step in _steps_after(spot)):
                continue
            for pattern, flags, proof, text in PROOFS:
                if not call.says(pattern) or call.has(*flags) or spot.after(pattern):
                    continue
                if not _proved(spot, call, proof):
                    yield Finding(spot.line, "problem" if call.program == "vercel" else "warning", text)


PROOFS: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    (r"vercel (rollback|promote) \S+", (), r"vercel inspect|curl",
     "vercel asks nothing and its exit code 0 is no proof (it is 0 for a skipped rollback too); afterwards inspect the "
     "production domain (vercel inspect DOMAIN --json) and compare the id."),
    (r"kubectl rollout undo", ("--dry-run",), r"kubectl (rollout (status|history)|wait|get|argo)|curl",
     "kubectl returns before anything has changed, and “skipped” exits 0; follow it with kubectl rollout status "
     "--timeout=5m."),
    (r"kubectl (set image|apply|rollout restart|patch|replace)", ("--dry-run",), r"kubectl (rollout|wait|get|describe|logs|exec|argo)|curl|argocd|helm",
     "kubectl returns before the change has happened; follow it with kubectl rollout status --timeout=5m."),
    (r"helm (rollback|upgrade)", ("--wait", "--atomic", "--dry-run", "--rollback-on-failure"), r"kubectl (rollout|wait|get)|helm (status|history|test)|curl",
     "helm returns before the pods are ready; add --wait --timeout 5m."),
    (r"aws ecs update-service", (), r"aws ecs (wait|describe-services|describe-tasks|list-tasks)|curl",
     "ECS only begins the deployment here; follow it with aws ecs wait services-stable."),
    (r"systemctl (restart|start|reload)", (), r"systemctl (status|is-active|show|list-units)|curl|journalctl|service|pg_isready|nc|ss",
     "systemctl may return 0 while the service dies a second later; ask systemctl is-active and the service itself."),
    (r"vercel redeploy|fly deploy|heroku rollback|heroku releases:rollback|wrangler rollback|railway redeploy", (), r"curl|heroku (ps|releases|logs)|fly (status|releases|logs)|wrangler deployments|vercel inspect|railway (status|deployment|logs)",
     "Its exit code does not say what production serves now; ask production for its version afterwards."),
)  # fmt: skip
"""Calls that need a look afterwards: which, unless with these options, what counts as a look, the mend."""


def _steps_after(spot: Spot) -> tuple[Step, ...]:
    steps = spot.procedure.method.steps
    return steps[steps.index(spot.step) + 1 :]


def _proved(spot: Spot, call: Call, proof: str) -> bool:
    looks = [look for _number, look in spot.after(proof, or_here=True) if look is not call]
    if call.program != "vercel" and spot.procedure.part != "verification":
        looks += [look for one in spot.procedure.verified_by for _number, look in one.that_say(proof)]
    if call.program == "vercel":
        looks = [look for look in looks if look.program != "vercel" or not set(call.words[1:]) & set(look.words[1:])]
    return bool(looks) or spot.procedure.last_judged > spot.number


def inspects_the_target(call: Call, spot: Spot) -> Said:
    if not call.says("vercel inspect"):
        return None
    restored = {word for before in spot.before(r"vercel (rollback|promote)") for word in before.words[1:]}
    if not restored & set(call.words[1:]):
        return None
    return "problem", (
        "This looks at the deployment that was asked for, not at what production serves; inspect the production domain: "
        "vercel inspect DOMAIN --json, and compare its id."
    )


DUMPS = r"(pg_dump|pg_dumpall|mysqldump|mongodump|mariadb-dump|tar|kubectl get|redis-cli|sqlite3)"


KEEPS = re.compile(r"(gzip|pigz|zstd|xz|bzip2|openssl|gpg|aws s3 cp|gsutil|split|ssh|cat)\b")
FILTERS = re.compile(r"(tee|head|tail|grep|sed|awk|cat|ts)\b")
UNPACKS = r"gunzip|zcat|gzip|pigz|zstd|xz|bzip2|openssl|gpg|aws s3 cp"
RESTORED = re.compile(
    r"(psql|mysql|mariadb|sqlite3|mongorestore|pg_restore|wp|tar)\b|(kubectl|docker) .*exec\b.*\b(psql|mysql)\b"
)
ACTING = frozenset(
    (
        "git",
        "kubectl",
        "helm",
        "terraform",
        "docker",
        "docker-compose",
        "aws",
        "gcloud",
        "ansible-playbook",
        "make",
        "npm",
    )
)
"""Programs whose failure matters, where a pipe may hide it."""


def pipe_hides(scene: Scene) -> Iterator[Finding]:
    """A pipe whose last program succeeds although the first one failed."""
    sure: set[Procedure] = set()  # once it is set, it stays so in the terminal in which one goes on
    for spot in scene.spots():
        if "pipefail" in spot.text:
            sure.add(spot.procedure)
        for call in spot.calls if spot.procedure not in sure else ():
            if call.ends in ("|", "|&") and not call.substituted and (said := _hidden(call)):
                yield Finding(spot.line, *said)


def _hidden(call: Call) -> Said:
    """What is lost to the one who reads only the exit code of `call | …`."""
    if call.says(DUMPS) and KEEPS.match(call.into):
        return "warning", (
            "If the dump fails, the pipe still ends well and leaves an empty backup; begin with set -o pipefail and "
            "look "
            "at the file's size."
        )
    if call.says(UNPACKS) and RESTORED.match(call.into):
        return "warning", (
            "If the backup cannot be read to its end, half a restore looks like success; begin with set -o pipefail "
            "and "
            "test the archive first (gzip -t)."
        )
    if call.program in ACTING and FILTERS.match(call.into) and infer(call.text) is not Effect.READ:
        return "note", (
            f"The exit code is that of {call.into.split()[0]}, not of {call.program}; begin with set -o pipefail."
        )
    return None


def swallowed(call: Call, spot: Spot) -> Said:
    if call.ends != "||" or call.substituted:
        return None
    number = spot.calls.index(call)
    after, *more = spot.calls[number + 1 :] or (None,)
    if after is None or not re.match(r"(true|:|echo|printf)$", after.program):
        return None
    if infer(call.text) is Effect.READ:
        if more or not spot.verifies:
            return None
        return (
            "warning",
            f"With “|| {after.program}” this check ends well whatever it finds; leave that out, so that it can fail.",
        )
    if spot.procedure.part != "method" or re.search(r"\bexit [1-9]|\breturn [1-9]", spot.text):
        return None
    return (
        "warning",
        f"With “|| {after.program}” a failure of {call.program} looks like success; let it fail, or handle it.",
    )


def one_pod(call: Call, _spot: Spot) -> Said:
    if not call.says("kubectl logs") or call.has("-l", "--selector", "-p", "--previous"):
        return None
    if not re.match(
        r"(deployments?|deploy|statefulset|sts|daemonset|ds|job)[./]", call.words[1] if call.words[1:] else ""
    ):
        return None
    return "warning", (
        "This is the log of one pod out of several; select them all: kubectl logs -l app=NAME --prefix "
        "--all-containers "
        "--max-log-requests=20."
    )


def rotation(call: Call, _spot: Spot) -> Said:
    if (
        call.program != "tail"
        or not call.has("-f", "--follow")
        or call.has("-F", "--retry")
        or "--follow=name" in call.args
    ):
        return None
    return "warning", "tail -f stays with the old file when the log is rotated and falls silent; write tail -F."


def buffered(call: Call, spot: Spot) -> Said:
    if (
        "watch" in call.via
        or kind(call.text) != "follow"
        or spot.command.kind == "run"
        or not re.match(r"(grep|egrep|fgrep)\b", call.into)
        or "--line-buffered" in call.into
    ):
        return None
    return (
        "warning",
        "grep holds lines back when its output is not a terminal, so errors come minutes late; add --line-buffered.",
    )


def deployments_mixed(call: Call, _spot: Spot) -> Said:
    if call.says("vercel (ls|list)") and not call.has("--environment", "--prod", "--status"):
        return "warning", (
            "Previews and failed builds stand in this list too; write vercel ls --environment production --status "
            "READY --json."
        )
    if call.says("railway logs?") and not call.has("--latest", "-n", "--lines"):
        return "problem", (
            "railway logs streams for ever, and shows the last deployment that succeeded, which hides the one failing "
            "now; write railway logs --latest -n 200."
        )
    return None


def unfinished(call: Call, _spot: Spot) -> Said:
    if call.says("kubectl rollout status") and any(re.fullmatch("--watch=false|-w=false", word) for word in call.args):
        return (
            "warning",
            "With --watch=false this exits 0 while the rollout is unfinished; leave it out and add --timeout=5m.",
        )
    if (
        call.says("kubectl rollout status|kubectl wait")
        and not call.has("--timeout", "--watch")
        and "timeout" not in call.via
    ):
        return "note", "Without --timeout this can wait for ten minutes or longer; add --timeout=5m."
    return None


def unversioned(scene: Scene) -> Iterator[Finding]:
    """A method that ends with a look at health, which the old version would pass as well."""
    for procedure in scene.methods():
        if not procedure.changes or any(step.kind == "wait_for" for step in procedure.method.steps):
            continue
        looks = [spot for spot in procedure.spots if spot.verifies and _is_health(spot)]
        if looks and not any(
            re.search(r"version|commit|sha|build|release", spot.text, re.I) for spot in _after_change(procedure)
        ):
            yield Finding(
                looks[-1].line,
                "note",
                "A healthy answer does not say which version gave it; have health tell its version or commit, and "
                "compare.",
            )


def _is_health(spot: Spot) -> bool:
    return any(call.program == "curl" and re.search(r"health|status|ready|ping|/$", call.text) for call in spot.calls)


def _after_change(procedure: Procedure) -> list[Spot]:
    changed = [spot.number for spot in procedure.spots if spot.command.effect is not Effect.READ]
    return procedure.spots[max(changed) + 1 :] if changed else []


RULES: dict[str, Rule] = {
    "curl-fail": on_calls(curl_fail),
    "curl-limit": on_calls(curl_limit),
    "head-request": on_calls(head_request),
    "jq-null": on_calls(jq_null),
    "no-proof": no_proof,
    "inspects-target": on_calls(inspects_the_target),
    "pipe-hides": pipe_hides,
    "swallowed": on_calls(swallowed),
    "one-pod": on_calls(one_pod),
    "rotation": on_calls(rotation),
    "buffered": on_calls(buffered),
    "deployments-mixed": on_calls(deployments_mixed),
    "unfinished": on_calls(unfinished),
    "unversioned": unversioned,
}
