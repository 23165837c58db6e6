"""Episodes whose number stands alone: anime's absolute numbers, parts of a mini-series, and 103 for 1x03.

Such a number proves little by itself; what stands around it does: a fansub group in front, a dash before it, a
bracket of its own, a leading zero, technical words right behind it.
"""

from __future__ import annotations

import re

from mydia.core.release.passes.counting import cjk_number, episodes_in, follow, run, set_version
from mydia.core.release.passes.dates import FILM_YEARS
from mydia.core.release.passes.numbering import is_episode_after, total_behind
from mydia.core.release.reading import Reading, dashed
from mydia.core.release.tables.words import EPISODE, NUMBERS, PART
from mydia.core.release.tokens import Word

_NUMBER = re.compile(r"^(\d{1,4})(?:v(\d))?([a-d]?)$")
_LETTERED = re.compile(r"^(e|ep|eps|episode|folge)(\d{1,5})((?:ep?\d{1,5})*)(?:v(\d))?$")
_DECIMAL = re.compile(r"^(\d)(?:v(\d))?$")
_COUNTER = re.compile(r"^(?:第(?:\d{1,4}|[〇一二三四五六七八九十]{1,3})|\d{1,4})[話话集回]$")
_PARTED = re.compile(r"^(?:part|pt)(\d{1,2})$")
_BOLUM = re.compile(r"^(\d{1,4})(?:bolum|blm)$")
_BROADCAST = (("source", "hdtv"), ("source", "pdtv"))
_ENDS = frozenset("end fin final finale v2 v3 完".split())
_PLUS = frozenset(["+", " + ", "&", " & ", ", ", ","])
"""Gaps that join a number to the very next one only."""
_RANGE_GAPS = frozenset(["-", "~", "–", " - ", " ~ ", ".-.", "_-_"])


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
        _of_mini_series,
        _before_broadcast,
        _before_technical,
        _before_name,
        _zero_led,
        _scene_number,
        _lone_number,
    ):
        if recognise(reading):
            return True
    return False


def _may_number(word: Word) -> bool:
    """Whether a word can be the number of an episode or a part at all; in most films' names none can."""
    if word.low in PART or _PARTED.match(word.low) is not None:
        return True
    return _plain(word) is not None and not (_is_bare_year(word) and word.box < 0)


def read_beside(reading: Reading) -> None:
    """The absolute number beside a season and episode: "- 05 - S01E05", "S10E14 214", "17.5 (S00E01)"."""
    first, last = min(reading.marks)[0], max(reading.marks)[1]
    before = first - 1
    if before > reading.title_from:
        word = reading.words[before]
        lead = reading.words[before - 1]
        if (
            word.low.isdecimal()
            and len(word.low) == 1
            and word.gap == "."
            and lead.number is not None
            and dashed(lead.gap)
        ):
            value = float(f"{lead.number}.{word.low}")
            reading.set(
                "special_absolute_episodes", [value], reading.mark("special_absolute_episodes", before - 1, before)
            )
            return
        ranged = word.number is not None and lead.number is not None and lead.number < word.number and len(lead.low) > 1
        if ranged and word.gap == "-" and before - 1 > reading.title_from:
            span = reading.mark("absolute_episodes", before - 1, before)
            reading.set("absolute_episodes", run(lead.number or 0, word.number or 0), span)
            return
        if word.number is not None and word.number not in FILM_YEARS and dashed(word.gap) and word.box < 0:
            reading.set("absolute_episodes", [word.number], reading.mark("absolute_episodes", before, before))
            return
    if last + 1 < len(reading.words) and "leading_group" in reading.found:
        word = reading.words[last + 1]
        if (
            word.number is not None
            and len(word.low) >= 3
            and word.number not in FILM_YEARS
            and word.gap == " "
            and reading.technical(last + 2)
        ):
            reading.set("absolute_episodes", [word.number], reading.mark("absolute_episodes", last + 1, last + 1))


def _give(reading: Reading, episodes: list[int], first: int, last: int) -> bool:
    reading.set("absolute_episodes", episodes, reading.mark("absolute_episodes", first, last))
    return True


