"""What only looks: programs, their sub-commands, and the words that say so anywhere. To widen it, add a row."""

from __future__ import annotations

from runbook.steps.effect_tables import words_of

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
    "npm": "ls, list, view, info, outdated, audit, ping, whoami, config get, config list, explain, why",
    "yarn": "list, info, why, outdated",
    "pnpm": "list, ls, why, outdated",
    "vercel": "ls, list, inspect, logs, whoami, env ls, domains ls, alias ls, project ls, teams ls, certs ls, rollback status",
    "railway": "status, logs, list, whoami, deployment list, variables, environment list, service list",
    "warroom": "railway list, railway live, check, doctor, incidents, timeline, books, schema",
    "prisma": "migrate status, migrate diff, validate, version",
    "aws": "s3 ls, logs tail, logs filter-log-events, configure list, sts, wait, configure get, eks get-token, ecr get-login-password, s3 presign, codeartifact get-authorization-token",
    "gcloud": "info, version, config list, config get-value, auth list",
    "terraform": "plan, show, output, validate, version, providers, graph, state list, state show, state pull, "
    "workspace list, workspace show, get",
    "systemctl": "status, is-active, is-enabled, is-failed, show, cat, list-units, list-unit-files, list-timers, list-jobs, "
    "list-dependencies, list-sockets",
    "journalctl": "*",
    "pm2": "list, ls, status, show, describe, logs, monit, prettylist, jlist, info, env",
    "heroku": "releases, releases:info, ps, logs, config, config:get, info, apps, apps:info, status, pg:info, pg:backups, "
    "pg:backups:info, pg:backups:url, pg:backups:schedules, pg:wait, pg:ps, pg:diagnose, pg:locks, pg:blocking, pg:bloat, pg:outliers, pg:credentials, "
    "pg:settings, pg:connection-info, releases:output, ps:type, features, buildpacks, drains, certs, redis:info, redis:wait, container:inspect, addons, addons:info, domains, whoami, auth:whoami, maintenance, run:inside",
    "fly": "status, logs, releases, list, apps list, machine list, machines list, checks list, image show, version, info, "
    "config show, secrets list, scale show, volumes list, ips list, auth whoami",
    "wrangler": "tail, deployments list, deployments status, deployments view, versions list, versions view, whoami",
    "gh": "cache list, secret list, variable list, ruleset list, ruleset view, environment list, run list, run view, run watch, pr list, pr view, pr checks, pr diff, pr status, issue list, issue view, release list, "
    "release view, workflow list, workflow view, auth status, repo view, repo list, status, api, search, deployment list",
    "argocd": "app get, app list, app diff, app history, app manifests, app logs, app wait, app resources, app get-resource, cluster list, version",
    "sentry-cli": "info, releases list, releases info, issues list, projects list",
    "redis-cli": "ping, info, get, mget, keys, scan, ttl, type, exists, dbsize, llen, lrange, hget, hgetall, smembers, scard, "
    "zrange, zcard, strlen, client list, config get, memory usage, memory stats, memory doctor, "
    "slowlog get, slowlog len, monitor, cluster info, cluster nodes, cluster slots, cluster shards, role, xlen, xinfo, xrange, "
    "xpending, hlen, hkeys, sismember, zscore, zrangebyscore, zrevrange, pttl, lindex, randomkey, time, lastsave, latency, acl list, "
    "acl whoami, object, sentinel get-master-addr-by-name, sentinel master, sentinel masters, sentinel replicas, sentinel slaves, "
    "sentinel ckquorum, pubsub, echo, --bigkeys, --memkeys, --hotkeys, --latency, --latency-history, --latency-dist, --stat, --scan, "
    "--intrinsic-latency, --rdb, client info, client id, client getname, command, module list, function list, bitcount, getrange, zcount",
    "sentinel": "*",
    "openssl": "s_client, x509, version, verify, dgst, ciphers, rand, asn1parse, crl, speed",
    "rabbitmqctl": "status, list_queues, list_connections, cluster_status, list_consumers",
    "crontab": "-l",
    "nginx": "-t, -T, -v",
    "consul": "members, info, operator raft list-peers, kv get, catalog",
    "vault": "status, read, kv get, list",
    "etcdctl": "get, member list, endpoint, alarm list",
    "az": "account show, account list",
    "pg_ctl": "status",
    "patronictl": "list, history, topology, show-config, version, dsn, query",
    "ufw": "status, show, app list, app info",
    "iptables": "-L, -S, --list, --list-rules, -nL, -vnL, -nvL, -Lnv, -vL, -Ln",
    "ip6tables": "-L, -S, --list",
    "nft": "list",
    "firewall-cmd": "--list-all, --state, --list-ports, --list-services, --get-active-zones",
    "tailscale": "status, ip, ping, netcheck, version, whois",
    "wg": "show",
    "kafka-topics": "--describe, --list",
    "kafka-consumer-groups": "--describe, --list",
    "kafka-configs": "--describe",
    "kafka-acls": "--list",
    "kafka-log-dirs": "*",
    "kafka-broker-api-versions": "*",
    "kafka-metadata-quorum": "*",
    "kafka-console-consumer": "*",
    "kafka-get-offsets": "*",
    "kafka-dump-log": "*",
    "kafka-run-class": "kafka.tools.GetOffsetShell",
    "kcat": "-L, -C, -Q",
    "nc": "*",
    "telnet": "*",
    "json.tool": "*",
    "http": "GET, HEAD",
    "cast": "call, balance, block, block-number, chain-id, code, storage, tx, receipt, nonce, gas-price, logs, abi-decode, "
    "abi-encode, sig, 4byte, to-wei, from-wei, to-hex, to-dec, keccak, rpc eth_call, interface, implementation, admin, client, age, run, decode-calldata, calldata-decode, calldata, parse-bytes32-string",
    "cf": "apps, a, app, services, s, service, service-keys, sk, service-key, routes, r, domains, orgs, spaces, target, t, env, "
    "e, events, logs, buildpacks, stacks, marketplace, m, revisions, revision, tasks, network-policies, org, space, quotas, "
    "api, ssh-code, oauth-token, create-app-manifest, version, check-route, security-groups, users, org-users, space-users, isolation-segments, droplets, packages",
    "velero": "restore get, restore describe, restore logs, backup get, backup describe, backup logs, get, describe, version, schedule get, backup-location get",
    "restic": "snapshots, stats, check, ls, diff, find, cat, list, version, dump",
    "borg": "list, info, check, diff, version",
    "pgbackrest": "info, check, verify, version",
    "barman": "list-backup, list-backups, list-server, list-servers, show-backup, show-server, show-servers, check, status, list-files, replication-status, check-backup, diagnose",
    "wal-g": "backup-list, wal-show, wal-verify, st ls",
    "repmgr": "cluster show, cluster matrix, cluster crosscheck, cluster event, node status, node check, daemon status, service status",
    "pg_lsclusters": "*",
    "pg_controldata": "*",
    "pg_waldump": "*",
    "pg_config": "*",
    "pg_verifybackup": "*",
    "pg_amcheck": "*",
    "alembic": "current, history, heads, branches, show, check",
    "flask": "db current, db history, db heads, db show, db check, routes",
    "manage.py": "showmigrations, check, sqlmigrate, diffsettings, inspectdb, --plan, --check",
    "artisan": "migrate:status, about, route:list, db:show, db:table, db:monitor, schedule:list, queue:failed, queue:monitor, config:show, env, list, model:show, event:list, horizon:status, horizon:list",
    "rails": "db:migrate:status, db:version, about, routes, stats, notes, db:abort_if_pending_migrations",
    "rake": "db:migrate:status, db:version, -T, routes, about, --tasks, stats, db:abort_if_pending_migrations",
    "knex": "migrate:status, migrate:list, migrate:currentVersion",
    "sequelize": "db:migrate:status, db:version",
    "typeorm": "migration:show",
    "goose": "status, version, validate",
    "dbmate": "status",
    "migrate": "version",
    "sql-migrate": "status",
    "flyway": "info, validate, version, check",
    "liquibase": "status, history, validate, list-locks, diff, update-sql, updateSQL, rollback-sql, rollbackSQL, rollback-count-sql, db-doc, future-rollback-sql",
    "diesel": "migration list, migration pending, print-schema",
    "sqlx": "migrate info",
    "atlas": "migrate status, migrate lint, schema inspect, schema diff, migrate validate",
    "mix": "ecto.migrations, help, hex.info, phx.routes, xref",
    "dotnet": "ef migrations list, ef dbcontext info, --info, --list-sdks, --list-runtimes, list",
    "pulumi": "preview, stack ls, stack output, stack history, history, whoami, logs, config get, version, about, stack export",
    "cdk": "diff, list, ls, synth, synthesize, doctor, metadata",
    "serverless": "info, logs, deploy list, metrics, print",
    "sam": "logs, validate, list",
    "ansible-playbook": "--check, -C, --list-hosts, --list-tasks, --syntax-check, --list-tags",
    "ansible-inventory": "*",
    "supabase": "status, projects list, functions list, migration list, branches list, secrets list, orgs list, db diff, db lint, db dump, inspect, backups list, services, storage ls",
    "firebase": "projects:list, apps:list, hosting:channel:list, hosting:sites:list, functions:log, functions:list, functions:config:get, firestore:indexes, database:get, target, login:list, use",
    "netlify": "status, sites:list, env:list, env:get, logs, logs:function, logs:deploy, watch, api getSite, api listSiteDeploys, api getDeploy, functions:list",
    "render": "services, deploys list, logs, whoami, workspace current, environments, jobs list",
    "istioctl": "proxy-status, ps, proxy-config, pc, analyze, version, describe, x describe, experimental describe, validate, dashboard, verify-install, bug-report",
    "flux": "get, logs, check, events, trace, tree, stats, diff, version, export",
    "linkerd": "check, stat, top, tap, edges, routes, viz stat, viz top, viz tap, viz edges, viz check, version, diagnostics, viz dashboard",
    "cilium": "status, connectivity, version, config view, hubble",
    "hubble": "observe, status, list",
    "kustomize": "build, version",
    "nomad": "status, job status, job history, job inspect, job plan, plan, node status, alloc status, alloc logs, deployment status, deployment list, server members, eval status, operator raft list-peers, monitor, version, job versions, job deployments, ui, namespace list, var list, var get",
    "mongodump": "*",
    "mongoexport": "*",
    "mongostat": "*",
    "mongotop": "*",
    "bsondump": "*",
    "caddy": "version, validate, list-modules, adapt, environ",
    "apachectl": "configtest, status, fullstatus, -t, -S, -v",
    "apache2ctl": "configtest, status, -t, -S, -v",
    "haproxy": "-c, -v, -vv",
    "promtool": "check, query, test, tsdb list",
    "amtool": "alert query, alert, silence query, check-config, config show, config routes, cluster show",
    "logcli": "*",
    "nodetool": "status, info, ring, tpstats, netstats, compactionstats, describecluster, cfstats, tablestats, gossipinfo, version, describering, getendpoints, proxyhistograms, statusgossip",
    "ceph": "status, -s, health, df, osd tree, osd status, osd df, mon stat, pg stat, versions, -w",
    "getfacl": "*",
    "pg_restore": "-l, --list, --file=/dev/null",
    "tar": "tf, tzf, tvf, tzvf, tjf, -tf, -tzf, -tvf, -tzvf, -ztf, -ztvf, -t, --list",
    "blkid": "*",
    "findmnt": "*",
    "mount": "-l",
    "skopeo": "inspect, list-tags",
    "crane": "ls, manifest, digest, config, catalog, validate",
    "cosign": "verify, tree, triangulate, verify-attestation",
    "trivy": "*",
    "snyk": "test",
    "sestatus": "*",
    "getenforce": "*",
    "loginctl": "list-sessions, show-session, session-status",
    "timedatectl": "status, show, list-timezones",
    "hostnamectl": "status",
    "chronyc": "tracking, sources, sourcestats, activity",
    "ntpq": "-p, -pn, -c",
    "certbot": "certificates",
    "lvs": "*",
    "vgs": "*",
    "pvs": "*",
    "zfs": "list, get, holds, diff",
    "zpool": "status, list, iostat, history, get",
    "rpm": "-q, -qa, -qi, -ql, -qf, -V",
    "dpkg": "-l, -L, -s, -S, --list, --status",
    "apt-cache": "*",
    "dnf": "list, info, history list, history info, check-update, repolist, search",
    "yum": "list, info, history list, history info, check-update, repolist, search",
    "Get-Content": "*",
    "Invoke-WebRequest": "*",
    "Test-NetConnection": "*",
    "Test-Connection": "*",
    "Write-Host": "*",
    "Write-Output": "*",
    "Select-String": "*",
    "Measure-Object": "*",
    "Format-Table": "*",
    "Format-List": "*",
    "Out-String": "*",
    "ConvertTo-Json": "*",
    "ConvertFrom-Json": "*",
    "ab": "*",
    "hey": "*",
    "wrk": "*",
    "autocannon": "*",
    "k6": "inspect, version, status",
    "siege": "*",
    "playwright": "show-report, show-trace",
    "websocat": "*",
    "wscat": "*",
    "grpcurl": "list, describe",
    "grpc_health_probe": "*",
    "httpstat": "*",
    "testssl.sh": "*",
    "sslscan": "*",
    "nmap": "*",
    "fping": "*",
    "arp": "-a, -n",
    "route": "-n",
    "ifconfig": "-a",
    "arping": "*",
    "pstree": "*",
    "w": "*",
    "last": "*",
    "lastlog": "*",
    "iotop": "*",
    "iftop": "*",
    "nethogs": "*",
    "glances": "*",
    "btop": "*",
    "ctop": "*",
    "k9s": "*",
    "kubectx": "-c, --current",
    "kubens": "-c, --current",
    "sysctl": "-a, -n",
    "nvidia-smi": "*",
    "ulimit": "-a, -n",
    "node": "-v",
}
"""Sub-commands that only look."""

