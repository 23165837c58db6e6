"""The writer's contract: durable replies, each change alone in what it undoes, events in commit order, bells after the commit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from mydia.errors import Conflict, Invalid, Unavailable
from mydia.events import DownloadProgressed, Event, HealthChanged, JobChanged
from mydia.house import House
from mydia.messages import Change
from mydia.otp import Supervisor, actor, correlation
from mydia.store.engine import Connection
from mydia.store.transaction import Transaction
from tests.support.house import clock_of, open_house
from tests.support.waiting import eventually
from workers.node import Node


def put(tx: Transaction, key: str, value: str = "1") -> str:
    tx.insert("settings", {"key": key, "value": value, "updated_at": tx.now})
    return key


def keys(conn: Connection) -> list[str]:
    return [row["key"] for row in conn.all("select key from settings where key like 'k%' order by key")]


def put_then_fail(tx: Transaction, key: str) -> None:
    put(tx, key)
    tx.emit(HealthChanged(part="x", ok=True, message=key))
    tx.enqueue("prune", {"for": key})
    raise ZeroDivisionError(key)


async def together(house: House, *calls: tuple[Any, ...]) -> list[object]:
    """The answers (or exceptions) of changes sent at the same moment, so that one batch takes them, in whatever order."""
    answers: list[object] = [None] * len(calls)

    async def one(i: int, fn: Any, *args: Any) -> None:
        try:
            answers[i] = await house.write(fn, *args)
        except Exception as error:  # noqa: BLE001 - what a change raises is what these tests look at
            answers[i] = error

    async with trio.open_nursery() as nursery:
        for i, call in enumerate(calls):
            nursery.start_soon(one, i, *call)
    return answers


async def test_a_change_is_seen_by_the_next_read_and_answers_its_value(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        assert await house.write(put, "k1") == "k1"
        assert await house.read(keys) == ["k1"]


async def test_what_a_change_raises_is_raised_at_its_caller_and_undoes_it_alone(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house, house_events(house) as seen:
        answers = await together(house, (put, "k1"), (put_then_fail, "k2"), (put, "k3"))
        assert answers[0] == "k1"
        assert isinstance(answers[1], ZeroDivisionError)
        assert answers[2] == "k3"
        assert await house.read(keys) == ["k1", "k3"]
        assert await house.read(lambda c: c.value("select count(*) from jobs")) == 0
        assert await house.read(lambda c: c.value("select count(*) from events")) == 0
        assert seen == []


def say(tx: Transaction, key: str) -> str:
    """A row, an event, a job and the key, from a change that may run again."""
    tx.emit(HealthChanged(part="say", ok=True, message=key))
    tx.enqueue("notify", {"for": key})
    return put(tx, key)


async def test_refused_changes_cost_others_of_their_batch_nothing_and_none_of_it_is_there_twice(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house, house_events(house) as seen:
        await house.write(put, "k0")
        calls = [(say, "k1"), (put_then_fail, "x1"), (say, "k2"), (say, "k0"), (put_then_fail, "x2"), (say, "k3")]
        answers = await together(house, *calls)
        assert [answers[i] for i in (0, 2, 5)] == ["k1", "k2", "k3"]
        assert [type(answers[i]) for i in (1, 3, 4)] == [ZeroDivisionError, Conflict, ZeroDivisionError]
        assert await house.read(keys) == ["k0", "k1", "k2", "k3"]
        said = [e for e in await come(seen, 6) if isinstance(e, HealthChanged)]
        assert sorted(e.message for e in said) == ["k1", "k2", "k3"]
        assert len(seen) == 6
        stored = await house.read(lambda c: c.all("select seq from events order by seq"))
        assert [row["seq"] for row in stored] == [e.seq for e in said]
        assert await house.read(lambda c: c.rows("select kind from jobs")) == [("notify",)] * 3
        assert house.mail["notifier"].take_ring()
        assert not house.mail["janitor"].take_ring()


async def test_a_batch_of_nothing_but_refused_changes_leaves_nothing(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        changes = [Change(put_then_fail, (f"k{n}",)) for n in range(5)]
        committed = await house.engine.commit(changes, "2026-01-31T12:00:00.000000Z")
        assert [type(done.error) for done in committed.done] == [ZeroDivisionError] * len(committed.done)
        assert (committed.events, committed.wake) == ([], frozenset())
        assert await house.read(keys) == []
        assert await house.write(put, "k9") == "k9"


async def test_the_writer_outlives_any_exception_of_a_change(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        with pytest.raises(ZeroDivisionError):
            await house.write(put_then_fail, "k1")
        assert await house.write(put, "k2") == "k2"


async def test_a_key_that_exists_is_a_conflict_for_its_caller(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.write(put, "k1")
        with pytest.raises(Conflict, match=r"exists already.*settings.key"):
            await house.write(put, "k1")


async def test_a_reference_to_nothing_is_a_conflict_for_its_caller(tmp_path: Path) -> None:
    def slot_of_nobody(tx: Transaction) -> None:
        row = {"id": "s", "media_item_id": "nobody", "quality_profile_id": "none", "created_at": tx.now}
        tx.insert("slots", row)

    async with open_house(tmp_path) as house:
        with pytest.raises(Conflict, match="does not exist"):
            await house.write(slot_of_nobody)


async def test_changes_run_in_the_order_they_were_sent(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house, house_events(house) as seen:

        def count(tx: Transaction, n: int) -> int:
            tx.emit(HealthChanged(part="order", ok=True, message=str(n)))
            return n

        for start in (0, 50):
            async with trio.open_nursery() as nursery:
                for n in range(start, start + 50):
                    nursery.start_soon(house.write, count, n)
                    await trio.lowlevel.checkpoint()
        stored = await house.read(lambda c: c.all("select seq, data from events order by seq"))
        published = [e for e in await come(seen, 100) if isinstance(e, HealthChanged)]
        assert [e.seq for e in published] == [row["seq"] for row in stored] == list(range(1, 101))
        assert [f'"{e.message}"' in row["data"] for e, row in zip(published, stored, strict=True)] == [True] * 100


async def test_an_event_that_is_not_stored_is_published_all_the_same(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house, house_events(house) as seen:
        await house.write(lambda tx: tx.emit(DownloadProgressed(download_id="d", progress=0.5)))
        assert await house.read(lambda c: c.value("select count(*) from events")) == 0
        assert [type(e) for e in await come(seen, 1)] == [DownloadProgressed]
        assert seen[0].seq is None


async def test_an_event_keeps_the_correlation_id_of_who_asked(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        correlation.set("request-7")
        await house.write(lambda tx: tx.emit(HealthChanged(part="x", ok=True, message="m")))
        assert await house.read(lambda c: c.value("select correlation_id from events")) == "request-7"


async def test_an_enqueued_job_rings_its_actor_after_the_commit(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.write(lambda tx: tx.enqueue("notify", {"n": 1}))
        assert house.mail["notifier"].take_ring()
        assert not house.mail["janitor"].take_ring()


async def test_a_slow_change_is_answered_without_the_batch_behind_it(tmp_path: Path) -> None:
    def slow(tx: Transaction) -> None:
        tx.value(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000000) select count(*) from n"
        )

    async with open_house(tmp_path) as house:
        committed = await house.engine.commit([Change(slow), Change(put, ("k1",))], "2026-01-31T12:00:00.000000Z")
        assert len(committed.done) == 1
        await together(house, (slow,), (put, "k2"))
        assert await house.read(keys) == ["k2"]


async def test_time_in_a_change_is_the_houses_clock(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        assert await house.write(lambda tx: tx.now) == "2026-01-31T12:00:00.000000Z"
        clock_of(house).advance(days=1, microseconds=7)
        assert await house.write(lambda tx: (tx.now, tx.later(60))) == (
            "2026-02-01T12:00:00.000007Z",
            "2026-02-01T12:01:00.000007Z",
        )


async def test_ids_sort_by_age(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        ids = await house.write(lambda tx: [tx.new_id() for _ in range(1000)])
        assert ids == sorted(set(ids))


async def test_an_unknown_job_kind_is_refused(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        with pytest.raises(Invalid, match="no job kind 'fly'"):
            await house.write(lambda tx: tx.enqueue("fly", {}))


async def test_a_thousand_racing_wishes_for_the_same_job_are_one_job(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        ids = set()

        async def wish() -> None:
            ids.add(await house.write(lambda tx: tx.enqueue("scan_root", {"root_id": "r"})))

        async with trio.open_nursery() as nursery:
            for _ in range(1000):
                nursery.start_soon(wish)
        assert len(ids) == 1
        assert await house.read(lambda c: c.value("select count(*) from jobs")) == 1


async def test_jobs_that_are_not_unique_are_each_their_own(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        for _ in range(3):
            await house.write(lambda tx: tx.enqueue("notify", {"n": 1}, unique=False))
        assert await house.read(lambda c: c.value("select count(*) from jobs")) == 3


async def test_the_order_of_arguments_makes_no_other_wish_but_their_values_do(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        one = await house.write(lambda tx: tx.enqueue("notify", {"a": 1, "b": 2}))
        same = await house.write(lambda tx: tx.enqueue("notify", {"b": 2, "a": 1}))
        others = [await house.write(Transaction.enqueue, "notify", a) for a in ({}, {"a": 1}, {"a": "1", "b": 2})]
        assert one == same
        assert len({one, *others}) == 4


async def test_a_hurried_wish_brings_the_waiting_one_forward_and_a_calm_one_does_not(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        job = await house.write(lambda tx: tx.enqueue("notify", {}, in_seconds=3600))
        assert await house.write(lambda tx: tx.enqueue("notify", {})) == job
        row = await house.read(lambda c: c.one("select state, scheduled_at, priority from jobs"))
        assert row == {"state": "scheduled", "scheduled_at": "2026-01-31T13:00:00.000000Z", "priority": 0}
        assert await house.write(lambda tx: tx.enqueue("notify", {}, hurry=True, priority=-1)) == job
        row = await house.read(lambda c: c.one("select state, scheduled_at, priority from jobs"))
        assert row == {"state": "available", "scheduled_at": "2026-01-31T12:00:00.000000Z", "priority": -1}


async def test_enqueueing_tells_the_pages(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house, house_events(house) as seen:
        job = await house.write(lambda tx: tx.enqueue("notify", {}, media_item_id="m"))
        assert await come(seen, 1) == [
            JobChanged(job_id=job, queue="notifications", kind="notify", state="available", media_item_id="m")
        ]


async def test_a_query_cannot_write(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        with pytest.raises(Exception, match=r"read-?only"):
            await house.read(
                lambda c: c.value("insert into settings (key, value, updated_at) values ('k', '', '') returning key")
            )
        assert await house.read(keys) == []


async def test_a_query_sees_one_state_however_long_it_looks(tmp_path: Path) -> None:
    import threading

    looked, written = threading.Event(), threading.Event()

    def look_twice(conn: Connection) -> tuple[list[str], list[str]]:
        first = keys(conn)
        looked.set()
        assert written.wait(10)
        return first, keys(conn)

    async with open_house(tmp_path) as house:
        answers: list[object] = []

        async def read() -> None:
            answers.append(await house.read(look_twice))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(read)
            await trio.to_thread.run_sync(looked.wait, 10)
            await house.write(put, "k1")
            written.set()
        assert answers == [([], [])]
        assert await house.read(keys) == ["k1"]


async def test_more_readers_than_connections_wait_for_one_another(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        answers: list[list[str]] = []

        async def read() -> None:
            answers.append(await house.read(keys))

        async with trio.open_nursery() as nursery:
            for _ in range(40):
                nursery.start_soon(read)
        assert answers == [[]] * 40


@pytest.mark.store("sqlite", "sqlcipher")
async def test_a_full_disk_is_said_to_every_caller_and_the_writer_lives(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        pages = await house.read(lambda c: c.value("pragma page_count"))
        await house.write(lambda tx: tx.value(f"pragma max_page_count = {pages + 4}"))  # SQLite's own way to be full
        with pytest.raises(Unavailable, match=r"cannot be written now: database or disk is full"):
            await house.write(put, "k1", "x" * 1_000_000)
        await house.write(lambda tx: tx.value("pragma max_page_count = 1000000"))
        assert await house.write(put, "k2") == "k2"
        assert await house.read(keys) == ["k2"]


@pytest.mark.store("sqlite", "sqlcipher")
async def test_a_full_disk_costs_its_neighbours_nothing_that_they_were_told_is_kept(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        pages = await house.read(lambda c: c.value("pragma page_count"))
        await house.write(lambda tx: tx.value(f"pragma max_page_count = {pages + 4}"))
        answers = await together(house, (put, "k1"), (put, "k2", "x" * 1_000_000), (put, "k3"))
        assert isinstance(answers[1], Unavailable)
        told = [a for a in answers if isinstance(a, str)]
        assert await house.read(keys) == told


@asynccontextmanager
async def house_events(house: House) -> AsyncIterator[list[Event]]:
    """Every event published while it is open, in order. Where daemons share a database, its node hears of them from the server."""
    seen: list[Event] = []

    def accept(event: object) -> bool:
        assert isinstance(event, Event)
        seen.append(event)
        return False

    duties = Supervisor("duties")
    node = actor("node", lambda: Node(house, duties, Supervisor("leading").child_spec))
    children = [duties.child_spec(), node] if house.engine.shared else []

    async def leads() -> bool:  # and has listened since before that
        return not children or bool(duties.children())

    async with trio.open_nursery() as nursery:
        await nursery.start(Supervisor("among_others", children=children).run)
        await eventually(leads)
        with house.bus.subscribe(filter=accept):
            yield seen
        nursery.cancel_scope.cancel()


async def come(seen: list[Event], count: int) -> list[Event]:
    """So many of them; those of a shared database come a moment after the answer."""

    async def enough() -> bool:
        return len(seen) >= count

    await eventually(enough, every=0.005)
    return seen
