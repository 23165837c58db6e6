"""How much room there is."""

import os
from dataclasses import dataclass

from mydia.adapters.disk.system import refusal


@dataclass(frozen=True, slots=True)
class Space:
    """Bytes of the file system a path lies on; `free` is what an ordinary user may still use."""

    total: int
    free: int


def space(path: str) -> Space:
    try:
        status = os.statvfs(path)
    except OSError as error:
        raise refusal(error, "look at", path) from error
    return Space(status.f_blocks * status.f_frsize, status.f_bavail * status.f_frsize)
