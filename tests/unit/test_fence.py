"""What a fence holds: every command once, and nothing offered that is not one."""

from __future__ import annotations

import shlex
import time
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook.reading.fence import Piece, looks_like_command, pieces
from runbook.reading.once import in_one_go


def read(text: str, language: str = "bash") -> tuple[Piece, ...]:
    return pieces(dedent(text).strip("\n").split("\n"), 1, language)


def kinds(text: str, language: str = "bash") -> list[tuple[str, str]]:
    return [(piece.kind, piece.text) for piece in read(text, language)]


def commands(text: str, language: str = "bash") -> list[str]:
    return [piece.text for piece in read(text, language) if piece.kind == "command"]


# ── one logical command ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kubectl get pods\nkubectl get nodes", ["kubectl get pods", "kubectl get nodes"]),
        (
            "helm rollback shop 4 \\\n    --namespace live \\\n  --wait",
            ["helm rollback shop 4 --namespace live --wait"],
        ),
        ("helm rollback shop 4 \\  \n  --wait", ["helm rollback shop 4 --wait"]),
        ("dmesg |\n  grep -i oom |\n  tail -3", ["dmesg | grep -i oom | tail -3"]),
        ("cd /srv/shop &&\n  git pull", ["cd /srv/shop && git pull"]),
        (
            'psql shop -c "\n  SELECT 1;\n  SELECT 2;\n"\nuptime',
            ['psql shop -c "\n  SELECT 1;\n  SELECT 2;\n"', "uptime"],
        ),
        (
            "kubectl apply -f - <<'YAML'\nkind: Pod\n# not a comment\nYAML\nuptime",
            ["kubectl apply -f - <<'YAML'\nkind: Pod\n# not a comment\nYAML", "uptime"],
        ),
        ("cat <<A | sort\none\nA\nuptime", ["cat <<A | sort\none\nA", "uptime"]),
        ("cat <<EOF\n  body\n  EOF\nuptime", ["cat <<EOF\n  body\n  EOF", "uptime"]),
        (
            "for host in a b; do\n  # each in turn\n  ssh $host uptime\ndone\nuptime",
            ["for host in a b; do\n  # each in turn\n  ssh $host uptime\ndone", "uptime"],
        ),
        ("while true\ndo\n  date\n  sleep 1\ndone", ["while true\ndo\n  date\n  sleep 1\ndone"]),
        ('function back {\n  git revert "$1"\n}\nback abc', ['function back {\n  git revert "$1"\n}', "back abc"]),
        ("function look { uptime; }\nlook", ["function look { uptime; }", "look"]),
        ("if [ -f x ]; then\n  rm x\nelse\n  touch x\nfi", ["if [ -f x ]; then\n  rm x\nelse\n  touch x\nfi"]),
        (
            "case $1 in\n  a) date ;;\n  *) exit 1 ;;\nesac\nuptime",
            ["case $1 in\n  a) date ;;\n  *) exit 1 ;;\nesac", "uptime"],
        ),
        ("again() {\n  curl -f localhost/up\n}\nagain", ["again() {\n  curl -f localhost/up\n}", "again"]),
        ("(\n  cd /srv\n  make stop\n)", ["(\n  cd /srv\n  make stop\n)"]),
        ("SHA=$(git rev-parse \\\n  HEAD)", ["SHA=$(git rev-parse HEAD)"]),
        ("echo $(( 1 << 3 ))\nuptime", ["echo $(( 1 << 3 ))", "uptime"]),
        ("curl -d '{\n  \"a\": 1\n}' localhost\nuptime", ["curl -d '{\n  \"a\": 1\n}' localhost", "uptime"]),
        ("echo done for today\nuptime", ["echo done for today", "uptime"]),
        ("git revert <commit-sha>\ngit push", ["git revert <commit-sha>", "git push"]),
        ("git tag <the team's tag>\ngit push", ["git tag <the team's tag>", "git push"]),
        ("ROLE=admin ./grant.sh\n", ["ROLE=admin ./grant.sh"]),
        ("\tuptime\r\n\tdate -u\r", ["uptime", "date -u"]),
    ],
)
def test_a_logical_command_is_one_piece(text: str, expected: list[str]) -> None:
    assert [piece.text for piece in pieces(text.split("\n"), 1, "bash") if piece.kind == "command"] == expected


