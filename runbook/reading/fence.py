"""A fence's lines as logical commands, with what their comments say about them. An interim reader without a grammar."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from runbook.model import Record

Kind = Literal["command", "manual", "note", "output", "script", "typed", "alternative"]

_SHELLS = frozenset("bash sh shell zsh console terminal shell-session shellsession powershell ps1 ps cmd fish".split())
_DATA = frozenset(
    "yaml yml json toml ini xml html markdown md mermaid diff properties env dotenv hcl terraform tf python py js "
    "javascript ts typescript go java ruby rb php rust c cpp groovy jinja nginx dockerfile css promql".split()
)
_OUTPUT = frozenset("text txt output log plaintext plain".split())
_SQL = frozenset("sql psql plpgsql mysql postgres postgresql mongodb mongo cql redis".split())
_PROMPT = re.compile(r"^\s*(?:[\w.@~:/-]*[$%]|>>>|PS[^>]*>|[\w.-]+@[\w.-]+[:~][^$#]*[$#])\s+(?P<rest>\S.*)$")
_EXPECTED = re.compile(
    r"^(?:expected?(?: output| response| result)?|expect|should(?: (?:return|show|output|see|be|print))?|returns?|output|result"
    r"|example output|sample output)\b\s*[:：]?\s*(?P<said>.*)$",
    re.I,
)
_OR = re.compile(r"^(?:or\b|alternatively|alternative|otherwise|option\b|if using|o bien\b|ou\b|oder\b)", re.I)
_NOTE = re.compile(r"^(?:note|warning|caution|important|⚠|tip|todo|e\.g\.|example:?$)", re.I)
_NUMBER = re.compile(r"^(?:step\s*)?(?P<label>\d+[a-z]?)[.):]\s+", re.I)
_MANUAL = re.compile(
    r"^\s*(?:\d+[.)]\s+[A-Z]|[-*•✓✅]\s+\S|(?:Click|Go to|Open|Select|Navigate|Log in|Press|Choose)\b)"
)
_HEREDOC = re.compile(r"<<-?\s*(?P<quote>['\"]?)(?P<word>\w+)(?P=quote)")

_PROGRAMS = frozenset(
    """git kubectl oc helm docker docker-compose podman npm npx pnpm yarn bun node deno aws gcloud gsutil az terraform
    tofu pulumi systemctl service journalctl psql pg_dump pg_restore pg_dumpall pg_ctl createdb dropdb mysql mysqldump mongosh mongo
    mongodump mongorestore redis-cli curl wget jq yq make just task python python3 pip pip3 poetry uv ruby rails bundle rake php artisan
    composer go cargo java mvn gradle ssh scp rsync cp mv rm cat ls tail head grep egrep rg sed awk find xargs tar gzip gunzip unzip zip
    mkdir rmdir touch chmod chown ln df du free top htop ps kill pkill killall lsof ss netstat ip ping dig nslookup host traceroute nc
    openssl echo printf export unset source cd pwd set env watch sleep date time timeout sudo su bash sh zsh eval exec test diff sort
    uniq wc cut tr tee crontab apt apt-get yum dnf brew snap apk pm2 forever supervisorctl nginx apachectl certbot vercel railway heroku
    fly flyctl netlify render cf wrangler supabase firebase amplify eb ecs-cli sam serverless sls gh glab hub argocd flux kustomize
    kubectx kubens k9s istioctl linkerd velero etcdctl patronictl consul vault nomad ansible ansible-playbook alembic flyway liquibase
    prisma knex sequelize typeorm dotnet wp drush mix iex cast forge anvil kafka-topics kafka-topics.sh amtool promtool sentry-cli
    op bazel bazelisk clear history screen tmux nano vim vi less more man open code mount umount reboot shutdown fdisk mkfs dd lsblk
    blkid useradd usermod passwd sysctl ufw iptables firewall-cmd nmcli netplan tailscale wg ifconfig route arp stat file which whereis
    command type read let local for while until if case function do done then fi else elif esac true false wait trap logger
    iisreset Stop-Service Start-Service Restart-Service Get-Service Invoke-WebRequest Stop-WebAppPool Start-WebAppPool Get-Content
    deployer newrelic datadog-agent lftp sftp ftp rclone s3cmd mc kubeadm crictl ctr nerdctl minikube kind k3s doctl linode-cli hcloud
    babylonnode gordon thanos cqlsh clickhouse-client influx sqlite3 bq dig goose dbmate atlas sqlx turbo nx lerna playwright jest pytest
    tox nox ruff black cypress k6 ab wrk hey siege locust lighthouse axe""".split()
)


class Piece(Record, frozen=True):
    """One thing that a fence holds."""

    kind: Kind
    text: str
    line: int
    last_line: int = 0
    title: str = ""
    label: str = ""
    expected: str = ""
    remark: str = ""
    branch: str = ""
    sample: str = ""


def looks_like_command(text: str) -> bool:
    """Whether a line could be a command that a shell runs."""
    words = text.strip().split()
    if re.match(r"(?:export\s+)?[A-Za-z_]\w*=(?:[^\s\"'$(]*|\"[^\"]*\"|'[^']*'|\$\(.*\))\s*(?:#.*)?$", text.strip()):
        return True
    while words and (re.match(r"[A-Za-z_]\w*=\S*$", words[0]) or words[0] in ("sudo", "time", "!")):
        if len(words) == 1:
            return "=" in words[0]
        words.pop(0)
    if not words:
        return False
    first = words[0]
    if re.match(r"(?:\./|\.\./|~/|/(?:usr|opt|bin|sbin|etc|home|var|srv|root)/|\$\{?\w+\}?/)\S", first) or first in (
        "{",
        "(",
        "[",
        "[[",
    ):
        return True
    if re.match(r"\$\{?[A-Z]\w*\}?$", first) and len(words) > 1:
        return True
    if re.match(r"\(?cd\b|bin/\w|\$\(|[\w./-]+\.(?:sh|py|rb|js|pl|ps1)$", first):
        return True
    return first in _PROGRAMS and not re.match(
        r"(?:the|is|are|to|a|an|it|this|that)$", words[1] if len(words) > 1 else ""
    )


def pieces(lines: Sequence[str], first_line: int, language: str) -> tuple[Piece, ...]:
    """What these lines hold, in order."""
    return tuple(_Fence(lines, first_line, language.lower()).read())


class _Fence:
    def __init__(self, lines: Sequence[str], first_line: int, language: str) -> None:
        self.lines = [line.rstrip("\r") for line in lines]
        self.first = first_line
        self.language = language
        self.made: list[Piece] = []
        self.comments: list[tuple[int, str]] = []
        self.branch = ""
        self.branches = 0

    def read(self) -> list[Piece]:
        whole = "\n".join(self.lines)
        if self.language in _SQL:
            return [self._piece("typed", whole, 0, len(self.lines) - 1)]
        prompts = [number for number, line in enumerate(self.lines) if _PROMPT.match(line)]
        if self.language in _DATA and prompts:
            return self._with_prompts(set(prompts))
        if self.language in _DATA:
            return [self._piece("script", whole, 0, len(self.lines) - 1)]
        prompts = [number for number, line in enumerate(self.lines) if _PROMPT.match(line)]
        if prompts:
            return self._with_prompts(set(prompts))
        if self.language not in _SHELLS and not self._mostly_commands():
            return [self._piece("output" if self.language in _OUTPUT else "script", whole, 0, len(self.lines) - 1)]
        if whole.lstrip().startswith("#!") or re.search(r"(?<![\w$])\$[1-9@](?!\d)", whole):
            return [self._piece("script", whole, 0, len(self.lines) - 1)]
        self._statements()
        return self.made

    def _mostly_commands(self) -> bool:
        said = [line.strip() for line in self.lines if line.strip() and not line.strip().startswith("#")]
        good = sum(looks_like_command(line) for line in said)
        return bool(said) and looks_like_command(said[0]) and good * 2 >= len(said)

    def _piece(self, kind: Kind, text: str, start: int, end: int, **more: str) -> Piece:
        return Piece(kind=kind, text=text, line=self.first + start, last_line=self.first + end, **more)

    def _with_prompts(self, prompts: set[int]) -> list[Piece]:
        at = 0
        while at < len(self.lines):
            found = _PROMPT.match(self.lines[at])
            if at in prompts and found:
                end, text = self._statement(at, found["rest"])
                self.made.append(self._piece("command", text, at, end))
                at = end + 1
                continue
            if self.lines[at].strip() and not self.lines[at].strip().startswith("#"):
                self.made.append(self._piece("output", self.lines[at], at, at))
            at += 1
        return self.made

    def _statements(self) -> None:
        at = 0
        while at < len(self.lines):
            line = self.lines[at].strip()
            if not line:
                self._blank()
            elif line.startswith("#"):
                self._comment(at, line.lstrip("#").strip())
            elif line[:1] in "{[" and not re.match(r"[{\[]\s+\S|\[\[?\s", line):
                at = self._data(at)
            elif _MANUAL.match(line) or not self._runs(line):
                self._flush()
                self.made.append(self._piece("manual", line, at, at))
            else:
                end, text = self._statement(at, self.lines[at].strip())
                self._command(text, at, end)
                at = end
            at += 1
        self._flush()

    def _data(self, at: int) -> int:
        """The last line of JSON among the commands, which is output."""
        end = at
        while end + 1 < len(self.lines) and _is_open("\n".join(self.lines[at : end + 1])):
            end += 1
        text = "\n".join(self.lines[at : end + 1])
        self.comments = []
        self.made.append(self._piece("output", text, at, end))
        return end

    def _runs(self, line: str) -> bool:
        if looks_like_command(line):
            return True
        return bool(re.match(r"[a-z][\w./-]*(?:\s+[-\w./:<>{}$\[\]\"'=@,]+)*\s*[|&;\\]?", line)) and not re.search(
            r"[a-z]\.$|^\w+ (?:the|a|is|to)\b|[✓→]|^[A-Z]", line
        )

    def _statement(self, at: int, text: str) -> tuple[int, str]:
        """The last line of the statement that begins here, and its text."""
        kept = [text]
        end = at
        while end + 1 < len(self.lines) and _is_open("\n".join(kept)) and end - at < 200:
            end += 1
            kept.append(self.lines[end])
        joined = re.sub(r"[ \t]*\\\n[ \t]*", " ", "\n".join(kept)) if "<<" not in kept[0] else "\n".join(kept)
        return end, joined.strip()

    def _command(self, text: str, start: int, end: int) -> None:
        text, remark = _trailing(text)
        expected = ""
        said = _EXPECTED.match(remark) if remark else None
        if said:
            expected, remark = said["said"] or remark, ""
        title, label = self._title()
        self.made.append(
            self._piece(
                "command",
                text,
                start,
                end,
                title=title,
                label=label,
                expected=expected,
                remark=remark,
                branch=self.branch,
            )
        )

    def _title(self) -> tuple[str, str]:
        if not self.comments:
            return "", ""
        *before, (_, said) = self.comments
        self.comments = before
        self._flush()
        number = _NUMBER.match(said)
        return said[number.end() :] if number else said, number["label"] if number else ""

    def _comment(self, at: int, said: str) -> None:
        if not said or not re.search(r"\w", said):
            return
        expected = _EXPECTED.match(said)
        last = self.made[-1] if self.made else None
        if expected and not self.comments and last is not None and last.kind == "command":
            self.made[-1] = _with_expected(last, (expected["said"] or said).strip())
            return
        if expected and self.comments:
            number, title = self.comments.pop()
            self._flush()
            self.made.append(self._piece("manual", title, number, number, expected=expected["said"].strip()))
            return
        if _OR.match(said):
            if not self.branch:
                self._first_branch()
            self.branches += 1
            self.branch = f"{self.branches + 1}"
        self.comments.append((at, said))

    def _first_branch(self) -> None:
        for number in range(len(self.made) - 1, -1, -1):
            if self.made[number].kind == "command":
                piece = self.made[number]
                self.made[number] = Piece(**{**{f: getattr(piece, f) for f in piece.__struct_fields__}, "branch": "1"})
                break

    def _blank(self) -> None:
        self._flush()

    def _flush(self) -> None:
        for at, said in self.comments:
            if looks_like_command(said) or _NOTE.match(said):
                self.made.append(self._piece("note", said, at, at))
            else:
                number = _NUMBER.match(said)
                self.made.append(self._piece("manual", said[number.end() :] if number else said, at, at))
        self.comments = []


def _with_expected(piece: Piece, said: str) -> Piece:
    values = {field: getattr(piece, field) for field in piece.__struct_fields__}
    values["expected"] = f"{piece.expected}\n{said}".strip()
    return Piece(**values)


def _trailing(text: str) -> tuple[str, str]:
    """A statement without the comment at its end, and that comment."""
    if "\n" in text or "#" not in text:
        return text, ""
    quote = ""
    for number, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "#" and number and text[number - 1].isspace():
            return text[:number].rstrip(), text[number + 1 :].strip()
    return text, ""


def _is_open(text: str) -> bool:
    """Whether a statement goes on in the next line."""
    heredoc = _HEREDOC.search(text)
    if heredoc:
        return not re.search(rf"^\s*{heredoc['word']}\s*$", text.partition("\n")[2], re.M)
    quote, escaped, depth = "", False, 0
    for number, char in enumerate(text):
        if escaped:
            escaped = False
        elif char == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"`":
            quote = char
        elif char == "#" and (not number or text[number - 1].isspace()):
            break
        elif char in "({":
            depth += 1
        elif char in ")}":
            depth -= 1
    if quote or escaped or text.rstrip().endswith(("\\", "|", "&&", "||")):
        return True
    opened = len(re.findall(r"(?:^|[;&|]|\bdo|\bthen|\belse)\s*(?:if|for|while|until|case|select)\b", text, re.M))
    closed = len(re.findall(r"(?:^|[;&|\s])(?:fi|done|esac)\b", text, re.M))
    return opened > closed or depth > 0
