"""Taking files out of the library so that they can come back.

Each root has its own `.mydia-trash`, with one folder for each deletion.
A video takes its side files along (subtitles, NFO, artwork that begin with its name). The layout below the deletion's
folder is the library's own, so what lies there says where it came from even without the database.
"""

import errno
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from mydia.adapters.disk.paths import NAME_BYTES, Spot, join, open_folder, parts
from mydia.adapters.disk.place import TRASH
from mydia.adapters.disk.system import REAL, Syscalls, printable, refusal
from mydia.adapters.disk.walk import SIDE_SUFFIXES, is_video
from mydia.errors import Conflict, Invalid, MydiaError, NotFound


@dataclass(frozen=True, slots=True)
class Moved:
    """One file's two names, both relative to its root."""

    original: str
    trashed: str
    size: int


def trash_path(relative: str, *, token: str) -> str:
    """Where a file goes (and where `place(displaced=...)` puts the one it displaces): `.mydia-trash/<token>/<relative>`."""
    parts(token)
    parts(relative)
    return f"{TRASH}/{token}/{relative}"


def to_trash(
    spot: Spot, *, token: str, side_files: bool = True, keep: Collection[str] = (), sys: Syscalls = REAL
) -> tuple[Moved, ...]:
    """Move a file, and its side files, to the trash of its root. The file itself is the first of the answer.

    `keep` are side files that stay, relative to the root: those that came with the file that takes this one's place, by the same name.
    Repeating it with the same token goes on from where it was. Raises NotFound when the file is neither here nor there.
    """
    *folders, name = parts(spot.relative)
    try:
        with open_folder(spot.root, tuple(folders), anchor=spot.anchor) as folder:
            names = [name, *(side_files_of(os.listdir(folder), name) if side_files else ())]  # noqa: PTH208  # an open folder
            paths = ["/".join([*folders, each]) for each in names]
            moved = [
                _move(spot.root, path.split("/"), trash_path(path, token=token), sys)
                for path in paths
                if path not in keep or path == spot.relative
            ]
            sys.fsync(folder)
    except OSError as error:
        raise refusal(error, "move to the trash", spot.path) from error
    return tuple(moved)


def restore(root: str, moved: Moved, *, sys: Syscalls = REAL) -> str:
    """Bring one file back; returns its path relative to the root: another name, "(restored)", when its own is taken
    meanwhile. Repeating it changes nothing. Raises NotFound when the file is neither here nor there.
    """
    _in_trash(moved.trashed)
    *folders, name = parts(moved.original)
    for attempt in range(1, 100):
        target = [*folders, _beside(name, attempt)]
        try:
            rename_below(root, list(parts(moved.trashed)), target, sys)
        except FileExistsError:
            continue
        except (FileNotFoundError, NotFound):
            return _restored_already(root, moved)
        except OSError as error:
            raise refusal(error, "restore", join(root, *target)) from error
        remove_empty_folders(root, parts(moved.trashed)[:-1], keep=1)
        return "/".join(target)
    raise Conflict(f"{printable(join(root, moved.original))} and a hundred names like it are taken; rename one of them")


def _beside(name: str, attempt: int) -> str:
    """The name itself, then "name (restored).mkv", "name (restored 2).mkv" ..., cut to what a name may have."""
    if attempt == 1:
        return name
    stem, dot, suffix = name.rpartition(".")
    stem, end = (stem, f".{suffix}") if dot and stem else (name, "")
    note = " (restored)" if attempt == 2 else f" (restored {attempt - 1})"
    while len(os.fsencode(stem + note + end)) > NAME_BYTES:
        stem = stem[:-1]
    return stem + note + end


def _restored_already(root: str, moved: Moved) -> str:
    """Where an attempt that was ended before it could say so has put it."""
    *folders, name = parts(moved.original)
    for attempt in range(1, 100):
        target = "/".join([*folders, _beside(name, attempt)])
        size = file_size(root, target)
        if size == moved.size:
            return target
        if size is None:
            break
    raise NotFound(f"{printable(join(root, moved.trashed))} is gone from the trash")


def delete_for_good(root: str, trashed: str) -> None:
    """Remove one file of the trash. What is gone already is no error."""
    _in_trash(trashed)
    *folders, name = parts(trashed)
    try:
        with open_folder(root, tuple(folders)) as folder:
            os.unlink(name, dir_fd=folder)
    except (FileNotFoundError, NotFound):
        return
    except OSError as error:
        raise refusal(error, "delete", join(root, trashed)) from error
    remove_empty_folders(root, parts(trashed)[:-1], keep=1)


def _in_trash(trashed: str) -> None:
    names = parts(trashed)
    if names[0] != TRASH or len(names) < 3:
        raise Invalid(f"{printable(trashed)} is not in the trash", field="path")


def side_files_of(names: list[str], video: str) -> list[str]:
    """Files that begin with the video's name, except those that belong to another video with a longer name."""
    stem = video.rpartition(".")[0] or video
    others = [
        stem_of for n in names if n != video and is_video(n) and (stem_of := n.rpartition(".")[0]).startswith(stem)
    ]

    def belongs(name: str, to: str) -> bool:
        return name.startswith((to + ".", to + "-"))

    return sorted(
        n
        for n in names
        if n != video
        and n.rpartition(".")[2].lower() in SIDE_SUFFIXES
        and belongs(n, stem)
        and not any(belongs(n, o) for o in others if len(o) > len(stem))
    )


def _move(root: str, original: list[str], trashed: str, sys: Syscalls) -> Moved:
    try:
        size = rename_below(root, original, list(parts(trashed)), sys)
    except FileNotFoundError:
        found = file_size(root, trashed)
        if found is None:
            raise NotFound(f"There is no file {printable(join(root, *original))}") from None
        size = found
    return Moved("/".join(original), trashed, size)


def file_size(root: str, relative: str) -> int | None:
    """A file's bytes; None where it isn't."""
    *folders, name = parts(relative)
    try:
        with open_folder(root, tuple(folders)) as folder:
            return os.stat(name, dir_fd=folder, follow_symlinks=False).st_size
    except (OSError, MydiaError):
        return None


def rename_below(root: str, source: list[str], target: list[str], sys: Syscalls) -> int:
    """Rename below one root, never over another file; returns the size."""
    with open_folder(root, tuple(source[:-1])) as a, open_folder(root, tuple(target[:-1]), create=True, sys=sys) as b:
        size = os.stat(source[-1], dir_fd=a, follow_symlinks=False).st_size
        try:
            sys.rename_noreplace(source[-1], target[-1], src_dir_fd=a, dst_dir_fd=b)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
                raise
            if target[-1] in os.listdir(b):  # noqa: PTH208
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target[-1]) from None
            sys.rename(source[-1], target[-1], src_dir_fd=a, dst_dir_fd=b)
        sys.fsync(b)
    return size


def remove_empty_folders(root: str, folders: Sequence[str], *, keep: int = 0, sys: Syscalls = REAL) -> None:
    """Remove folders that hold nothing, innermost first; the root, and the first `keep` below it, stay."""
    left = list(folders)
    while len(left) > keep:
        try:
            with open_folder(root, tuple(left[:-1])) as above:
                os.rmdir(left[-1], dir_fd=above)
                sys.fsync(above)
        except (OSError, MydiaError):
            return
        left.pop()
