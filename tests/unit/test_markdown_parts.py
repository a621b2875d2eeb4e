"""The parts of a document, each told by short sentences of our own."""

from __future__ import annotations

import pytest

from runbook.model import Checklist, Contact, Runbook
from runbook.reading import markdown
from runbook.reading.document.mojibake import mended
from runbook.reading.document.params import kind_of_value
from runbook.reading.document.phrases import Names, bare, plain
from runbook.reading.document.sections import own_role
from runbook.reading.document.spans import deadline, risk, span, span_in_heading, spans
from runbook.reading.problems import ReadingError
from runbook.signals.criteria import parse
from runbook.steps import effects


def read(text: str, path: str = "ROLLBACK.md") -> Runbook:
    return markdown.loads(text, path, parse_criterion=parse, infer=effects.infer, kind_of=effects.kind)


# ── text that was damaged, and what is wrapped around it ──────────────────────────────────────────


@pytest.mark.parametrize("page", ["mac_roman", "cp1252", "latin-1"])
@pytest.mark.parametrize("said", ["## 🚨 Wann zurück?", "Größe prüfen → weiter", "• façade — naïve", "復旧の手順"])
def test_utf8_read_in_a_wrong_code_page_is_mended(page: str, said: str) -> None:
    raw = said.encode()
    seen = "".join(
        chr(byte) if page == "cp1252" and byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else bytes([byte]).decode(page)
        for byte in raw
    )
    assert mended(seen) == said


def test_one_damaged_run_between_sound_ones_is_mended_alone() -> None:
    assert mended("Prüfen: ✅ und " + "naïve".encode().decode("cp1252")) == "Prüfen: ✅ und naïve"


@pytest.mark.parametrize("said", ["Größe", "café déjà vu", "日本語の手順", "√2 ∆x ≈ 1", "“quoted” – dash", "Straße №5"])
def test_sound_text_is_left_alone(said: str) -> None:
    assert mended(said) == said


def test_front_matter_comments_and_erb_take_no_line_away() -> None:
    book = read(
        "---\ntitle: Going back\nowner: 'Team Pear'\nlast_tested: 2026-01-01\n---\n"
        "# <%= current_page.data.title %>\n<!-- a\ncomment with `git push` -->\n\n## Rollback steps\n\n"
        "```bash\ngit log -3\n```\n"
    )
    assert (book.title, book.owner, book.last_tested) == ("Going back", "Team Pear", "2026-01-01")
    assert [(c.text, c.line) for m in book.methods for s in m.steps for c in s.commands] == [("git log -3", 13)]


_FENCE = "```bash\ngit log -3\n```"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"<!--\n{_FENCE}\n-->", False),
        (f"<!-- old:\n\n{_FENCE}\n\n~~~sh\ngit log -3\n~~~\n-->", False),
        (f"<!-- a -->\n{_FENCE}\n<!-- b -->", True),
        (f"Marks are `<!--` here.\n\n{_FENCE}\n\nA --> B", True),
        (f"<!-- never closed\n{_FENCE}", True),
        (f"```\n<!--\n```\n\n{_FENCE}\n\n```\n-->\n```", True),
        (f"<!-- a --> words <!-- b\n{_FENCE}\n-->", False),
    ],
)
def test_a_fence_in_a_comment_is_part_of_the_comment(text: str, kept: bool) -> None:
    book = read(f"# Rollback\n\n## Steps\n\n{text}\n\n```bash\ngit tag -l\n```\n")
    found = [c.text for m in book.methods for s in m.steps for c in s.commands]
    assert found == (["git log -3"] if kept else []) + ["git tag -l"]


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    text = "# Rollback\n\n## Steps\n\n```bash\n# Look\ngit log -3\n```\n"
    with_crlf = read("\ufeff" + text.replace("\n", "\r\n"))
    assert with_crlf.methods == read(text).methods


def test_an_admonition_is_prose_and_a_fence_in_a_quote_is_a_fence() -> None:
    book = read("# Rollback\n\n## Steps\n\n```{note}\ngit is old\n```\n\n> ```bash\n> git log -3\n> ```\n")
    assert [(c.text, c.line) for m in book.methods for s in m.steps for c in s.commands] == [("git log -3", 10)]


