"""The mailbox: an actor's address, and the letters it has not read yet.

It belongs to the house, not to the actor: when an actor dies its successor reads on where it stopped. Only the letters
in hand at the death are lost, and whoever asked is told so (ActorDied). Where no successor is in sight (the actor was
stopped, gave up, or those that depend on it must end first) asking fails at once instead of waiting for nobody.

For senders:    tell() waits while full · ask() waits for the reply, never longer than its timeout · ring() never blocks.
For an actor with a loop of its own (most have Actor.run's): wait() until there is something to do, then
take_ring(), and `async with receive_batch(limit)` for the letters; see there.
"""

import contextlib
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

import trio
from loguru import logger

from .errors import ActorDied, AskTimeout, NobodyThere, Unread
from .timeouts import timeouts

correlation: ContextVar[str | None] = ContextVar("correlation", default=None)
"""What the work at hand belongs to (a request's or job's id). It travels with each letter into handle(), and into
threads, so that log lines from several actors can be joined. Set it where work begins."""


class Letter:
    """A message in a mailbox and, when somebody asks, the one reply to it. The first answer counts.

    `wanted` is whether somebody still waits for the answer: one task, which is woken by it.
    """

    __slots__ = ("_asker", "_error", "_reply", "asked", "correlation", "message", "to", "waits", "wanted")

    def __init__(self, to: str, message: Any, *, asked: bool) -> None:
        self.to = to
        self.message = message
        self.asked = asked
        self.waits = False  # unread: in the mailbox, or for room in it
        self.correlation = correlation.get()
        self.wanted = asked
        self._asker: trio.lowlevel.Task | None = None
        self._reply: Any = None
        self._error: BaseException | None = None

    def reply(self, value: object = None) -> None:
        """Answer. Nobody waiting (any more), the value is dropped."""
        if self.wanted:
            self._reply = value
            self._answered()

    def fail(self, error: BaseException) -> None:
        """Answer with an exception, which ask() raises. Where nobody asked, a refusal is worth a line in the log."""
        if self.wanted:
            self._error = error
            self._answered()
        elif not self.asked:
            logger.warning("{} refused {}, which nobody had asked: {}", self.to, type(self.message).__name__, error)

    def forget(self) -> None:
        """Nobody waits any more: what is answered now is dropped."""
        self.wanted = False

    def expire(self, seconds: float) -> None:
        """Answer that no answer came in time."""
        late = Unread if self.waits else AskTimeout
        self.fail(late(f"{self.to} did not answer {type(self.message).__name__} within {seconds:g} s"))

    def died(self, cause: BaseException | None = None) -> None:
        """Answer that the actor died with this letter in hand."""
        if self.wanted:
            error = ActorDied(f"{self.to} died while handling {type(self.message).__name__}")
            error.__cause__ = cause if isinstance(cause, Exception) else None
            self.fail(error)

    async def answer(self) -> Any:
        """Wait for the answer: return it, or raise what it failed with."""
        if self.wanted:
            self._asker = trio.lowlevel.current_task()
            await trio.lowlevel.wait_task_rescheduled(self._leave)
        else:
            await trio.lowlevel.checkpoint()
        if self._error is not None:
            raise self._error
        return self._reply

    def _answered(self) -> None:
        self.wanted = False
        if self._asker is not None:
            trio.lowlevel.reschedule(self._asker)
            self._asker = None

    def _leave(self, _: object) -> trio.lowlevel.Abort:
        self._asker = None
        return trio.lowlevel.Abort.SUCCEEDED


