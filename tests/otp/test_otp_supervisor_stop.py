"""Stopping: right to left, each within its deadline, whatever the children do meanwhile."""

from functools import partial
from typing import Any

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from mydia.otp import BRUTAL_KILL, INFINITY, Actor, ChildSpec, Mailbox, Restart, Strategy, Supervisor, actor, pool
from mydia.otp.supervisor import ABANDON_MARGIN
from tests.otp.otp_stage import Player, players, running


async def stubborn(seconds: float) -> None:
    """Ignore cancellation for a while."""
    with trio.CancelScope(shield=True):
        await trio.sleep(seconds)


def never_called(path: str) -> None:
    raise AssertionError(f"{path} was abandoned")


async def test_being_cancelled_stops_the_children_right_to_left(autojump_clock: MockClock) -> None:
    """OTP row 34, by cancellation of run(): although it reaches all at once, each waits for those after it."""
    diary: list[str] = []
    a, b, c = players("abc", diary)
    b.on_cancel = partial(stubborn, 3)
    branch = Supervisor("branch", children=[b.spec, c.spec])
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            await nursery.start(Supervisor("root", children=[a.spec, branch.child_spec()]).run)
            diary.clear()
            scope.cancel()
    assert diary == ["-c", "-b", "-a"]


async def test_being_cancelled_while_a_child_starts_stops_that_child_too() -> None:
    """A child whose start() is under way is nobody's orphan."""
    diary: list[str] = []
    a = Player("a", diary)
    begun = trio.Event()

    async def slow(*, task_status: trio.TaskStatus[Any]) -> None:
        begun.set()
        try:
            await trio.sleep_forever()
        finally:
            diary.append("-slow")

    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(Supervisor("root", children=[a.spec, ChildSpec(id="slow", start=slow)]).run)
            await begun.wait()
            scope.cancel()
    assert diary == ["+a", "-slow", "-a"]


async def test_stop_interrupts_a_start_that_hangs() -> None:
    begun = trio.Event()

    async def hang(*, task_status: trio.TaskStatus[Any]) -> None:
        begun.set()
        await trio.sleep_forever()

    supervisor = Supervisor("root", children=[ChildSpec(id="a", start=hang, startup=INFINITY)])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(supervisor.run)
        await begun.wait()
        await supervisor.stop()


async def test_a_child_with_infinity_is_waited_for_however_long_it_takes(autojump_clock: MockClock) -> None:
    """OTP row 10."""
    diary: list[str] = []
    a = Player("a", diary, shutdown=INFINITY)
    a.on_cancel = partial(stubborn, 10**6)
    branch = Supervisor("branch", children=[a.spec], abandon=never_called)
    async with running(Supervisor("root", children=[branch.child_spec()], abandon=never_called)) as run:
        await run.supervisor.stop()
        assert trio.current_time() >= 10**6
    assert diary == ["+a", "-a"]


async def test_a_child_that_ignores_cancellation_past_its_deadline_is_abandoned(autojump_clock: MockClock) -> None:
    """OTP row 11. Trio has no kill, so in production the process ends here; the siblings end in order all the same."""
    diary: list[str] = []
    a, c = players("ac", diary)
    b = Player("b", shutdown=2.0)
    b.on_cancel = partial(stubborn, 200)
    abandoned: list[tuple[str, Any]] = []
    supervisor = Supervisor(
        "root",
        children=[a.spec, b.spec, c.spec],
        abandon=lambda path: abandoned.append((path, trio.current_time())),
    )
    async with running(supervisor) as run:
        diary.clear()
        await run.supervisor.stop()
    assert abandoned == [("root/b", pytest.approx(2 + ABANDON_MARGIN))]
    assert diary == ["-c", "-a"]


async def test_a_child_that_swallows_its_cancellation_does_not_hang_the_stop(autojump_clock: MockClock) -> None:
    """OTP row 32."""

    async def deaf(*, task_status: trio.TaskStatus[Any]) -> None:
        task_status.started()
        try:
            await trio.sleep_forever()
        except trio.Cancelled:
            await stubborn(200)

    abandoned: list[str] = []
    async with running(
        Supervisor("root", children=[ChildSpec(id="deaf", start=deaf)], abandon=abandoned.append)
    ) as run:
        await run.supervisor.stop_child("deaf")
        assert abandoned == ["root/deaf"]
        assert run.states() == {"deaf": "stopped"}


async def test_many_slow_dynamic_children_share_one_deadline(autojump_clock: MockClock) -> None:
    """OTP row 12: a hundred that need four seconds each are stopped within four seconds."""
    async with running(Supervisor("root", abandon=never_called)) as run:
        for n in range(100):
            child = Player(str(n))
            child.on_cancel = partial(stubborn, 4)
            await run.supervisor.start_child(child.spec)
        await run.supervisor.stop()
        assert trio.current_time() == pytest.approx(4)


