"""Grabs: the queue and its history, one by hand, cancel, import again."""

from quart import Blueprint

from mydia.downloads import changes, queries
from web.api.kit import operation
from web.api.models import (
    DownloadOut,
    DownloadPage,
    DownloadQuery,
    JobRef,
    NewDownload,
    SearchOut,
    download_out,
    search_out,
)
from web.policy import Policy, Visit

api = Blueprint("downloads_api", __name__)


@operation(api, "/downloads", Policy.READ, query=DownloadQuery, answers=DownloadPage)
async def list_downloads(visit: Visit, query: DownloadQuery) -> DownloadPage:
    """Downloads, newest first: `active` is the queue, `history` what has ended."""
    page = await visit.read(queries.list_downloads, **query.model_dump())
    return DownloadPage([download_out(d) for d in page.items], page.next)


@operation(api, "/downloads/<download_id>", Policy.READ, answers=DownloadOut)
async def get_download(visit: Visit, download_id: str) -> DownloadOut:
    """One download."""
    return download_out(await visit.read(queries.download_view, download_id))


@operation(api, "/downloads", Policy.ACT, method="POST", body=NewDownload, answers=DownloadOut, status=201)
async def grab(visit: Visit, body: NewDownload) -> DownloadOut:
    """Grab one candidate of a search by hand."""
    download_id = await visit.write(changes.grab_candidate, body.search_id, body.position, actor=visit.name)
    return download_out(await visit.read(queries.download_view, download_id))


@operation(api, "/downloads/<download_id>", Policy.ACT, method="DELETE")
async def cancel_download(visit: Visit, download_id: str) -> None:
    """Cancel it: its client lets go of it, and its files there go too."""
    await visit.write(changes.cancel_download, download_id, actor=visit.name)


@operation(api, "/downloads/<download_id>/import", Policy.ACT, method="POST", answers=JobRef, status=202)
async def import_again(visit: Visit, download_id: str) -> JobRef:
    """Try the import of a held download again."""
    return JobRef(await visit.write(changes.retry_import, download_id, actor=visit.name))


@operation(api, "/searches/<search_id>", Policy.READ, answers=SearchOut)
async def get_search(visit: Visit, search_id: str) -> SearchOut:
    """One search with every candidate and every verdict."""
    return search_out(await visit.read(queries.search_view, search_id))
