"""A real qbittorrent-nox with a fresh profile, on free ports of loopback: for the tests, and for `mydia demo --client qbittorrent`."""

import base64
import hashlib
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import trio

from mydia.errors import Unavailable

USER, PASSWORD = "admin", "correct horse"


@dataclass
class QbittorrentProcess:
    profile: Path
    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def stop(self) -> None:
        self.process.kill()
        await trio.to_thread.run_sync(self.process.wait)

    async def start(self) -> None:
        """Start (again) and wait until the Web UI answers."""
        self.process = _spawn(self.profile)
        await self.wait()

    async def wait(self) -> None:
        """Until its Web UI answers. Unavailable when it does not, within a minute, or has ended."""
        with trio.move_on_after(60):
            while self.process.poll() is None:
                if await self._answers():
                    return
                await trio.sleep(0.05)
        raise Unavailable("qbittorrent-nox does not answer")

    async def _answers(self) -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
                return (await client.get(self.url)).status_code == 200
        except httpx.TransportError:
            return False


@asynccontextmanager
async def real_qbittorrent(folder: Path, ports: tuple[int, int] | None = None) -> AsyncIterator[QbittorrentProcess]:
    """`ports`: for its Web UI and for peers; any that are free, where none are given."""
    port, peers = ports or _free_ports()
    config = folder / "qBittorrent" / "config"
    config.mkdir(parents=True)
    (config / "qBittorrent.conf").write_text(_configuration(folder, port, peers), encoding="utf-8")
    running = QbittorrentProcess(folder, port, _spawn(folder))
    try:
        await running.wait()
        yield running
    finally:
        with trio.CancelScope(shield=True):
            await running.stop()


def _spawn(profile: Path) -> "subprocess.Popen[bytes]":
    program = shutil.which("qbittorrent-nox")
    if program is None:
        raise Unavailable("There is no qbittorrent-nox on this machine; install the package of that name")
    return subprocess.Popen(  # noqa: S603 - the program found on the path, and no shell
        [program, f"--profile={profile}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(profile)},
    )


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _configuration(folder: Path, port: int, peers: int) -> str:
    salt = os.urandom(16)
    key = hashlib.pbkdf2_hmac("sha512", PASSWORD.encode(), salt, 100_000, 64)
    password = f"{base64.b64encode(salt).decode()}:{base64.b64encode(key).decode()}"
    return f"""[LegalNotice]
Accepted=true
[BitTorrent]
Session\\Port={peers}
Session\\Interface=lo
Session\\InterfaceName=lo
Session\\InterfaceAddress=127.0.0.1
Session\\DHTEnabled=false
Session\\LSDEnabled=false
Session\\PeXEnabled=false
Session\\MultiConnectionsPerIp=true
Session\\DefaultSavePath={folder}/downloads
Session\\Preallocation=false
[Preferences]
WebUI\\Address=127.0.0.1
WebUI\\Port={port}
WebUI\\Username={USER}
WebUI\\Password_PBKDF2="@ByteArray({password})"
"""
