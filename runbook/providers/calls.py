"""The program calls of a shell text, as providers read them: what is called, with which words, in which directory.

Nothing is run here. Calls inside quotes or substitutions are left out: their place in the text is not known.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Container, Iterator, Mapping, Sequence

import msgspec

from runbook.logs.clean import clean
from runbook.model import Record
from runbook.providers.shell_words import Operator, Word, assignments_and_call, led_to, shell_words

_LATE = re.compile(r"[\"']?(--[\w-]+)=(.*)\Z", re.DOTALL)
_SETTING = frozenset(("export", "readonly", "declare", "typeset", "local"))
_LEADING = re.compile(
    r"(?:AWS_(?:(?:DEFAULT_)?(?:PROFILE|REGION)|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|ENDPOINT_URL\w*|ROLE_ARN|\w+_FILE)"
    r"|KUBECONFIG|HELM_(?:NAMESPACE|KUBE\w+)|HEROKU_(?:APP|API_KEY)|GOOGLE_APPLICATION_CREDENTIALS|DOCKER_(?:HOST|CONTEXT)"
    r"|(?:VERCEL|CLOUDSDK|CLOUDFLARE|RAILWAY|COMPOSE)_\w+|PG(?:HOST\w*|PORT|USER|DATABASE|SERVICE\w*|PASS\w+|OPTIONS)|DATABASE_URL)\Z"
)
"""Variables by which clients know where to go."""
_READING = frozenset((".", "source", "eval"))
"""What sets variables that nobody can read here."""
_LEADS = re.compile(
    r"(?:kubectl|oc) config (?:use|set)|oc (?:project|login) \S|kube(?:ctx|ns) [^-\s]"
    r"|gcloud (?:config set|config configurations activate|init)|vercel (?:switch|link)|docker context use"
    r"|aws configure (?:set|sso)|heroku git:remote"
)
"""Calls that say where those after them act."""
_AS_ANOTHER = (
    "It runs as another user (sudo), whose sign-ins and settings are not known here; what stands in front of sudo does "
    "not reach it."
)
_LIMITERS = {
    "timeout": "-k --kill-after -s --signal",
    "nice": "-n --adjustment",
    "ionice": "-c --class -n --classdata",
    "stdbuf": "-i --input -o --output -e --error",
    "setsid": "",
    "chronic": "",
    "unbuffer": "",
}
"""Programs that start the one that counts and change nothing of where it acts, with their options that take a word."""
_PACKAGES = {
    "npx": "-p --package",
    "bunx": "-p --package",
    **dict.fromkeys(("pnpm", "yarn", "npm", "bun"), "-F --filter -C --dir --cwd --prefix --workspace"),
}
"""The same for those that start it out of a project's own packages."""
_VERBS = frozenset(("exec", "dlx", "x", "run"))
"""What a package manager is told so that it starts something: `pnpm exec vercel …`."""
_SIGN_IN = {
    **dict.fromkeys(("aws-vault", "aws-okta", "chamber", "saml2aws"), "exec"),
    **dict.fromkeys(("doppler", "infisical", "op"), "run"),
}
"""Programs that sign the one behind their `--` in: what it finds, and so where it acts, only they know."""


