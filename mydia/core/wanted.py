"""What is wanted, when it is due, and which searches a day's budget allows.

Monitored rules say what a person cares for (presets set them when a title is added). Per slot, what is monitored and not
held is *missing*, what is held below the profile's cutoff is *cutoff unmet*. A thing is due once it can exist (aired,
available) and its last fruitless search lies far enough back. Indexers allow so many searches a day: the least recently
searched go first, and the rest waits with its reason.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, get_args

from mydia.core.decide.model import Episode, Held, Number, Target
from mydia.core.decide.rules.timing import ALWAYS, available_from
from mydia.core.decide.upgrade import sought, worth_of
from mydia.core.quality import QualityProfile

ShowPreset = Literal[
    "all",
    "future",
    "missing",
    "existing",
    "recent",
    "pilot",
    "first_season",
    "last_season",
    "monitor_specials",
    "unmonitor_specials",
    "none",
]
FilmPreset = Literal["movie", "collection", "none"]
Preset = ShowPreset | FilmPreset
NewSeasons = Literal["all", "none"]
SHOW_PRESETS: Final[tuple[ShowPreset, ...]] = get_args(ShowPreset)
FILM_PRESETS: Final[tuple[FilmPreset, ...]] = get_args(FilmPreset)
_CLOSED: Final[frozenset[str]] = frozenset({"existing", "pilot", "first_season", "none"})
"""Presets by which a person wants so much and no more."""
Why = Literal["missing", "cutoff_unmet"]

LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
"""Before any search, before any date."""
_RECENT: Final = timedelta(days=90)
SPENT: Final = "every indexer's searches of today are used"
"""Why a search that is due waits for tomorrow."""
_FEW: Final = 3
"""So many episodes of a season are each asked for by themselves too."""
_FIRST_PAUSE: Final[Mapping[Why, timedelta]] = {"missing": timedelta(hours=6), "cutoff_unmet": timedelta(days=1)}
_LONGEST_PAUSE: Final[Mapping[Why, timedelta]] = {"missing": timedelta(days=7), "cutoff_unmet": timedelta(days=30)}


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for one version of a title: its own profile, its own files."""

    name: str
    profile: QualityProfile
    held: tuple[Held, ...] = ()