def _range(reading: Reading, word: Word, number: int) -> tuple[list[int], int]:
    """The number, and those behind it up to the end of its range; the last word of it."""
    index = word.index + 1
    if index < len(reading.words):
        after = reading.words[index]
        found = _NUMBER.match(after.low)
        if found is not None and after.gap in _PLUS and int(found.group(1)) == number + 1 and after.box == word.box:
            return [number, number + 1], index
        if found is not None and after.gap in _RANGE_GAPS and after.used is None and after.box == word.box:
            stop = int(found.group(1))
            tight = after.gap in ("-", "~", "–", " ~ ")
            if number < stop <= number + 2000 and (tight or number == 1) and stop not in range(2000, FILM_YEARS.stop):
                return list(range(number, stop + 1)), index
    return [number], word.index


def _plain(word: Word) -> re.Match[str] | None:
    """A word that is a number and may be an episode's."""
    if word.used is not None or (word.term is not None and word.number is None) or not word.low[:1].isdecimal():
        return None
    return _NUMBER.match(word.low)


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
            number = _plain(reading.words[word.index + 1])
            if number is not None and reading.words[word.index + 1].gap.strip(" ._-#") == "":
                if _give_counted(reading, word.index, word.index + 1):
                    return True
                set_version(reading, number.group(2), reading.span(word.index + 1, word.index + 1))
                episodes, last = _range(reading, reading.words[word.index + 1], int(number.group(1)))
                return _give(reading, episodes, word.index, last)
        counter = _COUNTER.match(word.low) or _BOLUM.match(word.low)
        if (
            counter is not None
            and not (word.low.endswith("集") and not word.low.startswith("第"))
            and word.index > reading.title_from
        ):
            return _give(reading, [cjk_number(word.low) or 0], word.index, word.index)
        if (
            word.number is not None
            and word.index + 1 < len(reading.words)
            and is_episode_after(reading.words[word.index + 1])
        ):
            if _is_counted(reading, word.index + 1):
                return _give_recorded(reading, [word.number], word.index, word.index + 3)
            return _give(reading, [word.number], word.index, word.index + 1)
        if word.number is not None and word.gap.endswith("#") and word.index > reading.title_from:
            return _give_recorded(reading, [word.number], word.index, word.index)
    return False


def _is_counted(reading: Reading, last: int) -> bool:
    """Whether "of 12" stands behind: an episode of a season that is told whole."""
    total = total_behind(reading, last)
    return total is not None and last + 2 < len(reading.words)


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
    return _is_counted(reading, last) and _give_recorded(reading, [number.number], first, last + 2)


def _give_lettered(reading: Reading, word: Word, letters: str, digits: str, episodes: list[int], last: int) -> bool:
    """E07 is of season 1, as broadcasters of serials count; E1135 and EP07 are absolute, as fansubbers do."""
    after = reading.words[last + 1] if last + 1 < len(reading.words) else None
    dated = after is not None and after.number is not None and len(after.low) == 6
    if dated and after is not None:
        after.used = "recorded"
    if dated or "recorded" in reading.facts or (letters == "e" and len(digits) < 3):
        return _give_recorded(reading, episodes, word.index, last)
    return _give(reading, episodes, word.index, last)


def _give_recorded(reading: Reading, episodes: list[int], first: int, last: int) -> bool:
    span = reading.mark("episodes", first, last)
    reading.set("episodes", episodes, span)
    reading.set("seasons", [1])
    return True


