"""janitor: keeps the house small and sound. Prunes what is old, empties the trash; sees to the database: statistics, log, room, integrity,
backups, growth. What is wrong with it stays an alert until it is solved."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import trio
from loguru import logger

from mydia.accounts import changes as accounts
from mydia.adapters.disk.roots import check_root
from mydia.adapters.disk.trash import delete_for_good
from mydia.errors import MydiaError, Unavailable
from mydia.house import House
from mydia.jobs import changes
from mydia.jobs.model import Job
from mydia.library import queries as files
from mydia.library.model import Root, TrashRow
from mydia.library.trash import trash_ended
from mydia.settings.alerts import clear_alert, set_alert
from mydia.store import growth
from mydia.store.transaction import Transaction, to_text
from workers.job_actor import JobActor

BATCH = 2000
GIGABYTE = 10**9
LOOK_AT_LOG = 30.0
"""Seconds between two looks at how large the database's log is ..."""
FOLD_AGAIN = 60.0
"""... and between two tries to fold it."""


class Janitor(JobActor):
    def __init__(self, house: House, boot: str) -> None:
        super().__init__(house, boot)
        self._look_at = 0.0
        self.kinds = {
            "prune": self.prune,
            "optimize_store": self.optimize_store,
            "fold_log": self.fold_log,
            "vacuum_store": self.vacuum_store,
            "check_store": self.check_store,
            "backup_store": self.backup_store,
        }

    async def prune(self, job: Job) -> None:
        """Old jobs and events in small bites, so that the writer serves others in between; then sessions and the trash."""
        config = self.house.config
        await self._all(changes.prune_jobs, config.jobs.keep_days)
        await self._all(changes.prune_events, config.jobs.keep_events_days)
        await self.house.write(accounts.prune_sessions)
        before = to_text(self.house.clock.now() - timedelta(days=config.media.recycle_days))
        old = await self.house.read(files.trash_before, before, BATCH)
        if config.media.recycle_max_gb is not None:
            old += await self.house.read(files.trash_over, int(config.media.recycle_max_gb * GIGABYTE), BATCH)
        await self._empty(job, {row.id: row for row in old})

    async def _all(self, prune: Callable[[Transaction, int, int], int], days: int) -> None:
        while await self.house.write(prune, days, BATCH) == BATCH:
            pass

    async def _empty(self, job: Job, old: dict[str, TrashRow]) -> None:
        # A folder that is not there now may come back with its trash: only what can be seen to go is called gone.
        present = [root.id for root in await self.house.read(files.roots) if await self._is_there(root)]
        for done, row in enumerate(old.values()):
            await self.report(job, done=done, total=len(old), text="emptying the trash")
            if row.root_id not in present:
                continue
            try:
                await trio.to_thread.run_sync(delete_all, row)
            except (MydiaError, OSError) as error:
                logger.warning("{} stays in the trash of {}: {}", row.relative_path, row.root_path, error)
                continue
            await self.house.write(trash_ended, row.id, "deleted")

    async def _is_there(self, root: Root) -> bool:
        """Whether a folder is what it was when it was last looked at, and still."""
        known = await self.house.read(files.count_known, root.id)
        check = await trio.to_thread.run_sync(
            partial(check_root, root.path, known_device=root.device, known_files=known)
        )
        return root.state == check.state == "ok"

    # -- the database

    async def tick(self) -> None:
        await super().tick()
        if trio.current_time() >= self._look_at:
            self._look_at = trio.current_time() + LOOK_AT_LOG
            if (await self.house.engine.status()).wal_size > self._log_limit:
                await self.house.write(Transaction.enqueue, "fold_log", {}, unless_running=True, period=FOLD_AGAIN)

    async def optimize_store(self, job: Job) -> None:
        engine = self.house.engine
        await engine.checkpoint()
        await self._fold()
        status = await engine.status()
        tables = await self.house.read(growth.count_rows)
        await self.house.write(growth.keep_sample, status.size, status.wal_size, tables)

    async def fold_log(self, job: Job) -> None:
        await self._fold()

    async def _fold(self) -> None:
        """A log that can't be folded is somebody's long read; who it is, is said until it is over."""
        left = await self.house.engine.fold()
        if left <= self._log_limit:
            await self.house.write(clear_alert, "database log", "The database's log is folded again.")
            return
        now = trio.current_time()
        who = [f"{r.query} (for {now - r.since:.0f} s)" for r in self.house.engine.reading()]
        why = f"is being read by {', '.join(who)}" if who else "another program holds it open"
        await self.house.write(
            set_alert,
            "database log",
            f"The database's log has grown beyond {self._log_limit >> 20} MiB and can't be folded while it {why}.",
        )

    @property
    def _log_limit(self) -> int:
        return self.house.config.database.log_limit_mb << 20

    async def vacuum_store(self, job: Job) -> None:
        if self.house.engine.keeper is None:
            await self.report(job, text="this database's server does that all the time")
            return
        before = (await self.house.engine.status()).size
        await self.house.engine.vacuum()
        after = (await self.house.engine.status()).size
        logger.info("database written anew: {} bytes before, {} after", before, after)

    async def check_store(self, job: Job) -> None:
        """Faults raise an alert that stays until a check finds none."""
        found = await self.house.engine.check()
        for fault in found:
            logger.error("database check: {}", fault)
        if found:
            message = f"The database is damaged: {'; '.join(found[:3])}. Restore a backup."
            await self.house.write(set_alert, "database", message)
        else:
            await self.house.write(clear_alert, "database", "The database is sound again.")

    async def backup_store(self, job: Job) -> None:
        if self.house.engine.keeper is None:
            await self.report(job, text="this database is backed up by its own tools")
            return
        try:
            path = await self.house.engine.backup(self.house.config.database.backups, to_text(self.house.clock.now()))
        except Unavailable as no:
            await self.house.write(set_alert, "backup", str(no))
            raise
        logger.info("database backup written and verified: {}", path)
        await self.house.write(clear_alert, "backup", "Backups are written again.")


def delete_all(row: TrashRow) -> None:
    """Remove a trashed file and its side files for good."""
    for path in (row.trash_path, *(str(side["trashed"]) for side in row.metadata.get("side_files", ()))):
        delete_for_good(row.root_path, path)
