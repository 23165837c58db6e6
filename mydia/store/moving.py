"""Filling a database with the rows of another, beside the one it will replace; whichever engines hold them.

The rows go into an *incoming* database that nobody reads (SQLite: a file beside; PostgreSQL: a schema beside). Each chunk is durable
together with a mark of what it was, so a fill that was killed is taken up where it stood. When all is there, it is read back and compared
table by table; then what is newer in this program's schema is added, and the incoming database takes the place of the present one in
one stroke. Until then the present one is what it was, whatever happens.
"""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from migrations import MIGRATIONS
from mydia.errors import Conflict, Invalid, NotFound, Unavailable
from mydia.store.engine import Connection, to_json
from mydia.store.portable import DatabaseSource, Source, read_table
from mydia.store.schema import Steps, Table, schema_of

Progress = Callable[[str, int, int], None]
"""Told, chunk by chunk: the table (or what is being done), rows so far, rows in all."""
LIVED_IN = ("users", "media_items", "media_files", "downloads")
"""A database without any of these is empty: the rest is what every start seeds."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One chunk that is durably in an incoming database."""

    table: str
    number: int
    sha256: str


class Incoming(Protocol):
    """A database that is being filled. Plain blocking calls, as all of this file: a command's work, or a thread's."""

    def begin(self, source: Source) -> list[Mark]:
        """Open it for this source: what is in already, where an earlier fill from it was broken off; else it is made anew, empty."""
        ...

    def load(self, table: Table, rows: list[object], mark: Mark) -> None:
        """Add rows, with their mark, at once and durably. Invalid names what this engine cannot hold."""
        ...

    def reading(self) -> AbstractContextManager[Connection]:
        """One unchanging state of what is in."""
        ...

    def finish(self, numbered: Mapping[str, int], content: str, now: str, *, older: bool) -> list[str]:
        """Go on counting from these numbers, check every reference, bring the schema up to this program's: what is wrong, in words. Where
        that changed rows (it does where the schema is `older`), the content that they had stands beside them from then on."""
        ...

    def adopt(self) -> str:
        """Take the present database's place, in one stroke; where that one is kept now, in words."""
        ...

    def discard(self) -> None:
        """Throw away what is in, and begin again with nothing."""
        ...

    def close(self) -> None: ...


class Whole(Protocol):
    """A database as a whole, seen from outside the house: read as one state, replaced in one stroke."""

    @property
    def name(self) -> str:
        """What people call it; never with a password."""
        ...

    def alone(self) -> AbstractContextManager[None]:
        """Keep every daemon out meanwhile. InUse (an Unavailable) when one is in."""
        ...

    def source(self) -> AbstractContextManager[DatabaseSource]:
        """Its rows as they are now, also while a daemon writes. NotFound when there is no database."""
        ...

    def reading(self) -> AbstractContextManager[Connection]:
        """One unchanging state of it for this program's queries, also while a daemon writes; nothing of it is changed, nor brought up to
        date. NotFound when there is no database, Invalid when its schema is not this program's, Unavailable when it can't be read."""
        ...

    def contents(self) -> dict[str, int]:
        """How many rows of each of LIVED_IN there are; none where there is no database yet."""
        ...

    def incoming(self) -> Incoming: ...


class _Moved(Unavailable):
    """The source is not what it was when an earlier try was broken off."""


def refuse_if_lived_in(target: Whole, otherwise: str) -> None:
    """Conflict unless the target is empty; `otherwise` says what to do."""
    held = {name: n for name, n in target.contents().items() if n}
    if held:
        words = ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in held.items())
        raise Conflict(f"{target.name} is not empty: it holds {words}. {otherwise}")


def is_there(source: Source, target: Whole) -> bool:
    """Whether the target holds these very rows, or what this program made of them when they came in: those of a command that was killed
    when it had nothing left to do but to say so.

    Reads the source, to its end where that may be. What is wrong with the source its next reader says. Unavailable when the target cannot
    be read just now: to go on would replace what it holds, and with it the former database that is kept there.
    """
    try:
        with target.source() as held:
            same = held.migrations == source.migrations and held.counts == source.counts
            if not same and held.arrived is None:
                return False
            sums = _sums(source)
            return held.arrived == _content(sums) or (same and _sums(held) == sums)
    except (NotFound, Invalid):  # there is no database yet, or none that can be compared
        return False


