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
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from mydia.core.release.tokens import Word

STRONG: Final = 2
WEAK: Final = 1
CODE: Final = 0

Rows = tuple[tuple[str, str], ...]


class Term(NamedTuple):
    """What one spelling says: its (field, value) facts, and how much it proves."""

    facts: tuple[tuple[str, str], ...]
    rank: int

    @property
    def field(self) -> str:
        return self.facts[0][0]


Lexicon = dict[str, tuple[tuple[tuple[str, ...], Term], ...]]
"""First word -> (the words after it, the term), longest first."""

_PART = re.compile(r"[^\W_]+\+?")
_TIGHT = frozenset(["", " ", ".", "_", "-", "‑"])


def _key(spelling: str) -> tuple[str, ...]:
    plain = "".join(c for c in unicodedata.normalize("NFKD", spelling.lower()) if not unicodedata.combining(c))
    return tuple(_PART.findall(plain.replace("'", "")))


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
    lexicon: dict[str, list[tuple[tuple[str, ...], Term]]] = {}
    for words, term in spellings.items():
        lexicon.setdefault(words[0], []).append((words[1:], term))
    return {first: tuple(sorted(rows, key=lambda row: -len(row[0]))) for first, rows in lexicon.items()}


def look_up(lexicon: Lexicon, words: list[Word], at: int) -> tuple[Term, int] | None:
    """The longest spelling that begins at words[at], and the index after its last word."""
    rows = lexicon.get(words[at].low)
    if rows is None:
        if not words[at].low.endswith("+"):
            return None
        rows = lexicon.get(words[at].low[:-1], ())
    for rest, term in rows:
        stop = at + 1 + len(rest)
        if stop <= len(words) and all(
            words[at + 1 + i].low == part and words[at + 1 + i].gap in _TIGHT for i, part in enumerate(rest)
        ):
            return term, stop
    return None
