"""`python -m tests.crash.victims`: runs commands of `mydia` and lets each meet a fall at the step at which it is told to, really.

A step is whatever the command has to wait for the PostgreSQL server for: each statement, each row of a copy, each commit. A line is JSON:
{"arguments": [...], "at": step, "after": seconds, "fall": what falls (falls.py), "server": its process}; the fall comes before that step;
or so long after the step has begun, unless the command has ended by then; or, where that is null, when the server has done it and the
command has not heard of it. The answer is {"status": exit code, "steps": how many there
were, "struck": whether the fall came, "said": what was printed}.
"""

import contextlib
import json
import os
import sys
import tempfile
import threading
from typing import Any

import psycopg

from mydia import cli
from mydia.store import portable, postgres_whole
from tests.crash.falls import fall

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
            fall(wish["fall"], waiting, backends, wish["server"])

    def step(self: Any, *args: Any, **how: Any) -> Any:
        nonlocal taken
        taken += 1
        if (backend := self.info.backend_pid) not in backends:
            backends.append(backend)
        os.write(told, STEP)
        if taken == wish["at"]:
            match wish["after"]:
                case None:
                    wait(self, *args, **how)
                    strike(backend)
                    raise psycopg.OperationalError("the server's answer was lost")
                case 0:
                    strike(backend)
                case seconds:
                    threading.Timer(seconds, strike, [backend]).start()
        return wait(self, *args, **how)

    psycopg.Connection.wait = step  # type: ignore[method-assign]
    code = cli.main(wish["arguments"])
    with contextlib.suppress(ValueError):
        sys.stdout.flush()
    striking.acquire()  # a fall that has begun is brought to its end, and none begins any more
    return code


if __name__ == "__main__":
    sys.exit(main())
