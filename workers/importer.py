"""importer: puts the files of a finished download into the library, and takes what they replace to the trash.

For each file: the intent is written down; the file is placed whole at its final name; one transaction says that it is there, that its slot
holds it, and what it replaces; only then is the replaced file moved to the trash. Killed between any two steps, the job runs again and
finishes them, since each step sees what is done already. The download itself is never touched: it seeds on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import trio
from loguru import logger

from mydia.adapters.disk.incoming import Folder, read_folder
from mydia.adapters.disk.paths import Spot
from mydia.adapters.disk.place import METHODS, Placed, discard_part, place
from mydia.adapters.disk.roots import can_hardlink, check_root
from mydia.adapters.disk.space import space
from mydia.adapters.disk.trash import Moved, restore, to_trash, trash_path
from mydia.adapters.disk.walk import signed
from mydia.choosing import queries as choosing
from mydia.core.importing import Existing, ImportFacts, ImportPlan, Step, plan
from mydia.downloads import changes as downloads
from mydia.downloads import queries as download_queries
from mydia.downloads.model import Download
from mydia.errors import Conflict, Invalid, MydiaError, NotFound, Unavailable
from mydia.house import House
from mydia.incoming import Incoming, destination, facts_for, found_file, import_target
from mydia.jobs.model import Job
from mydia.library import changes as library
from mydia.library import queries as files
from mydia.library.model import Root, SeenFile, TrashRow
from mydia.media import queries as media
from mydia.media.model import Episode, MediaItem
from mydia.messages import ProbeFile, RestoreTrash
from mydia.otp import ActorDied, AskTimeout
from mydia.ports import ClientDownload, DownloadClient, Probe, probe_from
from workers.job_actor import JobActor

PROBE_PATIENCE = 60.0


class Importer(JobActor):
    def __init__(self, house: House, clients: Sequence[DownloadClient], boot: str) -> None:
        super().__init__(house, boot)
        self.clients = {c.name: c for c in clients}
        self.kinds = {"import_download": self.import_download}

    async def tick(self) -> None:
        for row in await self.house.read(files.trash_in_flight):
            await self._to_trash(row)
        await super().tick()

    async def handle(self, message: object) -> object:
        match message:
            case RestoreTrash(trash_id, actor):
                row = await self.house.read(files.get_trash, trash_id)
                moved = Moved(row.relative_path, row.trash_path, row.size)
                relative = await trio.to_thread.run_sync(partial(restore, row.root_path, moved))
                for side in row.metadata.get("side_files", ()):
                    await trio.to_thread.run_sync(partial(restore, row.root_path, Moved(**side)))
                await self.house.write(library.trash_ended, row.id, "restored", actor=actor)
                return relative
        return await super().handle(message)

    async def import_download(self, job: Job) -> None:
        if not await self.house.write(downloads.importing, job.args["download_id"]):
            return
        download = await self.house.read(download_queries.get_download, job.args["download_id"])
        try:
            await self._import(download, forced=bool(job.args.get("forced")))
        except (Invalid, NotFound, Conflict) as no:
            await self.house.write(downloads.held, download.id, str(no))

    async def _import(self, download: Download, *, forced: bool) -> None:
        if download.media_item_id is None or download.slot_id is None:
            raise Invalid("The title it was grabbed for was deleted meanwhile")
        item = await self.house.read(media.get_media, download.media_item_id)
        root = await self._root(item)
        folder = await self._folder(download)
        incoming = {f.path: await self._probed(folder, f) for f in folder.files}
        facts, episodes = await self._facts(download, item, root, folder, incoming, forced)
        name = destination(item, episodes, self.house.config.media.naming, incoming, download.title)
        first = plan(facts, name)
        existing = await trio.to_thread.run_sync(standing, root.path, first)
        decided = plan(replace(facts, existing=existing), name) if existing else first
        for step in decided.of("import", "adopt", "extra"):
            await self._carry_out(step, download, item, root, folder, incoming[step.source])
        await self._conclude(download, decided)

    async def _conclude(self, download: Download, decided: ImportPlan) -> None:
        if decided.bad_release is not None:
            await self.house.write(downloads.failed, download.id, decided.bad_release)
        elif decided.finished:
            await self.house.write(downloads.imported, download.id)
        elif decided.of("set_aside"):
            reasons = "; ".join(f"{s.source}: {s.reason}" for s in decided.of("set_aside"))
            await self.house.write(downloads.held, download.id, reasons)
        elif decided.of("wait"):
            raise Unavailable("; ".join(s.reason for s in decided.of("wait")), retry_after=60)
        else:
            await self.house.write(
                downloads.held, download.id, "Nothing in it can be imported: it holds no video for what was wanted"
            )

    # -- looking -----------------------------------------------------------------------------------------------------------------

    async def _root(self, item: MediaItem) -> Root:
        roots = await self.house.read(files.roots)
        root = next((r for r in roots if r.id == item.root_id), None) or next(
            (r for r in roots if r.type == item.type), None
        )
        if root is None:
            raise Invalid(f"There is no library folder for {item.title}; add one under media.library_paths")
        check = await trio.to_thread.run_sync(check_root, root.path)
        if check.state != "ok":
            raise Unavailable(check.reason or f"{root.path} is {check.state}", retry_after=60)
        return root

    async def _folder(self, download: Download) -> Folder:
        """The download's files where its client has them."""
        client = self.clients.get(download.download_client or "")
        if client is None:
            raise Invalid(f"The download client {download.download_client!r} is no longer configured")
        seen: ClientDownload | None = await client.get(download.download_client_id or "")
        if seen is None or seen.save_path is None:
            raise Unavailable("Its client does not list it just now", retry_after=30)
        return await trio.to_thread.run_sync(read_folder, seen.save_path, [f.path for f in seen.files])

    async def _probed(self, folder: Folder, file: Incoming) -> Incoming:
        if not file.is_video:
            return file
        return replace(file, probe=await self._probe(str(Path(folder.path, file.path))))

    async def _probe(self, path: str) -> Probe | None:
        try:
            return probe_from(await self.house.mail["analyzer"].ask(ProbeFile(path), timeout=PROBE_PATIENCE))
        except Invalid:
            return None
        except (ActorDied, AskTimeout) as died:
            raise Unavailable(f"The media probe was being restarted: {died}", retry_after=1) from died

    async def _facts(
        self,
        download: Download,
        item: MediaItem,
        root: Root,
        folder: Folder,
        incoming: Mapping[str, Incoming],
        forced: bool,
    ) -> tuple[ImportFacts, dict[str, Episode]]:
        slot_id = download.slot_id or ""
        slots = await self.house.read(media.slots_of, item.id)
        profile = await self.house.read(
            choosing.get_profile, next(s.quality_profile_id for s in slots if s.id == slot_id)
        )
        known = await self.house.read(media.candidate, item.id)
        all_episodes = await self.house.read(media.episodes_of, item.id)
        episodes = {e.id: e for e in all_episodes}
        targets = [
            import_target(t, episodes.get(t), item, await self.house.read(files.held_file, slot_id, t))
            for t in download.targets
        ]
        free = await trio.to_thread.run_sync(space, root.path)
        linkable = await trio.to_thread.run_sync(partial(can_hardlink, folder.path, root.path, token=download.id))
        facts = ImportFacts(
            kind="movie" if item.type == "movie" else "episode",
            profile=profile,
            files=tuple(found_file(f, item, known, all_episodes, download.title) for f in incoming.values()),
            targets=tuple(targets),
            release_claims=download.targets if len(download.targets) == 1 else (),
            can_link=linkable is None,
            free_space=free.free,
            min_free_space=int(self.house.config.downloads.rules.min_free_gb * 1e9),
            forced=forced,
        )
        return facts, episodes

    # -- doing -------------------------------------------------------------------------------------------------------------------

    async def _carry_out(
        self, step: Step, download: Download, item: MediaItem, root: Root, folder: Folder, file: Incoming
    ) -> None:
        relative = step.destination or ""
        journal_id = await self.house.write(
            library.begin_import,
            download.id,
            source=str(Path(folder.path, step.source)),
            root_id=root.id,
            relative_path=relative,
            part_path=f".mydia-{download.id}.part",
            plan={"action": step.action, "targets": list(step.targets), "trash": list(step.trash)},
        )
        displaced = trash_path(relative, token=journal_id) if relative in step.trash else None
        spot = Spot(root.path, relative)
        try:
            placed = await trio.to_thread.run_sync(
                partial(
                    place, Spot(folder.path, step.source), spot, token=journal_id, methods=METHODS, displaced=displaced
                )
            )
        except MydiaError as no:
            await trio.to_thread.run_sync(partial(discard_part, spot, token=journal_id))
            await self.house.write(library.close_import, journal_id, "undone", str(no))
            raise
        if step.action == "extra":
            await self.house.write(library.close_import, journal_id, "done", "side file")
            return
        await self._commit(step, download, item, root, file, placed, journal_id, displaced)

    async def _commit(
        self,
        step: Step,
        download: Download,
        item: MediaItem,
        root: Root,
        file: Incoming,
        placed: Placed,
        journal_id: str,
        displaced: str | None,
    ) -> None:
        seen = await trio.to_thread.run_sync(look_at, root.path, step.destination or "")
        if placed.reason and placed.method == "copy":
            logger.warning("{} was copied, not linked: {}", step.destination, placed.reason)
        await self.house.write(
            library.import_placed,
            journal_id,
            seen,
            item.id,
            [t for t in step.targets if t],
            facts_for(file, item, download.title),
            slot_id=download.slot_id or "",
            release=download.title,
            method=placed.method,
            reason=placed.reason,
            displaced=displaced,
        )
        self.mailbox.ring()  # what it replaced is moved to the trash at the next tick

    async def _to_trash(self, row: TrashRow) -> None:
        try:
            moved = await trio.to_thread.run_sync(
                partial(to_trash, Spot(row.root_path, row.relative_path), token=row.id)
            )
        except NotFound:
            await self.house.write(library.trash_ended, row.id, "deleted")
        except MydiaError as no:
            logger.warning("{} stays for now: {}", row.relative_path, no)
        else:
            sides = [{"original": m.original, "trashed": m.trashed, "size": m.size} for m in moved[1:]]
            await self.house.write(library.file_trashed, row.id, moved[0].trashed, sides)


def standing(root: str, decided: ImportPlan) -> dict[str, Existing]:
    """What stands already at the places the plan chose. Whether its content is the same, placing finds out."""
    found = {}
    for step in decided.of("import", "extra"):
        path = Path(root, step.destination or "")
        if path.exists():
            found[step.destination or ""] = Existing(path.stat().st_size)
    return found


def look_at(root: str, relative: str) -> SeenFile:
    status = Path(root, relative).stat()
    return SeenFile(relative, status.st_size, status.st_mtime_ns, signed(status.st_ino))
