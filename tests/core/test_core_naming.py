"""Names: the table of tokens and rules, and what must hold for any title and template."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from mydia.core.naming import (
    PRESETS,
    MediaFacts,
    NamingFacts,
    NamingOptions,
    differences,
    preview,
    render,
    validate,
)
from mydia.core.naming.template import key, read
from mydia.core.naming.values import EPISODE_TITLES, VALUES
from mydia.core.quality import Kind

TABLE: dict[str, Any] = yaml.safe_load((Path(__file__).parents[1] / "corpus/naming/tokens.yml").read_text("utf-8"))
ROWS = [(TABLE["facts"][row[0]], row[1], row[2], row[3] if len(row) > 3 else {}) for row in TABLE["rows"]]
ILLEGAL = set('\\:*?"<>|') | {chr(c) for c in range(32)} | {"\x7f", "\u202e"}
FULL = {part: getattr(PRESETS["Plex"], part) for part in ("movie_file", "episode_file", "daily_file", "anime_file")}


@pytest.mark.parametrize(("base", "template", "expected", "changes"), ROWS, ids=[f"{r[1]}={r[2]}" for r in ROWS])
def test_a_template_renders_as_its_row_says(
    base: dict[str, Any], template: str, expected: str, changes: dict[str, Any]
) -> None:
    facts = base | changes.get("facts", {})
    named = render(
        template, NamingFacts.from_json(facts["kind"], facts), NamingOptions.from_json(changes.get("options", {}))
    )
    assert named == expected


def test_every_token_has_a_row() -> None:
    used = {
        (facts["kind"], piece.key)
        for facts, template, _, _ in ROWS
        for piece in read(template, facts["kind"])
        if hasattr(piece, "key")
    }
    shared = VALUES["movie"].keys() & VALUES["episode"].keys()
    for kind in VALUES:
        own = VALUES[kind].keys() - shared
        assert own <= {k for used_kind, k in used if used_kind == kind}
    assert shared <= {k for _, k in used}
    assert EPISODE_TITLES.keys() <= {k for kind, k in used if kind == "episode"}


# Texts with what breaks paths: separators, dots, braces, devices, direction marks, wide and joined characters.
_hostile = st.text(
    st.one_of(st.sampled_from(list("/\\.:{}-_ \0\n\u202e\u200d\ufeff\ud800👨風é\u0301")), st.characters()), max_size=120
) | st.sampled_from(["..", ".", "con", "NUL.txt", "a/../b", "a\0b", "~", "C:\\x", "{ellipsis}", "{Series Title}"])


@st.composite
def _facts(draw: st.DrawFn, kind: Kind) -> NamingFacts:
    numbers = draw(st.lists(st.integers(0, 9999), max_size=4))
    return NamingFacts(
        kind=kind,
        title=draw(_hostile),
        original_title=draw(_hostile),
        year=draw(st.none() | st.integers(0, 9999)),
        series_type=draw(st.sampled_from(["standard", "daily", "anime"])),
        season=draw(st.none() | st.integers(0, 3000)),
        episodes=tuple(numbers),
        absolute=tuple(draw(st.lists(st.integers(0, 9999), max_size=4))),
        titles=tuple(draw(st.lists(_hostile, min_size=len(numbers), max_size=len(numbers)))),
        air_date=draw(st.sampled_from(["", "2020-01-31", "../.."])),
        quality=draw(_hostile),
        release_group=draw(_hostile),
        edition=draw(_hostile),
        original_name=draw(_hostile),
        formats=tuple(draw(st.lists(_hostile, max_size=2))),
        ids={"imdb": draw(_hostile), "tvdb": draw(_hostile)},
        media=MediaFacts(video_codec=draw(_hostile), audio_languages=tuple(draw(st.lists(_hostile, max_size=2)))),
    )


_options = st.builds(
    NamingOptions,
    colon=st.sampled_from(["delete", "dash", "space_dash", "space_dash_space", "smart", "custom"]),
    custom_colon=st.sampled_from(["", "-", ":", "/", "\0"]),
    multi_episode=st.sampled_from(["extend", "duplicate", "repeat", "scene", "range", "prefixed_range"]),
    replace_illegal=st.booleans(),
    max_bytes=st.integers(16, 255),
    part=st.sampled_from(["file", "folder"]),
    rename=st.booleans(),
    extension=st.sampled_from(["", ".mkv"]),
    suffix=st.just("") | st.sampled_from([" - 4K", "/..", "\0"]),
)
_templates = {
    "movie": st.sampled_from(
        [FULL["movie_file"], "{title} ({year})/{title}", "{Movie Title}/{Original Title}/{quality}"]
    ),
    "episode": st.sampled_from(
        [FULL["episode_file"], FULL["daily_file"], FULL["anime_file"], "{show}/S{season:2}/{title}", "{Original Title}"]
    ),
}


def _holds(name: str, options: NamingOptions) -> None:
    elements = name.split("/") if name else []
    assert not name.startswith("/")
    for place, element in enumerate(elements, 1):
        assert element not in ("", ".", "..")
        assert element.strip() != "" and not element[0].isspace()
        room = options.max_bytes - (len(options.extension) if place == len(elements) and options.part == "file" else 0)
        assert len(element.encode("utf-8")) <= room
        assert not ILLEGAL & set(element)
        assert element.split(".")[0].upper() not in ("CON", "NUL", "PRN", "AUX", "COM1", "LPT1")


@given(st.data(), _options)
@pytest.mark.parametrize("kind", ["movie", "episode"])
def test_no_fact_escapes_its_folder_or_makes_a_name_illegal_or_too_long(
    kind: Kind, data: st.DataObject, options: NamingOptions
) -> None:
    _holds(render(data.draw(_templates[kind]), data.draw(_facts(kind)), options), options)


@given(_hostile, st.data())
@pytest.mark.parametrize("kind", ["movie", "episode"])
def test_no_template_escapes_or_crashes(kind: Kind, template: str, data: st.DataObject) -> None:
    name = render(template, data.draw(_facts(kind)))
    assert ".." not in name.split("/") and not name.startswith("/") and "\0" not in name
    validate(template, kind)


@given(st.text(st.characters(exclude_characters="e"), max_size=80), st.integers(16, 80))
def test_a_cut_name_ends_between_graphemes(title: str, room: int) -> None:
    name = render(
        "{Movie Title}", NamingFacts(kind="movie", title=title + "e\u0301" * 60), NamingOptions(max_bytes=room)
    )
    assert not name.endswith("e")


@given(st.data())
@pytest.mark.parametrize("kind", ["movie", "episode"])
def test_a_renamed_file_is_not_renamed_again(kind: Kind, data: st.DataObject) -> None:
    template = data.draw(_templates[kind]).replace("{Original Title}", "{Quality Title}") + " {[Original Filename]}"
    facts = replace(data.draw(_facts(kind)), season=1, episodes=(1,), titles=("One",), absolute=())
    assume(kind == "movie" or "E{episode" in template or "Air-Date" in template)
    first = render(template, replace(facts, current_name="before", in_library=True))
    again = render(template, replace(facts, current_name=first.rpartition("/")[2], in_library=True))
    assert again == first


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_valid_set_of_templates(name: str) -> None:
    preset = PRESETS[name]
    for part, kind in (("movie_folder", "movie"), ("movie_file", "movie"), ("series_folder", "episode"),
                       ("season_folder", "episode"), ("specials_folder", "episode"), ("episode_file", "episode"),
                       ("daily_file", "episode"), ("anime_file", "episode")):  # fmt: skip
        problems = validate(getattr(preset, part), kind, "folder" if part.endswith("folder") else "file")  # type: ignore[arg-type]  # a table of literals
        assert problems == [], part


def test_presets_name_a_film_as_each_server_reads_it() -> None:
    facts = NamingFacts(
        kind="movie", title="Tour", year=2014, quality="Bluray-1080p", edition="imax", ids={"imdb": "tt42"},
        release_group="GRP", media=MediaFacts(audio_codec="DTS", audio_channels=5.1, video_codec="x264"),
    )  # fmt: skip
    tail = "[Bluray-1080p][DTS 5.1][x264]-GRP"
    assert {name: render(preset.movie_file, facts) for name, preset in PRESETS.items()} == {
        "Plain": "Tour (2014) - Bluray-1080p",
        "Plex": f"Tour (2014) {{imdb-tt42}} {{edition-IMAX}} {tail}",
        "Jellyfin": f"Tour (2014) [imdbid-tt42] [IMAX] {tail}",
        "Emby": f"Tour (2014) [imdb-tt42] [IMAX] {tail}",
        "Kodi": f"Tour (2014) [IMAX] {tail}",
    }


@pytest.mark.parametrize(
    ("template", "kind", "part", "word"),
    [
        ("", "movie", "file", "empty"),
        ("/{Movie Title}", "movie", "file", "root"),
        ("C:\\{Movie Title}", "movie", "file", "root"),
        ("../{Movie Title}", "movie", "file", "climb"),
        ("{Movie Title} {Movie Tilte}", "movie", "file", "no token"),
        ("{Series Title} S{season}E{episode} {Movie Title}", "episode", "file", "no token"),
        ("{Episode Title}", "episode", "folder", "no token"),
        ("{Movie Title", "movie", "file", "brace"),
        ("{Movie Title}: {Quality Full}", "movie", "file", "cannot be part"),
        ("{Series Title}", "episode", "file", "season and episode"),
        ("{Quality Full}", "movie", "file", "title"),
    ],
)
def test_a_wrong_template_is_told_what_is_wrong(template: str, kind: Kind, part: Any, word: str) -> None:
    assert any(word in problem.message for problem in validate(template, kind, part))


@pytest.mark.parametrize(
    ("template", "kind"),
    [
        ("{Movie Title} ({Release Year})/{Original Title}", "movie"),
        ("{Original Filename}", "episode"),
        ("{Series Title} - {Air-Date}", "episode"),
        ("{Series Title} - {absolute:000}", "episode"),
        ("Some {{text}} {Series Title} S{season}E{episode}", "episode"),
    ],
)
def test_a_right_template_has_no_problems(template: str, kind: Kind) -> None:
    assert validate(template, kind) == []


def test_a_preview_shows_only_what_would_change_and_where_two_names_would_be_one() -> None:
    def facts(title: str, year: int) -> NamingFacts:
        return NamingFacts(kind="movie", title=title, year=year)

    files = [
        ("One (2001)/One (2001).mkv", facts("One", 2001)),
        ("two.avi", facts("Two", 2002)),
        ("three a.mkv", facts("Three", 2003)),
        ("three b.mkv", facts("three", 2003)),
        ("nameless.mkv", facts("", 0)),
    ]
    shown = preview(files, "{title}{ (Release Year)}/{title}{ (Release Year)}")
    assert [(r.before, r.after, r.clashes) for r in shown] == [
        ("two.avi", "Two (2002)/Two (2002).avi", False),
        ("three a.mkv", "Three (2003)/Three (2003).mkv", True),
        ("three b.mkv", "three (2003)/three (2003).mkv", True),
    ]


@given(st.text(max_size=30), st.text(max_size=30))
def test_differences_lead_from_one_name_to_the_other(before: str, after: str) -> None:
    pieces = differences(before, after)
    assert "".join(text for sign, text in pieces if sign in "=-") == before
    assert "".join(text for sign, text in pieces if sign in "=+") == after


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ({"title": 5}, "title"),
        ({"episodes": ["one"]}, "episodes"),
        ({"series_type": "weekly"}, "series_type"),
        ({"media": []}, "mapping"),
        ({"ids": "tt1"}, "ids"),
    ],
)
def test_facts_of_a_wrong_shape_are_refused_by_name(data: dict[str, Any], word: str) -> None:
    if data == {"media": []}:
        data = {"media": ["x"]}
    with pytest.raises(ValueError, match=word):
        NamingFacts.from_json("episode", data)


@pytest.mark.parametrize("data", [{"colon": "semicolon"}, {"multi_episode": "all"}, {"part": "disk"}, {"max_bytes": 3}])
def test_options_that_mean_nothing_are_refused_by_name(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(data))):
        NamingOptions.from_json(data)


def test_a_token_is_known_by_its_name_whatever_its_spelling() -> None:
    assert key("Series.Title") == key("series title") == key("SERIES_TITLE") == "seriestitle"
