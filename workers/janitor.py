"""janitor: keeps the house small and sound. Prunes what is old, empties the trash, checks and backs up the database."""

from collections.abc import Callable
from datetime import timedelta

import trio
from loguru import logger

from mydia.accounts import changes as accounts
from mydia.adapters.disk.trash import delete_for_good
from mydia.errors import MydiaError
from mydia.events import HealthChanged
from mydia.house import House
from mydia.jobs import changes
from mydia.jobs.model import Job
from mydia.library import queries as files
from mydia.library.model import TrashRow
from mydia.library.trash import trash_ended
from mydia.settings import changes as settings
from mydia.settings.queries import get_setting
from mydia.store.transaction import Transaction, to_text
from workers.job_actor import JobActor

BATCH = 2000
GIGABYTE = 10**9
STORE_FAULT = "store.fault"


class Janitor(JobActor):
    def __init__(self, house: House, boot: str) -> None:
        super().__init__(house, boot)
        self.kinds = {
            "prune": self.prune,
            "optimize_store": self.optimize_store,
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
        present = {root.id for root in await self.house.read(files.roots) if root.state == "ok"}
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

    async def optimize_store(self, job: Job) -> None:
        await self.house.engine.checkpoint()

    async def check_store(self, job: Job) -> None:
        """Faults raise an alert that stays until a check finds none."""
        found = await self.house.engine.check()
        for fault in found:
            logger.error("database check: {}", fault)
        await self.house.write(store_checked, "; ".join(found[:3]) or None)

    async def backup_store(self, job: Job) -> None:
        path = await self.house.engine.backup(self.house.config.database.backups, to_text(self.house.clock.now()))
        logger.info("database backup written and verified: {}", path)


def store_checked(tx: Transaction, fault: str | None) -> None:
    """Keep what the check found, and say so when it is news."""
    known = get_setting(tx, STORE_FAULT)
    settings.put_setting(tx, STORE_FAULT, fault)
    if fault is not None and fault != known:
        tx.emit(
            HealthChanged(part="database", ok=False, message=f"The database is damaged: {fault}. Restore a backup.")
        )
    elif fault is None and known is not None:
        tx.emit(HealthChanged(part="database", ok=True, message="The database is sound again."))


def delete_all(row: TrashRow) -> None:
    """Remove a trashed file and its side files for good."""
    for path in (row.trash_path, *(str(side["trashed"]) for side in row.metadata.get("side_files", ()))):
        delete_for_good(row.root_path, path)
