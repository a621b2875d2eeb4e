"""How steps come out of sections: titles, items, sentences, fences, pairs, and where each of them belongs."""

from __future__ import annotations

import pytest

from runbook.model import Effect, Runbook, Step
from runbook.reading import markdown
from runbook.reading.document.mentions import mentions
from runbook.reading.fence import looks_like_command
from runbook.signals.criteria import parse
from runbook.steps import effects


def read(text: str) -> Runbook:
    return markdown.loads(text, "ROLLBACK.md", parse_criterion=parse, infer=effects.infer, kind_of=effects.kind)


def steps(text: str) -> list[Step]:
    """The steps of the one way that a document with this text under its heading has."""
    (method,) = read(f"# Rollback\n\n## Rollback steps\n\n{text}\n").methods
    return list(method.steps)


def told(step: Step) -> tuple[str, list[str]]:
    return step.title, [command.as_written or command.text for command in step.commands]


# ── words above several steps ─────────────────────────────────────────────────────────────────────


STOP_START = "```bash\n# Stop\nsystemctl stop shop\n# Start\nsystemctl start shop\n```"


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        (f"**On web-1:**\n\n{STOP_START}", ["On web-1: Stop", "On web-1: Start"]),
        (f"If the cache is stale:\n\n{STOP_START}", ["If the cache is stale: Stop", "If the cache is stale: Start"]),
        (f"**Frontend**\n\n{STOP_START}", ["Frontend: Stop", "Frontend: Start"]),
        (f"Run the following commands:\n\n{STOP_START}", ["Stop", "Start"]),
        (f"1. On the standby\n\n   {STOP_START.replace(chr(10), chr(10) + '   ')}", ["On the standby: Stop", "On the standby: Start"]),
        ("If it ran:\n\n1. Undo it: `./undo.sh`\n2. Tell Ann", ["If it ran: Undo it: `./undo.sh`", "If it ran: Tell Ann"]),
        ("Only on the standby:\n\n- `pg_ctl promote`", ["Only on the standby: `pg_ctl promote`"]),
        (
            "On the standby:\n\n1. Stop\n\n```bash\n./stop.sh\n```\n\n2. Start\n\n```bash\n./start.sh\n```",
            ["On the standby: Stop", "On the standby: Start"],
        ),
        ("On the standby:\n\n1. Stop `x`\n\nBack here.\n\n1. Rest", ["On the standby: Stop `x`", "Rest"]),
        ("Wenn die Migration lief:\n\n1. Zurück: `./undo.sh`", ["Wenn die Migration lief: Zurück: `./undo.sh`"]),
    ],
)  # fmt: skip
def test_a_condition_or_a_place_above_several_steps_stands_before_each(text: str, titles: list[str]) -> None:
    assert [step.title for step in steps(text) if step.commands or not step.title.endswith("standby")] == titles


def test_what_the_prose_above_all_ways_asks_for_stands_before_each_of_them() -> None:
    ways = "### Option A: undo\n\n```bash\n./undo.sh\n```\n\n### Option B: old release\n\n```bash\n./old.sh\n```"
    told = read(f"# Shop\n\nUse it at night.\n\n## Rollback\n\nFirst, stop the queue by hand.\n\n{ways}\n")
    assert [way.steps[0].note for way in told.methods] == ["First, stop the queue by hand."] * 2
    assert not any(way.steps[0].note for way in read(f"# Shop\n\n## Rollback\n\nBoth are quick.\n\n{ways}\n").methods)


def test_whom_to_call_may_be_told_in_a_sentence() -> None:
    said = "Call the owner first. If nobody answers, page the lead."
    assert [one.who for one in read(f"# Rollback\n\n## Escalation\n\n{said}\n").contacts] == [said]


def test_what_a_person_is_expected_to_see_is_said_once() -> None:
    looked, _ = steps("```bash\n# Open the dashboard\n# Expected: no red line\n\n# Undo\n./undo.sh\n```")
    assert (looked.kind, looked.note) == ("manual", "Expected: no red line")


