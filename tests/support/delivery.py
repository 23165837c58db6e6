"""Finished downloads on their way into the library, and a fate that ends the importer at any step of it."""

import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from mydia.adapters.disk.system import REAL, Syscalls
from mydia.downloads import changes as downloads
from mydia.downloads.model import Download
from mydia.downloads.queries import get_download
from mydia.house import House
from mydia.jobs.changes import rescue_from
from mydia.jobs.queries import nodes_at_work
from mydia.library import queries as library
from mydia.library.model import FileView
from mydia.media.queries import episodes_of, slots_of
from mydia.otp import Supervisor
from mydia.ports import ClientDownload, ClientFile
from mydia.store.engine import Engine
from tests.support.crew import MemoryClient, crew, member, probing, put, settle_in, tree_of
from tests.support.house import WallClock, open_house
from tests.support.waiting import eventually
from workers.importer import Importer

T = TypeVar("T")
CONFIG: Mapping[str, Any] = {"downloads": {"rules": {"min_free_gb": 0}}}


class Ended(Exception):
    """The importer ends here."""


@dataclass
class Fate:
    """Counts the importer's steps: every change it writes and every system call that changes a file. At step `at` it ends, and nothing
    it then still tries has any effect, as if the process were gone (with `real`, the process is gone).
    """

    at: int | None = None
    real: bool = False
    error: OSError | None = None  # fail that one step so, instead of ending
    meanwhile: Callable[[], None] | None = None  # or do that before that one step
    steps: list[str] = field(default_factory=list)
    dead: bool = False
    system: Syscalls = REAL

    def step(self, name: str) -> None:
        if not self.dead:
            self.steps.append(name)
            if len(self.steps) != self.at:
                return
            if self.error is not None:
                raise self.error
            if self.meanwhile is not None:
                self.meanwhile()
                return
            if self.real:
                os.kill(os.getpid(), signal.SIGKILL)
        self.dead = True
        raise Ended(name)

    def revive(self) -> None:
        if self.dead:
            self.dead, self.at = False, None

    def disk(self) -> Syscalls:
        """The system's calls, each a step."""

        def counted(name: str, call: Callable[..., T]) -> Callable[..., T]:
            def do(*args: Any, **kwargs: Any) -> T:
                self.step(name)
                return call(*args, **kwargs)

            return do

        return Syscalls(**{name: counted(name, getattr(self.system, name)) for name in Syscalls.__slots__})


class Mortal:
    """A house as the importer sees it, in which every change is a step of its fate."""

    def __init__(self, house: House, fate: Fate) -> None:
        self._house, self._fate = house, fate

    def __getattr__(self, name: str) -> Any:
        return getattr(self._house, name)

    async def write(self, change: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        if change.__module__ != "mydia.jobs.changes" or self._fate.dead:
            self._fate.step(change.__name__)
        return await self._house.write(change, *args, **kwargs)


@dataclass
class Dock:
    """A house with a film and a show folder, a client in memory and an importer at work. What is downloaded lies in `landing`."""

    house: House
    client: MemoryClient
    films: Path
    shows: Path
    landing: Path
    fate: Fate
    crew: Supervisor | None = None

    async def grab(
        self,
        item: str,
        release: str,
        files: Sequence[tuple[str, Path | bytes]],
        targets: Sequence[str] = ("",),
        *,
        at: Path | None = None,
        **facts: Any,
    ) -> str:
        """A grab whose download is complete (in a folder of its own, or `at`): its id. Its import is wanted from now on."""
        slot = (await self.house.read(slots_of, item))[0]
        wish = {"title": release, "indexer": "one", "guid": release, "size": 1 << 30, **facts}
        download = await self.house.write(downloads.grab, item, slot.id, targets, wish)
        await self.house.write(downloads.handed_over, download, client=self.client.name, client_id=download)
        folder = at or self.landing / download
        put(folder, files)
        self.show(download, release, folder, [name for name, _ in files])
        await self.house.write(downloads.completed, download)
        return download

    def show(self, download: str, release: str, folder: Path, names: Sequence[str]) -> None:
        """Have the client list it as complete."""
        files = tuple(ClientFile(name, (folder / name).stat().st_size) for name in names)
        self.client.downloads[download] = ClientDownload(
            download, release, "completed", 1.0, save_path=str(folder), files=files, label="mydia"
        )

    def recall(self, download: str) -> None:
        """What another process' client had in `landing`, a client that lives only in memory has to be told."""
        folder = self.landing / download
        # What the importer tries links with, and a cut may leave, no client lists.
        self.show(download, download, folder, sorted(n for n in tree_of(folder) if not n.startswith(".mydia-")))

    async def until(self, download: str, *statuses: str) -> Download:
        async def look() -> Download | None:
            found = await self.house.read(get_download, download)
            return found if found.status in statuses else None

        try:
            return await eventually(look)
        except AssertionError:
            found = await self.house.read(get_download, download)
            raise AssertionError(f"{found.title} is {found.status}: {found.error_message}") from None

    async def bring(self, item: str, release: str, *files: tuple[str, Path | bytes], **how: Any) -> Download:
        """Grab, and wait until it is imported."""
        return await self.until(await self.grab(item, release, files, **how), "imported")

    async def held(self, item: str, target: str = "") -> FileView:
        slot = (await self.house.read(slots_of, item))[0]
        file = await self.house.read(library.held_file, slot.id, target)
        assert file is not None
        return file

    async def episodes(self, item: str) -> list[str]:
        return [e.id for e in await self.house.read(episodes_of, item)]

    async def trash_is_still(self) -> None:
        """Until nothing is on its way to the trash any more."""

        async def look() -> bool:
            return not await self.house.read(library.trash_in_flight)

        await eventually(look)

    def importer(self) -> Importer:
        self.fate.revive()
        mortal: Any = Mortal(self.house, self.fate)
        return Importer(mortal, [self.client], self.house.engine.node, sys=self.fate.disk())


@asynccontextmanager
async def dock(
    tmp_path: Path,
    fate: Fate | None = None,
    *,
    landing: Path | None = None,
    idle: bool = False,
    recall: str | None = None,
    engine: Engine | None = None,
) -> AsyncIterator[Dock]:
    """`idle`: nobody imports yet. `recall`: a download that another process' client had. `engine`: another than the tests' own."""
    films, shows = tmp_path / "films", tmp_path / "shows"
    landing = landing or tmp_path / "landing"
    for folder in (films, shows, landing):
        folder.mkdir(exist_ok=True)
    async with open_house(tmp_path / "data", CONFIG, WallClock(), engine) as house:
        await settle_in(house, (films, "movie"), (shows, "tv_show"))
        scene = Dock(house, MemoryClient(), films, shows, landing, fate or Fate())
        if recall is not None:
            scene.recall(recall)
        if idle:
            yield scene
            return
        # A leader's work, who waits some seconds to be sure that they are gone.
        if house.engine.shared and (gone := await house.read(nodes_at_work) - {house.engine.node}):
            await house.write(rescue_from, gone)
        async with crew(probing(house), member(house, "importer", scene.importer)) as scene.crew:
            yield scene
