"""The log: JSON lines (coloured text on a terminal), a correlation id on every line, secrets masked by value and by shape.

Masking happens in the sink, on messages, fields and tracebacks alike, so that no caller can forget it. Tracebacks show no values of
variables. The last lines are kept in memory for the system page.
"""

import json
import logging
import re
import sys
import traceback
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from types import FrameType
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import quote, quote_plus

from loguru import logger

from mydia.otp import correlation

if TYPE_CHECKING:
    from loguru import Message, Record

STARS = "***"
KEPT = 500
_QUIET = (
    "httpx",
    "httpcore",
    "hpack",
    "h2",
    "wsproto",
    "watchfiles",
    "PIL",
)  # one line per request or packet is too many
_OURS = ("correlation_id", "announced")
_COLOURS = {"DEBUG": 36, "INFO": 32, "WARNING": 33, "ERROR": 31, "CRITICAL": 35}

_NAMES = (
    r"(?:api_?key|apikey|passkey|pass_?key|torrent_pass|auth_?key|rss_?key|access_token|refresh_token|id_token|token|secret|"
    r"client_secret|password|passwd|pwd|sid|session|csrf\w*)"
)
_IS = r"['\"]?\s*[:,=]\s*(?:b(?=['\"]))?['\"]?"
_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    # name=value in addresses and forms; "name": "value" in JSON and in Python's dictionaries
    (re.compile(rf"(?i)\b({_NAMES}=)[^\s&;,'\"<>)\]}}]+"), rf"\1{STARS}"),
    (re.compile(rf"(?i)(['\"]{_NAMES}['\"]\s*:\s*['\"])(?:[^'\"\\]|\\.)+"), rf"\1{STARS}"),
    # headers, as text or as pairs
    (re.compile(rf"(?i)\b((?:proxy-)?authorization{_IS}(?:(?:bearer|basic|digest|token)\s+)?)[^\s,'\"]+"), rf"\1{STARS}"),
    (re.compile(rf"(?i)\b((?:x-api-key|x-plex-token|x-emby-token|set-cookie|cookie){_IS})[^\r\n'\"]+"), rf"\1{STARS}"),
    # user:password@ in an address
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+(?=@)"), rf"\1{STARS}"),
    # keys that are a part of the path: trackers, feeds, Discord
    (re.compile(r"(?i)(/rss/download/)[^\s?&'\"]+"), rf"\1{STARS}"),
    (re.compile(r"(?i)(://[^\s/'\"]+/(?:[^\s/'\"]+/)*?)[0-9a-z]{20,}(?=(?:/[\w.-]+)?/announce)"), rf"\1{STARS}"),
    (re.compile(r"(?i)(/api/webhooks/\d+/)[\w-]+"), rf"\1{STARS}"),
    # our own API keys
    (re.compile(r"\b(myd_[0-9a-z]{8}_)[0-9A-Za-z_-]+"), rf"\1{STARS}"),
)  # fmt: skip


