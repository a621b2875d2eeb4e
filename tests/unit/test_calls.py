"""Which programs a shell text calls, as providers read it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.providers.calls import calls


@pytest.mark.parametrize(
    ("text", "program", "words"),
    [
        ("vercel rollback dpl_1 --yes", "vercel", ("rollback", "dpl_1", "--yes")),
        ("npx --no-install vercel rollback dpl_1", "vercel", ("rollback", "dpl_1")),
        ("npx vercel@64 rollback", "vercel", ("rollback",)),
        ("pnpm exec vercel rollback", "vercel", ("rollback",)),
        ("timeout 5m vercel rollback", "vercel", ("rollback",)),
        ("timeout -k 5 -s KILL 5m vercel rollback", "vercel", ("rollback",)),
        ("nice -n 10 vercel rollback", "vercel", ("rollback",)),
        ("ionice -c 3 nice vercel rollback", "vercel", ("rollback",)),
        ("npx -p vercel@64 vercel rollback", "vercel", ("rollback",)),
        ("yarn vercel rollback", "vercel", ("rollback",)),
        ("env -- vercel rollback", "vercel", ("rollback",)),
        ("aws-vault exec live -- timeout 60 npx vercel rollback", "vercel", ("rollback",)),
        ("sudo /usr/local/bin/kubectl rollout undo 'deploy/web'", "kubectl", ("rollout", "undo", "deploy/web")),
        ("A=1 B=$A helm rollback web $B", "helm", ("rollback", "web", None)),
        ("V=v1\nheroku rollback $V", "heroku", ("rollback", "v1")),
        ("export V=v1; heroku rollback ${V}", "heroku", ("rollback", "v1")),
        ("heroku rollback $(last)", "heroku", ("rollback", None)),
        ("heroku rollback $SESSION", "heroku", ("rollback", "v7")),
        ("cd app && helm rollback web 2", "helm", ("rollback", "web", "2")),
        ("if true; then helm rollback web 2; fi", "helm", ("rollback", "web", "2")),
        ("SESSION=$(newest); heroku rollback $SESSION", "heroku", ("rollback", None)),
        ("export SESSION=$(newest); heroku rollback $SESSION", "heroku", ("rollback", None)),
        ("for SESSION in v1 v2; do heroku rollback $SESSION; done", "heroku", ("rollback", None)),
        ("kubectl --kubeconfig ~/live get '~/x'", "kubectl", ("--kubeconfig", "/home/ana/live", "get", "~/x")),
    ],
)
def test_a_call_is_read_as_its_program_gets_it(text: str, program: str, words: tuple[str | None, ...]) -> None:
    found = {call.program: call for call in calls(text, {"SESSION": "v7", "HOME": "/home/ana"})}
    assert found[program].words == words


@pytest.mark.parametrize(
    ("before", "through", "unclear"),
    [
        ("aws-vault exec --no-session live -- ", ("aws-vault", "exec", "--no-session", "live", "--"), ""),
        ("nice op run --env-file=.env -- npx ", ("op", "run", "--env-file=.env", "--"), ""),
        (
            "doppler run -c $(pick) -- ",
            ("doppler", "run", "-c", "", "--"),
            "What the word behind doppler is, the shell",
        ),
        ("npx --yes ", (), ""),
    ],
)
def test_what_signs_a_call_in_is_kept_with_it(before: str, through: tuple[str, ...], unclear: str) -> None:
    (call,) = calls(f"{before}helm rollback web 2", {})
    assert (call.program, call.words, call.through) == ("helm", ("rollback", "web", "2"), through)
    assert call.unclear.startswith(unclear) and bool(call.unclear) is bool(unclear)


def test_a_script_that_is_called_like_what_signs_in_is_not_taken_for_it() -> None:
    assert not [call for call in calls("./doppler run -- helm rollback web 2", {}) if call.program == "helm"]


@pytest.mark.parametrize("text", ["doppler run", "aws-vault list -- ", "npx", "nice -n", "timeout 5", "op run -- "])
def test_a_program_that_starts_none_is_no_other_call(text: str) -> None:
    assert not {call.program for call in calls(text, {})} & {"", "--", "5"}


def test_a_call_knows_its_directory_its_settings_and_where_it_ends() -> None:
    text = "cd app\nTAG=v1 docker compose up -d web && echo done"
    up = next(call for call in calls(text, {}) if call.program == "docker")
    assert (up.directory, up.settings, text[: up.end].endswith("web")) == ("app", {"TAG": "v1"}, True)


@pytest.mark.parametrize(
    ("text", "directory"),
    [
        ("(cd web && npm ci) && vercel rollback", ""),
        ("cd web && (cd api && npm ci); vercel rollback", "web"),
        ("(cd web && vercel rollback)", "web"),
        ("cd ~/shop && vercel rollback", "/home/ana/shop"),
    ],
)
def test_a_subshells_directory_ends_with_it(text: str, directory: str) -> None:
    (call,) = (call for call in calls(text, {"HOME": "/home/ana"}) if call.program == "vercel")
    assert call.directory == directory


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("A=1 B=$A vercel rollback", ""),
        ("(. ./.env.live && make) && vercel rollback", ""),
        (". ./.env.live && vercel rollback", "`. ./.env.live` before it"),
        ('eval "$(sign-in)"; vercel rollback', "`eval "),
        ("IMAGE_TAG=4.8.0 sudo docker compose up -d web", "another user (sudo)"),
        ("AWS_PROFILE=$(pick) aws ecs update-service", "What AWS_PROFILE is"),
    ],
)
def test_a_call_says_why_nobody_knows_yet_where_it_acts(text: str, why: str) -> None:
    *_, call = calls(text, {})
    assert why in call.unclear if why else call.unclear == ""


def test_options_are_told_from_words() -> None:
    (call,) = calls("kubectl -n shop rollout undo deploy/web --to-revision=2 --context live -- x", {})
    given = call.split("-n --context")
    assert given.plain == ("rollout", "undo", "deploy/web", "x")
    assert given.options == {"-n": "shop", "--to-revision": "2", "--context": "live"}
    assert given.option("--namespace", "-n") == "shop" and given.option("--user") == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("export AWS_PROFILE=prod; aws s3 ls", {"AWS_PROFILE": "prod"}),
        ("export AWS_PROFILE=prod && aws s3 ls", {"AWS_PROFILE": "prod"}),
        ("AWS_PROFILE=prod; aws s3 ls", {"AWS_PROFILE": "prod"}),  # it is exported already
        ("KUBECONFIG=live; export KUBECONFIG; aws s3 ls", {"AWS_PROFILE": "dev", "KUBECONFIG": "live"}),
        ("KUBECONFIG=live; aws s3 ls", {"AWS_PROFILE": "dev"}),
        ("unset AWS_PROFILE; aws s3 ls", {}),
        ("(export AWS_PROFILE=prod); aws s3 ls", {"AWS_PROFILE": "dev"}),
        ("(export AWS_PROFILE=prod; aws s3 ls)", {"AWS_PROFILE": "prod"}),
        ("export AWS_PROFILE=prod; AWS_PROFILE=live aws s3 ls", {"AWS_PROFILE": "live"}),
        ("PATH=/x; export PATH; aws s3 ls", {"AWS_PROFILE": "dev"}),
    ],
)
def test_a_call_finds_what_the_text_has_exported_before_it(text: str, found: dict[str, str]) -> None:
    *_, call = calls(text, {"AWS_PROFILE": "dev"})
    assert call.program == "aws" and call.environment({"AWS_PROFILE": "dev"}) == found


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("export AWS_PROFILE=$(pick); aws ecs update-service", "What AWS_PROFILE is"),
        ("AWS_ACCOUNT_ID=$(aws sts get-caller-identity); aws ecs update-service", ""),
        (
            "gcloud config set project live && gcloud run services update-traffic web",
            "`gcloud config set project live`",
        ),
        ("gcloud config list && gcloud run services update-traffic web", ""),
        ("kubectl config use-context live && kubectl rollout undo deploy/web", "`kubectl config use-context live`"),
        ("kubectl config current-context && kubectl rollout undo deploy/web", ""),
        ("sudo -u deploy -H kubectl rollout undo deploy/web", "another user (sudo)"),
        ("env -u KUBECONFIG kubectl rollout undo deploy/web", "`-u` in front of it"),
        ("pushd app && helm rollback web 2", ""),
    ],
)
def test_what_stands_before_a_call_may_lead_it_elsewhere(text: str, why: str) -> None:
    *_, call = calls(text, {})
    assert call.program in ("aws", "gcloud", "kubectl", "helm")
    assert why in call.unclear if why else call.unclear == ""
    assert call.directory == ("app" if "pushd" in text else "")


@given(st.text(max_size=200))
def test_no_text_makes_it_fail(text: str) -> None:
    for call in calls(text, {}):
        call.split("-n")


def test_a_call_behind_any_word_of_the_shell_is_seen() -> None:
    text = "if false; then :; elif kubectl get pods; then helm list; fi; { oc whoami; }"
    found = [call.program for call in calls(text, {})]
    assert [name for name in found if name in ("kubectl", "helm", "oc")] == ["kubectl", "helm", "oc"]
