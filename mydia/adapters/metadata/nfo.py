"""Kodi's NFO files beside the videos: what somebody, or another program, has already said of a title.

    beside("/films", "movie", "Film (2020)/Film.mkv")      Film.nfo, else movie.nfo in the same folder
    beside("/tv", "tv_show", "Show/Season 01/S01E01.mkv")  tvshow.nfo in the nearest folder above, up to the root

An NFO may also be a scene group's text (ignored), hold a web address under its XML, or several roots one after another
(double episodes). Only files below the root are read, and links are not followed. A document type is refused.
"""

import os
import re
from dataclasses import replace
from typing import Any

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from mydia.adapters.disk.paths import Spot, open_file
from mydia.core.release import parse
from mydia.errors import MydiaError
from mydia.ports import MediaDetails, MediaKind

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 32
_ROOTS: dict[MediaKind, str] = {"movie": "movie", "tv_show": "tvshow"}
_START = re.compile(r"<(movie|tvshow|episodedetails)[\s>/]")
_DECLARATION = re.compile(r"<\?xml[^>]*\?>")
_PROVIDERS = {"imdb": "imdb", "tmdb": "tmdb", "themoviedb": "tmdb", "tvdb": "tvdb", "thetvdb": "tvdb"}
_LINKS = (
    (re.compile(r"imdb\.com/title/(tt[0-9]{7,9})"), "imdb"),
    (re.compile(r"themoviedb\.org/(?:movie|tv)/([0-9]+)"), "tmdb"),
    (re.compile(r"thetvdb\.com/(?:.*[?&]id=|series/)([0-9]+)"), "tvdb"),
)


def beside(root: str, kind: MediaKind, relative: str) -> MediaDetails | None:
    """What the NFO of a video (its path below `root`) says of its title; None when there is none, or it is a text, or says no id and no
    title."""
    *folders, name = relative.split("/")
    stem = name.rpartition(".")[0] or name
    if kind == "movie":
        candidates = ["/".join([*folders, n]) for n in (f"{stem}.nfo", "movie.nfo")]
    else:
        candidates = ["/".join([*folders[:depth], "tvshow.nfo"]) for depth in range(len(folders), -1, -1)]
    for candidate in candidates:
        text = _text_of(Spot(root, candidate))
        found = _details(kind, text) if text is not None else None
        if found is not None:
            return found if found.title else _titled_by_name(found, relative)
    return None


def _text_of(spot: Spot) -> str | None:
    """The file's text; None when there is none, or none that may be read (a link, a folder)."""
    try:
        fd = open_file(spot)
    except MydiaError:
        return None
    with os.fdopen(fd, "rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        return None
    for encoding in ("utf-8-sig", "utf-16") if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig",):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("cp1252", "replace")


# -- reading
# --------------------------------------------------------------------------------------------------------------


def _elements(text: str) -> list[Any]:
    """The roots of an NFO, several where several stand one after another. None of it where it is not XML of Kodi's."""
    if not _START.search(text):
        return []
    # One root around all of them makes it well-formed; what stands before the first and after the last is left out.
    start = min(m.start() for m in _START.finditer(text))
    end = max(
        (text.rfind(f"</{name}>") + len(f"</{name}>") for name in ("movie", "tvshow", "episodedetails")), default=0
    )
    if "<!DOCTYPE" in text[:start].upper():
        return []
    body = _DECLARATION.sub("", text[start:end])
    try:
        root = ElementTree.fromstring(f"<nfo>{body}</nfo>", forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException):
        return []
    return list(root) if _depth(root) <= MAX_DEPTH else []


def _depth(root: Any) -> int:
    level, depth = [root], 0
    while level:
        level, depth = [child for element in level for child in element], depth + 1
    return depth


def _details(kind: MediaKind, text: str) -> MediaDetails | None:
    ids = _linked_ids(text)
    if not _START.search(text):
        # Kodi's short form: a web address and nothing else. A scene text that happens to hold one is longer.
        return MediaDetails("nfo", kind, "", ids) if ids and len(text.strip()) < 300 else None
    element = next((e for e in _elements(text) if e.tag == _ROOTS[kind]), None)
    if element is None:
        return None
    ids |= _named_ids(element, kind)
    title = _text(element, "title") or ""
    if not title and not ids:
        return None
    premiered = _text(element, "premiered") or _text(element, "releasedate")
    year = _text(element, "year") or (premiered or "")[:4]
    return MediaDetails(
        provider="nfo",
        kind=kind,
        title=title,
        ids=ids,
        year=int(year) if year.isdigit() else None,
        original_title=_text(element, "originaltitle"),
        overview=_text(element, "plot") or _text(element, "outline"),
        runtime=_number(_text(element, "runtime")),
        status=_text(element, "status"),
        genres=tuple(dict.fromkeys(g.text.strip() for g in element.findall("genre") if g.text and g.text.strip())),
        certification=_text(element, "mpaa"),
        in_cinemas=premiered if kind == "movie" else None,
    )


def _titled_by_name(found: MediaDetails, relative: str) -> MediaDetails:
    """An NFO of nothing but an id: the title and year are those of the file's name."""
    name = parse(relative, input="path")
    return replace(found, title=name.title or relative, year=found.year or name.year)


def _named_ids(element: Any, kind: MediaKind) -> dict[str, str]:
    ids: dict[str, str] = {}
    plain = {
        "id": "imdb" if kind == "movie" else "tvdb",
        "tmdbid": "tmdb",
        "imdbid": "imdb",
        "imdb_id": "imdb",
        "tvdbid": "tvdb",
    }
    for name, provider in plain.items():
        value = _text(element, name)
        if value:
            ids["imdb" if value.startswith("tt") else provider] = value
    for unique in element.findall("uniqueid"):
        named = _PROVIDERS.get((unique.get("type") or "").lower())
        if named and unique.text and unique.text.strip():
            ids[named] = unique.text.strip()
    return {p: v for p, v in ids.items() if re.fullmatch(r"tt[0-9]{5,10}" if p == "imdb" else r"[0-9]{1,10}", v)}


def _linked_ids(text: str) -> dict[str, str]:
    return {provider: found.group(1) for pattern, provider in _LINKS if (found := pattern.search(text))}


def _text(element: Any, name: str) -> str | None:
    value: str | None = element.findtext(name)
    return value.strip() or None if value else None


def _number(text: str | None) -> int | None:
    found = re.match(r"[0-9]{1,6}", text or "")
    return int(found.group()) if found else None
