"""Writes of settings, of what a person changes at run time, and of quality profiles."""

from collections.abc import Mapping, Sequence
from typing import Any

from mydia.core.quality import DEFAULT_PROFILES, QualityProfile
from mydia.errors import Conflict, Invalid, NotFound
from mydia.events import SettingsChanged
from mydia.settings.load import Loaded, with_overrides
from mydia.settings.queries import OVERRIDE, get_profile, overrides
from mydia.store.engine import to_json
from mydia.store.transaction import Transaction


def put_setting(tx: Transaction, key: str, value: Any) -> None:
    """Keep a small fact of the house; None forgets it."""
    if value is None:
        tx.execute("delete from settings where key = :key", key=key)
        return
    tx.execute(
        """insert into settings (key, value, updated_at) values (:key, :value, :now)
        on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at""",
        key=key,
        value=to_json(value),
        now=tx.now,
    )


def set_settings(tx: Transaction, base: Loaded, values: Mapping[str, Any], *, actor: str) -> Loaded:
    """A person changes settings at run time: dotted key -> value, or None for "as the file says"; the configuration from now on.

    They stand above config.yml and beneath the environment. Validated by the same models as the file; Invalid names every problem, and
    then nothing was changed.
    """
    merged = {**overrides(tx), **values}
    loaded = with_overrides(base, {key: value for key, value in merged.items() if value is not None})
    fixed = [
        f"{key} is set by the environment ({loaded.sources[key].where}); change it there"
        for key in values
        if base.fixed(key)
    ]
    if fixed:
        raise Invalid("; ".join(fixed))
    for key, value in values.items():
        put_setting(tx, OVERRIDE + key, value)
    tx.emit(SettingsChanged(keys=tuple(sorted(values)), actor=actor))
    return loaded


def seed_defaults(tx: Transaction, profiles: Sequence[QualityProfile] = DEFAULT_PROFILES) -> int:
    """The quality profiles of a new house; how many were added. Once ever: a person may have deleted them since."""
    if tx.value("select 1 from settings where key = 'seeded'") is not None:
        return 0
    for profile in profiles:
        put_profile(tx, profile, actor="system")
    put_setting(tx, "seeded", tx.now)
    return len(profiles)


def put_profile(tx: Transaction, profile: QualityProfile, *, actor: str) -> str:
    """Add a profile, or change the one with its id; the id. Conflict when another has its name."""
    data = profile.to_json()
    profile_id = data.pop("id") or tx.new_id()
    name = data.pop("name").strip()
    if not name:
        raise Invalid("a quality profile needs a name", field="name")
    if (
        tx.value("select 1 from quality_profiles where name = :name and id <> :id", name=name, id=profile_id)
        is not None
    ):
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


def delete_profile(tx: Transaction, id: str, *, actor: str) -> None:  # noqa: A002 - it is the column's name
    """Conflict while titles use it."""
    found = get_profile(tx, id)
    used = tx.value("select count(*) from slots where quality_profile_id = :id", id=id)
    if used:
        raise Conflict(f"the quality profile {found.name!r} is used by {used} titles; give them another first")
    if tx.execute("delete from quality_profiles where id = :id", id=id) == 0:
        raise NotFound(f"there is no quality profile {id}")
    tx.emit(SettingsChanged(keys=(f"quality_profiles.{found.name}",), actor=actor))
