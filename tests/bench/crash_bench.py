"""Crash proof: `python -m tests.bench.crash_bench [kills [cuts [kills on PostgreSQL]]]` prints one JSON object, and fails where anything
was lost.

kills      the whole daemon killed 500 times by SIGKILL (its process group), in worlds of 50 kills each, two at a time; a fifth of the
           lives are started as people start `mydia`, the others forked from a process that has imported everything
postgres   the same, 100 times, of a daemon whose database is on a PostgreSQL server that lives on
falls      30 lives of such a daemon; in every other one the server falls two to four times, in four ways, now and then for longer than
           the daemon has the patience to wait
power      1,000 power cuts under the store, at any moment of ten recorded runs; and the same cuts on a disk that ignores every sync;
           300 on one where a third of the syncs fail and forget what they were to keep; and during a restore
encrypted  all of these power cuts under an encrypted database, half of them with a passphrase and half with a raw key; and 100 kills
imports    power cuts during imports that replace a file: database and library on one simulated disk, finished by the next start
journal    an import killed by SIGKILL at each of its steps, on both engines; and the PostgreSQL server falling at each of them
carrying   `mydia db export`, `import`, `move` and `mydia restore`: power cuts where the target is SQLite; where PostgreSQL has a part, the
           command is killed at each of its steps, and the server falls at 100 of them; the next try ends each of them
"""

import dataclasses
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import trio

from tests.crash import carrying, imports, kills, power
from tests.crash.falls import FALLEN, KILLED
from tests.support.postgres import Postgres, running

KILLS, CUTS, RESTORE_CUTS, IMPORT_CUTS, SERVER_KILLS, CARRY_CUTS = 500, 1000, 100, 60, 100, 300
ENCRYPTED_KILLS, FORGETFUL_CUTS = 100, 300
PER_WORLD, AT_ONCE = 50, 2
FALL_LIVES = 30
FALLS, LAST = 100, 30
"""How often the server falls under each command, and how often more a command is cut short in its last step."""
FILMS = 230
SEED = 20261122


async def all_kills(folder: Path, count: int, server: Postgres | None = None, key: str | None = None) -> dict[str, Any]:
    """Worlds side by side, their databases on a server where one is given, or encrypted; what happened in them, added up."""
    outcomes: list[kills.Outcome] = []
    at_once = trio.CapacityLimiter(AT_ONCE)

    async def world(n: int) -> None:
        async with at_once:
            here = trio.Path(folder, f"{'sqlite' if server is None else 'postgres'}-{n}")
            await here.mkdir(parents=True)
            times = min(PER_WORLD, count - n * PER_WORLD)
            url = None if server is None else server.url(server.create())
            outcomes.append(outcome := await kills.live(Path(here), SEED + n, times, films=FILMS, url=url, key=key))
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


