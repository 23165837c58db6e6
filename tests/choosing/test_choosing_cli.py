"""`mydia formats` and `mydia choosing`: on the database while the daemon is down, through its API while it runs."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import trio
import yaml

from mydia.choosing.queries import default_profile, list_formats
from mydia.cli import main
from mydia.settings.load import load_config
from tests.choosing.test_choosing_formats import PROFILE, TRASH
from tests.support.house import open_house
from tests.support.web_world import open_web


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of JSON files, and a data folder, here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MYDIA__DATA_DIR", str(tmp_path / "data"))
    folder = tmp_path / "guide" / "cf"
    folder.mkdir(parents=True)
    (folder / "hdr.json").write_text(json.dumps(TRASH))
    (tmp_path / "guide" / "profile.json").write_text(json.dumps(PROFILE))


def mydia(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = main(args)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_folder_of_the_guide_comes_in_and_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert mydia(capsys, "formats", "import", "guide")[:2] == (
        0,
        "1 formats added, 0 changed, 0 were here already\nquality profiles: Guide\n",
    )
    code, out, _ = mydia(capsys, "formats", "import", "guide/cf", "--profile", "Guide", "--scores", "german")
    assert (code, out) == (0, "0 formats added, 0 changed, 1 were here already\n")
    assert mydia(capsys, "formats", "list")[:2] == (0, "HDR  Guide: 700\n")


def test_each_problem_is_named_and_the_rest_comes_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "guide" / "broken.json").write_text("{")
    (tmp_path / "guide" / "odd.json").write_text('{"name": "Odd"}')
    code, out, err = mydia(capsys, "formats", "import", "guide")
    assert (code, out.splitlines()[0]) == (1, "1 formats added, 0 changed, 0 were here already")
    assert [line.partition(": this")[0].partition(": it")[0] for line in err.splitlines()] == [
        "mydia: guide/broken.json",
        "mydia: guide/odd.json: format 'Odd'",
    ]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("formats", "import", "nowhere.json"), "nowhere.json cannot be read"),
        (("formats", "import", "empty"), "no JSON file"),
        (("formats", "import", "guide", "--profile", "Ghost"), "no quality profile 'Ghost'"),
        (("choosing", "import", "nowhere.yml"), "cannot be read"),
        (("choosing", "import", "wrong.yml"), "no part 'recipes'"),
        (("choosing", "export", "no/such/folder/x.yml"), "cannot be written"),
        (("formats", "list", "--url", "http://127.0.0.1:1"), "no daemon answers"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], args: Sequence[str], words: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "wrong.yml").write_text("recipes: []")
    code, _, err = mydia(capsys, *args)
    assert code == 1
    assert words in err


def test_what_is_exported_is_imported_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mydia(capsys, "formats", "import", "guide")
    assert mydia(capsys, "choosing", "export", "out.yml")[0] == 0
    document = yaml.safe_load((tmp_path / "out.yml").read_text())
    document["rules"]["ignored"] = ["cam"]
    (tmp_path / "out.yml").write_text(yaml.safe_dump(document))
    monkeypatch.setenv("MYDIA__DATA_DIR", str(tmp_path / "elsewhere"))
    assert mydia(capsys, "choosing", "import", "out.yml")[:2] == (0, "taken in\n")
    assert yaml.safe_load(mydia(capsys, "choosing", "export")[1]) == document


@pytest.mark.store("sqlite", "sqlcipher")  # PostgreSQL serves any number of programs
async def test_while_the_daemon_runs_the_database_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").mkdir()
    async with open_house(tmp_path / "data"):
        code = await trio.to_thread.run_sync(main, ["formats", "list"])
    assert code == 1
    assert "While the daemon runs, go through it: --url" in capsys.readouterr().err


async def test_a_running_daemon_is_told_through_its_api(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_web(tmp_path) as world:
        world.house.adopt(load_config(None, {}))
        monkeypatch.setenv("MYDIA_API_KEY", await world.key("admin"))

        async def say(*args: str) -> int:
            return await trio.to_thread.run_sync(main, [*args, "--url", world.base])

        assert await say("formats", "import", "guide", "--profile", "Any") == 0
        assert [k.format.name for k in await world.house.read(list_formats)] == ["HDR"]
        assert (await world.house.read(default_profile, "Any")).scores == {"HDR": 500}
        assert await say("formats", "list") == 0
        assert "HDR  Any: 500, Guide: 500" in capsys.readouterr().out
        assert await say("choosing", "export", "out.yml") == 0
        assert await say("choosing", "import", "out.yml") == 0
        assert await say("formats", "import", "guide", "--profile", "Ghost") == 1
        monkeypatch.setenv("MYDIA_API_KEY", "wrong")
        assert await say("formats", "list") == 1
        assert "401" in capsys.readouterr().err
