"""Files that nobody grabbed for a slot, and the slots of their titles: which holds which; a title that goes with its files. These span
contexts."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from mydia.appraise import formats_of
from mydia.choosing import queries as choosing
from mydia.core.formats import score
from mydia.core.slots import Place, by_fit
from mydia.library import changes as library
from mydia.library import queries as files
from mydia.library.model import FileFacts, FileView
from mydia.library.trash import intend_trash, leaving
from mydia.media import changes as titles
from mydia.media import queries as media
from mydia.media import slots
from mydia.ports import MediaDetails
from mydia.store.engine import Connection
from mydia.store.transaction import Transaction


def slots_for(conn: Connection, media_item_id: str, file: FileView, facts: FileFacts | None = None) -> tuple[str, ...]:
    """The slots of a title that a file fits, the best first; none where the title has but one, which takes whatever there is.

    `facts` are what was learned of it just now, where it is not written down yet.
    """
    known = media.slots_of(conn, media_item_id)
    if len(known) < 2:
        return ()
    if facts is not None:
        named = facts.scene_name or file.scene_name
        learned = {key: getattr(facts, key) for key in ("quality", "languages", "release_group", "metadata")}
        file = replace(file, **learned, scene_name=named)
    item = media.get_media(conn, media_item_id)
    names = formats_of(file, item, choosing.formats(conn))
    profiles = {s.id: choosing.get_profile(conn, s.quality_profile_id) for s in known}
    places = [Place(s.id, s.ending, profiles[s.id], score(names, profiles[s.id])) for s in known]
    stem = PurePosixPath(file.relative_path).stem
    return by_fit(places, stem, file.quality or "Unknown", file.languages, item.original_language)


def identify_by_hand(
    tx: Transaction, file_id: str, media_item_id: str, episode_ids: Sequence[str], *, actor: str
) -> None:
    """A person says what a file is; the slot that it fits best holds it, where that holds nothing better."""
    fitting = slots_for(tx, media_item_id, files.get_file(tx, file_id))
    library.identify_by_hand(tx, file_id, media_item_id, episode_ids, slots=fitting, actor=actor)


def add_title(tx: Transaction, /, details: MediaDetails, *, waiting: Sequence[str] = (), **wished: Any) -> str:
    """As `media.changes.add_media`; files that fitted nothing and may be of it (`waiting`) are identified again."""
    added = titles.add_media(tx, details, **wished)
    library.identify_again(tx, waiting)
    return added


def delete_title(tx: Transaction, media_item_id: str, *, trash: bool = False, actor: str) -> int:
    """As `media.changes.delete_media`. With `trash` its files go to the trash, which is told the importer by its bell: how many do."""
    title = media.get_media(tx, media_item_id).title
    going = (
        [f for f in files.files_of(tx, media_item_id) if f.state != "missing" and not leaving(tx, f.id)]
        if trash
        else []
    )
    for file in going:
        intend_trash(tx, file.id, reason=f"{title} was deleted by {actor}", actor=actor)
    titles.delete_media(tx, media_item_id, actor=actor)
    return len(going)


def add_slot(tx: Transaction, /, media_item_id: str, *, actor: str, **wished: Any) -> str:
    """As `media.slots.add_slot`; a file that is there already and fits is held at once."""
    slot_id = slots.add_slot(tx, media_item_id, actor=actor, **wished)
    settle(tx, media_item_id)
    return slot_id


def update_slot(tx: Transaction, /, media_item_id: str, slot_id: str, *, actor: str, **wished: Any) -> None:
    """As `media.slots.update_slot`; a file that is there already and fits now is held at once."""
    slots.update_slot(tx, media_item_id, slot_id, actor=actor, **wished)
    settle(tx, media_item_id)


def remove_slot(tx: Transaction, media_item_id: str, slot_id: str, *, actor: str) -> str:
    """As `media.slots.remove_slot`. Its files stay; one that another slot lacks, and that fits there, is held by that."""
    name = slots.remove_slot(tx, media_item_id, slot_id, actor=actor)
    settle(tx, media_item_id)
    return name


def settle(tx: Transaction, media_item_id: str) -> None:
    """Give files of a title that no slot holds to slots that lack them, each where it fits best."""
    for file in files.files_of(tx, media_item_id):
        if file.state == "linked" and not file.held:
            for target in file.episode_ids or ("",):
                library.hold_where_nothing_is(tx, file.id, target, slots_for(tx, media_item_id, file))