async def all_cuts(folder: Path, count: int, keys: Sequence[str | None] = (None,)) -> dict[str, Any]:
    """Power cuts under the store, and during a restore; the runs take the keys in turn."""
    honest, lying, forgetful = power.Outcome(), power.Outcome(), power.Outcome()
    runs, failed = 10, 0
    await trio.Path(folder).mkdir()
    for n in range(runs):
        key = keys[n // 2 % len(keys)]
        recording = await power.record(folder / f"disk-{n}", SEED + n, 150, key, from_nothing=n % 2 == 0)
        honest.add(await power.cut(recording, folder / "after", SEED + n, count // runs, key))
        recording.ignore_syncs()
        lying.add(await power.cut(recording, folder / "after", SEED + n, max(1, count // runs // 10), key))
        failing = await power.record_where_syncs_fail(folder / f"failing-{n}", SEED + n, 300, key)
        failed += failing.failed
        forgetful.add(await power.cut(failing, folder / "after", SEED + n, FORGETFUL_CUTS // runs, key))
    wrong = [line for each in (honest, forgetful) for line in each.lost + each.torn + each.corrupt]
    for n, key in enumerate(keys):
        restored = await power.record_restore(folder / f"restore-{n}", key)
        wrong += await power.cut_restore(restored, folder / "after", SEED, RESTORE_CUTS, key)
    return {
        **honest.to_json(),
        "wrong": wrong,
        "on_a_disk_that_lies": lying.to_json(),
        "where_syncs_fail": {"failed_syncs": failed, **forgetful.to_json()},
        "cuts_behind_each_rename_of_a_restore": RESTORE_CUTS,
    }


def carried(folder: Path, server: Postgres) -> dict[str, Any]:
    """Every way in which a whole database is carried, cut short very often."""
    found: dict[str, Any] = {"wrong": []}

    def note(name: str, outcome: carrying.Outcome) -> None:
        found[name] = {"tries": outcome.cuts, "steps": outcome.steps, "all_was_there_after": outcome.new}
        found["wrong"] += [f"{name}: {line}" for line in outcome.wrong]
        print(name, found[name], *outcome.wrong, sep="\n", file=sys.stderr, flush=True)

    for key in (None, power.KEYS[0]):
        here = folder / ("encrypted" if key else "plain")
        for name, deed in {
            "power_cuts_in_an_import": carrying.import_over(here / "import", key),
            "power_cuts_in_a_restore": carrying.restored(here / "restore", key),
            "power_cuts_in_a_move_from_postgresql": carrying.move_here(here / "move", server, key),
        }.items():
            recording = carrying.record(here / f"{name}-disk", *deed, key)
            note(name + "_encrypted" * bool(key), carrying.cut(recording, folder / "after", SEED, CARRY_CUTS))
    for name, carry in {
        "kills_of_an_import_to_postgresql": carrying.import_there,
        "kills_of_a_move_to_postgresql": carrying.move_there,
        "kills_of_a_move_from_postgresql": carrying.move_back,
    }.items():
        (folder / name).mkdir()
        note(name, carrying.let_fall(carry(folder / name, server), server, [KILLED], SEED, None, LAST))
    for carry in (carrying.export_from, carrying.import_there, carrying.move_there, carrying.move_back):
        name = f"falls_of_the_server_in_{carry.__name__}"
        (folder / name).mkdir()
        note(name, carrying.let_fall(carry(folder / name, server), server, FALLEN, SEED, FALLS, LAST))
    return found


async def measure(folder: Path, kill_count: int, cut_count: int, server_kills: int, server: Postgres) -> dict[str, Any]:
    killed = await all_kills(folder, kill_count)
    on_server = await all_kills(folder, server_kills, server)
    (folder / "falls").mkdir()
    url = server.url(server.create())
    falls = await kills.live(folder / "falls", SEED, FALL_LIVES, films=FILMS, url=url, falling=server)
    cut = await all_cuts(folder / "power", cut_count)
    encrypted = await all_cuts(folder / "encrypted", cut_count, power.KEYS)
    encrypted_kills = await all_kills(folder / "encrypted-kills", min(kill_count, ENCRYPTED_KILLS), key=power.KEYS[0])
    imported = await imports.all_cuts(folder / "imports", SEED, IMPORT_CUTS)
    journal = {
        "kills": await imports.kill_at_every_step(folder / "journal"),
        "kills_on_postgres": await imports.kill_at_every_step(folder / "journal", server),
        "falls_of_the_server": await imports.let_fall_at_every_step(folder / "journal", server, SEED),
    }
    return {
        "kills": killed,
        "postgres": on_server,
        "falls": dataclasses.asdict(falls),
        "power": cut,
        "encrypted": {
            "power": encrypted,
            "kills": encrypted_kills,
            "wrong": encrypted["wrong"] + encrypted_kills["wrong"],
        },
        "journal": {
            **{name: dataclasses.asdict(outcome) for name, outcome in journal.items()},
            "wrong": [line for outcome in journal.values() for line in outcome.wrong],
        },
        "imports": dataclasses.asdict(imported),
    }


def main() -> int:
    given = [int(n) for n in sys.argv[1:4]]
    killed, cut, killed_there = (*given, *(KILLS, CUTS, SERVER_KILLS)[len(given) :])
    with tempfile.TemporaryDirectory() as folder, running() as server:
        found = trio.run(measure, Path(folder), killed, cut, killed_there, server)
        found["carrying"] = carried(Path(folder), server)
    json.dump(found, sys.stdout, indent=2)
    sys.stdout.write("\n")
    wrong = [line for part in found.values() for line in part["wrong"]]
    sys.stderr.writelines(f"{line}\n" for line in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
