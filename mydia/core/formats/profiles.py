"""Quality profiles from JSON: as TRaSH publishes them, as Radarr and Sonarr answer and keep them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from mydia.core.formats.model import CustomFormat
from mydia.core.formats.vocabulary import LANGUAGE_NAMES
from mydia.core.quality import QualityGroup, QualityProfile, quality


def parse_profile(
    data: object, formats: Iterable[CustomFormat] = (), quality_ids: Mapping[int, str] | None = None
) -> QualityProfile:
    """A profile from parsed JSON. `formats` are those already read: TRaSH gives scores with the formats, by trash_id.

    `quality_ids` names the numbers where only numbers are given (the apps' databases). ValueError says what is wrong.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("items"), list) or not data.get("name"):
        raise ValueError("this is no quality profile: it needs a name and items")
    name = str(data["name"])
    try:
        items = [_item(i, quality_ids or {}) for i in data["items"]]
        if _best_first([i for i, _, _ in items]):
            items.reverse()
        allowed = tuple(item for item, allowed, _ in items if allowed)
        if not allowed:
            raise ValueError("it allows no quality")
        return QualityProfile.from_json(
            QualityProfile(
                id=re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"),
                name=name,
                qualities=allowed,
                cutoff=_cutoff(data.get("cutoff"), items, allowed),
                upgrades=data.get("upgradeAllowed") is True,
                scores=_scores(data, formats),
                min_score=_number(data, "minFormatScore", 0),
                cutoff_score=_number(data, "cutoffFormatScore", 10000),
                min_gain=max(1, _number(data, "minUpgradeFormatScore", 1)),
                languages=_languages(data.get("language")),
            ).to_json()
        )
    except ValueError as wrong:
        raise ValueError(f"quality profile {name!r}: {wrong}") from None


def _item(data: Any, ids: Mapping[int, str]) -> tuple[QualityGroup | str, bool, int | None]:
    """One line of a profile: a quality or group, whether it is allowed, and the number a cutoff may call it by."""
    if not isinstance(data, Mapping):
        raise ValueError(f"items: {data!r} is no quality")
    members = data.get("items") or []
    named = data.get("quality")
    number = data.get("id") if members else named.get("id") if isinstance(named, Mapping) else named
    if members:
        names = tuple(quality(_name(m, ids)).name for m in members)
        item: QualityGroup | str = QualityGroup(str(data.get("name") or " | ".join(names)), names)
    else:
        item = quality(_name(data, ids)).name
    return item, data.get("allowed") is True, number if type(number) is int else None


def _name(data: Any, ids: Mapping[int, str]) -> str:
    named = data.get("quality", data.get("name")) if isinstance(data, Mapping) else data
    if isinstance(named, Mapping):
        named = named.get("name", named.get("id"))
    if type(named) is int:
        named = ids.get(named, f"number {named}")
    if not isinstance(named, str):
        raise ValueError(f"items: {data!r} names no quality")
    return named


def _best_first(items: list[QualityGroup | str]) -> bool:
    """The guide writes the best on top, the apps' answers the worst: neighbours on the common ladder tell which."""
    weights = [quality(i if isinstance(i, str) else i.qualities[0]).weight for i in items]
    steps = [b - a for a, b in pairwise(weights)]
    return sum(s < 0 for s in steps) > sum(s > 0 for s in steps)


def _cutoff(
    cutoff: object, items: list[tuple[QualityGroup | str, bool, int | None]], allowed: tuple[QualityGroup | str, ...]
) -> str:
    for item, _, number in items:
        name = item if isinstance(item, str) else item.name
        if cutoff in (name, number) or (isinstance(cutoff, str) and name.lower() == cutoff.lower()):
            if item in allowed:
                return name
            raise ValueError(f"cutoff: {name} is not allowed")
        if isinstance(item, QualityGroup) and item in allowed and cutoff in item.qualities:
            return name
    if cutoff is None:
        return allowed[0] if isinstance(allowed[0], str) else allowed[0].name
    raise ValueError(f"cutoff: {cutoff!r} is not among the profile's qualities")


def _scores(data: Mapping[str, Any], formats: Iterable[CustomFormat]) -> dict[str, int]:
    listed = data.get("formatItems") or {}
    known = {f.trash_id: f for f in formats if f.trash_id}
    scores: dict[str, int] = {}
    if isinstance(listed, Mapping):
        for name, trash_id in listed.items():
            if trash_id not in known:
                raise ValueError(f"the custom format {name!r} ({trash_id}) is not among the formats read")
            scores[known[trash_id].name] = known[trash_id].trash_score(data.get("trash_score_set"))
        return scores
    for item in listed:
        if not isinstance(item, Mapping) or type(item.get("score")) is not int:
            raise ValueError(f"formatItems: {item!r} has no score")
        if item["score"]:
            scores[str(item.get("name", item.get("format")))] = item["score"]
    return scores


def _languages(language: object) -> tuple[str, ...]:
    name = language.get("name") if isinstance(language, Mapping) else language
    if name is None or str(name).lower() in ("any", "unknown"):
        return ()
    code = LANGUAGE_NAMES.get(str(name).lower())
    if code is None:
        raise ValueError(f"language: {name!r} is not known")
    return (code,)


def _number(data: Mapping[str, Any], key: str, default: int) -> int:
    value = data.get(key, default)
    if type(value) is not int:
        raise ValueError(f"{key}: expected a whole number, not {value!r}")
    return value
