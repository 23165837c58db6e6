"""A job and its states, the actor that does each kind, and how a handler says no.

available ──claim──> executing ──> completed
    ^                    ├──────> retryable (an error; waits for its back-off) ──┐
    ├────────────────────┼──────> scheduled (postponed, or due later) ───────────┤
    └────────────────────┴──────── rescued: its owner is gone                    │
    ^────────────────────────────────────────────────────────────────── due ─────┘
discarded: given up, with the reason · cancelled: a person's wish
"""

from dataclasses import dataclass
from typing import Any, Literal

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
    "notify": "notifier",
    "prune": "janitor",
    "optimize_store": "janitor",
    "check_store": "janitor",
    "backup_store": "janitor",
}


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
