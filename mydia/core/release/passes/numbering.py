"""Seasons and episodes where the name says which is which: S01E02, 1x02, "Season 1 Episode 2", "Cap.102", "2 of 9".

The recognisers stand in the order of what they prove; the first that finds its words ends the search. Each begins at
a word that holds a digit or is a word of numbering, and follows the numbers behind it as long as they go on rising.
"""

from __future__ import annotations

import re

from mydia.core.release.facts import Span
from mydia.core.release.reading import Reading, dashed
from mydia.core.release.tables.words import EPISODE, EPISODE_AFTER, NUMBERS, OF, ORDINALS, ROMANS, SEASON, SEASON_AFTER
from mydia.core.release.tokens import Word

_FULL = re.compile(r"^(.*?)(?:s|(?<![^\W\d_])t)(\d{1,4})x?((?:ep?\d{1,5})+)([a-d]?)(?:v(\d))?(?:[^\W\d_]{2,12})?$")
_SEASON = re.compile(r"^s(\d{1,4})(?:d\d{1,2})?$")
_EPISODE = re.compile(r"^(?:e|ep|episode)(\d{1,5})((?:e\d{1,5})*)([a-d]?)(?:v(\d))?$")
_CROSS = re.compile(r"^(\d{1,4})[xх](\d{1,5})((?:[xх]\d{1,5})*)([a-d]?)(?:v(\d))?$")
_NAKED = re.compile(r"^(\d{2})e(\d{2})$")
_GLUED_CROSS = re.compile(r"^([^\W\d_]{3,20})(\d{1,2})x(\d{2})$")
_CROSS_MORE = re.compile(r"^x(\d{1,4})$")
_COUNTED = re.compile(r"^(\d{1,3})of(\d{1,3})$")
_NUMBER_BEFORE = re.compile(r"^(\d{1,2})(?:a|o|ª|º|°|th|st|nd|rd|й|го|ая)?$")
_LIST_GAPS = frozenset([",", ", ", " , ", " ,", "&", " & ", "+", " + ", ", & ", " "])
_TO = frozenset("to thru through a al bis до по".split())
_AND = frozenset("and y et und e и".split())
_GLUED = re.compile(r"^([^\W\d_]{3,9})(\d{1,3})$")
_CJK_SEASON = re.compile(r"第?[\d一二三四五六七八九十]{1,3}[季期]$|^シースン\d{1,2}$")
_CJK_EPISODE = re.compile(r"^第[\d一二三四五六七八九十]{1,4}[話话集回]$")
_CJK_DIGITS = "〇一二三四五六七八九"
_DIGITS = re.compile(r"\d+")
_CHAINS = frozenset(["-", "~", "–", " ~ ", " - ", "_", "&", " & ", "+", ",", ", ", ".-.", "_-_", "_~_"])
_TIGHT_CHAINS = frozenset(["-", "~", "–", "+", "&", " ~ "])
_NEXT = frozenset(["", " ", ".", "_", "-", " - ", ", ", ",", ".-.", "_-_"])
LONGEST_RANGE = 400


def read_numbering(reading: Reading) -> bool:
    """Find season and episode. True when something was found."""
    for recognise in (_read_full, _read_cross, _read_split, _read_counted_words, _read_words, _read_cap, _read_counted):
        for word in reading.numbers:
            if word.used is None and recognise(reading, word):
                return True
    return False


def cjk_number(text: str) -> int | None:
    """The number in "第1008話", "第十一季", "2期"."""
    found = _DIGITS.search(text)
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


def _at(reading: Reading, index: int) -> Word | None:
    return reading.words[index] if 0 <= index < len(reading.words) else None


def set_version(reading: Reading, digits: str | None, span: Span) -> None:
    """ "v2" glued to an episode's number."""
    if digits:
        reading.set("anime_version", int(digits), span)


