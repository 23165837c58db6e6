"""How the database grows: one small sample a day of its size, its log's, and the rows of each table."""

from collections.abc import Mapping
from dataclasses import dataclass

from migrations import MIGRATIONS
from mydia.store.engine import Connection, from_json, to_json
from mydia.store.schema import schema_of
from mydia.store.transaction import Transaction

DAYS = 400
"""How many samples are kept."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A day (UTC): sizes in bytes, rows by table."""

    day: str
    size: int
    log_size: int
    tables: Mapping[str, int]


def count_rows(conn: Connection) -> dict[str, int]:
    """The rows of every table. Reads all of an index each: for a thread, seldom."""
    return {t.name: int(conn.value(f"select count(*) from {t.name}")) for t in schema_of(MIGRATIONS)}  # noqa: S608 - our own names


def keep_sample(tx: Transaction, size: int, log_size: int, tables: Mapping[str, int]) -> None:
    """Today's sample; a later one of the same day takes the place of an earlier. The oldest beyond `DAYS` go."""
    tx.execute(
        """insert into store_samples (day, size, log_size, tables) values (:day, :size, :log_size, :tables)
        on conflict (day) do update set size = excluded.size, log_size = excluded.log_size, tables = excluded.tables""",
        day=tx.now[:10],
        size=size,
        log_size=log_size,
        tables=to_json(tables),
    )
    tx.execute(
        "delete from store_samples where day not in (select day from store_samples order by day desc limit :kept)",
        kept=DAYS,
    )


def samples(conn: Connection, days: int = 90) -> tuple[Sample, ...]:
    """The latest samples, oldest first."""
    rows = conn.all("select * from store_samples order by day desc limit :days", days=days)
    return tuple(Sample(r["day"], r["size"], r["log_size"], from_json(r["tables"])) for r in reversed(rows))
