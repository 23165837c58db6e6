"""Absolute numbers: episodes whose number stands alone, as anime counts them.

Such a number proves little by itself; what stands around it does: a fansub group in front, a dash before it, a
bracket of its own, a leading zero, technical words right behind it.
"""

from __future__ import annotations

import re

from mydia.core.release.passes.counting import (
    claim_name,
    give_absolute,
    is_bare_year,
    plain,
    range_from,
    run,
    set_version,
    year_follows,
)  # fmt: skip
from mydia.core.release.passes.dates import FILM_YEARS
from mydia.core.release.passes.scene import PARTED, before_broadcast, lone_number, of_mini_series, scene_number
from mydia.core.release.passes.title import ends_in_season
from mydia.core.release.reading import Reading, dashed
from mydia.core.release.tables.words import PART
from mydia.core.release.tokens import Word

_DECIMAL = re.compile(r"^(\d)(?:v(\d))?$")
_FILMS = frozenset(["movie", "film"])
"""Words behind which a number is a film's in its series: "Title Movie - 09 - Name"."""
_ENDS = frozenset("end fin final finale v2 v3 完".split())


def read_absolute(reading: Reading) -> bool:
    """Find an episode that is told by its place. True when something was found."""
    if reading.hint == "movie" and "leading_group" not in reading.found:
        return False
    if not any(_may_number(word) for word in reading.numbers):
        return False
    for recognise in (
        _boxed,
        _leading_number,
        _after_dash,
        of_mini_series,
        before_broadcast,
        _before_technical,
        _before_name,
        _zero_led,
        scene_number,
        lone_number,
    ):
        if recognise(reading):
            reading.asides["either_count"] = "absolute_episodes" in reading.facts
            return True
    return False


def give_both_counts(reading: Reading) -> None:
    """Give a number without a season as the episode too: whether it counts from a season's start or the show's, no name says.

    Unless something does: a season beside it or at the title's end, a second number in brackets ("17 (115)"), or that it
    is a special's.
    """
    facts = reading.facts
    if not reading.asides.get("either_count") or "seasons" in facts or "special" in facts or _is_counted_twice(reading):
        return
    if not ends_in_season(facts.get("title", "")):
        reading.set("episodes", list(facts["absolute_episodes"]), *reading.spans["absolute_episodes"])


def _is_counted_twice(reading: Reading) -> bool:
    after = reading.mark_end + 1
    if after >= len(reading.words) or reading.words[after].number is None or reading.words[after].used is not None:
        return False
    return reading.alone(after, after)


def _may_number(word: Word) -> bool:
    """Whether a word can be the number of an episode or a part at all; in most films' names none can."""
    if word.low in PART or PARTED.match(word.low) is not None:
        return True
    return plain(word) is not None and not (is_bare_year(word) and word.box < 0)


def _boxed(reading: Reading) -> bool:
    """A number that fills a bracket: [05], (01-25), [215 END]."""
    fansub = "leading_group" in reading.found
    for word in reading.numbers:
        number = plain(word)
        if number is None or word.box < 0 or word.index <= reading.title_from:
            continue
        box = reading.boxes[word.box]
        if box.first != word.index or (int(number.group(1)) in FILM_YEARS and len(number.group(1)) == 4):
            continue
        episodes, last = range_from(reading, word, int(number.group(1)))
        if box.last == last or (box.last == last + 1 and reading.words[box.last].low in _ENDS):
            if _number_stands_before(reading, word):
                continue
            if not fansub and len(episodes) < 2:
                if len(number.group(1)) != 2 or number.group(1)[0] != "0" or box.sign != "[":
                    continue
                reading.set("episodes", episodes, reading.mark("episodes", word.index, last))
                return True
            set_version(reading, number.group(2), reading.span(word.index, word.index))
            return give_absolute(reading, episodes, word.index, box.last)
    return False


def _number_stands_before(reading: Reading, word: Word) -> bool:
    """Whether "17 (115)": the number outside the bracket is the episode, the one inside another count."""
    before = reading.words[word.index - 1]
    lead = reading.words[word.index - 2] if word.index > 1 else before
    ranged = before.gap in ("-", "~") and lead.number is not None and dashed(lead.gap)
    return before.number is not None and (dashed(before.gap) or ranged) and before.box < 0


def _after_dash(reading: Reading) -> bool:
    """A number behind a dash with air around it: "Title - 05"."""
    fansub = "leading_group" in reading.found
    for word in reading.numbers:
        if word.index <= reading.title_from or not dashed(word.gap) or word.box >= 0:
            continue
        number = plain(word)
        if number is None or (int(number.group(1)) in FILM_YEARS and len(number.group(1)) == 4):
            continue
        year = year_follows(reading, word) and not _is_fansub_behind(reading, word.index + 1)
        if not fansub and (len(number.group(1)) < 2 or (year and len(number.group(1)) < 3)):
            continue
        if word.index + 1 < len(reading.words) and _is_decimal(reading, word):
            return _give_decimal(reading, word)
        episodes, last = range_from(reading, word, int(number.group(1)))
        follows = reading.words[last + 1] if last + 1 < len(reading.words) else None
        if (fansub and _is_named_on(reading, word)) or reading.words[word.index - 1].low in _FILMS:
            continue
        if follows is not None and follows.gap == "." and " " in word.gap and follows.number is not None:
            continue
        if (
            not fansub
            and follows is not None
            and not reading.technical(follows.index)
            and not dashed(follows.gap)
            and not number.group(1).startswith("0")
        ):
            continue
        set_version(reading, number.group(2), reading.span(word.index, word.index))
        before = reading.words[word.index - 1]
        if (
            before.number is not None
            and before.low[0] == "0"
            and before.number < int(number.group(1))
            and before.gap == " "
        ):
            return give_absolute(reading, run(before.number, int(number.group(1))), before.index, word.index)
        return give_absolute(reading, episodes, word.index, last)
    return False


