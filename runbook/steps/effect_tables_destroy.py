"""What cannot be taken back, and what changes something although it looks like reading: a row for each way to say it.

A row is a pattern for the words behind the program (its global options taken off); those of `ANY` see the program too.
"""

from __future__ import annotations

ANY = "*"

DESTROY = {
    ANY: r"""
        .* --accept-data-loss\b
        (.* )?(migrate|migration|migrations|db|schema|typeorm)\b.*[: ](down|rollback|undo|revert|reset|fresh|drop|clean|zero|refresh|rollback-count)\b
        (.* )?(db|database|backups?|snapshots?) (\S+ )?(restore|load)(\s|$)
        (mkfs\S*|wipefs|fdisk|sfdisk|parted|shred|truncate|dropdb|dropuser|shutdown|reboot|halt|poweroff|pg_resetwal|blkdiscard|sgdisk|cfdisk)\b
        (mongorestore|myloader|pg_basebackup|pg_rewind|mysqlimport|mongoimport|influx_restore|neo4j-admin .*(load|restore)|influxd? restore|cbrestore|nodetool (refresh|clearsnapshot|decommission|removenode|assassinate))\b
        (userdel|groupdel|deluser|delgroup|lvremove|vgremove|pvremove|lvreduce|zfs (destroy|rollback)|zpool (destroy|labelclear)|btrfs subvolume delete|umount .*-f|cryptsetup (erase|luksFormat))\b
        init [06]\b
        (Remove|Clear|Uninstall|Format|Reset)-(?!(Host|Table|List|Wide|Custom|Hex)\b)[A-Z]\w+
        (http|https|xh) (.* )?DELETE\b
        """,
    "git": r"""
        push .*(?<=\s)(--force\S*|-[a-z]*[fd][a-z]*|--delete|--mirror|--prune|\+\S+|:\S*)(\s|$)
        reset .*--(hard|merge)\b
        clean\b
        branch .*(?<=\s)(-\w*[DfMC]\w*|--force|--delete .*--force)(\s|$)
        tag .*(?<=\s)(-\w*[df]\w*|--delete|--force)(\s|$)
        checkout .*(?<=\s)(--|\.|-\w*[fB]\w*|--force|--ours|--theirs|-p|--patch|--pathspec\S*)(\s|$)
        checkout (?!.*-[bt]\b)(?!.*--(orphan|track))[^-\s]\S* [^-\s]
        restore\b(?!(?=.*(--staged|-S\b))(?!.*(--worktree|-W\b)))
        switch .*(?<=\s)(-\w*[fC]\w*|--force\S*|--discard-changes)(\s|$)
        (stash (drop|clear)|reflog (expire|delete)|filter-branch|filter-repo|prune|update-ref .*(-d|--stdin)\b)
        (gc .*--prune|worktree remove .*(-f|--force)|rm .*(?<=\s)-\w*f|submodule deinit|read-tree .*--reset|checkout-index .*-f)
        lfs prune
        """,
    "rm": r"(.* )?(-\w*[rR]\w*|--recursive|--no-preserve-root|\S*\*\S*)(\s|$)",
    "find": r".*-(delete|exec(dir)? (sudo )?(rm|shred|unlink))\b",
    "rsync": r".*--(del|delete\S*|remove-source-files)\b",
    "rclone": r"(sync|delete|purge|cleanup|rmdirs?|deletefile|dedupe|move|moveto|bisync)\b",
    "dd": r".*\bof=(?!/dev/null\b)",
    "iptables": r"(.* )?(-F|--flush|-X|--delete-chain)\b",
    "ip6tables": r"(.* )?(-F|--flush|-X)\b",
    "nft": r"(flush|delete|destroy)\b",
    "ufw": r"(--force )?(reset|delete)\b",
    "firewall-cmd": r".*--remove-",
    "crontab": r"(.* )?-\w*r\b",
    "systemctl": r"(poweroff|reboot|halt|kexec|emergency|rescue)\b",
    "apt": r"(-\S+ )*(purge|autoremove)\b",
    "apt-get": r"(-\S+ )*(purge|autoremove)\b",
    "pg_restore": r"(?!(.* )?(-l|--list)\b|(.* )?--file=/dev/null(?!\S))(?=.)",
    "pg_ctl": r".*(promote|-m i(mmediate)?)\b",
    "pg_ctlcluster": r".*promote\b",
    "pgbackrest": r".*(?<!\S)(restore|expire|stanza-delete)\b",
    "barman": r"(recover|delete)\b",
    "wal-g": r"(.* )?(backup-fetch|wal-fetch|delete|backup-restore)\b",
    "wal-e": r"(.* )?(backup-fetch|delete)\b",
    "patronictl": r"(.* )?(remove|reinit)\b",
    "repmgr": r"(.* )?(primary unregister|standby clone|node rejoin .*--force-rewind)\b",
    "restic": r"(.* )?(restore|forget|prune|unlock --remove-all|rewrite .*--forget)\b",
    "borg": r"(.* )?(delete|prune|extract|recreate|compact)\b",
    "velero": r"(restore create|create restore|.*\bdelete|uninstall)\b",
    "kubectl": r"""
        (delete|drain)\b
        (scale|autoscale|patch|argo rollouts) .*replicas\W{1,4}0\b
        (replace .*--force|apply .*--(prune|force)\b)
        taint .*:NoExecute(\s|$)
        """,
    "helm": r"(uninstall|delete|del|un)\b",
    "kustomize": r".*\bdelete\b",
    "argocd": r"(.* )?(app (delete|sync .*--(prune|force|replace))|app delete-resource|cluster rm|proj delete|repo rm)\b",
    "flux": r"(delete|uninstall)\b",
    "istioctl": r"(.* )?(uninstall|purge)\b",
    "docker": r"""
        compose (down|rm) .*(?<=\s)(-\w*v\w*|--volumes|--rmi)
        (compose )?(\w+ )?(prune|volume rm|volume remove)\b
        (volume|system|image|container|network|builder|buildx) (rm|remove|prune)\b
        (rm .*(?<=\s)-\w*v|stack (rm|remove|down)|service (rm|remove)|swarm leave|secret rm|config rm|node rm)\b
        rmi\b
        .*scale\b.*\D[= ]0\b
        service update .*--replicas[= ]0\b
        """,
    "docker-compose": r"""
        (down|rm) .*(?<=\s)(-\w*v\w*|--volumes|--rmi)
        (\w+ )?(prune|volume rm|volume remove)\b
        .*scale\b.*\D[= ]0\b
        """,
    "terraform": r"(.* )?(destroy|force-unlock|state (rm|push|replace-provider)|taint|workspace delete|apply .*-destroy)\b",
    "pulumi": r"(destroy|cancel|stack rm|state delete|state unprotect|stack import)\b",
    "cdk": r"destroy\b",
    "serverless": r"remove\b",
    "sam": r"delete\b",
    "ansible": r".*\b(state\W{1,4}(absent|import|restore)|delete\W{1,4}(yes|true)|(?i:query\W{1,4}(drop|truncate|delete)))\b",
    "ansible-playbook": r".*\b(restore|destroy|teardown|wipe|reset|purge|decommission)\S*\.ya?ml\b",
    "prisma": r"(migrate (reset|resolve)|db (push|execute .*(down|drop|rollback|revert|restore)))\b",
    "alembic": r"(.* )?(downgrade|stamp)\b",
    "flask": r"db (downgrade|stamp)\b",
    "manage.py": r"(.* )?(flush|sqlflush|reset_db|loaddata|dbrestore|mediarestore|migrate \S+ (zero|\d{4}\S*)|dbshell .*<)(\s|$)",
    "artisan": r"(migrate:(rollback|reset|refresh|fresh)|db:wipe|backup:restore|queue:(flush|clear))\b",
    "knex": r"(.* )?migrate:(rollback|down|unlock)\b",
    "knex-migrate": r"(down|rollback)\b",
    "goose": r"(.* )?(down|down-to|reset|redo)(\s|$)",
    "dbmate": r"(.* )?(down|rollback|drop|load)(\s|$)",
    "migrate": r"(.* )?(down|drop|force|goto)(\s|$)",
    "sql-migrate": r"(.* )?(down|redo)(\s|$)",
    "sequelize": r"(.* )?(db:(drop|migrate:undo\S*)|db:seed:undo\S*)",
    "sequelize-cli": r"(.* )?(db:(drop|migrate:undo\S*)|db:seed:undo\S*)",
    "typeorm": r"(.* )?(migration:revert|schema:drop|schema:sync)\b",
    "flyway": r"(.* )?(undo|clean|repair|baseline)(\s|$)",
    "liquibase": r"(.* )?(rollback\S*|drop-?all|clear-?checksums|changelog-?sync)(\s|$)",
    "diesel": r"(.* )?(migration (revert|redo)|database (reset|drop))\b",
    "sqlx": r"(.* )?(migrate revert|database (drop|reset))\b",
    "atlas": r"(migrate down|schema clean|schema apply .*--auto-approve)\b",
    "ef": r"database (drop|update \S)",
    "dotnet": r"ef (database (drop|update [^-\s])|migrations remove)",
    "mix": r"ecto\.(rollback|drop|reset)\b",
    "rails": r"(.* )?db:(rollback|drop|reset|purge|setup|migrate:(down|redo|reset)|schema:load|structure:load|seed:replant|truncate_all)\b",
    "rake": r"(.* )?db:(rollback|drop|reset|purge|setup|migrate:(down|redo|reset)|schema:load|structure:load|seed:replant|truncate_all)\b",
    "drush": r"(.* )?(sql[:-](drop|cli .*<|sync)|site[:-]install|si|sql-sync|entity:delete)(\s|$)",
    "wp": r"(.* )?(db (import|reset|drop|clean)|site (empty|delete)|post delete|search-replace)(\s|$)",
    "aws": r"""
        (.* )?(s3|s3api) (rm|rb|delete-\S+)(\s|$)
        (.* )?s3 (mv|sync .*--delete)\b
        .*--(desired-count|desired-capacity|min-size .*--max-size)[ =]0\b
        (.* )?\S+ (delete|terminate|remove|purge|deregister|destroy|revoke|disable-key|schedule-key-deletion|batch-delete|release-address|abort|empty)\S*(\s|$)
        (.* )?(rds reboot-db-\S+ .*--force-failover|dynamodb batch-write-item)
        (.* )?sqs purge-queue\b
        (.* )?lambda put-function-concurrency .*--reserved-concurrent-executions[ =]0\b
        """,
    "gcloud": r"""
        .*--(max-instances|num-nodes|size|min-instances .*--max-instances)[ =]0\b
        .*\bsql (.* )?(backups restore|import|instances (restore-backup|reset-ssl-config|promote-replica|clone .*--replace))\b
        .*\b(firestore|datastore) import\b
        .*\bspanner databases restore\b
        (storage|alpha storage|beta storage) (rm|rsync .*--delete\S*|mv)\b
        """,
    "gsutil": r"(-\S+ )*(rm|rb|mv|rsync .*-\w*d)\b",
    "bq": r"(.* )?(rm|load .*--replace|cp .*-f|query .*--replace)\b",
    "az": r"(.* )?(delete|purge|remove|delete-\S+|db import|restore-key)(\s|$)",
    "doctl": r"(.* )?(delete|rm|d|remove|destroy|restore|rebuild)(\s|$)",
    "fly": r"(.* )?(destroy|delete|remove|rm|scale count \S*[= ]?0|machine (kill|destroy)|volumes? (destroy|snapshots? delete)|secrets unset)(\s|$)",
    "heroku": r"""
        pg:(reset|backups:restore|copy|pull|push|promote|upgrade|unfollow|kill\S*|credentials:destroy|backups:delete)(\s|$)
        (\S+:)?\w+:(destroy|delete|remove)(\s|$)
        (ps:scale|scale) .*=0\b
        redis:(promote|maintenance .*--run)|run .*db:(reset|drop)
        """,
    "vercel": r"(.* )?(rm|remove|env (rm|remove)|delete)(\s|$)",
    "netlify": r"(.* )?(sites:delete|env:unset|api delete\S*|blobs:delete|db:(reset|drop))(\s|$)",
    "railway": r"(.* )?(down|delete|rm|remove|volume (delete|detach)|environment delete)(\s|$)",
    "render": r"(.* )?delete\b",
    "wrangler": r"""
        (.* )?(delete|(kv|r2|d1|queues?|secret)\S* (.* )?(delete|purge|destroy)|d1 time-travel restore|d1 (execute|import) .*--file.*(restore|dump|backup|down)|versions secret delete)(\s|$|:)
        kv:\S+ delete
        """,
    "supabase": r"(.* )?(db (reset|push --include-all|.*restore)|projects delete|functions delete|branches delete|secrets unset|storage rm|migration (repair|down|squash)|backups? restore)(\s|$)",
    "firebase": r"(.* )?(firestore:(delete|import)|database:(remove|set|import)|hosting:disable|functions:delete|auth:import|apps:delete|projects:delete)\b",
    "cf": r"(delete\S*|d|ds|ds-k|dsk|delete-service|delete-orphaned-routes|purge-service\S*|run-task .*(drop|restore|reset))(\s|$)|scale .*-i 0\b",
    "ibmcloud": r"(.* )?(\S*delete|rm|\S+-rm)(\s|$)",
    "scw": r"(.* )?(delete|terminate)(\s|$)",
    "hcloud": r"(.* )?(delete|rebuild|reset|poweroff)(\s|$)",
    "linode-cli": r"(.* )?(delete|rebuild)(\s|$)",
    "openstack": r"(.* )?(delete|rebuild)(\s|$)",
    "eb": r"(terminate|restore)\b",
    "copilot": r"(.* )?delete\b",
    "npm": r"(.* )?(unpublish|deprecate)\b",
    "cargo": r"(yank|owner --remove)\b",
    "gem": r"yank\b",
    "gh": r"""
        api .*(-X ?|--method[ =])DELETE\b
        (.* )?(rm|remove|delete|delete-asset|archive)(\s|$)
        workflow run .*(restore|destroy|teardown|wipe|reset|db-rollback|rollback-db)
        pr merge .*--admin
        """,
    "glab": r"(.* )?(delete|rm|remove)(\s|$)|api .*(-X ?|--method[ =])DELETE\b",
    "redis-cli": r"""
        (?i:.*\b(flushall|flushdb|del|unlink|shutdown|debug|replicaof|slaveof|getdel|spop|lpop|rpop|ltrim|xtrim|xdel|hdel|srem|zrem\w*|rename|restore|migrate|swapdb|function (flush|delete)|script flush|cluster (reset|forget|failover|delslots\w*|flushslots|addslots)|failover|config rewrite|--pipe|--rdb-restore)\b)
        (?i:.*\bredis\.p?call\W+(del|unlink|flush\w+|rename|[lr]pop|[lx]trim|hdel|srem|zrem\w*|expire)\b)
        """,
    "kafka-topics": r".*--delete\b",
    "kafka-consumer-groups": r".*(--delete|--delete-offsets|--reset-offsets .*--execute)\b",
    "kafka-delete-records": r".",
    "kafka-configs": r".*--delete-config\b",
    "kafka-acls": r".*--remove\b",
    "kafka-leader-election": r".*--election-type unclean",
    "kafka-storage": r"format\b",
    "kafka-streams-application-reset": r"(?!.*--dry-run)",
    "rabbitmqctl": r"(.* )?(reset|force_reset|purge_queue|delete_\S+|forget_cluster_node|force_boot|clear_permissions|remove_\S+)\b",
    "rabbitmqadmin": r"(.* )?(purge|delete|import)\b",
    "etcdctl": r"(.* )?(del|rm|rmdir|snapshot restore|member remove|user delete|role delete|compact|move-leader)\b",
    "etcdutl": r"snapshot restore\b",
    "consul": r"(kv (delete|import)|snapshot restore|operator raft remove-peer|force-leave|leave|acl \S+ delete)\b",
    "vault": r"(.* )?(delete|destroy|kv (delete|destroy|metadata delete)|operator (seal|step-down|rekey|raft (snapshot restore|remove-peer)|migrate)|secrets disable|auth disable|token revoke|lease revoke|policy delete|snapshot restore)\b",
    "nomad": r"(.* )?(stop .*-purge|job stop .*-purge|system gc|namespace delete|operator (raft remove-peer|snapshot restore)|volume (delete|deregister)|var purge|node purge|server force-leave|job scale .* 0)\b",
    "mysqladmin": r"(.* )?(drop|flush-logs .*reset|shutdown)\b",
    "mongosh": r".*(drop\w*\(|deleteMany|deleteOne|\.remove\(|rs\.(remove|reconfig)\b.*force)",
    "clickhouse-backup": r"(.* )?(restore|delete)\b",
    "xtrabackup": r".*--(copy-back|move-back)\b",
    "mariabackup": r".*--(copy-back|move-back)\b",
    "mc": r"(rm|rb|mirror .*--remove|mv|batch)\b",
    "s3cmd": r"(.* )?(rm|del|rb|sync .*--delete\S*|mv)\b",
    "curl": r"""
        (.* )?(-\w*X ?|--request[ =])["']?DELETE\b
        .*(_delete_by_query|/_snapshot/\S+/_restore|/(restore|wipe|truncate|purge-db|drop)\b(?!.*(-X ?|--request[ =])GET))(?=.*)
        """,
    "Remove-Item": r".",
    "Restore-SqlDatabase": r".",
    "Restart-Computer": r".",
    "Stop-Computer": r".",
    "sqlpackage": r".*Action:(Import|Publish)",
    "dnf": r"(-\S+ )*(history (undo|rollback)|autoremove)\b",
    "yum": r"(-\S+ )*(history (undo|rollback)|autoremove)\b",
    "pm2": r"(.* )?(delete|del|flush)\b",
    "swapoff": r"-a",
    "docker-machine": r"rm\b",
    "vagrant": r"(destroy|snapshot (restore|pop))\b",
    "virsh": r"(undefine|destroy|snapshot-revert|snapshot-delete|vol-delete)\b",
    "pct": r"(destroy|rollback|restore)\b",
    "qm": r"(destroy|rollback)\b",
    "lxc": r"(delete|restore)\b",
    "sentry-cli": r"(.* )?(releases delete|delete)\b",
    "stripe": r"(.* )?(delete|refunds create)\b",
    "gpg": r".*--delete",
    "lvconvert": r".*--merge\b",
    "snapper": r"(.* )?(rollback|undochange|delete)\b",
    "timeshift": r".*--(restore|delete)\S*",
    "ceph": r"(.* )?(osd (purge|destroy|pool (rm|delete))|fs rm)\b",
}

