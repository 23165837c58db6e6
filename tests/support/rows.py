"""Databases with rows in every kind of column, and a look at all they hold: for what carries whole databases about."""

import hashlib
import io
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import trio

from migrations import MIGRATIONS
from mydia.errors import Unavailable
from mydia.store.driver import Driver
from mydia.store.migrate import Migration
from mydia.store.moving import Whole
from mydia.store.portable import write_export
from mydia.store.schema import Table, schema_of
from mydia.store.sqlite import SqliteEngine
from mydia.store.sqlite_whole import SqliteWhole

NOW = "2026-01-31T12:00:00.000000Z"
TABLES: dict[str, Table] = {t.name: t for t in schema_of(MIGRATIONS)}


def whole_in(folder: Path, name: str = "mydia", key: str | None = None) -> SqliteWhole:
    return SqliteWhole(folder / f"{name}.db", folder / "backups", key)


def until_nobody_is_in(there: Whole) -> None:
    """A server may need a moment to see that a client was killed: until then it goes on with what it was asked last."""
    until = time.monotonic() + 60
    while True:
        try:
            with there.alone():
                return
        except Unavailable:
            assert time.monotonic() < until
            time.sleep(0.01)


def make(path: Path, migrations: tuple[Migration, ...] = MIGRATIONS, key: str | None = None) -> Path:
    """A database without a row of ours, one file."""

    async def life() -> None:
        backups = path.parent / "backups"
        engine = SqliteEngine(path, backups=backups, synchronous="NORMAL", migrations=migrations, key=key)
        await engine.open(NOW)
        await engine.close()

    trio.run(life)
    return path


def insert(path: Path, table: str, *rows: dict[str, Any], key: str | None = None) -> None:
    """Rows as they are given; columns that must have something get it."""
    with closing(Driver(key).connect(path)) as raw:
        raw.execute("begin")
        for row in rows:
            names = ", ".join(row)
            raw.execute(f"insert into {table} ({names}) values ({', '.join(':' + name for name in row)})", row)  # noqa: S608 - names of the schema
        raw.execute("commit")


def title(number: int, **more: Any) -> dict[str, Any]:
    plain = {"id": f"title-{number:06}", "type": "movie", "title": f"Title {number}", "sort_title": f"title {number}"}
    return {**plain, "created_at": NOW, "updated_at": NOW, **more}


def event(number: int) -> dict[str, Any]:
    return {"at": NOW, "type": "media_added", "actor": "tests", "data": f'{{"n":{number}}}'}


def lived_in(folder: Path, titles: int = 20, name: str = "mydia", key: str | None = None) -> SqliteWhole:
    """A database with titles and twice as many events, the newest of which are gone, so that its counting is ahead of its rows."""
    path = make(folder / f"{name}.db", key=key)
    items = (title(n, year=1900 + n % 100, overview="é\n\u2028 \U0001f3ac") for n in range(titles))
    insert(path, "media_items", *items, key=key)
    insert(path, "events", *(event(n) for n in range(titles * 2)), key=key)
    with closing(Driver(key).connect(path)) as raw:
        raw.execute("delete from events where seq > :n", {"n": titles})
    return whole_in(folder, name, key)


def everything(whole: Whole) -> bytes:
    """All it holds, and how far it has counted, as a file has it."""
    out = io.BytesIO()
    with whole.source() as source:
        write_export(source, out, NOW)
    return out.getvalue()


def file_sum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
