"""A schedule in words: "every day at 02:00". Where there are no short words for it, its five fields are said one by one."""

from typing import Final

_DAYS: Final = ("Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
_NAMES: Final = {name: str(n) for n, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_FIELDS: Final = ("minute", "hour", "day of the month", "month", "day of the week")


def in_words(schedule: str) -> str:
    """What a valid schedule of five fields means, for people; "off" is "never"."""
    if schedule == "off":
        return "never"
    minute, hour, day, month, weekday = fields = schedule.split()
    often = _every(minute, hour)
    if often is not None and (day, month, weekday) == ("*", "*", "*"):
        return often
    time = _time(minute, hour)
    if time is not None and month == "*":
        if (day, weekday) == ("*", "*"):
            return f"every day at {time}"
        days = _weekdays(weekday)
        if day == "*" and days:
            return f"{days} at {time}"
        if day.isdigit() and weekday == "*":
            return f"on day {int(day)} of each month at {time}"
    said = (f"{name} {field}" for name, field in zip(_FIELDS, fields, strict=True) if field != "*")
    return "at " + ", ".join(said) if any(f != "*" for f in fields) else "every minute"


def _every(minute: str, hour: str) -> str | None:
    """A step within the hour or the day, where it divides it evenly."""
    minutes, hours = _step(minute, 60), _step(hour, 24)
    if hour == "*" and minutes is not None:
        return "every minute" if minutes == 1 else f"every {minutes} minutes"
    if not minute.isdigit():
        return None
    past = "" if int(minute) == 0 else f", {int(minute)} minutes past"
    if hour == "*":
        return f"every hour{past}"
    return None if hours is None or hours == 1 else f"every {hours} hours{past}"


def _step(field: str, whole: int) -> int | None:
    star, _, step = field.partition("/")
    return int(step) if star == "*" and step.isdigit() and int(step) > 0 and whole % int(step) == 0 else None


def _time(minute: str, hour: str) -> str | None:
    """One time of day, or a few at the same minute."""
    hours = hour.split(",")
    if not minute.isdigit() or not all(h.isdigit() for h in hours):
        return None
    times = [f"{int(h):02}:{int(minute):02}" for h in hours]
    return times[0] if len(times) == 1 else f"{', '.join(times[:-1])} and {times[-1]}"


def _weekdays(field: str) -> str:
    days = [_NAMES.get(day.lower()[:3], day) for day in field.split(",")]
    if not all(day.isdigit() and int(day) < len(_DAYS) for day in days):
        return ""
    names = [_DAYS[int(day)] for day in days]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
