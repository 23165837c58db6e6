"""A page of a list costs what it shows, however large the library is: no list of any context reads its table through.

On SQLite the steps of its virtual machine are counted in a small database and in one eight times as large, which is no matter of time and
of no plan's words. On PostgreSQL the plans are read: where an index serves, no table is walked. Besides, whatever any test has the product
ask is explained as in a large house (tests/support/plans.py, by tests/conftest.py), so that no new statement escapes.
"""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from mydia.downloads import queries as downloads
from mydia.house import House
from mydia.jobs import queries as jobs
from mydia.library import queries as library
from mydia.media import queries as media
from mydia.store import growth
from mydia.store.engine import Connection, Row
from mydia.store.transaction import Transaction
from tests.support import plans
from tests.support.house import open_house

SMALL, LARGE = 400, 3200
STEP = 10  # instructions between two looks at the counter
BIG = ("media_items", "media_files", "episodes", "downloads", "events", "jobs", "trash", "blocklist", "searches")

LISTS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "titles by name": (media.list_media, {}),
    "films by name": (media.list_media, {"type": "movie"}),
    "titles by age": (media.list_media, {"sort": "added"}),
    "titles that nobody watches for": (media.list_media, {"state": "unmonitored"}),
    "titles on their way": (media.list_media, {"state": "downloading"}),
    "titles that are missing": (media.list_media, {"state": "missing"}),
    "films that are missing": (media.list_media, {"state": "missing", "type": "movie"}),
    "titles that are missing by age": (media.list_media, {"state": "missing", "sort": "added"}),
    "titles that lack something": (media.wanting, {"why": "missing", "below_cutoff": {}}),
    "films that lack something": (media.wanting, {"why": "missing", "below_cutoff": {}, "kind": "movie"}),
    "titles to search for": (
        media.longest_unsearched,
        {"why": "missing", "below_cutoff": {}, "limit": 50, "now": "2026-02-01"},
    ),
    "titles that hold what a few of many would have better": (
        media.wanting,
        {"why": "cutoff_unmet", "below_cutoff": {"profile": ("DVD",)}},
    ),
    "titles to search for something better": (
        media.longest_unsearched,
        {"why": "cutoff_unmet", "below_cutoff": {"profile": ("DVD",)}, "limit": 50, "now": "2026-02-01"},
    ),
    "titles that are held": (media.list_media, {"state": "held"}),
    "films by age": (media.list_media, {"type": "movie", "sort": "added"}),
    "shows that nobody watches for": (media.list_media, {"state": "unmonitored", "type": "tv_show"}),
    "titles that nobody watches for by age": (media.list_media, {"state": "unmonitored", "sort": "added"}),
    "what happened": (media.history, {}),
    "what happened to one": (media.history, {"item_id": "title-000007"}),
    "files": (library.list_files, {}),
    "files of a common state": (library.list_files, {"state": "linked"}),
    "files of a rare state": (library.list_files, {"state": "unmatched"}),
    "files of a state without any": (library.list_files, {"state": "missing"}),
    "files of a folder": (library.list_files, {"root_id": "root-1"}),
    "files of a small folder": (library.list_files, {"root_id": "root-2"}),
    "files of a rare state in a folder": (library.list_files, {"root_id": "root-1", "state": "unmatched"}),
    "files of a common state in a folder": (library.list_files, {"root_id": "root-1", "state": "linked"}),
    "files of films that fitted nothing": (library.unmatched, {"kind": "movie", "limit": 50}),
    "files below a folder": (library.known_below, {"root_id": "root-1", "relative_path": "7", "limit": 50}),
    "files of a title": (library.list_files, {"media_item_id": "title-000007"}),
    "the trash": (library.trash, {}),
    "downloads": (downloads.list_downloads, {}),
    "the queue": (downloads.list_downloads, {"status": "active"}),
    "downloads that have ended": (downloads.list_downloads, {"status": "history"}),
    "downloads of a rare status": (downloads.list_downloads, {"status": "failed"}),
    "the blocklist": (downloads.blocklist, {}),
    "jobs": (jobs.list_jobs, {}),
    "jobs of a common state": (jobs.list_jobs, {"state": "completed"}),
    "jobs of a rare state": (jobs.list_jobs, {"state": "discarded"}),
    "jobs of a queue": (jobs.list_jobs, {"queue": "search"}),
    "jobs of a rare kind": (jobs.list_jobs, {"kind": "prune"}),
    "running jobs of a queue": (jobs.list_jobs, {"queue": "media", "state": "executing"}),
}
FEW = 70
"""So many there are of everything rare, whatever the library's size."""


