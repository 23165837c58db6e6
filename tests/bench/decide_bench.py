"""How long ten thousand candidates take: `python -m tests.bench.decide_bench` prints JSON.

    few, guide     with four custom formats, and with as many as people take over from a guide
    cold, warm     every name is read for the first time; the next search, when the names are known (feeds repeat themselves)
    loop_lag_ms    how late a timer of the loop comes while all of them, their names new, are decided on as the searcher has it: a thousand
                   at a time in a thread, all at once in a process of its own; and `idle`, with nothing beside: the machine's own lag

Seconds of processor time, the best of some rounds, on one core; without the collector, as in the process that decides on so many.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import trio

from mydia.core.decide import Candidate, Context, Episode, Held, Queued, Settings, Target, decide
from mydia.core.decide.bench import read
from mydia.core.formats import FormatSet, parse_formats
from mydia.core.quality import QualityProfile
from mydia.core.rank import rank
from mydia.otp import apart
from mydia.ports import FoundRelease
from mydia.searches import MANY, judge
from supervisors.boot import COLLECT, SWITCH_SECONDS
from tests.bench.guide import groups, guide

COUNT = 10_000
ROUNDS = 5
TICK = 0.005
LAG_MS = 5
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
PICTURES = (
    "720p.HDTV.x264",
    "1080p.WEB-DL.DDP5.1.H.264",
    "PROPER.1080p.BluRay.x265.10bit",
    "2160p.WEB-DL.DV.HDR.H.265",
    "SDTV.XviD",
)
WORDS = {"x265": r"[xh][ ._-]?265", "Dolby Vision": r"\b(dv|dovi)\b", "Group": r"-GRP[0-4]\b", "Proper": r"\bproper\b"}
PROFILE = QualityProfile.from_json(
    {
        "name": "bench",
        "qualities": ["SDTV", "HDTV-720p", ["WEBDL-1080p", "WEBRip-1080p"], "Bluray-1080p", "WEBDL-2160p"],
        "cutoff": "Bluray-1080p",
        "scores": {"x265": -10, "Dolby Vision": 50, "Group": 25, "Proper": 5},
    }
)


def title_format(name: str, pattern: str) -> dict[str, Any]:
    condition = {"name": name, "implementation": "ReleaseTitleSpecification", "fields": {"value": pattern}}
    return {"name": name, "specifications": [condition]}


def candidate(n: int) -> Candidate:
    season, episode = 1 + n % 5, 1 + n % 22
    number = f"S{season:02}" if n % 40 == 0 else f"S{season:02}E{episode:02}"
    return Candidate(
        title=f"Some.Long.Show.Title.{number}.{PICTURES[n % 5]}-GRP{n}",
        protocol="usenet" if n % 3 == 0 else "torrent",
        size=(300 + n % 9000) << 20,
        seeders=n % 500,
        peers=n % 700,
        age_minutes=n * 7.0,
        indexer=f"indexer {n % 6}",
        priority=20 + n % 6,
        infohash=f"{n:040x}",
        guid=f"guid-{n}",
    )


def world() -> tuple[Target, Context]:
    episodes = tuple(
        Episode(s, e, (s - 1) * 22 + e, f"2020-{s:02}-{e:02}", runtime=42) for s in range(1, 6) for e in range(1, 23)
    )
    held = tuple(Held("HDTV-720p", episodes=(e.key,), release_group="GRP1") for e in episodes if e.number % 3 == 0)
    target = Target("episode", "Some Long Show Title", runtime=42, episodes=episodes, held=held)
    target = replace(target, wanted=frozenset(e.key for e in episodes), original_language="en")
    formats = tuple(parse_formats([title_format(name, pattern) for name, pattern in WORDS.items()]))
    queue = tuple(Queued(f"Queued {n}", "WEBDL-1080p", episodes=((1, n),)) for n in range(1, 6))
    settings = Settings(required=("p",), ignored=("german", r"/\bdubbed\b/i"), min_seeders=2)
    return target, Context(NOW, "search", profile=PROFILE, formats=formats, settings=settings, queue=queue)


def measure(candidates: list[Candidate], target: Target, context: Context) -> dict[str, Any]:
    gc.disable()
    seconds: dict[str, list[float]] = {"cold": [], "warm": [], "rank": []}
    accepted = 0
    for _ in range(ROUNDS):
        read.cache_clear()
        for kind in ("cold", "warm"):
            began = time.process_time()
            verdicts = decide(candidates, target, context)
            decided = time.process_time()
            accepted = len(rank(verdicts, target, context))
            seconds[kind].append(time.process_time() - began)
            seconds["rank"].append(time.process_time() - decided)
    best = {name: round(min(times), 3) for name, times in seconds.items()}
    return {
        "formats": len(context.formats),
        "conditions": sum(len(f.conditions) for f in context.formats),
        "accepted": accepted,
        "seconds": best,
    }


async def lag(beside: Callable[[], Awaitable[object]]) -> dict[str, float]:
    late: list[float] = []
    async with trio.open_nursery() as nursery:

        async def watch() -> None:
            while True:
                due = time.monotonic() + TICK
                await trio.sleep(TICK)
                late.append(time.monotonic() - due)

        nursery.start_soon(watch)
        await beside()
        nursery.cancel_scope.cancel()
    cuts = statistics.quantiles(late, n=100, method="inclusive")
    return {"p50": round(cuts[49] * 1000, 2), "p99": round(cuts[98] * 1000, 2), "seconds": round(len(late) * TICK, 1)}


async def lags(found: list[FoundRelease], target: Target, context: Context) -> dict[str, dict[str, float]]:
    """As the daemon has it: threads hand over as often as its own do, and what was there at the start is not looked at for garbage."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT)

    def search() -> None:
        for start in range(0, len(found), MANY):
            read.cache_clear()
            judge(found[start : start + MANY], target, context)

    return {
        "idle": await lag(partial(trio.sleep, 3)),
        "thread": await lag(partial(trio.to_thread.run_sync, search)),
        "process": await lag(partial(apart, judge, found, target, replace(context, formats=tuple(context.formats)))),
    }


def found_of(candidate: Candidate) -> FoundRelease:
    """The candidate as an indexer's answer."""
    return FoundRelease(
        guid=candidate.guid or "",
        title=candidate.title,
        indexer=candidate.indexer,
        protocol=candidate.protocol,
        download_url="http://127.0.0.1/",
        size=candidate.size,
        seeders=candidate.seeders,
        peers=candidate.peers,
        infohash=candidate.infohash,
        priority=candidate.priority,
    )


def named_by_the_guide(n: int, candidate: Candidate) -> Candidate:
    """Every third release by a group that the guide knows."""
    if n % 3:
        return candidate
    return replace(candidate, title=f"{candidate.title.rpartition('-')[0]}-{groups(n % 900, 1)[0]}")


def main() -> None:
    candidates = [candidate(n) for n in range(COUNT)]
    target, context = world()
    result: dict[str, Any] = {"bench": "decide", "candidates": COUNT, "few": measure(candidates, target, context)}
    formats = FormatSet(parse_formats(guide()))
    scores = {f.name: 10 - i % 20 for i, f in enumerate(formats)}
    guided = replace(context, formats=formats, profile=replace(PROFILE, scores=scores, min_score=-10_000))
    known = [named_by_the_guide(n, c) for n, c in enumerate(candidates)]
    result["guide"] = measure(known, target, guided)
    result["loop_lag_ms"] = trio.run(lags, [found_of(c) for c in known], target, guided)
    result["targets"] = {"loop_lag_ms": {"p99": LAG_MS}}
    json.dump(result, sys.stdout)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
