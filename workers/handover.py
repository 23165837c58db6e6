"""The download monitor's hands: a grab is given to a download client, and taken back out of it when it has ended.

A part of the download monitor. Each client has one thing done to it at a time, since what is given to it may be the very torrent that is
about to be taken out.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import trio
from loguru import logger

from mydia.adapters.clients.torrent_file import read_torrent
from mydia.core.importing.contents import unwanted
from mydia.downloads import changes, queries
from mydia.downloads.model import Download
from mydia.errors import Invalid, MydiaError, NotFound, Unavailable
from mydia.house import House
from mydia.ports import DownloadClient, FoundRelease, Indexer, Payload
from mydia.store.transaction import parse_time

LABEL = "mydia"
"""Marks in a client what is ours."""
GIVE_UP_AFTER = timedelta(hours=6)
"""How long a grab is offered again when its indexer or every client is down."""
AGAIN = 30.0
"""Seconds until then, where nobody says how long."""


class Handover:
    def __init__(self, house: House, clients: Sequence[DownloadClient], indexers: Sequence[Indexer]) -> None:
        self.house = house
        self.clients = {c.name: c for c in clients}
        self.indexers = {i.name: i for i in indexers}
        self._turns = {name: trio.Lock() for name in self.clients}
        self._not_between: dict[str, tuple[datetime, datetime]] = {}  # no end alone: a clock may be set back

    def forget_all_but(self, known: set[str]) -> None:
        for download_id in self._not_between.keys() - known:
            del self._not_between[download_id]

    async def give(self, download: Download) -> bool:
        """Fetch what was grabbed and give it to a client: whether one has it now. What is refused for good has failed; else it waits."""
        now = self.house.clock.now()
        not_from, not_until = self._not_between.get(download.id, (now, now))
        if not_from <= now < not_until:
            return False
        indexer = self.indexers.get(download.indexer or "")
        if indexer is None:
            gone = f"The indexer {download.indexer} is no longer configured"
            await self.house.insist(changes.failed, download.id, gone, block=False)
            return False
        try:
            payload = await indexer.fetch(_release(download))
            if why := unwanted(_names_in(payload)):
                raise Invalid(why)
        except (Invalid, NotFound) as no:
            await self.house.insist(changes.failed, download.id, str(no))
            return False
        except MydiaError as no:
            await self._later(download, no, now)
            return False
        try:
            await self._add(download, payload)
        except MydiaError as no:
            # Whatever it says, a wrong password included, the release is not to blame.
            await self._later(download, no, now)
            return False
        return True

    async def _add(self, download: Download, payload: Payload) -> None:
        """Give it to the first client that takes it. Refused as the last of them refused."""
        refusal: MydiaError = Unavailable(
            f"No download client takes {download.protocol} downloads; add one under downloads.clients"
        )
        for client in self.clients.values():
            if client.protocol != download.protocol:
                continue
            async with self._turns[client.name]:
                await self.house.alone()
                try:
                    client_id = await client.add(payload, label=LABEL)
                except MydiaError as no:
                    refusal = no
                    continue
                await self.house.insist(changes.handed_over, download.id, client=client.name, client_id=client_id)
                return
        raise refusal

    async def _later(self, download: Download, no: MydiaError, now: datetime) -> None:
        if now - parse_time(download.created_at) > GIVE_UP_AFTER:
            await self.house.insist(changes.failed, download.id, f"Given up: {no}", block=False)
            return
        self._not_between[download.id] = now, now + timedelta(seconds=getattr(no, "retry_after", None) or AGAIN)
        if download.error_message != str(no):
            await self.house.insist(changes.waiting, download.id, str(no))

    async def take_back(self, download: Download, *, delete_files: bool) -> None:
        """Take what has ended out of its client, unless somebody else still needs it there."""
        client = self.clients[download.download_client or ""]
        turn = self._turns[client.name]
        if turn.locked():
            return  # what is being given to it may be the very same: the next look tells
        async with turn:
            await self.house.alone()
            if download.id not in {d.id for d in await self.house.read(queries.to_clean_up)}:
                return
            try:
                await client.remove(download.download_client_id or "", delete_files=delete_files)
            except MydiaError as no:
                logger.warning("{} could not be taken out of {}: {}", download.title, client.name, no)
                return
            await self.house.write(changes.removed, download.id)


def _names_in(payload: Payload) -> list[str]:
    """The files of a torrent. A magnet link or an NZB says nothing of its files; the import looks again."""
    if payload.content is None or not payload.content.startswith(b"d"):
        return []
    return [path for path, _ in read_torrent(payload.content).files]


def _release(download: Download) -> FoundRelease:
    return FoundRelease(
        title=download.title,
        guid=download.guid or download.download_url or "",
        indexer=download.indexer or "",
        protocol="usenet" if download.protocol == "usenet" else "torrent",
        download_url=download.download_url or "",
        size=download.size,
        infohash=download.infohash,
    )
