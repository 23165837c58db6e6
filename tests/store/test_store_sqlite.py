"""Opening, keeping and caring for the SQLite file: every way it can be refused ends in one line that says what to do."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import pytest
import trio

from migrations import MIGRATIONS
from mydia.errors import Invalid, Unavailable
from mydia.messages import Change
from mydia.store.engine import Connection, quick
from mydia.store.place import network_filesystem
from mydia.store.sqlite import SqliteEngine
from mydia.store.transaction import Transaction
from tests.support.stores import sqlite_in as engine_in

NOW = "2026-01-31T12:00:00.000000Z"
SECOND = ("0002_more", ("create table more (id text primary key)", "insert into more (id) values ('a')"))


def migrated(tmp_path: Path, *more: tuple[str, tuple[str, ...]]) -> SqliteEngine:
    return SqliteEngine(
        tmp_path / "mydia.db", backups=tmp_path / "backups", synchronous="NORMAL", migrations=(*MIGRATIONS, *more)
    )


def others_may(path: Path) -> int:
    return path.stat().st_mode & 0o077


def names_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def open_descriptors_of(path: Path) -> int:
    """How many descriptors of this process are of the database, its log aside."""
    found = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found += descriptor.readlink() == path
    return found


def put(tx: Transaction, key: str, value: str = "1") -> None:
    tx.insert("settings", {"key": key, "value": value, "updated_at": tx.now})


async def opened_and_closed(engine: SqliteEngine) -> None:
    await engine.open(NOW)
    await engine.close()


async def test_the_pragmas_of_the_mission_hold(tmp_path: Path) -> None:
    engine = SqliteEngine(tmp_path / "mydia.db", backups=tmp_path)
    await engine.open(NOW)
    names = ("journal_mode", "synchronous", "foreign_keys", "cache_size", "temp_store", "busy_timeout")

    def pragmas(tx: Transaction) -> list[object]:
        return [tx.value(f"pragma {n}") for n in names]

    assert (await engine.commit([Change(pragmas)], NOW)).done[0].value == ["wal", 2, 1, -64000, 2, 5000]
    reader = await engine.read(lambda c: [c.value(f"pragma {n}") for n in ("query_only", "wal_autocheckpoint")])
    assert reader == [1, 0]
    await engine.close()


async def test_without_the_log_there_is_a_rollback_journal(tmp_path: Path) -> None:
    engine = SqliteEngine(tmp_path / "mydia.db", backups=tmp_path, wal=False)
    await engine.open(NOW)
    assert await engine.read(lambda c: c.value("pragma journal_mode")) != "wal"
    await engine.close()


async def test_the_file_is_for_its_owner_alone_and_the_log_is_folded_in_at_the_end(tmp_path: Path) -> None:
    engine = engine_in(tmp_path)
    await opened_and_closed(engine)
    assert others_may(engine.path) == 0
    assert not engine.path.with_name("mydia.db-wal").exists()


async def test_a_second_daemon_is_refused_and_told_who_has_the_file(tmp_path: Path) -> None:
    first, second = engine_in(tmp_path), engine_in(tmp_path)
    await first.open(NOW)
    with pytest.raises(Unavailable, match=rf"another Mydia \(pid {os.getpid()}\) uses .*mydia\.db"):
        await second.open(NOW)
    await first.close()
    await opened_and_closed(second)


async def test_what_is_not_open_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="not open"):
        await engine_in(tmp_path).read(lambda c: c.value("select 1"))


async def test_a_query_in_flight_when_the_database_is_closed_ends_well_and_leaves_nothing_open(
    tmp_path: Path,
) -> None:
    engine = engine_in(tmp_path)
    await engine.open(NOW)
    began, go_on = threading.Event(), threading.Event()
    answers: list[object] = []

    def slow(conn: Connection) -> object:
        began.set()
        go_on.wait()
        return conn.value("select 1")

    async def ask() -> None:
        answers.append(await engine.read(slow))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await trio.to_thread.run_sync(began.wait)
        await engine.close()
        await engine.open(NOW)
        go_on.set()
    assert answers == [1]
    await engine.close()
    assert open_descriptors_of(engine.path) == 0


async def test_whoever_reads_while_the_database_is_being_closed_is_told_so(tmp_path: Path) -> None:
    engine = engine_in(tmp_path)
    told: list[type[BaseException] | None] = []

    async def read_on() -> None:
        while True:
            try:
                await engine.read(lambda c: c.value("select count(*) from settings"))
            except Unavailable:
                told.append(Unavailable)
                return

    for _ in range(20):
        await engine.open(NOW)
        async with trio.open_nursery() as nursery:
            for _ in range(6):
                nursery.start_soon(read_on)
            await trio.lowlevel.checkpoint()
            await engine.close()
    assert len(told) == 120


async def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mydia.db").write_bytes(b"a holiday film" * 1000)
    with pytest.raises(Invalid, match=r"mydia\.db is not a SQLite database; move it away"):
        await engine_in(tmp_path).open(NOW)
    assert (tmp_path / "mydia.db").read_bytes() == b"a holiday film" * 1000


async def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    engine = SqliteEngine(tmp_path / "file" / "mydia.db", backups=tmp_path)
    with pytest.raises(Unavailable, match=r"mydia\.db cannot be opened: (Not a directory|File exists)"):
        await engine.open(NOW)


async def test_a_damaged_file_is_refused_and_the_backups_are_named(tmp_path: Path) -> None:
    engine = engine_in(tmp_path)
    await opened_and_closed(engine)
    content = bytearray(engine.path.read_bytes())
    page = 4096
    for start in range(5 * page, len(content), page):
        content[start : start + 64] = b"\xff" * 64
    engine.path.write_bytes(content)
    with pytest.raises(Unavailable, match=r"is damaged .*restore a backup of .*backups: `mydia backup list`") as no:
        await engine_in(tmp_path).open(NOW)
    assert "\n" not in str(no.value)
    assert engine.path.read_bytes() == bytes(content)


async def test_after_a_refusal_the_lock_is_free_again(tmp_path: Path) -> None:
    (tmp_path / "mydia.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(Invalid):
        await engine_in(tmp_path).open(NOW)
    (tmp_path / "mydia.db").unlink()
    await opened_and_closed(engine_in(tmp_path))


# -- migrations


async def test_an_upgrade_keeps_the_data_and_a_backup_from_before(tmp_path: Path) -> None:
    old = engine_in(tmp_path)
    await old.open(NOW)
    await old.commit([Change(put, ("mine",))], NOW)
    await old.close()
    new = migrated(tmp_path, SECOND)
    await new.open(NOW)
    assert await new.read(lambda c: c.value("select count(*) from more")) == 1
    assert await new.read(lambda c: c.value("select value from settings where key = 'mine'")) == "1"
    await new.close()
    backup = tmp_path / "backups" / "mydia-before-0002_more-20260131T120000Z.db"
    with closing(sqlite3.connect(backup)) as raw:
        assert raw.execute("select name from sqlite_master where name = 'more'").fetchall() == []


async def test_a_new_file_needs_no_backup_before_its_migrations(tmp_path: Path) -> None:
    await opened_and_closed(migrated(tmp_path, SECOND))
    assert not (tmp_path / "backups").exists()


async def test_a_database_of_a_newer_program_is_refused_untouched(tmp_path: Path) -> None:
    await opened_and_closed(migrated(tmp_path, SECOND))
    before = (tmp_path / "mydia.db").read_bytes()
    with pytest.raises(Invalid, match=r"made by a newer Mydia \(.+\): it has migration 0002_more"):
        await engine_in(tmp_path).open(NOW)
    assert (tmp_path / "mydia.db").read_bytes() == before


async def test_a_migration_that_fails_half_way_leaves_the_old_state(tmp_path: Path) -> None:
    await opened_and_closed(engine_in(tmp_path))
    broken = ("0002_broken", ("create table half (id text)", "create table half (id text)"))
    with pytest.raises(Unavailable, match="already exists"):
        await migrated(tmp_path, broken).open(NOW)
    engine = migrated(tmp_path, ("0002_broken", ("create table half (id text)",)))
    await engine.open(NOW)
    assert await engine.read(lambda c: c.value("select count(*) from half")) == 0
    await engine.close()


async def test_opening_twice_applies_nothing_twice(tmp_path: Path) -> None:
    await opened_and_closed(migrated(tmp_path, SECOND))
    engine = migrated(tmp_path, SECOND)
    await engine.open(NOW)
    assert await engine.read(lambda c: c.value("select count(*) from more")) == 1
    await engine.close()


# -- care


async def test_a_backup_is_whole_verified_and_for_its_owner_alone(tmp_path: Path) -> None:
    engine = engine_in(tmp_path)
    await engine.open(NOW)
    await engine.commit([Change(put, ("mine",))], NOW)
    path = Path(await engine.backup(7, NOW))
    assert path == tmp_path / "backups" / "mydia-20260131T120000Z.db"
    assert others_may(path) == 0
    assert names_in(tmp_path / "backups") == [path.name]
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("select value from settings where key = 'mine'").fetchall() == [("1",)]
    await engine.close()


async def test_only_the_newest_backups_are_kept_and_those_before_migrations_stay(tmp_path: Path) -> None:
    engine = engine_in(tmp_path)
    await engine.open(NOW)
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "mydia-before-0002-20200101T000000Z.db").touch()
    for day in range(1, 6):
        await engine.backup(2, f"2026-01-0{day}T03:00:00.000000Z")
    assert names_in(tmp_path / "backups") == [
        "mydia-20260104T030000Z.db",
        "mydia-20260105T030000Z.db",
        "mydia-before-0002-20200101T000000Z.db",
    ]
    await engine.close()


async def test_a_backup_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "backups").touch()
    engine = engine_in(tmp_path)
    await engine.open(NOW)
    said = set()
    for now in (NOW, "2026-02-01T12:00:00.000000Z"):
        with pytest.raises(Unavailable, match="no backup of") as no:
            await engine.backup(7, now)
        said.add(str(no.value))
    assert len(said) == 1  # so that what lasts for nights is news once
    await engine.close()


async def test_broken_references_are_found(tmp_path: Path) -> None:
    engine = engine_in(tmp_path)
    await engine.open(NOW)
    assert await engine.check() == []
    await engine.close()
    with sqlite3.connect(engine.path) as raw:  # foreign keys are off here
        raw.execute("insert into slots (id, media_item_id, quality_profile_id, created_at) values ('s', 'm', 'q', '')")
    raw.close()
    await engine.open(NOW)
    assert sorted(await engine.check()) == [
        "row 1 of slots refers to a row of media_items that does not exist",
        "row 1 of slots refers to a row of quality_profiles that does not exist",
    ]
    await engine.close()


async def test_a_checkpoint_empties_the_log(tmp_path: Path) -> None:
    engine = engine_in(tmp_path)
    await engine.open(NOW)
    assert (await engine.status()).wal_size > 0
    await engine.checkpoint()
    status = await engine.status()
    assert status.wal_size == 0
    assert status.size > 0
    await engine.close()


async def test_the_house_works_on_while_a_backup_is_written(tmp_path: Path) -> None:
    import trio

    engine = engine_in(tmp_path)
    await engine.open(NOW)
    written = 0

    async def write() -> None:
        nonlocal written
        for n in range(100):
            await engine.commit(
                [Change(put, (f"k{n}", "x" * 5000))],
                NOW,
            )
            written += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(write)
        path = await engine.backup(7, NOW)
    assert written == 100
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("pragma integrity_check").fetchall() == [("ok",)]
    await engine.close()


# -- where the file lies

MOUNTS = """22 1 254:1 / / rw shared:1 - ext4 /dev/vda rw
30 22 0:50 / /srv rw - nfs4 nas:/export rw
31 30 0:51 / /srv/local\\040disk rw - ext4 /dev/vdb rw
32 22 0:52 / /home rw - cifs //nas/home rw
33 22 0:53 / /home rw - xfs /dev/vdc rw
34 22 0:54 / /mnt/films rw - fuse.sshfs nas:/films rw
35 22 0:55 / /mnt/pool rw - fuse.mergerfs a:b rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/mydia.db", None),
        ("/srv/mydia.db", "nfs4"),
        ("/srv/local disk/mydia.db", None),
        ("/srvice/mydia.db", None),
        ("/home/me/mydia.db", None),
        ("/mnt/films/mydia.db", "fuse.sshfs"),
        ("/mnt/pool/mydia.db", None),
    ],
)
def test_a_network_file_system_is_known_by_the_mount_that_holds_the_file(path: str, kind: str | None) -> None:
    assert network_filesystem(path, MOUNTS) == kind


