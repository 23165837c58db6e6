"""Indexes for the filters of lists that come together: kind and age, kind and not watched for, folder and state, status and age."""

STEPS: tuple[str, ...] = (
    "create index idx_media_items_type_created on media_items(type, created_at, id)",
    "create index idx_media_items_unmonitored_type on media_items(type, sort_title, id) where monitored = 0",
    "create index idx_media_items_unmonitored_created on media_items(created_at, id) where monitored = 0",
    # A folder's files of one state; those of every state are read state by state, and counted from it.
    "drop index idx_media_files_root_created",
    "create index idx_media_files_root_state on media_files(root_id, state, created_at, id)",
    "drop index idx_media_files_state",
    "drop index idx_downloads_status",
    "create index idx_downloads_status_created on downloads(status, created_at, id)",
)
