"""Everything out to a file and in again: what comes in is what went out, or nothing changes and one line says why."""

import gzip
import hashlib
import io
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from migrations import MIGRATIONS
from mydia.errors import Conflict, Invalid, MydiaError, NotFound, Unavailable
from mydia.messages import Change
from mydia.store import moving, postgres_whole
from mydia.store.portable import CHUNK, Chunk, Source, open_export, write_export
from mydia.store.postgres import PostgresEngine
from mydia.store.postgres_whole import PostgresWhole
from mydia.store.schema import Table, schema_of
from mydia.store.transaction import Transaction
from tests.support.postgres import Postgres
from tests.support.rows import (
    NOW,
    TABLES,
    event,
    everything,
    file_sum,
    insert,
    lived_in,
    make,
    title,
    until_nobody_is_in,
    whole_in,
)
from tests.support.stores import commit_all

Server = tuple[Postgres, str]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
WHOLE = st.integers(-(2**63), 2**63 - 1)
REAL = st.floats(allow_nan=False)


def rows_of(text: st.SearchStrategy[str]) -> st.SearchStrategy[list[tuple[str, dict[str, Any]]]]:
    """Rows of tables that refer to nothing, with every kind of value, and of one whose key has two columns."""
    kept = st.fixed_dictionaries({"key": text.map("k".__add__), "value": text, "updated_at": text})
    state = st.fixed_dictionaries(
        {"family": text, "name": text, "failures": WHOLE, "last_error": st.none() | text, "updated_at": text}
    )
    told = st.fixed_dictionaries(
        {
            "seq": st.integers(1, 2**63 - 1),
            "at": text,
            "type": text,
            "actor": text,
            "data": text,
            "media_item_id": st.none() | text,
        }
    )
    film = st.fixed_dictionaries({"id": text, "year": st.none() | WHOLE, "title": text, "metadata": st.none() | text})
    file = st.fixed_dictionaries(
        {
            "id": text,
            "relative_path": text,
            "size": WHOLE,
            "duration": st.none() | REAL,
            "audio_channels": st.none() | REAL,
        }
    )
    return st.tuples(
        st.lists(kept.map(lambda r: ("settings", r)), max_size=5, unique_by=lambda r: r[1]["key"]),
        st.lists(
            state.map(lambda r: ("provider_status", r)), max_size=5, unique_by=lambda r: (r[1]["family"], r[1]["name"])
        ),
        st.lists(told.map(lambda r: ("events", r)), max_size=5, unique_by=lambda r: r[1]["seq"]),
        st.lists(film.map(lambda r: ("media_items", {**title(0), **r})), max_size=5, unique_by=lambda r: r[1]["id"]),
        st.lists(
            file.map(
                lambda r: (
                    "media_files",
                    {"root_id": "r", "state": "new", "mtime_ns": 0, "created_at": "", "updated_at": "", **r},
                )
            ),
            max_size=5,
            unique_by=(lambda r: r[1]["id"], lambda r: r[1]["relative_path"]),
        ),
    ).map(lambda lists: [row for rows in lists for row in rows])


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without rows but for one library folder."""
    path = make(tmp_path_factory.mktemp("empty") / "mydia.db")
    root = {"id": "r", "path": "/films", "type": "movie", "created_at": NOW, "updated_at": NOW}
    insert(path, "library_roots", root)
    return path


@pytest.fixture
def server(postgres: Server) -> Iterator[str]:
    """The address of an empty database on PostgreSQL."""
    running, _ = postgres
    name = running.create()
    yield running.url(name)
    running.drop(name)


@pytest.fixture(scope="module")
def only(postgres: Server) -> Iterator[PostgresWhole]:
    """One database on PostgreSQL, replaced again and again."""
    running, _ = postgres
    name = running.create()
    yield PostgresWhole(running.url(name))
    running.drop(name)


def rows_in(export: bytes) -> list[bytes]:
    return gzip.decompress(export).split(b"\n")[1:-2]


def furnished(folder: Path, empty: Path, rows: list[tuple[str, dict[str, Any]]]) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    path = Path(shutil.copy(empty, folder / "mydia.db"))
    for table, row in rows:
        insert(path, table, row)
    return path


def exported(whole: moving.Whole, file: Path) -> Path:
    with whole.source() as source, file.open("wb") as out:
        write_export(source, out, NOW)
    return file


def brought_in(file: Path, target: moving.Whole) -> str:
    with open_export(file) as source, target.alone():
        return moving.bring(source, target, NOW, moving.quiet)


@given(rows=rows_of(TEXT))
@settings(max_examples=25)
def test_what_comes_in_is_what_went_out(tmp_path_factory: pytest.TempPathFactory, empty: Path, rows: Any) -> None:
    folder = tmp_path_factory.mktemp("law")
    furnished(folder, empty, rows)
    file = exported(whole_in(folder), folder / "all.gz")
    target = whole_in(folder, "other")
    brought_in(file, target)
    assert everything(target) == file.read_bytes()
    shutil.rmtree(folder)


@given(rows=rows_of(STORABLE))
@settings(
    max_examples=6, phases=[Phase.explicit, Phase.generate]
)  # each makes a database; what fails is read, not shrunk
def test_both_engines_say_the_same_of_the_same_rows(
    tmp_path_factory: pytest.TempPathFactory, only: PostgresWhole, empty: Path, rows: Any
) -> None:
    folder = tmp_path_factory.mktemp("law")
    furnished(folder, empty, rows)
    file = exported(whole_in(folder), folder / "all.gz")
    brought_in(file, only)
    with open_export(file) as source:
        counted = {**source.numbered}
    with only.source() as source:
        assert source.numbered["events"] >= counted["events"]
    assert rows_in(everything(only)) == rows_in(file.read_bytes())
    shutil.rmtree(folder)


def test_the_numbering_goes_on_where_the_other_database_stood(tmp_path: Path, server: str) -> None:
    file = exported(lived_in(tmp_path, titles=20), tmp_path / "all.gz")
    here, there = whole_in(tmp_path, "other"), PostgresWhole(server)
    for target in (here, there):
        brought_in(file, target)
        with target.source() as source:
            assert source.numbered == {"events": 40}
    insert(here.path, "events", event(1))
    with here.source() as source:
        assert source.numbered == {"events": 41}


def test_numbers_that_were_given_before_are_not_given_again_by_what_replaces_them(tmp_path: Path) -> None:
    file = exported(lived_in(tmp_path, titles=3, name="small"), tmp_path / "all.gz")
    target = lived_in(tmp_path, titles=50)
    brought_in(file, target)
    with target.source() as source:
        assert source.numbered == {"events": 100}


class Busy(io.BytesIO):
    """A file whose first bytes make somebody else write to the database that is being read."""

    def __init__(self, write: Callable[[], None]) -> None:
        super().__init__()
        self._write: Callable[[], None] | None = write

    def write(self, data: Any) -> int:
        if self._write is not None:
            change, self._write = self._write, None
            change()
        return super().write(data)


def test_an_export_is_one_state_while_others_write(tmp_path: Path, server: str) -> None:
    here, there = lived_in(tmp_path, titles=CHUNK + 10), PostgresWhole(server)
    moved(here, there)
    last = title(999_999)

    def there_too() -> None:
        with there.server.connect() as raw:
            names = ", ".join(last)
            values = ", ".join(f"%({name})s" for name in last)
            raw.execute(f"insert into media_items ({names}) values ({values})", last)  # noqa: S608 - names of the schema

    for whole, write in ((here, lambda: insert(here.path, "media_items", last)), (there, there_too)):
        before = everything(whole)
        out = Busy(write)
        with whole.source() as source:
            write_export(source, out, NOW)
        assert out.getvalue() == before
        assert everything(whole) != before


def test_rows_of_an_older_program_come_in_and_are_brought_up_to_date(tmp_path: Path) -> None:
    path = make(tmp_path / "old.db", MIGRATIONS[:1])
    insert(path, "media_items", title(1), title(2))
    file = exported(whole_in(tmp_path, "old"), tmp_path / "all.gz")
    assert head_of(file)["migrations"] == [MIGRATIONS[0][0]]
    target = whole_in(tmp_path)
    brought_in(file, target)
    assert target.contents()["media_items"] == 2
    with target.source() as source:
        assert source.migrations == MIGRATIONS


def test_what_was_brought_up_to_date_when_it_came_is_known_again_until_something_has_happened(
    tmp_path: Path, server: str
) -> None:
    """Brought in once more by a command that was killed behind its last step, it would be what is kept as the former database."""
    make(tmp_path / "old.db", MIGRATIONS[:1])
    insert(tmp_path / "old.db", "media_items", title(1), title(2))
    file = exported(whole_in(tmp_path, "old"), tmp_path / "all.gz")
    there, here = PostgresWhole(server), whole_in(tmp_path)
    for target in (there, here):
        with open_export(file) as source:
            assert not moving.is_there(source, target)
        brought_in(file, target)
        with open_export(file) as source:
            assert moving.is_there(source, target)
        with whole_in(tmp_path, "old").source() as source:
            assert moving.is_there(source, target)
    insert(tmp_path / "old.db", "media_items", title(3))
    insert(here.path, "events", event(1))
    with whole_in(tmp_path, "old").source() as source:
        assert not moving.is_there(source, there)
    with open_export(file) as source:
        assert not moving.is_there(source, here)


# -- files that cannot be taken in -------------------------------------------------------------------------------------------


def head_of(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gzip.decompress(file.read_bytes()).split(b"\n", 1)[0])
    return found


def rewritten(file: Path, change: Any) -> Path:
    """The same with its lines changed, and every checksum made good again: what an editor with time would leave."""
    *lines, _, _ = gzip.decompress(file.read_bytes()).split(b"\n")
    lines = change(lines)
    head, sums, at = json.loads(lines[0]), {}, 1
    for table in head["tables"]:
        rows = lines[at : at + table["rows"]]
        sums[table["name"]] = hashlib.sha256(b"".join(row + b"\n" for row in rows)).hexdigest()
        at += table["rows"]
    whole = b"".join(line + b"\n" for line in lines)
    trailer = {"sha256": sums, "all": hashlib.sha256(whole).hexdigest()}
    file.write_bytes(gzip.compress(whole + json.dumps(trailer).encode() + b"\n"))
    return file


def in_head(**more: Any) -> Any:
    return lambda lines: [json.dumps({**json.loads(lines[0]), **more}).encode(), *lines[1:]]


def swap(old: bytes, new: bytes) -> Any:
    return lambda lines: [line.replace(old, new) for line in lines]


def refused(file: Path, target: moving.Whole, why: str) -> None:
    """One line, and nothing is changed or left."""
    before = everything(target)
    with pytest.raises(MydiaError, match=why) as no:
        brought_in(file, target)
    assert "\n" not in str(no.value)
    assert everything(target) == before


def test_a_file_that_is_cut_off_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    whole = exported(lived_in(tmp_path), tmp_path / "all.gz").read_bytes()
    target = lived_in(tmp_path, 3, "target")
    for length in (0, 1, 9, 10, 11, len(whole) // 3, len(whole) // 2, len(whole) - 9, len(whole) - 1):
        (tmp_path / "cut.gz").write_bytes(whole[:length])
        refused(tmp_path / "cut.gz", target, "cannot be imported: it (ends before its end|is no export)")
    assert not list(tmp_path.glob("*.incoming*"))


def test_a_file_that_ends_after_a_whole_line_is_refused(tmp_path: Path) -> None:
    lines = gzip.decompress(exported(lived_in(tmp_path), tmp_path / "all.gz").read_bytes()).splitlines(keepends=True)
    target = lived_in(tmp_path, 3, "target")
    for kept in (1, 2, len(lines) // 2, len(lines) - 1):
        (tmp_path / "cut.gz").write_bytes(gzip.compress(b"".join(lines[:kept])))
        refused(tmp_path / "cut.gz", target, "it ends before its end: the rest is missing")


def test_a_changed_value_is_found_by_its_checksum(tmp_path: Path) -> None:
    file = exported(lived_in(tmp_path), tmp_path / "all.gz")
    plain = gzip.decompress(file.read_bytes())
    file.write_bytes(gzip.compress(plain.replace(b"Title 7", b"Title 8", 1)))
    refused(file, lived_in(tmp_path, 3, "target"), "its checksums are not those of its rows")


def test_a_flipped_bit_in_the_file_is_found(tmp_path: Path) -> None:
    file = exported(lived_in(tmp_path), tmp_path / "all.gz")
    whole, target = file.read_bytes(), lived_in(tmp_path, 3, "target")
    for at in range(12, len(whole), len(whole) // 12):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        refused(file, target, "cannot be imported")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (in_head(format=2), r"written by a newer Mydia .*its format is 2, this program reads 1"),
        (in_head(migrations=[*(m for m, _ in MIGRATIONS), "9999_future"]), r"newer Mydia .*has migration 9999_future"),
        (in_head(mydia="something"), "it is no export of a Mydia database"),
        (in_head(tables=[]), "its tables are not those of its migrations"),
        (in_head(tables=None), "its first line is damaged"),
        (in_head(numbered={"users": 3}), "its tables are not those of its migrations"),
        (swap(b'"movie"', b"7"), r"media_items.type is text, not '7'"),
        (swap(b'"movie"', b'"play"'), "does not hold together"),
        (swap(b",1900,", b",19000000000000000000,"), r"media_items.year is bigint"),
        (swap(b",1900,", b",true,"), r"media_items.year is bigint"),
        (swap(b",1900,", b", 1900,"), "did not arrive as they were sent"),
        (swap(b",1900,", b","), "a row of media_items has"),
        (swap(b'"title-000003"', b'"title-000002"'), "does not hold together"),
        (lambda lines: [*lines, b"[]"], "its checksums are not those|something follows"),
        (lambda lines: [b"[" * 100_000, *lines[1:]], "it is no export of a Mydia database"),
    ],
)  # fmt: skip
def test_a_file_that_an_editor_made_up_is_refused_too(tmp_path: Path, change: Any, why: str) -> None:
    file = exported(lived_in(tmp_path), tmp_path / "all.gz")
    lines = gzip.decompress(file.read_bytes()).split(b"\n")[:-2]
    if change(lines)[0].startswith(b"[["):
        file.write_bytes(gzip.compress(b"\n".join(change(lines))))
    elif not json.loads(change(lines)[0])["tables"]:
        file.write_bytes(gzip.compress(b"\n".join([*change(lines), b"{}", b""])))
    else:
        rewritten(file, change)
    refused(file, lived_in(tmp_path, 3, "target"), why)


def test_rows_that_refer_to_what_is_not_there_are_refused(tmp_path: Path) -> None:
    whole = lived_in(tmp_path)
    slot = {"id": "s", "media_item_id": "nobody", "quality_profile_id": "none", "created_at": NOW}
    insert(whole.path, "slots", slot)  # by a connection that does not look at references
    file = exported(whole, tmp_path / "all.gz")
    refused(file, lived_in(tmp_path, 3, "target"), r"row 1 of slots refers to a row of \w+ that does not exist")


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"SQLite format 3\0", gzip.compress(b"hello\n", mtime=0), gzip.compress(b'{"a": 1}\n', mtime=0)],
    ids=["nothing", "words", "a database", "words within", "another's JSON"],
)
def test_what_is_no_export_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "all.gz").write_bytes(content)
    refused(tmp_path / "all.gz", lived_in(tmp_path, 3, "target"), "cannot be imported: it (is no export|ends before)")


def test_a_file_or_database_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"none\.gz cannot be read: No such file"):
        brought_in(tmp_path / "none.gz", whole_in(tmp_path))
    with pytest.raises(NotFound, match=r"there is no database .*mydia\.db"):
        everything(whole_in(tmp_path))


# -- kills -------------------------------------------------------------------------------------------------------------------

_VICTIM = """
import os, signal, sys
from pathlib import Path
from mydia.errors import MydiaError
from mydia.store import moving
from mydia.store.portable import open_export
from tests.support.rows import NOW, whole_in

