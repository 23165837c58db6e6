"""What tests of workers stand on: a supervised crew in a house, titles and videos to work with, a download client in memory."""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import trio

from mydia.choosing.changes import put_profile, seed_defaults
from mydia.core.quality import DEFAULT_PROFILES, QualityProfile, SizeLimit
from mydia.core.titles import title_key
from mydia.demo.videos import make_video
from mydia.demo.world import HD, OLD, SMALL
from mydia.errors import Conflict, Unavailable
from mydia.events import Event
from mydia.house import House
from mydia.jobs import queries as jobs
from mydia.jobs.changes import retry_job
from mydia.jobs.model import FINISHED, Job
from mydia.library import changes as library
from mydia.library.model import FileView, Root
from mydia.library.queries import get_file, known_at, list_files, roots
from mydia.media import changes as media
from mydia.otp import Actor, ChildSpec, Supervisor, actor, pool
from mydia.ports import ClientDownload, EpisodeDetails, MediaDetails, MediaKind, Payload, Protocol_
from mydia.store.engine import Connection, from_json
from mydia.store.transaction import Transaction
from tests.support.waiting import eventually
from workers.analyzer import Analyzer

BOOT = "boot1"
CLIMBING = "Climbing"


def member(house: House, name: str, make: Callable[[], Actor]) -> ChildSpec:
    return actor(name, make, mailbox=house.mail[name])


def probing(house: House) -> ChildSpec:
    """The real analyzer: an OS process that reads media facts."""
    return pool("analyzer", Analyzer, size=1, mailbox=house.mail["analyzer"])


@asynccontextmanager
async def crew(*children: ChildSpec) -> AsyncIterator[Supervisor]:
    """These children at work, each brought back when it crashes."""
    async with trio.open_nursery() as nursery:
        supervisor = Supervisor("crew", children=children, max_restarts=50)
        await nursery.start(supervisor.run)
        yield supervisor
        nursery.cancel_scope.cancel()


# -- titles, folders, videos


@cache
def _videos() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="mydia-test-videos-")


@cache
def minute(kind: str = "720p", seed: int = 1) -> Path:
    """A real video of one minute ("480p", "720p", "1080p"); every seed has other content. Shared: copy it, link it, never change it."""
    look, suffix = {"480p": (OLD, "avi"), "720p": (SMALL, "mkv"), "1080p": (HD, "mkv")}[kind]
    return make_video(replace(look, seed=seed), Path(_videos().name, f"{kind}-{seed}.{suffix}"))


def film(title: str = "Charade", year: int | None = 1963, **more: Any) -> MediaDetails:
    ids = more.pop("ids", {"tmdb": title_key(title) + str(year or "")})
    return MediaDetails("tmdb", "movie", title, ids, year=year, **{"runtime": 1, "status": "Released", **more})


def show(title: str = "One Step Beyond", seasons: Sequence[int] = (3,), **more: Any) -> MediaDetails:
    """A show of one minute's episodes, all aired; `seasons` says how many each has."""
    episodes = tuple(
        EpisodeDetails(s, e, f"Part {e}", f"1960-{s:02}-{e:02}", runtime=1)
        for s, count in enumerate(seasons, 1)
        for e in range(1, count + 1)
    )
    return MediaDetails(
        "tmdb", "tv_show", title, {"tmdb": title_key(title)}, year=1959, runtime=1, episodes=episodes, **more
    )


def climbing() -> QualityProfile:
    """A profile that takes anything of any size, and upgrades until 1080p from a disc."""
    base = next(p for p in DEFAULT_PROFILES if p.name == "Any")
    sizes = {name: SizeLimit(0.0, None, None) for name in base.flat()}
    return replace(base, id="", name=CLIMBING, upgrades=True, cutoff="Bluray-1080p", sizes=sizes)


async def settle_in(house: House, *folders: tuple[Path, MediaKind]) -> list[Root]:
    """Profiles and library folders, as a start makes them; and the profile of the titles that are added."""
    await house.write(seed_defaults)
    with suppress(Conflict):  # not the first start
        await house.write(put_profile, climbing(), actor="test")
    await house.write(library.ensure_roots, [(str(path), kind) for path, kind in folders])
    return list(await house.read(roots))


