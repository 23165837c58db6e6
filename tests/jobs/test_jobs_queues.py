"""Queues: their room is shared by all who take from them, the urgent goes first over all of them, and a paused one waits."""

import random
from pathlib import Path
from typing import Any

import pytest

from mydia.errors import NotFound
from mydia.house import House
from mydia.jobs import changes, queries
from mydia.jobs.model import FINISHED, WAITING, Ended
from mydia.store.engine import Connection
from mydia.store.transaction import Transaction
from tests.support.hands import hands
from tests.support.house import clock_of, open_house

SCANNER, LIBRARIAN, IMPORTER = "node1:Scanner:1", "node1:Librarian:1", "node1:Importer:1"
MEDIA = {"media": 3}


async def enqueue(house: House, kind: str, n: int = 0, **options: Any) -> str:
    return await house.write(Transaction.enqueue, kind, {"n": n}, **options)


async def take(house: House, owner: str, kind: str, **how: Any) -> list[str]:
    return [job.id for job in await house.write(changes.claim, hands(owner, kind, queues=MEDIA, **how))]


async def test_the_actors_of_a_queue_share_its_room(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        scans = [await enqueue(house, "scan_root", n) for n in range(2)]
        files = [await enqueue(house, "identify_file", n) for n in range(5)]
        assert await take(house, SCANNER, "scan_root") == scans
        assert await take(house, LIBRARIAN, "identify_file") == files[:1]
        assert await take(house, LIBRARIAN, "identify_file") == []
        await house.write(changes.complete, scans[0], SCANNER)
        assert await take(house, LIBRARIAN, "identify_file") == files[1:2]


async def test_another_process_has_room_of_its_own_and_another_queue_is_not_concerned(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        for n in range(6):
            await enqueue(house, "identify_file", n)
        assert len(await take(house, LIBRARIAN, "identify_file")) == 3
        assert len(await take(house, "node2:Librarian:1", "identify_file")) == 3
        await enqueue(house, "prune")
        assert len(await take(house, "node1:Janitor:1", "prune")) == 1


async def test_room_is_left_to_what_is_more_urgent_where_somebody_would_take_it(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        files = [await enqueue(house, "identify_file", n) for n in range(5)]
        imports = [await enqueue(house, "import_download", n) for n in range(2)]  # younger, but somebody waits for it
        importing = frozenset({"import_download"})
        assert await take(house, LIBRARIAN, "identify_file", others=importing) == files[:1]
        assert await take(house, IMPORTER, "import_download") == imports
        more = await enqueue(house, "import_download", 9)
        await house.write(changes.complete, files[0], LIBRARIAN)
        assert await take(house, LIBRARIAN, "identify_file", others=importing) == []
        assert (
            await take(house, LIBRARIAN, "identify_file") == files[1:2]
        )  # nobody has hands for it: it holds up nobody
        assert (await house.read(queries.get_job, more)).state == "available"


async def test_whoever_found_no_room_is_rung_when_there_is(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        running = await enqueue(house, "scan_root")
        await take(house, SCANNER, "scan_root")
        house.mail["librarian"].take_ring()
        await house.write(changes.complete, running, SCANNER)
        assert house.mail["librarian"].take_ring()
        assert house.mail["importer"].take_ring()
        assert not house.mail["notifier"].take_ring()


async def test_a_paused_queue_gives_nothing_until_it_is_resumed_restarts_included(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        first, second = await enqueue(house, "notify", 1), await enqueue(house, "notify", 2)
        running = (await house.write(changes.claim, hands(SCANNER, "notify", most=1)))[0].id
        assert running == first
        await house.write(changes.pause_queue, "notifications", actor="ada")
        await house.write(changes.pause_queue, "notifications", actor="bob")  # it is already
        await house.write(changes.complete, first, SCANNER)  # what runs goes on
    async with open_house(tmp_path) as house:
        mine = hands(SCANNER, "notify")
        assert not await house.read(queries.anything_due, mine, "2026-01-31T13:00:00.000000Z")
        assert await house.write(changes.claim, mine) == ()
        paused = [q for q in await house.read(queries.queues, mine.queues) if q.paused_at]
        assert [(q.name, q.paused_by, q.waiting) for q in paused] == [("notifications", "ada", 1)]
        house.mail["notifier"].take_ring()
        await house.write(changes.resume_queue, "notifications", actor="bob")
        assert house.mail["notifier"].take_ring()
        assert [j.id for j in await house.write(changes.claim, mine)] == [second]
        with pytest.raises(NotFound):
            await house.write(changes.pause_queue, "nobody", actor="ada")


async def test_a_wish_that_the_running_job_grants_is_not_added(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        job = await enqueue(house, "prune")
        await take(house, SCANNER, "prune")
        assert await enqueue(house, "prune", unless_running=True) == job
        assert await enqueue(house, "prune", 2, unless_running=True) != job
        await house.write(changes.complete, job, SCANNER)
        assert await enqueue(house, "prune", unless_running=True) != job


async def test_a_wish_of_a_period_is_granted_once_in_it_however_it_ends(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        job = await enqueue(house, "fold_log", period=60)
        assert await enqueue(house, "fold_log", period=60) == job
        await take(house, SCANNER, "fold_log")
        assert await enqueue(house, "fold_log", period=60) == job
        await house.write(changes.discard, job, SCANNER, "no use")
        clock_of(house).advance(59)
        assert await enqueue(house, "fold_log", period=60) == job
        clock_of(house).advance(1)
        again = await enqueue(house, "fold_log", period=60)
        assert again != job
        assert await enqueue(house, "fold_log") == again  # and it is the wish that waits


async def test_attempts_are_written_down_together_and_what_is_next_is_taken_with_them(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        ids = [await enqueue(house, "notify", n, max_attempts=1) for n in range(6)]
        mine = hands(SCANNER, "notify", most=4)
        await house.write(changes.claim, mine)
        ended = (
            Ended(ids[0], changes.complete),
            Ended(ids[1], changes.retry_later, ("boom", "stack", 5.0)),
            Ended(ids[2], changes.snooze, (5.0, "later")),
            Ended(ids[3], changes.complete),
        )
        assert [j.id for j in await house.write(changes.turn, ended, mine)] == ids[4:]
        states = [(await house.read(queries.get_job, job_id)).state for job_id in ids]
        assert states == ["completed", "discarded", "scheduled", "completed", "executing", "executing"]
        assert await house.write(changes.turn, ended, mine) == ()  # said again, it changes nothing
        assert [(await house.read(queries.get_job, job_id)).state for job_id in ids] == states


async def test_who_leaves_puts_back_even_what_it_does_not_know_of(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        ids = [await enqueue(house, "notify", n) for n in range(3)]
        mine = hands(SCANNER, "notify")
        await house.write(changes.claim, mine)
        await house.write(changes.leave, (Ended(ids[0], changes.complete),), mine, "it left", (ids[2],))
        states = [(await house.read(queries.get_job, job_id)).state for job_id in ids]
        assert states == ["completed", "available", "executing"]


def wrong(conn: Connection) -> list[dict[str, Any]]:
    """Jobs whose columns contradict their state."""
    return [
        dict(row)
        for row in conn.all("select * from jobs order by id")
        if (row["state"] in FINISHED) != (row["finished_at"] is not None)
        or (row["state"] == "executing" and row["owner"] is None)
        or (row["state"] in WAITING and row["owner"] is not None)
        or row["attempt"] > row["max_attempts"]
    ]


async def test_whatever_happens_in_whatever_order_a_job_is_in_one_state_and_its_columns_agree(tmp_path: Path) -> None:
    chance = random.Random(20260131)  # noqa: S311 - the same walk every time
    mine = hands(SCANNER, "notify", most=3)
    deeds: list[Any] = [
        lambda j: (changes.complete, j, SCANNER),
        lambda j: (changes.discard, j, SCANNER, "no"),
        lambda j: (changes.retry_later, j, SCANNER, "boom", None, 1.0),
        lambda j: (changes.snooze, j, SCANNER, 1.0, "later"),
        lambda j: (changes.interrupt, j, SCANNER, "stop"),
        lambda j: (changes.cancelled, j, SCANNER),
        lambda j: (changes.set_progress, j, SCANNER, {"done": 1}),
        lambda j: (changes.cancel_job, j),
        lambda j: (changes.retry_job, j),
    ]

    def walk(tx: Transaction) -> None:
        ids = [tx.enqueue("notify", {"n": n}, max_attempts=3) for n in range(4)]
        for _ in range(600):
            changes.claim(tx, mine)
            change, job_id, *rest = chance.choice(deeds)(chance.choice(ids))
            try:
                change(tx, job_id, *rest)
            except Exception as no:  # noqa: BLE001 - a refusal is an answer too
                assert type(no).__name__ == "Conflict", no
            if chance.random() < 0.1:
                ids.append(tx.enqueue("notify", {"n": chance.randrange(4)}, max_attempts=3))
            if chance.random() < 0.05:
                changes.rescue(tx, ("notify",), "node1:Scanner:2")
            assert wrong(tx) == []
            twice = tx.all(
                """select unique_key from jobs where state = 'executing' group by unique_key having count(*) > 1
                order by unique_key"""
            )
            assert twice == []

    async with open_house(tmp_path) as house:
        await house.write(walk)


async def test_a_filtered_list_pages_newest_first_over_kinds_and_states(tmp_path: Path) -> None:
    kinds = ("scan_root", "identify_file", "prune")
    async with open_house(tmp_path) as house:
        ids: list[tuple[str, str]] = []
        for n in range(21):
            ids.append((await enqueue(house, kinds[n % 3], n), kinds[n % 3]))
            if n % 4:  # several were made in the same instant
                clock_of(house).advance(0.001)
        await house.write(changes.claim, hands(SCANNER, *kinds, most=8))

        async def listed(**asked: Any) -> list[str]:
            seen, cursor = list[str](), None
            while True:
                page = await house.read(queries.list_jobs, cursor=cursor, limit=4, **asked)
                seen += [job.id for job in page.items]
                cursor = page.next
                if cursor is None:
                    return seen

        everything = await listed()
        assert sorted(everything) == sorted(job_id for job_id, _ in ids)
        running = {job_id for job_id in everything if (await house.read(queries.get_job, job_id)).state == "executing"}
        assert len(running) == 8
        media = {job_id for job_id, kind in ids if kind != "prune"}
        prunes = {job_id for job_id, kind in ids if kind == "prune"}
        assert await listed(queue="media") == [i for i in everything if i in media]
        assert await listed(state="executing") == [i for i in everything if i in running]
        assert await listed(kind="prune", state="available") == [i for i in everything if i in prunes - running]
        assert await listed(queue="media", state="executing") == [i for i in everything if i in media & running]
        assert await listed(queue="search") == []
