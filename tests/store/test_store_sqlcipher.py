"""An encrypted database: nothing of it can be read without its key, its backups have the same, and whatever fails is one line."""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from mydia.errors import Invalid, Unavailable
from mydia.messages import Change
from mydia.store import maintenance
from mydia.store.backups import Keeper
from mydia.store.driver import Driver
from mydia.store.engine import Connection
from mydia.store.sqlite import SqliteEngine
from mydia.store.sqlite_whole import SqliteWhole
from mydia.store.transaction import Transaction
from tests.crash.faults import BROKEN_WRITE, Failing
from tests.crash.vfs import watched_by
from tests.support.stores import KEY, NOW, sqlite_in

PHRASE = "it's a \"phrase\" – über 64 Zeichen; pragma key = 'x'; " * 2
SECRET = "a word that stands nowhere else"


def put(tx: Transaction, key: str, value: str) -> None:
    tx.insert("settings", {"key": key, "value": value, "updated_at": tx.now})


def value(conn: Connection) -> object:
    return conn.value("select value from settings where key = 'mine'")


async def written(engine: SqliteEngine) -> None:
    await engine.open(NOW)
    assert (await engine.commit([Change(put, ("mine", SECRET))], NOW)).done[0].error is None
    await engine.close()


@pytest.mark.parametrize("key", [KEY, PHRASE, "ab" * 16])
async def test_what_is_written_is_read_with_the_key_alone(tmp_path: Path, key: str) -> None:
    engine = sqlite_in(tmp_path, key)
    await engine.open(NOW)
    await engine.commit([Change(put, ("mine", SECRET))], NOW)
    assert await engine.read(value) == SECRET
    status = await engine.status()
    assert status.engine == "SQLCipher"
    for path in (engine.path, engine.path.with_name("mydia.db-wal")):
        content = path.read_bytes()
        assert SECRET.encode() not in content
        assert b"settings" not in content
    await engine.close()
    with closing(sqlite3.connect(engine.path)) as raw, pytest.raises(sqlite3.DatabaseError, match="not a database"):
        raw.execute("select * from settings")
    again = sqlite_in(tmp_path, key)
    await again.open(NOW)
    assert await again.read(value) == SECRET
    await again.close()


async def test_sqlciphers_own_tools_open_it_with_the_phrase(tmp_path: Path) -> None:
    from sqlcipher3 import dbapi2

    engine = sqlite_in(tmp_path, PHRASE)
    await written(engine)
    with closing(dbapi2.connect(str(engine.path))) as raw:
        quoted = PHRASE.replace("'", "''")
        raw.execute(f"pragma key = '{quoted}'")
        assert raw.execute("select value from settings where key = 'mine'").fetchone() == (SECRET,)


@pytest.mark.parametrize("wrong", ["5f" * 32, "sesame", KEY.upper() + "0"])
async def test_a_wrong_key_is_one_line_and_changes_nothing(
    tmp_path: Path, wrong: str, capfd: pytest.CaptureFixture[str]
) -> None:
    engine = sqlite_in(tmp_path, KEY)
    await written(engine)
    before = engine.path.read_bytes()
    with pytest.raises(Invalid, match=r"mydia\.db cannot be opened with this database\.key") as told:
        await sqlite_in(tmp_path, wrong).open(NOW)
    assert "\n" not in str(told.value)
    assert wrong not in str(told.value)
    assert engine.path.read_bytes() == before
    assert capfd.readouterr() == ("", "")  # the library itself would print what it thinks of it
    await sqlite_in(tmp_path, KEY).open(NOW)


async def test_an_encrypted_file_without_a_key_is_left_alone(tmp_path: Path) -> None:
    await written(sqlite_in(tmp_path, KEY))
    with pytest.raises(Invalid, match=r"is not a SQLite database; .*\(or database\.key, if it is encrypted\)"):
        await sqlite_in(tmp_path).open(NOW)


