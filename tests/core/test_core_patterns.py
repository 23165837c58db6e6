"""People's patterns: what they find, and that none of them can hang the house."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydia.core.literals import literals
from mydia.core.patterns import Pattern, PatternSet, pattern, problem

TAME = [r"\bREMUX\b", r"^(FraMeSToR|EPSiLON)$", r"\b(amzn|amazon)\b(?=[ ._-]web[ ._-]?(dl|rip)\b)", r"x26[45]", r"a.*b"]
ENDLESS = [r"(a+)+$", r"(a|aa)+$", r"(.*a){12}x", r"(a*)*b", r"(a|a?)+$", "(?:a|a)" * 30 + r"[?]$"]


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


KNOWN = {
    r"\b(amzn|amazon(hd)?)\b[ ._-]web[ ._-]?(dl|rip)?\b": {"amzn", "amazon"},
    r"\bDD[^a-z+]|(?<!e)ac3": {"dd", "ac3"},
    r"^(FraMeSToR)$": {"framestor"},
    r"\[Group\]|-Group(?!-raws)\b": {"[group]", "-group"},
    r"(?i)ab?c+d": {"a"},
    r"[]a]bc{2}": {"bc"},
    r"x{0,2}(?=.*\bHEVC\b)[^]]?": {"hevc"},
    r"^\d{4}$": None,
    "a|": None,
    "(?:foo){e<=1}": None,
    "(?x)f o o": None,
    r"\x41BC": None,
    "ſet": {"et"},
}


@pytest.mark.parametrize("source", KNOWN)
def test_the_texts_without_which_an_expression_finds_nothing(source: str) -> None:
    found = literals(source)
    assert (None if found is None else set(found)) == KNOWN[source]


_piece = st.sampled_from(
    r"a b K x1 [ab] [^a] . \. \b ^ $ (a|b) (?:ab|x) (?=b) (?!a) (?<=a) (?<!b) (?>ab) (a|) \d - (a(b|K)x|1)".split()
)
_pattern = st.lists(
    st.tuples(_piece, st.sampled_from(["", "", "", "?", "*", "+", "{2}", "{0,1}", "+?", "|"])), max_size=6
)


@given(_pattern, st.text("abkK1xX.-\u212a", max_size=12))
def test_looking_for_literals_first_changes_no_answer(pieces: list[tuple[str, str]], text: str) -> None:
    source = "".join(piece + count for piece, count in pieces)
    try:
        alone = Pattern(source)
    except ValueError:
        return
    assert alone.found(text) is alone.search(text)
    assert (source in PatternSet([source, "other"]).search(text).found) is alone.search(text)


def test_many_patterns_are_looked_for_at_once_and_what_takes_too_long_is_told_apart() -> None:
    endless = r"(x|xx|xxx)+y$"
    asked = PatternSet([r"\bREMUX\b", r"\bDV\b", "^The", endless, r"(?:19|20)\d\d"])
    answers = asked.search("The.Film.2001.REMUX-GRP")
    assert answers.found == {r"\bREMUX\b", "^The", r"(?:19|20)\d\d"}
    assert answers.unknown == frozenset()
    assert asked.search("x" * 300 + "y!").unknown == {endless}
