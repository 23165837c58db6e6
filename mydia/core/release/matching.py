"""Weigh a parsed release against known titles, and say why.

A known title also decides what the name alone cannot: whether "2012" is the year or the film, whether "Part 2" belongs to
the title, whether 1013 is an absolute number or season 10. For that the name is read once more behind the title.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from mydia.core.release.comparing import key, keys, likeness, words
from mydia.core.release.facts import Candidate, MatchResult, Release
from mydia.core.release.grammar import read
from mydia.core.release.tokens import LONGEST, fold

_WORTH = {
    "title": 1.0,
    "title but for the article": 0.98,
    "title but for how its number is written": 0.95,
    "title but for the qualifier in brackets": 0.94,
    "title but for the country": 0.92,
    "title written in Latin letters": 0.92,
}
_ALIAS = 0.02
_BEHIND = 0.03
_NO_YEAR = 0.02
_LEAST_LIKENESS = 0.6
_LEAST = 0.2
_WORD = re.compile(r"[^\W_]+(?:['’`][^\W_]+)*|&")
_SEASON_IN_TITLE = re.compile(r"\s+(?:S0?(\d{1,2})|(\d)(?:st|nd|rd|th) Season|Season (\d{1,2}))$", re.IGNORECASE)
_STAND_IN = "Title"


def match(release: Release, candidates: Sequence[Candidate]) -> list[MatchResult]:
    """Every candidate that the release may be of, best first; of equals the longer title, then the order given.

    A score of 1 means an id or the whole title and year agree; below 0.2 a candidate is left out.
    """
    results = [result for candidate in candidates if (result := _weigh(release, candidate)).score >= _LEAST]
    return sorted(results, key=lambda result: (-result.score, -len(words(result.candidate.title))))


def _weigh(release: Release, candidate: Candidate) -> MatchResult:
    verdict = _by_id(release, candidate)
    if verdict is False:
        return MatchResult(0.0, candidate, ("another id",))
    behind = _read_behind(release, candidate)
    score, reasons = _title(release, candidate, behind is not None)
    seen = behind or release
    if verdict is True:
        return _resolved(seen, candidate, 1.0, ("id", *reasons))
    if score == 0.0:
        return MatchResult(0.0, candidate, ("another title",))
    score, reasons = _year(seen, candidate, score, reasons)
    score, reasons = _kind(seen, candidate, score, reasons)
    return _resolved(seen, candidate, score, reasons)


def _by_id(release: Release, candidate: Candidate) -> bool | None:
    """True where an id agrees, False where one differs, None where none can be compared."""
    agreed = None
    for provider, own in (("imdb", release.imdb_id), ("tmdb", release.tmdb_id), ("tvdb", release.tvdb_id)):
        theirs = candidate.ids.get(provider)
        if own is not None and theirs is not None:
            if str(own).lower() == str(theirs).lower():
                return True
            agreed = False
    return agreed


def _title(release: Release, candidate: Candidate, stands_in_name: bool) -> tuple[float, tuple[str, ...]]:
    """The worth of the best agreement between the release's titles and the candidate's."""
    best: tuple[float, str] = (0.0, "")
    titles = release.titles or ((release.title,) if release.title else ())
    for place, known in enumerate((candidate.title, *candidate.aliases)):
        theirs = dict(keys(known))
        cost = _ALIAS if place else 0.0
        what = "alias" if place else "title"
        for title in titles:
            for spelling, how in keys(title):
                if spelling in theirs:
                    worth = min(_WORTH[how], _WORTH[theirs[spelling]]) - cost
                    best = max(best, (worth, _say(how, theirs[spelling], what)))
            if release.year is not None and key(f"{title} {release.year}") in theirs:
                best = max(best, (1.0 - cost, f"{what} with the year in it"))
            near = likeness(title, known)
            if near >= _LEAST_LIKENESS:
                best = max(best, (near * 0.8 - cost, f"much of the {what}"))
    if stands_in_name:
        longer = len(words(candidate.title)) > len(words(release.title or ""))
        best = max(best, (1.0 if longer else 1.0 - _BEHIND, "the name begins with the title"))
    return best[0], ((best[1],) if best[1] else ())


def _say(mine: str, theirs: str, what: str) -> str:
    how = theirs if mine == "title" else mine
    return how.replace("title", what, 1) if what == "alias" else how


def _year(
    release: Release, candidate: Candidate, score: float, reasons: tuple[str, ...]
) -> tuple[float, tuple[str, ...]]:
    """Years agree, lie one apart (festival and cinema), or speak against it. Of an episode the year may be the season's."""
    if candidate.year is None or release.year is None:
        return score - _NO_YEAR, reasons
    apart = abs(candidate.year - release.year)
    if apart == 0:
        return score, (*reasons, "year")
    if apart == 1:
        return score - 0.05, (*reasons, "year off by one")
    if release.year in release.seasons:
        return score, reasons
    if release.kind == "episode" and release.year > candidate.year:
        return score - 0.15, (*reasons, "a later year")
    return score * 0.35, (*reasons, "another year")


