"""From a grab to its client, and out of it again: once, never by silence, never with what others still need."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trio

from mydia.adapters.clients.torrent_file import read_torrent
from mydia.demo.torrents import make_torrent
from mydia.downloads import changes, queries
from mydia.downloads.model import Download
from mydia.errors import Forbidden, Invalid, MydiaError, Unavailable
from mydia.events import DownloadFailed, DownloadProgressed
from mydia.house import House
from mydia.jobs import queries as jobs
from mydia.media.queries import slots_of
from mydia.media.slots import add_slot
from mydia.otp import Supervisor
from mydia.ports import FoundRelease, IndexerQuery, Payload
from tests.support.crew import MemoryClient, add, crew, film, happened, kill, member, settle_in
from tests.support.house import FullDisk, clock_of, open_house
from tests.support.lead import Lead
from tests.support.waiting import eventually
from workers.download_monitor import DownloadMonitor


@dataclass
class Shelf:
    """A fake indexer that hands out one payload, or refuses."""

    payload: Payload = field(
        default_factory=lambda: Payload("Charade", magnet="magnet:?xt=urn:btih:" + "a" * 40, infohash="a" * 40)
    )
    refusal: MydiaError | None = None
    name: str = "one"

    async def capabilities(self) -> Mapping[str, Any]:
        return {}

    async def search(self, query: IndexerQuery) -> Sequence[FoundRelease]:
        return ()

    async def recent(self) -> Sequence[FoundRelease]:
        return ()

    async def fetch(self, release: FoundRelease) -> Payload:
        if self.refusal is not None:
            raise self.refusal
        return self.payload


@dataclass
class Post:
    house: House
    client: "Watched"
    indexer: Shelf
    item: str
    crew: Supervisor

    async def grab(self, title: str = "Charade.1963.1080p.BluRay", *, slot: int = 0, **facts: Any) -> str:
        """Into the title's slot of that number; a second one is made where it has but one."""
        slots = await self.house.read(slots_of, self.item)
        if slot and len(slots) == 1:
            profile = slots[0].quality_profile_id
            await self.house.write(add_slot, self.item, name="4K", quality_profile_id=profile, actor="test")
            slots = await self.house.read(slots_of, self.item)
        found = slots[slot]
        wish = {"title": title, "indexer": "one", "guid": title, "download_url": "http://x/1", **facts}
        return await self.house.write(changes.grab, self.item, found.id, [""], wish)

    async def row(self, download: str) -> Download:
        return await self.house.read(queries.get_download, download)

    async def until(self, download: str, *statuses: str, error: str = "") -> Download:
        async def look() -> Download | None:
            self.house.mail["download_monitor"].ring()
            row = await self.row(download)
            return row if row.status in statuses and error in (row.error_message or "") else None

        return await eventually(look)

    async def looks(self, count: int = 3) -> None:
        """Let the monitor look so often."""
        for _ in range(count):
            before = self.client.looked
            self.house.mail["download_monitor"].ring()

            async def looked(before: int = before) -> bool:
                return self.client.looked > before

            await eventually(looked)

    async def until_removed(self, download: str) -> None:
        async def look() -> bool:
            self.house.mail["download_monitor"].ring()
            return (await self.row(download)).removed_at is not None

        await eventually(look)


class Watched(MemoryClient):
    """Counts how often it was asked what it has. While `adding`, it takes what it is given and does not say so yet."""

    looked = 0

    def __init__(self) -> None:
        super().__init__()
        self.asked, self._answers = trio.Event(), trio.Event()
        self._answers.set()

    @contextmanager
    def adding(self) -> Iterator[None]:
        self.asked, self._answers = trio.Event(), trio.Event()
        yield
        self._answers.set()

    async def add(self, payload: Payload, *, label: str) -> str:
        given = await super().add(payload, label=label)
        self.asked.set()
        await self._answers.wait()
        return given

    async def list(self, *, label: str) -> Sequence[Any]:
        self.looked += 1
        return await super().list(label=label)


@asynccontextmanager
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "movie"))
        client, indexer = Watched(), Shelf()
        monitor = member(house, "download_monitor", lambda: DownloadMonitor(house, [client], [indexer]))
        async with crew(monitor) as supervisor:
            yield Post(house, client, indexer, await add(house, film()), supervisor)


ID = "a" * 40


async def test_a_grab_is_handed_over_watched_and_its_import_asked_for_once_it_is_complete(tmp_path: Path) -> None:
    async with post(tmp_path) as here:
        download = await here.grab()
        row = await here.until(download, "downloading")
        assert (row.download_client, row.download_client_id, here.client.added) == ("memory", ID, [ID])
        with here.house.bus.subscribe(filter=lambda e: isinstance(e, DownloadProgressed)) as told:
            here.client.change(ID, progress=0.5, speed=1000, eta=60)
            here.house.mail["download_monitor"].ring()
            event = await anext(told)
        assert isinstance(event, DownloadProgressed)
        here.client.change(ID, state="completed", progress=1.0)
        await here.until(download, "completed")
        await here.looks()
        assert [j.kind for j in (await here.house.read(jobs.list_jobs)).items].count("import_download") == 1


