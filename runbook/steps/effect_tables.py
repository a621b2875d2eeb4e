"""What is known of programs and their words: the tables that `effects` reads. To widen it, add a row."""

from __future__ import annotations

import re

from runbook.steps.values import words_of

ALWAYS_READ = words_of(
    "cat head tail grep egrep fgrep rg zgrep ls ll pwd cd pushd popd echo printf date cal sleep true false test [ [[ : wc sort "
    "uniq cut tr paste jq yq column fold nl rev comm diff cmp less more bat file stat du df free uptime who whoami id "
    "uname ps pgrep pidof top htop printenv which whereis type dig nslookup host ping traceroute mtr whois base64 "
    "md5sum sha1sum sha256sum shasum cksum seq basename dirname realpath readlink xxd od strings tree lsof netstat ss "
    "dmesg vmstat iostat mpstat sar lscpu lsblk export set unset read wait local declare typeset readonly return exit "
    "break continue shift let shopt man help history jobs zcat gunzip-c tac look stern kubetail lighthouse pg_isready "
    "pg_dump pg_dumpall mysqldump find sed awk gawk tcpdump expr bc xargs env time timeout nproc getent groups locale"
)
"""Programs that only look, whatever their arguments (`CHANGE` and `DESTROY` know the exceptions)."""

READ = {
    "git": "log, show, diff, status, rev-parse, ls-remote, merge-base, rev-list, cat-file, for-each-ref, fetch, describe, "
    "blame, shortlog, reflog, reflog show, ls-files, ls-tree, grep, name-rev, show-ref, var, version, help, whatchanged, "
    "cherry, range-diff, diff-tree, diff-index, diff-files, show-branch, count-objects, fsck, check-ref-format, "
    "remote show, remote get-url, config get, config list, stash list, stash show, worktree list, submodule status, "
    "bisect log, notes show, notes list, check-ignore, merge-tree",
    "kubectl": "get, describe, logs, top, explain, version, api-resources, api-versions, cluster-info, auth can-i, auth whoami, "
    "config view, config current-context, config get-contexts, diff, events, wait, rollout status, rollout history, "
    "port-forward, proxy, argo rollouts get, argo rollouts status, argo rollouts list",
    "helm": "list, ls, status, get, history, show, search, version, env, template, lint, diff, repo list",
    "docker": "ps, images, logs, inspect, stats, top, version, info, events, history, port, diff, search, container ls, "
    "container inspect, container logs, image ls, image inspect, volume ls, volume inspect, network ls, network inspect, "
    "service ls, service ps, service logs, service inspect, stack ls, stack ps, stack services, node ls, context ls, "
    "system df, system info, compose ps, compose logs, compose config, compose images, compose top, compose events, "
    "compose ls, compose version, buildx ls, manifest inspect",
    "docker-compose": "ps, logs, config, images, top, events, version",
    "npm": "ls, list, view, info, outdated, audit, ping, whoami, config get, config list, --version, explain, why",
    "yarn": "list, info, why, outdated",
    "pnpm": "list, ls, why, outdated",
    "vercel": "ls, list, inspect, logs, whoami, env ls, domains ls, alias ls, project ls, teams ls, certs ls, rollback status",
    "railway": "status, logs, list, whoami, deployment list, variables, environment list, service list",
    "prisma": "migrate status, migrate diff, validate, version",
    "aws": "s3 ls, logs tail, logs filter-log-events, configure list, sts, wait",
    "gcloud": "info, version, config list, config get-value, auth list",
    "terraform": "plan, show, output, validate, version, providers, graph, state list, state show, state pull, "
    "workspace list, workspace show, get",
    "systemctl": "status, is-active, is-enabled, is-failed, show, cat, list-units, list-unit-files, list-timers, list-jobs, "
    "list-dependencies, list-sockets",
    "journalctl": "*",
    "pm2": "list, ls, status, show, describe, logs, monit, prettylist, jlist, info, env",
    "heroku": "releases, releases:info, ps, logs, config, config:get, info, apps, apps:info, status, pg:info, pg:backups, "
    "pg:backups:info, pg:ps, pg:diagnose, addons, addons:info, domains, whoami, auth:whoami, maintenance, run:inside",
    "fly": "status, logs, releases, list, apps list, machine list, machines list, checks list, image show, version, info, "
    "config show, secrets list, scale show, volumes list, ips list, auth whoami",
    "wrangler": "tail, deployments list, deployments status, deployments view, versions list, versions view, whoami",
    "gh": "run list, run view, run watch, pr list, pr view, pr checks, pr diff, pr status, issue list, issue view, release list, "
    "release view, workflow list, workflow view, auth status, repo view, repo list, status, api, search, deployment list",
    "argocd": "app get, app list, app diff, app history, app manifests, app logs, app wait, app resources, cluster list, version",
    "sentry-cli": "info, releases list, releases info, issues list, projects list",
    "redis-cli": "ping, info, get, mget, keys, scan, ttl, type, exists, dbsize, llen, lrange, hget, hgetall, smembers, scard, "
    "zrange, zcard, strlen, client list, config get, memory, slowlog, monitor, cluster info, cluster nodes, role, xlen",
    "sentinel": "*",
    "openssl": "s_client, x509, version, verify, dgst, ciphers",
    "rabbitmqctl": "status, list_queues, list_connections, cluster_status, list_consumers",
    "crontab": "-l",
    "nginx": "-t, -T, -v",
    "consul": "members, info, operator raft list-peers, kv get, catalog",
    "vault": "status, read, kv get, list",
    "etcdctl": "get, member list, endpoint, alarm list",
    "az": "account show, account list",
    "pg_ctl": "status",
    "patronictl": "list, history, topology, show-config",
}
"""Sub-commands that only look."""

