"""`mydia decide` and `mydia explain` for an assumed title: the daemon's own decisions, asked from outside.

`decide --jsonl` reads one scenario a line (target, profile, formats, settings, candidates ...) and answers one a line, in
the same order; a line that cannot be answered is answered with its error. `explain` says for one or more release names
what was read from them, what every rule says and which one ranks first.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mydia.core.decide import Candidate, Context, Target, decide
from mydia.core.decide.plain import candidates_of, context_of, target_of, verdict_json
from mydia.core.explain import Explanation, explain
from mydia.core.quality import DEFAULT_PROFILES, PRESETS, QualityProfile, wizard
from mydia.core.rank import Ranked, compare, rank
from mydia.core.release import parse
from mydia.errors import Invalid


def add_commands(commands: Any) -> None:
    """Add `decide` to the command line; `run` answers it."""
    door = commands.add_parser("decide", help="decide over releases given as JSON lines", description=__doc__)
    door.add_argument("--jsonl", action="store_true", required=True, help="read and write one JSON object a line")
    door.set_defaults(run=run)


def add_explain_options(why: argparse.ArgumentParser) -> None:
    """What `explain` takes; it sets `run`."""
    why.add_argument("release", nargs="+", metavar="RELEASE", help="release names; with several, how they compare")
    why.add_argument("--for", dest="title", required=True, metavar="TITLE", help="the film or show")
    why.add_argument("--scenario", type=Path, metavar="FILE", help="a JSON scenario to start from (as for decide)")
    why.add_argument("--kind", choices=("movie", "show"), help="default: what the first name looks like")
    why.add_argument("--year", type=int)
    why.add_argument("--runtime", type=int, metavar="MINUTES", help="of the film or of one episode")
    why.add_argument("--language", metavar="CODE", help="the original language, such as en")
    why.add_argument("--profile", metavar="NAME", help="a default profile or a wish such as “best for 4K TV”")
    why.add_argument("--held", metavar="QUALITY[:SCORE]", help="what is held already")
    why.add_argument("--size", metavar="SIZE", help="such as 4.5GB")
    why.add_argument("--protocol", choices=("torrent", "usenet"), default="torrent")
    why.add_argument("--seeders", type=int)
    why.add_argument("--age", type=float, metavar="HOURS")
    why.add_argument("--mode", choices=("rss", "search", "user"), default="search")
    why.add_argument("--json", action="store_true", help="print the answer as JSON")
    why.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Answers standard input line by line, or explains. Raises Invalid for options that make no sense."""
    now = moment()
    if args.command == "explain":
        return _explain(args, now)
    sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    for answer in answers(sys.stdin, now):
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()
    return 0


def moment() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the door reads the clock on the core's behalf


def candidates_of_options(args: argparse.Namespace) -> list[Candidate]:
    """The releases that `explain` was asked about, with what the options say of them. Invalid for an option that makes no sense."""
    try:
        return candidates_of({"candidates": _offered(args)})
    except ValueError as wrong:
        raise Invalid(f"explain: {wrong}") from None


def answers(lines: Iterable[str], now: datetime) -> Iterator[str]:
    """One JSON answer for each line that is not blank; `now` where a scenario gives none."""
    for line in lines:
        if line.strip():
            yield json.dumps(_answer(line, now), ensure_ascii=True)


def _answer(line: str, now: datetime) -> dict[str, Any]:
    scenario: Any = None
    try:
        scenario = json.loads(line)
        if not isinstance(scenario, dict):
            raise ValueError("a scenario is a JSON object")
        return {"id": scenario.get("id")} | decided(scenario, now)
    except RecursionError:
        return {"id": None, "error": "the line is nested too deeply"}
    except ValueError as wrong:
        return {"id": scenario.get("id") if isinstance(scenario, dict) else None, "error": str(wrong)}


