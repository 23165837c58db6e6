"""Writes of jobs and cron entries: claiming, ending, postponing, rescuing, pruning, and what time asks for.

Every change that ends an attempt names the owner that ran it, and does nothing when the row is no longer that owner's.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from mydia.core.cron import next_run
from mydia.errors import Conflict, Invalid, NotFound
from mydia.events import JobChanged
from mydia.jobs.model import MAX_INTERRUPTIONS, CronEntry, Job, JobError, State
from mydia.jobs.queries import cron_entry, get_job, job
from mydia.store.engine import Row, among, from_json, to_json
from mydia.store.transaction import Transaction, parse_time, to_text

_BUSY = "exists (select 1 from jobs r where r.unique_key = jobs.unique_key and r.state = 'executing')"


def claim(tx: Transaction, kinds: Sequence[str], owner: str, limit: int) -> tuple[Job, ...]:
    """Take up to `limit` jobs of these kinds that are due, most urgent first, then oldest; they are executing from now on.

    Of jobs that are the same wish, one runs at a time.
    """
    match, params = among("kind", kinds)
    tx.execute(
        f"""update jobs set state = 'available'
        where state in ('scheduled', 'retryable') and scheduled_at <= :now and {match}""",
        now=tx.now,
        **params,
    )
    # One small ordered index scan per kind; a single one over several kinds would sort all that waits.
    ready = [
        row
        for kind in kinds
        for row in tx.all(
            f"""select priority, scheduled_at, id from jobs
            where kind = :kind and state = 'available' and not (unique_key is not null and {_BUSY})
            order by priority, scheduled_at, id limit :limit""",
            kind=kind,
            limit=limit,
        )
    ]
    ready.sort(key=lambda row: (row["priority"], row["scheduled_at"], row["id"]))
    claimed = []
    for row in ready[:limit]:
        taken = tx.one(
            """update jobs set state = 'executing', attempt = attempt + 1, attempted_at = :now, owner = :owner,
                cancel_requested = 0, progress = null
            where id = :id returning *""",
            id=row["id"],
            now=tx.now,
            owner=owner,
        )
        claimed.append(job(taken or {}))
        _changed(tx, claimed[-1], "executing")
    return tuple(claimed)


def complete(tx: Transaction, job_id: str, owner: str) -> bool:
    """The attempt succeeded."""
    return _finish(tx, job_id, owner, "completed", None)


def discard(tx: Transaction, job_id: str, owner: str, reason: str) -> bool:
    """The attempt showed that there is no point in another."""
    return _finish(tx, job_id, owner, "discarded", JobError(0, tx.now, reason))


def cancelled(tx: Transaction, job_id: str, owner: str) -> bool:
    """The attempt was cancelled while it ran, as somebody wished."""
    return _finish(tx, job_id, owner, "cancelled", JobError(0, tx.now, "cancelled while it ran"))


def retry_later(
    tx: Transaction, job_id: str, owner: str, error: str, stack: str | None, in_seconds: float
) -> State | None:
    """The attempt failed by an error of ours: try again later, or give up after `max_attempts`; the state it now has."""
    row = _running(tx, job_id, owner)
    if row is None:
        return None
    wrong = JobError(row["attempt"], tx.now, error, stack)
    if row["attempt"] >= row["max_attempts"]:
        return "discarded" if _finish(tx, job_id, owner, "discarded", wrong) else None
    return _wait(tx, row, "retryable", in_seconds, wrong)


def snooze(tx: Transaction, job_id: str, owner: str, in_seconds: float, reason: str) -> State | None:
    """The outside says "later": not an attempt, so it is not counted as one. The state the job now has."""
    row = _running(tx, job_id, owner)
    if row is None:
        return None
    wrong = JobError(row["attempt"], tx.now, reason)
    return _wait(tx, row, "scheduled", in_seconds, wrong, attempt=row["attempt"] - 1, snoozed=row["snoozed"] + 1)


def interrupt(tx: Transaction, job_id: str, owner: str, reason: str, in_seconds: float = 0) -> State | None:
    """The attempt was cut short by no fault of its own (a shutdown, an actor that died under it): it runs again."""
    row = _running(tx, job_id, owner)
    return None if row is None else _interrupted(tx, row, reason, in_seconds, counted=0)


def rescue(tx: Transaction, kinds: Sequence[str], owner: str) -> int:
    """Give back the running jobs of these kinds whose owner is gone, at once; how many.

    The caller is the one actor of these kinds in its new life, so every other owner is a former one. A job that was interrupted
    again and again is discarded: it may be what ends the process.
    """
    match, params = among("kind", kinds)
    sql = f"select * from jobs where state = 'executing' and owner <> :owner and {match} order by id"
    orphans = tx.all(sql, owner=owner, **params)
    for row in orphans:
        _interrupted(tx, row, "its actor or process ended while it ran", 0, counted=1)
    return len(orphans)


def set_progress(tx: Transaction, job_id: str, owner: str, progress: Mapping[str, Any]) -> bool:
    """What a page shows of a running job: {"done": 3, "total": 9, "text": "..."}, each optional."""
    row = _running(tx, job_id, owner)
    if row is None:
        return False
    tx.update("jobs", job_id, progress=to_json(progress))
    _changed(tx, job(row), "executing")
    return True


def cancel_job(tx: Transaction, job_id: str) -> State:
    """A person's wish: what waits is cancelled at once, what runs is told to stop. Conflict when it is over already."""
    found = get_job(tx, job_id)
    if found.state == "executing":
        tx.update("jobs", job_id, cancel_requested=1)
        tx.wake.add(found.kind)
        return "executing"
    if found.state not in ("available", "scheduled", "retryable"):
        raise Conflict(f"this job is over already ({found.state})")
    tx.update("jobs", job_id, state="cancelled", finished_at=tx.now)
    _changed(tx, found, "cancelled")
    return "cancelled"


