"""How fast the API answers and how much memory the house takes: `python -m tests.bench.api_bench` prints one JSON object.

The real program, as a subprocess, on a library of `TITLES` titles that was written in bulk. Measured by plain sockets in this process, each
with one request under way: first response after the start, p50 of a page of 50 at one client, p99 at sixteen, and the memory (PSS:
shared pages counted once) of the whole tree while it is idle. Beside the page stands /health/live: what the server costs without a page.
"""

import json
import os
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import trio

from mydia.accounts.changes import add_key, create_first_admin
from mydia.accounts.hashing import hash_secret
from mydia.accounts.model import new_key
from mydia.choosing.changes import seed_defaults
from mydia.core.titles import sort_title, title_key
from mydia.store.engine import to_json
from mydia.store.transaction import Transaction
from tests.support.house import open_house
from tests.support.ports import free_port

TITLES = 50_000
SECONDS = 5.0
TARGETS = {"p50_ms_at_1": 1.5, "p99_ms_at_16": 40.0, "pss_mb_tree": 200.0, "pss_mb_main": 90.0, "first_response_s": 4.0}
WORDS = (
    "Night City Meridian Garden Winter Hollow Signal Harbour Letter Tide Paper Crown Silent Ember North Glass".split()
)


# -- the library -----------------------------------------------------------------------------------------------------------------


def fill(tx: Transaction, titles: int) -> None:
    """Films with a file each and, every tenth, a show of ten episodes of which half are there."""
    profile = tx.value("select id from quality_profiles order by created_at, id limit 1")
    root = tx.new_id()
    tx.insert(
        "library_roots", {"id": root, "path": "/nowhere", "type": "movie", "created_at": tx.now, "updated_at": tx.now}
    )
    for start in range(0, titles, 1000):
        rows: dict[str, list[dict[str, Any]]] = {}
        for n in range(start, min(start + 1000, titles)):
            for table, row in _title(tx, n, profile, root):
                rows.setdefault(table, []).append(row)
        for table, many in rows.items():
            tx.insert_many(table, many)


def _title(tx: Transaction, n: int, profile: str, root: str) -> Iterator[tuple[str, dict[str, Any]]]:
    item, slot, times = tx.new_id(), tx.new_id(), {"created_at": tx.now, "updated_at": tx.now}
    name = f"{WORDS[n % 16]} {WORDS[n // 16 % 16]} {WORDS[n // 256 % 16]} {n}"
    show = n % 10 == 9
    yield (
        "media_items",
        {
            "id": item,
            "type": "tv_show" if show else "movie",
            "title": name,
            "sort_title": sort_title(name),
            "year": 1930 + n % 90,
            "overview": "A text about it. " * 12,
            "metadata": to_json({"genres": ["Drama"]}),
            **times,
        },
    )
    yield "media_titles", {"media_item_id": item, "clean_title": title_key(name), "title": name}
    yield (
        "external_ids",
        {"type": "tv_show" if show else "movie", "provider": "tmdb", "external_id": str(n), "media_item_id": item},
    )
    yield (
        "slots",
        {"id": slot, "media_item_id": item, "name": "default", "quality_profile_id": profile, "created_at": tx.now},
    )
    for number in range(1, 11) if show else (0,):
        target = tx.new_id() if show else ""
        if show:
            row = {
                "id": target,
                "media_item_id": item,
                "season_number": 1,
                "episode_number": number,
                "air_date": "2020-01-01",
            }
            yield "episodes", {**row, "title": f"Part {number}", **times}
        if number <= 5:
            file = tx.new_id()
            facts = {
                "size": 4_000_000_000,
                "mtime_ns": 1,
                "quality": "WEBDL-1080p",
                "resolution": "1080p",
                "codec": "h264",
            }
            row = {
                "id": file,
                "root_id": root,
                "relative_path": f"{name}/{number}.mkv",
                "media_item_id": item,
                "state": "linked",
            }
            yield "media_files", {**row, **facts, **times}
            yield "held_files", {"slot_id": slot, "target": target, "file_id": file}


async def prepare(folder: Path, titles: int) -> str:
    """Write the library; an administrator's API key."""
    key = new_key()
    async with open_house(folder) as house:
        await house.write(seed_defaults)
        await house.write(fill, titles)
        admin = await house.write(create_first_admin, "bench", await hash_secret("a long password"))
        await house.write(add_key, admin, "bench", key.prefix, await hash_secret(key.secret), actor="bench")
        await house.engine.checkpoint()
    return key.text


# -- asking ----------------------------------------------------------------------------------------------------------------------


