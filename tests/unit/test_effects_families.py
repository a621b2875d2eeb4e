"""What the commands of many tools do, each tool with some that look, some that change and some that destroy."""

from __future__ import annotations

import pytest

from runbook.model import Effect
from runbook.steps.effects import infer

FAMILIES = r"""
read    kubectl -n shop get deploy storefront -o yaml
read    kubectl -n shop exec db-0 -- pg_isready
read    kubectl rollout history sts/queue --revision=4
read    kubectl auth can-i delete pods
read    kubectl logs job/db-restore
change  kubectl rollout pause deploy/storefront
change  kubectl set image deploy/storefront web=reg.example/web:41
change  kubectl cordon node-7
change  kubectl annotate ing shop maintenance=on
change  kubectl scale deploy/storefront --replicas 4
change  kubectl config use-context blue
destroy kubectl drain node-7 --ignore-daemonsets
destroy kubectl -n shop exec db-0 -- dropdb orders
destroy kubectl apply -f all/ --prune
destroy kubectl replace --force -f pod.yaml
read    helm get values shop -n shop
read    helm diff upgrade shop ./chart
change  helm rollback shop 12 --wait
destroy helm uninstall shop
read    docker inspect web
read    docker service ps shop_web
read    docker compose -f prod.yml logs --tail 20 web
read    docker exec cache redis-cli ping
read    podman ps
change  docker service rollback shop_web
change  docker tag a b
change  docker compose pull
change  docker stop web
destroy docker volume rm shop_data
destroy podman volume rm shop_data
destroy docker stack rm shop
destroy docker compose down --volumes
read    git worktree list
read    git -C app log -3
change  git checkout $(cat good.txt)
change  git revert -m 1 HEAD
destroy git push origin --force-with-lease
destroy git branch -D old
read    gh run view 12 --log
read    gh pr checks 12
read    gh api repos/x/y/deployments
change  gh workflow run deploy.yml -f version=41
change  gh pr revert 12
change  gh release create v1
destroy gh release delete v1
destroy gh workflow run restore-db.yml
destroy gh api -X DELETE repos/x/y/git/refs/heads/z
read    glab ci status
read    aws ecs describe-task-definition --task-definition web:40
read    aws --profile p rds describe-db-snapshots
read    aws ecs wait services-stable --cluster c --services s
read    aws s3 ls s3://b/
read    aws cloudwatch get-metric-statistics --namespace AWS/ECS
read    aws sts get-caller-identity
read    aws logs tail /ecs/web --since 5m
change  aws ecs update-service --cluster c --service s --task-definition web:40 --force-new-deployment
change  aws lambda update-alias --function-name f --name live --function-version 7
change  aws deploy stop-deployment --deployment-id d
change  aws s3 cp a s3://b/a
change  aws ec2 stop-instances --instance-ids i
change  aws rds restore-db-instance-from-db-snapshot --db-instance-identifier copy --db-snapshot-identifier s
change  aws cloudfront create-invalidation --distribution-id D --paths '/*'
destroy aws rds delete-db-instance --db-instance-identifier x
destroy aws ec2 terminate-instances --instance-ids i
destroy aws sqs purge-queue --queue-url q
destroy aws ecr batch-delete-image --repository-name r --image-ids imageTag=x
destroy aws autoscaling update-auto-scaling-group --auto-scaling-group-name g --desired-capacity 0
destroy aws ecs deregister-task-definition --task-definition web:41
read    gcloud run revisions list --service shop
read    gcloud sql backups list --instance main
read    gcloud logging read 'severity>=ERROR' --limit 5
change  gcloud run services update-traffic shop --to-revisions shop-41=100
change  gcloud app services set-traffic default --splits v1=1
destroy gcloud sql backups restore 12 --restore-instance=main
destroy gcloud sql import sql main gs://b/x.sql
destroy gcloud compute instances delete vm1
read    az webapp show -g g -n app
change  az webapp deployment slot swap -g g -n app --slot staging
change  az containerapp revision activate -n a -g g --revision r
destroy az group delete -n g
destroy az storage blob delete -c c -n n
read    doctl apps list-deployments abc
change  doctl apps create-deployment abc
destroy doctl compute droplet delete 12
read    heroku releases -a shop
read    heroku pg:backups -a shop
read    heroku pg:wait -a shop
change  heroku rollback v40 -a shop
change  heroku maintenance:on -a shop
change  heroku pg:backups:capture -a shop
change  heroku ps:restart -a shop
change  heroku config:set X=1 -a shop
destroy heroku pg:backups:restore b001 DATABASE_URL -a shop
destroy heroku pg:upgrade BLUE -a shop
destroy heroku addons:destroy redis -a shop
destroy heroku run -a shop rails db:rollback
read    fly releases -a shop
read    fly status
change  fly deploy --image reg.example/shop:40
change  fly machine restart abc
destroy fly apps destroy shop
destroy fly volumes destroy vol_1
destroy fly ssh console -a shop -C "rm -rf /data"
read    vercel ls shop
read    vercel inspect shop.example
change  vercel promote dpl_1
change  vercel alias set a b
destroy vercel env rm KEY production
read    netlify status
read    netlify api listSiteDeploys --data '{}'
change  netlify deploy --prod
read    railway deployments
read    warroom railway list --json
change  warroom railway rollback abc
read    railway run alembic current
change  railway up
destroy railway run alembic downgrade -1
read    wrangler deployments list
change  wrangler rollback abc
destroy wrangler kv namespace delete --namespace-id x
destroy wrangler d1 time-travel restore shop --timestamp 1
read    supabase migration list
change  supabase functions deploy f
destroy supabase db reset --linked
destroy supabase migration repair --status reverted 1
read    firebase hosting:channel:list
change  firebase hosting:rollback
change  firebase deploy --only hosting
destroy firebase firestore:delete --all-collections
read    terraform plan -out x.plan
read    terraform state list
read    tofu output
change  terraform apply -target=module.web
change  terraform import aws_x.y z
destroy tofu destroy
destroy terraform state rm aws_x.y
read    pulumi stack history
read    pulumi preview
change  pulumi up --yes
destroy pulumi destroy
read    cdk diff
destroy cdk destroy web
read    serverless deploy list
change  serverless rollback -t 12
destroy serverless remove
destroy sam delete --stack-name x
read    ansible-playbook site.yml --check
read    ansible all -m ping
change  ansible-playbook -i prod rollback.yml
destroy ansible-playbook restore.yml
read    flyway info
change  flyway migrate
destroy flyway undo
destroy flyway clean
read    liquibase status
destroy liquibase rollback-count 1
destroy liquibase --changelog-file=c.xml rollback v1
read    alembic -c a.ini current
read    alembic history
change  alembic upgrade head
destroy alembic downgrade base
destroy alembic stamp abc
read    npx knex migrate:status
destroy npx knex migrate:down
destroy npx typeorm migration:revert -d x.js
destroy npx sequelize-cli db:migrate:undo
read    bin/rails db:migrate:status
read    bundle exec rake -T
change  bundle exec rails db:migrate
destroy bin/rails db:rollback STEP=2
destroy bundle exec rake db:drop
read    php artisan migrate:status
change  php artisan down
change  php artisan up
change  php artisan cache:clear
change  php artisan config:cache
destroy php artisan migrate:rollback --step=1
destroy php artisan db:wipe
read    python manage.py showmigrations
read    python3 manage.py migrate --plan
change  python manage.py migrate
change  python manage.py collectstatic --noinput
destroy python manage.py migrate shop 0012
destroy python manage.py migrate shop zero
destroy poetry run python manage.py flush
destroy python manage.py loaddata x.json
read    goose -dir m postgres "$DSN" status
destroy goose -dir m postgres "$DSN" down
read    dbmate status
destroy dbmate rollback
destroy migrate -path m -database "$URL" down 1
destroy migrate -path m -database "$URL" force 12
read    mongosh "$URI" --eval "rs.status()"
read    mongosh "$URI" --eval "db.orders.countDocuments({})"
read    mongodump --uri="$URI" --archive
destroy mongosh "$URI" --eval "db.orders.drop()"
destroy mongosh "$URI" --eval 'db.orders.deleteMany({a: 1})'
destroy mongorestore --drop dump/
read    redis-cli -u "$URL" --scan --pattern 'sess:*'
read    redis-cli -h cache xlen jobs
read    redis-cli --bigkeys
change  redis-cli set flag off
change  redis-cli expire k 10
destroy redis-cli -n 2 flushdb
destroy redis-cli eval "return redis.call('del', KEYS[1])" 1 x
destroy redis-cli --scan --pattern 'a:*' | xargs redis-cli unlink
read    kafka-topics.sh --bootstrap-server b:9092 --list
read    kafka-consumer-groups.sh --bootstrap-server b:9092 --describe --group g
change  kafka-topics.sh --bootstrap-server b:9092 --create --topic t
change  kafka-consumer-groups.sh --bootstrap-server b:9092 --group g --reset-offsets --to-earliest --topic t --dry-run
destroy kafka-topics.sh --bootstrap-server b:9092 --delete --topic t
destroy kafka-consumer-groups.sh --bootstrap-server b:9092 --group g --reset-offsets --to-earliest --topic t --execute
read    rabbitmqctl list_queues name messages
read    rabbitmqctl -p /v cluster_status
change  rabbitmqctl stop_app
destroy rabbitmqctl purge_queue jobs
destroy rabbitmqctl force_reset
read    etcdctl --endpoints=e endpoint health
change  etcdctl snapshot save x.db
destroy etcdctl snapshot restore x.db
destroy etcdctl del --prefix /a
read    consul members
read    consul kv get a/b
change  consul kv put a/b c
destroy consul kv delete a/b
destroy consul snapshot restore x.snap
read    vault status
read    vault kv get secret/a
change  vault kv rollback -version=3 secret/a
change  vault operator unseal
destroy vault kv destroy -versions=3 secret/a
destroy vault operator seal
read    nomad job history shop
read    nomad job status shop
change  nomad job revert shop 4
destroy nomad job stop -purge shop
read    argocd app history shop
read    argocd app get shop
change  argocd app rollback shop 7
change  argocd app set shop --sync-policy none
change  argocd app sync shop
destroy argocd app sync shop --prune
destroy argocd app delete shop
read    flux get kustomizations
change  flux suspend kustomization shop
change  flux reconcile source git shop
destroy flux delete kustomization shop
read    istioctl proxy-status
read    istioctl analyze -n shop
destroy istioctl uninstall --purge
read    velero backup describe nightly
read    velero restore describe r1
change  velero backup create now
destroy velero restore create --from-backup nightly
read    restic -r /b snapshots
change  restic -r /b backup /data
destroy restic -r /b restore latest --target /
destroy restic -r /b forget --keep-last 3 --prune
read    borg list /b
destroy borg extract /b::x
read    pgbackrest --stanza=main info
change  pgbackrest --stanza=main backup
destroy pgbackrest --stanza=main restore
read    wal-g backup-list
destroy wal-g backup-fetch /pg LATEST
read    barman list-backups main
destroy barman recover main latest /pg
read    patronictl -c p.yml list
read    patronictl -c p.yml history
change  patronictl -c p.yml switchover main --force
change  patronictl -c p.yml pause
destroy patronictl -c p.yml reinit main node2
read    repmgr -f r.conf cluster show
change  repmgr -f r.conf standby promote
change  repmgr standby switchover
read    systemctl list-timers
read    systemctl is-active nginx
change  systemctl reload nginx
change  systemctl reset-failed
change  systemctl daemon-reload
read    supervisorctl status all
change  supervisorctl restart all
read    pm2 list
change  pm2 reload all
change  pm2 save
destroy pm2 delete all
read    nginx -t
change  nginx -s reload
change  apt-get install -y nginx=1.2
destroy apt-get purge nginx
change  yum downgrade nginx-1.2
read    yum list installed
read    dnf history list
destroy dnf history undo 12
read    pip freeze
change  pip install -r requirements.txt
change  npm install shop@1.2.0
read    npm view shop versions
change  npm install --force
change  chmod 600 key
change  chown -R app: /srv/app
change  mv current old
change  cp -r releases/40 current
change  ln -sfn releases/40 current
change  cp restore-plan.md /tmp
change  sed -i 's/a/b/' app.conf
change  sed -i.bak 's/a/b/' app.conf
change  tar xzf shop.tgz -C /srv
read    tar tzf shop.tgz
change  rsync -a a/ b/
read    rsync -an --delete --dry-run a/ b/
destroy rsync -a --delete a/ b/
change  iptables -A INPUT -p tcp --dport 80 -j DROP
change  mkdir prisma/migrations/20261128_drop_note && cp drop_note.sql prisma/migrations/20261128_drop_note/migration.sql
destroy ./drop_note prisma/migrations/20261128_drop_note
read    iptables -L -n
destroy iptables -F
read    ufw status verbose
change  ufw allow 22
destroy ufw reset
read    crontab -l
change  crontab new.cron
destroy crontab -u app -r
read    cast call 0x1 'paused()(bool)' --rpc-url r
read    cast balance 0x1
change  cast send 0x1 'pause()' --rpc-url r
read    cf app shop
read    cf services
change  cf restage shop
change  cf unbind-service shop db
destroy cf delete shop -f
destroy cf delete-service db
read    wp plugin list
read    wp db query 'SELECT 1'
change  wp plugin deactivate x
change  wp cache flush
destroy wp db import dump.sql
destroy wp db query 'DROP TABLE a'
read    ./ops.sh status
read    bin/shop jobs:list
read    shopctl release history
read    shopctl config get flags
change  shopctl deploy --tag 40
change  shopctl release promote 40
change  ./rollback.sh 40
change  ./health-check.sh
destroy ./restore-db.sh nightly
destroy scripts/reset-database.sh
destroy scripts/wipe-cache.sh
destroy shopctl tenant purge 12
destroy shopctl backup restore 12
destroy gunzip -c a.gz | shopctl db import -
destroy make db-restore
destroy npm run db:reset
destroy npm run migrate:rollback
change  npm run deploy:rollback
read    npm run migrate:status
change  make rollback
read    make status
read    pnpm prisma migrate status
destroy pnpm prisma migrate resolve --rolled-back x
destroy yarn prisma db push
change  pnpm install
change  pnpm dlx prisma migrate deploy
read    bunx prisma migrate status
read    uv run alembic current
destroy uv run alembic downgrade -1
destroy pipenv run flask db downgrade
destroy sudo -u postgres bash -c "dropdb shop"
destroy nohup rm -rf /srv/old &
destroy time xargs -n1 rm -rf < list
destroy ssh ops@h "cd app && git reset --hard v1"
read    ssh ops@h "docker ps"
read    cat /srv/<env>/app.log
read    curl https://<host>/status
read    curl -fsS "https://<your host>:8080/x"
change  sort <in>out
change  cat <in >out
destroy kubectl delete pod <pod name>
read    nc -zv cache 6379
read    ip -br addr
read    ip route get 1.1.1.1
change  ip route add default via 10.0.0.1
change  ip link set eth0 up
read    tailscale status
read    dig +short shop.example
read    openssl rand -hex 16
read    curl -s x | python3 -m json.tool
change  python3 fix.py
change  node fix.js
read    psql "$U" -c "\dt"
change  psql "$U" -c "\i fix.sql"
change  psql "$U" -c "VACUUM orders"
read    psql "$U" -c "WITH a AS (SELECT 1) SELECT * FROM a"
destroy psql "$U" -c "WITH a AS (DELETE FROM b RETURNING 1) SELECT * FROM a"
read    mysql -e "SHOW REPLICA STATUS\G"
change  mysql -e "SET GLOBAL read_only = 1"
destroy mysql shop < nightly-backup.sql
read    curl -s 'http://es:9200/_cat/indices'
destroy curl -X POST 'http://es:9200/_snapshot/a/b/_restore'
destroy curl -XPOST 'http://es:9200/o/_delete_by_query' -d '{}'
read    Invoke-WebRequest http://h/health -UseBasicParsing
read    Get-Service W3SVC
change  Restart-Service W3SVC
destroy Remove-Item -Recurse C:\old
read    Get-Service W3SVC | Format-Table
read    Get-Service | Where-Object { $_.Status -eq 'Running' }
destroy Get-ChildItem C:\old | Where-Object { Remove-Item $_ }
read    pwsh -NoProfile -Command 'Get-Service W3SVC'
change  pwsh -c 'Restart-Service W3SVC'
destroy pwsh -NoProfile -Command 'Remove-Item -Recurse C:/old'
change  sqlx migrate run
destroy sqlx migrate revert
read    dotnet ef migrations list
destroy dotnet ef database update Before
change  dotnet ef database update
change  dotnet restore
destroy mix ecto.rollback
destroy diesel migration revert
read    mc ls b/
destroy mc rm --recursive b/x
read    rclone ls b:x
change  rclone copy a b:x
destroy rclone sync a b:x
read    zfs list -t snapshot
destroy zfs rollback tank/a@1
change  lxc snapshot c s
destroy lxc restore c s
destroy vagrant destroy -f
destroy ip link delete eth0
change  vagrant up
destroy Clear-RecycleBin -Force
change  unlink current
change  rm status
change  pkill -f status
destroy pg_restore -d shop x.dump
read    pg_restore --list x.dump
read    pg_restore --file=/dev/null x.dump
destroy pg_restore --file=/dev/nullx x.dump
change  gh pr create --title x --body "delete the old one"
read    echo "alembic downgrade -1"
read    kubectl get jobs -l app=db-restore
destroy kubectl create job --from=cronjob/db-restore now
change  make verify-restore
change  shopctl backup create --description "before the restore"
read    git log --grep restore
change  mkdir -p restore
destroy aws s3 cp s3://b/backup.sql - | psql "$U"
destroy docker exec -i db psql -U a shop < backup.sql
"""


@pytest.mark.parametrize("row", FAMILIES.strip().splitlines())
def test_family(row: str) -> None:
    effect, text = row.split(maxsplit=1)
    assert infer(text) is Effect[effect.upper()]


@pytest.mark.parametrize("row", [row for row in FAMILIES.strip().splitlines() if row.startswith("destroy")])
@pytest.mark.parametrize("frame", ["sudo @", "ls && @", "@ | cat", "X=$( @ )"])
def test_company_makes_no_family_better(row: str, frame: str) -> None:
    text = row.split(maxsplit=1)[1]
    assert infer(frame.replace("@", text)) is Effect.DESTROY


SCRIPT = """
redis-cli -u "$U" eval "
  for _, key in ipairs(redis.call('keys', 'a:*')) do
    redis.call('del', key)
  end
" 0
"""


def test_a_script_of_several_lines_is_read_to_its_end() -> None:
    assert infer(SCRIPT) is Effect.DESTROY


def test_a_comment_in_a_query_is_no_statement() -> None:
    assert infer('shopctl sql "\n-- before the drop table\nSELECT 1\n"') is Effect.READ
    assert infer('shopctl sql "\n-- after this\nDROP TABLE a\n"') is Effect.DESTROY