READ_WORD = {
    "aws": r"(describe|list|get|head|batch-get|lookup|search|filter|scan|query|validate|simulate|wait|test|detect|estimate|preview)(-.+)?|wait|ls|tail",
    "gcloud": r"list|describe|read|tail|get-.+|list-.+|describe-.+|ls|cat|du|wait|print-.+",
    "az": r"list|show|list-.+|show-.+|get-.+|tail|wait|exists|check-.+",
    "service": r"status",
    "doctl": r"list|get|logs",
    "gsutil": r"ls|cat|stat|du",
    "supervisorctl": r"status|tail|avail",
    "brew": r"list|info|outdated",
    "apt": r"list|show|policy|search",
    "pip": r"list|show|freeze|check",
    "kafkactl": r"get|describe|consume|list",
    "linode-cli": r"list|view|ls|\S+-list|\S+-view",
    "hcloud": r"list|describe",
    "openstack": r"list|show",
    "ibmcloud": r"list|ls|get|show",
    "scw": r"list|get",
    "oci": r"list|get",
    "apt-get": r"check",
    "git-lfs": r"ls-files|status|env|logs",
}
"""Programs where one word anywhere among the arguments says that they only look."""

ONLY_TEXT = words_of(
    "echo printf cat head tail grep egrep fgrep rg ls ll cd pwd cut wc sort uniq tr jq yq less more diff test [ [[ tree stat file :"
)
"""Programs for which a destructive word among their arguments is only text."""
FILE_PROGRAMS = words_of(
    "cp mv mkdir rmdir touch tar ln tee chmod chown chgrp install zip unzip gzip gunzip bzip2 xz zstd gpg vim vi nano code "
    "scp sftp source . source tput stty nuget dotnet msbuild terraform git curl wget open xdg-open cat systemctl docker aws az "
    "rm unlink kill pkill killall chattr setfacl useradd usermod userdel groupadd passwd mount umount modprobe insmod rmmod logger "
    "swapon swapoff at batch patch split rename truncate shred dropdb createdb createuser dropuser sysctl renice mkfifo mknod mktemp "
)
"""Programs whose words are names of files, or have rows of their own for `restore` and `reset`."""


