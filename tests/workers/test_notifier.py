"""Telling people: exactly what they asked for, once, however often this process dies, and not for ever."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trio

from mydia.adapters import catalogue
from mydia.demo.fakes import Catcher, Reply, serve
from mydia.events import DownloadFailed, Event, Grabbed, HealthChanged, MediaAdded
from mydia.house import House
from mydia.jobs import queries as jobs
from mydia.jobs.model import FINISHED, Job
from mydia.otp import Supervisor
from mydia.store.transaction import Transaction
from tests.support.crew import BOOT, add, crew, film, kill, member, push, settle_in
from tests.support.house import FullDisk, clock_of, open_house
from tests.support.waiting import eventually
from workers.notifier import NotifierActor, Target

ADDED = MediaAdded(title="Charade", kind="movie")
GRABBED = Grabbed(download_id="d", release="Charade.1963", indexer="one", quality="DVD")
FAILED = DownloadFailed(download_id="d", release="Charade.1963", reason="broken")


@dataclass
class Desk:
    house: House
    caught: Catcher
    crew: Supervisor

    async def tell(self, *events: Event) -> None:
        for event in events:
            await self.house.write(Transaction.emit, event)

    async def notices(self) -> list[Job]:
        return [j for j in (await self.house.read(jobs.list_jobs, limit=200)).items if j.kind == "notify"]

    async def over(self, count: int) -> list[Job]:
        async def look() -> list[Job] | None:
            found = await self.notices()
            return found if len(found) == count and all(j.state in FINISHED for j in found) else None

        return await eventually(look)

    def told(self) -> list[str]:
        return [m["event"] for m in self.caught.messages()]


@asynccontextmanager
async def desk(
    tmp_path: Path, *hooks: dict[str, Any], caught: Catcher | None = None, **config: Any
) -> AsyncIterator[Desk]:
    """One webhook for each of `hooks`, all of them to the same catcher."""
    caught = caught or Catcher()
    async with trio.open_nursery() as nursery:
        url = await nursery.start(serve, caught)
        entries = [{"name": f"hook{n}", "url": f"{url}/{n}", **hook} for n, hook in enumerate(hooks)]
        async with open_house(tmp_path, {**config, "notifications": {"webhooks": entries}}) as house:
            targets = [Target(n, w) for n, w in catalogue.notifiers(house.config)]
            async with crew(member(house, "notifier", lambda: NotifierActor(house, targets, BOOT))) as supervisor:
                yield Desk(house, caught, supervisor)
        nursery.cancel_scope.cancel()


async def test_people_are_told_exactly_what_they_subscribed_to(tmp_path: Path) -> None:
    async with desk(tmp_path, {"events": ["media_added"]}, {"events": ["download_failed", "grabbed"]}) as here:
        await here.tell(ADDED, GRABBED, FAILED, HealthChanged(part="x", ok=False, message="down"))
        await here.over(3)
        by_path = sorted(
            (r.path, m["event"]) for r, m in zip(here.caught.requests, here.caught.messages(), strict=True)
        )
        assert by_path == [("/0", "media_added"), ("/1", "download_failed"), ("/1", "grabbed")]


async def test_what_is_told_names_what_happened(tmp_path: Path) -> None:
    async with desk(tmp_path, {}) as here:
        await here.tell(FAILED)
        await here.over(1)
        (message,) = here.caught.messages()
        assert "Charade.1963 failed: broken" in str(message)


async def test_what_is_told_links_to_its_page_where_the_house_knows_its_address(tmp_path: Path) -> None:
    known = {"url_scheme": "https", "url_host": "nas.example.org"}
    async with desk(tmp_path, {}, server=known) as here:
        await settle_in(here.house)
        title = await add(here.house, film(), search=False)
        await here.over(1)
        (message,) = here.caught.messages()
        assert message["url"] == f"https://nas.example.org/titles/{title}"


async def test_each_is_told_once_across_restarts(tmp_path: Path) -> None:
    caught = Catcher()
    for n in range(3):
        async with desk(tmp_path, {}, caught=caught) as here:
            await here.tell(ADDED)
            await here.over(n + 1)
    assert [m["event"] for m in caught.messages()] == ["media_added"] * 3


async def test_what_happened_while_nobody_listened_is_told_at_the_next_start(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.write(Transaction.emit, ADDED)
    async with desk(tmp_path, {}) as here:
        await here.over(1)
        assert here.told() == ["media_added"]


async def test_a_target_that_is_down_is_tried_again_and_holds_up_no_other(tmp_path: Path) -> None:
    async with desk(tmp_path, {"events": ["media_added"]}) as here:
        here.caught.planned.append(Reply(503))
        await here.tell(ADDED)

        async def waiting() -> Job | None:
            found = await here.notices()
            return found[0] if found and found[0].state == "scheduled" else None

        job = await eventually(waiting)
        assert job.snoozed == 1
        assert (await push(here.house, job.id)).state == "completed"
        assert len(here.caught.requests) == 2


async def test_news_that_could_not_be_told_for_a_day_is_given_up(tmp_path: Path) -> None:
    async with desk(tmp_path, {}) as here:
        here.caught.planned.extend([Reply(503)] * 2)
        await here.tell(ADDED)

        async def waiting() -> Job | None:
            found = await here.notices()
            return found[0] if found and found[0].state == "scheduled" else None

        job = await eventually(waiting)
        clock_of(here.house).advance(days=2)
        ended = await push(here.house, job.id)
        assert (ended.state, "Given up after a day" in ended.errors[-1].error) == ("discarded", True)


async def test_a_webhook_that_was_deleted_is_not_tried_again(tmp_path: Path) -> None:
    async with desk(tmp_path, {}) as here:
        here.caught.planned.append(Reply(404))
        await here.tell(ADDED)
        (job,) = await here.over(1)
        assert (job.state, "the webhook is gone" in job.errors[-1].error) == ("discarded", True)
        assert len(here.caught.requests) == 1


async def test_a_notifier_that_crashes_is_brought_back_and_tells_the_rest(tmp_path: Path) -> None:
    async with desk(tmp_path, {}) as here:
        for n in range(4):
            await here.tell(MediaAdded(title=f"Film {n}", kind="movie"))
            await kill(here.crew, "notifier")
        await here.over(4)
        assert {m["event"] for m in here.caught.messages()} == {"media_added"}
        titles = [str(m) for m in here.caught.messages()]
        assert all(any(f"Film {n}" in title for title in titles) for n in range(4))


async def test_what_happened_before_the_disk_was_full_is_told_when_there_is_room_again(tmp_path: Path) -> None:
    async with desk(tmp_path, {}) as here:
        await here.tell(ADDED)
        disk = FullDisk(here.house)
        here.house.bus.publish(ADDED)  # the bell
        await disk.refuses("notifier")
        disk.freed()
        await here.over(1)
        assert here.told() == ["media_added"]
        assert [c.restarts for c in here.crew.children()] == [0]
