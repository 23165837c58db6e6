"""A process that imports a download and is killed, really, at one step of it.

`python -m tests.support.import_victim folder id step [address of its database on PostgreSQL]`
"""

import sys
from pathlib import Path

import trio

from mydia.store.postgres import PostgresEngine
from tests.support.delivery import Fate, dock


async def main(folder: Path, download: str, at: int, *url: str) -> None:
    engine = PostgresEngine(*url) if url else None
    async with dock(folder, Fate(at, real=True), recall=download, engine=engine) as here:
        await here.until(download, "imported")
        await here.trash_is_still()


if __name__ == "__main__":
    trio.run(main, Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), *sys.argv[4:])
