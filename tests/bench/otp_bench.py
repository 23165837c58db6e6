"""The kit, measured: from a crash to a serving actor again, and how much a mailbox and a port carry.

python -m tests.bench.otp_bench        prints one JSON object
"""

import json
import sys
import tempfile
from collections.abc import Awaitable, Callable
from statistics import quantiles
from time import perf_counter
from typing import Any

import trio
from loguru import logger

from mydia.otp import Actor, ActorDied, Mailbox, Port, Supervisor, actor

LONG = 30.0


class Crasher(Actor):
    """Answers, or crashes and remembers when."""

    crashed_at = 0.0

    async def handle(self, message: str) -> str:
        if message == "crash":
            Crasher.crashed_at = perf_counter()
            raise RuntimeError("as asked")
        return message


def crash_to_serving(times: int = 500) -> dict[str, float]:
    """Milliseconds from an exception in handle() to the answer of the actor's next life, its crash report with its
    stack logged to a file meanwhile. Three quiet siblings share the supervisor, as in a real tree."""

    async def main() -> list[float]:
        box, took = Mailbox("crasher"), []
        quiet = [actor(f"quiet{n}", Actor) for n in range(3)]
        children = [*quiet, actor("crasher", Crasher, mailbox=box)]
        supervisor = Supervisor("root", children=children, max_restarts=times + 1, max_seconds=1e6)
        async with trio.open_nursery() as nursery:
            await nursery.start(supervisor.run)
            for _ in range(times):
                try:
                    await box.ask("crash", LONG)
                except ActorDied:
                    await box.ask("ping", LONG)
                took.append((perf_counter() - Crasher.crashed_at) * 1000)
            await supervisor.stop()
        return took

    took = _logged_to_a_file(main)
    cuts = quantiles(took, n=100)
    return {"p50_ms": round(cuts[49], 3), "p99_ms": round(cuts[98], 3), "max_ms": round(max(took), 3), "crashes": times}


def round_trips(seconds: float = 1.0, askers: int = 50) -> dict[str, float]:
    """Asks answered a second: by one asker after the other, by many at once, and by an OS process behind a port."""
    return {
        "ask_one_asker_per_s": _rate(lambda: actor("echo", Crasher, mailbox=Mailbox("echo")), 1, seconds),
        f"ask_{askers}_askers_per_s": _rate(lambda: actor("echo", Crasher, mailbox=Mailbox("echo")), askers, seconds),
        "port_one_asker_per_s": _rate(_echo_port, 1, seconds),
    }


def process_restart(times: int = 30) -> dict[str, float]:
    """Milliseconds from a port's SIGKILL to the answer of its next process."""

    async def main() -> list[float]:
        spec, took = _echo_port(), []
        assert spec.mailbox is not None
        supervisor = Supervisor("root", children=[spec], max_restarts=times + 1, max_seconds=1e6)
        async with trio.open_nursery() as nursery:
            await nursery.start(supervisor.run)
            for _ in range(times):
                begun = perf_counter()
                await supervisor.kill_child("root/echo")
                await spec.mailbox.ask("ping", LONG)
                took.append((perf_counter() - begun) * 1000)
            await supervisor.stop()
        return took

    cuts = quantiles(_logged_to_a_file(main), n=100)
    return {"p50_ms": round(cuts[49], 3), "p99_ms": round(cuts[98], 3), "kills": times}


def _echo_port() -> Any:
    command = [sys.executable, "-c", "from mydia.otp.port_child import port_main; port_main(lambda request: request)"]
    return actor("echo", lambda: Port(command, timeout=LONG), mailbox=Mailbox("echo"))


def _rate(make: Callable[[], Any], askers: int, seconds: float) -> float:
    async def main() -> float:
        spec, answered = make(), 0
        begun = perf_counter()
        until = begun + seconds

        async def ask() -> None:
            nonlocal answered
            while perf_counter() < until:
                await spec.mailbox.ask("ping", LONG)
                answered += 1

        supervisor = Supervisor("root", children=[spec])
        async with trio.open_nursery() as nursery:
            await nursery.start(supervisor.run)
            begun = perf_counter()
            until = begun + seconds
            async with trio.open_nursery() as asking:
                for _ in range(askers):
                    asking.start_soon(ask)
            took = perf_counter() - begun
            await supervisor.stop()
        return round(answered / took)

    return trio.run(main)


def _logged_to_a_file(main: Callable[[], Awaitable[list[float]]]) -> list[float]:
    with tempfile.TemporaryFile("w") as file:
        logger.remove()
        logger.add(file, serialize=True, backtrace=False, diagnose=False)
        try:
            return trio.run(main)
        finally:
            logger.remove()


if __name__ == "__main__":
    json.dump(
        {"crash_to_serving": crash_to_serving(), "round_trips": round_trips(), "process_restart": process_restart()},
        sys.stdout,
        indent=2,
    )