def load(port: int, path: str, key: str, clients: int, seconds: float) -> list[float]:
    """How long each answer took, in seconds: `clients` sockets, each asking again as soon as it is answered."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Api-Key: {key}\r\n\r\n".encode()
    took: list[float] = []
    with selectors.DefaultSelector() as selector:

        def connect() -> None:
            sock = socket.create_connection(("127.0.0.1", port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(sock, selectors.EVENT_READ, [b"", time.perf_counter()])
            sock.sendall(request)

        for _ in range(clients):
            connect()
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            for ready, _ in selector.select(1.0):
                held, sock = ready.data, ready.fileobj
                assert isinstance(sock, socket.socket)
                part = sock.recv(262_144)
                held[0] += part
                if not part:  # after a thousand answers the server wants a new connection
                    selector.unregister(sock)
                    sock.close()
                    connect()
                if not whole(held[0]):
                    continue
                now = time.perf_counter()
                if not held[0].startswith(b"HTTP/1.1 200"):
                    raise RuntimeError(held[0][:300].decode())
                took.append(now - held[1])
                held[:] = [b"", time.perf_counter()]
                sock.sendall(request)
        for ready in list(selector.get_map().values()):
            ready.fileobj.close()  # type: ignore[union-attr]  # a socket, as registered
    return took


def whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return len(body) >= int(length)


def timed(program: int, port: int, path: str, key: str, clients: int) -> dict[str, float]:
    """`cpu_ms` is the processor time of the program's main process for one answer: it hardly minds what else the machine does."""
    before = processor_seconds(program)
    took = load(port, path, key, clients, SECONDS)
    used = processor_seconds(program) - before
    cuts = statistics.quantiles(took, n=100, method="inclusive")
    return {
        "p50_ms": round(cuts[49] * 1000, 3),
        "p99_ms": round(cuts[98] * 1000, 3),
        "cpu_ms": round(used / len(took) * 1000, 3),
        "per_second": round(len(took) / SECONDS),
    }


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# -- the program -----------------------------------------------------------------------------------------------------------------


def start(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    config = folder / "config.yml"
    embedded = {"listen_port": 0, "listen_host": "127.0.0.1", "dht": False}
    config.write_text(
        json.dumps(
            {
                "data_dir": str(folder),
                "server": {"host": "127.0.0.1", "port": port},
                "downloads": {"embedded": embedded},
            }
        ),
        encoding="utf-8",
    )
    command = [
        sys.executable,
        "-c",
        "import sys; from mydia.cli import main; sys.exit(main())",
        "--config",
        str(config),
        "serve",
    ]
    return subprocess.Popen(command, stderr=(folder / "log").open("wb"))


def first_response(port: int, began: float) -> float:
    """Seconds from the start until the health check is answered."""
    while True:
        try:
            load(port, "/health/live", "", 1, 0.001)
        except OSError:
            time.sleep(0.005)
        else:
            return time.perf_counter() - began


def pss(root: int) -> tuple[float, float]:
    """Megabytes of the process and of its whole tree."""
    sizes = {pid: _pss(pid) for pid in tree(root)}
    return sizes[root] / 1024, sum(sizes.values()) / 1024


def tree(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(after_name[1]), []).append(int(stat.parent.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def _pss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def measure(titles: int = TITLES) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        key = trio.run(prepare, folder, titles)
        began = time.perf_counter()
        program = start(folder, port)
        try:
            first = first_response(port, began)
            page = "/api/v1/media?limit=50"
            load(port, page, key, 1, 0.5)  # Argon2 once, caches warm
            time.sleep(3)  # idle
            main, whole_tree = pss(program.pid)
            one, sixteen = timed(program.pid, port, page, key, 1), timed(program.pid, port, page, key, 16)
            bare = timed(program.pid, port, "/health/live", key, 1)
            worked, _ = pss(program.pid)
        finally:
            program.send_signal(signal.SIGTERM)
            program.wait(20)
    return {
        "titles": titles,
        "page_of_50_at_1": one,
        "page_of_50_at_16": sixteen,
        "bare_route_at_1": bare,
        "first_response_s": round(first, 2),
        "pss_mb": {"main": round(main, 1), "tree": round(whole_tree, 1), "main_after_load": round(worked, 1)},
    }


def report(result: dict[str, Any]) -> dict[str, Any]:
    """The result with each target and whether it was met."""
    seen = {
        "p50_ms_at_1": result["page_of_50_at_1"]["p50_ms"],
        "p99_ms_at_16": result["page_of_50_at_16"]["p99_ms"],
        "pss_mb_tree": result["pss_mb"]["tree"],
        "pss_mb_main": result["pss_mb"]["main"],
        "first_response_s": result["first_response_s"],
    }
    return {**result, "targets": {k: {"target": TARGETS[k], "seen": v, "met": v < TARGETS[k]} for k, v in seen.items()}}


def main(say: Callable[[str], object] = sys.stdout.write) -> None:
    titles = int(os.environ.get("TITLES", TITLES))
    say(json.dumps(report(measure(titles)), indent=2) + "\n")


if __name__ == "__main__":
    main()
