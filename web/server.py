"""The web actor: serves the app on its address, and closes with good manners.

Its sockets are opened in start(), so that a port in use is one clear line and a failed start. In stop() streams say goodbye, no
request is accepted any more, and those being answered get GRACE seconds.
"""

import errno
import gc
import logging
import socket
from collections.abc import Callable

import trio
from hypercorn.config import Config as HyperConfig
from hypercorn.utils import repr_socket_addr
from loguru import logger

from mydia import logs
from mydia.accounts.changes import setup_token
from mydia.errors import Invalid, Unavailable
from mydia.house import House
from mydia.otp import Actor, Supervisor
from web.app import create_app
from web.connections import serve
from web.metrics import Meter

GRACE = 10.0  # seconds for requests that are being answered when the house closes


class Web(Actor):
    """Child of the root supervisor, last to open, first to close. `tree` gives the supervisor that the system page shows."""

    def __init__(
        self,
        house: House,
        tree: Callable[[], Supervisor | None] = lambda: None,
        *,
        meter: Meter | None = None,
    ) -> None:
        self.house = house
        self.app = create_app(house, tree(), meter=meter)
        self.addresses: list[str] = []
        self._closing = trio.Event()
        self._closed = trio.Event()

    async def start(self) -> list[str]:
        """The addresses served, such as ["http://127.0.0.1:4000"]."""
        server = self.house.config.server
        sockets = listen_on(server.host, server.port)
        config = HyperConfig()
        config.graceful_timeout = GRACE
        config.keep_alive_timeout = 75.0  # also what a client gets to finish its request's head
        config.h11_max_incomplete_size = 32 * 1024
        config.h2_max_header_list_size = 32 * 1024
        config.include_server_header = False
        config.accesslog = None
        config.errorlog = logging.getLogger("hypercorn")
        ready = trio.Event()
        self.addresses = [f"http://{repr_socket_addr(s.family, s.getsockname())}" for s in sockets]
        self.spawn(self._open, config, sockets, ready)
        await ready.wait()
        token = await self.house.write(setup_token)
        if token is not None:
            logs.announce(f"No administrator yet. Open {self.addresses[0]}/setup and enter the set-up token {token}")
        logger.info("Mydia is open on {}", ", ".join(self.addresses))
        gc.freeze()  # the app lives long, too: the collector need not look at it again and again
        return self.addresses

    async def run(self) -> None:
        await self._closed.wait()

    async def stop(self) -> None:
        self.app.site.stop()
        self._closing.set()
        await self._closed.wait()

    async def _open(self, config: HyperConfig, sockets: list[socket.socket], ready: trio.Event) -> None:
        try:
            async with trio.open_nursery() as nursery:
                await nursery.start(serve, self.app, config, sockets, self._closing)
                ready.set()
        finally:
            self._closed.set()


def listen_on(host: str, port: int) -> list[socket.socket]:
    """Bound sockets, one for each address the host name means. Unavailable: the port is taken; Invalid: there is no such address."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        why = f"server.host is {host!r}, which is no address of this machine: {error.strerror or error}"
        raise Invalid(why, field="server.host") from None
    sockets: list[socket.socket] = []
    for family, kind, protocol, _, address in dict.fromkeys(found):
        opened = socket.socket(family, kind, protocol)
        sockets.append(opened)
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            opened.bind(address)
        except OSError as error:
            for each in sockets:
                each.close()
            raise _why(error, host, port) from None
    return sockets


def _why(error: OSError, host: str, port: int) -> Exception:
    if error.errno == errno.EADDRINUSE:
        return Unavailable(
            f"Port {port} on {host} is in use. Stop what uses it, or set server.port (PORT) to another one."
        )
    if error.errno == errno.EACCES:
        return Invalid(
            f"Port {port} needs more rights than Mydia has. Set server.port to 1024 or higher.", field="server.port"
        )
    return Invalid(f"Can't listen on {host}, port {port}: {error.strerror}", field="server.host")
