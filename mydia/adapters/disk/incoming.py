"""A finished download's files as they lie on disk: only plain files below its folder, never what a link leads to."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from mydia.adapters.disk.paths import Spot, open_file
from mydia.adapters.disk.walk import is_video, signed
from mydia.core.importing import HEAD
from mydia.errors import Unavailable
from mydia.incoming import Incoming


@dataclass(frozen=True, slots=True)
class Folder:
    """`path` is the client's save path, absolute; the files' paths are relative to it."""

    path: str
    files: tuple[Incoming, ...]


def read_folder(path: str, names: Sequence[str]) -> Folder:
    """Look at every file the client names. Unavailable when the folder is not there, Invalid when a name leads out of it."""
    if not os.path.isdir(path):  # noqa: PTH112 - may hold surrogates
        raise Unavailable(
            f"The download folder {path} can't be seen from here. Is it mounted at the same place as in the client?",
            retry_after=60,
        )
    return Folder(path, tuple(_look(path, name) for name in names))


def _look(path: str, name: str) -> Incoming:
    fd = open_file(Spot(path, name))
    try:
        status = os.fstat(fd)
        head = os.pread(fd, HEAD, 0)
    finally:
        os.close(fd)
    return Incoming(name, status.st_size, status.st_mtime_ns, signed(status.st_ino), head, is_video(name))
