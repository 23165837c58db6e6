"""Power cuts during an import: the database, the library and the downloads lie on one disk, and whatever the cut has left is finished.

A film is held; a better release of it (of the same name, or of another) was downloaded. The import is recorded from its first step to
the last of the old file's way to the trash, with hard links and with copies; the next start meets what the cut has left.
"""

import errno
import itertools
import os
import random
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import trio

from mydia.downloads.queries import get_download
from mydia.events import Imported
from mydia.library import queries as library
from mydia.store.sqlite import SqliteEngine
from tests.crash.platter import Recorder, lay_down
from tests.support.crew import add, film, happened, minute, tree_of
from tests.support.delivery import Dock, Fate, dock

OLD, NEW = "Charade.1963.720p.BluRay.x264-GRP", "Charade.1963.1080p.BluRay.x264-GRP"
SAME_NAME = "Charade.1963.720p.BluRay.PROPER.x264-GRP"


@dataclass(slots=True)
class Outcome:
    cuts: int = 0
    steps: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Delivered:
    """A film that is held, and what was downloaded to replace it. `content` is the new video's, `was` the old one's."""

    item: str
    download: str
    content: bytes
    was: bytes


@asynccontextmanager
async def _dock(disk: Path, **how: Any) -> AsyncIterator[Dock]:
    engine = SqliteEngine(disk / "data/mydia.db", backups=disk / "data/backups")
    async with dock(disk, engine=engine, **how) as here:
        yield here


async def _delivered(disk: Path, *, same_name: bool) -> Delivered:
    await trio.Path(disk).mkdir(parents=True)
    new = minute("720p", seed=2) if same_name else minute("1080p")
    async with _dock(disk) as here:
        item = await add(here.house, film("Charade", 1963))
        await here.bring(item, OLD, ("old.mkv", minute("720p")), ("old.en.srt", b"old"))
    async with _dock(disk, idle=True) as here:
        download = await here.grab(item, SAME_NAME if same_name else NEW, [("new.mkv", new), ("new.de.srt", b"new")])
    return Delivered(item, download, new.read_bytes(), minute("720p").read_bytes())


async def record(disk: Path, *, same_name: bool, copied: bool) -> tuple[Delivered, Recorder]:
    """Deliver, and import under the recorder's eyes."""
    delivered = await _delivered(disk, same_name=same_name)
    recorder = Recorder(disk)
    calls = recorder.syscalls
    with recorder.at_work():
        fate = Fate(system=replace(calls, link=partial(_link_within, calls.link)) if copied else calls)
        async with _dock(disk, fate=fate, recall=delivered.download) as here:
            await here.until(delivered.download, "imported")
            recorder.tell("imported")
            await here.trash_is_still()
            recorder.tell("trashed")
    return delivered, recorder


def _link_within(link: Callable[..., None], source: str, target: str, **how: Any) -> None:
    """Links work in the library, and not from the downloads to it: as where these are two file systems."""
    if target.startswith(".mydia-") and target.endswith(".part"):
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
    link(source, target, **how)


async def cut(disk: Path, delivered: Delivered, recorder: Recorder, seed: int, times: int) -> Outcome:
    """Cut the power at so many moments of the import, and go on from there."""
    chance = random.Random(seed)  # noqa: S311 - moments, nothing secret
    steps = recorder.steps
    outcome = Outcome(steps=len(steps))
    moments = sorted(chance.randrange(len(steps) + 1) for _ in range(times))
    for moment, platter in zip(moments, recorder.platters(moments), strict=True):
        await trio.to_thread.run_sync(shutil.rmtree, disk)
        lay_down(platter.after_a_cut(chance), disk)
        outcome.cuts += 1
        outcome.wrong += [
            f"seed {seed}, step {moment} of {len(steps)}: {line}" for line in await _look(disk, delivered, platter.told)
        ]
    return outcome


async def _look(disk: Path, delivered: Delivered, told: list[Any]) -> list[str]:
    """What is wrong right after the cut, and after the house has gone on."""
    wrong = [f"the download's {path} was changed" for path in _landed(disk, delivered)]
    async with _dock(disk, idle=True) as here:
        wrong += await here.house.engine.check()
        if "imported" in told:
            row = await here.house.read(get_download, delivered.download)
            if row.status != "imported":
                wrong.append(f"it was told to be imported, and is {row.status}")
            wrong += await _stands(here, delivered)
        elif not _whole(disk, delivered.was) and not _whole(disk, delivered.content):
            wrong.append("neither the old nor the new video is whole")
    async with _dock(disk, recall=delivered.download) as here:
        await here.until(delivered.download, "imported")
        await here.trash_is_still()
        wrong += await _stands(here, delivered)
        if len(await here.house.read(happened, Imported)) != 2:
            wrong.append("its import is told of more than once")
        (trashed,) = (await here.house.read(library.trash)).items
        if (here.films / trashed.trash_path).read_bytes() != delivered.was:
            wrong.append("the old video is not whole in the trash")
        wrong += [f"{name} was left behind" for name in tree_of(here.films) if name.endswith(".part")]
    return wrong


async def _stands(here: Dock, delivered: Delivered) -> list[str]:
    held = await here.held(delivered.item)
    path = here.films / held.relative_path
    content = await trio.Path(path).read_bytes() if path.exists() else b""
    return [] if content == delivered.content else [f"{held.relative_path} is held and is not the new video, whole"]


def _landed(disk: Path, delivered: Delivered) -> list[str]:
    file = disk / "landing" / delivered.download / "new.mkv"
    return [] if file.is_file() and file.read_bytes() == delivered.content else ["video"]


def _whole(disk: Path, content: bytes) -> bool:
    return any(p.is_file() and p.read_bytes() == content for p in (disk / "films").rglob("*"))


async def kill_at_every_step(folder: Path) -> Outcome:
    """A process that imports is killed, really, at its first step, then one at its second, until one comes to its end: each is finished by
    the next start. A step is each change that the importer writes and each system call by which it changes a file."""
    total = Outcome()
    for same_name in (False, True):
        for at in itertools.count(1):
            disk = folder / f"{'same' if same_name else 'other'}-{at}"
            delivered = await _delivered(disk, same_name=same_name)
            victim = [sys.executable, "-m", "tests.support.import_victim", str(disk), delivered.download, str(at)]
            done = await trio.run_process(victim, check=False, capture_stderr=True)
            total.cuts += 1
            total.wrong += [f"step {at}: {line}" for line in await _look(disk, delivered, [])]
            await trio.to_thread.run_sync(shutil.rmtree, disk)
            if done.returncode == 0:
                total.steps += at - 1
                break
            if done.returncode != -signal.SIGKILL:
                total.wrong.append(f"step {at}: {done.stderr.decode()}")
                break
    return total


async def all_cuts(folder: Path, seed: int, times: int) -> Outcome:
    """The four ways an upgrade can go, each cut so many times in all."""
    total = Outcome()
    for n, (same_name, copied) in enumerate(((False, False), (False, True), (True, False), (True, True))):
        disk = folder / f"disk-{n}"
        recorded = await record(disk, same_name=same_name, copied=copied)
        outcome = await cut(disk, *recorded, seed + n, -(-times // 4))
        total.cuts += outcome.cuts
        total.steps += outcome.steps
        total.wrong += outcome.wrong
    return total
