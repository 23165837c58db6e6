"""What people do about what they want: versions, presets, what is lacking; wrong input is said at its field and changes nothing."""

import re
from pathlib import Path

import pytest

from mydia.choosing.queries import list_profiles
from mydia.downloads import changes as downloads
from mydia.jobs.model import Job
from mydia.jobs.queries import list_jobs
from mydia.media import changes as media
from mydia.media.queries import episodes_of, get_media, slots_of
from tests.support.choosing_world import add_film
from tests.support.web_world import Visitor, World, furnish, open_web


async def read(visitor: Visitor, path: str) -> str:
    answer = await visitor.http.get(path)
    assert answer.status_code == 200, (path, answer.text)
    return answer.text


async def searches(world: World) -> list[Job]:
    return [j for j in (await world.house.read(list_jobs)).items if j.kind.startswith("search")]


async def profile(world: World, name: str) -> str:
    return next(p.id for p in await world.house.read(list_profiles) if p.name == name)


async def test_a_version_is_added_changed_searched_and_removed(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        user, film = await world.visitor("user"), await add_film(world.house)
        uhd, path = await profile(world, "Ultra-HD"), f"/titles/{film}/versions"
        form = {"name": "4K", "suffix": "", "quality_profile_id": uhd, "monitored": "on"}
        assert (await user.post(f"{path}/new", form)).status_code == 303
        main, slot = await world.house.read(slots_of, film)
        assert (slot.name, slot.suffix, slot.monitored, slot.quality_profile_id) == ("4K", "4K", True, uhd)
        assert "4K" in await read(user, f"/titles/{film}")
        await user.post(f"{path}/{slot.id}", {"name": "UHD", "suffix": "2160p", "quality_profile_id": uhd})
        changed = (await world.house.read(slots_of, film))[1]
        assert (changed.name, changed.suffix, changed.monitored) == ("UHD", "2160p", False)
        await user.post(f"{path}/{main.id}", {"suffix": "1080p", "quality_profile_id": uhd, "monitored": "on"})
        assert (await world.house.read(slots_of, film))[0].suffix == "1080p"
        await user.post(f"{path}/{slot.id}/search")
        assert [j.args["slot_id"] for j in await searches(world)] == [slot.id]
        assert "No file is deleted" in await read(user, path)
        assert (await user.post(f"{path}/{slot.id}/remove")).status_code == 303
        assert len(await world.house.read(slots_of, film)) == 1


@pytest.mark.parametrize(
    ("wished", "field", "words"),
    [
        ({"name": ""}, "name", "needs a name"),
        ({"name": "default"}, "name", "already"),
        ({"suffix": "a/b"}, "suffix", "cannot be part of a file name"),
        ({"quality_profile_id": "nothing"}, "profile", "no quality profile"),
    ],
)
async def test_what_is_wrong_with_a_version_stands_at_its_field_and_nothing_typed_is_lost(
    tmp_path: Path, wished: dict[str, str], field: str, words: str
) -> None:
    async with open_web(tmp_path) as world:
        user, film = await world.visitor("user"), await add_film(world.house)
        form = {"name": "Kept words", "suffix": "kept", "quality_profile_id": await profile(world, "SD"), **wished}
        answer = await user.post(f"/titles/{film}/versions/new", form)
        assert answer.status_code == 422
        error = re.search(rf'id="{field}-new-error" role="alert">([^<]*)', answer.text)
        assert error is not None, answer.text
        assert words in error.group(1)
        assert 'value="kept"' in answer.text or "suffix" in wished
        assert 'value="Kept words"' in answer.text or "name" in wished
        assert len(await world.house.read(slots_of, film)) == 1


async def test_what_is_wanted_of_a_show_is_chosen_on_its_page(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        shelf, user = await furnish(world.house), await world.visitor("user")
        await user.post(f"/titles/{shelf.show}/want", {"monitor": "last_season"})
        wanted = {e.season for e in await world.house.read(episodes_of, shelf.show) if e.monitored}
        assert wanted == {2}
        await user.post(f"/titles/{shelf.show}/want", {"new_seasons": "none"})
        assert (await world.house.read(get_media, shelf.show)).new_seasons == "none"
        assert 'value="none" selected' in await read(user, f"/titles/{shelf.show}")
        for wrong in ({"monitor": "movie"}, {"new_seasons": "some"}):
            assert (await user.post(f"/titles/{shelf.show}/want", wrong)).status_code == 422


async def test_the_wanted_page_says_what_is_lacking_when_it_is_due_and_what_the_indexers_have_left(
    tmp_path: Path,
) -> None:
    async with open_web(tmp_path) as world:
        user = await world.visitor("user")
        assert "Nothing is lacking" in await read(user, "/activity/wanted")
        out = await add_film(world.house, "Out")
        await add_film(world.house, "Coming", 2027)
        off = await add_film(world.house, "Off")
        await world.house.write(media.update_media, off, monitored=False)
        page = await read(user, "/activity/wanted")
        assert "500 left of 500" in page
        assert re.search(r"Out</a>.*?due now", page, re.DOTALL)
        assert "Due at 2027-01-01 00:00 UTC" in page.replace("due at", "Due at").replace("utc", "UTC")
        assert ">Off<" not in page
        assert "Coming" not in await read(user, "/activity/wanted?why=cutoff_unmet")
        assert "Coming" not in await read(user, "/activity/wanted?kind=tv_show")
        assert (await user.http.get("/activity/wanted?why=boredom")).status_code == 422
        await world.house.write(downloads.spend, 500, {"one": 500}, asked=False)
        page = await read(user, "/activity/wanted")
        assert "used up until midnight UTC" in page
        assert "Every indexer" in page
        (slot,) = await world.house.read(slots_of, out)
        await user.post(f"/titles/{out}/versions/{slot.id}/search", {"back": "/activity/wanted"})
        await user.post("/activity/wanted/search")
        assert sorted(j.kind for j in await searches(world)) == ["search_media", "search_missing"]


async def test_a_title_is_added_with_what_is_wanted_of_it(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        page = await read(await world.visitor("user"), "/add?q=x&kind=movie")
        assert [w for w in ("movie", "collection", "none") if f'<option value="{w}">' in page] == [
            "movie",
            "collection",
            "none",
        ]
