"""Values in shell text: refused, or received by the command exactly; proved through real bash."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook.model import Param
from runbook.steps.shell_tokens import Unbalanced, tokens
from runbook.steps.values import ValueRefused, check_kind, fill, missing, placeholders

V = Param(id="v")
DASH = Param(id="v", allow_dash=True)


def refusal(text: str, value: str, param: Param = V) -> str:
    with pytest.raises(ValueRefused) as caught:
        fill(text, {param.id: value}, [param])
    assert caught.value.param == param.id
    return caught.value.reason


# ── placeholders ──────────────────────────────────────────────────────────────────────────────────


def test_placeholders_in_order_without_duplicates_and_only_known_ones() -> None:
    text = "git revert <b> <a> <b> <other> < a > <a"
    assert placeholders(text, {"a", "b"}) == ("b", "a")
    assert missing(text, {"a": "1", "b": ""}, {"a", "b"}) == ("b",)


def test_fill_leaves_everything_else_alone() -> None:
    params = [Param(id="a"), Param(id="b")]
    text = "  x <a>\\\n  '<unknown>' \"<b>\" <a> # <b>"
    assert fill(text, {"a": "1", "b": "2"}, params) == "  x 1\\\n  '<unknown>' \"2\" 1 # 2"


def test_a_value_that_looks_like_a_placeholder_is_not_filled_again() -> None:
    params = [Param(id="a"), Param(id="b")]
    assert fill("x <a> <b>", {"a": "<b>", "b": "2"}, params) == "x '<b>' 2"


# ── refusals ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "value", ["", "-f", "a\nb", "a\0b", "a\x1bb", "a\u202eb", "a\u200bb", "a\u00a0b", "a\u2028b", "\ud800", "\ufe0f"]
)
def test_values_refused_everywhere(value: str) -> None:
    refusal("echo <v>", value)


def test_a_missing_value_is_refused() -> None:
    with pytest.raises(ValueRefused, match="no value yet"):
        fill("echo <v>", {}, [V])


def test_a_dash_where_it_is_allowed() -> None:
    assert fill("echo <v>", {"v": "-f"}, [DASH]) == "echo -f"


def test_a_secret_never_stands_in_the_text() -> None:
    assert "never stands" in refusal("login <v>", "abc", Param(id="v", kind="secret"))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('echo "<v>"', "quotes"),
        ("echo '<v>'", "quotes"),
        ("echo \"$(echo '<v>')\"", "substitution"),
        ("echo $(echo <v>)", "substitution"),
        ("echo `echo <v>`", "substitution"),
        ("cat <(echo <v>)", "substitution"),
        ("cat <<EOF\n<v>\nEOF", "heredoc"),
        ("cat <<'EOF'\n<v>\nEOF", "heredoc"),
        ("cat << <v>\nx\n<v>", "heredoc"),
        ("true # <v>", "comment"),
        ("echo a<v>", "longer word"),
        ("echo --x=<v>", "longer word"),
        ("X=<v>", "longer word"),
        ("echo ${X:-<v>}", "longer word"),
        ("echo \\<v>", "longer word"),
        ("( echo <v> )", "parentheses"),
        ("(( <v> ))", "parentheses"),
        ("echo <v> 'open", "not closed"),
        ("bash -c <v>", "-c"),
        ("bash <v>", "bash"),
        ("sudo -u x /bin/sh -e <v>", "sh"),
        ("env A=1 bash x <v>", "bash"),
        ("ssh host echo <v>", "ssh"),
        ("eval echo <v>", "eval"),
        ("echo <v> | xargs -n1 echo", "xargs"),
        ("echo <v> | sh", "sh"),
        ("watch -n 5 ls <v>", "watch"),
        ("$TOOL <v>", "$TOOL"),
        ("[[ <v> -eq 1 ]]", "[["),
        ("if [ <v> = 1 ]; then echo; fi", "["),
        ("export <v>", "export"),
        ("su - x -c <v>", "-c"),
        ("heroku run cat <v>", "heroku"),
        ("sudo heroku run -a shop cat <v>", "heroku"),
        ("kamal app exec <v>", "kamal"),
        ("dokku run shop cat <v>", "dokku"),
        ("ansible all -a <v>", "ansible"),
        ("railway run cat <v>", "railway"),
        ("flyctl -C cat <v>", "fly"),
        ("multipass exec vm cat <v>", "multipass"),
        ("aws ecs execute-command --command <v>", "--command"),
        ("aws ssm send-command --parameters <v>", "--parameters"),
        ("az vm run-command invoke --scripts <v>", "--scripts"),
        ("pwsh -Command Get-Item <v>", "pwsh"),
        ("powershell.exe Get-Item <v>", "powershell"),
        ("echo <v> | pwsh -Command -", "pwsh"),
        ("Invoke -Command <v>", "-Command"),
        ("plink host cat <v>", "plink"),
        ("rsh host cat <v>", "rsh"),
        ("node -e <v>", "-e"),
        ("node --eval <v>", "--eval"),
        ("node -p <v>", "-p"),
        ("perl -lane <v> file", "-lane"),
        ("php -r <v>", "-r"),
        ("awk <v> file", "awk"),
        ("/usr/bin/awk -f x <v>", "awk"),
    ],
)
def test_special_characters_are_refused_with_the_reason(text: str, where: str) -> None:
    assert where in refusal(text, "a b$(x)")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("cat <<EOF\n<v>\necho ran\nEOF", "EOF"),
        ("cat <<-E_O_F\nx<v>\nE_O_F", "E_O_F"),
        ("echo $(cat <<EOF\n<v>\nEOF\n)", "EOF"),
        ("echo <v>>file", "2"),
        ("echo {a,<v>}", "1,2"),
        ("echo {<v>}", "1..9"),
        ("<v> x", "A=b"),
        ("true; <v> x", "if"),
    ],
)
def test_plain_values_are_refused_where_they_would_mean_something(text: str, value: str) -> None:
    refusal(text, value)


@pytest.mark.parametrize(
    "text",
    [
        "kubectl exec web -- cat <v>",
        "docker exec web cat <v>",
        "find . -exec grep <v> {} +",
        "python3 fix.py -p <v>",
        "perl fix.pl <v>",
        "cat <v> | awk '{print $1}'",
        "heroku releases; cat <v>",
        "aws s3 ls <v>",
    ],
)
def test_what_hands_a_value_on_as_it_is_takes_any(text: str) -> None:
    assert fill(text, {"v": "a$(id)"}, [V]) == text.replace("<v>", "'a$(id)'")


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("number", ["0", "12", "-3", "1.5"], ["", "1e5", "x", "1 2", "٣"]),
        (
            "url",
            ["https://x.example/a?b=c&d#e", "http://127.0.0.1:80"],
            ["ftp://x", "x", "https:///x", "https://a b", "https://u:p@x"],
        ),
        (
            "git_commit",
            ["9f3c2e1", "HEAD~2", "v1.0^{commit}", "origin/main", "@{1}x", "feat/a-b"],
            ["a..b", "a b", "$(id)", "a.lock", "/a", "a/", ".a", "a:b"],
        ),
        ("git_tag", ["v1.2.3", "rel/2024-01", "a+b"], ["v1~1", "a^", "a//b", "`id`", "a$(id)", "a|b"]),
    ],
)
def test_check_kind(kind: str, good: list[str], bad: list[str]) -> None:
    param = Param(id="v", kind=kind, allow_dash=True)  # type: ignore[arg-type]
    good = [value for value in good if not value.startswith("@{")]
    assert [value for value in good if check_kind(param, value)] == []
    assert [value for value in bad if not check_kind(param, value)] == []


# ── words ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a 'b c' \"d $X\" e\\ f", ["a", "b c", "d $X", "e f"]),
        ("a&&b||c;d|e>f 2>&1 <g", ["a", "b", "c", "d", "e", "f", "1", "g"]),
        ("cat <<'E F' <<B\nx 'y\nE F\n$(z)\nB\nend", ["cat", "E F", "B", "end"]),
        ("a \\\n b # c 'd\ne#f", ["a", "b", "e#f"]),
        (
            'x=$(a "$(b \')\')" (c)) ${d:-"}"} $((1+(2))) `e`',
            ["x=$(a \"$(b ')')\" (c))", '${d:-"}"}', "$((1+(2)))", "`e`"],
        ),
        ("$'a\\'b' c", ["$'a\\'b'", "c"]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert [token.plain for token in tokens(text) if token.kind == "word"] == words


@pytest.mark.parametrize("text", ["'", '"a', "$(a", "`a", "${a", "(a", "a)", "cat <<E\nx", "$'a"])
def test_unbalanced(text: str) -> None:
    with pytest.raises(Unbalanced):
        tokens(text)


@settings(max_examples=200)
@given(st.text("ab '\"`$(){}<>|&;\\\n#=-~", max_size=25))
def test_the_scanner_is_total_and_covers_the_text(text: str) -> None:
    try:
        found = tokens(text)
    except Unbalanced:
        return
    assert all(one.end <= other.start for one, other in zip(found, found[1:], strict=False))
    assert all(token.start < token.end or token.kind == "heredoc" for token in found)


# ── the proof ─────────────────────────────────────────────────────────────────────────────────────

TEMPLATES = (
    "show <v>",
    "show <v> # it's",
    "show --to <v> && true",
    "X=1 show <v>; true",
    "if true; then show <v>; fi",
    "show a 'b c' <v> \"d\"",
    "for i in 1; do show <v>; done",
    "show \\\n  <v>",
    "{ show <v>; }",
    "cat <<E\nx 'y\nE\nshow <v>",
    "true | show <v>",
    "show <v> >&1 2>/dev/null",
    "show <v>;true",
    "show <v>>&1",
    'show "<v>"',
    "show '<v>'",
    "show \"a'<v>'\"",
    "show 'a\"<v>\"'",
    "show a<v>",
    "show --x=<v>",
    'X=<v>; show "$X"',
    "X='<v>'; show $X",
    'show "$(echo <v>)"',
    'show "$(echo "<v>")"',
    "show $(echo '<v>')",
    "show `echo <v>`",
    "show \"`echo '<v>'`\"",
    "show $(cat <(echo <v>))",
    "show $(cat <<E\n<v>\nE\n)",
    "( show <v> )",
    "show ${Y:-<v>}",
    'show "${Y:-<v>}"',
    "show {<v>}",
    "show {a,<v>}",
    "show <v>\nshow <v>",
    "bash -c 'show <v>'",
    'bash -c "show <v>"',
    "bash -c 'show \"$1\"' x <v>",
    "bash -c show\\ <v>",
    "eval show <v>",
    "eval \"show '<v>'\"",
    "echo <v> | xargs show",
    "env A=1 bash -c 'show <v>'",
    "show $'<v>'",
    "cat <<E\n<v>\nE",
    "cat <<'E'\n<v>\nE\nshow end",
    "show $((1)) <v>",
    "case x in <v>) show x;; *) show <v>;; esac",
    "show <v> 'open",
    "true # <v>\nshow end",
)
NASTY = (
    "$(touch canary)", "`touch canary`", "'; touch canary; '", '"; touch canary; "', "; touch canary", "| touch canary",
    "& touch canary", "> canary", ">canary", "a$(touch canary)b", "\\", "'", '"', "''", "$X", "${X}", "*", "~", "~root",
    "!!", "a b", "#", "# x", "{a,b}", "{1..3}", "a,b", "1..3", "E", "EOF", "x\\", "$'\\x41'", "<(touch canary)", "a=b", "2",
    "if", "%s", "[", "(", ")", "$((x[$(touch canary)]))", "x[$(touch canary)]", "ünï", "&&touch canary", "é'$(touch canary)'",
)  # fmt: skip


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one program, `show`, which prints its arguments, NUL-separated."""
    folder = tmp_path_factory.mktemp("stage")
    (folder / "show").write_text('#!/bin/sh\nprintf "%s\\0" "$@"\n')
    (folder / "show").chmod(0o755)
    return folder


