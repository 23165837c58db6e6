"""A PostgreSQL database as a whole: read as one state while daemons write, or replaced by tables that were filled in a schema beside it."""

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import errors

from migrations import MIGRATIONS
from mydia.errors import Invalid, NotFound, Unavailable
from mydia.store import dialect, migrate
from mydia.store.engine import Connection, to_json
from mydia.store.moving import LIVED_IN, Mark
from mydia.store.place import InUse
from mydia.store.portable import DatabaseSource, Source
from mydia.store.postgres_server import WRITING, Raw, Reading, Server, Statements
from mydia.store.schema import Steps, Table, schema_of

SCHEMA = "mydia_incoming"
FORMER = "mydia_former"
"""Where what was replaced is kept, until the next time."""
LEAVING = 5.0
"""Seconds for which the server may still count somebody who has hung up: we ourselves, a moment ago, or a daemon that was killed."""
_MARKS = """create table if not exists _incoming (name text collate "C" not null, number bigint not null, sha256 text not null,
    primary key (name, number))"""
_OTHERS = """select count(*) from pg_stat_activity
    where datname = current_database() and application_name = 'mydia' and pid <> pg_backend_pid()"""


class PostgresWhole:
    """As moving.Whole, of the database that an address names."""

    def __init__(self, url: str) -> None:
        self.server = Server.at(url)
        self._guard: Raw | None = None

    @property
    def name(self) -> str:
        return f"PostgreSQL {self.server.where}"

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """The lock that every batch and every migration takes: a daemon that starts meanwhile waits, and says so."""
        until = time.monotonic() + LEAVING
        with self._connected() as raw:
            raw.execute("select set_config(name, '0', false) from pg_settings where name = 'idle_session_timeout'")
            while not (got := _one(raw, f"select pg_try_advisory_lock({WRITING})")) or _one(raw, _OTHERS):
                if time.monotonic() > until:
                    raise InUse(f"a Mydia daemon uses {self.name}; stop it first")
                if got:
                    raw.execute(f"select pg_advisory_unlock({WRITING})")
                time.sleep(0.05)
            self._guard = raw
            try:
                yield
            finally:
                self._guard = None

    def must_still_be_alone(self) -> None:
        """Unavailable when the connection is lost that keeps daemons out: one may have come in, and promised what we do not know."""
        if self._guard is not None:
            try:
                self._guard.execute("select 1")
            except psycopg.Error as error:
                raise Unavailable(
                    f"{self.name} was lost for a moment, in which a daemon may have written to it ({self.server.said(error)}); nothing was "
                    "replaced. Make sure that none runs, and give the command again"
                ) from error

    @contextlib.contextmanager
    def source(self) -> Iterator[DatabaseSource]:
        with self._state() as (raw, statements, applied):
            migrate.pending(applied, MIGRATIONS, lambda: migrate.last_program(statements))
            numbered = {t.name: _last_number(raw, t) for t in schema_of(MIGRATIONS) if t.numbered}
            yield DatabaseSource(Reading(statements), tuple(applied), numbered, self.name, self.must_still_be_alone)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._state() as (_, statements, applied):
            migrate.refuse_older(applied, MIGRATIONS, lambda: migrate.last_program(statements))
            yield Reading(statements)

    @contextlib.contextmanager
    def _state(self) -> Iterator[tuple[Raw, Statements, list[str]]]:
        """One unchanging state, and the migrations that it has."""
        with self._connected() as raw:
            raw.execute("begin isolation level repeatable read read only")
            if _one(raw, "select to_regclass('_migrations')") is None:
                raise NotFound(f"there is no database of Mydia in {self.name}")
            applied = [str(row[0]) for row in raw.execute("select name from _migrations order by name")]
            yield raw, Statements(raw), applied

    def contents(self) -> dict[str, int]:
        with self._connected() as raw:
            if _one(raw, "select to_regclass('media_items')") is None:
                return {}
            return {name: int(_one(raw, f"select count(*) from {name}")) for name in LIVED_IN}  # noqa: S608 - our own names

    def incoming(self) -> "PostgresIncoming":
        return PostgresIncoming(self)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Raw]:
        with self.told():
            raw = self.server.connect()
            try:
                raw.execute("set application_name = 'mydia db'")
                yield raw
            finally:
                raw.close()

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """What goes wrong at the server, in one line without a password."""
        try:
            yield
        except errors.InsufficientPrivilege as error:
            said = self.server.said(error)
            raise Invalid(
                f"Mydia's user may not do that in {self.name} ({said}); make it the database's owner"
            ) from error
        except (errors.IntegrityError, errors.DataError) as error:
            raise Invalid(f"{self.name} cannot hold what was to be brought in: {self.server.said(error)}") from error
        except psycopg.Error as error:
            raise Unavailable(f"{self.name} cannot be used: {self.server.said(error)}") from error


