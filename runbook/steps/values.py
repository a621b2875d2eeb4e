"""Values in shell text: `<id>` is filled in only where the command is certain to receive just that value.

Plain characters go in as typed. Anything else is quoted, and only where it stands as a word of its own;
everywhere else it is refused with the reason. In doubt it is refused.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping

from runbook.model import Param
from runbook.steps.effect_tables import ALIASES, CARRIERS, INTERPRETERS, words_of
from runbook.steps.shell_tokens import Token, Unbalanced, tokens

PLAIN = re.compile(r"[A-Za-z0-9._/@:+=,-]+")

SHELLS = words_of(
    "bash sh zsh dash ksh mksh ash fish csh tcsh busybox eval ssh mosh xargs parallel watch su runuser script "
    "tmux screen expect flock at batch make rsh plink pwsh powershell"
)
"""Programs that read some of their words, or their input, as shell text once more."""
SENDS = words_of("heroku dokku kamal ansible awk gawk mawk nawk")
"""Programs that put their words into a text, which a far shell or they themselves read."""
HANDS_ON = words_of("find kubectl docker docker-compose nomad")
"""Programs that start another one with its words as they are: no shell reads them again."""
TEXTS = words_of("-e --eval --command --commands --scripts --parameters --args -Command")
"""Options whose value is a program's text."""
EVALUATE = words_of(
    "[[ [ test let declare typeset local export readonly unset read printf mapfile trap alias . source exec command"
)
"""Builtins that may take a word for an expression, a name or a program."""
RESERVED = words_of("if then else elif fi for while until do done case esac in select function time coproc")
_PLACEHOLDER = re.compile(r"<([^<>\s]+)>")
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


class ValueRefused(ValueError):
    """A value that cannot go where the command wants it; `reason` is a sentence for the person."""

    def __init__(self, param: str, reason: str) -> None:
        super().__init__(f"<{param}>: {reason}")
        self.param = param
        self.reason = reason


def placeholders(text: str, known: Collection[str]) -> tuple[str, ...]:
    """The ids that a text leaves open, in order, each once."""
    return tuple(dict.fromkeys(found[1] for found in _PLACEHOLDER.finditer(text) if found[1] in known))


def missing(text: str, values: Mapping[str, str], known: Collection[str]) -> tuple[str, ...]:
    """The ids that a text leaves open and that have no value yet."""
    return tuple(name for name in placeholders(text, known) if not values.get(name))


def fill(text: str, values: Mapping[str, str], params: Iterable[Param]) -> str:
    """The text with its values in place, as bash will get it. Raises ValueRefused."""
    known = {param.id: param for param in params}
    spots = [found for found in _PLACEHOLDER.finditer(text) if found[1] in known]
    masked = text
    for spot in spots:
        masked = masked[: spot.start()] + "x" * len(spot[0]) + masked[spot.end() :]
    try:
        words: list[Token] | None = tokens(masked)
    except Unbalanced:
        words = None
    filled, done = [], 0
    for spot in spots:
        param, value = known[spot[1]], values.get(spot[1], "")
        if reason := check_kind(param, value) or _unfit(param, masked, words, spot, value):
            raise ValueRefused(param.id, reason)
        words_in = " ".join(shlex.quote(one) for one in param.each(value))  # of several, each is plain
        filled += [text[done : spot.start()], value if PLAIN.fullmatch(value) else words_in]
        done = spot.end()
    return "".join(filled) + text[done:]


def check_kind(param: Param, value: str) -> str:
    """Why a value is not one of the param's kind (by its looks; whether it exists, its provider tells); or ''."""
    return next((reason for one in param.each(value) for reason in _objections(param, one)), "")


