"""What a changed profile would change, before it is saved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mydia.core.decide.engine import decide
from mydia.core.decide.model import Candidate, Context, Held, Target, Verdict
from mydia.core.decide.upgrade import sought, worth_of
from mydia.core.formats import score
from mydia.core.quality import QualityProfile


@dataclass(frozen=True, slots=True)
class PastDecision:
    """What a past decision was made from."""

    candidates: tuple[Candidate, ...]
    target: Target
    context: Context


@dataclass(frozen=True, slots=True)
class Turned:
    """A candidate that the new profile judges otherwise."""

    before: Verdict
    after: Verdict


@dataclass(frozen=True, slots=True)
class Differences:
    """What would be sought anew or no longer, which candidates turn, and which held files the new profile rescores."""

    to_upgrade: tuple[Held, ...]
    at_rest: tuple[Held, ...]
    turned: tuple[Turned, ...]
    rescored: tuple[tuple[Held, int], ...]


def what_if(
    held: Iterable[Held], past: Iterable[PastDecision], old: QualityProfile, new: QualityProfile
) -> Differences:
    """The differences between two profiles for files held and decisions made. Held files whose formats are known are
    scored anew by each profile; the others keep their score."""
    to_upgrade, at_rest, changed = [], [], []
    for file in held:
        before, after = rescore(file, old), rescore(file, new)
        if before.score != after.score:
            changed.append((file, after.score))
        was, will = sought(old, worth_of(before)), sought(new, worth_of(after))
        if will and not was:
            to_upgrade.append(file)
        elif was and not will:
            at_rest.append(file)
    return Differences(tuple(to_upgrade), tuple(at_rest), tuple(_turned(past, old, new)), tuple(changed))


def rescore(file: Held, profile: QualityProfile) -> Held:
    """The file with the score that its formats have in a profile."""
    if file.formats is None:
        return file
    return replace(file, score=score(file.formats, profile))


def _turned(past: Iterable[PastDecision], old: QualityProfile, new: QualityProfile) -> Iterable[Turned]:
    for decision in past:
        before, after = (_decide_with(decision, profile) for profile in (old, new))
        for one, other in zip(before, after, strict=True):
            if one.accepted != other.accepted:
                yield Turned(one, other)


def _decide_with(decision: PastDecision, profile: QualityProfile) -> list[Verdict]:
    target = replace(decision.target, held=tuple(rescore(h, profile) for h in decision.target.held))
    return decide(decision.candidates, target, replace(decision.context, profile=profile))
