"""Writes of jobs: claiming, ending, postponing, rescuing, pruning; and of their queues. (What time asks for is in cron.py.)

Every change that ends an attempt names the owner that ran it, and does nothing when the row is no longer that owner's.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from mydia.errors import Conflict, NotFound
from mydia.events import JobChanged, QueueChanged
from mydia.jobs.model import KINDS_OF_QUEUE, MAX_INTERRUPTIONS, Ended, Hands, Job, JobError, State, node_of, queue_of
from mydia.jobs.queries import get_job, job, room
from mydia.store.engine import UNHELD, Row, among, from_json, to_json
from mydia.store.transaction import Transaction, parse_time, to_text

_BUSY = "exists (select 1 from jobs r where r.unique_key = jobs.unique_key and r.state = 'executing')"


def turn(tx: Transaction, ended: Sequence[Ended], hands: Hands, *, take: bool = True) -> tuple[Job, ...]:
    """Write down what attempts came to and take what is to be done next, as one; what was taken."""
    complete_all(tx, [end.job_id for end in ended if end.change is complete], hands.owner)
    for end in ended:
        if end.change is not complete:
            end.change(tx, end.job_id, hands.owner, *end.args)
    return claim(tx, hands) if take else ()


def leave(tx: Transaction, ended: Sequence[Ended], hands: Hands, reason: str, still: Collection[str] = ()) -> None:
    """The owner goes: what its last attempts came to; and what it holds, even without knowing, is put back, but for what `still` runs."""
    turn(tx, ended, hands, take=False)
    for row in _held(tx, hands.kinds, "=", hands.owner):
        if row["id"] not in still:
            _interrupted(tx, row, reason, 0, counted=0)


def claim(tx: Transaction, hands: Hands) -> tuple[Job, ...]:
    """Take the jobs of these kinds that are due and for which their queues have room, most urgent first, then oldest.

    They are executing from now on. Of jobs that are the same wish, one runs at a time. What somebody else holds is left for later.
    """
    free = room(tx, hands)
    mine = [kind for kind in hands.kinds if free.get(queue_of(kind), 0) > 0]
    match, params = among("kind", mine)
    tx.execute(
        f"""update jobs set state = 'available' where id in (
            select id from jobs where state in ('scheduled', 'retryable') and scheduled_at <= :now and {match} {UNHELD})""",
        now=tx.now,
        **params,
    )
    ready = [
        row
        for queue in dict.fromkeys(map(queue_of, mine))
        for row in _most_urgent(tx, queue, hands, free[queue])
        if row["kind"] in hands.kinds and row["id"] not in hands.busy
    ]
    order = {row["id"]: n for n, row in enumerate(sorted(ready, key=_urgency)[: hands.most])}
    if not order:
        return ()
    match, params = among("id", order)
    taken = tx.all(
        f"""update jobs set state = 'executing', attempt = attempt + 1, attempted_at = :now, owner = :owner,
            cancel_requested = 0, progress = null
        where {match} and state = 'available' returning *""",
        now=tx.now,
        owner=hands.owner,
        **params,
    )
    claimed = sorted(map(job, taken), key=lambda j: order[j.id])
    for each in claimed:
        _changed(tx, each, "executing")
    return tuple(claimed)


def _most_urgent(tx: Transaction, queue: str, hands: Hands, free: int) -> list[Row]:
    """Of what waits in a queue for these hands or others, as many as there is room for; of one's own no more than one has hands for."""
    own = free if hands.most is None else min(free, hands.most)
    # One small ordered index scan per kind; a single one over several kinds would sort all that waits.
    rows = [
        row
        for kind in KINDS_OF_QUEUE[queue]
        if kind in hands.kinds or kind in hands.others
        for row in tx.all(
            f"""select kind, priority, scheduled_at, id from jobs
            where kind = :kind and state = 'available' and not (unique_key is not null and {_BUSY})
            order by priority, scheduled_at, id limit :limit {UNHELD}""",
            kind=kind,
            limit=own if kind in hands.kinds else free,
        )
    ]
    return sorted(rows, key=_urgency)[:free]


def _urgency(row: Row) -> tuple[int, str, str]:
    return row["priority"], row["scheduled_at"], row["id"]


def complete(tx: Transaction, job_id: str, owner: str) -> bool:
    """The attempt succeeded."""
    return complete_all(tx, [job_id], owner) == 1


def complete_all(tx: Transaction, job_ids: Sequence[str], owner: str) -> int:
    """These attempts succeeded; how many were still this owner's."""
    if not job_ids:
        return 0
    match, params = among("id", job_ids)
    rows = tx.all(
        f"""update jobs set state = 'completed', finished_at = :now where {match} and state = 'executing' and owner = :owner
        returning id, queue, kind, media_item_id""",
        now=tx.now,
        owner=owner,
        **params,
    )
    for row in rows:
        _told(tx, row["id"], row["queue"], row["kind"], "completed", row["media_item_id"])
    _free(tx, {row["queue"] for row in rows})
    return len(rows)


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


