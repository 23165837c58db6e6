"""What is lacking and what a day's tokens allow, as rows: on every store."""

from pathlib import Path

from mydia import placing
from mydia.choosing.changes import seed_defaults
from mydia.core.wanted import Budget
from mydia.downloads import changes as downloads
from mydia.downloads.model import Spent
from mydia.downloads.queries import looked_for, spent_on
from mydia.house import House
from mydia.media import changes as media
from mydia.media.queries import slots_of
from mydia.media.queries import wanting as candidates
from mydia.settings.rules import Rules
from mydia.wishes import after_search, below_cutoff, gather, plan_round, wanting
from tests.support.choosing_world import Lying, add_film, hold
from tests.support.crew import add, show
from tests.support.house import clock_of, open_house

RULES = Rules()


async def shelf(house: House) -> tuple[str, str, str]:
    """A film that is held well, one that is missing, a show of which nothing is there."""
    await house.write(seed_defaults)
    held, missing = await add_film(house, "Held"), await add_film(house, "Missing")
    await hold(house, held, Lying("held.mkv", "Held.2001.1080p.BluRay-GRP", quality="Bluray-1080p"))
    return held, missing, await add(house, show(seasons=(3,)), default_profile="HD-1080p")


async def test_what_is_lacking_is_listed_slot_by_slot_however_few_titles_a_page_shows(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        held, missing, series = await shelf(house)
        uhd = (await house.read(slots_of, held))[0].quality_profile_id
        await house.write(placing.add_slot, held, name="4K", quality_profile_id=uhd, actor="ann")
        off = await house.write(
            placing.add_slot, missing, name="Off", quality_profile_id=uhd, monitored=False, actor="ann"
        )
        page = await house.read(wanting, house.clock.now(), RULES)
        assert {(w.item.id, w.slot.name, len(w.lacks)) for w in page.items} == {
            (held, "4K", 1),
            (missing, "default", 1),
            (series, "default", 3),
        }
        assert off not in {w.slot.id for w in page.items}
        below = await house.read(below_cutoff)
        seen, cursor, pages = list[str](), None, 0
        while pages == 0 or cursor is not None:
            part = await house.read(candidates, why=None, below_cutoff=below, cursor=cursor, limit=1)
            seen, cursor, pages = [*seen, *part.items], part.next, pages + 1
        assert (sorted(seen), pages >= 3) == (sorted((held, missing, series)), True)
        only = await house.read(candidates, why="cutoff_unmet", below_cutoff=below, kind="movie")
        assert missing not in only.items


async def test_a_round_plans_what_is_due_within_the_tokens_and_not_what_was_just_sought_in_vain(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        _, missing, series = await shelf(house)
        coming = await add_film(house, "Coming", 2027)
        now = house.clock.now()
        found = await house.read(plan_round, now, RULES, [Budget("one", 5)], 10)
        # A film asks one question; three episodes of a season ask for the season, and for each.
        assert {(s.title, s.cost) for s in found.plan.searches} <= {(missing, 1), (series, 4)}
        assert sum(s.cost for s in found.plan.searches) <= 5
        assert [row.target for row in found.not_yet] == [""]
        await house.write(downloads.looked, found.not_yet)
        (wish,) = await house.read(gather, missing, now, RULES)
        for fruitless in (1, 2):
            (wish,) = await house.read(gather, missing, now, RULES)
            await house.write(downloads.looked, after_search(wish, (), now))
            assert [w.fruitless for w in await house.read(looked_for, missing)] == [fruitless]
        again = await house.read(plan_round, now, RULES, [Budget("one")], 10)
        assert [s.title for s in again.plan.searches] == [series]
        assert again.not_yet == ()
        clock_of(house).advance(hours=13)
        later = await house.read(plan_round, house.clock.now(), RULES, [Budget("one")], 10)
        assert {s.title for s in later.plan.searches} == {missing, series}
        assert coming not in {s.title for s in later.plan.searches}


async def test_tokens_are_counted_by_day_and_by_who_asked(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        limits = {"few": 3, "any": 0}
        assert await house.write(downloads.spend, 2, limits, asked=False) == {"few", "any"}
        assert await house.write(downloads.spend, 2, limits, asked=False) == {"any"}
        assert await house.write(downloads.spend, 2, limits, asked=True) == {"few", "any"}
        assert await house.read(spent_on, "2026-01-31") == {"any": Spent(4, 2), "few": Spent(2, 2)}
        clock_of(house).advance(days=1)
        assert await house.write(downloads.spend, 3, {"few": 3}, asked=False) == {"few"}
        clock_of(house).advance(days=40)
        await house.write(downloads.spend, 1, {"few": 3}, asked=False)
        assert await house.read(spent_on, "2026-01-31") == {}


async def test_a_title_that_is_not_monitored_lacks_nothing(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        _, missing, series = await shelf(house)
        for item in (missing, series):
            await house.write(media.update_media, item, monitored=False)
        assert (await house.read(wanting, house.clock.now(), RULES)).items == ()
