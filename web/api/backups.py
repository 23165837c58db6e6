"""Backups of the database, what restoring one would lose, restoring it; everything as one file, whatever the engine."""

from dataclasses import dataclass

from quart import Blueprint, Response

from mydia.store.kept import Backup
from web import keeping
from web.api.kit import operation
from web.policy import Policy, Visit

api = Blueprint("backups_api", __name__)


@dataclass(frozen=True, slots=True)
class BackupOut:
    """A backup of one file. `reason` says why it was made."""

    name: str
    size: int
    made_at: str
    reason: str


@dataclass(frozen=True, slots=True)
class BackupList:
    """Newest first. `kept` is false where the database keeps no backups of one file (PostgreSQL): there is the export. `ready_since`:
    since when one lies ready, which the next start takes."""

    kept: bool
    items: list[BackupOut]
    ready_since: str | None


@dataclass(frozen=True, slots=True)
class DifferenceOut:
    """Of one kind of thing: how many restoring would lose, the first of them by name, and how many it would bring back."""

    what: str
    lost: int
    back: int
    names: list[str]


@dataclass(frozen=True, slots=True)
class ComparisonOut:
    """A backup beside what is there now. `migrations` are those that it lacks, and that would be added. `untold` says why nothing could be
    compared: what is there now cannot be read."""

    backup: BackupOut
    program: str
    last_event_at: str | None
    migrations: list[str]
    differences: list[DifferenceOut]
    untold: str


@operation(api, "/backups", Policy.ADMIN, answers=BackupList)
async def list_backups(visit: Visit) -> BackupList:
    """The backups, newest first."""
    found = await keeping.listed(visit)
    return BackupList(found is not None, [backup_out(b) for b in found or ()], await keeping.ready_since(visit))


@operation(api, "/backups", Policy.ADMIN, method="POST", answers=BackupOut, status=201)
async def make_backup(visit: Visit) -> BackupOut:
    """Make a backup now. It is verified by reading all of it, and stays until it is deleted."""
    return backup_out(await keeping.make(visit))


@operation(api, "/backups/<name>", Policy.ADMIN, answers=ComparisonOut)
async def get_backup(visit: Visit, name: str) -> ComparisonOut:
    """One backup, and what restoring it would lose."""
    kept, said = await keeping.found(visit, name), await keeping.compare(visit, name)
    differences = [DifferenceOut(d.what, d.lost, d.back, list(d.names)) for d in said.differences]
    return ComparisonOut(
        backup_out(kept), said.program, said.last_event_at, list(said.migrations), differences, said.untold
    )


@operation(api, "/backups/<name>", Policy.ADMIN, method="DELETE")
async def delete_backup(visit: Visit, name: str) -> None:
    """Delete a backup."""
    await keeping.delete(visit, name)


@operation(api, "/backups/<name>/content", Policy.ADMIN, file=keeping.DATABASE)
async def download_backup(visit: Visit, name: str) -> Response:
    """A backup as a file."""
    return await keeping.content(visit, name)


@operation(api, "/backups/<name>/restore", Policy.ADMIN, method="POST", status=202)
async def restore_backup(visit: Visit, name: str) -> None:
    """Restore a backup: the house closes, keeps the present database as a backup, and opens anew on this one."""
    await keeping.restore(visit, name)


@operation(api, "/restore", Policy.ADMIN, method="POST", status=202)
async def take_ready(visit: Visit) -> None:
    """Restore what lies ready now: the house closes, and opens anew on it."""
    await keeping.take_ready(visit)


@operation(api, "/restore", Policy.ADMIN, method="DELETE")
async def withdraw_ready(visit: Visit) -> None:
    """Take back what lies ready for the next start; the database stays as it is."""
    await keeping.withdraw(visit)


@operation(api, "/export", Policy.ADMIN, file=keeping.EXPORT)
async def export_all(visit: Visit) -> Response:
    """Everything as one file, for `mydia db import` on any engine. It holds all secrets that the database holds."""
    return await keeping.export(visit)


def backup_out(kept: Backup) -> BackupOut:
    return BackupOut(kept.name, kept.size, kept.made_at, kept.reason)
