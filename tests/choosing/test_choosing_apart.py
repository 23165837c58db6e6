"""What is much is computed in a process of its own, and the answer is the same as it would have been here."""

from dataclasses import replace
from pathlib import Path

import pytest

from mydia.choosing.changes import seed_defaults
from mydia.core.decide import Context, Delay, Settings, Target
from mydia.databases import read_apart
from mydia.downloads.queries import searches_of
from mydia.jobs.queries import list_jobs
from mydia.otp import apart
from mydia.searches import MANY, judge
from mydia.settings.rules import Rules
from mydia.trying import titles_of, what_if
from mydia.wishes import MANY_TITLES
from tests.bench import large
from tests.support.choosing_world import PROFILE, Offering, add_film, format_of, job, offer, search
from tests.support.house import clock_of, open_house
from tests.support.web_world import open_web
from workers.searcher import Searcher

pytestmark = pytest.mark.store("sqlite")  # what is read is every store's; a process of its own is the configured one's
WEB = "The.Film.2001.1080p.WEB-DL.H264-GRP"
BEST = "The.Film.2001.1080p.BluRay.HDR.H264-BEST"
OLD = "2026-01-01T00:00:00+00:00"


async def test_a_search_of_thousands_is_judged_apart_as_it_would_be_here(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        now = house.clock.now()
        target = Target("movie", "The Film", 2001, runtime=100, original_language="en", availability="released")
        young = offer("The.Film.2001.720p.WEB-DL-NEW", published="2026-01-31T11:50:00+00:00")
        found = [*(offer(f"{WEB}{n}", published=OLD) for n in range(20)), offer("Other.2001-GRP")]
        found += [offer(BEST, published=OLD), young]
        context = Context(
            now,
            "search",
            profile=replace(PROFILE, scores={"HDR": 50}),
            formats=(format_of("HDR", r"\bHDR\b"),),
            settings=Settings(delay=Delay(torrent=60)),
        )
        here = judge(found, target, context)
        assert await apart(judge, found, target, context) == here
        assert (here.found, here.acceptable, here.chosen[0].candidate.title, here.ripe) == (23, 21, BEST, 3001)


async def test_the_best_of_thousands_is_grabbed_and_every_one_is_kept_with_its_verdict(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.write(seed_defaults)
        film = await add_film(house)
        await search(house, film, offer(BEST), *(offer(f"{WEB}{n}") for n in range(MANY)))
        (found,) = await house.read(searches_of, film)
        assert (found.chosen, found.found, found.accepted) == (BEST, MANY + 1, MANY + 1)
        assert found.candidates[0].title == BEST
        assert await house.read(lambda conn: conn.value("select count(*) from search_candidates")) == MANY + 1


async def test_what_a_profile_would_change_is_told_apart_as_it_would_be_here(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        house, visitor = world.house, await world.visitor()
        await house.write(large.begin)
        await house.write(large.fill, range(MANY_TITLES + 1))
        profile = await house.read(large.profile)
        content = replace(profile, upgrades=False)
        asked = (profile.id, content, house.clock.now(), Rules())
        here = await house.read(what_if, *asked)
        assert (await read_apart(house, what_if, *asked), await house.read(titles_of, profile.id)) == (
            here,
            MANY_TITLES + 1,
        )
        assert (here.looked_at, [h.becomes for h in here.held]) == (MANY_TITLES + 1, ["at_rest"])
        address = f"/api/v1/quality-profiles/{profile.id}/what-if"
        headers = {"X-Api-Key": await world.key("readonly")}
        filled = {
            "name": "Large",
            "qualities": ["HDTV-720p", "Bluray-1080p"],
            "cutoff": "Bluray-1080p",
            "upgrades": False,
        }
        told = await visitor.http.post(address, json=filled, headers=headers)
        assert (told.status_code, told.json()["looked_at"], len(told.json()["held"])) == (200, MANY_TITLES + 1, 1)


async def test_a_round_over_many_titles_is_planned_apart(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.write(large.begin)
        await house.write(large.fill, range(MANY_TITLES + 2))
        await house.write(large.lose_all)
        clock_of(house).advance(days=1)
        worker = Searcher(house, [Offering(())], frozenset({"torrent"}), "test")
        await worker.search_missing(job("search_missing", why="missing", limit=7))
        assert len((await house.read(list_jobs, kind="search_media")).items) == 7
