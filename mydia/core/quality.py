"""Quality: one ladder for films and shows, and the profile that says which rungs a slot wants.

A *quality* is where a picture came from and how many lines it has ("WEBDL-1080p"). A *revision* says how often that
release was repaired (proper, repack, real). A *quality profile* is a person's order over qualities, with groups of
equal rank, a cutoff, size limits and custom-format scores. The ladder's own weights matter only where a profile is
silent: for the order of a new profile, and for a held file of a quality the profile does not list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, total_ordering
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from mydia.core.release import Release

Kind = Literal["movie", "episode"]
Propers = Literal["prefer", "do_not_upgrade", "do_not_prefer"]
PROPERS: Final[tuple[Propers, ...]] = ("prefer", "do_not_upgrade", "do_not_prefer")


@dataclass(frozen=True, slots=True)
class Quality:
    """One rung.

    `source` is unknown, workprint, cam, telesync, telecine, dvd, tv, web, webrip or bluray; `resolution` is in lines
    (0: not known); `modifier` is none, regional, screener, rawhd, brdisk or remux; a greater `weight` is better.
    """

    name: str
    source: str
    resolution: int
    modifier: str
    weight: int


# Worst to best. Rungs of one weight are equals: they form one group in a new profile. (names, source, lines, modifier)
_LADDER: Final[tuple[tuple[tuple[str, str, int, str], ...], ...]] = (
    (("Unknown", "unknown", 0, "none"),),
    (("WORKPRINT", "workprint", 0, "none"),),
    (("CAM", "cam", 0, "none"),),
    (("TELESYNC", "telesync", 0, "none"),),
    (("TELECINE", "telecine", 0, "none"),),
    (("REGIONAL", "dvd", 480, "regional"),),
    (("DVDSCR", "dvd", 480, "screener"),),
    (("SDTV", "tv", 480, "none"),),
    (("DVD", "dvd", 480, "none"),),
    (("DVD-R", "dvd", 480, "remux"),),
    (("WEBDL-480p", "web", 480, "none"), ("WEBRip-480p", "webrip", 480, "none")),
    (("Bluray-480p", "bluray", 480, "none"),),
    (("Bluray-576p", "bluray", 576, "none"),),
    (("HDTV-720p", "tv", 720, "none"),),
    (("WEBDL-720p", "web", 720, "none"), ("WEBRip-720p", "webrip", 720, "none")),
    (("Bluray-720p", "bluray", 720, "none"),),
    (("HDTV-1080p", "tv", 1080, "none"),),
    (("WEBDL-1080p", "web", 1080, "none"), ("WEBRip-1080p", "webrip", 1080, "none")),
    (("Bluray-1080p", "bluray", 1080, "none"),),
    (("Remux-1080p", "bluray", 1080, "remux"),),
    (("HDTV-2160p", "tv", 2160, "none"),),
    (("WEBDL-2160p", "web", 2160, "none"), ("WEBRip-2160p", "webrip", 2160, "none")),
    (("Bluray-2160p", "bluray", 2160, "none"),),
    (("Remux-2160p", "bluray", 2160, "remux"),),
    (("BR-DISK", "bluray", 1080, "brdisk"),),
    (("Raw-HD", "tv", 1080, "rawhd"),),
)
QUALITIES: Final[Mapping[str, Quality]] = MappingProxyType(
    {q[0]: Quality(*q, weight=weight) for weight, rung in enumerate(_LADDER, 1) for q in rung}
)
UNKNOWN: Final = QUALITIES["Unknown"]

_ALIASES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Bluray-1080p Remux": "Remux-1080p",
        "Bluray-2160p Remux": "Remux-2160p",
        "BRDISK": "BR-DISK",
        "RAWHD": "Raw-HD",
        "DVDR": "DVD-R",
        "SCREENER": "DVDSCR",
        "TS": "TELESYNC",
        "TC": "TELECINE",
    }
)
_BY_LOWER: Final[Mapping[str, Quality]] = MappingProxyType(
    {n.lower(): q for n, q in QUALITIES.items()} | {a.lower(): QUALITIES[n] for a, n in _ALIASES.items()}
)
_EPISODE_LABELS: Final = {"Remux-1080p": "Bluray-1080p Remux", "Remux-2160p": "Bluray-2160p Remux"}


def quality(name: str) -> Quality:
    """The quality of that name, in any case, by either app's spelling. ValueError names what is not known."""
    found = _BY_LOWER.get(name.strip().lower())
    if found is None:
        raise ValueError(f"unknown quality {name!r}; known are {', '.join(QUALITIES)}")
    return found


