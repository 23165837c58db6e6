"""The janitor: what is old goes, what is kept stays, a damaged database is said out loud until it is sound."""

import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio

from mydia.events import HealthChanged
from mydia.house import House
from mydia.jobs import changes, cron, queries
from mydia.jobs.model import Job
from mydia.library.changes import ensure_roots, files_seen, set_root_state
from mydia.library.model import SeenFile
from mydia.library.queries import roots
from mydia.otp import Supervisor, actor
from mydia.schedules import entries, make_jobs
from mydia.settings.alerts import Alert, alerts, clear_alert, set_alert
from mydia.settings.changes import put_setting
from mydia.store import growth
from mydia.store.engine import Connection
from mydia.store.transaction import Transaction
from tests.support.hands import hands
from tests.support.house import clock_of, open_house
from tests.support.postgres import Postgres
from tests.support.stores import chosen
from tests.support.waiting import eventually
from workers.janitor import Janitor


@asynccontextmanager
async def cleaning(house: House) -> AsyncIterator[None]:
    async with trio.open_nursery() as nursery:
        spec = actor("janitor", lambda: Janitor(house, "boot1"), mailbox=house.mail["janitor"])
        await nursery.start(Supervisor("upkeep", children=[spec]).run)
        yield
        nursery.cancel_scope.cancel()


async def run(house: House, kind: str) -> Job:
    """The job once it is over."""
    return await over(house, await house.write(Transaction.enqueue, kind, {}))


async def over(house: House, job_id: str) -> Job:
    with trio.fail_after(60), house.bus.subscribe() as events:
        while (job := await house.read(queries.get_job, job_id)).state in ("available", "executing"):
            await anext(events)
    assert job.state == "completed", job.errors
    return job


def events(conn: Connection) -> list[dict[str, Any]]:
    return conn.all("select type, data from events order by seq")


def trash_file(folder: Path, name: str, size: int) -> str:
    """A file in the trash of a library folder; its path there."""
    target = folder / ".mydia-trash" / f"{name}.token" / name
    target.parent.mkdir(parents=True)
    target.write_bytes(b"x" * size)
    return str(target.relative_to(folder))


def trashed(tx: Transaction, root_id: str, name: str, trash_path: str, size: int) -> str:
    trash_id = tx.new_id()
    row = {
        "id": trash_id,
        "root_id": root_id,
        "relative_path": name,
        "trash_path": trash_path,
        "size": size,
        "reason": "upgrade",
    }
    tx.insert("trash", {**row, "actor": "importer", "state": "trashed", "created_at": tx.now, "updated_at": tx.now})
    return trash_id


def trash_states(conn: Connection) -> dict[str, str]:
    return {row["relative_path"]: row["state"] for row in conn.all("select relative_path, state from trash")}


async def folder(house: House, path: Path) -> str:
    await house.write(ensure_roots, [(str(path), "movie")])
    return (await house.read(roots))[0].id


async def test_old_jobs_events_and_sessions_go_and_the_rest_stays(tmp_path: Path) -> None:
    async with open_house(tmp_path, {"jobs": {"keep_events_days": 30}}) as house, cleaning(house):
        old = await house.write(Transaction.enqueue, "notify", {"n": 1})
        await house.write(changes.claim, hands("me", "notify"))
        await house.write(changes.complete, old, "me")
        await house.write(Transaction.emit, HealthChanged(part="x", ok=True, message="old"))
        clock_of(house).advance(days=31)
        await house.write(Transaction.emit, HealthChanged(part="x", ok=True, message="new"))
        waiting = await house.write(Transaction.enqueue, "notify", {"n": 2})
        prune = await run(house, "prune")
        assert {j.id for j in (await house.read(queries.list_jobs)).items} == {waiting, prune.id}
        assert [e["data"] for e in await house.read(events)] == ['{"part":"x","ok":true,"message":"new"}']


async def test_the_trash_is_emptied_of_what_has_been_there_long_enough(tmp_path: Path) -> None:
    films = tmp_path / "films"
    films.mkdir()
    async with open_house(tmp_path, {"media": {"recycle_days": 30}}) as house, cleaning(house):
        root = await folder(house, films)
        old, new = trash_file(films, "old.mkv", 10), trash_file(films, "new.mkv", 10)
        await house.write(trashed, root, "old.mkv", old, 10)
        clock_of(house).advance(days=20)
        await house.write(trashed, root, "new.mkv", new, 10)
        clock_of(house).advance(days=11)
        await run(house, "prune")
        assert await house.read(trash_states) == {"old.mkv": "deleted", "new.mkv": "trashed"}
        assert [await trio.Path(films / path).exists() for path in (old, new)] == [False, True]


