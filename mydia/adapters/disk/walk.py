"""What lies below a library folder: names first, a stat only for what a library is made of, yielded in batches.

Left out: dot files, Apple and NAS litter, trash bins, archives being unpacked. Symlinks are not followed: what lies
below the root is found under its real name, and what lies elsewhere is not the library's (it is told as a problem). A
folder that can't be read is told too, and *unknown* from then on, never *gone*: its name is in `Walk.unread`.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from mydia.adapters.disk.paths import join
from mydia.adapters.disk.system import printable, refusal

Kind = Literal["video", "subtitle", "nfo", "image"]

# fmt: off
VIDEO_SUFFIXES = frozenset({
    "3g2", "3gp", "asf", "avi", "bivx", "divx", "dv", "dvr-ms", "evo", "f4v", "flv", "img", "iso", "m2ts", "m2v", "m4v",
    "mk3d", "mkv", "mov", "mp4", "mpe", "mpeg", "mpg", "mts", "mxf", "nsv", "nuv", "ogm", "ogv", "qt", "rm", "rmvb",
    "strm", "tp", "trp", "ts", "ty", "vdr", "viv", "vob", "vp3", "vp6", "webm", "wmv", "wtv", "xvid",
})
SUBTITLE_SUFFIXES = frozenset({
    "aqt", "ass", "idx", "jss", "psb", "rt", "smi", "srt", "ssa", "sub", "sup", "utf", "utf8", "utf-8", "vtt",
})
IMAGE_SUFFIXES = frozenset({"gif", "jpeg", "jpg", "png", "tbn", "webp"})
SIDE_SUFFIXES = SUBTITLE_SUFFIXES | IMAGE_SUFFIXES | {"nfo", "txt", "xml"}

_SKIP_FOLDERS = frozenset({
    "@eadir", "@recycle", "@recently-snapshot", "#recycle", "#snapshot", "$recycle.bin", "lost+found",
    "system volume information", "plex versions", "__macosx", "thumbs", "extrafanart", "extrathumbs",
})
# fmt: on
_SKIP_PREFIXES = (".", "_unpack_", "_failed_")


@dataclass(frozen=True, slots=True)
class Found:
    """One file. `inode` is signed 64 bit, as databases keep integers."""

    relative: str
    kind: Kind
    size: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class Problem:
    relative: str
    message: str


@dataclass(slots=True)
class Walk:
    """Iterate once: lists of at most `batch` files. Then `problems`, `unread` folders and the counts are complete."""

    root: str
    batch: int = 500
    folders: int = 0
    files: int = 0
    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)

    def __iter__(self) -> Iterator[list[Found]]:
        """Raises the refusal of a root that can't be read at all, before anything is yielded."""
        waiting: list[Found] = []
        stack = [""]
        while stack:
            relative = stack.pop()
            try:
                with os.scandir(join(self.root, relative) if relative else self.root) as entries:
                    below = self._look(relative, entries, waiting)
            except OSError as error:
                if not relative:
                    raise refusal(error, "read", self.root) from error
                self._unreadable(relative, error)
                continue
            self.folders += 1
            stack.extend(sorted(below, reverse=True))
            while len(waiting) >= self.batch:
                yield waiting[: self.batch]
                del waiting[: self.batch]
        if waiting:
            yield waiting

    def is_unread(self, relative: str) -> bool:
        """Whether a path lies below a folder that could not be read, so that nothing is known of it."""
        return any(relative == folder or relative.startswith(folder + "/") for folder in self.unread)

    def _look(self, relative: str, entries: Iterator[os.DirEntry[str]], waiting: list[Found]) -> list[str]:
        folders: list[str] = []
        for entry in entries:
            here = f"{relative}/{entry.name}" if relative else entry.name
            if entry.is_symlink():
                self._symlink(here, entry)
            elif entry.is_dir(follow_symlinks=False):
                if not is_skipped_folder(entry.name):
                    folders.append(here)
            elif (kind := kind_of(entry.name)) is not None:
                self._file(here, kind, entry, waiting)
        return folders

    def _file(self, here: str, kind: Kind, entry: os.DirEntry[str], waiting: list[Found]) -> None:
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return  # gone since its name was read: the next walk will not see it either
        except OSError as error:
            self._unreadable(here, error)
            return
        if stat.S_ISREG(status.st_mode):
            self.files += 1
            waiting.append(Found(here, kind, status.st_size, status.st_mtime_ns, signed(status.st_ino)))

    def _symlink(self, here: str, entry: os.DirEntry[str]) -> None:
        if entry.name.startswith(".") or (kind_of(entry.name) is None and not _is_folder(entry)):
            return
        real_root = os.path.realpath(self.root)
        real = os.path.realpath(entry.path)
        if real != real_root and not real.startswith(real_root.rstrip("/") + "/"):
            message = (
                f"{printable(here)} is a link to {printable(real)}, outside this library folder; it is not followed"
            )
            self.problems.append(Problem(here, message))

    def _unreadable(self, here: str, error: OSError) -> None:
        self.unread.add(here)
        self.problems.append(Problem(here, str(refusal(error, "read", join(self.root, here)))))


def is_video(name: str) -> bool:
    return name.rpartition(".")[2].lower() in VIDEO_SUFFIXES and "." in name


def kind_of(name: str) -> Kind | None:
    """What a file's name makes it for a library; None for what is no part of one."""
    if name.startswith(".") or "." not in name:
        return None
    suffix = name.rpartition(".")[2].lower()
    if suffix in VIDEO_SUFFIXES:
        return "video"
    if suffix in SUBTITLE_SUFFIXES:
        return "subtitle"
    if suffix == "nfo":
        return "nfo"
    return "image" if suffix in IMAGE_SUFFIXES else None


def is_skipped_folder(name: str) -> bool:
    lower = name.lower()
    return lower.startswith(_SKIP_PREFIXES) or lower in _SKIP_FOLDERS


def is_skipped(relative: str) -> bool:
    """Whether a path (relative to its root) lies where no walk looks; for the watcher, which is told of everything."""
    *folders, name = relative.split("/")
    return name.startswith(".") or any(is_skipped_folder(folder) for folder in folders)


def signed(inode: int) -> int:
    return inode - (1 << 64) if inode >= 1 << 63 else inode


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a loop of links
        return False
