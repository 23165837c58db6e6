"""What a person asks for does not wait for the end of a back-off: the job that waits already is brought forward, ahead of time's own."""

from pathlib import Path
from typing import Any

import pytest

from mydia.jobs import changes, cron, queries
from mydia.jobs.model import ACTOR_OF_KIND
from mydia.library import changes as library
from mydia.media import changes as media
from mydia.schedules import entries, make_jobs
from tests.support.crew import add, film, settle_in
from tests.support.hands import hands
from tests.support.house import open_house

ME = "node1:Anybody:1"


@pytest.mark.parametrize("wish", ["scan", "refresh", "search", "all searches", "a schedule"])
async def test_what_a_person_asks_for_again_is_done_now(tmp_path: Path, wish: str) -> None:
    async with open_house(tmp_path) as house:
        (root,) = await settle_in(house, (tmp_path, "movie"))
        item = await add(house, film())
        await house.write(cron.plan_entries, entries(house.config))

        async def ask(*, hurry: bool) -> str:
            asked: dict[str, tuple[Any, ...]] = {
                "scan": (library.request_scan, root.id),
                "refresh": (media.request_refresh, item),
                "search": (media.request_search, item),
                "all searches": (media.request_round, 100),
                "a schedule": (cron.run_entry, "check_store", make_jobs),
            }
            how = {"hurry": hurry} if wish in ("scan", "refresh") else {}
            made = await house.write(*asked[wish], **how)
            return made if isinstance(made, str) else str(made[0])

        job_id = await ask(hurry=False)
        kind = (await house.read(queries.get_job, job_id)).kind
        while (await house.read(queries.get_job, job_id)).state != "executing":
            await house.write(changes.claim, hands(ME, kind, most=1))
        await house.write(changes.snooze, job_id, ME, 3600.0, "the indexers are being left alone")
        house.mail[ACTOR_OF_KIND[kind]].take_ring()
        assert await ask(hurry=True) == job_id
        again = await house.read(queries.get_job, job_id)
        assert (again.state, again.scheduled_at) == ("available", "2026-01-31T12:00:00.000000Z")
        assert house.mail[ACTOR_OF_KIND[kind]].take_ring()


async def test_time_leaves_a_job_to_its_back_off_and_goes_behind_people(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        (root,) = await settle_in(house, (tmp_path, "movie"))
        (job_id,) = await house.write(library.request_scan, root.id)
        mine = hands(ME, "scan_root", most=1)
        await house.write(changes.claim, mine)
        await house.write(changes.snooze, job_id, ME, 3600.0, "the disk is asleep")
        assert await house.write(library.request_scan, root.id) == (job_id,)
        assert (await house.read(queries.get_job, job_id)).state == "scheduled"
        await house.write(library.request_scan, root.id, hurry=True)
        waiting = await house.read(queries.get_job, job_id)
        assert (waiting.state, waiting.priority) == ("available", -1)
