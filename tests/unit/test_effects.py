"""What commands do, by their words: the tables against the commands people write."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.model import Effect
from runbook.steps.effects import infer, kind

READ = r"""
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
"""

CHANGE = r"""
git revert --no-edit abc1234
git cherry-pick -x abc1234
git push origin main
git push --porcelain origin abc:refs/heads/main
git commit-tree T -p H -m x
git tag v1
npm install
vercel rollback dpl_1 --yes
kubectl rollout undo deployment/app --to-revision=3
curl -X POST https://example.com/hook
some-unknown-program --flag
systemctl restart app
"""

DESTROY = r"""
git push origin production --force
git push -f origin main
git push origin +main
git push --force-with-lease=refs/heads/production:abc origin x:refs/heads/production
git push origin :refs/heads/old
git reset --hard v3.9.0
git clean -fd
rm -rf build
kubectl delete pod x
terraform destroy
psql -c 'DROP TABLE users'
dropdb app
docker compose down -v
kubectl scale deployment/app --replicas=0
bash -c 'git reset --hard HEAD~1'
git log && rm -r /srv/data
"""


def _lines(table: str) -> list[str]:
    return [line for line in table.splitlines() if line.strip()]


@pytest.mark.parametrize("text", _lines(READ))
def test_what_only_looks_is_read(text: str) -> None:
    assert infer(text) is Effect.READ


@pytest.mark.parametrize("text", _lines(CHANGE))
def test_what_alters_something_or_is_unknown_is_a_change(text: str) -> None:
    assert infer(text) is Effect.CHANGE


@pytest.mark.parametrize("text", _lines(DESTROY))
def test_what_cannot_be_taken_back_is_never_taken_for_less(text: str) -> None:
    assert infer(text) is Effect.DESTROY


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("git log --oneline", "run"),
        ("tail -f /var/log/app.log", "follow"),
        ("watch -n 5 date", "follow"),
        ("kubectl logs -f deployment/app", "follow"),
        ("vim notes.txt", "interactive"),
        ("kubectl exec -it pod -- bash", "interactive"),
    ],
)
def test_whether_it_returns_by_itself(text: str, expected: str) -> None:
    assert kind(text) == expected


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_any_text_has_an_effect(text: str) -> None:
    assert infer(text) in Effect
