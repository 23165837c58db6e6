"""A whole database as rows, whichever engine holds it: read from a database, written to a file, read from that file again.

The file is gzip of JSON lines (with Infinity as Python spells it), version 1:

    {"mydia": "database", "format": 1, "program": "0.1.0", "made_at": "2026-01-31T...", "migrations": ["0001_house", ...],
     "tables": [{"name": "users", "columns": ["id", ...], "rows": 2}, ...], "numbered": {"events": 4711}}
    ["0199...", "admin", ...]                          each row of each table, tables as listed, rows in the order of their key
    {"sha256": {"users": "...", ...}, "all": "..."}    of each table's lines, and of every line before this one

Tables stand in an order in which no row refers to one that comes later. `numbered` holds the last number that a database gave by itself,
so that it goes on from there. Nothing is ever held as a whole: rows travel in chunks.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from migrations import MIGRATIONS
from mydia.errors import Invalid
from mydia.store import migrate
from mydia.store.engine import Connection
from mydia.store.schema import Steps, Table, at, key_of, pages_of, problems, schema_of

FORMAT = 1
CHUNK = 2000
LONGEST = 64 << 20  # characters of one line: what is longer is no row of ours
NO_EXPORT = "it is no export of a Mydia database"
CUT_OFF = "it ends before its end: the rest is missing"
LEVEL = 4  # of compression: a third of the time of the usual 6, for a tenth more bytes
_encode = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows as values and as the lines they are in a file. Two engines that hold the same rows give the same lines."""

    rows: list[Any]
    lines: bytes


class Source(Protocol):
    """Where rows come from. `origin` is the same only where the rows are thought to be."""

    @property
    def origin(self) -> str: ...
    @property
    def migrations(self) -> Steps:
        """The schema that the rows are in."""
        ...

    @property
    def counts(self) -> Mapping[str, int]: ...
    @property
    def numbered(self) -> Mapping[str, int]: ...
    def chunks(self, table: Table) -> Iterator[Chunk]:
        """All of a table. To be asked for every table in order, and read to its end."""
        ...

    def check(self) -> None:
        """After the last table. Invalid when what came was not what was meant, Unavailable when it may not be all any more."""
        ...


