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
from mydia.core.release.facts import Hint, Input
from mydia.core.release.grammar import Pass, read
from mydia.core.release.paths import looks_like_path, pieces
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


def add_commands(commands: Any) -> None:
    """Add `parse` to the command line; `run` answers it."""
    parser = commands.add_parser("parse", help="show what a release name says", description=__doc__)
    _add_arguments(parser)
    parser.set_defaults(run=run)


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
                explain(console, name, args.input, args.hint)
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
        shown = _listed(value) if isinstance(value, list) else str(value)
        table.add_row(Text(field), Text(shown, style=colours[field]), Text(pieces or "(filled in)", style="dim"))
    console.print(table)


def _painted(release: Release, colours: dict[str, str]) -> Text:
    text = Text(release.name)
    for field, spans in release.spans.items():
        for span in spans:
            if field in colours:
                text.stylize(colours[field], span.start, span.end)
    return text


def _listed(values: list[Any]) -> str:
    """Values side by side, and numbers that follow each other as a range."""
    if len(values) > 2 and all(isinstance(v, int) for v in values) and values == [*range(values[0], values[-1] + 1)]:
        return f"{values[0]}-{values[-1]}"
    return ", ".join(str(v) for v in values)


def explain(console: Console, name: str, given: Input, hint: Hint | None) -> None:
    """Read the name once more and tell what each pass made of it; of a path, of the file and of each folder."""
    is_path = given == "path" or looks_like_path(name)
    for _, text in reversed(pieces(name)) if is_path else ((0, name),):
        console.print(Text(text, style="underline"))
        seen: dict[str, str] = {}

        def tell(step: Pass, reading: Reading, seen: dict[str, str] = seen) -> None:
            now = _state(reading)
            news = {what: value for what, value in now.items() if seen.get(what) != value}
            seen.clear()
            seen.update(now)
            line = Text()
            line.append(f"{step.__module__.rpartition('.')[2]}.{step.__name__}".ljust(30), style="bold")
            line.append(
                "; ".join(f"{what} {value}" for what, value in news.items()) or "-", style="" if news else "dim"
            )
            console.print(line)

        read(text, hint, watch=tell)


def _state(reading: Reading) -> dict[str, str]:
    """What is known so far: the facts, what the words were found to say, and where title and technical part lie."""
    state = {f"{field}:": _listed(v) if isinstance(v, list) else str(v) for field, v in reading.facts.items()}
    for field, found in reading.found.items():
        state[f"says {field}:"] = ", ".join(value or reading.name[span.start : span.end] for value, span in found)
    words = reading.words
    if words:
        ahead = words[reading.title_from] if 0 < reading.title_from < len(words) else None
        state |= {"title from": repr(ahead.text)} if ahead is not None else {}
        behind = words[reading.title_to - 1] if reading.title_to else None
        state |= {"title to": repr(behind.text)} if behind is not None else {}
        technical = words[reading.zone] if 0 < reading.zone < len(words) else None
        state |= {"technical from": repr(technical.text)} if technical is not None else {}
    return state


if __name__ == "__main__":
    # The command stands under `mydia`; by itself the word "parse" may be given or left out.
    _parser = argparse.ArgumentParser(prog="mydia parse", description=__doc__)
    _add_arguments(_parser)
    _words = sys.argv[1:]
    sys.exit(run(_parser.parse_args(_words[1:] if _words[:1] == ["parse"] else _words)))
