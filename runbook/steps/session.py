"""A method's session: what one step leaves (directory, variables), the next one finds, as in a terminal.

The command's text stands in a file of its own, untouched, and is sourced by a fixed wrapper under
`bash --noprofile --norc -eo pipefail`. The session is plain files written by bash's own `declare -p`.
Functions, `IFS` and shell options stay with the step that set them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from runbook.model import Record

NOT_KEPT = 95
"""Exit code when the command ended well and its directory and variables could not be kept for the next one."""
NO_DIRECTORY = 96
"""Exit code when the directory that the session was in is gone; nothing ran."""
NO_STATE = 97
"""Exit code when the session's variables cannot be read back; nothing ran."""
NO_SENSE = 98
"""Exit code when bash cannot parse the command's text; nothing ran."""

WRAPPER = r"""# Runs one command of a session. Arguments: run folder, session folder, first directory.
__warroom_run=$1 __warroom_session=$2 __warroom_cwd=$3 __warroom_mv=$(type -P mv)
set --

# A pipeline whose reader had enough (`git log | head`) ends with 141 and is no failure: every member
# ended well or by SIGPIPE, and the last one well. The ERR trap runs before `-e` acts: it lifts `-e`
# until the next command begins (DEBUG), so that the rest of the text runs too. Where such a pipeline
# is the last thing in a function or in the whole text, `early` (depth, name, last command) tells the
# caller, whose ERR trap sees either its own words or still the last command's in BASH_COMMAND.
__warroom_early=()
__warroom_is_caller() {
  [ "${#__warroom_early[@]}" = 3 ] && [ "$(($1 + 1))" = "${__warroom_early[0]}" ] || return 1
  [ "${2%% *}" = "${__warroom_early[1]}" ] || [ "$2" = "${__warroom_early[2]}" ]
}
__warroom_reader_had_enough() {
  local code=$1 last=1
  [ "$code" = 141 ] || return 1
  ! __warroom_is_caller "$2" "$3" || return 0
  shift 3
  for last in "$@"; do [ "$last" = 0 ] || [ "$last" = 141 ] || return 1; done
  [ "$last" = 0 ]
}
__warroom_judge='__warroom_codes=("$?" "${#BASH_SOURCE[@]}" "$BASH_COMMAND" "${PIPESTATUS[@]}")
if __warroom_reader_had_enough "${__warroom_codes[@]}"; then'
__warroom_on_next='trap - DEBUG
__warroom_is_caller "${#BASH_SOURCE[@]}" "$BASH_COMMAND" || __warroom_early=()'
__warroom_on_error=$__warroom_judge'
  [ "${#BASH_SOURCE[@]}" -gt 1 ] || exit 0
  if [ "$BASH_SUBSHELL" -gt 0 ]; then
    case "$(trap -p EXIT)" in "" | *__warroom*) trap "$__warroom_judge exit 0; fi" EXIT ;; esac
  fi
  __warroom_early=("${#BASH_SOURCE[@]}" "${FUNCNAME-source}" "$BASH_COMMAND")
  case $- in
    *e*) set +e; trap "$__warroom_on_next; set -e" DEBUG ;;
    *) trap "$__warroom_on_next" DEBUG ;;
  esac
else
  __warroom_early=()
fi'

# What a session never keeps: bash's own variables, and what the environment gave (it may be secret).
__warroom_is_ours() {
  case $1 in
    __warroom_* | WARROOM_* | BASH | BASHOPTS | BASHPID | BASH_* | COMP_WORDBREAKS | DIRSTACK | EPOCHREALTIME) ;;
    EPOCHSECONDS | EUID | FUNCNAME | GROUPS | HISTCMD | HOSTNAME | HOSTTYPE | IFS | LINENO | MACHTYPE | OLDPWD) ;;
    OPTARG | OPTERR | OPTIND | OSTYPE | PIPESTATUS | PPID | PS4 | PWD | RANDOM | SECONDS | SHELLOPTS | SHLVL) ;;
    SRANDOM | TERM | UID | _ | COLUMNS | LINES) ;;
    *) return 1 ;;
  esac
}
# Runs in a subshell of its own, where it may lift the options that the command set.
__warroom_save() {
  set +eu
  trap - ERR DEBUG
  IFS=$' \t\n'
  __warroom_keep=() __warroom_gone=() __warroom_part=$__warroom_session/.state.$$
  for __warroom_name in $(compgen -v); do
    __warroom_is_ours "$__warroom_name" && continue
    __warroom_was=__warroom_was_$__warroom_name
    [ -n "${!__warroom_was+x}" ] && [ "${!__warroom_was}" = "${!__warroom_name-}" ] && continue
    __warroom_keep+=("$__warroom_name")
  done
  for __warroom_was in ${!__warroom_was_*}; do
    __warroom_name=${__warroom_was#__warroom_was_}
    [ -n "${!__warroom_name+x}" ] || __warroom_gone+=("$__warroom_name")
  done
  umask 077
  {
    printf '__warroom_cwd=%q\n' "$(pwd)"
    [ "${#__warroom_keep[@]}" = 0 ] || declare -p "${__warroom_keep[@]}"
    [ "${#__warroom_gone[@]}" = 0 ] || printf 'unset -v %s\n' "${__warroom_gone[@]}"
    printf '__warroom_whole=yes\n'
  } >"$__warroom_part" && "$__warroom_mv" -f "$__warroom_part" "$__warroom_session/state.sh"
}

# What the next step would act on is not what this one left: it must not look as if it were.
__warroom_not_kept() {
  echo "warroom: the command ended with $__warroom_end, but its directory and variables could not be kept." >&2
  echo "warroom: see that there is room on the disk; the next step would begin where this one began." >&2
  [ "$__warroom_end" != 0 ] || exit 95
}

# All of them: SHELL, for one, bash sets itself where the environment has none.
for __warroom_name in $(compgen -v); do
  __warroom_is_ours "$__warroom_name" || printf -v "__warroom_was_$__warroom_name" %s "${!__warroom_name}"
done
if [ -e "$__warroom_session/state.sh" ]; then
  set +e
  . "$__warroom_session/state.sh"
  if [ "${__warroom_whole-}" != yes ]; then
    echo "warroom: the session's variables in $__warroom_session/state.sh cannot be read back. Nothing ran."
    exit 97
  fi
  set -e
fi
if ! cd -- "$__warroom_cwd" 2>/dev/null; then
  echo "warroom: the session's directory $__warroom_cwd is not there any more. Nothing ran."
  echo "warroom: make it again, or begin the method anew."
  exit 96
fi
if ! "$BASH" --noprofile --norc -n "$__warroom_run/command.sh"; then
  echo "warroom: bash cannot read this text. Nothing ran."
  exit 98
fi

set -E
trap "$__warroom_on_error" ERR
trap '{ __warroom_end=$?; set +x; } 2>/dev/null; (__warroom_save) || __warroom_not_kept' EXIT
source "$__warroom_run/command.sh"
{ __warroom_end=$?; set +x; } 2>/dev/null
# The command may have put its own EXIT trap in the place of ours.
case $(trap -p EXIT) in *__warroom_save*) ;; *) (__warroom_save) || __warroom_not_kept ;; esac
exit "$__warroom_end"
"""


