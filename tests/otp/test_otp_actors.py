"""The actor: ready, serving, ticking, saying goodbye; what is a refusal, what a crash."""

from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from mydia.otp import Actor, ActorDied, AskTimeout, Mailbox, Refusal, Restart, Supervisor, actor, correlation, pool
from mydia.otp.actors import LOOK_AGAIN
from tests.otp.otp_stage import running


class Desk(Actor):
    """Does what the letters say and writes it down."""

    diary: list[str]

    async def start(self) -> str:
        self.diary.append("start")
        return "open"

    async def handle(self, message: Any) -> Any:
        if message == "refuse":
            raise Refusal("no")
        if message == "crash":
            raise ValueError("a bug")
        if isinstance(message, float):
            await trio.sleep(message)
        self.diary.append(f"handled {message}")
        return message

    async def tick(self) -> None:
        self.diary.append("tick")

    async def stop(self) -> None:
        self.diary.append("stop")


def desk(**attributes: Any) -> tuple[list[str], type[Desk], Mailbox]:
    diary: list[str] = []
    return diary, type("Desk", (Desk,), {"diary": diary, **attributes}), Mailbox("desk")


async def test_an_actor_starts_ticks_serves_and_stops() -> None:
    diary, kind, box = desk()
    async with running(Supervisor("root")) as run:
        assert await run.supervisor.start_child(actor("desk", kind, mailbox=box)) == "open"
        assert await box.ask("letter", timeout=60) == "letter"
    assert diary == ["start", "tick", "handled letter", "stop"]


async def test_a_refusal_goes_to_the_asker_and_the_actor_lives() -> None:
    diary, kind, box = desk()
    async with running(Supervisor("root", children=[actor("desk", kind, mailbox=box)])):
        with pytest.raises(Refusal, match="no"):
            await box.ask("refuse", timeout=60)
        await box.tell("refuse")
        assert await box.ask("next", timeout=60) == "next"
    assert diary.count("start") == 1


async def test_anything_else_is_a_crash_and_the_next_life_reads_on() -> None:
    diary, kind, box = desk()
    async with running(Supervisor("root", children=[actor("desk", kind, mailbox=box)])):
        with pytest.raises(ActorDied, match="desk died while handling str") as caught:
            await box.ask("crash", timeout=60)
        assert isinstance(caught.value.__cause__, ValueError)
        assert await box.ask("next", timeout=60) == "next"
    assert diary == ["start", "tick", "stop", "start", "tick", "handled next", "stop"]


@pytest.mark.parametrize("period", [None, 30, 1])
async def test_a_tick_that_is_refused_or_not_answered_is_put_off_and_no_crash(
    period: float | None, autojump_clock: MockClock
) -> None:
    refusals = [Refusal("full"), AskTimeout("late"), ExceptionGroup("both", [Refusal("full"), AskTimeout("late")])]
    diary, kind, box = desk(period=period)

    class Put(kind):  # type: ignore[misc, valid-type]  # made by desk()
        async def tick(self) -> None:
            if refusals:
                raise refusals.pop()
            await super().tick()

    async with running(Supervisor("root", children=[actor("desk", Put, mailbox=box)])):
        await trio.sleep(3.5 * min(period or LOOK_AGAIN, LOOK_AGAIN))
        assert diary == ["start", "tick"]
        assert await box.ask("letter", timeout=60) == "letter"


async def test_a_tick_that_is_refused_beside_a_bug_is_a_crash() -> None:
    diary, kind, box = desk()
    first = [ExceptionGroup("both", [Refusal("full"), ValueError("a bug")])]

    class Broken(kind):  # type: ignore[misc, valid-type]  # made by desk()
        async def tick(self) -> None:
            if first:
                raise first.pop()
            await super().tick()

    async with running(Supervisor("root", children=[actor("desk", Broken, mailbox=box)])):
        await wait_all_tasks_blocked()
    assert diary == ["start", "stop", "start", "tick", "stop"]


async def test_an_actor_ticks_at_once_each_period_and_when_rung(autojump_clock: MockClock) -> None:
    diary, kind, box = desk(period=10)
    async with running(Supervisor("root", children=[actor("desk", kind, mailbox=box)])):
        await wait_all_tasks_blocked()
        assert diary.count("tick") == 1
        await trio.sleep(35)
        assert diary.count("tick") == 4
        box.ring()
        box.ring()
        await wait_all_tasks_blocked()
        assert diary.count("tick") == 5


