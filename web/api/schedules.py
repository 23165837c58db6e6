"""Schedules: what time asks for, when, how it went; changed and run by hand. And the queues that their jobs wait in."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from quart import Blueprint

from mydia.core.cron_words import in_words
from mydia.jobs import changes
from mydia.jobs.model import Queue, State
from web import upkeep
from web.api.kit import Body, Query, operation
from web.policy import Policy, Visit

api = Blueprint("schedules_api", __name__)
Cron = Annotated[str, Field(min_length=1, max_length=200, description="minute hour day month weekday")]


@dataclass(frozen=True, slots=True)
class LastRunOut:
    """What became of the last run's jobs: the worst state among them, the seconds from the first's beginning to the last's end."""

    jobs: int
    state: State
    seconds: float | None
    error: str | None


@dataclass(frozen=True, slots=True)
class ScheduleOut:
    """A schedule. `schedule` is null for what looks as often as there is reason to. `next_runs`: none when it is off."""

    name: str
    title: str
    about: str
    schedule: str | None
    words: str
    timezone: str
    enabled: bool
    next_runs: list[str]
    last_run_at: str | None
    last_run: LastRunOut | None
    set_by_environment: bool


@dataclass(frozen=True, slots=True)
class ScheduleList:
    items: list[ScheduleOut]


class ScheduleChange(Body):
    """What is left out stays as it is."""

    schedule: Cron | None = None
    enabled: bool | None = None


class Sketch(Query):
    """A schedule that one thinks of."""

    schedule: Cron
    timezone: Annotated[str | None, Field(max_length=100, description="schedules.timezone when left out")] = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a schedule means, and when it would run next."""

    words: str
    next_runs: list[str]


@dataclass(frozen=True, slots=True)
class Begun:
    """The jobs that were made; none for what is not done by jobs."""

    job_ids: list[str]


@dataclass(frozen=True, slots=True)
class QueueOut:
    """A queue: how many of its jobs may run at once and do, how many wait, and whether it is paused."""

    name: str
    about: str
    limit: int
    running: int
    waiting: int
    paused: bool
    paused_at: str | None
    paused_by: str | None


@dataclass(frozen=True, slots=True)
class QueueList:
    items: list[QueueOut]


@operation(api, "/schedules", Policy.READ, answers=ScheduleList)
async def list_schedules(visit: Visit) -> ScheduleList:
    """Every schedule, with its next runs and how its last went."""
    return ScheduleList([schedule_out(s) for s in await upkeep.schedules(visit)])


@operation(api, "/schedule-preview", Policy.READ, query=Sketch, answers=Preview)
async def preview_schedule(visit: Visit, query: Sketch) -> Preview:
    """Check a schedule before it is set: what it means, and its next runs."""
    zone = query.timezone or visit.house.config.schedules.timezone
    runs = upkeep.runs(query.schedule, zone, visit.house.clock.now())
    return Preview(in_words(" ".join(query.schedule.split())), list(runs))


@operation(api, "/schedules/<name>", Policy.ADMIN, method="PUT", body=ScheduleChange, answers=ScheduleOut)
async def change_schedule(visit: Visit, name: str, body: ScheduleChange) -> ScheduleOut:
    """Change when a schedule runs, or switch it on or off. It counts at once, and after a restart too."""
    await upkeep.change_schedule(visit, name, body.schedule, body.enabled)
    return schedule_out(await upkeep.schedule(visit, name))


@operation(api, "/schedules/<name>/run", Policy.ADMIN, method="POST", answers=Begun, status=202)
async def run_schedule(visit: Visit, name: str) -> Begun:
    """Do now what a schedule does; its hours stay as they are."""
    return Begun(list(await upkeep.run_now(visit, name)))


@operation(api, "/queues", Policy.READ, answers=QueueList)
async def list_queues(visit: Visit) -> QueueList:
    """The queues that jobs wait in."""
    return QueueList([queue_out(q) for q in await upkeep.queues(visit)])


@operation(api, "/queues/<name>/pause", Policy.ADMIN, method="POST")
async def pause_queue(visit: Visit, name: str) -> None:
    """Begin no further jobs of a queue until it is resumed, whatever restarts in between. Those that run go on."""
    await visit.write(changes.pause_queue, name, actor=visit.name)


@operation(api, "/queues/<name>/resume", Policy.ADMIN, method="POST")
async def resume_queue(visit: Visit, name: str) -> None:
    """Begin jobs of a queue again."""
    await visit.write(changes.resume_queue, name, actor=visit.name)


def schedule_out(s: upkeep.Schedule) -> ScheduleOut:
    last = None if s.last is None else LastRunOut(s.last.jobs, s.last.state, s.last.seconds, s.last.error)
    return ScheduleOut(
        s.name,
        s.title,
        s.about,
        s.schedule,
        s.words,
        s.timezone,
        s.enabled,
        list(s.upcoming),
        s.last_run_at,
        last,
        bool(s.fixed),
    )


def queue_out(q: Queue) -> QueueOut:
    return QueueOut(q.name, q.words, q.limit, q.running, q.waiting, q.paused_at is not None, q.paused_at, q.paused_by)
