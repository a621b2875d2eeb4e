"""Calls that act although a word of theirs looks like reading, each beside a neighbour that only looks."""

from __future__ import annotations

import time

import pytest

from runbook.model import Effect
from runbook.steps.effects import infer

VERSIONS = """
read    helm version
read    helm --version
read    node --version
read    node -v
read    bash --version
read    python3 -m pip --version
read    sudo docker compose --version
read    make --version
read    ./shopctl --help
read    kubectl get --help
read    git log --help
read    rm --help
change  helm upgrade api ./chart -n prod --version 4.1.0 --atomic
change  helm upgrade --help
change  ./rollback.sh --env production --version 1.4.2
change  sudo ./rollback.sh --env production --version 1.4.2
change  bash ./rollback.sh --env production --version 1.4.2
change  bash backend --version
change  ./rollback.sh web --version
change  eb deploy --version app-v1
change  octo deploy-release --project shop --version 1.4.2 --deployTo Production
change  fastly service-version activate --version 41
change  sls rollback --version 3
change  choco install shop --version 1
change  npm install shop --version 1
change  docker run shop --help
change  git commit -m --version
change  rm releases/40 --help
destroy kubectl delete ns shop --help -v 6
destroy helm uninstall shop --version 3
destroy ./ops.sh wipe --help
"""

SCRIPTS = """
read    search logs
read    ./ops.sh status
read    ./ops.sh search
read    ./ops.sh db:status
read    bin/shop jobs:list
read    make status
read    kubectl logs deploy/rollback
read    rabbitmqctl list_vhosts
change  ./status.sh
change  ./ops.sh search-api v12
change  ./ops.sh --service search --to v12
change  ./rollback.sh search-service v1.2.3
change  ./rollback.sh events v42
change  ./rollback.sh --service search --to v12
change  ./rollback2.sh search
change  ./bin/restart.sh search
change  sudo ./restart.sh search-indexer
change  ./switch.sh logs-api blue
change  ./failover.sh status-page
change  ./stop.sh health-worker
change  ./stop-all.sh status
change  redeployNow.py status
change  deploy search-api v12
change  python rollback.py --service search
change  python set.py maintenance on
change  ./set.sh maintenance on
change  ssh deploy@host ./rollback.sh search
"""

MODULES = """
read    ansible all -m ping
read    ansible all -i prod -m ansible.builtin.setup
read    ansible all -m stat -a "path=/srv/app"
read    ansible all -m debug -a var=inventory_hostname
read    ansible db -m postgresql_info -a "filter=databases"
read    ansible all -a uptime
read    ansible all -m shell -a "systemctl status api"
read    ansible web --list-hosts
read    ansible web -m copy -a "src=a dest=b" --check
change  ansible web -b -m service -a "name=nginx state=stopped"
change  ansible web -m systemd -a "name=api state=restarted"
change  ansible search -bm service -a "name=api"
change  ansible web -mservice -a "name=api state=started"
change  ansible web --module-name=service -a "name=api state=started"
change  ansible web -m git -a "repo=r dest=/srv/app version=v1"
change  ansible web -m apt -a "name=api=1.2"
change  ansible web -m copy -a "src=a dest=b"
change  ansible db -m postgresql_query -a 'db=shop query="UPDATE a SET b=1"'
change  ansible web -m shell -a "systemctl restart api"
destroy ansible db -m mysql_db -a "name=shop state=absent"
destroy ansible db -m mysql_db -a "name=shop state=import target=/srv/shop.sql"
destroy ansible db -m file -a '{"path": "/srv/data", "state": "absent"}'
destroy ansible db -m postgresql_query -a 'db=shop query=DROP TABLE a'
destroy ansible web -m ansible.builtin.shell -a "rm -rf /srv/app"
"""

CLOUDS = """
read    gcloud run services list
read    gcloud beta run services list
read    aws deploy list-deployments
change  gcloud run deploy get-orders --image r/shop:40
change  gcloud beta run deploy list-orders --image r/shop:40
change  gcloud functions deploy get-user --runtime python312
change  gcloud scheduler jobs run get-orders
read    yum history
read    yum history info 12
change  yum history redo 12
change  dnf history redo 12
destroy yum history undo 12
destroy yum history rollback 12
read    wp search-replace 'http://a' 'http://b' --dry-run
destroy wp search-replace 'http://a' 'http://b' --all-tables
read    env -S 'cat x'
destroy env -S 'rm -rf x'
destroy env -u A -vS 'B=c rm -rf x'
destroy env --split-string='-i rm -rf' x
"""

