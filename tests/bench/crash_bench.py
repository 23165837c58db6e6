"""Crash proof: `python -m tests.bench.crash_bench [kills [cuts]]` prints one JSON object, and fails where anything was lost.

kills      the whole daemon killed 500 times by SIGKILL (its process group), in worlds of 50 kills each, two at a time; a fifth of the
           lives are started as people start `mydia`, the others forked from a process that has imported everything
power      1,000 power cuts under the store, at any moment of ten recorded runs; and the same cuts on a disk that ignores every sync
imports    power cuts during imports that replace a file: database and library on one simulated disk, finished by the next start
"""

import dataclasses
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import trio

from tests.crash import imports, kills, power

KILLS, CUTS, RESTORE_CUTS, IMPORT_CUTS = 500, 1000, 100, 60
PER_WORLD, AT_ONCE = 50, 2
FILMS = 230
SEED = 20261122


async def all_kills(folder: Path, count: int) -> dict[str, Any]:
    """Worlds side by side; what happened in them, added up."""
    outcomes: list[kills.Outcome] = []
    at_once = trio.CapacityLimiter(AT_ONCE)

    async def world(n: int) -> None:
        async with at_once:
            here = trio.Path(folder, f"world-{n}")
            await here.mkdir()
            times = min(PER_WORLD, count - n * PER_WORLD)
            outcomes.append(outcome := await kills.live(Path(here), SEED + n, times, films=FILMS))
            print(f"{sum(o.kills for o in outcomes)} kills", *outcome.wrong, sep="\n", file=sys.stderr, flush=True)

    async with trio.open_nursery() as nursery:
        for n in range(-(-count // PER_WORLD)):
            nursery.start_soon(world, n)
    happened: Counter[str] = Counter()
    for outcome in outcomes:
        happened.update(outcome.happened)
    plain = ("kills", "while_starting", "executed", "acknowledged")
    return {
        **{name: sum(getattr(o, name) for o in outcomes) for name in plain},
        **happened,
        "wrong": [line for o in outcomes for line in o.wrong],
    }


async def all_cuts(folder: Path, count: int) -> dict[str, Any]:
    honest, lying = power.Outcome(), power.Outcome()
    runs = 10
    for n in range(runs):
        recording = await power.record(folder / f"disk-{n}", SEED + n, 150, from_nothing=n % 2 == 0)
        honest.add(await power.cut(recording, folder / "after", SEED + n, count // runs))
        recording.ignore_syncs()
        lying.add(await power.cut(recording, folder / "after", SEED + n, max(1, count // runs // 10)))
    return {
        **honest.to_json(),
        "wrong": honest.lost + honest.torn + honest.corrupt,
        "on_a_disk_that_lies": lying.to_json(),
    }


async def measure(folder: Path, kill_count: int, cut_count: int) -> dict[str, Any]:
    killed = await all_kills(folder, kill_count)
    cut = await all_cuts(folder, cut_count)
    imported = await imports.all_cuts(folder / "imports", SEED, IMPORT_CUTS)
    recording = await power.record_restore(folder / "restore")
    restored = await power.cut_restore(recording, folder / "after", SEED, RESTORE_CUTS)
    journal = await imports.kill_at_every_step(folder / "journal")
    return {
        "kills": killed,
        "power": cut,
        "restore": {"cuts_behind_each_rename": RESTORE_CUTS, "wrong": restored},
        "journal": dataclasses.asdict(journal),
        "imports": dataclasses.asdict(imported),
    }


def main() -> int:
    kill_count, cut_count = (int(n) for n in (*sys.argv[1:3], *(str(KILLS), str(CUTS))[len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as folder:
        found = trio.run(measure, Path(folder), kill_count, cut_count)
    json.dump(found, sys.stdout, indent=2)
    sys.stdout.write("\n")
    wrong = [line for part in found.values() for line in part["wrong"]]
    sys.stderr.writelines(f"{line}\n" for line in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
