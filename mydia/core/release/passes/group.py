"""The release group: in brackets in front, behind the last hyphen, alone in the last bracket, or known by its spelling.

One more word behind the technical ones is the group too ("x264 AC3 Group", "x264.Group"), but in names with blanks not
right behind the video codec: they are cut off there, and what follows ("XviD Group") other programs take for none.
"""

from __future__ import annotations

import re

from mydia.core.release.reading import Reading, dashed
from mydia.core.release.tables.groups import EXCEPTIONS
from mydia.core.release.terms import CODE, STRONG
from mydia.core.release.tokens import Word, fold

_SPELLINGS = {tuple(re.findall(r"[^\W_]+", fold(name))) for name in EXCEPTIONS}
_LONGEST = max(len(words) for words in _SPELLINGS)
_LAST_WORDS = frozenset(words[-1] for words in _SPELLINGS)
_CODECS = frozenset(["video_codec", "audio", "channels", "hdr"])
_INSIDE = frozenset([".", "_", "&", "@", " "])
_SPACES = frozenset([".", "_", " "])
_INSIDE_NAMES = frozenset([".", "_", "&", "@"])


def read_group(reading: Reading) -> None:
    """Set the group, and claim its words so that no pass reads facts in them ("-NFHD", "-BD")."""
    leading = reading.found.get("leading_group")
    index = len(reading.words) - 1
    while index > reading.title_from and reading.words[index].used == "hash":
        index -= 1
    if leading is not None:
        text, span = leading[0]
        if not _ends_as_scene(reading, index):
            reading.set("release_group", text, span)
            return
        reading.set("site", text, span)
    if index <= reading.title_from or index < 0:
        return
    for finder in (_known, _hyphened, _bracketed, _boxed_first, _by, _trailing):
        found = finder(reading, index)
        if found is not None:
            first, last = found
            span = reading.use("release_group", first, last)
            text = reading.name[span.start : span.end]
            reading.set("release_group", text, span)
            return


def _ends_as_scene(reading: Reading, last: int) -> bool:
    """Whether a name ends in "codec-GROUP" or "[720p]-GROUP" outside of brackets: then a bracket in front is a site's mark."""
    words = reading.words
    if last < 2 or words[last].box >= 0 or words[last].term is not None or words[last].number is not None:
        return False
    if words[last].gap == "]-" and words[last - 1].term is not None:
        return True
    codec = words[last].gap == "-" and words[last - 1].box < 0 and _after_codec(words[last - 1])
    return codec and "absolute_episodes" not in reading.facts


def _known(reading: Reading, last: int) -> tuple[int, int] | None:
    """A group that is written without a hyphen, or with signs of its own."""
    if reading.words[last].low not in _LAST_WORDS:
        return None
    for length in range(_LONGEST, 0, -1):
        first = last - length + 1
        if first <= reading.title_from or first < min(reading.zone, last):
            continue
        words = reading.words[first : last + 1]
        if tuple(w.low for w in words) in _SPELLINGS and all(w.gap in _INSIDE | {"-"} for w in words[1:]):
            return first, last
    return None


def _hyphened(reading: Reading, last: int) -> tuple[int, int] | None:
    """The last word, behind a hyphen; technical words or one bracket (an indexer's mark) may follow it."""
    word = reading.words[last]
    found = _behind_hyphen(reading, last) or _before_remarks(reading, last)
    if found is not None or word.box < 0 or word.term is not None or word.used == "year":
        return found
    box = reading.boxes[word.box]
    if box.last == last and last - box.first < 3 and box.first > reading.title_from:
        return _behind_hyphen(reading, box.first - 1)
    return None


def _before_remarks(reading: Reading, last: int) -> tuple[int, int] | None:
    """A group behind its codec, where technical words were appended later: "x264-GROUP.HebSubs"."""
    words = reading.words
    while last > reading.zone and words[last].term is not None:
        last -= 1
        word = words[last]
        if word.term is None:
            first = _first_of_name(reading, last)
            if words[first].gap == "-" and first > 0 and _after_codec(words[first - 1]):
                return _behind_hyphen(reading, last)
            return None
    return None


def _behind_hyphen(reading: Reading, last: int) -> tuple[int, int] | None:
    """The name that ends with words[last], where a hyphen sets it off from the technical part."""
    words = reading.words
    first = _first_of_name(reading, last)
    word, before = words[first], words[first - 1]
    if first <= reading.title_from or first < reading.mark_end:
        return None
    if not _sets_off(word.gap) and not (first < last and words[first + 1].gap == "-"):
        return None
    if word.used is not None or word.head != first or any(w.head < first for w in words[first : last + 1]):
        return None
    if dashed(word.gap) and before.term is None and before.used not in ("year", "channels"):
        return None
    if word.term is not None and not (_is_taken_for_technical(before, word) or _ends_whole(words, first)):
        return None
    if _technical_before(before) or first - 1 == reading.mark_end or "year" in reading.facts:
        return first, last
    strong = any(w.term is not None and w.term.rank == STRONG for w in words[reading.title_to : first])
    return (first, last) if strong else None


