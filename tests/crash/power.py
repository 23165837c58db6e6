"""Power cuts under the store: one long recorded run of changes, many moments at which the power goes, and what then stands there.

Each change writes its number into three tables, so that a part of one shows; each answer is told to the recording, so that it is known
what must be there at any moment.
"""

import contextlib
import errno
import os
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import trio

from mydia.errors import Unavailable
from mydia.messages import Change
from mydia.store.backups import Keeper
from mydia.store.driver import Driver
from mydia.store.engine import Connection
from mydia.store.maintenance import faults as faults_of
from mydia.store.sqlite import SqliteEngine
from mydia.store.transaction import Transaction
from tests.crash.faults import BROKEN_SYNC
from tests.crash.platter import Forgotten, Named, Recorder, lay_down
from tests.support.stores import commit_all

NOW = "2026-01-31T12:00:00.000000Z"
KEYS = ("it's a phrase", "5e" * 32)
"""Of encrypted databases: a passphrase, which is stretched with the file's salt, and a key as it is."""


def step(tx: Transaction, number: int, size: int) -> int:
    """One change: a row, a job and a counter that belong together, and what makes pages move: texts of every size, deletions."""
    row = {"id": f"{number:08}", "title": "x" * size, "reason": str(number), "created_at": tx.now}
    tx.insert("blocklist", row)
    tx.enqueue("notify", {"number": number}, in_seconds=3600)
    tx.execute(
        "insert into settings (key, value, updated_at) values ('count', :n, :now)"
        " on conflict (key) do update set value = excluded.value",
        n=str(number),
        now=tx.now,
    )
    tx.execute("update blocklist set title = '' where id = :id", id=f"{number - 7:08}")
    return number


@dataclass(frozen=True, slots=True)
class Counted:
    rows: tuple[int, ...]
    jobs: tuple[int, ...]
    count: int


def counted(conn: Connection) -> Counted:
    rows = conn.all("select reason from blocklist order by id")
    jobs = conn.all("select args from jobs where kind = 'notify' order by id")
    count = conn.value("select value from settings where key = 'count'")
    numbers = sorted(int(row["args"].rpartition(":")[2].rstrip("}")) for row in jobs)
    return Counted(tuple(int(row["reason"]) for row in rows), tuple(numbers), int(count or 0))


def engine_at(folder: Path, key: str | None = None, synchronous: Literal["FULL", "NORMAL"] = "FULL") -> SqliteEngine:
    return SqliteEngine(folder / "mydia.db", backups=folder / "backups", synchronous=synchronous, key=key)


async def record(
    folder: Path,
    seed: int,
    batches: int,
    key: str | None = None,
    synchronous: Literal["FULL", "NORMAL"] = "FULL",
    *,
    from_nothing: bool = True,
) -> Recorder:
    """Batches of changes with checkpoints, backups, reads that hold the log and reopenings among them. With `from_nothing` the power may go
    while the database is being made, too."""
    chance = random.Random(seed)  # noqa: S311 - moments, nothing secret
    await trio.Path(folder).mkdir()
    if not from_nothing:
        engine = engine_at(folder, key, synchronous)
        await engine.open(NOW)
        await engine.close()
    recorder = Recorder(folder)
    number = 0
    with recorder.at_work():
        engine = engine_at(folder, key, synchronous)
        await engine.open(NOW)
        for _ in range(batches):
            changes = [
                Change(step, (number + n, chance.choice((10, 300, 9000)))) for n in range(1, chance.randint(2, 9))
            ]
            done = (await engine.commit(changes, NOW)).done
            assert [each.error for each in done] == [None] * len(done)
            number += len(done)
            recorder.tell(number)
            match chance.random():
                case dice if dice < 0.04:
                    await engine.checkpoint()
                case dice if dice < 0.06:
                    await engine.close()
                    engine = engine_at(folder, key, synchronous)
                    await engine.open(NOW)
                case dice if dice < 0.08:
                    recorder.tell(Path(await engine.backup(2, NOW)).name)
        await engine.close()
    return recorder


