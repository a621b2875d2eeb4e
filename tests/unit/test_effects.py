"""What commands do, by their words: the tables against the commands people write."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.model import Effect
from runbook.steps.effects import infer, kind, names_production

READ = """
git log --oneline -10
git --no-pager log -p
git -C /x show <commit-sha>
git show <sha> --stat
git diff HEAD~1
git status
git rev-parse --verify --end-of-options <ref>^{commit}
git ls-remote --exit-code origin refs/heads/production | cut -f1
git fetch --prune origin +refs/heads/main:refs/remotes/origin/main
git fetch --tags
git tag -l "v*" --sort=-version:refname | head -10
git tag
git tag --sort=-creatordate
git branch -a
git branch --contains abc
git branch --show-current
git remote -v
git config user.name
git config --get remote.origin.url
git stash list
git merge-base --is-ancestor a b
git push --dry-run --porcelain origin x:y
git clean -n
curl https://x.example/api/health
curl -s https://x.example/api/health | jq .
curl -fsS -o /dev/null -w '%{http_code}' https://x.example
curl -I https://x.example
curl -X GET https://x.example
curl -G -d q=1 https://x.example
curl -H "Authorization: Bearer $(cat token)" https://x.example
watch -n 5 'curl -s https://x.example/api/health | jq'
watch -n 5 "curl -s https://x/api/metrics | jq '.custom.http_errors'"
tail -f /var/log/app/production.log | grep ERROR
kubectl get pods -n production
kubectl -n prod logs -f deployment/app --tail=100
kubectl rollout status deployment/app --timeout=60s
kubectl rollout history deploy/app
kubectl get pods | grep -v Running | wc -l
kubectl exec app -- cat /etc/hosts
kubectl apply -f x.yaml --dry-run=server
kubectl config current-context
helm history app
docker ps -a
docker compose logs --tail 100 web
docker-compose -f docker-compose.prod.yml ps
docker exec web cat /app/VERSION
vercel ls
vercel inspect <deployment-url>
vercel --api http://127.0.0.1:1 ls --json
railway logs
railway deployment list --json
npx prisma migrate status
npx --no-install prisma migrate status
npx lighthouse https://x.example --view
psql "$DATABASE_URL" -c 'select count(*) from users'
psql -c "SELECT 1; SHOW server_version" db
psql -l
sudo systemctl status app
systemctl is-active app
journalctl -u app -f
aws ecs describe-services --cluster prod --services web
aws s3 ls s3://bucket
gcloud run revisions list --service app
terraform plan
npm ls
heroku releases -a app
redis-cli info memory
redis-cli -h host GET key
find . -name '*.log' -mtime +3
ps aux | sort -k3 | head
for i in 1 2 3; do curl -s https://x.example/health; sleep 1; done
if [ -f x ]; then echo yes; fi
X=$(git rev-parse HEAD)
echo "done" >&2
ls > /dev/null 2>&1
git log > $WARROOM_DIR/log.txt
git log > "${WARROOM_DIR}/log.txt"
cd /srv/app && ls
time git log
env LC_ALL=C sort x
bash -c 'git status'
ssh host uptime
ssh -p 22 deploy@host 'systemctl status app'
openssl s_client -connect x:443
grep -r "DROP TABLE" migrations/
echo "rm -rf /"
export DEPLOY=abc
test -f x && cat x
cat <<EOF
$(date)
