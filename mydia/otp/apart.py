"""One call in an OS process of its own, for what computes so long that its neighbours in this process would feel it.

A thread that computes takes turns with the loop: each turn of the loop then waits for the interpreter, and where other programs want the
processor too, for the thread to be given it back. A process of its own costs a third of a second before it begins, and memory while it
lasts, so it is for seconds of work, not for milliseconds. What is done all the time has a `Port`, which lasts.
"""

import pickle
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import trio

from .errors import PortDied
from .process import OsProcess

P = ParamSpec("P")
T = TypeVar("T")
COMMAND = (sys.executable, "-m", "mydia.otp.apart_child")
_LAST_WORDS = 2000


async def apart(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """What the function returns; a refusal that it raises is raised here. Function, arguments and value must be such as can be pickled.

    Cancelled, the process is killed. PortDied with its last words where it ended without an answer.
    """
    question = await trio.to_thread.run_sync(pickle.dumps, (function, args, kwargs))
    process = OsProcess(COMMAND, None, {})
    answer, words = bytearray(), bytearray()
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_send, process.stdin, question)
            nursery.start_soon(_receive, process.stdout, answer)
            nursery.start_soon(_receive, process.stderr, words)
        status = await process.wait()
    finally:
        await process.close()
    if status != 0:
        told = bytes(words[-_LAST_WORDS:]).decode("utf-8", "replace").strip()
        raise PortDied(f"process {process.pid} ended with status {status}; its last words: {told}")
    # What the child's own code made of this house's own data.
    good, value = await trio.to_thread.run_sync(pickle.loads, answer)
    if not good:
        raise value
    return cast(T, value)


async def _send(pipe: trio.lowlevel.FdStream, data: bytes) -> None:
    try:
        await pipe.send_all(data)
    except trio.BrokenResourceError:
        pass  # it has ended: its status and its last words say why
    finally:
        await pipe.aclose()


async def _receive(pipe: trio.lowlevel.FdStream, into: bytearray) -> None:
    while data := await pipe.receive_some(1 << 20):
        into += data
