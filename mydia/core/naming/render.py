"""A template and facts to a name: the one function every file and folder name comes from.

Each path element is made by itself: the tokens' values are cleaned, cased and joined, what empty tokens left behind is
collapsed, and the whole is bounded in bytes. Since every value loses its slashes before it is joined, no title, group
or name from outside can leave the folder its template gives it. The template's own text stands as it is: `validate`
refuses what a file system would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mydia.core.naming import text
from mydia.core.naming.facts import DEFAULT_OPTIONS, NamingFacts, NamingOptions
from mydia.core.naming.numbering import written
from mydia.core.naming.template import Numbers, Piece, Text, Token, elements, names_an_episode, needs_absolute, read
from mydia.core.naming.values import EPISODE_TITLES, PLAIN, VALUES, Place, episode_titles, length


def render(template: str, facts: NamingFacts, options: NamingOptions = DEFAULT_OPTIONS) -> str:
    """The relative path the template gives, "/" between its elements, without extension.

    Empty when the template yields no name for these facts: the caller then keeps the one the file has.
    """
    facts = _printable(facts)
    if options.part == "file" and not options.rename:
        kept = _legal(facts.original_name or facts.current_name, options).strip()
        return _safe(kept, options.max_bytes - text.size(options.extension))
    parts = elements(text.printable(_fitting(template, facts, options)))
    read_parts = [read(part.replace("...", text.ELLIPSIS), facts.kind) for part in parts]
    place = Place(facts, options, _may_use_current_name([p for pieces in read_parts for p in pieces], facts))
    names = [_element(pieces, place, last=n == len(read_parts)) for n, pieces in enumerate(read_parts, 1)]
    if options.part == "file" and not (names and names[-1]):
        return ""  # its folder's name is not the file's
    return "/".join(name for name in names if name)


def _fitting(template: str, facts: NamingFacts, options: NamingOptions) -> str:
    """The template, or the standard one where a daily or anime template asks for what the file has not."""
    if options.part == "folder" or not options.standard_template or facts.kind == "movie":
        return template
    if facts.series_type == "daily" and facts.season == 0:
        return options.standard_template
    numbered = len(facts.absolute) >= max(1, len(facts.episodes))
    if facts.series_type == "anime" and needs_absolute(template) and not numbered:
        return options.standard_template
    return template


def _element(pieces: tuple[Piece, ...], place: Place, *, last: bool) -> str:
    options = place.options
    is_file = options.part == "file" and last
    suffix = _legal(text.printable(options.suffix), options) if is_file else ""
    limit = options.max_bytes - (text.size(options.extension) if is_file else 0) - text.size(suffix)

    values = [_text(piece, place) for piece in pieces]
    room = limit - text.size("".join(v for v in values if v is not None).strip())
    values = [_titles(piece, place, room) if v is None else v for piece, v in zip(pieces, values, strict=True)]
    name = text.collapse("".join(v for v in values if v is not None).strip())
    name = text.trim_end(name) if options.part == "file" else name.strip(" .")
    name = _safe(name.replace(text.ELLIPSIS, "..."), limit)
    return name + suffix if name else ""


def _safe(name: str, limit: int) -> str:
    """The name as one element of a path: no device, nothing but dots, no more than `limit` bytes; "" if none is left."""
    if not name.strip(" ."):
        return ""
    name = text.undevice(name)
    if text.size(name) <= limit:
        return name
    # A cut can uncover a reserved device or a dot at the end; one more pass of both, one byte lower, settles it.
    return text.undevice(text.cut(name, limit - 1).rstrip(" ."))


def _text(piece: Piece, place: Place) -> str | None:
    """What a piece becomes; None for episode titles, which are written when the rest's length is known."""
    match piece:
        case Text():
            return piece.text
        case Numbers():
            return written(piece, place.facts, place.options.multi_episode)
        case Token() if _is_episode_title(piece, place):
            return None
        case Token():
            value = VALUES[place.facts.kind].get(piece.key)
            return _styled((value(place, piece) or "") if value else "", piece, place)


def _titles(piece: Piece, place: Place, room: int) -> str:
    if not isinstance(piece, Token):
        raise TypeError(f"only a token can be an episode title: {piece}")
    wanted = length(piece.argument)
    room -= text.size(piece.prefix + piece.suffix)
    titles = episode_titles(place.facts, EPISODE_TITLES[piece.key], min(room, wanted) if wanted > 0 else room)
    return _styled(titles, piece, place)


def _is_episode_title(token: Token, place: Place) -> bool:
    return place.facts.kind == "episode" and place.options.part == "file" and token.key in EPISODE_TITLES


def _styled(value: str, token: Token, place: Place) -> str:
    """The value as the token's own spelling asks, and within its affixes if there is anything of it."""
    value = value.strip()
    if token.key not in PLAIN:
        letters = [c for c in token.words if c.isalpha()]
        if all(c.islower() for c in letters):
            value = value.lower()
        elif all(c.isupper() for c in letters):
            value = value.upper()
    if token.separator.strip():
        value = value.replace(" ", token.separator)
    value = _legal(value, place.options).lstrip(" .").rstrip(" ")
    return token.prefix + value + token.suffix if value.strip() else ""


def _legal(value: str, options: NamingOptions) -> str:
    return text.legal(value, options.colon, options.custom_colon, options.replace_illegal)


def _may_use_current_name(pieces: Sequence[Piece], facts: NamingFacts) -> bool:
    """Whether the file's present name may stand in a new one: never such that each renaming would lengthen it."""
    if facts.kind == "movie":
        return sum(not isinstance(piece, Text) for piece in pieces) == 1
    return not facts.in_library or not names_an_episode(pieces)


def _printable(facts: NamingFacts) -> NamingFacts:
    """The facts with every text made printable, so that nothing from outside can play the ellipsis mark."""
    changed: dict[str, Any] = {}
    for name in NamingFacts.__slots__:
        if name != "media":
            value = getattr(facts, name)
            clean = _clean(value)
            if clean != value:
                changed[name] = clean
    media = {n: _clean(getattr(facts.media, n)) for n in type(facts.media).__slots__}
    return replace(facts, media=replace(facts.media, **media), **changed)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return text.printable(value)
    if isinstance(value, tuple):
        return tuple(_clean(v) for v in value)
    if hasattr(value, "items"):
        return {k: _clean(v) for k, v in value.items()}
    return value
