"""Imports that are cut short: by power cuts, where the database, the library and the downloads lie on one disk; by kills; and by the fall
of the PostgreSQL server that the database is on. Whatever is left is finished.

A film is held; a better release of it (of the same name, or of another) was downloaded. An import is all from its first step to the last
of the old file's way to the trash. Under power cuts it is recorded, with hard links and with copies; the next start meets what the cut has
left, as after a kill. Where the server falls the house lives on.
"""

import errno
import itertools
import os
import random
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import trio

from mydia.downloads.queries import get_download
from mydia.errors import Conflict, Unavailable
from mydia.events import Imported
from mydia.jobs.changes import retry_job
from mydia.jobs.queries import list_jobs
from mydia.library import queries as library
from mydia.store.postgres import PostgresEngine
from mydia.store.sqlite import SqliteEngine
from tests.crash.falls import FALLEN, fall, mend
from tests.crash.platter import Recorder, lay_down
from tests.support.crew import add, crew, film, happened, member, minute, probing, tree_of
from tests.support.delivery import Dock, Fate, dock
from tests.support.postgres import Postgres
from tests.support.waiting import eventually

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
async def _dock(disk: Path, url: str | None = None, **how: Any) -> AsyncIterator[Dock]:
    """Its database lies on that disk too, or is on PostgreSQL."""
    path = disk / "data/mydia.db"
    engine = SqliteEngine(path, backups=disk / "data/backups") if url is None else PostgresEngine(url, patience=60)
    async with dock(disk, engine=engine, **how) as here:
        yield here


async def _delivered(disk: Path, url: str | None = None, *, same_name: bool) -> Delivered:
    await trio.Path(disk).mkdir(parents=True)
    new = minute("720p", seed=2) if same_name else minute("1080p")
    async with _dock(disk, url) as here:
        item = await add(here.house, film("Charade", 1963))
        await here.bring(item, OLD, ("old.mkv", minute("720p")), ("old.en.srt", b"old"))
    async with _dock(disk, url, idle=True) as here:
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


async def _look(disk: Path, delivered: Delivered, told: list[Any], url: str | None = None) -> list[str]:
    """What is wrong right after the end, and after the house has gone on."""
    wrong = [f"the download's {path} was changed" for path in _landed(disk, delivered)]
    async with _dock(disk, url, idle=True) as here:
        wrong += await here.house.engine.check()
        if "imported" in told:
            row = await here.house.read(get_download, delivered.download)
            if row.status != "imported":
                wrong.append(f"it was told to be imported, and is {row.status}")
            wrong += await _stands(here, delivered)
        elif not _whole(disk, delivered.was) and not _whole(disk, delivered.content):
            wrong.append("neither the old nor the new video is whole")
    async with _dock(disk, url, recall=delivered.download) as here:
        await here.until(delivered.download, "imported")
        await here.trash_is_still()
        return wrong + await _at_rest(here, delivered)


async def _at_rest(here: Dock, delivered: Delivered) -> list[str]:
    """What is wrong when all has been done."""
    wrong = await _stands(here, delivered)
    if len(await here.house.read(happened, Imported)) != 2:
        wrong.append("its import is told of more than once")
    (trashed,) = (await here.house.read(library.trash)).items
    if (here.films / trashed.trash_path).read_bytes() != delivered.was:
        wrong.append("the old video is not whole in the trash")
    videos = sorted(path.read_bytes() for path in here.films.rglob("*.mkv"))
    if videos != sorted((delivered.was, delivered.content)):
        wrong.append(f"{len(videos)} videos lie in the library and its trash, or others than the two")
    return wrong + [f"{name} was left behind" for name in tree_of(here.films) if name.endswith(".part")]


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


async def kill_at_every_step(folder: Path, server: Postgres | None = None) -> Outcome:
    """A process that imports is killed, really, at its first step, then one at its second, until one comes to its end: each is finished by
    the next start. A step is each change that the importer writes and each system call by which it changes a file."""
    total = Outcome()
    for same_name in (False, True):
        for at in itertools.count(1):
            done, wrong = await kill(
                folder / f"{'same' if same_name else 'other'}-{at}", at, server, same_name=same_name
            )
            total.cuts += 1
            total.wrong += wrong
            if done or wrong:
                total.steps += at - 1
                break
    return total


