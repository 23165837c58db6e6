"""Seasons and episodes where the name says which is which: S01E02, 1x02, "Season 1 Episode 2", "Cap.102", "2 of 9".

The recognisers stand in the order of what they prove; the first that finds its words ends the search. Each begins at
a word that holds a digit or is a word of numbering, and follows the numbers behind it as long as they go on rising.
"""

from __future__ import annotations

import re

from mydia.core.release.facts import Span
from mydia.core.release.passes.counting import (
    CHAINS,
    DIGITS,
    EPISODE_WORD,
    SEASON_WORD,
    TO,
    Recogniser,
    begun_by,
    cjk_number,
    cross,
    episodes_in,
    follow,
    full,
    range_from,
    run,
    set_version,
    word_at,
)  # fmt: skip
from mydia.core.release.passes.dates import date_at
from mydia.core.release.passes.seasons import CJK_SEASON, begins_season, number_before, season_at, technical_before
from mydia.core.release.reading import Reading, dashed
from mydia.core.release.tables.words import EPISODE, EPISODE_AFTER, OF, ORDINALS, PART, SEASON, SEASON_AFTER, SO_FAR
from mydia.core.release.tokens import Word, is_han

_NAKED = re.compile(r"^(\d{2})e(\d{2})$")
_GLUED_CROSS = re.compile(r"^([^\W\d_]{3,20})(\d{1,2})x(\d{2})$")
_CROSS_LINES = re.compile(r"^(\d{1,2})x(\d{2})(?:m?\d{3,4}p)$")
_COUNTED = re.compile(r"^(\d{1,3})(?:of|iz|из)(\d{1,3})$")
_EXTRA = re.compile(r"^x(\d{1,3})$")
_CJK_EPISODE = re.compile(r"^第[\d一二三四五六七八九十]{1,4}[話话集回]$")
_PICTURE_OR_SOUND = frozenset(["resolution", "video_codec", "audio", "bit_depth"])
"""What a word says that tells no season or episode, whatever digits it has."""
_COUNTING = frozenset(["of", "из"])
_CAP = frozenset(["cap", "capitulo"])
_NEXT = frozenset(["", " ", ".", "_", "-", " - ", ", ", ",", ".-.", "_-_"])


def read_numbering(reading: Reading) -> bool:
    """Find season and episode. True when something was found."""
    words = [w for w in reading.numbers if w.used is None and (w.term is None or w.term.field not in _PICTURE_OR_SOUND)]
    begun = sorted((place, at) for at, word in enumerate(words) for place in _begun_by(word.low))
    return any(_RECOGNISERS[place].read(reading, words[at]) for place, at in begun)


def _give(reading: Reading, season: int | None, episodes: list[int], first: int, last: int, offset: int = 0) -> None:
    """Set season and episodes read in the words [first, last]."""
    total = total_behind(reading, last)
    if total and len(episodes) == 1 and any(w.low in SO_FAR for w in reading.words[first:last]):
        episodes = run(1, episodes[0])
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


def total_behind(reading: Reading, last: int) -> int | None:
    """The N of "of N" behind words[last]; 0 where it is left open ("of XX")."""
    of, total = word_at(reading, last + 1), word_at(reading, last + 2)
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
    found = full(word.low)
    if found is None:
        return False
    before, season, episodes_text, part, version = found.groups()
    if before and (len(season) != 2 or not before.isalpha() or len(before) > 20):
        return False
    numbers = episodes_in(episodes_text)
    episodes = run(numbers[0], numbers[-1])
    last = follow(reading, episodes, word.index, int(season))
    _give(reading, int(season), episodes, word.index, last, len(before))
    _part_and_version(reading, part, version, word)
    return True


def _part_and_version(reading: Reading, part: str, version: str | None, word: Word) -> None:
    if part or version:
        span = Span(word.start, word.end)
        if part:
            reading.set("split_episode", True, span)
        set_version(reading, version, span)


def _read_cross(reading: Reading, word: Word) -> bool:
    """1x02, 2x04x05, 2010x15 - 2010x16."""
    found = cross(word.low)
    if found is None and word.term is None:
        return _read_odd_cross(reading, word)
    if found is None or (word.term is not None and word.term.field == "resolution"):
        return False
    if word.gap == "." and word.index and reading.words[word.index - 1].low[-1:].isdecimal() and word.box >= 0:
        return False  # "5.1x2" is a count of tracks
    season, episode, more, part, version = found.groups()
    if len(season) == 4 and date_at(reading, word.index) is not None:
        return False
    if len(season) >= 3 and len(episode) >= 3 and not 1900 <= int(season) <= 2100:
        return False
    numbers = [int(episode), *(int(n) for n in DIGITS.findall(more))]
    episodes = run(numbers[0], numbers[-1])
    last = follow(reading, episodes, word.index, int(season))
    _give(reading, int(season), episodes, word.index, last)
    _part_and_version(reading, part, version, word)
    return True


