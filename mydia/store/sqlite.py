"""SQLite: one connection that writes, a pool of connections that can only read, one daemon per file."""

import contextlib
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Concatenate, Literal, NoReturn, ParamSpec, TypeVar

import trio
from loguru import logger
from sqlite_utils import Database

from migrations import MIGRATIONS
from mydia.errors import Conflict, Invalid, Unavailable
from mydia.messages import Change
from mydia.store import maintenance, migrate
from mydia.store.backups import Keeper
from mydia.store.driver import Driver, code
from mydia.store.engine import Committed, Connection, ReadUnderway, StoreStatus
from mydia.store.place import FileLock, make_folder, refuse_network
from mydia.store.transaction import commit_batch

P = ParamSpec("P")
T = TypeVar("T")
Opened = TypeVar("Opened", sqlite3.Connection, sqlite3.Cursor)
BATCH_SECONDS = 0.05  # a batch that takes longer is cut, so that nobody waits for more than one slow neighbour
_PASSING = {
    "SQLITE_FULL": "; free some space, then it goes on by itself",
    "SQLITE_IOERR_WRITE": "; check the disk, its quota and the system's log",
    "SQLITE_BUSY": "; another program holds it (a backup, a sqlite3 shell); when that lets go, it goes on by itself",
    "SQLITE_LOCKED": "",
    "SQLITE_READONLY": "",
    "SQLITE_NOMEM": "",
}
"""What time or a person cures, and what the person may do."""


