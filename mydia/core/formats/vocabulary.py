"""What the numbers of the two apps' JSON mean. Their tables differ, so a number means nothing without its app."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

App = Literal["radarr", "sonarr"]

# A source is a word of the quality ladder; with "/modifier" it is only the qualities of that modifier.
SOURCES: Final[Mapping[App, Mapping[int, str]]] = MappingProxyType(
    {
        "radarr": {
            0: "unknown",
            1: "cam",
            2: "telesync",
            3: "telecine",
            4: "workprint",
            5: "dvd",
            6: "tv",
            7: "web",
            8: "webrip",
            9: "bluray",
        },
        "sonarr": {
            0: "unknown",
            1: "tv/none",
            2: "tv/rawhd",
            3: "web",
            4: "webrip",
            5: "dvd",
            6: "bluray/none",
            7: "bluray/remux",
        },
    }
)
MODIFIERS: Final[Mapping[int, str]] = MappingProxyType(
    {0: "none", 1: "regional", 2: "screener", 3: "rawhd", 4: "brdisk", 5: "remux"}
)
RELEASE_TYPES: Final[Mapping[int, str]] = MappingProxyType(
    {0: "unknown", 1: "single_episode", 2: "multi_episode", 3: "season_pack"}
)
FLAGS: Final[Mapping[App, Mapping[int, str]]] = MappingProxyType(
    {
        "radarr": {
            1: "freeleech",
            2: "halfleech",
            4: "double_upload",
            8: "golden",
            16: "approved",
            32: "internal",
            64: "internal",
            128: "scene",
            256: "freeleech75",
            512: "freeleech25",
            1024: "user_release",
            2048: "nuked",
        },
        "sonarr": {
            1: "freeleech",
            2: "halfleech",
            4: "double_upload",
            8: "internal",
            16: "scene",
            32: "freeleech75",
            64: "freeleech25",
            128: "nuked",
            256: "subtitles",
        },
    }
)


def _words(words: str) -> list[str]:
    return words.split()


# In the order of their numbers; the first 26 are the same in both.
_SHARED: Final = _words("unknown en fr es de it da nl ja is zh ru pl vi sv no fi tr pt nl-BE el ko hu he lt cs")
_RADARR: Final = _words(
    "hi ro th bg pt-BR ar uk fa bn sk lv es-419 ca hr sr bs et ta id te mk sl ml kn sq af mr tl ur rm mn ka"
)
_SONARR: Final = _words("ar hi bg ml uk sk th pt-BR es-419 ro lv fa ca hr sr bs et ta id mk sl")
LANGUAGES: Final[Mapping[App, Mapping[int, str]]] = MappingProxyType(
    {
        "radarr": dict(enumerate(_SHARED + _RADARR)) | {-1: "any", -2: "original"},
        "sonarr": dict(enumerate(_SHARED + _SONARR)) | {-2: "original"},
    }
)
_NAMES: Final = _words(
    "unknown english french spanish german italian danish dutch japanese icelandic chinese russian polish vietnamese "
    "swedish norwegian finnish turkish portuguese flemish greek korean hungarian hebrew lithuanian czech "
    "hindi romanian thai bulgarian portuguese_(brazil) arabic ukrainian persian bengali slovak latvian spanish_(latino) "
    "catalan croatian serbian bosnian estonian tamil indonesian telugu macedonian slovenian malayalam kannada albanian "
    "afrikaans marathi tagalog urdu romansh mongolian georgian"
)
LANGUAGE_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {name.replace("_", " "): code for name, code in zip(_NAMES, _SHARED + _RADARR, strict=True)}
    | {"any": "any", "original": "original"}
)


def _distinct(*tables: Mapping[int, str]) -> tuple[str, ...]:
    return tuple(sorted({word for table in tables for word in table.values()}))


_WORDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "language": tuple(sorted(set(LANGUAGE_NAMES.values()))),
        "indexer_flag": _distinct(*FLAGS.values()),
        "source": _distinct(*SOURCES.values()),
        "modifier": _distinct(MODIFIERS),
        "release_type": _distinct(RELEASE_TYPES),
    }
)


def words_of(condition_type: str) -> tuple[str, ...]:
    """The words that a condition of this type can name; none where its value is no word."""
    return _WORDS.get(condition_type, ())
