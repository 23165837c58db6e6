"""The words of a season: S01, "Season 1", "2nd Season", "第二季", and ranges and lists of them."""

from __future__ import annotations

import re

from mydia.core.release.passes.counting import (
    DIGITS,
    EPISODE_WORD,
    SEASON_WORD,
    TIGHT_CHAINS,
    TO,
    cjk_number,
    run,
    word_at,
)  # fmt: skip
from mydia.core.release.reading import Reading, dashed
from mydia.core.release.tables.words import EPISODE, NUMBERS, ORDINALS, ROMANS, SEASON
from mydia.core.release.tokens import Word

CJK_SEASON = re.compile(r"第?[\d一二三四五六七八九十]{1,3}[季期]$|^シースン\d{1,2}$")
_NUMBER_BEFORE = re.compile(r"^(\d{1,2})(?:a|o|ao|aa|ª|º|°|th|st|nd|rd|и|го|ая)?$")
_GLUED_LIST = re.compile(r"^s\d{1,2}(?:s\d{1,2})+$")
_RUSSIAN_TV = frozenset(["тв", "tv"])
"""How Russian names count an anime's seasons, in brackets: "(ТВ-2)", "[TV-2]"."""
_WHOLE = re.compile(r"^(\d{1,2})xall$")
_COUNTED = re.compile(r"^(\d{1,3})of\d{1,3}$")
_SHORT = frozenset(["se", "sn"])
"""Words of a season so short that an episode has to stand behind them."""
_GLUED = re.compile(r"^([^\W\d_]{2,9})(\d{1,3})$")
_LIST_GAPS = frozenset([",", ", ", " , ", " ,", "&", " & ", "+", " + ", ", & ", " "])
_ENGLISH_ENDINGS = frozenset("st nd rd th".split())
_ORDINAL_ENDINGS = frozenset("и го я a o".split())
_AND = frozenset("and y et und e и".split())


def begins_season(low: str) -> bool:
    """Whether a word of this spelling can begin a season's words at all."""
    if low in SEASON or low in _RUSSIAN_TV or low == "s":
        return True
    if not low.isascii() and CJK_SEASON.search(low) is not None:
        return True
    glued = _GLUED.match(low)
    if glued is not None and (glued.group(1) in _SHORT or glued.group(1) in SEASON):
        return True
    if low.startswith("s"):
        return SEASON_WORD.match(low) is not None or _GLUED_LIST.match(low) is not None
    return low.endswith("xall") and _WHOLE.match(low) is not None


def season_at(reading: Reading, index: int) -> tuple[list[int], int, bool] | None:
    """The seasons that begin at words[index], the last word of them, and whether a word such as "Season" says so."""
    word = reading.words[index]
    found = SEASON_WORD.match(word.low)
    if found is not None:
        return _more_seasons(reading, int(found.group(1)), index, False)
    if _GLUED_LIST.match(word.low):
        return sorted({int(n) for n in DIGITS.findall(word.low)}), index, False
    whole = _WHOLE.match(word.low)
    if whole is not None and index > reading.title_from:
        return [int(whole.group(1))], index, False
    number = word_at(reading, index + 1)
    if word.low == "s" and number is not None and number.number is not None:
        if number.gap in (" ", ".", "_") and len(number.low) == 2:
            return _more_seasons(reading, number.number, index + 1, False)
        return None
    if word.low in _RUSSIAN_TV and number is not None and number.gap == "-" and reading.alone(index, index + 1):
        return ([number.number], index + 1, True) if number.number is not None and len(number.low) == 1 else None
    if word.low in SEASON:
        return _named_season(reading, word, number)
    if "leading_group" not in reading.found and (index > reading.title_from or "第" in word.low[1:]):
        counted = CJK_SEASON.search(word.low)
        number_of_it = cjk_number(counted.group()) if counted is not None else None
        if number_of_it is not None:
            return [number_of_it], index, True
    glued = _GLUED.match(word.low)
    if glued is not None and glued.group(1) in _SHORT and number is not None and number.gap in (" ", ".", "_"):
        episode = EPISODE_WORD.match(number.low) is not None or number.low in EPISODE
        return ([int(glued.group(2))], index, True) if episode else None
    if glued is not None and glued.group(1) in SEASON and glued.group(1) != "temp":
        return _more_seasons(reading, int(glued.group(2)), index, True)
    return None


