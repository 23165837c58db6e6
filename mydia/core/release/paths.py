"""Paths: the file's own name first, and what it does not say from the folders above it.

A file inside a release's folder is often called anything; then the folder speaks. A file in a library's folder often says only
"S02E21" or "02 Title"; then the folders give the show and the season.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from mydia.core.release.comparing import key
from mydia.core.release.facts import Extra, Hint, Release, Span
from mydia.core.release.grammar import read
from mydia.core.release.lexicon import alone
from mydia.core.release.passes.marking import LEXICON
from mydia.core.release.tables.words import DISK_FOLDERS, EPISODE, EXTRA_FOLDERS, SEASON
from mydia.core.release.tokens import fold

_ROOTED = re.compile(r"^(?:[A-Za-z]:[\\/]|/[^/]+/|\\\\)")
_PART = re.compile(r"(?:\[[^\[\]]*\]|【[^【】]*】| / |[^\\/])+")
"""One folder or file. A slash inside brackets or with blanks around it parts two titles, not two folders."""
_TONGUES = re.compile(r"[ /-]([^\W\d_]+)/([^\W\d_]+)(?=[\])/]|-[A-Z]|-? ?\[|$)")
_LEADING_NUMBER = re.compile(rf"^\s*(?:e|{'|'.join(sorted(EPISODE))})?[ ._]*(\d{{1,3}})(?:[ ._-]|$)", re.IGNORECASE)
_MADE_UP = re.compile(r"^(?=[^.]*\d[a-f])(?=[^.]*[a-f]\d)[0-9A-Za-z]+(?:-[0-9A-Za-z]{4,}){2,}(?:\.\w{2,4})?\.?$")
"""Letters and digits joined by hyphens: "XD607ebb-BRc59935-5155473f", as posts are hidden."""
_BOXED_NUMBER = re.compile(r"\[(\d{3})\]")
_LISTED = re.compile(r"^0?\d{1,3} - ")
_ROOT = re.compile(
    r"^(?:tv|shows|tv ?shows|anime|movies|films?|videos?|media|library|data|downloads?|complete|unsorted)$",
    re.IGNORECASE,
)
"""Folders that hold a library: no title stands in them."""
_ONLY_NUMBER = re.compile(r"^(\d{1,4})(?:v\d)?\.[A-Za-z0-9]{2,5}$")
_SEASON_FOLDER = re.compile(rf"^(?:s|{'|'.join(sorted(SEASON))})[ ._]*(\d{{1,4}})\b", re.IGNORECASE)
_YEAR = re.compile(r"^(?:19|20)\d\d$")
_SPECIALS = re.compile(r"^specials?$", re.IGNORECASE)
_INHERITED = (
    "source", "resolution", "modifier", "release_group", "edition", "languages", "imdb_id", "tmdb_id", "tvdb_id", "year",
    "video_codec", "bit_depth", "hdr", "audio", "audio_channels", "atmos", "dtsx", "streaming_service", "multi", "dual", "subtitles",
)  # fmt: skip
_SILENT_FOLDERS = frozenset([*EXTRA_FOLDERS, *DISK_FOLDERS, "subs", "subtitles"])
"""Folders that say nothing of the title."""
_FOLDERS_READ = 4


def looks_like_path(name: str) -> bool:
    """Whether a text given as a name begins at a root ("/data/...", "C:\\...")."""
    return _ROOTED.match(name) is not None


def read_path(path: str, hint: Hint | None = None) -> Release:
    """The facts of a file by its path. Spans are of the whole path."""
    parts = pieces(path)
    if not parts:
        return read(path, hint)
    start, file = parts.pop()
    own = _moved(read(file, hint), start, path)
    extra, on_disk = _extra(parts, own), any(fold(text) in DISK_FOLDERS for _, text in parts)
    parts = [(at, text) for at, text in parts if fold(text) not in _SILENT_FOLDERS]
    folders = [(text, _moved(read(text, hint), at, path)) for at, text in reversed(parts)]
    on_disk = on_disk or fold(file).startswith(("video_ts", "audio_ts"))
    if on_disk or (extra is not None and not own.year and not _is_bonus(own)):
        spans = {field: spans for field, spans in own.spans.items() if field not in ("title", "titles")}
        own = replace(own, title=None, titles=(), kind=None, extra=extra, spans=MappingProxyType(spans))
        own = replace(own, release_group=None) if on_disk else own
    while folders and _MADE_UP.match(file) and _MADE_UP.match(f"{folders[0][0]}."):
        folders.pop(0)  # a folder with the file's own made-up name
    if folders and _speaks_for(folders[0][1], own, file):
        return _spoken_for(folders[0][1], own)
    return _filled(_numbered(own, (start, file), folders), folders, hint)


def pieces(path: str) -> list[tuple[int, str]]:
    """The folders that are read and the file, with where each begins. The stroke of "English/French" at the end of a name cuts nothing."""
    parts: list[tuple[int, str]] = []
    for found in _PART.finditer(path):
        at, text = found.start(), found.group()
        last = max(map(parts[-1][1].rfind, " -/")) if parts and path[at - 1] == "/" else -1
        if last >= 0 and (both := _TONGUES.match(parts[-1][1] + "/" + text, last)) is not None:
            words = [fold(word) for word in both.groups()]
            if len(parts[-1][1]) + 1 == both.start(2) and all(map(_is_language, words)):
                parts[-1] = (parts[-1][0], f"{parts[-1][1]}/{text}")
                continue
        parts.append((at, text))
    return parts[-_FOLDERS_READ:]


def _is_language(word: str) -> bool:
    term = alone(LEXICON, word)
    return term is not None and term.field == "languages"


def _is_bonus(own: Release) -> bool:
    """Whether a file says what it is a bonus of: "Title-x02-Name"."""
    return own.title is not None and any(own.name[s.start] in "xX" for s in own.spans.get("extra", ()))


def _extra(parts: list[tuple[int, str]], own: Release) -> Extra | None:
    """What kind of extra a file is by its own name or by a folder's ("Sample", "Featurettes")."""
    names = [fold(own.title or ""), *(fold(text) for _, text in parts)]
    return own.extra or next((EXTRA_FOLDERS[name] for name in names if name in EXTRA_FOLDERS), None)


