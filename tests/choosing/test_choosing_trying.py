"""Explaining and trying out: the answers of the real thing, and nothing done."""

from dataclasses import replace
from pathlib import Path

import pytest

from mydia import placing
from mydia.choosing import changes
from mydia.core.decide import Candidate
from mydia.downloads.queries import list_downloads
from mydia.errors import Invalid, NotFound
from mydia.settings.rules import Rules
from mydia.trying import explain_for, what_if
from tests.support.choosing_world import PROFILE, Lying, add_film, format_of, hold, offer, search
from tests.support.house import clock_of, open_house

WEB = "The.Film.2001.1080p.WEB-DL.H264-GRP"
BLURAY = "The.Film.2001.1080p.BluRay.H264-GRP"


async def test_an_explanation_tells_facts_rules_and_rank_of_a_title_in_the_library(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.write(changes.put_format, format_of("Group", "GRP$"), actor="test")
        ours = replace(PROFILE, id="ours", name="Ours", scores={"Group": 5}, cutoff="Bluray-1080p")
        await house.write(changes.put_profile, ours, actor="test")
        await house.write(
            changes.put_profile, replace(PROFILE, id="sd", name="SD", qualities=("SDTV",), cutoff="SDTV"), actor="test"
        )
        film = await add_film(house, profile="ours")
        await hold(house, film, Lying("f.mkv", BLURAY, quality="Bluray-1080p"))
        asked = (Candidate(WEB, size=4 << 30, seeders=5), Candidate("The.Film.1955.1080p.WEB-DL-GRP"))
        now, rules = house.clock.now(), Rules(ignored=["H264"])
        first, second = await house.read(explain_for, film, asked, now, rules)
        said = {rule: no and no.reason for rule, no in first.rules}
        assert said["wrong_title"] is None
        assert said["ignored_word"] == "the name holds H264"
        assert "Bluray-1080p is better" in (said["not_an_upgrade"] or "")
        assert ("custom formats", "Group: score 5") in first.facts
        assert "wrong_year" in {rule for rule, no in second.rules if no}
        (other,) = await house.read(explain_for, film, asked[:1], now, rules, profile_id="sd")
        assert "quality_not_wanted" in {rule for rule, no in other.rules if no}
        assert (await house.read(list_downloads)).items == ()
        with pytest.raises(NotFound):
            await house.read(explain_for, film, asked, now, rules, profile_id="nothing")
        with pytest.raises(NotFound):
            await house.read(explain_for, "nothing", asked, now, rules)


async def test_what_if_tells_which_files_would_be_wanting_and_which_decisions_would_turn(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.write(changes.put_format, format_of("Group", "GRP$"), actor="test")
        old = replace(PROFILE, id="ours", name="Ours", cutoff="WEB 1080p", cutoff_score=0)
        await house.write(changes.put_profile, old, actor="test")
        held = await add_film(house, profile="ours")
        searched = await add_film(house, "Another", profile="ours")
        await search(house, searched, offer("Another.2001.1080p.WEB-DL-GRP"), offer("Another.2001.CAM-XXX"))
        clock_of(house).advance(days=1)
        await hold(house, held, Lying("f.mkv", WEB))
        now, rules = clock_of(house).now(), Rules()

        same = await house.read(what_if, "ours", old, now, rules)
        assert (same.titles, same.looked_at, same.held, same.turned) == (2, 2, (), ())

        dearer = replace(old, cutoff="Bluray-1080p", scores={"Group": -10})
        found = await house.read(what_if, "ours", dearer, now, rules)
        assert [(h.title, h.file, h.score, h.new_score, h.becomes) for h in found.held] == [
            ("The Film", "f.mkv", 0, -10, "wanting")
        ]
        assert [(t.release, t.accepted) for t in found.turned] == [("Another.2001.1080p.WEB-DL-GRP", False)]
        assert "score -10 (Group)" in found.turned[0].reasons[0]

        await house.write(changes.put_profile, dearer, actor="test")
        back = await house.read(what_if, "ours", old, now, rules)
        assert [h.becomes for h in back.held] == ["at_rest"]
        assert [t.accepted for t in back.turned] == [True]
        with pytest.raises(Invalid, match="'Ghost'"):
            await house.read(what_if, "ours", replace(old, scores={"Ghost": 1}), now, rules)


async def test_what_if_goes_through_any_number_of_titles_page_by_page_and_counts_each_once(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        old = replace(PROFILE, id="ours", name="Ours", cutoff="WEBDL-1080p", cutoff_score=0)
        await house.write(changes.put_profile, old, actor="test")
        for n in range(5):
            film = await add_film(house, f"Film {n}", profile="ours")
            await hold(house, film, Lying(f"{n}.mkv", f"Film.{n}.2001.1080p.WEB-DL.H264-GRP"))
        await house.write(changes.put_profile, replace(old, id="theirs", name="Theirs"), actor="test")
        await add_film(house, "Of another profile", profile="theirs")
        dearer, now, seen, cursor, pages = replace(old, cutoff="Bluray-1080p"), house.clock.now(), list[str](), None, 0
        while True:
            found = await house.read(what_if, "ours", dearer, now, Rules(), cursor=cursor, portion=2)
            seen += [h.title for h in found.held]
            pages, cursor = pages + 1, found.next
            assert (found.titles, found.looked_at) == (5, 2 if cursor else 1)
            if cursor is None:
                break
        assert (sorted(seen), pages) == ([f"Film {n}" for n in range(5)], 3)
        with pytest.raises(Invalid, match="cursor"):
            await house.read(what_if, "ours", dearer, now, Rules(), cursor="broken")


async def test_what_if_asks_a_past_search_only_of_the_version_that_it_was_for(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        for name in ("ours", "theirs"):
            made = replace(PROFILE, id=name, name=name, cutoff="WEBDL-1080p", cutoff_score=0)
            await house.write(changes.put_profile, made, actor="test")
        film = await add_film(house, profile="ours")
        await house.write(placing.add_slot, film, name="Other", quality_profile_id="theirs", actor="test")
        await search(house, film, offer("The.Film.2001.CAM-XXX"))
        only = replace(PROFILE, id="theirs", name="theirs", qualities=("CAM",), cutoff="CAM")
        found = await house.read(what_if, "theirs", only, house.clock.now(), Rules())
        assert [(t.release, t.accepted) for t in found.turned] == [("The.Film.2001.CAM-XXX", True)]
