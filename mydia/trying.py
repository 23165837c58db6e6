"""Trying out before it counts: why a release would be taken for a title here, and what another quality profile would change.

The same gathering and the same core as a search, asked without doing anything.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal, cast

from mydia.choosing import queries as choosing
from mydia.core import decide
from mydia.core.decide.model import Mode
from mydia.core.decide.whatif import rescore
from mydia.core.explain import Explanation, explain
from mydia.core.quality import QualityProfile
from mydia.downloads import queries as downloads
from mydia.downloads.model import CandidateView, SearchView
from mydia.errors import Invalid
from mydia.settings.rules import Rules, decide_settings
from mydia.store.engine import Connection
from mydia.store.paging import decode_cursor, encode_cursor
from mydia.wishes import Wish, gather

PORTION: Final = 100
"""Titles of one page: what it costs does not grow with the library."""
MOST_SEARCHES: Final = 3
"""Of each title, the latest: older ones say little of today's indexers."""


@dataclass(frozen=True, slots=True)
class HeldChange:
    """A held file that another profile sees otherwise: it would be replaced by better, it would be left alone, or only scored anew."""

    media_item_id: str
    title: str
    file: str
    quality: str
    score: int
    new_score: int
    becomes: Literal["wanting", "at_rest", "rescored"]


@dataclass(frozen=True, slots=True)
class TurnedDecision:
    """A candidate of a past search that would be judged otherwise; `reasons` are why not, before or after."""

    media_item_id: str
    title: str
    search_id: str
    at: str
    release: str
    accepted: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """One page of what would change: `looked_at` of the `titles` titles that have the profile, each with its latest searches.

    `next` is the cursor of the page that follows; None when all were looked at.
    """

    titles: int
    looked_at: int
    held: tuple[HeldChange, ...]
    turned: tuple[TurnedDecision, ...]
    next: str | None = None


def explain_for(
    conn: Connection,
    media_item_id: str,
    candidates: Sequence[decide.Candidate],
    now: datetime,
    rules: Rules,
    *,
    profile_id: str | None = None,
    mode: Mode = "search",
) -> tuple[Explanation, ...]:
    """Why each candidate would be taken for a title's first slot now, or not; by another profile, when one is named. NotFound for
    a title or a profile that is not there."""
    wish = gather(conn, media_item_id, now, rules, asked=mode == "user")[0]
    if profile_id is not None:
        profile = choosing.get_profile(conn, profile_id)
        held = tuple(rescore(h, profile) for h in wish.target.held)
        wish = replace(wish, profile=profile, target=replace(wish.target, held=held))
    context = wish.context(now, mode, decide_settings(rules))
    return tuple(explain(c, wish.target, context) for c in candidates)


def told(found: Explanation) -> dict[str, Any]:
    """An explanation as plain data: what was read and where, every rule's answer, its place in the ranking."""
    verdict = found.verdict
    return {
        "release": verdict.candidate.title,
        "accepted": verdict.accepted,
        "quality": verdict.quality.name,
        "score": verdict.score,
        "formats": list(verdict.formats),
        "facts": [{"key": name, "value": words} for name, words in found.facts],
        "spans": [
            {"fact": fact, "start": s.start, "end": s.end}
            for fact, spans in verdict.release.spans.items()
            for s in spans
        ],
        "rules": [
            {"rule": name, "passes": no is None, "permanent": bool(no and no.permanent), "reason": no and no.reason}
            for name, no in found.rules
        ],
        "rank": [{"key": k.name, "value": k.words} for k in found.keys],
    }


