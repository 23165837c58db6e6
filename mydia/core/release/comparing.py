"""Titles made comparable: one key for the spellings that mean the same title."""

from __future__ import annotations

import re
from functools import lru_cache

from anyascii import anyascii

from mydia.core.release.tables.words import ROMANS
from mydia.core.release.tokens import fold

_WORD = re.compile(r"[^\W_]+")
_QUALIFIER = re.compile(r"[\s._]*[(\[](?:[A-Z]{2,3}|\d{4})[)\]]\s*$")
_COUNTRY = frozenset("us uk au ca nz ie za".split())
_ARTICLES = frozenset("the a an le la les l el los las un une der die das il lo i gli de het en ett".split())
_NUMBER_WORDS = {
    word: str(number)
    for number, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), start=1)
}


def words(title: str) -> tuple[str, ...]:
    """The words of a title: folded, "&" read as "and"."""
    return tuple(_WORD.findall(fold(title.replace("&", " and "))))


def key(title: str) -> str:
    """The title without blanks, signs, case and accents: what two spellings of one title share."""
    return "".join(words(title))


@lru_cache(maxsize=4096)
def keys(title: str) -> tuple[tuple[str, str], ...]:
    """Keys of one title, each looser than the one before, and what was set aside to make it."""
    parts = words(title)
    found: dict[str, str] = {"".join(parts): "title"}
    bare = _without_articles(parts)
    found.setdefault("".join(bare), "title but for the article")
    plain = words(_QUALIFIER.sub("", title))
    for variant in (plain, _without_articles(plain)):
        found.setdefault("".join(variant), "title but for the qualifier in brackets")
    if len(bare) > 1 and bare[-1] in _COUNTRY:
        found.setdefault("".join(bare[:-1]), "title but for the country")
    counted = _counted(bare)
    found.setdefault("".join(counted), "title but for how its number is written")
    if not title.isascii():
        romanised = _without_articles(words(anyascii(title)))
        found.setdefault("".join(romanised), "title written in Latin letters")
    found.pop("", None)
    return tuple(found.items())


def _without_articles(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Without the article in front ("The Title") or set behind ("Title, The"), and without "and" inside."""
    if len(parts) > 1 and parts[0] in _ARTICLES:
        parts = parts[1:]
    elif len(parts) > 1 and parts[-1] == "the":
        parts = parts[:-1]
    return tuple(part for part in parts if part != "and") or parts


def _counted(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Roman numerals and number words behind the first word as digits."""
    return parts[:1] + tuple(str(ROMANS[p]) if p in ROMANS else _NUMBER_WORDS.get(p, p) for p in parts[1:])


def likeness(one: str, other: str) -> float:
    """The share of words that two titles have in common, from 0 to 1."""
    mine, theirs = set(words(one)), set(words(other))
    return len(mine & theirs) / len(mine | theirs) if mine and theirs else 0.0
