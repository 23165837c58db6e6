"""Jobs: what must still happen, what was done, what went wrong; try again, give up. And what happened in the whole house."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field
from quart import Blueprint

from mydia.jobs import changes, queries
from mydia.jobs.model import Job, State
from mydia.media.queries import history as events
from web.api.kit import operation
from web.api.models import EventPage, JobRef, Paging, event_out
from web.policy import Policy, Visit

api = Blueprint("jobs_api", __name__)
Name = Annotated[str | None, Field(max_length=100)]


class JobQuery(Paging):
    """Which jobs."""

    state: State | None = None
    queue: Name = None
    kind: Name = None


@dataclass(frozen=True, slots=True)
class AttemptOut:
    """What one attempt came to."""

    attempt: int
    at: str
    error: str
    stack: str | None


@dataclass(frozen=True, slots=True)
class JobOut:
    """A job. `errors` are its latest failed attempts, oldest first, their stacks for administrators only; `seconds` is how long the last
    attempt took."""

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
    cancel_requested: bool
    progress: dict[str, Any] | None
    errors: list[AttemptOut]
    media_id: str | None
    created_at: str
    scheduled_at: str
    attempted_at: str | None
    finished_at: str | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class JobPage:
    items: list[JobOut]
    next: str | None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The state that the job has now: `executing` when it was told to stop and has not done so yet."""

    state: State


@operation(api, "/jobs", Policy.READ, query=JobQuery, answers=JobPage)
async def list_jobs(visit: Visit, query: JobQuery) -> JobPage:
    """Jobs, newest first."""
    page = await visit.read(queries.list_jobs, query.state, query.queue, query.kind, query.cursor, query.limit)
    return JobPage([job_out(j, visit) for j in page.items], page.next)


@operation(api, "/jobs/<job_id>", Policy.READ, answers=JobOut)
async def get_job(visit: Visit, job_id: str) -> JobOut:
    """One job."""
    return job_out(await visit.read(queries.get_job, job_id), visit)


@operation(api, "/jobs/<job_id>/retry", Policy.ADMIN, method="POST", answers=JobRef, status=202)
async def retry_job(visit: Visit, job_id: str) -> JobRef:
    """Run a job now, also one that is over. Where the same is waiting already, that one is brought forward."""
    return JobRef(await visit.write(changes.retry_job, job_id))


@operation(api, "/jobs/<job_id>/cancel", Policy.ADMIN, method="POST", answers=Cancelled)
async def cancel_job(visit: Visit, job_id: str) -> Cancelled:
    """Cancel a job: one that waits at once, one that runs is told to stop."""
    return Cancelled(await visit.write(changes.cancel_job, job_id))


@operation(api, "/history", Policy.READ, query=Paging, answers=EventPage)
async def history(visit: Visit, query: Paging) -> EventPage:
    """What happened, newest first."""
    page = await visit.read(events, cursor=query.cursor, limit=query.limit)
    return EventPage([event_out(e) for e in page.items], page.next)


def job_out(job: Job, visit: Visit) -> JobOut:
    stacks = visit.may("ADMIN")
    return JobOut(
        id=job.id,
        queue=job.queue,
        kind=job.kind,
        args=job.args,
        state=job.state,
        priority=job.priority,
        attempt=job.attempt,
        max_attempts=job.max_attempts,
        snoozed=job.snoozed,
        interrupted=job.interrupted,
        cancel_requested=job.cancel_requested,
        progress=job.progress,
        errors=[AttemptOut(e.attempt, e.at, e.error, e.stack if stacks else None) for e in job.errors],
        media_id=job.media_item_id,
        created_at=job.created_at,
        scheduled_at=job.scheduled_at,
        attempted_at=job.attempted_at,
        finished_at=job.finished_at,
        seconds=job.seconds,
    )
