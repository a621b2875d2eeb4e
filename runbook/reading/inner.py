"""Commands that open another program's own prompt: what follows them is typed there, not run here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from runbook.model import Command, Step
from runbook.reading.programs import words_of
from runbook.reading.recognise import head, sort_of

Inside = Literal["", "database", "shell", "host"]
"""What a command leads into: a database or language prompt, a shell in a container, another machine or user."""

_SHELL = r"(?:/\S*/)?(?:ba|z|a|da)?sh(?:\s+-(?:l|i|il|li))?"
_DATABASE_OPTIONS = {
    "psql": r"-c|--command\b|-f|--file\b|-l\b|--list\b|<|\|| -[a-zA-Z]*c\b|--version|-tAc",
    "mysql": r"-e|--execute|<|\||--version|-[a-zA-Z]*e\b",
    "mariadb": r"-e|--execute|<|\|",
    "sqlite3": r"<|\||\.db[\"']?\s+\S|\.sqlite3?[\"']?\s+\S",
    "mongo": r"--eval|\.js\b|<|\|",
    "mongosh": r"--eval|\.js\b|--file|-f\b|<|\|",
    "cqlsh": r"-e|-f|<|\|",
    "clickhouse-client": r"-q|--query|<|\|",
    "sqlplus": r"@|<|\|",
    "sqlcmd": r"-[Qqi]|<|\|",
}
_RAILS = re.compile(
    r"(?:rails|bin/rails|console|python\s+manage\.py|python3\s+manage\.py|artisan|django-admin)\s+(?:c|console|dbconsole|db|shell|shell_plus|dbshell|tinker)\b|"
    r"(?:iex|irb|ipython|ghci|node|python3?|php -a|sftp|ftp|telnet|scala|erl)(?:\s+(?!-[cme]\b)-\w+)*$|sftp\s+\S+$|iex\s+-S\s|hardhat\s+console|"
    r"(?:heroku\s+(?:pg:psql|redis:cli)|fly(?:ctl)?\s+postgres\s+connect|railway\s+connect|supabase\s+db\s+connect|geth\s+attach)\b"
)
_INTO_SHELL = re.compile(
    rf"(?:kubectl|oc|docker|docker-compose|podman|nerdctl|crictl|lxc|heroku|fly|flyctl|railway|aws|gcloud|vagrant|docker compose)\s.*(?:\s|=|\"|'){_SHELL}[\"']?(?:\s+(?:-[anr]|--[a-z-]+)[= ]\S+)*\s*$|"
    r"(?:fly|flyctl)\s+ssh\s+console\b(?!.*-C)|railway\s+(?:ssh|shell)\s*$|aws\s+ssm\s+start-session|(?:oc|kubectl)\s+(?:rsh|debug)\s|"
    r"vagrant\s+ssh\s*$|chroot\s+\S+\s*$|nsenter\s.*\s(?:ba)?sh$"
)
_ANOTHER_USER = re.compile(
    r"(?:su|doas|sudo\s+su)(?:\s+-\S*|\s+-?\s*[\w-]+)*\s*$|sudo\s+(?:-\w*[is]\b\s*)(?:-u\s+\S+\s*)?$|sudo\s+(?:-u\s+\S+\s+)(?:-\w*[is]\b|(?:ba)?sh)\s*$"
)
_SSH_VALUED = words_of("-p -i -l -o -F -J -L -R -D -b -c -e -m -O -Q -S -W -w -E -B -I")


def leads_into(text: str) -> Inside:
    """What a command's text leads into, for the lines below it."""
    line = text.strip()
    if "\n" in line or line.endswith("&"):
        return ""
    program, rest = head(line)
    name = program.rpartition("/")[2]
    if _ANOTHER_USER.match(line):
        return "host"
    if name in ("ssh", "mosh", "gcloud", "tsh") and _opens_host(name, rest):
        return "host"
    if _INTO_SHELL.match(f"{name} {rest}"):
        return "shell"
    return "database" if _opens_prompt(line, name, rest) else ""


