"""Writes of a title's slots: the versions of it that are wanted beside each other. What files they hold is another context's."""

from mydia.core.naming.text import printable
from mydia.errors import Conflict, Invalid, NotFound
from mydia.events import MediaUpdated
from mydia.lacking import reckon
from mydia.media.model import MAIN, Slot
from mydia.media.queries import get_slot, slots_of, title_of
from mydia.store.transaction import Transaction

MOST = 8
"""Slots of one title."""
_ILLEGAL = frozenset('/\\:*?"<>|')
_LONGEST = 40


def add_slot(
    tx: Transaction,
    item_id: str,
    *,
    name: str,
    quality_profile_id: str,
    suffix: str | None = None,
    monitored: bool = True,
    actor: str,
) -> str:
    """Want another version of a title; the slot's id. `suffix` is the slot's name when left out: without one its files would have the
    names of another's."""
    known = _slots(tx, item_id)
    if len(known) >= MOST:
        raise Conflict(f"A title has at most {MOST} versions.")
    slot_id = tx.new_id()
    name, ending = _name(name, known), _suffix(name if suffix is None else suffix, known)
    _check_profile(tx, quality_profile_id)
    tx.insert(
        "slots",
        {
            "id": slot_id,
            "media_item_id": item_id,
            "name": name,
            "quality_profile_id": quality_profile_id,
            "suffix": ending,
            "monitored": int(monitored),
            "created_at": tx.now,
        },
    )
    reckon(tx, item_id)
    _tell(tx, item_id, actor)
    return slot_id


def update_slot(
    tx: Transaction,
    item_id: str,
    slot_id: str,
    *,
    name: str | None = None,
    quality_profile_id: str | None = None,
    suffix: str | None = None,
    monitored: bool | None = None,
    actor: str,
) -> None:
    """Change a slot; what is None stays. Files that are there keep their names until they are renamed."""
    slot = get_slot(tx, item_id, slot_id)
    others = [s for s in _slots(tx, item_id) if s.id != slot_id]
    values: dict[str, str | int] = {}
    if name is not None and name.strip() != slot.name:
        if slot.name == MAIN:
            raise Invalid("The main version keeps its name.", field="name")
        values["name"] = _name(name, others)
    if quality_profile_id is not None:
        _check_profile(tx, quality_profile_id)
        values["quality_profile_id"] = quality_profile_id
    if suffix is not None:
        values["suffix"] = _suffix(suffix, others)
    if monitored is not None:
        values["monitored"] = int(monitored)
    if values:
        tx.update("slots", slot_id, **values)
        reckon(tx, item_id)
        _tell(tx, item_id, actor)


def remove_slot(tx: Transaction, item_id: str, slot_id: str, *, actor: str) -> str:
    """Want that version no more; its name. What it held stays in the library, held by no slot. Conflict while it is being downloaded."""
    slot = get_slot(tx, item_id, slot_id)
    if slot.name == MAIN:
        raise Conflict("Every title keeps its main version.")
    if tx.value("select 1 from open_grabs where slot_id = :s limit 1", s=slot_id):
        raise Conflict(f"{slot.name} is being downloaded. Cancel the download first, then remove the version.")
    tx.execute("delete from slots where id = :s", s=slot_id)
    reckon(tx, item_id)
    _tell(tx, item_id, actor)
    return slot.name


def _slots(tx: Transaction, item_id: str) -> tuple[Slot, ...]:
    found = slots_of(tx, item_id)
    if not found:
        raise NotFound(f"There is no title {item_id}.")
    return found


def _name(name: str, others: tuple[Slot, ...] | list[Slot]) -> str:
    name = " ".join(printable(name).split())
    if not 0 < len(name) <= _LONGEST:
        raise Invalid(f"A version needs a name of at most {_LONGEST} characters.", field="name")
    if name.casefold() in (MAIN, *(s.name.casefold() for s in others)):
        raise Conflict(f"This title has a version {name!r} already.")
    return name


def _suffix(suffix: str, others: tuple[Slot, ...] | list[Slot]) -> str:
    """The suffix as it may be kept: legal in a file name, and no other slot's, so that two versions never get the same name."""
    suffix = " ".join(printable(suffix).split()).removeprefix("- ").strip()
    if len(suffix) > _LONGEST:
        raise Invalid(f"A suffix has at most {_LONGEST} characters.", field="suffix")
    if wrong := sorted(_ILLEGAL & set(suffix)):
        raise Invalid(f"{wrong[0]!r} cannot be part of a file name.", field="suffix")
    if suffix.endswith("."):
        raise Invalid("A suffix cannot end with a dot.", field="suffix")
    if suffix.casefold() in {s.suffix.casefold() for s in others}:
        said = f"the suffix {suffix!r}" if suffix else "no suffix"
        raise Invalid(
            f"Another version of this title has {said}: their files would have the same name.", field="suffix"
        )
    return suffix


def _check_profile(tx: Transaction, profile_id: str) -> None:
    if tx.value("select 1 from quality_profiles where id = :p", p=profile_id) is None:
        raise Invalid(f"There is no quality profile {profile_id!r}.", field="quality_profile_id")


def _tell(tx: Transaction, item_id: str, actor: str) -> None:
    tx.emit(MediaUpdated(media_item_id=item_id, actor=actor, title=title_of(tx, item_id) or "", changed=("versions",)))
