"""The one-file backups of a SQLite database: listing, making, comparing with what is there now, and putting one in its place.

A restore is two steps, so that no instant is without a whole database. *Staging* writes a verified copy beside the database, which
bears the name `<database>.restore` only once it is complete and on disk. *Taking* it happens when the database is about to be opened
and nobody has it: the present database is kept as a backup, the staged one gets its name by one rename. A process that is killed
between any two steps leaves the old database, or one that the next start takes.
"""

import contextlib
import errno
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from sqlite_utils import Database

from migrations import MIGRATIONS
from mydia.errors import Invalid, NotFound, Unavailable
from mydia.store import maintenance, migrate
from mydia.store.engine import Connection

Reason = Literal["scheduled", "by hand", "before a migration", "before a restore"]
COMPARED = (
    ("titles", "media_items", "id"),
    ("files", "media_files", "id"),
    ("downloads", "downloads", "id"),
    ("users", "users", "id"),
    ("events", "events", "seq, at"),
)
_ASIDE = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Backup:
    """`made_at` is ISO 8601 UTC, `size` bytes."""

    name: str
    path: Path
    size: int
    made_at: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Difference:
    """Of one kind of row: how many a restore would lose, and how many it would bring back."""

    what: str
    lost: int
    back: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What restoring a backup would mean. `program` made it; `migrations` are those it lacks, which the next start adds."""

    backup: str
    program: str
    last_event_at: str | None
    migrations: tuple[str, ...]
    differences: tuple[Difference, ...]

    @property
    def lost(self) -> str:
        """What would be lost, in words; empty when nothing."""
        return ", ".join(f"{d.lost:,} {d.what}" for d in self.differences if d.lost)


class Keeper:
    """The backups of one database file. Plain blocking calls, for threads and for the command line."""

    def __init__(self, path: Path, directory: Path) -> None:
        self.path, self.directory = path.absolute(), directory.absolute()
        self.staged = self.path.with_name(self.path.name + ".restore")

    def backups(self) -> list[Backup]:
        """All of them, newest first."""
        found = []
        pattern = re.compile(rf"{re.escape(self.path.stem)}-(?:(before-.+|by-hand)-)?(\d{{8}}T\d{{6}}Z)\.db")
        for path in self.directory.glob(f"{self.path.stem}-*.db"):
            if (match := pattern.fullmatch(path.name)) and path.is_file() and not path.is_symlink():
                at = datetime.strptime(match[2], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
                found.append(Backup(path.name, path, path.stat().st_size, at.isoformat()[:19] + "Z", _reason(match[1])))
        return sorted(found, key=lambda b: (b.made_at, b.name), reverse=True)

    def find(self, name: str) -> Backup:
        """The backup of this name. NotFound for any other text: a name is compared, never joined to a path."""
        for backup in self.backups():
            if backup.name == name:
                return backup
        raise NotFound(f"there is no backup {name!r}; see the list")

    def make(self, now: str) -> Backup:
        """A backup by hand; it stays until a person deletes it."""
        made = maintenance.backup(self.path, self.directory, f"{self.path.stem}-by-hand-{stamp(now)}.db")
        return self.find(made.name)

    def delete(self, name: str) -> None:
        self.find(name).path.unlink(missing_ok=True)

    # -- before a restore

    def check(self, file: Path) -> None:
        """Invalid when a file is no whole database of this or an earlier program."""
        if not file.is_file():
            raise NotFound(f"there is no file {file}")
        try:
            with _reading(file) as raw:
                if raw.execute("select 1 from sqlite_schema where name = 'media_items'").fetchone() is None:
                    raise Invalid(f"{file} is no database of Mydia")
                migrate.pending(_applied(raw), MIGRATIONS, lambda: migrate.last_program(raw))
        except sqlite3.DatabaseError as error:
            raise Invalid(f"{file} is no database that can be read: {error}") from error
        if wrong := maintenance.faults(file):
            raise Invalid(f"{file} is damaged: {'; '.join(wrong[:3])}")

    def compare(self, file: Path) -> Comparison:
        """What restoring this file would lose and bring back. As `check`; where there is no present database, nothing is lost."""
        self.check(file)
        with _reading(file) as raw:
            raw.execute(
                "attach :present as present", {"present": _uri(self.path) if self.path.exists() else ":memory:"}
            )
            conn = Connection(raw)
            there = conn.value("select 1 from present.sqlite_schema where name = 'media_items'")
            missing = migrate.pending(_applied(raw), MIGRATIONS, lambda: None)
            last_event = conn.value("select at from main.events order by seq desc limit 1")
            return Comparison(
                file.name,
                migrate.last_program(raw) or "unknown",
                last_event,
                tuple(missing),
                tuple(_difference(conn, *each) for each in COMPARED) if there else (),
            )

    def last_numbers(self) -> dict[str, int]:
        """How far the present database has counted; nothing where it cannot tell, which may be why it is replaced."""
        try:
            with _reading(self.path) as raw:
                return last_numbers(raw)
        except sqlite3.DatabaseError:
            return {}

    # -- the restore

    def stage(self, file: Path) -> None:
        """Lay a copy of this file ready to be taken at the next opening. As `check`; Unavailable when it cannot be written."""
        self.check(file)
        copy = maintenance.backup(file, self.path.parent, self.path.name + ".staged")
        try:
            with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as raw:
                count_on(raw, self.last_numbers())
            self.offer(copy)
        finally:
            copy.unlink(missing_ok=True)

    def offer(self, copy: Path) -> None:
        """Give a complete database file in the same folder the name under which it will be taken."""
        try:
            maintenance.sync(copy)
            copy.replace(self.staged)
            maintenance.sync(self.path.parent)
        except OSError as error:
            raise Unavailable(f"{copy} cannot be laid ready: {error.strerror or error}") from error

    def take(self) -> Path | None:
        """Put what was staged in the place of the database; where the former one is kept. Nobody may have either open."""
        if not self.staged.exists():
            return None
        try:
            laid = datetime.fromtimestamp(self.staged.stat().st_mtime, UTC)
            former = self.directory / f"{self.path.stem}-before-restore-{laid:%Y%m%dT%H%M%SZ}.db"
            # It is there already when an earlier try was killed, and the same then: nobody opens the database before this.
            if self.path.exists() and not former.exists():
                self._keep(former)
            for ending in _ASIDE:  # they belong to the former database, and would be taken for the new one's
                self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
            self.staged.replace(self.path)
            maintenance.sync(self.path.parent)
        except (OSError, sqlite3.Error) as error:
            raise Unavailable(f"the restore that lies ready as {self.staged} cannot be taken: {error}") from error
        return former

    def _keep(self, former: Path) -> None:
        """Give the present database a second name among the backups, or copy it where the disk is another."""
        self.directory.mkdir(parents=True, exist_ok=True)
        try:
            fold(self.path)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:  # damaged, which may be why it is replaced: kept as it is
            for ending in ("", *_ASIDE):
                with contextlib.suppress(FileNotFoundError):
                    shutil.copyfile(
                        self.path.with_name(self.path.name + ending), former.with_name(former.name + ending)
                    )
            return
        try:
            os.link(self.path, former)
            maintenance.sync(self.directory)
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS):
                raise
            maintenance.backup(self.path, self.directory, former.name)


def fold(path: Path) -> None:
    """Make a database one file, without a log beside it."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=5.0)) as raw:
        raw.execute("pragma journal_mode = delete").fetchall()


