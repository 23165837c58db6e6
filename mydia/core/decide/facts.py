"""What a candidate is, once its name is read and laid beside the target: gathered once, asked by every rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Final

from mydia.core.decide.blocklist import Blocklist
from mydia.core.decide.model import Blocked, Candidate, Context, Episode, Held, Number, Past, Queued, Target
from mydia.core.decide.upgrade import Objection, Worth, objections, worth_of
from mydia.core.formats import facts_of, matching, score
from mydia.core.quality import Quality, Revision, quality_of
from mydia.core.release import Candidate as KnownTitle
from mydia.core.release import MatchResult, Release, match, parse

ASSUMED_FILM_RUNTIME: Final = 110
ASSUMED_EPISODE_RUNTIME: Final = 45


@dataclass(frozen=True, slots=True)
class Around:
    """What already stands where a candidate would go: the same for every candidate of the same episodes."""

    held: tuple[Held, ...]
    queued: tuple[Queued, ...]
    past: tuple[tuple[Past, ...], ...]
    """For the film, or for each episode, what happened to it, newest first."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One candidate beside one target. For a film `episodes` is empty and `pack` False."""

    candidate: Candidate
    release: Release
    fits: bool
    """Whether the name is one of the target's, the year set aside."""
    quality: Quality
    revision: Revision
    languages: tuple[str, ...]
    formats: tuple[str, ...]
    score: int
    episodes: tuple[Episode, ...]
    pack: bool
    around: Around
    against: tuple[tuple[Held, tuple[Objection, ...]], ...]
    """Each file it would replace, with what speaks against that."""
    runtime: float | None
    """Minutes of everything in it; None when nobody knows."""
    age: float | None
    blocked: Blocked | None

    @property
    def worth(self) -> Worth:
        return Worth(self.quality.name, self.revision, self.score)

    @property
    def numbers(self) -> tuple[Number, ...]:
        return tuple(e.key for e in self.episodes)


@lru_cache(maxsize=1 << 15)
def read(name: str, kind: str) -> Release:
    """`parse`, remembered: indexers offer the same names again and again."""
    return parse(name, "name", "tv" if kind == "episode" else "movie")