READ_WORD = {
    "aws": r"(describe|list|get|head|batch-get|lookup|search|filter)(-.+)?",
    "gcloud": r"list|describe|read|tail|get-iam-policy|get-value|list-.+|describe-.+",
    "az": r"list|show|list-.+|show-.+|get-.+",
    "service": r"status",
    "doctl": r"list|get|logs",
    "gsutil": r"ls|cat|stat|du",
    "supervisorctl": r"status|tail|avail",
    "brew": r"list|info|outdated",
    "apt": r"list|show|policy|search",
    "pip": r"list|show|freeze|check",
}
"""Programs where one word anywhere among the arguments says that they only look."""

CHANGE = (
    r"(sort|column) .*(-o|--output)\b",
    r"(sed|yq|perl) (.* )?(-\w*i|--in-place|--inplace)",
    r"(g?awk) .*(system ?\(|\| ?\"|> ?\"|getline)",
    r"find .*-(exec|execdir|ok|okdir|fprint\w*|fls)\b",
    r"git fetch .*\S:(?!refs/(remotes|warroom)/)\S",
    r"git (diff|log|show|format-patch|archive) .*--output\b",
    r"git .*--(upload-pack|exec|receive-pack)\b",
    r"(dmesg|journalctl) .*(-[cC]\b|--clear|--vacuum|--rotate|--flush)",
    r"date .*(-s|--set)\b",
    r"ss .*(-K|--kill)\b",
    r"gh api .*(-X|--method|-f|-F|--field|--raw-field|--input)\b",
    r"helm (template|get) .*--output-dir\b",
    r"railway variables .*--set\b",
    r"hostname \S",
    r"npm audit fix",
    r"terraform output .*-destroy",
    r"kubectl (cluster-info dump .*--output-directory)",
)
"""Exceptions to the tables above: these do change something (program and arguments, joined by spaces)."""

