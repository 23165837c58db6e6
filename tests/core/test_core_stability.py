"""When a new file is whole: never while somebody writes it, and always in the end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mydia.core.stability import Look, Verdict, Waiting, judge

QUIET, UNSURE = 5.0, 20.0


def _judge(before: Waiting | None, look: Look | None, now: float) -> Verdict:
    return judge(before, look, now, quiet=QUIET, unsure=UNSURE)


def _waiting(verdict: Verdict) -> Waiting:
    assert isinstance(verdict, Waiting)
    return verdict


def test_a_file_moved_in_whole_is_stable_at_the_first_look() -> None:
    assert _judge(None, Look(10, 100.0, writer=False), 200.0) == "stable"


def test_a_file_just_changed_is_waited_for_until_it_has_been_quiet() -> None:
    first = _waiting(_judge(None, Look(10, 100.0, writer=False), 101.0))
    assert first.due > 101.0
    assert isinstance(_judge(first, Look(10, 100.0, writer=False), 103.0), Waiting)
    assert _judge(first, Look(10, 100.0, writer=False), 106.0) == "stable"


def test_a_file_that_somebody_writes_is_never_stable_however_still_it_lies() -> None:
    seen = _waiting(_judge(None, Look(10, 100.0, writer=True), 101.0))
    assert isinstance(_judge(seen, Look(10, 100.0, writer=True), 9_999.0), Waiting)


def test_where_writers_cannot_be_seen_more_quiet_is_asked() -> None:
    seen = _waiting(_judge(None, Look(10, 100.0, writer=None), 101.0))
    assert isinstance(_judge(seen, Look(10, 100.0, writer=None), 110.0), Waiting)
    assert _judge(seen, Look(10, 100.0, writer=None), 121.0) == "stable"


def test_an_empty_file_is_given_more_time() -> None:
    seen = _waiting(_judge(None, Look(0, 100.0, writer=False), 108.0))
    assert isinstance(_judge(seen, Look(0, 100.0, writer=False), 114.0), Waiting)


def test_a_file_that_went_away_is_gone() -> None:
    seen = _waiting(_judge(None, Look(10, 100.0, writer=True), 101.0))
    assert _judge(seen, None, 102.0) == "gone"


_looks = st.lists(
    st.tuples(
        st.floats(0.1, 30),  # seconds since the last look
        st.booleans(),  # whether it grew meanwhile
        st.sampled_from([True, False, None]),
    ),
    min_size=1,
    max_size=30,
)


@given(_looks)
def test_a_file_that_changes_is_never_given_out(looks: list[tuple[float, bool, bool | None]]) -> None:
    now, size, changed, before = 1000.0, 10, 1000.0, None
    for passed, grew, writer in looks:
        now += passed
        if grew:
            size, changed = size + 1, now
        verdict = _judge(before, Look(size, changed, writer), now)
        if verdict == "stable":
            assert writer is not True
            assert now - changed >= QUIET
            return
        before = _waiting(verdict)
        assert before.due > now


@given(st.floats(0, 100), st.sampled_from([False, None]), st.integers(0, 5))
def test_a_file_left_alone_is_given_out_in_the_end(age: float, writer: bool | None, size: int) -> None:
    now, before = 1000.0, None
    for _ in range(50):
        verdict = _judge(before, Look(size, 1000.0 - age, writer), now)
        if verdict == "stable":
            return
        before = _waiting(verdict)
        now = before.due
    raise AssertionError("never given out")
