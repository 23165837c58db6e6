"""A TCP proxy that cuts a connection at a chosen word of the client, before the server hears it or just after it has answered; or swallows
everything, as a line does that was cut where nobody tells.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import trio


class Proxy:
    """`port` leads to the server; `cuts` counts the connections that were cut."""

    def __init__(self, server: int) -> None:
        self.server, self.port, self.cuts = server, 0, 0
        self._word: bytes | None = None
        self._answered = self._last = False
        self._open = trio.Event()
        self._open.set()

    def swallow(self) -> None:
        """From now on nothing comes through, and nobody is told."""
        self._open = trio.Event()

    def let_through(self) -> None:
        """What was swallowed too."""
        self._open.set()

    def cut_at(self, word: bytes, *, answered: bool, last: bool = False) -> None:
        """Cut the connection whose client next says `word`: once the server has `answered` (nobody hears it), or before it hears. It may be
        the `last` one: everything is swallowed from then on."""
        self._word, self._answered, self._last = word, answered, last

    @classmethod
    @asynccontextmanager
    async def to(cls, server: int) -> "AsyncIterator[Proxy]":
        proxy = cls(server)
        async with trio.open_nursery() as nursery:
            listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
            proxy.port = listeners[0].socket.getsockname()[1]
            nursery.start_soon(trio.serve_listeners, proxy._join, listeners)
            yield proxy
            nursery.cancel_scope.cancel()

    async def _join(self, client: trio.SocketStream) -> None:
        server = await trio.open_tcp_stream("127.0.0.1", self.server)
        silent = False
        async with client, server, trio.open_nursery() as nursery:

            async def answers() -> None:
                with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                    async for heard in server:
                        if silent:
                            break
                        await self._open.wait()
                        await client.send_all(heard)
                nursery.cancel_scope.cancel()

            nursery.start_soon(answers)
            with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                async for said in client:
                    await self._open.wait()
                    if self._word is not None and self._word in said:
                        self._word, self.cuts = None, self.cuts + 1
                        if self._last:
                            self.swallow()
                        if not self._answered:
                            break
                        silent = True  # from here on; what the server says next is the end of it all
                    await server.send_all(said)
            nursery.cancel_scope.cancel()