def label(of: Quality, kind: Kind) -> str:
    """The name a person expects in a file name: shows say "Bluray-1080p Remux" where films say "Remux-1080p"."""
    return _EPISODE_LABELS.get(of.name, of.name) if kind == "episode" else of.name


def quality_of(release: Release, kind: Kind) -> Quality:
    """What the release's name says about its quality; "Unknown" when it says nothing."""
    return quality_from(release.source, release.resolution, kind)


@lru_cache(maxsize=256)
def quality_from(source: str | None, resolution: int | None, kind: Kind) -> Quality:
    """A release's source word (as the parser says it) and lines, as a rung of the ladder.

    A name that gives only lines is taken for television, the humblest picture of that many lines. One that gives only a
    source gets the lines such releases have when nobody says otherwise.
    """
    lines = max((known for known in _LINES if known <= (resolution or 0)), default=480 if resolution else 0)
    if source in _WITHOUT_LINES:
        name = _WITHOUT_LINES[source]
        return QUALITIES["DVD" if kind == "episode" and name == "DVD-R" else name]
    if source is None and not lines:
        return UNKNOWN
    if source == "remux":
        source, remux = "bluray", lines in (0, 1080, 2160)
        if remux:
            return QUALITIES[f"Remux-{lines or 1080}p"]
    if source == "bluray":
        return QUALITIES[f"Bluray-{lines or 720}p"]
    if source in ("web-dl", "webrip"):
        return QUALITIES[f"{'WEBDL' if source == 'web-dl' else 'WEBRip'}-{lines if lines >= 720 else 480}p"]
    return QUALITIES[f"HDTV-{lines}p"] if lines >= 720 else QUALITIES["SDTV"]


_LINES: Final = (480, 576, 720, 1080, 2160)
_WITHOUT_LINES: Final = {
    "workprint": "WORKPRINT",
    "cam": "CAM",
    "telesync": "TELESYNC",
    "telecine": "TELECINE",
    "regional": "REGIONAL",
    "dvdscr": "DVDSCR",
    "dvd": "DVD",
    "dvd-r": "DVD-R",
    "brdisk": "BR-DISK",
    "raw-hd": "Raw-HD",
}


@total_ordering
@dataclass(frozen=True, slots=True, eq=True)
class Revision:
    """How often a release was repaired: version 2 is a proper or repack; `real` outranks any version.

    `repack` says who repaired it (the same group), never how good it is, so it takes no part in the order.
    """

    version: int = 1
    real: int = 0
    repack: bool = field(default=False, compare=False)

    def __lt__(self, other: Revision) -> bool:
        return (self.real, self.version) < (other.real, other.version)


