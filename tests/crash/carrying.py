"""Whole databases carried about (import, move, restore) while the power goes or the command is killed: what stands there, and the next try.

Whenever that happens the target holds what it held before or all of what was to come, whole; from when the command has said that it is
done, the latter, and what was replaced is kept. The same command given again ends with all of it there.
"""

import contextlib
import io
import json
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from mydia import cli
from mydia.errors import NotFound
from mydia.store import portable
from mydia.store.maintenance import faults
from mydia.store.moving import Whole
from mydia.store.portable import open_export, write_export
from mydia.store.postgres_whole import FORMER, PostgresWhole
from mydia.store.schema import schema_of
from tests.crash.falls import KILLED, mend
from tests.crash.platter import Named, Recorder, Synced, lay_down
from tests.crash.victims import CHUNK
from tests.support.postgres import Postgres
from tests.support.rows import NOW, everything, insert, lived_in, title, until_nobody_is_in, whole_in

Deed = Callable[[Path], list[str]]
"""The command's arguments, for a database below this folder."""
OLD, NEW = 7, 45
"""Titles of what is replaced, and of what comes in."""


@dataclass(slots=True)
class Outcome:
    """`new`: after how many of them all that was to come was there; it must be some, and not all, where enough was tried."""

    cuts: int = 0
    steps: int = 0
    new: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Outcome") -> None:
        self.cuts += other.cuts
        self.steps += other.steps
        self.new += other.new
        self.wrong += other.wrong


@contextmanager
def small_chunks() -> Iterator[None]:
    kept, portable.CHUNK = portable.CHUNK, CHUNK
    try:
        yield
    finally:
        portable.CHUNK = kept


def config_at(folder: Path, disk: Path, url: str | None = None, key: str | None = None) -> str:
    """A configuration beside a disk; the path of its file."""
    database = {"path": str(disk / "mydia.db")} if url is None else {"url": url}
    database |= {} if key is None else {"key": key}
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{disk.name}-{'sqlite' if url is None else 'postgres'}.yml"
    file.write_text(yaml.safe_dump({"data_dir": str(disk), "database": database}), encoding="utf-8")
    return str(file)


def exported(whole: Whole, file: Path) -> Path:
    with whole.source() as source, file.open("wb") as out:
        write_export(source, out, NOW)
    return file


def held_by(whole: Whole) -> bytes | None:
    """All that a database holds; None where nobody has put in anything."""
    try:
        return everything(whole) if any(whole.contents().values()) else None
    except NotFound:
        return None


