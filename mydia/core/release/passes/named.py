"""Episodes that a word or a letter names, without a season: "Episode 56", "EP06", "E1135", "60.Bolum", "#17", 第1008話."""

from __future__ import annotations

import re

from mydia.core.release.passes.counting import (
    Recogniser,
    begun_by,
    cjk_number,
    episodes_in,
    follow,
    give_absolute,
    give_first_season,
    plain,
    range_from,
    run,
    set_version,
    word_at,
)  # fmt: skip
from mydia.core.release.passes.numbering import is_episode_after, total_behind
from mydia.core.release.reading import Reading
from mydia.core.release.tables.words import EPISODE, RUNNING
from mydia.core.release.tokens import Word

_LETTERED = re.compile(r"^(e|ep|eps|episode|folge)(\d{1,5})((?:ep?\d{1,5})*)(?:v(\d))?$")
_COUNTER = re.compile(r"^(?:第(?:\d{1,4}|[〇一二三四五六七八九十]{1,3})|\d{1,4})[話话集回]$")
_BOLUM = re.compile(r"^(\d{1,4})(?:bolum|blm)$")


def read_named(reading: Reading) -> bool:
    """Find the first word that says which episode it is. True when something was found."""
    words = (word for word in reading.numbers if word.used is None)
    return any(_RECOGNISERS[place].read(reading, word) for word in words for place in _begun_by(word.low))


def _lettered(reading: Reading, word: Word) -> bool:
    """EP06, E1135, Folge5."""
    found = _LETTERED.match(word.low)
    if found is None:
        return False
    letters, digits, more, version = found.groups()
    if letters == "e" and word.index <= reading.title_from and len(digits) != 2 and len(reading.words) > 1:
        return False
    episodes = run(int(digits), ([int(digits), *episodes_in(more)])[-1])
    last = follow(reading, episodes, word.index, None)
    set_version(reading, version, reading.span(word.index, word.index))
    return _give_lettered(reading, word, letters, digits, episodes, last)


def _worded(reading: Reading, word: Word) -> bool:
    """Read "Episode 56", "Ep #3-4"."""
    after = word_at(reading, word.index + 1)
    if word.low == "часть" or after is None or after.gap.strip(" ._-#"):
        return False
    number = plain(after)
    if number is None:
        return False
    if _give_counted(reading, word.index, after.index):
        return True
    set_version(reading, number.group(2), reading.span(after.index, after.index))
    episodes, last = range_from(reading, after, int(number.group(1)))
    last = follow(reading, episodes, last, None) if last == after.index else last
    reading.asides["either_count"] = True
    return give_absolute(reading, episodes, word.index, last)


def _counter(reading: Reading, word: Word) -> bool:
    """Read 第1008話 and "60bolum"; 24集 alone is how many there are."""
    counted = word.low.startswith("第")
    if word.index <= reading.title_from or (word.low.endswith("集") and not counted):
        return False
    reading.asides["either_count"] = counted
    return give_absolute(reading, [cjk_number(word.low) or 0], word.index, word.index)


def _before_its_word(reading: Reading, word: Word) -> bool:
    """Read "05 серия", "60. Bolum"."""
    after = word_at(reading, word.index + 1)
    if word.number is None or after is None or not is_episode_after(after):
        return False
    if _is_counted(reading, after.index):
        return give_first_season(reading, [word.number], word.index, word.index + 3)
    if after.low in RUNNING:
        return give_absolute(reading, [word.number], word.index, after.index)
    reading.set("episodes", [word.number], reading.mark("episodes", word.index, after.index))
    return True


def _hashed(reading: Reading, word: Word) -> bool:
    """Read "#17"."""
    if word.number is None or not word.gap.endswith("#") or word.index <= reading.title_from:
        return False
    return give_first_season(reading, [word.number], word.index, word.index)


def _give_lettered(reading: Reading, word: Word, letters: str, digits: str, episodes: list[int], last: int) -> bool:
    """E07 is of season 1, as broadcasters of serials count; E1135 is absolute; EP07 may be either."""
    after = reading.words[last + 1] if last + 1 < len(reading.words) else None
    dated = after is not None and after.number is not None and len(after.low) == 6
    if dated and after is not None:
        after.used = "recorded"
    if dated or "recorded" in reading.asides or (letters == "e" and len(digits) < 3):
        return give_first_season(reading, episodes, word.index, last)
    reading.asides["either_count"] = letters != "e"
    return give_absolute(reading, episodes, word.index, last)


def _give_counted(reading: Reading, first: int, last: int) -> bool:
    """Read "Episode 5 of 12", and "Episode 1.22" with its season."""
    number, after = reading.words[last], reading.words[last + 1] if last + 1 < len(reading.words) else None
    if number.number is None or after is None:
        return False
    if after.number is not None and after.gap == "." and len(after.low) == 2 and len(number.low) < 3:
        span = reading.mark("episodes", first, after.index)
        reading.set("seasons", [number.number], span)
        reading.set("episodes", [after.number], span)
        return True
    return _is_counted(reading, last) and give_first_season(reading, [number.number], first, last + 2)


def _is_counted(reading: Reading, last: int) -> bool:
    """Whether "of 12" stands behind: an episode of a season that is told whole."""
    total = total_behind(reading, last)
    return total is not None and last + 2 < len(reading.words)


def _begins_counter(low: str) -> bool:
    return _COUNTER.match(low) is not None or _BOLUM.match(low) is not None


_RECOGNISERS = (
    Recogniser(_LETTERED.match, _lettered),
    Recogniser(EPISODE.__contains__, _worded),
    Recogniser(_begins_counter, _counter),
    Recogniser(str.isdecimal, _before_its_word),
    Recogniser(str.isdecimal, _hashed),
)
_begun_by = begun_by(_RECOGNISERS)
