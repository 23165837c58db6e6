"""The actor that drains a queue: each job in a task of its own, and what a handler raises decides what becomes of its job."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from mydia.errors import Invalid, NotFound, Unavailable
from mydia.house import House
from mydia.jobs import changes, queries
from mydia.jobs.model import Discard, Job
from mydia.otp import ActorDied, Supervisor, actor, correlation
from mydia.store.transaction import Transaction
from tests.support.hands import hands
from tests.support.house import clock_of, open_house
from workers.job_actor import JobActor

Handler = Callable[[Job], Awaitable[None]]


class Drain(JobActor):
    def __init__(self, house: House, handler: Handler, boot: str = "boot1") -> None:
        super().__init__(house, boot)
        self.kinds = {"notify": handler}


@asynccontextmanager
async def draining(house: House, handler: Handler, made: list[Drain] | None = None) -> AsyncIterator[None]:
    def make() -> Drain:
        drain = Drain(house, handler)
        if made is not None:
            made.append(drain)
        return drain

    spec = actor("notifier", make, mailbox=house.mail["notifier"])
    async with trio.open_nursery() as nursery:
        await nursery.start(Supervisor("drain", children=[spec]).run)
        yield
        nursery.cancel_scope.cancel()


async def enqueue(house: House, **options: Any) -> str:
    return await house.write(Transaction.enqueue, "notify", options.pop("args", {}), **options)


async def until_state(house: House, job_id: str, *states: str) -> Job:
    """The job once it is in one of these states; every change of a job is told on the bus."""
    with trio.fail_after(60), house.bus.subscribe() as events:
        while (job := await house.read(queries.get_job, job_id)).state not in states:
            await anext(events)
    return job


async def test_a_job_is_done_as_soon_as_it_is_enqueued_and_knows_whom_it_is_for(tmp_path: Path) -> None:
    seen: list[tuple[dict[str, Any], str | None]] = []

    async def handle(job: Job) -> None:
        seen.append((job.args, correlation.get()))

    async with open_house(tmp_path) as house, draining(house, handle):
        correlation.set("request-1")
        job_id = await enqueue(house, args={"n": 1})
        assert (await until_state(house, job_id, "completed")).attempt == 1
        assert seen == [({"n": 1}, "request-1")]


async def test_no_more_run_at_once_than_the_queue_allows(tmp_path: Path) -> None:
    running, most = 0, 0
    go = trio.Event()

    async def handle(job: Job) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 3:
            go.set()
        await go.wait()
        running -= 1

    config = {"jobs": {"queues": {"notifications": 3}}}
    async with open_house(tmp_path, config) as house, draining(house, handle):
        ids = [await enqueue(house, args={"n": n}) for n in range(12)]
        for job_id in ids:
            await until_state(house, job_id, "completed")
        assert most == 3


def group(*errors: Exception) -> ExceptionGroup[Exception]:
    return ExceptionGroup("several", list(errors))


@pytest.mark.parametrize(
    ("raised", "state", "attempt", "wait"),
    [
        (Unavailable("down for now", retry_after=42), "scheduled", 0, 42.0),
        (Unavailable("down"), "scheduled", 0, None),
        (group(Unavailable("a", retry_after=3), Unavailable("b", retry_after=9)), "scheduled", 0, 9.0),
        (Discard("never"), "discarded", 1, None),
        (Invalid("wrong"), "discarded", 1, None),
        (NotFound("gone"), "discarded", 1, None),
        (ActorDied("died"), "retryable", 1, 0.5),
        (ZeroDivisionError("bug"), "retryable", 1, None),
        (group(Unavailable("down"), ZeroDivisionError("bug")), "retryable", 1, None),
    ],
)
async def test_what_a_handler_raises_decides_what_becomes_of_its_job(
    tmp_path: Path, raised: Exception, state: str, attempt: int, wait: float | None
) -> None:
    async def handle(job: Job) -> None:
        raise raised

    async with open_house(tmp_path) as house, draining(house, handle):
        job = await until_state(house, await enqueue(house), state)
        assert job.attempt == attempt
        assert len(job.errors) == 1
        due = trio_seconds(house, job)
        if wait is not None:
            assert due == wait
        elif state in ("scheduled", "retryable"):
            assert 15 < due < 20


def trio_seconds(house: House, job: Job) -> float:
    from mydia.store.transaction import parse_time

    return (parse_time(job.scheduled_at) - house.clock.now()).total_seconds()


async def test_a_bug_is_that_jobs_alone_and_its_stack_is_kept_without_secrets(tmp_path: Path) -> None:
    made: list[Drain] = []

    async def handle(job: Job) -> None:
        if job.args["n"] == 1:
            raise ValueError("GET http://indexer/api?apikey=hunter2secret failed")

    async with open_house(tmp_path) as house, draining(house, handle, made):
        bad, good = await enqueue(house, args={"n": 1}), await enqueue(house, args={"n": 2})
        job = await until_state(house, bad, "retryable")
        await until_state(house, good, "completed")
        assert job.errors[0].stack is not None
        assert "in handle" in job.errors[0].stack
        assert "hunter2secret" not in job.errors[0].stack + job.errors[0].error
        assert len(made) == 1  # the actor lives on


async def test_a_job_comes_back_when_its_wait_is_over(tmp_path: Path) -> None:
    attempts = 0

    async def handle(job: Job) -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise Unavailable("later", retry_after=3600)

    async with open_house(tmp_path) as house, draining(house, handle):
        job_id = await enqueue(house)
        await until_state(house, job_id, "scheduled")
        clock_of(house).advance(hours=1)
        house.mail["notifier"].ring()
        assert (await until_state(house, job_id, "completed")).attempt == 1


async def test_a_running_job_is_cancelled_when_a_person_says_so(tmp_path: Path) -> None:
    started = trio.Event()

    async def handle(job: Job) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            started.set()
            await trio.sleep_forever()

    async with open_house(tmp_path) as house, draining(house, handle):
        job_id = await enqueue(house)
        await started.wait()
        await house.write(changes.cancel_job, job_id)
        assert (await until_state(house, job_id, "cancelled")).errors[-1].error == "cancelled while it ran"
        other = await enqueue(house, args={"n": 2})
        await until_state(house, other, "executing")


async def test_a_job_that_fails_while_it_is_being_cancelled_is_cancelled_and_its_actor_lives(tmp_path: Path) -> None:
    made: list[Drain] = []
    started = trio.Event()

    async def stubborn() -> None:
        try:
            started.set()
            await trio.sleep_forever()
        finally:
            raise ValueError("it does not like to be cancelled")

    async def handle(job: Job) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stubborn)
            await trio.sleep_forever()

    async with open_house(tmp_path) as house, draining(house, handle, made):
        job_id = await enqueue(house)
        await started.wait()
        await house.write(changes.cancel_job, job_id)
        await until_state(house, job_id, "cancelled")
        await until_state(house, await enqueue(house, args={"n": 2}), "executing")
        assert len(made) == 1


async def test_a_job_may_finish_when_the_house_stops(tmp_path: Path) -> None:
    started, ending = trio.Event(), trio.Event()

    async def handle(job: Job) -> None:
        started.set()
        await ending.wait()

    async with open_house(tmp_path, {"jobs": {"shutdown_seconds": 5}}) as house:

        async def end_it() -> None:
            while "stop" not in where:
                await trio.lowlevel.checkpoint()
            ending.set()

        where: list[str] = []

        class Stopping(Drain):
            async def stop(self) -> None:
                where.append("stop")
                await super().stop()

        async with trio.open_nursery() as outer:
            outer.start_soon(end_it)
            async with trio.open_nursery() as nursery:
                spec = actor("notifier", lambda: Stopping(house, handle), mailbox=house.mail["notifier"])
                await nursery.start(Supervisor("drain", children=[spec]).run)
                job_id = await enqueue(house)
                await started.wait()
                nursery.cancel_scope.cancel()
        assert (await house.read(queries.get_job, job_id)).state == "completed"


async def test_a_job_that_does_not_finish_in_time_is_put_back_by_the_stop(tmp_path: Path) -> None:
    started = trio.Event()

    async def handle(job: Job) -> None:
        started.set()
        await trio.sleep_forever()

    async with open_house(tmp_path, {"jobs": {"shutdown_seconds": 0}}) as house:
        async with draining(house, handle):
            job_id = await enqueue(house)
            await started.wait()
        job = await house.read(queries.get_job, job_id)
        assert (job.state, job.attempt, job.owner, job.interrupted) == ("available", 0, None, 0)


async def test_what_another_life_was_doing_is_done_again_at_the_start(tmp_path: Path) -> None:
    done = trio.Event()

    async def handle(job: Job) -> None:
        done.set()

    async with open_house(tmp_path) as house:
        job_id = await enqueue(house)
        await house.write(changes.claim, hands("boot0:Drain:1", "notify"))
        async with draining(house, handle):
            job = await until_state(house, job_id, "completed")
            assert (job.attempt, job.interrupted) == (1, 1)


async def test_a_crash_of_the_actor_itself_loses_no_job(tmp_path: Path) -> None:
    made: list[Drain] = []
    lives = 0

    async def handle(job: Job) -> None:
        if lives == 1:
            await trio.sleep_forever()

    class Fragile(Drain):
        async def tick(self) -> None:
            nonlocal lives
            if not made:
                made.append(self)
                lives += 1
            if self is made[0] and self._running:
                lives += 1
                raise RuntimeError("a bug of the actor")
            await super().tick()

    async with open_house(tmp_path, {"jobs": {"shutdown_seconds": 0}}) as house, trio.open_nursery() as nursery:
        spec = actor("notifier", lambda: Fragile(house, handle), mailbox=house.mail["notifier"])
        await nursery.start(Supervisor("drain", children=[spec]).run)
        job_id = await enqueue(house)
        await until_state(house, job_id, "executing", "completed")
        house.mail["notifier"].ring()
        await until_state(house, job_id, "completed")
        assert lives == 2
        nursery.cancel_scope.cancel()


async def test_progress_is_written_but_not_more_often_than_people_look(tmp_path: Path) -> None:
    made: list[Drain] = []
    reported, go = trio.Event(), trio.Event()

    async def handle(job: Job) -> None:
        for n in range(50):
            await made[0].report(job, done=n, total=50, text="counting")
        reported.set()
        await go.wait()

    async with open_house(tmp_path) as house, draining(house, handle, made):
        job_id = await enqueue(house)
        await reported.wait()
        assert (await house.read(queries.get_job, job_id)).progress == {"done": 0, "total": 50, "text": "counting"}
        go.set()
        await until_state(house, job_id, "completed")