def _objections(param: Param, value: str) -> Iterator[str]:
    if not value:
        yield "it has no value yet."
    if odd := next((char for char in value if _is_unseen(char)), ""):
        yield f"it holds a character that cannot be seen (U+{ord(odd):04X}); type it again."
    if value.startswith("-") and not param.allow_dash:
        yield "it begins with “-”, and a program would take it for an option."
    if param.kind == "secret":
        yield "a secret never stands in a command's text; name its variable there instead."
    if param.kind == "number" and not re.fullmatch(r"-?\d{1,18}(\.\d{1,9})?", value, re.ASCII):
        yield f"“{value}” is not a number."
    if param.kind == "url" and not re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:]+([/?#][!-~]*)?", value):
        yield f"“{value}” is not an http or https address."
    if param.kind == "git_commit" and not _is_ref(value, steps=True):
        yield f"“{value}” is not a name that git could give a commit."
    if param.kind == "git_tag" and not _is_ref(value, steps=False):
        yield f"“{value}” is not a name that git could give a tag."


def _is_unseen(char: str) -> bool:
    category = unicodedata.category(char)
    odd_space = category == "Zs" and char != " "
    return (
        category[0] == "C"
        or category in ("Zl", "Zp")
        or odd_space
        or char in _INVISIBLE
        or "\ufe00" <= char <= "\ufe0f"
    )


def _is_ref(value: str, steps: bool) -> bool:
    name = re.sub(r"([~^]\d{0,6}|\^\{commit\}|@\{\d{1,6}\})+$", "", value) if steps else value
    parts = name.split("/")
    return (
        re.fullmatch(r"[A-Za-z0-9._/@+=,#%-]{1,255}", name) is not None
        and ".." not in name
        and not name.endswith(".")
        and all(part and not part.startswith((".", "-")) and not part.endswith(".lock") for part in parts)
    )


def _unfit(param: Param, masked: str, words: list[Token] | None, spot: re.Match[str], value: str) -> str:
    """Why a value, or one of several, cannot stand at this place; or ''."""
    each = param.each(value)
    if len(each) == 1:
        return _unfit_here(masked, words, spot, value)
    if odd := next((one for one in each if not PLAIN.fullmatch(one)), ""):
        return f"of several, each must be a plain word, and “{odd}” is not."
    own = next((n for n, word in enumerate(words or ()) if (word.start, word.end) == spot.span()), -1)
    if words is None or own < 0:
        return "several values can only stand where the command has a word of its own for them."
    reasons = (_unfit_here(masked, words, spot, one) for one in each)
    refused = next((f"several values cannot stand here: {why}." for why in _word_objections(words, own)), "")
    return refused or next(filter(None, reasons), "")


def _unfit_here(masked: str, words: list[Token] | None, spot: re.Match[str], value: str) -> str:
    """Why this value cannot stand at this place, or ''."""
    if PLAIN.fullmatch(value):
        return next(_plain_objections(masked, words, spot, value), "")
    special = next(char for char in value if not PLAIN.fullmatch(char))
    what = f"“{special}” is special to the shell" if special != " " else "it holds a space"
    if words is None:
        return f"{what}, and the command's quotes or parentheses are not closed."
    own = next((n for n, word in enumerate(words) if (word.start, word.end) == spot.span()), -1)
    if own < 0:
        return f"{what}, and here it would stand {_surrounding(masked, words, spot)}."
    return next((f"{what}, and {objection}." for objection in _word_objections(words, own)), "")


def _word_objections(words: list[Token], own: int) -> Iterator[str]:
    """Why a quoted value cannot stand as this word of its own."""
    if words[own].depth:
        yield "here it would stand inside parentheses"
    if own and words[own - 1].plain in ("<<", "<<-"):
        yield "here it would end a heredoc"
    ended = max((n for n, word in enumerate(words[:own]) if word.kind in ("operator", "newline")), default=-1)
    before = [word.plain for word in words[ended + 1 : own]]
    if before[-1:] == ["-c"]:
        yield "after “-c” it would be read as a program's text"
    names = {_program(word.plain) for word in words if word.kind == "word"}
    if shells := sorted(names & SHELLS):
        yield f"{shells[0]} would read it as shell text once more"
    program = _command_around(words, own)[0]
    if program in EVALUATE or program.startswith(("$", "`")):
        yield f"{program} may read more into it than a value"
    if _is_program(before):
        yield f"after “{before[-1]}” it would be read as a program's text"
    if sender := _sender(before):
        yield f"{sender} or what it starts may read more into it than a value"


def _is_program(before: list[str]) -> bool:
    """Whether the last of the words before a value takes a program for its value: `perl -lane`, `--scripts`."""
    option = before[-1] if before else ""
    starts = next((word for word in reversed(before) if not word.startswith("-")), "")
    return option in TEXTS or (_program(starts) in INTERPRETERS and re.fullmatch(r"-\w*[cerpE]", option) is not None)


def _sender(before: list[str]) -> str:
    """The program among the words before a value that would have it read once more; or ''."""
    for number, word in enumerate(before):
        program = _program(word)
        marks = CARRIERS.get(program, "").split() if program not in HANDS_ON else []
        if program in SENDS or not set(marks).isdisjoint(before[number + 1 :]):
            return program
    return ""


def _program(word: str) -> str:
    last = re.sub(r"(?i)\.exe$", "", word.replace("\\", "/").rpartition("/")[2])
    return ALIASES.get(last, last)


def _plain_objections(masked: str, words: list[Token] | None, spot: re.Match[str], value: str) -> Iterator[str]:
    """The few places where even plain characters would mean something."""
    start, end = spot.span()
    if any(value in heredoc[1] for heredoc in re.finditer(r"(?<!<)<<-?(?!<)[ \t]*(\S+)", masked)):
        yield "it is (part of) the word that ends a heredoc here."
    around = next((word for word in words or () if word.start <= start and end <= word.end), None)
    if words is None or around is None or around.kind != "word":
        return
    if value.isdigit() and masked[end : end + 1] in ("<", ">") and around.start == start:
        yield "a number directly before a redirection would redirect."
    if "{" in masked[around.start : around.end] and ("," in value or ".." in value):
        yield "a comma or two dots inside braces would be expanded."
    first = _command_around(words, words.index(around))[0] == around.plain
    if first and around.start == start and ("=" in value or value in RESERVED):
        yield "at the beginning of a command it would not be taken for a program's name."


def _command_around(words: list[Token], number: int) -> list[str]:
    """The words of the simple command around a token (assignments before it left out); never empty."""
    ends = [n for n, word in enumerate(words) if word.kind in ("operator", "newline")]
    begin = max((n + 1 for n in ends if n < number), default=0)
    end = min((n for n in ends if n > number), default=len(words))
    found = [word.plain for word in words[begin:end] if word.kind == "word"]
    while len(found) > 1 and (re.match(r"[A-Za-z_]\w*\+?=", found[0]) or found[0] in RESERVED or found[0] in "{!"):
        found.pop(0)
    return found or [""]


def _surrounding(masked: str, words: list[Token], spot: re.Match[str]) -> str:
    around = next((word for word in words if word.start <= spot.start() < word.end), None)
    if around is None:
        return "in the middle of something else"
    if around.kind in ("comment", "heredoc"):
        return f"inside a {around.kind}"
    before = masked[around.start : spot.start()]
    if around.inner and any("x" in inner for inner in around.inner) and re.search(r"\$\(|`|[<>]\(", before):
        return "inside a substitution"
    if before.count('"') % 2 or before.count("'") % 2:
        return "inside quotes"
    return "as part of a longer word"
