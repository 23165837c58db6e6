"""Backups of one file: what there is, what a restore would lose, and a restore that no kill can leave half done."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
import trio

from migrations import MIGRATIONS
from mydia.errors import Invalid, NotFound, Unavailable
from mydia.messages import Change
from mydia.store.backups import Keeper
from mydia.store.driver import Driver
from mydia.store.kept import Difference
from mydia.store.maintenance import faults
from mydia.store.place import PART, part_of
from mydia.store.portable import write_export
from mydia.store.sqlite import SqliteEngine
from mydia.store.transaction import Transaction
from tests.support.rows import NOW, event, insert, make, title, whole_in
from tests.support.stores import KEY

HOME = Path(__file__).parents[2]


def keeper_in(folder: Path, key: str | None = None) -> Keeper:
    return Keeper(folder / "mydia.db", folder / "backups", Driver(key))


def engine_in(folder: Path, key: str | None = None) -> SqliteEngine:
    return SqliteEngine(folder / "mydia.db", backups=folder / "backups", synchronous="NORMAL", key=key)


def titles_in(path: Path) -> list[str]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as raw:
        return [row[0] for row in raw.execute("select title from media_items order by id")]


def add(tx: Transaction, number: int) -> None:
    tx.insert("media_items", title(number))


async def opened_titles(engine: SqliteEngine) -> list[str]:
    """What a daemon that starts finds, and whether that is sound."""
    await engine.open(NOW)
    try:
        assert await engine.check() == []
        return await engine.read(lambda c: [row["title"] for row in c.all("select title from media_items order by id")])
    finally:
        await engine.close()


def with_a_backup(folder: Path) -> Keeper:
    """Title 1 and 2 are in the backup; title 1, 3 and 4 are there now."""
    path = make(folder / "mydia.db")
    insert(path, "media_items", title(1), title(2))
    insert(path, "events", *(event(n) for n in range(3)))
    keeper = keeper_in(folder)
    keeper.make("2026-01-30T03:00:00.000000Z")
    insert(path, "media_items", title(3), title(4))
    insert(path, "events", *(event(n) for n in range(5)))
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("delete from media_items where id = 'title-000002'")
    return keeper


# -- the list ----------------------------------------------------------------------------------------------------------------


def test_each_backup_says_when_and_why_it_was_made(tmp_path: Path) -> None:
    make(tmp_path / "mydia.db")
    keeper = keeper_in(tmp_path)
    assert keeper.backups() == []
    keeper.make(NOW)
    for name in (
        "mydia-20260101T031500Z.db",
        "mydia-before-0002_choosing-20260102T000000Z.db",
        "mydia-before-restore-20260103T000000Z.db",
    ):
        (tmp_path / "backups" / name).write_bytes(b"12345")
    found = [(b.name, b.made_at, b.reason) for b in keeper.backups()]
    assert found == [
        ("mydia-by-hand-20260131T120000Z.db", "2026-01-31T12:00:00Z", "by hand"),
        ("mydia-before-restore-20260103T000000Z.db", "2026-01-03T00:00:00Z", "before a restore"),
        ("mydia-before-0002_choosing-20260102T000000Z.db", "2026-01-02T00:00:00Z", "before a migration"),
        ("mydia-20260101T031500Z.db", "2026-01-01T03:15:00Z", "scheduled"),
    ]
    assert keeper.find("mydia-20260101T031500Z.db").size == 5


def test_what_merely_looks_like_a_backup_is_not_listed(tmp_path: Path) -> None:
    make(tmp_path / "mydia.db")
    folder = tmp_path / "backups"
    folder.mkdir()
    for name in (
        "mydia.db",
        "mydia-.db",
        "mydia-notes.db",
        "other-20260101T031500Z.db",
        "mydia-20260101T031500Z.db.part",
    ):
        (folder / name).touch()
    (folder / "mydia-20260102T031500Z.db").symlink_to("/etc/passwd")
    (folder / "mydia-20260103T031500Z.db").mkdir()
    assert keeper_in(tmp_path).backups() == []


@pytest.mark.parametrize(
    "name", ["", "../mydia.db", "..", "/etc/passwd", "mydia.db", "mydia-by-hand-20260131T120000Z.db/../x", "a\0b"]
)
def test_a_name_that_is_not_on_the_list_is_no_backup(tmp_path: Path, name: str) -> None:
    keeper = with_a_backup(tmp_path)
    for ask in (keeper.find, keeper.delete):
        with pytest.raises(NotFound, match="there is no backup"):
            ask(name)
    assert (tmp_path / "mydia.db").exists()


def test_a_backup_by_hand_outlives_the_nightly_ones_and_goes_when_it_is_deleted(tmp_path: Path) -> None:
    keeper = with_a_backup(tmp_path)

    async def nights() -> None:
        engine = engine_in(tmp_path)
        await engine.open(NOW)
        for day in (1, 2, 3):
            await engine.backup(1, f"2026-02-0{day}T03:00:00.000000Z")
        await engine.close()

    trio.run(nights)
    assert [b.reason for b in keeper.backups()] == ["scheduled", "by hand"]
    keeper.delete("mydia-by-hand-20260130T030000Z.db")
    assert [b.reason for b in keeper.backups()] == ["scheduled"]


def test_backups_of_a_clock_that_ran_ahead_do_not_cost_the_new_ones(tmp_path: Path) -> None:
    make(tmp_path / "mydia.db")
    keeper = keeper_in(tmp_path)
    for day in (1, 2, 3):
        keeper.make_nightly(3, f"2036-01-0{day}T03:00:00.000000Z")
    for day in (1, 2, 3):
        made = keeper.make_nightly(3, f"2026-01-0{day}T03:00:00.000000Z")
        assert made.path.exists()
    assert [b.made_at[:10] for b in keeper.backups()] == ["2026-01-03", "2026-01-02", "2026-01-01"]


def test_retention_never_touches_what_belongs_to_another_database(tmp_path: Path) -> None:
    for name in ("mydia", "mydia-2", "my[d]ia"):
        make(tmp_path / f"{name}.db")
    one, two, odd = (Keeper(tmp_path / f"{n}.db", tmp_path / "backups") for n in ("mydia", "mydia-2", "my[d]ia"))
    two.make(NOW)
    for keeper in (two, one, odd):
        for day in (1, 2, 3):
            keeper.make_nightly(1, f"2026-01-0{day}T03:00:00.000000Z")
    assert [len(keeper.backups()) for keeper in (one, two, odd)] == [1, 2, 1]


def test_a_migration_that_is_tried_again_and_again_does_not_fill_the_disk_with_backups(tmp_path: Path) -> None:
    make(tmp_path / "mydia.db")
    keeper = keeper_in(tmp_path)
    keeper.make_before("0001_other", NOW)
    for second in (1, 2, 3):
        keeper.make_before("0002_x", f"2026-01-01T03:00:0{second}.000000Z")
    assert [b.name for b in keeper.backups()] == [
        "mydia-before-0001_other-20260131T120000Z.db",
        "mydia-before-0002_x-20260101T030003Z.db",
        "mydia-before-0002_x-20260101T030001Z.db",
    ]


def test_what_a_killed_backup_left_goes_after_a_day_and_what_is_being_written_stays(tmp_path: Path) -> None:
    make(tmp_path / "mydia.db")
    keeper = keeper_in(tmp_path)
    keeper.make(NOW)
    left, fresh, other = (
        tmp_path / "backups" / f".{name}" for name in (f"{'a' * 16}{PART}", f"{'b' * 16}{PART}", f"mine{PART}")
    )
    for path in (left, fresh, other):
        path.touch()
    for path in (left, other):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    keeper.make(NOW)
    assert [path.exists() for path in (left, fresh, other)] == [False, True, True]


def test_what_could_not_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full"), part_of(tmp_path / "mydia.db") as part:
        part.with_name(f"{part.name}-journal").touch()  # as SQLite leaves it where the disk is full
        raise OSError("full")
    assert list(tmp_path.iterdir()) == []


def test_backups_and_restores_at_once_are_each_whole(tmp_path: Path) -> None:
    keeper = with_a_backup(tmp_path)
    kept = keeper.backups()[0].path

    async def all_at_once() -> None:
        async with trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(trio.to_thread.run_sync, keeper.make, NOW)
                nursery.start_soon(trio.to_thread.run_sync, keeper.stage, kept)

    trio.run(all_at_once)
    keeper.check(keeper.staged)
    keeper.check(keeper.find("mydia-by-hand-20260131T120000Z.db").path)
    keeper.take()
    assert titles_in(keeper.path) == ["Title 1", "Title 2"]
    assert not list(tmp_path.rglob(f"*{PART}*"))


# -- what would be lost ------------------------------------------------------------------------------------------------------


def test_what_a_restore_would_lose_and_bring_back_is_counted(tmp_path: Path) -> None:
    keeper = with_a_backup(tmp_path)
    said = keeper.compare(keeper.backups()[0].path)
    differing = [d for d in said.differences if d.lost or d.back]
    assert differing == [
        Difference("titles", lost=2, back=1, names=("Title 3", "Title 4")),
        Difference("events", lost=5, back=0),
    ]
    assert said.lost == "2 titles, 5 events"
    assert (said.last_event_at, said.migrations) == (NOW, ())
    assert said.program


def test_what_people_have_set_is_counted_too_and_the_first_of_what_would_be_lost_are_named(tmp_path: Path) -> None:
    path = make(tmp_path / "mydia.db")
    profile = {"id": "p", "name": "Best", "qualities": "[]", "created_at": NOW, "updated_at": NOW}
    insert(path, "quality_profiles", profile)
    keeper = keeper_in(tmp_path)
    kept = keeper.make(NOW)
    insert(path, "settings", {"key": "config:media.recycle_days", "value": "3", "updated_at": NOW})
    insert(path, "settings", {"key": "notifier.seq", "value": "7", "updated_at": NOW})
    insert(path, "media_items", *(title(n, year=1990 + n) for n in range(1, 8)))
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("update quality_profiles set updated_at = '2026-02-01T00:00:00.000000Z'")
    said = keeper.compare(kept.path)
    assert [d for d in said.differences if d.lost or d.back] == [
        Difference("titles", 7, 0, tuple(f"Title {n} ({1990 + n})" for n in range(1, 6))),
        Difference("quality profiles", 1, 1, ("Best",)),
        Difference("settings", 1, 0, ("media.recycle_days",)),
    ]


def test_an_older_backup_names_the_migrations_that_it_lacks(tmp_path: Path) -> None:
    path = make(tmp_path / "mydia.db")
    old = make(tmp_path / "old.db", MIGRATIONS[:1])
    custom = {"id": "f", "name": "No cam", "definition": "{}", "created_at": NOW, "updated_at": NOW}
    insert(path, "custom_formats", custom)
    said = keeper_in(tmp_path).compare(old)
    assert said.migrations == tuple(name for name, _ in MIGRATIONS[1:])
    assert said.lost == "1 custom format"  # of which the older program had no table


def test_where_the_present_database_cannot_be_read_nothing_is_promised_about_what_would_be_lost(tmp_path: Path) -> None:
    keeper = with_a_backup(tmp_path)
    keeper.path.write_bytes(b"\0" * 200 + os.urandom(20_000))
    said = keeper.compare(keeper.backups()[0].path)
    assert (said.differences, said.untold) == ((), "file is not a database")


def test_where_there_is_no_database_nothing_would_be_lost(tmp_path: Path) -> None:
    old = make(tmp_path / "old.db")
    assert keeper_in(tmp_path).compare(old).differences == ()


def test_what_is_no_sound_database_of_this_program_is_refused_and_nothing_is_laid_ready(tmp_path: Path) -> None:
    keeper = with_a_backup(tmp_path)
    good = keeper.backups()[0].path.read_bytes()
    newer = make(tmp_path / "newer.db", (*MIGRATIONS, ("9999_future", ("create table future (id text)",))))
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as raw:
        raw.execute("create table recipes (id text)")
    for name, content in (("cut.db", good[: len(good) // 2]), ("text.db", b"hello" * 1000), ("empty.db", b"")):
        (tmp_path / name).write_bytes(content)
    middle = len(good) // 2 // 4096 * 4096
    (tmp_path / "torn.db").write_bytes(good[:middle] + b"\xff" * 4096 + good[middle + 4096 :])
    worn = bytearray(good)
    for start in range(8 * 4096, len(worn), 4096):
        worn[start + 7] ^= 0x55  # of which integrity_check tells line after line
    (tmp_path / "worn.db").write_bytes(worn)
    with (tmp_path / "all.gz").open("wb") as out, whole_in(tmp_path).source() as source:
        write_export(source, out, NOW)
    for file, why in (
        (newer, r"newer\.db was made by a newer Mydia .*9999_future"),
        (other, r"other\.db is no database of Mydia"),
        (tmp_path / "cut.db", r"cut\.db is damaged or cut off .* take another backup"),
        (tmp_path / "torn.db", r"torn\.db is damaged or cut off .* take another backup"),
        (tmp_path / "worn.db", r"worn\.db is damaged or cut off .* take another backup"),
        (tmp_path / "text.db", "is no SQLite database; if it is encrypted, set database.key"),
        (tmp_path / "empty.db", r"empty\.db is no database of Mydia"),
        (tmp_path / "all.gz", "what `mydia db export` wrote, `mydia db import` takes in"),
    ):
        for ask in (keeper.compare, keeper.stage):
            with pytest.raises(Invalid, match=why) as no:
                ask(file)
            assert "\n" not in str(no.value)
            assert len(str(no.value)) < 500
    with pytest.raises(NotFound, match="there is no file"):
        keeper.stage(tmp_path / "none.db")
    assert not keeper.staged.exists()


# -- the restore -------------------------------------------------------------------------------------------------------------


async def test_what_lies_ready_is_taken_at_the_next_opening_and_the_former_database_is_kept(tmp_path: Path) -> None:
    keeper = await trio.to_thread.run_sync(with_a_backup, tmp_path)
    keeper.stage(keeper.backups()[0].path)
    assert await opened_titles(engine_in(tmp_path)) == ["Title 1", "Title 2"]
    assert not keeper.staged.exists()
    former = next(b for b in keeper.backups() if b.reason == "before a restore")
    assert titles_in(former.path) == ["Title 1", "Title 3", "Title 4"]
    keeper.stage(former.path)
    assert await opened_titles(engine_in(tmp_path)) == ["Title 1", "Title 3", "Title 4"]


def test_what_lies_ready_is_told_and_can_be_taken_back(tmp_path: Path) -> None:
    keeper = with_a_backup(tmp_path)
    assert keeper.ready_since() is None
    with pytest.raises(NotFound, match="nothing lies ready"):
        keeper.withdraw()
    keeper.stage(keeper.backups()[0].path)
    os.utime(keeper.staged, (1_000_000_000, 1_000_000_000))
    assert keeper.ready_since() == "2001-09-09T01:46:40Z"
    keeper.withdraw()
    assert (keeper.ready_since(), keeper.take()) == (None, None)
    assert titles_in(keeper.path) == ["Title 1", "Title 3", "Title 4"]


async def test_an_encrypted_database_is_restored_and_stays_encrypted(tmp_path: Path) -> None:
    engine, keeper = engine_in(tmp_path, KEY), keeper_in(tmp_path, KEY)
    await engine.open(NOW)
    await engine.commit([Change(add, (1,))], NOW)
    kept = keeper.make(NOW)
    await engine.commit([Change(add, (2,))], NOW)
    assert keeper.compare(kept.path).lost == "1 title"
    keeper.stage(kept.path)
    await engine.close()
    assert await opened_titles(engine) == ["Title 1"]
    for path in (engine.path, *(b.path for b in keeper.backups())):
        assert not path.read_bytes().startswith(b"SQLite format 3")
    with pytest.raises(Invalid, match=r"cannot be opened with this database.key: it was made with another"):
        keeper_in(tmp_path, "f0" * 32).stage(kept.path)
    with pytest.raises(Invalid, match=r"if it is encrypted, set database.key"):
        keeper_in(tmp_path).stage(kept.path)
    with pytest.raises(Invalid, match=r"is not encrypted, but database.key is set"):
        keeper.stage(await trio.to_thread.run_sync(make, tmp_path / "plain.db"))


def test_each_of_two_restores_in_one_second_keeps_what_it_replaces(tmp_path: Path) -> None:
    keeper = with_a_backup(tmp_path)
    kept = keeper.backups()[0].path
    for number in (5, 6):
        insert(keeper.path, "media_items", title(number))
        keeper.stage(kept)
        os.utime(keeper.staged, (1_000_000_000, 1_000_000_000))
        keeper.take()
    assert [titles_in(b.path) for b in keeper.backups() if b.reason == "before a restore"] == [
        ["Title 1", "Title 2", "Title 6"],
        ["Title 1", "Title 3", "Title 4", "Title 5"],
    ]


def test_where_the_backups_lie_on_another_disk_the_former_database_is_copied(tmp_path: Path) -> None:
    keeper = with_a_backup(tmp_path)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as other:
        away = Keeper(keeper.path, Path(other))
        away.stage(keeper.backups()[0].path)
        former = away.take()
        assert former is not None
        assert Path(other).stat().st_dev != tmp_path.stat().st_dev
        assert titles_in(former) == ["Title 1", "Title 3", "Title 4"]
    assert titles_in(keeper.path) == ["Title 1", "Title 2"]


def test_no_number_of_an_event_is_given_twice(tmp_path: Path) -> None:
    keeper = with_a_backup(tmp_path)
    keeper.stage(keeper.backups()[0].path)
    keeper.take()
    insert(keeper.path, "events", event(1))
    with closing(sqlite3.connect(keeper.path)) as raw:
        assert raw.execute("select max(seq) from events").fetchone() == (9,)


async def test_what_the_former_database_had_not_folded_in_is_kept_with_it_and_never_read_as_the_new_ones(
    tmp_path: Path,
) -> None:
    """A daemon that was killed leaves its last changes in a log beside the file; the log of one is poison for the other."""
    away, home = tmp_path / "away", tmp_path / "home"
    away.mkdir()
    home.mkdir()
    keeper = await trio.to_thread.run_sync(with_a_backup, home)
    shutil.copy(keeper.path, away / "mydia.db")
    engine = engine_in(away)
    await engine.open(NOW)
    await engine.commit([Change(add, (5,))], NOW)
    for ending in ("", "-wal", "-shm"):  # as a kill leaves them
        shutil.copy(away / f"mydia.db{ending}", home / f"mydia.db{ending}")
    await engine.close()
    keeper.stage(next(b.path for b in keeper.backups() if b.reason == "by hand"))
    assert await opened_titles(engine_in(home)) == ["Title 1", "Title 2"]
    former = next(b for b in keeper.backups() if b.reason == "before a restore")
    assert titles_in(former.path) == ["Title 1", "Title 3", "Title 4", "Title 5"]


def test_a_reference_to_nothing_keeps_nobody_from_a_backup_nor_from_the_way_back(tmp_path: Path) -> None:
    """It is told by the integrity check; without a backup it would be worse."""
    keeper = with_a_backup(tmp_path)
    with closing(sqlite3.connect(keeper.path)) as raw, raw:
        raw.execute("insert into slots (id, media_item_id, quality_profile_id, created_at) values ('s', 'm', 'q', '')")
    assert len(faults(keeper.path)) == 2
    kept = keeper.make(NOW)
    keeper.stage(keeper.find("mydia-by-hand-20260130T030000Z.db").path)
    keeper.take()
    assert faults(keeper.path) == []
    keeper.stage(kept.path)
    keeper.take()
    assert titles_in(keeper.path) == ["Title 1", "Title 3", "Title 4"]


async def test_a_damaged_database_is_replaced_too_and_kept_as_it_was(tmp_path: Path) -> None:
    keeper = await trio.to_thread.run_sync(with_a_backup, tmp_path)
    ruin = b"\0" * 200 + os.urandom(20_000)
    keeper.path.write_bytes(ruin)
    with pytest.raises(Invalid, match="is not a SQLite database"):
        await opened_titles(engine_in(tmp_path))
    keeper.stage(next(b.path for b in keeper.backups() if b.reason == "by hand"))
    assert await opened_titles(engine_in(tmp_path)) == ["Title 1", "Title 2"]
    former = next(b for b in keeper.backups() if b.reason == "before a restore")
    assert former.path.read_bytes() == ruin


async def test_a_database_that_is_gone_is_restored(tmp_path: Path) -> None:
    keeper = await trio.to_thread.run_sync(with_a_backup, tmp_path)
    keeper.path.unlink()
    keeper.stage(keeper.backups()[0].path)
    assert await opened_titles(engine_in(tmp_path)) == ["Title 1", "Title 2"]


def test_a_disk_that_is_full_lays_nothing_ready(tmp_path: Path) -> None:
    with_a_backup(tmp_path)
    script = """
