"""The values that commands leave open, in every spelling; and what only looks like one."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.reading.placeholders import masked, normalised, placeholders
from runbook.reading.variables import set_variables


def ids(text: str) -> list[str]:
    return [found.id for found in placeholders(text) if not found.sample]


@pytest.mark.parametrize(
    ("text", "found", "filled"),
    [
        ("git revert <commit-sha>", ["commit-sha"], "git revert <commit-sha>"),
        ("git revert <bad commit>", ["bad-commit"], "git revert <bad-commit>"),
        ("git tag <the team's tag>", ["the-team-s-tag"], "git tag <the-team-s-tag>"),
        ("cd <path/to/shop>", ["path-to-shop"], "cd <path-to-shop>"),
        ("ssh <user>@<host>", ["user", "host"], "ssh <user>@<host>"),
        ("make deploy ENV=<staging|live>", ["staging-live"], "make deploy ENV=<staging-live>"),
        ("git checkout $TAG", ["TAG"], "git checkout <TAG>"),
        ('git checkout "$TAG"', ["TAG"], "git checkout <TAG>"),
        ('ls "${DIR}/logs"', ["DIR"], 'ls "<DIR>/logs"'),
        ("dropdb ${db-name}", ["db-name"], "dropdb <db-name>"),
        ("echo ${TAG:?}", ["TAG"], "echo <TAG>"),
        ("gh run view [RUN_ID]", ["RUN_ID"], "gh run view <RUN_ID>"),
        ("cd [name of the folder]", ["name-of-the-folder"], "cd <name-of-the-folder>"),
        ("kubectl logs deploy/[service]", ["service"], "kubectl logs deploy/<service>"),
        ("cat page_[ID].html", ["ID"], "cat page_<ID>.html"),
        ("kubectl logs {pod}", ["pod"], "kubectl logs <pod>"),
        ("curl https://YOUR_DOMAIN/up", ["YOUR_DOMAIN"], "curl https://<YOUR_DOMAIN>/up"),
        ("curl https://your-domain.com/up", ["your-domain"], "curl https://<your-domain>.com/up"),
        ("curl -H 'X-Key: shop_your_key'", ["shop_your_key"], "curl -H 'X-Key: <shop_your_key>'"),
        ("aws s3 ls s3://my-bucket", ["my-bucket"], "aws s3 ls s3://<my-bucket>"),
        ("psql < dump_YYYYMMDD.sql", ["YYYYMMDD"], "psql < dump_<YYYYMMDD>.sql"),
        ("ls /b/YYYY-MM-DD", ["YYYY-MM-DD"], "ls /b/<YYYY-MM-DD>"),
        ("vercel promote dpl_xxxx", ["dpl_xxxx"], "vercel promote <dpl_xxxx>"),
        ("git checkout vX.Y.Z", ["vX-Y-Z"], "git checkout <vX-Y-Z>"),
        ("git revert COMMIT_SHA", ["COMMIT_SHA"], "git revert <COMMIT_SHA>"),
        ("heroku rollback VERSION", ["VERSION"], "heroku rollback <VERSION>"),
        ("kubectl rollout undo deploy/a --to-revision=N", ["N"], "kubectl rollout undo deploy/a --to-revision=<N>"),
        ("git checkout <値>", ["value-2595"], "git checkout <value-2595>"),
        ("cp <旧tag> <新tag>", ["tag-5862", "tag-1240"], "cp <tag-5862> <tag-1240>"),
        ("git revert __COMMIT__", ["COMMIT"], "git revert <COMMIT>"),
        ("git checkout %RELEASE_TAG%", ["RELEASE_TAG"], "git checkout <RELEASE_TAG>"),
        ("git checkout @TAG@", ["TAG"], "git checkout <TAG>"),
        ("git revert «mauvais commit»", ["mauvais-commit"], "git revert <mauvais-commit>"),
        (
            'wp post update [ID] --post_content="$(cat page_[ID]_old.html)"',
            ["ID"],
            'wp post update <ID> --post_content="$(cat page_<ID>_old.html)"',
        ),
        ("diff page_[ID]_old.html page_[ID]_new.html", ["ID"], "diff page_<ID>_old.html page_<ID>_new.html"),
        ("tar xf shop-[version]rc.tar -C [version]", ["version"], "tar xf shop-<version>rc.tar -C <version>"),
        ("Copy-Item -Path C:\\old\\<version>\\*", ["version"], "Copy-Item -Path C:\\old\\<version>\\*"),
        ("psql -h <HOST> -U USER -d DB < a.sql", ["HOST", "USER", "DB"], "psql -h <HOST> -U <USER> -d <DB> < a.sql"),
        ("helm rollback RELEASE <REVISION>", ["RELEASE", "REVISION"], "helm rollback <RELEASE> <REVISION>"),
        ("heroku rollback vNN", ["vNN"], "heroku rollback <vNN>"),
        ("heroku rollback v###", ["version"], "heroku rollback <version>"),
        (
            "kubectl rollout undo deploy/a --to-revision=#",
            ["number"],
            "kubectl rollout undo deploy/a --to-revision=<number>",
        ),
        ("curl https://shop-xxxxx.vercel.app/up", ["xxxxx"], "curl https://shop-<xxxxx>.vercel.app/up"),
    ],
)
def test_an_open_value_is_known_in_every_spelling(text: str, found: list[str], filled: str) -> None:
    assert ids(text) == found
    assert normalised(text) == filled


@pytest.mark.parametrize(
    "text",
    [
        "sed 's/\\<word\\>/other/'",
        "echo \\<b>",
        "git push origin HEAD",
        "test $# = 2",
        "mktemp /tmp/shop-XXXXX",
        "helm rollback RELEASE 3",
        "kubectl get pod -o jsonpath='{.items[0].metadata.name}'",
        "kubectl get pod -o jsonpath={.status.phase}",
        "docker ps --format '{{.Names}}'",
        "docker ps --format '{{ .Names }} {{.ID}}'",
        "awk '{print $1}' log",
        "ps aux | awk '{print $NF}'",
        "curl -w '%{http_code}' localhost",
        "for id in 1 2; do echo $id; done",
        "SHA=$(git rev-parse HEAD)",
        "SHA=abc; git show $SHA",
        "read -r ANSWER && echo $ANSWER",
        "diff <(ls a) <(ls b)",
        "sort < list.txt > sorted.txt",
        "cat <in.txt >out.txt",
        "cat <<EOF\nplain\nEOF",
        "wc -l <<< text",
        "[ -f marker ] && rm marker",
        "[[ -n $HOME ]] && ls",
        "grep '[a-z]' log",
        "grep '[0-9]' log",
        "ls [abc]*",
        "echo ${ITEMS[@]:-}",
        "jq '.items[0].name' x.json",
        "git reset --hard HEAD@{1}",
        "git log @{upstream}..",
        "touch a{b,c}",
        "echo {1..5}",
        "find . -exec rm {} +",
        "ls $HOME $PWD",
        "echo $? $1 $@ $$",
        "ssh web 'echo $RELEASE'",
        "cat <<'EOF'\n$NOTHING\nEOF",
        "echo \\$TAG",
        "echo ${TAG:-latest}",
        "date +%Y-%m-%d",
        "mktemp /tmp/shop.XXXXXX",
        "psql -c 'SELECT 1 WHERE a <> b'",
        'psql -c "BEGIN; COMMIT;"',
        "kubectl get svc | grep '<none>'",
        "curl -X POST localhost",
        "git diff HEAD",
        "printenv DATABASE_URL",
        "heroku config:get DATABASE_URL",
        "export DATABASE_URL=x",
        "docker run -e API_TOKEN app",
        "grep RELEASE_ID .env",
        "echo '[INFO] starting'",
        "git commit -m '[hotfix] undo'",
        "git commit -m 'x <me@shop.test>'",
        "curl -d '{\"NAME\": 1}' localhost",
        "curl -d '<a>1</a>' localhost",
        "perl -pe 's/(?<year>x)//' f",
        "for ID in 1 2; do echo x; done",
        'psql -c "select 1 where a<b and c>d"',
        "jq 'select(.a<5 and .b>3)' f",
        "grep '[error]' log",
        "read -p 'Sure? [yes/no] ' answer",
        "cat VERSION",
        "make VERSION=3",
        "sed -i 's/__IMAGE__/shop/' deploy.yaml",
        "sed -i 's/[ID]_a/x/' page.html",
        "mysql -e \"SHOW VARIABLES LIKE '%TIMEOUT%'\"",
        "date +%Y%m%d%H%M",
        "kubectl get pods | while read -r name ns; do kubectl delete pod $name -n $ns; done",
        "while IFS=: read -t 5 -r a b c; do echo $a $b $c; done < f",
        'mapfile -t lines < f; echo "$lines"',
        "while getopts ab: opt; do echo $opt; done",
        "printf -v day %s 1; echo $day",
    ],
)
def test_what_only_looks_open_is_left_alone(text: str) -> None:
    assert ids(text) == []
    assert normalised(text) == text


def test_a_variable_that_the_document_sets_elsewhere_is_not_open() -> None:
    assert normalised("git show $SHA", frozenset({"SHA"})) == "git show $SHA"
    assert set_variables("export SHA=1\nfor pod in a; do read -p 'Sure? ' answer; done") == {"SHA", "pod", "answer"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("git revert 3f2a1b9", "commit"),
        ("git checkout v1.2.3", "version"),
        ("docker pull shop/api:14", "revision"),
        ("kubectl rollout undo deploy/a --to-revision=3", "revision"),
        ("curl https://shop.example.com/up", "domain"),
    ],
)
def test_a_literal_that_may_be_made_up_is_asked_about_and_not_replaced(text: str, name: str) -> None:
    (found,) = placeholders(text)
    assert (found.id, found.sample) == (name, True)
    assert normalised(text) == text


@pytest.mark.parametrize(
    "text", ["curl localhost:8080", "docker run -p 80:80 shop", "lsof -i :3000", "ping 10.0.0.1", "sleep 30"]
)
def test_ports_and_addresses_are_no_samples(text: str) -> None:
    assert placeholders(text) == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("git revert <sha>", "git_commit"),
        ("git checkout <commit>", "git_commit"),
        ("deploy --commit <commit-hash>", "git_commit"),
        ("git checkout <tag>", "git_tag"),
        ("git checkout <version>", "git_tag"),
        ("docker pull shop:<tag>", "text"),
        ("kubectl rollout undo deploy/a --to-revision=<revision>", "number"),
        ("vercel promote <deployment-url>", "url"),
        ("curl -H 'Authorization: Bearer $TOKEN'", None),
        ('curl -H "Authorization: Bearer $API_TOKEN"', "secret"),
        ("psql <db-password>", "secret"),
        ("curl -H 'X-Key: YOUR_API_KEY'", "secret"),
        ("kubectl delete secret <secret-name>", "text"),
        ("redis-cli get <key>", "text"),
        ("kubectl logs <pod>", "text"),
    ],
)
def test_the_kind_follows_from_name_and_program(text: str, kind: str | None) -> None:
    assert [found.kind for found in placeholders(text)] == ([kind] if kind else [])


def test_the_spellings_of_one_value_are_kept_together() -> None:
    (found,) = placeholders("git tag $TAG && git push origin ${TAG}")
    assert found.spelled == ("$TAG", "${TAG}")


def test_a_mask_is_as_long_as_what_it_hides() -> None:
    text = "git revert <a b>\ncp [X Y] {zone} ${a-b}"
    assert len(masked(text)) == len(text)
    assert not re.search(r"[<\[{]", masked(text))


_PARTS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "git",
                "<",
                ">",
                "<a>",
                "<a b>",
                "$X",
                "${X}",
                "${a-b}",
                "[X]",
                "[",
                "]",
                "{x}",
                "'",
                '"',
                "\\",
                " ",
                "=",
                "YOUR_X",
                "v1.2.3",
                "xxx",
                "\n",
                "<<E",
            ]
        ),
        st.text(max_size=5),
    ),
    max_size=20,
)


@given(_PARTS.map("".join))
@settings(max_examples=400, deadline=None)
def test_no_text_makes_it_fail_and_what_is_open_is_in_the_filled_form(text: str) -> None:
    filled = normalised(text)
    assert len(masked(text)) == len(text)
    for found in placeholders(text):
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", found.id)
        assert all(spelled in text for spelled in found.spelled)
        assert found.sample or f"<{found.id}>" in filled


@pytest.mark.parametrize(
    "part", ["<", "<a ", "$X ", "[A ", "{a", "your-", "x", "a.", "A_", "'", "v1.", "YYYY", "1:2", "${", "=<a> "]
)
def test_long_text_costs_little(part: str) -> None:
    text = part * (19_000 // len(part))
    began = time.process_time()
    placeholders(text)
    masked(text)
    assert time.process_time() - began < 1.5


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("curl -X POST <URL>", ["URL"]),
        ("redis-cli -h <HOST> FLUSHALL", ["HOST"]),
        ("psql -h <HOST> -c 'DROP TABLE SHOP'", ["HOST"]),
        ("git revert <COMMIT> && git push origin HEAD", ["COMMIT"]),
        ("aws amplify start-job --app-id <APP_ID> --job-type RELEASE", ["APP_ID"]),
        ("kill -s HUP <PID>", ["PID"]),
        ("psql -h $PGHOST -d DB", ["PGHOST"]),
        ("grep ERROR <FILE>", ["FILE"]),
    ],
)
def test_what_a_command_does_is_no_value_though_it_is_in_capitals_too(text: str, found: list[str]) -> None:
    assert ids(text) == found