async def test_a_ring_during_a_tick_is_not_lost() -> None:
    box = Mailbox("desk")
    ticks: list[int] = []

    class Rung(Actor):
        async def tick(self) -> None:
            ticks.append(1)
            if len(ticks) < 3:
                box.ring()

    async with running(Supervisor("root", children=[actor("rung", Rung, mailbox=box)])):
        await wait_all_tasks_blocked()
        assert len(ticks) == 3


async def test_a_storm_of_rings_does_not_starve_the_letters() -> None:
    box = Mailbox("desk")

    class Stormy(Desk):
        diary: list[str] = []  # noqa: RUF012 - one life only

        async def tick(self) -> None:
            box.ring()

    async with running(Supervisor("root", children=[actor("stormy", Stormy, mailbox=box)])):
        assert await box.ask("letter", timeout=60) == "letter"


async def test_letters_are_handled_one_at_a_time_in_order(autojump_clock: MockClock) -> None:
    diary, kind, box = desk()
    async with running(Supervisor("root", children=[actor("desk", kind, mailbox=box)])), trio.open_nursery() as nursery:
        for message in (3.0, 1.0, "last"):
            nursery.start_soon(box.ask, message, 100)
            await wait_all_tasks_blocked()
    assert diary == ["start", "tick", "handled 3.0", "handled 1.0", "handled last", "stop"]


async def test_with_concurrency_so_many_are_handled_at_once_and_ticks_go_on_beside(autojump_clock: MockClock) -> None:
    diary, kind, box = desk(concurrency=2, period=1.5)
    async with running(Supervisor("root", children=[actor("desk", kind, mailbox=box)])):
        async with trio.open_nursery() as nursery:
            for message in (2.9, 1.0, 1.25):
                nursery.start_soon(box.ask, message, 100)
                await wait_all_tasks_blocked()
            assert box.depth == 1
        assert diary == ["start", "tick", "handled 1.0", "tick", "handled 1.25", "handled 2.9"]


async def test_a_crash_among_several_in_hand_tells_all_their_askers() -> None:
    _, kind, box = desk(concurrency=3)
    died: list[str] = []

    async def ask(message: Any) -> None:
        with pytest.raises(ActorDied):
            await box.ask(message, timeout=100)
        died.append(message)

    async with running(Supervisor("root", children=[actor("desk", kind, mailbox=box)])), trio.open_nursery() as nursery:
        nursery.start_soon(ask, 50.0)
        nursery.start_soon(ask, 60.0)
        await wait_all_tasks_blocked()
        nursery.start_soon(ask, "crash")
    assert len(died) == 3


async def test_the_request_in_hand_at_a_stop_is_answered_that_the_actor_died() -> None:
    _, kind, box = desk()
    async with (
        running(Supervisor("root", children=[actor("desk", kind, mailbox=box)])) as run,
        trio.open_nursery() as nursery,
    ):

        async def ask() -> None:
            with pytest.raises(ActorDied):
                await box.ask(1000.0, timeout=10_000)

        nursery.start_soon(ask)
        await wait_all_tasks_blocked()
        await run.supervisor.stop_child("desk")


async def test_a_spawned_task_that_crashes_is_the_actors_crash() -> None:
    starts: list[int] = []

    class Parent(Actor):
        async def start(self) -> None:
            starts.append(1)
            self.spawn(self._work, "argument", name="work")

        async def _work(self, argument: str) -> None:
            await trio.lowlevel.checkpoint()
            if len(starts) == 1:
                raise OSError(argument)
            await trio.sleep_forever()

    async with running(Supervisor("root", children=[actor("parent", Parent)])) as run:
        await wait_all_tasks_blocked()
        assert len(starts) == 2
        assert run.info("parent").last_error == "OSError: argument"


