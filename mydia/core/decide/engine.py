"""Every rule asked of every candidate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mydia.core.decide.bench import Bench
from mydia.core.decide.facts import Facts
from mydia.core.decide.model import Candidate, Context, Target, Verdict
from mydia.core.decide.rules import Rule, speaking


def decide(candidates: Iterable[Candidate], target: Target, context: Context) -> list[Verdict]:
    """One verdict per candidate, in the order given. No verdict depends on another candidate.

    Every rule that has anything to say here is asked, so that a verdict holds every reason, not only the first.
    """
    rules = speaking(target, context)
    laid = Bench(target, context).lay([*candidates])
    return [judge(facts, target, context, rules) for facts in laid]


def judge(facts: Facts, target: Target, context: Context, rules: Sequence[Rule]) -> Verdict:
    """What the rules say of one candidate's facts."""
    rejections = tuple([no for rule in rules if (no := rule(facts, target, context)) is not None])
    return Verdict(
        candidate=facts.candidate,
        release=facts.release,
        quality=facts.quality,
        revision=facts.revision,
        score=facts.score,
        formats=facts.formats,
        languages=facts.languages,
        episodes=facts.place.numbers,
        runtime=facts.place.runtime,
        rejections=rejections,
    )
