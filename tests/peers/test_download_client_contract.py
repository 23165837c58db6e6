"""One contract, two download clients: the embedded engine (libtorrent in its own OS process) and a real qBittorrent.

Each downloads real torrents from a libtorrent session in this process, over loopback.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from mydia.adapters.clients.embedded import EmbeddedClient
from mydia.adapters.clients.qbittorrent import Qbittorrent
from mydia.adapters.clients.torrent_file import read_torrent
from mydia.errors import Invalid
from mydia.otp import Supervisor, actor
from mydia.ports import ClientDownload, Payload
from tests.support.house import open_house
from tests.support.qbittorrent import PASSWORD, USER, real_qbittorrent
from tests.support.torrents import hostile_torrents, make_torrent, seeding
from tests.support.waiting import eventually
from workers.torrent_engine import TorrentEngine

pytestmark = pytest.mark.peer

LABEL = "mydia"
FILES = {"film.mkv": os.urandom(700_001), "Extras/Çay – 茶.mkv": os.urandom(40_000), "info.nfo": b"hello"}


@dataclass
class World:
    """A client, and a torrent that a peer at `port` of loopback has whole."""

    client: Any  # EmbeddedClient or Qbittorrent: both also take connect_peer
    torrent: bytes
    port: int
    folder: Path

    @property
    def payload(self) -> Payload:
        return Payload("Film.2020.1080p-GRP", content=self.torrent)

    async def completed(self, id_: str) -> ClientDownload:
        """The peer is named again and again, since a client forgets one of a torrent that it has not quite started."""

        async def look() -> ClientDownload | None:
            download: ClientDownload | None = await self.client.get(id_)
            if download is not None and download.state == "completed":
                return download
            await self.client.connect_peer(id_, "127.0.0.1", self.port)
            return None

        return await eventually(look, every=0.2)


def content_of(download: ClientDownload, name: str) -> bytes:
    return Path(download.save_path or "", name).read_bytes()


def is_there(download: ClientDownload, name: str) -> bool:
    return Path(download.save_path or "", name).exists()


@asynccontextmanager
async def embedded_client(folder: Path) -> AsyncIterator[EmbeddedClient]:
    engine = {"listen_host": "127.0.0.1", "listen_port": 0, "dht": False}
    config = {"data_dir": folder / "data", "downloads": {"embedded": engine}}
    (folder / "data").mkdir(parents=True, exist_ok=True)
    async with open_house(folder / "data", config) as house, trio.open_nursery() as nursery:
        spec = actor("torrent_engine", lambda: TorrentEngine(house), mailbox=house.mail["torrent_engine"])
        await nursery.start(Supervisor("test", children=[spec]).run)
        yield EmbeddedClient(name="embedded", mailbox=house.mail["torrent_engine"])
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def qbittorrent_client(folder: Path) -> AsyncIterator[Qbittorrent]:
    async with real_qbittorrent(folder / "profile") as running:
        yield Qbittorrent(name="qbittorrent", url=running.url, username=USER, password=PASSWORD)


@pytest.fixture(params=["embedded", "qbittorrent"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    content = tmp_path / "seed" / "Film.2020.1080p-GRP"
    for name, data in FILES.items():
        (content / name).parent.mkdir(parents=True, exist_ok=True)
        (content / name).write_bytes(data)
    torrent = make_torrent(content)
    opened = embedded_client if request.param == "embedded" else qbittorrent_client
    with seeding({torrent: content.parent}) as port:
        async with opened(tmp_path / "client") as client:
            yield World(client, torrent, port, tmp_path)


async def test_it_says_what_it_is(world: World) -> None:
    assert (await world.client.check()).startswith(("libtorrent 2", "qBittorrent v4"))


async def test_a_torrent_is_downloaded_whole_and_every_file_is_where_it_says(world: World) -> None:
    id_ = await world.client.add(world.payload, label=LABEL)
    done = await world.completed(id_)
    assert (done.id, done.label, done.progress, done.name) == (id_, LABEL, 1.0, "Film.2020.1080p-GRP")
    assert done.size == sum(map(len, FILES.values()))
    found = {file.path: content_of(done, file.path) for file in done.files}
    assert found == {f"Film.2020.1080p-GRP/{name}": data for name, data in FILES.items()}
    assert {file.size for file in done.files} == set(map(len, FILES.values()))


async def test_a_single_file_is_downloaded_whole(world: World, tmp_path: Path) -> None:
    (tmp_path / "seed" / "Single.mkv").write_bytes(FILES["film.mkv"])
    torrent = make_torrent(tmp_path / "seed" / "Single.mkv", v1_only=True)
    with seeding({torrent: tmp_path / "seed"}) as port:
        world.port = port
        id_ = await world.client.add(Payload("Single", content=torrent), label=LABEL)
        done = await world.completed(id_)
    assert [file.path for file in done.files] == ["Single.mkv"]
    assert content_of(done, "Single.mkv") == FILES["film.mkv"]


async def test_adding_twice_is_adding_once(world: World) -> None:
    first = await world.client.add(world.payload, label=LABEL)
    second = await world.client.add(world.payload, label=LABEL)
    assert first == second
    assert [download.id for download in await world.client.list(label=LABEL)] == [first]


async def test_adding_what_is_complete_changes_nothing(world: World) -> None:
    id_ = await world.client.add(world.payload, label=LABEL)
    await world.completed(id_)
    assert await world.client.add(world.payload, label=LABEL) == id_
    again = await world.client.get(id_)
    assert again is not None
    assert again.state == "completed"


async def test_a_magnet_link_has_the_same_id_and_downloads_the_same(world: World) -> None:
    torrent = read_torrent(world.torrent)
    magnet = f"magnet:?xt=urn:btih:{torrent.v1}&xt=urn:btmh:1220{torrent.v2}&dn=Film"
    id_ = await world.client.add(Payload("Film", magnet=magnet), label=LABEL)
    assert id_ == torrent.id
    done = await world.completed(id_)
    assert content_of(done, "Film.2020.1080p-GRP/film.mkv") == FILES["film.mkv"]


async def test_what_nobody_seeds_waits_and_is_neither_done_nor_failed(world: World) -> None:
    id_ = await world.client.add(world.payload, label=LABEL)
    download = await world.client.get(id_)
    assert download is not None
    assert download.state in ("queued", "checking", "downloading", "stalled")
    assert (download.progress, download.may_remove) == (0, False)


async def test_only_what_carries_the_label_is_listed(world: World) -> None:
    id_ = await world.client.add(world.payload, label="somebody-else")
    assert await world.client.list(label=LABEL) == []
    assert [d.id for d in await world.client.list(label="somebody-else")] == [id_]


async def test_an_unknown_id_is_no_download_and_removing_it_is_no_error(world: World) -> None:
    assert await world.client.get("0" * 40) is None
    await world.client.remove("0" * 40, delete_files=True)


@pytest.mark.parametrize("delete_files", [True, False])
async def test_removed_it_is_gone_and_its_files_as_was_asked(world: World, delete_files: bool) -> None:
    id_ = await world.client.add(world.payload, label=LABEL)
    done = await world.completed(id_)
    there = partial(is_there, done, "Film.2020.1080p-GRP/film.mkv")
    await world.client.remove(id_, delete_files=delete_files)

    async def settled() -> bool:
        return await world.client.get(id_) is None and there() != delete_files

    await eventually(settled)
    await world.client.remove(id_, delete_files=delete_files)
    assert await world.client.list(label=LABEL) == []


async def test_a_torrent_that_would_leave_its_folder_is_refused_and_nothing_is_added(world: World) -> None:
    for name, torrent in hostile_torrents().items():
        with pytest.raises(Invalid) as refused:
            await world.client.add(Payload(name, content=torrent), label=LABEL)
        assert "outside its own folder" in str(refused.value) or "damaged" in str(refused.value), name
    assert await world.client.list(label=LABEL) == []
    assert not list(world.folder.rglob("*evil*"))


async def test_what_is_no_torrent_is_refused(world: World) -> None:
    junk = (b"", b"<html>Please log in</html>", b"d4:infod4:name4:Filmee", b"d4:info", b"x" * 99)
    payloads = [Payload("Film", content=content) for content in junk]
    for payload in (*payloads, Payload("Film"), Payload("Film", magnet="magnet:?dn=Film")):
        with pytest.raises(Invalid):
            await world.client.add(payload, label=LABEL)
    assert await world.client.list(label=LABEL) == []
