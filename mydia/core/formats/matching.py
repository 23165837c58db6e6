"""Which custom formats a release is of, why, and what that is worth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mydia.core.formats.model import PATTERNS, Condition, CustomFormat, FormatFacts
from mydia.core.patterns import pattern
from mydia.core.quality import Quality, QualityProfile

if TYPE_CHECKING:
    from mydia.core.release import Release

_GB: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class FormatVerdict:
    """One format beside one release: each condition with whether it holds, and the patterns that took too long."""

    name: str
    matched: bool
    conditions: tuple[tuple[Condition, bool], ...]
    problems: tuple[str, ...]


def facts_of(
    release: Release,
    quality: Quality,
    *,
    size: int | None = None,
    flags: Sequence[str] = (),
    languages: Sequence[str] | None = None,
    original_language: str | None = None,
    file_name: str | None = None,
) -> FormatFacts:
    """What a parsed release (and what is known around it) says to the conditions.

    A film's own title is hidden from title conditions, so that a film called "Remux" is not taken for one.
    """
    names = [_without_title(release), file_name]
    return FormatFacts(
        names=tuple(n for n in names if n),
        source=quality.source,
        modifier=quality.modifier,
        resolution=quality.resolution,
        release_group=release.release_group or "",
        edition=release.edition or "",
        languages=tuple(release.languages if languages is None else languages),
        original_language=original_language,
        flags=tuple(flags),
        size=size,
        year=release.year,
        release_type=_release_type(release),
    )


def matching(formats: Iterable[CustomFormat], facts: FormatFacts) -> tuple[str, ...]:
    """The names of the formats the release is of, in the order given."""
    return tuple(f.name for f in formats if _is_of(f, facts))


def explain(formats: Iterable[CustomFormat], facts: FormatFacts) -> tuple[FormatVerdict, ...]:
    """Every format with each of its conditions' answers, for people."""
    return tuple(_explained(f, facts) for f in formats)


def score(names: Iterable[str], profile: QualityProfile) -> int:
    """What the profile gives for formats of these names, together."""
    return sum(profile.scores.get(name, 0) for name in names)


def _explained(format_: CustomFormat, facts: FormatFacts) -> FormatVerdict:
    held = [_holds(c, facts) for c in format_.conditions]
    slow = [str(c.value) for c in format_.conditions if c.type in PATTERNS and pattern(str(c.value)).slow]
    problems = tuple(f"the pattern {source!r} takes too long and is not used" for source in slow)
    return FormatVerdict(
        format_.name, _matches(format_, held), tuple(zip(format_.conditions, held, strict=True)), problems
    )


def _matches(format_: CustomFormat, held: Sequence[bool]) -> bool:
    """Of each type one condition holds and no required one fails."""
    fulfilled: dict[str, bool] = {}
    for condition, holds in zip(format_.conditions, held, strict=True):
        if condition.required and not holds:
            return False
        fulfilled[condition.type] = fulfilled.get(condition.type, False) or holds
    return all(fulfilled.values())


def _is_of(format_: CustomFormat, facts: FormatFacts) -> bool:
    """What `_matches` says, asking no more than it takes: words and numbers first, patterns only where they matter."""
    fulfilled: set[str] = set()
    open_: set[str] = set()
    patterns: list[Condition] = []
    for condition in format_.conditions:
        if condition.type in PATTERNS:
            patterns.append(condition)
        elif _holds(condition, facts):
            fulfilled.add(condition.type)
        elif condition.required:
            return False
        else:
            open_.add(condition.type)
    if open_ - fulfilled:
        return False
    for condition in patterns:
        if condition.type in fulfilled and not condition.required:
            continue
        if _holds(condition, facts):
            fulfilled.add(condition.type)
        elif condition.required:
            return False
        else:
            open_.add(condition.type)
    return not open_ - fulfilled


def _holds(condition: Condition, facts: FormatFacts) -> bool:
    if condition.type in PATTERNS:
        found = _found(condition, facts)
        # A pattern without an answer is neither found nor, negated, missing: its condition just does not hold.
        return found is not None and found is not condition.negate
    return _is(condition, facts) is not condition.negate


def _found(condition: Condition, facts: FormatFacts) -> bool | None:
    wanted = pattern(str(condition.value))
    if condition.type == "title":
        names: Sequence[str] = facts.names
    else:
        names = (facts.edition,) if condition.type == "edition" else (facts.release_group,)
    answers = [wanted.found(name) for name in names if name]
    return None if None in answers else any(answers)


def _is(condition: Condition, facts: FormatFacts) -> bool:
    """The answer of a condition on words or numbers, before `negate`."""
    value = condition.value
    match condition.type:
        case "language":
            return _speaks(condition, facts)
        case "indexer_flag":
            return value in facts.flags
        case "source":
            source, _, modifier = str(value).partition("/")
            return facts.source == source and modifier in ("", facts.modifier)
        case "resolution":
            return facts.resolution == value
        case "modifier":
            return facts.modifier == value
        case "release_type":
            return facts.release_type == value
        case "size":
            low, high = _range(value)
            return facts.size is not None and low * _GB < facts.size <= high * _GB
        case "year":
            low, high = _range(value)
            return facts.year is not None and low <= facts.year <= high
        case _:
            raise TypeError(f"{condition.type} is asked of names, by pattern")


def _speaks(condition: Condition, facts: FormatFacts) -> bool:
    spoken = facts.languages or ("unknown",)
    wanted = condition.value
    if wanted == "original":
        wanted = facts.original_language or "original"
    return any((language == wanted) is not condition.others for language in spoken)


def _range(value: object) -> tuple[float, float]:
    if not isinstance(value, tuple):
        raise TypeError(f"a range is a pair, not {value!r}")
    return value


def _without_title(release: Release) -> str:
    spans = release.spans.get("title", ()) if release.kind == "movie" else ()
    name = release.name
    for start, end in sorted(spans, reverse=True):
        hidden = "A.Movie" if "." in name[start:end] else "A Movie"
        name = name[:start] + hidden + name[end:]
    return name


def _release_type(release: Release) -> str:
    if release.full_season:
        return "season_pack"
    episodes = max(len(release.episodes), len(release.absolute_episodes), 1 if release.air_date else 0)
    return "unknown" if not episodes else "single_episode" if episodes == 1 else "multi_episode"