# -- kill -9

WRITER = """
import sys, trio
from pathlib import Path
from tests.support.house import open_house

def put(tx, key):
    tx.insert("settings", {"key": key, "value": "x" * 200, "updated_at": tx.now})
    tx.enqueue("notify", {"key": key})

async def main():
    async with open_house(Path(sys.argv[1])) as house, trio.open_nursery() as nursery:
        async def send(who):
            n = 0
            while True:
                key = f"k{sys.argv[2]}.{who}.{n}"
                await house.write(put, key)
                sys.stdout.write(key + "\\n")
                sys.stdout.flush()
                n += 1
        for who in range(20):
            nursery.start_soon(send, who)

trio.run(main)
"""


def test_kill_9_loses_no_acknowledged_change_and_halves_none(tmp_path: Path) -> None:
    acknowledged: set[str] = set()
    for life in range(6):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(life)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for _ in range(1 + 83 * life):  # killed at another point of its work in each life
                acknowledged.add(process.stdout.readline().strip())
            process.send_signal(signal.SIGKILL)
            acknowledged |= {line.strip() for line in process.stdout if line.endswith("\n")}
    raw = sqlite3.connect(tmp_path / "mydia.db")
    stored = {row[0] for row in raw.execute("select key from settings")}
    jobs = {row[0] for row in raw.execute("select json_extract(args, '$.key') from jobs")}
    assert acknowledged
    assert acknowledged <= stored
    assert jobs == {key for key in stored if key.startswith("k")}
    assert raw.execute("pragma integrity_check").fetchall() == [("ok",)]
    raw.close()


