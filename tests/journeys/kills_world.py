"""A busy house for the tests that kill: many small titles that arrive and are wished for while it runs, and what must stand in the end.

The videos are one real video with another tail each, so that a hundred of them cost one encoding.
"""

import hashlib
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trio

from mydia.demo.fakes import FakeEpisode, FakeRelease, FakeTitle, FakeTmdb
from mydia.demo.torrents import Seeder, make_torrent
from mydia.demo.videos import Video, make_video
from mydia.errors import Unavailable
from mydia.house import House
from mydia.messages import AddTitle
from mydia.otp import NoAnswer
from mydia.store.engine import Connection, from_json
from supervisors.demo import World, open_fakes

NOUNS = "Harbour Orchard Lantern Meadow Station Bridge Island Garden Mirror River Tower Winter".split()
COLOURS = "Amber Crimson Silver Golden Ivory Violet".split()
RATE = 600_000
"""Bytes a second of one torrent: each download takes long enough to be killed in."""
TAIL = 350_000


def film(number: int) -> FakeTitle:
    name = f"{COLOURS[number // len(NOUNS) % len(COLOURS)]} {NOUNS[number % len(NOUNS)]}"
    return FakeTitle(7000 + number, "movie", name, 1950 + number, "Made for killing.", 1, f"tt{7000000 + number}")


@dataclass(frozen=True, slots=True)
class Cast:
    """What is in the house before it opens, what is copied in, what is wished for; and a show whose season comes as a pack."""

    at_home: tuple[FakeTitle, ...]
    arrivals: tuple[FakeTitle, ...]
    wishes: tuple[FakeTitle, ...]
    show: FakeTitle

    @property
    def titles(self) -> tuple[FakeTitle, ...]:
        return (*self.at_home, *self.arrivals, *self.wishes, self.show)


def cast(at_home: int, arrivals: int, wishes: int) -> Cast:
    films = [film(n) for n in range(at_home + arrivals + wishes)]
    episodes = tuple(FakeEpisode(1, n, f"Part {n}", f"1990-01-{n + 10}", 1) for n in (1, 2, 3))
    show = FakeTitle(
        6999,
        "tv_show",
        "Copper Weather",
        1990,
        "Three parts.",
        1,
        "tt6999000",
        69990,
        status="Ended",
        episodes=episodes,
    )
    return Cast(
        tuple(films[:at_home]), tuple(films[at_home : at_home + arrivals]), tuple(films[at_home + arrivals :]), show
    )


def release_of(title: FakeTitle) -> str:
    return f"{title.title.replace(' ', '.')}.{title.year}.720p.WEB-DL.AAC2.0.H.264-BUSY"


def arrival_of(title: FakeTitle) -> str:
    return f"{title.title} ({title.year})/{release_of(title)}.mkv"


PACK = "Copper.Weather.S01.720p.WEB-DL.AAC2.0.H.264-BUSY"
EPISODES = tuple(f"Copper.Weather.S01E{n:02}.720p.WEB-DL.AAC2.0.H.264-BUSY.mkv" for n in (1, 2, 3))


@dataclass(slots=True)
class Busy:
    """The world around the house, and the bytes of every video by its title (episodes by their file's name)."""

    cast: Cast
    around: World
    contents: dict[str, bytes] = field(default_factory=dict)

    def content_of(self, name: str) -> bytes:
        return self.contents[name]


def video_with_tail(base: bytes, name: str) -> bytes:
    """The base with an EBML Void element of random bytes after it: what players skip."""
    tail = random.Random(name).randbytes(TAIL)  # noqa: S311 - nothing secret
    return base + b"\xec\x01" + len(tail).to_bytes(7, "big") + tail


async def open_busy_world(nursery: trio.Nursery, folder: Path, cast: Cast) -> Busy:
    """Make the videos and torrents, open the fakes, and put into the library what lies there from the start."""
    busy = Busy(cast, World(folder, tmdb=FakeTmdb(cast.titles), seeder=Seeder(RATE)))
    await open_fakes(nursery, busy.around)
    await trio.to_thread.run_sync(_fill, busy)
    return busy


