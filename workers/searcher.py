"""searcher: what is wanted is asked of all indexers at once; core decides and ranks; the best is grabbed. Every verdict is kept.

It only writes the grab. The download monitor hands it to a client, so a crash between the two loses nothing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import trio
from loguru import logger

from mydia import tokens
from mydia.adapters.disk.space import space
from mydia.core import decide as core
from mydia.core.decide.model import Mode
from mydia.core.rank import Ranked, rank
from mydia.core.wanted import Why, questions
from mydia.downloads import changes as downloads
from mydia.downloads import queries as download_queries
from mydia.errors import Conflict, MydiaError, Unavailable
from mydia.house import House
from mydia.jobs.model import Job
from mydia.media import changes as media_changes
from mydia.ports import FoundRelease, Indexer, IndexerQuery, Protocol_
from mydia.settings.rules import decide_settings
from mydia.store.transaction import Transaction, parse_time
from mydia.wishes import Round, Wish, after_search, gather, plan_round
from workers.job_actor import JobActor

PATIENCE = 30.0
"""Seconds an indexer may take; the others' answers are used without it."""
MOST_QUERIES = 12
"""Asked of one indexer in one search; what remains wanted is asked for in the next."""
KEPT = 300
"""Candidates kept of one search: the accepted ones, then as the indexers gave them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one indexer said, or why it said nothing."""

    indexer: str
    found: tuple[FoundRelease, ...] = ()
    error: str | None = None
    seconds: float = 0.0


Key = tuple[str, str]  # an indexer, and its guid


