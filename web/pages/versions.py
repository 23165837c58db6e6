"""The versions of a title beside each other ("4K", "dub"): what each holds, its profile, its suffix; add, change, search, remove."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quart import Blueprint, request

from mydia import placing
from mydia.choosing.queries import list_profiles
from mydia.errors import Conflict, Invalid
from mydia.library.model import FileView
from mydia.library.queries import files_of, holdings
from mydia.media import changes
from mydia.media import queries as media
from mydia.media.model import MediaItem, Slot
from mydia.store.engine import Connection
from web.auth import back_to
from web.page import whole
from web.policy import Answer, Policy, Visit, route

pages = Blueprint("versions", __name__)
NEW = "new"


@dataclass(frozen=True, slots=True)
class Version:
    """A slot and what it holds: `held` of `total` (a film is one, a show its episodes without specials), in these files."""

    slot: Slot
    held: int
    total: int
    files: tuple[FileView, ...]


def versions_of(conn: Connection, title_id: str) -> tuple[Version, ...]:
    """The main version first."""
    episodes = {e.id for e in media.episodes_of(conn, title_id) if e.season > 0} or {""}
    files = {f.id: f for f in files_of(conn, title_id)}
    holds = holdings(conn, title_id)
    return tuple(
        Version(
            slot,
            sum(s == slot.id and target in episodes for s, target, _ in holds),
            len(episodes),
            tuple(files[f] for f in dict.fromkeys(f for s, _, f in holds if s == slot.id)),
        )
        for slot in media.slots_of(conn, title_id)
    )


@dataclass(frozen=True, slots=True)
class Form:
    """A version as its form shows it: as it is, or as it was filled in."""

    id: str
    name: str
    suffix: str
    profile_id: str
    monitored: bool
    errors: Mapping[str, str]


@route(pages, "/titles/<title_id>/versions", Policy.ACT)
async def versions(visit: Visit, title_id: str) -> Answer:
    return await _show(visit, title_id)


@route(pages, "/titles/<title_id>/versions/<slot_id>", Policy.ACT, methods=("POST",))
async def save(visit: Visit, title_id: str, slot_id: str) -> Answer:
    """Change a version; add one under the id "new"."""
    form = await request.form
    wished: dict[str, Any] = {
        "name": form.get("name", ""),
        "suffix": form.get("suffix", ""),
        "quality_profile_id": form.get("quality_profile_id", ""),
        "monitored": "monitored" in form,
    }
    try:
        if slot_id == NEW:
            wished["suffix"] = wished["suffix"].strip() or None
            await visit.write(placing.add_slot, title_id, actor=visit.name, **wished)
        else:
            slot = await visit.read(media.get_slot, title_id, slot_id)
            await visit.write(
                placing.update_slot,
                title_id,
                slot_id,
                actor=visit.name,
                **{**wished, "name": None if slot.is_main else wished["name"]},
            )
    except (Invalid, Conflict) as no:
        field = "name" if isinstance(no, Conflict) else no.field or "name"
        filled = Form(
            slot_id,
            wished["name"],
            wished["suffix"] or "",
            wished["quality_profile_id"],
            wished["monitored"],
            {field: str(no)},
        )
        return await _show(visit, title_id, filled)
    words = "The version is wanted now." if slot_id == NEW else "The version is changed."
    return await back_to(f"/titles/{title_id}/versions", words)


@route(pages, "/titles/<title_id>/versions/<slot_id>/remove", Policy.ACT, methods=("POST",))
async def remove(visit: Visit, title_id: str, slot_id: str) -> Answer:
    name = await visit.write(placing.remove_slot, title_id, slot_id, actor=visit.name)
    return await back_to(f"/titles/{title_id}/versions", f"{name} is wanted no more; its files stay.")


@route(pages, "/titles/<title_id>/versions/<slot_id>/search", Policy.ACT, methods=("POST",))
async def search(visit: Visit, title_id: str, slot_id: str) -> Answer:
    await visit.write(changes.request_search, title_id, slot_id=slot_id)
    return await back_to(f"/titles/{title_id}", "The search is on its way. What it finds and decides appears below.")


async def _show(visit: Visit, title_id: str, wrong: Form | None = None) -> Answer:
    item: MediaItem = await visit.read(media.get_media, title_id)
    known = await visit.read(versions_of, title_id)
    profiles = await visit.read(list_profiles)
    forms = {
        v.slot.id: Form(v.slot.id, v.slot.name, v.slot.suffix, v.slot.quality_profile_id, v.slot.monitored, {})
        for v in known
    }
    forms[NEW] = Form(NEW, "", "", known[0].slot.quality_profile_id, True, {})
    if wrong is not None:
        forms[wrong.id] = wrong
    shown = {"item": item, "versions": known, "forms": forms, "profiles": profiles, "title_id": title_id}
    return await whole("versions.html", visit, 422 if wrong else 200, **shown)
