"""House: what the upper storeys are handed. Workers and pages get a House and the ports they use; nothing is global."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

import trio

from mydia.errors import Unavailable
from mydia.messages import Change
from mydia.otp import Bus, Mailbox, NoAnswer, correlation
from mydia.otp.errors import Unread

if TYPE_CHECKING:
    from mydia.downloads.model import Look
    from mydia.settings.load import Loaded
    from mydia.settings.model import Config
    from mydia.store.engine import Connection, Engine
    from mydia.store.transaction import Transaction

P = ParamSpec("P")
T = TypeVar("T")
AGAIN = 1.0
"""Seconds between two tries to write down what must be written down."""
DOUBT = 0.5
"""Seconds between two questions whether this daemon leads."""


class Clock(Protocol):
    def now(self) -> datetime:
        """Wall time, aware, UTC."""
        ...


class Mail:
    """The addresses: one mailbox per name, made on first use, kept for the life of the house."""

    def __init__(self) -> None:
        self._boxes: dict[str, Mailbox] = {}

    def __getitem__(self, name: str) -> Mailbox:
        if name not in self._boxes:
            self._boxes[name] = Mailbox(name)
        return self._boxes[name]

    def all(self) -> list[Mailbox]:
        return list(self._boxes.values())


@dataclass(frozen=True, slots=True)
class Company:
    """The daemons that share a database, as one of them saw them a moment ago: how many live, and whether this one leads."""

    living: int
    leads: bool


@dataclass(slots=True)
class House:
    """`config` is replaced as a whole when a person changes settings: read it when needed. `loaded` knows where each value is from.

    `secret` signs what browsers keep for the house. `takers` are the kinds of jobs that somebody in this house would take now. `seated`: no
    other daemon that shares the database takes this one for gone, and its jobs for nobody's. `company`: those others, None where there can
    be none or this one does not see them. `last_look`: the download monitor's, where it looks from here.
    """

    engine: "Engine"
    mail: Mail
    bus: Bus
    config: "Config"
    clock: Clock
    secret: bytes
    loaded: "Loaded | None" = None
    takers: set[str] = field(default_factory=set)
    closing_since: float | None = None
    last_look: "Look | None" = None
    seated: bool = True
    company: Company | None = None

    def close(self) -> None:
        """The house is about to stop: no job is begun any more, and the time that running ones get to finish begins for all at once."""
        self.closing_since = trio.current_time()

    def adopt(self, loaded: "Loaded") -> None:
        """Live by this configuration from now on."""
        self.loaded, self.config = loaded, loaded.config

    async def alone(self) -> None:
        """To be waited for before each thing that one daemon alone may do to the world outside, where no transaction holds off another.

        Of several daemons it is the one that leads, asked of the database just now: who was frozen may lead no longer, and not know it yet.
        Who leads no longer waits for ever here, for the end that its node brings it.
        """
        while True:
            with suppress(Unavailable):
                if await self.engine.leads():
                    return
            await trio.sleep(DOUBT)

    async def read(self, query: "Callable[Concatenate[Connection, P], T]", /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a query on a read-only connection of the pool."""
        return await self.engine.read(query, *args, **kwargs)

    async def write(
        self, change: "Callable[Concatenate[Transaction, P], T]", /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Have the writer run a change (see `Change`); returns once it is durable. What the change raises is raised here.

        Unavailable where nothing was done, for now; NoAnswer where it may have been.
        """
        message = Change(change, args, tuple(kwargs.items()), correlation.get())
        try:
            result: Any = await self.mail["db_writer"].ask(message, timeout=self.config.database.write_timeout)
        except Unread as late:
            raise Unavailable("the database is busy with what takes long; nothing was changed", retry_after=5) from late
        return result  # type: ignore[no-any-return]  # the mailbox is untyped; the change's signature is the truth

    async def insist(
        self, change: "Callable[Concatenate[Transaction, P], T]", /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `write`, as long as the database can't be written: for what an actor alone knows, and has nobody to refuse it to.

        What was not answered may have been done: the change must be one that can be made twice.
        """
        while True:
            try:
                return await self.write(change, *args, **kwargs)
            except (Unavailable, NoAnswer):
                await trio.sleep(AGAIN)
