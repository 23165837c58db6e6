"""Jobs: what must still happen, what was done and what went wrong; the queues they wait in, and the schedules that time goes by."""

from dataclasses import dataclass

from quart import Blueprint, request

from mydia.core.cron_words import in_words
from mydia.errors import Invalid
from mydia.jobs import changes, queries
from mydia.jobs.model import Job
from mydia.messages import JOB_KINDS
from mydia.store.engine import to_json
from mydia.store.paging import Page as Paged
from web import upkeep
from web.auth import back_to
from web.page import Page, screenful, whole
from web.policy import Answer, Policy, Visit, route

pages = Blueprint("jobs", __name__)
KINDS = {name: kind.words for name, kind in JOB_KINDS.items()}
HERE, HOURS = "/activity/jobs", "/activity/schedules"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one attempt came to: its stack where there is one, and the visitor may see it."""

    attempt: int
    at: str
    text: str


@dataclass(frozen=True, slots=True)
class JobRow:
    job: Job
    errors: tuple[Attempt, ...]
    args_text: str

    @property
    def last_line(self) -> str:
        return self.job.errors[-1].error if self.job.errors else ""


# -- the list ------------------------------------------------------------------------------------------------------------


async def _jobs(visit: Visit) -> Paged[JobRow]:
    state, queue, kind, cursor = (request.args.get(name) or None for name in ("state", "queue", "kind", "cursor"))
    page = await visit.read(queries.list_jobs, state, queue, kind, cursor, screenful(50))
    stacks = visit.may("ADMIN")
    return Paged(tuple(_row(job, stacks) for job in page.items), page.next)


def _row(job: Job, stacks: bool) -> JobRow:
    attempts = tuple(Attempt(e.attempt, e.at, (stacks and e.stack) or e.error) for e in job.errors)
    return JobRow(job, attempts, to_json(job.args))


async def _counts(visit: Visit) -> dict[str, int]:
    counts: dict[str, int] = {}
    for (_, state), number in (await visit.read(queries.job_counts)).items():
        counts[state] = counts.get(state, 0) + number
    return counts


JOBS = Page("jobs.html", {"counts": _counts, "queues": upkeep.queues, "jobs": _jobs}, parts={"more_jobs": "jobs"})


@route(pages, HERE, Policy.READ)
async def all_jobs(visit: Visit) -> Answer:
    return await JOBS.answer(visit, shown={"kinds": KINDS})


# -- one job -------------------------------------------------------------------------------------------------------------


async def _one(visit: Visit, job_id: str) -> JobRow:
    return _row(await visit.read(queries.get_job, job_id), visit.may("ADMIN"))


JOB = Page("job.html", {"one": _one})


@route(pages, "/activity/jobs/<job_id>", Policy.READ)
async def one_job(visit: Visit, job_id: str) -> Answer:
    return await JOB.answer(visit, job_id=job_id, shown={"kinds": KINDS})


@route(pages, "/jobs/<job_id>/retry", Policy.ADMIN, methods=("POST",))
async def retry_job(visit: Visit, job_id: str) -> Answer:
    await visit.write(changes.retry_job, job_id)
    return await back_to(HERE, "The job runs now.")


@route(pages, "/jobs/<job_id>/cancel", Policy.ADMIN, methods=("POST",))
async def cancel_job(visit: Visit, job_id: str) -> Answer:
    state = await visit.write(changes.cancel_job, job_id)
    return await back_to(HERE, "The job is cancelled." if state == "cancelled" else "The job is told to stop.")


# -- queues --------------------------------------------------------------------------------------------------------------


@route(pages, "/queues/<name>/pause", Policy.ADMIN, methods=("POST",))
async def pause_queue(visit: Visit, name: str) -> Answer:
    await visit.write(changes.pause_queue, name, actor=visit.name)
    return await back_to(HERE, f"The queue {name} is paused.")


@route(pages, "/queues/<name>/resume", Policy.ADMIN, methods=("POST",))
async def resume_queue(visit: Visit, name: str) -> Answer:
    await visit.write(changes.resume_queue, name, actor=visit.name)
    return await back_to(HERE, f"The queue {name} goes on.")


# -- schedules -----------------------------------------------------------------------------------------------------------

SCHEDULES = Page("schedules.html", {"schedules": upkeep.schedules})


@route(pages, HOURS, Policy.READ)
async def all_schedules(visit: Visit) -> Answer:
    return await SCHEDULES.answer(visit, shown={"local": upkeep.local})


@route(pages, f"{HOURS}/timezone", Policy.ADMIN, methods=("POST",))
async def set_timezone(visit: Visit) -> Answer:
    await upkeep.change_timezone(visit, (await request.form).get("timezone", ""))
    return await back_to(HOURS, "The time zone is changed.")


@route(pages, f"{HOURS}/<name>", Policy.ADMIN)
async def one_schedule(visit: Visit, name: str) -> Answer:
    return await _show(visit, await upkeep.schedule(visit, name))


@route(pages, f"{HOURS}/<name>", Policy.ADMIN, methods=("POST",))
async def set_schedule(visit: Visit, name: str) -> Answer:
    """`try` in the form: only show what it means and when it would run."""
    filled = await request.form
    text, enabled = " ".join(filled.get("schedule", "").split()), "enabled" in filled
    now = await upkeep.schedule(visit, name)
    try:
        if "try" in filled:
            runs = upkeep.runs(text, now.timezone, visit.house.clock.now())
            return await _show(visit, now, text, enabled, tried=(in_words(text), runs))
        await upkeep.change_schedule(visit, name, text, enabled)
    except Invalid as no:
        return await _show(visit, now, text, enabled, problem=str(no))
    return await back_to(HOURS, f"{now.title}: {in_words(text) if enabled else 'off'}.")


@route(pages, f"{HOURS}/<name>/run", Policy.ADMIN, methods=("POST",))
async def run_schedule(visit: Visit, name: str) -> Answer:
    await upkeep.run_now(visit, name)
    return await back_to(HOURS, f"{upkeep.TITLES.get(name, name)}: begun.")


async def _show(
    visit: Visit,
    of: upkeep.Schedule,
    text: str | None = None,
    enabled: bool | None = None,
    *,
    tried: tuple[str, tuple[str, ...]] | None = None,
    problem: str = "",
) -> Answer:
    return await whole(
        "schedule.html",
        visit,
        422 if problem else 200,
        of=of,
        text=of.schedule if text is None else text,
        enabled=of.enabled if enabled is None else enabled,
        tried=tried,
        problem=problem,
        local=upkeep.local,
    )
