"""Shapes that several operations share: titles, files, what happened. (The others stand beside their operations.)

What goes out is built from the contexts' own dataclasses field by field, so that no column (a download's address may hold a key) is shown
by accident. What is made for showing (MediaCard, DownloadView, core's Condition, what-ifs) is shown as it is.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from mydia.core.wanted import NewSeasons, Preset
from mydia.library.model import FileView
from mydia.media.model import Episode, EventRow, MediaCard, MediaItem, Slot
from mydia.ports import MediaKind, MetadataMatch
from web.api.kit import Body, Query

Limit = Annotated[int, Field(ge=1, le=200, description="How many, at most")]
Cursor = Annotated[str | None, Field(max_length=2000, description="`next` of the page before")]
Id = Annotated[str, Field(min_length=1, max_length=100)]


class Paging(Query):
    """A page of a list."""

    cursor: Cursor = None
    limit: Limit = 50


# -- titles -----------------------------------------------------------------------------------------------------------------


class MediaQuery(Paging):
    """Which titles."""

    type: MediaKind | None = None
    state: Literal["missing", "held", "unmonitored", "downloading"] | None = None
    q: Annotated[str | None, Field(max_length=200, description="A part of any of the title's names")] = None
    sort: Literal["title", "added"] = "title"


Monitor = Annotated[
    Preset,
    Field(description="What of it is wanted; movie, collection and none are for films, the others and none for shows"),
]
NewSeasonsPolicy = Annotated[
    NewSeasons,
    Field(description="Whether what comes new of a show is wanted: later episodes of its latest season, new seasons"),
]


class NewMedia(Body):
    """A title to add, by its id at the metadata provider."""

    type: MediaKind
    tmdb_id: Annotated[int, Field(ge=1, le=2**53)]
    root_id: Annotated[Id | None, Field(description="The library folder; the first of that type when left out")] = None
    quality_profile_id: Annotated[Id | None, Field(description="media.quality_profile when left out")] = None
    monitored: Annotated[bool, Field(description="false: want nothing of it, as monitor none")] = True
    monitor: Monitor | None = None
    new_seasons: NewSeasonsPolicy | None = None
    search: Annotated[bool, Field(description="Search for it at once")] = True


class MediaChange(Body):
    """What is left out stays as it is."""

    title: Annotated[str | None, Field(min_length=1, max_length=500)] = None
    monitored: bool | None = None
    monitor: Monitor | None = None
    new_seasons: NewSeasonsPolicy | None = None
    quality_profile_id: Id | None = None


class EpisodeChange(Body):
    """Whether an episode is wanted."""

    monitored: bool


@dataclass(frozen=True, slots=True)
class MediaPage:
    items: list[MediaCard]
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
class SlotOut:
    """One version of a title. It holds `held` of `total` (a film is one, a show its episodes without specials), in the files `file_ids`.

    `main`: the one that every title has. `suffix` ends the names of its files, after a dash.
    """

    id: str
    name: str
    main: bool
    suffix: str
    monitored: bool
    quality_profile_id: str
    quality_profile: str
    held: int
    total: int
    file_ids: list[str]


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
    new_seasons: NewSeasons
    slots: list[SlotOut]
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

    library: list[MediaCard]
    titles: list[Found]
    problem: str | None


@dataclass(frozen=True, slots=True)
class JobRef:
    job_id: str | None


@dataclass(frozen=True, slots=True)
class JobRefs:
    job_ids: list[str]


# -- what happened -----------------------------------------------------------------------------------------------------------


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


def slots_out(
    slots: tuple[Slot, ...], holdings: tuple[tuple[str, str, str], ...], episodes: tuple[Episode, ...]
) -> list[SlotOut]:
    counted = {e.id for e in episodes if e.season > 0} or {""}
    return [
        SlotOut(
            id=s.id,
            name=s.name,
            main=s.is_main,
            suffix=s.suffix,
            monitored=s.monitored,
            quality_profile_id=s.quality_profile_id,
            quality_profile=s.profile_name,
            held=sum(slot == s.id and target in counted for slot, target, _ in holdings),
            total=len(counted),
            file_ids=list(dict.fromkeys(file for slot, _, file in holdings if slot == s.id)),
        )
        for s in slots
    ]


def media_out(
    item: MediaItem, slots: list[SlotOut], files: tuple[FileView, ...], episodes: tuple[Episode, ...]
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
        quality_profile_id=next((s.quality_profile_id for s in slots if s.main), None),
        new_seasons=item.new_seasons,
        slots=slots,
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


def event_out(e: EventRow) -> EventOut:
    return EventOut(e.seq, e.at, e.type, e.media_item_id, e.actor, e.data)


def printable(path: str) -> str:
    """A path that JSON can hold: bytes that are no UTF-8 show as the replacement character."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
