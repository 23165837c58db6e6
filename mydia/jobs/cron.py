"""What time asks for, as rows: one entry per schedule. It enqueues its jobs once when it comes due, across restarts, sleep and clocks."""

from collections.abc import Sequence
from typing import Protocol

from mydia.core.cron import next_run
from mydia.errors import Invalid, NotFound
from mydia.jobs.model import CronEntry
from mydia.jobs.queries import cron_entry
from mydia.store.engine import to_json
from mydia.store.transaction import Transaction, parse_time, to_text


class MakeJobs(Protocol):
    """Enqueues the jobs of an entry; their ids. `hurry`: somebody waits for them."""

    def __call__(self, tx: Transaction, entry: CronEntry, /, *, hurry: bool) -> Sequence[str]: ...


_PLAN = """insert into cron_entries (name, kind, args, schedule, timezone, enabled, next_run_at)
    values (:name, :kind, :args, :schedule, :timezone, :enabled, :next_run_at)
    on conflict (name) do update set kind = excluded.kind, args = excluded.args, schedule = excluded.schedule,
        timezone = excluded.timezone, enabled = excluded.enabled, next_run_at = excluded.next_run_at"""


def plan_entries(tx: Transaction, entries: Sequence[CronEntry]) -> None:
    """Make the table say what is configured. When each runs next is computed anew only where its schedule or zone changed.

    An entry that is not enabled keeps the schedule that it had, for when it is enabled again.
    """
    known = {row["name"]: cron_entry(row) for row in tx.all("select * from cron_entries order by name")}
    for entry in entries:
        old = known.pop(entry.name, None)
        same = old is not None and (old.schedule, old.timezone, old.enabled) == (
            entry.schedule,
            entry.timezone,
            entry.enabled,
        )
        next_run_at = old.next_run_at if old is not None and same else upcoming(entry, tx.now)
        row = {
            "name": entry.name,
            "kind": entry.kind,
            "args": to_json(entry.args),
            "schedule": entry.schedule if old is None or entry.enabled else old.schedule,
            "timezone": entry.timezone,
            "enabled": int(entry.enabled),
            "next_run_at": next_run_at,
        }
        tx.execute(_PLAN, **row)
    for name in known:
        tx.execute("delete from cron_entries where name = :name", name=name)


def run_due(tx: Transaction, make_jobs: MakeJobs) -> None:
    """Make the jobs of every entry that has come due, once, however many times were missed."""
    due = tx.all(
        "select * from cron_entries where enabled = 1 and next_run_at <= :now order by next_run_at, name", now=tx.now
    )
    for row in due:
        # Moved first: of two that saw it come due, one moves it.
        move = "update cron_entries set next_run_at = :at where name = :name and next_run_at = :due"
        if tx.execute(move, at=upcoming(cron_entry(row), tx.now), name=row["name"], due=row["next_run_at"]):
            _run(tx, cron_entry(row), make_jobs, hurry=False)


def run_entry(tx: Transaction, name: str, make_jobs: MakeJobs) -> tuple[str, ...]:
    """A person's wish: make this entry's jobs now, bring forward those that wait, keep its schedule. Their ids; NotFound."""
    row = tx.one("select * from cron_entries where name = :name", name=name)
    if row is None:
        raise NotFound(f"there is no schedule {name!r}")
    return _run(tx, cron_entry(row), make_jobs, hurry=True)


def _run(tx: Transaction, entry: CronEntry, make_jobs: MakeJobs, *, hurry: bool) -> tuple[str, ...]:
    ids = tuple(dict.fromkeys(make_jobs(tx, entry, hurry=hurry)))
    tx.execute("delete from cron_jobs where entry = :name", name=entry.name)
    tx.insert_many("cron_jobs", [{"entry": entry.name, "job_id": job_id} for job_id in ids])
    tx.execute(
        "update cron_entries set last_run_at = :now, last_job_id = :id where name = :name",
        now=tx.now,
        id=ids[-1] if ids else None,
        name=entry.name,
    )
    return ids


def upcoming(entry: CronEntry, now: str) -> str | None:
    """When an entry runs next after `now`; None where it never does. Invalid where its schedule says nothing."""
    if not entry.enabled:
        return None
    try:
        at = next_run(entry.schedule, entry.timezone, parse_time(now))
    except ValueError as error:
        raise Invalid(f"the schedule {entry.name!r}: {error}", field=entry.name) from error
    return None if at is None else to_text(at)