def test_lines_are_counted_from_the_first_of_the_fence() -> None:
    found = pieces(["# Look", "git log \\", "  -3", "", "git status"], 40, "bash")
    assert [(piece.line, piece.last_line) for piece in found] == [(41, 42), (44, 44)]


def test_a_quote_that_never_closes_costs_its_own_line_only() -> None:
    assert kinds("echo it's fine\nkubectl get pods\nkubectl get svc") == [
        ("script", "echo it's fine"),
        ("command", "kubectl get pods"),
        ("command", "kubectl get svc"),
    ]


def test_what_is_run_as_root_is_no_output_of_the_line_above_whatever_its_name() -> None:
    text = "sudo cp /etc/net.yaml.bak /etc/net.yaml\nsudo mynet apply\nnetplan apply"
    assert commands(text, "") == commands(text) == text.split("\n")
    assert commands("sudo ./switch blue\nsudo is not needed for green", "") == ["sudo ./switch blue"]


# ── what is not a command ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "line",
    [
        "1. Open the hosting dashboard",
        "Click the red button",
        "2) Go to Settings > Domains",
        "- Ask the owner of the service",
        "Ctrl+C",
        "Wait for ten minutes before the next step.",
    ],
)
def test_acts_of_a_person_are_not_run(line: str) -> None:
    (piece,) = read(line)
    assert piece.kind == "manual"


@pytest.mark.parametrize(
    "line",
    [
        "NAME          READY   STATUS    RESTARTS   AGE",
        "shop-5d9c7b   1/1     Running   0          3d",
        "deployment.apps/shop rolled back",
        '{"status": "up"}',
        "HTTP/1.1 200 OK",
        "Status: healthy",
        "│ yes ├─► go on",
        "2026-01-02T03:04:05Z starting",
        "✅ all good",
        "The service is restarted by systemd.",
        "a1b2c3d Fix the checkout",
        "...",
    ],
)
def test_output_is_not_run(line: str) -> None:
    found = read(f"kubectl get pods\n{line}")
    assert [piece.kind for piece in found] == ["command"]
    assert found[0].expected == line


@pytest.mark.parametrize(
    "line",
    [
        "SELECT count(*) FROM orders;",
        "UPDATE orders SET state = 'open';",
        "DELETE FROM carts WHERE age > 3;",
        "await vault.pause();",
        "const shop = await Shop.deployed();",
        "db.orders.find({})",
        "vault.unpause()",
        "FLUSHALL",
        "CONFIG SET maxmemory 1gb",
        "\\dt",
        "mysql> SHOW TABLES;",
        "shop=# SELECT 1;",
        "sftp> put backup.tgz",
        ">>> print(1)",
        "/page oncall",
    ],
)
def test_what_belongs_into_another_program_is_text_to_copy(line: str) -> None:
    (piece,) = read(line)
    assert piece.kind == "typed"


@pytest.mark.parametrize(
    ("entry", "lines"),
    [
        ("psql shop", ["SELECT 1;", "\\q"]),
        ('psql "$DATABASE_URL"', ["SELECT 1;"]),
        ("redis-cli -h cache", ["FLUSHDB"]),
        ("kubectl exec -it shop-0 -- bash", ["ls /data", "rm -rf /data/tmp", "exit"]),
        ("docker exec -it shop sh", ["cat /etc/hosts"]),
        ("ssh admin@10.0.0.5", ["sudo systemctl restart shop", "docker ps"]),
        ("sudo su - postgres", ["pg_ctl promote"]),
        ("rails console", ["Order.last.cancel!"]),
        ("sftp admin@10.0.0.5", ["put dump.sql"]),
    ],
)
def test_what_follows_an_opened_program_is_typed_there(entry: str, lines: list[str]) -> None:
    found = read("\n".join([entry, *lines]))
    assert [piece.kind for piece in found] == ["command", "typed"]
    assert found[1].text == "\n".join(lines)