def follow(reading: Reading, episodes: list[int], last: int, season: int | None) -> int:
    """Add the episodes that the words behind words[last] go on with; the index of the last word of the chain."""
    while (word := _at(reading, last + 1)) is not None and word.used is None:
        number = _next_number(reading, word, episodes[-1], season)
        if number is None:
            break
        episodes[:] = sorted({*episodes, *run(episodes[-1], number)})
        last += 1
        if word.low in EPISODE or word.low == "e":
            last += 1
    return last


def _next_number(reading: Reading, word: Word, before: int, season: int | None) -> int | None:
    """The number that a word continues an episode chain with, if it does."""
    found = _EPISODE.match(word.low)
    if found is not None and word.gap in _CHAINS | {" ", "."}:
        numbers = [int(n) for n in _DIGITS.findall(word.low.partition("v")[0])]
        return numbers[-1] if numbers[-1] > before else None
    if season is not None:
        cross = _CROSS.match(word.low)
        if cross is not None and int(cross.group(1)) == season and int(cross.group(2)) > before:
            return int(cross.group(2)) if word.gap in _CHAINS | {".", " "} else None
        full = _FULL.match(word.low)
        if full is not None and int(full.group(2)) == season:
            numbers = [int(n) for n in _DIGITS.findall(full.group(3))]
            return numbers[-1] if word.gap in _CHAINS | {".", " "} and numbers[-1] > before else None
        more = _CROSS_MORE.match(word.low)
        if more is not None and word.term is None and word.gap in _CHAINS:
            return int(more.group(1))
    if word.number is not None and len(word.low) <= 4 and before < word.number <= before + LONGEST_RANGE:
        if word.gap in _TIGHT_CHAINS and (word.term is None or word.term.field != "resolution"):
            return word.number
        if word.gap == "_" and len(word.low) == 2 and word.number == before + 1:
            return word.number
    return None


def _give(reading: Reading, season: int | None, episodes: list[int], first: int, last: int, offset: int = 0) -> None:
    """Set season and episodes read in the words [first, last]."""
    total = _total_behind(reading, last)
    if total is not None:
        last += 2 if reading.words[last + 2 - 1].low in OF else 1
        last = min(last, len(reading.words) - 1)
    span = reading.mark("episodes", first, last, offset)
    if season is not None:
        reading.set("seasons", [season], span)
    if total is not None and episodes == list(range(1, total + 1)) and total > 1:
        reading.set("full_season", True, span)
        reading.set("season_pack", "full", span)
        return
    reading.set("episodes", episodes, span)


def _total_behind(reading: Reading, last: int) -> int | None:
    """The N of "of N" behind words[last]; 0 where it is left open ("of XX")."""
    of, total = _at(reading, last + 1), _at(reading, last + 2)
    if (
        of is not None
        and total is not None
        and (of.low in OF or of.low in EPISODE_AFTER)
        and of.gap in _NEXT
        and (total.number is not None or total.low == "xx")
    ):
        return total.number or 0
    return None


def _read_full(reading: Reading, word: Word) -> bool:
    """S01E02 in one word, with whatever the title's last word was glued to it."""
    found = _FULL.match(word.low)
    if found is None:
        return False
    before, season, episodes_text, part, version = found.groups()
    if before and (len(season) != 2 or not before.isalpha() or len(before) > 20):
        return False
    numbers = [int(n) for n in _DIGITS.findall(episodes_text)]
    episodes = run(numbers[0], numbers[-1])
    last = follow(reading, episodes, word.index, int(season))
    _give(reading, int(season), episodes, word.index, last, len(before))
    _part_and_version(reading, part, version, word)
    return True


def _part_and_version(reading: Reading, part: str, version: str | None, word: Word) -> None:
    span = Span(word.start, word.end)
    if part:
        reading.set("split_episode", True, span)
    set_version(reading, version, span)


