"""What a query is given (`Connection`) and what the house is given (`Engine`), whichever database stands behind.

SQL is written once, in the subset SQLite and PostgreSQL share: named parameters (`:name`), `on conflict`, `returning`; bigint for every
integer and boolean; explicit `order by` with a unique tie-break, and `coalesce` around what may be null; `like` as `containing` has it;
no rowid, no `or ignore`, no `datetime()`. What the engines make alike, nobody has to think of: text is in the order of its code points,
`lower` knows ASCII alone, true is 1, a sum of integers is an integer, a parameter may be null anywhere.
"""

import dataclasses
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

from mydia.messages import Change
from mydia.store.kept import Keeping

if TYPE_CHECKING:
    from mydia.store.nodes import Seat

P = ParamSpec("P")
T = TypeVar("T")
Row = dict[str, Any]


class Cursor(Protocol):
    """What is used of a DB-API cursor."""

    @property
    def description(self) -> Sequence[Sequence[Any]] | None: ...
    @property
    def rowcount(self) -> int: ...
    def fetchall(self) -> list[Any]: ...
    def fetchone(self) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...


class Raw(Protocol):
    """What is used of a DB-API connection or, where it only reads, of a cursor.

    Statements run at once; transactions are begun and ended by SQL alone.
    """

    def execute(self, sql: str, params: Mapping[str, Any] = ..., /) -> Cursor: ...
    def executemany(self, sql: str, rows: Iterable[Mapping[str, Any]], /) -> Cursor: ...


class Connection:
    """Reads. All statements of one query see the same state of the database."""

    __slots__ = ("_raw",)

    def __init__(self, raw: Raw) -> None:
        self._raw = raw

    def all(self, sql: str, /, **params: Any) -> list[Row]:
        """Every row, as dictionaries by column name."""
        cursor = self._raw.execute(sql, params)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def rows(self, sql: str, /, **params: Any) -> list[Any]:
        """Every row, as a tuple in the order of the columns asked for: for rows that are passed on rather than looked into."""
        return self._raw.execute(sql, params).fetchall()

    def each(self, sql: str, /, **params: Any) -> Iterator[Row]:
        """Every row, one at a time: for results that need not be held as a whole. Nothing else is asked before its end."""
        cursor = self._raw.execute(sql, params)
        names = [column[0] for column in cursor.description or ()]
        return (dict(zip(names, row, strict=True)) for row in cursor)

    def one(self, sql: str, /, **params: Any) -> Row | None:
        """The first row, or None."""
        cursor = self._raw.execute(sql, params)
        row = cursor.fetchone()
        if row is None:
            return None
        return dict(zip([column[0] for column in cursor.description or ()], row, strict=True))

    def value(self, sql: str, /, **params: Any) -> Any:
        """The first column of the first row, or None."""
        row = self._raw.execute(sql, params).fetchone()
        return None if row is None else row[0]


@dataclasses.dataclass(frozen=True, slots=True)
class Done:
    """What became of one change: its value, or what it raised (and then nothing of it was kept)."""

    value: Any = None
    error: Exception | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Committed:
    """A batch that is on disk. `done` answers the first of the changes asked for; the rest found no time: ask again.

    `events` are in commit order; `wake` names the kinds of jobs that were enqueued or touched.
    """

    done: list[Done]
    events: list[Any]
    wake: frozenset[str]
    seconds: float


@dataclasses.dataclass(frozen=True, slots=True)
class StoreStatus:
    """For health pages and metrics: sizes in bytes."""

    engine: str
    version: str
    where: str
    size: int
    wal_size: int
    free: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class ReadUnderway:
    """A read under way: which query, and since when (trio's clock)."""

    query: str
    since: float


