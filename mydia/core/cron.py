"""When a schedule runs next: five cron fields in a time zone, clocks that jump included.

A time of day that a spring jump skips runs at the first minute after it; one that an autumn jump repeats runs the first time only. A
schedule of every hour is about elapsed time rather than the time of day: it skips and repeats as the clock does.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import CroniterBadDateError, CroniterError, croniter

_FIELDS = (
    ("minute", "0-59"),
    ("hour", "0-23"),
    ("day of the month", "1-31, or L for the last"),
    ("month", "1-12 or jan-dec"),
    ("day of the week", "0-7 or sun-sat"),
)
_BY_LOT = re.compile(r"(?<![a-z])[rh](?![a-z])", re.IGNORECASE)


@lru_cache
def check_schedule(schedule: str, timezone: str) -> None:
    """ValueError in words when a schedule, or its zone, is none, or names no day that exists."""
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {timezone!r}; they are named like Europe/Berlin") from None
    fields = schedule.split()
    if len(fields) != len(_FIELDS):
        raise ValueError(
            f"{schedule!r} is no schedule: it takes five fields, minute hour day month weekday, like '0 2 * * *'"
        )
    for place, (field, (name, known)) in enumerate(zip(fields, _FIELDS, strict=True)):
        if not _is_field(field, place):
            raise ValueError(f"{schedule!r} is no schedule: {field!r} is no {name} ({known})")
    try:
        croniter(schedule, datetime(2024, 1, 1)).get_next(datetime)  # noqa: DTZ001 - local wall time has no zone
    except CroniterBadDateError:
        raise ValueError(f"{schedule!r} names a day that does not exist") from None


def _is_field(field: str, place: int) -> bool:
    # Croniter draws a time by lot for R, another one each time that it is asked.
    if _BY_LOT.search(field):
        return False
    alone = ["*"] * len(_FIELDS)
    alone[place] = field
    try:
        croniter.expand(" ".join(alone))
    except (CroniterError, ValueError):
        return False
    return True


def next_run(schedule: str, timezone: str, after: datetime) -> datetime | None:
    """The first instant after `after` (aware) at which the schedule runs, in UTC; None when there is none."""
    check_schedule(schedule, timezone)
    zone = ZoneInfo(timezone)
    after = after.astimezone(UTC)
    runs = _elapsed(schedule, zone, after) if _every_hour(schedule) else _by_the_clock(schedule, zone, after)
    return next((run for run in runs if run > after), None)


@lru_cache
def _every_hour(schedule: str) -> bool:
    hours = croniter.expand(schedule)[0][1]
    return hours == ["*"] or set(hours) == set(range(24))


def _by_the_clock(schedule: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    wall = _wall(zone, after)
    # A jump within the last day and a half may have moved times of day that lie before this one to after it.
    jump = abs(_wall(zone, after) - _wall(zone, after - timedelta(hours=36)) - timedelta(hours=36))
    for time in _times(schedule, wall - jump):
        yield _instant(zone, time)


def _instant(zone: ZoneInfo, time: datetime) -> datetime:
    """The instant of a time of day: the first where it comes twice, the end of the jump where it does not come at all."""
    instant = time.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if _wall(zone, instant) == time:
        return instant
    return _jump(zone, time.replace(tzinfo=zone, fold=1).astimezone(UTC), instant)


def _elapsed(schedule: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Walks real time, each stretch between two jumps of the clock by itself."""
    at, offset, wall = after, _offset(zone, after), _wall(zone, after)
    while (time := next(_times(schedule, wall), None)) is not None:
        run = (time - offset).replace(tzinfo=UTC)
        if _offset(zone, run) == offset:
            yield run
            at, wall = run, time
        else:
            at = _jump(zone, at, run)
            offset, wall = _offset(zone, at), _wall(zone, at) - timedelta(seconds=1)


def _jump(zone: ZoneInfo, before: datetime, behind: datetime) -> datetime:
    """The second in which the clock jumped to what it shows at `behind`; at `before` it had not yet."""
    offset = _offset(zone, behind)
    while behind - before > timedelta(seconds=1):
        middle = before + (behind - before) // 2
        if _offset(zone, middle) == offset:
            behind = middle
        else:
            before = middle
    return behind.replace(microsecond=0)


def _times(schedule: str, after: datetime) -> Iterator[datetime]:
    """The times of day after one, in order, as if no clock ever jumped."""
    times = croniter(schedule, after)
    while True:
        try:
            yield times.get_next(datetime)
        except CroniterBadDateError:
            return


def _wall(zone: ZoneInfo, instant: datetime) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()
