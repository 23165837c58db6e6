"""Oban's promises to a job, as far as they have a meaning here, and the holes in them closed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import trio

from mydia.errors import Conflict, NotFound
from mydia.house import House
from mydia.jobs import changes, queries
from mydia.jobs.model import MAX_INTERRUPTIONS, Job
from mydia.store.transaction import Transaction
from tests.support.hands import hands
from tests.support.house import clock_of, open_house

ME, BEFORE = "boot2:Notifier:1", "boot1:Notifier:1"


async def enqueue(house: House, kind: str = "notify", args: dict[str, Any] | None = None, **options: Any) -> str:
    return await house.write(Transaction.enqueue, kind, args or {}, **options)


async def claim(house: House, limit: int = 10, owner: str = ME, kinds: Sequence[str] = ("notify",)) -> tuple[Job, ...]:
    return await house.write(changes.claim, hands(owner, *kinds, most=limit))


async def job(house: House, job_id: str) -> Job:
    return await house.read(queries.get_job, job_id)


async def test_a_claimed_job_is_executing_for_its_owner_and_nobody_else_gets_it(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        job_id = await enqueue(house, args={"n": 1})
        (claimed,) = await claim(house)
        assert (claimed.id, claimed.state, claimed.attempt, claimed.owner, claimed.args) == (
            job_id,
            "executing",
            1,
            ME,
            {"n": 1},
        )
        assert await claim(house, owner="other") == ()


async def test_racing_claims_give_each_job_once(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        ids = {await enqueue(house, args={"n": n}) for n in range(60)}
        got: list[str] = []

        async def take(owner: str) -> None:
            while claimed := await claim(house, 3, owner):
                got.extend(j.id for j in claimed)

        async with trio.open_nursery() as nursery:
            for n in range(8):
                nursery.start_soon(take, f"owner{n}")
        assert sorted(got) == sorted(ids)


async def test_the_urgent_first_then_the_longest_due_then_the_oldest_over_all_kinds(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        late = await enqueue(house, "prune", {"n": "late"}, priority=5)
        first = await enqueue(house, "notify", {"n": "first"})
        second = await enqueue(house, "prune", {"n": "second"})
        soon = await enqueue(house, "notify", {"n": "soon"}, in_seconds=60)
        urgent = await enqueue(house, "prune", {"n": "urgent"}, priority=-1)
        clock_of(house).advance(60)
        order = [j.id for j in await claim(house, kinds=("notify", "prune"))]
        assert order == [urgent, first, second, soon, late]


async def test_what_is_not_due_is_not_claimed(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await enqueue(house, in_seconds=60)
        assert await claim(house) == ()
        assert not await house.read(queries.anything_due, hands(ME, "notify"), "2026-01-31T12:00:59.999999Z")
        clock_of(house).advance(60)
        assert await house.read(queries.anything_due, hands(ME, "notify"), "2026-01-31T12:01:00.000000Z")
        assert len(await claim(house)) == 1


async def test_a_completed_job_stays_to_be_looked_at_and_its_wish_may_be_uttered_again(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        job_id = await enqueue(house)
        await claim(house)
        assert await house.write(changes.complete, job_id, ME)
        assert (await job(house, job_id)).state == "completed"
        assert await enqueue(house) != job_id


async def test_a_wish_uttered_while_its_job_runs_runs_once_more_afterwards(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        running = await enqueue(house)
        await claim(house)
        again = await enqueue(house)
        assert again != running
        assert await enqueue(house) == again
        assert await claim(house) == ()  # never both at once
        await house.write(changes.complete, running, ME)
        assert [j.id for j in await claim(house)] == [again]


async def test_an_error_is_kept_with_its_stack_and_the_job_waits_for_its_back_off(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        job_id = await enqueue(house)
        await claim(house)
        assert await house.write(changes.retry_later, job_id, ME, "boom", "the stack", 17.0) == "retryable"
        failed = await job(house, job_id)
        assert (failed.state, failed.attempt, failed.owner) == ("retryable", 1, None)
        assert failed.scheduled_at == "2026-01-31T12:00:17.000000Z"
        assert [(e.attempt, e.error, e.stack) for e in failed.errors] == [(1, "boom", "the stack")]
        clock_of(house).advance(17)
        assert (await claim(house))[0].attempt == 2


async def test_after_its_last_attempt_a_job_is_discarded_with_every_error(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        job_id = await enqueue(house, max_attempts=3)
        states = []
        for n in range(3):
            await claim(house)
            states.append(await house.write(changes.retry_later, job_id, ME, f"boom {n}", None, 0.0))
        over = await job(house, job_id)
        assert states == ["retryable", "retryable", "discarded"]
        assert [e.error for e in over.errors] == ["boom 0", "boom 1", "boom 2"]
        assert over.finished_at is not None
        assert await claim(house) == ()


async def test_a_snooze_is_no_attempt(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        job_id = await enqueue(house, max_attempts=1)
        for n in range(3):
            await claim(house)
            assert await house.write(changes.snooze, job_id, ME, 5.0, "come back later") == "scheduled"
            snoozed = await job(house, job_id)
            assert (snoozed.attempt, snoozed.snoozed) == (0, n + 1)
            clock_of(house).advance(5)
        await claim(house)
        assert await house.write(changes.complete, job_id, ME)


async def test_a_discarded_job_says_why(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        job_id = await enqueue(house)
        await claim(house)
        assert await house.write(changes.discard, job_id, ME, "the title is gone")
        over = await job(house, job_id)
        assert (over.state, over.errors[-1].error) == ("discarded", "the title is gone")


async def test_an_attempt_that_is_no_longer_its_owners_ends_nothing(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        job_id = await enqueue(house)
        await claim(house, owner=BEFORE)
        await house.write(changes.rescue, ("notify",), ME)
        await claim(house)
        assert not await house.write(changes.complete, job_id, BEFORE)
        assert await house.write(changes.retry_later, job_id, BEFORE, "late", None, 1.0) is None
        assert (await job(house, job_id)).owner == ME


async def test_orphans_run_again_at_once_without_losing_an_attempt_and_a_live_owners_never_do(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        orphan, other = await enqueue(house, max_attempts=1), await enqueue(house, "prune")
        await claim(house, owner=BEFORE)
        await claim(house, owner="boot1:Janitor:1", kinds=("prune",))
        mine = await enqueue(house, args={"n": "mine"})
        await claim(house)
        assert await house.write(changes.rescue, ("notify",), ME) == 1
        assert [(await job(house, i)).state for i in (orphan, other, mine)] == ["available", "executing", "executing"]
        (again,) = await claim(house)
        assert (again.id, again.attempt, again.interrupted) == (orphan, 1, 1)


async def test_a_job_that_ends_every_process_is_given_up_at_last(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        job_id = await enqueue(house)
        for n in range(MAX_INTERRUPTIONS):
            assert len(await claim(house, owner=f"boot{n}")) == 1
            await house.write(changes.rescue, ("notify",), f"boot{n + 1}")
        over = await job(house, job_id)
        assert over.state == "discarded"
        assert "may be what ends it" in over.errors[-1].error
        await house.write(changes.retry_job, job_id)  # a person knows better: it begins anew
        await claim(house)
        assert await house.write(changes.interrupt, job_id, ME, "shutdown") == "available"


async def test_a_shutdown_puts_a_job_back_and_counts_nothing(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        job_id = await enqueue(house)
        await claim(house)
        assert await house.write(changes.interrupt, job_id, ME, "shutdown") == "available"
        back = await job(house, job_id)
        assert (back.attempt, back.interrupted) == (0, 0)


@pytest.mark.parametrize("how", ["retry", "snooze", "rescue"])
async def test_of_two_same_wishes_the_newer_stands_for_both(tmp_path: Path, how: str) -> None:
    async with open_house(tmp_path) as house:
        running = await enqueue(house)
        await claim(house)
        newer = await enqueue(house)
        match how:
            case "retry":
                await house.write(changes.retry_later, running, ME, "boom", None, 9.0)
            case "snooze":
                await house.write(changes.snooze, running, ME, 9.0, "later")
            case "rescue":
                await house.write(changes.rescue, ("notify",), "boot3")
        over = await job(house, running)
        assert over.state == "cancelled"
        assert f"superseded by the newer job {newer}" in over.errors[-1].error
        assert [j.id for j in await claim(house)] == [newer]


async def test_waiting_jobs_are_cancelled_at_once_and_running_ones_are_told(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        waiting, running = await enqueue(house, args={"n": 1}, in_seconds=9), await enqueue(house, args={"n": 2})
        await claim(house)
        assert await house.write(changes.cancel_job, waiting) == "cancelled"
        assert await house.write(changes.cancel_job, running) == "executing"
        assert await house.read(queries.still_wanted, ME, (running,)) == set()
        assert await house.write(changes.cancelled, running, ME)
        with pytest.raises(Conflict, match="over already"):
            await house.write(changes.cancel_job, running)
        with pytest.raises(NotFound):
            await house.write(changes.cancel_job, "nobody")


@pytest.mark.parametrize("how", ["retry", "snooze", "interrupt", "rescue", "leave"])
async def test_a_job_that_was_told_to_stop_does_not_run_again_however_its_attempt_ends(
    tmp_path: Path, how: str
) -> None:
    async with open_house(tmp_path) as house:
        job_id = await enqueue(house)
        await claim(house)
        assert await house.write(changes.cancel_job, job_id) == "executing"
        match how:
            case "retry":
                await house.write(changes.retry_later, job_id, ME, "boom", None, 9.0)
            case "snooze":
                await house.write(changes.snooze, job_id, ME, 9.0, "later")
            case "interrupt":
                await house.write(changes.interrupt, job_id, ME, "shutdown")
            case "rescue":
                await house.write(changes.rescue, ("notify",), "boot3:Notifier:1")
            case "leave":
                await house.write(changes.leave, (), hands(ME, "notify"), "shutdown")
        over = await job(house, job_id)
        assert (over.state, over.finished_at is not None, len(over.errors)) == ("cancelled", True, 1)
        assert await claim(house) == ()


@pytest.mark.parametrize("end", ["complete", "discard", "cancelled"])
async def test_a_person_may_run_again_what_is_over(tmp_path: Path, end: str) -> None:
    async with open_house(tmp_path) as house:
        job_id = await enqueue(house, max_attempts=1)
        await claim(house)
        await house.write(getattr(changes, end), job_id, ME, *(["why"] if end == "discard" else []))
        assert await house.write(changes.retry_job, job_id) == job_id
        (again,) = await claim(house)
        assert (again.id, again.attempt, again.max_attempts) == (job_id, 2, 2)
        with pytest.raises(Conflict, match="runs already"):
            await house.write(changes.retry_job, job_id)


async def test_running_again_what_waits_as_another_job_brings_that_one_forward(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        old = await enqueue(house)
        await claim(house)
        await house.write(changes.complete, old, ME)
        waiting = await enqueue(house, in_seconds=3600)
        assert await house.write(changes.retry_job, old) == waiting
        assert [j.id for j in await claim(house)] == [waiting]


async def test_progress_is_shown_while_a_job_runs_and_forgotten_by_its_next_attempt(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        job_id = await enqueue(house)
        assert not await house.write(changes.set_progress, job_id, ME, {"done": 1})
        await claim(house)
        assert await house.write(changes.set_progress, job_id, ME, {"done": 1, "total": 4})
        assert (await job(house, job_id)).progress == {"done": 1, "total": 4}
        await house.write(changes.retry_later, job_id, ME, "boom", None, 0.0)
        assert (await claim(house))[0].progress is None


async def test_only_what_is_long_over_is_pruned_and_only_so_much_at_once(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        ids = [await enqueue(house, args={"n": n}) for n in range(6)]
        await claim(house, 5)
        for job_id in ids[:4]:
            await house.write(changes.complete, job_id, ME)
        clock_of(house).advance(days=7)
        assert await house.write(changes.prune_jobs, 7, 3) == 0  # not older than seven days, exactly seven
        clock_of(house).advance(1)
        assert [await house.write(changes.prune_jobs, 7, 3) for _ in range(3)] == [3, 1, 0]
        assert {j.state for j in (await house.read(queries.list_jobs)).items} == {"executing", "available"}


async def test_lists_page_newest_first_by_cursor_and_counts_add_up(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        ids = []
        for n in range(7):
            ids.append(await enqueue(house, "notify" if n % 2 else "prune", {"n": n}))
            clock_of(house).advance(0.001)
        await claim(house, 1)
        seen, cursor = list[str](), None
        while True:
            page = await house.read(queries.list_jobs, cursor=cursor, limit=3)
            seen += [j.id for j in page.items]
            cursor = page.next
            if cursor is None:
                break
        assert seen == ids[::-1]
        only = await house.read(queries.list_jobs, state="executing", queue="notifications")
        assert [j.id for j in only.items] == [ids[1]]
        assert await house.read(queries.job_counts) == {
            ("default", "available"): 4,
            ("notifications", "available"): 2,
            ("notifications", "executing"): 1,
        }


def plan(tx: Transaction, sql: str, **params: Any) -> str:
    return " ".join(row["detail"] for row in tx.all(f"explain query plan {sql}", **params))


@pytest.mark.store("sqlite", "sqlcipher")
async def test_what_is_asked_for_all_the_time_reads_only_what_waits(tmp_path: Path) -> None:
    """No full scan, no sort: the cost is the answer's, not the table's, whatever is kept."""
    asked: list[str] = []

    def explain(tx: Transaction) -> None:
        raw = tx._raw

        class Watch:
            def execute(self, sql: str, params: Any = (), /) -> Any:
                # What runs is a handful; it may be walked and sorted. What waits or is over may be a million rows.
                if "jobs" in sql and "state = 'executing' and owner" not in sql:
                    asked.append(plan(Transaction(raw, tx.now), sql, **params))
                return raw.execute(sql, params)

            executemany = raw.executemany

        watched = Transaction(Watch(), tx.now)
        changes.claim(watched, hands(ME, "notify", "prune", most=5))
        queries.anything_due(watched, hands(ME, "notify"), tx.now)
        queries.still_wanted(watched, ME, ("a", "b"))
        changes.rescue(watched, ("notify",), ME)
        changes.prune_jobs(watched, 7)
        watched.enqueue("notify", {})
        watched.enqueue("notify", {})

    async with open_house(tmp_path) as house:
        await house.write(explain)
        assert len(asked) >= 8
        assert [text for text in asked if "SCAN jobs" in text] == []
        assert [text for text in asked if "TEMP B-TREE" in text] == []
