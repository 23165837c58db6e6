"""Which accepted release is best: an ordered list of named keys, each a value that people can read.

The first key on which two releases differ decides. Films and shows have lists of their own: packs and episode numbers
mean nothing for a film. The last keys only make the order total, so that it never depends on who answered first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from mydia.core.decide.model import Context, Target, Verdict
from mydia.core.decide.rules.taste import MEGABYTE, wish_met
from mydia.core.decide.words import size_words, time_words

_SIZE_STEP: Final = 200 * MEGABYTE
"""Sizes closer than this are the same size."""
_FLAG_WORTH: Final = {"freeleech": 2, "doubleupload": 2, "internal": 2, "approved": 2, "golden": 2, "halfleech": 1}
_DAY: Final = 24 * 60

Value = Any
"""A number or a tuple of numbers, or a text: of one type within one key, so that it sorts. Greater is better."""


class Measure(NamedTuple):
    """One key: how to sort by it, and how to say it."""

    name: str
    value: Callable[[Verdict, Target, Context], Value]
    words: Callable[[Verdict, Target, Context], str]


class Key(NamedTuple):
    """One release's value under one key."""

    name: str
    value: Value
    words: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """An accepted verdict with its value under every key, the most important first."""

    verdict: Verdict
    values: tuple[Value, ...]
    target: Target = field(repr=False)
    context: Context = field(repr=False)

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys in words; every release of one target has the same ones."""
        return key_words(self.verdict, self.target, self.context)


class Comparison(NamedTuple):
    """One key of two releases. `better` is "left", "right" or None; `decisive` marks the key that settles it."""

    key: str
    left: str
    right: str
    better: str | None
    decisive: bool


def rank(verdicts: Iterable[Verdict], target: Target, context: Context) -> list[Ranked]:
    """The accepted verdicts, best first. Independent of the order given, but for releases alike in every key."""
    values = [m.value for m in measures(target)]
    ranked = [
        Ranked(v, tuple([value(v, target, context) for value in values]), target, context)
        for v in verdicts
        if v.accepted
    ]
    ranked.sort(key=lambda r: r.values, reverse=True)
    return ranked


def key_words(verdict: Verdict, target: Target, context: Context) -> tuple[Key, ...]:
    """Every key of one verdict, accepted or not, with its value and in words."""
    asked = (verdict, target, context)
    return tuple(Key(m.name, m.value(*asked), m.words(*asked)) for m in measures(target))


def compare(left: Ranked, right: Ranked) -> tuple[Comparison, ...]:
    """Every key with both sides' values, and which key settles it."""
    rows: list[Comparison] = []
    settled = False
    for a, b in zip(left.keys, right.keys, strict=True):
        better = None if a.value == b.value else ("left" if a.value > b.value else "right")
        rows.append(Comparison(a.name, a.words, b.words, better, decisive=better is not None and not settled))
        settled = settled or better is not None
    return tuple(rows)


def measures(target: Target) -> tuple[Measure, ...]:
    """The keys for this target, the most important first."""
    return FILM_KEYS if target.kind == "movie" else SHOW_KEYS


def _quality(v: Verdict, target: Target, context: Context) -> Value:
    place = context.profile.standing(v.quality.name)
    if context.profile.propers == "do_not_prefer":
        return (place,)
    return (place, v.revision.real, v.revision.version)


def _quality_words(v: Verdict, target: Target, context: Context) -> str:
    version = f" v{v.revision.version}" if v.revision.version > 1 else ""
    return v.quality.name + version + (" REAL" if v.revision.real else "")


def _language(v: Verdict, target: Target, context: Context) -> Value:
    """Where several languages are welcome, the dearer one."""
    wishes = context.profile.languages
    place = wish_met(v.languages, wishes, target.original_language) if wishes else 0
    return -(len(wishes) if place is None else place)


def _episode_count(v: Verdict, target: Target, context: Context) -> Value:
    """Few are better, for a precise fit; of anime many, which come as batches."""
    return len(v.episodes) if target.series_type == "anime" else -len(v.episodes)


def _first_episode(v: Verdict) -> int:
    return min((number for _, number in v.episodes), default=0)


def _flags(v: Verdict, target: Target, context: Context) -> Value:
    if not context.settings.prefer_flags:
        return 0
    return sum(_FLAG_WORTH.get(f.lower().replace("_", ""), 0) for f in v.candidate.flags)


def _peers(v: Verdict, target: Target, context: Context) -> Value:
    """Tens, hundreds and thousands of seeders differ; 40 and 60 do not."""
    if v.candidate.protocol != "torrent":
        return (0, 0)
    return (_magnitude(v.candidate.seeders), _magnitude(v.candidate.peers))


