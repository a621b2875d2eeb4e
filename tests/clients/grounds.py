"""One platform each with its real client: the order of a rollback in its words, where it is given, what serves."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from runbook.providers.provider import Place
from tests.clients import (
    test_aws,
    test_cloud_run,
    test_cloudflare,
    test_docker_compose,
    test_heroku,
    test_prisma_history,
)
from tests.clients.clouds import Cloud, moto, place, prepare
from tests.clients.clusters import running as a_cluster
from tests.clients.postgres import running as running_postgres
from tests.clients.programs import SEARCHED, need
from tests.clients.railway import RailwayServer
from tests.clients.releases import deployed
from tests.unit.test_declared import Flags, switch

SIGNED = "AWS4-HMAC-SHA256 Credential=made-up/20260101/eu-west-1/lambda/aws4_request"
"""By which moto knows the service that is asked."""
FLAG = """
  flag:
    order: >-
      curl -fsS -X PATCH -H "Authorization: Bearer $FLAG_TOKEN" <base>/api/flags/<flag> -d '{"on": <release>}'
    live: {url: <base>/api/flags/<flag>, headers: {Authorization: Bearer $FLAG_TOKEN}, path: flag.on}
    values: [true, false]
"""


class Ground(msgspec.Struct):
    """One platform: the order in its words, where it is given, and what serves there."""

    text: str
    at: Place
    program: str
    order: str
    """By which words of its arguments the client is seen to give the order."""
    live: Callable[[], object]
    settle: Callable[[], object] = lambda: None
    """What the platform does in its own time."""
    platforms: str = ""
    target: str = "production"
    done_when: str = ""
    not_done: tuple[bool | None, str] = (False, "as before")
    """What the next room says of an order that was never given: whether it took effect, and words of the evidence."""
    done: tuple[bool | None, str] = (True, "")
    """And of one that was carried out."""


@contextmanager
def heroku(folder: Path) -> Iterator[Ground]:
    need("heroku")
    with closing(test_heroku.HerokuServer()) as server:
        at = Place(folder, test_heroku.environment(server, folder))
        yield Ground(test_heroku.BACK, at, "heroku", "rollback", lambda: server.releases[-1]["description"])


@contextmanager
def cloudflare(folder: Path) -> Iterator[Ground]:
    need("wrangler")
    with closing(test_cloudflare.CloudflareServer()) as server:
        at = Place(folder, test_cloudflare.environment(server, folder))
        yield Ground(test_cloudflare.BACK, at, "wrangler", "rollback", lambda: dict(server.serves))


@contextmanager
def cloud_run(folder: Path) -> Iterator[Ground]:
    need("gcloud")
    with closing(test_cloud_run.CloudRunServer()) as server:
        at = Place(folder, test_cloud_run.environment(server, folder))
        yield Ground(test_cloud_run.BACK, at, "gcloud", "update-traffic", lambda: list(server.serves))


@contextmanager
def aws_lambda(folder: Path) -> Iterator[Ground]:
    need("aws")
    with moto(need("moto_server"), folder) as base:
        prepare(test_aws.PREPARED, base, folder)
        asked = urllib.request.Request(
            f"{base}/2015-03-31/functions/pay/aliases/live", headers={"Authorization": SIGNED}
        )

        def live() -> object:
            with urllib.request.urlopen(asked, timeout=60) as said:
                return json.load(said)["FunctionVersion"]

        yield Ground(test_aws.order(base, "2"), place(folder, AWS_PAGER=""), "aws", "update-alias", live)


@contextmanager
def ecs(folder: Path) -> Iterator[Ground]:
    need("aws")
    cloud = Cloud()
    try:
        for revision in (1, 2, 3):
            cloud.register("web", revision, f"registry.example/web:1.{revision}")
        cloud.serve("web:3")
        where = f"--region eu-west-1 --endpoint-url {cloud.base}"
        text = f"aws {where} ecs update-service --cluster prod --service web --task-definition web:2"
        yield Ground(
            text,
            place(folder, AWS_PAGER=""),
            "aws",
            "update-service",
            lambda: cloud.service["deployments"][0]["taskDefinition"],
            cloud.settle,
        )
    finally:
        cloud.close()


@contextmanager
def railway(folder: Path) -> Iterator[Ground]:
    server = RailwayServer()
    env = {"PATH": f"{Path(sys.executable).parent}:{SEARCHED}", "HOME": str(folder), "RAILWAY_API_URL": server.url}
    env |= {"RAILWAY_TOKEN": "s3cr3t-token", "RAILWAY_SERVICE_ID": "svc-1"}
    try:
        at = Place(folder, env)
        yield Ground(
            "warroom railway rollback two",
            at,
            "warroom",
            "railway.rollback",
            lambda: server.deployments[0]["meta"]["commitHash"],
        )
    finally:
        server.close()


@contextmanager
def declared(folder: Path) -> Iterator[Ground]:
    flags = Flags()
    try:
        at = Place(folder, {"PATH": SEARCHED, "HOME": str(folder), "FLAG_TOKEN": "secret-token"})
        yield Ground(switch(flags.base, "false"), at, "curl", "PATCH", lambda: flags.on, platforms=FLAG)
    finally:
        flags.server.shutdown()
        flags.server.server_close()


@contextmanager
def kubernetes(folder: Path) -> Iterator[Ground]:
    need("kubectl")
    with a_cluster(folder) as (cluster, at):
        for version in ("1.0", "1.1", "1.2"):
            cluster.deploy(version)
        text = "kubectl --context production -n shop rollout undo deployment/web --to-revision=2"
        yield Ground(text, at, "kubectl", "rollout.undo", cluster.image)


@contextmanager
def helm(folder: Path) -> Iterator[Ground]:
    need("helm")
    with a_cluster(folder) as (cluster, at):
        for version in ("1.0", "1.1", "1.2"):
            deployed(cluster, version)
        yield Ground("helm --kube-context production -n shop rollback web 2", at, "helm", "rollback.web", cluster.image)


@contextmanager
def compose(folder: Path) -> Iterator[Ground]:
    with test_docker_compose.on_a_host(folder) as (engine, at):

        def live() -> object:
            state = json.loads(engine.file.read_text())
            return state["ups"], state["containers"][0]["Image"]

        yield Ground(f"cd {folder} && {test_docker_compose.BACK}", at, "docker", "up.--detach", live)


@contextmanager
def prisma_mark(folder: Path) -> Iterator[Ground]:
    with test_prisma_history.at_work(folder) as (server, at):
        words = ["bash", "-c", test_prisma_history.DEPLOY]
        subprocess.run(words, cwd=at.cwd, env=at.env, capture_output=True, timeout=300, check=False)  # 2_note fails
        state = "select rolled_back_at is not null from _prisma_migrations where migration_name = '2_note'"
        yield Ground(
            f"cd {folder} && {test_prisma_history.MARK}2_note",
            at,
            "npx",
            "migrate.resolve",
            lambda: server.sql(state, "shop"),
            target="shop",
            not_done=(None, "2_note is failed in the history"),
        )


@contextmanager
def prisma_deploy(folder: Path) -> Iterator[Ground]:
    with test_prisma_history.at_work(folder) as (server, at):
        test_prisma_history.migration(folder, "2_note", 'ALTER TABLE "Orders" ADD COLUMN "note" TEXT;')
        columns = "select string_agg(column_name, ' ') from information_schema.columns where table_name = 'Orders'"
        yield Ground(
            f"cd {folder} && {test_prisma_history.DEPLOY}",
            at,
            "npx",
            "migrate.deploy",
            lambda: server.sql(columns, "shop"),
            target="shop",
            not_done=(None, "Not applied: 1_init, 2_note"),
        )


@contextmanager
def down_script(folder: Path) -> Iterator[Ground]:
    """A script whose second run would be seen: it is not one of those that may run twice."""
    with running_postgres() as server:
        server.sql("create database shop")
        server.sql("create table orders (id int primary key, title text); insert into orders values (1, 'one')", "shop")
        (folder / "down.sql").write_text(
            "alter table orders rename column title to what;\nupdate orders set what = what || ' again';\n"
        )
        what = "select string_agg(to_jsonb(o)::text, ' ') from orders o"
        asked = "select count(*) from information_schema.columns where column_name = 'what'"
        yield Ground(
            f"psql -X -w -v ON_ERROR_STOP=1 --single-transaction -d shop -f {folder}/down.sql",
            Place(folder, server.env),
            "psql",
            "down.sql",
            lambda: server.sql(what, "shop"),
            target="shop",
            done_when=f'test "$(psql -X -w -d shop -Atc "{asked}")" = 1',
            not_done=(None, "are as before"),
            done=(None, "have changed"),
        )
