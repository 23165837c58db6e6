"""Air dates, years, file sizes and the like: numbers that are not episodes, found before episodes are sought."""

from __future__ import annotations

import re
from functools import lru_cache

from mydia.core.release.reading import Reading
from mydia.core.release.tables.words import MONTHS, ORDINALS, PART
from mydia.core.release.terms import STRONG
from mydia.core.release.tokens import Word

FILM_YEARS = frozenset(range(1888, 2041))
"""The years a film or show may be of. A later number is a title ("Blade Runner 2049"): the core reads no clock.

A set, since most of what is asked is a word that is no number: a range compares that with each of its years.
"""
BROADCAST_YEARS = frozenset(range(1951, 2080))
"""The years in which a daily show may air."""

_PART = re.compile(r"^(?:part|pt)0?(\d)$")
_GAPS = frozenset([" ", ".", "_", "-", "/", "–", ". "])
_LAST_GAPS = _GAPS | {", "}
_WORD_GAPS = frozenset([".", "_", " "])
_ORDINAL = re.compile(r"^\d{1,2}(st|nd|rd|th)$")
_YEAR = re.compile(r"^\d{4}(?:v\d|г)$")
"""A year with a version behind it, or with the Russian for "year"."""
_CROSSED = re.compile(r"^(\d{4})x(\d{2})$")
"""The year and month of "2008x12.13"."""
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _date(year: int, month: int, day: int) -> str | None:
    if year in BROADCAST_YEARS and 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]:
        return f"{year:04d}-{month:02d}-{day:02d}"
    return None


def _numbers(first: int, second: int, third: int, lengths: tuple[int, int, int]) -> str | None:
    """Three numbers as a date. Where day and month cannot be told apart, the day comes second, as in the year-first form."""
    if lengths[0] == 4 and lengths[1] <= 2 and lengths[2] <= 2:
        return _date(first, second, third) or _date(first, third, second)
    if lengths == (2, 2, 4):
        if first > 12:
            return _date(third, second, first)
        return _date(third, first, second) or _date(third, second, first)
    return None


def date_at(reading: Reading, index: int) -> tuple[str, int] | None:
    """The date that begins at words[index], and its last word."""
    words = reading.words
    word = words[index]
    if word.number is not None and len(word.low) in (6, 8):
        date = _compact(word.low)
        return (date, index) if date else None
    crossed = _CROSSED.match(word.low) if len(word.low) == 7 and word.number is None else None
    if crossed is not None and index + 1 < len(words):
        day = words[index + 1]
        date = _date(int(crossed.group(1)), int(crossed.group(2)), day.number or 0)
        return (date, index + 1) if date and day.gap == "." and len(day.low) == 2 else None
    if index + 2 >= len(words):
        return None
    second, third = words[index + 1], words[index + 2]
    if second.gap not in _GAPS or third.gap not in _LAST_GAPS:
        return None
    if (len(word.low), len(second.low), len(third.low)) == (2, 2, 2):
        short = _short(reading, word, second, third)
        return (short, index + 2) if short else None
    if third.number is not None and word.number is not None and second.number is not None and second.gap == third.gap:
        date = _numbers(word.number, second.number, third.number, (len(word.low), len(second.low), len(third.low)))
        return (date, index + 2) if date else None
    return _spelled(word, second, third, index)


def _short(reading: Reading, word: Word, second: Word, third: Word) -> str | None:
    """Read "Show.16.01.24.Name": the year first, or last where that gives no date. Only with one sign throughout, behind a title."""
    if word.index <= reading.title_from or not (word.gap == second.gap == third.gap and word.gap in _WORD_GAPS):
        return None
    if word.number is None or second.number is None or third.number is None or word.number < 10 or reading.marks:
        return None
    year = 2000 + word.number
    return _date(year, second.number, third.number) or _date(2000 + third.number, second.number, word.number)


def _spelled(word: Word, second: Word, third: Word, index: int) -> tuple[str, int] | None:
    """Read "22 October 2016", "5th Mar 2025", "Oct 22 2016", "2016 Oct 22"."""
    if second.low in MONTHS and word.number is not None and len(word.low) == 4:
        day = third.number or (ORDINALS.get(third.low) if _ORDINAL.match(third.low) else None)
        date = _date(word.number, MONTHS[second.low], day) if day and len(third.low) < 5 else None
        return (date, index + 2) if date else None
    if third.number is None:
        return None
    day = word.number or (ORDINALS.get(word.low) if _ORDINAL.match(word.low) else None)
    if day is not None and second.low in MONTHS and len(third.low) == 4:
        date = _date(third.number, MONTHS[second.low], day)
        return (date, index + 2) if date else None
    if word.low in MONTHS and len(third.low) == 4:
        day = second.number or (ORDINALS.get(second.low) if _ORDINAL.match(second.low) else None)
        date = _date(third.number, MONTHS[word.low], day) if day else None
        return (date, index + 2) if date else None
    return None


def _compact(digits: str) -> str | None:
    """YYYYMMDD, or YYMMDD of this century."""
    if len(digits) == 8:
        return _date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    return _date(2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:])) if int(digits[:2]) < 80 else None


@lru_cache(maxsize=1 << 12)  # most words with a digit are no part of any date, and names share them
def _may_begin(low: str) -> bool:
    """Whether a word of this spelling can begin a date."""
    return low.isdecimal() or low in MONTHS or _ORDINAL.match(low) is not None or _CROSSED.match(low) is not None