CHANGE = {
    ANY: r"""
        (sort|column) .*(-o|--output)\b
        (sed|yq|perl) (.* )?(-\w*i\S*|--in-place\S*|--inplace)(\s|$)
        (g?awk) .*(system ?\(|\| ?\"|> ?\"|getline)
        find .*-(exec|execdir|ok|okdir|fprint\w*|fls)\b
        (dmesg|journalctl) .*(-[cC]\b|--clear|--vacuum|--rotate|--flush)
        date .*(-s|--set)\b
        ss .*(-K|--kill)\b
        hostname \S
        """,
    "git": r"""
        fetch .*\S:(?!refs/(remotes|warroom)/)\S
        (diff|log|show|format-patch|archive) .*--output\b
        .*--(upload-pack|exec|receive-pack)\b
        """,
    "gh": r"api .*(-X|--method|-f|-F|--field|--raw-field|--input)\b(?!.*(-X|--method)[ =]?GET)",
    "helm": r"(template|get) .*--output-dir\b",
    "railway": r"variables .*--set\b",
    "npm": r"audit fix",
    "terraform": r"output .*-destroy",
    "kubectl": r"cluster-info dump .*--output-directory|config (use-context|set\S*|delete-\S+|rename-context)",
    "aws": r"""
        (.* )?s3 (cp|sync)\b
        (.* )?(get-login|eks update-kubeconfig|configure (set|import))\b
        """,
    "systemctl": r"(set-|daemon-re)",
    "openssl": r"(genrsa|req|genpkey|enc|pkcs12)\b",
    "nc": r"(.* )?-\w*[el]\w*(\s|$)",
    "ufw": r"(allow|deny|enable|disable|reload|limit|reject|insert|default)\b",
}
"""Exceptions to the tables that read: these do change something."""

