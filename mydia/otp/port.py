"""The port: an OS process as an actor, as Erlang's port. What may hang, hog a core, eat memory or crash goes into one.

The child's side is port_child.py, which also describes the frames. The process lives as long as the actor: its death is
the actor's crash, the actor's end is its death, and if this process is killed the kernel kills the child.
"""

import signal
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import trio
from loguru import logger

from .actors import Actor
from .errors import PortDied, PortRefusal
from .mailbox import Letter
from .port_child import Unframer, frame
from .process import OsProcess
from .spec import INFINITY, Kind

EVENTS_AHEAD = 1024
"""Events from the child that wait for on_event(); then its pipe is left unread until there is room."""

LONGEST_LINE = 16 * 1024
"""Bytes of a line of stderr; a longer one is cut."""


class Port(Actor):
    """Runs `command` and hands it each message, as JSON; what it replies is the reply, its "no" a PortRefusal.

    Subclass and override handle() where messages and replies are more than JSON, and call request() there. `timeout` is
    the seconds one request may take: then the process is killed, the asker gets PortRefusal("timeout"), and the others
    in hand ActorDied; nothing is asked twice. `concurrency` requests are sent ahead at most; the child still does one
    at a time. At shutdown stdin is closed; after `grace` seconds SIGTERM follows, at the shutdown deadline SIGKILL.
    """

    kind: Kind = "port"

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        concurrency: int = 1,
        timeout: float,
        grace: float = 2.0,
        rlimits: Mapping[str, int] | None = None,
    ) -> None:
        self.command = command
        self.env = env
        self.concurrency = concurrency
        self.timeout = timeout
        self.grace = grace
        self.rlimits = rlimits or {}
        self._requests: dict[int, _Request] = {}
        self._ids = count(1)
        self._sending = trio.Lock()
        self._ready = Letter(command[0], "ready", asked=True)
        self._last_words: deque[str] = deque(maxlen=3)
        self._stdout_ended = trio.Event()
        self._stderr_ended = trio.Event()
        self._stopping = False
        self._doomed = False

    # -- to override

    async def handle(self, message: Any) -> Any:
        return await self.request(message)

    async def on_event(self, payload: Any) -> None:
        """Take what the child sent unasked, one after the other. Must not call request()."""

    def on_stderr(self, line: str) -> None:
        """Take a line of the child's stderr."""
        logger.info("{}", line)

    # -- asking

    async def request(self, payload: Any) -> Any:
        """Send one request and wait for its reply. Raises PortRefusal, and TypeError when `payload` is not JSON."""
        number = next(self._ids)
        data = frame({"id": number, "request": payload})
        request = self._requests[number] = _Request(Letter(self.command[0], payload, asked=True), trio.CancelScope())
        try:
            with request.scope:
                self._start_clock()
                async with self._sending:
                    await self._process.stdin.send_all(data)
                return await request.letter.answer()
        except trio.BrokenResourceError:
            await self._finish_off()  # it does not listen any more
            await trio.sleep_forever()  # _mourn() says how it died, and takes this task with it
        finally:
            del self._requests[number]
            self._start_clock()
        self._doomed = True
        self._process.signal(signal.SIGKILL)
        raise PortRefusal("timeout", f"it took longer than {self.timeout:g} s; its process was killed")

    def _start_clock(self) -> None:
        # The child does one request at a time, in order: only the oldest is being worked on, and only its time runs.
        for oldest in self._requests.values():
            if oldest.scope.deadline == INFINITY:
                oldest.scope.deadline = trio.current_time() + self.timeout
            return

    async def _answer(self, letter: Letter) -> None:
        await super()._answer(letter)
        if self._doomed:
            await trio.sleep_forever()  # the next letter is for the next process

    # -- the process

    async def start(self) -> Any:
        self._process = OsProcess(self.command, self.env, self.rlimits)
        self.os_pid = self._process.pid
        events, inbox = trio.open_memory_channel[Any](EVENTS_AHEAD)
        try:
            self.spawn(self._mourn)
            self.spawn(self._read_stderr)
            self.spawn(self._read_frames, events)
            self.spawn(self._deliver, inbox)
            return await self._ready.answer()
        except BaseException:
            await self._process.close()
            raise

    async def stop(self) -> None:
        self._stopping = True
        try:
            await trio.lowlevel.checkpoint()  # where BRUTAL_KILL goes straight to the SIGKILL
            await self._process.stdin.aclose()
            with trio.move_on_after(self.grace):
                await self._process.wait()
            self._process.signal(signal.SIGTERM)
            await self._process.wait()
        finally:
            await self._process.close()

    async def _mourn(self) -> None:
        """Wait for the process's death, hear what it still said, and make it the actor's crash."""
        status = await self._process.wait()
        with trio.move_on_after(1):  # a grandchild may hold the pipes open
            await self._stdout_ended.wait()
            await self._stderr_ended.wait()
        if not self._stopping:
            how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
            words = f"; its last words: {' | '.join(self._last_words)}" if self._last_words else ""
            raise PortDied(f"process {self._process.pid} {how}{words}")

    async def _read_frames(self, events: trio.MemorySendChannel[Any]) -> None:
        unframer = Unframer()
        while data := await self._receive(self._process.stdout):
            try:
                for message in unframer.feed(data):
                    await self._dispatch(message, events)
            except ValueError as error:
                self._process.signal(signal.SIGKILL)
                raise PortDied(f"process {self._process.pid} wrote what is not a frame: {error}") from error
        self._stdout_ended.set()
        if not self._stopping:
            await self._finish_off()

    async def _finish_off(self) -> None:
        """It has closed a pipe: most likely it is dying, and says more by its own exit status than by SIGKILL."""
        with trio.move_on_after(1):
            await self._process.wait()
        self._process.signal(signal.SIGKILL)

    async def _dispatch(self, message: dict[str, Any], events: trio.MemorySendChannel[Any]) -> None:
        if "event" in message:
            await events.send(message["event"])
        elif "ready" in message:
            self._ready.reply(message["ready"])
        elif (request := self._requests.get(message.get("id", 0))) is not None:
            if "refusal" in message:
                request.letter.fail(PortRefusal(*message["refusal"]))
            else:
                request.letter.reply(message.get("reply"))

    async def _deliver(self, inbox: trio.MemoryReceiveChannel[Any]) -> None:
        async for payload in inbox:
            await self.on_event(payload)

    async def _read_stderr(self) -> None:
        rest = b""
        while data := await self._receive(self._process.stderr):
            *lines, rest = (rest + data).split(b"\n")
            if len(rest) > LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self._heard(line)
        self._heard(rest)
        self._stderr_ended.set()

    def _heard(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip()
        if text:
            self._last_words.append(text)
            self.on_stderr(text)

    async def _receive(self, pipe: trio.lowlevel.FdStream) -> bytes:
        try:
            return bytes(await pipe.receive_some(65536))
        except trio.ClosedResourceError:
            return b""  # by stop()


@dataclass(slots=True)
class _Request:
    """One that has been sent, and the scope that ends its time."""

    letter: Letter
    scope: trio.CancelScope
