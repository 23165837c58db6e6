"""What the actors that drain a queue have in common: take, do, write down what came of it.

Each job runs in a task of its own: what it raises is that job's alone. How many run at once is said of the queues, in the configuration,
and holds for all the actors that share a queue; a subclass sets `kinds` (kind -> handler), and `at_once` where its trade bears fewer. What
a handler raises decides what becomes of its job: jobs/outcome.py says how.

What several attempts came to is written down together, and what is taken next in the same transaction: while one is on its way to the
disk, the next gathers. A job holds its place in its queue until what it came to is durable.
"""

import itertools
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress

import trio
from loguru import logger

from mydia import logs
from mydia.errors import Unavailable
from mydia.house import House
from mydia.jobs import changes, queries
from mydia.jobs.model import ACTOR_OF_KIND, KINDS_OF_QUEUE, Ended, Hands, Job, queue_of
from mydia.jobs.outcome import came_to
from mydia.otp import Actor, NoAnswer
from mydia.settings.model import LONGEST_DRAIN
from mydia.store.transaction import to_text

Handler = Callable[[Job], Awaitable[None]]
PROGRESS_SECONDS = 0.5  # between two writes of one job's progress
LAST_WORDS = 1.0
"""Seconds for cancelled jobs to end and be put back."""
STOPS_WITHIN = LONGEST_DRAIN + 2 * LAST_WORDS
"""The shutdown deadline of such an actor, for its child spec."""
_CUT = "interrupted by a shutdown or restart"
_lives = itertools.count(1)


