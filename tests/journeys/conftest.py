"""What the journeys share: a port that is free, and a seed that is printed."""

import os
import secrets

import pytest

from tests.support import ports


@pytest.fixture
def free_port() -> int:
    return ports.free_port()


@pytest.fixture
def seed() -> int:
    """Another at each run, unless MYDIA_TEST_SEED gives one; pytest shows what was printed when a test fails."""
    given = int(os.environ.get("MYDIA_TEST_SEED") or secrets.randbelow(1_000_000))
    print(f"MYDIA_TEST_SEED={given}")  # noqa: T201
    return given
