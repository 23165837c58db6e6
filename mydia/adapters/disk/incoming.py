"""A finished download's files as they lie on disk: only plain files below its folder, never what a link leads to."""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from mydia.adapters.disk.paths import Spot, join, open_file
from mydia.adapters.disk.system import printable
from mydia.adapters.disk.walk import is_video, signed
from mydia.adapters.disk.writers import has_writer
from mydia.core.importing import HEAD, Existing, Step
from mydia.core.stability import UNSURE
from mydia.errors import NotFound, Unavailable
from mydia.incoming import Incoming
from mydia.library.model import SeenFile
from mydia.ports import ClientFile

_CHUNK = 4 << 20


@dataclass(frozen=True, slots=True)
class Folder:
    """`path` is the client's save path, absolute; the files' paths are relative to it."""

    path: str
    files: tuple[Incoming, ...]


def read_folder(path: str, files: Sequence[ClientFile], *, now: float) -> Folder:
    """Look at every file that the client has whole; `now` in seconds. Those it was told not to fetch are none of ours.

    Unavailable when the folder or a video of it is not there, or is still being written; Invalid when a name leads out of it.
    """
    if not os.path.isdir(path):  # noqa: PTH112 - may hold surrogates
        raise Unavailable(
            f"The download folder {printable(path)} can't be seen from here. Is it mounted at the same place as in the client?",
            retry_after=60,
        )
    found = []
    for file in files:
        if file.progress < 1:
            continue
        try:
            found.append(_look(path, file.path, now))
        except NotFound as gone:
            if is_video(file.path):
                raise Unavailable(
                    f"Its client says that {printable(file.path)} is there, but it is not", retry_after=60
                ) from gone
    return Folder(path, tuple(found))


def _look(path: str, name: str, now: float) -> Incoming:
    fd = open_file(Spot(path, name))
    try:
        status = os.fstat(fd)
        head = os.pread(fd, HEAD, 0)
    finally:
        os.close(fd)
    if is_video(name):
        writer = has_writer(join(path, name))
        if writer or (writer is None and 0 <= now - status.st_mtime < UNSURE):
            raise Unavailable(f"{printable(name)} is still being written", retry_after=UNSURE / 2)
    return Incoming(name, status.st_size, status.st_mtime_ns, signed(status.st_ino), head, is_video(name))


def standing(root: str, folder: str, steps: Iterable[Step], finished: Mapping[str, str]) -> dict[str, Existing]:
    """What stands already where these steps lead, as the plan takes it: destination -> size, and whether it is the very content.

    `finished`: source -> destination of the files that an earlier attempt brought in, whatever became of them since. A side file that
    stands there already is left out: placing it again is placing it once.
    """
    found = {}
    for step in steps:
        source, target = join(folder, step.source), join(root, step.destination or "")
        if finished.get(source) == step.destination:
            found[step.destination or ""] = Existing(os.lstat(source).st_size, same=True)
            continue
        with suppress(FileNotFoundError, NotADirectoryError):
            size, same = os.lstat(target).st_size, _same(source, target)
            if not (same and step.action == "extra"):
                found[step.destination or ""] = Existing(size, same)
    return found


def _same(one: str, other: str) -> bool:
    ours, theirs = os.lstat(one), os.lstat(other)
    if (ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino):
        return True
    if ours.st_size != theirs.st_size:
        return False
    with open(one, "rb") as a, open(other, "rb") as b:  # noqa: PTH123 - may hold surrogates
        while left := a.read(_CHUNK):
            if left != b.read(_CHUNK):
                return False
    return True


def look_at_placed(root: str, relative: str) -> SeenFile:
    """A file that was placed, as the library keeps it."""
    status = os.lstat(join(root, relative))
    return SeenFile(relative, status.st_size, status.st_mtime_ns, signed(status.st_ino))
