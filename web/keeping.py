"""What pages and the API do about whole databases: backups made, given out, put back; everything as one file."""

import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import trio
from loguru import logger
from quart import Response
from werkzeug.http import dump_options_header

from mydia.databases import whole_of
from mydia.errors import Conflict, Unavailable
from mydia.store.kept import Backup, Comparison, Keeping
from mydia.store.portable import write_export
from mydia.store.transaction import to_text
from web.policy import Visit

T = TypeVar("T")
PIECE = 256 * 1024
FORGOTTEN = 3600.0  # seconds
EXPORT = "application/gzip"
DATABASE = "application/vnd.sqlite3"
_one_at_a_time = trio.CapacityLimiter(1)  # they read all of the database, and write as much


def keeper_of(visit: Visit) -> Keeping:
    """Conflict on an engine that keeps no backups of one file."""
    keeper = visit.house.engine.keeper
    if keeper is None:
        raise Conflict(
            "This database is PostgreSQL: back it up by pg_dump, or take everything out as one file by the export."
        )
    return keeper


async def listed(visit: Visit) -> list[Backup] | None:
    """Newest first; None where the engine keeps none."""
    keeper = visit.house.engine.keeper
    return None if keeper is None else await trio.to_thread.run_sync(keeper.backups)


async def found(visit: Visit, name: str) -> Backup:
    return await trio.to_thread.run_sync(keeper_of(visit).find, name)


async def make(visit: Visit) -> Backup:
    made = await _blocking(keeper_of(visit).make, to_text(visit.house.clock.now()))
    logger.info("backup {} made by {}", made.name, visit.name)
    return made


async def delete(visit: Visit, name: str) -> None:
    await trio.to_thread.run_sync(keeper_of(visit).delete, name)
    logger.info("backup {} deleted by {}", name, visit.name)


async def compare(visit: Visit, name: str) -> Comparison:
    return await _blocking(keeper_of(visit).compare, (await found(visit, name)).path)


async def restore(visit: Visit, name: str) -> None:
    """Lay it ready, and ask the house to open anew, which takes it. The answer still goes out before the house closes."""
    await _blocking(keeper_of(visit).stage, (await found(visit, name)).path)
    logger.warning("backup {} is restored by {}", name, visit.name)
    visit.house.mail["house"].ring()


async def content(visit: Visit, name: str) -> Response:
    """A backup's bytes."""
    path = (await found(visit, name)).path
    return _file(path, name, DATABASE, (await trio.Path(path).stat()).st_size)


async def export(visit: Visit) -> Response:
    """Everything as one file. Written whole before it is sent: a slow reader must not hold an old state of the database open."""
    house = visit.house
    now = house.clock.now()
    path = house.config.data_dir.absolute() / f".export-{secrets.token_hex(8)}"

    def write() -> int:
        path.touch(mode=0o600, exist_ok=False)
        # What somebody left who hung up before the first byte, or a killed process.
        for left in path.parent.glob(".export-*"):
            if path.stat().st_mtime - left.stat().st_mtime > FORGOTTEN:
                left.unlink(missing_ok=True)
        with path.open("wb") as out, whole_of(house.config).source() as source:
            write_export(source, out, to_text(now))
        return path.stat().st_size

    try:
        size = await _blocking(write)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise Unavailable(f"The export cannot be written: {error.strerror or error}.") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    logger.info("everything is given out as one file to {}", visit.name)
    return _file(path, f"mydia-{now:%Y%m%dT%H%M%SZ}.export.gz", EXPORT, size, gone=True)


def _file(path: Path, name: str, kind: str, size: int, *, gone: bool = False) -> Response:
    response = Response(_pieces(path, gone), 200, content_type=kind)
    response.timeout = None  # a large file over a slow line takes its time
    response.headers["Content-Length"] = str(size)
    response.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": name})
    return response


async def _pieces(path: Path, gone: bool) -> AsyncIterator[bytes]:
    async with await trio.open_file(path, "rb") as file:
        if gone:
            await trio.Path(path).unlink(missing_ok=True)  # open, it can be read to its end
        while piece := await file.read(PIECE):
            yield piece


async def _blocking(work: Callable[..., T], *args: object) -> T:
    return await trio.to_thread.run_sync(work, *args, limiter=_one_at_a_time)
