"""The title, and the other titles that a name gives beside it."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from mydia.core.release.facts import Span, span_of
from mydia.core.release.reading import Reading
from mydia.core.release.tables.words import SEASON
from mydia.core.release.tokens import Word

_HAN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_HANGUL = re.compile(r"[\u1100-\u11ff\uac00-\ud7af]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_ACRONYM = re.compile(r"(?<![^\W_])([^\W\d_](?:\.[^\W\d_])+)(?:\.|(?![^\W_]))")
_BLANKS = re.compile(r"\s+")
_EDGES = " ._-–—~|/,;:+*#★"
_SEASON_BEHIND = re.compile(r"\s+(?:S\d{1,2}|\d(?:st|nd|rd|th) Season)$", re.IGNORECASE)
_WORD_GAPS = frozenset([".", " ", "_"])
_NEW_SHOWS = "新番"
"""The remark "new show (of the season)", which fansub groups put before the title."""
_SEASONED = re.compile(r"\b([Ss])0?(\d{1,2})$")
_ARTICLE_BEHIND = re.compile(r"^([^,]+), (The|An?)$", re.IGNORECASE)
_BRACKETED = re.compile(r"^([^()]+) \(([^()]{4,})\)$")
"""A title with another title in brackets behind it."""
_GOES_ON = re.compile(r" (?:or|and|of|the|a|to|in)$", re.IGNORECASE)
"""A title that goes on in the brackets: "Birdman or (The Unexpected ...)"."""


def read_titles(reading: Reading) -> None:
    """Set `title` and `titles`. Where a name gives its title in several scripts, the Latin one comes first."""
    pieces = [piece for piece in _pieces(reading) if piece[1]]
    if not pieces:
        return
    best = _best(reading, pieces)
    if "," in best[1]:
        best = best[0], _with_article(best[1])
    bracketed = _BRACKETED.match(best[1]) if best[1].endswith(")") else None
    if bracketed is not None and _is_translated(*bracketed.groups()):
        texts = [bracketed.group(2), best[1], bracketed.group(1)]
        reading.set("title", texts[0], best[0])
        reading.set("titles", texts, best[0])
        return
    titles = [best, *(piece for piece in pieces if piece[1] != best[1])]
    texts = [text for _, text in titles]
    if bracketed is not None:
        texts.extend(bracketed.groups())
    if bracketed is not None and not reading.marks and _GOES_ON.search(bracketed.group(1)) is None:
        span = best[0]  # a film's other title, or its director
        stop = len(reading.name[: reading.name.index("(", span.start)].rstrip(_EDGES))
        texts.insert(0, bracketed.group(1))
        reading.set("title", texts[0], Span(span.start, stop))
    else:
        reading.set("title", best[1], best[0])
    reading.set("titles", list(dict.fromkeys(texts)), *(span for span, _ in titles))


def _is_translated(title: str, other: str) -> bool:
    """Whether a title in another script has its Latin form in brackets behind it."""
    return _LATIN.search(title) is None and _LATIN.search(other) is not None and not title.isascii()


def _with_article(title: str) -> str:
    """An article that was set behind the title where it belongs: "Title, The"."""
    found = _ARTICLE_BEHIND.match(title)
    return f"{found.group(2)} {found.group(1)}" if found is not None else title


def _best(reading: Reading, pieces: list[tuple[Span, str]]) -> tuple[Span, str]:
    if len(pieces) == 1:
        return pieces[0]
    if _is_cjk_list(reading, pieces):
        pieces = _in_first_bracket(reading, pieces)
    latin = [piece for piece in pieces if _LATIN.search(piece[1])]
    if not latin or len(latin) == len(pieces):
        return pieces[-1] if _is_cjk_list(reading, pieces) else pieces[0]
    return latin[-1] if " / " in reading.name else latin[0]


def _in_first_bracket(reading: Reading, pieces: list[tuple[Span, str]]) -> list[tuple[Span, str]]:
    """Of titles in several brackets those in the first one that holds a Latin title."""
    for box in reading.boxes:
        inside = [piece for piece in pieces if box.open < piece[0].start <= box.close]
        if any(_LATIN.search(text) for _, text in inside):
            return inside
    return pieces


def _is_cjk_list(reading: Reading, pieces: list[tuple[Span, str]]) -> bool:
    """Whether the pieces are spellings of one title in a fansub's name, where the last is the international one."""
    return (
        "leading_group" in reading.found
        and len(pieces) > 1
        and _HAN.search(reading.name) is not None
        and _LATIN.search(pieces[-1][1]) is not None
    )


