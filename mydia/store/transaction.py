"""What a change is given, and how many changes become durable at once.

A change is alone in what it may undo: what it raises undoes it, and its neighbours in the batch are kept. That takes a second run of the
batch, so a change may run more than once: it has no effect but through `tx`, and leaves its arguments as they are. On some databases a
statement that fails costs the whole change, so a change writes `on conflict` and never catches a database's exception.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import uuid_utils

from mydia.errors import Invalid
from mydia.events import Event, JobChanged
from mydia.messages import JOB_KINDS, Change
from mydia.store.engine import Committed, Connection, Done, Raw, Row, to_json


class Transaction(Connection):
    """Reads and writes; `now` is the time of everything in it ("2026-01-31T12:00:00.123456Z").

    `translate` turns a database's own exception into a refusal, where it is one (a Conflict, say), for the change's caller.
    """

    __slots__ = ("_translate", "correlation_id", "events", "now", "wake")

    def __init__(self, raw: Raw, now: str, translate: Callable[[Exception], Exception | None] = lambda _: None) -> None:
        super().__init__(raw)
        self.now = now
        self.correlation_id: str | None = None
        self.events: list[Event] = []
        self.wake: set[str] = set()
        self._translate = translate

    def new_id(self) -> str:
        """A UUIDv7: later ids sort after earlier ones."""
        return str(uuid_utils.uuid7())

    def later(self, seconds: float) -> str:
        """`now` plus so many seconds, as text."""
        return to_text(parse_time(self.now) + timedelta(seconds=seconds))

    def execute(self, sql: str, /, **params: Any) -> int:
        """Run one statement; how many rows it changed."""
        return self._raw.execute(sql, params).rowcount

    def execute_many(self, sql: str, rows: Iterable[Row], /) -> int:
        """Run one statement for each row of parameters; how many rows were changed in all."""
        return self._raw.executemany(sql, rows).rowcount

    def insert(self, table: str, row: Row) -> None:
        """Add one row; Conflict when its key exists already."""
        self._raw.execute(_insert(table, tuple(row)), row)

    def insert_many(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows that all have the same columns."""
        if rows:
            self._raw.executemany(_insert(table, tuple(rows[0])), rows)

    def update(self, table: str, id: str, /, **columns: Any) -> bool:  # noqa: A002 - it is the column's name
        """Set columns of the row with this id; whether there is one."""
        return self._raw.execute(_update(table, tuple(columns)), {**columns, "id": id}).rowcount > 0

    def emit(self, event: Event) -> None:
        """Make an event part of this change: stored with it (unless its type is not), published once it is durable."""
        if getattr(event, "stored", True):
            row = {
                "at": self.now,
                "type": event.type(),
                "media_item_id": event.media_item_id,
                "actor": event.actor,
                "correlation_id": self.correlation_id,
                "data": to_json(event.data()),
            }
            cursor = self._raw.execute(_EMIT, row)
            object.__setattr__(event, "seq", cursor.fetchone()[0])  # frozen for everybody else; numbered here
        self.events.append(event)

    def enqueue(
        self,
        kind: str,
        args: Mapping[str, Any],
        *,
        unique: bool = True,
        unless_running: bool = False,
        period: float = 0,
        in_seconds: float = 0,
        priority: int | None = None,
        max_attempts: int = 20,
        media_item_id: str | None = None,
        hurry: bool = False,
    ) -> str:
        """Make a job part of this change; its id. Lower `priority` runs first (the kind's own when not given).

        With `unique`, at most one job of this kind and these arguments waits, and at most one runs: when one waits already, nothing is
        added and its id is returned (`hurry` brings it forward to the time and priority asked for here); when one runs, another is
        added, because what is wished now may be unknown to it, and waits for its end. `unless_running` is for wishes that the running
        one grants as well: its id is returned. `period`: the same wish is enqueued once in so many seconds, however it ends; before
        they are over, the id of the job that was is returned.
        """
        if kind not in JOB_KINDS:
            raise Invalid(f"there is no job kind {kind!r}; known are {', '.join(JOB_KINDS)}", field="kind")
        unique = unique or unless_running or period > 0
        key = unique_key(kind, args) if unique else None
        job_id, state = self.new_id(), "available" if in_seconds <= 0 else "scheduled"
        if period > 0 and not self.execute(_PERIOD, key=key, id=job_id, until=self.later(period), now=self.now):
            return str(self.value("select job_id from job_periods where unique_key = :key", key=key))
        row: Row = {
            "id": job_id,
            "queue": JOB_KINDS[kind].queue,
            "kind": kind,
            "args": to_json(args),
            "state": state,
            "priority": JOB_KINDS[kind].priority if priority is None else priority,
            "max_attempts": max_attempts,
            "unique_key": key,
            "scheduled_at": self.now if in_seconds <= 0 else self.later(in_seconds),
            "correlation_id": self.correlation_id,
            "media_item_id": media_item_id,
            "created_at": self.now,
        }
        if self._raw.execute(_ENQUEUE, row).rowcount == 0:
            other = str(self.value(_WAITING, key=key))
            if hurry:
                self.execute(_HURRY, id=other, due=row["scheduled_at"], state=state, priority=row["priority"])
                self._told(other, kind, state, media_item_id)
            return self._instead(other, key, period)
        # Asked after the row is in, whose key holds off others: the same wish is seen either waiting or running, never between the two.
        if unless_running and (running := self.value(_RUNS, key=key)) is not None:
            self.execute("delete from jobs where id = :id", id=job_id)
            return self._instead(str(running), key, period)
        self._told(job_id, kind, state, media_item_id)
        return job_id

    def _told(self, job_id: str, kind: str, state: str, item: str | None) -> None:
        queue = JOB_KINDS[kind].queue
        self.events.append(JobChanged(job_id=job_id, queue=queue, kind=kind, state=state, media_item_id=item))
        self.wake.add(kind)

    def _instead(self, other: str, key: str | None, period: float) -> str:
        if period > 0:
            self.execute("update job_periods set job_id = :other where unique_key = :key", other=other, key=key)
        return other