@dataclass(frozen=True, slots=True)
class Searched:
    """The searches so far for one thing of one slot: the last one, and how many in a row found nothing to grab."""

    last: datetime
    fruitless: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing that one slot lacks. `number` is None for a film; `due` None while no date tells when it can exist."""

    title: str
    slot: str
    number: Number | None
    why: Why
    due: datetime | None
    last_search: datetime | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """How many searches of one indexer are left today; None is any number."""

    indexer: str
    left: int | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """One search to make now. More than one episode of a season is one season search."""

    title: str
    slot: str
    numbers: tuple[Number, ...]
    season_search: bool
    indexers: tuple[str, ...]

    @property
    def cost(self) -> int:
        """What it asks of each indexer: so many tokens."""
        return len(questions(self.numbers))


@dataclass(frozen=True, slots=True)
class Plan:
    """The searches to make, oldest first, and what waits with the reason why."""

    searches: tuple[Search, ...]
    waiting: tuple[tuple[Wanted, str], ...]


def monitored_by(
    preset: ShowPreset, episodes: Sequence[Episode], held: Iterable[Number], now: datetime
) -> frozenset[Number]:
    """The episodes to monitor when a show is added (or changed) with a preset. Specials only where it says so."""
    have = frozenset(held)
    regular = [e for e in episodes if e.season > 0]
    seasons = [e.season for e in regular]
    first, last = min(seasons, default=0), max(seasons, default=0)
    if preset in ("monitor_specials", "unmonitor_specials"):
        kept = {e.key for e in episodes if e.monitored and e.season > 0}
        return frozenset(kept | {e.key for e in episodes if e.season == 0 and preset == "monitor_specials"})

    def chosen(e: Episode) -> bool:
        match preset:
            case "all":
                return True
            case "future":
                return e.airs_at is None or e.airs_at > now
            case "recent":
                return e.airs_at is None or e.airs_at > now - _RECENT
            case "missing":
                return e.key not in have
            case "existing":
                return e.key in have
            case "pilot":
                return e.key == (first, 1)
            case "first_season":
                return e.season == first
            case "last_season":
                return e.season == last
            case _:
                return False

    return frozenset(e.key for e in regular if chosen(e))


def policy_of(preset: ShowPreset) -> NewSeasons:
    """What a preset says of seasons to come, where a person says nothing else."""
    return "none" if preset in _CLOSED else "all"


def new_episode_monitored(season: int, known: Mapping[int, bool], policy: NewSeasons) -> bool:
    """Whether an episode that the metadata provider adds later is monitored. `known`: season -> whether anything of it is.

    As its season is; where nothing of the latest season is monitored (all of it was there, or past, when the show was added), and for
    new seasons, by the policy. Specials that come later are not, unless season 0 is monitored.
    """
    latest = max((s for s in known if s > 0), default=0)
    if known.get(season) or season == 0:
        return known.get(season, False)
    return policy == "all" and (season >= latest or season not in known)


def questions(numbers: Iterable[Number]) -> tuple[tuple[int, int | None] | None, ...]:
    """What an indexer is asked for these episodes: (season, episode), or (season, None) for a season as a whole; None for a film.

    A season's packs and its single episodes stand in different listings of most indexers, so that both are asked for a few episodes.
    """
    by_season: dict[int, list[int]] = {}
    for season, number in sorted(numbers):
        by_season.setdefault(season, []).append(number)
    found: list[tuple[int, int | None] | None] = []
    for season, wanting in by_season.items():
        if len(wanting) > 1:
            found.append((season, None))
        found += [(season, n) for n in (wanting if len(wanting) <= _FEW else ())]
    return tuple(found) or (None,)


def wanted(
    title: str,
    target: Target,
    slots: Iterable[Slot],
    searched: Mapping[tuple[str, Number | None], Searched],
    availability_delay: int = 0,
) -> tuple[Wanted, ...]:
    """Everything monitored that a slot lacks or holds below its cutoff, in order of slot and number.

    `title` is the title's id; `searched` is keyed by slot name and number; `availability_delay` is in days.
    """
    found: list[Wanted] = []
    for slot in slots:
        held: dict[Number | None, list[Held]] = {None: list(slot.held)}
        for file in slot.held:
            for episode in file.episodes:
                held.setdefault(episode, []).append(file)
        for number, possible in _monitored_things(target, availability_delay):
            why = _lack(held.get(number, ()), slot.profile)
            if why is not None:
                past = searched.get((slot.name, number))
                due = None if possible is None else due_at(why, possible, past)
                found.append(Wanted(title, slot.name, number, why, due, past.last if past else None))
    return tuple(found)


def _lack(files: Collection[Held], profile: QualityProfile) -> Why | None:
    """What is wrong with what is held of a film, or of one episode; None when nothing better is sought."""
    if not files:
        return "missing"
    return "cutoff_unmet" if any(sought(profile, worth_of(h)) for h in files) else None


def _monitored_things(target: Target, availability_delay: int) -> Iterable[tuple[Number | None, datetime | None]]:
    """Each monitored film or episode with the moment from which it can exist."""
    if not target.monitored:
        return
    if target.kind == "movie":
        due = available_from(target, availability_delay)
        yield None, LONG_AGO if due == ALWAYS else due
        return
    for episode in sorted(target.episodes, key=lambda e: e.key):
        if episode.monitored:
            minutes = episode.runtime or target.runtime or 0
            yield episode.key, None if episode.airs_at is None else episode.airs_at + timedelta(minutes=minutes)


def due_at(why: Why, possible: datetime, past: Searched | None) -> datetime:
    """When the next search is due: once it can exist, then after a pause that doubles with every fruitless search."""
    if past is None or past.last < possible:
        return possible
    pause = _FIRST_PAUSE[why] * (1 << min(max(past.fruitless - 1, 0), 16))
    return max(possible, past.last + min(pause, _LONGEST_PAUSE[why]))


def plan_searches(things: Iterable[Wanted], budgets: Sequence[Budget], now: datetime, most: int | None = None) -> Plan:
    """Which searches to make now: what is due, the never or least recently searched first, of every indexer that has tokens for all
    that it would be asked, at most `most` of them."""
    waiting: list[tuple[Wanted, str]] = []
    due: dict[tuple[str, str, int | None], list[Wanted]] = {}
    for thing in things:
        reason = not_yet(thing, now)
        if reason is not None:
            waiting.append((thing, reason))
        else:
            season = thing.number[0] if thing.number else None
            due.setdefault((thing.title, thing.slot, season), []).append(thing)
    left = {b.indexer: b.left for b in budgets}
    searches: list[Search] = []
    for group in sorted(due.values(), key=_oldest_first):
        numbers = tuple(sorted(t.number for t in group if t.number is not None))
        cost = len(questions(numbers))
        able = tuple(name for name, tokens in left.items() if tokens is None or tokens >= cost)
        if not able or (most is not None and len(searches) >= most):
            waiting.extend((thing, "this round is full" if able else SPENT) for thing in group)
            continue
        for name in able:
            tokens = left[name]
            left[name] = None if tokens is None else tokens - cost
        searches.append(Search(group[0].title, group[0].slot, numbers, len(numbers) > 1, able))
    return Plan(tuple(searches), tuple(waiting))


def not_yet(thing: Wanted, now: datetime) -> str | None:
    """Why it is not searched yet; None when it is due."""
    if thing.due is None:
        return "no date says when it can exist"
    return f"due at {thing.due:%Y-%m-%d %H:%M} UTC" if thing.due > now else None


def _oldest_first(group: list[Wanted]) -> tuple[datetime, datetime, str, str, tuple[Number, ...]]:
    """A group is as old as its least recently searched member."""
    searched = min(t.last_search or LONG_AGO for t in group)
    due = min(t.due or LONG_AGO for t in group)
    return searched, due, group[0].title, group[0].slot, tuple(t.number for t in group if t.number)
