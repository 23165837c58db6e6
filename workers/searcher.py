"""searcher: what is wanted is asked of all indexers at once; core decides and ranks; the best is grabbed. Every verdict is kept.

It only writes the grab. The download monitor hands it to a client, so a crash between the two loses nothing.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import cast

import trio
from loguru import logger

from mydia import tokens
from mydia.adapters.disk.space import space
from mydia.core import decide as core
from mydia.core.decide.model import Mode
from mydia.core.wanted import Why
from mydia.databases import read_apart
from mydia.downloads import changes as downloads
from mydia.downloads import queries as download_queries
from mydia.errors import MydiaError, Unavailable
from mydia.house import House
from mydia.jobs.model import Job
from mydia.media import changes as media_changes
from mydia.otp import apart
from mydia.ports import FoundRelease, Indexer, IndexerQuery, Protocol_
from mydia.searches import MANY, Answer, Judged, enqueue_round, judge, queries_for, record, record_nothing
from mydia.settings.rules import decide_settings
from mydia.wishes import MANY_TITLES, Wish, gather, narrowed, next_searches, plan_round
from workers.job_actor import JobActor

PATIENCE = 30.0
"""Seconds an indexer may take; the others' answers are used without it."""


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
        asked = (now, self.house.config.downloads.rules, budgets, limit, why)
        if len(await self.house.read(next_searches, now, MANY_TITLES + 1, why)) > MANY_TITLES:
            found = await read_apart(self.house, plan_round, *asked)
        else:
            found = await self.house.read(plan_round, *asked)
        await self.house.write(enqueue_round, found)
        later = Counter(reason for thing, reason in found.plan.waiting if thing.due is not None and thing.due <= now)
        for reason, count in later.items():
            logger.info("{} things that are due wait for a later search: {}", count, reason)

    async def search_media(self, job: Job) -> None:
        """Search for one title, all its slots or one. Refused (and tried again) only when no indexer answered at all, or none has a token
        left today.

        `mode` "user": a person asked for it, monitored or not. `asked`: a person did, by adding it. `planned`: time did, for what is due.
        `season`, `episode`: only for that. `look`: a person will choose, so nothing is grabbed, and what is lacking is not all there is.
        """
        mode = cast(Mode, job.args.get("mode", "search"))
        asked = mode == "user" or bool(job.args.get("asked"))
        now, item, rules = self.house.clock.now(), job.args["media_item_id"], self.house.config.downloads.rules
        planned, look = bool(job.args.get("planned")), bool(job.args.get("look"))
        gathered = await self.house.read(
            gather, item, now, rules, job.args.get("slot_id"), asked=mode == "user", due_only=planned
        )
        wishes = [narrowed(w, job.args.get("season"), job.args.get("episode"), look=look) for w in gathered]
        for wish in wishes:
            if wish.wanted or (look and (wish.target.wanted or wish.item.type == "movie")):
                await self._search(wish, mode, now, again=bool(job.snoozed), asked=asked, grab=not look)
            elif mode == "user" and (wish.slot.monitored or len(wishes) == 1):
                await self.house.write(record_nothing, wish, mode)
        if not any(wish.wanted for wish in wishes):
            await self.house.write(media_changes.searched, item)

    async def _search(
        self, wish: Wish, mode: Mode, now: datetime, *, again: bool, asked: bool = False, grab: bool = True
    ) -> None:
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
        rules = self.house.config.downloads.rules
        settings = decide_settings(rules, clients=self.protocols, free_space=free, resting=resting)
        judged = await _judged(list(found.values()), wish.target, wish.context(now, mode, settings))
        silent = bool(answers) and all(a.error for a in answers)
        if not (silent and again):
            await self.house.write(record, wish, mode, answers, judged, found, grab)
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


async def _judged(found: list[FoundRelease], target: core.Target, context: core.Context) -> Judged:
    """Some hundred names are work for a thread, beside which the loop is free for pages; thousands would keep it waiting even so."""
    if len(found) > MANY:
        return await apart(judge, found, target, replace(context, formats=tuple(context.formats)))
    return await trio.to_thread.run_sync(judge, found, target, context)


def free_space(folder: Path) -> int | None:
    """Bytes free where downloads go; None where that can't be told."""
    try:
        return space(str(folder)).free
    except MydiaError:
        return None