DESTROY = (
    r"git push .*(?<=\s)(--force\S*|-[a-z]*[fd][a-z]*|--delete|--mirror|--prune|\+\S+|:\S*)(\s|$)",
    r"git reset .*--(hard|merge)\b",
    r"git clean\b",
    r"git branch .*(?<=\s)(-\w*[DfMC]\w*|--force|--delete .*--force)(\s|$)",
    r"git tag .*(?<=\s)(-\w*[df]\w*|--delete|--force)(\s|$)",
    r"git checkout .*(?<=\s)(--|\.|-\w*[fB]\w*|--force|--ours|--theirs|-p|--patch|--pathspec\S*)(\s|$)",
    r"git checkout (?!.*-[bt]\b)(?!.*--(orphan|track))[^-\s]\S* [^-\s]",
    r"git restore\b(?!(?=.*(--staged|-S\b))(?!.*(--worktree|-W\b)))",
    r"git switch .*(?<=\s)(-\w*[fC]\w*|--force\S*|--discard-changes)(\s|$)",
    r"git (stash (drop|clear)|reflog (expire|delete)|filter-branch|filter-repo|prune|update-ref .*(-d|--stdin)\b)",
    r"git (gc .*--prune|worktree remove .*(-f|--force)|rm .*(?<=\s)-\w*f|submodule deinit|read-tree .*--reset|checkout-index .*-f)",
    r"rm .*(?<=\s)(-\w*[rR]\w*|--recursive|--no-preserve-root|\S*\*\S*)(\s|$)",
    r"find .*-(delete|exec(dir)? (sudo )?(rm|shred|unlink))\b",
    r"rsync .*--delete",
    r"(mkfs\S*|wipefs|fdisk|sfdisk|parted|shred|truncate|dropdb|dropuser|shutdown|reboot|halt|poweroff|pg_resetwal)\b",
    r"(pg_restore (?!(.* )?(-l|--list)\b)|mongorestore|myloader|pg_basebackup|pgbackrest .*restore|barman recover|wal-g backup-fetch)",
    r"dd .*\bof=(?!/dev/null\b)",
    r"init [06]\b",
    r"iptables .*(-F|--flush|-X)\b",
    r"crontab .*-r\b",
    r"kubectl (delete|drain)\b",
    r"kubectl (scale|autoscale|patch|argo rollouts) .*replicas\W{1,4}0\b",
    r"kubectl (replace .*--force|apply .*--prune)\b",
    r"helm (uninstall|delete|del|un)\b",
    r"(docker compose|docker-compose) (down|rm) .*(?<=\s)(-\w*v\w*|--volumes|--rmi)",
    r"(docker|docker compose|docker-compose|podman|nerdctl) (\w+ )?(prune|volume rm|volume remove)\b",
    r"docker (volume|system|image|container|network|builder|buildx) (rm|remove|prune)\b",
    r"docker (rm .*-\w*v|stack rm|service rm|swarm leave|secret rm|config rm)\b",
    r"(docker|docker compose|docker-compose|fly|heroku|railway) .*scale\b.*\D[= ]0\b",
    r"terraform (destroy|force-unlock|state (rm|push)|taint|workspace delete|apply .*-destroy)\b",
    r"prisma (migrate (reset|resolve)|db push)\b",
    r".* --accept-data-loss\b",
    r"(.* )?(alembic|flask db) downgrade|(.* )?(migrate|migration|migrations|db|schema|knex|goose|sequelize|dbmate|flyway|liquibase|sql-migrate|"
    r"artisan|typeorm|diesel)\b.*[: ](down|rollback|undo|revert|reset|fresh|drop|clean|zero|refresh|rollback-count)\b",
    r".*\bmanage\.py (flush|sqlflush|reset_db)",
    r"aws (s3|s3api) (rm|rb)\b",
    r"aws .*--(desired-count|desired-capacity|min-size .*--max-size)[ =]0\b",
    r"gcloud .*--(max-instances|num-nodes|size)[ =]0\b",
    r"gsutil (-m )?(rm|rb|rsync .*-d)\b",
    r"railway down\b",
    r"(vercel|railway|fly|npm|gh|az) .*\b(rm|remove|unpublish)\b",
    r"heroku (pg:(reset|backups:restore|copy|pull|push|promote)|apps:destroy|addons:destroy)",
    r"curl .*(-X ?|--request[ =])DELETE\b",
    r"(http|https|xh) DELETE\b",
    r"gh api .*(-X ?|--method[ =])DELETE\b",
    r"(?i)redis-cli .*\b(flushall|flushdb|del|unlink|shutdown|debug|replicaof|slaveof)\b",
    r"etcdctl (del|snapshot restore|member remove)\b",
    r"mysqladmin .*\bdrop\b",
    r"systemctl (poweroff|reboot|halt|kexec|emergency|rescue)\b",
    r"(userdel|groupdel|lvremove|vgremove|pvremove|zfs (destroy|rollback)|btrfs subvolume delete|umount -f)\b",
)
"""What cannot be taken back (program and arguments, joined by spaces)."""

DESTROY_WORD = re.compile(
    r"(^|[-:_./])(delete|destroy|purge|terminate|drop|wipe|nuke|flushall|flushdb|truncate|erase|uninstall|deprovision)"
    r"($|[-:_./=])",
    re.IGNORECASE,
)
"""Words that make a call of any program without a table entry (or of a cloud's client) destructive."""

