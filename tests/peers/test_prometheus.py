"""A real Prometheus scrapes the real daemon's /metrics, an API key as its bearer token, and finds what dashboards are made of."""

import json
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from tests.journeys.process import Daemon, children_of, daemon_of
from tests.support.ports import free_port
from tests.support.waiting import eventually

pytestmark = pytest.mark.peer

SERIES = {
    "requests by route": 'mydia_http_requests_total{route="/api/v1/media",method="GET",status="200"} > 0',
    "latencies by route": 'histogram_quantile(0.99, sum by (le) (mydia_http_request_seconds_bucket{route="/api/v1/media"})) > 0',
    "mailbox depths": 'mydia_mailbox_depth{mailbox="db_writer"} >= 0',
    "restarts": 'mydia_actor_restarts_total{actor="mydia/acquisition/torrent_engine"} >= 0',
    "who runs": 'mydia_actor_running{actor="mydia/library/scanner"} == 1',
    "jobs by queue and state": 'mydia_jobs{queue="media",state="completed"} > 0',
    "writer batch sizes": "mydia_writer_batch_changes_sum / mydia_writer_batch_changes_count >= 1",
    "library statistics": 'mydia_library{what="movies"} == 0',
    "library size": "mydia_library_bytes == 0",
}


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[Daemon]:
    port = free_port()
    config = folder / "config.yml"
    (folder / "films").mkdir()
    settings = {
        "data_dir": str(folder / "data"),
        "server": {"host": "127.0.0.1", "port": port},
        "media": {"library_paths": [{"path": str(folder / "films"), "type": "movie"}]},
        "downloads": {"embedded": {"listen_port": 0, "listen_host": "127.0.0.1", "dht": False}},
    }
    config.write_text(json.dumps(settings), encoding="utf-8")
    async with daemon_of(config, port, []) as daemon:
        await daemon.serve()
        yield daemon


@asynccontextmanager
async def prometheus(folder: Path, target: int, key: str) -> AsyncIterator[httpx.AsyncClient]:
    """One that scrapes the house each second; a client of its API."""
    port = free_port()
    scrape = {
        "job_name": "mydia",
        "authorization": {"credentials": key},
        "static_configs": [{"targets": [f"127.0.0.1:{target}"]}],
    }
    config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": [scrape]}
    (folder / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")
    command = [
        *("prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb"),
        *(f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"),
    ]
    process = _started(command, folder / "prometheus.log")
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client:
            yield client
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(process.wait)


def _started(command: list[str], log: Path) -> "subprocess.Popen[bytes]":
    with log.open("wb") as out:
        return subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL)


async def query(client: httpx.AsyncClient, expression: str) -> list[Any]:
    """What the expression selects just now; nothing while Prometheus is not there yet."""
    try:
        answer = (await client.get("/api/v1/query", params={"query": expression})).json()
    except (httpx.TransportError, ValueError):
        return []
    found: list[Any] = answer.get("data", {}).get("result", [])
    return found


async def test_prometheus_scrapes_the_house_and_finds_every_series(tmp_path: Path) -> None:
    async with house(tmp_path) as daemon, daemon.client() as client:
        assert (await client.get("/api/v1/media")).status_code == 200
        async with prometheus(tmp_path, daemon.port, daemon.key) as prom:
            await eventually(lambda: query(prom, 'up{job="mydia"} == 1'))
            for what, expression in SERIES.items():
                assert await eventually(lambda e=expression: query(prom, e), within=120), what  # type: ignore[misc]  # bound here

            async def is_up() -> bool:
                (target,) = (await prom.get("/api/v1/targets")).json()["data"]["activeTargets"]
                return (target["health"], target["lastError"]) == ("up", "")

            await eventually(is_up)


async def test_a_killed_process_is_seen_as_one_restart_of_its_actor_and_of_nobody_else(tmp_path: Path) -> None:
    async with house(tmp_path) as daemon, daemon.client() as client:

        async def restarts() -> dict[str, float]:
            lines = [
                line
                for line in (await client.get("/metrics")).text.splitlines()
                if line.startswith("mydia_actor_restarts_total{")
            ]
            named = (line.rpartition(" ") for line in lines)
            return {
                labels.partition('actor="')[2].partition('"')[0]: float(n) for labels, _, n in named if float(n) > 0
            }

        assert await restarts() == {}
        assert daemon.process is not None
        for pid in children_of(daemon.process.pid):
            os.kill(pid, signal.SIGKILL)
        await eventually(lambda: _grown(restarts, 3))
        assert set(await restarts()) == {"mydia/acquisition/torrent_engine", "mydia/analyzer/1", "mydia/analyzer/2"}
        await eventually(lambda: _ready(client))


async def test_promtool_has_nothing_to_say_about_the_metrics(tmp_path: Path) -> None:
    async with house(tmp_path) as daemon, daemon.client() as client:
        text = (await client.get("/metrics")).content
        async with httpx.AsyncClient(base_url=str(client.base_url), trust_env=False, timeout=60) as nobody:
            assert (await nobody.get("/metrics")).status_code in (303, 401)
    done = await trio.run_process(
        ["promtool", "check", "metrics"], stdin=text, capture_stdout=True, stderr=subprocess.STDOUT, check=False
    )
    assert done.stdout == b""
    assert done.returncode == 0


async def _grown(restarts: Any, to: int) -> bool:
    return len(await restarts()) >= to


async def _ready(client: httpx.AsyncClient) -> bool:
    return (await client.get("/health/ready")).status_code == 200
