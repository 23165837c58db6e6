"""A job and its states, the actor that does each kind, and how a handler says no.

available ──claim──> executing ──> completed
    ^                    ├──────> retryable (an error; waits for its back-off) ──┐
    ├────────────────────┼──────> scheduled (postponed, or due later) ───────────┤
    └────────────────────┴──────── rescued: its owner is gone                    │
    ^────────────────────────────────────────────────────────────────── due ─────┘
discarded: given up, with the reason · cancelled: a person's wish
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from mydia.messages import JOB_KINDS, QUEUES

State = Literal["available", "scheduled", "executing", "retryable", "completed", "discarded", "cancelled"]
STATES: tuple[State, ...] = (
    "available",
    "scheduled",
    "executing",
    "retryable",
    "completed",
    "discarded",
    "cancelled",
)
WAITING: tuple[State, ...] = ("available", "scheduled", "retryable")
FINISHED: tuple[State, ...] = ("completed", "discarded", "cancelled")

# A job that was running when its process ended this often is not run again: it may be what ends it.
MAX_INTERRUPTIONS = 20

ACTOR_OF_KIND: dict[str, str] = {
    "scan_root": "scanner",
    "identify_file": "librarian",
    "refresh_metadata": "librarian",
    "search_media": "searcher",
    "search_missing": "searcher",
    "import_download": "importer",
    "restore_file": "importer",
    "rename_files": "importer",
    "notify": "notifier",
    "prune": "janitor",
    "optimize_store": "janitor",
    "fold_log": "janitor",
    "vacuum_store": "janitor",
    "check_store": "janitor",
    "backup_store": "janitor",
}


KINDS_OF_QUEUE: dict[str, tuple[str, ...]] = {
    queue: tuple(name for name, kind in JOB_KINDS.items() if kind.queue == queue) for queue in QUEUES
}


def queue_of(kind: str) -> str:
    """The queue of a kind of job; of a kind that this version does not know, none."""
    return JOB_KINDS[kind].queue if kind in JOB_KINDS else ""


def node_of(owner: str) -> str:
    """The process of an owner ("<process>:<actor>:<life>")."""
    return owner.partition(":")[0]


class Discard(Exception):
    """Raised by a handler: this job will never succeed, for this reason."""


@dataclass(frozen=True, slots=True)
class JobError:
    """What one attempt came to. `stack` is for developers; times are ISO 8601 UTC."""

    attempt: int
    at: str
    error: str
    stack: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    id: str
    queue: str
    kind: str
    args: dict[str, Any]
    state: State
    priority: int
    attempt: int
    max_attempts: int
    snoozed: int
    interrupted: int
    scheduled_at: str
    attempted_at: str | None
    finished_at: str | None
    owner: str | None
    cancel_requested: bool
    errors: tuple[JobError, ...]
    progress: dict[str, Any] | None
    correlation_id: str | None
    media_item_id: str | None
    created_at: str

    @property
    def seconds(self) -> float | None:
        """How long the last attempt took; None while it runs, or where there was none."""
        if self.attempted_at is None or self.finished_at is None:
            return None
        return (datetime.fromisoformat(self.finished_at) - datetime.fromisoformat(self.attempted_at)).total_seconds()


@dataclass(frozen=True, slots=True)
class Ended:
    """What an attempt came to: a change of `mydia.jobs.changes`, which is called with (tx, job id, owner, *args)."""

    job_id: str
    change: Callable[..., object]
    args: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Hands:
    """Who takes jobs, and how many. `node` begins the owner's name, and that of everybody in this process.

    `queues`: how many jobs of each queue run at once in this process. `others`: further kinds that somebody in this process would take
    now; room in a queue is left to them where theirs are more urgent. `most`: what this taker can do at once itself. `busy`: jobs that it
    is still at, perhaps in vain, and does not begin a second time.
    """

    kinds: tuple[str, ...]
    owner: str
    queues: Mapping[str, int]
    others: frozenset[str] = frozenset()
    most: int | None = None
    busy: frozenset[str] = frozenset()

    @property
    def node(self) -> str:
        return node_of(self.owner)


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue as people see it: how many of its jobs may run at once, how many do and wait, whether it is paused, and by whom."""

    name: str
    words: str
    limit: int
    running: int
    waiting: int
    paused_at: str | None = None
    paused_by: str | None = None


@dataclass(frozen=True, slots=True)
class CronEntry:
    """What time asks for. `next_run_at` None: never again (or not enabled)."""

    name: str
    kind: str
    args: dict[str, Any]
    schedule: str
    timezone: str
    enabled: bool
    last_run_at: str | None
    next_run_at: str | None
    last_job_id: str | None


@dataclass(frozen=True, slots=True)
class LastRun:
    """What became of the jobs of a schedule's last run. `state` is the worst one's: that runs, waits, was given up, ... "completed".

    `seconds` from the first's beginning to the last's end; None while one runs or waits.
    """

    jobs: int
    state: State
    seconds: float | None
    error: str | None