async def kill(disk: Path, at: int, server: Postgres | None = None, *, same_name: bool) -> tuple[bool, list[str]]:
    """A process that imports is killed at that step: whether it had come to its end before, and what is wrong."""
    async with _database(server) as url:
        delivered = await _delivered(disk, url, same_name=same_name)
        victim = [sys.executable, "-m", "tests.support.import_victim", str(disk), delivered.download, str(at)]
        ended = await trio.run_process([*victim, *([url] if url else ())], check=False, capture_stderr=True)
        wrong = await _look(disk, delivered, [], url)
    if ended.returncode not in (0, -signal.SIGKILL):
        wrong.append(ended.stderr.decode())
    await trio.to_thread.run_sync(shutil.rmtree, disk)
    return ended.returncode == 0, [f"step {at}: {line}" for line in wrong]


@asynccontextmanager
async def _database(server: Postgres | None) -> AsyncIterator[str | None]:
    """The address of a new database on the server; nothing where there is none."""
    if server is None:
        yield None
        return
    name = server.create()
    yield server.url(name)
    server.drop(name)


# -- the server falls


class Falling:
    """Something of the server falls when this is called, from whichever thread; some time later it is mended."""

    def __init__(self, server: Postgres, what: str, away: float) -> None:
        self.server, self.what, self.away = server, what, away
        self.fell = False

    def __call__(self) -> None:
        backends = [int(str(pid)) for (pid,) in self.server.run(_BACKENDS)]
        fall(self.what, backends[0], backends, self.server.pid)
        self.fell = True

    async def mended(self) -> None:
        while not self.fell:  # noqa: ASYNC110 - it may be called in a thread
            await trio.sleep(0.005)
        await trio.sleep(self.away)
        mend(self.what, self.server)


_BACKENDS = "select pid from pg_stat_activity where application_name = 'mydia' order by backend_start, pid"
SHORT = 0.3
"""Seconds of patience, of a house that shall lose it."""


async def let_fall(
    disk: Path, server: Postgres, what: str, at: int, *, same_name: bool, patient: bool
) -> tuple[bool, list[str]]:
    """The server falls at that step of an import, and the house lives on: whether the import had come to its end before, and what is wrong.
    The house has the patience to wait for the server, or is refused what it reads and writes, and does it again later."""
    falling = Falling(server, what, 0 if patient else 5 * SHORT)
    async with _database(server) as url:
        delivered = await _delivered(disk, url, same_name=same_name)
        fate, engine = Fate(at, meanwhile=falling), PostgresEngine(str(url), patience=60)
        async with dock(disk, fate, engine=engine, idle=True) as here:
            here.recall(delivered.download)
            if not patient:  # not while it opens, which takes a busy machine longer
                engine._patience = SHORT
            async with trio.open_nursery() as nursery:
                nursery.start_soon(falling.mended)
                async with crew(probing(here.house), member(here.house, "importer", here.importer)):
                    await eventually(partial(_is_done, here, delivered))
                nursery.cancel_scope.cancel()
            engine._patience = 60
            wrong = await _at_rest(here, delivered) + await engine.check()
    await trio.to_thread.run_sync(shutil.rmtree, disk)
    return not falling.fell, [f"{what} fell at step {at} of {fate.steps}: {line}" for line in wrong]


async def _is_done(here: Dock, delivered: Delivered) -> bool:
    """Imported, and what it replaced is in the trash; what waits for another try is given it."""
    with suppress(Unavailable):
        for job in (await here.house.read(list_jobs, limit=20)).items:
            if job.kind == "import_download" and job.state in ("scheduled", "retryable"):
                with suppress(Conflict):  # its own turn has come since
                    await here.house.write(retry_job, job.id)
        row = await here.house.read(get_download, delivered.download)
        return row.status == "imported" and not await here.house.read(library.trash_in_flight)
    return False


async def let_fall_at_every_step(folder: Path, server: Postgres, seed: int) -> Outcome:
    """At its first step, then at its second, until one import comes to its end before."""
    chance, total = random.Random(seed), Outcome()  # noqa: S311 - ways to fall, nothing secret
    for same_name in (False, True):
        for at in itertools.count(1):
            what, patient = chance.choice(FALLEN), chance.random() < 0.7
            over, wrong = await let_fall(folder / "disk", server, what, at, same_name=same_name, patient=patient)
            total.wrong += [f"seed {seed}: {line}" for line in wrong]
            if over:
                total.steps += at - 1
                break
            total.cuts += 1
    return total


# -- many of them


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
