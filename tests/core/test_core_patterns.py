"""People's patterns: what they find, and that none of them can hang the house."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydia.core.patterns import Pattern, pattern, problem

TAME = [r"\bREMUX\b", r"^(FraMeSToR|EPSiLON)$", r"\b(amzn|amazon)\b(?=[ ._-]web[ ._-]?(dl|rip)\b)", r"x26[45]", r"a.*b"]
ENDLESS = [r"(a+)+$", r"(a|aa)+$", r"(.*a){12}x", r"(a*)*b", r"(a|a?)+$"]


@pytest.mark.parametrize("source", TAME)
def test_an_ordinary_pattern_may_be_saved(source: str) -> None:
    assert problem(source) is None
    assert not Pattern(source).slow


@pytest.mark.parametrize("source", ENDLESS)
def test_an_endless_pattern_costs_a_moment_and_is_given_up(source: str) -> None:
    tried = Pattern(source)
    hard = "a" * 200 + "!"
    answers = [tried.found(hard) for _ in range(4)]
    assert True not in answers
    assert tried.slow is (None in answers)


def test_an_endless_pattern_is_refused_before_it_is_saved() -> None:
    assert "too long" in (problem(r"(a|aa)+$") or "")


@pytest.mark.parametrize("source", ["(", "[a", "(?P<x", "*a", "(?<=a"])
def test_an_invalid_pattern_is_refused_with_what_is_wrong(source: str) -> None:
    with pytest.raises(ValueError, match="not a valid pattern"):
        pattern(source)
    assert "not a valid pattern" in (problem(source) or "")


@given(st.text(max_size=40))
def test_any_text_is_a_pattern_or_an_error(source: str) -> None:
    try:
        tried = pattern(source)
    except ValueError:
        return
    assert tried.found("The.Movie.2019.1080p.BluRay-GRP") in (True, False, None)


def test_case_does_not_matter_and_a_pattern_is_compiled_once() -> None:
    assert pattern("remux").found("A.REMUX.b")
    assert pattern("remux") is pattern("remux")
