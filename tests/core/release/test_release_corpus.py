"""The project's own corpus: every row of tests/corpus/release, one file a property, says what its name must give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mydia.core.release import parse

CORPUS = Path(__file__).parents[2] / "corpus" / "release"
ASKED = frozenset(["name", "input", "hint"])


def rows() -> list[tuple[str, dict[str, Any]]]:
    """(file name, row) of every row of the corpus."""
    return [
        (file.stem, json.loads(line))
        for file in sorted(CORPUS.glob("*.jsonl"))
        for line in file.read_text(encoding="utf-8").splitlines()
    ]


ROWS = rows()


@pytest.mark.parametrize(("file", "row"), ROWS, ids=[f"{file}: {row['name']}" for file, row in ROWS])
def test_a_name_says_what_its_row_says(file: str, row: dict[str, Any]) -> None:
    facts = parse(row["name"], row.get("input", "name"), row.get("hint")).to_json()
    wanted = {field: value for field, value in row.items() if field not in ASKED}
    assert {field: facts[field] for field in wanted} == wanted


def test_a_name_stands_in_the_corpus_once() -> None:
    names = [(row["name"], row.get("input"), row.get("hint")) for _, row in ROWS]
    assert len(names) == len(set(names))
