"""Waiting for what another process does: look again and again until it is so, with a deadline that is far away."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import trio

T = TypeVar("T")


async def eventually(look: Callable[[], Awaitable[T | None]], *, within: float = 120.0, every: float = 0.05) -> T:
    """The first truthy value of `look`. Fails, showing the last one, when none comes in time."""
    value: T | None = None
    with trio.move_on_after(within):
        while not (value := await look()):  # noqa: ASYNC110  # another process gives no event
            await trio.sleep(every)
        return value
    raise AssertionError(f"It did not come true within {within:g} s; the last look gave {value!r}")
