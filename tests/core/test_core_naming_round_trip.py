"""A name we give is a name we understand: what a preset writes, the release parser reads back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydia.core.naming import PRESETS, MediaFacts, NamingFacts, render
from mydia.core.naming.text import clean
from mydia.core.quality import QUALITIES, quality_of
from mydia.core.release import parse

TITLES = [
    "The Grand Tour", "Amélie", "Face/Off", "Mission: Impossible", "Ocean's Eleven", "WALL·E", "Se7en", "Up",
    "Dr. Strangelove", "좀비버스", "Гараж", "Le Fabuleux Destin", "Fast & Furious", "Who?",
]  # fmt: skip
_titles = st.sampled_from(TITLES)
_years = st.integers(1930, 2029)
_qualities = st.sampled_from(
    [n for n, q in QUALITIES.items() if n.startswith(("WEB", "Bluray", "Remux")) and q.resolution >= 720]
)
_groups = st.sampled_from(["FraMeSToR", "NTb", "GRP"])
_media = st.sampled_from(
    [MediaFacts(), MediaFacts(video_codec="x265", audio_codec="EAC3", audio_channels=5.1, dynamic_range_type="HDR10")]
)


def _same(one: str | None, other: str) -> bool:
    def plain(title: str) -> str:
        return "".join(c for c in clean(title).lower() if c.isalnum())

    return plain(one or "") == plain(other)


@pytest.mark.parametrize("preset", [p for p in PRESETS if p != "Plain"])
@given(_titles, _years, _qualities, _groups, _media)
def test_a_films_name_is_read_back(
    preset: str, title: str, year: int, quality: str, group: str, media: MediaFacts
) -> None:
    facts = NamingFacts(
        kind="movie", title=title, year=year, quality=quality, release_group=group, media=media,
        ids={"imdb": "tt0000042"},
    )  # fmt: skip
    name = render(PRESETS[preset].movie_file, facts)
    read = parse(name, "name", "movie")
    assert _same(read.title, title), name
    assert (read.year, read.release_group) == (year, group), name
    assert quality_of(read, "movie").name == quality, name


@pytest.mark.parametrize("preset", [p for p in PRESETS if p != "Plain"])
@given(_titles, _qualities, _groups, st.integers(1, 30), st.integers(1, 150), st.booleans())
def test_an_episodes_name_is_read_back(
    preset: str, title: str, quality: str, group: str, season: int, number: int, double: bool
) -> None:
    numbers = (number, number + 1) if double else (number,)
    facts = NamingFacts(
        kind="episode", title=title, year=2015, season=season, episodes=numbers, titles=("Pilot",) * len(numbers),
        quality=quality, release_group=group,
    )  # fmt: skip
    name = render(PRESETS[preset].episode_file, facts)
    read = parse(name, "name", "tv")
    assert _same(read.title, title) or _same(read.title, f"{title} 2015"), name
    assert (read.seasons, read.episodes, read.release_group) == ((season,), numbers, group), name
    assert quality_of(read, "episode").name == quality, name