def _is_fansub_behind(reading: Reading, year: int) -> bool:
    """Whether the year is in brackets, and a name in square brackets behind it: "Title - 05 (2016) [Group]"."""
    if not reading.alone(year, year) or year + 1 >= len(reading.words):
        return False
    word = reading.words[year + 1]
    boxed = reading.alone(word.index, word.index) and reading.boxes[word.box].sign == "["
    return boxed and word.term is None and word.number is None


def _is_named_on(reading: Reading, word: Word) -> bool:
    """Whether a title goes on behind a number, and a later dash has the episode's: "Title - 100 Years Quest - 05"."""
    after = reading.words[word.index + 1 : word.index + 2]
    if not after or after[0].gap != " " or reading.technical(after[0].index) or word.low[0] == "0":
        return False
    return any(w.index > word.index + 1 and dashed(w.gap) and plain(w) and w.box < 0 for w in reading.numbers)


def _leading_number(reading: Reading) -> bool:
    """Read "01 - Ep Name", "003-004. Name", "02 The Invitation": a zero-led number before everything else."""
    at = reading.title_from
    if at + 1 >= len(reading.words) or any(is_bare_year(w) for w in reading.numbers):
        return False
    word = reading.words[at]
    number = plain(word)
    if number is None or word.box >= 0 or len(number.group(1)) not in (2, 3):
        return False
    episodes, last = range_from(reading, word, int(number.group(1)))
    fansub = "leading_group" in reading.found
    if last + 1 >= len(reading.words) or not (
        number.group(1)[0] == "0" or (fansub and dashed(reading.words[last + 1].gap))
    ):
        return False
    if reading.words[last + 1].gap not in (" ", ". ", ".", "_") and not dashed(reading.words[last + 1].gap):
        return False
    if reading.words[last + 1].number is not None or word.low == "007" or reading.words[last + 1].low in _FILMS:
        return False
    if fansub and any(w.index > last + 1 and w.number is not None and dashed(w.gap) for w in reading.numbers):
        return False
    span = reading.use("episodes", at, last)
    reading.set("absolute_episodes" if fansub else "episodes", episodes, span)
    reading.title_from = last + 1
    if reading.words[last + 1].gap == ". ":
        claim_name(reading, last + 1)
    return True


def _is_decimal(reading: Reading, word: Word) -> bool:
    after = reading.words[word.index + 1]
    return _DECIMAL.match(after.low) is not None and after.gap == "." and word.gap != ".-."


def _give_decimal(reading: Reading, word: Word) -> bool:
    after = reading.words[word.index + 1]
    value = float(f"{word.low}.{after.low[0]}") if word.number is not None else 0.0
    set_version(reading, after.low[2:], reading.span(word.index, after.index))
    reading.set(
        "special_absolute_episodes", [value], reading.mark("special_absolute_episodes", word.index, word.index + 1)
    )
    reading.set("special", True)
    return True


def _before_technical(reading: Reading) -> bool:
    """With a fansub group in front, the last number before the technical words: "[Group] Title 214 [720p]"."""
    if "leading_group" not in reading.found:
        return False
    for word in reading.numbers:
        number = plain(word)
        if number is None or word.index <= reading.title_from or word.box >= 0 or len(number.group(1)) < 2:
            continue
        digits = number.group(1)
        if int(digits) in FILM_YEARS and len(digits) == 4:
            continue
        episodes, last = range_from(reading, word, int(digits))
        if reading.technical(last + 1) and not (
            word.gap == "." and reading.words[word.index - 1].number is not None and digits[0] != "0"
        ):
            set_version(reading, number.group(2), reading.span(word.index, word.index))
            return give_absolute(reading, episodes, word.index, last)
    return False


def _before_name(reading: Reading) -> bool:
    """With a fansub group in front, a number before a dash and the episode's name: "[Group] Title 34 - Name [720p]"."""
    if "leading_group" not in reading.found:
        return False
    for word in reading.numbers:
        after = reading.words[word.index + 1] if word.index + 1 < len(reading.words) else None
        if after is None or word.index <= reading.title_from or word.box >= 0 or len(word.low) < 2:
            continue
        number = plain(word)
        film = reading.words[word.index - 1].low in _FILMS | {"part", "vol", "chapter"} or is_bare_year(word)
        if number is None or film or word.gap not in (" ", "_") or not dashed(after.gap) or after.box >= 0:
            continue
        set_version(reading, number.group(2), reading.span(word.index, word.index))
        return give_absolute(reading, [int(number.group(1))], word.index, word.index)
    return False


def _zero_led(reading: Reading) -> bool:
    """A leading zero is written before episodes, hardly in titles: "Title 04 vostfr", "[Group]Title 01 Episode Name"."""
    for word in reading.numbers:
        number = plain(word)
        if number is None or word.index <= reading.title_from or word.box >= 0 or year_follows(reading, word):
            continue
        digits = number.group(1)
        subtitled = word.index + 1 < len(reading.words) and reading.words[word.index + 1].low in (
            "vostfr",
            "vosta",
            "vost",
        )
        led = digits.startswith("0") and len(digits) in (2, 3)
        episodes, last = range_from(reading, word, int(digits))
        if subtitled or (led and (_technical_from(reading, last + 1) or "leading_group" in reading.found)):
            set_version(reading, number.group(2), reading.span(word.index, word.index))
            return give_absolute(reading, episodes, word.index, last)
    return False


def _technical_from(reading: Reading, index: int) -> bool:
    if reading.technical(index):
        return True
    term = reading.words[index].term
    return term is not None and term.field in ("languages", "dubbed", "multi", "dual")