async def test_d28_a_client_that_cannot_be_reached_changes_nothing(tmp_path: Path) -> None:
    async with post(tmp_path) as here:
        download = await here.grab()
        await here.until(download, "downloading")
        here.client.down = True
        clock_of(here.house).advance(days=3)
        await here.looks(5)
        assert (await here.row(download)).status == "downloading"
        (status,) = [s for s in await here.house.read(queries.provider_statuses) if s.family == "client"]
        assert status.failures >= 1
        here.client.down = False
        await here.looks(2)
        assert (await here.row(download)).status == "downloading"
        assert [s.failures for s in await here.house.read(queries.provider_statuses) if s.family == "client"] == [0]


async def test_d28_an_empty_list_told_again_and_again_is_not_gone_but_a_day_of_it_is(tmp_path: Path) -> None:
    async with post(tmp_path) as here:
        download = await here.grab()
        await here.until(download, "downloading")
        here.client.downloads.clear()
        for _ in range(6):
            clock_of(here.house).advance(hours=3)
            await here.looks(1)
        assert (await here.row(download)).status == "downloading"
        clock_of(here.house).advance(hours=10)
        row = await here.until(download, "cancelled")
        assert row.error_message == "it is no longer in the download client"
        assert here.client.removed == []


async def test_a_grab_that_its_client_has_already_is_handed_over_once_whenever_the_monitor_dies(tmp_path: Path) -> None:
    async with post(tmp_path) as here:
        for n in range(4):
            here.indexer.payload = Payload(f"p{n}", magnet="magnet:?xt=urn:btih:" + f"{n}" * 40, infohash=f"{n}" * 40)
            download = await here.grab(f"Charade.1963.{n}")
            await kill(here.crew, "download_monitor")
            await here.until(download, "downloading")
            await here.house.write(changes.failed, download, "over", search_again=False)
        assert len(here.client.added) <= 8
        assert set(here.client.added) == {f"{n}" * 40 for n in range(4)}


async def test_a_crash_between_the_client_and_the_row_makes_no_second_download(tmp_path: Path) -> None:
    async with post(tmp_path) as here:
        await here.client.add(here.indexer.payload, label="mydia")  # the client has it, the row does not say so
        download = await here.grab()
        await here.until(download, "downloading")
        assert list(here.client.downloads) == [ID]


async def test_what_was_cancelled_is_taken_from_its_client_with_its_files(tmp_path: Path) -> None:
    async with post(tmp_path) as here:
        download = await here.grab()
        await here.until(download, "downloading")
        await here.house.write(changes.cancel_download, download, actor="ann")
        await here.until_removed(download)
        assert here.client.removed == [(ID, True)]


async def test_d3_what_was_imported_seeds_until_its_goals_are_met(tmp_path: Path) -> None:
    async with post(tmp_path) as here:
        download = await here.grab()
        await here.until(download, "downloading")
        here.client.change(ID, state="completed", progress=1.0)
        await here.until(download, "completed")
        await here.house.write(changes.importing, download)
        await here.house.write(changes.held, download, "one file of it was not imported")
        here.client.change(ID, may_remove=True)
        await here.looks()
        assert here.client.removed == []  # not imported: its goals are nobody's reason to remove it
        here.client.change(ID, may_remove=False)
        await here.house.write(changes.importing, download)
        await here.house.write(changes.imported, download)
        await here.looks()
        assert here.client.removed == []
        here.client.change(ID, may_remove=True)
        await here.until_removed(download)
        assert here.client.removed == [(ID, True)]


async def test_d4_the_same_torrent_wanted_again_is_not_taken_away_for_an_older_download(tmp_path: Path) -> None:
    async with post(tmp_path) as here:
        old = await here.grab()
        await here.until(old, "downloading")
        await here.house.write(changes.failed, old, "a person said so", block=False, search_again=False)
        new = await here.grab()
        await here.until(new, "downloading")
        await here.looks(3)
        assert ID in here.client.downloads


async def test_what_still_seeds_for_one_import_is_not_taken_away_for_another_grab_that_was_cancelled(
    tmp_path: Path,
) -> None:
    async with post(tmp_path) as here:
        seeding = await here.grab()
        await here.until(seeding, "downloading")
        here.client.change(ID, state="completed", progress=1.0)
        await here.until(seeding, "completed")
        await here.house.write(changes.importing, seeding)
        await here.house.write(changes.imported, seeding)
        again = await here.grab()
        await here.until(again, "completed")  # the same torrent: its client has all of it
        await here.house.write(changes.cancel_download, again, actor="ann")
        await here.looks()
        assert here.client.removed == []
        here.client.change(ID, may_remove=True)
        await here.until_removed(seeding)
        assert here.client.removed == [(ID, True)]


async def test_d4_what_is_just_being_handed_over_is_not_taken_away_for_an_older_download(tmp_path: Path) -> None:
    async with post(tmp_path) as here:
        old = await here.grab()
        await here.until(old, "downloading")
        with here.client.adding():
            new = await here.grab("Charade.1963.1080p.BluRay.REPACK", slot=1)
            await here.client.asked.wait()  # the client has it already, and is about to say so
            await here.house.write(changes.failed, old, "a person said so", block=False, search_again=False)
            await here.looks(3)
        await here.until(new, "downloading")
        await here.looks(3)
        assert ID in here.client.downloads


