"""What a person changes at run time, and the small facts of the house."""

from pathlib import Path

import pytest

from mydia.errors import Invalid
from mydia.settings import changes, queries
from mydia.settings.load import load_config, with_overrides
from supervisors.parts import Parts
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


@pytest.mark.parametrize(
    "values",
    [
        {"data_dir": "/other"},
        {"database.path": "/other.db"},
        {"database": {"path": "/other.db"}},
        {"server": {"port": 1}},
    ],
)
async def test_what_opens_the_database_cannot_be_set_in_it(tmp_path: Path, values: dict[str, object]) -> None:
    async with open_house(tmp_path) as house:
        with pytest.raises(Invalid, match="is needed before the database is open"):
            await house.write(changes.set_settings, load_config(None, {}), values, actor="ada")
        loaded = await house.write(changes.set_settings, load_config(None, {}), {"database.backups": 3}, actor="ada")
        assert loaded.config.database.backups == 3


async def test_a_setting_goes_back_to_what_the_file_says(tmp_path: Path) -> None:
    base = load_config(None, {})
    async with open_house(tmp_path) as house:
        await house.write(changes.set_settings, base, {"auth.session_days": 7}, actor="ada")
        loaded = await house.write(changes.set_settings, base, {"auth.session_days": None}, actor="ada")
        assert loaded.config.auth.session_days == 30
        assert await house.read(queries.overrides) == {}


async def test_what_does_not_go_with_the_file_any_more_is_left_out_and_the_rest_counts(tmp_path: Path) -> None:
    one, file = "    - {type: torznab, url: 'http://one', name: one}\n", tmp_path / "config.yml"
    file.write_text(f"downloads:\n  indexers:\n{one}{one.replace('one', 'two')}")
    async with open_house(tmp_path) as house:
        made = {"downloads.indexers.1.priority": 3, "auth.session_days": 7}
        await house.write(changes.set_settings, load_config(file, {}), made, actor="ada")
        file.write_text(f"downloads:\n  indexers:\n{one}")  # the second was taken out of the file since
        house.loaded = base = load_config(file, {})
        await Parts().settle(house)
        assert house.config.auth.session_days == 7
        # ... and is no reason to refuse whatever is set from now on.
        loaded = await house.write(changes.set_settings, base, {"media.recycle_days": 3}, actor="ada")
        assert (loaded.config.auth.session_days, loaded.config.media.recycle_days) == (7, 3)


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
