"""What is wanted, from when on, and which searches a day's budget allows."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mydia.core.decide import Episode, Held, Target
from mydia.core.quality import QualityProfile
from mydia.core.wanted import (
    SHOW_PRESETS,
    Budget,
    Searched,
    Slot,
    Wanted,
    Why,
    due_at,
    monitored_by,
    new_episode_monitored,
    plan_searches,
    policy_of,
    questions,
    wanted,
)
from tests.support.decide_world import CORPUS, NOW, now_of

PRESETS = yaml.safe_load((CORPUS / "wanted" / "presets.yml").read_text(encoding="utf-8"))
DUE = yaml.safe_load((CORPUS / "wanted" / "due.yml").read_text(encoding="utf-8"))
PROFILE = QualityProfile("hd", "HD", ("HDTV-720p", "WEBDL-1080p", "Bluray-1080p"), "WEBDL-1080p", cutoff_score=0)
SHOW = Target(
    "episode",
    "Night Ferry",
    runtime=60,
    episodes=(
        Episode(0, 1, air_date="2018-12-24"),
        Episode(1, 1, air_date="2018-01-01", monitored=False),
        Episode(1, 2, air_date="2018-01-08"),
        Episode(1, 3, air_date="2026-01-01", monitored=False),
        Episode(2, 1, air_date="2026-03-01", monitored=False),
        Episode(2, 2, monitored=False),
    ),
)
FILM = Target("movie", "The Harbour", min_availability="announced")


@pytest.mark.parametrize("preset", SHOW_PRESETS)
def test_a_preset_monitors_what_its_table_says(preset: Any) -> None:
    assert monitored_by(preset, SHOW.episodes, [(1, 1)], NOW) == {(s, e) for s, e in PRESETS[preset]}


@pytest.mark.parametrize(
    ("season", "policy", "monitored"),
    [
        (1, "none", True),
        (2, "all", False),
        (3, "all", True),
        (3, "none", False),
        (4, "all", True),
        (4, "none", False),
        (0, "all", False),
    ],
)
def test_a_new_episode_follows_its_season_and_what_is_new_the_policy(season: int, policy: Any, monitored: bool) -> None:
    assert new_episode_monitored(season, {1: True, 2: False, 3: False}, policy) is monitored


def test_a_new_special_is_monitored_only_where_specials_are() -> None:
    assert new_episode_monitored(0, {0: True, 1: False}, "none")
    assert not new_episode_monitored(0, {1: True}, "all")


@pytest.mark.parametrize("preset", SHOW_PRESETS)
def test_a_preset_that_wants_so_much_and_no_more_wants_no_new_season(preset: Any) -> None:
    assert policy_of(preset) == ("none" if preset in ("existing", "pilot", "first_season", "none") else "all")


@pytest.mark.parametrize(
    ("numbers", "asked"),
    [
        ([], (None,)),
        ([(1, 4)], ((1, 4),)),
        ([(1, 4), (1, 2)], ((1, None), (1, 2), (1, 4))),
        ([(2, n) for n in range(1, 9)] + [(1, 1)], ((1, 1), (2, None))),
    ],
)
def test_a_season_is_asked_for_as_a_whole_and_a_few_episodes_by_themselves_too(
    numbers: list[tuple[int, int]], asked: tuple[Any, ...]
) -> None:
    assert questions(numbers) == asked


@pytest.mark.parametrize("row", DUE, ids=lambda row: row["why"])
def test_a_search_is_due_when_its_table_says(row: dict[str, Any]) -> None:
    past = Searched(now_of(row["last"]), row["fruitless"]) if "last" in row else None
    assert due_at(row["lack"], now_of(row["possible"]), past) == now_of(row["due"])


@given(st.sampled_from(get_args(Why)), st.integers(0, 10**6))
def test_pauses_grow_and_stay_bounded(why: Why, fruitless: int) -> None:
    def pause(count: int) -> timedelta:
        return due_at(why, NOW, Searched(NOW, count)) - NOW

    assert timedelta(0) < pause(fruitless) <= pause(fruitless + 1) <= timedelta(days=30)


def monitored(*numbers: tuple[int, int]) -> Target:
    return replace(SHOW, episodes=tuple(replace(e, monitored=e.key in numbers) for e in SHOW.episodes))


def test_each_slot_wants_what_it_lacks_by_its_own_profile() -> None:
    target = monitored((1, 1), (1, 2), (1, 3))
    file = Held("WEBDL-1080p", episodes=((1, 1), (1, 2)))
    strict = replace(PROFILE, cutoff="Bluray-1080p")
    slots = [Slot("default", PROFILE, (file,)), Slot("best", strict, (file,)), Slot("4K", PROFILE)]
    found = wanted("night-ferry", target, slots, {})
    assert [(w.slot, w.number, w.why) for w in found] == [
        ("default", (1, 3), "missing"),
        ("best", (1, 1), "cutoff_unmet"),
        ("best", (1, 2), "cutoff_unmet"),
        ("best", (1, 3), "missing"),
        ("4K", (1, 1), "missing"),
        ("4K", (1, 2), "missing"),
        ("4K", (1, 3), "missing"),
    ]


def test_an_episode_is_due_when_it_has_run_and_never_without_a_date() -> None:
    (coming, dateless) = wanted("t", monitored((2, 1), (2, 2)), [Slot("default", PROFILE)], {})
    assert coming.due == now_of("2026-03-01T01:00:00Z")
    assert dateless.due is None


def test_a_film_is_due_by_its_availability() -> None:
    film = replace(FILM, min_availability="in_cinemas", in_cinemas=now_of("2026-02-01"))
    slots = [Slot("default", PROFILE)]
    assert [w.due for w in wanted("t", film, slots, {}, availability_delay=2)] == [now_of("2026-02-03")]
    assert [w.due for w in wanted("t", replace(film, in_cinemas=None), slots, {})] == [None]
    (announced,) = wanted("t", FILM, slots, {})
    assert announced.due is not None and announced.due < NOW


def test_nothing_is_wanted_of_what_is_not_monitored_or_not_to_be_upgraded() -> None:
    off = replace(PROFILE, upgrades=False)
    assert not wanted("t", replace(FILM, monitored=False), [Slot("default", PROFILE)], {})
    assert not wanted("t", FILM, [Slot("default", off, (Held("HDTV-720p"),))], {})


def test_nothing_better_is_sought_of_the_best_quality_where_no_liked_format_could_raise_its_score() -> None:
    film = Target("movie", "The Film", availability="released")
    profile = QualityProfile.from_json({"qualities": ["HDTV-720p", "Bluray-1080p"], "cutoff": "Bluray-1080p"})
    assert (profile.upgrades, profile.cutoff_score > 0) == (True, True)

    def why(quality: str, **more: Any) -> str | None:
        score = more.pop("score", 0)
        slot = Slot("default", replace(profile, **more), (Held(quality, score=score),))
        return next((w.why for w in wanted("m", film, [slot], {})), None)

    assert why("HDTV-720p") == "cutoff_unmet"
    assert why("Bluray-1080p") is None
    assert why("Bluray-1080p", scores={"Bad": -50}) is None
    assert why("Bluray-1080p", scores={"HDR": 50}) == "cutoff_unmet"
    assert why("Bluray-1080p", scores={"HDR": 50}, score=50) is None
    assert why("Bluray-1080p", scores={"HDR": 50}, cutoff_score=20, score=20) is None


def thing(title: str, number: tuple[int, int] | None = None, days_ago: int | None = None) -> Wanted:
    last = None if days_ago is None else NOW - timedelta(days=days_ago)
    return Wanted(title, "default", number, "missing", NOW - timedelta(days=1), last)


def test_the_least_recently_searched_go_first_and_the_rest_waits_with_its_reason() -> None:
    things = [thing("new", days_ago=1), thing("old", days_ago=9), thing("never")]
    plan = plan_searches(things, [Budget("lighthouse", 2)], NOW)
    assert [s.title for s in plan.searches] == ["never", "old"]
    assert [(w.title, reason) for w, reason in plan.waiting] == [("new", "every indexer's searches of today are used")]


def test_an_indexer_without_tokens_is_left_out_of_later_searches() -> None:
    plan = plan_searches([thing("a"), thing("b")], [Budget("few", 1), Budget("many", 9), Budget("free")], NOW)
    assert [s.indexers for s in plan.searches] == [("few", "many", "free"), ("many", "free")]


def test_several_episodes_of_a_season_are_one_search() -> None:
    things = [thing("show", (1, 2)), thing("show", (1, 1)), thing("show", (2, 1)), thing("film")]
    found = {(s.title, s.numbers): s.season_search for s in plan_searches(things, [Budget("free")], NOW).searches}
    assert found == {("show", ((1, 1), (1, 2))): True, ("show", ((2, 1),)): False, ("film", ()): False}


def test_what_is_not_due_waits() -> None:
    later = replace(thing("later"), due=NOW + timedelta(hours=2))
    dateless = replace(thing("dateless"), due=None)
    plan = plan_searches([later, dateless, thing("now")], [Budget("free")], NOW, most=5)
    assert [s.title for s in plan.searches] == ["now"]
    assert {w.title: reason for w, reason in plan.waiting} == {
        "later": "due at 2026-01-31 14:00 UTC",
        "dateless": "no date says when it can exist",
    }


@given(
    st.lists(
        st.builds(thing, st.sampled_from("abcdef"), st.none() | st.tuples(st.integers(1, 3), st.integers(1, 5))),
        unique_by=lambda t: (t.title, t.number),
    ),
    st.lists(st.integers(0, 6), max_size=3),
    st.integers(0, 4),
)
def test_no_plan_spends_more_than_its_budgets_or_forgets_anything(
    things: list[Wanted], tokens: list[int], most: int
) -> None:
    budgets = [Budget(f"indexer {n}", left) for n, left in enumerate(tokens)]
    plan = plan_searches(things, budgets, NOW, most)
    assert len(plan.searches) <= most
    for budget in budgets:
        assert sum(s.cost for s in plan.searches if budget.indexer in s.indexers) <= (budget.left or 0)
    assert sum(max(len(s.numbers), 1) for s in plan.searches) + len(plan.waiting) == len(things)
