"""What time asks for: the house's schedules, as the configuration has them, and the jobs that each makes when it comes due.

The jobs here are of several contexts, which contexts themselves never know of each other.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mydia.jobs.model import CronEntry
from mydia.library import changes as library
from mydia.media import changes as media
from mydia.media import queries as titles
from mydia.settings.model import Config, Schedules
from mydia.store.transaction import Transaction

REFRESHED_AT_ONCE = 200  # titles per run of metadata_refresh: a provider's patience is limited
OFF = "off"
FILE_ONLY = ("vacuum_store", "backup_store")
"""What only a database that is a file needs."""

JOBS: Mapping[str, tuple[str, dict[str, Any]]] = {
    # a schedule of the configuration: the kind of job it makes, and that job's arguments
    "library_scan": ("scan_root", {}),
    "automated_search": ("search_missing", {"why": "missing"}),
    "quality_upgrade": ("search_missing", {"why": "cutoff_unmet"}),
    "metadata_refresh": ("refresh_metadata", {}),
    "prune": ("prune", {}),
    "optimize_store": ("optimize_store", {}),
    "vacuum_store": ("vacuum_store", {}),
    "check_store": ("check_store", {}),
    "backup_store": ("backup_store", {}),
}


def entries(config: Config) -> tuple[CronEntry, ...]:
    """The cron entries that a configuration asks for, one for each schedule; those that are off are not enabled."""
    schedules = config.schedules
    # A server sees to its database's room and copies itself.
    jobs = JOBS if config.database.url is None else {n: j for n, j in JOBS.items() if n not in FILE_ONLY}
    return tuple(
        CronEntry(
            name=name,
            kind=kind,
            args=args,
            schedule=default_of(name) if getattr(schedules, name) == OFF else getattr(schedules, name),
            timezone=schedules.timezone,
            enabled=getattr(schedules, name) != OFF,
            last_run_at=None,
            next_run_at=None,
            last_job_id=None,
        )
        for name, (kind, args) in jobs.items()
    )


def default_of(name: str) -> str:
    """The schedule that Mydia brings."""
    return str(Schedules.model_fields[name].default)


def make_jobs(tx: Transaction, entry: CronEntry, *, hurry: bool) -> Sequence[str]:
    """Enqueue the jobs of an entry; several where one job is about one folder or one title. Their ids. `hurry`: somebody waits for them."""
    match entry.name:
        case "library_scan":
            return library.request_scan(tx, hurry=hurry)
        case "metadata_refresh":
            stale = titles.longest_unrefreshed(tx, limit=REFRESHED_AT_ONCE)
            return [media.request_refresh(tx, item, hurry=hurry) for item in stale]
    return [tx.enqueue(entry.kind, entry.args, unless_running=True, hurry=hurry)]
