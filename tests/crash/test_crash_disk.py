"""The disk is full, or fails: it is said in words, nothing acknowledged is lost, and when it works again so does the house."""

import contextlib
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from mydia.errors import Unavailable
from mydia.messages import Change
from mydia.otp import ActorDied
from mydia.store.transaction import Transaction
from supervisors.demo import World, open_fakes, write_config
from supervisors.demo import seed_profile as demo_profile
from tests.crash.faults import BROKEN_SYNC, BROKEN_WRITE, FULL, Failing, SmallDisk, small_disk, small_files
from tests.crash.power import KEYS, NOW, counted, engine_at, step
from tests.crash.vfs import watched_by
from tests.journeys.process import Daemon, daemon_of, free_port
from tests.support.house import FakeClock, open_house
from tests.support.waiting import eventually

CHECK = "check the disk, its quota and the system's log"
WORDS = {FULL: "disk is full; free some space", BROKEN_WRITE: CHECK, BROKEN_SYNC: CHECK}
encrypted_too = pytest.mark.parametrize("key", [None, KEYS[1]], ids=["SQLite", "SQLCipher"])


@encrypted_too
@pytest.mark.parametrize("code", [FULL, BROKEN_WRITE, BROKEN_SYNC], ids=["full", "a write fails", "a sync fails"])
async def test_whichever_write_or_sync_of_the_database_fails_what_was_acknowledged_is_there_and_it_goes_on(
    tmp_path: Path, code: int, key: str | None
) -> None:
    disk, told, harmless = Failing(code), 0, 0
    with watched_by(disk):
        engine = engine_at(tmp_path, key)
        driver = engine.keeper.driver
        await engine.open(NOW)
        for at in itertools.count(1):
            disk.at, disk.count, failed = at, 0, disk.failed
            changes = [Change(step, (told + n, 3000)) for n in (1, 2, 3)]
            try:
                done = (await engine.commit(changes, NOW)).done  # fewer where time is short
                assert [d.error for d in done] == [None] * len(done)
                told += len(done)
                if at % 2:
                    with contextlib.suppress(driver.Error):  # the log is folded another time
                        await engine.checkpoint()
            except Unavailable as no:
                assert WORDS[code] in str(no)
            except driver.OperationalError:
                # The writer's crash: its next life opens the database anew.
                await engine.close()
                engine = engine_at(tmp_path, key)
                await engine.open(NOW)
            there = await engine.read(counted)
            assert there.rows == there.jobs == tuple(range(1, told + 1))
            harmless = harmless + 1 if disk.failed == failed else 0
            if harmless == 2:  # one round with a checkpoint, and one without
                break
        assert await engine.check() == []
        await engine.close()
    assert at > 3


@encrypted_too
async def test_a_full_disk_is_said_to_everybody_who_writes_and_they_go_on_when_there_is_room_again(
    tmp_path: Path, key: str | None
) -> None:
    disk, told, refused = Failing(FULL), set[int](), list[str]()
    numbers = itertools.count(1)
    with watched_by(disk):
        async with open_house(tmp_path, clock=FakeClock(), engine=engine_at(tmp_path, key)) as house:

            async def send(until: Callable[[], bool]) -> None:
                while not until():
                    number = next(numbers)
                    try:
                        told.add(await house.write(_one, number))
                    except Unavailable as no:
                        refused.append(str(no))
                        assert no.retry_after is not None
                        await trio.sleep(0.01)

            async def ten(until: Callable[[], bool]) -> None:
                async with trio.open_nursery() as nursery:
                    for _ in range(10):
                        nursery.start_soon(send, until)

            await ten(lambda: len(told) >= 100)
            disk.always = True
            await ten(lambda: len(refused) >= 50)
            disk.always, before = False, len(told)
            await ten(lambda: len(told) >= before + 100)
            rows = await house.read(lambda conn: [int(r["reason"]) for r in conn.all("select reason from blocklist")])
            assert await house.engine.check() == []
    assert set(rows) == told
    assert all("disk is full; free some space" in line for line in refused)


