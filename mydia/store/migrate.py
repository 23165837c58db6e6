"""Brings a SQLite file to this program's schema. Each migration is one transaction with its record: a killed one leaves the old state."""

import sqlite3
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version

from sqlite_utils import Database, Migrations

from mydia.errors import Invalid

SET = "mydia"
IDENTITY = "integer primary key autoincrement"


def pending(db: Database, migrations: Sequence[tuple[str, tuple[str, ...]]]) -> list[str]:
    """The names of the migrations this file lacks. Invalid when it has one that this program does not know."""
    applied = [m.name for m in Migrations(SET).applied(db)]
    known = [name for name, _ in migrations]
    newer = [name for name in applied if name not in known]
    if newer:
        version = made_by(db)
        raise Invalid(
            f"the database was made by a newer Mydia{f' ({version})' if version else ''}: it has migration {newer[-1]}, this program "
            f"knows only up to {known[-1]}; run the newer program, or restore a backup from before the upgrade"
        )
    return [name for name in known if name not in applied]


def apply(db: Database, migrations: Sequence[tuple[str, tuple[str, ...]]], now: str) -> None:
    """Run what is pending, in order, and record this program's version."""
    todo = Migrations(SET)
    for name, steps in migrations:
        todo(name=name)(_steps(steps))
    todo.apply(db)
    row = {"key": "program_version", "value": _this_program(), "now": now}
    db.execute(
        """insert into settings (key, value, updated_at) values (:key, :value, :now)
        on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at
        where settings.value <> excluded.value""",
        row,
    )


def _this_program() -> str:
    try:
        return version("mydia")
    except PackageNotFoundError:  # run from its source, not installed
        return "source"


def made_by(db: Database) -> str | None:
    """The version of the program that last opened this file, where it says so."""
    try:
        row = db.execute("select value from settings where key = 'program_version'").fetchone()
    except sqlite3.OperationalError:  # no such table: it is no database of ours, or a very new one
        return None
    return None if row is None else str(row[0])


def _steps(statements: tuple[str, ...]) -> Callable[[Database], None]:
    def steps(db: Database) -> None:
        for statement in statements:
            db.execute(statement.replace("{identity}", IDENTITY))

    return steps