class SqliteEngine:
    """The engine of `database.path`. `backups` is where copies go, also the one taken before a migration.

    `synchronous` FULL makes an acknowledged change survive a power cut; NORMAL may lose the last ones, and never corrupts. `key` is
    that of an encrypted file, as Driver takes it.
    """

    def __init__(
        self,
        path: Path,
        *,
        backups: Path,
        synchronous: Literal["FULL", "NORMAL"] = "FULL",
        wal: bool = True,
        readers: int = 4,
        allow_network: bool = False,
        key: str | None = None,
        migrations: Sequence[migrate.Migration] = MIGRATIONS,
    ) -> None:
        self.path = path.absolute()
        self.backups = backups
        self._synchronous, self._wal = synchronous, wal
        self._allow_network = allow_network
        self._driver = Driver(key)
        self._migrations = migrations
        self.node, self.shared = secrets.token_hex(4), False
        self.keeper = Keeper(self.path, backups, self._driver)
        self._lock = FileLock(self.path)
        self._writer: sqlite3.Connection | None = None
        self._files: dict[Path, tuple[int, int]] = {}  # (device, inode) of the file and its log when they were opened
        self._one_at_a_time = trio.CapacityLimiter(1)
        self._readers = trio.CapacityLimiter(max(1, readers))
        # One cursor for the life of each connection: the module remembers every cursor in a list it seldom clears, and those small
        # lasting objects, strewn among the rows of a large read, would keep that read's memory from being given back.
        self._idle: list[sqlite3.Cursor] = []
        self._quick: sqlite3.Cursor | None = None
        self._reading: dict[int, ReadUnderway] = {}

    # -- opening and closing

    async def open(self, now: str) -> None:
        """As Engine.open; `now` dates a backup that a migration calls for."""
        await trio.to_thread.run_sync(self._open, now)

    def _open(self, now: str) -> None:
        if self.path.is_dir():
            raise Invalid(f"the database {self.path} is a folder; database.path names a file")
        self._driver.need()
        try:
            make_folder(self.path.parent)
            refuse_network(self.path, forced=self._allow_network)
            self._lock.acquire()
        except OSError as error:
            raise Unavailable(f"the database {self.path} cannot be opened: {error.strerror or error}") from error
        try:
            if (former := self.keeper.take()) is not None:
                logger.warning("the database was replaced by what lay ready; the former one is kept as {}", former)
            self._writer = self._connect_to_write()
            self._bring_up_to_date(self._writer, now)
            self._idle = [self._connect_to_read() for _ in range(int(self._readers.total_tokens))]
            self._quick = self._connect_to_read()
            self._files = {path: it for path in (self.path, self._log) if (it := _identity(path)) is not None}
        except BaseException as error:
            self._close(self._take_all())
            if isinstance(error, (self._driver.Error, OSError)):
                raise Unavailable(f"the database {self.path} cannot be opened: {error}") from error
            raise

    def _connect_to_write(self) -> sqlite3.Connection:
        self.path.touch(mode=0o600)
        _write_again(self._log)
        raw = self._driver.connect(self.path)
        self._writer = raw  # so that it is closed whatever follows
        try:
            raw.execute(f"pragma journal_mode = {'wal' if self._wal else 'truncate'}")
            wrong = maintenance.told_by(raw.execute("pragma quick_check(3)"))[:3]
        except self._driver.DatabaseError as error:
            if code(error) == "SQLITE_NOTADB":
                raise Invalid(self._not_ours()) from error
            if code(error) != "SQLITE_CORRUPT":
                raise
            wrong = [str(error)]
        if wrong:
            raise Unavailable(
                f"the database {self.path} is damaged ({'; '.join(wrong)}); keep the file, and restore a backup of {self.backups}: "
                "`mydia backup list` names them, `mydia restore NAME` says what would be lost"
            )
        raw.execute(f"pragma synchronous = {self._synchronous}")
        raw.execute("pragma foreign_keys = on")
        raw.execute("pragma cache_size = -64000")
        raw.execute("pragma temp_store = memory")
        return raw

    def _not_ours(self) -> str:
        if self._driver.key is None:
            return f"{self.path} is not a SQLite database; move it away, or set database.path (or database.key, if it is encrypted)"
        with self.path.open("rb") as file:
            plain = file.read(16) == b"SQLite format 3\0"
        if plain:
            return f"{self.path} is not encrypted, but database.key is set; remove the key, or give the database another path"
        return f"{self.path} cannot be opened with this database.key: the key is another, or the file is no database"

    def _bring_up_to_date(self, raw: sqlite3.Connection, now: str) -> None:
        db = Database(raw, recursive_triggers=False, execute_plugins=False)
        missing = migrate.pending(migrate.applied_to_file(db), self._migrations, lambda: migrate.last_program(raw))
        if missing and len(missing) < len(self._migrations):
            self.keeper.make_before(missing[0], now)
        migrate.apply_to_file(db, self._migrations)
        migrate.remember_program(raw, now)

    def _connect_to_read(self) -> sqlite3.Cursor:
        raw = maintenance.connect_to_read(self.path, self._driver)
        raw.execute("pragma query_only = on")
        raw.execute("pragma cache_size = -4000")  # each; what falls out is still in the system's cache
        raw.execute("pragma temp_store = memory")
        return raw.cursor()

    async def close(self) -> None:
        """Readers first: the writer must be the last, since the last one folds the log into the file."""
        with trio.CancelScope(shield=True):
            async with self._one_at_a_time:
                # Taken away here, on the loop, so that no query finds a connection that is being closed under it.
                await trio.to_thread.run_sync(self._close, self._take_all())

    def _take_all(self) -> list[sqlite3.Connection]:
        """Every open connection that no thread is using, the writer last. A reader in use is closed by its user."""
        taken = [cursor.connection for cursor in (*self._idle, self._quick) if cursor is not None]
        taken += [self._writer] if self._writer is not None else []
        self._idle, self._quick, self._writer = [], None, None
        return taken

    def _close(self, taken: Sequence[sqlite3.Connection]) -> None:
        for raw in taken:
            with contextlib.suppress(self._driver.Error):
                raw.close()
        self._lock.release()

    def seat(self) -> NoReturn:
        """One daemon per file."""
        raise Invalid("several daemons share a PostgreSQL database (database.url), not a SQLite file")

    async def leads(self) -> bool:
        """As Engine.leads: nobody else is there."""
        return True

    # -- reading

    async def read(self, query: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """As Engine.read: on the loop when the query is `quick`, in a thread otherwise."""
        try:
            return await self._read(query, *args, **kwargs)
        except self._driver.OperationalError as error:
            raise self._passing(error, "read") or error from error

    async def _read(self, query: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        if self._wal and getattr(
            query, "quick", False
        ):  # without a log a reader may have to wait for the writer: not on the loop
            await trio.lowlevel.checkpoint_if_cancelled()  # a turn of the loop would take longer than the query
            return _in_snapshot(_opened(self._quick), query, *args, **kwargs)
        async with self._readers:
            pool = self._idle
            raw = _opened(pool.pop() if pool else None)
            self._reading[id(raw)] = ReadUnderway(getattr(query, "__name__", str(query)), trio.current_time())
            try:
                return await trio.to_thread.run_sync(partial(_in_snapshot, raw, query, *args, **kwargs))
            finally:
                del self._reading[id(raw)]
                if pool is self._idle:
                    pool.append(raw)
                else:
                    raw.connection.close()  # the database was closed meanwhile, and perhaps opened anew

    # -- writing

    async def commit(self, changes: Sequence[Change], now: str) -> Committed:
        """As Engine.commit. Not abandoned when cancelled: what was begun is finished, so its answers are true."""
        return await trio.to_thread.run_sync(self._commit, changes, now, limiter=self._one_at_a_time)

    def _commit(self, changes: Sequence[Change], now: str) -> Committed:
        raw = _opened(self._writer)
        self._must_stand()
        try:
            return commit_batch(
                raw,
                changes,
                now,
                begin="begin immediate",
                seconds=BATCH_SECONDS,
                translate=self._translate,
                stands=lambda: raw.in_transaction,
            )
        except BaseException as error:
            if raw.in_transaction:
                raw.execute("rollback")
            passing = self._passing(error)
            if passing is not None:
                raise passing from error
            raise

    def _must_stand(self) -> None:
        """What is written to a file that has lost its name is lost with the process: it would be acknowledged in vain."""
        for path, opened in self._files.items():
            if _identity(path) != opened:
                raise Unavailable(
                    f"{path} was moved, deleted or replaced while Mydia had it open, so nothing is written any more: put it back, or start "
                    "Mydia anew to go on with what is there now",
                    retry_after=30,
                )

    def _translate(self, error: Exception) -> Exception | None:
        """A database's own exception as the refusal it is; None when it is none of its, or a bug."""
        match code(error):
            case "SQLITE_CONSTRAINT_UNIQUE" | "SQLITE_CONSTRAINT_PRIMARYKEY":
                return Conflict(f"it exists already ({str(error).rpartition(': ')[2]})")
            case "SQLITE_CONSTRAINT_FOREIGNKEY":
                return Conflict("it refers to something that does not exist (any more), or that others still refer to")
        return self._passing(error)

    def _passing(self, error: BaseException, deed: str = "written") -> Unavailable | None:
        # A full disk may undo the whole transaction under a change; what is raised then is that none is left, after the cause.
        cause: BaseException | None = error
        while cause is not None:
            name = code(cause)
            for passing, advice in _PASSING.items():
                if name.startswith(passing):
                    said = f"the database {self.path} cannot be {deed} now: {cause}{advice}"
                    return Unavailable(said, retry_after=5)
            cause = cause.__context__
        return None

    # -- care

    async def checkpoint(self) -> None:
        def work() -> None:
            maintenance.analyze(_opened(self._writer))
            maintenance.fold(_opened(self._writer))

        await trio.to_thread.run_sync(work, limiter=self._one_at_a_time)

    async def fold(self) -> int:
        def work() -> int:
            maintenance.fold(_opened(self._writer))
            return self._log_size()

        return await trio.to_thread.run_sync(work, limiter=self._one_at_a_time)

    async def vacuum(self) -> None:
        """As Engine.vacuum. Cancelled, it stops soon, and the database is as it was."""
        async with self._one_at_a_time:
            raw = _opened(self._writer)
            try:
                await interruptibly(raw, partial(maintenance.vacuum, raw, self.path))
            except self._driver.Error as error:
                raise self._passing(error) or error from error

    def reading(self) -> tuple[ReadUnderway, ...]:
        return tuple(sorted(self._reading.values(), key=lambda r: r.since))

    @property
    def _log(self) -> Path:
        return self.path.with_name(self.path.name + "-wal")

    def _log_size(self) -> int:
        return self._log.stat().st_size if self._log.exists() else 0

    async def check(self) -> list[str]:
        return await trio.to_thread.run_sync(maintenance.faults, self.path, self._driver, limiter=self._readers)

    async def backup(self, keep: int, now: str) -> str:
        def write() -> str:
            return str(self.keeper.make_nightly(keep, now).path)

        return await trio.to_thread.run_sync(write, limiter=self._readers)

    async def status(self) -> StoreStatus:
        def look() -> StoreStatus:
            return StoreStatus(
                engine="SQLite" if self._driver.key is None else "SQLCipher",
                version=self._driver.module.sqlite_version,
                where=str(self.path),
                size=self.path.stat().st_size if self.path.exists() else 0,
                wal_size=self._log_size(),
                free=shutil.disk_usage(self.path.parent).free,
            )

        return await trio.to_thread.run_sync(look)


async def interruptibly(raw: sqlite3.Connection, work: Callable[[], T]) -> T:
    """Run long work on a connection in a thread; when this is cancelled, the connection's statement is interrupted."""

    async def interrupt() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raw.interrupt()

    wrong: Exception | None = None
    async with trio.open_nursery() as nursery:
        nursery.start_soon(interrupt)
        try:
            done = await trio.to_thread.run_sync(work)
        except Exception as error:  # noqa: BLE001 - raised below, where no group is made of it
            wrong = error
        nursery.cancel_scope.cancel()
    if wrong is not None:
        raise wrong
    return done


def _in_snapshot(
    raw: sqlite3.Cursor, query: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
) -> T:
    raw.execute("begin")
    try:
        return query(Connection(raw), *args, **kwargs)
    finally:
        raw.execute("rollback")


def _write_again(log: Path) -> None:
    """Have the bytes of the log that an earlier life left written once more, and synced, before anything is built on them.

    They can be read, and yet be on no disk: where a sync failed, the system holds for written what it was to write.
    """
    with contextlib.suppress(FileNotFoundError):
        fd = os.open(log, os.O_RDWR | os.O_CLOEXEC)
        try:
            at = 0
            while piece := os.pread(fd, 1 << 20, at):
                at += os.pwrite(fd, piece, at)
            os.fsync(fd)
        finally:
            os.close(fd)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _opened(raw: Opened | None) -> Opened:
    if raw is None:
        raise Unavailable("the database is not open", retry_after=1)
    return raw