def _read_odd_cross(reading: Reading, word: Word) -> bool:
    """Read "1 x 03", "01E06", 1x01 glued to the title's last word, and "3x11m720p" glued to the resolution."""
    glued = _GLUED_CROSS.match(word.low)
    if glued is not None:
        _give(reading, int(glued.group(2)), [int(glued.group(3))], word.index, word.index, len(glued.group(1)))
        return True
    naked = _NAKED.match(word.low) or _CROSS_LINES.match(word.low)
    if naked is not None and word.index > reading.title_from:
        _give(reading, int(naked.group(1)), [int(naked.group(2))], word.index, word.index)
        return True
    by, number = word_at(reading, word.index + 1), word_at(reading, word.index + 2)
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


def _read_split(reading: Reading, word: Word) -> bool:
    """S01 E02, S01.Ep02, "S02 - E06", "s06.01"; S01 alone is a season pack and waits for `_read_words`."""
    found = SEASON_WORD.match(word.low)
    if found is None:
        return False
    season = int(found.group(1))
    after = word_at(reading, word.index + 1)
    if after is None or after.used is not None:
        return False
    extra = _EXTRA.match(after.low)
    if extra is not None and after.gap == "-":
        _give(reading, season, [int(extra.group(1))], word.index, after.index)
        return True
    episode = EPISODE_WORD.match(after.low)
    if episode is not None and after.gap in _NEXT:
        if dashed(after.gap) and after.low.startswith("ep"):
            return False
        numbers = [int(n) for n in DIGITS.findall(after.low.partition("v")[0])]
        episodes = run(numbers[0], numbers[-1])
        last = follow(reading, episodes, after.index, season)
        _give(reading, season, episodes, word.index, last)
        _part_and_version(reading, episode.group(3), episode.group(4), after)
        return True
    number = word_at(reading, word.index + 2)
    if (
        after.low in ("e", "ep", "episode")
        and number is not None
        and number.number is not None
        and not dashed(after.gap)
    ):
        number = _behind_its_season(reading, number)
        episodes = [number.number or 0]
        last = follow(reading, episodes, number.index, season)
        _give(reading, season, episodes, word.index, last)
        return True
    if after.number is not None and len(after.low) == 2 and _is_bare_episode(reading, word, after, season):
        _give(reading, season, [after.number], word.index, after.index)
        return True
    return False


def _is_bare_episode(reading: Reading, word: Word, after: Word, season: int) -> bool:
    """Whether two digits behind S01 are its episode: "S01.07", "S06 01", "S02 03" at the end, "[S2-07]", not "S01 04 (1080p)"."""
    if after.gap == "-":
        told = "leading_group" in reading.found and after.low[0] == "0" and word.box < 0
        return len(word.low) == 2 and (told or reading.alone(word.index, after.index))
    if after.gap not in (".", " ", "_") or after.term is not None or after.used is not None:
        return False
    return after.gap == "." or (after.number or 0) <= season or after.index == len(reading.words) - 1


def _read_counted_words(reading: Reading, word: Word) -> bool:
    """Read "2 сезон 24 серия", "2. Staffel Folge 5", "3 Temporada": the number stands before its word."""
    number = number_before(reading, word, SEASON_AFTER)
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
        ordinal = after.low in EPISODE and after.gap == ". "  # "3. Folge"
        if (after.low in EPISODE_AFTER or ordinal) and reading.words[last + 1].number is not None:
            episodes = [reading.words[last + 1].number or 0], after.index
        behind = word_at(reading, last + 3)
        if behind is not None and behind.low in EPISODE_AFTER and after.gap == "-" and after.number is not None:
            episodes = run(reading.words[last + 1].number or 0, after.number), behind.index
    if episodes is not None:
        _give(reading, number, episodes[0], first, episodes[1])
        return True
    after_number = word_at(reading, last + 1)
    if word.low == "season" or (
        after_number is not None
        and after_number.number is not None
        and len(after_number.low) < 3
        and after_number.gap == " "
    ):
        return False
    start = number_before(reading, reading.words[first - 1], TO) if first > reading.title_from + 2 else None
    if start is not None and start < number:
        reading.set("seasons", run(start, number), reading.mark("seasons", first - 2, last))
        return True
    reading.set("seasons", [number], reading.mark("seasons", first, last))
    return True


