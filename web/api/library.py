"""The library: scan it, see how a scan stands, its folders, its files, its trash."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field
from quart import Blueprint

from mydia import placing
from mydia.library import changes, queries
from mydia.library.model import Root, TrashRow
from mydia.library.trash import intend_trash, request_restore
from mydia.ports import MediaKind
from web.api.kit import Body, operation
from web.api.models import FileOut, FilePage, Id, JobRef, JobRefs, Paging, file_out, printable
from web.policy import Policy, Visit

api = Blueprint("library_api", __name__)


# -- shapes


class FileQuery(Paging):
    """Which files."""

    state: Literal["new", "linked", "unmatched", "invalid", "missing"] | None = None
    root_id: Id | None = None
    media_id: Id | None = None
    q: Annotated[str | None, Field(max_length=200, description="A part of the path")] = None


class ScanRequest(Body):
    """Which folder; all of them when left out."""

    root_id: Id | None = None


class FileIdentity(Body):
    """The title that a file is, and for a show its episodes."""

    media_id: Id
    episode_ids: Annotated[list[Id], Field(max_length=200, default_factory=list)]


@dataclass(frozen=True, slots=True)
class RootOut:
    """A library folder. In any state but `ok` nothing in it is called gone; `reason` says what to do.

    `copies`: why imports into it are copied and need their space twice; null where they are hard links.
    """

    id: str
    path: str
    type: MediaKind
    state: str
    reason: str | None
    last_scan_at: str | None
    last_scan: dict[str, Any] | None
    copies: str | None


@dataclass(frozen=True, slots=True)
class ScanStatusOut:
    """`waiting`: files that are still to be identified."""

    running: bool
    waiting: int
    roots: list[RootOut]


@dataclass(frozen=True, slots=True)
class TrashOut:
    """A file in the trash, with where it was."""

    id: str
    path: str
    size: int
    reason: str
    actor: str
    media_id: str | None
    created_at: str


@dataclass(frozen=True, slots=True)
class TrashPage:
    items: list[TrashOut]
    next: str | None


@dataclass(frozen=True, slots=True)
class TrashRef:
    """The file's place in the trash, to restore it by."""

    trash_id: str


# -- operations


@operation(
    api, "/library/scan", Policy.ACT, method="POST", body=ScanRequest, optional=True, answers=JobRefs, status=202
)
async def scan(visit: Visit, body: ScanRequest) -> JobRefs:
    """Walk one library folder, or all of them, now."""
    return JobRefs(list(await visit.write(changes.request_scan, body.root_id, hurry=True)))


@operation(api, "/library/scan-status", Policy.READ, answers=ScanStatusOut)
async def scan_status(visit: Visit) -> ScanStatusOut:
    """Whether a scan runs, how many files wait to be identified, and how each folder stands."""
    status = await visit.read(queries.scan_status)
    return ScanStatusOut(status.running, status.waiting, [root_out(r) for r in status.roots])


@operation(api, "/library/roots/<root_id>/confirm", Policy.ADMIN, method="POST", answers=JobRef, status=202)
async def confirm_root(visit: Visit, root_id: str) -> JobRef:
    """Say that a suspicious folder is as it should be: it is walked, and what is gone from it is gone."""
    return JobRef(await visit.write(changes.confirm_root, root_id, actor=visit.name))


@operation(api, "/files", Policy.READ, query=FileQuery, answers=FilePage)
async def list_files(visit: Visit, query: FileQuery) -> FilePage:
    """Files, newest first."""
    page = await visit.read(
        queries.list_files,
        state=query.state,
        root_id=query.root_id,
        media_item_id=query.media_id,
        q=query.q,
        cursor=query.cursor,
        limit=query.limit,
    )
    return FilePage([file_out(f) for f in page.items], page.next)


@operation(api, "/files/<file_id>", Policy.READ, answers=FileOut)
async def get_file(visit: Visit, file_id: str) -> FileOut:
    """One file."""
    return file_out(await visit.read(queries.get_file, file_id))


@operation(api, "/files/<file_id>", Policy.ACT, method="PUT", body=FileIdentity, answers=FileOut)
async def identify_file(visit: Visit, file_id: str, body: FileIdentity) -> FileOut:
    """Say which title a file is, where its name did not tell or told wrong."""
    await visit.write(placing.identify_by_hand, file_id, body.media_id, body.episode_ids, actor=visit.name)
    return file_out(await visit.read(queries.get_file, file_id))


@operation(api, "/files/<file_id>", Policy.ADMIN, method="DELETE", answers=TrashRef, status=202)
async def trash_file(visit: Visit, file_id: str) -> TrashRef:
    """Move a file to the trash."""
    trash_id = await visit.write(intend_trash, file_id, reason=f"Deleted by {visit.name}", actor=visit.name)
    visit.house.mail["importer"].ring()
    return TrashRef(trash_id)


@operation(api, "/trash", Policy.READ, query=Paging, answers=TrashPage)
async def list_trash(visit: Visit, query: Paging) -> TrashPage:
    """What was deleted or replaced and can be brought back, newest first."""
    page = await visit.read(queries.trash, cursor=query.cursor, limit=query.limit)
    return TrashPage([trash_out(t) for t in page.items], page.next)


@operation(api, "/trash/<trash_id>/restore", Policy.ACT, method="POST", answers=JobRef, status=202)
async def restore(visit: Visit, trash_id: str) -> JobRef:
    """Bring a file and its side files back to where they were."""
    return JobRef(await visit.write(request_restore, trash_id, actor=visit.name))


# -- from the context's dataclasses


def root_out(r: Root) -> RootOut:
    return RootOut(r.id, printable(r.path), r.type, r.state, r.reason, r.last_scan_at, r.last_scan, r.copies)


def trash_out(t: TrashRow) -> TrashOut:
    return TrashOut(t.id, printable(t.relative_path), t.size, t.reason, t.actor, t.media_item_id, t.created_at)