def _magnitude(count: int | None) -> int:
    return round(math.log10(count)) if count and count > 0 else 0


def _peer_words(v: Verdict, target: Target, context: Context) -> str:
    c = v.candidate
    seeders, peers = ("unknown" if n is None else str(n) for n in (c.seeders, c.peers))
    return f"{seeders} seeders, {peers} peers" if c.protocol == "torrent" else "not a torrent"


def _age(v: Verdict, target: Target, context: Context) -> Value:
    """The younger a post, the likelier it is complete: under an hour, a day, a week, then by magnitude."""
    minutes = v.candidate.age(context.now)
    if v.candidate.protocol != "usenet" or minutes is None:
        return 0
    if minutes < 60:
        return 1000
    if minutes <= _DAY:
        return 100
    days = int(minutes // _DAY)
    return 10 if days <= 7 else -round(math.log10(days))


def _age_words(v: Verdict, target: Target, context: Context) -> str:
    minutes = v.candidate.age(context.now)
    return "unknown" if minutes is None else time_words(minutes)


def _ideal_size(v: Verdict, target: Target, context: Context) -> float | None:
    """The preferred size in bytes. An assumed run time is good enough to refuse by, but not to prefer by."""
    preferred = context.profile.size_limit(v.quality.name, target.kind).preferred
    if preferred is None or not target.runtime:
        return None
    return preferred * MEGABYTE * v.runtime if v.runtime else None


def _size(v: Verdict, target: Target, context: Context) -> Value:
    """The closest to the preferred size; the largest where none is preferred."""
    size = v.candidate.size or 0
    ideal = _ideal_size(v, target, context)
    if ideal is None:
        return size // _SIZE_STEP * _SIZE_STEP
    return -abs((size - ideal) // _SIZE_STEP * _SIZE_STEP)


def _size_words(v: Verdict, target: Target, context: Context) -> str:
    ideal = _ideal_size(v, target, context)
    said = size_words(v.candidate.size) if v.candidate.size else "unknown"
    return said if ideal is None else f"{said} (preferred {size_words(ideal)})"


def _younger(v: Verdict, target: Target, context: Context) -> Value:
    minutes = v.candidate.age(context.now)
    return -math.inf if minutes is None else -minutes


def _name(v: Verdict, target: Target, context: Context) -> Value:
    c = v.candidate
    return (c.title, c.indexer, c.guid or "", c.infohash or "", c.download_url or "")


_FIRST: Final = (
    Measure("quality and revision", _quality, _quality_words),
    Measure(
        "format score",
        lambda v, t, c: v.score,
        lambda v, t, c: f"{v.score} ({', '.join(v.formats) or 'no format'})",
    ),
    Measure("language wish", _language, lambda v, t, c: ", ".join(v.languages) or "unknown"),
    Measure(
        "preferred protocol",
        lambda v, t, c: v.candidate.protocol == c.settings.preferred_protocol,
        lambda v, t, c: v.candidate.protocol,
    ),
)
_OF_SHOWS: Final = (
    Measure(
        "whole season",
        lambda v, t, c: v.release.full_season,
        lambda v, t, c: "whole season" if v.release.full_season else "single episodes",
    ),
    Measure("number of episodes", _episode_count, lambda v, t, c: str(len(v.episodes))),
    Measure("earliest episode", lambda v, t, c: -_first_episode(v), lambda v, t, c: str(_first_episode(v))),
)
_INDEXER: Final = Measure(
    "indexer priority",
    lambda v, t, c: -v.candidate.priority,
    lambda v, t, c: f"{v.candidate.priority} ({v.candidate.indexer or 'unnamed'})",
)
_FLAGS: Final = Measure("indexer flags", _flags, lambda v, t, c: ", ".join(v.candidate.flags) or "none")
_LAST: Final = (
    Measure("seeders and peers", _peers, _peer_words),
    Measure("usenet age", _age, _age_words),
    Measure("closeness to preferred size", _size, _size_words),
    Measure("smaller", lambda v, t, c: -(v.candidate.size or 0), lambda v, t, c: size_words(v.candidate.size or 0)),
    Measure("younger", _younger, _age_words),
    Measure("more seeders", lambda v, t, c: v.candidate.seeders or 0, _peer_words),
    Measure("name", _name, lambda v, t, c: f"{v.candidate.title} at {v.candidate.indexer or 'unnamed'}"),
)
SHOW_KEYS: Final[tuple[Measure, ...]] = (*_FIRST, *_OF_SHOWS, _INDEXER, *_LAST)
FILM_KEYS: Final[tuple[Measure, ...]] = (*_FIRST, _INDEXER, _FLAGS, *_LAST)