file, folder, name, last = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
told = 0

def progress(what, done, total):
    global told
    told += 1
    if told == last:
        os.kill(os.getpid(), signal.SIGKILL)

target = whole_in(folder, name)
with open_export(file) as source, target.alone():
    moving.bring(source, target, NOW, progress)
print(told)
"""


def killed_import(file: Path, folder: Path, last: int) -> subprocess.CompletedProcess[str]:
    """An import into `folder`, whose process is killed when the progress is told for the `last` time; 0: it is left alone."""
    command = [sys.executable, "-c", _VICTIM, str(file), str(folder), "mydia", str(last)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])


def test_a_killed_import_leaves_the_old_database_and_the_next_one_goes_on_from_there(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    file = exported(lived_in(tmp_path / "other", titles=CHUNK * 2 + 5), tmp_path / "all.gz")
    target = lived_in(tmp_path, 3)
    before = everything(target)
    for last in (1, 3, 5, 8, 10):
        died = killed_import(file, tmp_path, last)
        assert died.returncode == -signal.SIGKILL, died.stderr
        assert everything(target) == before
    with open_export(file) as source:
        kept = target.incoming()
        tables = {mark.table for mark in kept.begin(source)}
        kept.close()
    assert {"media_items", "events"} <= tables
    done = killed_import(file, tmp_path, 0)
    assert done.returncode == 0, done.stderr
    assert everything(target) == everything(whole_in(tmp_path / "other"))
    assert [b.reason for b in target.keeper.backups()] == ["before a restore"]
    assert not list(tmp_path.glob("*.incoming*"))


_TAKING_OVER = """
import os, shutil, signal, sys
from pathlib import Path
from mydia.store import moving
from mydia.store.portable import open_export
from tests.support.rows import NOW, whole_in

