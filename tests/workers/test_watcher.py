"""The watch: what appears is taken once it is whole, what goes is noticed, and what can't be heard is walked."""

import errno
import fcntl
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path

import pytest
import trio

from mydia.adapters.disk import tree_watch
from mydia.adapters.disk.polled_watch import PolledWatch
from mydia.adapters.disk.tree_watch import Heard, TreeWatch, WatchEnded
from mydia.events import FileGone
from mydia.house import Clock, House
from mydia.library import queries
from mydia.library.model import Root
from mydia.otp import Supervisor
from mydia.store.transaction import Transaction
from tests.support.crew import BOOT, crew, file_named, happened, kill, member, settle_in
from tests.support.house import FakeClock, FullDisk, WallClock, open_house
from tests.support.waiting import eventually
from workers import watcher as watcher_module
from workers.scanner import Scanner
from workers.watcher import Watcher


@dataclass
class Scene:
    house: House
    root: Root
    films: Path
    crew: Supervisor

    async def states(self) -> dict[str, str]:
        return {f.relative_path: f.state for f in (await self.house.read(queries.list_files, limit=200)).items}

    async def until(self, wanted: dict[str, str]) -> None:
        async def look() -> bool:
            return await self.states() == wanted

        try:
            await eventually(look)
        except AssertionError:
            assert await self.states() == wanted

    async def root_state(self, *states: str) -> Root:
        async def look() -> Root | None:
            root = await self.house.read(queries.get_root, self.root.id)
            return root if root.state in states else None

        return await eventually(look)

    async def heard(self) -> None:
        """Until the watch hears: a file that is laid is found."""
        (self.films / "heard.mkv").write_bytes(b"x")
        await file_named(self.house, "heard.mkv", "new")


@asynccontextmanager
async def watching(tmp_path: Path, clock: Clock | None = None, **library: float) -> AsyncIterator[Scene]:
    """A house with one film folder that a watcher hears and a scanner walks."""
    films = tmp_path / "films"
    films.mkdir(exist_ok=True)
    config = {"library": {"settle_seconds": 0.05, **library}}
    async with open_house(tmp_path / "data", config, clock or WallClock()) as house:
        (root,) = await settle_in(house, (films, "movie"))
        lives = count(1)
        watcher = member(house, "watcher", lambda: Watcher(house, missed=next(lives) > 1, identity_every=0.05))
        async with crew(member(house, "scanner", lambda: Scanner(house, BOOT)), watcher) as supervisor:
            scene = Scene(house, root, films, supervisor)
            await scene.heard()
            yield scene


HEARD = {"heard.mkv": "new"}


async def test_a_file_in_a_brand_new_nested_folder_is_seen(tmp_path: Path) -> None:
    async with watching(tmp_path) as scene:
        deep = scene.films / "a" / "b" / "c"
        deep.mkdir(parents=True)
        (deep / "film.mkv").write_bytes(b"film")
        await scene.until(HEARD | {"a/b/c/film.mkv": "new"})


async def test_two_hundred_new_folders_at_once_hide_nothing(tmp_path: Path) -> None:
    async with watching(tmp_path) as scene:
        names = [f"{n}/x/{n}.mkv" for n in range(199)]
        for name in names:
            (scene.films / name).parent.mkdir(parents=True)
            (scene.films / name).write_bytes(b"film")
        await scene.until(HEARD | dict.fromkeys(names, "new"))


async def test_a_folder_moved_in_whole_brings_its_files(tmp_path: Path) -> None:
    outside = tmp_path / "outside" / "deep"
    outside.mkdir(parents=True)
    (outside / "film.mkv").write_bytes(b"film")
    async with watching(tmp_path) as scene:
        outside.parent.rename(scene.films / "inside")
        await scene.until(HEARD | {"inside/deep/film.mkv": "new"})
        (scene.films / "inside/deep/more.mkv").write_bytes(b"film")
        await scene.until(HEARD | {"inside/deep/film.mkv": "new", "inside/deep/more.mkv": "new"})


