"""The bus: publishing never waits; who lags is cut off."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from mydia.otp import Bus, Lagged


async def test_every_subscriber_gets_what_is_published_while_it_listens_in_order() -> None:
    bus = Bus()
    bus.publish("before")
    with bus.subscribe() as first, bus.subscribe() as second:
        for n in range(3):
            bus.publish(n)
        assert [await anext(first) for _ in range(3)] == [0, 1, 2]
        assert [await anext(second) for _ in range(3)] == [0, 1, 2]
    bus.publish("after")
    assert bus.listeners == 0


async def test_a_waiting_subscriber_wakes() -> None:
    bus = Bus()
    got: list[object] = []

    async def listen() -> None:
        with bus.subscribe() as events:
            async for event in events:
                got.append(event)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(listen)
        await wait_all_tasks_blocked()
        bus.publish("hello")
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert got == ["hello"]
    assert bus.listeners == 0


async def test_a_filter_chooses() -> None:
    bus = Bus()
    with bus.subscribe(filter=lambda event: isinstance(event, int)) as numbers:
        bus.publish("word")
        bus.publish(7)
        assert await anext(numbers) == 7


async def test_a_subscriber_that_lags_gets_what_is_buffered_and_is_then_cut_off() -> None:
    bus = Bus()
    with bus.subscribe(capacity=2) as slow, bus.subscribe() as quick:
        for n in range(5):
            bus.publish(n)
        assert bus.listeners == 1
        assert [await anext(slow), await anext(slow)] == [0, 1]
        with pytest.raises(Lagged, match="more than 2 events were unread"):
            await anext(slow)
        assert [await anext(quick) for _ in range(5)] == [0, 1, 2, 3, 4]


async def test_a_filter_that_raises_is_its_subscribers_trouble_not_the_publishers() -> None:
    bus = Bus()

    def broken(event: object) -> bool:
        raise ValueError("broken filter")

    with bus.subscribe(filter=broken) as events, bus.subscribe() as other:
        bus.publish(1)
        assert await anext(other) == 1
        with pytest.raises(ValueError, match="broken filter"):
            await anext(events)
