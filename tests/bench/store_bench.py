"""How fast the store is, beside the raw engine on the same disk: `python -m tests.bench.store_bench` prints one JSON object.

An acknowledged change is one `house.write` that has returned: committed with synchronous=FULL. 50 senders each wait for their change
before they send the next (`one_each`), or keep 8 under way as a scan does (`eight_each`). Three changes are measured: a title with 0.9 KB
of JSON and its file (two rows with all their indexes) in the order of their names, as a walk through a library finds them (`walked`: the
targets are set for this), the same in no order at all (`scattered`: nearly every row of an index falls on a page of its own), and the
lightest there is (`bare_row`: a row of four short texts), where what a change costs besides its row shows most.

Like is compared with like: right after each of ROUNDS rounds plain sqlite3 puts such rows by executemany into the same tables of
another such database, on the same disk with the same pragmas, in transactions of the batch size that was just reached, each with its sync.
The time in which rows are made is counted for neither. The share is the median of the rounds.

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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count, islice
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
CHANGES = 10_000
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


Tables = dict[str, Row]
"""The rows of one change."""


def walked() -> Tables:
    return title_and_file(f"{next(_numbers):08} A Title")


def scattered() -> Tables:
    number = next(_numbers)
    return title_and_file(f"{hashlib.sha256(str(number).encode()).hexdigest()[:8]} A Title {number}")


def title_and_file(title: str) -> Tables:
    item = new_id()
    dates = {"created_at": NOW, "updated_at": NOW}
    return {
        "media_items": {
            "id": item,
            "type": "movie",
            "title": title,
            "sort_title": title.lower(),
            "year": 2020,
            "metadata": FACTS,
            **dates,
        },
        "media_files": {
            "id": new_id(),
            "root_id": "root",
            "relative_path": f"{title} (2020)/{title} (2020).mkv",
            "media_item_id": item,
            "state": "linked",
            "size": 4 << 30,
            "mtime_ns": 1 << 60,
            **dates,
        },
    }


def bare_row() -> Tables:
    title = "Some.Release.2020.1080p.WEB-DL-GROUP"
    return {"blocklist": {"id": new_id(), "title": title, "reason": "bench", "created_at": NOW}}


def new_id() -> str:
    return str(uuid_utils.uuid7())


def add(tx: Transaction, tables: Tables) -> None:
    for table, row in tables.items():
        tx.insert(table, row)


def stock(make: Callable[[], Tables]) -> Iterator[Tables]:
    """What a round writes. The collector is told that it stays: it would look through it again and again."""
    made = [make() for _ in range(CHANGES)]
    gc.freeze()
    return iter(made)


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


async def writes(under: Under, make: Callable[[], Tables], pipeline: int) -> dict[str, Any]:
    """`CHANGES` by `SENDERS` senders, each with `pipeline` of them under way."""
    stats, work = under.stats, stock(make)
    batches, changes, waits = stats.batches, stats.changes, list[float]()
    began = time.perf_counter()
    async with trio.open_nursery() as nursery:
        for _ in range(SENDERS * pipeline):
            nursery.start_soon(lane, under.house, work, waits)
    took = time.perf_counter() - began
    batch = (stats.changes - changes) / max(1, stats.batches - batches)
    return {"per_second": round(len(waits) / took), **percentiles(waits), "mean_batch": round(batch, 1)}


async def lane(house: House, work: Iterator[Tables], waits: list[float]) -> None:
    for tables in work:
        began = time.perf_counter()
        await house.write(add, tables)
        waits.append(time.perf_counter() - began)


def percentiles(seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100)
    return {"p50_ms": round(cuts[49] * 1e3, 3), "p99_ms": round(cuts[98] * 1e3, 3)}


def raw(path: Path, make: Callable[[], Tables], batch: int) -> int:
    """The same changes by plain sqlite3 with the same pragmas, `batch` to a transaction; changes a second of its time."""
    conn = sqlite3.connect(path, isolation_level=None)
    for pragma in PRAGMAS:
        conn.execute(f"pragma {pragma}")
    done, took, work = 0, 0.0, stock(make)
    while made := list(islice(work, batch)):
        tables = [(insert(table, row), [each[table] for each in made]) for table, row in made[0].items()]
        began = time.perf_counter()
        conn.execute("begin immediate")
        for statement, of_table in tables:
            conn.executemany(statement, of_table)
        conn.execute("commit")
        took += time.perf_counter() - began
        done += len(made)
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


async def reads_while_written(
    under: Under, query: Callable[[Connection], Any], make: Callable[[], Tables]
) -> dict[str, Any]:
    """The same while the senders leave the writer no pause."""
    async with trio.open_nursery() as senders:
        for _ in range(SENDERS):
            senders.start_soon(lane, under.house, iter(make, None), [])
        found = await reads(under, query)
        senders.cancel_scope.cancel()
    return found


async def beside_raw(under: Under, make: Callable[[], Tables], pipeline: int) -> dict[str, Any]:
    """Rounds of ours and of the raw engine in turn, so that both meet the same disk and the same neighbours."""
    rounds = []
    for _ in range(ROUNDS):
        ours = await writes(under, make, pipeline)
        theirs = raw(under.raw_file, make, max(1, round(ours["mean_batch"])))
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
        for make in (walked, scattered, bare_row):
            result[make.__name__] = {
                "raw_one_to_a_transaction_per_second": raw(under.raw_file, make, 1),
                "one_each": await beside_raw(under, make, 1),
                "eight_each": await beside_raw(under, make, 8),
            }
        result["point_read"] = await reads(under, point)
        result["page_of_50"] = await reads(under, page)
        result["page_of_50_while_written"] = {
            make.__name__: await reads_while_written(under, page, make) for make in (walked, scattered, bare_row)
        }
        nursery.cancel_scope.cancel()
    for found in result["page_of_50_while_written"].values():
        for how, idle in result["page_of_50"].items():
            found[how]["times_idle_p99"] = round(found[how]["p99_ms"] / idle["p99_ms"], 1)
    result["targets"] = {"share_of_walked": SHARE, "p99_ms": P99_MS, "times_idle_p99": AT_MOST}
    return result


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as directory:
        json.dump(trio.run(measure, Path(directory)), sys.stdout, indent=2)
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
