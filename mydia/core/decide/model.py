"""What deciding is given and what it answers: plain frozen values.

A *candidate* is a release that an indexer offers; a *target* is what is looked for, with what is already held; the
*context* is everything else that bears on the answer, gathered beforehand. A *verdict* is a candidate with every rule's
refusal.

Times are aware datetimes in UTC, ages minutes, sizes bytes, run times minutes, languages as release names say them
("en", "pt-BR").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from mydia.core.formats import CustomFormat
from mydia.core.quality import DEFAULT_PROFILES, Quality, QualityProfile, Revision
from mydia.core.release import Release

Protocol = Literal["torrent", "usenet"]
Kind = Literal["movie", "episode"]
Mode = Literal["rss", "search", "user"]
Availability = Literal["tba", "announced", "in_cinemas", "released"]
Number = tuple[int, int]
"""A season and an episode of it."""
FIRST: Final = Revision()
"""A release that nobody had to repair."""


@dataclass(frozen=True, slots=True)
class ContentFile:
    """One file inside a release, where the indexer (or the torrent) says so."""

    path: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A release as an indexer offers it. None is "not said", which no rule takes for zero."""

    title: str
    protocol: Protocol = "torrent"
    size: int | None = None
    seeders: int | None = None
    peers: int | None = None
    age_minutes: float | None = None
    """Minutes since it was published; wins over `published`."""
    published: datetime | None = None
    indexer: str = ""
    priority: int = 25
    """The indexer's, 1 (first) to 50."""
    min_seeders: int | None = None
    """The indexer's own minimum; None leaves it to the settings."""
    infohash: str | None = None
    guid: str | None = None
    flags: tuple[str, ...] = ()
    """What the tracker says of it: "freeleech", "halfleech", "internal", ..."""
    languages: tuple[str, ...] = ()
    """As the indexer says; wins over the name's."""
    files: tuple[ContentFile, ...] = ()
    container: str | None = None
    download_url: str | None = None
    info_url: str | None = None

    def age(self, now: datetime) -> float | None:
        """Minutes since it was published, as far as the indexer said."""
        if self.age_minutes is not None:
            return self.age_minutes
        return None if self.published is None else (now - self.published).total_seconds() / 60

    def published_at(self, now: datetime) -> datetime | None:
        """When it was published, as far as the indexer said."""
        if self.age_minutes is not None:
            return now - timedelta(minutes=self.age_minutes)
        return self.published


@dataclass(frozen=True, slots=True)
class Episode:
    """One episode of the target. `air_date` is the broadcaster's day (YYYY-MM-DD), `airs_at` the moment; where only the
    day is known the moment is its midnight in UTC."""

    season: int
    number: int
    absolute: int | None = None
    air_date: str | None = None
    airs_at: datetime | None = None
    runtime: int | None = None
    monitored: bool = True

    def __post_init__(self) -> None:
        if self.airs_at is None and self.air_date:
            object.__setattr__(self, "airs_at", datetime.fromisoformat(self.air_date[:10]).replace(tzinfo=UTC))

    @property
    def key(self) -> Number:
        return (self.season, self.number)


