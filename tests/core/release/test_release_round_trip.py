"""What the library writes, the parser reads: names rendered by every preset give the facts they were made from."""

from __future__ import annotations

from datetime import date

from hypothesis import assume, given
from hypothesis import strategies as st

from mydia.core.naming import PRESETS, MediaFacts, NamingFacts, NamingPreset, render
from mydia.core.release import parse
from mydia.core.release.comparing import key

Quality = tuple[str, str, int | None]
"""A quality as names show it, and the source and resolution it stands for."""

presets = st.sampled_from(sorted(PRESETS)).map(PRESETS.__getitem__)
titles = st.sampled_from(
    ["Heat", "The Wire", "Blade Runner 2049", "2001 A Space Odyssey", "Amélie", "9-1-1", "24", "S.W.A.T.", "Mr. Robot",
     "Mamma Mia!", "Сталкер", "기생충", "The Italian Job", "WALL-E", "Fast & Furious", "Uncut Gems", "It", "1917"]
)  # fmt: skip
qualities = st.sampled_from(
    [("WEBDL-1080p", "web-dl", 1080), ("WEBRip-720p", "webrip", 720), ("Bluray-1080p", "bluray", 1080),
     ("Bluray-2160p Remux", "remux", 2160), ("HDTV-720p", "hdtv", 720), ("DVD", "dvd", None)]
)  # fmt: skip
episode_titles = st.sampled_from(["Pilot", "The Long Night", "Ozymandias", "Winter Is Coming", "Pine Barrens"])
media = MediaFacts(video_codec="x264", audio_codec="DTS", audio_channels=5.1)


@given(presets, titles, st.integers(1930, 2030), qualities, st.sampled_from(["GRP", "NTb", ""]))
def test_a_film_named_by_a_preset_reads_back(
    preset: NamingPreset, title: str, year: int, quality: Quality, group: str
) -> None:
    facts = NamingFacts(
        "movie",
        title=title,
        year=year,
        quality=quality[0],
        release_group=group,
        media=media,
        ids={"tmdb": 949, "imdb": "tt0113277"},
    )
    assume(render(preset.movie_file, facts))
    release = parse(f"/films/{render(preset.movie_folder, facts)}/{render(preset.movie_file, facts)}.mkv", "path")
    assert (key(release.title or ""), release.year, release.kind) == (key(title), year, "movie")
    assert (release.source, release.resolution or quality[2]) == (quality[1], quality[2] or release.resolution)
    if "Release Group" in preset.movie_file:
        assert (release.release_group or "") == group


@given(
    presets,
    titles,
    st.integers(1950, 2030),
    st.integers(1, 40),
    st.integers(1, 99),
    st.integers(1, 3),
    episode_titles,
    qualities,
)
def test_an_episode_named_by_a_preset_reads_back(
    preset: NamingPreset,
    title: str,
    year: int,
    season: int,
    first: int,
    count: int,
    episode_title: str,
    quality: Quality,
) -> None:
    episodes = tuple(range(first, first + count))
    facts = NamingFacts(
        "episode",
        title=title,
        year=year,
        season=season,
        episodes=episodes,
        titles=(episode_title,) * count,
        quality=quality[0],
        release_group="GRP",
        media=media,
        ids={"tvdb": 1},
    )
    release = parse(f"{render(preset.episode_file, facts)}.mkv")
    assert key(release.title or "") in (key(title), key(f"{title} {year}"))
    assert (release.seasons, release.episodes) == ((season,), episodes)


@given(presets, titles, st.dates(date(1955, 1, 1), date(2030, 1, 1)), episode_titles)
def test_a_daily_episode_named_by_a_preset_reads_back(
    preset: NamingPreset, title: str, day: date, episode_title: str
) -> None:
    facts = NamingFacts(
        "episode",
        title=title,
        series_type="daily",
        season=1,
        episodes=(1,),
        titles=(episode_title,),
        air_date=day.isoformat(),
        quality="HDTV-720p",
    )
    release = parse(f"{render(preset.daily_file, facts)}.mkv")
    assert (key(release.title or ""), release.air_date, release.kind) == (key(title), day.isoformat(), "episode")