async def test_a_file_that_is_still_being_written_is_taken_when_its_writer_closes_it(tmp_path: Path) -> None:
    async with watching(tmp_path) as scene:
        with (scene.films / "slow.mkv").open("wb") as writer:
            for _ in range(3):
                writer.write(b"x" * 1000)
                writer.flush()
                (scene.films / f"beside{writer.tell()}.mkv").write_bytes(b"x")
                await file_named(scene.house, f"beside{writer.tell()}.mkv")  # what is whole is taken meanwhile
            assert "slow.mkv" not in await scene.states()
        assert (await file_named(scene.house, "slow.mkv")).size == 3000


class Held(WallClock):
    """The real time, until it is held: it then moves only when told to."""

    hands: FakeClock | None = None

    def now(self) -> datetime:
        return self.hands.now() if self.hands else super().now()

    def hold(self) -> FakeClock:
        self.hands = FakeClock(super().now())
        return self.hands


async def test_a_file_that_grows_without_a_writer_that_can_be_seen_is_taken_when_it_has_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_lease(fd: int, command: int, argument: int = 0) -> int:
        raise OSError(errno.EACCES, "a network share knows no leases")

    monkeypatch.setattr(fcntl, "fcntl", no_lease)
    monkeypatch.setattr("mydia.core.stability.judge.__kwdefaults__", {"unsure": 0.6})
    clock = Held()
    async with watching(tmp_path, clock) as scene:

        async def taken() -> list[int]:
            return [f.size for f in (await scene.house.read(queries.list_files)).items if "grown" in f.relative_path]

        hands = clock.hold()
        grown = scene.films / "grown.mkv"
        for n in range(1, 11):
            with grown.open("ab") as writer:
                writer.write(b"x" * 1000)
            (scene.films / "heard.mkv").write_bytes(b"x" * n)
            hands.advance(0.3)  # half of what is believed
            assert await taken() == []

        async def taken_as_time_goes_by() -> list[int]:
            hands.advance(0.1)
            return await taken()

        assert await eventually(taken_as_time_goes_by) == [10_000]


async def test_a_rename_moves_the_file_and_a_deletion_is_noticed(tmp_path: Path) -> None:
    async with watching(tmp_path) as scene:
        (scene.films / "one.mkv").write_bytes(b"film")
        await scene.until(HEARD | {"one.mkv": "new"})
        (scene.films / "one.mkv").rename(scene.films / "two.mkv")
        await scene.until(HEARD | {"one.mkv": "missing", "two.mkv": "new"})
        (scene.films / "two.mkv").unlink()
        await scene.until(HEARD | {"one.mkv": "missing", "two.mkv": "missing"})


async def test_a_folder_that_is_deleted_takes_its_files_and_a_renamed_one_keeps_them(tmp_path: Path) -> None:
    async with watching(tmp_path) as scene:
        (scene.films / "box").mkdir()
        (scene.films / "box/a.mkv").write_bytes(b"film")
        await scene.until(HEARD | {"box/a.mkv": "new"})
        (scene.films / "box").rename(scene.films / "case")
        await scene.until(HEARD | {"box/a.mkv": "missing", "case/a.mkv": "new"})
        shutil.rmtree(scene.films / "case")
        await scene.until(HEARD | {"box/a.mkv": "missing", "case/a.mkv": "missing"})


async def test_d8_what_is_not_there_on_another_disk_is_not_gone(tmp_path: Path) -> None:
    async with watching(tmp_path) as scene:
        (scene.films / "one.mkv").write_bytes(b"film")
        await scene.until(HEARD | {"one.mkv": "new"})

        async def scanned() -> bool:
            return (await scene.house.read(queries.get_root, scene.root.id)).last_scan is not None

        await eventually(scanned)  # which told, after the watch had begun, what disk the folder lies on
        other = scene.films.stat().st_dev + 1
        await scene.house.write(Transaction.update, "library_roots", scene.root.id, device=other)
        (scene.films / "one.mkv").unlink()
        assert "another file system" in ((await scene.root_state("suspicious")).reason or "")
        assert await scene.states() == HEARD | {"one.mkv": "new"}