import resource, signal, sys
from pathlib import Path
from mydia.errors import Unavailable
from tests.store.test_store_backups import keeper_in
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY))
keeper = keeper_in(Path(sys.argv[1]))
try:
    keeper.stage(keeper.backups()[0].path)
except Unavailable as no:
    print(no)
"""
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HOME)
    assert "cannot be laid ready" in done.stdout
    assert sorted(p.name for p in tmp_path.iterdir()) == ["backups", "mydia.db", "mydia.db.lock"]


async def test_while_somebody_reads_the_former_database_the_restore_waits_for_another_start(tmp_path: Path) -> None:
    keeper = await trio.to_thread.run_sync(with_a_backup, tmp_path)
    keeper.stage(keeper.backups()[0].path)
    with closing(sqlite3.connect(keeper.path, isolation_level=None)) as raw:
        raw.execute("pragma journal_mode = wal").fetchall()
        raw.execute("begin")
        raw.execute("select count(*) from media_items").fetchall()
        with pytest.raises(
            Unavailable, match=r"lies ready as .*mydia\.db\.restore cannot be taken: database is locked"
        ):
            await opened_titles(engine_in(tmp_path))
    assert await opened_titles(engine_in(tmp_path)) == ["Title 1", "Title 2"]


# -- kills -------------------------------------------------------------------------------------------------------------------

_VICTIM = """
import os, shutil, signal, sys
from pathlib import Path
from tests.store.test_store_backups import keeper_in

