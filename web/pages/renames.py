"""Renaming held files by the naming in force: what it would do, with the differences; doing it; what was done, and the way back."""

from dataclasses import dataclass

from quart import Blueprint, request

from mydia.jobs.queries import list_jobs
from mydia.library import renames
from mydia.library.renames import Batch, RenameRow
from mydia.media.model import MediaItem
from mydia.media.queries import get_media
from mydia.renaming import Renaming, preview
from mydia.store.paging import Page as Paged
from web.auth import back_to
from web.page import Page
from web.policy import Answer, Policy, Visit, route

pages = Blueprint("renames", __name__)
SHOWN = 50
"""Files that are shown of those that would be renamed; "rename" means all of them."""


@dataclass(frozen=True, slots=True)
class Work:
    """`under_way`: files are being renamed, so what else would be is not reckoned. `failed`: of the batch that was asked for."""

    under_way: bool
    title: MediaItem | None
    wanted: tuple[Renaming, ...]
    next: str | None
    batches: tuple[Batch, ...]
    failed: tuple[RenameRow, ...]


async def _work(visit: Visit) -> Work:
    title, opened = request.args.get("media_id") or None, request.args.get("batch")
    open_jobs = [
        (await visit.read(list_jobs, state, kind="rename_files", limit=1)).items for state in ("executing", "available")
    ]
    under_way = any(open_jobs)
    cursor, naming = request.args.get("cursor") or None, visit.house.config.media.naming
    page: Paged[Renaming] = (
        Paged((), None)
        if under_way
        else await visit.read(preview, naming, media_item_id=title, cursor=cursor, limit=SHOWN)
    )
    return Work(
        under_way,
        await visit.read(get_media, title) if title else None,
        page.items[: SHOWN if page.next else None],
        page.next,
        (await visit.read(renames.batches, limit=10)).items,
        await visit.read(renames.rows_of, opened, "failed", 100) if opened else (),
    )


RENAMES = Page("renames.html", {"work": _work})


@route(pages, "/settings/renames", Policy.ADMIN)
async def shown(visit: Visit) -> Answer:
    """`?media_id=` for one title's files."""
    return await RENAMES.answer(visit)


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