@pytest.mark.parametrize(
    "entry",
    [
        "psql shop -c 'SELECT 1'",
        "psql shop < dump.sql",
        "redis-cli ping",
        "ssh admin@10.0.0.5 uptime",
        "kubectl exec shop-0 -- ls",
        "kubectl exec -it shop-0 -- bash -c 'ls'",
        "mysql -e 'SHOW TABLES'",
        "ssh -N -L 8080:localhost:80 admin@10.0.0.5",
    ],
)
def test_a_program_that_returns_leads_nowhere(entry: str) -> None:
    assert commands(f"{entry}\nuptime") == [entry, "uptime"]


def test_a_shell_inside_a_shell_is_left_twice() -> None:
    assert commands("kubectl exec -it shop-0 -- bash\npsql shop\n\\q\nexit\nuptime") == [
        "kubectl exec -it shop-0 -- bash",
        "uptime",
    ]
    assert commands("python manage.py shell\nexit()\npython manage.py migrate") == [
        "python manage.py shell",
        "python manage.py migrate",
    ]


def test_after_leaving_the_inner_shell_commands_are_commands_again() -> None:
    assert kinds("ssh admin@10.0.0.5\nuptime\nexit\ngit status") == [
        ("command", "ssh admin@10.0.0.5"),
        ("typed", "uptime\nexit"),
        ("command", "git status"),
    ]


@pytest.mark.parametrize(
    ("lines", "typed"),
    [
        (["$ kubectl exec -it shop-0 -- bash", "root@shop-0:/# rm -rf /data/tmp"], "rm -rf /data/tmp"),
        (["me@laptop:~$ ssh web", "admin@web:~$ sudo reboot", "me@laptop:~$ date"], "sudo reboot"),
        (["$ ssh web", "$ sudo reboot"], "sudo reboot"),
    ],
)
def test_a_prompt_of_another_machine_is_not_ours(lines: list[str], typed: str) -> None:
    found = read("\n".join(lines), "console")
    assert [piece.text for piece in found if piece.kind == "typed"] == [typed]
    assert typed not in [piece.text for piece in found if piece.kind == "command"]


def test_a_prompt_of_this_machine_ends_what_was_opened() -> None:
    assert commands("$ psql shop\nshop=# SELECT 1;\n$ date", "console") == ["psql shop", "date"]


def test_what_the_grammar_does_not_accept_is_shown_and_not_run() -> None:
    assert kinds("kubectl delete pod (the old one)\nuptime") == [
        ("script", "kubectl delete pod (the old one)"),
        ("command", "uptime"),
    ]


def test_a_cheat_sheet_goes_on_after_a_shell_in_a_pod() -> None:
    assert commands("kubectl exec -it shop-0 -- sh\n\n# Logs\nkubectl logs shop-0") == [
        "kubectl exec -it shop-0 -- sh",
        "kubectl logs shop-0",
    ]


def test_a_json_answer_is_expected_as_a_whole() -> None:
    (piece,) = read('curl localhost/up\n# Expected:\n{\n  "state": "up",\n  "parts": {\n    "db": "up"\n  }\n}')
    assert piece.expected == 'Expected:\n{\n  "state": "up",\n  "parts": {\n    "db": "up"\n  }\n}'


