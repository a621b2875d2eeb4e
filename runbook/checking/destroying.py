"""What cannot be taken back: data without a copy, paths that may be empty, titles that hide it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbook.checking.calls import Call
from runbook.checking.findings import Finding, Rule, Said, Severity, on_calls, on_commands
from runbook.checking.scene import Procedure, Scene, Spot
from runbook.model import Command, Effect, Step, Undo
from runbook.steps.effect_sql import is_statement, without_comments
from runbook.steps.effects import infer

DUMPS = re.compile(r"(pg_dump|pg_dumpall|mysqldump|mariadb-dump|mongodump|pg_basebackup|restic|borg|velero)\b")
MOVES = re.compile(r"(cp|rsync|tar|mv)\b")
COPY = re.compile(r"backups?|\bbak\b|snapshot|dump|export|stash|archive", re.I)
REMADE = re.compile(
    r"(\S*/)?(node_modules|dist|build|target|out|\.next|\.nuxt|\.cache|\S*cache\S*|__pycache__|tmp|\S*\.tmp|coverage|\.venv|venv|\.terraform)/?(\*|\S*\*)?"
    r"|/tmp/\S+|\S*\.(lock|pid|log|sock)"
)
"""Paths that the next build or start makes again."""
LOST: tuple[tuple[str, Severity], ...] = (
    (r"(dropdb|pg_restore|mongorestore|myloader|pg_resetwal|mysqladmin drop|wp db (import|reset|drop))", "problem"),
    (r"heroku (pg:reset|pg:backups:restore|pg:copy|apps:destroy|addons:destroy)", "problem"),
    (r"(docker|docker volume|docker system) (volume )?(rm|remove|prune)", "problem"),
    (r"(docker compose|docker-compose) down", "problem"),
    (r"kubectl delete (pvc|pv|persistentvolumeclaims?|ns|namespaces?|statefulsets?|sts|crds?|secrets?)", "problem"),
    (r"(terraform|pulumi) destroy", "problem"),
    (r"prisma migrate reset|prisma db push", "problem"),
    (r"(aws|gcloud|az|gsutil|doctl) .*", "problem"),
    (r"(rm|find|shred|truncate|dd|mkfs\S*|wipefs|zfs|etcdctl) .*|(?i:redis-cli .*flush(all|db))", "problem"),
    (r"(psql|mysql|mariadb|sqlite3|mongosh|mongo|cockroach|clickhouse-client|cqlsh)( .*)?", "problem"),
    (r"(helm|terraform state|kubectl) (uninstall|delete|rm).*|redis-cli .*", "warning"),
    (r"(curl|http|wget) .*", "warning"),
    (r".*(\b|:)(downgrade|rollback|down|undo|revert|reset|fresh|drop)\b.*", "warning"),
)
"""Calls that lose data, where they destroy at all, and how sure that is: a migration down may only drop an index."""
SPARED = (
    r"git .*",  # has rules of its own
    r"prisma migrate resolve",
    r"kubectl delete (pods?|po|jobs?|replicasets?|rs|events?|deployments?|deploy|svc|services?)",
    r"kubectl (scale|drain|patch|rollout)",
    r"docker (image|builder|container|rmi) .*",
)
"""Destructive, but what is gone is made again, or is the matter of another rule."""


def no_way_back(scene: Scene) -> Iterator[Finding]:
    """Data is destroyed, and nothing earlier kept a copy; one that another method keeps may never be made."""
    kept: set[Procedure] = set()
    for spot in scene.spots():
        if any(map(_keeps_copy, spot.calls)):
            kept.add(spot.procedure)
        if spot.procedure in kept or spot.step.undo or spot.command.effect is not Effect.DESTROY:
            continue
        for call in spot.calls:
            if _destroys(call) and not _is_spared(call) and (sure := _loses(call)):
                here = " of this method keeps a copy, only one of another" if kept else " keeps a copy"
                yield Finding(
                    spot.line,
                    "warning" if kept else sure,
                    f"What {call.program} destroys here is gone: no earlier step{here}. Put a dump or snapshot "
                    "before it, and check that it can be read.",
                )
                break


def typed_sql(scene: Scene) -> Iterator[Finding]:
    """SQL that a person copies into a prompt: rows are lost, and nothing earlier kept a copy."""
    for procedure in scene.procedures:
        kept = False
        for step, calls in procedure.steps():
            said = f"{step.title} {step.note}"
            kept = kept or any(map(_keeps_copy, calls))
            kept = kept or (not step.commands and re.search(r"back.?up|dump|snapshot", said, re.I) is not None)
            for text in _typed(step):
                if not kept and not step.undo and (lost := LOSES_ROWS.search(without_comments(text))):
                    yield Finding(
                        scene.line_with(lost[1]) or step.line or procedure.method.line,
                        "problem",
                        f"What “{' '.join(lost[1].split())}” destroys is gone: no earlier step keeps a copy. Put a "
                        "dump or snapshot before it, and check that it can be read.",
                    )


def _typed(step: Step) -> Iterator[str]:
    """What a person types into another program; a text to send is for people."""
    if step.kind == "manual":
        yield step.message
    yield from (command.typed_inside for command in step.commands)


LOSES_ROWS = re.compile(
    r"(?:^|;)\s*(?:alter\s+table\s+[\w.\"`]+\s+)?(drop\s+(?:table|database|schema|column|keyspace|collection)\s+"
    r"(?:if\s+exists\s+)?[\w.\"`]+|truncate\s+(?:table\s+)?[\w.\"`]+)\s*(?:[;,]|$|cascade\b|restart\b)",
    re.I | re.M,
)
EVERY_ROW = re.compile(
    r"\s*(?:delete\s+from\s+(?:only\s+)?[\w.\"`]+|update\s+[\w.\"`]+\s+set\s(?:(?!\bwhere\b|\bfrom\b|\bjoin\b).)*)\s*\Z",
    re.I | re.S,
)


def every_row(scene: Scene) -> Iterator[Finding]:
    """A change to a table that names no rows."""
    for procedure in scene.procedures:
        for step, calls in procedure.steps():
            if re.search(r"\b(all|every|entire|whole|each|clear|empty|reset)\b", step.title, re.I):
                continue
            words = (word for call in calls for word in call.args)
            for text in (*filter(is_statement, words), *_typed(step)):
                for statement in without_comments(text).split(";"):
                    if EVERY_ROW.match(statement):
                        first = statement.strip().splitlines()[0]
                        yield Finding(
                            scene.line_with(first) or step.line or procedure.method.line,
                            "warning",
                            f"“{first[:60]}” names no rows, so it reaches every one of them; add WHERE, or say in the "
                            "step that all are meant.",
                        )


def wide(call: Call, _spot: Spot) -> Said:
    """A selection that takes everything of its kind."""
    if not call.says("kubectl (delete|scale|patch|rollout restart)") or call.has("--dry-run"):
        return None
    kind = call.words[1] if len(call.words) > 1 else ""
    if call.has("--all-namespaces", "-A"):
        return "problem", "This acts in every namespace of the cluster, the system's own too; name one: -n NAMESPACE."
    if call.has("--all") or (kind == "all" and not call.has("-l", "--selector")):
        return "problem", (
            "This takes everything of its kind in the namespace, what others put there too; name what is meant, or "
            "select it: -l app=NAME."
        )
    return None


def forced_pod(call: Call, _spot: Spot) -> Said:
    if not call.says("kubectl delete (pods?|po)") or not (call.has("--force") and call.value("--grace-period") == "0"):
        return None
    return "warning", (
        "The pod is forgotten at once and may still run: two of one StatefulSet can then write to the same data. Leave "
        "--force out unless its node is gone for good."
    )


def moving_image(call: Call, spot: Spot) -> Said:
    if spot.procedure.part != "method" or not call.says(PUTS_IMAGE) or not any(map(LATEST.search, call.args)):
        return None
    return "warning", (
        "latest is whatever was pushed last, which may be the fault itself; name the version to go back to, or its "
        "digest."
    )


PUTS_IMAGE = r"kubectl set image|helm (upgrade|install)|docker (run|pull|service update)|fly deploy|gcloud run deploy"
LATEST = re.compile(r"(^|[\w.-])(:|tag=)latest$")


def _keeps_copy(call: Call) -> bool:
    """Whether a call leaves a copy behind; what only looks at one, or brings one back, does not."""
    if _destroys(call) or call.program == "export":
        return False
    if DUMPS.match(call.text):
        return True
    if MOVES.match(call.text):
        taken_out = call.program == "tar" and call.has("-x", "--extract", "--get")
        return not taken_out and not any(COPY.search(word) for word in call.words[:-1])
    kept = call.redirected or call.into != "" or infer(call.text) is not Effect.READ
    return kept and (COPY.search(call.text) is not None or (call.says("kubectl get") and call.redirected))


def _destroys(call: Call) -> bool:
    return not call.carries and infer(call.text) is Effect.DESTROY


def _loses(call: Call) -> Severity | None:
    return next((sure for pattern, sure in LOST if call.says(pattern)), None)


def _is_spared(call: Call) -> bool:
    if any(call.says(pattern) for pattern in SPARED):
        return True
    return call.program in ("rm", "find") and bool(call.words) and all(REMADE.fullmatch(word) for word in call.words)


VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)\}")


def empty_path(scene: Scene) -> Iterator[Finding]:
    """`rm -r "$DIR/…"` where nothing makes sure that the variable has a value."""
    assigned: set[str] = set()
    for spot in scene.spots():
        assigned |= _assigned(spot.text)
        for call in spot.calls:
            if call.program != "rm" or not call.has("-r", "-R", "--recursive"):
                continue
            names = {one or two for word in call.words for one, two in VARIABLE.findall(word)}
            if open_ones := sorted(names - assigned - {"HOME", "PWD", "TMPDIR"}):
                name = open_ones[0]
                yield Finding(
                    spot.line,
                    "problem",
                    f"If ${name} is empty, this deletes from another place; write ${{{name}:?}}, which stops instead.",
                )


def _assigned(text: str) -> set[str]:
    found = re.findall(r"\b([A-Za-z_]\w*)=|\bfor (\w+) in\b|\bread (?:-\w+ )*(\w+)", text)
    return {name for names in found for name in names if name}


def destroys_as_look(spot: Spot) -> Said:
    """A title that promises a look, over a command that destroys."""
    looks = re.match(
        r"\W*(\d+\W+)?(verify|check|list|show|inspect|view|review|see|identify|find|confirm)\b", spot.step.title, re.I
    )
    if not looks or len(spot.step.commands) > 1 or " and " in spot.step.title.lower():
        return None
    if not any(_destroys(call) for call in spot.calls):
        return None
    return "problem", f"The title says “{looks[2].lower()}”, but this command destroys; name it for what it does."


OPPOSITES = (
    ("lock", "unlock"), ("freeze", "unfreeze"), ("enable", "disable"), ("start", "stop"), ("pause", "unpause"),
    ("pause", "resume"), ("cordon", "uncordon"), ("grant", "revoke"), ("install", "uninstall"),
)  # fmt: skip
ALONE = OPPOSITES[:2]
"""Pairs that need no common object: enabling the application may well be disabling its maintenance page."""


def opposite(spot: Spot) -> Said:
    """A title that says one thing over a command that says its opposite."""
    title = set(re.findall(r"[a-z]+", spot.step.title.lower()))
    if len(spot.step.commands) > 1:
        return None
    words = {part for call in spot.calls for word in call.words for part in re.findall(r"[a-z]+", word.lower())}
    for pair in OPPOSITES if title & words else ALONE:
        for said, done in (pair, pair[::-1]):
            if said in title and done not in title and done in words and said not in words:
                return "problem", f"The title says “{said}”, but this command says “{done}”; one of the two is wrong."
    return None


def not_dry(spot: Spot) -> Said:
    if not re.search(r"\bdry[- ]?run\b", spot.step.title, re.I) or spot.command.effect is Effect.READ:
        return None
    if re.search(r"dry|--check\b|--plan\b|--simulate|--no-act|-n\b", spot.text):
        return None
    return (
        "problem",
        "The title says dry run, but nothing in this command asks for one; add the program's own option for it.",
    )


def effect_understated(scene: Scene) -> Iterator[Finding]:
    """An effect that the runbook names itself, and that is less than what the words of the command do."""
    for spot in scene.spots():
        undo = spot.step.undo
        if said := _understated(spot.text, spot.command):
            yield Finding(spot.line, *said)
        if undo and (said := _understated(undo.text, undo)):
            yield Finding(scene.line_with(undo.text) or spot.step.line, *said)


def _understated(text: str, named: Command | Undo) -> Said:
    if infer(text) is not Effect.DESTROY or named.effect is Effect.DESTROY:
        return None
    if named.effect is Effect.READ:
        return "problem", (
            "Its effect is called read, but it destroys: it would run on one key, with every other look of its step. "
            "Leave `effect` out, or call it destroy."
        )
    if named.target:  # somebody thought about it: a restore into a database that was made for it
        return None
    return "note", (
        "This reads like a command that destroys, and its effect is called change: it runs without its target's name "
        "typed. Leave `effect` out, or name the target that may be lost."
    )


RULES: dict[str, Rule] = {
    "effect-understated": effect_understated,
    "no-way-back": no_way_back,
    "typed-sql": typed_sql,
    "every-row": every_row,
    "wide": on_calls(wide),
    "forced-pod": on_calls(forced_pod),
    "moving-image": on_calls(moving_image),
    "empty-path": empty_path,
    "destroys-as-look": on_commands(destroys_as_look),
    "opposite": on_commands(opposite),
    "not-dry": on_commands(not_dry),
}
