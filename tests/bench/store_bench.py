"""How fast the store is, beside the raw engine on the same disk: `python -m tests.bench.store_bench` prints one JSON object.

An acknowledged change is one `house.write` that has returned: committed with synchronous=FULL. Each sender keeps `PIPELINE` changes under
way at once, as a scan does that does not wait for each row. Beside it, in the same run: the same rows by plain sqlite3, one transaction
each, and by executemany at the batch size that was reached.
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

SENDERS = 50
SECONDS = 3.0
ROW = "insert into blocklist (id, title, reason, created_at) values (:id, :title, :reason, :created_at)"


def add(tx: Transaction, title: str) -> None:
    tx.insert("blocklist", {"id": tx.new_id(), "title": title, "reason": "bench", "created_at": tx.now})


def page(conn: Connection) -> list[dict[str, Any]]:
    return conn.all("select * from blocklist order by created_at, id limit 50")


def point(conn: Connection) -> Any:
    return conn.one("select * from blocklist order by created_at, id limit 1")


async def writes(house: House, pipeline: int) -> dict[str, Any]:
    """`SENDERS` senders, each with `pipeline` changes under way, for `SECONDS`."""
    done, waits, until = 0, list[float](), trio.current_time() + SECONDS

    async def lane() -> None:
        nonlocal done
        while trio.current_time() < until:
            began = time.perf_counter()
            await house.write(add, "Some.Release.2020.1080p.WEB-DL-GROUP")
            waits.append(time.perf_counter() - began)
            done += 1

    began = time.perf_counter()
    async with trio.open_nursery() as nursery:
        for _ in range(SENDERS * pipeline):
            nursery.start_soon(lane)
    took = time.perf_counter() - began
    return {"per_second": round(done / took), **percentiles(waits)}


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
    conn.execute("pragma synchronous = full")
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < SECONDS / 2:
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
    on_loop = quick(partial(query))
    found = {}
    for name, how in (("thread", query), ("loop", on_loop)):
        waits = []
        for _ in range(2000):
            began = time.perf_counter()
            await house.read(how)
            waits.append(time.perf_counter() - began)
        found[name] = {**percentiles(waits), "mean_us": round(statistics.mean(waits) * 1e6)}
    return found


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
        gc.freeze()
        for pipeline in (1, 8):
            before = (stats.batches, stats.changes)
            result[f"writes_pipeline_{pipeline}"] = await writes(house, pipeline)
            batch = (stats.changes - before[1]) / max(1, stats.batches - before[0])
            result[f"writes_pipeline_{pipeline}"]["mean_batch"] = round(batch, 1)
        result["point_read"] = await reads(house, point)
        result["page_of_50"] = await reads(house, page)
        nursery.cancel_scope.cancel()
    for name, size in (("raw_one_transaction_each", 1), ("raw_executemany_same_batch", max(1, round(batch)))):
        result[name] = raw(directory / "mydia.db", size)
    result["share_of_raw_executemany"] = round(
        result["writes_pipeline_8"]["per_second"] / result["raw_executemany_same_batch"], 2
    )
    return result


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as directory:
        json.dump(trio.run(measure, Path(directory)), sys.stdout, indent=2)
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
