"""Reads of jobs and cron entries."""

from collections.abc import Mapping, Sequence
from typing import Any

from mydia.errors import Invalid, NotFound
from mydia.jobs.model import STATES, WAITING, CronEntry, Hands, Job, JobError, LastRun, Queue, State, node_of, queue_of
from mydia.messages import JOB_KINDS, QUEUES
from mydia.store.engine import Connection, Row, among, from_json, quick
from mydia.store.paging import Page, clamp, decode_cursor, page
from mydia.store.transaction import parse_time


def job(row: Row) -> Job:
    """A row of `jobs` as a Job."""
    values = {name: row[name] for name in Job.__slots__}
    values["args"] = from_json(row["args"])
    values["errors"] = tuple(JobError(**error) for error in from_json(row["errors"]))
    values["progress"] = from_json(row["progress"])
    values["cancel_requested"] = bool(row["cancel_requested"])
    return Job(**values)


def list_jobs(
    conn: Connection,
    state: str | None = None,
    queue: str | None = None,
    kind: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[Job]:
    """Newest first. Invalid where there is no such state, queue or kind."""
    for name, value, known in (("state", state, STATES), ("queue", queue, QUEUES), ("kind", kind, JOB_KINDS)):
        if value is not None and value not in known:
            raise Invalid(f"A job's {name} is one of {', '.join(known)}, not {value!r}.", field=name)
    limit = clamp(limit)
    before, params = "", dict[str, Any](limit=limit + 1)
    if cursor is not None:
        params["created_at"], params["id"] = decode_cursor(cursor, str, str)
        before = "and (created_at, id) < (:created_at, :id)"
    newest = f"{before} order by created_at desc, id desc limit :limit"
    if state is None and queue is None and kind is None:
        rows = conn.all(f"select * from jobs where 1 = 1 {newest}", **params)
        return page([job(row) for row in rows], limit, lambda j: (j.created_at, j.id))
    # The newest of each kind and state that is asked for, each read along the index, and of those the newest: no page ever reads what
    # it does not show, however many jobs are kept.
    found = [
        (row["created_at"], row["id"])
        for one in ([kind] if kind is not None else JOB_KINDS)
        if queue is None or queue_of(one) == queue
        for each in ([state] if state is not None else STATES)
        for row in conn.all(
            f"select created_at, id from jobs where kind = :kind and state = :state {newest}",
            kind=one,
            state=each,
            **params,
        )
    ]
    match, ids = among("id", [id_ for _, id_ in sorted(found, reverse=True)[: limit + 1]])
    rows = conn.all(f"select * from jobs where {match} order by created_at desc, id desc", **ids)
    return page([job(row) for row in rows], limit, lambda j: (j.created_at, j.id))


@quick
def get_job(conn: Connection, id: str) -> Job:  # noqa: A002 - it is the column's name
    row = conn.one("select * from jobs where id = :id", id=id)
    if row is None:
        raise NotFound(f"there is no job {id} (finished jobs are kept for some days only)")
    return job(row)


def job_counts(conn: Connection) -> dict[tuple[str, str], int]:
    """How many jobs there are, by (queue, state)."""
    return _counted(conn)


def _counted(conn: Connection, where: str = "", **params: Any) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    sql = f"select kind, state, count(*) as n from jobs {where} group by kind, state order by kind, state"
    for row in conn.all(sql, **params):
        key = (queue_of(row["kind"]), row["state"])
        counts[key] = counts.get(key, 0) + row["n"]
    return counts


def queues(conn: Connection, limits: Mapping[str, int]) -> tuple[Queue, ...]:
    """Every queue, with what runs and waits in it. `limits`: how many of each may run at once, as configured."""
    # Kind by kind along the index: the many that are over are not looked at.
    kinds, of_kinds = among("kind", JOB_KINDS)
    open_ = "state in ('executing', 'available', 'scheduled', 'retryable')"
    counts = _counted(conn, f"where {kinds} and {open_}", **of_kinds)
    paused = {row["name"]: row for row in conn.all("select * from job_queues where paused_at is not null")}
    return tuple(
        Queue(
            name,
            words,
            limits[name],
            running=counts.get((name, "executing"), 0),
            waiting=sum(counts.get((name, state), 0) for state in WAITING),
            paused_at=paused[name]["paused_at"] if name in paused else None,
            paused_by=paused[name]["paused_by"] if name in paused else None,
        )
        for name, words in QUEUES.items()
    )


def room(conn: Connection, hands: Hands) -> dict[str, int]:
    """How many more jobs of each queue may run in these hands' process now; queues that are full or paused are left out."""
    held = conn.all(
        """select queue, count(*) as n from jobs
        where state = 'executing' and owner >= :low and owner < :high group by queue order by queue""",
        low=f"{hands.node}:",
        high=f"{hands.node};",  # ';' follows ':'
    )
    running = {row["queue"]: row["n"] for row in held}
    paused = {row["name"] for row in conn.all("select name from job_queues where paused_at is not null")}
    free = {name: limit - running.get(name, 0) for name, limit in hands.queues.items() if name not in paused}
    return {name: n for name, n in free.items() if n > 0}


@quick
def still_wanted(conn: Connection, owner: str, running: Sequence[str]) -> frozenset[str]:
    """Which of these jobs still are this owner's to run: not those that somebody wants cancelled, or that were given to another."""
    match, params = among("id", running)
    sql = f"select id from jobs where state = 'executing' and owner = :owner and cancel_requested = 0 and {match} order by id"
    return frozenset(row["id"] for row in conn.all(sql, owner=owner, **params))


def nodes_at_work(conn: Connection) -> frozenset[str]:
    """The processes in whose name jobs run."""
    return frozenset(
        node_of(row["owner"]) for row in conn.all("select distinct owner from jobs where state = 'executing'")
    )


@quick
def anything_due(conn: Connection, hands: Hands, now: str) -> bool:
    """Whether a job waits that these hands may take now."""
    sql = """select 1 where exists (select 1 from jobs where kind = :kind and state = 'available')
        or exists (select 1 from jobs where kind = :kind and state in ('scheduled', 'retryable') and scheduled_at <= :now)"""
    waiting = [kind for kind in hands.kinds if conn.value(sql, kind=kind, now=now) is not None]
    return bool(waiting) and not room(conn, hands).keys().isdisjoint(map(queue_of, waiting))


@quick
def entry_due(conn: Connection, now: str) -> bool:
    """Whether a cron entry has come due."""
    sql = "select 1 from cron_entries where enabled = 1 and next_run_at <= :now limit 1"
    return conn.value(sql, now=now) is not None


def cron_entries(conn: Connection) -> tuple[CronEntry, ...]:
    return tuple(cron_entry(row) for row in conn.all("select * from cron_entries order by name"))


def cron_entry(row: Row) -> CronEntry:
    values = {name: row[name] for name in CronEntry.__slots__}
    return CronEntry(**{**values, "args": from_json(row["args"]), "enabled": bool(row["enabled"])})


def last_runs(conn: Connection) -> dict[str, LastRun]:
    """What became of each cron entry's last run, by its name; an entry that never ran has none."""
    jobs: dict[str, list[Job]] = {}
    for row in conn.all(
        # "cross": the few are looked up among the many, never the other way round.
        "select c.entry, j.* from cron_jobs c cross join jobs j where j.id = c.job_id order by c.entry, j.created_at, j.id"
    ):
        jobs.setdefault(row["entry"], []).append(job(row))
    return {entry: _last_run(of) for entry, of in jobs.items()}


_WORST: tuple[State, ...] = (
    *("executing", "available", "scheduled", "retryable"),
    *("discarded", "cancelled", "completed"),
)


def _last_run(jobs: Sequence[Job]) -> LastRun:
    worst = min(jobs, key=lambda j: _WORST.index(j.state))
    begun, over = [j.attempted_at for j in jobs if j.attempted_at], [j.finished_at for j in jobs if j.finished_at]
    seconds = None
    if begun and len(over) == len(jobs):
        seconds = max(0.0, (parse_time(max(over)) - parse_time(min(begun))).total_seconds())
    return LastRun(len(jobs), worst.state, seconds, worst.errors[-1].error if worst.errors else None)
