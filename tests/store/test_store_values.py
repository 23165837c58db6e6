"""Names, cursors, lists and JSON: what goes in comes out, and what is broken is refused."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydia.errors import Invalid
from mydia.store.engine import among, from_json, to_json
from mydia.store.names import from_text, to_text
from mydia.store.paging import MAX_LIMIT, clamp, decode_cursor, encode_cursor, page

any_text = st.text(st.characters(codec=None, exclude_categories=()))


@given(st.binary())
def test_every_file_name_survives_as_text(name: bytes) -> None:
    text = to_text(os.fsdecode(name))
    text.encode("utf-8")
    assert os.fsencode(from_text(text)) == name


@given(any_text)
def test_every_string_survives_as_text(name: str) -> None:
    text = to_text(name)
    text.encode("utf-8")
    assert "\x00" not in text
    assert from_text(text) == name


def test_ordinary_names_stay_as_they_are() -> None:
    assert to_text("Amélie (2001)/Amélie – 日本.mkv") == "Amélie (2001)/Amélie – 日本.mkv"


@given(any_text, any_text)
def test_different_names_stay_different(one: str, other: str) -> None:
    assert (to_text(one) == to_text(other)) == (one == other)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | any_text, lambda v: st.lists(v) | st.dictionaries(any_text, v)
)


@given(json_values)
def test_json_survives_and_is_text_for_every_database(value: object) -> None:
    text = to_json(value)
    assert text.isascii()
    assert from_json(text) == value


sort_values = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")) | st.integers(
    -(2**63), 2**63 - 1
)


@given(st.lists(sort_values))
def test_a_cursor_survives_a_url(values: list[object]) -> None:
    text = encode_cursor(values)
    assert all(c.isalnum() or c in "-_" for c in text)
    assert decode_cursor(text, *map(type, values)) == values


@pytest.mark.parametrize(
    "values", [["a\0"], ["\ud800"], [2**63], [-(2**63) - 1], [1.5], [None], [True], [["a"]], ["a", "b"]]
)
def test_a_cursor_that_was_tampered_with_is_refused(values: list[object]) -> None:
    for kind in (str, int):
        with pytest.raises(Invalid):
            decode_cursor(encode_cursor(values), kind)


@given(st.text())
def test_a_broken_cursor_is_refused_and_never_crashes(text: str) -> None:
    try:
        values = decode_cursor(text, str, str)
    except Invalid as no:
        assert no.field == "cursor"
    else:
        assert list(map(type, values)) == [str, str]


@pytest.mark.parametrize("text", ["", "W10", "eyJhIjogMX0", "W1tdLCAxXQ", "!!", "[" * 5000])
def test_a_cursor_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="start again from the first page"):
        decode_cursor(text, str, str)


def test_a_page_knows_its_end_without_counting() -> None:
    rows = list(range(7))
    assert page(rows[:3], 3, lambda r: (r,)).next is None
    first = page(rows[:4], 3, lambda r: (r,))
    assert first.items == (0, 1, 2)
    assert first.next is not None
    assert decode_cursor(first.next, int) == [2]
    assert page([], 3, lambda r: (r,)) == page([], 5, lambda r: (r,))


def test_page_sizes_are_bounded() -> None:
    assert (clamp(-1), clamp(0), clamp(50), clamp(10**9)) == (1, 1, 50, MAX_LIMIT)


def test_a_list_becomes_parameters_and_an_empty_one_matches_nothing() -> None:
    assert among("state", ["a", "b"], "s") == ("state in (:s_0, :s_1)", {"s_0": "a", "s_1": "b"})
    assert among("state", []) == ("1 = 0", {})