async def test_odd_ends_of_dynamic_children_during_the_stop_end_well(autojump_clock: MockClock) -> None:
    """OTP row 15."""

    async def fail() -> None:
        raise OSError("while stopping")

    async with running(Supervisor("root", abandon=never_called)) as run:
        for n in range(10):
            child = Player(str(n))
            child.on_cancel = fail if n % 2 else partial(stubborn, n / 2)
            await run.supervisor.start_child(child.spec)
    assert run.error is None


async def test_a_child_that_fails_while_it_is_stopped_is_stopped_and_its_error_is_kept() -> None:
    async def fail() -> None:
        raise OSError("while stopping")

    a = Player("a")
    a.on_cancel = fail
    async with running(Supervisor("root", children=[a.spec])) as run:
        await run.supervisor.stop_child("a")
        assert (run.info("a").state, run.info("a").last_error) == ("stopped", "OSError: while stopping")


class Polite(Actor):
    """Needs a second to say goodbye."""

    said: list[str]

    async def stop(self) -> None:
        self.said.append("begins to stop")
        await trio.sleep(1)
        self.said.append("stopped")


async def test_brutal_kill_leaves_no_time_at_all(autojump_clock: MockClock) -> None:
    """OTP row 13: stop() is cancelled at its first await."""
    Polite.said = []
    brutal = actor("brutal", Polite, shutdown=BRUTAL_KILL)
    async with running(Supervisor("root", children=[brutal])) as run:
        await run.supervisor.stop()
        assert trio.current_time() == 0
    assert Polite.said == ["begins to stop"]


async def test_a_pool_stops_together(autojump_clock: MockClock) -> None:
    """OTP rows 12 and 13, for dynamic children that are a pool's."""
    Polite.said = []
    async with running(Supervisor("root", children=[pool("pool", Polite, size=8, mailbox=Mailbox("pool"))])) as run:
        await run.supervisor.stop()
        assert trio.current_time() == pytest.approx(1)
    assert Polite.said == ["begins to stop"] * 8 + ["stopped"] * 8


async def test_stop_called_by_two_and_by_a_child_itself_is_one_stop() -> None:
    a = Player("a")
    async with running(Supervisor("root", children=[a.spec])) as run:

        async def suicide(*, task_status: trio.TaskStatus[Any]) -> None:
            task_status.started()
            await run.supervisor.stop()

        await run.supervisor.start_child(ChildSpec(id="b", start=suicide))
        await run.supervisor.stop()
        assert run.over.is_set()
        assert run.error is None


async def test_a_call_that_a_stop_overtakes_is_answered() -> None:
    async def hang(*, task_status: trio.TaskStatus[Any]) -> None:
        await trio.sleep_forever()

    async with running(Supervisor("root")) as run, trio.open_nursery() as nursery:

        async def start() -> None:
            with pytest.raises(Exception, match="root has ended"):
                await run.supervisor.start_child(ChildSpec(id="a", start=hang))

        nursery.start_soon(start)
        nursery.start_soon(start)
        await wait_all_tasks_blocked()
        await run.supervisor.stop()


ENDS = ["returns", "raises", "raises in its last words", "is slow", "stays"]


@settings(max_examples=60, deadline=None)
@given(
    cast=st.lists(st.tuples(st.sampled_from(Restart), st.sampled_from(ENDS)), min_size=1, max_size=6),
    strategy=st.sampled_from(Strategy),
)
def test_children_that_die_by_themselves_during_the_stop_neither_break_nor_restart_anything(
    cast: list[tuple[Restart, str]], strategy: Strategy
) -> None:
    """OTP row 14: every way to end, in every restart type, at the moment of the stop."""

    async def last_words(end: str) -> None:
        if end == "raises in its last words":
            raise OSError("last words")
        if end == "is slow":
            await stubborn(1)

    async def main() -> None:
        diary: list[str] = []
        children = [Player(str(n), diary, restart=restart) for n, (restart, _) in enumerate(cast)]
        supervisor = Supervisor("root", strategy=strategy, children=[c.spec for c in children], abandon=never_called)
        async with running(supervisor) as run:
            for child, (_, end) in zip(children, cast, strict=True):
                child.on_cancel = partial(last_words, end)
                if end in ("returns", "raises"):
                    child._error = RuntimeError("by itself") if end == "raises" else None
                    child._cue.set()
            await run.supervisor.stop()
        assert run.error is None
        assert [child.generation for child in children] == [1] * len(children)
        assert [child.alive for child in children] == [0] * len(children)
        waited_for = [f"-{n}" for n, (_, end) in enumerate(cast) if end not in ("returns", "raises")]
        assert [line for line in diary if line in waited_for] == waited_for[::-1]

    trio.run(main, clock=MockClock(autojump_threshold=0))
