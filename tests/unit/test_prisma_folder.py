"""Which migrations a `prisma migrate deploy` is about: they lie beside the schema, wherever that is."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.providers import pg_preview, prisma
from runbook.providers.pg_ask import Migration
from runbook.providers.prisma import Prisma
from runbook.providers.provider import Place

DEPLOY = "npx prisma migrate deploy"


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A database whose history has the first migration only."""

    async def past(_: object) -> tuple[Migration, ...]:
        return (Migration("1_Init", "applied"),)

    async def about(_: object) -> tuple[None, tuple[str, ...]]:
        return None, ()

    monkeypatch.setattr(prisma, "_past", past)
    monkeypatch.setattr(pg_preview, "about", about)
    return Place(tmp_path, {"DATABASE_URL": "postgresql://me@127.0.0.1/shop"})


def there(folder: Path, *names: str) -> None:
    (folder / "schema.prisma").parent.mkdir(parents=True, exist_ok=True)
    (folder / "schema.prisma").write_text("")
    for name in names:
        (folder / "migrations" / name).mkdir(parents=True)
        (folder / "migrations" / name / "migration.sql").write_text("")


@pytest.mark.parametrize(
    ("folder", "words", "package"),
    [
        ("prisma", "", ""),
        ("packages/db", " --schema packages/db/schema.prisma", ""),
        ("packages/db", " --schema=./packages/db", ""),
        ("packages/db", "", '{"prisma": {"schema": "packages/db/schema.prisma"}}'),
        (".", "", ""),
    ],
)
async def test_what_is_still_to_be_applied_is_found_beside_the_schema(
    at: Place, folder: str, words: str, package: str
) -> None:
    there(at.cwd / folder, "1_Init", "2_Note")
    (at.cwd / "package.json").write_text(package)
    preview = await Prisma().preview(DEPLOY + words, at)
    assert preview.lines == ("applies: 2_Note",) and not preview.already
    proof = await Prisma().proof(DEPLOY + words, {}, at)
    assert proof is not None and (proof.ok, proof.line) == (False, "Not applied: 2_Note.")


@pytest.mark.parametrize("words", ["", " --schema elsewhere/schema.prisma", " --schema $SCHEMA"])
async def test_migrations_that_are_not_found_are_never_called_applied(at: Place, words: str) -> None:
    preview = await Prisma().preview(DEPLOY + words, at)
    assert not preview.already and "is not known" in preview.warnings[0]
    proof = await Prisma().proof(DEPLOY + words, {}, at)
    assert proof is not None and proof.ok is None


@pytest.mark.parametrize(
    ("text", "env", "warned"),
    [
        (DEPLOY, {}, True),
        (DEPLOY, {"DATABASE_URL": "mysql://me@127.0.0.1/shop"}, True),
        (f"export DATABASE_URL=$(pick); {DEPLOY}", {}, True),
        ("npx prisma migrate status", {}, False),
    ],
)
async def test_a_database_that_is_not_known_here_is_said_not_to_be_looked_into(
    tmp_path: Path, text: str, env: dict[str, str], warned: bool
) -> None:
    preview = await Prisma().preview(text, Place(tmp_path, env))
    assert any("Not looked into: no DATABASE_URL" in line for line in preview.warnings) is warned
