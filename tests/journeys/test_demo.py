"""`mydia demo`: the daemon does its main job on real input with nobody's help, says so in one JSON object, and leaves nothing behind."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from mydia.demo import world
from tests.support.postgres import Postgres
from tests.support.waiting import eventually

MYDIA = str(Path(sys.executable).with_name("mydia"))
PATIENCE = 600
SLOW = (
    "--patience",
    "3600",
)  # of any machine: what is new appears within half a minute, as it does within a second of 110


def run_check(tmp_path: Path, *arguments: str) -> dict[str, Any]:
    command = [MYDIA, "demo", "--check", *SLOW, *arguments]
    done = subprocess.run(
        command,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE + 60,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert left_behind(tmp_path) == []
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def left_behind(folder: Path) -> list[str]:
    """What lies in the folder for temporary files, and which processes still name it."""
    found = [path.name for path in folder.iterdir() if path.name.startswith("mydia-demo-")]
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = process.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        found += [line] if str(folder) in line and process.parent.name != str(os.getpid()) else []
    return found


def assert_the_main_job_was_done(report: dict[str, Any]) -> None:
    assert report["ok"] is True and report["missing"] == []
    assert report["titles_imported"] == ["Big Buck Bunny", "His Girl Friday", "Metropolis", "One Step Beyond"]
    assert len(report["files_imported"]) == 6
    assert {facts["method"] for facts in report["files_imported"].values()} == {"hardlink"}
    for listing in world.LISTINGS:
        if listing.refused_for:
            reasons = report["decoys_refused"][listing.name]
            assert any(reason.startswith(listing.refused_for) for reason in reasons), (listing.name, reasons)
    assert set(report["seconds"]["appeared_after_copy"]) == {Path(name).name for name, _ in world.ARRIVALS}
    assert sorted(report["notified"]) == sorted(name for name in report["seeding"])
    assert report["restarts"] == {}


@pytest.mark.timeout(PATIENCE + 90)
def test_the_demo_does_the_main_job_by_itself_and_says_so(tmp_path: Path) -> None:
    assert_the_main_job_was_done(run_check(tmp_path))


@pytest.mark.timeout(PATIENCE + 90)
def test_the_demo_does_the_same_in_an_encrypted_file(tmp_path: Path) -> None:
    assert_the_main_job_was_done(run_check(tmp_path, "--encrypted"))


@pytest.mark.peer
@pytest.mark.timeout(PATIENCE + 90)
def test_the_demo_does_the_same_with_a_real_qbittorrent_and_a_real_postgresql(
    tmp_path: Path, postgres: tuple[Postgres, str]
) -> None:
    server, _ = postgres
    name = server.create()
    assert_the_main_job_was_done(run_check(tmp_path, "--client", "qbittorrent", "--database-url", server.tcp(name)))
    assert server.run("select count(*) > 6 from held_files", name) == [(True,)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_demo_without_check_serves_until_a_signal_and_leaves_nothing_behind(
    tmp_path: Path, free_port: int, number: signal.Signals
) -> None:
    command = [MYDIA, "demo", "--port", str(free_port)]
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = await trio.lowlevel.open_process(
            command, env={**os.environ, "TMPDIR": str(tmp_path)}, stdout=out, stderr=out
        )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{free_port}", trust_env=False, timeout=60) as client:

            async def opened() -> bool:
                assert process.poll() is None, await trio.Path(log).read_text()
                try:
                    return (await client.get("/login")).status_code == 200
                except httpx.TransportError:
                    return False

            await eventually(opened)
            password = await eventually(lambda: _password(log))
            answer = await client.post(
                "/login",
                data={"username": "demo", "password": password},
                headers={"origin": f"http://127.0.0.1:{free_port}"},
            )
            assert answer.status_code == 303, answer.text
        process.send_signal(number)
        with trio.fail_after(120):
            assert await process.wait() == 0, await trio.Path(log).read_text()
    finally:
        process.kill()
        await process.wait()
    assert left_behind(tmp_path) == []


async def _password(log: Path) -> str | None:
    said = re.search(r"log in as demo with the password ([\w-]+)", await trio.Path(log).read_text())
    return said[1] if said else None


async def test_a_signal_while_the_demo_still_makes_its_world_leaves_nothing_behind(
    tmp_path: Path, free_port: int
) -> None:
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = await trio.lowlevel.open_process(
            [MYDIA, "demo", "--port", str(free_port)],
            env={**os.environ, "TMPDIR": str(tmp_path)},
            stdout=out,
            stderr=out,
        )

    async def making() -> bool:
        return "making a dozen small videos" in await trio.Path(log).read_text()

    await eventually(making)
    process.send_signal(signal.SIGTERM)
    with trio.fail_after(120):
        assert await process.wait() == 0, await trio.Path(log).read_text()
    assert "Mydia is ready" not in await trio.Path(log).read_text()
    assert left_behind(tmp_path) == []
