"""The restore book, carried out as it stands against a PostgreSQL server of our own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook import books
from runbook.model import Check, Command, Effect, Method, Runbook, Step
from runbook.opening import read_runbook
from runbook.steps import expect
from runbook.steps.values import fill


def binaries() -> Path | None:
    """Where the server's programs are; Debian keeps them off PATH."""
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "pg_ctl").exists()), None)


BIN = binaries()
pytestmark = pytest.mark.skipif(
    BIN is None or not shutil.which("psql"), reason="the programs of a PostgreSQL server are not on this machine"
)
SEED = (
    "create table orders (id int primary key, what text); "
    "insert into orders select n, 'x' from generate_series(1, 5) n;"
)


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    """The folder of a running server's socket. The server never runs as root: it refuses to."""
    assert BIN is not None
    root = os.geteuid() == 0
    owner = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.geteuid())
    folder = Path(tempfile.mkdtemp(prefix="pg-"))

    def run(*words: str) -> None:
        user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if root else {}
        subprocess.run(
            words, cwd=folder, check=True, timeout=120, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **user
        )  # type: ignore[call-overload]

    try:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        data = str(folder / "data")
        run(str(BIN / "initdb"), "-D", data, "-U", "owner", "-A", "trust", "-E", "UTF8", "--no-sync")
        run(str(BIN / "pg_ctl"), "-D", data, "-w", "-l", str(folder / "log"), "-o", f"-k {folder} -h '' -F", "start")
        folder.chmod(0o755)
        yield folder
        run(str(BIN / "pg_ctl"), "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Restore:
    """A database that lost rows after a dump was taken, and the book's values for it."""

    def __init__(self, socket: Path, incident: Path, name: str) -> None:
        self.env = {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "WARROOM_DIR": str(incident),
            "HOME": str(incident),
            "LC_ALL": "C",
        }
        self.incident = incident
        self.book: Runbook = read_runbook(books.text("postgres-restore"), "book:postgres-restore")
        self.values = {param.id: param.default for param in self.book.params} | {
            "host": str(socket), "user": "owner", "database": name, "backup": str(incident / "good.dump"),
            "copy": f"{name}_copy", "base_url": "http://127.0.0.1:9",
        }  # fmt: skip
        self.at = f"-h {socket} -U owner"
        self.bash(f'createdb {self.at} {name} && psql -X {self.at} -d {name} -qc "{SEED}"')
        self.bash(f"pg_dump {self.at} -Fc -f good.dump {name}")
        self.sql("delete from orders where id > 1; create table newer (id int)")

    def bash(self, text: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text],
            cwd=self.incident, env=self.env, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def sql(self, text: str, database: str = "") -> str:
        ran = self.bash(f'psql -X {self.at} -d {database or self.values["database"]} -Atc "{text}"')
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()

    def holds(self, wanted: Check | Command, text: str) -> str:
        """Why what was expected does not hold; empty when it does."""
        ran = self.bash(fill(text, self.values, self.book.params))
        ok, why = expect.judge(wanted.expect, ran.returncode, ran.stdout + ran.stderr)
        return "" if ok else f"{text}: {why}\n{ran.stdout}{ran.stderr}"

    def carry_out(self, method: Method) -> None:
        for step in method.steps:
            for check in (*self.book.guard, *(check for check in method.requires if check.run)):
                assert not self.holds(check, check.run), f"before {step.id}"
            done = step.done_when
            assert done is None or self.holds(done, done.run), f"{step.id} says that it is done before it ran"
            for command in step.commands:
                assert not self.holds(command, command.text)
            assert done is None or not self.holds(done, done.run), f"{step.id} ran and does not say so"

    def take_back(self, step: Step) -> None:
        assert step.undo is not None
        ran = self.bash(fill(step.undo.text, self.values, self.book.params))
        assert ran.returncode == 0, ran.stderr


def the(method: Method, name: str) -> Step:
    return next(step for step in method.steps if step.id == name)


def test_the_restored_database_takes_the_place_of_the_damaged_one(server: Path, tmp_path: Path) -> None:
    world = Restore(server, tmp_path, "shop")
    method = world.book.method("switch")
    world.carry_out(method)
    assert world.sql("select count(*) from orders") == "5"
    assert (tmp_path / "before-restore.dump").stat().st_mode & 0o077 == 0, "the dump is for its owner alone"
    assert "orders|1" in (tmp_path / "counts-before.txt").read_text()
    world.take_back(the(method, "switch"))
    assert world.sql("select count(*) from orders") == "1", "the damaged one is back, and open"
    assert world.sql("select count(*) from orders", "shop_copy") == "5"
    world.take_back(the(method, "make-copy"))
    assert world.sql("select count(*) from pg_database where datname = 'shop_copy'") == "0"


def test_a_closed_database_is_opened_again(server: Path, tmp_path: Path) -> None:
    world = Restore(server, tmp_path, "closed")
    close = the(world.book.method("switch"), "close")
    assert not world.holds(close.commands[0], close.commands[0].text)
    assert world.bash(f"psql -X {world.at} -d closed -Atc 'select 1'").returncode != 0
    world.take_back(close)
    assert world.sql("select 1") == "1"


def test_a_restore_in_place_brings_the_rows_and_its_undo_takes_them_back(server: Path, tmp_path: Path) -> None:
    world = Restore(server, tmp_path, "place")
    world.sql("drop table newer")
    method = world.book.method("in-place")
    assert [step.id for step in method.steps if step.effect is Effect.DESTROY] == ["restore"]
    world.carry_out(method)
    assert world.sql("select count(*) from orders") == "5"
    world.take_back(the(method, "restore"))
    assert world.sql("select count(*) from orders") == "1"


def test_verification_sees_a_database_that_takes_writes(server: Path, tmp_path: Path) -> None:
    world = Restore(server, tmp_path, "writes")
    writes = next(step for step in world.book.verification if step.id == "writes").commands[0]
    assert not world.holds(writes, writes.text)
    world.sql("alter database writes set default_transaction_read_only = on")
    assert "f|on" in world.holds(writes, writes.text)


def test_a_dump_that_was_cut_off_is_noticed(server: Path, tmp_path: Path) -> None:
    world = Restore(server, tmp_path, "torn")
    listed, readable = the(world.book.method("switch"), "backup-readable").commands
    assert not world.holds(listed, listed.text) and not world.holds(readable, readable.text)
    dump = tmp_path / "good.dump"
    dump.write_bytes(dump.read_bytes()[:-40])
    assert not world.holds(listed, listed.text), "the list stands at the beginning and does not tell"
    assert world.holds(readable, readable.text)
    dump.write_bytes(dump.read_bytes()[:200])
    assert world.holds(listed, listed.text)
