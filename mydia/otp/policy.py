"""What a supervisor decides, as plain functions over plain data: no clock, no task, no log."""

from collections import deque
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import TypeVar

from .errors import GaveUp
from .spec import AutoShutdown, Restart, Strategy

T = TypeVar("T")


class Exit(Enum):
    """How a child ended, in OTP's classes."""

    NORMAL = "normal"  # it returned
    SHUTDOWN = "shutdown"  # it was told to end, or is a supervisor that gave up in good order
    CRASH = "crash"  # anything else


def flatten(error: BaseException) -> Iterator[BaseException]:
    """The exceptions inside a (nested) group; one that is no group is its own only leaf."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from flatten(inner)
    else:
        yield error


def classify(error: BaseException | None) -> Exit:
    """A supervisor that gave up counts as shutdown, as in OTP: a transient one then stays down and its parent lives."""
    if error is None:
        return Exit.NORMAL
    return Exit.SHUTDOWN if all(isinstance(leaf, GaveUp) for leaf in flatten(error)) else Exit.CRASH


def brought_back(restart: Restart, ended: Exit) -> bool:
    """Whether a child of this restart type is restarted after such an end."""
    return restart is Restart.PERMANENT or (restart is Restart.TRANSIENT and ended is Exit.CRASH)


def share_fate(strategy: Strategy, children: Sequence[T], dead: T) -> Sequence[T]:
    """The children that are stopped (in reverse) and started (in order) when `dead` is restarted, itself included."""
    match strategy:
        case Strategy.ONE_FOR_ONE:
            return [dead]
        case Strategy.ONE_FOR_ALL:
            return children
        case Strategy.REST_FOR_ONE:
            return children[children.index(dead) :]


def shuts_down(auto: AutoShutdown, significant: bool, significant_left: int) -> bool:
    """Whether a supervisor ends after a child ended by itself and was not brought back."""
    match auto:
        case AutoShutdown.NEVER:
            return False
        case AutoShutdown.ANY_SIGNIFICANT:
            return significant
        case AutoShutdown.ALL_SIGNIFICANT:
            return significant and significant_left == 0


class RestartWindow:
    """Counts restarts in a window that slides. The clock is the caller's, in seconds, and never goes back."""

    def __init__(self) -> None:
        self._stamps: deque[float] = deque()

    def allows(self, now: float, max_restarts: int, max_seconds: float) -> bool:
        """Count a restart at `now`; False when it makes more than `max_restarts` within `max_seconds`."""
        self._stamps.append(now)
        while self._stamps[0] < now - max_seconds:
            self._stamps.popleft()
        return len(self._stamps) <= max_restarts
