"""When schedules run: once each, at the hour people mean, in every zone and whatever its clocks do."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from mydia.core.cron import check_schedule, next_run

ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/Dublin",
    "America/New_York",
    "America/St_Johns",
    "America/Havana",  # jumps at midnight
    "Asia/Beirut",  # jumps at midnight
    "Asia/Kolkata",
    "Australia/Lord_Howe",  # jumps by half an hour
    "Pacific/Chatham",
    "Africa/Casablanca",  # jumps around Ramadan
    "Pacific/Apia",
)
FIRST, LAST = datetime(2021, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)


def runs(schedule: str, zone: str, first: datetime = FIRST, last: datetime = LAST) -> list[datetime]:
    found: list[datetime] = []
    at = next_run(schedule, zone, first)
    while at is not None and at < last:
        found.append(at)
        at = next_run(schedule, zone, at)
    return found


@pytest.mark.parametrize("zone", ZONES)
def test_five_years_of_a_time_of_day_have_one_run_a_day_at_it_or_at_the_end_of_the_jump_that_skips_it(
    zone: str,
) -> None:
    found = [run.astimezone(ZoneInfo(zone)) for run in runs("30 2 * * *", zone)]
    assert {later.date() - sooner.date() for sooner, later in pairwise(found)} == {timedelta(days=1)}
    for local in found:
        if (local.hour, local.minute) == (2, 30):
            assert local.fold == 0  # the first of the two
        else:  # skipped: a minute before, the clock had not reached it
            before = (local.astimezone(UTC) - timedelta(minutes=1)).astimezone(ZoneInfo(zone))
            skipped = local.replace(tzinfo=None, hour=2, minute=30)
            assert before.replace(tzinfo=None) < skipped < local.replace(tzinfo=None)


@pytest.mark.parametrize("zone", ["America/Havana", "Asia/Beirut"])
def test_a_jump_at_midnight_loses_and_doubles_no_day(zone: str) -> None:
    days = [run.astimezone(ZoneInfo(zone)).date() for run in runs("30 0 * * *", zone)]
    assert {later - sooner for sooner, later in pairwise(days)} == {timedelta(days=1)}


@pytest.mark.parametrize("zone", ZONES)
def test_a_weekly_schedule_runs_every_week(zone: str) -> None:
    days = [run.astimezone(ZoneInfo(zone)).date() for run in runs("15 3 * * 0", zone)]
    assert {later - sooner for sooner, later in pairwise(days)} == {timedelta(days=7)}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("month", [3, 10])
def test_a_schedule_of_every_hour_runs_every_real_hour(zone: str, month: int) -> None:
    first = datetime(2025, month, 1, tzinfo=UTC)
    found = runs("0 * * * *", zone, first, first + timedelta(days=40))
    gaps = {later - sooner for sooner, later in pairwise(found)}
    # A zone that jumps by half an hour has half an hour before its clocks show a full one again.
    halves = {timedelta(minutes=30), timedelta(minutes=90)} if zone == "Australia/Lord_Howe" else set()
    assert gaps <= {timedelta(hours=1)} | halves


@pytest.mark.parametrize("zone", ZONES)
def test_six_hourly_runs_are_four_a_day_in_every_zone(zone: str) -> None:
    found = runs("0 */6 * * *", zone, datetime(2024, 1, 1, tzinfo=UTC))
    hours = [run.astimezone(ZoneInfo(zone)).hour for run in found]
    assert len(found) == len(set(found))
    # At midnight's jump, the run at 0 o'clock is the first minute after it: 1 o'clock.
    assert set(hours) <= {0, 1, 6, 12, 18}
    assert abs(len(found) - 4 * 731) <= 1


def test_the_hour_that_comes_twice_has_one_daily_run_even_when_asked_between_the_two() -> None:
    first = next_run("30 2 * * *", "Europe/Berlin", datetime(2025, 10, 25, 12, tzinfo=UTC))
    assert first == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
    for minutes in (1, 29, 31, 59, 61, 89):
        at = first + timedelta(minutes=minutes)
        assert next_run("30 2 * * *", "Europe/Berlin", at) == datetime(2025, 10, 27, 1, 30, tzinfo=UTC)


def test_the_hour_that_is_skipped_runs_once_at_its_end_however_many_times_of_it_are_meant() -> None:
    before = datetime(2025, 3, 29, 23, tzinfo=UTC)
    jump = datetime(2025, 3, 30, 1, tzinfo=UTC)
    assert next_run("15,45 2 * * *", "Europe/Berlin", before) == jump
    assert next_run("15,45 2 * * *", "Europe/Berlin", jump) == datetime(2025, 3, 31, 0, 15, tzinfo=UTC)


def test_a_quarter_hour_schedule_goes_on_through_both_jumps() -> None:
    for day in (datetime(2025, 3, 30, tzinfo=UTC), datetime(2025, 10, 26, tzinfo=UTC)):
        found = runs("*/15 * * * *", "Europe/Berlin", day, day + timedelta(hours=4))
        assert {b - a for a, b in pairwise(found)} == {timedelta(minutes=15)}


def test_a_leap_day_is_waited_for() -> None:
    assert next_run("0 0 29 2 *", "UTC", FIRST) == datetime(2024, 2, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "zone", "says"),
    [
        ("0 2 * *", "UTC", "takes five fields"),
        ("@daily", "UTC", "takes five fields"),
        ("61 2 * * *", "UTC", r"'61' is no minute \(0-59\)"),
        ("0 2 * fri *", "UTC", r"'fri' is no month \(1-12 or jan-dec\)"),
        ("0 2 * * fri#9", "UTC", "'fri#9' is no day of the week"),
        ("R 2 * * *", "UTC", "'R' is no minute"),
        ("0 r(1-3) * * *", "UTC", "'r\\(1-3\\)' is no hour"),
        ("0 H * * *", "UTC", "'H' is no hour"),
        ("\0 2 * * *", "UTC", "is no minute"),
        ("0 0 30 2 *", "UTC", "names a day that does not exist"),
        ("0 2 * * *", "Mars/Olympus", "no time zone 'Mars/Olympus'"),
        ("0 2 * * *", "../etc/passwd", "no time zone"),
    ],
)
def test_what_is_no_schedule_is_refused_in_words(schedule: str, zone: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        check_schedule(schedule, zone)


@pytest.mark.parametrize(
    "schedule", ["0 2 * * fri", "0 2 * mar-oct thu,sat", "0 2 l * *", "0 2 ? * 1-5/2", "0 2 * * sun#1"]
)
def test_names_and_the_last_day_of_a_month_are_schedules(schedule: str) -> None:
    check_schedule(schedule, "UTC")
