"""A PostgreSQL database by its address: how it is connected to, how the common SQL is spoken with it, and what its refusals mean.

Parameters are written into the statement by the driver (its ClientCursor), not bound by the server, which would want to know the type of
each: so `:x is null or ...` means here what it means on SQLite, and nothing has to be cast for one engine's sake.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import adapt, errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from mydia.errors import Conflict, Invalid, Unavailable
from mydia.store import dialect
from mydia.store.engine import Connection, Cursor, Row

Raw = psycopg.Connection[tuple[Any, ...]]

PORTION = 500
OLDEST = 13
WRITING = int.from_bytes(b"mydia")
"""The advisory lock that a batch or a migration holds, in whichever daemon."""

_HABITS = {
    "application_name": "mydia",
    "client_encoding": "UTF8",
    "connect_timeout": "5",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
# Trouble that passes, by SQLSTATE: no resources, an operator's deed, a lock or a transaction that took too long, read only, I/O.
_PASSING = re.compile("53...|57...|55P03|25P0[34]|25006|40P01|40001|58...|08...")


@dataclass(frozen=True, slots=True)
class Server:
    """`where` is what a person may see of the address, `hidden` what nobody may."""

    conninfo: str = field(repr=False)
    where: str
    hidden: tuple[str, ...] = field(repr=False)

    @classmethod
    def at(cls, url: str) -> "Server":
        """The database of an address (postgresql://user:password@host:port/name) or of libpq's "host=... dbname=...". Invalid when it is
        none."""
        try:
            parts: dict[str, Any] = conninfo_to_dict(url)
        except psycopg.ProgrammingError:
            raise Invalid(
                "database.url is no PostgreSQL address; it looks like postgresql://user:password@host:5432/name",
                field="database.url",
            ) from None  # the driver's message quotes the address, with its password
        host, port = parts.get("host") or "localhost", parts.get("port")
        user = f"{parts['user']}@" if parts.get("user") else ""
        where = f"{user}{host}{f':{port}' if port else ''}/{parts.get('dbname') or ''}"
        hidden = tuple(str(parts[key]) for key in ("password", "sslpassword") if parts.get(key))
        return cls(make_conninfo(**{**_HABITS, **parts}), where, hidden)

    def connect(self) -> Raw:
        """A new connection; each statement is its own transaction. Blocks. Raises psycopg.Error."""
        logging.getLogger("psycopg").setLevel(logging.ERROR)  # what it warns of is raised, too, and told here
        raw = psycopg.connect(self.conninfo, autocommit=True, cursor_factory=psycopg.ClientCursor)
        raw.prepare_threshold = None
        speak_plainly(raw)
        return raw

    def must_do(self, raw: Raw) -> None:
        """Invalid where the server is too old, or the database can't hold every text."""
        if raw.info.server_version < OLDEST * 10000:
            raise Invalid(
                f"the database {self.where} is PostgreSQL {raw.info.server_version // 10000}; Mydia needs {OLDEST} or newer",
                field="database.url",
            )
        encoding = raw.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise Invalid(
                f"the database {self.where} has the encoding {encoding}; create one with UTF8 (create database ... encoding 'UTF8' "
                "template template0)",
                field="database.url",
            )

    def said(self, error: BaseException) -> str:
        """What the driver or the server said, in one line, without the address's secrets, nor what rows hold: the server's details and
        context quote them."""
        words = (error.diag.message_primary if isinstance(error, psycopg.Error) else None) or str(error)
        line = " ".join(words.split()).removeprefix("connection failed: ") or type(error).__name__
        for secret in self.hidden:
            line = line.replace(secret, "***")
        return line

    def refusal(self, error: BaseException) -> Exception | None:
        """What an error means, where it is no bug: the same refusals in the same words as SQLite's."""
        match error:
            case errors.UniqueViolation(diag=diag):
                key = re.match(r"[^(]*\(([^=]*)\)=", diag.message_detail or "")
                columns = key[1].split(", ") if key else [diag.constraint_name or ""]
                return Conflict(f"it exists already ({', '.join(f'{diag.table_name}.{c}' for c in columns)})")
            case errors.ForeignKeyViolation() | errors.RestrictViolation():
                return Conflict("it refers to something that does not exist (any more), or that others still refer to")
            case errors.ProgramLimitExceeded():  # a path of thousands of bytes, where it is part of a key
                return Invalid(f"a text is too long to be kept: {self.said(error)}")
            case psycopg.DataError(sqlstate=None):  # the driver's: what no statement can hold
                return Invalid(f"a text cannot be kept: {self.said(error)}")
        return self.passing(error)

    def passing(self, error: BaseException) -> Unavailable | None:
        """The refusal of trouble that passes by itself, or by an operator's deed."""
        if isinstance(error, psycopg.Error) and _PASSING.fullmatch(error.sqlstate or ""):
            return Unavailable(f"the database {self.where} cannot be written now: {self.said(error)}", retry_after=5)
        return None


class Statements:
    """A connection as the store's `Raw`: it understands the common SQL. One cursor: its rows are read before the next statement."""

    def __init__(self, raw: Raw) -> None:
        self.cursor = raw.cursor()

    def execute(self, text: str, params: Mapping[str, Any] | None = None, /) -> Cursor:
        if params is None:  # the engine's own, more than one statement perhaps
            return self.cursor.execute(text)
        return self.cursor.execute(dialect.placeholders(text), params)

    def executemany(self, text: str, rows: Iterable[Mapping[str, Any]], /) -> Cursor:
        self.cursor.executemany(dialect.placeholders(text), list(rows))
        return self.cursor


class Reading(Connection):
    """`each` holds one portion of the rows, not all of them."""

    __slots__ = ("_count",)

    def __init__(self, statements: Statements) -> None:
        super().__init__(statements)
        self._count = 0

    def each(self, sql: str, /, **params: Any) -> Iterator[Row]:
        self._count += 1
        name = f"each_{self._count}"
        self._raw.execute(f"declare {name} no scroll cursor for {sql}", params)
        while portion := self.all(f"fetch {PORTION} from {name}"):
            yield from portion
        self._raw.execute(f"close {name}")


class _Truth(adapt.Loader):
    """true and false are 1 and 0, as on SQLite."""

    def load(self, data: adapt.Buffer) -> int:
        return int(bytes(data) == b"t")


class _Number(adapt.Loader):
    """Sums and averages of integers come as numeric: as int, or as float where there is a fraction."""

    def load(self, data: adapt.Buffer) -> int | float:
        text = bytes(data)
        return int(text) if text.lstrip(b"-").isdigit() else float(text)


class _Flag(adapt.Dumper):
    """True and False are stored as 1 and 0."""

    def dump(self, obj: bool) -> adapt.Buffer:
        return b"1" if obj else b"0"

    quote = dump


def speak_plainly(raw: Raw) -> None:
    """Values as SQLite gives and takes them: no booleans, no decimals."""
    raw.adapters.register_loader("bool", _Truth)
    raw.adapters.register_loader("numeric", _Number)
    raw.adapters.register_dumper(bool, _Flag)
