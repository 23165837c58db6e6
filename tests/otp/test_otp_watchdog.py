"""The watchdog, in a process of its own: a loop that hangs ends with every stack on stderr; one that runs does not."""

import subprocess
import sys
import textwrap

import pytest

PROGRAM = textwrap.dedent(
    """
    import sys, time
    import trio
    from mydia.otp import Actor, Supervisor, Watchdog, actor

    class Busy(Actor):
        async def start(self):
            self.spawn(self.work)
        async def work(self):
            await trio.sleep(0.2)
            if sys.argv[1] == "hang":
                a_blocking_call()
            await trio.sleep(3.5)  # longer than the timeout, which is put off meanwhile
            supervisor.end.set()

    def a_blocking_call():
        time.sleep(60)

    supervisor = Supervisor("root", children=[actor("watchdog", lambda: Watchdog(timeout=3.0)), actor("busy", Busy)])

    async def main():
        supervisor.end = trio.Event()
        async with trio.open_nursery() as nursery:
            await nursery.start(supervisor.run)
            await supervisor.end.wait()
            await supervisor.stop()
        time.sleep(3.5)  # the timer is disarmed by now, so that this does no harm

    trio.run(main)
    """
)


@pytest.mark.parametrize("what", ["hang", "run"])
def test_a_loop_that_hangs_ends_the_process_with_its_stacks_and_one_that_runs_does_not(what: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, what], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == (1 if what == "hang" else 0)
    assert ("in a_blocking_call" in done.stderr) == (what == "hang")
