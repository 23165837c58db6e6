"""What a candidate is, once its name is read and laid beside the target: gathered once (`bench`), asked by every rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from mydia.core.decide.model import Blocked, Candidate, Context, Episode, Held, Number, Past, Queued, Target
from mydia.core.decide.upgrade import Objection, Worth
from mydia.core.quality import Quality, Revision, SizeLimit
from mydia.core.release import Release

ASSUMED_FILM_RUNTIME: Final = 110
ASSUMED_EPISODE_RUNTIME: Final = 45


@dataclass(frozen=True, slots=True)
class Place:
    """Where a candidate would go and what stands there already: the same for every candidate of the same episodes.

    For a film `episodes` and `numbers` are empty.
    """

    episodes: tuple[Episode, ...]
    numbers: tuple[Number, ...]
    runtime: float | None
    """Minutes of everything in it; None when nobody knows."""
    held: tuple[Held, ...]
    """The files it would replace: the film's, or those that hold one of its episodes."""
    queued: tuple[Queued, ...]
    past: tuple[tuple[Past, ...], ...]
    """For the film, or for each episode, what happened to it, newest first."""


@dataclass(frozen=True, slots=True)
class Grade:
    """A quality, and what the profile says of it."""

    quality: Quality
    allowed: bool
    standing: float
    limit: SizeLimit


@dataclass(frozen=True, slots=True)
class Facts:
    """One candidate beside one target."""

    candidate: Candidate
    release: Release
    fits: bool
    """Whether the name is one of the target's, the year set aside."""
    year: int | None
    """The year in the name, once the title is known: "Class of 1999" has none."""
    grade: Grade
    worth: Worth
    languages: tuple[str, ...]
    formats: tuple[str, ...]
    pack: bool
    """Whether it is whole seasons of a show."""
    place: Place
    against: tuple[tuple[Held, tuple[Objection, ...]], ...]
    """Each file it would replace, with what speaks against that."""
    age: float | None
    """Minutes since it was published."""
    blocked: Blocked | None
    """The line of the blocklist that names it."""

    @property
    def quality(self) -> Quality:
        return self.grade.quality

    @property
    def revision(self) -> Revision:
        return self.worth.revision

    @property
    def score(self) -> int:
        return self.worth.score


def languages_of(candidate: Candidate, release: Release, target: Target) -> tuple[str, ...]:
    """The spoken languages: as the indexer says, else as the name says, else the original one.

    "original" is resolved; a name that says "multi" or "dual" holds the original language besides those it names.
    """
    original = target.original_language
    said = candidate.languages or release.languages
    if original is None:
        return said
    if not said:
        return (original,)
    found = tuple(original if language == "original" else language for language in said)
    if (release.multi or release.dual) and not candidate.languages:
        found = (*found, original)
    return tuple(dict.fromkeys(found))


def runtime_of(episodes: tuple[Episode, ...], target: Target, context: Context) -> float | None:
    """Minutes of the film, or of all these episodes together; None when it cannot be told."""
    if target.kind == "movie":
        return target.runtime or ASSUMED_FILM_RUNTIME
    usual = target.runtime or _premiere_runtime(episodes, target, context)
    total = 0
    for episode in episodes:
        one = episode.runtime or usual
        if not one:
            return None
        total += one
    return total or None


def _premiere_runtime(episodes: tuple[Episode, ...], target: Target, context: Context) -> int:
    """A new show's run time is often unknown on its first day: 45 minutes are assumed for what airs within 24 hours
    of the first episode of the first season, and nothing (0) for anything later."""
    first = min((e for e in target.episodes if e.season > 0), key=lambda e: e.key, default=None)
    if first is None or not episodes or episodes[0].season != first.season:
        return 0
    ends = (first.airs_at or context.now) + timedelta(hours=24)
    return ASSUMED_EPISODE_RUNTIME if all(e.airs_at is None or e.airs_at < ends for e in episodes) else 0
