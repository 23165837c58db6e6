"""Starting: in order, each ready before the next; a failed first start rolls back and names its cause."""

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from mydia.otp import (
    IGNORE,
    Actor,
    AlreadyPresent,
    ChildSpec,
    NotRunning,
    Restart,
    StartFailed,
    Strategy,
    Supervisor,
    SupervisorEvent,
    actor,
    step,
)
from tests.otp.otp_stage import Player, outcome, players, running


async def test_an_empty_supervisor_starts_and_stops_and_leaves_no_task() -> None:
    """OTP row 1."""
    before = trio.lowlevel.current_statistics().tasks_living
    async with running(Supervisor("root")) as run:
        assert run.supervisor.children() == []
    assert run.error is None
    assert trio.lowlevel.current_statistics().tasks_living == before


async def test_a_supervisor_that_has_nothing_to_do_is_ignored_and_its_siblings_run() -> None:
    """OTP row 2."""

    async def nothing_here(*, task_status: trio.TaskStatus[Any]) -> None:
        task_status.started(IGNORE)

    branch = ChildSpec(id="branch", start=nothing_here, kind="supervisor")
    async with running(Supervisor("root", children=[branch, Player("a").spec])) as run:
        assert run.states() == {"branch": "ignored", "a": "running"}


class Disabled(Actor):
    """Says that there is nothing to do here."""

    async def start(self) -> Any:
        return IGNORE


async def test_an_actor_that_ignores_its_start_stays_listed_as_ignored() -> None:
    """OTP row 3."""
    a = Player("a")
    async with running(Supervisor("root", children=[actor("feeds", Disabled), a.spec])) as run:
        assert run.states() == {"feeds": "ignored", "a": "running"}
        assert run.supervisor.count_children().active == 1


async def test_a_temporary_child_that_ignores_its_start_is_forgotten() -> None:
    """OTP row 4."""
    feeds = actor("feeds", Disabled, restart=Restart.TEMPORARY)
    async with running(Supervisor("root", children=[feeds])) as run:
        assert run.states() == {}
        assert await run.supervisor.start_child(feeds) is IGNORE
        assert run.states() == {}


async def test_a_child_added_that_ignores_its_start_is_kept_unless_temporary() -> None:
    """OTP row 4."""
    async with running(Supervisor("root")) as run:
        assert await run.supervisor.start_child(actor("feeds", Disabled)) is IGNORE
        assert run.states() == {"feeds": "ignored"}
        with pytest.raises(AlreadyPresent):
            await run.supervisor.start_child(actor("feeds", Disabled))


async def test_a_failed_first_start_stops_what_had_started_in_reverse_and_says_why() -> None:
    """OTP rows 5 and 43."""
    diary: list[str] = []
    a, b, c = players("abc", diary)
    c.fails = 1
    d = Player("d", diary)
    error = await outcome(Supervisor("root", children=[a.spec, b.spec, c.spec, d.spec]))
    assert isinstance(error, StartFailed)
    assert str(error) == "root/c could not be started: OSError: c cannot start"
    assert isinstance(error.__cause__, OSError)
    assert diary == ["+a", "+b", "-b", "-a"]


async def test_the_cause_of_a_failed_start_is_named_from_any_depth() -> None:
    """OTP row 43."""
    inner = Supervisor("library", children=[Player("watcher", fails=1).spec])
    outer = Supervisor("root", children=[Supervisor("upper", children=[inner.child_spec()]).child_spec()])
    error = await outcome(outer)
    assert str(error) == "root/upper/library/watcher could not be started: OSError: watcher cannot start"


async def test_a_child_that_ends_before_it_is_ready_has_failed_to_start() -> None:
    """OTP row 5."""

    async def forgetful(*, task_status: trio.TaskStatus[Any]) -> None:
        await trio.lowlevel.checkpoint()

    error = await outcome(Supervisor("root", children=[ChildSpec(id="a", start=forgetful)]))
    assert str(error) == "root/a could not be started: it ended before it was ready"


async def test_a_child_that_hangs_in_its_start_is_given_up_at_its_startup_deadline(autojump_clock: MockClock) -> None:
    """OTP row 5: an error, not a hang."""

    async def hang(*, task_status: trio.TaskStatus[Any]) -> None:
        await trio.sleep_forever()

    error = await outcome(Supervisor("root", children=[ChildSpec(id="a", start=hang, startup=30)]))
    assert str(error) == "root/a could not be started: it was not ready within 30 s"
    assert trio.current_time() == pytest.approx(30)


async def test_what_a_child_reports_as_started_reaches_the_caller_at_start_and_at_restart() -> None:
    """OTP row 18."""
    a = Player("a")
    async with running(Supervisor("root")) as run:
        assert await run.supervisor.start_child(a.spec) == 1
        await run.supervisor.stop_child("a")
        assert await run.supervisor.restart_child("a") == 2


