"""`mydia db`, `mydia backup` and `mydia restore`, as a person types them: what they say, and their exit codes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from mydia.cli import main
from mydia.databases import whole_at, whole_of
from mydia.errors import Invalid
from mydia.settings.load import load_config
from mydia.store import place
from mydia.store.place import PART
from mydia.store.sqlite_whole import SqliteWhole
from tests.support.postgres import Postgres
from tests.support.rows import everything, insert, lived_in, title, whole_in
from tests.support.stores import KEY

Said = tuple[int, str, str]


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MYDIA__DATA_DIR", str(tmp_path))


@pytest.fixture
def server(postgres: tuple[Postgres, str]) -> Iterator[str]:
    name = postgres[0].create()
    yield postgres[0].url(name)
    postgres[0].drop(name)


def mydia(capsys: pytest.CaptureFixture[str], *args: str) -> Said:
    code = main(args)
    said = capsys.readouterr()
    return code, said.out, said.err


def held() -> int:
    return whole_in(Path.cwd()).contents()["media_items"]


def test_everything_goes_out_and_comes_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = everything(lived_in(tmp_path))
    code, out, _ = mydia(capsys, "db", "export", "all.gz")
    assert code == 0
    assert out.startswith("41 rows written to all.gz (")
    assert (tmp_path / "all.gz").stat().st_mode & 0o077 == 0
    (tmp_path / "mydia.db").unlink()
    code, out, err = mydia(capsys, "db", "import", "all.gz")
    assert (code, out) == (0, "41 rows taken in, read back and compared.\n")
    assert "41 of 41 rows (100%)" in err
    assert everything(whole_in(tmp_path)) == before


def test_an_export_that_is_killed_before_its_end_leaves_no_file_of_that_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lived_in(tmp_path)
    script = """
import os, signal, sys
from mydia.cli import main

def kill(event, arguments):
    if event == "os.rename" and "all.gz" in repr(arguments):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(kill)
