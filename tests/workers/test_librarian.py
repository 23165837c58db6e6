"""Saying what a file is: by the titles that are known, by its NFO, by the provider; and saying why not, where nothing is sure."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pytest
import trio

from mydia import placing
from mydia.adapters import catalogue
from mydia.choosing.queries import list_profiles
from mydia.demo.fakes import FakeEpisode, FakeTitle, FakeTmdb, Reply, serve
from mydia.errors import Conflict, Invalid
from mydia.events import FileGone, MediaAdded
from mydia.house import House
from mydia.jobs import queries as jobs
from mydia.jobs.changes import retry_job
from mydia.library import changes as library
from mydia.library.model import FileFacts, FileView, Root, SeenFile
from mydia.library.queries import held_file, roots
from mydia.media import changes as media
from mydia.media import queries as titles
from mydia.messages import AddTitle, ProbeFile
from mydia.otp import Actor, ChildSpec, Supervisor
from mydia.ports import Probe
from tests.support.crew import (
    BOOT,
    add,
    crew,
    file_at,
    film,
    happened,
    kill,
    member,
    minute,
    over,
    probing,
    push,
    put,
    settle_in,
    show,
)
from tests.support.house import clock_of, open_house
from tests.support.waiting import eventually
from workers.librarian import Librarian

CHARADE = FakeTitle(4808, "movie", "Charade", 1963, runtime=113, imdb_id="tt0056923")
OLD_METROPOLIS = FakeTitle(19, "movie", "Metropolis", 1927)
NEW_METROPOLIS = FakeTitle(9606, "movie", "Metropolis", 2001)
STEP = FakeTitle(
    17404,
    "tv_show",
    "One Step Beyond",
    1959,
    episodes=tuple(FakeEpisode(1, n, f"Part {n}", f"1959-01-{n:02}") for n in (1, 2, 3)),
)


@dataclass
class Desk:
    house: House
    films: Root
    shows: Root
    tmdb: FakeTmdb
    crew: Supervisor

    async def found(self, root: Root, *names: str, content: Path | bytes | None = None) -> list[str]:
        """Lay files into a folder and say so, as a scan does: the ids of the jobs that identify them."""
        content = content if content is not None else minute("480p")
        await trio.to_thread.run_sync(put, Path(root.path), [(name, content) for name in names])
        seen = [SeenFile(n, *_look(Path(root.path, n))) for n in names]
        await self.house.write(library.files_seen, root.id, seen)
        listed = (await self.house.read(jobs.list_jobs, limit=200)).items
        by_file = {j.args["file_id"]: j.id for j in reversed(listed) if j.kind == "identify_file"}
        return [by_file[(await self.file(root, name)).id] for name in names]

    async def file(self, root: Root, name: str) -> FileView:
        file = await self.house.read(file_at, root.id, name)
        assert file is not None
        return file

    async def identified(self, root: Root, name: str, content: Path | bytes | None = None) -> FileView:
        (job,) = await self.found(root, name, content=content)
        await push(self.house, job)
        return await self.file(root, name)


def _look(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


@asynccontextmanager
async def desk(
    tmp_path: Path, known: Sequence[FakeTitle] = (), analyzer: type[Actor] | None = None
) -> AsyncIterator[Desk]:
    tmdb = FakeTmdb(known)
    folders = tmp_path / "films", tmp_path / "shows"
    for folder in folders:
        folder.mkdir()
    async with trio.open_nursery() as nursery:
        url = await nursery.start(serve, tmdb)
        config = {"metadata": {"tmdb": {"api_key": "k", "base_url": f"{url}/3", "image_url": f"{url}/t/p"}}}
        async with open_house(tmp_path / "data", config) as house:
            films, shows = await settle_in(house, (folders[0], "movie"), (folders[1], "tv_show"))
            provider = catalogue.metadata(house.config)
            probes: ChildSpec = probing(house) if analyzer is None else member(house, "analyzer", analyzer)
            librarian = member(house, "librarian", lambda: Librarian(house, provider, BOOT))
            async with crew(probes, librarian) as supervisor:
                yield Desk(house, films, shows, tmdb, supervisor)
        nursery.cancel_scope.cancel()


async def test_a_file_of_a_known_title_is_linked_without_asking_anybody(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        item = await add(here.house, film())
        file = await here.identified(here.films, "Charade (1963)/Charade.1963.480p.DVDRip.XviD-GRP.avi")
        assert (file.state, file.media_item_id, file.quality, file.held) == ("linked", item, "DVD", True)
        assert (file.resolution, file.audio_codec, file.audio_channels) == ("480p", "AAC", 1.0)
        assert here.tmdb.requests == []


async def test_where_its_name_says_no_quality_its_picture_does(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        await add(here.house, film())
        file = await here.identified(here.films, "Charade (1963)/Charade (1963).mkv", minute("1080p"))
        assert (file.state, file.quality) == ("linked", "HDTV-1080p")


async def test_a_file_of_no_known_title_is_sought_at_the_provider_and_its_title_added(tmp_path: Path) -> None:
    async with desk(tmp_path, [CHARADE]) as here:
        file = await here.identified(here.films, "Charade.1963.720p.WEB-DL-GRP.avi")
        item = await here.house.read(titles.get_media, file.media_item_id or "")
        assert (file.state, item.title, item.year, item.ids["tmdb"]) == ("linked", "Charade", 1963, "4808")


async def test_a_title_is_at_home_in_the_folder_where_its_file_was_found(tmp_path: Path) -> None:
    async with desk(tmp_path, [CHARADE]) as here:
        await here.house.write(library.ensure_roots, [(str(tmp_path / "more"), "movie")])
        more = next(r for r in await here.house.read(roots) if r.path.endswith("more"))
        file = await here.identified(more, "Charade.1963.DVDRip.avi")
        assert file.media_item_id is not None
        assert (await here.house.read(titles.get_media, file.media_item_id)).root_id == more.id


async def test_an_nfo_beside_the_file_names_its_title(tmp_path: Path) -> None:
    async with desk(tmp_path, [CHARADE]) as here:
        nfo = b"<movie><title>Charade</title><uniqueid type='imdb' default='true'>tt0056923</uniqueid></movie>"
        put(Path(here.films.path), [("x/abc.nfo", nfo)])
        file = await here.identified(here.films, "x/abc.avi")
        assert file.state == "linked"
        assert (await here.house.read(titles.get_media, file.media_item_id or "")).ids["tmdb"] == "4808"


async def test_a_name_that_fits_two_titles_is_given_to_neither(tmp_path: Path) -> None:
    async with desk(tmp_path, [OLD_METROPOLIS, NEW_METROPOLIS]) as here:
        file = await here.identified(here.films, "Metropolis.1080p.BluRay.avi")
        assert file.state == "unmatched"
        assert "fits both Metropolis" in (file.reason or "")


async def test_two_files_of_one_new_show_at_once_make_one_title(tmp_path: Path) -> None:
    async with desk(tmp_path, [STEP]) as here:
        names = [f"One Step Beyond/One.Step.Beyond.S01E{n:02}.avi" for n in (1, 2, 3)]
        for job in await here.found(here.shows, *names):
            await push(here.house, job)
        files = [await here.file(here.shows, name) for name in names]
        assert {f.state for f in files} == {"linked"}
        assert len({f.media_item_id for f in files}) == len(await here.house.read(happened, MediaAdded)) == 1
        assert len({f.episode_ids for f in files}) == 3


async def test_a_provider_that_is_down_postpones_and_nothing_is_said_of_the_file(tmp_path: Path) -> None:
    async with desk(tmp_path, [CHARADE]) as here:
        here.tmdb.planned.extend([Reply(503)] * 10)
        (job,) = await here.found(here.films, "Charade.1963.avi")
        waiting = await over(here.house, job)
        assert (waiting.state, waiting.attempt, waiting.snoozed) == ("scheduled", 0, 1)
        assert (await here.file(here.films, "Charade.1963.avi")).state == "new"
        here.tmdb.planned.clear()
        await push(here.house, job)
        assert (await here.file(here.films, "Charade.1963.avi")).state == "linked"


async def test_a_provider_that_refuses_the_key_is_the_reason(tmp_path: Path) -> None:
    async with desk(tmp_path, [CHARADE]) as here:
        here.tmdb.planned.extend([Reply(401, b"{}")] * 3)
        file = await here.identified(here.films, "Charade.1963.avi")
        assert file.state == "unmatched"
        assert "key" in (file.reason or "")


async def test_what_is_no_video_is_said_so_and_stays_where_it_is(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        file = await here.identified(here.films, "Charade.1963.mkv", b"MZ this is a program" * 100)
        assert (file.state, file.media_item_id) == ("invalid", None)
        assert file.reason
        assert await trio.Path(file.path).exists()


async def test_an_episode_that_is_not_known_yet_is_asked_for_once_metadata_is_old(tmp_path: Path) -> None:
    async with desk(tmp_path, [STEP]) as here:
        item = await add(here.house, replace(show(seasons=(1,)), ids={"tmdb": "17404"}))
        early = await here.identified(here.shows, "One.Step.Beyond.S01E02.avi")
        assert (early.state, early.reason) == ("unmatched", "One Step Beyond has no S01E02")
        clock_of(here.house).advance(days=1)
        late = await here.identified(here.shows, "One.Step.Beyond.S01E03.avi")
        assert (late.state, late.media_item_id) == ("linked", item)


async def test_a_title_that_is_added_takes_the_files_that_waited_for_it(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        file = await here.identified(here.films, "Charade.1963.avi")
        assert (file.state, file.reason) == ("unmatched", "No title fits its name")
        here.tmdb.titles.append(CHARADE)
        wish = AddTitle(kind="movie", provider="tmdb", id="4808")
        item = await here.house.mail["librarian"].ask(wish, timeout=60)
        for job in (await here.house.read(jobs.list_jobs)).items:
            if job.kind == "identify_file":
                await push(here.house, job.id)
        assert (await here.file(here.films, "Charade.1963.avi")).media_item_id == item


@pytest.mark.parametrize(("preset", "wanted"), [("existing", {2}), ("missing", {1, 3}), ("all", {1, 2, 3})])
async def test_a_show_that_is_added_for_what_is_there_or_for_what_is_not_knows_the_files_that_wait_for_it(
    tmp_path: Path, preset: str, wanted: set[int]
) -> None:
    async with desk(tmp_path) as here:
        await here.identified(here.shows, "One.Step.Beyond.S01E02.avi")
        here.tmdb.titles.append(STEP)
        wish = AddTitle(kind="tv_show", provider="tmdb", id="17404", preset=preset)
        item = await here.house.mail["librarian"].ask(wish, timeout=60)
        assert {e.number for e in await here.house.read(titles.episodes_of, item) if e.monitored} == wanted


async def test_a_refresh_wants_of_what_is_new_what_the_show_s_policy_says(tmp_path: Path) -> None:
    async with desk(tmp_path, [STEP]) as here:
        librarian, found = here.house.mail["librarian"], dict[str, str]()
        for policy in ("all", "none"):
            here.tmdb.titles[:] = [replace(STEP, id=STEP.id + len(found), title=f"Step {policy}")]
            wish = AddTitle("tv_show", "tmdb", str(here.tmdb.titles[0].id), preset="all", new_seasons=policy)
            found[policy] = await librarian.ask(wish, timeout=60)
            later = (*STEP.episodes, FakeEpisode(1, 4, "More", "1959-02-01"), FakeEpisode(2, 1, "New", "1960-01-01"))
            here.tmdb.titles[0] = replace(here.tmdb.titles[0], episodes=later)
            job = await here.house.write(media.request_refresh, found[policy], hurry=True)
            assert (await push(here.house, job)).state == "completed"
        codes = {
            p: [e.code for e in await here.house.read(titles.episodes_of, i) if e.monitored] for p, i in found.items()
        }
        old = ["S01E01", "S01E02", "S01E03", "S01E04"]
        assert codes == {"all": [*old, "S02E01"], "none": old}


async def test_a_film_that_is_added_with_its_collection_brings_the_others_of_it(tmp_path: Path) -> None:
    films = [replace(CHARADE, id=n, title=f"Part {n}", imdb_id=None, collection=(7, "Parts")) for n in (1, 2, 3)]
    async with desk(tmp_path, [*films, CHARADE]) as here:
        wish = AddTitle("movie", "tmdb", "2", preset="collection", search=True)
        item = await here.house.mail["librarian"].ask(wish, timeout=60)
        (job,) = [j for j in (await here.house.read(jobs.list_jobs)).items if j.args.get("what") == "collection"]
        assert (await push(here.house, job.id)).state == "completed"
        cards = (await here.house.read(titles.list_media)).items
        assert [(c.title, c.monitored) for c in cards] == [("Part 1", True), ("Part 2", True), ("Part 3", True)]
        searched = {j.media_item_id for j in (await here.house.read(jobs.list_jobs)).items if j.kind == "search_media"}
        assert searched == {c.id for c in cards}
        assert (await here.house.read(titles.get_media, item)).metadata["collection"] == "Parts"


async def test_a_file_that_is_found_goes_to_the_slot_that_it_fits(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        item = await add(here.house, film(), default_profile="HD-1080p")
        sd = next(p for p in await here.house.read(list_profiles) if p.name == "SD")
        await here.house.write(placing.add_slot, item, name="Small", quality_profile_id=sd.id, actor="ann")
        main, small = await here.house.read(titles.slots_of, item)
        await here.identified(here.films, "Charade.1963.DVDRip.avi")
        await here.identified(here.films, "Charade.1963.1080p.BluRay.mkv", minute("1080p"))

        async def held() -> dict[str, str | None]:
            files = {s.name: await here.house.read(held_file, s.id, "") for s in (main, small)}
            return {name: file.relative_path if file else None for name, file in files.items()}

        sharp, little = "Charade.1963.1080p.BluRay.mkv", "Charade.1963.DVDRip.avi"
        assert await held() == {"default": sharp, "Small": little}
        # Neither takes the other's place: not when it is looked at again, not when the other's own file goes.
        await here.house.write(lambda tx: tx.execute("update media_files set mtime_ns = 1"))
        await here.identified(here.films, little)
        assert await held() == {"default": sharp, "Small": little}
        await here.house.write(library.files_gone, {(await here.file(here.films, little)).id: little})
        assert await held() == {"default": sharp, "Small": None}


async def test_a_file_that_was_only_touched_or_was_away_stays_what_it_was_said_to_be(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        item, other = await add(here.house, film()), await add(here.house, film("Sintel", 2010))
        await here.identified(here.films, "holiday.avi")
        by_hand = await here.file(here.films, "holiday.avi")
        assert by_hand.state == "unmatched"
        await here.house.write(placing.identify_by_hand, by_hand.id, other, (), actor="ann")
        await here.identified(here.films, "Charade (1963).mkv", minute("1080p"))
        brought = await here.file(here.films, "Charade (1963).mkv")
        release = "Charade.1963.1080p.BluRay.x264-GRP"
        facts = FileFacts(
            quality="Bluray-1080p", scene_name=release, metadata={**brought.metadata, "flags": ["freeleech"]}
        )
        await here.house.write(library.link_file, brought.id, item, (), facts, claim_slot=None)

        for away in (False, True):
            if away:
                await here.house.write(library.files_gone, {f.id: f.relative_path for f in (by_hand, brought)})
            await here.house.write(lambda tx: tx.execute("update media_files set mtime_ns = 1"))
            again = await here.identified(here.films, "holiday.avi")
            assert (again.state, again.media_item_id, again.held) == ("linked", other, True)
            again = await here.identified(here.films, "Charade (1963).mkv", minute("1080p"))
            assert (again.state, again.quality, again.scene_name) == ("linked", "Bluray-1080p", release)
            assert (again.metadata["flags"], again.held) == (["freeleech"], True)

        another = await here.identified(here.films, "Charade (1963).mkv", minute("720p"))
        assert (another.quality, another.scene_name) == ("HDTV-720p", "Charade (1963).mkv")


async def test_d8_a_file_whose_whole_folder_is_not_there_is_not_gone(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        await here.house.write(
            library.files_seen, here.films.id, [SeenFile("a.avi", 1, 1, 1)]
        )  # its disk is unplugged now
        (job,) = [j for j in (await here.house.read(jobs.list_jobs)).items if j.kind == "identify_file"]
        assert (await over(here.house, job.id)).state == "scheduled"
        assert (await here.file(here.films, "a.avi")).state == "new"
        assert await here.house.read(happened, FileGone) == []


class Vanishing(Actor):
    """A probe during which the file is deleted."""

    async def handle(self, message: object) -> object:
        assert isinstance(message, ProbeFile)
        await trio.Path(message.path).unlink()
        raise Invalid("There is no such file any more")


async def test_a_file_that_vanishes_while_it_is_probed_is_missing_and_not_broken(tmp_path: Path) -> None:
    async with desk(tmp_path, analyzer=Vanishing) as here:
        put(Path(here.films.path), [("other.txt", b"x")])
        file = await here.identified(here.films, "Charade.1963.avi")
        assert file.state == "missing"


async def test_a_file_that_grows_while_it_is_probed_is_what_it_has_become(tmp_path: Path) -> None:
    probed: list[str] = []

    class Growing(Actor):
        """A probe during which the file grows, and is seen to."""

        async def handle(self, message: object) -> object:
            probed.append("480p" if not probed else "1080p")
            seen = probed[-1]
            if len(probed) == 1:
                await here.found(here.films, "Charade.1963.avi", content=b"more of it")
            return asdict(Probe("avi", 10, 60.0, 640, 480, seen, "h264", 8, (), 100, (), ()))

    async with desk(tmp_path, analyzer=Growing) as here:
        item = await add(here.house, film())
        await here.found(here.films, "Charade.1963.avi", content=b"some")

        async def known() -> bool:
            return (await here.file(here.films, "Charade.1963.avi")).state == "linked"

        await eventually(known)
        file = await here.file(here.films, "Charade.1963.avi")
        assert (file.media_item_id, file.size, file.resolution, probed) == (item, 10, "1080p", ["480p", "1080p"])


class Dying(Actor):
    """A probe that every file kills."""

    async def handle(self, message: object) -> object:
        raise RuntimeError("the probe dies")


async def test_a_file_that_the_probe_dies_of_again_and_again_is_taken_for_broken(tmp_path: Path) -> None:
    async with desk(tmp_path, analyzer=Dying) as here:
        file = await here.identified(here.films, "Charade.1963.avi")
        assert (file.state, file.reason) == (
            "invalid",
            "The media probe died on it 3 times, so it is taken for damaged",
        )


async def test_a_probe_that_does_not_run_is_not_the_fault_of_a_file(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        await add(here.house, film())
        await here.crew.stop_child("analyzer")
        (job,) = await here.found(here.films, "Charade.1963.avi")
        while (tried := await over(here.house, job)).attempt < 4:
            with suppress(Conflict):  # its own turn has come since
                await here.house.write(retry_job, job)
        assert tried.state == "retryable"
        await here.crew.restart_child("analyzer")
        await push(here.house, job)
        assert (await here.file(here.films, "Charade.1963.avi")).state == "linked"


async def test_a_librarian_that_crashes_is_brought_back_and_identifies_everything(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        await add(here.house, show(seasons=(9,)))
        names = [f"One.Step.Beyond.S01E{n:02}.avi" for n in range(1, 10)]
        waiting = await here.found(here.shows, *names)
        for _ in range(3):
            await kill(here.crew, "librarian")
        for job in waiting:
            await push(here.house, job)
        assert {(await here.file(here.shows, n)).state for n in names} == {"linked"}


async def test_what_an_import_brought_is_not_identified_again(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        item = await add(here.house, film())
        file = await here.identified(here.films, "Charade.1963.avi")
        await here.house.write(media.update_media, item, title="Renamed")
        job = await here.house.write(lambda tx: tx.enqueue("identify_file", {"file_id": file.id}))
        assert (await push(here.house, job)).state == "completed"
        assert await here.file(here.films, "Charade.1963.avi") == file