home, file = Path(sys.argv[1]), Path(sys.argv[2])

def life(folder, last):
    steps = counting = 0

    def step(event, arguments):
        # From the moment when all is there and compared: everything that the process does to files, as Python tells it.
        nonlocal steps
        if counting and event in ("open", "os.rename", "os.link", "os.remove", "os.chmod", "sqlite3.connect"):
            if str(folder) in repr(arguments):
                steps += 1
                if steps == last:
                    os.kill(os.getpid(), signal.SIGKILL)

    def progress(what, done, total):
        nonlocal counting
        counting = what == "comparing" and done == total

    sys.addaudithook(step)
    target = whole_in(folder)
    with open_export(file) as source, target.alone():
        moving.bring(source, target, NOW, progress)

for last in range(1, 200):
    folder = home / str(last)
    shutil.copytree(home / "plan", folder)
    victim = os.fork()
    if victim == 0:
        life(folder, last)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(victim, 0)[1])
    print(last, status, flush=True)
    if status == 0:
        break
"""


def test_an_import_that_is_killed_while_it_takes_over_leaves_the_old_database_or_the_new_one(tmp_path: Path) -> None:
    for name in ("plan", "other"):
        (tmp_path / name).mkdir()
    file = exported(lived_in(tmp_path / "other", titles=9), tmp_path / "all.gz")
    old, new = everything(lived_in(tmp_path / "plan", titles=3)), everything(whole_in(tmp_path / "other"))
    command = [sys.executable, "-c", _TAKING_OVER, str(tmp_path), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    trials = [line.split() for line in done.stdout.splitlines()]
    found = []
    for last, _ in trials:
        target = whole_in(tmp_path / last)
        with target.alone():  # as a daemon that starts: what lies ready is taken
            found.append(everything(target))
        assert found[-1] in (old, new), last
        if found[-1] == old:
            brought_in(file, target)
            assert everything(target) == new, last
    assert [status for _, status in trials[:-1]] == [str(-signal.SIGKILL)] * (len(trials) - 1), done.stderr
    assert old in found[:-1]
    assert new in found[:-1]


def test_what_another_file_left_unfinished_is_begun_anew(tmp_path: Path) -> None:
    for name, titles in (("one", CHUNK + 5), ("two", 7)):
        (tmp_path / name).mkdir()
        exported(lived_in(tmp_path / name, titles=titles), tmp_path / f"{name}.gz")
    assert killed_import(tmp_path / "one.gz", tmp_path, 3).returncode == -signal.SIGKILL
    brought_in(tmp_path / "two.gz", whole_in(tmp_path))
    assert everything(whole_in(tmp_path)) == (tmp_path / "two.gz").read_bytes()


_FULL = """
import resource, signal, sys
from pathlib import Path
from mydia.errors import Unavailable
from mydia.store import moving
from mydia.store.portable import open_export
from tests.support.rows import NOW, whole_in

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
target = whole_in(Path(sys.argv[2]))
with open_export(Path(sys.argv[1])) as source, target.alone():
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
    try:
        moving.bring(source, target, NOW, moving.quiet)
    except Unavailable as no:
        print(no)
