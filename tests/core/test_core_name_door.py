"""`mydia name --jsonl`: every line gets its answer, whatever the line."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from mydia.name_cli import answers


def _answer(line: str) -> dict[str, object]:
    (answer,) = answers([line])
    parsed: dict[str, object] = json.loads(answer)
    return parsed


def test_a_question_is_answered_with_its_name() -> None:
    question = {"id": "a", "kind": "movie", "template": "{title} ({year})", "facts": {"title": "Tour", "year": 2014}}
    assert _answer(json.dumps(question)) == {"id": "a", "name": "Tour (2014)"}


@pytest.mark.parametrize(
    ("line", "id_", "word"),
    [
        ("nonsense", None, "Expecting"),
        ("[1]", None, "indices"),
        ('{"kind": "movie", "template": "x"}', None, "id"),
        ('{"id": 1, "kind": "song", "template": "x"}', 1, "song"),
        ('{"id": 2, "kind": "movie"}', 2, "template"),
        ('{"id": 3, "kind": "movie", "template": "x", "facts": []}', 3, None),
        ('{"id": 4, "kind": "movie", "template": "x", "facts": {"year": "soon"}}', 4, "year"),
        ('{"id": 5, "kind": "movie", "template": "x", "options": {"colon": "no"}}', 5, "colon"),
        ("[" * 100_000, None, "deep"),
    ],
)
def test_a_bad_line_is_answered_with_its_error(line: str, id_: object, word: str | None) -> None:
    answer = _answer(line)
    assert answer["id"] == id_
    if word is None:
        assert answer["name"] == "x"
    else:
        assert word in str(answer["error"])


def test_the_door_answers_in_order_and_survives_bad_lines() -> None:
    good = json.dumps(
        {"id": "é", "kind": "movie", "template": "{title}", "facts": {"title": "좀비"}}, ensure_ascii=False
    )
    done = subprocess.run(
        [sys.executable, "-m", "mydia.name_cli", "name", "--jsonl"],
        input=f"{good}\n\xff\n\n{good}\n".encode(),
        capture_output=True,
        check=True,
    )
    shown = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [a["id"] for a in shown] == ["é", None, "é"]
    assert shown[2] == {"id": "é", "name": "좀비"}
