"""Custom formats: kept as they are put, named apart, renamed and forgotten together with their scores; read from other programs' JSON."""

from dataclasses import replace
from pathlib import Path

import pytest

from mydia.choosing import changes, queries
from mydia.choosing.model import problems_of, read_brought, scored
from mydia.core.formats import Condition, CustomFormat
from mydia.core.quality import DEFAULT_PROFILES
from mydia.errors import Conflict, Invalid, NotFound
from tests.support.choosing_world import format_of
from tests.support.house import open_house

EVERYTHING = CustomFormat(
    "Everything",
    (
        Condition("title", r"\bHDR\b", "HDR", required=True),
        Condition("edition", "Director"),
        Condition("language", "de", negate=True),
        Condition("language", "original", others=True),
        Condition("indexer_flag", "freeleech"),
        Condition("source", "bluray/remux"),
        Condition("resolution", 1080),
        Condition("modifier", "remux"),
        Condition("size", (1.0, 60.0)),
        Condition("release_group", "GRP"),
        Condition("release_type", "season_pack"),
        Condition("year", (1990.0, 2001.0)),
    ),
    in_names=True,
    trash_id="abc",
    trash_scores={"default": 5, "german": 9},
)
TRASH = {
    "trash_id": "493b6d1dbec3c3364c59d7607f7e3405",
    "trash_scores": {"default": 500, "german": 700},
    "name": "HDR",
    "includeCustomFormatWhenRenaming": True,
    "specifications": [
        {
            "name": "HDR",
            "implementation": "ReleaseTitleSpecification",
            "negate": False,
            "required": True,
            "fields": {"value": r"\bHDR(\b|\d)"},
        }
    ],
}
PROFILE = {
    "name": "Guide",
    "upgradeAllowed": True,
    "cutoff": "WEB 1080p",
    "items": [
        {"name": "Bluray-1080p", "allowed": True},
        {"name": "WEB 1080p", "allowed": True, "items": ["WEBRip-1080p", "WEBDL-1080p"]},
    ],
    "formatItems": {"HDR": "493b6d1dbec3c3364c59d7607f7e3405"},
}


async def test_a_format_comes_back_as_it_was_put(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        format_id = await house.write(changes.put_format, EVERYTHING, actor="ada")
        assert (await house.read(queries.get_format, format_id)).format == EVERYTHING
        assert await house.read(queries.formats) == (EVERYTHING,)
        with pytest.raises(Conflict, match="'Everything' already"):
            await house.write(changes.put_format, EVERYTHING, actor="ada")
        assert await house.write(changes.put_format, EVERYTHING, id=format_id, actor="ada") == format_id


async def test_a_renamed_format_keeps_its_scores_and_a_deleted_one_takes_them_along(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        format_id = await house.write(changes.put_format, format_of("Old", "x"), actor="ada")
        await house.write(changes.put_format, format_of("Other", "y"), actor="ada")
        mine = replace(DEFAULT_PROFILES[0], scores={"Old": 7, "Other": 1})
        await house.write(changes.put_profile, mine, actor="ada")
        await house.write(changes.put_format, format_of("New", "x"), id=format_id, actor="ada")
        assert (await house.read(queries.get_profile, "any")).scores == {"New": 7, "Other": 1}
        await house.write(changes.delete_format, format_id, actor="ada")
        assert (await house.read(queries.get_profile, "any")).scores == {"Other": 1}
        with pytest.raises(NotFound):
            await house.write(changes.delete_format, format_id, actor="ada")


async def test_a_profile_scores_only_formats_that_exist(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        with pytest.raises(Invalid, match="no custom format 'Ghost'") as no:
            await house.write(changes.put_profile, replace(DEFAULT_PROFILES[0], scores={"Ghost": 1}), actor="ada")
        assert no.value.field == "scores"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"cutoff": "Remux-2160p", "qualities": ("SDTV",)}, "cutoff"),
        ({"min_gain": 0}, "min_gain"),
        ({"languages": ("klingon",)}, "languages"),
        ({"qualities": ("SDTV", "SDTV")}, "qualities"),
        ({"qualities": ()}, "qualities"),
    ],
)
async def test_a_wrong_profile_is_refused_at_the_field_and_changes_nothing(
    tmp_path: Path, change: dict[str, object], field: str
) -> None:
    async with open_house(tmp_path) as house:
        with pytest.raises(Invalid) as no:
            await house.write(changes.put_profile, replace(DEFAULT_PROFILES[0], **change), actor="ada")  # type: ignore[arg-type]
        assert no.value.field == field
        assert await house.read(queries.list_profiles) == ()


