"""The calls: dynamic children, what each refuses, counts, limits, live changes, scale and memory."""

import gc
import weakref
from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from mydia.otp import (
    AlreadyPresent,
    AlreadyStarted,
    AutoShutdown,
    ChildSpec,
    GaveUp,
    NotFound,
    Restart,
    Restarting,
    Running,
    StartFailed,
    Strategy,
    Supervisor,
    TooManyChildren,
)
from tests.otp.otp_stage import Player, players, running


async def test_a_child_added_that_fails_to_start_is_the_callers_exception_and_changes_nothing() -> None:
    """OTP row 6."""
    async with running(Supervisor("root", children=[Player("a").spec])) as run:
        before = run.supervisor.children()
        with pytest.raises(StartFailed, match="root/b could not be started: OSError: b cannot start"):
            await run.supervisor.start_child(Player("b", fails=1).spec)
        assert run.supervisor.children() == before


async def test_a_stopped_child_that_fails_to_start_again_stays_stopped() -> None:
    """OTP row 6."""
    a = Player("a")
    async with running(Supervisor("root", children=[a.spec])) as run:
        await run.supervisor.stop_child("a")
        a.fails = 1
        with pytest.raises(StartFailed):
            await run.supervisor.restart_child("a")
        assert run.states() == {"a": "stopped"}


async def test_each_call_and_each_of_its_errors() -> None:
    """OTP rows 16 and 17."""
    a, b = players("ab", [])
    async with running(Supervisor("root", children=[a.spec])) as run:
        supervisor = run.supervisor
        with pytest.raises(AlreadyStarted):
            await supervisor.start_child(a.spec)
        with pytest.raises(Running):
            await supervisor.restart_child("a")
        with pytest.raises(Running):
            await supervisor.delete_child("a")
        await supervisor.stop_child("a")
        await supervisor.stop_child("a")
        assert run.states() == {"a": "stopped"}
        with pytest.raises(AlreadyPresent):
            await supervisor.start_child(a.spec)
        await supervisor.restart_child("a")
        assert run.states() == {"a": "running"}
        await supervisor.stop_child("a")
        await supervisor.delete_child("a")
        assert run.states() == {}
        for call in (supervisor.stop_child, supervisor.restart_child, supervisor.delete_child):
            with pytest.raises(NotFound):
                await call("a")
        await supervisor.start_child(b.spec)
        await supervisor.start_child(a.spec)
        assert list(run.states()) == ["b", "a"]


async def test_a_temporary_child_that_is_stopped_is_forgotten() -> None:
    """OTP rows 16 and 21."""
    async with running(Supervisor("root")) as run:
        await run.supervisor.start_child(Player("a", restart=Restart.TEMPORARY).spec)
        await run.supervisor.stop_child("a")
        assert run.states() == {}


async def test_a_spec_that_does_not_fit_is_refused_and_the_supervisor_lives() -> None:
    """OTP row 6."""
    child = Player("a", restart=Restart.TRANSIENT, significant=True)
    async with running(Supervisor("root")) as run:
        with pytest.raises(ValueError, match="significant must be False where auto_shutdown is NEVER"):
            await run.supervisor.start_child(child.spec)
        assert run.states() == {}


async def test_children_are_counted_restarting_and_stopped_ones_too() -> None:
    """OTP row 31."""
    a, b, c = players("abc", [])
    branch = Supervisor("branch", children=[c.spec])
    supervisor = Supervisor("root", children=[a.spec, b.spec, branch.child_spec()], max_restarts=10**6)
    async with running(supervisor) as run:
        counts = supervisor.count_children()
        assert (counts.specs, counts.active, counts.supervisors, counts.workers) == (3, 3, 1, 2)
        await supervisor.stop_child("a")
        b.fails = 10**9
        b._cue.set()
        while run.states()["b"] == "running":
            await trio.lowlevel.checkpoint()
        counts = supervisor.count_children()
        assert (counts.specs, counts.active, counts.supervisors, counts.workers) == (3, 1, 1, 2)


async def test_max_children_counts_those_being_restarted_too() -> None:
    """OTP row 45."""
    a, b, c = players("abc", [])
    supervisor = Supervisor("root", max_children=2, max_restarts=10**6)
    async with running(supervisor) as run:
        await supervisor.start_child(a.spec)
        await supervisor.start_child(b.spec)
        with pytest.raises(TooManyChildren):
            await supervisor.start_child(c.spec)
        b.fails = 10**9
        b._cue.set()
        while run.states()["b"] == "running":
            await trio.lowlevel.checkpoint()
        with pytest.raises(TooManyChildren):
            await supervisor.start_child(c.spec)
        with pytest.raises(Restarting):
            await supervisor.delete_child("b")
        await supervisor.stop_child("b")
        await supervisor.delete_child("b")
        await supervisor.start_child(c.spec)
        assert run.states() == {"a": "running", "c": "running"}


async def test_a_child_that_fails_when_tried_again_reaches_the_maximum_intensity() -> None:
    """OTP row 45."""
    a, b = players("ab", [])
    async with running(Supervisor("root", max_restarts=1)) as run:
        await run.supervisor.start_child(a.spec)
        await run.supervisor.start_child(b.spec)
        a.fails = 1
        await a.crash()
        assert isinstance(run.error, GaveUp)
        assert b.alive == 0


