"""`python -m tests.crash.victims`: runs commands of `mydia` and kills each at the step at which it is told to, really.

A step is whatever the command has to wait for the PostgreSQL server for: each statement, each row of a copy, each commit. A line is JSON:
{"arguments": [...], "at": step, "after": seconds}; the command is killed before that step, or so long after the step has begun, whichever
comes first with its end. The answer is {"status": exit code, "steps": how many there were, "said": what was printed}.
"""

import contextlib
import json
import os
import signal
import sys
import tempfile
import threading
from typing import Any

import psycopg

from mydia import cli
from mydia.store import portable, postgres_whole

__all__ = ["postgres_whole"]

CHUNK = 20
"""Rows that go together, so that a few rows are many chunks."""


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
                os._exit(_life(wish["arguments"], wish["at"], wish["after"], own))
            os.close(own)
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            with os.fdopen(steps, "rb") as file:
                count = len(file.read())
            said.seek(0)
            answer = {"status": status, "steps": count, "said": said.read().decode("utf-8", "replace")}
        print(json.dumps(answer), flush=True)  # noqa: T201 - the answer
    return 0


def _life(arguments: list[str], at: int | None, after: float, told: int) -> int:
    """One command: its exit code. Each step is told by one byte."""
    wait, taken = psycopg.Connection.wait, 0

    def step(self: Any, *args: Any, **how: Any) -> Any:
        nonlocal taken
        taken += 1
        if taken == at:
            if not after:
                os.kill(os.getpid(), signal.SIGKILL)
            threading.Timer(after, os.kill, (os.getpid(), signal.SIGKILL)).start()
        os.write(told, b".")
        return wait(self, *args, **how)

    psycopg.Connection.wait = step  # type: ignore[method-assign]
    code = cli.main(arguments)
    with contextlib.suppress(ValueError):
        sys.stdout.flush()
    return code


if __name__ == "__main__":
    sys.exit(main())
