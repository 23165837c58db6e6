"""Is it time?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

from mydia.core.decide.facts import Facts
from mydia.core.decide.model import Availability, Context, Rejection, Target, refuse
from mydia.core.decide.words import episode_words, time_words

_DAY: Final = 24 * 60
_ORDER: Final[tuple[Availability, ...]] = ("tba", "announced", "in_cinemas", "released")
ALWAYS: Final = "always"
_HOME_AFTER_CINEMA: Final = timedelta(days=90)


def too_young(facts: Facts, target: Target, context: Context) -> Rejection | None:
    """Usenet posts need time to spread to every provider."""
    least = context.settings.min_age
    if not least or facts.candidate.protocol != "usenet" or facts.age is None or facts.age >= least:
        return None
    return refuse("too_young", f"posted {time_words(facts.age)} ago, at least {time_words(least)} are asked")


def past_retention(facts: Facts, target: Target, context: Context) -> Rejection | None:
    days = context.settings.retention
    if not days or facts.candidate.protocol != "usenet" or facts.age is None or facts.age // _DAY <= days:
        return None
    return refuse("past_retention", f"posted {time_words(facts.age)} ago, the servers keep {days} days")


def delayed(facts: Facts, target: Target, context: Context) -> Rejection | None:
    """Wait for something better, unless nothing better can come or a person asked."""
    settings = context.settings
    delay = settings.delay.torrent if facts.candidate.protocol == "torrent" else settings.delay.usenet
    if not delay or context.mode == "user" or facts.age is None or facts.age >= delay:
        return None
    if facts.candidate.protocol == settings.preferred_protocol and _need_not_wait(facts, context):
        return None
    if context.oldest_held_back is not None and context.oldest_held_back > delay:
        return None
    return refuse("delayed", f"{time_words(facts.age)} old, waiting until {time_words(delay)} for something better")


def _need_not_wait(facts: Facts, context: Context) -> bool:
    profile, delay = context.profile, context.settings.delay
    standing = facts.grade.standing
    if any(profile.standing(h.quality) == standing and facts.revision > h.revision for h in facts.place.held):
        return True
    if delay.bypass_if_highest and standing >= len(profile.qualities) - 1:
        return True
    return delay.bypass_above_score is not None and facts.score >= delay.bypass_above_score


def unaired(facts: Facts, target: Target, context: Context) -> Rejection | None:
    """A pack of a season that still runs, and with a grace a release from before its air date, are not what they say."""
    if facts.pack:
        soon = context.now + timedelta(hours=24)
        coming = [e for e in facts.place.episodes if e.airs_at is None or e.airs_at > soon]
        if coming:
            return refuse("unaired", f"a whole season, of which {episode_words(coming)} has not aired")
    grace = context.settings.air_date_grace
    if grace is None:
        return None
    published = facts.candidate.published_at(context.now)
    for episode in facts.place.episodes:
        if episode.airs_at is None:
            return refuse("unaired", f"{episode_words([episode])} has no air date yet")
        if published is not None and published < episode.airs_at + timedelta(days=grace):
            early = time_words((episode.airs_at - published).total_seconds() / 60)
            reason = f"published {early} before {episode_words([episode])} aired, with {grace} days of grace"
            return refuse("unaired", reason)
    return None


def not_available(facts: Facts, target: Target, context: Context) -> Rejection | None:
    if target.kind != "movie" or context.mode == "user":
        return None
    if not any((target.in_cinemas, target.digital, target.physical)) and target.availability is not None:
        if _ORDER.index(target.availability) >= _ORDER.index(target.min_availability):
            return None
        return refuse("not_available", f"{target.title} is only {target.availability.replace('_', ' ')}")
    due = available_from(target, context.settings.availability_delay)
    if due == ALWAYS or (due is not None and context.now >= due):
        return None
    asked = target.min_availability.replace("_", " ")
    if due is None:
        return refuse("not_available", f"nobody knows yet when {target.title} is {asked}")
    return refuse("not_available", f"{target.title} is {asked} from {due:%Y-%m-%d}")


def available_from(target: Target, delay_days: int = 0) -> datetime | Literal["always"] | None:
    """When a film reaches the availability asked for: at its date in cinemas, at its first release at home, or 90 days
    after cinemas where no such release is known; None when no date tells."""
    if target.min_availability in ("tba", "announced"):
        return ALWAYS
    if target.min_availability == "in_cinemas" and target.in_cinemas is not None:
        due = target.in_cinemas
    elif at_home := [d for d in (target.physical, target.digital) if d is not None]:
        due = min(at_home)
    elif target.in_cinemas is not None:
        due = target.in_cinemas + _HOME_AFTER_CINEMA
    else:
        return None
    return due + timedelta(days=delay_days)
