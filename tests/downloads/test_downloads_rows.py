"""Rows of downloads: one grab for one want, statuses that only go where they may, and no key on a page."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import trio

from mydia.downloads import changes, queries
from mydia.errors import Conflict, Invalid, NotFound
from mydia.events import Event
from mydia.house import House
from mydia.media.queries import slots_of
from tests.support.crew import add, film, settle_in
from tests.support.house import clock_of, open_house
from web.live import topics_of

WISH = {"title": "Charade.1963", "indexer": "one", "guid": "http://x?apikey=KEY", "download_url": "http://x?apikey=KEY"}


async def grab(house: House, item: str) -> str:
    slot = (await house.read(slots_of, item))[0]
    return await house.write(changes.grab, item, slot.id, [""], WISH)


async def test_d20_a_second_grab_of_the_same_thing_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "movie"))
        item = await add(house, film())
        first = await grab(house, item)
        with pytest.raises(Conflict, match=r"Charade.1963 is being downloaded for it already"):
            await grab(house, item)
        await house.write(changes.failed, first, "broken")
        assert await grab(house, item) != first


async def test_an_import_that_waits_can_be_cancelled_and_one_that_runs_cannot(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "movie"))
        download = await grab(house, await add(house, film()))
        await house.write(changes.completed, download)
        assert await house.write(changes.importing, download)
        with pytest.raises(Conflict, match="being imported just now"):
            await house.write(changes.cancel_download, download, actor="ann")
        await house.write(changes.import_waits, download, "the disk is full")
        row = await house.read(queries.get_download, download)
        assert (row.status, row.error_message) == ("completed", "the disk is full")
        await house.write(changes.cancel_download, download, actor="ann")
        assert not await house.write(changes.importing, download)


async def test_what_has_ended_stays_ended(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "movie"))
        download = await grab(house, await add(house, film()))
        await house.write(changes.cancel_download, download, actor="ann")
        await house.write(changes.failed, download, "too late")
        await house.write(changes.completed, download)
        await house.write(changes.handed_over, download, client="c", client_id="1")
        assert (await house.read(queries.get_download, download)).status == "cancelled"
        assert [d.id for d in await house.read(queries.to_clean_up)] == [download]  # the client has it all the same


CANDIDATE: dict[str, Any] = {
    "title": "Charade.1963",
    "indexer": "one",
    "protocol": "torrent",
    "size": 1,
    "seeders": 1,
    "published": None,
    "quality": "DVD",
    "score": 0,
    "accepted": True,
    "chosen": False,
    "rejections": [],
    "rank": None,
    "release": {**WISH, "targets": [], "info_url": "http://x/about"},
}
ASKED: dict[str, Any] = {"mode": "search", "targets": [], "indexers": [], "chosen": None, "summary": "x"}


async def test_every_candidate_of_a_search_is_kept_and_shown_a_page_at_a_time(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "movie"))
        item = await add(house, film())
        found = [{**CANDIDATE, "title": f"Charade.{n}"} for n in range(queries.FIRST + 30)]
        search = await house.write(changes.record_search, item, **ASKED, candidates=found)
        (shown,) = await house.read(queries.searches_of, item)
        assert [c.title for c in shown.candidates] == [c["title"] for c in found[: queries.FIRST]]
        assert shown.found == len(found)
        seen, cursor = [], None
        while True:
            page = await house.read(queries.candidates_of, search, cursor=cursor, limit=33)
            seen += [c.title for c in page.items]
            if (cursor := page.next) is None:
                break
        assert seen == [c["title"] for c in found]
        with pytest.raises(NotFound):
            await house.read(queries.candidates_of, "nothing")
        with pytest.raises(Invalid):
            await house.read(queries.candidates_of, search, cursor="x")


async def test_a_search_can_be_shown_without_showing_an_indexers_key_and_still_be_grabbed_from(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "movie"))
        item = await add(house, film())
        search = await house.write(changes.record_search, item, **ASKED, candidates=[CANDIDATE])
        shown = await house.read(queries.search_view, search)
        assert "KEY" not in repr(shown)
        assert shown.candidates[0].release["info_url"] == "http://x/about"
        download = await house.write(changes.grab_candidate, search, 0, actor="ann")
        assert (await house.read(queries.get_download, download)).download_url == WISH["download_url"]
        with pytest.raises(NotFound):
            await house.write(changes.grab_candidate, search, 7, actor="ann")


async def test_of_old_searches_those_are_kept_of_which_something_was_grabbed(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "movie"))
        item, other = await add(house, film()), await add(house, film("Other", 1950))
        download = await grab(house, item)

        async def search(title: str, download_id: str | None = None) -> str:
            clock_of(house).advance(days=1)
            return await house.write(changes.record_search, title, **ASKED, candidates=[], download_id=download_id)

        elsewhere, fruitful, vain = await search(other), await search(item, download), await search(item)
        newest = [await search(item) for _ in range(changes.SEARCHES_KEPT)]
        kept = [s.id for s in await house.read(queries.searches_of, item, limit=1000)]
        assert kept == [*reversed(newest), fruitful]
        assert [s.id for s in await house.read(queries.searches_of, other)] == [elsewhere]
        with pytest.raises(NotFound):
            await house.read(queries.search_view, vain)


async def test_reasons_that_quote_names_that_are_no_text_are_kept_as_words(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "movie"))
        download = await grab(house, await add(house, film()))
        await house.write(changes.held, download, "K\udcf6nig.mkv: what is it?")
        assert (await house.read(queries.get_download, download)).error_message == "K\\udcf6nig.mkv: what is it?"


async def test_lists_page_by_cursor_newest_first(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "movie"))
        ids = [await grab(house, await add(house, film(f"Film {n}", 1950 + n))) for n in range(5)]
        seen, cursor = [], None
        while True:
            page = await house.read(queries.list_downloads, status="active", cursor=cursor, limit=2)
            seen += [d.id for d in page.items]
            if (cursor := page.next) is None:
                break
        assert seen == ids[::-1]


@pytest.mark.store("sqlite")  # how several daemons hear of each other is not asked here
async def test_pages_are_told_of_every_step_of_a_download(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "movie"))
        download = await grab(house, await add(house, film()))
        steps: list[tuple[Callable[..., Any], dict[str, Any]]] = [
            (changes.waiting, {"reason": "its client is down"}),
            (changes.handed_over, {"client": "c", "client_id": "1"}),
            (changes.warned, {"message": "nobody seeds it"}),
            (changes.completed, {}),
            (changes.importing, {}),
            (changes.import_waits, {"reason": "the disk is full"}),
            (changes.importing, {}),
            (changes.imported, {}),
        ]
        with (
            house.bus.subscribe(filter=lambda e: getattr(e, "download_id", "") == download) as told,
            trio.fail_after(60),
        ):
            for step, facts in steps:
                await house.write(step, download, **facts)
                assert "downloads" in topics_of(cast(Event, await anext(told))), step
