"""node: this daemon among those that share a PostgreSQL database. Hears what the others committed, and leads when nobody else does.

What must be done by one daemon alone (watching folders, following downloads, keeping the schedules) runs below `duties` in the one that
leads. Whoever's seat is free of a leader takes the lead within a second; whoever loses its seat stops leading before the server
would give the lead away. Jobs of a daemon that is gone are given back by the leader.

News come from the server, one's own too, so that every page of every daemon hears of everything in the order in which it was committed.
"""

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

import trio
from loguru import logger

from mydia import events, logs
from mydia.errors import Unavailable
from mydia.house import House
from mydia.jobs import changes as jobs
from mydia.jobs import queries as job_queries
from mydia.jobs.model import ACTOR_OF_KIND
from mydia.media.queries import events_after, last_seq
from mydia.otp import Actor, ChildSpec, StartFailed, Supervisor
from mydia.settings.load import with_fitting
from mydia.settings.model import secrets
from mydia.settings.queries import overrides

if TYPE_CHECKING:
    from mydia.store.nodes import News, Seat  # which import the driver: it is loaded only where there is a PostgreSQL

BEAT = 1.0
"""Seconds between two signs of life, and at most until a lead that is free is taken."""
SILENCE = 8.0
"""Seconds without an answer after which the seat counts as lost; the server gives it up two or three seconds later."""
GONE = 10.0
"""Seconds for which a daemon must not have been seen before its jobs are given back: a seat that is lost is mostly taken again at once."""
PAUSE = 0.5
PORTION = 500


class Node(Actor):
    """`duties` is the supervisor below which `leading` (a fresh spec each time) lives while this daemon leads."""

    def __init__(self, house: House, duties: Supervisor, leading: Callable[[], ChildSpec]) -> None:
        self.house = house
        self.duties, self.leading = duties, leading
        self._leads = False
        self._seated = True
        self._heard = 0  # the number of the last stored event that was published here
        self._unseen: dict[str, float] = {}  # since when a daemon that has jobs was not seen

    async def start(self) -> None:
        self._heard = await self.house.read(last_seq)

    async def run(self) -> None:
        while True:
            try:
                await self._sit()
            except (Unavailable, trio.TooSlowError, StartFailed) as lost:
                if self._seated:  # once, however long the server stays away
                    logger.warning("this daemon has lost its seat among the others: {}", str(lost) or "silence")
                self._seated = False
            await trio.sleep(PAUSE)

    async def _sit(self) -> None:
        seat = await trio.to_thread.run_sync(self.house.engine.seat)
        self._seated = True
        look_at = trio.current_time()
        try:
            while True:
                wait = min(max(look_at - trio.current_time(), 0.01), BEAT)
                with trio.fail_after(SILENCE):
                    news = await trio.to_thread.run_sync(seat.hear, wait, abandon_on_cancel=True)
                await self._publish(news)
                if trio.current_time() >= look_at:  # not at every word: under load there are hundreds a second
                    look_at = trio.current_time() + BEAT
                    await self._lead(seat)
        finally:
            with trio.CancelScope(shield=True):
                await self._step_down()
                await trio.to_thread.run_sync(seat.give_up)

    # -- hearing

    async def _publish(self, heard: Sequence["News"]) -> None:
        house = self.house
        for event in (event for news in heard for event in news.events):
            house.bus.publish(event)
        # Whatever was said: words that were lost with an earlier seat are made up for.
        while rows := await house.read(events_after, self._heard, PORTION):
            for row in rows:
                self._heard = row.seq
                if row.type in events.EVENTS:
                    house.bus.publish(events.from_row(row.type, row.data, row.media_item_id, row.actor, row.seq))
            if any(row.type == events.SettingsChanged.type() for row in rows):
                await self._settings()
        for name in {ACTOR_OF_KIND[kind] for news in heard for kind in news.wake if kind in ACTOR_OF_KIND}:
            house.mail[name].ring()

    async def _settings(self) -> None:
        """Live by what was set in another daemon."""
        house = self.house
        if house.loaded is not None:
            loaded, _, wrong = with_fitting(house.loaded, await house.read(overrides))
            if wrong:
                logger.warning("some settings made in another daemon are ignored here: {}", wrong)
            house.adopt(loaded)
            logs.know_secrets(secrets(house.config))

    # -- leading

    async def _lead(self, seat: "Seat") -> None:
        if not self._leads and await trio.to_thread.run_sync(seat.try_to_lead):
            logger.info("this daemon leads now")
            self._leads = True
            self._unseen = {}
            await self.duties.start_child(self.leading())
        if self._leads:
            await self._give_back(await trio.to_thread.run_sync(seat.living))

    async def _give_back(self, living: Collection[str]) -> None:
        now = trio.current_time()
        missing = await self.house.read(job_queries.nodes_at_work) - set(living)
        self._unseen = {node: self._unseen.get(node, now) for node in missing}
        if gone := sorted(node for node, since in self._unseen.items() if now - since >= GONE):
            count = await self.house.write(jobs.rescue_from, gone)
            logger.warning("{} jobs of a daemon that is gone run again", count)

    async def _step_down(self) -> None:
        if self._leads:
            self._leads = False
            logger.info("this daemon leads no longer")
            await self.duties.stop_child("leading")
            await self.duties.delete_child("leading")