def _fill(busy: Busy) -> None:
    folder = busy.around.folder
    folder.mkdir(parents=True, exist_ok=True)
    base = make_video(Video(1280, 720, 60, fps=0.1), folder / "base.mkv").read_bytes()
    names = [t.title for t in (*busy.cast.at_home, *busy.cast.arrivals, *busy.cast.wishes)] + list(EPISODES)
    busy.contents.update({name: video_with_tail(base, name) for name in names})
    for title in busy.cast.at_home:
        copy_in(busy, title)
    torrents = []
    for title in busy.cast.wishes:
        files = {f"{release_of(title)}.mkv": busy.contents[title.title]}
        torrents.append(_offer(busy, release_of(title), title, files, None))
    torrents.append(_offer(busy, PACK, busy.cast.show, {name: busy.contents[name] for name in EPISODES}, 1))
    busy.around.seeder.add(torrents)


def _offer(busy: Busy, name: str, title: FakeTitle, files: dict[str, bytes], season: int | None) -> tuple[bytes, Path]:
    folder = busy.around.folder / "seeder"
    for file, content in files.items():
        Path(folder, name).mkdir(parents=True, exist_ok=True)
        Path(folder, name, file).write_bytes(content)
    torrent, infohash = make_torrent(Path(folder, name), f"{busy.around.urls['tracker']}/announce")
    busy.around.indexer.releases.append(
        FakeRelease(
            name,
            torrent,
            sum(len(content) for content in files.values()),
            category=5040 if season else 2040,
            ids={"tmdb": str(title.id), "imdb": (title.imdb_id or "").removeprefix("tt")},
            season=season,
            infohash=infohash,
        )
    )
    return torrent, folder


def copy_in(busy: Busy, title: FakeTitle) -> None:
    """As a slow copy does it: the final name from the first byte on, and more in pieces."""
    target = busy.around.folder / "library/movies" / arrival_of(title)
    target.parent.mkdir(parents=True, exist_ok=True)
    content = busy.contents[title.title]
    with target.open("wb", buffering=0) as file:
        for start in range(0, len(content), 65536):
            file.write(content[start : start + 65536])


async def insist(house: House, title: FakeTitle) -> None:
    """Wish for a title as a person would: again when no answer came."""
    wish = AddTitle(kind=title.kind, provider="tmdb", id=str(title.id), actor="demo")  # type: ignore[arg-type]  # one of both
    while True:
        try:
            await house.mail["librarian"].ask(wish, timeout=10)
        except (NoAnswer, Unavailable):
            await trio.sleep(0.1)
        else:
            return


# -- what stands in the end


@dataclass(frozen=True, slots=True)
class Standing:
    """A library as plain facts that two runs of it share: no ids, no times."""

    titles: tuple[str, ...]
    held: tuple[tuple[str, str, str, str], ...]  # title, target, file, state
    files: tuple[tuple[str, str], ...]  # path in the library -> hash of its bytes
    downloads: tuple[tuple[str, str], ...]  # release -> status
    imports: tuple[str, ...]  # paths, one for each import event


def standing(conn: Connection) -> tuple[tuple[str, ...], tuple[Any, ...], tuple[Any, ...], tuple[str, ...]]:
    titles = tuple(
        f"{r['type']} {r['title']} {r['year']}"
        for r in conn.all("select type, title, year from media_items order by title, year")
    )
    held = conn.all(
        """select m.title, coalesce(e.season_number * 100 + e.episode_number, 0) as number, f.relative_path, f.state, f.id
        from held_files h join slots s on s.id = h.slot_id join media_items m on m.id = s.media_item_id
        join media_files f on f.id = h.file_id left join episodes e on e.id = h.target
        order by m.title, number, f.relative_path"""
    )
    downloads = conn.all("select title, status from downloads order by title, status")
    imports = [from_json(r["data"])["path"] for r in conn.all("select data from events where type = 'Imported'")]
    return (
        titles,
        tuple((r["title"], str(r["number"]), r["relative_path"], r["state"]) for r in held),
        tuple((r["title"], r["status"]) for r in downloads),
        tuple(sorted(imports)),
    )


async def look(house: House, busy: Busy) -> Standing:
    titles, held, downloads, imports = await house.read(standing)
    files = await trio.to_thread.run_sync(on_disk, busy.around.folder / "library")
    return Standing(titles, held, files, downloads, imports)


def on_disk(folder: Path) -> tuple[tuple[str, str], ...]:
    """Every file of the library with the hash of its bytes, parts and trash included."""
    return tuple(
        sorted(
            (str(p.relative_to(folder)), hashlib.sha256(p.read_bytes()).hexdigest()[:16])
            for p in folder.rglob("*")
            if p.is_file()
        )
    )