async def add(house: House, details: MediaDetails, **how: Any) -> str:
    return await house.write(media.add_media, details, **{"default_profile": CLIMBING, **how})


# -- what became of it


async def run(house: House, kind: str, **args: Any) -> Job:
    """Enqueue a job and wait until it is over, or waits for another try."""
    return await over(house, await house.write(Transaction.enqueue, kind, args))


async def over(house: House, job_id: str) -> Job:
    async def look() -> Job | None:
        job = await house.read(jobs.get_job, job_id)
        return job if job.state in (*FINISHED, "scheduled", "retryable") else None

    return await eventually(look)


def file_at(conn: Connection, root_id: str, path: str) -> FileView | None:
    """The file of that path in a library folder, whatever became of it."""
    known = known_at(conn, root_id, [path])
    return get_file(conn, known[path].id) if known else None


async def file_named(house: House, name: str, *states: str) -> FileView:
    """The library file whose path ends so, once it is in one of these states."""

    async def look() -> FileView | None:
        for file in (await house.read(list_files, limit=200)).items:
            if file.relative_path.endswith(name) and (not states or file.state in states):
                return file
        return None

    return await eventually(look)


def happened(conn: Connection, *types: type[Event]) -> list[dict[str, Any]]:
    """The stored events of these types in order, as their own fields."""
    rows = conn.all("select type, data from events order by seq")
    return [from_json(r["data"]) for r in rows if r["type"] in {t.type() for t in types}]


def tree_of(folder: Path) -> set[str]:
    """Every file below a folder, but not what lies in its trash."""
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and ".mydia-trash" not in p.parts}


# -- a download client


class MemoryClient:
    """A fake download client that keeps everything in memory: `ports.DownloadClient` without a process behind it.

    `finish` says that a download is complete and where its files lie; `down` makes every call fail as an unreachable client does.
    """

    protocol: Protocol_ = "torrent"

    def __init__(self, name: str = "memory") -> None:
        self.name = name
        self.downloads: dict[str, ClientDownload] = {}
        self.added: list[str] = []
        self.removed: list[tuple[str, bool]] = []
        self.down = False

    async def check(self) -> str:
        return "a fake"

    async def add(self, payload: Payload, *, label: str) -> str:
        self._answer()
        id_ = payload.infohash or payload.name
        self.added.append(id_)
        self.downloads.setdefault(id_, ClientDownload(id_, payload.name, "downloading", 0.0, label=label))
        return id_

    async def list(self, *, label: str) -> Sequence[ClientDownload]:
        self._answer()
        return [d for d in self.downloads.values() if d.label == label]

    async def get(self, id_: str) -> ClientDownload | None:
        self._answer()
        return self.downloads.get(id_)

    async def remove(self, id_: str, *, delete_files: bool) -> None:
        self._answer()
        self.removed.append((id_, delete_files))
        self.downloads.pop(id_, None)

    def change(self, id_: str, **what: Any) -> None:
        self.downloads[id_] = replace(self.downloads[id_], **what)

    def _answer(self) -> None:
        if self.down:
            raise Unavailable(f"{self.name} can't be reached", retry_after=30)


def put(folder: Path, files: Iterable[tuple[str, Path | bytes]]) -> None:
    """Lay files into a folder: links to shared videos' copies, or bytes."""
    for name, content in files:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.read_bytes())


async def kill(supervisor: Supervisor, name: str) -> None:
    """Make a child crash, and wait until it is back."""

    async def runs() -> bool:
        return next(c for c in supervisor.children() if c.id == name).state == "running"

    await eventually(runs, every=0.005)
    await supervisor.kill_child(f"crew/{name}")
    await eventually(runs, every=0.005)


async def push(house: House, job_id: str) -> Job:
    """Bring a waiting job forward, as a person can, until it is over."""
    while (job := await over(house, job_id)).state not in FINISHED:
        with suppress(Conflict):  # its own turn has come since
            await house.write(retry_job, job_id)
    return job
