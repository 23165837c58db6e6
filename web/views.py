"""Values as people read them: sizes, spans, moments, shares. Pure: the clock comes in as `now`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple

Tone = Literal["quiet", "good", "moving", "warning", "bad"]


class Badge(NamedTuple):
    """A state in words, how it is coloured, and its icon's name. The words alone must say it all."""

    words: str
    tone: Tone
    icon: str


CARD: Mapping[str, Badge] = {
    "held": Badge("In the library", "good", "check"),
    "partial": Badge("Incomplete", "warning", "half"),
    "missing": Badge("Missing", "warning", "search"),
    "downloading": Badge("Downloading", "moving", "download"),
    "unmonitored": Badge("Not monitored", "quiet", "pause"),
}
EPISODE: Mapping[str, Badge] = {
    **CARD,
    "held": Badge("Here", "good", "check"),
    "upcoming": Badge("Not yet aired", "quiet", "clock"),
    "unaired": Badge("Not yet aired", "quiet", "clock"),
}
DOWNLOAD: Mapping[str, Badge] = {
    "pending": Badge("Waiting for the client", "quiet", "clock"),
    "downloading": Badge("Downloading", "moving", "download"),
    "completed": Badge("Downloaded, import is next", "moving", "inbox"),
    "importing": Badge("Importing", "moving", "inbox"),
    "imported": Badge("Imported", "good", "check"),
    "held": Badge("Needs you", "warning", "warning"),
    "failed": Badge("Failed", "bad", "x"),
    "cancelled": Badge("Cancelled", "quiet", "x"),
}
JOB: Mapping[str, Badge] = {
    "available": Badge("Waiting", "quiet", "clock"),
    "scheduled": Badge("Scheduled", "quiet", "clock"),
    "executing": Badge("Running", "moving", "play"),
    "retryable": Badge("Will be tried again", "warning", "retry"),
    "completed": Badge("Done", "good", "check"),
    "discarded": Badge("Given up", "bad", "x"),
    "cancelled": Badge("Cancelled", "quiet", "x"),
}
FILE: Mapping[str, Badge] = {
    "new": Badge("Being looked at", "moving", "clock"),
    "linked": Badge("In the library", "good", "check"),
    "unmatched": Badge("Not recognised", "warning", "question"),
    "invalid": Badge("Not a usable video", "bad", "x"),
    "missing": Badge("Not on the disk now", "warning", "warning"),
}
ROOT: Mapping[str, Badge] = {
    "ok": Badge("Available", "good", "check"),
    "unavailable": Badge("Unavailable", "bad", "x"),
    "readonly": Badge("Can only be read", "warning", "warning"),
    "suspicious": Badge("Not as it was", "warning", "warning"),
}
CHILD: Mapping[str, Badge] = {
    "running": Badge("Running", "good", "check"),
    "starting": Badge("Starting", "moving", "play"),
    "restarting": Badge("Restarting", "warning", "retry"),
    "stopped": Badge("Stopped", "quiet", "pause"),
    "ignored": Badge("Not needed", "quiet", "pause"),
    "down": Badge("Down", "bad", "x"),
}


MONITOR_SHOW: Mapping[str, str] = {
    "all": "All episodes",
    "future": "Future episodes",
    "missing": "Missing episodes",
    "existing": "Existing episodes",
    "recent": "Recent episodes",
    "pilot": "Only the pilot",
    "first_season": "First season",
    "last_season": "Latest season",
    "monitor_specials": "Specials too",
    "unmonitor_specials": "No specials",
    "none": "None of it",
}
MONITOR_FILM: Mapping[str, str] = {
    "movie": "This film",
    "collection": "Its whole collection",
    "none": "Not yet",
}
NEW_SEASONS: Mapping[str, str] = {"all": "Want what comes new", "none": "Only what is chosen"}
WHY: Mapping[str, Badge] = {
    "missing": Badge("Missing", "warning", "search"),
    "cutoff_unmet": Badge("Better is sought", "quiet", "retry"),
}


def badge(table: Mapping[str, Badge], state: str) -> Badge:
    """The badge of a state; one that is not in the table is shown as it is called."""
    return table.get(state) or Badge(state.replace("_", " ").capitalize(), "quiet", "dot")


