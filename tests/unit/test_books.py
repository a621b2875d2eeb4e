"""The shipped runbook: complete, loading without a problem, and with commands that do what they say."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from runbook import books
from runbook.model import Effect, Method, Runbook, Step, Where
from runbook.opening import read_runbook
from runbook.reading.yaml import loads
from runbook.signals.criteria import parse
from runbook.steps.effects import infer

TEAM_COMMANDS = r"""
git log --oneline -10
git revert <commit-sha>
git push origin main
git checkout production
git merge main
git push origin production
watch -n 5 'curl -s https://treinx.abacusai.app/api/health | jq'
git tag -l "v*" --sort=-version:refname | head -10
git checkout v3.9.0
git checkout -b rollback/v3.9.0
git push origin rollback/v3.9.0
git checkout production
git reset --hard v3.9.0
git push origin production --force
curl https://treinx.abacusai.app/api/health
vercel ls
vercel rollback <deployment-url>
vercel inspect <deployment-url>
railway deployments
railway rollback <deployment-id>
railway logs
npx prisma migrate status
npx prisma migrate resolve --rolled-back <migration-name>
npx prisma migrate deploy
npx prisma studio
curl https://treinx.abacusai.app/api/health | jq
curl -I https://treinx.abacusai.app
curl https://treinx.abacusai.app/api/projects
curl https://treinx.abacusai.app/api/metrics | jq '.uptime'
npx lighthouse https://treinx.abacusai.app --view
watch -n 5 'curl -s https://treinx.abacusai.app/api/metrics | jq ".custom.http_errors"'
watch -n 5 'curl -s https://treinx.abacusai.app/api/metrics | jq ".custom.http_request_duration"'
watch -n 5 'curl -s https://treinx.abacusai.app/api/health | jq ".checks.redis"'
tail -f /var/log/app/production.log | grep ERROR
kubectl logs -f deployment/app --tail=100
""".strip().splitlines()
"""Every command of the document that the book follows, in its order."""


@pytest.fixture(scope="module")
def book() -> Runbook:
    return loads(books.text("production-rollback"), "book:production-rollback", parse_criterion=parse)


def all_steps(book: Runbook) -> list[Step]:
    return [step for procedure in book.procedures() for step in procedure.steps]


def written(steps: list[Step]) -> list[str]:
    texts = [step.as_written for step in steps]
    texts += [command.as_written or command.text for step in steps for command in step.commands]
    return [line for text in texts for line in text.splitlines()]


def test_the_book_is_there_by_name() -> None:
    assert "production-rollback" in books.names()
    assert books.text("book:production-rollback") == books.text("production-rollback")
    with pytest.raises(KeyError, match="production-rollback"):
        books.text("production-rolback")


def test_no_effect_is_left_to_be_guessed() -> None:
    def guess(text: str) -> Effect:
        assert infer(text) is Effect.READ, text  # a check, which has no effect of its own
        return Effect.READ

    loads(books.text("production-rollback"), parse_criterion=parse, infer=guess)


def test_every_command_of_the_document_appears_exactly_once(book: Runbook) -> None:
    found = Counter(line for line in written(all_steps(book)) if line in set(TEAM_COMMANDS))
    assert found == Counter(TEAM_COMMANDS)


def test_a_replaced_command_says_why(book: Runbook) -> None:
    for step in all_steps(book):
        assert not step.as_written or step.note, step.id
        for command in step.commands:
            assert not command.as_written or command.note or step.note, command.text


def test_methods(book: Runbook) -> None:
    known = [(m.label, m.id, m.risk, m.estimate, m.where) for m in book.methods]
    assert known == [
        ("1", "git-revert", "low", 600, Where.CLEAN_ROOM),
        ("1b", "git-revert-direct", "medium", 420, Where.CLEAN_ROOM),
        ("2", "tag", "low", 300, Where.CLEAN_ROOM),
        ("2b", "tag-rewind", "high", 300, Where.CLEAN_ROOM),
        ("3a", "vercel", "very low", 120, Where.REPOSITORY),
        ("3b", "railway", "very low", 120, Where.REPOSITORY),
        ("4", "database", "high", book.method("database").estimate, Where.REPOSITORY),
        ("4a", "database-restore", "high", 2400, Where.REPOSITORY),
        ("4b", "database-forward", "high", 2400, Where.REPOSITORY),
        ("4c", "database-script", "high", 1800, Where.REPOSITORY),
    ]
    for method in book.methods:
        assert method.use_when, method.id
        assert method.avoid_when, method.id
        assert method.requires, method.id
        assert method.steps[-1].kind in {"wait_for", "manual"}, method.id


def test_steps_of_the_git_methods(book: Runbook) -> None:
    ids = {m.id: [step.id for step in m.steps] for m in book.methods}
    assert ids["git-revert"] == [
        "update", "revert", "push-main", "staging", "staging-health", "promote", "push-production", "live", "verified",
    ]  # fmt: skip
    assert ids["tag"] == ["releases", "build", "push", "live", "verified"]
    assert ids["tag-rewind"] == ["releases", "keep", "rewind", "live", "verified"]


def test_what_destroys_is_confirmed_by_name(book: Runbook) -> None:
    destroying = {
        (m.id, step.id): (command.target, step.together)
        for m in book.methods
        for step in m.steps
        for command in step.commands
        if command.effect is Effect.DESTROY
    }
    assert destroying == {
        ("tag-rewind", "rewind"): ("production", False),
        ("database", "mark"): ("<migration>", False),
        ("database", "re-apply"): ("production database", False),
        ("database-restore", "switch"): ("<database>", False),
        ("database-forward", "rehearse"): ("<copy>", False),
        ("database-forward", "deploy"): ("<database>", False),
        ("database-script", "rehearse"): ("<copy>", False),
        ("database-script", "take-back"): ("<database>", False),
    }


def test_a_plain_force_appears_nowhere(book: Runbook) -> None:
    for step in all_steps(book):
        for command in step.commands:
            assert " --force " not in f"{command.text} ", command.text
            assert "reset --hard" not in command.text


def test_triggers_with_every_threshold(book: Runbook) -> None:
    groups = Counter((t.urgency, t.group) for t in book.triggers)
    assert sorted(Counter(urgency for urgency, _ in groups).items()) == [("conditional", 3), ("immediate", 3)]
    assert set(groups.values()) == {3}
    criteria = {
        t.id: (t.criterion.signal, t.criterion.op, t.criterion.value, t.criterion.hold)
        for t in book.triggers
        if t.criterion
    }
    assert criteria == {
        "homepage-500": ("health", ">=", 500, 30),
        "error-rate-high": ("error_rate", ">", 5, 300),
        "health-flapping": ("health", "!=", 200, 0),
        "p95-high": ("p95", ">", 5, 0),
        "sentry-critical": ("sentry", ">", 10, 0),
    }
    numbers = {
        "sentry-critical": "10",
        "lcp-high": "10 s",
        "cdn-misses": "20 %",
        "uploads-failing": "20 %",
        "tts-failing": "30 %",
    }
    for trigger in book.triggers:
        assert numbers.get(trigger.id, "") in trigger.text
        assert trigger.suggests


def test_checklists(book: Runbook) -> None:
    assert [(c.phase, len(c.items)) for c in book.checklists] == [("before", 5), ("during", 5), ("after", 6)]
    assert book.checklists[0].items[0].id == "pre-1"


def test_verification_and_monitoring(book: Runbook) -> None:
    assert [(s.id, s.kind) for s in book.verification] == [
        ("health", "check"), ("smoke", "check"), ("error-rate", "wait_for"), ("performance", "check"),
    ]  # fmt: skip
    smoke = book.verification[1]
    assert len(smoke.commands) == 3
    assert all(c.expect.contains or c.expect.matches for c in smoke.commands)
    assert [s.id for s in book.monitoring if s.kind == "stream"] == ["log-file", "log-pods"]
    assert all(c.kind == "follow" for s in book.monitoring if s.kind == "stream" for c in s.commands)
    assert sum(s.kind == "manual" for s in book.monitoring) == 2


def test_outcomes(book: Runbook) -> None:
    assert Counter(o.level for o in book.outcomes) == {"success": 7, "partial": 3, "failed": 4}
    criteria = {
        o.id: (o.criterion.signal, o.criterion.op, o.criterion.value, o.criterion.hold)
        for o in book.outcomes
        if o.criterion
    }
    assert criteria == {
        "ok-health": ("health", "==", 200, 300),
        "ok-errors": ("error_rate", "<", 1, 300),
        "ok-latency": ("p95", "<", 1, 300),
        "ok-sentry": ("sentry", "==", 0, 300),
        "ok-smoke": ("smoke", "==", 0, 0),
        "partial-errors": ("error_rate", "<=", 5, 0),
        "partial-speed": ("p95", "<=", 5, 0),
        "failed-errors": ("error_rate", ">", 5, 0),
        "failed-health": ("health", "!=", 200, 0),
    }
    assert book.next_when_failed


def test_people_and_aftermath(book: Runbook) -> None:
    assert Counter(c.level for c in book.contacts) == {"1": 2, "2": 2, "3": 2, "external": 3}
    assert all(contact.how for contact in book.contacts)
    assert Counter(f.due_in for f in book.follow_ups) == {3600: 4, 86_400: 4, 604_800: 4}
    assert (len(book.lessons), len(book.practices)) == (5, 5)
    fields = "date title detection decision rollback_started rollback_completed restored duration affected_users"
    fields += " affected_features data_loss root_cause resolution prevention action_items"
    for field in fields.split():
        assert book.report_template.count(f"{{{{{field}}}}}") == 1, field


def test_signals(book: Runbook) -> None:
    assert {s.id: s.kind for s in book.signals} == {
        "error_rate": "error_rate",
        "p95": "latency",
        "p50": "latency",
        "requests": "requests",
        "health": "health",
        "live_commit": "version",
        "staging_commit": "version",
        "uptime": "other",
        "smoke": "other",
        "sentry": "other",
    }
    assert [s.id for s in book.signals if s.optional] == ["smoke", "sentry"]


def test_every_command_is_text_that_bash_can_read(book: Runbook) -> None:
    names = {param.id for param in book.params}
    names |= {capture.param for step in all_steps(book) for command in step.commands for capture in command.captures}
    for step in all_steps(book):
        for command in step.commands:
            text = re.sub(rf"<({'|'.join(names)})>", "x", command.text)
            parsed = subprocess.run(["bash", "-n", "-c", text], capture_output=True, check=False)
            assert parsed.returncode == 0, (text, parsed.stderr)


# ── the git methods, with real git ────────────────────────────────────────────────────────────────


class World:
    """A bare remote, and a clone in which the book's commands run as they stand."""

    def __init__(self, folder: Path) -> None:
        self.env = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b",
        }  # fmt: skip
        self.remote, self.clone = folder / "remote.git", folder / "clone"
        self.values: dict[str, str] = {}
        self.bash(f"git init -q --bare -b main {self.remote}", folder)
        self.bash(f"git init -q -b main {self.clone}", folder)
        for name, content in (("good", "1"), ("bad", "2"), ("later", "3")):
            file = "later" if name == "later" else "app"
            self.bash(f"echo {content} > {file} && git add . && git commit -qm {name}", self.clone)
            if name == "good":
                self.bash("git tag -a v1.0.0 -m v1.0.0 && git branch production", self.clone)
            if name == "bad":
                self.bash("git branch -f production", self.clone)
        self.values["bad_commit"] = self.bash("git rev-parse HEAD^", self.clone).strip()
        self.values["tag"] = "v1.0.0"
        self.bash(f"git remote add origin {self.remote} && git push -q origin main production v1.0.0", self.clone)
        self.bash("git branch -D production -q", self.clone)

    def bash(self, text: str, cwd: Path) -> str:
        ran = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text],
            cwd=cwd, env=self.env, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, (text, ran.stdout, ran.stderr)
        return ran.stdout + ran.stderr

    def carry_out(self, method: Method) -> None:
        for step in method.steps:
            for command in step.commands if step.kind == "run" else ():
                text = command.text
                for name, value in self.values.items():
                    text = text.replace(f"<{name}>", value)
                output = self.bash(text, self.clone)
                for capture in command.captures:
                    found = re.search(capture.regex, output)
                    assert found, (text, output)
                    self.values[capture.param] = found[1]

    def remote_git(self, words: str) -> str:
        return self.bash(f"git -C {self.remote} {words}", self.clone).strip()


