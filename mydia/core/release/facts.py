"""The facts a release name holds, and the values that matching gives and takes: plain frozen data."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

Input = Literal["name", "path"]
Hint = Literal["tv", "movie"]
Kind = Literal["movie", "episode"]
SeasonPack = Literal["full", "partial", "multi"]
Extra = Literal["sample", "trailer", "extra"]
Modifier = Literal["remux", "raw", "brdisk", "screener", "regional"]


class Span(NamedTuple):
    """The half-open piece `name[start:end]` of the parsed name."""

    start: int
    end: int


span_of: Final[Callable[[tuple[int, int]], Span]] = partial(tuple.__new__, Span)
"""A pair as a span. A name has some twenty; a third of the time that `Span(start, end)` takes."""


class Spans(Mapping[str, tuple[Span, ...]]):
    """Where each fact was read, by its field's name.

    Kept as one flat tuple of names and numbers, which the collector of garbage need not look into: the spans of ten
    thousand remembered names would be three hundred thousand things to look through again and again, a fifth of the
    time that reading the names takes.
    """

    __slots__ = ("_said",)

    def __init__(self, spans: Mapping[str, Sequence[Span]]) -> None:
        self._said = tuple([said for name, each in spans.items() for start, end in each for said in (name, start, end)])

    def items(self) -> ItemsView[str, tuple[Span, ...]]:
        spans: dict[str, tuple[Span, ...]] = {}
        said: Iterator[Any] = iter(self._said)
        for name, start, end in zip(said, said, said, strict=True):
            spans[name] = (*spans.get(name, ()), Span(start, end))
        return spans.items()

    def __getitem__(self, name: str) -> tuple[Span, ...]:
        return dict(self.items())[name]

    def __contains__(self, name: object) -> bool:
        return name in self._said[::3]

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self.items()))

    def __len__(self) -> int:
        return len(self.items())

    def __repr__(self) -> str:
        return f"Spans({dict(self.items())!r})"


NO_SPANS: Mapping[str, tuple[Span, ...]] = MappingProxyType({})


@dataclass(frozen=True)
class Release:
    """What one name says. A fact it does not say is None, empty, False, or 1 for `version`.

    Without slots, so that an instance holds what its name says and no more: the class has the rest (`saying`).

    `spans` gives, for each fact by its field's name, where in `name` it was read.
    Languages are ISO 639-1, or "pt-BR", "es-419", "nl-BE"; "original" means the work's own language.
    A season pack is of kind "episode"; a kind of None means that nothing told film from episode.
    """

    name: str
    title: str | None = None
    titles: tuple[str, ...] = ()
    """The title and every other title the name gives, best first."""
    year: int | None = None
    kind: Kind | None = None

    seasons: tuple[int, ...] = ()
    episodes: tuple[int, ...] = ()
    absolute_episodes: tuple[int, ...] = ()
    """A number that stands alone ("Title - 05") is given as both: whether it counts from the show's start or a
    season's, the show decides."""
    special_absolute_episodes: tuple[float, ...] = ()
    """Absolute numbers between two episodes, such as 12.5."""
    air_date: str | None = None
    """YYYY-MM-DD."""
    daily_part: int | None = None
    full_season: bool = False
    season_pack: SeasonPack | None = None
    season_part: int | None = None
    season_extra: bool = False
    special: bool = False
    split_episode: bool = False
    parts: tuple[int, ...] = ()
    """The discs or parts one film was cut into ("CD1", "pt2")."""

    source: str | None = None
    resolution: int | None = None
    modifier: Modifier | None = None
    version: int = 1
    repack: bool = False
    real: int = 0
    languages: tuple[str, ...] = ()
    multi: bool = False
    dual: bool = False
    subtitles: tuple[str, ...] = ()
    hardcoded_subs: str | None = None
    release_group: str | None = None
    edition: str | None = None

    imdb_id: str | None = None
    tmdb_id: int | None = None
    tvdb_id: int | None = None
    hash: str | None = None

    video_codec: str | None = None
    bit_depth: int | None = None
    hdr: tuple[str, ...] = ()
    audio: tuple[str, ...] = ()
    audio_channels: float | None = None
    atmos: bool = False
    dtsx: bool = False
    streaming_service: str | None = None
    three_d: str | None = None
    container: str | None = None
    size_hint: str | None = None
    site: str | None = None
    extra: Extra | None = None

    spans: Mapping[str, tuple[Span, ...]] = field(default_factory=lambda: NO_SPANS, hash=False)

    @classmethod
    def saying(cls, said: Mapping[str, Any]) -> Release:
        """The release of these facts (`name` and `spans` among them). A tenth of what naming all forty fields takes."""
        release = cls.__new__(cls)
        vars(release).update(said)
        return release

    def to_json(self) -> dict[str, Any]:
        """Every fact but the spans as JSON-ready values (tuples become lists)."""
        return {name: _plain(getattr(self, name)) for name in FACTS}

    def told(self) -> dict[str, Any]:
        """The facts that the name gives as JSON-ready values; those it does not give are left out."""
        return {name: _plain(value) for name in FACTS if (value := getattr(self, name))}


FACTS: Final = tuple(each.name for each in fields(Release) if each.name != "spans")
"""The names of the facts, in their order."""


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True)
class Candidate:
    """A known film ("movie") or show (any other kind) that a release may be of."""

    id: str
    kind: str
    title: str
    year: int | None = None
    aliases: tuple[str, ...] = ()
    ids: Mapping[str, str | int] = field(default_factory=dict, hash=False)
    """Provider ("imdb", "tmdb", "tvdb") to id."""
    series_type: str = "standard"
    """"standard", "daily" or "anime"."""


@dataclass(frozen=True, slots=True)
class MatchResult:
    """How well one candidate fits, from 0 (not at all) to 1 (certain), and why.

    The numbers are the release's as read for this candidate: what the name alone cannot say, the target decides.
    """

    score: float
    candidate: Candidate
    reasons: tuple[str, ...] = ()
    seasons: tuple[int, ...] = ()
    episodes: tuple[int, ...] = ()
    absolute_episodes: tuple[int, ...] = ()
    air_date: str | None = None
    year: int | None = None
