"""Which commands of many tools return, which go on for ever, and which want a terminal."""

from __future__ import annotations

import pytest

from runbook.steps.effects import kind

KINDS = r"""
follow      shopctl logs web -f
follow      shopctl logs --follow web
follow      gordon logs -f
follow      heroku logs --tail -a shop
follow      pm2 logs api --lines 20
run         pm2 logs api --nostream
run         heroku logs -n 100 -a shop
run         helm get all shop -f
follow      cf logs shop
run         cf logs shop --recent
follow      kubectl port-forward svc/db 5432:5432
follow      kubectl -n shop port-forward db-0 5432
follow      cf connect-to-service -no-client shop db
follow      ssh -N -L 5432:db:5432 bastion
follow      redis-cli -u "$U" --latency-history
follow      redis-cli -h c --stat
follow      redis-cli monitor
follow      gcloud app logs tail -s default
follow      az webapp log tail -g g -n a
follow      gh run watch 12
follow      ngrok http 80
follow      python3 -m http.server 8000
follow      php artisan serve
follow      python manage.py runserver
follow      flask run
follow      cloudflared tunnel run x
follow      cloud_sql_proxy -instances=a
follow      kubectl get pods -n shop -w
follow      kubectl get events --watch
follow      kafka-console-consumer.sh --bootstrap-server b --topic t
run         kafka-console-consumer.sh --bootstrap-server b --topic t --max-messages 3
follow      docker compose up
run         docker compose up -d
follow      stern shop
follow      tail -F a.log
follow      mongostat
follow      npm start
follow      pnpm dev
follow      vercel dev
follow      netlify dev
follow      wrangler tail
follow      fly logs -a shop
follow      railway logs
follow      fly proxy 5432 -a db
follow      sudo journalctl -fu shop
follow      journalctl -u shop --follow
follow      supervisorctl tail -f web
follow      watch -n2 kubectl get pods
follow      argocd app logs shop -f
follow      velero restore logs r --follow
follow      minikube tunnel
follow      celery -A shop worker
interactive $EDITOR compose.yml
interactive ${EDITOR:-vi} compose.yml
interactive "$VISUAL" a
interactive terraform apply
interactive terraform destroy
interactive tofu apply -var x=1
run         terraform apply -auto-approve
run         terraform apply x.tfplan
run         terraform plan
interactive pulumi up
run         pulumi up --yes
interactive patronictl -c p.yml failover main
run         patronictl -c p.yml failover main --force
run         patronictl -c p.yml list
interactive heroku apps:destroy shop
run         heroku apps:destroy shop --confirm shop
interactive cf delete-service db
run         cf delete-service db -f
interactive cf ssh shop
run         cf ssh shop -c "ls"
interactive kubectl exec -it db-0 -- psql
interactive kubectl exec -i -t db-0 -- sh
run         kubectl exec db-0 -- psql -c 'select 1'
interactive kubectl debug node/n1 -it --image=busybox
interactive kubectl edit cm shop
run         kubectl exec db-0 -- env
interactive docker exec -it db bash
interactive docker compose exec db psql
run         docker compose exec -T db pg_dump shop
interactive psql "$URL"
interactive mysql -u root -p shop
run         mysql -u root -p shop < a.sql
interactive mongosh "$URI"
run         mongosh "$URI" --eval 'rs.status()'
interactive sqlite3 a.db
interactive redis-cli -h c -p 6380
run         redis-cli -h c ping
interactive python manage.py shell
interactive python manage.py dbshell
interactive php artisan tinker
interactive rails c
interactive bundle exec rails console
interactive node
interactive irb
interactive ssh deploy@web1
run         ssh deploy@web1 uptime
interactive ssh -i k.pem ubuntu@h
interactive gh auth login
run         gh auth login --with-token < t
interactive aws sso login
interactive aws configure
interactive gcloud auth login
interactive az login
interactive docker login
interactive vault login
run         docker login -u a -p b
interactive npm login
interactive git commit
run         git commit -m "x"
run         git commit -am "x"
run         git commit --amend --no-edit
interactive git commit --amend
run         git commit -F msg.txt
interactive git rebase -i HEAD~2
run         git rebase main
interactive git add -p
interactive git checkout -p
run         git revert --no-edit HEAD
interactive fly ssh console -a shop
run         fly ssh console -a shop -C "ls"
interactive heroku run bash -a shop
interactive heroku pg:psql -a shop
run         heroku pg:psql -a shop -c 'select 1'
interactive gcloud compute ssh web1
run         gcloud compute ssh web1 --command="uptime"
interactive aws ssm start-session --target i-1
interactive sudo visudo
interactive crontab -e
interactive top
run         top -b -n1
interactive htop
interactive k9s
interactive sudo su - postgres
interactive ansible-playbook site.yml --ask-become-pass
run         ansible-playbook site.yml
interactive systemctl edit shop
interactive ansible-vault edit s.yml
run         ansible-vault view s.yml --vault-password-file p
interactive less a.log
interactive cat a.log | less
run         mc ls b/
run         et-tool run
run         code .
run         vault status
run         openssl s_client -connect a:443 < /dev/null
run         pnpm run build
run         make serve-docs
run         docker run --rm x true
run         git log --follow a
run         tar -xf logs.tar
run         grep -f a logs
run         kubectl logs deploy/x --tail=50
run         docker logs web --tail 100
run         vercel logs x
run         ssh -fN -L 1:db:1 bastion
run         docker exec -i db psql -U a shop < a.sql
interactive docker exec -it db psql
"""


@pytest.mark.parametrize("row", KINDS.strip().splitlines())
def test_kind(row: str) -> None:
    expected, text = row.split(maxsplit=1)
    assert kind(text) == expected


@pytest.mark.parametrize("row", [row for row in KINDS.strip().splitlines() if not row.startswith("run")])
def test_what_does_not_return_does_not_return_under_sudo(row: str) -> None:
    expected, text = row.split(maxsplit=1)
    if not text.startswith(("sudo", "$", '"')):
        assert kind(f"sudo {text}") == expected
