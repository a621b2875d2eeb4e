"""What a document shows only to say that it is not to be run is shown, and never offered for running."""

from __future__ import annotations

import pytest

from runbook.reading.forbidding import forbids
from tests.unit.test_markdown_steps import steps


@pytest.mark.parametrize(
    "words",
    [
        "Never run this in production",
        "Do NOT use:",
        "DO NOT RUN",
        "⚠️ Do not ever run this",
        "Never do the following:",
        "This must never be run on prod:",
        "It drops everything. Never run it:",
        "Must not be run in production!",
        "Nobody should run",
        "Don't:",
        "Avoid this:",
        "Wrong",
        "Bad:",
        "Deprecated (kept for reference):",
        "❌",
        "❌ Wrong way:",
        "~~The old way:~~",
        "Nicht ausführen!",
    ],
)
def test_words_that_forbid(words: str) -> None:
    assert forbids(words)


@pytest.mark.parametrize(
    "words",
    [
        "Do not skip this step:",
        "Never forget to run:",
        "Do not panic. Run:",
        "Do not run this until the replica has caught up:",
        "Do not run this twice:",
        "Don't run this by hand, use the script:",
        "Do not use the old cluster. Use this one:",
        "Do not use --force here:",
        "Never push without testing:",
        "Avoid downtime:",
        "Bad deploy:",
        "Wrong version live:",
        "Deprecated API answers 500:",
        "❌ Roll back:",
        "❌ If it failed:",
        "Run this",
        "",
    ],
)
def test_words_that_ask_for_the_command_or_speak_of_something_else(words: str) -> None:
    assert not forbids(words)


_LOOK = "```bash\ngit log -3\n```\n"
_DROP = "```bash\ndropdb shop\n```\n"


@pytest.mark.parametrize(
    "text",
    [
        f"**Never run this in production:**\n\n{_DROP}",
        f"Do NOT use:\n\n{_DROP}",
        f"Never run this in production.\n\n{_DROP}",
        f"> ⚠️ **Never run this in production**\n\n{_DROP}",
        f"**WARNING:** do not run the command below on production!\n\n{_DROP}",
        f"The following must never be run on prod:\n\n{_DROP}",
        f"### Never run this\n\n{_DROP}\n### Look\n",
        "```bash\n# DO NOT RUN:\nkubectl delete pvc --all\nkubectl delete ns shop\n```\n",
        "```bash\n# Wrong:\ngit push --force origin main\n\n# Right:\n```\n",
        "```bash\ngit reset --hard HEAD~1  # never run this\n```\n",
        "```bash\ngit log -3\n# You must never run this:\ngit push --force\n```\n",
        "```bash\ngit log -3\n# Must not be run in production!\ngit push --force\n```\n",
        "```powershell\n# Never run this\nRemove-Item -Recurse shop\n```\n",
        "```powershell\n# Never run these:\nRemove-Item -Recurse shop\nRestart-Service shop\n```\n",
        "```powershell\n# Never run this:\n\nRemove-Item -Recurse shop\n```\n",
        "```powershell\nRemove-Item -Recurse shop  # never run this\n```\n",
        "- ❌ `git reset --hard HEAD~1 && git push -f`\n\nThen look.\n",
        "~~`terraform destroy`~~ (no longer used)\n",
        "Deprecated: `dropdb shop`\n",
        "`dropdb shop` (deprecated)\n",
        "Nobody should run `dropdb shop`\n",
        "Never:\n\n- `dropdb shop`\n- `git push -f origin main`\n\nThen look.\n",
        f"1. Never run this:\n   {_DROP.replace(chr(10), chr(10) + '   ')}\n2. Look\n",
    ],
)
def test_a_command_that_a_document_forbids_is_not_offered(text: str) -> None:
    found = steps(f"{text}\n{_LOOK}")
    assert {command.text for step in found for command in step.commands} == {"git log -3"}
    assert all(word not in step.title for step in found if step.commands for word in ("Never", "NOT", "Wrong"))


@pytest.mark.parametrize(
    "text",
    [
        f"Do not skip this step:\n\n{_DROP}",
        f"Never forget to run:\n\n{_DROP}",
        f"**Bad deploy:**\n\n{_DROP}",
        "```bash\n# Do not run this before the freeze\ndropdb shop\n```\n",
        "```bash\n# Never run this\nrm -r /srv/x\n# Run this\ndropdb shop\n```\n",
        "If the wrong version is live, run `dropdb shop`.\n",
        "~~Old.~~ Run `dropdb shop`.\n",
        f"{_DROP}\nNever run this in production.\n",
        "**❌ Roll back:** `dropdb shop`\n",
    ],
)
def test_a_command_that_only_stands_near_such_words_is_offered(text: str) -> None:
    assert [command.text for step in steps(text) for command in step.commands] == ["dropdb shop"]


def test_what_is_forbidden_is_shown_with_the_words_that_forbid_it() -> None:
    forbidden, _ = steps(f"**Never run this:**\n\n{_DROP}\n{_LOOK}")
    assert (forbidden.title, forbidden.message, forbidden.kind) == ("Never run this", "dropdb shop", "manual")
    (look,) = steps("```bash\n# Wrong:\ngit push -f\n\n# Look\ngit log -3\n```\n")
    assert (look.title, look.note) == ("Look", "Wrong: git push -f")
