"""The versions of a title that are wanted beside each other: list, add, change, remove."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from quart import Blueprint

from mydia import placing
from mydia.library import queries as library
from mydia.media import queries
from mydia.store.engine import Connection
from web.api.kit import Body, operation
from web.api.models import Id, SlotOut, slots_out
from web.policy import Policy, Visit

api = Blueprint("slots_api", __name__)

Name = Annotated[str, Field(min_length=1, max_length=40)]
Suffix = Annotated[str, Field(max_length=40, description="What ends the names of its files, after a dash")]


class NewSlot(Body):
    """Another version of a title: what it is called, and the quality profile it is sought by."""

    name: Name
    quality_profile_id: Id
    suffix: Annotated[Suffix | None, Field(description="The name when left out")] = None
    monitored: bool = True


class SlotChange(Body):
    """What is left out stays as it is. The main version keeps its name."""

    name: Name | None = None
    quality_profile_id: Id | None = None
    suffix: Suffix | None = None
    monitored: bool | None = None


@dataclass(frozen=True, slots=True)
class SlotList:
    items: list[SlotOut]


@operation(api, "/media/<media_id>/slots", Policy.READ, answers=SlotList)
async def list_slots(visit: Visit, media_id: str) -> SlotList:
    """The versions of a title, the main one first, with what each holds."""
    return SlotList(await visit.read(_slots, media_id))


@operation(api, "/media/<media_id>/slots", Policy.ACT, method="POST", body=NewSlot, answers=SlotOut, status=201)
async def add_slot(visit: Visit, media_id: str, body: NewSlot) -> SlotOut:
    """Want another version. A file that is there already and fits is held at once."""
    slot_id = await visit.write(placing.add_slot, media_id, actor=visit.name, **body.model_dump())
    return await _one(visit, media_id, slot_id)


@operation(api, "/media/<media_id>/slots/<slot_id>", Policy.ACT, method="PUT", body=SlotChange, answers=SlotOut)
async def change_slot(visit: Visit, media_id: str, slot_id: str, body: SlotChange) -> SlotOut:
    """Change a version. Its files keep their names until they are renamed."""
    await visit.write(placing.update_slot, media_id, slot_id, actor=visit.name, **body.model_dump())
    return await _one(visit, media_id, slot_id)


@operation(api, "/media/<media_id>/slots/<slot_id>", Policy.ACT, method="DELETE")
async def remove_slot(visit: Visit, media_id: str, slot_id: str) -> None:
    """Want a version no more. Its files stay in the library, as further files of the title."""
    await visit.write(placing.remove_slot, media_id, slot_id, actor=visit.name)


async def _one(visit: Visit, media_id: str, slot_id: str) -> SlotOut:
    return next(s for s in await visit.read(_slots, media_id) if s.id == slot_id)


def _slots(conn: Connection, media_id: str) -> list[SlotOut]:
    queries.get_media(conn, media_id)
    episodes = queries.episodes_of(conn, media_id)
    return slots_out(queries.slots_of(conn, media_id), library.holdings(conn, media_id), episodes)
