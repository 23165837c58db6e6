"""How fast the store is, beside the raw engine on the same disk: `python -m tests.bench.store_bench` prints one JSON object.

An acknowledged change is one `house.write` that has returned: committed with synchronous=FULL. 50 senders each wait for their change
before they send the next (`one_each`), or keep 8 under way as a scan does (`eight_each`). Two changes are measured: the one that a library
makes all day, a title with 0.9 KB of JSON and its file (`title_and_file`: two rows with all their indexes, one change; the target is set
for this), and the lightest there is (`bare_row`: a row of four short texts), where what a change costs besides its row shows most.

Like is compared with like: right after each of ROUNDS rounds plain sqlite3 puts the same rows by executemany into the same tables of
another such database, on the same disk with the same pragmas, in transactions of the batch size that was just reached, each with its sync;
the time in which its rows are made is not counted. The share is the median of the rounds.

Reads are measured on the idle store and while the 50 senders saturate the writer. The reader pauses a millisecond after each: one that
never does keeps the interpreter to itself, the writer stands still, and it measures itself; how many changes were written meanwhile is
told. The interpreter and its collector are set as the daemon sets them.
"""

import gc
import hashlib
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import trio
import uuid_utils

from mydia.house import House, Mail
from mydia.otp import Bus, Supervisor, actor
from mydia.settings.model import Config
from mydia.store.engine import Connection, Row, quick
from mydia.store.sqlite import SqliteEngine
from mydia.store.transaction import Transaction
from supervisors.boot import COLLECT, SWITCH_SECONDS
from tests.support.house import FakeClock
from workers.db_writer import BatchStats, DbWriter

SENDERS, ROUNDS = 50, 5
SECONDS = 1.0
READS = 1500
PAUSE = 0.001
SHARE, P99_MS = 0.6, 10
AT_MOST = 5
"""How many times its idle p99 the p99 of a read may be while the writer is saturated."""
NOW = "2026-01-31T12:00:00.000000Z"
ROOT = {"id": "root", "path": "/films", "type": "movie", "created_at": NOW, "updated_at": NOW}
FACTS = json.dumps(
    {"genres": ["Drama", "Science Fiction"], "rating": 8.3, "images": ["x" * 60] * 12, "provider": "y" * 40}
)
PRAGMAS = (
    "journal_mode = wal",
    "synchronous = full",
    "foreign_keys = on",
    "cache_size = -64000",
    "temp_store = memory",
)
_numbers = count()


def title_and_file(id: str, file_id: str, now: str) -> dict[str, Row]:  # noqa: A002 - it is the column's name
    """A title, with its place anywhere in the order of titles, and its file."""
    number = next(_numbers)
    title = f"{hashlib.sha256(str(number).encode()).hexdigest()[:8]} A Title {number}"
    dates = {"created_at": now, "updated_at": now}
    return {
        "media_items": {
            "id": id,
            "type": "movie",
            "title": title,
            "sort_title": title.lower(),
            "year": 2020,
            "metadata": FACTS,
            **dates,
        },
        "media_files": {
            "id": file_id,
            "root_id": "root",
            "relative_path": f"{title} (2020)/{title} (2020).mkv",
            "media_item_id": id,
            "state": "linked",
            "size": 4 << 30,
            "mtime_ns": 1 << 60,
            **dates,
        },
    }


def bare_row(id: str, _: str, now: str) -> dict[str, Row]:  # noqa: A002 - likewise
    return {
        "blocklist": {"id": id, "title": "Some.Release.2020.1080p.WEB-DL-GROUP", "reason": "bench", "created_at": now}
    }


Rows = Callable[[str, str, str], dict[str, Row]]
"""Two new ids and the time -> the rows of one change, by table."""


def add(tx: Transaction, rows: Rows) -> None:
    for table, row in rows(tx.new_id(), tx.new_id(), tx.now).items():
        tx.insert(table, row)


def page(conn: Connection) -> list[dict[str, Any]]:
    """The page after a cursor, as lists are read."""
    sql = "select * from blocklist where (created_at, id) > (:at, :id) order by created_at, id limit 50"
    return conn.all(sql, at=NOW, id="")


def point(conn: Connection) -> Any:
    return conn.one("select * from blocklist order by created_at, id limit 1")


@dataclass(frozen=True, slots=True)
class Under:
    """What is measured: the house with its writer's counts, and a database for the raw engine."""

    house: House
    stats: BatchStats
    raw_file: Path


async def writes(under: Under, rows: Rows, pipeline: int) -> dict[str, Any]:
    """`SENDERS` senders, each with `pipeline` changes under way, for `SECONDS`."""
    stats = under.stats
    batches, changes, waits = stats.batches, stats.changes, list[float]()
    began = time.perf_counter()
    async with trio.open_nursery() as nursery:
        for _ in range(SENDERS * pipeline):
            nursery.start_soon(lane, under.house, rows, trio.current_time() + SECONDS, waits)
    took = time.perf_counter() - began
    batch = (stats.changes - changes) / max(1, stats.batches - batches)
    return {"per_second": round(len(waits) / took), **percentiles(waits), "mean_batch": round(batch, 1)}


