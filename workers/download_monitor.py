"""download_monitor: hands grabs to download clients, watches them move, and takes out of the clients what has ended.

The downloads table is its work list, so a restart goes on where it stood: handing over what the client has already is no second download.
It looks every second while something moves, seldom otherwise; a grab rings it. What follows from a look is said by core.lifecycle; what
is done to the clients is workers/handover.py.
"""

from collections.abc import Mapping, Sequence, Set
from contextlib import suppress
from datetime import timedelta

import trio
from loguru import logger

from mydia.core.lifecycle import Absent, Action, Seen, Silent, Tracked, advance, caught_up
from mydia.downloads import changes, queries
from mydia.downloads.model import Download, Look
from mydia.errors import Conflict, MydiaError
from mydia.events import DownloadCancelled, DownloadProgressed, Grabbed, LookWished
from mydia.house import House
from mydia.otp import Actor, Lagged
from mydia.ports import ClientDownload, DownloadClient, Indexer
from mydia.store.transaction import parse_time, to_text
from workers.handover import LABEL, Handover

BUSY, IDLE = 1.0, 15.0
SAVE_EVERY = 5.0
"""Percent of progress between two writes of it; pages are told of every step."""


class DownloadMonitor(Actor):
    def __init__(self, house: House, clients: Sequence[DownloadClient], indexers: Sequence[Indexer]) -> None:
        self.house = house
        self.clients = {c.name: c for c in clients}
        self.handover = Handover(house, clients, indexers)
        self.tracked: dict[str, Tracked] = {}
        self.saved: dict[str, float] = {}
        self.answering: set[str] = set()
        self.handing: set[str] = set()

    async def start(self) -> None:
        self.spawn(self._listen)

    async def stop(self) -> None:
        self.house.last_look = None  # whoever looks next may be another daemon

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
        now, began = self.house.clock.now(), trio.current_time()
        pending = await self.house.read(queries.with_status, ["pending"])
        for download in pending:
            if download.id not in self.handing:
                self.handing.add(download.id)
                self.spawn(self._hand_over, download)
        watched = await self.house.read(queries.with_status, ["downloading", "completed", "held"])
        ended = await self.house.read(queries.to_clean_up)
        looked_at = {d.id: d for d in (*watched, *ended)}
        asked = {d.download_client for d in looked_at.values() if d.download_client} & self.clients.keys()
        listed = await self._list(asked)
        for download in looked_at.values():
            await self._look(download, listed.get(download.download_client or ""))
        self._forget_all_but(looked_at.keys())
        self.handover.forget_all_but({d.id for d in pending})
        moving = any(d.status == "downloading" for d in watched)
        self.period = BUSY if moving or pending else IDLE
        took, next_at = trio.current_time() - began, now + timedelta(seconds=self.period)
        self.house.last_look = Look(to_text(now), took, to_text(next_at), tuple(sorted(asked - listed.keys())))

    def _forget_all_but(self, known: Set[str]) -> None:
        for memory in (self.tracked, self.saved):
            for download_id in memory.keys() - known:
                del memory[download_id]

    async def _hand_over(self, download: Download) -> None:
        """In a task of its own: a slow indexer holds up nobody else."""
        try:
            if await self.handover.give(download):
                self.mailbox.ring()
        finally:
            self.handing.discard(download.id)

    async def _list(self, names: set[str]) -> Mapping[str, Mapping[str, ClientDownload]]:
        """What each client has of ours. One that does not answer is left out: of its downloads nothing is known, so nothing is done."""
        listed: dict[str, Mapping[str, ClientDownload]] = {}

        async def ask(client: DownloadClient) -> None:
            try:
                listed[client.name] = {d.id: d for d in await client.list(label=LABEL)}
            except MydiaError as no:
                self.answering.discard(client.name)
                await self.house.write(changes.provider_failed, "client", client.name, str(no))
                return
            if client.name not in self.answering:
                await self.house.write(changes.provider_ok, "client", client.name)
                self.answering.add(client.name)

        async with trio.open_nursery() as nursery:
            for name in names:
                nursery.start_soon(ask, self.clients[name])
        return listed

    async def _look(self, download: Download, listed: Mapping[str, ClientDownload] | None) -> None:
        """One look at one download, and what follows from it."""
        now = self.house.clock.now()
        seen = listed.get(download.download_client_id or "") if listed is not None else None
        observation = Silent() if listed is None else _seen(seen) if seen is not None else Absent(len(listed))
        before = self.tracked.get(download.id) or _tracked(download)
        after = advance(caught_up(before, download.status, now), observation, now)
        for action in after.actions:
            await self._act(download, action)
        self.tracked[download.id] = after.state  # not before what follows from it is done
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
                await self.handover.take_back(download, delete_files=action.delete_files)

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
            eta = to_text(self.house.clock.now() + timedelta(seconds=seen.eta)) if seen.eta else None
            await self.house.write(changes.observed, download.id, progress=percent, eta=eta)
            self.saved[download.id] = percent


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