@dataclass(frozen=True, slots=True)
class SizeLimit:
    """MB per minute of run time; None is no limit."""

    min: float = 0.0
    preferred: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class QualityGroup:
    """Qualities of one rank under a name of its own."""

    name: str
    qualities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QualityProfile:
    """What a slot wants, worst to best. Only what is listed is allowed.

    `cutoff` names a listed quality or group. `scores` gives custom formats their worth; `cutoff_score` is the score
    above which no upgrade is sought, `min_gain` the least a score must grow by. `languages` is a wish in order ("en",
    "original", ...); empty means any.
    """

    id: str
    name: str
    qualities: tuple[QualityGroup | str, ...]
    cutoff: str
    upgrades: bool = True
    sizes: Mapping[str, SizeLimit] = field(default_factory=dict)
    scores: Mapping[str, int] = field(default_factory=dict)
    min_score: int = 0
    cutoff_score: int = 10000
    min_gain: int = 1
    propers: Propers = "prefer"
    languages: tuple[str, ...] = ()

    def rank(self, name: str) -> int | None:
        """The place of a quality (or group) in this profile, 0 the worst; None when it is not allowed."""
        wanted = _canonical(name)
        for place, item in enumerate(self.qualities):
            if wanted in _members(item) or (isinstance(item, QualityGroup) and item.name.lower() == name.lower()):
                return place
        return None

    def allows(self, name: str) -> bool:
        """Whether the profile lists the quality."""
        return self.rank(name) is not None

    def standing(self, name: str) -> float:
        """Like `rank`, for a file already held whose quality may be unlisted: such a one stands half a place below the
        first listed item that is better on the common ladder, so that a better file is never "upgraded" to a worse."""
        place = self.rank(name)
        if place is not None:
            return float(place)
        weight = quality(name).weight
        for index, item in enumerate(self.qualities):
            if min(QUALITIES[m].weight for m in _members(item)) > weight:
                return index - 0.5
        return len(self.qualities) - 0.5

    def effective_cutoff(self) -> int:
        """The rank from which on a quality needs no upgrade: the lowest listed one when upgrades are off."""
        return (self.rank(self.cutoff) or 0) if self.upgrades else 0

    def flat(self) -> Iterator[str]:
        """Every allowed quality's name, worst to best."""
        for item in self.qualities:
            yield from _members(item)

    def size_limit(self, name: str, kind: Kind) -> SizeLimit:
        """The profile's own limit for a quality, else the usual one for films or shows."""
        canonical = _canonical(name)
        for key, limit in self.sizes.items():
            if _canonical(key) == canonical:
                return limit
        return DEFAULT_SIZES[kind].get(canonical, SizeLimit())

    def to_json(self) -> dict[str, Any]:
        """The profile as plain JSON or YAML data; `from_json` reads it back to an equal profile."""
        return {
            "id": self.id,
            "name": self.name,
            "qualities": [
                i if isinstance(i, str) else {"group": i.name, "qualities": list(i.qualities)} for i in self.qualities
            ],
            "cutoff": self.cutoff,
            "upgrades": self.upgrades,
            "sizes": {n: {"min": s.min, "preferred": s.preferred, "max": s.max} for n, s in self.sizes.items()},
            "scores": dict(self.scores),
            "min_score": self.min_score,
            "cutoff_score": self.cutoff_score,
            "min_gain": self.min_gain,
            "propers": self.propers,
            "languages": list(self.languages),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> QualityProfile:
        """A profile from `to_json`'s shape; a bare list is a nameless group. ValueError says which field is wrong."""
        items = tuple(_item(i) for i in _typed(data, "qualities", list, None))
        if not items:
            raise ValueError("qualities: a profile must allow at least one quality")
        flat = [m for i in items for m in _members(i)]
        for twice in {m for m in flat if flat.count(m) > 1}:
            raise ValueError(f"qualities: {twice} is listed twice")
        propers = data.get("propers", "prefer")
        if propers not in PROPERS:
            raise ValueError(f"propers: {propers!r} is none of {', '.join(PROPERS)}")
        sizes = _typed(data, "sizes", dict, {})
        scores = _typed(data, "scores", dict, {})
        made = cls(
            id=str(data.get("id", "")),
            name=str(data.get("name", "")),
            qualities=items,
            cutoff=str(data.get("cutoff") or flat[0]),
            upgrades=_typed(data, "upgrades", bool, True),
            sizes={quality(n).name: _size_limit(n, v) for n, v in sizes.items()},
            scores={str(n): _typed(scores, n, int, 0) for n in scores},
            min_score=_typed(data, "min_score", int, 0),
            cutoff_score=_typed(data, "cutoff_score", int, 10000),
            min_gain=_typed(data, "min_gain", int, 1),
            propers=propers,
            languages=tuple(str(x) for x in _typed(data, "languages", list, [])),
        )
        if made.rank(made.cutoff) is None:
            raise ValueError(f"cutoff: {made.cutoff!r} is not among the profile's qualities")
        return made


def _canonical(name: str) -> str:
    found = _BY_LOWER.get(name.strip().lower())
    return found.name if found else name


def _members(item: QualityGroup | str) -> tuple[str, ...]:
    return (item,) if isinstance(item, str) else item.qualities


def _item(data: object) -> QualityGroup | str:
    match data:
        case str():
            return quality(data).name
        case [*names] if names:
            members = tuple(quality(str(n)).name for n in names)
            return QualityGroup(" | ".join(members), members)
        case {"qualities": [*names], **rest} if names:
            members = tuple(quality(str(n)).name for n in names)
            return QualityGroup(str(rest.get("group") or " | ".join(members)), members)
    raise ValueError(f"qualities: {data!r} is neither a quality nor a group of qualities")


def _size_limit(name: str, data: object) -> SizeLimit:
    if not isinstance(data, Mapping):
        raise ValueError(f"sizes: {name} needs min, preferred and max in MB per minute")
    numbers = {k: data.get(k) for k in ("min", "preferred", "max")}
    for key, value in numbers.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
            raise ValueError(f"sizes: {name} {key} must be a number of MB per minute, not {value!r}")
    low, preferred, high = float(numbers["min"] or 0), numbers["preferred"], numbers["max"]
    if high is not None and high < low:
        raise ValueError(f"sizes: {name} has a maximum ({high}) below its minimum ({low})")
    return SizeLimit(low, preferred, high)


def _typed(data: Mapping[str, Any], key: str, kind: type, default: Any) -> Any:
    value = data.get(key, default)
    if value is None and default is not None:
        return default
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"{key}: expected {_KIND_WORDS[kind]}, not {value!r}")
    return value


