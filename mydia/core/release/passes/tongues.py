"""Languages of the sound, of the subtitles, and burnt-in subtitles."""

from __future__ import annotations

from mydia.core.release.facts import Span
from mydia.core.release.reading import Reading, dashed
from mydia.core.release.tables.languages import CJK
from mydia.core.release.terms import CODE
from mydia.core.release.tokens import Word

_PIECES = tuple((code, piece.strip()) for code, row in CJK for piece in row.split("|"))


def read_languages(reading: Reading) -> None:
    """Tell the languages that are heard from those that are read."""
    subtitled = _subtitled(reading)
    for code, span in reading.found.get("languages", ()):
        reading.add("subtitles" if span in subtitled else "languages", code, span)
    for code, span in reading.found.get("subs", ()):
        if code:
            reading.add("subtitles", code, span)
    _from_characters(reading)
    _german_tracks(reading)
    for field in ("multi", "dual"):
        if field in reading.found:
            reading.set(field, True, *(span for _, span in reading.found[field]))
    _hardcoded(reading)


def _language(word: Word) -> bool:
    return word.term is not None and word.term.field == "languages"


def _subtitled(reading: Reading) -> set[Span]:
    """The spans of languages that belong to a "Sub" beside them.

    Before "Subs" stands one language, or a run of codes; after it ("Sub ITA ENG") all that follow in the bracket.
    """
    spans: set[Span] = set()
    words = reading.words
    for word in words:
        if word.term is None or word.term.field != "subs" or word.head != word.index:
            continue
        plural = word.low.endswith("s")
        if word.term.facts[0][1]:
            if (
                word.index + 1 < len(words)
                and words[word.index + 1].low == "sub"
                and words[word.index + 1].head == word.index
            ):
                _add_run(spans, words, word.index - 1, word.box)
            continue
        before = word.index - 1
        if before >= 0 and _language(words[before]) and word.gap.strip("._- ") == "" and not dashed(word.gap):
            if not _code(words[before]):
                spans.add(_span(words, before))
            elif not plural:
                _add_run(spans, words, before, word.box)
            continue
        after = word.index + 1
        while (
            after < len(words)
            and _language(words[after])
            and words[after].box == word.box
            and words[after].gap.strip(" ._-/,&+:") == ""
        ):
            spans.add(_span(words, after))
            after += 1
    return spans


def _add_run(spans: set[Span], words: list[Word], index: int, box: int) -> None:
    """Take the run of language codes that ends at words[index]."""
    while index >= 0 and _language(words[index]) and _code(words[index]) and words[index].box == box:
        spans.add(_span(words, index))
        index = words[index].head - 1


def _code(word: Word) -> bool:
    return word.term is not None and word.term.rank == CODE


def _span(words: list[Word], index: int) -> Span:
    return Span(words[words[index].head].start, words[index].end)


def _from_characters(reading: Reading) -> None:
    """Languages written in Chinese characters, within runs that have no blanks."""
    for word in reading.words[reading.title_to :]:
        if not word.low.isascii() and word.used is None:
            for code, piece in _PIECES:
                if piece in word.text:
                    reading.add("languages", code, Span(word.start, word.end))


def _german_tracks(reading: Reading) -> None:
    """In German names DL (dual language) adds the original, ML (multi language) the original and English."""
    if "de" not in reading.facts.get("languages", ()):
        return
    for value, span in reading.found.get("tracks", ()):
        for code in ("original",) if value == "DL" else ("original", "en"):
            reading.add("languages", code, span)


def _hardcoded(reading: Reading) -> None:
    found = reading.found.get("hardcoded")
    if found:
        value, span = found[0]
        text = reading.name[span.start : span.end]
        reading.set("hardcoded_subs", text if value.startswith("KORSUB") else "Generic Hardcoded Subs", span)
