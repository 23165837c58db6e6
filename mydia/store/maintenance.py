"""Care of a SQLite file: verified copies, and checks that read every page. Plain blocking functions, for threads."""

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

from mydia.errors import Unavailable
from mydia.store.driver import PLAIN, Driver
from mydia.store.place import make_folder

SPARE = 16 << 20
"""Bytes that remain free beside what a vacuum takes."""


def connect_to_read(path: Path, driver: Driver = PLAIN) -> sqlite3.Connection:
    """A connection that cannot write, and never checkpoints: only the writer's does (SQLite before 3.51.3 may corrupt the file
    when two connections reset the write-ahead log at once)."""
    raw = driver.connect(path, read_only=True)
    raw.execute("pragma wal_autocheckpoint = 0")
    return raw


def faults(path: Path, driver: Driver = PLAIN) -> list[str]:
    """Every fault that integrity_check and foreign_key_check find, in words; at most a hundred of the former."""
    raw = connect_to_read(path, driver)
    try:
        found = [str(row[0]) for row in raw.execute("pragma integrity_check(100)") if row[0] != "ok"]
        for table, row_id, parent, _ in raw.execute("pragma foreign_key_check"):
            found.append(f"row {row_id} of {table} refers to a row of {parent} that does not exist")
    except driver.DatabaseError as error:
        found = [str(error)]
    finally:
        raw.close()
    return found


def analyze(raw: sqlite3.Connection) -> None:
    """Refresh what the planner knows of the tables."""
    raw.execute("pragma analysis_limit = 1000")
    raw.execute("analyze")


def fold(raw: sqlite3.Connection) -> None:
    """Fold the log into the file and cut it off, by the writer's connection."""
    # Readers that are busy right now keep the log from being emptied; they must not hold up the writer for it.
    raw.execute("pragma busy_timeout = 100")
    raw.execute("pragma wal_checkpoint(truncate)").fetchall()
    raw.execute("pragma busy_timeout = 5000")


def vacuum(raw: sqlite3.Connection, path: Path) -> None:
    """Write the file anew, by the writer's connection. Unavailable where its disk has no room for the copy and the log of it."""
    size = path.stat().st_size
    needed, free = 2 * size + SPARE, shutil.disk_usage(path.parent).free
    if free < needed:
        raise Unavailable(
            f"there is no room to write the database {path} anew: that takes {needed >> 20} MiB, and its disk has {free >> 20} MiB left",
            retry_after=86400,
        )
    # The copy would lie in memory otherwise; and beside the database there is room for it, as has just been seen.
    raw.execute("pragma temp_store = file")
    try:
        raw.execute("vacuum")
    finally:
        raw.execute("pragma temp_store = memory")
    fold(raw)


def backup(path: Path, directory: Path, name: str, driver: Driver = PLAIN) -> Path:
    """Write a compact copy of the database at `path` to `directory/name`, verified by reading all of it; the path of the copy.

    The copy is one state of the database, taken without holding up the writer, and has its key. It bears its name only once it is whole
    and on disk.
    Unavailable when it cannot be written or does not verify; then nothing is left behind.
    """
    target, part = directory / name, directory / f".{name}.part"
    try:
        make_folder(directory)
        part.unlink(missing_ok=True)
        raw = connect_to_read(path, driver)
        try:
            raw.execute("vacuum into :part", {"part": str(part)})
        finally:
            raw.close()
        part.chmod(0o600)
        wrong = faults(part, driver)
        if wrong:
            raise Unavailable(f"the backup of {path} did not verify: {'; '.join(wrong[:3])}")
        sync(part)
        part.replace(target)
        sync(directory)
    except (OSError, driver.Error) as error:
        raise Unavailable(f"no backup of {path} could be written to {target}: {error}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return target


def keep_newest(directory: Path, prefix: str, keep: int) -> list[Path]:
    """Delete all but the newest `keep` backups of this name, and return the deleted. Names end in their time, so they sort by age."""
    old = sorted(directory.glob(f"{prefix}-[0-9]*.db"), reverse=True)[max(1, keep) :]
    for path in old:
        path.unlink(missing_ok=True)
    return old


def sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
