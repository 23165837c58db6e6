"""The torrent engine's process may be killed at any moment: what was added is there again, what was done stays done."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from mydia.adapters.clients.embedded import EmbeddedClient
from mydia.errors import Unavailable
from mydia.house import House
from mydia.otp import Mailbox, Supervisor, actor
from mydia.ports import ClientDownload, Payload
from tests.support.house import open_house
from tests.support.torrents import lt, make_torrent, seeding
from tests.support.waiting import eventually
from workers.torrent_engine import TorrentEngine

LABEL = "mydia"
CONTENT = os.urandom(400_000)


class Running:
    """An engine under a supervisor that brings it back."""

    def __init__(self, house: House, supervisor: Supervisor) -> None:
        self.supervisor = supervisor
        self.mailbox = house.mail["torrent_engine"]
        self.bell = house.mail["download_monitor"]
        self.client = EmbeddedClient(name="embedded", mailbox=self.mailbox)

    @property
    def pid(self) -> int:
        (child,) = self.supervisor.children()
        return child.os_pid or 0

    async def kill(self) -> None:
        """kill -9, and wait until another process serves."""
        old = self.pid
        os.kill(old, signal.SIGKILL)

        async def is_back() -> bool:
            return self.pid not in (0, old)

        await eventually(is_back)

    async def state(self, id_: str) -> str | None:
        try:
            download = await self.client.get(id_)
        except Unavailable:
            return None
        return download.state if download else "gone"

    async def completed(self, id_: str, port: int) -> ClientDownload:
        async def look() -> ClientDownload | None:
            download = await self.client.get(id_)
            if download is not None and download.state == "completed":
                return download
            await self.client.connect_peer(id_, "127.0.0.1", port)
            return None

        return await eventually(look, every=0.1)


@asynccontextmanager
async def engine(tmp_path: Path, **settings: object) -> AsyncIterator[Running]:
    embedded = {"listen_host": "127.0.0.1", "listen_port": 0, "dht": False, **settings}
    async with open_house(tmp_path, {"downloads": {"embedded": embedded}}) as house, trio.open_nursery() as nursery:
        spec = actor("torrent_engine", lambda: TorrentEngine(house), mailbox=house.mail["torrent_engine"])
        supervisor = Supervisor("test", children=[spec], max_restarts=50)
        await nursery.start(supervisor.run)
        yield Running(house, supervisor)
        nursery.cancel_scope.cancel()


@pytest.fixture
def torrent(tmp_path: Path) -> bytes:
    (tmp_path / "seed" / "Film").mkdir(parents=True)
    (tmp_path / "seed" / "Film" / "film.mkv").write_bytes(CONTENT)
    return make_torrent(tmp_path / "seed" / "Film")


async def test_killed_right_after_it_answered_it_still_has_the_torrent(tmp_path: Path, torrent: bytes) -> None:
    async with engine(tmp_path) as running:
        id_ = await running.client.add(Payload("Film", content=torrent), label=LABEL)
        await running.kill()
        (download,) = await running.client.list(label=LABEL)
        assert (download.id, download.label, download.name) == (id_, LABEL, "Film")
        with seeding({torrent: tmp_path / "seed"}) as port:
            await running.completed(id_, port)


async def test_killed_after_completing_it_is_complete_at_once_and_without_a_peer(
    tmp_path: Path, torrent: bytes
) -> None:
    async with engine(tmp_path) as running:
        id_ = await running.client.add(Payload("Film", content=torrent), label=LABEL)
        with seeding({torrent: tmp_path / "seed"}) as port:
            done = await running.completed(id_, port)
        await running.kill()

        async def is_complete() -> bool:
            return await running.state(id_) == "completed"

        await eventually(is_complete)
        again = await running.client.get(id_)
        assert again is not None
        assert (again.save_path, again.files) == (done.save_path, done.files)


async def test_killed_at_any_moment_of_a_download_it_ends_whole(tmp_path: Path, torrent: bytes) -> None:
    async with engine(tmp_path) as running:
        id_ = await running.client.add(Payload("Film", content=torrent), label=LABEL)
        with seeding({torrent: tmp_path / "seed"}) as port:
            for _ in range(4):
                await running.client.connect_peer(id_, "127.0.0.1", port)
                await running.kill()
            done = await running.completed(id_, port)
        assert read(done, "Film/film.mkv") == CONTENT


async def test_a_removal_stays_removed_however_soon_it_is_killed(tmp_path: Path, torrent: bytes) -> None:
    async with engine(tmp_path) as running:
        id_ = await running.client.add(Payload("Film", content=torrent), label=LABEL)
        with seeding({torrent: tmp_path / "seed"}) as port:
            await running.completed(id_, port)
        await running.client.remove(id_, delete_files=True)
        await running.kill()

        async def is_gone() -> bool:
            return await running.state(id_) == "gone" and not list((tmp_path / "downloads").iterdir())

        await eventually(is_gone)


async def test_what_is_added_again_while_it_is_being_removed_is_there_once_that_is_said(
    tmp_path: Path, torrent: bytes
) -> None:
    async with engine(tmp_path) as running:
        for _ in range(5):
            id_ = await running.client.add(Payload("p", content=torrent), label=LABEL)
            await running.client.remove(id_, delete_files=True)

            async def taken() -> bool:
                try:
                    await running.client.add(Payload("p", content=torrent), label=LABEL)
                except Unavailable:
                    return False
                return True

            await eventually(taken)
            assert await running.client.get(id_) is not None


async def test_a_resume_file_that_is_damaged_is_kept_aside_and_the_rest_goes_on(tmp_path: Path, torrent: bytes) -> None:
    async with engine(tmp_path) as running:
        await running.client.add(Payload("Film", content=torrent), label=LABEL)
        (tmp_path / "torrents" / ("0" * 40 + ".resume")).write_bytes(b"garbage")
        await running.kill()

        async def is_listed() -> bool:
            return len(await running.client.list(label=LABEL)) == 1

        await eventually(is_listed)
        assert (tmp_path / "torrents" / ("0" * 40 + ".broken")).read_bytes() == b"garbage"


async def test_files_that_vanished_are_told_and_not_downloaded_again_and_all_is_well_when_they_are_back(
    tmp_path: Path, torrent: bytes
) -> None:
    async with engine(tmp_path) as running:
        id_ = await running.client.add(Payload("Film", content=torrent), label=LABEL)
        with seeding({torrent: tmp_path / "seed"}) as port:
            await running.completed(id_, port)
            (tmp_path / "downloads" / id_).rename(tmp_path / "unmounted")
            await running.kill()

            async def is_told() -> bool:
                await running.client.connect_peer(id_, "127.0.0.1", port)
                return await running.state(id_) == "error"

            await eventually(is_told)
        download = await running.client.get(id_)
        assert download is not None
        assert "mounted" in (download.message or "")
        assert not (tmp_path / "downloads" / id_ / "Film" / "film.mkv").exists()
        if (tmp_path / "downloads" / id_).exists():
            (tmp_path / "downloads" / id_).rmdir()
        (tmp_path / "unmounted").rename(tmp_path / "downloads" / id_)
        await running.kill()

        async def is_complete() -> bool:
            return await running.state(id_) == "completed"

        await eventually(is_complete)


async def test_a_state_folder_that_cannot_be_written_refuses_what_is_new_and_keeps_what_is(
    tmp_path: Path, torrent: bytes
) -> None:
    async with engine(tmp_path) as running:
        (tmp_path / "torrents").rename(tmp_path / "torrents-away")
        (tmp_path / "torrents").write_text("a file in the folder's place")
        with pytest.raises(Unavailable, match="can't be kept"):
            await running.client.add(Payload("Film", content=torrent), label=LABEL)
        assert await running.client.list(label=LABEL) == []
        (tmp_path / "torrents").unlink()
        (tmp_path / "torrents-away").rename(tmp_path / "torrents")
        pid = running.pid
        await running.client.add(Payload("Film", content=torrent), label=LABEL)
        assert running.pid == pid


async def test_it_rings_the_download_monitor_when_a_torrent_completes(tmp_path: Path, torrent: bytes) -> None:
    async with engine(tmp_path) as running:
        id_ = await running.client.add(Payload("Film", content=torrent), label=LABEL)
        with seeding({torrent: tmp_path / "seed"}) as port, trio.fail_after(60):
            await running.completed(id_, port)
            await running.bell.wait()
        assert running.bell.take_ring()


async def test_two_torrents_of_one_name_do_not_meet(tmp_path: Path, torrent: bytes) -> None:
    (tmp_path / "other" / "Film").mkdir(parents=True)
    (tmp_path / "other" / "Film" / "film.mkv").write_bytes(CONTENT[::-1])
    other = make_torrent(tmp_path / "other" / "Film")
    async with engine(tmp_path) as running:
        ids = [await running.client.add(Payload("Film", content=t), label=LABEL) for t in (torrent, other)]
        with seeding({torrent: tmp_path / "seed", other: tmp_path / "other"}) as port:
            one, two = [await running.completed(i, port) for i in ids]
        assert read(one, "Film/film.mkv") == CONTENT
        assert read(two, "Film/film.mkv") == CONTENT[::-1]


async def test_seeding_goals_decide_whether_it_may_be_removed(tmp_path: Path, torrent: bytes) -> None:
    for goals, may in (({"seed_ratio": 0}, True), ({"seed_minutes": 0, "seed_ratio": 9}, True), ({}, False)):
        folder = tmp_path / str(len(goals)) / str(may)
        folder.mkdir(parents=True)
        async with engine(folder, **goals) as running:
            id_ = await running.client.add(Payload("Film", content=torrent), label=LABEL)
            with seeding({torrent: tmp_path / "seed"}) as port:
                assert (await running.completed(id_, port)).may_remove is may


async def test_without_an_engine_the_client_says_try_later() -> None:
    client = EmbeddedClient(name="embedded", mailbox=Mailbox("nobody"), timeout=0.01)
    with pytest.raises(Unavailable, match="torrent engine"):
        await client.check()


async def test_a_magnet_link_of_a_hostile_torrent_ends_as_an_error_and_writes_nothing_outside(tmp_path: Path) -> None:
    # A seeder can't hold a torrent that climbs, since libtorrent cleans names as it loads them. A symlink it does hold.
    (tmp_path / "seed" / "Film").mkdir(parents=True)
    (tmp_path / "seed" / "Film" / "film.mkv").write_bytes(CONTENT)
    plain = lt.bdecode(make_torrent(tmp_path / "seed" / "Film", v1_only=True))
    plain[b"info"][b"files"].append({b"attr": b"l", b"length": 0, b"path": [b"link"], b"symlink path": [b"film.mkv"]})
    hostile = bytes(lt.bencode(plain))
    assert b"symlink path" in hostile
    magnet = lt.make_magnet_uri(lt.load_torrent_buffer(hostile))
    async with engine(tmp_path) as running:
        id_ = await running.client.add(Payload("Film", magnet=magnet), label=LABEL)
        with seeding({hostile: tmp_path / "seed"}) as port:

            async def is_refused() -> bool:
                await running.client.connect_peer(id_, "127.0.0.1", port)
                return await running.state(id_) == "error"

            await eventually(is_refused, every=0.2)
        download = await running.client.get(id_)
        assert download is not None
        assert "symlink" in (download.message or "")
        await running.kill()

        async def is_still_refused() -> bool:
            return await running.state(id_) == "error"

        await eventually(is_still_refused)


def read(download: ClientDownload, name: str) -> bytes:
    return Path(download.save_path or "", name).read_bytes()
