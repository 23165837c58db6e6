"""What a person chose decides searches: custom formats and their scores, files held, and every rule of the configuration."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mydia.choosing import changes
from mydia.choosing.queries import list_profiles
from mydia.core.formats import Condition, CustomFormat
from mydia.core.quality import QualityProfile
from mydia.downloads.model import SearchView
from mydia.downloads.queries import list_downloads, searches_of
from mydia.house import House
from mydia.jobs.queries import list_jobs
from mydia.settings.model import Config
from tests.support.choosing_world import PROFILE, Lying, add_film, format_of, hold, offer, search
from tests.support.crew import add, settle_in, show
from tests.support.house import clock_of, open_house

WEB = "The.Film.2001.1080p.WEB-DL.H264-GRP"
HDR = "The.Film.2001.1080p.WEB-DL.HDR.H265-GRP"


async def last_search(house: House, title_id: str) -> SearchView:
    return (await house.read(searches_of, title_id))[0]


async def a_house_of(house: House, profile: QualityProfile, *formats: CustomFormat) -> str:
    """A film whose profile is this one; its id."""
    await house.write(changes.adopt, formats, actor="test")
    profile_id = await house.write(changes.put_profile, replace(profile, id="", name="Ours"), actor="test")
    return await add_film(house, profile=profile_id)


async def test_of_two_releases_the_one_whose_formats_score_more_is_grabbed_and_the_score_is_kept(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        film = await a_house_of(house, replace(PROFILE, scores={"HDR": 50}), format_of("HDR", r"\bHDR\b"))
        await search(house, film, offer(WEB), offer(HDR))
        found = await last_search(house, film)
        assert found.chosen == HDR
        assert {c.title: c.score for c in found.candidates} == {WEB: 0, HDR: 50}
        assert found.candidates[0].release["formats"] == ["HDR"]
        assert ("format score", "50 (HDR)") in [(k["key"], k["value"]) for k in found.candidates[0].rank]


async def test_a_format_below_the_least_score_refuses_a_release(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        film = await a_house_of(house, replace(PROFILE, scores={"Bad": -100}), format_of("Bad", "GRP$"))
        await search(house, film, offer(WEB))
        (candidate,) = (await last_search(house, film)).candidates
        assert [r["rule"] for r in candidate.rejections] == ["score_too_low"]


async def test_a_held_file_is_upgraded_by_score_alone_and_then_no_more(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        profile = replace(PROFILE, scores={"HDR": 50}, cutoff="SDTV", cutoff_score=50)
        film = await a_house_of(house, profile, format_of("HDR", r"\bHDR\b"))
        await hold(house, film, Lying("The Film (2001)/film.mkv", WEB))
        await search(house, film, offer(WEB), offer(HDR))
        found = await last_search(house, film)
        assert found.chosen == HDR
        assert {r["rule"] for c in found.candidates if c.title == WEB for r in c.rejections} == {"not_an_upgrade"}


async def test_a_held_file_is_of_the_formats_of_its_release_languages_and_flags(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        formats = (
            format_of("HDR", r"\bHDR\b"),
            CustomFormat("German", (Condition("language", "de"),)),
            CustomFormat("Free", (Condition("indexer_flag", "freeleech"),)),
        )
        profile = replace(PROFILE, scores={"HDR": 10, "German": 10, "Free": 10}, cutoff="SDTV", cutoff_score=30)
        film = await a_house_of(house, profile, *formats)
        await hold(house, film, Lying("f.mkv", HDR, languages=("de",), metadata={"flags": ["freeleech"]}))
        await search(house, film, offer(HDR))
        assert await house.read(searches_of, film) == ()  # the score's cutoff is reached: nothing is sought


async def test_a_changed_score_makes_a_held_file_wanting_again(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        profile = replace(PROFILE, name="Ours", scores={"HDR": 10}, cutoff="SDTV", cutoff_score=10)
        film = await a_house_of(house, profile, format_of("HDR", r"\bHDR\b"), format_of("Group", "GRP$"))
        await hold(house, film, Lying("f.mkv", HDR))
        await search(house, film, offer("The.Film.2001.1080p.WEB-DL.HDR.H265-OTHER"))
        assert await house.read(searches_of, film) == ()
        (ours,) = [p for p in await house.read(list_profiles) if p.name == "Ours"]
        await house.write(changes.put_profile, replace(ours, scores={"HDR": 10, "Group": -5}), actor="test")
        await search(house, film, offer("The.Film.2001.1080p.WEB-DL.HDR.H265-OTHER"))
        assert (await last_search(house, film)).chosen == "The.Film.2001.1080p.WEB-DL.HDR.H265-OTHER"


async def test_a_release_that_turned_out_to_be_something_else_is_not_fetched_again(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        film = await a_house_of(house, replace(PROFILE, cutoff="Bluray-1080p"))
        await search(house, film, offer("The.Film.2001.1080p.BluRay-GRP"))
        (download,) = (await house.read(list_downloads)).items
        await hold(house, film, Lying("f.mkv", download.title, quality="SDTV"))
        await house.write(lambda tx: tx.update("downloads", download.id, status="imported", imported_at=tx.now))
        await house.write(lambda tx: tx.execute("delete from open_grabs"))
        await search(house, film, offer("The.Film.2001.1080p.BluRay-GRP"))
        (candidate,) = (await last_search(house, film)).candidates
        assert [r["rule"] for r in candidate.rejections] == ["already_held"]


async def test_what_a_delay_holds_back_is_searched_again_when_it_is_over(tmp_path: Path) -> None:
    async with open_house(tmp_path, {"downloads": {"rules": {"delay": {"torrent_minutes": 60}}}}) as house:
        film = await a_house_of(house, PROFILE)
        young = offer(WEB, published="2026-01-31T11:30:00Z")
        await search(house, film, young)
        assert [r["rule"] for r in (await last_search(house, film)).candidates[0].rejections] == ["delayed"]
        (waiting,) = (await house.read(list_jobs, "scheduled")).items
        assert (waiting.kind, waiting.scheduled_at[:16]) == ("search_media", "2026-01-31T12:30")
        clock_of(house).advance(minutes=31)
        await search(house, film, young)
        assert (await last_search(house, film)).chosen == WEB


GIB = 1 << 30
RULES: tuple[tuple[Mapping[str, Any], Mapping[str, Any], str], ...] = (
    ({"required": ["x265"]}, {}, "required_word"),
    ({"ignored": ["/-GRP$/"]}, {}, "ignored_word"),
    ({"max_size_gb": 1}, {}, "max_size"),
    ({"protocols": ["usenet"]}, {}, "protocol_off"),
    ({"min_seeders": 10}, {}, "too_few_seeders"),
    ({"min_free_gb": 10**9}, {}, "no_space"),
    ({"delay": {"torrent_minutes": 60}}, {"published": "2026-01-31T11:59:00Z"}, "delayed"),
    ({"required_flags": ["freeleech"]}, {}, "required_flag"),
    ({"min_age_minutes": 60}, {"protocol": "usenet", "published": "2026-01-31T11:59:00Z"}, "too_young"),
    ({"retention_days": 5}, {"protocol": "usenet", "published": "2025-01-31T11:59:00Z"}, "past_retention"),
)


@pytest.mark.parametrize(("rules", "release", "rule"), RULES, ids=[r[2] for r in RULES])
async def test_every_rule_that_is_set_changes_a_decision(
    tmp_path: Path, rules: Mapping[str, Any], release: Mapping[str, Any], rule: str
) -> None:
    (tmp_path / "downloads").mkdir()
    async with open_house(tmp_path) as house:
        await house.write(changes.put_profile, replace(PROFILE, id="ours", name="Ours"), actor="test")
        film = await add_film(house, profile="ours")
        assert rule not in await refusals(house, film, release)
    async with open_house(tmp_path, {"downloads": {"rules": rules}}) as house:
        assert rule in await refusals(house, film, release)


async def test_of_a_season_long_over_only_a_pack_is_taken_where_that_is_wished(tmp_path: Path) -> None:
    alone, pack = "One.Step.Beyond.S01E02.1080p.WEB-DL.H264-GRP", "One.Step.Beyond.S01.1080p.WEB-DL.H264-GRP"
    for days, refused in ((0, set()), (100, {"pack_required"})):
        rules = {"pack_required_after_days": days, "min_free_gb": 0}
        async with open_house(tmp_path / str(days), {"downloads": {"rules": rules}}) as house:
            await settle_in(house, (tmp_path, "tv_show"))
            step = await add(house, show())
            await search(house, step, offer(alone, size=1 << 20), offer(pack, size=3 << 20))
            found = {c.title: {r["rule"] for r in c.rejections} for c in (await last_search(house, step)).candidates}
            assert found == {alone: refused, pack: set()}


@pytest.mark.parametrize("rules", [{"availability_delay_days": 365}, {"min_availability": "released"}])
async def test_a_film_is_not_searched_before_it_is_as_available_as_the_rules_ask(
    tmp_path: Path, rules: Mapping[str, Any]
) -> None:
    async with open_house(tmp_path, {"downloads": {"rules": {"min_availability": "announced"}}}) as house:
        await house.write(changes.put_profile, replace(PROFILE, id="ours", name="Ours"), actor="test")
        film = await add_film(house, profile="ours", digital="2026-01-01", in_cinemas="2025-12-01")
        soon = await add_film(house, "Soon", profile="ours", digital=None, in_cinemas="2026-01-20")
        await search(house, soon, offer("Soon.2001.1080p.WEB-DL.H264-GRP"))
        assert (await last_search(house, soon)).accepted == 1
    async with open_house(tmp_path, {"downloads": {"rules": rules}}) as house:
        await search(house, film if "availability_delay_days" in rules else soon, offer(WEB))
        assert len(await house.read(searches_of, film)) == 0
        assert len(await house.read(searches_of, soon)) == 1


async def refusals(house: House, film: str, release: Mapping[str, Any]) -> set[str]:
    await house.write(lambda tx: tx.execute("delete from open_grabs"))
    await house.write(lambda tx: tx.execute("delete from downloads"))
    await search(house, film, offer(WEB, **release))
    return {r["rule"] for r in (await last_search(house, film)).candidates[0].rejections}


def test_words_and_patterns_are_checked_when_they_are_set() -> None:
    for rules, words in (
        ({"ignored": ["/(/"]}, "not a valid pattern"),
        ({"required": [" "]}, "must not be empty"),
        ({"protocols": []}, "at least 1 item"),
        ({"pack_min_share": 1.5}, "less than or equal to 1"),
    ):
        with pytest.raises(ValueError, match=words):
            Config.model_validate({"downloads": {"rules": rules}})