class Engine(Protocol):
    """A database. Opened before anything else of the house starts, closed after everything else has stopped.

    `node` (8 hexadecimal digits) names this daemon among all that ever opened it. Where several may share it (`shared`), what was
    committed is heard from the database, one's own changes too, so that everybody hears of everything in one order.
    """

    node: str
    shared: bool

    @property
    def keeper(self) -> Keeping | None:
        """Its backups of one file each, where the engine has such."""
        ...

    def seat(self) -> "Seat":
        """A place among those that share the database, to be taken. Invalid where nobody shares."""
        ...

    async def leads(self) -> bool:
        """Whether this daemon leads those that share the database, asked of the database itself just now. Unavailable."""
        ...

    async def open(self, now: str) -> None:
        """Take the database for this process, check it and bring its schema up to date.

        Invalid and Unavailable say in one line why that is not possible, and what to do.
        """
        ...

    async def close(self) -> None: ...

    async def read(self, query: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a query on one unchanging state of the database."""
        ...

    async def commit(self, changes: Sequence[Change], now: str) -> Committed:
        """Run changes in order, each alone in what it may undo, and make them durable together. For the db_writer only.

        Raises Unavailable when the database may not be written for now (disk full, locked by another program): nothing was kept; and
        NoAnswer where the database has gone just when it was to say whether all was.
        Anything else it raises means that the connection is broken.
        """
        ...

    async def checkpoint(self) -> None:
        """Fold what was written lately into the main file, and refresh the planner's statistics."""
        ...

    async def fold(self) -> int:
        """Fold the write-ahead log into the file and cut it off; how many bytes of it remain, because a reader still needs them."""
        ...

    async def vacuum(self) -> None:
        """Write the database anew without the room that deleted rows left. Nothing is written meanwhile.

        Unavailable, with what it would take, where the disk has no room for it; Invalid where the server sees to it by itself.
        """
        ...

    def reading(self) -> "tuple[ReadUnderway, ...]":
        """The reads under way, the longest first. One that lasts keeps the log from being folded."""
        ...

    async def check(self) -> list[str]:
        """Every fault of integrity and every broken foreign key, in words; an empty list is good news. Slow."""
        ...

    async def backup(self, keep: int, now: str) -> str:
        """Write a verified copy beside the database, keep the newest `keep`, return where it is."""
        ...

    async def status(self) -> StoreStatus: ...


def quick(query: Callable[P, T]) -> Callable[P, T]:
    """Mark a query as a short indexed read: it runs on the loop, not in a thread.

    Measured (tests/bench/store_bench.py): a point read takes 12 us on the loop and 167 us through a thread; a page of 50 takes 90 us and
    180 us. The loop stands still meanwhile, so beyond about a millisecond the thread wins: no scans, no counts over tables that grow.
    """
    query.quick = True  # type: ignore[attr-defined]  # a mark on the function itself, as pytest's and functools' are
    return query


def among(column: str, values: Iterable[Any], name: str = "in") -> tuple[str, dict[str, Any]]:
    """`column in (...)` and its parameters, since a list is no parameter: sql, params = among("state", ["a", "b"]).

    No values match no row. Two uses in one statement need two names.
    """
    params = {f"{name}_{i}": value for i, value in enumerate(values)}
    if not params:
        return "1 = 0", {}
    return f"{column} in ({', '.join(':' + key for key in params)})", params


UNHELD = "/* for update skip locked */"
"""Ends a query for rows that are about to be changed: those that somebody else holds are left out, where anybody else can hold one."""


def containing(part: str) -> str:
    """The pattern of texts that contain `part`, for `lower(column) like lower(:pattern) escape '!'`.

    Both words are needed: one engine's `like` knows no case among ASCII's letters and the other's does, and they escape differently.
    """
    return "%" + _WILD.sub(r"!\g<0>", part) + "%"


_WILD = re.compile("[!%_]")


def to_json(value: Any) -> str:
    """Compact JSON text. ASCII only, so that a lone surrogate is still valid text in every database."""
    return json.dumps(value, separators=(",", ":"), default=_plain)


def from_json(text: str | None) -> Any:
    """What `to_json` wrote; None for null."""
    return None if text is None else json.loads(text)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Set):
        return sorted(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