def expected(busy: Busy) -> Standing:
    """What a house that nothing happens to ends with."""

    def sha(name: str) -> str:
        return hashlib.sha256(busy.contents[name]).hexdigest()[:16]

    cast = busy.cast
    placed = {t.title: arrival_of(t) for t in (*cast.at_home, *cast.arrivals)}
    placed |= {t.title: f"{t.title} ({t.year})/{t.title} ({t.year}) - WEBDL-720p.mkv" for t in cast.wishes}
    episodes = [
        f"Copper Weather/Season 1/Copper Weather - S01E{n:02} - Part {n}.mkv" for n, _ in enumerate(EPISODES, 1)
    ]
    kinds = sorted((t.title, f"{t.kind} {t.title} {t.year}") for t in cast.titles)
    held = [(title, "0", path, "linked") for title, path in placed.items()]
    held += [(cast.show.title, str(100 + n), path, "linked") for n, path in enumerate(episodes, 1)]
    files = [(f"movies/{path}", sha(title)) for title, path in placed.items()]
    files += [(f"tv/{path}", sha(name)) for path, name in zip(episodes, EPISODES, strict=True)]
    imports = [placed[t.title] for t in cast.wishes] + episodes
    releases = sorted([*(release_of(t) for t in cast.wishes), PACK])
    return Standing(
        tuple(kind for _, kind in kinds),
        tuple(sorted(held)),
        tuple(sorted(files)),
        tuple((name, "imported") for name in releases),
        tuple(sorted(imports)),
    )


def unfinished(conn: Connection) -> list[str]:
    """Jobs that still have something to do, maintenance aside."""
    rows = conn.all(
        "select kind, state, errors from jobs where state in ('available', 'scheduled', 'executing', 'retryable')"
        " and kind not in ('prune', 'optimize_store', 'fold_log', 'vacuum_store', 'check_store', 'backup_store',"
        " 'refresh_metadata', 'search_missing')"
        " order by kind, id"
    )
    return [f"{r['kind']} {r['state']}" for r in rows]


def trouble(conn: Connection) -> str:
    """What a failed test should say: work that is left or was given up, and why downloads wait."""
    jobs = conn.all(
        "select kind, state, attempt, interrupted, errors from jobs where state <> 'completed' order by kind, id"
    )
    downloads = conn.all("select title, status, error_message from downloads where status <> 'imported' order by title")
    files = conn.all(
        "select relative_path, state, reason from media_files where state <> 'linked' order by relative_path"
    )
    return "\n".join(str(row) for row in (*jobs, *downloads, *files))


def differences(there: Standing, wanted: Standing) -> list[str]:
    """What is not as it must be, each in a line."""
    lines = []
    for name in ("titles", "held", "files", "downloads", "imports"):
        has, must = list(getattr(there, name)), list(getattr(wanted, name))
        lines += [f"{name}: {each} is missing" for each in must if each not in has]
        lines += [f"{name}: {each} is too much" for each in has if each not in must]
        lines += [
            f"{name}: {each} stands there {has.count(each)} times" for each in dict.fromkeys(has) if has.count(each) > 1
        ]
    return lines


def notified(busy: Busy) -> dict[str, list[dict[str, Any]]]:
    """The notices of imports that came to the webhook, by path."""
    notices: dict[str, list[dict[str, Any]]] = {}
    for message in busy.around.webhook.messages():
        if message.get("event") == "imported":
            notices.setdefault(message["data"]["path"], []).append(message)
    return notices


def assert_told(busy: Busy) -> None:
    """Each import was told, and when it was told twice it was the same both times."""
    told = notified(busy)
    assert sorted(told) == list(expected(busy).imports)
    for path, notices in told.items():
        assert all(notice == notices[0] for notice in notices), path


async def arrive(busy: Busy, titles: Iterable[FakeTitle], pause: float) -> None:
    """Copy titles in, one after the other."""
    for title in titles:
        await trio.to_thread.run_sync(copy_in, busy, title)
        await trio.sleep(pause)


async def wish(house: House, titles: Sequence[FakeTitle], pause: float) -> None:
    for title in titles:
        await insist(house, title)
        await trio.sleep(pause)
