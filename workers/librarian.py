"""librarian: says what a file is, keeps titles up to date, and answers "which titles are called so?" (these two: workers/titles.py).

A file is probed and its name parsed; it is matched against the known titles, then against an NFO file beside it, then against the metadata
provider. What is not sure is left unmatched with the reason, for a person to say. A known file that was only touched stays what it was
said to be.
"""

from collections.abc import Callable
from functools import partial
from typing import Concatenate, ParamSpec

import trio

from mydia.adapters.disk.roots import check_root
from mydia.adapters.disk.settling import is_file_inside
from mydia.adapters.metadata.nfo import beside
from mydia.core.identify import believed, certain, episodes_named
from mydia.core.release import MatchResult, Release, match, parse
from mydia.errors import Invalid, NotFound, Unavailable
from mydia.house import House
from mydia.jobs.model import Job
from mydia.library import changes as library
from mydia.library import queries as files
from mydia.library.model import FileFacts, FileView, Root, facts_again, file_facts
from mydia.media import queries as media
from mydia.messages import AddTitle, FindTitles
from mydia.otp import ActorDied
from mydia.otp.errors import NobodyThere
from mydia.placing import slots_for
from mydia.ports import MetadataProvider, Probe
from mydia.store.transaction import Transaction
from workers.analyzer import probe
from workers.job_actor import JobActor
from workers.titles import Titles

P = ParamSpec("P")
POISON = 2
"""After so many probes that died, the file itself is taken for the cause."""


class Librarian(JobActor):
    concurrency = 4

    def __init__(self, house: House, provider: MetadataProvider | None, boot: str) -> None:
        super().__init__(house, boot)
        self.titles = Titles(house, provider)
        self.kinds = {"identify_file": self.identify_file, "refresh_metadata": self.titles.refresh_metadata}

    async def handle(self, message: object) -> object:
        match message:
            case FindTitles():
                return await self.titles.find(message)
            case AddTitle():
                return await self.titles.add(message)
        return await super().handle(message)

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
            seen = await self._probe(job, file)
        except Invalid as no:
            if not await self._is_gone(root, file):
                await self._say(file, library.file_unmatched, str(no), invalid=True)
            return
        again = facts_again(file, seen)
        if again is not None and file.media_item_id is not None and (file.episode_ids or root.type == "movie"):
            await self._link(file, file.media_item_id, file.episode_ids, again)
            return
        release = parse(file.relative_path, input="path", hint="movie" if root.type == "movie" else "tv")
        facts = file_facts(release, seen, root.type)
        try:
            found = await self._title(root, file, release)
            episodes = found if isinstance(found, str) else await self._episodes(root, found)
        except (Invalid, NotFound) as no:
            found = episodes = str(no)
        if isinstance(found, str) or isinstance(episodes, str):
            await self._say(file, library.file_unmatched, str(episodes), facts)
        else:
            await self._link(file, found.candidate.id, episodes, facts)

    async def _link(self, file: FileView, item_id: str, episodes: tuple[str, ...], facts: FileFacts) -> None:
        fitting = await self.house.read(slots_for, item_id, file, facts)
        await self._say(file, library.link_file, item_id, episodes, facts, slots=fitting)

    async def _say(
        self,
        file: FileView,
        change: Callable[Concatenate[Transaction, str, P], None],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        await self.house.write(library.unless_changed, file, change, *args, **kwargs)

    async def _is_gone(self, root: Root, file: FileView) -> bool:
        """Whether the file vanished meanwhile, which is then written down. Unavailable where its whole folder may have."""
        try:
            there = await trio.to_thread.run_sync(is_file_inside, root.path, file.relative_path)
        except Invalid as no:
            await self._say(file, library.file_unmatched, str(no), invalid=True)
            return True
        if there:
            return False
        check = await trio.to_thread.run_sync(partial(check_root, root.path, known_device=root.device, known_files=1))
        if check.state not in ("ok", "readonly"):
            raise Unavailable(check.reason or f"{root.path} is {check.state}", retry_after=60)
        await self.house.write(library.files_gone, {file.id: file.relative_path})
        return True

    async def _probe(self, job: Job, file: FileView) -> Probe:
        try:
            return await probe(self.house, file.path)
        except NobodyThere:
            raise  # the probe was being restarted, whatever for: this file was not in its hands
        except ActorDied as died:
            deaths = 1 + sum(earlier.error == str(died) for earlier in job.errors)
            if deaths <= POISON:
                raise  # another try, soon: the probe may have been killed by something else
            raise Invalid(f"The media probe died on it {deaths} times, so it is taken for damaged") from died

    async def _title(self, root: Root, file: FileView, release: Release) -> MatchResult | str:
        """The title a file belongs to, known or newly added; or why none is sure."""
        names = (*release.titles, release.title or "")
        best = believed(match(release, await self.house.read(media.known_titles, names, root.type)))
        if isinstance(best, MatchResult):
            return best
        nfo = await trio.to_thread.run_sync(beside, root.path, root.type, file.relative_path)
        if nfo is not None:
            item_id = await self.titles.bring_in_named(root, nfo)
            return await self._certain(release, item_id, "named by the NFO file beside it")
        if self.titles.provider is None:
            return f"{best}, and no metadata provider is set up (metadata.tmdb.api_key)"
        brought = await self.titles.bring_in(root, release)
        return brought if isinstance(brought, str) else await self._certain(release, brought[0], *brought[1])

    async def _certain(self, release: Release, item_id: str, *reasons: str) -> MatchResult:
        return certain(release, await self.house.read(media.candidate, item_id), *reasons)

    async def _episodes(self, root: Root, found: MatchResult) -> tuple[str, ...] | str:
        """The episodes that a file's name means, none for a film; or why that can't be said. A new one may just have been announced."""
        if root.type == "movie":
            return ()
        item = await self.house.read(media.get_media, found.candidate.id)
        named = await self._named(found, item.id)
        return (
            await self._named(found, item.id) if isinstance(named, str) and await self.titles.catch_up(item) else named
        )

    async def _named(self, found: MatchResult, item_id: str) -> tuple[str, ...] | str:
        return episodes_named(found, [e.numbered for e in await self.house.read(media.episodes_of, item_id)])