def _kind(
    release: Release, candidate: Candidate, score: float, reasons: tuple[str, ...]
) -> tuple[float, tuple[str, ...]]:
    film = candidate.kind == "movie"
    if film and release.kind == "episode":
        return score * 0.3, (*reasons, "an episode, but this is a film")
    if not film and release.kind == "movie":
        return score * 0.6, (*reasons, "no episode, but this is a show")
    return score, reasons


def _read_behind(release: Release, candidate: Candidate) -> Release | None:
    """The release read anew with the candidate's title taken as known, where the name begins with it."""
    name = release.name[:LONGEST]
    start = release.spans["title"][0].start if release.spans.get("title") else 0
    spelled = [(found.end(), part) for found in _WORD.finditer(name, start) for part in words(found.group())]
    for known in sorted((candidate.title, *candidate.aliases), key=len, reverse=True):
        wanted = words(known)
        if not wanted or len(wanted) > len(spelled):
            continue
        if tuple(part for _, part in spelled[: len(wanted)]) != wanted:
            continue
        rest = name[spelled[len(wanted) - 1][0] :]
        seen = read(f"{name[:start]}{_STAND_IN}{rest}", "movie" if candidate.kind == "movie" else "tv")
        if fold(seen.title or "").startswith(fold(_STAND_IN)) and _ends_there(seen.title or ""):
            return replace(seen, name=release.name)
    return None


def _ends_there(title: str) -> bool:
    """Whether nothing of a title is left behind the stand-in but a season or a country."""
    rest = _SEASON_IN_TITLE.sub("", title)[len(_STAND_IN) :]
    return key(rest) in ("", "us", "uk", "au", "nz", "ca")


def _resolved(seen: Release, candidate: Candidate, score: float, reasons: tuple[str, ...]) -> MatchResult:
    """The numbers as they are meant by this candidate."""
    seasons, episodes, absolute = seen.seasons, seen.episodes, seen.absolute_episodes
    if candidate.kind == "movie":
        seasons, episodes, absolute = (), (), ()
    elif candidate.series_type == "anime" and _is_bare_number(seen):
        absolute, seasons, episodes = tuple(seasons[0] * 100 + e for e in episodes), (), ()
        reasons = (*reasons, "the number is absolute")
    elif absolute and (not episodes or (episodes == absolute and not seasons)):
        season = _SEASON_IN_TITLE.search(seen.title or "")
        number = next((int(n) for n in season.groups() if n), None) if season is not None else None
        if number is not None or seasons:
            seasons, episodes = seasons or (number or 1,), absolute
            reasons = (*reasons, "the season stands in the title")
        elif episodes and candidate.series_type == "anime":
            episodes = ()
            reasons = (*reasons, "the number is absolute")
    return MatchResult(
        round(max(0.0, min(1.0, score)), 4), candidate, reasons, seasons, episodes, absolute, seen.air_date, seen.year
    )


def _is_bare_number(seen: Release) -> bool:
    """Whether season and episode were read in a number such as 1013."""
    spans = seen.spans.get("episodes", ())
    return (
        bool(spans and seen.seasons and seen.episodes)
        and spans == seen.spans.get("seasons", ())
        and spans[0].end - spans[0].start <= 4
        and spans[0].end - spans[0].start >= 3
        and seen.seasons[0] < 100
    )