class Call(Record, frozen=True):
    """One call. `words` are its arguments; None stands for one that the shell decides when it runs."""

    program: str
    words: tuple[str | None, ...]
    directory: str = ""
    """By `cd`, relative to where the text starts; empty for the same."""
    settings: dict[str, str] = {}
    """`NAME=value` in front of it."""
    before: tuple[str, ...] = ()
    """The same as the text writes it, the unknown ones too: a variable in it stays one."""
    start: int = 0
    """Where what is called begins in the text."""
    end: int = 0
    """Where its last word ends in the text."""
    left: dict[str, str | None] = {}
    """What the text has set before it, without anything in front of it; None for what it took away."""
    exported: frozenset[str] = frozenset()
    """Of these what it has exported."""
    through: tuple[str, ...] = ()
    """What signs it in: `aws-vault exec live --`."""
    runner: tuple[str, ...] = ()
    """What starts it out of a project's own packages: `npx --no-install`."""
    called: str = ""
    """All of that and the program, as the text writes them: `npx vercel@64`, `doppler run -- ./deploy.sh`."""
    texts: tuple[str, ...] = ()
    """Its arguments as the text writes them."""
    unclear: str = ""
    """Why nobody can say yet where it acts, as a sentence; empty where one can."""

    def environment(self, env: Mapping[str, str]) -> dict[str, str]:
        """What it finds: `env`, changed as bash does by what the text has set before it, and what stands in front."""
        changed = {name: value for name, value in self.left.items() if name in env or name in self.exported}
        kept = {name: value for name, value in env.items() if changed.get(name, "") is not None}
        made = {name: value for name, value in changed.items() if value is not None} | self.settings
        return kept | {name: value for name, value in made.items() if name != "PATH"}

    def split(self, valued: str = "") -> Arguments:
        """Options told from plain words. `valued` names the options that take the following word."""
        return _split(self, frozenset(valued.split()))


class Arguments(Record, frozen=True):
    """A call's plain words in order, and its options with their last value (empty for a bare one)."""

    plain: tuple[str | None, ...]
    options: dict[str, str | None]
    texts: dict[str, str] = {}
    """The options' values as the text writes them."""

    def option(self, *names: str) -> str | None:
        """The value of an option under any of its names: empty where it is not given, None where the shell decides."""
        return next((self.options[name] for name in names if name in self.options), "")

    def has(self, *names: str) -> bool:
        return any(name in self.options for name in names)

    def unclear(self, names: Container[str]) -> str:
        """Why nobody can say yet where the call goes, which the shell decides by an option; empty where one can."""
        late = next((name for name, value in self.options.items() if name in names and value is None), "")
        return decided_late(late) if late else ""

    def scope(self, names: Container[str]) -> tuple[str, ...]:
        """Those of the options that have a value, as the words of a question to the same place."""
        given = ((name, value) for name, value in self.options.items() if name in names and value)
        return tuple(word for name, value in given for word in _option(name, value))

    def scope_text(self, names: Container[str], secret: Container[str]) -> str:
        """The same for a command that a person sees and runs: a secret stays the variable that it was."""
        given = ((name, value) for name, value in self.options.items() if name in names and value)
        shown = ((name, self.texts[name] if name in secret else shlex.quote(value)) for name, value in given)
        return " ".join(word for name, value in shown for word in _option(name, value))


def _option(name: str, value: str) -> tuple[str, ...]:
    return (f"{name}={value}",) if name.startswith("--") else (name, value)


def calls(text: str, variables: Mapping[str, str]) -> tuple[Call, ...]:
    """Every program call of a text, in order. `variables` are those that session and environment have set."""
    return tuple(_calls(text, dict(variables)))


def _calls(text: str, known: dict[str, str]) -> Iterator[Call]:
    words: list[Word] = []
    here = _Here(known=known)
    outside = list[_Here]()
    for token in (*shell_words(text), Operator(text="\n")):
        if isinstance(token, Word):
            words.append(token)
            continue
        front, rest = assignments_and_call(words)
        settings = _assigned(front, text, here.known)
        program = rest[0].value(here.known) if rest else ""
        if not rest or program in _SETTING:
            made = settings if not rest else _assigned(assignments_and_call(rest[1:])[0], text, here.known)
            names = {word.shown for word in rest[1:] if program == "export"} | made.keys() if rest else set[str]()
            here = here.with_set(made, frozenset(names if program == "export" else ()))
        elif program == "unset":
            here = here.without(frozenset(word.shown for word in rest[1:]))
        elif program == "for" and len(rest) > 1:
            here = here.with_set({rest[1].shown: None})
        elif (goal := led_to(rest)) is not None:
            here = here.in_directory(_value(goal, text, here.known) or goal.shown)
        elif program in _READING:
            here = here.decided_by(text[rest[0].start : rest[-1].end])
        elif call := _call(text, rest, here.known):
            yield here.told(call, settings, before=words[: len(words) - len(rest)], front=front, text=text)
            here = here.led_by(call)
        if token.text == "(":
            outside.append(here)
        elif token.text == ")" and outside:
            here = outside.pop()
        words = []


