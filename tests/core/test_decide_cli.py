"""The doors `mydia decide` and `mydia explain`."""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mydia import decide_cli
from mydia.errors import Invalid
from tests.support.decide_world import NOW

SCENARIO = {
    "id": "a",
    "target": {"kind": "movie", "title": "The Harbour", "year": 2019, "runtime": 100, "availability": "released"},
    "profile": {"qualities": ["HDTV-720p", "WEBDL-1080p", "Bluray-1080p"], "cutoff": "Bluray-1080p"},
    "candidates": [
        {"title": "The.Harbour.2019.720p.HDTV.x264-GRP"},
        {"title": "The.Harbour.2019.2160p.WEB-DL.H265-GRP"},
        {"title": "The.Harbour.2019.1080p.BluRay.x264-GRP"},
    ],
}


def answers(*lines: object) -> list[dict[str, Any]]:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    return [json.loads(answer) for answer in decide_cli.answers(texts, NOW)]


def test_every_candidate_gets_a_verdict_and_the_accepted_ones_an_order() -> None:
    (answer,) = answers(SCENARIO)
    assert answer["id"] == "a"
    assert [v["accepted"] for v in answer["verdicts"]] == [True, False, True]
    assert [r["rule"] for r in answer["verdicts"][1]["rejections"]] == ["quality_not_wanted"]
    assert answer["order"] == [2, 0]


def test_a_bad_line_costs_only_itself() -> None:
    found = answers(
        "{", "7", {"id": "b"}, {"id": "c", "target": {"title": "x", "kind": "y"}}, "[" * 100_000, "  ", SCENARIO
    )
    assert [a["id"] for a in found] == [None, None, "b", "c", None, "a"]
    assert ["error" in a for a in found] == [True] * 5 + [False]
    assert found[3]["error"] == "kind: 'y' is none of movie, episode"


def test_the_door_answers_a_process_line_by_line() -> None:
    line = json.dumps(SCENARIO) + "\n"
    command = [sys.executable, "-m", "mydia.decide_cli", "decide", "--jsonl"]
    done = subprocess.run(command, input=line * 2, capture_output=True, text=True, check=True, timeout=60)
    assert [json.loads(a)["order"] for a in done.stdout.splitlines()] == [[2, 0], [2, 0]]


def explain(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    parser = argparse.ArgumentParser()
    decide_cli.add_explain_options(parser.add_subparsers(dest="command").add_parser("explain"))
    assert decide_cli.run(parser.parse_args(["explain", *arguments])) == 0
    return capsys.readouterr().out


def test_explaining_says_the_facts_and_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    name = "The.Harbour.2019.2160p.WEB-DL.H265-GRP"
    told = explain(capsys, name, "--for", "The Harbour", "--year", "2009", "--profile", "HD-1080p", "--size", "4.5GB")
    assert "refused" in told and "WEBDL-2160p" in told and "4.5 GB" in told
    assert "the name says 2019" in told


def test_explaining_several_compares_the_best_two(capsys: pytest.CaptureFixture[str]) -> None:
    names = ("Night.Ferry.S01E02.720p.HDTV.x264-GRP", "Night.Ferry.S01E02.1080p.BluRay.x264-GRP")
    told = explain(capsys, *names, "--for", "Night Ferry", "--runtime", "45", "--seeders", "9", "--age", "2")
    assert "the best two" in told and "quality and revision" in told


def test_explaining_as_json_for_programs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.json"
    scenario.write_text(json.dumps(SCENARIO), encoding="utf-8")
    name = "The.Harbour.2019.1080p.WEB-DL.H264-GRP"
    (told,) = json.loads(
        explain(capsys, name, "--for", "The Harbour", "--scenario", str(scenario), "--held", "Bluray-1080p:5", "--json")
    )
    assert told["accepted"] is False
    assert told["rules"]["not_an_upgrade"].startswith("held: Bluray-1080p")
    assert told["rules"]["wrong_title"] is None
    assert told["facts"]["held"] == "Bluray-1080p (score 5)"
    assert told["keys"]["quality and revision"] == "WEBDL-1080p"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--profile", "nothing"), "--profile: 'nothing' is none of Any"),
        (("--size", "huge"), "--size: 'huge' is not a size"),
        (("--held", "SDTV:many"), "--held"),
        (("--held", "nonsense"), "unknown quality 'nonsense'"),
        (("--scenario", "/nowhere/at/all.json"), "--scenario"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(Invalid) as refused:
        explain(capsys, "The.Harbour.2019.1080p-GRP", "--for", "The Harbour", *arguments)
    assert message in str(refused.value)
