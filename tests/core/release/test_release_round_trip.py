"""What the library writes, the parser reads: names rendered by every preset give the facts they were made from."""

from __future__ import annotations

from datetime import date

from hypothesis import assume, given
from hypothesis import strategies as st

from mydia.core.naming import PRESETS, MediaFacts, NamingFacts, NamingOptions, NamingPreset, render
from mydia.core.naming.facts import MULTI_EPISODE_STYLES, MultiEpisode
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
anime_titles = st.sampled_from(
    ["Frieren", "One Piece", "Mob Psycho 100", "86", "91 Days", "Re:Zero", "Steins;Gate 0", "Haikyuu!!", "Dr. STONE", "No. 6",
     "JoJo's Bizarre Adventure", "Kaguya-sama: Love Is War", "Код Гиас", "機動戦士ガンダム", "K"]
)  # fmt: skip
anime_episode_titles = st.sampled_from(
    ["", "Pilot", "The Journey's End", "100 Years Quest", "Episode 5", "Part 2", "2nd Season", "A.I.", "Real", "Movie", "12.5"]
)  # fmt: skip
styles: st.SearchStrategy[MultiEpisode] = st.sampled_from(MULTI_EPISODE_STYLES)
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
    styles,
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
    style: MultiEpisode,
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
    release = parse(f"{render(preset.episode_file, facts, NamingOptions(multi_episode=style))}.mkv")
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


@given(
    presets,
    anime_titles,
    st.none() | st.integers(1980, 2030),
    st.integers(0, 21),
    st.integers(1, 99),
    st.sampled_from([0, 12, 100, 1000]),
    st.integers(1, 3),
    anime_episode_titles,
    qualities,
    styles,
)
def test_an_episode_of_an_anime_named_by_a_preset_reads_back_in_its_folders(
    preset: NamingPreset,
    title: str,
    year: int | None,
    season: int,
    first: int,
    earlier: int,
    count: int,
    episode_title: str,
    quality: Quality,
    style: MultiEpisode,
) -> None:
    facts = NamingFacts(
        "episode",
        title=title,
        year=year,
        series_type="anime",
        season=season,
        episodes=tuple(range(first, first + count)),
        absolute=tuple(range(first + earlier, first + earlier + count)),
        titles=(episode_title,) * count,
        quality=quality[0],
        release_group="SubGroup",
        media=media,
        ids={"tvdb": 1},
    )
    folders = NamingOptions(part="folder")
    show = render(preset.series_folder, facts, folders)
    of_season = render(preset.season_folder if season else preset.specials_folder, facts, folders)
    file = render(preset.anime_file, facts, NamingOptions(multi_episode=style))
    for release in (parse(f"{file}.mkv"), parse(f"/anime/{show}/{of_season}/{file}.mkv", "path")):
        assert key(release.title or "") in (key(title), key(f"{title} {year}"))
        assert (release.kind, release.seasons, release.episodes) == ("episode", (season,), facts.episodes)
        if "absolute" in preset.anime_file:
            assert release.absolute_episodes == facts.absolute
        if "Release Group" in preset.anime_file:
            assert (release.release_group, release.source) == ("SubGroup", quality[1])
