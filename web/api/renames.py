"""Renaming held files by the naming in force: what was renamed, doing it, and the way back. (What it would do: /naming/preview.)"""

from dataclasses import dataclass

from quart import Blueprint

from mydia.library import renames
from mydia.media.queries import get_media
from web.api.kit import Body, operation
from web.api.models import Id, Paging, printable
from web.policy import Policy, Visit

api = Blueprint("renames_api", __name__)


class RenameIn(Body):
    """Whose files; those of all titles when left out."""

    media_id: Id | None = None


@dataclass(frozen=True, slots=True)
class RenameRef:
    batch_id: str
    job_id: str


@dataclass(frozen=True, slots=True)
class RenamedOut:
    """One file's two names below its library folder. state: intent (its turn is still to come), done, failed (with the reason)."""

    file_id: str | None
    media_id: str | None
    before: str
    after: str
    state: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class RenamedList:
    items: list[RenamedOut]


@dataclass(frozen=True, slots=True)
class BatchPage:
    items: list[renames.Batch]
    next: str | None


@operation(api, "/renames", Policy.ADMIN, query=Paging, answers=BatchPage)
async def list_renames(visit: Visit, query: Paging) -> BatchPage:
    """What was renamed, the latest first."""
    page = await visit.read(renames.batches, cursor=query.cursor, limit=query.limit)
    return BatchPage(list(page.items), page.next)


@operation(api, "/renames", Policy.ADMIN, method="POST", body=RenameIn, optional=True, answers=RenameRef, status=202)
async def rename_files(visit: Visit, body: RenameIn) -> RenameRef:
    """Give files the names that the naming in force makes of them. A name that another file has is left to it."""
    if body.media_id is not None:
        await visit.read(get_media, body.media_id)
    return RenameRef(*await visit.write(renames.request_renames, body.media_id, actor=visit.name))


@operation(api, "/renames/<batch_id>", Policy.ADMIN, answers=RenamedList)
async def get_rename(visit: Visit, batch_id: str) -> RenamedList:
    """The files of one batch, at most 500 of them."""
    rows = await visit.read(renames.rows_of, batch_id)
    return RenamedList(
        [
            RenamedOut(r.file_id, r.media_item_id, printable(r.old_path), printable(r.new_path), r.state, r.reason)
            for r in rows
        ]
    )


@operation(api, "/renames/<batch_id>/undo", Policy.ADMIN, method="POST", answers=RenameRef, status=202)
async def undo_rename(visit: Visit, batch_id: str) -> RenameRef:
    """Give the files of a batch their old names back, as far as they still have the ones it gave."""
    return RenameRef(*await visit.write(renames.request_undo, batch_id, actor=visit.name))
