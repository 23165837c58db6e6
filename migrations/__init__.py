"""The schema's history: append-only, numbered, each `STEPS` a tuple of statements in the subset that every engine understands.

A landed migration is never edited. `{identity}` stands for the engine's own self-numbering key; the rest is common: text ids (UUIDv7),
bigint for every integer and boolean, ISO 8601 UTC text for times, JSON as text, explicit ON DELETE. `MIGRATIONS` is the order.
"""

from migrations import (
    m0001_house,
    m0002_choosing,
    m0003_upkeep,
    m0004_wanting,
    m0005_links,
    m0006_lacking,
    m0007_lists,
    m0008_holding,
    m0009_lacks_from,
)

MIGRATIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("0001_house", m0001_house.STEPS),
    ("0002_choosing", m0002_choosing.STEPS),
    ("0003_upkeep", m0003_upkeep.STEPS),
    ("0004_wanting", m0004_wanting.STEPS),
    ("0005_links", m0005_links.STEPS),
    ("0006_lacking", m0006_lacking.STEPS),
    ("0007_lists", m0007_lists.STEPS),
    ("0008_holding", m0008_holding.STEPS),
    ("0009_lacks_from", m0009_lacks_from.STEPS),
)