def retry_job(tx: Transaction, job_id: str) -> str:
    """A person's wish: run it now. A job that is over runs again, with one attempt more than it had; the id of what will run.

    Where the same wish waits already as another job, that one is brought forward instead.
    """
    found = get_job(tx, job_id)
    if found.state == "executing":
        raise Conflict("this job runs already")
    twin = tx.value(
        """select o.id from jobs o join jobs j on j.unique_key = o.unique_key
        where j.id = :id and o.id <> j.id and o.state in ('available', 'scheduled', 'retryable')""",
        id=job_id,
    )
    chosen = found if twin is None else get_job(tx, twin)
    tx.update(
        "jobs",
        chosen.id,
        state="available",
        scheduled_at=tx.now,
        finished_at=None,
        cancel_requested=0,
        max_attempts=max(chosen.max_attempts, chosen.attempt + 1),
    )
    _changed(tx, chosen, "available")
    return chosen.id


def prune_jobs(tx: Transaction, days: int, limit: int = 2000) -> int:
    """Delete up to `limit` jobs that were over more than `days` ago; how many. Ask again until it is less than `limit`."""
    return tx.execute(
        """delete from jobs where id in (
            select id from jobs where state in ('completed', 'discarded', 'cancelled') and finished_at < :before
            order by finished_at, id limit :limit)""",
        before=tx.later(-days * 86400),
        limit=limit,
    )


def prune_events(tx: Transaction, days: int, limit: int = 2000) -> int:
    """Delete up to `limit` events older than `days`; how many."""
    return tx.execute(
        """delete from events where seq in (
            select seq from events where at < :before order by seq limit :limit)""",
        before=tx.later(-days * 86400),
        limit=limit,
    )


# -- what time asks for


def plan_entries(tx: Transaction, entries: Sequence[CronEntry]) -> None:
    """Make the table say what is configured. When each runs next is computed anew only where its schedule or zone changed."""
    known = {row["name"]: cron_entry(row) for row in tx.all("select * from cron_entries order by name")}
    for entry in entries:
        old = known.pop(entry.name, None)
        same = old is not None and (old.schedule, old.timezone, old.enabled) == (
            entry.schedule,
            entry.timezone,
            entry.enabled,
        )
        upcoming = old.next_run_at if old is not None and same else _next(entry, tx.now)
        columns: Row = {
            "kind": entry.kind,
            "args": to_json(entry.args),
            "schedule": entry.schedule,
            "timezone": entry.timezone,
            "enabled": int(entry.enabled),
            "next_run_at": upcoming,
        }
        if old is None:
            tx.insert("cron_entries", {"name": entry.name, **columns})
        else:
            assignments = ", ".join(f"{name} = :{name}" for name in columns)
            tx.execute(f"update cron_entries set {assignments} where name = :name", name=entry.name, **columns)
    for name in known:
        tx.execute("delete from cron_entries where name = :name", name=name)


def run_due(tx: Transaction, expand: Callable[[Transaction, CronEntry], Sequence[str]] | None = None) -> str | None:
    """Enqueue the job of every entry that has come due, once, however many times were missed; when the next one comes due.

    `expand(tx, entry)` enqueues in place of the entry's own job, for those that mean several (one scan for each library folder).
    """
    due = tx.all(
        "select * from cron_entries where enabled = 1 and next_run_at <= :now order by next_run_at, name", now=tx.now
    )
    for row in due:
        _run(tx, cron_entry(row), expand)
        upcoming = _next(cron_entry(row), tx.now)
        tx.execute("update cron_entries set next_run_at = :at where name = :name", at=upcoming, name=row["name"])
    soonest: str | None = tx.value("select min(next_run_at) from cron_entries where enabled = 1")
    return soonest