def decided(scenario: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The verdicts on a scenario's candidates, and the order of the accepted ones, best first."""
    candidates, target, context = _scenario(scenario, now)
    verdicts = decide(candidates, target, context)
    places = {id(verdict): place for place, verdict in enumerate(verdicts)}
    return {
        "verdicts": [verdict_json(v) for v in verdicts],
        "order": [places[id(r.verdict)] for r in rank(verdicts, target, context)],
    }


def _scenario(scenario: dict[str, Any], now: datetime) -> tuple[list[Candidate], Target, Context]:
    target = scenario.get("target")
    if not isinstance(target, dict):
        raise ValueError(f"target: expected a mapping with a title, not {target!r}")
    return candidates_of(scenario), target_of(target), context_of(scenario, now)


def _explain(args: argparse.Namespace, now: datetime) -> int:
    try:
        candidates, target, context = _scenario(_asked(args), now)
    except ValueError as wrong:
        raise Invalid(f"explain: {wrong}") from None
    told = [explain(candidate, target, context) for candidate in candidates]
    best = rank((e.verdict for e in told), target, context)
    if args.json:
        json.dump([_explanation_json(e) for e in told], sys.stdout, indent=2)
        sys.stdout.write("\n")
        return 0
    console = Console()
    for explanation in told:
        console.print(_facts_table(explanation))
        console.print(_rules_table(explanation))
    if len(best) > 1:
        console.print(_comparison_table(best[0], best[1]))
    elif best:
        console.print(_keys_table(best[0]))
    return 0


def _asked(args: argparse.Namespace) -> dict[str, Any]:
    """The options as a scenario, over the one in --scenario when there is one."""
    scenario: dict[str, Any] = {}
    if args.scenario is not None:
        try:
            scenario = json.loads(args.scenario.read_text(encoding="utf-8"))
        except OSError as wrong:
            raise Invalid(f"--scenario: {wrong}") from None
        if not isinstance(scenario, dict):
            raise ValueError("--scenario: a scenario is a JSON object")
    given = {
        "title": args.title,
        "kind": {"show": "episode"}.get(args.kind, args.kind),
        "year": args.year,
        "runtime": args.runtime,
        "original_language": args.language,
    }
    told = scenario.get("target") or {}
    if not isinstance(told, dict):
        raise ValueError(f"--scenario: target: expected a mapping, not {told!r}")
    target: dict[str, Any] = told | {k: v for k, v in given.items() if v is not None}
    if "kind" not in target:
        target["kind"] = "episode" if parse(args.release[0]).kind == "episode" else "movie"
    if target["kind"] == "episode" and not target.get("episodes"):
        target["episodes"] = _assumed_episodes(args.release)
    if target["kind"] == "movie" and not {"in_cinemas", "digital", "physical"} & target.keys():
        target.setdefault("availability", "released")
    if args.held:
        target["held"] = [_held(args.held, target_of(target))]
    scenario |= {"target": target, "candidates": _offered(args)}
    scenario.setdefault("mode", args.mode)
    if args.profile:
        scenario["profile"] = _named_profile(args.profile).to_json()
    return scenario


def _offered(args: argparse.Namespace) -> list[dict[str, Any]]:
    offered = {
        "size": _bytes(args.size) if args.size else None,
        "protocol": args.protocol,
        "seeders": args.seeders,
        "age": None if args.age is None else args.age * 60,
    }
    return [{"title": name} | offered for name in args.release]


def _assumed_episodes(names: Iterable[str]) -> list[dict[str, Any]]:
    """A show of which nothing is known has the episodes that the names speak of, aired long ago; ten in a season."""
    episodes: dict[tuple[int, int], dict[str, Any]] = {}
    for name in names:
        release = parse(name, hint="tv")
        numbers = release.episodes or release.absolute_episodes or range(1, 2 if release.air_date else 11)
        for season in release.seasons or (1,):
            for number in numbers:
                aired = release.air_date or "2000-01-01"
                episode = {"season": season, "episode": number, "absolute": number, "air_date": aired}
                episodes.setdefault((season, number), episode)
    return list(episodes.values())


def _held(text: str, target: Target) -> dict[str, Any]:
    """One file that holds everything."""
    quality, _, score = text.partition(":")
    try:
        worth = int(score or 0)
    except ValueError:
        raise ValueError(f"--held: {score!r} is not a score such as 50") from None
    return {"quality": quality, "score": worth, "episodes": [list(e.key) for e in target.episodes]}


def _named_profile(name: str) -> QualityProfile:
    for profile in DEFAULT_PROFILES:
        if profile.name.lower() == name.lower():
            return profile
    if name in PRESETS:
        return wizard(name)
    known = ", ".join((*(p.name for p in DEFAULT_PROFILES), *PRESETS))
    raise ValueError(f"--profile: {name!r} is none of {known}")


def _bytes(text: str) -> int:
    units = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
    number = text.strip().lower().removesuffix("b").removesuffix("i")
    unit = number[-1:] if number[-1:] in "kmgt" else ""
    try:
        return int(float(number.removesuffix(unit)) * units[unit])
    except (ValueError, OverflowError):
        raise ValueError(f"--size: {text!r} is not a size such as 4.5GB") from None


def _explanation_json(explanation: Explanation) -> dict[str, Any]:
    return verdict_json(explanation.verdict) | {
        "facts": dict(explanation.facts),
        "rules": {name: None if said is None else said.reason for name, said in explanation.rules},
        "keys": {key.name: key.words for key in explanation.keys},
    }


def _facts_table(explanation: Explanation) -> Table:
    verdict = explanation.verdict
    table = Table(
        title="accepted" if verdict.accepted else "refused", title_style="green" if verdict.accepted else "red"
    )
    table.add_column("fact")
    table.add_column("read as", overflow="fold")
    for name, words in explanation.facts:
        table.add_row(name, escape(words))
    return table


def _rules_table(explanation: Explanation) -> Table:
    table = Table()
    table.add_column("rule")
    table.add_column("says")
    table.add_column("why", overflow="fold")
    for name, said in explanation.rules:
        if said is None:
            table.add_row(name, "passes", "")
        else:
            table.add_row(name, "refuses" if said.permanent else "not yet", escape(said.reason), style="red")
    return table


def _keys_table(best: Ranked) -> Table:
    table = Table(title="rank")
    table.add_column("key")
    table.add_column("value", overflow="fold")
    for key in best.keys:
        table.add_row(key.name, escape(key.words))
    return table


def _comparison_table(first: Ranked, second: Ranked) -> Table:
    table = Table(title="rank: the best two")
    table.add_column("key")
    table.add_column(escape(first.verdict.candidate.title), overflow="fold")
    table.add_column(escape(second.verdict.candidate.title), overflow="fold")
    for row in compare(first, second):
        table.add_row(row.key, escape(row.left), escape(row.right), style="green" if row.decisive else None)
    return table


def main() -> int:
    """`python -m mydia.decide_cli decide --jsonl`."""
    parser = argparse.ArgumentParser(prog="mydia")
    add_commands(parser.add_subparsers(dest="command", required=True))
    args = parser.parse_args()
    try:
        return run(args)
    except Invalid as no:
        sys.stderr.write(f"mydia: {no}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