def life(folder, last, told):
    steps = 0

    def step(event, arguments):
        # Everything that a process does to files, as Python tells it; what SQLite does inside is a step as a whole.
        nonlocal steps
        if event in ("open", "os.rename", "os.link", "os.remove", "os.chmod", "sqlite3.connect", "shutil.copyfile"):
            if str(folder) in repr(arguments):
                steps += 1
                if steps == last:
                    os.kill(os.getpid(), signal.SIGKILL)

    keeper = keeper_in(folder)
    kept = next(b.path for b in keeper.backups() if b.reason == "by hand")
    sys.addaudithook(step)
    keeper.stage(kept)
    os.write(told, b"laid ready")
    keeper.take()

for last in range(1, 200):
    folder = Path(sys.argv[1]) / str(last)
    shutil.copytree(Path(sys.argv[1]) / "plan", folder)
    listen, told = os.pipe()
    victim = os.fork()
    if victim == 0:
        life(folder, last, told)
        os._exit(0)
    os.close(told)
    status = os.waitstatus_to_exitcode(os.waitpid(victim, 0)[1])
    print(last, status, int(os.read(listen, 20) == b"laid ready"), flush=True)
    os.close(listen)
    if status == 0:
        break
"""


def test_a_restore_that_is_killed_at_any_step_leaves_the_old_database_or_the_new_one(tmp_path: Path) -> None:
    plan = tmp_path / "plan"
    plan.mkdir()
    with_a_backup(plan)
    command = [sys.executable, "-c", _VICTIM, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HOME)
    assert done.returncode == 0, done.stderr
    trials = [tuple(int(word) for word in line.split()) for line in done.stdout.splitlines()]
    old, new = ["Title 1", "Title 3", "Title 4"], ["Title 1", "Title 2"]
    ends = []
    for last, status, ready in trials:
        folder = tmp_path / str(last)
        found = trio.run(opened_titles, engine_in(folder))
        backups = keeper_in(folder).backups()
        assert found == new or (found == old and not ready), (last, found)
        assert "mydia-by-hand-20260130T030000Z.db" in [b.name for b in backups]
        assert found == old or old in [titles_in(b.path) for b in backups]
        assert status == (0 if last == len(trials) else -signal.SIGKILL), done.stderr
        ends.append(found == new)
    assert len(set(ends[:-1])) == 2, "the kills fell on one side only"
