"""scheduler: what time asks for becomes jobs, once each, across restarts, sleep and clocks that jump.

The next run of each entry stands in the database and moves in the transaction that enqueues the job: nothing is lost or doubled. It is
wall time that counts, so the actor looks again every few seconds rather than sleeping until the hour: a machine that was asleep, or whose
clock was set, is noticed at once. Where it was set back, what was reckoned from the time that was does not wait for it to come again.
"""

from datetime import datetime, timedelta

from loguru import logger

from mydia.downloads.changes import clock_set_back
from mydia.house import House
from mydia.jobs import clock, cron, queries
from mydia.jobs.model import CronEntry
from mydia.otp import Actor
from mydia.schedules import entries, make_jobs
from mydia.store.transaction import to_text


class Scheduler(Actor):
    period = 5.0

    def __init__(self, house: House) -> None:
        self.house = house
        self._planned: tuple[CronEntry, ...] = ()
        self._latest: datetime | None = None

    async def tick(self) -> None:
        await self._mind_the_clock(self.house.clock.now())
        wanted = entries(self.house.config)
        if wanted != self._planned:  # at start, and when a person changed a schedule
            await self.house.write(cron.plan_entries, wanted)
            self._planned = wanted
        if await self.house.read(queries.entry_due, to_text(self.house.clock.now())):
            await self.house.write(cron.run_due, make_jobs)

    async def _mind_the_clock(self, now: datetime) -> None:
        before = self._latest
        # At start too: it may have been set meanwhile.
        if before is None or now < before - timedelta(seconds=clock.AHEAD):
            jobs, planned = await self.house.write(clock.set_back)
            providers = await self.house.write(clock_set_back)
            if jobs or planned or providers:
                logger.warning("the clock was set back: {} jobs and {} schedules need not wait for it", jobs, planned)
        self._latest = now  # not before that is written down
