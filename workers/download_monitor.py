"""download_monitor: hands grabs to download clients, watches them move, and takes out of the clients what has ended.

The downloads table is its work list, so a restart goes on where it stood: handing over what the client has already is no second download.
It looks every second while something moves, seldom otherwise; a grab rings it.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import trio
from loguru import logger

from mydia.adapters.clients.torrent_file import read_torrent
from mydia.core.importing import category
from mydia.core.importing.contents import pretends
from mydia.core.lifecycle import Absent, Action, Seen, Silent, Tracked, advance
from mydia.downloads import changes, queries
from mydia.downloads.model import Download
from mydia.errors import Conflict, Invalid, MydiaError, NotFound, Unavailable
from mydia.events import DownloadCancelled, DownloadProgressed, Grabbed, LookWished
from mydia.house import House
from mydia.otp import Actor, Lagged
from mydia.ports import ClientDownload, DownloadClient, FoundRelease, Indexer, Payload
from mydia.store.transaction import parse_time, to_text

BUSY, IDLE = 1.0, 15.0
LABEL = "mydia"
GIVE_UP_AFTER = timedelta(hours=6)
"""How long a grab is offered again when its indexer or every client is down."""
SAVE_EVERY = 5.0
"""Percent of progress between two writes of it; pages are told of every step."""


class DownloadMonitor(Actor):
    def __init__(self, house: House, clients: Sequence[DownloadClient], indexers: Sequence[Indexer]) -> None:
        self.house = house
        self.clients = {c.name: c for c in clients}
        self.indexers = {i.name: i for i in indexers}
        self.tracked: dict[str, Tracked] = {}
        self.saved: dict[str, float] = {}
        self.next_offer: dict[str, tuple[datetime, datetime]] = {}  # not between these; a clock may be set back
        self.answering: set[str] = set()
        self.handing: set[str] = set()
        self.turns = {
            name: trio.Lock() for name in self.clients
        }  # to give a client something, or to take something out

    async def start(self) -> None:
        self.spawn(self._listen)

    async def _listen(self) -> None:
        """A grab, a cancel or a person's wish should not wait for the next look."""
        while True:
            with self.house.bus.subscribe(
                capacity=1, filter=lambda e: isinstance(e, Grabbed | DownloadCancelled | LookWished)
            ) as bell:
                try:
                    await anext(bell)
                except Lagged:
                    logger.trace("more than one grab at once: one look serves them all")
            self.mailbox.ring()

    async def tick(self) -> None:
        pending = await self.house.read(queries.with_status, ["pending"])
        for download in pending:
            if download.id not in self.handing:
                self.handing.add(download.id)
                self.spawn(self._hand_over, download)
        watched = await self.house.read(queries.with_status, ["downloading", "completed", "held"])
        ended = await self.house.read(queries.to_clean_up)
        looked_at = {d.id: d for d in (*watched, *ended)}
        listed = await self._list({d.download_client for d in looked_at.values() if d.download_client})
        for download in looked_at.values():
            await self._look(download, listed.get(download.download_client or ""))
        self._forget_all_but({*looked_at, *(d.id for d in pending)})
        moving = any(d.status == "downloading" for d in watched)
        self.period = BUSY if moving or pending else IDLE

    def _forget_all_but(self, known: set[str]) -> None:
        for memory in (self.tracked, self.saved, self.next_offer):
            for download_id in memory.keys() - known:
                del memory[download_id]

    # -- handing over ----------------------------------------------------------------------------------------------------------

    async def _hand_over(self, download: Download) -> None:
        """In a task of its own: a slow indexer holds up nobody else."""
        try:
            await self._offer(download)
        finally:
            self.handing.discard(download.id)

    async def _offer(self, download: Download) -> None:
        now = self.house.clock.now()
        not_from, not_until = self.next_offer.get(download.id, (now, now))
        if not_from <= now < not_until:
            return
        try:
            indexer = self.indexers.get(download.indexer or "")
            if indexer is None:
                await self.house.write(
                    changes.failed, download.id, f"The indexer {download.indexer} is no longer configured", block=False
                )
                return
            payload = await indexer.fetch(_release(download))
            inspect(payload)
        except (Invalid, NotFound) as no:
            await self.house.write(changes.failed, download.id, str(no))
            return
        except MydiaError as no:
            await self._offer_later(download, no, now)
            return
        try:
            await self._add(download, payload)
        except MydiaError as no:
            # Whatever it says, a wrong password included, the release is not to blame.
            await self._offer_later(download, no, now)
        else:
            self.mailbox.ring()

    async def _add(self, download: Download, payload: Payload) -> None:
        """Give it to the first client that takes it. Refused as the last of them refused."""
        refusal: MydiaError = Unavailable(
            f"No download client takes {download.protocol} downloads; add one under downloads.clients"
        )
        for client in self.clients.values():
            if client.protocol != download.protocol:
                continue
            async with self.turns[client.name]:
                try:
                    client_id = await client.add(payload, label=LABEL)
                except MydiaError as no:
                    refusal = no
                    continue
                await self.house.write(changes.handed_over, download.id, client=client.name, client_id=client_id)
                return
        raise refusal

    async def _offer_later(self, download: Download, no: MydiaError, now: datetime) -> None:
        if now - parse_time(download.created_at) > GIVE_UP_AFTER:
            await self.house.write(changes.failed, download.id, f"Given up: {no}", block=False)
            return
        self.next_offer[download.id] = now, now + timedelta(seconds=getattr(no, "retry_after", None) or 30.0)
        if download.error_message != str(no):
            await self.house.write(changes.waiting, download.id, str(no))

    # -- watching --------------------------------------------------------------------------------------------------------------

    async def _list(self, names: set[str]) -> Mapping[str, Mapping[str, ClientDownload]]:
        """What each client has of ours. One that does not answer is left out: of its downloads nothing is known, so nothing is done."""
        listed: dict[str, Mapping[str, ClientDownload]] = {}

        async def ask(client: DownloadClient) -> None:
            try:
                listed[client.name] = {d.id: d for d in await client.list(label=LABEL)}
                if client.name not in self.answering:
                    await self.house.write(changes.provider_ok, "client", client.name)
                    self.answering.add(client.name)
            except MydiaError as no:
                self.answering.discard(client.name)
                await self.house.write(changes.provider_failed, "client", client.name, str(no))

        async with trio.open_nursery() as nursery:
            for name in names & self.clients.keys():
                nursery.start_soon(ask, self.clients[name])
        return listed

    async def _look(self, download: Download, listed: Mapping[str, ClientDownload] | None) -> None:
        """One look at one download, and what follows from it."""
        now = self.house.clock.now()
        seen = listed.get(download.download_client_id or "") if listed is not None else None
        observation = Silent() if listed is None else _seen(seen) if seen is not None else Absent(len(listed))
        before = self.tracked.get(download.id) or _tracked(download)
        if before.status != download.status:  # moved on without this monitor: imported, cancelled, held
            before = replace(before, status=download.status, complete=download.status == "imported", moved_at=now)
        after = advance(before, observation, now)
        self.tracked[download.id] = after.state
        for action in after.actions:
            await self._act(download, action)
        if seen is not None and after.state.status == "downloading":
            await self._progressed(download, seen, after.state)

    async def _act(self, download: Download, action: Action) -> None:
        match action.do:
            case "import":
                await self.house.write(changes.completed, download.id)
            case "fail":
                await self.house.write(changes.failed, download.id, action.reason, block=action.blocklist)
            case "cancel":
                with suppress(Conflict):  # it is being imported just now, or has ended
                    await self.house.write(changes.client_lost, download.id, action.reason)
            case "warn" | "clear_warning":
                await self.house.write(changes.warned, download.id, action.reason or None)
            case "forget":
                await self.house.write(changes.removed, download.id)
            case "remove":
                await self._remove(download, delete_files=action.delete_files)

    async def _remove(self, download: Download, *, delete_files: bool) -> None:
        client = self.clients[download.download_client or ""]
        turn = self.turns[client.name]
        if turn.locked():
            return  # what is being handed to it may be the very same: the next look tells
        async with turn:
            if download.id not in {d.id for d in await self.house.read(queries.to_clean_up)}:
                return
            try:
                await client.remove(download.download_client_id or "", delete_files=delete_files)
            except MydiaError as no:
                logger.warning("{} could not be taken out of {}: {}", download.title, client.name, no)
                return
            await self.house.write(changes.removed, download.id)

    async def _progressed(self, download: Download, seen: ClientDownload, state: Tracked) -> None:
        """Pages are told of every step; the row learns it now and then, so that a restart shows about the truth."""
        percent = round(state.progress * 100, 1)
        self.house.bus.publish(
            DownloadProgressed(
                media_item_id=download.media_item_id,
                download_id=download.id,
                progress=percent,
                speed=seen.speed,
                eta=seen.eta,
                state=seen.state,
            )
        )
        if abs(percent - self.saved.get(download.id, download.progress)) >= SAVE_EVERY:
            self.saved[download.id] = percent
            eta = to_text(self.house.clock.now() + timedelta(seconds=seen.eta)) if seen.eta else None
            await self.house.write(changes.observed, download.id, progress=percent, eta=eta)


def _seen(download: ClientDownload) -> Seen:
    return Seen(download.state, download.progress, download.message or "", download.may_remove)


def _tracked(download: Download) -> Tracked:
    """A download as its row tells it, where this monitor has not looked at it before."""
    return Tracked(
        status=download.status,
        protocol="usenet" if download.protocol == "usenet" else "torrent",
        moved_at=parse_time(download.updated_at),
        progress=download.progress / 100,
        warning=download.error_message or "",
        complete=download.status == "imported",
    )


def inspect(payload: Payload) -> None:
    """Look into a torrent before anything is downloaded. Refused (Invalid) when a program is dressed as a video, or there is no video."""
    if payload.content is None or not payload.content.startswith(b"d"):
        return  # a magnet link or an NZB says nothing of its files; the import looks again
    files = [path for path, _ in read_torrent(payload.content).files]
    for path in files:
        if pretends(path):
            raise Invalid(f"{path} is a program dressed as a video")
    if files and not any(category(path) in ("video", "archive") for path in files):
        raise Invalid(f"It holds no video, but {files[0]}")


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