def _named_season(reading: Reading, word: Word, number: Word | None) -> tuple[list[int], int, bool] | None:
    """Read "Season 1", "Season VII", "2nd Season"."""
    series = word.low in ("series", "serie", "se")
    ordinal = ORDINALS.get(reading.words[word.index - 1].low) if word.index - 1 > reading.title_from else None
    if (
        ordinal is not None
        and number is not None
        and number.low[0] == "0"
        and number.number
        and number.gap in (" ", ".", "_")
    ):
        return [ordinal], word.index, True
    if number is not None:
        spelled = _spelled_number(number)
        if spelled is not None and not series:
            return [spelled], number.index, True
        gap = number.gap.replace("(", "") if word.low.endswith("s") else number.gap
        if number.number is not None and len(number.low) <= 4 and gap.strip(" ._#-:№") == "" and not dashed(gap):
            if series and not _is_series_number(reading, word.index):
                return None
            return _more_seasons(reading, number.number, number.index, True)
        counted = _COUNTED.match(number.low)
        if counted is not None and number.gap in (" ", ".", "_") and not series:
            return [int(counted.group(1))], number.index, True
    before = reading.words[word.index - 2] if word.index - 2 > reading.title_from else None
    if ordinal is None and before is not None and reading.words[word.index - 1].low in _ENGLISH_ENDINGS:
        ordinal = before.number
    if ordinal is not None and word.gap in (" ", ".", "_"):
        return [ordinal], word.index, True
    return None


def _spelled_number(word: Word) -> int | None:
    """Read "Saison VII", "Season Two"."""
    if word.gap.strip(" ._") or word.low in ("i", "v", "x"):
        return None
    return ROMANS.get(word.low) or (NUMBERS.get(word.low) if len(word.low) > 2 else None)


def _is_series_number(reading: Reading, index: int) -> bool:
    """Whether "Series 2" is a season: a title stands before it, a dash sets it off, or an episode follows."""
    word, number = reading.words[index], reading.words[index + 1]
    if len(number.low) > 2:
        return False
    after = word_at(reading, index + 2)
    follows = after is not None and (after.low in EPISODE or EPISODE_WORD.match(after.low) is not None)
    follows = follows or (index > reading.title_from + 1 and reading.words[index - 1].low == "complete")
    return follows or (index > reading.title_from and dashed(word.gap))


def _more_seasons(reading: Reading, season: int, last: int, named: bool) -> tuple[list[int], int, bool]:
    """S01-S07, "S01 S04", "S01 04", "Seasons 1-3", "Season 01 - Season 07", "Season 1, 2 & 3", "Seasons 1 to 6"."""
    seasons = [season]
    while (word := word_at(reading, last + 1)) is not None:
        step = 1
        found = SEASON_WORD.match(word.low)
        after = word_at(reading, last + 2)
        listed = False
        if found is not None:
            number: int | None = int(found.group(1))
            if number == season and len(seasons) == 1 and named:
                last += 1
                continue
        elif after is not None and after.number is not None and word.low in SEASON:
            number, step = after.number, 2
        elif after is not None and word.low in TO and (found := SEASON_WORD.match(after.low)) is not None:
            number, step = int(found.group(1)), 2
        elif named and after is not None and after.number is not None and word.low in TO | _AND and len(after.low) < 3:
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
        whole = before.number == 1 and len(word.low) == 1  # "Season 1 - 6" of a fansub group, but not "Season 2 - 06"
        loose = dashed(word.gap) and ("leading_group" not in reading.found or whole)
        return loose or word.gap in TIGHT_CHAINS or word.gap in (" -", "- ", ":", ": ")
    if word.gap in TIGHT_CHAINS:
        return len(word.low) == len(before.low.lstrip("s")) or len(before.low) > 2
    return word.gap in (" ", ".", "_") and len(word.low) == 2


def number_before(reading: Reading, word: Word, names: frozenset[str]) -> int | None:
    """The number in front of a word of numbering."""
    before = word_at(reading, word.index - 1)
    if word.low not in names or before is None or word.gap.strip(" ._-ªº°") != "" or dashed(word.gap):
        return None
    if before.low in _ORDINAL_ENDINGS and word.index >= 2:
        before = reading.words[word.index - 2]
    found = _NUMBER_BEFORE.match(before.low)
    return int(found.group(1)) if found is not None else None


def technical_before(reading: Reading, index: int) -> bool:
    """Whether the word before is technical: then "-S56" is a group."""
    return index > 0 and (reading.words[index - 1].term is not None or reading.words[index - 1].used == "channels")
