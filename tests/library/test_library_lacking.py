"""Whether a title lacks something stands beside it, true after whatever changes it or its files."""

from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from mydia.choosing.queries import list_profiles
from mydia.core.wanted import Preset
from mydia.errors import MydiaError
from mydia.house import House
from mydia.lacking import lacks
from mydia.library import changes as library
from mydia.library import queries as files
from mydia.library import renames
from mydia.library.model import FileFacts, SeenFile
from mydia.library.trash import file_trashed, intend_trash
from mydia.media import changes as media
from mydia.media import queries, slots
from mydia.store.engine import Connection
from tests.support.crew import add, file_at, film, settle_in, show
from tests.support.house import open_house

QUALITIES = ("SDTV", "DVD", "WEBDL-720p", "Bluray-1080p")
STEPS = 80


def untrue(conn: Connection) -> list[str]:
    """The titles beside which something else stands than their rows say."""
    sql = f"select title from media_items m where lacking <> case when {lacks()} then 1 else 0 end order by title"  # noqa: S608 - our own words
    wrong = [row["title"] for row in conn.all(sql)]
    held = """select distinct m.title, s.quality_profile_id, coalesce(f.quality, 'Unknown') from media_items m
        join slots s on s.media_item_id = m.id join held_files h on h.slot_id = s.id join media_files f on f.id = h.file_id
        left join episodes e on e.id = h.target where m.monitored = 1 and s.monitored = 1 and coalesce(e.monitored, 1) = 1"""
    known = "select m.title, q.quality_profile_id, q.quality from held_qualities q join media_items m on m.id = q.media_item_id"
    differences = set(map(tuple, conn.rows(held))) ^ set(map(tuple, conn.rows(known)))
    first = """select m.title, m.lacks_from, min(coalesce(e.air_date, '9999-12-31')) as first from media_items m
        join slots s on s.media_item_id = m.id join episodes e on e.media_item_id = m.id and e.monitored = 1
        where m.lacking = 1 and not exists (select 1 from held_files h where h.slot_id = s.id and h.target = e.id)
        group by m.id, m.title, m.lacks_from order by m.title"""
    wrong += [row["title"] for row in conn.all(first) if row["lacks_from"] != row["first"]]
    return wrong + sorted(title for title, _, _ in differences)


