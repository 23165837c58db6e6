"""Where the title ends and the technical part begins, and what the lexicon says there.

A strong word opens the technical part. Weak words and codes belong to it where nothing but their like stands between
them and it: so "German" is a language in "Title.German.1080p" and a word of the title in "The.Good.German.2006".
"""

from __future__ import annotations

from mydia.core.release.reading import Reading, dashed
from mydia.core.release.tables.languages import ENGLISH_WORDS
from mydia.core.release.terms import CODE, STRONG
from mydia.core.release.tokens import Word, is_han

_BEFORE_YEAR = frozenset(["edition", "proper", "repack", "real", "pack"])
_BEFORE_MARK = frozenset(["edition", "pack", "disk"])
_LANGUAGE_SCENE = frozenset(["german", "truefrench", "dl", "ml"])
_PASSED = frozenset(["final", "finale"])
"""Words that German and Italian groups write among the technical ones behind an episode ("iTALiAN.FiNAL.HDTV")."""
_AT_END = frozenset(["edition", "languages", "subs", "multi", "dual", "proper", "repack", "dubbed"])


def find_zone(reading: Reading) -> None:
    """Set `title_to` and `zone`."""
    words = reading.words
    first_mark = min((first for first, _ in reading.marks), default=len(words))
    strong = _first_strong(reading, reading.title_from + 1)
    strong = min(strong, _first_bracket(reading))
    year = reading.year_at if reading.year_at is not None else len(words)
    limit = min(first_mark, strong, year)
    if limit == year < len(words):
        limit = year = _bracket_start(reading, year)
    if limit == len(words):
        limit = _walk_from_end(reading)
        reading.zone = limit
    elif limit == strong:
        limit = _walk_back(reading, _technical_bracket(reading, limit), None)
        reading.zone = limit
    elif limit == year:
        limit = _walk_back(reading, _before_german(reading, _walk_back(reading, limit, _BEFORE_YEAR)), _BEFORE_YEAR)
        reading.zone = _zone_behind(reading, reading.year_at or year, strong) if year < first_mark else year
        reading.zone = min(reading.zone, limit) if limit < year else reading.zone
    else:
        limit = _walk_back(reading, limit, _BEFORE_MARK)
        after = reading.mark_end
        if reading.year_at is not None and reading.year_at == after + 1:
            after = reading.year_at
        reading.zone = _zone_behind(reading, after, _first_strong(reading, after + 1))
    reading.title_to = max(limit, reading.title_from)


def _before_german(reading: Reading, limit: int) -> int:
    """Where "German" or "TrueFrench" stands before the year, as some write it: there the title ends.

    Unless a language behind the year makes it a word of the title ("The.Good.German.2006.GERMAN"), or an English
    article in front does.
    """
    words = reading.words
    index = limit
    while index > reading.title_from + 1 and words[index - 1].low in _LANGUAGE_SCENE:
        index -= 1
    if index == limit or words[index].low in ("dl", "ml") or words[reading.title_from].low in ("the", "a", "an"):
        return limit
    spoken = any(w.term is not None and w.term.field == "languages" for w in words[limit + 1 :])
    return limit if spoken else index


def _first_bracket(reading: Reading) -> int:
    """The first square bracket behind unbracketed words: titles end before it."""
    words = reading.words
    if (
        reading.boxes
        and reading.title_from < len(words)
        and words[reading.title_from].box < 0
        and not is_han(words[reading.title_from].text)
    ):
        for word in words[reading.title_from + 1 :]:
            if word.box >= 0 and reading.boxes[word.box].sign == "[" and reading.boxes[word.box].first == word.index:
                return word.index
    return len(words)


def _bracket_start(reading: Reading, year: int) -> int:
    """A year that ends a bracket takes the bracket off the title: "Title (Director 1967)"."""
    number = reading.words[year].box
    if number < 0 or reading.boxes[number].first <= reading.title_from:
        return year
    return reading.boxes[number].first


def _technical_bracket(reading: Reading, strong: int) -> int:
    """The first word of the bracket around a strong word, where all before it there is of its like: "(Fr Vhs Rip)"."""
    number = reading.words[strong].box
    if number < 0 or reading.boxes[number].first <= reading.title_from:
        return strong
    first = reading.boxes[number].first
    return first if all(w.term is not None for w in reading.words[first:strong]) else strong


def _first_strong(reading: Reading, start: int) -> int:
    for word in reading.words[max(start, 0) :]:
        if word.term is not None and word.term.rank == STRONG and word.used is None and word.head == word.index:
            return word.index
    return len(reading.words)


def _in_chain(word: Word) -> bool:
    return word.term is not None or word.used is not None