class DatabaseSource:
    """The rows that one query sees. `numbered` is what the engine says of its own counting (see moving.Whole); `check` is asked in the
    end, see Source; `arrived` is what these rows were made of when they came in, see migrate."""

    def __init__(
        self,
        conn: Connection,
        applied: tuple[str, ...],
        numbered: Mapping[str, int],
        origin: str,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._conn, self.check = conn, check
        self.origin = origin
        self.migrations = at(MIGRATIONS, applied)
        self.numbered = numbered
        self.arrived = migrate.arrived(conn)
        self.program = str(conn.value("select value from settings where key = 'program_version'") or "unknown")
        self.counts = {t.name: int(conn.value(f"select count(*) from {t.name}")) for t in schema_of(self.migrations)}  # noqa: S608 - our own names

    def chunks(self, table: Table) -> Iterator[Chunk]:
        return read_table(self._conn, table)


def read_table(conn: Connection, table: Table) -> Iterator[Chunk]:
    """All rows of a table in the order of its key."""
    first, following = pages_of(table, CHUNK)
    places = key_of(table)
    rows = conn.rows(first)
    while rows:
        yield Chunk(rows, lines_of(rows))
        if len(rows) < CHUNK:
            return
        rows = conn.rows(following, **{f"after_{i}": rows[-1][place] for i, place in enumerate(places)})


def lines_of(rows: list[Any]) -> bytes:
    return "".join([_encode(row) + "\n" for row in rows]).encode("ascii")


# -- writing a file ----------------------------------------------------------------------------------------------------------


def write_export(source: DatabaseSource, out: BinaryIO, now: str) -> int:
    """Write all rows to a file that is open; how many."""
    tables = schema_of(source.migrations)
    head = {
        "mydia": "database",
        "format": FORMAT,
        "program": source.program,
        "made_at": now,
        "migrations": [name for name, _ in source.migrations],
        "tables": [{"name": t.name, "columns": t.columns, "rows": source.counts[t.name]} for t in tables],
        "numbered": dict(source.numbered),
    }
    everything, each = hashlib.sha256(), {}
    with gzip.GzipFile("", "wb", LEVEL, out, mtime=0) as packed:
        line = _encode(head).encode("ascii") + b"\n"
        everything.update(line)
        packed.write(line)
        for table in tables:
            digest = hashlib.sha256()
            for chunk in source.chunks(table):
                digest.update(chunk.lines)
                everything.update(chunk.lines)
                packed.write(chunk.lines)
            each[table.name] = digest.hexdigest()
        packed.write(_encode({"sha256": each, "all": everything.hexdigest()}).encode("ascii") + b"\n")
    return sum(source.counts.values())


# -- reading a file ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Head:
    """What a file says of itself."""

    program: str
    made_at: str
    migrations: Steps
    counts: dict[str, int]
    numbered: dict[str, int]
    origin: str


class FileSource:
    """The rows of an export. Invalid as soon as the file turns out to be something else, cut off, or changed."""

    def __init__(self, name: str, file: BinaryIO | gzip.GzipFile) -> None:
        self._name, self._file = name, file
        self._all = hashlib.sha256()
        self._each: dict[str, str] = {}
        line = self._line(NO_EXPORT)
        self._all.update(line)
        self.head = self._read_head(line)
        self.origin, self.migrations = self.head.origin, self.head.migrations
        self.counts, self.numbered = self.head.counts, self.head.numbered

    def chunks(self, table: Table) -> Iterator[Chunk]:
        digest, left = hashlib.sha256(), self.counts[table.name]
        while left:
            lines = [self._line() for _ in range(min(CHUNK, left))]
            left -= len(lines)
            text = b"".join(lines)
            digest.update(text)
            self._all.update(text)
            yield Chunk([self._row(table, line) for line in lines], text)
        self._each[table.name] = digest.hexdigest()

    def check(self) -> None:
        said = self._json(self._line())
        if said != {"sha256": self._each, "all": self._all.hexdigest()}:
            raise self._no("its checksums are not those of its rows: it was changed or damaged after it was written")
        if self._raw_line():
            raise self._no("something follows its end")

    def _row(self, table: Table, line: bytes) -> list[Any]:
        row = self._json(line)
        for problem in problems(table, row):
            raise self._no(problem)
        good: list[Any] = row
        return good

    def _read_head(self, line: bytes) -> Head:
        said = self._json(line, NO_EXPORT)
        if not isinstance(said, dict) or said.get("mydia") != "database":
            raise self._no(NO_EXPORT)
        newer = f"it was written by a newer Mydia ({said.get('program', 'unknown')}): import it with that one"
        if said.get("format") != FORMAT:
            raise self._no(f"{newer}; its format is {said.get('format')}, this program reads {FORMAT}")
        try:
            names = [str(name) for name in said["migrations"]]
            tables = {t["name"]: (tuple(t["columns"]), t["rows"]) for t in said["tables"]}
            numbered = {str(name): int(last) for name, last in said["numbered"].items()}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._no("its first line is damaged") from error
        if unknown := [name for name in names if name not in dict(MIGRATIONS)]:
            raise self._no(f"{newer}; its database has migration {unknown[-1]}")
        migrations = at(MIGRATIONS, names)
        known = {t.name: t for t in schema_of(migrations)}
        fits = list(tables) == list(known) and all(
            columns == known[name].columns and type(n) is int and n >= 0 for name, (columns, n) in tables.items()
        )
        if not fits or not set(numbered) <= {t.name for t in known.values() if t.numbered}:
            raise self._no("its tables are not those of its migrations")
        origin = f"file {hashlib.sha256(line).hexdigest()}"
        counts = {name: n for name, (_, n) in tables.items()}
        return Head(str(said.get("program")), str(said.get("made_at")), migrations, counts, numbered, origin)

    def _line(self, otherwise: str = CUT_OFF) -> bytes:
        line = self._raw_line(otherwise)
        if not line.endswith(b"\n"):
            raise self._no(otherwise)
        return line

    def _raw_line(self, otherwise: str = CUT_OFF) -> bytes:
        try:
            return self._file.readline(LONGEST)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise self._no(
                otherwise if isinstance(error, EOFError) else f"it is no export, or damaged: {error}"
            ) from error
        except OSError as error:
            raise self._no(f"it cannot be read: {error.strerror or error}") from error

    def _json(self, line: bytes, otherwise: str = "a line of it is damaged") -> Any:
        try:
            return json.loads(line)
        except (ValueError, RecursionError) as error:
            raise self._no(otherwise) from error

    def _no(self, why: str) -> Invalid:
        return Invalid(f"{self._name} cannot be imported: {why}")


@contextmanager
def open_export(path: Path) -> Iterator[FileSource]:
    """An export, ready to be read once. Invalid says in one line what is wrong with it."""
    try:
        opened = gzip.open(path, "rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror or error}") from error
    with opened as file:
        yield FileSource(str(path), file)
