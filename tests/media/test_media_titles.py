"""Rows of titles: one title however often and by whomever it is added, and what a person changes."""

from dataclasses import replace
from pathlib import Path

import pytest
import trio

from mydia.downloads import changes as downloads
from mydia.errors import Conflict, Invalid, NotFound
from mydia.events import MediaAdded
from mydia.jobs import queries as jobs
from mydia.media import changes, queries
from tests.support.crew import add, film, happened, settle_in, show
from tests.support.house import open_house


async def test_a_title_added_by_many_at_once_is_one_title(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "movie"))
        ids: set[str] = set()

        async def one() -> None:
            ids.add(await add(house, film()))

        async with trio.open_nursery() as nursery:
            for _ in range(50):
                nursery.start_soon(one)
        assert (len(ids), len(await house.read(happened, MediaAdded))) == (1, 1)


async def test_a_film_and_a_show_of_the_same_number_are_two_titles(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "movie"))
        a_film = await add(house, film(ids={"tmdb": "1"}))
        a_show = await add(house, replace(show(), ids={"tmdb": "1"}))
        assert a_film != a_show


async def test_adding_with_a_search_wants_one_and_without_monitoring_none(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "movie"))
        await add(house, film("One", 1950), search=True)
        await add(house, film("Two", 1951), search=True, monitored=False)
        assert [j.kind for j in (await house.read(jobs.list_jobs)).items].count("search_media") == 1


async def test_a_refresh_brings_new_episodes_and_forgets_none(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "tv_show"))
        item = await add(house, show(seasons=(2,)))
        before = {e.code: e.id for e in await house.read(queries.episodes_of, item)}
        await house.write(changes.refresh, item, show(seasons=(1, 1)))
        after = {e.code: e.id for e in await house.read(queries.episodes_of, item)}
        assert set(after) == {"S01E01", "S01E02", "S02E01"}
        assert after["S01E01"] == before["S01E01"]


async def test_specials_are_not_monitored_unless_asked_for(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "tv_show"))
        details = show(seasons=(1,))
        special = replace(details.episodes[0], season=0)
        item = await add(house, replace(details, episodes=(*details.episodes, special)))
        assert {e.code: e.monitored for e in await house.read(queries.episodes_of, item)} == {
            "S00E01": False,
            "S01E01": True,
        }


async def test_a_title_that_is_being_downloaded_is_not_forgotten(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "movie"))
        item = await add(house, film())
        slot = (await house.read(queries.slots_of, item))[0]
        download = await house.write(downloads.grab, item, slot.id, [""], {"title": "x"})
        with pytest.raises(Conflict, match="Cancel the download first"):
            await house.write(changes.delete_media, item)
        await house.write(downloads.cancel_download, download, actor="ann")
        await house.write(changes.delete_media, item)
        with pytest.raises(NotFound):
            await house.read(queries.get_media, item)


async def test_a_person_may_not_empty_a_title_nor_choose_a_profile_that_is_not_there(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "movie"))
        item = await add(house, film())
        with pytest.raises(Invalid):
            await house.write(changes.update_media, item, title="  ")
        with pytest.raises(Invalid):
            await house.write(changes.update_media, item, quality_profile_id="nothing")
        assert (await house.read(queries.get_media, item)).title == "Charade"


async def test_a_title_is_known_by_any_of_its_names(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "movie"))
        item = await add(house, film(original_title="Charade, la", aliases=("Onion", "Der Fall & Co.")))
        for name in ("charade", "ONION", "der.fall.and.co"):
            assert [c.id for c in await house.read(queries.known_titles, [name], "movie")] == [item]
        assert await house.read(queries.known_titles, ["Charade"], "tv_show") == ()


async def test_counts_and_filters_agree_on_what_is_missing(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "movie"))
        await add(house, film("One", 1950))
        await add(house, film("Two", 1951), monitored=False)
        await add(house, show())
        today = "2026-01-31"
        assert (await house.read(queries.counts, today=today)).missing == 1 + 3
        missing = await house.read(queries.list_media, state="missing", today=today)
        assert {c.title for c in missing.items} == {"One", "One Step Beyond"}
        assert [c.title for c in (await house.read(queries.list_media, state="unmonitored")).items] == ["Two"]
