"""Plain data (as JSON holds it) to the values that deciding takes, and verdicts back to plain data.

Every key but a title is optional; unknown keys are ignored. ValueError says which key is wrong and what it should be.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TypeVar, cast, get_args

from mydia.core.decide.model import (
    Availability,
    Blocked,
    Candidate,
    ContentFile,
    Context,
    Delay,
    Episode,
    Held,
    Kind,
    Mode,
    Number,
    Past,
    Protocol,
    Queued,
    Settings,
    Target,
    Verdict,
)
from mydia.core.formats import CustomFormat, parse_formats
from mydia.core.quality import DEFAULT_PROFILES, QualityProfile, Revision, quality

Data = Mapping[str, Any]
_T = TypeVar("_T")
_EPISODE_TYPES: Final = ("standard", "daily", "anime")


def moment(value: object, key: str) -> datetime | None:
    """An ISO 8601 date or date-time as an aware datetime in UTC; a bare date is its midnight."""
    if value in (None, ""):
        return None
    if not isinstance(value, str):
        raise ValueError(f"{key}: expected a date such as 2026-01-31T12:00:00Z, not {value!r}")
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{key}: {value!r} is not a date such as 2026-01-31T12:00:00Z") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def candidate_of(data: Data) -> Candidate:
    return Candidate(
        title=_text(data, "title", needed=True),
        protocol=cast(Protocol, _one_of(data, "protocol", get_args(Protocol), "torrent")),
        size=_whole(data, "size"),
        seeders=_whole(data, "seeders"),
        peers=_whole(data, "peers"),
        age_minutes=_number(data, "age"),
        published=moment(data.get("published"), "published"),
        indexer=_text(data, "indexer"),
        priority=_whole(data, "priority", 25) or 0,
        min_seeders=_whole(data, "min_seeders"),
        infohash=_text(data, "infohash") or None,
        guid=_text(data, "guid") or None,
        flags=_texts(data, "flags"),
        languages=_texts(data, "languages"),
        files=tuple(ContentFile(_text(f, "path", needed=True), _whole(f, "size")) for f in _rows(data, "files")),
        container=_text(data, "container") or None,
        download_url=_text(data, "download_url") or None,
        info_url=_text(data, "info_url") or None,
    )


def candidates_of(data: Data) -> list[Candidate]:
    """A scenario's candidates. ValueError says which one is wrong."""
    return [_inside(f"candidates[{n}]", partial(candidate_of, c)) for n, c in enumerate(_rows(data, "candidates"))]


def target_of(data: Data) -> Target:
    return Target(
        kind=cast(Kind, _one_of(data, "kind", get_args(Kind), "movie")),
        title=_text(data, "title", needed=True),
        year=_whole(data, "year"),
        aliases=_texts(data, "aliases"),
        ids=dict(_mapping(data, "ids")),
        runtime=_whole(data, "runtime"),
        original_language=_text(data, "original_language") or None,
        monitored=_flag(data, "monitored", True),
        held=tuple(_held(h) for h in _rows(data, "held")),
        series_type=cast(Any, _one_of(data, "series_type", _EPISODE_TYPES, "standard")),
        episodes=tuple(_episode(e) for e in _rows(data, "episodes")),
        wanted=frozenset(_numbers(data, "wanted")),
        availability=cast(Any, _one_of(data, "availability", get_args(Availability), None)),
        min_availability=cast(Availability, _one_of(data, "min_availability", get_args(Availability), "released")),
        in_cinemas=moment(data.get("in_cinemas"), "in_cinemas"),
        digital=moment(data.get("digital"), "digital"),
        physical=moment(data.get("physical"), "physical"),
    )


