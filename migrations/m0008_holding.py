"""Which qualities a title holds under which profile, so that what a profile would have better is found by an index. `mydia.lacking` keeps
it true."""

STEPS: tuple[str, ...] = (
    """create table held_qualities (
        media_item_id text not null references media_items(id) on delete cascade,
        quality_profile_id text not null references quality_profiles(id) on delete cascade,
        quality text not null,
        primary key (media_item_id, quality_profile_id, quality))""",
    """insert into held_qualities (media_item_id, quality_profile_id, quality)
        select distinct s.media_item_id, s.quality_profile_id, coalesce(f.quality, 'Unknown') from media_items m
            join slots s on s.media_item_id = m.id join held_files h on h.slot_id = s.id join media_files f on f.id = h.file_id
            left join episodes e on e.id = h.target
        where m.monitored = 1 and s.monitored = 1 and coalesce(e.monitored, 1) = 1""",
    "create index idx_held_qualities_found on held_qualities(quality_profile_id, quality, media_item_id)",
)
