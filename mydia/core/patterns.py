"""People's own regular expressions, run so that none of them can hang the house.

A pattern gets a tenth of a second of processor time for a name. One that has run out of it three times is not tried
again while the process lives: it then matches nothing and says so. That latch is the one thing in the core that
remembers; without it a bad pattern would cost its tenth on each of ten thousand candidates. Watching the time costs
more than most searches do, so a pattern that by its look cannot explode runs without a watch. And what a pattern
cannot be found without (`literals`) is looked for first, for many patterns at once (`PatternSet`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import chain
from math import prod
from typing import Final, NamedTuple

import regex

from mydia.core.literals import literals

_PATIENCE: Final = 0.1  # seconds
_STRIKES: Final = 3
_LONGEST: Final = 1024  # characters of a name that are looked at
_START: Final = 3
_FEW: Final = 50
# What makes careless repetition explode: long runs of one kind that almost match.
_HARD: Final = ("a" * 200 + "!", "1" * 200 + "!", "a." * 100 + "!", " " * 200 + "!", "The.Name.2001.1080p-" * 10 + "!")
# At most one unbounded repetition, and that of one character or class; a few optional things; no counted repetition.
_UNBOUNDED: Final = regex.compile(r"(?<!\\)[*+]")
_OPTIONAL: Final = regex.compile(r"(?<![\\(])\?")
_RISKY: Final = regex.compile(r"[)][*+]|(?<!\\)\{|\\[0-9gk]|\(\?[PR&>0-9]")


# What stands in brackets, and what a backslash precedes, opens no group and parts no branches.
_LETTERS: Final = regex.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", regex.DOTALL)
_MOST_WAYS: Final = 2**18  # from one place in a name: 0.1 s for all of a long one


def _is_tame(source: str) -> bool:
    unbounded, optional = len(_UNBOUNDED.findall(source)), len(_OPTIONAL.findall(source))
    if unbounded > 1 or optional > 8 or _RISKY.search(source):
        return False
    return (_branchings(source) << optional) * (_LONGEST if unbounded else 1) <= _MOST_WAYS


def _branchings(source: str) -> int:
    """In how many ways, at most, an expression goes through its branches: (a|b)(c|d|e) in six."""
    ways, open_groups = 1, [1]
    for char in _LETTERS.sub("", source):
        if char == "(":
            open_groups.append(1)
        elif char == "|":
            open_groups[-1] += 1
        elif char == ")" and len(open_groups) > 1:
            ways *= open_groups.pop()
    return ways * prod(open_groups)


class Pattern:
    """A compiled expression; `found` looks for it in a name, `slow` says that it was given up."""

    __slots__ = ("_compiled", "_strikes", "_tame", "literals", "source")

    def __init__(self, source: str, flags: int = regex.IGNORECASE) -> None:
        """ValueError says what is wrong with the expression."""
        self.source = source
        self._strikes = 0
        self._tame = _is_tame(source)
        self.literals = literals(source)
        try:
            # Nested-set look-alikes such as [[a] only warn, and mean what they mean everywhere else.
            self._compiled = regex.compile(source, flags | regex.VERSION0)
        except regex.error as wrong:
            raise ValueError(f"{source!r} is not a valid pattern: {wrong}") from None

    @property
    def slow(self) -> bool:
        return self._strikes >= _STRIKES

    def found(self, text: str) -> bool | None:
        """Whether the expression occurs in the text; None when it took, or takes, too long to tell."""
        if self.literals is not None and text.isascii():
            low = text[:_LONGEST].lower()
            if not any(literal in low for literal in self.literals):
                return False
        return self.search(text)

    def search(self, text: str) -> bool | None:
        """`found` where one of the literals is known to be in the text."""
        if self._tame:
            return self._compiled.search(text[:_LONGEST]) is not None
        if self.slow:
            return None
        try:
            return self._compiled.search(text[:_LONGEST], timeout=_PATIENCE) is not None
        except TimeoutError:
            self._strikes += 1
            return None


class Answers(NamedTuple):
    """The expressions found in a text, and those that took too long to tell."""

    found: frozenset[str]
    unknown: frozenset[str]


NOTHING: Final = Answers(frozenset(), frozenset())


class PatternSet:
    """Many patterns looked for in one text, each at most once, and only where one of its literals stands.

    Of two thousand patterns of the usual guides some ten are left to be tried on a name: 0.05 ms instead of 2 ms.
    """

    def __init__(self, sources: Iterable[str]) -> None:
        """ValueError says what is wrong with an expression."""
        self._all = tuple(pattern(source) for source in dict.fromkeys(sources))
        self._always = tuple(p for p in self._all if p.literals is None)
        by_literal: dict[str, list[Pattern]] = {}
        for each in self._all:
            for literal in each.literals or ():
                by_literal.setdefault(literal, []).append(each)
        # A few texts are looked for one by one; of many, those whose first three letters stand somewhere in the name.
        long = {literal for literal in by_literal if len(literal) >= _START} if len(by_literal) > _FEW else ()
        self._single = [(literal, patterns) for literal, patterns in by_literal.items() if literal not in long]
        self._by_start: dict[str, list[tuple[str, list[Pattern]]]] = {}
        for literal in long:
            self._by_start.setdefault(literal[:_START], []).append((literal, by_literal[literal]))

    def search(self, text: str) -> Answers:
        """What is found in the text."""
        if not self._all:
            return NOTHING
        found, unknown = [], []
        for each in self._likely(text[:_LONGEST]) if text.isascii() else self._all:
            answer = each.search(text)
            if answer is None:
                unknown.append(each.source)
            elif answer:
                found.append(each.source)
        return Answers(frozenset(found), frozenset(unknown)) if found or unknown else NOTHING

    def _likely(self, text: str) -> Iterable[Pattern]:
        """The patterns one of whose literals stands in the text, and those that have none."""
        low = text.lower()
        found = [patterns for literal, patterns in self._single if literal in low]
        if self._by_start:
            for start in self._by_start.keys() & {low[i : i + _START] for i in range(len(low))}:
                found += [patterns for literal, patterns in self._by_start[start] if literal in low]
        return {*self._always, *chain.from_iterable(found)} if found else self._always


@lru_cache(maxsize=4096)
def pattern(source: str, flags: int = regex.IGNORECASE) -> Pattern:
    """The pattern, compiled once and its slowness remembered. ValueError says what is wrong with the expression."""
    return Pattern(source, flags)


def problem(source: str) -> str | None:
    """What is wrong with an expression a person wants to save, None when nothing is: invalid, or slow on hard names."""
    try:
        tried = Pattern(source)
    except ValueError as wrong:
        return str(wrong)
    for text in _HARD:
        if tried.search(text) is None:
            return f"{source!r} takes too long on some names: nested repetition such as (a+)+ can be the cause"
    return None
