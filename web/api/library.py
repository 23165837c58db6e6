"""The library: scan it, see how a scan stands, its files, its trash."""

from quart import Blueprint

from mydia.library import changes, queries
from mydia.messages import RestoreTrash
from web.api.kit import operation
from web.api.models import (
    FilePage,
    FileQuery,
    JobRefs,
    Paging,
    Restored,
    ScanRequest,
    ScanStatusOut,
    TrashPage,
    file_out,
    root_out,
    trash_out,
)
from web.policy import Policy, Visit

api = Blueprint("library_api", __name__)
PATIENCE = 30.0


@operation(api, "/library/scan", Policy.ACT, method="POST", body=ScanRequest, answers=JobRefs, status=202)
async def scan(visit: Visit, body: ScanRequest) -> JobRefs:
    """Walk one library folder, or all of them, now."""
    return JobRefs(list(await visit.write(changes.request_scan, body.root_id, actor=visit.name)))


@operation(api, "/library/scan-status", Policy.READ, answers=ScanStatusOut)
async def scan_status(visit: Visit) -> ScanStatusOut:
    """Whether a scan runs, how many files wait to be identified, and how each folder stands."""
    status = await visit.read(queries.scan_status)
    return ScanStatusOut(status.running, status.waiting, [root_out(r) for r in status.roots])


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


@operation(api, "/trash", Policy.READ, query=Paging, answers=TrashPage)
async def list_trash(visit: Visit, query: Paging) -> TrashPage:
    """What was deleted or replaced and can be brought back, newest first."""
    page = await visit.read(queries.trash, cursor=query.cursor, limit=query.limit)
    return TrashPage([trash_out(t) for t in page.items], page.next)


@operation(api, "/trash/<trash_id>/restore", Policy.ACT, method="POST", answers=Restored)
async def restore(visit: Visit, trash_id: str) -> Restored:
    """Bring a file and its side files back to where they were."""
    path = await visit.house.mail["importer"].ask(RestoreTrash(trash_id, visit.name), timeout=PATIENCE)
    return Restored(str(path))
