"""A daemon's seat among those that share one PostgreSQL database: who is there, who leads, what the others have done.

A seat is one connection of its own. It holds an advisory lock that says "this daemon lives" and, in one daemon at a time, the lock that
says "this one leads"; the server takes both back when the connection ends, whatever ended it. What a batch has done, of this daemon too,
comes by NOTIFY, which the server delivers with that batch's commit: the kinds of jobs it touched, and the events that are stored nowhere
(progress, say). That it says anything at all means: look into the events table.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
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

# The server notices within about ten seconds that a machine has gone whose connections nobody closed.
_HABITS = """set tcp_keepalives_idle = 4; set tcp_keepalives_interval = 2; set tcp_keepalives_count = 3;
    set idle_in_transaction_session_timeout = 0"""


class News(NamedTuple):
    """What a daemon has committed, beside what now stands in the events table."""

    wake: frozenset[str]
    events: tuple[Event, ...]


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

    `connect` opens a connection of its own; `said` makes a line for people of what the driver says.
    """

    def __init__(self, connect: Callable[[], Raw], node: str, said: Callable[[BaseException], str]) -> None:
        self._said = said
        self.leads = False
        with self._asked():
            self._raw = raw = connect()
            raw.execute(_HABITS)
            # Shared with nobody else, but with a seat of one's own whose loss the server has not noticed yet.
            raw.execute("select pg_advisory_lock_shared(%s, %s)", (LIVING, number(node)))
            raw.execute(f"listen {CHANNEL}")

    def give_up(self) -> None:
        """The locks are free at once."""
        with self._asked():
            self._raw.close()

    @contextmanager
    def _asked(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise Unavailable(self._said(error)) from error

    def try_to_lead(self) -> bool:
        """Whether this daemon leads now; once it does, until the seat is lost."""
        if not self.leads:
            with self._asked():
                row = self._raw.execute("select pg_try_advisory_lock(%s::bigint)", (LEADER,)).fetchone()
            self.leads = row is not None and bool(row[0])
        return self.leads

    def hear(self, seconds: float) -> list[News]:
        """What others have committed; waits so long for a first word. Asks the server for a sign of life each time."""
        with self._asked():
            heard = [note.payload for note in self._raw.notifies(timeout=seconds, stop_after=1)]
            if not heard:
                self._raw.execute("select 1")
        return [news for payload in heard if (news := _understood(payload)) is not None]

    def living(self) -> frozenset[str]:
        """The names of all daemons that live, this one among them."""
        with self._asked():
            rows = self._raw.execute(_LIVING, (LIVING,)).fetchall()
        return frozenset(f"{row[0]:08x}" for row in rows)


_LIVING = """select distinct objid::bigint from pg_locks where locktype = 'advisory' and classid::bigint = %s and objsubid = 2
    and granted and database = (select oid from pg_database where datname = current_database())"""


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
