"""Numbers that no word names, right before the technical words of a name that no fansub made: Show.13.HDTV, Part 2, 103."""

from __future__ import annotations

import re

from mydia.core.release.passes.counting import (
    give_absolute,
    give_first_season,
    is_bare_year,
    plain,
    run,
    set_version,
    year_follows,
)  # fmt: skip
from mydia.core.release.reading import Reading
from mydia.core.release.tables.words import NUMBERS, PART

PARTED = re.compile(r"^(?:part|pt)(\d{1,2})$")
_BROADCAST = (("source", "hdtv"), ("source", "pdtv"))


def before_broadcast(reading: Reading) -> bool:
    """Read "Show.13.HDTV": two digits right before a broadcast source are an episode."""
    if "leading_group" in reading.found or any(is_bare_year(w) for w in reading.numbers):
        return False
    for word in reading.numbers:
        number = plain(word)
        if number is None or word.box >= 0 or word.index <= reading.title_from or len(number.group(1)) != 2:
            continue
        after = reading.words[word.index + 1] if word.index + 1 < len(reading.words) else None
        if (
            after is not None
            and after.term is not None
            and after.term.facts[0] in _BROADCAST
            and after.gap in (".", " ", "_")
        ):
            reading.set("episodes", [int(number.group(1))], reading.mark("episodes", word.index, word.index))
            set_version(reading, number.group(2), reading.span(word.index, word.index))
            return True
    return False


def of_mini_series(reading: Reading) -> bool:
    """Read "Part 2", "Part Two" before technical words, without a year: an episode of a mini-series."""
    if reading.hint == "movie" or any(is_bare_year(w) and w.index > reading.title_from for w in reading.numbers):
        return False
    for word in reading.numbers:
        if word.used is not None or word.index <= reading.title_from or word.box >= 0:
            continue
        number, last = None, word.index
        glued = PARTED.match(word.low)
        if glued is not None:
            number = int(glued.group(1))
        elif word.low in PART and word.index + 1 < len(reading.words):
            after = reading.words[word.index + 1]
            number = after.number if after.number is not None and len(after.low) < 3 else NUMBERS.get(after.low)
            last = after.index
        if (
            number is not None
            and reading.technical(last + 1)
            and last + 1 < len(reading.words)
            and reading.words[last + 1].box < 0
        ):
            return give_first_season(reading, [number], word.index, last)
    return False


def scene_number(reading: Reading) -> bool:
    """103 and 1013 right before technical words: season 1 episode 3, season 10 episode 13."""
    if "leading_group" in reading.found:
        return False
    for word in reading.numbers:
        if word.number is None or word.used is not None or word.box >= 0 or word.index <= reading.title_from:
            continue
        if (
            len(word.low) not in (3, 4)
            or word.term is not None
            or 1888 <= word.number < 2100
            or year_follows(reading, word)
        ):
            continue
        season, episode = divmod(word.number, 100)
        if not episode or not season or word.gap not in (".", " ", "_", "-"):
            continue
        episodes, last = [episode], word.index
        after = reading.words[last + 1] if last + 1 < len(reading.words) else None
        alike = (
            after is not None
            and after.number is not None
            and len(after.low) == len(word.low)
            and word.number < after.number
        )
        if after is not None and alike and after.gap in ("-", "~"):
            return give_absolute(reading, run(word.number, after.number or 0), word.index, after.index)
        if after is not None and after.number is not None and alike and after.number // 100 == season:
            episodes, last = run(episode, after.number % 100), last + 1
        behind_year = is_bare_year(reading.words[word.index - 1]) and word.gap in (".", "_", " ") and after is not None
        if not (reading.technical(last + 1) or behind_year or _source_behind(reading, last + 1)) or (
            last + 1 == len(reading.words) and word.gap == " "
        ):
            continue
        span = reading.mark("episodes", word.index, last)
        reading.set("seasons", [season], span)
        reading.set("episodes", episodes, span)
        return True
    return False


def _source_behind(reading: Reading, index: int) -> bool:
    """Whether a source that is also a word ("WEB") stands here, and a technical word behind it."""
    term = reading.words[index].term
    return term is not None and term.field == "source" and reading.technical(index + 1)


def lone_number(reading: Reading) -> bool:
    """Read "Title 2018 06 720p": a number between the year and the technical words."""
    for word in reading.numbers:
        number = plain(word)
        if (
            number is None
            or word.number is None
            or len(word.low) != 2
            or word.index <= reading.title_from + 1
            or word.box >= 0
        ):
            continue
        if (
            is_bare_year(reading.words[word.index - 1])
            and reading.technical(word.index + 1)
            and word.index + 1 < len(reading.words)
        ):
            return give_absolute(reading, [word.number], word.index, word.index)
    return False