def test_revert_takes_only_the_revert_to_production(book: Runbook, tmp_path: Path) -> None:
    world = World(tmp_path)
    before = world.remote_git("rev-parse production")
    world.carry_out(book.method("git-revert"))
    assert world.remote_git("show production:app") == "1"
    assert world.remote_git("show main:app") == "1"
    assert world.remote_git("ls-tree --name-only production") == "app", "nothing else of main was shipped"
    assert world.remote_git("rev-parse production^") == before
    assert world.remote_git(f"rev-parse refs/warroom/backup/production-{before}") == before
    assert world.remote_git("rev-parse production") == world.values["production_commit"]


def test_production_takes_the_very_commit_of_staging_where_main_holds_nothing_else(
    book: Runbook, tmp_path: Path
) -> None:
    world = World(tmp_path)
    world.remote_git("update-ref refs/heads/production refs/heads/main")
    world.carry_out(book.method("git-revert"))
    assert world.remote_git("rev-parse production") == world.remote_git("rev-parse main")


def test_revert_straight_on_production_reaches_main_as_well(book: Runbook, tmp_path: Path) -> None:
    world = World(tmp_path)
    before, main = world.remote_git("rev-parse production"), world.remote_git("rev-parse main")
    world.carry_out(book.method("git-revert-direct"))
    assert world.remote_git("show production:app") == "1"
    assert world.remote_git("show main:app") == "1"
    assert world.remote_git("ls-tree --name-only production") == "app", "nothing else of main was shipped"
    assert world.remote_git("rev-parse production^") == before
    assert world.remote_git("rev-parse main^") == main
    assert world.remote_git(f"rev-parse refs/warroom/backup/production-{before}") == before


