"""Is a library folder still the one we knew? A missing, empty or replaced mount means *unknown*, never *all gone*."""

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mydia.adapters.disk.paths import join
from mydia.adapters.disk.system import printable
from mydia.adapters.disk.walk import is_skipped_folder

NETWORK_TYPES = frozenset(
    ["9p", "afs", "ceph", "cifs", "fuse.rclone", "fuse.sshfs", "glusterfs", "nfs", "nfs4", "smb3", "smbfs"]
)
State = Literal["ok", "unavailable", "readonly", "suspicious"]


@dataclass(frozen=True, slots=True)
class RootCheck:
    """`device` and `inode` identify the folder (None when it can't be looked at). `network`: changes there make no inotify events."""

    path: str
    state: State
    reason: str | None = None
    device: int | None = None
    inode: int | None = None
    empty: bool = False
    file_system: str | None = None
    network: bool = False


def check_root(path: str, *, known_device: int | None = None, known_files: int = 0) -> RootCheck:
    """Look at a root. `known_device` and `known_files` are what the database remembers of it; without them nothing is suspicious.

    A share has another device number at every mount and on every machine, so its number says nothing; what it covers while it is not
    mounted has one that does.
    """
    shown = printable(path)
    try:
        status = Path(path).stat()
    except OSError as error:
        return RootCheck(path, "unavailable", _why_unavailable(shown, error))
    if not os.path.isdir(path):  # noqa: PTH112
        return RootCheck(path, "unavailable", f"{shown} is not a folder")
    file_system = file_system_of(path)
    network = (file_system or "") in NETWORK_TYPES or (file_system or "").startswith("fuse.")

    def answer(state: State, reason: str | None = None, *, empty: bool = False) -> RootCheck:
        return RootCheck(path, state, reason, status.st_dev, status.st_ino, empty, file_system, network)

    try:
        empty = _is_empty(path)
    except OSError as error:
        return answer("unavailable", _why_unavailable(shown, error))
    if known_files and empty:
        return answer(
            "suspicious", f"{shown} is empty but held {known_files} files: is its disk or share mounted?", empty=True
        )
    if known_files and not network and known_device is not None and known_device != status.st_dev:
        return answer(
            "suspicious",
            f"{shown} is on another file system than before: is the right disk or share mounted?",
            empty=empty,
        )
    if not _is_writable(path):
        return answer(
            "readonly",
            f"Mydia can't write to {shown}: mount it read-write and let Mydia's user write there",
            empty=empty,
        )
    return answer("ok", empty=empty)


def file_system_of(path: str, mountinfo: str | None = None) -> str | None:
    """The type ("ext4", "nfs4", "fuse.mergerfs") of the mount a path lies on; None where /proc doesn't say."""
    if mountinfo is None:
        try:
            mountinfo = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return None
    real = os.path.realpath(path)
    best, kind = "", None
    for line in mountinfo.splitlines():
        left, dash, right = line.partition(" - ")
        words = left.split()
        if not dash or len(words) < 5:
            continue
        point = _unescape(words[4])
        if (real == point or real.startswith(point.rstrip("/") + "/")) and len(point) >= len(best):
            best, kind = point, right.split()[0]
    return kind


def _unescape(text: str) -> str:
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, char)
    return text


def _is_empty(path: str) -> bool:
    with os.scandir(path) as entries:
        return all(is_skipped_folder(entry.name) for entry in entries)


def _is_writable(path: str) -> bool:
    """Tried with a file that never gets a name, since root passes every permission check and a read-only mount none."""
    try:
        os.close(os.open(path, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT):
            return os.access(path, os.W_OK | os.X_OK) and not os.statvfs(path).f_flag & os.ST_RDONLY
        return error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM)
    return True


def _why_unavailable(shown: str, error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return f"{shown} does not exist: create it, or mount its disk or share"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Mydia's user may not read {shown}"
    return f"{shown} can't be read: {error.strerror}"


def can_hardlink(source_folder: str, target_folder: str, *, token: str) -> str | None:
    """Try it with an empty file: None when both folders can share one, else the reason (as the import will meet it)."""
    probe, linked = join(source_folder, f".mydia-link-{token}"), join(target_folder, f".mydia-link-{token}.linked")
    try:
        for left in (probe, linked):  # by a process that ended in the middle of it
            Path(left).unlink(missing_ok=True)
        os.close(os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    except OSError as error:
        return f"Mydia can't write to {printable(source_folder)}: {error.strerror}"
    try:
        os.link(probe, linked)
        Path(linked).unlink()
    except OSError as error:
        if error.errno == errno.EXDEV:
            return (
                f"{printable(source_folder)} and {printable(target_folder)} are on different file systems or mounts, "
                "so imports are copied and need twice the space; give both one common mount"
            )
        return f"{printable(target_folder)} takes no hard link from {printable(source_folder)}: {error.strerror}"
    finally:
        Path(probe).unlink(missing_ok=True)
    return None