async def test_a_plain_file_with_a_key_is_left_alone(tmp_path: Path) -> None:
    engine = sqlite_in(tmp_path)
    await written(engine)
    before = engine.path.read_bytes()
    with pytest.raises(Invalid, match=r"mydia\.db is not encrypted, but database\.key is set"):
        await sqlite_in(tmp_path, KEY).open(NOW)
    assert engine.path.read_bytes() == before


async def test_without_the_extra_the_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlcipher3.dbapi2", None)  # as Python itself marks what cannot be imported
    with pytest.raises(Invalid, match=r"SQLCipher is not installed: pip install 'mydia\[encryption\]'"):
        await sqlite_in(tmp_path, KEY).open(NOW)
    assert not (tmp_path / "mydia.db").exists()


@pytest.mark.parametrize("key", [KEY, PHRASE])
async def test_a_backup_has_the_key_and_is_verified_with_it(tmp_path: Path, key: str) -> None:
    engine = sqlite_in(tmp_path, key)
    await engine.open(NOW)
    await engine.commit([Change(put, ("mine", SECRET))], NOW)
    path = Path(await engine.backup(7, NOW))
    assert await engine.check() == []
    await engine.close()
    content = (tmp_path / "backups" / path.name).read_bytes()
    assert SECRET.encode() not in content
    assert not content.startswith(b"SQLite format")
    assert maintenance.faults(path, Driver(key)) == []
    assert maintenance.faults(path, Driver("another")) == ["file is not a database"]
    with closing(maintenance.connect_to_read(path, Driver(key))) as raw:
        assert raw.execute("select value from settings where key = 'mine'").fetchone() == (SECRET,)


@pytest.mark.parametrize("key", [KEY, PHRASE])
async def test_an_encrypted_backup_is_compared_and_restored(tmp_path: Path, key: str) -> None:
    engine = sqlite_in(tmp_path, key)
    await engine.open(NOW)
    await engine.commit([Change(put, ("mine", SECRET))], NOW)
    backup = Path(await engine.backup(7, NOW))
    await engine.commit([Change(Transaction.execute, ("delete from settings where key = 'mine'",))], NOW)
    await engine.close()
    keeper = Keeper(engine.path, engine.backups, Driver(key))
    assert keeper.compare(backup).lost == ""
    keeper.stage(backup)
    assert keeper.take() is not None
    again = sqlite_in(tmp_path, key)
    await again.open(NOW)
    assert await again.read(value) == SECRET
    await again.close()


async def test_a_backup_with_a_salt_of_its_own_is_read_as_soon_as_it_was_taken(tmp_path: Path) -> None:
    here, other = sqlite_in(tmp_path / "here", PHRASE), sqlite_in(tmp_path / "other", PHRASE)
    await written(here)
    await written(other)
    whole = SqliteWhole(here.path, here.backups, PHRASE)
    whole.keeper.stage(other.path)
    with whole.alone(), whole.reading() as conn:
        assert value(conn) == SECRET


async def test_a_disk_that_fails_is_said_to_who_writes_though_the_driver_tells_less_of_it(tmp_path: Path) -> None:
    disk = Failing(BROKEN_WRITE)
    with watched_by(disk):
        engine = sqlite_in(tmp_path, KEY)
        await engine.open(NOW)
        disk.always = True
        with pytest.raises(Unavailable, match=r"cannot be written now: disk I/O error; check the disk, its quota"):
            await engine.commit([Change(put, ("mine", SECRET))], NOW)
        disk.always = False
        await engine.commit([Change(put, ("mine", SECRET))], NOW)
        assert await engine.read(value) == SECRET
        await engine.close()


async def test_a_damaged_page_is_told_by_the_check(tmp_path: Path) -> None:
    engine = sqlite_in(tmp_path, KEY)
    await written(engine)
    content = bytearray(engine.path.read_bytes())
    content[8 * 4096 + 100] ^= 1
    engine.path.write_bytes(content)
    assert maintenance.faults(engine.path, Driver(KEY)) != []


def test_a_key_shows_in_no_representation() -> None:
    assert PHRASE not in repr(Driver(PHRASE))