def test_formats_and_profiles_of_the_guide_are_read_whatever_their_order() -> None:
    brought = read_brought([("profile.json", PROFILE), ("hdr.json", TRASH)])
    assert brought.problems == ()
    assert [(f.name, f.in_names, f.trash_scores["german"]) for f in brought.formats] == [("HDR", True, 700)]
    assert [(p.name, p.scores, p.cutoff) for p in brought.profiles] == [("Guide", {"HDR": 500}, "WEB 1080p")]


def test_each_problem_is_named_and_costs_only_its_own_format() -> None:
    slow = {**TRASH, "name": "Slow", "specifications": [_with_value(r"(.*a){12}x")]}
    broken = {**TRASH, "name": "Broken", "specifications": [_with_value("(")]}
    empty = {**TRASH, "name": "Empty", "specifications": []}
    brought = read_brought(
        [("a.json", [slow, broken, empty, 7]), ("b.json", TRASH), ("c.json", {**PROFILE, "items": [1]})]
    )
    assert [f.name for f in brought.formats] == ["HDR"]
    assert len(brought.problems) == 5
    for where, words in (
        ("a.json", "'Slow': condition 'HDR'"),
        ("a.json", "'Broken': condition 'HDR': '(' is not a valid pattern"),
        ("a.json", "'Empty': it has no conditions"),
        ("a.json", "format 4: expected a format, not 7"),
        ("c.json", "quality profile 'Guide'"),
    ):
        assert any(p.startswith(where) and words in p for p in brought.problems), (where, words, brought.problems)


def _with_value(value: str) -> dict[str, object]:
    return {**TRASH["specifications"][0], "fields": {"value": value}}  # type: ignore[index]


async def test_an_import_adds_changes_and_leaves_alone_by_name_and_by_the_guides_id(tmp_path: Path) -> None:
    brought = read_brought([("hdr.json", TRASH), ("profile.json", PROFILE)])
    async with open_house(tmp_path) as house:
        await house.write(changes.put_profile, replace(DEFAULT_PROFILES[0], id="any"), actor="ada")
        first = await house.write(
            changes.adopt, brought.formats, brought.profiles, profile_id="any", score_set="german", actor="ada"
        )
        assert (first.added, first.profiles) == (("HDR",), ("Guide",))
        assert (await house.read(queries.get_profile, "any")).scores == {"HDR": 700}
        again = await house.write(changes.adopt, brought.formats, actor="ada")
        assert again.same == ("HDR",)
        renamed = read_brought([("hdr.json", {**TRASH, "name": "HDR10"})])
        assert (await house.write(changes.adopt, renamed.formats, actor="ada")).changed == ("HDR10",)
        assert (await house.read(queries.default_profile, "Guide")).scores == {"HDR10": 500}
        assert len(await house.read(queries.list_formats)) == 1


def test_the_guides_scores_leave_other_scores_alone() -> None:
    profile = replace(DEFAULT_PROFILES[0], scores={"Mine": 3})
    formats = [CustomFormat("A", (), trash_scores={"default": 1}), CustomFormat("B", ())]
    assert scored(profile, formats).scores == {"Mine": 3, "A": 1}


def test_a_format_that_may_be_kept_has_no_problems() -> None:
    assert problems_of(EVERYTHING) == []