def _read_cross(reading: Reading, word: Word) -> bool:
    """1x02, 2x04x05, 2010x15 - 2010x16."""
    found = _CROSS.match(word.low)
    if found is None and word.term is None:
        return _read_odd_cross(reading, word)
    if found is None or (word.term is not None and word.term.field == "resolution"):
        return False
    season, episode, more, part, version = found.groups()
    if len(season) >= 3 and len(episode) >= 3 and not 1900 <= int(season) <= 2100:
        return False
    numbers = [int(episode), *(int(n) for n in _DIGITS.findall(more))]
    episodes = run(numbers[0], numbers[-1])
    last = follow(reading, episodes, word.index, int(season))
    _give(reading, int(season), episodes, word.index, last)
    _part_and_version(reading, part, version, word)
    return True


def _read_odd_cross(reading: Reading, word: Word) -> bool:
    """ "1 x 03", "01E06", and 1x01 glued to the title's last word."""
    glued = _GLUED_CROSS.match(word.low)
    if glued is not None:
        _give(reading, int(glued.group(2)), [int(glued.group(3))], word.index, word.index, len(glued.group(1)))
        return True
    naked = _NAKED.match(word.low)
    if naked is not None and word.index > reading.title_from:
        _give(reading, int(naked.group(1)), [int(naked.group(2))], word.index, word.index)
        return True
    by, number = _at(reading, word.index + 1), _at(reading, word.index + 2)
    if word.number is None or by is None or number is None or by.low != "x" or (by.gap, number.gap) != (" ", " "):
        return False
    if number.number is None or len(number.low) != 2 or len(word.low) > 2:
        return False
    _give(reading, word.number, [number.number], word.index, number.index)
    return True


def read_late_episode(reading: Reading) -> None:
    """The episode that comes some words after its season: "Stagione 6 (2016) 720p ep13"."""
    if "episodes" in reading.facts or len(reading.facts.get("seasons", ())) != 1:
        return
    for word in reading.numbers:
        if word.used is None and word.index > reading.mark_end and word.low.startswith(("ep", "folge", "afl", "серия")):
            found = _named_episodes(reading, word.index, True)
            if found is not None:
                reading.set("episodes", found[0], reading.mark("episodes", word.index, found[1]))
                return


def _season_at(reading: Reading, index: int) -> tuple[list[int], int, bool] | None:
    """The seasons that begin at words[index], the last word of them, and whether a word such as "Season" says so."""
    word = reading.words[index]
    found = _SEASON.match(word.low)
    if found is not None:
        return _more_seasons(reading, int(found.group(1)), index, False)
    number = _at(reading, index + 1)
    if word.low == "s" and number is not None and number.number is not None:
        if number.gap in (" ", ".", "_") and len(number.low) == 2:
            return _more_seasons(reading, number.number, index + 1, False)
        return None
    if word.low in SEASON:
        return _named_season(reading, word, number)
    if "leading_group" not in reading.found and (index > reading.title_from or "第" in word.low[1:]):
        counted = _CJK_SEASON.search(word.low)
        number_of_it = cjk_number(counted.group()) if counted is not None else None
        if number_of_it is not None:
            return [number_of_it], index, True
    glued = _GLUED.match(word.low)
    if glued is not None and glued.group(1) in SEASON and glued.group(1) not in ("temp", "se"):
        return _more_seasons(reading, int(glued.group(2)), index, True)
    return None


def _named_season(reading: Reading, word: Word, number: Word | None) -> tuple[list[int], int, bool] | None:
    """ "Season 1", "Season VII", "2nd Season"."""
    series = word.low in ("series", "serie", "se")
    if number is not None:
        spelled = _spelled_number(number)
        if spelled is not None and not series:
            return [spelled], number.index, True
        gap = number.gap.replace("(", "") if word.low.endswith("s") else number.gap
        if number.number is not None and len(number.low) <= 4 and gap.strip(" ._#-:№") == "" and not dashed(gap):
            if series and not _is_series_number(reading, word.index):
                return None
            return _more_seasons(reading, number.number, number.index, True)
    ordinal = ORDINALS.get(reading.words[word.index - 1].low) if word.index - 1 > reading.title_from else None
    if ordinal is not None and word.gap in (" ", ".", "_"):
        return [ordinal], word.index, True
    return None


