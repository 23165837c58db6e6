"""Searching: everybody is asked, one that fails holds up nobody, every verdict is kept, and nothing is grabbed twice."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import trio

from mydia.downloads import changes, queries
from mydia.downloads.model import Looked, SearchView, Spent
from mydia.errors import MydiaError, Unavailable
from mydia.events import Grabbed
from mydia.house import House
from mydia.jobs import queries as jobs
from mydia.jobs.model import Job
from mydia.library import changes as library
from mydia.library.model import FileFacts, SeenFile
from mydia.library.queries import roots
from mydia.media import changes as media
from mydia.media.queries import episodes_of
from mydia.otp import Supervisor
from mydia.ports import FoundRelease, IndexerQuery, Payload
from mydia.store.transaction import Transaction
from mydia.wishes import after_search, gather, next_searches
from tests.support.crew import BOOT, CLIMBING, add, crew, film, happened, kill, member, over, push, run, settle_in, show
from tests.support.house import clock_of, open_house
from workers.searcher import Searcher

HD = "Charade.1963.1080p.BluRay.x264-GRP"
GB = 1 << 30


@dataclass
class Listing:
    """A fake indexer that answers every question with its list, or refuses."""

    name: str
    titles: Sequence[str] = ()
    refusal: MydiaError | None = None
    asked: list[IndexerQuery] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def capabilities(self) -> Mapping[str, Any]:
        return {}

    async def search(self, query: IndexerQuery) -> Sequence[FoundRelease]:
        self.asked.append(query)
        if self.refusal is not None:
            raise self.refusal
        if self.meanwhile is not None:
            await self.meanwhile()
        return [
            FoundRelease(
                t, t, self.name, "torrent", f"http://x/{t}?apikey=CANARY", size=GB, seeders=9, infohash=f"{n:040}"
            )
            for n, t in enumerate(self.titles)
        ]

    async def recent(self) -> Sequence[FoundRelease]:
        return ()

    async def fetch(self, release: FoundRelease) -> Payload:
        raise Unavailable("not here")


@dataclass
class Hunt:
    house: House
    crew: Supervisor

    async def search(self, item: str, **args: Any) -> Job:
        return await run(self.house, "search_media", media_item_id=item, **args)

    async def last(self, item: str) -> SearchView:
        return (await self.house.read(queries.searches_of, item))[0]

    async def grabs(self) -> list[str]:
        return [e["release"] for e in await self.house.read(happened, Grabbed)]

    async def hold(self, item: str, name: str, quality: str, episodes: Sequence[str] = ()) -> None:
        """A file of that quality in the library."""
        root = (await self.house.read(roots))[0]

        def put(tx: Transaction) -> None:
            library.files_seen(tx, root.id, [SeenFile(name, GB, 1, 1)])
            file = tx.value("select id from media_files where relative_path = :p", p=name)
            library.link_file(tx, file, item, episodes, FileFacts(quality=quality))

        await self.house.write(put)


@asynccontextmanager
async def hunt(tmp_path: Path, *indexers: Listing, config: Mapping[str, Any] | None = None) -> AsyncIterator[Hunt]:
    async with open_house(tmp_path, config or {"downloads": {"rules": {"min_free_gb": 0}}}) as house:
        await settle_in(house, (tmp_path, "movie"), (tmp_path / "tv", "tv_show"))
        make = lambda: Searcher(house, indexers, frozenset({"torrent"}), BOOT)  # noqa: E731
        async with crew(member(house, "searcher", make)) as supervisor:
            yield Hunt(house, supervisor)


async def test_all_indexers_are_asked_and_the_best_of_all_is_grabbed(tmp_path: Path) -> None:
    one, two = Listing("one", [HD.replace("1080p", "720p")]), Listing("two", [HD])
    async with hunt(tmp_path, one, two) as here:
        item = await add(here.house, film())
        assert (await here.search(item)).state == "completed"
        search = await here.last(item)
        assert (search.found, search.chosen, search.mode) == (2, HD, "search")
        assert next((c.title, c.indexer, c.chosen) for c in search.candidates) == (HD, "two", True)
        (download,) = await here.house.read(queries.with_status, ["pending"])
        assert (download.title, download.indexer, download.quality, download.targets) == (
            HD,
            "two",
            "Bluray-1080p",
            ("",),
        )


async def test_what_is_said_of_a_film_while_the_indexers_are_asked_counts(tmp_path: Path) -> None:
    slow = Listing("one", [HD])
    async with hunt(tmp_path, slow) as here:
        item = await add(here.house, film())
        slow.meanwhile = partial(here.house.write, media.update_media, item, monitored=False)
        await here.search(item)
        assert (await here.last(item)).summary == "It is wanted no more"
        await here.house.write(media.update_media, item, monitored=True)
        slow.meanwhile = partial(here.hold, item, "Charade.avi", "DVD")
        await here.search(item)
        assert (await here.last(item)).summary == "It came into the library meanwhile"
        assert await here.grabs() == []
        slow.meanwhile = None
        await here.search(item)
        assert await here.grabs() == [HD]


async def test_what_is_said_of_episodes_while_the_indexers_are_asked_counts(tmp_path: Path) -> None:
    pack, single = "One.Step.Beyond.S01.1080p.WEB-DL-X", "One.Step.Beyond.S01E02.1080p.WEB-DL-X"
    slow = Listing("one", [single])
    async with hunt(tmp_path, slow) as here:
        item = await add(here.house, show(seasons=(3,)))
        _, two, three = await here.house.read(episodes_of, item)
        slow.meanwhile = partial(here.house.write, media.set_episode_monitored, two.id, False)
        await here.search(item)
        assert (await here.last(item)).summary == "It is wanted no more"
        await here.house.write(media.set_episode_monitored, two.id, True)
        # Of a season that came but for one of its episodes, the pack is still worth having.
        slow.titles, slow.meanwhile = [pack], partial(here.hold, item, "3.avi", "DVD", [three.id])
        await here.search(item)
        assert await here.grabs() == [pack]


async def test_every_refusal_is_kept_with_its_reason_and_no_key_reaches_a_page(tmp_path: Path) -> None:
    decoys = ["Charade.2002.1080p.BluRay-X", "Sharade.1963.1080p.BluRay-X", "Charade.1963.HDCAM-X"]
    async with hunt(tmp_path, Listing("one", [*decoys, HD])) as here:
        item = await add(here.house, film())
        await here.search(item)
        search = await here.last(item)
        refused = {c.title: [r["reason"] for r in c.rejections] for c in search.candidates if not c.accepted}
        assert set(refused) >= set(decoys[:2])
        assert all(reasons and all(reasons) for reasons in refused.values())
        assert "CANARY" not in repr(search)
        (download,) = await here.house.read(queries.with_status, ["pending"])
        assert "CANARY" in (download.download_url or "")


async def test_an_indexer_that_fails_is_written_down_and_the_others_are_used(tmp_path: Path) -> None:
    broken = Listing("broken", refusal=Unavailable("broken is down"))
    async with hunt(tmp_path, broken, Listing("good", [HD])) as here:
        item = await add(here.house, film())
        assert (await here.search(item)).state == "completed"
        search = await here.last(item)
        assert [(i["name"], i["found"], i["error"]) for i in search.indexers] == [
            ("broken", 0, "broken is down"),
            ("good", 1, None),
        ]
        assert await here.grabs() == [HD]


async def test_an_indexer_that_keeps_failing_is_left_alone_for_a_while(tmp_path: Path) -> None:
    broken = Listing("broken", refusal=Unavailable("broken is down"))
    async with hunt(tmp_path, broken, Listing("good", [])) as here:
        item = await add(here.house, film())
        for _ in range(3):
            await here.search(item)
        assert len(broken.asked) == 2  # the first failure costs nothing, the second a minute
        assert "left alone until" in (await here.last(item)).indexers[1]["error"]
        clock_of(here.house).advance(61)
        broken.refusal = None
        await here.search(item)
        (status,) = [s for s in await here.house.read(queries.provider_statuses) if s.name == "broken"]
        assert (len(broken.asked), status.failures) == (3, 0)


async def test_where_no_indexer_answers_the_search_is_postponed_and_told_once(tmp_path: Path) -> None:
    broken = Listing("broken", refusal=Unavailable("broken is down", retry_after=600))
    async with hunt(tmp_path, broken) as here:
        item = await add(here.house, film())
        job = await here.search(item)
        assert (job.state, job.snoozed) == ("scheduled", 1)
        assert "No indexer answered: broken: broken is down" in job.errors[0].error
        await here.house.write(
            lambda tx: tx.execute("update jobs set state = 'available', scheduled_at = :n", n=tx.now)
        )
        here.house.mail["searcher"].ring()
        assert (await over(here.house, job.id)).state == "scheduled"
        assert len(await here.house.read(queries.searches_of, item)) == 1


async def test_d20_two_hundred_searches_at_once_are_one_grab(tmp_path: Path) -> None:
    async with hunt(tmp_path, Listing("one", [HD])) as here:
        item = await add(here.house, film())
        (wish,) = await here.house.read(gather, item, clock_of(here.house).now(), here.house.config.downloads.rules)
        searcher = Searcher(here.house, [Listing("one", [HD])], frozenset({"torrent"}), "other")

        async def search() -> None:
            # All of them have gathered the same wish before any of them grabs.
            await searcher._search(wish, "search", clock_of(here.house).now(), again=False)

        async with trio.open_nursery() as nursery:
            for _ in range(200):
                nursery.start_soon(search)
        assert await here.grabs() == [HD]
        summaries = {s.summary for s in await here.house.read(queries.searches_of, item, limit=300)}
        assert f"{HD} is being downloaded for it already." in summaries


async def test_while_something_is_being_downloaded_its_equal_is_refused(tmp_path: Path) -> None:
    async with hunt(tmp_path, Listing("one", [HD, HD.replace("GRP", "TWO")])) as here:
        item = await add(here.house, film())
        await here.search(item)
        await here.search(item, mode="user")
        search = await here.last(item)
        assert (len(await here.grabs()), search.chosen) == (1, None)
        assert all("is being downloaded" in r["reason"] for c in search.candidates for r in c.rejections)


async def test_a_download_that_failed_is_never_taken_again_and_the_next_best_is(tmp_path: Path) -> None:
    second = HD.replace("1080p", "720p")
    async with hunt(tmp_path, Listing("one", [second, HD])) as here:
        item = await add(here.house, film())
        await here.search(item)
        (download,) = await here.house.read(queries.with_status, ["pending"])
        await here.house.write(changes.failed, download.id, "it is broken")
        (again,) = [
            j for j in (await here.house.read(jobs.list_jobs, state="scheduled")).items if j.kind == "search_media"
        ]
        await push(here.house, again.id)
        assert await here.grabs() == [HD, second]
        refused = next(c for c in (await here.last(item)).candidates if c.title == HD)
        assert [r["rule"] for r in refused.rejections] == ["blocklisted"]


async def test_a_season_pack_is_taken_before_its_single_episodes_and_never_beside_them(tmp_path: Path) -> None:
    single = [f"One.Step.Beyond.S01E{n:02}.1080p.BluRay.x264-GRP" for n in (1, 2, 3)]
    pack = "One.Step.Beyond.S01.1080p.BluRay.x264-GRP"
    async with hunt(tmp_path, Listing("one", [*single, pack])) as here:
        item = await add(here.house, show())
        await here.search(item)
        assert await here.grabs() == [pack]
        (download,) = await here.house.read(queries.with_status, ["pending"])
        assert len(download.targets) == 3


async def test_single_episodes_together_fill_what_is_missing(tmp_path: Path) -> None:
    single = [f"One.Step.Beyond.S01E{n:02}.1080p.BluRay.x264-GRP" for n in (1, 2, 3)]
    async with hunt(tmp_path, Listing("one", [*single, single[0].replace("1080p", "720p")])) as here:
        item = await add(here.house, show())
        first = (await here.house.read(episodes_of, item))[0]
        await here.hold(item, "held.mkv", "Bluray-1080p", [first.id])
        await here.search(item)
        assert sorted(await here.grabs()) == single[1:]


async def test_what_is_held_below_its_cutoff_is_searched_and_a_better_release_grabbed(tmp_path: Path) -> None:
    async with hunt(tmp_path, Listing("one", [HD])) as here:
        item = await add(here.house, film())
        await here.hold(item, "charade.avi", "DVD")
        await run(here.house, "search_missing")
        (job,) = [j for j in (await here.house.read(jobs.list_jobs)).items if j.kind == "search_media"]
        assert (await over(here.house, job.id)).state == "completed"
        assert await here.grabs() == [HD]


async def test_time_searches_what_lacks_something_the_longest_unsearched_first_and_not_again_at_once(
    tmp_path: Path,
) -> None:
    async with hunt(tmp_path) as here:
        now, rules = clock_of(here.house).now, here.house.config.downloads.rules
        missing = await add(here.house, film("Missing", 1950))
        better = await add(here.house, film("Better", 1951))
        done = await add(here.house, film("Done", 1952))
        off = await add(here.house, film("Off", 1953), monitored=False)
        await here.hold(better, "b.avi", "DVD")
        await here.hold(done, "d.mkv", "Bluray-1080p")

        async def in_vain(item: str) -> None:
            (wish,) = await here.house.read(gather, item, now(), rules)
            await here.house.write(changes.looked, after_search(wish, (), now()))
            await here.house.write(media.searched, item)

        assert off not in await here.house.read(next_searches, now(), 10)
        assert set(await here.house.read(next_searches, now(), 10)) == {missing, better}
        await in_vain(missing)
        assert await here.house.read(next_searches, now(), 10) == (better,)
        clock_of(here.house).advance(hours=7)
        assert await here.house.read(next_searches, now(), 10) == (better, missing)
        await in_vain(better)
        clock_of(here.house).advance(hours=7)
        assert await here.house.read(next_searches, now(), 10) == (missing,)
        await in_vain(missing)  # the second time in a row, so that it waits twice as long
        clock_of(here.house).advance(hours=7)
        assert missing not in await here.house.read(next_searches, now(), 10)
        clock_of(here.house).advance(hours=6)
        assert missing in await here.house.read(next_searches, now(), 10)


async def test_a_title_that_is_not_out_yet_does_not_hold_up_the_others_and_is_looked_at_again(tmp_path: Path) -> None:
    async with hunt(tmp_path, Listing("one", [])) as here:
        coming = await add(here.house, film("Coming", 2027, status="In Production"))
        job = await run(here.house, "search_missing", limit=1)
        assert job.state == "completed"
        assert await here.house.read(queries.searches_of, coming) == ()
        assert await here.house.read(next_searches, clock_of(here.house).now(), 9) == ()
        clock_of(here.house).advance(days=8)
        assert await here.house.read(next_searches, clock_of(here.house).now(), 9) == (coming,)


# -- the indexers' tokens of a day


def limited(**per_day: int) -> dict[str, Any]:
    indexers = [
        {"type": "torznab", "name": name, "url": "http://127.0.0.1:1", "searches_per_day": n}
        for name, n in per_day.items()
    ]
    return {"downloads": {"rules": {"min_free_gb": 0}, "indexers": indexers}}


async def settled(here: Hunt) -> list[Job]:
    """The searches for titles, once each has had its turn."""
    clock_of(here.house).advance(minutes=10)
    found = [j for j in (await here.house.read(jobs.list_jobs)).items if j.kind == "search_media"]
    return [await push(here.house, j.id) for j in found]


async def test_a_round_makes_as_many_searches_as_the_indexer_has_tokens_the_oldest_first(tmp_path: Path) -> None:
    one = Listing("one", [])
    async with hunt(tmp_path, one, config=limited(one=2)) as here:
        first, second, third = [await add(here.house, film(f"Film {n}", 1950 + n)) for n in range(3)]
        (wish,) = await here.house.read(gather, first, clock_of(here.house).now(), here.house.config.downloads.rules)
        january = "2026-01-01T00:00:00.000000Z"
        await here.house.write(changes.looked, [Looked(wish.slot.id, "", january, 1, january)])
        await run(here.house, "search_missing")
        assert {j.media_item_id for j in await settled(here)} == {second, third}
        assert len(one.asked) == 2
        await run(here.house, "search_missing")
        assert len(await settled(here)) == 2

        clock_of(here.house).set(datetime(2026, 2, 1, 0, 0, 1, tzinfo=UTC))
        await run(here.house, "search_missing")
        assert {j.media_item_id for j in await settled(here)} == {first, second, third}


async def test_a_search_of_the_house_s_own_accord_waits_for_tomorrow_where_no_token_is_left(tmp_path: Path) -> None:
    one = Listing("one", [])
    async with hunt(tmp_path, one, config=limited(one=1)) as here:
        item, other = await add(here.house, film()), await add(here.house, film("Sintel", 2010))
        assert (await here.search(item)).state == "completed"
        waits = await here.search(other)
        assert (waits.state, waits.scheduled_at[:10], len(one.asked)) == ("scheduled", "2026-02-01", 1)
        assert waits.errors[0].error == "It waits for tomorrow: one: its 1 searches of today are used"
        assert await here.house.read(queries.searches_of, other) == ()


async def test_what_a_person_asks_for_is_never_refused_and_counts(tmp_path: Path) -> None:
    one = Listing("one", [])
    async with hunt(tmp_path, one, config=limited(one=1)) as here:
        item = await add(here.house, film())
        for _ in range(3):
            assert (await here.search(item, mode="user")).state == "completed"
        assert len(one.asked) == 3
        assert await here.house.read(queries.spent_on, "2026-01-31") == {"one": Spent(automated=0, asked=3)}
        assert (await here.search(item)).state == "scheduled"


async def test_an_indexer_without_tokens_is_left_out_and_the_search_says_so(tmp_path: Path) -> None:
    few, many = Listing("few", []), Listing("many", [HD])
    async with hunt(tmp_path, few, many, config=limited(few=1, many=0)) as here:
        item, other = await add(here.house, film()), await add(here.house, film("Sintel", 2010))
        await here.search(other)
        await here.search(item)
        assert (len(few.asked), len(many.asked)) == (1, 2)
        told = {i["name"]: i["error"] for i in (await here.last(item)).indexers}
        assert told == {"many": None, "few": "its 1 searches of today are used"}
        assert await here.grabs() == [HD]


async def test_a_restart_gives_no_new_tokens(tmp_path: Path) -> None:
    for number in range(2):
        one = Listing("one", [])
        async with hunt(tmp_path, one, config=limited(one=1)) as here:
            item = await add(here.house, film(f"Film {number}", 1950))
            await here.search(item)
            assert len(one.asked) == 1 - number


async def test_a_film_without_any_date_is_out_when_its_provider_or_its_year_says_so(tmp_path: Path) -> None:
    async with hunt(tmp_path) as here:
        now, rules = clock_of(here.house).now(), here.house.config.downloads.rules
        cases = {
            ("Released", 2026): True,
            (None, 1927): True,
            (None, 2027): False,
            (None, None): False,
            ("Planned", 2026): False,
        }
        for n, ((status, year), wanted) in enumerate(cases.items()):
            item = await add(here.house, replace(film(f"Film {n}", year), status=status))
            (wish,) = await here.house.read(gather, item, now, rules)
            assert bool(wish.wanted) is wanted, (status, year)


async def test_a_person_may_search_for_what_is_not_monitored_and_is_told_when_there_is_nothing_to_search(
    tmp_path: Path,
) -> None:
    async with hunt(tmp_path, Listing("one", [HD])) as here:
        item = await add(here.house, film(), monitored=False)
        await here.search(item)
        assert await here.grabs() == []
        await here.search(item, mode="user")
        assert await here.grabs() == [HD]
        held = await add(here.house, film("Sintel", 2010))
        await here.hold(held, "s.mkv", "Bluray-1080p")
        await here.house.write(
            lambda tx: tx.execute("update quality_profiles set upgrades_allowed = 0 where name = :n", n=CLIMBING)
        )
        await here.search(held, mode="user")
        assert (await here.last(held)).summary == "Not searched: What is held meets its profile's cutoff"


async def test_a_searcher_that_crashes_is_brought_back_and_searches(tmp_path: Path) -> None:
    async with hunt(tmp_path, Listing("one", [HD])) as here:
        item = await add(here.house, film())
        job = await here.house.write(media.request_search, item)
        for _ in range(3):
            await kill(here.crew, "searcher")
        assert (await over(here.house, job)).state == "completed"
        assert await here.grabs() == [HD]


async def test_a_person_who_looks_for_themselves_is_shown_all_there_is_and_nothing_is_grabbed(tmp_path: Path) -> None:
    async with hunt(tmp_path, Listing("one", [HD])) as here:
        item = await add(here.house, film())
        await here.hold(item, "Charade.mkv", "Remux-2160p")
        await here.search(item, mode="user", look=True)
        search = await here.last(item)
        assert (search.found, search.chosen, await here.grabs()) == (1, None, [])
        assert search.summary == "1 found to choose from, 0 of them acceptable"
        await here.house.write(changes.grab_candidate, search.id, 0, actor="a person")
        assert await here.grabs() == [HD]


async def test_a_search_for_one_season_or_episode_asks_for_that_alone(tmp_path: Path) -> None:
    one = Listing("one", [])
    async with hunt(tmp_path, one) as here:
        item = await add(here.house, show())
        await here.search(item, mode="user", season=1, episode=2)
        assert {(q.season, q.episode) for q in one.asked} == {(1, 2)}
        one.asked.clear()
        await here.search(item, mode="user", season=1)
        assert {q.season for q in one.asked} == {1}
        assert (await here.last(item)).targets == tuple(
            f"S01E{e.number:02}" for e in await here.house.read(episodes_of, item) if e.season == 1
        )
