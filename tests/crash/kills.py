"""SIGKILL for the whole daemon, again and again: one world, one seed, so many kills. Where it is told so, the PostgreSQL server falls
several times in every other of the daemon's lives, which go on."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import trio

from mydia.settings.load import load_config
from mydia.store.postgres import PATIENCE
from mydia.store.transaction import to_text
from tests.crash import truths
from tests.crash.clients import Client, Ledger
from tests.crash.falls import FALLEN, fall, mend
from tests.crash.held import Held, OnPostgres, OnSqlite
from tests.crash.world import Stage, landings, seed_profile, set_stage
from tests.journeys.process import Daemon, daemon_of, free_port
from tests.support.postgres import Postgres
from tests.support.processes import gone, group_of
from tests.support.waiting import eventually

BUSY = 30
"""Acknowledgments that a life sees at most, where the dice say so: the instant is right behind one of them then."""
EXECUTED = 5
"""Each fifth life is started as people start it; the others are forked from a process that has imported everything (zygote.py)."""
REST = 300.0
"""Seconds that the house gets in the end to do all that was wished."""
DIES_YOUNG = 0.2
"""The share of lives that end while the daemon still starts."""
GROWS_OLD = 8
"""Where daemons share a database, each eighth life lasts until the leader has given back what the dead were doing."""
LONG = 10
"""Each tenth fall of a server lasts longer than the daemon waits for it before it refuses."""
ANSWERS = 120.0
"""Seconds within which somebody must be answered when the server is back; it takes one on a machine that has the time."""
WISHES = (*["rename", "order", "collect", "wish"] * 2, "set", "improve", "throw_away")
"""What the clients do, one each (methods of Client)."""


class Forked:
    """A daemon that the zygote has forked; as much of a Popen as a Daemon asks for."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        return -signal.SIGKILL if gone([self.pid]) else None

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        return -signal.SIGKILL


class Grouped(Daemon):
    """The daemon as the leader of a process group: one signal ends it and all that it has started, at one instant."""

    zygote: "subprocess.Popen[str]"
    fork = False
    executed = 0

    def start(self) -> None:
        if self.fork:
            assert self.zygote.stdin is not None
            assert self.zygote.stdout is not None
            wish = {"arguments": self.command()[1:], "log": str(self.log)}
            self.zygote.stdin.write(json.dumps(wish) + "\n")
            self.zygote.stdin.flush()
            self.process = Forked(int(self.zygote.stdout.readline()))  # type: ignore[assignment]
        else:
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
                )
            self.executed += 1
        self.lives += 1

    async def killed(self) -> None:
        """Until nobody of the group is left who would write."""
        assert self.process is not None
        process, pids = self.process, group_of(self.process.pid)
        os.killpg(process.pid, signal.SIGKILL)

        async def over() -> bool:
            return process.poll() is not None and gone(pids)

        await eventually(over, every=0.005)


