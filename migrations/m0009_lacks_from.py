"""From which day on a show lacks something, beside whether it does: most of what continues lacks only what has not aired."""

STEPS: tuple[str, ...] = (
    "alter table media_items add column lacks_from text not null default ''",
    """update media_items set lacks_from = coalesce((
        select min(coalesce(e.air_date, '9999-12-31')) from slots s join episodes e on e.media_item_id = s.media_item_id
        where s.media_item_id = media_items.id and e.monitored = 1
            and not exists (select 1 from held_files h where h.slot_id = s.id and h.target = e.id)), '')
        where type = 'tv_show' and lacking = 1""",
)
