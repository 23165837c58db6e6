"""Put a finished file in its final place: whole or not at all, durably, never over another, the source left as it was.

    hardlink    one file, two names: nothing is copied and the download seeds on
    reflink     a copy that shares its blocks (btrfs, XFS)
    copy        copy_file_range, else sendfile, else read and write

Links and copies are first named `.mydia-<token>.<this run>.part` in the target folder, synced, and only then given the
final name, in one step that fails where that name is taken. A crash leaves the final file or a .part, which the next run
or `discard_part` (same token) removes. Runs do not share a .part: one that was frozen while another process made its
attempt anew never gives the final name to what the other is still writing.
"""

import errno
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from mydia.adapters.disk.paths import Spot, open_folder, open_regular, parts
from mydia.adapters.disk.system import REAL, Syscalls, printable, refusal
from mydia.errors import Conflict, Forbidden, MydiaError, Unavailable

Method = Literal["hardlink", "reflink", "copy"]
METHODS: tuple[Method, ...] = ("hardlink", "reflink", "copy")
CHUNK = 16 * 1024 * 1024
TRASH = ".mydia-trash"

# What these mean is "not this way", so the next way is tried; anything else is a fault.
_NO_LINK = {
    errno.EXDEV: "the download and the library are on different file systems or mounts",
    errno.EMLINK: "the file has as many names as its file system allows",
    errno.EOPNOTSUPP: "the file system has no hard links",
    errno.ENOSYS: "the file system has no hard links",
}
_NO_REFLINK = {errno.EXDEV, errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL, errno.ENOSYS, errno.EPERM, errno.ETXTBSY}
_NO_COPY_RANGE = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EBADF}
_NO_SENDFILE = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP}


@dataclass(frozen=True, slots=True)
class Placed:
    """`reason` says why it is no hard link. `adopted`: the very same content stood there already and was kept."""

    path: str
    method: Method
    size: int
    reason: str | None = None
    adopted: bool = False


def place(
    source: Spot,
    target: Spot,
    *,
    token: str,
    as_seen: tuple[int, int] | None = None,
    methods: tuple[Method, ...] = METHODS,
    displaced: str | None = None,
    check: Callable[[], object] = lambda: None,
    sys: Syscalls = REAL,
) -> Placed:
    """Put `source` at `target`. `token` names this attempt (the import journal's id); a repeat of it finishes it.

    The first of `methods` that the file systems allow is used; without "copy" an impossible link is refused
    (Forbidden). `check` is called between chunks and may raise to stop. `displaced` is where, below target.root, a
    different file that stands at the target goes instead of refusing: it has that name before the new file takes its
    own. `as_seen` is what was decided on: (size, mtime_ns) of the source; what changed since is not placed.

    Raises Conflict when a different file is at the target; Unavailable, Forbidden, NotFound or Invalid as
    `system.refusal` says. The source, and whatever was at the target, are then untouched.
    """
    *source_folders, source_name = parts(source.relative)
    *target_folders, target_name = parts(target.relative)
    work = _Work(source, target, source_name, target_name, token, check, sys)
    try:
        with (
            open_folder(source.root, tuple(source_folders)) as source_dir,
            open_folder(target.root, tuple(target_folders), create=True, anchor=target.anchor, sys=sys) as target_dir,
        ):
            source_fd = open_regular(source_dir, source_name, source.path)
            try:
                work.must_be(source_fd, as_seen)
                return work.run(source_dir, target_dir, source_fd, methods, displaced)
            finally:
                os.close(source_fd)
    except OSError as error:
        raise refusal(error, "place", target.path) from error


def discard_part(target: Spot, *, token: str) -> bool:
    """Remove what an attempt that never finished left in the target's folder. True when there was something."""
    *folders, _ = parts(target.relative)
    try:
        with open_folder(target.root, tuple(folders)) as folder:
            left = _parts_of(token, folder)
            for part in left:
                os.unlink(part, dir_fd=folder)
    except (FileNotFoundError, MydiaError):
        return False
    return bool(left)


def _parts_of(token: str, folder: int) -> list[str]:
    return [n for n in os.listdir(folder) if n.startswith(f".mydia-{token}.") and n.endswith(".part")]