class JobActor(Actor):
    """`boot` names this life of the process: rows that another life or another instance was executing are orphans."""

    period = 1.0  # the bell wakes it at once; this is for what comes due, and for a bell that nobody rang
    kinds: dict[str, Handler]
    at_once: int | None = None
    """How many jobs this trade bears at once, whatever room their queues have; None: as many as those have."""

    def __init__(self, house: House, boot: str) -> None:
        self.house = house
        self.owner = f"{boot}:{type(self).__name__}:{next(_lives)}"
        self._running: dict[str, trio.CancelScope] = {}  # until what it came to is durable
        self._ended: list[Ended] = []
        self._reported: dict[str, float] = {}
        self._bell = trio.Event()
        self._stir = trio.lowlevel.ParkingLot()  # whoever waits for jobs to end
        self._draining = self._turning = self._leaving = False

    async def start(self) -> None:
        self.spawn(self._drain)

    async def tick(self) -> None:
        if running := dict(self._running):  # as it was before the look: what is taken meanwhile is not missed
            wanted = await self.house.read(queries.still_wanted, self.owner, tuple(running))
            for job_id in running.keys() - wanted:
                running[job_id].cancel()
        self._bell.set()

    async def stop(self) -> None:
        """Running jobs get a while to finish, reckoned from when the house began to close; the rest are cut short and put back.

        None where another daemon may begin them any moment, because this one counts as gone.
        """
        self._leaving = True
        self._offer()
        since = self.house.closing_since
        try:
            patience = self.house.config.jobs.shutdown_seconds if self.house.seated else 0.0
            with trio.move_on_at((trio.current_time() if since is None else since) + patience):
                while self._running and (self._draining or len(self._ended) < len(self._running)):
                    await self._stir.park()
        finally:
            if self._running or self._turning:
                with trio.move_on_after(LAST_WORDS, shield=True), suppress(NoAnswer, Unavailable):
                    await self._put_back()

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

    # -- taking jobs, and writing down what they came to

    async def _drain(self) -> None:
        self._draining = True
        try:
            await self._turns()
        finally:
            self._draining = False
            self._stir.unpark_all()

    async def _turns(self) -> None:
        rescued = full = False
        while True:
            self._bell = trio.Event()
            try:
                if not rescued:
                    shared = self.house.engine.shared
                    orphans = await self.house.write(changes.rescue, tuple(self.kinds), self.owner, shared=shared)
                    rescued = True
                    if orphans:
                        logger.info("{} interrupted jobs run again", orphans)
                await self._turn()
                full = False
            except Unavailable as no:  # a full disk, say: nothing is forgotten meanwhile, and the next tick tries again
                if not full:
                    logger.warning("what became of jobs is written down later: {}", no)
                full = True
            await self._bell.wait()

    async def _turn(self) -> None:
        house, ended, take = self.house, tuple(self._ended), self._offer()
        hands = self._hands()
        # Looking costs microseconds; taking costs the writer a transaction.
        if not ended and not (take and await house.read(queries.anything_due, hands, to_text(house.clock.now()))):
            return
        self._turning = True  # and stays so when its answer is lost: what it took is put back by stop()
        try:
            taken = await house.write(changes.turn, ended, hands, take=take)
        except Unavailable:
            self._turning = False
            raise
        self._turning = False
        del self._ended[: len(ended)]
        for end in ended:
            del self._running[end.job_id]
            self._reported.pop(end.job_id, None)
        for job in taken:
            self._running[job.id] = trio.CancelScope()
            self.spawn(self._perform, job, name=f"{job.kind} {job.id}")
        self._offer()
        self._stir.unpark_all()

    def _hands(self) -> Hands:
        house, most = self.house, self.at_once
        left = None if most is None else most - self._busy
        queues, others, busy = dict(house.config.jobs.queues), frozenset(house.takers), frozenset(self._running)
        return Hands(tuple(self.kinds), self.owner, queues, others, left, busy)

    @property
    def _busy(self) -> int:
        return len(self._running) - len(self._ended)

    def _offer(self) -> bool:
        """Say whether this actor would take jobs now, to itself and to those whose queues it shares."""
        mine, takers = set(self.kinds), self.house.takers
        free = self.at_once is None or self._busy < self.at_once
        if free and not self._leaving and self.house.closing_since is None and self.house.seated:
            takers |= mine
            return True
        if not takers.isdisjoint(mine):
            takers -= mine
            for kind in {other for own in mine for other in KINDS_OF_QUEUE.get(queue_of(own), ())} - mine:
                self.house.mail[ACTOR_OF_KIND[kind]].ring()  # room was left to us that we have no hands for
        return False

    async def _put_back(self) -> None:
        for scope in self._running.values():
            scope.cancel()
        with trio.move_on_after(LAST_WORDS / 2):
            while len(self._ended) < len(self._running):
                await self._stir.park()
        ended = {end.job_id for end in self._ended}
        stuck = tuple(job_id for job_id in self._running if job_id not in ended)
        await self.house.write(changes.leave, tuple(self._ended), self._hands(), _CUT, stuck)

    # -- one job

    async def _perform(self, job: Job) -> None:
        scope = self._running[job.id]
        with logs.context(correlation_id=job.correlation_id or job.id, job=f"{job.kind} {job.id}"):
            ended: Ended | None = None
            try:
                with scope:
                    ended = await self._attempt(job)
            except Exception as error:  # noqa: BLE001 - raised on its way out of being cancelled: that job's alone, too
                logger.opt(exception=error).error("{} failed while it was being cut short", job.kind)
            if ended is None:
                # Cut short by a stop, nobody wished it away.
                ended = Ended(job.id, changes.interrupt, (_CUT,)) if self._leaving else Ended(job.id, changes.cancelled)
        self._ended.append(ended)
        self._bell.set()
        self._stir.unpark_all()

    async def _attempt(self, job: Job) -> Ended:
        raised: Exception | None = None
        try:
            await self.kinds[job.kind](job)
        except Exception as error:  # noqa: BLE001 - one job's bug is that job's alone; it is written down with its stack
            raised = error
        ended = came_to(job, raised, secrets.randbelow(1001) / 1000)
        if ended.change is changes.retry_later:
            logger.opt(exception=raised).error("{} failed (attempt {} of {})", job.kind, job.attempt, job.max_attempts)
        return ended