async def test_d8_a_mass_deletion_opens_the_circuit_breaker(tmp_path: Path) -> None:
    async with watching(tmp_path, gone_at_least=3, gone_share=0.1) as scene:
        names = [f"{n}.mkv" for n in range(10)]
        for name in names:
            (scene.films / name).write_bytes(b"film")
        everything = HEARD | dict.fromkeys(names, "new")
        await scene.until(everything)
        for name in names:
            (scene.films / name).unlink()
        assert "10 of 11 files vanished at once" in ((await scene.root_state("suspicious")).reason or "")
        assert await scene.states() == everything


async def test_d8_deletions_one_after_the_other_open_it_as_well(tmp_path: Path) -> None:
    async with watching(tmp_path, gone_at_least=2, gone_share=0.1) as scene:
        names = [f"{n}.mkv" for n in range(12)]
        for name in names:
            (scene.films / name).write_bytes(b"film")
        await scene.until(HEARD | dict.fromkeys(names, "new"))
        for name in names[:2]:
            (scene.films / name).unlink()
            await file_named(scene.house, name, "missing")
        for name in names[2:]:
            (scene.films / name).unlink()
        await scene.root_state("suspicious")
        assert sorted((await scene.states()).values()) == ["missing"] * 2 + ["new"] * 11


async def test_d8_a_folder_that_is_removed_and_comes_back_lost_nothing_and_is_heard_again(tmp_path: Path) -> None:
    async with watching(tmp_path) as scene:
        scene.films.rename(tmp_path / "unplugged")
        assert "does not exist" in ((await scene.root_state("unavailable")).reason or "")
        assert await scene.states() == HEARD
        (tmp_path / "unplugged" / "meanwhile.mkv").write_bytes(b"film")
        (tmp_path / "unplugged").rename(scene.films)
        await scene.root_state("ok")
        await scene.until(HEARD | {"meanwhile.mkv": "new"})
        (scene.films / "later.mkv").write_bytes(b"film")
        await scene.until(HEARD | {"meanwhile.mkv": "new", "later.mkv": "new"})
        assert await scene.house.read(happened, FileGone) == []


