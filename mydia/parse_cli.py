"""`mydia parse`: what the release parser reads in a name, as a table, as JSON lines, or pass by pass."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from typing import IO, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mydia.core.release import Release, parse
from mydia.core.release.grammar import Pass, read
from mydia.core.release.reading import Reading

_COLOURS = (
    "cyan",
    "green",
    "yellow",
    "magenta",
    "blue",
    "red",
    "bright_cyan",
    "bright_green",
    "bright_yellow",
    "bright_magenta",
)


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the command to the front door."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "parse", help="show what a release name says", description=__doc__
    )
    _add_arguments(parser)
    parser.set_defaults(run=run)
    return parser


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="a release name, or a path with --input path")
    parser.add_argument(
        "--jsonl",
        action="store_true",
        help="one JSON object a line: answers for NAMEs, or for requests on standard input",
    )
    parser.add_argument("--explain", action="store_true", help="show what each pass decided")
    parser.add_argument("--input", choices=("name", "path"), default="name", help="what each NAME is (default: name)")
    parser.add_argument(
        "--hint", choices=("tv", "movie"), default=None, help="what it is likely to be, where that is known"
    )


def run(args: argparse.Namespace) -> int:
    """Do what the command line asks. The exit status: 0, or 2 where there is nothing to read or a request is malformed."""
    if args.jsonl and not args.names:
        return answer(sys.stdin, sys.stdout, sys.stderr)
    if not args.names:
        sys.stderr.write("mydia parse: give at least one NAME, or --jsonl with requests on standard input\n")
        return 2
    console = Console(highlight=False)
    for name in args.names:
        if args.jsonl:
            sys.stdout.write(json.dumps(parse(name, args.input, args.hint).to_json()) + "\n")
        else:
            if args.explain:
                explain(console, name, args.hint)
            show(console, parse(name, args.input, args.hint))
    return 0


def answer(requests: Iterable[str], answers: IO[str], errors: IO[str]) -> int:
    """Speak the line protocol: one request in, one answer out, in order.

    A request is {"id", "name", "input": "name"|"path", "hint": null|"tv"|"movie"}; a blank line is passed over. An answer
    leaves out what the name does not tell.
    """
    for number, line in enumerate(requests, start=1):
        if not line.strip():
            continue
        try:
            request = json.loads(line)
            name = str(request["name"])
        except (ValueError, KeyError, TypeError) as error:
            errors.write(f'mydia parse: line {number} is no request ({error}); expected {{"id": ..., "name": ...}}\n')
            return 2
        given = "path" if request.get("input") == "path" else "name"
        hint = request.get("hint")
        release = parse(name, "path" if given == "path" else "name", hint if hint in ("tv", "movie") else None)
        answers.write(json.dumps({"id": request.get("id"), **release.told()}) + "\n")
    return 0


def show(console: Console, release: Release) -> None:
    """The name with the pieces that were read coloured, and the facts in the same colours."""
    told = {field: value for field, value in release.told().items() if field != "name"}
    if told.get("version") == 1:
        del told["version"]
    colours = {field: _COLOURS[number % len(_COLOURS)] for number, field in enumerate(told)}
    console.print(_painted(release, colours))
    table = Table(show_header=True, header_style="bold", box=None, pad_edge=False)
    for heading in ("fact", "value", "read in"):
        table.add_column(heading)
    for field, value in told.items():
        pieces = " ".join(release.name[span.start : span.end] for span in release.spans.get(field, ()))
        shown = ", ".join(str(v) for v in value) if isinstance(value, list) else str(value)
        table.add_row(Text(field), Text(shown, style=colours[field]), Text(pieces or "(filled in)", style="dim"))
    console.print(table)


def _painted(release: Release, colours: dict[str, str]) -> Text:
    text = Text(release.name)
    for field, spans in release.spans.items():
        for span in spans:
            if field in colours:
                text.stylize(colours[field], span.start, span.end)
    return text


def explain(console: Console, name: str, hint: Any) -> None:
    """Read the name once more and tell after each pass what it found."""
    before: dict[str, Any] = {}

    def tell(step: Pass, reading: Reading) -> None:
        news = {field: value for field, value in reading.facts.items() if field not in before or before[field] != value}
        before.update(reading.facts)
        line = Text(f"{step.__module__.rpartition('.')[2]}.{step.__name__}".ljust(32), style="bold")
        line.append(
            ", ".join(f"{field}={value!r}" for field, value in news.items()) or "-", style="" if news else "dim"
        )
        console.print(line)

    read(name, hint, watch=tell)


if __name__ == "__main__":
    # The command stands under `mydia`; by itself the word "parse" may be given or left out.
    _parser = argparse.ArgumentParser(prog="mydia parse", description=__doc__)
    _add_arguments(_parser)
    _words = sys.argv[1:]
    sys.exit(run(_parser.parse_args(_words[1:] if _words[:1] == ["parse"] else _words)))