@pytest.mark.parametrize(
    ("text", "language", "kind"),
    [
        ("#!/bin/sh\nset -e\ngit pull", "bash", "script"),
        ("# deploy/undo.sh\ncd /srv\ngit pull\nmake", "bash", "script"),
        ("set -euo pipefail\nlog() {\n  echo $1\n}\nlog hello", "bash", "script"),
        ("kind: Service\nspec:\n  port: 80", "yaml", "script"),
        ("kind: Service\nspec:\n  port: 80", "", "script"),
        ("import os\nprint(os.environ)", "python", "script"),
        ("SELECT 1;", "sql", "typed"),
        ("SELECT 1;\nSELECT 2;", "", "typed"),
        ("$Version = '1.2'\nSet-Location C:\\shop", "powershell", "typed"),
        ("await shop.pause();", "js", "typed"),
        ("Is it down?\n├─ yes → undo\n└─ no → wait", "", "output"),
        ("Dear all,\n\nthe shop is back.", "text", "output"),
    ],
)
def test_a_fence_that_is_no_list_of_commands_is_shown_whole(text: str, language: str, kind: str) -> None:
    (piece,) = read(text, language)
    assert piece.kind == kind
    assert piece.text == text


@pytest.mark.parametrize(
    "language", ["", "text", "yaml", "powershell", "{code-block} bash", "sh {name=undo}", 'bash {"risk":"high"}']
)
def test_commands_are_known_by_what_they_are_not_by_the_label(language: str) -> None:
    assert commands("docker compose pull\ndocker compose up -d", language) == [
        "docker compose pull",
        "docker compose up -d",
    ]


def test_a_cron_line_is_shown() -> None:
    assert [piece.kind for piece in read("*/5 * * * * /opt/check.sh")] == ["script"]


# ── prompts ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "prompt",
    ["$ ", "host$ ", "me@laptop:~$ ", "[me@localhost ~]$ ", "you@my-mac:/srv$ ", "bash-5.1$ ", "(venv) $ ", "❯ "],
)
@pytest.mark.parametrize("language", ["console", "", "bash"])
def test_a_prompt_is_taken_off_and_what_has_none_is_output(prompt: str, language: str) -> None:
    (piece,) = read(f"{prompt}systemctl is-active shop\nactive", language)
    assert (piece.kind, piece.text, piece.expected) == ("command", "systemctl is-active shop", "active")


@pytest.mark.parametrize(
    ("prompt", "host"),
    [
        ("admin@web-1:~$ ", "web-1"),
        ("[admin@web-1 ~]$ ", "web-1"),
        ("root@web-1:/srv# ", "web-1"),
        ("(venv) deploy@host-1.prod:~$ ", "host-1.prod"),
    ],
)
@pytest.mark.parametrize("language", ["console", "", "bash"])
def test_what_stands_behind_the_prompt_of_another_machine_is_typed_there(prompt: str, host: str, language: str) -> None:
    (piece,) = read(f"{prompt}systemctl is-active shop\nactive", language)
    assert (piece.kind, piece.text, piece.host) == ("typed", "systemctl is-active shop", host)


def test_the_machine_from_which_a_fence_goes_to_another_is_this_one() -> None:
    text = "me@bastion:~$ date\nme@bastion:~$ ssh web\nme@web:~$ uptime\nme@web:~$ exit\nme@bastion:/srv$ git log -3"
    assert commands(text, "console") == ["date", "ssh web", "git log -3"]


def test_a_command_goes_on_behind_the_second_prompt() -> None:
    assert commands("$ docker run \\\n>   --rm alpine\n$ date", "console") == ["docker run --rm alpine", "date"]


def test_root_has_a_prompt_of_its_own() -> None:
    found = read("# systemctl stop shop\n# systemctl status shop\ninactive", "console")
    assert [(piece.text, piece.expected) for piece in found] == [
        ("systemctl stop shop", ""),
        ("systemctl status shop", "inactive"),
    ]


