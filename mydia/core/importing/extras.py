"""Subtitles and other side files: which video they belong to, and what they are called beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from mydia.core.importing.contents import extension, folders, stem

_MARKS: Final = frozenset({"forced", "sdh", "cc", "hi", "default", "foreign", "commentary", "signs"})
_LANGUAGES: Final[Mapping[str, str]] = {
    name: code
    for code, names in {
        "en": "eng english", "de": "ger deu german deutsch", "fr": "fre fra french francais", "es": "spa spanish espanol",
        "it": "ita italian italiano", "pt": "por portuguese", "nl": "dut nld dutch", "sv": "swe swedish",
        "no": "nor norwegian", "da": "dan danish", "fi": "fin finnish", "is": "ice isl icelandic", "pl": "pol polish",
        "cs": "cze ces czech", "sk": "slo slk slovak", "hu": "hun hungarian", "ro": "rum ron romanian",
        "bg": "bul bulgarian", "hr": "hrv croatian", "sr": "srp serbian", "sl": "slv slovenian", "el": "gre ell greek",
        "tr": "tur turkish", "ru": "rus russian", "uk": "ukr ukrainian", "he": "heb hebrew", "ar": "ara arabic",
        "fa": "per fas persian", "hi": "hin hindi", "th": "tha thai", "vi": "vie vietnamese", "id": "ind indonesian",
        "ms": "may msa malay", "ja": "jpn japanese", "ko": "kor korean", "zh": "chi zho chinese", "et": "est estonian",
        "lv": "lav latvian", "lt": "lit lithuanian", "ca": "cat catalan",
    }.items()
    for name in (code, *names.split())
}  # fmt: skip
_SAFE: Final = re.compile(r"[A-Za-z0-9-]{1,12}")


def owner(path: str, videos: Sequence[str]) -> str | None:
    """The imported video (of `videos`, by source path) that a side file belongs to, None when it can't be told.

    Its name begins with the video's, or it lies in a folder named so, or there is but one video.
    """
    name, inside = stem(path).lower(), [f.lower() for f in folders(path)]
    named = [v for v in videos if name == stem(v).lower() or name.startswith(stem(v).lower() + ".")]
    named = named or [v for v in videos if stem(v).lower() in inside]
    if named:
        return max(named, key=lambda v: (len(stem(v)), v))
    return videos[0] if len(videos) == 1 else None


def tail(path: str, video: str) -> str:
    """What follows the video's name in the side file's new one: ".en.forced.srt"."""
    name, own = stem(path), stem(video)
    rest = name[len(own) :] if name.lower().startswith(own.lower()) else name
    words = [w.lower() for w in re.split(r"[^A-Za-z0-9-]+", rest) if w]
    language = next((_LANGUAGES[w] for w in words if w in _LANGUAGES and w not in _MARKS), None)
    marks = [w for w in dict.fromkeys(words) if w in _MARKS]
    kept = [language, *marks] if language else marks
    return "".join(f".{w}" for w in kept if _SAFE.fullmatch(w)) + f".{extension(path)}"


def named(destination: str, end: str, taken: set[str]) -> str:
    """The side file's destination beside its video's, numbered where two would be called the same."""
    beside = destination.removesuffix("." + extension(destination))
    first, _, last = end.rpartition(".")
    wanted, number = f"{beside}{end}", 2
    while wanted.casefold() in taken:
        wanted, number = f"{beside}{first}.{number}.{last}", number + 1
    return wanted
