"""What time asks for: once, across restarts, a night asleep, and a change of mind."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import trio

from mydia.downloads.changes import provider_failed
from mydia.downloads.queries import provider_statuses
from mydia.house import House
from mydia.jobs import changes, cron, queries
from mydia.jobs.clock import set_back
from mydia.library.changes import ensure_roots
from mydia.otp import Supervisor, actor
from mydia.schedules import JOBS, entries, make_jobs
from mydia.settings.model import Config
from mydia.store.transaction import Transaction, to_text
from tests.support.crew import crew, member
from tests.support.hands import hands
from tests.support.house import FakeClock, FullDisk, clock_of, open_house
from tests.support.waiting import eventually
from workers.scheduler import Scheduler


@asynccontextmanager
async def scheduling(house: House) -> AsyncIterator[None]:
    async with trio.open_nursery() as nursery:
        spec = actor("scheduler", lambda: Scheduler(house), mailbox=house.mail["scheduler"])
        await nursery.start(Supervisor("upkeep", children=[spec]).run)
        yield
        nursery.cancel_scope.cancel()


async def jobs(house: House) -> list[str]:
    return sorted(job.kind for job in (await house.read(queries.list_jobs, limit=200)).items)


async def planned(house: House) -> dict[str, str | None]:
    """When each entry runs next, once the scheduler has looked at the time that it is now."""
    with trio.fail_after(60):
        while True:
            known = await house.read(queries.cron_entries)
            now = to_text(house.clock.now())
            if known and all(e.next_run_at is None or e.next_run_at > now for e in known):
                return {e.name: e.next_run_at for e in known if e.enabled}
            house.mail["scheduler"].ring()
            await trio.lowlevel.checkpoint()


OTHERS = tuple(name for name in JOBS if name != "prune")
ONLY_PRUNE: dict[str, Any] = {"schedules": dict.fromkeys(OTHERS, "off")}


async def test_every_schedule_of_the_mission_stands_with_its_next_run(tmp_path: Path) -> None:
    async with open_house(tmp_path, clock=FakeClock(datetime(2026, 1, 31, 12, tzinfo=UTC))) as house, scheduling(house):
        assert await planned(house) == {
            "automated_search": "2026-01-31T18:00:00.000000Z",
            "backup_store": "2026-02-01T03:15:00.000000Z",
            "check_store": "2026-02-01T03:45:00.000000Z",
            "library_scan": "2026-02-01T02:00:00.000000Z",
            "metadata_refresh": "2026-02-01T04:30:00.000000Z",
            "optimize_store": "2026-02-01T03:30:00.000000Z",
            "prune": "2026-02-01T03:00:00.000000Z",
            "quality_upgrade": "2026-01-31T12:30:00.000000Z",
            "vacuum_store": "2026-02-01T04:30:00.000000Z",
        }
        assert await jobs(house) == []


async def test_the_time_zone_of_the_configuration_counts(tmp_path: Path) -> None:
    config = {"schedules": {**ONLY_PRUNE["schedules"], "timezone": "Asia/Kolkata"}}
    async with open_house(tmp_path, config) as house, scheduling(house):
        assert await planned(house) == {"prune": "2026-01-31T21:30:00.000000Z"}


async def test_a_day_makes_each_job_once(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house, scheduling(house):
        await house.write(ensure_roots, [(str(tmp_path / "films"), "movie"), (str(tmp_path / "shows"), "tv_show")])
        await planned(house)
        for _ in range(24):
            clock_of(house).advance(hours=1)
            await planned(house)
        assert await jobs(house) == [
            "backup_store",
            "check_store",
            "optimize_store",
            "prune",
            "scan_root",
            "scan_root",
            "search_missing",
            "search_missing",
            "vacuum_store",
        ]


async def test_a_week_asleep_makes_up_for_it_once(tmp_path: Path) -> None:
    async with open_house(tmp_path, ONLY_PRUNE) as house:
        async with scheduling(house):
            await planned(house)
        clock_of(house).advance(days=7)
        async with scheduling(house):
            assert await planned(house) == {"prune": "2026-02-08T03:00:00.000000Z"}
            assert await jobs(house) == ["prune"]


async def test_a_restart_in_the_minute_of_the_run_doubles_nothing(tmp_path: Path) -> None:
    async with open_house(tmp_path, ONLY_PRUNE) as house:
        async with scheduling(house):
            await planned(house)
        clock_of(house).set(datetime(2026, 2, 1, 3, tzinfo=UTC))
        for _ in range(3):
            async with scheduling(house):
                await planned(house)
            for job in (await house.read(queries.list_jobs)).items:
                if job.state == "available":
                    await house.write(changes.claim, hands("me", "prune"))
                    await house.write(changes.complete, job.id, "me")
        assert await jobs(house) == ["prune"]


async def test_a_clock_set_back_doubles_nothing(tmp_path: Path) -> None:
    async with open_house(tmp_path, ONLY_PRUNE) as house, scheduling(house):
        first = await planned(house)
        clock_of(house).advance(days=1)
        assert await planned(house) != first
        clock_of(house).advance(days=-1)
        house.mail["scheduler"].ring()

        async def planned_by_the_time_that_it_is() -> bool:
            return await planned(house) == first

        await eventually(planned_by_the_time_that_it_is)
        assert await jobs(house) == ["prune"]


async def test_a_changed_schedule_is_planned_anew_and_one_that_is_off_waits_for_nothing(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.write(cron.plan_entries, entries(Config(data_dir=tmp_path)))
        changed = Config.model_validate({**ONLY_PRUNE, "schedules": {**ONLY_PRUNE["schedules"], "prune": "0 13 * * *"}})
        await house.write(cron.plan_entries, entries(changed))
        known = await house.read(queries.cron_entries)
        assert [(e.name, e.next_run_at) for e in known if e.next_run_at] == [("prune", "2026-01-31T13:00:00.000000Z")]
        scan = next(e for e in known if e.name == "library_scan")
        assert (scan.enabled, scan.schedule) == (False, "0 2 * * *")  # for when it is enabled again


async def test_a_person_may_run_an_entry_now_and_its_schedule_stays(tmp_path: Path) -> None:
    async with open_house(tmp_path, ONLY_PRUNE) as house:
        await house.write(cron.plan_entries, entries(house.config))
        (job_id,) = await house.write(cron.run_entry, "prune", make_jobs)
        entry = next(e for e in await house.read(queries.cron_entries) if e.enabled)
        assert (entry.last_job_id, entry.last_run_at) == (job_id, "2026-01-31T12:00:00.000000Z")
        assert entry.next_run_at == "2026-02-01T03:00:00.000000Z"


async def test_a_clock_that_is_set_back_by_hours_makes_nobody_wait_for_the_time_that_was(tmp_path: Path) -> None:
    config = {"schedules": {**dict.fromkeys(OTHERS, "off"), "prune": "0 3 * * *"}}
    async with open_house(tmp_path, config, FakeClock(datetime(2026, 1, 31, 12, tzinfo=UTC))) as house:
        clock_of(house).advance(days=40)  # an empty battery, until the time server is asked
        async with scheduling(house):
            assert (await planned(house))["prune"] == "2026-03-13T03:00:00.000000Z"
            later = await house.write(Transaction.enqueue, "check_store", {}, in_seconds=3600)
            await house.write(provider_failed, "indexer", "one", "no answer", retry_after=3600)
            clock_of(house).advance(days=-40)
            house.mail["scheduler"].ring()

            async def at_once() -> bool:
                found = await house.read(queries.get_job, later)
                return found.scheduled_at == to_text(house.clock.now())

            await eventually(at_once)
            assert (await planned(house))["prune"] == "2026-02-01T03:00:00.000000Z"

            async def asked_again() -> bool:
                return [s.disabled_until for s in await house.read(provider_statuses)] == [None]

            await eventually(asked_again)


async def test_a_clock_that_is_put_right_by_seconds_runs_nothing_twice(tmp_path: Path) -> None:
    async with open_house(tmp_path, ONLY_PRUNE, FakeClock(datetime(2026, 2, 1, 2, 59, 59, tzinfo=UTC))) as house:
        await house.write(cron.plan_entries, entries(house.config))
        clock_of(house).advance(2)
        await house.write(cron.run_due, make_jobs)
        clock_of(house).advance(-5)
        assert await house.write(set_back) == (0, 0)
        assert [e.next_run_at for e in await house.read(queries.cron_entries) if e.enabled] == [
            "2026-02-02T03:00:00.000000Z"
        ]


async def test_a_schedule_that_is_changed_while_it_waits_counts_without_a_restart(tmp_path: Path) -> None:
    async with open_house(tmp_path, ONLY_PRUNE) as house, scheduling(house):
        assert await planned(house) == {"prune": "2026-02-01T03:00:00.000000Z"}
        sooner = house.config.schedules.model_copy(update={"prune": "30 12 * * *"})
        house.config = house.config.model_copy(update={"schedules": sooner})

        async def replanned() -> bool:
            house.mail["scheduler"].ring()
            return await planned(house) == {"prune": "2026-01-31T12:30:00.000000Z"}

        await eventually(replanned, every=0.01)
        clock_of(house).advance(minutes=30)
        assert await planned(house) == {"prune": "2026-02-01T12:30:00.000000Z"}
        assert await jobs(house) == ["prune"]


async def test_of_two_that_see_an_entry_come_due_one_runs_it(tmp_path: Path) -> None:
    """As when two daemons share a database, and both take themselves for the leader for a moment."""
    async with open_house(tmp_path, ONLY_PRUNE) as house:
        await house.write(cron.plan_entries, entries(house.config))
        clock_of(house).advance(days=1)
        for _ in range(2):
            await house.write(cron.run_due, make_jobs)
        assert await jobs(house) == ["prune"]


async def test_upgrades_and_what_is_missing_are_searched_each_by_a_schedule_of_its_own(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.write(cron.plan_entries, entries(house.config))
        for name in ("automated_search", "quality_upgrade"):
            await house.write(cron.run_entry, name, make_jobs)
        found = await house.read(queries.list_jobs, kind="search_missing")
        assert sorted(str(job.args) for job in found.items) == ["{'why': 'cutoff_unmet'}", "{'why': 'missing'}"]


async def test_what_comes_due_on_a_full_disk_is_enqueued_when_there_is_room_again(tmp_path: Path) -> None:
    async with (
        open_house(tmp_path, ONLY_PRUNE) as house,
        crew(member(house, "scheduler", lambda: Scheduler(house))) as supervisor,
    ):
        await planned(house)
        disk = FullDisk(house)
        clock_of(house).advance(days=1)
        await disk.refuses("scheduler")
        disk.freed()
        await planned(house)
        assert await jobs(house) == ["prune"]
        assert [c.restarts for c in supervisor.children()] == [0]
