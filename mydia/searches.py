"""A search from question to grab: what indexers are asked, what core says of their answers, and what is kept of it all, in one transaction.

Plain functions; the asking itself is the searcher's. What is judged may have been so in another process (`MANY`), so that values are few.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from mydia.core import decide as core
from mydia.core.rank import Ranked, rank
from mydia.core.wanted import questions
from mydia.downloads import changes as downloads
from mydia.errors import Conflict
from mydia.ports import FoundRelease, IndexerQuery
from mydia.store.engine import among
from mydia.store.transaction import Transaction, parse_time
from mydia.wishes import Round, Wish, after_search

MOST_QUERIES = 12
"""Asked of one indexer in one search; what remains wanted is asked for in the next."""
KEPT = 10_000
"""Candidates kept of one search, the accepted ones first: all of them, unless an indexer never comes to an end."""
MANY = 1000
"""More candidates than these are judged in a process of its own, which takes a third of a second to begin: as long as so many take."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one indexer said, or why it said nothing."""

    indexer: str
    found: tuple[FoundRelease, ...] = ()
    error: str | None = None
    seconds: float = 0.0


Key = tuple[str, str]  # an indexer, and its guid


def queries_for(wish: Wish) -> list[IndexerQuery]:
    """What to ask: the film; or each season that lacks several episodes as a whole, and each single episode by itself."""
    item = wish.item
    whole = IndexerQuery(kind=item.type, title=item.title, year=item.year, ids=dict(item.ids))
    asked = questions(wish.target.wanted)[:MOST_QUERIES]
    return [whole if q is None else replace(whole, season=q[0], episode=q[1]) for q in asked]


@dataclass(frozen=True, slots=True)
class Kept:
    """A verdict, as much of it as is kept. `rank`: each key with its value in words; of accepted ones alone."""

    candidate: core.Candidate
    quality: str
    score: int
    formats: tuple[str, ...]
    episodes: tuple[core.Number, ...]
    rejections: tuple[core.Rejection, ...]
    rank: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> Key:
        return (self.candidate.indexer, self.candidate.guid or "")


@dataclass(frozen=True, slots=True)
class Judged:
    """What core says of all that was found. `kept`: of the accepted, the best first, then of the others. `ripe`: seconds until a release
    may be had that only a delay speaks against."""

    found: int
    acceptable: int
    kept: tuple[Kept, ...] = ()
    chosen: tuple[Kept, ...] = ()
    ripe: float | None = None


def judge(found: Sequence[FoundRelease], target: core.Target, context: core.Context) -> Judged:
    """Decide on all that was found, rank it and choose."""
    verdicts = core.decide([candidate(r, context.now) for r in found], target, context)
    ranked = rank(verdicts, target, context)
    refused = [v for v in verdicts if not v.accepted]
    kept = [*(_kept(r.verdict, r) for r in ranked[:KEPT]), *map(_kept, refused[: max(KEPT - len(ranked), 0)])]
    chosen = tuple(_kept(r.verdict) for r in choose(ranked, target))
    ripe = ripe_in(refused, context.settings.delay, context.now)
    return Judged(len(verdicts), len(ranked), tuple(kept), chosen, ripe)


def _kept(v: core.Verdict, ranked: Ranked | None = None) -> Kept:
    keys = tuple((k.name, k.words) for k in ranked.keys) if ranked else ()
    return Kept(v.candidate, v.quality.name, v.score, v.formats, v.episodes, v.rejections, keys)


def candidate(found: FoundRelease, now: datetime) -> core.Candidate:
    """An indexer's answer as deciding takes it. A publication date in the future (a site's wrong clock) is now."""
    published = datetime.fromisoformat(found.published) if found.published else None
    return core.Candidate(
        title=found.title,
        protocol=found.protocol,
        size=found.size,
        seeders=found.seeders,
        peers=found.peers,
        published=min(published, now) if published else None,
        indexer=found.indexer,
        priority=found.priority,
        infohash=found.infohash,
        guid=found.guid,
        flags=found.flags,
        languages=found.languages,
        download_url=found.download_url,
        info_url=found.info_url,
    )


def record(
    tx: Transaction,
    wish: Wish,
    mode: str,
    answers: Sequence[Answer],
    judged: Judged,
    found: Mapping[Key, FoundRelease],
    grab: bool = True,
) -> None:
    """Keep the search and grab what is best, in one transaction. Another grab that came first wins, and is named; what a person or an
    import has said of it while the indexers were asked counts as well.

    Without `grab` a person chooses, and nothing follows from the search by itself.
    """
    grabbed: dict[Key, str] = {}
    notes: list[str] = []
    if judged.found and not grab:
        notes = [f"{judged.found} found to choose from, {judged.acceptable} of them acceptable"]
    for v in judged.chosen if grab else ():
        targets = wish.episode_ids(v.episodes) or ("",)
        if (why := _overtaken(tx, wish, targets)) is not None:
            notes.append(why)
            continue
        facts = {
            **{
                k: getattr(v.candidate, k)
                for k in ("title", "indexer", "guid", "infohash", "protocol", "size", "download_url", "flags")
            },
            "quality": v.quality,
            "score": v.score,
            "formats": v.formats,
        }
        try:
            grabbed[v.key] = downloads.grab(tx, wish.item.id, wish.slot.id, targets, facts)
        except Conflict as no:
            notes.append(str(no))
    rows = _rows(wish, judged, set(grabbed), found)
    chosen = [r["title"] for r in rows if r["chosen"]]
    downloads.record_search(
        tx,
        wish.item.id,
        mode=mode,
        targets=[f"S{s:02}E{e:02}" for s, e in sorted(wish.target.wanted)],
        indexers=[
            {"name": a.indexer, "found": len({r.guid for r in a.found}), "error": a.error, "seconds": a.seconds}
            for a in answers
        ],
        candidates=rows,
        chosen=chosen[0] if chosen else None,
        summary=summary(judged, chosen, answers, notes),
        slot_id=wish.slot.id,
        download_id=next(iter(grabbed.values()), None),
        found=judged.found,
        accepted=judged.acceptable,
    )
    if not grab:
        return
    if not all(a.error for a in answers):
        filled = [n for v in judged.chosen if v.key in grabbed for n in v.episodes]
        downloads.looked(tx, after_search(wish, filled, parse_time(tx.now), film=bool(grabbed)))
    if judged.ripe is not None and not grabbed:
        tx.enqueue("search_media", {"media_item_id": wish.item.id}, media_item_id=wish.item.id, in_seconds=judged.ripe)