STRONG = r"""(?ix)(^|[-:_./])
    (delete|destroy|purge|terminate|drop|wipe|nuke|flushall|flushdb|truncate|erase|uninstall|deprovision|teardown|obliterate
    |hard-reset|factory-reset|force-unlock|force-reset|decommission|undeploy|expunge|dropdb|drop-db)
    ($|[-:_./=])"""
"""Words that make a call of any program without a row (or of a cloud's client) destructive."""

WEAK = r"(?i)(^|[-:_./=])(restore|reset|prune|clean-?slate|force-?delete)($|[-:_./])"
"""The same, where they name what is done: not for programs whose words are files, nor as the names of options."""

NAMED_FOR = r"""(?ix)
    (?<![a-z])(db|database|migrations?|schema)[-_:](rollback|revert|undo|down|downgrade|restore|reset|import|recreate|reseed)(?![a-z])
    |(?<![a-z])(rollback|revert|undo|downgrade|restore|reset|recreate|reseed|import)[-_:]?(the[-_])?(prod\w*[-_])?
    (db|database|migrations?|schema)(?![a-z])
    |(?<![a-z])(restore|import)[-_:]?(the[-_])?(prod\w*[-_])?(from[-_])?(snapshot|dump|backup)(?![a-z])"""
"""Scripts, tasks and workflows that are named for taking a database back."""

HARMLESS = r"(?i)(verify|test|check|validate|plan|list|show|pre|before|dry-?run|simulate|drill)[-_:]"
"""Names that only speak of it: `verify-restore`, `pre-rollback-snapshot`."""
REMARKS = r"-m|--(message|description|title|name|comment|reason|body|notes?|summary|label|subject)"
"""Options whose value is for people to read."""

IMPORTS = r"(?i)(^|[-:_./])(import|load|ingest)($|[-:_./])"
LIVE_DATA = r"(?i)(?<![a-z])(db|database|sql|pg|postgres\w*|mysql|mongo\w*|dump|backup|snapshot|collection|dataset|kv|realm)(?![a-z])"
"""An import is a restore where these words stand near it."""