async def test_a_program_dressed_as_a_video_is_refused_before_it_is_downloaded(tmp_path: Path) -> None:
    async with post(tmp_path) as here:
        folder = tmp_path / "bad"
        folder.mkdir()
        (folder / "film.mkv.exe").write_bytes(b"MZ" * 100)
        content, infohash = make_torrent(folder, "http://127.0.0.1:1/announce")
        assert read_torrent(content).id == infohash
        here.indexer.payload = Payload("bad", content=content)
        row = await here.until(await here.grab(), "failed")
        assert "is a program dressed as a video" in (row.error_message or "")
        assert (here.client.added, len(await here.house.read(queries.blocked_for, here.item))) == ([], 1)
        assert "search_media" in [j.kind for j in (await here.house.read(jobs.list_jobs)).items]


async def test_a_client_that_refuses_us_is_no_fault_of_the_release(tmp_path: Path) -> None:
    async with post(tmp_path) as here:

        async def wrong_password(payload: Payload, *, label: str) -> str:
            raise Invalid("memory does not accept the password")

        right, here.client.add = here.client.add, wrong_password  # type: ignore[method-assign]  # a client misconfigured
        download = await here.grab()
        await here.until(download, "pending", error="does not accept the password")
        assert await here.house.read(queries.blocked_for, here.item) == ()
        here.client.add = right  # type: ignore[method-assign]
        clock_of(here.house).advance(60)
        await here.until(download, "downloading")


async def test_an_indexer_that_is_down_or_refuses_our_key_is_asked_again_later(tmp_path: Path) -> None:
    async with post(tmp_path) as here:
        for refusal in (Unavailable("one is down", retry_after=60), Forbidden("one does not accept the key")):
            here.indexer.refusal = refusal
            download = await here.grab(f"Charade.1963.{refusal}")
            await here.until(download, "pending", error=str(refusal))
            here.indexer.refusal = None
            clock_of(here.house).advance(61)
            await here.until(download, "downloading")
            await here.house.write(changes.failed, download, "over", block=False, search_again=False)
        assert await here.house.read(queries.blocked_for, here.item) == ()


async def test_what_can_never_be_handed_over_is_given_up_without_blame(tmp_path: Path) -> None:
    async with post(tmp_path) as here:
        here.indexer.refusal = Unavailable("one is down", retry_after=60)
        download = await here.grab()
        await here.until(download, "pending", error="one is down")
        clock_of(here.house).advance(hours=7)
        row = await here.until(download, "failed")
        assert "Given up" in (row.error_message or "")
        assert await here.house.read(queries.blocked_for, here.item) == ()
        assert len(await here.house.read(happened, DownloadFailed)) == 1


async def test_one_slow_indexer_does_not_keep_another_grab_waiting(tmp_path: Path) -> None:
    async with post(tmp_path) as here:
        real, asked, release = here.indexer.fetch, trio.Event(), trio.Event()

        async def fetch(found: FoundRelease) -> Payload:
            if "slow" in found.title:
                asked.set()
                await release.wait()
            return await real(found)

        here.indexer.fetch = fetch  # type: ignore[method-assign, assignment]  # one that is slow
        slow = await here.grab("slow")
        await asked.wait()
        here.item = await add(here.house, film("Sintel", 2010))
        await here.until(await here.grab("fast"), "downloading")
        assert (await here.row(slow)).status == "pending"
        release.set()
        await here.until(slow, "downloading")


async def test_what_a_client_was_given_and_completed_on_a_full_disk_is_written_down_when_there_is_room_again(
    tmp_path: Path,
) -> None:
    async with post(tmp_path) as here:
        with here.client.adding():
            download = await here.grab()
            await here.client.asked.wait()
            disk = FullDisk(here.house)
        await disk.refuses("download_monitor")
        disk.freed()
        await here.until(download, "downloading")
        assert here.client.added == [ID]
        disk = FullDisk(here.house)
        here.client.change(ID, state="completed", progress=1.0)
        await disk.refuses("download_monitor")
        disk.freed()
        await here.until(download, "completed")
        assert [c.restarts for c in here.crew.children()] == [0]


async def test_a_client_is_given_nothing_by_a_daemon_that_leads_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with post(tmp_path) as here:
        lead = Lead(here.house, monkeypatch)
        download = await here.grab()
        await lead.asked()
        assert here.client.added == []
        lead.held = True
        await here.until(download, "downloading")
        assert here.client.added == [ID]


async def test_nothing_is_taken_out_of_a_client_by_a_daemon_that_leads_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with post(tmp_path) as here:
        download = await here.grab()
        await here.until(download, "downloading")
        lead = Lead(here.house, monkeypatch)
        await here.house.write(changes.cancel_download, download, actor="test")
        await lead.asked()
        assert here.client.removed == []
        lead.held = True
        await here.until_removed(download)
        assert [id_ for id_, _ in here.client.removed] == [ID]
