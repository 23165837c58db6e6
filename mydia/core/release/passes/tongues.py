"""Languages of the sound, of the subtitles, and burnt-in subtitles."""

from __future__ import annotations

import re

from mydia.core.release.facts import Span
from mydia.core.release.reading import Reading, dashed
from mydia.core.release.tables.languages import CJK, NORDIC, NUMBERING
from mydia.core.release.terms import CODE
from mydia.core.release.tokens import Word

_PIECES = tuple((code, piece.strip()) for code, row in CJK for piece in row.split("|"))
_CYRILLIC = re.compile(r"[а-яё]{2}")
_UKRAINIAN = re.compile(r"[іїєґ]")
_OTHER_CYRILLIC = re.compile(r"[ўјљњћђџќѓѕ]")
"""Letters of Belarusian, Serbian and Macedonian."""
_SPANISH = frozenset(["spanish", "espanol", "spa", "esp"])


def read_languages(reading: Reading) -> None:
    """Tell the languages that are heard from those that are read."""
    subtitled = _subtitled(reading) if "languages" in reading.found else {}
    named: list[tuple[str, Span]] = []
    for code, span in reading.found.get("languages", ()):
        reading.add("subtitles" if span in subtitled else "languages", code, span)
        if subtitled.get(span):
            named.append((code, span))
    for code, span in reading.found.get("subs", ()):
        if code:
            reading.add("subtitles", code, span)
            if any(span == other for _, other in reading.found.get("named", ())):
                named.append((code, span))
    for _, span in reading.found.get("nordic", ()):
        for code in NORDIC:
            reading.add("subtitles", code, span)
            if any(other != span for _, other in reading.found.get("subs", ())):
                named.append((code, span))
    _from_characters(reading)
    _latin_american(reading)
    _where_none_is_heard(reading, named)
    _german_tracks(reading)
    for field in ("multi", "dual"):
        if field in reading.found:
            reading.set(field, True, *(span for _, span in reading.found[field]))
    _hardcoded(reading)


def _where_none_is_heard(reading: Reading, named: list[tuple[str, Span]]) -> None:
    """What stands for the language of a name that tells no sound.

    A subtitle file has the language of its text. Else the subtitles' language, where it is spelled out ("Greek Subs", but
    not "PLSUB"), then that of the words which count seasons ("Temporada 1"), then Russian where Russian letters stand.
    """
    heard = reading.facts.get("languages", [])
    if heard:
        if heard == ["original"]:
            _from_letters(reading)
        return
    if "subtitle_file" in reading.found:
        named = [*zip(reading.facts.get("subtitles", ()), reading.spans.get("subtitles", ()), strict=False)]
    for code, span in named:
        reading.add("languages", code, span)
    if named or "multi" in reading.found:
        return
    for word in reading.numbers:
        counted = NUMBERING.get(word.low)
        if counted is not None and word.used is not None:
            reading.add("languages", counted, Span(word.start, word.end))
            return
    _from_letters(reading)


def _from_letters(reading: Reading) -> None:
    """Names in Russian or Ukrainian letters are given by those who speak over the film; nowhere is that read."""
    if reading.name.isascii():
        return
    name = reading.name.lower()
    if _CYRILLIC.search(name) is not None and _OTHER_CYRILLIC.search(name) is None:
        reading.facts.setdefault("languages", []).append("uk" if _UKRAINIAN.search(name) is not None else "ru")


def _latin_american(reading: Reading) -> None:
    """ "Español (Latino)" is one language, not two."""
    codes = reading.facts.get("languages", [])
    if "es" not in codes or "es-419" not in codes:
        return
    for word in reading.words[1:]:
        before = reading.words[word.index - 1]
        if word.low == "latino" and word.gap in ("(", " (", "[", " [") and before.low in _SPANISH:
            at = codes.index("es")
            spans = reading.spans["languages"]
            del codes[at]
            reading.spans["languages"] = spans[:at] + spans[at + 1 :]
            return


def _language(word: Word) -> bool:
    return word.term is not None and word.term.field == "languages"


def _subtitled(reading: Reading) -> dict[Span, bool]:
    """The spans of languages that belong to a "Sub" beside them, and whether the language is spelled out there.

    Before "Subs" stands one language, or a run of codes; after it ("Sub ITA ENG") all that follow in the bracket.
    """
    spans: dict[Span, bool] = {}
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
        if before >= 0 and words[before].low.endswith("+"):
            continue
        if before >= 0 and _language(words[before]) and word.gap.strip("._- ") == "" and not dashed(word.gap):
            if not _code(words[before]):
                _add_list(spans, words, before)
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
            spans[_span(words, after)] = not _code(words[after])
            after += 1
    return spans


def _add_list(spans: dict[Span, bool], words: list[Word], index: int) -> None:
    """Take words[index], and what is joined to it by commas: "svensk, danska, norsk sub"."""
    spans[_span(words, index)] = True
    while words[words[index].head].gap.strip() in (",", "&", "+") and _language(words[words[index].head - 1]):
        index = words[index].head - 1
        spans[_span(words, index)] = True


def _add_run(spans: dict[Span, bool], words: list[Word], index: int, box: int) -> None:
    """Take the run of language codes that ends at words[index]."""
    while index >= 0 and _language(words[index]) and _code(words[index]) and words[index].box == box:
        spans[_span(words, index)] = False
        index = words[index].head - 1


def _code(word: Word) -> bool:
    return word.term is not None and word.term.rank == CODE


def _span(words: list[Word], index: int) -> Span:
    return Span(words[words[index].head].start, words[index].end)


def _from_characters(reading: Reading) -> None:
    """Languages written in Chinese characters, within runs that have no blanks."""
    if reading.name.isascii():
        return
    for word in reading.words:
        if not word.low.isascii() and word.used is None and not reading.title_from <= word.index < reading.title_to:
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
