"""A custom format, its conditions, and the facts of a release they are asked of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

ConditionType = Literal[
    "title",
    "edition",
    "language",
    "indexer_flag",
    "source",
    "resolution",
    "modifier",
    "size",
    "release_group",
    "release_type",
    "year",
]
PATTERNS: Final = frozenset({"title", "edition", "release_group"})
RANGES: Final = frozenset({"size", "year"})


@dataclass(frozen=True, slots=True)
class Condition:
    """One question about a release.

    `value` is a regular expression (title, edition, release_group), a word (language as ISO 639-1 or "original",
    indexer_flag, source as "bluray" or "bluray/remux", modifier, release_type), lines (resolution), or a range: GB above
    the first and up to the second (size), years from the first to the second (year). `others` turns a language into
    "any language but this one".
    """

    type: ConditionType
    value: str | int | tuple[float, float]
    name: str = ""
    negate: bool = False
    required: bool = False
    others: bool = False


@dataclass(frozen=True, slots=True)
class CustomFormat:
    """Conditions under a name: of each type one must hold (all the required ones), and that for every type.

    `in_names` lets the name stand in file names. `trash_scores` are the scores the guide gives it, by score set.
    """

    name: str
    conditions: tuple[Condition, ...]
    in_names: bool = False
    trash_id: str | None = None
    trash_scores: Mapping[str, int] = field(default_factory=dict)

    def trash_score(self, score_set: str | None = None) -> int:
        """The guide's score in a set, else its usual one, else 0."""
        return self.trash_scores.get(score_set or "default", self.trash_scores.get("default", 0))

    def to_json(self) -> dict[str, Any]:
        """The format as plain data in Mydia's own words; `parse_formats` reads it back to an equal format."""
        return {
            "name": self.name,
            "in_names": self.in_names,
            "trash_id": self.trash_id,
            "trash_scores": dict(self.trash_scores),
            "conditions": [
                {
                    "type": c.type,
                    "name": c.name,
                    "value": list(c.value) if isinstance(c.value, tuple) else c.value,
                    "negate": c.negate,
                    "required": c.required,
                    "others": c.others,
                }
                for c in self.conditions
            ],
        }


@dataclass(frozen=True, slots=True)
class FormatFacts:
    """What conditions are asked of. `names` are searched for titles (release name, file name); `size` is in bytes."""

    names: tuple[str, ...]
    source: str = "unknown"
    modifier: str = "none"
    resolution: int = 0
    release_group: str = ""
    edition: str = ""
    languages: tuple[str, ...] = ()
    original_language: str | None = None
    flags: tuple[str, ...] = ()
    size: int | None = None
    year: int | None = None
    release_type: str = "unknown"