class Bench:
    """A target and a context, indexed once so that ten thousand candidates can be laid beside them."""

    def __init__(self, target: Target, context: Context) -> None:
        self.target = target
        self.context = context
        self.blocklist = Blocklist(context.blocklist)
        self.known = KnownTitle(
            id="target",
            kind="movie" if target.kind == "movie" else "show",
            title=target.title,
            year=target.year,
            aliases=target.aliases,
            ids=target.ids,
            series_type=target.series_type,
        )
        self.by_season: dict[int, list[Episode]] = {}
        self.by_absolute: dict[int, Episode] = {}
        self.by_date: dict[str, list[Episode]] = {}
        for episode in sorted(target.episodes, key=lambda e: e.key):
            self.by_season.setdefault(episode.season, []).append(episode)
            if episode.absolute is not None:
                self.by_absolute.setdefault(episode.absolute, episode)
            if episode.air_date:
                self.by_date.setdefault(episode.air_date, []).append(episode)
        self.queue = tuple(q for q in context.queue if q.target in (None, target.title))
        self.history = sorted(context.history, key=lambda p: p.at, reverse=True)
        self._around: dict[tuple[Number, ...], Around] = {}
        self._against: dict[tuple[tuple[Number, ...], Worth], tuple[tuple[Held, tuple[Objection, ...]], ...]] = {}

    def lay(self, candidate: Candidate) -> Facts:
        """Everything the rules ask of one candidate."""
        target, context = self.target, self.context
        release = read(candidate.title, target.kind)
        fit = self.fit(release)
        episodes = self.episodes_of(release, fit) if target.kind == "episode" else ()
        languages = languages_of(candidate, release, target)
        quality = quality_of(release, target.kind)
        formats: tuple[str, ...] = ()
        if context.formats:
            said = facts_of(
                release,
                quality,
                size=candidate.size,
                flags=candidate.flags,
                languages=languages,
                original_language=target.original_language,
            )
            formats = matching(context.formats, said)
        revision = Revision(release.version, release.real, release.repack)
        worth = Worth(quality.name, revision, score(formats, context.profile))
        return Facts(
            candidate=candidate,
            release=release,
            fits=fit is not None,
            quality=quality,
            revision=revision,
            languages=languages,
            formats=formats,
            score=worth.score,
            episodes=episodes,
            pack=target.kind == "episode" and release.full_season,
            around=self.around(episodes),
            against=self.against(episodes, worth),
            runtime=runtime_of(episodes, target, context, candidate),
            age=candidate.age(context.now),
            blocked=self.blocklist.find(candidate),
        )

    def fit(self, release: Release) -> MatchResult | None:
        """How the name fits the target's titles."""
        found = match(release, (self.known,))
        return found[0] if found else None

    def episodes_of(self, release: Release, fit: MatchResult | None) -> tuple[Episode, ...]:
        """The target's episodes that the release says it holds, in order."""
        # What a name alone leaves open (101, 2024, an absolute number), the title it fits decides.
        read_for_it = fit is not None and (fit.seasons or fit.absolute_episodes or fit.air_date)
        said = fit if fit is not None and read_for_it else release
        if said.air_date:
            aired = self.by_date.get(said.air_date, [])
            return tuple(aired if release.daily_part is None else aired[release.daily_part - 1 : release.daily_part])
        if release.season_extra or release.season_part is not None:
            return ()
        if said.seasons and release.full_season:
            return tuple(e for season in said.seasons for e in self.by_season.get(season, ()))
        if said.seasons and said.episodes:
            season = self.by_season.get(said.seasons[0], ())
            return tuple(e for e in season if e.number in said.episodes)
        found = (self.by_absolute.get(n) for n in said.absolute_episodes)
        return tuple(e for e in found if e is not None)

    def around(self, episodes: tuple[Episode, ...]) -> Around:
        """What is held, queued and past for a film (no episodes) or for these episodes."""
        numbers = tuple(e.key for e in episodes)
        known = self._around.get(numbers)
        if known is None:
            touches = self._touching(numbers)
            known = self._around[numbers] = Around(
                held=tuple(h for h in self.target.held if touches(h)),
                queued=tuple(q for q in self.queue if touches(q)),
                past=self._past(numbers),
            )
        return known

    def against(self, episodes: tuple[Episode, ...], worth: Worth) -> tuple[tuple[Held, tuple[Objection, ...]], ...]:
        """What speaks against replacing each file held there; worked out once for all candidates of equal worth."""
        key = (tuple(e.key for e in episodes), worth)
        known = self._against.get(key)
        if known is None:
            held, profile = self.around(episodes).held, self.context.profile
            known = self._against[key] = tuple((h, objections(profile, worth_of(h), worth)) for h in held)
        return known

    def _touching(self, numbers: Iterable[Number]) -> Callable[[Held | Queued | Past], bool]:
        if self.target.kind == "movie":
            return lambda thing: True
        wanted = frozenset(numbers)
        return lambda thing: not wanted.isdisjoint(thing.episodes)

    def _past(self, numbers: tuple[Number, ...]) -> tuple[tuple[Past, ...], ...]:
        if self.target.kind == "movie":
            return (tuple(self.history),)
        return tuple(tuple(p for p in self.history if number in p.episodes) for number in numbers)


def languages_of(candidate: Candidate, release: Release, target: Target) -> tuple[str, ...]:
    """The spoken languages: as the indexer says, else as the name says, else the original one.

    "original" is resolved; a name that says "multi" or "dual" holds the original language besides those it names.
    """
    original = target.original_language
    said = candidate.languages or release.languages
    if original is None:
        return said
    found = tuple(original if language == "original" else language for language in said)
    if not found or ((release.multi or release.dual) and not candidate.languages):
        found = (*found, original)
    return tuple(dict.fromkeys(found))


def runtime_of(
    episodes: tuple[Episode, ...], target: Target, context: Context, candidate: Candidate | None = None
) -> float | None:
    """Minutes of the film, or of all these episodes together; None when it cannot be told."""
    if target.kind == "movie":
        return target.runtime or ASSUMED_FILM_RUNTIME
    usual = target.runtime or _premiere_runtime(episodes, target, context, candidate)
    total = 0
    for episode in episodes:
        one = episode.runtime or usual
        if not one:
            return None
        total += one
    return total or None


def _premiere_runtime(
    episodes: tuple[Episode, ...], target: Target, context: Context, candidate: Candidate | None
) -> int:
    """A new show's run time is often unknown on its first day: 45 minutes are assumed for what airs within 24 hours
    of the first episode of the first season, and nothing (0) for anything later."""
    first = min((e for e in target.episodes if e.season > 0), key=lambda e: e.key, default=None)
    if first is None or not episodes or episodes[0].season != first.season:
        return 0
    begins = first.airs_at or (candidate.published_at(context.now) if candidate else None) or context.now
    ends = begins + timedelta(hours=24)
    return ASSUMED_EPISODE_RUNTIME if all(e.airs_at is None or e.airs_at < ends for e in episodes) else 0
