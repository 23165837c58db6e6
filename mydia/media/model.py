"""What a title is: the item, its episodes, its slots, and the shapes in which pages and APIs see them."""

from dataclasses import dataclass, field
from typing import Any, Literal

from mydia.core.identify import Numbered
from mydia.core.wanted import NewSeasons
from mydia.ports import MediaKind

MAIN = "default"
"""The name of the slot that every title has."""
CardState = Literal["held", "partial", "missing", "downloading", "unmonitored"]


@dataclass(frozen=True, slots=True)
class MediaItem:
    """A film or a show. Times are ISO 8601 UTC text, runtime in minutes, `ids` provider -> id, `metadata` the provider's further facts."""

    id: str
    type: MediaKind
    title: str
    sort_title: str
    original_title: str | None
    original_language: str | None
    year: int | None
    overview: str | None
    runtime: int | None
    status: str | None
    poster: str | None
    metadata: dict[str, Any]
    monitored: bool
    root_id: str | None
    folder: str | None
    created_at: str
    updated_at: str
    metadata_refreshed_at: str | None
    last_search_at: str | None
    new_seasons: NewSeasons = "all"
    ids: dict[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Episode:
    id: str
    media_item_id: str
    season: int
    number: int
    absolute: int | None
    title: str | None
    air_date: str | None
    runtime: int | None
    overview: str | None
    monitored: bool

    @property
    def code(self) -> str:
        return f"S{self.season:02}E{self.number:02}"

    @property
    def numbered(self) -> Numbered:
        return Numbered(self.id, self.season, self.number, self.absolute, self.air_date)


@dataclass(frozen=True, slots=True)
class Slot:
    """One version of a title that is wanted: its own profile, its own files, and a suffix by which their names stand apart.

    Every title has the slot MAIN. One that is not monitored keeps what it holds, and wants nothing.
    """

    id: str
    media_item_id: str
    name: str
    quality_profile_id: str
    profile_name: str
    suffix: str = ""
    monitored: bool = True

    @property
    def ending(self) -> str:
        """What ends the names of its files, before their extension."""
        return f" - {self.suffix}" if self.suffix else ""

    @property
    def is_main(self) -> bool:
        return self.name == MAIN

    @property
    def label(self) -> str:
        """Its name for people."""
        return "Main version" if self.is_main else self.name


@dataclass(slots=True)  # not frozen: that makes each four times as dear, and a grid shows fifty
class MediaCard:
    """A title as a poster grid shows it. `held` of `total` files (a film has one, a show its episodes without specials)."""

    id: str
    type: MediaKind
    title: str
    year: int | None
    poster: str | None
    monitored: bool
    state: CardState
    held: int
    total: int
    quality: str | None
    progress: float | None
    created_at: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """One line of a history: `data` is the event's own fields (see mydia.events)."""

    seq: int
    at: str
    type: str
    media_item_id: str | None
    actor: str
    data: dict[str, Any]
    media_title: str | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    movies: int
    shows: int
    episodes: int
    files: int
    missing: int
    unmatched: int
    bytes: int
