"""Queues that may be paused, what became of each schedule's last run, how the database grows; and an index for the list of jobs."""

STEPS: tuple[str, ...] = (
    # A queue has a row once somebody paused it. How many of its jobs run at once is configuration.
    """create table job_queues (
        name text primary key,
        paused_at text,
        paused_by text)""",
    # The jobs of each schedule's last run. They outlive the pruning, so that "how did it go" is answered until it runs again.
    """create table cron_jobs (
        entry text not null references cron_entries(name) on delete cascade,
        job_id text not null,
        primary key (entry, job_id))""",
    "create index idx_cron_jobs_job on cron_jobs(job_id)",
    # A wish that is granted once per period: whose key stands here with a time to come is not enqueued again before it.
    """create table job_periods (
        unique_key text primary key,
        job_id text not null,
        until text not null)""",
    """create table store_samples (
        day text primary key,
        size bigint not null,
        log_size bigint not null,
        tables text not null)""",
    # A page of jobs of a kind and state reads what it shows, however many are kept; the counts are read from it too.
    "drop index idx_jobs_queue_state",
    "create index idx_jobs_kind_state on jobs(kind, state, created_at, id)",
    # It looks after the database's health.
    "update jobs set queue = 'critical' where kind = 'check_store'",
)
