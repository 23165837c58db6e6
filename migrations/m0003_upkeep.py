"""Queues that may be paused, what became of each schedule's last run, how the database grows; and indexes for lists."""

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
    "create index idx_jobs_item on jobs(media_item_id, created_at, id) where media_item_id is not null",
    # Pages of files of one state, or of one folder, newest first.
    "create index idx_media_files_state_created on media_files(state, created_at, id)",
    "create index idx_media_files_root_created on media_files(root_id, created_at, id)",
    # The queue: few of many downloads.
    """create index idx_downloads_open on downloads(created_at, id)
        where status in ('pending', 'downloading', 'completed', 'importing', 'held')""",
    # It looks after the database's health.
    "update jobs set queue = 'critical' where kind = 'check_store'",
)
