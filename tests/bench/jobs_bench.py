"""How fast jobs go from wished for to done, and what taking one costs when many are kept: `python -m tests.bench.jobs_bench`.

A job is enqueued by an acknowledged change (synchronous=FULL), taken by a real actor, does nothing, and is done when that is on disk too.
`each_wished_alone`: every job by a change of its own, from 50 senders with 8 under way each; `wished_by_hundreds`: 100 to a change, as a
scan does. The actor's queue has room for `room` at once; beside it what the queues' defaults reach. Taking: one claim of ten jobs out of
so many that wait, with so many that are done kept beside them. Beside it, in the same run: the same rows by plain sqlite3.
"""

import gc
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio

from mydia.house import House, Mail
from mydia.jobs import changes
from mydia.jobs.model import Job
from mydia.otp import Bus, Supervisor, actor
from mydia.settings.model import Config
from mydia.store.engine import Connection
from mydia.store.sqlite import SqliteEngine
from mydia.store.transaction import Transaction
from tests.support.hands import hands
from tests.support.house import WallClock
from tests.support.waiting import eventually
from workers.db_writer import BatchStats, DbWriter
from workers.job_actor import JobActor

JOBS = 20_000
SENDERS, PIPELINE = 50, 8
ROOM = 50
NOW = "2026-01-31T12:00:00.000000Z"
ROWS = (1_000, 1_000_000)
CLAIMS = 90


class Idle(JobActor):
    """Does each job by doing nothing, and knows when it has done all."""

    def __init__(self, house: House, boot: str) -> None:
        super().__init__(house, boot)
        self.kinds = {"notify": self.nothing}

    async def nothing(self, job: Job) -> None:
        pass


def wish(tx: Transaction, numbers: range) -> None:
    for n in numbers:
        tx.enqueue("notify", {"n": n})


def all_done(conn: Connection) -> bool:
    return conn.value("select 1 from jobs where state in ('available', 'executing') limit 1") is None


def inside(directory: Path, name: str) -> Path:
    folder = directory / name
    folder.mkdir()
    return folder


@asynccontextmanager
async def working(directory: Path, room: int) -> AsyncIterator[House]:
    config = Config.model_validate({"data_dir": directory, "jobs": {"queues": {"notifications": room}}})
    engine = SqliteEngine(directory / "mydia.db", backups=directory / "backups")
    house = House(engine, Mail(), Bus(), config, WallClock(), secret=b"bench")
    stats = BatchStats()
    children = [
        actor("db_writer", lambda: DbWriter(house, stats), mailbox=house.mail["db_writer"]),
        actor("notifier", lambda: Idle(house, "bench"), mailbox=house.mail["notifier"]),
    ]
    async with trio.open_nursery() as nursery:
        await nursery.start(Supervisor("bench", children=children).run)
        gc.freeze()
        yield house
        nursery.cancel_scope.cancel()


async def from_wish_to_done(folder: Path, room: int, portion: int, jobs: int = JOBS) -> dict[str, int]:
    """Jobs a second, `portion` to a change."""
    portions = iter([range(n, min(n + portion, jobs)) for n in range(0, jobs, portion)])

    async def lane(house: House, work: Iterator[range]) -> None:
        for numbers in work:
            await house.write(wish, numbers)

    async with working(folder, room) as house:
        began = time.perf_counter()
        async with trio.open_nursery() as nursery:
            for _ in range(SENDERS * PIPELINE):
                nursery.start_soon(lane, house, portions)
        wished = time.perf_counter() - began
        await eventually(lambda: house.read(all_done), within=600, every=0.02)
        done = time.perf_counter() - began
    return {
        "jobs": jobs,
        "room": room,
        "wished_per_second": round(jobs / wished),
        "done_per_second": round(jobs / done),
    }


