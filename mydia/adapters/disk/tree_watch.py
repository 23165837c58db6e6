"""Hears what changes below a folder, from the kernel itself (inotify), as Trio knows how to wait for it: no thread, no delay.

Every folder below has a watch of its own; new ones get theirs before they are told of, so what is in them can then be
listed without a gap. Links are not followed and folders that no walk looks into are not watched. What can't be heard
(a full queue, no watches left, the folder itself gone) ends the watch, since only a walk knows the truth then.
"""

import ctypes
import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, Self

import trio

from mydia.adapters.disk.paths import join
from mydia.adapters.disk.walk import is_skipped_folder

# linux/inotify.h
_CLOSE_WRITE, _MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x8, 0x40, 0x80, 0x100, 0x200
_DELETE_SELF, _MOVE_SELF, _UNMOUNT, _OVERFLOW, _IGNORED = 0x400, 0x800, 0x2000, 0x4000, 0x8000
_ONLY_FOLDERS, _NO_LINKS, _IS_FOLDER = 0x0100_0000, 0x0200_0000, 0x4000_0000
_BELOW = _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _ONLY_FOLDERS
_HEADER = struct.Struct("iIII")
_BUFFER = 64 * 1024
_libc = ctypes.CDLL(None, use_errno=True)

What = Literal["changed", "gone", "new_folder", "gone_folder"]


class WatchEnded(Exception):
    """Nothing more will be heard, and something may have been missed: walk the folder, then watch anew."""


@dataclass(frozen=True, slots=True)
class Heard:
    """`relative` to the watched folder. "changed": the file appeared, was moved in, or a writer has closed it."""

    relative: str
    what: What


class TreeWatch:
    """`with TreeWatch(folder) as watch:` (in a thread: it walks the folders), then `await watch.read()` again and again.

    Raises OSError when the folder can't be watched: ENOSPC and EMFILE mean that the system's limit is reached.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._folders: dict[int, str] = {}  # watch descriptor -> folder below the root, "" for the root itself
        self._fd = _checked(_libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC), root)
        try:
            self._watch_below("")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    async def read(self) -> list[Heard]:
        """Wait for the next changes. Raises WatchEnded, and OSError as above for a new folder that can't be watched."""
        await trio.lowlevel.wait_readable(self._fd)
        heard: list[Heard] = []
        for folder, mask, name in list(self._records(os.read(self._fd, _BUFFER))):
            here = f"{folder}/{name}" if folder else name
            if not mask & _IS_FOLDER:
                heard.append(Heard(here, "gone" if mask & (_MOVED_FROM | _DELETE) else "changed"))
            elif is_skipped_folder(name):
                continue
            elif mask & (_CREATE | _MOVED_TO):
                await trio.to_thread.run_sync(self._watch_below, here)
                heard.append(Heard(here, "new_folder"))
            elif mask & (_MOVED_FROM | _DELETE):
                self._forget(here)
                heard.append(Heard(here, "gone_folder"))
        return heard

    def _records(self, data: bytes) -> Iterator[tuple[str, int, str]]:
        offset = 0
        while offset < len(data):
            watch, mask, _, length = _HEADER.unpack_from(data, offset)
            offset += _HEADER.size + length
            if mask & _OVERFLOW:
                raise WatchEnded("more changed at once than could be heard")
            folder = self._folders.get(watch)
            if folder is None:
                continue  # of a folder that was forgotten while this waited to be read
            if mask & (_DELETE_SELF | _MOVE_SELF | _UNMOUNT):
                if folder == "" or mask & _UNMOUNT:
                    raise WatchEnded(f"{self.root} itself, or a mount in it, is gone")
            elif mask & _IGNORED:
                del self._folders[watch]
            else:
                yield folder, mask, os.fsdecode(data[offset - length : offset].rstrip(b"\0"))

    def _watch_below(self, relative: str) -> None:
        waiting = [relative]
        while waiting:
            here = waiting.pop()
            path = join(self.root, here) if here else self.root
            # The root may be a link that a person chose; below it none is followed.
            mask = _BELOW | (_NO_LINKS if here else _DELETE_SELF | _MOVE_SELF)
            try:
                watch = _checked(_libc.inotify_add_watch(self._fd, os.fsencode(path), mask), path)
                self._folders[watch] = here
                with os.scandir(path) as entries:
                    below = [e.name for e in entries if e.is_dir(follow_symlinks=False)]
            except (FileNotFoundError, NotADirectoryError, PermissionError):
                if not here:
                    raise
                continue  # gone again, or not ours to read: the walk tells
            waiting += [f"{here}/{name}" if here else name for name in below if not is_skipped_folder(name)]

    def _forget(self, relative: str) -> None:
        """A folder that was moved keeps its watches; under its new name it gets new ones."""
        for watch, folder in list(self._folders.items()):
            if folder == relative or folder.startswith(relative + "/"):
                del self._folders[watch]
                with suppress(OSError):  # deleted, so that its watch is gone already
                    _checked(_libc.inotify_rm_watch(self._fd, watch), folder)


def _checked(result: int, path: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), path)
    return result
