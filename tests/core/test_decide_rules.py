"""Every rule beside rows of both its sides: what it refuses, and what it lets pass although it is close."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from mydia.core.decide import RULE_NAMES, decide
from mydia.core.decide.model import TEMPORARY
from mydia.core.decide.plain import candidate_of, context_of, moment, target_of

CORPUS = Path(__file__).parent.parent / "corpus" / "decide"
WORLD = yaml.safe_load((CORPUS / "world.yml").read_text(encoding="utf-8"))
ROWS: list[dict[str, Any]] = [
    row
    for path in sorted(CORPUS.glob("*.yml"))
    if path.name != "world.yml"
    for row in yaml.safe_load(path.read_text(encoding="utf-8"))
]
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


def verdict_of(row: dict[str, Any]) -> Any:
    world = WORLD["show" if row.get("show") else "film"]
    scenario = {key: row[key] for key in CONTEXT_KEYS if key in row}
    profile = WORLD["profile"] | row.get("profile", {})
    if "qualities" in row.get("profile", {}):
        profile["cutoff"] = row["profile"].get("cutoff")
    scenario |= {"now": row.get("now", WORLD["now"]), "settings": row.get("settings", {}), "profile": profile}
    now = moment(WORLD["now"], "now")
    assert now is not None
    target = target_of(world["target"] | row.get("target", {}))
    candidate = candidate_of(world["candidate"] | row.get("candidate", {}))
    return decide([candidate], target, context_of(scenario, now))[0]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['rule']}: {row['why']}")
def test_a_rule_refuses_and_lets_pass_as_its_table_says(row: dict[str, Any]) -> None:
    verdict = verdict_of(row)
    said = {r.rule: r for r in verdict.rejections}
    expected = set(row.get("also", ())) | ({row["rule"]} if row["refuses"] else set())
    assert set(said) == expected, [r.reason for r in verdict.rejections]
    assert row.get("reason", "") in (said[row["rule"]].reason if row["refuses"] else "")


def test_every_rule_has_rows_of_both_its_sides() -> None:
    sides = Counter((row["rule"], row["refuses"]) for row in ROWS)
    assert not [(rule, side) for rule in RULE_NAMES for side in (True, False) if not sides[rule, side]]


def test_only_what_time_can_cure_is_temporary() -> None:
    for row in ROWS:
        for rejection in verdict_of(row).rejections:
            assert rejection.permanent is (rejection.rule not in TEMPORARY)
    assert set(RULE_NAMES) >= TEMPORARY


def test_rules_have_one_name_each() -> None:
    assert len(set(RULE_NAMES)) == len(RULE_NAMES)
