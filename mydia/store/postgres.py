"""PostgreSQL: one connection that writes, psycopg's pool for reads, threads throughout. Imported only where `database.url` is set.

Any number of daemons share one database. A batch begins by taking a lock that all of them take, so batches run one after another as on
SQLite: what a change has checked stays true until it is committed, and the numbers of events are in the order of commits.
"""

import logging
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Concatenate, Literal, NoReturn, ParamSpec, TypeVar

import psycopg
import psycopg_pool
import trio
from loguru import logger
from psycopg import errors

from migrations import MIGRATIONS
from mydia.errors import Invalid, Unavailable
from mydia.messages import Change
from mydia.otp import NoAnswer
from mydia.store import dialect, migrate, nodes
from mydia.store.engine import Committed, Connection, ReadUnderway, Row, StoreStatus
from mydia.store.postgres_server import WRITING, Raw, Reading, Server, Statements, speak_plainly
from mydia.store.transaction import Transaction, commit_batch

P = ParamSpec("P")
T = TypeVar("T")

BATCH_SECONDS = 0.05
PATIENCE = 15.0
"""Seconds that a read or a batch waits for a server that is gone, before its caller is told so: a restart costs a delay, no error."""
OPENING = 30.0
PAUSE = 0.1

# Whoever holds that lock and does nothing is frozen, and loses its connection (idle) before others lose their patience (wait).
_WRITER = """select set_config('idle_in_transaction_session_timeout', %(idle)s, false), set_config('lock_timeout', %(wait)s, false);
    select set_config('synchronous_commit', %(sync)s, false)
        where (current_setting('synchronous_commit') = 'off') <> (%(sync)s = 'off')"""
_READER = "set idle_in_transaction_session_timeout = '10min'"
# Not repeatable read: that would look at the state from before the lock was waited for.
_BEGIN = f"begin isolation level read committed; select pg_advisory_xact_lock({WRITING})"
_SNAPSHOT = "begin isolation level repeatable read read only"


