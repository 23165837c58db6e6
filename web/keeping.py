"""What pages and the API do about whole databases: backups made, given out, put back; everything as one file."""

import os
import tempfile
from collections.abc import AsyncIterator, Callable
from typing import BinaryIO, TypeVar

import trio
from loguru import logger
from quart import Response
from werkzeug.http import dump_options_header

from mydia.databases import whole_of
from mydia.errors import Conflict, NotFound, Unavailable
from mydia.store.kept import Backup, Comparison, Keeping
from mydia.store.portable import write_export
from mydia.store.transaction import to_text
from web.policy import Visit

T = TypeVar("T")
PIECE = 256 * 1024
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


async def ready_since(visit: Visit) -> str | None:
    """Since when a backup lies ready for the next start, as the command line leaves it; None: none does."""
    keeper = visit.house.engine.keeper
    return None if keeper is None else await trio.to_thread.run_sync(keeper.ready_since)


async def take_ready(visit: Visit) -> None:
    """Have the house open anew on what lies ready. NotFound when nothing does."""
    if await ready_since(visit) is None:
        raise NotFound("Nothing lies ready to be restored.")
    logger.warning("what lay ready is restored by {}", visit.name)
    visit.house.mail["house"].ring()


async def withdraw(visit: Visit) -> None:
    await trio.to_thread.run_sync(keeper_of(visit).withdraw)
    logger.info("what lay ready is taken back by {}", visit.name)


async def content(visit: Visit, name: str) -> Response:
    """A backup's bytes; to their end, also when it is deleted meanwhile."""
    path = (await found(visit, name)).path
    try:
        file = await trio.to_thread.run_sync(path.open, "rb")
    except FileNotFoundError:
        raise NotFound(f"The backup {name} has just been deleted.") from None
    except OSError as error:
        raise Unavailable(f"The backup {name} cannot be read: {error.strerror or error}.") from error
    return _file(file, name, DATABASE)


async def export(visit: Visit) -> Response:
    """Everything as one file. Written whole before it is sent: a slow reader must not hold an old state of the database open."""
    house = visit.house
    now = house.clock.now()

    def write() -> BinaryIO:
        # Without a name, it is gone when it is closed, however that comes.
        file = tempfile.TemporaryFile(dir=house.config.data_dir)  # noqa: SIM115 - closed when it has been sent
        try:
            with whole_of(house.config).source() as source:
                write_export(source, file, to_text(now))
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file

    try:
        file = await _blocking(write)
    except OSError as error:
        raise Unavailable(f"The export cannot be written: {error.strerror or error}.") from error
    logger.info("everything is given out as one file to {}", visit.name)
    return _file(file, f"mydia-{now:%Y%m%dT%H%M%SZ}.export.gz", EXPORT)


def _file(file: BinaryIO, name: str, kind: str) -> Response:
    """Of an open file, so that nothing that becomes of its name cuts the answer off."""
    response = Response(_pieces(file), 200, content_type=kind)
    response.timeout = None  # a large file over a slow line takes its time
    response.headers["Content-Length"] = str(os.fstat(file.fileno()).st_size)
    response.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": name})
    return response


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while piece := await trio.to_thread.run_sync(file.read, PIECE):
            yield piece


async def _blocking(work: Callable[..., T], *args: object) -> T:
    return await trio.to_thread.run_sync(work, *args, limiter=_one_at_a_time)
