"""A stage for the kit's tests: children that do as they are told and a diary of what they did."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import trio
from trio.testing import wait_all_tasks_blocked

from mydia.otp import ChildInfo, ChildSpec, Supervisor


class Player:
    """A child with a script. The diary gets "+a" when it is ready and "-a" when it ends; `generation` counts lives."""

    def __init__(self, name: str, diary: list[str] | None = None, *, fails: int = 0, **spec: Any) -> None:
        self.name = name
        self.diary = [] if diary is None else diary
        self.fails = fails  # how many of the next starts fail
        self.generation = 0
        self.alive = 0
        self.on_cancel: Callable[[], Any] | None = None  # an async function, called when it is being stopped
        self.spec = ChildSpec(id=name, start=self.live, **spec)

    async def live(self, *, task_status: trio.TaskStatus[int]) -> None:
        if self.fails:
            self.fails -= 1
            raise OSError(f"{self.name} cannot start")
        self.generation += 1
        self.alive += 1
        self.diary.append(f"+{self.name}")
        self._cue = trio.Event()
        self._error: BaseException | None = None
        task_status.started(self.generation)
        try:
            with trio.CancelScope() as self.own_scope:
                await self._cue.wait()
            if self._error is not None:
                raise self._error
        except trio.Cancelled:
            if self.on_cancel is not None:
                await self.on_cancel()
            raise
        finally:
            self.alive -= 1
            self.diary.append(f"-{self.name}")

    async def finish(self) -> None:
        """Return, and wait until all has come to rest."""
        self._cue.set()
        await wait_all_tasks_blocked()

    async def crash(self, error: BaseException | None = None) -> None:
        """Raise, and wait until all has come to rest."""
        self._error = error or RuntimeError(f"{self.name} crashed")
        await self.finish()


class Run:
    """A supervisor's run: `error` is what it raised, once `over`."""

    def __init__(self, supervisor: Supervisor) -> None:
        self.supervisor = supervisor
        self.error: Exception | None = None
        self.over = trio.Event()

    async def go(self, *, task_status: trio.TaskStatus[None]) -> None:
        try:
            await self.supervisor.run(task_status=task_status)
        except Exception as error:  # noqa: BLE001 - what it raises is what the test looks at
            self.error = error
        finally:
            self.over.set()

    def states(self) -> dict[str, str]:
        return {child.id: child.state for child in self.supervisor.children()}

    def info(self, id: str) -> ChildInfo:  # noqa: A002 - OTP's word
        return next(child for child in self.supervisor.children() if child.id == id)


@asynccontextmanager
async def running(supervisor: Supervisor) -> AsyncIterator[Run]:
    """Run it, wait until its children are ready, and stop it at the end."""
    run = Run(supervisor)
    async with trio.open_nursery() as nursery:
        await nursery.start(run.go)
        yield run
        await supervisor.stop()


async def outcome(supervisor: Supervisor) -> BaseException | None:
    """Run it to its end, and return what it raised."""
    run = Run(supervisor)
    await run.go(task_status=trio.TASK_STATUS_IGNORED)
    return run.error


def players(names: str, diary: list[str], **spec: Any) -> list[Player]:
    """One player for each letter."""
    return [Player(name, diary, **spec) for name in names]
