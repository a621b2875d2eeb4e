"""What Prisma's orders do, read from the history table of a real server."""

from __future__ import annotations

from pathlib import Path

from runbook.providers.prisma import Prisma
from runbook.providers.provider import Place
from tests.clients.postgres import SECRET, running

HISTORY = """
create table _prisma_migrations (migration_name text, started_at timestamptz, finished_at timestamptz,
  rolled_back_at timestamptz);
insert into _prisma_migrations values ('1_init', '2026-01-01Z', '2026-01-01Z', null),
  ('2_broke', '2026-02-01Z', null, null);
"""
MARK = "npx --no-install prisma migrate resolve --rolled-back "
DEPLOY = "npx --no-install prisma migrate deploy"


async def test_marking_is_called_bookkeeping_and_deploy_says_that_it_applies_it_again(tmp_path: Path) -> None:
    for name in ("1_init", "2_broke"):
        (tmp_path / "prisma" / "migrations" / name).mkdir(parents=True)
        (tmp_path / "prisma" / "migrations" / name / "migration.sql").touch()
    with running() as server:
        server.sql("create database shop")
        server.sql(HISTORY, "shop")
        url = f"postgresql://owner:{SECRET}@127.0.0.1:{server.port}/shop?schema=public&connection_limit=5"
        at = Place(tmp_path, {"PATH": server.env["PATH"], "DATABASE_URL": url})
        prisma = Prisma()
        marked = await prisma.preview(MARK + "2_broke", at)
        assert not marked.blocked and "undoes nothing" in marked.warnings[0] and SECRET not in repr(marked)
        assert "P3012" in (await prisma.preview(MARK + "1_init", at)).blocked
        assert "P3009" in (await prisma.preview(DEPLOY, at)).blocked
        before = await prisma.proof(MARK + "2_broke", {}, at)
        server.sql("update _prisma_migrations set rolled_back_at = now() where finished_at is null", "shop")
        after = await prisma.proof(MARK + "2_broke", {}, at)
        assert before and after and (before.ok, after.ok) == (False, True)
        deploy = await prisma.preview(DEPLOY, at)
        assert not deploy.blocked and "applies: 2_broke" in deploy.lines and "once more: 2_broke" in deploy.warnings[0]
        undone = await prisma.proof(DEPLOY, {}, at)
        assert undone and undone.ok is False
