"""Give a file of the library another name, and its side files with it: below one root, never over another file, and once is enough."""

import os
from dataclasses import dataclass

from mydia.adapters.disk.paths import Spot, open_folder, parts
from mydia.adapters.disk.system import REAL, Syscalls, printable, refusal
from mydia.adapters.disk.trash import file_size, remove_empty_folders, rename_below, side_files_of
from mydia.errors import Conflict, Invalid, NotFound, Unavailable


@dataclass(frozen=True, slots=True)
class Renamed:
    """Two names of one file, both relative to its root."""

    before: str
    after: str


def rename(spot: Spot, after: str, *, sys: Syscalls = REAL) -> tuple[Renamed, ...]:
    """Rename the file at `spot` to `after` (relative to its root), then its side files; the file itself is first in the answer.

    Repeating it goes on from where it was. Folders that it leaves empty go. A side file that can't have its new name (taken, too long,
    not permitted) stays where it is.
    Raises Conflict where another file has the name, NotFound where the file is under neither, else as `system.refusal` says.
    """
    *folders, name = parts(spot.relative)
    *target_folders, target = parts(after)
    try:
        with open_folder(spot.root, (), anchor=spot.anchor):
            _move(spot.root, [*folders, name], [*target_folders, target], sys)
        done = [Renamed(spot.relative, after)]
        stem, new_stem = (n.rpartition(".")[0] or n for n in (name, target))
        for side in side_files_of(_names(spot.root, folders), name):
            path = "/".join([*folders, side])
            new = "/".join([*target_folders, new_stem + side[len(stem) :]])
            if _follows(spot.root, path, new, sys):
                done.append(Renamed(path, new))
        remove_empty_folders(spot.root, folders, sys=sys)
    except OSError as error:
        raise refusal(error, "rename", spot.path) from error
    return tuple(done)


def _follows(root: str, path: str, new: str, sys: Syscalls) -> bool:
    """Move a side file. Only what time cures is raised: its video has the new name already, and that is to be written down."""
    try:
        _move(root, path.split("/"), new.split("/"), sys)
    except (Conflict, NotFound, Invalid):
        return False
    except OSError as error:
        if isinstance(refusal(error, "rename", path), Unavailable):
            raise
        return False
    return True


def _move(root: str, source: list[str], target: list[str], sys: Syscalls) -> None:
    try:
        rename_below(root, source, target, sys)
    except FileExistsError:
        raise Conflict(f"{printable('/'.join(target))} is another file's name already; neither was touched") from None
    except (FileNotFoundError, NotFound):
        if file_size(root, "/".join(target)) is None:
            raise NotFound(f"There is no file {printable('/'.join(source))} any more") from None


def _names(root: str, folders: list[str]) -> list[str]:
    try:
        with open_folder(root, tuple(folders)) as folder:
            return os.listdir(folder)  # noqa: PTH208 - an open folder
    except (FileNotFoundError, NotFound):
        return []
