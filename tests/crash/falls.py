"""What can fall where a database is on PostgreSQL: who uses it, a connection to it, or the server, in several ways.

A fall has come to its end when this returns: whoever is asked next is not there, or is there anew.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Sequence

from tests.support.postgres import Postgres
from tests.support.processes import children_of, gone, lives

KILLED = "the process"
CONNECTIONS, BACKEND, SERVER, WHOLE_SERVER = FALLEN = (
    "its connections",
    "a backend",
    "the server",
    "all of the server",
)


def fall(what: str, backend: int, backends: Sequence[int], server: int) -> None:
    """Let this fall: `backend` is the server's process that is being waited for, `backends` all of those that work for us."""
    _FALLS[what](backend, backends, server)


def mend(what: str, server: Postgres) -> None:
    """Have the server where it was: where it has fallen it is started again (from the main thread), where it mends itself that is waited
    for."""
    if what in (SERVER, WHOLE_SERVER):
        server.stop()
        server.start()
    else:
        server.until_it_answers()


def _the_process(_backend: int, _backends: Sequence[int], _server: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _its_connections(_backend: int, backends: Sequence[int], _server: int) -> None:
    """All of them: by an operator's deed, or by a restart that is over before anything more is asked."""
    _end_backends(signal.SIGTERM, backends)


def _a_backend(backend: int, _backends: Sequence[int], _server: int) -> None:
    """As when memory runs out: the server throws everybody out, mends itself, and lets people in again."""
    _end_backends(signal.SIGKILL, [backend])


def _end_backends(number: signal.Signals, pids: Sequence[int]) -> None:
    _send(number, pids)
    while any(map(lives, pids)):  # until the server knows
        time.sleep(0.001)


def _the_server(_backend: int, _backends: Sequence[int], server: int) -> None:
    """`pg_ctl stop -m immediate`."""
    _end_server(signal.SIGQUIT, [server])


def _all_of_the_server(_backend: int, _backends: Sequence[int], server: int) -> None:
    os.kill(server, signal.SIGSTOP)  # it starts nobody meanwhile
    _end_server(signal.SIGKILL, [server, *children_of(server)])


def _end_server(number: signal.Signals, pids: Sequence[int]) -> None:
    _send(number, pids)
    while not gone(pids):
        time.sleep(0.001)


def _send(number: signal.Signals, pids: Sequence[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


_FALLS: dict[str, Callable[[int, Sequence[int], int], None]] = {
    KILLED: _the_process,
    CONNECTIONS: _its_connections,
    BACKEND: _a_backend,
    SERVER: _the_server,
    WHOLE_SERVER: _all_of_the_server,
}
