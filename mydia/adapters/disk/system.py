"""The system calls that change files, as one value, so that tests make any of them fail; and what each failure means."""

import ctypes
import errno
import fcntl
import os
from collections.abc import Callable
from dataclasses import dataclass

from mydia.errors import Conflict, Forbidden, Invalid, MydiaError, NotFound, Unavailable

FICLONE = 0x40049409  # linux/fs.h
RENAME_NOREPLACE = 1  # linux/fs.h
_libc = ctypes.CDLL(None, use_errno=True)


def rename_noreplace(source: str, target: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
    """Rename that fails with EEXIST where the target exists; EINVAL or ENOSYS where the file system can't promise that."""
    result = _libc.renameat2(src_dir_fd, os.fsencode(source), dst_dir_fd, os.fsencode(target), RENAME_NOREPLACE)
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


def reflink(source_fd: int, target_fd: int) -> None:
    fcntl.ioctl(target_fd, FICLONE, source_fd)


@dataclass(frozen=True, slots=True)
class Syscalls:
    open: Callable[..., int] = os.open
    link: Callable[..., None] = os.link
    reflink: Callable[[int, int], None] = reflink
    copy_file_range: Callable[[int, int, int], int] = os.copy_file_range
    sendfile: Callable[..., int] = os.sendfile
    read: Callable[[int, int], bytes] = os.read
    write: Callable[[int, bytes | memoryview], int] = os.write
    fsync: Callable[[int], None] = os.fsync
    rename: Callable[..., None] = os.rename
    rename_noreplace: Callable[..., None] = rename_noreplace
    unlink: Callable[..., None] = os.unlink
    mkdir: Callable[..., None] = os.mkdir


REAL = Syscalls()

_SPACE = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
}
_LATER = {
    errno.EIO: "the disk reported a read or write error; check the disk and the system's log",
    errno.ESTALE: "the network share was lost and came back as another; it is tried again",
    errno.EMFILE: "too many files are open; it is tried again",
    errno.ENFILE: "too many files are open in the whole system; it is tried again",
    errno.EINTR: "the call was interrupted; it is tried again",
    errno.ENOMEM: "the system is out of memory; it is tried again",
    errno.EBUSY: "the file or folder is in use; it is tried again",
    errno.ETXTBSY: "the file is being run; it is tried again",
    errno.ETIMEDOUT: "the network share did not answer; it is tried again",
    errno.EHOSTDOWN: "the network share's host is down; it is tried again",
    errno.ENOTCONN: "the mount is gone (its daemon ended); mount it again",
}
_FORBIDDEN = {
    errno.EACCES: "Mydia's user may not do this; give it read and write access",
    errno.EPERM: "the system does not permit it (owner, immutable flag or mount option)",
    errno.EROFS: "the file system is mounted read-only; mount it read-write",
}


def refusal(error: OSError, what: str, where: str) -> MydiaError:
    """What an OSError means for whoever asked: "could not copy X: the disk is full"."""
    number = error.errno or 0
    begin = f"Could not {what} {printable(where)}: "
    if number in _SPACE:
        return Unavailable(begin + _SPACE[number] + "; free some space, it is tried again", retry_after=300)
    if number in _LATER:
        return Unavailable(begin + _LATER[number], retry_after=60)
    if number in _FORBIDDEN:
        return Forbidden(begin + _FORBIDDEN[number])
    if number in (errno.ENOENT, errno.ENOTDIR):
        return NotFound(begin + "there is no such file or folder")
    if number in (errno.EEXIST, errno.ENOTEMPTY):
        return Conflict(begin + "something is there already")
    if number == errno.ENAMETOOLONG:
        return Invalid(
            begin + "the name is longer than the file system allows (255 bytes); shorten the naming template"
        )
    if number == errno.EFBIG:
        return Invalid(begin + "the file is larger than this file system can hold (4 GiB on FAT)")
    if number == errno.EXDEV:
        return Invalid(begin + "another file system is mounted in between; a library folder has to be one file system")
    if number in (errno.ELOOP, errno.EISDIR, errno.EINVAL, errno.EILSEQ):
        return Invalid(begin + (error.strerror or "not a usable file or name"))
    return Unavailable(begin + (error.strerror or str(error)), retry_after=60)


def printable(path: str) -> str:
    """A path for people: bytes that are no UTF-8 shown as escapes, control characters too."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
