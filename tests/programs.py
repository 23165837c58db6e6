"""Sees to the programs that the tests drive and no Python package brings: `python tests/programs.py`.

Installs what is missing through apt where it may (root, or sudo that asks nothing); otherwise names each missing
program with its Debian package and what it is for, and exits 1. Uses the standard library alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Need:
    """One program: the command that shows it is there (or a folder, for fonts), its Debian package, its purpose."""

    command: str
    package: str
    purpose: str

    def met(self) -> bool:
        return Path(self.command).exists() if self.command.startswith("/") else shutil.which(self.command) is not None


NEEDS = (
    Need("qbittorrent-nox", "qbittorrent-nox", "the download client contract, against the real one"),
    Need("chromium", "chromium", "the pages, in a real browser"),
    Need("/usr/share/fonts/truetype/dejavu", "fonts-dejavu-core", "text in the browser's screenshots"),
    Need("ffmpeg", "ffmpeg", "small real videos"),
    # Debian keeps the server's programs out of the PATH, one folder per version.
    Need("/usr/lib/postgresql", "postgresql", "the store, on PostgreSQL too"),
    Need("prometheus", "prometheus", "scraping /metrics"),
)
POLICY = Path("/usr/sbin/policy-rc.d")


def main(say: Callable[[str], object] = lambda line: sys.stderr.write(f"{line}\n")) -> int:
    """Return 0 when every need is met in the end, otherwise 1 after saying what is missing."""
    missing = [need for need in NEEDS if not need.met()]
    if missing and (apt := apt_command()):
        packages = sorted({need.package for need in missing})
        say(f"Installing for the tests: {' '.join(packages)}")
        for line in install(apt, packages):
            say(line)
        missing = [need for need in missing if not need.met()]
    for line in complaint(missing):
        say(line)
    return 1 if missing else 0


def complaint(missing: Iterable[Need]) -> list[str]:
    """Return the lines that tell a person what to do; none when nothing is missing."""
    missing = list(missing)
    if not missing:
        return []
    return [
        "The tests need programs that are not on this machine:",
        *(f"  {need.command:32} {need.purpose} (Debian: {need.package})" for need in missing),
        f"As root: apt-get install --no-install-recommends {' '.join(sorted({need.package for need in missing}))}",
    ]


def apt_command() -> list[str] | None:
    """Return how apt-get may be run here without asking anybody, or None."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], check=False, capture_output=True).returncode == 0
    ):
        return ["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    return None


def install(apt: list[str], packages: list[str]) -> list[str]:
    """Install packages without their recommendations; return what apt said where it failed, nothing where it did not."""
    # Debian starts the service a package brings. A test that wants Prometheus starts its own on a free port; nobody
    # who runs tests has asked for another on 9090. (Only root can say so; under sudo the package's default stands.)
    hold = os.geteuid() == 0 and not POLICY.exists()
    if hold:
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    said: list[str] = []
    try:
        # One source that does not answer need not stop the rest: only the second step has to succeed.
        for step in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
            command = [*apt, "--quiet", *step]
            done = subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if done.returncode != 0:
                said += [f"apt-get {step[0]} failed:", *done.stdout.splitlines()[-20:]]
        return said if done.returncode != 0 else []
    finally:
        if hold:
            POLICY.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
