"""A daemon's seat among those that share one PostgreSQL database: who is there, who leads, what the others have done.

A seat is one connection of its own. It holds an advisory lock that says "this daemon lives" and, in one daemon at a time, the lock that
says "this one leads"; the server takes both back when the connection ends, whatever ended it. A daemon that is frozen keeps its connection
and does nothing: whoever looks and finds a seat that has long been silent ends it. What a batch has done, of this daemon too, comes by
NOTIFY, which the server delivers with that batch's commit: the kinds of jobs it touched, and the events that are stored nowhere
(progress, say). That it says anything at all means: look into the events table.
"""

import json
import os
import socket
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import psycopg

from mydia.errors import Unavailable
from mydia.events import EVENTS, Event, from_row

Raw = psycopg.Connection[tuple[Any, ...]]
CHANNEL = "mydia"
LIVING = int.from_bytes(b"myd")
"""The first half of the advisory locks of those that live; the second is the daemon's own number."""
LEADER = int.from_bytes(b"leads")
MOST = 7500
"""Bytes of one notification; the server takes fewer than 8000."""
FROZEN = 10
"""Seconds without a word after which a seat is ended by the others. Its own daemon, if it were awake, would have given it up before."""

# The server notices within about ten seconds that a machine has gone whose connections nobody closed.
_HABITS = """set tcp_keepalives_idle = 4; set tcp_keepalives_interval = 2; set tcp_keepalives_count = 3;
    set idle_in_transaction_session_timeout = 0"""


class News(NamedTuple):
    """What a daemon has committed, beside what now stands in the events table."""

    wake: frozenset[str]
    events: tuple[Event, ...]


class Standing(NamedTuple):
    """What a look around from a seat has shown; `newer` names a migration that this program does not know, `clock` is the server's time
    in seconds since 1970."""

    leads: bool
    living: frozenset[str]
    newer: str | None
    clock: float


def number(node: str) -> int:
    """A node's name (8 hexadecimal digits) as the server's signed 32 bits."""
    value = int(node, 16)
    return value - (1 << 32) if value >= 1 << 31 else value


def told(events: Sequence[Event], wake: Iterable[str]) -> Iterator[str]:
    """The notifications of one batch, as few as their size allows; none when nobody need know of it."""
    kinds = sorted(wake)
    passing = [[e.type(), e.media_item_id, e.actor, e.data()] for e in events if not getattr(e, "stored", True)]
    if not (events or kinds):
        return
    head = {"wake": kinds}
    held: list[Any] = []
    size = room = MOST - len(json.dumps(head)) - len(', "events": []')
    for each in passing:
        length = len(json.dumps(each)) + 2
        if length > room:
            continue  # nothing that long is worth more than the next refresh of a page
        if length > size:
            yield json.dumps({**head, "events": held})
            held, size = [], room
        held.append(each)
        size -= length
    yield json.dumps({**head, "events": held})


class Seat:
    """Blocking: for a thread. Everything raises Unavailable when the connection is lost, and then the seat is lost too.

    `connect` opens a connection of its own; `said` makes a line for people of what the driver says; `known` are this program's migrations.
    """

    def __init__(
        self, connect: Callable[[], Raw], node: str, said: Callable[[BaseException], str], known: Collection[str]
    ) -> None:
        self._connect, self._node, self._said, self._known = connect, node, said, known
        self._leads = self._over = False
        self._raw: Raw | None = None
        self._in_use = threading.Lock()

    def take(self) -> None:
        """Before anything else."""
        with self._asked():
            self._raw = raw = self._connect()
            if self._over:  # given up meanwhile by somebody who had no patience
                raise psycopg.OperationalError("it was given up")
            raw.execute(_HABITS)
            # Shared with nobody else, but with a seat of one's own whose loss the server has not noticed yet.
            raw.execute("select pg_advisory_lock_shared(%s, %s)", (LIVING, number(self._node)))
            raw.execute(f"listen {CHANNEL}")

    def give_up(self) -> None:
        """The locks are free at once. Whatever another thread waits for here ends, too."""
        self._over = True
        raw = self._raw
        if raw is not None:
            with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(raw.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)
            with self._in_use:
                raw.close()

    @contextmanager
    def _asked(self) -> Iterator[None]:
        with self._in_use:
            try:
                yield
            except BaseException as error:
                if self._raw is not None:
                    self._raw.close()
                if isinstance(error, psycopg.Error | OSError):
                    raise Unavailable(self._said(error)) from error
                raise

    def hear(self, seconds: float) -> list[News]:
        """What has been committed; waits so long for a first word."""
        with self._asked():
            heard = [note.payload for note in self._at_it.notifies(timeout=seconds, stop_after=1)]
        return [news for payload in heard if (news := _understood(payload)) is not None]

    def look(self) -> Standing:
        """Give a sign of life, take the lead where it is free, and see who else is there. Who leads does so until the seat is lost."""
        with self._asked():
            raw = self._at_it
            if not self._leads:
                row = raw.execute("select pg_try_advisory_lock(%s::bigint)", (LEADER,)).fetchone()
                self._leads = row is not None and bool(row[0])
            raw.execute(_END_THE_SILENT, (LIVING, FROZEN))
            rows = raw.execute(_LIVING, (LIVING,)).fetchall()
            ((newest, clock),) = raw.execute(_TOLD).fetchall()
        newer = None if newest is None or newest in self._known else str(newest)
        return Standing(self._leads, frozenset(f"{row[0]:08x}" for row in rows), newer, float(clock))

    @property
    def _at_it(self) -> Raw:
        if self._raw is None:
            raise psycopg.OperationalError("nobody has taken it")
        return self._raw


_HERE = """from pg_locks join pg_stat_activity using (pid) where locktype = 'advisory' and granted and objsubid = 2
    and pg_locks.database = (select oid from pg_database where datname = current_database()) and classid::bigint = """
_LIVING = f"select distinct objid::bigint {_HERE} %s"
_TOLD = "select max(name), extract(epoch from clock_timestamp())::float8 from _migrations"
# Only those of one's own user: of others the server tells nothing.
_END_THE_SILENT = f"""select pg_terminate_backend(pid) {_HERE} %s
    and usename = current_user and pid <> pg_backend_pid() and state_change < clock_timestamp() - %s * interval '1 second'"""


def _understood(payload: str) -> News | None:
    """None for what no Mydia of this kind has said."""
    try:
        said = json.loads(payload)
        events = tuple(
            from_row(kind, data, item, actor) for kind, item, actor, data in said["events"] if kind in EVENTS
        )
        return News(frozenset(map(str, said["wake"])), events)
    except (ValueError, KeyError, TypeError):
        return None
