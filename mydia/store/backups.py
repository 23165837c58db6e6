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
from mydia.store.driver import PLAIN, Driver, code
from mydia.store.kept import NAMED, Backup, Comparison, Difference, Reason
from mydia.store.place import make_folder, part_of, sync

COMPARED = (
    # what people call them, their table, what makes two of them the same, how one is called
    ("titles", "media_items", "id", "title || coalesce(' (' || year || ')', '')"),
    ("files", "media_files", "id", "relative_path"),
    ("downloads", "downloads", "id", "title"),
    ("users", "users", "id", "username"),
    ("API keys", "api_keys", "id", "name"),
    ("library folders", "library_roots", "id", "path"),
    ("quality profiles", "quality_profiles", "id, updated_at", "name"),
    ("custom formats", "custom_formats", "id, updated_at", "name"),
    ("settings", "settings", "key, value", "substr(key, 8)"),
    ("events", "events", "seq, at", ""),
)
_ONLY = {"settings": "key like 'config:%'"}  # the table holds notes of the house's own too
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
        raise NotFound(f"there is no backup {name!r}; `mydia backup list` and System → Backups show those there are")

    def make(self, now: str) -> Backup:
        """A backup by hand; it stays until a person deletes it."""
        return self._make("by-hand-", now)

    def make_nightly(self, keep: int, now: str) -> Backup:
        """A scheduled backup; of all such the newest `keep` stay."""
        made = self._make("", now)
        # What bears a later time than now is of before the clock was set back: the oldest there is.
        nightly = [b for b in self.backups() if b.reason == "scheduled"]
        nightly.sort(key=lambda b: (b.made_at <= made.made_at, b.made_at), reverse=True)
        for old in nightly[max(1, keep) :]:
            old.path.unlink(missing_ok=True)
        return made

    def make_before(self, migration: str, now: str) -> Backup:
        """What there is before it is migrated. Of one migration the first and the newest stay: a start that fails may be tried for ever."""
        made = self._make(f"before-{migration}-", now)
        same = [b for b in self.backups() if b.name.startswith(f"{self.path.stem}-before-{migration}-")]
        for between in same[1:-1]:
            between.path.unlink(missing_ok=True)
        return made

    def _make(self, why: str, now: str) -> Backup:
        name = f"{self.path.stem}-{why}{stamp(now)}.db"
        maintenance.backup(self.path, self.directory / name, self.driver)
        return self.find(name)

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
            with file.open("rb") as content:
                beginning = content.read(16)
            with self._reading(file) as raw:
                if raw.execute("select 1 from sqlite_schema where name = 'media_items'").fetchone() is None:
                    raise Invalid(f"{file} is no database of Mydia")
                migrate.pending(_applied(raw), MIGRATIONS, lambda: migrate.last_program(raw), what=str(file))
        except OSError as error:
            raise Invalid(f"{file} cannot be read: {error.strerror or error}") from error
        except self.driver.DatabaseError as error:
            if code(error) == "SQLITE_NOTADB":
                raise Invalid(f"{file} {self._unlike(beginning)}") from error
            if code(error) == "SQLITE_CORRUPT":
                raise Invalid(f"{file} is damaged or cut off ({error}); take another backup") from error
            raise Invalid(f"{file} is no database that can be read: {error}") from error
        if wrong := maintenance.faults(file, self.driver, references=False):
            raise Invalid(f"{file} is damaged or cut off ({'; '.join(wrong[:3])}); take another backup")

    def _unlike(self, beginning: bytes) -> str:
        """What a file that begins so is, which the driver does not know for a database, and what to do with it."""
        if beginning.startswith(b"\x1f\x8b"):
            return "is no database but a compressed file; what `mydia db export` wrote, `mydia db import` takes in"
        if self.driver.key is None:
            return "is no SQLite database; if it is encrypted, set database.key (DATABASE_KEY) to its key"
        if beginning == b"SQLite format 3\0":
            return (
                "is not encrypted, but database.key is set; without the key and with another database.path it can be restored, and "
                "brought over by `mydia db export` and `mydia db import`"
            )
        return "cannot be opened with this database.key: it was made with another, or is no database"

    def compare(self, file: Path) -> Comparison:
        """What restoring this file would lose and bring back. As `check`; where there is no present database, nothing is lost."""
        self.check(file)
        with self._reading(file) as raw:
            try:
                there, untold = self._differences(raw), ""
            except self.driver.DatabaseError as error:  # which may be why it is replaced
                there, untold = (), str(error)
            missing = migrate.pending(_applied(raw), MIGRATIONS, lambda: None)
            last = raw.execute("select at from main.events order by seq desc limit 1").fetchone()
            program = migrate.last_program(raw) or "unknown"
            return Comparison(file.name, program, last and last[0], tuple(missing), there, untold)

    def _differences(self, raw: sqlite3.Connection) -> tuple[Difference, ...]:
        """Of the database that is open, to the present one; none where there is no present one."""
        there = self.path.exists() and self.path.stat().st_size > 0
        if not there:
            return ()
        key = f" key {self.driver.literal(self.path)}" if self.driver.key is not None else ""
        raw.execute(f"attach :present as present{key}", {"present": _uri(self.path)})
        if not _has(raw, "present", "media_items"):
            return ()
        return tuple(_difference(raw, *each) for each in COMPARED)

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
        try:
            with part_of(self.staged) as part:
                maintenance.copy(file, part, self.driver)
                with contextlib.closing(self.driver.connect(part)) as raw:
                    # Nothing of it is needed where this is killed; and a journal that outlived it would be another file's.
                    raw.execute("pragma journal_mode = memory").fetchall()
                    count_on(raw, self.last_numbers())
                self.offer(part)
        except (OSError, self.driver.Error) as error:
            raise Unavailable(f"{file} cannot be laid ready as {self.staged}: {error}") from error

    def offer(self, copy: Path) -> None:
        """Give a complete database file in the same folder the name under which it will be taken."""
        try:
            sync(copy)
            copy.replace(self.staged)
            sync(self.path.parent)
        except OSError as error:
            raise Unavailable(f"{copy} cannot be laid ready: {error.strerror or error}") from error

    def ready_since(self) -> str | None:
        """As kept.Keeping: a daemon that starts for another reason, weeks later, would take it too."""
        try:
            return datetime.fromtimestamp(self.staged.stat().st_mtime, UTC).isoformat()[:19] + "Z"
        except FileNotFoundError:
            return None

    def withdraw(self) -> None:
        try:
            self.staged.unlink()
            sync(self.path.parent)
        except FileNotFoundError:
            raise NotFound("nothing lies ready to be restored") from None

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
            sync(self.path.parent)  # a power cut may undo what was not synced, and keep what came after it
            self.staged.replace(self.path)
            self.driver.forget(self.path)
            sync(self.path.parent)
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
                sync(self.directory)
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS):
                raise
            maintenance.backup(self.path, former, self.driver)
        return former

    def _keep_as_it_is(self) -> Path:
        former = self._name_for_it()
        for ending in (*_ASIDE, ""):  # what has the name last has all of it
            with contextlib.suppress(FileNotFoundError), part_of(former) as part:
                shutil.copyfile(self.path.with_name(self.path.name + ending), part)
                sync(part)
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


