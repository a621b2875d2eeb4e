"""Understanding a git command line: what it pushes, reverts, moves, and how it is made safer. Nothing is run here."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from runbook.model import Record
from runbook.providers.git_calls import NOTHING, Assignment, Invocation, Option, assign, statements
from runbook.providers.shell_words import Word

FULL_SHA = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
SHORT_SHA = re.compile(r"[0-9a-f]{7,64}\Z")
WIDE = ("--mirror", "--all", "--branches", "--tags", "--prune")
Force = Literal["none", "force", "lease", "plus"]
_MAINLINE = re.compile(r"(?:-m|--mainline)[= ]*\d+")


class Push(Record, frozen=True):
    """One ref that a push moves. An empty `src` that is known deletes."""

    remote: str
    src: str | None
    """None where the shell decides it."""
    dst: str
    """Fully qualified; empty where only the repository's settings tell."""
    force: Force = "none"
    expected: str | None = None
    """The SHA that a lease names."""
    guessed: bool = False
    """`dst` was a short name and is taken for a branch."""
    late: str = ""
    """Where it goes, as it is written, where the shell decides it; `dst` is empty then."""
    bare: bool = False
    """It names no ref at all: git's settings say which."""
    short: bool = False
    """It names a source only: git's settings may send it to another name."""
    by_option: bool = False
    """A deletion asked for in words (`--delete`), not by an empty source."""
    wide: str = ""
    """`--all`, `--mirror`, `--tags`, `--prune`: refs that the text does not name."""

    @property
    def deletes(self) -> bool:
        return self.src == ""

    @property
    def forced(self) -> bool:
        return self.force != "none"


class Pick(Record, frozen=True):
    """A revert or a cherry-pick: of which commits, with which mainline parent (0: none given)."""

    kind: Literal["revert", "cherry-pick"]
    commits: tuple[str | None, ...]
    mainline: int = 0
    no_commit: bool = False
    ff: bool = False
    """A commit whose parent is HEAD is taken itself, under its own name."""
    ends: str = ""
    """`--abort`, `--continue`, `--skip`, `--quit`: it picks nothing, it goes on with one that is under way."""


class Reset(Record, frozen=True):
    """`git reset`: how (`--mixed` when nothing is said) and to which commit."""

    mode: str
    commit: str | None


def invocations(text: str) -> tuple[Invocation, ...]:
    """Every git call of a shell text."""
    return tuple(statement for statement in statements(text) if isinstance(statement, Invocation))


def directory_of(text: str) -> str:
    """Where the pushes of a text act, else all its git calls, relative to where it starts; empty for several places."""
    acting = invocations(text)
    found = {call.directory for call in acting if call.sub == "push"} or {call.directory for call in acting}
    return found.pop() if len(found) == 1 else ""


def pushes(text: str) -> tuple[Push, ...]:
    """Every ref that the pushes of a text name."""
    return tuple(push for call, known in _push_calls(text) for push in pushes_of(call, known))


def _push_calls(text: str) -> Iterator[tuple[Invocation, dict[str, str]]]:
    """Each `git push`, with the variables that the text itself has set by then."""
    known: dict[str, str] = {}
    for statement in statements(text):
        if isinstance(statement, Assignment):
            assign(statement, known)
        elif statement.sub == "push":
            yield statement, dict(known)


# ── what one call means ───────────────────────────────────────────────────────────────────────────


def pushes_of(call: Invocation, variables: Mapping[str, str] = NOTHING) -> tuple[Push, ...]:
    """The refs that one push moves, in the order in which it names them."""
    if call.has("--dry-run", "-n"):
        return ()
    arguments = call.arguments(variables)
    remote = call.given("--repo")[0] if call.has("--repo") and not arguments else (arguments or ("",))[0]
    shown = remote if remote is not None else call.words[0].shown
    force: Force = "force" if call.has("--force", "-f") else "lease" if call.has("--force-with-lease") else "none"
    wide = next((option.name for option in call.options if option.name in WIDE), "")
    if wide == "--mirror" and force == "none":
        force = "force"
    deleting = call.has("--delete", "-d")
    found = [
        _push(shown, value, word, force, deleting)
        for word, value in zip(call.words[1:], arguments[1:], strict=True)
        if value not in ("tag", "+tag")
    ]
    if wide:
        found.append(Push(remote=shown, src=None, dst="", force=force, wide=wide))
    elif not found:
        found.append(Push(remote=shown, src="HEAD", dst="", force=force, bare=True))
    leases = _leases(call)
    return tuple(_with_lease(push, leases) for push in found)


