"""What is looked at before a file counts: whether it may still be growing, whether it is there, the videos of a folder that appeared."""

import os
from pathlib import Path

from mydia.adapters.disk.paths import join, resolve_inside
from mydia.adapters.disk.walk import Walk, signed
from mydia.adapters.disk.writers import has_writer
from mydia.core.stability import Look
from mydia.errors import MydiaError
from mydia.library.model import SeenFile


def look_at_all(
    keys: list[tuple[tuple[str, str], str]],
) -> dict[tuple[str, str], tuple[Look | None, SeenFile | None]]:
    """For each ((root id, relative path), root): how it stands, and what is told of it should it be whole."""
    return {key: look_at(root, key[1]) for key, root in keys}


def look_at(root: str, relative: str) -> tuple[Look | None, SeenFile | None]:
    """(None, None) when there is no such plain file."""
    if not is_plain(root, relative):
        return None, None
    path = join(root, relative)
    try:
        status = os.lstat(path)
        look = Look(status.st_size, status.st_mtime, has_writer(path))
    except OSError:
        return None, None
    return look, SeenFile(relative, status.st_size, status.st_mtime_ns, signed(status.st_ino))


def videos_below(root: str, relative: str) -> list[str]:
    """The videos of a folder that appeared; nothing when it is no folder, or a link to one."""
    if not is_plain(root, relative) or not Path(root, relative).is_dir():
        return []
    try:
        walk = Walk(join(root, relative))
        return [f"{relative}/{f.relative}" for batch in walk for f in batch if f.kind == "video"]
    except MydiaError:
        return []  # gone again; its deletion is told too


def is_plain(root: str, relative: str) -> bool:
    """Whether a path is reached without a link: the walk follows none, so the watch must not either."""
    return os.path.realpath(join(root, relative)) == join(os.path.realpath(root), relative)


def exists(root: str, relative: str) -> bool:
    return os.path.lexists(join(root, relative))


def is_file_inside(root: str, relative: str) -> bool:
    """Whether a file is there, itself or behind a link. Refused (Invalid) when the link leads out of the root."""
    return Path(resolve_inside(root, relative)).is_file()