def read_date(reading: Reading) -> None:
    """The first date of the name. It marks a daily episode unless the name has a season and an episode as well."""
    numbered = "seasons" in reading.facts or "episodes" in reading.facts
    for word in reading.numbers:
        if word.used is not None or not _may_begin(word.low):
            continue
        found = date_at(reading, word.index)
        if found is None:
            continue
        date, last = found
        if len(word.low) == 6 and word.number is not None and not _compact_holds(reading, word):
            continue
        if any(reading.words[i].used for i in range(word.index, last + 1)):
            continue
        if last + 1 < len(reading.words) and _is_year(reading.words[last + 1]):
            continue  # a date in the title of a film, before the film's year
        if numbered and "episodes" in reading.facts:
            reading.set("air_date", date, reading.use("air_date", word.index, last))
            return
        if numbered:
            reading.use("other_date", word.index, last)
            return
        reading.set("air_date", date, reading.mark("air_date", word.index, last))
        _read_part(reading, last + 1)
        return


def _read_part(reading: Reading, index: int) -> None:
    """Read "Part 1", "Part1" right behind the date of a daily episode."""
    words = reading.words[index : index + 2]
    if not words:
        return
    glued = _PART.match(words[0].low)
    if glued is not None:
        reading.set("daily_part", int(glued.group(1)), reading.use("daily_part", index, index))
    elif len(words) > 1 and words[0].low in PART and words[1].number is not None and words[1].number < 10:
        reading.set("daily_part", words[1].number, reading.use("daily_part", index, index + 1))


def _compact_holds(reading: Reading, word: Word) -> bool:
    """Whether six digits are a date: a title before them, and technical words or nothing behind; or nothing before."""
    return word.index > reading.title_from and reading.technical(word.index + 1)


def skip_leading_date(reading: Reading) -> None:
    """Recordings begin with the day they were made: "221208 Title ep11", "24.12.08.Title"."""
    at = reading.title_from
    if at + 1 >= len(reading.words):
        return
    word = reading.words[at]
    if word.number is not None and len(word.low) == 6 and _compact(word.low):
        reading.use("recorded", at, at)
        reading.asides["recorded"] = True
        reading.title_from = at + 1
        return
    date = _dotted(reading.words[at : at + 4]) if word.number is not None and len(word.low) == 2 else None
    if date is not None:
        reading.set("air_date", date, reading.use("air_date", at, at + 2))
        reading.title_from = at + 3


def _dotted(words: list[Word]) -> str | None:
    """Read "24.12.08.Title": day, month and year, as dates with dots are written."""
    if len(words) < 4 or any(word.gap != "." for word in words[1:]) or words[3].number is not None:
        return None
    day, month, year = (word.number if len(word.low) == 2 else None for word in words[:3])
    return _date(2000 + year, month, day) if day and month and year is not None else None


def read_year(reading: Reading) -> None:
    """The year of the film or show: the last year before the technical part, in brackets before bare.

    A year that the title begins with is the title ("1917", "2012 2009").
    """
    limit = _limit(reading)
    best: Word | None = None
    for word in reading.numbers:
        if word.index >= limit:
            break
        if not _is_year(word) or word.index <= reading.title_from or word.used is not None:
            continue
        if (
            best is not None
            and best.box >= 0
            and (word.box < 0 or (word.gap in ("-", "–") and word.index == best.index + 1))
        ):
            continue
        best = word
    if best is None:
        best = _late_year(reading, limit)
        if best is None:
            _year_of_season(reading)
            return
        reading.set("year", int(best.low[:4]), reading.use("year", best.index, best.index))
        return
    reading.year_at = best.index
    reading.set("year", int(best.low[:4]), reading.use("year", best.index, best.index))
    after = reading.words[best.index + 1] if best.index + 1 < len(reading.words) else None
    if after is not None and _is_year(after) and after.box == best.box and after.gap in ("-", "–"):
        after.used = "year"


def _year_of_season(reading: Reading) -> None:
    """The year by which a season is told: "S2014E18", "2016x03"."""
    seasons = reading.facts.get("seasons", ())
    if len(seasons) == 1 and seasons[0] in BROADCAST_YEARS and "episodes" in reading.facts:
        reading.set("year", seasons[0], *reading.spans.get("seasons", ()))


def _is_year(word: Word) -> bool:
    if word.number is None:
        return len(word.low) in (5, 6) and _YEAR.match(word.low) is not None and int(word.low[:4]) in FILM_YEARS
    return len(word.low) == 4 and word.number in FILM_YEARS


def _limit(reading: Reading) -> int:
    """The word before which the title's year stands: the numbering, or the first technical word."""
    limit = len(reading.words)
    for first, _ in reading.marks:
        limit = min(limit, first)
    for word in reading.words[reading.title_from + 1 : limit]:
        if word.term is not None and word.term.rank == STRONG and not word.used:
            return word.index
    return limit


def _late_year(reading: Reading, limit: int) -> Word | None:
    """A year among the technical words, where the title has none."""
    for word in reading.numbers:
        if (
            word.index > max(limit, reading.title_from)
            and word.used is None
            and word.number is not None
            and _is_year(word)
            and word.term is None
        ):
            return word
    return None