class _Known:
    """The secrets of the house by value, as one pattern."""

    def __init__(self) -> None:
        self.values: set[str] = set()
        self.pattern: re.Pattern[str] | None = None

    def add(self, secrets: Iterable[str]) -> None:
        # Shorter ones are masked by shape only: a password "tv" would star out half the log.
        for secret in secrets:
            if len(secret) >= 4:
                self.values |= {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
        if self.values:
            self.pattern = re.compile("|".join(map(re.escape, sorted(self.values, key=len, reverse=True))))


_known = _Known()


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line as the system page shows it; `time` ISO 8601 UTC, `exception` the traceback's text."""

    time: str
    level: str
    message: str
    logger: str
    correlation_id: str | None
    fields: dict[str, Any]
    exception: str | None


_kept: deque[LogLine] = deque(maxlen=KEPT)


def know_secrets(secrets: Iterable[str]) -> None:
    """Mask these values from now on, wherever they turn up, percent-encoded or in JSON too."""
    _known.add(secrets)


def mask(text: str) -> str:
    """The text without secrets: those known by value, and whatever has the shape of one."""
    if _known.pattern is not None:
        text = _known.pattern.sub(STARS, text)
    for pattern, replacement in _SHAPES:
        text = pattern.sub(replacement, text)
    return text


def tail(limit: int = KEPT) -> list[LogLine]:
    """The last lines, oldest first."""
    return list(_kept)[-limit:]


@contextmanager
def context(correlation_id: str | None = None, **fields: Any) -> Iterator[None]:
    """Give every line inside, in tasks and threads started there too, this correlation id and these fields."""
    token = correlation.set(correlation_id or correlation.get())
    try:
        with logger.contextualize(**fields):
            yield
    finally:
        correlation.reset(token)


def announce(text: str) -> None:
    """Say something that a person must read, a secret though it is: not masked, and not kept for the system page."""
    logger.bind(announced=True).warning(text)


def configure(level: str = "INFO", json_lines: bool | None = None, stream: TextIO | None = None) -> None:
    """Log to `stream` (stderr) from now on; `json_lines` None decides by whether it is a terminal. The standard library's log joins."""
    out = stream or sys.stderr
    as_json = not out.isatty() if json_lines is None else json_lines

    def sink(message: "Message") -> None:
        line = _line(message.record)
        if "announced" not in message.record["extra"]:
            _kept.append(line)
        out.write((_as_json(line) if as_json else _as_text(line)) + "\n")
        out.flush()

    logger.remove()
    logger.configure(patcher=_stamp)
    logger.add(sink, level=level, format="{message}", catch=True, diagnose=False, backtrace=False)
    logging.basicConfig(handlers=[_Intercept()], level=logging.INFO if level != "TRACE" else logging.DEBUG, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)


def _stamp(record: "Record") -> None:
    record["extra"].setdefault("correlation_id", correlation.get())


def _line(record: "Record") -> LogLine:
    fields = {
        key: _masked(value) for key, value in record["extra"].items() if key != "correlation_id" and value is not None
    }
    error = record["exception"]
    text = None
    if error is not None and error.value is not None:
        text = mask("".join(traceback.format_exception(error.type, error.value, error.traceback)).rstrip())
    return LogLine(
        time=record["time"].astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
        level=record["level"].name,
        message=record["message"] if "announced" in record["extra"] else mask(record["message"]),
        logger=record["name"] or "",
        correlation_id=record["extra"].get("correlation_id"),
        fields=fields,
        exception=text,
    )


def _masked(value: Any) -> Any:
    return value if isinstance(value, int | float | bool) else mask(str(value))


def _as_json(line: LogLine) -> str:
    shown: dict[str, Any] = {"time": line.time, "level": line.level, "message": line.message, "logger": line.logger}
    if line.correlation_id is not None:
        shown["correlation_id"] = line.correlation_id
    shown |= {key: value for key, value in line.fields.items() if key not in shown}
    if line.exception is not None:
        shown["exception"] = line.exception
    return json.dumps(shown)  # ASCII: no terminal or collector trips over what a file name may hold


def _as_text(line: LogLine) -> str:
    # What came from outside must not move the cursor or start a line of its own.
    message = (
        re.sub(r"[\x00-\x1f\x7f-\x9f]", lambda m: repr(m[0])[1:-1], line.message).encode("utf-8", "replace").decode()
    )
    about = " ".join(f"{key}={value}" for key, value in line.fields.items())
    colour = _COLOURS.get(line.level, 37)
    text = f"\x1b[2m{line.time[11:23]}\x1b[0m \x1b[{colour}m{line.level:<8}\x1b[0m {message}"
    text += f" \x1b[2m{about}\x1b[0m" if about else ""
    return text + (f"\n{line.exception}" if line.exception else "")


class _Intercept(logging.Handler):
    """Hands what libraries log by the standard library to loguru, with their place in the code."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            level: str | int = logger.level(record.levelname).name
        except ValueError:
            level = record.levelno
        frame: FrameType | None = logging.currentframe()
        depth = 0
        while frame is not None and (depth == 0 or frame.f_code.co_filename == logging.__file__):
            frame, depth = frame.f_back, depth + 1
        logger.opt(depth=depth, exception=record.exc_info).log(level, record.getMessage())
