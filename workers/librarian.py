"""librarian: says what a file is, keeps titles up to date, and answers "which titles are called so?".

A file is probed and its name parsed; it is matched against the known titles, then against an NFO file beside it, then against the metadata
provider. What is not sure is left unmatched with the reason, for a person to say.
"""

import hashlib
from collections.abc import Sequence, Set
from datetime import timedelta
from pathlib import Path
from typing import cast

import trio

from mydia.adapters.disk.paths import resolve_inside
from mydia.adapters.disk.roots import check_root
from mydia.adapters.metadata.nfo import Nfo
from mydia.core.decide.model import Number
from mydia.core.identify import Numbered, believed, episodes_named
from mydia.core.release import Candidate, MatchResult, Release, match, parse
from mydia.core.titles import title_key
from mydia.core.wanted import Preset
from mydia.errors import Invalid, NotFound, Unavailable
from mydia.house import House
from mydia.jobs.model import Discard, Job
from mydia.library import changes as library
from mydia.library import queries as files
from mydia.library.model import FileView, Root, file_facts
from mydia.media import changes as media
from mydia.media import queries as titles
from mydia.media.model import MediaItem
from mydia.messages import AddTitle, FindTitles, ProbeFile
from mydia.otp import ActorDied
from mydia.placing import slots_for
from mydia.ports import MediaDetails, MediaKind, MetadataMatch, MetadataProvider, Probe, probe_from
from mydia.store.transaction import parse_time
from workers.job_actor import JobActor

PROBE_PATIENCE = 300.0
"""Longer than the probes that may wait before it: the analyzer itself gives up on one."""
POISON = 2
"""After so many probes that died, the file itself is taken for the cause."""
STALE = timedelta(hours=6)
"""How old metadata is asked again, where a file is of an episode that it does not know."""
PORTION = 500