async def test_spawned_tasks_live_through_stop_and_end_after_it(autojump_clock: MockClock) -> None:
    """So that stop() can ask a server to finish its answers."""
    diary: list[str] = []

    class Server(Actor):
        async def start(self) -> None:
            self.asked_to_finish, self.finished = trio.Event(), trio.Event()
            self.spawn(self._serve_requests)
            self.spawn(self._other)

        async def _serve_requests(self) -> None:
            await self.asked_to_finish.wait()
            await trio.sleep(1)
            diary.append("finished the answers")
            self.finished.set()

        async def _other(self) -> None:
            try:
                await trio.sleep_forever()
            finally:
                diary.append("other cancelled")

        async def stop(self) -> None:
            self.asked_to_finish.set()
            await self.finished.wait()
            diary.append("stopped")

    async with running(Supervisor("root", children=[actor("server", Server)])):
        pass
    assert diary == ["finished the answers", "stopped", "other cancelled"]


async def test_a_task_spawned_by_one_that_is_being_cancelled_ends_too() -> None:
    class Late(Actor):
        async def start(self) -> None:
            self.spawn(self._first)

        async def _first(self) -> None:
            try:
                await trio.sleep_forever()
            finally:
                self.spawn(trio.sleep_forever)

    async with running(Supervisor("root", children=[actor("late", Late)])) as run:
        await run.supervisor.stop()
    assert run.error is None


async def test_stop_is_cut_off_at_the_shutdown_deadline(autojump_clock: MockClock) -> None:
    class Endless(Actor):
        async def stop(self) -> None:
            await trio.sleep_forever()

    async with running(Supervisor("root", children=[actor("endless", Endless, shutdown=3.0)])) as run:
        await run.supervisor.stop()
        assert trio.current_time() == pytest.approx(3)
    assert run.error is None


async def test_stop_is_not_called_when_start_failed() -> None:
    diary: list[str] = []

    class Broken(Desk):
        async def start(self) -> str:
            raise OSError("cannot")

    Broken.diary = diary
    async with running(Supervisor("root")) as run:
        with pytest.raises(Exception, match="root/broken could not be started: OSError: cannot"):
            await run.supervisor.start_child(actor("broken", Broken))
    assert diary == []


async def test_an_actor_with_a_loop_of_its_own_ends_when_that_returns() -> None:
    diary: list[str] = []

    class Once(Desk):
        async def run(self) -> None:
            diary.append("ran")

    Once.diary = diary
    async with running(Supervisor("root", children=[actor("once", Once, restart=Restart.TRANSIENT)])) as run:
        await wait_all_tasks_blocked()
        assert run.states() == {"once": "stopped"}
    assert diary == ["start", "ran", "stop"]


async def test_a_message_nobody_handles_is_a_crash_that_says_so() -> None:
    box = Mailbox("box")
    async with running(Supervisor("root", children=[actor("a", Actor, mailbox=box)])) as run:
        with pytest.raises(ActorDied):
            await box.ask("hello", timeout=60)
        await wait_all_tasks_blocked()
        assert run.info("a").last_error == "NotImplementedError: Actor does not handle str"


async def test_the_askers_correlation_is_set_while_its_letter_is_handled_and_no_longer() -> None:
    ticked: list[str | None] = []

    class Trace(Actor):
        async def handle(self, message: Any) -> Any:
            return correlation.get()

        async def tick(self) -> None:
            ticked.append(correlation.get())

    box = Mailbox("box")
    async with running(Supervisor("root", children=[actor("a", Trace, mailbox=box)])):
        correlation.set("job-1")
        assert await box.ask("which?", timeout=60) == "job-1"
        box.ring()
        await wait_all_tasks_blocked()
        correlation.set(None)
        assert await box.ask("which?", timeout=60) is None
    assert ticked == [None, None]


async def test_a_pool_reads_one_mailbox_with_as_many_actors_as_it_has(autojump_clock: MockClock) -> None:
    """OTP row 46, as far as it has a meaning: a pool's size is fixed, its members come and go."""
    _, kind, box = desk()
    async with running(Supervisor("root", children=[pool("desks", kind, size=3, mailbox=box)])) as run:
        async with trio.open_nursery() as nursery:
            for _ in range(6):
                nursery.start_soon(box.ask, 1.0, 100)
        assert trio.current_time() == pytest.approx(2)
        assert [child.path for child in run.info("desks").children] == [f"root/desks/{n}" for n in (1, 2, 3)]
        with pytest.raises(ActorDied):
            await box.ask("crash", timeout=60)
        await wait_all_tasks_blocked()
        assert sum(child.restarts for child in run.info("desks").children) == 1
        assert run.info("desks").depth == 0
