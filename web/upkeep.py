"""Schedules and queues as pages and the API show them, and what a person does to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from mydia.core.cron import next_run
from mydia.core.cron_words import in_words
from mydia.downloads.changes import look_now
from mydia.errors import Invalid, NotFound
from mydia.jobs import cron, queries
from mydia.jobs.model import LastRun, Queue
from mydia.schedules import OFF, entries, make_jobs
from mydia.settings.model import Schedules
from web.forms import set_now
from web.policy import Visit

SHOWN = 3  # next runs
MONITOR = "download_monitor"
TITLES = {
    "library_scan": "Library scan",
    "automated_search": "Automated search",
    "quality_upgrade": "Quality upgrade",
    "metadata_refresh": "Metadata refresh",
    "prune": "Cleanup",
    "optimize_store": "Database statistics",
    "vacuum_store": "Database vacuum",
    "check_store": "Integrity check",
    "backup_store": "Backup",
    MONITOR: "Download monitor",
}


@dataclass(frozen=True, slots=True)
class Schedule:
    """`schedule` is None for what has no hours of its own but looks as often as there is reason to. `fixed`: where the environment sets
    it. `upcoming`: the next runs, ISO 8601 UTC; empty when it is off."""

    name: str
    title: str
    about: str
    schedule: str | None
    words: str
    timezone: str
    enabled: bool
    upcoming: tuple[str, ...] = ()
    last_run_at: str | None = None
    last: LastRun | None = None
    fixed: str = ""


async def schedules(visit: Visit) -> list[Schedule]:
    """Every schedule, in the order of the configuration."""
    known = {entry.name: entry for entry in await visit.read(queries.cron_entries)}
    last, base, now = await visit.read(queries.last_runs), visit.house.loaded, visit.house.clock.now()
    found = []
    for entry in entries(visit.house.config):
        row, key = known.get(entry.name), f"schedules.{entry.name}"
        text = entry.schedule if entry.enabled or row is None else row.schedule
        found.append(
            Schedule(
                entry.name,
                TITLES[entry.name],
                Schedules.model_fields[entry.name].description or "",
                text,
                in_words(text),
                entry.timezone,
                entry.enabled,
                runs(text, entry.timezone, now) if entry.enabled else (),
                row.last_run_at if row else None,
                last.get(entry.name),
                base.sources[key].where if base is not None and base.fixed(key) else "",
            )
        )
    return [*found, _monitor(visit)]


def _monitor(visit: Visit) -> Schedule:
    about = "Look at what is being downloaded, and hand what is finished to the importer."
    words = "every second while something moves, every 15 seconds otherwise"
    zone, look = visit.house.config.schedules.timezone, visit.house.last_look
    if look is None:  # another daemon has the monitor, or it has not looked yet
        return Schedule(MONITOR, TITLES[MONITOR], about, None, words, zone, enabled=True)
    error = f"no answer from {', '.join(look.silent)}" if look.silent else None
    last = LastRun(jobs=0, state="retryable" if look.silent else "completed", seconds=look.seconds, error=error)
    return Schedule(MONITOR, TITLES[MONITOR], about, None, words, zone, True, (look.next_at,), look.at, last)


async def schedule(visit: Visit, name: str) -> Schedule:
    """One schedule; NotFound."""
    for each in await schedules(visit):
        if each.name == name:
            return each
    raise NotFound(f"There is no schedule {name!r}.")


def runs(text: str, timezone: str, now: datetime, count: int = SHOWN) -> tuple[str, ...]:
    """The next runs of a schedule, ISO 8601 UTC. Invalid when it, or its zone, is none."""
    found: list[str] = []
    try:
        at = next_run(text, timezone, now)
        while at is not None and len(found) < count:
            found.append(at.isoformat().replace("+00:00", "Z"))
            at = next_run(text, timezone, at)
    except ValueError as wrong:
        raise Invalid(f"{str(wrong)[:1].upper()}{str(wrong)[1:]}.", field="schedule") from None
    return tuple(found)


async def change_schedule(visit: Visit, name: str, text: str | None, enabled: bool | None) -> None:
    """Set when a schedule runs, and whether it does; from now on, and after a restart too. What is None stays as it is."""
    now = await schedule(visit, name)
    if now.schedule is None:
        raise Invalid("The download monitor looks as often as there is reason to; it has no schedule to change.")
    wanted = now.schedule if text is None else " ".join(text.split())
    if wanted == OFF:
        raise Invalid("Switch it off by `enabled`.", field="schedule")
    runs(wanted, now.timezone, visit.house.clock.now())
    on = now.enabled if enabled is None else enabled
    await _set(visit, {f"schedules.{name}": wanted if on else OFF})


async def change_timezone(visit: Visit, timezone: str) -> None:
    """Set the time zone of all schedules."""
    await _set(visit, {"schedules.timezone": timezone.strip()})


async def _set(visit: Visit, values: dict[str, str]) -> None:
    await set_now(visit, values)
    visit.house.mail["scheduler"].ring()


async def run_now(visit: Visit, name: str) -> Sequence[str]:
    """Do now what a schedule does, and leave its hours as they are; the ids of its jobs."""
    if name == MONITOR:
        await visit.write(look_now, actor=visit.name)  # it may live in another daemon, which hears what is committed
        return ()
    return await visit.write(cron.run_entry, name, make_jobs)


async def queues(visit: Visit) -> tuple[Queue, ...]:
    """Every queue, with what runs and waits in it."""
    return await visit.read(queries.queues, dict(visit.house.config.jobs.queues))


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def local(moment: str, timezone: str) -> str:
    """'2026-02-01T02:45:00Z' in Europe/Berlin -> 'Sun 2026-02-01 03:45', as its clocks will show."""
    at = datetime.fromisoformat(moment).astimezone(ZoneInfo(timezone))
    return f"{_DAYS[at.weekday()]} {at:%Y-%m-%d %H:%M}"