def test_tag_rollback_keeps_history(book: Runbook, tmp_path: Path) -> None:
    world = World(tmp_path)
    before = world.remote_git("rev-parse production")
    world.carry_out(book.method("tag"))
    assert world.remote_git("rev-parse production^{tree}") == world.remote_git("rev-parse v1.0.0^{tree}")
    assert world.remote_git("rev-parse production^") == before
    assert world.remote_git(f"rev-parse refs/warroom/backup/production-{before}") == before


def test_rewind_leaves_a_backup(book: Runbook, tmp_path: Path) -> None:
    world = World(tmp_path)
    before = world.remote_git("rev-parse production")
    world.carry_out(book.method("tag-rewind"))
    assert world.remote_git("rev-parse production") == world.remote_git("rev-parse v1.0.0^{commit}")
    assert world.values["release_commit"] == world.remote_git("rev-parse production")
    assert world.remote_git(f"rev-parse refs/warroom/backup/production-{before}") == before


@pytest.mark.parametrize("name", books.names())
def test_every_shipped_book_names_its_targets_and_leaves_no_value_undeclared(name: str) -> None:
    book = read_runbook(books.text(name), f"{books.PREFIX}{name}")
    declared = {param.id for param in book.params}
    for method in book.procedures():
        captured = {capture.param for step in method.steps for command in step.commands for capture in command.captures}
        for step in method.steps:
            for command in step.commands:
                assert command.effect is not Effect.DESTROY or command.target, command.text
                left = set(re.findall(r"(?<!<)<([A-Za-z][\w-]*)>", command.text))
                assert left <= declared | captured, command.text
            assert step.undo is None or step.undo.effect is not Effect.READ
    assert all(book.method(wanted) for trigger in book.triggers for wanted in trigger.suggests)


@pytest.mark.parametrize("name", books.names())
def test_every_shipped_book_goes_back_to_a_target_that_is_named(name: str) -> None:
    """`undo` and `rollback` without one go back to the faulty release when they are carried out twice."""
    for method in read_runbook(books.text(name), f"{books.PREFIX}{name}").methods:
        for step in method.steps:
            for command in step.commands:
                if re.search(r"\brollout undo\b", command.text):
                    assert "--to-revision=<" in command.text and "--namespace <" in command.text
                if re.match(r"(heroku|helm|vercel) rollback\b", command.text):
                    assert "<" in command.text
