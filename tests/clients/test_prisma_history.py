"""What Prisma's orders do, by the real prisma on a real PostgreSQL server: its own history, its own refusals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runbook.providers.prisma import Prisma
from runbook.providers.provider import Place
from tests.clients.clusters import carry_out
from tests.clients.postgres import SECRET, Server, running
from tests.clients.programs import CLIENTS, need

SCHEMA = """
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}
model Orders {
  id   Int     @id
  note String?
}
"""
CONFIG = """
import { defineConfig } from "prisma/config";
import { PrismaPg } from "@prisma/adapter-pg";
export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  experimental: { adapter: true },
  engine: "js",
  adapter: async () => new PrismaPg({ connectionString: process.env.DATABASE_URL }),
});
"""
MIGRATIONS = {
    "1_init": 'CREATE TABLE "Orders" ("id" INTEGER PRIMARY KEY);',
    "2_note": 'ALTER TABLE "Order" ADD COLUMN "note" TEXT;',  # a table that is not there
}
MARK = "npx --no-install prisma migrate resolve --rolled-back "
DEPLOY = "npx --no-install prisma migrate deploy"
STATUS = "npx --no-install prisma migrate status"
prisma = Prisma()


def project(folder: Path) -> None:
    """A project whose first migration works and whose second breaks."""
    (folder / "prisma" / "migrations").mkdir(parents=True)
    (folder / "node_modules").symlink_to(CLIENTS / "prisma" / "node_modules")
    (folder / "prisma.config.ts").write_text(CONFIG)
    (folder / "prisma" / "schema.prisma").write_text(SCHEMA)
    (folder / "prisma" / "migrations" / "migration_lock.toml").write_text('provider = "postgresql"\n')
    for name, sql in MIGRATIONS.items():
        migration(folder, name, sql)


def migration(folder: Path, name: str, sql: str) -> None:
    place = folder / "prisma" / "migrations" / name / "migration.sql"
    place.parent.mkdir(exist_ok=True)
    place.write_text(sql)


@contextmanager
def at_work(folder: Path) -> Iterator[tuple[Server, Place]]:
    """The project, an empty database for it, and a shell whose prisma knows both."""
    need("prisma")
    project(folder)
    with running() as server:
        server.sql("create database shop")
        url = f"postgresql://owner:{SECRET}@127.0.0.1:{server.port}/shop?schema=public&connection_limit=5"
        engines = ("QUERY_ENGINE_LIBRARY", "QUERY_ENGINE_BINARY", "SCHEMA_ENGINE_BINARY")
        env = {"PATH": server.env["PATH"], "HOME": str(folder), "DATABASE_URL": url, "CHECKPOINT_DISABLE": "1"}
        yield server, Place(folder, env | {f"PRISMA_{name}": "/bin/true" for name in engines})


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Server, Place]]:
    with at_work(tmp_path) as there:
        yield there


async def test_marking_is_bookkeeping_and_deploy_applies_it_again(world: tuple[Server, Place]) -> None:
    server, at = world
    first = await prisma.preview(DEPLOY, at)
    assert "applies: 1_init, 2_note" in first.lines and SECRET not in repr(first)
    broke = await carry_out(DEPLOY, at)
    assert broke.exit == 1 and "2_note" in broke.output, broke.output
    told = await prisma.proof(DEPLOY, {}, at)
    assert told and told.ok is False and "2_note" in told.line
    assert "P3009" in (await prisma.preview(DEPLOY, at)).blocked

    assert "P3012" in (await prisma.preview(MARK + "1_init", at)).blocked
    refused = await carry_out(MARK + "1_init", at)
    assert refused.exit == 1 and "P3012" in refused.output  # as the preview said

    marked = await prisma.preview(MARK + "2_note", at)
    assert not marked.blocked and "undoes nothing" in marked.warnings[0]
    assert (await carry_out(MARK + "2_note", at)).exit == 0
    proof = await prisma.proof(MARK + "2_note", {}, at)
    assert proof and proof.ok is True
    status = await carry_out(STATUS, at)
    assert status.exit == 0 and "up to date" in status.output  # which it is not: the column is missing
    assert server.sql("select count(*) from information_schema.columns where column_name = 'note'", "shop") == "0"

    migration(at.cwd, "2_note", 'ALTER TABLE "Orders" ADD COLUMN "note" TEXT;')
    again = await prisma.preview(DEPLOY, at)
    assert not again.blocked and "applies: 2_note" in again.lines and "once more: 2_note" in again.warnings[0]
    assert (await carry_out(DEPLOY, at)).exit == 0
    proof = await prisma.proof(DEPLOY, {}, at)
    assert proof and proof.ok is True
    assert server.sql("select count(*) from information_schema.columns where column_name = 'note'", "shop") == "1"
    assert (await prisma.preview(DEPLOY, at)).already


async def test_the_down_script_that_prisma_writes_takes_the_migration_back(world: tuple[Server, Place]) -> None:
    server, at = world
    migration(at.cwd, "2_note", 'ALTER TABLE "Orders" ADD COLUMN "note" TEXT;')
    assert (await carry_out(DEPLOY, at)).exit == 0
    (at.cwd / "before.prisma").write_text(SCHEMA.replace("  note String?\n", ""))
    diff = "--from-schema-datamodel prisma/schema.prisma --to-schema-datamodel before.prisma"
    written = await carry_out(f"npx --no-install prisma migrate diff {diff} --script > down.sql", at)
    assert written.exit == 0 and 'DROP COLUMN "note"' in (at.cwd / "down.sql").read_text(), written.output
    ran = await carry_out("npx --no-install prisma db execute --file down.sql --schema prisma/schema.prisma", at)
    assert ran.exit == 0, ran.output
    assert server.sql("select count(*) from information_schema.columns where column_name = 'note'", "shop") == "0"
