"""Ask the lexicon about every word, and read the words that are half a spelling and half a number."""

from __future__ import annotations

import re

from mydia.core.release.lexicon import STRONG, WEAK, Lexicon, Term, build, look_up
from mydia.core.release.reading import Reading
from mydia.core.release.tables import audio, languages, video, words
from mydia.core.release.tokens import Word

LEXICON: Lexicon = build(
    (
        languages.AUDIO, languages.TRACKS, languages.SUBTITLES,
        video.SERVICES, video.CONTAINERS, video.SOURCES, video.MODIFIERS, video.RESOLUTIONS, video.VIDEO_CODECS,
        video.DEPTHS, video.HDR, video.THREE_D, audio.CODECS, audio.CHANNELS,
        words.REVISIONS, words.EDITIONS, words.PACKS, words.SPECIALS, words.REMARKS,
    )
)  # fmt: skip

_PIECES = re.compile(r"^([a-z]{2,10}\+?)(\d{1,4})([ip]?)(\d{0,2})$")
_LINES = re.compile(r"^(?:m|hd)?(\d{3,4})[ip](\d{2})?(?:hd|fps)?$")
_LINES_AND_SOURCE = re.compile(r"^(\d{3,4})[ip]([a-z]{2,8})$")
_BEFORE_CODEC = re.compile(r"^([a-z]{2,8})[xh](26[456])$")
_NUMBERED_SPECIAL = re.compile(r"^(?:sp|ova|oad|oav|ona|(?:nc)?(?:op|ed)|special)\d{1,2}[a-z]?(?:v\d)?$")
_DISC = re.compile(r"^(?:cd|disc|disk)(\d{1,2})(?:of\d{1,2})?$")
_RATE = re.compile(r"^\d{2,3}fps$")
_SIZE = re.compile(r"^(\d{3,4})x(\d{3,4})[ip]?$")
_VERSION = re.compile(r"^v([2-9])$")
_FILE_SIZE = re.compile(r"^(\d*)([kmgt]i?b)$")
_NUMBERING = words.SEASON | words.EPISODE | words.PART | {"s", "e", "x"}
_CJK_COUNTERS = ("季", "期", "話", "话", "集", "回")
_HEIGHTS = ((400, 480), (500, 480), (560, 480), (620, 576), (980, 720), (1300, 1080), (9999, 2160))


def mark_words(reading: Reading) -> None:
    """Give every word its term, longest spelling first, and collect the words that numbering will look at."""
    all_words = reading.words
    at = 0
    while at < len(all_words):
        word = all_words[at]
        plain = word.low.isalpha()
        if not plain or word.low in _NUMBERING or word.low.endswith(_CJK_COUNTERS):
            reading.numbers.append(word)
        hit = look_up(LEXICON, all_words, at)
        if hit is not None:
            term, stop = hit
            for index in range(at, stop):
                all_words[index].term = term
                all_words[index].head = at
                if index > at and (not all_words[index].low.isalpha() or all_words[index].low in _NUMBERING):
                    reading.numbers.append(all_words[index])
            at = stop
            continue
        if not plain:
            _mark_mixed(reading, word)
        at += 1


def resolution_of(height: int) -> int:
    """The class of resolution that a number of lines belongs to."""
    return next(lines for limit, lines in _HEIGHTS if height <= limit)


def _mark_mixed(reading: Reading, word: Word) -> None:
    low = word.low
    found = _PIECES.match(low)
    if found is not None:
        word.term = _glued(*found.groups())
        if word.term is not None:
            return
    if _NUMBERED_SPECIAL.match(low):
        word.term = Term((("special", "1"),), STRONG)
        return
    found = _DISC.match(low)
    if found is not None and word.index:
        word.term = Term((("part", found.group(1)),), STRONG)
        return
    found = _LINES_AND_SOURCE.match(low)
    if found is not None:
        tails = [term for more, term in LEXICON.get(found.group(2), ()) if not more and term.field == "source"]
        if tails:
            word.term = Term((("resolution", str(resolution_of(int(found.group(1))))), *tails[0].facts), STRONG)
        return
    found = _BEFORE_CODEC.match(low)
    if found is not None:
        heads = [term for more, term in LEXICON.get(found.group(1), ()) if not more]
        if heads:
            word.term = Term((*heads[0].facts, ("video_codec", f"h{found.group(2)}")), STRONG)
        return
    found = _LINES.match(low)
    if found is not None:
        height = int(found.group(1))
        if 200 <= height <= 4400:
            depth = (("bit_depth", found.group(2)),) if found.group(2) in ("10", "8", "12") else ()
            word.term = Term((("resolution", str(resolution_of(height))), *depth), STRONG)
        return
    found = _SIZE.match(low)
    if found is not None:
        width, height = int(found.group(1)), int(found.group(2))
        if width >= 300 and 200 <= height <= 4400 and width < 3 * height:
            word.term = Term(
                (("resolution", str(resolution_of(max(height, width * 9 // 16 if width > 700 else 0)))),), STRONG
            )
        return
    if _RATE.match(low):
        word.term = Term((("tech", low),), WEAK)
        return
    found = _VERSION.match(low)
    if found is not None and word.index:
        before = reading.words[word.index - 1]
        counted = before.low[-1:].isdecimal() or reading.alone(word.index, word.index) or before.term is not None
        word.term = Term((("revision" if counted else "tech", found.group(1)),), STRONG)
        return
    found = _FILE_SIZE.match(low)
    if found is not None and (found.group(1) or (word.index and reading.words[word.index - 1].number is not None)):
        word.term = Term((("size", low),), WEAK)


def _glued(head: str, number: str, lines: str, rest: str) -> Term | None:
    """ "DD5", "AAC2", "DD51": an audio codec and channels; "Bluray720p", "BD1080": a source and a resolution."""
    rows = LEXICON.get(head, ())
    term = next((term for more, term in rows if not more), None)
    if term is None:
        return None
    if term.field == "audio" and not lines and len(number) <= 2:
        channels = (("channels", f"{number[0]}.{number[1]}"),) if len(number) == 2 else ()
        return Term(term.facts + channels, STRONG)
    if term.field == "source" and len(number) > 2:
        return Term((*term.facts, ("resolution", str(resolution_of(int(number))))), STRONG)
    return None


def mark_star_sizes(reading: Reading) -> None:
    """ "1280*720", which is two words."""
    for word in reading.numbers:
        if word.gap == "*" and word.number is not None and 200 <= word.number <= 4400:
            before = reading.words[word.index - 1]
            if before.number is not None and before.number >= 300:
                term = Term((("resolution", str(resolution_of(word.number))),), STRONG)
                before.term = word.term = term
                before.head = word.head = before.index