def _push(remote: str, value: str | None, word: Word, force: Force, deleting: bool) -> Push:
    spec = word.shown if value is None else value
    if spec.startswith("+"):
        spec = spec[1:]
        force = "force" if force == "force" else "plus"
    if deleting and value is None:
        return Push(remote=remote, src="", dst="", force=force, late=spec, by_option=True)
    if deleting:
        dst, guessed = qualified(spec)
        return Push(remote=remote, src="", dst=dst, force=force, guessed=guessed, by_option=True)
    src, colon, dst = spec.partition(":")
    if not colon:
        dst = "" if src in ("HEAD", "@") else src
    if value is None:
        unknown, late = _has_hole_before_colon(word), dst if "$" in dst else ""
        dst, guessed = ("", False) if late else qualified(dst)
        return Push(remote=remote, src=None if unknown else src, dst=dst, force=force, guessed=guessed, late=late)
    dst, guessed = qualified(dst)
    return Push(remote=remote, src=src, dst=dst, force=force, guessed=guessed, short=not colon)


def _has_hole_before_colon(word: Word) -> bool:
    for part in word.parts:
        if not isinstance(part, str):
            return True
        if ":" in part:
            return False
    return False


def qualified(name: str) -> tuple[str, bool]:
    """A ref's full name, and whether it was taken for a branch because nothing says otherwise."""
    if not name or name.startswith("refs/"):
        return name, False
    if name.startswith(("heads/", "tags/")):
        return f"refs/{name}", False
    return f"refs/heads/{name}", True


def _leases(call: Invocation) -> dict[str, str]:
    """What each `--force-with-lease=ref:sha` expects."""
    named = (value.partition(":") for value in call.given("--force-with-lease") if value)
    return {qualified(ref)[0]: sha for ref, _, sha in named}


def _with_lease(push: Push, leases: Mapping[str, str]) -> Push:
    if push.force not in ("lease",) or push.dst not in leases:
        return push
    return msgspec.structs.replace(push, expected=leases[push.dst] or None)


def pick_of(call: Invocation, variables: Mapping[str, str] = NOTHING) -> Pick:
    """What one `git revert` or `git cherry-pick` names."""
    mainline = next(iter(call.given("-m", "--mainline")), "")
    return Pick(
        kind="revert" if call.sub == "revert" else "cherry-pick",
        commits=call.arguments(variables),
        mainline=int(mainline) if mainline.isdecimal() else 0,
        no_commit=call.has("-n", "--no-commit"),
        ff=call.sub == "cherry-pick" and call.has("--ff"),
        ends=next((o.name for o in call.options if o.name in ("--abort", "--continue", "--skip", "--quit")), ""),
    )


def reset_of(call: Invocation, variables: Mapping[str, str] = NOTHING) -> Reset:
    """What one `git reset` does to which commit."""
    modes = ("--soft", "--mixed", "--hard", "--merge", "--keep")
    return Reset(
        mode=next((option.name for option in call.options if option.name in modes), "--mixed"),
        commit=(call.arguments(variables) or ("HEAD",))[0],
    )


def with_mainline(text: str, number: str) -> str:
    """The first revert or cherry-pick with `-m NUMBER`, in the place of another number where it had one."""
    for call in invocations(text):
        if call.sub not in ("revert", "cherry-pick") or call.nested:
            continue
        given = next((option.word for option in call.options if option.name in ("-m", "--mainline")), None)
        if given is None:
            return f"{text[: call.sub_word.end]} -m {number}{text[call.sub_word.end :]}"
        return text[: given.start] + _MAINLINE.sub(f"-m {number}", text[given.start :], count=1)
    return text


