"""Every rule beside rows of both its sides: what it refuses, and what it lets pass although it is close."""

from collections import Counter
from typing import Any

import pytest

from mydia.core.decide import RULE_NAMES, Verdict, decide
from mydia.core.decide.bench import Bench
from mydia.core.decide.model import TEMPORARY
from mydia.core.decide.rules import RULES, speaking
from tests.support.decide_world import candidate, place, rows_of

ROWS = rows_of("decide")


def verdict_of(row: dict[str, Any]) -> Verdict:
    return decide([candidate(row)], *place(row))[0]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['rule']}: {row['why']}")
def test_a_rule_refuses_and_lets_pass_as_its_table_says(row: dict[str, Any]) -> None:
    verdict = verdict_of(row)
    said = {r.rule: r for r in verdict.rejections}
    expected = set(row.get("also", ())) | ({row["rule"]} if row["refuses"] else set())
    assert set(said) == expected, [r.reason for r in verdict.rejections]
    assert row.get("reason", "") in (said[row["rule"]].reason if row["refuses"] else "")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['rule']}: {row['why']}")
def test_a_rule_that_is_not_asked_has_nothing_to_say_of_anything(row: dict[str, Any]) -> None:
    target, context = place(row)
    silent = set(RULES) - set(speaking(target, context))
    for facts in Bench(target, context).lay([candidate(other) for other in ROWS[::5]]):
        assert [rule.__name__ for rule in silent if rule(facts, target, context) is not None] == []


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