def _sets_off(gap: str) -> bool:
    """A gap that ends in a hyphen: "-", " -", ".-", " - ", "-["."""
    return gap.rstrip("[").rstrip(" ._" if dashed(gap) else "").endswith("-")


def _first_of_name(reading: Reading, last: int) -> int:
    """The first word of a group's name of several: "[YTS.MX]", "A&C", and "MARINE-FORD" behind a codec."""
    words = reading.words
    first = last
    while first > reading.title_from and words[first].gap in _INSIDE_NAMES:
        boxed = words[first].box >= 0 and words[first].box == words[first - 1].box
        if not boxed and (words[first].gap == "." or words[first - 1].gap != "-" or not _is_name(words[first - 1])):
            break
        first -= 1
    if first - 1 > reading.title_to and words[first].gap == "-" and _is_name(words[first - 1]):
        behind, gap = words[first - 2], words[first - 1].gap
        if gap == "-" and _after_codec(behind):
            return first - 1
        if gap in _SPACES and len(words[first - 1].low) in (3, 4) and _is_sound_or_picture(behind):
            return first - 1
    return first


def _is_sound_or_picture(word: Word) -> bool:
    """Whether a codec, or a remark such as "HQ", is all that a word says: after these "Etc-Group" is one name."""
    return word.term is not None and word.term.field in ("video_codec", "audio", "size_hint")


def _is_name(word: Word) -> bool:
    return word.term is None and word.used is None and word.number is None


def _is_taken_for_technical(before: Word, word: Word) -> bool:
    """Whether a technical word behind a codec is a group's name after all: "H.264-BD", "x264-NL"."""
    if word.term is None or not _after_codec(before):
        return False
    if word.term.field == "languages":
        return (
            word.term.rank == CODE
            and len(word.low) == 2
            and before.term is not None
            and before.term.field == "video_codec"
        )
    return word.term.field not in ("subs", "resolution", "audio", "video_codec", "modifier", "dual", "multi")


def _ends_whole(words: list[Word], last: int) -> bool:
    """Whether a code stands behind all that a name tells of its picture ("x264.720p-HR"), or a source behind its language."""
    term, before, codec = words[last].term, words[last - 1].term, words[words[last - 1].head - 1]
    if term is None or before is None or not _after_codec(codec):
        return False
    source = term.field == "source" and before.field == "languages" and before.rank == CODE
    return source or (term.field == "languages" and term.rank == CODE and before.field == "resolution")


def _after_codec(word: Word) -> bool:
    return word.term is not None and any(field in _CODECS for field, _ in word.term.facts)


def _technical_before(word: Word) -> bool:
    return word.term is not None or word.low.isdecimal() or word.used in ("year", "channels")


def _bracketed(reading: Reading, last: int) -> tuple[int, int] | None:
    """One unknown word alone in the last bracket: "[Lunar]"."""
    word = reading.words[last]
    if (
        word.box < 0
        or word.term is not None
        or word.used is not None
        or word.number is not None
        or not reading.alone(last, last)
    ):
        return None
    box = reading.boxes[word.box]
    coded = box.sign == "(" and _after_codec(reading.words[last - 1]) and reading.words[last - 1].box < 0
    if not (box.sign == "[" or coded) or box.first <= reading.title_to:
        return None
    return last, last


def _boxed_first(reading: Reading, last: int) -> tuple[int, int] | None:
    """One unknown word in the first square bracket behind an absolute number: "Title - 05 (2016) [Group] [720p]"."""
    if "absolute_episodes" not in reading.facts:
        return None
    for word in reading.words[reading.mark_end + 1 :]:
        if word.used == "year":
            continue
        boxed = reading.alone(word.index, word.index) and reading.boxes[word.box].sign == "["
        return (word.index, word.index) if boxed and _is_name(word) else None
    return None


def _by(reading: Reading, last: int) -> tuple[int, int] | None:
    """One name or two behind "by", which stands behind a technical word: "DLMux by Group"."""
    words = reading.words
    for first in (last, last - 1):
        if first - 2 < reading.title_to or words[first - 1].low != "by" or words[last].box != words[first - 1].box:
            continue
        before = words[first - 2].term
        if before is not None and before.field != "channels" and all(_is_name(w) for w in words[first : last + 1]):
            return first, last
    return None


def _trailing(reading: Reading, last: int) -> tuple[int, int] | None:
    """The one word behind the technical part, which does not end in the video codec."""
    words = reading.words
    word = words[last]
    if (
        word.box >= 0
        or not _is_name(word)
        or len(word.low) < 2
        or last - 2 < max(reading.zone, reading.mark_end + 1, 1)
    ):
        return None
    before, earlier = words[last - 1], words[words[last - 1].head - 1]
    codec = before.term is not None and before.term.field == "video_codec"
    if codec and word.gap in ("_", ".") and before.gap == ".":
        return last, last
    if codec or not _is_technical(before) or not _is_technical(earlier) or word.gap.strip(")] ._") != "":
        return None
    return last, last


def _is_technical(word: Word) -> bool:
    return word.term is not None or word.used in ("channels", "year", "size")
