"""What is known of programs that run others, and of the options before their sub-commands. To widen it, add a row."""

from __future__ import annotations


def words_of(text: str) -> frozenset[str]:
    """A set of words, as a table writes them."""
    return frozenset(text.split())


INTERPRETERS = words_of(
    "python python3 python3.11 python3.12 php node ruby perl deno tsx ts-node pwsh powershell npm-run"
)
"""Programs that run the script named by their first word."""
PACKAGE_VERBS = {
    "pnpm": "install i add remove rm update up upgrade run test start build publish pack audit outdated list ls why store "
    "prune rebuild link unlink import config init create deploy licenses root bin env setup self-update -v version dev info view",
    "yarn": "install add remove upgrade up run test start build publish pack audit outdated list why cache config info init "
    "create link unlink version versions workspace workspaces global import set plugin dev node npm",
    "npm": "install i ci add remove rm uninstall un update up upgrade run run-script test t start stop restart build publish "
    "unpublish deprecate pack audit outdated list ls ll view info show why explain prune rebuild link unlink config init create "
    "cache version ping whoami login logout token dist-tag owner access root bin prefix help search doctor fund dedupe set get "
    "pkg query diff org team star profile hook adduser --version -v shrinkwrap edit repo docs bugs",
    "bun": "install i add remove rm update run test build publish pm init create link unlink upgrade dev start outdated",
}
"""What a package manager does itself: any other first word is a program or a script that it runs."""
CARRIERS = {
    "find": "-exec -execdir",
    "kubectl": "exec",
    "docker": "exec run",
    "docker-compose": "exec run",
    "nomad": "exec",
    "railway": "run",
    "heroku": "run run:detached",
    "fly": "-C --command",
    "doppler": "run --command",
    "infisical": "run --command",
    "chamber": "exec",
    "aws-vault": "exec",
    "aws": "--command",
    "gcloud": "--command",
    "az": "--scripts --command",
    "cf": "-c --command",
    "vagrant": "-c --command",
    "multipass": "exec",
    "lxc": "exec",
    "ddev": "exec",
    "lando": "ssh -c",
    "ansible": "-a --args",
    "eb": "-c --command",
    "render": "--",
    "dokku": "run enter",
    "kamal": "exec",
    "runuser": "-c --command --",
    "direnv": "exec",
    "sops": "exec-env",
    "script": "-c",
    "concurrently": "--",
    "lerna": "exec",
    "start-stop-daemon": "--",
}
"""Programs that can run another one on a machine, in a container or with an environment, and the word before it."""

ANSIBLE_SHELLS = frozenset(("", "command", "shell", "raw", "script"))
"""Modules of ansible whose `-a` is a command; it is a list of settings for every other."""

WRAPPERS = {
    "sudo": "-u -g -h -p -C -U -r -t -D --user --group",
    "doas": "-u -C",
    "env": "-u -C --unset --chdir",
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
    "gosu": "",
    "su-exec": "",
    "strace": "-p -o -e",
    "flock": "-w --timeout -E",
    "pipx": "",
    "uvx": "",
    "hatch": "",
    "pdm": "",
    "rye": "",
    "pixi": "",
    "mise": "",
    "winpty": "",
    "proxychains": "-f",
    "proxychains4": "-f",
    "torsocks": "",
    "systemd-run": "-u --unit -p --property --uid --slice",
    "systemd-inhibit": "",
}
"""Programs that run another one given in their words, and their options that take a value."""
WRAPPER_VERBS = {
    "op": "run",
    "bundle": "exec",
    "poetry": "run",
    "pipenv": "run",
    "uv": "run",
    "pipx": "run",
    "hatch": "run",
    "pdm": "run",
    "rye": "run",
    "pixi": "run",
    "mise": "exec",
}
SHELL_PROGRAMS = words_of("bash sh zsh dash ksh ash su")
POWERSHELLS = words_of("pwsh powershell")
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
    "prisma": "--schema",
    "gh": "-R --repo",
    "railway": "-s --service -e --environment",
    "patronictl": "-c --config-file -d --dcs-url",
    "terraform": "-chdir",
    "wp": "--path --url --ssh --user",
    "gcloud": "--project --region --zone --account --format --filter --configuration --impersonate-service-account",
    "az": "-g --resource-group -n --name --subscription -o --output --query",
    "doctl": "-t --access-token -c --config --context -o --output --format",
    "supabase": "--project-ref --workdir --db-url",
    "firebase": "-P --project --token -c --config",
    "netlify": "-s --site --auth --filter",
    "wrangler": "-c --config -e --env --cwd --name",
    "cf": "",
    "consul": "-http-addr -token -datacenter",
    "vault": "-address -namespace -ns",
    "nomad": "-address -namespace -region -token",
    "etcdctl": "--endpoints --cacert --cert --key --user --command-timeout",
    "argocd": "--server --auth-token --grpc-web-root-path",
    "flux": "-n --namespace --context --kubeconfig",
    "istioctl": "-n --namespace --context --kubeconfig -i --istioNamespace",
    "velero": "-n --namespace --kubecontext --kubeconfig",
    "restic": "-r --repo -p --password-file",
    "pgbackrest": "--stanza --config --repo",
    "alembic": "-c --config -n --name -x",
    "goose": "-dir -table",
    "dbmate": "-u --url -d --migrations-dir -e --env -s --schema-file",
    "migrate": "-path -source -database --path --source --database",
    "flyway": "",
    "liquibase": "",
    "rabbitmqctl": "-n -p --node --vhost -t",
    "pulumi": "-s --stack -C --cwd",
    "cdk": "--profile -a --app -c --context",
    "serverless": "-s --stage -r --region",
    "systemctl": "-H --host -M --machine -t --type -p --property",
    "docker-machine": "-s --storage-path",
    "kcat": "-b -t",
    "glab": "-R --repo",
    "artisan": "",
    "rclone": "--config",
    "ansible": "-i --inventory -m --module-name -u --user -l --limit",
    "redis-cli": "-h -p -a -n -u -s --user --pass -r -i --pattern",
}
"""Options before or among the sub-commands whose next word is a value."""
ALIASES = {
    "oc": "kubectl",
    "k": "kubectl",
    "podman": "docker",
    "nerdctl": "docker",
    "flyctl": "fly",
    "tofu": "terraform",
    "terragrunt": "terraform",
    "kafkacat": "kcat",
    "sls": "serverless",
    "sequelize-cli": "sequelize",
    "pip3": "pip",
    "microk8s.kubectl": "kubectl",
    "kc": "kubectl",
    "ncat": "nc",
    "netcat": "nc",
    "valkey-cli": "redis-cli",
    "keydb-cli": "redis-cli",
    "golang-migrate": "migrate",
    "netlify-cli": "netlify",
    "ntl": "netlify",
    "wrangler2": "wrangler",
    "cf7": "cf",
    "cf8": "cf",
    "jf": "jfrog",
    "vc": "vercel",
}