def raw(folder: Path) -> int:
    """The same life of a row by plain sqlite3 (added, taken, done; each by its key), `ROOM` rows to a transaction; rows a second."""

    async def make() -> None:
        engine = SqliteEngine(folder / "mydia.db", backups=folder / "backups")
        await engine.open(NOW)
        await engine.close()

    trio.run(make)
    conn = sqlite3.connect(folder / "mydia.db", isolation_level=None)
    conn.execute("pragma journal_mode = wal")
    conn.execute("pragma synchronous = full")
    add = """insert into jobs (id, queue, kind, args, state, unique_key, scheduled_at, created_at)
        values (:id, 'notifications', 'notify', '{}', 'available', :id, :now, :now)"""
    take = "update jobs set state = 'executing', attempt = 1, attempted_at = :now, owner = 'raw' where id = :id"
    end = "update jobs set state = 'completed', finished_at = :now where id = :id"
    began = time.perf_counter()
    older: list[list[dict[str, str]]] = [[], []]
    for start in range(0, JOBS + 2 * ROOM, ROOM):
        rows = [{"id": f"{n:012}", "now": NOW} for n in range(start, min(start + ROOM, JOBS))]
        conn.execute("begin immediate")
        conn.executemany(add, rows)
        conn.executemany(take, older[1])
        conn.executemany(end, older[0])
        conn.execute("commit")
        older = [older[1], rows]
    took = time.perf_counter() - began
    conn.close()
    return round(JOBS / took)


async def taking(folder: Path, rows: int) -> dict[str, float]:
    """What a claim of ten costs where `rows` wait and as many that are done are kept: microseconds, and on how many of both."""
    engine = SqliteEngine(folder / "mydia.db", backups=folder / "backups", synchronous="NORMAL")
    now = NOW
    await engine.open(now)
    raw = engine._writer
    assert raw is not None
    raw.execute("begin")
    raw.execute(
        """with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < :rows)
        insert into jobs (id, queue, kind, args, state, unique_key, scheduled_at, finished_at, created_at)
        select printf('%s-%012d', state, i), 'notifications', 'notify', '{}', state, printf('%s%d', state, i), :now, finished, :now
        from n, (select 'available' as state, null as finished union all select 'completed', :now)""",
        {"rows": rows, "now": now},
    )
    raw.execute("commit")
    raw.execute("analyze")
    took = []
    mine = hands("bench:Idle:1", "notify", most=10)
    for _ in range(CLAIMS):
        raw.execute("begin")
        tx = Transaction(raw, now)
        began = time.perf_counter()
        claimed = changes.claim(tx, mine)
        took.append(time.perf_counter() - began)
        assert len(claimed) == 10
        changes.complete_all(tx, [job.id for job in claimed], mine.owner)
        raw.execute("commit")
    await engine.close()
    return {
        "rows": 2 * rows,
        "p50_us": round(statistics.median(took) * 1e6),
        "mean_us": round(statistics.mean(took) * 1e6),
    }


async def measure(directory: Path) -> dict[str, Any]:
    result: dict[str, Any] = {
        "each_wished_alone": await from_wish_to_done(inside(directory, "alone"), ROOM, 1),
        "wished_by_hundreds": await from_wish_to_done(inside(directory, "hundreds"), ROOM, 100),
        "with_room_for": {
            str(room): (await from_wish_to_done(inside(directory, f"room{room}"), room, 100, JOBS // 4))[
                "done_per_second"
            ]
            for room in (1, 2, 3, 5, 10)
        },
    }
    costs = [await taking(inside(directory, f"rows{rows}"), rows) for rows in ROWS]
    result["taking_ten"] = costs
    result["taking_grows_by"] = round(costs[-1]["p50_us"] / costs[0]["p50_us"], 2)
    return result


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as directory:
        result = trio.run(measure, Path(directory))
        result["raw_per_second"] = raw(inside(Path(directory), "raw"))
        share = result["each_wished_alone"]["done_per_second"] / result["raw_per_second"]
        json.dump({**result, "share_of_raw": round(share, 2)}, sys.stdout, indent=2)
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