def test_html_that_only_folds_does_not_hide_what_it_holds() -> None:
    book = read("# Rollback\n\n## Steps\n\n<details><summary>Open</summary>\n```bash\ngit log -3\n```\n</details>\n")
    assert [c.text for m in book.methods for s in m.steps for c in s.commands] == ["git log -3"]


def test_what_is_not_text_is_refused_with_its_place() -> None:
    with pytest.raises(ReadingError, match="bin.md:1: This is not text"):
        read("\x00\x01\x02", "bin.md")


@pytest.mark.parametrize(
    "text", ["", "\n\n", "#", "```", "- ", "|a|\n|-|", "> ", "---\n---", "1. ", "[x]: y", "\ufeff"]
)
def test_a_document_of_nothing_is_an_empty_runbook(text: str) -> None:
    book = read(text)
    assert book.methods == () and book.title


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ("> [!CAUTION]\n> It drops all sessions.", "Caution: It drops all sessions."),
        ("> [!WARNING]\n>\n> It drops all sessions.", "Warning: It drops all sessions."),
        ("> [!WARNING] It drops all sessions.", "Warning: It drops all sessions."),
        ('!!! danger "Read this"\n    It drops all sessions.', "Danger: Read this. It drops all sessions."),
        ("!!! danger\n\n    It drops all sessions.", "Danger: It drops all sessions."),
        (":::warning\nIt drops all sessions.\n:::", "Warning: It drops all sessions."),
    ],
)
def test_a_marked_warning_says_so_at_its_step_and_at_its_way(mark: str, words: str) -> None:
    (way,) = read(f"# Rollback\n\n## Rollback steps\n\n{mark}\n\n```bash\n./back.sh\n```").methods
    assert (way.caution, way.steps[0].note) == (words, words)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<pre>\nkubectl get pods &amp;&amp; date\n</pre>", [("kubectl get pods && date", 6)]),
        (
            '<pre><code class="language-bash">\nhelm rollback shop &lt;n&gt;\n</code></pre>',
            [("helm rollback shop <n>", 6)],
        ),
        ("<pre>helm history shop\nhelm status shop</pre>", [("helm history shop", 5), ("helm status shop", 6)]),
        ("<pre>helm status shop</pre>", [("helm status shop", 5)]),
        ("Run <code>helm status shop</code> now.", [("helm status shop", 5)]),
        ("```html\n<pre>\nhelm status shop\n</pre>\n```", []),
    ],
)
def test_code_in_html_is_read_as_code(text: str, found: list[tuple[str, int]]) -> None:
    (way,) = read(f"# Rollback\n\n## Rollback steps\n\n{text}\n").methods
    assert [(command.text, command.line) for step in way.steps for command in step.commands] == found


def test_what_stands_indented_in_an_admonition_is_read_like_all_else() -> None:
    text = "# Rollback\n\n!!! danger\n\n    Save it first:\n\n    ```bash\n    ./save.sh\n    ```\n\n```bash\n./back.sh\n```"
    (way,) = read(text).methods
    assert [(command.text, command.line) for step in way.steps for command in step.commands] == [
        ("./save.sh", 8),
        ("./back.sh", 12),
    ]


def test_a_warning_above_all_ways_is_the_caution_of_each() -> None:
    text = "# Rollback\n\n**Warning:** Stop the workers first.\n\n## Option 1: Undo\n\n```bash\n./a.sh\n```\n\n## Option 2: Restore\n\n```bash\n./b.sh\n```"
    assert [way.caution for way in read(text).methods] == ["Warning: Stop the workers first."] * 2


def test_a_way_forward_is_no_way_back() -> None:
    fence = "```bash\n./{}.sh\n```\n\n"
    text = f"# Runbook\n\n## Recovery (rolling forward)\n\n{fence.format('on')}## Rollback of a hotfix\n\n{fence.format('back')}"
    book = read(text)
    assert [way.title for way in book.methods] == ["Rollback of a hotfix"]
    assert [way.title for way in book.others] == ["Recovery (rolling forward)"]
    options = f"# Rollback\n\n## Option 1: Undo\n\n{fence.format('a')}## Option 2: Fix forward\n\n{fence.format('b')}"
    assert ["goes forward" in way.caution for way in read(options).methods] == [False, True]


