"""Care of a database that is a file: room is given back, the log is folded, whoever keeps it from that is known, growth is noted."""

import threading
from pathlib import Path

import pytest
import trio

from mydia.errors import Unavailable
from mydia.settings.changes import put_setting
from mydia.settings.queries import get_setting
from mydia.store import growth, maintenance
from mydia.store.engine import Connection
from tests.support.house import clock_of, open_house

pytestmark = pytest.mark.store("sqlite", "sqlcipher")


async def test_a_vacuum_gives_room_back_and_the_log_is_cut_off(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        for n in range(20):
            await house.write(put_setting, f"big {n}", "x" * 200_000)
        for n in range(20):
            await house.write(put_setting, f"big {n}", None)
        before = (await house.engine.status()).size
        await house.engine.vacuum()
        after = await house.engine.status()
        assert after.size < before / 2
        assert after.wal_size == 0
        await house.write(put_setting, "small", 1)


async def test_a_vacuum_without_room_is_refused_with_what_it_would_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path) as house:
        monkeypatch.setattr(maintenance, "SPARE", 1 << 60)
        with pytest.raises(Unavailable, match=r"no room to write the database .* MiB, and its disk has"):
            await house.engine.vacuum()
        await house.write(put_setting, "small", 1)


async def test_a_vacuum_that_is_cancelled_stops_and_nothing_is_lost(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.write(put_setting, "kept", 1)
        with trio.CancelScope() as scope:
            scope.cancel()
            await house.engine.vacuum()
        assert await house.read(get_setting, "kept") == 1
        await house.write(put_setting, "small", 1)


async def test_a_long_read_keeps_the_log_from_being_folded_and_is_known_by_its_name(tmp_path: Path) -> None:
    began, go = threading.Event(), threading.Event()

    def dawdle(conn: Connection) -> int:
        found = int(conn.value("select count(*) from settings"))
        began.set()
        assert go.wait(120)
        return found

    async with open_house(tmp_path) as house, trio.open_nursery() as nursery:
        nursery.start_soon(house.read, dawdle)
        await trio.to_thread.run_sync(began.wait)
        await house.write(put_setting, "big", "x" * 100_000)
        assert await house.engine.fold() > 100_000
        assert [r.query for r in house.engine.reading()] == ["dawdle"]
        go.set()
        while house.engine.reading():
            await trio.lowlevel.checkpoint()
        assert await house.engine.fold() == 0


async def test_growth_is_kept_by_day(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.write(put_setting, "one", 1)
        tables = await house.read(growth.count_rows)
        assert tables["settings"] >= 1
        assert tables["jobs"] == 0
        for size in (10, 20):  # of one day the later one counts
            await house.write(growth.keep_sample, size, 1, tables)
        clock_of(house).advance(days=1)
        await house.write(growth.keep_sample, 30, 2, tables)
        found = await house.read(growth.samples)
        assert [(s.day, s.size, s.log_size) for s in found] == [("2026-01-31", 20, 1), ("2026-02-01", 30, 2)]
        assert found[0].tables == tables
