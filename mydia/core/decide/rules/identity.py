"""Is it what is looked for?"""

from __future__ import annotations

from datetime import timedelta

from mydia.core.decide.facts import Facts
from mydia.core.decide.model import Context, Rejection, Target, refuse
from mydia.core.decide.words import episode_words


def unparsable(facts: Facts, target: Target, context: Context) -> Rejection | None:
    """A name without a title, or for a show without any number or date, says nothing that could be trusted."""
    release = facts.release
    if not release.title:
        return refuse("unparsable", "the name holds no title")
    if target.kind == "movie" and release.kind is None:
        return refuse("unparsable", "the name is scrambled, or says nothing of a film")
    numbered = release.seasons or release.episodes or release.absolute_episodes or release.air_date or release.special
    if target.kind == "episode" and not numbered and not release.special_absolute_episodes:
        return refuse("unparsable", "the name holds no season, episode or air date")
    return None


def wrong_title(facts: Facts, target: Target, context: Context) -> Rejection | None:
    if facts.fits or not facts.release.title:
        return None
    said, kind = facts.release.title, facts.release.kind
    if kind is not None and kind != target.kind:
        return refuse("wrong_title", f"“{said}” is named as {'a film' if kind == 'movie' else 'an episode'}")
    return refuse("wrong_title", f"“{said}” is not {target.title}")


def wrong_year(facts: Facts, target: Target, context: Context) -> Rejection | None:
    said, known = facts.year, target.year
    if said is None or known is None or not facts.fits or facts.release.air_date:
        return None
    # A film's year differs between festival and cinema, and between databases.
    tolerance = 1 if target.kind == "movie" else 0
    if abs(said - known) <= tolerance or (target.kind == "episode" and _year_of_its_season(facts, said)):
        return None
    return refuse("wrong_year", f"the name says {said}, {target.title} is of {known}")


def _year_of_its_season(facts: Facts, year: int) -> bool:
    """Some name a season's own year ("S06.2016")."""
    return any((e.air_date or "").startswith(str(year)) for e in facts.place.episodes) or not facts.place.episodes


def wrong_episode(facts: Facts, target: Target, context: Context) -> Rejection | None:
    """No rule for a feed's news: what is wanted there is what is better than what is held."""
    if target.kind != "episode":
        return None
    if not facts.place.episodes:
        return refuse("wrong_episode", f"{target.title} has no such episode")
    if context.mode != "rss" and target.wanted and target.wanted.isdisjoint(facts.place.numbers):
        return refuse("wrong_episode", f"it holds {episode_words(facts.place.episodes)}, which nobody searched for")
    return None


def multi_season(facts: Facts, target: Target, context: Context) -> Rejection | None:
    release = facts.release
    if target.kind != "episode" or not (release.season_pack == "multi" or len(release.seasons) > 1):
        return None
    return refuse("multi_season", "it holds several seasons: S" + ", S".join(f"{s:02}" for s in release.seasons))


def split_episode(facts: Facts, target: Target, context: Context) -> Rejection | None:
    if target.kind != "episode" or not facts.release.split_episode:
        return None
    return refuse("split_episode", "it is half of an episode")


def pack_not_asked(facts: Facts, target: Target, context: Context) -> Rejection | None:
    """A search for one episode does not take its season."""
    if not facts.pack or context.mode == "rss" or context.season_search or len(target.wanted) != 1:
        return None
    return refuse("pack_not_asked", "it is a whole season, and one episode was searched for")


def pack_required(facts: Facts, target: Target, context: Context) -> Rejection | None:
    days = context.settings.pack_required_after
    if not days or not context.season_search or context.mode == "rss" or target.series_type != "standard":
        return None
    if facts.pack or not facts.place.episodes or len(target.wanted) == 1:
        return None
    season = facts.place.episodes[0].season
    asked = target.wanted or {e.key for e in target.episodes}
    aired = [e.airs_at for e in target.episodes if e.season == season and e.airs_at and e.key in asked]
    if not aired or max(aired) >= context.now - timedelta(days=days):
        return None
    ended = (context.now - max(aired)).days
    return refuse("pack_required", f"season {season} ended {ended} days ago: after {days} days only a pack is taken")


def not_monitored(facts: Facts, target: Target, context: Context) -> Rejection | None:
    """A search may say that it does not mind; a feed always does."""
    only = context.monitored_only if context.monitored_only is not None else context.mode != "user"
    if context.mode != "rss" and not only:
        return None
    if not target.monitored:
        return refuse("not_monitored", f"{target.title} is not monitored")
    unmonitored = [e for e in facts.place.episodes if not e.monitored]
    if not unmonitored:
        return None
    share = (
        f"{len(unmonitored)} of {len(facts.place.episodes)} episodes"
        if len(facts.place.episodes) > 1
        else "the episode"
    )
    return refuse("not_monitored", f"{share} not monitored: {episode_words(unmonitored)}")