def _spelled_number(word: Word) -> int | None:
    """ "Saison VII", "Season Two"."""
    if word.gap.strip(" ._") or word.low in ("i", "v", "x"):
        return None
    return ROMANS.get(word.low) or (NUMBERS.get(word.low) if len(word.low) > 2 else None)


def _is_series_number(reading: Reading, index: int) -> bool:
    """Whether "Series 2" is a season: a title stands before it, a dash sets it off, or an episode follows."""
    word, number = reading.words[index], reading.words[index + 1]
    if len(number.low) > 2:
        return False
    after = _at(reading, index + 2)
    follows = after is not None and (after.low in EPISODE or _EPISODE.match(after.low) is not None)
    return follows or (index > reading.title_from and dashed(word.gap))


def _more_seasons(reading: Reading, season: int, last: int, named: bool) -> tuple[list[int], int, bool]:
    """S01-S07, "S01 S04", "S01 04", "Seasons 1-3", "Season 01 - Season 07", "Season 1, 2 & 3", "Seasons 1 to 6"."""
    seasons = [season]
    while (word := _at(reading, last + 1)) is not None:
        step = 1
        found = _SEASON.match(word.low)
        after = _at(reading, last + 2)
        listed = False
        if found is not None:
            number: int | None = int(found.group(1))
            if number == season and len(seasons) == 1 and named:
                last += 1
                continue
        elif after is not None and after.number is not None and word.low in SEASON:
            number, step = after.number, 2
        elif named and after is not None and after.number is not None and word.low in _TO | _AND and len(after.low) < 3:
            number, step, listed = after.number, 2, word.low in _AND
        elif named and word.gap in _LIST_GAPS:
            number, listed = _listed(word, seasons[-1]), True
        else:
            number = word.number if _goes_on(reading, word, named) else None
        if number is None or not seasons[-1] < number <= seasons[-1] + 60 or word.gap.strip(" ._-~–&+,/:") != "":
            break
        seasons = sorted({*seasons, *([number] if listed else run(seasons[-1], number))})
        last += step
    return seasons, last, named


def _listed(word: Word, before: int) -> int | None:
    """The number of a list of seasons; without a comma only the next one counts ("Season 1 2 3")."""
    if word.number is None or len(word.low) > 2 or word.term is not None:
        return None
    return word.number if word.gap != " " or word.number == before + 1 else None


def _goes_on(reading: Reading, word: Word, named: bool) -> bool:
    """Whether a bare number may go on a range of seasons."""
    before = reading.words[word.index - 1]
    technical = word.term is not None and word.term.field in ("resolution", "audio")
    if word.number is None or len(word.low) > 2 or technical:
        return False
    if named:
        loose = dashed(word.gap) and "leading_group" not in reading.found
        return loose or word.gap in _TIGHT_CHAINS or word.gap in (" -", "- ", ":", ": ")
    if word.gap in _TIGHT_CHAINS:
        return len(word.low) == len(before.low.lstrip("s")) or len(before.low) > 2
    return word.gap in (" ", ".", "_") and len(word.low) == 2


def _read_split(reading: Reading, word: Word) -> bool:
    """S01 E02, S01.Ep02, "S02 - E06", "s06.01"; S01 alone is a season pack and waits for `_read_words`."""
    found = _SEASON.match(word.low)
    if found is None:
        return False
    season = int(found.group(1))
    after = _at(reading, word.index + 1)
    if after is None or after.used is not None:
        return False
    episode = _EPISODE.match(after.low)
    if episode is not None and after.gap in _NEXT:
        if dashed(after.gap) and after.low.startswith("ep"):
            return False
        numbers = [int(n) for n in _DIGITS.findall(after.low.partition("v")[0])]
        episodes = run(numbers[0], numbers[-1])
        last = follow(reading, episodes, after.index, season)
        _give(reading, season, episodes, word.index, last)
        _part_and_version(reading, episode.group(3), episode.group(4), after)
        return True
    number = _at(reading, word.index + 2)
    if (
        after.low in ("e", "ep", "episode")
        and number is not None
        and number.number is not None
        and not dashed(after.gap)
    ):
        episodes = [number.number]
        last = follow(reading, episodes, number.index, season)
        _give(reading, season, episodes, word.index, last)
        return True
    if after.number is not None and len(after.low) == 2 and after.gap in (".", " ", "_") and after.number <= season:
        _give(reading, season, [after.number], word.index, after.index)
        return True
    return False