async def test_a_link_out_of_the_folder_is_not_followed_and_loops_do_no_harm(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    async with watching(tmp_path) as scene:
        (scene.films / "out").symlink_to(outside)
        (scene.films / "out.mkv").symlink_to(outside / "secret.mkv")
        (scene.films / "loop").symlink_to(scene.films)
        (outside / "secret.mkv").write_bytes(b"film")
        (scene.films / "after.mkv").write_bytes(b"film")
        await scene.until(HEARD | {"after.mkv": "new"})


async def test_d24_a_name_that_is_no_text_is_heard(tmp_path: Path) -> None:
    name = os.fsdecode(b"K\xf6nig \xff.mkv")
    async with watching(tmp_path) as scene:
        (scene.films / name).write_bytes(b"film")
        await scene.until(HEARD | {name: "new"})


async def test_what_is_no_video_or_lies_where_no_walk_looks_is_left_alone(tmp_path: Path) -> None:
    async with watching(tmp_path) as scene:
        (scene.films / ".mydia-trash" / "1").mkdir(parents=True)
        for name in ("note.txt", ".mydia-1.part", "._film.mkv", ".mydia-trash/1/old.mkv"):
            (scene.films / name).write_bytes(b"x")
        (scene.films / "after.mkv").write_bytes(b"film")
        await scene.until(HEARD | {"after.mkv": "new"})


async def test_d26_where_no_watches_are_left_the_folder_is_compared_with_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(result: int, path: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", path)

    films = tmp_path / "films"
    films.mkdir()
    (films / "a.mkv").write_bytes(b"film")
    os.utime(films / "a.mkv", (1, 1))
    monkeypatch.setattr(tree_watch, "_checked", none_left)
    monkeypatch.setattr(watcher_module, "PolledWatch", partial(PolledWatch, seconds=0.05))
    async with open_house(tmp_path / "data", {"library": {"settle_seconds": 0.05}}, WallClock()) as house:
        await settle_in(house, (films, "movie"))
        async with crew(
            member(house, "scanner", lambda: Scanner(house, BOOT)), member(house, "watcher", lambda: Watcher(house))
        ):
            assert (await file_named(house, "a.mkv")).state == "new"
            (films / "later").mkdir()
            (films / "later/b.mkv").write_bytes(b"another")
            assert (await file_named(house, "later/b.mkv")).state == "new"


async def test_a_folder_compared_with_itself_tells_what_came_and_went(tmp_path: Path) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    (folder / "old.mkv").write_bytes(b"x")
    with PolledWatch(str(folder), seconds=0.05) as watch:
        heard: set[Heard] = set()
        (folder / "new.mkv").write_bytes(b"x")
        while Heard("new.mkv", "changed") not in heard:
            heard |= set(await watch.read())
        (folder / "old.mkv").unlink()
        while Heard("old.mkv", "gone") not in heard:
            heard |= set(await watch.read())


async def test_a_folder_that_is_not_there_is_refused_before_it_is_compared(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        PolledWatch(str(tmp_path / "not here"))


async def test_d26_a_queue_that_ran_over_ends_the_watch_so_that_the_folder_is_walked(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    limit = int(await trio.Path("/proc/sys/fs/inotify/max_queued_events").read_text(encoding="ascii"))
    with TreeWatch(str(tmp_path)) as watch:
        for n in range(limit // 2 + 2):  # made and moved: two events each
            (tmp_path / f"x/{n % 2}").touch()
            (tmp_path / f"x/{n % 2}").rename(tmp_path / f"x/{n % 2 + 2}")
        with pytest.raises(WatchEnded, match="more changed at once"):
            while True:
                await watch.read()


async def test_a_moved_folder_is_heard_under_its_new_name_only(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    with TreeWatch(str(tmp_path)) as watch:
        (tmp_path / "old").rename(tmp_path / "new")
        assert await watch.read() == [Heard("old", "gone_folder"), Heard("new", "new_folder")]
        (tmp_path / "new/a.mkv").write_bytes(b"x")
        assert {h.relative for h in await watch.read()} == {"new/a.mkv"}


async def test_a_watcher_that_crashes_is_brought_back_and_misses_nothing(tmp_path: Path) -> None:
    """Neither what it was waiting for, nor what came while nobody watched; whether or not the house walks at its start."""
    async with watching(tmp_path) as scene:
        config = scene.house.config
        library = config.library.model_copy(update={"scan_on_start": False})
        scene.house.config = config.model_copy(update={"library": library})
        for n in range(3):
            (scene.films / f"{n}.mkv").write_bytes(b"film")
            await kill(scene.crew, "watcher")
        await scene.until(HEARD | {f"{n}.mkv": "new" for n in range(3)})


async def test_a_file_that_comes_on_a_full_disk_is_known_when_there_is_room_again(tmp_path: Path) -> None:
    async with watching(tmp_path) as scene:
        disk = FullDisk(scene.house)
        (scene.films / "film.mkv").write_bytes(b"film")
        for _ in range(10):
            await disk.refuses("watcher")
        disk.freed()
        await scene.until(HEARD | {"film.mkv": "new"})
        assert {c.id: c.restarts for c in scene.crew.children()} == {"scanner": 0, "watcher": 0}
