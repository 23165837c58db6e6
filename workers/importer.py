"""importer: brings finished downloads into the library. How files move in it is workers/shelf.py, which has the disks to itself through it.

The download's files are looked at where its client has them, and the videos probed; core plans what is done with each; the shelf puts one
after the other in its place. Killed anywhere, the job runs again and finishes: what an earlier attempt brought in is written down. The
download itself is never touched: it seeds on.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

import trio
from loguru import logger

from mydia.adapters.disk.incoming import Folder, read_folder, standing
from mydia.adapters.disk.paths import Anchor, join, lies_inside
from mydia.adapters.disk.space import space
from mydia.adapters.disk.system import REAL, Syscalls, printable
from mydia.core.importing import Existing, ImportPlan, Outcome, plan
from mydia.deliveries import Delivery, gather, home_of, import_facts
from mydia.downloads import changes as downloads
from mydia.downloads import queries as download_queries
from mydia.downloads.model import Download
from mydia.errors import Conflict, Invalid, MydiaError, NotFound, Unavailable
from mydia.house import House
from mydia.incoming import Incoming, destination
from mydia.jobs.model import Job
from mydia.library import queries as files
from mydia.otp import ActorDied, AskTimeout, NoAnswer
from mydia.ports import DownloadClient
from workers.analyzer import probe
from workers.job_actor import JobActor
from workers.shelf import Shelf

WAIT = 300.0
"""Seconds until an import is tried again that only time or a person can help."""


class Importer(JobActor):
    at_once = 1  # each has the disks to itself, and knows what the one before brought

    def __init__(self, house: House, clients: Sequence[DownloadClient], boot: str, *, sys: Syscalls = REAL) -> None:
        super().__init__(house, boot)
        self.clients = {c.name: c for c in clients}
        self.shelf = Shelf(house, self.report, sys)
        self._swept = False
        self.kinds = {
            "import_download": self.import_download,
            "restore_file": self.shelf.restore_file,
            "rename_files": self.shelf.rename_files,
        }

    async def start(self) -> None:
        await super().start()
        self.spawn(self._look_ahead)

    async def tick(self) -> None:
        if not self._swept:
            await self.shelf.undo_abandoned()
            self._swept = True
        await self.shelf.clear()
        for download_id in await self.house.read(download_queries.stranded):
            await self.house.write(downloads.import_given_up, download_id)
        await super().tick()

    async def _look_ahead(self) -> None:
        """What the first import would find out: whether files can be linked from where the embedded client puts them."""
        folder = self.house.config.download_dir
        if not self.house.config.downloads.uses_embedded or not await trio.to_thread.run_sync(folder.is_dir):
            return
        for root in await self.house.read(files.roots):
            with suppress(Unavailable):
                await self.shelf.must_be_there(root)
                await self.shelf.why_copies(str(folder), root)

    async def import_download(self, job: Job) -> None:
        download_id = job.args["download_id"]
        if not await self.house.write(downloads.importing, download_id):
            return
        try:
            download = await self.house.read(download_queries.get_download, download_id)
            outcome = await self._import(download, forced=bool(job.args.get("forced")))
            await self._conclude(download, outcome)
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

    async def _import(self, download: Download, *, forced: bool) -> Outcome:
        root = await self.house.read(home_of, download)
        anchor = await self.shelf.must_be_there(root)
        folder = await self._folder(download)
        probed = tuple([await self._probed(folder, file) for file in folder.files])
        delivery = await self.house.read(gather, download, root, replace(folder, files=probed))
        decided = await self._plan(delivery, forced=forced)
        return decided.outcome(() if decided.bad_release else await self._carry_out(decided, delivery, anchor))

    async def _carry_out(self, decided: ImportPlan, delivery: Delivery, anchor: Anchor) -> list[str]:
        """The reasons of the steps that could not be taken."""
        refused = []
        for step in decided.of("import", "adopt", "extra"):
            try:
                await self.shelf.put(step, delivery, anchor)
            except (Invalid, NotFound, Conflict) as no:
                if step.action == "extra":
                    logger.warning("{} is left where it is: {}", printable(step.source), no)
                else:
                    refused.append(f"{step.source}: {no}")
            self.mailbox.ring()  # what it replaced is moved to the trash at the next tick
        return refused

    async def _conclude(self, download: Download, outcome: Outcome) -> None:
        match outcome.becomes:
            case "imported":
                await self.house.write(downloads.imported, download.id)
            case "held":
                await self.house.write(downloads.held, download.id, outcome.reason)
            case "waits":
                raise Unavailable(outcome.reason, retry_after=60)
            case "failed":
                await self.house.write(downloads.failed, download.id, outcome.reason)

    async def _folder(self, download: Download) -> Folder:
        """The download's files where its client has them."""
        client = self.clients.get(download.download_client or "")
        if client is None:
            raise Invalid(f"The download client {download.download_client!r} is no longer configured")
        seen = await client.get(download.download_client_id or "")
        if seen is None or seen.save_path is None:
            raise Unavailable("Its client does not list it just now", retry_after=30)
        for root in await self.house.read(files.roots):
            if await trio.to_thread.run_sync(lies_inside, seen.save_path, root.path):
                raise Invalid(
                    f"Its client saves into the library folder {printable(root.path)}, where a file would be the client's and the library's"
                    " own at once. Give the client a folder beside it"
                )
        now = self.house.clock.now().timestamp()
        return await trio.to_thread.run_sync(partial(read_folder, seen.save_path, seen.files, now=now))

    async def _probed(self, folder: Folder, file: Incoming) -> Incoming:
        if not file.is_video:
            return file
        try:
            return replace(file, probe=await probe(self.house, join(folder.path, file.path)))
        except Invalid:
            return file
        except (ActorDied, AskTimeout) as died:
            raise Unavailable(f"The media probe was being restarted: {died}", retry_after=1) from died

    async def _plan(self, delivery: Delivery, *, forced: bool) -> ImportPlan:
        """The plan, made again until it knows what stands at every place that it chooses."""
        root, folder, config = delivery.root.path, delivery.folder.path, self.house.config
        free = await trio.to_thread.run_sync(space, root)
        facts = import_facts(
            delivery,
            can_link=await self.shelf.why_copies(folder, delivery.root) is None,
            free_space=free.free,
            min_free_space=int(config.downloads.rules.min_free_gb * 1e9),
            forced=forced,
        )
        episodes, title = {e.id: e for e in delivery.episodes}, delivery.download.title
        name = destination(delivery.item, episodes, config.media.naming, delivery.files, title, delivery.wants)
        existing: dict[str, Existing] = {}
        while True:
            decided = plan(replace(facts, existing=existing), name)
            steps = [s for s in decided.of("import", "extra") if s.destination not in existing]
            more = await trio.to_thread.run_sync(standing, root, folder, steps, delivery.done)
            if not more:
                return decided
            existing |= more
