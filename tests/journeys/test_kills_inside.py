"""Any actor and any process of the running house may die at any moment, two hundred times over: the library ends the same."""

import os
import random
import signal
from pathlib import Path

import httpx
import pytest
import trio

from mydia.errors import Unavailable
from mydia.house import House
from mydia.otp import ChildInfo, Supervisor
from mydia.otp.errors import NotFound
from mydia.settings.load import load_config
from supervisors import boot
from supervisors.demo import seed_profile, write_config
from tests.journeys import kills_world as kw
from tests.support.waiting import eventually
from workers import librarian

KILLS = 200
PACE = 0.4
"""Seconds between two kills at most; the moment is random."""
PATIENCE = 20
"""More restarts than any real house should bear: each of the kills is one, and those of the writer cost their neighbours some."""


def leaves(children: tuple[ChildInfo, ...] | list[ChildInfo]) -> list[ChildInfo]:
    return [leaf for child in children for leaf in (leaves(child.children) if child.kind == "supervisor" else [child])]


def up(tree: Supervisor) -> bool:
    """Whether every child of the tree runs, the supervisors included."""
    return all(leaf.state == "running" for leaf in (*tree.children(), *leaves(tree.children())))


class Reaper:
    """Kills what it finds running. Everything it does follows from its seed."""

    def __init__(self, tree: Supervisor, seed: int) -> None:
        self.tree = tree
        self.random = random.Random(seed)  # noqa: S311 - moments and victims, nothing secret
        self.killed: list[str] = []

    async def reap(self, times: int, pace: float) -> None:
        while len(self.killed) < times:
            await trio.sleep(self.random.uniform(0, pace))
            victim = self.random.choice(leaves(self.tree.children()))
            if await self._kill(victim):
                self.killed.append(victim.path)

    async def _kill(self, victim: ChildInfo) -> bool:
        if victim.os_pid is not None and self.random.random() < 0.5:
            try:
                os.kill(victim.os_pid, signal.SIGKILL)  # from outside: nobody in the house is told
            except ProcessLookupError:
                return False
            return True
        try:
            await self.tree.kill_child(victim.path)
        except (NotFound, ProcessLookupError):
            return False  # it was between two lives
        return True


class Visitor:
    """Somebody who looks at the house all the while: it may be closed for a moment, but it never shows a bug."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.seen: dict[int, int] = {}

    async def look(self) -> None:
        async with httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=60) as client:
            while True:
                for path in ("/health", "/login"):
                    try:
                        status = (await client.get(path)).status_code
                    except httpx.TransportError:
                        status = 0
                    self.seen[status] = self.seen.get(status, 0) + 1
                await trio.sleep(0.1)


@pytest.mark.timeout(600)
async def test_any_actor_or_process_killed_at_random_two_hundred_times_changes_nothing_of_the_library(
    tmp_path: Path, free_port: int, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The probe is killed here whatever file it has in hand: on a slow machine one file may be unlucky more than three times.
    monkeypatch.setattr(librarian, "POISON", KILLS)
    cast = kw.cast(at_home=6, arrivals=20, wishes=20)
    handed: list[tuple[House, Supervisor]] = []
    ready = trio.Event()
    codes: list[int] = []
    ended = trio.Event()
    async with trio.open_nursery() as nursery:
        busy = await kw.open_busy_world(nursery, tmp_path / "world", cast)
        loaded = load_config(write_config(busy.around, None, free_port), {})

        async def daemon() -> None:
            codes.append(
                await boot.run(loaded, ready=ready, hand_out=handed, more_seeds=[seed_profile], patience=PATIENCE)
            )
            ended.set()

        nursery.start_soon(daemon)
        await ready.wait()
        house, tree = handed[0]
        reaper, visitor = Reaper(tree, seed), Visitor(free_port)
        nursery.start_soon(visitor.look)
        async with trio.open_nursery() as journeys:
            pause = KILLS * PACE / 2 / 22
            journeys.start_soon(kw.arrive, busy, cast.arrivals, pause)
            journeys.start_soon(kw.wish, house, (cast.show, *cast.wishes), pause)
            journeys.start_soon(reaper.reap, KILLS, PACE)
        await at_rest(house, tree, busy)
        assert kw.differences(await kw.look(house, busy), kw.expected(busy)) == [], await house.read(kw.trouble)
        kw.assert_told(busy)
        assert await house.engine.check() == []
        assert up(tree), tree.children()
        assert len(reaper.killed) == KILLS
        assert set(visitor.seen) <= {0, 200, 303, 503}
        await tree.stop()
        await ended.wait()
        nursery.cancel_scope.cancel()
    assert codes == [0]
    busy.around.seeder.close()


async def at_rest(house: House, tree: Supervisor, busy: kw.Busy) -> None:
    """Until nothing is left to do and every notice was sent, or nothing more comes of waiting: then the test says what is missing."""
    wanted = len(kw.expected(busy).imports)

    async def done() -> bool:
        try:
            left = await house.read(kw.unfinished)
            there = await kw.look(house, busy)
        except Unavailable:  # the last that was killed was the writer
            return False
        told = len(kw.notified(busy)) == wanted
        return up(tree) and not left and told and not kw.differences(there, kw.expected(busy))

    with trio.move_on_after(300):
        await eventually(done, within=310, every=0.5)
