"""`mydia formats` and `mydia choosing`: custom formats of the guides, and all that was chosen, in and out of files.

They work on the database while the daemon is down, and through the API of a running one (`--url`, with a key in MYDIA_API_KEY).
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import trio

from mydia import choosing_yaml
from mydia.choosing import changes, queries
from mydia.choosing.model import Adopted, Brought, read_brought
from mydia.databases import engine_of
from mydia.errors import Conflict, Invalid, NotFound, Unavailable
from mydia.messages import Change
from mydia.settings.load import Loaded, load_config, with_overrides
from mydia.settings.queries import overrides
from mydia.store.engine import Connection, Engine
from mydia.store.transaction import Transaction, to_text

T = TypeVar("T")
LARGEST = 8 << 20  # bytes of one file that is read


def add_commands(commands: Any) -> None:
    """Add `formats` and `choosing` to the command line; `run` answers them."""
    for name, add in (("formats", _add_formats), ("choosing", _add_choosing)):
        parser = commands.add_parser(name, help=add.__doc__, description=add.__doc__)
        add(parser.add_subparsers(dest="what", required=True, metavar="WHAT"))
        parser.set_defaults(run=run)


def _add_formats(commands: Any) -> None:
    """List custom formats, or bring in those of the TRaSH guides, Radarr or Sonarr."""
    listing = commands.add_parser("list", help="the custom formats with their scores")
    listing.set_defaults(work=list_formats)
    bringing = commands.add_parser(
        "import", help="bring in formats and quality profiles from JSON files and folders of them"
    )
    bringing.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    bringing.add_argument("--app", choices=("radarr", "sonarr"), help="whose numbers they use, where they cannot tell")
    bringing.add_argument("--profile", metavar="NAME", help="the quality profile that gets the guide's scores")
    bringing.add_argument("--scores", metavar="SET", help="the guide's score set (default: its usual scores)")
    bringing.set_defaults(work=import_formats)
    _reach(listing, bringing)


def _add_choosing(commands: Any) -> None:
    """Take all that was chosen (formats, profiles, rules, naming) out to YAML, or in from it."""
    out = commands.add_parser("export", help="write it to a file, or to standard output")
    out.add_argument("file", nargs="?", type=Path, metavar="FILE")
    out.set_defaults(work=export)
    taking = commands.add_parser("import", help="add and change by name what a file says; all of it or nothing")
    taking.add_argument("file", type=Path, metavar="FILE", help="'-' for standard input")
    taking.set_defaults(work=take_in)
    _reach(out, taking)


def _reach(*parsers: argparse.ArgumentParser) -> None:
    for parser in parsers:
        parser.add_argument("--url", help="the address of a running daemon; its API key stands in MYDIA_API_KEY")


def run(args: argparse.Namespace) -> int:
    """Do one of the commands: the exit code. Raises MydiaError with what was wrong."""
    if args.url:
        return trio.run(_work, args, Remote(args.url, os.environ.get("MYDIA_API_KEY", "")))
    loaded = load_config(args.config, os.environ)
    return trio.run(_work, args, Local(loaded, engine_of(loaded.config)))


async def _work(args: argparse.Namespace, reach: "Reach") -> int:
    async with reach:
        done: int = await args.work(reach, args)
    return done


class Local:
    """The database itself, which no daemon may have open meanwhile."""

    def __init__(self, loaded: Loaded, engine: Engine) -> None:
        self.loaded, self.engine = loaded, engine

    async def __aenter__(self) -> "Local":
        try:
            await self.engine.open(to_text(_now()))
        except (Conflict, Unavailable) as no:
            raise Unavailable(f"{no}. While the daemon runs, go through it: --url, or its pages under Settings") from no
        self.loaded = with_overrides(self.loaded, await self.engine.read(overrides))
        return self

    async def __aexit__(self, *exc: object) -> None:
        with trio.CancelScope(shield=True):
            await self.engine.close()

    async def formats(self) -> list[tuple[str, dict[str, int]]]:
        return await self.engine.read(_formats)

    async def bring_in(
        self, documents: list[tuple[str, Any]], args: argparse.Namespace
    ) -> tuple[Adopted, tuple[str, ...]]:
        brought = read_brought(documents, args.app)
        return await self._write(_bring_in, brought, args.profile, args.scores), brought.problems

    async def chosen(self) -> dict[str, Any]:
        return await self.engine.read(choosing_yaml.export, self.loaded.config)

    async def take_in(self, document: Any) -> None:
        await self._write(choosing_yaml.take_in, choosing_yaml.read(document), self.loaded, actor="command line")

    async def _write(self, change: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        batch = await self.engine.commit([Change(change, args, tuple(kwargs.items()))], to_text(_now()))
        if batch.done[0].error is not None:
            raise batch.done[0].error
        value: T = batch.done[0].value
        return value


class Remote:
    """A running daemon, by its API."""

    def __init__(self, url: str, key: str) -> None:
        self.http = httpx.AsyncClient(base_url=f"{url.rstrip('/')}/api/v1", headers={"X-Api-Key": key}, timeout=60)

    async def __aenter__(self) -> "Remote":
        await self.http.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.http.aclose()

    async def formats(self) -> list[tuple[str, dict[str, int]]]:
        names = [f["name"] for f in (await self.ask("GET", "/custom-formats"))["items"]]
        profiles = (await self.ask("GET", "/quality-profiles"))["items"]
        return [(n, {p["name"]: p["scores"][n] for p in profiles if n in p["scores"]}) for n in names]

    async def bring_in(
        self, documents: list[tuple[str, Any]], args: argparse.Namespace
    ) -> tuple[Adopted, tuple[str, ...]]:
        body = {"documents": [d for _, d in documents], "app": args.app, "score_set": args.scores}
        if args.profile:
            body["profile_id"] = await self.profile_id(args.profile)
        told = await self.ask("POST", "/format-imports", body)
        problems = tuple(told.pop("problems"))
        return Adopted(**{k: tuple(v) for k, v in told.items()}), problems

    async def chosen(self) -> dict[str, Any]:
        told: dict[str, Any] = await self.ask("GET", "/choosing")
        return told

    async def take_in(self, document: Any) -> None:
        await self.ask("PUT", "/choosing", document)

    async def profile_id(self, name: str) -> str:
        for profile in (await self.ask("GET", "/quality-profiles"))["items"]:
            if profile["name"] == name:
                return str(profile["id"])
        raise NotFound(f"there is no quality profile {name!r}")

    async def ask(self, method: str, path: str, body: Any = None, params: Mapping[str, str] | None = None) -> Any:
        try:
            answer = await self.http.request(method, path, json=body, params=params)
            told = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable(f"no daemon answers at {self.http.base_url}: {error}") from error
        if answer.is_success:
            return told
        raise Invalid(f"the daemon says {answer.status_code}: {told.get('detail', answer.text)}")


Reach = Local | Remote


async def list_formats(reach: Reach, args: argparse.Namespace) -> int:
    for name, scores in await reach.formats():
        _say(f"{name}  {', '.join(f'{profile}: {score}' for profile, score in scores.items())}".rstrip())
    return 0


async def import_formats(reach: Reach, args: argparse.Namespace) -> int:
    """Exit code 1 when anything could not be read; what could be is in then all the same."""
    documents, problems = [], []
    for path in _json_files(args.paths):
        try:
            documents.append((str(path), json.loads(_text_of(path))))
        except (ValueError, RecursionError) as wrong:
            problems.append(f"{path}: this is no JSON: {wrong}")
    if not documents and not problems:
        raise NotFound(f"there is no JSON file in {', '.join(map(str, args.paths))}")
    adopted, refused = await reach.bring_in(documents, args) if documents else (Adopted(), ())
    for problem in (*problems, *refused):
        print(f"mydia: {problem}", file=sys.stderr)  # noqa: T201 - the command line is where people read it
    _say(f"{len(adopted.added)} formats added, {len(adopted.changed)} changed, {len(adopted.same)} were here already")
    if adopted.profiles:
        _say(f"quality profiles: {', '.join(adopted.profiles)}")
    return 1 if problems or refused else 0


async def export(reach: Reach, args: argparse.Namespace) -> int:
    text = choosing_yaml.to_yaml(await reach.chosen())
    if args.file is None:
        sys.stdout.write(text)
    else:
        try:
            args.file.write_text(text, encoding="utf-8")
        except OSError as error:
            raise Invalid(f"{args.file} cannot be written: {error.strerror}") from error
    return 0


async def take_in(reach: Reach, args: argparse.Namespace) -> int:
    text = sys.stdin.read() if str(args.file) == "-" else _text_of(args.file)
    await reach.take_in(choosing_yaml.from_yaml(text))
    _say("taken in")
    return 0


def _json_files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(path.rglob("*.json")) if path.is_dir() else (path,)


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise Invalid(f"{path} is larger than {LARGEST >> 20} MB")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Invalid(f"{path}: this is no UTF-8 text: {error}") from error


def _formats(conn: Connection) -> list[tuple[str, dict[str, int]]]:
    profiles = queries.list_profiles(conn)
    names = [f.name for f in queries.formats(conn)]
    return [(n, {p.name: p.scores[n] for p in profiles if n in p.scores}) for n in names]


def _bring_in(tx: Transaction, brought: Brought, profile: str | None, score_set: str | None) -> Adopted:
    profile_id = queries.default_profile(tx, profile).id if profile else None
    return changes.adopt(
        tx, brought.formats, brought.profiles, profile_id=profile_id, score_set=score_set, actor="command line"
    )


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the door reads the clock on the store's behalf


def _say(text: str) -> None:
    print(text)  # noqa: T201 - the command line is where people read it
