"""What the passes over numbers share: chains of numbers, ranges, and the shapes of words that hold one."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from mydia.core.release.facts import Span
from mydia.core.release.passes.dates import FILM_YEARS
from mydia.core.release.reading import Reading, dashed
from mydia.core.release.tokens import Word

_FULL = re.compile(
    r"^(.*?)(?:s|(?<![^\W\d_])t)(\d{1,4})x?((?:(?:s\2)?ep?\d{1,5})+)([a-d]?)(?:v(\d))?(?:[^\W\d_]{2,12})?$"
)
"""S01E02, S01E02S01E03, with what the title's last word was glued to it, and a part, a version or a word behind."""
SEASON_WORD = re.compile(r"^s(\d{1,4})(?:d\d{1,2}|extras?)?$")
EPISODE_WORD = re.compile(r"^(?:e|ep|episode)(\d{1,5})((?:e\d{1,5})*)([a-d]?)(?:v(\d))?$")
_CROSS = re.compile(r"^(\d{1,4})[xх](\d{1,5})((?:[xх]\d{1,5})*)([a-d]?)(?:v(\d))?$")
DIGITS = re.compile(r"\d+")
NUMBER = re.compile(r"^(\d{1,4})(?:v(\d))?([a-d]?)$")
"""A bare number, with a version or a part behind it."""
_EPISODES = re.compile(r"ep?(\d+)")
CHAINS = frozenset(["-", "~", "–", " ~ ", " - ", "_", "&", " & ", "+", ",", ", ", ".-.", "_-_", "_~_"])
_OPEN_CHAINS = CHAINS | {" ", "."}
TIGHT_CHAINS = frozenset(["-", "~", "–", "+", "&", " ~ "])
_NEIGHBOURS = frozenset([" & ", " + ", ", ", ","])
"""Gaps that join a number to the very next one only."""
_PLUS = _NEIGHBOURS | {"+", "&"}
_RANGE_GAPS = frozenset(["-", "~", "–", " - ", " ~ ", ".-.", "_-_"])
AND = frozenset("and y et und e и i".split())
TO = frozenset("to thru through a al bis до по".split())
_CROSS_MORE = re.compile(r"^x(\d{1,4})$")
_CJK_DIGITS = "〇一二三四五六七八九"
LONGEST_RANGE = 400


class Recogniser(NamedTuple):
    """One form of numbering: which words can begin it by their spelling alone, and how to read it there."""

    begins: Callable[[str], object]
    read: Callable[[Reading, Word], bool]


def begun_by(recognisers: tuple[Recogniser, ...]) -> Callable[[str], tuple[int, ...]]:
    """A function that tells which of the recognisers a spelling can begin, by their places.

    Remembered, since names share their numbers: most words are known to begin nothing, and no pattern is tried on them.
    """

    @lru_cache(maxsize=1 << 12)
    def places(low: str) -> tuple[int, ...]:
        return tuple([place for place, each in enumerate(recognisers) if each.begins(low)])

    return places


@lru_cache(maxsize=1 << 12)  # of ten thousand candidates for one target most say the same episode
def full(low: str) -> re.Match[str] | None:
    """S01E02 and its like."""
    return _FULL.match(low) if "e" in low else None


@lru_cache(maxsize=1 << 12)  # as `full`
def cross(low: str) -> re.Match[str] | None:
    """1x02 and its like, with a Latin or a Cyrillic x."""
    return _CROSS.match(low) if "x" in low or "х" in low else None


def cjk_number(text: str) -> int | None:
    """The number in "第1008話", "第十一季", "2期"."""
    found = DIGITS.search(text)
    if found is not None:
        return int(found.group())
    digits = [_CJK_DIGITS.index(c) if c in _CJK_DIGITS else 10 for c in text if c in _CJK_DIGITS or c == "十"]
    if not digits or len(digits) > 3:
        return None
    if 10 not in digits:
        return digits[0]
    ten = digits.index(10)
    return (digits[ten - 1] if ten else 1) * 10 + sum(digits[ten + 1 :])