def last_numbers(raw: sqlite3.Connection) -> dict[str, int]:
    """The last number that each table's own counting gave."""
    return {str(name): int(last) for name, last in raw.execute("select name, seq from sqlite_sequence")}


def count_on(raw: sqlite3.Connection, numbers: Mapping[str, int]) -> None:
    """Let a database's own counting go on from these numbers, where it is behind them: no number means two things."""
    for name, last in numbers.items():
        row = {"name": name, "last": last}
        known = raw.execute("update sqlite_sequence set seq = max(seq, :last) where name = :name", row).rowcount
        if not known:
            raw.execute("insert into sqlite_sequence (name, seq) values (:name, :last)", row)


def stamp(now: str) -> str:
    """A time fit for a file name, which sorts by age."""
    return now[:19].replace("-", "").replace(":", "") + "Z"


def _reason(why: str | None) -> Reason:
    match why:
        case None:
            return "scheduled"
        case "by-hand":
            return "by hand"
        case "before-restore":
            return "before a restore"
    return "before a migration"


def _difference(conn: Connection, what: str, table: str, key: str) -> Difference:
    def only(here: str, there: str) -> int:
        sql = f"select count(*) from (select {key} from {here}.{table} except select {key} from {there}.{table})"  # noqa: S608 - our own names
        return int(conn.value(sql))

    return Difference(what, only("present", "main"), only("main", "present"))


def _applied(raw: sqlite3.Connection) -> list[str]:
    return migrate.applied_to_file(Database(raw, recursive_triggers=False, execute_plugins=False))


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(maintenance.connect_to_read(path)) as raw:
        yield raw


def _uri(path: Path) -> str:
    return f"{path.absolute().as_uri()}?mode=ro"
