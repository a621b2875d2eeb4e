"""Words that tell a command from a sentence: programs that runbooks call, and the words of plain English."""

from __future__ import annotations


def words_of(text: str) -> frozenset[str]:
    """A set of words, written as one text."""
    return frozenset(text.split())


PROGRAMS = words_of(
    "git gh glab hub kubectl oc kubectx kubens k9s helm helmfile kustomize kind minikube k3d k3s eksctl kops argocd flux "
    "stern istioctl linkerd cilium crictl ctr nerdctl docker docker-compose podman podman-compose buildah skopeo crane "
    "aws gcloud gsutil bq az doctl ibmcloud oci s3cmd sam cdk ecs-cli copilot terraform terragrunt tofu pulumi packer "
    "vault consul nomad ansible ansible-playbook ansible-galaxy vercel now netlify railway fly flyctl heroku render "
    "wrangler supabase firebase amplify sls serverless npm npx yarn pnpm bun bunx node deno nvm corepack pm2 forever "
    "turbo nx lerna tsx ts-node prisma knex sequelize typeorm drizzle-kit python python3 python2 pip pip3 pipenv poetry "
    "uv uvx pytest alembic flask django-admin gunicorn uvicorn celery conda ruby irb gem bundle bundler rails rake rspec "
    "cap php composer artisan drush wp perl java javac mvn mvnw gradle gradlew go cargo rustc rustup mix elixir iex dotnet "
    "psql pg_dump pg_dumpall pg_restore pg_ctl pg_isready pg_basebackup pg_ctlcluster pg_lsclusters pgbench patronictl "
    "repmgr createdb dropdb createuser vacuumdb pgbackrest wal-g barman mysql mysqldump mysqladmin mysqlbinlog mariadb "
    "mongo mongosh mongod mongodump mongorestore mongoexport mongoimport sqlite3 redis-cli redis-server redis-benchmark "
    "redis-sentinel memcached cqlsh nodetool clickhouse-client influx etcdctl etcdutl zkCli.sh kafka-topics kafka-topics.sh "
    "kafka-consumer-groups kafka-consumer-groups.sh kcat kafkacat rabbitmqctl rabbitmqadmin nats flyway liquibase goose "
    "dbmate migrate atlas sqlcmd sqlplus litestream restic borg rclone velero systemctl journalctl service supervisorctl "
    "initctl rc-service launchctl brew apt apt-get apt-cache dpkg yum dnf rpm apk pacman snap zypper curl wget http httpie "
    "grpcurl ab hey wrk k6 siege vegeta locust artillery dig nslookup host ping traceroute tracepath mtr whois nc ncat "
    "netcat telnet openssl ssh scp sftp rsync ssh-keygen ssh-copy-id ssh-add nmap tcpdump ss netstat lsof ip ifconfig route "
    "iptables ip6tables nft ufw firewall-cmd nginx apachectl apache2ctl httpd haproxy caddy certbot varnishadm squid envoy "
    "traefik lego cat head tail grep egrep fgrep zgrep rg ag ls ll cd pwd pushd popd cp mv rm rmdir mkdir ln touch chmod "
    "chown chgrp find sed awk gawk cut sort uniq tr wc tee xargs diff comm cmp patch tar gzip gunzip zcat zip unzip bzip2 xz "
    "zstd unzstd dd df du free top htop iotop iostat vmstat mpstat sar uptime w who whoami id uname hostname hostnamectl "
    "timedatectl ps pgrep pkill kill killall nohup nice renice strace ltrace perf gdb dmesg mount umount fsck mkfs lsblk "
    "blkid fdisk parted resize2fs xfs_growfs pvs vgs lvs lvcreate lvextend swapon swapoff sysctl ulimit crontab at watch "
    "timeout time sleep date echo printf export source set unset env printenv read test true false eval exec exit wait jobs "
    "bg fg alias type which whereis command sudo su doas bash sh zsh fish make cmake just task ninja jq yq xq base64 "
    "md5sum sha1sum sha256sum shasum cksum xxd od strings openssl gpg age sops pass op lpass bw vi vim nvim nano emacs less "
    "more screen tmux open xdg-open code promtool amtool thanos logcli prometheus alertmanager grafana-cli sentry-cli "
    "datadog-agent newrelic pd cosign trivy syft grype hadolint semgrep snyk sqlmap lighthouse playwright cypress jest "
    "vitest mocha eslint tsc vite next nuxt expo eas fastlane adb xcrun xcodebuild pod simctl hardhat truffle forge cast "
    "anvil solana anchor near starkli gaiad ceph rados rbd ceph-volume gluster zpool zfs drbdadm pcs crm corosync-cfgtool "
    "virsh qm pct vzdump vmadm multipass vagrant openstack nova cinder neutron swift keystone salt salt-call puppet chef-client "
    "knife cf bosh uaa fission faas-cli knative kn tkn spin cloudflared ngrok tailscale wg wg-quick ipset conntrack "
    "arp ethtool nmcli networkctl resolvectl systemd-analyze systemd-run loginctl coredumpctl getent groups useradd "
    "usermod userdel groupadd passwd chage visudo logger logrotate rsyslogd auditctl ausearch semanage setenforce "
    "getenforce restorecon chcon getfacl setfacl lsattr chattr mc minio parallel seq basename dirname realpath readlink "
    "envsubst tree column nl rev tac paste join split shuf expr bc yes pigz pv socat ipcs lscpu lsusb lspci dmidecode "
    "netplan ifup ifdown aptly ostree bootc rpm-ostree toolbox distrobox ocm backplane osdctl rosa tsh tctl teleport saml2aws aws-vault "
    "kubelogin krew kubeadm kubelet etcd talosctl rke rke2 clusterctl vcluster skaffold tilt devspace garden bazel "
    "bazelisk buck pants please sbt lein clj boot stack cabal ghc opam dune swift pub dart flutter"
)
"""Programs that may start a command anywhere."""

