"""All that was chosen goes out as YAML and comes in again, whole or not at all."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mydia import choosing_yaml
from mydia.choosing import changes, queries
from mydia.core.quality import PRESETS, wizard
from mydia.errors import Conflict, Invalid
from mydia.settings.load import load_config
from tests.choosing.test_choosing_formats import EVERYTHING
from tests.support.house import open_house


async def test_what_goes_out_comes_in_again_just_so(tmp_path: Path) -> None:
    base = load_config(
        None,
        {
            "MYDIA__DOWNLOADS__RULES__IGNORED": '["cam", "/x26[45]$/"]',
            "MYDIA__DOWNLOADS__RULES__DELAY__TORRENT_MINUTES": "30",
            "MYDIA__MEDIA__NAMING__MOVIE": "{Movie Title} ({Release Year}) {[Custom Formats]}",
        },
    )
    async with open_house(tmp_path / "one", base.config) as house:
        await house.write(changes.put_format, EVERYTHING, actor="ada")
        for wish in PRESETS:
            profile = replace(wizard(wish), id="", scores={"Everything": -5}, languages=("dual", "de"))
            await house.write(changes.put_profile, profile, actor="ada")
        out = choosing_yaml.to_yaml(await house.read(choosing_yaml.export, base.config))
    plain = load_config(None, {})
    async with open_house(tmp_path / "two", plain.config) as house:
        chosen = choosing_yaml.read(choosing_yaml.from_yaml(out))
        adopted, loaded = await house.write(choosing_yaml.take_in, chosen, plain, actor="ada")
        assert (adopted.added, len(adopted.profiles)) == (("Everything",), len(PRESETS))
        assert loaded is not None
        assert choosing_yaml.to_yaml(await house.read(choosing_yaml.export, loaded.config)) == out
        assert loaded.sources["downloads.rules.delay.torrent_minutes"].kind == "runtime"
        assert loaded.sources["downloads.rules.min_seeders"].kind == "default"  # what is not changed follows the file
        again, unchanged = await house.write(choosing_yaml.take_in, chosen, loaded, actor="ada")
        assert (again.same, again.changed, unchanged) == (("Everything",), (), None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("formats: [", "no YAML"),
        ("a: &x [1]\nb: *x", "references"),
        ("[" * 5000, "YAML|nested"),
        ("7", "must be a mapping"),
        ("recipes: []", "no part 'recipes'"),
        ("formats: 7", "formats: must be a list"),
        ("rules: 7", "rules: must be a mapping"),
        (
            "formats: [{name: A, conditions: [{type: title, value: '('}]}]",
            "format 'A': condition 1: '\\(' is not a valid",
        ),
        ("profiles: [{name: B, qualities: [Betamax]}]", "profile 'B': unknown quality 'Betamax'"),
        ("profiles: [7]", "profile 1: it is no mapping"),
    ],
)
def test_a_wrong_document_is_refused_with_every_problem(text: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        choosing_yaml.read(choosing_yaml.from_yaml(text))


async def test_a_document_with_one_wrong_setting_changes_nothing(tmp_path: Path) -> None:
    document: dict[str, Any] = {
        "formats": [EVERYTHING.to_json()],
        "rules": {"min_seeders": -1, "delay": {"torrent": 1}},
        "naming": {"movie": "{titel}"},
    }
    base = load_config(None, {})
    async with open_house(tmp_path) as house:
        with pytest.raises(Invalid) as no:
            await house.write(choosing_yaml.take_in, choosing_yaml.read(document), base, actor="ada")
        for words in ("min_seeders", "delay.torrent: there is no such key", "{titel} is no token"):
            assert words in str(no.value)
        assert await house.read(queries.formats) == ()


async def test_a_setting_of_the_environment_stays(tmp_path: Path) -> None:
    base = load_config(None, {"MYDIA__DOWNLOADS__RULES__MIN_SEEDERS": "3"})
    async with open_house(tmp_path) as house:
        with pytest.raises((Invalid, Conflict), match="set by the environment"):
            chosen = choosing_yaml.read({"rules": {"min_seeders": 4}})
            await house.write(choosing_yaml.take_in, chosen, base, actor="ada")
