"""A disk that keeps only what it was told to keep: what stands on it after a power cut at any moment, and how it is recorded.

A file's bytes are safe once the file was synced, its name once its folder was. Everything else may be there or not, in any order, torn at
every sector: some cuts lose all of it, some keep a beginning, some keep whatever chance picks. Names follow one of two laws, also by
chance: those of a journaling file system (what came later is never there without what came before) or those of POSIX (anything goes, but
a rename is one step).
"""

import contextlib
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mydia.adapters.disk.system import REAL, Syscalls
from tests.crash import vfs

SECTOR = 512
_PWRITE = os.pwrite  # REAL has none: only the store writes in the middle of a file


# -- what happens to a disk


@dataclass(frozen=True, slots=True)
class Wrote:
    file: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    file: int
    size: int


@dataclass(frozen=True, slots=True)
class Named:
    """`was`: the folder and name it had before, where it is a rename. `what` None: the name is gone."""

    folder: int
    name: str
    what: int | None
    was: tuple[int, str] | None = None

    @property
    def folders(self) -> set[int]:
        return {self.folder} if self.was is None else {self.folder, self.was[0]}


@dataclass(frozen=True, slots=True)
class Synced:
    """A file's bytes, or a folder's names."""

    what: int


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A file's sync failed. What it was to make safe counts as written, as on Linux: no later sync has anything to do with it."""

    what: int


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody was told so: from here on it must be true."""

    what: Any


Step = Wrote | Cut | Named | Synced | Forgotten | Told


# -- what is left of it


@dataclass(slots=True)
class Platter:
    """What is safe, and what is not yet."""

    root: int
    files: dict[int, bytearray] = field(default_factory=dict)
    folders: dict[int, dict[str, int]] = field(default_factory=dict)
    loose: dict[int, list[Wrote | Cut]] = field(default_factory=dict)
    loose_names: list[Named] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)

    def take(self, step: Step) -> None:
        match step:
            case Wrote(file) | Cut(file):
                self.loose.setdefault(file, []).append(step)
            case Named():
                self.loose_names.append(step)
            case Synced(what):
                self._sync(what)
            case Forgotten(what):
                self.loose.pop(what, None)
            case Told(what):
                self.told.append(what)

    def _sync(self, what: int) -> None:
        for step in self.loose.pop(what, ()):
            _do(self.files.setdefault(what, bytearray()), step)
        for name in [n for n in self.loose_names if what in n.folders]:
            _name(self.folders, name)
            # What it was called before was said to the disk earlier, and is over with this.
            before = self.loose_names[: self.loose_names.index(name)]
            over = [b for b in before if (b.folder, b.name) == name.was]
            self.loose_names = [n for n in self.loose_names if n is not name and n not in over]

    def after_a_cut(self, chance: random.Random) -> dict[str, bytearray | None]:
        """What stands there when the power comes back: path -> content, or None for a folder. The names of one file have the very same
        object."""
        folders = {folder: dict(names) for folder, names in self.folders.items()}
        for name in _kept_names(self.loose_names, chance):
            _name(folders, name)
        how = chance.choice((_nothing, _beginning, _whatever))
        left: dict[str, bytearray | None] = {}
        seen: dict[int, bytearray] = {}

        def walk(folder: int, path: str) -> None:
            for name, what in folders.get(folder, {}).items():
                inside = f"{path}{name}"
                if what in self.folders:
                    left[inside] = None
                    walk(what, f"{inside}/")
                else:
                    if what not in seen:
                        seen[what] = self._content(what, how, chance)
                    left[inside] = seen[what]

        walk(self.root, "")
        return left

    def _content(self, file: int, how: "_Keeping", chance: random.Random) -> bytearray:
        content = bytearray(self.files.get(file, b""))
        for step in how(self.loose.get(file, []), chance):
            _do(content, step)
        return content


_Keeping = Callable[[list[Wrote | Cut], random.Random], Iterator[Wrote | Cut]]


def _nothing(steps: list[Wrote | Cut], chance: random.Random) -> Iterator[Wrote | Cut]:
    return iter(())


def _beginning(steps: list[Wrote | Cut], chance: random.Random) -> Iterator[Wrote | Cut]:
    """As many as there was time for; the last of them torn."""
    count = chance.randint(0, len(steps))
    yield from steps[:count]
    if count < len(steps) and isinstance(torn := steps[count], Wrote):
        yield Wrote(torn.file, torn.offset, torn.data[: chance.randint(0, len(torn.data) // SECTOR) * SECTOR])


def _whatever(steps: list[Wrote | Cut], chance: random.Random) -> Iterator[Wrote | Cut]:
    """Any sector of any write: the disk had its own order."""
    share = chance.random()
    for step in steps:
        if isinstance(step, Cut):
            if chance.random() < share:
                yield step
            continue
        for start in range(0, len(step.data), SECTOR):
            if chance.random() < share:
                yield Wrote(step.file, step.offset + start, step.data[start : start + SECTOR])


def _kept_names(names: list[Named], chance: random.Random) -> list[Named]:
    if chance.random() < 0.5:
        return names[: chance.randint(0, len(names))]
    return [name for name in names if chance.random() < 0.5]


def _do(content: bytearray, step: Wrote | Cut) -> None:
    if isinstance(step, Cut):
        if len(content) > step.size:
            del content[step.size :]
        else:
            content.extend(bytes(step.size - len(content)))
        return
    if len(content) < step.offset:
        content.extend(bytes(step.offset - len(content)))
    content[step.offset : step.offset + len(step.data)] = step.data


def _name(folders: dict[int, dict[str, int]], step: Named) -> None:
    if step.was is not None:
        folders.get(step.was[0], {}).pop(step.was[1], None)
    if step.what is None:
        folders.get(step.folder, {}).pop(step.name, None)
    else:
        folders.setdefault(step.folder, {})[step.name] = step.what


def lay_down(left: dict[str, bytearray | None], folder: Path) -> None:
    """Make a real folder of what a cut has left; the names of one file are names of one file again."""
    folder.mkdir(parents=True, exist_ok=True)
    first: dict[int, Path] = {}
    for path, content in left.items():
        if content is None:
            (folder / path).mkdir()
        elif id(content) in first:
            (folder / path).hardlink_to(first[id(content)])
        else:
            (folder / path).write_bytes(content)
            first[id(content)] = folder / path


# -- recording


class Recorder(vfs.Witness):
    """Writes down what really happens below a folder: by SQLite (as its VFS' witness), by `os`, and by the adapters' `Syscalls`.

    A folder's files and folders are safe as they stand at the beginning.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.steps: list[Step] = []
        self._serials = iter(range(1, 1 << 60))
        self._known: dict[
            int, int
        ] = {}  # inode -> serial: a system uses an inode's number again, a serial is used once
        self.start = Platter(self._new(folder.stat().st_ino))
        self.start.folders[self.start.root] = {}
        self._take_in(folder, self.start.root)

    def _new(self, inode: int) -> int:
        self._known[inode] = next(self._serials)
        return self._known[inode]

    def _take_in(self, folder: Path, serial: int) -> None:
        for entry in os.scandir(folder):
            inode = entry.stat(follow_symlinks=False).st_ino
            what = self._known.get(inode) or self._new(inode)
            self.start.folders[serial][entry.name] = what
            if entry.is_dir(follow_symlinks=False):
                self.start.folders[what] = {}
                self._take_in(Path(entry.path), what)
            else:
                self.start.files[what] = bytearray(Path(entry.path).read_bytes())

    def tell(self, what: Any) -> None:
        self.steps.append(Told(what))

    def ignore_syncs(self) -> None:
        """Make it the recording of a disk that says "done" and does nothing."""
        self.steps = [step for step in self.steps if not isinstance(step, Synced)]

    def platters(self, moments: list[int]) -> Iterator[Platter]:
        """The disk as it stands at each of these moments (indexes of steps, rising)."""
        disk = Platter(
            self.start.root,
            {k: bytearray(v) for k, v in self.start.files.items()},
            {k: dict(v) for k, v in self.start.folders.items()},
        )
        at = 0
        for moment in moments:
            for step in self.steps[at:moment]:
                disk.take(step)
            at = moment
            yield disk

    # -- names

    def _at(self, path: str, dir_fd: int | None = None) -> tuple[int, str] | None:
        """Folder and name, where it lies below the recorded folder."""
        above, name = os.path.split(os.fspath(path))
        inode = os.stat(above or ".", dir_fd=dir_fd).st_ino
        return (self._known[inode], name) if inode in self._known else None

    def _made(self, path: str, dir_fd: int | None = None, *, fresh: bool = True) -> None:
        at = self._at(path, dir_fd)
        if at is not None:
            inode = os.stat(path, dir_fd=dir_fd, follow_symlinks=False).st_ino
            serial = self._new(inode) if fresh or inode not in self._known else self._known[inode]
            self.steps.append(Named(*at, serial))

    def _serial(self, path: str) -> int | None:
        return self._known.get(Path(path).stat().st_ino)

    # -- SQLite

    def opened(self, path: str, existed: bool) -> None:
        if not existed or self._serial(path) is None:
            self._made(path)

    def write(self, path: str, offset: int, data: bytes) -> int:
        if (serial := self._serial(path)) is not None:
            self.steps.append(Wrote(serial, offset, data))
        return vfs.OK

    def truncate(self, path: str, size: int) -> int:
        if (serial := self._serial(path)) is not None:
            self.steps.append(Cut(serial, size))
        return vfs.OK

    def sync(self, path: str) -> int:
        if (serial := self._serial(path)) is not None:
            self.steps.append(Synced(serial))
            # SQLite syncs the folder with the first sync of a log or journal that it has made.
            if path.endswith(("-wal", "-journal")) and (at := self._at(path)) is not None:
                self.steps.append(Synced(at[0]))
        return vfs.OK

    def delete(self, path: str, durably: bool) -> int:
        if os.path.exists(path) and (at := self._at(path)) is not None:  # noqa: PTH110
            self.steps.append(Named(*at, None))
            if durably:
                self.steps.append(Synced(at[0]))
        return vfs.OK

    # -- os and Syscalls

    def fsync(self, fd: int) -> None:
        REAL.fsync(fd)
        if (serial := self._known.get(os.fstat(fd).st_ino)) is not None:
            self.steps.append(Synced(serial))

    def open(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        there = flags & os.O_CREAT and not flags & os.O_EXCL and _is_there(path, dir_fd)
        fd = REAL.open(path, flags, mode, dir_fd=dir_fd)
        if flags & os.O_CREAT and not there:
            self._made(path, dir_fd)
        return fd

    def link(self, source: Any, target: Any, **how: Any) -> None:
        REAL.link(source, target, **how)
        self._made(target, how.get("dst_dir_fd"), fresh=False)

    def mkdir(self, path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        REAL.mkdir(path, mode, dir_fd=dir_fd)
        at = self._at(path, dir_fd)
        if at is not None:
            serial = self._new(os.stat(path, dir_fd=dir_fd).st_ino)
            self.start.folders[serial] = {}  # a folder that nothing leads to yet
            self.steps.append(Named(*at, serial))

    def unlink(self, path: Any, *, dir_fd: int | None = None) -> None:
        REAL.unlink(path, dir_fd=dir_fd)
        if (at := self._at(path, dir_fd)) is not None:
            self.steps.append(Named(*at, None))

    def _renamed(self, call: Callable[..., None], source: Any, target: Any, how: dict[str, Any]) -> None:
        serial = self._known.get(os.stat(source, dir_fd=how.get("src_dir_fd"), follow_symlinks=False).st_ino)
        was, at = self._at(source, how.get("src_dir_fd")), self._at(target, how.get("dst_dir_fd"))
        call(source, target, **how)
        if was is not None and at is not None:
            self.steps.append(Named(*at, serial, was))

    def rename(self, source: Any, target: Any, **how: Any) -> None:
        self._renamed(REAL.rename, source, target, how)

    def rename_noreplace(self, source: Any, target: Any, **how: Any) -> None:
        self._renamed(REAL.rename_noreplace, source, target, how)

    def pwrite(self, fd: int, data: bytes, offset: int) -> int:
        return self._filled(fd, offset, _PWRITE(fd, data, offset))

    def _filled(self, fd: int, begin: int, size: int) -> int:
        if (serial := self._known.get(os.fstat(fd).st_ino)) is not None and size:
            self.steps.append(Wrote(serial, begin, os.pread(fd, size, begin)))
        return size

    def copy_file_range(self, source: int, target: int, most: int) -> int:
        begin = os.lseek(target, 0, os.SEEK_CUR)
        return self._filled(target, begin, REAL.copy_file_range(source, target, most))

    def sendfile(self, target: int, source: int, offset: Any, most: int) -> int:
        begin = os.lseek(target, 0, os.SEEK_CUR)
        return self._filled(target, begin, REAL.sendfile(target, source, offset, most))

    def fd_write(self, fd: int, data: bytes | memoryview) -> int:
        begin = os.lseek(fd, 0, os.SEEK_CUR)
        return self._filled(fd, begin, REAL.write(fd, data))

    def reflink(self, source: int, target: int) -> None:
        REAL.reflink(source, target)
        self._filled(target, 0, os.fstat(target).st_size)

    @property
    def syscalls(self) -> Syscalls:
        """What the disk adapters are given in place of the system's own calls."""
        names = "open link mkdir unlink fsync rename rename_noreplace copy_file_range sendfile reflink".split()
        return replace(REAL, write=self.fd_write, **{name: getattr(self, name) for name in names})

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Record what SQLite and `os` do from here on."""
        own = {
            "fsync": self.fsync,
            "open": self.open,
            "replace": self.rename,
            "rename": self.rename,
            "link": self.link,
            "unlink": self.unlink,
            "mkdir": self.mkdir,
            "pwrite": self.pwrite,
        }
        kept = {name: getattr(os, name) for name in own}
        with vfs.watched_by(self):
            try:
                for name, function in own.items():
                    setattr(os, name, function)
                yield
            finally:
                for name, function in kept.items():
                    setattr(os, name, function)


def _is_there(path: Any, dir_fd: int | None) -> bool:
    try:
        os.stat(path, dir_fd=dir_fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
