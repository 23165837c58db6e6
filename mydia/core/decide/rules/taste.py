"""Is it wanted?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mydia.core.decide.facts import Facts
from mydia.core.decide.model import Context, Rejection, Target, refuse
from mydia.core.decide.words import says, size_words

MEGABYTE: Final = 1024 * 1024


def quality_not_wanted(facts: Facts, target: Target, context: Context) -> Rejection | None:
    if facts.grade.allowed:
        return None
    return refuse("quality_not_wanted", f"{facts.quality.name} is not in the profile {context.profile.name}".rstrip())


def unknown_runtime(facts: Facts, target: Target, context: Context) -> Rejection | None:
    """Sizes are limited per minute: without a run time none can be judged. Metadata brings it later."""
    if facts.place.runtime is not None or not facts.candidate.size or not facts.place.episodes or _is_special(facts):
        return None
    return refuse("unknown_runtime", "the run time is not known yet, so its size cannot be judged")


def too_small(facts: Facts, target: Target, context: Context) -> Rejection | None:
    size, minutes = facts.candidate.size, facts.place.runtime
    if not size or minutes is None or _is_special(facts):
        return None
    limit = facts.grade.limit.min
    least = limit * MEGABYTE * minutes
    if size >= least:
        return None
    reason = f"{size_words(size)} for {minutes:.0f} min of {facts.quality.name}, at least {size_words(least)}"
    return refuse("too_small", f"{reason} ({limit:g} MB/min)")


def too_large(facts: Facts, target: Target, context: Context) -> Rejection | None:
    size, minutes = facts.candidate.size, facts.place.runtime
    if not size or minutes is None or _is_special(facts):
        return None
    limit = facts.grade.limit.max
    if not limit or size <= limit * MEGABYTE * minutes:
        return None
    most = size_words(limit * MEGABYTE * minutes)
    reason = f"{size_words(size)} for {minutes:.0f} min of {facts.quality.name}, at most {most}"
    return refuse("too_large", f"{reason} ({limit:g} MB/min)")


def _is_special(facts: Facts) -> bool:
    """Specials run as long as they like."""
    return facts.release.special and bool(facts.place.episodes)


def max_size(facts: Facts, target: Target, context: Context) -> Rejection | None:
    size, most = facts.candidate.size, context.settings.max_size
    if not most or not size or size <= most:
        return None
    return refuse("max_size", f"{size_words(size)}, and nothing above {size_words(most)} is taken")


def required_word(facts: Facts, target: Target, context: Context) -> Rejection | None:
    required = context.settings.required
    if not required or any(says(term, facts.candidate.title) for term in required):
        return None
    return refuse("required_word", f"the name holds none of {', '.join(required)}")


def ignored_word(facts: Facts, target: Target, context: Context) -> Rejection | None:
    found = [term for term in context.settings.ignored if says(term, facts.candidate.title)]
    return refuse("ignored_word", f"the name holds {', '.join(found)}") if found else None


def score_too_low(facts: Facts, target: Target, context: Context) -> Rejection | None:
    least = context.profile.min_score
    if facts.score >= least:
        return None
    formats = f" ({', '.join(facts.formats)})" if facts.formats else ""
    return refuse("score_too_low", f"score {facts.score}{formats}, at least {least} is asked")


def language(facts: Facts, target: Target, context: Context) -> Rejection | None:
    return language_refusal(facts.languages, context.profile.languages, target.original_language)


def language_refusal(spoken: Sequence[str], wishes: Sequence[str], original: str | None) -> Rejection | None:
    """Why these spoken languages meet no wish. Asked of a name when deciding, and of a file once it is probed."""
    if not wishes or wish_met(spoken, wishes, original) is not None:
        return None
    said = ", ".join(spoken) or "an unknown language"
    return refuse("language", f"it speaks {said}; wanted is {' or '.join(wishes)}")


def wish_met(spoken: Sequence[str], wishes: Sequence[str], original: str | None) -> int | None:
    """Which wish is met, 0 the dearest; None when none is. A wish is a language, "original", "dub" (any language but
    the original), "dual" (the original and another) or "any". Where nothing is known of either, nothing is refused."""
    if not wishes or not spoken:
        return 0
    languages = {language.partition("-")[0] for language in spoken} | set(spoken)
    for place, wish in enumerate(wishes):
        if _grants(wish, languages, original):
            return place
    return None


def _grants(wish: str, spoken: set[str], original: str | None) -> bool:
    plain = {s for s in spoken if "-" not in s}
    match wish:
        case "any":
            return True
        case "original":
            return original is None or original in spoken
        case "dual":
            return len(plain) > 1 and (original is None or original in spoken)
        case "dub":
            return original is None or bool(plain - {original})
        case _:
            return wish in spoken


def hardcoded_subs(facts: Facts, target: Target, context: Context) -> Rejection | None:
    """Subtitles burnt into a film's picture cannot be switched off."""
    marks, settings = facts.release.hardcoded_subs, context.settings
    if target.kind != "movie" or not marks or settings.allow_hardcoded_subs:
        return None
    if marks.lower() in {m.lower() for m in settings.hardcoded_subs_allowed}:
        return None
    return refuse("hardcoded_subs", f"its picture has subtitles burnt in ({marks})")
