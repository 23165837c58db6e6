"""The databases that the tests of the store and the contexts run on: SQLite, SQLCipher, and a PostgreSQL that is started for them.

tests/conftest.py runs each such test once on each; whatever opens a database by `engine_in` gets the one of the run.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import trio

from mydia.messages import Change
from mydia.store.engine import Engine
from mydia.store.postgres import PostgresEngine
from mydia.store.sqlite import SqliteEngine
from tests.support.postgres import Postgres

STORES = ("sqlite", "sqlcipher", "postgres")
KEY = "5e" * 32
NOW = "2026-01-31T12:00:00.000000Z"


class _Chosen:
    kind = "sqlite"
    server: Postgres | None = None
    template = ""
    databases: ClassVar[dict[Path, str]] = {}


def engine_in(directory: Path) -> Engine:
    """The database of this run that belongs to a folder, not yet opened: the same one for the same folder, migrated or not."""
    if _Chosen.kind == "postgres":
        server = _Chosen.server
        assert server is not None
        if directory not in _Chosen.databases:
            _Chosen.databases[directory] = server.create(_Chosen.template)
        return PostgresEngine(server.url(_Chosen.databases[directory]), synchronous="NORMAL", readers=2)
    return sqlite_in(directory, KEY if _Chosen.kind == "sqlcipher" else None)


def url_in(directory: Path) -> str:
    """The address of the PostgreSQL database that `engine_in` gave for a folder."""
    assert _Chosen.server is not None
    return _Chosen.server.url(_Chosen.databases[directory])


def sqlite_in(directory: Path, key: str | None = None) -> SqliteEngine:
    # NORMAL: these tests never cut the power, and every fsync saved is time.
    return SqliteEngine(directory / "mydia.db", backups=directory / "backups", synchronous="NORMAL", key=key)


async def commit_all(engine: Engine, changes: Sequence[Change], now: str = NOW) -> None:
    """All of them, in as many batches as it takes: where time is short an engine cuts a batch, and leaves the rest to its caller."""
    left = list(changes)
    while left:
        done = (await engine.commit(left, now)).done
        assert [each.error for each in done if each.error] == []
        left = left[len(done) :]


@contextmanager
def chosen(kind: str, server: Postgres | None, template: str) -> Iterator[None]:
    """Every database that is opened within is of this kind; PostgreSQL's are gone afterwards."""
    _Chosen.kind, _Chosen.server, _Chosen.template, _Chosen.databases = kind, server, template, {}
    try:
        yield
    finally:
        for name in _Chosen.databases.values():
            assert server is not None
            server.drop(name)
        _Chosen.kind = "sqlite"


def migrated_template(server: Postgres) -> str:
    """A database that has every migration, to be copied: quicker than running them for each test."""
    name = server.create()

    async def migrate() -> None:
        engine = PostgresEngine(server.url(name))
        await engine.open(NOW)
        await engine.close()

    trio.run(migrate)
    return name
