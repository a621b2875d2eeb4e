"""Several providers that one command concerns: what all of them say counts, and each speaks of its own."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from runbook.providers.git import Git
from runbook.providers.postgres import Postgres
from runbook.providers.provider import Place, Preview, Proof, Provider
from runbook.providers.together import Together

AT = Place(Path.cwd())


class Says:
    """A provider that has its answers ready."""

    name = "says"

    def __init__(self, preview: Preview, proof: Proof | None = None) -> None:
        self.said, self.proven = preview, proof

    def concerns(self, text: str) -> bool:
        return True

    async def preview(self, text: str, at: Place) -> Preview:
        return self.said

    async def proof(self, text: str, expected: dict[str, str], at: Place) -> Proof | None:
        return self.proven


def asked(*providers: Says) -> Together:
    return Together(tuple(cast(Provider, one) for one in providers))


PUSHED = Says(Preview(already="It is pushed already."), Proof(ok=True, line="It is pushed."))
TO_DO = Says(Preview(lines=("web goes back",), expected={"web": "7"}), Proof(ok=False, line="web serves 7."))
HAS_NO_ORDER = Says(Preview())


async def test_a_command_is_done_already_only_where_all_of_it_is() -> None:
    assert (await asked(PUSHED, TO_DO).preview("", AT)).already == ""
    assert (await asked(PUSHED, HAS_NO_ORDER).preview("", AT)).already == "It is pushed already."


async def test_one_that_failed_is_not_made_good_by_another_that_did_not() -> None:
    assert await asked(PUSHED, TO_DO).proof("", {}, AT) == Proof(ok=False, line="web serves 7.")
    assert await asked(HAS_NO_ORDER, PUSHED).proof("", {}, AT) == Proof(ok=True, line="It is pushed.")
    assert await asked(HAS_NO_ORDER).proof("", {}, AT) is None


@pytest.mark.parametrize(
    ("text", "output", "why"),
    [
        ("./rollback.sh", "bash: ./rollback.sh: Permission denied", ""),
        ("kubectl apply -f web.yaml", "error validating data: the file is corrupt", ""),
        ("make image", "ERROR: failed to solve: registry.example: Connection refused", ""),
        ("./deploy.sh", "error: unable to access '/etc/shop.conf': Permission denied", ""),
        ("./deploy.sh", "ERROR: Permission to shop-prod denied to deployer", ""),
        ("curl -fsS https://shop.example", "curl: (7) Failed to connect: Connection refused", ""),
        ("git fetch origin && curl -fsS https://shop.example", "curl: (6) Could not resolve host: shop.example", ""),
        (
            "psql -c 'delete from carts'",
            'psql: error: connection to server at "db", port 5432 failed: Connection refused',
            "No server answers at this host and port. Look at both, and whether the server runs.",
        ),
        ("make migrate", "ERROR:  must be owner of table carts", "This user may not do that. Use the owner"),
        (
            "make release",
            "fatal: unable to access 'https://x/': Could not resolve host: x",
            "The remote did not answer",
        ),
    ],
)
async def test_a_failure_is_explained_by_who_speaks_in_its_output(
    tmp_path: Path, text: str, output: str, why: str
) -> None:
    failed = await Together((Git(tmp_path), Postgres())).failure(text, output, Place(tmp_path))
    assert (failed.why.startswith(why) if why and failed else failed is None) is True
