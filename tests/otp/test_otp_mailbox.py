"""The mailbox: backpressure, replies that leave nothing dangling, the bell, batches."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from mydia.otp import ActorDied, AskTimeout, Mailbox, NoAnswer, Refusal, correlation
from mydia.otp.errors import Unread


async def test_tell_waits_while_the_mailbox_is_full_and_nobody_overtakes() -> None:
    box = Mailbox("box", capacity=2)
    sent: list[int] = []

    async def tell(n: int) -> None:
        await box.tell(n)
        sent.append(n)

    async with trio.open_nursery() as nursery:
        for n in range(5):
            nursery.start_soon(tell, n)
            await wait_all_tasks_blocked()
        assert sent == [0, 1]
        assert box.depth == 2
        read: list[object] = []
        for _ in range(5):
            letter = box.take()
            assert letter is not None
            read.append(letter.message)
            assert box.depth <= 2
        assert read == [0, 1, 2, 3, 4]
    assert sorted(sent) == [0, 1, 2, 3, 4]


async def test_a_sender_that_is_cancelled_while_waiting_sends_nothing() -> None:
    box = Mailbox("box", capacity=1)
    await box.tell("first")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(box.tell, "second")
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert box.take() is not None
    assert box.take() is None


async def serve(box: Mailbox, answer: Callable[[Any], None]) -> None:
    async with box.receive_batch(10) as letters:
        for letter in letters:
            answer(letter)


async def test_ask_returns_the_reply_or_raises_the_refusal() -> None:
    box = Mailbox("box")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve, box, lambda letter: letter.reply(letter.message * 2))
        assert await box.ask(21, timeout=60) == 42
        nursery.start_soon(serve, box, lambda letter: letter.fail(Refusal("not today")))
        with pytest.raises(Refusal, match="not today"):
            await box.ask(21, timeout=60)


async def test_an_unread_request_is_withdrawn_when_its_time_is_up(autojump_clock: MockClock) -> None:
    """OTP row 47."""
    box = Mailbox("box")
    with pytest.raises(Unread, match=r"^box did not answer str within 2.5 s$"):
        await box.ask("hello", timeout=2.5)
    assert box.depth == 0
    assert trio.current_time() == pytest.approx(2.5)


async def test_an_unread_request_is_withdrawn_when_its_asker_is_cancelled() -> None:
    """OTP row 47; and the room it leaves is given to the next who waits."""
    box = Mailbox("box", capacity=1)
    async with trio.open_nursery() as nursery:
        with trio.CancelScope() as scope:
            nursery.start_soon(box.tell, "later")
            scope.cancel()
            await box.ask("cancelled at once", timeout=60)
        asker = trio.CancelScope()

        async def ask() -> None:
            with asker:
                await box.ask("first", timeout=1000)

        await wait_all_tasks_blocked()
        assert box.depth == 1
        box.take()
        nursery.start_soon(ask)
        await wait_all_tasks_blocked()
        nursery.start_soon(box.tell, "second")
        await wait_all_tasks_blocked()
        asker.cancel()
        await wait_all_tasks_blocked()
        letter = box.take()
        assert letter is not None
        assert letter.message == "second"


async def test_an_answer_that_comes_too_late_is_dropped(autojump_clock: MockClock) -> None:
    """OTP row 47: no reply slot is left."""
    box = Mailbox("box")

    async def slow() -> None:
        async with box.receive_batch(1) as letters:
            await trio.sleep(10)
            assert not letters[0].wanted
            letters[0].reply("late")
            letters[0].died()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(slow)
        with pytest.raises(NoAnswer) as late:
            await box.ask("hello", timeout=1)
        assert type(late.value) is AskTimeout  # read: it may have been done


async def test_the_time_spent_waiting_for_room_counts(autojump_clock: MockClock) -> None:
    box = Mailbox("box", capacity=1)
    await box.tell("in the way")
    with pytest.raises(Unread):
        await box.ask("hello", timeout=1)
    assert box.depth == 1


async def test_each_request_has_its_own_time_whatever_others_wait(autojump_clock: MockClock) -> None:
    """Shorter ones that come later, longer ones, those that began at another time, and those that are cancelled meanwhile."""
    box = Mailbox("box")
    began = trio.current_time()
    ended: dict[str, float] = {}

    async def ask(name: str, after: float, timeout: float, cancelled_after: float = math.inf) -> None:
        await trio.sleep(after)
        with trio.move_on_after(cancelled_after):
            with pytest.raises(AskTimeout):
                await box.ask(name, timeout)
            ended[name] = trio.current_time() - began

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask, "long", 0, 30)
        nursery.start_soon(ask, "short", 1, 2)
        nursery.start_soon(ask, "later", 2, 30)
        nursery.start_soon(ask, "cancelled", 2, 30, 5)
        nursery.start_soon(ask, "long after all", 100, 30)
    assert ended == {
        "long": pytest.approx(30),
        "short": pytest.approx(3),
        "later": pytest.approx(32),
        "long after all": pytest.approx(130),
    }
    assert box.depth == 0


async def test_a_request_that_may_wait_for_ever_outlasts_the_others(autojump_clock: MockClock) -> None:
    box = Mailbox("box")
    async with trio.open_nursery() as nursery:

        async def ask_for_ever() -> None:
            assert await box.ask("patient", timeout=math.inf) == "at last"

        nursery.start_soon(ask_for_ever)
        await wait_all_tasks_blocked()
        with pytest.raises(AskTimeout):
            await box.ask("hurried", timeout=5)
        await trio.sleep(80_000)
        letter = box.take()
        assert letter is not None
        assert letter.wanted
        letter.reply("at last")


async def test_a_request_that_is_over_lets_the_next_one_have_all_its_time(autojump_clock: MockClock) -> None:
    box = Mailbox("box")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve, box, lambda letter: letter.reply("done"))
        assert await box.ask("first", timeout=10) == "done"
        await trio.sleep(9)
        began = trio.current_time()
        with pytest.raises(AskTimeout):
            await box.ask("second", timeout=10)
        assert trio.current_time() - began == pytest.approx(10)


async def test_those_who_wait_for_a_reader_are_told_when_none_will_come() -> None:
    """Those whose letter lies unread, and those who still wait for room; what was told stays."""
    box = Mailbox("box", capacity=2)
    told: list[str] = []

    async def ask() -> None:
        with pytest.raises(ActorDied, match=r"^box is not running$"):
            await box.ask("hello", timeout=math.inf)
        told.append("nobody")

    await box.tell("stays")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        nursery.start_soon(ask)
        await wait_all_tasks_blocked()
        box.vacate()
    assert told == ["nobody", "nobody"]
    assert box.depth == 1


async def test_any_number_of_rings_is_one_and_never_blocks() -> None:
    box = Mailbox("box", capacity=1)
    for _ in range(10_000):
        box.ring()
    await box.wait()
    assert box.take_ring()
    assert not box.take_ring()


async def test_wait_returns_for_a_letter_a_ring_or_its_deadline_and_only_for_what_is_wanted(
    autojump_clock: MockClock,
) -> None:
    box = Mailbox("box")
    await box.wait(trio.current_time() + 5)
    assert trio.current_time() == pytest.approx(5)
    box.ring()
    await box.wait(trio.current_time() + 5, ring=False)
    assert trio.current_time() == pytest.approx(10)
    await box.tell("letter")
    await box.wait(ring=False)
    box.take_ring()
    await box.wait(trio.current_time() + 5, letters=False)
    assert trio.current_time() == pytest.approx(15)


async def test_a_batch_is_what_waits_up_to_its_limit() -> None:
    box = Mailbox("box")
    for n in range(5):
        await box.tell(n)
    async with box.receive_batch(3) as letters:
        assert [letter.message for letter in letters] == [0, 1, 2]
    async with box.receive_batch(3) as letters:
        assert [letter.message for letter in letters] == [3, 4]
    box.ring()
    async with box.receive_batch(3) as letters:
        assert letters == []


async def test_letters_in_hand_when_a_batch_fails_are_answered_that_the_actor_died() -> None:
    box = Mailbox("box")
    answers: list[object] = []

    async def ask(n: int) -> None:
        try:
            answers.append(await box.ask(n, timeout=60))
        except ActorDied as error:
            answers.append(str(error))
            assert isinstance(error.__cause__, ValueError)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask, 1)
        await wait_all_tasks_blocked()
        nursery.start_soon(ask, 2)
        await wait_all_tasks_blocked()
        with pytest.raises(ValueError, match="broken"):
            async with box.receive_batch(10) as letters:
                letters[0].reply("done")
                raise ValueError("broken")
    assert sorted(map(str, answers)) == ["box died while handling int", "done"]


async def test_letters_left_unanswered_by_a_batch_are_answered_none() -> None:
    box = Mailbox("box")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve, box, lambda letter: None)
        assert await box.ask("hello", timeout=60) is None


async def test_a_letter_carries_its_senders_correlation() -> None:
    box = Mailbox("box")
    correlation.set("request-7")
    await box.tell("hello")
    correlation.set(None)
    letter = box.take()
    assert letter is not None
    assert letter.correlation == "request-7"


async def test_several_readers_share_a_mailbox_and_each_letter_is_read_once() -> None:
    box = Mailbox("box", capacity=4)
    read: list[int] = []

    async def reader() -> None:
        while True:
            await box.wait()
            if (letter := box.take()) is not None:
                read.append(letter.message)

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(reader)
        for n in range(100):
            await box.tell(n)
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert sorted(read) == list(range(100))