class Librarian(JobActor):
    concurrency = 4

    def __init__(self, house: House, provider: MetadataProvider | None, boot: str) -> None:
        super().__init__(house, boot)
        self.provider = provider
        self.kinds = {"identify_file": self.identify_file, "refresh_metadata": self.refresh_metadata}

    async def handle(self, message: object) -> object:
        match message:
            case FindTitles(kind, text, year):
                return await self._provider().search(kind, text, year)
            case AddTitle():
                details = await self._provider().details(message.kind, message.id)
                waiting = await self._waiting_for(
                    message.kind, (details.title, details.original_title, *details.aliases)
                )
                added = await self.house.write(
                    media.add_media,
                    details,
                    root_id=message.root_id,
                    quality_profile_id=message.quality_profile_id,
                    default_profile=self.house.config.media.quality_profile,
                    monitored=message.monitored,
                    preset=cast(Preset | None, message.preset),
                    new_seasons=message.new_seasons,
                    also_held=await trio.to_thread.run_sync(numbers_named, waiting, details),
                    search=message.search,
                    actor=message.actor,
                )
                if waiting:
                    await self.house.write(library.identify_again, [file_id for file_id, _ in waiting])
                return added
        return await super().handle(message)

    # -- what is this file? -----------------------------------------------------------------------------------------------

    async def identify_file(self, job: Job) -> None:
        try:
            file = await self.house.read(files.get_file, job.args["file_id"])
        except NotFound:
            return  # its row went with its folder or into the trash: nothing is left to identify
        if file.state != "new":
            return  # known by now: the importer, who knows better what it brought, may have come first
        root = await self.house.read(files.get_root, file.root_id)
        if await self._is_gone(root, file):
            return
        try:
            probe = await self._probe(job, file)
        except Invalid as no:
            if not await self._is_gone(root, file):
                await self.house.write(library.file_unmatched, file.id, str(no), invalid=True)
            return
        release = parse(file.relative_path, input="path", hint="movie" if root.type == "movie" else "tv")
        facts = file_facts(release, probe, root.type)
        try:
            found = await self._title(root, file, release)
            episodes = found if isinstance(found, str) else await self._episodes(root, found)
        except (Invalid, NotFound) as no:
            found = episodes = str(no)
        if isinstance(found, str) or isinstance(episodes, str):
            await self.house.write(library.file_unmatched, file.id, str(episodes), facts)
        else:
            fitting = await self.house.read(slots_for, found.candidate.id, file, facts)
            await self.house.write(library.link_file, file.id, found.candidate.id, episodes, facts, slots=fitting)

    async def _is_gone(self, root: Root, file: FileView) -> bool:
        """Whether the file vanished meanwhile, which is then written down. Unavailable where its whole folder may have."""
        try:
            there = await trio.to_thread.run_sync(is_there, root, file.relative_path)
        except Invalid as no:
            await self.house.write(library.file_unmatched, file.id, str(no), invalid=True)
            return True
        if there:
            return False
        check = await trio.to_thread.run_sync(lambda: check_root(root.path, known_device=root.device, known_files=1))
        if check.state not in ("ok", "readonly"):
            raise Unavailable(check.reason or f"{root.path} is {check.state}", retry_after=60)
        await self.house.write(library.files_gone, [file.id])
        return True

    async def _probe(self, job: Job, file: FileView) -> Probe:
        try:
            return probe_from(await self.house.mail["analyzer"].ask(ProbeFile(file.path), timeout=PROBE_PATIENCE))
        except ActorDied as died:
            tries = job.attempt + job.interrupted
            if tries <= POISON:
                raise  # another try, soon: the probe may have been killed by something else
            raise Invalid(f"The media probe died on it {tries} times, so it is taken for damaged") from died

    async def _title(self, root: Root, file: FileView, release: Release) -> MatchResult | str:
        """The title a file belongs to, known or newly added; or why none is sure."""
        kind = root.type
        known = match(release, await self.house.read(titles.known_titles, (*release.titles, release.title or ""), kind))
        best = believed(known)
        if isinstance(best, MatchResult):
            return best
        nfo = await trio.to_thread.run_sync(Nfo((root.path,)).beside, kind, file.path)
        if nfo is not None:
            item_id = await self._add(await self._better(nfo))
            return await self._as_match(release, item_id, "named by the NFO file beside it")
        if self.provider is None:
            return f"{best}, and no metadata provider is set up (metadata.tmdb.api_key)"
        if not release.title:
            return "Its name holds no title"
        hits = await self.provider.search(kind, release.title, release.year)
        if not hits and release.year:
            hits = await self.provider.search(kind, release.title, None)
        chosen = believed(match(release, [_candidate(h, i) for i, h in enumerate(hits[:20])]))
        if isinstance(chosen, str):
            return chosen
        item_id = await self._add(await self.provider.details(kind, hits[int(chosen.candidate.id)].id))
        return await self._as_match(release, item_id, *chosen.reasons)

    async def _episodes(self, root: Root, found: MatchResult) -> tuple[str, ...] | str:
        """The episodes that a file's name means, none for a film; or why that can't be said. A new one may just have been announced."""
        if root.type == "movie":
            return ()
        item = await self.house.read(titles.get_media, found.candidate.id)
        named = episodes_named(found, await self._numbers(item.id))
        refreshed = item.metadata_refreshed_at
        stale = refreshed is None or self.house.clock.now() - parse_time(refreshed) > STALE
        if isinstance(named, str) and stale and self.provider is not None and self.provider.name in item.ids:
            details = await self.provider.details(item.type, item.ids[self.provider.name])
            await self.house.write(media.refresh, item.id, details)
            named = episodes_named(found, await self._numbers(item.id))
        return named

    async def _numbers(self, item_id: str) -> list[Numbered]:
        known = await self.house.read(titles.episodes_of, item_id)
        return [Numbered(e.id, e.season, e.number, e.absolute, e.air_date) for e in known]

    async def _waiting_for(self, kind: MediaKind, names: Sequence[str | None]) -> list[tuple[str, str]]:
        """(id, path) of files that fitted nothing, and may be of a title that is called so."""
        keys = {title_key(name) for name in names if name}
        found: list[tuple[str, str]] = []
        after = ""
        while page := await self.house.read(files.unmatched, kind, after, PORTION):
            after = page[-1][0]
            found += await trio.to_thread.run_sync(named_so, page, keys)
        return found

    async def _as_match(self, release: Release, item_id: str, *reasons: str) -> MatchResult:
        """The release read for a title that is certain, so that its numbers mean what they mean for that title."""
        known = await self.house.read(titles.candidate, item_id)
        for result in match(release, [known]):
            return result
        return MatchResult(
            1.0, known, reasons, release.seasons, release.episodes, release.absolute_episodes, release.air_date
        )

    async def _add(self, details: MediaDetails) -> str:
        return await self.house.write(media.add_media, details, default_profile=self.house.config.media.quality_profile)

    async def _better(self, nfo: MediaDetails) -> MediaDetails:
        """What the provider says of the title that an NFO file names; the file's own words where the provider does not know it."""
        if self.provider is None or not nfo.ids:
            return nfo
        own = nfo.ids.get(self.provider.name)
        hit = None if own else await self.provider.find(nfo.kind, nfo.ids)
        external = own or (hit.id if hit else None)
        return await self.provider.details(nfo.kind, external) if external else nfo

    # -- what is known of a title ---------------------------------------------------------------------------------------------

    async def refresh_metadata(self, job: Job) -> None:
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
            name = await trio.to_thread.run_sync(save_poster, Path(self.house.config.data_dir) / "posters", image)
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


