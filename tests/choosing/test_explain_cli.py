"""`mydia explain RELEASE --for TITLE`: by the library's own title, in the database, beside a daemon or not, or through a daemon elsewhere;
else for one that is assumed."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import trio

from migrations import MIGRATIONS
from mydia.choosing.changes import seed_defaults
from mydia.cli import main
from mydia.databases import read_apart
from mydia.errors import NotFound
from mydia.explain_cli import chosen
from mydia.house import House
from mydia.media.queries import get_media, list_media
from mydia.store.sqlite import SqliteEngine
from tests.support.choosing_world import Lying, add_film, hold
from tests.support.crew import add, film
from tests.support.house import open_house
from tests.support.stores import KEY, NOW, engine_in, sqlite_in, url_in
from tests.support.web_world import open_web

pytestmark = pytest.mark.store("sqlite")  # what it reads is every store's; how it is found is a file's
WEB = "The.Film.2001.1080p.WEB-DL.H264-GRP"
BLURAY = "The.Film.2001.1080p.BluRay.H264-GRP"


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MYDIA__DATA_DIR", str(tmp_path))
    monkeypatch.delenv("MYDIA_API_KEY", raising=False)


async def filled(house: House) -> None:
    """A film that is held by the best of it, and two of one name."""
    await house.write(seed_defaults)
    await hold(house, await add_film(house), Lying("f.mkv", BLURAY, quality="Bluray-1080p"))
    for year in (1933, 2005):
        await add(house, film("The Ape", year), default_profile="HD-1080p")


async def said(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, Any, str]:
    code = await trio.to_thread.run_sync(main, ["explain", *args, "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else None, err


def refusals(answer: Any) -> list[str]:
    return [r["rule"] for r in answer["rules"] if not r["passes"]]


async def test_a_release_is_explained_by_what_the_library_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_house(tmp_path) as house:
        await filled(house)
    code, (first, second), _ = await said(
        capsys, WEB, "The.Film.1955.1080p.WEB-DL-GRP", "--for", "the film", "--size", "4GB"
    )
    assert (code, first["accepted"]) == (0, False)
    assert "not_an_upgrade" in refusals(first)
    assert "wrong_year" in refusals(second)
    _, (other,), _ = await said(capsys, WEB, "--for", "The Film", "--profile", "SD")
    assert "quality_not_wanted" in refusals(other)
    assert (await said(capsys, WEB, "--for", "The Film", "--profile", "Ghost"))[0] == 1


async def test_the_library_is_read_beside_a_running_daemon_without_a_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_house(tmp_path) as house:
        await filled(house)  # what has just been written is still in the log alone
        log = tmp_path / "mydia.db-wal"
        written = log.stat().st_size
        code, (answer,), err = await said(capsys, WEB, "--for", "The Film", "--size", "4GB")
        assert (code, "not_an_upgrade" in refusals(answer), err) == (0, True, "")
        assert (log.stat().st_size, written > 0) == (written, True)  # and stays there: only the daemon folds it
        await hold(house, await add_film(house, "Other", 2003), Lying("o.mkv", "Other.2003.1080p.WEB-DL-GRP"))
        assert (await said(capsys, "Other.2003.1080p.WEB-DL-GRP", "--for", "Other"))[0] == 0


async def test_a_process_of_its_own_reads_beside_the_daemon(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await filled(house)
        cards = await read_apart(house, list_media, q="the film")
        assert [c.title for c in cards.items] == ["The Film"]
        with pytest.raises(NotFound):
            await read_apart(house, get_media, "nothing")
        await add_film(house, "Other", 2003)
        assert len((await read_apart(house, list_media)).items) == 4


async def test_an_encrypted_database_is_read_with_its_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, engine=sqlite_in(tmp_path, KEY)) as house:
        await filled(house)
        assert (await said(capsys, WEB, "--for", "The Film"))[0] == 1
        monkeypatch.setenv("MYDIA__DATABASE__KEY", KEY)
        code, (answer,), err = await said(capsys, WEB, "--for", "The Film", "--size", "4GB")
        assert (code, "not_an_upgrade" in refusals(answer), err) == (0, True, "")


@pytest.mark.store("postgres")
async def test_a_database_of_postgresql_is_read_beside_its_daemons(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_in(tmp_path)
    async with open_house(tmp_path, engine=engine) as house:
        await filled(house)
        monkeypatch.setenv("DATABASE_URL", url_in(tmp_path))
        code, (answer,), err = await said(capsys, WEB, "--for", "The Film", "--size", "4GB")
        assert (code, "not_an_upgrade" in refusals(answer), err) == (0, True, "")


async def test_a_database_of_an_older_program_is_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    older = SqliteEngine(tmp_path / "mydia.db", backups=tmp_path / "backups", migrations=MIGRATIONS[:-1])
    await older.open(NOW)
    await older.close()
    code, _, err = await said(capsys, WEB, "--for", "The Film")
    assert (code, "start the daemon once" in err) == (1, True)
    again = SqliteEngine(tmp_path / "mydia.db", backups=tmp_path / "backups", migrations=MIGRATIONS[:-1])
    await again.open(NOW)  # which would refuse a newer one
    await again.close()


async def test_which_of_several_titles_is_meant_is_said_by_the_year(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_house(tmp_path) as house:
        await filled(house)
    code, _, err = await said(capsys, "The.Ape.2005.1080p.WEB-DL-GRP", "--for", "The Ape")
    assert (code, "The Ape (1933), The Ape (2005)" in err) == (1, True)
    code, (answer,), _ = await said(
        capsys, "The.Ape.2005.1080p.WEB-DL-GRP", "--for", "The Ape", "--year", "2005", "--size", "4GB"
    )
    assert (code, "wrong_year" in refusals(answer)) == (0, False)


async def test_a_title_that_is_not_there_is_assumed_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answers, err = await said(capsys, WEB, "--for", "The Film")
    assert (code, answers[0]["accepted"]) == (0, True)
    assert "'The Film' is not in the library" in err
    assert await trio.to_thread.run_sync(lambda: list(tmp_path.iterdir())) == []  # looking made no database
    async with open_house(tmp_path) as house:
        await filled(house)
    assert "not in the library" in (await said(capsys, "Another.2001.1080p.WEB-DL-GRP", "--for", "Another"))[2]
    _, answers, err = await said(capsys, WEB, "--for", "The Film", "--assume")
    assert (answers[0]["accepted"], err) == (True, "")


async def test_a_daemon_elsewhere_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_web(tmp_path) as world:
        await filled(world.house)
        monkeypatch.setenv("MYDIA_API_KEY", await world.key("readonly"))
        reach: Sequence[str] = ("--url", world.base)
        code, (answer,), _ = await said(capsys, WEB, "--for", "The Film", "--size", "4GB", *reach)
        assert (code, "not_an_upgrade" in refusals(answer)) == (0, True)
        assert await trio.to_thread.run_sync(main, ["explain", WEB, "--for", "The Film", *reach]) == 0
        assert "refuses" in capsys.readouterr().out
        assert (await said(capsys, WEB, "--for", "The Film", "--profile", "Ghost", *reach))[0] == 1
        assert "not in the library" in (await said(capsys, "Other.2001-GRP", "--for", "Other", *reach))[2]


def test_the_whole_title_is_meant_before_one_that_contains_it() -> None:
    titles = [("1", "Alien", 1979), ("2", "Aliens", 1986)]
    assert chosen(titles, "alien", None) == "1"
    assert chosen(titles, "Alien", 1986) == "2"
    assert chosen([], "Alien", None) is None
