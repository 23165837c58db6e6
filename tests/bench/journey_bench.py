"""How soon a file is in the library, and what that costs everybody else: `python -m tests.bench.journey_bench` prints one JSON object.

The daemon runs in a process of its own with a stopwatch on its loop; the metadata provider it asks is a fake in this process.

    moved_in    a file, written long ago, moved into a watched folder: until GET /api/v1/files shows it, and until it is identified
    written_in  the same from the last write of a file that is written in place: library.settle_seconds of quiet are part of it
    scan        the first walk of FILES new files, a walk when all are known, and how long until all are identified
    loop_lag    how late a timer of 5 ms comes: while nothing happens, and while the files are walked and probed and a film is copied
"""

import json
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import trio

from mydia import logs
from mydia.adapters.disk.paths import Spot
from mydia.adapters.disk.place import place
from mydia.demo.fakes import FakeTitle, FakeTmdb
from mydia.demo.videos import Video, make_video
from mydia.settings.load import load_config
from supervisors import boot
from supervisors.demo import World, open_fakes, seed_profile, write_config
from tests.journeys.process import Daemon, daemon_of, free_port

MOVES, FILES = 120, 5000
COPY_BYTES = 1 << 30
TICK = 0.005
TARGETS = {"moved_in_p99_ms": 500, "loop_lag_p99_ms": 5}
SYLLABLES = "ba ko di ru me sa to li fe nu".split()


def name_of(n: int) -> str:
    """A word that nobody else is called by."""
    return "".join(SYLLABLES[int(digit)] for digit in f"{n:04}").capitalize()


# -- inside the daemon's process --------------------------------------------------------------------------------------


async def inside(config: Path) -> int:
    """The daemon with a stopwatch on its loop. SIGUSR1 begins a copy beside it, SIGTERM ends all."""
    logs.configure("WARNING", stream=sys.stderr)
    loaded = load_config(config, os.environ)
    lags: list[tuple[float, float]] = []

    async def watch() -> None:
        while True:
            due = time.monotonic() + TICK
            await trio.sleep(TICK)
            now = time.monotonic()
            lags.append((now, max(0.0, now - due)))

    async def copy() -> None:
        with trio.open_signal_receiver(signal.SIGUSR1) as wishes:
            async for _ in wishes:
                target = Spot(str(config.parent), "copied.bin")
                film = Spot(str(config.parent), "big.bin")
                await trio.to_thread.run_sync(partial(place, film, target, token="bench", methods=("copy",)))
                await trio.Path(target.path).unlink()
                await trio.Path(config.parent, "copied").touch()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        nursery.start_soon(copy)
        code = await boot.run(loaded)
        nursery.cancel_scope.cancel()
    await trio.Path(config.parent, "lags.json").write_text(json.dumps(lags))
    return code


class Watched(Daemon):
    """The daemon with its stopwatch."""

    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.bench.journey_bench", "inside", str(self.config)]


# -- outside ----------------------------------------------------------------------------------------------------------


async def appears(client: httpx.AsyncClient, name: str, began: float) -> tuple[float, float]:
    """Seconds until the file is listed, and until it is identified."""
    listed = 0.0
    while True:
        items = (await client.get("/api/v1/files", params={"q": name, "limit": 1})).json()["items"]
        if items and not listed:
            listed = time.monotonic() - began
        if items and items[0]["state"] != "new":
            assert items[0]["state"] == "linked", items[0]
            return listed, time.monotonic() - began
        await trio.sleep(0.002)