async def test_a_trash_over_its_budget_loses_its_oldest_first(tmp_path: Path) -> None:
    films = tmp_path / "films"
    films.mkdir()
    async with open_house(tmp_path, {"media": {"recycle_max_gb": 25e-9}}) as house, cleaning(house):
        root = await folder(house, films)
        for name in ("a.mkv", "b.mkv", "c.mkv"):
            await house.write(trashed, root, name, trash_file(films, name, 10), 10)
            clock_of(house).advance(60)
        await run(house, "prune")
        assert await house.read(trash_states) == {"a.mkv": "deleted", "b.mkv": "trashed", "c.mkv": "trashed"}


async def test_the_trash_of_a_folder_that_is_not_there_is_not_called_empty(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house, cleaning(house):
        root = await folder(house, tmp_path / "unplugged")
        await house.write(trashed, root, "a.mkv", ".mydia-trash/a.token/a.mkv", 10)
        await house.write(set_root_state, root, "unavailable", "not mounted", None)
        clock_of(house).advance(days=365)
        await run(house, "prune")
        assert await house.read(trash_states) == {"a.mkv": "trashed"}


async def test_d8_the_trash_of_a_disk_that_went_away_since_the_last_scan_is_not_called_empty(tmp_path: Path) -> None:
    films = tmp_path / "films"
    films.mkdir()
    async with open_house(tmp_path) as house, cleaning(house):
        root = await folder(house, films)
        await house.write(files_seen, root, [SeenFile("b.mkv", 1, 1, 1)])
        await house.write(trashed, root, "a.mkv", trash_file(films, "a.mkv", 10), 10)
        await trio.Path(films).rename(tmp_path / "unplugged")
        await trio.Path(films).mkdir()  # its mount point
        clock_of(house).advance(days=365)
        await run(house, "prune")
        assert await house.read(trash_states) == {"a.mkv": "trashed"}


async def test_a_backup_is_written_on_request_and_only_so_many_are_kept(tmp_path: Path) -> None:
    async with open_house(tmp_path, {"database": {"backups": 2}}) as house, cleaning(house):
        for _ in range(3):
            await run(house, "backup_store")
            clock_of(house).advance(days=1)
        names = sorted([path.name for path in await trio.Path(tmp_path / "backups").iterdir()])
        assert names == ["mydia-20260201T120000Z.db", "mydia-20260202T120000Z.db"]


async def test_the_log_is_folded_into_the_database(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house, cleaning(house):
        before = (await house.engine.status()).wal_size
        await run(house, "optimize_store")
        assert (await house.engine.status()).wal_size < before


async def test_a_sound_database_is_nothing_to_talk_about(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house, cleaning(house):
        await run(house, "check_store")
        assert await house.read(events) == []


async def test_a_damaged_database_is_said_once_until_it_is_sound_again(tmp_path: Path) -> None:
    async with open_house(tmp_path):
        pass
    with sqlite3.connect(tmp_path / "mydia.db") as raw:  # foreign keys are off here
        raw.execute("insert into held_files (slot_id, target, file_id) values ('nobody', '', 'nothing')")
    raw.close()
    async with open_house(tmp_path) as house, cleaning(house):
        await run(house, "check_store")
        await run(house, "check_store")
        (alert,) = await house.read(events)
        assert '"ok":false' in alert["data"]
        assert "refers to a row of slots that does not exist" in alert["data"]
        await house.write(lambda tx: tx.execute("delete from held_files"))
        await run(house, "check_store")
        assert '"ok":true' in (await house.read(events))[-1]["data"]


async def test_another_fault_is_news_again_and_an_alert_stays_until_it_is_solved(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        for fault in ("one", "one", "other"):
            await house.write(set_alert, "database", fault)
            clock_of(house).advance(60)
        assert len(await house.read(events)) == 2
        assert await house.read(alerts) == (Alert("database", "other", "2026-01-31T12:00:00.000000Z"),)
        await house.write(clear_alert, "database", "sound again")
        await house.write(clear_alert, "database", "sound again")
        assert await house.read(alerts) == ()
        assert len(await house.read(events)) == 3


async def test_the_size_of_the_database_and_its_rows_are_noted_by_day(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house, cleaning(house):
        await run(house, "optimize_store")
        (sample,) = await house.read(growth.samples)
        assert sample.day == "2026-01-31"
        assert sample.size == (await house.engine.status()).size
        assert sample.tables["jobs"] == 1


async def test_the_room_of_what_was_deleted_is_given_back(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house, cleaning(house):
        await house.write(put_setting, "big", "x" * 2_000_000)
        await house.write(put_setting, "big", None)
        await house.engine.fold()
        before = (await house.engine.status()).size
        await run(house, "vacuum_store")
        assert (await house.engine.status()).size < before


async def test_a_log_that_has_grown_is_folded_without_anybody_asking(tmp_path: Path) -> None:
    async with open_house(tmp_path, {"database": {"log_limit_mb": 1}}) as house:
        await house.write(put_setting, "big", "x" * 3_000_000)
        assert (await house.engine.status()).wal_size > 1 << 20
        async with cleaning(house):

            async def folded() -> bool:
                jobs = (await house.read(queries.list_jobs, kind="fold_log")).items
                return [j.state for j in jobs] == ["completed"]

            await eventually(folded, every=0.01)
            assert (await house.engine.status()).wal_size < 1 << 20
        assert await house.read(alerts) == ()


async def test_a_long_read_that_keeps_the_log_from_being_folded_is_said_until_it_is_over(tmp_path: Path) -> None:
    began, go = threading.Event(), threading.Event()

    def dawdle(conn: Connection) -> None:
        conn.value("select count(*) from settings")
        began.set()
        assert go.wait(60)

    async with open_house(tmp_path, {"database": {"log_limit_mb": 1}}) as house, cleaning(house):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(house.read, dawdle)
            await trio.to_thread.run_sync(began.wait)
            await house.write(put_setting, "big", "x" * 3_000_000)
            await run(house, "fold_log")
            (alert,) = await house.read(alerts)
            assert alert.part == "database log"
            assert "dawdle (for " in alert.message
            go.set()
        await run(house, "fold_log")
        assert await house.read(alerts) == ()


async def test_a_backup_that_cannot_be_written_is_said_until_one_is(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house, cleaning(house):
        (tmp_path / "backups").write_text("a file where the folder should be")
        job_id = await house.write(Transaction.enqueue, "backup_store", {})

        async def postponed() -> bool:
            return (await house.read(queries.get_job, job_id)).state == "scheduled"

        await eventually(postponed, every=0.01)
        assert [a.part for a in await house.read(alerts)] == ["backup"]
        (tmp_path / "backups").unlink()
        await house.write(changes.retry_job, job_id)

        async def written() -> bool:
            return (await house.read(queries.get_job, job_id)).state == "completed"

        await eventually(written, every=0.01)
        assert await house.read(alerts) == ()


async def test_what_schedules_last_did_is_not_pruned_before_they_run_again(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house, cleaning(house):
        await house.write(cron.plan_entries, entries(house.config))
        (first,) = await house.write(cron.run_entry, "check_store", make_jobs)
        await over(house, first)
        clock_of(house).advance(days=8)
        await run(house, "prune")
        assert (await house.read(queries.last_runs))["check_store"].state == "completed"
        (second,) = await house.write(cron.run_entry, "check_store", make_jobs)
        await over(house, second)
        await run(house, "prune")
        assert first not in {j.id for j in (await house.read(queries.list_jobs)).items}


async def test_postgresql_is_cared_for_and_its_backups_are_its_operators(
    tmp_path: Path, postgres: tuple[Postgres, str]
) -> None:
    with chosen("postgres", *postgres):
        async with open_house(tmp_path) as house, cleaning(house):
            for kind in ("prune", "optimize_store", "check_store", "backup_store"):
                job_id = await house.write(Transaction.enqueue, kind, {})

                async def completed(job_id: str = job_id) -> bool:
                    return (await house.read(queries.get_job, job_id)).state == "completed"

                await eventually(completed, every=0.01)
            assert await house.read(alerts) == ()
            assert await house.read(events) == []
