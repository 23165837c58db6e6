"""The seed of the journeys, for crashes too."""

from tests.journeys.conftest import seed

__all__ = ["seed"]
