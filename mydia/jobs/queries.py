"""Reads of jobs and cron entries."""

from collections.abc import Sequence
from typing import Any

from mydia.errors import NotFound
from mydia.jobs.model import CronEntry, Job, JobError, State
from mydia.store.engine import Connection, Row, among, from_json, quick
from mydia.store.paging import Page, clamp, decode_cursor, page


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
    state: State | None = None,
    queue: str | None = None,
    kind: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[Job]:
    """Newest first."""
    limit = clamp(limit)
    where: list[str] = ["1 = 1"]
    params: dict[str, Any] = {"limit": limit + 1}
    for column, value in (("state", state), ("queue", queue), ("kind", kind)):
        if value is not None:
            where.append(f"{column} = :{column}")
            params[column] = value
    if cursor is not None:
        params["created_at"], params["id"] = decode_cursor(cursor, str, str)
        where.append("(created_at, id) < (:created_at, :id)")
    sql = f"select * from jobs where {' and '.join(where)} order by created_at desc, id desc limit :limit"
    return page([job(row) for row in conn.all(sql, **params)], limit, lambda j: (j.created_at, j.id))


@quick
def get_job(conn: Connection, id: str) -> Job:  # noqa: A002 - it is the column's name
    row = conn.one("select * from jobs where id = :id", id=id)
    if row is None:
        raise NotFound(f"there is no job {id} (finished jobs are kept for some days only)")
    return job(row)


def jobs_of(conn: Connection, media_item_id: str, limit: int = 20) -> tuple[Job, ...]:
    """What is and was done for one title, newest first."""
    sql = "select * from jobs where media_item_id = :item order by created_at desc, id desc limit :limit"
    return tuple(job(row) for row in conn.all(sql, item=media_item_id, limit=clamp(limit)))


def job_counts(conn: Connection) -> dict[tuple[str, str], int]:
    """How many jobs there are, by (queue, state)."""
    rows = conn.all("select queue, state, count(*) as n from jobs group by queue, state order by queue, state")
    return {(row["queue"], row["state"]): row["n"] for row in rows}


@quick
def cancel_wishes(conn: Connection, owner: str, kinds: Sequence[str]) -> tuple[str, ...]:
    """The ids of this owner's running jobs that somebody wants cancelled."""
    match, params = among("kind", kinds)
    sql = f"""select id from jobs
        where state = 'executing' and owner = :owner and cancel_requested = 1 and {match} order by id"""
    return tuple(row["id"] for row in conn.all(sql, owner=owner, **params))


@quick
def anything_due(conn: Connection, kinds: Sequence[str], now: str) -> bool:
    """Whether a job of these kinds waits that may run now."""
    sql = """select 1 where exists (select 1 from jobs where kind = :kind and state = 'available')
        or exists (select 1 from jobs where kind = :kind and state in ('scheduled', 'retryable') and scheduled_at <= :now)"""
    return any(conn.value(sql, kind=kind, now=now) is not None for kind in kinds)


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
