"""A method's session through real bash: the text untouched, the state carried over, honest exits."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook.steps import session

Run = Callable[..., tuple[int, str]]


class Shell:
    """Runs texts one after the other in one session, without a keeper."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.begin = folder / "begin"
        self.begin.mkdir(parents=True)
        self.env = session.environment(os.environ, (), {})
        self.count = 0

    def __call__(self, text: str) -> tuple[int, str]:
        self.count += 1
        argv = session.prepare(self.folder / f"runs/{self.count}", text, self.folder / "session", self.begin)
        done = subprocess.run(
            argv, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60
        )
        return done.returncode, done.stdout.decode()


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.mark.parametrize(
    ("text", "exit_code", "output"),
    [
        ("yes | head -3", 0, "y\ny\ny\n"),
        ("yes | head -1\necho after", 0, "y\nafter\n"),
        ("X=$(yes | head -1)\necho $X", 0, "y\n"),
        ("( yes | head -1 )\necho after", 0, "y\nafter\n"),
        ("f() { yes | head -1; }\nf\necho after", 0, "y\nafter\n"),
        ("f() { yes | head -1; }\nf", 0, "y\n"),
        ("f() { yes | head -1; }\nf\nfalse\necho never", 1, "y\n"),
        ("f() { yes | head -1; }\ng() { f; }\ng\ng", 0, "y\ny\n"),
        ("f() { yes | head -1; }\nf || true\nbash -c 'kill -PIPE $$'\necho never", 141, "y\n"),
        ("yes | head -1\nbash -c 'kill -PIPE $$' && echo never", 141, "y\n"),
        ("for i in 1 2; do yes | head -1; done\nfalse\necho never", 1, "y\ny\n"),
        ("set +e\nyes | head -1", 0, "y\n"),
        ("set -euo pipefail\nyes | head -1\nfalse\necho never", 1, "y\n"),
        ("yes | head -1\nfalse\necho never", 1, "y\n"),
        ("yes | head -1\necho $? ${PIPESTATUS[@]}", 0, "y\n141 141 0\n"),
        ("false | yes | head -1\necho never", 141, "y\n"),
        ("yes | (head -1; exit 4)", 4, "y\n"),
        ("bash -c 'kill -PIPE $$'\necho never", 141, ""),
        ("yes | head -1\nbash -c 'kill -PIPE $$'\necho never", 141, "y\n"),
        ("( yes | head -1; false; echo never )", 1, "y\n"),
        ("false | true", 1, ""),
        ("exit 3", 3, ""),
        ("set +e\n(exit 5)", 5, ""),
        ("echo one\nfalse\necho never", 1, "one\n"),
        ("false || echo mended", 0, "mended\n"),
        ("cat <<'END'\n$HOME `id`\nEND\necho done", 0, "$HOME `id`\ndone\n"),
        ("printf '%s\\n' \"a\\\\b\" 'c\"d' ünï", 0, 'a\\b\nc"d\nünï\n'),
        ("echo one && \\\n  echo two", 0, "one\ntwo\n"),
        ('echo $# "$*"', 0, "0 \n"),
        ("# only a comment", 0, ""),
        ("", 0, ""),
        ("trap 'echo bye' EXIT\necho hi", 0, "hi\nbye\n"),
        ("return 7", 7, ""),
    ],
)
def test_exit_and_output(shell: Shell, text: str, exit_code: int, output: str) -> None:
    assert shell(text) == (exit_code, output)


def test_git_log_head_is_no_failure(shell: Shell) -> None:
    made = shell(
        "git init -q . && git config user.name n && git config user.email e@example.com\n"
        'git commit -q --allow-empty -m first && for i in $(seq 40); do git commit -q --allow-empty -m "$i"; done'
    )
    assert made[0] == 0, made
    assert shell(
        "git log -p --format='%H %B%n%n%n%n%n%n%n%n%n' | head -1 | wc -l\ngit log --oneline | head -2 | wc -l"
    ) == (
        0,
        "1\n2\n",
    )


def test_the_file_holds_the_text_to_the_last_character(shell: Shell) -> None:
    text = "echo 'no newline at the end' \\\\ \"é\" \t  "
    shell(text)
    assert (shell.folder / "runs/1/command.sh").read_bytes() == text.encode()


@pytest.mark.parametrize("text", ["echo a\0b", "echo \udcff"])
def test_text_that_cannot_be_given_unchanged_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="holds"):
        session.prepare(tmp_path / "run", text, tmp_path / "session", tmp_path)


def test_a_syntax_error_on_a_later_line_runs_nothing(shell: Shell) -> None:
    code, output = shell("touch ran\nif true; then\necho x")
    assert code == session.NO_SENSE
    assert "syntax error" in output and "Nothing ran." in output
    assert not (shell.begin / "ran").exists()


