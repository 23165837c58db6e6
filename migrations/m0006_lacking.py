"""Whether a title may lack something, kept beside it, so that what is missing is found by an index. `mydia.lacking` keeps it true."""

STEPS: tuple[str, ...] = (
    "alter table media_items add column lacking bigint not null default 1",
    """update media_items set lacking = 0 where not (monitored = 1 and exists (
        select 1 from slots s where s.media_item_id = media_items.id and case when media_items.type = 'movie'
            then not exists (select 1 from held_files h where h.slot_id = s.id)
            else exists (select 1 from episodes e where e.media_item_id = media_items.id and e.monitored = 1
                and not exists (select 1 from held_files h where h.slot_id = s.id and h.target = e.id)) end))""",
    "create index idx_media_items_lacking_sort on media_items(sort_title, id) where lacking = 1",
    "create index idx_media_items_lacking_type on media_items(type, sort_title, id) where lacking = 1",
    "create index idx_media_items_lacking_created on media_items(created_at, id) where lacking = 1",
    "create index idx_media_items_lacking_searched on media_items((coalesce(last_search_at, '')), id) where lacking = 1",
)
