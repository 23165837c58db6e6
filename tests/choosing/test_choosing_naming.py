"""Naming as a person sets it: every option names files, wrong templates are refused, and what would be renamed is shown before."""

from pathlib import Path
from typing import Any

import pytest

from mydia.choosing import changes
from mydia.core.naming import PRESETS
from mydia.core.naming.facts import NamingFacts
from mydia.incoming import path_for
from mydia.renaming import preview
from mydia.settings.model import Config
from mydia.settings.naming import Naming, preset
from tests.support.choosing_world import Lying, add_film, format_of, hold
from tests.support.house import open_house

EPISODE = NamingFacts(
    "episode", title="Show: One?", season=1, episodes=(1, 2), titles=("A", "B"), air_date="2001-02-03", absolute=(1, 2),
    quality="SDTV", original_name="show.s01e01-release",
)  # fmt: skip
OPTIONS: tuple[tuple[dict[str, Any], dict[str, Any], str], ...] = (
    ({}, {}, "Show - One!/Season 1/Show - One! - S01E01-E02 - A + B"),
    ({"colon": "delete"}, {}, "Show One!/Season 1/Show One! - S01E01-E02 - A + B"),
    ({"colon": "custom", "custom_colon": "~"}, {}, "Show~ One!/Season 1/Show~ One! - S01E01-E02 - A + B"),
    ({"replace_illegal": False}, {}, "Show One/Season 1/Show One - S01E01-E02 - A + B"),
    ({"multi_episode": "range"}, {}, "Show - One!/Season 1/Show - One! - S01E01-02 - A + B"),
    ({"rename": False}, {}, "show.s01e01-release"),
    ({"daily": "{show} {Air-Date}"}, {"series_type": "daily"}, "Show - One! 2001-02-03"),
    ({"daily": "{show} {Air-Date}"}, {}, "Show - One!/Season 1/Show - One! - S01E01-E02 - A + B"),
    ({"anime": "{show} {absolute:000}"}, {"series_type": "anime"}, "Show - One! 001-002"),
    ({"special": "{show}/Specials/{show} E{episode:00}"}, {"season": 0}, "Show - One!/Specials/Show - One! E01-02"),
    ({"episode": "{show} S{season:00}E{episode:00}"}, {}, "Show - One! S01E01-E02"),
)


@pytest.mark.parametrize(("options", "facts", "path"), OPTIONS, ids=[str(o[0]) for o in OPTIONS])
def test_every_naming_option_names(options: dict[str, Any], facts: dict[str, Any], path: str) -> None:
    naming = Naming.model_validate(options)
    made = NamingFacts(**{name: getattr(EPISODE, name) for name in NamingFacts.__slots__} | facts)
    assert path_for(naming, made, ".mkv") == path


@pytest.mark.parametrize(
    ("naming", "words"),
    [
        ({"movie": "{titel}"}, "no token"),
        ({"movie": "{year}"}, "needs its title"),
        ({"episode": "{show}"}, "season and episode"),
        ({"daily": "../{show} {Air-Date}"}, "cannot climb"),
        ({"movie": "/films/{title}"}, "cannot start at a root"),
        ({"colon": "emoji"}, "'delete', 'dash'"),
        ({"colon": "custom", "custom_colon": "/"}, "cannot be part of a file name"),
    ],
)
def test_a_wrong_template_is_refused_when_it_is_set(naming: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Config.model_validate({"media": {"naming": naming}})


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_set(name: str) -> None:
    assert Naming.model_validate(preset(name)).movie


async def test_a_preview_shows_what_would_be_renamed_and_how(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.write(changes.put_format, format_of("HDR", r"\bHDR\b", in_names=True), actor="test")
        await house.write(changes.seed_defaults)
        one = await add_film(house)
        right = "Another (2001)/Another (2001) - WEBDL-1080p.mkv"
        other = await add_film(house, "Another")
        await hold(house, one, Lying("film.mkv", "The.Film.2001.HDR.1080p.WEB-DL-GRP"))
        await hold(house, other, Lying(right, "Another.2001.1080p.WEB-DL-GRP"))
        found = await house.read(preview, Naming())
        assert [(r.media_item_id, r.before, r.after, r.clashes) for r in found.items] == [
            (one, "film.mkv", "The Film (2001)/The Film (2001) - WEBDL-1080p.mkv", False)
        ]
        pieces = found.items[0].pieces
        assert "".join(t for sign, t in pieces if sign != "+") == "film.mkv"
        assert "".join(t for sign, t in pieces if sign != "-") == found.items[0].after
        formats = Naming(movie="{title} {[Custom Formats]}{-Release Group}{[Mediainfo VideoCodec]}")
        names = {r.before: r.after for r in (await house.read(preview, formats)).items}
        assert names == {"film.mkv": "The Film [HDR]-GRP[h264].mkv", right: "Another -GRP[h264].mkv"}
        assert [r.after for r in (await house.read(preview, Naming(rename=False))).items] == [
            "The.Film.2001.HDR.1080p.WEB-DL-GRP.mkv",
            "Another.2001.1080p.WEB-DL-GRP.mkv",
        ]


async def test_two_files_that_would_get_one_name_are_said_to_clash_and_lists_go_on_by_cursor(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.write(changes.seed_defaults)
        films = [await add_film(house, f"Film {n}") for n in range(3)]
        for n, film in enumerate(films):
            await hold(house, film, Lying(f"{n}a.mkv", f"Film.{n}.2001.1080p.WEB-DL-GRP"))
        await hold(house, films[0], Lying("0b.mkv", "Film.0.2001.1080p.WEB-DL-GRP"))
        first = await house.read(preview, Naming(), limit=2)
        assert [(r.before, r.clashes) for r in first.items] == [("0a.mkv", True), ("0b.mkv", True)]
        rest = await house.read(preview, Naming(), cursor=first.next, limit=2)
        assert [(r.before, r.clashes) for r in rest.items] == [("1a.mkv", False), ("2a.mkv", False)]
