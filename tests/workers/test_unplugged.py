"""A library folder whose disk goes away in the middle of work: an empty mount point is never taken for the library."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import trio

from mydia.downloads import queries as download_queries
from mydia.events import FileGone
from mydia.house import House
from mydia.library import changes as library
from mydia.library import queries
from mydia.library.model import SeenFile
from tests.support.crew import BOOT, add, crew, film, happened, member, minute, run, settle_in, tree_of
from tests.support.delivery import Fate, dock
from tests.support.house import WallClock, open_house
from tests.support.waiting import eventually
from workers.scanner import Scanner

HD = "Charade.1963.1080p.BluRay.x264-GRP"


def unplug(folder: Path) -> None:
    """What is left is the mount point, which is an empty folder."""
    folder.rename(folder.with_suffix(".unplugged"))
    folder.mkdir()


def plug_in(folder: Path) -> None:
    folder.rmdir()
    folder.with_suffix(".unplugged").rename(folder)


class Before(Fate):
    """At the first step of a name, something else happens first."""

    def __init__(self, name: str, do: Callable[[], None]) -> None:
        super().__init__()
        self.name, self.do = name, do
        self.done = trio.Event()

    def step(self, name: str) -> None:
        super().step(name)
        if name == self.name and not self.done.is_set():
            self.do()
            self.done.set()


class Meanwhile:
    """A house as an actor sees it: right after its first write of a change, something else happens."""

    def __init__(self, house: House, change: Callable[..., Any], do: Callable[[], None]) -> None:
        self._house, self._change, self._do, self._done = house, change, do, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._house, name)

    async def write(self, change: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        value = await self._house.write(change, *args, **kwargs)
        if change is self._change and not self._done:
            self._done = True
            self._do()
        return value


async def test_d8_a_folder_that_is_unplugged_while_it_is_walked_lost_nothing(tmp_path: Path) -> None:
    films = tmp_path / "films"
    films.mkdir()
    for name in ("a.mkv", "b.mkv"):
        (films / name).write_bytes(b"film")
    async with open_house(tmp_path / "data", {"library": {"settle_seconds": 0.05}}, WallClock()) as house:
        (root,) = await settle_in(house, (films, "movie"))
        await house.write(library.files_seen, root.id, [SeenFile(name, 4, 1, 1) for name in ("a.mkv", "b.mkv")])
        # It is there when the scan looks whether it is, and gone when it is walked.
        shaky: Any = Meanwhile(house, library.set_root_state, lambda: unplug(films))
        async with crew(member(house, "scanner", lambda: Scanner(shaky, BOOT))):
            await run(house, "scan_root", root_id=root.id)
        assert await house.read(happened, FileGone) == []
        assert (await house.read(queries.get_root, root.id)).state == "suspicious"
        states = {f.relative_path: f.state for f in (await house.read(queries.list_files)).items}
        assert states == {"a.mkv": "new", "b.mkv": "new"}


async def test_d8_nothing_is_imported_into_a_mount_point_whose_disk_went_away_meanwhile(tmp_path: Path) -> None:
    films = tmp_path / "films"
    fate = Before("begin_import", lambda: unplug(films))
    async with dock(tmp_path, fate) as here:
        item = await add(here.house, film())
        download = await here.grab(item, HD, [("c.mkv", minute("1080p"))])

        async def told() -> str | None:
            row = await here.house.read(download_queries.get_download, download)
            return row.error_message if row.status == "completed" else None

        assert "films" in await eventually(told)
        assert fate.done.is_set()
        assert list(films.iterdir()) == []
        plug_in(films)
        assert tree_of(films) == set()


async def test_what_changes_between_the_look_and_the_link_is_looked_at_again(tmp_path: Path) -> None:
    landing = tmp_path / "landing"

    def replace() -> None:
        (video,) = landing.rglob("c.mkv")
        video.write_bytes(minute("720p").read_bytes())

    async with dock(tmp_path, Before("begin_import", replace)) as here:
        item = await add(here.house, film())
        download = await here.grab(item, HD, [("c.mkv", minute("1080p"))])

        async def told() -> str | None:
            row = await here.house.read(download_queries.get_download, download)
            return row.error_message if row.status == "completed" else None

        assert "changed since it was looked at" in await eventually(told)
        assert tree_of(here.films) == set()
