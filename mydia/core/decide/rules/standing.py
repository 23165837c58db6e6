"""Is it better than what is held, under way, grabbed before or known to be bad?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from mydia.core.decide.facts import Facts
from mydia.core.decide.model import FIRST, Context, Held, Past, Rejection, Target, refuse
from mydia.core.decide.upgrade import Objection, objections, repairs, worth_of
from mydia.core.quality import quality

_RECENT: Final = timedelta(hours=12)
_PROPER_DAYS: Final = 7


def blocklisted(facts: Facts, target: Target, context: Context) -> Rejection | None:
    line = facts.blocked
    if line is None:
        return None
    return refuse("blocklisted", f"it is on the blocklist: {line.title or line.infohash or line.guid}")


def already_queued(facts: Facts, target: Target, context: Context) -> Rejection | None:
    """A download under way counts as if it were held: only what would replace it is taken."""
    for queued in facts.place.queued:
        if queued.state == "failed":
            continue
        have = worth_of(queued)
        for found in objections(context.profile, have, facts.worth):
            return refuse("already_queued", f"{queued.title} is being downloaded: {found.reason}")
        if context.profile.propers == "do_not_upgrade" and repairs(have, facts.worth):
            return refuse("already_queued", f"{queued.title} is being downloaded, and propers are not fetched")
    return None


def already_grabbed(facts: Facts, target: Target, context: Context) -> Rejection | None:
    """A feed offers the same thing again before the grab shows in any queue."""
    if context.mode != "rss":
        return None
    for events in facts.place.past:
        latest = events[0] if events else None
        if latest is None or latest.event != "grabbed" or latest.at <= context.now - _RECENT:
            continue
        for found in objections(context.profile, worth_of(latest), facts.worth):
            return refuse("already_grabbed", f"{latest.title} was grabbed at {latest.at:%H:%M} UTC: {found.reason}")
    return None


def already_held(facts: Facts, target: Target, context: Context) -> Rejection | None:
    """What turned out to be of another quality than its name said would be fetched over and over again."""
    if not facts.place.held:
        return None
    held = {number for h in facts.place.held for number in h.episodes}
    for number, events in zip(facts.place.numbers or (None,), facts.place.past, strict=True):
        if number is not None and number not in held:
            continue
        grabbed = next((p for p in events if p.event == "grabbed"), None)
        if grabbed is None or grabbed.download_id is None:
            continue
        imported = next((p for p in events if p.event == "imported" and p.download_id == grabbed.download_id), None)
        if imported is not None and _was(grabbed) != _was(imported) and _same_release(facts, grabbed):
            reason = f"{grabbed.title} was imported already, as {imported.quality}"
            return refuse("already_held", reason)
    return None


def _was(event: Past) -> tuple[str, object]:
    return (quality(event.quality).name, event.revision)


def _same_release(facts: Facts, grabbed: Past) -> bool:
    candidate = facts.candidate
    same_hash = candidate.infohash is not None and candidate.infohash.lower() == (grabbed.download_id or "").lower()
    return (same_hash and candidate.protocol == "torrent") or candidate.title.lower() == grabbed.title.lower()


def cutoff_met(facts: Facts, target: Target, context: Context) -> Rejection | None:
    return _against_held("cutoff_met", facts, context)


def not_an_upgrade(facts: Facts, target: Target, context: Context) -> Rejection | None:
    return _against_held("not_an_upgrade", facts, context)


def gain_too_small(facts: Facts, target: Target, context: Context) -> Rejection | None:
    return _against_held("gain_too_small", facts, context)


def upgrades_off(facts: Facts, target: Target, context: Context) -> Rejection | None:
    return _against_held("upgrades_off", facts, context)


def _against_held(rule: str, facts: Facts, context: Context) -> Rejection | None:
    """One kind of objection to replacing the held files. A season pack is weighed as a whole by `pack_not_worth_it`."""
    if facts.pack and rule != "upgrades_off":
        return None
    for _, found in facts.against:
        for objection in found:
            if objection.rule == rule:
                return refuse(rule, f"held: {objection.reason}")
    return None


def pack_not_worth_it(facts: Facts, target: Target, context: Context) -> Rejection | None:
    """A pack must fill enough, and make nothing worse."""
    if not facts.pack or not facts.place.episodes:
        return None
    profile, worth = context.profile, facts.worth
    poor: set[tuple[int, int]] = set()
    for held, found in facts.against:
        if profile.standing(held.quality) > facts.grade.standing:
            return refuse("pack_not_worth_it", f"it would replace {worth_of(held)} by {worth}")
        if found:
            poor.update(held.episodes)
    total = len(facts.place.episodes)
    gained = sum(number not in poor for number in facts.place.numbers)
    share = context.settings.pack_min_share
    if gained and gained >= share * total - 1e-9:
        return None
    asked = f"{share:.0%} are asked" if share else "at least one is asked"
    return refuse("pack_not_worth_it", f"{gained} of {total} episodes would be new or better, {asked}")


def fewer_episodes(facts: Facts, target: Target, context: Context) -> Rejection | None:
    """A file of several episodes is not replaced by one of fewer."""
    numbers = set(facts.place.numbers)
    for held in facts.place.held:
        if target.kind == "episode" and not numbers.issuperset(held.episodes):
            lacks = len(set(held.episodes) - numbers)
            return refuse("fewer_episodes", f"it lacks {lacks} of the {len(held.episodes)} episodes in the held file")
    return None


def revision_not_wanted(facts: Facts, target: Target, context: Context) -> Rejection | None:
    """A proper or repack for what is held, as far as propers are preferred at all: for a new file, and a repack (or
    an anime's next version) only by the group whose work it repairs."""
    if context.profile.propers == "do_not_prefer" or facts.revision == FIRST:
        return None
    repaired = [h for h in facts.place.held if repairs(worth_of(h), facts.worth)]
    for objection in (*_propers(facts, context, repaired), *_groups(facts, target, repaired)):
        return refuse(objection.rule, objection.reason)
    return None


def _propers(facts: Facts, context: Context, repaired: Iterable[Held]) -> Iterable[Objection]:
    rule = "revision_not_wanted"
    oldest = context.now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=_PROPER_DAYS)
    for held in repaired:
        if context.profile.propers == "do_not_upgrade" and (context.mode == "rss" or facts.revision.repack):
            yield Objection(rule, "the profile fetches no propers or repacks for what is held")
        if context.mode == "rss" and held.added is not None and held.added < oldest:
            yield Objection(rule, f"a proper for a file of {held.added:%Y-%m-%d}, more than {_PROPER_DAYS} days old")


def _groups(facts: Facts, target: Target, repaired: Iterable[Held]) -> Iterable[Objection]:
    rule, group = "revision_not_wanted", facts.release.release_group
    if not facts.revision.repack and target.series_type != "anime":
        return
    for held in repaired:
        if not held.release_group:
            yield Objection(rule, "whose work it repairs is not known: the held file names no group")
        elif not group:
            yield Objection(rule, f"it names no group, the held file is by {held.release_group}")
        elif group.lower() != held.release_group.lower():
            yield Objection(rule, f"by {group}, while the held file is by {held.release_group}")
