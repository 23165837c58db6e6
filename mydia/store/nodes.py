"""A daemon's seat among those that share one PostgreSQL database: who is there, who leads, what the others have done.

A seat is one connection of its own. It holds an advisory lock that says "this daemon lives" and, in one daemon at a time, the lock that
says "this one leads"; the server takes both back when the connection ends, whatever ended it. What a batch of another daemon has done
comes by NOTIFY, which the server delivers with that batch's commit: the kinds of jobs it touched, the events that are stored nowhere
(progress, say), and that there are new ones in the events table.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from mydia.events import EVENTS, Event, from_row

if TYPE_CHECKING:
    import psycopg

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
    """What another daemon has committed. `stored`: there is more in the events table."""

    stored: bool
    wake: frozenset[str]
    events: tuple[Event, ...]


def number(node: str) -> int:
    """A node's name (8 hexadecimal digits) as the server's signed 32 bits."""
    value = int(node, 16)
    return value - (1 << 32) if value >= 1 << 31 else value


def told(node: str, events: Sequence[Event], wake: Iterable[str]) -> Iterator[str]:
    """The notifications of one batch of `node`, as few as their size allows; none when it did nothing that others must know."""
    kinds = sorted(wake)
    passing = [[e.type(), e.media_item_id, e.actor, e.data()] for e in events if not getattr(e, "stored", True)]
    head = {"from": node, "stored": any(getattr(e, "stored", True) for e in events), "wake": kinds}
    if not (head["stored"] or kinds or passing):
        return
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
    """Blocking: for a thread. Everything raises psycopg.Error when the connection is lost, and then the seat is lost too."""

    def __init__(self, raw: "Raw", node: str) -> None:
        self._raw, self._node = raw, node
        self.leads = False
        raw.execute(_HABITS)
        # Shared with nobody else, but with a seat of one's own whose loss the server has not noticed yet.
        raw.execute("select pg_advisory_lock_shared(%s, %s)", (LIVING, number(node)))
        raw.execute(f"listen {CHANNEL}")

    def try_to_lead(self) -> bool:
        """Whether this daemon leads now; once it does, until the seat is lost."""
        if not self.leads:
            row = self._raw.execute("select pg_try_advisory_lock(%s::bigint)", (LEADER,)).fetchone()
            self.leads = row is not None and bool(row[0])
        return self.leads

    def hear(self, seconds: float) -> list[News]:
        """What others have committed; waits so long for a first word. Asks the server for a sign of life each time."""
        heard = [note.payload for note in self._raw.notifies(timeout=seconds, stop_after=1)]
        if not heard:
            self._raw.execute("select 1")
        return [news for payload in heard if (news := _understood(payload, self._node)) is not None]

    def living(self) -> frozenset[str]:
        """The names of all daemons that live, this one among them."""
        rows = self._raw.execute(
            """select distinct objid::bigint from pg_locks where locktype = 'advisory' and classid::bigint = %s and objsubid = 2
                and granted and database = (select oid from pg_database where datname = current_database())""",
            (LIVING,),
        ).fetchall()
        return frozenset(f"{row[0]:08x}" for row in rows)


@contextmanager
def seat(raw: "Raw", node: str) -> Iterator[Seat]:
    """A seat on this connection, which is closed at the end: the locks are free at once."""
    with raw:
        yield Seat(raw, node)


def _understood(payload: str, own: str) -> News | None:
    """None for one's own words, and for what no Mydia of this kind has said."""
    try:
        said = json.loads(payload)
        if said["from"] == own:
            return None
        events = tuple(
            from_row(kind, data, item, actor) for kind, item, actor, data in said["events"] if kind in EVENTS
        )
        return News(bool(said["stored"]), frozenset(map(str, said["wake"])), events)
    except (ValueError, KeyError, TypeError):
        return None
