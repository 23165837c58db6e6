"""The shapes that come in and go out. Those that go out are built from the contexts' own dataclasses, field by field, so that no column (a
download's address may hold a key) is shown by accident."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mydia.downloads.model import CandidateView, DownloadView, SearchView
from mydia.library.model import FileView, Root, TrashRow
from mydia.media.model import CardState, Episode, EventRow, MediaCard, MediaItem
from mydia.ports import MediaKind, MetadataMatch

Limit = Annotated[int, Field(ge=1, le=200, description="How many, at most")]
Cursor = Annotated[str | None, Field(description="`next` of the page before")]


class Query(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Paging(Query):
    cursor: Cursor = None
    limit: Limit = 50


# -- titles -----------------------------------------------------------------------------------------------------------------


class MediaQuery(Paging):
    type: MediaKind | None = None
    state: Literal["missing", "held", "unmonitored", "downloading"] | None = None
    q: Annotated[str | None, Field(max_length=200)] = None
    sort: Literal["title", "added"] = "title"


class NewMedia(Body):
    """A title to add, by its id at the metadata provider."""

    type: MediaKind
    tmdb_id: Annotated[int, Field(ge=1, le=2**53)]
    root_id: str | None = None
    quality_profile_id: str | None = None
    monitored: bool = True
    search: bool = True


class MediaChange(Body):
    title: Annotated[str | None, Field(min_length=1, max_length=500)] = None
    monitored: bool | None = None
    quality_profile_id: str | None = None


@dataclass(frozen=True, slots=True)
class MediaSummary:
    id: str
    type: MediaKind
    title: str
    year: int | None
    monitored: bool
    state: CardState
    held: int
    total: int
    quality: str | None
    progress: float | None
    poster: str | None
    created_at: str


@dataclass(frozen=True, slots=True)
class MediaPage:
    items: list[MediaSummary]
    next: str | None


@dataclass(frozen=True, slots=True)
class EpisodeOut:
    id: str
    season: int
    episode: int
    absolute: int | None
    title: str | None
    air_date: str | None
    runtime: int | None
    monitored: bool
    file_id: str | None


@dataclass(frozen=True, slots=True)
class FileOut:
    id: str
    path: str
    size: int
    state: str
    reason: str | None
    media_id: str | None
    episode_ids: list[str]
    held: bool
    quality: str | None
    resolution: str | None
    codec: str | None
    hdr_format: str | None
    audio_codec: str | None
    audio_channels: float | None
    languages: list[str]
    bitrate: int | None
    duration: float | None
    release_group: str | None
    verified: bool
    created_at: str


@dataclass(frozen=True, slots=True)
class FilePage:
    items: list[FileOut]
    next: str | None


@dataclass(frozen=True, slots=True)
class MediaOut:
    id: str
    type: MediaKind
    title: str
    original_title: str | None
    year: int | None
    overview: str | None
    runtime: int | None
    status: str | None
    monitored: bool
    poster: str | None
    ids: dict[str, str]
    quality_profile_id: str | None
    metadata: dict[str, Any]
    files: list[FileOut]
    episodes: list[EpisodeOut]
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class Found:
    """A title of the metadata provider; `media_id` when the library has it."""

    type: MediaKind
    provider: str
    id: str
    title: str
    year: int | None
    original_title: str | None
    overview: str | None
    poster_url: str | None
    media_id: str | None


@dataclass(frozen=True, slots=True)
class SearchResult:
    """`library`: titles you have. `titles`: what the metadata provider knows; `problem` says why that list is empty when it failed."""

    library: list[MediaSummary]
    titles: list[Found]
    problem: str | None


@dataclass(frozen=True, slots=True)
class JobRef:
    job_id: str | None


@dataclass(frozen=True, slots=True)
class JobRefs:
    job_ids: list[str]


# -- searches and downloads ---------------------------------------------------------------------------------------------------


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
class SearchOut:
    id: str
    media_id: str
    mode: str
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

    search_id: str
    position: Annotated[int, Field(ge=0, le=100_000)]


class DownloadQuery(Paging):
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
class DownloadOut:
    id: str
    media_id: str | None
    media_title: str | None
    title: str
    indexer: str | None
    status: str
    progress: float
    size: int | None
    quality: str | None
    client: str | None
    error: str | None
    estimated_completion: str | None
    created_at: str
    completed_at: str | None
    imported_at: str | None


@dataclass(frozen=True, slots=True)
class DownloadPage:
    items: list[DownloadOut]
    next: str | None


# -- the library ----------------------------------------------------------------------------------------------------------------


class FileQuery(Paging):
    state: Literal["new", "linked", "unmatched", "invalid", "missing"] | None = None
    root_id: str | None = None
    media_id: str | None = None
    q: Annotated[str | None, Field(max_length=200)] = None


class ScanRequest(Body):
    root_id: str | None = None


@dataclass(frozen=True, slots=True)
class RootOut:
    id: str
    path: str
    type: MediaKind
    state: str
    reason: str | None
    last_scan_at: str | None
    last_scan: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class ScanStatusOut:
    running: bool
    waiting: int
    roots: list[RootOut]


@dataclass(frozen=True, slots=True)
class TrashOut:
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
class Restored:
    path: str


# -- the house --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Setting:
    """`source` is env, runtime, file or default; `where` names the variable, or the file and its line. A secret's value is stars."""

    key: str
    value: Any
    source: str
    where: str