class Mailbox:
    """A bounded queue of letters, and a bell. `capacity` letters wait at most; then tell() and ask() wait, in order.

    Several actors may read one mailbox (a pool): each letter goes to one of them.
    """

    def __init__(self, name: str, capacity: int = 1024) -> None:
        if capacity < 1:
            raise ValueError(f"mailbox {name!r}: capacity must be at least 1, not {capacity!r}")
        self.name = name
        self.capacity = capacity
        self._letters: deque[Letter] = deque()
        self._rung = False
        self._vacant = False
        # All readers wake for each letter and ring: they are few, and each knows best what it waits for.
        self._readers = trio.lowlevel.ParkingLot()
        # Letters waiting for room, and who waits only for that (tell): the reader who makes room moves the letter in itself,
        # so nobody who comes later overtakes, and the capacity is never exceeded.
        self._outside: OrderedDict[Letter, trio.lowlevel.Task | None] = OrderedDict()

    def __repr__(self) -> str:
        return f"<Mailbox {self.name} {self.depth}/{self.capacity}>"

    @property
    def depth(self) -> int:
        """How many letters wait unread."""
        return len(self._letters)

    # -- for senders

    async def tell(self, message: object) -> None:
        """Send, without an answer; wait while the mailbox is full. Returning means queued, not done."""
        await trio.lowlevel.checkpoint_if_cancelled()
        letter = Letter(self.name, message, asked=False)
        if self._put(letter):
            await trio.lowlevel.cancel_shielded_checkpoint()
        else:
            await self._wait_for_room(letter)

    async def ask(self, message: object, timeout: float) -> Any:
        """Send and wait for what handle() returns, for at most `timeout` seconds, waiting for room included.

        Raises what the actor refused with (a Refusal), ActorDied (also when none will run), or AskTimeout. When the time
        is up (Unread, then), or the asker is cancelled, an unread letter is withdrawn.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        if self._vacant:
            raise self._nobody()
        letter, times = Letter(self.name, message, asked=True), timeouts()
        letter.waits = True
        if not self._put(letter):
            self._outside[letter] = None
        times.add(letter, timeout)
        try:
            return await letter.answer()
        finally:
            times.remove(letter, timeout)
            letter.forget()
            self._withdraw(letter)

    def ring(self) -> None:
        """Make the actor tick() soon. Never blocks; any number of rings before the tick are one."""
        self._rung = True
        self._wake()

    # -- for the supervisor

    def vacate(self) -> None:
        """There is no reader and none in sight: what is asked, and was asked but not read, fails. What was told waits."""
        self._vacant = True
        for letter in (*self._letters, *self._outside):
            if letter.wanted:
                letter.fail(self._nobody())

    def occupy(self) -> None:
        """There is a reader, or soon will be."""
        self._vacant = False

    def _nobody(self) -> ActorDied:
        return NobodyThere(f"{self.name} is not running")

    # -- inside

    def _put(self, letter: Letter) -> bool:
        if len(self._letters) >= self.capacity:
            return False
        letter.waits = True
        self._letters.append(letter)
        self._wake()
        return True

    def _wake(self) -> None:
        if self._readers:
            self._readers.unpark_all()

    async def _wait_for_room(self, letter: Letter) -> None:
        self._outside[letter] = trio.lowlevel.current_task()

        def leave(_: object) -> trio.lowlevel.Abort:
            del self._outside[letter]
            return trio.lowlevel.Abort.SUCCEEDED

        await trio.lowlevel.wait_task_rescheduled(leave)

    def _admit(self) -> None:
        while self._outside and len(self._letters) < self.capacity:
            letter, teller = self._outside.popitem(last=False)
            self._put(letter)
            if teller is not None:
                trio.lowlevel.reschedule(teller)

    def _withdraw(self, letter: Letter) -> None:
        if letter in self._outside:
            del self._outside[letter]
        elif letter.waits:
            self._letters.remove(letter)
            self._admit()

    # -- for the reader

    async def wait(self, until: float = float("inf"), *, letters: bool = True, ring: bool = True) -> None:
        """Return when there is a letter, when rung, or at the time `until` (of trio.current_time()). A checkpoint.

        Another reader may be faster: take() may still find nothing.
        """
        await trio.lowlevel.checkpoint()
        while not ((letters and self._letters) or (ring and self._rung)):
            with trio.move_on_at(until) as waiting:
                await self._readers.park()
            if waiting.cancelled_caught:
                return

    def take_ring(self) -> bool:
        """Whether it has been rung since the last take_ring()."""
        rung, self._rung = self._rung, False
        return rung

    def take(self) -> Letter | None:
        """The oldest letter, or None. The taker must answer it, whatever happens; receive_batch() sees to that."""
        if not self._letters:
            return None
        letter = self._letters.popleft()
        letter.waits = False
        self._admit()
        return letter

    @contextlib.asynccontextmanager
    async def receive_batch(self, limit: int, until: float = float("inf")) -> AsyncIterator[list[Letter]]:
        """Wait as wait() does, then take up to `limit` letters (none when rung, or at `until`).

            async with mailbox.receive_batch(500) as letters:
                for letter in letters:
                    letter.reply(...)  # or letter.fail(refusal)

        Letters that have no answer yet when the block ends are answered None; when it ends by an exception, ActorDied.
        """
        await self.wait(until)
        letters = [self._letters.popleft() for _ in range(min(limit, len(self._letters)))]
        for letter in letters:
            letter.waits = False
        self._admit()
        try:
            yield letters
        except BaseException as error:
            for letter in letters:
                letter.died(error)
            raise
        for letter in letters:
            letter.reply()
