"""Daemons that share a PostgreSQL: one of them leads, with a seat that it can lose; what is asked of one is done by the one that leads."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trio
from loguru import logger

from migrations import MIGRATIONS
from mydia.downloads.changes import look_now
from mydia.errors import Invalid, MydiaError, Unavailable
from mydia.house import Company, House
from mydia.jobs.changes import rescue_from
from mydia.jobs.model import Job
from mydia.jobs.queries import get_job
from mydia.otp import Actor, ChildSpec, Restart, Supervisor
from mydia.settings.changes import set_settings
from mydia.settings.load import Loaded, load_config
from mydia.store.postgres import PostgresEngine
from mydia.store.transaction import Transaction
from tests.support.crew import crew, member
from tests.support.house import open_house
from tests.support.postgres import Postgres
from tests.support.proxy import Proxy
from tests.support.waiting import eventually
from workers import download_monitor
from workers.job_actor import JobActor
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


# -- a daemon's seat


class Duty(Actor):
    """What one alone does; it notes in a log that all share when it begins and when it has ended."""

    def __init__(self, name: str, log: list[str], refused: list[MydiaError]) -> None:
        self.name, self.log, self.refused = name, log, refused

    async def start(self) -> None:
        if self.refused:
            raise self.refused.pop()
        self.log.append(f"+{self.name}")

    async def stop(self) -> None:
        self.log.append(f"-{self.name}")


@asynccontextmanager
async def sharing(
    folder: Path,
    url: str,
    name: str = "one",
    log: list[str] | None = None,
    refused: list[MydiaError] | None = None,
    loaded: Loaded | None = None,
) -> AsyncIterator[tuple[House, Supervisor]]:
    """A daemon whose duties are one Duty, which begins only once it is no longer `refused`; and its crew."""
    await trio.Path(folder).mkdir()
    async with open_house(folder, engine=PostgresEngine(url)) as house:
        if loaded is not None:
            house.adopt(loaded)
        duties, notes, no = Supervisor("duties"), [] if log is None else log, [] if refused is None else refused

        def leading() -> ChildSpec:
            duty = member(house, "duty", lambda: Duty(name, notes, no))
            return Supervisor("leading", children=[duty]).child_spec(Restart.TRANSIENT)

        async with crew(duties.child_spec(), member(house, "node", lambda: Node(house, duties, leading))) as tree:
            yield house, tree


@pytest.fixture
def fresh(postgres: tuple[Postgres, str]) -> Iterator[tuple[Postgres, str]]:
    """The server and a database of it."""
    server, template = postgres
    name = server.create(template)
    yield server, name
    server.drop(name)


def end_seats(server: Postgres, name: str) -> None:
    seats = "select pid from pg_locks where locktype = 'advisory'"
    server.run(f"select pg_terminate_backend(pid) from pg_stat_activity where pid in ({seats}) and datname = '{name}'")  # noqa: S608 - ours


async def told(log: list[str], *what: str) -> None:
    async def look() -> bool:
        return log == list(what)

    await eventually(look)


async def seated(house: House) -> None:
    async def look() -> bool:
        return house.seated

    await eventually(look)


async def test_duties_that_cannot_begin_are_tried_again_and_the_node_lives(
    tmp_path: Path, fresh: tuple[Postgres, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.node.TAKEOVER", 0.0)
    log: list[str] = []
    no: list[MydiaError] = [Unavailable("the database is away"), Unavailable("the database is away")]
    async with sharing(tmp_path / "one", fresh[0].url(fresh[1]), log=log, refused=no) as (_, tree):
        await told(log, "+one")
        assert [child.restarts for child in tree.children(recursive=False)] == [0, 0]
    await told(log, "+one", "-one")


async def test_whoever_loses_its_seat_stops_leading_and_takes_another(
    tmp_path: Path, fresh: tuple[Postgres, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.node.TAKEOVER", 0.0)
    server, name = fresh
    log: list[str] = []
    async with sharing(tmp_path / "one", server.url(name), log=log) as (house, _):
        await told(log, "+one")
        end_seats(server, name)
        await told(log, "+one", "-one", "+one")
        assert house.seated


async def test_whoever_hears_nothing_from_the_server_stops_leading_and_another_leads(
    tmp_path: Path, fresh: tuple[Postgres, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, name = fresh
    log: list[str] = []
    async with Proxy.to(server.port) as line:
        through = server.tcp(name).replace(f":{server.port}/", f":{line.port}/")
        async with sharing(tmp_path / "one", through, log=log) as (cut_off, _):
            await told(log, "+one")
            async with sharing(tmp_path / "two", server.tcp(name), "two", log) as (other, _):
                await seated(other)
                monkeypatch.setattr("workers.node.SILENCE", 2.0)
                monkeypatch.setattr("mydia.store.nodes.FROZEN", 3)
                line.swallow()
                try:
                    await told(log, "+one", "-one", "+two")
                    assert not cut_off.seated
                finally:
                    line.let_through()
                await seated(cut_off)


async def test_what_was_set_elsewhere_before_a_daemon_took_its_seat_is_in_force(
    tmp_path: Path, fresh: tuple[Postgres, str]
) -> None:
    url = fresh[0].url(fresh[1])
    loaded = load_config(None, {"MYDIA__DATA_DIR": str(tmp_path / "two"), "MYDIA__DATABASE__URL": url})
    async with open_house(tmp_path, engine=PostgresEngine(url)) as elsewhere:
        await elsewhere.write(set_settings, loaded, {"media.recycle_days": 11}, actor="tests")
    async with sharing(tmp_path / "two", url, loaded=loaded) as (house, _):

        async def in_force() -> bool:
            return house.config.media.recycle_days == 11

        await eventually(in_force)


async def test_a_daemon_whose_database_a_newer_program_has_changed_opens_anew_and_is_refused(
    tmp_path: Path, fresh: tuple[Postgres, str]
) -> None:
    url = fresh[0].url(fresh[1])
    async with sharing(tmp_path / "one", url) as (house, _):
        await seated(house)
        newer = PostgresEngine(url, migrations=(*MIGRATIONS, ("9002_more", ("create table more (id text)",))))
        await newer.open("2026-01-31T12:00:00.000000Z")
        await newer.close()
        with trio.fail_after(120):
            await house.mail["house"].wait(letters=False)
        with pytest.raises(Invalid, match="newer Mydia"):
            await PostgresEngine(url).open("2026-01-31T12:00:00.000000Z")


async def test_a_clock_that_is_not_the_servers_is_told_of_once(
    tmp_path: Path, fresh: tuple[Postgres, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.node.BEAT", 0.01)
    told: list[str] = []
    sink = logger.add(lambda line: told.append(line.record["message"]), level="WARNING")
    try:
        async with sharing(tmp_path / "one", fresh[0].url(fresh[1])) as (house, _):
            for _ in range(3):
                before = house.company

                async def looked(before: Company | None = before) -> bool:
                    return house.company is not before

                await eventually(looked)
        assert (
            len([line for line in told if "behind the database server's" in line]) == 1
        )  # a test's clock stands still
    finally:
        logger.remove(sink)


# -- its jobs


class Hand(JobActor):
    """Holds each job until it is cut short, and notes that."""

    def __init__(self, house: House) -> None:
        super().__init__(house, house.engine.node)
        self.kinds = {"notify": self.hold}
        self.at_work: list[str] = []
        self.cut: list[str] = []

    async def hold(self, job: Job) -> None:
        self.at_work.append(job.id)
        try:
            await trio.sleep_forever()
        finally:
            self.cut.append(job.id)


async def test_a_job_that_was_given_away_is_let_go_and_nobody_without_a_seat_takes_one(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        hand = Hand(house)
        async with crew(member(house, "notifier", lambda: hand)):
            job = await house.write(Transaction.enqueue, "notify", {})

            async def at_work() -> bool:
                return hand.at_work == [job]

            async def cut() -> bool:
                return hand.cut == [job]

            await eventually(at_work)
            house.seated = False
            await house.write(rescue_from, [house.engine.node])
            await eventually(cut)
            # Others find it, and this one leaves it to them, however often it looks.
            for _ in range(3):
                house.mail["notifier"].ring()
                await house.read(get_job, job)
            assert (await house.read(get_job, job)).state == "available"
            house.seated = True

            async def again() -> bool:
                return hand.at_work == [job, job]

            await eventually(again)
