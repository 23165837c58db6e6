"""The database of a house that is killed, whichever engine holds it, as one sees it who looks from outside."""

import contextlib
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import trio

from mydia.store.driver import Driver
from mydia.store.engine import Connection, Engine
from mydia.store.maintenance import connect_to_read
from mydia.store.postgres import PostgresEngine
from mydia.store.postgres_server import Server
from mydia.store.sqlite import SqliteEngine
from tests.support.waiting import eventually

T = TypeVar("T")
NOW = "2026-01-31T12:00:00.000000Z"


class Held(Protocol):
    longest: float
    """Seconds that a life lasts at most once it serves."""
    shared: bool
    """Whether it is a leader who gives back what the dead were doing, after a while; else the next start does, at once."""

    def after_a_kill(self) -> AbstractAsyncContextManager[Engine]:
        """What a kill has left. Looking at it mends nothing: the house shall find it as it was left."""
        ...

    async def beside(self, query: Callable[[Connection], T]) -> T:
        """Read while the house runs."""
        ...

    def at_last(self) -> AbstractAsyncContextManager[Engine]:
        """When the house has ended as it should."""
        ...


@asynccontextmanager
async def opened(engine: Engine) -> AsyncIterator[Engine]:
    await engine.open(NOW)
    try:
        yield engine
    finally:
        await engine.close()


class OnSqlite:
    """`scratch` is a folder for copies of the file; `key` is an encrypted one's."""

    longest, shared = 2.0, False

    def __init__(self, file: Path, scratch: Path, key: str | None = None) -> None:
        self.file, self.scratch, self.key = file, scratch, key

    @asynccontextmanager
    async def after_a_kill(self) -> AsyncIterator[Engine]:
        shutil.rmtree(self.scratch, ignore_errors=True)
        await trio.Path(self.scratch).mkdir()
        for suffix in ("", "-wal"):
            if (source := self.file.with_name(self.file.name + suffix)).exists():
                shutil.copyfile(source, self.scratch / source.name)
        copy, backups = self.scratch / self.file.name, self.scratch / "backups"
        async with opened(SqliteEngine(copy, backups=backups, key=self.key)) as engine:
            yield engine

    async def beside(self, query: Callable[[Connection], T]) -> T:
        def look() -> T:
            with contextlib.closing(connect_to_read(self.file, Driver(self.key))) as raw:
                return query(Connection(raw.cursor()))

        return await trio.to_thread.run_sync(look)

    def at_last(self) -> AbstractAsyncContextManager[Engine]:
        return opened(SqliteEngine(self.file, backups=self.scratch.with_name("backups"), key=self.key))


class OnPostgres:
    """A server that lives on when the daemon is killed, and may still be at work on what the daemon asked last."""

    longest, shared = 4.0, True

    def __init__(self, url: str) -> None:
        self.url = url

    @asynccontextmanager
    async def after_a_kill(self) -> AsyncIterator[Engine]:
        with contextlib.closing(Server.at(self.url).connect()) as raw:
            raw.execute("set application_name = 'tests'")

            async def over() -> bool:
                row = raw.execute(_DAEMONS).fetchone()
                return row is not None and row[0] == 0

            await eventually(over, every=0.01)
        async with opened(PostgresEngine(self.url, readers=1)) as engine:
            assert await engine.read(orphans) == []  # which only a server that is broken would let happen
            yield engine

    async def beside(self, query: Callable[[Connection], T]) -> T:
        async with opened(PostgresEngine(self.url, readers=1)) as engine:
            return await engine.read(query)

    def at_last(self) -> AbstractAsyncContextManager[Engine]:
        return self.after_a_kill()


_DAEMONS = """select count(*) from pg_stat_activity
    where datname = current_database() and application_name = 'mydia' and pid <> pg_backend_pid()"""


def orphans(conn: Connection) -> list[str]:
    """Rows that refer to a row that does not exist, counted one by one: the server is not asked whether it believes its own rules."""
    found = []
    for rule in conn.all(_REFERENCES):
        same = " and ".join(f"p.{p} = c.{c}" for c, p in zip(rule["cs"].split(), rule["ps"].split(), strict=True))
        some = " and ".join(f"c.{c} is not null" for c in rule["cs"].split())
        count = conn.value(
            f"select count(*) from {rule['child']} c where {some} and not exists (select 1 from {rule['parent']} p where {same})"  # noqa: S608 - names from the catalogue
        )
        if count:
            found.append(f"{count} rows of {rule['child']} refer to a row of {rule['parent']} that does not exist")
    return found


_REFERENCES = """select k.conrelid::regclass::text as child, k.confrelid::regclass::text as parent,
        (select string_agg(a.attname, ' ' order by n.i) from unnest(k.conkey) with ordinality n(att, i)
            join pg_attribute a on a.attrelid = k.conrelid and a.attnum = n.att) as cs,
        (select string_agg(a.attname, ' ' order by n.i) from unnest(k.confkey) with ordinality n(att, i)
            join pg_attribute a on a.attrelid = k.confrelid and a.attnum = n.att) as ps
    from pg_constraint k where k.contype = 'f' and k.connamespace = current_schema()::regnamespace order by k.conname"""
