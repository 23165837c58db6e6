"""What stands beside a title of what its slots hold: whether it lacks anything (`media_items.lacking`) and, of a show, from which day on
(`media_items.lacks_from`), and which qualities it holds under which profile (`held_qualities`).

All of it could be asked of each title; where little is wanting, that looks at every one. Titles and their files belong to two contexts,
and a change of either may make a title lack something, or hold something else: each such change ends with `reckon`. `lacking` says of a
monitored title whether one of its slots holds nothing for the film, or for a monitored episode, aired or not; whoever asks for less (a
slot that is monitored) asks that besides. Of qualities stand those that are held of something monitored; what a profile would have better
is not written down but asked, so that a profile may change and nothing else does.
"""

from mydia.store.transaction import Transaction

_HOLDS = """select distinct s.quality_profile_id, coalesce(f.quality, 'Unknown') from media_items m join slots s on s.media_item_id = m.id
    join held_files h on h.slot_id = s.id join media_files f on f.id = h.file_id left join episodes e on e.id = h.target
    where m.id = :id and m.monitored = 1 and s.monitored = 1 and coalesce(e.monitored, 1) = 1"""
_KNOWN = "select quality_profile_id, quality from held_qualities where media_item_id = :id"


def lacks(slot: str = "", film: str = "", episode: str = "") -> str:
    """SQL: a title `m` lacks something; `slot`, `film` and `episode` narrow of which slot `s`, of the film, of which episode `e`."""
    return f"""m.monitored = 1 and exists (select 1 from slots s where s.media_item_id = m.id {slot} and case when m.type = 'movie'
        then not exists (select 1 from held_files h where h.slot_id = s.id) {film}
        else exists (select 1 from episodes e where e.media_item_id = m.id and e.monitored = 1
            and not exists (select 1 from held_files h where h.slot_id = s.id and h.target = e.id) {episode}) end)"""  # noqa: S608 - our own words


_RECKON = f"""update media_items as m set lacking = 1 - lacking
    where m.id = :id and m.lacking <> case when {lacks()} then 1 else 0 end"""  # noqa: S608 - our own words

_FIRST = """(select min(coalesce(e.air_date, '9999-12-31')) from slots s join episodes e on e.media_item_id = s.media_item_id
    where s.media_item_id = m.id and e.monitored = 1
        and not exists (select 1 from held_files h where h.slot_id = s.id and h.target = e.id))"""
_RECKON_FROM = f"""update media_items as m set lacks_from = {_FIRST}
    where m.id = :id and m.type = 'tv_show' and m.lacking = 1 and m.lacks_from <> {_FIRST}"""  # noqa: S608 - our own words


def reckon(tx: Transaction, media_item_id: str) -> None:
    """Bring what stands beside a title up to date. Nothing is written that is so already."""
    tx.execute(_RECKON, id=media_item_id)
    tx.execute(_RECKON_FROM, id=media_item_id)
    held, known = (set(map(tuple, tx.rows(sql, id=media_item_id))) for sql in (_HOLDS, _KNOWN))
    for profile, quality in known - held:
        tx.execute(
            "delete from held_qualities where media_item_id = :id and quality_profile_id = :p and quality = :q",
            id=media_item_id,
            p=profile,
            q=quality,
        )
    for profile, quality in held - known:
        tx.insert("held_qualities", {"media_item_id": media_item_id, "quality_profile_id": profile, "quality": quality})
