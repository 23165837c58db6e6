"""Can it be had?"""

from __future__ import annotations

from mydia.core.decide.facts import Facts
from mydia.core.decide.model import Context, Rejection, Target, refuse
from mydia.core.decide.words import size_words


def protocol_off(facts: Facts, target: Target, context: Context) -> Rejection | None:
    protocol = facts.candidate.protocol
    if protocol in context.settings.protocols:
        return None
    return refuse("protocol_off", f"{protocol} is switched off for {target.title}")


def no_client(facts: Facts, target: Target, context: Context) -> Rejection | None:
    protocol = facts.candidate.protocol
    if protocol in context.settings.clients:
        return None
    return refuse("no_client", f"no {protocol} client can take a download now")


def indexer_resting(facts: Facts, target: Target, context: Context) -> Rejection | None:
    """An indexer that failed lately would fail to hand out the file as well."""
    until = context.settings.resting_indexers.get(facts.candidate.indexer)
    if until is None or until <= context.now:
        return None
    return refuse("indexer_resting", f"{facts.candidate.indexer} is not asked until {until:%Y-%m-%d %H:%M} UTC")


def too_few_seeders(facts: Facts, target: Target, context: Context) -> Rejection | None:
    candidate = facts.candidate
    least = context.settings.min_seeders if candidate.min_seeders is None else candidate.min_seeders
    if candidate.protocol != "torrent" or candidate.seeders is None or candidate.seeders >= least:
        return None
    return refuse("too_few_seeders", f"{candidate.seeders} seeders, at least {least} are asked")


def required_flag(facts: Facts, target: Target, context: Context) -> Rejection | None:
    required, candidate = context.settings.required_flags, facts.candidate
    if not required or candidate.protocol != "torrent" or not set(required).isdisjoint(candidate.flags):
        return None
    return refuse("required_flag", f"it is none of {', '.join(required)}")


def no_space(facts: Facts, target: Target, context: Context) -> Rejection | None:
    free, size = context.settings.free_space, facts.candidate.size
    if free is None or not size:
        return None
    left, least = free - size, context.settings.min_free_space
    if left > 0 and left >= least:
        return None
    return refuse(
        "no_space", f"{size_words(size)} would leave {size_words(left)} of {size_words(free)}; keep {size_words(least)}"
    )