def _boxed(reading: Reading) -> bool:
    """A number that fills a bracket: [05], (01-25), [215 END]."""
    fansub = "leading_group" in reading.found
    for word in reading.numbers:
        number = _plain(word)
        if number is None or word.box < 0 or word.index <= reading.title_from:
            continue
        box = reading.boxes[word.box]
        if box.first != word.index or (int(number.group(1)) in FILM_YEARS and len(number.group(1)) == 4):
            continue
        episodes, last = _range(reading, word, int(number.group(1)))
        if box.last == last or (box.last == last + 1 and reading.words[box.last].low in _ENDS):
            if _number_stands_before(reading, word):
                continue
            if not fansub and len(episodes) < 2:
                if len(number.group(1)) != 2 or number.group(1)[0] != "0" or box.sign != "[":
                    continue
                reading.set("episodes", episodes, reading.mark("episodes", word.index, last))
                return True
            set_version(reading, number.group(2), reading.span(word.index, word.index))
            return _give(reading, episodes, word.index, box.last)
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
        number = _plain(word)
        if number is None or (int(number.group(1)) in FILM_YEARS and len(number.group(1)) == 4):
            continue
        if not fansub and (len(number.group(1)) < 2 or (_year_follows(reading, word) and len(number.group(1)) < 3)):
            continue
        if word.index + 1 < len(reading.words) and _is_decimal(reading, word):
            return _give_decimal(reading, word)
        episodes, last = _range(reading, word, int(number.group(1)))
        follows = reading.words[last + 1] if last + 1 < len(reading.words) else None
        if fansub and _is_named_on(reading, word):
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
            return _give(reading, run(before.number, int(number.group(1))), before.index, word.index)
        return _give(reading, episodes, word.index, last)
    return False


def _is_named_on(reading: Reading, word: Word) -> bool:
    """Whether a title goes on behind a number, and a later dash has the episode's: "Title - 100 Years Quest - 05"."""
    after = reading.words[word.index + 1 : word.index + 2]
    if not after or after[0].gap != " " or reading.technical(after[0].index) or word.low[0] == "0":
        return False
    return any(w.index > word.index + 1 and dashed(w.gap) and _plain(w) and w.box < 0 for w in reading.numbers)


def _leading_number(reading: Reading) -> bool:
    """Read "01 - Ep Name", "003-004. Name", "02 The Invitation": a zero-led number before everything else."""
    at = reading.title_from
    if at + 1 >= len(reading.words) or any(_is_bare_year(w) for w in reading.numbers):
        return False
    word = reading.words[at]
    number = _plain(word)
    if number is None or word.box >= 0 or len(number.group(1)) not in (2, 3):
        return False
    episodes, last = _range(reading, word, int(number.group(1)))
    fansub = "leading_group" in reading.found
    if last + 1 >= len(reading.words) or not (
        number.group(1)[0] == "0" or (fansub and dashed(reading.words[last + 1].gap))
    ):
        return False
    if reading.words[last + 1].gap not in (" ", ". ", ".", "_") and not dashed(reading.words[last + 1].gap):
        return False
    if reading.words[last + 1].number is not None or word.low == "007":
        return False
    if fansub and any(w.index > last + 1 and w.number is not None and dashed(w.gap) for w in reading.numbers):
        return False
    span = reading.use("episodes", at, last)
    reading.set("absolute_episodes" if fansub else "episodes", episodes, span)
    reading.title_from = last + 1
    if reading.words[last + 1].gap == ". ":
        _claim_name(reading, last + 1)
    return True


def _claim_name(reading: Reading, first: int) -> None:
    """Set the episode's name apart from the show's: "003. Show - Name"."""
    dash = next((w.index for w in reading.words[first + 1 :] if dashed(w.gap)), None)
    for word in reading.words[dash:] if dash is not None else ():
        if reading.technical(word.index):
            return
        word.used = "name"


def _before_broadcast(reading: Reading) -> bool:
    """Read "Show.13.HDTV": a number right before a broadcast source is an episode."""
    if "leading_group" in reading.found or any(_is_bare_year(w) for w in reading.numbers):
        return False
    for word in reading.numbers:
        number = _plain(word)
        if number is None or word.box >= 0 or word.index <= reading.title_from or len(number.group(1)) > 2:
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


def _year_follows(reading: Reading, word: Word) -> bool:
    after = reading.words[word.index + 1 : word.index + 2]
    return bool(after) and after[0].number in FILM_YEARS and len(after[0].low) == 4