def test_a_long_sentence_above_several_steps_is_a_note_of_the_first() -> None:
    words = "The whole procedure takes about twenty minutes and goes like this"
    first, second = steps(f"{words}:\n\n{STOP_START}")
    assert (first.note, second.note) == (words, "")


def test_a_warning_between_bold_lines_is_not_lost() -> None:
    (step,) = steps("**⚠️ CRITICAL: It overwrites everything.**\n\n**Restore**\n\n```bash\n./restore.sh\n```")
    assert (step.title, step.note) == ("Restore", "CRITICAL: It overwrites everything.")


@pytest.mark.parametrize("lead", ["The workflow will:", "**What it does:**", "This script automatically:"])
def test_what_a_program_does_by_itself_is_no_step(lead: str) -> None:
    (step,) = steps(f"1. Click **Run workflow**\n\n{lead}\n\n1. Find the release\n2. Switch to it")
    assert step.title == "Click Run workflow"
    assert "- Find the release\n- Switch to it" in step.note


def test_causes_and_signs_are_notes_of_what_is_done_about_them() -> None:
    (step,) = steps("**Possible causes:**\n\n1. The cache is stale\n2. A bad day\n\n```bash\n./flush.sh\n```")
    assert step.commands[0].text == "./flush.sh"
    assert step.note == "Possible causes:\n- The cache is stale\n- A bad day"


def test_what_a_nested_item_says_stands_at_its_commands() -> None:
    text = """
1. On each server:
   1. Drain it:

      ```bash
      ./drain.sh
      ```

   2. Stop it
      - on systemd: `systemctl stop shop`
      - on docker: `docker stop shop`
"""
    (step,) = steps(text)
    assert [(command.text, command.note) for command in step.commands] == [
        ("./drain.sh", "Drain it"),
        ("systemctl stop shop", "on systemd: `systemctl stop shop`"),
        ("docker stop shop", "on docker: `docker stop shop`"),
    ]


def test_a_part_that_is_told_in_a_sentence_is_a_step_by_hand_and_one_that_only_describes_is_none() -> None:
    part = "### {}\n\n{}\n\n"
    text = "### Undo\n\n```bash\n./undo.sh\n```\n\n" + part.format(
        "Cache", "Purge everything in the console of the CDN."
    )
    text += part.format("Why", "The cache holds pages for an hour.")
    assert [(step.title, step.kind) for step in steps(text)] == [("Undo", "run"), ("Cache", "manual")]


def test_a_function_of_the_document_is_no_program_to_look_for() -> None:
    (way,) = read(
        '# Rollback\n\n## Rollback steps\n\n```bash\nback() {\n  helm rollback "$1"\n}\nback shop\n```\n'
    ).methods
    assert [check.tool for check in way.requires] == []


@pytest.mark.parametrize(
    ("sentence", "inside"),
    [
        ("SSH into the bastion (`ssh bastion`) and run `sudo systemctl restart shop`.", "sudo systemctl restart shop"),
        ("Run `ssh web-1`, then `systemctl stop shop` and `exit`.", "systemctl stop shop"),
        ("Open a shell with `kubectl exec -it web-0 -- sh` and run `rm -rf /cache`.", "rm -rf /cache"),
    ],
)
def test_what_a_sentence_runs_behind_a_shell_elsewhere_is_typed_there(sentence: str, inside: str) -> None:
    (step,) = steps(sentence)
    assert [command.typed_inside for command in step.commands] == [inside]