def what_if(
    conn: Connection,
    profile_id: str,
    new: QualityProfile,
    now: datetime,
    rules: Rules,
    *,
    cursor: str | None = None,
    portion: int = PORTION,
) -> WhatIf:
    """What a change of a profile would turn, title by title, so many at once: files held under it, and the latest decisions made by it."""
    old = choosing.get_profile(conn, profile_id)
    known = {kept.format.name for kept in choosing.list_formats(conn)}
    unheard = sorted(set(new.scores) - known)
    if unheard:
        raise Invalid(f"scores: there is no custom format {unheard[0]!r}", field="scores")
    (after,) = decode_cursor(cursor, str) if cursor else ("",)
    rows = conn.all(
        "select distinct media_item_id as id from slots where quality_profile_id = :p and media_item_id > :a"
        " order by media_item_id limit :n",
        p=profile_id,
        a=after,
        n=portion,
    )
    held: list[HeldChange] = []
    turned: list[TurnedDecision] = []
    for row in rows:
        wishes = [w for w in gather(conn, row["id"], now, rules) if w.profile.id == profile_id]
        searches = downloads.searches_of(conn, row["id"], limit=MOST_SEARCHES)
        for wish in wishes:
            held += _held_changes(wish, old, new)
            of_slot = [s for s in searches if s.slot_id in (None, wish.slot.id)]
            turned += _turned(wish, of_slot, old, new, rules)
    following = encode_cursor((rows[-1]["id"],)) if len(rows) == portion else None
    return WhatIf(titles_of(conn, profile_id), len(rows), tuple(held), tuple(turned), following)


def titles_of(conn: Connection, profile_id: str) -> int:
    """How many titles have the profile."""
    return int(
        conn.value("select count(distinct media_item_id) from slots where quality_profile_id = :p", p=profile_id)
    )


def _held_changes(wish: Wish, old: QualityProfile, new: QualityProfile) -> Iterator[HeldChange]:
    differences = decide.what_if(wish.target.held, (), old, new)
    for file in wish.target.held:
        becomes: Literal["wanting", "at_rest", "rescored"]
        if file in differences.to_upgrade:
            becomes = "wanting"
        elif file in differences.at_rest:
            becomes = "at_rest"
        elif any(file is changed for changed, _ in differences.rescored):
            becomes = "rescored"
        else:
            continue
        score = rescore(file, new).score
        yield HeldChange(wish.item.id, wish.item.title, file.name or "", file.quality, file.score, score, becomes)


def _turned(
    wish: Wish, searches: Sequence[SearchView], old: QualityProfile, new: QualityProfile, rules: Rules
) -> Iterator[TurnedDecision]:
    for search in searches:
        past = _past(wish, search, rules)
        for turn in decide.what_if((), (past,), old, new).turned:
            refused = turn.before if turn.after.accepted else turn.after
            yield TurnedDecision(
                wish.item.id,
                wish.item.title,
                search.id,
                search.created_at,
                turn.after.candidate.title,
                turn.after.accepted,
                tuple(r.reason for r in refused.rejections),
            )


def _past(wish: Wish, search: SearchView, rules: Rules) -> decide.PastDecision:
    """A search as it was decided, as far as it was kept: with the files of its time that are still held."""
    at = datetime.fromisoformat(search.created_at)
    held = tuple(h for h in wish.target.held if h.added is not None and h.added < at)
    wanted = frozenset(e.key for e in wish.target.episodes if f"S{e.season:02}E{e.number:02}" in search.targets)
    mode = cast(Mode, search.mode if search.mode in ("rss", "search", "user") else "search")
    then = replace(wish, target=replace(wish.target, held=held, wanted=wanted), queue=(), history=())
    context = then.context(at, mode, decide_settings(rules))
    return decide.PastDecision(tuple(_candidate(c) for c in search.candidates), then.target, context)


def _candidate(kept: CandidateView) -> decide.Candidate:
    return decide.Candidate(
        title=kept.title,
        protocol="usenet" if kept.protocol == "usenet" else "torrent",
        size=kept.size,
        seeders=kept.seeders,
        published=datetime.fromisoformat(kept.published) if kept.published else None,
        indexer=kept.indexer or "",
        priority=kept.release.get("priority") or 25,
        infohash=kept.release.get("infohash"),
        flags=tuple(kept.release.get("flags") or ()),
        languages=tuple(kept.release.get("languages") or ()),
    )
