"""A library as large as they get, for what is measured at that size: films of one file, and shows of 91 episodes, ten files a title.

Little of it is wanting: of every 500th title a file is missing, every 700th is held in a quality below its profile's cutoff. Every tenth
title was searched for, and its candidates are kept.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from mydia.choosing.changes import put_profile, seed_defaults
from mydia.choosing.queries import default_profile
from mydia.core.quality import QualityProfile
from mydia.core.titles import sort_title, title_key
from mydia.store.engine import Connection, to_json
from mydia.store.transaction import Transaction
from tests.support.house import open_house

EPISODES = 91
CANDIDATES = 50
PORTION = 500
PROFILE = "Large"
WORDS = (
    "Night City Meridian Garden Winter Hollow Signal Harbour Letter Tide Paper Crown Silent Ember North Glass".split()
)
Rows = Iterator[tuple[str, dict[str, Any]]]


async def prepare(folder: Path, titles: int) -> None:
    """Write it as the database of a data folder."""
    async with open_house(folder) as house:
        await house.write(begin)
        for start in range(0, titles, PORTION):
            await house.write(fill, range(start, min(start + PORTION, titles)))
        await house.engine.checkpoint()


def begin(tx: Transaction) -> None:
    """The defaults, a profile that would have better, and a folder."""
    seed_defaults(tx)
    put_profile(
        tx,
        replace(default_profile(tx, "HD-1080p"), id="", name=PROFILE, upgrades=True, cutoff="Bluray-1080p"),
        actor="bench",
    )
    now = {"created_at": tx.now, "updated_at": tx.now}
    tx.insert("library_roots", {"id": tx.new_id(), "path": "/nowhere", "type": "movie", **now})


def profile(conn: Connection) -> QualityProfile:
    """The profile of all its titles."""
    return default_profile(conn, PROFILE)


def lose_all(tx: Transaction) -> None:
    """Have nothing held any more, and everything lacking."""
    tx.execute("delete from held_files")
    tx.execute("delete from held_qualities")
    tx.execute("update media_items set lacking = 1")


def fill(tx: Transaction, numbers: Iterable[int]) -> None:
    """The titles of these numbers, with all that belongs to them."""
    wanted = profile(tx).id
    root = tx.value("select id from library_roots order by id limit 1")
    rows: dict[str, list[dict[str, Any]]] = {}
    for n in numbers:
        for table, row in _title(tx, n, wanted, root):
            rows.setdefault(table, []).append(row)
    for table, many in rows.items():
        tx.insert_many(table, many)


def _title(tx: Transaction, n: int, wanted: str, root: str) -> Rows:
    item, slot, times = tx.new_id(), tx.new_id(), {"created_at": tx.now, "updated_at": tx.now}
    name = f"{WORDS[n % 16]} {WORDS[n // 16 % 16]} {WORDS[n // 256 % 16]} {n}"
    kind = "tv_show" if n % 10 == 9 else "movie"
    lacking = int(n % 500 in (9, 10))
    facts = {"title": name, "sort_title": sort_title(name), "year": 1930 + n % 90, "status": "Released", "runtime": 45}
    yield (
        "media_items",
        {"id": item, "type": kind, **facts, "lacking": lacking, "original_language": "en", "metadata": "{}", **times},
    )
    yield "media_titles", {"media_item_id": item, "clean_title": title_key(name), "title": name}
    yield "external_ids", {"type": kind, "provider": "tmdb", "external_id": str(n), "media_item_id": item}
    if not lacking or kind == "tv_show":
        yield "held_qualities", {"media_item_id": item, "quality_profile_id": wanted, "quality": _quality(n)}
    yield "slots", {"id": slot, "media_item_id": item, "quality_profile_id": wanted, "created_at": tx.now}
    for number in range(1, EPISODES + 1) if kind == "tv_show" else (0,):
        target = ""
        if number:
            target = tx.new_id()
            numbers = {"season_number": 1 + number // 24, "episode_number": number, "air_date": "2020-01-01"}
            yield "episodes", {"id": target, "media_item_id": item, "title": f"Part {number}", **numbers, **times}
        if not lacking or number > 1:
            yield from _file(tx, n, number, item, slot, target, root, name)
    if n % 10 in (1, 9):
        yield from _search(tx, n, item, slot, name)


def _file(tx: Transaction, n: int, number: int, item: str, slot: str, target: str, root: str, name: str) -> Rows:
    file = tx.new_id()
    dotted = name.replace(" ", ".")
    release = (
        f"{dotted}.S01E{number:02}.1080p.BluRay.x264-GRP{n % 40}"
        if number
        else f"{dotted}.{1930 + n % 90}.1080p.BluRay.x264-GRP"
    )
    facts = {
        "size": 4_000_000_000,
        "mtime_ns": 1,
        "quality": _quality(n),
        "resolution": "1080p",
        "codec": "h264",
        "scene_name": release,
    }
    path = {"relative_path": f"{name}/{number}.mkv", "media_item_id": item, "state": "linked"}
    times = {"created_at": tx.now, "updated_at": tx.now}
    yield "media_files", {"id": file, "root_id": root, **path, **facts, "languages": '["en"]', **times}
    yield "held_files", {"slot_id": slot, "target": target, "file_id": file}
    if target:
        yield "episode_files", {"file_id": file, "episode_id": target}


def _quality(n: int) -> str:
    return "HDTV-720p" if n % 700 == 11 else "Bluray-1080p"


def _search(tx: Transaction, n: int, item: str, slot: str, name: str) -> Rows:
    search = tx.new_id()
    told = {
        "targets": "[]",
        "indexers": "[]",
        "found": CANDIDATES,
        "accepted": 0,
        "summary": f"{CANDIDATES} found, none acceptable",
    }
    yield (
        "searches",
        {"id": search, "media_item_id": item, "mode": "search", "slot_id": slot, **told, "created_at": tx.now},
    )
    for position in range(CANDIDATES):
        source = ("720p.HDTV.x264", "1080p.WEB-DL.H.264", "1080p.BluRay.x265", "2160p.WEB-DL.H.265", "SDTV.XviD")[
            position % 5
        ]
        title = f"{name.replace(' ', '.')}.{'S01E01' if n % 10 == 9 else 1930 + n % 90}.{source}-GRP{position}"
        facts = {
            "title": title,
            "indexer": "one",
            "protocol": "torrent",
            "size": (1 + position) << 28,
            "seeders": position,
        }
        row = {"search_id": search, "position": position, **facts, "quality": "WEBDL-1080p", "accepted": 0}
        yield "search_candidates", {**row, "rejections": "[]", "rank": "[]", "release": to_json({"guid": title})}
