"""Actors that share queues: the configured number holds for all of them, pausing holds them off, and the house's closing drains them."""

import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from mydia.errors import Unavailable
from mydia.house import House
from mydia.jobs import changes, queries
from mydia.jobs.model import Job, State
from mydia.otp import Supervisor, actor
from mydia.settings.model import LONGEST_DRAIN
from mydia.store.sqlite import SqliteEngine
from mydia.store.transaction import Transaction
from tests.support.house import open_house
from tests.support.waiting import eventually
from workers.job_actor import STOPS_WITHIN, JobActor

Handler = Callable[[Job], Awaitable[None]]


class Hand(JobActor):
    def __init__(self, house: House, kind: str, handler: Handler, at_once: int | None = None) -> None:
        super().__init__(house, "boot1")
        self.kinds = {kind: handler}
        self.at_once = at_once


@asynccontextmanager
async def working(house: House, **hands: Callable[[], Hand]) -> AsyncIterator[Supervisor]:
    """These actors, by the names of their mailboxes, under a supervisor that is stopped orderly at the end."""
    specs = [actor(name, make, mailbox=house.mail[name], shutdown=STOPS_WITHIN) for name, make in hands.items()]
    tree = Supervisor("hands", children=specs)
    async with trio.open_nursery() as nursery:
        await nursery.start(tree.run)
        yield tree
        await tree.stop()


async def enqueue(house: House, kind: str, n: int = 0, **options: Any) -> str:
    return await house.write(Transaction.enqueue, kind, {"n": n}, **options)


async def until(house: House, job_id: str, *states: State) -> Job:
    async def look() -> Job | None:
        job = await house.read(queries.get_job, job_id)
        return job if job.state in states else None

    return await eventually(look, every=0.01)


class Gate:
    """A handler that holds every job until it is opened, and knows how many it holds."""

    def __init__(self) -> None:
        self.inside: list[str] = []
        self.most = 0
        self.open = trio.Event()

    async def __call__(self, job: Job) -> None:
        self.inside.append(job.kind)
        self.most = max(self.most, len(self.inside))
        try:
            await self.open.wait()
        finally:
            self.inside.remove(job.kind)

    async def holds(self, count: int) -> None:
        async def look() -> bool:
            return len(self.inside) == count

        await eventually(look, every=0.01)


async def test_all_actors_of_a_queue_together_run_as_many_jobs_as_it_is_configured_for(tmp_path: Path) -> None:
    gate = Gate()
    async with (
        open_house(tmp_path, {"jobs": {"queues": {"media": 3}}}) as house,
        working(
            house,
            scanner=lambda: Hand(house, "scan_root", gate),
            librarian=lambda: Hand(house, "identify_file", gate),
            importer=lambda: Hand(house, "import_download", gate, at_once=1),
        ),
    ):
        ids = [
            await enqueue(house, kind, n)
            for kind in ("scan_root", "identify_file", "import_download")
            for n in range(6)
        ]
        await gate.holds(3)
        gate.open.set()
        for job_id in ids:
            await until(house, job_id, "completed")
        assert gate.most == 3


async def test_a_trade_that_bears_one_at_a_time_leaves_the_rest_of_the_room_to_others(tmp_path: Path) -> None:
    gate = Gate()
    async with (
        open_house(tmp_path, {"jobs": {"queues": {"media": 3}}}) as house,
        working(
            house,
            importer=lambda: Hand(house, "import_download", gate, at_once=1),
            librarian=lambda: Hand(house, "identify_file", gate),
        ),
    ):
        imports = [await enqueue(house, "import_download", n) for n in range(4)]
        files = [await enqueue(house, "identify_file", n) for n in range(4)]
        await gate.holds(3)
        assert sorted(gate.inside) == ["identify_file", "identify_file", "import_download"]
        gate.open.set()
        for job_id in (*imports, *files):
            await until(house, job_id, "completed")


async def test_a_changed_number_counts_at_once(tmp_path: Path) -> None:
    gate = Gate()
    async with (
        open_house(tmp_path, {"jobs": {"queues": {"media": 1}}}) as house,
        working(house, librarian=lambda: Hand(house, "identify_file", gate)),
    ):
        for n in range(6):
            await enqueue(house, "identify_file", n)
        await gate.holds(1)
        raised = house.config.jobs.queues.model_copy(update={"media": 4})
        jobs = house.config.jobs.model_copy(update={"queues": raised})
        house.config = house.config.model_copy(update={"jobs": jobs})
        await gate.holds(4)
        gate.open.set()