def test_the_filled_in_form_of_a_command_is_its_example_and_no_second_step() -> None:
    fence = "```bash\n{}\n```"
    one = fence.format("./tenant.sh back <tenant>") + "\n\nExample:\n\n" + fence.format("./tenant.sh back acme")
    both = fence.format("./tenant.sh back <tenant>\n# Example:\n./tenant.sh back acme")
    for text in (one, both):
        (step,) = steps(text)
        assert [command.text for command in step.commands] == ["./tenant.sh back <tenant>"]
        assert step.note == "Example: ./tenant.sh back acme"
    other = fence.format("./tenant.sh back acme") + "\n\nExample:\n\n" + fence.format("./tenant.sh back bona")
    assert len([command for step in steps(other) for command in step.commands]) == 2


def test_a_warning_in_bold_does_not_take_the_place_of_the_title() -> None:
    (step,) = steps("**Restore**\n\n**⚠️ All is lost.**\n\n```bash\n./restore.sh\n```")
    assert (step.title, step.note) == ("Restore", "All is lost.")


def test_rows_for_different_cases_are_a_choice() -> None:
    rows = "| Environment | Command |\n|---|---|\n| staging | `./back.sh staging` |\n| production | `./back.sh live` |"
    found = steps(rows)
    assert [step.title for step in found] == ["staging", "production"]
    assert found[0].either and found[0].either == found[1].either


def test_a_way_back_that_is_told_in_a_sentence_is_one() -> None:
    text = "# Runbook\n\n## Rollback via the dashboard\n\n{}\n\n## Rollback by hand\n\n```bash\n./back.sh\n```\n"
    told = read(text.format("Open it, pick the deployment before and click Promote."))
    assert [way.title for way in told.methods] == ["Rollback via the dashboard", "Rollback by hand"]
    described = read(text.format("It is the same as the one by hand."))
    assert [way.title for way in described.methods] == ["Rollback by hand"]


def test_an_item_that_is_nothing_but_a_command_is_run() -> None:
    found = steps("1. kubectl rollout undo deploy/web -n prod\n2. kubectl get pods are shown\n3. Look at the pods")
    assert [(step.title, step.kind) for step in found] == [
        ("kubectl rollout undo deploy/web -n prod", "run"),
        ("kubectl get pods are shown", "manual"),
        ("Look at the pods", "manual"),
    ]


def test_a_rollback_under_each_part_of_a_system_is_a_way_of_its_own() -> None:
    part = "## {}\n\n### Rollback\n\n1. `{}`\n\n"
    text = part.format("Frontend", "vercel rollback") + part.format("Database", "alembic downgrade -1")
    assert [way.title for way in read(f"# Rollback procedures\n\n{text}").methods] == [
        "Frontend: Rollback",
        "Database: Rollback",
    ]


def test_a_heading_that_says_nothing_by_itself_gives_way_to_the_one_above_it() -> None:
    (step,) = steps("### Database\n\n#### Rollback\n\n1. `alembic downgrade -1`")
    assert step.title == "Database: `alembic downgrade -1`"


def test_a_number_of_two_levels_needs_no_dot_behind_it() -> None:
    found = steps("### 3.1 Look\n\n```bash\nuptime\n```\n\n### 3.2 Undo\n\n```bash\n./undo.sh\n```")
    assert [step.title for step in found] == ["Look", "Undo"]


def test_sql_beside_the_ways_back_is_shown_to_be_copied() -> None:
    text = "# Runbook\n\n## Rollback steps\n\n```bash\n./back.sh\n```\n\n## Raise a limit\n\n```sql\nUPDATE limits SET most = 5;\n```\n"
    (other,) = read(text).others
    assert [(step.title, step.kind, step.message) for step in other.steps] == [
        ("Raise a limit", "manual", "UPDATE limits SET most = 5;")
    ]


def test_acts_under_the_contacts_are_steps_and_levels_are_none() -> None:
    text = "# Rollback\n\n## Escalation\n\n### Immediate response\n\n1. Look at the charts\n\n### Level 1: First response\n\n1. Ann, @ann\n"
    assert [step.title for other in read(text).others for step in other.steps] == [
        "Immediate response: Look at the charts"
    ]