def _opens_host(name: str, rest: str) -> bool:
    words = rest.split()
    if name == "gcloud":
        return (
            bool(re.match(r"(?:beta\s+)?(?:compute|app instances)\s+ssh\b", rest))
            and "--command" not in rest
            and " -- " not in rest
        )
    if name == "tsh":
        return words[:1] == ["ssh"] and len(words) == 2
    plain, at = 0, 0
    while at < len(words):
        if words[at].startswith("-"):
            at += words[at] in _SSH_VALUED
            if words[at - 1 : at] == ["-N"] or (
                "N" in words[min(at, len(words) - 1)][:4] and words[min(at, len(words) - 1)].startswith("-")
            ):
                return False
        else:
            plain += 1
        at += 1
    return plain == 1


def _opens_prompt(line: str, name: str, rest: str) -> bool:
    if _RAILS.search(f"{name} {rest}".strip()) and not re.search(r"<<|\s<\s|\|", rest):
        return True
    inner = re.search(
        r"(?:^|\s)(psql|mysql|mariadb|sqlite3|mongo|mongosh|cqlsh|clickhouse-client|sqlplus|sqlcmd|redis-cli)(?:\s|$)",
        line,
    )
    if inner is None or (
        name != inner[1]
        and name
        not in ("kubectl", "docker", "docker-compose", "podman", "oc", "psql", "su", "railway", "fly", "doppler")
    ):
        return False
    arguments = line[inner.end() :].strip()
    if "|" in line[: inner.start()] or "|" in arguments or "<" in arguments:
        return False
    if inner[1] == "redis-cli":
        bare = re.sub(
            r"(?:^|\s)(?:-[hpanu]\s*\S+|--(?:tls|raw|no-auth-warning|askpass|pass\s+\S+|user\s+\S+|cacert\s+\S+))",
            " ",
            arguments,
        )
        return not bare.strip()
    return not re.search(r"(?:^|\s)(?:" + _DATABASE_OPTIONS[inner[1]] + ")", arguments)


_LEAVES = re.compile(r"(?i)(?:exit|quit|logout|\\q|\.exit|\.quit|bye)\b(?:\(\))?;?\s*(?:#.*)?$")
_SHARED = words_of("use show set kill exit source info get echo select")
"""Words that a database's prompt and a shell both know."""
_OUTSIDE = words_of("kubectl docker docker-compose oc podman helm ssh heroku fly flyctl aws gcloud")
"""Programs that a container's shell rarely has: with one of them a cheat-sheet goes on with the next topic."""
_AT_HOME = _OUTSIDE | words_of("git gh vercel railway terraform systemctl")
"""Those with which a later step is back on the machine from which it was entered."""


def leaves(line: str) -> bool:
    """Whether a line ends the program that was opened."""
    return bool(_LEAVES.match(line))


def goes_elsewhere(command: Command) -> bool:
    """Whether a command leads to another machine or user or into a container, and nothing says what is typed there."""
    if command.kind != "interactive" or command.typed_inside:
        return False
    return leads_into(command.text) in ("host", "shell")


def is_of_outside(command: Command) -> bool:
    """Whether a command's program is one that a container's shell rarely has."""
    return head(command.text)[0] in _AT_HOME


def gone_elsewhere(steps: Iterable[Step], to: Step) -> str:
    """The command by which these steps lead to where the commands of `to` may be meant, and not back; or nothing."""
    went = ""
    for command in (command for step in steps for command in step.commands):
        if goes_elsewhere(command):
            went = command.text
        elif leaves(command.text) or (leads_into(went) == "shell" and is_of_outside(command)):
            went = ""
    if leads_into(went) == "shell" and all(is_of_outside(command) for command in to.commands):
        return ""
    return went


def still_inside(inside: Inside, entry: str, line: str, entry_prompt: str, prompt: str) -> bool:
    """Whether a line is meant for the program that `entry` opened, and not for this machine's shell."""
    if re.search(r"\w", entry_prompt) or re.search(r"\w", prompt):
        return prompt != entry_prompt
    program = head(line)[0]
    if inside == "database":
        return not prompt and (program in _SHARED or sort_of(line, False, True) != "command")
    if inside == "shell":
        return program not in _OUTSIDE
    return not (
        program in ("ssh", "sudo")
        and leads_into(line) == "host"
        and entry.split(maxsplit=1)[0] == line.split(maxsplit=1)[0]
    )
