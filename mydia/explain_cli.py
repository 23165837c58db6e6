"""`mydia explain RELEASE --for TITLE`: why a release would be taken for a title of the library, or not; nothing is fetched.

The title is looked up in the configured database, which is only read, whether a daemon has it open or not; or, with `--url`, by a daemon
elsewhere. Where it is unknown, or the options describe a title of their own, `decide_cli` explains for a title that is assumed.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import trio
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mydia import decide_cli
from mydia.choosing.queries import default_profile
from mydia.choosing_cli import Remote
from mydia.core.decide import Candidate
from mydia.core.titles import title_key
from mydia.databases import whole_of
from mydia.errors import Invalid, NotFound
from mydia.media.queries import list_media
from mydia.settings.load import Loaded, load_config, with_overrides
from mydia.settings.queries import overrides
from mydia.trying import explain_for, told

ASSUMING = ("scenario", "kind", "runtime", "language", "held", "assume")
"""Options that describe a title which need not be there."""
Answer = dict[str, Any]
"""One release's explanation, as the API says it."""


def add_commands(commands: Any) -> None:
    """Add `explain` to the command line; `run` answers it."""
    told = "Say why a release would be taken for a title of the library (or one that is assumed), or not."
    why = commands.add_parser("explain", help=told, description=told)
    decide_cli.add_explain_options(why)
    why.add_argument("--assume", action="store_true", help="do not look into the library")
    why.add_argument("--url", help="the address of a daemon on another machine; its API key stands in MYDIA_API_KEY")
    why.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Explain, by the library's own title where it has one: the exit code."""
    if any(getattr(args, name) for name in ASSUMING):
        return decide_cli.run(args)
    candidates = decide_cli.candidates_of_options(args)
    if args.url:
        answers = trio.run(_ask, args, candidates, Remote(args.url, os.environ.get("MYDIA_API_KEY", "")))
    else:
        answers = _look(args, candidates, load_config(args.config, os.environ))
    if answers is None:
        sys.stderr.write(f"mydia: {args.title!r} is not in the library; explained for a title that is assumed\n")
        return decide_cli.run(args)
    _print(answers, as_json=args.json)
    return 0


def _look(args: argparse.Namespace, candidates: Sequence[Candidate], loaded: Loaded) -> list[Answer] | None:
    with ExitStack() as stack:
        try:
            conn = stack.enter_context(whole_of(loaded.config).reading())
        except NotFound:  # there is no database yet, nor does looking make one
            return None
        rules = with_overrides(loaded, overrides(conn)).config.downloads.rules
        cards = list_media(conn, q=args.title, limit=200).items
        title = chosen([(c.id, c.title, c.year) for c in cards], args.title, args.year)
        if title is None:
            return None
        profile = default_profile(conn, args.profile).id if args.profile else None
        now = decide_cli.moment()
        found = explain_for(conn, title, candidates, now, rules, profile_id=profile, mode=args.mode)
        return [told(each) for each in found]


async def _ask(args: argparse.Namespace, candidates: Sequence[Candidate], daemon: Remote) -> list[Answer] | None:
    async with daemon:
        cards = (await daemon.ask("GET", "/media", params={"q": args.title, "limit": "200"}))["items"]
        title = chosen([(c["id"], c["title"], c["year"]) for c in cards], args.title, args.year)
        if title is None:
            return None
        profile = await daemon.profile_id(args.profile) if args.profile else None
        asked = {"media_id": title, "profile_id": profile, "mode": args.mode}
        return [
            await daemon.ask(
                "POST",
                "/explain",
                {
                    **asked,
                    "release": c.title,
                    "protocol": c.protocol,
                    "size": c.size,
                    "seeders": c.seeders,
                    "age_minutes": c.age_minutes,
                },
            )
            for c in candidates
        ]


def chosen(titles: Sequence[tuple[str, str, int | None]], wanted: str, year: int | None) -> str | None:
    """The id of the one title that is meant, of (id, title, year); None where there is none. Invalid names them where there are several."""
    of_year = [t for t in titles if year is None or t[2] == year]
    found = [t for t in of_year if title_key(t[1]) == title_key(wanted)] or of_year
    if len(found) > 1:
        named = ", ".join(f"{title} ({known or 'year unknown'})" for _, title, known in found[:6])
        raise Invalid(f"{wanted!r} may be {named}; say which by --year, or by the whole title")
    return found[0][0] if found else None


def _print(answers: Sequence[Answer], *, as_json: bool) -> None:
    if as_json:
        json.dump(answers, sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    console = Console()
    for answer in answers:
        style = "green" if answer["accepted"] else "red"
        facts = Table(title="accepted" if answer["accepted"] else "refused", title_style=style)
        _fill(facts, ("fact", "read as"), [(f["key"], f["value"]) for f in answer["facts"]])
        rules = Table()
        says = {(True, False): "passes", (False, True): "refuses", (False, False): "not yet"}
        rows = [(r["rule"], says[r["passes"], r["permanent"]], r["reason"] or "") for r in answer["rules"]]
        _fill(rules, ("rule", "says", "why"), rows)
        ranks = Table(title="rank")
        _fill(ranks, ("key", "value"), [(k["key"], k["value"]) for k in answer["rank"]])
        console.print(escape(answer["release"]))
        console.print(facts, rules, ranks)


def _fill(table: Table, columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> None:
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row), style="red" if row[1] in ("refuses", "not yet") else None)