# ── sentences ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("sentence", "armed"),
    [
        ("Run `git log -3`.", ["git log -3"]),
        ("Then execute `git push origin main` and wait.", ["git push origin main"]),
        ("Look at the pods: `kubectl get pods`", ["kubectl get pods"]),
        ("**Restart:** `docker restart cache`", ["docker restart cache"]),
        ("`kubectl get pods`", ["kubectl get pods"]),
        ("Clear it via `docker builder prune -a`.", ["docker builder prune -a"]),
        ("Run `git fetch origin` and `git log -3`", ["git fetch origin", "git log -3"]),
        ("Set the page `heroku config:set PAGE=x -a pear`.", ["heroku config:set PAGE=x -a pear"]),
        ("Do not run `git push --force origin main`.", []),
        ("Use a pull request instead of `git push origin main`.", []),
        ("The `git push origin main` step takes long.", []),
        ("When `kubectl get pods` shows an error, go on.", []),
        ("`kubectl get pods` should show three of them", []),
        ("It is the same as `git revert HEAD`", []),
        ("Needs `kubectl` and `jq`", []),
        ("`docker stop cache`, wait a minute, `docker start cache`", ["docker stop cache", "docker start cache"]),
        ("Don't forget to run `docker restart cache`", ["docker restart cache"]),
        ("Don't run `docker restart cache`", []),
        ("(optional) `docker restart cache`", ["docker restart cache"]),
        ("Einschalten: `./wartung.sh an`", ["./wartung.sh an"]),
    ],
)
def test_a_sentence_tells_to_run_a_command_or_only_speaks_of_it(sentence: str, armed: list[str]) -> None:
    assert [mention.text for mention in mentions(sentence, looks_like_command) if mention.armed] == armed


def test_what_follows_an_arrow_is_what_should_be_seen() -> None:
    (step,) = steps("1. `curl https://x.example/ready` → `ok`")
    assert step.commands[0].expected == "ok"


def test_a_sentence_with_a_command_is_its_title() -> None:
    (step,) = steps("After that, run `git log -3` to be sure.")
    assert told(step) == ("After that, run `git log -3` to be sure.", ["git log -3"])


def test_placeholders_at_the_start_of_a_line_survive() -> None:
    (step,) = steps("1. Redirect it:\n   ```bash\n   git revert \\\n     <REVISION>\n   ```")
    assert "REVISION" in step.commands[0].text or "revision" in step.commands[0].text.lower()


# ── items ─────────────────────────────────────────────────────────────────────────────────────────


def test_an_item_is_the_title_of_the_fence_inside_it_or_right_below_it() -> None:
    inside = steps("1. **List them**\n   ```bash\n   git tag -l\n   ```\n2. Choose one\n")
    below = steps("1. List them:\n```bash\ngit tag -l\n```\n2. Choose one\n")
    for found in (inside, below):
        assert [told(step) for step in found] == [("List them", ["git tag -l"]), ("Choose one", [])]
        assert [step.kind for step in found] == ["run", "manual"]


def test_nested_items_are_the_notes_of_their_step() -> None:
    (step,) = steps("1. Go to the console\n   - Click the release\n   - Press the button\n")
    assert (step.title, step.kind, step.note) == (
        "Go to the console",
        "manual",
        "- Click the release\n- Press the button",
    )


def test_bullets_under_one_lead_are_one_step() -> None:
    (step,) = steps("Tell the others:\n\n- the shop\n- the press\n")
    assert (step.title, step.note) == ("Tell the others", "- the shop\n- the press")


def test_a_way_that_is_only_words_is_a_step_by_hand_and_says_that_it_is_guessed() -> None:
    book = read(
        "# Rollback\n\n### Option 1: By phone\nCall the host.\n\n### Option 2: Git\n```bash\ngit revert HEAD\n```\n"
    )
    assert [(m.label, [s.kind for s in m.steps]) for m in book.methods] == [("1", ["manual"]), ("2", ["run"])]
    assert book.methods[0].steps[0].note == "Call the host." and book.methods[0].steps[0].guess