def _read_words(reading: Reading, word: Word) -> bool:
    """Read "Season 1", with the episodes behind it or without."""
    seasons = season_at(reading, word.index)
    if seasons is None:
        return False
    numbers, last, named = seasons
    first = (
        word.index - 1
        if word.low in SEASON and word.index and reading.words[word.index - 1].low in ORDINALS and last == word.index
        else word.index
    )
    glued = CJK_SEASON.search(word.low)
    offset = glued.start() if glued is not None else 0
    if len(numbers) == 1:
        episodes = _named_episodes(reading, last + 1, named) or _episodes_behind(reading, last + 1, named)
        if episodes is not None:
            _give(reading, numbers[0], episodes[0], first, episodes[1], offset)
            return True
        if _is_anime_season(reading, last + 1, named):
            return False
    if word.gap == "-" and reading.technical(first + 1) and last == first and technical_before(reading, first):
        return False  # a group: "x264-S56"
    number = word_at(reading, last + 1)
    if (
        len(numbers) == 1
        and number is not None
        and number.number is not None
        and named
        and (number.number < numbers[0] or (last == word.index and number.low[0] == "0"))
        and len(number.low) == 2
        and number.gap in (" ", ".", "_")
    ):
        _give(reading, numbers[0], [number.number], first, number.index)
        return True
    span = reading.mark("seasons", first, last, offset)
    reading.set("seasons", numbers, span)
    return True


def _named_episodes(reading: Reading, index: int, named: bool) -> tuple[list[int], int] | None:
    """Read "Episode 5-6" at words[index], and the last word of it."""
    word, after = word_at(reading, index), word_at(reading, index + 1)
    if word is None or (dashed(word.gap) and not named) or word.gap.strip(" ._-,)]([#/:–") != "":
        return None
    found = EPISODE_WORD.match(word.low)
    if found is not None:
        episodes = [int(found.group(1))]
        return episodes, follow(reading, episodes, index, None)
    counted = _CJK_EPISODE.match(word.low)
    if counted is not None:
        return [cjk_number(word.low) or 0], index
    if (
        (word.low in EPISODE or (word.low == "e" and not named))
        and after is not None
        and after.number is not None
        and len(after.low) <= 4
        and after.gap.strip(" ._#-:№(") == ""
    ):
        if word.low == "cap" and len(after.low) >= 3:
            return None
        number = _behind_its_season(reading, after)
        episodes = [number.number or 0]
        return episodes, follow(reading, episodes, number.index, None)
    return None


def _behind_its_season(reading: Reading, word: Word) -> Word:
    """The episode's number; in "#1.2", which repeats the season, the second."""
    second = word_at(reading, word.index + 1)
    repeats = word.gap.endswith("#") and second is not None and second.number is not None and second.gap == "."
    return second if repeats and second is not None else word


def _episodes_behind(reading: Reading, index: int, named: bool) -> tuple[list[int], int] | None:
    """The episodes behind a season that no word names: "Season 2 1of4", "S01 (01 - 12)", "Season 2 - 10 ~ 12", "- S2 - 01"."""
    word = word_at(reading, index)
    if word is None or word.used is not None:
        return None
    counted = _COUNTED.match(word.low)
    if counted is not None and word.gap in (" ", ".", "_"):
        return [int(counted.group(1))], index
    ordinal = reading.words[index - 1].low in SEASON
    parted = word_at(reading, index + 2)
    if word.low in PART and parted is not None and dashed(word.gap) and dashed(parted.gap):
        index, word, ordinal = index + 2, parted, True
    bare = re.match(r"^(\d{1,3})(?:v(\d))?$", word.low)
    if bare is None:
        return None
    to = word_at(reading, index + 1)
    if (
        to is not None
        and to.number is not None
        and to.box == word.box >= 0
        and to.gap.strip() in ("-", "~")
        and reading.alone(index, index + 1)
    ):
        return run(int(bare.group(1)), to.number), index + 1
    if len(bare.group(1)) < 2 or not dashed(word.gap) or word.box >= 0:
        return None
    episodes, last = range_from(reading, word, int(bare.group(1)))
    if not reading.technical(last + 1):
        return None
    fansub = "leading_group" in reading.found
    told = not fansub or word is parted or not is_han(reading.name)  # Chinese groups give the season with the title
    if (fansub and _is_set_off(reading, index, named)) or (ordinal and told):
        set_version(reading, bare.group(2), reading.span(index, index))
        return episodes, last
    return None


def _is_set_off(reading: Reading, index: int, named: bool) -> bool:
    """Whether the season before words[index] is no part of an anime's title: "Season 2 - 10", "Title - S2 - 01"."""
    season = reading.words[index - 1]
    return season.box < 0 and (dashed(season.gap) or (named and season.number is not None))


