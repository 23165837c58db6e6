"""The daemon on PostgreSQL and on an encrypted file: started on what it can't use, killed, its server restarted beneath it."""

import json
import os
import subprocess
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM
from typing import Any

import httpx
import trio

from tests.journeys.process import MYDIA, Daemon, daemon_of
from tests.support.postgres import Postgres
from tests.support.stores import KEY
from tests.support.waiting import eventually

Server = tuple[Postgres, str]


def written(folder: Path, port: int, database: dict[str, Any]) -> Path:
    config = {
        "data_dir": str(folder / "data"),
        "server": {"host": "127.0.0.1", "port": port},
        "downloads": {"embedded": {"listen_port": 0, "listen_host": "127.0.0.1", "dht": False}},
        "database": database,
    }
    file = folder / "config.yml"
    file.write_text(json.dumps(config), encoding="utf-8")
    return file


async def started(config: Path, env: dict[str, str]) -> "subprocess.CompletedProcess[bytes]":
    with trio.fail_after(120):
        return await trio.run_process(
            [MYDIA, "--config", str(config), "serve"],
            stdin=subprocess.DEVNULL,
            capture_stdout=True,
            capture_stderr=True,
            check=False,
            env={"PATH": os.environ["PATH"], **env},
        )


async def add(daemon: Daemon, name: str) -> None:
    """Make an API key: something that the daemon acknowledges."""
    async with daemon.client() as client:
        answer = await client.post("/api/v1/api-keys", json={"name": name})
    assert answer.status_code == 201, answer.text


async def names(daemon: Daemon) -> set[str]:
    async with daemon.client() as client:
        answer = await client.get("/api/v1/api-keys")
    assert answer.status_code == 200, answer.text
    return {key["name"] for key in answer.json()["items"]} - {"tests"}


async def test_a_server_that_refuses_is_told_in_one_line_without_the_password(
    tmp_path: Path, free_port: int, postgres: Server
) -> None:
    url = postgres[0].tcp(password="sesame")
    done = await started(written(tmp_path, free_port, {}), {"DATABASE_URL": url})
    assert done.returncode == 1
    lines = [line for line in done.stderr.decode().splitlines() if '"INFO"' not in line]
    assert len(lines) == 1, lines
    assert "password authentication failed" in lines[0]
    assert "sesame" not in lines[0]


async def test_on_postgresql_it_is_killed_and_comes_back_and_outlives_a_restart_of_the_server(
    tmp_path: Path, free_port: int, postgres: Server
) -> None:
    server, _ = postgres
    config = written(tmp_path, free_port, {"url": server.tcp(server.create())})
    async with daemon_of(config, free_port, []) as daemon:
        await daemon.serve()
        await add(daemon, "before the kill")
        await daemon.end(SIGKILL)
        await daemon.serve()
        assert await names(daemon) == {"before the kill"}
        await trio.to_thread.run_sync(server.stop, SIGINT)
        server.start()  # from the main thread, see there
        await add(daemon, "after the restart")
        assert await names(daemon) == {"before the kill", "after the restart"}

        async def leads_again() -> bool:
            async with daemon.client() as client:
                parts = (await client.get("/health")).json()["parts"]
            return bool(parts.get("mydia/among_others/duties/leading/upkeep/scheduler"))

        await eventually(leads_again)
        assert await daemon.end(SIGTERM) == 0
    assert not list((tmp_path / "data").glob("*.db*"))


async def test_an_encrypted_file_opens_with_its_key_alone(tmp_path: Path, free_port: int) -> None:
    config = written(tmp_path, free_port, {"key": KEY})
    async with daemon_of(config, free_port, []) as daemon:
        await daemon.serve()
        await add(daemon, "kept in the dark")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{free_port}", trust_env=False, timeout=60) as nobody:
            assert KEY not in (await nobody.get("/health")).text
        await daemon.end(SIGKILL)
        files = [path for path in (tmp_path / "data").glob("mydia.db*") if path.suffix != ".lock"]
        assert files
        assert not any(b"kept in the dark" in path.read_bytes() for path in files)
        await daemon.serve()
        assert await names(daemon) == {"kept in the dark"}
        assert await daemon.end(SIGTERM) == 0
        assert KEY not in daemon.said()
    for key, words in (("5f" * 32, "cannot be opened with this database.key"), ("", "is not a SQLite database")):
        done = await started(written(tmp_path, free_port, {}), {"DATABASE_KEY": key})
        assert done.returncode == 1
        lines = [line for line in done.stderr.decode().splitlines() if '"INFO"' not in line]
        assert len(lines) == 1, lines
        assert words in lines[0]