async def test_mixed_children_all_end() -> None:
    """OTP row 45: workers and supervisors, every restart type."""
    cast = [Player(restart.value, restart=restart) for restart in Restart]
    branch = Supervisor("branch", children=[Player("inner").spec])
    async with running(Supervisor("root")) as run:
        for player in cast:
            await run.supervisor.start_child(player.spec)
        await run.supervisor.start_child(branch.child_spec())
    assert [player.alive for player in cast] == [0, 0, 0]
    assert run.error is None


@pytest.mark.parametrize("error", [ValueError("1"), SystemError("2"), ExceptionGroup("3", [OSError("3")])])
async def test_whatever_a_start_raises_is_the_callers_start_failure(error: Exception) -> None:
    """OTP row 45: a start that raises, throws or exits."""

    async def start(*, task_status: trio.TaskStatus[Any]) -> None:
        raise error

    async with running(Supervisor("root")) as run:
        with pytest.raises(StartFailed, match="root/a could not be started"):
            await run.supervisor.start_child(ChildSpec(id="a", start=start))
        assert run.states() == {}


async def test_limits_can_be_changed_while_running(autojump_clock: MockClock) -> None:
    """OTP row 41."""
    a = Player("a")
    async with running(Supervisor("root", max_restarts=0, children=[a.spec])) as run:
        run.supervisor.reconfigure(max_restarts=2, max_seconds=100)
        await a.crash()
        await a.crash()
        assert a.generation == 3
        run.supervisor.reconfigure(strategy=Strategy.ONE_FOR_ALL, max_restarts=1)
        await a.crash()
        assert isinstance(run.error, GaveUp)


async def test_a_change_that_is_wrong_is_refused_and_changes_nothing() -> None:
    """OTP row 41: an illegal combination with the children there are."""
    child = Player("a", restart=Restart.TRANSIENT, significant=True)
    supervisor = Supervisor("root", auto_shutdown=AutoShutdown.ANY_SIGNIFICANT, children=[child.spec])
    flags = supervisor.flags
    with pytest.raises(ValueError, match="child spec 'a': significant must be False where auto_shutdown is NEVER"):
        supervisor.reconfigure(max_restarts=7, auto_shutdown=AutoShutdown.NEVER)
    with pytest.raises(ValueError, match="max_restarts must be a whole number >= 0, not -1"):
        supervisor.reconfigure(max_restarts=-1)
    assert supervisor.flags is flags


async def test_what_a_temporary_child_was_started_with_is_let_go_when_it_ends() -> None:
    """OTP row 36."""

    class Cargo:
        pass

    def make(cargo: Cargo, end: trio.Event) -> ChildSpec:
        async def start(*, task_status: trio.TaskStatus[Any]) -> None:
            task_status.started(id(cargo))
            await end.wait()
            raise ValueError("its end")

        return ChildSpec(id="a", start=start, restart=Restart.TEMPORARY)

    async with running(Supervisor("root")) as run:
        cargo, end = Cargo(), trio.Event()
        alive = weakref.ref(cargo)
        await run.supervisor.start_child(make(cargo, end))
        del cargo
        assert alive() is not None
        end.set()
        await wait_all_tasks_blocked()
        gc.collect()
        assert alive() is None


async def test_the_work_to_start_and_stop_many_children_grows_with_their_number_only() -> None:
    """OTP row 35, in scheduler passes and not in seconds, so that a busy machine cannot fail it."""

    class Passes(trio.abc.Instrument):
        count = 0

        def before_task_step(self, task: trio.lowlevel.Task) -> None:
            self.count += 1

    async def passes(children: int) -> int:
        instrument = Passes()
        trio.lowlevel.add_instrument(instrument)
        async with running(Supervisor("root")) as run:
            for n in range(children):
                await run.supervisor.start_child(Player(str(n)).spec)
        trio.lowlevel.remove_instrument(instrument)
        return instrument.count

    assert await passes(1000) / await passes(100) < 15


async def test_a_caller_that_is_cancelled_before_its_turn_starts_nothing(autojump_clock: MockClock) -> None:
    async def slow(*, task_status: trio.TaskStatus[Any]) -> None:
        await trio.sleep(10)
        task_status.started()
        await trio.sleep_forever()

    a = Player("a")
    async with running(Supervisor("root")) as run, trio.open_nursery() as nursery:
        nursery.start_soon(run.supervisor.start_child, ChildSpec(id="slow", start=slow))
        await wait_all_tasks_blocked()
        with trio.move_on_after(5):
            await run.supervisor.start_child(a.spec)
        await run.supervisor.start_child(Player("b").spec)
        assert list(run.states()) == ["slow", "b"]
    assert a.generation == 0


async def test_introspection_shows_kind_mailbox_error_and_age(autojump_clock: MockClock) -> None:
    a = Player("a")
    async with running(Supervisor("root", children=[a.spec])) as run:
        await trio.sleep(7)
        await a.crash(ValueError("token=abc"))
        info = run.info("a")
        assert (info.path, info.kind, info.state, info.restarts) == ("root/a", "worker", "running", 1)
        assert info.started_at == pytest.approx(7)
        assert info.last_error == "ValueError: token=***"
        assert (info.depth, info.os_pid, info.children) == (None, None, ())
        assert run.supervisor.children(recursive=False) == run.supervisor.children()
