"""A house that opens anew: everything is stopped from the last to the first, started again from the first, and a stop is a stop."""

from pathlib import Path

import trio
import trio.lowlevel

from mydia.house import House, Mail
from mydia.otp import Actor, Bus, Supervisor, actor
from mydia.settings.load import load_config
from supervisors.lives import lives
from tests.support.house import FakeClock
from tests.support.stores import engine_in


class Noted(Actor):
    """Says when it comes and goes; `slow` waits to be let go."""

    def __init__(self, name: str, log: list[str], gate: trio.Event | None = None) -> None:
        self.name, self.log, self.gate = name, log, gate

    async def start(self) -> None:
        self.log.append(f"+{self.name}")

    async def stop(self) -> None:
        self.log.append(f"-{self.name}")
        if self.gate is not None:
            await self.gate.wait()


def house_in(folder: Path) -> House:
    loaded = load_config(None, {"MYDIA__DATA_DIR": str(folder)})
    return House(engine_in(folder), Mail(), Bus(), loaded.config, FakeClock(), b"of the tests alone", loaded)


def tree_of(log: list[str], gate: trio.Event | None = None) -> Supervisor:
    return Supervisor(
        "mydia",
        children=[
            actor("first", lambda: Noted("first", log)),
            actor("last", lambda: Noted("last", log, gate), shutdown=60),
        ],
    )


async def until(log: list[str], length: int) -> None:
    with trio.fail_after(60):
        while len(log) < length:
            await trio.lowlevel.checkpoint()


async def test_a_ring_stops_everything_in_order_and_starts_it_again_with_the_settings_of_the_beginning(
    tmp_path: Path,
) -> None:
    house, log = house_in(tmp_path), list[str]()
    assert house.loaded is not None
    began = house.config
    async with trio.open_nursery() as nursery:
        await nursery.start(lives, house, tree_of(log))
        house.adopt(load_config(None, {"MYDIA__DATA_DIR": "elsewhere"}))
        house.mail["house"].ring()
        await until(log, 6)
        assert house.config == began
        assert house.closing_since is None
        nursery.cancel_scope.cancel()
    assert log == ["+first", "+last", "-last", "-first", "+first", "+last", "-last", "-first"]


async def test_it_ends_when_the_tree_is_stopped(tmp_path: Path) -> None:
    house, log = house_in(tmp_path), list[str]()
    tree = tree_of(log)
    async with trio.open_nursery() as nursery:
        await nursery.start(lives, house, tree)
        await tree.stop()
    assert log == ["+first", "+last", "-last", "-first"]


async def test_a_house_that_is_told_to_end_while_it_opens_anew_ends(tmp_path: Path) -> None:
    house, log, gate = house_in(tmp_path), list[str](), trio.Event()
    async with trio.open_nursery() as nursery:
        await nursery.start(lives, house, tree_of(log, gate))
        house.mail["house"].ring()
        await until(log, 3)
        nursery.cancel_scope.cancel()
        gate.set()
    assert log == ["+first", "+last", "-last", "-first"]
