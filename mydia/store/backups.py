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
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from migrations import MIGRATIONS
from mydia.errors import Invalid, NotFound, Unavailable
from mydia.store import maintenance, migrate
from mydia.store.driver import PLAIN, Driver
from mydia.store.engine import Connection
from mydia.store.kept import Backup, Comparison, Difference, Reason
from mydia.store.place import make_folder

COMPARED = (
    ("titles", "media_items", "id"),
    ("files", "media_files", "id"),
    ("downloads", "downloads", "id"),
    ("users", "users", "id"),
    ("events", "events", "seq, at"),
)
_ASIDE = ("-wal", "-shm", "-journal")


class Keeper:
    """As kept.Keeping, of one database file. `take` is the engine's own."""

    def __init__(self, path: Path, directory: Path, driver: Driver = PLAIN) -> None:
        self.path, self.directory, self.driver = path.absolute(), directory.absolute(), driver
        self.staged = self.path.with_name(self.path.name + ".restore")

    def backups(self) -> list[Backup]:
        """All of them, newest first."""
        found = []
        pattern = re.compile(rf"{re.escape(self.path.stem)}-(?:(before-.+|by-hand)-)?(\d{{8}}T\d{{6}}Z)\.db")
        for path in self.directory.iterdir() if self.directory.is_dir() else ():
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
        made = maintenance.backup(self.path, self.directory, f"{self.path.stem}-by-hand-{stamp(now)}.db", self.driver)
        return self.find(made.name)

    def delete(self, name: str) -> None:
        self.find(name).path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _reading(self, path: Path) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(maintenance.connect_to_read(path, self.driver)) as raw:
            yield raw

    # -- before a restore

    def check(self, file: Path) -> None:
        """Invalid when a file is no whole database of this or an earlier program."""
        if not file.is_file():
            raise NotFound(f"there is no file {file}")
        try:
            with self._reading(file) as raw:
                if raw.execute("select 1 from sqlite_schema where name = 'media_items'").fetchone() is None:
                    raise Invalid(f"{file} is no database of Mydia")
                migrate.pending(_applied(raw), MIGRATIONS, lambda: migrate.last_program(raw))
        except self.driver.DatabaseError as error:
            raise Invalid(f"{file} is no database that can be read: {error}") from error
        if wrong := maintenance.faults(file, self.driver):
            raise Invalid(f"{file} is damaged: {'; '.join(wrong[:3])}")

    def compare(self, file: Path) -> Comparison:
        """What restoring this file would lose and bring back. As `check`; where there is no present database, nothing is lost."""
        self.check(file)
        with self._reading(file) as raw:
            there = self.path.exists()
            key = f" key {self.driver.literal(self.path)}" if there and self.driver.key is not None else ""
            raw.execute(f"attach :present as present{key}", {"present": _uri(self.path) if there else ":memory:"})
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
            with self._reading(self.path) as raw:
                return last_numbers(raw)
        except self.driver.DatabaseError:
            return {}

    # -- the restore

    def stage(self, file: Path) -> None:
        """Lay a copy of this file ready to be taken at the next opening. As `check`; Unavailable when it cannot be written."""
        self.check(file)
        copy = maintenance.backup(file, self.path.parent, self.path.name + ".staged", self.driver)
        try:
            with contextlib.closing(self.driver.connect(copy)) as raw:
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
        former = None
        try:
            if self.path.exists() and self.path.stat().st_size:
                former = self._keep()
            for ending in _ASIDE:  # they belong to the former database, and would be taken for the new one's
                self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
            maintenance.sync(self.path.parent)  # a power cut may undo what was not synced, and keep what came after it
            self.staged.replace(self.path)
            self.driver.forget(self.path)
            maintenance.sync(self.path.parent)
        except (OSError, self.driver.Error) as error:
            raise Unavailable(f"the restore that lies ready as {self.staged} cannot be taken: {error}") from error
        return former

    def _keep(self) -> Path:
        """Give the present database a second name among the backups, or copy it where that cannot be; where it is."""
        make_folder(self.directory)
        try:
            fold(self.path, self.driver)
        except self.driver.OperationalError:
            raise
        except self.driver.DatabaseError:  # damaged, which may be why it is replaced
            return self._keep_as_it_is()
        former = self._name_for_it()
        try:
            if not former.exists():
                os.link(self.path, former)
                maintenance.sync(self.directory)
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS):
                raise
            maintenance.backup(self.path, self.directory, former.name, self.driver)
        return former

    def _keep_as_it_is(self) -> Path:
        former = self._name_for_it()
        for ending in (*_ASIDE, ""):  # what has the name last has all of it
            part = self.directory / f".{former.name}{ending}.part"
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(self.path.with_name(self.path.name + ending), part)
                maintenance.sync(part)
                part.replace(former.with_name(former.name + ending))
        return former

    def _name_for_it(self) -> Path:
        """A name that is free, or that the database has already because an earlier try was killed."""
        at = datetime.fromtimestamp(self.staged.stat().st_mtime, UTC)
        while True:
            former = self.directory / f"{self.path.stem}-before-restore-{at:%Y%m%dT%H%M%SZ}.db"
            if not former.exists() or former.samefile(self.path):
                return former
            at += timedelta(seconds=1)


def fold(path: Path, driver: Driver = PLAIN) -> None:
    """Make a database one file, without a log beside it."""
    with contextlib.closing(driver.connect(path)) as raw:
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


def _uri(path: Path) -> str:
    return f"{path.absolute().as_uri()}?mode=ro"