def test_a_dashboard_is_where_a_way_back_is_carried_out_or_what_is_looked_at() -> None:
    parts = "### Vercel dashboard\n\n1. Press it\n\n### Vercel CLI\n\n```bash\nvercel rollback\n```\n\n"
    book = read(f"# Runbook\n\n## Rollback\n\n{parts}## Dashboards\n\n1. Look at Grafana\n")
    assert [way.title for way in book.methods] == ["Vercel dashboard", "Vercel CLI"]
    assert [step.title for step in book.monitoring] == ["Dashboards: Look at Grafana"]


@pytest.mark.parametrize(
    ("heading", "text", "phase"),
    [
        ("Post-Rollback Checklist", "1. Tell the team\n2. Open a ticket", "after"),
        ("Checklist before the rollback", "- Tell the team\n- ✅ Open a ticket", "before"),
        ("Prerequisites", "- Tell the team\n- Open a ticket", "before"),
    ],
)
def test_the_items_of_a_checklist_need_no_boxes(heading: str, text: str, phase: str) -> None:
    (found,) = read(f"# Rollback\n\n## {heading}\n\n{text}\n\n## Rollback steps\n\n```bash\n./back.sh\n```").checklists
    assert (found.phase, [item.text for item in found.items]) == (phase, ["Tell the team", "Open a ticket"])


def test_what_has_to_be_there_is_no_checklist_where_it_is_a_step_of_its_way() -> None:
    text = "# Runbook\n\n## Rollback of the web\n\n### Prerequisites\n\n- Access\n\n### Steps\n\n1. Undo it\n"
    (way,) = read(text).methods
    assert [step.title for step in way.steps] == ["Prerequisites", "Undo it"]
    assert read(text).checklists == ()


def test_a_table_of_steps_is_a_way_and_its_rows_without_a_command_are_done_by_hand() -> None:
    rows = """
| # | What | Command | Expected | Who |
|---|---|---|---|---|
| 1 | Freeze | `./freeze.sh on` | frozen | Ann |
| 2 | Ask the DBA | — | a yes | Bob |
| 3 | Roll back | `helm rollback shop 0` | | |
"""
    (way,) = read(f"# Runbook\n\n## Rollback of the shop\n{rows}").methods
    assert [(step.title, step.kind, step.note) for step in way.steps] == [
        ("Freeze", "run", "Who: Ann"),
        ("Ask the DBA", "manual", "Who: Bob\nExpected: a yes"),
        ("Roll back", "run", ""),
    ]
    assert way.steps[0].commands[0].expected == "frozen"


def test_a_table_under_words_that_forbid_is_not_offered() -> None:
    text = (
        "Never run these:\n\n| Command | Why |\n|---|---|\n| `dropdb shop` | all is lost |\n\n```bash\n./back.sh\n```"
    )
    (way,) = read(f"# Rollback\n\n## Rollback steps\n\n{text}").methods
    assert [command.text for step in way.steps for command in step.commands] == ["./back.sh"]


# ── words ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("**Bold** and [a link](https://x.example)", "Bold and a link"),
        ("`git revert <commit-sha>` *now*", "`git revert <commit-sha>` now"),
        ("snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"),
    ],
)
def test_emphasis_goes_and_code_stays(source: str, words: str) -> None:
    assert plain(source) == words


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("🚨 When to go back", "When to go back"),
        ("✅ It works", "It works"),
        ("⚠️ Slow —", "Slow"),
        ("<tag> first", "<tag> first"),
    ],
)
def test_emoji_and_dashes_at_the_ends_are_noise(source: str, words: str) -> None:
    assert bare(source) == words


