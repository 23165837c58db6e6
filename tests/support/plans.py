"""How SQLite would go about a statement in a library of 50,000 titles and 500,000 files, without having one.

The planner knows a database by its statistics alone. at_size.txt holds those of such a house (tests/bench/large.py, with the rest of it
filled in), as the daily ANALYZE writes them; an empty database with these answers as the full one would.

Every statement that the product asks while the tests run is noted by the connections themselves (tests/conftest.py), and explained once.
"""

import re
import sqlite3
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from migrations import MIGRATIONS
from mydia.store import migrate

STATISTICS = Path(__file__).with_name("at_size.txt")
MANY = 5000
"""Rows that nobody reads at once, but for the few of `WHOLE`."""
SHARED = frozenset({
    "root_id", "type", "state", "status", "kind", "queue", "monitored", "lacking", "quality_profile_id", "air_date", "provider",
    "download_client", "created_at",
})  # fmt: skip
"""Columns of which thousands of rows have the same value: by these alone no few rows are found."""
FEW = {
    "jobs": frozenset(("available", "scheduled", "retryable", "executing")),
    "downloads": frozenset(("pending", "downloading", "completed", "importing", "held")),
    "import_journal": frozenset(("intent",)),
    "trash": frozenset(("intent",)),
    "renames": frozenset(("intent",)),
}
"""But few rows are ever in these states."""
WHOLE = tuple(
    re.compile(pattern)
    for pattern in (
        # Counted along an index, in a thread: for a page of numbers, a measure, a scan.
        r"select count\(\*\)(, coalesce\(sum\(size\), 0\))? from \w+( where [^()]*)?$",
        r"select count\(distinct media_item_id\) from slots where quality_profile_id = :p$",
        r"select quality_profile_id as id, count\(\*\) as n from slots group by",
        r"select kind, state, count\(\*\) as n from jobs group by kind, state",
        # A part of a name is looked for in every name.
        r".* like (lower\()?:(q|part)\)? escape '!'",
        # The work lists of the download monitor: what has not ended, what its clients may still hold.
        r"select \* from downloads where status in \(:in_0\) order by",
        r"select d\.\* from downloads d where d.status in \('imported', 'failed', 'cancelled'\) and d.removed_at is null",
        # All that is trash, once a day; what was imported since a file was marked, which is on its way to the trash.
        r".* over \(order by created_at desc, id desc\) as held from trash",
        r"select relative_path from import_journal where root_id = :root and id > :id$",
    )
)
_STEP = re.compile(r"(SCAN|SEARCH) (\w+)(?: USING (?:COVERING )?INDEX (\w+)(?: \((.*)\))?)?")
_STATE = re.compile(r"\b(?:(\w+)\.)?(?:state|status) (?:=|in) \(?((?:'\w+'(?:, )?)+)")
_NAMED = re.compile(r"\b(?:from|join|update|into)\s+(\w+)(?:\s+(?:as\s+)?(\w+))?", re.IGNORECASE)
_LIST = re.compile(r"(:\w+?)_\d+(?:, :\w+?_\d+)*")
_OURS = ("/mydia/store/engine.py", "/mydia/store/transaction.py")
_TESTS = f"{Path(__file__).parents[1]}/"

noted: set[str] = set()
"""Statements since they were last explained."""
_known: set[str] = set()


class _Cursor(sqlite3.Cursor):
    def execute(self, sql: str, parameters: Any = (), /) -> "_Cursor":
        if sql not in _known:
            _note(sql)
        super().execute(sql, parameters)
        return self

    def executemany(self, sql: str, parameters: Any, /) -> "_Cursor":
        if sql not in _known:
            _note(sql)
        super().executemany(sql, parameters)
        return self


class Noting(sqlite3.Connection):
    """A connection that notes what the product asks by it; what tests ask by it is their own."""

    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        if sql not in _known:
            _note(sql)
        return super().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Any, /) -> Any:
        if sql not in _known:
            _note(sql)
        return super().executemany(sql, parameters)


def _note(sql: str) -> None:
    frame: Any = sys._getframe(2)
    if not frame.f_code.co_filename.endswith(_OURS):
        return
    while frame.f_code.co_filename.endswith(_OURS):
        frame = frame.f_back
    if not frame.f_code.co_filename.startswith(_TESTS):
        _known.add(sql)
        noted.add(sql)


def walks(statements: set[str]) -> list[str]:
    """What of these reads a large table through, or more of it than anybody looks at; each with its plan."""
    found = []
    for sql in sorted({" ".join(_LIST.sub(r"\1_0", each).split()) for each in statements}):
        for house in (_in_a_large_house(), _in_a_new_house()):
            plan = tuple(row[3] for row in house.execute(f"explain query plan {sql}", _Anything()))
            if any(_is_walk(sql, step, plan) for step in plan) and not any(pattern.match(sql) for pattern in WHOLE):
                found.append("\n    ".join([sql, *plan]))
                break
    return found


def _is_walk(sql: str, step: str, plan: tuple[str, ...]) -> bool:
    if "AUTOMATIC" in step:
        return True
    how = _STEP.match(step)
    if how is None or "1 = 0" in sql or "INTEGER PRIMARY KEY" in step or step.split() == ["SEARCH", how[2]]:
        return False  # its rows are none, or one by its number; or the first or the last
    _, name, index, by = how.groups()
    table = _tables(sql).get(name, name)
    if rows_of(index or table) < MANY or _is_of_few(sql, name, table):
        return False
    if by is not None and not {part.rstrip("=") for part in re.findall(r"\w+=", by)} <= SHARED:
        return False
    return "limit " not in sql or any("TEMP B-TREE FOR ORDER BY" in each for each in plan)


def _tables(sql: str) -> dict[str, str]:
    """The tables of a statement by their names in it."""
    named = _NAMED.findall(sql)
    return {table: table for table, _ in named} | {alias or table: table for table, alias in named}


def _is_of_few(sql: str, name: str, table: str) -> bool:
    """Whether it asks only for rows of a table that are in states in which few are."""
    asked = [states for of, states in _STATE.findall(sql) if of in (name, "")]
    return bool(asked) and all(set(re.findall(r"'(\w+)'", states)) <= FEW.get(table, frozenset()) for states in asked)


def rows_of(name: str) -> int:
    """How many rows a table or an index has at that size; 0 where it has no statistics."""
    return _sizes().get(name, 0)


@cache
def _sizes() -> Mapping[str, int]:
    sizes: dict[str, int] = {}
    for table, index, rows, *_ in map(str.split, STATISTICS.read_text("ascii").splitlines()):
        sizes[index] = int(rows)
        sizes[table] = max(sizes.get(table, 0), int(rows))
    return sizes


@cache
def _in_a_large_house() -> sqlite3.Connection:
    raw = _in_a_new_house.__wrapped__()
    raw.execute("analyze")
    raw.execute("delete from sqlite_stat1")
    lines = (line.split(" ", 2) for line in STATISTICS.read_text("ascii").splitlines())
    raw.executemany("insert into sqlite_stat1 (tbl, idx, stat) values (?, ?, ?)", lines)
    raw.execute("analyze sqlite_schema")  # by which they are read
    return raw


@cache
def _in_a_new_house() -> sqlite3.Connection:
    """Where nothing was looked through yet, as on the day on which a large library is first walked."""
    raw = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False, factory=sqlite3.Connection)
    migrate.apply_to_file(Database(raw, recursive_triggers=False, execute_plugins=False), MIGRATIONS)
    return raw


class _Anything(dict[str, Any]):
    """A value for every parameter: plans do not look at them."""

    def __missing__(self, key: str) -> None:
        return None
