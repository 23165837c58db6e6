"""Where a database file lies: who has it (one daemon, no second), and whether its file system can be trusted with it."""

import contextlib
import errno
import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from mydia.errors import Invalid, Unavailable

# Their locks or their shared memory are not what SQLite's write-ahead log needs: two machines may corrupt the file between them.
NETWORK = frozenset(
    "nfs nfs3 nfs4 cifs smb2 smb3 smbfs ncpfs afs coda ceph lustre beegfs glusterfs orangefs pvfs2 gpfs ocfs2 gfs gfs2 davfs "
    "fuse.ceph fuse.ceph-fuse fuse.curlftpfs fuse.davfs fuse.davfs2 fuse.gcsfuse fuse.glusterfs fuse.gvfsd-fuse fuse.juicefs "
    "fuse.mfs fuse.rclone fuse.s3fs fuse.smbnetfs fuse.sshfs".split()
)
PART = ".mydia-part"
"""How the name ends of what is still being written."""
FORGOTTEN = 86400.0
"""Seconds after which nobody writes it any more."""


def network_filesystem(path: str, mountinfo: str) -> str | None:
    """The type of the network file system that holds an absolute path, or None; `mountinfo` as /proc/self/mountinfo has it."""
    best, kind = "", None
    for line in mountinfo.splitlines():
        left, separator, right = line.partition(" - ")
        fields = left.split()
        if not separator or len(fields) < 5 or not right:
            continue
        mount = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), fields[4])
        inside = path == mount or path.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(best):  # of two on one place, the later lies on top
            best, kind = mount, right.split()[0]
    return kind if kind in NETWORK else None


def refuse_network(path: Path, *, forced: bool) -> None:
    """Invalid when the file would lie on a network file system, unless forced. Where mounts can't be listed, nothing is refused."""
    if forced:
        return
    try:
        mountinfo = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return
    kind = network_filesystem(str(path.resolve()), mountinfo)
    if kind is not None:
        raise Invalid(
            f"the database {path} lies on a network file system ({kind}), where SQLite can lose data; move it to a local disk "
            "(database.path), or set database.allow_network_filesystem to true if you accept that",
            field="database.path",
        )


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder and those above it that are missing, durably: a name is safe once the folder it stands in was synced."""
    missing = [f for f in (folder, *folder.parents) if not f.exists()]
    folder.mkdir(mode=mode, parents=True, exist_ok=True)
    for made in reversed(missing):
        with contextlib.suppress(PermissionError):  # where one may write but not look, nothing can be synced
            fd = os.open(made.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on disk."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextlib.contextmanager
def part_of(target: Path) -> Iterator[Path]:
    """An empty file beside `target`, for its owner alone, to be filled and given that name; it is gone at the end if it was not.

    No two writers share one. What killed ones left goes after a day: by then nobody writes it any more.
    """
    part = target.with_name(f".{secrets.token_hex(8)}{PART}")
    part.touch(mode=0o600, exist_ok=False)
    try:
        for left in part.parent.glob(f".{'?' * 16}{PART}*"):
            with contextlib.suppress(OSError):
                if part.stat().st_mtime - left.stat().st_mtime > FORGOTTEN:
                    left.unlink()
        yield part
    finally:
        for left in part.parent.glob(f"{part.name}*"):  # SQLite's own files beside it too: a full disk leaves them
            with contextlib.suppress(OSError):
                left.unlink()


class InUse(Unavailable):
    """Another Mydia has the database."""


class FileLock:
    """One daemon per database file. The kernel lets go of the lock when the process ends, however it ends."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self.path = database.with_name(database.name + ".lock")
        self._fd: int | None = None

    def acquire(self) -> None:
        """Take the lock, or say who has it (InUse)."""
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(fd)
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            raise InUse(f"another Mydia (pid {holder}) uses {self.database}; stop it first") from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._fd = fd

    def release(self) -> None:
        if self._fd is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, 0)
            os.close(self._fd)
            self._fd = None