def run_entry(
    tx: Transaction, name: str, expand: Callable[[Transaction, CronEntry], Sequence[str]] | None = None
) -> str | None:
    """A person's wish: run this entry's job now, and keep its schedule. The (last) job's id; NotFound."""
    row = tx.one("select * from cron_entries where name = :name", name=name)
    if row is None:
        raise NotFound(f"there is no schedule {name!r}")
    return _run(tx, cron_entry(row), expand)


def _run(
    tx: Transaction, entry: CronEntry, expand: Callable[[Transaction, CronEntry], Sequence[str]] | None
) -> str | None:
    ids = (tx.enqueue(entry.kind, entry.args),) if expand is None else expand(tx, entry)
    last = ids[-1] if ids else None
    tx.execute(
        "update cron_entries set last_run_at = :now, last_job_id = :id where name = :name",
        now=tx.now,
        id=last,
        name=entry.name,
    )
    return last


def _next(entry: CronEntry, now: str) -> str | None:
    if not entry.enabled:
        return None
    try:
        upcoming = next_run(entry.schedule, entry.timezone, parse_time(now))
    except ValueError as error:
        raise Invalid(f"the schedule {entry.name!r}: {error}", field=entry.name) from error
    return None if upcoming is None else to_text(upcoming)


# -- what they share


def _running(tx: Transaction, job_id: str, owner: str) -> Row | None:
    return tx.one(
        "select * from jobs where id = :id and state = 'executing' and owner = :owner", id=job_id, owner=owner
    )


def _finish(tx: Transaction, job_id: str, owner: str, state: State, wrong: JobError | None) -> bool:
    row = _running(tx, job_id, owner)
    if row is None:
        return False
    tx.update("jobs", job_id, state=state, finished_at=tx.now, **_with_error(row, wrong))
    _changed(tx, job(row), state)
    _free(tx, row)
    return True


def _interrupted(tx: Transaction, row: Row, reason: str, in_seconds: float, counted: int) -> State:
    interrupted = row["interrupted"] + counted
    wrong = JobError(row["attempt"], tx.now, reason)
    if interrupted >= MAX_INTERRUPTIONS:
        reason = f"{reason}; it was interrupted {interrupted} times, so it may be what ends it"
        _finish(tx, row["id"], row["owner"], "discarded", JobError(row["attempt"], tx.now, reason))
        return "discarded"
    return _wait(tx, row, "available", in_seconds, wrong, attempt=row["attempt"] - 1, interrupted=interrupted)


def _wait(tx: Transaction, row: Row, state: State, in_seconds: float, wrong: JobError, **columns: Any) -> State:
    """Back to the waiting. Where the same wish was uttered again meanwhile, that newer job stands for both, and this one is over."""
    newer = row["unique_key"] is not None and tx.value(
        """select id from jobs where unique_key = :key and state in ('available', 'scheduled', 'retryable')""",
        key=row["unique_key"],
    )
    if newer:
        reason = f"{wrong.error} (superseded by the newer job {newer})"
        _finish(tx, row["id"], row["owner"], "cancelled", JobError(wrong.attempt, tx.now, reason, wrong.stack))
        return "cancelled"
    if in_seconds > 0 and state == "available":
        state = "scheduled"
    due = tx.now if in_seconds <= 0 else to_text(parse_time(tx.now) + timedelta(seconds=in_seconds))
    tx.update("jobs", row["id"], state=state, scheduled_at=due, owner=None, **columns, **_with_error(row, wrong))
    _changed(tx, job(row), state)
    return state


def _with_error(row: Row, wrong: JobError | None) -> dict[str, Any]:
    if wrong is None:
        return {}
    kept = from_json(row["errors"])[-19:]
    entry = {"attempt": row["attempt"], "at": wrong.at, "error": wrong.error, "stack": wrong.stack}
    return {"errors": to_json([*kept, entry])}


def _free(tx: Transaction, row: Row) -> None:
    # The same wish may have waited for the end of this one: its actor must look again.
    if row["unique_key"] is not None:
        tx.wake.add(row["kind"])


def _changed(tx: Transaction, of: Job, state: State) -> None:
    tx.events.append(
        JobChanged(job_id=of.id, queue=of.queue, kind=of.kind, state=state, media_item_id=of.media_item_id)
    )
    if state in ("available", "scheduled", "retryable"):
        tx.wake.add(of.kind)
