"""People's own regular expressions, run so that none of them can hang the house.

A pattern gets a tenth of a second of processor time for a name. One that has run out of it three times is not tried
again while the process lives: it then matches nothing and says so. That latch is the one thing in the core that
remembers; without it a bad pattern would cost its tenth on each of ten thousand candidates. Watching the time costs
more than most searches do, so a pattern that by its look cannot explode runs without a watch.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import regex

_PATIENCE: Final = 0.1  # seconds
_STRIKES: Final = 3
_LONGEST: Final = 1024  # characters of a name that are looked at
# What makes careless repetition explode: long runs of one kind that almost match.
_HARD: Final = ("a" * 200 + "!", "1" * 200 + "!", "a." * 100 + "!", " " * 200 + "!", "The.Name.2001.1080p-" * 10 + "!")
# At most one unbounded repetition, and that of one character or class; a few optional things; no counted repetition.
_UNBOUNDED: Final = regex.compile(r"(?<!\\)[*+]")
_OPTIONAL: Final = regex.compile(r"(?<![\\(])\?")
_RISKY: Final = regex.compile(r"[)][*+]|(?<!\\)\{|\\[0-9gk]|\(\?[PR&>0-9]")


def _is_tame(source: str) -> bool:
    return len(_UNBOUNDED.findall(source)) <= 1 and len(_OPTIONAL.findall(source)) <= 8 and not _RISKY.search(source)


class Pattern:
    """A compiled expression; `found` looks for it in a name, `slow` says that it was given up."""

    __slots__ = ("_compiled", "_strikes", "_tame", "source")

    def __init__(self, source: str, flags: int = regex.IGNORECASE) -> None:
        """ValueError says what is wrong with the expression."""
        self.source = source
        self._strikes = 0
        self._tame = _is_tame(source)
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
        if self._tame:
            return self._compiled.search(text[:_LONGEST]) is not None
        if self.slow:
            return None
        try:
            return self._compiled.search(text[:_LONGEST], timeout=_PATIENCE) is not None
        except TimeoutError:
            self._strikes += 1
            return None


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
        if tried.found(text) is None:
            return f"{source!r} takes too long on some names: nested repetition such as (a+)+ can be the cause"
    return None