class Life:
    """What may happen to titles and files, each step by chance."""

    def __init__(self, house: House, chance: Random, root: str, profiles: list[str]) -> None:
        self.house, self.chance, self.root, self.profiles = house, chance, root, profiles
        self.titles: list[str] = []
        self.named = 0

    async def step(self) -> str:
        deeds = (
            self.add, self.link, self.link, self.link, self.link, self.gone, self.unmatched, self.trashed, self.renamed, self.watch,
            self.watch_season, self.watch_episode, self.preset, self.refresh, self.add_slot, self.drop_slot, self.change_slot, self.hold,
            self.change_profile, self.delete,
        )  # fmt: skip
        deed = self.chance.choice(deeds) if self.titles else self.add
        with suppress(MydiaError):  # refused, which changes nothing
            await deed()
        return deed.__name__

    def title(self) -> str:
        return self.chance.choice(self.titles)

    async def file(self) -> str | None:
        found = (await self.house.read(files.list_files, limit=200)).items
        return self.chance.choice([f.id for f in found]) if found else None

    async def seen(self) -> str:
        self.named += 1
        path = f"{self.named}.mkv"
        await self.house.write(library.files_seen, self.root, [SeenFile(path, 10, 1, 1)])
        file = await self.house.read(file_at, self.root, path)
        assert file is not None
        return file.id

    async def add(self) -> None:
        self.named += 1
        made = film(f"Film {self.named}") if self.chance.random() < 0.5 else show(f"Show {self.named}", seasons=(2, 2))
        self.titles.append(await add(self.house, made, monitored=self.chance.random() < 0.8))

    async def link(self) -> None:
        item = self.title()
        episodes = await self.house.read(queries.episodes_of, item)
        file = await self.seen()
        ids = [e.id for e in self.chance.sample(episodes, k=self.chance.randint(1, 3))] if episodes else []
        slot = self.chance.choice(await self.house.read(queries.slots_of, item))
        claim = slot.id if self.chance.random() < 0.4 else None
        facts = FileFacts(quality=self.chance.choice(QUALITIES))
        await self.house.write(library.link_file, file, item, ids, facts, claim_slot=claim)

    async def gone(self) -> None:
        if (file := await self.file()) is not None:
            path = (await self.house.read(files.get_file, file)).relative_path
            await self.house.write(library.files_gone, {file: path})

    async def unmatched(self) -> None:
        if (file := await self.file()) is not None:
            await self.house.write(library.file_unmatched, file, "nothing fits")

    async def trashed(self) -> None:
        if (file := await self.file()) is not None:
            trash = await self.house.write(intend_trash, file, reason="a test", actor="test")
            await self.house.write(file_trashed, trash, "there")

    async def renamed(self) -> None:
        """To a name under which a scan has seen it meanwhile, as a file of its own."""
        if (file := await self.file()) is None:
            return
        known = await self.house.read(files.get_file, file)
        if known.state == "linked" and known.media_item_id is not None:
            twin = await self.seen()
            path = f"{self.named}.mkv"
            facts = FileFacts(quality=self.chance.choice(QUALITIES))
            await self.house.write(library.link_file, twin, known.media_item_id, known.episode_ids, facts)
            wanted = [(file, known.relative_path, path)]
            await self.house.write(renames.intend_renames, f"batch {self.named}", wanted, actor="test")
            sql = "select id from renames where state = 'intent'"
            await self.house.write(renames.renamed, await self.house.read(lambda conn: conn.value(sql)), ())

    async def watch(self) -> None:
        await self.house.write(media.update_media, self.title(), monitored=self.chance.random() < 0.5)

    async def watch_season(self) -> None:
        await self.house.write(media.set_season_monitored, self.title(), 1, self.chance.random() < 0.5)

    async def watch_episode(self) -> None:
        if episodes := await self.house.read(queries.episodes_of, self.title()):
            await self.house.write(
                media.set_episode_monitored, self.chance.choice(episodes).id, self.chance.random() < 0.5
            )

    async def preset(self) -> None:
        item = self.title()
        kind = (await self.house.read(queries.get_media, item)).type
        presets: tuple[Preset, ...] = (
            ("movie", "none") if kind == "movie" else ("all", "missing", "existing", "pilot", "none")
        )
        await self.house.write(media.monitor_by, item, self.chance.choice(presets))

    async def refresh(self) -> None:
        item = await self.house.read(queries.get_media, self.title())
        if item.type == "tv_show":
            await self.house.write(media.refresh, item.id, show(item.title, seasons=(2, self.chance.randint(2, 4))))

    async def add_slot(self) -> None:
        self.named += 1
        profile = self.chance.choice(self.profiles)
        await self.house.write(
            slots.add_slot, self.title(), name=f"slot {self.named}", quality_profile_id=profile, actor="test"
        )

    async def drop_slot(self) -> None:
        item = self.title()
        slot = self.chance.choice(await self.house.read(queries.slots_of, item))
        await self.house.write(slots.remove_slot, item, slot.id, actor="test")

    async def change_slot(self) -> None:
        item = self.title()
        slot = self.chance.choice(await self.house.read(queries.slots_of, item))
        profile, monitored = self.chance.choice(self.profiles), self.chance.random() < 0.5
        await self.house.write(
            slots.update_slot, item, slot.id, quality_profile_id=profile, monitored=monitored, actor="test"
        )

    async def change_profile(self) -> None:
        await self.house.write(media.update_media, self.title(), quality_profile_id=self.chance.choice(self.profiles))

    async def hold(self) -> None:
        item = self.title()
        found = await self.house.read(files.files_of, item)
        every = [s.id for s in await self.house.read(queries.slots_of, item)]
        for file in found:
            for target in file.episode_ids or ("",):
                await self.house.write(library.hold_where_nothing_is, file.id, target, every)

    async def delete(self) -> None:
        if self.chance.random() < 0.3:
            item = self.title()
            await self.house.write(media.delete_media, item)
            self.titles.remove(item)


@pytest.mark.parametrize("seed", range(3))
async def test_what_lacks_something_and_what_is_held_is_known_after_every_change(tmp_path: Path, seed: int) -> None:
    async with open_house(tmp_path) as house:
        (films, _) = await settle_in(house, (tmp_path / "films", "movie"), (tmp_path / "shows", "tv_show"))
        profiles = [profile.id for profile in await house.read(list_profiles)]
        life, happened = Life(house, Random(seed), films.id, profiles), list[str]()  # noqa: S311 - chance, not secrets
        for _ in range(STEPS):
            happened.append(await life.step())
            assert await house.read(untrue) == [], happened
        both = {row["lacking"] for row in await house.read(lambda conn: conn.all("select lacking from media_items"))}
        assert both == {0, 1}  # neither answer would always do
