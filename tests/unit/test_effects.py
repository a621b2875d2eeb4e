"""What commands do, by their words: the tables against the commands people write."""

from __future__ import annotations

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
ssh host git -C /srv/app status
ssh -p 22 deploy@host 'systemctl status app'
openssl s_client -connect x:443
grep -r "DROP TABLE" migrations/
echo "rm -rf /"
export DEPLOY=abc
test -f x && cat x
"""

CHANGE = """
git revert <commit-sha>
git revert --no-edit HEAD
git push origin main
git push origin <new>:refs/heads/production
git push -u origin rollback/v3.9.0
git checkout production
git checkout -b rollback/v3.9.0
git checkout -b x origin/main
git checkout v3.9.0
git switch main
git merge main
git tag v1
git branch x
git branch -d merged
git commit -m "remove rm -rf and push --force"
git commit-tree T -p H -m x
git cherry-pick abc
git pull --ff-only
git update-ref refs/warroom/backup/x abc
git reset --soft HEAD~1
git reset HEAD file
git stash
git restore --staged x
git fetch origin main:main
git config user.name me
git remote add x y
kubectl rollout undo deployment/app
kubectl rollout restart deploy/app
kubectl scale deploy/app --replicas=3
kubectl apply -f x.yaml
kubectl exec app -- touch /x
helm rollback app 3
helm upgrade app ./chart
docker compose up -d
docker compose down
docker run --rm x
docker restart web
vercel rollback <deployment-url>
vercel promote x --yes
railway rollback <deployment-id>
railway redeploy -y
npx prisma migrate deploy
npm ci
npm run build
curl -X POST https://x.example
curl -XPOST https://x.example
curl -d a=b https://x.example
curl -sd a=b https://x.example
curl --data-binary @x https://x.example
curl -F f=@x https://x.example
curl -T x https://x.example
curl -o file https://x.example
curl -sSLO https://x.example/f
wget https://x.example/f
systemctl restart app
sudo systemctl stop app
sed -i s/a/b/ file
mkdir -p x
cp a b
mv a b
touch x
./deploy.sh
some-unknown-tool --now=3
ls > file
echo x | tee file
terraform apply
aws ecs update-service --cluster x --service y --task-definition z:3
gcloud run services update-traffic app --to-revisions=r=100
psql -c "update users set a=1 where id=2"
psql -c "select pg_terminate_backend(1)"
psql db
psql -f fix.sql
redis-cli set a b
heroku rollback v12
heroku maintenance:on
pm2 restart app
git log | sh
git log | xargs touch
bash script.sh
source env.sh
X=$(touch file)
echo "`touch file`"
cat <(touch x)
(cd x && touch y)
git status && touch x
if true; then touch x; fi
while read -r l; do touch $l; done < list
awk '{print > "file"}' x
find . -exec touch {} +
git status 'unbalanced
kubectl patch deploy app -p '{"spec":{"replicas":3}}'
cat <in >out
"""

DESTROY = r"""
git push --force
git push origin production --force
git push -f origin x
git push -uf origin x
git push --force-with-lease origin x
git push --force-with-lease=refs/heads/production:abc origin x
git push origin +main
git push origin --delete x
git push origin :x
git push --mirror
git -C /x -c a=b push --force
git reset --hard v3.9.0
git checkout production && git reset --hard v3.9.0
git clean -fd
git branch -D x
git tag -d v1
git checkout -- .
git checkout .
git checkout HEAD~1 src/file
git checkout -f main
git restore .
git stash drop
git filter-branch --all
git reflog expire --all
rm -rf node_modules
rm -r x
sudo rm -fr /x
rm *
find . -name '*.tmp' -delete
find . -exec rm {} \;
find . | xargs rm -rf
kubectl delete pod x
kubectl -n prod delete deploy app
kubectl scale deploy/app --replicas=0
kubectl scale --replicas 0 deploy/app
kubectl exec db -- psql -c "DROP TABLE users"
helm uninstall app
docker compose down -v
docker-compose down --volumes
docker volume rm x
docker system prune -af
docker volume prune
terraform destroy
terraform apply -destroy
terraform force-unlock x
npx prisma migrate reset
npx prisma migrate resolve --rolled-back <migration-name>
npx prisma db push
prisma db push --accept-data-loss
pg_restore -d app backup.dump
dropdb app
psql -c "DROP TABLE users"
psql -c 'delete from users where id = 1'
echo "TRUNCATE users" | psql
mysql app < backup.sql
gunzip -c backup.sql.gz | psql app
redis-cli FLUSHALL
redis-cli -h x flushdb
redis-cli del key
dd if=/dev/zero of=/dev/sda
mkfs.ext4 /dev/sda1
cat x > /dev/sda
curl -X DELETE https://x.example/y
curl -XDELETE https://x.example/y
aws s3 rm s3://x --recursive
aws s3 sync . s3://x --delete
aws ec2 terminate-instances --instance-ids i
aws rds delete-db-instance --db-instance-identifier x
aws ecs update-service --service x --desired-count 0
gcloud run services delete app
heroku pg:reset
heroku ps:scale web=0
railway down
vercel rm x
fly apps destroy x
alembic downgrade -1
npx knex migrate:rollback
npx sequelize-cli db:migrate:undo
rails db:rollback
bash -c 'rm -rf x'
sudo bash -c "git push --force"
ssh host 'rm -rf /srv/x'
ssh host -p 22 rm -rf /srv/x
ssh host git push --force origin main
watch 'kubectl delete pod x'
env A=b rm -rf x
time rm -rf x
X=$(rm -rf x)
echo "$(rm -rf x)"
git log && rm -rf x
git log; git reset --hard
if true; then rm -rf x; fi
kubectl exec app -- rm -rf /data
docker exec db dropdb app
./scripts/delete-users.sh
rm -rf 'unbalanced
shutdown -h now
rsync -a --delete a/ b/
crontab -r
unknown-cloud instance destroy x
psql "$PROD_DATABASE_URL" -f fix.sql
"""

HEREDOCS = (
    ("cat <<END\n$(date)\nEND", Effect.READ),
    ("cat <<END\n$(touch x)\nEND", Effect.CHANGE),
    ("cat <<'END'\n$(touch x)\nEND", Effect.READ),
    ("psql app <<END\nselect 1;\nEND", Effect.CHANGE),
    ("psql app <<'END'\nDROP TABLE users;\nEND", Effect.DESTROY),
    ("cat >file <<END\nx\nEND\nrm -rf y", Effect.DESTROY),
    ("bash <<END\nrm -rf x\nEND", Effect.DESTROY),
    ("ssh host <<'END'\nrm -rf x\nEND", Effect.DESTROY),
)


def lines(table: str) -> list[str]:
    return table.strip().splitlines()


@pytest.mark.parametrize("text", lines(READ))
def test_read(text: str) -> None:
    assert infer(text) is Effect.READ


@pytest.mark.parametrize("text", lines(CHANGE))
def test_change(text: str) -> None:
    assert infer(text) is Effect.CHANGE


@pytest.mark.parametrize("text", lines(DESTROY))
def test_destroy(text: str) -> None:
    assert infer(text) is Effect.DESTROY


@pytest.mark.parametrize(("text", "effect"), HEREDOCS)
def test_heredocs(text: str, effect: Effect) -> None:
    assert infer(text) is effect


RUN = """
git log | head
git revert x
kubectl rollout status deploy/app
vercel ls
psql -c 'select 1'
psql app < x.sql
echo 1 | psql
ssh host uptime
tail -n 5 x
kubectl logs app --tail=100
timeout 5 tail -f x
kubectl apply -f x.yaml
docker compose -f x.yml ps
ping -c 3 x
bash x.sh
python3 x.py
docker rm -f x
kubectl port-forward svc/x 80 &
docker compose up -d
tail -f x | head -3
man git | cat
redis-cli info
git commit -m 'watch this'
kubectl exec app -- ls
curl -f x
cut -f1 x
grep -f x y
rm -f x
git status 'unbalanced
kubectl delete -f x.yaml
sudo systemctl restart app
"""

FOLLOW = """
watch -n 5 'curl -s x | jq'
tail -f x | grep ERROR
tail -F x
tail -n 100 -f x
kubectl logs -f deployment/app --tail=100
kubectl -n p logs deploy/x --follow
docker logs -f x
docker compose logs -f
docker-compose -f a.yml logs -f web
kubectl get pods -w
kubectl get pods --watch
railway logs
pm2 logs
fly logs
heroku logs -t -a x
heroku logs --tail
journalctl -u x -f
npx prisma studio
vercel logs x --follow
kubectl port-forward svc/x 80
stern x
aws logs tail /x --follow
while true; do curl x; sleep 1; done
ssh host 'tail -f x'
sudo tail -f x
docker stats
ping x
bash -c 'tail -f x'
npm run dev
"""

INTERACTIVE = """
vim x
sudo nano /etc/x
kubectl edit deploy x
psql
psql $DATABASE_URL
psql -U me -d app
ssh host
ssh -p 22 u@host
kubectl exec -it pod -- bash
docker exec -it x sh
docker run -it x
mysql -u root -p
redis-cli
redis-cli -h x
python3
less x
top
git rebase -i HEAD~3
vercel login
heroku pg:psql
sudo -i
rails console
bundle exec rails c
crontab -e
sqlite3 x.db
kubectl -n x exec -ti pod -- sh
"""


@pytest.mark.parametrize("text", ["", *lines(RUN)])
def test_returns_by_itself(text: str) -> None:
    assert kind(text) == "run"


@pytest.mark.parametrize("text", lines(FOLLOW))
def test_follows(text: str) -> None:
    assert kind(text) == "follow"


@pytest.mark.parametrize("text", lines(INTERACTIVE))
def test_wants_a_terminal(text: str) -> None:
    assert kind(text) == "interactive"


def test_names_production() -> None:
    assert names_production("git push origin production")
    assert names_production("vercel --prod") and names_production("psql $PROD_DB") and names_production("-n my-prd")
    assert not names_production("reproduce product") and not names_production("git log")


pieces = st.sampled_from(
    [
        "git",
        "push",
        "--force",
        "rm",
        "-rf",
        "x",
        ";",
        "&&",
        "|",
        "$(",
        ")",
        "'",
        '"',
        "`",
        "<x>",
        ">",
        "file",
        "/dev/null",
        "sudo",
        "bash",
        "-c",
        "psql",
        "DROP",
        "TABLE",
        "\n",
        "#",
        "<<E",
        "E",
        "{}",
        "[",
    ]
)


@settings(max_examples=200)
@given(st.lists(pieces, max_size=12).map(" ".join) | st.text(max_size=30))
def test_every_text_has_an_answer(text: str) -> None:
    assert infer(text) in Effect
    assert kind(text) in ("run", "follow", "interactive")


@pytest.mark.parametrize(
    "frame", ["@; ls", "ls && @", "@ | cat", "( @ )", "if true; then @; fi", "X=$( @ )", "ls\n@\nls"]
)
def test_company_makes_no_command_better(frame: str) -> None:
    whole = [text for text in lines(DESTROY) if "unbalanced" not in text]
    assert [text for text in whole if infer(frame.replace("@", text)) is not Effect.DESTROY] == []


def test_a_long_text_that_is_no_command_is_never_a_read() -> None:
    assert infer(Path(__file__).read_text()) is not Effect.READ
