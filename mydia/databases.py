"""Databases by what the configuration or a person calls them: as the engine that the house lives on, and whole, as they are seen from
outside: by the command line, by pages that give one out as a file, and by a process of its own that reads beside the house.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from loguru import logger

from mydia.errors import Invalid
from mydia.house import House
from mydia.otp import apart
from mydia.settings.model import Config
from mydia.store.engine import Connection, Engine
from mydia.store.moving import Whole
from mydia.store.sqlite import SqliteEngine
from mydia.store.sqlite_whole import SqliteWhole

P = ParamSpec("P")
T = TypeVar("T")


def engine_of(config: Config) -> Engine:
    """The database that is configured, not yet opened: PostgreSQL where there is a `database.url`, else SQLite."""
    database = config.database
    if database.url is not None:
        # The driver's 12 MB and tenth of a second are for those who use it.
        from mydia.store.postgres import PostgresEngine

        if database.key is not None:
            logger.warning(
                "database.key encrypts SQLite files; PostgreSQL, which database.url names, knows nothing of it"
            )
        return PostgresEngine(
            database.url.get_secret_value(), synchronous=database.synchronous, readers=database.pool_size
        )
    return SqliteEngine(
        config.database_file,
        backups=config.backup_dir,
        synchronous=database.synchronous,
        wal=database.wal_mode,
        readers=database.pool_size,
        allow_network=database.allow_network_filesystem,
        key=config.database_key,
    )


def read(config: Config, query: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a query on the configured database, whether a daemon has it open or not. Blocks; refuses as `Whole.reading` does."""
    with whole_of(config).reading() as conn:
        return query(conn, *args, **kwargs)


async def read_apart(
    house: House, query: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
) -> T:
    """As `house.read`, in an OS process of its own: for a query that computes for seconds on what it reads, during which a thread would
    keep the loop waiting. It takes a third of a second longer. Query, arguments and value must be such as can be pickled."""
    return await apart(read, house.config, query, *args, **kwargs)


def whole_of(config: Config) -> Whole:
    """The configured database, seen from outside."""
    if config.database.url is not None:
        return _postgres(config.database.url.get_secret_value())
    return _file(config, config.database_file, config.backup_dir)


def whole_at(address: str, config: Config) -> Whole:
    """The database that a person names; a SQLite file has the configured key, where there is one.

    Invalid when it is of no engine that Mydia knows.
    """
    if address.startswith(("postgresql:", "postgres:")) or ("=" in address and "/" not in address.partition("=")[0]):
        return _postgres(address)
    if "://" in address:
        raise Invalid(
            f"{address.partition(':')[0]} is no engine that Mydia knows; give postgresql://..., or a path for SQLite"
        )
    path = Path(address).absolute()
    backups = config.backup_dir if path == config.database_file.absolute() else path.parent / "backups"
    return _file(config, path, backups)


def _file(config: Config, path: Path, backups: Path) -> Whole:
    allowed = config.database.allow_network_filesystem
    return SqliteWhole(path, backups, config.database_key, allow_network=allowed)


def _postgres(url: str) -> Whole:
    from mydia.store.postgres_whole import PostgresWhole  # the driver is for those who use it

    return PostgresWhole(url)
