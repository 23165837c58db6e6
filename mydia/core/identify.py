"""What a file in the library is: which title its name means, which episodes, and what its picture and sound are. Pure."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from typing import Final

from mydia.core.quality import UNKNOWN, quality_of
from mydia.core.release import Candidate, MatchResult, Release, match, parse
from mydia.core.titles import title_key

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


def certain(release: Release, known: Candidate, *reasons: str) -> MatchResult:
    """The release read for a title that is certain, so that its numbers mean what they mean for that title."""
    for result in match(release, [known]):
        return result
    return MatchResult(
        1.0, known, reasons, release.seasons, release.episodes, release.absolute_episodes, release.air_date
    )


def episodes_named(named: MatchResult, episodes: Sequence[Numbered]) -> tuple[str, ...] | str:
    """The ids of the episodes that a name means, or why it can't be said. Every number it gives must exist."""
    if named.air_date:
        found = [e.id for e in episodes if e.air_date == named.air_date]
        return tuple(found) or f"{named.candidate.title} has no episode of {named.air_date}"
    if named.episodes:
        season = named.seasons[0] if named.seasons else 1
        by_number = {(e.season, e.number): e.id for e in episodes}
        wanted = [(season, n) for n in named.episodes]
        missing = [f"S{s:02}E{n:02}" for s, n in wanted if (s, n) not in by_number]
        if not missing:
            return tuple(by_number[w] for w in wanted)
        if not named.absolute_episodes:
            return f"{named.candidate.title} has no {', '.join(missing)}"
    if named.absolute_episodes:
        by_absolute = {e.absolute: e.id for e in episodes if e.absolute is not None}
        missing = [str(n) for n in named.absolute_episodes if n not in by_absolute]
        if missing:
            return f"{named.candidate.title} has no episode number {', '.join(missing)}"
        return tuple(by_absolute[n] for n in named.absolute_episodes)
    return "Its name does not say which episode it is"


def called_so(files: Sequence[tuple[str, str]], keys: Set[str]) -> list[tuple[str, str]]:
    """Those of the files, as (id, path), whose names may mean a title of these keys (`title_key`)."""
    found = []
    for file_id, path in files:
        release = parse(path, input="path")
        if keys & {title_key(name) for name in (*release.titles, release.title or "")}:
            found.append((file_id, path))
    return found


def numbers_named(paths: Sequence[str], show: Candidate, episodes: Sequence[Numbered]) -> frozenset[tuple[int, int]]:
    """The episodes of a show that these files' names mean, as (season, number)."""
    numbers = {e.id: (e.season, e.number) for e in episodes}
    found: set[tuple[int, int]] = set()
    for path in paths:
        for result in match(parse(path, input="path", hint="tv"), [show]):
            named = episodes_named(result, episodes)
            found |= set() if isinstance(named, str) else {numbers[id_] for id_ in named}
    return frozenset(found)


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
