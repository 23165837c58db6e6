"""The quality ladder, revisions and quality profiles."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mydia.core.quality import (
    DEFAULT_PROFILES,
    DEFAULT_SIZES,
    PRESETS,
    QUALITIES,
    QualityGroup,
    QualityProfile,
    Revision,
    SizeLimit,
    label,
    quality,
    quality_from,
    quality_of,
    wizard,
)
from mydia.core.release import Release

LADDER: list[Any] = yaml.safe_load((Path(__file__).parents[1] / "corpus/quality/ladder.yml").read_text("utf-8"))
ALL = [*DEFAULT_PROFILES, *(wizard(p) for p in PRESETS)]
BASE = QualityProfile(
    id="p",
    name="P",
    qualities=("SDTV", QualityGroup("WEB 720p", ("WEBDL-720p", "WEBRip-720p")), "Bluray-720p", "Bluray-1080p"),
    cutoff="Bluray-720p",
)

_some_qualities = st.lists(st.sampled_from(sorted(QUALITIES)), min_size=1, unique=True)


@st.composite
def _profiles(draw: st.DrawFn) -> QualityProfile:
    names, items = draw(_some_qualities), list[QualityGroup | str]()
    while names:
        size = min(draw(st.integers(1, 3)), len(names))
        chosen, names = tuple(names[:size]), names[size:]
        items.append(chosen[0] if size == 1 else QualityGroup(f"G{len(items)}", chosen))
    cutoff = draw(st.sampled_from(items))
    limits = st.builds(SizeLimit, st.floats(0, 50), st.none() | st.floats(0, 90), st.none() | st.floats(50, 900))
    return QualityProfile(
        id=draw(st.text(max_size=5)),
        name=draw(st.text(max_size=5)),
        qualities=tuple(items),
        cutoff=cutoff if isinstance(cutoff, str) else cutoff.name,
        upgrades=draw(st.booleans()),
        sizes=draw(st.dictionaries(st.sampled_from(sorted(QUALITIES)), limits, max_size=3)),
        scores=draw(st.dictionaries(st.text(max_size=5), st.integers(-9999, 9999), max_size=3)),
        min_score=draw(st.integers(-100, 100)),
        propers=draw(st.sampled_from(["prefer", "do_not_upgrade", "do_not_prefer"])),
        languages=tuple(draw(st.lists(st.sampled_from(["en", "de", "original"]), max_size=2, unique=True))),
    )


@pytest.mark.parametrize("row", LADDER, ids=[f"{r[0]}-{r[1]}" for r in LADDER])
def test_source_and_lines_are_the_quality_of_their_row(row: list[Any]) -> None:
    source, lines, film, episode = row
    assert quality_from(source, lines, "movie").name == film
    assert quality_of(Release(name="x", source=source, resolution=lines), "episode").name == episode


def test_every_quality_can_be_reached_from_a_name() -> None:
    assert {row[2] for row in LADDER} == set(QUALITIES)


@given(st.none() | st.sampled_from([r[0] for r in LADDER]) | st.text(max_size=8), st.none() | st.integers(0, 9000))
def test_no_source_or_resolution_is_without_a_quality(source: str | None, lines: int | None) -> None:
    found = quality_from(source, lines, "movie")
    assert found.resolution <= max(lines or 0, 1080)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("webdl-1080P", "WEBDL-1080p"),
        ("Bluray-1080p Remux", "Remux-1080p"),
        ("bluray-2160p remux", "Remux-2160p"),
        ("BRDISK", "BR-DISK"),
        (" SDTV ", "SDTV"),
    ],
)
def test_a_quality_is_found_by_either_apps_name_in_any_case(said: str, meant: str) -> None:
    assert quality(said).name == meant


def test_an_unknown_quality_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'HD-TV'"):
        quality("HD-TV")


def test_remuxes_are_called_as_shows_call_them() -> None:
    assert label(quality("Remux-1080p"), "episode") == "Bluray-1080p Remux"
    assert label(quality("Remux-1080p"), "movie") == "Remux-1080p"
    assert all(quality(label(q, "episode")) is q for q in QUALITIES.values())


def test_a_real_outranks_a_proper_and_a_repack_is_a_proper() -> None:
    ladder = [Revision(), Revision(2), Revision(3), Revision(1, real=1), Revision(2, real=1)]
    assert all(low < high for low, high in pairwise(ladder))
    assert Revision(2, repack=True) == Revision(2)


def test_places_are_counted_from_the_worst_and_groups_share_one() -> None:
    assert [BASE.rank(n) for n in ("SDTV", "WEBDL-720p", "webrip-720p", "WEB 720p", "Bluray-1080p")] == [0, 1, 1, 1, 3]
    assert BASE.rank("Remux-1080p") is None
    assert BASE.allows("Bluray-720p")
    assert not BASE.allows("CAM")
    assert list(BASE.flat()) == ["SDTV", "WEBDL-720p", "WEBRip-720p", "Bluray-720p", "Bluray-1080p"]


def test_a_held_file_of_an_unlisted_quality_stands_where_the_common_ladder_has_it() -> None:
    assert BASE.standing("CAM") == -0.5
    assert BASE.standing("DVD") == 0.5
    assert BASE.standing("Remux-2160p") == 3.5
    assert BASE.standing("WEBDL-720p") == 1.0


def test_a_size_limit_is_the_profiles_own_else_the_usual_one_of_the_kind() -> None:
    own = replace(BASE, sizes={"Bluray-1080p Remux": SizeLimit(1, 2, 3)})
    assert own.size_limit("Remux-1080p", "episode") == SizeLimit(1, 2, 3)
    assert own.size_limit("SDTV", "episode") == SizeLimit(2, 95, 100)
    assert own.size_limit("SDTV", "movie") == SizeLimit(0, 95, 100)
    assert own.size_limit("Bluray-2160p", "movie").max is None
    assert set(DEFAULT_SIZES["movie"]) == set(QUALITIES)


@given(_profiles())
def test_a_profile_survives_being_written_and_read(profile: QualityProfile) -> None:
    assert QualityProfile.from_json(profile.to_json()) == profile


@given(_profiles(), st.sampled_from(sorted(QUALITIES)), st.sampled_from(sorted(QUALITIES)))
def test_standing_agrees_with_rank_where_a_quality_is_listed(profile: QualityProfile, one: str, other: str) -> None:
    if profile.allows(one) and profile.allows(other):
        mine, theirs = profile.rank(one), profile.rank(other)
        assert mine is not None and theirs is not None
        assert (profile.standing(one) < profile.standing(other)) == (mine < theirs)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"qualities": []}, "at least one"),
        ({"qualities": "SDTV"}, "expected a list"),
        ({"qualities": ["SDTV", "sdtv"]}, "listed twice"),
        ({"qualities": ["SDTV", ["SDTV", "DVD"]]}, "listed twice"),
        ({"qualities": ["8K"]}, "'8K'"),
        ({"qualities": [{"group": "x", "qualities": []}]}, "neither"),
        ({"cutoff": "Bluray-2160p"}, "cutoff"),
        ({"upgrades": "yes"}, "upgrades"),
        ({"min_score": True}, "min_score"),
        ({"scores": {"x": "much"}}, "x: expected a whole number"),
        ({"sizes": {"SDTV": {"min": 5, "max": 1}}}, "below its minimum"),
        ({"sizes": {"SDTV": {"min": -1}}}, "SDTV min"),
        ({"sizes": {"SDTV": 5}}, "MB per minute"),
        ({"propers": "sometimes"}, "'sometimes'"),
    ],
)
def test_a_wrong_profile_is_refused_with_the_field_that_is_wrong(change: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        QualityProfile.from_json(BASE.to_json() | change)


def test_a_bare_list_is_a_group() -> None:
    read = QualityProfile.from_json({"qualities": ["SDTV", ["WEBDL-720p", "WEBRip-720p"]], "cutoff": "WEBRip-720p"})
    assert read.rank("WEBDL-720p") == read.rank("WEBRip-720p") == 1
    assert read.effective_cutoff() == 1


def test_the_default_profiles_are_those_people_know() -> None:
    assert [p.name for p in DEFAULT_PROFILES] == ["Any", "SD", "HD-720p", "HD-1080p", "Ultra-HD", "HD-720p/1080p"]
    assert all(not p.upgrades and p.rank(p.cutoff) == 0 for p in DEFAULT_PROFILES)
    assert not DEFAULT_PROFILES[0].allows("CAM")


@pytest.mark.parametrize("profile", ALL, ids=lambda p: p.name)
def test_a_profile_we_make_is_one_we_would_accept(profile: QualityProfile) -> None:
    assert QualityProfile.from_json(profile.to_json()) == profile


def test_the_wizard_compiles_a_wish_and_refuses_one_it_does_not_know() -> None:
    small, best = wizard("small files"), wizard("best for 4K TV")
    assert small.size_limit("WEBDL-1080p", "movie").max is not None
    assert not small.allows("Remux-1080p")
    assert best.upgrades and best.cutoff == "Remux-2160p"
    with pytest.raises(ValueError, match="'everything'"):
        wizard("everything")
