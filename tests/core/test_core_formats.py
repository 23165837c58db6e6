"""Custom formats: every condition, how conditions combine, and reading them from where people have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mydia.core.formats import (
    Condition,
    CustomFormat,
    FormatFacts,
    explain,
    facts_of,
    matching,
    parse_formats,
    parse_profile,
    read_formats,
    score,
)
from mydia.core.formats.vocabulary import LANGUAGES
from mydia.core.patterns import pattern, problem
from mydia.core.quality import DEFAULT_PROFILES, QUALITIES, QualityGroup, quality
from mydia.core.release import Release

TABLE: dict[str, Any] = yaml.safe_load((Path(__file__).parents[1] / "corpus/formats/conditions.yml").read_text("utf-8"))
ROWS = TABLE["rows"]


def _facts(changes: dict[str, Any]) -> FormatFacts:
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in (TABLE["base"] | changes).items()}
    return FormatFacts(**values)


def _specification(row: dict[str, Any], shape: str) -> dict[str, Any]:
    """The row's condition as the guide ("guide"), the apps' answers ("api") or their databases ("database") hold it."""
    fields: dict[str, Any] = {k: row[k] for k in ("value", "min", "max") if k in row}
    if row.get("except"):
        fields["exceptLanguage"] = True
    outer = {"name": "c", "negate": row.get("negate", False), "required": row.get("required", False)}
    implementation = row["type"] + "Specification"
    if shape == "guide":
        return outer | {"implementation": implementation, "fields": fields}
    if shape == "api":
        listed = [{"order": n, "name": k, "value": v} for n, (k, v) in enumerate(fields.items())]
        return outer | {"implementation": implementation, "fields": listed}
    return {"type": implementation, "body": outer | fields}


@pytest.mark.parametrize("shape", ["guide", "api", "database"])
@pytest.mark.parametrize("row", ROWS, ids=[f"{r['app']}-{r['type']}-{r.get('value', r.get('min'))}" for r in ROWS])
def test_a_condition_accepts_and_refuses_as_its_row_says(row: dict[str, Any], shape: str) -> None:
    formats = parse_formats({"name": "F", "specifications": [_specification(row, shape)]}, row["app"])
    assert parse_formats([f.to_json() for f in formats]) == formats
    for changes in row["accepts"]:
        assert matching(formats, _facts(changes)) == ("F",), changes
    for changes in row["refuses"]:
        assert matching(formats, _facts(changes)) == (), changes


def test_every_kind_of_condition_has_a_row() -> None:
    read = [parse_formats({"name": "F", "specifications": [_specification(r, "api")]}, r["app"]) for r in ROWS]
    types = {f.conditions[0].type for formats in read for f in formats}
    assert types == {
        "title", "edition", "language", "indexer_flag", "source", "resolution", "modifier", "size", "release_group",
        "release_type", "year",
    }  # fmt: skip


def _combined(*conditions: Condition) -> CustomFormat:
    return CustomFormat("F", conditions)


HERE, GONE = Condition("title", "REMUX"), Condition("title", "CAMRip")
HD, SD = Condition("resolution", 1080), Condition("resolution", 480)


@pytest.mark.parametrize(
    ("conditions", "matches"),
    [
        ((HERE, GONE), True),  # of one type one is enough
        ((HERE, SD), False),  # but every type must hold
        ((HERE, GONE, HD, SD), True),
        ((GONE, HD), False),
        ((Condition("title", "REMUX", required=True), Condition("title", "CAMRip", required=True)), False),
        ((Condition("title", "REMUX", required=True), GONE), True),
        ((HERE, Condition("title", "CAMRip", required=True)), False),
        ((HERE, Condition("title", "CAMRip", negate=True, required=True)), True),
        ((Condition("title", "REMUX", negate=True, required=True), HD), False),
        ((Condition("title", "CAMRip", negate=True), GONE), True),
        ((), True),
    ],
)
def test_of_each_type_one_must_hold_and_every_required_one(conditions: tuple[Condition, ...], matches: bool) -> None:
    assert bool(matching([_combined(*conditions)], _facts({}))) is matches


@given(st.permutations([HERE, GONE, HD, Condition("title", "WEB", negate=True), Condition("year", (2019, 2019))]))
def test_the_order_of_conditions_never_matters(conditions: list[Condition]) -> None:
    assert matching([_combined(*conditions)], _facts({})) == ("F",)


_conditions = st.builds(
    Condition,
    st.just("title"),
    st.sampled_from(["REMUX", "CAMRip", "1080p"]),
    negate=st.booleans(),
    required=st.booleans(),
) | st.builds(
    Condition,
    st.just("resolution"),
    st.sampled_from([480, 1080]),
    negate=st.booleans(),
    required=st.booleans(),
)


@given(st.lists(_conditions, max_size=6))
def test_what_matches_is_what_the_explanation_says_matches(conditions: list[Condition]) -> None:
    formats = [_combined(*conditions)]
    assert bool(matching(formats, _facts({}))) is explain(formats, _facts({}))[0].matched


def test_scores_add_up_and_formats_without_one_are_worth_nothing() -> None:
    profile = type(DEFAULT_PROFILES[0])(
        id="p", name="p", qualities=("SDTV",), cutoff="SDTV", scores={"A": 100, "B": -30}
    )
    assert score(["A", "B", "C"], profile) == 70


def test_an_explanation_shows_each_conditions_answer() -> None:
    (verdict,) = explain([_combined(HERE, SD)], _facts({}))
    assert not verdict.matched
    assert [holds for _, holds in verdict.conditions] == [True, False]
    assert verdict.problems == ()


def test_a_pattern_that_never_ends_is_given_up_reported_and_matches_nothing() -> None:
    endless = r"(x|xx|xxx)+y$"
    hard = _facts({"names": ["x" * 300 + "y!"]})
    formats = [
        _combined(Condition("title", endless)),
        _combined(Condition("title", endless, negate=True)),
        _combined(HD),
    ]
    for _ in range(4):
        assert matching(formats[:1], hard) == ()
    assert pattern(endless).slow
    assert matching(formats, hard) == ("F",)
    assert "too long" in explain(formats, hard)[0].problems[0]
    assert explain(formats, hard)[2].problems == ()


def test_a_pattern_is_looked_over_before_it_is_saved() -> None:
    assert problem(r"\bREMUX\b") is None
    assert "not a valid pattern" in (problem(r"(oops") or "")
    assert "too long" in (problem(r"(a|aa)+$") or "")


def test_facts_come_from_the_release_and_hide_a_films_own_title() -> None:
    release = Release(
        name="Remux.Dreams.2019.1080p.WEB-DL-GRP", title="Remux Dreams", kind="movie", year=2019, source="web-dl",
        resolution=1080, release_group="GRP", languages=("de",), spans={"title": ((0, 12),)},  # type: ignore[dict-item]  # a plain pair will do
    )  # fmt: skip
    facts = facts_of(release, quality("WEBDL-1080p"), size=5, flags=["internal"], file_name="remux dreams.mkv")
    assert facts.names == ("A.Movie.2019.1080p.WEB-DL-GRP", "remux dreams.mkv")
    assert (facts.source, facts.resolution, facts.year, facts.flags) == ("web", 1080, 2019, ("internal",))
    assert facts.languages == ("de",)
    assert facts_of(release, quality("WEBDL-1080p"), languages=["en"]).languages == ("en",)


@pytest.mark.parametrize(
    ("release", "kind"),
    [
        (Release(name="x"), "unknown"),
        (Release(name="x", seasons=(1,), episodes=(2,)), "single_episode"),
        (Release(name="x", absolute_episodes=(7, 8)), "multi_episode"),
        (Release(name="x", air_date="2020-01-01"), "single_episode"),
        (Release(name="x", seasons=(1,), full_season=True), "season_pack"),
    ],
)
def test_the_release_type_is_read_off_the_numbers(release: Release, kind: str) -> None:
    assert facts_of(release, QUALITIES["Unknown"]).release_type == kind


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ("text", "format 1: expected a format"),
        ({"specifications": []}, "no name"),
        ({"name": "F"}, "'F': it has no specifications"),
        ({"name": "F", "specifications": [5]}, "expected a condition"),
        ({"name": "F", "specifications": [{"name": "c", "implementation": "MoodSpecification"}]}, "condition 'c'.*Mood"),
        ({"name": "F", "specifications": [{"implementation": "SourceSpecification", "fields": {"value": 99}}]}, "99"),
        ({"name": "F", "specifications": [{"implementation": "LanguageSpecification", "fields": {}}]}, "a number"),
        ({"name": "F", "specifications": [{"implementation": "ReleaseTitleSpecification", "fields": {"value": "("}}]}, "valid pattern"),
        ({"name": "F", "specifications": [{"implementation": "ReleaseTitleSpecification", "fields": {}}]}, "regular"),
        ({"name": "F", "specifications": [{"implementation": "SizeSpecification", "fields": {"min": 9, "max": 1}}]}, "ends"),
        ({"name": "F", "specifications": [{"implementation": "YearSpecification", "fields": {"min": "a", "max": 1}}]}, "numbers"),
        ({"name": "F", "specifications": [], "trash_scores": {"default": "much"}}, "whole numbers"),
        ({"name": "F", "conditions": [{"type": "mood", "value": "x"}]}, "'mood'"),
        ({"name": "F", "conditions": [{"type": "size", "value": 5}]}, "range"),
        ({"name": "F", "conditions": [{"type": "resolution", "value": "HD"}]}, "1080"),
        ({"name": "F", "conditions": [{"type": "source", "value": 7}]}, "a word"),
        ({"name": "F", "conditions": [{"type": "source", "value": "web", "negate": 1}]}, "true or false"),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_an_error_that_says_where(data: object, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        parse_formats(data)


def test_one_wrong_format_costs_only_itself() -> None:
    good = {"name": "Good", "specifications": [], "includeCustomFormatWhenRenaming": True}
    formats, problems = read_formats([good, {"name": "Bad"}])
    assert [(f.name, f.in_names) for f in formats] == [("Good", True)]
    assert problems == ["format 'Bad': it has no specifications: is this a custom format?"]


def test_a_language_may_be_named_in_words_and_an_episode_condition_tells_whose_numbers_they_are() -> None:
    by_name = {"implementation": "LanguageSpecification", "fields": {"value": "Portuguese (Brazil)"}}
    packs = {"implementation": "ReleaseTypeSpecification", "fields": {"value": 3}}
    web = {"implementation": "SourceSpecification", "fields": {"value": 3}}
    (named,) = parse_formats({"name": "F", "specifications": [by_name]})
    (theirs,) = parse_formats({"name": "F", "specifications": [packs, web]})
    (films,) = parse_formats({"name": "F", "specifications": [web]})
    assert named.conditions[0].value == "pt-BR"
    assert theirs.conditions[1].value == "web"
    assert films.conditions[0].value == "telecine"


def test_the_two_apps_number_languages_differently() -> None:
    assert (LANGUAGES["radarr"][26], LANGUAGES["sonarr"][26]) == ("hi", "ar")
    assert (LANGUAGES["radarr"][57], LANGUAGES["radarr"][-2], LANGUAGES["sonarr"][-2]) == ("ka", "original", "original")


def test_a_guides_scores_are_by_set_with_a_usual_one() -> None:
    (tier,) = parse_formats(
        {"name": "T", "trash_id": "t1", "trash_scores": {"default": 10, "sqp-1": 70}, "specifications": []}
    )
    assert [tier.trash_score(s) for s in (None, "sqp-1", "other")] == [10, 70, 10]
    assert CustomFormat("x", ()).trash_score() == 0


GUIDE = {
    "name": "HD Bluray + WEB",
    "trash_score_set": "sqp-1",
    "upgradeAllowed": True,
    "cutoff": "Bluray-1080p",
    "minFormatScore": 0,
    "cutoffFormatScore": 10000,
    "minUpgradeFormatScore": 1,
    "language": "Original",
    "items": [
        {"name": "Bluray-1080p", "allowed": True},
        {"name": "WEB 1080p", "allowed": True, "items": ["WEBRip-1080p", "WEBDL-1080p"]},
        {"name": "Bluray-720p", "allowed": True},
        {"name": "SDTV", "allowed": False},
        {"name": "Unknown", "allowed": False},
    ],
    "formatItems": {"Tier 01": "t1"},
}
TIER = CustomFormat("Tier 01", (), trash_id="t1", trash_scores={"default": 1700, "sqp-1": 2000})


def test_a_guides_profile_is_read_with_its_scores() -> None:
    profile = parse_profile(GUIDE, [TIER])
    assert profile.qualities == (
        "Bluray-720p",
        QualityGroup("WEB 1080p", ("WEBRip-1080p", "WEBDL-1080p")),
        "Bluray-1080p",
    )
    assert (profile.cutoff, profile.upgrades, profile.languages) == ("Bluray-1080p", True, ("original",))
    assert profile.scores == {"Tier 01": 2000}


def test_an_apps_profile_is_read_with_numbers_for_groups_and_cutoff() -> None:
    answer = {
        "name": "HD",
        "upgradeAllowed": True,
        "cutoff": 1001,
        "items": [
            {"quality": {"id": 1, "name": "SDTV"}, "items": [], "allowed": False},
            {"id": 1001, "name": "WEB 720p", "allowed": True, "items": [
                {"quality": {"id": 5, "name": "WEBDL-720p"}, "allowed": True},
                {"quality": {"id": 14, "name": "WEBRip-720p"}, "allowed": True},
            ]},
            {"quality": {"id": 7, "name": "Bluray-1080p"}, "items": [], "allowed": True},
        ],
        "formatItems": [{"format": 3, "name": "Proper", "score": 5}, {"format": 4, "name": "Unscored", "score": 0}],
        "language": {"id": 1, "name": "English"},
    }  # fmt: skip
    profile = parse_profile(answer)
    assert profile.cutoff == "WEB 720p"
    assert list(profile.flat()) == ["WEBDL-720p", "WEBRip-720p", "Bluray-1080p"]
    assert (profile.scores, profile.languages) == ({"Proper": 5}, ("en",))


def test_a_databases_profile_is_read_with_the_names_of_its_numbers() -> None:
    row = {"name": "X", "cutoff": 7, "items": [{"quality": 1, "allowed": True}, {"quality": 7, "allowed": True}]}
    profile = parse_profile(row, quality_ids={1: "SDTV", 7: "Bluray-1080p"})
    assert profile.qualities == ("SDTV", "Bluray-1080p")
    assert (profile.cutoff, profile.upgrades) == ("Bluray-1080p", False)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"items": "all"}, "no quality profile"),
        ({"items": [{"name": "8K", "allowed": True}]}, "'8K'"),
        ({"items": [{"name": "SDTV", "allowed": False}]}, "allows no quality"),
        ({"cutoff": "SDTV"}, "SDTV is not allowed"),
        ({"cutoff": "DVD"}, "'DVD'"),
        ({"formatItems": {"Lost": "t9"}}, "Lost"),
        ({"formatItems": [{"name": "x"}]}, "no score"),
        ({"language": "Klingon"}, "Klingon"),
        ({"minFormatScore": "low"}, "minFormatScore"),
    ],
)
def test_a_wrong_profile_is_refused_with_what_is_wrong(change: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        parse_profile(GUIDE | change, [TIER])
