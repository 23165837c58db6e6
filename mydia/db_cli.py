"""`mydia db`, `mydia backup` and `mydia restore`: a whole database out to a file and in again, to the other engine, kept and put back.

Reading (export, backup, the list) works beside a running daemon. What replaces a database needs the daemon to be down; a restore may
also be laid ready for its next start, or be asked of the running daemon itself (`--url`, with a key in MYDIA_API_KEY).
"""

import argparse
import contextlib
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from mydia.databases import whole_at, whole_of
from mydia.errors import Conflict, Invalid, NotFound, Unavailable
from mydia.settings.load import load_config
from mydia.settings.model import Config
from mydia.store import moving
from mydia.store.backups import Keeper
from mydia.store.kept import Backup, Comparison
from mydia.store.moving import Whole
from mydia.store.place import InUse, part_of, sync
from mydia.store.portable import Source, open_export, write_export
from mydia.store.sqlite_whole import SqliteWhole
from mydia.store.transaction import to_text

MEGABYTE = 1e6


def add_commands(commands: Any) -> None:
    """Add `db`, `backup` and `restore` to the command line; `run` answers them."""
    for name, add in (("db", _add_db), ("backup", _add_backup), ("restore", _add_restore)):
        parser = commands.add_parser(name, help=add.__doc__, description=add.__doc__)
        parser.set_defaults(run=run)
        add(parser)


def _add_db(parser: argparse.ArgumentParser) -> None:
    """Take the whole database out to a file, in from one, or to the other engine."""
    commands = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    out = commands.add_parser("export", help="write everything to one file, whatever the engine; the daemon may run")
    out.add_argument("file", type=Path, metavar="FILE")
    out.add_argument("--replace", action="store_true", help="write over an earlier export")
    out.set_defaults(work=export)
    taking = commands.add_parser("import", help="take everything in from such a file; the daemon must be down")
    taking.add_argument("file", type=Path, metavar="FILE")
    taking.add_argument("--replace", action="store_true", help="also where the database is not empty")
    taking.set_defaults(work=take_in)
    going = commands.add_parser("move", help="copy everything to another database; the daemon must be down")
    going.add_argument(
        "--to", required=True, metavar="ADDRESS", help="postgresql://user:password@host/name, or a path for SQLite"
    )
    going.set_defaults(work=move)


def _add_backup(parser: argparse.ArgumentParser) -> None:
    """Make a verified backup of the database now, or list those there are."""
    parser.add_argument(
        "what", nargs="?", choices=("make", "list"), default="make", help="make one (the default), or list them"
    )
    parser.set_defaults(work=backup)


def _add_restore(parser: argparse.ArgumentParser) -> None:
    """Put a backup in the place of the database, after saying what would be lost."""
    parser.add_argument(
        "backup", metavar="NAME|FILE", nargs="?", help="a name from `mydia backup list`, or any backup's path"
    )
    parser.add_argument("--yes", action="store_true", help="do it; without, only what would be lost is said")
    parser.add_argument(
        "--url", help="the address of the running daemon, which restores at once; its API key stands in MYDIA_API_KEY"
    )
    parser.add_argument(
        "--withdraw", action="store_true", help="take back what lies ready for the daemon's next start, instead"
    )
    parser.set_defaults(work=restore)


def run(args: argparse.Namespace) -> int:
    """Do one of the commands: the exit code. Raises MydiaError with what was wrong."""
    done: int = args.work(load_config(args.config, os.environ).config, args)
    return done


# -- the whole database -------------------------------------------------------------------------------------------------------


def export(config: Config, args: argparse.Namespace) -> int:
    file: Path = args.file
    if file.exists() and not args.replace:
        raise Conflict(f"{file} exists already; choose another name, or add --replace")
    if file.exists() and not _may_go(file):
        raise Conflict(f"{file} is no export, and would be lost; choose another name")
    try:
        with whole_of(config).source() as source, part_of(file.absolute()) as part:
            with part.open("wb") as out:
                rows = write_export(source, out, _now())
                out.flush()
                os.fsync(out.fileno())
            part.replace(file)
        sync(file.absolute().parent)
    except OSError as error:
        raise Unavailable(f"{file} cannot be written: {error.strerror or error}") from error
    _say(
        f"{rows:,} rows written to {file} ({file.stat().st_size / MEGABYTE:.1f} MB). It holds all secrets that the database holds."
    )
    return 0


def _may_go(file: Path) -> bool:
    """Whether a file may be written over: an earlier export, or nothing. A typing error must not cost a database, or a device."""
    if not file.is_file():
        return False
    try:
        with file.open("rb") as content:
            return content.read(2) in (b"\x1f\x8b", b"")
    except OSError as error:
        raise Unavailable(f"{file} cannot be read: {error.strerror or error}") from error


def take_in(config: Config, args: argparse.Namespace) -> int:
    target = whole_of(config)
    with open_export(args.file) as looked_at, target.alone():
        if moving.is_there(looked_at, target):
            return _done_before(looked_at, target)
        if not args.replace:
            moving.refuse_if_lived_in(target, "Add --replace to take the file in instead of it")
        with open_export(args.file) as source:  # which is read once
            former = moving.bring(source, target, _now(), _progress())
    _say(f"{sum(source.counts.values()):,} rows taken in, read back and compared. {former}".rstrip())
    return 0


def _done_before(source: Source, target: Whole) -> int:
    """An earlier try was killed behind its last step. What it replaced is kept where it is: another import would put this in its place."""
    _say(f"{sum(source.counts.values()):,} rows are in {target.name} already, compared; nothing was to be done.")
    return 0