def test_names_are_unique_short_and_begin_with_a_letter_or_digit() -> None:
    names = Names()
    made = [
        names.new(words) for words in ("Stop it", "stop it!", "🚨", "🚨", "x" * 200, "日本", "stop it 2", "Stop it")
    ]
    assert len(set(made)) == len(made)
    assert all(len(name) <= 64 and name[0].isalnum() and name.isascii() for name in made)


@pytest.mark.parametrize(
    ("heading", "role"),
    [
        ("When to roll back", "triggers"), ("Decision matrix", "triggers"), ("Symptoms", "triggers"),
        ("When NOT to roll back", "never"), ("Do not roll back for", "never"), ("Prerequisites", "before"),
        ("Pre-rollback checks", "before"), ("Post-rollback verification", "verify"), ("Smoke tests", "verify"),
        ("Metrics to watch", "monitor"), ("Success criteria", "success"), ("Who to call", "contacts"),
        ("Escalation path", "contacts"), ("Incident report template", "report"), ("After the rollback", "after"),
        ("Follow-up", "after"), ("Lessons learned", "lessons"), ("Best practices", "practices"),
        ("Change log", "history"), ("Troubleshooting", "trouble"), ("Appendix B", "reference"),
        ("Notify the others", "communicate"), ("Cuándo revertir", "triggers"), ("Verificación", "verify"),
        ("Kontakte", "contacts"), ("Voraussetzungen", "before"), ("連絡先", "contacts"), ("ロールバック手順", ""),
        ("检查清单", "checklist"), ("언제 롤백하나", "triggers"), ("Contatti", "contacts"), ("Prérequis", "before"),
        ("Roll back the deployment", ""), ("Step 2: Push", ""),
    ],
)  # fmt: skip
def test_a_heading_tells_its_role(heading: str, role: str) -> None:
    assert own_role(heading) == role


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("~10 minutes", 600), ("2-3 min", 180), ("5+ minutes", 300), ("1 h", 3600), ("Variable", 0), ("30秒", 30), ("an hour", 3600),
     ("10 Minuten", 600), ("1.5 hours", 5400), ("within 5 business days", 432000), ("3 monkeys", 0)],
)  # fmt: skip
def test_spans_of_time(said: str, seconds: float) -> None:
    assert span(said) == seconds


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("for 1h30m", [5400]), ("1 hour 30 minutes", [5400]), ("1 hour and 30 minutes", [5400]), ("half an hour", [1800]),
        ("an hour", [3600]), ("5 min, then within 10 min", [300, 600]), ("90 s", [90]), ("3 monkeys", []),
    ],
)  # fmt: skip
def test_every_span_that_a_text_names(said: str, seconds: list[float]) -> None:
    assert [each for _, _, each in spans(said)] == seconds


def test_a_span_in_brackets_of_a_heading() -> None:
    assert span_in_heading("Quick way (< 5 minutes)") == 300
    assert span_in_heading("Revert (version 5)") == 0


@pytest.mark.parametrize(
    ("heading", "seconds"),
    [
        ("Immediate", 3600),
        ("Short-term (within 24 hours)", 86400),
        ("Long-term", 604800),
        ("Within 1 week", 604800),
        ("Later", 0),
    ],
)
def test_deadlines(heading: str, seconds: float) -> None:
    assert deadline(heading) == seconds


@pytest.mark.parametrize(
    ("said", "name"),
    [("Very Low", "very low"), ("HIGH - careful", "high"), ("Moderate", "medium"), ("low", "low"), ("?", None)],
)
def test_risks(said: str, name: str | None) -> None:
    assert risk(said) == name


@pytest.mark.parametrize(
    ("name", "command", "kind"),
    [
        ("commit-sha", "git revert <commit-sha>", "git_commit"), ("last-good", "git checkout <last-good>", "git_commit"),
        ("tag", "git checkout <tag>", "git_tag"), ("version", "git checkout <version>", "git_tag"),
        ("version", "helm rollback app <version>", "text"), ("tag", "docker pull app:<tag>", "text"),
        ("api-token", "curl -H <api-token>", "secret"), ("db_password", "psql <db_password>", "secret"),
        ("deployment-url", "vercel rollback <deployment-url>", "text"), ("health-url", "curl <health-url>", "url"),
        ("replicas", "kubectl scale --replicas=<replicas>", "number"), ("pod", "kubectl logs <pod>", "text"),
    ],
)  # fmt: skip
def test_a_values_name_tells_its_picker(name: str, command: str, kind: str) -> None:
    assert kind_of_value(name, command) == kind


