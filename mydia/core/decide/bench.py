"""The work bench: a target and a context indexed once, so that ten thousand candidates can be laid beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Final

from mydia.core.decide.blocklist import Blocklist
from mydia.core.decide.facts import Facts, Grade, Place, languages_of, runtime_of
from mydia.core.decide.model import Candidate, Context, Episode, Held, Number, Past, Queued, Target
from mydia.core.decide.upgrade import Objection, Worth, objections, worth_of
from mydia.core.formats import FormatSet, facts_of, score
from mydia.core.quality import Quality, Revision, quality_of
from mydia.core.release import Candidate as KnownTitle
from mydia.core.release import MatchResult, Release, match, parse_all

_SURE: Final = 0.85
"""Above this a title is the same but for its spelling; what is merely alike stays below."""
_NUMBERING: Final = (
    "seasons",
    "episodes",
    "absolute_episodes",
    "air_date",
    "daily_part",
    "full_season",
    "season_part",
    "season_extra",
    "special",
)
"""What a name says about which episodes it holds."""
_NUMBERED: Final = attrgetter(*_NUMBERING)
_NAMED: Final = attrgetter("title", "titles", "year", "kind", "imdb_id", "tmdb_id", "tvdb_id", *_NUMBERING)
_PLACED: Final = attrgetter("air_date", "seasons", "episodes", "absolute_episodes")
Against = tuple[tuple[Held, tuple[Objection, ...]], ...]


_REMEMBERED: Final = 1 << 14
"""Names of which is remembered what they say."""


class Reader:
    """`parse` of many names at once, remembered: indexers offer the same names again and again.

    What is read goes into the younger of two halves. When that is full it becomes the older, and what was in the older is
    forgotten: so memory is bounded, and threads that read at the same time need not wait for each other.
    """

    def __init__(self, remembered: int = _REMEMBERED) -> None:
        self._half = remembered // 2
        self._young: dict[tuple[str, str], Release] = {}
        self._old: dict[tuple[str, str], Release] = {}

    def __call__(self, name: str, kind: str) -> Release:
        return self.all((name,), kind)[0]

    def all(self, names: Sequence[str], kind: str) -> list[Release]:
        """What the names say to one who looks for a "movie" or an "episode"."""
        young, old = self._young, self._old
        known = [young.get((name, kind)) or old.get((name, kind)) for name in names]
        unread = [*dict.fromkeys(name for name, release in zip(names, known, strict=True) if release is None)]
        news = dict(zip(unread, parse_all(unread, "tv" if kind == "episode" else "movie"), strict=True))
        for name, release in news.items():
            if len(self._young) >= self._half:
                self._young, self._old = {}, self._young
            self._young[name, kind] = release
        return [release or news[name] for name, release in zip(names, known, strict=True)]

    def cache_clear(self) -> None:
        """Forget all."""
        self._young, self._old = {}, {}


read: Final = Reader()


class Bench:
    """Lays candidates beside one target. What depends on less than the whole candidate is worked out once."""

    def __init__(self, target: Target, context: Context) -> None:
        self.target = target
        self.context = context
        self.blocklist = Blocklist(context.blocklist)
        self.formats = context.formats if isinstance(context.formats, FormatSet) else FormatSet(context.formats)
        self.known = KnownTitle(
            id="target",
            kind="movie" if target.kind == "movie" else "show",
            title=target.title,
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
                self.by_date.setdefault(episode.air_date[:10], []).append(episode)
        self.queue = tuple(q for q in context.queue if q.target in (None, target.title))
        self.history = sorted(context.history, key=lambda p: p.at, reverse=True)
        self._fits: dict[tuple[object, ...], MatchResult | None] = {}
        self._places: dict[tuple[object, ...], Place] = {}
        self._grades: dict[str, Grade] = {}
        self._against: dict[tuple[tuple[Number, ...], Worth], Against] = {}

    def lay(self, candidates: Sequence[Candidate]) -> Iterator[Facts]:
        """Everything the rules ask of each candidate."""
        releases = read.all([candidate.title for candidate in candidates], self.target.kind)
        return map(self._lay, candidates, releases)

    def _lay(self, candidate: Candidate, release: Release) -> Facts:
        target = self.target
        fit = self.fit(release)
        place = self.place(release, fit)
        grade = self.grade(quality_of(release, target.kind))
        languages = languages_of(candidate, release, target)
        formats = self._formats(candidate, release, grade.quality, languages)
        revision = Revision(release.version, release.real, release.repack)
        worth = Worth(grade.quality.name, revision, score(formats, self.context.profile) if formats else 0)
        return Facts(
            candidate=candidate,
            release=release,
            fits=fit is not None,
            year=release.year if fit is None else fit.year,
            grade=grade,
            worth=worth,
            languages=languages,
            formats=formats,
            pack=release.full_season and target.kind == "episode",
            place=place,
            against=self.against(place, worth) if place.held else (),
            age=candidate.age(self.context.now),
            blocked=self.blocklist.find(candidate) if self.context.blocklist else None,
        )

    def _formats(
        self, candidate: Candidate, release: Release, quality: Quality, languages: tuple[str, ...]
    ) -> tuple[str, ...]:
        if not self.formats:
            return ()
        said = facts_of(
            release,
            quality,
            size=candidate.size,
            flags=candidate.flags,
            languages=languages,
            original_language=self.target.original_language,
        )
        return self.formats.matching(said)

    def fit(self, release: Release) -> MatchResult | None:
        """How the name fits the target's titles. A wrong year has a rule of its own, so none is given here."""
        key = _NAMED(release)
        if key not in self._fits:
            found = match(release, (self.known,))
            self._fits[key] = found[0] if found and found[0].score >= _SURE else None
        return self._fits[key]

    def place(self, release: Release, fit: MatchResult | None) -> Place:
        """Where it would go: the film's own place, or that of the episodes the release says it holds."""
        if self.target.kind == "movie":
            return self._place((), ())
        # What a name alone leaves open (101, 2024, an absolute number), the title it fits decides.
        said: Release | MatchResult = release
        if fit is not None and (fit.seasons or fit.absolute_episodes or fit.air_date):
            said = fit
        key = (*_PLACED(said), *_NUMBERED(release))
        return self._places.get(key) or self._place(key, self._episodes(release, said))

    def _episodes(self, release: Release, said: Release | MatchResult) -> tuple[Episode, ...]:
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

    def _place(self, key: tuple[object, ...], episodes: tuple[Episode, ...]) -> Place:
        if key not in self._places:
            numbers = tuple(e.key for e in episodes)
            touches = self._touching(numbers)
            self._places[key] = Place(
                episodes=episodes,
                numbers=numbers,
                runtime=runtime_of(episodes, self.target, self.context),
                held=tuple(h for h in self.target.held if touches(h)),
                queued=tuple(q for q in self.queue if touches(q)),
                past=self._past(numbers),
            )
        return self._places[key]

    def _touching(self, numbers: tuple[Number, ...]) -> Callable[[Held | Queued], bool]:
        if self.target.kind == "movie":
            return lambda thing: True
        wanted = frozenset(numbers)
        return lambda thing: not wanted.isdisjoint(thing.episodes)

    def _past(self, numbers: tuple[Number, ...]) -> tuple[tuple[Past, ...], ...]:
        if self.target.kind == "movie":
            return (tuple(self.history),)
        return tuple(tuple(p for p in self.history if number in p.episodes) for number in numbers)

    def grade(self, quality: Quality) -> Grade:
        """What the profile says of a quality."""
        known = self._grades.get(quality.name)
        if known is None:
            profile, name = self.context.profile, quality.name
            limit = profile.size_limit(name, self.target.kind)
            known = self._grades[name] = Grade(quality, profile.allows(name), profile.standing(name), limit)
        return known

    def against(self, place: Place, worth: Worth) -> Against:
        """What speaks against replacing each file held there."""
        key = (place.numbers, worth)
        known = self._against.get(key)
        if known is None:
            profile = self.context.profile
            known = self._against[key] = tuple((h, objections(profile, worth_of(h), worth)) for h in place.held)
        return known
