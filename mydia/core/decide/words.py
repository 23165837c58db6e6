"""Sizes and times in words for reasons, and the words people require or ignore in names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from mydia.core.decide.model import Episode
from mydia.core.patterns import Pattern, pattern

_FLAGS: Final = frozenset("imsx")


def size_words(size: float) -> str:
    """Bytes for people, in the binary units that size limits are given in: "1.4 GB"."""
    for unit, step in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if abs(size) >= step:
            return f"{size / step:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size:.0f} B"


def time_words(minutes: float) -> str:
    """Minutes for people: "45 min", "3.5 h", "12 days"."""
    if abs(minutes) < 120:
        return f"{minutes:.0f} min"
    if abs(minutes) < 48 * 60:
        return f"{minutes / 60:.1f}".removesuffix(".0") + " h"
    return f"{minutes / 1440:.1f}".removesuffix(".0") + " days"


def episode_words(episodes: Sequence[Episode]) -> str:
    """Episodes for people: "S01E02", "S01E02 E03", "10 episodes of S01"."""
    if not episodes:
        return "no episode"
    seasons = sorted({e.season for e in episodes})
    if len(episodes) > 3:
        return f"{len(episodes)} episodes of " + " ".join(f"S{s:02}" for s in seasons)
    return " ".join(f"S{e.season:02}E{e.number:02}" for e in episodes)


@lru_cache(maxsize=1024)
def word_pattern(term: str) -> Pattern | str:
    """What to look for: /.../ with the flags i, m, s, x is a regular expression, all else plain text in any case (here
    in lower case). ValueError says what is wrong with an expression."""
    head, slash, flags = term[1:].rpartition("/")
    if not (term.startswith("/") and slash and head and set(flags) <= _FLAGS):
        return term.lower()
    return pattern(f"(?{flags}){head}" if flags else head, 0)


def says(term: str, name: str) -> bool:
    """Whether a name holds a person's word. A pattern that is invalid, or takes too long, is not found."""
    try:
        found = word_pattern(term)
    except ValueError:
        return False
    return found in name.lower() if isinstance(found, str) else found.found(name) is True
