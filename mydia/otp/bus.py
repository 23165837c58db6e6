"""The bus: what was committed is told to whoever listens now. It keeps nothing; the events table does that."""

from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

import trio


class Lagged(Exception):
    """The subscriber was too slow and has been cut off: it must read what it missed elsewhere, and subscribe anew."""


class Bus:
    """publish() never waits and never fails, whatever its subscribers do."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    def publish(self, event: object) -> None:
        """Hand `event` to every subscriber whose filter accepts it."""
        for subscription in tuple(self._subscriptions):
            subscription._offer(event)

    def subscribe(
        self,
        capacity: int = 256,
        filter: Callable[[object], bool] | None = None,  # noqa: A002 - the word for it
    ) -> "Subscription":
        """Listen, from entering the subscription's `with` until leaving it:

            with bus.subscribe() as events:
                async for event in events: ...

        With `capacity` events unread, the next one cuts it off: iteration yields what is buffered, then raises Lagged.
        What the filter raises is raised there too.
        """
        return Subscription(self, capacity, filter)

    @property
    def listeners(self) -> int:
        """How many subscriptions are open."""
        return len(self._subscriptions)


class Subscription:
    """Events since it was entered. One task may iterate it."""

    def __init__(self, bus: Bus, capacity: int, accepts: Callable[[object], bool] | None) -> None:
        self._bus = bus
        self._capacity = capacity
        self._accepts = accepts
        self._events: deque[object] = deque()
        self._cut: Exception | None = None
        self._wakeup = trio.lowlevel.ParkingLot()

    def __enter__(self) -> Self:
        self._bus._subscriptions.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bus._subscriptions.discard(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> object:
        await trio.lowlevel.checkpoint()
        while not self._events:
            if self._cut is not None:
                raise self._cut
            await self._wakeup.park()
        return self._events.popleft()

    def _offer(self, event: object) -> None:
        try:
            if self._accepts is not None and not self._accepts(event):
                return
            if len(self._events) >= self._capacity:
                raise Lagged(f"more than {self._capacity} events were unread")
        except Exception as error:  # noqa: BLE001 - the subscriber's fault, raised where it iterates, not at the publisher
            self._cut = error
            self._bus._subscriptions.discard(self)
        else:
            self._events.append(event)
        self._wakeup.unpark_all()