"""


def test_a_disk_that_is_full_changes_nothing_and_the_next_try_succeeds(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    file = exported(lived_in(tmp_path / "other", titles=CHUNK * 2), tmp_path / "all.gz")
    target = lived_in(tmp_path, 3)
    before = everything(target)
    command = [sys.executable, "-c", _FULL, str(file), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert "mydia.db.incoming cannot be written" in done.stdout
    assert everything(target) == before
    brought_in(file, target)
    assert everything(target) == file.read_bytes()


# -- to the other engine -----------------------------------------------------------------------------------------------------


def moved(origin: moving.Whole, target: moving.Whole) -> None:
    with origin.alone(), target.alone(), origin.source() as source:
        moving.bring(source, target, NOW, moving.quiet)


def test_a_move_there_and_back_brings_back_every_row_and_leaves_the_source_alone(tmp_path: Path, server: str) -> None:
    origin, there, back = lived_in(tmp_path, CHUNK + 3), PostgresWhole(server), whole_in(tmp_path, "back")
    before = file_sum(origin.path)
    moved(origin, there)
    moved(there, back)
    assert everything(origin) == everything(there) == everything(back)
    assert file_sum(origin.path) == before


def test_a_target_that_holds_something_is_refused(tmp_path: Path, server: str) -> None:
    there = PostgresWhole(server)
    moving.refuse_if_lived_in(there, "")
    moved(lived_in(tmp_path), there)
    for target in (there, whole_in(tmp_path)):
        with pytest.raises(Conflict, match=r"is not empty: it holds 20 media items\. Say so"):
            moving.refuse_if_lived_in(target, "Say so")


def test_a_database_that_a_daemon_has_open_is_not_replaced(
    tmp_path: Path, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_whole, "LEAVING", 0.1)
    first = lived_in(tmp_path)
    with first.alone(), pytest.raises(Unavailable, match="another Mydia"), whole_in(tmp_path).alone():
        raise AssertionError("both are in")
    running, _ = postgres
    name = running.create()
    there = PostgresWhole(running.url(name))
    with (
        there.alone(),
        pytest.raises(Unavailable, match="a Mydia daemon uses PostgreSQL"),
        PostgresWhole(running.url(name)).alone(),
    ):
        raise AssertionError("both are in")
    with there.server.connect(), pytest.raises(Unavailable, match="a Mydia daemon uses"), there.alone():
        raise AssertionError("a daemon is in")
    running.drop(name)


class Cut:
    """A source during whose last table somebody ends connections to a database: the first that the command has, or all but the first."""

    def __init__(self, source: Source, server: Postgres, name: str, *, first: bool, then: Callable[[], object]) -> None:
        self._source, self._cut, self._then = source, _CUT.format(name, "=" if first else "<>"), then
        self._server = server

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def chunks(self, table: Table) -> Iterator[Chunk]:
        yield from self._source.chunks(table)
        if table == schema_of(MIGRATIONS)[-1]:
            self._server.run(self._cut)
            self._then()


_CUT = """with known as (select pid, min(backend_start) over () first, backend_start from pg_stat_activity
        where datname = '{}' and application_name = 'mydia db')
    select pg_terminate_backend(pid) from known where backend_start {} first"""


def daemon_that_writes(url: str) -> None:
    """One that starts as soon as it is let in, is asked for something, and promises it."""

    async def life() -> None:
        engine = PostgresEngine(url)
        await engine.open(NOW)
        await commit_all(engine, [Change(Transaction.insert, ("settings", PROMISED))])
        await engine.close()

    trio.run(life)


PROMISED = {"key": "promised", "value": "1", "updated_at": NOW}


def test_a_daemon_that_came_in_when_the_lock_was_lost_is_not_replaced_nor_left_behind(
    tmp_path: Path, postgres: Server, server: str
) -> None:
    running, name, there = postgres[0], name_of(server), PostgresWhole(server)
    moved(lived_in(tmp_path, 5), there)
    file, writes = exported(lived_in(tmp_path, 9, "more"), tmp_path / "more.gz"), partial(daemon_that_writes, server)
    with (
        open_export(file) as source,
        pytest.raises(Unavailable, match=r"a daemon may have written to it .*; nothing was replaced"),
        there.alone(),
    ):
        moving.bring(Cut(source, running, name, first=True, then=writes), there, NOW, moving.quiet)
    with there.reading() as conn:
        assert conn.value("select count(*) from settings where key = 'promised'") == 1
    back = whole_in(tmp_path, "back")
    with (
        pytest.raises(Unavailable, match="a daemon may have written to it"),
        there.alone(),
        there.source() as rows,
    ):
        running.run(_CUT.format(name, "="))
        moving.bring(rows, back, NOW, moving.quiet)
    assert back.contents() == {}
    brought_in(file, there)
    assert there.contents()["media_items"] == 9


def test_whether_it_is_there_already_is_not_guessed_when_the_target_is_lost_meanwhile(
    tmp_path: Path, postgres: Server, server: str
) -> None:
    """Brought in once more, what it replaced would be lost."""
    there = PostgresWhole(server)
    file = exported(lived_in(tmp_path), tmp_path / "all.gz")
    brought_in(file, there)
    with open_export(file) as source, there.alone():
        cut = Cut(source, postgres[0], name_of(server), first=False, then=lambda: None)
        with pytest.raises(Unavailable, match="cannot be used"):
            moving.is_there(cut, there)
    with open_export(file) as source, there.alone():
        assert moving.is_there(source, there)


def name_of(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


def test_text_that_postgresql_cannot_hold_is_named_and_nothing_is_left_there(tmp_path: Path, server: str) -> None:
    origin, there = lived_in(tmp_path), PostgresWhole(server)
    insert(origin.path, "media_items", title(77, overview="a\0b"))
    with pytest.raises(Invalid, match=r"the NUL in media_items\.overview of the row 'title-000077'"):
        moved(origin, there)
    with pytest.raises(NotFound):
        everything(there)


def test_what_an_import_replaces_on_postgresql_is_kept_until_the_next_one(tmp_path: Path, server: str) -> None:
    there, former = PostgresWhole(server), PostgresWhole(f"{server}&options=-csearch_path%3Dmydia_former")
    files = []
    for titles in (5, 9, 4):
        (tmp_path / str(titles)).mkdir()
        files.append(exported(lived_in(tmp_path / str(titles), titles=titles), tmp_path / f"{titles}.gz"))
    assert brought_in(files[0], there) == ""  # nobody had put in anything
    for file in files[1:]:
        before = everything(there)
        assert "are kept in the schema mydia_former" in brought_in(file, there)
        assert everything(former) == before
    brought_in(exported(former, tmp_path / "back.gz"), there)
    assert rows_in(everything(there)) == rows_in(files[1].read_bytes())


_MOVER = """
import os, signal, sys
from pathlib import Path
from mydia.store import moving
from mydia.store.postgres_whole import PostgresWhole
from tests.support.rows import NOW, whole_in