def run(first: int, last: int) -> list[int]:
    """The numbers from first to last, or the two alone where that is no range."""
    if first < last <= first + LONGEST_RANGE:
        return list(range(first, last + 1))
    return [first] if first == last else sorted({first, last})


def episodes_in(text: str) -> list[int]:
    """The episodes of "e01e02", "e01s01e02"."""
    return [int(number) for number in _EPISODES.findall(text)]


def word_at(reading: Reading, index: int) -> Word | None:
    return reading.words[index] if 0 <= index < len(reading.words) else None


def set_version(reading: Reading, digits: str | None, span: Span) -> None:
    """Read "v2" glued to an episode's number."""
    if digits:
        reading.asides["anime_version"] = int(digits), (span,)


def follow(reading: Reading, episodes: list[int], last: int, season: int | None) -> int:
    """Add the episodes that the words behind words[last] go on with; the index of the last word of the chain."""
    while (word := word_at(reading, last + 1)) is not None and word.used is None and _may_go_on(word.low):
        number, step = _next_number(reading, word, episodes[-1], season), 1
        if number is None and word.low in AND and word.gap in (" ", "."):
            number, step = _behind_and(reading, word, episodes[-1], season), 2
        if number is None and word.low in TO and word.gap in (" ", ".", "_"):
            number, step = _behind_to(reading, word, episodes[-1], season), 2
        if number is None:
            break
        episodes[:] = sorted({*episodes, *run(episodes[-1], number)})
        last += step
    return last


@lru_cache(maxsize=1 << 12)  # names share what stands behind their numbers
def _may_go_on(low: str) -> bool:
    """Whether a word of this spelling can go on a chain of episodes: few can."""
    if low.isdecimal() or low in AND or low in TO or full(low) is not None or cross(low) is not None:
        return True
    return EPISODE_WORD.match(low) is not None or _CROSS_MORE.match(low) is not None


def _behind_and(reading: Reading, word: Word, before: int, season: int | None) -> int | None:
    """The episode behind "and": "E07 and E08", "Episode 7 and 8"."""
    after = word_at(reading, word.index + 1)
    if after is None or after.gap != word.gap:
        return None
    if after.number is not None:
        return after.number if after.number == before + 1 and after.gap == " " else None
    return _next_number(reading, after, before, season)


def _behind_to(reading: Reading, word: Word, before: int, season: int | None) -> int | None:
    """The episode behind "to": "S01E02 to E08", "Episodes 1 to 10"."""
    after = word_at(reading, word.index + 1)
    if after is None or after.gap != word.gap:
        return None
    if season is None and after.number is not None and before < after.number <= before + LONGEST_RANGE:
        return after.number
    return _next_number(reading, after, before, season) if after.number is None else None


def _next_number(reading: Reading, word: Word, before: int, season: int | None) -> int | None:
    """The number that a word continues an episode chain with, if it does."""
    found = EPISODE_WORD.match(word.low)
    if found is not None and word.gap in _OPEN_CHAINS:
        numbers = [int(n) for n in DIGITS.findall(word.low.partition("v")[0])]
        return numbers[-1] if numbers[-1] > before else None
    if season is not None:
        crossed = cross(word.low)
        if crossed is not None and int(crossed.group(1)) == season and int(crossed.group(2)) > before:
            return int(crossed.group(2)) if word.gap in _OPEN_CHAINS else None
        whole = full(word.low)
        if whole is not None and int(whole.group(2)) == season:
            numbers = episodes_in(whole.group(3))
            return numbers[-1] if word.gap in _OPEN_CHAINS and numbers[-1] > before else None
        more = _CROSS_MORE.match(word.low)
        if more is not None and word.term is None and word.gap in CHAINS:
            return int(more.group(1))
    if word.number is not None and len(word.low) <= 4 and before < word.number <= before + LONGEST_RANGE:
        if word.gap in TIGHT_CHAINS and (word.term is None or word.term.field != "resolution"):
            return word.number
        if word.number == before + 1 and (word.gap in _NEIGHBOURS or (word.gap == "_" and len(word.low) == 2)):
            return word.number
        if word.number == before + 1 and word.gap in (".", " ") and len(word.low) == 2 and _words_follow(reading, word):
            return word.number
    return None