def context_of(data: Data, now: datetime) -> Context:
    """The rest of a scenario; `now` where it gives none."""
    return Context(
        now=moment(data.get("now"), "now") or now,
        mode=cast(Mode, _one_of(data, "mode", get_args(Mode), "rss")),
        season_search=_flag(data, "season_search", False),
        monitored_only=None if data.get("monitored_only") is None else _flag(data, "monitored_only", True),
        profile=_inside("profile", lambda: profile_of(_mapping(data, "profile"))),
        formats=_inside("formats", lambda: formats_of(_rows(data, "formats"))),
        settings=_inside("settings", lambda: settings_of(_mapping(data, "settings"))),
        blocklist=tuple(_blocked(b) for b in _rows(data, "blocklist")),
        queue=tuple(_queued(q) for q in _rows(data, "queue")),
        history=tuple(_past(p) for p in _rows(data, "history")),
        oldest_held_back=_number(data, "oldest_held_back"),
    )


def profile_of(data: Data) -> QualityProfile:
    """A profile; without qualities those of the first default profile."""
    given = {k: v for k, v in data.items() if v is not None}
    given.setdefault("qualities", DEFAULT_PROFILES[0].to_json()["qualities"])
    return QualityProfile.from_json(given)


def formats_of(data: Iterable[Any]) -> tuple[CustomFormat, ...]:
    return tuple(parse_formats(list(data)))


def settings_of(data: Data) -> Settings:
    delay = _mapping(data, "delay")
    return Settings(
        required=_texts(data, "required"),
        ignored=_texts(data, "ignored"),
        min_seeders=_whole(data, "min_seeders") or 0,
        min_age=_whole(data, "min_age") or 0,
        retention=_whole(data, "retention") or 0,
        max_size=_whole(data, "max_size") or 0,
        protocols=_protocols(data, "protocols"),
        preferred_protocol=cast(Protocol, _one_of(data, "preferred_protocol", get_args(Protocol), "usenet")),
        delay=Delay(
            torrent=_whole(delay, "torrent") or 0,
            usenet=_whole(delay, "usenet") or 0,
            bypass_if_highest=_flag(delay, "bypass_if_highest", False),
            bypass_above_score=_whole(delay, "bypass_above_score"),
        ),
        pack_min_share=_number(data, "pack_min_share") or 0.0,
        pack_required_after=_whole(data, "pack_required_after") or 0,
        allow_hardcoded_subs=_flag(data, "allow_hardcoded_subs", False),
        hardcoded_subs_allowed=_texts(data, "hardcoded_subs_allowed"),
        free_space=_whole(data, "free_space"),
        min_free_space=_whole(data, "min_free_space") or 0,
        air_date_grace=_whole(data, "air_date_grace"),
        availability_delay=_whole(data, "availability_delay") or 0,
        required_flags=_texts(data, "required_flags"),
        prefer_flags=_flag(data, "prefer_flags", False),
        resting_indexers={
            str(k): until for k, v in _mapping(data, "resting_indexers").items() if (until := moment(v, str(k)))
        },
        clients=_protocols(data, "clients"),
    )


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """A verdict as the protocol says it, with the facts it rests on."""
    return {
        "accepted": verdict.accepted,
        "rejections": [{"rule": r.rule, "permanent": r.permanent, "reason": r.reason} for r in verdict.rejections],
        "quality": verdict.quality.name,
        "version": verdict.revision.version,
        "score": verdict.score,
        "formats": list(verdict.formats),
        "languages": list(verdict.languages),
        "episodes": [list(number) for number in verdict.episodes],
    }


def _episode(data: Data) -> Episode:
    air_date = data.get("air_date")
    airs_at = moment(data.get("airs_at") or air_date, "air_date")
    return Episode(
        season=_whole(data, "season") or 0,
        number=_whole(data, "episode") or 0,
        absolute=_whole(data, "absolute"),
        air_date=air_date[:10] if isinstance(air_date, str) and air_date else None,
        airs_at=airs_at,
        runtime=_whole(data, "runtime"),
        monitored=_flag(data, "monitored", True),
    )


def _held(data: Data) -> Held:
    return Held(
        quality=_quality(data),
        revision=_revision(data),
        score=_whole(data, "score") or 0,
        size=_whole(data, "size"),
        episodes=_numbers(data, "episodes"),
        release_group=_text(data, "release_group") or None,
        added=moment(data.get("added"), "added"),
        formats=_texts(data, "formats") if data.get("formats") is not None else None,
        name=_text(data, "name") or None,
    )


