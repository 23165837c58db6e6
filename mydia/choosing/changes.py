"""Writes of quality profiles and custom formats. A format's name is what profiles score it by, so the two change together."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from mydia.choosing.model import Adopted, KeptFormat, scored
from mydia.choosing.queries import get_format, get_profile, list_formats, list_profiles
from mydia.core.formats import CustomFormat
from mydia.core.formats.vocabulary import LANGUAGE_NAMES
from mydia.core.quality import DEFAULT_PROFILES, QualityProfile
from mydia.errors import Conflict, Invalid, NotFound
from mydia.events import SettingsChanged
from mydia.store.engine import to_json
from mydia.store.transaction import Transaction

WISHES: Final = frozenset({*LANGUAGE_NAMES.values(), "dual", "dub"}) - {"unknown"}
"""What a profile's languages may name, best first: a language, or "original", "dual", "dub", "any"."""


def seed_defaults(tx: Transaction, profiles: Sequence[QualityProfile] = DEFAULT_PROFILES) -> int:
    """The quality profiles of a new house; how many were added. Once ever: a person may have deleted them since."""
    if tx.value("select 1 from settings where key = 'seeded'") is not None:
        return 0
    for profile in profiles:
        put_profile(tx, profile, actor="system")
    tx.insert("settings", {"key": "seeded", "value": to_json(tx.now), "updated_at": tx.now})
    return len(profiles)


def put_profile(tx: Transaction, profile: QualityProfile, *, actor: str) -> str:
    """Add a profile, or change the one with its id; the id. Invalid names the field; Conflict when another has its name."""
    data = _checked(tx, profile).to_json()
    profile_id = data.pop("id") or tx.new_id()
    name = data.pop("name")
    taken = "select 1 from quality_profiles where name = :name and id <> :id"
    if tx.value(taken, name=name, id=profile_id) is not None:
        raise Conflict(f"there is a quality profile {name!r} already")
    row = {
        "name": name,
        "upgrades_allowed": int(data.pop("upgrades")),
        "upgrade_until_quality": data.pop("cutoff"),
        "qualities": to_json(data.pop("qualities")),
        "rules": to_json(data),
        "updated_at": tx.now,
    }
    if not tx.update("quality_profiles", profile_id, **row):
        tx.insert("quality_profiles", {"id": profile_id, "created_at": tx.now, **row})
    tx.emit(SettingsChanged(keys=(f"quality_profiles.{name}",), actor=actor))
    return str(profile_id)


def replace_profile(tx: Transaction, profile: QualityProfile, *, actor: str) -> str:
    """Change the profile with this id; the id. NotFound where it was deleted meanwhile, which is not undone; else as `put_profile`."""
    get_profile(tx, profile.id)
    return put_profile(tx, profile, actor=actor)


def delete_profile(tx: Transaction, id: str, *, actor: str) -> None:  # noqa: A002 - it is the column's name
    """Conflict while titles use it."""
    found = get_profile(tx, id)
    used = tx.value("select count(*) from slots where quality_profile_id = :id", id=id)
    if used:
        raise Conflict(f"the quality profile {found.name!r} is used by {used} titles; give them another first")
    tx.execute("delete from quality_profiles where id = :id", id=id)
    tx.emit(SettingsChanged(keys=(f"quality_profiles.{found.name}",), actor=actor))


def put_format(tx: Transaction, format_: CustomFormat, *, id: str | None = None, actor: str) -> str:  # noqa: A002 - the column's name
    """Add a format, or change the one with this id; its id. Its patterns are checked before (model.problems_of): here they would hold
    up every other change. A new name goes into every profile that scores it. Conflict when another format has that name."""
    taken = tx.one("select id from custom_formats where name = :name", name=format_.name)
    if taken is not None and taken["id"] != id:
        raise Conflict(f"there is a custom format {format_.name!r} already")
    row = {"name": format_.name, "definition": to_json(format_.to_json()), "updated_at": tx.now}
    if id is None:
        id = tx.new_id()  # noqa: A001 - the column's name
        tx.insert("custom_formats", {"id": id, "created_at": tx.now, **row})
    else:
        before = get_format(tx, id).format.name
        tx.update("custom_formats", id, **row)
        if before != format_.name:
            _rename_scores(tx, {before: format_.name}, actor)
    tx.emit(SettingsChanged(keys=(f"custom_formats.{format_.name}",), actor=actor))
    return id


