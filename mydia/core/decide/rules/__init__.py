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
from typing import Final

from mydia.core.decide.facts import Facts
from mydia.core.decide.model import Context, Rejection, Target
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
RULE_NAMES: Final[tuple[str, ...]] = tuple(rule.__name__ for rule in RULES)