_KIND_WORDS: Final = {list: "a list", dict: "a mapping", bool: "true or false", int: "a whole number"}


def _sizes(rows: str) -> Mapping[str, SizeLimit]:
    """Lines of "quality min preferred max" as limits; "-" is no limit."""
    limits: dict[str, SizeLimit] = {}
    for row in rows.strip().splitlines():
        name, low, preferred, high = row.split()
        limits[name] = SizeLimit(float(low), *(None if x == "-" else float(x) for x in (preferred, high)))
    return MappingProxyType(limits)


# What the two apps ship, by kind: a minute of a film and of an episode are limited differently.
DEFAULT_SIZES: Final[Mapping[str, Mapping[str, SizeLimit]]] = MappingProxyType(
    {
        "movie": MappingProxyType(
            {
                n: SizeLimit(0, None, None) if q.weight >= QUALITIES["Bluray-1080p"].weight else SizeLimit(0, 95, 100)
                for n, q in QUALITIES.items()
            }
        ),
        "episode": _sizes(
            """
            Unknown 1 95 199.9
            SDTV 2 95 100
            WEBRip-480p 2 95 100
            WEBDL-480p 2 95 100
            DVD 2 95 100
            Bluray-480p 2 95 100
            Bluray-576p 2 95 100
            HDTV-720p 3 95 125
            HDTV-1080p 4 95 125
            Raw-HD 4 95 -
            WEBRip-720p 3 95 130
            WEBDL-720p 3 95 130
            Bluray-720p 4 95 130
            WEBRip-1080p 4 95 130
            WEBDL-1080p 4 95 130
            Bluray-1080p 4 95 155
            Remux-1080p 35 95 -
            HDTV-2160p 35 95 199.9
            WEBRip-2160p 35 95 -
            WEBDL-2160p 35 95 -
            Bluray-2160p 35 95 -
            Remux-2160p 35 95 -
            """
        ),
    }
)


