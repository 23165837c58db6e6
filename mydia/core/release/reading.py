"""The state that the passes share while one name is read: its words, what was found, and where the parts of it lie."""

from __future__ import annotations

from typing import Any

from mydia.core.release.facts import Hint, Span, span_of
from mydia.core.release.tables.words import NUMBERING_WORDS
from mydia.core.release.terms import STRONG
from mydia.core.release.tokens import Box, Word

Fact = tuple[str, Span]


class Reading:
    """One name being read. A pass may set facts, claim words (`used`) and move the boundaries; nothing else."""

    __slots__ = (
        "asides", "boxes", "end", "facts", "found", "hint", "mark_end", "mark_start", "marks", "name", "numbers", "spans", "start",
        "title_from", "title_to", "words", "year_at", "zone",
    )  # fmt: skip

    def __init__(self, name: str, hint: Hint | None) -> None:
        self.name = name
        self.hint = hint
        self.start = 0
        self.end = len(name)
        """The part of the name that is read: without site marks, reposting marks and the file name ending."""
        self.words: list[Word] = []
        self.boxes: list[Box] = []
        self.numbers: list[Word] = []
        """The words that hold a digit, or stand for numbering ("Season"): the only ones numbering looks at."""
        self.facts: dict[str, Any] = {}
        self.spans: dict[str, tuple[Span, ...]] = {}
        self.asides: dict[str, Any] = {}
        """What one pass tells another and nobody else."""
        self.found: dict[str, list[Fact]] = {}
        """What the lexicon says in the technical part, by field, in the order of the name."""
        self.marks: list[tuple[int, int]] = []
        """The words [first, last] that tell season, episode or date: titles end before the first of them."""
        self.mark_start = len(name)
        self.mark_end = -1
        self.year_at: int | None = None
        self.title_from = 0
        self.title_to = 0
        """The words [title_from, title_to) that the title is sought in."""
        self.zone = 0
        """The first word of the technical part."""

    def set(self, field: str, value: Any, *spans: Span) -> None:
        """Give a fact, and where it was read."""
        self.facts[field] = value
        if spans:
            self.spans[field] = spans

    def add(self, field: str, value: Any, span: Span) -> None:
        """Give one more value of a fact that has several."""
        values = self.facts.setdefault(field, [])
        if value not in values:
            values.append(value)
        self.spans[field] = (*self.spans.get(field, ()), span)

    def span(self, first: int, last: int) -> Span:
        """The span of the words from `first` up to and with `last`."""
        return span_of((self.words[first].start, self.words[last].end))

    def use(self, fact: str, first: int, last: int) -> Span:
        """Claim the words [first, last] for a fact."""
        for index in range(first, last + 1):
            self.words[index].used = fact
        return self.span(first, last)

    def mark(self, fact: str, first: int, last: int, offset: int = 0) -> Span:
        """Claim the words [first, last] as numbering; `offset` is where within the first word it begins.

        A word such as "Season" right before belongs to it ("Show Season S01", "Show Ep 2x03").
        """
        if (
            offset == 0
            and first - 1 > self.title_from
            and self.words[first - 1].low in NUMBERING_WORDS
            and not dashed(self.words[first].gap)
            and "]" not in self.words[first].gap
        ):
            first -= 1
        if offset:
            word = self.words[first]  # folding may have changed the length, but not of the numbers at the end
            offset = max(0, len(word.text) - len(word.low) + offset)
        span = self.use(fact, first, last)
        self.marks.append((first, last))
        self.mark_start = min(self.mark_start, span.start + offset)
        self.mark_end = max(self.mark_end, last)
        return Span(span.start + offset, span.end) if offset else span

    def alone(self, first: int, last: int) -> bool:
        """Whether the words [first, last] fill a bracket of their own."""
        number = self.words[first].box
        if number < 0:
            return False
        box = self.boxes[number]
        return box.first == first and box.last == last

    def technical(self, index: int) -> bool:
        """Whether a technical word, a new bracket or the end stands at words[index]: where a title may end."""
        if index >= len(self.words):
            return True
        word = self.words[index]
        if word.term is not None and word.term.rank == STRONG:
            return True
        return word.box >= 0 and self.boxes[word.box].first == index


def dashed(gap: str) -> bool:
    """Whether a gap is a dash with air around it: " - ", ".-.", "_-_"."""
    return len(gap) > 2 and gap.strip(" ._\t") in (
        "-",
        "–",
        "—",
        "-[",
        "-(",
        "]-",
        ")-",
        "- (",
        "- [",
        ") -",
        "] -",
        "~",
    )
