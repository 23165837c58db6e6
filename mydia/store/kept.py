"""What one-file backups are, for those who show and ask for them; backups.py keeps them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

NAMED = 5
"""How many of what would be lost are named."""
Reason = Literal["scheduled", "by hand", "before a migration", "before a restore"]


@dataclass(frozen=True, slots=True)
class Backup:
    """`made_at` is ISO 8601 UTC, `size` bytes."""

    name: str
    path: Path
    size: int
    made_at: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Difference:
    """Of one kind of row: how many a restore would lose, and how many it would bring back. A row that was changed is lost as it is now,
    and comes back as it was. `names` are the first of what would be lost."""

    what: str
    lost: int
    back: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """What restoring a backup would mean. `program` made it; `migrations` are those it lacks, which the next start adds. `untold` says why
    nothing could be compared: what there is now cannot be read."""

    backup: str
    program: str
    last_event_at: str | None
    migrations: tuple[str, ...]
    differences: tuple[Difference, ...]
    untold: str = ""

    @property
    def lost(self) -> str:
        """What would be lost, in words; empty when nothing."""
        return ", ".join(_counted(d.lost, d.what) for d in self.differences if d.lost)

    @property
    def back(self) -> str:
        """What would come back, likewise."""
        return ", ".join(_counted(d.back, d.what) for d in self.differences if d.back)


def _counted(number: int, things: str) -> str:
    return f"{number:,} {things if number != 1 else things.removesuffix('s')}"


class Keeping(Protocol):
    """The backups of one database. Plain blocking calls, for threads and for the command line."""

    def backups(self) -> list[Backup]:
        """All of them, newest first."""
        ...

    def find(self, name: str) -> Backup:
        """The backup of this name. NotFound for any other text: a name is compared, never joined to a path."""
        ...

    def make(self, now: str) -> Backup:
        """A backup by hand; it stays until a person deletes it. Unavailable when it cannot be written, or does not verify."""
        ...

    def delete(self, name: str) -> None:
        """NotFound when there is none of this name."""
        ...

    def compare(self, file: Path) -> Comparison:
        """What restoring this file would lose and bring back. Invalid when it is no whole database of this or an earlier program."""
        ...

    def ready_since(self) -> str | None:
        """Since when (ISO 8601 UTC) something lies ready to be taken when the database is opened next; None: nothing does."""
        ...

    def withdraw(self) -> None:
        """Take back what lies ready. NotFound when nothing does."""
        ...

    def stage(self, file: Path) -> None:
        """Lay a copy of this file ready to be taken when the database is opened next. Invalid as `compare`; Unavailable: disk full."""
        ...