@dataclass(slots=True)
class _Work:
    source: Spot
    target: Spot
    source_name: str
    target_name: str
    token: str
    check: Callable[[], object]
    sys: Syscalls
    part: str = field(init=False)

    def __post_init__(self) -> None:
        self.part = f".mydia-{self.token}.{secrets.token_hex(4)}.part"

    def must_be(self, source_fd: int, as_seen: tuple[int, int] | None) -> None:
        """Unavailable where what was decided on is not what is there now."""
        status = os.fstat(source_fd)
        if as_seen is not None and as_seen != (status.st_size, status.st_mtime_ns):
            raise Unavailable(
                f"{printable(self.source.path)} changed since it was looked at; it is tried again", retry_after=30
            )

    def run(
        self, source_dir: int, target_dir: int, source_fd: int, methods: tuple[Method, ...], displaced: str | None
    ) -> Placed:
        before = os.fstat(source_fd)
        standing = self._standing(target_dir, source_fd)
        if standing in ("same file", "same content"):
            self.sys.fsync(target_dir)  # it may stand there since an attempt that was killed before it came to this
            if standing == "same file":
                return Placed(self.target.path, "hardlink", before.st_size, adopted=True)
            return Placed(self.target.path, "copy", before.st_size, "this content stood there already", adopted=True)
        if standing == "different" and displaced is None:
            raise Conflict(
                f"{printable(self.target.path)} exists with other content; it was left as it is. "
                "Rename or remove it, or let the new file take another name"
            )
        for left in _parts_of(self.token, target_dir):
            self._unlink(target_dir, left)
        try:
            method, reason = self._write_part(source_dir, target_dir, source_fd, methods)
            after = os.fstat(source_fd)
            if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
                raise Unavailable(
                    f"{printable(self.source.path)} changed while it was imported; it is tried again", retry_after=30
                )
            try:
                if standing == "different" and displaced is not None:
                    self._displace(target_dir, displaced)
                else:
                    self._publish(target_dir)
            except FileNotFoundError as gone:
                raise Unavailable(
                    f"{printable(self.target.path)} is being placed by another daemon as well; it is tried again",
                    retry_after=30,
                ) from gone
            self.sys.fsync(target_dir)
        except BaseException:
            with suppress(OSError):  # what can't be removed now, discard_part removes later; the fault itself matters
                self._unlink(target_dir, self.part)
            raise
        return Placed(self.target.path, method, before.st_size, reason)

    # -- the ladder
    # ------------------------------------------------------------------------------------------------------

    def _write_part(
        self, source_dir: int, target_dir: int, source_fd: int, methods: tuple[Method, ...]
    ) -> tuple[Method, str | None]:
        reason = None
        if "hardlink" in methods:
            reason = self._try_link(source_dir, target_dir, source_fd)
            if reason is None:
                return "hardlink", None
            if methods == ("hardlink",):
                raise Forbidden(
                    f"{printable(self.source.path)} can't be hard-linked into the library: {reason}. "
                    "Copying is switched off"
                )
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        part_fd = self.sys.open(self.part, flags, 0o666, dir_fd=target_dir)
        try:
            method: Method = "reflink" if "reflink" in methods and self._try_reflink(source_fd, part_fd) else "copy"
            if method == "copy":
                if "copy" not in methods:
                    raise Forbidden(
                        f"{printable(self.source.path)} can't be linked into the library, and copying is switched off"
                    )
                self._copy(source_fd, part_fd)
            status = os.fstat(source_fd)
            if os.fstat(part_fd).st_size != status.st_size:
                raise Unavailable(
                    f"The copy of {printable(self.source.path)} came out short; it is tried again", retry_after=60
                )
            os.utime(part_fd, ns=(status.st_atime_ns, status.st_mtime_ns))
            self.sys.fsync(part_fd)
        finally:
            os.close(part_fd)
        return method, reason

    def _try_link(self, source_dir: int, target_dir: int, source_fd: int) -> str | None:
        """None when the part is now a second name of the source; else why it can't be."""
        try:
            self.sys.link(
                self.source_name, self.part, src_dir_fd=source_dir, dst_dir_fd=target_dir, follow_symlinks=False
            )
        except OSError as error:
            if error.errno in (errno.EPERM, errno.EACCES):
                return _why_not_permitted(os.fstat(source_fd))
            if error.errno in _NO_LINK:
                return _NO_LINK[error.errno]
            raise
        if _identity_of(self.part, target_dir) != _identity(os.fstat(source_fd)):
            raise Unavailable(
                f"{printable(self.source.path)} was replaced while it was imported; it is tried again", retry_after=30
            )
        self.sys.fsync(source_fd)
        return None

    def _try_reflink(self, source_fd: int, part_fd: int) -> bool:
        try:
            self.sys.reflink(source_fd, part_fd)
        except OSError as error:
            if error.errno in _NO_REFLINK:
                return False
            raise
        return True

    def _copy(self, source_fd: int, part_fd: int) -> None:
        left = os.fstat(source_fd).st_size  # and no further: a file that is still being written has no end
        os.lseek(source_fd, 0, os.SEEK_SET)
        ways: tuple[tuple[Callable[[int], int], set[int]], ...] = (
            (lambda most: self.sys.copy_file_range(source_fd, part_fd, most), _NO_COPY_RANGE),
            (lambda most: self.sys.sendfile(part_fd, source_fd, None, most), _NO_SENDFILE),
            (lambda most: self._read_write(source_fd, part_fd, most), set()),
        )
        for way, not_this_way in ways:
            try:
                # A way that answers 0 before the end is not trusted: the next goes on from the same offset.
                while left and (done := way(min(left, CHUNK))) > 0:
                    left -= done
                    self.check()
            except OSError as error:
                if error.errno not in not_this_way:
                    raise

    def _read_write(self, source_fd: int, part_fd: int, most: int) -> int:
        data = memoryview(self.sys.read(source_fd, most))
        left = data
        while left:
            left = left[self.sys.write(part_fd, left) :]
        return len(data)

    # -- giving it its name
    # ------------------------------------------------------------------------------------------------

    def _publish(self, target_dir: int) -> None:
        """The final name, only if it is free, whatever the file system can do to promise that."""
        for how in (self._by_rename, self._by_link, self._by_look_and_rename):
            try:
                how(target_dir)
            except OSError as error:
                if error.errno == errno.EEXIST:
                    raise Conflict(
                        f"{printable(self.target.path)} was made by another meanwhile; it was left as it is"
                    ) from error
                if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM):
                    raise
            else:
                return
        raise Unavailable(f"{printable(self.target.path)} could not be given its name by any means", retry_after=60)

    def _by_rename(self, target_dir: int) -> None:
        self.sys.rename_noreplace(self.part, self.target_name, src_dir_fd=target_dir, dst_dir_fd=target_dir)

    def _by_link(self, target_dir: int) -> None:
        self.sys.link(self.part, self.target_name, src_dir_fd=target_dir, dst_dir_fd=target_dir, follow_symlinks=False)
        self.sys.unlink(self.part, dir_fd=target_dir)

    def _by_look_and_rename(self, target_dir: int) -> None:
        # FAT and some network shares offer neither of the above; what is left is to look first, an instant before.
        if _exists(self.target_name, target_dir):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        self.sys.rename(self.part, self.target_name, src_dir_fd=target_dir, dst_dir_fd=target_dir)

    def _displace(self, target_dir: int, displaced: str) -> None:
        """The old file gets its second name before the new one takes the first, so that one of the two is always whole."""
        *folders, name = parts(displaced)
        with open_folder(
            self.target.root, tuple(folders), create=True, anchor=self.target.anchor, sys=self.sys
        ) as away:
            undo = self._name_away(target_dir, away, name)
            try:
                self.sys.fsync(away)
                self.sys.rename(self.part, self.target_name, src_dir_fd=target_dir, dst_dir_fd=target_dir)
            except OSError:
                undo()
                raise

    def _name_away(self, target_dir: int, away: int, name: str) -> Callable[[], None]:
        """Give what stands at the target the name `name` in the folder `away`; the answer takes that back."""
        try:
            self.sys.link(self.target_name, name, src_dir_fd=target_dir, dst_dir_fd=away, follow_symlinks=False)
            return lambda: self._unlink(away, name)
        except FileExistsError:
            if _identity_of(name, away) != _identity_of(self.target_name, target_dir):
                raise
            return lambda: None  # an attempt that was killed came this far
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EXDEV, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
                raise
        self.sys.rename(self.target_name, name, src_dir_fd=target_dir, dst_dir_fd=away)
        return lambda: self.sys.rename(name, self.target_name, src_dir_fd=away, dst_dir_fd=target_dir)

    # -- looking
    # -----------------------------------------------------------------------------------------------------------

    def _standing(
        self, target_dir: int, source_fd: int
    ) -> Literal["nothing", "same file", "same content", "different"]:
        if not _exists(self.target_name, target_dir):
            return "nothing"
        try:
            there = open_regular(target_dir, self.target_name, self.target.path)
        except MydiaError:
            return "different"
        try:
            ours, theirs = os.fstat(source_fd), os.fstat(there)
            if _identity(ours) == _identity(theirs):
                return "same file"
            if ours.st_size != theirs.st_size or not self._equal(source_fd, there, ours.st_size):
                return "different"
            return "same content"
        finally:
            os.close(there)

    def _equal(self, one: int, other: int, size: int) -> bool:
        for offset in range(0, size, CHUNK):
            self.check()
            if os.pread(one, CHUNK, offset) != os.pread(other, CHUNK, offset):
                return False
        return True

    def _unlink(self, folder: int, name: str) -> None:
        try:
            self.sys.unlink(name, dir_fd=folder)
        except FileNotFoundError:
            return


def _identity(status: os.stat_result) -> tuple[int, int]:
    return (status.st_dev, status.st_ino)


def _identity_of(name: str, folder: int) -> tuple[int, int]:
    return _identity(os.stat(name, dir_fd=folder, follow_symlinks=False))


def _exists(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _why_not_permitted(status: os.stat_result) -> str:
    if status.st_uid != os.geteuid():
        return (
            f"the system does not let Mydia (user {os.geteuid()}) link a file of user {status.st_uid} "
            "(fs.protected_hardlinks); run the download client and Mydia as the same user, or give Mydia read and write access to the file"
        )
    return "the file system does not permit hard links here"
