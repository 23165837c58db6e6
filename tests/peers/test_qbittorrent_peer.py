"""What only qBittorrent can do wrong or differently, against a real one."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import qbittorrentapi
import trio

from mydia.adapters.clients.qbittorrent import STATES, Qbittorrent, answer_says_no
from mydia.adapters.clients.torrent_file import read_torrent
from mydia.errors import Invalid, Unavailable
from mydia.ports import ClientDownload, Payload
from tests.support.qbittorrent import PASSWORD, USER, QbittorrentProcess, real_qbittorrent
from tests.support.torrents import make_torrent, seeding
from tests.support.waiting import eventually

pytestmark = pytest.mark.peer


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[QbittorrentProcess]:
    async with real_qbittorrent(tmp_path / "profile") as process:
        yield process


@pytest.fixture
def torrent(tmp_path: Path) -> bytes:
    (tmp_path / "seed").mkdir()
    (tmp_path / "seed" / "film.mkv").write_bytes(os.urandom(100_000))
    return make_torrent(tmp_path / "seed" / "film.mkv")


def adapter(running: QbittorrentProcess, **more: object) -> Qbittorrent:
    options = {"username": USER, "password": PASSWORD, **more}
    return Qbittorrent(name="home", url=running.url, **options)  # type: ignore[arg-type]  # each test knows its own


def outside(running: QbittorrentProcess) -> qbittorrentapi.Client:
    """Somebody else at the same qBittorrent."""
    return qbittorrentapi.Client(host=running.url, username=USER, password=PASSWORD)


async def test_a_wrong_password_is_told_and_the_password_is_not(running: QbittorrentProcess) -> None:
    with pytest.raises(Invalid, match="user name and password") as refused:
        await adapter(running, password="hunter2").check()
    assert "hunter2" not in repr(refused.value) + repr(refused.value.__cause__)


async def test_a_qbittorrent_that_is_down_is_unavailable_and_one_that_comes_back_is_used_again(
    running: QbittorrentProcess, torrent: bytes
) -> None:
    client = adapter(running)
    id_ = await client.add(Payload("Film", content=torrent), label="mydia")
    await running.stop()
    with pytest.raises(Unavailable, match="can't be reached"):
        await client.list(label="mydia")
    await running.start()  # its sessions are gone, so the adapter has to log in again

    async def is_listed() -> bool:
        return [d.id for d in await client.list(label="mydia")] == [id_]

    await eventually(is_listed)


async def test_what_somebody_else_added_is_neither_listed_nor_taken_over(
    running: QbittorrentProcess, torrent: bytes
) -> None:
    await trio.to_thread.run_sync(lambda: outside(running).torrents_add(torrent_files=torrent, category="films"))

    async def is_there() -> bool:
        return await adapter(running).get(read_torrent(torrent).id) is not None

    await eventually(is_there)
    assert await adapter(running).list(label="mydia") == []
    with pytest.raises(Invalid, match="another category"):
        await adapter(running).add(Payload("Film", content=torrent), label="mydia")


async def test_the_configured_category_stands_for_the_label(running: QbittorrentProcess, torrent: bytes) -> None:
    client = adapter(running, category="for-mydia")
    id_ = await client.add(Payload("Film", content=torrent), label="mydia")
    assert [d.id for d in await client.list(label="mydia")] == [id_]
    info = await trio.to_thread.run_sync(lambda: outside(running).torrents_info(torrent_hashes=id_))
    assert info[0]["category"] == "for-mydia"


async def test_paths_are_told_as_mydia_sees_them(running: QbittorrentProcess, torrent: bytes) -> None:
    theirs = str(running.profile / "downloads")
    client = adapter(running, path_map={theirs: "/mnt/films", "/": "/wrong"})
    id_ = await client.add(Payload("Film", content=torrent), label="mydia")
    download = await client.get(id_)
    assert download is not None
    assert (download.save_path or "").startswith("/mnt/films")


async def test_a_torrent_that_reached_its_ratio_and_stopped_may_be_removed(
    running: QbittorrentProcess, torrent: bytes, tmp_path: Path
) -> None:
    client = adapter(running)
    with seeding({torrent: tmp_path / "seed"}) as port:
        id_ = await client.add(Payload("Film", content=torrent), label="mydia")

        async def done() -> ClientDownload | None:
            await client.connect_peer(id_, "127.0.0.1", port)
            download = await client.get(id_)
            return download if download is not None and download.state == "completed" else None

        assert not (await eventually(done, every=0.2)).may_remove
    await trio.to_thread.run_sync(
        lambda: outside(running).torrents_set_share_limits(
            ratio_limit=0, seeding_time_limit=-1, inactive_seeding_time_limit=-1, torrent_hashes=id_
        )
    )

    async def may_be_removed() -> bool:
        download = await client.get(id_)
        return download is not None and download.may_remove

    await eventually(may_be_removed)


async def test_something_else_under_the_address_is_told(nursery: trio.Nursery) -> None:
    from mydia.demo.fakes import Catcher, Reply, serve

    fake = Catcher()
    fake.planned.extend([Reply(404, b"nothing here", content_type="text/plain")] * 8)
    url = await nursery.start(serve, fake)
    with pytest.raises((Invalid, Unavailable)):
        await Qbittorrent(name="home", url=url, username="a", password="b").check()


def test_every_state_of_both_generations_is_mapped() -> None:
    for finished in ("uploading", "stalledUP", "forcedUP", "queuedUP", "pausedUP", "stoppedUP"):
        assert STATES[finished] == "completed"
    for stopped in ("pausedDL", "stoppedDL"):
        assert STATES[stopped] == "paused"
    assert STATES["checkingUP"] == "checking"
    assert "a state of next year" not in STATES


def test_both_generations_of_answers_to_add_are_understood() -> None:
    assert answer_says_no("Fails.")
    assert not answer_says_no("Ok.")
    assert answer_says_no({"success_count": 0, "failure_count": 1})
    assert answer_says_no('{"success_count": 0, "failure_count": 1}')
    assert not answer_says_no({"success_count": 1, "failure_count": 0, "added_torrent_ids": ["x"]})