# ── comments ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("comment", "title", "label"),
    [
        ("# Stop the shop", "Stop the shop", ""),
        ("# 1. Stop the shop", "Stop the shop", "1"),
        ("# Step 2a: Stop the shop", "Stop the shop", "2a"),
        ("# 3) Stop the shop", "Stop the shop", "3"),
        ("### === Stop the shop === ###", "Stop the shop", ""),
        ("# 15 minutes before the change", "15 minutes before the change", ""),
    ],
)
def test_the_comment_above_is_the_title(comment: str, title: str, label: str) -> None:
    (piece,) = read(f"{comment}\nsystemctl stop shop")
    assert (piece.title, piece.label) == (title, label)


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("# Clear the queue\n# redis-cli FLUSHALL\n# Reset it\nrake db:reset", ["Reset it"]),
        ("# Look\ndate\n\n# Clear the queue\n# redis-cli FLUSHALL\nrake db:reset", ["Look", "rake db:reset"]),
        ("# Clear the queue\n# or redis-cli FLUSHALL\nrake queue:clear", ["Clear the queue"]),
        ("# Reset it\n# It takes an hour\nrake db:reset", ["Reset it"]),
    ],
)
def test_the_words_above_a_command_that_is_commented_out_are_its_own(text: str, titles: list[str]) -> None:
    assert [piece.title for piece in read(text) if piece.kind == "command"] == titles


@pytest.mark.parametrize(
    "text",
    [
        "curl -s localhost/up\n# Expected: 200",
        "curl -s localhost/up\n\n# Should say 200",
        "# Should say 200\ncurl -s localhost/up",
        "curl -s localhost/up  # => 200",
        "curl -s localhost/up  # should be 200",
        "curl -s localhost/up\n# Returns 200 when it is up",
    ],
)
def test_what_should_be_seen_is_kept_beside_its_command(text: str) -> None:
    (piece,) = read(text)
    assert piece.text == "curl -s localhost/up"
    assert "200" in piece.expected
    assert piece.title == ""


def test_a_numbered_comment_is_a_title_whatever_it_says() -> None:
    (piece,) = read("# 2. Expected load\ncurl localhost/metrics")
    assert (piece.title, piece.label, piece.expected) == ("Expected load", "2", "")


def test_an_act_has_its_expectation_too() -> None:
    (piece,) = read("# Check the dashboard\n# Expected: no errors")
    assert (piece.kind, piece.text, piece.expected) == ("manual", "Check the dashboard", "Expected: no errors")


@pytest.mark.parametrize("result", ['"ok"', "200", "PONG", "true", "active"])
def test_a_comment_that_is_only_a_value_is_what_should_be_seen(result: str) -> None:
    first, second = read(f"redis-cli ping\n# {result}\nuptime")
    assert (first.expected, second.title) == (result, "")


def test_a_comment_behind_a_continuation_does_not_cut_the_command() -> None:
    assert commands("docker run \\  # in the background\n  -d \\\n  # the image\n  alpine") == ["docker run -d alpine"]


def test_numbered_commands_are_commands() -> None:
    assert [piece.label for piece in read("1. kubectl get pods\n2. git status", "")] == ["1", "2"]
    assert commands("1. kubectl get pods\n2. kubectl delete pod shop-0", "") == [
        "kubectl get pods",
        "kubectl delete pod shop-0",
    ]


@pytest.mark.parametrize("arrow", ["→", "->", "=>"])
def test_an_arrow_to_the_result_is_not_part_of_the_command(arrow: str) -> None:
    (piece,) = read(f"curl localhost/up {arrow} 200")
    assert piece.text == "curl localhost/up"
    assert "200" in piece.expected


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("kubectl get pods\n  | grep shop", "kubectl get pods | grep shop"),
        ("cd /srv\n&& make", "cd /srv && make"),
        ("docker run\n  --rm alpine", "docker run --rm alpine"),
    ],
)
def test_a_forgotten_backslash_does_not_cut_a_command(text: str, joined: str) -> None:
    assert commands(text) == [joined]