class PostgresEngine:
    """The engine of `database.url`: an address (postgresql://user:password@host:port/name) or libpq's "host=... dbname=...".

    `readers` is how many reads run at once. `synchronous` as for SQLite. A `patience` in seconds, see PATIENCE.
    """

    keeper = None  # pg_dump is its operator's

    def __init__(
        self,
        url: str,
        *,
        synchronous: Literal["FULL", "NORMAL"] = "FULL",
        readers: int = 4,
        patience: float = PATIENCE,
        migrations: Sequence[migrate.Migration] = MIGRATIONS,
    ) -> None:
        self.server = Server.at(url)
        self._synchronous, self._patience, self._migrations = synchronous, patience, migrations
        self.node, self.shared = secrets.token_hex(4), True
        self._writer: Raw | None = None
        self._doubted = self._seated = False
        self._away: set[str] = set()  # what the server was last seen not to do
        self._pool: psycopg_pool.ConnectionPool[Raw] | None = None
        self._one_at_a_time = trio.CapacityLimiter(1)
        self._readers = trio.CapacityLimiter(max(1, readers))

    # -- opening and closing

    async def open(self, now: str) -> None:
        """As Engine.open; the database may be open in other daemons."""
        await trio.to_thread.run_sync(self._open, now)

    def _open(self, now: str) -> None:
        logging.getLogger("psycopg.pool").setLevel(
            logging.CRITICAL
        )  # every try of every connection; what matters is told here
        try:
            self._writer = self._connect_to_write()
            self.server.must_do(self._writer)
            self._bring_up_to_date(self._writer, now)
            self._pool = psycopg_pool.ConnectionPool(
                self.server.conninfo,
                kwargs={"autocommit": True, "cursor_factory": psycopg.ClientCursor, "prepare_threshold": None},
                configure=self._configure_reader,
                min_size=1,
                max_size=int(self._readers.total_tokens),
                num_workers=1,
                reconnect_timeout=1.0,  # then each that asks for one tries again, so none waits long after the server is back
                open=False,
            )
            try:
                self._pool.open(wait=True, timeout=OPENING)
            except psycopg_pool.PoolTimeout:
                self.server.connect().close()  # raises the reason, which the pool keeps to itself: no connection left, say
                raise
        except BaseException as error:
            self._close(*self._take_all())
            if isinstance(error, errors.LockNotAvailable):
                raise Unavailable(
                    f"the database {self.server.where} is being migrated or filled by another Mydia; start again when that has ended"
                ) from error
            if isinstance(error, psycopg.Error):
                raise Unavailable(
                    f"the database {self.server.where} cannot be opened: {self.server.said(error)}"
                ) from error
            raise

    def _connect_to_write(self) -> Raw:
        raw = self.server.connect()
        idle, wait = (f"{int(1000 * self._patience * share)}ms" for share in (0.6, 0.9))
        raw.execute(_WRITER, {"idle": idle, "wait": wait, "sync": "on" if self._synchronous == "FULL" else "off"})
        return raw

    @staticmethod
    def _configure_reader(raw: Raw) -> None:
        speak_plainly(raw)
        raw.execute(_READER)

    def _bring_up_to_date(self, raw: Raw, now: str) -> None:
        """Each migration is a transaction that holds the writers' lock: of two daemons that start at once, one migrates and one waits."""
        statements = Statements(raw)
        for name, steps in self._migrations:
            with self._alone(raw):
                if name not in migrate.pending(
                    self._applied(raw), self._migrations, lambda: migrate.last_program(statements)
                ):
                    continue
                for step in steps:
                    raw.execute(dialect.schema(step))
                raw.execute("insert into _migrations (name, applied_at) values (%s, %s)", (name, now))
        with self._alone(raw):
            migrate.remember_program(statements, now)

    @contextmanager
    def _alone(self, raw: Raw) -> Iterator[None]:
        raw.execute(_BEGIN)
        raw.execute(
            "set local idle_in_transaction_session_timeout = '1min'"
        )  # a start may be slow where everything starts
        try:
            yield
            raw.execute("commit")
        except errors.InsufficientPrivilege as error:
            raise Invalid(
                f"Mydia's user may not make tables in the database {self.server.where}; make it the owner of that database "
                f"({self.server.said(error)})",
                field="database.url",
            ) from error
        finally:
            if not raw.closed and raw.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                raw.execute("rollback")

    @staticmethod
    def _applied(raw: Raw) -> list[str]:
        raw.execute(
            'create table if not exists _migrations (name text collate "C" primary key, applied_at text not null)'
        )
        return [str(row[0]) for row in raw.execute("select name from _migrations order by name")]

    async def close(self) -> None:
        with trio.CancelScope(shield=True):
            async with self._one_at_a_time:
                await trio.to_thread.run_sync(self._close, *self._take_all())

    def _take_all(self) -> tuple[psycopg_pool.ConnectionPool[Raw] | None, Raw | None]:
        """A connection in use is closed by its user."""
        taken = (self._pool, self._writer)
        self._pool = self._writer = None
        return taken

    @staticmethod
    def _close(pool: psycopg_pool.ConnectionPool[Raw] | None, writer: Raw | None) -> None:
        if pool is not None:
            pool.close()
        if writer is not None:
            writer.close()

    # -- reading

    async def read(self, query: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """As Engine.read, always in a thread. Asked anew when the connection is lost."""
        ask: Callable[[], T] = partial(self._read, query, args, kwargs)
        return await self._patiently(ask, "read")

    def _read(self, query: Callable[..., T], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> T:
        with self._reader() as raw:
            raw.execute(_SNAPSHOT)
            try:
                return query(Reading(Statements(raw)), *args, **kwargs)
            except psycopg.DataError as error:
                refusal = self.server.refusal(error)
                if refusal is None:
                    raise
                raise refusal from error
            finally:
                if not raw.closed:
                    raw.execute("rollback")

    @contextmanager
    def _reader(self) -> Iterator[Raw]:
        """A connection of the pool; _Lost when there is none, or when it breaks."""
        if self._pool is None:
            _not_open()
        try:
            with self._pool.connection(timeout=0.5) as raw:
                try:
                    yield raw
                except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                    if raw.closed:
                        raise _Lost(self.server.said(error)) from error
                    raise
        except psycopg_pool.PoolClosed:
            _not_open()
        except psycopg_pool.PoolTimeout as error:
            raise _Lost("the server does not answer") from error

    async def _patiently(self, work: Callable[[], T], what: Literal["read", "written"]) -> T:
        """Do it in a thread, again and again while the connection is lost under it. Unavailable when patience ends.

        Who only reads and is cancelled need not wait for a server that is silent; the thread ends when it may.
        """
        limiter = self._readers if what == "read" else self._one_at_a_time
        until: float | None = None
        while True:
            try:
                value = await trio.to_thread.run_sync(work, limiter=limiter, abandon_on_cancel=what == "read")
            except _Lost as lost:
                # From the first try on: whoever had to wait for a thread has not yet waited for the server.
                if until is None:
                    until = trio.current_time() + self._patience
                elif what not in self._away:  # where there are no connections left, one may work and the other not
                    self._away.add(what)
                    logger.warning("the database {} can't be {} now: {}", self.server.where, what, lost)
                if trio.current_time() >= until:
                    raise Unavailable(
                        f"the database {self.server.where} does not answer: {lost}", retry_after=5
                    ) from lost
            else:
                if what in self._away:
                    self._away.discard(what)
                    logger.info("the database {} is {} again", self.server.where, what)
                return value
            await trio.sleep(PAUSE)

    # -- writing

    async def commit(self, changes: Sequence[Change], now: str) -> Committed:
        """As Engine.commit. A batch whose connection is lost before it was committed is run again on another."""
        return await self._patiently(partial(self._commit, changes, now), "written")

    def _commit(self, changes: Sequence[Change], now: str) -> Committed:
        raw = self._writing()
        try:
            return commit_batch(
                Statements(raw),
                changes,
                now,
                begin=_BEGIN,
                seconds=BATCH_SECONDS,
                translate=self._refused,
                stands=lambda: raw.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS,
                end=partial(self._end, raw),
            )
        except BaseException as error:
            if not raw.closed and raw.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                with suppress(psycopg.Error):
                    raw.execute("rollback")
            if raw.closed and isinstance(error, psycopg.Error):
                raise _Lost(self.server.said(error)) from error
            passing = self.server.passing(error)
            if passing is not None:
                self._doubted = self._doubted or isinstance(error, errors.ReadOnlySqlTransaction)
                raise passing from error
            raise

    def _writing(self) -> Raw:
        if self._writer is None:
            _not_open()
        # A server that is read only may have lost its part to another, which a new connection finds.
        if self._doubted:
            self._writer.close()
        if self._writer.closed:
            self._writer = self._reconnected()
            self._doubted = False
        return self._writer

    def _reconnected(self) -> Raw:
        try:
            return self._connect_to_write()
        except psycopg.OperationalError as error:
            raise _Lost(self.server.said(error)) from error

    def _end(self, raw: Raw, tx: Transaction) -> None:
        """Commit, which tells the other daemons. Where the connection is lost just then, the server is asked what became of it."""
        for payload in nodes.told(tx.events, tx.wake):
            raw.execute("select pg_notify(%s, %s)", (nodes.CHANNEL, payload))
        row = raw.execute("select pg_current_xact_id_if_assigned()::text").fetchone()
        try:
            if raw.execute("commit").statusmessage != "COMMIT":
                raise RuntimeError("a transaction that had failed was to be committed")
        except (psycopg.OperationalError, psycopg.InterfaceError):
            written = None if row is None else row[0]
            if not raw.closed or (written is not None and not self._was_committed(written)):
                raise

    def _was_committed(self, transaction: str) -> bool:
        until = time.monotonic() + self._patience
        fate = "unknown"
        while time.monotonic() < until:
            with suppress(_Lost, psycopg.OperationalError), self._reconnected() as raw:
                row = raw.execute("select pg_xact_status(%s::text::xid8)", (transaction,)).fetchone()
                fate = str(row[0]) if row is not None else fate
            if fate in ("committed", "aborted"):
                return fate == "committed"
            time.sleep(PAUSE)
        raise NoAnswer(
            f"the database {self.server.where} was lost while it committed; whether the last changes were kept is not known"
        )

    def _refused(self, error: Exception) -> Exception | None:
        self._doubted = self._doubted or isinstance(error, errors.ReadOnlySqlTransaction)
        return self.server.refusal(error)

    # -- among others

    def seat(self) -> nodes.Seat:
        """As Engine.seat."""
        self._seated = True
        return nodes.Seat(self.server.connect, self.node, self.server.said, [name for name, _ in self._migrations])

    async def leads(self) -> bool:
        """As Engine.leads; where nobody asked for a seat, nobody else is there."""
        return not self._seated or await self.read(_leads, self.node)

    # -- care

    async def checkpoint(self) -> None:
        """Refresh the planner's statistics; its log the server sees to itself."""
        await self._ask("analyze")

    async def fold(self) -> int:
        """The server's log is the server's."""
        return 0

    async def vacuum(self) -> None:
        """Not from here: the server does it all the time."""
        raise Invalid(f"the database {self.server.where} is vacuumed by its server")

    def reading(self) -> tuple[ReadUnderway, ...]:
        """None that would keep anything from being folded."""
        return ()

    async def _ask(self, statement: str) -> list[Row]:
        def ask() -> list[Row]:
            with self._reader() as raw:
                cursor = raw.execute(statement)
                names = [column.name for column in cursor.description or ()]
                return [dict(zip(names, row, strict=True)) for row in cursor] if names else []

        return await self._patiently(ask, "read")

    async def check(self) -> list[str]:
        """As Engine.check. The server keeps foreign keys true by itself; what it has given up on, it tells."""
        rows = await self._ask(_FAULTS)
        return [str(row["fault"]) for row in rows]

    async def backup(self, keep: int, now: str) -> str:
        """Not from here: Invalid says how."""
        raise Invalid(
            f"the database {self.server.where} is backed up by pg_dump, or by `mydia db export`; not by the daemon"
        )

    async def status(self) -> StoreStatus:
        rows = await self._ask(_STATUS)
        return StoreStatus("PostgreSQL", rows[0]["version"], self.server.where, rows[0]["size"], wal_size=0, free=None)


_FAULTS = """select 'the index ' || c.relname || ' is not valid' as fault from pg_index i join pg_class c on c.oid = i.indexrelid
        join pg_namespace n on n.oid = c.relnamespace where n.nspname = current_schema and not i.indisvalid
    union all select 'the constraint ' || c.conname || ' is not checked' from pg_constraint c
        join pg_namespace n on n.oid = c.connamespace where n.nspname = current_schema and not c.convalidated
    union all select checksum_failures || ' pages failed their checksum' from pg_stat_database
        where datname = current_database() and checksum_failures > 0
    order by 1"""
_STATUS = "select current_setting('server_version') as version, pg_database_size(current_database()) as size"


def _leads(conn: Connection, node: str) -> bool:
    """Whether the seat of this daemon holds the lead, whoever asks."""
    high, low = divmod(nodes.LEADER, 1 << 32)
    found = conn.value(
        """select count(*) from pg_locks lead join pg_locks life on life.pid = lead.pid and life.database = lead.database
        where lead.locktype = 'advisory' and lead.granted and lead.objsubid = 1
            and lead.database = (select oid from pg_database where datname = current_database())
            and lead.classid::bigint = :high and lead.objid::bigint = :low
            and life.locktype = 'advisory' and life.granted and life.objsubid = 2
            and life.classid::bigint = :living and life.objid::bigint = :node""",
        high=high,
        low=low,
        living=nodes.LIVING,
        node=int(node, 16),
    )
    return bool(found)


class _Lost(Exception):
    """The connection is gone and what was asked of it was not done: it may be asked again of another."""


def _not_open() -> NoReturn:
    raise Unavailable("the database is not open", retry_after=1)