@pytest.mark.parametrize("name", ["mydia.db", "mydia.db-wal"])
async def test_nothing_is_acknowledged_once_the_file_is_moved_away_and_all_goes_on_when_it_is_back(
    tmp_path: Path, name: str
) -> None:
    def put(tx: Transaction, key: str) -> None:
        tx.insert("settings", {"key": key, "value": "1", "updated_at": tx.now})

    def kept(conn: Connection) -> list[str]:
        return [row["key"] for row in conn.all("select key from settings where key in ('a', 'b', 'c') order by key")]

    engine = engine_in(tmp_path)
    await engine.open(NOW)
    await engine.commit([Change(put, ("a",))], NOW)
    (tmp_path / name).rename(tmp_path / "elsewhere")
    for replaced in (False, True):
        if replaced:
            (tmp_path / name).touch()
        with pytest.raises(Unavailable, match="was moved, deleted or replaced while Mydia had it open"):
            await engine.commit([Change(put, ("b",))], NOW)
        assert await engine.read(kept) == ["a"]
        assert (await engine.status()).engine
    (tmp_path / "elsewhere").replace(tmp_path / name)
    await engine.commit([Change(put, ("c",))], NOW)
    await engine.close()
    await engine.open(NOW)
    assert await engine.read(kept) == ["a", "c"]
    await engine.close()


