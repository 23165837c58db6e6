"""The clock was set back: what waits for a time that was reckoned from one that has not come yet would wait for hours, or years."""

from mydia.jobs.cron import upcoming
from mydia.jobs.queries import cron_entry
from mydia.store.transaction import Transaction

AHEAD = 60.0
"""Seconds by which a row may be younger than the clock: smaller steps are the ordinary keeping of time."""


def set_back(tx: Transaction) -> tuple[int, int]:
    """Make due now what was postponed by a clock that was ahead, and plan anew what it has planned; how many jobs and entries that were."""
    ahead = tx.later(AHEAD)
    jobs = tx.all(
        """update jobs set scheduled_at = :now where state in ('scheduled', 'retryable') and scheduled_at > :now
            and coalesce(attempted_at, created_at) > :ahead returning kind""",
        now=tx.now,
        ahead=ahead,
    )
    tx.wake.update(row["kind"] for row in jobs)
    entries = 0
    for row in tx.all(
        "select * from cron_entries where enabled = 1 and next_run_at > :ahead order by name", ahead=ahead
    ):
        sooner = upcoming(cron_entry(row), tx.now)
        # One that ran a moment ago has run: it is not asked for a second time because of a second.
        if sooner is not None and sooner < row["next_run_at"] and (row["last_run_at"] or ahead) >= ahead:
            tx.execute("update cron_entries set next_run_at = :at where name = :name", at=sooner, name=row["name"])
            entries += 1
    return len(jobs), entries
