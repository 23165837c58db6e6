"""The absolute number beside a season and episode: "- 05 - S01E05", "S10E14 214", "17.5 (S00E01)", "S01E05-E06 - 105-106 - Name"."""

from __future__ import annotations

from mydia.core.release.passes.counting import run, word_at
from mydia.core.release.passes.dates import FILM_YEARS
from mydia.core.release.reading import Reading, dashed
from mydia.core.release.terms import CODE
from mydia.core.release.tokens import Word


def read_beside(reading: Reading) -> None:
    """Find it right before the season, or right behind the last episode."""
    before, behind = min(reading.marks)[0] - 1, max(reading.marks)[1] + 1
    if before > reading.title_from and _in_front(reading, before):
        return
    if not _as_we_write(reading, behind) and "leading_group" in reading.found:
        _of_fansub(reading, behind)


def _in_front(reading: Reading, index: int) -> bool:
    word, lead = reading.words[index], reading.words[index - 1]
    if word.low.isdecimal() and len(word.low) == 1 and word.gap == "." and lead.number is not None and dashed(lead.gap):
        span = reading.mark("special_absolute_episodes", index - 1, index)
        reading.set("special_absolute_episodes", [float(f"{lead.number}.{word.low}")], span)
        return True
    ranged = word.number is not None and lead.number is not None and lead.number < word.number and len(lead.low) > 1
    if ranged and word.gap == "-" and index - 1 > reading.title_from:
        span = reading.mark("absolute_episodes", index - 1, index)
        reading.set("absolute_episodes", run(lead.number or 0, word.number or 0), span)
        return True
    if word.number is not None and word.number not in FILM_YEARS and dashed(word.gap) and word.box < 0:
        reading.set("absolute_episodes", [word.number], reading.mark("absolute_episodes", index, index))
        return True
    return False


def _as_we_write(reading: Reading, index: int) -> bool:
    """As many numbers as there are episodes, set off by dashes: "S01E05 - 105 - Name", "S01E05-06 - 105-106 - Name".

    They have three digits or more, and a dash behind them as well: "5x09 - 100 [720p]" is an episode's name.
    """
    word, episodes = word_at(reading, index), reading.facts["episodes"]
    if word is None or not _may_count(word) or word.number is None or len(word.low) < 3 or not dashed(word.gap):
        return False
    numbers, last = [word.number], index
    while len(numbers) < len(episodes) and (after := word_at(reading, last + 1)) is not None and _may_count(after):
        if after.number is None or not (after.gap == "-" or dashed(after.gap)):
            break
        numbers, last = run(word.number, after.number), last + 1
    behind = word_at(reading, last + 1)
    set_off = word.low[0] == "0" or (behind is not None and dashed(behind.gap))
    if not set_off or len(numbers) != len(episodes) or numbers[0] < episodes[0]:
        return False
    reading.set("absolute_episodes", numbers, reading.mark("absolute_episodes", index, last))
    return True


def _may_count(word: Word) -> bool:
    """Whether a word is a number that no other word takes ("1080" may be lines, but does not say so)."""
    return word.number is not None and word.used is None and (word.term is None or word.term.rank == CODE)


def _of_fansub(reading: Reading, index: int) -> None:
    word = word_at(reading, index)
    if word is None or word.number is None or len(word.low) < 3 or word.number in FILM_YEARS:
        return
    if word.gap == " " and reading.technical(index + 1):
        reading.set("absolute_episodes", [word.number], reading.mark("absolute_episodes", index, index))