class _Here(Record, frozen=True):
    """What a text has reached: its directory, what it has set and exported, and why nobody knows where it acts."""

    known: dict[str, str]
    directory: str = ""
    unclear: str = ""
    left: dict[str, str | None] = {}
    exported: frozenset[str] = frozenset()

    def with_set(self, made: Mapping[str, str | None], exported: frozenset[str] = frozenset()) -> _Here:
        """After assignments; a value that the shell decides makes its name unknown, and where a client goes by it."""
        known = dict(self.known)
        _learn(known, made)
        found = exported | self.exported | self.known.keys()
        late = next(
            (name for name, value in made.items() if value is None and name in found and _LEADING.match(name)), ""
        )
        left = self.left | {name: value for name, value in made.items() if value is not None}
        return msgspec.structs.replace(
            self,
            known=known,
            left=left,
            exported=self.exported | exported,
            unclear=self.unclear or (decided_late(late) if late else ""),
        )

    def without(self, names: frozenset[str]) -> _Here:
        known = {name: value for name, value in self.known.items() if name not in names}
        return msgspec.structs.replace(self, known=known, left=self.left | dict.fromkeys(names))

    def decided_by(self, said: str) -> _Here:
        why = f"`{clean(said, 60)}` before it in the same command decides where it acts. In a step of its own: e"
        return msgspec.structs.replace(self, unclear=why)

    def led_by(self, call: Call) -> _Here:
        words = (word or "$" for word in call.words if not (word or "").startswith("--"))
        said = " ".join((call.program, *words))
        return self.decided_by(said) if _LEADS.match(said) else self

    def in_directory(self, step: str) -> _Here:
        whole = step if step.startswith("/") or not self.directory else f"{self.directory}/{step}"
        return msgspec.structs.replace(self, directory=whole)

    def told(
        self,
        call: Call,
        settings: Mapping[str, str | None],
        *,
        before: list[Word],
        front: Sequence[tuple[str, Word]],
        text: str,
    ) -> Call:
        """A call as it is made here."""
        late = next((name for name, value in settings.items() if value is None), "")
        by_env = any(word.parts == ("env",) for word in before)
        led = next((word for word in before if by_env and word.shown.startswith("-") and word.shown != "--"), None)
        as_another = any(word.parts == ("sudo",) for word in before)
        return msgspec.structs.replace(
            call,
            directory=self.directory,
            settings={name: value for name, value in settings.items() if value is not None},
            before=tuple(text[word.start : word.end] for _, word in front),
            left=self.left,
            exported=self.exported,
            unclear=_AS_ANOTHER
            if as_another
            else self.unclear
            or call.unclear
            or (decided_late(late) if late else "")
            or (f"`{clean(led.shown, 40)}` in front of it decides where it acts. Leave it out: e" if led else ""),
        )


def decided_late(name: str) -> str:
    """What to say where a part of a command has no value yet."""
    return f"What {name} is, the shell decides only when the command runs. Write it out: e"


def _learn(known: dict[str, str], made: Mapping[str, str | None]) -> None:
    """Take assignments over; one that the shell decides makes its name unknown."""
    for name, value in made.items():
        if value is None:
            known.pop(name, None)
        else:
            known[name] = value