@encrypted_too
async def test_a_writer_whose_sync_fails_is_brought_back_and_nobody_was_told_what_is_not_there(
    tmp_path: Path, key: str | None
) -> None:
    disk, told, died = Failing(BROKEN_SYNC), set[int](), set[int]()
    with watched_by(disk):
        async with open_house(tmp_path, clock=FakeClock(), engine=engine_at(tmp_path, key)) as house:
            for number in range(1, 60):
                if number in (20, 40):
                    disk.at = disk.count + 1
                try:
                    told.add(await house.write(_one, number))
                except (ActorDied, Unavailable):  # the latter where the driver cannot tell a sync from a write
                    died.add(number)
            rows = await house.read(lambda conn: {int(r["reason"]) for r in conn.all("select reason from blocklist")})
    assert died == {20, 40}
    assert told <= rows
    assert rows - told <= died


def _one(tx: Transaction, number: int) -> int:
    tx.insert("blocklist", {"id": str(number), "title": "x" * 500, "reason": str(number), "created_at": tx.now})
    return number


@pytest.mark.timeout(300)
@pytest.mark.xdist_group("heavy")
@pytest.mark.parametrize(
    ("disk_of", "key"),
    [(small_disk, None), (small_files, KEYS[1])],
    ids=["a small disk", "files that may not grow, one of them encrypted"],
)
async def test_the_daemon_on_a_full_disk_says_so_keeps_what_it_has_acknowledged_and_goes_on_by_itself(
    tmp_path: Path, disk_of: Callable[[Path], contextlib.AbstractContextManager[SmallDisk]], key: str | None
) -> None:
    folder = tmp_path / "small"
    with disk_of(folder) as disk:
        async with trio.open_nursery() as nursery:
            around = World(folder / "world")
            (folder / "world").mkdir()
            await open_fakes(nursery, around)
            port = free_port()
            config = write_config(around, None, port)
            if key is not None:
                with config.open("a", encoding="utf-8") as file:
                    file.write(f"database: {{key: {key}}}\n")
            async with daemon_of(config, port, [demo_profile]) as daemon:
                await daemon.serve()
                assert daemon.process is not None
                pid = daemon.process.pid
                last = await _rename_until(daemon, 0, lambda status, _: status == 200)
                disk.fill(pid)
                last = await _rename_until(daemon, last, lambda status, _: status == 503)
                disk.free(pid)
                last = await _rename_until(daemon, last, lambda status, _: status == 200)
                assert daemon.process.poll() is None
                daemon.process.kill()
                daemon.process.wait()
                await daemon.serve()
                async with daemon.client() as client:
                    names = {f["name"] for f in (await client.get("/api/v1/custom-formats")).json()["items"]}
                assert {f"Format {n}" for n in _TOLD[daemon.port]} <= names
            nursery.cancel_scope.cancel()
        around.seeder.close()


_TOLD: dict[int, list[int]] = {}


async def _rename_until(daemon: Daemon, last: int, enough: Callable[[int, str], bool]) -> int:
    """Add custom formats of some size until the answer is of that kind; the last number asked for."""
    told = _TOLD.setdefault(daemon.port, [])
    async with daemon.client() as client:

        async def add() -> int | None:
            nonlocal last
            last += 1
            pattern = "|".join(f"word{last}{n}" for n in range(300))
            body = {"name": f"Format {last}", "conditions": [{"type": "title", "value": pattern}]}
            answer = await client.post("/api/v1/custom-formats", json=body)
            if answer.status_code == 201:
                told.append(last)
            else:
                assert answer.status_code == 503
                assert any(words in answer.json()["detail"] for words in WORDS.values()), answer.text
            return last if enough(answer.status_code if answer.status_code != 201 else 200, answer.text) else None

        return await eventually(add, every=0.001)