def rescue(tx: Transaction, kinds: Sequence[str], owner: str, *, shared: bool = False) -> int:
    """Give back the running jobs of these kinds whose owner is gone, at once; how many.

    The caller is the one actor of these kinds in its process, in its new life: every other owner is a former one. Where processes share
    the database, that is known of its own process alone, and `rescue_from` is for the others. A job that was interrupted again and
    again is discarded: it may be what ends the process.
    """
    orphans = [row for row in _held(tx, kinds, "<>", owner) if not shared or node_of(row["owner"]) == node_of(owner)]
    return _orphaned(tx, orphans)


def rescue_from(tx: Transaction, nodes: Collection[str]) -> int:
    """Give back the running jobs of processes that are gone; how many."""
    rows = tx.all("select * from jobs where state = 'executing' order by id")
    return _orphaned(tx, [row for row in rows if node_of(row["owner"]) in nodes])


def _orphaned(tx: Transaction, rows: Sequence[Row]) -> int:
    for row in rows:
        _interrupted(tx, row, "its actor or process ended while it ran", 0, counted=1)
    return len(rows)


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
        owner=None,
        cancel_requested=0,
        interrupted=0,
        max_attempts=max(chosen.max_attempts, chosen.attempt + 1),
    )
    _changed(tx, chosen, "available")
    return chosen.id


def prune_jobs(tx: Transaction, days: int, limit: int = 2000) -> int:
    """Delete up to `limit` jobs that were over more than `days` ago; how many. Ask again until it is less than `limit`.

    Those of each schedule's last run stay, so that the schedule can say how it went.
    """
    tx.execute("delete from job_periods where until <= :now", now=tx.now)
    return tx.execute(
        """delete from jobs where id in (
            select id from jobs where state in ('completed', 'discarded', 'cancelled') and finished_at < :before
                and not exists (select 1 from cron_jobs c where c.job_id = jobs.id)
            order by finished_at, id limit :limit)""",
        before=tx.later(-days * 86400),
        limit=limit,
    )


def prune_events(tx: Transaction, days: int, limit: int = 2000) -> int:
    """Delete up to `limit` events older than `days`; how many."""
    # The first so many only, and of those the old ones: they are numbered in the order in which they happened.
    return tx.execute(
        """delete from events where at < :before and seq in (select seq from events order by seq limit :limit)""",
        before=tx.later(-days * 86400),
        limit=limit,
    )


# -- queues


def pause_queue(tx: Transaction, name: str, *, actor: str) -> None:
    """Take no further jobs of a queue until it is resumed; those that run go on. NotFound."""
    _set_paused(tx, name, tx.now, actor)


def resume_queue(tx: Transaction, name: str, *, actor: str) -> None:
    """Take jobs of a queue again. NotFound."""
    _set_paused(tx, name, None, actor)
    _free(tx, {name})


def _set_paused(tx: Transaction, name: str, at: str | None, actor: str) -> None:
    if name not in KINDS_OF_QUEUE:
        raise NotFound(f"there is no queue {name!r}; there are {', '.join(KINDS_OF_QUEUE)}")
    known = tx.value("select paused_at from job_queues where name = :name", name=name)
    if (known is None) == (at is None):
        return
    tx.execute(
        """insert into job_queues (name, paused_at, paused_by) values (:name, :at, :by)
        on conflict (name) do update set paused_at = excluded.paused_at, paused_by = excluded.paused_by""",
        name=name,
        at=at,
        by=None if at is None else actor,
    )
    tx.emit(QueueChanged(queue=name, paused=at is not None, actor=actor))


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
    _free(tx, {row["queue"]})
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
    """Back to the waiting, unless somebody wants it cancelled: it is then, however its attempt ended.

    Where the same wish was uttered again meanwhile, that newer job stands for both, and this one is over.
    """
    if row["cancel_requested"]:
        _finish(tx, row["id"], row["owner"], "cancelled", wrong)
        return "cancelled"
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
    _free(tx, {row["queue"]})
    return state


def _with_error(row: Row, wrong: JobError | None) -> dict[str, Any]:
    if wrong is None:
        return {}
    kept = from_json(row["errors"])[-19:]
    entry = {"attempt": row["attempt"], "at": wrong.at, "error": wrong.error, "stack": wrong.stack}
    return {"errors": to_json([*kept, entry])}


def _held(tx: Transaction, kinds: Sequence[str], which: str, owner: str) -> list[Row]:
    match, params = among("kind", kinds)
    sql = f"select * from jobs where state = 'executing' and owner {which} :owner and {match} order by id"
    return tx.all(sql, owner=owner, **params)


def _free(tx: Transaction, queues: set[str]) -> None:
    # Whoever found no room, or waited for the end of the same wish, must look again.
    for queue in queues:
        tx.wake.update(KINDS_OF_QUEUE.get(queue, ()))


def _changed(tx: Transaction, of: Job, state: State) -> None:
    _told(tx, of.id, of.queue, of.kind, state, of.media_item_id)
    if state in ("available", "scheduled", "retryable"):
        tx.wake.add(of.kind)


def _told(tx: Transaction, job_id: str, queue: str, kind: str, state: State, item: str | None) -> None:
    tx.events.append(JobChanged(job_id=job_id, queue=queue, kind=kind, state=state, media_item_id=item))
