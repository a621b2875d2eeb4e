"""`warroom check` on whole runbooks: the team's own, those that ship; its object, its page, its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook import books
from runbook.checking.check import check
from runbook.checking.findings import Finding
from runbook.checking.page import Page, columns, lines, verdict
from runbook.checking.summary import summary
from runbook.model import Command, Effect, Method, Param, Runbook, Step
from runbook.opening import read_runbook, source_text
from runbook.steps.effects import infer, kind
from tui.cli import main

ROOT = Path(__file__).resolve().parents[2]
SEED = next((up / "shared" / "seed" for up in ROOT.parents if (up / "shared" / "seed").is_dir()), ROOT / "no-seed")
TODAY = date(2026, 11, 25)

TEAM = (
    # (what is wrong with the team's document, as the field knows it, the rule, its lines)
    ("1 old data, a pager", "git-stale-list", (52, 76)),
    ("1 old data, a pager", "pager", (52,)),
    ("2 an editor", "editor", (55,)),
    ("2 a merge, a shallow clone", "git-revert-merge", (55,)),
    ("3 a push without a look", "git-blind-push", (56, 64)),
    ("4 a wait that nothing ends", "wait-without-end", (59,)),
    ("5 a stale local branch", "git-stale-checkout", (62, 86)),
    ("5 a merge that ships everything", "git-merge-ships-all", (63,)),
    ("6 a watch", "watch", (67, 223, 226, 229)),
    ("6 failures unseen", "curl-fail", (67, 91, 172, 195, 199, 223, 226, 229)),
    ("7 tag or branch", "git-tag-or-branch", (79,)),
    ("7 fails the second time", "git-branch-exists", (82,)),
    ("7 never used", "git-branch-unused", (83,)),
    ("8 uncommitted work", "git-reset-hard", (87,)),
    ("8 force", "git-bare-force", (88,)),
    ("8 a rewind", "git-rewind-named-forward", (87, 88)),
    ("8 not low", "risk-understated", (70,)),
    ("9 no limit", "curl-limit", (91,)),
    ("9 no version", "unversioned", (91,)),
    ("10 unfiltered", "deployments-mixed", (101,)),
    ("11 no proof", "no-proof", (104,)),
    ("12 the target", "inspects-target", (107,)),
    ("13 a sub-command", "gone", (113,)),
    ("14 does not exist", "gone", (116,)),
    ("15 streams, of the last success", "deployments-mixed", (119,)),
    ("16 undoes nothing", "resolve-undoes-nothing", (131,)),
    ("17 applies again", "deploy-applies-again", (134,)),
    ("18 verifies nothing", "window", (137,)),
    ("19 asks", "question", (128, 131, 134, 137, 212)),
    ("20 redirects, 405", "head-request", (191,)),
    ("21 200 or 401", "expects-refusal", (195,)),
    ("22 text or number", "two-types", (199,)),
    ("23 a browser", "window", (212,)),
    ("24 0 to 1", "score-scale", (212,)),
    ("25 no check", "nothing-measured", (205,)),
    ("26 a counter", "counter", (223,)),
    ("27 rotation", "rotation", (242,)),
    ("27 held back", "buffered", (242,)),
    ("28 one pod", "one-pod", (245,)),
    ("28 nowhere", "nowhere-named", (245,)),
    ("29 gaps", "threshold-gap", (257, 258)),
    ("30 the quickest", "slow-first", (98,)),
    ("30 git holds it", "git-holds-it", (104, 116)),
    ("blank contacts", "contact-blank", (281, 282, 285, 286, 289, 290, 293, 294, 295)),
)


@pytest.fixture(scope="module", params=["rollback-runbook.md", "rollback-runbook.as-received.md"])
def team(request: pytest.FixtureRequest) -> tuple[Finding, ...]:
    path = SEED / request.param
    if not path.is_file():
        pytest.skip(f"{request.param} is not here: it lies outside of the repository, in shared/seed")
    text = source_text(str(path))
    return check(read_runbook(text, str(path)), today=TODAY, is_installed=lambda _program: True, text=text)


def test_each_finding_of_the_field_is_reported_at_its_line(team: tuple[Finding, ...]) -> None:
    found = {(finding.rule, finding.line) for finding in team}
    wanted = {(rule, line): what for what, rule, places in TEAM for line in places}
    assert {what for place, what in wanted.items() if place not in found} == set()


def test_nothing_else_is_called_a_problem_in_the_teams_document(team: tuple[Finding, ...]) -> None:
    told = {(rule, line) for _what, rule, places in TEAM for line in places}
    assert {(f.rule, f.line) for f in team if f.severity == "problem"} - told == set()


@pytest.mark.parametrize("name", books.names())
def test_a_book_that_ships_is_silent_under_strict(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", f"book:{name}", "--strict"]) == 0, capsys.readouterr().out


def shop() -> Runbook:
    def command(text: str, line: int, **more: str) -> Command:
        return Command(text=text, effect=infer(text), kind=kind(text), line=line, **more)  # type: ignore[arg-type]

    undo = command("helm rollback shop <rev> \\\n    --wait", 9, as_written="helm rollback shop <REV> \\\n    --wait")
    steps = (
        Step(id="a", title="Go back", kind="run", commands=(undo,), line=8),
        Step(id="b", title="Tell support", kind="manual", line=12),
    )
    return Runbook(
        id="shop",
        title="Shop",
        version="2",
        params=(Param(id="rev"),),
        methods=(Method(id="helm", label="1", title="Helm", steps=steps, params=("rev",), estimate=120, line=7),),
        others=(
            Method(id="t", label="", title="Triage", steps=(
                Step(id="c", title="Look", kind="run", commands=(command("helm list", 20),), line=19),
            )),
        ),
        verification=(Step(id="d", title="Health", kind="check", commands=(command("curl -f http://h/", 30),)),),
        monitoring=(Step(id="e", title="Logs", kind="stream", commands=(command("tail -F shop.log", 40),)),),
    )  # fmt: skip


def test_the_object_holds_every_command_once_in_the_documents_words() -> None:
    told = summary(shop(), (Finding(9, "note", "x", "rule"),))
    assert set(told) == {
        "title", "version", "methods", "triggers", "checklists", "verification", "success", "contacts", "followups",
        "lessons", "report_template", "procedures", "problems",
    }  # fmt: skip
    assert told["methods"][0]["steps"][0]["commands"] == [
        {"text": "helm rollback shop <REV> --wait", "line": 9, "effect": "change", "kind": "run", "params": ["rev"]}
    ]
    assert set(told["methods"][0]) == {"id", "title", "duration", "risk", "params", "steps"}
    procedures = [step for procedure in told["methods"] + told["procedures"] for step in procedure["steps"]]
    commands = [command for step in procedures + told["verification"] for command in step["commands"]]
    assert Counter(command["line"] for command in commands) == {9: 1, 20: 1, 30: 1, 40: 1}
    assert told["problems"] == [{"line": 9, "severity": "note", "text": "x"}]
    json.dumps(told)


def test_the_page_shows_marks_lines_values_and_groups_what_is_the_same() -> None:
    findings = (Finding(9, "problem", "It lies."), Finding(30, "problem", "It lies."), Finding(7, "note", "So so."))
    page = "\n".join(lines(shop(), findings, Page(name="shop.yaml", width=80)))
    assert "    9 ~ helm rollback shop <rev> --wait" in page
    assert "to fill in: rev" in page
    assert "tail -F shop.log  [follow]" in page
    assert "Problems: would fail, hang, lie or destroy tonight\n  shop.yaml:9 (also 30)\n      It lies." in page
    assert page.index("It lies.") < page.index("So so.")
    assert page.endswith("2 problems, 1 note.")
    assert verdict(()) == "Nothing to mend was found."


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=300), st.integers(min_value=1, max_value=200))
def test_the_page_is_inert_and_keeps_to_its_width(said: str, width: int) -> None:
    command = Command(text=said, effect=Effect.CHANGE, line=3)
    step = Step(id="a", title=said, kind="run", commands=(command,))
    runbook = Runbook(id="x", title=said, methods=(Method(id="m", label="1", title=said, steps=(step,)),))
    for line in lines(runbook, (Finding(3, "note", said),), Page(name="x.md", width=width)):
        assert columns(line) <= max(width, 40)
        assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in line)


HEAD = "version: 1\nid: web\ntitle: Web\nmethods:\n  - id: m\n    title: M\n    steps:\n"


def test_the_exit_code_tells_problems_from_warnings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def code(run: str, *flags: str) -> int:
        path = tmp_path / "web.yaml"
        path.write_text(
            f"{HEAD}      - {{id: a, title: Go, run: {run}}}\n      - {{id: b, title: Look, manual: Look}}\n"
        )
        return main(["check", str(path), *flags])

    assert code("git revert 1234567") == 1
    assert code("helm rollback web 4") == 0
    assert code("helm rollback web 4", "--strict") == 1
    assert code("git tag v1", "--strict") == 0
    assert main(["check", str(tmp_path / "none.yaml")]) == 2
    assert main(["check", "book:none"]) == 2
    capsys.readouterr()
    assert code("helm rollback web 4", "--json") == 0
    assert json.loads(capsys.readouterr().out)["methods"][0]["steps"][0]["commands"][0]["text"] == "helm rollback web 4"


def test_what_cannot_be_read_is_a_sentence_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "web.yaml"
    path.write_text("version: 1\nid: web\ntitel: Web\n")
    assert main(["check", str(path), "--json"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert f"{path}:3" in told.err and "title" in told.err


def test_no_word_of_python_stands_beside_the_page(tmp_path: Path) -> None:
    path = tmp_path / "web.yaml"
    signal = 'late: {source: log_rate, file: app.log, match: "[[]late", window: 2m}'
    path.write_text(f"version: 1\nid: web\ntitle: Web\nsignals:\n  {signal}\n")
    script = "import sys\nfrom tui.cli import main\nmain(['check', sys.argv[1]])\n"
    told = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, text=True, timeout=60, cwd=ROOT, check=True
    )
    assert told.stdout.startswith("Web\n")
    assert told.stderr == ""


def test_its_help_is_a_page_with_examples_and_imports_no_screen() -> None:
    script = (
        "import sys\nfrom tui.cli import main\n"
        "try: main(['check', '--help'])\n"
        "finally: print(sorted({'textual', 'httpx', 'git'} & set(sys.modules)), file=sys.stderr)\n"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert "examples:" in told.stdout and "exit codes:" in told.stdout
    assert told.stderr.strip() == "[]"
