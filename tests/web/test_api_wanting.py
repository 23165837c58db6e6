"""What a program can do about what is wanted: versions of a title, presets, what is lacking and why it is not searched yet, budgets."""

from pathlib import Path
from typing import Any

import pytest

from mydia.choosing.queries import list_profiles
from mydia.downloads import changes as downloads
from mydia.jobs import queries as jobs
from mydia.jobs.model import Job
from tests.support.api_world import ApiWorld, open_api
from tests.support.house import clock_of
from web.api.kit import ROOT

INDEXERS = {
    "MYDIA__DOWNLOADS__INDEXERS": "[{type: torznab, name: one, url: 'http://127.0.0.1:1', searches_per_day: 3}]"
}


async def ask(world: ApiWorld, method: str, path: str, status: int = 200, **body: Any) -> Any:
    answer = await world.http.request(method, f"{ROOT}{path}", json=body or None)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def field_of(problem: Any) -> str | None:
    """Which field a refusal names."""
    return problem["errors"][0]["field"] if "errors" in problem else None


async def searches(world: ApiWorld) -> list[Job]:
    return [j for j in (await world.house.read(jobs.list_jobs)).items if j.kind.startswith("search")]


async def profile(world: ApiWorld, name: str) -> str:
    return next(p.id for p in await world.house.read(list_profiles) if p.name == name)


async def test_a_version_is_added_changed_and_removed(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        path = f"/media/{world.shelf.film}/slots"
        (main,) = (await ask(world, "GET", path))["items"]
        assert (main["main"], main["held"], main["total"], len(main["file_ids"])) == (True, 1, 1, 1)
        uhd = await profile(world, "Ultra-HD")
        made = await ask(world, "POST", path, 201, name="4K", quality_profile_id=uhd)
        assert (made["suffix"], made["monitored"], made["held"], made["quality_profile"]) == ("4K", True, 0, "Ultra-HD")
        changed = await ask(world, "PUT", f"{path}/{made['id']}", name="UHD", suffix="2160p", monitored=False)
        assert (changed["name"], changed["suffix"], changed["monitored"]) == ("UHD", "2160p", False)
        slots = (await ask(world, "GET", f"/media/{world.shelf.film}"))["slots"]
        assert [s["name"] for s in slots] == ["default", "UHD"]
        await ask(world, "POST", f"/media/{world.shelf.film}/search", 202, slot_id=made["id"])
        assert [j.args["slot_id"] for j in await searches(world)] == [made["id"]]
        await ask(world, "DELETE", f"{path}/{made['id']}", 204)
        assert len((await ask(world, "GET", path))["items"]) == 1
        await ask(world, "DELETE", f"{path}/{main['id']}", 409)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"name": "4K"}, 422, "quality_profile_id"),
        ({"name": "4K", "quality_profile_id": "nothing"}, 422, "quality_profile_id"),
        ({"name": "4K", "quality_profile_id": "any", "suffix": "a/b"}, 422, "suffix"),
        ({"name": "default", "quality_profile_id": "any"}, 409, None),
    ],
)
async def test_a_version_that_cannot_be_is_refused_by_its_field(
    tmp_path: Path, body: dict[str, str], status: int, field: str | None
) -> None:
    async with open_api(tmp_path) as world:
        path = f"/media/{world.shelf.film}/slots"
        told = await ask(world, "POST", path, status, **body)
        assert field_of(told) == field
        assert len((await ask(world, "GET", path))["items"]) == 1


async def test_a_show_is_added_by_a_preset_and_changed_to_another(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        show = await ask(world, "POST", "/media", 201, type="tv_show", tmdb_id=1, monitor="none", new_seasons="all")
        assert (show["monitored"], show["new_seasons"]) == (True, "all")
        assert [e["monitored"] for e in show["episodes"]] == [False]
        show = await ask(world, "PUT", f"/media/{show['id']}", monitor="pilot", new_seasons="none")
        assert ([e["monitored"] for e in show["episodes"]], show["new_seasons"]) == ([True], "none")
        told = await ask(world, "PUT", f"/media/{show['id']}", 422, monitor="collection")
        assert field_of(told) == "monitor"
        await ask(world, "PUT", f"/media/{show['id']}", 422, monitor="everything")


async def test_what_is_lacking_is_listed_slot_by_slot_with_why_it_is_not_searched_yet(tmp_path: Path) -> None:
    async with open_api(tmp_path, INDEXERS) as world:
        path = f"/media/{world.shelf.film}/slots"
        uhd = await profile(world, "Ultra-HD")
        await ask(world, "POST", path, 201, name="4K", quality_profile_id=uhd)
        found = (await ask(world, "GET", "/wanted?why=missing"))["items"]
        of_film = [w for w in found if w["media_id"] == world.shelf.film]
        assert [(w["slot"], w["main"], len(w["things"])) for w in of_film] == [("4K", False, 1)]
        of_show = next(w for w in found if w["media_id"] == world.shelf.show)
        first = of_show["things"][0]
        assert (first["season"], first["episode"], first["why"], first["not_yet"]) == (1, 1, "missing", None)
        assert first["due"].startswith("2001-01-01")
        assert {w["type"] for w in (await ask(world, "GET", "/wanted?type=tv_show"))["items"]} == {"tv_show"}
        assert (await ask(world, "GET", "/wanted?why=cutoff_unmet"))["items"] == []
        await ask(world, "GET", "/wanted?why=boredom", 422)

        assert await world.house.write(downloads.spend, 3, {"one": 3}, asked=False) == {"one"}
        spent = next(w for w in (await ask(world, "GET", "/wanted"))["items"] if w["media_id"] == world.shelf.show)
        assert spent["things"][0]["not_yet"] == "every indexer's searches of today are used"
        clock_of(world.house).advance(days=1)
        again = next(w for w in (await ask(world, "GET", "/wanted"))["items"] if w["media_id"] == world.shelf.show)
        assert again["things"][0]["not_yet"] is None


async def test_every_wanting_title_is_on_exactly_one_page(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        whole = [w["media_id"] for w in (await ask(world, "GET", "/wanted?limit=100"))["items"]]
        seen, cursor = list[str](), ""
        while cursor is not None:
            page = await ask(world, "GET", f"/wanted?limit=1{cursor and f'&cursor={cursor}'}")
            seen += [w["media_id"] for w in page["items"]]
            cursor = page["next"]
        assert (seen, len(whole)) == (whole, len(set(whole)))
        assert len(whole) >= 2


async def test_what_indexers_may_be_asked_today_is_told_and_a_round_is_asked_for(tmp_path: Path) -> None:
    async with open_api(tmp_path, INDEXERS) as world:
        await world.house.write(downloads.spend, 2, {"one": 3}, asked=True)
        told = await ask(world, "GET", "/indexer-budgets")
        assert told["items"] == [{"indexer": "one", "limit": 3, "automated": 0, "asked": 2, "left": 1}]
        await ask(world, "POST", "/wanted/search", 202)
        assert [j.kind for j in await searches(world)] == ["search_missing"]