class Searcher(JobActor):
    def __init__(self, house: House, indexers: Sequence[Indexer], protocols: frozenset[Protocol_], boot: str) -> None:
        super().__init__(house, boot)
        self.indexers = indexers
        self.protocols = protocols  # what the configured clients can take
        self.kinds = {"search_media": self.search_media, "search_missing": self.search_missing}

    async def search_missing(self, job: Job) -> None:
        """Time's wish: what is missing or could be better (`why`: one of the two), the least recently searched first, `limit` searches in
        all, within the day's tokens of the indexers; one job for each title."""
        now, limit = self.house.clock.now(), int(job.args.get("limit", 100))
        spent = await self.house.read(download_queries.spent_on, tokens.day_of(now))
        budgets = tokens.budgets(self._limits(), spent)
        why = cast(Why | None, job.args.get("why"))
        found = await self.house.read(plan_round, now, self.house.config.downloads.rules, budgets, limit, why)
        await self.house.write(_enqueue_round, found)
        later = Counter(reason for thing, reason in found.plan.waiting if thing.due is not None and thing.due <= now)
        for reason, count in later.items():
            logger.info("{} things that are due wait for a later search: {}", count, reason)

    async def search_media(self, job: Job) -> None:
        """Search for one title, all its slots or one. Refused (and tried again) only when no indexer answered at all, or none has a token
        left today.

        `mode` "user": a person asked for it, monitored or not. `asked`: a person did, by adding it. `planned`: time did, for what is due.
        """
        mode = cast(Mode, job.args.get("mode", "search"))
        asked = mode == "user" or bool(job.args.get("asked"))
        now, item, rules = self.house.clock.now(), job.args["media_item_id"], self.house.config.downloads.rules
        planned = bool(job.args.get("planned"))
        wishes = await self.house.read(
            gather, item, now, rules, job.args.get("slot_id"), asked=mode == "user", due_only=planned
        )
        for wish in wishes:
            if wish.wanted:
                await self._search(wish, mode, now, again=bool(job.snoozed), asked=asked)
            elif mode == "user" and (wish.slot.monitored or len(wishes) == 1):
                await self.house.write(record_nothing, wish, mode)
        if not any(wish.wanted for wish in wishes):
            await self.house.write(media_changes.searched, item)

    async def _search(self, wish: Wish, mode: Mode, now: datetime, *, again: bool, asked: bool = False) -> None:
        """`again`: the last time no indexer answered, which then needs no second record."""
        resting = await self._resting(now)
        awake = [i for i in self.indexers if i.name not in resting]
        queries = queries_for(wish)
        able = await self._spend(awake, len(queries), now, asked=asked)
        answers = await self.ask([i for i in awake if i.name in able], queries)
        answers += [Answer(i.name, error=tokens.used_up(self._limits()[i.name])) for i in awake if i.name not in able]
        answers += [
            Answer(name, error=f"left alone until {until:%H:%M} after repeated failures")
            for name, until in resting.items()
        ]
        found = {(r.indexer, r.guid): r for a in answers for r in a.found}
        free = await trio.to_thread.run_sync(free_space, self.house.config.download_dir)
        context = core.Context(
            now=now,
            mode=mode,
            profile=wish.profile,
            formats=wish.formats,
            settings=decide_settings(
                self.house.config.downloads.rules, clients=self.protocols, free_space=free, resting=resting
            ),
            blocklist=wish.blocklist,
            queue=wish.queue,
            history=wish.history,
        )
        # Deciding on hundreds of names is work for a thread: the loop stays free for pages.
        verdicts, ranked = await trio.to_thread.run_sync(judge, list(found.values()), wish.target, context)
        silent = bool(answers) and all(a.error for a in answers)
        if not (silent and again):
            await self.house.write(record, wish, mode, answers, verdicts, ranked, found, context.settings.delay)
        if silent:
            rest = (
                min((until - now).total_seconds() for until in resting.values())
                if len(resting) == len(answers)
                else None
            )
            told = "; ".join(f"{a.indexer}: {a.error}" for a in answers)
            raise Unavailable(f"No indexer answered: {told}", retry_after=rest)

    def _limits(self) -> dict[str, int]:
        return tokens.limits(self.house.config, [i.name for i in self.indexers])

    async def _spend(self, indexers: Sequence[Indexer], cost: int, now: datetime, *, asked: bool) -> frozenset[str]:
        """Take the tokens of a search: the indexers that may be asked. Unavailable until tomorrow where none may."""
        limits = {name: limit for name, limit in self._limits().items() if name in {i.name for i in indexers}}
        if not limits:
            return frozenset()
        able = await self.house.write(downloads.spend, cost, limits, asked=asked)
        if able:
            return able
        used = "; ".join(f"{name}: {tokens.used_up(limit)}" for name, limit in limits.items())
        logger.info("a search waits for tomorrow: {}", used)
        raise Unavailable(f"It waits for tomorrow: {used}", retry_after=tokens.until_tomorrow(now))

    async def ask(self, indexers: Sequence[Indexer], queries: Sequence[IndexerQuery]) -> list[Answer]:
        """All indexers at once, each with its own deadline; one that fails is written down and does not hold up the rest."""
        answers: list[Answer] = []
        async with trio.open_nursery() as nursery:
            for indexer in indexers:
                nursery.start_soon(self._ask_one, indexer, queries, answers)
        order = {indexer.name: i for i, indexer in enumerate(indexers)}
        return sorted(answers, key=lambda a: order[a.indexer])

    async def _ask_one(self, indexer: Indexer, queries: Sequence[IndexerQuery], answers: list[Answer]) -> None:
        began = trio.current_time()
        found: list[FoundRelease] = []
        error: str | None = None
        retry_after: float | None = None
        try:
            with trio.fail_after(PATIENCE):
                for query in queries:
                    found += await indexer.search(query)
        except trio.TooSlowError:
            error = f"no answer within {PATIENCE:.0f} s"
        except MydiaError as no:
            error, retry_after = str(no), getattr(no, "retry_after", None)
        answers.append(Answer(indexer.name, tuple(found), error, round(trio.current_time() - began, 3)))
        if error is None:
            await self.house.write(downloads.provider_ok, "indexer", indexer.name)
        else:
            logger.warning("indexer {}: {}", indexer.name, error)
            await self.house.write(downloads.provider_failed, "indexer", indexer.name, error, retry_after=retry_after)

    async def _resting(self, now: datetime) -> dict[str, datetime]:
        statuses = await self.house.read(download_queries.provider_statuses)
        until = {
            s.name: datetime.fromisoformat(s.disabled_until)
            for s in statuses
            if s.family == "indexer" and s.disabled_until
        }
        return {i.name: until[i.name] for i in self.indexers if i.name in until and until[i.name] > now}


def free_space(folder: Path) -> int | None:
    """Bytes free where downloads go; None where that can't be told."""
    try:
        return space(str(folder)).free
    except MydiaError:
        return None


def queries_for(wish: Wish) -> list[IndexerQuery]:
    """What to ask: the film; or each season that lacks several episodes as a whole, and each single episode by itself."""
    item = wish.item
    whole = IndexerQuery(kind=item.type, title=item.title, year=item.year, ids=dict(item.ids))
    asked = questions(wish.target.wanted)[:MOST_QUERIES]
    return [whole if q is None else replace(whole, season=q[0], episode=q[1]) for q in asked]


