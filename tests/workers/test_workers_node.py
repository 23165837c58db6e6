"""Daemons that share a PostgreSQL: what is asked of one of them is done by the one that leads."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trio

from mydia.downloads.changes import look_now
from mydia.house import House
from mydia.otp import ChildSpec, Restart, Supervisor
from mydia.store.postgres import PostgresEngine
from tests.support.crew import crew, member
from tests.support.house import open_house
from tests.support.postgres import Postgres
from tests.support.waiting import eventually
from workers import download_monitor
from workers.node import Node


class Looking(download_monitor.DownloadMonitor):
    """Counts its looks."""

    looks = 0

    async def tick(self) -> None:
        await super().tick()
        self.looks += 1


@dataclass
class Daemon:
    """As much of one as shares a database; `monitors` are those that it has had while it led."""

    house: House
    monitors: list[Looking] = field(default_factory=list)

    def monitor(self) -> Looking:
        self.monitors.append(Looking(self.house, [], []))
        return self.monitors[-1]

    async def looks(self, more_than: int) -> bool:
        return sum(monitor.looks for monitor in self.monitors) > more_than


@pytest.fixture(autouse=True)
def never_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_monitor, "IDLE", 3600.0)


@asynccontextmanager
async def daemon(folder: Path, url: str) -> AsyncIterator[Daemon]:
    await trio.Path(folder).mkdir()
    async with open_house(folder, engine=PostgresEngine(url)) as house:
        here, duties = Daemon(house), Supervisor("duties")

        def leading() -> ChildSpec:
            monitor = member(house, "download_monitor", here.monitor)
            return Supervisor("leading", children=[monitor]).child_spec(Restart.TRANSIENT)

        async with crew(duties.child_spec(), member(house, "node", lambda: Node(house, duties, leading))):
            yield here


async def test_a_look_that_is_wished_for_is_taken_at_once(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        here = Daemon(house)
        async with crew(member(house, "download_monitor", here.monitor)):
            await eventually(lambda: here.looks(0))  # its own at the start
            await house.write(look_now, actor="tests")
            await eventually(lambda: here.looks(1))


async def test_a_look_that_is_wished_for_on_any_daemon_is_taken_by_the_one_that_leads(
    tmp_path: Path, postgres: tuple[Postgres, str]
) -> None:
    server, template = postgres
    url = server.url(server.create(template))
    async with daemon(tmp_path / "one", url) as leader:
        await eventually(lambda: leader.looks(0))
        async with daemon(tmp_path / "two", url) as follower:
            for count, house in enumerate((follower.house, leader.house, follower.house), 1):
                await house.write(look_now, actor="tests")
                await eventually(lambda count=count: leader.looks(count))  # type: ignore[misc]
            assert follower.monitors == []
