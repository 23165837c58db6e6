"""node: this daemon among those that share a PostgreSQL database. Hears what the others committed, and leads when nobody else does.

What must be done by one daemon alone (watching folders, following downloads, keeping the schedules) runs below `duties` in the one that
leads. Whoever has no seat takes no jobs. Whoever loses its seat stops leading at once, and before the server would give the lead away;
whoever takes the lead after another waits until that one must have stopped. What was frozen meanwhile, and knows nothing of it yet, is held
back by House.alone. Jobs of a daemon that is gone are given back by the leader.

News come from the server, one's own too, so that every page of every daemon hears of everything in the order in which it was committed.
"""

import math
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import TYPE_CHECKING

import trio
from loguru import logger

from mydia import events, logs
from mydia.errors import Unavailable
from mydia.house import Company, House
from mydia.jobs import changes as jobs
from mydia.jobs import queries as job_queries
from mydia.jobs.model import ACTOR_OF_KIND
from mydia.media.queries import events_after, last_seq
from mydia.otp import Actor, ChildSpec, NoAnswer, NotFound, NotRunning, StartFailed, Supervisor
from mydia.otp.policy import flatten
from mydia.settings.load import with_fitting
from mydia.settings.model import secrets
from mydia.settings.queries import overrides

if TYPE_CHECKING:
    from mydia.store.nodes import News, Seat, Standing  # which import the driver: it is loaded only for a PostgreSQL

BEAT = 1.0
"""Seconds between two signs of life, and at most until a lead that is free is taken."""
SILENCE = 8.0
"""Seconds without an answer after which the seat counts as lost; the server, or another daemon, ends it two or three seconds later."""
TAKEOVER = 3.0
"""Seconds between taking the lead after another and leading: time for that one to hear of its loss and to stop."""
GONE = 10.0
"""Seconds for which a daemon must not have been seen before its jobs are given back: a seat that is lost is mostly taken again at once."""
ADRIFT = 30.0
"""Seconds between this daemon's clock and the server's from which on people are told."""
PAUSE = 0.5
PORTION = 500


