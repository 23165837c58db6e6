"""Brings a database to this program's schema. Each migration is one transaction with its record: a killed one leaves the old state.

What is pending, and what is too new, is decided here for every engine; the running itself is sqlite-utils' on SQLite, postgres.py's there.
"""

from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version

from sqlite_utils import Database, Migrations

from mydia.errors import Invalid
from mydia.store.engine import Connection, Raw

SET = "mydia"
IDENTITY = "integer primary key autoincrement"
Migration = tuple[str, tuple[str, ...]]


def pending(
    applied: Sequence[str],
    migrations: Sequence[Migration],
    made_by: Callable[[], str | None],
    what: str = "the database",
) -> list[str]:
    """The names of the migrations that a database lacks. Invalid when it has one that this program does not know; `what` it calls it."""
    known = [name for name, _ in migrations]
    newer = [name for name in applied if name not in known]
    if newer:
        program = made_by()
        raise Invalid(
            f"{what} was made by a newer Mydia{f' ({program})' if program else ''}: it has migration {newer[-1]}, this program "
            f"knows only up to {known[-1]}; run the newer program, or restore a backup from before the upgrade"
        )
    return [name for name in known if name not in applied]


def refuse_older(applied: Sequence[str], migrations: Sequence[Migration], made_by: Callable[[], str | None]) -> None:
    """As `pending`, for who only reads: Invalid also when the database lacks a migration."""
    lacking = pending(applied, migrations, made_by)
    if lacking:
        raise Invalid(
            f"the database has not yet been brought up to this program's schema (it lacks migration {lacking[0]}); start the daemon once"
        )


def remember_program(raw: Raw, now: str) -> bool:
    """Keep this program's version, for the refusal of an older one; whether it was another."""
    kept = raw.execute(
        """insert into settings (key, value, updated_at) values ('program_version', :value, :now)
        on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at
        where settings.value <> excluded.value""",
        {"value": _this_program(), "now": now},
    )
    return kept.rowcount > 0


def remember_arrival(raw: Raw, content: str, now: str) -> None:
    """Keep which content has come in, where it was changed to bring it up to date: it cannot be known by its rows any more."""
    raw.execute(
        """insert into settings (key, value, updated_at)
        values ('brought_in', :content || ' ' || cast((select coalesce(max(seq), 0) from events) as text), :now)
        on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at""",
        {"content": content, "now": now},
    )


def arrived(conn: Connection) -> str | None:
    """The content that came in and was brought up to date, while nothing has happened since."""
    content, _, event = str(conn.value("select value from settings where key = 'brought_in'") or "").rpartition(" ")
    return content if content and event == str(conn.value("select coalesce(max(seq), 0) from events")) else None


def last_program(raw: Raw) -> str | None:
    """The version of the program that last opened this database, where it says so. There is a table `settings`."""
    value = Connection(raw).value("select value from settings where key = 'program_version'")
    return None if value is None else str(value)


def applied_to_file(db: Database) -> list[str]:
    """The names of the migrations that a SQLite file has, in the order they came."""
    return [migration.name for migration in Migrations(SET).applied(db)]


def apply_to_file(db: Database, migrations: Sequence[Migration]) -> None:
    """Run what a SQLite file lacks, in order."""
    todo = Migrations(SET)
    for name, steps in migrations:
        todo(name=name)(_steps(steps))
    todo.apply(db)


def _this_program() -> str:
    try:
        return version("mydia")
    except PackageNotFoundError:  # run from its source, not installed
        return "source"


def _steps(statements: tuple[str, ...]) -> Callable[[Database], None]:
    def steps(db: Database) -> None:
        for statement in statements:
            db.execute(statement.replace("{identity}", IDENTITY))

    return steps
