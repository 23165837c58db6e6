"""The back-off ladders."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydia.core.backoff import job_backoff, provider_backoff


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [(0, 0), (1, 0), (2, 1), (3, 5), (4, 15), (5, 30), (6, 60), (7, 180), (8, 360), (9, 720), (10, 1440), (99, 1440)],
)
def test_a_provider_rests_longer_with_each_failure_and_a_day_at_most(failures: int, minutes: int) -> None:
    assert provider_backoff(failures) == minutes * 60


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 17), (2, 19), (3, 23), (5, 47), (10, 1039)])
def test_a_job_waits_fifteen_seconds_and_a_doubling_where_jitter_is_in_the_middle(attempt: int, seconds: int) -> None:
    assert job_backoff(attempt, 0.5) == pytest.approx(seconds)


@given(st.integers(-5, 10_000), st.floats(-1, 2))
def test_jitter_moves_a_wait_by_a_tenth_at_most(attempt: int, jitter: float) -> None:
    middle = job_backoff(attempt, 0.5)
    assert 0.9 * middle <= job_backoff(attempt, jitter) <= 1.1 * middle + 1e-6


@given(st.integers(0, 500))
def test_waits_never_shorten_as_failures_grow(n: int) -> None:
    assert provider_backoff(n) <= provider_backoff(n + 1)
    assert job_backoff(n, 0.5) <= job_backoff(n + 1, 0.5)