class Forgetful(Recorder):
    """The recording of a disk on which one sync in three fails."""

    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__(folder)
        self._chance = random.Random(seed)  # noqa: S311 - likewise
        self.failed = 0

    def sync(self, path: str) -> int:
        return BROKEN_SYNC if self._forgotten(self._serial(path)) else super().sync(path)

    def fsync(self, fd: int) -> None:
        if self._forgotten(self._known.get(os.fstat(fd).st_ino)):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        super().fsync(fd)

    def _forgotten(self, serial: int | None) -> bool:
        if serial is None or self._chance.random() > 1 / 3:
            return False
        self.steps.append(Forgotten(serial))
        self.failed += 1
        return True


async def record_where_syncs_fail(folder: Path, seed: int, batches: int, key: str | None = None) -> Forgetful:
    """Changes one by one; whoever's sync fails goes on, or is brought back: closed and opened again, which may fail as well."""
    chance = random.Random(seed)  # noqa: S311 - likewise
    await trio.Path(folder).mkdir()
    engine = engine_at(folder, key)
    await engine.open(NOW)
    await engine.close()
    recorder, number = Forgetful(folder, seed), 0
    with recorder.at_work():
        await _brought_up(engine)
        for _ in range(batches):
            try:
                change = Change(step, (number + 1, chance.choice((10, 300, 9000))))
                (done,) = (await engine.commit([change], NOW)).done
                assert done.error is None
                recorder.tell(number + 1)
                if chance.random() < 0.2:
                    with contextlib.suppress(engine.keeper.driver.Error):  # the log is folded another time
                        await engine.checkpoint()
            except (Unavailable, engine.keeper.driver.OperationalError) as no:
                if not isinstance(no, Unavailable) or chance.random() < 0.5:
                    await engine.close()
                    await _brought_up(engine)
            number = (await engine.read(counted)).count  # one that was refused may be there all the same
        await engine.close()
    return recorder


async def _brought_up(engine: SqliteEngine) -> None:
    while True:
        with contextlib.suppress(Unavailable):
            return await engine.open(NOW)


async def record_restore(folder: Path, key: str | None = None) -> Recorder:
    """A backup of BEFORE changes is put in the place of a database that has twice as many and was not closed: a daemon that was killed."""
    await trio.Path(folder).mkdir()
    engine = engine_at(folder, key)
    await engine.open(NOW)
    await commit_all(engine, [Change(step, (n, 3000)) for n in range(1, BEFORE + 1)])
    backup = Path(await engine.backup(3, NOW))
    await commit_all(engine, [Change(step, (n, 3000)) for n in range(BEFORE + 1, 2 * BEFORE + 1)])
    left = {path.name: path.read_bytes() for path in (folder / "mydia.db", folder / "mydia.db-wal")}
    await engine.close()
    for name, content in left.items():
        (folder / name).write_bytes(content)
    recorder = Recorder(folder)
    with recorder.at_work():
        await trio.to_thread.run_sync(Keeper(folder / "mydia.db", folder / "backups", Driver(key)).stage, backup)
        recorder.tell("staged")
        engine = engine_at(folder, key)
        await engine.open(NOW)
        recorder.tell("restored")
        await engine.close()
    return recorder


BEFORE = 20


