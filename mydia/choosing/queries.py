"""Reads of quality profiles and custom formats."""

from functools import lru_cache

from mydia.choosing.model import KeptFormat
from mydia.core.formats import CustomFormat, FormatSet, parse_formats
from mydia.core.quality import QualityProfile
from mydia.errors import NotFound
from mydia.store.engine import Connection, Row, from_json, quick


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


def profile_uses(conn: Connection) -> dict[str, int]:
    """Quality profile id -> how many slots of titles it serves; those without any are left out."""
    rows = conn.all("select quality_profile_id as id, count(*) as n from slots group by quality_profile_id order by id")
    return {row["id"]: row["n"] for row in rows}


def list_formats(conn: Connection) -> tuple[KeptFormat, ...]:
    """All custom formats by name."""
    return tuple(_kept(row) for row in conn.all("select * from custom_formats order by name, id"))


@quick
def get_format(conn: Connection, id: str) -> KeptFormat:  # noqa: A002 - it is the column's name
    row = conn.one("select * from custom_formats where id = :id", id=id)
    if row is None:
        raise NotFound(f"there is no custom format {id}")
    return _kept(row)


def formats(conn: Connection) -> FormatSet:
    """All custom formats as deciding takes them."""
    rows = conn.all("select definition from custom_formats order by name, id")
    return FormatSet(_format(row["definition"]) for row in rows)


def _kept(row: Row) -> KeptFormat:
    return KeptFormat(row["id"], _format(row["definition"]))


@lru_cache(maxsize=4096)
def _format(definition: str) -> CustomFormat:
    """Read once: every search asks for all of them."""
    return parse_formats(from_json(definition))[0]
