"""The git calls in a shell text: where, with which sub-command, options and arguments. Nothing is run here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from runbook.model import Record
from runbook.providers.shell_words import Hole, Operator, Word, assignments_and_call, led_to, shell_words

NOTHING: Mapping[str, str] = {}

_ELSEWHERE = frozenset(("--git-dir", "--work-tree", "--namespace"))
ANOTHER_REPOSITORY = frozenset(("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY"))
_DECIDED_LATE = Hole(name="?")
_MAKES_VARIABLES = frozenset(("export", "declare", "local", "readonly", "typeset"))
_GLOBAL_VALUE = frozenset(("-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path", "--config-env"))
_VALUE = {
    "push": "-o --push-option --repo --receive-pack --exec --recurse-submodules",
    "revert": "-m --mainline -X --strategy-option --strategy --cleanup",
    "cherry-pick": "-m --mainline -X --strategy-option --strategy --cleanup",
    "commit-tree": "-p -m -F",
    "commit": "-m --message -F --file -C -c --author --date -t --template --fixup --squash",
    "checkout": "-b -B --orphan --conflict --pathspec-from-file",
    "switch": "-c -C --create --force-create --orphan --conflict",
    "fetch": "--depth --deepen --shallow-since --shallow-exclude --upload-pack --refmap -j --jobs -o --server-option",
    "pull": "--depth --upload-pack -s --strategy -X --strategy-option -j --jobs",
    "merge": "-m -F --file -s --strategy -X --strategy-option --into-name",
    "tag": "-m --message -F --file -u --local-user --cleanup",
    "branch": "-u --set-upstream-to",
    "update-ref": "-m",
    "reset": "--pathspec-from-file",
}
_TAKES_PATHS = frozenset(("checkout", "reset", "restore", "diff", "log", "show", "add", "rm"))
_PUSH_OPTIONS = (
    "--all --atomic --branches --delete --dry-run --exec --follow-tags --force --force-if-includes"
    " --force-with-lease --mirror --no-verify --porcelain --progress --prune --push-option --quiet --receive-pack"
    " --recurse-submodules --repo --set-upstream --signed --tags --thin --verbose --verify"
)
_PUSH_LONG = frozenset(_PUSH_OPTIONS.split())


class Option(Record, frozen=True):
    """An option as it was given: `-m` and its value, `--force-with-lease` and what follows the `=`."""

    name: str
    value: str | None = None
    """None where it has none; what the shell decides stands as `$NAME`."""
    word: Word | None = None


class Invocation(Record, frozen=True):
    """One call of git: where, with which sub-command, options and arguments."""

    sub: str
    sub_word: Word
    options: tuple[Option, ...] = ()
    words: tuple[Word, ...] = ()
    paths: tuple[Word, ...] = ()
    """What stands after `--`."""
    directory: str = ""
    """Relative to where the text starts: `cd` and `-C`; empty for the same."""
    settings: tuple[str, ...] = ()
    """What `-c` sets for this call only."""
    elsewhere: str = ""
    """What leads it to another repository than its directory's: `--git-dir`, `GIT_DIR`."""
    into: str = ""
    """The variable (or substitution) that takes its output."""
    nested: bool = False
    """Inside another command's quotes or a substitution: its place in the text is not known."""

    def has(self, *names: str) -> bool:
        return any(option.name in names for option in self.options)

    def given(self, *names: str) -> tuple[str, ...]:
        """The values of an option, in order."""
        return tuple(option.value or "" for option in self.options if option.name in names)

    def arguments(self, variables: Mapping[str, str] = NOTHING) -> tuple[str | None, ...]:
        """The arguments as git gets them; None for one that the shell decides."""
        return tuple(word.value(variables) for word in self.words)


class Assignment(Record, frozen=True):
    """`NAME=value` on a line of its own."""

    name: str
    word: Word
    exported: bool = False


Statement = Invocation | Assignment


def statements(text: str) -> tuple[Statement, ...]:
    """Every git call and every assignment of a shell text, in the order in which they happen."""
    return tuple(_led(_statements(text, into="", nested=False, depth=0)))


def _led(found: Iterator[Statement]) -> Iterator[Statement]:
    """Each git call knows what was exported before it that leads it to another repository."""
    elsewhere = ""
    for one in found:
        if isinstance(one, Assignment):
            elsewhere = one.name if one.exported and one.name in ANOTHER_REPOSITORY else elsewhere
            yield one
        else:
            yield msgspec.structs.replace(one, elsewhere=one.elsewhere or elsewhere)


def assign(statement: Assignment, known: dict[str, str]) -> None:
    """Take an assignment into the known variables; one that the shell decides makes its name unknown."""
    value = statement.word.value(known)
    if value is None:
        known.pop(statement.name, None)
    else:
        known[statement.name] = value


def _statements(text: str, into: str, nested: bool, depth: int) -> Iterator[Statement]:
    if depth > 5:
        return
    command: list[Word] = []
    directory, outside, left = "", list[str](), list[str]()
    for token in (*shell_words(text), Operator(text="\n")):
        if isinstance(token, Word):
            command.append(token)
            continue
        yield from _command(command, directory, into, nested, depth)
        called = assignments_and_call(command)[1]
        if (goal := led_to(called)) is not None:
            left += [directory] if called[0].shown == "pushd" else []
            directory = _join(directory, goal.shown)
        elif called and called[0].shown == "popd":
            directory = left.pop() if left else "-"
        if token.text == "(":
            outside.append(directory)
        elif token.text == ")" and outside:
            directory = outside.pop()
        command = []