def received(stage: Path, text: str) -> bytes:
    env = {"PATH": f"{stage}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    argv = ["bash", "--noprofile", "--norc", "-c", text]
    done = subprocess.run(argv, cwd=stage, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
    return done.stdout


def prove(stage: Path, template: str, value: str) -> bool:
    """Whether the value was let in; if so, the words that came out are those of a harmless one, with it in place."""
    try:
        text = fill(template, {"v": value}, [V])
    except ValueRefused:
        return False
    harmless = "Harmless0"
    got, wanted = received(stage, text), received(stage, fill(template, {"v": harmless}, [V]))
    assert set(os.listdir(stage)) == {"show"}, (template, value)
    assert got == wanted.replace(harmless.encode(), value.encode()), (template, value, got)
    return True


@pytest.mark.parametrize("template", TEMPLATES)
def test_nothing_nasty_gets_through_any_template(stage: Path, template: str) -> None:
    for value in NASTY:
        prove(stage, template, value)


def test_the_nasty_values_do_get_through_as_words_of_their_own(stage: Path) -> None:
    assert [value for value in NASTY if not prove(stage, "show <v>", value)] == []


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    template=st.sampled_from(TEMPLATES),
    value=st.text("abE0 '\"`$(){}<>|&;\\#=~*?![]%,.é/", min_size=1, max_size=12) | st.text(min_size=1, max_size=8),
)
def test_a_value_is_refused_or_received_exactly(stage: Path, template: str, value: str) -> None:
    prove(stage, template, value)


pieces = st.sampled_from(
    [
        "show ",
        "<v>",
        " ",
        "'",
        '"',
        "$(",
        ")",
        "`",
        "(",
        "\n",
        ";",
        "a",
        "${X",
        "}",
        "|",
        "\\",
        "<<E\n",
        "\nE\n",
        "#",
        "&&",
        "bash -c ",
        "eval ",
    ]
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(template=st.lists(pieces, max_size=12).map("".join), value=st.sampled_from([v for v in NASTY if "canary" in v]))
def test_no_template_at_all_lets_a_value_run(stage: Path, template: str, value: str) -> None:
    try:
        text = fill(f"{template} <v>", {"v": value}, [V])
    except ValueRefused:
        return
    received(stage, text)
    assert "canary" not in os.listdir(stage), (template, value)
    for name in set(os.listdir(stage)) - {"show"}:
        (stage / name).unlink()


def test_the_ids_are_matched_whole() -> None:
    assert re.fullmatch("git show 1 <ab>", fill("git show <a> <ab>", {"a": "1"}, [Param(id="a")]))


# ── several values ────────────────────────────────────────────────────────────────────────────────

SEVERAL = Param(id="bad", kind="git_commit", several=True)


def test_several_commits_become_words_of_their_own() -> None:
    for value in ("abc1234 def5678", " abc1234  def5678 ", "abc1234\ndef5678"):  # a new line would be a new command
        assert fill("git revert --no-edit <bad>", {"bad": value}, (SEVERAL,)) == (
            "git revert --no-edit abc1234 def5678"
        )
    assert fill("git revert <bad>", {"bad": "abc1234"}, (SEVERAL,)) == "git revert abc1234"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("git revert <bad>", "abc1234 $(id)"),
        ("git revert <bad>", "abc1234 --no-verify"),
        ("git revert <bad>", "abc1234 HEAD~2"),
        ('git log "<bad>"', "abc1234 def5678"),
        ("git log origin..<bad>", "abc1234 def5678"),
        ("bash -c 'git revert <bad>'", "abc1234 def5678"),
        ("ssh host git revert <bad>", "abc1234 def5678"),
        ("X=$(git revert <bad>)", "abc1234 def5678"),
    ],
)
def test_several_commits_stand_nowhere_else(text: str, value: str) -> None:
    with pytest.raises(ValueRefused):
        fill(text, {"bad": value}, (SEVERAL,))


def test_one_value_with_spaces_is_not_several() -> None:
    with pytest.raises(ValueRefused):
        fill("git revert <bad>", {"bad": "abc1234 def5678"}, (Param(id="bad", kind="git_commit"),))
