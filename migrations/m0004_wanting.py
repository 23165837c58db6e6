"""More slots than one, seasons to come, what each search found, an indexer's searches of a day, files that get another name."""

STEPS: tuple[str, ...] = (
    # What ends the names of a slot's files, without the dash before it: "4K".
    "alter table slots add column suffix text not null default ''",
    "alter table slots add column monitored bigint not null default 1",
    "update slots set suffix = name where name <> 'default'",
    "create index idx_slots_profile on slots(quality_profile_id, media_item_id)",
    """alter table media_items add column new_seasons text not null default 'all'
        check (new_seasons in ('all', 'none'))""",
    "alter table searches add column slot_id text references slots(id) on delete set null",
    "create index idx_searches_slot on searches(slot_id)",
    # How the searches for one thing went: an episode's id, or '' for the film. next_at: not searched again of the house's own
    # accord before.
    """create table wanted_searches (
        slot_id text not null references slots(id) on delete cascade,
        target text not null,
        last_at text,
        fruitless bigint not null default 0,
        next_at text not null,
        primary key (slot_id, target))""",
    # The tokens an indexer has given on a day (UTC): of the house's own accord, and because somebody asked.
    """create table indexer_searches (
        indexer text not null,
        day text not null,
        automated bigint not null default 0,
        asked bigint not null default 0,
        primary key (indexer, day))""",
    # The intent to give a file another name, written before the file is touched and closed in the transaction that says it has it.
    """create table renames (
        id text primary key,
        batch_id text not null,
        file_id text references media_files(id) on delete set null,
        media_item_id text references media_items(id) on delete set null,
        root_id text not null references library_roots(id) on delete cascade,
        old_path text not null,
        new_path text not null,
        state text not null check (state in ('intent', 'done', 'undone', 'failed')),
        reason text,
        side_files text,
        actor text not null,
        created_at text not null,
        updated_at text not null)""",
    "create index idx_renames_batch on renames(batch_id, id)",
    "create index idx_renames_intent on renames(root_id, old_path) where state = 'intent'",
    "create index idx_renames_item on renames(media_item_id)",
    "create index idx_renames_file on renames(file_id)",
)
