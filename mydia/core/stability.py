"""When is a new file whole? Pure: a look at the file, and what was seen before, give "stable", "gone" or "look again then".

A file that somebody still writes is never stable. One that nobody writes is stable after `quiet` seconds without change; where it can't be
told who writes (another user's file, a network share), after the longer `unsure`. A file moved in whole was last changed long ago and is
stable at the first look.
"""

from dataclasses import dataclass
from typing import Final, Literal

UNSURE: Final = 10.0
"""Seconds without change that are believed where writers can't be seen."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look: bytes, when it was last changed (seconds, the clock of `now`), whether someone has it open for writing (None: unknown)."""

    size: int
    mtime: float
    writer: bool | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Not yet: unchanged since `since`; worth another look at `due`."""

    look: Look
    since: float
    due: float


Verdict = Waiting | Literal["stable", "gone"]


def judge(before: Waiting | None, look: Look | None, now: float, *, quiet: float, unsure: float = UNSURE) -> Verdict:
    """`look` is None when the file is not there. Never answers "stable" for a file that changed since the last look or is being written."""
    if look is None:
        return "gone"
    patience = quiet if look.writer is False and look.size > 0 else max(unsure, quiet)
    unchanged = before is not None and (before.look.size, before.look.mtime) == (look.size, look.mtime)
    since = before.since if before is not None and unchanged and not look.writer else now
    if look.writer is False and look.size > 0 and before is None:
        since = min(now, look.mtime)  # it may have been quiet long before we first looked
    if look.writer is not True and now - since >= patience:
        return "stable"
    return Waiting(look, since, now + max(quiet / 2, min(patience - (now - since), unsure / 4)))