def judge(
    found: Sequence[FoundRelease], target: core.Target, context: core.Context
) -> tuple[list[core.Verdict], list[Ranked]]:
    """What core says of all that was found, and of what it accepts the best first."""
    verdicts = core.decide([candidate(r, context.now) for r in found], target, context)
    return verdicts, rank(verdicts, target, context)


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
    verdicts: Sequence[core.Verdict],
    ranked: Sequence[Ranked],
    found: Mapping[Key, FoundRelease],
    delay: core.Delay,
) -> None:
    """Keep the search and grab what is best, in one transaction. Another grab that came first wins, and is named."""
    grabbed: dict[Key, str] = {}
    notes: list[str] = []
    for choice in choose(ranked, wish):
        v = choice.verdict
        targets = wish.episode_ids(v.episodes) or ("",)
        facts = {
            **{
                k: getattr(v.candidate, k)
                for k in ("title", "indexer", "guid", "infohash", "protocol", "size", "download_url", "flags")
            },
            "quality": v.quality.name,
            "score": v.score,
            "formats": v.formats,
        }
        try:
            grabbed[key_of(v)] = downloads.grab(tx, wish.item.id, wish.slot.id, targets, facts)
        except Conflict as no:
            notes.append(str(no))
    rows = _rows(wish, verdicts, ranked, set(grabbed), found)
    chosen = [r["title"] for r in rows if r["chosen"]]
    downloads.record_search(
        tx,
        wish.item.id,
        mode=mode,
        targets=[f"S{s:02}E{e:02}" for s, e in sorted(wish.target.wanted)],
        indexers=[{"name": a.indexer, "found": len(a.found), "error": a.error, "seconds": a.seconds} for a in answers],
        candidates=rows,
        chosen=chosen[0] if chosen else None,
        summary=summary(verdicts, chosen, answers, notes),
        slot_id=wish.slot.id,
        download_id=next(iter(grabbed.values()), None),
    )
    if not all(a.error for a in answers):
        filled = [n for choice in ranked if key_of(choice.verdict) in grabbed for n in choice.verdict.episodes]
        downloads.looked(tx, after_search(wish, filled, parse_time(tx.now), film=bool(grabbed)))
    ripe = None if grabbed else ripe_in(verdicts, delay, parse_time(tx.now))
    if ripe is not None:
        tx.enqueue("search_media", {"media_item_id": wish.item.id}, media_item_id=wish.item.id, in_seconds=ripe)


def ripe_in(verdicts: Sequence[core.Verdict], delay: core.Delay, now: datetime) -> float | None:
    """Seconds until the first release is old enough that only a delay speaks against; None when there is none."""
    waits = [
        (delay.torrent if v.candidate.protocol == "torrent" else delay.usenet) - age
        for v in verdicts
        if {r.rule for r in v.rejections} == {"delayed"} and (age := v.candidate.age(now)) is not None
    ]
    return None if not waits else max(min(waits), 0) * 60 + 1


def key_of(verdict: core.Verdict) -> Key:
    return (verdict.candidate.indexer, verdict.candidate.guid or "")


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


def choose(ranked: Sequence[Ranked], wish: Wish) -> list[Ranked]:
    """The film's best; for a show the best that together fill what is wanted, none twice."""
    if wish.target.kind == "movie":
        return list(ranked[:1])
    open_, chosen = set(wish.target.wanted), []
    taken: set[core.Number] = set()
    for r in ranked:
        episodes = set(r.verdict.episodes)
        if episodes & open_ and not episodes & taken:
            chosen.append(r)
            open_ -= episodes
            taken |= episodes
    return chosen


def summary(
    verdicts: Sequence[core.Verdict], chosen: Sequence[str], answers: Sequence[Answer], notes: Sequence[str]
) -> str:
    if chosen:
        return (
            f"Grabbed {chosen[0]}"
            + (f" and {len(chosen) - 1} more" if len(chosen) > 1 else "")
            + f" of {len(verdicts)} found"
        )
    if notes:
        return notes[0]
    if verdicts:
        return f"{len(verdicts)} found, none acceptable"
    if not answers:
        return "No indexer is configured: add one under downloads.indexers"
    silent = [a.indexer for a in answers if a.error]
    return f"Nothing found; {', '.join(silent)} did not answer" if silent else "Nothing found"


def _rows(
    wish: Wish,
    verdicts: Sequence[core.Verdict],
    ranked: Sequence[Ranked],
    grabbed: set[Key],
    found: Mapping[Key, FoundRelease],
) -> list[dict[str, Any]]:
    placed = {id(r.verdict) for r in ranked}
    # This runs in the writer: only what is kept is put into words.
    ordered = [*((r.verdict, r.keys) for r in ranked[:KEPT]), *((v, ()) for v in verdicts if id(v) not in placed)]
    return [
        {
            "title": v.candidate.title,
            "indexer": v.candidate.indexer,
            "protocol": v.candidate.protocol,
            "size": v.candidate.size,
            "seeders": v.candidate.seeders,
            "published": found[key_of(v)].published,
            "quality": v.quality.name,
            "score": v.score,
            "accepted": v.accepted,
            "chosen": key_of(v) in grabbed,
            "rejections": [{"rule": r.rule, "permanent": r.permanent, "reason": r.reason} for r in v.rejections],
            "rank": [{"key": k.name, "value": k.words} for k in keys],
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
        for v, keys in ordered[:KEPT]
    ]


def _enqueue_round(tx: Transaction, found: Round) -> None:
    downloads.looked(tx, found.not_yet)
    for i, item_id in enumerate(dict.fromkeys(search.title for search in found.plan.searches)):
        tx.enqueue(
            "search_media",
            {"media_item_id": item_id, "planned": True},
            media_item_id=item_id,
            in_seconds=i * 2,
            priority=5,
        )
