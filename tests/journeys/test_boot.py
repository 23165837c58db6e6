"""The real program, started on what it can't use: one clear line that says what to do, no stack, an exit code that is not 0."""

import json
import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from tests.journeys.process import MYDIA, daemon_of
from tests.support.waiting import eventually

Spoil = Callable[[Path, dict[str, Any]], None]


def settings(folder: Path, port: int) -> dict[str, Any]:
    embedded = {"listen_port": 0, "listen_host": "127.0.0.1", "dht": False}
    return {
        "data_dir": str(folder / "data"),
        "server": {"host": "127.0.0.1", "port": port},
        "downloads": {"embedded": embedded},
    }


def written(folder: Path, config: dict[str, Any]) -> Path:
    file = folder / "config.yml"
    file.write_text(json.dumps(config, indent=2), encoding="utf-8")  # JSON is YAML
    return file


async def start_and_fail(config: Path) -> tuple[str, list[str]]:
    """Run the daemon until it gives up: the one line that complains, and everything that it wrote to stderr."""
    with trio.fail_after(120):
        done = await trio.run_process(
            [MYDIA, "--config", str(config), "serve"],
            stdin=subprocess.DEVNULL,
            capture_stdout=True,
            capture_stderr=True,
            check=False,
            env={"PATH": os.environ["PATH"]},
        )
    assert done.returncode != 0
    assert done.stdout == b""
    lines = done.stderr.decode().splitlines()
    complaints = [
        line for line in lines if not line.startswith("{") or json.loads(line)["level"] not in ("DEBUG", "INFO")
    ]
    assert len(complaints) == 1, lines
    assert "Traceback" not in complaints[0]
    return complaints[0], lines


def _unknown_key(folder: Path, config: dict[str, Any]) -> None:
    config["media"] = {"recycle_dyas": 3}


def _wrong_type(folder: Path, config: dict[str, Any]) -> None:
    config["media"] = {"recycle_days": "lots"}


def _wrong_port(folder: Path, config: dict[str, Any]) -> None:
    config["server"]["port"] = 70_000


def _no_address_here(folder: Path, config: dict[str, Any]) -> None:
    config["server"]["host"] = "192.0.2.1"


def _folder_for_a_database(folder: Path, config: dict[str, Any]) -> None:
    config["database"] = {"path": str(folder)}


def _garbage_for_a_database(folder: Path, config: dict[str, Any]) -> None:
    (folder / "garbage.db").write_bytes(b"this is no database " * 300)
    config["database"] = {"path": str(folder / "garbage.db")}


def _database_where_nothing_can_be_written(folder: Path, config: dict[str, Any]) -> None:
    config["database"] = {"path": "/proc/mydia.db"}


def _data_where_nothing_can_be_written(folder: Path, config: dict[str, Any]) -> None:
    config["data_dir"] = "/proc/data"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_unknown_key, ["config.yml:15", "media.recycle_dyas", "did you mean 'recycle_days'?"]),
        (_wrong_type, ["config.yml:15", "media.recycle_days", "integer"]),
        (_wrong_port, ["config.yml:5", "server.port", "65535"]),
        (_no_address_here, ["192.0.2.1"]),
        (_folder_for_a_database, ["is a folder", "database.path"]),
        (_garbage_for_a_database, ["garbage.db", "not a SQLite database"]),
        (_database_where_nothing_can_be_written, ["/proc/mydia.db", "cannot be opened"]),
        (_data_where_nothing_can_be_written, ["/proc/data", "can't be made"]),
    ],
)
async def test_what_it_cannot_start_with_is_told_in_one_line(
    tmp_path: Path, free_port: int, spoil: Spoil, words: list[str]
) -> None:
    config = settings(tmp_path, free_port)
    spoil(tmp_path, config)
    complaint, lines = await start_and_fail(written(tmp_path, config))
    assert lines == [complaint]
    for word in words:
        assert word in complaint


async def test_a_configuration_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    complaint, lines = await start_and_fail(tmp_path / "nothing.yml")
    assert "nothing.yml" in complaint
    assert lines == [complaint]


async def test_a_port_in_use_is_told_before_anything_else_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        complaint, lines = await start_and_fail(written(tmp_path, settings(tmp_path, port)))
    assert f"Port {port} on 127.0.0.1 is in use" in complaint
    assert lines == [complaint]
    assert not (tmp_path / "data").exists()


async def test_two_daemons_do_not_share_a_database(tmp_path: Path, free_port: int) -> None:
    config = settings(tmp_path, free_port)
    async with daemon_of(written(tmp_path, config), free_port, []) as daemon:
        await daemon.serve()
        second = tmp_path / "second"
        second.mkdir()
        config["server"]["port"] = 0
        complaint, _ = await start_and_fail(written(second, config))
        assert "mydia.db" in complaint


@pytest.mark.parametrize("state", ["missing", "readonly"])
async def test_a_library_folder_that_cannot_be_used_is_shown_and_the_house_lives(
    tmp_path: Path, free_port: int, state: str
) -> None:
    # /proc can be looked at and never written, whoever asks; a folder in it can't be made.
    path, reason = {"missing": ("/proc/films", "does not exist"), "readonly": ("/proc/sys/abi", "can't write")}[state]
    config = settings(tmp_path, free_port) | {"media": {"library_paths": [{"path": path, "type": "movie"}]}}
    async with daemon_of(written(tmp_path, config), free_port, []) as daemon:
        await daemon.serve()
        async with daemon.client() as client:

            async def told() -> dict[str, Any] | None:
                (root,) = (await client.get("/api/v1/library/scan-status")).json()["roots"]
                return root if root["reason"] else None

            root = await eventually(told)
            assert root is not None
            assert reason in root["reason"]
            health = await client.get("/health")
            assert (health.status_code, health.json()["status"]) == (200, "ok")
            assert health.json()["library"] == {"ok": False, "folders": 1}
            assert reason in (await client.get("/")).text.replace("&#39;", "'")


async def test_mydia_health_tells_by_its_exit_code_whether_the_house_is_ready(tmp_path: Path, free_port: int) -> None:
    config = written(tmp_path, settings(tmp_path, free_port))

    async def health() -> int:
        done = await trio.run_process(
            [MYDIA, "--config", str(config), "health"], capture_stdout=True, capture_stderr=True, check=False
        )
        assert b"Traceback" not in done.stderr
        return done.returncode

    async with daemon_of(config, free_port, []) as daemon:
        assert await health() == 1
        await daemon.serve()
        assert await health() == 0
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{free_port}", trust_env=False, timeout=60) as nobody:
            assert (await nobody.get("/health/live")).json() == {"status": "ok"}
            told = (await nobody.get("/health")).json()
        assert told["parts"]["database"] is True
        assert told["parts"]["mydia/acquisition/torrent_engine"] is True
        assert told["down"] == []
