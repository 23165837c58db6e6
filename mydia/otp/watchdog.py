"""The watchdog: ends the process when its loop hangs, which nothing inside the loop can notice.

A blocking call in any task stalls every actor. So an actor re-arms a timer of faulthandler's, whose own thread needs
neither the loop nor the interpreter lock: when the loop does not come round in time, it writes every thread's stack to
stderr and ends the process with status 1, and the container runtime starts it anew.
"""

import faulthandler
from typing import TextIO

from .actors import Actor


class Watchdog(Actor):
    """Ends the process when its loop hangs for longer than `timeout` seconds. One for a process; put it first in the
    tree. `file` (default: stderr) must have a file descriptor. Time asleep with the machine does not count."""

    def __init__(self, timeout: float = 30.0, file: TextIO | None = None) -> None:
        self.timeout = timeout
        self.period = timeout / 4
        self._file = file

    async def tick(self) -> None:
        if self._file is None:
            faulthandler.dump_traceback_later(self.timeout, exit=True)
        else:
            faulthandler.dump_traceback_later(self.timeout, exit=True, file=self._file)

    async def stop(self) -> None:
        faulthandler.cancel_dump_traceback_later()
