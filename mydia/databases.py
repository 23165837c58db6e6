"""Whole databases by what the configuration or a person calls them: for the command line, and for pages that give one out as a file."""

from pathlib import Path

from mydia.errors import Invalid
from mydia.settings.model import Config
from mydia.store.moving import Whole
from mydia.store.sqlite_whole import SqliteWhole


def whole_of(config: Config) -> Whole:
    """The configured database, seen from outside."""
    if config.database.url is not None:
        return _postgres(config.database.url.get_secret_value())
    return SqliteWhole(config.database_file, config.backup_dir, config.database_key)


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
    return SqliteWhole(path, backups, config.database_key)


def _postgres(url: str) -> Whole:
    from mydia.store.postgres_whole import PostgresWhole  # the driver is for those who use it

    return PostgresWhole(url)
