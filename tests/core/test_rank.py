"""The order of accepted releases, key by key."""

from typing import Any

import pytest

from mydia.core.decide import decide
from mydia.core.rank import compare, measures, rank
from tests.support.decide_world import candidate, place, rows_of

ROWS = rows_of("rank")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['key']}: {row['why']}")
def test_the_better_release_ranks_first_by_the_key_that_its_table_names(row: dict[str, Any]) -> None:
    target, context = place(row)
    better, worse = candidate(row, "better"), candidate(row, "worse")
    for offered in ([better, worse], [worse, better]):
        first, second = rank(decide(offered, target, context), target, context)
        assert first.verdict.candidate == better
        assert [c.key for c in compare(first, second) if c.decisive] == [row["key"]]


@pytest.mark.parametrize("show", [False, True])
def test_every_key_settles_some_row(show: bool) -> None:
    target, _ = place({"show": show})
    settled = {row["key"] for row in ROWS}
    # Sizes come before seeders in the end, so that exact seeders settle only what is alike in all else.
    assert {m.name for m in measures(target)} - settled == {"more seeders"}


def test_what_is_refused_is_not_ranked() -> None:
    target, context = place({"settings": {"min_seeders": 10}})
    verdicts = decide([candidate({"candidate": {"seeders": n}}) for n in (5, 50)], target, context)
    assert [r.verdict.candidate.seeders for r in rank(verdicts, target, context)] == [50]


def test_a_comparison_shows_both_sides_of_every_key() -> None:
    target, context = place({})
    verdicts = decide([candidate({"candidate": {"seeders": n}}) for n in (5, 5000)], target, context)
    best, other = rank(verdicts, target, context)
    rows = {c.key: c for c in compare(best, other)}
    assert (rows["seeders and peers"].left, rows["seeders and peers"].right) == (
        "5000 seeders, 60 peers",
        "5 seeders, 60 peers",
    )
    assert rows["seeders and peers"].better == "left" and rows["seeders and peers"].decisive
    assert rows["format score"].better is None and not rows["format score"].decisive