async def test_reporting_ready_twice_is_a_crash() -> None:
    async def eager(*, task_status: trio.TaskStatus[Any]) -> None:
        task_status.started()
        task_status.started()

    spec = ChildSpec(id="a", start=eager, restart=Restart.TRANSIENT)
    async with running(Supervisor("root", max_restarts=0, children=[spec])) as run:
        await run.over.wait()
        assert "RuntimeError: root/a called task_status.started() twice" in str(run.error)


async def test_children_start_in_list_order_and_stop_in_exact_reverse() -> None:
    """OTP row 34; the ids are not in alphabetical order."""
    diary: list[str] = []
    async with running(Supervisor("root", children=[p.spec for p in players("cadb", diary)])):
        assert diary == ["+c", "+a", "+d", "+b"]
    assert diary == ["+c", "+a", "+d", "+b", "-b", "-d", "-a", "-c"]


async def test_each_child_is_ready_before_the_next_starts(autojump_clock: MockClock) -> None:
    """OTP row 34."""
    diary: list[str] = []

    async def slow(*, task_status: trio.TaskStatus[Any]) -> None:
        diary.append("slow begins")
        await trio.sleep(10)
        diary.append("slow is ready")
        task_status.started()
        await trio.sleep_forever()

    async with running(Supervisor("root", children=[ChildSpec(id="slow", start=slow), Player("a", diary).spec])):
        assert diary == ["slow begins", "slow is ready", "+a"]


async def test_a_tree_of_three_levels_starts_crashes_restarts_and_stops_in_order() -> None:
    """OTP row 33."""
    diary: list[str] = []
    a, b, c, d = players("abcd", diary)
    leaves = Supervisor("leaves", children=[c.spec, d.spec])
    branch = Supervisor("branch", strategy=Strategy.ONE_FOR_ALL, children=[b.spec, leaves.child_spec()])
    async with running(Supervisor("root", children=[a.spec, branch.child_spec()])) as run:
        assert diary == ["+a", "+b", "+c", "+d"]
        diary.clear()
        await b.crash()
        assert diary == ["-b", "-d", "-c", "+b", "+c", "+d"]
        assert [child.path for child in run.info("branch").children] == ["root/branch/b", "root/branch/leaves"]
        diary.clear()
    assert diary == ["-d", "-c", "-b", "-a"]


async def test_a_boot_step_is_done_before_the_next_child_starts_and_is_then_forgotten() -> None:
    diary: list[str] = []

    async def seed() -> None:
        await trio.lowlevel.checkpoint()
        diary.append("seeded")

    a, b = players("ab", diary)
    supervisor = Supervisor("root", children=[a.spec, step("seed", seed), b.spec])
    async with running(supervisor) as run:
        await trio.testing.wait_all_tasks_blocked()
        assert diary == ["+a", "seeded", "+b"]
        assert run.states() == {"a": "running", "b": "running"}


async def test_a_boot_step_that_fails_fails_the_start() -> None:
    async def seed() -> None:
        raise OSError("disk full")

    diary: list[str] = []
    error = await outcome(Supervisor("root", children=[Player("a", diary).spec, step("seed", seed)]))
    assert str(error) == "root/seed could not be started: OSError: disk full"
    assert diary == ["+a", "-a"]


async def test_a_supervisor_can_be_run_again_from_the_same_specs() -> None:
    a = Player("a")
    supervisor = Supervisor("root", children=[a.spec])
    for generation in (1, 2):
        async with running(supervisor) as run:
            assert a.generation == generation
            await run.supervisor.start_child(Player(f"extra{generation}").spec)
            assert len(run.states()) == 2


async def test_a_supervisor_that_does_not_run_says_so_and_stopping_it_is_nothing() -> None:
    supervisor = Supervisor("root")
    await supervisor.stop()
    with pytest.raises(NotRunning):
        await supervisor.start_child(Player("a").spec)


async def test_a_supervisor_cannot_be_run_twice_at_once() -> None:
    async with running(Supervisor("root")) as run:
        with pytest.raises(RuntimeError, match="runs already"):
            await run.supervisor.run()


async def test_what_happens_is_told_to_on_event_from_nested_supervisors_too() -> None:
    events: list[SupervisorEvent] = []
    a = Player("a")
    branch = Supervisor("branch", children=[a.spec])
    async with running(Supervisor("root", children=[branch.child_spec()], on_event=events.append)):
        await a.crash(ValueError("bad"))
    assert [(event.kind, event.path, event.error) for event in events] == [
        ("started", "root/branch/a", None),
        ("started", "root/branch", None),
        ("crashed", "root/branch/a", "ValueError: bad"),
        ("started", "root/branch/a", None),
        ("restarted", "root/branch/a", None),
        ("stopped", "root/branch/a", None),
        ("stopped", "root/branch", None),
    ]
