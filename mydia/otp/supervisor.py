"""The supervisor: starts its children left to right, stops them right to left, and brings back those that crash.

It is one task that does one thing at a time, as OTP's is one process: an inbox holds what is to be done (a child's end, a
retry, somebody's call), so no decision ever meets a half-done other one. The children are tasks of its nursery, each
shielded (see life.py). Being cancelled and stop() take the same way out: the loop is cancelled, then the children are
stopped in order. What to do when a child ends is decided in policy.py.
"""

import math
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import replace
from functools import partial
from typing import Any

import trio
from loguru import logger

from . import errors
from .actors import Actor
from .children import Child
from .errors import GaveUp, StartFailed
from .life import Life, one_line
from .mailbox import Letter
from .policy import Exit, RestartWindow, brought_back, classify, share_fate, shuts_down
from .spec import (
    IGNORE,
    INFINITY,
    AutoShutdown,
    ChildCounts,
    ChildInfo,
    ChildSpec,
    Flags,
    Restart,
    Strategy,
    SupervisorEvent,
)

ABANDON_MARGIN = 1.0
"""Seconds past its shutdown deadline after which a child that ignores cancellation ends the process."""


def exit_process(path: str) -> None:
    """What happens when a child cannot be stopped: Trio has no kill, so the whole process ends, with status 70."""
    logger.critical("{} ignores cancellation past its shutdown deadline: ending the process", path)
    logger.complete()
    os._exit(70)


class _AutomaticShutdown(Exception):
    """A significant child has ended, and with it the reason for this supervisor."""


_ALIVE = ("starting", "running", "restarting")
_parent: ContextVar["Supervisor | None"] = ContextVar("supervisor", default=None)


