"""The real qBittorrent that the demo can use, for the tests: on ports that nobody else takes meanwhile."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from mydia.demo.qbittorrent import PASSWORD, USER, QbittorrentProcess
from mydia.demo.qbittorrent import real_qbittorrent as _real
from tests.support.ports import free_port

__all__ = ["PASSWORD", "USER", "QbittorrentProcess", "real_qbittorrent"]


@asynccontextmanager
async def real_qbittorrent(folder: Path) -> AsyncIterator[QbittorrentProcess]:
    async with _real(folder, (free_port(), free_port())) as running:
        yield running
