"""An OS process with three pipes, for ports. Linux.

Not `trio.lowlevel.open_process`: that forks in one of Trio's worker threads, which end when idle, and the kernel sends
the parent-death signal when the forking *thread* ends: the child would be killed for nothing after ten quiet seconds. So
the fork is done here on the loop's own thread, which takes about a millisecond (vfork).
"""

import contextlib
import os
import resource
import signal
import subprocess
from collections.abc import Mapping, Sequence

import trio


class OsProcess:
    """Starts `command` at once, in a process group of its own (a Ctrl-C at the terminal is not for it). Raises OSError.

    `rlimits` are soft and hard limits by resource name: {"RLIMIT_AS": 2 << 30}.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str] | None, rlimits: Mapping[str, int]) -> None:
        # The command is the programmer's, never input.
        self._popen = subprocess.Popen(  # noqa: S603
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            process_group=0,
            bufsize=0,
        )
        self.pid = self._popen.pid
        assert self._popen.stdin and self._popen.stdout and self._popen.stderr  # noqa: S101 - they are pipes
        self.stdin = trio.lowlevel.FdStream(os.dup(self._popen.stdin.fileno()))
        self.stdout = trio.lowlevel.FdStream(os.dup(self._popen.stdout.fileno()))
        self.stderr = trio.lowlevel.FdStream(os.dup(self._popen.stderr.fileno()))
        for pipe in (self._popen.stdin, self._popen.stdout, self._popen.stderr):
            pipe.close()
        for name, limit in rlimits.items():
            resource.prlimit(self.pid, getattr(resource, name), (limit, limit))

    async def wait(self) -> int:
        """Wait for its end and return the exit status: minus the signal's number when killed by one."""
        if self._popen.returncode is None:
            pidfd = os.pidfd_open(self.pid)
            try:
                await trio.lowlevel.wait_readable(pidfd)
            finally:
                os.close(pidfd)
            # What it started goes with it; and now, since its number may be another's once it is reaped.
            self.signal(signal.SIGKILL)
        return self._popen.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send to it and to what it started."""
        if self._popen.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    async def close(self) -> None:
        """Kill it if it still runs, reap it, close every pipe. Shielded: nothing is left behind."""
        with trio.CancelScope(shield=True):
            self.signal(signal.SIGKILL)
            await self.wait()
            for pipe in (self.stdin, self.stdout, self.stderr):
                await pipe.aclose()