@contextmanager
def zygote() -> "Iterator[subprocess.Popen[str]]":
    command = [sys.executable, "-m", "tests.crash.zygote"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@dataclass(slots=True)
class Outcome:
    seed: int
    kills: int = 0
    falls: int = 0
    while_starting: int = 0
    executed: int = 0
    acknowledged: int = 0
    wrong: list[str] = field(default_factory=list)
    happened: dict[str, Any] = field(default_factory=dict)


async def live(
    folder: Path,
    seed: int,
    kills: int,
    *,
    films: int,
    within: float = float("inf"),
    url: str | None = None,
    falling: Postgres | None = None,
    key: str | None = None,
) -> Outcome:
    """Set the stage, let everybody loose, kill so many times and look each time; then let it come to rest and look again.

    Where so many take longer than `within` seconds (the machine is busy otherwise), there are fewer. `url`: of a database on PostgreSQL;
    `falling`: its server, where that is to fall and nobody else uses it. `key`: of an encrypted one on SQLite.
    """
    chance = random.Random(seed)  # noqa: S311 - moments and wishes, nothing secret
    outcome, ledger, port = Outcome(seed), Ledger(folder / "ledger.jsonl"), free_port()
    with landings(folder) as where, zygote() as mother:
        async with trio.open_nursery() as nursery:
            database = {"url": url} if url is not None else {"key": key} if key is not None else {}
            stage = await set_stage(nursery, folder / "world", where, films, port, database)
            file = load_config(stage.config, {}).config.database_file
            held = OnSqlite(file, stage.folder / "scratch", key) if url is None else OnPostgres(url)
            async with daemon_of(stage.config, port, [seed_profile], Grouped) as daemon:
                assert isinstance(daemon, Grouped)
                daemon.zygote = mother
                over = trio.Event()
                async with daemon.client() as http, trio.open_nursery() as clients:
                    for n, wish in enumerate(WISHES):
                        own = random.Random(f"{seed} {n}")  # noqa: S311
                        client = Client(http, stage, ledger, n, own, iter(range(n, films, len(WISHES))), over)
                        clients.start_soon(getattr(client, wish))
                    until = trio.current_time() + within
                    while outcome.kills < kills and trio.current_time() < until:
                        await _one_life(daemon, held, ledger, chance, outcome, falling)
                        for line in await truths.broken(held, ledger, stage):
                            outcome.wrong.append(f"seed {seed}, kill {outcome.kills}: {line}")
                    daemon.fork = False
                    await daemon.serve()
                    over.set()
                    clients.cancel_scope.deadline = trio.current_time() + REST
                if clients.cancel_scope.cancelled_caught:
                    outcome.wrong.append(f"seed {seed}: somebody was never given what was wished for")
                await _end(daemon, held, ledger, stage, outcome)
            nursery.cancel_scope.cancel()
    outcome.executed = daemon.executed
    outcome.acknowledged = ledger.acknowledged
    outcome.wrong += ledger.wrong
    return outcome


async def _one_life(
    daemon: Grouped, held: Held, ledger: Ledger, chance: random.Random, outcome: Outcome, falling: Postgres | None
) -> None:
    """Start it, and end it at some moment; every other life sees its server fall."""
    began = to_text(datetime.now(UTC))  # noqa: TID251 - the real clock, as the daemon's
    daemon.fork = outcome.kills % EXECUTED != 0
    server = falling if outcome.kills % 2 == 0 else None
    if server is None and chance.random() < DIES_YOUNG:
        daemon.start()
        outcome.while_starting += 1
        await trio.sleep(chance.uniform(0, 1.2))
    else:
        await daemon.serve()
        if server is not None:
            for _ in range(chance.randint(2, 4)):
                await _one_fall(daemon, server, ledger, chance, outcome)
        if held.shared and outcome.kills % GROWS_OLD == GROWS_OLD - 1:
            await truths.given_back(held, began)
        if chance.random() < 0.5:
            await ledger.more(chance.randrange(BUSY), within=3 * held.longest)
        else:
            await trio.sleep(chance.uniform(0, held.longest))
    await daemon.killed()
    outcome.kills += 1


async def _one_fall(daemon: Grouped, server: Postgres, ledger: Ledger, chance: random.Random, outcome: Outcome) -> None:
    """Let the server fall under the daemon, which must live on, and answer when the server is back."""
    await ledger.more(chance.randrange(1, BUSY), within=OnPostgres.longest)
    what, backends = chance.choice(FALLEN), [int(str(pid)) for (pid,) in server.run(_BACKENDS)]
    await trio.to_thread.run_sync(fall, what, chance.choice(backends), backends, server.pid)
    outcome.falls += 1
    long = outcome.falls % LONG == 0
    await trio.sleep(chance.uniform(1.1, 1.5) * PATIENCE if long else chance.choice((0, chance.uniform(0, 2))))
    mend(what, server)
    before = ledger.acknowledged
    await ledger.more(1, within=ANSWERS)
    assert daemon.process is not None
    if daemon.process.poll() is not None or ledger.acknowledged == before:
        outcome.wrong.append(f"seed {outcome.seed}: {what} fell, and nobody was answered any more: {daemon.said()}")


_BACKENDS = "select pid from pg_stat_activity where application_name = 'mydia' order by pid"


async def _end(daemon: Grouped, held: Held, ledger: Ledger, stage: Stage, outcome: Outcome) -> None:
    """When all that was wished is done the daemon ends as it should, and everything is looked at."""
    wrong = await truths.rest(held, ledger, stage, REST)
    code = await daemon.end(signal.SIGTERM)
    if code != 0:
        wrong.append(f"the daemon ended with {code}: {daemon.said()}")
    more, outcome.happened = await truths.at_last(held, ledger, stage)
    outcome.wrong += [f"seed {outcome.seed}: in the end: {line}" for line in (*wrong, *more)]
