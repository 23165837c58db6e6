"""What a name means: a title only where it is sure and clear, episodes only where all exist, a quality by what is said or seen."""

from typing import Any

import pytest

from mydia.core.identify import (
    Numbered,
    as_named,
    believed,
    called_so,
    certain,
    episodes_named,
    numbers_named,
    quality_name,
)
from mydia.core.release import Candidate, MatchResult, parse

FILM = Candidate("1", "movie", "Metropolis", 1927, ())
OTHER = Candidate("2", "movie", "Metropolis", 2001, ())
SHOW = Candidate("3", "episode", "One Step Beyond", 1959, ())
EPISODES = [Numbered(f"e{n}", 1, n, absolute=n, air_date=f"1959-01-{n:02}") for n in (1, 2, 3)]


def found(candidate: Candidate = SHOW, score: float = 1.0, **numbers: object) -> MatchResult:
    given: dict[str, object] = {"seasons": (), "episodes": (), "absolute_episodes": (), "air_date": None, **numbers}
    return MatchResult(score, candidate, (), *given.values())  # type: ignore[arg-type]


def test_the_best_match_is_believed_when_it_is_sure_and_clear() -> None:
    best = found(FILM, 0.95)
    assert believed([best, found(OTHER, 0.5)]) is best


@pytest.mark.parametrize(
    ("matches", "words"),
    [
        ([], "No title fits its name"),
        ([found(FILM, 0.6)], "closest is Metropolis (60%)"),
        ([found(FILM, 0.9), found(OTHER, 0.88)], "fits both Metropolis (1927) and Metropolis (2001)"),
    ],
)
def test_what_is_unsure_is_said_in_words(matches: list[MatchResult], words: str) -> None:
    assert words in str(believed(matches))


@pytest.mark.parametrize(
    ("numbers", "meaning"),
    [
        ({"seasons": (1,), "episodes": (2,)}, ("e2",)),
        ({"episodes": (1, 2)}, ("e1", "e2")),
        ({"absolute_episodes": (3,)}, ("e3",)),
        ({"air_date": "1959-01-02"}, ("e2",)),
        ({"seasons": (2,), "episodes": (1,), "absolute_episodes": (1,)}, ("e1",)),
    ],
)
def test_numbers_mean_episodes(numbers: dict[str, Any], meaning: tuple[str, ...]) -> None:
    assert episodes_named(found(**numbers), EPISODES) == meaning


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"seasons": (1,), "episodes": (3, 4)}, "One Step Beyond has no S01E04"),
        ({"absolute_episodes": (9,)}, "has no episode number 9"),
        ({"air_date": "1960-01-01"}, "has no episode of 1960-01-01"),
        ({}, "does not say which episode it is"),
    ],
)
def test_a_number_that_does_not_exist_is_no_episode(numbers: dict[str, Any], words: str) -> None:
    assert words in str(episodes_named(found(**numbers), EPISODES))


@pytest.mark.parametrize(
    ("path", "seen", "quality"),
    [
        ("Charade.1963.720p.BluRay.mkv", "1080p", "Bluray-720p"),
        ("Charade (1963)/Charade (1963).mkv", "1080p", "HDTV-1080p"),
        ("Charade (1963)/Charade (1963).mkv", None, "HDTV-720p"),
        ("Charade.1963.1080p.mkv", "720p", "HDTV-1080p"),
        ("Charade (1963).avi", "480p", "SDTV"),
        ("Charade (1963)", None, "Unknown"),
    ],
)
def test_the_name_says_the_source_the_picture_its_size_and_the_extension_only_guesses(
    path: str, seen: str | None, quality: str
) -> None:
    assert quality_name(parse(path, input="path"), "movie", seen) == quality


def test_a_guess_from_the_extension_is_taken_back() -> None:
    guessed = parse("x/Charade.mkv", input="path")
    assert (guessed.source, guessed.resolution) == ("hdtv", 720)
    assert (as_named(guessed).source, as_named(guessed).resolution) == (None, None)


def test_a_release_is_read_for_a_title_that_is_certain_whatever_its_name_says() -> None:
    assert certain(parse("One.Step.Beyond.S01E02.mkv"), SHOW).episodes == (2,)
    named_otherwise = certain(parse("abc.S01E03.mkv"), SHOW, "a person said so")
    assert (named_otherwise.candidate, named_otherwise.reasons) == (SHOW, ("a person said so",))
    assert episodes_named(named_otherwise, EPISODES) == ("e3",)


def test_files_that_may_be_of_a_title_are_told_by_their_names() -> None:
    files = [("1", "Metropolis.1927.mkv"), ("2", "x/One.Step.Beyond.S01E01.mkv"), ("3", "abc.mkv")]
    assert called_so(files, {"onestepbeyond", "metropolisrestored"}) == [files[1]]


def test_the_numbers_that_files_mean_are_those_that_the_show_has() -> None:
    paths = ["One.Step.Beyond.S01E02.mkv", "One.Step.Beyond.S01E09.mkv", "Another.Show.S01E01.mkv"]
    assert numbers_named(paths, SHOW, EPISODES) == {(1, 2)}
    assert numbers_named(paths, SHOW, []) == frozenset()
