"""What the migrations make, read off a database made of them in memory: tables, columns, keys, which row must be there before which.

So whatever carries rows from one database to another (export, import, move) needs no list of its own that could fall behind, and knows
the schema of every earlier version too.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from typing import Literal

Kind = Literal["text", "bigint", "double precision"]
Steps = tuple[tuple[str, tuple[str, ...]], ...]
_KINDS: dict[str, Kind] = {
    "text": "text",
    "bigint": "bigint",
    "integer": "bigint",
    "double precision": "double precision",
}
IDENTITY = "integer primary key autoincrement"


@dataclass(frozen=True, slots=True)
class Table:
    """`key` are the primary key's columns in order; `numbered` is the column that the database numbers itself, if one."""

    name: str
    columns: tuple[str, ...]
    kinds: tuple[Kind, ...]
    key: tuple[str, ...]
    numbered: str | None


@cache
def schema_of(migrations: Steps) -> tuple[Table, ...]:
    """The tables that these migrations make, each after those that its rows refer to; an order that never varies."""
    with closing(sqlite3.connect(":memory:")) as raw:
        for _, statements in migrations:
            for statement in statements:
                raw.execute(statement.replace("{identity}", IDENTITY))
        names = [row[0] for row in raw.execute("select name from sqlite_schema where type = 'table' order by name")]
        numbered = {row[0] for row in raw.execute("select name from sqlite_schema where sql like '%autoincrement%'")}
        tables = {name: _table(raw, name, name in numbered) for name in names if not name.startswith("sqlite_")}
        order = TopologicalSorter({name: sorted(_parents(raw, name) - {name}) for name in tables})
        return tuple(tables[name] for name in order.static_order())


def _table(raw: sqlite3.Connection, name: str, numbered: bool) -> Table:
    columns = raw.execute(
        "select name, lower(type), pk from pragma_table_info(:name) order by cid", {"name": name}
    ).fetchall()
    key = tuple(column for column, _, place in sorted(columns, key=lambda c: c[2]) if place)
    kinds = tuple(_KINDS[kind] for _, kind, _ in columns)
    return Table(name, tuple(c[0] for c in columns), kinds, key, key[0] if numbered else None)


def _parents(raw: sqlite3.Connection, name: str) -> set[str]:
    return {row[0] for row in raw.execute('select "table" from pragma_foreign_key_list(:name)', {"name": name})}


def at(migrations: Steps, applied: Iterable[str]) -> Steps:
    """Those of the migrations that were applied: a database's own history."""
    names = set(applied)
    return tuple(m for m in migrations if m[0] in names)


def pages_of(table: Table, size: int) -> tuple[str, str]:
    """The statements that read a table in the order of its key: the first page, and the page after `:after_0, :after_1 ...`."""
    keys, columns = ", ".join(table.key), ", ".join(table.columns)
    after = ", ".join(f":after_{i}" for i in range(len(table.key)))
    end = f"order by {keys} limit {size}"
    return (
        f"select {columns} from {table.name} {end}",  # noqa: S608 - names of our own schema
        f"select {columns} from {table.name} where ({keys}) > ({after}) {end}",  # noqa: S608
    )


def key_of(table: Table) -> Sequence[int]:
    """Where in a row its key's values stand."""
    return [table.columns.index(column) for column in table.key]


def problems(table: Table, row: object) -> Iterator[str]:
    """What keeps a value read from JSON from being a row of this table."""
    if not isinstance(row, list) or len(row) != len(table.columns):
        yield f"a row of {table.name} has {len(table.columns)} values"
        return
    for column, kind, value in zip(table.columns, table.kinds, row, strict=True):
        if value is not None and not _fits(kind, value):
            yield f"{table.name}.{column} is {kind}, not {str(value)[:40]!r}"


def _fits(kind: Kind, value: object) -> bool:
    match kind:
        case "text":
            return type(value) is str
        case "bigint":
            return type(value) is int and -(2**63) <= value < 2**63
        case "double precision":
            return type(value) is float
