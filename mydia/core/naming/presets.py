"""Templates as the media servers read them best, each a full set a person can start from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class NamingPreset:
    """One template for each thing that has a name; season 0 goes into `specials_folder`."""

    movie_folder: str
    movie_file: str
    series_folder: str
    season_folder: str
    specials_folder: str
    episode_file: str
    daily_file: str
    anime_file: str


_MOVIE_TAIL: Final = (
    "{[Custom Formats]}{[Quality Full]}{[MediaInfo 3D]}{[MediaInfo VideoDynamicRangeType]}"
    "{[Mediainfo AudioCodec}{ Mediainfo AudioChannels]}{[Mediainfo VideoCodec]}{-Release Group}"
)
_EPISODE_TAIL: Final = (
    "{[Custom Formats]}{[Quality Full]}{[Mediainfo AudioCodec}{ Mediainfo AudioChannels]}"
    "{[MediaInfo VideoDynamicRangeType]}{[Mediainfo VideoCodec]}{-Release Group}"
)


def _preset(movie_id: str, series_id: str, edition: str) -> NamingPreset:
    series = "{Series TitleYear}"
    return NamingPreset(
        movie_folder=f"{{Movie CleanTitle}} ({{Release Year}}) {movie_id}".strip(),
        movie_file=f"{{Movie CleanTitle}} ({{Release Year}}) {movie_id} {edition} {_MOVIE_TAIL}".replace("  ", " "),
        series_folder=f"{series} {series_id}".strip(),
        season_folder="Season {season:00}",
        specials_folder="Season 00",
        episode_file=f"{series} - S{{season:00}}E{{episode:00}} - {{Episode CleanTitle:90}} {_EPISODE_TAIL}",
        daily_file=f"{series} - {{Air-Date}} - {{Episode CleanTitle:90}} {_EPISODE_TAIL}",
        anime_file=(
            f"{series} - S{{season:00}}E{{episode:00}} - {{absolute:000}} - {{Episode CleanTitle:90}} {_EPISODE_TAIL}"
        ),
    )


PRESETS: Final[Mapping[str, NamingPreset]] = MappingProxyType(
    {
        "Plain": NamingPreset(
            movie_folder="{title} ({year})",
            movie_file="{title} ({year}) - {quality}",
            series_folder="{show}",
            season_folder="Season {season}",
            specials_folder="Specials",
            episode_file="{show} - S{season:2}E{episode:2} - {title}",
            daily_file="{show} - {Air-Date} - {title}",
            anime_file="{show} - S{season:2}E{episode:2} - {title}",
        ),
        "Plex": _preset("{imdb-{ImdbId}}", "{tvdb-{TvdbId}}", "{edition-{Edition Tags}}"),
        "Jellyfin": _preset("[imdbid-{ImdbId}]", "[tvdbid-{TvdbId}]", "{[Edition Tags]}"),
        "Emby": _preset("[imdb-{ImdbId}]", "[tvdb-{TvdbId}]", "{[Edition Tags]}"),
        "Kodi": _preset("", "", "{[Edition Tags]}"),
    }
)
