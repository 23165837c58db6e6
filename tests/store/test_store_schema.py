"""Both engines have the same schema: the same migrations, read back from the two catalogues, make the same tables, keys and indexes."""

import re
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trio

from tests.support.postgres import Postgres
from tests.support.stores import NOW, sqlite_in

KINDS = {"INTEGER": "bigint", "BIGINT": "bigint", "TEXT": "text", "DOUBLE PRECISION": "double precision"}
ACTIONS = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
Catalogue = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    directory = tmp_path_factory.mktemp("schema")

    async def migrate(path: Path) -> None:
        engine = sqlite_in(path)
        await engine.open(NOW)
        await engine.close()

    trio.run(migrate, directory)
    raw = sqlite3.connect(directory / "mydia.db")
    try:
        return sqlite_catalogue(raw)
    finally:
        raw.close()


@pytest.fixture(scope="module")
def postgresql(postgres: tuple[Postgres, str]) -> Catalogue:
    server, template = postgres
    with psycopg.connect(server.url(template)) as raw:
        return postgres_catalogue(raw)


@pytest.mark.parametrize("what", ["columns", "key", "parents", "unique", "indexes", "checks"])
def test_both_engines_have_the_same(what: str, sqlite: Catalogue, postgresql: Catalogue) -> None:
    assert sqlite.keys() == postgresql.keys()
    assert "media_files" in sqlite
    for table in sqlite:
        assert sqlite[table][what] == postgresql[table][what], table


def test_every_text_column_of_postgresql_is_in_the_order_of_bytes(postgres: tuple[Postgres, str]) -> None:
    server, template = postgres
    otherwise = server.run(
        """select attrelid::regclass::text, attname from pg_attribute a join pg_class c on c.oid = a.attrelid
        join pg_collation l on l.oid = a.attcollation where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
        and attnum > 0 and l.collname <> 'C' and relname <> '_migrations'""",
        template,
    )
    assert otherwise == []


# -- SQLite's catalogue


def sqlite_catalogue(raw: sqlite3.Connection) -> Catalogue:
    statements = dict(
        raw.execute("select name, sql from sqlite_schema where type in ('table', 'index') and sql is not null")
    )
    tables = [
        t
        for (t,) in raw.execute("select name from sqlite_schema where type = 'table'")
        if t[0] != "_" and "sqlite_" not in t
    ]
    return {table: sqlite_table(raw, table, statements) for table in sorted(tables)}


def sqlite_table(raw: sqlite3.Connection, table: str, statements: dict[str, str]) -> dict[str, Any]:
    columns = raw.execute(f"pragma table_info({table})").fetchall()
    parents: dict[int, list[Any]] = {}
    for number, _, parent, column, to, _, on_delete, _ in raw.execute(f"pragma foreign_key_list({table})"):
        reference = parents.setdefault(number, [(), parent, (), on_delete])
        reference[0] += (column,)
        reference[2] += (to,)
    unique, indexes = [], []
    for _, name, is_unique, origin, partial in raw.execute(f"pragma index_list({table})"):
        parts = [row[2] for row in raw.execute(f"pragma index_xinfo({name})") if row[5]]
        if origin == "u":
            unique.append(tuple(parts))
        elif origin == "c":
            body = statements[name].partition("(")[2]
            where = re.split(r"\bwhere\b", body, maxsplit=1)[1] if partial else ""
            expressions = re.split(r"\)\s*where\b|\)\s*$", body, maxsplit=1)[0]
            indexes.append((name, plain(expressions), bool(is_unique), words(where)))
    return {
        "columns": [(c[1], KINDS[c[2].upper()], bool(c[3] or c[5]), default(c[4])) for c in columns],
        "key": [c[1] for c in sorted(columns, key=lambda c: c[5]) if c[5]],
        "parents": sorted(tuple(p) for p in parents.values()),
        "unique": sorted(unique),
        "indexes": sorted(indexes),
        "checks": sorted(words(check) for check in checks(statements[table])),
    }


def checks(statement: str) -> Iterable[str]:
    """What stands in the parentheses behind each `check`."""
    for start in re.finditer(r"\bcheck\s*\(", statement):
        depth, end = 1, start.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(statement[end], 0)
            end += 1
        yield statement[start.end() : end - 1]


# -- PostgreSQL's


def postgres_catalogue(raw: psycopg.Connection[Any]) -> Catalogue:
    tables = raw.execute(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
    ).fetchall()
    return {table: postgres_table(raw, table) for (table,) in sorted(tables) if table[0] != "_"}


def postgres_table(raw: psycopg.Connection[Any], table: str) -> dict[str, Any]:
    columns = raw.execute(
        """select attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid), attnum from pg_attribute
        left join pg_attrdef on adrelid = attrelid and adnum = attnum
        where attrelid = %s::text::regclass and attnum > 0 and not attisdropped order by attnum""",
        (table,),
    ).fetchall()
    name_of = {c[4]: c[0] for c in columns}
    constraints = raw.execute(
        """select contype, conkey, confrelid::regclass::text, confdeltype, pg_get_constraintdef(oid),
            array(select attname::text from unnest(confkey) with ordinality k(n, i)
                join pg_attribute on attrelid = confrelid and attnum = n order by i)
        from pg_constraint where conrelid = %s::text::regclass""",
        (table,),
    ).fetchall()
    named = [(kind, tuple(name_of[n] for n in numbers or ()), *rest) for kind, numbers, *rest in constraints]
    indexes = raw.execute(
        """select c.relname, pg_get_indexdef(indexrelid), indisunique, pg_get_expr(indpred, indrelid)
        from pg_index join pg_class c on c.oid = indexrelid
        where indrelid = %s::text::regclass and not exists (select 1 from pg_constraint where conindid = indexrelid)""",
        (table,),
    ).fetchall()
    return {
        "columns": [(c[0], c[1], c[2], default(c[3])) for c in columns],
        "key": next((list(n[1]) for n in named if n[0] == "p"), []),
        "parents": sorted((n[1], n[2], tuple(n[5]), ACTIONS[n[3]]) for n in named if n[0] == "f"),
        "unique": sorted(n[1] for n in named if n[0] == "u"),
        "indexes": sorted(
            (
                name,
                plain(re.split(r" where ", made.partition(" USING btree (")[2], flags=re.I)[0][:-1]),
                is_unique,
                words(where or ""),
            )
            for name, made, is_unique, where in indexes
        ),
        "checks": sorted(words(n[4].removeprefix("CHECK ")) for n in named if n[0] == "c"),
    }


# -- the same words for the same thing


def default(expression: str | None) -> str | None:
    return None if expression is None else re.sub(r"::[a-z ]+", "", expression).strip("()")


def plain(expressions: str) -> str:
    """The columns and expressions of an index without what each engine adds when it writes them down."""
    return re.sub(r"::text|[\s()]", "", expressions).lower()


def words(condition: str) -> list[str]:
    """The columns, literals and operators of a condition, sorted; `in (...)` and `= any (array[...])` are the same."""
    condition = re.sub(r"::[a-z ]+(\[\])?", "", condition)
    condition = re.sub(r"=\s*ANY\s*\(\s*(\()?ARRAY\[", "in (", condition, flags=re.I)
    found = re.findall(r"'(?:[^']|'')*'|\w+|[<>=!]+", condition)
    return sorted(word if word.startswith("'") else word.lower() for word in found)
