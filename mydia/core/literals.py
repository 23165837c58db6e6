"""What a regular expression cannot be found without: the plain texts one of which stands in everything it matches.

`\\b(amzn|amazon(hd)?)\\b[ ._-]web` finds nothing in a name without "amzn" and "amazon". Looking for a text costs a hundredth of a search
by pattern, and hundreds of texts can be looked for at once, so most of a person's patterns need not be tried on most names.
Only what is certain is said: of an expression with anything in it that is not understood here, nothing.
"""

from __future__ import annotations

import re
from typing import Final

Texts = frozenset[str] | None
"""One of these occurs; None: nothing can be said."""

_COUNT: Final = re.compile(r"[*+?]|\{(\d*)(,?)(\d*)\}")
_GROUP: Final = re.compile(r"\?(?:[:>]|<?[=!]|[im]+:|P?<\w+>)")
_PLACES: Final = frozenset("bBAZ")
_KINDS: Final = frozenset("dDwWsS")


class _NotUnderstoodError(Exception):
    """Something of which nothing is known here stands in the expression."""


def literals(source: str) -> Texts:
    """The texts (lower case, ASCII) one of which stands, in some case, in every text that the expression is found in."""
    try:
        found, at = _either(source, _flags(source))
    except (_NotUnderstoodError, IndexError, RecursionError):
        return None
    return found if at == len(source) else None


def _flags(source: str) -> int:
    """Where the expression begins behind flags that change nothing here: "(?i)"."""
    found = re.match(r"(?:\(\?[ims]+\))?", source)
    return found.end() if found else 0


def _either(source: str, at: int) -> tuple[Texts, int]:
    """Alternatives up to the end or a closing bracket: each must have its text, or there is none."""
    branches: list[Texts] = []
    while True:
        texts, at = _sequence(source, at)
        branches.append(texts)
        if source[at : at + 1] != "|":
            break
        at += 1
    known = [b for b in branches if b is not None]
    return (frozenset().union(*known) if len(known) == len(branches) else None), at


def _sequence(source: str, at: int) -> tuple[Texts, int]:
    """Pieces one behind another: the most telling texts among those that every piece must have."""
    best: Texts = None
    run = ""
    while at < len(source) and source[at] not in "|)":
        letter, texts, at = _piece(source, at)
        least, most, at = _times(source, at)
        if least:
            run += letter
        if not letter or least != 1 or most != 1:
            best, run = _better(best, run), ""
        if least:
            best = _better(best, texts)
    return _better(best, run), at


def _better(one: Texts, other: Texts | str) -> Texts:
    """Longer texts tell more, and of those fewer."""
    if isinstance(other, str):
        other = frozenset([other]) if other else None
    if one is None or other is None:
        return other if one is None else one
    return max(one, other, key=lambda texts: (min(*map(len, texts), 4), -len(texts)))


def _piece(source: str, at: int) -> tuple[str, Texts, int]:
    """One piece: the letter that it is, or the texts that it must have; and where it ends."""
    sign = source[at]
    if sign == "(":
        return _group(source, at + 1)
    if sign == "[":
        return "", None, _class(source, at + 1)
    if sign == "\\":
        escaped = source[at + 1]
        if escaped in _PLACES or escaped in _KINDS:
            return "", None, at + 2
        if escaped.isalnum() or not escaped.isascii():
            raise _NotUnderstoodError
        return escaped, None, at + 2
    if sign in "*+?{":
        raise _NotUnderstoodError
    if sign in ".^$" or not sign.isascii():  # what is not ASCII may be another letter in other case
        return "", None, at + 1
    return sign.lower(), None, at + 1


def _group(source: str, at: int) -> tuple[str, Texts, int]:
    """A group, or a look ahead or behind; `at` is behind its bracket. What must not be there says nothing."""
    absent = False
    if source[at] == "?":
        kind = _GROUP.match(source, at)
        if kind is None:
            raise _NotUnderstoodError
        absent = kind.group().endswith("!")
        at = kind.end()
    texts, at = _either(source, at)
    if source[at] != ")":
        raise _NotUnderstoodError
    return "", None if absent else texts, at + 1


def _class(source: str, at: int) -> int:
    """Where a class of characters ends; `at` is behind its bracket."""
    at += source[at] == "^"
    first = at
    while source[at] != "]" or at == first:
        if source.startswith("[:", at):
            raise _NotUnderstoodError
        at += 2 if source[at] == "\\" else 1
    return at + 1


def _times(source: str, at: int) -> tuple[int, int, int]:
    """How often the piece before must and may stand (many is 2), and where that ends."""
    count = _COUNT.match(source, at)
    if count is None:
        if source.startswith("{", at):
            raise _NotUnderstoodError
        return 1, 1, at
    sign = count.group()[0]
    least = int(count.group(1) or 0) if sign == "{" else int(sign == "+")
    if sign == "{" and not count.group(1) and not count.group(3):
        raise _NotUnderstoodError
    at = count.end()
    return least, 2, at + (source[at : at + 1] in ("?", "+"))
