"""`python -m tests.crash.zygote`: the daemon's program with everything imported and nothing begun; forks a daemon at each line it is told.

Four fifths of what a start costs is importing, which no crash depends on. What is forked is in every other way the process that `mydia`
starts: a session of its own, its log, the same main function. A line is JSON: {"arguments": [...], "log": path}; the answer is its pid.
"""

import json
import os
import signal
import sys

from mydia import cli
from supervisors import boot

__all__ = ["boot"]


def main() -> int:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended
    for line in sys.stdin:
        wish = json.loads(line)
        ready, own = os.pipe()
        pid = os.fork()
        if pid == 0:
            _become(wish["log"])
            os.write(own, b"1")
            os.close(own)
            os._exit(cli.main(wish["arguments"]))
        os.read(ready, 1)  # it leads its own group from here on: whoever hears of it may kill that
        os.close(ready)
        os.close(own)
        print(pid, flush=True)  # noqa: T201 - the answer
    return 0


def _become(log: str) -> None:
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing, file = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for fd, target in ((nothing, 0), (file, 1), (file, 2)):
        os.dup2(fd, target)


if __name__ == "__main__":
    sys.exit(main())
