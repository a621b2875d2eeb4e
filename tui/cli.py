"""The command line. Light on purpose: `--help` imports neither the screen nor the network."""

from __future__ import annotations

import argparse
import os
import sys
import warnings

from tui import VERSION
from tui.exit_codes import NOT_OK, OK

TYPE_CHECKING = False  # `typing` and `pathlib` would cost a third of what `--help` takes
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn, TypeAlias

    _Commands: TypeAlias = argparse._SubParsersAction["_Parser"]

_EPILOG = """\
examples:
  warroom drill                        practise on a real production of your own, on this machine
  warroom                              open the room for the runbook found here
  warroom docs/ROLLBACK.md             open the room for this one
  warroom open ops/rollback.yaml --set production_url=https://shop.example.com
  warroom open book:production-rollback
  warroom check docs/ROLLBACK.md       what a runbook says, and what in it would go wrong tonight
  warroom incidents                    what was recorded, newest first
  warroom report 2026-11-24-0314       write an incident's report again
  warroom replay 2026-11-24-0314       play it back in the room, for the post-mortem

exit codes: 0 fine · 1 the thing asked about is not fine · 2 usage, or input that cannot be read
"""

_CHECK = """\
Read a runbook as the room would, and say what was understood (methods, commands with what they do, values to
fill in, triggers, checklists) and what should be mended before the night it is needed. Nothing is run.

  problem   would fail, hang, lie or destroy tonight
  warning   may surprise somebody
  note      good to know
"""
_CHECK_EPILOG = """\
examples:
  warroom check docs/ROLLBACK.md              a page to read and to work from
  warroom check docs/ROLLBACK.md --strict     in CI: warnings fail as well
  warroom check docs/ROLLBACK.md --json | jq -r '.problems[] | "\\(.line) \\(.severity): \\(.text)"'
  warroom check book:production-rollback

exit codes: 0 no problem (with --strict: no warning either) · 1 something to mend · 2 cannot be read
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code. Broken input is a sentence on stderr, never a traceback."""
    words = sys.argv[1:] if argv is None else list(argv)
    args = parser(words[0] if words else "").parse_args(words)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # Python's words to programmers, as on an expression in a runbook
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)  # exported by some shells; they would freeze the screen's size
    if restyle := getattr(sys.stdout, "reconfigure", None):
        restyle(errors="replace")  # a terminal that is not UTF-8 gets a question mark and not a fault
    try:
        return int(args.act(args))
    except KeyboardInterrupt:
        return NOT_OK
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as fault:  # the last place that can give the terminal back, and say in words what happened
        from runbook.incident import home
        from runbook.incident.stream import JournalTrouble
        from tui.skeleton import no_room
        from tui.terminal import crash_note

        no_room()
        said = str(fault) if isinstance(fault, JournalTrouble) else crash_note(fault, home.home() / "faults")
        print(said, file=sys.stderr)
        return NOT_OK


class _Parser(argparse.ArgumentParser):
    """Says what is wrong on the terminal itself, not on a room's first frame."""

    def error(self, message: str) -> NoReturn:
        from difflib import get_close_matches

        from tui.skeleton import no_room

        no_room()
        said = message.removeprefix("argument : ")  # the name of the place where commands stand: none
        word = said.split("'")[1] if said != message else ""
        if near := get_close_matches(word, _COMMANDS, 1):
            said = f"there is no command {word!r}; the nearest is {near[0]!r}"
        super().error(said)


