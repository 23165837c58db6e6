"""A SQLite database as a whole: read as one state while a daemon writes, or replaced by one file that was filled beside it."""

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

from sqlite_utils import Database

from migrations import MIGRATIONS
from mydia.errors import Invalid, NotFound, Unavailable
from mydia.store import maintenance, migrate
from mydia.store.backups import Keeper, count_on, fold, last_numbers
from mydia.store.driver import Driver
from mydia.store.engine import Connection, to_json
from mydia.store.moving import LIVED_IN, Mark
from mydia.store.place import FileLock, refuse_network
from mydia.store.portable import DatabaseSource, Source
from mydia.store.schema import Table, schema_of

_MARKS = """create table if not exists _incoming (name text not null, number integer not null, sha256 text not null,
    primary key (name, number))"""


class SqliteWhole:
    """As moving.Whole. `backups` is where the former database goes when this one is replaced."""

    def __init__(self, path: Path, backups: Path, key: str | None = None, *, allow_network: bool = False) -> None:
        self.path = path.absolute()
        self._allow_network = allow_network
        self.driver = Driver(key)
        self.keeper = Keeper(self.path, backups, self.driver)

    @property
    def name(self) -> str:
        return str(self.path)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        if self.path.is_dir():
            raise Invalid(f"{self.path} is a folder; a database is a file: name one in it")
        lock = FileLock(self.path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except OSError as error:
            raise Unavailable(f"{self.path} cannot be used: {error.strerror or error}") from error
        try:
            self.keeper.take()  # what a person laid ready is the database from here on
            yield
        finally:
            lock.release()

    @contextlib.contextmanager
    def source(self) -> Iterator[DatabaseSource]:
        if not self.path.is_file():
            raise NotFound(f"there is no database {self.path}")
        try:
            with self._reading() as raw:
                applied = migrate.applied_to_file(Database(raw, recursive_triggers=False, execute_plugins=False))
                migrate.pending(applied, MIGRATIONS, lambda: migrate.last_program(raw))
                if not applied:
                    raise Invalid(f"{self.path} is no database of Mydia")
                known = last_numbers(raw)
                numbered = {t.name: known.get(t.name, 0) for t in schema_of(MIGRATIONS) if t.numbered}
                yield DatabaseSource(Connection(raw.cursor()), tuple(applied), numbered, f"SQLite {self.path}")
        except self.driver.OperationalError as error:
            raise Unavailable(f"{self.path} cannot be read: {error}") from error
        except self.driver.Error as error:
            raise Invalid(f"{self.path} cannot be read: {error}") from error

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        if not self.path.is_file() or self.path.stat().st_size == 0:
            raise NotFound(f"there is no database {self.path}")
        try:
            with self._reading() as raw:
                applied = migrate.applied_to_file(Database(raw, recursive_triggers=False, execute_plugins=False))
                migrate.refuse_older(applied, MIGRATIONS, lambda: migrate.last_program(raw))
                yield Connection(raw.cursor())
        except self.driver.Error as error:
            raise Unavailable(f"the database {self.path} cannot be read: {error}") from error

    def contents(self) -> dict[str, int]:
        if not self.path.is_file() or self.path.stat().st_size == 0:
            return {}
        try:
            with self._reading() as raw:
                return {name: int(raw.execute(f"select count(*) from {name}").fetchone()[0]) for name in LIVED_IN}  # noqa: S608 - our own names
        except self.driver.Error as error:
            raise Invalid(f"{self.path} is no database of Mydia: {error}") from error

    def incoming(self) -> "SqliteIncoming":
        """As moving.Whole. Invalid where the daemon would refuse the file's place."""
        refuse_network(self.path, forced=self._allow_network)
        return SqliteIncoming(self.keeper)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(maintenance.connect_to_read(self.path, self.driver)) as raw:
            raw.execute("pragma query_only = on")
            raw.execute("begin")
            yield raw


class SqliteIncoming:
    """As moving.Incoming: the file `<database>.incoming`."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper, self._driver = keeper, keeper.driver
        self.path = keeper.path.with_name(keeper.path.name + ".incoming")
        self._raw: sqlite3.Connection | None = None

    def begin(self, source: Source) -> list[Mark]:
        origin = to_json([source.origin, [name for name, _ in source.migrations]])
        with self._told():
            if self.path.exists() and (marks := self._taken_up(origin)) is not None:
                return marks
            self.discard()
            raw = self._open()
            migrate.apply_to_file(Database(raw, recursive_triggers=False, execute_plugins=False), source.migrations)
            for table in reversed(schema_of(source.migrations)):
                raw.execute(f"delete from {table.name}")  # noqa: S608 - what migrations seed comes with the rows
            raw.execute(_MARKS)
            raw.execute("insert into _incoming values (:origin, -1, '')", {"origin": origin})
            return []

    def _taken_up(self, origin: str) -> list[Mark] | None:
        """What is in already, when it is from there; the origin's own mark has the number -1."""
        try:
            rows = self._open().execute("select name, number, sha256 from _incoming order by name, number").fetchall()
        except self._driver.DatabaseError:
            return None  # killed before it had one, or damaged
        if (origin, -1, "") not in rows:
            return None
        return [Mark(*row) for row in rows if row[1] >= 0]

    def load(self, table: Table, rows: list[object], mark: Mark) -> None:
        raw = self._opened()
        places = ", ".join("?" * len(table.columns))
        with self._told():
            raw.execute("begin")
            raw.executemany(f"insert into {table.name} ({', '.join(table.columns)}) values ({places})", rows)  # type: ignore[arg-type]  # noqa: S608 - sequences, each a row
            raw.execute("insert into _incoming values (?, ?, ?)", (mark.table, mark.number, mark.sha256))
            raw.execute("commit")

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._told():
            yield Connection(self._opened().cursor())

    def finish(self, numbered: Mapping[str, int], content: str, now: str, *, older: bool) -> list[str]:
        raw = self._opened()
        with self._told():
            raw.execute("delete from _incoming where number = -1")  # from here on it is not what came any more
            count_on(raw, numbered)
            count_on(raw, self._keeper.last_numbers())
            wrong = [
                f"row {row_id} of {table} refers to a row of {parent} that does not exist"
                for table, row_id, parent, _ in raw.execute("pragma foreign_key_check").fetchmany(10)
            ]
            if not wrong:
                migrate.apply_to_file(Database(raw, recursive_triggers=False, execute_plugins=False), MIGRATIONS)
                if migrate.remember_program(raw, now) or older:
                    migrate.remember_arrival(raw, content, now)
            return wrong

    def adopt(self) -> str:
        with self._told():
            self._opened().execute("drop table _incoming")
            self.close()
            fold(self.path, self._driver)
            self.path.chmod(0o600)
        self._keeper.offer(self.path)
        former = self._keeper.take()
        return f"The former database is kept as {former}." if former is not None else ""

    def discard(self) -> None:
        self.close()
        for ending in ("", "-wal", "-shm", "-journal"):
            self.path.with_name(self.path.name + ending).unlink(missing_ok=True)

    def close(self) -> None:
        if self._raw is not None:
            self._raw.close()
            self._raw = None

    def _open(self) -> sqlite3.Connection:
        self.close()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.touch(mode=0o600)
        raw = self._raw = self._driver.connect(self.path)
        # A killed process loses nothing so; after a power cut the marks go with the rows, and what is read back must agree anyway.
        for pragma in ("journal_mode = wal", "synchronous = normal", "foreign_keys = off", "cache_size = -32000"):
            raw.execute(f"pragma {pragma}").fetchall()
        return raw

    def _opened(self) -> sqlite3.Connection:
        if self._raw is None:
            raise RuntimeError("begin() comes first")
        return self._raw

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong with the file, in one line."""
        try:
            yield
        except self._driver.IntegrityError as error:
            raise Invalid(f"what was to be brought in does not hold together: {error}") from error
        except (self._driver.Error, OSError) as error:
            raise Unavailable(f"{self.path} cannot be written: {error}. Nothing was changed") from error
