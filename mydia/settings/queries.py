"""Reads of settings, of what a person changed at run time, and of quality profiles."""

from typing import Any

from mydia.core.quality import QualityProfile
from mydia.errors import NotFound
from mydia.store.engine import Connection, Row, from_json, quick

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


def profile(row: Row) -> QualityProfile:
    """A row of `quality_profiles` as the core's profile."""
    return QualityProfile.from_json(
        {
            **(from_json(row["rules"]) or {}),
            "id": row["id"],
            "name": row["name"],
            "qualities": from_json(row["qualities"]),
            "cutoff": row["upgrade_until_quality"],
            "upgrades": bool(row["upgrades_allowed"]),
        }
    )


def list_profiles(conn: Connection) -> tuple[QualityProfile, ...]:
    """All quality profiles by name."""
    return tuple(profile(row) for row in conn.all("select * from quality_profiles order by name, id"))


@quick
def get_profile(conn: Connection, id: str) -> QualityProfile:  # noqa: A002 - it is the column's name
    row = conn.one("select * from quality_profiles where id = :id", id=id)
    if row is None:
        raise NotFound(f"there is no quality profile {id}")
    return profile(row)


@quick
def default_profile(conn: Connection, name: str | None = None) -> QualityProfile:
    """The profile new titles get: the one of that name, else the one that was there first. NotFound names what is missing."""
    if name is None:
        row = conn.one("select * from quality_profiles order by created_at, id limit 1")
    else:
        row = conn.one("select * from quality_profiles where name = :name", name=name)
    if row is None:
        known = ", ".join(p.name for p in list_profiles(conn)) or "none"
        raise NotFound(f"there is no quality profile {name or ''!r}; known are {known}")
    return profile(row)
