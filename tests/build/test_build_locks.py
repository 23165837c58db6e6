"""What is installed is what was locked: pinned, hashed, and from whatever registry a machine is set up to use."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = ("requirements.lock", "requirements-dev.lock")
NPM = ("web/assets", "tests/peers/oidc")


def locked(name: str) -> dict[str, tuple[str, int]]:
    """Return package -> (version, number of hashes) of a requirements lock file."""
    text = (ROOT / name).read_text()
    found = re.finditer(
        r"^([\w.-]+)==([\w.+!-]+)(?: ;[^\\\n]*)?((?: ?\\\n    --hash=sha256:[0-9a-f]{64})*)", text, re.M
    )
    return {canonicalize_name(entry[1]): (entry[2], entry[3].count("--hash")) for entry in found}


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_python_package_carries_hashes(name: str) -> None:
    packages = locked(name)
    assert len(packages) > 40
    assert [package for package, (_, hashes) in packages.items() if hashes == 0] == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_python_lock_names_no_address_and_no_index(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert "index-url" not in text
    assert "find-links" not in text


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("requirements.lock", PYPROJECT["project"]["dependencies"]),
        ("requirements.lock", PYPROJECT["project"]["optional-dependencies"]["demo"]),
        ("requirements-dev.lock", PYPROJECT["project"]["dependencies"]),
        ("requirements-dev.lock", PYPROJECT["dependency-groups"]["dev"]),
        ("requirements-dev.lock", PYPROJECT["dependency-groups"]["bench"]),
    ],
    ids=["run", "demo", "dev: run", "dev: tests", "dev: bench"],
)
def test_the_lock_satisfies_what_pyproject_asks_for(name: str, wanted: list[str]) -> None:
    packages = locked(name)
    unmet = []
    for line in wanted:
        requirement = Requirement(line)
        version = packages.get(canonicalize_name(requirement.name), ("", 0))[0]
        if not version or not requirement.specifier.contains(version, prereleases=True):
            unmet.append(f"{line} (locked: {version or 'nothing'})")
    assert unmet == [], "run `make lock`"


def test_both_locks_agree_on_every_package_they_share() -> None:
    run, dev = locked("requirements.lock"), locked("requirements-dev.lock")
    assert {name: (run[name], dev.get(name)) for name in run if run[name] != dev.get(name)} == {}


@pytest.mark.parametrize("folder", NPM)
def test_an_npm_lock_names_no_download_address_and_hashes_every_package(folder: str) -> None:
    packages = json.loads((ROOT / folder / "package-lock.json").read_text())["packages"]
    outside = {name: entry for name, entry in packages.items() if name}
    assert len(outside) > 30
    assert [name for name, entry in outside.items() if "resolved" in entry] == []
    # A package inside another's tarball is covered by the hash of that one.
    assert [name for name, entry in outside.items() if "integrity" not in entry and not entry.get("inBundle")] == []


@pytest.mark.parametrize("folder", NPM)
def test_what_comes_from_npm_is_pinned_exactly(folder: str) -> None:
    wanted = json.loads((ROOT / folder / "package.json").read_text())["dependencies"]
    assert {name: spec for name, spec in wanted.items() if not re.fullmatch(r"\d+\.\d+\.\d+", spec)} == {}


@pytest.mark.parametrize("folder", NPM)
def test_no_package_runs_code_of_its_own_while_it_is_installed(folder: str) -> None:
    assert "ignore-scripts=true" in (ROOT / folder / ".npmrc").read_text().splitlines()


@pytest.mark.parametrize("table", ["dependencies", "demo", "bench"])
def test_every_dependency_says_what_it_is_for(table: str) -> None:
    text = (ROOT / "pyproject.toml").read_text()
    block = re.search(rf"^{table} = \[\n(.*?)^\]", text, re.M | re.S)
    assert block is not None
    silent = [line.strip() for line in block[1].splitlines() if not re.search(r'"[^"]+",\s+# \S', line)]
    assert silent == []


def test_what_builds_the_package_is_pinned_exactly() -> None:
    assert [line for line in PYPROJECT["build-system"]["requires"] if "==" not in line] == []
