"""Restarting: which ends bring a child back, who shares its fate, and when a supervisor gives up."""

import math
from collections.abc import Awaitable, Callable

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from mydia.otp import Actor, ActorDied, ChildSpec, GaveUp, Mailbox, Restart, Strategy, Supervisor, actor
from tests.otp.otp_stage import Player, players, running


@pytest.mark.parametrize("restart", [Restart.PERMANENT, Restart.TRANSIENT, Restart.TEMPORARY])
@pytest.mark.parametrize("end", ["returns", "cancels itself", "raises", "raises a group"])
async def test_a_restart_type_says_which_ends_bring_a_child_back(restart: Restart, end: str) -> None:
    """OTP rows 19, 20 and 21."""
    a, b = Player("a", restart=restart), Player("b")
    async with running(Supervisor("root", children=[a.spec, b.spec])) as run:
        if end == "returns":
            await a.finish()
        elif end == "cancels itself":
            a.own_scope.cancel()
            await wait_all_tasks_blocked()
        elif end == "raises":
            await a.crash()
        else:
            await a.crash(ExceptionGroup("two", [ValueError("1"), ExceptionGroup("inner", [OSError("2")])]))
        crashed = end.startswith("raises")
        back = restart is Restart.PERMANENT or (restart is Restart.TRANSIENT and crashed)
        assert a.generation == (2 if back else 1)
        assert b.generation == 1
        assert run.states().get("a") == ("running" if back else None if restart is Restart.TEMPORARY else "stopped")


async def test_one_for_one_restarts_only_the_dead_child() -> None:
    """OTP row 23."""
    diary: list[str] = []
    a, b, c = players("abc", diary)
    async with running(Supervisor("root", children=[a.spec, b.spec, c.spec])) as run:
        diary.clear()
        await b.crash()
        assert diary == ["-b", "+b"]
        assert (run.info("a").restarts, run.info("b").restarts) == (0, 1)


async def test_one_for_all_stops_all_in_reverse_and_starts_all_in_order() -> None:
    """OTP row 24."""
    diary: list[str] = []
    a, b, c = players("abc", diary)
    async with running(Supervisor("root", strategy=Strategy.ONE_FOR_ALL, children=[a.spec, b.spec, c.spec])):
        diary.clear()
        await b.crash()
        assert diary == ["-b", "-c", "-a", "+a", "+b", "+c"]


async def test_rest_for_one_restarts_those_started_later_and_keeps_the_earlier() -> None:
    """OTP row 25."""
    diary: list[str] = []
    a, b, c = players("abc", diary)
    async with running(Supervisor("root", strategy=Strategy.REST_FOR_ONE, children=[a.spec, b.spec, c.spec])):
        diary.clear()
        await b.crash()
        assert diary == ["-b", "-c", "+b", "+c"]


@pytest.mark.parametrize("strategy", [Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE])
async def test_a_temporary_bystander_is_stopped_and_never_revived(strategy: Strategy) -> None:
    """OTP row 22."""
    a, b = Player("a"), Player("b", restart=Restart.TEMPORARY)
    async with running(Supervisor("root", strategy=strategy, children=[a.spec, b.spec])) as run:
        await a.crash()
        assert (a.generation, b.generation, b.alive) == (2, 1, 0)
        assert run.states() == {"a": "running"}


async def test_dynamic_children_are_restarted_each_with_its_own_arguments() -> None:
    """OTP row 26: two children with equal arguments are not mixed up (OTP-16804)."""
    first, second = Player("1", []), Player("2", [])
    async with running(Supervisor("root")) as run:
        await run.supervisor.start_child(first.spec)
        await run.supervisor.start_child(second.spec)
        await first.crash()
        assert (first.generation, second.generation) == (2, 1)
        assert (first.alive, second.alive) == (1, 1)


@pytest.mark.parametrize("strategy", list(Strategy))
async def test_a_child_that_cannot_be_restarted_ends_its_supervisor_and_its_siblings(strategy: Strategy) -> None:
    """OTP row 27."""
    a, b, c = players("abc", [])
    async with running(Supervisor("root", strategy=strategy, children=[a.spec, b.spec, c.spec])) as run:
        b.fails = 100
        await b.crash()
        await run.over.wait()
        assert isinstance(run.error, GaveUp)
        assert (a.alive, b.alive, c.alive) == (0, 0, 0)
        assert b.fails == 97  # three restarts in five seconds are borne