def _difference(raw: sqlite3.Connection, what: str, table: str, key: str, called: str) -> Difference:
    """Either may be of a program that did not have this table yet: it has no row of it."""
    where = _ONLY.get(what, "1 = 1")

    def rows(schema: str) -> str:
        if _has(raw, schema, table):
            return f"select {key} from {schema}.{table} where {where}"  # noqa: S608 - our own names
        return f"select {', '.join('null' for _ in key.split(','))} where 1 = 0"

    def count(sql: str) -> int:
        return int(raw.execute(f"select count(*) from ({sql})").fetchone()[0])  # noqa: S608 - likewise

    lost, back = f"{rows('present')} except {rows('main')}", f"{rows('main')} except {rows('present')}"
    number, names = count(lost), []
    if number and called:
        first = f"select {called} from present.{table} where ({key}) in ({lost}) order by 1, {key} limit {NAMED}"  # noqa: S608 - likewise
        names = [str(name) for (name,) in raw.execute(first)]
    return Difference(what, number, count(back), tuple(names))


def _has(raw: sqlite3.Connection, schema: str, table: str) -> bool:
    sql = f"select 1 from {schema}.sqlite_schema where name = :table"  # noqa: S608 - likewise
    return raw.execute(sql, {"table": table}).fetchone() is not None


def _applied(raw: sqlite3.Connection) -> list[str]:
    return migrate.applied_to_file(Database(raw, recursive_triggers=False, execute_plugins=False))


def _uri(path: Path) -> str:
    return f"{path.absolute().as_uri()}?mode=ro"