def _spoken_for(folder: Release, own: Release) -> Release:
    """The folder's facts, with what only the file can tell."""
    spans = _with(
        folder.spans, **{field: own.spans[field] for field in ("container", "languages") if field in own.spans}
    )
    languages = own.languages or folder.languages
    container, extra = own.container or folder.container, own.extra or folder.extra
    return replace(folder, container=container, languages=languages, extra=extra, spans=spans)


def _moved(release: Release, start: int, path: str) -> Release:
    spans = {
        field: tuple(Span(s.start + start, s.end + start) for s in spans) for field, spans in release.spans.items()
    }
    return replace(release, name=path, spans=MappingProxyType(spans))


def _read(release: Release, field: str) -> bool:
    """Whether a fact was read, not filled in."""
    return field in release.spans


def _speaks_for(folder: Release, own: Release, file: str) -> bool:
    """Whether a folder is a release of which the file is the one piece, and the file's own name says less."""
    if not folder.title or not (_read(folder, "source") or _read(folder, "resolution")):
        return False
    film = folder.kind == "movie" and (folder.year or folder.release_group)
    if not (film or folder.air_date or (folder.episodes and not folder.absolute_episodes)):
        return False
    if _MADE_UP.match(file):
        return True
    group = folder.release_group
    if group and file.lower().startswith(f"{group.lower()}-") and _read(own, "resolution"):
        return True
    whole = own.year or own.episodes or own.air_date or own.release_group
    if own.title and whole and (_read(own, "source") or _read(own, "resolution")):
        return False
    return not (own.title and own.episodes and own.release_group) or _titles_differ(own, folder)


def _titles_differ(own: Release, folder: Release) -> bool:
    return (own.title or "").casefold() != (folder.title or "").casefold()


