"""What choosing takes in a library of 50,000 titles with 500,000 files, of which little is lacking: `python -m tests.bench.choosing_bench`.

    missing, grid    the grid's page of what is missing, and its page of everything
    wanted_*         the page of what is wanted: what is missing, and what is held below its profile's cutoff
    next_*, round    whom to search for next, and a whole round of 100 searches planned
    what_if          a page of a hundred titles of what another profile would change, and the fifty candidates of each search decided anew
    counts           the dashboard's numbers

Each stands beside its anchor: bare SQL on a connection of its own that reads the rows the answer is made of, looking for nothing and
judging nothing. `TITLES` makes it smaller. Milliseconds of processor time (a query waits for no disk here), the best of some rounds.
"""

import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import trio

from mydia.core.quality import QualityProfile
from mydia.core.wanted import Budget
from mydia.databases import whole_of
from mydia.media import queries as media
from mydia.settings.model import Config
from mydia.settings.rules import Rules
from mydia.store.engine import Connection
from mydia.trying import what_if
from mydia.wishes import next_searches, plan_round, wanting
from tests.bench import large

TITLES = 50_000
ROUNDS = 3
NOW = datetime(2026, 2, 2, tzinfo=UTC)
RULES = Rules()
CARD = "select id, type, title, year, poster, monitored, created_at from media_items"
FILES = """select f.*, r.path from media_files f join library_roots r on r.id = f.root_id join held_files h on h.file_id = f.id
    where f.media_item_id in ({})"""
TARGETS = {
    "missing": 15,
    "wanted_missing": 250,
    "next_missing": 25,
    "next_better": 1500,
    "what_if": 1000,
    "counts": 250,
}
"""Milliseconds: what a person does not wait for, or (`next_better`, once a day, and `what_if`) what nobody else waits for."""


def bare(path: Path, sql: str, ids: tuple[str, ...] = ()) -> Callable[[], int]:
    """How many rows plain sqlite3 reads by it; `{}` stands for these ids."""
    raw = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    text = sql.format(", ".join("?" * len(ids)))
    return lambda: len(raw.execute(text, ids).fetchall())


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """The least time, in milliseconds, and what was said."""
    best, said = float("inf"), None
    for _ in range(ROUNDS):
        began = time.thread_time()
        said = work()
        best = min(best, time.thread_time() - began)
    return round(best * 1000, 2), said


def questions(
    conn: Connection, profile: QualityProfile
) -> Mapping[str, tuple[Callable[[], Any], Callable[[Any], int]]]:
    """Name -> what is asked, and how many things its answer holds."""
    sd = replace(profile, cutoff="HDTV-720p", upgrades=False)

    def things(page: Any) -> int:
        return sum(len(wish.lacks) for wish in page.items)

    def items(page: Any) -> int:
        return len(page.items)

    return {
        "grid": (lambda: media.list_media(conn), items),
        "missing": (lambda: media.list_media(conn, state="missing"), items),
        "wanted_missing": (lambda: wanting(conn, NOW, RULES, why="missing"), things),
        "wanted_better": (lambda: wanting(conn, NOW, RULES, why="cutoff_unmet"), things),
        "next_missing": (lambda: next_searches(conn, NOW, 400, "missing"), len),
        "next_better": (lambda: next_searches(conn, NOW, 400, "cutoff_unmet"), len),
        "round": (
            lambda: plan_round(conn, NOW, RULES, [Budget("one")], 100, "missing"),
            lambda found: len(found.plan.searches),
        ),
        "what_if": (
            lambda: what_if(conn, profile.id, sd, NOW, RULES),
            lambda page: len(page.held) + len(page.turned),
        ),
        "counts": (lambda: media.counts(conn), lambda counts: counts.missing),
    }


def anchors(conn: Connection, path: Path) -> dict[str, Callable[[], int]]:
    """The bare SQL of those that have one."""
    lacking = tuple(
        r["id"] for r in conn.all("select id from media_items where lacking = 1 order by sort_title, id limit 25")
    )
    hundred = tuple(r["id"] for r in conn.all("select id from media_items order by id limit 100"))
    candidates = """select c.* from searches s cross join search_candidates c on c.search_id = s.id where s.media_item_id in ({})"""
    decided, held = bare(path, candidates, hundred), bare(path, FILES, hundred)
    return {
        "grid": bare(path, f"{CARD} order by sort_title, id limit 51"),
        "missing": bare(path, f"{CARD} where lacking = 1 order by sort_title, id limit 51"),
        "wanted_missing": bare(path, FILES, lacking),
        "next_missing": bare(
            path, "select id from media_items where lacking = 1 order by coalesce(last_search_at, ''), id limit 400"
        ),
        "next_better": bare(
            path,
            "select f.id from media_files f join held_files h on h.file_id = f.id where f.quality <> 'Bluray-1080p' limit 400",
        ),
        "what_if": lambda: decided() + held(),
    }


def measure(folder: Path, titles: int) -> dict[str, Any]:
    config = Config.model_validate({"data_dir": folder})
    result: dict[str, Any] = {"bench": "choosing", "titles": titles}
    with whole_of(config).reading() as conn:
        result["files"] = conn.value("select count(*) from media_files")
        beside = anchors(conn, config.database_file)
        for name, (ask, count) in questions(conn, large.profile(conn)).items():
            took, answer = timed(ask)
            result[name] = {"ms": took, "things": count(answer)}
            if name in beside:
                result[name]["bare_sql_ms"], result[name]["bare_sql_rows"] = timed(beside[name])
            if name in TARGETS:
                result[name] |= {"target_ms": TARGETS[name], "met": took < TARGETS[name]}
    return result


def main() -> None:
    titles = int(os.environ.get("TITLES", TITLES))
    with tempfile.TemporaryDirectory() as folder:
        trio.run(large.prepare, Path(folder), titles)
        json.dump(measure(Path(folder), titles), sys.stdout, indent=2)
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