# ── fences ────────────────────────────────────────────────────────────────────────────────────────


def test_a_command_behind_the_prompt_of_another_machine_is_shown_with_the_machine() -> None:
    there, here = steps(
        "```console\ndeploy@web1:/srv/app$ git reset --hard HEAD~1\n```\n\nThen:\n\n```bash\ngit log -3\n```\n"
    )
    assert (there.kind, there.commands, there.note) == ("manual", (), "The document shows this on web1.")
    assert "git reset --hard HEAD~1" in there.message and told(here) == ("Then", ["git log -3"])
    mixed = steps("```console\n$ psql shop\nroot@web1:~# rm -rf /srv/app/cache\n$ git log -3\n```\n")
    assert not any("rm" in f"{one.text} {one.typed_inside}" for step in mixed for one in step.commands)


_BACK = "```bash\nhelm rollback shop\n```\n"
_UNDO = "```bash\nkubectl rollout undo deploy/shop\n```\n"
_EITHER = [["helm rollback shop"], ["kubectl rollout undo deploy/shop"]]


@pytest.mark.parametrize(
    "text",
    [
        f"If the release is known:\n\n{_BACK}\nOtherwise:\n\n{_UNDO}",
        f"Go back:\n\n{_BACK}\nAlternatively, with kubectl:\n\n{_UNDO}",
        f"Go back:\n\n{_BACK}\n**Or:**\n\n{_UNDO}",
        "Run `helm rollback shop`.\n\nOr run `kubectl rollout undo deploy/shop`.\n",
        "Run either `helm rollback shop` or `kubectl rollout undo deploy/shop`.\n",
        "1. Run `helm rollback shop` or `kubectl rollout undo deploy/shop`\n2. Wait\n",
        "1. Run `helm rollback shop`\n2. Or run `kubectl rollout undo deploy/shop`\n3. Wait\n",
        "1. Go back:\n   ```\n   helm rollback shop\n   ```\n   Or:\n   ```\n   kubectl rollout undo deploy/shop\n   ```\n",
    ],
)
def test_ways_that_words_offer_a_choice_of_are_chosen(text: str) -> None:
    found = [step for step in steps(text) if step.commands]
    assert [told(step)[1] for step in found] == _EITHER
    assert found[0].either and len({step.either for step in found}) == 1


@pytest.mark.parametrize(
    "text",
    [
        f"Go back:\n\n{_BACK}\nThen:\n\n{_UNDO}",
        f"Order matters:\n\n{_BACK}\nOrders next:\n\n{_UNDO}",
        "Run `helm rollback shop` and `kubectl rollout undo deploy/shop`.\n",
        f"Look:\n\n```bash\nkubectl get pods\n```\n\nOtherwise:\n\n{_UNDO}",
    ],
)
def test_what_is_done_in_order_is_no_choice(text: str) -> None:
    assert {step.either for step in steps(text)} == {""}


def test_a_choice_in_a_sentence_leaves_what_stands_around_it_in_order() -> None:
    text = "Run `git fetch origin`. Then run `./a.sh x`, `./b.sh x` or `./c.sh x`. After it run `kubectl get pods -n shop`."
    found = steps(text)
    assert [told(step)[1] for step in found] == [
        ["git fetch origin"], ["./a.sh x"], ["./b.sh x"], ["./c.sh x"], ["kubectl get pods -n shop"],
    ]  # fmt: skip
    assert [bool(step.either) for step in found] == [False, True, True, True, False]