def _assigned(front: Sequence[tuple[str, Word]], text: str, known: Mapping[str, str]) -> dict[str, str | None]:
    """What assignments set, each knowing those before it; None where the shell decides it."""
    so_far, made = dict(known), dict[str, str | None]()
    for name, word in front:
        made[name] = _value(word, text, so_far, name)
        _learn(so_far, {name: made[name]})
    return made


def _value(word: Word, text: str, known: Mapping[str, str], name: str = "") -> str | None:
    """A word as the program gets it, or what an assignment to `name` sets; None where the shell decides it."""
    value = word.value(known)
    start = word.start + (len(name) + 1 if name else 0)
    if value is not None and (value == "~" or value.startswith("~/")) and text.startswith("~", start):
        return known["HOME"] + value[1:] if "HOME" in known else value
    return value


def _call(text: str, words: list[Word], known: Mapping[str, str]) -> Call | None:
    values = [_value(word, text, known) for word in words]
    texts = [text[word.start : word.end] for word in words]
    place, runner, through, started = 0, list[str](), list[str](), list[int]()
    late = ""
    while own := _own_words(values[place:]):
        first, place = place, place + own
        if place >= len(values):
            return None
        name = _name(values[first])
        if name in _LIMITERS:
            continue
        said = [value or "" for value in values[first:place]]
        through, runner = (through + said, runner) if name in _SIGN_IN else (through, runner + said)
        late = name if name in _SIGN_IN and None in values[first:place] else late
        started += range(first, place)
    started.append(place)
    return Call(
        program=_name(values[place]),
        words=tuple(values[place + 1 :]),
        start=words[started[0]].start,
        end=words[-1].end,
        through=tuple(through),
        runner=tuple(runner),
        called=" ".join(texts[one] for one in started),
        texts=tuple(texts[place + 1 :]),
        unclear=decided_late(f"the word behind {late}") if late else "",
    )


def _own_words(values: Sequence[str | None]) -> int:
    """How many words belong to a program that starts another one; 0 where the first is none, or it starts nothing."""
    name = _name(values[0])
    if name in _SIGN_IN:
        own = values.index("--") + 1 if values[0] == name and "--" in values else 0  # a script of that name is another
        return own if _SIGN_IN[name] in values[:own] else 0
    if name in _LIMITERS:
        return _past_options(values, 1, _LIMITERS[name]) + (name == "timeout")
    if name not in _PACKAGES:
        return 0
    own = _past_options(values, 1, _PACKAGES[name])
    verb = name not in ("npx", "bunx") and own < len(values) and values[own] in _VERBS
    return _past_options(values, own + 1, _PACKAGES[name]) if verb else own


def _past_options(values: Sequence[str | None], place: int, valued: str) -> int:
    while place < len(values) and (word := values[place] or "").startswith("-"):
        place += 2 if word in valued.split() else 1
    return place


def _name(value: str | None) -> str:
    return (value or "").rpartition("/")[2].partition("@")[0]


def _split(call: Call, valued: frozenset[str]) -> Arguments:
    plain: list[str | None] = []
    options: dict[str, str | None] = {}
    texts: dict[str, str] = {}
    rest = iter(zip(call.words, call.texts, strict=True))
    for word, text in rest:
        if word == "--":
            plain += [word for word, _ in rest]
        elif word is None and (late := _LATE.match(text)):
            options[late[1]], texts[late[1]] = None, late[2]
        elif word is None or not word.startswith("-") or word == "-":
            plain.append(word)
        elif word.startswith("--"):
            name, equals, value = word.partition("=")
            quote = text[0] if text[0] in "\"'" else ""
            within = (value, quote + text.partition("=")[2])
            following = next(rest, ("", "")) if name in valued and not equals else within
            options[name], texts[name] = following
        elif word[:2] in valued:
            within = (word[2:].removeprefix("="), text[2:].removeprefix("="))
            options[word[:2]], texts[word[:2]] = within if within[0] else next(rest, ("", ""))
        else:
            options[word] = ""
    return Arguments(plain=tuple(plain), options=options, texts=texts)