# ── making it safer ───────────────────────────────────────────────────────────────────────────────


def safer(text: str, expected: Mapping[str, str]) -> tuple[str, str]:
    """A forced push with the lease of what the preview saw: (text, why); unchanged with an empty why otherwise.

    `expected` maps a ref (`refs/heads/production`, or `origin refs/heads/production`) to its SHA on the
    remote, empty for one that is not there. All but the forcing itself stays character for character.
    """
    edits: list[tuple[int, int, str]] = []
    pinned: list[tuple[str, str]] = []
    for call, known in _push_calls(text):
        made = _pin(call, known, text, expected)
        if made is None:
            return text, ""
        edits += made[0]
        pinned += made[1]
    if not edits:
        return text, ""
    for start, end, instead in sorted(edits, reverse=True):
        text = text[:start] + instead + text[end:]
    return text, _why(pinned)


def _pin(
    call: Invocation, known: Mapping[str, str], text: str, expected: Mapping[str, str]
) -> tuple[list[tuple[int, int, str]], list[tuple[str, str]]] | None:
    """The edits that pin one push, with what they pin; None where a forced ref cannot be pinned."""
    forced = [push for push in pushes_of(call, known) if _needs_lease(push)]
    if not forced:
        return [], []
    pinned: list[tuple[str, str]] = []
    for push in forced:
        ref, sha = _seen(push, expected)
        if not ref or call.nested or push.wide:
            return None
        pinned.append((ref, sha))
    lease = " ".join(shlex.quote(f"--force-with-lease={ref}:{sha}") for ref, sha in pinned)
    edits: list[tuple[int, int, str]] = []
    for word in {o.word.start: o.word for o in call.options if _forces(o) and o.word is not None}.values():
        instead = _without_f(text[word.start : word.end])
        edits.append((word.start, word.end, " ".join(filter(None, (instead, "" if edits else lease)))))
    for word in call.words[1:]:
        if word.shown.startswith("+"):
            at = text.index("+", word.start)
            edits.append((at, at + 1, ""))
    if not any(_forces(option) for option in call.options):
        edits.append((call.sub_word.end, call.sub_word.end, f" {lease}"))
    return edits, pinned


def _forces(option: Option) -> bool:
    return option.name in ("--force", "-f", "--force-with-lease")


def _needs_lease(push: Push) -> bool:
    """Forced without saying over what. A lease on another ref's name follows every fetch, so it says nothing."""
    if push.force in ("force", "plus"):
        return True
    held = push.expected or ""
    return push.force == "lease" and not SHORT_SHA.match(held) and not held.startswith("$")


def _seen(push: Push, expected: Mapping[str, str]) -> tuple[str, str]:
    by_ref = {name.rpartition(" ")[2]: sha for name, sha in expected.items()}
    if not push.dst and not push.late and len(by_ref) == 1:
        return next(iter(by_ref.items()))  # the preview asked the settings which ref it is
    tag = push.dst.replace("refs/heads/", "refs/tags/", 1)
    dst = tag if push.guessed and push.dst not in by_ref and tag in by_ref else push.dst
    return (dst, by_ref[dst]) if dst in by_ref else ("", "")


def _without_f(word: str) -> str:
    """What stays of `-fu` when the force goes; nothing of a word that only forces."""
    if word.startswith("-") and not word.startswith("--") and word != "-f":
        return word.replace("f", "", 1)
    return ""


def _why(pinned: list[tuple[str, str]]) -> str:
    said = ", ".join(
        f"{ref.removeprefix('refs/heads/').removeprefix('refs/')} "
        + (f"is still at {sha[:7]}" if sha else "is still not there")
        for ref, sha in pinned
    )
    return f"A bare force overwrites whatever is there by then; with the lease it pushes only while {said}."