class PostgresIncoming:
    """As moving.Incoming: the schema `mydia_incoming`, on one connection whose path is that schema alone."""

    def __init__(self, whole: PostgresWhole) -> None:
        self._whole = whole
        self._raw: Raw | None = None
        self._home = "public"

    def begin(self, source: Source) -> list[Mark]:
        origin = to_json([source.origin, [name for name, _ in source.migrations]])
        with self._whole.told():
            raw = self._open()
            if (marks := self._taken_up(raw, origin)) is not None:
                return marks
            self.discard()
            raw = self._open()
            raw.execute(f"create schema {SCHEMA}")
            raw.execute('create table _migrations (name text collate "C" primary key, applied_at text not null)')
            self._migrate(raw, source.migrations, "")
            for table in reversed(schema_of(source.migrations)):
                raw.execute(f"delete from {table.name}")  # noqa: S608 - what migrations seed comes with the rows
            raw.execute(_MARKS)
            raw.execute("insert into _incoming values (%s, -1, '')", (origin,))
            return []

    def _taken_up(self, raw: Raw, origin: str) -> list[Mark] | None:
        """What is in already, when it is from there; the origin's own mark has the number -1."""
        if _one(raw, f"select to_regclass('{SCHEMA}._incoming')") is None:
            return None
        rows = raw.execute("select name, number, sha256 from _incoming order by name, number").fetchall()
        if (origin, -1, "") not in rows:
            return None
        return [Mark(*row) for row in rows if row[1] >= 0]

    def load(self, table: Table, rows: Sequence[Any], mark: Mark) -> None:
        raw = self._opened()
        with self._whole.told(), raw.transaction(), raw.cursor() as cursor:
            try:
                with cursor.copy(f"copy {table.name} ({', '.join(table.columns)}) from stdin") as copy:  # our own names
                    for row in rows:
                        copy.write_row(row)
            except errors.DataError as error:
                raise Invalid(
                    f"{self._whole.name} cannot hold {_unfit(table, rows)}: {self._whole.server.said(error)}"
                ) from error
            cursor.execute("insert into _incoming values (%s, %s, %s)", (mark.table, mark.number, mark.sha256))

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        raw = self._opened()
        with self._whole.told():
            raw.execute("analyze")  # the planner knows nothing yet of what came in
            yield Reading(Statements(raw))

    def finish(self, numbered: Mapping[str, int], content: str, now: str, *, older: bool) -> list[str]:
        """References the server has held true all along."""
        raw = self._opened()
        with self._whole.told():
            raw.execute("delete from _incoming where number = -1")  # from here on it is not what came any more
            for table in schema_of(MIGRATIONS):
                if table.numbered:
                    present = _last_number(raw, table, self._home)
                    if last := max(present, _last_number(raw, table, SCHEMA), numbered.get(table.name, 0)):
                        sequence = f"pg_get_serial_sequence('{SCHEMA}.{table.name}', '{table.numbered}')"
                        raw.execute(f"select setval({sequence}, {last})")
            self._migrate(raw, MIGRATIONS, now)
            if migrate.remember_program(Statements(raw), now) or older:
                migrate.remember_arrival(Statements(raw), content, now)
        return []

    def adopt(self) -> str:
        """One transaction. What people had put in is kept, as a file is: in a schema beside, which nobody reads."""
        raw = self._opened()
        names = ["_migrations", *(t.name for t in schema_of(MIGRATIONS))]
        kept = any(self._whole.contents().values())
        with self._whole.told(), raw.transaction():
            raw.execute("set local synchronous_commit = on")
            if kept:
                raw.execute(f"drop schema if exists {FORMER} cascade; create schema {FORMER}")
            for name in reversed(names):
                former = f"{self._home}.{name}"
                raw.execute(
                    f"alter table if exists {former} set schema {FORMER}"
                    if kept
                    else f"drop table if exists {former} cascade"
                )
            for name in names:
                raw.execute(f"alter table {SCHEMA}.{name} set schema {self._home}")
            raw.execute(f"drop schema {SCHEMA} cascade")
            self._whole.must_still_be_alone()  # asked last: whoever comes in from here on waits for these tables, and finds the new ones
        self.close()
        return _KEPT if kept else ""

    def discard(self) -> None:
        with self._whole.told():
            self._open().execute(f"drop schema if exists {SCHEMA} cascade")

    def close(self) -> None:
        if self._raw is not None:
            self._raw.close()
            self._raw = None

    def _migrate(self, raw: Raw, migrations: Steps, now: str) -> None:
        known = {str(row[0]) for row in raw.execute("select name from _migrations")}
        for name, steps in migrations:
            if name not in known:
                with raw.transaction():
                    for step in steps:
                        raw.execute(dialect.schema(step))
                    raw.execute("insert into _migrations (name, applied_at) values (%s, %s)", (name, now))

    def _open(self) -> Raw:
        if self._raw is None:
            raw = self._raw = self._whole.server.connect()
            raw.execute("set application_name = 'mydia db'")
            self._home = str(_one(raw, "select quote_ident(current_schema())"))
            # A killed command loses nothing so; what a server that falls loses are the last chunks, with their marks.
            raw.execute(f"set search_path = {SCHEMA}; set synchronous_commit = off; set client_min_messages = warning")
        return self._raw

    def _opened(self) -> Raw:
        if self._raw is None:
            raise RuntimeError("begin() comes first")
        return self._raw


_KEPT = (
    f"The former tables are kept in the schema {FORMER} until the next import: `mydia db export` writes them to a file when database.url "
    f"ends with ?options=-csearch_path%3D{FORMER}, and `drop schema {FORMER} cascade` deletes them."
)


def _one(raw: Raw, sql: str) -> Any:
    row = raw.execute(sql).fetchone()
    return None if row is None else row[0]


def _last_number(raw: Raw, table: Table, schema: str = "") -> int:
    """The last number that a table's own counting gave; 0 where there is no such table, or it has given none."""
    name = f"{schema}.{table.name}" if schema else table.name
    sequence = f"pg_get_serial_sequence('{name}', '{table.numbered}')"
    last = _one(
        raw,
        f"select case when to_regclass('{name}') is null then null else pg_sequence_last_value({sequence}::regclass) end",
    )
    return int(last or 0)


def _unfit(table: Table, rows: Sequence[Any]) -> str:
    """Which row the server would not take: text with NUL is the one thing that SQLite holds and it does not."""
    for row in rows:
        for column, value in zip(table.columns, row, strict=True):
            if isinstance(value, str) and "\0" in value:
                return f"the NUL in {table.name}.{column} of the row {row[0]!r}"
    return f"a row of {table.name}"