def _read_counted_words(reading: Reading, word: Word) -> bool:
    """ "2 сезон 24 серия", "2. Staffel Folge 5", "3 Temporada": the number stands before its word."""
    number = _number_before(reading, word, SEASON_AFTER)
    if number is None or word.index - 1 < reading.title_from:
        return False
    first, last = word.index - 1, word.index
    while first > reading.title_from and reading.words[first].low in ("и", "го", "я", "a", "o"):
        first -= 1
    episodes = _named_episodes(reading, last + 1, True)
    if episodes is None and last + 2 < len(reading.words):
        after = reading.words[last + 2]
        if after.low in ("я", "и") and last + 3 < len(reading.words):
            after = reading.words[last + 3]
        if after.low in EPISODE_AFTER and reading.words[last + 1].number is not None:
            episodes = [reading.words[last + 1].number or 0], after.index
    if episodes is not None:
        _give(reading, number, episodes[0], first, episodes[1])
        return True
    after_number = _at(reading, last + 1)
    if word.low == "season" or (
        after_number is not None
        and after_number.number is not None
        and len(after_number.low) < 3
        and after_number.gap == " "
    ):
        return False
    reading.set("seasons", [number], reading.mark("seasons", first, last))
    return True


def _number_before(reading: Reading, word: Word, names: frozenset[str]) -> int | None:
    """The number in front of a word of numbering."""
    before = _at(reading, word.index - 1)
    if word.low not in names or before is None or word.gap.strip(" ._-ªº°") != "" or dashed(word.gap):
        return None
    if before.low in ("и", "го", "я", "a", "o") and word.index >= 2:
        before = reading.words[word.index - 2]
    found = _NUMBER_BEFORE.match(before.low)
    return int(found.group(1)) if found is not None else None


def _read_words(reading: Reading, word: Word) -> bool:
    """ "Season 1", with the episodes behind it or without."""
    seasons = _season_at(reading, word.index)
    if seasons is None:
        return False
    numbers, last, named = seasons
    first = (
        word.index - 1
        if word.low in SEASON and word.index and reading.words[word.index - 1].low in ORDINALS and last == word.index
        else word.index
    )
    if len(numbers) == 1:
        episodes = _named_episodes(reading, last + 1, named)
        if episodes is not None:
            _give(reading, numbers[0], episodes[0], first, episodes[1])
            return True
        if _is_anime_season(reading, last + 1, named):
            return False
    if first == len(reading.words) - 1 and word.gap == "-" and _technical_before(reading, first):
        return False
    number = _at(reading, last + 1)
    if (
        len(numbers) == 1
        and number is not None
        and number.number is not None
        and named
        and number.number < numbers[0]
        and len(number.low) == 2
        and number.gap in (" ", ".", "_")
    ):
        _give(reading, numbers[0], [number.number], first, number.index)
        return True
    glued = _CJK_SEASON.search(word.low)
    span = reading.mark("seasons", first, last, glued.start() if glued is not None else 0)
    reading.set("seasons", numbers, span)
    return True


def _technical_before(reading: Reading, index: int) -> bool:
    """Whether the word before is technical: then "-S56" is a group."""
    return index > 0 and (reading.words[index - 1].term is not None or reading.words[index - 1].used == "channels")


