"""Why a release would be taken for a title, or not: what was read from its name and where, every rule's answer, every rank key."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, cast

from quart import Blueprint, request

from mydia.choosing.queries import list_profiles
from mydia.core.explain import Explanation
from mydia.errors import Invalid
from mydia.media.queries import get_media, search_titles
from web.api.choosing import Question, explanation
from web.page import whole
from web.policy import Answer, Policy, Visit, route

pages = Blueprint("explain", __name__)
MODES = {
    "search": "A search that the house makes",
    "user": "A search that a person asks for",
    "rss": "News of an indexer",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the name, and the facts that were read from it."""

    text: str
    facts: tuple[str, ...]


@route(pages, "/explain", Policy.READ)
async def explain(visit: Visit) -> Answer:
    """`?release=&media_id=`, or `?title=` to look the title up first."""
    asked = {
        key: request.args.get(key, "").strip()
        for key in ("release", "media_id", "title", "profile_id", "mode", "size_gb")
    }
    problem, found = "", None
    matches = await visit.read(search_titles, asked["title"], 12) if asked["title"] and not asked["media_id"] else ()
    if len(matches) == 1:
        asked["media_id"] = matches[0].id
    if asked["release"] and asked["media_id"]:
        try:
            found = await explanation(visit, _question(asked))
        except Invalid as no:
            problem = str(no)
    shown: dict[str, Any] = {
        "asked": asked,
        "title": await visit.read(get_media, asked["media_id"]) if asked["media_id"] else None,
        "matches": matches,
        "profiles": await visit.read(list_profiles),
        "modes": MODES,
        "found": found,
        "pieces": pieces(found) if found else (),
        "problem": problem,
    }
    return await whole("explain.html", visit, 422 if problem else 200, **shown)


def _question(asked: dict[str, str]) -> Question:
    try:
        size = float(asked["size_gb"]) if asked["size_gb"] else None
        mode = cast(Literal["rss", "search", "user"], asked["mode"] if asked["mode"] in MODES else "search")
        return Question(
            release=asked["release"][:1000],
            media_id=asked["media_id"],
            profile_id=asked["profile_id"] or None,
            mode=mode,
            size=None if size is None else int(size * (1 << 30)),
            flags=[],
            languages=[],
        )
    except (ValueError, OverflowError) as wrong:
        raise Invalid(f"The size {asked['size_gb']!r} is no number of gigabytes", field="size_gb") from wrong


def pieces(found: Explanation) -> tuple[Piece, ...]:
    """The name, cut where a fact begins or ends."""
    name, spans = found.verdict.candidate.title, found.verdict.release.spans
    cuts = sorted({0, len(name), *(edge for each in spans.values() for s in each for edge in (s.start, s.end))})
    return tuple(
        Piece(name[a:b], tuple(fact for fact, each in spans.items() if any(s.start <= a and b <= s.end for s in each)))
        for a, b in pairwise(cuts)
    )