def _pieces(reading: Reading) -> list[tuple[Span, str]]:
    """The title's candidates, with their spans."""
    words = reading.words[reading.title_from : reading.title_to]
    if reading.title_to < len(reading.words) or reading.mark_start < len(reading.name):
        words = [*words, *_glued_title(reading)]
    groups = _split(reading, words)
    if len(groups) > 1:
        groups = [_without_names(reading, group) for group in groups]
    pieces = [_text(reading, group) for group in groups if group]
    pieces.extend(_behind_slash(reading))
    return pieces


def _without_names(reading: Reading, group: list[Word]) -> list[Word]:
    """Of titles in several tongues each without the people named in brackets behind it."""
    if group[0].box >= 0:
        return group
    return [word for word in group if word.box < 0 or reading.boxes[word.box].sign != "("]


def _glued_title(reading: Reading) -> list[Word]:
    """The word that numbering is glued to ("zoos01e11"), as the last of the title."""
    if not reading.marks:
        return []
    word = reading.words[min(reading.marks)[0]]
    return [word] if word.start < reading.mark_start < word.end else []


def _split(reading: Reading, words: list[Word]) -> list[list[Word]]:
    """Cut the title's words at "AKA", at slashes, and between brackets and scripts."""
    fansub = "leading_group" in reading.found or "site" in reading.facts
    if fansub and any(w.box < 0 and not w.low.endswith(_NEW_SHOWS) for w in words):
        words = [w for w in words if w.box < 0 or reading.boxes[w.box].sign not in "[【"]
    mixed = (fansub or _han_first(words)) and {"han", "latin"} <= {_script(w) for w in words}
    groups: list[list[Word]] = [[]]
    for word in words:
        group = groups[-1]
        if group and (word.low == "aka" or (word.low == "a" and _spelled_aka(reading, word))):
            groups.append([])
        elif len(groups) > 1 and not group and word.low in ("k", "a") and word.gap == ".":
            continue
        elif word.used is None or word.used == "release_group" or word.start < reading.mark_start < word.end:
            if group and (
                (word.gap not in _WORD_GAPS and _slash(reading, group[-1], word))
                or (fansub and _new_box(group[-1], word))
                or (mixed and _script_changes(group, word))
            ):
                groups.append([])
            groups[-1].append(word)
    return [g for g in groups if g and not (mixed and g[-1].low.endswith(_NEW_SHOWS))]


def _spelled_aka(reading: Reading, word: Word) -> bool:
    """Whether "a.k.a." begins at a word "a"."""
    after = reading.words[word.index + 1 : word.index + 3]
    return [(w.low, w.gap) for w in after] == [("k", "."), ("a", ".")]


def _han_first(words: list[Word]) -> bool:
    """Whether a title in Han characters comes first: then what follows in Latin is its translation."""
    return (
        bool(words)
        and _script(words[0]) == "han"
        and _HANGUL.search(words[0].text) is None
        and all(_script(w) != "" or w.number is not None for w in words)
    )


def _script_changes(group: list[Word], word: Word) -> bool:
    return {_script(group[-1]), _script(word)} == {"han", "latin"}


def _script(word: Word) -> str:
    """The script, "han" (or another without capitals) or "latin", that a word is wholly of, else nothing."""
    if word.text.isascii():
        return "" if word.low.isdecimal() else "latin"
    han, latin = _HAN.search(word.text) or _ARABIC.search(word.text), _LATIN.search(word.text)
    return "" if (han is None) == (latin is None) else "han" if han is not None else "latin"


def _slash(reading: Reading, before: Word, word: Word) -> bool:
    """Whether a slash between two words parts two titles: one with air around it, or between scripts."""
    if "/" not in word.gap and "|" not in word.gap:
        return False
    if word.box >= 0 and word.box == before.box and reading.boxes[word.box].sign == "(":
        return False
    return " " in word.gap or not (before.low.isascii() and word.low.isascii())


def _new_box(before: Word, word: Word) -> bool:
    return before.box != word.box and ("[" in word.gap or "]" in word.gap or "【" in word.gap or "】" in word.gap)


def _behind_slash(reading: Reading) -> list[tuple[Span, str]]:
    """The title behind a slash that comes after the numbering: "Титул (S2E1) / Title (S2E1) (2023)"."""
    if "/" not in reading.name or not reading.marks or reading.title_to >= len(reading.words):
        return []
    pieces: list[tuple[Span, str]] = []
    index = reading.title_to
    stop = (
        reading.zone
        if reading.year_at is None
        else min(reading.zone, reading.year_at)
        if reading.year_at > index
        else reading.zone
    )
    while index < stop:
        word = reading.words[index]
        if " /" in word.gap or "/ " in word.gap:
            group: list[Word] = []
            while index < stop and not _starts_numbering(reading, index) and not _opens(reading, index):
                if group and "/" in reading.words[index].gap:
                    break
                group.append(reading.words[index])
                index += 1
            if group:
                pieces.append(_text(reading, group))
                continue
        index += 1
    return pieces


