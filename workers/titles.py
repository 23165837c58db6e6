"""The librarian's titles: sought at the metadata provider, brought into the library, kept up to date. A part of the librarian."""

from collections.abc import Sequence
from datetime import timedelta
from typing import cast

import trio

from mydia import placing
from mydia.adapters.disk.pictures import keep_picture
from mydia.core.identify import Numbered, believed, called_so, numbers_named
from mydia.core.release import Candidate, Release, match
from mydia.core.titles import title_key
from mydia.core.wanted import Preset
from mydia.errors import Invalid
from mydia.house import House
from mydia.jobs.model import Discard, Job
from mydia.library import queries as files
from mydia.library.model import Root
from mydia.media import changes as media
from mydia.media import queries as titles
from mydia.media.model import MediaItem
from mydia.messages import AddTitle, FindTitles
from mydia.ports import MediaDetails, MediaKind, MetadataMatch, MetadataProvider
from mydia.store.transaction import parse_time

STALE = timedelta(hours=6)
"""How old metadata is asked again, where a file is of an episode that it does not know."""
HITS = 20
"""Of a provider's answer, the first; what it puts behind them is not meant."""
PORTION = 500


class Titles:
    """`provider`: None where no metadata provider is set up; what can't be done without one is then refused (Invalid)."""

    def __init__(self, house: House, provider: MetadataProvider | None) -> None:
        self.house = house
        self.provider = provider

    # -- what a person asks for --------------------------------------------------------------------------------------------------

    async def find(self, asked: FindTitles) -> Sequence[MetadataMatch]:
        return await self._provider().search(asked.kind, asked.text, asked.year)

    async def add(self, wish: AddTitle) -> str:
        """The title's id. Files that fitted nothing and may be of it are identified again."""
        details = await self._provider().details(wish.kind, wish.id)
        waiting = await self._waiting_for(wish.kind, (details.title, details.original_title, *details.aliases))
        paths = [path for _, path in waiting]
        return await self.house.write(
            placing.add_title,
            details,
            waiting=[file_id for file_id, _ in waiting],
            root_id=wish.root_id,
            quality_profile_id=wish.quality_profile_id,
            default_profile=self.house.config.media.quality_profile,
            monitored=wish.monitored,
            preset=cast(Preset | None, wish.preset),
            new_seasons=wish.new_seasons,
            also_held=await trio.to_thread.run_sync(numbers_named, paths, *_as_show(details)),
            search=wish.search,
            actor=wish.actor,
        )

    async def _waiting_for(self, kind: MediaKind, names: Sequence[str | None]) -> list[tuple[str, str]]:
        """(id, path) of files that fitted nothing, and may be of a title that is called so."""
        keys = {title_key(name) for name in names if name}
        found: list[tuple[str, str]] = []
        cursor, more = None, True
        while more:
            page = await self.house.read(files.unmatched, kind, cursor=cursor, limit=PORTION)
            found += await trio.to_thread.run_sync(called_so, page.items, keys)
            cursor, more = page.next, page.next is not None
        return found

    # -- what a file is of -------------------------------------------------------------------------------------------------------

    async def bring_in(self, root: Root, release: Release) -> tuple[str, tuple[str, ...]] | str:
        """Add the title that the provider knows by this name, at home where its file lies: its id, and why it is that one; or why none is
        sure."""
        kind = root.type
        provider = self._provider()
        if not release.title:
            return "Its name holds no title"
        hits = await provider.search(kind, release.title, release.year)
        if not hits and release.year:
            hits = await provider.search(kind, release.title, None)
        chosen = believed(match(release, [_candidate(h, i) for i, h in enumerate(hits[:HITS])]))
        if isinstance(chosen, str):
            return chosen
        details = await provider.details(kind, hits[int(chosen.candidate.id)].id)
        return await self._added(details, root), chosen.reasons

    async def bring_in_named(self, root: Root, nfo: MediaDetails) -> str:
        """Add the title that an NFO file names: its id. The file's own words count where the provider does not know it."""
        if self.provider is None or not nfo.ids:
            return await self._added(nfo, root)
        own = nfo.ids.get(self.provider.name)
        hit = None if own else await self.provider.find(nfo.kind, nfo.ids)
        external = own or (hit.id if hit else None)
        return await self._added(await self.provider.details(nfo.kind, external) if external else nfo, root)

    async def _added(self, details: MediaDetails, root: Root) -> str:
        return await self.house.write(
            media.add_media, details, root_id=root.id, default_profile=self.house.config.media.quality_profile
        )

    # -- keeping up ----------------------------------------------------------------------------------------------------------------

    async def catch_up(self, item: MediaItem) -> bool:
        """Ask the provider again, where what is known of a title is old: whether it was asked."""
        refreshed = item.metadata_refreshed_at
        stale = refreshed is None or self.house.clock.now() - parse_time(refreshed) > STALE
        if not stale or self.provider is None or self.provider.name not in item.ids:
            return False
        details = await self.provider.details(item.type, item.ids[self.provider.name])
        await self.house.write(media.refresh, item.id, details)
        return True

    async def refresh_metadata(self, job: Job) -> None:
        """`what`: "poster" for that alone, "collection" for the other films of its collection; else all that is known of the title."""
        item = await self.house.read(titles.get_media, job.args["media_item_id"])
        provider = self._provider()
        external = item.ids.get(provider.name)
        if external is None:
            raise Discard(f"{item.title} has no {provider.name} id")
        if job.args.get("what") == "collection":
            await self._add_collection(item, provider, search=bool(job.args.get("search")))
            return
        if job.args.get("what") != "poster":
            details = await provider.details(item.type, external)
            await self.house.write(media.refresh, item.id, details)
            item = await self.house.read(titles.get_media, item.id)
        url = item.metadata.get("images", {}).get("poster")
        if url:
            image = await provider.image(url)
            name = await trio.to_thread.run_sync(keep_picture, self.house.config.poster_dir, image)
            await self.house.write(media.set_poster, item.id, name)

    async def _add_collection(self, item: MediaItem, provider: MetadataProvider, *, search: bool) -> None:
        """Add the other films of its collection, wanted as it is. Once more is once: who is known stays as it is."""
        collection = item.metadata.get("collection_id")
        if collection is None:
            raise Discard(f"{item.title} is of no collection that {provider.name} knows")
        profile = (await self.house.read(titles.slots_of, item.id))[0].quality_profile_id
        for film in await provider.collection(collection):
            if await self.house.read(titles.by_external_id, "movie", provider.name, film.id) is None:
                details = await provider.details("movie", film.id)
                await self.house.write(
                    media.add_media, details, root_id=item.root_id, quality_profile_id=profile, search=search
                )

    def _provider(self) -> MetadataProvider:
        if self.provider is None:
            raise Invalid(
                "No metadata provider is set up: set metadata.tmdb.api_key (or MYDIA__METADATA__TMDB__API_KEY)."
            )
        return self.provider


def _candidate(hit: MetadataMatch, index: int) -> Candidate:
    aliases = (hit.original_title,) if hit.original_title else ()
    return Candidate(str(index), "movie" if hit.kind == "movie" else "episode", hit.title, hit.year, aliases)


def _as_show(details: MediaDetails) -> tuple[Candidate, list[Numbered]]:
    """A title that is not in the library yet, and its episodes, as the names of files are read for it."""
    known = Candidate("", "episode", details.title, details.year, (details.original_title or "", *details.aliases))
    return known, [
        Numbered(f"{e.season}x{e.episode}", e.season, e.episode, e.absolute, e.air_date) for e in details.episodes
    ]