def prepare(run_folder: Path, text: str, session_folder: Path, cwd: Path) -> list[str]:
    """Write what the keeper executes, and return its argument vector.

    `cwd` is where the session begins; later runs go on where the one before them stopped.
    Raises ValueError for text that no shell could be given unchanged, OSError.
    """
    if "\0" in text:
        raise ValueError("The command holds a NUL character: no shell can be given it unchanged.")
    try:
        raw = text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"The command holds broken Unicode at character {error.start + 1}.") from None
    for folder in (run_folder, session_folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(run_folder / "command.sh", raw)
    _write(run_folder / "wrapper.sh", WRAPPER.encode())
    paths = (run_folder / "wrapper.sh", run_folder, session_folder, cwd)
    return ["bash", "--noprofile", "--norc", "-eo", "pipefail", *(str(path.absolute()) for path in paths)]


def branch(session_folder: Path, into: Path) -> Path:
    """A session that begins as this one stands now, for a command whose end must not be taken for a later step's."""
    into.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(FileNotFoundError):
        _write(into / "state.sh", (session_folder / "state.sh").read_bytes())
    return into


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


class Remembered(Record, frozen=True):
    """What a session holds: its directory, what it exports (None: taken away), and what it only set."""

    cwd: str = ""
    exported: dict[str, str | None] = {}
    variables: dict[str, str] = {}


_RECALL = r"""
declare -A __warroom_had=()
for __warroom_name in $(compgen -e); do __warroom_had[$__warroom_name]=1; done
. "$1" >/dev/null 2>&1 || exit
[ "${__warroom_whole-}" = yes ] || exit
printf 'c%s\0' "$__warroom_cwd"
for __warroom_name in $(sed -n 's/^declare -[^ ]* \([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p' "$1" | sort -u); do
  case ${!__warroom_name@a} in *[aA]*) continue ;; *x*) __warroom_kind=x ;; *) __warroom_kind=v ;; esac
  printf '%s%s=%s\0' "$__warroom_kind" "$__warroom_name" "${!__warroom_name}"
done
for __warroom_name in "${!__warroom_had[@]}"; do
  [ -n "${!__warroom_name+x}" ] || printf 'g%s\0' "$__warroom_name"
done
"""


async def remembered(session_folder: Path, env: Mapping[str, str]) -> Remembered:
    """What the session's steps left behind, for a command that would get `env`; nothing where it cannot be read."""
    state = session_folder / "state.sh"
    return await asyncio.to_thread(_recalled, state, env) if state.exists() else Remembered()


def _recalled(state: Path, env: Mapping[str, str]) -> Remembered:
    argv = ("bash", "--noprofile", "--norc", "-c", _RECALL, "bash", str(state.absolute()))
    try:
        said = subprocess.run(
            argv, env=dict(env), stdin=subprocess.DEVNULL, capture_output=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return Remembered()
    cwd, exported, variables = "", dict[str, str | None](), dict[str, str]()
    for part in said.stdout.decode("utf-8", "replace").split("\0"):
        name, _, value = part[1:].partition("=")
        if part.startswith("c"):
            cwd = part[1:]
        elif part.startswith("x"):
            exported[name] = value
        elif part.startswith("v"):
            variables[name] = value
        elif part.startswith("g"):
            exported[part[1:]] = None
    return Remembered(cwd=cwd, exported=exported, variables=variables)


# ── the environment of a command ──────────────────────────────────────────────────────────────────

ALWAYS = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_*", "TZ", "TMPDIR", "XDG_*", "EMAIL"),
    *("SSH_AUTH_SOCK", "SSH_AGENT_PID", "GIT_SSH*", "GIT_AUTHOR_*", "GIT_COMMITTER_*"),
    *("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_SSL_*"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"),
)
"""Variables that every command gets."""
NEVER = ("BASH_ENV", "ENV", "SHELLOPTS", "BASHOPTS", "BASH_FUNC_*", "POSIXLY_CORRECT")
"""Variables that would change what bash makes of the text on the screen."""
CALM = {
    "TERM": "dumb",
    "LC_ALL": "C",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_EDITOR": "true",
    "GIT_SEQUENCE_EDITOR": "true",
}
"""Nothing may ask, page, edit or colour: there is no terminal behind a command."""
AT_A_TERMINAL = (
    *("TERM", "COLORTERM", "TERMINFO", "TERMINFO_DIRS", "EDITOR", "VISUAL", "PAGER", "LESS", "LESSCHARSET"),
    *("GIT_PAGER", "GIT_EDITOR", "INPUTRC", "TMUX"),
)
"""Variables that only a command with a terminal of its own gets."""
_CLOUDS = ("AWS_*", "CLOUDSDK_*", "GOOGLE_*", "AZURE_*", "AAD_*", "DIGITALOCEAN_*")
"""Of the clients by which others sign in: kubectl to a cluster of a cloud, docker to its registry."""
FAMILIES: dict[str, tuple[str, ...]] = {
    program: variables
    for programs, variables in (
        ("vercel vc", ("VERCEL_*",)),
        ("railway", ("RAILWAY_*",)),
        ("netlify", ("NETLIFY_*",)),
        ("heroku", ("HEROKU_*",)),
        ("fly flyctl", ("FLY_*",)),
        ("wrangler", ("CLOUDFLARE_*", "CF_*")),
        ("prisma", ("DATABASE_URL", "DIRECT_URL", "SHADOW_DATABASE_URL", "PRISMA_*")),
        ("kubectl oc stern kustomize k9s", ("KUBECONFIG", *_CLOUDS)),
        ("helm helmfile", ("KUBECONFIG", "HELM_*", *_CLOUDS)),
        ("argocd", ("ARGOCD_*", "KUBECONFIG")),
        ("aws sam cdk eksctl", ("AWS_*",)),
        ("gcloud gsutil bq", ("CLOUDSDK_*", "GOOGLE_*")),
        ("az", ("AZURE_*",)),
        ("doctl", ("DIGITALOCEAN_*",)),
        ("gh", ("GH_*", "GITHUB_TOKEN")),
        ("glab", ("GLAB_*", "GITLAB_*")),
        ("sentry-cli", ("SENTRY_*",)),
        ("psql pg_dump pg_dumpall pg_restore pg_isready createdb dropdb vacuumdb reindexdb", ("PG*",)),
        ("docker docker-compose", ("DOCKER_*", "COMPOSE_*", *_CLOUDS)),
        ("terraform tofu terragrunt", ("TF_*", "ARM_*", *_CLOUDS)),
        ("pulumi", ("PULUMI_*", *_CLOUDS)),
        ("redis-cli", ("REDISCLI_*",)),
    )
    for program in programs.split()
}
"""Variables that a program reads by itself: passed when a command's text calls it."""


def environment(
    base: Mapping[str, str], names: Iterable[str], extra: Mapping[str, str], *, terminal: bool = False
) -> dict[str, str]:
    """The whole environment of a command: what is allowed of `base`, what `names` (globs too) ask for, `extra`.

    With a `terminal` it may ask, page and edit as the person's own settings say.
    """
    wanted = (*ALWAYS, *names, *(AT_A_TERMINAL if terminal else ()))
    env = {name: value for name, value in base.items() if _any(name, wanted) and not _any(name, NEVER)}
    if "PATH" in env:
        env["PATH"] = search_path(env["PATH"])
    if terminal:
        return env | dict(extra)
    nobody = next((path for path in ("/bin/true", "/usr/bin/true") if Path(path).exists()), "true")
    return env | CALM | {"GIT_ASKPASS": nobody, "SSH_ASKPASS": nobody} | dict(extra)


def search_path(path: str) -> str:
    """Where programs are looked for: behind everything else also beside the running `warroom`, which steps call."""
    own = Path(sys.executable).parent
    known = path.split(os.pathsep)
    return path if str(own) in known or not (own / "warroom").exists() else os.pathsep.join((*known, str(own)))


def names_in(text: str) -> tuple[str, ...]:
    """The variables that a command's text names, and those that the programs in it read by themselves."""
    named = re.findall(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)", text)
    words = set(re.findall(r"[\w-]+", text))
    families = [name for program, names in FAMILIES.items() if program in words for name in names]
    return tuple(dict.fromkeys(named + families))


def _any(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