SQL_CLIENTS = words_of(
    "psql mysql mariadb sqlite3 cockroach clickhouse-client cqlsh sqlcmd bq mongosh mongo duckdb usql"
)
SQL_DESTROYS = re.compile(
    r"\b(drop\s+(table|database|schema|column|index|view|role|user|type|constraint|function|trigger|owned)|truncate\b|"
    r"delete\s+from|dropdatabase\(|\.drop\(|\.deletemany\(|\.remove\()",
    re.IGNORECASE,
)
SQL_READS = re.compile(
    r"\s*(select|show|explain(?!\s+analy)|table|values|describe|desc|\\[dlzconiset]|pragma \w+$|\.(tables|schema))",
    re.I,
)
SQL_ACTS = re.compile(
    r"\b(into|insert|update|alter|create|grant|revoke|call|vacuum|reindex|cluster|copy|lock|setval|nextval|dblink\w*|"
    r"pg_(terminate|cancel|promote|reload|switch|drop|create|wal_replay|rotate|start|stop|advisory|logical)\w*|lo_\w+)\b",
    re.IGNORECASE,
)
RESTORES = re.compile(
    r"dump|backup|\bbak\b|restore|snapshot|rollback|revert|\bdown\b|\.gz\b|\.xz\b|\.zst\b", re.IGNORECASE
)

PRODUCTION = re.compile(r"(?<![a-z])(production|prod|prd)(?![a-z])", re.IGNORECASE)
DATABASE = re.compile(
    r"(?<![a-z])(psql|mysql|maria(db)?|postgres\w*|mongo\w*|redis\w*|prisma|database\w*|db|rds|sql)(?![a-z])", re.I
)

WRAPPERS = {
    "sudo": "-u -g -h -p -C -U -r -t -D --user --group",
    "doas": "-u -C",
    "env": "-u -C -S --unset --chdir",
    "time": "-f -o",
    "timeout": "-s -k --signal --kill-after",
    "nice": "-n",
    "ionice": "-c -n -p",
    "nohup": "",
    "setsid": "",
    "stdbuf": "-i -o -e",
    "command": "",
    "builtin": "",
    "exec": "-a",
    "xargs": "-n -I -P -L -d -a -s -E --max-args --max-procs --replace --delimiter",
    "watch": "-n --interval -d",
    "npx": "-p --package --registry",
    "bunx": "",
    "unbuffer": "",
    "chronic": "",
    "caffeinate": "",
    "parallel": "-j -a --jobs",
    "op": "--env-file",
    "dotenv": "-e -f",
    "bundle": "",
    "poetry": "",
    "pipenv": "",
    "uv": "",
}
"""Programs that run another one given in their words, and their options that take a value."""
WRAPPER_VERBS = {"op": "run", "bundle": "exec", "poetry": "run", "pipenv": "run", "uv": "run"}
SHELL_PROGRAMS = words_of("bash sh zsh dash ksh ash su")
READS_SHELL = SHELL_PROGRAMS | {"ssh"}
"""Programs whose input is shell text."""

GLOBAL_VALUES = {
    "git": "-C -c --git-dir --work-tree --namespace --exec-path",
    "kubectl": "-n --namespace --context --cluster --kubeconfig -s --server --user --token --as --request-timeout -l "
    "--selector -o --output -c --container",
    "helm": "-n --namespace --kube-context --kubeconfig",
    "docker": "-H --host --context --log-level -f --file -p --project-name --env-file --profile",
    "docker-compose": "-f --file -p --project-name --env-file --profile",
    "vercel": "--api --token -t --scope -S --cwd -A --local-config",
    "aws": "--profile --region --output --endpoint-url --query",
    "heroku": "-a --app -r --remote",
    "fly": "-a --app -c --config",
    "redis-cli": "-h -p -a -n -u -s --user --pass",
    "terraform": "",
    "prisma": "--schema",
    "gh": "-R --repo",
    "railway": "-s --service -e --environment",
}
"""Options before or among the sub-commands whose next word is a value."""
ALIASES = {
    "oc": "kubectl",
    "k": "kubectl",
    "podman": "docker",
    "nerdctl": "docker",
    "flyctl": "fly",
    "tofu": "terraform",
    "vc": "vercel",
}

