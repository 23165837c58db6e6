"""Jobs among several nodes, and one that somebody else holds on the server, as an operator's open transaction does: it is left for later,
and holds up nobody."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trio

from mydia.house import House
from mydia.jobs import changes, queries
from mydia.store.transaction import Transaction
from tests.support.hands import hands
from tests.support.house import clock_of, open_house
from tests.support.stores import url_in

pytestmark = pytest.mark.store("postgres")
ME = "node1:Notifier:1"


@contextmanager
def held(tmp_path: Path, *job_ids: str) -> Iterator[None]:
    """Whoever waits for one of these rows waits until the server's patience ends, and is refused."""
    with psycopg.connect(url_in(tmp_path)) as operator:
        operator.execute("select 1 from jobs where id = any(%s) for update", (list(job_ids),))
        yield
        operator.rollback()


async def enqueue(house: House, kind: str = "notify", n: int = 0, **options: Any) -> str:
    return await house.write(Transaction.enqueue, kind, {"n": n}, **options)


async def take(house: House, most: int | None = None, owner: str = ME) -> list[str]:
    return [job.id for job in await house.write(changes.claim, hands(owner, "notify", most=most))]


async def test_the_next_most_urgent_is_taken_at_once_and_what_was_held_when_it_is_free(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        urgent, next_, last = [await enqueue(house, n=n, priority=n) for n in range(3)]
        with held(tmp_path, urgent):
            assert await take(house, 1) == [next_]
            assert (await house.read(queries.get_job, urgent)).state == "available"
        assert await take(house, 1) == [urgent]
        assert await take(house) == [last]


async def test_what_comes_due_while_it_is_held_comes_due_when_it_is_free(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        stuck, free = [await enqueue(house, n=n, in_seconds=60) for n in range(2)]
        clock_of(house).advance(60)
        with held(tmp_path, stuck):
            assert await take(house) == [free]
        assert await take(house) == [stuck]


async def test_a_held_job_keeps_no_room_from_the_others_of_its_queue(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        wanted = await enqueue(house, "import_download")
        scan = await enqueue(house, "scan_root")
        mine = hands("node1:Scanner:1", "scan_root", queues={"media": 1}, others=frozenset({"import_download"}))
        assert await house.write(changes.claim, mine) == ()  # it is left to the import, which is more urgent
        with held(tmp_path, wanted):
            assert [job.id for job in await house.write(changes.claim, mine)] == [scan]


async def test_three_nodes_take_every_job_once_but_the_one_that_is_held(tmp_path: Path) -> None:
    got: list[str] = []

    async def work(house: House) -> None:
        while taken := await take(house, 3, f"{house.engine.node}:Notifier:1"):
            got.extend(taken)

    async with open_house(tmp_path) as one, open_house(tmp_path) as two, open_house(tmp_path) as three:
        ids = [await enqueue(one, n=n) for n in range(60)]
        with held(tmp_path, ids[30]):
            async with trio.open_nursery() as nursery:
                for house in (one, two, three):
                    nursery.start_soon(work, house)
        assert sorted(got) == sorted({*ids} - {ids[30]})
        assert await take(two) == [ids[30]]


async def test_the_same_wish_from_three_nodes_at_once_is_one_job(tmp_path: Path) -> None:
    ids: set[str] = set()

    async def wish(house: House) -> None:
        ids.add(await house.write(Transaction.enqueue, "notify", {"n": 1}))

    async with open_house(tmp_path) as one, open_house(tmp_path) as two, open_house(tmp_path) as three:
        async with trio.open_nursery() as nursery:
            for n in range(300):
                nursery.start_soon(wish, (one, two, three)[n % 3])
        assert len(ids) == 1
        assert [job.id for job in (await one.read(queries.list_jobs)).items] == [*ids]
