"""Care of a SQLite file: verified copies, and checks that read every page. Plain blocking functions, for threads."""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from mydia.errors import Unavailable
from mydia.store.driver import PLAIN, Driver
from mydia.store.place import make_folder, part_of, sync

SPARE = 16 << 20
"""Bytes that remain free beside what a vacuum takes."""


def connect_to_read(path: Path, driver: Driver = PLAIN) -> sqlite3.Connection:
    """A connection that cannot write, and never checkpoints: only the writer's does (SQLite before 3.51.3 may corrupt the file
    when two connections reset the write-ahead log at once)."""
    raw = driver.connect(path, read_only=True)
    raw.execute("pragma wal_autocheckpoint = 0")
    return raw


def faults(path: Path, driver: Driver = PLAIN, *, references: bool = True) -> list[str]:
    """Every fault that integrity_check and foreign_key_check find, one line each; at most a hundred of the former. Without `references`
    the former's alone: a reference to nothing is what a file holds, not what befell it."""
    raw = connect_to_read(path, driver)
    try:
        found = told_by(raw.execute("pragma integrity_check(100)"))
        for table, row_id, parent, _ in raw.execute("pragma foreign_key_check") if references else ():
            found.append(f"row {row_id} of {table} refers to a row of {parent} that does not exist")
    except driver.DatabaseError as error:
        found = [str(error)]
    finally:
        raw.close()
    return found


def told_by(rows: Iterable[tuple[str]]) -> list[str]:
    """The faults that SQLite's integrity_check or quick_check tells, one line each: of a torn file it tells a hundred in one row."""
    lines = [line for (text,) in rows for line in str(text).splitlines()]
    return [line for line in lines if line != "ok" and not line.startswith("***")]


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


def backup(path: Path, target: Path, driver: Driver = PLAIN) -> Path:
    """Write a compact copy of the database at `path` to `target`, verified by reading all of it; `target`.

    The copy is one state of the database, taken without holding up the writer, and has its key. It bears its name only once it is whole
    and on disk.
    Unavailable when it cannot be written or does not verify; then nothing is left behind.
    """
    try:
        make_folder(target.parent)
        with part_of(target) as part:
            copy(path, part, driver)
            sync(part)
            part.replace(target)
        sync(target.parent)
    except (OSError, driver.Error) as error:
        raise Unavailable(f"no backup of {path} could be written to {target.parent}: {error}") from error
    return target


def copy(path: Path, empty: Path, driver: Driver = PLAIN) -> None:
    """Fill an empty file with the database at `path`, and read all of it. Unavailable when it does not verify; errors as they come."""
    with contextlib.closing(connect_to_read(path, driver)) as raw:
        raw.execute("vacuum into :empty", {"empty": str(empty)})
    if wrong := faults(empty, driver, references=False):
        raise Unavailable(f"the backup of {path} did not verify: {'; '.join(wrong[:3])}")
