"""Each rule of the check: what it finds in a small runbook, and where it keeps silent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.checking.check import RULES, check
from runbook.checking.findings import Finding
from runbook.model import (
    Capture,
    Check,
    Command,
    Contact,
    Criterion,
    Effect,
    Expect,
    LogSource,
    Method,
    Outcome,
    OwnPlatform,
    Param,
    Question,
    Runbook,
    Signal,
    Step,
    Trigger,
    Undo,
)
from runbook.signal_sources import Health, HttpJson, Lighthouse, NoSource, Prometheus, Sentry
from runbook.steps.effects import infer, kind

TODAY = date(2026, 11, 25)


def step(*texts: str, title: str = "Do it", line: int = 1, **more: object) -> Step:
    commands = tuple(
        Command(text=text, effect=infer(text), kind=kind(text), line=line + number) for number, text in enumerate(texts)
    )
    made = Step(id=f"s{line}", title=title, kind="run", commands=commands, line=line)
    return msgspec.structs.replace(made, **more)


def book(*steps: Step, **more: object) -> Runbook:
    numbered = tuple(
        msgspec.structs.replace(
            one,
            id=f"s{number}",
            line=number * 10,
            commands=tuple(
                msgspec.structs.replace(command, line=number * 10 + n) for n, command in enumerate(one.commands)
            ),
        )
        for number, one in enumerate(steps, 1)
    )
    method = Method(id="m", label="1", title="Go back", steps=numbered, risk="high", line=5)
    made = Runbook(id="web", title="Web", methods=(method,), last_tested="2026-11-01")
    return msgspec.structs.replace(made, **more)


def found(runbook: Runbook, rule: str, text: str = "") -> Sequence[Finding]:
    findings = check(runbook, today=TODAY, is_installed=lambda _program: True, text=text)
    return [finding for finding in findings if finding.rule == rule]


# ── rules about commands: (rule, a method that has it, the same done well) ─────────────────────────

COMMANDS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("pager", ("git log origin/main",), ("git --no-pager log origin/main",)),
    ("pager", ("git diff v1..v2",), ("git diff v1..v2 | cat", "git diff v1..v2 > changes.txt", "git diff --quiet v1")),
    ("pager", ("git reflog",), ("git reflog expire --all",)),
    ("pager", ("journalctl -u web",), ("journalctl -u web --no-pager", "journalctl -u web -n 50")),
    ("editor", ("git revert 1234567",), ("git revert --no-edit 1234567", "GIT_EDITOR=true git revert 1234567")),
    ("editor", ("git commit --amend",), ("git commit -m fix", "git commit -am fix", "git commit --amend --no-edit")),
    ("editor", ("git rebase -i HEAD~3",), ("git rebase --abort", "git rebase main")),
    ("editor", ("sudo vim /etc/web.conf",), ("sed -i s/a/b/ web.conf",)),
    ("question", ("npx prisma migrate status",), ("npx --no-install prisma migrate status", "npx -y cowsay x")),
    ("question", ("terraform apply",), ("terraform apply plan.out", "terraform apply -auto-approve")),
    ("question", ("sudo apt-get install jq",), ("sudo apt-get install -y jq",)),
    ("watch", ("watch -n 5 kubectl get pods -n web",), ("kubectl get pods -n web --watch-only=false",)),
    ("follow", ("tail -F web.log", "git push origin x"), ("tail -n 20 web.log", "git push origin x")),
    (
        "elsewhere",
        ("ssh deploy@web1", "sudo systemctl restart shop"),
        ("ssh deploy@web1 'sudo systemctl restart shop'", "ssh deploy@web1", "uptime"),
    ),
    (
        "elsewhere",
        ("kubectl exec -it web-0 -- bash", "rm -rf /cache"),
        ("kubectl exec -it web-0 -- bash", "kubectl rollout restart deploy/web"),
    ),
    ("terminal", ("kubectl exec -it web-0 -- redis-cli ping",), ("kubectl exec web-0 -- redis-cli ping",)),
    ("window", ("npx prisma studio",), ("npx prisma migrate status",)),
    ("window", ("xdg-open https://web.internal",), ("curl -fsS https://web.internal",)),
    ("endless-wait", ("until curl -fs http://h/; do sleep 1; done",),
     ("timeout 60 bash -c 'until curl -fs http://h/; do sleep 1; done'",
      "for i in 1 2 3; do curl -fs http://h/ && break; sleep 1; done")),
    ("endless-wait", ("while [ $(redis-cli llen jobs) -gt 0 ]; do sleep 5; done",),
     ("n=0; while [ $(redis-cli llen jobs) -gt 0 ] && [ $n -lt 60 ]; do sleep 5; n=$((n+1)); done",)),
    ("wide", ("kubectl delete pods -l app=web -A",), ("kubectl delete pods -l app=web -n web", "kubectl get pods -A")),
    ("wide", ("kubectl scale deploy --all --replicas=0",), ("kubectl scale deploy/web --replicas=0",)),
    ("wide", ("kubectl delete all -n web",), ("kubectl delete all -l app=web -n web",)),
    ("forced-pod", ("kubectl delete pod db-0 --force --grace-period=0",), ("kubectl delete pod db-0",)),
    ("moving-image", ("kubectl set image deploy/web web=r.corp/web:latest",), ("kubectl set image deploy/web web=r.corp/web:v4",)),
    ("moving-image", ("helm upgrade web . --set image.tag=latest",), ("helm upgrade web . --set release=latest",)),
    ("every-row", ("psql web -c 'DELETE FROM coupons; SELECT 1'",), ("psql web -c 'DELETE FROM coupons WHERE id = 7'",)),
    ("every-row", ("mysql web -e \"update users set plan = 'free'\"",),
     ("mysql web -e 'update users set plan = 1 where id = 7'", "psql -c 'update a set x = b.x from b where b.id = a.id'")),
    ("curl-fail", ("curl -s https://h/health",), ("curl -fsS https://h/health", "curl -s https://h/health | grep -q ok")),
    ("curl-fail", ("curl -s -o /dev/null https://h/",), ("curl -s -o /dev/null -w '%{http_code}' https://h/",)),
    ("curl-limit", ("curl -f https://h/",), ("curl -f -m 10 https://h/", "curl -f --max-time=5 https://h/")),
    ("jq-null", ("curl -f https://h/ | jq .status",), ("curl -f https://h/ | jq -e .status", "curl -f https://h/ | jq .")),
    ("no-proof", ("vercel rollback dpl_1",), ("vercel rollback dpl_1", "vercel inspect web.internal --json")),
    ("no-proof", ("kubectl rollout undo deploy/web -n web",),
     ("kubectl rollout undo deploy/web -n web", "kubectl rollout status deploy/web -n web --timeout=5m")),
    ("no-proof", ("helm rollback web 4",), ("helm rollback web 4 --wait",)),
    ("no-proof", ("systemctl restart web",), ("systemctl restart web", "systemctl is-active web")),
    ("inspects-target", ("vercel rollback <id>", "vercel inspect <id>"), ("vercel rollback <id>", "vercel inspect web.internal")),
    ("pipe-hides", ("pg_dump web | gzip > web.sql.gz",), ("set -o pipefail", "pg_dump web | gzip > web.sql.gz")),
    ("pipe-hides", ("gunzip -c web.sql.gz | psql web",), ("gunzip -c notes.gz | less",)),
    ("pipe-hides", ("terraform apply p.out | tee log",), ("terraform plan | tee log",)),
    ("swallowed", ("kubectl apply -f web.yaml || true",), ("kubectl get pods || true", "kubectl apply -f w.yaml || exit 1")),
    ("swallowed", ("git push origin x", "curl -f https://h/health || echo 'STILL DOWN'"),
     ("curl -f https://h/ || echo down", "git push origin x", "curl -f https://h/ || exit 1", "curl -f https://h/ || echo a; false")),
    ("one-pod", ("kubectl logs -f deployment/web -n web",), ("kubectl logs -f -l app=web -n web", "kubectl logs web-0 -n web")),
    ("rotation", ("tail -f /var/log/web.log",), ("tail -F /var/log/web.log", "tail -n 5 /var/log/web.log")),
    ("buffered", ("tail -F web.log | grep ERROR",),
     ("tail -F web.log | grep --line-buffered ERROR", "tail -n 9 web.log | grep ERROR", "watch 'cat w | grep E'")),
    ("deployments-mixed", ("vercel ls",), ("vercel ls --environment production --status READY",)),
    ("deployments-mixed", ("railway logs",), ("railway logs --latest -n 200",)),
    ("unfinished", ("kubectl rollout status deploy/web --watch=false",), ("kubectl rollout status deploy/web --timeout=5m",)),
    ("unversioned", ("git push origin x", "curl -f https://h/health"), ("git push origin x", "curl -f https://h/version")),
    ("git-stale-list", ("git log --oneline -10",), ("git fetch origin", "git log --oneline -10 origin/main")),
    ("git-stale-list", ("git tag -l 'v*'",), ("git fetch --tags && git tag -l 'v*'", "git tag v2")),
    ("git-revert-merge", ("git revert --no-edit 1234567",), ("git revert --no-edit -m 1 1234567",)),
    ("git-blind-push", ("git push origin main",), ("git fetch origin", "git push origin main")),
    ("git-stale-checkout", ("git checkout production", "git push origin production"),
     ("git fetch", "git checkout production", "git push origin production")),
    ("git-stale-checkout", ("git checkout production", "git push origin production"),
     ("git checkout production", "git pull --ff-only", "git push origin production")),
    ("git-merge-ships-all", ("git merge main",), ("git merge 1234567", "git merge v1.2.3", "git merge <commit>")),
    ("git-tag-or-branch", ("git checkout v1.2.3",), ("git checkout refs/tags/v1.2.3", "git checkout main")),
    ("git-branch-exists", ("git checkout -b rollback",), ("git checkout -b rollback-$(date +%s)", "git checkout -B rollback")),
    ("git-branch-unused", ("git checkout -b fix", "git push origin fix", "git checkout main"),
     ("git checkout -b fix", "git push origin fix", "git checkout main", "git merge fix")),
    ("git-reset-hard", ("git reset --hard v1.2.3",), ("git reset --soft HEAD~1", "git stash -u && git reset --hard v1.2.3")),
    ("git-bare-force", ("git push --force origin main",), ("git push --force-with-lease=main:1234567 origin main",)),
    ("git-bare-force", ("git push --mirror origin",), ("git push --tags origin",)),
    ("git-bare-force", ("git push origin +main",), ("git push origin main",)),
    ("git-bare-force", ("git push --force-with-lease origin main",), ("git push --follow-tags origin main",)),
    ("gone", ("railway rollback abc",), ("railway deployment list",)),
    ("gone", ("npx prisma migrate down",), ("npx prisma migrate deploy",)),
    ("gone", ("kubectl rollback deploy/web",), ("kubectl rollout undo deploy/web",)),
    ("without-target", ("kubectl rollout undo deploy/web",), ("kubectl rollout undo deploy/web --to-revision=4",)),
    ("without-target", ("helm rollback web",), ("helm rollback web 4",)),
    ("without-target", ("heroku rollback -a web",), ("heroku rollback v42 -a web",)),
    ("without-target", ("vercel rollback",), ("vercel rollback dpl_1",)),
    ("not-a-rollback", ("railway redeploy --yes",), ("railway status",)),
    ("resolve-undoes-nothing", ("prisma migrate resolve --rolled-back <m>",), ("prisma migrate resolve --applied <m>",)),
    ("deploy-applies-again", ("prisma migrate resolve --rolled-back <m>", "prisma migrate deploy"), ("prisma migrate deploy",)),
    ("git-holds-it", ("kubectl rollout undo deploy/web",), ("kubectl rollout undo deploy/web", "git revert --no-edit 1234567")),
    ("nowhere-named", ("kubectl apply -f web.yaml",), ("kubectl --context prod -n web apply -f web.yaml",)),
    ("nowhere-named", ("kubectl delete pod web-0",), ("kubectl config use-context prod", "kubectl delete pod web-0")),
    ("no-way-back", ("dropdb web",), ("pg_dump -Fc web -f web.dump", "dropdb web")),
    ("no-way-back", ("export BACKUP=web.dump", "ls /srv/backups", "tar -xzf backup.tgz", "cp web.bak web.conf", "dropdb web"),
     ("kubectl get deploy web -o yaml > old.yaml", "cp -a /srv/web /srv/backups/web", "rm -rf /srv/web/data")),
    ("no-way-back", ("curl -fX DELETE http://es:9200/products",), ("curl -f http://es:9200/products",)),
    ("no-way-back", ("psql web -c 'DROP TABLE users'",), ("psql web -c 'SELECT 1'",)),
    ("no-way-back", ("rm -rf /srv/web/data",), ("rm -rf node_modules", "rm -rf /tmp/build-1", "kubectl delete pod web-0")),
    ("no-way-back", ("railway run alembic downgrade -1",), ("railway run alembic current",)),
    ("empty-path", ('rm -rf "$DIR/data"',), ('rm -rf "${DIR:?}/data"', 'DIR=/srv/web; rm -rf "$DIR/data"')),
    ("alternatives-in-sequence", ("kubectl rollout undo deploy/web", "kubectl rollout undo deploy/web --to-revision=2"),
     ("kubectl rollout undo deploy/web", "kubectl rollout undo deploy/api")),
    ("no-verification", ("git push origin x",), ("git push origin x", "curl -f https://h/version")),
    ("sample-value", ("curl -f https://your-domain.com/",), ("curl -f https://web.internal/",)),
    ("quantile", ("curl -f 'http://p/q?query=histogram_quantile(95, rate(x_bucket[5m]))'",),
     ("curl -f 'http://p/q?query=histogram_quantile(0.95, rate(x_bucket[5m]))'",)),
    ("counter", ("curl -f https://h/ | jq .http.errors",), ("curl -f https://h/ | jq '.http.errors / .http.requests'",)),
    ("unfilled", ("helm rollback web <revision>",), ("psql -c 'select a <b> c'", "diff <(ls a) <(ls b)")),
)  # fmt: skip


@pytest.mark.parametrize(("rule", "bad", "good"), COMMANDS, ids=[f"{row[0]}:{row[1][0][:40]}" for row in COMMANDS])
def test_a_rule_finds_the_bad_form_and_keeps_silent_about_the_good_one(
    rule: str, bad: tuple[str, ...], good: tuple[str, ...]
) -> None:
    params = (Param(id="m"), Param(id="id"), Param(id="commit"))
    assert found(book(*(step(text) for text in bad), params=params), rule)
    assert not found(book(*(step(text) for text in good), params=params), rule)


def test_every_finding_names_its_line_and_is_told_once() -> None:
    runbook = book(
        step("curl -s https://h/a"), step("git push origin main"), step("curl -s https://h/b && curl -s https://h/c")
    )
    assert [finding.line for finding in found(runbook, "curl-fail")] == [10, 30]


def test_every_rule_has_a_case() -> None:
    told = {row[0] for row in COMMANDS} | {
        name.removeprefix("test_").split("__")[0].replace("_", "-") for name in globals() if "__" in name
    }
    assert set(RULES) - told == set()


# ── rules about what stands around a command ──────────────────────────────────────────────────────


def verifying(*steps: Step) -> Runbook:
    return Runbook(id="web", title="Web", verification=steps, last_tested="2026-11-01")


def expecting(text: str, said: str, line: int = 7) -> Step:
    made = step(text, line=line)
    return msgspec.structs.replace(
        made, kind="check", commands=(msgspec.structs.replace(made.commands[0], expected=said),)
    )


def test_curl_fail__is_a_problem_only_where_somebody_relies_on_it() -> None:
    assert [f.severity for f in found(verifying(step("curl https://h/health")), "curl-fail")] == ["problem"]
    assert [f.severity for f in found(book(step("curl https://h/health")), "curl-fail")] == ["note"]
    judged = step("curl https://h/health")
    command = msgspec.structs.replace(judged.commands[0], expect=Expect(contains="healthy"))
    assert not found(verifying(msgspec.structs.replace(judged, commands=(command,))), "curl-fail")


def test_curl_fail__tells_the_shell_by_hand_from_the_room_in_which_pipefail_is_set() -> None:
    (finding,) = found(verifying(step("curl -s https://h/health | head -1")), "curl-fail")
    assert "by hand through a pipe (the room sets pipefail) when the connection fails" in finding.text


def test_head_request__is_found_where_the_answer_counts() -> None:
    assert [f.severity for f in found(verifying(expecting("curl -I https://h/", "200 OK")), "head-request")] == [
        "warning"
    ]
    assert not found(book(step("curl -I https://h/")), "head-request")
    assert not found(verifying(expecting("curl https://h/", "200 OK")), "head-request")


def test_expects_refusal__is_found_in_an_expectation_of_two_codes() -> None:
    assert found(verifying(expecting("curl https://h/", "200, or 401 without a session")), "expects-refusal")
    assert not found(verifying(expecting("curl https://h/", "401 without a session")), "expects-refusal")


def test_score_scale__is_found_where_points_are_expected_of_lighthouse() -> None:
    assert found(verifying(expecting("lighthouse https://h/", "score above 80")), "score-scale")
    assert not found(verifying(expecting("lighthouse https://h/", "score above 0.8")), "score-scale")


def test_two_types__are_found_between_two_expectations_of_one_key() -> None:
    shape = expecting("curl https://h/health", '{"uptime": "3 days"}', line=7)
    assert [
        f.line for f in found(verifying(shape, expecting("curl https://h/m | jq .uptime", "a number", 9)), "two-types")
    ] == [9]
    assert not found(verifying(shape, expecting("curl https://h/m | jq .load", "a number", 9)), "two-types")


def test_nothing_measured__is_found_in_a_look_without_a_command() -> None:
    looked = Step(id="x", title="Error rate below 1 %", kind="manual", line=4)
    assert [f.line for f in found(verifying(looked), "nothing-measured")] == [4]
    assert not found(verifying(Step(id="x", title="Try the sign-in", kind="manual")), "nothing-measured")


def test_wait_without_end__is_found_after_a_change_only() -> None:
    wait = Step(id="w", title="Wait for staging", kind="manual")
    assert [f.line for f in found(book(step("git push origin x"), wait), "wait-without-end")] == [20]
    assert not found(book(wait, step("git push origin x")), "wait-without-end")
    timed = Step(id="w", title="Wait for staging, at most 10 minutes", kind="manual")
    assert not found(book(step("git push origin x"), timed), "wait-without-end")


def test_git_rewind_named_forward__is_found_by_the_title() -> None:
    assert found(book(step("git reset --hard v1", title="Fast-forward production")), "git-rewind-named-forward")
    assert not found(book(step("git reset --hard v1", title="Rewind production")), "git-rewind-named-forward")
    assert not found(book(step("git merge --ff-only v1", title="Fast-forward")), "git-rewind-named-forward")


def test_destroys_as_look__is_found_under_a_title_that_promises_a_look() -> None:
    assert found(book(step("dropdb web", title="Check the database")), "destroys-as-look")
    assert not found(book(step("dropdb web", title="Drop the database")), "destroys-as-look")
    assert not found(book(step("psql -l", title="Check the database")), "destroys-as-look")


def test_opposite__is_found_where_title_and_command_contradict_each_other() -> None:
    assert found(book(step("terraform force-unlock 1", title="Lock the state")), "opposite")
    assert found(book(step("web-admin disable writes", title="Enable writes")), "opposite")
    assert not found(book(step("web-admin maintenance disable", title="Enable the application")), "opposite")
    assert not found(book(step("terraform force-unlock 1", title="Unlock the state")), "opposite")


def test_not_dry__is_found_where_nothing_asks_for_a_dry_run() -> None:
    assert found(book(step("helm upgrade web .", title="Dry run of the upgrade")), "not-dry")
    assert not found(book(step("helm upgrade web . --dry-run", title="Dry run of the upgrade")), "not-dry")


def test_resolve_undoes_nothing__is_silent_where_the_title_says_what_it_does() -> None:
    text = "prisma migrate resolve --rolled-back 2026_add"
    assert found(book(step(text, title="Roll the migration back")), "resolve-undoes-nothing")
    assert not found(book(step(text, title="Mark the migration as rolled back")), "resolve-undoes-nothing")


def test_no_way_back__does_not_count_on_the_copy_of_another_method() -> None:
    careful = book(step("pg_dump -Fc web -f web.dump"), step("dropdb web")).methods[0]
    blunt = msgspec.structs.replace(book(step("dropdb web")).methods[0], id="n", label="2")
    runbook = msgspec.structs.replace(book(), methods=(careful, blunt))
    assert [(f.line, f.severity) for f in found(runbook, "no-way-back")] == [(10, "warning")]
    assert not found(msgspec.structs.replace(runbook, methods=(careful,)), "no-way-back")


def by_hand(text: str, title: str = "Take it back") -> Step:
    return Step(id="x", title=title, kind="manual", message=text, line=20)


def test_typed_sql__is_found_at_its_line_and_not_behind_a_copy() -> None:
    sql = "BEGIN;\nDROP TABLE IF EXISTS orders_v2;\nCOMMIT;"
    (finding,) = found(book(by_hand(sql)), "typed-sql", f"# Shop\n\n{sql}\n")
    assert finding.line == 4 and "DROP TABLE IF EXISTS orders_v2" in finding.text
    assert not found(book(step("pg_dump -Fc web -f web.dump"), by_hand(sql)), "typed-sql")
    assert not found(book(by_hand("", "Take a backup in the console"), by_hand(sql)), "typed-sql")
    assert not found(book(by_hand("DROP INDEX by_day; -- not: DROP TABLE orders")), "typed-sql")
    assert found(book(by_hand("ALTER TABLE orders\n  DROP COLUMN discount;")), "typed-sql")
    told = msgspec.structs.replace(by_hand("truncate the log\nDROP TABLE orders;"), kind="message")
    assert not found(book(told, by_hand("Truncate the log file in the console")), "typed-sql")
    prompt = step("psql web")
    inside = msgspec.structs.replace(prompt.commands[0], typed_inside="TRUNCATE orders;")
    assert found(book(msgspec.structs.replace(prompt, commands=(inside,))), "typed-sql")


def test_every_row__is_found_in_what_a_person_types_unless_all_are_meant() -> None:
    assert found(book(by_hand("UPDATE flags\nSET on = false;")), "every-row")
    assert not found(book(by_hand("UPDATE flags SET on = false;", "Switch all flags off")), "every-row")
    assert not found(book(by_hand("UPDATE flags SET on = false\nWHERE name = 'cart';")), "every-row")


def test_no_proof__is_silent_where_the_runbook_verifies_after_each_method() -> None:
    restart = step("kubectl rollout undo deploy/web -n web")
    assert found(book(restart, verification=(step("cat notes"),)), "no-proof")
    assert not found(book(restart, verification=(step("kubectl get pods -n web"),)), "no-proof")


def test_no_way_back__is_silent_with_an_undo_of_its_own() -> None:
    undo = Undo(text="createdb web", effect=Effect.CHANGE)
    assert not found(book(step("dropdb web", undo=undo)), "no-way-back")


def test_git_holds_it__is_silent_where_a_step_speaks_of_repairing_git() -> None:
    repair = Step(id="r", title="Pause automatic deploys, then revert", kind="manual")
    assert not found(book(step("kubectl rollout undo deploy/web"), repair), "git-holds-it")


def test_alternatives_in_sequence__are_silent_where_they_are_marked() -> None:
    either = (step("helm rollback web 3", either="x"), step("helm rollback web 4", either="x"))
    assert not found(book(*either), "alternatives-in-sequence")


def test_unfilled__knows_params_and_captured_values() -> None:
    listed = step("git rev-parse HEAD")
    captured = msgspec.structs.replace(listed.commands[0], captures=(Capture(param="sha"),))
    first = msgspec.structs.replace(listed, commands=(captured,))
    assert not found(book(first, step("git push origin <sha>:refs/heads/main")), "unfilled")
    assert not found(book(step("git push origin <sha>:x"), params=(Param(id="sha"),)), "unfilled")


# ── rules about the whole ─────────────────────────────────────────────────────────────────────────


def test_risk_understated__is_found_at_the_method() -> None:
    runbook = book(step("dropdb web"))
    low = msgspec.structs.replace(runbook.methods[0], risk="low")
    assert [f.line for f in found(msgspec.structs.replace(runbook, methods=(low,)), "risk-understated")] == [5]
    assert not found(runbook, "risk-understated")


def test_no_method__is_a_problem_where_there_is_nothing_at_all_to_do() -> None:
    empty = Runbook(id="web", title="Web")
    assert [f.severity for f in found(empty, "no-method")] == ["problem"]
    triage = book(step("kubectl get pods")).methods
    assert [f.severity for f in found(msgspec.structs.replace(empty, others=triage), "no-method")] == ["warning"]
    assert not found(book(step("git push origin x")), "no-method")


def test_slow_first__is_found_where_outages_leave_no_time() -> None:
    methods = (
        Method(id="a", label="1", title="A", estimate=600, line=3),
        Method(id="b", label="2", title="B", estimate=60, line=9),
    )
    urgent = Trigger(id="t", text="Down", group="", urgency="immediate")
    runbook = Runbook(id="w", title="W", methods=methods, triggers=(urgent,))
    assert [f.line for f in found(runbook, "slow-first")] == [9]
    assert not found(msgspec.structs.replace(runbook, methods=methods[::-1]), "slow-first")
    suggesting = msgspec.structs.replace(urgent, suggests=("b",))
    assert not found(msgspec.structs.replace(runbook, triggers=(suggesting,)), "slow-first")


def banded(*bands: tuple[str, str, float]) -> Runbook:
    outcomes = tuple(
        Outcome(
            id=f"o{n}",
            text=level,
            level=level,  # type: ignore[arg-type]
            criterion=Criterion(text="", signal="p95", op=op, value=value),  # type: ignore[arg-type]
            line=n,
        )
        for n, (level, op, value) in enumerate(bands, 1)
    )
    signal = Signal(id="p95", title="p95", source=NoSource(), unit="s")
    return Runbook(id="w", title="W", signals=(signal,), outcomes=outcomes)


def test_threshold_gap__is_found_between_success_and_failure() -> None:
    assert [f.line for f in found(banded(("success", "<", 1), ("failed", ">", 5)), "threshold-gap")] == [1]
    assert found(banded(("success", "<", 1), ("partial", "<=", 3), ("failed", ">", 5)), "threshold-gap")
    assert not found(banded(("success", "<", 1), ("partial", "<=", 5), ("failed", ">", 5)), "threshold-gap")
    assert not found(banded(("success", "<", 5), ("failed", ">=", 5)), "threshold-gap")
    assert found(banded(("success", ">", 90), ("failed", "<", 50)), "threshold-gap")
    assert not found(banded(("success", "<", 1)), "threshold-gap")


def judging(signal: Signal, *criteria: tuple[str, str, float]) -> Runbook:
    """A runbook in which each of the criteria is on the signal: (what for, its sign, its value)."""
    made = [(what, Criterion(f"{signal.id} {op} {value:g}", signal.id, op, value)) for what, op, value in criteria]  # type: ignore[arg-type]
    waits = tuple(criterion for what, criterion in made if what == "wait")
    return book(
        *([msgspec.structs.replace(step(title="Wait"), kind="wait_for", wait_for=waits)] if waits else []),
        signals=(signal,),
        triggers=tuple(Trigger("t", "", "", "immediate", one, line=n) for n, (what, one) in enumerate(made, 1) if what == "trigger"),
        outcomes=tuple(
            Outcome("o", what, what, one, line=n)  # type: ignore[arg-type]
            for n, (what, one) in enumerate(made, 1)
            if what in ("success", "partial", "failed")
        ),
    )  # fmt: skip


ERRORS = Signal("errors", "", HttpJson("http://h/"), unit="%", kind="error_rate")
HEALTH = Signal("health", "", Health("http://h/"))
SCORE = Signal("score", "", Lighthouse("http://h/"))


@pytest.mark.parametrize(
    ("signal", "turned", "right"),
    [
        (ERRORS, ("success", ">", 1), ("success", "<", 1)),
        (ERRORS, ("failed", "<", 5), ("failed", ">", 5)),
        (ERRORS, ("trigger", "<=", 5), ("trigger", ">=", 5)),
        (ERRORS, ("wait", ">", 1), ("partial", ">", 1)),
        (HEALTH, ("trigger", "==", 200), ("trigger", "!=", 200)),
        (HEALTH, ("success", ">=", 500), ("success", "==", 204)),
        (SCORE, ("success", "<", 80), ("success", ">", 80)),
        (ERRORS, ("success", ">", 1), ("success", "==", 0)),
    ],
)
def test_criterion_turned__is_found_where_it_is_bad_news_that_all_is_well(
    signal: Signal, turned: tuple[str, str, float], right: tuple[str, str, float]
) -> None:
    severity = "warning" if turned[0] == "wait" else "problem"
    assert [f.severity for f in found(judging(signal, turned), "criterion-turned")] == [severity]
    assert not found(judging(signal, right), "criterion-turned")
    other = msgspec.structs.replace(signal, source=HttpJson("http://h/"), kind="other")
    assert not found(judging(other, turned), "criterion-turned"), "what is good is not known of it"


@pytest.mark.parametrize(
    ("signal", "criterion", "said"),
    [
        (ERRORS, ("trigger", ">", 150), "can never be: errors lies between 0 and 100 %"),
        (ERRORS, ("success", "<", 150), "always holds"),
        (ERRORS, ("trigger", ">", 5), ""),
        (msgspec.structs.replace(ERRORS, unit=""), ("failed", ">", 5), "can never be: errors lies between 0 and 1"),
        (HEALTH, ("failed", "==", 5), "can never be"),
        (HEALTH, ("trigger", ">=", 500), ""),
        (SCORE, ("success", ">", 0.8), "write 80 for it"),
        (SCORE, ("success", ">", 80), ""),
    ],
)
def test_criterion_impossible__is_found_where_the_signal_cannot_say_so(
    signal: Signal, criterion: tuple[str, str, float], said: str
) -> None:
    assert [said in f.text for f in found(judging(signal, criterion), "criterion-impossible")] == (
        [True] if said else []
    )


def test_criterion_unread__weighs_what_nobody_will_see() -> None:
    nowhere = msgspec.structs.replace(ERRORS, source=NoSource())
    uses = (("wait", "<", 1.0), ("trigger", ">", 5.0), ("success", "<", 1.0), ("success", "<", 2.0))
    assert [f.severity for f in found(judging(nowhere, *uses), "criterion-unread")] == ["note", "warning", "problem"]
    assert not found(judging(ERRORS, *uses), "criterion-unread")


def test_slow_to_tell__is_found_where_a_time_is_too_short_for_the_readings_it_needs() -> None:
    def told(hold: float, every: float) -> list[str]:
        calm = Outcome("o", "calm", "success", Criterion("errors < 1 %", "errors", "<", 1, hold), line=4)
        signal = msgspec.structs.replace(ERRORS, every=every)
        return [f.text for f in found(book(signals=(signal,), outcomes=(calm,)), "slow-to-tell")]

    assert told(300, 5) == told(0, 600) == told(300, 75) == []
    assert ["takes 20m, not 5m" in text for text in told(300, 300)] == [True]


@pytest.mark.parametrize(
    ("query", "scale", "lines"),
    [("a / b", 1, [3]), ("a / b", 100, []), ("100 * a / b", 1, []), ("job:errors:percent", 1, [])],
)
def test_share_of_one__is_found_where_a_division_is_called_per_cent(query: str, scale: float, lines: list[int]) -> None:
    rate = msgspec.structs.replace(ERRORS, source=Prometheus("http://p", query, scale=scale))
    assert [
        f.line for f in found(book(signals=(rate,)), "share-of-one", f"signals:\n  e:\n    query: {query}\n")
    ] == lines
    bare = msgspec.structs.replace(rate, unit="")
    assert not found(book(signals=(bare,)), "share-of-one")


def test_effect_understated__is_a_problem_where_it_would_run_as_a_look() -> None:
    def severities(effect: Effect, target: str = "", text: str = "rm -rf /srv/data") -> list[str]:
        one = step(text)
        named = msgspec.structs.replace(one.commands[0], effect=effect, target=target)
        return [f.severity for f in found(book(msgspec.structs.replace(one, commands=(named,))), "effect-understated")]

    assert severities(Effect.READ) == severities(Effect.READ, "data") == ["problem"]
    assert severities(Effect.CHANGE) == ["note"]
    assert severities(Effect.DESTROY) == severities(Effect.CHANGE, "data") == []
    assert severities(Effect.READ, text="./ours.sh") == [], "a program that nobody knows is the author's word"
    back = step("deploy", undo=Undo(text="git push --force origin main", effect=Effect.READ))
    assert [f.line for f in found(book(back), "effect-understated")] == [10]


def test_exit_any__is_found_over_a_change_of_which_nothing_is_looked_at() -> None:
    def told(text: str, **expect: str) -> Sequence[Finding]:
        one = step(text)
        careless = msgspec.structs.replace(one.commands[0], expect=Expect(exit=None, **expect))
        return found(book(msgspec.structs.replace(one, commands=(careless,))), "exit-any")

    assert told("git push origin main")
    assert not told("git push origin main", contains="up-to-date") and not told("diff a b")


def test_quantile__is_found_in_a_signal_too() -> None:
    text = "signals:\n  p95:\n    query: histogram_quantile(95, rate(x_bucket[5m]))\n"
    p95 = Signal("p95", "", Prometheus("http://p", "histogram_quantile(95, rate(x_bucket[5m]))"))
    assert [f.line for f in found(book(signals=(p95,)), "quantile", text)] == [3]


def test_pipe_hides__is_silent_only_in_the_terminal_in_which_pipefail_was_set() -> None:
    hidden = step("pg_dump shop | gzip > shop.gz")
    safe, bare = (book(step("set -o pipefail"), hidden).methods[0], book(hidden).methods[0])
    runbook = msgspec.structs.replace(book(), methods=(safe, msgspec.structs.replace(bare, id="n", label="2")))
    assert [f.line for f in found(runbook, "pipe-hides")] == [10]


def test_untested__grows_with_the_days() -> None:
    def severities(said: str) -> list[str]:
        return [f.severity for f in found(Runbook(id="w", title="W", last_tested=said), "untested")]

    assert severities("2026-01-31") == ["warning"]
    assert severities("2026-10-31") == []
    written = Runbook(id="w", title="W", notes=("Last updated: 2025-11-25",))
    assert ["2025-11-25, 365 days ago" in f.text for f in found(written, "untested")] == [True]
    assert severities("never") == severities("") == severities("2026-13-45") == ["note"]


def test_contact_blank__is_found_at_its_line_and_not_in_a_book_that_ships() -> None:
    blank = (Contact(level="1", who="Tech lead", how="[Phone]"), Contact(level="1", who="Ann", how="#oncall"))
    runbook = Runbook(id="w", title="W", contacts=blank)
    assert [f.line for f in found(runbook, "contact-blank", "# W\n\n- Tech lead: [Phone]\n- Ann: #oncall\n")] == [3]
    assert not found(msgspec.structs.replace(runbook, path="book:w"), "contact-blank")
    for how in ("+49 170 1234567", "@ann in Slack", "[the sheet](https://intra/contacts)"):
        assert not found(Runbook(id="w", title="W", contacts=(Contact("1", "Ann", how),)), "contact-blank")


def test_not_installed__asks_the_machine_for_each_program_once() -> None:
    asked: list[str] = []

    def is_installed(program: str) -> bool:
        asked.append(program)
        return program != "helm"

    runbook = book(step("sudo helm list && cd /x"), step("helm status web"), step("ssh h 'nomad status'"))
    findings = check(runbook, today=TODAY, is_installed=is_installed)
    assert [(f.line, f.severity) for f in findings if f.rule == "not-installed"] == [(10, "note")]
    assert sorted(set(asked)) == ["helm", "ssh"]


def test_platform_unused__is_found_at_a_platform_whose_order_no_command_gives() -> None:
    shelf = OwnPlatform(
        id="shelf", order="shelfctl activate --app <app> <release>", live=Question(run="shelfctl current")
    )
    source = "platforms:\n  shelf:\n    order: >-\n      shelfctl activate --app <app> <release>\n"
    for text in ("shelfctl activate --app shop <old>", "true && shelfctl activate --app <app> v3"):
        assert not found(book(step(text), platforms=(shelf,)), "platform-unused", source)
    wayback = step("deploy", undo=Undo(text="shelfctl activate --app shop v3", effect=Effect.CHANGE))
    assert not found(book(wayback, platforms=(shelf,)), "platform-unused", source)
    others = (step("shelfctl activate v3 --app shop"), step("bookctl activate --app shop v3"))
    (finding,) = found(book(*others, platforms=(shelf,)), "platform-unused", source)
    assert finding.line == 4 and "order of platform shelf" in finding.text


def test_log_follow__says_of_a_log_whether_its_command_goes_on() -> None:
    runs = ("journalctl -f -u shop", "journalctl -u shop -n 100", "kubectl exec -it shop -- sh")
    logs = tuple(LogSource(id=f"l{n}", run=run) for n, run in enumerate(runs))
    text = "\n".join(("logs:", *runs))
    findings = check(book(logs=logs), today=TODAY, is_installed=lambda _: True, text=text)
    assert [(f.line, f.severity) for f in findings if f.rule == "log-follow"] == [(3, "warning"), (4, "problem")]


def test_log_program__names_what_is_not_here_and_asks_nothing_of_another_host() -> None:
    logs = (LogSource(id="a", run="kubectl logs -f shop | grep x"), LogSource(id="b", run="ssh h tail -F /var/log/x"))
    findings = check(book(logs=logs), today=TODAY, is_installed=lambda name: name in ("ssh", "grep"), text="")
    said = [f.text for f in findings if f.rule == "log-program"]
    assert said == ["kubectl is not installed on this machine; until it is, this log stays empty."]


def test_no_verification__is_silent_where_the_runbook_verifies_anywhere() -> None:
    change = step("git push origin x")
    assert found(book(change), "no-verification")
    assert not found(book(change, verification=(step("curl -f https://h/"),)), "no-verification")
    told = Step(id="t", title="Tell the team in Slack that it is done", kind="manual")
    assert [f.line for f in found(book(change, told), "no-verification")] == [10], "who is told has not looked"
    seen = Step(id="t", title="Open the shop and sign in", kind="manual")
    assert not found(book(change, told, seen), "no-verification")
    asked = Step(id="t", title="Update the status page once the checks are green", kind="manual")
    assert not found(book(change, asked), "no-verification")
    assert not found(book(msgspec.structs.replace(change, done_when=Check(id="d", run="true"))), "no-verification")


def test_wait_optional__says_what_has_to_be_set_and_is_silent_where_the_signal_is_always_there() -> None:
    calm = Criterion("sentry == 0", "sentry", "==", 0)
    wait = msgspec.structs.replace(step(title="Sentry is calm"), kind="wait_for", wait_for=(calm,))
    sentry = Signal("sentry", "Sentry", Sentry("o", "p"), optional=True)
    (said,) = found(book(wait, signals=(sentry,)), "wait-optional")
    assert said.severity == "warning" and "SENTRY_URL and SENTRY_AUTH_TOKEN" in said.text and said.line == 10
    assert not found(book(wait, signals=(msgspec.structs.replace(sentry, optional=False),)), "wait-optional")


def test_text_that_no_shell_would_read_is_left_alone() -> None:
    runbook = book(step('echo "open'), step("$(("), step("\x00\ud800 | | ;;"), step("<<<<"), step(""))
    assert check(runbook, today=TODAY, is_installed=lambda _program: True) is not None


SHELL = (
    "git kubectl vercel rm curl jq npx prisma sudo watch ssh bash -c -s -f -r --hard push revert logs exec run -- | || && ; "
    "$( ) ` ' \" < > <x> $X ${X} -- .a origin main v1.2 rollout undo migrate resolve -it xargs env timeout 5 \n # \\"
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(SHELL.split(" ")), max_size=12).map(" ".join), st.text(max_size=40), st.text(max_size=60)
)
def test_no_command_title_or_expectation_stops_the_check(text: str, title: str, said: str) -> None:
    one = step(text, title=title)
    command = msgspec.structs.replace(one.commands[0], expected=said)
    both = msgspec.structs.replace(one, commands=(command, command))
    for finding in check(book(both, verification=(both,)), today=TODAY, is_installed=lambda _program: False):
        assert finding.text.strip().endswith((".", ")")), finding
