"""A team's own platforms, from the form to the model and back."""

from __future__ import annotations

import re
import shlex

from runbook.model import Effect, OwnPlatform, Question
from runbook.reading.compose_signals import ONLY_READ, InferEffect
from runbook.reading.compose_steps import check_ids, placeholders, said
from runbook.reading.form import PlatformForm, QuestionForm, RunbookForm
from runbook.reading.problems import Problems
from runbook.reading.tree import line_of

RELEASE = "release"
_SHELL = frozenset("();<>|&")


def platforms(form: RunbookForm, problems: Problems, infer: InferEffect | None) -> tuple[OwnPlatform, ...]:
    """The platforms of a form; what does not fit is noted."""
    check_ids(((name, f"platforms.{name}") for name in form.platforms), "platform", problems)
    return tuple(_Platform(name, one, problems, infer).made() for name, one in form.platforms.items())


class _Platform:
    def __init__(self, name: str, form: PlatformForm, problems: Problems, infer: InferEffect | None) -> None:
        self.name, self.form, self.problems, self.infer = name, form, problems, infer
        self.key = f"platforms.{name}"

    def made(self) -> OwnPlatform:
        form = self.form
        if placeholders(form.order).count(RELEASE) != 1:
            why = f"An `order` says with <{RELEASE}> where the release stands in the command."
            self.problems.add(why, line_of(form.order), f"{self.key}.order")
        self._one_program(form.order, "order")
        if bool(form.releases) == bool(form.values):
            why = "A platform says either with `releases` or with `values` what can be gone back to."
            self.problems.add(why, line_of(self.name), self.key)
        self._known(form.what, "what")
        return OwnPlatform(
            id=str(self.name),
            order=said(form.order),
            live=self._question(form.live, "live"),
            releases=self._question(form.releases, "releases") if form.releases else None,
            values=form.values,
            noun=form.noun,
            what=form.what,
        )

    def _question(self, form: QuestionForm, key: str) -> Question:
        if bool(form.run) == bool(form.url):
            self.problems.add("A question is either `run` or `url`.", line_of(self.name), f"{self.key}.{key}")
        if form.url and not re.match(r"https?://|<", form.url):
            why = "A question's `url` begins with http:// or https://."
            self.problems.add(why, line_of(form.url), f"{self.key}.{key}.url")
        if form.run:
            self._one_program(form.run, f"{key}.run")
            if self.infer is not None and not form.reads and self.infer(form.run) is not Effect.READ:
                self.problems.add(ONLY_READ, line_of(form.run), f"{self.key}.{key}.run")
        if form.headers and not form.url:
            self.problems.add("`headers` go with a `url`.", line_of(self.name), f"{self.key}.{key}")
        self._known(form.run, f"{key}.run")
        self._known(form.url, f"{key}.url")
        headers = {str(name): str(value) for name, value in form.headers.items()}
        return Question(run=said(form.run), url=form.url, headers=headers, path=form.path, reads=form.reads)

    def _known(self, text: str, key: str) -> None:
        """What a question leaves open is read out of the command, so it must stand there."""
        there = [name for name in placeholders(self.form.order) if name != RELEASE]
        for name in placeholders(text):
            if name not in there:
                self.problems.unknown("value in the `order`,", name, there, line_of(text), f"{self.key}.{key}")

    def _one_program(self, text: str, key: str) -> None:
        bare = re.sub(r"<[A-Za-z][\w-]*>", "x", text)
        try:
            lexer = shlex.shlex(bare, posix=True, punctuation_chars=True)
            lexer.whitespace_split = True
            words = list(lexer)
        except ValueError:
            words = []
        if not words or any(set(word) <= _SHELL for word in words) or re.search(r"\$\(|`", bare):
            why = "This is one program with its words: no pipes, no redirections, nothing for a shell to work out."
            self.problems.add(why, line_of(text), f"{self.key}.{key}")


def platform_form(platform: OwnPlatform) -> PlatformForm:
    """The form that composes to this platform."""
    return PlatformForm(
        order=platform.order,
        live=_asked(platform.live),
        releases=_asked(platform.releases) if platform.releases else None,
        values=platform.values,
        noun=platform.noun,
        what=platform.what,
    )


def _asked(question: Question) -> QuestionForm:
    return QuestionForm(
        run=question.run, url=question.url, headers=question.headers, path=question.path, reads=question.reads
    )