def test_the_first_way_of_a_fence_goes_back_to_the_comment_or_the_empty_line_before_it() -> None:
    text = (
        "```bash\n# Fetch\ngit fetch\n\ncd /srv\ngit reset --hard v1\ngit push\n# or\ngit revert HEAD\ngit push\n```\n"
    )
    fetch, first, second = steps(text)
    assert [command.text for command in fetch.commands] == ["git fetch", "cd /srv"] and not fetch.either
    assert [command.text for command in first.commands] == ["git reset --hard v1", "git push"]
    assert [command.text for command in second.commands] == ["git revert HEAD", "git push"]
    assert first.either == second.either != ""


@pytest.mark.parametrize("lead", ["Expected output:", "**Expected**:", "You should see:", "Example output:"])
def test_a_fence_after_such_words_is_what_should_be_seen(lead: str) -> None:
    (step,) = steps(f"```bash\n# Look\nkubectl get pods\n```\n\n{lead}\n\n```\nkubectl-like text\n```\n")
    assert step.commands[0].expected == "kubectl-like text" and len(step.commands) == 1


def test_a_sentence_of_expectation_goes_to_the_command_above() -> None:
    (step,) = steps("```bash\n# Look\nkubectl get pods\n```\n\nExpected: three of them\n")
    assert step.commands[0].expected == "three of them"


def test_only_a_plain_status_of_a_printed_header_is_checked_by_the_machine() -> None:
    text = "```bash\n# A\ncurl -I https://x.example\n# Expected: 200 OK\n\n# B\ncurl https://x.example\n# Expected: 200 OK\n```"
    first, second = steps(text)
    assert first.commands[0].expect.matches and not second.commands[0].expect.matches


def test_the_author_overrules_what_is_inferred() -> None:
    above = steps('<!-- warroom: effect=destroy target=shop done_when="test -e /x" -->\n```bash\n./back.sh now\n```\n')
    attributes = steps('```bash {"name":"promote","risk":"destroy"}\n./back.sh now\n```\n')
    assert above[0].commands[0].effect is Effect.DESTROY and above[0].commands[0].target == "shop"
    assert above[0].done_when is not None and above[0].done_when.run == "test -e /x"
    assert attributes[0].commands[0].effect is Effect.DESTROY and attributes[0].id == "promote"


def test_what_a_comment_would_have_asked_without_a_confirmation_is_not_asked_unless_it_only_reads() -> None:
    (step,) = steps('<!-- warroom: done_when="rm -rf /x" -->\n```bash\n./back.sh now\n```\n')
    assert step.done_when is None and "`rm -rf /x` is not known to only read" in step.note


def test_a_configuration_to_write_is_text_to_copy() -> None:
    (step,) = steps("1. Change the file:\n   ```yaml\n   replicas: 0\n   ```\n")
    assert (step.title, step.kind, step.message) == ("Change the file", "manual", "replicas: 0")


# ── where things belong ───────────────────────────────────────────────────────────────────────────


def test_a_step_is_closed_by_the_one_that_takes_it_back() -> None:
    found = steps(
        "```bash\n# Close\nheroku maintenance:on -a pear\n\n# Mend\nheroku rollback -a pear\n\n"
        "# Open\nheroku maintenance:off -a pear\n```\n\n```bash\n# Scale down\nkubectl scale deploy/x --replicas=0\n\n"
        "# Scale up\nkubectl scale deploy/x --replicas=3\n```\n"
    )
    by_title = {step.title: step for step in found}
    assert by_title["Close"].closed_by == by_title["Open"].id
    assert by_title["Scale down"].closed_by == by_title["Scale up"].id
    assert not by_title["Mend"].closed_by and not by_title["Scale up"].closed_by


FENCE = "```bash\ngit {}\n```\n\n"


