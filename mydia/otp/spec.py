"""The kit's plain data: child specs, restart types, strategies, and what children() shows. Nothing here runs."""

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Literal, Protocol

import trio

from .mailbox import Mailbox


class Restart(Enum):
    """When a child that ended is brought back."""

    PERMANENT = "permanent"  # always
    TRANSIENT = "transient"  # only after a crash
    TEMPORARY = "temporary"  # never; its spec is forgotten when it ends


class Strategy(Enum):
    """Which siblings share the fate of a child that crashed."""

    ONE_FOR_ONE = "one_for_one"  # none
    ONE_FOR_ALL = "one_for_all"  # all
    REST_FOR_ONE = "rest_for_one"  # those started after it


class AutoShutdown(Enum):
    """Whether a supervisor ends, normally, when its significant children have ended by themselves."""

    NEVER = "never"
    ANY_SIGNIFICANT = "any_significant"
    ALL_SIGNIFICANT = "all_significant"


class BrutalKill(Enum):
    BRUTAL_KILL = "brutal_kill"


class Ignore(Enum):
    IGNORE = "ignore"


BRUTAL_KILL: Final = BrutalKill.BRUTAL_KILL  # shutdown: no grace at all
IGNORE: Final = Ignore.IGNORE  # what start() returns to say "nothing for me to do here"; not an error
INFINITY: Final = math.inf  # shutdown or startup: wait for ever

Kind = Literal["worker", "supervisor", "port", "step"]
State = Literal["starting", "running", "restarting", "stopped", "ignored", "down"]


class StartFunction(Protocol):
    """What a child runs: reports readiness by task_status.started(value), then lives until it returns, crashes or is
    cancelled. Anything made for `trio.Nursery.start` fits."""

    def __call__(self, *, task_status: trio.TaskStatus[Any]) -> Awaitable[object]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """How to start, restart and stop one child. Raises ValueError naming the field that is wrong.

    `shutdown` and `startup` are seconds: what the child gets to end after being cancelled, and to become ready.
    `significant` children count for their supervisor's auto_shutdown. `mailbox` is what it reads, so that askers are told when it
    does not run. `inside` returns the living actor or supervisor, or None; for introspection.
    """

    id: str
    start: StartFunction
    restart: Restart = Restart.PERMANENT
    shutdown: float | BrutalKill = 5.0
    startup: float = 30.0
    significant: bool = False
    kind: Kind = "worker"
    mailbox: Mailbox | None = None
    inside: Callable[[], object] | None = None

    def __post_init__(self) -> None:
        check = _Check(f"child spec {self.id!r}")
        check("id", isinstance(self.id, str) and self.id and "/" not in self.id, "a name without '/'", self.id)
        check("start", callable(self.start), "an async function that takes task_status", self.start)
        check("restart", isinstance(self.restart, Restart), "a Restart", self.restart)
        brutal = self.shutdown is BRUTAL_KILL
        check("shutdown", brutal or _seconds(self.shutdown), "seconds >= 0, BRUTAL_KILL or INFINITY", self.shutdown)
        check("startup", _seconds(self.startup) and self.startup > 0, "seconds > 0 or INFINITY", self.startup)
        check("significant", isinstance(self.significant, bool), "a bool", self.significant)
        never = self.significant and self.restart is Restart.PERMANENT
        check("significant", not never, "False for a permanent child, which never ends by itself", self.significant)
        check("kind", self.kind in Kind.__args__, f"one of {Kind.__args__}", self.kind)  # type: ignore[attr-defined] # Literal's values
        check("mailbox", self.mailbox is None or isinstance(self.mailbox, Mailbox), "a Mailbox or None", self.mailbox)
        check("inside", self.inside is None or callable(self.inside), "a function or None", self.inside)

    @property
    def grace(self) -> float:
        """Seconds the child gets to end after being cancelled."""
        return 0.0 if isinstance(self.shutdown, BrutalKill) else self.shutdown


@dataclass(frozen=True, slots=True)
class Flags:
    """What a supervisor goes by. Raises ValueError naming the flag that is wrong."""

    id: str
    strategy: Strategy
    max_restarts: int
    max_seconds: float
    auto_shutdown: AutoShutdown
    max_children: int | None

    def __post_init__(self) -> None:
        check = _Check(f"supervisor {self.id!r}")
        check("id", isinstance(self.id, str) and self.id and "/" not in self.id, "a name without '/'", self.id)
        check("strategy", isinstance(self.strategy, Strategy), "a Strategy", self.strategy)
        check("max_restarts", _count(self.max_restarts), "a whole number >= 0", self.max_restarts)
        finite = _seconds(self.max_seconds) and 0 < self.max_seconds < INFINITY
        check("max_seconds", finite, "finite seconds > 0", self.max_seconds)
        check("auto_shutdown", isinstance(self.auto_shutdown, AutoShutdown), "an AutoShutdown", self.auto_shutdown)
        limit = self.max_children
        check("max_children", limit is None or _count(limit), "a whole number >= 0, or None", limit)

    def check_child(self, spec: ChildSpec) -> None:
        """Raise ValueError when such a child makes no sense under these flags."""
        idle = spec.significant and self.auto_shutdown is AutoShutdown.NEVER
        _Check(f"child spec {spec.id!r}")("significant", not idle, "False where auto_shutdown is NEVER", True)


def step(id: str, fn: Callable[[], Awaitable[object]], *, startup: float = 60.0) -> ChildSpec:  # noqa: A002 - OTP's word
    """A boot step: a temporary child that is ready when `fn` is done, so what stands after it starts after it.

    Its failure is a failed start. Done, it is forgotten, and runs again only when its supervisor starts anew.
    """

    async def run(*, task_status: trio.TaskStatus[object]) -> None:
        task_status.started(await fn())

    return ChildSpec(id=id, start=run, restart=Restart.TEMPORARY, shutdown=5.0, startup=startup, kind="step")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildInfo:
    """One child as children() shows it. Times are seconds on Trio's monotonic clock; `last_error` is one redacted line."""

    path: str
    id: str
    kind: Kind
    state: State
    restart: Restart
    restarts: int = 0
    started_at: float | None = None
    last_error: str | None = None
    depth: int | None = None
    capacity: int | None = None
    os_pid: int | None = None
    children: tuple["ChildInfo", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildCounts:
    """OTP's count_children: `active` ones run; `specs` are all that are listed, restarting and stopped ones too."""

    specs: int
    active: int
    supervisors: int
    workers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisorEvent:
    """Something a supervisor did, for metrics and pages. `error` is one redacted line."""

    kind: Literal["started", "crashed", "restarted", "start_failed", "ended", "stopped", "gave_up"]
    path: str
    error: str | None = None
    at: float = field(default_factory=trio.current_time)


class _Check:
    """Raises ValueError that names the owner and the field."""

    def __init__(self, owner: str) -> None:
        self.owner = owner

    def __call__(self, name: str, holds: object, wanted: str, value: object) -> None:
        if not holds:
            raise ValueError(f"{self.owner}: {name} must be {wanted}, not {value!r}")


def _seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