async def cut_restore(recorder: Recorder, scratch: Path, seed: int, times: int, key: str | None = None) -> list[str]:
    """What is wrong after so many cuts behind each step at which a file gets another name, since there it is decided: it must be the old
    database or the restored one, and the restored one from when that was said."""
    chance = random.Random(seed)  # noqa: S311 - moments, nothing secret
    wrong = []
    named = [n for n, each in enumerate(recorder.steps, 1) if isinstance(each, Named) and each.was]
    moments = sorted(named * times)
    for moment, disk in zip(moments, recorder.platters(moments), strict=True):
        await trio.to_thread.run_sync(partial(shutil.rmtree, scratch, ignore_errors=True))
        lay_down(disk.after_a_cut(chance), scratch)
        where = f"seed {seed}, step {moment} of {len(recorder.steps)}, told {disk.told}"
        engine = engine_at(scratch, key)
        try:
            await engine.open(NOW)
            faults, there = await engine.check(), await engine.read(counted)
            await engine.close()
        except Exception as error:  # noqa: BLE001 - whatever it is, the database can't be used
            wrong.append(f"{where}: {error!r}")
            continue
        wrong += [f"{where}: {fault}" for fault in faults]
        if not there.rows == there.jobs == tuple(range(1, there.count + 1)):
            wrong.append(f"{where}: {len(there.rows)} rows, {len(there.jobs)} jobs, the count says {there.count}")
        if there.count != BEFORE and (there.count != 2 * BEFORE or disk.told):
            wrong.append(f"{where}: {there.count} changes are there")
    return wrong


@dataclass(slots=True)
class Outcome:
    """Of many cuts: what went wrong, in words, and how many changes that nobody had been told of were there all the same."""

    trials: int = 0
    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    corrupt: list[str] = field(default_factory=list)
    unasked: int = 0

    def add(self, other: "Outcome") -> None:
        self.trials += other.trials
        self.acknowledged += other.acknowledged
        self.unasked += other.unasked
        for name in ("lost", "torn", "corrupt"):
            getattr(self, name).extend(getattr(other, name))

    def to_json(self) -> dict[str, Any]:
        return {
            "cuts": self.trials,
            "acknowledged_changes_at_stake": self.acknowledged,
            "cuts_that_lost_an_acknowledged_change": len(self.lost),
            "cuts_that_left_half_a_change": len(self.torn),
            "cuts_that_left_a_corrupt_database": len(self.corrupt),
        }


async def cut(recorder: Recorder, scratch: Path, seed: int, times: int, key: str | None = None) -> Outcome:
    """Cut the power at so many moments of the recording, each fifth right behind a step that names a file, and look with the real engine
    at what each has left."""
    chance = random.Random(seed)  # noqa: S311 - moments, nothing secret
    outcome = Outcome()
    steps = recorder.steps
    named = [n for n, each in enumerate(steps, 1) if isinstance(each, Named)]
    moments = sorted(chance.choice(named) if n % 5 == 0 else chance.randrange(len(steps) + 1) for n in range(times))
    for moment, disk in zip(moments, recorder.platters(moments), strict=True):
        shutil.rmtree(scratch, ignore_errors=True)
        lay_down(disk.after_a_cut(chance), scratch)
        told = max((what for what in disk.told if isinstance(what, int)), default=0)
        backups = [what for what in disk.told if isinstance(what, str)]
        await _look(outcome, engine_at(scratch, key), f"seed {seed}, step {moment}", told, backups[-2:])
    return outcome


async def _look(outcome: Outcome, engine: SqliteEngine, where: str, told: int, backups: Sequence[str]) -> None:
    outcome.trials += 1
    outcome.acknowledged += told
    try:
        await engine.open(NOW)
    except Exception as error:  # noqa: BLE001 - whatever it is, the database can't be opened
        outcome.corrupt.append(f"{where}: {error}")
        return
    try:
        faults = await engine.check()
        there = await engine.read(counted)
    finally:
        await engine.close()
    if faults:
        outcome.corrupt.append(f"{where}: {'; '.join(faults[:3])}")
    if not there.rows == there.jobs == tuple(range(1, there.count + 1)):
        outcome.torn.append(f"{where}: {len(there.rows)} rows, {len(there.jobs)} jobs, the count says {there.count}")
    if there.count < told:
        outcome.lost.append(f"{where}: told of {told} changes, {there.count} are there")
    outcome.unasked += max(0, there.count - told)
    for name in backups:
        if not (engine.backups / name).is_file():
            outcome.lost.append(f"{where}: told of the backup {name}, which is gone")
        elif found := await trio.to_thread.run_sync(faults_of, engine.backups / name, engine.keeper.driver):
            outcome.corrupt.append(f"{where}: the backup {name}: {found}")