def test_a_table_below_a_command_is_its_output() -> None:
    (piece,) = read("mysql -e 'SHOW TABLES'\n| name |\n| shop |")
    assert (piece.text, piece.expected) == ("mysql -e 'SHOW TABLES'", "| name |\n| shop |")


def test_boxes_to_tick_and_lines_of_a_configuration_are_not_run() -> None:
    assert [piece.kind for piece in read("[ ] Ask the owner\nvim /etc/shop.conf\n# change\nlimit = 3\nuptime")] == [
        "manual",
        "command",
        "script",
        "command",
    ]


def test_an_expectation_between_two_commands_is_of_the_first() -> None:
    first, second = read("uptime\n# Expected: low load\n\nfree -m")
    assert (first.expected, second.expected) == ("Expected: low load", "")


def test_a_trailing_comment_is_a_remark_and_not_part_of_the_command() -> None:
    (piece,) = read("git push origin main  # starts the pipeline")
    assert (piece.text, piece.remark) == ("git push origin main", "starts the pipeline")


def test_a_hash_inside_a_word_or_a_quote_is_no_comment() -> None:
    assert commands("curl 'localhost/# up'\ngit show HEAD#1") == ["curl 'localhost/# up'", "git show HEAD#1"]


def test_the_numbered_comments_of_a_block_without_commands_stay() -> None:
    found = read("# 1. Open the console\n# 2. Choose the last release\n# 3. Done")
    assert [(piece.kind, piece.label, piece.text) for piece in found] == [
        ("manual", "1", "Open the console"),
        ("manual", "2", "Choose the last release"),
        ("note", "3", "Done"),
    ]


@pytest.mark.parametrize(
    "words", ["Or", "OR:", "Or with compose", "Alternatively, use compose", "If using compose", "Option 2: compose"]
)
def test_an_alternative_is_marked_as_one(words: str) -> None:
    first, second = read(f"kubectl rollout undo deploy/shop\n\n# {words}\ndocker compose up -d")
    assert (first.branch, second.branch) == ("", words)


def test_an_option_lasts_until_the_next() -> None:
    found = read(
        "# Option 1: pods\nkubectl scale deploy/a --replicas=0\n\n# Wait\nsleep 5\n\n# Option 2: vm\nmake stop"
    )
    assert [piece.branch for piece in found] == ["Option 1: pods", "Option 1: pods", "Option 2: vm"]


def test_a_command_that_is_commented_out_is_shown_as_the_other_way() -> None:
    assert kinds("git revert HEAD\n# or: git reset --hard HEAD~1") == [
        ("command", "git revert HEAD"),
        ("alternative", "git reset --hard HEAD~1"),
    ]


def test_a_filled_in_example_is_no_second_step() -> None:
    found = read("git revert <sha>\n\n# Example:\ngit revert 3f2a1b9")
    assert [piece.sample for piece in found] == [False, True]


def test_a_block_of_acts_in_comments_does_not_vanish() -> None:
    assert kinds("# Go to the dashboard and press Promote") == [("manual", "Go to the dashboard and press Promote")]