def _is_anime_season(reading: Reading, index: int, named: bool) -> bool:
    """Whether an absolute number stands behind a dash: "Title S2 - 05"; then S2 is a part of the title."""
    word = word_at(reading, index)
    if word is None or (named and "leading_group" not in reading.found):
        return False
    if named and _is_boxed_title(reading, index - 1):
        return True
    if not dashed(word.gap):
        return (
            not named and reading.words[index - 1].box >= 0 and word.number is not None and reading.alone(index, index)
        )
    if word.low in EPISODE:
        word = word_at(reading, index + 1)
        return word is not None and word.number is not None
    return EPISODE_WORD.match(word.low) is not None or re.match(r"^\d{1,4}(v\d)?$", word.low) is not None


def _is_boxed_title(reading: Reading, last: int) -> bool:
    """Whether the season ends a title in a bracket, and a bracket behind it has the number: "[Title 2nd Season][2022][05]"."""
    number = reading.words[last].box
    if number < 0 or reading.boxes[number].sign not in "[【" or reading.boxes[number].last != last:
        return False
    if reading.words[reading.boxes[number].first].low in SEASON:
        return False
    return any(w.index > last and w.number is not None and reading.alone(w.index, w.index) for w in reading.numbers)


def _read_cap(reading: Reading, word: Word) -> bool:
    """The Spanish "Cap.201": season 2, episode 1."""
    number = word_at(reading, word.index + 1)
    if number is None or number.number is None or len(number.low) not in (3, 4):
        return False
    _give_cap(reading, word.index, number)
    return True


def _give_cap(reading: Reading, first: int, number: Word) -> None:
    season, episode = divmod(number.number or 0, 100)
    episodes = [episode]
    last = number.index
    after = word_at(reading, last + 1)
    if after is not None and after.number is not None and after.gap in CHAINS and after.number // 100 == season:
        episodes = run(episode, after.number % 100)
        last += 1
    span = reading.mark("episodes", first, last)
    reading.set("seasons", [season], span)
    reading.set("episodes", episodes, span)


def prefer_cap(reading: Reading) -> None:
    """Read "Temporada 2 [Cap.1901]": the chapter knows its season better than the folder does."""
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
            _give(reading, None, [int(found.group(1))], _with_part(reading, word.index), word.index)
            reading.set("seasons", [1])
            return True
        return False
    if word.number is None or not 0 < len(word.low) < 4:
        return False
    of, total = word_at(reading, word.index + 1), word_at(reading, word.index + 2)
    if of is None or of.low not in _COUNTING or total is None or total.number is None:
        return False
    if not word.number <= total.number < 500 or (word.index <= reading.title_from and word.box < 0):
        return False
    before = reading.words[word.index - 1]
    first = before.number if before.number is not None and word.gap == "-" and before.box == word.box >= 0 else None
    if first is None and of.low == "из":
        first = 1  # a season that has come so far
    start = before.index if first is not None and word.gap == "-" else _with_part(reading, word.index)
    reading.set("seasons", [1])
    span = reading.mark("episodes", start, total.index)
    reading.set("episodes", run(first if first is not None else word.number, word.number), span)
    return True


def _with_part(reading: Reading, index: int) -> int:
    """The word "Part" before "2 of 4" with it."""
    before = index - 1
    return before if before > reading.title_from and reading.words[before].low in PART else index


def read_anime_season(reading: Reading) -> None:
    """The season in brackets or spelled out beside an absolute number: "Title (Season 2) - 33"."""
    for word in reading.numbers:
        if (
            word.used is None
            and word.low in SEASON
            and word.box >= 0
            and reading.boxes[word.box].first >= word.index - 1
        ):
            found = season_at(reading, word.index)
            if found is not None and len(found[0]) == 1:
                reading.set("seasons", found[0], reading.mark("seasons", word.index, found[1]))
                return


def is_episode_after(word: Word) -> bool:
    """Whether a word says that the number before it is an episode's ("60.Bolum")."""
    return word.low in EPISODE_AFTER


def _begins_cross(low: str) -> bool:
    if low.isdecimal():
        return len(low) < 3  # "1 x 03"
    if not ("x" in low or "х" in low or "e" in low):  # what each of the shapes has, and few other words with a digit
        return False
    return cross(low) is not None or any(shape.match(low) is not None for shape in (_GLUED_CROSS, _NAKED, _CROSS_LINES))


def _begins_counted(low: str) -> bool:
    return _COUNTED.match(low) is not None or (low.isdecimal() and len(low) < 4)


_RECOGNISERS = (
    Recogniser(full, _read_full),
    Recogniser(_begins_cross, _read_cross),
    Recogniser(SEASON_WORD.match, _read_split),
    Recogniser(SEASON_AFTER.__contains__, _read_counted_words),
    Recogniser(begins_season, _read_words),
    Recogniser(_CAP.__contains__, _read_cap),
    Recogniser(_begins_counted, _read_counted),
)
_begun_by = begun_by(_RECOGNISERS)