def parser(command: str = "") -> argparse.ArgumentParser:
    """Of every command, or of the one that has this name alone: a room need not wait for the others."""
    top = _Parser(
        prog="warroom",
        usage="warroom [RUNBOOK]\n       warroom COMMAND [-h] …",
        description="A terminal war room: live signals, a tailing log, your runbook as a checklist, and every "
        "rollback step shown, confirmed by a key, run, and recorded.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"warroom {VERSION}")
    top.set_defaults(act=_open, runbook=None, **_OPEN_DEFAULTS)
    commands = top.add_subparsers(title="commands", metavar="", prog="warroom")
    for add in [_COMMANDS[command]] if command in _COMMANDS else _COMMANDS.values():
        add(commands)
    return top


def _add_open(commands: _Commands) -> None:
    opening = commands.add_parser("open", help="open the room on a runbook")
    opening.add_argument("runbook", nargs="?", help="your own, in Markdown or YAML; or book:NAME for one that ships")
    _add_open_flags(opening)
    opening.set_defaults(act=_open)


def _add_drill(commands: _Commands) -> None:
    drill = commands.add_parser("drill", help="practise on a real sandbox production, all on 127.0.0.1")
    drill.add_argument("scenario", nargs="?", default="bad-deploy", help="which fault (see --list)")
    drill.add_argument("--list", action="store_true", help="list the scenarios")
    drill.add_argument("--seed", type=int, default=1, help="another seed: other commits, tags and numbers")
    drill.add_argument(
        "--postgres",
        nargs="?",
        const="",
        metavar="URL",
        help="bad-migration on PostgreSQL: on a server made for the drill and gone with it, or in new databases, named"
        " warroom_drill_… and dropped afterwards, on the server at URL (its password: ~/.pgpass, PGPASSWORD)",
    )
    drill.add_argument("--dir", help="where to make it (default: in warroom's own folder)")
    _add_open_flags(drill)
    drill.set_defaults(act=_drill)


def _add_check(commands: _Commands) -> None:
    checking = commands.add_parser(
        "check",
        help="what a runbook says, and what in it would fail, hang, lie or destroy",
        description=_CHECK,
        epilog=_CHECK_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    checking.add_argument("runbook", help="a Markdown or YAML file, or book:NAME for one that ships")
    checking.add_argument("--json", action="store_true", help="one JSON object, for other programs")
    checking.add_argument("--strict", action="store_true", help="warnings count as well as problems")
    checking.set_defaults(act=_check)


def _add_incidents(commands: _Commands) -> None:
    listing = commands.add_parser("incidents", help="list recorded incidents, newest first")
    listing.add_argument("--json", action="store_true", help="one JSON object per line")
    listing.add_argument("--verify", action="store_true", help="check every record's chain of hashes")
    listing.set_defaults(act=_incidents)


def _add_timeline(commands: _Commands) -> None:
    timeline = commands.add_parser("timeline", help="print an incident's timeline")
    timeline.add_argument("id", help="the incident, or the beginning of its name")
    timeline.add_argument("--json", action="store_true", help="one JSON object per line")
    timeline.set_defaults(act=_timeline)


def _add_report(commands: _Commands) -> None:
    report = commands.add_parser("report", help="print an incident's report, or write it to a file")
    report.add_argument("id", help="the incident, or the beginning of its name")
    report.add_argument("-o", "--output", help="a new file; never overwrites one")
    report.set_defaults(act=_report)


def _add_convert(commands: _Commands) -> None:
    convert = commands.add_parser("convert", help="turn a Markdown runbook into the precise YAML form")
    convert.add_argument("runbook", help="a Markdown file, or book:NAME to copy one that ships")
    convert.add_argument("-o", "--output", help="a new file; never overwrites one")
    convert.set_defaults(act=_convert)


def _add_books(commands: _Commands) -> None:
    books = commands.add_parser("books", help="list the runbooks that ship")
    books.set_defaults(act=_books)


def _add_schema(commands: _Commands) -> None:
    schema = commands.add_parser("schema", help="print the JSON Schema of the YAML form, for editors")
    schema.set_defaults(act=_schema)


def _add_doctor(commands: _Commands) -> None:
    doctor = commands.add_parser(
        "doctor",
        help="ready for tonight? programs, sign-ins, sources, terminal, record",
        description="Looks at this machine and, with a runbook, at everything that its commands need: programs and "
        "their versions, who is signed in (asked with each client's own read-only question and a time limit), the "
        "repository and its remote, the sources of the signals, the logs. Changes nothing. "
        "Exit 1 where tonight would fail.",
        epilog="examples:\n  warroom doctor\n  warroom doctor docs/ROLLBACK.md\n"
        "  warroom doctor book:production-rollback --set production_url=https://shop.example.com --json\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    doctor.add_argument("runbook", nargs="?", help="a runbook, or book:NAME; without one, the machine alone")
    doctor.add_argument("--set", dest="values", action="append", default=[], metavar="NAME=VALUE", help="set a value")
    doctor.add_argument("--json", action="store_true", help="one JSON object")
    doctor.set_defaults(act=_doctor)


def _add_trust(commands: _Commands) -> None:
    trust = commands.add_parser("trust", help="allow this runbook, as it is now, to run commands")
    trust.add_argument("runbook", help="a Markdown or YAML file; a changed one asks again")
    trust.set_defaults(act=_trust)


def _add_replay(commands: _Commands) -> None:
    replay = commands.add_parser(
        "replay",
        help="play a recorded incident back in the room, read-only",
        description="The room as it was at every recorded moment: charts, what was run, checklist, timeline, verdict. "
        "Nothing runs, nothing is asked of the world, nothing is written.",
        epilog="keys: p pause · > next event · < the one before · F faster · S slower · J go to a time · q leave\n\n"
        "examples:\n  warroom replay 2026-11-24-0314\n  warroom replay 2026-11-24-0314 --speed 60 --present\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    replay.add_argument("id", help="the incident, or the beginning of its name")
    replay.add_argument("--speed", type=float, default=10, metavar="N", help="seconds of the record in one second (10)")
    replay.add_argument("--present", action="store_true", help="presenter mode from the start")
    _add_looks(replay)
    replay.set_defaults(act=_replay)


def _add_railway(commands: _Commands) -> None:
    railway = commands.add_parser(
        "railway",
        help="go back to an earlier deployment on Railway, and wait until it serves",
        description="Railway's own program has no rollback; this calls its public API. RAILWAY_TOKEN holds a project "
        "token, RAILWAY_SERVICE_ID the service. Exit 0 only when the deployment serves.",
    )
    acts = railway.add_subparsers(dest="what", required=True, metavar="")
    back = acts.add_parser("rollback", help="go back to a deployment, and wait until it serves")
    back.add_argument("deployment", help="its id, from `warroom railway list`")
    back.add_argument("--limit", type=float, default=300, metavar="SECONDS", help="how long to wait (300)")
    for name, said in (("list", "the deployments, newest first"), ("live", "what serves now")):
        acts.add_parser(name, help=said).add_argument("--json", action="store_true", help="as JSON")
    railway.set_defaults(act=_railway)


_COMMANDS: dict[str, Callable[[_Commands], None]] = {
    "open": _add_open,
    "drill": _add_drill,
    "check": _add_check,
    "incidents": _add_incidents,
    "timeline": _add_timeline,
    "report": _add_report,
    "replay": _add_replay,
    "convert": _add_convert,
    "books": _add_books,
    "schema": _add_schema,
    "doctor": _add_doctor,
    "railway": _add_railway,
    "trust": _add_trust,
}

_OPEN_DEFAULTS: dict[str, object] = {
    "method": None,
    "values": [],
    "read_only": False,
    "present": False,
    "new": False,
    "resume": None,
    "theme": None,
    "ascii": False,
}


def _add_open_flags(of: argparse.ArgumentParser) -> None:
    of.add_argument("--method", help="choose this method at once, by its id or number")
    of.add_argument("--set", dest="values", action="append", default=[], metavar="NAME=VALUE", help="set a value")
    of.add_argument("--read-only", action="store_true", help="watch: nothing can be run from this room")
    of.add_argument("--present", action="store_true", help="presenter mode from the start")
    which = of.add_mutually_exclusive_group()
    which.add_argument("--new", action="store_true", help="open a new incident, whatever is open")
    which.add_argument("--resume", nargs="?", const="", metavar="ID", help="go on with the open incident")
    _add_looks(of)


def _add_looks(of: argparse.ArgumentParser) -> None:
    themes = ("dark", "light", "high-contrast", "colour-blind")
    of.add_argument("--theme", choices=themes, metavar="NAME", help=", ".join(themes))
    of.add_argument("--ascii", action="store_true", help="no glyphs beyond ASCII")


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _open(args: argparse.Namespace) -> int:
    from tui.launch import open_room

    return open_room(args)


def _drill(args: argparse.Namespace) -> int:
    if args.list:
        from runbook.drill.scenarios import SCENARIOS

        for scenario in SCENARIOS:
            print(f"{scenario.name:16} {scenario.description}")
        return OK
    from tui.launch import open_drill

    return open_drill(args)


def _check(args: argparse.Namespace) -> int:
    from tui.checks import check

    return check(args.runbook, as_json=args.json, strict=args.strict)


def _incidents(args: argparse.Namespace) -> int:
    from tui.records import incidents

    return incidents(as_json=args.json, check=args.verify)


def _timeline(args: argparse.Namespace) -> int:
    from tui.records import timeline

    return timeline(args.id, as_json=args.json)


def _report(args: argparse.Namespace) -> int:
    from tui.records import report

    return report(args.id, args.output)


def _replay(args: argparse.Namespace) -> int:
    from tui.launch import open_replay

    return open_replay(args)


def _convert(args: argparse.Namespace) -> int:
    from tui.convert import convert

    return convert(args.runbook, args.output)


def _books(args: argparse.Namespace) -> int:
    from tui.convert import shipped

    return shipped()


def _schema(args: argparse.Namespace) -> int:
    from tui.convert import schema

    return schema()


def _doctor(args: argparse.Namespace) -> int:
    from tui.doctor import doctor

    return doctor(args.runbook, args.values, as_json=args.json)


def _railway(args: argparse.Namespace) -> int:
    from tui.railway import railway

    return railway(
        args.what,
        getattr(args, "deployment", ""),
        as_json=getattr(args, "json", False),
        limit=getattr(args, "limit", 0),
    )


def _trust(args: argparse.Namespace) -> int:
    from tui.records import trust

    return trust(args.runbook)


if __name__ == "__main__":
    sys.exit(main())
