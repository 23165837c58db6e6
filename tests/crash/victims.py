"""`python -m tests.crash.victims`: runs commands of `mydia` and lets each meet a fall at the step at which it is told to, really.

A step is whatever the command has to wait for the PostgreSQL server for: each statement, each row of a copy, each commit. A line is JSON:
{"arguments": [...], "at": step, "after": seconds, "fall": one of FALLS, "server": its process}; the fall comes before that step, or so
long after the step has begun, whichever comes first with the command's end. The answer is {"status": exit code, "steps": how many there
were, "struck": whether the fall came, "said": what was printed}.
"""

import contextlib
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg

from mydia import cli
from mydia.store import portable, postgres_whole
from tests.support.processes import children_of, gone, lives

__all__ = ["postgres_whole"]

CHUNK = 20
"""Rows that go together, so that a few rows are many chunks."""
STEP, STRUCK = b".", b"!"


def main() -> int:
    portable.CHUNK = CHUNK
    for line in sys.stdin:
        wish = json.loads(line)
        with tempfile.TemporaryFile() as said:
            steps, own = os.pipe()
            pid = os.fork()
            if pid == 0:
                for fd in (1, 2):
                    os.dup2(said.fileno(), fd)
                os._exit(_life(wish, own))
            os.close(own)
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            with os.fdopen(steps, "rb") as file:
                told = file.read()
            said.seek(0)
            words = said.read().decode("utf-8", "replace")
        answer = {"status": status, "steps": told.count(STEP), "struck": STRUCK in told, "said": words}
        print(json.dumps(answer), flush=True)  # noqa: T201 - the answer
    return 0


def _life(wish: dict[str, Any], told: int) -> int:
    """One command: its exit code. Each step is told by one byte."""
    wait, taken = psycopg.Connection.wait, 0
    backends: list[int] = []
    striking = threading.Lock()

    def strike(waiting: int) -> None:
        with striking:
            os.write(told, STRUCK)
            FALLS[wish["fall"]](waiting, backends, wish["server"])

    def step(self: Any, *args: Any, **how: Any) -> Any:
        nonlocal taken
        taken += 1
        if (backend := self.info.backend_pid) not in backends:
            backends.append(backend)
        if taken == wish["at"]:
            if wish["after"]:
                threading.Timer(wish["after"], strike, [backend]).start()
            else:
                strike(backend)
        os.write(told, STEP)
        return wait(self, *args, **how)

    psycopg.Connection.wait = step  # type: ignore[method-assign]
    code = cli.main(wish["arguments"])
    with contextlib.suppress(ValueError):
        sys.stdout.flush()
    striking.acquire()  # a fall that has begun is brought to its end, and none begins any more
    return code


def _the_command(_waiting: int, _backends: list[int], _server: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _its_connections(_waiting: int, backends: list[int], _server: int) -> None:
    """All that the command has had: by an operator's deed, or by a restart that is over before anything more is asked."""
    _end_backends(signal.SIGTERM, backends)


def _its_backend(waiting: int, _backends: list[int], _server: int) -> None:
    """As when memory runs out: the server throws everybody out, mends itself, and lets people in again."""
    _end_backends(signal.SIGKILL, [waiting])


def _end_backends(number: signal.Signals, pids: list[int]) -> None:
    _send(number, pids)
    while any(map(lives, pids)):  # until the server knows
        time.sleep(0.001)


def _the_server(_waiting: int, _backends: list[int], server: int) -> None:
    """`pg_ctl stop -m immediate`."""
    _end_server(signal.SIGQUIT, [server])


def _all_of_the_server(_waiting: int, _backends: list[int], server: int) -> None:
    os.kill(server, signal.SIGSTOP)  # it starts nobody meanwhile
    _end_server(signal.SIGKILL, [server, *children_of(server)])


def _end_server(number: signal.Signals, pids: list[int]) -> None:
    _send(number, pids)
    while not gone(pids):
        time.sleep(0.001)


def _send(number: signal.Signals, pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


FALLS: dict[str, Callable[[int, list[int], int], None]] = {
    "the command": _the_command,
    "its connections": _its_connections,
    "its backend": _its_backend,
    "the server": _the_server,
    "all of the server": _all_of_the_server,
}
"""What is ended at that step."""


if __name__ == "__main__":
    sys.exit(main())