def _sums(source: Source) -> dict[str, tuple[int, str]]:
    """Rows and SHA-256 of each table."""
    sums = {}
    for table in schema_of(source.migrations):
        digest, count = hashlib.sha256(), 0
        for chunk in source.chunks(table):
            digest.update(chunk.lines)
            count += len(chunk.rows)
        sums[table.name] = count, digest.hexdigest()
    source.check()
    return sums


def _content(sums: Mapping[str, tuple[int, str]]) -> str:
    return hashlib.sha256(to_json(dict(sums)).encode()).hexdigest()


def bring(source: Source, target: Whole, now: str, progress: Progress) -> str:
    """Fill, compare, take over; what became of the former database, in words. The caller keeps daemons out (`alone`).

    Invalid: the source is damaged, or holds what the target cannot. Unavailable: disk full, connection lost. Nothing has changed then.
    """
    incoming = target.incoming()
    try:
        sums = _fill(source, incoming, progress)
        _compare(source.migrations, incoming, sums, progress)
        wrong = incoming.finish(source.numbered, _content(sums), now, older=source.migrations != MIGRATIONS)
        if wrong:
            raise Invalid(f"what was to be brought in does not hold together: {'; '.join(wrong[:3])}")
        return incoming.adopt()
    except (Invalid, _Moved):  # what is in is of no use; after any other end it is where the next try goes on
        incoming.discard()
        raise
    finally:
        incoming.close()


def _fill(source: Source, incoming: Incoming, progress: Progress) -> dict[str, tuple[int, str]]:
    """Rows and SHA-256 of each table that is in now."""
    done = {(m.table, m.number): m.sha256 for m in incoming.begin(source)}
    total, so_far, sums = sum(source.counts.values()), 0, {}
    for table in schema_of(source.migrations):
        digest, count = hashlib.sha256(), 0
        for number, chunk in enumerate(source.chunks(table)):
            mark = Mark(table.name, number, hashlib.sha256(chunk.lines).hexdigest())
            before = done.pop((table.name, number), None)
            if before is None:
                incoming.load(table, chunk.rows, mark)
            elif before != mark.sha256:
                raise _Moved("the rows have changed since the move was broken off; start it again, from the beginning")
            digest.update(chunk.lines)
            count += len(chunk.rows)
            so_far += len(chunk.rows)
            progress(table.name, so_far, total)
        sums[table.name] = count, digest.hexdigest()
    source.check()
    if done:
        raise _Moved("there are fewer rows than when the move was broken off; start it again, from the beginning")
    return sums


def _compare(migrations: Steps, incoming: Incoming, sums: Mapping[str, tuple[int, str]], progress: Progress) -> None:
    """Read everything back, and hold it against what was read at the source."""
    total, so_far = sum(count for count, _ in sums.values()), 0
    with incoming.reading() as conn:
        for table in schema_of(migrations):
            digest, count = hashlib.sha256(), 0
            for chunk in read_table(conn, table):
                digest.update(chunk.lines)
                count += len(chunk.rows)
                so_far += len(chunk.rows)
                progress("comparing", so_far, total)
            if (count, digest.hexdigest()) != sums[table.name]:
                here = f"{count:,} of {sums[table.name][0]:,}"
                raise Invalid(
                    f"the rows of {table.name} did not arrive as they were sent ({here}); nothing was changed"
                )


def quiet(_what: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""


def seconds_apart(say: Callable[[str], None], clock: Callable[[], float], every: float = 2.0) -> Progress:
    """Progress in words, at most one line in `every` seconds, and one at each end."""
    said = [clock()]

    def tell(what: str, done: int, total: int) -> None:
        if clock() - said[0] >= every or done == total:
            said[0] = clock()
            say(f"{what}: {done:,} of {total:,} rows ({done / max(1, total):.0%})")

    return tell
