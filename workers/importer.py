"""importer: puts the files of a finished download into the library; what else moves there (trash, other names) is workers/shelf.py.

For each file: the intent is written down; the file is placed whole at its final name; one transaction says that it is there, that its slot
holds it, and what it replaces; only then is the replaced file moved to the trash. Killed between any two steps, the job runs again and
finishes them, since each step sees what is done already. The download itself is never touched: it seeds on.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

import trio
from loguru import logger

from mydia.adapters.disk.incoming import Folder, look_at_placed, read_folder, standing
from mydia.adapters.disk.paths import Anchor, Spot, join
from mydia.adapters.disk.place import METHODS, Placed, discard_part, place
from mydia.adapters.disk.roots import can_hardlink
from mydia.adapters.disk.space import space
from mydia.adapters.disk.system import REAL, Syscalls, printable
from mydia.adapters.disk.trash import trash_path
from mydia.choosing import queries as choosing
from mydia.core.importing import Existing, ImportFacts, ImportPlan, Step, plan
from mydia.downloads import changes as downloads
from mydia.downloads import queries as download_queries
from mydia.downloads.model import Download
from mydia.errors import Conflict, Invalid, MydiaError, NotFound, Unavailable
from mydia.house import House
from mydia.incoming import Incoming, Wants, destination, facts_for, found_file, import_target
from mydia.jobs.model import Job
from mydia.library import changes as library
from mydia.library import queries as files
from mydia.library.journal import begin_import, close_import, import_placed
from mydia.library.model import JournalRow, Root
from mydia.media import queries as media
from mydia.media.model import Episode, MediaItem
from mydia.messages import ProbeFile
from mydia.otp import ActorDied, AskTimeout, NoAnswer
from mydia.ports import ClientDownload, DownloadClient, Probe, probe_from
from workers.job_actor import JobActor
from workers.shelf import Shelf

PROBE_PATIENCE = 300.0
"""Longer than the probes that may wait before it: the analyzer itself gives up on one."""
WAIT = 300.0
"""Seconds until an import is tried again that only time or a person can help."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One download on its way into the library. `done`: source -> destination of the files that an earlier attempt brought in."""

    download: Download
    item: MediaItem
    wants: Wants
    root: Root
    anchor: Anchor
    folder: Folder
    files: Mapping[str, Incoming]
    done: Mapping[str, str]