def delete_format(tx: Transaction, id: str, *, actor: str) -> None:  # noqa: A002 - it is the column's name
    """Forget a format, and its score in every profile."""
    name = get_format(tx, id).format.name
    if tx.execute("delete from custom_formats where id = :id", id=id) == 0:
        raise NotFound(f"there is no custom format {id}")
    _rename_scores(tx, {name: None}, actor)
    tx.emit(SettingsChanged(keys=(f"custom_formats.{name}",), actor=actor))


def adopt(
    tx: Transaction,
    formats: Sequence[CustomFormat],
    profiles: Sequence[QualityProfile] = (),
    *,
    profile_id: str | None = None,
    score_set: str | None = None,
    actor: str,
) -> Adopted:
    """Take in formats, then profiles; what has a known name (or trash_id) is changed, nothing is removed.

    `profile_id` names a profile that gets the guide's scores for these formats, from `score_set`.
    """
    kept = list_formats(tx)
    said: dict[str, list[str]] = {"added": [], "changed": [], "same": []}
    for format_ in formats:
        known = _known(kept, format_)
        outcome = "added" if known is None else "same" if known.format == format_ else "changed"
        if outcome != "same":
            put_format(tx, format_, id=known.id if known else None, actor=actor)
        said[outcome].append(format_.name)
    by_name = {p.name: p.id for p in list_profiles(tx)}
    for profile in profiles:
        put_profile(tx, replace(profile, id=by_name.get(profile.name, "")), actor=actor)
    if profile_id is not None:
        put_profile(tx, scored(get_profile(tx, profile_id), formats, score_set), actor=actor)
    return Adopted(**{k: tuple(v) for k, v in said.items()}, profiles=tuple(p.name for p in profiles))


def _known(kept: Sequence[KeptFormat], format_: CustomFormat) -> KeptFormat | None:
    """The kept format that this one is a new text of: by its name, else by its id in the guide."""
    named = next((k for k in kept if k.format.name == format_.name), None)
    return named or next((k for k in kept if format_.trash_id and k.format.trash_id == format_.trash_id), None)


def _checked(tx: Transaction, profile: QualityProfile) -> QualityProfile:
    """The profile as it may be kept. Invalid names the first field that is wrong."""
    try:
        checked = QualityProfile.from_json({**profile.to_json(), "name": profile.name.strip()})
    except ValueError as wrong:
        raise refusal(wrong) from None
    if not checked.name:
        raise Invalid("a quality profile needs a name", field="name")
    if checked.min_gain < 1:
        raise Invalid("min_gain: an upgrade must gain at least 1", field="min_gain")
    unknown = [w for w in checked.languages if w not in WISHES]
    if unknown:
        known = ", ".join(sorted(WISHES))
        raise Invalid(
            f"languages: {unknown[0]!r} is no language that is known here; known are {known}", field="languages"
        )
    unheard = set(checked.scores) - {row["name"] for row in tx.all("select name from custom_formats order by name")}
    if unheard:
        raise Invalid(f"scores: there is no custom format {sorted(unheard)[0]!r}", field="scores")
    return checked


def refusal(wrong: ValueError) -> Invalid:
    """The core's "field: what is wrong" as a refusal that names the field."""
    field, colon, _ = str(wrong).partition(": ")
    return Invalid(str(wrong), field=field if colon and field.isidentifier() else None)


def _rename_scores(tx: Transaction, names: Mapping[str, str | None], actor: str) -> None:
    """Profiles score formats by name: follow a new name, forget a deleted one (None)."""
    for profile in list_profiles(tx):
        if set(names) & set(profile.scores):
            moved = {names.get(n, n): s for n, s in profile.scores.items()}
            put_profile(tx, replace(profile, scores={n: s for n, s in moved.items() if n is not None}), actor=actor)
