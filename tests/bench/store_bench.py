"""How fast the store is, beside the raw engine on the same disk: `python -m tests.bench.store_bench` prints one JSON object.

An acknowledged change is one `house.write` that has returned: committed with synchronous=FULL. 50 senders each wait for their change
before they send the next (`writes`), or keep 8 under way as a scan does (`writes_pipelined`). Like is compared with like: right after each
of ROUNDS rounds plain sqlite3 puts the same rows by executemany into a table like it, on the same disk with the same pragmas, in
transactions of the batch size that was just reached, each with its sync; the share is the median of the rounds. Reads are measured on
the idle store and while the 50 senders saturate the writer.
"""

import gc
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import trio

from mydia.house import House, Mail
from mydia.otp import Bus, Supervisor, actor
from mydia.settings.model import Config
from mydia.store.engine import Connection, quick
from mydia.store.sqlite import SqliteEngine
from mydia.store.transaction import Transaction
from tests.support.house import FakeClock
from workers.db_writer import BatchStats, DbWriter

SENDERS, ROUNDS = 50, 5
SECONDS = 1.0
READS = 1500
AT_MOST = 5
"""How many times its idle p99 the p99 of a read may be while the writer is saturated."""
ROW = "insert into blocklist (id, title, reason, created_at) values (:id, :title, :reason, :created_at)"


def add(tx: Transaction, title: str) -> None:
    tx.insert("blocklist", {"id": tx.new_id(), "title": title, "reason": "bench", "created_at": tx.now})


def page(conn: Connection) -> list[dict[str, Any]]:
    """The page after a cursor, as lists are read."""
    sql = "select * from blocklist where (created_at, id) > (:at, :id) order by created_at, id limit 50"
    return conn.all(sql, at="2026-01-31T12:00:00.000000Z", id="")


def point(conn: Connection) -> Any:
    return conn.one("select * from blocklist order by created_at, id limit 1")


async def writes(house: House, stats: BatchStats, pipeline: int) -> dict[str, Any]:
    """`SENDERS` senders, each with `pipeline` changes under way, for `SECONDS`."""
    batches, changes, waits = stats.batches, stats.changes, list[float]()
    began = time.perf_counter()
    async with trio.open_nursery() as nursery:
        for _ in range(SENDERS * pipeline):
            nursery.start_soon(lane, house, trio.current_time() + SECONDS, waits)
    took = time.perf_counter() - began
    batch = (stats.changes - changes) / max(1, stats.batches - batches)
    return {"per_second": round(len(waits) / took), **percentiles(waits), "mean_batch": round(batch, 1)}


async def lane(house: House, until: float, waits: list[float]) -> None:
    while trio.current_time() < until:
        began = time.perf_counter()
        await house.write(add, "Some.Release.2020.1080p.WEB-DL-GROUP")
        waits.append(time.perf_counter() - began)


def percentiles(seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100)
    return {"p50_ms": round(cuts[49] * 1e3, 3), "p99_ms": round(cuts[98] * 1e3, 3)}


def raw_rows(n: int) -> list[dict[str, str]]:
    return [
        {"id": f"{time.perf_counter_ns()}-{i}", "title": "x" * 36, "reason": "bench", "created_at": "now"}
        for i in range(n)
    ]


def raw(path: Path, batch: int) -> int:
    """The same rows by plain sqlite3 with the same pragmas, `batch` to a transaction; rows a second."""
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("pragma journal_mode = wal")
    conn.execute("pragma synchronous = full")
    conn.execute("pragma foreign_keys = on")
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        rows = raw_rows(batch)
        conn.execute("begin immediate")
        conn.executemany(ROW, rows)
        conn.execute("commit")
        done += batch
    took = time.perf_counter() - began
    conn.close()
    return round(done / took)


async def reads(house: House, query: Callable[[Connection], Any]) -> dict[str, Any]:
    """One reader, through a thread and on the loop."""
    found = {}
    for name, how in (("thread", query), ("loop", quick(partial(query)))):
        waits = []
        for _ in range(READS):
            began = time.perf_counter()
            await house.read(how)
            waits.append(time.perf_counter() - began)
        found[name] = {**percentiles(waits), "mean_us": round(statistics.mean(waits) * 1e6)}
    return found


async def reads_while_written(house: House, query: Callable[[Connection], Any]) -> dict[str, Any]:
    """The same while the senders leave the writer no pause."""
    async with trio.open_nursery() as senders:
        for _ in range(SENDERS):
            senders.start_soon(lane, house, float("inf"), [])
        found = await reads(house, query)
        senders.cancel_scope.cancel()
    return found


async def beside_raw(house: House, stats: BatchStats, raw_file: Path, pipeline: int) -> dict[str, Any]:
    """Rounds of ours and of the raw engine in turn, so that both meet the same disk and the same neighbours."""
    rounds = []
    for _ in range(ROUNDS):
        ours = await writes(house, stats, pipeline)
        theirs = raw(raw_file, max(1, round(ours["mean_batch"])))
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
        raw_file = Path(await engine.backup(1, "2026-01-31T12:00:00.000000Z"))
        gc.freeze()
        result["raw_one_transaction_each_per_second"] = raw(raw_file, 1)
        result["writes"] = await beside_raw(house, stats, raw_file, 1)
        result["writes_pipelined"] = await beside_raw(house, stats, raw_file, 8)
        result["point_read"] = await reads(house, point)
        result["page_of_50"] = await reads(house, page)
        result["page_of_50_while_written"] = await reads_while_written(house, page)
        nursery.cancel_scope.cancel()
    for how in ("thread", "loop"):
        slower = result["page_of_50_while_written"][how]["p99_ms"] / result["page_of_50"][how]["p99_ms"]
        result["page_of_50_while_written"][how]["times_idle_p99"] = round(slower, 1)
    result["targets"] = {"share": 0.6, "p99_ms": 10, "times_idle_p99": AT_MOST}
    return result


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as directory:
        json.dump(trio.run(measure, Path(directory)), sys.stdout, indent=2)
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
