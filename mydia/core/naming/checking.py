"""What is wrong with a template before it is saved, and what saving it would rename."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mydia.core.naming.facts import DEFAULT_OPTIONS, NamingFacts, NamingOptions, Part
from mydia.core.naming.render import render
from mydia.core.naming.template import Numbers, Piece, Text, Token, elements, read
from mydia.core.naming.values import EPISODE_TITLES, VALUES
from mydia.core.quality import Kind


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a template: `where` is the offending piece of it, `message` says what to do."""

    where: str
    message: str


@dataclass(frozen=True, slots=True)
class Renaming:
    """One file that would get another name. `clashes` when two files would get the same."""

    before: str
    after: str
    clashes: bool


_ILLEGAL: Final = re.compile(r'[:*?"<>|\x00-\x1f\x7f]')
_TITLES: Final = {
    "movie": {key for key in VALUES["movie"] if key.startswith("movie") and "title" in key} | {"title", "show"},
    "episode": {key for key in VALUES["episode"] if key.startswith("series") and "title" in key} | {"show"},
}
_ORIGINALS: Final = {"originaltitle", "originalfilename"}


def validate(template: str, kind: Kind, part: Part = "file") -> list[Problem]:
    """What is wrong with the template; empty when it may be saved."""
    if not template.strip():
        return [Problem("", "a template must not be empty")]
    problems = []
    if template[0] in "/\\" or re.match("[a-z]:", template, re.I):
        problems.append(Problem(template, "a template is a path below the library's folder: it cannot start at a root"))
    known = VALUES[kind].keys() | (EPISODE_TITLES.keys() if kind == "episode" and part == "file" else set())
    pieces: list[Piece] = []
    for element in elements(template):
        if element.strip() in (".", ".."):
            problems.append(Problem(element, "a template cannot climb out of its folder"))
        pieces += read(element, kind)
    for piece in pieces:
        if isinstance(piece, Token) and piece.key not in known:
            problems.append(Problem(piece.source, f"{piece.source} is no token of a {kind}'s {part}"))
        elif isinstance(piece, Text) and not piece.escaped:
            problems += _text_problems(piece.text)
    return problems + _identity_problems([p for p in pieces if not isinstance(p, Text)], template, kind, part)


def _text_problems(text: str) -> Iterable[Problem]:
    if "{" in text or "}" in text:
        yield Problem(text, f"{text!r} has a brace that opens or closes no token")
    for character in dict.fromkeys(_ILLEGAL.findall(text)):
        yield Problem(text, f"{character!r} cannot be part of a file name")


def _identity_problems(tokens: Sequence[Token | Numbers], template: str, kind: Kind, part: Part) -> list[Problem]:
    """Two files that the template cannot tell apart would get one name."""
    keys = {t.key for t in tokens if isinstance(t, Token)}
    numbered = any(isinstance(t, Numbers) for t in tokens) or "airdate" in keys or "episode" in keys
    if keys & _ORIGINALS and part == "file":
        return []
    if kind == "episode" and part == "file" and not numbered:
        return [Problem(template, "an episode's file needs its season and episode, absolute number or air date")]
    if kind == "movie" and not keys & _TITLES["movie"]:
        return [Problem(template, "a film's name needs its title")]
    return []


def preview(
    files: Iterable[tuple[str, NamingFacts]], template: str, options: NamingOptions = DEFAULT_OPTIONS
) -> list[Renaming]:
    """The files that the template would rename: `files` gives each one's present relative path and its facts.

    A file for which the template yields nothing keeps its name.
    """
    moves = []
    for before, facts in files:
        dot = before.rfind(".")
        extension = before[dot:] if dot > before.rfind("/") + 1 else ""
        name = render(template, facts, replace(options, extension=extension))
        moves.append((before, name + extension if name else before))
    taken = Counter(after.casefold() for _, after in moves)
    return [Renaming(b, a, taken[a.casefold()] > 1) for b, a in moves if a != b]


def differences(before: str, after: str) -> list[tuple[str, str]]:
    """How one name becomes the other, in order: ("=", kept), ("-", removed) and ("+", added) pieces of text."""
    pieces: list[tuple[str, str]] = []
    for tag, b1, b2, a1, a2 in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(("=", before[b1:b2]))
            continue
        if b2 > b1:
            pieces.append(("-", before[b1:b2]))
        if a2 > a1:
            pieces.append(("+", after[a1:a2]))
    return pieces