async def lane(house: House, rows: Rows, until: float, waits: list[float]) -> None:
    while trio.current_time() < until:
        began = time.perf_counter()
        await house.write(add, rows)
        waits.append(time.perf_counter() - began)


def percentiles(seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100)
    return {"p50_ms": round(cuts[49] * 1e3, 3), "p99_ms": round(cuts[98] * 1e3, 3)}


def raw(path: Path, rows: Rows, batch: int) -> int:
    """The same changes by plain sqlite3 with the same pragmas, `batch` to a transaction; changes a second of its time."""
    conn = sqlite3.connect(path, isolation_level=None)
    for pragma in PRAGMAS:
        conn.execute(f"pragma {pragma}")
    done, took = 0, 0.0
    while took < SECONDS:
        made = [rows(str(uuid_utils.uuid7()), str(uuid_utils.uuid7()), NOW) for _ in range(batch)]
        tables = [(insert(table, row), [each[table] for each in made]) for table, row in made[0].items()]
        began = time.perf_counter()
        conn.execute("begin immediate")
        for statement, of_table in tables:
            conn.executemany(statement, of_table)
        conn.execute("commit")
        took += time.perf_counter() - began
        done += batch
    conn.close()
    return round(done / took)


def insert(table: str, row: Row) -> str:
    return f"insert into {table} ({', '.join(row)}) values ({', '.join(':' + column for column in row)})"  # noqa: S608 - our own names


async def reads(under: Under, query: Callable[[Connection], Any]) -> dict[str, Any]:
    """One reader, through a thread and on the loop; and the changes that were written meanwhile."""
    found = {}
    for name, how in (("thread", query), ("loop", quick(partial(query)))):
        waits, changes, started = [], under.stats.changes, time.perf_counter()
        for _ in range(READS):
            await trio.sleep(PAUSE)
            began = time.perf_counter()
            await under.house.read(how)
            waits.append(time.perf_counter() - began)
        written = round((under.stats.changes - changes) / (time.perf_counter() - started))
        found[name] = {
            **percentiles(waits),
            "mean_us": round(statistics.mean(waits) * 1e6),
            "changes_per_second": written,
        }
    return found


async def reads_while_written(under: Under, query: Callable[[Connection], Any], rows: Rows) -> dict[str, Any]:
    """The same while the senders leave the writer no pause."""
    async with trio.open_nursery() as senders:
        for _ in range(SENDERS):
            senders.start_soon(lane, under.house, rows, float("inf"), [])
        found = await reads(under, query)
        senders.cancel_scope.cancel()
    return found


async def beside_raw(under: Under, rows: Rows, pipeline: int) -> dict[str, Any]:
    """Rounds of ours and of the raw engine in turn, so that both meet the same disk and the same neighbours."""
    rounds = []
    for _ in range(ROUNDS):
        ours = await writes(under, rows, pipeline)
        theirs = raw(under.raw_file, rows, max(1, round(ours["mean_batch"])))
        rounds.append({**ours, "raw_executemany_per_second": theirs, "share": round(ours["per_second"] / theirs, 2)})
    middle = sorted(rounds, key=lambda each: each["share"])[ROUNDS // 2]
    return {**middle, "shares": [each["share"] for each in rounds]}


async def measure(directory: Path) -> dict[str, Any]:
    engine = SqliteEngine(directory / "mydia.db", backups=directory / "backups")
    house = House(
        engine=engine, mail=Mail(), bus=Bus(), config=Config(data_dir=directory), clock=FakeClock(), secret=b""
    )
    stats = BatchStats()
    writer = actor("db_writer", lambda: DbWriter(house, stats), mailbox=house.mail["db_writer"])
    result: dict[str, Any] = {"senders": SENDERS, "sqlite": sqlite3.sqlite_version}
    async with trio.open_nursery() as nursery:
        await nursery.start(Supervisor("bench", children=[writer]).run)
        await house.write(lambda tx: tx.insert("library_roots", ROOT))
        under = Under(house, stats, Path(await engine.backup(1, NOW)))
        sys.setswitchinterval(SWITCH_SECONDS)
        gc.set_threshold(*COLLECT)
        gc.freeze()
        for rows in (title_and_file, bare_row):
            result[rows.__name__] = {
                "raw_one_to_a_transaction_per_second": raw(under.raw_file, rows, 1),
                "one_each": await beside_raw(under, rows, 1),
                "eight_each": await beside_raw(under, rows, 8),
            }
        result["point_read"] = await reads(under, point)
        result["page_of_50"] = await reads(under, page)
        result["page_of_50_while_written"] = {
            rows.__name__: await reads_while_written(under, page, rows) for rows in (title_and_file, bare_row)
        }
        nursery.cancel_scope.cancel()
    for found in result["page_of_50_while_written"].values():
        for how, idle in result["page_of_50"].items():
            found[how]["times_idle_p99"] = round(found[how]["p99_ms"] / idle["p99_ms"], 1)
    result["targets"] = {"share_of_title_and_file": SHARE, "p99_ms": P99_MS, "times_idle_p99": AT_MOST}
    return result


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as directory:
        json.dump(trio.run(measure, Path(directory)), sys.stdout, indent=2)
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
