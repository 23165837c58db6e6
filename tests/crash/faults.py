"""Disks that fail: one that fails the write or sync that a test points at, and small ones that are really full."""

import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.crash import vfs

FULL, BROKEN_WRITE, BROKEN_SYNC = 13, 778, 1034
"""SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC."""


class Failing(vfs.Witness):
    """Counts the writes and the syncs of the database's files; fails the one that comes at `at`, or all while `always` is set."""

    def __init__(self, code: int) -> None:
        self.code = code
        self.at: int | None = None
        self.count = 0
        self.failed = 0
        self.always = False

    def _step(self, *, sync: bool) -> int:
        if sync != (self.code == BROKEN_SYNC):
            return vfs.OK
        self.count += 1
        if self.always or self.count == self.at:
            self.failed += 1
            return self.code
        return vfs.OK

    def opened(self, path: str, existed: bool) -> None:
        pass

    def write(self, path: str, offset: int, data: bytes) -> int:
        return self._step(sync=False)

    def truncate(self, path: str, size: int) -> int:
        return vfs.OK

    def sync(self, path: str) -> int:
        return self._step(sync=True)

    def delete(self, path: str, durably: bool) -> int:
        return vfs.OK


class SmallDisk:
    """A folder whose file system is small: `fill` leaves no room at all, `free` gives it back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ballast = folder / "ballast"

    def fill(self, pid: int) -> None:
        with self.ballast.open("ab", buffering=0) as file, suppress(OSError):
            while file.write(bytes(1 << 16)):
                pass

    def free(self, pid: int) -> None:
        self.ballast.unlink()


class SmallFiles(SmallDisk):
    """Where nobody may mount: no file of the daemon can grow any more, as where a quota is used up."""

    def fill(self, pid: int) -> None:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))

    def free(self, pid: int) -> None:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextmanager
def small_files(folder: Path) -> Iterator[SmallDisk]:
    folder.mkdir()
    yield SmallFiles(folder)


@contextmanager
def small_disk(folder: Path, megabytes: int = 24) -> Iterator[SmallDisk]:
    """A file system of its own in memory, or, where that may not be had, files that may not grow."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    folder.mkdir()
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:  # only root may, and not everywhere
        yield SmallFiles(folder)
        return
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
