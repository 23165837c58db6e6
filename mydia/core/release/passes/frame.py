"""Take off what is not the release's own: the file name ending, site marks, and what reposting programs append."""

from __future__ import annotations

import re

from mydia.core.release.facts import Span, span_of
from mydia.core.release.reading import Reading
from mydia.core.release.tables.groups import NOISE, POSTERS, REPOSTER, SITES, TOP_LEVEL, WORDS_TOO
from mydia.core.release.tables.video import EXTENSIONS, NO_CONTAINER, SUBTITLES
from mydia.core.release.tables.words import EXTRA_ENDINGS

_SPACED = frozenset(["mkv", "mp4", "avi"])
"""File name endings that some write behind a blank."""
_LONGEST = max(map(len, EXTENSIONS))
_APPENDED = re.compile(r"-([0-9A-Za-z]{1,22})$")
_GROUPED = re.compile(r"[0-9A-Za-z]-(?!DL$)[0-9A-Za-z]+$")
_BEHIND = re.compile(
    r"(?: ?[\[(@] ?([^\[\](){}@]{2,40}?) ?[\])]?|[. _-](?:(?:par|by)[. _-])?(www\.[\w-]+\.\w{2,4}))$", re.IGNORECASE
)
_BEFORE = re.compile(
    r"^\s*(?:([\[({【])([^\[\](){}【】]{3,60})[\])}】][\s._-]*"
    r"|((?:www\.)?[\w-]+(?:\.[\w-]+){1,3}|www?[ .,][\w-]+[ .,]\w{2,6})\s+-\s+"
    r"|(www\.[\w-]+\.\w{2,6})(?:\.-\.|_-_))",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"^(www\.)?[\w-]+(?:\.[\w-]+){0,3}?\.(\w{2,11}|xn--[\w-]{4,})$", re.ASCII | re.IGNORECASE)
_NAMED_ADDRESS = re.compile(r"\bwww\.[\w-]+\.[\w.]+$", re.ASCII | re.IGNORECASE)


def is_address(text: str) -> bool:
    """Whether a text is the address of a site."""
    found = _ADDRESS.match(text)
    if found is None:
        return False
    last = found.group(2).lower()
    return bool(found.group(1)) or last in TOP_LEVEL or last.startswith("xn--")


def take_off_site(reading: Reading) -> None:
    """A site's mark in front: "[www.site.com] - ", "site.com - "."""
    found = _BEFORE.match(reading.name, reading.start, reading.end)
    if found is None or found.end() >= reading.end:
        return
    part = next(part for part in (2, 3, 4) if found.group(part))
    text = found.group(part).strip()
    named = text.lower().startswith(("www", "ww.")) or _NAMED_ADDRESS.search(text)
    bare = part == 3 and text.count(".") == 1 and text.lower().rpartition(".")[2] in WORDS_TOO
    if named or (is_address(text) and not bare):
        reading.set("site", text, Span(*found.span(part)))
        reading.start = found.end()


def take_off_endings(reading: Reading) -> None:
    """The file name ending, a site's mark and a reposting mark at the end, in whatever order they come."""
    for _ in range(6):
        before = reading.end
        reading.end = len(reading.name[: reading.end].rstrip())
        _extension(reading)
        _appended(reading)
        _behind(reading)
        if reading.end == before:
            return


def _extension(reading: Reading) -> None:
    name, end = reading.name, reading.end
    at = name.rfind(".", max(reading.start, end - _LONGEST - 1), end)
    ending = name[at + 1 : end].lower() if at >= 0 else ""
    if ending not in EXTENSIONS:
        at, ending = end - 4, name[end - 3 : end].lower()
        if ending not in _SPACED or name[at] not in " _":
            return
    if at <= reading.start:
        return
    span = span_of((at + 1, end))
    if ending not in NO_CONTAINER and "container" not in reading.facts:
        reading.set("container", ending, span)
    if ending in SUBTITLES:
        reading.found["subtitle_file"] = [(ending, span)]
    reading.end = at


def _appended(reading: Reading) -> None:
    found = _APPENDED.search(reading.name, max(reading.start, reading.end - 24), reading.end)
    if found is None or found.start() <= reading.start:
        return
    word = found.group(1).lower()
    if (
        word in NOISE
        or word in EXTRA_ENDINGS
        or word.startswith(REPOSTER)
        or (word in POSTERS and _GROUPED.search(reading.name, reading.start, found.start()))
    ):
        if word in EXTRA_ENDINGS:
            reading.set("extra", EXTRA_ENDINGS[word], Span(*found.span(1)))
        reading.end = found.start()


def _behind(reading: Reading) -> None:
    start = max(reading.start, reading.end - 44)
    behind = reading.name[start : reading.end]
    if not ("[" in behind or "(" in behind or "@" in behind or "www" in behind.lower()):
        return
    found = _BEHIND.search(reading.name, start, reading.end)
    if found is None or found.start() <= reading.start:
        return
    part = 1 if found.group(1) else 2
    text = found.group(part).strip()
    if text.lower() in SITES or (is_address(text) and not text.lower().startswith("yts.")):
        if "site" not in reading.facts:
            reading.set("site", text, Span(*found.span(part)))
        reading.end = found.start()