origin, target, last = whole_in(Path(sys.argv[1])), PostgresWhole(sys.argv[2]), int(sys.argv[3])
told = 0

def progress(what, done, total):
    global told
    told += 1
    if told == last:
        os.kill(os.getpid(), signal.SIGKILL)

with origin.alone(), target.alone(), origin.source() as source:
    moving.bring(source, target, NOW, progress)
"""


def test_a_killed_move_leaves_an_empty_target_and_goes_on(tmp_path: Path, server: str) -> None:
    origin, there = lived_in(tmp_path, CHUNK + 3), PostgresWhole(server)
    for last in (2, 4, 6):
        command = [sys.executable, "-c", _MOVER, str(tmp_path), server, str(last)]
        died = subprocess.run(command, check=False, cwd=Path(__file__).parents[2], capture_output=True, text=True)
        assert died.returncode == -signal.SIGKILL, died.stderr
        assert there.contents() == {}
        until_nobody_is_in(there)
    with origin.source() as source:
        kept = there.incoming()
        assert {mark.table for mark in kept.begin(source)} >= {"media_items"}
        kept.close()
    moved(origin, there)
    assert everything(there) == everything(origin)


def test_a_source_that_changed_since_a_move_was_broken_off_is_moved_from_the_beginning(
    tmp_path: Path, server: str
) -> None:
    origin, there = lived_in(tmp_path, 30), PostgresWhole(server)
    command = [sys.executable, "-c", _MOVER, str(tmp_path), server, "4"]
    subprocess.run(command, check=False, cwd=Path(__file__).parents[2], capture_output=True)
    insert(origin.path, "media_items", title(555))
    until_nobody_is_in(there)
    with pytest.raises(Unavailable, match="changed since the move was broken off"):
        moved(origin, there)
    moved(origin, there)
    assert everything(there) == everything(origin)


def test_the_schema_knows_each_tables_place_and_key() -> None:
    order = [t.name for t in schema_of(MIGRATIONS)]
    assert order.index("media_items") < order.index("slots") < order.index("held_files")
    assert TABLES["events"].numbered == "seq"
    assert TABLES["held_files"].key == ("slot_id", "target")
    assert all(t.key for t in schema_of(MIGRATIONS))
