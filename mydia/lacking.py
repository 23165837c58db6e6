"""Whether a title lacks anything, as a column of it: `media_items.lacking`.

What is missing could be asked of each title; where little is, that looks at every one. Titles and their files belong to two contexts, and
a change of either may make a title lack something, or complete it: each such change ends with `reckon`. The column says of a monitored
title whether one of its slots holds nothing for the film, or for a monitored episode, aired or not. Whoever asks for less (what has aired,
a slot that is monitored) asks that besides.
"""

from mydia.store.transaction import Transaction

LACKS = """monitored = 1 and exists (select 1 from slots s where s.media_item_id = media_items.id and case when media_items.type = 'movie'
    then not exists (select 1 from held_files h where h.slot_id = s.id)
    else exists (select 1 from episodes e where e.media_item_id = media_items.id and e.monitored = 1
        and not exists (select 1 from held_files h where h.slot_id = s.id and h.target = e.id)) end)"""


def reckon(tx: Transaction, media_item_id: str) -> None:
    """Bring a title's column up to date. The row is written only where that changes."""
    tx.execute(
        f"update media_items set lacking = 1 - lacking where id = :id and lacking <> case when {LACKS} then 1 else 0 end",  # noqa: S608 - our own words
        id=media_item_id,
    )
