"""A naming template read into pieces: literal text, tokens, and the season-and-episode patterns that may repeat.

A token is `{prefix Token Words:argument suffix}`: prefix and suffix (separators and brackets) appear only when the token
has a value, the argument is a number format, a length or a filter, and the spelling of the token's own words says how
the value is written (its case and its separator). A wrapper such as `{imdb-{ImdbId}}` vanishes with its token's value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from mydia.core.quality import Kind


@dataclass(frozen=True, slots=True)
class Text:
    """What stands as it is. `escaped`: a brace that was doubled to mean itself."""

    text: str
    escaped: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """One `{...}`. `key` is its name without case and separators; `source` is what the template said."""

    source: str
    key: str
    words: str
    separator: str
    argument: str
    prefix: str
    suffix: str


@dataclass(frozen=True, slots=True)
class Numbers:
    """A pattern that is written once per episode: `S{season:00}E{episode:00}` or `{absolute:000}`.

    `lead` is what comes before the season's number, `joint` what comes between the two ("E", ".E", "x"), `separator`
    what stands around the pattern between other tokens. `season` and `number` are number formats.
    """

    absolute: bool
    lead: str
    season: str
    joint: str
    number: str
    separator: str


Piece = Text | Token | Numbers

_FORMAT: Final = "(?::([0-9]+))?"
_ABSOLUTE: Final = rf"\{{(?P<absolute>absolute){_FORMAT}\}}"
_NUMBERS: Final = rf"(?P<lead>s?)\{{season{_FORMAT}\}}(?P<joint>[- ._]?[ex])\{{episode{_FORMAT}\}}|{_ABSOLUTE}"
_WORDS: Final = r"(?P<words>[a-z0-9]+(?:(?P<separator>[- ._]+)[a-z0-9]+)?)(?::(?P<argument>[ ,a-z0-9|+-]+(?<![- ])))?"
_TAG: Final = r"\{(?:(?:imdb|tmdb|tvdb)(?:id)?|edition)-"

# For shows a doubled brace is an escaped one; films keep doubled braces as text, which vanishes with an empty token.
_GRAMMAR: Final = {
    "episode": re.compile(
        rf"{_NUMBERS}|(?P<escaped>\{{\{{|\}}\}})"
        rf"|(?P<tag>(?<!\{{){_TAG})?\{{(?P<prefix>[- ._\[(]*){_WORDS}(?P<suffix>[- ._)\]]*)\}}(?(tag)\}})",
        re.I,
    ),
    "movie": re.compile(
        rf"{_NUMBERS}|(?P<escaped>(?!))"
        rf"|(?P<tag>\{{*{_TAG})?\{{(?P<prefix>[-{{ ._\[(]*){_WORDS}(?P<suffix>[-}} ._)\]]*)\}}",
        re.I,
    ),
}
_NOT_KEY: Final = re.compile(r"[^a-z0-9]+")
_SEPARATOR_AFTER: Final = re.compile(r"[- ._]+(?=\{)")
_SEPARATOR_BEFORE: Final = re.compile(r"(?<=\})[- ._]+$")


def elements(template: str) -> list[str]:
    """The elements of the template's path; either slash separates them."""
    return [element for element in re.split(r"[\\/]", template) if element]


@lru_cache(maxsize=512)
def read(element: str, kind: Kind) -> tuple[Piece, ...]:
    """One path element of a template as pieces. What is no token stays as text."""
    return tuple(_pieces(element, kind))


def key(words: str) -> str:
    """A token's name without case and separators: "Series.Title" and "series title" are one."""
    return _NOT_KEY.sub("", words.lower())


def names_an_episode(pieces: Sequence[Piece]) -> bool:
    """Whether the pieces say which episode it is: by numbers, absolute number or air date."""
    return any(isinstance(p, Numbers) or (isinstance(p, Token) and p.key == "airdate") for p in pieces)


def needs_absolute(template: str) -> bool:
    """Whether the template asks for absolute numbers."""
    return re.search(_ABSOLUTE, template, re.I) is not None


def _pieces(element: str, kind: Kind) -> Iterator[Piece]:
    at = 0
    for match in _GRAMMAR[kind].finditer(element):
        if match.start() > at:
            yield Text(element[at : match.start()])
        yield _piece(match)
        at = match.end()
    if at < len(element):
        yield Text(element[at:])


def _piece(match: re.Match[str]) -> Piece:
    if match["escaped"]:
        return Text(match["escaped"][0], escaped=True)
    if match["words"]:
        prefix = (match["tag"] or "") + match["prefix"]
        suffix = match["suffix"] + ("}" if match["tag"] and not match["suffix"].endswith("}") else "")
        words, separator, argument = match["words"], match["separator"] or "", match["argument"] or ""
        return Token(match[0], key(words), words, separator, argument, prefix, suffix)
    around = _SEPARATOR_AFTER.match(match.string, match.end())
    around = around or _SEPARATOR_BEFORE.search(match.string[: match.start()])
    separator = around[0] if around else ""
    if match["absolute"]:
        return Numbers(True, "", "", "", match[6] or "", separator)
    return Numbers(False, match["lead"], match[2] or "", match["joint"], match[4] or "", separator)
