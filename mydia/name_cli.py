"""`mydia name`: templates and facts in, names out. With --jsonl, one JSON object a line each way, same order.

A line that cannot be answered is answered with its error, so that one bad line costs only itself.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from mydia.core.naming import NamingFacts, NamingOptions, render


def add_commands(commands: Any) -> None:
    """Add `name` to the command line; `run` answers it."""
    parser = commands.add_parser("name", help="render naming templates", description=__doc__)
    parser.add_argument("--jsonl", action="store_true", required=True, help="read and write one JSON object a line")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Answers standard input on standard output, line by line."""
    sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    for answer in answers(sys.stdin):
        sys.stdout.write(answer + "\n")
    sys.stdout.flush()
    return 0


def answers(lines: Iterable[str]) -> Iterator[str]:
    """One JSON answer for each line that is not blank."""
    for line in lines:
        if line.strip():
            yield json.dumps(_answer(line), ensure_ascii=False)


def _answer(line: str) -> dict[str, Any]:
    question = None
    try:
        question = json.loads(line)
        return {"id": question["id"], "name": _name(question)}
    except RecursionError:
        return {"id": None, "error": "the line is nested too deeply"}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        id_ = question.get("id") if isinstance(question, dict) else None
        message = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        return {"id": id_, "error": message}


def _name(question: dict[str, Any]) -> str:
    kind, template = question.get("kind"), question.get("template")
    if kind not in ("movie", "episode"):
        raise ValueError(f"kind: {kind!r} is neither movie nor episode")
    if not isinstance(template, str):
        raise ValueError(f"template: expected text, not {template!r}")
    facts = NamingFacts.from_json(kind, question.get("facts") or {})
    return render(template, facts, NamingOptions.from_json(question.get("options") or {}))


def main() -> int:
    """`python -m mydia.name_cli name --jsonl`."""
    parser = argparse.ArgumentParser(prog="mydia")
    add_commands(parser.add_subparsers(required=True))
    args = parser.parse_args()
    return run(args)


if __name__ == "__main__":
    sys.exit(main())