def _zone_behind(reading: Reading, at: int, strong: int) -> int:
    """The first word of the technical part behind words[at], given where the first strong word stands."""
    words = reading.words
    found = strong < len(words)
    start = _walk_back(reading, strong, None, at + 1) if found else _walk_end_behind(reading, at + 1)
    ahead = at + 1
    if ahead < len(words) and at == reading.year_at:
        while ahead < start and _in_chain(words[ahead]):
            ahead += 1
        sure = [w for w in words[at + 1 : ahead] if w.term is None or w.term.rank != CODE]
        if sure or ahead - at > 2:
            return at + 1
    return start


def _walk_end_behind(reading: Reading, at: int) -> int:
    """The run of technical words at the end of a name that has no strong one."""
    index = len(reading.words)
    while index > at and _in_chain(reading.words[index - 1]):
        index = reading.words[index - 1].head if reading.words[index - 1].term else index - 1
    return max(index, at)


def _walk_back(reading: Reading, limit: int, fields: frozenset[str] | None, floor: int | None = None) -> int:
    """Move a boundary back over the weak words before it; of codes only those with a reason to be believed."""
    words = reading.words
    lowest = reading.title_from + 1 if floor is None else floor
    index = limit
    sure = limit
    while index > lowest:
        word = words[index - 1]
        if word.used is not None:
            index -= 1
            sure = index if floor is not None else sure
            continue
        term = word.term
        if floor is not None and term is None and word.low in _PASSED:
            index -= 1
            continue
        if fields is _BEFORE_YEAR and term is not None and term.field == "tech" and sure < limit:
            index = word.head
            sure = index
            continue
        if term is None or word.head < lowest or (fields is not None and term.field not in fields):
            break
        index = word.head
        if term.rank != CODE or (len(word.low) == 3 and word.low not in ENGLISH_WORDS):
            sure = index
    if floor is not None and index == floor:
        return index
    if fields is None and floor is None and index < sure and _long_codes(reading, index, sure):
        return index
    return sure


def _long_codes(reading: Reading, first: int, stop: int) -> bool:
    """Whether a run of codes holds several of them ("ENG-ITA-FRA"), which no title does."""
    return stop - first > 1


def _walk_from_end(reading: Reading) -> int:
    """The end of the title in a name without year, numbers or strong words: "My Movie German Extended Cut"."""
    words = reading.words
    subtitles = "subtitle_file" in reading.found
    index = len(words)
    telling = tongues = 0
    while index > reading.title_from + (not subtitles):
        word = words[index - 1]
        if word.used is not None:
            index -= 1
            continue
        term = word.term
        before = words[index - 2].term if index > reading.title_from + 1 else None
        if word.low == "language" and before is not None and before.field == "languages":
            index -= 1
            telling += 1
            continue
        if term is None or (word.head <= reading.title_from and not subtitles):
            break
        if term.field not in _AT_END and not (subtitles and term.field in ("tech", "subs", "service")):
            break
        if term.rank == CODE and not subtitles and not _codes_after_dash(reading, word):
            break
        tongues += term.field == "languages"
        telling += term.field in ("edition", "proper", "repack", "subs") or (subtitles and term.field == "languages")
        index = word.head
    if telling or tongues > 1:
        return reading.title_from if _only_languages(reading, index) else index
    for word in words[reading.title_from + 1 :]:
        if word.used in ("hash", "imdb_id", "tmdb_id", "tvdb_id", "anime_version"):
            return word.index
    return len(words)


def _codes_after_dash(reading: Reading, word: Word) -> bool:
    """Whether a code stands in a run of them that a dash sets off to the end: "Title - IT EN FR"."""
    words = reading.words
    first = word.index
    while first > reading.title_from + 1 and not dashed(words[first].gap):
        term = words[first - 1].term
        if term is None or term.field != "languages":
            return False
        first -= 1
    return first > reading.title_from and len(words) - first > 1


def _only_languages(reading: Reading, index: int) -> bool:
    """Whether one language is all that is left in front of others."""
    word = reading.words[reading.title_from]
    return index == reading.title_from + 1 and word.term is not None and word.term.field == "languages"


def harvest(reading: Reading) -> None:
    """Collect what the lexicon says of the words of the technical part, and of brackets before the title."""
    found = reading.found
    words = reading.words
    for index, word in enumerate(words):
        term = word.term
        if term is None or word.head != index or word.used is not None:
            continue
        if index < reading.zone and not (
            index < reading.title_from or (term.rank == STRONG and index >= reading.title_to)
        ):
            continue
        last = index
        while last + 1 < len(words) and words[last + 1].head == index and words[last + 1].term is term:
            last += 1
        span = reading.span(index, last)
        for field, value in term.facts:
            found.setdefault(field, []).append((value, span))