QUERIES = r"""
read    psql -c "SELECT pg_size_pretty(pg_database_size('shop')), pg_is_in_recovery()"
read    psql -c "SELECT EXTRACT(EPOCH FROM (now() - pg_last_xact_replay_timestamp()))::int"
read    psql -c "SELECT date_trunc('hour', at), count(*) FILTER (WHERE a IN (1, 2)) OVER (PARTITION BY b) FROM x"
read    psql -c "SELECT coalesce(round(avg(a), 2), 0)::numeric(10,2) FROM x WHERE lower(b) ~ 'c$'"
read    psql -c "SELECT note FROM x WHERE note = 'purge_orders()'"
read    psql -c "EXPLAIN (ANALYZE, BUFFERS) SELECT 1"
read    psql -c "SELECT pg_catalog.version()"
read    psql -c "SELECT query_to_xml('select count(*) from a', true, true, '')"
read    mysql -e 'SELECT COUNT(*) FROM `orders`'
change  mysql -e 'SELECT `cat fix.sql`'
change  psql -c "SELECT public.purge_orders()"
change  psql -c "SELECT truncate_partitions()"
change  psql -c "SELECT fn_rollback_migration(42)"
change  psql -c 'SELECT "Rollback" (42)'
change  sqlcmd -Q "SELECT [dbo].[fix]()" --query "SELECT [dbo].[fix]()"
change  psql -c "SELECT public . fix_orders (1)"
change  psql -c "SELECT cron.unschedule('nightly')"
change  psql -c "SELECT pg_stat_reset()"
change  psql -c "SELECT query_to_xml('select fix_orders()', true, true, '')"
change  psql -c "SELECT E''', fix_orders(), ''"
change  psql -c "SELECT $FN"
change  psql -c "SELECT a FROM x WHERE b = '${ID}'"
change  heroku pg:psql -c "SELECT public.purge_orders()"
read    mongosh --eval 'db.x.find({a: {$gt: 1}}).sort({a: -1}).limit(3)'
read    mongosh --eval 'rs.status().members.forEach(m => print(m.name))'
read    mongosh --eval 'db.x.find({a: "drain(b)"}).forEach(printjson)'
read    mongosh --eval 'db.adminCommand({replSetGetStatus: 1}).members'
change  mongosh --eval 'db.x.find().forEach(d=>{db.y.save(d)})'
change  mongosh --eval 'db.x.find().forEach(db.y.save)'
change  mongosh --eval 'db.x.find() && db.shutdownServer()'
change  mongosh --eval 'db.x.find() && db["shutdownServer"]()'
change  mongosh --eval 'sh.status() || sh.stopBalancer()'
change  mongosh --eval 'db.adminCommand({ping: 1}) && db.adminCommand({shutdown: 1})'
change  mongosh --eval "db.x.aggregate([{'\$out': 'y'}])"
change  mongosh --eval "db.x.find($QUERY)"
"""


@pytest.mark.parametrize("row", [*filter(None, (VERSIONS + SCRIPTS + MODULES + CLOUDS + QUERIES).splitlines())])
def test_a_call_that_acts_is_told_from_a_neighbour_that_only_looks(row: str) -> None:
    effect, text = row.split(maxsplit=1)
    assert infer(text) is Effect[effect.upper()]


@pytest.mark.parametrize(
    "body", ["a" * 50_000, "a." * 25_000, "a " * 25_000, "( " * 25_000, "` " * 25_000, "` " + " " * 50_000]
)
@pytest.mark.parametrize("query", ["psql -c 'select @'", "mongosh --eval 'db.x.find() @'"])
def test_a_long_query_is_read_in_one_pass(query: str, body: str) -> None:
    began = time.process_time()
    infer(query.replace("@", body))
    assert time.process_time() - began < 2