class Importer(JobActor):
    at_once = 1  # each has the disks to itself, and knows what the one before brought

    def __init__(self, house: House, clients: Sequence[DownloadClient], boot: str, *, sys: Syscalls = REAL) -> None:
        super().__init__(house, boot)
        self.sys = sys
        self.clients = {c.name: c for c in clients}
        self.shelf = Shelf(house, self.report, sys)
        self.kinds = {
            "import_download": self.import_download,
            "restore_file": self.shelf.restore_file,
            "rename_files": self.shelf.rename_files,
        }

    async def start(self) -> None:
        await super().start()
        for row, root in await self.house.read(files.abandoned_imports):
            await trio.to_thread.run_sync(partial(discard_part, Spot(root, row.relative_path), token=row.id))
            await self.house.write(close_import, row.id, "undone", "The download was given up meanwhile")
        self.spawn(self._look_ahead)

    async def tick(self) -> None:
        await self.shelf.clear()
        for download_id in await self.house.read(download_queries.stranded):
            await self.house.write(downloads.import_given_up, download_id)
        await super().tick()

    async def import_download(self, job: Job) -> None:
        download_id = job.args["download_id"]
        if not await self.house.write(downloads.importing, download_id):
            return
        try:
            download = await self.house.read(download_queries.get_download, download_id)
            await self._import(download, forced=bool(job.args.get("forced")))
        except (Invalid, NotFound, Conflict) as no:
            await self.house.write(downloads.held, download_id, str(no))
        except MydiaError as no:
            await self.house.write(downloads.import_waits, download_id, str(no))
            raise Unavailable(str(no), retry_after=getattr(no, "retry_after", None) or WAIT) from no
        except NoAnswer:
            raise  # a part of the house was being restarted: soon again
        except Exception as bug:
            await self.house.write(
                downloads.import_waits, download_id, f"A fault in Mydia: {bug!r}. It is tried again."
            )
            raise

    async def _import(self, download: Download, *, forced: bool) -> None:
        if download.media_item_id is None or download.slot_id is None:
            raise Invalid("The title it was grabbed for was deleted meanwhile")
        item = await self.house.read(media.get_media, download.media_item_id)
        root, anchor = await self._root(item)
        folder = await self._folder(download)
        incoming = {f.path: await self._probed(folder, f) for f in folder.files}
        journal = await self.house.read(files.journal_of, download.id)
        done = {row.source: row.relative_path for row in journal if row.state == "done"}
        delivery = Delivery(download, item, await self._wants(download), root, anchor, folder, incoming, done)
        decided = await self._plan(delivery, forced=forced)
        if decided.bad_release is not None:
            await self.house.write(downloads.failed, download.id, decided.bad_release)
            return
        refused = []
        for step in decided.of("import", "adopt", "extra"):
            try:
                await self._carry_out(step, delivery)
            except (Invalid, NotFound, Conflict) as no:
                if step.action == "extra":
                    logger.warning("{} is left where it is: {}", printable(step.source), no)
                else:
                    refused.append(f"{step.source}: {no}")
        await self._conclude(download, decided, refused)

    async def _conclude(self, download: Download, decided: ImportPlan, refused: Sequence[str]) -> None:
        reasons = [*refused, *(f"{s.source}: {s.reason}" for s in decided.of("set_aside"))]
        if reasons:
            await self.house.write(downloads.held, download.id, "; ".join(reasons))
        elif decided.of("wait"):
            raise Unavailable("; ".join(s.reason for s in decided.of("wait")), retry_after=60)
        elif decided.finished:
            await self.house.write(downloads.imported, download.id)
        else:
            await self.house.write(
                downloads.held, download.id, "Nothing in it can be imported: it holds no video for what was wanted"
            )

    # -- looking -----------------------------------------------------------------------------------------------------------------

    async def _root(self, item: MediaItem) -> tuple[Root, Anchor]:
        roots = await self.house.read(files.roots)
        root = next((r for r in roots if r.id == item.root_id), None) or next(
            (r for r in roots if r.type == item.type), None
        )
        if root is None:
            raise Invalid(f"There is no library folder for {item.title}; add one under media.library_paths")
        return root, await self.shelf.must_be_there(root)

    async def _why_copies(self, folder: str, root: Root) -> str | None:
        """Why files can't be linked from a download's folder into a library folder; told there, as long as it is so."""
        why = await trio.to_thread.run_sync(partial(can_hardlink, folder, root.path, token=root.id))
        if why != root.copies:
            await self.house.write(library.set_root_copies, root.id, why)
        return why

    async def _look_ahead(self) -> None:
        """What the first import would find out: whether files can be linked from where the embedded client puts them."""
        clients, folder = self.house.config.downloads.clients, self.house.config.download_dir
        embedded = not clients or any(client.type == "embedded" for client in clients)
        if not embedded or not await trio.to_thread.run_sync(folder.is_dir):
            return
        for root in await self.house.read(files.roots):
            with suppress(Unavailable):
                await self.shelf.must_be_there(root)
                await self._why_copies(str(folder), root)

    async def _folder(self, download: Download) -> Folder:
        """The download's files where its client has them."""
        client = self.clients.get(download.download_client or "")
        if client is None:
            raise Invalid(f"The download client {download.download_client!r} is no longer configured")
        seen: ClientDownload | None = await client.get(download.download_client_id or "")
        if seen is None or seen.save_path is None:
            raise Unavailable("Its client does not list it just now", retry_after=30)
        now = self.house.clock.now().timestamp()
        return await trio.to_thread.run_sync(partial(read_folder, seen.save_path, seen.files, now=now))

    async def _probed(self, folder: Folder, file: Incoming) -> Incoming:
        return replace(file, probe=await self._probe(join(folder.path, file.path))) if file.is_video else file

    async def _probe(self, path: str) -> Probe | None:
        try:
            return probe_from(await self.house.mail["analyzer"].ask(ProbeFile(path), timeout=PROBE_PATIENCE))
        except Invalid:
            return None
        except (ActorDied, AskTimeout) as died:
            raise Unavailable(f"The media probe was being restarted: {died}", retry_after=1) from died

    async def _wants(self, download: Download) -> Wants:
        """What its files are measured by: its slot's profile, and the custom formats."""
        slots = await self.house.read(media.slots_of, download.media_item_id or "")
        slot = next((s for s in slots if s.id == download.slot_id), None)
        if slot is None:
            raise Invalid("The slot it was grabbed for was deleted meanwhile")
        profile = await self.house.read(choosing.get_profile, slot.quality_profile_id)
        return Wants.of_slot(slot, profile, await self.house.read(choosing.formats), download.metadata)

    # -- deciding ----------------------------------------------------------------------------------------------------------------

    async def _plan(self, delivery: Delivery, *, forced: bool) -> ImportPlan:
        """The plan, made again until it knows what stands at every place that it chooses."""
        facts, episodes = await self._facts(delivery, forced)
        naming = self.house.config.media.naming
        name = destination(delivery.item, episodes, naming, delivery.files, delivery.download.title, delivery.wants)
        existing: dict[str, Existing] = {}
        while True:
            decided = plan(replace(facts, existing=existing), name)
            steps = [s for s in decided.of("import", "extra") if s.destination not in existing]
            more = await trio.to_thread.run_sync(
                standing, delivery.root.path, delivery.folder.path, steps, delivery.done
            )
            if not more:
                return decided
            existing |= more

    async def _facts(self, delivery: Delivery, forced: bool) -> tuple[ImportFacts, dict[str, Episode]]:
        download, item = delivery.download, delivery.item
        wants = delivery.wants
        known = await self.house.read(media.candidate, item.id)
        all_episodes = await self.house.read(media.episodes_of, item.id)
        episodes = {e.id: e for e in all_episodes}
        targets = []
        for target in download.targets:
            held = await self.house.read(files.held_file, download.slot_id or "", target)
            if held is not None and held.root_id == delivery.root.id and held.relative_path in delivery.done.values():
                held = None  # brought in by an earlier attempt at this very download
            targets.append(import_target(target, episodes.get(target), item, held, wants))
        free = await trio.to_thread.run_sync(space, delivery.root.path)
        why_not = await self._why_copies(delivery.folder.path, delivery.root)
        facts = ImportFacts(
            kind="movie" if item.type == "movie" else "episode",
            profile=wants.profile,
            files=tuple(
                found_file(f, item, known, all_episodes, download.title, wants) for f in delivery.files.values()
            ),
            targets=tuple(targets),
            release_claims=download.targets if len(download.targets) == 1 else (),
            can_link=why_not is None,
            free_space=free.free,
            min_free_space=int(self.house.config.downloads.rules.min_free_gb * 1e9),
            forced=forced,
        )
        return facts, episodes

    # -- doing -------------------------------------------------------------------------------------------------------------------

    async def _carry_out(self, step: Step, to: Delivery) -> None:
        source = join(to.folder.path, step.source)
        if source in to.done:
            return
        journal = await self.house.write(
            begin_import,
            to.download.id,
            source=source,
            root_id=to.root.id,
            relative_path=step.destination or "",
            plan={"action": step.action, "targets": list(step.targets), "trash": list(step.trash)},
        )
        spot = Spot(to.root.path, journal.relative_path, to.anchor)
        # The old file of the very same name is in the trash before the new one has its name.
        away = journal.relative_path in journal.plan["trash"]
        displaced = trash_path(journal.relative_path, token=journal.id) if away else None
        try:
            placed = await trio.to_thread.run_sync(
                partial(
                    place,
                    Spot(to.folder.path, step.source),
                    spot,
                    token=journal.id,
                    as_seen=to.files[step.source].as_seen,
                    methods=METHODS,
                    displaced=displaced,
                    # A long copy ends between two chunks when the house stops; the next start begins it anew.
                    check=trio.from_thread.check_cancelled,
                    sys=self.sys,
                )
            )
        except MydiaError as no:
            await trio.to_thread.run_sync(partial(discard_part, spot, token=journal.id))
            await self.house.write(close_import, journal.id, "undone", str(no))
            raise
        if step.action == "extra":
            await self.house.write(close_import, journal.id, "done", "side file")
            return
        await self._commit(step, to, journal, placed, displaced)

    async def _commit(
        self, step: Step, to: Delivery, journal: JournalRow, placed: Placed, displaced: str | None
    ) -> None:
        if placed.reason and placed.method == "copy":
            logger.warning("{} was copied, not linked: {}", printable(journal.relative_path), placed.reason)
        await self.house.write(
            import_placed,
            journal.id,
            await trio.to_thread.run_sync(look_at_placed, to.root.path, journal.relative_path),
            to.item.id,
            [t for t in step.targets if t],
            facts_for(to.files[step.source], to.item, to.download.title, to.wants),
            slot_id=to.download.slot_id or "",
            release=to.download.title,
            method=placed.method,
            reason=placed.reason,
            displaced=displaced,
        )
        self.mailbox.ring()  # what it replaced is moved to the trash at the next tick
