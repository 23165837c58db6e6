"""Timeouts of very many short waits: one task sleeps for all of them, since a cancel scope costs more than such a wait itself.

Waits of one length end in the order in which they began: of each length, the first that is still waited is the next whose time is up.
"""

import math
from typing import Protocol

import trio


class Expiring(Protocol):
    def expire(self, seconds: float) -> None:
        """These `seconds` are over. Must not raise."""
        ...


class Timeouts:
    """Those of one trio.run. What was added must be removed by whoever added it, also when its time was up."""

    def __init__(self) -> None:
        self._ends: dict[float, dict[Expiring, float]] = {}
        self._sleep: trio.CancelScope | None = None

    def add(self, what: Expiring, seconds: float) -> None:
        """Have it expire in so many seconds, unless it is removed before. Of a few lengths, not of any."""
        end = trio.current_time() + seconds
        self._ends.setdefault(seconds, {})[what] = end
        if self._sleep is None:
            self._sleep = trio.CancelScope(deadline=end)
            trio.lowlevel.spawn_system_task(self._watch)
        elif end < self._sleep.deadline:
            self._sleep.deadline = end

    def remove(self, what: Expiring, seconds: float) -> None:
        self._ends[seconds].pop(what, None)

    async def _watch(self) -> None:
        # Most that is added is removed long before its time, so this wakes about once in the shortest length while there is anything.
        while self._sleep is not None:
            with self._sleep:
                await trio.sleep_forever()
            soonest = min((self._expire(seconds) for seconds in self._ends), default=math.inf)
            self._sleep = trio.CancelScope(deadline=soonest) if soonest < math.inf else None

    def _expire(self, seconds: float) -> float:
        """Let those of one length expire whose time is up; when the next one's is."""
        waits, now = self._ends[seconds], trio.current_time()
        while waits:
            what, end = next(iter(waits.items()))
            if end > now:
                return end
            del waits[what]
            what.expire(seconds)
        return math.inf


_timeouts: trio.lowlevel.RunVar[Timeouts] = trio.lowlevel.RunVar("timeouts")


def timeouts() -> Timeouts:
    """Those of this run."""
    try:
        return _timeouts.get()
    except LookupError:
        _timeouts.set(Timeouts())
        return _timeouts.get()