@dataclass(frozen=True, slots=True)
class Held:
    """A file the slot holds. `formats` (names, when known) lets another profile give it another score."""

    quality: str
    revision: Revision = FIRST
    score: int = 0
    size: int | None = None
    episodes: tuple[Number, ...] = ()
    release_group: str | None = None
    added: datetime | None = None
    formats: tuple[str, ...] | None = None
    name: str | None = None
    """What people know the file by, for explanations."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is looked for: a film, or episodes of a show. `wanted` are the episodes a search is about."""

    kind: Kind
    title: str
    year: int | None = None
    aliases: tuple[str, ...] = ()
    ids: Mapping[str, str | int] = field(default_factory=dict, hash=False)
    runtime: int | None = None
    original_language: str | None = None
    monitored: bool = True
    held: tuple[Held, ...] = ()

    series_type: Literal["standard", "daily", "anime"] = "standard"
    episodes: tuple[Episode, ...] = ()
    wanted: frozenset[Number] = frozenset()

    availability: Availability | None = None
    """What the metadata provider calls its status; asked only when no date is known."""
    min_availability: Availability = "released"
    in_cinemas: datetime | None = None
    digital: datetime | None = None
    physical: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delay:
    """Minutes to wait for something better, per protocol. The bypasses are for the preferred protocol."""

    torrent: int = 0
    usenet: int = 0
    bypass_if_highest: bool = False
    bypass_above_score: int | None = None
    """At least this score need not wait."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person set for every search. 0, None or empty is "off" unless a line says otherwise."""

    required: tuple[str, ...] = ()
    """Words or /patterns/, of which a name must hold one."""
    ignored: tuple[str, ...] = ()
    min_seeders: int = 0
    min_age: int = 0
    """Minutes; usenet only."""
    retention: int = 0
    """Days; usenet only."""
    max_size: int = 0
    protocols: frozenset[Protocol] = frozenset(("torrent", "usenet"))
    preferred_protocol: Protocol = "usenet"
    delay: Delay = Delay()
    pack_min_share: float = 0.0
    """The share of a season pack's episodes that must be missing or upgraded: 0 is one episode, 1.0 all of them."""
    pack_required_after: int = 0
    """Days after a season's last episode from which a season search takes packs only."""
    allow_hardcoded_subs: bool = False
    hardcoded_subs_allowed: tuple[str, ...] = ()
    """Hardcoded subtitle marks that are welcome although others are not."""
    free_space: int | None = None
    """Bytes free where the files would go; None is unknown, which refuses nothing."""
    min_free_space: int = 0
    air_date_grace: int | None = None
    """Days after (before, when negative) the air date from which a release is believed; None believes all."""
    availability_delay: int = 0
    required_flags: tuple[str, ...] = ()
    """Of which a torrent must carry one."""
    prefer_flags: bool = False
    """Whether free and internal torrents of films rank above others."""
    resting_indexers: Mapping[str, datetime] = field(default_factory=dict, hash=False)
    """Indexers that are backed off, and until when."""
    clients: frozenset[Protocol] = frozenset(("torrent", "usenet"))
    """Protocols for which a download client is able to take something now."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """One line of the blocklist; matched by infohash, else by name and size, else by guid."""

    infohash: str | None = None
    title: str | None = None
    size: int | None = None
    guid: str | None = None


@dataclass(frozen=True, slots=True)
class Queued:
    """A download under way."""

    title: str
    quality: str
    revision: Revision = FIRST
    score: int = 0
    episodes: tuple[Number, ...] = ()
    state: str = "downloading"
    """A "failed" one does not count: its replacement is being sought."""
    target: str | None = None
    """The title it belongs to, when that is not the one being decided for."""


@dataclass(frozen=True, slots=True)
class Past:
    """Something that happened to the target: a release "grabbed", "imported" or "failed"."""

    event: str
    title: str
    at: datetime
    quality: str = "Unknown"
    revision: Revision = FIRST
    score: int = 0
    episodes: tuple[Number, ...] = ()
    download_id: str | None = None
    """A torrent's infohash, or what the usenet client called it."""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that bears on the answer and is neither candidate nor target.

    `mode`: "rss" looks at what is new, "search" is automatic, "user" was asked by a person (no delay, no monitored or
    availability check). `monitored_only` None follows the mode: every mode but "user" wants monitored things only.
    """

    now: datetime
    mode: Mode = "rss"
    season_search: bool = False
    monitored_only: bool | None = None
    profile: QualityProfile = DEFAULT_PROFILES[0]
    formats: tuple[CustomFormat, ...] = ()
    settings: Settings = Settings()
    blocklist: tuple[Blocked, ...] = ()
    queue: tuple[Queued, ...] = ()
    history: tuple[Past, ...] = ()
    oldest_held_back: float | None = None
    """Minutes since the oldest release that a delay holds back for this target was published."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why not: the rule's name, a sentence with the numbers, and whether time cannot cure it."""

    rule: str
    permanent: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided of one candidate, and everything the decision was made from."""

    candidate: Candidate
    release: Release
    quality: Quality
    revision: Revision
    score: int
    formats: tuple[str, ...]
    languages: tuple[str, ...]
    episodes: tuple[Number, ...]
    """The target's episodes that it holds; empty for a film."""
    runtime: float | None
    """Minutes of everything in it; None when nobody knows."""
    rejections: tuple[Rejection, ...]

    @property
    def accepted(self) -> bool:
        return not self.rejections


TEMPORARY: Final = frozenset(
    (
        "already_grabbed",
        "already_queued",
        "delayed",
        "indexer_resting",
        "no_client",
        "no_space",
        "not_available",
        "too_few_seeders",
        "too_young",
        "unaired",
        "unknown_runtime",
    )
)
"""The rules whose refusals time alone can cure."""


def refuse(rule: str, reason: str) -> Rejection:
    """A rejection, permanent unless time can cure it."""
    return Rejection(rule, rule not in TEMPORARY, reason)
