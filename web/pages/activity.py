"""What is going on: the queue, the history, jobs, the blocklist; and what a person may do about each."""

from dataclasses import dataclass

from quart import Blueprint, request

from mydia.downloads import changes as download_changes
from mydia.downloads import queries as downloads
from mydia.errors import Invalid
from mydia.jobs import changes as job_changes
from mydia.jobs import queries as jobs
from mydia.jobs.model import STATES, Job
from mydia.media.queries import history
from mydia.messages import JOB_KINDS
from mydia.store.engine import to_json
from mydia.store.paging import Page as Paged
from web.auth import back_to
from web.page import Page, screenful
from web.policy import Answer, Policy, Visit, route

pages = Blueprint("activity", __name__)
KINDS = {name: kind.words for name, kind in JOB_KINDS.items()}


def _cursor() -> str | None:
    return request.args.get("cursor") or None


# -- queue -----------------------------------------------------------------------------------------------------------------


async def _queue(visit: Visit) -> object:
    return await visit.read(
        downloads.list_downloads, status="active", cursor=_cursor_of("more_queue"), limit=screenful(50)
    )


async def _ended(visit: Visit) -> object:
    return await visit.read(
        downloads.list_downloads, status="history", cursor=_cursor_of("more_ended"), limit=screenful(25)
    )


def _cursor_of(part: str) -> str | None:
    # Two lists on one page: a cursor is for the one whose next page is asked for.
    asked = request.args.get("region") or "more_ended"
    return _cursor() if asked == part else None


QUEUE = Page("activity.html", {"queue": _queue, "ended": _ended}, parts={"more_queue": "queue", "more_ended": "ended"})


@route(pages, "/activity", Policy.READ)
async def queue(visit: Visit) -> Answer:
    return await QUEUE.answer(visit)


@route(pages, "/downloads/<download_id>/cancel", Policy.ACT, methods=("POST",))
async def cancel_download(visit: Visit, download_id: str) -> Answer:
    await visit.write(download_changes.cancel_download, download_id, actor=visit.name)
    return await back_to("/activity", "The download is cancelled.")


@route(pages, "/downloads/<download_id>/retry", Policy.ACT, methods=("POST",))
async def import_again(visit: Visit, download_id: str) -> Answer:
    await visit.write(download_changes.retry_import, download_id, actor=visit.name)
    return await back_to("/activity", "The import is tried again.")


# -- history ---------------------------------------------------------------------------------------------------------------


async def _history(visit: Visit) -> object:
    return await visit.read(history, cursor=_cursor(), limit=screenful(50))


HISTORY = Page("history.html", {"history": _history}, parts={"older": "history"})


@route(pages, "/activity/history", Policy.READ)
async def happened(visit: Visit) -> Answer:
    return await HISTORY.answer(visit)


# -- jobs ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attempt:
    attempt: int
    at: str
    text: str


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as the page shows it; stacks are for administrators."""

    job: Job
    errors: tuple[Attempt, ...]
    args_text: str

    @property
    def last_line(self) -> str:
        return self.job.errors[-1].error if self.job.errors else ""


async def _jobs(visit: Visit) -> Paged[JobRow]:
    state = request.args.get("state") or None
    if state is not None and state not in STATES:
        raise Invalid(f"A job's state is one of {', '.join(STATES)}, not {state!r}.", field="state")
    page = await visit.read(jobs.list_jobs, state, cursor=_cursor(), limit=screenful(50))
    stacks = visit.may("ADMIN")
    return Paged(tuple(_row(job, stacks) for job in page.items), page.next)


def _row(job: Job, stacks: bool) -> JobRow:
    attempts = tuple(Attempt(e.attempt, e.at, (stacks and e.stack) or e.error) for e in job.errors)
    return JobRow(job, attempts, to_json(job.args))


async def _counts(visit: Visit) -> dict[str, int]:
    counts: dict[str, int] = {}
    for (_, state), number in (await visit.read(jobs.job_counts)).items():
        counts[state] = counts.get(state, 0) + number
    return counts


JOBS = Page("jobs.html", {"counts": _counts, "jobs": _jobs}, parts={"more_jobs": "jobs"})


@route(pages, "/activity/jobs", Policy.READ)
async def all_jobs(visit: Visit) -> Answer:
    return await JOBS.answer(visit, shown={"kinds": KINDS})


@route(pages, "/jobs/<job_id>/retry", Policy.ADMIN, methods=("POST",))
async def retry_job(visit: Visit, job_id: str) -> Answer:
    await visit.write(job_changes.retry_job, job_id)
    return await back_to("/activity/jobs", "The job runs again.")


@route(pages, "/jobs/<job_id>/cancel", Policy.ADMIN, methods=("POST",))
async def cancel_job(visit: Visit, job_id: str) -> Answer:
    state = await visit.write(job_changes.cancel_job, job_id)
    return await back_to(
        "/activity/jobs", "The job is cancelled." if state == "cancelled" else "The job is told to stop."
    )


# -- blocklist -------------------------------------------------------------------------------------------------------------


async def _blocked(visit: Visit) -> object:
    return await visit.read(downloads.blocklist, cursor=_cursor(), limit=screenful(50))


BLOCKLIST = Page("blocklist.html", {"blocked": _blocked}, parts={"rows": "blocked"})


@route(pages, "/activity/blocklist", Policy.READ)
async def blocklist(visit: Visit) -> Answer:
    return await BLOCKLIST.answer(visit)


@route(pages, "/blocklist/<block_id>/remove", Policy.ACT, methods=("POST",))
async def unblock(visit: Visit, block_id: str) -> Answer:
    await visit.write(download_changes.unblock, block_id)
    return await back_to("/activity/blocklist", "It may be grabbed again.")
