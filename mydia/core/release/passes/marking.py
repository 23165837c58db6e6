"""Ask the lexicon about every word, and read the words that are half a spelling and half a number."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from mydia.core.release.lexicon import Entry, Lexicon, alone, build, entry_of, longest
from mydia.core.release.reading import Reading, dashed
from mydia.core.release.tables import audio, languages, video, words
from mydia.core.release.terms import STRONG, WEAK, Term
from mydia.core.release.tokens import Word

LEXICON: Lexicon = build(
    (
        languages.AUDIO, languages.TRACKS, languages.SUBTITLES,
        video.SERVICES, video.CONTAINERS, video.SOURCES, video.MODIFIERS, video.RESOLUTIONS, video.VIDEO_CODECS,
        video.DEPTHS, video.HDR, video.THREE_D, audio.CODECS, audio.CHANNELS,
        words.REVISIONS, words.EDITIONS, words.PACKS, words.SPECIALS, words.REMARKS,
    )
)  # fmt: skip

Meaning = Callable[[Reading, Word, re.Match[str]], Term | None]
"""What a word of some shape means where it stands."""

_NUMBERING = words.SEASON | words.EPISODE | words.PART | words.MONTHS.keys() | {"s", "e", "x", "тв", "tv"}
_CJK_COUNTERS = frozenset("季期話话集回")
_HEIGHTS = ((400, 480), (500, 480), (560, 480), (620, 576), (980, 720), (1300, 1080), (9999, 2160))


class _Known(NamedTuple):
    """What the spelling of a word says by itself."""

    counts: bool
    """Whether numbering looks at it."""
    entry: Entry | None
    """The spellings of the lexicon that begin with it."""
    shapes: tuple[tuple[Meaning, re.Match[str]], ...]
    """The shapes it has, where it is half a spelling and half a number."""


@lru_cache(
    maxsize=1 << 13
)  # names share most of their words, and most of those say nothing: half of the time marking takes
def _known(low: str) -> _Known | None:
    plain = low.isalpha()
    counts = not plain or low in _NUMBERING or low[-1:] in _CJK_COUNTERS
    entry = entry_of(LEXICON, low)
    mixed = not plain and not low.isdecimal() and _ANY_SHAPE.match(low) is not None
    shapes = tuple((meaning, found) for shape, meaning in _SHAPES if (found := shape.match(low))) if mixed else ()
    return _Known(counts, entry, shapes) if counts or entry is not None else None


def mark_words(reading: Reading) -> None:
    """Give every word its term, longest spelling first, and collect the words that numbering will look at."""
    words, numbers = reading.words, reading.numbers
    behind = 0
    for at, word in enumerate(words):
        known = _known(word.low)
        if known is None or at < behind:
            continue
        counts, entry, shapes = known
        if counts:
            numbers.append(word)
        hit = longest(entry, words, at) if entry is not None else None
        if hit is not None:
            word.term, behind = hit
            if behind > at + 1:
                _spread(reading, word, behind)
        elif shapes:
            word.term = _of_shape(reading, word, shapes)


def _spread(reading: Reading, head: Word, stop: int) -> None:
    """Give the words behind the first of a phrase its term."""
    for word in reading.words[head.index + 1 : stop]:
        word.term = head.term
        word.head = head.index
        if not word.low.isalpha() or word.low in _NUMBERING:
            reading.numbers.append(word)


def resolution_of(height: int) -> int:
    """The class of resolution that a number of lines belongs to."""
    return next(lines for limit, lines in _HEIGHTS if height <= limit)


def _of_shape(reading: Reading, word: Word, shapes: tuple[tuple[Meaning, re.Match[str]], ...]) -> Term | None:
    """What the first shape says that makes sense where the word stands."""
    for meaning, found in shapes:
        term = meaning(reading, word, found)
        if term is not None:
            return term
    return None


def _glued(reading: Reading, word: Word, found: re.Match[str]) -> Term | None:
    """Read "DD5", "AAC2", "DD51": an audio codec and channels; "Bluray720p", "BD1080": a source and a resolution."""
    head, number, lines = found.group(1, 2, 3)
    term = alone(LEXICON, head)
    if term is None:
        return None
    if term.field == "audio" and not lines and len(number) <= 2:
        channels = (("channels", f"{number[0]}.{number[1]}"),) if len(number) == 2 else ()
        return Term(term.facts + channels, STRONG)
    if term.field == "source" and len(number) > 2:
        return Term((*term.facts, _resolution(int(number))), STRONG)
    return None


def _special(reading: Reading, word: Word, found: re.Match[str]) -> Term | None:
    return Term((("special", "1"),), STRONG)


def _disc(reading: Reading, word: Word, found: re.Match[str]) -> Term | None:
    return Term((("part", found.group(1)),), STRONG) if word.index or reading.alone(0, 0) else None


def _before_source(reading: Reading, word: Word, found: re.Match[str]) -> Term | None:
    """Read "720pHDTV"."""
    term = alone(LEXICON, found.group(2))
    return (
        Term((_resolution(int(found.group(1))), *term.facts), STRONG)
        if term is not None and term.field == "source"
        else None
    )


def _before_codec(reading: Reading, word: Word, found: re.Match[str]) -> Term | None:
    """Read "HDTVx264"."""
    term = alone(LEXICON, found.group(1))
    return Term((*term.facts, ("video_codec", f"h{found.group(2)}")), STRONG) if term is not None else None


def _lines(reading: Reading, word: Word, found: re.Match[str]) -> Term | None:
    """Read "1080p", "1080p10" with the bits of a sample behind."""
    height = int(found.group(1))
    depth = (("bit_depth", found.group(2)),) if found.group(2) in ("10", "8", "12") else ()
    return Term((_resolution(height), *depth), STRONG) if 200 <= height <= 4400 else None


def _size(reading: Reading, word: Word, found: re.Match[str]) -> Term | None:
    """Read "1280x720"; the width tells the class where the picture is wide and low."""
    width, height = int(found.group(1)), int(found.group(2))
    if width < 300 or not 200 <= height <= 4400 or width >= 3 * height:
        return None
    return Term((_resolution(max(height, width * 9 // 16 if width > 700 else 0)),), STRONG)


def _rate(reading: Reading, word: Word, found: re.Match[str]) -> Term | None:
    return Term((("tech", word.low),), WEAK)


def _bonus(reading: Reading, word: Word, found: re.Match[str]) -> Term | None:
    """Read "-x02-": what belongs to a film or show but is not it; behind a season it is numbered."""
    after = reading.words[word.index + 1] if word.index + 1 < len(reading.words) else None
    if word.gap != "-" or after is None or after.gap != "-" or not word.index:
        return None
    before = reading.words[word.index - 1].low
    return None if before[0] == "s" and before[1:].isdecimal() else Term((("extra", "extra"),), STRONG)


def _version(reading: Reading, word: Word, found: re.Match[str]) -> Term | None:
    """Read "v2" is a revision behind a number or alone in brackets; elsewhere it only ends the title."""
    if not word.index:
        return None
    before = reading.words[word.index - 1]
    counted = before.low[-1:].isdecimal() or before.term is not None or reading.alone(word.index, word.index)
    return Term((("revision" if counted else "tech", found.group(1)),), STRONG)


def _file_size(reading: Reading, word: Word, found: re.Match[str]) -> Term | None:
    """Read "700MB", or "GB" behind a number."""
    counted = found.group(1) or (word.index and reading.words[word.index - 1].number is not None)
    return Term((("size", word.low),), WEAK) if counted else None


def _resolution(height: int) -> tuple[str, str]:
    return "resolution", str(resolution_of(height))


_SHAPES: tuple[tuple[re.Pattern[str], Meaning], ...] = (
    (re.compile(r"^([a-z]{2,10}\+?)(\d{1,4})([ip]?)\d{0,2}$"), _glued),
    (re.compile(r"^(?:sp|ova|oad|oav|ona|(?:nc)?(?:op|ed)|special)\d{1,2}[a-z]?(?:v\d)?$"), _special),
    (re.compile(r"^(?:cd|disc|disk)(\d{1,2})(?:of\d{1,2})?$"), _disc),
    (re.compile(r"^(\d{3,4})[ip]([a-z]{2,8})$"), _before_source),
    (re.compile(r"^([a-z]{2,8})[xh](26[456])$"), _before_codec),
    (re.compile(r"^(?:m|hd)?(\d{3,4})[ip](\d{2})?(?:hd|fps)?$"), _lines),
    (re.compile(r"^(\d{3,4})x(\d{3,4})[ip]?$"), _size),
    (re.compile(r"^\d{2,3}fps$"), _rate),
    (re.compile(r"^x\d{2}$"), _bonus),
    (re.compile(r"^v([2-9])$"), _version),
    (re.compile(r"^(\d*)[kmgt]i?b$"), _file_size),
)
_ANY_SHAPE = re.compile("|".join(shape.pattern for shape, _ in _SHAPES))
"""One look for all of them: the names of groups have none."""


_OPENINGS = frozenset(["op", "ed"])


def mark_specials(reading: Reading) -> None:
    """Read "- Special 1", "- OP" of a fansub group: words of a title elsewhere."""
    all_words = reading.words
    if not all_words or all_words[0].box != 0 or reading.boxes[0].sign != "[":
        return
    for word in all_words[1:-1]:
        weak = word.term is not None and word.term.field == "special" and word.term.rank == WEAK
        if not dashed(word.gap) or not (weak or (word.term is None and word.low in _OPENINGS)):
            continue
        after = all_words[word.index + 1]
        counted = weak and after.number is not None and len(after.low) < 3
        if reading.technical(after.index + counted):
            term = Term((("special", "1"),), STRONG)
            for marked in (word, after) if counted else (word,):
                marked.term = term
                marked.head = word.index


def mark_star_sizes(reading: Reading) -> None:
    """Read "1280*720", which is two words."""
    for word in reading.numbers:
        if word.gap in ("*", " * ") and word.number is not None and 200 <= word.number <= 4400:
            before = reading.words[word.index - 1]
            if before.number is not None and before.number >= 300:
                term = Term((("resolution", str(resolution_of(word.number))),), STRONG)
                before.term = word.term = term
                before.head = word.head = before.index
