"""The protocols that adapters fulfil: the smallest that work. `adapters/catalogue.py` maps a kind to its class, and nothing else does.

Every method may raise `errors.Unavailable` (down, timed out, rate limited: try later) or `errors.Invalid` (wrong key, wrong address:
a person must act).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

MediaKind = Literal["movie", "tv_show"]
Protocol_ = Literal["torrent", "usenet"]


@dataclass(frozen=True, slots=True)
class IndexerQuery:
    """What is looked for: ids first, words where the indexer knows no ids. `season`/`episode` only for shows."""

    kind: MediaKind
    title: str
    year: int | None = None
    ids: Mapping[str, str] = field(default_factory=dict)  # provider -> id: {"tmdb": "1", "imdb": "tt1", "tvdb": "1"}
    season: int | None = None
    episode: int | None = None
    air_date: str | None = None


@dataclass(frozen=True, slots=True)
class FoundRelease:
    """One item of an indexer's answer. `download_url` is http(s) or magnet; sizes in bytes; `published` ISO 8601 UTC."""

    title: str
    guid: str
    indexer: str
    protocol: Protocol_
    download_url: str
    size: int | None = None
    published: str | None = None
    seeders: int | None = None
    peers: int | None = None
    infohash: str | None = None
    info_url: str | None = None
    flags: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    categories: tuple[int, ...] = ()
    priority: int = 25


class Indexer(Protocol):
    name: str

    async def capabilities(self) -> Mapping[str, Any]: ...
    async def search(self, query: IndexerQuery) -> Sequence[FoundRelease]: ...
    async def recent(self) -> Sequence[FoundRelease]: ...
    async def fetch(self, release: FoundRelease) -> "Payload":
        """The torrent or NZB itself; a redirect to a magnet link is a magnet."""
        ...


@dataclass(frozen=True, slots=True)
class Payload:
    """What a client is given: exactly one of magnet and content. `infohash` (v1 hex, lower case) when known beforehand."""

    name: str
    magnet: str | None = None
    content: bytes | None = None
    infohash: str | None = None


ClientState = Literal["queued", "downloading", "stalled", "completed", "error", "paused", "checking"]


@dataclass(frozen=True, slots=True)
class ClientDownload:
    """A download as its client sees it. `progress` 0..1; `paths` are finished files, absolute, as the client names them."""

    id: str
    name: str
    state: ClientState
    progress: float
    size: int | None = None
    speed: int = 0
    eta: int | None = None
    save_path: str | None = None
    files: tuple["ClientFile", ...] = ()
    message: str | None = None
    ratio: float = 0.0
    seeding_seconds: int = 0
    may_remove: bool = False  # seeding goals met
    label: str | None = None


@dataclass(frozen=True, slots=True)
class ClientFile:
    path: str  # relative to save_path
    size: int
    progress: float = 1.0


class DownloadClient(Protocol):
    """Downloads that Mydia did not add (another label) are never listed as ours and never touched."""

    name: str
    protocol: Protocol_

    async def check(self) -> str:
        """The client's version in words; raises when it can't be used."""
        ...

    async def add(self, payload: Payload, *, label: str) -> str:
        """The client's id of it. Adding what is already there returns the same id (idempotent)."""
        ...

    async def list(self, *, label: str) -> Sequence[ClientDownload]: ...
    async def get(self, id_: str) -> ClientDownload | None: ...
    async def remove(self, id_: str, *, delete_files: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class MetadataMatch:
    """A search answer: enough to choose by."""

    provider: str
    id: str
    kind: MediaKind
    title: str
    year: int | None = None
    original_title: str | None = None
    overview: str | None = None
    poster_url: str | None = None
    popularity: float = 0.0


@dataclass(frozen=True, slots=True)
class EpisodeDetails:
    season: int
    episode: int
    title: str | None = None
    air_date: str | None = None
    overview: str | None = None
    runtime: int | None = None  # minutes
    absolute: int | None = None


@dataclass(frozen=True, slots=True)
class MediaDetails:
    """Everything known of one title. `ids` provider -> id; `images` kind -> url; runtime in minutes; dates YYYY-MM-DD."""

    provider: str
    kind: MediaKind
    title: str
    ids: Mapping[str, str]
    year: int | None = None
    original_title: str | None = None
    original_language: str | None = None
    overview: str | None = None
    runtime: int | None = None
    status: str | None = None
    genres: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    rating: float | None = None
    certification: str | None = None
    in_cinemas: str | None = None
    digital: str | None = None
    physical: str | None = None
    images: Mapping[str, str] = field(default_factory=dict)
    collection: str | None = None
    collection_id: str | None = None
    episodes: tuple[EpisodeDetails, ...] = ()


class MetadataProvider(Protocol):
    name: str

    async def search(self, kind: MediaKind, title: str, year: int | None = None) -> Sequence[MetadataMatch]: ...
    async def details(self, kind: MediaKind, id_: str) -> MediaDetails: ...
    async def find(self, kind: MediaKind, ids: Mapping[str, str]) -> MetadataMatch | None:
        """By another provider's id (imdb, tvdb)."""
        ...

    async def collection(self, id_: str) -> Sequence[MetadataMatch]:
        """The films of a collection."""
        ...

    async def image(self, url: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Notice:
    """One event for people: `event` as settings name it ("download_completed", "media_added", "imported", "grabbed", "health" ...).

    `url` leads to the page of what it is about; None where the house doesn't know its own address.
    """

    event: str
    title: str
    body: str
    at: str
    data: Mapping[str, Any] = field(default_factory=dict)
    url: str | None = None


class Notifier(Protocol):
    name: str

    async def send(self, notice: Notice) -> None:
        """Raises Unavailable to be tried again, Invalid when trying again is of no use (a deleted webhook)."""
        ...


@dataclass(frozen=True, slots=True)
class AudioTrack:
    codec: str
    channels: float | None = None
    language: str | None = None  # ISO 639-1 where there is one
    title: str | None = None
    atmos: bool = False


@dataclass(frozen=True, slots=True)
class Probe:
    """Media facts read from the file itself. duration in seconds, bitrate in kbit/s, hdr as `core.release` spells it."""

    container: str
    size: int
    duration: float | None
    width: int | None
    height: int | None
    resolution: str | None  # "2160p" "1080p" ...
    video_codec: str | None  # "h264" "h265" "av1" ...
    bit_depth: int | None
    hdr: tuple[str, ...]
    bitrate: int | None
    audio: tuple[AudioTrack, ...]
    subtitles: tuple[str, ...]


def probe_from(data: Mapping[str, Any]) -> Probe:
    """A Probe from what its dict (`dataclasses.asdict`) became on its way through JSON."""
    return Probe(
        **{
            **data,
            "hdr": tuple(data["hdr"]),
            "audio": tuple(AudioTrack(**t) for t in data["audio"]),
            "subtitles": tuple(data["subtitles"]),
        }
    )
