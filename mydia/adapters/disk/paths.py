"""The only ways to open something below a folder that was given to us. Nothing here ever leaves that folder.

A path is walked one component at a time from an open directory, so what was checked is what is used, whatever is
renamed or replaced by a symlink meanwhile. A symlinked folder is followed only where it leads to another place below
the same root.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mydia.adapters.disk.system import REAL, Syscalls, printable, refusal
from mydia.errors import Invalid, NotFound, Unavailable

NAME_BYTES = 255
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_MAX_LINKS = 8


Anchor = tuple[int, int]
"""(device, inode) of a root when it was found to be in order."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place for a file: a folder that was configured (absolute) and a path below it, with "/" between its parts.

    Where the root is not the folder of `anchor` any more, nothing below it is touched. None: any will do.
    """

    root: str
    relative: str
    anchor: Anchor | None = None

    @property
    def path(self) -> str:
        return join(self.root, self.relative)


def join(root: str, *names: str) -> str:
    """Plain text: pathlib would tidy the names, and a name is told and compared exactly as it is."""
    return "/".join((root.rstrip("/"), *names))


def parts(relative: str) -> tuple[str, ...]:
    """The components of a relative path. Invalid for "", "..", ".", absolute paths, NUL, and names over 255 bytes."""
    names = tuple(relative.split("/"))
    for name in names:
        if name in ("", ".", ".."):
            raise Invalid(f'The path "{printable(relative)}" does not stay inside its folder', field="path")
        if "\0" in name:
            raise Invalid(f'The path "{printable(relative)}" holds a NUL character', field="path")
        if len(os.fsencode(name)) > NAME_BYTES:
            raise Invalid(f'The name "{printable(name)}" is longer than {NAME_BYTES} bytes', field="path")
    return names


def resolve_inside(root: str, relative: str) -> str:
    """The absolute path of `relative` below `root`, every link resolved. Invalid when it leads out; it need not exist."""
    parts(relative)
    real_root = os.path.realpath(root)
    real = os.path.realpath(join(real_root, relative))
    if real != real_root and not real.startswith(real_root.rstrip("/") + "/"):
        raise Invalid(f"{printable(join(root, relative))} leads out of {printable(root)}", field="path")
    return real


def lies_inside(folder: str, root: str) -> bool:
    """Whether a folder is the root or below it, links resolved."""
    real_root, real = os.path.realpath(root), os.path.realpath(folder)
    return real == real_root or real.startswith(real_root.rstrip("/") + "/")


@contextmanager
def open_folder(
    root: str,
    folders: tuple[str, ...],
    *,
    create: bool = False,
    anchor: Anchor | None = None,
    sys: Syscalls = REAL,
) -> Iterator[int]:
    """An open directory `root/folders...`, closed again on leaving; `create` makes what is missing (never the root).

    Raises NotFound when the root or a folder is missing, Invalid when a symlink on the way leads out of the root, Unavailable when
    the root is not the folder of `anchor` any more: its disk went away, and what is left is where it was mounted.
    """
    fd = _descend(root, folders, create, anchor, sys, links=0)
    try:
        yield fd
    finally:
        os.close(fd)


def open_file(spot: Spot) -> int:
    """An open, readable regular file; the caller closes it. A symlink as the file itself is refused."""
    *folders, name = parts(spot.relative)
    try:
        with open_folder(spot.root, tuple(folders)) as folder:
            return open_regular(folder, name, spot.path)
    except OSError as error:
        raise refusal(error, "open", spot.path) from error


def open_regular(folder: int, name: str, shown: str) -> int:
    """`name` in an open directory for reading; Invalid unless it is a regular file (links, pipes and devices are refused)."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise Invalid(f"{printable(shown)} is a symlink or a device, not a file", field="path") from error
        raise
    if not _is_regular(fd):
        os.close(fd)
        raise Invalid(f"{printable(shown)} is not a regular file", field="path")
    return fd


def _is_regular(fd: int) -> bool:
    return os.fstat(fd).st_mode & 0o170000 == 0o100000


def _descend(
    root: str, folders: tuple[str, ...], create: bool, anchor: Anchor | None, sys: Syscalls, links: int
) -> int:
    try:
        fd = os.open(root, _DIRECTORY)
    except OSError as error:
        raise refusal(error, "open the folder", root) from error
    done: list[str] = []
    try:
        status = os.fstat(fd)
        if anchor is not None and anchor != (status.st_dev, status.st_ino):
            raise Unavailable(
                f"{printable(root)} is another folder than a moment ago: is its disk or share still mounted?",
                retry_after=60,
            )
        for index, name in enumerate(folders):
            done.append(name)
            here = join(root, *done)
            try:
                below = _enter(fd, name, create, sys)
            except OSError as error:
                if error.errno not in (errno.ELOOP, errno.ENOTDIR):
                    raise refusal(error, "open the folder", here) from error
                jump = _inside_folders(root, done, links)
                return _descend(root, jump + folders[index + 1 :], create, anchor, sys, links + 1)
            os.close(fd)
            fd = below
        return os.dup(fd)
    finally:
        os.close(fd)


def _enter(fd: int, name: str, create: bool, sys: Syscalls) -> int:
    flags = _DIRECTORY | os.O_NOFOLLOW
    try:
        return os.open(name, flags, dir_fd=fd)
    except FileNotFoundError:
        if not create:
            raise
    try:
        sys.mkdir(name, dir_fd=fd)
    except FileExistsError:
        return os.open(name, flags, dir_fd=fd)
    below = os.open(name, flags, dir_fd=fd)
    sys.fsync(fd)
    return below


def _inside_folders(root: str, done: list[str], links: int) -> tuple[str, ...]:
    """Where a symlinked folder leads, as folders below the same root."""
    here = join(root, *done)
    real_root, real = os.path.realpath(root), os.path.realpath(here)
    if not os.path.lexists(here):
        raise NotFound(f"There is no folder {printable(here)}")
    if links >= _MAX_LINKS or not real.startswith(real_root.rstrip("/") + "/") or not os.path.isdir(real):  # noqa: PTH112
        raise Invalid(
            f"{printable(here)} is no folder inside {printable(root)}: it is a link that leads out of it", field="path"
        )
    return tuple(os.path.relpath(real, real_root).split("/"))