def fill(tx: Transaction, titles: int) -> None:
    """A library of so many titles with all that belongs to it: most of it held and done, little of it anything else."""
    day = count()

    def later() -> str:
        n = next(day)
        return f"2026-01-01T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}.000000Z"

    def put(table: str, times: int, make: Callable[[int, bool], Row]) -> None:
        many = times * titles
        tx.insert_many(table, [make(n, n % (many // FEW) == 3) for n in range(many)])

    def of(n: int) -> str:
        return f"title-{n % titles:06}"

    def lacks(n: int) -> bool:
        return n % (titles // FEW) == 2

    def is_low(n: int) -> bool:
        return n % (titles // FEW) == 4

    now = {"created_at": tx.now, "updated_at": tx.now}
    tx.insert_many("library_roots", [{"id": f"root-{n}", "path": f"/{n}", "type": "movie", **now} for n in (1, 2)])
    tx.insert("quality_profiles", {"id": "profile", "name": "Any", "qualities": "[]", **now})
    put("media_items", 1, lambda n, rare: {
        "id": of(n), "type": "movie" if n % 2 else "tv_show", "title": f"Title {n}", "sort_title": f"title {n:06}",
        "monitored": int(not rare), "lacking": int(lacks(n)), "created_at": later(), "updated_at": tx.now,
    })  # fmt: skip
    put("slots", 1, lambda n, rare: {
        "id": f"slot-{n:06}", "media_item_id": of(n), "quality_profile_id": "profile", "created_at": tx.now,
    })  # fmt: skip
    put("media_files", 3, lambda n, rare: {
        "id": f"file-{n:07}", "root_id": "root-2" if rare else "root-1", "relative_path": f"{n}.mkv", "media_item_id": of(n),
        "quality": "DVD" if is_low(n) else "Bluray-1080p", "state": "unmatched" if rare else "linked", "size": n, "mtime_ns": n,
        "created_at": later(), "updated_at": tx.now,
    })  # fmt: skip
    held = (n for n in range(titles) if not lacks(n))
    tx.insert_many("held_files", [{"slot_id": f"slot-{n:06}", "target": "", "file_id": f"file-{n:07}"} for n in held])
    tx.insert_many("held_qualities", [
        {"media_item_id": of(n), "quality_profile_id": "profile", "quality": "DVD" if is_low(n) else "Bluray-1080p"}
        for n in range(titles)
    ])  # fmt: skip
    put("downloads", 1, lambda n, rare: {
        "id": f"download-{n:06}", "media_item_id": of(n), "title": f"Title.{n}", "quality": "WEBDL-1080p",
        "status": ("downloading" if n % 2 else "failed") if rare else "imported", "created_at": later(), "updated_at": tx.now,
    })  # fmt: skip
    put("trash", 1, lambda n, rare: {
        "id": f"trash-{n:06}", "root_id": "root-1", "relative_path": f"{n}", "trash_path": f"{n}", "size": n, "reason": "upgrade",
        "actor": "importer", "state": "trashed" if rare else "deleted", "created_at": later(), "updated_at": tx.now,
    })  # fmt: skip
    put(
        "blocklist", 1, lambda n, rare: {"id": f"block-{n:06}", "title": f"{n}", "reason": "bad", "created_at": later()}
    )
    put("events", 3, lambda n, rare: {"at": later(), "type": "A", "media_item_id": of(n), "actor": "a", "data": "{}"})
    kinds = (("notify", "notifications"), ("identify_file", "media"), ("search_media", "search"))
    put("jobs", 3, lambda n, rare: {
        "id": f"job-{n:07}", "queue": "default" if rare else kinds[n % 3][1], "kind": "prune" if rare else kinds[n % 3][0],
        "args": "{}", "media_item_id": of(n), "state": "discarded" if rare else "completed", "scheduled_at": tx.now,
        "finished_at": tx.now, "created_at": later(),
    })  # fmt: skip


def steps(conn: Connection, query: Callable[..., Any], how: dict[str, Any]) -> list[int]:
    """The instructions that each of a few pages takes, in tens: the first ones, by their cursors."""
    raw, taken = conn._raw.connection, list[int]()  # type: ignore[attr-defined]  # it is SQLite's
    cursor, more = None, True
    while more and len(taken) < 3:
        ticks = 0

        def tick() -> int:
            nonlocal ticks
            ticks += 1
            return 0

        raw.set_progress_handler(tick, STEP)
        paged: dict[str, Any] = {"cursor": cursor} if cursor is not None else {}
        found = query(conn, **how, **paged)
        raw.set_progress_handler(None, STEP)
        taken.append(ticks)
        cursor = getattr(found, "next", None)
        more = cursor is not None
    return taken


async def filled(house: House, titles: int) -> None:
    await house.write(fill, titles)
    await house.engine.checkpoint()  # the planner knows the tables as in a house that lives


@pytest.mark.store("sqlite")
async def test_a_page_takes_as_many_steps_in_a_library_eight_times_as_large(tmp_path: Path) -> None:
    taken: list[dict[str, list[int]]] = []
    for size in (SMALL, LARGE):
        async with open_house(tmp_path / str(size)) as house:
            await filled(house, size)
            taken.append({name: await house.read(steps, query, how) for name, (query, how) in LISTS.items()})
            assert (await house.read(growth.count_rows))["jobs"] == 3 * size
    few, many = taken
    grown = {name: (few[name], many[name]) for name in LISTS if max(many[name]) > 1.5 * max(few[name]) + 200}
    assert grown == {}


@pytest.mark.parametrize(
    "asked",
    [
        "select f.id from media_files f join library_roots r on r.id = f.root_id order by f.created_at desc, f.id desc limit :n",
        "select * from media_files where root_id = :r and state = 'linked' order by created_at, id",
        "select * from media_files where state = :s order by inode limit :n",
        "select id from media_items where title = :t",
        "update jobs set priority = 0 where created_at < :before and queue = :q",
    ],
)
def test_what_reads_a_large_table_through_is_found_without_one(asked: str) -> None:
    assert len(plans.walks({asked})) == 1


@pytest.mark.parametrize(
    "asked",
    [
        "select * from media_files where root_id = :r and state = :s order by created_at desc, id desc limit :n",
        "select id from media_items m where m.id in (:in_0, :in_1, :in_2) order by m.sort_title, m.id",
        "select * from jobs where state = 'executing' order by id",
        "select max(seq) from events",
    ],
)
def test_what_reads_as_much_as_it_shows_may_be_asked(asked: str) -> None:
    assert plans.walks({asked}) == []


class Explaining:
    """A connection whose every statement is also explained."""

    def __init__(self, conn: Connection) -> None:
        self._inner = conn._raw
        self.walks: list[str] = []

    def execute(self, sql: str, params: Any = (), /) -> Any:
        plan = Connection(self._inner).all(f"explain (costs off) {sql}", **params)
        self.walks += [line for row in plan for line in row.values() if any(f"Seq Scan on {t}" in line for t in BIG)]
        return self._inner.execute(sql, params)


def walks(conn: Connection, query: Callable[..., Any], how: dict[str, Any]) -> list[str]:
    """The tables that a query walks through although it might use an index."""
    conn._raw.execute("set local enable_seqscan = off")
    watched = Explaining(conn)
    query(Connection(watched), **how)  # type: ignore[arg-type]  # it only reads
    return watched.walks


@pytest.mark.store("postgres")
async def test_no_list_walks_through_a_table_where_postgresql_has_an_index(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await filled(house, SMALL)
        found = {name: await house.read(walks, query, how) for name, (query, how) in LISTS.items()}
    assert {name: tables for name, tables in found.items() if tables} == {}