def _numbered(own: Release, part: tuple[int, str], folders: list[tuple[str, Release]]) -> Release:
    """Give a file its season and episode where only its folder makes them plain."""
    if not folders:
        return own
    folder, above = folders[0]
    start, file = part
    only = _ONLY_NUMBER.match(file)
    if only is not None and int(only.group(1)) in (above.absolute_episodes or above.episodes):
        spans = _with(own.spans, absolute_episodes=(Span(start, start + len(only.group(1))),))
        return replace(
            own,
            title=None,
            titles=(),
            kind="episode",
            absolute_episodes=(int(only.group(1)),),
            seasons=(),
            episodes=(),
            spans=spans,
        )
    seasons = _seasons_of(folder, above)
    if not seasons and _is_listed(file, own, folder):
        return replace(own, title=None, titles=())
    if not seasons or (own.episodes and "seasons" in own.spans):
        return own
    number = _LEADING_NUMBER.match(file) or _BOXED_NUMBER.search(file)
    untitled = replace(own, seasons=seasons, kind="episode", title=None, titles=())
    if own.episodes or own.absolute_episodes:
        episodes = tuple(_in_season(n, seasons) for n in own.episodes or own.absolute_episodes)
        return replace(untitled, episodes=episodes, absolute_episodes=())
    if number is None:
        return replace(own, seasons=seasons, kind="episode") if own.seasons else untitled
    spans = _with(own.spans, episodes=(Span(start + number.start(1), start + number.end(1)),))
    return replace(untitled, episodes=(_in_season(int(number.group(1)), seasons),), spans=spans)


def _is_listed(file: str, own: Release, folder: str) -> bool:
    """Whether a file begins with its number and a dash, so that its folder has the title: "Show/01 - Name.mkv"."""
    return own.episodes != () and not own.seasons and _LISTED.match(file) is not None and not _ROOT.match(folder)


def _in_season(number: int, seasons: tuple[int, ...]) -> int:
    """The episode that a number means in a season's folder: 307 is 7 in "Season 3"."""
    season, episode = divmod(number, 100)
    return episode if seasons == (season,) and episode else number


def _seasons_of(folder: str, above: Release) -> tuple[int, ...]:
    """The season that a folder holds: "Season 2", "Specials", or "Show S02" and "Show Season 2"."""
    season = _SEASON_FOLDER.match(folder)
    if season is not None:
        return (int(season.group(1)),)
    if _SPECIALS.match(folder):
        return (0,)
    return above.seasons if len(above.seasons) == 1 and not above.episodes else ()


def _with(spans: Mapping[str, tuple[Span, ...]], **more: tuple[Span, ...]) -> Mapping[str, tuple[Span, ...]]:
    return MappingProxyType({**spans, **more})


def _filled(own: Release, folders: list[tuple[str, Release]], hint: Hint | None) -> Release:
    """Fill in from the folders, nearest first, what the file's name does not say; behind one with a title, from its like only."""
    titled = False
    for text, folder in folders:
        if titled and folder.title != own.title:
            break
        if _SPECIALS.match(text) or _ROOT.match(text) or (_SEASON_FOLDER.match(text) and not folder.title):
            continue
        if own.air_date and _YEAR.match(text):
            continue
        own = _filled_from(own, folder)
        if hint != "tv" and not (own.kind or own.extra) and folder.kind == "movie" and _is_same(own, folder):
            own = replace(own, kind="movie")
        titled = titled or folder.title is not None
    return replace(own, kind="episode") if own.seasons and not own.kind else own


def _filled_from(own: Release, folder: Release) -> Release:
    changes: dict[str, Any] = {}
    spans = dict(own.spans)
    if folder.title and (not own.title or _is_abbreviated(own, folder)):
        changes.update(title=folder.title, titles=folder.titles)
        spans |= {field: folder.spans.get(field, ()) for field in ("title", "titles")}
    is_release = _read(folder, "source") or _read(folder, "resolution")
    for field in _INHERITED:
        guessed = field in ("source", "resolution")
        if not getattr(folder, field) or not (is_release or field in ("year", "imdb_id", "tmdb_id", "tvdb_id")):
            continue
        if _read(own, field) or (getattr(own, field) and not (guessed and _read(folder, field))):
            continue
        changes[field] = getattr(folder, field)
        if field in folder.spans:
            spans[field] = folder.spans[field]
    return replace(own, **changes, spans=MappingProxyType(spans))


def _is_abbreviated(own: Release, folder: Release) -> bool:
    """Whether a file in a film's own folder has a word of its own for it: "Blade Runner 2049 (2017)/br2049.mkv"."""
    said = own.year or own.kind or own.extra or _read(own, "source") or _read(own, "resolution")
    return folder.kind == "movie" and folder.year is not None and not said and not _is_same(own, folder)


def _is_same(own: Release, folder: Release) -> bool:
    return key(own.title or "") == key(folder.title or "")