def test_directory_and_variables_carry_over(shell: Shell) -> None:
    shell("mkdir -p 'a dir/sub' && cd 'a dir/sub' && export GIVEN='x y'\nPLAIN=$(printf 'one\\ntwo')")
    code, output = shell('pwd; echo "$PLAIN|$GIVEN"; bash -c \'echo "${GIVEN-none} ${PLAIN-none}"\'')
    assert (code, output) == (0, f"{shell.begin}/a dir/sub\none\ntwo|x y\nx y none\n")


def test_arrays_survive(shell: Shell) -> None:
    shell("""LIST=(one "two three" $'fo\\nur')\ndeclare -A MAP=(["k 1"]='v $(id)' [b]='`x`')""")
    code, output = shell('printf "<%s>" "${LIST[@]}" "${MAP[k 1]}" "${MAP[b]}"')
    assert (code, output) == (0, "<one><two three><fo\nur><v $(id)><`x`>")


def test_state_is_kept_after_a_failure_and_an_exit(shell: Shell) -> None:
    assert shell("mkdir deep; cd deep; X=1; false")[0] == 1
    assert shell("X=$((X + 1)); exit 4")[0] == 4
    assert shell("echo $X $(basename $PWD)") == (0, "2 deep\n")


def test_state_is_kept_under_a_trap_and_nounset_of_the_command(shell: Shell) -> None:
    shell("set -u; trap 'echo bye' EXIT; IFS=,; name=kept; was=also; keep=(1 2)")
    assert shell('echo "$name $was ${keep[1]} [${IFS@Q}]"') == (0, "kept also 2 [$' \\t\\n']\n")


def test_unset_carries_over_and_functions_do_not(shell: Shell) -> None:
    shell.env["FOO"] = "from outside"
    shell("unset FOO; f() { echo f; }")
    assert shell('echo "${FOO-gone}"') == (0, "gone\n")
    assert shell("f")[0] == 127


def test_the_environment_is_never_written_to_disk(shell: Shell) -> None:
    shell.env["VERCEL_TOKEN"] = "tok-3f9a71c2"
    shell("X=1; export CHANGED=2")
    for path in shell.folder.rglob("*"):
        if path.is_file():
            assert b"tok-3f9a71c2" not in path.read_bytes(), path
            assert path.stat().st_mode & 0o077 == 0, path
    assert shell("echo $VERCEL_TOKEN $CHANGED") == (0, "tok-3f9a71c2 2\n")


def test_a_changed_path_carries_over(shell: Shell) -> None:
    shell("mkdir bin; printf '#!/bin/sh\\necho mine\\n' > bin/mytool; chmod +x bin/mytool; PATH=$PWD/bin:$PATH")
    assert shell("mytool") == (0, "mine\n")


def test_an_emptied_path_does_not_lose_the_state(shell: Shell) -> None:
    shell("X=kept; PATH=/nowhere")
    assert shell("echo $X") == (0, "kept\n")


def test_a_directory_that_is_gone_stops_the_run_in_words(shell: Shell) -> None:
    shell("mkdir gone; cd gone")
    (shell.begin / "gone").rmdir()
    code, output = shell("touch ../ran-elsewhere; touch ran")
    assert code == session.NO_DIRECTORY
    assert f"{shell.begin}/gone is not there any more. Nothing ran." in output
    assert list(shell.begin.iterdir()) == []


def test_a_torn_state_file_stops_the_run(shell: Shell) -> None:
    shell("A=1; B=2")
    state = shell.folder / "session/state.sh"
    state.write_bytes(state.read_bytes()[:-12])
    assert shell("touch ran")[0] == session.NO_STATE
    assert not (shell.begin / "ran").exists()


shell_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(shell_text | st.text("'\"`$(){};&|<>\\\n ~*!#", max_size=20), min_size=1, max_size=3))
def test_any_value_survives_and_none_runs(tmp_path_factory: pytest.TempPathFactory, values: list[str]) -> None:
    shell = Shell(tmp_path_factory.mktemp("session"))
    shell.env["IN"] = json.dumps(values)
    names = range(len(values))
    shell.env |= {f"IN{number}": values[number] for number in names}
    shell("".join(f"V{number}=$IN{number}\n" for number in names) + 'ALL=("$V0" "$V0")')
    for number in names:
        del shell.env[f"IN{number}"]
    code, output = shell("".join(f'printf "%s\\0" "$V{number}"\n' for number in names) + 'printf "%s" "${ALL[1]}"')
    assert code == 0
    assert output.encode() == b"\0".join(value.encode() for value in (*values, values[0]))


# ── environment ───────────────────────────────────────────────────────────────────────────────────


