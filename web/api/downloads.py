"""Grabs: the queue and its history, one by hand, cancel, import again; searches with their verdicts; the blocklist; what is outside."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field
from quart import Blueprint

from mydia.downloads import changes, queries
from mydia.downloads.model import CandidateView, DownloadView, SearchView
from web.api.kit import Body, Query, operation
from web.api.models import Id, JobRef, Paging
from web.policy import Policy, Visit
from web.services import Outcome, tried

api = Blueprint("downloads_api", __name__)


# -- shapes


@dataclass(frozen=True, slots=True)
class CandidateOut:
    position: int
    title: str
    indexer: str | None
    protocol: str | None
    size: int | None
    seeders: int | None
    published: str | None
    quality: str | None
    score: int
    accepted: bool
    chosen: bool
    rejections: list[dict[str, Any]]
    rank: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class CandidatePage:
    items: list[CandidateOut]
    next: str | None


@dataclass(frozen=True, slots=True)
class SearchOut:
    id: str
    media_id: str
    mode: str
    slot_id: str | None
    summary: str
    found: int
    accepted: int
    chosen: str | None
    download_id: str | None
    indexers: list[dict[str, Any]]
    candidates: list[CandidateOut]
    created_at: str


@dataclass(frozen=True, slots=True)
class SearchList:
    items: list[SearchOut]


class NewDownload(Body):
    """Grab one candidate of a search by hand, whatever was decided of it."""

    search_id: Id
    position: Annotated[int, Field(ge=0, le=100_000)]


class CancelQuery(Query):
    """What else is meant by it."""

    block: Annotated[bool, Field(description="Never grab this release again")] = False
    search: Annotated[bool, Field(description="Search for another")] = False


class DownloadQuery(Paging):
    """Which downloads."""

    status: (
        Literal[
            "active",
            "history",
            "pending",
            "downloading",
            "completed",
            "importing",
            "imported",
            "held",
            "failed",
            "cancelled",
        ]
        | None
    ) = None


@dataclass(frozen=True, slots=True)
class DownloadPage:
    items: list[DownloadView]
    next: str | None


@dataclass(frozen=True, slots=True)
class BlockOut:
    """A release that is not grabbed again, and why."""

    id: str
    title: str
    media_id: str | None
    indexer: str | None
    infohash: str | None
    size: int | None
    reason: str
    created_at: str


@dataclass(frozen=True, slots=True)
class BlockPage:
    items: list[BlockOut]
    next: str | None


@dataclass(frozen=True, slots=True)
class ProviderOut:
    """Something outside: an indexer, a client, a notifier, the metadata provider. Left alone until `disabled_until`."""

    family: str
    name: str
    ok: bool
    failures: int
    disabled_until: str | None
    last_error: str | None
    last_success_at: str | None


@dataclass(frozen=True, slots=True)
class ProviderList:
    items: list[ProviderOut]


# -- operations


@operation(api, "/downloads", Policy.READ, query=DownloadQuery, answers=DownloadPage)
async def list_downloads(visit: Visit, query: DownloadQuery) -> DownloadPage:
    """Downloads, newest first: `active` is the queue, `history` what has ended."""
    page = await visit.read(queries.list_downloads, **query.model_dump())
    return DownloadPage(list(page.items), page.next)


@operation(api, "/downloads/<download_id>", Policy.READ, answers=DownloadView)
async def get_download(visit: Visit, download_id: str) -> DownloadView:
    """One download."""
    return await visit.read(queries.download_view, download_id)


@operation(api, "/downloads", Policy.ACT, method="POST", body=NewDownload, answers=DownloadView, status=201)
async def grab(visit: Visit, body: NewDownload) -> DownloadView:
    """Grab one candidate of a search by hand."""
    download_id = await visit.write(changes.grab_candidate, body.search_id, body.position, actor=visit.name)
    return await visit.read(queries.download_view, download_id)


@operation(api, "/downloads/<download_id>", Policy.ACT, method="DELETE", query=CancelQuery)
async def cancel_download(visit: Visit, download_id: str, query: CancelQuery) -> None:
    """Cancel it: its client lets go of it, and its files there go too."""
    await visit.write(
        changes.cancel_download, download_id, actor=visit.name, block=query.block, search_again=query.search
    )


class ImportIn(Body):
    """`force`: import it whatever was said against it, as far as nothing is lost or endangered by it."""

    force: bool = False


@operation(
    api,
    "/downloads/<download_id>/import",
    Policy.ACT,
    method="POST",
    body=ImportIn,
    optional=True,
    answers=JobRef,
    status=202,
)
async def import_again(visit: Visit, download_id: str, body: ImportIn) -> JobRef:
    """Try the import of a held download again."""
    return JobRef(await visit.write(changes.retry_import, download_id, actor=visit.name, force=body.force))


@operation(api, "/searches/<search_id>", Policy.READ, answers=SearchOut)
async def get_search(visit: Visit, search_id: str) -> SearchOut:
    """One search with its first candidates and their verdicts."""
    return search_out(await visit.read(queries.search_view, search_id))


@operation(api, "/searches/<search_id>/candidates", Policy.READ, query=Paging, answers=CandidatePage)
async def candidates_of(visit: Visit, search_id: str, query: Paging) -> CandidatePage:
    """Every candidate of a search with its verdict: the accepted ones, the best first, then the others."""
    page = await visit.read(queries.candidates_of, search_id, cursor=query.cursor, limit=query.limit)
    return CandidatePage([candidate_out(c) for c in page.items], page.next)


@operation(api, "/blocklist", Policy.READ, query=Paging, answers=BlockPage)
async def list_blocklist(visit: Visit, query: Paging) -> BlockPage:
    """Releases that failed or were cancelled and are not grabbed again, newest first."""
    page = await visit.read(queries.blocklist, cursor=query.cursor, limit=query.limit)
    return BlockPage(
        [
            BlockOut(b.id, b.title, b.media_item_id, b.indexer, b.infohash, b.size, b.reason, b.created_at)
            for b in page.items
        ],
        page.next,
    )


@operation(api, "/blocklist/<block_id>", Policy.ACT, method="DELETE")
async def unblock(visit: Visit, block_id: str) -> None:
    """Let a release be grabbed again."""
    await visit.write(changes.unblock, block_id)


@operation(api, "/providers", Policy.READ, answers=ProviderList)
async def list_providers(visit: Visit) -> ProviderList:
    """How everything outside that was asked lately is doing."""
    return ProviderList(
        [
            ProviderOut(
                p.family, p.name, p.failures == 0, p.failures, p.disabled_until, p.last_error, p.last_success_at
            )
            for p in await visit.read(queries.provider_statuses)
        ]
    )


class ServiceName(Body):
    """Something outside, as `GET /providers` and the configuration name it."""

    family: Literal["indexer", "client", "metadata", "notifier"]
    name: Annotated[str, Field(max_length=200)]


@operation(api, "/providers/test", Policy.ADMIN, method="POST", body=ServiceName, answers=Outcome)
async def test_provider(visit: Visit, body: ServiceName) -> Outcome:
    """Ask an indexer, a client, the metadata provider or a notification target now whether it is as it is configured."""
    return await tried(visit, body.family, body.name)


# -- from the context's dataclasses


def search_out(s: SearchView) -> SearchOut:
    return SearchOut(
        id=s.id,
        media_id=s.media_item_id,
        mode=s.mode,
        slot_id=s.slot_id,
        summary=s.summary,
        found=s.found,
        accepted=s.accepted,
        chosen=s.chosen,
        download_id=s.download_id,
        indexers=list(s.indexers),
        candidates=[candidate_out(c) for c in s.candidates],
        created_at=s.created_at,
    )


def candidate_out(c: CandidateView) -> CandidateOut:
    return CandidateOut(
        c.position,
        c.title,
        c.indexer,
        c.protocol,
        c.size,
        c.seeders,
        c.published,
        c.quality,
        c.score,
        c.accepted,
        c.chosen,
        list(c.rejections),
        list(c.rank),
    )
