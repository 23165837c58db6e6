"""What a file in the library is: which title its name means, which episodes, and what its picture and sound are. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from mydia.core.quality import UNKNOWN, quality_of
from mydia.core.release import MatchResult, Release, parse

SURE: Final = 0.75
"""From this score on a match is believed; below it a person is asked."""
CLEAR: Final = 0.05
"""How far the best match must lead the next, so that a name that fits two titles is not given to either."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """An episode as far as its numbers go."""

    id: str
    season: int
    number: int
    absolute: int | None = None
    air_date: str | None = None


def believed(matches: Sequence[MatchResult]) -> MatchResult | str:
    """The match to go by, or why none is: `matches` are best first."""
    if not matches or matches[0].score < SURE:
        close = f"; closest is {matches[0].candidate.title} ({matches[0].score:.0%})" if matches else ""
        return f"No title fits its name{close}"
    best = matches[0]
    if len(matches) > 1 and best.score - matches[1].score < CLEAR:
        first, second = (f"{m.candidate.title} ({m.candidate.year or 'year unknown'})" for m in matches[:2])
        return f"Its name fits both {first} and {second}"
    return best


def episodes_named(match: MatchResult, episodes: Sequence[Numbered]) -> tuple[str, ...] | str:
    """The ids of the episodes that a name means, or why it can't be said. Every number it gives must exist."""
    if match.air_date:
        found = [e.id for e in episodes if e.air_date == match.air_date]
        return tuple(found) or f"{match.candidate.title} has no episode of {match.air_date}"
    if match.episodes:
        season = match.seasons[0] if match.seasons else 1
        by_number = {(e.season, e.number): e.id for e in episodes}
        wanted = [(season, n) for n in match.episodes]
        missing = [f"S{s:02}E{n:02}" for s, n in wanted if (s, n) not in by_number]
        if not missing:
            return tuple(by_number[w] for w in wanted)
        if not match.absolute_episodes:
            return f"{match.candidate.title} has no {', '.join(missing)}"
    if match.absolute_episodes:
        by_absolute = {e.absolute: e.id for e in episodes if e.absolute is not None}
        missing = [str(n) for n in match.absolute_episodes if n not in by_absolute]
        if missing:
            return f"{match.candidate.title} has no episode number {', '.join(missing)}"
        return tuple(by_absolute[n] for n in match.absolute_episodes)
    return "Its name does not say which episode it is"


def as_named(release: Release) -> Release:
    """A file's release without the quality that was only guessed from its extension."""
    if release.container is None:
        return release
    said = parse(release.name.rpartition(".")[0], input="path")
    return replace(release, source=said.source, resolution=said.resolution, modifier=said.modifier)


def quality_name(release: Release, kind: str, height_name: str | None) -> str:
    """The quality of a file: its name says the source; where it says no resolution, the picture itself does ("1080p").

    What the extension lets guess counts only where neither says anything.
    """
    said = as_named(release)
    if said.resolution is None and height_name is not None:
        said = replace(said, resolution=int(height_name.rstrip("p")))
    if said.source is not None or said.resolution is not None:
        release = said
    found = quality_of(release, "movie" if kind == "movie" else "episode")
    return UNKNOWN.name if found is None else found.name