def move(config: Config, args: argparse.Namespace) -> int:
    origin, target = whole_of(config), whole_at(args.to, config)
    if origin.name == target.name:
        raise Invalid(f"{target.name} is the database that is configured; nothing is to be moved")
    with origin.alone(), target.alone(), origin.source() as source:
        if moving.is_there(source, target):
            _done_before(source, target)
        else:
            moving.refuse_if_lived_in(target, "Move to an empty one")
            moving.bring(source, target, _now(), _progress())
            rows = sum(source.counts.values())
            _say(f"{rows:,} rows copied to {target.name}, read back and compared. {origin.name} is as it was.")
    if isinstance(target, SqliteWhole):
        _say(f"Now set database.path to {target.path}, remove database.url (DATABASE_URL), and start Mydia.")
    else:
        _say("Now set database.url (DATABASE_URL) to that address, and start Mydia.")
    return 0


def _progress() -> moving.Progress:
    return moving.seconds_apart(lambda line: print(line, file=sys.stderr, flush=True), time.monotonic)  # noqa: T201


# -- one-file backups --------------------------------------------------------------------------------------------------------


def keeper_of(config: Config) -> Keeper:
    """Where the backups of the configured database are. Invalid on PostgreSQL, with what to use there."""
    whole = whole_of(config)
    if not isinstance(whole, SqliteWhole):
        raise Invalid(f"{whole.name} is backed up by pg_dump, or by `mydia db export`")
    return whole.keeper


def backup(config: Config, args: argparse.Namespace) -> int:
    keeper = keeper_of(config)
    if args.what == "list":
        for kept in keeper.backups():
            _say(_line(kept))
        if since := keeper.ready_since():
            _say(
                f"One lies ready since {since}: the daemon's next start takes it. `mydia restore --withdraw` takes it back."
            )
        return 0
    if not keeper.path.exists():
        raise NotFound(f"there is no database {keeper.path}")
    made = keeper.make(_now())
    _say(f"{made.path} ({made.size / MEGABYTE:.1f} MB), verified")
    return 0


def restore(config: Config, args: argparse.Namespace) -> int:
    keeper = keeper_of(config)
    if args.withdraw:
        keeper.withdraw()
        _say("What lay ready is taken back; the database stays as it is.")
        return 0
    if args.backup is None:
        raise Invalid("name a backup, or its file; `mydia backup list` shows those there are")
    file = _named(args.backup, keeper)
    for line in losses(keeper.compare(file)):
        _say(line)
    if not args.yes:
        raise Conflict("nothing was changed; add --yes to restore it")
    if args.url:
        _ask(args.url, keeper.find(file.name).name)
        _say("The daemon restores it now and is back in a moment.")
        return 0
    try:
        with whole_of(config).alone():
            keeper.stage(file)
            former = keeper.take()
    except InUse:
        keeper.stage(file)
        _say(
            "A daemon has the database open. The backup lies ready; it is taken when the daemon is started next: restart it now, "
            "or take it back by `mydia restore --withdraw`."
        )
        return 0
    _say("Restored." + (f" The former database is kept as {former}." if former is not None else ""))
    return 0


def _named(text: str, keeper: Keeper) -> Path:
    """The file of that path, or the backup of that name."""
    with contextlib.suppress(OSError, ValueError):  # as a path it may be too long, or none
        if Path(text).is_file():
            return Path(text)
    return keeper.find(text).path


def losses(comparison: Comparison) -> list[str]:
    """What a restore would mean, in lines for a person."""
    lines = [
        f"{comparison.backup} was made by Mydia {comparison.program}; the last thing it knows of happened at {comparison.last_event_at}."
    ]
    if comparison.migrations:
        lines.append(f"It is older than this program: {', '.join(comparison.migrations)} will be added to it.")
    if comparison.untold:
        lines.append(f"What would be lost cannot be told: what there is now cannot be read ({comparison.untold}).")
        return lines
    lines.append(
        f"Lost would be what is not in it: {comparison.lost}."
        if comparison.lost
        else "Nothing would be lost that is not in it."
    )
    for d in comparison.differences:
        if d.names:
            more = f" and {d.lost - len(d.names):,} more" if d.lost > len(d.names) else ""
            lines.append(f"  {d.what}: {', '.join(d.names)}{more}")
    if comparison.back:
        lines.append(f"Back would come what was removed since: {comparison.back}.")
    return lines


def _ask(url: str, name: str) -> None:
    headers = {"X-Api-Key": os.environ.get("MYDIA_API_KEY", "")}
    address = f"{url.rstrip('/')}/api/v1/backups/{quote(name)}/restore"
    try:
        answer = httpx.post(address, headers=headers, timeout=600)
        told = "" if answer.is_success else answer.json().get("detail", answer.text)
    except (httpx.HTTPError, ValueError) as error:
        raise Unavailable(f"no daemon answers at {url}: {error}") from error
    if not answer.is_success:
        raise Invalid(f"the daemon says {answer.status_code}: {told}")


def _line(kept: Backup) -> str:
    return f"{kept.name}  {kept.made_at}  {kept.size / MEGABYTE:8.1f} MB  {kept.reason}"


def _now() -> str:
    return to_text(datetime.now(UTC))  # noqa: TID251 - the door reads the clock on the store's behalf


def _say(text: str) -> None:
    print(text)  # noqa: T201 - the command line is where people read it