def count_settings(conn: Connection) -> int:
    return int(conn.value("select count(*) from settings where key = 'k1'"))


@pytest.mark.parametrize("query", [count_settings, quick(partial(count_settings))], ids=["a read", "a quick one"])
async def test_a_file_that_another_program_holds_is_told_in_words_to_readers_and_writers(
    tmp_path: Path, query: Callable[[Connection], int]
) -> None:
    engine = SqliteEngine(tmp_path / "mydia.db", backups=tmp_path, synchronous="NORMAL", wal=False, readers=1)
    await engine.open(NOW)
    assert engine._writer is not None
    for raw in (engine._writer, engine._idle[0]):
        raw.execute("pragma busy_timeout = 0")
    with closing(sqlite3.connect(tmp_path / "mydia.db", isolation_level=None)) as shell:
        shell.execute("begin exclusive")
        with pytest.raises(Unavailable, match="cannot be read now: database is locked; another program holds it"):
            await engine.read(query)
        with pytest.raises(Unavailable, match="cannot be written now: database is locked; another program holds it"):
            await engine.commit([Change(put, ("k1",))], NOW)
        shell.execute("rollback")
    assert (await engine.commit([Change(put, ("k1",))], NOW)).done[0].error is None
    assert await engine.read(query) == 1
    await engine.close()
