"""What is being acquired, and what was decided on the way."""

from dataclasses import dataclass, field
from typing import Any, Literal

DownloadStatus = Literal["pending", "downloading", "completed", "importing", "imported", "held", "failed", "cancelled"]
OPEN: tuple[DownloadStatus, ...] = ("pending", "downloading", "completed", "importing", "held")
"""A download in one of these claims its targets: nothing else is grabbed for them."""


@dataclass(frozen=True, slots=True)
class Download:
    """One grab and what became of it. progress in percent, size in bytes; `targets` episode ids, or ('',) for a film."""

    id: str
    media_item_id: str | None
    slot_id: str | None
    status: DownloadStatus
    indexer: str | None
    title: str
    guid: str | None
    infohash: str | None
    protocol: str
    size: int | None
    quality: str | None
    score: int
    download_url: str | None
    download_client: str | None
    download_client_id: str | None
    progress: float
    estimated_completion: str | None
    error_message: str | None
    metadata: dict[str, Any]
    created_at: str
    updated_at: str
    completed_at: str | None
    imported_at: str | None
    removed_at: str | None
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DownloadView:
    """A download as pages and APIs show it."""

    id: str
    media_id: str | None
    media_title: str | None
    title: str
    indexer: str | None
    status: DownloadStatus
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
class CandidateView:
    """One candidate of a search and the verdict on it; `rejections` as {rule, permanent, reason}, `rank` as [{key, value}]."""

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
    rejections: tuple[dict[str, Any], ...]
    rank: tuple[dict[str, Any], ...]
    release: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SearchView:
    """One search: what was asked of whom, how many were found, which was chosen. `indexers` as {name, found, error, seconds}.
    `candidates` are its first; `queries.candidates_of` has all."""

    id: str
    media_item_id: str
    mode: str
    targets: tuple[str, ...]
    indexers: tuple[dict[str, Any], ...]
    found: int
    accepted: int
    chosen: str | None
    download_id: str | None
    summary: str
    created_at: str
    slot_id: str | None = None
    candidates: tuple[CandidateView, ...] = ()


@dataclass(frozen=True, slots=True)
class BlockRow:
    id: str
    media_item_id: str | None
    infohash: str | None
    guid: str | None
    title: str
    size: int | None
    indexer: str | None
    reason: str
    created_at: str


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """Health of something outside: `family` is indexer, client, notifier or metadata."""

    family: str
    name: str
    failures: int
    disabled_until: str | None
    last_error: str | None
    last_success_at: str | None


@dataclass(frozen=True, slots=True)
class Looked:
    """How the searches for one thing of one slot went: the last one, and how many in a row found nothing to grab."""

    slot_id: str
    target: str
    last_at: str | None
    fruitless: int
    next_at: str


@dataclass(frozen=True, slots=True)
class Look:
    """The download monitor's last look: when, for how many seconds, when the next is at the latest; which clients gave no answer."""

    at: str
    seconds: float
    next_at: str
    silent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spent:
    """The questions an indexer was asked on a day: of the house's own accord, and because somebody wanted it."""

    automated: int = 0
    asked: int = 0

    @property
    def total(self) -> int:
        return self.automated + self.asked
