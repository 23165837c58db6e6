"""Why imports into a library folder are copied, where they can't be hard links; and an index for each reference that had none."""

STEPS: tuple[str, ...] = (
    "alter table library_roots add column copies text",
    "create index idx_downloads_slot on downloads(slot_id)",
    "create index idx_trash_item on trash(media_item_id)",
)
