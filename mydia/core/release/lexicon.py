"""The tables made searchable: every spelling of every row, found by its words.

A row is `(facts, spellings)`. Facts read "field:value field:value", with "_" for a blank in a value. Spellings are separated by "|";
one that consists of several words ("WEB-DL") is found with any separator between them, or with none. A sign before a
spelling says how much it proves:

    (none)  it is technical wherever it stands, so a title ends before it
    ~       a word that titles use as well: it counts beside or after technical words
    ?       a code so short that it counts among technical words only
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from mydia.core.release.terms import CODE, STRONG, WEAK, Rows, Term
from mydia.core.release.tokens import Word, fold


class Entry(NamedTuple):
    """What begins with one word: the spelling of that word alone, and the longer ones by their second word."""

    alone: Term | None
    longer: dict[str, tuple[tuple[tuple[str, ...], Term], ...]]
    """Second word -> (the words after the first, the term), longest first."""


Lexicon = dict[str, Entry]

_PART = re.compile(r"[^\W_]+\+?")
_TIGHT = frozenset(["", " ", ".", "_", "-", "‑"])


def _key(spelling: str) -> tuple[str, ...]:
    return tuple(_PART.findall(fold(spelling)))


def _gluings(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Every way to write the words with some of the separators left out: web dl, webdl."""
    if len(words) < 2 or len(words) > 4:
        return []
    rest = [words[1:], *_gluings(words[1:])]
    return [*((words[0], *more) for more in rest[1:]), *((words[0] + more[0], *more[1:]) for more in rest)]


def build(tables: Iterable[Rows]) -> Lexicon:
    """One lexicon of all tables; of two rows with one spelling the later wins."""
    spellings: dict[tuple[str, ...], Term] = {}
    for table in tables:
        for facts, row in table:
            pairs = tuple((f, v.replace("_", " ")) for f, _, v in (fact.partition(":") for fact in facts.split()))
            for spelling in row.split("|"):
                text = spelling.strip()
                rank = {"~": WEAK, "?": CODE}.get(text[0], STRONG)
                words = _key(text.lstrip("~?"))
                term = Term(pairs, rank)
                spellings[words] = term
                if rank != CODE:
                    for glued in _gluings(words):
                        spellings.setdefault(glued, term)
    longer: dict[str, dict[str, list[tuple[tuple[str, ...], Term]]]] = {}
    for words, term in sorted(spellings.items(), key=lambda spelling: -len(spelling[0])):
        seconds = longer.setdefault(words[0], {})
        if len(words) > 1:
            seconds.setdefault(words[1], []).append((words[1:], term))
    return {
        first: Entry(spellings.get((first,)), {second: tuple(rows) for second, rows in seconds.items()})
        for first, seconds in longer.items()
    }


def look_up(lexicon: Lexicon, words: list[Word], at: int) -> tuple[Term, int] | None:
    """The longest spelling that begins at words[at], and the index after its last word."""
    entry = entry_of(lexicon, words[at].low)
    return longest(entry, words, at) if entry is not None else None


def entry_of(lexicon: Lexicon, word: str) -> Entry | None:
    """What begins with a word; with a plus sign of which no spelling knows, what the bare word is alone."""
    entry = lexicon.get(word)
    if entry is None and word.endswith("+") and (bare := lexicon.get(word[:-1])) is not None:
        return Entry(bare.alone, {})
    return entry


def longest(entry: Entry, words: list[Word], at: int) -> tuple[Term, int] | None:
    """Of what begins with words[at] the longest spelling that stands there, and the index after its last word."""
    if entry.longer and at + 1 < len(words):
        for rest, term in entry.longer.get(words[at + 1].low, ()):
            if _follows(words, at + 1, rest):
                return term, at + 1 + len(rest)
    return (entry.alone, at + 1) if entry.alone is not None else None


def _follows(words: list[Word], at: int, rest: tuple[str, ...]) -> bool:
    """Whether the words from words[at] on are those of a spelling, with nothing but a separator between them."""
    spelled = words[at : at + len(rest)]
    return [word.low for word in spelled] == [*rest] and _TIGHT.issuperset([word.gap for word in spelled])


def alone(lexicon: Lexicon, word: str) -> Term | None:
    """The term of a spelling that is one word."""
    entry = lexicon.get(word)
    return entry.alone if entry is not None else None
