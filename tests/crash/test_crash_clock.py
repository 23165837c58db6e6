"""The clock jumps by hours, to and fro, while many clients use the house: every promise is kept, and nothing waits for a time that was."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trio

from mydia.settings.load import load_config
from supervisors.boot import build
from tests.crash import truths
from tests.crash.clients import Client, Ledger
from tests.crash.held import OnSqlite
from tests.crash.kills import REST, WISHES
from tests.crash.world import landings, seed_profile, set_stage
from tests.journeys.process import daemon_of, free_port

FILMS = 22
JUMPS = tuple(timedelta(hours=n) for n in (7, -11, 26, -20))


class JumpingClock:
    """The real time, and how far somebody has moved the hands."""

    moved = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.moved  # noqa: TID251 - the clock of a house


@pytest.mark.timeout(600)
@pytest.mark.xdist_group("heavy")
async def test_a_clock_that_jumps_by_hours_under_load_costs_no_promise(tmp_path: Path, seed: int) -> None:
    ledger, clock, port = Ledger(tmp_path / "ledger.jsonl"), JumpingClock(), free_port()
    with landings(tmp_path) as where:
        async with trio.open_nursery() as nursery:
            stage = await set_stage(nursery, tmp_path / "world", where, FILMS, port)
            async with daemon_of(stage.config, port, [seed_profile]) as daemon:  # its database and key; it runs in here
                house, tree = await build(load_config(stage.config, {}), [seed_profile])
                house.clock = clock
                await nursery.start(tree.run)
                over = trio.Event()
                async with daemon.client() as http, trio.open_nursery() as clients:
                    for n, wish in enumerate(WISHES):
                        own = random.Random(f"{seed} {n}")  # noqa: S311 - wishes, nothing secret
                        client = Client(http, stage, ledger, n, own, iter(range(n, FILMS, len(WISHES))), over)
                        clients.start_soon(getattr(client, wish))
                    for jump in JUMPS:
                        await ledger.more(60, within=3)
                        clock.moved += jump
                    over.set()
                    clients.cancel_scope.deadline = trio.current_time() + REST
                assert not clients.cancel_scope.cancelled_caught, "somebody was never given what was wished for"
                held = OnSqlite(house.config.database_file, stage.folder / "scratch")
                wrong = await truths.rest(held, ledger, stage, REST)
                await tree.stop()
                wrong += (await truths.at_last(held, ledger, stage))[0]
            nursery.cancel_scope.cancel()
    assert wrong == []
    assert ledger.wrong == []
