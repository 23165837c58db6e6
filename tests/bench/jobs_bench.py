"""How fast jobs go from wished for to done, and what taking one costs when many are kept: `python -m tests.bench.jobs_bench`.

A job is enqueued by an acknowledged change (synchronous=FULL), taken by a real actor, does nothing, and is done when that is on disk too.
`each_wished_alone`: every job by a change of its own, from 50 senders with 8 under way each; `wished_by_hundreds`: 100 to a change, as a
scan does. The actor's queue has room for `room` at once; beside it what the queues' defaults reach. Beside it, in the same run: the same
rows by plain sqlite3.

`taking_ten`: one claim of ten jobs out of a thousand and out of a million that wait, with as many that are done kept beside them, on both
engines. `plain` is what the engine takes to find and change such ten rows: what that grows by is the depth of the table's B-trees.
"""

import gc
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import trio

from mydia.house import House, Mail
from mydia.jobs import changes
from mydia.jobs.model import Job
from mydia.otp import Bus, Supervisor, actor
from mydia.settings.model import Config
from mydia.store.engine import Connection, Raw, among
from mydia.store.postgres import PostgresEngine
from mydia.store.postgres_server import Server, Statements
from mydia.store.sqlite import SqliteEngine
from mydia.store.transaction import Transaction
from tests.support.hands import hands
from tests.support.house import WallClock
from tests.support.postgres import running
from tests.support.waiting import eventually
from workers.db_writer import BatchStats, DbWriter
from workers.job_actor import JobActor

JOBS = 20_000
SENDERS, PIPELINE = 50, 8
ROOM = 50
NOW = "2026-01-31T12:00:00.000000Z"
ROWS = (1_000, 1_000_000)
CLAIMS = 45
TAKER = hands("bench:Idle:1", "notify", most=10)


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


# -- taking


def fill(raw: Raw, rows: int) -> None:
    """`rows` that wait, and as many that are done. Their keys are strewn, as hashes are."""
    raw.execute(
        """with recursive n(i) as (select cast(0 as bigint) union all select i + 1 from n where i + 1 < :rows)
        insert into jobs (id, queue, kind, args, state, unique_key, scheduled_at, finished_at, created_at)
        select state || '-' || (10000000000 + i), 'notifications', 'notify', '{}', state, ((i * 2654435761) % 4294967296) || state,
            :now, finished, :now
        from n cross join (select 'available' as state, null as finished union all select 'completed', :now) as both_states""",
        {"rows": rows, "now": NOW},
    )


def ours(raw: Raw) -> int:
    return len(changes.claim(Transaction(raw, NOW), TAKER))


def plain(raw: Raw) -> int:
    """The same ten rows: found by their order, changed by their keys."""
    found = raw.execute(
        """select id from jobs where kind = 'notify' and state = 'available' order by priority, scheduled_at, id limit 10""",
        {},
    )
    match, params = among("id", [row[0] for row in found.fetchall()])
    return raw.execute(
        f"update jobs set state = 'executing', attempt = 1, attempted_at = :now, owner = 'bench:raw:1' where {match}",  # noqa: S608 - ours
        {"now": NOW, **params},
    ).rowcount


def timed(take: Callable[[Raw], int], raw: Raw) -> float:
    """Seconds, without the commit; what was taken is done then."""
    raw.execute("begin")
    began = time.perf_counter()
    taken = take(raw)
    took = time.perf_counter() - began
    assert taken == 10
    raw.execute("update jobs set state = 'completed', finished_at = :now where state = 'executing'", {"now": NOW})
    raw.execute("commit")
    return took


def taking(databases: Mapping[int, Raw]) -> dict[str, Any]:
    """What a claim of ten costs by how many wait, and what grows of it beside what grows of the B-trees: microseconds."""
    took: dict[tuple[int, str], list[float]] = {}
    for _ in range(CLAIMS):  # in turn, so that all meet the same neighbours
        for rows, raw in databases.items():
            for take in (ours, plain):
                took.setdefault((rows, take.__name__), []).append(timed(take, raw))
    p50 = {key: statistics.median(seconds) * 1e6 for key, seconds in took.items()}
    few, many = min(databases), max(databases)
    return {
        take: {
            **{f"p50_us_of_{2 * rows}_rows": round(p50[rows, take]) for rows in (few, many)},
            "grows_by_us": round(p50[many, take] - p50[few, take]),
            "times": round(p50[many, take] / p50[few, take], 2),
        }
        for take in (ours.__name__, plain.__name__)
    }


async def taking_on_sqlite(directory: Path) -> dict[str, Any]:
    engines, databases = list[SqliteEngine](), dict[int, Raw]()
    for rows in ROWS:
        folder = inside(directory, f"rows{rows}")
        engine = SqliteEngine(folder / "mydia.db", backups=folder / "backups", synchronous="NORMAL")
        await engine.open(NOW)
        engines.append(engine)
        raw = engine._writer
        assert raw is not None
        (size,) = raw.execute("pragma cache_size").fetchone()
        raw.execute("pragma cache_size = -400000")  # to be filled quickly
        raw.execute("begin")
        fill(raw, rows)
        raw.execute("commit")
        raw.execute(f"pragma cache_size = {size}")
        raw.execute("analyze")
        databases[rows] = raw
    result = taking(databases)
    for engine in engines:
        await engine.close()
    return result


async def taking_on_postgres() -> dict[str, Any]:
    with running() as server, ExitStack() as opened:
        databases: dict[int, Raw] = {}
        for rows in ROWS:
            url = server.url(server.create())
            engine = PostgresEngine(url)
            await engine.open(NOW)
            await engine.close()
            connection = opened.enter_context(Server.at(url).connect())
            databases[rows] = Statements(connection)
            fill(databases[rows], rows)
            connection.execute("vacuum analyze")
        return taking(databases)


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
    result["taking_ten"] = {"sqlite": await taking_on_sqlite(directory), "postgres": await taking_on_postgres()}
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
