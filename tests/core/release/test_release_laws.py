"""What must hold of every name: the parser is total, its spans are honest, and spelling does not change the facts."""

from __future__ import annotations

import json
import re
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydia.core.release import Candidate, Release, match, parse, parse_all
from mydia.core.release.comparing import key
from mydia.core.release.facts import Hint, Input

CORPUS = Path(__file__).parents[2] / "corpus" / "release"
NAMES = [
    row["name"]
    for file in sorted(CORPUS.glob("*.jsonl"))
    for row in map(json.loads, file.read_text(encoding="utf-8").splitlines())
    if row.get("input") != "path"
]
SCENE = [
    name
    for name in NAMES
    if name.isascii()
    and re.fullmatch(r"[\w.'-]+", name)
    and name.count(".") > 3
    and "srt" not in name
    and "_" not in name
    and not re.search(r"[xh]26[45]\.[A-Z]\w+$", name)
]

_pieces = st.sampled_from(
    (
        "S01E02 S01 1x02 2019 1080p [ ] ( ) - . _ / \\ WEB-DL x264 German Sub part of 12 - 05 v2 #3 第3話 字幕 é İ ß "
        "tt1234567 {tmdb-1} AKA www.a.com"
    ).split(" ")
)
anything = (
    st.text(max_size=200) | st.lists(_pieces, max_size=25).map(" ".join) | st.lists(_pieces, max_size=25).map("".join)
)
inputs: st.SearchStrategy[Input] = st.sampled_from(["name", "path"])
hints: st.SearchStrategy[Hint | None] = st.sampled_from([None, "tv", "movie"])


@given(anything, inputs, hints)
def test_any_text_has_an_answer(text: str, given_as: Input, hint: Hint | None) -> None:
    release = parse(text, given_as, hint)
    assert release.name == text
    assert release.version >= 1
    assert release.kind in (None, "movie", "episode")
    assert json.loads(json.dumps(release.to_json())) is not None


@given(st.lists(anything, max_size=5), hints)
def test_names_read_together_say_what_each_says_alone(texts: list[str], hint: Hint | None) -> None:
    assert parse_all(texts, hint) == [parse(text, "name", hint) for text in texts]


def test_many_names_are_answered_in_their_order() -> None:
    assert parse_all([*NAMES, "/data/x/Show.S01E02.mkv"]) == [*map(parse, NAMES), parse("/data/x/Show.S01E02.mkv")]


def test_a_name_that_reads_backwards_from_both_ends_is_turned_once() -> None:
    release = parse("Movie.s001e10.001e10s.2012.mkv")
    assert release.name == "Movie.s001e10.001e10s.2012.mkv"
    assert all(0 <= start < end <= len(release.name) for spans in release.spans.values() for start, end in spans)


@given(anything, inputs, hints)
def test_spans_lie_inside_the_name(text: str, given_as: Input, hint: Hint | None) -> None:
    for spans in parse(text, given_as, hint).spans.values():
        for start, end in spans:
            assert 0 <= start < end <= len(text)


@given(anything)
def test_a_title_comes_from_the_name(text: str) -> None:
    title = parse(text).title
    assert title is None or title.strip() == title != ""
    if title is not None:
        assert set(key(title)) <= set(key(text)) | set(key(text[::-1]))


@pytest.mark.parametrize("name", NAMES)
def test_what_the_title_is_read_in_tells_nothing_technical(name: str) -> None:
    """Spans of different facts may coincide ("BDRemux" is source and modifier), but none reaches into the title."""
    release = parse(name)
    for title in release.spans.get("title", ()):
        for field, spans in release.spans.items():
            if field not in ("title", "titles", "seasons", "episodes", "absolute_episodes"):
                assert all(span.end <= title.start or span.start >= title.end for span in spans), field


@pytest.mark.parametrize("name", SCENE)
@pytest.mark.parametrize("separator", [" ", "_"])
def test_the_separator_does_not_change_the_facts(name: str, separator: str) -> None:
    """Holds for names with one separator throughout; of the title it holds but for the dots of acronyms, and not for a
    group that a dot alone ties to the codec ("x264.Group"): with blanks it could be anything."""
    assert facts(parse(name.replace(".", separator))) == facts(parse(name))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_case_does_not_change_the_facts(name: str, case: Any) -> None:
    """Holds for every name whose case can be undone; texts taken from the name take its case with them."""
    if case(name).lower() == name.lower():
        assert facts(parse(case(name))) == facts(parse(name))


@pytest.mark.parametrize("name", [n for n in SCENE if not n.endswith((".mkv", ".MP4"))])
def test_the_container_does_not_change_the_facts(name: str) -> None:
    """Holds where the name states a quality, but for whole disks: what is in an mkv is no copy of a disk."""
    if parse(name).source == "brdisk":
        assert parse(name + ".mkv").title == parse(name).title
        return
    assert facts(parse(name + ".mkv")) == facts(parse(name)) | {"container": "mkv"} or _only_fills_in(parse(name), name)


def _only_fills_in(release: Release, name: str) -> bool:
    """A container suggests a quality where the name has none."""
    told = parse(name + ".mkv")
    return release.source is None and "source" not in told.spans and "resolution" not in told.spans


def facts(release: Release) -> dict[str, Any]:
    """The facts without case, with titles reduced to their letters."""
    answer = release.to_json()
    del answer["name"]
    answer["title"] = key(release.title or "")
    answer["titles"] = [key(title) for title in release.titles]
    for field in ("release_group", "edition", "hash", "site", "hardcoded_subs", "size_hint"):
        answer[field] = key(answer[field] or "")
    return answer


@given(anything, st.lists(st.text(string.ascii_letters + string.digits + " '&-éß風", max_size=20), max_size=3))
def test_matching_never_raises_and_stays_between_0_and_1(text: str, titles: list[str]) -> None:
    candidates = [
        Candidate(str(number), "show" if number else "movie", title, year=2010) for number, title in enumerate(titles)
    ]
    results = match(parse(text), candidates)
    assert all(0 <= result.score <= 1 for result in results)
    assert [r.score for r in results] == sorted((r.score for r in results), reverse=True)


@given(
    st.permutations(
        [
            Candidate("1", "movie", "Dune", 1984),
            Candidate("2", "movie", "Dune", 2021),
            Candidate("3", "show", "Dune", 2000),
        ]
    )
)
def test_the_order_of_candidates_does_not_decide(candidates: list[Candidate]) -> None:
    assert match(parse("Dune.2021.1080p.BluRay.x264-GRP"), candidates)[0].candidate.id == "2"
