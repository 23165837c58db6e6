"""Every rule, in the order people read them: each a function `(facts, target, context) -> Rejection | None`.

A rule is named as its function, asks one question, and knows nothing of the others: a verdict holds what each of them
says, so the order decides nothing.

    identity   is it what is looked for: title, year, episodes, monitored
    means      can it be had: protocol, client, indexer, seeders, space
    timing     is it time: age, retention, delay, air date, availability
    contents   is it what it says: samples, programs, archives, raw disks
    taste      is it wanted: quality, size, words, score, language
    standing   is it better than what is held, queued, grabbed before or blocklisted
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, get_args

from mydia.core.decide.facts import Facts
from mydia.core.decide.model import Context, Protocol, Rejection, Target
from mydia.core.decide.rules import contents, identity, means, standing, taste, timing

Rule = Callable[[Facts, Target, Context], Rejection | None]

RULES: Final[tuple[Rule, ...]] = (
    identity.unparsable,
    identity.wrong_title,
    identity.wrong_year,
    identity.wrong_episode,
    identity.multi_season,
    identity.split_episode,
    identity.pack_not_asked,
    identity.pack_required,
    identity.not_monitored,
    means.protocol_off,
    means.no_client,
    means.indexer_resting,
    means.too_few_seeders,
    means.required_flag,
    means.no_space,
    timing.too_young,
    timing.past_retention,
    timing.delayed,
    timing.unaired,
    timing.not_available,
    contents.sample,
    contents.dangerous_file,
    contents.archive_only,
    contents.raw_disk,
    taste.quality_not_wanted,
    taste.unknown_runtime,
    taste.too_small,
    taste.too_large,
    taste.max_size,
    taste.required_word,
    taste.ignored_word,
    taste.score_too_low,
    taste.language,
    taste.hardcoded_subs,
    standing.blocklisted,
    standing.already_queued,
    standing.already_grabbed,
    standing.already_held,
    standing.cutoff_met,
    standing.not_an_upgrade,
    standing.gain_too_small,
    standing.upgrades_off,
    standing.revision_not_wanted,
    standing.fewer_episodes,
    standing.pack_not_worth_it,
)
_SPEAKS: Final[dict[Rule, Callable[[Target, Context], object]]] = {
    identity.wrong_episode: lambda t, c: t.kind == "episode",
    identity.multi_season: lambda t, c: t.kind == "episode",
    identity.split_episode: lambda t, c: t.kind == "episode",
    identity.pack_not_asked: lambda t, c: c.mode != "rss" and not c.season_search and len(t.wanted) == 1,
    identity.pack_required: lambda t, c: c.settings.pack_required_after and c.season_search,
    means.protocol_off: lambda t, c: not c.settings.protocols.issuperset(get_args(Protocol)),
    means.no_client: lambda t, c: not c.settings.clients.issuperset(get_args(Protocol)),
    means.indexer_resting: lambda t, c: c.settings.resting_indexers,
    means.required_flag: lambda t, c: c.settings.required_flags,
    means.no_space: lambda t, c: c.settings.free_space is not None,
    timing.too_young: lambda t, c: c.settings.min_age,
    timing.past_retention: lambda t, c: c.settings.retention,
    timing.delayed: lambda t, c: c.mode != "user" and (c.settings.delay.torrent or c.settings.delay.usenet),
    timing.not_available: lambda t, c: t.kind == "movie" and c.mode != "user",
    taste.max_size: lambda t, c: c.settings.max_size,
    taste.required_word: lambda t, c: c.settings.required,
    taste.ignored_word: lambda t, c: c.settings.ignored,
    taste.language: lambda t, c: c.profile.languages,
    taste.hardcoded_subs: lambda t, c: t.kind == "movie" and not c.settings.allow_hardcoded_subs,
    standing.blocklisted: lambda t, c: c.blocklist,
    standing.already_queued: lambda t, c: c.queue,
    standing.already_grabbed: lambda t, c: c.mode == "rss" and c.history,
    standing.already_held: lambda t, c: t.held and c.history,
    standing.cutoff_met: lambda t, c: t.held,
    standing.not_an_upgrade: lambda t, c: t.held,
    standing.gain_too_small: lambda t, c: t.held,
    standing.upgrades_off: lambda t, c: t.held,
    standing.revision_not_wanted: lambda t, c: t.held and c.profile.propers != "do_not_prefer",
    standing.fewer_episodes: lambda t, c: t.held and t.kind == "episode",
    standing.pack_not_worth_it: lambda t, c: t.kind == "episode",
}
"""When a rule can refuse anything at all, as far as target and context tell. One that is not listed always can."""


def speaking(target: Target, context: Context) -> tuple[Rule, ...]:
    """The rules worth asking here: most settings are off in most houses, and need not be asked of ten thousand candidates."""
    return tuple(rule for rule in RULES if rule not in _SPEAKS or _SPEAKS[rule](target, context))


RULE_NAMES: Final[tuple[str, ...]] = tuple(rule.__name__ for rule in RULES)