def _rungs(*names: str) -> tuple[QualityGroup | str, ...]:
    """The named qualities worst to best, those of one weight as a group ("WEB 1080p")."""
    chosen = sorted((QUALITIES[n] for n in names), key=lambda q: q.weight)
    items: list[QualityGroup | str] = []
    for weight in dict.fromkeys(q.weight for q in chosen):
        same = tuple(q.name for q in chosen if q.weight == weight)
        items.append(same[0] if len(same) == 1 else QualityGroup(f"WEB {QUALITIES[same[0]].resolution}p", same))
    return tuple(items)


_SD: Final = ("SDTV", "WEBDL-480p", "WEBRip-480p", "DVD", "Bluray-480p", "Bluray-576p")
_720: Final = ("HDTV-720p", "WEBDL-720p", "WEBRip-720p", "Bluray-720p")
_1080: Final = ("HDTV-1080p", "WEBDL-1080p", "WEBRip-1080p", "Bluray-1080p")
_2160: Final = ("HDTV-2160p", "WEBDL-2160p", "WEBRip-2160p", "Bluray-2160p")
_REMUX: Final = ("Remux-1080p", "Remux-2160p")


def _profile(name: str, cutoff: str, *names: str) -> QualityProfile:
    slug = name.lower().replace("/", "-").replace(" ", "-")
    return QualityProfile(id=slug, name=name, qualities=_rungs(*names), cutoff=cutoff, upgrades=False)


# As people know them from the incumbents: upgrades off, the cutoff the lowest member.
DEFAULT_PROFILES: Final[tuple[QualityProfile, ...]] = (
    _profile("Any", "SDTV", *_SD, *_720, *_1080, "Remux-1080p", *_2160, "Remux-2160p"),
    _profile("SD", "SDTV", *_SD),
    _profile("HD-720p", "HDTV-720p", *_720),
    _profile("HD-1080p", "HDTV-1080p", *_1080, "Remux-1080p"),
    _profile("Ultra-HD", "HDTV-2160p", *_2160, "Remux-2160p"),
    _profile("HD-720p/1080p", "HDTV-720p", *_720, *_1080, "Remux-1080p"),
)

_NO_HUGE: Final = 40.0  # MB/min: about 4.7 GB for a film of two hours
_PRESETS: Final[Mapping[str, QualityProfile]] = MappingProxyType(
    {
        "best for 4K TV": replace(
            _profile("Best for 4K TV", "Remux-2160p", *_1080, *_2160, *_REMUX), upgrades=True, min_gain=10
        ),
        "best for HD TV": replace(
            _profile("Best for HD TV", "Bluray-1080p", *_720, *_1080), upgrades=True, min_gain=10
        ),
        "small files": replace(
            _profile("Small files", "WEB 1080p", *_720, "WEBDL-1080p", "WEBRip-1080p"),
            upgrades=True,
            sizes={n: SizeLimit(0, 15, _NO_HUGE) for n in (*_720, "WEBDL-1080p", "WEBRip-1080p")},
        ),
        "collector": replace(
            _profile("Collector", "Remux-2160p", "Bluray-1080p", "Bluray-2160p", *_REMUX), upgrades=True
        ),
        "anything, quickly": replace(_profile("Anything, quickly", "SDTV", *_SD, *_720, *_1080), upgrades=False),
    }
)
PRESETS: Final[tuple[str, ...]] = tuple(_PRESETS)


def wizard(preset: str) -> QualityProfile:
    """A full profile from a wish in plain words (one of PRESETS). ValueError names an unknown wish."""
    try:
        return _PRESETS[preset]
    except KeyError:
        raise ValueError(f"unknown preset {preset!r}; known are {', '.join(PRESETS)}") from None