class Node(Actor):
    """`duties` is the supervisor below which `leading` (a fresh spec each time) lives while this daemon leads."""

    def __init__(self, house: House, duties: Supervisor, leading: Callable[[], ChildSpec]) -> None:
        self.house = house
        self.duties, self.leading = duties, leading
        self._leads = False
        self._after_others = self._told = self._outdated = self._adrift = False
        self._settled = False  # whether this daemon lives by what was set in the others
        self._heard = 0  # the number of the last stored event that was published here
        self._unseen: dict[str, float] = {}  # since when a daemon that has jobs was not seen

    async def start(self) -> None:
        self.house.seated = False
        self._heard = await self.house.read(last_seq)

    async def run(self) -> None:
        while True:
            try:
                await self._sit()
            except* (Unavailable, trio.TooSlowError, StartFailed) as lost:
                if not self._told:  # once, however long the server stays away
                    why = "; ".join(dict.fromkeys(str(leaf) for leaf in flatten(lost)))
                    logger.warning("this daemon has lost its seat among the others: {}", why or "silence")
                self._told = True
            self._after_others = True
            await trio.sleep(PAUSE)

    async def _sit(self) -> None:
        seat = self.house.engine.seat()
        try:
            with trio.fail_after(SILENCE):
                await trio.to_thread.run_sync(seat.take, abandon_on_cancel=True)
            self.house.seated, self._told = True, False
            post, heard = trio.open_memory_channel["list[News]"](math.inf)
            looks, seen = trio.open_memory_channel["Standing"](0)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._attend, seat, post, looks)
                nursery.start_soon(self._publish, heard)
                nursery.start_soon(self._lead, seen)
        finally:
            with trio.CancelScope(shield=True):
                await self._step_down()
                self.house.seated, self.house.company = False, None
                await trio.to_thread.run_sync(seat.give_up)

    async def _attend(
        self, seat: "Seat", post: "trio.MemorySendChannel[list[News]]", looks: "trio.MemorySendChannel[Standing]"
    ) -> None:
        """Hear, and give signs of life, whatever else this daemon waits for meanwhile."""
        look_at = trio.current_time()
        try:
            while True:
                with trio.fail_after(SILENCE):
                    if trio.current_time() >= look_at:  # not at every word: under load there are hundreds a second
                        look_at = trio.current_time() + BEAT
                        standing = await trio.to_thread.run_sync(seat.look, abandon_on_cancel=True)
                        self.house.company = Company(len(standing.living), self._leads)
                        with suppress(trio.WouldBlock):
                            looks.send_nowait(standing)
                        self._mind(standing)
                    wait = min(max(look_at - trio.current_time(), 0.01), BEAT)
                    post.send_nowait(await trio.to_thread.run_sync(seat.hear, wait, abandon_on_cancel=True))
        except (Unavailable, trio.TooSlowError):
            self.house.seated, self.house.company = False, None  # what runs in its name is cut short
            raise

    def _mind(self, standing: "Standing") -> None:
        """A database of another shape is no longer this program's: the house opens anew, which is refused with the reason.

        What is due is due by the clock of whoever looks, so all must have about the same time.
        """
        ahead = self.house.clock.now().timestamp() - standing.clock
        if abs(ahead) > ADRIFT and not self._adrift:
            logger.warning(
                "this daemon's clock is {:.0f} s {} the database server's: what it does comes too {}",
                abs(ahead),
                "ahead of" if ahead > 0 else "behind",
                "early" if ahead > 0 else "late",
            )
        self._adrift = abs(ahead) > ADRIFT
        if standing.newer is not None and not self._outdated:
            self._outdated = True
            logger.critical("a newer Mydia has changed the database (migration {})", standing.newer)
            self.house.mail["house"].ring()

    # -- hearing

    async def _publish(self, heard: "trio.MemoryReceiveChannel[list[News]]") -> None:
        async for first in heard:
            news = list(first)
            with suppress(trio.WouldBlock):
                while True:
                    news += heard.receive_nowait()
            for name in {ACTOR_OF_KIND[kind] for each in news for kind in each.wake if kind in ACTOR_OF_KIND}:
                self.house.mail[name].ring()
            for event in (event for each in news for event in each.events):
                self.house.bus.publish(event)
            with suppress(Unavailable):  # asked again at the next word, or the next silence
                await self._publish_stored()
                if not self._settled:
                    await self._settings()

    async def _publish_stored(self) -> None:
        # Whatever was said: words that were lost with an earlier seat are made up for.
        while rows := await self.house.read(events_after, self._heard, PORTION):
            for row in rows:
                self._heard = row.seq
                if row.type in events.EVENTS:
                    self.house.bus.publish(events.from_row(row.type, row.data, row.media_item_id, row.actor, row.seq))
                if row.type == events.SettingsChanged.type():
                    self._settled = False

    async def _settings(self) -> None:
        """Live by what was set in another daemon."""
        house = self.house
        if house.loaded is not None:
            loaded, _, wrong = with_fitting(house.loaded, await house.read(overrides))
            if wrong:
                logger.warning("some settings made in another daemon are ignored here: {}", wrong)
            house.adopt(loaded)
            logs.know_secrets(secrets(house.config))
        self._settled = True

    # -- leading

    async def _lead(self, looks: "trio.MemoryReceiveChannel[Standing]") -> None:
        async for standing in looks:
            if self._leads:
                with suppress(Unavailable, NoAnswer):  # a server that takes no changes for now: at the next look
                    await self._give_back(standing.living)
            elif standing.leads:
                if self._after_others:
                    await trio.sleep(TAKEOVER)
                logger.info("this daemon leads now")
                self._leads, self._unseen = True, {}
                await self.duties.start_child(self.leading())
            else:
                self._after_others = True

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
            with suppress(NotFound, NotRunning):  # it could not be started
                await self.duties.stop_child("leading")
                await self.duties.delete_child("leading")
