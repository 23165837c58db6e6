"""Custom formats from JSON: as Radarr and Sonarr export and answer them, as TRaSH publishes them, as Mydia writes them.

Pure functions over parsed JSON. What cannot be understood is an error that says which format and condition it is in;
nothing is guessed, since a half-read format would score releases wrongly and silently.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast, get_args

from mydia.core.formats.model import PATTERNS, RANGES, Condition, ConditionType, CustomFormat
from mydia.core.formats.vocabulary import (
    FLAGS,
    LANGUAGE_NAMES,
    LANGUAGES,
    MODIFIERS,
    RELEASE_TYPES,
    SOURCES,
    App,
)
from mydia.core.patterns import pattern

_TYPES: Final[Mapping[str, ConditionType]] = {
    "ReleaseTitleSpecification": "title",
    "EditionSpecification": "edition",
    "LanguageSpecification": "language",
    "IndexerFlagSpecification": "indexer_flag",
    "SourceSpecification": "source",
    "ResolutionSpecification": "resolution",
    "QualityModifierSpecification": "modifier",
    "SizeSpecification": "size",
    "ReleaseGroupSpecification": "release_group",
    "ReleaseTypeSpecification": "release_type",
    "YearSpecification": "year",
}
_FAR: Final = 1e9


def parse_formats(data: object, app: App | None = None) -> list[CustomFormat]:
    """The formats in one parsed JSON document: one format or a list of them.

    `app` says whose numbers sources, flags and languages are; without it a format that only one app can have made
    tells, else Radarr's are taken. ValueError says which format and condition is wrong and how.
    """
    formats, problems = read_formats(data, app)
    if problems:
        raise ValueError(problems[0])
    return formats


def read_formats(data: object, app: App | None = None) -> tuple[list[CustomFormat], list[str]]:
    """Like `parse_formats`, but one wrong format costs only itself: the good ones, and what is wrong with the others."""
    items = data if isinstance(data, list | tuple) else [data]
    formats: list[CustomFormat] = []
    problems: list[str] = []
    for place, item in enumerate(items, 1):
        name = item.get("name") if isinstance(item, Mapping) else None
        try:
            formats.append(_format(item, app))
        except ValueError as wrong:
            problems.append(f"format {name!r}: {wrong}" if name else f"format {place}: {wrong}")
    return formats, problems


def _format(data: object, app: App | None) -> CustomFormat:
    if not isinstance(data, Mapping):
        raise ValueError(f"expected a format, not {data!r:.60}")
    name = data.get("name")
    if not isinstance(name, str) or not name.strip():
        raise ValueError("it has no name")
    own = "conditions" in data
    items = data.get("conditions" if own else "specifications")
    if items is None:
        items = data.get("Specifications")
    if not isinstance(items, list):
        raise ValueError("it has no specifications: is this a custom format?")
    raw = [_flat(i) for i in items]
    app = app or _made_by(raw)
    conditions = []
    for place, item in enumerate(raw, 1):
        try:
            conditions.append(condition_of(item) if own else _condition(item, app))
        except ValueError as wrong:
            raise ValueError(f"condition {item.get('name') or place!r}: {wrong}") from None
    scores = data.get("trash_scores") or {}
    if not isinstance(scores, Mapping) or not all(type(v) is int for v in scores.values()):
        raise ValueError("trash_scores must give whole numbers by score set")
    return CustomFormat(
        name=name.strip(),
        conditions=tuple(conditions),
        in_names=data.get("includeCustomFormatWhenRenaming", data.get("in_names")) is True,
        trash_id=data.get("trash_id") or None,
        trash_scores=dict(scores),
    )


def _flat(item: object) -> dict[str, Any]:
    """A specification with its fields beside its other keys, from any of the three shapes it is found in."""
    if not isinstance(item, Mapping):
        raise ValueError(f"expected a condition, not {item!r:.60}")
    flat = {k: v for k, v in item.items() if k not in ("fields", "body")}
    fields = item.get("fields")
    if isinstance(fields, list):
        fields = {f.get("name"): f.get("value") for f in fields if isinstance(f, Mapping)}
    body = item.get("body")
    if isinstance(body, Mapping):  # as the database keeps it
        flat.setdefault("implementation", item.get("type"))
        fields = body
    return flat | dict(fields or {})


def _made_by(raw: list[dict[str, Any]]) -> App:
    return "sonarr" if any(r.get("implementation") == "ReleaseTypeSpecification" for r in raw) else "radarr"


def _type(item: Mapping[str, Any]) -> ConditionType:
    implementation = item.get("implementation")
    found = _TYPES.get(str(implementation))
    if found is None:
        raise ValueError(f"unknown condition {implementation!r}; known are {', '.join(_TYPES)}")
    return found


def _condition(item: Mapping[str, Any], app: App) -> Condition:
    type_ = _type(item)
    value: str | int | tuple[float, float]
    if type_ in RANGES:
        value = _span(item.get("min"), item.get("max"))
    elif type_ in PATTERNS:
        value = _pattern(item.get("value"))
    else:
        value = _meaning(type_, item.get("value"), app)
    return Condition(
        type=type_,
        value=value,
        name=str(item.get("name") or ""),
        negate=item.get("negate") is True,
        required=item.get("required") is True,
        others=item.get("exceptLanguage") is True,
    )


def _meaning(type_: ConditionType, value: object, app: App) -> str | int:
    if isinstance(value, str) and value.lstrip("-").isdigit():
        value = int(value)
    if type_ == "language" and isinstance(value, str) and value.lower() in LANGUAGE_NAMES:
        return LANGUAGE_NAMES[value.lower()]
    if type(value) is not int:
        raise ValueError(f"expected a number, not {value!r}")
    if type_ == "resolution":
        return value
    table: Mapping[int, str] = {
        "source": SOURCES[app],
        "indexer_flag": FLAGS[app],
        "language": LANGUAGES[app],
        "modifier": MODIFIERS,
        "release_type": RELEASE_TYPES,
    }[type_]
    if value not in table:
        raise ValueError(f"{app.capitalize()} has no {type_.replace('_', ' ')} {value} that is known here")
    return table[value]


def _pattern(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"expected a regular expression, not {value!r}")
    pattern(value)
    return value


def _span(low: object, high: object) -> tuple[float, float]:
    numbers = (0 if low is None else low, _FAR if high in (None, 0) else high)
    if not all(isinstance(n, int | float) and not isinstance(n, bool) for n in numbers):
        raise ValueError(f"expected numbers from and to, not {low!r} and {high!r}")
    first, last = (float(cast(float, n)) for n in numbers)
    if last < first:
        raise ValueError(f"the range ends ({last:g}) before it begins ({first:g})")
    return first, last


def condition_of(item: Mapping[str, Any]) -> Condition:
    """A condition in Mydia's own words. ValueError says what is wrong with it."""
    if item.get("type") not in get_args(ConditionType):
        raise ValueError(f"unknown condition type {item.get('type')!r}; known: {', '.join(get_args(ConditionType))}")
    type_ = cast(ConditionType, item["type"])
    value = item.get("value")
    if type_ in RANGES:
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise ValueError(f"expected a range [from, to], not {value!r}")
        value = _span(*value)
    elif type_ in PATTERNS:
        value = _pattern(value)
    elif type_ == "resolution":
        if type(value) is not int:
            raise ValueError(f"expected lines such as 1080, not {value!r}")
    elif not isinstance(value, str) or not value:
        raise ValueError(f"expected a word, not {value!r}")
    flags = {k: item.get(k, False) for k in ("negate", "required", "others")}
    if not all(isinstance(v, bool) for v in flags.values()):
        raise ValueError("negate, required and others are true or false")
    return Condition(type=type_, value=value, name=str(item.get("name") or ""), **flags)