@pytest.mark.parametrize("strategy", [Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE])
async def test_when_a_sibling_fails_to_come_back_nobody_is_left_running_twice(strategy: Strategy) -> None:
    """OTP row 28: A dies, B fails to come back, then all is tried again."""
    diary: list[str] = []
    a, b, c = players("abc", diary)
    async with running(Supervisor("root", strategy=strategy, children=[a.spec, b.spec, c.spec])) as run:
        diary.clear()
        b.fails = 1
        await a.crash()
        again = ["-a", "+a", "+b", "+c"] if strategy is Strategy.ONE_FOR_ALL else ["+b", "+c"]
        assert diary == ["-a", "-c", "-b", "+a", *again]
        assert (a.alive, b.alive, c.alive) == (1, 1, 1)
        assert set(run.states().values()) == {"running"}


async def test_spaced_crashes_are_borne_for_ever_and_a_burst_is_not(autojump_clock: MockClock) -> None:
    """OTP row 29: intensity 1 in 1 s."""
    a = Player("a")
    async with running(Supervisor("root", max_restarts=1, max_seconds=1, children=[a.spec])) as run:
        for _ in range(100):
            await a.crash()
            await trio.sleep(1.01)
        assert a.generation == 101
        await a.crash()
        await a.crash()
        assert isinstance(run.error, GaveUp)
        assert "more than 1 restarts in 1 s; the last: RuntimeError: a crashed" in str(run.error)


@pytest.mark.parametrize("strategy", list(Strategy))
async def test_while_a_child_fails_to_start_again_and_again_calls_are_answered(strategy: Strategy) -> None:
    """OTP row 30 (OTP-9549): the supervisor answers, and the hopeless child can be stopped."""
    a, b = players("ab", [])
    supervisor = Supervisor("root", strategy=strategy, children=[a.spec, b.spec], max_restarts=10**6, max_seconds=1000)
    async with running(supervisor) as run:
        b.fails = 10**9
        b._cue.set()
        while run.states()["b"] == "running":
            await trio.lowlevel.checkpoint()
        assert run.states()["b"] == "restarting"
        with pytest.raises(Exception, match="is being restarted"):
            await supervisor.restart_child("b")
        with pytest.raises(Exception, match="is being restarted"):
            await supervisor.delete_child("b")
        await supervisor.stop_child("b")
        assert run.states()["b"] == "stopped"
        await wait_all_tasks_blocked()
        assert a.alive == 1


async def test_a_supervisor_whose_child_fails_to_start_for_ever_can_be_stopped() -> None:
    """OTP row 30."""
    a = Player("a")
    async with running(Supervisor("root", children=[a.spec], max_restarts=10**6, max_seconds=1000)) as run:
        a.fails = 10**9
        a._cue.set()
        while run.states()["a"] == "running":
            await trio.lowlevel.checkpoint()
        await run.supervisor.stop()
        assert run.over.is_set()


async def test_a_failed_restart_is_tried_again_until_it_works() -> None:
    """OTP row 30."""
    a = Player("a")
    async with running(Supervisor("root", children=[a.spec], max_restarts=10, max_seconds=1000)) as run:
        a.fails = 5
        await a.crash()
        assert a.generation == 2
        assert run.info("a").restarts == 1
        assert run.info("a").last_error == "StartFailed: root/a could not be started: OSError: a cannot start"


async def test_a_transient_subtree_that_gives_up_stays_down_and_its_parent_lives() -> None:
    """As in OTP, where giving up is no abnormal end."""
    a, b = players("ab", [])
    branch = Supervisor("branch", max_restarts=0, children=[a.spec])
    async with running(Supervisor("root", children=[branch.child_spec(Restart.TRANSIENT), b.spec])) as run:
        await a.crash(OSError("no disk"))
        assert run.states() == {"branch": "down", "b": "running"}
        assert "the last: OSError: no disk" in (run.info("branch").last_error or "")
        await run.supervisor.restart_child("branch")
        assert run.states() == {"branch": "running", "b": "running"}
        assert a.generation == 2


