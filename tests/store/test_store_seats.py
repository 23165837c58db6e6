"""Seats among the daemons that share a PostgreSQL: one leads, a silent one is ended by the others, and the database knows who leads."""

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import trio

from migrations import MIGRATIONS
from mydia.errors import Unavailable
from mydia.store import nodes
from mydia.store.migrate import Migration
from mydia.store.nodes import Seat
from mydia.store.postgres import PostgresEngine
from tests.support.postgres import Postgres
from tests.support.waiting import eventually

NOW = "2026-01-31T12:00:00.000000Z"
LATER: Migration = ("9002_more", ("create table more (id text primary key)",))


@pytest.fixture
def url(postgres: tuple[Postgres, str]) -> Iterator[str]:
    server, template = postgres
    name = server.create(template)
    yield server.url(name)
    server.drop(name)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "FROZEN", 3600)


@asynccontextmanager
async def daemons(url: str, count: int, *more: Migration) -> AsyncIterator[list[tuple[PostgresEngine, Seat]]]:
    """So many engines, each with a seat that is taken."""
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(count):
            engine = PostgresEngine(url, migrations=(*MIGRATIONS, *more))
            await engine.open(NOW)
            stack.push_async_callback(engine.close)
            seat = engine.seat()
            stack.callback(seat.give_up)
            await trio.to_thread.run_sync(seat.take)
            made.append((engine, seat))
        yield made


async def taken_back(engine: PostgresEngine) -> None:
    """Until the server has taken back what this one's seat held."""

    async def free() -> bool:
        return not await engine.leads()

    await eventually(free)


async def test_one_leads_until_it_gives_its_seat_up_and_the_database_knows_who(url: str) -> None:
    async with daemons(url, 2) as ((one, first), (two, second)):
        assert (first.look().leads, second.look().leads) == (True, False)
        assert (await one.leads(), await two.leads()) == (True, False)
        assert first.look().living == second.look().living == {one.node, two.node}
        first.give_up()
        await taken_back(one)
        assert not await two.leads()
        assert second.look().leads
        assert await two.leads()
        assert second.look().living == {two.node}


async def test_a_daemon_that_asked_for_no_seat_is_alone(url: str) -> None:
    engine = PostgresEngine(url)
    await engine.open(NOW)
    assert await engine.leads()
    await engine.close()


async def test_a_seat_that_is_silent_is_ended_by_the_others_and_with_it_its_lead(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with daemons(url, 2) as ((one, first), (_, second)):
        assert first.look().leads
        monkeypatch.setattr(nodes, "FROZEN", 0)  # whoever is not looking just now
        second.look()  # ends the seat of the other, frozen as it is
        with pytest.raises(Unavailable):
            first.look()
        await taken_back(one)
        assert second.look().leads


async def test_whoever_waits_for_news_wakes_when_the_seat_is_given_up(url: str) -> None:
    async with daemons(url, 1) as ((_, seat),):
        ended: list[BaseException] = []

        def wait() -> None:
            try:
                seat.hear(3600)
            except Unavailable as lost:
                ended.append(lost)

        waiting = threading.Thread(target=wait)
        waiting.start()
        seat.give_up()  # before it waits, or while it does
        await trio.to_thread.run_sync(waiting.join, 120)
        assert len(ended) == 1


async def test_a_seat_that_is_given_up_before_it_is_taken_is_never_taken(url: str) -> None:
    async with daemons(url, 1) as ((engine, other),):
        seat = engine.seat()
        seat.give_up()
        with pytest.raises(Unavailable):
            seat.take()
        assert other.look().leads


async def test_a_look_tells_the_time_of_the_server(postgres: tuple[Postgres, str], url: str) -> None:
    def time() -> float:
        ((now,),) = postgres[0].run("select extract(epoch from clock_timestamp())::float8")
        return float(str(now))

    async with daemons(url, 1) as ((_, seat),):
        before = time()
        assert before <= seat.look().clock <= time()


async def test_a_look_tells_of_a_newer_shape_of_the_database(url: str) -> None:
    async with daemons(url, 1) as ((_, seat),):
        assert seat.look().newer is None
        async with daemons(url, 1, LATER) as ((_, newer),):
            assert newer.look().newer is None
            assert seat.look().newer == "9002_more"
