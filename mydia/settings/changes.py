"""Writes of settings, and of what a person changes at run time."""

from collections.abc import Mapping
from typing import Any

from mydia.errors import Invalid
from mydia.events import SettingsChanged
from mydia.settings.load import Loaded, with_fitting, with_overrides
from mydia.settings.model import restart_keys
from mydia.settings.queries import OVERRIDE, overrides
from mydia.store.engine import to_json
from mydia.store.transaction import Transaction

_BEFORE = frozenset(
    key for key in restart_keys() if key.startswith(("data_dir", "database.", "server.secret_key_base"))
)
"""What opening the database takes: kept in it, it would count for half of the house at most."""


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
    then nothing was changed. What was set before and does not go with the file any more is no reason to refuse.
    """
    merged = {**with_fitting(base, overrides(tx))[1], **values}
    loaded = with_overrides(base, {key: value for key, value in merged.items() if value is not None})
    fixed = [
        f"{key} is set by the environment ({loaded.sources[key].where}); change it there"
        for key in values
        if base.fixed(key)
    ]
    fixed += [
        f"{key} is needed before the database is open, where this would be kept; set it in config.yml or by the environment"
        for key, value in values.items()
        if value is not None and any(f"{early}.".startswith(f"{key}.") for early in _BEFORE)
    ]
    if fixed:
        raise Invalid("; ".join(fixed))
    for key, value in values.items():
        put_setting(tx, OVERRIDE + key, value)
    tx.emit(SettingsChanged(keys=tuple(sorted(values)), actor=actor))
    return loaded
