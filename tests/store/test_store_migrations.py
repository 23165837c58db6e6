"""A daemon that is killed while it migrates: on either engine it leaves what was before that migration, and the next start goes on."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from migrations import MIGRATIONS
from mydia.messages import Change
from mydia.store.backups import Keeper
from mydia.store.engine import Connection, Engine
from mydia.store.maintenance import faults
from mydia.store.postgres import PostgresEngine
from mydia.store.sqlite import SqliteEngine
from mydia.store.transaction import Transaction
from tests.support.postgres import Postgres
from tests.support.rows import NOW, title

HOME = Path(__file__).parents[2]
FIRST = ("9001_first", ("create table first (id text primary key)", "update media_items set title = 'First'"))
SECOND = ("9002_second", ("alter table first add column more text", "update media_items set title = 'Second'"))
NEW = (FIRST, SECOND)
INSTANTS = sum(len(steps) + 1 for _, steps in NEW)
"""Before each step of each migration, and between its last step and its commit."""


def engine_at(address: str, migrations: tuple[tuple[str, tuple[str, ...]], ...]) -> Engine:
    if "://" in address:
        return PostgresEngine(address, readers=1, migrations=migrations)
    return SqliteEngine(Path(address), backups=Path(address).parent / "backups", migrations=migrations)


_VICTIM = """
import os, signal, sys, trio
from migrations import MIGRATIONS
from tests.store.test_store_migrations import NEW, NOW, engine_at

left = 0

class Deadly(tuple):
    def __iter__(self):
        global left
        for step in (*super().__iter__(), None):
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
            if step is not None:
                yield step

for instant, address in enumerate(sys.argv[1:]):
    victim = os.fork()
    if victim == 0:
        left = instant
        engine = engine_at(address, (*MIGRATIONS, *((name, Deadly(steps)) for name, steps in NEW)))
        trio.run(engine.open, NOW)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(victim, 0)[1]), flush=True)
"""


@pytest.fixture(params=["sqlite", "postgres"])
def addresses(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[str]]:
    """One database for each instant, all migrated and empty (PostgreSQL), or to be made (SQLite)."""
    if request.param == "sqlite":
        yield [str(tmp_path / str(instant) / "mydia.db") for instant in range(INSTANTS)]
        return
    server, template = request.getfixturevalue("postgres")
    assert isinstance(server, Postgres)
    names = [server.create(template) for _ in range(INSTANTS)]
    yield [server.url(name) for name in names]
    for name in names:
        server.drop(name)


def put(tx: Transaction) -> None:
    tx.insert("media_items", title(1))


def titles(conn: Connection) -> list[str]:
    return [row["title"] for row in conn.all("select title from media_items order by id")]


async def test_a_killed_migration_leaves_the_old_state_and_the_next_start_goes_on(addresses: list[str]) -> None:
    for address in addresses:
        engine = engine_at(address, MIGRATIONS)
        await engine.open(NOW)
        await engine.commit([Change(put)], NOW)
        await engine.close()
    command = [sys.executable, "-c", _VICTIM, *addresses]
    done = await trio.run_process(command, capture_stdout=True, capture_stderr=True, check=False, cwd=HOME)
    assert done.stdout.decode().split() == [str(-signal.SIGKILL)] * INSTANTS, done.stderr.decode()
    for instant, address in enumerate(addresses):
        whole = NEW[: instant // (len(FIRST[1]) + 1)]
        # A program that knows exactly what is whole finds nothing to do, and nothing that it does not know.
        engine = engine_at(address, (*MIGRATIONS, *whole))
        await engine.open(NOW)
        assert await engine.read(titles) == ["First" if whole else "Title 1"]
        assert await engine.check() == []
        await engine.close()
        engine = engine_at(address, (*MIGRATIONS, *NEW))
        await engine.open(NOW)
        assert await engine.read(titles) == ["Second"]
        assert await engine.read(lambda c: c.value("select count(more) from first")) == 0
        await engine.close()
        if "://" not in address:
            keeper = Keeper(Path(address), Path(address).parent / "backups")
            assert {b.reason for b in keeper.backups()} == {"before a migration"}
            for kept in keeper.backups():
                assert faults(kept.path) == []