# ── inline code ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        "kubectl get pods",
        "git revert <commit-sha>",
        "make rollback",
        "npm run deploy:undo",
        "./undo.sh --now",
        "$ vercel rollback",
        "docker compose up -d",
        "systemctl restart shop",
        "sudo -u postgres psql -c 'SELECT 1'",
        "curl -f https://shop.test/up",
        "FOO=1 terraform apply",
        "pg_dump shop > shop.sql",
        "heroku rollback v42",
        "shopctl undo --release <id>",
        "ip route show",
    ],
)
def test_a_whole_command_is_known_in_prose(text: str) -> None:
    assert looks_like_command(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kubectl",
        "git revert",
        "docker exec",
        "kubectl rollout undo",
        "main",
        "docker-compose.yml",
        "DATABASE_URL",
        "postgres 14",
        "node 20",
        "make sure the pods are up",
        "find the commit",
        "Watch the graphs for ten minutes",
        "test the login",
        "deploy/shop",
        "/api/health",
        "https://shop.test/up",
        "status: healthy",
        "error_rate > 5%",
        "service owner",
        "host name",
        "go to the dashboard",
        "SELECT 1",
        "true",
        "git is a tool",
        "etcd pod.",
        "restart with --force",
        "shopctl undo",
        "docker and kubectl",
        "v1.2.3",
        "x" * 5_000,
    ],
)
def test_a_mention_is_not_taken_for_a_command(text: str) -> None:
    assert not looks_like_command(text)


# ── properties ────────────────────────────────────────────────────────────────────────────────────

_LINES = st.one_of(
    st.sampled_from(
        [
            "", "# note", "#", "kubectl get pods", "$ date", "echo 'a", 'b"', "cat <<EOF", "EOF", "for x in 1; do", "done",
            "git revert <a b>", "x \\", "| sort", "}", "{", "psql", "exit", "1. Click here", "SELECT 1;", "# or", "# Example",
            "# Expected:", "a)", "esac", "case x in", "f() {", "`", "$(", "((", "# 1. x", "> y", "\\", "&&", "<<", "<<<",
        ]
    ),
    st.text(max_size=40),
)  # fmt: skip


@given(st.lists(_LINES, max_size=25), st.sampled_from(["bash", "", "console", "yaml", "sql", "{x}", "powershell"]))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_fence_makes_it_fail_and_its_pieces_stay_in_order(lines: list[str], language: str) -> None:
    found = pieces(lines, 1, language)
    assert all(1 <= piece.line <= piece.last_line <= max(len(lines), 1) for piece in found)
    ends = [piece.last_line for piece in found if piece.kind == "command"]
    starts = [piece.line for piece in found if piece.kind == "command"]
    assert all(end < start for end, start in zip(ends, starts[1:], strict=False))


_NAMES = st.text("abcdefgh", min_size=3, max_size=9)
_COMMANDS = st.one_of(
    _NAMES.map(lambda name: f"kubectl delete pod {name}"),
    _NAMES.map(lambda name: f"git revert <{name}>"),
    _NAMES.map(lambda name: f"curl -s \\\n  localhost/{name}"),
    _NAMES.map(lambda name: f"cat <<EOF\n{name}\nEOF"),
    _NAMES.map(lambda name: f"for x in {name}; do\n  echo $x\ndone"),
    _NAMES.map(lambda name: f"echo '{name}\n{name}'"),
)
_BETWEEN = st.sampled_from(["", "# What it does", "\n", "# 2. More", "# Expected: something", "# or"])


@given(st.lists(st.tuples(_BETWEEN, _COMMANDS), min_size=1, max_size=8))
@settings(max_examples=200, deadline=None)
def test_each_command_is_found_once_and_whole(parts: list[tuple[str, str]]) -> None:
    text = "\n".join(f"{between}\n{command}" for between, command in parts)
    joined = [command.replace(" \\\n  ", " ") for _, command in parts]
    assert [piece.text for piece in pieces(text.split("\n"), 1, "bash") if piece.kind == "command"] == joined


def _cost(lines: list[str]) -> float:
    began = time.process_time()
    with in_one_go():
        pieces(lines, 1, "bash")
    return time.process_time() - began


@pytest.mark.parametrize(
    "line",
    [
        "kubectl get pods",
        "echo 'open",
        "cat <<EOF",
        "(",
        "# or",
        "# - item",
        "{",
        "Some sentence here.",
        "a" * 400,
        "<a> [B] ${c-d} " * 20,
        "x \\",
        "for x in y; do",
    ],
)
def test_twice_the_lines_cost_about_twice(line: str) -> None:
    pieces([line], 1, "bash")
    small, large = min(_cost([line] * 1_500) for _ in range(3)), _cost([line] * 6_000)
    assert large < 8 * small + 0.3


