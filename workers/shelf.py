"""The library's shelf: how files move in it. In from a download, to the trash and back, to the names that templates now make of them.

A part of the importer, which has the disks to itself. Each move is written down before it is made, and is made again where a process ended
in between: whatever is done already is seen to be so. A file that comes in is placed whole at its final name; one transaction says that it
is there, that its slot holds it, and what it replaces; only then is the replaced file moved to the trash.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import ParamSpec, TypeVar

import trio
from loguru import logger

from mydia.adapters.disk.incoming import look_at_placed
from mydia.adapters.disk.paths import Anchor, Spot, join
from mydia.adapters.disk.place import METHODS, Placed, discard_part, place
from mydia.adapters.disk.rename import rename
from mydia.adapters.disk.roots import can_hardlink, check_root
from mydia.adapters.disk.system import REAL, Syscalls, printable
from mydia.adapters.disk.trash import Moved, file_size, restore, to_trash, trash_path
from mydia.core.importing import Step
from mydia.deliveries import Delivery
from mydia.errors import Conflict, Forbidden, Invalid, MydiaError, NotFound, Unavailable
from mydia.house import House
from mydia.incoming import facts_for
from mydia.jobs.model import Discard, Job
from mydia.library import changes as library
from mydia.library import queries as files
from mydia.library import renames
from mydia.library.journal import begin_import, close_import, import_placed
from mydia.library.model import JournalRow, Root, TrashRow
from mydia.library.trash import file_trashed, trash_ended
from mydia.renaming import preview

P = ParamSpec("P")
T = TypeVar("T")

TRASH_AGAIN = 60.0
"""Seconds until what could not be moved to the trash is tried again."""
RENAMED_AT_ONCE = 200
"""Files whose intents are written down together."""


class Shelf:
    """`report(job, text=...)` shows how far a job is. `sys` are the system calls, for those who test what happens when one fails."""

    def __init__(self, house: House, report: Callable[..., Awaitable[None]], sys: Syscalls = REAL) -> None:
        self.house = house
        self.sys = sys
        self._report = report
        self._again: dict[str, float] = {}

    async def _at_the_disk(self, do: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Move something. Of several daemons, no two at once."""
        await self.house.alone()
        return await trio.to_thread.run_sync(partial(do, *args, **kwargs))

    async def must_be_there(self, root: Root) -> Anchor:
        """Unavailable where a library folder is not the one that is known, or can't be written: a disk that is not mounted, most likely.

        The answer is for a `Spot` in it, so that it is still that folder when it is written to.
        """
        known = len(await self.house.read(files.known_after, root.id, "", 1))
        check = await trio.to_thread.run_sync(
            partial(check_root, root.path, known_device=root.device, known_files=known)
        )
        if check.state != "ok" or check.device is None or check.inode is None:
            raise Unavailable(check.reason or f"{printable(root.path)} is {check.state}", retry_after=60)
        return check.device, check.inode

    async def why_copies(self, folder: str, root: Root) -> str | None:
        """Why files can't be linked from a download's folder into a library folder; told there, as long as it is so."""
        why = await trio.to_thread.run_sync(partial(can_hardlink, folder, root.path, token=root.id))
        if why != root.copies:
            await self.house.write(library.set_root_copies, root.id, why)
        return why

    # -- in from a download ------------------------------------------------------------------------------------------------------

    async def undo_abandoned(self) -> None:
        """End what was begun for downloads that were given up meanwhile."""
        for row, root in await self.house.read(files.abandoned_imports):
            await self._at_the_disk(discard_part, Spot(root, row.relative_path), token=row.id)
            await self.house.write(close_import, row.id, "undone", "The download was given up meanwhile")

    async def put(self, step: Step, of: Delivery, anchor: Anchor) -> None:
        """Give a file of a download the place that was planned for it, unless an earlier attempt did."""
        source = join(of.folder.path, step.source)
        if source in of.done:
            return
        journal = await self.house.write(
            begin_import,
            of.download.id,
            source=source,
            root_id=of.root.id,
            relative_path=step.destination or "",
            plan={"action": step.action, "targets": list(step.targets), "trash": list(step.trash)},
        )
        spot = Spot(of.root.path, journal.relative_path, anchor)
        # The old file of the very same name is in the trash before the new one has its name.
        away = journal.relative_path in journal.plan["trash"]
        displaced = trash_path(journal.relative_path, token=journal.id) if away else None
        try:
            placed = await self._at_the_disk(
                place,
                Spot(of.folder.path, step.source),
                spot,
                token=journal.id,
                as_seen=of.files[step.source].as_seen,
                methods=METHODS,
                displaced=displaced,
                # A long copy ends between two chunks when the house stops; the next start begins it anew.
                check=trio.from_thread.check_cancelled,
                sys=self.sys,
            )
        except MydiaError as no:
            await self._at_the_disk(discard_part, spot, token=journal.id)
            await self.house.write(close_import, journal.id, "undone", str(no))
            raise
        if step.action == "extra":
            await self.house.write(close_import, journal.id, "done", "side file")
        else:
            await self._commit(step, of, journal, placed, displaced)

    async def _commit(
        self, step: Step, of: Delivery, journal: JournalRow, placed: Placed, displaced: str | None
    ) -> None:
        if placed.reason and placed.method == "copy":
            logger.warning("{} was copied, not linked: {}", printable(journal.relative_path), placed.reason)
        left = await trio.to_thread.run_sync(file_size, of.root.path, displaced) if displaced else None
        await self.house.write(
            import_placed,
            journal.id,
            await trio.to_thread.run_sync(look_at_placed, of.root.path, journal.relative_path),
            of.item.id,
            [t for t in step.targets if t],
            facts_for(of.files[step.source], of.item, of.download.title, of.wants),
            slot_id=of.download.slot_id or "",
            release=of.download.title,
            method=placed.method,
            reason=placed.reason,
            # Nothing may have stood there, whatever was known of it.
            displaced=None if left is None or displaced is None else (displaced, left),
        )

    # -- the trash ---------------------------------------------------------------------------------------------------------------

    async def clear(self) -> None:
        """Move to the trash what is marked for it."""
        for row in await self.house.read(files.trash_in_flight):
            if self._again.get(row.id, 0) <= trio.current_time():
                await self._to_trash(row)

    async def _to_trash(self, row: TrashRow) -> None:
        try:
            anchor = await self.must_be_there(await self.house.read(files.get_root, row.root_id))
            keep = await self.house.read(files.came_since, row)
            spot = Spot(row.root_path, row.relative_path, anchor)
            moved = await self._at_the_disk(to_trash, spot, token=row.id, keep=keep, sys=self.sys)
        except NotFound:
            await self.house.write(trash_ended, row.id, "deleted")
        except MydiaError as no:
            logger.warning("{} stays for now: {}", printable(row.relative_path), no)
            self._again[row.id] = trio.current_time() + TRASH_AGAIN
        else:
            sides = [{"original": m.original, "trashed": m.trashed, "size": m.size} for m in moved[1:]]
            await self.house.write(file_trashed, row.id, moved[0].trashed, sides)

    async def restore_file(self, job: Job) -> None:
        """Back to where it was, with its side files; beside it, where its name is taken meanwhile."""
        row = await self.house.read(files.get_trash, job.args["trash_id"])
        if row.state == "restored":
            return  # by an attempt that was ended before it could say so
        if row.state != "trashed":
            raise Discard(f"{printable(row.relative_path)} is not in the trash: it is {row.state}")
        await self.must_be_there(await self.house.read(files.get_root, row.root_id))
        moved = Moved(row.relative_path, row.trash_path, row.size)
        for each in (moved, *(Moved(**side) for side in row.metadata.get("side_files", ()))):
            await self._at_the_disk(restore, row.root_path, each, sys=self.sys)
        await self.house.write(trash_ended, row.id, "restored", actor=job.args["actor"])

    # -- other names -------------------------------------------------------------------------------------------------------------

    async def rename_files(self, job: Job) -> None:
        """Give files the names that the templates make of them now, or those that a batch took from them. Run again, it goes on."""
        batch, actor, undo = job.args["batch_id"], job.args["actor"], job.args.get("undo")
        await self._rename_intended(job, batch)
        cursor: str | None = ""
        while cursor is not None:
            if undo is not None:
                back = await self.house.read(renames.reversals, undo, cursor, RENAMED_AT_ONCE)
                wanted, cursor = [w for _, w in back], back[-1][0] if len(back) == RENAMED_AT_ONCE else None
            else:
                naming, item = self.house.config.media.naming, job.args.get("media_item_id")
                page = await self.house.read(
                    preview, naming, media_item_id=item, cursor=cursor or None, limit=RENAMED_AT_ONCE
                )
                wanted, cursor = [(r.file_id, r.before, r.after) for r in page.items if not r.clashes], page.next
            await self.house.write(renames.intend_renames, batch, wanted, actor=actor)
            await self._rename_intended(job, batch)

    async def _rename_intended(self, job: Job, batch: str) -> None:
        while rows := await self.house.read(renames.rows_of, batch, "intent", RENAMED_AT_ONCE):
            for row in rows:
                anchor = await self.must_be_there(await self.house.read(files.get_root, row.root_id))
                try:
                    spot = Spot(row.root_path, row.old_path, anchor)
                    done = await self._at_the_disk(rename, spot, row.new_path, sys=self.sys)
                except (Invalid, NotFound, Conflict, Forbidden) as no:
                    await self.house.write(renames.rename_failed, row.id, str(no))
                else:
                    await self.house.write(renames.renamed, row.id, [(r.before, r.after) for r in done[1:]])
                await self._report(job, text=printable(row.new_path))