@pytest.mark.parametrize(
    ("headings", "labels"),
    [
        (["## Option A: Git", "## Option B: Again"], ["A", "B"]),
        (["## Scenario 1: Slow", "## Scenario 2: Down"], ["1", "2"]),
        (["## A. Roll back the image", "## B. Roll back the settings"], ["A", "B"]),
        (["## Vercel rollback", "## Railway rollback"], ["1", "2"]),
        (["## 1. Stop it", "## 2. Restore it"], ["1"]),
        (["## Step 1: Stop it", "## Step 2: Restore it"], ["1"]),
        (["## Stop it", "## Restore it"], ["1"]),
        (["## Rollback strategies\n### 1. By tag", "### 2. By hand"], ["1", "2"]),
        (["## Opción 1: Git", "## Opción 2: Otra vez"], ["1", "2"]),
        (["## Méthode 1 : Git", "## Méthode 2 : encore"], ["1", "2"]),
        (["## 方法 1：Git", "## 方法 2：再来"], ["1", "2"]),
    ],
)
def test_marked_siblings_are_ways_and_numbered_ones_are_steps(headings: list[str], labels: list[str]) -> None:
    text = "# Rollback\n\n" + "".join(
        f"{heading}\n" + FENCE.format(f"log -{n}") for n, heading in enumerate(headings, 1)
    )
    assert [method.label for method in read(text).methods] == labels


def test_levels_of_contacts_are_no_ways_back() -> None:
    book = read(
        "# Rollback\n\n## Contacts\n### Level 1: Near\n1. Call\n### Level 2: Far\n1. Call\n\n## Steps\n"
        + FENCE.format("log -1")
    )
    assert [method.title for method in book.methods] == ["Steps"]


def test_triage_and_reference_stand_beside_the_ways() -> None:
    book = read(
        "# Rollback\n\n## Prerequisites\n" + FENCE.format("log -1") + "## Rollback steps\n" + FENCE.format("log -2")
        + "## Verification\n" + FENCE.format("log -3") + "## Monitoring\n" + FENCE.format("log -4")
        + "## Appendix\n" + FENCE.format("log -5")
    )  # fmt: skip
    assert [m.title for m in book.methods] == ["Rollback steps"]
    assert [m.title for m in book.others] == ["Prerequisites", "Appendix"]
    assert [c.text for s in book.verification for c in s.commands] == ["git log -3"]
    assert [c.text for s in book.monitoring for c in s.commands] == ["git log -4"]


def test_the_commands_of_a_history_are_not_offered() -> None:
    book = read(
        "# Rollback\n\n## Steps\n" + FENCE.format("log -1") + "## History\n" + FENCE.format("push --force origin x")
    )
    assert [c.text for m in book.procedures() for s in m.steps for c in s.commands] == ["git log -1"]


def test_a_message_to_send_is_one() -> None:
    book = read(
        "# Rollback\n\n## Steps\n"
        + FENCE.format("log -1")
        + "## Communication\n### To customers\n```\nWe are sorry.\n```\n"
    )
    assert [(s.kind, s.message) for m in book.others for s in m.steps] == [("message", "We are sorry.")]


def test_two_ways_of_one_name_are_told_apart() -> None:
    book = read(
        "## Shop\n### Rollback process\n"
        + FENCE.format("log -1")
        + "## Stock\n### Rollback process\n"
        + FENCE.format("log -2")
    )
    assert [m.title for m in book.methods] == ["Shop: Rollback process", "Stock: Rollback process"]
    assert len({m.id for m in book.methods}) == 2


# ── choices, and documents without any command ────────────────────────────────────────────────────


def test_an_or_in_a_fence_makes_alternatives_of_one_choice() -> None:
    first, second, after = steps(
        "```bash\n# Restart it\npm2 restart pear\n\n# OR with systemd\nsystemctl restart pear\n```\n\n1. Look\n"
    )
    assert first.either and first.either == second.either and not after.either


def test_options_inside_a_way_are_one_choice_each_told_in_one_piece() -> None:
    book = read(
        "# Rollback\n\n## Option 1: By hand\n### Option A: quick\n```bash\n# Stop\nsystemctl stop pear\n# Start\nsystemctl start pear\n```\n"
        "### Option B: slow\n```bash\nreboot\n```\n\n## Option 2: Git\n```bash\ngit revert HEAD\n```\n"
    )
    quick, slow = (step for step in book.methods[0].steps if step.commands)
    assert len(quick.commands) == 2 and quick.either and quick.either == slow.either
    assert [method.label for method in book.methods] == ["1", "2"]