_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def size(octets: int | None) -> str:
    """4_509_715_660 -> '4.2 GiB'."""
    if octets is None:
        return "–"
    value, unit = float(octets), 0
    while abs(value) >= 1023.95 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{octets} B" if unit == 0 else f"{value:.1f} {_UNITS[unit]}"


def speed(octets: int | None) -> str:
    return f"{size(octets)}/s" if octets else "–"


def span(seconds: float | None) -> str:
    """6_750 -> '1 h 52 min'; the two largest units are enough for people."""
    if seconds is None:
        return "–"
    whole = max(0, round(seconds))
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min" if minutes else f"{whole} s"


def percent(value: float | None) -> str:
    """42.7 -> '42 %'; 100 % only when it is done."""
    return "–" if value is None else f"{int(min(value, 100.0))} %"


def count(number: int) -> str:
    """12345 -> '12 345', with narrow no-break spaces."""
    return f"{number:,}".replace(",", "\u202f")


def plural(number: int, one: str, many: str | None = None) -> str:
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def parse(moment: str) -> datetime:
    """ISO 8601 as the store writes it."""
    return datetime.fromisoformat(moment)


def ago(moment: str | None, now: datetime) -> str:
    """'3 min ago', 'in 2 h', 'just now', '14 Mar 2025'."""
    if not moment:
        return "never"
    seconds = (now - parse(moment)).total_seconds()
    if abs(seconds) < 10:
        return "just now"
    if abs(seconds) >= 14 * 86400:
        return day(moment)
    largest = span(abs(seconds)).split(" ")
    words = " ".join(largest[:2])
    return f"{words} ago" if seconds > 0 else f"in {words}"


def until(moment: str | None, now: datetime) -> str:
    """'3 min', as js/words.js says it of a download; '' where the moment is not known or has passed."""
    seconds = (parse(moment) - now).total_seconds() if moment else 0.0
    return span(seconds) if seconds > 0 else ""


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(moment: str | None) -> str:
    """'2025-03-14…' -> '14 Mar 2025'. Without strftime, whose words depend on the machine's locale."""
    if not moment:
        return "–"
    try:
        date = parse(moment)
    except ValueError:
        return moment
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


def stamp(moment: str | None) -> str:
    """'2025-03-14T09:26:53.589Z' -> '14 Mar 2025, 09:26:53 UTC'."""
    return f"{day(moment)}, {parse(moment):%H:%M:%S} UTC" if moment else "–"


def clock(moment: str | None) -> str:
    return f"{parse(moment):%H:%M:%S}" if moment else "–"


_HDR = {
    "dv": "Dolby Vision",
    "dolbyvision": "Dolby Vision",
    "hdr10": "HDR10",
    "hdr10plus": "HDR10+",
    "hdr10+": "HDR10+",
    "hlg": "HLG",
}
_CODEC = {
    "h264": "H.264",
    "h265": "H.265",
    "hevc": "H.265",
    "avc": "H.264",
    "av1": "AV1",
    "vp9": "VP9",
    "mpeg2": "MPEG-2",
    "xvid": "Xvid",
}


_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def browser(agent: str | None) -> str:
    """'Mozilla/5.0 (X11; Linux x86_64) … Firefox/140.0' -> 'Firefox on Linux'; what is none of the known is shown as it calls itself."""
    if not agent:
        return "An unknown browser"
    name = next((words for sign, words in _BROWSERS if sign in agent), None)
    system = next((words for sign, words in _SYSTEMS if sign in agent), None)
    return f"{name} on {system}" if name and system else agent


def codec(name: str | None) -> str:
    return _CODEC.get((name or "").lower(), name or "–")


def hdr(name: str | None) -> str:
    parts = [_HDR.get(p.strip().lower(), p.strip()) for p in (name or "").replace("|", ",").split(",") if p.strip()]
    return ", ".join(dict.fromkeys(parts)) or "SDR"


def channels(number: float | None) -> str:
    """5.1 -> '5.1', 2.0 -> 'Stereo', 1 -> 'Mono'."""
    if not number:
        return ""
    return {1.0: "Mono", 2.0: "Stereo"}.get(float(number), f"{number:.1f}")