# ── triggers, checklists, outcomes, contacts, afterwards ──────────────────────────────────────────


def test_triggers_written_as_boxes_are_triggers_and_those_against_are_notes() -> None:
    book = read(
        "# Rollback\n\n## When to roll back\n\n### Critical\n- [ ] Money is lost\n\n### Maybe (assess)\n- [ ] It is slow\n\n"
        "**Do not roll back for:**\n- Wrong colours\n\n### When not to roll back\n- A typo\n"
    )
    assert [(t.text, t.urgency) for t in book.triggers] == [
        ("Money is lost", "immediate"),
        ("It is slow", "conditional"),
    ]
    assert book.notes == ("Do not roll back for: Wrong colours", "When not to roll back: A typo")
    assert book.checklists == ()


def test_a_decision_tree_is_shown_as_it_is() -> None:
    tree = "Is the shop down?\n├─ yes → Roll back\n└─ no → Wait"
    book = read(f"# Rollback\n\n## Decision tree\n\n```\n{tree}\n```\n\n## Rollback steps\n\n```bash\n./back.sh\n```\n")
    assert [(step.title, step.kind, step.message) for other in book.others for step in other.steps] == [
        ("Decision tree", "manual", tree)
    ]


def test_a_document_of_words_is_followed_also_where_it_has_a_tree() -> None:
    text = "# DDoS\n\n## Decision tree\n\n```\nIs it down?\n├─ yes → Call\n```\n\n## Look\n\nOpen the charts.\n"
    book = read(text)
    assert [step.title for way in book.methods for step in way.steps] == ["Look"]
    assert [step.title for other in book.others for step in other.steps] == ["Decision tree"]


def test_the_rows_of_a_decision_table_are_triggers() -> None:
    book = read(
        "# Rollback\n\n## Decision matrix\n\n| Sign | Severity | Action |\n|---|---|---|\n| No pages | Critical | Go back |\n"
        "| Slow | Low | Look |\n"
    )
    assert [(t.text, t.urgency, t.line) for t in book.triggers] == [
        ("No pages · Critical · Action: Go back", "immediate", 7),
        ("Slow · Low · Action: Look", "conditional", 8),
    ]


def test_boxes_make_checklists_with_their_phase_and_nested_boxes_count_alone() -> None:
    book = read(
        "# Rollback\n\n## Pre-rollback checklist\n1. **Database**\n   - [ ] Saved\n   - [ ] Named\n2. **Code**\n   - [ ] Tagged\n\n"
        "## Post-rollback checklist\n- [x] Told\n  - on the page\n  - by mail\n1. [ ] Slept\n"
    )
    assert [(c.title, c.phase, [i.text for i in c.items]) for c in book.checklists] == [
        ("Pre-rollback checklist: Database", "before", ["Saved", "Named"]),
        ("Pre-rollback checklist: Code", "before", ["Tagged"]),
        ("Post-rollback checklist", "after", ["Told", "Slept"]),
    ]
    assert book.checklists[2].items[0].note == "on the page\nby mail"


@pytest.mark.parametrize(
    ("heading", "phase"),
    [("Verification", "after"), ("Monitoring", "after"), ("Checklist", "during"), ("Before you begin", "before")],
)
def test_boxes_that_verify_are_ticked_afterwards(heading: str, phase: str) -> None:
    book = read(f"# Rollback\n\n## Rollback\n1. Run `make back`\n\n## {heading}\n- [ ] Checkout works\n")
    assert [c.phase for c in book.checklists] == [phase]


