"""A house that is busy from all sides while it is killed: many films, a metadata provider, an indexer, a client that delivers at once."""

import hashlib
import random
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import trio
import yaml

from mydia.choosing import changes as choosing
from mydia.choosing.queries import list_profiles
from mydia.demo.fakes import FakeIndexer, FakeRelease, FakeTitle, FakeTmdb, serve
from mydia.demo.torrents import make_torrent
from mydia.demo.videos import Video, make_video
from mydia.store.transaction import Transaction
from supervisors.demo import PROFILE, World, demo_profile, open_fakes, write_config
from tests.support.fake_qbittorrent import FakeQbittorrent, Offer

COLOURS = "Amber Crimson Silver Golden Ivory Violet Copper Scarlet Emerald Cobalt Russet Pearl".split()
NOUNS = (
    "Harbour Orchard Lantern Meadow Station Bridge Island Garden Mirror River Tower Winter Summer Valley Forest Mountain "
    "Castle Village Sailor Painter Doctor Stranger Brother Sister"
).split()
TAIL = 2000


def film(number: int) -> FakeTitle:
    """Each is called like no other."""
    name = f"{COLOURS[number % len(COLOURS)]} {NOUNS[number // len(COLOURS) % len(NOUNS)]}"
    return FakeTitle(9000 + number, "movie", name, 1940 + number % 60, "Made for killing.", 1, f"tt{9000000 + number}")


def release_of(title: FakeTitle, *, better: bool = False) -> str:
    quality = "720p.PROPER" if better else "720p"
    return f"{title.title.replace(' ', '.')}.{title.year}.{quality}.WEB-DL.AAC2.0.H.264-BUSY"


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass(slots=True)
class Stage:
    """What stands around the daemon. `contents`: hash of a video's bytes -> the release that brings it."""

    folder: Path
    films: list[FakeTitle]
    client: FakeQbittorrent
    indexer: FakeIndexer
    base: bytes
    tracker: str
    config: Path
    library: Path
    contents: dict[str, str] = field(default_factory=dict)

    def release(self, title: FakeTitle, *, better: bool = False) -> str:
        """Have the indexer list it and the client know it; the hash of its video."""
        name = release_of(title, better=better)
        # An EBML Void element, which players skip, makes each a file of its own.
        tail = random.Random(name).randbytes(TAIL)  # noqa: S311 - nothing secret
        content = self.base + b"\xec\x01" + TAIL.to_bytes(7, "big") + tail
        folder = self.folder / "offers" / name
        folder.mkdir(parents=True)
        (folder / f"{name}.mkv").write_bytes(content)
        torrent, infohash = make_torrent(folder, f"{self.tracker}/announce")
        self.client.offer(Offer(torrent, infohash, name, {f"{name}.mkv": content}))
        ids = {"tmdb": str(title.id), "imdb": (title.imdb_id or "").removeprefix("tt")}
        self.indexer.releases.append(
            FakeRelease(name, torrent, len(content), category=2040, ids=ids, infohash=infohash)
        )
        self.contents[sha(content)] = name
        return sha(content)

    def on_disk(self) -> dict[str, str]:
        """Every file of the library, its trash and parts of copies included: path -> hash."""
        return {
            str(path.relative_to(self.library)): sha(path.read_bytes())
            for path in sorted(self.library.rglob("*"))
            if path.is_file()
        }

    def delivered(self) -> dict[str, str]:
        """What lies in the client's folders: path -> hash."""
        return {
            str(path): sha(path.read_bytes())
            for landing in self.client.landings
            for path in sorted(landing.rglob("*"))
            if path.is_file()
        }


@contextmanager
def landings(folder: Path) -> Iterator[list[Path]]:
    """Where downloads come down: beside the library, and, where there is another file system, there."""
    (folder / "landing").mkdir()
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else folder) as other:
        yield [folder / "landing", Path(other)]


async def set_stage(
    nursery: trio.Nursery,
    folder: Path,
    where: list[Path],
    films: int,
    port: int,
    database: Mapping[str, str] | None = None,
) -> Stage:
    """Open the fakes, make the video that all are made from, write the daemon's configuration. `database`: as stands in there."""
    titles = [film(n) for n in range(films)]
    around = World(folder, tmdb=FakeTmdb(titles))
    around.seeder.close()
    await open_fakes(nursery, around)
    client = FakeQbittorrent(where)
    client_url = await nursery.start(serve, client)
    config = write_config(around, None, port)
    values: dict[str, Any] = yaml.safe_load(config.read_text())
    values["downloads"]["clients"] = [{"type": "qbittorrent", "name": "fake", "url": client_url}]
    values["downloads"]["embedded"]["enabled"] = False
    # What time asks for would be done twice or not at all at some hours of the day.
    jobs = "library_scan automated_search metadata_refresh prune optimize_store check_store backup_store".split()
    values["schedules"] = dict.fromkeys(jobs, "off")
    values["database"] = dict(database or {})
    config.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
    base = await trio.to_thread.run_sync(make_video, Video(1280, 720, 60, fps=0.1), folder / "base.mkv")
    return Stage(
        folder,
        titles,
        client,
        around.indexer,
        base.read_bytes(),
        around.urls["tracker"],
        config,
        folder / "library/movies",
    )


def seed_profile(tx: Transaction) -> None:
    """The demo's profile, but one that upgrades."""
    if all(known.name != PROFILE for known in list_profiles(tx)):
        choosing.put_profile(tx, replace(demo_profile(), upgrades=True, cutoff="Remux-1080p"), actor="tests")