def _overtaken(tx: Transaction, wish: Wish, targets: Sequence[str]) -> str | None:
    """Why there is no reason any more to grab something for these targets; None where what was gathered still is so."""
    slot = tx.one(
        "select s.monitored, m.monitored as title from slots s join media_items m on m.id = s.media_item_id where s.id = :s",
        s=wish.slot.id,
    )
    if slot is None or wish.slot.monitored > slot["monitored"] or wish.item.monitored > slot["title"]:
        return "It is wanted no more"
    match, params = among("id", [e.id for e in wish.episodes if e.monitored and e.id in targets])
    sql = f"select 1 from episodes where {match} and monitored = 1 limit 1"  # noqa: S608 - a column and parameters
    if params and not tx.value(sql, **params):
        return "It is wanted no more"
    match, params = among("target", targets)
    sql = f"select target, file_id from held_files where slot_id = :s and {match} order by target"  # noqa: S608 - likewise
    came = {row["target"] for row in tx.all(sql, s=wish.slot.id, **params) if row["file_id"] not in wish.held}
    sought = {wish.target_of(thing) for thing in wish.wanted} & set(targets) or set(targets)
    return "It came into the library meanwhile" if sought <= came else None


def ripe_in(verdicts: Sequence[core.Verdict], delay: core.Delay, now: datetime) -> float | None:
    """Seconds until the first release is old enough that only a delay speaks against; None when there is none."""
    waits = [
        (delay.torrent if v.candidate.protocol == "torrent" else delay.usenet) - age
        for v in verdicts
        if {r.rule for r in v.rejections} == {"delayed"} and (age := v.candidate.age(now)) is not None
    ]
    return None if not waits else max(min(waits), 0) * 60 + 1


def record_nothing(tx: Transaction, wish: Wish, mode: str) -> None:
    """A person asked, and there is nothing to search for: say so."""
    why = "What is held meets its profile's cutoff" if wish.target.held else "Nothing of it is known to be out yet"
    downloads.record_search(
        tx,
        wish.item.id,
        mode=mode,
        targets=[],
        indexers=[],
        candidates=[],
        chosen=None,
        summary=f"Not searched: {why}",
        slot_id=wish.slot.id,
    )


def choose(ranked: Sequence[Ranked], target: core.Target) -> list[Ranked]:
    """The film's best; for a show the best that together fill what is wanted, none twice."""
    if target.kind == "movie":
        return list(ranked[:1])
    open_, chosen = set(target.wanted), []
    taken: set[core.Number] = set()
    for r in ranked:
        episodes = set(r.verdict.episodes)
        if episodes & open_ and not episodes & taken:
            chosen.append(r)
            open_ -= episodes
            taken |= episodes
    return chosen


def summary(judged: Judged, chosen: Sequence[str], answers: Sequence[Answer], notes: Sequence[str]) -> str:
    if chosen:
        return (
            f"Grabbed {chosen[0]}"
            + (f" and {len(chosen) - 1} more" if len(chosen) > 1 else "")
            + f" of {judged.found} found"
        )
    if notes:
        return notes[0]
    if judged.found:
        return f"{judged.found} found, none acceptable"
    if not answers:
        return "No indexer is configured: add one under downloads.indexers"
    silent = [a.indexer for a in answers if a.error]
    return f"Nothing found; {', '.join(silent)} did not answer" if silent else "Nothing found"


def _rows(wish: Wish, judged: Judged, grabbed: set[Key], found: Mapping[Key, FoundRelease]) -> list[dict[str, Any]]:
    return [
        {
            "title": v.candidate.title,
            "indexer": v.candidate.indexer,
            "protocol": v.candidate.protocol,
            "size": v.candidate.size,
            "seeders": v.candidate.seeders,
            "published": found[v.key].published,
            "quality": v.quality,
            "score": v.score,
            "accepted": not v.rejections,
            "chosen": v.key in grabbed,
            "rejections": [{"rule": r.rule, "permanent": r.permanent, "reason": r.reason} for r in v.rejections],
            "rank": [{"key": key, "value": words} for key, words in v.rank],
            "release": {
                "guid": v.candidate.guid,
                "targets": list(wish.episode_ids(v.episodes)),
                "infohash": v.candidate.infohash,
                "download_url": v.candidate.download_url,
                "info_url": v.candidate.info_url,
                "formats": v.formats,
                "flags": v.candidate.flags,
                "languages": v.candidate.languages,
                "priority": v.candidate.priority,
            },
        }
        for v in judged.kept
    ]


def enqueue_round(tx: Transaction, found: Round) -> None:
    """A job for each title of a round, two seconds apart; and what is not out yet is looked at again when it may be."""
    downloads.looked(tx, found.not_yet)
    for i, item_id in enumerate(dict.fromkeys(search.title for search in found.plan.searches)):
        tx.enqueue(
            "search_media",
            {"media_item_id": item_id, "planned": True},
            media_item_id=item_id,
            in_seconds=i * 2,
            priority=5,
        )