ENGLISH = words_of(
    "make find watch test time which date kill less more at host service sort head cat node go rake tree install read set "
    "export source screen ping open code task just pass fly join split cut top free file stack boot at now kind please "
    "garden swift dart spin flux bun age op pd next jest near cast forge anchor cap who w id type command exec exit wait "
    "echo sleep diff patch touch mount route copilot render amplify atlas goose migrate yes tilt pants envoy salt knife "
    "puppet thanos service nova cinder consul nomad vault packer pod crane hey locust perf ip ss pub buck influx barman "
    "hub postgres redis true false parallel compare"
)
"""Programs whose name is a word that sentences begin with, too."""

KEYWORDS = words_of("for while until if case select function [ [[ ( { ! ((")
"""What opens a compound command."""

BUILTIN_ALONE = words_of(
    "exit pwd ls ll top htop uptime whoami env ps w id date dmesg logout reboot jobs history vmstat make"
)
"""Commands that are complete as one word."""

NEEDS_MORE = {
    "git": words_of(
        "revert cherry-pick checkout merge rebase add rm mv clone bisect restore switch commit tag reset show blame"
    ),
    "kubectl": words_of(
        "exec apply delete describe logs scale edit patch rollout set label annotate drain cordon uncordon taint get create cp run "
        "undo restart status history pause resume expose replace port-forward debug wait autoscale top config"
    ),
    "docker": words_of(
        "exec run rm rmi stop start restart cp logs tag inspect kill pull push build load save container image volume network "
        "compose system service stack swarm node"
    ),
    "compose": words_of("exec run cp"),
    "helm": words_of("rollback upgrade install uninstall history get status show template diff delete"),
    "systemctl": words_of("restart stop start enable disable status reload mask unmask is-active show"),
    "service": words_of(""),
    "pm2": words_of("restart stop start delete reload scale"),
    "npm": words_of("run exec uninstall view"),
    "yarn": words_of("run"),
    "pnpm": words_of("run exec"),
    "terraform": words_of("import state workspace taint untaint force-unlock"),
    "prisma": words_of("migrate db"),
    "alembic": words_of("upgrade downgrade"),
    "redis-cli": words_of("get set del keys config"),
    "heroku": words_of("run pg config addons"),
    "argocd": words_of("app"),
    "gh": words_of("run pr workflow release issue repo"),
    "vercel": words_of("promote alias env inspect"),
    "rails": words_of("db"),
    "ansible-playbook": words_of(""),
}
"""Sub-commands that say nothing alone: a sentence that names one means the tool, not an act."""

COMES_WITH_MORE = {"oc": "kubectl", "podman": "docker", "nerdctl": "docker", "docker-compose": "compose"}
"""Programs that share the sub-commands of another."""

PROSE = words_of(
    "the an is are was were to of that this these those it its and or if you your we our with sure be been has have had "
    "will would should must can could may might not please when then than there here they them he she who what how why "
    "before after until because while into onto via using also only"
)
"""Words that make a sentence of a line, where they stand unquoted."""

ACTS = words_of(
    "go navigate click select open choose log login visit press check verify confirm ensure wait contact notify ask tell "
    "call announce inform update edit review scroll find look switch note record write copy paste enter type fill submit "
    "toggle enable disable turn set make create delete remove add change replace restart redeploy promote roll rollback "
    "revert trigger approve merge monitor watch compare test repeat follow read see use take escalate page post message "
    "email identify determine decide document stop start run restore pause resume download upload locate access browse "
    "manually in from on via under do keep leave save schedule assign hand get put inspect investigate re-run rerun drain "
    "rotate revoke purge clear invalidate deploy push pull configure connect disconnect sign back if contact mark close"
)
"""Words with which a line tells a person to do something."""

DIRECTORIES = words_of(
    "bin sbin script scripts tools tool vendor node_modules .venv venv ci ops dev hack deploy deployment infra build dist "
    "rel utils util opt usr runbooks automation cmd tests test"
)
"""Folders from which a relative path names a program."""
