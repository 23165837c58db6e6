"""Whether one thing improves on another under a profile: the one comparison behind held files, the queue and past grabs.

Better means, in this order: a higher place in the profile, a later revision (unless propers are not preferred), a higher
custom-format score. Nothing of a lower place is ever an upgrade, so upgrades climb and cannot go in circles.
"""

from __future__ import annotations

from typing import NamedTuple

from mydia.core.decide.model import Held, Past, Queued
from mydia.core.quality import QualityProfile, Revision, quality


class Worth(NamedTuple):
    """What counts when two things are compared."""

    quality: str
    revision: Revision
    score: int

    def __str__(self) -> str:
        repaired = f" v{self.revision.version}" if self.revision.version > 1 else ""
        real = " REAL" if self.revision.real else ""
        return f"{self.quality}{repaired}{real} (score {self.score})"


class Objection(NamedTuple):
    """The rule that an improvement fails, and why."""

    rule: str
    reason: str


def worth_of(thing: Held | Queued | Past) -> Worth:
    """What a held file, a download or a past grab is worth. ValueError for a quality that nobody knows."""
    return Worth(quality(thing.quality).name, thing.revision, thing.score)


def repairs(have: Worth, new: Worth) -> bool:
    """Whether `new` is a later revision of exactly this quality: a WEBRip's proper repairs no WEBDL."""
    return have.quality == new.quality and new.revision > have.revision


def cutoff_unmet(profile: QualityProfile, have: Worth, new: Worth | None = None) -> bool:
    """Whether something better than `have` is still sought, or `new` repairs it."""
    if profile.standing(have.quality) < profile.effective_cutoff():
        return True
    if new is not None and repairs(have, new):
        return True
    return have.score < (profile.cutoff_score if profile.upgrades else profile.min_score)


def sought(profile: QualityProfile, have: Worth) -> bool:
    """Whether the house looks for something better of its own accord: for what can exist. No release scores more than all that is liked
    together, however high the score is set at which a person would be content."""
    if not profile.upgrades:
        return False
    best = sum(score for score in profile.scores.values() if score > 0)
    return profile.standing(have.quality) < profile.effective_cutoff() or have.score < min(profile.cutoff_score, best)


def objections(profile: QualityProfile, have: Worth, new: Worth) -> tuple[Objection, ...]:
    """Why `new` may not replace `have`, each objection from its own point of view; empty when it may."""
    found = (_settled(profile, have, new), _not_better(profile, have, new), _upgrades_off(profile, have, new))
    return tuple(o for o in found if o is not None)


def _settled(profile: QualityProfile, have: Worth, new: Worth) -> Objection | None:
    if cutoff_unmet(profile, have, new):
        return None
    cutoff = profile.cutoff if profile.upgrades else "the lowest quality, since upgrades are off"
    return Objection("cutoff_met", f"{have} already meets the cutoff ({cutoff}, score {profile.cutoff_score})")


def _not_better(profile: QualityProfile, have: Worth, new: Worth) -> Objection | None:
    standing, place = profile.standing(have.quality), profile.standing(new.quality)
    if place < standing:
        return Objection("not_an_upgrade", f"{have.quality} is better than {new.quality} in the profile")
    if place > standing and standing < profile.effective_cutoff():
        return None
    if profile.propers != "do_not_prefer" and new.revision != have.revision:
        if new.revision > have.revision:
            return None
        return Objection("not_an_upgrade", f"{have} is a later revision than {new}")
    if place > standing:
        return Objection("cutoff_met", f"{have.quality} already meets the quality cutoff {profile.cutoff}")
    return _no_gain(profile, have, new)


def _no_gain(profile: QualityProfile, have: Worth, new: Worth) -> Objection | None:
    if profile.upgrades and have.score >= profile.cutoff_score:
        reason = f"same quality, and score {have.score} already meets the cutoff score {profile.cutoff_score}"
        return Objection("not_an_upgrade", reason)
    if new.score <= have.score:
        return Objection("not_an_upgrade", f"same quality, and score {new.score} is not above {have.score}")
    if new.score < have.score + profile.min_gain:
        gain = new.score - have.score
        return Objection("gain_too_small", f"score grows by {gain}, at least {profile.min_gain} is asked")
    return None


def _upgrades_off(profile: QualityProfile, have: Worth, new: Worth) -> Objection | None:
    """Without upgrades only a repair of the same quality may replace anything."""
    if profile.upgrades or repairs(have, new):
        return None
    place, standing = profile.standing(new.quality), profile.standing(have.quality)
    if (place, new.revision) > (standing, have.revision) or new.score > have.score:
        return Objection("upgrades_off", f"would replace {have} by {new}, but the profile's upgrades are off")
    return None
