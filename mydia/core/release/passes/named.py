"""Episodes that a word or a letter names, without a season: "Episode 56", "EP06", "E1135", "60.Bolum", "#17", 第1008話."""

from __future__ import annotations

import re

from mydia.core.release.passes.counting import (
    cjk_number,
    episodes_in,
    follow,
    give_absolute,
    give_first_season,
    plain,
    range_from,
    run,
    set_version,
)  # fmt: skip
from mydia.core.release.passes.numbering import is_episode_after, total_behind
from mydia.core.release.reading import Reading
from mydia.core.release.tables.words import EPISODE, RUNNING
from mydia.core.release.tokens import Word

_LETTERED = re.compile(r"^(e|ep|eps|episode|folge)(\d{1,5})((?:ep?\d{1,5})*)(?:v(\d))?$")
_COUNTER = re.compile(r"^(?:第(?:\d{1,4}|[〇一二三四五六七八九十]{1,3})|\d{1,4})[話话集回]$")
_BOLUM = re.compile(r"^(\d{1,4})(?:bolum|blm)$")


def read_named(reading: Reading) -> bool:
    """Read "Episode 56", "EP06", "E1135", "60.Bolum", "#17", 第1008話."""
    for word in reading.numbers:
        if word.used is not None:
            continue
        found = _LETTERED.match(word.low)
        if found is not None and (
            word.index > reading.title_from
            or found.group(1) != "e"
            or len(found.group(2)) == 2
            or len(reading.words) == 1
        ):
            episodes = run(int(found.group(2)), ([int(found.group(2)), *episodes_in(found.group(3))])[-1])
            last = follow(reading, episodes, word.index, None)
            set_version(reading, found.group(4), reading.span(word.index, word.index))
            return _give_lettered(reading, word, found.group(1), found.group(2), episodes, last)
        if word.low in EPISODE and word.index + 1 < len(reading.words) and word.low != "часть":
            number = plain(reading.words[word.index + 1])
            if number is not None and reading.words[word.index + 1].gap.strip(" ._-#") == "":
                if _give_counted(reading, word.index, word.index + 1):
                    return True
                set_version(reading, number.group(2), reading.span(word.index + 1, word.index + 1))
                episodes, last = range_from(reading, reading.words[word.index + 1], int(number.group(1)))
                reading.facts["either_count"] = True
                return give_absolute(reading, episodes, word.index, last)
        counter = _COUNTER.match(word.low) or _BOLUM.match(word.low)
        if (
            counter is not None
            and not (word.low.endswith("集") and not word.low.startswith("第"))
            and word.index > reading.title_from
        ):
            reading.facts["either_count"] = word.low.startswith("第")
            return give_absolute(reading, [cjk_number(word.low) or 0], word.index, word.index)
        if (
            word.number is not None
            and word.index + 1 < len(reading.words)
            and is_episode_after(reading.words[word.index + 1])
        ):
            if _is_counted(reading, word.index + 1):
                return give_first_season(reading, [word.number], word.index, word.index + 3)
            if reading.words[word.index + 1].low not in RUNNING:
                reading.set("episodes", [word.number], reading.mark("episodes", word.index, word.index + 1))
                return True
            return give_absolute(reading, [word.number], word.index, word.index + 1)
        if word.number is not None and word.gap.endswith("#") and word.index > reading.title_from:
            return give_first_season(reading, [word.number], word.index, word.index)
    return False


def _give_lettered(reading: Reading, word: Word, letters: str, digits: str, episodes: list[int], last: int) -> bool:
    """E07 is of season 1, as broadcasters of serials count; E1135 is absolute; EP07 may be either."""
    after = reading.words[last + 1] if last + 1 < len(reading.words) else None
    dated = after is not None and after.number is not None and len(after.low) == 6
    if dated and after is not None:
        after.used = "recorded"
    if dated or "recorded" in reading.facts or (letters == "e" and len(digits) < 3):
        return give_first_season(reading, episodes, word.index, last)
    reading.facts["either_count"] = letters != "e"
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