async def test_a_paused_queue_begins_nothing_and_goes_on_when_it_is_resumed(tmp_path: Path) -> None:
    done = trio.Event()

    async def handle(job: Job) -> None:
        done.set()

    async with (
        open_house(tmp_path) as house,
        working(house, notifier=lambda: Hand(house, "notify", handle), janitor=lambda: Hand(house, "prune", handle)),
    ):
        await house.write(changes.pause_queue, "notifications", actor="ada")
        waiting = await enqueue(house, "notify")
        await until(house, await enqueue(house, "prune"), "completed")
        for _ in range(3):  # and looking again changes nothing
            house.mail["notifier"].ring()
            await trio.testing.wait_all_tasks_blocked()
        assert (await house.read(queries.get_job, waiting)).state == "available"
        await house.write(changes.resume_queue, "notifications", actor="ada")
        await until(house, waiting, "completed")


async def test_a_job_that_nobody_was_told_of_is_found_by_the_next_look(tmp_path: Path) -> None:
    async def handle(job: Job) -> None:
        pass

    def quietly(tx: Transaction) -> str:
        job_id = tx.enqueue("notify", {})
        tx.wake.clear()
        return job_id

    async with open_house(tmp_path) as house, working(house, notifier=lambda: Hand(house, "notify", handle)):
        await until(house, await house.write(quietly), "completed")


async def test_when_the_house_closes_running_jobs_finish_and_no_other_is_begun(tmp_path: Path) -> None:
    gate = Gate()
    async with open_house(tmp_path, {"jobs": {"queues": {"notifications": 2}}}) as house:
        async with working(house, notifier=lambda: Hand(house, "notify", gate)):
            ids = [await enqueue(house, "notify", n) for n in range(4)]
            await gate.holds(2)
            house.close()
            gate.open.set()
            for job_id in ids[:2]:
                await until(house, job_id, "completed")
        states = [(await house.read(queries.get_job, job_id)).state for job_id in ids]
        assert states == ["completed", "completed", "available", "available"]


async def test_the_time_to_finish_is_one_for_all_actors_and_what_does_not_is_put_back(tmp_path: Path) -> None:
    """Each of the three alone would take as long as is allowed; together they take no longer."""
    gate = Gate()
    names = {"notifier": "notify", "janitor": "prune", "searcher": "search_media"}
    async with open_house(tmp_path, {"jobs": {"shutdown_seconds": 10}}) as house:
        async with working(house, **{n: (lambda k=k: Hand(house, k, gate)) for n, k in names.items()}):
            ids = [await enqueue(house, kind) for kind in names.values()]
            await gate.holds(3)
            house.close()
            assert house.closing_since is not None
            house.closing_since -= 10  # the time is over already: none of them waits again
        jobs = [await house.read(queries.get_job, job_id) for job_id in ids]
        assert [(j.state, j.attempt, j.owner, j.interrupted) for j in jobs] == [("available", 0, None, 0)] * 3
        assert all("interrupted by a shutdown" in j.errors[-1].error for j in jobs)


def test_the_actors_deadline_lies_behind_the_longest_time_to_finish_and_before_the_containers() -> None:
    assert LONGEST_DRAIN < STOPS_WITHIN < 15


async def test_what_became_of_a_job_is_written_when_the_disk_has_room_again(tmp_path: Path) -> None:
    """A full disk makes no actor crash, and the job that was done meanwhile is not done again."""
    gate, made = Gate(), list[Hand]()
    count = 0

    async def handle(job: Job) -> None:
        nonlocal count
        count += 1
        await gate(job)

    def make() -> Hand:
        made.append(Hand(house, "notify", handle))
        return made[-1]

    async with open_house(tmp_path) as house, working(house, notifier=make):
        assert isinstance(house.engine, SqliteEngine)
        job_id = await enqueue(house, "notify")
        await gate.holds(1)
        raw = house.engine._writer
        assert raw is not None
        raw.execute("pragma query_only = on")  # SQLITE_READONLY, which passes as a full disk does
        gate.open.set()
        await gate.holds(0)
        house.mail["notifier"].ring()
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert (await house.read(queries.get_job, job_id)).state == "executing"
        raw.execute("pragma query_only = off")
        await until(house, job_id, "completed")
        assert (count, len(made)) == (1, 1)


async def test_a_change_that_takes_long_makes_no_actor_crash_that_has_something_to_write(tmp_path: Path) -> None:
    gate, made = Gate(), list[Hand]()

    def make() -> Hand:
        made.append(Hand(house, "notify", gate))
        return made[-1]

    async with open_house(tmp_path) as house, working(house, notifier=make), trio.open_nursery() as nursery:
        config, slow = house.config, threading.Event()
        job_id = await enqueue(house, "notify")
        await gate.holds(1)
        nursery.start_soon(house.write, lambda tx: slow.wait(60))
        await trio.testing.wait_all_tasks_blocked()
        database = config.database.model_copy(update={"write_timeout": 0.1})
        house.config = config.model_copy(update={"database": database})
        gate.open.set()
        await gate.holds(0)
        for _ in range(5):
            house.mail["notifier"].ring()
            with pytest.raises(Unavailable, match="nothing was changed"):
                await house.write(Transaction.enqueue, "prune", {})
        house.config = config
        slow.set()
        await until(house, job_id, "completed")
        assert len(made) == 1
