"""What a name is made from: the facts of one title and file, and how a person wants names written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal

from mydia.core.naming.text import ColonStyle
from mydia.core.quality import Kind

MultiEpisode = Literal["extend", "duplicate", "repeat", "scene", "range", "prefixed_range"]
SeriesType = Literal["standard", "daily", "anime"]
Part = Literal["file", "folder"]

COLON_STYLES: Final = ("delete", "dash", "space_dash", "space_dash_space", "smart", "custom")
MULTI_EPISODE_STYLES: Final = ("extend", "duplicate", "repeat", "scene", "range", "prefixed_range")


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What probing the file told. Languages may be ISO 639-1, 639-2 or 639-3 codes."""

    video_codec: str = ""
    bit_depth: int | None = None
    dynamic_range: str = ""
    dynamic_range_type: str = ""
    audio_codec: str = ""
    audio_channels: float | None = None
    audio_languages: tuple[str, ...] = ()
    subtitle_languages: tuple[str, ...] = ()
    multi_view_count: int = 0


@dataclass(frozen=True, slots=True)
class NamingFacts:
    """One file of one title. `titles` are the episodes' titles, in the episodes' order.

    `original_name` is the release's name, `current_name` the file's present name without extension; `in_library` says
    that the file was imported before, so its present name is one we gave.
    """

    kind: Kind
    title: str = ""
    original_title: str = ""
    year: int | None = None
    series_type: SeriesType = "standard"
    season: int | None = None
    episodes: tuple[int, ...] = ()
    absolute: tuple[int, ...] = ()
    titles: tuple[str, ...] = ()
    air_date: str = ""
    quality: str = ""
    version: int = 1
    real: int = 0
    repack: bool = False
    release_group: str = ""
    release_hash: str = ""
    edition: str = ""
    original_name: str = ""
    current_name: str = ""
    in_library: bool = False
    ids: Mapping[str, str | int] = field(default_factory=dict)
    formats: tuple[str, ...] = ()
    collection: str = ""
    certification: str = ""
    translations: Mapping[str, str] = field(default_factory=dict)
    media: MediaFacts = MediaFacts()

    @classmethod
    def from_json(cls, kind: Kind, data: Mapping[str, Any]) -> NamingFacts:
        """Facts from plain data, unknown keys ignored, null for unknown. ValueError names a field of a wrong shape."""
        values = _known(cls, data)
        values["media"] = MediaFacts(**_known(MediaFacts, data.get("media") or {}))
        if values.get("series_type", "standard") not in ("standard", "daily", "anime"):
            raise ValueError(f"series_type: {values['series_type']!r} is none of standard, daily, anime")
        values.pop("kind", None)
        return cls(kind=kind, **values)


@dataclass(frozen=True, slots=True)
class NamingOptions:
    """How names are written.

    `part` says what the template is for: a file's whole relative path, or only folders. `extension` (with its dot)
    counts towards `max_bytes` but is not part of the answer. `standard_template` steps in where a daily or anime
    template has not what it asks for. `unknown_group` stands for a release group that is not known, where a bare
    `{Release Group}` asks for one: by default the incumbents' own word, so that carried-over files keep their names.
    `suffix` ends the file's name, to hold the versions of one title apart ("Title (2020) - 2160p").
    """

    colon: ColonStyle = "smart"
    custom_colon: str = ""
    multi_episode: MultiEpisode = "prefixed_range"
    replace_illegal: bool = True
    max_bytes: int = 255
    part: Part = "file"
    rename: bool = True
    extension: str = ""
    standard_template: str = ""
    unknown_group: str | None = None
    suffix: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> NamingOptions:
        """Options from plain data, unknown keys ignored. ValueError names the option and what it may be."""
        values = _known(cls, data)
        for key, allowed in (
            ("colon", COLON_STYLES),
            ("multi_episode", MULTI_EPISODE_STYLES),
            ("part", ("file", "folder")),
        ):
            if key in values and values[key] not in allowed:
                raise ValueError(f"{key}: {values[key]!r} is none of {', '.join(allowed)}")
        if values.get("max_bytes", 255) < 16:
            raise ValueError("max_bytes: a name needs at least 16 bytes")
        return cls(**values)


DEFAULT_OPTIONS: Final = NamingOptions()


def _known(of: type[NamingFacts | NamingOptions | MediaFacts], data: object) -> dict[str, Any]:
    """The fields of `of` that `data` gives, lists as tuples, nulls left out. ValueError names a wrong shape."""
    if not isinstance(data, Mapping):
        raise ValueError(f"expected a mapping, not {data!r}")
    values: dict[str, Any] = {}
    for field_ in fields(of):
        value = data.get(field_.name)
        if value is None or field_.name == "media":
            continue
        values[field_.name] = _shaped(field_.name, str(field_.type), value)
    return values


def _shaped(name: str, declared: str, value: Any) -> Any:
    match declared:
        case "tuple[str, ...]" if isinstance(value, list | tuple):
            return tuple("" if v is None else str(v) for v in value)
        case "tuple[int, ...]" if isinstance(value, list | tuple) and all(type(v) is int for v in value):
            return tuple(value)
        case "bool" if isinstance(value, bool):
            return value
        case "int" | "int | None" if isinstance(value, int):
            return int(value)
        case "float | None" if isinstance(value, int | float):
            return float(value)
        case _ if declared.startswith("Mapping") and isinstance(value, Mapping):
            return dict(value)
        case _ if not declared.startswith(("tuple", "bool", "int", "float", "Mapping")) and isinstance(value, str):
            return value
    raise ValueError(f"{name}: {value!r} is not what this field holds ({declared})")
