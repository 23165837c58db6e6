"""Connections: what is sent arrives whole and in order, a stream's head at once, and who asks nothing is let go."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from hypercorn.config import Config
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, Scope
from trio.testing import MockClock

from web.connections import serve
from web.server import listen_on

GET = b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"
PATIENCE = 75


class World:
    """An app that answers /whole at once, /stream by pieces and /slow when the test says so."""

    def __init__(self) -> None:
        self.asked, self.go, self.closing, self.closed = trio.Event(), trio.Event(), trio.Event(), trio.Event()
        self.ready, self.port = trio.Event(), 0

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        assert scope["type"] == "http"
        self.asked.set()
        if scope["path"] == "/slow":
            await self.go.wait()
        lengths = [] if scope["path"] == "/stream" else [(b"content-length", b"4")]
        await send({"type": "http.response.start", "status": 200, "headers": lengths, "trailers": False})
        if scope["path"] == "/stream":
            await self.go.wait()
        for piece in (b"wh", b"ol"):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def client(self) -> trio.SocketStream:
        return await trio.open_tcp_stream("127.0.0.1", self.port)

    async def serve(self) -> None:
        (sock,) = listen_on("127.0.0.1", 0)
        self.port = sock.getsockname()[1]
        config = Config()
        config.keep_alive_timeout = PATIENCE
        config.accesslog = config.errorlog = None
        async with trio.open_nursery() as nursery:
            await nursery.start(serve, self, config, [sock], self.closing)
            self.ready.set()
        self.closed.set()


@asynccontextmanager
async def open_world() -> AsyncIterator[World]:
    world = World()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.serve)
        await world.ready.wait()
        yield world
        world.go.set()
        world.closing.set()


async def read_until(client: trio.SocketStream, what: bytes) -> bytes:
    """What comes up to and with these bytes."""
    got = b""
    while what not in got:
        part = await client.receive_some()
        assert part, got
        got += part
    return got


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
async def test_answers_are_whole_and_one_connection_serves_many(method: bytes) -> None:
    async with open_world() as world, await world.client() as client:
        for _ in range(3):
            await client.send_all((GET % b"/whole").replace(b"GET", method))
            head, _, body = (await read_until(client, b"whol" if method == b"GET" else b"\r\n\r\n")).partition(
                b"\r\n\r\n"
            )
            assert head.startswith(b"HTTP/1.1 200")
            assert body == (b"whol" if method == b"GET" else b"")


async def test_two_questions_sent_together_are_answered_in_order() -> None:
    async with open_world() as world, await world.client() as client:
        await client.send_all(GET % b"/whole" + GET % b"/stream")
        assert (await read_until(client, b"chunked")).startswith(b"HTTP/1.1 200")
        world.go.set()
        await read_until(client, b"0\r\n\r\n")


async def test_the_head_of_a_stream_does_not_wait_for_its_first_piece() -> None:
    async with open_world() as world, await world.client() as client:
        await client.send_all(GET % b"/stream")
        assert b"transfer-encoding: chunked" in (await read_until(client, b"\r\n\r\n")).lower()
        world.go.set()
        await read_until(client, b"0\r\n\r\n")


async def test_a_connection_that_asks_nothing_is_closed_when_its_time_is_over(mock_clock: MockClock) -> None:
    async with open_world() as world, await world.client() as client:
        await client.send_all(GET % b"/whole")
        await read_until(client, b"whol")
        mock_clock.autojump_threshold = 0.01  # the time it may be idle passes as soon as nobody has anything to do
        assert await client.receive_some() == b""


async def test_a_connection_whose_answer_takes_long_is_not_closed(mock_clock: MockClock) -> None:
    async with open_world() as world, await world.client() as client:
        await client.send_all(GET % b"/slow")
        await world.asked.wait()
        mock_clock.jump(PATIENCE * 3)
        world.go.set()
        assert (await read_until(client, b"whol")).startswith(b"HTTP/1.1 200")


async def test_a_connection_that_its_client_ends_is_ended_at_once(mock_clock: MockClock) -> None:
    async with open_world() as world, await world.client() as client:
        await client.send_all(GET % b"/whole")
        await read_until(client, b"whol")
        await client.send_eof()
        assert await client.receive_some() == b""


async def test_when_the_house_closes_the_idle_go_and_the_busy_are_answered(mock_clock: MockClock) -> None:
    async with open_world() as world, await world.client() as idle, await world.client() as busy:
        await idle.send_all(GET % b"/whole")
        await read_until(idle, b"whol")
        world.asked = trio.Event()
        await busy.send_all(GET % b"/slow")
        await world.asked.wait()
        world.closing.set()
        assert await idle.receive_some() == b""
        world.go.set()
        assert (await read_until(busy, b"whol")).startswith(b"HTTP/1.1 200")
        assert await busy.receive_some() == b""
        await world.closed.wait()


async def test_the_house_does_not_wait_for_ever(mock_clock: MockClock) -> None:
    async with open_world() as world, await world.client() as busy:
        await busy.send_all(GET % b"/slow")
        await world.asked.wait()
        world.closing.set()
        mock_clock.autojump_threshold = 0.01
        await world.closed.wait()
        assert await busy.receive_some() == b""
