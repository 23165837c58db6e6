"""What the actors that drain a queue have in common: claim, do, write down what came of it.

Each job runs in a task of its own: what it raises is that job's alone. A subclass sets `kinds` (kind -> handler) and may set
`concurrency`. What a handler raises decides what becomes of its job:

    nothing                              completed
    Unavailable                          postponed: the outside said "later"; not counted as an attempt
    Discard, Invalid, NotFound           discarded, with the reason: another attempt would end alike
    ActorDied, AskTimeout                retried, sooner than after a bug: another part of the house was being restarted
    anything else                        a bug or worse: retried after its back-off, with its stack, until its attempts are used up
"""

import contextlib
import itertools
import secrets
import traceback
from collections.abc import Awaitable, Callable, Iterator

import trio
from loguru import logger

from mydia import logs
from mydia.core.backoff import job_backoff
from mydia.errors import Invalid, NotFound, Unavailable
from mydia.house import House
from mydia.jobs import changes, queries
from mydia.jobs.model import Discard, Job
from mydia.otp import Actor, NoAnswer
from mydia.store.transaction import to_text

Handler = Callable[[Job], Awaitable[None]]
PROGRESS_SECONDS = 0.5  # between two writes of one job's progress
LAST_WORDS = 0.5
"""Seconds for a cancelled job to be put back; within the margin in which an actor that does not end would end the process."""
_lives = itertools.count(1)


class JobActor(Actor):
    """`boot` names this life of the process: rows that another life or another instance was executing are orphans."""

    period = 1.0  # the bell wakes it at once; this is for what comes due, and for a bell that nobody rang
    kinds: dict[str, Handler]

    def __init__(self, house: House, boot: str) -> None:
        self.house = house
        self.owner = f"{boot}:{type(self).__name__}:{next(_lives)}"
        self._running: dict[str, trio.CancelScope] = {}
        self._reported: dict[str, float] = {}
        self._idle = trio.Event()

    async def start(self) -> None:
        rescued = await self.house.write(changes.rescue, tuple(self.kinds), self.owner)
        if rescued:
            logger.info("{} interrupted jobs run again", rescued)

    async def tick(self) -> None:
        if self._running:
            for job_id in await self.house.read(queries.cancel_wishes, self.owner, tuple(self.kinds)):
                if job_id in self._running:
                    self._running[job_id].cancel()
        free = self.concurrency - len(self._running)
        now = to_text(self.house.clock.now())
        # Looking costs microseconds; claiming costs the writer a transaction.
        if free > 0 and await self.house.read(queries.anything_due, tuple(self.kinds), now):
            for job in await self.house.write(changes.claim, tuple(self.kinds), self.owner, free):
                self._running[job.id] = trio.CancelScope()
                self.spawn(self._perform, job, name=f"{job.kind} {job.id}")

    async def stop(self) -> None:
        """Running jobs get a while to finish; then the kit cancels them, and they are put back."""
        if self._running:
            self._idle = trio.Event()
            with trio.move_on_after(self.house.config.jobs.shutdown_seconds):
                await self._idle.wait()

    async def report(
        self, job: Job, *, done: int | None = None, total: int | None = None, text: str | None = None
    ) -> None:
        """Show how far a job is; at most a few times a second is written, so call it as often as you like."""
        now = trio.current_time()
        if now - self._reported.get(job.id, -PROGRESS_SECONDS) >= PROGRESS_SECONDS:
            self._reported[job.id] = now
            progress = {"done": done, "total": total, "text": text}
            shown = {key: value for key, value in progress.items() if value is not None}
            await self.house.write(changes.set_progress, job.id, self.owner, shown)

    async def _perform(self, job: Job) -> None:
        scope = self._running[job.id]
        with logs.context(correlation_id=job.correlation_id or job.id, job=f"{job.kind} {job.id}"):
            try:
                with scope:
                    await self._attempt(job)
                if scope.cancelled_caught:
                    await self.house.write(changes.cancelled, job.id, self.owner)
            except Exception:
                raise  # the writer did not answer: this actor cannot go on
            except BaseException:  # cancelled, alone or in a group: the actor ends, nobody wished this job away
                with trio.move_on_after(LAST_WORDS, shield=True), contextlib.suppress(NoAnswer, Unavailable):
                    await self.house.write(
                        changes.interrupt, job.id, self.owner, "interrupted by a shutdown or restart"
                    )
                raise
            finally:
                del self._running[job.id]
                self._reported.pop(job.id, None)
                if not self._running:
                    self._idle.set()
        self.mailbox.ring()

    async def _attempt(self, job: Job) -> None:
        try:
            await self.kinds[job.kind](job)
        except Exception as error:  # noqa: BLE001 - one job's bug is that job's alone; it is written down with its stack
            await self._failed(job, error)
        else:
            await self.house.write(changes.complete, job.id, self.owner)

    async def _failed(self, job: Job, error: Exception) -> None:
        house, causes = self.house, list(_leaves(error))
        reason = logs.mask("; ".join(dict.fromkeys(str(c) or type(c).__name__ for c in causes)))
        if all(isinstance(c, Unavailable) for c in causes):
            asked = [c.retry_after for c in causes if isinstance(c, Unavailable) and c.retry_after is not None]
            wait = max(asked) if asked else job_backoff(job.snoozed + 1, _jitter())
            await house.write(changes.snooze, job.id, self.owner, wait, reason)
        elif all(isinstance(c, Discard | Invalid | NotFound) for c in causes):
            await house.write(changes.discard, job.id, self.owner, reason)
        else:
            wait = job_backoff(job.attempt, _jitter())
            if all(isinstance(c, NoAnswer) for c in causes):
                wait = min(wait, 0.5 * 4 ** (job.attempt - 1))
            logger.opt(exception=error).error("{} failed (attempt {} of {})", job.kind, job.attempt, job.max_attempts)
            stack = logs.mask("".join(traceback.format_exception(error)))
            await house.write(changes.retry_later, job.id, self.owner, reason, stack, wait)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """What a handler's nurseries wrapped into groups, one by one."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _jitter() -> float:
    return secrets.randbelow(1001) / 1000
