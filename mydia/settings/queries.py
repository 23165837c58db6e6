"""Reads of settings, and of what a person changed at run time."""

from typing import Any

from mydia.store.engine import Connection, from_json, quick

OVERRIDE = "config:"


@quick
def get_setting(conn: Connection, key: str) -> Any:
    """A small fact of the house by its key; None when it was never put."""
    return from_json(conn.value("select value from settings where key = :key", key=key))


def overrides(conn: Connection) -> dict[str, Any]:
    """What a person set at run time: dotted key -> value."""
    sql = "select key, value from settings where key >= :low and key < :high order by key"
    rows = conn.all(sql, low=OVERRIDE, high=OVERRIDE[:-1] + ";")  # ';' follows ':'
    return {row["key"].removeprefix(OVERRIDE): from_json(row["value"]) for row in rows}
