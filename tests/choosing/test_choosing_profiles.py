"""Quality profiles: kept as they are put, named apart, refused where they are wrong, and while titles use them not deleted."""

from dataclasses import replace
from pathlib import Path

import pytest

from mydia.choosing import changes, queries
from mydia.core.quality import DEFAULT_PROFILES, QualityProfile
from mydia.errors import Conflict, Invalid, NotFound
from mydia.store.transaction import Transaction
from tests.support.house import open_house


async def test_a_new_house_has_the_usual_profiles_once_and_a_deleted_one_stays_deleted(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        assert await house.write(changes.seed_defaults) == len(DEFAULT_PROFILES)
        profiles = await house.read(queries.list_profiles)
        assert {p.name: p for p in profiles} == {p.name: p for p in DEFAULT_PROFILES}
        for profile in profiles:
            await house.write(changes.delete_profile, profile.id, actor="ada")
        assert await house.write(changes.seed_defaults) == 0
        assert await house.read(queries.list_profiles) == ()


async def test_a_profile_comes_back_as_it_was_put(tmp_path: Path) -> None:
    odd = replace(DEFAULT_PROFILES[3], id="", name="Mine", languages=("de", "en"), min_gain=10, upgrades=True)
    async with open_house(tmp_path) as house:
        profile_id = await house.write(changes.put_profile, odd, actor="ada")
        assert await house.read(queries.get_profile, profile_id) == replace(odd, id=profile_id)
        changed: QualityProfile = replace(odd, id=profile_id, name="Ours")
        assert await house.write(changes.replace_profile, changed, actor="ada") == profile_id
        assert await house.read(queries.list_profiles) == (changed,)
        assert await house.read(queries.default_profile, "Ours") == changed
        await house.write(changes.delete_profile, profile_id, actor="ada")
        with pytest.raises(NotFound):  # by somebody who had it open
            await house.write(changes.replace_profile, changed, actor="bob")
        assert await house.read(queries.list_profiles) == ()


async def test_two_profiles_of_one_name_are_a_conflict(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.write(changes.seed_defaults)
        with pytest.raises(Conflict, match="'Any' already"):
            await house.write(changes.put_profile, replace(DEFAULT_PROFILES[1], name="Any"), actor="ada")
        with pytest.raises(Invalid, match="needs a name"):
            await house.write(changes.put_profile, replace(DEFAULT_PROFILES[1], id="", name=" "), actor="ada")
        with pytest.raises(NotFound, match="known are Any, HD-1080p"):
            await house.read(queries.default_profile, "Nothing")


async def test_a_profile_in_use_stays(tmp_path: Path) -> None:
    def use(tx: Transaction) -> None:
        times = {"created_at": tx.now, "updated_at": tx.now}
        tx.insert("media_items", {"id": "m", "type": "movie", "title": "M", "sort_title": "m", **times})
        tx.insert("slots", {"id": "s", "media_item_id": "m", "quality_profile_id": "any", "created_at": tx.now})

    async with open_house(tmp_path) as house:
        await house.write(changes.seed_defaults)
        await house.write(use)
        with pytest.raises(Conflict, match="'Any' is used by 1 titles"):
            await house.write(changes.delete_profile, "any", actor="ada")