async def test_a_permanent_subtree_that_gives_up_is_its_parents_child_crash() -> None:
    """OTP row 27, one level up."""
    a = Player("a")
    branch = Supervisor("branch", max_restarts=0, children=[a.spec])
    async with running(Supervisor("root", max_restarts=1, max_seconds=1000, children=[branch.child_spec()])) as run:
        await a.crash()
        assert run.states() == {"branch": "running"}
        assert a.generation == 2
        await a.crash()
        assert isinstance(run.error, GaveUp)


async def test_a_subtree_that_is_down_comes_back_with_the_sibling_whose_fate_it_shares() -> None:
    a, b = players("ab", [])
    branch = Supervisor("branch", max_restarts=0, children=[b.spec]).child_spec(Restart.TRANSIENT)
    async with running(Supervisor("root", strategy=Strategy.REST_FOR_ONE, children=[a.spec, branch])) as run:
        await b.crash()
        assert run.states() == {"a": "running", "branch": "down"}
        await a.crash()
        assert run.states() == {"a": "running", "branch": "running"}


async def test_a_crash_while_a_sibling_is_being_restarted_is_not_lost() -> None:
    a, b = players("ab", [])
    async with running(Supervisor("root", children=[a.spec, b.spec])):
        a._cue.set()
        await b.crash()
        assert (a.generation, b.generation) == (2, 2)


async def test_keyboard_interrupt_in_a_child_is_no_crash_but_the_end_of_all_in_order() -> None:
    diary: list[str] = []
    a, b, c = players("abc", diary)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            await nursery.start(Supervisor("root", children=[a.spec, b.spec, c.spec]).run)
            diary.clear()
            await b.crash(KeyboardInterrupt())

    with pytest.raises(BaseExceptionGroup) as caught:
        await main()
    assert caught.group_contains(KeyboardInterrupt)
    assert diary == ["-b", "-c", "-a"]


class Clerk(Actor):
    """Answers with how many letters this life has read."""

    def __init__(self) -> None:
        self.read = 0

    async def handle(self, message: str) -> int:
        if message == "crash":
            raise RuntimeError("as asked")
        self.read += 1
        return self.read


async def test_the_address_and_the_unread_letters_outlive_a_crash() -> None:
    """OTP row 42: there is no name to clash over, the mailbox is the same one."""
    desk = Mailbox("desk")
    replies: list[object] = []

    async def ask(message: str) -> None:
        try:
            replies.append(await desk.ask(message, timeout=60))
        except ActorDied:
            replies.append("died")

    async with (
        running(Supervisor("root", children=[actor("clerk", Clerk, mailbox=desk)])),
        trio.open_nursery() as askers,
    ):
        for message in ("a", "b", "crash", "c", "d"):
            askers.start_soon(ask, message)
            await trio.lowlevel.checkpoint()
    assert sorted(map(str, replies)) == ["1", "1", "2", "2", "died"]


async def test_asking_an_actor_that_will_not_run_fails_at_once_and_what_was_told_waits_for_it() -> None:
    """As a call to a process that does not exist does (noproc)."""
    desk = Mailbox("desk")
    async with running(Supervisor("root", children=[actor("clerk", Clerk, mailbox=desk)])) as run:
        await run.supervisor.stop_child("clerk")
        with pytest.raises(ActorDied, match=r"^desk is not running$"):
            await desk.ask("a", timeout=math.inf)
        await desk.tell("b")
        await run.supervisor.restart_child("clerk")
        assert await desk.ask("c", timeout=60) == 2
    with pytest.raises(ActorDied, match=r"^desk is not running$"):
        await desk.ask("d", timeout=math.inf)


async def test_asking_an_actor_whose_subtree_gave_up_fails_at_once() -> None:
    desk = Mailbox("desk")
    branch = Supervisor("branch", max_restarts=0, children=[actor("clerk", Clerk, mailbox=desk)])
    async with running(Supervisor("root", children=[branch.child_spec(Restart.TRANSIENT)])):
        for _ in range(2):
            with pytest.raises(ActorDied):
                await desk.ask("crash", timeout=math.inf)
        assert desk.depth == 0