@dataclass(frozen=True, slots=True)
class ConfigOut:
    settings: list[Setting]


class ConfigChange(Body):
    """Dotted keys and their new values; null goes back to what the file (or the default) says."""

    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ProfileOut:
    id: str
    name: str
    qualities: list[Any]
    cutoff: str
    upgrades: bool


@dataclass(frozen=True, slots=True)
class ProfileList:
    items: list[ProfileOut]


@dataclass(frozen=True, slots=True)
class EventOut:
    seq: int
    at: str
    type: str
    media_id: str | None
    actor: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class EventPage:
    items: list[EventOut]
    next: str | None


# -- from the contexts' dataclasses ---------------------------------------------------------------------------------------------


def media_summary(card: MediaCard) -> MediaSummary:
    return MediaSummary(
        card.id,
        card.type,
        card.title,
        card.year,
        card.monitored,
        card.state,
        card.held,
        card.total,
        card.quality,
        card.progress,
        card.poster,
        card.created_at,
    )


def file_out(f: FileView) -> FileOut:
    return FileOut(
        id=f.id,
        path=printable(f.path),
        size=f.size,
        state=f.state,
        reason=f.reason,
        media_id=f.media_item_id,
        episode_ids=list(f.episode_ids),
        held=f.held,
        quality=f.quality,
        resolution=f.resolution,
        codec=f.codec,
        hdr_format=f.hdr_format,
        audio_codec=f.audio_codec,
        audio_channels=f.audio_channels,
        languages=list(f.languages),
        bitrate=f.bitrate,
        duration=f.duration,
        release_group=f.release_group,
        verified=f.verified_at is not None,
        created_at=f.created_at,
    )


def media_out(
    item: MediaItem, profile_id: str | None, files: tuple[FileView, ...], episodes: tuple[Episode, ...]
) -> MediaOut:
    held = {e: f.id for f in files if f.held for e in f.episode_ids}
    return MediaOut(
        id=item.id,
        type=item.type,
        title=item.title,
        original_title=item.original_title,
        year=item.year,
        overview=item.overview,
        runtime=item.runtime,
        status=item.status,
        monitored=item.monitored,
        poster=item.poster,
        ids=dict(item.ids),
        quality_profile_id=profile_id,
        metadata=item.metadata,
        files=[file_out(f) for f in files],
        episodes=[
            EpisodeOut(
                e.id, e.season, e.number, e.absolute, e.title, e.air_date, e.runtime, e.monitored, held.get(e.id)
            )
            for e in episodes
        ],
        created_at=item.created_at,
        updated_at=item.updated_at,
    )


def found(match: MetadataMatch, media_id: str | None) -> Found:
    return Found(
        match.kind,
        match.provider,
        match.id,
        match.title,
        match.year,
        match.original_title,
        match.overview,
        match.poster_url,
        media_id,
    )


def download_out(d: DownloadView) -> DownloadOut:
    return DownloadOut(
        id=d.id,
        media_id=d.media_item_id,
        media_title=d.media_title,
        title=d.title,
        indexer=d.indexer,
        status=d.status,
        progress=d.progress,
        size=d.size,
        quality=d.quality,
        client=d.client,
        error=d.error,
        estimated_completion=d.estimated_completion,
        created_at=d.created_at,
        completed_at=d.completed_at,
        imported_at=d.imported_at,
    )


def search_out(s: SearchView) -> SearchOut:
    return SearchOut(
        id=s.id,
        media_id=s.media_item_id,
        mode=s.mode,
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


def root_out(r: Root) -> RootOut:
    return RootOut(r.id, r.path, r.type, r.state, r.reason, r.last_scan_at, r.last_scan)


def trash_out(t: TrashRow) -> TrashOut:
    return TrashOut(t.id, printable(t.relative_path), t.size, t.reason, t.actor, t.media_item_id, t.created_at)


def event_out(e: EventRow) -> EventOut:
    return EventOut(e.seq, e.at, e.type, e.media_item_id, e.actor, e.data)


def printable(path: str) -> str:
    """A path that JSON can hold: bytes that are no UTF-8 show as the replacement character."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
