"""What one line could be: a command, words for a person, what a program printed, what is typed into one."""

from __future__ import annotations

import re

from runbook.reading.shell import masked

PROMPT = re.compile(
    r"^\s*(?:(?!\d+%)[\w.@~:/-]*[$%]|PS[^>]*>|\[?[\w.-]+@[\w.-]+(?:[:~ ][^$#]*)?[$#]|\([\w.-]+\)\s*\$|❯|➜)\s+(?P<rest>\S.*)$"
)
CLIENT_PROMPT = re.compile(
    r"^\s*(?:>>>|(?:mysql|sftp|s?ftp|psql|postgres|redis|mongo\w*|cqlsh\S*|sqlite|lftp|ghci|pry|irb\S*|iex\S*|MariaDB \[[^\]]*\]"
    r"|rs\d*:\w+|\w+=[#>*]?|[\d.]+:\d+|\w+ \[[\w-]+\] \w*)[=>#]+)\s*(?P<rest>.*)$",
    re.I,
)
_KEYS = re.compile(
    r"^(?:<?(?:ctrl|control|cmd|alt|shift|esc)\s*[-+]\s*\S+>?|\^[A-Z\\]|:[wq]+!?|<?(?:enter|return|esc)>?|press\b.*)$",
    re.I,
)
_BULLET = re.compile(r"^(?:[-*•✓✅❌☐▪→➜]|\[[ xX]?\])\s+\S")
_NUMBERED = re.compile(r"^(?:step\s*)?\d+[a-z]?[.):]\s+(?P<rest>\S.*)$", re.I)
_DRAWN = re.compile(r"[│├└┌┐┘┤┬┴┼─═║╔╗╚╝▼▲►]|^[+|][-=+|\s]{3,}|^\|.*\|$|^[-=*_~]{3,}$")
_MARKED = re.compile(r"(?:^|\s)(?:→|✓|✅|❌|✗|✔|⚠|🔴|🟢|🟡|➜)")
_PRINTED = re.compile(
    r"^(?:\[?\d{4}[-/]\d\d[-/]\d\d[T\s\]]|\[?\d\d:\d\d(?::\d\d)?\b|[A-Z][a-z]{2} +\d+ +\d\d:\d\d|HTTP/\d|\*\s|[<>]\s"
    r"|[\d.,]+%?(?:\s|$)|v?\d+\.\d+(?:\.\d+)?\S*(?:\s|$)|(?=[a-f]*\d)[0-9a-f]{7,40}(?:\s|$)|\(\d+ rows?\)|\.\.\.|…"
    r"|[\"'][\w .-]+[\"']\s*:|[}\]]+[,;]?$|https?://\S+$|<[a-z!/][^>]*>.*</|[A-Z]{3,7}\s+(?=\d{4}-|\[))"
)
_HEADER = re.compile(r"^[A-Z][A-Z0-9_()/%-]*(?: [A-Z(][A-Z0-9_()/%-]*)*(?:\s{2,}|\t)[A-Z]")
_COLUMNS = re.compile(r"^\S+(?:\s{2,}\S+(?: \S+)*){2,}$")
_DONE = re.compile(
    r"^[\w.-]+(?:/[\w.-]+|\s+\"[^\"]+\")\s+(?:created|configured|unchanged|deleted|scaled|restarted|patched|labell?ed|annotated"
    r"|cordoned|uncordoned|evicted|drained|rolled back|image updated|env updated|condition met|successfully|already)\b"
)
_STATE = re.compile(
    r"^(?:active|inactive|(?:un)?healthy|ok|pong|running|stopped|up|down|ready|true|false|null|none|enabled|disabled|success\w*"
    r"|succeeded|passed|failed|done|complete[d]?|pending|yes|no|online|offline|alive|primary|replica|master|standby)\W*$",
    re.I,
)
_KEY = re.compile(r"^[A-Za-z][\w ./()-]{0,40}:(?:\s|$)")
_SQL = re.compile(
    r"^(?:SELECT\s|INSERT\s+INTO\s|UPDATE\s+\S+\s+SET\b|DELETE\s+FROM\s|ALTER\s+\w+\s|DROP\s+(?:TABLE|DATABASE|INDEX|VIEW|COLUMN|SCHEMA)\b"
    r"|CREATE\s+(?:TABLE|DATABASE|INDEX|OR|UNIQUE|VIEW|USER|ROLE)\b|TRUNCATE\s|BEGIN\b|COMMIT\b|ROLLBACK\s*;|WITH\s+\w+\s+AS\b|GRANT\s|REVOKE\s"
    r"|EXPLAIN\s|VACUUM\b|REINDEX\s|SHOW\s+\w+|SET\s+\w+\s*(?:=|TO)|USE\s+\w+\s*;|FLUSH(?:DB|ALL)\b|\\[a-z]\+?(?:\s|$))"
)
_CODE = re.compile(
    r"^(?:(?:const|let|var)\s+[\w{\[]|await\s|async\s|import\s+[\w{*\"']|from\s+[\w.]+\s+import\b|return\b|console\.|db\.\w|rs\.\w|print\(|def\s+\w"
    r"|class\s+\w|public\s|private\s|func\s+\w|package\s+\w|use\s+\w+$|export\s+(?:default|const|async|class|interface|type)\b"
    r"|[\w.]+\([^)]*\);?$(?<!\(\)))|=>\s*[{(]|^\w+(?:\.\w+)*\s+=\s+\S|;\s*//|^//"
)
_TALK = frozenset(
    """the your is are should will this that these those it its then we you they must can cannot has have been be a an
    until because which who what there here please ensure verify not or and to for with from into if when""".split()
)
_TALK_OF_KNOWN = frozenset("the your should will an these those they must which because sure".split())
_KEYWORDS = frozenset(
    "if for while until case select function do done then fi else elif esac { ( [ [[ (( ! time".split()
)
_SAYS = frozenset("echo printf logger wall say read alert notify cowsay figlet git".split())

