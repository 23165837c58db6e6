"""Plain data in and out of deciding: what is left out, what is wrong, and whatever else a line may hold."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydia.core.decide import Context
from mydia.core.decide.plain import candidates_of, context_of, moment, target_of
from tests.support.decide_world import NOW, now_of


def test_a_title_is_all_that_must_be_said() -> None:
    assert target_of({"title": "The Harbour"}).kind == "movie"
    assert [c.title for c in candidates_of({"candidates": [{"title": "x"}]})] == ["x"]
    assert context_of({}, NOW) == Context(NOW, profile=context_of({}, NOW).profile)


def test_a_bare_day_is_its_midnight_in_utc_and_offsets_are_taken_off() -> None:
    assert moment("2026-01-31", "at") == now_of("2026-01-31T00:00:00Z")
    assert moment("2026-01-31T12:00:00+02:00", "at") == now_of("2026-01-31T10:00:00Z")
    assert moment(None, "at") is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"now": "tomorrow"}, "now: 'tomorrow' is not a date"),
        ({"mode": "maybe"}, "mode: 'maybe' is none of rss, search, user"),
        ({"settings": {"min_seeders": "5"}}, "settings: min_seeders: expected a number, not '5'"),
        ({"settings": {"protocols": ["pigeon"]}}, "settings: protocols: pigeon must be of torrent, usenet"),
        ({"settings": {"required": "word"}}, "settings: required: expected a list"),
        ({"profile": {"qualities": ["HDTV-721p"]}}, "profile: unknown quality 'HDTV-721p'"),
        ({"profile": []}, "profile: expected a mapping"),
        ({"queue": [{"quality": "nonsense"}]}, "unknown quality 'nonsense'"),
        ({"history": [{"event": "grabbed"}]}, "history: at is missing"),
        ({"blocklist": ["x"]}, "blocklist: expected a list of mappings"),
        ({"season_search": 1}, "season_search: expected true or false"),
    ],
)
def test_what_is_wrong_is_named(data: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as wrong:
        context_of(data, NOW)
    assert message in str(wrong.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "title: expected a text, not None"),
        ({"title": "x", "kind": "book"}, "kind: 'book' is none of movie, episode"),
        ({"title": "x", "wanted": [[1]]}, "wanted: expected pairs of season and episode, not [1]"),
        ({"title": "x", "episodes": [{"season": float("nan")}]}, "season: expected a number, not nan"),
        ({"title": "x", "episodes": [{"air_date": "soon"}]}, "air_date: 'soon' is not a date"),
    ],
)
def test_what_is_wrong_with_a_target_is_named(data: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as wrong:
        target_of(data)
    assert message in str(wrong.value)


def test_the_wrong_candidate_is_counted() -> None:
    with pytest.raises(ValueError, match=r"candidates\[1\]: size: expected a number, not 'big'"):
        candidates_of({"candidates": [{"title": "x"}, {"title": "y", "size": "big"}]})


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = [
    "title",
    "kind",
    "year",
    "ids",
    "held",
    "episodes",
    "wanted",
    "now",
    "mode",
    "profile",
    "formats",
    "settings",
    "queue",
    "history",
]


@given(st.dictionaries(st.sampled_from(KEYS), json))
def test_whatever_is_said_is_taken_or_refused_in_words(data: dict[str, Any]) -> None:
    for read in (target_of, lambda d: context_of(d, NOW), candidates_of):
        try:
            read(data)
        except ValueError as wrong:
            assert str(wrong)
