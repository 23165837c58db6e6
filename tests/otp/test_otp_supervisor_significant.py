"""Automatic shutdown: a supervisor that ends when its significant children have done their work."""

import pytest
from trio.testing import wait_all_tasks_blocked

from mydia.otp import AutoShutdown, GaveUp, Restart, Strategy, Supervisor
from tests.otp.otp_stage import Player, running

ANY, ALL = AutoShutdown.ANY_SIGNIFICANT, AutoShutdown.ALL_SIGNIFICANT
ENDING = [Restart.TRANSIENT, Restart.TEMPORARY]


@pytest.mark.parametrize("auto", [ANY, ALL])
@pytest.mark.parametrize("restart", ENDING)
async def test_an_ordinary_childs_end_does_not_shut_down(auto: AutoShutdown, restart: Restart) -> None:
    """OTP row 37."""
    a, b = Player("a", restart=restart), Player("b")
    async with running(Supervisor("root", auto_shutdown=auto, children=[a.spec, b.spec])) as run:
        await a.finish()
        assert b.alive == 1
        assert not run.over.is_set()


@pytest.mark.parametrize("restart", ENDING)
async def test_any_significant_childs_end_shuts_down_normally(restart: Restart) -> None:
    """OTP row 38."""
    a, b = Player("a", restart=restart, significant=True), Player("b")
    async with running(Supervisor("root", auto_shutdown=ANY, children=[a.spec, b.spec])) as run:
        await a.finish()
        assert run.over.is_set()
        assert run.error is None
        assert b.alive == 0


@pytest.mark.parametrize("restart", ENDING)
async def test_all_significant_waits_for_the_last_of_them(restart: Restart) -> None:
    """OTP row 38."""
    a, b = (Player(name, restart=restart, significant=True) for name in "ab")
    async with running(Supervisor("root", auto_shutdown=ALL, children=[a.spec, b.spec])) as run:
        await b.finish()
        assert not run.over.is_set()
        await a.finish()
        assert run.over.is_set()


async def test_a_temporary_significant_child_that_crashes_counts_and_a_transient_one_is_restarted() -> None:
    """OTP row 38."""
    a = Player("a", restart=Restart.TRANSIENT, significant=True)
    b = Player("b", restart=Restart.TEMPORARY, significant=True)
    async with running(Supervisor("root", auto_shutdown=ANY, children=[a.spec, b.spec])) as run:
        await a.crash()
        assert not run.over.is_set()
        assert a.generation == 2
        await b.crash()
        assert run.over.is_set()
        assert run.error is None


@pytest.mark.parametrize("restart", ENDING)
async def test_a_significant_child_that_is_stopped_by_hand_does_not_count(restart: Restart) -> None:
    """OTP row 38."""
    a = Player("a", restart=restart, significant=True)
    async with running(Supervisor("root", auto_shutdown=ANY, children=[a.spec])) as run:
        await run.supervisor.stop_child("a")
        await wait_all_tasks_blocked()
        assert not run.over.is_set()


@pytest.mark.parametrize("restart", ENDING)
@pytest.mark.parametrize("strategy", [Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE])
async def test_a_significant_bystander_of_a_restart_does_not_count(strategy: Strategy, restart: Restart) -> None:
    """OTP row 39."""
    a, b = Player("a"), Player("b", restart=restart, significant=True)
    async with running(Supervisor("root", strategy=strategy, auto_shutdown=ANY, children=[a.spec, b.spec])) as run:
        await a.crash()
        assert not run.over.is_set()
        assert b.alive == (1 if restart is Restart.TRANSIENT else 0)


async def test_an_automatic_shutdown_travels_up() -> None:
    """OTP row 40: two levels."""
    worker = Player("worker", restart=Restart.TRANSIENT, significant=True)
    bystander = Player("bystander")
    inner = Supervisor("inner", auto_shutdown=ANY, children=[worker.spec])
    middle = Supervisor(
        "middle", auto_shutdown=ALL, children=[inner.child_spec(Restart.TRANSIENT, significant=True), bystander.spec]
    )
    outer = Supervisor("outer", auto_shutdown=ANY, children=[middle.child_spec(Restart.TEMPORARY, significant=True)])
    async with running(outer) as run:
        await worker.finish()
        assert run.over.is_set()
        assert run.error is None
        assert bystander.alive == 0


async def test_a_significant_subtree_that_gives_up_counts_as_ended() -> None:
    """OTP row 40: giving up is a shutdown, no crash."""
    worker = Player("worker")
    inner = Supervisor("inner", max_restarts=0, children=[worker.spec])
    outer = Supervisor("outer", auto_shutdown=ANY, children=[inner.child_spec(Restart.TRANSIENT, significant=True)])
    async with running(outer) as run:
        await worker.crash()
        assert run.over.is_set()
        assert not isinstance(run.error, GaveUp)


async def test_a_significant_child_that_is_being_restarted_is_not_yet_gone() -> None:
    """OTP row 38, all_significant."""
    a, b = (Player(name, restart=Restart.TRANSIENT, significant=True) for name in "ab")
    supervisor = Supervisor("root", auto_shutdown=ALL, max_restarts=10, children=[a.spec, b.spec])
    async with running(supervisor) as run:
        a.fails = 3
        a._error = RuntimeError("crash")
        a._cue.set()
        await b.finish()
        assert not run.over.is_set()
        await a.finish()
        assert run.over.is_set()
