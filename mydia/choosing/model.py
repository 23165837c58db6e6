"""A kept custom format, and what people bring along: formats and profiles from JSON files of the guides and of other programs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mydia.core.formats import Condition, CustomFormat, parse_profile, read_formats, words_of
from mydia.core.formats.model import PATTERNS
from mydia.core.formats.vocabulary import App
from mydia.core.patterns import problem
from mydia.core.quality import QualityProfile


@dataclass(frozen=True, slots=True)
class KeptFormat:
    """A custom format with its id here."""

    id: str
    format: CustomFormat


@dataclass(frozen=True, slots=True)
class Brought:
    """What was read, and what could not be: one sentence each, naming the file and the format."""

    formats: tuple[CustomFormat, ...] = ()
    profiles: tuple[QualityProfile, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Adopted:
    """What an import came to, by name. `same` were here already, just so."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()


def problems_of(format_: CustomFormat) -> list[str]:
    """What keeps a format from being saved: nothing to match, or a condition that cannot stand. Slow patterns cost their tries."""
    found = [] if format_.conditions else ["it has no conditions, so it would never match"]
    for place, condition in enumerate(format_.conditions, 1):
        wrong = problem_of(condition)
        if wrong is not None:
            found.append(f"condition {condition.name or place!r}: {wrong}")
    return found


def problem_of(condition: Condition) -> str | None:
    """A pattern that is no pattern, or could hang a search; a word that no release is ever said to be."""
    if condition.type in PATTERNS:
        return problem(str(condition.value))
    words = words_of(condition.type)
    source, _, modifier = str(condition.value).partition("/")
    said = source if condition.type == "source" else str(condition.value)
    if words and condition.value not in words and (said not in words or modifier not in ("", *words_of("modifier"))):
        return f"{condition.value!r} is no {condition.type.replace('_', ' ')} that is known here; known are {', '.join(words)}"
    return None


def read_brought(documents: Iterable[tuple[str, Any]], app: App | None = None) -> Brought:
    """Formats and quality profiles from parsed JSON documents, each with the name of where it is from.

    A wrong format costs only itself. Profiles are read last: the guide's name formats by their trash_id, so those must be known.
    """
    formats: dict[str, CustomFormat] = {}
    problems: list[str] = []
    later: list[tuple[str, Mapping[str, Any]]] = []
    for where, document in documents:
        items = document if isinstance(document, list) else [document]
        later += [(where, i) for i in items if _is_profile(i)]
        found, wrong = read_formats([i for i in items if not _is_profile(i)], app)
        problems += [f"{where}: {w}" for w in wrong]
        for format_ in found:
            kept_out = problems_of(format_)
            problems += [f"{where}: format {format_.name!r}: {p}" for p in kept_out]
            if not kept_out:
                formats[format_.name] = format_
    profiles = []
    for where, item in later:
        try:
            profiles.append(parse_profile(item, formats.values()))
        except ValueError as wrong_profile:
            problems.append(f"{where}: {wrong_profile}")
    return Brought(tuple(formats.values()), tuple(profiles), tuple(problems))


def _is_profile(item: Any) -> bool:
    return isinstance(item, Mapping) and isinstance(item.get("items"), list)


def scored(profile: QualityProfile, formats: Sequence[CustomFormat], score_set: str | None = None) -> QualityProfile:
    """The profile with the guide's scores for these formats, from one of its score sets; what the guide does not score stays."""
    given = {f.name: f.trash_score(score_set) for f in formats if f.trash_scores}
    return replace(profile, scores={**profile.scores, **{n: s for n, s in given.items() if s}})
