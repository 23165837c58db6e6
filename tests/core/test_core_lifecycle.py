"""What becomes of a download: by what its client shows, and by what its import came to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydia.core.lifecycle import (
    Absent,
    Action,
    Advance,
    ClientState,
    Observation,
    Policy,
    Seen,
    Silent,
    Status,
    Tracked,
    advance,
    caught_up,
)

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def _a(status: Status, *, usenet: bool = False, since: timedelta = MINUTE, progress: float = 0.0) -> Tracked:
    return Tracked(status, "usenet" if usenet else "torrent", NOW - since, progress)


def _did(result: Advance) -> list[str]:
    return [a.do for a in result.actions]


def _looks(state: Tracked, seen: Observation, times: int, every: timedelta, policy: Policy = Policy()) -> Advance:  # noqa: B008 (frozen)
    result = Advance(state)
    for n in range(times):
        result = advance(result.state, seen, NOW + n * every, policy)
    return result


@pytest.mark.parametrize("shown", ["queued", "downloading", "stalled", "paused", "checking"])
def test_what_the_client_shows_is_under_way(shown: ClientState) -> None:
    result = advance(_a("pending"), Seen(shown, 0.0), NOW)
    assert (result.state.status, result.actions) == ("downloading", ())


@pytest.mark.parametrize("before", ["pending", "downloading"])
def test_what_is_complete_is_imported_once(before: Status) -> None:
    first = advance(_a(before, progress=0.9), Seen("completed", 1.0), NOW)
    assert (first.state.status, first.state.progress, _did(first)) == ("completed", 1.0, ["import"])
    assert _did(advance(first.state, Seen("completed", 1.0), NOW + HOUR)) == []


def test_progress_is_remembered_with_its_time() -> None:
    moved = advance(_a("downloading", since=HOUR), Seen("downloading", 0.4), NOW).state
    assert (moved.progress, moved.moved_at) == (0.4, NOW)
    still = advance(moved, Seen("downloading", 0.4), NOW + HOUR).state
    assert still.moved_at == NOW


def test_a_stalled_download_is_warned_of_once_and_cleared_when_it_moves() -> None:
    stuck = _a("downloading", since=7 * HOUR, progress=0.5)
    warned = advance(stuck, Seen("stalled", 0.5), NOW)
    assert (_did(warned), warned.state.status) == (["warn"], "downloading")
    assert "7 h" in warned.actions[0].reason
    assert _did(advance(warned.state, Seen("stalled", 0.5), NOW + HOUR)) == []
    moving = advance(warned.state, Seen("downloading", 0.6), NOW + HOUR)
    assert (_did(moving), moving.state.warning) == (["clear_warning"], "")


@pytest.mark.parametrize("shown", ["queued", "paused", "checking"])
def test_what_a_person_or_the_client_holds_back_is_not_stalled(shown: ClientState) -> None:
    assert _did(advance(_a("downloading", since=99 * HOUR), Seen(shown, 0.0), NOW)) == []


def test_a_stalled_download_fails_only_where_that_is_wanted() -> None:
    stuck, seen = _a("downloading", since=50 * HOUR, progress=0.5), Seen("stalled", 0.5)
    assert advance(stuck, seen, NOW).state.status == "downloading"
    failed = advance(stuck, seen, NOW, Policy(stalled_fails_after=48 * HOUR))
    assert failed.state.status == "failed"
    assert failed.actions == (Action("fail", "no progress for 50 h", blocklist=True),)


def test_a_failed_usenet_download_is_the_releases_fault_at_once() -> None:
    failed = advance(_a("downloading", usenet=True), Seen("error", 0.9, "unpacking failed"), NOW)
    assert failed.actions == (Action("fail", "unpacking failed", blocklist=True),)


def test_a_torrent_clients_error_is_warned_of_and_fails_without_blame_when_it_lasts() -> None:
    warned = advance(_a("downloading"), Seen("error", 0.0, "disk full"), NOW)
    assert warned.actions == (Action("warn", "disk full"),)
    later = advance(warned.state, Seen("error", 0.0, "disk full"), NOW + 7 * HOUR)
    assert later.state.status == "failed"
    assert later.actions == (Action("fail", "disk full", blocklist=False),)


@given(st.sampled_from(get_args(Status)), st.integers(1, 50), st.booleans())
def test_silence_changes_nothing_however_long_it_lasts(status: Status, times: int, complete: bool) -> None:
    state = replace(_a(status), complete=complete)
    assert _looks(state, Silent("timeout"), times, HOUR) == Advance(state)


@pytest.mark.parametrize("status", ["pending", "downloading", "completed", "held", "imported", "failed", "cancelled"])
def test_an_empty_list_twice_does_not_mean_that_everything_is_gone(status: Status) -> None:
    result = _looks(_a(status), Absent(0), 2, HOUR)
    assert (result.state.status, result.actions) == (status, ())


def test_an_empty_list_is_believed_after_a_day() -> None:
    assert _looks(_a("downloading"), Absent(0), 24, HOUR).state.status == "downloading"
    assert _looks(_a("downloading"), Absent(0), 25, HOUR).state.status == "cancelled"


def test_a_download_missing_among_others_is_gone_after_some_looks_and_some_time() -> None:
    assert _looks(_a("downloading"), Absent(5), 30, timedelta(seconds=10)).state.status == "downloading"
    assert _looks(_a("downloading"), Absent(5), 2, HOUR).state.status == "downloading"
    gone = _looks(_a("downloading"), Absent(5), 3, 5 * MINUTE)
    assert (gone.state.status, _did(gone), gone.state.gone) == ("cancelled", ["cancel"], True)


def test_looks_that_find_it_again_start_the_count_anew() -> None:
    state = _looks(_a("downloading"), Absent(5), 2, 6 * MINUTE).state
    state = advance(state, Seen("downloading", 0.1), NOW + 10 * MINUTE).state
    assert (state.absent_looks, state.absent_since) == (0, None)
    assert _looks(state, Absent(5), 2, HOUR).state.status == "downloading"


def test_what_came_back_after_it_was_gone_is_not_ours_to_delete() -> None:
    gone = _looks(_a("downloading"), Absent(5), 3, 5 * MINUTE).state
    assert advance(gone, Seen("completed", 1.0, may_remove=True), NOW + HOUR).actions == ()


@pytest.mark.parametrize("status", ["imported", "failed", "cancelled"])
def test_what_has_ended_and_left_its_client_is_forgotten(status: Status) -> None:
    assert _did(_looks(_a(status), Absent(5), 3, 5 * MINUTE)) == ["forget"]


def test_what_is_being_imported_is_not_cancelled_under_the_importers_hands() -> None:
    assert _looks(_a("importing"), Absent(5), 9, HOUR) == Advance(
        replace(_a("importing"), absent_looks=9, absent_since=NOW)
    )


@pytest.mark.parametrize(
    ("complete", "may_remove", "wanted", "does"),
    [
        (True, True, True, ["remove"]),
        (False, True, True, []),  # somebody still waits for something in it
        (True, False, True, []),  # its peers are still owed
        (True, True, False, []),
    ],
)
def test_an_imported_download_leaves_its_client_when_nobody_needs_it(
    complete: bool, may_remove: bool, wanted: bool, does: list[str]
) -> None:
    state = replace(_a("imported"), complete=complete)
    result = advance(state, Seen("completed", 1.0, may_remove=may_remove), NOW, Policy(remove_imported=wanted))
    assert _did(result) == does


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_what_failed_or_was_cancelled_leaves_its_client(status: Status) -> None:
    (action,) = advance(_a(status), Seen("downloading", 0.2), NOW).actions
    assert (action.do, action.delete_files) == ("remove", True)


def test_a_failed_download_stays_in_its_client_where_that_is_wanted() -> None:
    assert advance(_a("failed"), Seen("error"), NOW, Policy(remove_failed=False)).actions == ()


@pytest.mark.parametrize("status", ["completed", "importing", "held"])
@pytest.mark.parametrize("shown", get_args(ClientState))
def test_a_finished_download_stays_until_its_import_has_ended(status: Status, shown: ClientState) -> None:
    result = advance(_a(status), Seen(shown, 1.0, may_remove=True), NOW)
    assert (result.state.status, result.actions) == (status, ())


def test_what_somebody_else_moved_on_stands_as_it_does_now() -> None:
    assert caught_up(_a("held"), "held", NOW) == _a("held")
    imported = caught_up(_a("completed"), "imported", NOW)
    assert (imported.status, imported.complete, imported.moved_at) == ("imported", True, NOW)
    assert caught_up(imported, "held", NOW).complete is False


_observations = st.one_of(
    st.builds(Seen, st.sampled_from(get_args(ClientState)), st.floats(0, 1), st.just(""), st.booleans()),
    st.builds(Absent, st.integers(0, 5)),
    st.builds(Silent),
)


@given(st.lists(st.tuples(_observations, st.integers(1, 600)), max_size=40), st.booleans(), st.booleans())
def test_whatever_a_client_shows_nothing_incomplete_is_removed_and_nothing_ended_begins_again(
    looks: list[tuple[Observation, int]], usenet: bool, complete: bool
) -> None:
    state, now, ended = replace(_a("pending", usenet=usenet), complete=complete), NOW, False
    for seen, minutes in looks:
        now += minutes * MINUTE
        result = advance(state, seen, now)
        for action in result.actions:
            if action.do == "remove":
                assert isinstance(seen, Seen)
                assert state.status in ("failed", "cancelled") or (state.complete and seen.may_remove)
        assert not (ended and result.state.status in ("pending", "downloading", "completed"))
        ended = ended or result.state.status in ("failed", "cancelled", "imported")
        state = result.state


@given(_observations, st.sampled_from(get_args(Status)))
def test_looking_twice_at_once_acts_once(seen: Observation, status: Status) -> None:
    first = advance(_a(status), seen, NOW)
    again = advance(first.state, seen, NOW)
    once = {"import", "fail", "cancel", "warn", "clear_warning"}
    assert not once & {a.do for a in first.actions} & {a.do for a in again.actions}
