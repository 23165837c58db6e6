"""The gates hold: skips, the outside network and missing programs are noticed, each in a run of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

SKIPPING = """
import pytest

@pytest.mark.peer
def test_skipping():
    pytest.skip("no peer on this machine")

@pytest.mark.xfail(strict=True)
def test_known_fault():
    assert False
"""

LEAVING = """
import socket
import trio

def test_connecting():
    try:
        socket.create_connection(("192.0.2.1", 9), timeout=0.1)
    except Exception:
        pass  # what code under test may do with a network that is down

async def test_looking_up():
    await trio.open_tcp_stream("registry.example", 80)

async def test_staying():
    [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with listener, await trio.open_tcp_stream("localhost", listener.socket.getsockname()[1]):
        pass
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return an empty project that has this one's pytest settings and conftest."""
    shutil.copy(TESTS.parent / "pyproject.toml", tmp_path)
    (tmp_path / "tests").mkdir()
    shutil.copy(TESTS / "conftest.py", tmp_path / "tests")
    return tmp_path


def run_pytest(project: Path, content: str, *options: str) -> tuple[int, str]:
    (project / "tests" / "test_sample.py").write_text(content)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
    done = subprocess.run(command, cwd=project, check=False, capture_output=True, text=True, timeout=250)
    return done.returncode, done.stdout


def test_a_skip_fails_where_skips_are_forbidden(project: Path) -> None:
    code, said = run_pytest(project, SKIPPING, "--forbid-skips")
    assert code == 1
    assert "1 failed, 1 xfailed" in said
    assert "It said: Skipped: no peer on this machine" in said


def test_a_skip_is_only_a_skip_where_nobody_forbade_it(project: Path) -> None:
    code, said = run_pytest(project, SKIPPING)
    assert code == 0
    assert "1 skipped, 1 xfailed" in said


def test_a_module_that_skips_itself_fails_too(project: Path) -> None:
    code, said = run_pytest(project, 'import pytest\npytest.importorskip("no_such_module")\n', "--forbid-skips")
    assert code != 0
    assert "may not be skipped here" in said


def test_a_whole_run_without_any_peer_or_browser_test_fails_in_every_arrangement(project: Path) -> None:
    peers = "import pytest\n\n@pytest.mark.peer\ndef test_peer():\n    pass\n"
    code, said = run_pytest(project, peers, "--forbid-skips", "-n", "1", "--dist", "loadgroup")
    assert code == 1
    assert "no test marked browser ran" in said
    assert "no test marked peer ran" not in said
    assert said.rstrip().splitlines()[-1].startswith("="), "pytest's closing line stays last"


def test_no_test_gets_out_to_the_network_however_it_catches_errors(project: Path) -> None:
    code, said = run_pytest(project, LEAVING)
    assert code == 1
    assert "2 failed, 1 passed" in said
    assert "reached for '192.0.2.1'" in said
    assert "reached for 'registry.example'" in said


def test_missing_programs_are_named_with_their_packages(tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": str(tmp_path)}
    command = [sys.executable, str(TESTS / "programs.py")]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "qbittorrent-nox" in done.stderr
    assert "Debian: chromium" in done.stderr
    assert "apt-get install --no-install-recommends" in done.stderr


def test_programs_that_are_all_there_are_no_news(tmp_path: Path) -> None:
    """Stands in an empty executable for each program; what they do is not asked."""
    for name in ("qbittorrent-nox", "chromium", "ffmpeg", "prometheus"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    environment = {**os.environ, "PATH": str(tmp_path)}
    command = [sys.executable, str(TESTS / "programs.py")]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    fonts = Path("/usr/share/fonts/truetype/dejavu").exists()
    assert done.returncode == (0 if fonts else 1)
    assert ("chromium" in done.stderr) is False
