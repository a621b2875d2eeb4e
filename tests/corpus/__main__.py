"""`make corpus`: the reader measured on other teams' runbooks: one table, then every miss with its file and line.

Exit codes: 0 all goals met, or no corpus on this machine · 1 a goal is missed · 2 a truth without its file.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from tests.corpus.checked import NoCheckError, checked
from tests.corpus.measure import (
    Outcome,
    Shares,
    exact_effect,
    exact_kind,
    items_kept,
    lost_params,
    measure,
    on_their_line,
    params_precision,
    params_recall,
    precision,
    recall,
    share,
    understated,
)
from tests.corpus.truth import CORPUS, Truth, WrongFileError, truths

GOALS = (
    ("recall", recall, 0.98),
    ("precision", precision, 0.98),
    ("effect", exact_effect, 0.95),
    ("follow/interactive", exact_kind, 0.97),
)
COLUMNS = (
    ("recall", recall),
    ("precision", precision),
    ("line", on_their_line),
    ("effect", exact_effect),
    ("foll/int", exact_kind),
    ("p.found", params_recall),
    ("p.right", params_precision),
    ("items", items_kept),
)


def main(names: Sequence[str]) -> int:
    if not CORPUS.is_dir():
        print(f"Nothing measured: no corpus at {CORPUS}. Set WARROOM_CORPUS to its folder.")
        return 0
    try:
        chosen = [one for one in truths() if not names or any(one.path.name.startswith(name) for name in names)]
        outcomes = [measure(truth, checked(truth.path)) for truth in chosen]
    except (WrongFileError, NoCheckError) as trouble:
        print(trouble, file=sys.stderr)
        return 2
    for line in table(outcomes):
        print(line)
    for outcome in outcomes:
        for line in findings(outcome):
            print(line)
    missed = missed_goals(outcomes)
    print()
    print("\n".join(missed) or "All goals are met.")
    return 1 if missed else 0


def table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """A row for each file and one for all of them."""
    yield f"{'':34}" + "".join(f"{name:>11}" for name, _ in COLUMNS) + "   less  refused"
    for outcome in outcomes:
        yield _row(_short(outcome.truth), (outcome,))
    yield _row(f"all {len(outcomes)} files", outcomes)
    yield f"{'':34}" + "".join(f"{share(figure(outcomes)):>11.3f}" for _, figure in COLUMNS)


def _row(name: str, outcomes: Sequence[Outcome]) -> str:
    less = sum(len(understated(one)) for one in outcomes)
    refused = sum(len(one.refused) for one in outcomes)
    return f"{name:34}" + "".join(f"{_of(figure(outcomes)):>11}" for _, figure in COLUMNS) + f"{less:7}{refused:9}"


def _of(part: Shares) -> str:
    return f"{part[0]}/{part[1]}" if part[1] else "·"


def _short(truth: Truth) -> str:
    number, _, rest = truth.path.stem.partition("__")
    return f"{number} {rest}"[:32]


def findings(outcome: Outcome) -> Iterator[str]:
    """Every way in which the reader and the truth differ on one file, each with its place."""
    rows: list[tuple[int, str, str]] = []
    reasons = {id(one): reason for one, reason in outcome.refused}
    for command, one in understated(outcome):
        rows.append((command.first, "TAKEN FOR LESS", f"{one.effect}: {command.text}"))
    rows += [(command.first, "missed", command.text) for command in outcome.missed]
    rows += [(one.line, f"extra {reasons.get(id(one), '')}".strip(), one.text) for one in outcome.extra]
    for command, one in outcome.pairs:
        if not command.first <= one.line <= command.last:
            rows.append((command.first, "line", f"said to be at {one.line}: {command.text}"))
        if one.effect not in command.effects and (command, one) not in understated(outcome):
            rows.append(
                (command.first, "effect", f"{one.effect}, not {'/'.join(sorted(command.effects))}: {command.text}")
            )
        if one.kind not in command.kinds:
            rows.append((command.first, "kind", f"{one.kind}, not {'/'.join(sorted(command.kinds))}: {command.text}"))
        missing, wrong = lost_params(command, one)
        if missing or wrong:
            rows.append((command.first, "params", f"not found {missing}, wrong {wrong}: {command.text}"))
    rows += [(0, "item", text) for text in outcome.lost_items]
    for line, what, text in sorted(rows):
        yield f"{outcome.truth.path.name}:{line}: {what}: {text[:200]}"


def missed_goals(outcomes: Sequence[Outcome]) -> list[str]:
    """A sentence for each goal that is not met."""
    sentences = [
        f"{name} is {share(figure(outcomes)):.3f} ({_of(figure(outcomes))}); the goal is {goal}."
        for name, figure, goal in GOALS
        if share(figure(outcomes)) < goal
    ]
    less = sum(len(understated(one)) for one in outcomes)
    return sentences + ([f"{less} commands that destroy are taken for less; the goal is none."] if less else [])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
