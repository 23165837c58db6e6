"""Numbers that no word names, in names that no release group made: 102 - Name, 3-07 Name, Show 03-20, [5.01], Show.05.Name.

Files that people numbered themselves. Each form asks for something that a film's title does not have: the number's
place in front or at the end, two digits behind the season's, a leading zero, and no year in the name.
"""

from __future__ import annotations

from mydia.core.release.passes.counting import claim_name, run, word_at
from mydia.core.release.passes.dates import FILM_YEARS
from mydia.core.release.reading import Reading, dashed
from mydia.core.release.tokens import Word

_WORD_GAPS = frozenset([".", "_", " "])
_JOINTS = frozenset(["-", "_", "."])


def read_in_front(reading: Reading) -> bool:
    """A number before everything else: "102 - Name", "611-612 - Name", "2-06. Name", "[5.01] Name"."""
    word = reading.numbers[0] if reading.numbers else None
    if word is None or word.index != reading.title_from or word.number is None or word.used is not None:
        return False
    after = word_at(reading, word.index + 1)
    if after is None or not _may_be_numbered(reading):
        return False
    if len(word.low) == 2 and word.low[0] == "0" and after.gap == "-" and after.number is None and word.box < 0:
        return _give(reading, None, [word.number], word, word)
    if after.number is not None and after.gap in ("-", ".") and _ends_number(reading, after):
        boxed = reading.alone(word.index, after.index)
        short = len(word.low) == 1 or ("container" in reading.facts and after.number != word.number + 1)
        if len(after.low) == 2 and len(word.low) < 3 and (boxed or (short and word.box < 0 and after.gap == "-")):
            return _give(reading, word.number, [after.number], word, after)
        if len(word.low) == 3 == len(after.low) and after.number == word.number + 1 and word.box < 0:
            behind = word_at(reading, after.index + 1)
            if behind is not None and behind.gap == ". ":
                claim_name(reading, behind.index)
            return _give(reading, None, run(word.number, after.number), word, after)
        return False
    if len(word.low) == 3 and word.low[0] != "0" and dashed(after.gap) and after.number is None and word.box < 0:
        return _give(reading, None, [word.number], word, word)
    return False


def read_pair(reading: Reading) -> bool:
    """Season and episode joined by a sign: "Show 03-20", "Show_03_19", "Show - 6.01 - Name", "Show [5.134] Name", "Show - 101 (01)"."""
    if not _may_be_numbered(reading, bare_year=True):
        return False
    for word in reading.numbers:
        after = word_at(reading, word.index + 1)
        if word.index <= reading.title_from or after is None or not _is_pair(reading, word, after):
            continue
        if after.gap in _JOINTS:
            return _give(reading, word.number, [after.number or 0], word, after)
        return _give(reading, (word.number or 0) // 100, [after.number or 0], word, after)
    return False


def _is_pair(reading: Reading, word: Word, after: Word) -> bool:
    """Whether two numbers are season and episode by what stands around them."""
    if word.number is None or after.number is None or word.used or after.used or word.term or after.term:
        return False
    if len(word.low) == 3 and dashed(word.gap) and reading.alone(after.index, after.index):
        return after.number == word.number % 100 and word.number >= 100
    if after.gap == "." and len(word.low) <= 2 and len(after.low) in (2, 3):
        behind = word_at(reading, after.index + 1)
        if reading.alone(word.index, after.index):
            return True
        if dashed(word.gap) and (behind is None or dashed(behind.gap)):
            return True
    if (len(word.low), len(after.low)) != (2, 2) or after.gap not in _JOINTS or dashed(word.gap) or word.box >= 0:
        return False
    ranged = after.gap == "-" and word.number == 1
    dotted = after.gap == "." and word.gap != "."
    third = reading.words[word.index - 1].number is not None and word.gap == after.gap
    return (
        not ranged
        and not dotted
        and not third
        and (word.gap, after.gap) != ("-", "-")
        and after.number > 0
        and _is_last(reading, after)
    )


def read_inside(reading: Reading) -> bool:
    """A number with a leading zero between the words of a name: "Show.05.Name"."""
    for word in reading.numbers:
        after = word_at(reading, word.index + 1)
        if (
            word.number
            and len(word.low) == 2
            and word.low[0] == "0"
            and word.used is None
            and word.box < 0
            and word.index > reading.title_from
            and after is not None
            and after.gap in _WORD_GAPS
            and word.gap.lstrip(")]") == after.gap
            and after.number is None
        ):
            return _may_be_numbered(reading) and _give(reading, None, [word.number], word, word)
    return False


def _may_be_numbered(reading: Reading, bare_year: bool = False) -> bool:
    """Whether nothing says film: no year, no release group in front, no word from who asks."""
    if reading.hint == "movie" or "leading_group" in reading.found:
        return False
    return bare_year or not any(w.number in FILM_YEARS and len(w.low) == 4 for w in reading.numbers)


def _ends_number(reading: Reading, word: Word) -> bool:
    """Whether a blank, a dash or a bracket's end stands behind a number."""
    behind = word_at(reading, word.index + 1)
    return behind is not None and (" " in behind.gap or behind.box != word.box) and behind.number is None


def _is_last(reading: Reading, word: Word) -> bool:
    """Whether nothing but a single letter stands behind."""
    behind = reading.words[word.index + 1 :]
    return not behind or (len(behind) == 1 and len(behind[0].low) == 1)


def _give(reading: Reading, season: int | None, episodes: list[int], first: Word, last: Word) -> bool:
    if first.index == reading.title_from:
        span = reading.use("episodes", first.index, last.index)
        reading.title_from = last.index + 1
    else:
        span = reading.mark("episodes", first.index, last.index)
    if season is not None:
        reading.set("seasons", [season], span)
    reading.set("episodes", episodes, span)
    return True