def is_there(root: Root, relative_path: str) -> bool:
    """Whether the file is still there. Refused (Invalid) when a link has taken its place that leads out of its root."""
    return Path(resolve_inside(root.path, relative_path)).is_file()


def named_so(page: Sequence[tuple[str, str]], keys: Set[str]) -> list[tuple[str, str]]:
    """Those of the files, as (id, path), whose names may mean a title of these keys."""
    found = []
    for file_id, path in page:
        release = parse(path, input="path")
        if keys & {title_key(name) for name in (*release.titles, release.title or "")}:
            found.append((file_id, path))
    return found


def numbers_named(page: Sequence[tuple[str, str]], details: MediaDetails) -> frozenset[Number]:
    """The episodes of a show that these files' names mean."""
    if details.kind == "movie" or not page:
        return frozenset()
    known = Candidate("", "episode", details.title, details.year, (details.original_title or "", *details.aliases))
    numbered = [
        Numbered(f"{e.season}x{e.episode}", e.season, e.episode, e.absolute, e.air_date) for e in details.episodes
    ]
    numbers = {n.id: (n.season, n.number) for n in numbered}
    found: set[Number] = set()
    for _, path in page:
        for result in match(parse(path, input="path", hint="tv"), [known]):
            named = episodes_named(result, numbered)
            found |= set() if isinstance(named, str) else {numbers[id_] for id_ in named}
    return frozenset(found)


def save_poster(folder: Path, image: bytes) -> str:
    """Keep a picture under the name of its content, so that a changed one is a new file; the name."""
    kind = "png" if image.startswith(b"\x89PNG") else "webp" if image[8:12] == b"WEBP" else "jpg"
    name = f"{hashlib.sha256(image).hexdigest()[:32]}.{kind}"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / name
    if not target.exists():
        part = folder / f".{name}.part"
        part.write_bytes(image)
        part.rename(target)
    return name


def _candidate(hit: MetadataMatch, index: int) -> Candidate:
    aliases = (hit.original_title,) if hit.original_title else ()
    return Candidate(str(index), "movie" if hit.kind == "movie" else "episode", hit.title, hit.year, aliases)