async def arrivals(client: httpx.AsyncClient, folder: Path, base: bytes, *, moved: bool) -> dict[str, Any]:
    listed, linked = [], []
    for n in range(MOVES) if moved else range(MOVES, MOVES + MOVES // 4):
        name = f"{name_of(n)} (2001)"
        target = folder / "library/movies" / name / f"{name} 1080p.mkv"
        target.parent.mkdir()
        if moved:
            source = folder / f"{name}.mkv"
            source.write_bytes(base)
            os.utime(source, (source.stat().st_atime, time.time() - 60))  # noqa: TID251 - a file written a while ago
            began = time.monotonic()
            source.rename(target)
        else:
            target.write_bytes(base)
            began = time.monotonic()
        one, other = await appears(client, name, began)
        listed.append(one)
        linked.append(other)
    return {"files": len(listed), "listed_ms": spread(listed), "identified_ms": spread(linked)}


async def walked(client: httpx.AsyncClient, before: dict[str, str | None], most: float) -> float:
    """Until every folder was walked once more than `before`: the seconds."""
    began = time.monotonic()
    while time.monotonic() - began < most:
        now = await walks(client)
        if all(now[root] != before.get(root) for root in now):
            return time.monotonic() - began
        await trio.sleep(0.01)
    raise TimeoutError("the walk did not end")


async def walks(client: httpx.AsyncClient) -> dict[str, str | None]:
    """When each folder was walked last."""
    return {r["id"]: r["last_scan_at"] for r in (await client.get("/api/v1/library/scan-status")).json()["roots"]}


async def settled(client: httpx.AsyncClient, most: float) -> tuple[float, int]:
    """Until no file waits to be identified, at most so long: the seconds, and how many still wait."""
    began = time.monotonic()
    while True:
        left = int((await client.get("/api/v1/library/scan-status")).json()["waiting"])
        if not left or time.monotonic() - began > most:
            return time.monotonic() - began, left
        await trio.sleep(0.1)


async def bench(folder: Path) -> dict[str, Any]:
    titles = [FakeTitle(n + 1, "movie", name_of(n), 2001) for n in range(MOVES + MOVES // 4)]
    result: dict[str, Any] = {}
    async with trio.open_nursery() as nursery:
        around = World(folder, tmdb=FakeTmdb(titles))
        await open_fakes(nursery, around)
        base = make_video(Video(1920, 1080, 60, fps=0.1), folder / "base.mkv").read_bytes()
        config = write_config(around, None, free_port())
        port = load_config(config, {}).config.server.port
        async with daemon_of(config, port, [seed_profile], Watched) as daemon:
            alone, before = await one_by_one(daemon, folder, base)
            await trio.to_thread.run_sync(lay_many, folder)
            result |= alone | await many_at_once(daemon, folder, before)
        nursery.cancel_scope.cancel()
    around.seeder.close()
    return {**result, "targets": TARGETS}


async def one_by_one(daemon: Daemon, folder: Path, base: bytes) -> tuple[dict[str, Any], dict[str, str | None]]:
    """What single files cost; and when each folder was walked last."""
    await daemon.serve()
    async with daemon.client() as client:
        await walked(client, {}, 60)
        began = time.monotonic()
        await trio.sleep(5)
        idle = (began, time.monotonic())
        moved = await arrivals(client, folder, base, moved=True)
        written = await arrivals(client, folder, base, moved=False)
        before = await walks(client)
    await daemon.end(signal.SIGTERM)
    return {"moved_in": moved, "written_in": written, "loop_lag_idle_ms": lag(folder, idle)}, before


async def many_at_once(daemon: Daemon, folder: Path, before: dict[str, str | None]) -> dict[str, Any]:
    async with daemon.client() as client:
        await daemon.serve()
        assert daemon.process is not None
        daemon.process.send_signal(signal.SIGUSR1)
        began = time.monotonic()
        first = await walked(client, before, 300)
        took, left = await settled(client, 60)
        busy = (began, time.monotonic())
        before = await walks(client)
        await client.post("/api/v1/library/scan")
        again = await walked(client, before, 300)
    await daemon.end(signal.SIGTERM)
    scan = {
        "files": FILES,
        "first_seconds": round(first, 3),
        "again_seconds": round(again, 3),
        "identified_per_second": round((FILES - left) / (first + took), 1),
        "copied_beside": (folder / "copied").exists(),
    }
    return {"scan": scan, "loop_lag_busy_ms": lag(folder, busy)}


def lag(folder: Path, phase: tuple[float, float]) -> dict[str, float]:
    """How late the daemon's stopwatch came between two moments."""
    lags = json.loads((folder / "lags.json").read_text())
    return spread([late for at, late in lags if phase[0] <= at <= phase[1]])


def lay_many(folder: Path) -> None:
    """FILES hard links of one video under names of their own, in folders of fifty; and a large file to copy."""
    for n in range(FILES):
        target = folder / "library/movies" / f"many {n // 50:03}" / f"Unheard Of {name_of(n)} {1950 + n % 70} 1080p.mkv"
        target.parent.mkdir(exist_ok=True)
        os.link(folder / "base.mkv", target)
    with (folder / "big.bin").open("wb") as big:
        block = os.urandom(1 << 20)
        for _ in range(COPY_BYTES >> 20):
            big.write(block)


def spread(seconds: list[float]) -> dict[str, float]:
    """Median, 99th percentile and the worst, in milliseconds."""
    ordered = sorted(seconds)
    return {
        "p50": round(statistics.median(ordered) * 1000, 2),
        "p99": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1000, 2),
        "max": round(ordered[-1] * 1000, 2),
    }


def main() -> int:
    if sys.argv[1:2] == ["inside"]:
        return trio.run(inside, Path(sys.argv[2]))
    folder = Path(tempfile.mkdtemp(prefix="mydia-bench-"))
    try:
        print(json.dumps(trio.run(bench, folder), indent=2))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
