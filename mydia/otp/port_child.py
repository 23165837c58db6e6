"""The child's side of a port: one loop that reads requests from stdin and writes replies to stdout.

Standard library only, and no Trio, so that a process that uses it starts in tens of milliseconds. A child's program is

    from mydia.otp.port_child import port_main

    def handle(request): ...            # returns what JSON can hold; raises PortRefusal("kind", "why") to say no
    if __name__ == "__main__":
        port_main(handle)

A frame is four bytes of length, big-endian, and that many bytes of JSON, all ASCII: what is not is escaped, so a lone
surrogate (a byte of a file name that is not UTF-8) passes. From the parent: {"id", "request"}. To the parent: {"ready"}
once, then {"id", "reply"} or {"id", "refusal": [kind, message]} for each request, and {"event"} at any time. The parent's
end of stdin means: finish.
"""

import ctypes
import json
import os
import select
import signal
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

from .errors import PortRefusal

MAX_FRAME = 256 * 1024 * 1024
"""Bytes. A longer length is taken for garbage: four bytes of text in its place are more."""

_PR_SET_PDEATHSIG = 1
_stdout_lock = threading.Lock()
_frames_fd = -1  # where frames go, once port_main() has taken stdout away from print()


def frame(message: dict[str, Any]) -> bytes:
    """Encode one message. Raises TypeError for what JSON cannot hold."""
    body = json.dumps(message, separators=(",", ":")).encode("ascii")
    return struct.pack(">I", len(body)) + body


class Unframer:
    """Cuts a stream of bytes into messages. Raises ValueError for what is not a frame."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """The messages that are complete with `data`."""
        self._buffer += data
        while len(self._buffer) >= 4:
            (length,) = struct.unpack_from(">I", self._buffer)
            if length > MAX_FRAME:
                raise ValueError(f"{bytes(self._buffer[:40])!r} is no frame")
            if len(self._buffer) < 4 + length:
                return
            body = bytes(self._buffer[4 : 4 + length])
            del self._buffer[: 4 + length]
            message = json.loads(body)
            if not isinstance(message, dict):
                raise ValueError(f"{body[:40]!r} is no message")
            yield message


def send_event(payload: Any) -> None:
    """Tell the parent something unasked; its Port.on_event() gets it. From any thread, once port_main() runs."""
    _send({"event": payload})


def port_main(
    handler: Callable[[Any], Any],
    *,
    on_start: Callable[[], Any] | None = None,
    poll: Callable[[], object] | None = None,
    interval: float = 0.5,
    on_stop: Callable[[], object] | None = None,
) -> None:
    """Serve requests, one at a time, until the parent closes stdin. Returns then.

    `on_start` runs before the parent counts the port as started; what it returns is the start's value. `poll` is called
    every `interval` seconds between requests, for a child with work of its own. `on_stop` runs at the end. An exception
    other than PortRefusal ends the process: the parent's port crashes, and stderr (the log) has the stack.
    """
    die_with_the_parent()
    _keep_stdout_for_frames()
    value = on_start() if on_start else None
    die_with_the_parent()  # again: a change of credentials clears it
    _send({"ready": value})
    unframer = Unframer()
    due = monotonic() + interval if poll else float("inf")
    while True:
        if poll and monotonic() >= due:
            poll()
            due = monotonic() + interval
        if poll and not select.select([0], [], [], max(0.0, due - monotonic()))[0]:
            continue
        data = os.read(0, 1 << 20)
        if not data:
            break
        for message in unframer.feed(data):
            _send({"id": message["id"], **_answer(handler, message["request"])})
    if on_stop:
        on_stop()


def _answer(handler: Callable[[Any], Any], request: Any) -> dict[str, Any]:
    try:
        return {"reply": handler(request)}
    except PortRefusal as no:
        return {"refusal": [no.kind, str(no)]}


def die_with_the_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends."""
    # If the parent died before this line, stdin has ended, and so does the loop when it first reads.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _keep_stdout_for_frames() -> None:
    global _frames_fd  # noqa: PLW0603 - a process has one stdout
    _frames_fd = keep_stdout()


def keep_stdout() -> int:
    """Take stdout away from print(), whose words go to stderr from now on: the descriptor of what it was."""
    kept = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return kept


def _send(message: dict[str, Any]) -> None:
    data = memoryview(frame(message))
    with _stdout_lock:
        while data:
            data = data[os.write(_frames_fd, data) :]
