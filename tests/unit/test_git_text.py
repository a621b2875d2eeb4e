"""Understanding git command lines: quoting, several commands, refspecs, and the lease in place of a bare force."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.providers.git_calls import Assignment, Invocation, statements
from runbook.providers.git_text import Push, invocations, pick_of, pushes, reset_of, safer

A, B = "a" * 40, "b" * 40
SEEN = {"origin refs/heads/production": A, "origin refs/heads/main": B}


def one(text: str) -> Push:
    (push,) = pushes(text)
    return push


@pytest.mark.parametrize(
    ("text", "remote", "src", "dst", "force"),
    [
        ("git push origin main", "origin", "main", "refs/heads/main", "none"),
        ("git push origin production --force", "origin", "production", "refs/heads/production", "force"),
        ("git push -fu origin HEAD:main", "origin", "HEAD", "refs/heads/main", "force"),
        ("git push origin +a:b", "origin", "a", "refs/heads/b", "plus"),
        (f"git push --porcelain origin {A}:refs/heads/main", "origin", A, "refs/heads/main", "none"),
        (
            "git push origin 'refs/tags/v1^{commit}:refs/heads/production'",
            "origin",
            "refs/tags/v1^{commit}",
            "refs/heads/production",
            "none",
        ),
        ("git push", "", "HEAD", "", "none"),
        ("git push origin HEAD", "origin", "HEAD", "", "none"),
        ("git push origin refs/tags/v1", "origin", "refs/tags/v1", "refs/tags/v1", "none"),
        ("git push origin tag v1", "origin", "v1", "refs/heads/v1", "none"),
        ("git -C /srv/app -c user.name=x --no-pager push origin main", "origin", "main", "refs/heads/main", "none"),
        ("GIT_TRACE=1 sudo /usr/bin/git push origin main", "origin", "main", "refs/heads/main", "none"),
        ("git push --repo=backup", "backup", "HEAD", "", "none"),
        ("git push -o ci.skip origin main", "origin", "main", "refs/heads/main", "none"),
        ("git push --force-with-lease origin main", "origin", "main", "refs/heads/main", "lease"),
        ("git push git@host:team/app.git main", "git@host:team/app.git", "main", "refs/heads/main", "none"),
        ('bash -c "git push origin main"', "origin", "main", "refs/heads/main", "none"),
        ("B=main; git push origin $B", "origin", "main", "refs/heads/main", "none"),
        ("git push origin main # then wait", "origin", "main", "refs/heads/main", "none"),
        ("git push origin main 2>&1 | tee push.log", "origin", "main", "refs/heads/main", "none"),
        ("git push origin \\\n  main", "origin", "main", "refs/heads/main", "none"),
        ("if true; then git push origin main; fi", "origin", "main", "refs/heads/main", "none"),
    ],
)
def test_what_a_push_pushes(text: str, remote: str, src: str, dst: str, force: str) -> None:
    push = one(text)
    assert (push.remote, push.src, push.dst, push.force) == (remote, src, dst, force)


def test_deletions() -> None:
    assert one("git push origin :main").deletes
    assert not one("git push origin :main").by_option
    assert one("git push origin --delete main").by_option
    assert one("git push --delet origin main").deletes  # git takes any unique beginning
    assert one("git push -d origin main").dst == "refs/heads/main"
    assert one('NEW=\ngit push origin "$NEW:refs/heads/main"').deletes
    assert not one("git push origin main").deletes


def test_what_the_shell_decides_is_not_known() -> None:
    push = one('git push origin "$NEW:refs/heads/production"')
    assert (push.src, push.dst) == (None, "refs/heads/production")
    assert one("git push origin $(git describe):refs/heads/main").src is None
    assert one("NEW=1; NEW=$(date); git push origin $NEW:main").src is None


def test_wide_pushes_and_several_refs() -> None:
    assert one("git push --mirror backup").wide == "--mirror"
    assert one("git push --mirror backup").force == "force"
    both = pushes("git push origin main +production")
    assert [(push.dst, push.force) for push in both] == [("refs/heads/main", "none"), ("refs/heads/production", "plus")]


def test_a_lease_names_what_it_expects() -> None:
    push = one(f"git push --force-with-lease=refs/heads/main:{A} origin x:refs/heads/main")
    assert (push.force, push.expected) == ("lease", A)
    assert one(f"git push --force-with-lease=main:{A} origin main").expected == A


def test_several_commands_in_one_text() -> None:
    text = (
        "git fetch origin && git checkout --detach origin/main\ngit revert --no-edit abc1234; git push origin HEAD:main"
    )
    assert [call.sub for call in invocations(text)] == ["fetch", "checkout", "revert", "push"]


def test_picks_and_resets() -> None:
    def only(text: str) -> Invocation:
        (call,) = invocations(text)
        return call

    revert = pick_of(only("git revert -m 1 --no-edit abc1234 def5678"))
    assert (revert.kind, revert.commits, revert.mainline) == ("revert", ("abc1234", "def5678"), 1)
    assert pick_of(only("git revert -m2 x")).mainline == 2
    assert pick_of(only("git revert --mainline=1 x")).mainline == 1
    assert pick_of(only("git revert --abort")).ends == "--abort"
    assert pick_of(only("git revert -n x")).no_commit
    assert pick_of(only("git cherry-pick -x abc")).kind == "cherry-pick"
    hard = reset_of(only("git reset --hard v1"))
    assert (hard.mode, hard.commit) == ("--hard", "v1")
    assert reset_of(only("git reset")).commit == "HEAD"


def test_a_substitution_comes_before_the_command_around_it() -> None:
    found = statements("NEW=$(git commit-tree 'refs/tags/v1^{tree}' -p HEAD -m \"a b\")\ngit push origin $NEW:main")
    assert [type(statement).__name__ for statement in found] == ["Invocation", "Assignment", "Invocation"]
    made = found[0]
    assert not isinstance(made, Assignment)
    assert made.sub == "commit-tree"
    assert made.nested
    assert made.arguments() == ("refs/tags/v1^{tree}",)
    assert isinstance(found[1], Assignment)
    assert found[1].name == "NEW"


def test_other_programs_words_and_heredocs_are_not_git() -> None:
    assert invocations("echo git push -f origin main; grep git x") == ()
    assert [call.sub for call in invocations("cat <<'EOF'\ngit push -f origin main\nEOF\ngit fetch")] == ["fetch"]
    assert invocations("# git push origin main") == ()
    assert invocations("gitk; mygit push") == ()


# ── safer ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        (
            "git push origin production --force",
            f"git push origin production --force-with-lease=refs/heads/production:{A}",
        ),
        ("git  push -f  origin main ;ls", f"git  push --force-with-lease=refs/heads/main:{B}  origin main ;ls"),
        ("git push -uf origin main", f"git push -u --force-with-lease=refs/heads/main:{B} origin main"),
        ("git push origin '+HEAD:main'", f"git push --force-with-lease=refs/heads/main:{B} origin 'HEAD:main'"),
        ("git push -f origin +main", f"git push --force-with-lease=refs/heads/main:{B} origin main"),
        ("git push --force-with-lease origin main", f"git push --force-with-lease=refs/heads/main:{B} origin main"),
        (
            "git push --force-with-lease=main origin main",
            f"git push --force-with-lease=refs/heads/main:{B} origin main",
        ),
        (
            "git push --force-with-lease=main:origin/main origin main",
            f"git push --force-with-lease=refs/heads/main:{B} origin main",
        ),
        (
            "git push -f origin main production",
            f"git push --force-with-lease=refs/heads/main:{B} --force-with-lease=refs/heads/production:{A}"
            " origin main production",
        ),
        (
            "git fetch\ngit push -f origin 'refs/tags/v1^{commit}:refs/heads/production' # back",
            f"git fetch\ngit push --force-with-lease=refs/heads/production:{A} origin"
            " 'refs/tags/v1^{commit}:refs/heads/production' # back",
        ),
    ],
)
def test_a_bare_force_gets_a_lease(text: str, instead: str) -> None:
    made, why = safer(text, SEEN)
    assert made == instead
    assert "still at" in why
    assert safer(made, SEEN) == (made, "")


@pytest.mark.parametrize(
    "text",
    [
        "git push origin main",
        "git revert abc1234",
        f"git push --force-with-lease=refs/heads/main:{A} origin main",
        'git push --force-with-lease=refs/heads/main:"$OLD" origin main',
        "git push -f origin unseen",
        "bash -c 'git push -f origin main'",
        "git push --mirror --force origin",
        "rm -f main",
    ],
)
def test_what_stays_as_it_is(text: str) -> None:
    assert safer(text, SEEN) == (text, "")


def test_a_push_without_refs_takes_the_one_the_preview_found() -> None:
    assert safer("git push -f", {"origin refs/heads/main": B})[0] == f"git push --force-with-lease=refs/heads/main:{B}"
    assert safer("git push -f", SEEN) == ("git push -f", "")


def test_a_ref_that_is_not_there_yet_must_still_not_be_there() -> None:
    made, why = safer("git push -f origin new", {"refs/heads/new": ""})
    assert made == "git push --force-with-lease=refs/heads/new: origin new"
    assert why.endswith("new is still not there.")


@given(st.text(alphabet="git push-f+:'\"\\$(){}`\n;&|<># amno=~", max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_text_breaks_it(text: str) -> None:
    made, why = safer(text, SEEN)
    assert (made == text) == (why == "")
    for call in invocations(text):
        assert text[call.sub_word.start : call.sub_word.end] or call.nested or call.sub == ""


_plain = st.text(alphabet="abz019._/'\"\\ $`;&|#~*\n-", min_size=1, max_size=12)


@given(st.lists(_plain, min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_quoted_words_are_read_as_the_shell_reads_them(words: list[str]) -> None:
    text = "git fake -- " + " ".join(shlex.quote(word) for word in words)
    assert invocations(text)[0].arguments() == tuple(words)


def test_words_agree_with_bash() -> None:
    text = r"""git fake a\ b "c \" \$d" 'e $f' $'g\th' i"j"'k' "" x\
y"""
    said = subprocess.run(
        ("bash", "-c", f'git() {{ shift; printf "%s\\0" "$@"; }}\n{text}'), capture_output=True, check=True
    ).stdout.decode()
    assert tuple(said.split("\0")[:-1]) == invocations(text)[0].arguments()