def test_triage_before_a_choice_is_no_way_of_its_own() -> None:
    book = read(
        "# Outage\n\n## First actions\n```bash\nkubectl get pods\n```\n\n## What then\n### Option 1: Restart\n```bash\ngit log -1\n```\n"
        "### Option 2: Roll back\n```bash\ngit log -2\n```\n"
    )
    assert [method.title for method in book.methods] == ["Restart", "Roll back"]
    assert [method.title for method in book.others] == ["First actions"]


def test_a_document_without_an_act_is_followed_section_by_section() -> None:
    (method,) = read(
        "# When the host is gone\n\n## Look\nSee whether it answers.\n\n## Tell\n- the shop\n- the press\n"
    ).methods
    assert [(step.title, step.kind) for step in method.steps] == [("Look", "manual"), ("Tell", "manual")]
    assert method.guess


def test_bold_lines_with_only_words_under_them_are_steps_by_hand() -> None:
    found = steps("**Drain it**\n\nWait for five minutes.\n\n**Stop it**\n\n```bash\nsystemctl stop pear\n```\n")
    assert [(step.title, step.kind, step.note) for step in found] == [
        ("Drain it", "manual", "Wait for five minutes."),
        ("Stop it", "run", ""),
    ]


def test_notes_at_the_end_belong_to_the_step_before_them() -> None:
    found = steps("1. Wait for it\n\nNotes:\n- It may take long\n")
    assert [(step.title, step.note) for step in found] == [("Wait for it", "- It may take long")]


def test_what_cannot_be_seen_does_not_reach_a_shell() -> None:
    (step,) = steps("```bash\ngit log\u200b -3\u202e\u00a0--oneline\n```")
    assert step.commands[0].text == "git log -3 --oneline"
    assert step.commands[0].as_written


@pytest.mark.parametrize(
    ("headings", "expected"),
    [
        (["Option 1: Git", "Option 2: Helm"], [("1", "Git"), ("2", "Helm")]),
        (["Option B: Git", "Option C: Helm"], [("B", "Git"), ("C", "Helm")]),
        (["Option 1B: Git", "Option 1C: Helm"], [("1B", "Git"), ("1C", "Helm")]),
        (
            ["Quick rollback", "Scenario 1: Git", "Scenario 2: Helm"],
            [("1", "Quick rollback"), ("2", "Scenario 1: Git"), ("3", "Scenario 2: Helm")],
        ),
        (["Option 2: Git", "Option 2: Helm"], [("1", "Option 2: Git"), ("2", "Option 2: Helm")]),
        (["Option A: Git", "Option 1: Helm"], [("1", "Option A: Git"), ("2", "Option 1: Helm")]),
    ],
)
def test_a_document_that_numbers_only_some_of_its_ways_has_them_numbered_in_order(
    headings: list[str], expected: list[tuple[str, str]]
) -> None:
    ways = "".join(f"## {heading}\n\n```bash\ngit revert HEAD\n```\n\n" for heading in headings)
    assert [(method.label, method.title) for method in read(f"# Rollback\n\n{ways}").methods] == expected


def test_powershell_in_a_sentence_is_a_command_that_pwsh_runs() -> None:
    book = read("# Rollback\n\n1. Stop the pool: `Stop-WebAppPool -Name shop`\n2. See `Get-Help` for more\n")
    (command,) = [each for step in book.methods[0].steps for each in step.commands]
    assert (command.text, command.as_written) == (
        "pwsh -NoProfile -Command 'Stop-WebAppPool -Name shop'",
        "Stop-WebAppPool -Name shop",
    )
    assert command.effect is Effect.CHANGE
