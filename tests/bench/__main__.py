"""`make bench`: every benchmark beside what it is measured against, one JSON object each, all of them in build/bench.json.

Each `*_bench.py` here is a program of its own that prints one JSON object; it runs in a process of its own, so that none warms up another.

    python -m tests.bench             all of them
    python -m tests.bench store otp   those
"""

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
OUT = Path("build/bench.json")
LONGEST = 7200  # six hundred kills take half an hour, and more on a busy machine


def main(wanted: list[str]) -> int:
    names = sorted(p.stem.removesuffix("_bench") for p in HERE.glob("*_bench.py"))
    unknown = [n for n in wanted if n not in names]
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(names)}.", file=sys.stderr)
        return 2
    results: dict[str, Any] = json.loads(OUT.read_text()) if wanted and OUT.exists() else {}
    results["machine"] = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processors": processors(),
    }
    failed = []
    for name in wanted or names:
        print(f"-- {name}", flush=True)
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", f"tests.bench.{name}_bench"],
            check=False,
            capture_output=True,
            text=True,
            timeout=LONGEST,
        )
        if done.returncode != 0:
            failed.append(name)
            print(done.stderr[-4000:], file=sys.stderr)
            continue
        results[name] = {**json.loads(done.stdout), "took_seconds": round(time.perf_counter() - began, 1)}
        print(json.dumps(results[name], indent=2), flush=True)
        OUT.parent.mkdir(exist_ok=True)
        OUT.write_text(json.dumps(results, indent=2) + "\n")
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def processors() -> int:
    return len(os.sched_getaffinity(0))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
