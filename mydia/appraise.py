"""What a file is worth to a quality profile: the custom formats it is of, by the facts kept of it, and what the profile gives for them.

A held file is judged as its release was: by the release's name, with the picture and sound that probing found. Nothing is remembered
but facts, so that a changed format or score speaks of every file at once.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from mydia.core.decide.upgrade import Worth
from mydia.core.formats import CustomFormat, facts_of, matching, score
from mydia.core.quality import QualityProfile, Revision, quality
from mydia.core.release import Release, parse
from mydia.library.model import FileView
from mydia.media.model import MediaItem


@lru_cache(maxsize=1 << 14)
def _read(name: str, is_path: bool, is_movie: bool) -> Release:
    return parse(name, input="path" if is_path else "name", hint="movie" if is_movie else "tv")


def release_named(name: str, item: MediaItem, *, group: str | None = None, edition: str | None = None) -> Release:
    """What a release's name says; `group` and `edition`, known from its file, where the name is silent."""
    release = _read(name, False, item.type == "movie")
    return replace(release, release_group=release.release_group or group, edition=release.edition or edition)


def release_of(file: FileView, item: MediaItem) -> Release:
    """What the name that a file came with says of it: its release's, or its own path."""
    if file.scene_name and file.scene_name != file.relative_path:
        return release_named(file.scene_name, item, group=file.release_group)
    return _read(file.relative_path, True, item.type == "movie")


def revision_of(file: FileView) -> Revision:
    """How often the file's release was repaired, as it was read when the file came."""
    told = file.metadata.get("release") or {}
    return Revision(file.revision, int(told.get("real") or 0), bool(told.get("repack")))


def formats_of(file: FileView, item: MediaItem, formats: Sequence[CustomFormat]) -> tuple[str, ...]:
    """The names of the custom formats that a file in the library is of."""
    if not formats:
        return ()  # nor is its name read for nothing
    return named_formats(
        release_of(file, item),
        item,
        formats,
        quality_name=file.quality or "Unknown",
        size=file.size,
        languages=file.languages,
        flags=tuple(file.metadata.get("flags") or ()),
    )


def named_formats(
    release: Release,
    item: MediaItem,
    formats: Sequence[CustomFormat],
    *,
    quality_name: str,
    size: int,
    languages: Sequence[str],
    flags: Sequence[str] = (),
) -> tuple[str, ...]:
    """The names of the formats that a file of these facts is of. Where no language is known, the original one is assumed."""
    if not formats:
        return ()
    original = item.original_language
    facts = facts_of(
        release,
        quality(quality_name),
        size=size,
        flags=flags,
        languages=tuple(languages) or ((original,) if original else ()),
        original_language=original,
    )
    return matching(formats, facts)


def worth(file: FileView, item: MediaItem, formats: Sequence[CustomFormat], profile: QualityProfile) -> Worth:
    """What a file in the library counts when something is to replace it."""
    return Worth(file.quality or "Unknown", revision_of(file), score(formats_of(file, item, formats), profile))
