"""Rows of titles: one title however often and by whomever it is added, and what a person changes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trio

from mydia.downloads import changes as downloads
from mydia.errors import Conflict, Invalid, NotFound
from mydia.events import MediaAdded
from mydia.house import House
from mydia.jobs import queries as jobs
from mydia.media import changes, queries, slots
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


async def test_a_show_is_added_by_a_preset_and_changed_to_another(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "tv_show"))
        item = await add(house, show(seasons=(2, 2)), preset="first_season", search=True)
        assert await monitored(house, item) == ["S01E01", "S01E02"]
        assert (await house.read(queries.get_media, item)).new_seasons == "none"
        await house.write(changes.update_media, item, preset="last_season", new_seasons="all", actor="ann")
        assert await monitored(house, item) == ["S02E01", "S02E02"]
        await house.write(changes.refresh, item, show(seasons=(2, 2, 1)))
        assert await monitored(house, item) == ["S02E01", "S02E02", "S03E01"]


async def test_a_show_of_which_nothing_is_wanted_is_not_monitored_unless_what_is_new_is(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "tv_show"))
        never = await add(house, show("One"), preset="none", search=True)
        later = await add(house, show("Two"), preset="none", new_seasons="all", search=True)
        assert not (await house.read(queries.get_media, never)).monitored
        assert (await house.read(queries.get_media, later)).monitored
        assert await monitored(house, later) == []
        assert [j.media_item_id for j in (await house.read(jobs.list_jobs)).items if j.kind == "search_media"] == [
            later
        ]


async def test_a_preset_of_the_other_kind_of_title_is_refused_and_adds_nothing(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "movie"))
        with pytest.raises(Invalid, match="movie, collection, none"):
            await add(house, film(), preset="pilot")
        assert (await house.read(queries.list_media)).items == ()


async def test_monitoring_a_show_again_leaves_its_specials_alone(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "tv_show"))
        details = show(seasons=(1,))
        special = replace(details.episodes[0], season=0)
        item = await add(house, replace(details, episodes=(*details.episodes, special)))
        for wanted in (False, True):
            await house.write(changes.update_media, item, monitored=wanted)
        assert await monitored(house, item) == ["S01E01"]


async def monitored(house: House, item: str) -> list[str]:
    return [e.code for e in await house.read(queries.episodes_of, item) if e.monitored]


# -- slots


@pytest.mark.parametrize(
    ("wished", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 41}, "name"),
        ({"suffix": "a/b"}, "suffix"),
        ({"suffix": "a:b"}, "suffix"),
        ({"suffix": "dot."}, "suffix"),
        ({"suffix": ""}, "suffix"),
        ({"suffix": "x" * 41}, "suffix"),
        ({"quality_profile_id": "nothing"}, "quality_profile_id"),
    ],
)
async def test_a_slot_that_cannot_be_is_refused_by_its_field_and_nothing_changes(
    tmp_path: Path, wished: dict[str, str], field: str
) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "movie"))
        item = await add(house, film())
        (main,) = await house.read(queries.slots_of, item)
        good: dict[str, Any] = {"name": "4K", "quality_profile_id": main.quality_profile_id}
        with pytest.raises(Invalid) as refused:
            await house.write(slots.add_slot, item, **{**good, **wished}, actor="ann")
        assert refused.value.field == field
        assert await house.read(queries.slots_of, item) == (main,)


async def test_no_two_slots_of_a_title_share_a_name_or_a_suffix(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "movie"))
        item = await add(house, film())
        profile = (await house.read(queries.slots_of, item))[0].quality_profile_id
        wished: dict[str, Any] = {"quality_profile_id": profile, "actor": "ann"}
        sharp = await house.write(slots.add_slot, item, name="4K", **wished)
        assert [(s.name, s.ending) for s in await house.read(queries.slots_of, item)] == [
            ("default", ""),
            ("4K", " - 4K"),
        ]
        for taken in ("4k", "Default"):
            with pytest.raises(Conflict):
                await house.write(slots.add_slot, item, name=taken, suffix="other", **wished)
        with pytest.raises(Invalid, match="the same name"):
            await house.write(slots.add_slot, item, name="Other", suffix=" - 4k", **wished)
        await house.write(slots.update_slot, item, sharp, name="UHD", suffix="UHD", monitored=False, actor="ann")
        changed = (await house.read(queries.slots_of, item))[1]
        assert (changed.name, changed.suffix, changed.monitored) == ("UHD", "UHD", False)


async def test_the_main_version_keeps_its_name_and_stays(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "movie"))
        item = await add(house, film())
        (main,) = await house.read(queries.slots_of, item)
        with pytest.raises(Conflict, match="keeps its main version"):
            await house.write(slots.remove_slot, item, main.id, actor="ann")
        with pytest.raises(Invalid, match="keeps its name"):
            await house.write(slots.update_slot, item, main.id, name="Other", actor="ann")
        with pytest.raises(NotFound):
            await house.write(slots.remove_slot, item, "nothing", actor="ann")
        with pytest.raises(NotFound):
            await house.write(slots.add_slot, "nothing", name="4K", quality_profile_id="x", actor="ann")
