"""What each token stands for. `VALUES` is the whole vocabulary: token key -> function of the facts and the token.

A function answers the plain value; case, separator, illegal characters and affixes are the renderer's. None means that
the token, as it is written, is none, and stays as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from mydia.core.naming import text
from mydia.core.naming.facts import NamingFacts, NamingOptions
from mydia.core.naming.languages import listed, short
from mydia.core.naming.numbering import number
from mydia.core.naming.template import Token


@dataclass(frozen=True, slots=True)
class Place:
    """Where a token stands: the file's facts, the options, and whether the present name may stand for a lost one."""

    facts: NamingFacts
    options: NamingOptions
    may_use_current_name: bool


Value = Callable[[Place, Token], str | None]

_UNKNOWN_GROUP: Final = {"movie": "Radarr", "episode": "Sonarr"}
_PART_NUMBER: Final = re.compile(r"(?::?\s?(?:\(\d+\)|(?:Part|Pt\.?)\s?\d+))$", re.I)
_LANGUAGE_CODES: Final = re.compile(r"[a-z]{2,3}(?:-[a-z]{2,4})?(?:\|[a-z]{2,3}(?:-[a-z]{2,4})?)*", re.I)


def episode_titles(facts: NamingFacts, cleaned: bool, limit: int) -> str:
    """The titles of a file's episodes in `limit` bytes: part numbers dropped and equal titles said once where there
    are several; where they do not fit, the first and last, the first alone, or a cut first."""
    titles = [t.rstrip(" .?") for t in facts.titles]
    if len(titles) > 1:
        merged = list(dict.fromkeys(_PART_NUMBER.sub("", t).strip() for t in titles))
        titles = merged if any(merged) else list(dict.fromkeys(titles))
        titles = [t for t in titles if t]
    if cleaned:
        titles = [text.clean(t) for t in titles]
    if not titles:
        return ""
    joined = (" and " if cleaned else " + ").join(titles)
    if text.size(joined) <= limit:
        return joined
    if limit <= 3:
        return ""
    first, last = titles[0], titles[-1]
    if len(titles) > 1 and text.size(first) + text.size(last) + 3 <= limit:
        return first.rstrip(" .") + text.ELLIPSIS + last
    if len(titles) > 1 and text.size(first) + 3 <= limit:
        return first.rstrip(" .") + text.ELLIPSIS
    return text.cut(first, limit - 3).rstrip(" .") + text.ELLIPSIS


def length(argument: str) -> int:
    """A token's length argument in bytes (negative: keep the end); 0 where it has none."""
    return int(argument) if re.fullmatch(r"[+-]?[0-9]{1,4}", argument) else 0


def _title(form: Callable[[NamingFacts, str], str], *, translated: bool = False) -> Value:
    """A token that writes the title in some form, at most as long as its argument says."""

    def value(place: Place, token: Token) -> str:
        title = _translation(place.facts, token.argument) if translated else place.facts.title
        return text.shorten(form(place.facts, title), length(token.argument))

    return value


def _translation(facts: NamingFacts, wanted: str) -> str:
    """The title in the first wanted language ("FR|DE") there is one for, else the title."""
    if _LANGUAGE_CODES.fullmatch(wanted):
        for code in wanted.lower().split("|"):
            translated = facts.translations.get(code) or facts.translations.get(short(code).lower())
            if translated:
                return translated
    return facts.title


def _fact(value: Callable[[NamingFacts], object], *, cut: bool = False) -> Value:
    """A token that writes one fact, nothing where it is not known; `cut` lets its argument limit the length."""

    def written(place: Place, token: Token) -> str:
        known = value(place.facts)
        plain = "" if known is None or known == 0 else str(known)
        return text.shorten(plain, length(token.argument)) if cut else plain

    return written


def _season(place: Place, token: Token) -> str:
    return "" if place.facts.season is None else number(place.facts.season, _form(token))


def _episode(place: Place, token: Token) -> str:
    numbers = [number(e, _form(token)) for e in place.facts.episodes]
    return "-".join(numbers if len(numbers) < 2 else [numbers[0], numbers[-1]])


