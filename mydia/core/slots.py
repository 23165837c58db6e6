"""Which slot of a title a file belongs to that nobody grabbed for one: found by a scan, or left over by a slot that went."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mydia.core.decide import language_refusal
from mydia.core.quality import QualityProfile


@dataclass(frozen=True, slots=True)
class Place:
    """A slot as a file looks at it: what ends the names of its files, what it takes, and the score its profile gives this file."""

    id: str
    suffix: str
    profile: QualityProfile
    score: int = 0


def by_fit(
    places: Sequence[Place], stem: str, quality: str, languages: Iterable[str], original: str | None
) -> tuple[str, ...]:
    """The ids of the slots that a file may go to, the best fitting first; empty where none would have it.

    A name that ends in a slot's suffix says whose the file is. Else a slot must take its quality, languages and score; of several that do,
    the most demanding is meant: it takes fewer qualities, asks for a higher score, names languages.
    """
    named = [p for p in places if p.suffix and stem.casefold().endswith(p.suffix.casefold())]
    fitting = [p for p in places if p not in named and _takes(p, quality, tuple(languages), original)]
    named.sort(key=lambda p: -len(p.suffix))
    fitting.sort(key=lambda p: (len(tuple(p.profile.flat())), -p.profile.min_score, not p.profile.languages))
    return tuple(p.id for p in (*named, *fitting))


def _takes(place: Place, quality: str, languages: tuple[str, ...], original: str | None) -> bool:
    profile = place.profile
    if profile.rank(quality) is None or place.score < profile.min_score:
        return False
    return not languages or language_refusal(languages, profile.languages, original) is None
