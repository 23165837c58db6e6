"""kill -9 of the whole daemon, at random moments of scans, downloads and imports: started again, it ends with the same library."""

import random
import signal
from functools import partial
from pathlib import Path

import httpx
import pytest
import trio

from mydia.databases import engine_of
from mydia.demo.fakes import FakeTitle
from mydia.settings.load import load_config
from supervisors.demo import seed_profile, write_config
from tests.journeys import kills_world as kw
from tests.journeys.process import Daemon, children_of, daemon_of, lives
from tests.support.waiting import eventually

KILLS = 8
LONGEST = 3.0
"""Seconds that a life lasts at most once it serves; some end sooner, while it still starts."""


@pytest.mark.timeout(600)
async def test_the_daemon_killed_at_random_moments_ends_with_the_same_library(
    tmp_path: Path, free_port: int, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - moments, nothing secret
    cast = kw.cast(at_home=6, arrivals=6, wishes=8)
    async with trio.open_nursery() as nursery:
        busy = await kw.open_busy_world(nursery, tmp_path / "world", cast)
        config = write_config(busy.around, None, free_port)
        async with daemon_of(config, free_port, [seed_profile]) as daemon:
            nursery.start_soon(kw.arrive, busy, cast.arrivals, 2.0)
            nursery.start_soon(wish_for, daemon, (cast.show, *cast.wishes), 1.0)
            for _ in range(KILLS):
                if chance.random() < 0.25:
                    daemon.start()
                    await trio.sleep(chance.uniform(0, 1.5))  # it dies while it starts
                else:
                    await daemon.serve()
                    await trio.sleep(chance.uniform(0, LONGEST))
                assert daemon.process is not None
                children = children_of(daemon.process.pid)
                assert await daemon.end(signal.SIGKILL) == -signal.SIGKILL
                await eventually(partial(nobody_of, children))
            await daemon.serve()
            await at_rest(daemon, busy)
            assert await daemon.end(signal.SIGTERM) == 0, daemon.said()
            await assert_the_same_library(config, busy)
        nursery.cancel_scope.cancel()
    busy.around.seeder.close()
    print(f"serving again after (seconds): {daemon.seconds_to_serve}")  # noqa: T201 - measured, not promised


async def nobody_of(children: list[int]) -> bool:
    """The kernel ends what the daemon had started: nobody is left who would write into its folders."""
    return not any(lives(child) for child in children)


async def wish_for(daemon: Daemon, titles: tuple[FakeTitle, ...], pause: float) -> None:
    """As a person at the page: again and again, until it was taken."""
    async with daemon.client() as client:
        for title in titles:
            wish = {"type": title.kind, "tmdb_id": title.id}
            while True:
                try:
                    status = (await client.post("/api/v1/media", json=wish)).status_code
                except httpx.TransportError:
                    status = 0
                if status in (200, 201, 409):
                    break
                assert status in (0, 503), status
                await trio.sleep(0.1)
            await trio.sleep(pause)


async def at_rest(daemon: Daemon, busy: kw.Busy) -> None:
    """Until it holds all of it and has told of each import; or long enough for the test to say what is missing."""
    wanted = kw.expected(busy)
    files = len(wanted.held)

    async def done() -> bool:
        async with daemon.client() as client:
            held = (await client.get("/api/v1/files", params={"state": "linked", "limit": 200})).json()["items"]
            waiting = (await client.get("/api/v1/downloads", params={"status": "active"})).json()["items"]
        return len(held) == files and not waiting and len(kw.notified(busy)) == len(wanted.imports)

    with trio.move_on_after(300):
        await eventually(done, within=310, every=0.5)


async def assert_the_same_library(config: Path, busy: kw.Busy) -> None:
    engine = engine_of(load_config(config, {}).config)
    await engine.open("2026-01-31T12:00:00.000000Z")
    try:
        titles, held, downloads, imports = await engine.read(kw.standing)
        files = await trio.to_thread.run_sync(kw.on_disk, busy.around.folder / "library")
        there = kw.Standing(titles, held, files, downloads, imports)
        assert kw.differences(there, kw.expected(busy)) == [], await engine.read(kw.trouble)
        assert await engine.check() == []
    finally:
        await engine.close()
    kw.assert_told(busy)
