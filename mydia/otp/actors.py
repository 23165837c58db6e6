"""The actor: one trade, with a mailbox before it and a supervisor above it.

Its life: `start()`, which the supervisor waits for; then `run()`, which calls `handle()` for each letter and `tick()` at
once, each `period` seconds and when rung; then `stop()`, however run() ended. Whatever start, handle, tick or a spawned
task raises is the actor's crash: a new instance is made by the factory and reads on from the same mailbox. Two things are
none: a Refusal raised by handle() is an answer to the asker; and a tick() that was refused what it asked of others, or got
no answer, has looked too early: it looks again.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import trio
from loguru import logger

from .errors import NoAnswer, Refusal
from .mailbox import Letter, Mailbox, correlation
from .policy import flatten
from .spec import BRUTAL_KILL, IGNORE, INFINITY, BrutalKill, ChildSpec, Kind, Restart

LOOK_AGAIN = 5.0
"""Seconds until a tick that was put off, unless its period is shorter."""


class Actor:
    """Subclass and fill in what is needed. A new instance is made at each (re)start, so no state survives a crash."""

    kind: Kind = "worker"
    period: float | None = None
    """Seconds between ticks; None: tick() only at start and when rung."""
    concurrency: int = 1
    """How many handle() run at once. With 1, handle() and tick() never overlap either; otherwise a tick runs beside."""
    mailbox: Mailbox
    """Set before start()."""

    os_pid: int | None = None
    """The process behind it, where there is one (a port)."""

    _nursery: trio.Nursery
    _spawned: set[trio.CancelScope]
    _over = False
    _put_off = False

    async def start(self) -> Any:
        """Become ready; the next sibling starts when this returns. IGNORE: nothing to do here, end quietly."""

    async def handle(self, message: Any) -> Any:
        """Do what one letter asks; what is returned is the reply. Raise a Refusal to say no."""
        raise NotImplementedError(f"{type(self).__name__} does not handle {type(message).__name__}")

    async def tick(self) -> None:
        """Look for work. Rings are lossless but count as one: do all there is to do. Put off where others refuse or do not answer: what
        was done is done again then."""

    async def stop(self) -> None:
        """Say goodbye. Called once start() has succeeded, however the actor ended: run() and the letter in hand are over,
        spawned tasks still live and are cancelled afterwards. Shielded, but cancelled at the shutdown deadline."""

    async def run(self) -> None:
        """Serve the mailbox and the clock, for ever. Override it for a loop of another kind; to return is to end."""
        if self.concurrency == 1:
            await self._serve()
            return
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(self._serve, letters=False))
            for _ in range(self.concurrency):
                nursery.start_soon(partial(self._serve, ticks=False))

    def spawn(self, fn: Callable[..., Awaitable[object]], *args: object, name: object = None) -> None:
        """Run a task beside the loop. Its crash is the actor's crash; it is cancelled when the actor ends."""
        self._nursery.start_soon(self._shielded, fn, args, name=name or fn)

    # -- what the kit does with it

    async def _serve(self, *, ticks: bool = True, letters: bool = True) -> None:
        due = trio.current_time() if ticks else INFINITY
        while True:
            # At most one tick, then at most one letter: neither can starve the other.
            if ticks and (self.mailbox.take_ring() or trio.current_time() >= due):
                pause = await self._ticked()
                due = trio.current_time() + pause
            await self.mailbox.wait(due, letters=letters, ring=ticks)
            if letters and (letter := self.mailbox.take()) is not None:
                await self._answer(letter)

    async def _ticked(self) -> float:
        """Tick; seconds until the next."""
        try:
            await self.tick()
        except Exception as error:
            if not all(isinstance(leaf, Refusal | NoAnswer) for leaf in flatten(error)):
                raise
            if not self._put_off:  # once, however long it lasts
                logger.warning("{} looks again later: {}", self.mailbox.name, next(flatten(error)))
            self._put_off = True
            return LOOK_AGAIN if self.period is None else min(self.period, LOOK_AGAIN)
        self._put_off = False
        return INFINITY if self.period is None else self.period

    async def _answer(self, letter: Letter) -> None:
        correlation.set(letter.correlation)
        try:
            reply = await self.handle(letter.message)
        except Refusal as no:
            letter.fail(no)
        except BaseException as error:
            letter.died(error)
            raise
        else:
            letter.reply(reply)
        finally:
            correlation.set(None)

    async def _shielded(self, fn: Callable[..., Awaitable[object]], args: tuple[object, ...]) -> None:
        # Shielded so that stop() still finds it alive: a server, say, that must be told to finish its answers.
        with trio.CancelScope(shield=True) as scope:
            self._spawned.add(scope)
            if self._over:
                scope.cancel()
            await fn(*args)
        self._spawned.discard(scope)

    async def _live(self, mailbox: Mailbox, grace: float, task_status: trio.TaskStatus[Any]) -> None:
        """One life, from start() to stop(). Called by the kit."""
        self.mailbox = mailbox
        self._spawned = set()
        async with trio.open_nursery() as self._nursery:
            try:
                value = await self.start()
                task_status.started(value)
                if value is IGNORE:
                    return
                try:
                    await self.run()
                finally:
                    with trio.move_on_after(grace, shield=True) as goodbye:
                        await self.stop()
                    if goodbye.cancelled_caught and grace > 0:
                        logger.warning("stop() was cut off after its {:g} s", grace)
            finally:
                self._over = True
                self._nursery.cancel_scope.cancel()
                for scope in self._spawned:
                    scope.cancel()


def actor(
    id: str,  # noqa: A002 - OTP's word
    factory: Callable[[], Actor],
    *,
    mailbox: Mailbox | None = None,
    restart: Restart = Restart.PERMANENT,
    shutdown: float | BrutalKill = 5.0,
    startup: float = 30.0,
    significant: bool = False,
) -> ChildSpec:
    """The spec of an actor: `factory` makes a new instance at each (re)start, `mailbox` is shared by all of them."""
    box = mailbox or Mailbox(id)
    alive: list[Actor] = []  # the living instance, for children(); empty between two lives

    async def start(*, task_status: trio.TaskStatus[Any]) -> None:
        instance = factory()
        alive[:] = [instance]
        try:
            await instance._live(box, 0.0 if shutdown is BRUTAL_KILL else shutdown, task_status)
        finally:
            alive.clear()

    return ChildSpec(
        id=id,
        start=start,
        restart=restart,
        shutdown=shutdown,
        startup=startup,
        significant=significant,
        kind=_kind(factory),
        mailbox=box,
        inside=lambda: alive[0] if alive else None,
    )


def _kind(factory: Callable[[], Actor]) -> Kind:
    return factory.kind if isinstance(factory, type) and issubclass(factory, Actor) else "worker"