@pytest.mark.parametrize(
    "line", ["a" * 2_000_000, "<" * 500_000, "(" * 500_000, "'" * 500_001, "$(" * 300_000, "\0" * 10_000]
)
def test_one_absurd_line_is_shown_and_costs_little(line: str) -> None:
    assert _cost([line]) < 2


# ── PowerShell ────────────────────────────────────────────────────────────────────────────────────


def test_statements_of_powershell_are_commands_that_bash_starts_one_by_one() -> None:
    text = "# Look\nGet-Service shop |\n  Where-Object { $_.Status -eq 'Running' }\n# Expected: Running\n\nRemove-Item `\n  C:\\shop"
    look, remove = read(text, "powershell")
    assert (look.kind, look.title, look.line, look.last_line) == ("command", "Look", 2, 3)
    assert look.text == "Get-Service shop | Where-Object { $_.Status -eq 'Running' }"
    assert shlex.split(look.runs) == ["pwsh", "-NoProfile", "-Command", look.text]
    assert (look.expected, remove.text) == ("Expected: Running", "Remove-Item C:\\shop")


@pytest.mark.parametrize(
    "text",
    [
        "$version = '1.2'\nStart-Service shop",
        "Set-Location C:\\shop\nStart-Service shop",
        "Start-Service $name",
        "function Undo { Stop-Service shop }\nUndo",
        "Start-Service 'shop",
        "Write-Host @'\nall is well\n'@",
        "It is down.",
    ],
)
def test_powershell_that_leaves_something_for_its_next_line_is_a_text_to_copy(text: str) -> None:
    (piece,) = read(text, "powershell")
    assert (piece.kind, piece.text) == ("typed", text)


@pytest.mark.parametrize("language", ["bash", ""])
@pytest.mark.parametrize(
    "line",
    [
        'pod "shop-0" deleted',
        'deployment.apps "shop" deleted',
        "   abc1234..def5678  main -> main",
        " + abc1234...def5678 main -> main (forced update)",
        "drwxr-xr-x 2 root root 4096 Jan 1 10:00 releases",
        "lrwxrwxrwx 1 root root 20 Jan 1 10:00 current -> releases/v41",
        "UPDATE 3",
        "INSERT 0 1",
        "Rollback was a success! Happy Helming!",
        "make[1]: Entering directory '/srv'",
        "npm ERR! code 1",
        "time=2024-01-01 level=info msg=ok",
        "git version 2.40",
        "v1.2.2",
        "service stopped",
    ],
)
def test_what_a_program_prints_is_what_should_be_seen_and_never_a_command(line: str, language: str) -> None:
    (piece,) = read(f"systemctl stop shop\n{line}", language)
    assert (piece.kind, piece.text, piece.expected.strip()) == ("command", "systemctl stop shop", line.strip())


def test_an_angle_at_the_first_line_is_a_prompt_and_else_output_or_a_quotation() -> None:
    text = "> kubectl get pods\nNAME READY\n> kubectl delete pod shop-0"
    assert commands(text, "") == ["kubectl get pods", "kubectl delete pod shop-0"]
    assert commands("npm run build\n> shop@1.0.0 build\n> next build") == ["npm run build"]
    assert commands("> Be careful\n> kubectl delete pod shop-0", "") == []


def test_a_numbered_line_of_words_titles_the_commands_below_it() -> None:
    found = read("Step 1: Stop the shop\nsystemctl stop shop\n\nStep 2: Start it\nsystemctl start shop")
    assert [(piece.title, piece.text, piece.expected) for piece in found] == [
        ("Stop the shop", "systemctl stop shop", ""),
        ("Start it", "systemctl start shop", ""),
    ]