def test_outcomes_without_levels_are_success() -> None:
    book = read("# Rollback\n\n## Success criteria\n- [ ] All pods run\n- [ ] Lag < 60 seconds\n")
    assert [(o.text, o.level, o.criterion.text if o.criterion else None) for o in book.outcomes] == [
        ("All pods run", "success", None),
        ("Lag < 60 seconds", "success", "lag < 60 s"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("### Level 2: Further up\n- **Head**: +49 30 1", Contact(level="2", who="Head", how="+49 30 1")),
        ("- **Legal**: [Phone] (for personal data)", Contact(level="", who="Legal", how="not filled in (Phone)", when="for personal data")),
        ("**On call**: #pears", Contact(level="", who="On call", how="#pears")),
        ("### External\n- Cloud support: 1-800-5550", Contact(level="external", who="Cloud support", how="1-800-5550")),
        ("| Role | Name | Phone |\n|---|---|---|\n| Lead | Ada | 555 |", Contact(level="", who="Lead · Ada", how="555")),
        ("- Level 1: Team Pear", Contact(level="1", who="Team Pear")),
        ("Ann Pear, +49 30 100 200, first", Contact(level="", who="Ann Pear", how="+49 30 100 200, first")),
        ("Ann Pear - ann@pear.example", Contact(level="", who="Ann Pear", how="ann@pear.example")),
        ("**Team Plum**:\n\n- Slack: #plum", Contact(level="", who="Team Plum", how="Slack: #plum")),
    ],
)  # fmt: skip
def test_a_contact(text: str, expected: Contact) -> None:
    assert read(f"# Rollback\n\n## Contacts\n\n{text}\n").contacts == (expected,)


def test_follow_ups_lessons_practices_and_the_report() -> None:
    book = read(
        "# Rollback\n\n## Post-rollback actions\n### Immediate (within 30 minutes)\n1. [ ] Tell them\n### Long-term\n- Learn\n  - slowly\n\n"
        "## Lessons learned\n### Common causes\n- **Haste** → Solution: Wait\n- Cold cache: warm it\n### Best practices\n- ✅ Sleep\n\n"
        "## Incident report template\n```\n# Report [DATE]\ngit push\n```\n"
    )
    assert [(f.text, f.due_in, f.group) for f in book.follow_ups] == [
        ("Tell them", 1800, "Immediate (within 30 minutes)"),
        ("Learn", 604800, "Long-term"),
    ]
    assert [(lesson.cause, lesson.answer) for lesson in book.lessons] == [("Haste", "Wait"), ("Cold cache", "warm it")]
    assert book.practices == ("Sleep",)
    assert book.report_template == "# Report [DATE]\ngit push"
    assert not any(method.steps for method in book.procedures())


def test_checklist_items_and_outcomes_never_share_an_id() -> None:
    book = read("# Rollback\n\n## Checklist\n- [ ] It works\n- [ ] It works\n\n## Success criteria\n- It works\n")
    lists: tuple[Checklist, ...] = book.checklists
    ids = [item.id for listed in lists for item in listed.items] + [outcome.id for outcome in book.outcomes]
    assert len(set(ids)) == 3


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        (
            "## Option 1: Git\n\nRun `git revert <sha>`.\n\n## Option 2: Vercel\n\nRun `vercel rollback`.\n",
            ["Git", "Vercel"],
        ),
        ("## Rollback\n\nRun `git revert <sha>` and then `git push origin main`.\n", ["Rollback"]),
        ("## Rollback\n\n- [ ] Run `git revert <sha>`\n- [ ] Run `git push origin main`\n", ["Rollback"]),
        (
            "## Rollback\n\nRun `git fetch`.\n\n### Vercel\n\n1. Promote\n\n### Railway\n\n1. Deploy\n",
            ["Vercel", "Railway"],
        ),
        ("## Rollback\n\nIt is the same as `git revert HEAD`.\n\n## Revert\n\n1. Press it\n", ["Revert"]),
        ("## When to roll back\n\nRun `git log -3`.\n\n## Revert\n\n1. Press it\n", ["Revert"]),
    ],
)
def test_a_way_that_is_told_in_sentences_or_boxes_is_one_where_they_tell_to_run_something(
    text: str, ways: list[str]
) -> None:
    assert [method.title for method in read(f"# Runbook\n\n{text}").methods] == ways