PROGRAMS = frozenset(
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
    iisreset deployer newrelic datadog-agent lftp sftp ftp rclone s3cmd mc kubeadm crictl ctr nerdctl minikube kind k3s doctl linode-cli
    hcloud babylonnode gordon thanos cqlsh clickhouse-client influx sqlite3 bq dig goose dbmate atlas sqlx turbo nx lerna playwright
    jest pytest tox nox ruff black cypress k6 ab wrk hey siege locust lighthouse axe caddy traefik haproxy varnishadm rabbitmqctl
    kafka-consumer-groups.sh kafka-configs.sh nodetool mongotop mongostat pgbench pg_isready pg_basebackup pg_controldata vacuumdb
    reindexdb mysqladmin mariadb mariadb-dump aptitude dpkg rpm pacman zypper port nix systemd-analyze loginctl hostnamectl timedatectl
    dmesg vmstat iostat iotop mpstat sar strace tcpdump nmap mtr telnet whois base64 sha256sum md5sum shasum cmp comm column nl tac rev
    seq yes nohup nice ionice chroot getent id whoami groups uptime uname hostname tree skopeo crane cosign trivy buildah packer vagrant
    virsh qm pct zfs zpool lvs vgs pvs lvextend resize2fs e2fsck fsck restic borg duplicity barman pgbackrest wal-g walg swapoff swapon
    ghe-maintenance fastlane xcrun adb eas expo pod flutter swift bundle-exec cap kamal dokku ntfy oc rosa ibmcloud doppler sops age gpg
    step cmctl kubeseal stern kail rollout helmfile skaffold tilt devspace okteto werf terragrunt cdktf cdk sst copilot ecspresso
    Stop-Service Start-Service Restart-Service Get-Service Invoke-WebRequest Stop-WebAppPool Start-WebAppPool Get-Content""".split()
)
"""Programs that a line without any other sign is known by; in a fence that says it is shell, none is needed."""
_WORDS_TOO = frozenset(
    """make just task go service host open watch find test time date free top less more kind step render code file read
    type wait command exec set port sort cut age pod flux eb op history hub cap comm yes fly task let copilot rollout""".split()
)
"""Programs whose names are also how a sentence begins."""


def looks_like_command(text: str) -> bool:
    """Whether a line could be a command that a shell runs, where nothing around it says so."""
    line = masked(text.strip())
    if not line or _CODE.search(line) or _KEYS.match(line) or re.search(r"\w:\*$", line):
        return False
    if re.match(r"(?:export\s+)?[A-Za-z_]\w*\+?=(?:[^\s\"'$(]*|\"[^\"]*\"|'[^']*'|\$\(.*\))\s*(?:#.*)?$", line):
        return True
    words = line.split()
    while words and (re.match(r"[A-Za-z_]\w*=\S*$", words[0]) or words[0] in ("sudo", "time", "!")):
        if len(words) == 1:
            return "=" in words[0]
        words.pop(0)
    first = words[0]
    if first in ("{", "(", "[", "[["):
        return True
    if re.match(r"(?:\./|\.\./|~/|/(?:usr|opt|bin|sbin|etc|home|var|srv|root)/|\$\{?\w+\}?/)\S", first):
        return True
    if re.match(r"\$\{?[A-Z]\w*\}?$", first) and len(words) > 1:
        return True
    if re.match(r"\(?cd\b|bin/\w|\$\(|[\w./-]+\.(?:sh|py|rb|js|pl|ps1|bat|cmd|exe)$|[\w-]+(?:/[\w-]+)+\.sh$", first):
        return True
    if re.match(
        r"(?:Get|Set|New|Remove|Start|Stop|Restart|Invoke|Test|Write|Import|Export|Add|Enable|Disable|Update)-[A-Z]\w+$",
        first,
    ):
        return True
    return first in PROGRAMS and not _is_sentence(words)


def _is_sentence(words: list[str]) -> bool:
    """Whether words that begin with a known program's name are those of a sentence."""
    second = words[1] if len(words) > 1 else ""
    if re.match(r"(?:the|is|are|to|a|an|it|this|that|your|all|sure)$", second) and words[0] not in _SAYS:
        return True
    return (
        words[0] in _WORDS_TOO and any(word in _TALK_OF_KNOWN for word in words[1:]) and not _has_signs(" ".join(words))
    )


def looks_like_unknown_command(text: str) -> bool:
    """Whether a line begins with a program that nobody outside knows, but is written as only commands are."""
    line = masked(text.strip())
    words = _unquoted(line).split()
    if len(words) < 2 or not re.fullmatch(r"[a-z][\w.-]+", words[0]) or line.endswith((".", ":", ";", "{", ",")):
        return False
    return _has_signs(line) and not any(word in _TALK for word in words) and not _CODE.search(line)


def _has_signs(line: str) -> bool:
    return bool(re.search(r"\s--?[A-Za-z][\w-]*(?:[=\s]|$)|\s\|\s+[a-z]|\s&&\s|\s2?>{1,2}\s?[\w./&]", line))


def _unquoted(line: str) -> str:
    return re.sub(r"\"[^\"]*\"|'[^']*'", "Q", line)


def keys(line: str) -> bool:
    """Whether a line is keys to press."""
    return _KEYS.match(line.strip()) is not None


def numbered_command(line: str) -> str:
    """The command behind a list's number; empty where it is not one."""
    found = _NUMBERED.match(line)
    return found["rest"] if found and looks_like_command(found["rest"]) else ""


def typed(line: str) -> bool:
    """Whether a line is of another language than the shell's: SQL, JavaScript, a client's own commands."""
    return bool(_SQL.match(line) or (_CODE.search(line) and not _unmistakable(line)))


def _unmistakable(line: str) -> bool:
    first = line.split(maxsplit=1)[0]
    return (first in PROGRAMS and first not in _WORDS_TOO and first not in ("import", "export")) or _has_signs(line)


def printed(line: str) -> bool:
    """Whether a line of a shell's fence is what a program printed."""
    line = line.strip()
    if _DRAWN.search(_unquoted(line)) or _PRINTED.match(line) or _HEADER.match(line) or _DONE.match(line):
        return True
    first = line.split(maxsplit=1)[0] if line else ""
    if first in PROGRAMS or first in _KEYWORDS or first.startswith(("./", "/", "~", "$")):
        return False
    return bool(_STATE.match(line) or (_COLUMNS.match(_unquoted(line)) and not _has_signs(line)))


def spoken(line: str) -> bool:
    """Whether a line of a shell's fence is words for a person."""
    line = masked(line.strip())
    if _BULLET.match(line) or _KEYS.match(line):
        return True
    if _NUMBERED.match(line):
        return True
    bare = _unquoted(line)
    words = bare.split()
    first = words[0] if words else ""
    if first in _KEYWORDS or first.startswith(("(", "{", "[")):
        return False
    if _MARKED.search(bare) and first not in _SAYS:
        return True
    if _KEY.match(bare) and not re.match(r"\w+:\w", bare) and first not in _SAYS:
        return True
    if first in PROGRAMS:
        return (
            first not in _SAYS
            and not _has_signs(bare)
            and (_is_sentence(words) or any(word in _TALK_OF_KNOWN for word in words[1:]))
        )
    if not re.match(r"[A-Za-z_./~$\"'\\:@%&!-]|p+", line):
        return True
    if re.match(r"/[a-z][\w-]*$", first) or re.match(r"[A-Za-z_]\w*=\S*\s+\(", line):
        return True  # a chat's command; a setting with words behind it
    if re.match(r"[A-Z]\w*-[A-Z]\w+$|[A-Za-z_]\w*\+?=|[A-Z_]\w*\[|\$|\.{0,2}/|~/|\\", first):
        return False
    if re.match(r"[A-Z]", first) and not _has_signs(bare):
        return True
    if re.search(r"[a-z]{2}[.?!]$", bare) and len(words) > 2 and "/" not in words[-1]:
        return True
    talks = sum(word.strip(",;:") in _TALK for word in words[1:])
    return (talks > 0 and not _has_signs(bare)) or talks > 2