def _form(token: Token) -> str:
    return token.argument if token.argument.isdigit() else ""


def _original_title(place: Place, token: Token) -> str:
    return place.facts.original_name or _original_file(place, token)


def _original_file(place: Place, _: Token) -> str:
    return place.facts.current_name if place.may_use_current_name else ""


def _group(place: Place, token: Token) -> str:
    group = place.facts.release_group
    if not group.strip():
        if token.prefix or token.suffix:
            return ""
        unknown = place.options.unknown_group
        return _UNKNOWN_GROUP[place.facts.kind] if unknown is None else unknown
    return text.shorten(group, length(token.argument))


def _proper(facts: NamingFacts) -> str:
    if facts.version < 2:
        return ""
    if facts.kind == "episode":
        if facts.series_type == "anime":
            return f"v{facts.version}"
        if facts.repack:
            return "Repack"
    return "Proper"


def _real(facts: NamingFacts) -> str:
    return "REAL" if facts.real else ""


def _languages(which: str, hide_english_only: bool) -> Value:
    def value(place: Place, token: Token) -> str:
        codes: tuple[str, ...] = getattr(place.facts.media, which)
        return listed(codes, token.argument, hide_english_only=hide_english_only)

    return value


def _media_full(facts: NamingFacts) -> str:
    media = facts.media
    spoken = listed(media.audio_languages, "", hide_english_only=True)
    subtitles = listed(media.subtitle_languages, "", hide_english_only=False)
    return f"{media.video_codec} {media.audio_codec}{spoken} {subtitles}"


def _channels(facts: NamingFacts) -> str:
    return f"{facts.media.audio_channels:.1f}" if facts.media.audio_channels else ""


def _formats(place: Place, token: Token) -> str:
    names, wanted = place.facts.formats, token.argument
    if wanted.startswith("-"):
        names = tuple(n for n in names if n not in wanted[1:].split(","))
    elif wanted:
        names = tuple(n for n in names if n in wanted.split(","))
    return " ".join(names)


def _format(place: Place, token: Token) -> str:
    return token.argument if token.argument in place.facts.formats else ""


