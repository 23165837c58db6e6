"""What stands in front of the title: the fansub group in brackets, and brackets of technical words."""

from __future__ import annotations

import re

from mydia.core.release.facts import Span
from mydia.core.release.passes.counting import cross, full
from mydia.core.release.passes.dates import FILM_YEARS
from mydia.core.release.reading import Fact, Reading
from mydia.core.release.terms import STRONG
from mydia.core.release.tokens import Box

_FILM_NUMBER = re.compile(r"^f\d{2}$")
_TWO_SCRIPTS = re.compile(r"^([A-Za-z][\w-]{2,}?)[\u4e00-\u9fff]+[\u4e00-\u9fff](?<![组組社屋])$", re.ASCII)
"""A name in two scripts; the Chinese for "group" or "society" at its end makes it one."""
_TOLD = frozenset(["hash", "imdb_id", "tmdb_id", "tvdb_id", "edition"])
"""What a bracket was found to say before groups are sought."""
_IN_FRONT = frozenset([("source", "brdisk"), *(("video_codec", codec) for codec in ("h264", "h265", "av1", "xvid"))])
"""What is written before a title now and then, and begins none."""


def read_leading(reading: Reading) -> None:
    """Set where the title may begin, and keep the first bracket as the group that it names."""
    words, boxes = reading.words, reading.boxes
    at = 1 if words and _is_year_in_front(reading) else 0
    if at:
        reading.set("year", words[0].number, reading.use("year", 0, 0))
    taken = 0
    while at < len(words):
        word = words[at]
        number = word.box
        if (
            number < 0
            or boxes[number].first != at
            or not (boxes[number].sign in "[【{" or _is_technical(reading, at, boxes[number].last))
            or word.gap.strip(" ._-[【]】{}()") != ""
        ):
            break
        box = boxes[number]
        if box.last + 1 >= len(words) or _is_episode(reading, box.first, box.last) or _is_film(reading, box):
            break
        technical = _is_technical(reading, box.first, box.last) or (taken > 0 and _is_source(reading, box))
        if not technical:
            if taken and not _plain_title_follows(reading, box.last):
                break
            if taken == 0:
                reading.found["leading_group"] = [_group(reading, box)]
            taken += 1
        for index in range(box.first, box.last + 1):
            if words[index].used is None and not technical:
                words[index].used = "release_group"
        at = box.last + 1
    if taken and all(w.term is not None or w.used is not None for w in words[at:]):
        _give_back(reading)
        return
    if at == 0 and _is_counted(reading):
        at = 1
    while at + 1 < len(words) and (term := words[at].term) is not None and _IN_FRONT & set(term.facts):
        at += 1
    reading.title_from = _behind_film_number(reading, _behind_quality(reading, at))


def _behind_quality(reading: Reading, at: int) -> int:
    """Behind technical words that a colon sets off from the title: "HD 720p: Title"."""
    words = reading.words
    index = at
    while index < len(words) and words[index].term is not None:
        index += 1
        if index < len(words) and words[index].gap == ": ":
            return index if any(w.term is not None and w.term.rank == STRONG for w in words[at:index]) else at
    return at


def _behind_film_number(reading: Reading, at: int) -> int:
    """Behind a film's number in its series, in the way some name their collection: "Series-f21-Title"."""
    for word in reading.numbers:
        if word.low.startswith("f") and at < word.index < at + 8 and _FILM_NUMBER.match(word.low) is not None:
            after = reading.words[word.index + 1] if word.index + 1 < len(reading.words) else None
            if after is not None and word.gap == after.gap == "-":
                reading.asides["film_number"] = True
                return after.index
    return at


def _is_episode(reading: Reading, first: int, last: int) -> bool:
    """Whether a bracket holds "5.01" or "S02E03": an episode, no group."""
    one, two = reading.words[first], reading.words[last]
    if first == last and (full(one.low) is not None or cross(one.low) is not None):
        return True
    return (
        last == first + 1 and one.number is not None and two.number is not None and two.gap == "." and len(two.low) == 2
    )


def _is_film(reading: Reading, box: Box) -> bool:
    """Whether a bracket holds a title and its year, "[Title 1998]", and technical words alone stand in the next."""
    after = reading.words[box.last + 1]
    return (
        box.last > box.first
        and reading.words[box.last].number in FILM_YEARS
        and len(reading.words[box.last].low) == 4
        and after.box >= 0
        and after.term is not None
    )


def _is_source(reading: Reading, box: Box) -> bool:
    """Whether a bracket behind the group's holds a source that is also a word: "[Group] [BD][1080p] Title"."""
    term = reading.words[box.first].term
    return box.first == box.last and term is not None and term.field == "source"


def _is_counted(reading: Reading) -> bool:
    """Whether a film's place in a collection, or its disc, stands before its title: "(1)Title", "(CD3) Title"."""
    if len(reading.words) < 2 or not reading.alone(0, 0) or reading.boxes[0].sign != "(":
        return False
    word, after = reading.words[0], reading.words[1]
    disc = word.term is not None and word.term.field == "part"
    return disc or (word.number is not None and len(word.low) < 3 and after.gap == ")")


def _group(reading: Reading, box: Box) -> Fact:
    """The name in the bracket; of one that is given in Latin and then in Chinese, the Latin."""
    text, span = reading.name[box.open + 1 : box.close].strip(), reading.span(box.first, box.last)
    both = _TWO_SCRIPTS.match(text)
    return (both.group(1), Span(span.start, span.start + both.end(1))) if both is not None else (text, span)


def _is_year_in_front(reading: Reading) -> bool:
    """Whether a name begins with its year in brackets, and has no other: "(2000) Title"."""
    word = reading.words[0]
    if word.number not in FILM_YEARS or len(word.low) != 4 or not reading.alone(0, 0) or len(reading.words) < 2:
        return False
    return not any(w.number in FILM_YEARS and len(w.low) == 4 for w in reading.numbers if w.index)


def _give_back(reading: Reading) -> None:
    """Nothing but technical words behind the first bracket: it holds the title."""
    del reading.found["leading_group"]
    for word in reading.words:
        if word.used == "release_group":
            word.used = None


def _is_technical(reading: Reading, first: int, last: int) -> bool:
    return all(
        w.used in _TOLD or (w.term is not None and (w.term.rank == STRONG or last > first))
        for w in reading.words[first : last + 1]
    )


def _plain_title_follows(reading: Reading, last: int) -> bool:
    """Whether words outside of brackets come before the first number: then they are the title, not the next bracket."""
    for word in reading.words[last + 1 :]:
        if word.box < 0:
            return (
                not word.low.endswith("新番")
                and word.number is None
                and (word.term is None or word.term.rank != STRONG)
            )
    return False