_EMIT = """insert into events (at, type, media_item_id, actor, correlation_id, data)
    values (:at, :type, :media_item_id, :actor, :correlation_id, :data) returning seq"""
_ENQUEUE = """insert into jobs (id, queue, kind, args, state, priority, max_attempts, unique_key, scheduled_at, correlation_id,
        media_item_id, created_at)
    values (:id, :queue, :kind, :args, :state, :priority, :max_attempts, :unique_key, :scheduled_at, :correlation_id,
        :media_item_id, :created_at)
    on conflict do nothing"""
_WAITING = "select id from jobs where unique_key = :key and state in ('available', 'scheduled', 'retryable')"
_RUNS = "select id from jobs where unique_key = :key and state = 'executing'"
_PERIOD = """insert into job_periods (unique_key, job_id, until) values (:key, :id, :until)
    on conflict (unique_key) do update set job_id = excluded.job_id, until = excluded.until where job_periods.until <= :now"""
_HURRY = """update jobs set priority = case when priority > :priority then :priority else priority end,
        state = case when scheduled_at > :due then :state else state end,
        scheduled_at = case when scheduled_at > :due then :due else scheduled_at end
    where id = :id"""


def unique_key(kind: str, args: Mapping[str, Any]) -> str:
    """What makes two jobs the same wish: the kind and the arguments, in whatever order they stand."""
    return hashlib.sha256(f"{kind}\n{to_json(dict(sorted(args.items())))}".encode()).hexdigest()


def to_text(at: datetime) -> str:
    """A time as the database holds it, which sorts as text: "2026-01-31T12:00:00.123456Z"."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def parse_time(text: str) -> datetime:
    """What `to_text` wrote."""
    return datetime.fromisoformat(text)


def commit_batch(
    raw: Raw,
    changes: Sequence[Change],
    now: str,
    *,
    begin: str,
    seconds: float,
    translate: Callable[[Exception], Exception | None],
    stands: Callable[[], bool],
    end: Callable[["Transaction"], object] | None = None,
) -> Committed:
    """One transaction for many changes; in a run of them no more are begun once `seconds` have passed.

    At first without savepoints, which cost a change more than its own row does. When one raises, all is rolled back and run again with a
    savepoint for each, so that every one that raises is undone alone. `stands` says whether the transaction can still be committed;
    `end` commits all that it did, where a plain "commit" does not do. What is raised came from the database between the changes: the
    transaction is over and nothing was kept.
    """
    started = time.perf_counter()
    tx, refusal = Transaction(raw, now, translate), None
    raw.execute(begin)
    try:
        done = _together(tx, changes, seconds, stands)
    except Exception as error:  # noqa: BLE001 - whatever a change raises is its caller's
        raw.execute("rollback")
        refusal = error
    if refusal is not None:
        if len(changes) == 1:
            return Committed(
                [Done(error=translate(refusal) or refusal)], [], frozenset(), time.perf_counter() - started
            )
        tx = Transaction(raw, now, translate)
        raw.execute(begin)
        done = _each_alone(raw, tx, changes, seconds, translate)
    end(tx) if end else raw.execute("commit")
    return Committed(done, tx.events, frozenset(tx.wake), time.perf_counter() - started)


def _together(tx: Transaction, changes: Sequence[Change], seconds: float, stands: Callable[[], bool]) -> list[Done]:
    """Raises what a change raises."""
    done: list[Done] = []
    until = time.perf_counter() + seconds
    for change in changes:
        done.append(Done(_run(tx, change)))
        if not stands():
            raise RuntimeError("a change went on after an error that had ended its transaction")
        if time.perf_counter() > until:
            break
    return done


def _each_alone(
    raw: Raw,
    tx: Transaction,
    changes: Sequence[Change],
    seconds: float,
    translate: Callable[[Exception], Exception | None],
) -> list[Done]:
    done: list[Done] = []
    execute, until = raw.execute, time.perf_counter() + seconds
    for change in changes:
        events, wake = len(tx.events), tx.wake.copy()
        execute("savepoint change")
        try:
            value = _run(tx, change)
            # On some databases this fails when a statement has, even where the change went on as if nothing were.
            execute("release savepoint change")
        except Exception as error:  # noqa: BLE001 - whatever a change raises is its caller's
            execute("rollback to savepoint change")
            execute("release savepoint change")
            del tx.events[events:]
            tx.wake = wake
            done.append(Done(error=translate(error) or error))
        else:
            done.append(Done(value))
        if time.perf_counter() > until:
            break
    return done


def _run(tx: Transaction, change: Change) -> Any:
    tx.correlation_id = change.correlation_id
    return change.fn(tx, *change.args, **dict(change.kwargs))


@cache
def _insert(table: str, columns: tuple[str, ...]) -> str:
    _identifiers(table, *columns)
    return f"insert into {table} ({', '.join(columns)}) values ({', '.join(':' + c for c in columns)})"  # noqa: S608


@cache
def _update(table: str, columns: tuple[str, ...]) -> str:
    _identifiers(table, *columns)
    return f"update {table} set {', '.join(f'{c} = :{c}' for c in columns)} where id = :id"  # noqa: S608


def _identifiers(*names: str) -> None:
    # Names come from code, never from outside; this keeps it so.
    for name in names:
        if not name.isidentifier():
            raise ValueError(f"{name!r} is no name of a table or column")