def _opens(reading: Reading, index: int) -> bool:
    """Whether a square bracket opens before a word: titles end there."""
    return reading.words[index].box >= 0 and reading.boxes[reading.words[index].box].sign == "["


_NUMBERING = re.compile(r"^s\d{1,2}(e\d+)*$")


def _starts_numbering(reading: Reading, index: int) -> bool:
    word = reading.words[index]
    named = word.low in SEASON and index + 1 < len(reading.words) and reading.words[index + 1].number is not None
    return word.used is not None or named or _NUMBERING.match(word.low) is not None


def _text(reading: Reading, group: list[Word]) -> tuple[Span, str]:
    """The words of a title as they are spelled, with the signs that belong to them."""
    name = reading.name
    start, end = group[0].start, group[-1].end
    if group[-1].start < reading.mark_start < end:
        end = reading.mark_start
    end = _closing_signs(reading, group, end)
    start = _opening_signs(reading, group, start, end)
    text = name[start:end]
    return span_of((start, end)), clean(text.replace("-", " ") if "-" in text and _is_hyphened(reading) else text)


def _is_hyphened(reading: Reading) -> bool:
    """Whether hyphens are all that parts the words of a name: "Movie-Name-2019-1080p"."""
    inside = reading.words[1:]
    return len(inside) > 3 and all(word.gap == "-" for word in inside)


def _opening_signs(reading: Reading, group: list[Word], start: int, end: int) -> int:
    """Take an opening bracket with the title when the bracket closes in it: "(500) Days"."""
    number = group[0].box
    if number >= 0:
        box = reading.boxes[number]
        if box.first == group[0].index and box.close < end and box.sign == "(" and box.open >= reading.start:
            return box.open
    return start


def _closing_signs(reading: Reading, group: list[Word], end: int) -> int:
    """Take the signs that end a title: "!", "?", the bracket that closes one opened in it, an acronym's last dot."""
    name = reading.name
    limit = min(reading.end, reading.mark_start)
    while end < limit:
        sign = name[end]
        if sign == ")":
            if not any(box.close == end and box.open >= group[0].start - 1 for box in reading.boxes):
                break
            if any(box.close == end and box.open < group[0].start and group[0].box < 0 for box in reading.boxes):
                break
        elif sign == "-":
            if end + 1 < limit and name[end + 1] not in "-":
                if name[end - 1] != "-" or name[end + 1].isalnum():
                    break
            elif end + 1 >= limit:
                break
        elif sign not in "!?！？…～'’\"%$":
            break
        end += 1
    if end < limit and name[end] == "." and end >= 3 and name[end - 2] == "." and name[end - 1].isalpha():
        end += 1
    return end


@lru_cache(maxsize=1 << 10)  # the candidates for one target share their titles
def clean(text: str) -> str:
    """A title as people write it: blanks for dots and underscores, but the dots of "S.W.A.T." kept."""
    if " " not in text.strip(_EDGES):
        kept = _ACRONYM.sub(lambda m: m.group(1).replace(".", "\0") + "\0 ", text)
        kept = kept.replace(".", " ").replace("_", " ")
        text = kept.replace("\0", ".")
    elif "_" in text:
        text = text.replace("_", " ")
    text = _BLANKS.sub(" ", text).strip()
    edges = _EDGES.replace(".", "") if text.endswith(".") and text[-3:-2] == "." else _EDGES
    text = text.strip(edges)
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def ends_in_season(title: str) -> bool:
    """Whether a title counts its season itself: "Title S2", "Title 2nd Season"."""
    return _SEASON_BEHIND.search(title) is not None


def shorten_season(reading: Reading) -> None:
    """Anime titles count their seasons in one way: "Title S02 - 05" is of "Title S2"."""
    title = reading.facts.get("title")
    if "absolute_episodes" not in reading.facts or not title:
        return
    found = _SEASONED.search(title)
    if found is not None and found.start() > 0 and "leading_group" in reading.found:
        short = title[: found.start()] + found.group(1) + found.group(2)
        reading.facts["title"] = short
        reading.facts["titles"] = [short if t == title else t for t in reading.facts["titles"]]
        title = short
    bare = _SEASON_BEHIND.sub("", title)
    if bare != title:
        reading.facts["titles"] = [*reading.facts["titles"], bare]
