"""scheduler: what time asks for becomes jobs, once each, across restarts, sleep and clocks that jump.

The next run of each entry stands in the database and moves in the transaction that enqueues the job: nothing is lost or doubled. It is
wall time that counts, so the actor looks again every few seconds rather than sleeping until the hour: a machine that was asleep, or whose
clock was set, is noticed at once.
"""

from collections.abc import Sequence

from mydia.house import House
from mydia.jobs import cron, queries
from mydia.jobs.model import CronEntry
from mydia.library import changes as library
from mydia.media import changes as media
from mydia.media import queries as titles
from mydia.otp import Actor
from mydia.settings.model import Config
from mydia.store.transaction import Transaction, to_text

REFRESHED_AT_ONCE = 200  # titles per run of metadata_refresh: a provider's patience is limited

_KINDS = {
    "library_scan": "scan_root",
    "automated_search": "search_missing",
    "metadata_refresh": "refresh_metadata",
    "prune": "prune",
    "optimize_store": "optimize_store",
    "check_store": "check_store",
    "backup_store": "backup_store",
}


def entries(config: Config) -> tuple[CronEntry, ...]:
    """The cron entries that a configuration asks for: one for each schedule, none for those that are off."""
    schedules = config.schedules
    return tuple(
        CronEntry(
            name=name,
            kind=kind,
            args={},
            schedule=schedule,
            timezone=schedules.timezone,
            enabled=True,
            last_run_at=None,
            next_run_at=None,
            last_job_id=None,
        )
        for name, kind in _KINDS.items()
        if (schedule := getattr(schedules, name)) != "off"
    )


def expand(tx: Transaction, entry: CronEntry) -> Sequence[str]:
    """The jobs of an entry that has come due; several where one job is about one folder or one title."""
    match entry.name:
        case "library_scan":
            return library.request_scan(tx, actor="system")
        case "metadata_refresh":
            stale = titles.longest_unrefreshed(tx, limit=REFRESHED_AT_ONCE)
            return [job for item in stale if (job := media.request_refresh(tx, item)) is not None]
    return [tx.enqueue(entry.kind, entry.args)]


class Scheduler(Actor):
    period = 5.0

    def __init__(self, house: House) -> None:
        self.house = house
        self._planned: tuple[CronEntry, ...] = ()

    async def tick(self) -> None:
        wanted = entries(self.house.config)
        if wanted != self._planned:  # at start, and when a person changed a schedule
            await self.house.write(cron.plan_entries, wanted)
            self._planned = wanted
        if await self.house.read(queries.entry_due, to_text(self.house.clock.now())):
            await self.house.write(cron.run_due, expand)