async def test_siblings_that_must_end_first_do_not_wait_for_the_dead_ones_answer() -> None:
    """rest_for_one: the successor starts only when they have stopped, so that waiting for it would be a deadlock."""
    desk = Mailbox("desk")
    answers: list[str] = []

    class Dependent(Actor):
        async def stop(self) -> None:
            try:
                await desk.ask("goodbye", timeout=math.inf)
            except ActorDied as error:
                answers.append(str(error))

    children = [actor("clerk", Clerk, mailbox=desk), actor("dependent", Dependent, shutdown=math.inf)]
    async with running(Supervisor("root", strategy=Strategy.REST_FOR_ONE, children=children)) as run:
        with pytest.raises(ActorDied):
            await desk.ask("crash", timeout=60)
        await wait_all_tasks_blocked()
        assert answers == ["desk is not running"]
        assert run.states() == {"clerk": "running", "dependent": "running"}
        assert await desk.ask("a", timeout=60) == 1


async def test_a_kill_from_outside_is_a_crash_like_any_other() -> None:
    a, b = players("ab", [], restart=Restart.TRANSIENT)
    branch = Supervisor("branch", children=[b.spec])
    async with running(Supervisor("root", children=[a.spec, branch.child_spec()])) as run:
        await run.supervisor.kill_child("root/a")
        await run.supervisor.kill_child("root/branch/b")
        await wait_all_tasks_blocked()
        assert (a.generation, b.generation) == (2, 2)
        assert run.info("a").last_error == "Killed: root/a was killed from outside"
        await run.supervisor.kill_child("root/branch")
        await wait_all_tasks_blocked()
        assert (b.generation, b.alive) == (3, 1)
        with pytest.raises(Exception, match="has no child 'nobody'"):
            await run.supervisor.kill_child("root/branch/nobody")
        with pytest.raises(Exception, match="root/a has no children"):
            await run.supervisor.kill_child("root/a/b")


async def test_a_child_that_crashes_while_later_ones_still_start_is_restarted() -> None:
    """Once all are ready, since a supervisor does one thing at a time."""
    a, b = players("ab", [])

    async def crash_a(*, task_status: trio.TaskStatus[None]) -> None:
        await a.crash()
        task_status.started()
        await trio.sleep_forever()

    async with running(Supervisor("root", children=[a.spec, ChildSpec(id="c", start=crash_a), b.spec])):
        await wait_all_tasks_blocked()
        assert (a.generation, b.generation) == (2, 1)


class Answers(Actor):
    async def handle(self, message: object) -> object:
        return message


class AsksAtStart(Actor):
    """Cannot be ready before its elder sibling has answered."""

    def __init__(self, elder: Mailbox, hold: Callable[[], Awaitable[None]]) -> None:
        self.elder, self.hold = elder, hold

    async def start(self) -> None:
        await self.hold()
        await self.elder.ask("hello", timeout=1000)


@pytest.mark.parametrize("strategy", list(Strategy))
async def test_a_start_that_asks_a_sibling_that_died_meanwhile_does_not_wait_for_an_answer(
    strategy: Strategy, autojump_clock: MockClock
) -> None:
    """OTP: a call to a dead process fails at once. The supervisor that would bring it back is waiting for this very start."""
    elder = Mailbox("elder")
    at_the_door, let_in = trio.Event(), trio.Event()
    let_in.set()

    async def hold() -> None:
        at_the_door.set()
        await let_in.wait()

    children = [actor("elder", Answers, mailbox=elder), actor("younger", lambda: AsksAtStart(elder, hold), startup=100)]
    async with running(Supervisor("root", strategy=strategy, children=children)) as run:
        at_the_door, let_in = trio.Event(), trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(run.supervisor.kill_child, "root/younger")
            await at_the_door.wait()
            await run.supervisor.kill_child("root/elder")
            began = trio.current_time()
            let_in.set()
        await wait_all_tasks_blocked()
        assert trio.current_time() == began
        assert run.states() == {"elder": "running", "younger": "running"}
        assert await elder.ask("hello", timeout=1) == "hello"