def run(arguments: Sequence[str]) -> tuple[int, str]:
    """A command, in here."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = cli.main(arguments)
    return code, said.getvalue()


# -- power cuts, where the target is SQLite


@dataclass(frozen=True, slots=True)
class Recording:
    """A command that came to its end: what its disk held before and after, and every step to there."""

    deed: Deed
    old: bytes | None
    new: bytes
    disk: Recorder
    key: str | None


def record(folder: Path, deed: Deed, furnish: Callable[[Path], object], key: str | None = None) -> Recording:
    disk = folder / "disk"
    disk.mkdir(parents=True)
    furnish(disk)
    whole = whole_in(disk, key=key)
    old, recorder = held_by(whole), Recorder(disk)
    with small_chunks(), recorder.at_work():
        code, said = run(deed(disk))
        assert code == 0, said
        recorder.tell("done")
    new = held_by(whole)
    assert new is not None
    assert new != old
    return Recording(deed, old, new, recorder, key)


def cut(recording: Recording, scratch: Path, seed: int, times: int) -> Outcome:
    """Cut the power so many times: half of them anywhere, half right behind what gives a file its name or makes it safe."""
    chance, steps = random.Random(seed), recording.disk.steps  # noqa: S311 - moments, nothing secret
    turning = [n for n, step in enumerate(steps, 1) if isinstance(step, Named | Synced)]
    moments = sorted(chance.choice(turning) if n % 2 else chance.randrange(len(steps) + 1) for n in range(times))
    outcome = Outcome(cuts=times, steps=len(steps))
    for moment, disk in zip(moments, recording.disk.platters(moments), strict=True):
        shutil.rmtree(scratch, ignore_errors=True)
        lay_down(disk.after_a_cut(chance), scratch)
        found = list(_after_a_cut(recording, scratch, outcome, done="done" in disk.told))
        outcome.wrong += [f"seed {seed}, step {moment} of {len(steps)}: {line}" for line in found]
    return outcome


def _after_a_cut(recording: Recording, disk: Path, outcome: Outcome, *, done: bool) -> Iterator[str]:
    target = whole_in(disk, key=recording.key)
    try:
        with target.alone():  # as whoever comes next: what lies ready is taken
            there = held_by(target)
    except Exception as error:  # noqa: BLE001 - whatever it is, the database can't be used
        yield f"it cannot be opened: {error!r}"
        return
    outcome.new += there == recording.new
    if there not in (recording.old, recording.new):
        yield "there is neither what was nor what was to come"
    if done and there != recording.new:
        yield "it was said to be done, and is not"
    if there is not None and (wrong := faults(target.path, target.driver)):
        yield f"the database is damaged: {wrong[:3]}"
    former = [whole_in(b.path.parent, b.path.stem, recording.key) for b in target.keeper.backups()]
    if there == recording.new and recording.old is not None and recording.old not in map(everything, former):
        yield "what was replaced is not kept"
    with small_chunks():
        code, said = run(recording.deed(disk))
    if code != 0 or held_by(target) != recording.new:
        yield f"the next try ended with {code}: {said}"


# -- falls, where one of the two is PostgreSQL


@contextmanager
def victims() -> Iterator[Callable[..., dict[str, Any]]]:
    """Somebody to run commands, each of which meets a fall (victims.py), where it is told at which step."""
    command = [sys.executable, "-m", "tests.crash.victims"]
    home = Path(__file__).parents[2]
    process = subprocess.Popen(command, cwd=home, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    asked, told = process.stdin, process.stdout

    def life(arguments: Sequence[str], at: int | None = None, **how: Any) -> dict[str, Any]:
        asked.write(json.dumps({"arguments": arguments, "at": at, **how}) + "\n")
        asked.flush()
        answer: dict[str, Any] = json.loads(told.readline())
        return answer

    try:
        yield life
    finally:
        process.kill()
        process.communicate()


@dataclass(frozen=True, slots=True)
class Trial:
    """A command on a target that was made for it alone. `held` is all that the target holds; `server` is the database on PostgreSQL that
    the command is in; `former` is where it keeps what it replaces there."""

    arguments: list[str]
    held: Callable[[], bytes | None]
    server: PostgresWhole
    former: PostgresWhole | None = None


def let_fall(
    trial_of: Callable[[], Trial], server: Postgres, falls: Sequence[str], seed: int, times: int | None, last: int
) -> Outcome:
    """Let the command meet one of these falls at so many of its steps, half of them in the last third, or at each of them, and so many
    times more in its last step, by which it counts; then, when the server is there again, let it come to its end."""
    chance = random.Random(seed)  # noqa: S311 - moments, nothing secret
    outcome = Outcome()
    with victims() as life:
        first = trial_of()
        old, done = first.held(), life(first.arguments)
        assert done["status"] == 0, done["said"]
        new, steps = first.held(), int(done["steps"])
        late = range(steps * 2 // 3, steps + 1)
        some = [chance.choice(late) if n % 2 else chance.randint(1, steps) for n in range(times or 0)]
        for n, at in enumerate([*(range(1, steps + 1) if times is None else some), *[steps] * last]):
            trial, after, fall = trial_of(), (None, 0, chance.uniform(0, 0.004))[n % 3], chance.choice(falls)
            ended = life(trial.arguments, at, after=after, fall=fall, server=server.pid)
            if ended["struck"]:
                mend(fall, server)
            until_nobody_is_in(trial.server)
            there = trial.held()
            if ended["status"] != 0:
                outcome.cuts += 1
                outcome.new += there == new
            found = list(_after_a_fall(trial, fall, ended, there, old, new))
            again = life(trial.arguments)
            if again["status"] != 0 or trial.held() != new:
                found.append(f"the next try ended with {again['status']}: {again['said']}")
            found += _kept(trial, old)
            when = "behind" if after is None else f"{after:.4f} s after the beginning of"
            where = f"seed {seed}, {fall} fell {when} step {at} of {steps}"
            outcome.wrong += [f"{where}: {line}" for line in found]
    outcome.steps = steps
    return outcome


def _after_a_fall(
    trial: Trial, fall: str, ended: dict[str, Any], there: bytes | None, old: bytes | None, new: bytes | None
) -> Iterator[str]:
    if ended["status"] not in (0, -signal.SIGKILL if fall == KILLED else 1):
        yield f"it ended with {ended['status']}: {ended['said']}"
    if ended["status"] == 1 and not (ended["struck"] and _SAID.fullmatch(ended["said"])):
        yield f"it was said otherwise than in one line: {ended['said']}"
    if there not in (old, new):
        yield "there is neither what was nor what was to come"
    if ended["status"] == 0 and there != new:
        yield "it was said to be done, and is not"
    if there == new:
        yield from _kept(trial, old)


_SAID = re.compile(r"(.+: [\d,]+ of [\d,]+ rows \(\d+%\)\n)*mydia: .+\n")


def _kept(trial: Trial, old: bytes | None) -> list[str]:
    return ["what was replaced is not kept"] if trial.former is not None and held_by(trial.former) != old else []


# -- what is carried


def import_over(folder: Path, key: str | None = None) -> tuple[Deed, Callable[[Path], object]]:
    """A file over a database on SQLite that people have lived in."""
    file = _export(folder)
    return (
        lambda disk: ["--config", config_at(folder, disk, key=key), "db", "import", str(file), "--replace"],
        lambda disk: lived_in(disk, OLD, key=key),
    )


def restored(folder: Path, key: str | None = None) -> tuple[Deed, Callable[[Path], object]]:
    """A backup over what came after it."""
    kept: list[str] = []

    def furnish(disk: Path) -> None:
        kept.append(lived_in(disk, NEW, key=key).keeper.make(NOW).name)
        insert(disk / "mydia.db", "media_items", *(title(n) for n in range(NEW, NEW + OLD)), key=key)

    return lambda disk: ["--config", config_at(folder, disk, key=key), "restore", kept[0], "--yes"], furnish


def move_here(folder: Path, server: Postgres, key: str | None = None) -> tuple[Deed, Callable[[Path], object]]:
    """From PostgreSQL to where there is nothing yet."""
    url = server.url(_lived_in_there(folder, server, NEW))
    return (
        lambda disk: ["--config", config_at(folder, disk, url, key), "db", "move", "--to", str(disk / "mydia.db")],
        lambda disk: None,
    )


def import_there(folder: Path, server: Postgres) -> Callable[[], Trial]:
    """A file over a database on PostgreSQL that people have lived in."""
    file, template = _export(folder), _lived_in_there(folder, server, OLD)
    made = _one_at_a_time(server)

    def trial() -> Trial:
        url = server.url(made(template))
        arguments = ["--config", config_at(folder, folder / "there", url), "db", "import", str(file), "--replace"]
        former = PostgresWhole(f"{url}&options=-csearch_path%3D{FORMER}")
        there = PostgresWhole(url)
        return Trial(arguments, partial(held_by, there), there, former)

    return trial


def move_there(folder: Path, server: Postgres) -> Callable[[], Trial]:
    """From SQLite to an empty database on PostgreSQL."""
    (folder / "origin").mkdir()
    lived_in(folder / "origin", NEW)
    config, made = config_at(folder, folder / "origin"), _one_at_a_time(server)

    def trial() -> Trial:
        url = server.url(made("template1"))
        there = PostgresWhole(url)
        return Trial(["--config", config, "db", "move", "--to", url], partial(held_by, there), there)

    return trial


def move_back(folder: Path, server: Postgres) -> Callable[[], Trial]:
    """From PostgreSQL to SQLite, where the steps are those of the reading."""
    url, numbers = server.url(_lived_in_there(folder, server, NEW)), count()
    config = config_at(folder, folder / "back", url)

    def trial() -> Trial:
        here = folder / f"back-{next(numbers)}"
        arguments = ["--config", config, "db", "move", "--to", str(here / "mydia.db")]
        return Trial(arguments, partial(held_by, whole_in(here)), PostgresWhole(url))

    return trial


def export_from(folder: Path, server: Postgres) -> Callable[[], Trial]:
    """From PostgreSQL to a file, over an older one."""
    url, numbers, older = server.url(_lived_in_there(folder, server, NEW)), count(), _export(folder, OLD)
    config = config_at(folder, folder / "origin", url)

    def trial() -> Trial:
        file = shutil.copyfile(older, folder / f"out-{next(numbers)}.gz")
        arguments = ["--config", config, "db", "export", str(file), "--replace"]
        return Trial(arguments, partial(_rows_of, file), PostgresWhole(url))

    return trial


def _rows_of(file: Path) -> bytes:
    """The rows of an export, which is whole."""
    with open_export(file) as source:
        rows = [chunk.lines for table in schema_of(source.migrations) for chunk in source.chunks(table)]
        source.check()
    return b"".join(rows)


def _export(folder: Path, titles: int = NEW) -> Path:
    (folder / "other").mkdir(parents=True)
    return exported(lived_in(folder / "other", titles), folder / "all.gz")


def _lived_in_there(folder: Path, server: Postgres, titles: int) -> str:
    """The name of a database on the server that people have lived in."""
    (folder / "before").mkdir(parents=True)
    origin, name = lived_in(folder / "before", titles), server.create()
    code, said = run(["--config", config_at(folder, folder / "before"), "db", "move", "--to", server.url(name)])
    assert code == 0, (origin.name, said)
    until_nobody_is_in(PostgresWhole(server.url(name)))
    return name


def _one_at_a_time(server: Postgres) -> Callable[[str], str]:
    """Copies of a database; each is gone when the next one is asked for."""
    made: list[str] = []

    def another(template: str) -> str:
        while made:
            server.drop(made.pop())
        made.append(server.create(template))
        return made[0]

    return another
