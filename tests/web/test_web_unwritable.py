"""What the web does beside the writer: settings are lived by as they were committed, and who only looks is not held up by a full disk."""

import threading
from pathlib import Path

import trio
from trio.testing import wait_all_tasks_blocked

from mydia.settings.queries import overrides
from mydia.store.transaction import Transaction
from tests.support.api_world import ApiWorld, open_api
from tests.support.house import FullDisk, clock_of
from tests.support.web_world import open_web
from web.forms import set_now
from web.policy import Person, Visit

NUMBERS = ("media.recycle_days", "jobs.keep_days", "jobs.keep_events_days", "database.log_limit_mb")


async def in_force_and_kept(here: ApiWorld) -> tuple[dict[str, int], dict[str, int]]:
    config, kept = here.house.config, await here.house.read(overrides)
    numbers = (config.media.recycle_days, config.jobs.keep_days, config.jobs.keep_events_days)
    return dict(zip(NUMBERS, (*numbers, config.database.log_limit_mb), strict=True)), kept


async def test_settings_that_are_changed_at_once_are_all_in_force(tmp_path: Path) -> None:
    async with open_api(tmp_path) as here:

        async def put(key: str, value: int) -> None:
            answer = await here.http.put("/api/v1/config", json={"values": {key: value}})
            assert answer.status_code == 200

        for value in range(40, 60):
            async with trio.open_nursery() as nursery:
                for key in NUMBERS:
                    nursery.start_soon(put, key, value)
            assert await in_force_and_kept(here) == (dict.fromkeys(NUMBERS, value),) * 2


async def test_a_setting_is_in_force_although_who_set_it_hung_up(tmp_path: Path) -> None:
    async with open_api(tmp_path) as here:
        visit = Visit(here.web.app.site, Person("1", "ada", "admin", "session"), "127.0.0.1")
        slow, values = threading.Event(), dict.fromkeys(NUMBERS, 77)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(here.house.write, _wait_for, slow)
            with trio.CancelScope() as browser:
                async with trio.open_nursery() as inside:
                    inside.start_soon(set_now, visit, values)
                    await wait_all_tasks_blocked()
                    browser.cancel()
                    slow.set()
        assert await in_force_and_kept(here) == (values, values)


def _wait_for(tx: Transaction, event: threading.Event) -> None:
    assert event.wait(60)


async def test_who_looks_by_a_key_is_answered_on_a_full_disk(tmp_path: Path) -> None:
    async with open_api(tmp_path) as here:
        disk = FullDisk(here.house)
        answer = await here.http.get("/api/v1/me")
        assert answer.status_code == 200
        disk.freed()
        assert (await here.http.get("/api/v1/me")).status_code == 200


async def test_who_looks_in_a_session_is_answered_on_a_full_disk(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        ada = await world.visitor("admin")
        clock_of(world.house).advance(minutes=30)
        disk = FullDisk(world.house)
        assert (await ada.http.get("/films")).status_code == 200
        disk.freed()
        assert (await ada.http.get("/films")).status_code == 200


async def test_whose_wish_nobody_had_time_for_is_told_that_nothing_was_done(tmp_path: Path) -> None:
    async with open_api(tmp_path) as here:
        await here.http.get("/api/v1/me")  # notes the key's first use
        config, slow = here.house.config, threading.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(here.house.write, _wait_for, slow)
            database = config.database.model_copy(update={"write_timeout": 0.1})
            await wait_all_tasks_blocked()
            here.house.config = config.model_copy(update={"database": database})
            answer = await here.http.post("/api/v1/queues/media/pause")
            slow.set()
        assert answer.status_code == 503
        assert "busy with what takes long; nothing was changed" in answer.json()["detail"]