def _named_episodes(reading: Reading, index: int, named: bool) -> tuple[list[int], int] | None:
    """ "Episode 5-6" at words[index], and the last word of it."""
    word, after = _at(reading, index), _at(reading, index + 1)
    if word is None or (dashed(word.gap) and not named) or word.gap.strip(" ._-,)]([#/:–") != "":
        return None
    found = _EPISODE.match(word.low)
    if found is not None:
        episodes = [int(found.group(1))]
        return episodes, follow(reading, episodes, index, None)
    counted = _CJK_EPISODE.match(word.low)
    if counted is not None:
        return [cjk_number(word.low) or 0], index
    if (
        word.low in EPISODE
        and after is not None
        and after.number is not None
        and len(after.low) <= 4
        and after.gap.strip(" ._#-:№(") == ""
    ):
        if word.low == "cap" and len(after.low) >= 3:
            return None
        episodes = [after.number]
        return episodes, follow(reading, episodes, index + 1, None)
    return None


def _is_anime_season(reading: Reading, index: int, named: bool) -> bool:
    """Whether an absolute number stands behind a dash: "Title S2 - 05"; then S2 is a part of the title."""
    word = _at(reading, index)
    if word is None or (named and "leading_group" not in reading.found):
        return False
    if not dashed(word.gap):
        return (
            not named and reading.words[index - 1].box >= 0 and word.number is not None and reading.alone(index, index)
        )
    if word.low in EPISODE:
        word = _at(reading, index + 1)
        return word is not None and word.number is not None
    return _EPISODE.match(word.low) is not None or re.match(r"^\d{1,4}(v\d)?$", word.low) is not None


def _read_cap(reading: Reading, word: Word) -> bool:
    """The Spanish "Cap.201": season 2, episode 1."""
    if word.low not in ("cap", "capitulo"):
        return False
    number = _at(reading, word.index + 1)
    if number is None or number.number is None or len(number.low) not in (3, 4):
        return False
    _give_cap(reading, word.index, number)
    return True


def _give_cap(reading: Reading, first: int, number: Word) -> None:
    season, episode = divmod(number.number or 0, 100)
    episodes = [episode]
    last = number.index
    after = _at(reading, last + 1)
    if after is not None and after.number is not None and after.gap in _CHAINS and after.number // 100 == season:
        episodes = run(episode, after.number % 100)
        last += 1
    span = reading.mark("episodes", first, last)
    reading.set("seasons", [season], span)
    reading.set("episodes", episodes, span)


def prefer_cap(reading: Reading) -> None:
    """ "Temporada 2 [Cap.1901]": the chapter knows its season better than the folder does."""
    if "episodes" in reading.facts:
        return
    for word in reading.numbers:
        if word.low == "cap" and word.used is None and _read_cap(reading, word):
            reading.facts.pop("full_season", None)
            return


def _read_counted(reading: Reading, word: Word) -> bool:
    """5of9, "5 of 9": an episode of a mini-series."""
    found = _COUNTED.match(word.low)
    if found is not None:
        if int(found.group(1)) <= int(found.group(2)):
            _give(reading, None, [int(found.group(1))], word.index, word.index)
            reading.set("seasons", [1])
            return True
        return False
    if word.number is None or not 0 < len(word.low) < 4:
        return False
    of, total = _at(reading, word.index + 1), _at(reading, word.index + 2)
    if of is None or of.low != "of" or total is None or total.number is None or not word.number <= total.number < 500:
        return False
    if word.index <= reading.title_from and word.box < 0:
        return False
    reading.set("seasons", [1])
    reading.set("episodes", [word.number], reading.mark("episodes", word.index, total.index))
    return True


def read_anime_season(reading: Reading) -> None:
    """The season in brackets or spelled out beside an absolute number: "Title (Season 2) - 33"."""
    for word in reading.numbers:
        if word.used is None and word.low in SEASON and word.box >= 0:
            found = _season_at(reading, word.index)
            if found is not None and len(found[0]) == 1:
                reading.set("seasons", found[0], reading.mark("seasons", word.index, found[1]))
                return


def is_episode_after(word: Word) -> bool:
    """Whether a word says that the number before it is an episode's ("60.Bolum")."""
    return word.low in EPISODE_AFTER
