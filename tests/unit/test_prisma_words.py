"""What Prisma says when it refuses, told in its own terms: a code is a word, not any letters that look like it."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.providers.prisma import Prisma
from runbook.providers.provider import Place


async def said(output: str) -> str:
    failure = await Prisma().failure("npx prisma migrate deploy", output, Place(Path()))
    return failure.why if failure else ""


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("Error: P3012\nMigration `2_note` cannot be rolled back", "only a failed migration can be marked"),
        ("Error: P3009\nmigrate found failed migrations", "an earlier migration failed"),
        ("Error: P3018\n\nMigration name: 2_note\n\nDatabase error code: 42703", "2_note broke off half-way"),
        ('Failed with migration_name="2_note"', "2_note broke off half-way"),
        ("Error: P1001: Can't reach database server", "did not answer"),
        ("Error: P1010: User was denied access", "refuses user or password"),
    ],
)
async def test_its_codes_are_told_in_plain_words(output: str, words: str) -> None:
    assert words in await said(output)


@pytest.mark.parametrize("output", ["SKU HP30122 is out of stock", "order AP10019", 'old_migration_name="2_note"'])
async def test_letters_that_only_look_like_a_code_tell_nothing(output: str) -> None:
    assert await said(output) == ""