def _queued(data: Data) -> Queued:
    return Queued(
        title=_text(data, "title"),
        quality=_quality(data),
        revision=_revision(data),
        score=_whole(data, "score") or 0,
        episodes=_numbers(data, "episodes"),
        state=_text(data, "state") or "downloading",
        target=_text(data, "target") or None,
    )


def _past(data: Data) -> Past:
    at = moment(data.get("at"), "history: at")
    if at is None:
        raise ValueError("history: at is missing: when did it happen?")
    return Past(
        event=_text(data, "event", needed=True),
        title=_text(data, "title"),
        at=at,
        quality=_quality(data),
        revision=_revision(data),
        score=_whole(data, "score") or 0,
        episodes=_numbers(data, "episodes"),
        download_id=_text(data, "download_id") or None,
    )


def _blocked(data: Data) -> Blocked:
    return Blocked(
        infohash=_text(data, "infohash") or None,
        title=_text(data, "title") or None,
        size=_whole(data, "size"),
        guid=_text(data, "guid") or None,
    )


def _quality(data: Data) -> str:
    return quality(_text(data, "quality") or "Unknown").name


def _revision(data: Data) -> Revision:
    return Revision(_whole(data, "version", 1) or 1, _whole(data, "real") or 0, _flag(data, "repack", False))


def _protocols(data: Data, key: str) -> frozenset[Protocol]:
    given = _texts(data, key) if data.get(key) is not None else get_args(Protocol)
    if not set(given) <= set(get_args(Protocol)):
        raise ValueError(f"{key}: {', '.join(given)} must be of {', '.join(get_args(Protocol))}")
    return frozenset(cast(Iterable[Protocol], given))


def _numbers(data: Data, key: str) -> tuple[Number, ...]:
    pairs = _list(data, key)
    for pair in pairs:
        match pair:
            case [int(), int()]:
                continue
            case _:
                raise ValueError(f"{key}: expected pairs of season and episode, not {pair!r}")
    return tuple((season, episode) for season, episode in pairs)


def _inside(key: str, make: Callable[[], _T]) -> _T:
    """Say in which part of the data an error lies."""
    try:
        return make()
    except ValueError as wrong:
        raise ValueError(f"{key}: {wrong}") from None


def _text(data: Data, key: str, *, needed: bool = False) -> str:
    value = data.get(key)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or (needed and not value):
        raise ValueError(f"{key}: expected a text, not {value!r}")
    return value


def _texts(data: Data, key: str) -> tuple[str, ...]:
    values = _list(data, key)
    if any(not isinstance(v, str) for v in values):
        raise ValueError(f"{key}: expected a list of texts, not {values!r}")
    return tuple(values)


def _list(data: Data, key: str) -> list[Any]:
    value = data.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError(f"{key}: expected a list, not {value!r}")
    return value


def _rows(data: Data, key: str) -> list[Data]:
    values = _list(data, key)
    if any(not isinstance(v, Mapping) for v in values):
        raise ValueError(f"{key}: expected a list of mappings")
    return values


def _mapping(data: Data, key: str) -> Data:
    value = data.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError(f"{key}: expected a mapping, not {value!r}")
    return value


def _number(data: Data, key: str) -> float | None:
    value = data.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{key}: expected a number, not {value!r}")
    return value


def _whole(data: Data, key: str, default: int | None = None) -> int | None:
    value = _number(data, key)
    return default if value is None else int(value)


def _flag(data: Data, key: str, default: bool) -> bool:
    value = data.get(key, default)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise ValueError(f"{key}: expected true or false, not {value!r}")
    return value


def _one_of(data: Data, key: str, known: tuple[str, ...], default: str | None) -> str | None:
    value = data.get(key)
    if value is None:
        return default
    if value not in known:
        raise ValueError(f"{key}: {value!r} is none of {', '.join(known)}")
    return str(value)
