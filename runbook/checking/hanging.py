"""Commands that do not come back: pagers, editors, questions, watches, follows, windows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from runbook.checking.calls import Call
from runbook.checking.findings import Finding, Rule, Said, Severity, on_calls, on_commands
from runbook.checking.scene import Scene, Spot
from runbook.model import Effect
from runbook.reading.inner import goes_elsewhere, is_of_outside, leads_into

PAGED = r"git (log|show|diff|blame|reflog|shortlog|whatchanged|grep|range-diff|stash (list|show)|branch|tag)"
UNRECORDED = (
    "This opens an editor: what is changed there is neither reviewed nor recorded. Write the change as a command (a "
    "patch, "
    "an apply), or keep the changed file ready to be copied."
)
LIMITED = re.compile(r"-n\d*|-\d+|--max-count(=\d+)?|-s|--quiet|--name-only|--exit-code|--show-current|-q")


def pager(call: Call, spot: Spot) -> Said:
    if call.into or call.redirected or call.substituted or "PAGER=" in spot.text:
        return None
    if call.says(PAGED) and not call.has("--no-pager", "-P") and _lists(call):
        short = any(LIMITED.fullmatch(word) for word in call.args) or call.words[0] in ("branch", "tag")
        mend = f"On a terminal git shows this in a pager, which waits for q; write `git --no-pager {call.words[0]} …`."
        return ("note" if short else "warning"), mend
    if call.program == "journalctl" and not call.has("--no-pager", "-f", "--follow", "-n", "--lines"):
        return "warning", "journalctl opens a pager on a terminal and waits for q; add --no-pager and a limit (-n 200)."
    if call.says("systemctl (status|list-units|list-timers)") and not call.has("--no-pager"):
        return "note", "systemctl may open a pager on a terminal; add --no-pager."
    return None


def _lists(call: Call) -> bool:
    if call.words[0] in ("branch", "tag"):
        return len(call.words) == 1 or call.has("-l", "--list", "--contains", "--merged", "--no-merged")
    if call.words[0] == "reflog":
        return call.words[1:2] not in (("expire",), ("delete",), ("exists",))
    return not call.has("--quiet")


EDITORS: tuple[tuple[str, tuple[str, ...], tuple[str, ...], Severity, str], ...] = (
    (r"git revert", (), ("--no-edit", "-n", "--no-commit", "--continue"), "problem",
     "git revert opens an editor on a terminal and waits for it; add --no-edit."),
    (r"git commit", (), ("-m", "--message", "-F", "-C", "--no-edit", "--fixup", "--dry-run"), "problem",
     "git commit without a message opens an editor and waits for it; add -m '…' (or --no-edit)."),
    (r"git merge", (), ("--no-edit", "--ff-only", "--squash", "-m", "--no-commit", "--continue"), "warning",
     "git merge opens an editor where it makes a merge commit; add --no-edit, or --ff-only."),
    (r"git (rebase|cherry-pick|revert|merge)", ("--continue",), ("--no-edit",), "warning",
     "With --continue git opens an editor for the message; set GIT_EDITOR=true in front of it."),
    (r"git rebase", ("-i", "--interactive"), (), "problem",
     "An interactive rebase waits in an editor; name the commits in a command (git revert, git rebase --onto)."),
    (r"git tag", ("-a", "-s", "--annotate", "--sign"), ("-m", "-F", "--message"), "problem",
     "git tag -a without a message opens an editor and waits for it; add -m '…'."),
    (r"crontab", ("-e",), (), "warning", UNRECORDED),
    (r"(kubectl|helm|systemctl) edit|(vi|vim|nvim|nano|emacs|pico|visudo|sudoedit) \S.*", (), (), "warning", UNRECORDED),
)  # fmt: skip
"""Calls that wait in an editor: which, only with these options, unless with these, how bad, the mend."""


def editor(call: Call, spot: Spot) -> Said:
    if "EDITOR=" in spot.text or call.has("--help", "--abort", "--quit", "--skip"):
        return None
    for pattern, only, unless, severity, mend in EDITORS:
        if call.says(pattern) and (not only or call.has(*only)) and not call.has(*unless):
            return severity, mend
    return None


QUESTIONS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (r"npx \S.*", ("--no-install", "--yes", "-y", "--no", "--offline"),
     "npx asks before it downloads a package that is not there; add --no-install (fails instead) or --yes."),
    (r"terraform (apply|destroy)", ("-auto-approve", "--auto-approve"),
     "terraform asks for a “yes”; save the plan first (terraform plan -out=F), read it, and apply that file."),
    (r"pulumi (up|destroy|refresh)", ("--yes", "-y", "--skip-preview"), "pulumi asks before it acts; add --yes."),
    (r"(apt|apt-get|yum|dnf) (install|upgrade|remove|downgrade|dist-upgrade|purge)", ("-y", "--yes", "--assume-yes"),
     "The package manager asks before it acts; add -y."),
    (r"docker (system|volume|image|container|network|builder) prune", ("-f", "--force"),
     "docker prune asks before it acts; add --force once the list was looked at."),
    (r"vercel (promote|remove|rm|redeploy)", ("--yes", "-y"), "vercel may ask before it acts; add --yes."),
    (r"heroku (pg:reset|pg:backups:restore|pg:copy|pg:push|pg:pull|apps:destroy|addons:destroy)", ("--confirm", "-c"),
     "heroku asks for the app's name to be typed; add --confirm APP."),
    (r"gcloud .*\bdelete\b", ("--quiet", "-q"), "gcloud asks before it deletes; add --quiet once that is decided."),
    (r"az .*\bdelete\b", ("--yes", "-y", "--no-wait"), "az asks before it deletes; add --yes once that is decided."),
    (r"fly (apps|machine|machines|volumes) (destroy|delete|remove)", ("-y", "--yes", "--force"),
     "fly asks before it destroys; add --yes once that is decided."),
    (r"prisma migrate reset", ("--force", "-f"), "prisma migrate reset asks first; and it empties the database."),
    (r"gh pr merge", ("--merge", "--squash", "--rebase", "-m", "-s", "-r", "--auto"),
     "gh asks how to merge; say --merge, --squash or --rebase."),
    (r"railway (redeploy|down)", ("-y", "--yes"), "railway asks before it acts; add --yes once that is decided."),
    (r"wrangler rollback", ("-m", "--message"),
     "wrangler rollback asks for a message in a terminal, with --yes too, and without one goes ahead unasked; add --message."),
)  # fmt: skip


def question(call: Call, _spot: Spot) -> Said:
    if call.has("--help", "--version"):
        return None
    for pattern, flags, mend in QUESTIONS:
        if call.says(pattern) and not call.has(*flags) and not _is_answered(call):
            return "warning", mend
    return None


def _is_answered(call: Call) -> bool:
    """A saved plan was given to terraform: then it asks nothing."""
    return call.says("terraform apply") and len(call.words) > 1


def watch(call: Call, _spot: Spot) -> Said:
    if call.program != "watch":
        return None
    return "warning", (
        "watch never ends, so nothing after it is reached, and it shows a failing command as an empty screen; wait "
        "for a condition with a time limit instead, or leave it to the signals pane."
    )


def follow(spot: Spot) -> Said:
    if spot.command.kind != "follow" or spot.step.kind == "stream" or any(c.program == "watch" for c in spot.calls):
        return None
    if spot.procedure.part == "method" and not spot.step.either and not spot.is_last:
        return (
            "warning",
            "This does not return by itself, so the steps after it wait; bound it, or open it beside them.",
        )
    return "note", "This does not return by itself; it has to be stopped (in the room it goes to the log pane)."


def terminal(spot: Spot) -> Said:
    if spot.command.kind != "interactive" or spot.command.typed_inside:
        return None
    if any(editor(call, spot) or call.program in ("less", "more", "man") for call in spot.calls):
        return None
    if any(
        call.says("kubectl exec|kubectl run|docker exec|docker run|docker-compose exec") and call.carries
        for call in spot.calls
    ):
        return "note", (
            "-it takes over the terminal, which one command does not need; leave it out (-i where input is piped in), "
            "so "
            "that what it prints can be kept."
        )
    return "note", (
        "This takes over the terminal, and what is typed in it is not in the runbook; where it can be one command "
        "(exec … -- CMD, -c '…'), write that."
    )


def elsewhere(spot: Spot) -> Said:
    later = [one.command for one in spot.procedure.spots[spot.number + 1 :]]
    if not goes_elsewhere(spot.command):
        return None
    inside = leads_into(spot.command.text) == "shell"
    if inside:  # the first program that a container does not have is run outside of it again
        later = list(takewhile(lambda command: not is_of_outside(command), later))
    if any(command.effect is not Effect.READ for command in later):
        return "warning", (
            "The steps after it run on this machine, and not where this leads; write each of them as one command there "
            f"({'kubectl exec POD -- CMD' if inside else 'ssh HOST ' + repr('CMD')})."
        )
    return None


WINDOWS = r"(open|xdg-open|start|sensible-browser|code|firefox|google-chrome) \S.*|(heroku|vercel|railway) open|minikube dashboard"


def window(call: Call, _spot: Spot) -> Said:
    if call.says("prisma studio|drizzle-kit studio"):
        return "problem", (
            f"{call.program} studio opens a browser, never ends and verifies nothing; count or compare rows in a "
            "query, "
            "or compare history and schema (prisma migrate status, migrate diff --exit-code)."
        )
    if call.program == "lighthouse" and call.has("--view"):
        return "warning", (
            "--view opens a browser and judges nothing; write --output=json --quiet --chrome-flags=--headless=new and "
            "compare the score."
        )
    if call.says(WINDOWS) or (call.program == "gh" and call.has("--web", "-w")):
        return (
            "warning",
            "This opens a window, which a server or an ssh session does not have; name the address to look at.",
        )
    return None


LOOP = re.compile(r"^\s*(until|while)\b(?!\s+(IFS=\S*\s+)?read\b)", re.MULTILINE)
ASKED = re.compile(r"\[[^\]]*(\$\(|`)[^\]]*\]")
"""A test of what a command says, which is no count of tries."""


def endless_wait(spot: Spot) -> Said:
    """A loop that waits for something and has nothing that ends it when that never comes."""
    if not LOOP.search(spot.text) or "sleep" not in spot.text or spot.command.kind == "follow":
        return None
    counted = ASKED.sub("", spot.text)
    if re.search(r"\bbreak\b|\bexit\b|\breturn\b|\btimeout\b|\(\(|-(lt|le|gt|ge) |SECONDS", counted):
        return None
    return (
        "warning",
        "This loop waits for ever if its condition never comes; put `timeout 10m` around it or count the tries.",
    )


def wait_without_end(scene: Scene) -> Iterator[Finding]:
    """ "Wait for X" as an act of a person, between commands, with nothing that says when it is over."""
    for procedure in scene.methods():
        steps = procedure.method.steps
        changed = False
        for step in steps:
            changed = changed or any(command.effect.rank for command in step.commands)
            waits = re.match(r"\W*(\d+\W+)?wait\b", step.title, re.I) or re.search(
                r"\bwait (for|until)\b", step.title, re.I
            )
            said = " ".join((step.title, step.note, step.message))
            if step.kind == "manual" and changed and waits and not re.search(r"\d+ ?(s|m|h|min\w*|sec\w*)\b", said):
                yield Finding(
                    step.line,
                    "warning",
                    "Nothing says when this wait is over; wait for something that can be asked: the version or commit "
                    "in the health answer, a finished CI check, with a time limit.",
                )


RULES: dict[str, Rule] = {
    "pager": on_calls(pager),
    "editor": on_calls(editor),
    "question": on_calls(question),
    "watch": on_calls(watch),
    "follow": on_commands(follow),
    "terminal": on_commands(terminal),
    "elsewhere": on_commands(elsewhere),
    "window": on_calls(window),
    "endless-wait": on_commands(endless_wait),
    "wait-without-end": wait_without_end,
}