class Supervisor:
    """See the module's docstring. Raises ValueError naming the argument that is wrong.

    `max_restarts` within `max_seconds` are borne; one more, and it gives up. `on_event` is told what happens, here and in
    nested supervisors that have none of their own; it must not block. `abandon` is called with the path of a child that
    cannot be stopped.
    """

    stops_together = False
    """Whether all children are stopped at once, as those that start_child() added to a one_for_one supervisor always are."""

    def __init__(
        self,
        id: str,  # noqa: A002 - OTP's word
        *,
        strategy: Strategy = Strategy.ONE_FOR_ONE,
        max_restarts: int = 3,
        max_seconds: float = 5.0,
        auto_shutdown: AutoShutdown = AutoShutdown.NEVER,
        max_children: int | None = None,
        children: Sequence[ChildSpec] = (),
        on_event: Callable[[SupervisorEvent], None] | None = None,
        abandon: Callable[[str], None] | None = None,
    ) -> None:
        self.id = id
        self.path = id
        self.flags = Flags(id, strategy, max_restarts, max_seconds, auto_shutdown, max_children)
        self._specs = tuple(children)
        self._given_on_event, self._given_abandon = on_event, abandon
        self._on_event: Callable[[SupervisorEvent], None] | None = None
        self._abandon: Callable[[str], None] = exit_process
        self._nursery: trio.Nursery | None = None
        self._children = self._list_children()

    def child_spec(
        self, restart: Restart = Restart.PERMANENT, *, significant: bool = False, startup: float = INFINITY
    ) -> ChildSpec:
        """This supervisor as another's child. Each restart is a fresh run from the specs given to the constructor."""
        return ChildSpec(
            id=self.id,
            start=self.run,
            restart=restart,
            shutdown=INFINITY,
            startup=startup,
            significant=significant,
            kind="supervisor",
            inside=lambda: self,
        )

    # -- running

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Start the children in order, report ready, supervise. Returns after stop() or an automatic shutdown.

        Raises StartFailed when a first start fails (what had started is stopped again) and GaveUp when the intensity is
        exceeded. Cancelled, it stops the children in order first.
        """
        if self._nursery is not None:
            raise RuntimeError(f"supervisor {self.path} runs already")
        token = self._enter_tree()
        try:
            failure = await self._live(task_status)
        finally:
            self._nursery = None
            for letter in self._calls:
                letter.fail(errors.NotRunning(f"{self.path} has ended"))
            self._over.set()
            _parent.reset(token)
        if failure is not None:
            raise failure

    async def stop(self) -> None:
        """Stop the children, right to left, and end run(). Returns when that is done; at once when not running."""
        if self._nursery is not None:
            self._scope.cancel()
            await self._over.wait()

    def _enter_tree(self) -> Any:
        above = _parent.get()
        self.path = f"{above.path}/{self.id}" if above else self.id
        self._on_event = self._given_on_event or (above._on_event if above else None)
        self._abandon = self._given_abandon or (above._abandon if above else exit_process)
        self._children = self._list_children()
        self._window = RestartWindow()
        self._over = trio.Event()
        self._scope = trio.CancelScope()
        self._calls: set[Letter] = set()
        self._busy = True
        self._todo, self._inbox = trio.open_memory_channel[Callable[[], Awaitable[None]]](math.inf)
        return _parent.set(self)

    async def _live(self, task_status: trio.TaskStatus[None]) -> StartFailed | GaveUp | None:
        failure: StartFailed | GaveUp | None = None
        async with trio.open_nursery() as self._nursery:
            with self._scope:
                try:
                    for child in list(self._children.values()):
                        await self._start(child)
                    task_status.started()
                    await self._supervise()
                except (StartFailed, GaveUp) as error:
                    failure = error
                finally:
                    with trio.CancelScope(shield=True):
                        await self._stop_all()
        return failure

    async def _supervise(self) -> None:
        try:
            while True:
                self._busy = self._inbox.statistics().current_buffer_used > 0
                await (await self._inbox.receive())()
        except _AutomaticShutdown:
            pass

    def _do(self, job: Callable[[], Awaitable[None]]) -> None:
        self._busy = True
        self._todo.send_nowait(job)

    async def _stop_all(self) -> None:
        children = list(self._children.values())
        # Dynamic children of one_for_one have no order among themselves, so a thousand of them share one deadline.
        if self.flags.strategy is Strategy.ONE_FOR_ONE:
            await self._halt(*(child for child in children if child.dynamic or self.stops_together))
        for child in reversed(children):
            await self._halt(child)
            child.vacate()  # it may have been between two lives

    # -- one child's start and end

    async def _start(self, child: Child) -> Any:
        assert self._nursery is not None  # noqa: S101 - only called while running
        spec = child.spec
        child.state = "restarting" if child.state == "restarting" else "starting"
        child.life = life = Life(spec, f"{self.path}/{spec.id}", partial(self._on_end, child))
        if spec.mailbox is not None:
            spec.mailbox.occupy()
        self._nursery.start_soon(life.run, name=life.path)
        with trio.move_on_after(spec.startup):
            await life.settled.wait()
        if not life.settled.is_set():
            await self._halt(child)
            raise StartFailed(life.path, f"it was not ready within {spec.startup:g} s")
        if not life.ready:
            child.life, child.state = None, "stopped"
            raise life.start_failed()
        if life.value is IGNORE:
            await self._halt(child)
            child.state = "ignored"
            if spec.restart is Restart.TEMPORARY:
                self._children.pop(spec.id, None)
        else:
            child.state = "running"
            self._tell("started", life.path)
        return life.value

    async def _halt(self, *children: Child) -> None:
        """Cancel these children at once, and wait for each until its deadline, counted from now."""
        now = trio.current_time()
        lives = [(child, child.life) for child in children if child.life is not None]
        for _, life in lives:
            life.cancel()
        for child, life in lives:
            with trio.move_on_at(now + child.spec.grace + ABANDON_MARGIN):
                await life.ended.wait()
            if not life.ended.is_set():
                self._abandon(life.path)
            elif life.error is not None:
                child.last_error = one_line(life.error)
                logger.bind(actor=life.path).opt(exception=life.error).error(
                    "{} failed while it was being stopped", life.path
                )
            child.life, child.state = None, "stopped"
            child.vacate()
            self._tell("stopped", life.path)

    def _on_end(self, child: Child, life: Life) -> None:
        if life.ready and child.life is life:
            if self._busy:
                # What is being done may be waiting for this very child's answer, as the start of a sibling that asks it.
                child.vacate()
            self._do(partial(self._ended, child, life))

    async def _ended(self, child: Child, life: Life) -> None:
        """A child ended by itself."""
        if child.life is not life:
            return  # meanwhile it was stopped, or restarted along with a sibling
        child.life, child.state = None, "stopped"
        how = classify(life.error)
        if life.error is not None:
            child.last_error = one_line(life.error)
        if how is Exit.CRASH:
            logger.bind(actor=life.path).opt(exception=life.error).error("{} crashed: {}", life.path, child.last_error)
            self._tell("crashed", life.path, child.last_error)
        else:
            self._tell("ended", life.path, child.last_error)
        if brought_back(child.spec.restart, how):
            await self._bring_back(child)
            return
        child.vacate()
        if how is Exit.SHUTDOWN:
            child.state = "down"
        if child.spec.restart is Restart.TEMPORARY:
            del self._children[child.spec.id]
        left = sum(other.spec.significant and other.state in _ALIVE for other in self._children.values())
        if shuts_down(self.flags.auto_shutdown, child.spec.significant, left):
            raise _AutomaticShutdown

    async def _bring_back(self, dead: Child) -> None:
        """Restart a child and those that share its fate; what fails to start is tried again, and counted again."""
        flags = self.flags
        if not self._window.allows(trio.current_time(), flags.max_restarts, flags.max_seconds):
            why = f"more than {flags.max_restarts} restarts in {flags.max_seconds:g} s; the last: {dead.last_error}"
            logger.error("{} gives up: {}", self.path, why)
            self._tell("gave_up", self.path, why)
            raise GaveUp(f"{self.path} gave up: {why}")
        dead.state = "restarting"
        fellows = share_fate(flags.strategy, list(self._children.values()), dead)
        if any(child.life is not None for child in fellows):
            dead.vacate()  # they must end before it comes back, and may be waiting for its answer
        for child in reversed(fellows):
            if child.life is not None:
                await self._halt(child)
                if child.spec.restart is Restart.TEMPORARY:
                    del self._children[child.spec.id]
        for child in fellows:
            if child.spec.id in self._children and not await self._restarted(child):
                return

    async def _restarted(self, child: Child) -> bool:
        path = f"{self.path}/{child.spec.id}"
        child.state = "restarting"
        try:
            await self._start(child)
        except StartFailed as error:
            child.state, child.last_error = "restarting", one_line(error)
            logger.error("{}, and is tried again", error)
            self._tell("start_failed", path, child.last_error)
            self._do(partial(self._retry, child))
            return False
        child.restarts += 1
        self._tell("restarted", path)
        return True

    async def _retry(self, child: Child) -> None:
        # Meanwhile it may have been stopped, or have come back along with a sibling.
        if child.state == "restarting" and self._children.get(child.spec.id) is child:
            await self._bring_back(child)

    def _tell(self, kind: Any, path: str, error: str | None = None) -> None:
        if self._on_event is not None:
            self._on_event(SupervisorEvent(kind=kind, path=path, error=error))

    def _list_children(self) -> dict[str, Child]:
        children: dict[str, Child] = {}
        for spec in self._specs:
            self.flags.check_child(spec)
            if spec.id in children:
                raise ValueError(f"supervisor {self.id!r}: children: two have the id {spec.id!r}")
            children[spec.id] = Child(spec)
        return children

    # -- calls, done by the supervisor's task, one at a time

    async def start_child(self, spec: ChildSpec) -> Any:
        """Add a child after the last and start it; returns what it gave to started(). Its failure changes nothing.

        Raises AlreadyStarted, AlreadyPresent, TooManyChildren, StartFailed, or ValueError for a spec that does not fit.
        """
        return await self._call(partial(self._start_child, spec))

    async def stop_child(self, id: str) -> None:  # noqa: A002 - OTP's word
        """Stop a child (or stop trying to restart it). It stays listed, unless temporary. Raises NotFound."""
        await self._call(partial(self._stop_child, id))

    async def restart_child(self, id: str) -> Any:  # noqa: A002 - OTP's word
        """Start a child that is listed but stopped. Raises NotFound, Running, Restarting, StartFailed."""
        return await self._call(partial(self._restart_child, id))

    async def delete_child(self, id: str) -> None:  # noqa: A002 - OTP's word
        """Forget a stopped child's spec. Raises NotFound, Running, Restarting."""
        await self._call(partial(self._delete_child, id))

    async def kill_child(self, path: str) -> None:
        """Make a child crash as if by a bug of its own, or kill a port's process. Returns when that life is over.

        `path` is as in ChildInfo, at any depth. For tests, and for the brave. Raises NotFound.
        """
        child = self._find(path)
        life = child.life
        if life is None:
            raise errors.NotFound(f"{path} does not run")
        inside = child.inside()
        if isinstance(inside, Actor) and inside.os_pid is not None:
            os.kill(inside.os_pid, signal.SIGKILL)
        else:
            life.kill(errors.Killed(f"{path} was killed from outside"))
        await life.ended.wait()

    def reconfigure(self, **flags: Any) -> None:
        """Change flags while running: strategy, max_restarts, max_seconds, auto_shutdown, max_children.

        They hold from the next decision on. Raises ValueError, and changes nothing, when one is wrong or does not fit
        the children.
        """
        changed = replace(self.flags, **flags)
        for child in self._children.values():
            changed.check_child(child.spec)
        self.flags = changed

    async def _call(self, job: Callable[[], Awaitable[Any]]) -> Any:
        if self._nursery is None:
            raise errors.NotRunning(f"{self.path} does not run")
        letter = Letter(self.path, job, asked=True)
        self._calls.add(letter)
        self._do(partial(self._answer, letter))
        try:
            return await letter.answer()
        finally:
            letter.forget()
            self._calls.discard(letter)

    async def _answer(self, letter: Letter) -> None:
        if letter.wanted:
            try:
                letter.reply(await letter.message())
            except (errors.Refusal, StartFailed, ValueError) as no:
                letter.fail(no)

    async def _start_child(self, spec: ChildSpec) -> Any:
        self.flags.check_child(spec)
        present = self._children.get(spec.id)
        if present is not None:
            if present.state in ("running", "restarting"):
                raise errors.AlreadyStarted(f"{self.path} runs a child {spec.id!r} already")
            raise errors.AlreadyPresent(f"{self.path} has a child {spec.id!r} already; it is {present.state}")
        if self.flags.max_children is not None and len(self._children) >= self.flags.max_children:
            raise errors.TooManyChildren(f"{self.path} has {len(self._children)} children, and may not have more")
        child = self._children[spec.id] = Child(spec, dynamic=True)
        try:
            return await self._start(child)
        except StartFailed:
            del self._children[spec.id]
            child.vacate()
            raise

    async def _stop_child(self, id: str) -> None:  # noqa: A002
        child = self._child(id)
        await self._halt(child)
        child.state = "stopped"
        child.vacate()
        if child.spec.restart is Restart.TEMPORARY:
            del self._children[id]

    async def _restart_child(self, id: str) -> Any:  # noqa: A002
        child = self._idle(id)
        try:
            return await self._start(child)
        except StartFailed:
            child.vacate()
            raise

    async def _delete_child(self, id: str) -> None:  # noqa: A002
        self._idle(id)
        del self._children[id]

    def _child(self, id: str) -> Child:  # noqa: A002
        try:
            return self._children[id]
        except KeyError:
            raise errors.NotFound(f"{self.path} has no child {id!r}") from None

    def _idle(self, id: str) -> Child:  # noqa: A002
        child = self._child(id)
        if child.state == "restarting":
            raise errors.Restarting(f"{self.path}/{id} is being restarted")
        if child.life is not None:
            raise errors.Running(f"{self.path}/{id} runs")
        return child

    # -- introspection: plain reads, at any time

    def children(self, recursive: bool = True) -> list[ChildInfo]:
        """The children in start order, with theirs inside when `recursive`."""
        infos = []
        for child in self._children.values():
            branch = self._branch(child) if recursive else None
            infos.append(child.info(self.path, branch.children() if branch else ()))
        return infos

    def count_children(self) -> ChildCounts:
        """How many are listed and run, this level only."""
        children = self._children.values()
        supervisors = sum(child.spec.kind == "supervisor" for child in children)
        return ChildCounts(
            specs=len(children),
            active=sum(child.state == "running" for child in children),
            supervisors=supervisors,
            workers=len(children) - supervisors,
        )

    @staticmethod
    def _branch(child: Child) -> "Supervisor | None":
        inside = child.inside()
        return inside if isinstance(inside, Supervisor) else None

    def _find(self, path: str) -> Child:
        first, _, rest = path.removeprefix(f"{self.path}/").partition("/")
        child = self._child(first)
        if not rest:
            return child
        branch = self._branch(child)
        if branch is None:
            raise errors.NotFound(f"{self.path}/{first} has no children")
        return branch._find(rest)