def _command(words: list[Word], directory: str, into: str, nested: bool, depth: int) -> Iterator[Statement]:
    for word in words:
        for inner in word.inner:
            yield from _statements(inner, into=f"({inner})", nested=True, depth=depth + 1)
    settings, words = assignments_and_call(words)
    if not words:
        yield from (Assignment(name=name, word=word) for name, word in settings)
        return
    program = words[0].value(NOTHING) or ""
    name = program.rpartition("/")[2]
    elsewhere = next((name for name, _ in settings if name in ANOTHER_REPOSITORY), "")
    if name == "git":
        if call := _git(words[1:], directory, into, nested, elsewhere):
            yield call
    elif name in _MAKES_VARIABLES | {"for", "read"}:
        yield from _made(name, words[1:])
    elif name in ("bash", "sh", "dash", "zsh", "eval", "xargs", "timeout", "nice"):
        for place, word in enumerate(words[1:], 1):
            value = word.value(NOTHING)
            if value == "git" and name in ("xargs", "timeout", "nice"):
                end = words[-1].end
                more = [Word((_DECIDED_LATE,), end, end)] if name == "xargs" else []
                if call := _git([*words[place + 1 :], *more], directory, into, nested, elsewhere):
                    yield call
                break
            if value and "git" in value and name not in ("xargs", "timeout", "nice"):
                yield from _statements(value, into="", nested=True, depth=depth + 1)


def _made(name: str, words: list[Word]) -> Iterator[Assignment]:
    """What `export A=1`, `for A in …` and `read A` set; of the last two only the shell knows to what."""
    if name in _MAKES_VARIABLES:
        for made, word in assignments_and_call(words)[0]:
            yield Assignment(name=made, word=word, exported=name == "export")
    named = [word for word in words if not word.shown.startswith("-")]
    for word in named[:1] if name == "for" else named if name == "read" else ():
        yield Assignment(name=word.shown, word=Word((_DECIDED_LATE,), word.start, word.end))


def _git(words: list[Word], directory: str, into: str, nested: bool, elsewhere: str) -> Invocation | None:
    place, settings = 0, list[str]()
    while place < len(words):
        shown = words[place].shown
        name = shown.partition("=")[0]
        elsewhere = elsewhere or (name if name in _ELSEWHERE else "")
        if shown in _GLOBAL_VALUE:
            following = words[place + 1].shown if place + 1 < len(words) else ""
            if shown == "-C":
                directory = _join(directory, following)
            settings += [following] if shown == "-c" else []
            place += 2
        elif shown.startswith("-"):
            place += 1
        else:
            break
    if place >= len(words):
        return None
    sub = words[place]
    options, plain, paths = _options(sub.shown, words[place + 1 :])
    return Invocation(
        sub=sub.shown,
        sub_word=sub,
        options=options,
        words=plain,
        paths=paths,
        directory=directory,
        settings=tuple(settings),
        elsewhere=elsewhere,
        into=into,
        nested=nested,
    )


def _options(sub: str, words: list[Word]) -> tuple[tuple[Option, ...], tuple[Word, ...], tuple[Word, ...]]:
    with_value = frozenset(_VALUE.get(sub, "").split())
    options: list[Option] = []
    plain: list[Word] = []
    rest = iter(words)
    for word in rest:
        shown = word.shown
        if shown == "--":
            after = tuple(rest)
            if sub in _TAKES_PATHS:
                return tuple(options), tuple(plain), after
            plain.extend(after)  # for the others it only ends the options
            break
        if shown == "--end-of-options":
            plain.extend(rest)
        elif shown.startswith("--"):
            name, equals, value = shown.partition("=")
            name = _whole(name) if sub == "push" else name
            if name in with_value and not equals:
                following = next(rest, None)
                options.append(Option(name=name, value=following.shown if following else "", word=word))
            else:
                options.append(Option(name=name, value=value if equals else None, word=word))
        elif shown.startswith("-") and len(shown) > 1:
            options.extend(_cluster(word, with_value, rest))
        else:
            plain.append(word)
    return tuple(options), tuple(plain), ()


def _cluster(word: Word, with_value: frozenset[str], rest: Iterator[Word]) -> Iterator[Option]:
    letters = word.shown[1:]
    for place, letter in enumerate(letters):
        name = f"-{letter}"
        if name in with_value:
            following = None if letters[place + 1 :] else next(rest, None)
            yield Option(name=name, value=letters[place + 1 :] or (following.shown if following else ""), word=word)
            return
        yield Option(name=name, word=word)


def _whole(name: str) -> str:
    """Git takes any unique beginning of a long option: `--delet` deletes."""
    if name in _PUSH_LONG:
        return name
    fits = [long for long in _PUSH_LONG if long.startswith(name)]
    return fits[0] if len(fits) == 1 else name


def _join(directory: str, step: str) -> str:
    return step if step.startswith("/") or not directory else f"{directory}/{step}"
