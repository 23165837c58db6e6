"""Does somebody have a file open for writing? The kernel knows: it gives a read lease on no file that somebody writes."""

import errno
import fcntl
import os
import signal


def has_writer(path: str) -> bool | None:
    """True or False where the kernel tells; None where it does not (another user's file, a network share).

    Raises FileNotFoundError when the file is gone.
    """
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        # Were somebody to open it for writing in this instant, the kernel would tell us by this signal; SIGIO would
        # end the process.
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        if error.errno == errno.EAGAIN:
            return True
        return None
    finally:
        os.close(fd)
    return False