FOLLOW = (
    r"(watch|stern|kubetail|multitail|yes)\b",
    r"tail .*(?<=\s)(-\w*[fF]\w*|--follow\S*|--retry)",
    r"less .*\+F",
    r"(kubectl|docker|docker-compose|argocd|flux|vercel|nomad|doctl|gcloud|az|aws) (.* )?(logs?|tail)\b.*"
    r"(?<=\s)(-\w*f|--follow)(\s|$)",
    r"(journalctl|dmesg) .*(?<=\s)(-\w*[fw]|--follow)(\s|$)",
    r"kubectl (get|.* get)\b.*(?<=\s)(-w|--watch|--watch-only)",
    r"kubectl (port-forward|proxy|argo rollouts (get|dashboard).*--watch|argo rollouts dashboard)\b",
    r"(railway|fly|pm2) (logs|log)\b(?!.*(--no-?stream|--no-tail|-n\b|--lines|--latest))",
    r"pm2 monit",
    r"heroku logs .*(-t|--tail)\b",
    r"wrangler (tail|dev)\b",
    r"(docker|podman) (stats\b(?!.*--no-stream)|events\b(?!.*--until))",
    r"docker-compose events|docker compose events",
    r"(docker compose|docker-compose) up\b(?!.*(\s-\w*d|--detach|--wait|--no-start))",
    r"ping\b(?!.*\s-c)",
    r"(vmstat|iostat|mpstat|sar) (-\S+ )*\d+$",
    r"tcpdump\b(?!.*\s-c)",
    r"redis-cli .*\bmonitor\b",
    r"kafka-console-consumer\S*\b(?!.*--(max-messages|timeout-ms))",
    r"prisma studio\b",
    r"(npm|yarn|pnpm) (run )?(dev|start|watch|serve)\b",
    r"python3? .*http\.server",
    r"gcloud .*\btail\b",
    r"ssh .*\s-\w*N",
    r"inotifywait .*-m",
)
"""Commands that do not return by themselves."""

INTERACTIVE = (
    r"(vi|vim|nvim|nano|emacs|pico|ed|visudo|sudoedit|htop|k9s|lazygit|lazydocker|man|less|more|sftp|ftp|telnet|passwd|screen|tmux)\b(?!.*\+F)",
    r"top\b(?!.*\s-\w*b)",
    r"crontab .*-e\b",
    r"(kubectl|helm) edit\b",
    r"(kubectl|docker|docker compose|docker-compose) (exec|run|debug|attach)\b.*(?<=\s)(-\w*t\w*|--tty|-i|--stdin)(\s|$)",
    r"(docker|kubectl) attach\b",
    r"(docker compose|docker-compose) (exec|run) (?!.*(\s-T\b|--no-tty|--no-TTY)).*\s(bash|sh|zsh|psql|mysql|redis-cli)$",
    r"git (rebase .*(-i|--interactive)|add .*(-p|-i|--patch|--interactive)|.*--edit\b|gui|citool|mergetool)",
    r"(vercel|railway|npm|gh auth|heroku|fly auth|gcloud auth|az|docker|wrangler|aws sso|firebase|argocd) login\b(?!.*(--with-token|--password-stdin|--service-principal))",
    r"aws configure$",
    r"heroku (pg:psql|redis:cli|run (bash|sh|rails c\w*|console))\b",
    r"railway (connect|shell|link)\b",
    r"fly (ssh console|postgres connect)\b(?!.*\s-C)",
    r"(.*\b)?(rails|bin/rails) (c|console|dbconsole)\b",
    r".*\bmanage\.py (shell\w*|dbshell)\b",
    r"sudo -\w*[is]\w*$|su( -)?( \w+)?$",
    r"read .*-p",
)
"""Commands that want a terminal."""
CONSOLES = {
    "psql": r"-\w*[cfl]|--command\S*|--file\S*|--list|-V|--version",
    "mysql": r"-\w*e|--execute\S*|-V|--version",
    "mariadb": r"-\w*e|--execute\S*",
    "mongosh": r"--eval\S*|--file|\S+\.js",
    "mongo": r"--eval\S*|\S+\.js",
    "redis-cli": r"[A-Za-z]+",
    "sqlite3": r".*\s.*",
    "python": r"[^-].*|-\w*[cmV]|--version",
    "python3": r"[^-].*|-\w*[cmV]|--version",
    "node": r"[^-].*|-[epv]|--eval|--version",
    "irb": r"$^",
    "bash": r"[^-].*|-\w*[cs]\w*|--version",
    "sh": r"[^-].*|-\w*[cs]\w*",
    "zsh": r"[^-].*|-\w*[cs]\w*|--version",
}
"""Programs with a prompt of their own, and the word that keeps them from showing it (input given does too)."""
