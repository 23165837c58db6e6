"""Renaming held files by the naming in force: what it would do, with the differences; doing it; what was done, and the way back."""

from typing import Any

from quart import Blueprint, request

from mydia import renaming
from mydia.library import renames
from mydia.media.queries import get_media
from web.auth import back_to
from web.page import whole
from web.policy import Answer, Policy, Visit, route

pages = Blueprint("renames", __name__)
SHOWN = 50
"""Files that are shown of those that would be renamed; "rename" means all of them."""


@route(pages, "/settings/renames", Policy.ADMIN)
async def shown(visit: Visit) -> Answer:
    """`?media_id=` for one title's files."""
    title = request.args.get("media_id") or None
    page = await visit.read(
        renaming.preview,
        visit.house.config.media.naming,
        media_item_id=title,
        cursor=request.args.get("cursor") or None,
        limit=SHOWN,
    )
    values: dict[str, Any] = {
        "title": await visit.read(get_media, title) if title else None,
        "wanted": page.items[: SHOWN if page.next else None],
        "next": page.next,
        "batches": (await visit.read(renames.batches, limit=10)).items,
        "failed": [],
    }
    opened = request.args.get("batch")
    if opened:
        values["failed"] = await visit.read(renames.rows_of, opened, "failed", 100)
    return await whole("renames.html", visit, **values)


@route(pages, "/settings/renames", Policy.ADMIN, methods=("POST",))
async def rename(visit: Visit) -> Answer:
    title = (await request.form).get("media_id") or None
    if title is not None:
        await visit.read(get_media, title)
    await visit.write(renames.request_renames, title, actor=visit.name)
    return await back_to("/settings/renames", "The files are being renamed. What comes of it appears here.")


@route(pages, "/settings/renames/<batch_id>/undo", Policy.ADMIN, methods=("POST",))
async def undo(visit: Visit, batch_id: str) -> Answer:
    await visit.write(renames.request_undo, batch_id, actor=visit.name)
    return await back_to("/settings/renames", "The files are getting their old names back.")