def _words_follow(reading: Reading, word: Word) -> bool:
    """Whether technical words stand right behind a number: then it is none of an episode's title."""
    after = word_at(reading, word.index + 1)
    return after is not None and after.term is not None and after.gap == word.gap


def plain(word: Word) -> re.Match[str] | None:
    """A word that is a number and may be an episode's."""
    if word.used is not None or (word.term is not None and word.number is None):
        return None
    return number_in(word.low)


@lru_cache(maxsize=1 << 12)  # asked by a dozen recognisers, of the same few numbers
def number_in(low: str) -> re.Match[str] | None:
    """The number that a spelling is, with a version or a part behind it."""
    return NUMBER.match(low)


def range_from(reading: Reading, word: Word, number: int) -> tuple[list[int], int]:
    """The number, and those behind it up to the end of its range; the last word of it."""
    index = word.index + 1
    if index < len(reading.words):
        after = reading.words[index]
        found = NUMBER.match(after.low)
        if found is not None and after.gap in _PLUS and int(found.group(1)) == number + 1 and after.box == word.box:
            return [number, number + 1], index
        if found is not None and after.gap in _RANGE_GAPS and after.used is None and after.box == word.box:
            stop = int(found.group(1))
            tight = after.gap in ("-", "~", "–", " ~ ")
            year = stop >= 2000 and stop in FILM_YEARS
            if number < stop <= number + 2000 and (tight or number == 1) and not year:
                return _with_next_range(reading, list(range(number, stop + 1)), index)
    return [number], word.index


def _with_next_range(reading: Reading, episodes: list[int], last: int) -> tuple[list[int], int]:
    """A range with the one behind a sign that adds: "493-498.&.500-507"."""
    start, stop = word_at(reading, last + 1), word_at(reading, last + 2)
    if start is None or stop is None or start.number is None or stop.number is None:
        return episodes, last
    if (
        start.gap.strip(" ._") in ("&", "+", ",")
        and stop.gap in ("-", "~")
        and episodes[-1] < start.number < stop.number
    ):
        return [*episodes, *run(start.number, stop.number)], last + 2
    return episodes, last


def give_absolute(reading: Reading, episodes: list[int], first: int, last: int) -> bool:
    """Give the words [first, last] as absolute numbers. Always True, as a recogniser that has found something."""
    reading.set("absolute_episodes", episodes, reading.mark("absolute_episodes", first, last))
    return True


def give_first_season(reading: Reading, episodes: list[int], first: int, last: int) -> bool:
    """Give the words [first, last] as episodes of a show that has one season. Always True."""
    span = reading.mark("episodes", first, last)
    reading.set("episodes", episodes, span)
    reading.set("seasons", [1])
    return True


def is_bare_year(word: Word) -> bool:
    return word.number in FILM_YEARS and len(word.low) == 4


def year_follows(reading: Reading, word: Word) -> bool:
    after = reading.words[word.index + 1 : word.index + 2]
    return bool(after) and after[0].number in FILM_YEARS and len(after[0].low) == 4


def claim_name(reading: Reading, first: int) -> None:
    """Set the episode's name apart from the show's: "003. Show - Name"."""
    dash = next((w.index for w in reading.words[first + 1 :] if dashed(w.gap)), None)
    for word in reading.words[dash:] if dash is not None else ():
        if reading.technical(word.index):
            return
        word.used = "name"