def _before_technical(reading: Reading) -> bool:
    """With a fansub group in front, the last number before the technical words: "[Group] Title 214 [720p]"."""
    if "leading_group" not in reading.found:
        return False
    for word in reading.numbers:
        number = _plain(word)
        if number is None or word.index <= reading.title_from or word.box >= 0 or len(number.group(1)) < 2:
            continue
        digits = number.group(1)
        if int(digits) in FILM_YEARS and len(digits) == 4:
            continue
        episodes, last = _range(reading, word, int(digits))
        if reading.technical(last + 1) and not (
            word.gap == "." and reading.words[word.index - 1].number is not None and digits[0] != "0"
        ):
            set_version(reading, number.group(2), reading.span(word.index, word.index))
            return _give(reading, episodes, word.index, last)
    return False


def _before_name(reading: Reading) -> bool:
    """With a fansub group in front, a number before a dash and the episode's name: "[Group] Title 34 - Name [720p]"."""
    if "leading_group" not in reading.found:
        return False
    for word in reading.numbers:
        after = reading.words[word.index + 1] if word.index + 1 < len(reading.words) else None
        if after is None or word.index <= reading.title_from or word.box >= 0 or len(word.low) < 2:
            continue
        number = _plain(word)
        film = reading.words[word.index - 1].low in ("movie", "film", "part", "vol", "chapter") or _is_bare_year(word)
        if number is None or film or word.gap not in (" ", "_") or not dashed(after.gap) or after.box >= 0:
            continue
        set_version(reading, number.group(2), reading.span(word.index, word.index))
        return _give(reading, [int(number.group(1))], word.index, word.index)
    return False


def _zero_led(reading: Reading) -> bool:
    """A leading zero is written before episodes, hardly in titles: "Title 04 vostfr", "[Group]Title 01 Episode Name"."""
    for word in reading.numbers:
        number = _plain(word)
        if number is None or word.index <= reading.title_from or word.box >= 0 or _year_follows(reading, word):
            continue
        digits = number.group(1)
        subtitled = word.index + 1 < len(reading.words) and reading.words[word.index + 1].low in (
            "vostfr",
            "vosta",
            "vost",
        )
        led = digits.startswith("0") and len(digits) in (2, 3)
        episodes, last = _range(reading, word, int(digits))
        if subtitled or (led and (_technical_from(reading, last + 1) or "leading_group" in reading.found)):
            set_version(reading, number.group(2), reading.span(word.index, word.index))
            return _give(reading, episodes, word.index, last)
    return False


def _technical_from(reading: Reading, index: int) -> bool:
    if reading.technical(index):
        return True
    term = reading.words[index].term
    return term is not None and term.field in ("languages", "dubbed", "multi", "dual")


def _of_mini_series(reading: Reading) -> bool:
    """Read "Part 2", "Part Two" before technical words, without a year: an episode of a mini-series."""
    if reading.hint == "movie" or any(_is_bare_year(w) and w.index > reading.title_from for w in reading.numbers):
        return False
    for word in reading.numbers:
        if word.used is not None or word.index <= reading.title_from or word.box >= 0:
            continue
        number, last = None, word.index
        glued = _PARTED.match(word.low)
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
            return _give_recorded(reading, [number], word.index, last)
    return False


def _is_bare_year(word: Word) -> bool:
    return word.number in FILM_YEARS and len(word.low) == 4


def _scene_number(reading: Reading) -> bool:
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
            or _year_follows(reading, word)
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
            return _give(reading, run(word.number, after.number or 0), word.index, after.index)
        if after is not None and after.number is not None and alike and after.number // 100 == season:
            episodes, last = run(episode, after.number % 100), last + 1
        behind_year = _is_bare_year(reading.words[word.index - 1]) and word.gap in (".", "_", " ") and after is not None
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


def _lone_number(reading: Reading) -> bool:
    """Read "Title 2018 06 720p": a number between the year and the technical words."""
    for word in reading.numbers:
        number = _plain(word)
        if (
            number is None
            or word.number is None
            or len(word.low) != 2
            or word.index <= reading.title_from + 1
            or word.box >= 0
        ):
            continue
        if (
            _is_bare_year(reading.words[word.index - 1])
            and reading.technical(word.index + 1)
            and word.index + 1 < len(reading.words)
        ):
            return _give(reading, [word.number], word.index, word.index)
    return False
