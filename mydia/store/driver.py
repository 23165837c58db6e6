"""SQLite's driver: the standard library's, or SQLCipher's where there is a key, which then stands first on every connection.

SQLCipher speaks the same interface with exception classes of its own, so whoever catches asks the driver for them.
"""

import hashlib
import os
import re
import sqlite3
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from mydia.errors import Invalid

_RAW = re.compile("[0-9a-fA-F]{64}")
_ROUNDS = 256_000  # SQLCipher 4's own, so that its command line opens the file with the same passphrase
_CONSTRAINTS = {"UNIQUE": "SQLITE_CONSTRAINT_UNIQUE", "FOREIGN KEY": "SQLITE_CONSTRAINT_FOREIGNKEY"}


@dataclass(frozen=True, slots=True)
class Driver:
    """`key` is a passphrase, or 64 hexadecimal digits that are the key itself; None for a file that is not encrypted."""

    key: str | None = field(default=None, repr=False)

    def need(self) -> None:
        """Invalid when there is a key and SQLCipher is not installed."""
        _ = self.module

    @property
    def module(self) -> Any:
        """The DB-API module. Invalid as `need`."""
        if self.key is None:
            return sqlite3
        try:
            return import_module("sqlcipher3.dbapi2")
        except ImportError as error:
            raise Invalid(
                "database.key is set, but SQLCipher is not installed: pip install 'mydia[encryption]'",
                field="database.key",
            ) from error

    @property
    def Error(self) -> type[Exception]:  # noqa: N802 - as the DB-API calls it
        return self.module.Error  # type: ignore[no-any-return]  # the module is one of two

    @property
    def DatabaseError(self) -> type[Exception]:  # noqa: N802 - likewise
        return self.module.DatabaseError  # type: ignore[no-any-return]  # likewise

    @property
    def OperationalError(self) -> type[Exception]:  # noqa: N802 - likewise
        return self.module.OperationalError  # type: ignore[no-any-return]  # likewise

    @property
    def IntegrityError(self) -> type[Exception]:  # noqa: N802 - likewise
        return self.module.IntegrityError  # type: ignore[no-any-return]  # likewise

    def connect(self, path: Path, *, read_only: bool = False) -> sqlite3.Connection:
        """A connection for any one thread at a time; each statement is its own transaction."""
        if self.key is not None and not read_only:
            path.touch(mode=0o600)
            _SALTS[path.absolute()] = _salt(path)
        raw: sqlite3.Connection = self.module.connect(
            f"{path.absolute().as_uri()}{'?mode=ro' if read_only else ''}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
            timeout=5.0,
        )
        if self.key is not None:
            raw.execute("pragma cipher_log_level = none")  # what is wrong is raised; it need not be printed too
            raw.execute(f"pragma key = {self.literal(path)}")
        return raw

    def literal(self, path: Path) -> str:
        """The key of the file at `path` as SQL takes it: after `pragma key =`, and after `attach ... key`."""
        key = self.key or ""
        if not key or _RAW.fullmatch(key):
            return f"\"x'{key}'\"" if key else "''"
        # A passphrase is stretched once for each file, not on each connection.
        salt = _SALTS.get(path.absolute()) or _salt(path)
        return f"\"x'{_stretched(key, salt).hex()}{salt.hex()}'\""

    def forget(self, path: Path) -> None:
        """Another file bears this name from here on. Nobody may have either open."""
        _SALTS.pop(path.absolute(), None)


PLAIN = Driver()
# How the encrypted files begin that this process has opened to write. They are not read again: closing a file that SQLite has open
# would drop SQLite's locks on it.
_SALTS: dict[Path, bytes] = {}


def _salt(path: Path) -> bytes:
    """The first bytes of an encrypted file, with which its passphrase is stretched; of a new one, chance's."""
    with path.open("rb") as file:
        return file.read(16).ljust(16, b"\0") if path.stat().st_size else os.urandom(16)


@lru_cache(maxsize=32)
def _stretched(passphrase: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", passphrase.encode(), salt, _ROUNDS, 32)


def code(error: BaseException) -> str:
    """SQLite's name of what went wrong ("SQLITE_FULL"), or nothing. SQLCipher's driver leaves out which constraint or access it was."""
    name = str(getattr(error, "sqlite_errorname", "") or "")
    if name == "SQLITE_IOERR":
        # A quota's end is what people meet and cure. Where it was another access the change is undone as well, and the next is tried anew.
        return "SQLITE_IOERR_WRITE"
    if name == "SQLITE_CONSTRAINT":
        return _CONSTRAINTS.get(str(error).partition(" constraint")[0], name)
    return name
