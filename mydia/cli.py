"""The front door: every command of `mydia`. The one file down here that may import upstairs, and only inside a command.

A family of commands has a module of its own, whose `add_commands` adds them here; each sets `run`, which is called with the options.

Exit codes: 0 done; 1 it could not be done (one line on stderr says why); 2 the command line is wrong; 70 the daemon had to abandon a child.
"""

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from mydia import choosing_cli, db_cli, decide_cli, explain_cli, name_cli, parse_cli
from mydia.errors import MydiaError

DEFAULT_FILE = Path("config.yml")
SELDOM = (50_000, 20, 100)
"""When the collector looks through what a command holds: what it read lives until it is answered, and looking for garbage in it each 700
objects took a fifth of the time of deciding on ten thousand releases. (The daemon has its own measure.)"""


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="mydia", description="One daemon that runs a home's film and TV library.")
    parser.add_argument(
        "--config",
        type=Path,
        default=DEFAULT_FILE if DEFAULT_FILE.exists() else None,
        help="the configuration file (default: ./config.yml where there is one)",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, add in _COMMANDS.items():
        sub = commands.add_parser(name, help=add.__doc__, description=add.__doc__)
        add(sub)
    for family in (choosing_cli, db_cli, explain_cli, parse_cli, decide_cli, name_cli):
        family.add_commands(commands)
    args = parser.parse_args(argv)
    if args.command is None:
        args.run = _serve
    if args.run not in (_serve, _demo):
        gc.set_threshold(*SELDOM)
    try:
        return int(args.run(args))
    except MydiaError as no:
        print(f"mydia: {no}", file=sys.stderr)  # noqa: T201 - the command line is where people read it
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left; nothing more to say
        return 0
    except KeyboardInterrupt:
        return 130


def _serve_command(parser: argparse.ArgumentParser) -> None:
    """Run the daemon (what `mydia` alone does)."""
    parser.set_defaults(run=_serve)


def _serve(args: argparse.Namespace) -> int:
    from supervisors.boot import serve

    return serve(args.config, os.environ)


def _demo_command(parser: argparse.ArgumentParser) -> None:
    """Run the daemon in a throw-away folder with a small world around it that shows the main job."""
    parser.add_argument(
        "--check", action="store_true", help="no browser: wait until all of it has happened, print JSON, exit 0 or 1"
    )
    parser.add_argument(
        "--client", choices=("embedded", "qbittorrent"), default="embedded", help="the download client to use"
    )
    parser.add_argument(
        "--port", type=int, default=4000, help="where the pages are served (default 4000; --check takes a free one)"
    )
    parser.add_argument(
        "--keep", type=Path, default=None, metavar="FOLDER", help="use this folder and leave it there afterwards"
    )
    parser.add_argument(
        "--database-url",
        metavar="ADDRESS",
        help="store in this PostgreSQL database, which must be empty and is not emptied again",
    )
    parser.add_argument("--encrypted", action="store_true", help="store in an encrypted SQLite file (SQLCipher)")
    parser.add_argument(
        "--patience",
        type=float,
        metavar="SECONDS",
        help="how long --check waits (default 110, with which it ends within two minutes; a slow machine may need more)",
    )
    parser.set_defaults(run=_demo)


def _demo(args: argparse.Namespace) -> int:
    from supervisors.demo import demo

    return demo(
        check=args.check,
        client=args.client,
        port=args.port,
        keep=args.keep,
        database_url=args.database_url,
        encrypted=args.encrypted,
        patience=args.patience,
    )


def _health_command(parser: argparse.ArgumentParser) -> None:
    """Ask the running daemon whether it is ready: exit 0 when it is (for containers' health checks)."""
    parser.add_argument("--url", default=None, help="where it listens (default: from the configuration)")
    parser.set_defaults(run=_health)


def _health(args: argparse.Namespace) -> int:
    import httpx

    from mydia.settings.load import load_config

    config = load_config(args.config, os.environ).config
    url = args.url or f"http://127.0.0.1:{config.server.port}/health/ready"
    try:
        answer = httpx.get(url, timeout=3)
    except httpx.HTTPError as error:
        print(f"mydia: nothing answers at {url}: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print(answer.text)  # noqa: T201
    return 0 if answer.status_code == httpx.codes.OK else 1


def _version_command(parser: argparse.ArgumentParser) -> None:
    """Print the version."""
    parser.set_defaults(run=lambda _: print(version("mydia")) or 0)  # noqa: T201


_COMMANDS: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "serve": _serve_command,
    "demo": _demo_command,
    "health": _health_command,
    "version": _version_command,
}
