"""A backup put back while the daemon runs: the house closes, opens anew on it, and nothing that was there is out of reach afterwards."""

import os
import signal
from pathlib import Path
from typing import Any

import httpx
import trio

from tests.journeys import test_boot
from tests.journeys.process import MYDIA, Daemon, daemon_of
from tests.journeys.test_boot import written
from tests.support.waiting import eventually


def settings(folder: Path, port: int) -> dict[str, Any]:
    """None of its backups is made because it is a quarter past three."""
    return test_boot.settings(folder, port) | {"schedules": {"backup_store": "off"}}


async def ask(daemon: Daemon, method: str, path: str, body: Any = None) -> Any:
    async with daemon.client() as client:
        answer = await client.request(method, f"/api/v1{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


async def people(daemon: Daemon) -> list[str]:
    return sorted(user["username"] for user in (await ask(daemon, "GET", "/users"))["items"])


async def back_with(daemon: Daemon, names: list[str]) -> None:
    """Wait until the daemon answers again, and with these people."""

    async def look() -> bool:
        assert daemon.process is not None
        assert daemon.process.poll() is None, daemon.said()
        try:
            return await people(daemon) == names
        except (httpx.TransportError, AssertionError):
            return False

    await eventually(look)


async def reasons(daemon: Daemon) -> list[str]:
    return sorted(kept["reason"] for kept in (await ask(daemon, "GET", "/backups"))["items"])


async def test_a_backup_is_put_back_while_the_daemon_runs_and_after_a_kill(tmp_path: Path, free_port: int) -> None:
    config = written(tmp_path, settings(tmp_path, free_port))
    async with daemon_of(config, free_port, []) as daemon:
        await daemon.serve()
        assert daemon.process is not None
        life = daemon.process.pid
        name = (await ask(daemon, "POST", "/backups"))["name"]
        await ask(daemon, "POST", "/users", {"username": "anna", "password": "a lamp in the window", "role": "user"})
        said = await ask(daemon, "GET", f"/backups/{name}")
        assert {d["what"]: d["lost"] for d in said["differences"]}["users"] == 1

        address = f"http://127.0.0.1:{free_port}"
        done = await trio.run_process(
            [MYDIA, "--config", str(config), "restore", name, "--yes", "--url", address],
            env={"PATH": os.environ["PATH"], "MYDIA_API_KEY": daemon.key},
            capture_stdout=True,
            capture_stderr=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert b"1 user" in done.stdout
        await back_with(daemon, ["admin"])
        assert daemon.process.pid == life
        assert await reasons(daemon) == ["before a restore", "by hand"]

        await ask(daemon, "POST", "/users", {"username": "berta", "password": "a lamp in the window", "role": "user"})
        await ask(daemon, "POST", f"/backups/{name}/restore")
        assert await daemon.end(signal.SIGKILL) == -signal.SIGKILL
        await daemon.serve()
        assert await people(daemon) == ["admin"]
        assert await reasons(daemon) == ["before a restore", "before a restore", "by hand"]
        assert await daemon.end(signal.SIGTERM) == 0


async def test_everything_is_given_out_by_a_running_daemon_and_taken_in_by_another(
    tmp_path: Path, free_port: int
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    config = written(one, settings(one, free_port))
    async with daemon_of(config, free_port, []) as daemon:
        await daemon.serve()
        await ask(daemon, "POST", "/users", {"username": "anna", "password": "a lamp in the window", "role": "user"})
        async with daemon.client() as client:
            answer = await client.get("/api/v1/export")
            assert answer.headers["Content-Disposition"].startswith("attachment; filename=mydia-")
            kept = await client.get(f"/api/v1/backups/{(await ask(daemon, 'POST', '/backups'))['name']}/content")
            assert kept.content.startswith(b"SQLite format 3\0")
        assert await daemon.end(signal.SIGTERM) == 0
        await trio.Path(two / "all.gz").write_bytes(answer.content)
        other = written(two, settings(two, free_port))
        taking = [MYDIA, "--config", str(other), "db", "import", str(two / "all.gz")]
        done = await trio.run_process(taking, capture_stdout=True, capture_stderr=True, check=False)
        assert done.returncode == 0, done.stderr
        daemon.config = other
        await daemon.serve()
        assert await people(daemon) == ["admin", "anna"]
        assert await daemon.end(signal.SIGTERM) == 0
