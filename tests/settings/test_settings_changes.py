"""What a person changes at run time, the quality profiles, and the small facts of the house."""

from dataclasses import replace
from pathlib import Path

import pytest

from mydia.core.quality import DEFAULT_PROFILES, QualityProfile
from mydia.errors import Conflict, Invalid, NotFound
from mydia.settings import changes, queries
from mydia.settings.load import load_config, with_overrides
from mydia.store.transaction import Transaction
from tests.support.house import open_house


async def test_a_setting_changed_at_run_time_is_kept_over_a_restart(tmp_path: Path) -> None:
    base = load_config(None, {})
    async with open_house(tmp_path) as house:
        loaded = await house.write(
            changes.set_settings, base, {"auth.session_days": 7, "schedules.prune": "off"}, actor="ada"
        )
        assert loaded.config.auth.session_days == 7
        assert loaded.sources["auth.session_days"].where == "run time"
    async with open_house(tmp_path) as house:
        again = with_overrides(base, await house.read(queries.overrides))
        assert (again.config.auth.session_days, again.config.schedules.prune) == (7, "off")
        events = await house.read(lambda c: c.all("select actor, data from events"))
        assert events == [{"actor": "ada", "data": '{"keys":["auth.session_days","schedules.prune"]}'}]


async def test_a_wrong_value_changes_nothing_and_says_why(tmp_path: Path) -> None:
    base = load_config(None, {})
    async with open_house(tmp_path) as house:
        with pytest.raises(Invalid) as refused:
            await house.write(
                changes.set_settings,
                base,
                {"auth.session_days": 0, "auth.sesion": 1, "media.recycle_days": 3},
                actor="ada",
            )
        assert "run time: auth.session_days" in str(refused.value)
        assert "auth.sesion: there is no such key; did you mean" in str(refused.value)
        assert await house.read(queries.overrides) == {}


async def test_what_the_environment_sets_cannot_be_changed_here(tmp_path: Path) -> None:
    base = load_config(None, {"PORT": "4001"})
    async with open_house(tmp_path) as house:
        with pytest.raises(Invalid, match=r"server\.port is set by the environment \(PORT\); change it there"):
            await house.write(changes.set_settings, base, {"server.port": 4002}, actor="ada")


async def test_a_setting_goes_back_to_what_the_file_says(tmp_path: Path) -> None:
    base = load_config(None, {})
    async with open_house(tmp_path) as house:
        await house.write(changes.set_settings, base, {"auth.session_days": 7}, actor="ada")
        loaded = await house.write(changes.set_settings, base, {"auth.session_days": None}, actor="ada")
        assert loaded.config.auth.session_days == 30
        assert await house.read(queries.overrides) == {}


async def test_an_event_of_a_change_never_holds_the_value(tmp_path: Path) -> None:
    base = load_config(None, {})
    async with open_house(tmp_path) as house:
        await house.write(changes.set_settings, base, {"metadata.tmdb.api_key": "canary"}, actor="ada")
        assert "canary" not in str(await house.read(lambda c: c.all("select * from events")))


async def test_small_facts_are_put_read_and_forgotten(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        assert await house.read(queries.get_setting, "notifier.seq") is None
        await house.write(changes.put_setting, "notifier.seq", 7)
        await house.write(changes.put_setting, "notifier.seq", 8)
        assert await house.read(queries.get_setting, "notifier.seq") == 8
        await house.write(changes.put_setting, "notifier.seq", None)
        assert await house.read(queries.get_setting, "notifier.seq") is None
        assert await house.read(queries.overrides) == {}


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
    odd = replace(
        DEFAULT_PROFILES[3], id="", name="Mine", scores={"HDR": 5}, languages=("de", "en"), min_gain=10, upgrades=True
    )
    async with open_house(tmp_path) as house:
        profile_id = await house.write(changes.put_profile, odd, actor="ada")
        assert await house.read(queries.get_profile, profile_id) == replace(odd, id=profile_id)
        changed: QualityProfile = replace(odd, id=profile_id, name="Ours")
        assert await house.write(changes.put_profile, changed, actor="ada") == profile_id
        assert await house.read(queries.list_profiles) == (changed,)
        assert await house.read(queries.default_profile, "Ours") == changed


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
