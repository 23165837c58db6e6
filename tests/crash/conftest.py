"""The seed of the journeys, for crashes too, and a PostgreSQL server that is there to fall."""

from collections.abc import Iterator

import pytest

from tests.journeys.conftest import seed
from tests.support.postgres import Postgres, running

__all__ = ["seed"]


@pytest.fixture(scope="session")
def falling() -> Iterator[Postgres]:
    """A server that no other test uses: these end it as they like, and have it started again."""
    with running() as server:
        yield server
