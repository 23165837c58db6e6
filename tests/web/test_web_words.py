"""What people read: sizes, spans, moments, stories of events, drawn posters."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.dom.minidom import Document

import pytest
from defusedxml.minidom import parseString
from hypothesis import given
from hypothesis import strategies as st

from mydia import events
from web import posters, views
from web.story import by, notice, tell

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (None, "–"),
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (4_509_715_660, "4.2 GiB"),
        (1024**2 - 1, "1.0 MiB"),
        (5 * 1024**5, "5.0 PiB"),
    ],
)
def test_a_size_is_said_in_the_unit_that_fits(octets: int | None, words: str) -> None:
    assert views.size(octets) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"),
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (6750, "1 h 52 min"),
        (7200, "2 h"),
        (90000, "1 d 1 h"),
        (-3, "0 s"),
    ],
)
def test_a_span_is_said_in_its_two_largest_units(seconds: float | None, words: str) -> None:
    assert views.span(seconds) == words


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (0, "just now"),
        (30, "30 s ago"),
        (3600, "1 h ago"),
        (-600, "in 10 min"),
        (86400 * 3, "3 d ago"),
        (86400 * 40, "22 Dec 2025"),
    ],
)
def test_a_moment_is_said_from_now(before: int, words: str) -> None:
    moment = (NOW - timedelta(seconds=before)).isoformat()
    assert views.ago(moment, NOW) == words
    assert views.ago(None, NOW) == "never"


def test_a_download_is_at_100_percent_only_when_it_is_done() -> None:
    assert [views.percent(p) for p in (None, 0.0, 99.99, 100.0)] == ["–", "0 %", "99 %", "100 %"]


@given(st.integers(0, 2**60))
def test_every_size_is_short(octets: int) -> None:
    assert len(views.size(octets)) <= 10


def example(event: type[events.Event]) -> dict[str, Any]:
    kinds: tuple[tuple[str, Any], ...] = (("tuple", ("x",)), ("int", 3), ("float", 1.5), ("bool", False), ("str", "x"))
    return {f.name: next(value for kind, value in kinds if kind in str(f.type)) for f in fields(event)}


@pytest.mark.parametrize("name", [name for name, e in sorted(events.EVENTS.items()) if getattr(e, "stored", True)])
def test_every_event_that_is_kept_has_a_story_even_when_fields_are_missing(name: str) -> None:
    full, bare = tell(name, example(events.EVENTS[name])), tell(name, {})
    assert full.icon != "dot", "a story of its own"
    assert full.what and bare.what


def test_a_scan_names_its_folder_and_one_that_was_told_before_folders_were_named_does_not() -> None:
    data = {"seen": 3, "added": 1, "gone": 0}
    named, bare = tell("ScanFinished", {**data, "path": "/srv/films"}), tell("ScanFinished", data)
    assert (named.what, named.detail, named.why) == ("Scanned", "/srv/films", "3 files, 1 new")
    assert (bare.what, bare.detail, bare.why) == ("Scanned a library folder", "", "3 files, 1 new")


def test_what_a_person_did_says_who_and_what_was_chosen_is_called_by_its_name() -> None:
    assert [by(actor) for actor in ("anna", "command line", "system", "importer", "searcher")] == [
        "by anna", "by command line", "", "", "",
    ]  # fmt: skip
    profile = tell("SettingsChanged", {"keys": ["quality_profiles.HD 1080p"]})
    assert (profile.what, profile.detail) == ("Quality profile changed", "HD 1080p")
    several = tell("SettingsChanged", {"keys": ["media.quality_profile", "rules.required"]})
    assert (several.what, several.detail) == ("Settings changed", "media.quality_profile, rules.required")
    assert tell("UserChanged", {"user_id": "1", "name": "bob", "what": "deleted"}).detail == "bob"


def test_an_event_of_another_version_is_told_by_its_name() -> None:
    assert tell("SomethingNew", {"a": 1}).what == "SomethingNew"


def test_a_notice_says_why_a_part_has_a_problem_and_is_silent_when_it_works_again() -> None:
    data = {"part": "disk", "ok": False, "message": "It is full."}
    assert notice("HealthChanged", data) == "disk has a problem: It is full."
    assert notice("HealthChanged", {**data, "ok": True}) is None


def drawn(title: str, year: int | None = None, kind: str = "movie") -> Document:
    return parseString(posters.poster(title, year, kind))


def test_a_title_always_looks_like_itself_and_not_like_another() -> None:
    assert posters.poster("Sintel", 2010) == posters.poster("Sintel", 2010)
    titles = [f"Film {i}" for i in range(40)]
    assert len({posters.poster(t, 2000).partition("</defs>")[0] for t in titles}) > 8
    assert posters.poster("Sintel", 2010) != posters.poster("Sintel", 2010, "tv_show")


@given(st.text(max_size=300), st.none() | st.integers(-9999, 99999))
def test_any_title_makes_a_well_formed_poster_whose_words_fit(title: str, year: int | None) -> None:
    document = drawn(title, year)
    assert {n.tagName for n in document.getElementsByTagName("*")} <= {
        "svg", "title", "defs", "linearGradient", "stop", "rect", "circle", "path", "polyline", "g", "text",
    }  # fmt: skip
    lines, points = posters.set_title(" ".join(title.split()) or "Untitled")
    assert 1 <= len(lines) <= 6
    assert len(lines) * points * 1.08 < posters.HEIGHT / 2


def test_a_title_is_set_without_losing_a_word() -> None:
    title = "Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb"
    assert " ".join(posters.set_title(title)[0]) == title


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (None, "An unknown browser"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("a lamp/1.0", "a lamp/1.0"),
    ],
)
def test_a_browser_is_called_as_people_call_it(agent: str | None, words: str) -> None:
    assert views.browser(agent) == words
