"""How fast release names are read: `python tests/bench/parser_bench.py [--fuzz N] [--alone]` prints one JSON object.

`names_per_second` is this parser (name by name, and all of them together as a search reads them) beside guessit and PTT (parsett),
each in this process, on the same names of the corpus, by CPU time; `--alone` leaves the others out. `adversarial` are the worst
milliseconds of 4 KiB texts made to hurt a parser, in the best of some rounds. `fuzz` reads N mutated names (a million unless told),
and counts what must be none: exceptions, and spans outside the name; `slowest_ms` is the CPU time of the slowest.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import string
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mydia.core.release import parse, parse_all

CORPUS = Path(__file__).parents[1] / "corpus" / "release"
ROUNDS = 5
SIZE = 4096
SCRAPS = [
    "S01E02",
    "1x02",
    "2019",
    "1080p",
    "[",
    "]",
    "(",
    ")",
    " - ",
    ".",
    "_",
    "WEB-DL",
    "x264",
    "German",
    "Part",
    "字幕",
    "é",
    "\u202e",
    "Sub",
    "of",
    "E",
    "12",
]


def corpus_names() -> list[str]:
    lines = [line for file in sorted(CORPUS.glob("*.jsonl")) for line in file.read_text(encoding="utf-8").splitlines()]
    return [row["name"] for row in map(json.loads, lines) if row.get("input") != "path"]


def hostile() -> dict[str, str]:
    """Texts of 4 KiB: repetitions that make a backtracking pattern explode or a nested loop square."""
    pieces = (
        "[ [] ([{ a- a. 1 S01E01 -E02 1- 1x 01_ 2019. 2019.01.01. en.de.fr. Extended.Cut. Eng.Sub. x264-GRP. Season.1. "
        "a_/_ a_AKA_ a+ a' _ a 字 p0801. www.a. tt1234567_"
    )
    return {piece: (piece.replace("_", " ") * SIZE)[:SIZE] for piece in pieces.split()}


def rate(read: Callable[[str], object], names: list[str], rounds: int) -> float:
    """Names a second of CPU, the best of some rounds."""
    read(names[0])
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        for name in names:
            read(name)
        best = min(best, time.process_time() - start)
    return round(len(names) / best, 1)


def rate_together(names: list[str], rounds: int) -> float:
    """Names a second of CPU where they are read together, the best of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        parse_all(names)
        best = min(best, time.process_time() - start)
    return round(len(names) / best, 1)


def adversarial() -> dict[str, Any]:
    worst: dict[str, float] = {}
    for what, text in hostile().items():
        for given in ("name", "path"):
            best = float("inf")
            for _ in range(ROUNDS):
                start = time.perf_counter()
                parse(text, "path" if given == "path" else "name")
                best = min(best, time.perf_counter() - start)
            worst[f"{what} ({given})"] = round(best * 1000, 3)
    slowest = max(worst, key=worst.__getitem__)
    return {"bytes": SIZE, "worst_ms": worst[slowest], "worst_of": slowest}


def mutated(names: list[str], chance: random.Random) -> str:
    """A name with pieces cut out, doubled, swapped in from another name, or put in."""
    text = chance.choice(names)
    for _ in range(chance.randint(1, 4)):
        at, to = sorted((chance.randint(0, len(text)), chance.randint(0, len(text))))
        other = chance.choice(names)
        text = chance.choice(
            (
                text[:at] + text[to:],
                text[:to] + text[at:],
                text[:at] + other[: chance.randint(0, len(other))] + text[to:],
                text[:at] + chance.choice(SCRAPS) + text[at:],
                text[:at] + chance.choice(string.printable) + text[at + 1 :],
            )
        )[:300]
    return text


def fuzz(names: list[str], count: int) -> dict[str, Any]:
    chance = random.Random(20260131)  # noqa: S311 - the same names on every run
    raised, strayed, slowest = list[str](), 0, 0.0
    gc.freeze()  # what the other parsers keep in memory is looked through in nobody's time
    for number in range(count):
        text = mutated(names, chance)
        start = time.process_time()
        try:
            release = parse(text, "path" if number % 7 == 0 else "name")
        except Exception as error:  # noqa: BLE001 - what it finds is the result
            raised.append(f"{error!r}: {text!r}")
            continue
        slowest = max(slowest, time.process_time() - start)
        strayed += any(not 0 <= s.start < s.end <= len(text) for spans in release.spans.values() for s in spans)
    return {
        "names": count,
        "exceptions": len(raised),
        "first": raised[:3],
        "stray_spans": strayed,
        "slowest_ms": round(slowest * 1000, 3),
    }


def measure(fuzzed: int, alone: bool) -> dict[str, Any]:
    names = corpus_names()
    speeds = {"mydia": rate(parse, names, ROUNDS), "mydia, together": rate_together(names, ROUNDS)}
    if not alone:
        from guessit import guessit
        from PTT import parse_title

        speeds["ptt"] = rate(parse_title, names, 1)
        speeds["guessit"] = rate(guessit, names[::5], 1)
    return {"names_per_second": speeds, "adversarial": adversarial(), "fuzz": fuzz(names, fuzzed)}


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--fuzz", type=int, default=1_000_000, metavar="N")
    options.add_argument("--alone", action="store_true")
    chosen = options.parse_args()
    json.dump(measure(chosen.fuzz, chosen.alone), sys.stdout, indent=1)
    sys.stdout.write("\n")
