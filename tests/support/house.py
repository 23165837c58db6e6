"""A house on a real database in a temporary folder, with its writer running: what tests of contexts, workers and pages stand on."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import trio

from mydia.errors import Unavailable
from mydia.house import Clock, House, Mail
from mydia.otp import Bus, Supervisor, actor
from mydia.settings.model import Config
from mydia.store.engine import Engine
from mydia.store.sqlite import SqliteEngine
from mydia.store.transaction import Transaction
from tests.support.stores import engine_in
from workers.db_writer import BatchStats, DbWriter


class FakeClock:
    """Wall time that moves only when told to."""

    def __init__(self, now: datetime = datetime(2026, 1, 31, 12, tzinfo=UTC)) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        self._now = now

    def advance(self, seconds: float = 0, **more: float) -> None:
        """By seconds, or by any of timedelta's words (days=7)."""
        self._now += timedelta(seconds=seconds, **more)


class WallClock:
    """The real time, for what waits on files that the system dates."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - as in supervisors/boot.py


@asynccontextmanager
async def open_house(
    tmp_path: Path,
    config: Config | Mapping[str, Any] | None = None,
    clock: Clock | None = None,
    engine: Engine | None = None,
) -> AsyncIterator[House]:
    """A migrated database with a running db_writer under a supervisor; a FakeClock where none is given, `data_dir` is `tmp_path`."""
    if not isinstance(config, Config):
        config = Config.model_validate({"data_dir": tmp_path, **(config or {})})
    house = House(
        engine or engine_in(tmp_path), Mail(), Bus(), config, clock or FakeClock(), secret=b"of the tests alone"
    )
    # Time to close its database on any machine: what is cut off leaves it open for the next one.
    writer = actor("db_writer", lambda: DbWriter(house, BatchStats()), mailbox=house.mail["db_writer"], shutdown=60)
    async with trio.open_nursery() as nursery:
        await nursery.start(Supervisor("test", children=[writer]).run)
        yield house
        nursery.cancel_scope.cancel()


def clock_of(house: House) -> FakeClock:
    """The house's clock, as the one a test can move."""
    assert isinstance(house.clock, FakeClock)
    return house.clock


class FullDisk:
    """The database of a house (SQLite) where every change is refused for a reason that passes, as on a full disk, until it is freed."""

    def __init__(self, house: House) -> None:
        assert isinstance(house.engine, SqliteEngine)
        assert house.engine._writer is not None
        self._house, self._raw = house, house.engine._writer
        self._raw.execute("pragma query_only = on")

    async def refuses(self, *actors: str) -> None:
        """Let these try, and be refused: they stand in one queue with others who are."""
        for _ in range(20):
            for name in actors:
                self._house.mail[name].ring()
            try:
                await self._house.write(Transaction.enqueue, "prune", {})
            except Unavailable:
                await trio.sleep(0.01)
            else:
                raise AssertionError("there was room")

    def freed(self) -> None:
        self._raw.execute("pragma query_only = off")