READ_VERBS = words_of(
    "list ls get show status info current check describe version versions history log logs whoami wait view inspect diff plan find "
    "search stat stats top ps tail explain validate verify lint preview events print-config health healthcheck doctor ping "
    "list-all cat count tree summary current-state showmigrations outdated audit releases deployments config-show --list --status "
    "--describe --show --info --health --history --check"
)
"""What a program is asked to do when it only looks, as a word or as the first part of one (`list-queues`, `db:status`)."""
CHANGE_VERBS = words_of(
    "create add set update apply deploy run start stop restart enable disable scale rollback promote switch pause resume put post "
    "push pull send publish upgrade install build sync migrate execute exec trigger write edit patch rename move copy attach detach "
    "assign revert undo redo use login logout register cancel approve merge close open init up down on off activate deactivate lock "
    "unlock rotate renew clear replace reload bind unbind link unlink modify grant revoke allow deny suspend restore import new "
    "make save commit tag cordon uncordon bump release failover switchover reset flush kill drain evict rebuild reindex generate "
    "download upload export backup dump snapshot transfer mark resolve retry rerun dispatch invoke call test seed redeploy rollout "
    "remove rm unset change configure connect prune cp mv touch do eval script shell console serve fix format notify"
)
NOUNS = words_of(
    "backup snapshot release tag test deploy run script build commit post patch import export dump connect build transfer "
    "rollout shell change publish"
)
"""Verbs that are the name of a thing where one that reads follows: `backup list`."""
TASK_READS = r"(.*[:_-])?(status|logs?|list|ls|version|history|current|show|ps|info|whoami)"
"""Tasks of a task runner that are named for looking."""
TASK_RUNNERS = words_of("npm yarn pnpm bun make just task rake invoke gradle mvn composer")
PLAIN_OPTIONS = words_of(
    "-v -q -y -f -n --verbose --quiet --json --yes --no-color --debug --allow-root --wide -w -a --all -l --long --force --silent --raw "
    "-it -T -A --all-namespaces --short -s --watch --follow"
)
"""Options that take no value, so that the word behind them counts."""