_SERIES: Final[Mapping[str, Value]] = {
    "seriestitle": _title(lambda f, t: t),
    "seriescleantitle": _title(lambda f, t: text.clean(t)),
    "seriestitleyear": _title(lambda f, t: text.with_year(t, f.year)),
    "seriescleantitleyear": _title(lambda f, t: text.clean(text.with_year(t, f.year))),
    "seriestitlewithoutyear": _title(lambda f, t: text.without_year(t)),
    "seriescleantitlewithoutyear": _title(lambda f, t: text.clean(text.without_year(t))),
    "seriestitlethe": _title(lambda f, t: text.title_the(t)),
    "seriescleantitlethe": _title(lambda f, t: text.clean_the(t)),
    "seriestitletheyear": _title(lambda f, t: text.with_year(text.title_the(t), f.year)),
    "seriescleantitletheyear": _title(lambda f, t: text.clean_the(text.with_year(t, f.year))),
    "seriestitlethewithoutyear": _title(lambda f, t: text.without_year(text.title_the(t))),
    "seriescleantitlethewithoutyear": _title(lambda f, t: text.clean_the(text.without_year(t))),
    "seriestitlefirstcharacter": _title(lambda f, t: text.first_character(t)),
    "seriesyear": _fact(lambda f: f.year),
    "season": _season,
    "episode": _episode,
    "airdate": _fact(lambda f: f.air_date[:10].replace("-", " ") or "Unknown"),
    "tvdbid": _fact(lambda f: f.ids.get("tvdb")),
    "tvmazeid": _fact(lambda f: f.ids.get("tvmaze")),
    "tvrageid": _fact(lambda f: f.ids.get("tvrage")),
}
_MOVIE: Final[Mapping[str, Value]] = {
    "movietitle": _title(lambda f, t: t, translated=True),
    "moviecleantitle": _title(lambda f, t: text.clean(t), translated=True),
    "movietitlethe": _title(lambda f, t: text.title_the(t), translated=True),
    "moviecleantitlethe": _title(lambda f, t: text.clean_the(t), translated=True),
    "movietitlefirstcharacter": _title(lambda f, t: text.first_character(t), translated=True),
    "movieoriginaltitle": _fact(lambda f: f.original_title, cut=True),
    "moviecleanoriginaltitle": _fact(lambda f: text.clean(f.original_title), cut=True),
    "moviecollection": _fact(lambda f: f.collection, cut=True),
    "moviecleancollection": _fact(lambda f: text.clean(f.collection), cut=True),
    "moviecollectionthe": _fact(lambda f: text.title_the(f.collection), cut=True),
    "moviecleancollectionthe": _fact(lambda f: text.clean_the(f.collection), cut=True),
    "moviecertification": _fact(lambda f: f.certification),
    "movieyear": _fact(lambda f: f.year),
    "releaseyear": _fact(lambda f: f.year),
}
_FILE: Final[Mapping[str, Value]] = {
    "originaltitle": _original_title,
    "originalfilename": _original_file,
    "releasegroup": _group,
    "releasehash": _fact(lambda f: f.release_hash),
    "editiontags": _fact(lambda f: text.edition_case(f.edition), cut=True),
    "qualityfull": _fact(lambda f: " ".join(x for x in (f.quality, _proper(f), _real(f)) if x)),
    "qualitytitle": _fact(lambda f: f.quality),
    "qualityproper": _fact(_proper),
    "qualityreal": _fact(_real),
    "customformats": _formats,
    "customformat": _format,
    "imdbid": _fact(lambda f: f.ids.get("imdb")),
    "tmdbid": _fact(lambda f: f.ids.get("tmdb")),
    "mediainfovideo": _fact(lambda f: f.media.video_codec),
    "mediainfovideocodec": _fact(lambda f: f.media.video_codec),
    "mediainfovideobitdepth": _fact(lambda f: f.media.bit_depth),
    "mediainfovideodynamicrange": _fact(lambda f: f.media.dynamic_range),
    "mediainfovideodynamicrangetype": _fact(lambda f: f.media.dynamic_range_type),
    "mediainfoaudio": _fact(lambda f: f.media.audio_codec),
    "mediainfoaudiocodec": _fact(lambda f: f.media.audio_codec),
    "mediainfoaudiochannels": _fact(_channels),
    "mediainfoaudiolanguages": _languages("audio_languages", hide_english_only=True),
    "mediainfoaudiolanguagesall": _languages("audio_languages", hide_english_only=False),
    "mediainfosubtitlelanguages": _languages("subtitle_languages", hide_english_only=False),
    "mediainfosubtitlelanguagesall": _languages("subtitle_languages", hide_english_only=False),
    "mediainfosimple": _fact(lambda f: f"{f.media.video_codec} {f.media.audio_codec}"),
    "mediainfofull": _fact(_media_full),
    "mediainfo3d": _fact(lambda f: "3D" if f.media.multi_view_count > 1 else ""),
}
# The short tokens of config.yml. Being one lower-case word says nothing about the case a person wants.
PLAIN: Final = frozenset({"title", "show", "year", "quality"})
_PLAIN: Final[Mapping[str, Value]] = {
    "title": _title(lambda f, t: t),
    "show": _title(lambda f, t: t),
    "year": _fact(lambda f: f.year),
    "quality": _fact(lambda f: f.quality),
}

# The vocabulary by kind, without the tokens for episode titles: those get the room that all others leave.
VALUES: Final[Mapping[str, Mapping[str, Value]]] = MappingProxyType(
    {
        "episode": MappingProxyType(dict(_SERIES) | dict(_FILE) | dict(_PLAIN)),
        "movie": MappingProxyType(dict(_MOVIE) | dict(_FILE) | dict(_PLAIN)),
    }
)
# Token key -> whether the titles are cleaned.
EPISODE_TITLES: Final[Mapping[str, bool]] = MappingProxyType(
    {"episodetitle": False, "episodecleantitle": True, "title": False}
)