main(["db", "export", "all.gz"])
"""
    died = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, cwd=tmp_path)
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert not (tmp_path / "all.gz").exists()
    assert mydia(capsys, "db", "export", "all.gz")[0] == 0
    [left] = tmp_path.glob(f".*{PART}")
    os.utime(left, (1_000_000_000, 1_000_000_000))  # a day later
    assert mydia(capsys, "db", "export", "all.gz", "--replace")[0] == 0
    assert not list(tmp_path.glob(f".*{PART}"))


def test_what_is_there_already_is_not_written_over_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lived_in(tmp_path)
    (tmp_path / "all.gz").write_bytes(b"mine")
    assert mydia(capsys, "db", "export", "all.gz") == (
        1,
        "",
        "mydia: all.gz exists already; choose another name, or add --replace\n",
    )
    assert (tmp_path / "all.gz").read_bytes() == b"mine"
    (tmp_path / "folder").mkdir()
    for name in ("all.gz", "mydia.db", "folder", "/dev/null"):
        code, _, err = mydia(capsys, "db", "export", name, "--replace")
        assert (code, err) == (1, f"mydia: {name} is no export, and would be lost; choose another name\n")
    assert (tmp_path / "all.gz").read_bytes() == b"mine"
    assert held() == 20
    (tmp_path / "all.gz").unlink()
    for _ in range(2):
        assert mydia(capsys, "db", "export", "all.gz", "--replace")[0] == 0
    insert(tmp_path / "mydia.db", "media_items", title(99))
    code, _, err = mydia(capsys, "db", "import", "all.gz")
    assert (code, err) == (
        1,
        f"mydia: {tmp_path}/mydia.db is not empty: it holds 21 media items. Add --replace to take the file in instead of it\n",
    )
    assert held() == 21
    code, out, _ = mydia(capsys, "db", "import", "all.gz", "--replace")
    assert (code, held()) == (0, 20)
    assert "compared. The former database is kept as" in out


@pytest.mark.parametrize("args", [("db", "export", "x.gz"), ("backup",), ("db", "move", "--to", "y.db")])
def test_where_there_is_no_database_one_line_says_so(capsys: pytest.CaptureFixture[str], args: tuple[str, ...]) -> None:
    code, _, err = mydia(capsys, *args)
    assert code == 1
    assert "there is no database" in err
    assert err.count("\n") == 1
    assert not list(Path.cwd().glob("*.gz")) + list(Path.cwd().glob(".*.part"))


def test_a_move_to_postgresql_and_back_says_which_setting_to_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    before = everything(lived_in(tmp_path))
    code, out, err = mydia(capsys, "db", "move", "--to", server)
    assert code == 0, err
    assert "41 rows copied to PostgreSQL" in out
    assert out.endswith("Now set database.url (DATABASE_URL) to that address, and start Mydia.\n")
    code, out, _ = mydia(capsys, "db", "move", "--to", server)  # as after a kill behind its last step
    assert code == 0
    assert out.startswith("41 rows are in PostgreSQL")
    insert(tmp_path / "mydia.db", "media_items", title(99))
    assert mydia(capsys, "db", "move", "--to", server)[2].endswith("Move to an empty one\n")
    assert mydia(capsys, "db", "export", "changed.gz")[0] == 0
    monkeypatch.setenv("DATABASE_URL", server)
    code, out, err = mydia(capsys, "db", "move", "--to", "back.db")
    assert code == 0, err
    assert f"Now set database.path to {tmp_path}/back.db, remove database.url" in out
    assert everything(whole_in(tmp_path, "back")) == before
    assert mydia(capsys, "db", "export", "from-there.gz")[0] == 0
    assert mydia(capsys, "db", "import", "from-there.gz")[0] == 0
    assert mydia(capsys, "db", "import", "changed.gz")[0] == 1
    assert "are kept in the schema mydia_former" in mydia(capsys, "db", "import", "changed.gz", "--replace")[1]
    assert "already, compared; nothing was to be done" in mydia(capsys, "db", "import", "changed.gz", "--replace")[1]
    for args in (("backup",), ("backup", "list"), ("restore", "x")):
        assert mydia(capsys, *args)[2].endswith("is backed up by pg_dump, or by `mydia db export`\n")


def test_a_move_to_where_it_is_or_to_what_nobody_knows_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lived_in(tmp_path)
    assert "nothing is to be moved" in mydia(capsys, "db", "move", "--to", "mydia.db")[2]
    assert "mysql is no engine that Mydia knows" in mydia(capsys, "db", "move", "--to", "mysql://x/y")[2]
    code, _, err = mydia(capsys, "db", "move", "--to", "postgresql://mydia:secret-word@127.0.0.1:1/none")
    assert code == 1
    assert "127.0.0.1:1/none cannot be used" in err
    assert "secret-word" not in err


def test_an_encrypted_database_is_exported_moved_and_backed_up_with_its_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lived_in(tmp_path, name="plain")
    monkeypatch.setenv("DATABASE_PATH", "plain.db")
    assert mydia(capsys, "db", "export", "all.gz")[0] == 0
    monkeypatch.setenv("DATABASE_PATH", "sealed.db")
    monkeypatch.setenv("MYDIA__DATABASE__KEY", KEY)
    assert mydia(capsys, "db", "import", "all.gz")[0] == 0
    assert mydia(capsys, "db", "move", "--to", "moved.db")[0] == 0
    assert mydia(capsys, "backup")[0] == 0
    for path in (tmp_path / "sealed.db", tmp_path / "moved.db", *(tmp_path / "backups").iterdir()):
        assert not path.read_bytes().startswith(b"SQLite format 3"), path
    moved = SqliteWhole(tmp_path / "moved.db", tmp_path / "backups", KEY)
    assert everything(moved) == everything(whole_in(tmp_path, "plain"))


def test_a_backup_is_made_listed_and_put_back_after_saying_what_would_be_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lived_in(tmp_path)
    code, out, _ = mydia(capsys, "backup")
    assert code == 0
    assert out.endswith(" MB), verified\n")
    insert(tmp_path / "mydia.db", "media_items", title(99))
    code, out, _ = mydia(capsys, "backup", "list")
    name, _, _, _, *reason = out.split()
    assert (code, reason) == (0, ["by", "hand"])
    code, out, err = mydia(capsys, "restore", name)
    assert (code, err) == (1, "mydia: nothing was changed; add --yes to restore it\n")
    assert "Lost would be what is not in it: 1 title.\n  titles: Title 99\n" in out
    assert held() == 21
    code, out, _ = mydia(capsys, "restore", name, "--yes")
    assert (code, held()) == (0, 20)
    assert "Restored. The former database is kept as" in out
    former = next(p for p in (tmp_path / "backups").iterdir() if "before-restore" in p.name)
    assert mydia(capsys, "restore", str(former), "--yes")[0] == 0
    assert held() == 21


def test_a_backup_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lived_in(tmp_path)
    for name in ("mydia-nope.db", "../nope.db", "/nowhere/x.db", "x" * 5000):
        code, _, err = mydia(capsys, "restore", name, "--yes")
        assert (code, err) == (
            1,
            f"mydia: there is no backup {name!r}; `mydia backup list` and System → Backups show those there are\n",
        )


def test_while_a_daemon_has_the_database_reading_works_and_a_restore_lies_ready(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = lived_in(tmp_path)
    with whole.alone():
        assert mydia(capsys, "db", "export", "all.gz")[0] == 0
        assert mydia(capsys, "backup")[0] == 0
        for args in (("db", "import", "all.gz", "--replace"), ("db", "move", "--to", "other.db")):
            code, _, err = mydia(capsys, *args)
            assert code == 1
            assert "another Mydia" in err
        insert(whole.path, "media_items", title(99))
        code, out, _ = mydia(capsys, "restore", whole.keeper.backups()[0].name, "--yes")
        assert code == 0
        assert "taken when the daemon is started next: restart it now" in out
        assert "One lies ready since 20" in mydia(capsys, "backup", "list")[1]
        assert mydia(capsys, "restore", "--withdraw")[:2] == (
            0,
            "What lay ready is taken back; the database stays as it is.\n",
        )
        assert "ready" not in mydia(capsys, "backup", "list")[1]
        assert mydia(capsys, "restore", "--withdraw")[2] == "mydia: nothing lies ready to be restored\n"
        assert "name a backup" in mydia(capsys, "restore", "--yes")[2]
        assert mydia(capsys, "restore", whole.keeper.backups()[0].name, "--yes")[0] == 0
        assert held() == 21
    with whole.alone():
        assert held() == 20


def test_a_move_to_a_folder_is_refused_before_anything_is_copied(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lived_in(tmp_path)
    there = tmp_path / "there"
    there.mkdir()
    for text in ("there", "there/"):
        code, out, err = mydia(capsys, "db", "move", "--to", text)
        assert (code, out, err) == (1, "", f"mydia: {there} is a folder; a database is a file: name one in it\n")
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith("there")] == ["there"]


def test_nothing_is_moved_or_taken_in_to_where_the_daemon_would_refuse_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lived_in(tmp_path)
    assert mydia(capsys, "db", "export", "all.gz")[0] == 0
    monkeypatch.setattr(place, "NETWORK", frozenset({"tmpfs"}))
    with TemporaryDirectory(dir="/dev/shm") as away:
        there = Path(away) / "mydia.db"
        code, out, err = mydia(capsys, "db", "move", "--to", str(there))
        assert (code, out) == (1, "")
        assert "lies on a network file system (tmpfs), where SQLite can lose data" in err
        monkeypatch.setenv("MYDIA__DATABASE__PATH", str(there))
        assert "lies on a network file system" in mydia(capsys, "db", "import", "all.gz")[2]
        assert not there.exists()
        monkeypatch.setenv("MYDIA__DATABASE__ALLOW_NETWORK_FILESYSTEM", "true")
        assert mydia(capsys, "db", "import", "all.gz")[0] == 0
        assert there.exists()


def test_where_the_present_database_is_ruined_a_backup_is_put_back_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lived_in(tmp_path)
    assert mydia(capsys, "backup")[0] == 0
    name = mydia(capsys, "backup", "list")[1].split()[0]
    (tmp_path / "mydia.db").write_bytes(b"no database " * 1000)
    code, out, err = mydia(capsys, "restore", name, "--yes")
    assert (code, err) == (0, "")
    assert "What would be lost cannot be told: what there is now cannot be read (file is not a database)." in out
    assert held() == 20


def test_a_restore_by_address_needs_a_daemon_that_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lived_in(tmp_path)
    mydia(capsys, "backup")
    name = mydia(capsys, "backup", "list")[1].split()[0]
    code, _, err = mydia(capsys, "restore", name, "--yes", "--url", "http://127.0.0.1:1")
    assert (code, err.startswith("mydia: no daemon answers at http://127.0.0.1:1")) == (1, True)


def test_an_address_is_told_from_a_path() -> None:
    config = load_config(None, {}).config
    for path in ("a.db", "/x/a=b.db", "./postgresql"):
        assert isinstance(whole_at(path, config), SqliteWhole)
    for address in ("postgresql://mydia@h/d", "postgres://h/d", "host=h dbname=d"):
        assert whole_at(address, config).name.startswith("PostgreSQL ")
    with pytest.raises(Invalid):
        whole_at("sqlite:///x", config)
    assert whole_of(config).name.endswith("mydia.db")
