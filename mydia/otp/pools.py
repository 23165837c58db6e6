"""The pool: several like actors behind one mailbox."""

from collections.abc import Callable
from dataclasses import replace

from .actors import Actor, actor
from .mailbox import Mailbox
from .spec import BrutalKill, ChildSpec, Restart
from .supervisor import Supervisor


def pool(
    id: str,  # noqa: A002 - OTP's word
    factory: Callable[[], Actor],
    *,
    size: int,
    mailbox: Mailbox,
    restart: Restart = Restart.PERMANENT,
    shutdown: float | BrutalKill = 5.0,
    startup: float = 30.0,
    max_restarts: int | None = None,
    max_seconds: float = 5.0,
) -> ChildSpec:
    """A supervisor of `size` like actors that read one mailbox: each letter goes to whichever is free.

    They start in order and stop together. `max_restarts` is for all of them, and 3 for each when not given.
    """
    if size < 1:
        raise ValueError(f"pool {id!r}: size must be at least 1, not {size!r}")
    # To askers the pool is the mailbox's reader: that one of several does not run is not their concern.
    workers = [
        replace(actor(str(n), factory, mailbox=mailbox, shutdown=shutdown, startup=startup), mailbox=None)
        for n in range(1, size + 1)
    ]
    limit = 3 * size if max_restarts is None else max_restarts
    supervisor = Supervisor(id, max_restarts=limit, max_seconds=max_seconds, children=workers)
    supervisor.stops_together = True
    return replace(supervisor.child_spec(restart), mailbox=mailbox)
