"""Matching: which of the known titles a release is of, why, and what the title decides that the name could not."""

from __future__ import annotations

import pytest

from mydia.core.release import Candidate, MatchResult, match, parse


def best(name: str, *candidates: Candidate) -> MatchResult:
    return match(parse(name), candidates)[0]


def film(title: str, year: int | None = None, *aliases: str) -> Candidate:
    return Candidate(title, "movie", title, year, aliases)


def show(title: str, year: int | None = None, *aliases: str, series_type: str = "standard") -> Candidate:
    return Candidate(title, "show", title, year, aliases, series_type=series_type)


@pytest.mark.parametrize(
    ("name", "known", "reason"),
    [
        ("Heat.1995.1080p.BluRay.x264-GRP", film("Heat", 1995), "title"),
        ("Amelie.2001.1080p.BluRay.x264-GRP", film("Amélie", 2001), "title"),
        ("Fast.and.Furious.2009.1080p.BluRay-GRP", film("Fast & Furious", 2009), "title"),
        ("Matrix.1999.1080p.BluRay.x264-GRP", film("The Matrix", 1999), "title but for the article"),
        ("Matrix, The (1999) 1080p", film("The Matrix", 1999), "title"),
        ("Rocky.II.1979.1080p.BluRay.x264-GRP", film("Rocky 2", 1979), "title but for how its number is written"),
        ("Сталкер.1979.1080p.BluRay.x264-GRP", film("Stalker", 1979), "title written in Latin letters"),
        ("The.Office.S01E01.720p.HDTV-GRP", show("The Office (US)", 2005), "title but for the qualifier in brackets"),
        ("Le.Fabuleux.Destin.2001.1080p-GRP", film("Amélie", 2001, "Le Fabuleux Destin"), "alias"),
        ("Space.1999.S01E01.1080p-GRP", show("Space: 1999", 1975), "title with the year in it"),
    ],
)
def test_spellings_of_one_title_agree_and_say_how(name: str, known: Candidate, reason: str) -> None:
    result = best(name, known)
    assert result.reasons[0] == reason
    assert result.score >= 0.8


def test_the_year_decides_between_equal_titles() -> None:
    assert best("Dune.1984.1080p-GRP", film("Dune", 2021), film("Dune", 1984)).candidate.year == 1984


def test_a_year_off_by_one_still_fits_but_less() -> None:
    result = best("Heat.1996.1080p-GRP", film("Heat", 1995))
    assert "year off by one" in result.reasons
    assert 0.9 <= result.score < 1


def test_another_year_speaks_against() -> None:
    assert best("Heat.2013.1080p-GRP", film("Heat", 1995)).score < 0.5


def test_an_id_outweighs_title_and_year() -> None:
    same = Candidate("1", "movie", "Collateral", 2004, ids={"tmdb": 949})
    other = Candidate("2", "movie", "Heat", 1995, ids={"tmdb": 1})
    results = match(parse("Heat (1995) {tmdb-949}"), [other, same])
    assert [result.candidate.id for result in results] == ["1"]
    assert results[0].reasons[0] == "id"


def test_another_title_is_left_out() -> None:
    assert match(parse("Heat.1995.1080p-GRP"), [film("Casino", 1995)]) == []


@pytest.mark.parametrize(
    ("name", "title", "year"),
    [
        ("2012.1080p.BluRay.x264-GRP", "2012", 2009),
        ("1917.1080p.BluRay.x264-GRP", "1917", 2019),
        ("Blade.Runner.2049.1080p.BluRay.x264-GRP", "Blade Runner 2049", 2017),
        ("Dune.Part.Two.1080p.WEB-DL.x264-GRP", "Dune: Part Two", 2024),
        ("Title.300.720p.HDTV.x264-GRP", "Title 300", 2006),
    ],
)
def test_a_known_film_takes_the_numbers_of_its_title(name: str, title: str, year: int) -> None:
    rest = film(title.rpartition(" ")[0] or "Other", 1990)
    result = best(name, rest, film(title, year))
    assert result.candidate.title == title
    assert (result.seasons, result.episodes) == ((), ())
    assert result.score > 0.9


def test_a_known_show_takes_the_number_of_its_title() -> None:
    result = best("24.S01E05.720p.WEB-DL-GRP", show("24", 2001), show("2", 2000))
    assert (result.candidate.title, result.seasons, result.episodes) == ("24", (1,), (5,))


def test_the_number_of_a_known_anime_is_absolute() -> None:
    result = best("One.Piece.1013.720p.WEB.x264-GRP", show("One Piece", 1999, series_type="anime"))
    assert (result.seasons, result.episodes, result.absolute_episodes) == ((), (), (1013,))
    result = best("One.Piece.1013.720p.WEB.x264-GRP", show("One Piece", 1999))
    assert (result.seasons, result.episodes, result.absolute_episodes) == ((10,), (13,), ())


def test_a_number_that_stands_alone_is_absolute_for_an_anime_and_either_for_another_show() -> None:
    name = "[Group] Show Title - 05 [1080p].mkv"
    result = best(name, show("Show Title", 2020, series_type="anime"))
    assert (result.seasons, result.episodes, result.absolute_episodes) == ((), (), (5,))
    result = best(name, show("Show Title", 2020))
    assert (result.seasons, result.episodes, result.absolute_episodes) == ((), (5,), (5,))


def test_a_season_in_the_title_of_an_anime_is_found() -> None:
    result = best("[Group] Show Title S2 - 03 [1080p]", show("Show Title", 2020, series_type="anime"))
    assert (result.seasons, result.episodes) == ((2,), (3,))


def test_an_episode_is_hardly_a_film() -> None:
    results = match(parse("Fargo.S02E01.720p-GRP"), [film("Fargo", 1996), show("Fargo", 2014)])
    assert results[0].candidate.kind == "show"
    assert results[0].score - results[-1].score > 0.5 or len(results) == 1