def test_environment_is_an_allow_list() -> None:
    base = {
        "PATH": "/bin",
        "LC_TIME": "C",
        "AWS_SECRET_ACCESS_KEY": "s",
        "VERCEL_TOKEN": "t",
        "BASH_ENV": "/tmp/evil",
        "BASH_FUNC_ls%%": "() { :; }",
        "GIT_DIR": "/elsewhere",
        "https_proxy": "http://127.0.0.1:1",
    }
    env = session.environment(base, ["VERCEL_*", "BASH_*", "ENV"], {"WARROOM_DIR": "/w"})
    assert env["VERCEL_TOKEN"] == "t" and env["LC_TIME"] == "C" and env["https_proxy"] and env["WARROOM_DIR"] == "/w"
    assert not {"AWS_SECRET_ACCESS_KEY", "BASH_ENV", "BASH_FUNC_ls%%", "GIT_DIR"} & set(env)
    assert env["GIT_TERMINAL_PROMPT"] == "0" and env["TERM"] == "dumb" and "GIT_SSH_COMMAND" not in env


def test_the_engineers_own_ssh_command_stays() -> None:
    assert session.environment({"GIT_SSH_COMMAND": "ssh -F x"}, (), {})["GIT_SSH_COMMAND"] == "ssh -F x"
    assert "GIT_SSH_COMMAND" not in session.environment({"GIT_SSH": "/my/ssh"}, (), {})


def test_the_ssh_of_the_engineers_own_settings_is_the_one_that_git_calls(tmp_path: Path) -> None:
    own = tmp_path / "ssh-with-another-key"
    own.write_text(f"#!/bin/sh\n: >{tmp_path}/called\nexit 1\n")
    own.chmod(0o755)
    env = session.environment(os.environ | {"HOME": str(tmp_path)}, (), {})
    asked = ("git", "-c", f"core.sshCommand={own}", "-c", "ssh.variant=simple", "ls-remote", "ssh://shop.invalid/x")
    subprocess.run(asked, env=env, cwd=tmp_path, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    assert (tmp_path / "called").exists()


def test_names_in_a_text() -> None:
    assert session.names_in('curl -H "x: $TOKEN" ${HOST}/y') == ("TOKEN", "HOST")
    assert "VERCEL_*" in session.names_in("vercel rollback x --yes")
    assert session.names_in("git push origin main") == ()
    assert "DOCKER_*" in session.names_in("docker-compose up -d web")
    assert {"KUBECONFIG", "AWS_*"} <= set(session.names_in("oc rollout undo deploy/web"))  # who it is, a cloud tells


async def test_what_a_session_holds_can_be_read_without_running_anything(shell: Shell) -> None:
    (shell.begin / "sub").mkdir()
    shell.env |= {"GIVEN": "from outside", "GONE": "taken away"}
    shell("cd sub\nexport PROFILE='two words'\nPLAIN=$'a\nb'\nLIST=(1 2)\nunset GONE\nGIVEN=changed")
    left = await session.remembered(shell.folder / "session", shell.env)
    assert left.cwd == str(shell.begin / "sub")
    assert left.exported == {"PROFILE": "two words", "GIVEN": "changed", "GONE": None}
    assert left.variables == {"PLAIN": "a\nb"}


async def test_a_session_that_never_ran_or_is_broken_holds_nothing(shell: Shell) -> None:
    folder = shell.folder / "session"
    assert await session.remembered(folder, shell.env) == session.Remembered()
    folder.mkdir()
    (folder / "state.sh").write_text("declare -x PROFILE=half\n")
    assert await session.remembered(folder, shell.env) == session.Remembered()


def test_a_step_finds_the_warroom_program_behind_everything_else_on_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    assert session.search_path("/bin") == "/bin"
    (tmp_path / "warroom").touch()
    assert session.environment({"PATH": "/bin"}, (), {})["PATH"] == f"/bin:{tmp_path}"
    assert session.search_path(f"{tmp_path}:/bin") == f"{tmp_path}:/bin"


def test_a_session_that_could_not_be_kept_is_no_success(shell: Shell) -> None:
    assert shell("V=before")[0] == 0
    code, output = shell("V=after\nulimit -f 0")  # as on a full disk: nothing more can be written
    assert code == session.NOT_KEPT
    assert "ended with 0, but its directory and variables could not be kept" in output
    assert shell("echo $V") == (0, "before\n")


def test_a_failure_stays_the_failure_that_it_was_where_the_session_could_not_be_kept(shell: Shell) -> None:
    assert shell("ulimit -f 0\nfalse")[0] == 1


def test_keeping_the_session_shows_nothing_of_itself_under_xtrace(shell: Shell) -> None:
    assert shell("set -x\ntrue") == (0, "++ true\n")
