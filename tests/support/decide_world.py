"""The usual film and show of the decision tables, and rows over them as what `decide` takes."""

from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from mydia.core.decide import Candidate, Context, Target
from mydia.core.decide.plain import candidate_of, context_of, moment, target_of

CORPUS = Path(__file__).parent.parent / "corpus"
WORLD = yaml.safe_load((CORPUS / "decide" / "world.yml").read_text(encoding="utf-8"))
CONTEXT_KEYS = (
    "mode",
    "season_search",
    "monitored_only",
    "formats",
    "queue",
    "history",
    "blocklist",
    "oldest_held_back",
)


def now_of(text: str) -> datetime:
    found = moment(text, "now")
    assert found is not None
    return found


NOW = now_of(WORLD["now"])


def rows_of(folder: str) -> list[dict[str, Any]]:
    """Every row of a folder's tables."""
    paths = sorted(p for p in (CORPUS / folder).glob("*.yml") if p.name != "world.yml")
    return [row for path in paths for row in yaml.safe_load(path.read_text(encoding="utf-8"))]


def candidate(row: dict[str, Any], key: str = "candidate") -> Candidate:
    return candidate_of(WORLD["show" if row.get("show") else "film"]["candidate"] | row.get(key, {}))


def place(row: dict[str, Any]) -> tuple[Target, Context]:
    """The target and the context of a row."""
    world = WORLD["show" if row.get("show") else "film"]
    profile = WORLD["profile"] | row.get("profile", {})
    if "qualities" in row.get("profile", {}):
        profile["cutoff"] = row["profile"].get("cutoff")
    scenario = {key: row[key] for key in CONTEXT_KEYS if key in row} | {"now": row.get("now", WORLD["now"])}
    scenario |= {"settings": row.get("settings", {}), "profile": profile}
    return target_of(world["target"] | row.get("target", {})), context_of(scenario, NOW)
