"""`mydia parse` as people and programs call it."""

from __future__ import annotations

import argparse
import io
import json

import pytest

from mydia.parse_cli import add_commands, answer, run

NAME = "Show.S01E02.1080p.WEB-DL.H264-GRP"


def called(*words: str) -> int:
    front_door = argparse.ArgumentParser()
    add_commands(front_door.add_subparsers(required=True))
    return run(front_door.parse_args(["parse", *words]))


def test_a_table_shows_each_fact_and_where_it_was_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert called(NAME) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["release_group", "GRP", "GRP"] in rows
    assert ["source", "web-dl", "WEB-DL"] in rows
    assert ["episodes", "2", "S01E02"] in rows


def test_a_fact_that_was_not_read_is_called_filled_in(capsys: pytest.CaptureFixture[str]) -> None:
    called("Show.S01E02.1080p")
    assert ["source", "hdtv", "(filled", "in)"] in [line.split() for line in capsys.readouterr().out.splitlines()]


def test_explain_names_every_pass_and_what_it_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert called("--explain", NAME) == 0
    shown = capsys.readouterr().out
    assert "group.read_group" in shown
    assert "release_group: GRP" in shown
    assert "technical from '1080p'" in shown


def test_explain_takes_a_path_apart(capsys: pytest.CaptureFixture[str]) -> None:
    called("--explain", "/tv/Heat (1995)/heat.mkv")
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line in ("heat.mkv", "Heat (1995)", "tv")] == ["heat.mkv", "Heat (1995)", "tv"]


def test_numbers_that_follow_each_other_are_shown_as_a_range(capsys: pytest.CaptureFixture[str]) -> None:
    called("[Group] Show (001-300) [1080p]")
    assert ["absolute_episodes", "1-300", "001-300"] in [line.split() for line in capsys.readouterr().out.splitlines()]


def test_names_on_the_command_line_can_be_answered_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert called("--jsonl", NAME, "Film (2020)") == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [a["title"] for a in answers] == ["Show", "Film"]


def test_a_hint_and_the_kind_of_input_are_heeded(capsys: pytest.CaptureFixture[str]) -> None:
    called("--jsonl", "--input", "path", "--hint", "tv", "/tv/Show/Season 2/05 - Name.mkv")
    told = json.loads(capsys.readouterr().out)
    assert (told["title"], told["seasons"], told["episodes"]) == ("Show", [2], [5])


def test_the_line_protocol_answers_in_order() -> None:
    requests = [
        json.dumps({"id": n, "op": "parse", "name": f"Film {n} (2020)", "input": "name", "hint": None})
        for n in (7, 3, 5)
    ]
    answers = io.StringIO()
    assert answer([*requests, "\n"], answers, io.StringIO()) == 0
    assert [json.loads(line)["id"] for line in answers.getvalue().splitlines()] == [7, 3, 5]


def test_any_text_can_be_answered_on_any_stream() -> None:
    answers = io.StringIO()
    assert answer([json.dumps({"id": 1, "name": "\ud800 字 (2020)"})], answers, io.StringIO()) == 0
    assert answers.getvalue().isascii()


@pytest.mark.parametrize("line", ["no json", "[]", "{}", '{"id": 1}', "3"])
def test_a_malformed_request_is_named_with_its_line(line: str) -> None:
    errors = io.StringIO()
    assert answer(['{"name": "a"}', line], io.StringIO(), errors) == 2
    assert "line 2" in errors.getvalue()


def test_nothing_to_read_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert called() == 2
    assert "NAME" in capsys.readouterr().err
